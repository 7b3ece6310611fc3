//! The rules by which a mail is decided about, by number: what `admin mail show` names, and docs/reading.md explains.

use super::reason::Reason;

/// A rule: its number, and what it says in one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MailRule {
    /// Chapter and place in it, such as `4.2`.
    pub number: &'static str,
    /// What it says.
    pub text: &'static str,
}

impl MailRule {
    /// The rule that decided about a mail; `None` where a person or an older version did.
    #[must_use]
    pub(crate) const fn of(reason: Reason) -> Option<Self> {
        let (number, text) = match reason {
            Reason::UnknownRecipient => {
                ("1.1", "mail to an address that is not the desk's is treated as setting unknown_recipient says")
            }
            Reason::NoDepartment => ("1.2", "an address whose department is gone has nobody to take its mail"),
            Reason::Copy => ("2.1", "one mail delivered twice is one message; the other copy is on record alone"),
            Reason::OwnMail => ("3.1", "the desk's own mail that came back is dropped"),
            Reason::Bounce => ("3.2", "a delivery report marks the mail of the desk that it names and adds a note"),
            Reason::BounceAgain => ("3.2", "a further delivery report about the same mail changes nothing"),
            Reason::BounceNotOurs => ("3.2", "a delivery report that names no mail of the desk proves nothing"),
            Reason::ReportWithoutFailure => ("3.2", "a delivery report without a failure changes nothing"),
            Reason::ReceiptNotOurs => {
                ("3.3", "a read receipt never opens a ticket; it goes to the mail it confirms, if that is the desk's")
            }
            Reason::FromUs => ("3.4", "a mail from one of the desk's addresses without its mark waits for a person"),
            Reason::TooMany => ("3.5", "above mails_per_hour, a sender's mails wait for a person"),
            Reason::Token => ("4.1", "a valid reply token is proof of the right to write into its ticket"),
            Reason::Thread => {
                ("4.2", "an answer to a Message-ID of a ticket goes there if its sender takes part in it")
            }
            Reason::SubjectTag => ("4.3", "a subject that names a ticket leads there if the sender takes part in it"),
            Reason::Stranger => ("4.4", "a stranger who names a ticket gets one of their own, linked with it"),
            Reason::StrangerHeld => {
                ("4.4", "a stranger who names a ticket waits for a person (setting stranger_reply)")
            }
            Reason::ClosedTooLong => ("4.5", "a ticket closed for longer than reopen_days is not opened again"),
            Reason::OtherSubject => ("4.6", "an answer under another subject, without a token, is another question"),
            Reason::New => ("4.7", "a mail that names no ticket opens one"),
            Reason::NoFrom => ("5.1", "a mail that does not say who wrote it waits for a person"),
            Reason::Banned => ("5.2", "a banned sender's mail is dropped on record"),
            Reason::Forwarded => ("5.3", "a customer's mail forwarded by proven staff is the customer's"),
            Reason::StaffUnproven => ("5.4", "a staff reply counts only where the mail server has proven its sender"),
            Reason::StaffWithoutToken => ("5.4", "a staff reply needs the token that was issued to that staff member"),
            Reason::Note => ("5.5", "a staff mail that begins with #note is seen by staff alone"),
            Reason::CommandsOnly => ("5.5", "a staff mail of nothing but commands is carried out and is no message"),
            Reason::Unreadable => ("8.1", "a mail that cannot be read is kept raw for a person"),
            Reason::ByHand | Reason::Other => return None,
        };
        Some(Self { number, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_but_a_persons_has_a_rule_that_the_page_names() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reading.md");
        let page = std::fs::read_to_string(path).unwrap_or_default();
        for reason in Reason::ALL {
            let rule = MailRule::of(*reason);
            assert_eq!(rule.is_none(), matches!(reason, Reason::ByHand | Reason::Other), "{reason:?}");
            if let Some(rule) = rule {
                let row = format!("| {} | {} | {} |", rule.number, reason.text(), rule.text);
                assert!(page.contains(&row), "docs/reading.md lacks: {row}");
            }
        }
    }
}
