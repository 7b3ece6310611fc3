//! Whom an answer would be mailed to, before it is written.

use super::letter::{choose_sender, is_ours, template_of};
use super::usual_recipients;
use crate::domain::{AddressId, DepartmentId, EmailAddress};
use crate::outbox::template::Event;
use crate::store::staff::Staff;
use crate::store::ticket::Ticket;
use crate::store::{ReadTx, Result};

/// The address that answers in a department leave by: the one the ticket's mail came to, where that is the department's; none
/// where nothing leaves.
pub(crate) fn answers_leave_by(
    tx: &ReadTx<'_>,
    department: DepartmentId,
    came_to: Option<AddressId>,
) -> Result<Option<AddressId>> {
    Ok(choose_sender(&tx.desk_addresses()?, department, came_to).map(|(sender, _)| sender.id))
}

/// The addresses that an answer by that staff member would be mailed to, with those who would join by it; none where the
/// desk mails no answers, or the department has no address that sends.
pub(crate) fn answer_goes_to(
    tx: &ReadTx<'_>,
    ticket: &Ticket,
    author: &Staff,
    joining: &[EmailAddress],
) -> Result<Vec<String>> {
    let event = Event::StaffReply;
    let is_off = !template_of(tx, event)?.is_enabled && event.is_switchable();
    let senders = tx.identity()?.addresses;
    let sender = choose_sender(&senders, ticket.department, ticket.address);
    let (Some(customer), Some(_), false) = (tx.customer(ticket.customer)?, sender, is_off) else {
        return Ok(Vec::new());
    };
    let mut people: Vec<String> = Vec::new();
    let usual = usual_recipients(tx, ticket, &customer)?.into_iter().map(|(address, _)| address);
    for address in usual.chain(joining.iter().map(ToString::to_string)) {
        let Ok(email) = address.parse::<EmailAddress>() else { continue };
        let is_known = people.iter().any(|one| email.as_str().eq_ignore_ascii_case(one));
        if !is_known && !email.as_str().eq_ignore_ascii_case(&author.email) && !is_ours(&senders, &email) {
            people.push(address);
        }
    }
    Ok(people)
}
