//! Removing a ticket, an attachment, or the customer, department or account that tickets belong to. The events stay.

use super::Change;
use crate::domain::{DepartmentId, EventKind, StaffId, TicketId, UserId};
use crate::store::Result;
use crate::store::attachment::AttachmentLine;
use crate::store::ticket::Owner;

impl Change<'_> {
    /// Removes a ticket with its messages and attachments; says whether there was one.
    pub(crate) fn remove_ticket(&self, id: TicketId) -> Result<bool> {
        self.remove_tickets_of(Owner::Ticket(id))?;
        self.rows().remove_ticket(id)
    }

    /// Removes an attachment; says whether there was one.
    pub(crate) fn remove_attachment(&self, attachment: &AttachmentLine) -> Result<bool> {
        if let Some(ticket) = attachment.ticket {
            self.write_event(ticket, EventKind::AttachmentRemoved, &attachment.name)?;
        }
        self.rows().remove_attachment(attachment.id)
    }

    /// Removes a customer with all tickets; says whether there was one.
    pub(crate) fn remove_customer(&self, id: UserId) -> Result<bool> {
        self.remove_tickets_of(Owner::Customer(id))?;
        self.rows().remove_customer(id)
    }

    /// Removes a department with all its tickets; its addresses go to the lowest remaining one. Says whether there was
    /// one.
    pub(crate) fn remove_department(&self, id: DepartmentId) -> Result<bool> {
        self.remove_tickets_of(Owner::Department(id))?;
        self.rows().remove_department(id)
    }

    /// Removes a staff account; what it wrote stays, and its tickets are unassigned. Says whether there was one.
    pub(crate) fn remove_staff(&self, id: StaffId) -> Result<bool> {
        let event = self.event(EventKind::Assigned, "");
        self.rows().add_events(Owner::Staff(id), &event, self.now)?;
        self.rows().remove_staff(id)
    }

    pub(super) fn remove_tickets_of(&self, owner: Owner) -> Result<()> {
        let event = self.event(EventKind::Removed, "");
        self.rows().add_events(owner, &event, self.now)
    }
}
