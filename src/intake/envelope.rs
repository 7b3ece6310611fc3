//! The envelope: what came with a mail besides its bytes, and how its addresses are written.

use std::net::IpAddr;

use crate::domain::{Actor, Door, ReceiptId, Timestamp};
use crate::mail::{ReversePath, Whole};

/// Who hands a mail over, which decides the limits that apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `maildesk pipe`: can refuse, is rate-limited.
    Pipe,
    /// `maildesk imap-fetch`: is rate-limited.
    Fetch,
    /// The first fetch of a mailbox: no rate limit, and nobody is notified of mail that is not fresh.
    FirstFetch,
    /// The example mails of `admin demo`: no rate limit, and nobody is notified.
    Import,
    /// `admin import mbox` and `maildir`: as `Import`, and the mail keeps its own date.
    Archive {
        /// When it arrived, as the archive says; used if Date is missing or impossible.
        arrived_at: Option<Timestamp>,
    },
    /// `admin mail retry`: a quarantined mail is looked at again, without rate limit.
    Retry(ReceiptId),
    /// A person has looked at a quarantined mail and lets it in, whatever it was set aside for.
    LetIn(ReceiptId, ByHand),
}

/// Who has a mail taken in that was set aside: on record with what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByHand {
    /// The person.
    pub actor: Actor,
    /// How they came in.
    pub door: Door,
    /// From which network address.
    pub ip: Option<IpAddr>,
}

impl Source {
    /// Whose doing it is that the mail comes again; `None` for a mail that comes by itself.
    pub(super) const fn by_hand(&self) -> Option<ByHand> {
        match self {
            Self::LetIn(_, by) => Some(*by),
            Self::Retry(_) => Some(ByHand { actor: Actor::Desk, door: Door::CommandLine, ip: None }),
            Self::Pipe | Self::Fetch | Self::FirstFetch | Self::Import | Self::Archive { .. } => None,
        }
    }
}

/// What came with the mail besides its bytes.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Envelope recipients as the caller gave them; empty when there were none.
    pub recipients: Vec<String>,
    /// Envelope sender; `None` when the caller did not say.
    pub sender: Option<ReversePath>,
    /// Who hands it over.
    pub source: Source,
    /// The whole mail, where the bytes at hand are only its beginning.
    pub whole: Option<Whole>,
}

impl Envelope {
    /// The envelope as a mail server gives it: addresses with or without the brackets of SMTP; an empty sender means a
    /// bounce, none that it is not known.
    #[must_use]
    pub(crate) fn handed_over(recipients: &[String], sender: Option<&str>, source: Source) -> Self {
        let recipients = recipients.iter().map(|recipient| bare_recipient(recipient).to_owned()).collect();
        Self { recipients, sender: sender.and_then(reverse_path), source, whole: None }
    }
}

/// A recipient without the brackets of SMTP and the dot that ends a full domain name.
fn bare_recipient(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text).trim();
    let bare = inside.strip_suffix('.').unwrap_or(inside);
    // What is left of "<>" is still a recipient, if none of ours.
    if bare.is_empty() { text } else { bare }
}

/// Reads an envelope sender. Empty, `<>` and MAILER-DAEMON (Postfix's null_sender) mean a bounce.
fn reverse_path(text: &str) -> Option<ReversePath> {
    let bare = text.trim().trim_start_matches('<').trim_end_matches('>');
    if bare.is_empty() || bare.eq_ignore_ascii_case("mailer-daemon") {
        return Some(ReversePath::Null);
    }
    bare.parse().ok().map(ReversePath::Address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_come_bare_in_brackets_and_with_a_last_dot() {
        for text in ["a@example.org", " a@example.org ", "<a@example.org>", "a@example.org.", "< a@example.org. >"] {
            assert_eq!(bare_recipient(text), "a@example.org", "{text:?}");
        }
        assert_eq!((bare_recipient("<>"), bare_recipient("a@b>")), ("<>", "a@b>"));
    }

    #[test]
    fn null_senders_are_recognised() {
        for text in ["", "<>", "MAILER-DAEMON", " "] {
            assert_eq!(reverse_path(text), Some(ReversePath::Null), "{text:?}");
        }
        assert!(matches!(reverse_path("ann@example.org"), Some(ReversePath::Address(_))));
        assert_eq!(reverse_path("not an address"), None);
    }
}
