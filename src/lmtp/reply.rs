//! Replies (RFC 5321 §4.2) with enhanced status codes (RFC 3463), and what the outcome of a mail means in them.

use crate::decision::Refusal;
use crate::intake::{Delivery, Outcome, Settled, Trouble, refusal_line};

/// A reply of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    /// The enhanced status code and the text.
    pub(super) text: String,
}

impl Reply {
    pub(super) fn new(code: u16, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    pub(super) fn line(&self) -> String {
        format!("{} {}", self.code, self.text)
    }
}

/// One reply for each recipient (RFC 2033 §4.2): the exit table of `pipe`, translated.
pub(super) fn of_mail(settled: &Settled, recipients: usize) -> Vec<Reply> {
    match settled {
        Ok(deliveries) if deliveries.len() == recipients => deliveries.iter().map(of_delivery).collect(),
        Ok(_) => vec![of_trouble(Trouble::Failed); recipients],
        Err(trouble) => vec![of_trouble(*trouble); recipients],
    }
}

fn of_delivery(delivery: &Delivery) -> Reply {
    match &delivery.outcome {
        Outcome::Opened | Outcome::Appended | Outcome::Dropped | Outcome::Quarantined => {
            Reply::new(250, "2.0.0 on record")
        }
        Outcome::Duplicate => Reply::new(250, "2.0.0 on record already"),
        Outcome::Refused(refusal @ Refusal::UnknownRecipient(_)) => Reply::new(550, refusal_line(refusal)),
        Outcome::Refused(refusal @ (Refusal::Banned | Refusal::TooLarge)) => Reply::new(554, refusal_line(refusal)),
    }
}

/// The mail server keeps the mail and tries again.
pub(super) fn of_trouble(trouble: Trouble) -> Reply {
    match trouble {
        Trouble::Busy => Reply::new(450, "4.3.2 the desk is busy; the mail will be tried again"),
        Trouble::Full => Reply::new(452, "4.3.1 the desk has no room left; the mail will be tried again"),
        Trouble::Empty => Reply::new(451, "4.3.0 there was no mail"),
        Trouble::Failed => Reply::new(451, "4.3.0 the mail could not be stored now and will be tried again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(outcome: Outcome) -> Delivery {
        let empty = String::new;
        Delivery { outcome, reason: empty(), ticket: None, from: empty(), message_id: empty(), bytes: 0 }
    }

    #[test]
    fn every_outcome_has_its_reply() {
        let refused = |refusal| Outcome::Refused(refusal);
        for (outcome, line) in [
            (Outcome::Opened, "250 2.0.0 "),
            (Outcome::Appended, "250 2.0.0 "),
            (Outcome::Dropped, "250 2.0.0 "),
            (Outcome::Quarantined, "250 2.0.0 "),
            (Outcome::Duplicate, "250 2.0.0 "),
            (refused(Refusal::UnknownRecipient("x@y".to_owned())), "550 5.1.1 x@y "),
            (refused(Refusal::Banned), "554 5.7.1 "),
            (refused(Refusal::TooLarge), "554 5.7.1 "),
        ] {
            let replies = of_mail(&Ok(vec![delivered(outcome.clone())]), 1);
            assert!(replies.len() == 1 && replies[0].line().starts_with(line), "{outcome:?}: {replies:?}");
        }
        for (trouble, code) in [
            (Trouble::Busy, "450 4."),
            (Trouble::Full, "452 4."),
            (Trouble::Empty, "451 4."),
            (Trouble::Failed, "451 4."),
        ] {
            let replies = of_mail(&Err(trouble), 3);
            assert!(replies.len() == 3 && replies.iter().all(|r| r.line().starts_with(code)), "{trouble:?}");
        }
    }
}
