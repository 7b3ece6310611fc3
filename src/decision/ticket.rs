//! Which ticket a mail belongs to: the one of its token, else one it names, else a new one.

use super::origin::handling;
use super::people::staff_reply;
use super::{
    Append, Decision, Facts, Handling, NamedBy, Open, Policy, Requester, Role, Route, SUBJECT_CHARS_MAX, StrangerReply,
    TicketFact, TokenFact, subject,
};
use crate::domain::reason::Reason;
use crate::domain::{Status, TicketId};
use crate::mail::ParsedMail;

/// Whether an answer may still go into the ticket, or comes too long after it was closed.
fn is_past_reopening(ticket: &TicketFact, facts: &Facts, policy: &Policy) -> bool {
    // A machine's mail reopens nothing, so it can always be added to a closed ticket.
    ticket.status == Status::Closed
        && handling(facts) != Handling::Silent
        && (policy.reopen_s == 0 || facts.now.unix() - ticket.closed_at.unix() > policy.reopen_s)
}

pub(super) fn with_token(mail: &ParsedMail, facts: &Facts, policy: &Policy, token: &TokenFact) -> Decision {
    let ticket = &token.ticket;
    if let Some(reply) = staff_reply(facts, token) {
        return reply;
    }
    if is_past_reopening(ticket, facts, policy) {
        return open(mail, facts, policy, New { reason: Reason::ClosedTooLong, linked: Some(ticket.id), note: None });
    }
    match append(ticket, Reason::Token, Role::Customer, facts) {
        Decision::Append(append) => {
            // What a machine sends changes nothing else, the address we write to included.
            let takes_reply_to = token.is_customers && append.handling != Handling::Silent;
            Decision::Append(Append { takes_reply_to, ..append })
        }
        other => other,
    }
}

/// A read receipt goes silently to the mail it confirms, and never opens a ticket.
pub(super) fn of_receipt(facts: &Facts) -> Decision {
    let by_token = facts.token.as_ref().map(|token| (&token.ticket, Reason::Token));
    let mut named = facts.named.iter().filter(|hit| hit.takes_part).map(|hit| (&hit.ticket, reason_of(hit.by)));
    let Some((ticket, reason)) = by_token.or_else(|| named.next()) else {
        return Decision::Drop { reason: Reason::ReceiptNotOurs };
    };
    match append(ticket, reason, Role::Customer, facts) {
        Decision::Append(append) => Decision::Append(Append { handling: Handling::Silent, ..append }),
        other => other,
    }
}

const fn reason_of(by: NamedBy) -> Reason {
    match by {
        NamedBy::ThreadId => Reason::Thread,
        NamedBy::SubjectTag => Reason::SubjectTag,
    }
}

pub(super) fn append(ticket: &TicketFact, reason: Reason, role: Role, facts: &Facts) -> Decision {
    Decision::Append(Append {
        reason,
        ticket: ticket.id,
        role,
        handling: handling(facts),
        takes_reply_to: false,
        notes: Vec::new(),
    })
}

/// A ticket named by thread id or subject tag; `None` when no ticket is named.
pub(super) fn named_ticket(mail: &ParsedMail, facts: &Facts, policy: &Policy) -> Option<Decision> {
    let mine = || facts.named.iter().filter(|hit| hit.takes_part);
    // A thread's ids may belong to several tickets (a changed subject opened a second one): one
    // that can take the mail is preferred to one that cannot.
    if let Some(hit) = mine().find(|hit| reason_against(mail, &hit.ticket, facts, policy).is_none()) {
        return Some(append(&hit.ticket, reason_of(hit.by), Role::Customer, facts));
    }
    if let Some(hit) = mine().next() {
        let reason = reason_against(mail, &hit.ticket, facts, policy).unwrap_or(Reason::New);
        return Some(open(mail, facts, policy, New { reason, linked: Some(hit.ticket.id), note: None }));
    }
    let hit = facts.named.first()?;
    if facts.staff.is_some() {
        // Anybody can write a staff member's From and a ticket's number; a token cannot be guessed.
        return Some(Decision::Quarantine { reason: Reason::StaffWithoutToken });
    }
    Some(match policy.stranger_reply {
        StrangerReply::Hold => Decision::Quarantine { reason: Reason::StrangerHeld },
        StrangerReply::Append if !is_past_reopening(&hit.ticket, facts, policy) => {
            append(&hit.ticket, reason_of(hit.by), Role::Customer, facts)
        }
        StrangerReply::Append | StrangerReply::New => {
            let note = format!("This mail named ticket [#{}], in which its sender takes no part.", hit.ticket.id);
            open(mail, facts, policy, New { reason: Reason::Stranger, linked: Some(hit.ticket.id), note: Some(note) })
        }
    })
}

/// Why an answer without a token opens a new ticket although its sender takes part in this one.
fn reason_against(mail: &ParsedMail, ticket: &TicketFact, facts: &Facts, policy: &Policy) -> Option<Reason> {
    if is_past_reopening(ticket, facts, policy) {
        return Some(Reason::ClosedTooLong);
    }
    // Auto-replies put their own words before the subject, or replace it.
    let is_other = handling(facts) != Handling::Silent && !is_under_subject(&mail.subject, &ticket.subject);
    is_other.then_some(Reason::OtherSubject)
}

/// Whether a mail's subject is that of the ticket, which may have been cut at [`SUBJECT_CHARS_MAX`].
#[must_use]
pub(crate) fn is_under_subject(answer: &str, ticket: &str) -> bool {
    let is_cut = ticket.chars().count() >= SUBJECT_CHARS_MAX;
    // A bracketed word that was cut has lost its end: it would be taken for text.
    subject::is_same(answer, if is_cut { subject::without_cut_bracket(ticket) } else { ticket })
}

/// What a quarantined mail does when a person lets it in: what it does anyway, or else it opens a ticket. Without a
/// sender or a department it stays where it is.
pub(crate) fn let_in(mail: &ParsedMail, facts: &Facts, policy: &Policy) -> Decision {
    match super::decide(mail, facts, policy) {
        Decision::Quarantine { reason } if mail.from.is_some() => {
            let linked = facts.named.first().map(|hit| hit.ticket.id);
            let note = format!("This mail was set aside ({}) and let in by a person.", reason.text());
            open(mail, facts, policy, New { reason, linked, note: Some(note) })
        }
        decision => decision,
    }
}

/// Why a ticket is opened, and how it is linked with another one.
pub(super) struct New {
    pub(super) reason: Reason,
    pub(super) linked: Option<TicketId>,
    pub(super) note: Option<String>,
}

pub(super) fn open(mail: &ParsedMail, facts: &Facts, policy: &Policy, new: New) -> Decision {
    let (address, department) = match &facts.route {
        Route::Known { address, department } => (Some(*address), *department),
        Route::Unknown { default_address, fallback, .. } => (*default_address, *fallback),
    };
    let Some(department) = department else {
        return Decision::Quarantine { reason: Reason::NoDepartment };
    };
    Decision::Open(Open {
        reason: new.reason,
        department,
        address,
        requester: Requester::Sender,
        handling: handling(facts),
        linked: new.linked,
        notes: new.note.into_iter().collect(),
    })
    .with_forward(mail, facts, policy)
}
