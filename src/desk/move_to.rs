//! Moving a ticket to another department.

use super::Change;
use crate::domain::EventKind;
use crate::store::Result;
use crate::store::department::Department;
use crate::store::ticket::Ticket;

impl Change<'_> {
    /// Moves a ticket to a department. Nobody is notified, as in HelpDeskZ.
    pub(crate) fn move_to(&self, ticket: &Ticket, department: &Department) -> Result<()> {
        if ticket.department == department.id {
            return Ok(());
        }
        self.rows().set_ticket_department(ticket.id, department.id)?;
        self.write_event(ticket.id, EventKind::Moved, &department.name)
    }
}
