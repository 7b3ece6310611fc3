//! Lists of tickets, near and far pages alike. What people search for is in `search`.
//!
//! A page's first row is found by adding up `row_count`'s buckets of 1,024 ids, so that page 6,000
//! costs a few reads and not a walk over 90,000 rows. Only combined filters walk an index.
//! Pages past the end are empty.

use super::rows::status;
use crate::domain::{DepartmentId, Status, TicketId, Timestamp, UserId};
use crate::store::engine::Row;
use crate::store::row_count::{self, Window};
use crate::store::{ReadTx, Result};

/// Tickets with all of these; `None` is any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TicketSieve {
    /// Of one customer.
    pub customer: Option<i64>,
    /// Of one department.
    pub department: Option<i64>,
    /// Of one status.
    pub status: Option<Status>,
}

macro_rules! ticket_page {
    // The ids are picked first, from an index that has all it takes; rows are joined for one page only.
    ($ids:literal) => {
        concat!(
            "SELECT ticket.id, ticket.customer_id, ticket.department_id, ticket.subject, ticket.created_at, \
             ticket.last_update_at, ticket.status, ticket.replies, customer.fullname, customer.email, department.name \
             FROM (",
            $ids,
            ") AS page JOIN ticket ON ticket.id = page.id JOIN customer ON customer.id = ticket.customer_id \
             JOIN department ON department.id = ticket.department_id ORDER BY ticket.id"
        )
    };
}

const ANY: &str = ticket_page!("SELECT id FROM ticket WHERE id >= $1 ORDER BY id LIMIT $2 OFFSET $3");
const OF_CUSTOMER: &str =
    ticket_page!("SELECT id FROM ticket WHERE customer_id = $1 AND id >= $2 ORDER BY id LIMIT $3 OFFSET $4");
const OF_DEPARTMENT: &str =
    ticket_page!("SELECT id FROM ticket WHERE department_id = $1 AND id >= $2 ORDER BY id LIMIT $3 OFFSET $4");
const OF_STATUS: &str =
    ticket_page!("SELECT id FROM ticket WHERE status = $1 AND id >= $2 ORDER BY id LIMIT $3 OFFSET $4");

const BY_CUSTOMER: &str = ticket_page!(
    "SELECT id FROM ticket WHERE customer_id = $1 AND ($2 IS NULL OR department_id = $2) \
     AND ($3 IS NULL OR status = $3) ORDER BY id LIMIT $4 OFFSET $5"
);
const BY_DEPARTMENT: &str = ticket_page!(
    "SELECT id FROM ticket WHERE department_id = $1 AND ($2 IS NULL OR customer_id = $2) \
     AND ($3 IS NULL OR status = $3) ORDER BY id LIMIT $4 OFFSET $5"
);
const BY_STATUS: &str = ticket_page!(
    "SELECT id FROM ticket WHERE status = $1 AND ($2 IS NULL OR customer_id = $2) \
     AND ($3 IS NULL OR department_id = $3) ORDER BY id LIMIT $4 OFFSET $5"
);
const COUNT_BY_CUSTOMER: &str = "SELECT count(*) FROM ticket WHERE customer_id = $1 \
     AND ($2 IS NULL OR department_id = $2) AND ($3 IS NULL OR status = $3)";
const COUNT_BY_DEPARTMENT: &str = "SELECT count(*) FROM ticket WHERE department_id = $1 \
     AND ($2 IS NULL OR customer_id = $2) AND ($3 IS NULL OR status = $3)";
const COUNT_BY_STATUS: &str = "SELECT count(*) FROM ticket WHERE status = $1 \
     AND ($2 IS NULL OR customer_id = $2) AND ($3 IS NULL OR department_id = $3)";

/// One of the indexed columns a list of tickets can be read by.
#[derive(Clone, Copy, Debug)]
struct Column {
    kind: i64,
    value: i64,
    /// The page by this column alone.
    alone: &'static str,
    /// The page by this column's index with the other two looked at.
    with_others: &'static str,
    /// The number of rows of that.
    count: &'static str,
    /// The values of the other two.
    others: (Option<i64>, Option<i64>),
}

impl TicketSieve {
    fn columns(&self) -> Vec<Column> {
        let status = self.status.map(Status::number);
        let customer = self.customer.map(|value| Column {
            kind: row_count::TICKETS_BY_CUSTOMER,
            value,
            alone: OF_CUSTOMER,
            with_others: BY_CUSTOMER,
            count: COUNT_BY_CUSTOMER,
            others: (self.department, status),
        });
        let department = self.department.map(|value| Column {
            kind: row_count::TICKETS_BY_DEPARTMENT,
            value,
            alone: OF_DEPARTMENT,
            with_others: BY_DEPARTMENT,
            count: COUNT_BY_DEPARTMENT,
            others: (self.customer, status),
        });
        let status = status.map(|value| Column {
            kind: row_count::TICKETS_BY_STATUS,
            value,
            alone: OF_STATUS,
            with_others: BY_STATUS,
            count: COUNT_BY_STATUS,
            others: (self.customer, self.department),
        });
        [customer, department, status].into_iter().flatten().collect()
    }
}

/// A line of a list of tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketLine {
    /// Id.
    pub id: TicketId,
    /// Its customer.
    pub customer: UserId,
    /// Its department.
    pub department: DepartmentId,
    /// Subject, as given.
    pub subject: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Last message or change by people.
    pub last_update_at: Timestamp,
    /// Status.
    pub status: Status,
    /// Messages after the first.
    pub replies: i64,
    /// The customer's name.
    pub fullname: String,
    /// The customer's address.
    pub email: String,
    /// The department's name.
    pub department_name: String,
}

pub(super) fn line(row: &Row<'_>) -> Result<TicketLine> {
    Ok(TicketLine {
        id: TicketId::new(row.get(0)?),
        customer: UserId::new(row.get(1)?),
        department: DepartmentId::new(row.get(2)?),
        subject: row.get(3)?,
        created_at: Timestamp::from_unix(row.get(4)?),
        last_update_at: Timestamp::from_unix(row.get(5)?),
        status: status(row.get(6)?)?,
        replies: row.get(7)?,
        fullname: row.get(8)?,
        email: row.get(9)?,
        department_name: row.get(10)?,
    })
}

impl ReadTx<'_> {
    /// How many tickets match the filter, and those of the window, by id.
    pub fn tickets_page(&self, sieve: &TicketSieve, window: Window) -> Result<(i64, Vec<TicketLine>)> {
        let columns = sieve.columns();
        match columns.as_slice() {
            [] => {
                let total = self.row_count(row_count::TICKETS, 0)?;
                let Some(start) = self.start(row_count::TICKETS, 0, total, window)? else {
                    return Ok((total, Vec::new()));
                };
                Ok((total, self.all(ANY, (start.id, window.size, start.skip), line)?))
            }
            [only] => {
                let total = self.row_count(only.kind, only.value)?;
                let Some(start) = self.start(only.kind, only.value, total, window)? else {
                    return Ok((total, Vec::new()));
                };
                Ok((total, self.all(only.alone, (only.value, start.id, window.size, start.skip), line)?))
            }
            several => self.tickets_sieved(several, window),
        }
    }

    /// Reads by the column with the fewest tickets and looks at the others row by row.
    fn tickets_sieved(&self, columns: &[Column], window: Window) -> Result<(i64, Vec<TicketLine>)> {
        let mut fewest: Option<(i64, &Column)> = None;
        for column in columns {
            let n = self.row_count(column.kind, column.value)?;
            if fewest.is_none_or(|(least, _)| n < least) {
                fewest = Some((n, column));
            }
        }
        let Some((_, column)) = fewest else { return Ok((0, Vec::new())) };
        let total = self.number(column.count, (column.value, column.others.0, column.others.1))?;
        if window.offset >= total {
            return Ok((total, Vec::new()));
        }
        let params = (column.value, column.others.0, column.others.1, window.size, window.offset);
        Ok((total, self.all(column.with_others, params, line)?))
    }

    /// A ticket as lists show it.
    pub fn ticket_line(&self, id: TicketId) -> Result<Option<TicketLine>> {
        self.one(
            "SELECT ticket.id, ticket.customer_id, ticket.department_id, ticket.subject, ticket.created_at, \
             ticket.last_update_at, ticket.status, ticket.replies, customer.fullname, customer.email, department.name \
             FROM ticket JOIN customer ON customer.id = ticket.customer_id \
             JOIN department ON department.id = ticket.department_id WHERE ticket.id = $1",
            [id.get()],
            line,
        )
    }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
