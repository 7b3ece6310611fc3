//! The lists of the inbox: what waits for somebody, by department and status, newest activity first.
//!
//! A list is a union of ranges of an index, one for each department and status, each read from its end for one page
//! only. The next page goes on from the last row of the one before, so that no page costs more than the first. Numbers
//! are counted up to [`COUNT_MAX`].

use super::rows::status;
use crate::domain::{DepartmentId, StaffId, Status, TicketId, Timestamp, UserId};
use crate::store::engine::Row;
use crate::store::{ReadTx, Result};

/// Tickets of a list are counted up to one more than what is shown as a number: 999, then "999+".
pub(crate) const COUNT_MAX: i64 = 1000;

/// Ranges read by one statement; more take several. SQLite allows 500 (SQLITE_MAX_COMPOUND_SELECT).
const RANGES_MAX: usize = 100;

/// A list of the inbox. Spam is in none but its own, and tickets that were put off only in theirs, in that of their
/// department and among the closed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Not closed and nobody's, newest activity first.
    Unassigned,
    /// Not closed and assigned to who asks, newest activity first.
    Mine,
    /// Answered: they wait for the customer. Newest activity first.
    Waiting,
    /// Waiting for staff and untouched since then, longest first.
    Overdue(Timestamp),
    /// Put off, next to wake first.
    Snoozed,
    /// Closed, newest activity first.
    Closed,
    /// Called spam, newest first.
    Spam,
    /// All of one department, newest activity first.
    Department(DepartmentId),
}

/// Where a page ended: the last row's value of the column that orders the list, and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// `last_update_at`, or when it wakes, or when it was called spam.
    pub at: Timestamp,
    /// The ticket.
    pub id: TicketId,
}

/// Which page of a list.
#[derive(Clone, Copy, Debug)]
pub struct InboxQuery<'a> {
    /// The list.
    pub listing: Listing,
    /// Who asks.
    pub staff: StaffId,
    /// The departments they see.
    pub departments: &'a [DepartmentId],
    /// Now: who was put off until then is awake.
    pub now: Timestamp,
}

/// A line of the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxLine {
    /// Id.
    pub id: TicketId,
    /// Subject, as given.
    pub subject: String,
    /// Status.
    pub status: Status,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Last message or change by people.
    pub last_update_at: Timestamp,
    /// Messages after the first.
    pub replies: i64,
    /// The customer.
    pub customer: UserId,
    /// The customer's name.
    pub fullname: String,
    /// The customer's address.
    pub email: String,
    /// The department.
    pub department: DepartmentId,
    /// The department's name.
    pub department_name: String,
    /// Who it is assigned to.
    pub staff: Option<StaffId>,
    /// The assignee's name; empty for nobody.
    pub staff_name: String,
    /// Until when it is put off; 0 = it is not.
    pub snoozed_until: Timestamp,
    /// When it was called spam; 0 = it is not.
    pub spam_at: Timestamp,
    /// The number of its priority.
    pub priority: i64,
    /// There is something in it that who asks has not seen.
    pub is_unread: bool,
    /// The names of its tags, by name.
    pub tags: Vec<String>,
}

fn line(row: &Row<'_>) -> Result<InboxLine> {
    Ok(InboxLine {
        id: TicketId::new(row.get(0)?),
        subject: row.get(1)?,
        status: status(row.get(2)?)?,
        created_at: Timestamp::from_unix(row.get(3)?),
        last_update_at: Timestamp::from_unix(row.get(4)?),
        replies: row.get(5)?,
        customer: UserId::new(row.get(6)?),
        fullname: row.get(7)?,
        email: row.get(8)?,
        department: DepartmentId::new(row.get(9)?),
        department_name: row.get(10)?,
        staff: row.get::<Option<i64>>(11)?.map(StaffId::new),
        staff_name: row.get(12)?,
        snoozed_until: Timestamp::from_unix(row.get(13)?),
        spam_at: Timestamp::from_unix(row.get(14)?),
        priority: row.get(15)?,
        is_unread: row.get(16)?,
        tags: Vec::new(),
    })
}

/// What is new in a ticket since a person saw it: messages and notes by others, mail that came back, waking up, and that
/// it became theirs. Closed tickets are never unread unless marked by hand.
pub(super) const IS_UNREAD: &str = "coalesce(seen.event_id, 0) < 0 OR (ticket.status <> 5 AND EXISTS (SELECT 1 FROM event \
     WHERE event.ticket_id = ticket.id AND event.id > coalesce(seen.event_id, 0) \
     AND NOT (event.actor = 1 AND event.actor_id = $1) \
     AND (event.kind IN ('opened', 'replied', 'answered', 'noted', 'bounced', 'undelivered', 'woken') \
     OR (event.kind = 'assigned' AND ticket.staff_id = $1))))";

/// A list taken apart into ranges of one index.
struct Ranges {
    /// Conditions, one a range: an index has each in the order of the list.
    conditions: Vec<String>,
    /// The column that orders the list.
    column: &'static str,
    is_descending: bool,
    /// Only rows with a value above …
    since: i64,
    /// … and below. It is looked at outside of the ranges: two bounds of one column make SQLite take
    /// another index.
    before: i64,
}

/// Everything that is not closed.
const ACTIVE: [Status; 4] = [Status::Open, Status::Answered, Status::AwaitingReply, Status::InProgress];

/// What waits for staff.
const FOR_STAFF: [Status; 3] = [Status::Open, Status::AwaitingReply, Status::InProgress];

impl InboxQuery<'_> {
    /// Ids and times are numbers, so they stand in the text: one text for each person and list.
    fn ranges(&self) -> Ranges {
        let by_department = |statuses: &[Status], rest: &str| -> Vec<String> {
            let of = |department: &DepartmentId, status: &Status| {
                format!("department_id = {department} AND status = {} AND {rest}", status.number())
            };
            self.departments.iter().flat_map(|one| statuses.iter().map(move |status| of(one, status))).collect()
        };
        let in_each = |rest: &str| -> Vec<String> {
            self.departments.iter().map(|department| format!("department_id = {department} AND {rest}")).collect()
        };
        let awake = "spam_at = 0 AND snoozed_until <= $1";
        let whole = "spam_at = 0 AND merged_into IS NULL";
        let among: Vec<String> = self.departments.iter().map(ToString::to_string).collect();
        let among = format!("department_id IN ({})", if among.is_empty() { "0".to_owned() } else { among.join(", ") });
        let (column, since, before) = ("last_update_at", i64::MIN, i64::MAX);
        let touched = |conditions: Vec<String>| Ranges { conditions, column, is_descending: true, since, before };
        match self.listing {
            Listing::Unassigned => {
                touched(by_department(&ACTIVE, &format!("staff_id IS NULL AND status <> 5 AND {awake}")))
            }
            Listing::Mine => {
                let of = |status: &Status| {
                    format!(
                        "staff_id = {} AND staff_id IS NOT NULL AND status = {} AND status <> 5 AND {awake} AND {among}",
                        self.staff,
                        status.number()
                    )
                };
                touched(ACTIVE.iter().map(of).collect())
            }
            Listing::Waiting => {
                touched(by_department(&[Status::Answered], &format!("{whole} AND snoozed_until <= $1")))
            }
            Listing::Overdue(before) => Ranges {
                conditions: by_department(&FOR_STAFF, &format!("{whole} AND snoozed_until <= $1")),
                column: "last_update_at",
                is_descending: false,
                since: i64::MIN,
                before: before.unix(),
            },
            Listing::Closed => touched(by_department(&[Status::Closed], &format!("{whole} AND $1 = $1"))),
            Listing::Department(id) if self.departments.contains(&id) => {
                let of = |status: &Status| {
                    format!("department_id = {id} AND status = {} AND {whole} AND $1 = $1", status.number())
                };
                touched(Status::ALL.iter().map(of).collect())
            }
            Listing::Department(_) => touched(Vec::new()),
            Listing::Snoozed => Ranges {
                conditions: in_each("snoozed_until > 0 AND spam_at = 0 AND $1 = $1"),
                column: "snoozed_until",
                is_descending: false,
                since: self.now.unix(),
                before: i64::MAX,
            },
            Listing::Spam => Ranges {
                conditions: in_each("spam_at > 0 AND $1 = $1"),
                column: "spam_at",
                is_descending: true,
                since: 0,
                before: i64::MAX,
            },
        }
    }
}

impl Ranges {
    /// The ids of a page of some of the ranges: $1 is now, $2 and $3 where the page before ended, $4 its size.
    fn page(&self, conditions: &[String]) -> String {
        let column = self.column;
        let (beyond, direction) = if self.is_descending { ("<", " DESC") } else { (">", "") };
        let of = |(n, condition): (usize, &String)| {
            format!(
                "SELECT id, at FROM (SELECT id, {column} AS at FROM ticket WHERE {condition} \
                 AND ({column}, id) {beyond} ($2, $3) ORDER BY {column}{direction}, id{direction} LIMIT $4) \
                 AS range{n} WHERE at < {}",
                self.before
            )
        };
        let ranges: Vec<String> = conditions.iter().enumerate().map(of).collect();
        format!("{} ORDER BY at{direction}, id{direction} LIMIT $4", ranges.join(" UNION ALL "))
    }

    /// How many there are in some of the ranges, up to $2; $1 is now.
    fn count(&self, conditions: &[String]) -> String {
        let column = self.column;
        let bounds = match (self.since, self.before) {
            (i64::MIN, i64::MAX) => String::new(),
            (since, i64::MAX) => format!(" AND {column} > {since}"),
            (_, before) => format!(" AND {column} < {before}"),
        };
        let of = |condition: &String| format!("SELECT 1 AS one FROM ticket WHERE {condition}{bounds}");
        let ranges: Vec<String> = conditions.iter().map(of).collect();
        format!("SELECT count(*) FROM (SELECT one FROM ({}) AS found LIMIT $2) AS counted", ranges.join(" UNION ALL "))
    }

    const fn start(&self) -> Position {
        let (at, id) = if self.is_descending { (i64::MAX, i64::MAX) } else { (self.since, i64::MAX) };
        Position { at: Timestamp::from_unix(at), id: TicketId::new(id) }
    }
}

impl ReadTx<'_> {
    /// The next rows of a list after a position (`None`: its beginning), at most `max`, and where they end.
    pub fn inbox_page(
        &self,
        query: &InboxQuery<'_>,
        after: Option<Position>,
        max: usize,
    ) -> Result<(Vec<InboxLine>, Option<Position>)> {
        let ranges = query.ranges();
        let after = after.unwrap_or_else(|| ranges.start());
        let limit = i64::try_from(max).unwrap_or(i64::MAX);
        let mut found: Vec<(i64, i64)> = Vec::new();
        for part in ranges.conditions.chunks(RANGES_MAX) {
            let params = (query.now.unix(), after.at.unix(), after.id.get(), limit);
            found.extend(self.all(&ranges.page(part), params, |row| Ok((row.get(1)?, row.get(0)?)))?);
        }
        found.sort_unstable();
        if ranges.is_descending {
            found.reverse();
        }
        found.truncate(max);
        let end = found.last().map(|(at, id)| Position { at: Timestamp::from_unix(*at), id: TicketId::new(*id) });
        let ids: Vec<TicketId> = found.into_iter().map(|(_, id)| TicketId::new(id)).collect();
        Ok((self.inbox_lines(&ids, query.staff)?, end))
    }

    /// How many tickets a list has, exact below [`COUNT_MAX`].
    pub fn inbox_count(&self, query: &InboxQuery<'_>) -> Result<i64> {
        let (ranges, mut total) = (query.ranges(), 0);
        for part in ranges.conditions.chunks(RANGES_MAX) {
            total += self.number(&ranges.count(part), (query.now.unix(), COUNT_MAX))?;
        }
        Ok(total.min(COUNT_MAX))
    }

    /// These tickets as the inbox shows them to `staff`, in that order; those that are gone are left out.
    pub fn inbox_lines(&self, ids: &[TicketId], staff: StaffId) -> Result<Vec<InboxLine>> {
        let mut lines = Vec::with_capacity(ids.len());
        for part in ids.chunks(RANGES_MAX) {
            let mut found = self.all(&lines_of(part), [staff.get()], line)?;
            for (ticket, tag) in self.tags_of(part)? {
                found.iter_mut().filter(|line| line.id == ticket).for_each(|line| line.tags.push(tag.clone()));
            }
            for id in part {
                lines.extend(found.iter().position(|line| line.id == *id).map(|at| found.swap_remove(at)));
            }
        }
        Ok(lines)
    }

    /// The names of the tags of some tickets, by name.
    fn tags_of(&self, ids: &[TicketId]) -> Result<Vec<(TicketId, String)>> {
        self.all(&tags_of(ids), [], |row| Ok((TicketId::new(row.get(0)?), row.get(1)?)))
    }
}

fn among(ids: &[TicketId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn lines_of(ids: &[TicketId]) -> String {
    format!(
        "SELECT ticket.id, ticket.subject, ticket.status, ticket.created_at, ticket.last_update_at, ticket.replies, \
         ticket.customer_id, customer.fullname, customer.email, ticket.department_id, department.name, ticket.staff_id, \
         coalesce(staff.fullname, ''), ticket.snoozed_until, ticket.spam_at, ticket.priority, {IS_UNREAD} \
         FROM ticket JOIN customer ON customer.id = ticket.customer_id \
         JOIN department ON department.id = ticket.department_id LEFT JOIN staff ON staff.id = ticket.staff_id \
         LEFT JOIN seen ON seen.staff_id = $1 AND seen.ticket_id = ticket.id WHERE ticket.id IN ({})",
        among(ids)
    )
}

fn tags_of(ids: &[TicketId]) -> String {
    format!(
        "SELECT ticket_tag.ticket_id, tag.name FROM ticket_tag JOIN tag ON tag.id = ticket_tag.tag_id \
         WHERE ticket_tag.ticket_id IN ({}) ORDER BY tag.name",
        among(ids)
    )
}

#[cfg(test)]
#[path = "inbox_tests.rs"]
mod tests;
