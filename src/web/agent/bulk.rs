//! What is done to the tickets that were ticked in a list.

use super::list::back_of;
use super::ticket::visible;
use crate::desk::Notices;
use crate::domain::{DepartmentId, StaffId, Status, TicketId};
use crate::http::Response;
use crate::store::WriteTx;
use crate::store::ticket::Ticket;
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// `POST /staff/tickets/bulk`
pub(super) fn change(call: &Call<'_>) -> Result<Response, Refusal> {
    let ids: Vec<TicketId> = call.form.all("ticket").filter_map(|id| id.parse().ok()).map(TicketId::new).collect();
    call.write(|tx| {
        let viewer = call.viewer()?;
        for id in &ids {
            let ticket = visible(tx, viewer, *id)?;
            one(call, tx, &ticket)?;
        }
        Ok(())
    })?;
    let back = back_of(call.form.get("from"));
    let mark = if back.contains('?') { '&' } else { '?' };
    Ok(call.lead_to(&format!("{back}{mark}done={}&n={}", call.form.get("do"), ids.len())))
}

fn one(call: &Call<'_>, tx: &WriteTx<'_>, ticket: &Ticket) -> Result<(), Refusal> {
    let viewer = call.viewer()?;
    let change = call.change(tx)?;
    match call.form.get("do") {
        "take" => change.assign(ticket.id, &viewer.staff, Notices::Usual)?,
        "assign" => match call.form.number("assignee") {
            None => change.unassign(ticket)?,
            Some(id) => {
                let staff = tx.staff(StaffId::new(id))?.ok_or(Refusal::NotFound)?;
                change.assign(ticket.id, &staff, Notices::Usual)?;
            }
        },
        "close" => change.set_status(ticket, Status::Closed)?,
        "status" => change.set_status(ticket, call.form.get("status").parse().map_err(|_| Refusal::Broken)?)?,
        "move" => {
            let id = DepartmentId::new(call.form.number("department").ok_or(Refusal::Broken)?);
            let department = tx.department(id)?.filter(|found| viewer.sees(found.id)).ok_or(Refusal::NotFound)?;
            change.move_to(ticket, &department)?;
        }
        _ => return Err(Refusal::Broken),
    }
    Ok(())
}
