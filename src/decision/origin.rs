//! Mail that does not become a message: refused, dropped on record or set aside before a ticket is looked for.

use super::{Decision, Facts, Handling, Policy, Refusal, Route, UnknownRecipient};
use crate::domain::reason::Reason;
use crate::mail::ParsedMail;
use crate::mail::origin::Origin;

/// What the sender's MTA is answered at once, if the desk's settings ask for it.
pub(super) fn refusal(facts: &Facts, policy: &Policy) -> Option<Decision> {
    if !facts.is_refusable {
        return None;
    }
    if let (Route::Unknown { recipient, .. }, UnknownRecipient::Reject) = (&facts.route, policy.unknown_recipient) {
        return Some(Decision::Refuse(Refusal::UnknownRecipient(recipient.clone())));
    }
    if facts.is_oversize && policy.refuses_oversize {
        return Some(Decision::Refuse(Refusal::TooLarge));
    }
    (facts.is_banned && policy.refuses_banned).then_some(Decision::Refuse(Refusal::Banned))
}

/// Mail that concerns no ticket as a message.
pub(super) fn without_ticket(mail: &ParsedMail, facts: &Facts, policy: &Policy) -> Option<Decision> {
    match facts.origin {
        Origin::Own => return Some(Decision::Drop { reason: Reason::OwnMail }),
        Origin::Bounce => {
            // A report that names no mail of ours proves nothing: anybody can send one.
            return Some(match facts.bounced {
                Some((outbox, ticket)) => Decision::Bounce { outbox, ticket },
                None => Decision::Drop { reason: Reason::BounceNotOurs },
            });
        }
        Origin::List | Origin::Auto | Origin::Person => {}
    }
    if facts.is_banned {
        return Some(Decision::Drop { reason: Reason::Banned });
    }
    if mail.from.is_none() {
        return Some(Decision::Quarantine { reason: Reason::NoFrom });
    }
    if facts.is_from_us {
        return Some(Decision::Quarantine { reason: Reason::FromUs });
    }
    if policy.mails_per_hour > 0 && facts.mails_last_hour.is_some_and(|mails| mails >= policy.mails_per_hour) {
        return Some(Decision::Quarantine { reason: Reason::TooMany });
    }
    match &facts.route {
        Route::Unknown { .. } if policy.unknown_recipient != UnknownRecipient::Default => {
            Some(Decision::Quarantine { reason: Reason::UnknownRecipient })
        }
        Route::Unknown { fallback: None, .. } | Route::Known { department: None, .. } => {
            Some(Decision::Quarantine { reason: Reason::NoDepartment })
        }
        Route::Unknown { .. } | Route::Known { .. } => None,
    }
}

/// A person's mail is answered and reopens; a machine's does neither. What a list brings that feeds the desk reopens.
pub(super) fn handling(facts: &Facts) -> Handling {
    match facts.origin {
        Origin::Person | Origin::List if facts.is_fed => Handling::Unanswered,
        Origin::Person => Handling::Full,
        Origin::Own | Origin::Bounce | Origin::List | Origin::Auto => Handling::Silent,
    }
}
