//! The Message-IDs of a ticket's mails, in the order of the thread: they tie a mail to its ticket and fill References.

use crate::domain::{EmailAddress, TicketId};
use crate::store::engine::Row;
use crate::store::{ReadTx, Result, WriteTx};

/// A Message-ID of a ticket's thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadId {
    /// Without brackets.
    pub id: String,
    /// Only one recipient has that mail: one of ours, or a staff member's mail to us.
    pub is_private: bool,
}

impl ReadTx<'_> {
    /// Message-IDs of the ticket's mails that `email` has or may have, in order: the first one and
    /// the last `max - 1`.
    pub fn thread_ids_for(&self, ticket: TicketId, email: &EmailAddress, max: usize) -> Result<Vec<ThreadId>> {
        fn thread_id(row: &Row<'_>) -> Result<ThreadId> {
            Ok(ThreadId { id: row.get(0)?, is_private: row.get(1)? })
        }
        let mut ids = self.all(
            "SELECT message_id, email <> '' FROM (SELECT message_id, email, position FROM thread_id \
             WHERE ticket_id = $1 AND (email = '' OR email = $2) ORDER BY position DESC LIMIT $3) AS newest ORDER BY position",
            (ticket.get(), email.as_str(), i64::try_from(max).unwrap_or(i64::MAX)),
            thread_id,
        )?;
        if ids.len() < max {
            return Ok(ids);
        }
        let first = self.one(
            "SELECT message_id, email <> '' FROM thread_id WHERE ticket_id = $1 AND (email = '' OR email = $2) \
             ORDER BY position LIMIT 1",
            (ticket.get(), email.as_str()),
            thread_id,
        )?;
        if let (Some(first), Some(place)) = (first, ids.first_mut()) {
            *place = first;
        }
        Ok(ids)
    }

    /// The tickets whose mail has or names that Message-ID (without brackets), newest first.
    pub fn tickets_of_thread_id(&self, message_id: &str) -> Result<Vec<TicketId>> {
        self.all("SELECT ticket_id FROM thread_id WHERE message_id = $1 ORDER BY ticket_id DESC", [message_id], |row| {
            Ok(TicketId::new(row.get(0)?))
        })
    }
}

impl WriteTx<'_> {
    /// Ties the Message-ID of a mail of ours to its ticket; only `email` has that mail.
    pub fn note_own_thread_id(&self, ticket: TicketId, message_id: &str, email: &EmailAddress) -> Result<()> {
        self.run(
            "INSERT INTO thread_id (message_id, ticket_id, email, position) \
             SELECT $1, $2, $3, coalesce(max(position), 0) + 1 FROM thread_id WHERE ticket_id = $2 ON CONFLICT DO NOTHING",
            (message_id, ticket.get(), email.as_str()),
        )?;
        Ok(())
    }

    /// Ties a Message-ID (without brackets) to a ticket, after those it has. Call it in the order
    /// of the thread: References of outgoing mail follow it.
    pub fn note_thread_id(&self, id: TicketId, message_id: &str) -> Result<()> {
        self.run(
            "INSERT INTO thread_id (message_id, ticket_id, position) \
             SELECT $1, $2, coalesce(max(position), 0) + 1 FROM thread_id WHERE ticket_id = $2 ON CONFLICT DO NOTHING",
            (message_id, id.get()),
        )?;
        Ok(())
    }
}
