//! Lists of tickets for people and for the API: filters, pages, totals.

use rusqlite::Row;

use super::tickets::status;
use super::{ReadTx, Result};
use crate::domain::{DepartmentId, Status, TicketId, Timestamp, UserId};

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

/// Which tickets a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct TicketFilter<'a> {
    /// Of one status.
    pub status: Option<Status>,
    /// Of one department.
    pub department: Option<DepartmentId>,
    /// Of one customer.
    pub customer: Option<UserId>,
    /// Waiting for staff and untouched since then.
    pub untouched_since: Option<Timestamp>,
    /// Whose subject holds this; empty for all.
    pub search: &'a str,
}

pub(super) fn line(row: &Row<'_>) -> rusqlite::Result<TicketLine> {
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
    /// Tickets that were touched last first, at most `max`.
    ///
    /// # Errors
    /// Those of the database, here and in every verb of this file.
    pub fn tickets_recent(&self, filter: &TicketFilter<'_>, max: usize) -> Result<Vec<TicketLine>> {
        self.all(
            "SELECT ticket.id, ticket.customer_id, ticket.department_id, ticket.subject, ticket.created_at, \
             ticket.last_update_at, ticket.status, ticket.replies, customer.fullname, customer.email, department.name \
             FROM ticket JOIN customer ON customer.id = ticket.customer_id \
             JOIN department ON department.id = ticket.department_id \
             WHERE ($1 IS NULL OR ticket.status = $1) AND ($2 IS NULL OR ticket.department_id = $2) \
             AND ($3 IS NULL OR ticket.customer_id = $3) \
             AND ($4 IS NULL OR (ticket.status IN (1, 3, 4) AND ticket.last_update_at < $4)) \
             AND ticket.subject LIKE $5 ESCAPE '!' \
             ORDER BY ticket.last_update_at DESC, ticket.id DESC LIMIT $6",
            (
                filter.status.map(Status::number),
                filter.department.map(DepartmentId::get),
                filter.customer.map(UserId::get),
                filter.untouched_since.map(Timestamp::unix),
                containing(filter.search),
                i64::try_from(max).unwrap_or(i64::MAX),
            ),
            line,
        )
    }
}

/// The LIKE pattern of texts that hold `search`: its own `%` and `_` stand for themselves. To be
/// used with `ESCAPE '!'`; empty finds everything.
pub(super) fn containing(search: &str) -> String {
    format!("%{}%", search.replace('!', "!!").replace('%', "!%").replace('_', "!_"))
}
