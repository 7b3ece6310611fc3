//! What would become of a mail, in the words of `pipe --dry-run` and `admin mail retry --dry-run`.

use super::Preview;
use crate::decision::{Decision, Facts, Refusal};
use crate::domain::reason::Reason;
use crate::domain::{DepartmentId, TicketId};

/// A decision in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// open, append, drop, quarantine or refuse.
    pub(crate) decision: &'static str,
    /// Why.
    pub(crate) reason: String,
    /// The ticket that the mail joins or is about.
    pub(crate) ticket: Option<TicketId>,
    /// The department that takes it.
    pub(crate) department: Option<DepartmentId>,
}

/// What would become of a mail, in words.
#[must_use]
pub(crate) fn verdict(preview: &Preview) -> Verdict {
    if let Some(known) = &preview.known {
        return Verdict {
            decision: "drop",
            reason: format!("on record already ({})", known.state.word()),
            ticket: known.ticket,
            department: None,
        };
    }
    let plain =
        |decision, reason: &str| Verdict { decision, reason: reason.to_owned(), ticket: None, department: None };
    match &preview.decision {
        None => plain("quarantine", Reason::Unreadable.text()),
        Some(Decision::Open(open)) => {
            Verdict { department: Some(open.department), ..plain("open", open.reason.text()) }
        }
        Some(Decision::Append(append)) => Verdict {
            ticket: Some(append.ticket),
            department: preview.facts.as_ref().and_then(|facts| department_of(facts, append.ticket)),
            ..plain("append", append.reason.text())
        },
        Some(Decision::Bounce { ticket, .. }) => Verdict { ticket: *ticket, ..plain("drop", Reason::Bounce.text()) },
        Some(Decision::Drop { reason }) => plain("drop", reason.text()),
        Some(Decision::Quarantine { reason }) => plain("quarantine", reason.text()),
        Some(Decision::Refuse(Refusal::UnknownRecipient(_))) => plain("refuse", "unknown recipient"),
        Some(Decision::Refuse(Refusal::Banned)) => plain("refuse", "banned"),
        Some(Decision::Refuse(Refusal::TooLarge)) => plain("refuse", "too large"),
    }
}

fn department_of(facts: &Facts, ticket: TicketId) -> Option<DepartmentId> {
    let by_token = facts.token.iter().map(|token| &token.ticket);
    let named = facts.named.iter().map(|named| &named.ticket);
    by_token.chain(named).find(|fact| fact.id == ticket).map(|fact| fact.department)
}
