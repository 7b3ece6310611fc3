//! Setting a ticket's status, and closing what was answered long ago.

use super::Change;
use crate::domain::{EventKind, Status, TicketId, Timestamp};
use crate::store::Result;
use crate::store::ticket::Ticket;

impl Change<'_> {
    /// Sets a ticket's status; closing notes the time. Nobody is notified, as in HelpDeskZ.
    pub(crate) fn set_status(&self, ticket: &Ticket, status: Status) -> Result<()> {
        self.rows().set_status(ticket.id, status, self.now)?;
        if ticket.status != status {
            self.write_event(ticket.id, EventKind::Status, status.word())?;
            if status == Status::Closed {
                self.ask_satisfaction(ticket)?;
            }
        }
        Ok(())
    }

    /// Closes answered tickets that nobody touched since `before`, at most `max`; says how many. Nobody is notified.
    pub(crate) fn close_answered(&self, before: Timestamp, max: usize) -> Result<usize> {
        let closed: Vec<TicketId> = self.rows().close_answered(before, max, self.now)?;
        for ticket in &closed {
            self.write_event(*ticket, EventKind::Status, Status::Closed.word())?;
            if self.settings.satisfaction
                && let Some(ticket) = self.tx.ticket(*ticket)?
            {
                self.ask_satisfaction(&ticket)?;
            }
        }
        Ok(closed.len())
    }
}
