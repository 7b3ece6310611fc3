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
const BUCKET_IDS: i64 = 1024;
/// Buckets that one of the larger buckets spans, which have the numbers -2, -3 … A list of a million ids is found its way in
/// by some 30 of these and 30 of those.
const BUCKETS_IN_LARGER: i64 = 32;

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

/// Buckets of a kind in the order of their ids. The last two parameters are bounds, the upper one excluded.
pub(super) const BUCKETS_UP: &str = "SELECT bucket, n FROM row_count WHERE kind = $1 AND value = $2 AND bucket >= $3 \
     AND bucket < $4 ORDER BY bucket";

/// The same the other way round. The larger buckets have falling numbers, so this has them in the order of their ids.
pub(super) const BUCKETS_DOWN: &str = "SELECT bucket, n FROM row_count WHERE kind = $1 AND value = $2 AND bucket >= $3 \
     AND bucket < $4 ORDER BY bucket DESC";

/// The bounds of all larger buckets.
const LARGER: (i64, i64) = (i64::MIN, -1);

/// A bucket in which a place of a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    number: i64,
    /// Rows in it.
    rows: i64,
    /// Rows of it before the place.
    skip: i64,
}

impl ReadTx<'_> {
    /// Where the window of a list by ascending id begins; `None` past the end.
    pub(super) fn start(&self, kind: i64, value: i64, total: i64, window: Window) -> Result<Option<Start>> {
        if window.offset >= total {
            return Ok(None);
        }
        if window.offset == 0 {
            return Ok(Some(Start { id: 0, skip: 0 }));
        }
        let Some(larger) = self.bucket(BUCKETS_DOWN, (kind, value), LARGER, window.offset)? else { return Ok(None) };
        let first = (-2 - larger.number) * BUCKETS_IN_LARGER;
        let found = self.bucket(BUCKETS_UP, (kind, value), (first, first + BUCKETS_IN_LARGER), larger.skip)?;
        Ok(found.map(|Bucket { number, rows, skip }| {
            let first = number * BUCKET_IDS;
            // A full bucket has every id, so the row's place in it is its id.
            if rows == BUCKET_IDS { Start { id: first + skip, skip: 0 } } else { Start { id: first, skip } }
        }))
    }

    /// As [`ReadTx::start`], by descending id: the window begins there or below.
    pub(super) fn start_down(&self, kind: i64, total: i64, window: Window) -> Result<Option<Start>> {
        if window.offset >= total {
            return Ok(None);
        }
        let Some(larger) = self.bucket(BUCKETS_UP, (kind, 0), LARGER, window.offset)? else { return Ok(None) };
        let first = (-2 - larger.number) * BUCKETS_IN_LARGER;
        let found = self.bucket(BUCKETS_DOWN, (kind, 0), (first, first + BUCKETS_IN_LARGER), larger.skip)?;
        Ok(found.map(|Bucket { number, rows, skip }| {
            let last = number * BUCKET_IDS + BUCKET_IDS - 1;
            if rows == BUCKET_IDS { Start { id: last - skip, skip: 0 } } else { Start { id: last, skip } }
        }))
    }

    /// The first of some buckets with more than `offset` rows in it and those before.
    fn bucket(&self, sql: &str, of: (i64, i64), within: (i64, i64), offset: i64) -> Result<Option<Bucket>> {
        let (mut before, mut found) = (0, None);
        self.each(sql, (of.0, of.1, within.0, within.1), |row| {
            let (number, rows): (i64, i64) = (row.get(0)?, row.get(1)?);
            let skip = offset - before;
            before += rows;
            found = (skip < rows).then_some(Bucket { number, rows, skip });
            Ok(if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(found)
    }

    /// The kept number of rows of a kind (see `row_count` in schema.sql).
    pub fn row_count(&self, kind: i64, value: i64) -> Result<i64> {
        self.number("SELECT n FROM row_count WHERE kind = $1 AND value = $2 AND bucket = -1", (kind, value))
    }
}
