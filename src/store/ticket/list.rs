//! Pages of the API's lists, near and far alike.
//!
//! A page's first row is found by adding up `row_count`'s buckets of 1,024 ids, so that page 6,000
//! costs a few reads and not a walk over 90,000 rows. Only combined filters walk an index.
//! Pages past the end are empty.

use crate::domain::{Author, MessageId, StaffId, Status, TicketId, Timestamp, UserId};
use crate::store::listing::{TicketLine, line};
use crate::store::row_count::{self, BUCKET_IDS};
use crate::store::{ReadTx, Result};

/// Which rows of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows before the first one shown.
    pub offset: i64,
    /// Rows shown at most.
    pub size: i64,
}

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

/// A customer as lists show him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerLine {
    /// Id.
    pub id: UserId,
    /// Full name, unescaped.
    pub fullname: String,
    /// Address.
    pub email: String,
}

/// A public message as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageLine {
    /// Id.
    pub id: MessageId,
    /// When it was written or received.
    pub created_at: Timestamp,
    /// Its writer.
    pub author: Author,
    /// What is shown.
    pub body: String,
    /// Whether `body` is HTML.
    pub is_html: bool,
}

/// In which order messages are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

/// Where in the ids a window begins, and how many rows from there are to be skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Start {
    id: i64,
    skip: i64,
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

const CUSTOMERS: &str = "SELECT id, fullname, email FROM customer WHERE id <= $1 ORDER BY id DESC LIMIT $2 OFFSET $3";
const BUCKETS_UP: &str =
    "SELECT bucket, n FROM row_count WHERE kind = $1 AND value = $2 AND bucket >= 0 ORDER BY bucket";
const BUCKETS_DOWN: &str =
    "SELECT bucket, n FROM row_count WHERE kind = $1 AND value = $2 AND bucket >= 0 ORDER BY bucket DESC";

const MESSAGES_UP: &str = "SELECT id, created_at, author, staff_id, customer_id, body, is_html FROM message \
     WHERE ticket_id = $1 AND is_internal = 0 ORDER BY created_at, id LIMIT $2 OFFSET $3";
const MESSAGES_DOWN: &str = "SELECT id, created_at, author, staff_id, customer_id, body, is_html FROM message \
     WHERE ticket_id = $1 AND is_internal = 0 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3";
const MESSAGES_COUNT: &str = "SELECT count(*) FROM message WHERE ticket_id = $1 AND is_internal = 0";

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

impl ReadTx<'_> {
    /// How many tickets pass the sieve, and those of the window, by id.
    ///
    /// # Errors
    /// Those of the database, here and in every verb of this file.
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
    ///
    /// # Errors
    /// Those of the database.
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

    /// How many customers there are, and those of the window, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn customers_page(&self, window: Window) -> Result<(i64, Vec<CustomerLine>)> {
        let total = self.row_count(row_count::CUSTOMERS, 0)?;
        if window.offset >= total {
            return Ok((total, Vec::new()));
        }
        let mut before = 0;
        let start = self.bucket_where(BUCKETS_DOWN, (row_count::CUSTOMERS, 0), |bucket, n| {
            let skip = window.offset - before;
            before += n;
            let last = bucket * BUCKET_IDS + BUCKET_IDS - 1;
            (skip < n)
                .then(|| if n == BUCKET_IDS { Start { id: last - skip, skip: 0 } } else { Start { id: last, skip } })
        })?;
        let Some(start) = start else { return Ok((total, Vec::new())) };
        let found = self.all(CUSTOMERS, (start.id, window.size, start.skip), |row| {
            Ok(CustomerLine { id: UserId::new(row.get(0)?), fullname: row.get(1)?, email: row.get(2)? })
        })?;
        Ok((total, found))
    }

    /// How many public messages a ticket has, and those of the window by date, then id.
    ///
    /// # Errors
    /// Those of the database.
    pub fn messages_page(&self, id: TicketId, order: Order, window: Window) -> Result<(i64, Vec<MessageLine>)> {
        let total = self.number(MESSAGES_COUNT, [id.get()])?;
        if window.offset >= total {
            return Ok((total, Vec::new()));
        }
        let sql = match order {
            Order::Ascending => MESSAGES_UP,
            Order::Descending => MESSAGES_DOWN,
        };
        let found = self.all(sql, (id.get(), window.size, window.offset), |row| {
            let (staff, customer): (i64, i64) = (row.get(3)?, row.get(4)?);
            Ok(MessageLine {
                id: MessageId::new(row.get(0)?),
                created_at: Timestamp::from_unix(row.get(1)?),
                author: match row.get(2)? {
                    1 => Author::Staff(StaffId::new(staff)),
                    2 => Author::Desk,
                    _ => Author::Customer(UserId::new(customer)),
                },
                body: row.get(5)?,
                is_html: row.get(6)?,
            })
        })?;
        Ok((total, found))
    }

    /// Where the window of a list by ascending id begins; `None` past the end.
    fn start(&self, kind: i64, value: i64, total: i64, window: Window) -> Result<Option<Start>> {
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

    fn bucket_where(
        &self,
        sql: &str,
        of: (i64, i64),
        mut found: impl FnMut(i64, i64) -> Option<Start>,
    ) -> Result<Option<Start>> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(of)?;
        while let Some(row) = rows.next()? {
            if let Some(start) = found(row.get(0)?, row.get(1)?) {
                return Ok(Some(start));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
