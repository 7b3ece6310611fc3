//! How a finished mail leaves: by SMTP, by the local sendmail program, or as a file. Retries and
//! bookkeeping are [`super`]'s.

mod file;
mod sendmail;
mod smtp;

use std::path::PathBuf;

use super::patience::Handover;
use crate::domain::desk_address::Outgoing;
use crate::store::address::AddressRow;
use crate::store::outbox::{Claimed, Fault};

/// The longest time from taking up a mail to knowing what became of it, in seconds.
pub(super) const LONGEST_S: u64 = smtp::LONGEST_S;

/// Why a mail did not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It never will (SMTP 5xx).
    Permanent(String, Fault),
    /// A later try may succeed (SMTP 4xx, connection lost in the middle).
    Temporary(String),
    /// Nothing can be sent by this address at the moment: no need to try its other mails now.
    Transport(String),
    /// All of it was handed over and no answer came: it may have arrived, or not.
    Unknown {
        /// What happened instead.
        why: String,
        /// No answer came: other mails would wait as long.
        is_silent: bool,
    },
    /// The sender could not have waited for the answer, so the mail was not handed over.
    Left,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Permanent(why, _) | Self::Temporary(why) | Self::Transport(why) | Self::Unknown { why, .. } => {
                f.write_str(why)
            }
            Self::Left => f.write_str("left to the next sender"),
        }
    }
}

/// The transport of one address, for one drain.
#[derive(Debug)]
pub(crate) enum Transport {
    /// To an SMTP server.
    Smtp(Box<smtp::Smtp>),
    /// Through the local sendmail program.
    Sendmail(PathBuf),
    /// Into a folder.
    File(PathBuf),
    /// There is none: why.
    Off(String),
}

impl Transport {
    /// The transport of an address; nothing is connected yet.
    #[must_use]
    pub(crate) fn of(row: Option<&AddressRow>) -> Self {
        let Some(row) = row else { return Self::Off("the address this mail was to be sent by is gone".to_owned()) };
        match row.outgoing {
            Outgoing::Smtp => Self::Smtp(Box::new(smtp::Smtp::new(row))),
            Outgoing::Sendmail => Self::Sendmail(sendmail::program()),
            Outgoing::File => Self::File(PathBuf::from(&row.outgoing_dir)),
            Outgoing::None => {
                Self::Off(format!("{} has outgoing none; change it with `maildesk admin address update`", row.email))
            }
        }
    }

    /// Hands one mail over. `Ok` means that the other side says it has stored the mail durably.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn send(&mut self, mail: &Claimed, raw: &[u8], handover: &mut Handover<'_>) -> Result<(), Failure> {
        match self {
            Self::Smtp(smtp) => smtp.send(mail, raw, handover),
            Self::Sendmail(program) => sendmail::send(program, mail, raw, handover),
            Self::File(folder) => file::write(folder, mail, raw),
            Self::Off(why) => Err(Failure::Transport(why.clone())),
        }
    }

    /// Checks whether sending is possible, without sending: logs in, finds the program, or finds the folder.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn test(&mut self) -> Result<(), Failure> {
        match self {
            Self::Smtp(smtp) => smtp.test(),
            Self::Sendmail(program) => sendmail::test(program),
            Self::File(folder) => file::test(folder),
            Self::Off(why) => Err(Failure::Transport(why.clone())),
        }
    }

    /// Says goodbye (QUIT) on an open connection.
    pub(crate) fn close(&mut self) {
        match self {
            Self::Smtp(smtp) => smtp.close(),
            Self::Sendmail(_) | Self::File(_) | Self::Off(_) => {}
        }
    }
}
