//! Asking a customer how a ticket was handled, and taking the answer.

use super::Change;
use crate::domain::{Actor, EventKind, TicketId};
use crate::store::Result;
use crate::store::ticket::Ticket;

impl Change<'_> {
    /// Asks the customer of a ticket that was just closed how it was handled: once, where setting `satisfaction` is on.
    /// One who closed it on the page is asked there; the others get a mail.
    pub(super) fn ask_satisfaction(&self, ticket: &Ticket) -> Result<()> {
        if !self.settings.satisfaction || !self.settings.web {
            return Ok(());
        }
        let is_asked = self.rows().ask_satisfaction(ticket.id, ticket.staff, self.now)?;
        match self.actor {
            Actor::Customer(_) => Ok(()),
            Actor::Staff(_) | Actor::Desk | Actor::Machine if is_asked => self.send_satisfaction(ticket.id),
            Actor::Staff(_) | Actor::Desk | Actor::Machine => Ok(()),
        }
    }

    /// Keeps what a customer thinks of how a ticket was handled; says whether they were asked.
    pub(crate) fn rate(&self, ticket: TicketId, is_good: bool, comment: &str) -> Result<bool> {
        if !self.rows().rate(ticket, is_good, comment, self.now)? {
            return Ok(false);
        }
        self.write_event(ticket, EventKind::Rated, if is_good { "good" } else { "bad" })?;
        Ok(true)
    }
}
