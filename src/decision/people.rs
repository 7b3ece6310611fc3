//! In whose name a mail is taken: staff replies, and whose ticket a forwarded mail opens.

use super::authentication::Authentication;
use super::origin::handling;
use super::ticket::append;
use super::{Decision, Facts, Handling, Policy, Requester, Role, Route, TokenFact};
use crate::domain::reason::Reason;
use crate::mail::ParsedMail;

/// What becomes of a mail with a token of the staff member who sends it; `None` for all other mail.
pub(super) fn staff_reply(facts: &Facts, token: &TokenFact) -> Option<Decision> {
    let ticket = &token.ticket;
    // In their own ticket a staff member is the customer.
    let staff = facts.staff.filter(|_| token.is_senders_own && !token.is_from_customer)?;
    // A machine's mail in a staff member's name (out of office) is not a staff reply.
    if handling(facts) == Handling::Silent {
        return Some(append(ticket, Reason::Token, Role::Customer, facts));
    }
    Some(match facts.authentication {
        Authentication::NotAsked | Authentication::Pass => append(ticket, Reason::Token, Role::Staff(staff), facts),
        Authentication::Fail => Decision::Quarantine { reason: Reason::StaffUnproven },
    })
}

impl Decision {
    /// A customer's mail forwarded by staff belongs to the customer, if the staff member is
    /// proven to have sent it; else a note tells staff who wrote it.
    pub(super) fn with_forward(self, mail: &ParsedMail, facts: &Facts, policy: &Policy) -> Self {
        let (Self::Open(mut open), Some(forwarded), Some(_), Route::Known { .. }) =
            (self.clone(), &mail.forwarded, facts.staff, &facts.route)
        else {
            return self;
        };
        // A mail that we wrote ourselves is not a customer's question, and a mail with a token belongs to that ticket.
        if facts.forwards_ours || facts.token.is_some() {
            return self;
        }
        let Some(original) =
            forwarded.from.clone().filter(|from| Some(&from.address) != mail.from.as_ref().map(|f| &f.address))
        else {
            return self;
        };
        let why_not = match facts.authentication {
            _ if !policy.forwards_to_sender => {
                "Setting forward_to_sender is off, so the ticket is the forwarder's; \
                 `maildesk admin ticket requester` gives it to the original sender."
            }
            Authentication::Pass => {
                open.reason = Reason::Forwarded;
                open.requester = Requester::Original(original);
                return Self::Open(open);
            }
            Authentication::NotAsked | Authentication::Fail => {
                "The forwarder could not be verified, so the ticket is theirs; \
                 `maildesk admin ticket requester` gives it to the original sender."
            }
        };
        let person = if original.name.is_empty() {
            original.address.to_string()
        } else {
            format!("{} <{}>", original.name, original.address)
        };
        open.notes.push(format!("Forwarded mail of {person}. {why_not}"));
        Self::Open(open)
    }
}
