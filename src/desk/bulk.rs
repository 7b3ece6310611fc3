//! One change of many tickets at once, in one transaction, that can be taken back as one.

use super::assign::not_merged;
use super::undo::{CHANGES_UNDO_S, ChangesState, Former};
use super::{Change, Notices, Refused, may_see};
use crate::domain::{StaffId, Status, TicketId, Timestamp, UndoId};
use crate::store::Result;
use crate::store::department::Department;
use crate::store::staff::Staff;
use crate::store::ticket::Ticket;

/// Most tickets changed at once. Chosen: half a second with the write lock held.
pub(crate) const TICKETS_MAX: usize = 1000;

/// A new assignee is notified of this many tickets at once; of more, the list is notice enough.
const NOTICES_MAX: usize = 5;

/// What is done to each ticket.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed<'a> {
    /// Assigns it; `None`: to nobody.
    Assign(Option<&'a Staff>),
    /// Sets its status.
    Status(Status),
    /// Moves it.
    Move(&'a Department),
    /// Calls it spam.
    Spam,
    /// Calls it spam and bans its customer's address.
    SpamAndBan,
    /// Says that it is no spam.
    NotSpam,
    /// Puts it off until then.
    Snooze(Timestamp),
    /// Takes it back that was put off.
    Wake,
    /// Marks it with a tag.
    Tag(&'a str),
    /// Takes a tag off it.
    Untag(&'a str),
    /// Sets its priority, which people call that.
    Priority(i64, &'a str),
    /// Merges it into that one.
    Merge(TicketId),
}

/// What became of a change of many.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// The tickets that were changed.
    pub changed: Vec<TicketId>,
    /// Those that were not, and why.
    pub refused: Vec<(TicketId, Refused)>,
    /// How all of it can be taken back; none when nothing was changed.
    pub undo: Option<UndoId>,
}

#[allow(clippy::wrong_self_convention)] // nothing is turned into another type: it is done to tickets
impl Change<'_> {
    /// Does the same to each of these tickets, at most [`TICKETS_MAX`], that `staff` may see. Those that have it already
    /// are neither changed nor refused.
    pub(crate) fn to_each(&self, staff: &Staff, tickets: &[TicketId], deed: Deed<'_>) -> Result<Done> {
        let notices = if tickets.len() > NOTICES_MAX { Notices::Nobody } else { Notices::Usual };
        let (mut done, mut state) = (Done::default(), ChangesState::default());
        for id in tickets.iter().take(TICKETS_MAX) {
            let found = self.tx.ticket(*id)?;
            let is_seen = found.as_ref().map_or(Ok(false), |ticket| may_see(self.tx, staff, ticket))?;
            let Some(ticket) = found.filter(|_| is_seen) else {
                done.refused.push((*id, Refused::NoTicket(*id)));
                continue;
            };
            match self.to_one(staff, &ticket, deed, notices) {
                Ok(None) => {}
                Ok(Some(former)) => {
                    done.changed.push(*id);
                    state.steps.push((id.get(), former));
                }
                Err(Refused::Store(error)) => return Err(error),
                Err(refused) => done.refused.push((*id, refused)),
            }
        }
        if !state.steps.is_empty() {
            let json = serde_json::to_string(&state).unwrap_or_default();
            done.undo = Some(self.tx.add_undo(staff.id, None, &json, self.now.plus_s(CHANGES_UNDO_S), self.now)?);
        }
        Ok(done)
    }

    /// Does it to one ticket; gives what it takes to take it back, `None` when nothing changed.
    fn to_one(
        &self,
        staff: &Staff,
        ticket: &Ticket,
        deed: Deed<'_>,
        notices: Notices,
    ) -> std::result::Result<Option<Former>, Refused> {
        not_merged(ticket)?;
        let former = match deed {
            Deed::Assign(assignee) => {
                let (former, after) = (ticket.staff.map(StaffId::get), assignee.map(|staff| staff.id.get()));
                match assignee {
                    Some(assignee) => self.assign(ticket.id, assignee, notices)?,
                    None => self.unassign(ticket)?,
                }
                (former != after).then_some(Former::Staff { former, after })
            }
            Deed::Status(status) => {
                self.set_status(ticket, status)?;
                let (former, after) = (ticket.status.number(), status.number());
                let closed_at = ticket.closed_at.unix();
                (former != after).then_some(Former::Status { former, closed_at, after })
            }
            Deed::Move(department) => {
                self.move_to(ticket, department)?;
                let (former, after) = (ticket.department.get(), department.id.get());
                (former != after).then_some(Former::Department { former, after })
            }
            Deed::Spam => {
                self.spam(ticket)?;
                (!ticket.is_spam()).then_some(Former::Spam { after: self.now.unix() })
            }
            Deed::SpamAndBan => {
                let banned = self.spam_and_ban(ticket)?;
                let after = self.now.unix();
                (banned.is_some() || !ticket.is_spam()).then_some(Former::SpamAndBanned { after, banned })
            }
            Deed::NotSpam => {
                self.not_spam(ticket)?;
                ticket.is_spam().then_some(Former::NotSpam { former: ticket.spam_at.unix() })
            }
            Deed::Snooze(until) => {
                self.snooze(ticket, until)?;
                let (former, after) = (ticket.snoozed_until.unix(), until.unix());
                (former != after && until > self.now).then_some(Former::Snoozed { former, after })
            }
            Deed::Wake => {
                self.wake(ticket)?;
                let former = ticket.snoozed_until.unix();
                (former > 0).then_some(Former::Snoozed { former, after: 0 })
            }
            Deed::Tag(name) => {
                let has = self.has_tag(ticket, name)?;
                self.tag(ticket, name)?;
                (!has).then(|| Former::Tagged { name: name.to_owned() })
            }
            Deed::Untag(name) => {
                let has = self.has_tag(ticket, name)?;
                self.untag(ticket, name)?;
                has.then(|| Former::Untagged { name: name.to_owned() })
            }
            Deed::Priority(after, name) => {
                let (former, known) = self.tx.priority_of(ticket.id)?;
                self.set_priority(ticket, after, name)?;
                (former != after).then_some(Former::Priority { former, name: known, after })
            }
            Deed::Merge(into) => return self.merge_one(staff, ticket, into),
        };
        Ok(former)
    }

    /// Merges a ticket into one that `staff` may see as well: what is merged lets the people of either read both.
    fn merge_one(
        &self,
        staff: &Staff,
        ticket: &Ticket,
        into: TicketId,
    ) -> std::result::Result<Option<Former>, Refused> {
        if into == ticket.id {
            return Ok(None);
        }
        let found = self.tx.ticket(into)?.ok_or(Refused::NoTicket(into))?;
        if !may_see(self.tx, staff, &found)? {
            return Err(Refused::NoTicket(into));
        }
        let into = found;
        if let Some(further) = into.merged_into {
            return Err(Refused::Merged(into.id, further));
        }
        self.merge(ticket, &into)?;
        Ok(Some(Former::Merged))
    }

    fn has_tag(&self, ticket: &Ticket, name: &str) -> Result<bool> {
        Ok(self.tx.tags_of_ticket(ticket.id)?.iter().any(|known| known.eq_ignore_ascii_case(name)))
    }
}

#[cfg(test)]
#[path = "bulk_tests.rs"]
mod tests;
