//! What the inbox asks for on its last line: a search, an assignee, a status, a department, a time.

use crate::admin::{department, staff, usage, when};
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
                let until = when::to_come(answer, now)?;
                change.snooze(ticket, until)?;
                format!("is put off until {}", crate::admin::output::time(until))
            }
        })
    }
}
