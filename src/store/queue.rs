//! The outbox: finished mails waiting to be sent, and what became of them.

use super::{ReadTx, Result, WriteTx};
use crate::domain::{EmailAddress, OutboxId, TicketId, Timestamp};

impl ReadTx<'_> {
    /// The outgoing mail with that Message-ID (without brackets) and its ticket.
    ///
    /// # Errors
    /// Those of the database, here and in every verb of this file.
    pub fn outbox_by_internet_id(&self, internet_id: &str) -> Result<Option<(OutboxId, Option<TicketId>)>> {
        self.one("SELECT id, ticket_id FROM outbox WHERE internet_id = $1", [internet_id], |row| {
            let ticket: i64 = row.get(1)?;
            Ok((OutboxId::new(row.get(0)?), (ticket > 0).then(|| TicketId::new(ticket))))
        })
    }

    /// How many automatic mails were written to that address since then.
    ///
    /// # Errors
    /// Those of the database.
    pub fn automatic_mails_since(&self, recipient: &EmailAddress, since: Timestamp) -> Result<i64> {
        self.number(
            "SELECT count(*) FROM outbox WHERE recipient = $1 AND is_automatic = 1 AND created_at > $2",
            (recipient.as_str(), since.unix()),
        )
    }

    /// How many mails wait to be sent.
    ///
    /// # Errors
    /// Those of the database.
    pub fn outbox_pending(&self) -> Result<i64> {
        self.number("SELECT count(*) FROM outbox WHERE state = 'pending'", [])
    }
}

impl WriteTx<'_> {
    /// Marks an outgoing mail as bounced.
    ///
    /// # Errors
    /// Those of the database.
    pub fn mark_bounced(&self, id: OutboxId, why: &str, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE outbox SET state = 'failed', bounced_at = $1, last_error = $2 WHERE id = $3",
            (now.unix(), why, id.get()),
        )?;
        Ok(())
    }
}
