//! Giving a ticket to another customer.

use super::assign::not_merged;
use super::{Change, Refused};
use crate::domain::EventKind;
use crate::store::customer::Customer;
use crate::store::ticket::Ticket;

/// What becomes of the customer a ticket had before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Former {
    /// Takes part in it further.
    TakesPart,
    /// They have nothing to do with it any more.
    Leaves,
}

impl Change<'_> {
    /// Gives a ticket to another customer, who gets the answers from now on; a note says who had it.
    ///
    /// If the first message was forwarded by mail, the new customer becomes its writer.
    ///
    /// # Errors
    /// [`Refused`] for one that was merged into another.
    pub(crate) fn set_requester(
        &self,
        ticket: &Ticket,
        old: &Customer,
        new: &Customer,
        former: Former,
    ) -> std::result::Result<(), Refused> {
        not_merged(ticket)?;
        let rows = self.rows();
        if old.id == new.id {
            return Ok(());
        }
        rows.set_requester(ticket, old, new)?;
        match former {
            Former::TakesPart => rows.keep_taking_part(ticket.id, old, self.now)?,
            Former::Leaves => {}
        }
        // A mail whose sender is not the ticket's customer was forwarded: its writer is the new customer now.
        if let Some((message, sender)) = self.tx.opening_of(ticket.id)?
            && !sender.is_empty()
            && !sender.eq_ignore_ascii_case(&old.email)
        {
            rows.set_writer(message, new.id)?;
        }
        self.write_event(ticket.id, EventKind::Requester, &new.email)?;
        let text = format!(
            "The ticket was given to {} <{}>; it was {} <{}>'s.",
            new.fullname, new.email, old.fullname, old.email
        );
        self.note_of_desk(ticket.id, &text)?;
        Ok(())
    }
}
