//! A ticket with one of its messages and the people and names that letters about it need, in one answer.

use super::rows::{Ticket, ticket};
use crate::domain::{MessageId, TicketId};
use crate::store::customer::{Customer, customer_at};
use crate::store::message::{MessageText, message_text_at};
use crate::store::{ReadTx, Result};

/// What a letter about a ticket tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The ticket.
    pub ticket: Ticket,
    /// Whose it is.
    pub customer: Customer,
    /// The message that the letter is about.
    pub message: MessageText,
    /// The name of the department; empty when it is gone.
    pub department: String,
    /// The number of the ticket's priority.
    pub priority: i64,
    /// Its name; empty when the desk has none of that number.
    pub priority_name: String,
}

impl ReadTx<'_> {
    /// `None` when ticket, message or customer are gone.
    pub fn conversation(&self, id: TicketId, message: MessageId) -> Result<Option<Conversation>> {
        self.one(
            "SELECT ticket.id, ticket.department_id, ticket.customer_id, ticket.subject, ticket.status, ticket.created_at, \
             ticket.last_update_at, ticket.closed_at, ticket.replies, ticket.last_replier, ticket.staff_id, \
             ticket.merged_into, ticket.address_id, ticket.reply_to, ticket.reply_to_name, ticket.snoozed_until, \
             ticket.spam_at, customer.id, customer.fullname, customer.email, customer.is_active, customer.registered_at, \
             customer.mobile, customer.country_code, customer.verified_at, message.author, message.staff_id, \
             message.customer_id, message.body, message.is_html, coalesce(department.name, ''), ticket.priority, \
             coalesce(priority.name, '') FROM ticket JOIN customer ON customer.id = ticket.customer_id \
             JOIN message ON message.id = $1 LEFT JOIN department ON department.id = ticket.department_id \
             LEFT JOIN priority ON priority.id = ticket.priority WHERE ticket.id = $2",
            [message.get(), id.get()],
            |row| {
                Ok(Conversation {
                    ticket: ticket(row)?,
                    customer: customer_at(row, 17)?,
                    message: message_text_at(row, 25)?,
                    department: row.get(30)?,
                    priority: row.get(31)?,
                    priority_name: row.get(32)?,
                })
            },
        )
    }
}
