//! The Message-IDs of a ticket's mails, in the order of the thread: they tie a mail to its ticket and fill References.

use crate::domain::{EmailAddress, TicketId};
use crate::store::engine::Row;
use crate::store::value::Value;
use crate::store::{ReadTx, Result, WriteTx, places};

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

    /// The tickets whose mail has or names one of these Message-IDs (without brackets): in the order of the ids, and for each
    /// the newest first.
    pub fn tickets_of_thread_ids(&self, message_ids: &[&str]) -> Result<Vec<TicketId>> {
        if message_ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT message_id, ticket_id FROM thread_id WHERE message_id IN ({}) ORDER BY ticket_id DESC",
            places(1, message_ids.len())
        );
        let found: Vec<(String, i64)> = self.all(&sql, message_ids, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut tickets = Vec::new();
        for id in message_ids {
            tickets.extend(found.iter().filter(|(known, _)| known == id).map(|(_, ticket)| TicketId::new(*ticket)));
        }
        Ok(tickets)
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

    /// Ties Message-IDs (without brackets) to a ticket, after those it has, in the order of the thread: References of outgoing
    /// mail follow it.
    pub fn note_thread_ids(&self, id: TicketId, message_ids: &[&str]) -> Result<()> {
        // Most mails name no other.
        if let [only] = message_ids {
            let sql = "INSERT INTO thread_id (message_id, ticket_id, position) \
                       SELECT $1, $2, coalesce(max(position), 0) + 1 FROM thread_id WHERE ticket_id = $2 ON CONFLICT DO NOTHING";
            return self.run(sql, (*only, id.get())).map(drop);
        }
        if message_ids.is_empty() {
            return Ok(());
        }
        let rows: Vec<String> = (1..=message_ids.len()).map(|n| format!("(${}, {n})", n + 1)).collect();
        let sql = format!(
            "INSERT INTO thread_id (message_id, ticket_id, position) SELECT column1, $1, column2 + \
             (SELECT coalesce(max(position), 0) FROM thread_id WHERE ticket_id = $1) \
             FROM (VALUES {}) AS new WHERE 1 = 1 ON CONFLICT DO NOTHING",
            rows.join(", ")
        );
        let ids = message_ids.iter().map(|id| Value::Text(id));
        let values: Vec<Value<'_>> = std::iter::once(Value::Whole(id.get())).chain(ids).collect();
        self.run(&sql, &values[..])?;
        Ok(())
    }
}
