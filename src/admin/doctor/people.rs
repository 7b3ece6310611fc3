//! Whether somebody is notified of the tickets of each department.

use super::{CheckContext, Finding, host};
use crate::outbox::template::Event;
use crate::store::address::DeskAddress;
use crate::store::department::Department;
use crate::store::staff::Staff;
use crate::store::{self, ReadTx, Store};

/// Looks at every department.
pub(super) fn notified(_: &CheckContext<'_>, store: &Store) -> store::Result<Vec<Finding>> {
    store.read(|tx| {
        let event = Event::StaffTicketNotification;
        let template = tx.stored_template(event.name())?.unwrap_or_else(|| event.shipped());
        if !template.is_enabled {
            let text = format!("template {} is off: nobody is notified of tickets", event.name());
            return Ok(vec![Finding::warn(
                "notices",
                text,
                format!("maildesk admin template enable {}", event.name()),
            )]);
        }
        let mut findings = Vec::new();
        let senders = tx.desk_addresses()?;
        for department in tx.departments()? {
            findings.extend(of(tx, &department, &senders)?);
        }
        if findings.is_empty() {
            findings.push(Finding::ok("notices", "somebody is notified of tickets in every department"));
        }
        Ok(findings)
    })
}

/// Looks for addresses with two uses.
pub(super) fn overlaps(_: &CheckContext<'_>, store: &Store) -> store::Result<Vec<Finding>> {
    let found = store.read(|tx| tx.overlaps())?;
    let mut findings = Vec::new();
    for email in &found.shared {
        let text =
            format!("several active staff members have the address {email}: mail from it counts as the first one's");
        findings.push(Finding::warn("addresses", text, "maildesk admin staff list"));
    }
    for username in &found.staff {
        let text = format!("staff member {username} has an address of the desk, and is notified of nothing");
        findings.push(Finding::warn("addresses", text, format!("maildesk admin staff show {username}")));
    }
    for email in &found.customers {
        let text = format!("a customer has the address {email} of the desk, and gets no answers");
        findings.push(Finding::warn("addresses", text, format!("maildesk admin user show {}", host::quoted(email))));
    }
    Ok(findings)
}

fn of(tx: &ReadTx<'_>, department: &Department, senders: &[DeskAddress]) -> store::Result<Option<Finding>> {
    let (id, name) = (department.id, &department.name);
    if tx.staff_to_notify(id)?.is_empty() {
        let text =
            format!("nobody is notified of tickets in department {id} {name:?}: no active staff member belongs to it");
        return Ok(Some(Finding::warn("notices", text, member(tx, department)?)));
    }
    let mut own = senders.iter().filter(|sender| sender.department == Some(id)).peekable();
    let mut candidates: Vec<&DeskAddress> =
        if own.peek().is_some() { own.collect() } else { senders.iter().filter(|sender| sender.is_default).collect() };
    if candidates.iter().any(|sender| sender.sends()) {
        return Ok(None);
    }
    let text = format!("nobody is notified of tickets in department {id} {name:?}: no address sends mail for it");
    let fix = candidates.pop().map_or_else(String::new, |sender| host::local_smtp(&sender.email));
    Ok(Some(Finding::warn("notices", text, fix)))
}

/// The command that adds a member to the department.
fn member(tx: &ReadTx<'_>, department: &Department) -> store::Result<String> {
    let id = department.id;
    let active: Vec<Staff> = tx.all_staff()?.into_iter().filter(|one| one.is_active).collect();
    // Who belongs to it already has notices switched off.
    for one in &active {
        if tx.staff_departments(one.id)?.contains(&id) {
            return Ok(format!("maildesk admin staff update {} --notifications true", one.username));
        }
    }
    let Some(one) = active.first() else {
        return Ok(format!(
            "maildesk admin staff add admin --name Admin --email admin@example.org --role admin --department {id} --password-stdin"
        ));
    };
    let departments = tx.staff_departments(one.id)?.into_iter().chain([id]);
    let departments: Vec<String> = departments.map(|department| format!("--department {department}")).collect();
    Ok(format!("maildesk admin staff update {} {} --notifications true", one.username, departments.join(" ")))
}
