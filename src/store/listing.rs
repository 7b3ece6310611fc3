//! A line of a list of tickets, as people and the API get it, and searching with LIKE. Which lines a list has is said in
//! [`super::ticket::search`] and [`super::ticket::list`].

use rusqlite::Row;

use super::ticket::rows::status;
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

/// The LIKE pattern of texts that hold `search`: its own `%` and `_` stand for themselves. To be
/// used with `ESCAPE '!'`; empty finds everything.
pub(super) fn containing(search: &str) -> String {
    format!("%{}%", search.replace('!', "!!").replace('%', "!%").replace('_', "!_"))
}
