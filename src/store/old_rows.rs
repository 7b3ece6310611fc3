//! Rows that are forgotten when they are old: raw mails, the bytes of sent mails, deliveries of webhooks.

use std::ops::ControlFlow;

use super::{ReadTx, Result, WriteTx};
use crate::domain::Timestamp;

impl ReadTx<'_> {
    /// Ids of rows written before `before`, oldest first, at most `max`; those in the state `kept` are passed over. `sql`
    /// gives id, time and state of each row in the order in which they were written, so that the first newer one ends the
    /// search: a table with the bytes of a whole quarter is not read to find that nothing is due.
    pub(super) fn old_rows(&self, sql: &str, kept: &str, before: Timestamp, max: usize) -> Result<Vec<i64>> {
        let mut old = Vec::new();
        self.each(sql, (), |row| {
            let (id, written_at, state): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if written_at >= before.unix() || old.len() >= max {
                return Ok(ControlFlow::Break(()));
            }
            if state != kept {
                old.push(id);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(old)
    }
}

impl WriteTx<'_> {
    /// Runs a statement for each id; says how many rows it changed in all.
    pub(super) fn run_each(&self, sql: &str, ids: &[i64]) -> Result<usize> {
        ids.iter().try_fold(0, |changed, id| Ok(changed + self.run(sql, [*id])?))
    }
}
