//! Keys of forms that were sent: the same form again posts nothing.

use super::{ReadTx, Result, WriteTx};
use crate::domain::{MessageId, TicketId, Timestamp};

/// Keys are remembered for so long, in seconds. Chosen: a form cannot be sent longer than a day after its page.
const KEPT_S: i64 = 2 * Timestamp::DAY_S;

impl ReadTx<'_> {
    /// What became of a form with that key: the ticket and the message; none when it was not sent yet.
    pub(crate) fn spent_form_key(&self, key: &str) -> Result<Option<(TicketId, MessageId)>> {
        self.one("SELECT ticket_id, message_id FROM sending_key WHERE key = $1", [key], |row| {
            Ok((TicketId::new(row.get(0)?), MessageId::new(row.get(1)?)))
        })
    }
}

impl WriteTx<'_> {
    /// Remembers what became of a form, and forgets forms that nobody can send any more.
    pub(crate) fn spend_form_key(&self, key: &str, ticket: TicketId, message: MessageId, now: Timestamp) -> Result<()> {
        self.run("DELETE FROM sending_key WHERE spent_at < $1", [now.unix() - KEPT_S])?;
        self.run(
            "INSERT INTO sending_key (key, ticket_id, message_id, spent_at) VALUES ($1, $2, $3, $4)",
            (key, ticket.get(), message.get(), now.unix()),
        )?;
        Ok(())
    }
}
