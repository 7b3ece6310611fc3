//! The numbers that `row_count` keeps (see schema.sql): totals without counting a table, and where in a long list a page
//! begins.

use std::ops::ControlFlow;

use super::{ReadTx, Result};

/// All tickets.
pub(crate) const TICKETS: i64 = 0;
/// Tickets of a status; the value is its number.
pub(crate) const TICKETS_BY_STATUS: i64 = 1;
/// Tickets of a department; the value is its id.
pub(crate) const TICKETS_BY_DEPARTMENT: i64 = 2;
/// Tickets of a customer; the value is the customer's id.
pub(crate) const TICKETS_BY_CUSTOMER: i64 = 3;
/// All customers.
pub(crate) const CUSTOMERS: i64 = 4;
/// All messages but notes.
pub(crate) const MESSAGES: i64 = 5;
/// All attachments.
pub(crate) const ATTACHMENTS: i64 = 6;
/// Ids that one bucket spans.
pub(crate) const BUCKET_IDS: i64 = 1024;

/// Which rows of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows before the first one shown.
    pub offset: i64,
    /// Rows shown at most.
    pub size: i64,
}

/// Where in the ids a window begins, and how many rows from there are to be skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) id: i64,
    pub(super) skip: i64,
}

pub(super) const BUCKETS_UP: &str =
    "SELECT bucket, n FROM row_count WHERE kind = $1 AND value = $2 AND bucket >= 0 ORDER BY bucket";

pub(super) const BUCKETS_DOWN: &str =
    "SELECT bucket, n FROM row_count WHERE kind = $1 AND value = $2 AND bucket >= 0 ORDER BY bucket DESC";

impl ReadTx<'_> {
    /// Where the window of a list by ascending id begins; `None` past the end.
    pub(super) fn start(&self, kind: i64, value: i64, total: i64, window: Window) -> Result<Option<Start>> {
        if window.offset >= total {
            return Ok(None);
        }
        if window.offset == 0 {
            return Ok(Some(Start { id: 0, skip: 0 }));
        }
        let mut before = 0;
        self.bucket_where(BUCKETS_UP, (kind, value), |bucket, n| {
            let skip = window.offset - before;
            before += n;
            let first = bucket * BUCKET_IDS;
            // A full bucket has every id, so the row's place in it is its id.
            (skip < n)
                .then(|| if n == BUCKET_IDS { Start { id: first + skip, skip: 0 } } else { Start { id: first, skip } })
        })
    }

    pub(super) fn bucket_where(
        &self,
        sql: &str,
        of: (i64, i64),
        mut found: impl FnMut(i64, i64) -> Option<Start>,
    ) -> Result<Option<Start>> {
        let mut start = None;
        self.each(sql, of, |row| {
            start = found(row.get(0)?, row.get(1)?);
            Ok(if start.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(start)
    }

    /// The kept number of rows of a kind (see `row_count` in schema.sql).
    pub fn row_count(&self, kind: i64, value: i64) -> Result<i64> {
        self.number("SELECT n FROM row_count WHERE kind = $1 AND value = $2 AND bucket = -1", (kind, value))
    }
}
