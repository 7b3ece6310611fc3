//! Changes to a ticket that send no mail: who has it, whose it is, where it belongs,
//! and its end.

use serde_json::json;

use super::line_json;
use crate::admin::removal::{Removal, RemovalPreview};
use crate::admin::{Context, department as departments, missing, usage};
use crate::desk::{Former, Notices};
use crate::domain::{EmailAddress, Status, TicketId};
use crate::outcome::{self, Failure, bail};
use crate::store::address_use::Purpose;
use crate::store::staff::Staff;
use crate::store::ticket::{Belongings, Owner, Ticket};
use crate::store::{ReadTx, WriteTx};
use crate::terminal;

pub(super) fn found(tx: &ReadTx<'_>, id: TicketId) -> outcome::Result<Ticket> {
    tx.ticket(id)?.map_or_else(|| missing("ticket", id), Ok)
}

/// The staff member of that name.
pub(super) fn staff_named(tx: &ReadTx<'_>, username: &str) -> outcome::Result<Staff> {
    crate::admin::staff::find(tx, username)
}

/// Prints a ticket's line after a change.
pub(super) fn report(context: &Context, id: TicketId, what: &str) -> outcome::Result<()> {
    let (line, ticket, staff, priority) = context.store.read(|tx| {
        let ticket = found(tx, id)?;
        let staff = match ticket.staff {
            Some(staff) => tx.staff(staff)?,
            None => None,
        };
        Ok::<_, Failure>((tx.ticket_line(id)?, ticket, staff, tx.priority_of(id)?))
    })?;
    let mut json = line.as_ref().map(line_json).unwrap_or_default();
    if let Some(object) = json.as_object_mut() {
        object.insert("assigned_to".to_owned(), staff.map(|staff| staff.username).into());
        object.insert("priority".to_owned(), priority.0.into());
        object.insert("priority_name".to_owned(), priority.1.into());
        object.insert("merged_into".to_owned(), ticket.merged_into.map(TicketId::get).into());
    }
    context.output.object(&json, &terminal::line(&format!("#{id} {what}")))?;
    Ok(())
}

pub(super) fn assign(context: &Context, id: TicketId, username: Option<&str>) -> outcome::Result<()> {
    let given = context.store.write(|tx| {
        let ticket = found(tx, id)?;
        let settings = tx.settings()?;
        let change = context.changes(tx, &settings);
        let Some(username) = username else {
            change.unassign(&ticket)?;
            return Ok(None);
        };
        let staff = staff_named(tx, username)?;
        change.assign(id, &staff, Notices::Usual)?;
        Ok::<_, Failure>(Some(staff.username))
    })?;
    report(
        context,
        id,
        &given.map_or_else(|| "is assigned to nobody".to_owned(), |username| format!("is assigned to {username}")),
    )
}

pub(super) fn status(context: &Context, id: TicketId, status: Status) -> outcome::Result<()> {
    context.store.write(|tx| {
        let ticket = found(tx, id)?;
        if let Some(into) = ticket.merged_into.filter(|_| status != Status::Closed) {
            bail!("ticket {id} was merged into {into}: change that one");
        }
        Ok(context.changes(tx, &tx.settings()?).set_status(&ticket, status)?)
    })?;
    report(context, id, &format!("is {status}"))
}

pub(super) fn department(context: &Context, id: TicketId, name: &str) -> outcome::Result<()> {
    let department = context.store.write(|tx| {
        let ticket = found(tx, id)?;
        let department = departments::find(tx, name)?;
        context.changes(tx, &tx.settings()?).move_to(&ticket, &department)?;
        Ok::<_, Failure>(department)
    })?;
    report(context, id, &format!("is in {}", department.name))
}

pub(super) fn requester(
    context: &Context,
    id: TicketId,
    name: &str,
    email: &EmailAddress,
    former: Former,
) -> outcome::Result<()> {
    context.store.write(|tx| {
        let ticket = found(tx, id)?;
        if let Some(holder) = tx.holder(email, Purpose::Customer)? {
            return usage(format!("{email} {holder}"));
        }
        let old = tx.customer(ticket.customer)?;
        let customer = tx.customer_for(name, email, context.now)?;
        let (Some(old), Some(new)) = (old, tx.customer(customer)?) else { return missing("user", email) };
        Ok::<_, Failure>(context.changes(tx, &tx.settings()?).set_requester(&ticket, &old, &new, former)?)
    })?;
    report(context, id, &format!("has the requester {email}"))
}

/// The two tickets of a merge, if they can be merged: the second one is where it leads after merges
/// made before.
fn mergeable(tx: &ReadTx<'_>, from: TicketId, into: TicketId) -> outcome::Result<(Ticket, Ticket)> {
    let source = found(tx, from)?;
    if let Some(already) = source.merged_into {
        bail!("ticket {from} was merged into {already} already");
    }
    let Some(target) = tx.ticket_after_merges(into)? else { return missing("ticket", into) };
    if source.id == target.id {
        return usage(format!("ticket {into} is ticket {from}, or was merged into it: there is nothing to merge"));
    }
    Ok((source, target))
}

pub(super) fn merge(context: &Context, from: TicketId, into: TicketId, removal: Removal) -> outcome::Result<()> {
    let (subject, target, belongings) = context.store.read(|tx| {
        let (source, target) = mergeable(tx, from, into)?;
        let belongings = tx.belongings(Owner::Ticket(source.id))?;
        Ok::<_, Failure>((source.subject, target.id, belongings))
    })?;
    let deed = format!("merge ticket {from} {subject:?}");
    let loss = RemovalPreview::with(deed, "its", Belongings { tickets: 0, ..belongings })
        .ending(format!(" into ticket {target}"));
    if !removal.is_agreed(&context.output, &loss)? {
        return Ok(());
    }
    context.store.write(|tx: &WriteTx<'_>| {
        let (source, target) = mergeable(tx, from, into)?;
        Ok::<_, Failure>(context.changes(tx, &tx.settings()?).merge(&source, &target)?)
    })?;
    report(context, target, &format!("has the messages of #{from} too"))
}

pub(super) fn remove(context: &Context, id: TicketId, removal: Removal) -> outcome::Result<()> {
    let (subject, belongings) =
        context.store.read(|tx| Ok::<_, Failure>((found(tx, id)?.subject, tx.belongings(Owner::Ticket(id))?)))?;
    let json = json!({ "messages": belongings.messages, "attachments": belongings.attachments });
    let deed = format!("remove ticket {id} {subject:?}");
    let loss = RemovalPreview::with(deed, "its", Belongings { tickets: 0, ..belongings }).counting(json);
    if !removal.is_agreed(&context.output, &loss)? {
        return Ok(());
    }
    if !context.change(|change| change.remove_ticket(id))? {
        return missing("ticket", id);
    }
    loss.happened(
        &context.output,
        &format!("ticket {id} was removed; its mails stay on record and do not open it again"),
    )?;
    Ok(())
}
