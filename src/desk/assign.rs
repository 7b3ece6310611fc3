//! Assigning a ticket: who may have it, and that the new assignee is notified once.

use super::Change;
use super::notify::Notices;
use crate::domain::{Actor, EventKind, TicketId};
use crate::store::staff::Staff;
use crate::store::ticket::Ticket;
use crate::store::{Error, ReadTx, Result};

/// Why a ticket was not assigned.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] Error),
    /// There is no such ticket.
    #[error("there is no ticket {0}; `maildesk admin ticket list --status open` shows what waits")]
    NoTicket(TicketId),
    /// Its messages are in another ticket.
    #[error("ticket {0} was merged into {1}: change that one")]
    Merged(TicketId, TicketId),
    /// The account may not be used.
    #[error("the account {0} is not active; `maildesk admin staff update {0} --active true` changes it")]
    Inactive(String),
    /// An agent who does not belong to the ticket's department.
    #[error(
        "{username} may not see department {department:?}, where the ticket is; `maildesk admin staff show {username}` has the departments"
    )]
    NoMember {
        /// The agent's login name.
        username: String,
        /// The department's name.
        department: String,
    },
}

/// A ticket that was merged into another is a signpost: what is changed is changed there.
///
/// # Errors
/// [`Refused::Merged`].
pub(super) const fn not_merged(ticket: &Ticket) -> std::result::Result<(), Refused> {
    match ticket.merged_into {
        Some(into) => Err(Refused::Merged(ticket.id, into)),
        None => Ok(()),
    }
}

impl Change<'_> {
    /// Assigns a ticket to a staff member who may see it. Notifies the new assignee (template `staff_assigned`),
    /// except when staff assign a ticket to themselves.
    ///
    /// # Errors
    /// [`Refused`]; nothing is changed then.
    pub(crate) fn assign(&self, id: TicketId, staff: &Staff, notices: Notices) -> std::result::Result<(), Refused> {
        // Read here: a move in the same transaction decides who may see it.
        let ticket = self.tx.ticket(id)?.ok_or(Refused::NoTicket(id))?;
        not_merged(&ticket)?;
        if !staff.is_active {
            return Err(Refused::Inactive(staff.username.clone()));
        }
        if !may_see(self.tx, staff, &ticket)? {
            let department = self.tx.department(ticket.department)?.map_or_else(String::new, |found| found.name);
            return Err(Refused::NoMember { username: staff.username.clone(), department });
        }
        if ticket.staff == Some(staff.id) {
            return Ok(());
        }
        self.rows().assign_ticket(id, staff.id)?;
        self.write_event(id, EventKind::Assigned, &staff.username)?;
        if self.actor != Actor::Staff(staff.id) {
            self.notify_assignee(id, staff, notices)?;
        }
        Ok(())
    }

    /// Carries out `#assign` of a staff member's mail. If that is not possible, a note says why: the text of a command
    /// is not sent to the customer.
    pub(crate) fn assign_or_note(&self, id: TicketId, staff: &Staff, notices: Notices) -> Result<()> {
        match self.assign(id, staff, notices) {
            Ok(()) => Ok(()),
            Err(Refused::Store(error)) => Err(error),
            Err(refused) => {
                self.note_of_desk(id, &format!("#assign {} was not carried out: {refused}.", staff.username))?;
                Ok(())
            }
        }
    }

    /// Removes the assignment of a ticket.
    pub(crate) fn unassign(&self, ticket: &Ticket) -> Result<()> {
        if ticket.staff.is_none() {
            return Ok(());
        }
        self.rows().unassign_ticket(ticket.id)?;
        self.write_event(ticket.id, EventKind::Assigned, "")
    }
}

/// Whether a staff member may see a ticket: admins see all, agents those of their departments.
pub(crate) fn may_see(tx: &ReadTx<'_>, staff: &Staff, ticket: &Ticket) -> Result<bool> {
    Ok(staff.sees_all() || tx.staff_departments(staff.id)?.contains(&ticket.department))
}
