//! How mail comes in to one of the desk's own addresses, and how it goes out.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;

use super::words::words;

/// Longest signature of an address or of a person, in characters. Chosen: a screen of text.
pub(crate) const SIGNATURE_CHARS_MAX: usize = 2000;

words! {
    /// How mail comes in.
    #[derive(ValueEnum)]
    pub enum Incoming {
        /// Not at all
        None = "none",
        /// The MTA runs `maildesk pipe`
        Pipe = "pipe",
        /// `maildesk imap-fetch` reads a mailbox
        Imap = "imap",
    }
}

words! {
    /// How mail goes out.
    #[derive(ValueEnum)]
    pub enum Outgoing {
        /// Not at all
        None = "none",
        /// To an SMTP server
        Smtp = "smtp",
        /// By /usr/sbin/sendmail
        Sendmail = "sendmail",
        /// One .eml file per mail into a folder
        File = "file",
    }
}

words! {
    /// How a connection is protected.
    #[derive(ValueEnum)]
    pub enum Tls {
        /// TLS from the first byte
        Implicit = "implicit",
        /// STARTTLS, required
        Starttls = "starttls",
        /// No protection
        None = "none",
    }
}

words! {
    /// How the mailbox is logged into.
    #[derive(ValueEnum)]
    pub enum Auth {
        /// Name and password
        Password = "password",
        /// OAuth 2 bearer token
        Xoauth2 = "xoauth2",
    }
}

/// What becomes of a mail on the IMAP server once it is on record here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImapAfter {
    /// It is marked as seen.
    Seen,
    /// It is moved into that folder.
    Move(String),
    /// It is deleted.
    Delete,
}

impl ImapAfter {
    /// What the column means: a text that [`FromStr`] rejects, written by hand, is the name of a folder.
    #[must_use]
    pub fn of_column(text: &str) -> Self {
        text.parse().unwrap_or_else(|_| Self::Move(text.strip_prefix("move:").unwrap_or(text).to_owned()))
    }
}

impl fmt::Display for ImapAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seen => f.write_str("seen"),
            Self::Move(folder) => write!(f, "move:{folder}"),
            Self::Delete => f.write_str("delete"),
        }
    }
}

/// A text that does not say what to do with a fetched mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use seen, move:FOLDER or delete")]
pub struct UnknownImapAfter;

impl FromStr for ImapAfter {
    type Err = UnknownImapAfter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "seen" => Ok(Self::Seen),
            "delete" => Ok(Self::Delete),
            _ => match text.strip_prefix("move:") {
                Some(folder) if !folder.is_empty() => Ok(Self::Move(folder.to_owned())),
                _ => Err(UnknownImapAfter),
            },
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_command_line_are_those_of_the_columns() {
        fn same<T: ValueEnum + fmt::Display>() {
            for value in T::value_variants() {
                assert_eq!(value.to_possible_value().unwrap().get_name(), value.to_string());
            }
        }
        same::<Incoming>();
        same::<Outgoing>();
        same::<Tls>();
        same::<Auth>();
    }

    #[test]
    fn what_becomes_of_a_fetched_mail_survives_its_column() {
        for text in ["seen", "delete", "move:Done", "move:a:b"] {
            let after: ImapAfter = text.parse().unwrap();
            assert_eq!((after.to_string().as_str(), ImapAfter::of_column(text)), (text, after.clone()));
        }
        assert_eq!(ImapAfter::of_column("Done"), ImapAfter::Move("Done".to_owned()));
        for text in ["", "move:", "Done"] {
            assert_eq!(text.parse::<ImapAfter>(), Err(UnknownImapAfter), "{text}");
        }
    }
}
