//! The tickets that a customer may read: their own, and those they take part in.

use crate::domain::{Status, TicketId, Timestamp, UserId};
use crate::store::engine::Row;
use crate::store::{ReadTx, Result};

use super::rows::{TicketRows, status};

/// A ticket in a customer's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnTicket {
    /// Id.
    pub(crate) id: TicketId,
    /// Subject.
    pub(crate) subject: String,
    /// Status.
    pub(crate) status: Status,
    /// Last message or change by people.
    pub(crate) last_update_at: Timestamp,
}

fn own(row: &Row<'_>) -> Result<OwnTicket> {
    Ok(OwnTicket {
        id: TicketId::new(row.get(0)?),
        subject: row.get(1)?,
        status: status(row.get(2)?)?,
        last_update_at: Timestamp::from_unix(row.get(3)?),
    })
}

impl ReadTx<'_> {
    /// A customer's tickets and those that `email` takes part in, newest first, from below `before` on.
    pub(crate) fn tickets_of_person(
        &self,
        customer: UserId,
        email: &str,
        before: i64,
        max: i64,
    ) -> Result<Vec<OwnTicket>> {
        self.all(
            "SELECT id, subject, status, last_update_at FROM ticket WHERE id IN ( \
             SELECT id FROM ticket WHERE customer_id = $1 UNION SELECT ticket_id FROM participant WHERE email = $2) \
             AND merged_into IS NULL AND id < $3 ORDER BY id DESC LIMIT $4",
            (customer.get(), email, before, max),
            own,
        )
    }

    /// A ticket that the customer opened on or after `since` with that subject and first message, if any.
    pub(crate) fn same_ticket(
        &self,
        customer: UserId,
        subject: &str,
        body: &str,
        since: Timestamp,
    ) -> Result<Option<TicketId>> {
        self.one(
            "SELECT ticket.id FROM ticket JOIN message ON message.ticket_id = ticket.id \
             WHERE ticket.customer_id = $1 AND ticket.created_at >= $2 AND ticket.subject = $3 AND message.body = $4 \
             ORDER BY ticket.id LIMIT 1",
            (customer.get(), since.unix(), subject, body),
            |row| Ok(TicketId::new(row.get(0)?)),
        )
    }
}

impl TicketRows<'_> {
    /// Keeps the answers of a form's custom fields, a JSON list of title and value.
    pub(crate) fn set_form_answers(&self, id: TicketId, answers: &str) -> Result<()> {
        self.run("UPDATE ticket SET custom_fields = $1 WHERE id = $2", (answers, id.get()))?;
        Ok(())
    }
}
