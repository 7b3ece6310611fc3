//! Merging: two tickets about the same subject, two accounts of one customer.

use super::Change;
use crate::domain::{EventKind, Status, TicketId};
use crate::store::Result;
use crate::store::customer::Customer;
use crate::store::ticket::{Owner, Ticket};

/// What a ticket becomes when another is merged into it: a customer who waits is not forgotten.
pub(super) const fn merged_status(from: Status, into: Status) -> Status {
    match (from, into) {
        (Status::Open | Status::AwaitingReply, Status::Answered | Status::Closed) => Status::AwaitingReply,
        (
            Status::Open | Status::Answered | Status::AwaitingReply | Status::InProgress | Status::Closed,
            Status::Open | Status::Answered | Status::AwaitingReply | Status::InProgress | Status::Closed,
        ) => into,
    }
}

impl Change<'_> {
    /// Moves everything of one ticket into another and leaves a closed one that leads there; a note in each says so.
    pub(crate) fn merge(&self, from: &Ticket, into: &Ticket) -> Result<()> {
        self.rows().merge_tickets(from, into, merged_status(from.status, into.status), self.now)?;
        self.write_event(into.id, EventKind::Merged, &format!("from #{}", from.id))?;
        self.write_event(from.id, EventKind::Merged, &format!("into #{}", into.id))?;
        self.note_of_desk(into.id, &format!("Ticket #{} ({}) was merged into this one.", from.id, from.subject))?;
        self.note_of_desk(from.id, &format!("This ticket was merged into #{}.", into.id))?;
        Ok(())
    }

    /// Parts a ticket again from the one it was merged into; says from which. `None` when it is not merged, or was by a
    /// version that kept no record of what was moved. What came in since stays in the other one.
    pub(crate) fn part(&self, ticket: &Ticket) -> Result<Option<TicketId>> {
        let Some(into) = self.rows().part_tickets(ticket)? else { return Ok(None) };
        self.write_event(ticket.id, EventKind::Parted, &format!("from #{into}"))?;
        self.write_event(into, EventKind::Parted, &format!("of #{}", ticket.id))?;
        Ok(Some(into))
    }

    /// Gives everything of one customer to another and removes the first.
    pub(crate) fn merge_customers(&self, from: &Customer, into: &Customer) -> Result<()> {
        let event = self.event(EventKind::Requester, &into.email);
        self.rows().add_events(Owner::Customer(from.id), &event, self.now)?;
        self.rows().merge_customers(from, into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_customer_is_not_forgotten_in_a_merge() {
        for (from, into, expected) in [
            (Status::Open, Status::Closed, Status::AwaitingReply),
            (Status::AwaitingReply, Status::Answered, Status::AwaitingReply),
            (Status::Open, Status::Open, Status::Open),
            (Status::Open, Status::InProgress, Status::InProgress),
            (Status::Answered, Status::Closed, Status::Closed),
            (Status::Closed, Status::Answered, Status::Answered),
        ] {
            assert_eq!(merged_status(from, into), expected, "{from} into {into}");
        }
    }
}
