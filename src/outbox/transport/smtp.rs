//! Mails to an SMTP server (RFC 5321), over one connection for many. Connecting, TLS and login are separate from
//! sending, because a refused login must not count as refused mails; mails that may have arrived are
//! separate from refused ones.

mod session;
mod wire;

use std::path::Path;

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;

use super::Failure;
use crate::domain::EmailAddress;
use crate::domain::desk_address::Tls;
use crate::outbox::compose::mailable;
use crate::outbox::patience::Handover;
use crate::secret_file;
use crate::store::address::AddressRow;
use crate::store::outbox::{Claimed, Fault};
pub(in crate::outbox) use session::LONGEST_S;
use session::{Handing, RFC, Session, Times};
use wire::Trouble;

/// Most mails over one connection; then a new one is made. Chosen: Postfix's default is to allow any number,
/// Exim's (smtp_accept_max_per_connection) is 1000.
const MAILS_PER_CONNECTION_MAX: u32 = 500;

/// The server of one address, connected when first needed.
#[derive(Debug)]
pub(crate) struct Smtp {
    host: String,
    port: u16,
    user: String,
    password_file: String,
    tls: Tls,
    times: Times,
    connection: Option<Open>,
}

struct Open {
    session: Session,
    mails: u32,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Open({} mails)", self.mails)
    }
}

impl Smtp {
    pub(super) fn new(row: &AddressRow) -> Self {
        Self {
            host: row.smtp_host.clone(),
            port: row.smtp_port,
            user: row.smtp_user.clone(),
            password_file: row.smtp_password_file.clone(),
            tls: row.smtp_tls,
            times: RFC,
            connection: None,
        }
    }

    pub(super) fn send(&mut self, mail: &Claimed, raw: &[u8], handover: &mut Handover<'_>) -> Result<(), Failure> {
        let envelope = envelope(mail)?;
        if self.connection.as_ref().is_some_and(|open| open.mails >= MAILS_PER_CONNECTION_MAX) {
            self.close();
        }
        let mut open = match self.connection.take() {
            Some(mut open) => match begin(&mut open.session, &envelope, raw) {
                Ok(()) => open,
                // The server closes a connection that worked before (RFC 5321 §3.8); so far
                // it knows nothing of this mail.
                Err(Failure::Transport(_)) => self.open_for(&envelope, raw)?,
                Err(failure) => {
                    open.session.quit();
                    return Err(failure);
                }
            },
            None => self.open_for(&envelope, raw)?,
        };
        match open.session.hand_over(&envelope, raw, handover) {
            Ok(()) => {
                open.mails += 1;
                self.connection = Some(open);
                Ok(())
            }
            // The exchange stopped halfway: the next mail gets a new connection.
            Err(Handing::No(trouble)) => {
                if matches!(trouble, Trouble::Refused(_)) {
                    open.session.quit();
                }
                Err(failure(&trouble))
            }
            Err(Handing::Unknown(trouble)) => {
                let is_silent = matches!(trouble, Trouble::Silent(_));
                Err(Failure::Unknown { why: trouble.to_string(), is_silent })
            }
            Err(Handing::Left) => Err(Failure::Left),
        }
    }

    /// A new connection that has taken MAIL FROM.
    fn open_for(&self, envelope: &Envelope, raw: &[u8]) -> Result<Open, Failure> {
        let mut open = self.open()?;
        match begin(&mut open.session, envelope, raw) {
            Ok(()) => Ok(open),
            // There is no connection to say goodbye on.
            Err(failure @ Failure::Transport(_)) => Err(failure),
            Err(failure) => {
                open.session.quit();
                Err(failure)
            }
        }
    }

    pub(super) fn test(&mut self) -> Result<(), Failure> {
        self.connection = Some(self.open()?);
        self.close();
        Ok(())
    }

    pub(super) fn close(&mut self) {
        if let Some(open) = self.connection.take() {
            open.session.quit();
        }
    }

    fn open(&self) -> Result<Open, Failure> {
        let login =
            if self.user.is_empty() { None } else { Some(Credentials::new(self.user.clone(), self.password()?)) };
        let session = Session::open(&self.host, self.port, self.tls, self.times, login.as_ref())
            .map_err(|(what, trouble)| Failure::Transport(format!("{what} {}:{}: {trouble}", self.host, self.port)))?;
        Ok(Open { session, mails: 0 })
    }

    fn password(&self) -> Result<String, Failure> {
        secret_file::read(Path::new(&self.password_file)).map_err(|e| Failure::Transport(e.to_string()))
    }
}

/// The beginning of one mail over an open connection. A connection that was lost is the transport's failure
/// here, because nothing of the mail was said.
fn begin(session: &mut Session, envelope: &Envelope, raw: &[u8]) -> Result<(), Failure> {
    if !session.takes(envelope) {
        let why = "the address needs SMTPUTF8, which the server does not offer";
        return Err(Failure::Permanent(why.to_owned(), Fault::Elsewhere));
    }
    session.begin(envelope, raw).map_err(|trouble| match failure(&trouble) {
        Failure::Temporary(why) if !matches!(trouble, Trouble::Refused(_)) => Failure::Transport(why),
        failure => failure,
    })
}

fn envelope(mail: &Claimed) -> Result<Envelope, Failure> {
    let refused = |why: String| Failure::Permanent(why, Fault::Elsewhere);
    let address = |text: &str| -> Result<Address, Failure> {
        let email: EmailAddress =
            text.parse().map_err(|e: crate::domain::InvalidEmailAddress| refused(e.to_string()))?;
        mailable(&email).map_err(|e| refused(e.to_string()))
    };
    let sender = if mail.envelope_sender.is_empty() { None } else { Some(address(&mail.envelope_sender)?) };
    Envelope::new(sender, vec![address(&mail.recipient)?]).map_err(|e| refused(e.to_string()))
}

/// What trouble with one mail means, when the final dot was not sent or was answered with a refusal.
fn failure(trouble: &Trouble) -> Failure {
    let why = trouble.to_string();
    let Trouble::Refused(answer) = trouble else {
        // No answer at all: the other mails would wait as long.
        return if matches!(trouble, Trouble::Silent(_)) { Failure::Transport(why) } else { Failure::Temporary(why) };
    };
    match u16::from(answer.code()) {
        // The server wants another login (RFC 4954 §6, RFC 3207): that is not the mail's fault.
        530 | 534 | 535 | 538 => Failure::Transport(why),
        // It is closing (RFC 5321 §3.8).
        421 => Failure::Transport(why),
        500..=599 => {
            let fault = if names_a_bad_mailbox(&why) { Fault::Recipient } else { Fault::Elsewhere };
            Failure::Permanent(why, fault)
        }
        _ => Failure::Temporary(why),
    }
}

/// RFC 3463 §3.2: status 5.1.1, 5.1.2, 5.1.3, 5.1.6 and 5.1.10 (RFC 7505) are about the recipient's address.
fn names_a_bad_mailbox(why: &str) -> bool {
    why.split(|c: char| !c.is_ascii_digit() && c != '.')
        .any(|word| matches!(word, "5.1.1" | "5.1.2" | "5.1.3" | "5.1.6" | "5.1.10"))
}

#[cfg(test)]
mod tests;
