//! Changing a ticket's status, assignee, department and the like, at once.

use super::visible;
use crate::desk::{Notices, Refused};
use crate::domain::{DepartmentId, StaffId, Status, TicketId};
use crate::http::Response;
use crate::store::WriteTx;
use crate::store::ticket::Ticket;
use crate::web::answer::Refusal;
use crate::web::call::Call;

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error.into(),
            Refused::NoTicket(_) | Refused::Merged(..) => Self::NotFound,
            Refused::Inactive(_) | Refused::NoMember { .. } => Self::Broken,
        }
    }
}

/// Applies what the form says. Only what differs from what the page has shown is changed, so that a page that is old
/// undoes nobody's work.
pub(super) fn change(call: &Call<'_>, id: TicketId) -> Result<Response, Refusal> {
    let form = &call.form;
    let differs = |name: &str| form.has(name) && form.get(name) != form.get(&format!("was-{name}"));
    call.write(|tx| {
        let viewer = call.viewer()?;
        let ticket = visible(tx, viewer, id)?;
        let change = call.change(tx)?;
        if differs("status") {
            let status: Status = form.get("status").parse().map_err(|_| Refusal::Broken)?;
            change.set_status(&ticket, status)?;
        }
        if differs("department") {
            let department = DepartmentId::new(form.number("department").ok_or(Refusal::Broken)?);
            let department = tx.department(department)?.filter(|found| viewer.sees(found.id));
            change.move_to(&ticket, &department.ok_or(Refusal::NotFound)?)?;
        }
        if differs("assignee") {
            assign(call, tx, &ticket)?;
        }
        Ok(())
    })?;
    Ok(call.lead_to(&format!("/staff/tickets/view/{id}")))
}

fn assign(call: &Call<'_>, tx: &WriteTx<'_>, ticket: &Ticket) -> Result<(), Refusal> {
    let change = call.change(tx)?;
    match call.form.number("assignee") {
        None => change.unassign(ticket)?,
        Some(id) => {
            let staff = tx.staff(StaffId::new(id))?.ok_or(Refusal::NotFound)?;
            change.assign(ticket.id, &staff, Notices::Usual)?;
        }
    }
    Ok(())
}
