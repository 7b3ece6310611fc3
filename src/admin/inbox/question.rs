//! What the inbox asks for on its last line: a search, an assignee, a status, a department, a time.

use crate::admin::{department, staff, usage};
use crate::desk::{Change, Notices};
use crate::domain::{Status, Timestamp};
use crate::outcome;
use crate::store::ReadTx;
use crate::store::ticket::Ticket;

/// A question, by the key that asks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Search,
    Assign,
    Status,
    Move,
    PutOff,
}

impl Question {
    pub(super) const fn of(key: char) -> Option<Self> {
        Some(match key {
            '/' => Self::Search,
            'a' => Self::Assign,
            's' => Self::Status,
            'm' => Self::Move,
            'z' => Self::PutOff,
            _ => return None,
        })
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Search => "search: ",
            Self::Assign => "assign to (login name, or - for nobody): ",
            Self::Status => "status (open, answered, awaiting-reply, in-progress, closed): ",
            Self::Move => "move to department: ",
            Self::PutOff => "put off for (3h, 2d) or until (2027-01-31): ",
        }
    }

    /// Changes a ticket as the answer says; what was done.
    pub(super) fn settle(
        self,
        answer: &str,
        tx: &ReadTx<'_>,
        change: &Change<'_>,
        ticket: &Ticket,
        now: Timestamp,
    ) -> outcome::Result<String> {
        Ok(match self {
            // A search changes nothing.
            Self::Search => String::new(),
            Self::Assign if answer == "-" => {
                change.unassign(ticket)?;
                "is assigned to nobody".to_owned()
            }
            Self::Assign => {
                let staff = staff::find(tx, answer)?;
                change.assign(ticket.id, &staff, Notices::Usual)?;
                format!("is assigned to {}", staff.username)
            }
            Self::Status => {
                let status = answer.parse::<Status>().or_else(|wrong| usage(wrong.to_string()))?;
                change.set_status(ticket, status)?;
                format!("is {status}")
            }
            Self::Move => {
                let department = department::find(tx, answer)?;
                change.move_to(ticket, &department)?;
                format!("is in {}", department.name)
            }
            Self::PutOff => {
                let Some(until) = until(answer, now).filter(|until| *until > now) else {
                    return usage(format!("{answer:?} is no time to come; say 3h, 2d or 2027-01-31"));
                };
                change.snooze(ticket, until)?;
                format!("is put off until {}", crate::admin::output::time(until))
            }
        })
    }
}

/// The time that `3h`, `2d` or a day means; a day begins at 8:00 in the machine's time zone, as in the browser.
fn until(answer: &str, now: Timestamp) -> Option<Timestamp> {
    let number = |unit: char| answer.strip_suffix(unit).and_then(|digits| digits.trim().parse::<i64>().ok());
    if let Some(hours) = number('h') {
        return Some(now.plus_s(hours.saturating_mul(Timestamp::HOUR_S)));
    }
    if let Some(days) = number('d') {
        return Some(now.plus_s(days.saturating_mul(Timestamp::DAY_S)));
    }
    let day: jiff::civil::Date = answer.parse().ok()?;
    let morning = day.at(8, 0, 0, 0).to_zoned(jiff::tz::TimeZone::system()).ok()?;
    Some(Timestamp::from_unix(morning.timestamp().as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_hours_days_or_a_day() {
        let now = Timestamp::from_unix(1_800_000_000);
        assert_eq!(until("3h", now), Some(now.plus_s(3 * 3600)));
        assert_eq!(until("2d", now), Some(now.plus_s(2 * 86_400)));
        assert!(until("2027-01-31", now).is_some_and(|at| at > now));
        for wrong in ["", "h", "soon", "3 weeks", "31.1."] {
            assert_eq!(until(wrong, now), None, "{wrong}");
        }
    }
}
