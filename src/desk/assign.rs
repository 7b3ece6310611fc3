//! Giving a ticket to a staff member: who may have it, and that he is notified once.

use super::notify;
use crate::domain::staff_role::StaffRole;
use crate::domain::{StaffId, TicketId, Timestamp};
use crate::store::people::Staff;
use crate::store::settings::Settings;
use crate::store::{self, ReadTx, Result, WriteTx};

/// Who gives a ticket away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Giver {
    /// A staff member: he is not notified of his own doing.
    Staff(StaffId),
    /// Somebody at the command line.
    Operator,
    /// An old mail that is being moved in: nobody is notified.
    Past,
}

/// Why a ticket was not given to somebody.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There is no such ticket.
    #[error("there is no ticket {0}; `maildesk admin ticket list --status open` shows what waits")]
    NoTicket(TicketId),
    /// Its messages are in another ticket.
    #[error("ticket {0} was merged into {1}: change that one")]
    Merged(TicketId, TicketId),
    /// The account may not be used.
    #[error("the account {0} is not active; `maildesk admin staff update {0} --active true` changes it")]
    Inactive(String),
    /// An agent who is not tied to the ticket's department.
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

/// Gives a ticket to a staff member who may see it, and notifies him (template `staff_assigned`) unless he has it already
/// or took it himself.
///
/// # Errors
/// [`Error`]; nothing is changed then.
pub fn assign(
    tx: &WriteTx<'_>,
    settings: &Settings,
    (id, staff): (TicketId, &Staff),
    giver: Giver,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    let ticket = tx.ticket(id)?.ok_or(Error::NoTicket(id))?;
    if let Some(into) = ticket.merged_into {
        return Err(Error::Merged(id, into));
    }
    if !staff.is_active {
        return Err(Error::Inactive(staff.username.clone()));
    }
    if !may_see(tx, staff, &ticket)? {
        let department = tx.department(ticket.department)?.map_or_else(String::new, |department| department.name);
        return Err(Error::NoMember { username: staff.username.clone(), department });
    }
    if ticket.staff == Some(staff.id) {
        return Ok(());
    }
    tx.assign_ticket(id, staff.id)?;
    match giver {
        Giver::Past => {}
        Giver::Staff(own) if own == staff.id => {}
        Giver::Staff(_) | Giver::Operator => notify::assigned(tx, settings, id, staff, now)?,
    }
    Ok(())
}

/// Whether a staff member may see a ticket: admins see all, agents those of their departments.
fn may_see(tx: &ReadTx<'_>, staff: &Staff, ticket: &store::tickets::Ticket) -> Result<bool> {
    Ok(staff.role == StaffRole::Admin || tx.staff_departments(staff.id)?.contains(&ticket.department))
}
