//! The bytes of mails that were sent or given up: which are old, and deleting them.

use crate::domain::Timestamp;
use crate::store::{ReadTx, Result, WriteTx};

impl ReadTx<'_> {
    /// Mails that were sent or given up, queued before `before`, whose bytes are still there, at most `max`.
    pub fn old_outgoing_raw(&self, before: Timestamp, max: usize) -> Result<Vec<i64>> {
        self.old_rows(
            "SELECT outbox.id, outbox.created_at, outbox.state FROM outbox_raw \
             CROSS JOIN outbox WHERE outbox.id = outbox_raw.outbox_id ORDER BY outbox_raw.outbox_id",
            "pending",
            before,
            max,
        )
    }
}

impl WriteTx<'_> {
    /// Deletes the bytes of mails that do not wait to be sent; says of how many. Their lines stay, so that late bounces find
    /// them.
    pub fn forget_outgoing_raw(&self, old: &[i64]) -> Result<usize> {
        let sql = "DELETE FROM outbox_raw WHERE outbox_id = $1 \
                   AND EXISTS (SELECT 1 FROM outbox WHERE id = $1 AND state <> 'pending')";
        self.run_each(sql, old)
    }
}
