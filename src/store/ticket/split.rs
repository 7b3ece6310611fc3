//! Splitting a message off a ticket.

use super::rows::TicketRows;
use crate::domain::{MessageId, TicketId};
use crate::store::Result;

impl TicketRows<'_> {
    /// Moves one message with its files, its mail, the mails that tell of it and its Message-ID from a ticket into
    /// another, and counts the messages of both again. An answer that moves can no longer be taken back.
    pub fn move_message(&self, message: MessageId, from: TicketId, into: TicketId) -> Result<()> {
        let (source, target, id) = (from.get(), into.get(), message.get());
        self.run(
            "INSERT INTO thread_id (message_id, ticket_id, position, email) \
             SELECT message_id, $1, position, email FROM thread_id WHERE ticket_id = $2 AND message_id IN \
             (SELECT internet_id FROM receipt WHERE message_id = $3 AND ticket_id = $2 AND ticket_id > 0) \
             ON CONFLICT DO NOTHING",
            (target, source, id),
        )?;
        self.run(
            "DELETE FROM thread_id WHERE ticket_id = $1 AND message_id IN \
             (SELECT internet_id FROM receipt WHERE message_id = $2 AND ticket_id = $1 AND ticket_id > 0)",
            (source, id),
        )?;
        self.run("UPDATE message SET ticket_id = $1 WHERE id = $2", (target, id))?;
        self.run("UPDATE attachment SET ticket_id = $1 WHERE message_id = $2", (target, id))?;
        self.run("UPDATE receipt SET ticket_id = $1 WHERE message_id = $2 AND ticket_id = $3", (target, id, source))?;
        self.run(
            "UPDATE outbox SET ticket_id = $1 WHERE message_id = $2 AND message_id > 0 AND ticket_id = $3",
            (target, id, source),
        )?;
        self.run("DELETE FROM undo WHERE message_id = $1 AND message_id > 0", [id])?;
        for ticket in [source, target] {
            self.run(
                "UPDATE ticket SET replies = (SELECT CASE WHEN count(*) > 0 THEN count(*) - 1 ELSE 0 END FROM message \
                 WHERE ticket_id = $1 AND is_internal = 0), \
                 last_replier = coalesce((SELECT staff_id FROM message WHERE ticket_id = $1 AND is_internal = 0 \
                 ORDER BY created_at DESC, id DESC LIMIT 1), last_replier) WHERE id = $1",
                [ticket],
            )?;
        }
        Ok(())
    }
}
