//! Figures for the dashboard: what came in by day, how fast it was answered. Each reads a bounded
//! number of the newest rows, so that a large desk is as quick as a small one.

use crate::domain::{Timestamp, Window};
use crate::store::{ReadTx, Result};

/// Newest tickets looked at for tickets per day. Chosen: a fortnight of 3,500 a day.
const TICKETS_BY_DAY_MAX: i64 = 50_000;

/// Newest tickets whose first answer is looked for.
const ANSWERED_MAX: i64 = 5_000;

impl ReadTx<'_> {
    /// When each of the newest tickets was opened, if that was in that time, newest first.
    pub fn opened(&self, within: Window) -> Result<Vec<Timestamp>> {
        self.all(
            "SELECT created_at FROM (SELECT id, created_at FROM ticket ORDER BY id DESC LIMIT $1) AS newest \
             WHERE created_at > $2 AND created_at <= $3 ORDER BY id DESC",
            (TICKETS_BY_DAY_MAX, within.since.unix(), within.until.unix()),
            |row| Ok(Timestamp::from_unix(row.get(0)?)),
        )
    }

    /// How many seconds each of the newest tickets opened in that time waited for staff's first
    /// answer, shortest first. Tickets without an answer are left out.
    pub fn first_answers(&self, within: Window) -> Result<Vec<i64>> {
        let mut waited: Vec<Option<i64>> = self.all(
            "SELECT (SELECT CASE WHEN message.created_at > newest.created_at THEN message.created_at - newest.created_at ELSE 0 END FROM message \
             WHERE message.ticket_id = newest.id AND message.is_internal = 0 AND message.author = 1 \
             ORDER BY message.created_at, message.id LIMIT 1) \
             FROM (SELECT id, created_at FROM ticket ORDER BY id DESC LIMIT $1) AS newest WHERE newest.created_at > $2 \
             AND newest.created_at <= $3 ORDER BY newest.id DESC",
            (ANSWERED_MAX, within.since.unix(), within.until.unix()),
            |row| row.get(0),
        )?;
        waited.sort_unstable();
        Ok(waited.into_iter().flatten().collect())
    }
}
