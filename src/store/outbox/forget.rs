//! The bytes of mails that were sent or given up: which are old, and deleting them.

use std::ops::ControlFlow;

use crate::domain::Timestamp;
use crate::store::{ReadTx, Result, WriteTx};

impl ReadTx<'_> {
    /// Mails that were sent or given up, queued before `before`, whose bytes are still there, at most `max`. Mails are queued
    /// in the order of time, so the first newer one ends the search.
    pub fn old_outgoing_raw(&self, before: Timestamp, max: usize) -> Result<Vec<i64>> {
        let mut old = Vec::new();
        self.each(
            "SELECT outbox.id, outbox.created_at, outbox.state FROM outbox_raw \
             CROSS JOIN outbox WHERE outbox.id = outbox_raw.outbox_id ORDER BY outbox_raw.outbox_id",
            (),
            |row| {
                let (id, created_at, state): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
                if created_at >= before.unix() || old.len() >= max {
                    return Ok(ControlFlow::Break(()));
                }
                if state != "pending" {
                    old.push(id);
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(old)
    }
}

impl WriteTx<'_> {
    /// Deletes the bytes of mails that do not wait to be sent; says of how many. Their lines stay, so that late bounces find
    /// them.
    pub fn forget_outgoing_raw(&self, old: &[i64]) -> Result<usize> {
        let sql = "DELETE FROM outbox_raw WHERE outbox_id = $1 \
                   AND EXISTS (SELECT 1 FROM outbox WHERE id = $1 AND state <> 'pending')";
        old.iter().try_fold(0, |forgotten, id| Ok(forgotten + self.run(sql, [*id])?))
    }
}
