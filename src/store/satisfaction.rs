//! What customers think of how their ticket was handled: asked once, after it was closed.

use super::ticket::TicketRows;
use super::{ReadTx, Result};
use crate::domain::{StaffId, TicketId, Timestamp, Window};

/// The question about a ticket, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Satisfaction {
    /// `None` until it is answered.
    pub(crate) is_good: Option<bool>,
    /// What the customer adds.
    pub(crate) comment: String,
}

/// How customers answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SatisfactionFigures {
    /// Tickets asked about.
    pub(crate) asked: i64,
    /// Those handled well.
    pub(crate) good: i64,
    /// Those not.
    pub(crate) bad: i64,
}

/// What a customer answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Of which ticket.
    pub(crate) ticket: TicketId,
    /// Whether it was handled well.
    pub(crate) is_good: bool,
    /// What the customer adds; empty for nothing.
    pub(crate) comment: String,
    /// When.
    pub(crate) at: Timestamp,
}

impl ReadTx<'_> {
    /// The newest answers, at most `max`.
    pub(crate) fn verdicts(&self, max: usize) -> Result<Vec<Verdict>> {
        self.all(
            "SELECT ticket_id, is_good, comment, answered_at FROM satisfaction WHERE answered_at > 0 AND is_good IS NOT NULL \
             ORDER BY answered_at DESC, ticket_id DESC LIMIT $1",
            [i64::try_from(max).unwrap_or(i64::MAX)],
            |row| {
                Ok(Verdict {
                    ticket: TicketId::new(row.get(0)?),
                    is_good: row.get::<i64>(1)? == 1,
                    comment: row.get(2)?,
                    at: Timestamp::from_unix(row.get(3)?),
                })
            },
        )
    }

    /// The question about a ticket, if it was asked.
    pub(crate) fn satisfaction(&self, ticket: TicketId) -> Result<Option<Satisfaction>> {
        self.one("SELECT is_good, comment FROM satisfaction WHERE ticket_id = $1", [ticket.get()], |row| {
            Ok(Satisfaction { is_good: row.get::<Option<i64>>(0)?.map(|good| good == 1), comment: row.get(1)? })
        })
    }

    /// How customers answered what they were asked in a time.
    pub(crate) fn satisfaction_figures(&self, window: Window) -> Result<SatisfactionFigures> {
        let found = self.one(
            "SELECT count(*), coalesce(sum(CASE WHEN is_good = 1 THEN 1 ELSE 0 END), 0), \
             coalesce(sum(CASE WHEN is_good = 0 THEN 1 ELSE 0 END), 0) FROM satisfaction WHERE asked_at > $1 \
             AND asked_at <= $2",
            (window.since.unix(), window.until.unix()),
            |row| Ok(SatisfactionFigures { asked: row.get(0)?, good: row.get(1)?, bad: row.get(2)? }),
        )?;
        Ok(found.unwrap_or_default())
    }
}

impl TicketRows<'_> {
    /// Asks about a ticket that is `staff`'s, unless that was done before; says whether it is asked now.
    pub(crate) fn ask_satisfaction(&self, ticket: TicketId, staff: Option<StaffId>, now: Timestamp) -> Result<bool> {
        let asked = self.run(
            "INSERT INTO satisfaction (ticket_id, staff_id, asked_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            (ticket.get(), staff.map(StaffId::get), now.unix()),
        )?;
        Ok(asked > 0)
    }

    /// Keeps the customer's answer; one who changes their mind may answer again. Says whether the question was asked.
    pub(crate) fn rate(&self, ticket: TicketId, is_good: bool, comment: &str, now: Timestamp) -> Result<bool> {
        let rated = self.run(
            "UPDATE satisfaction SET is_good = $1, comment = CASE WHEN $2 = '' THEN comment ELSE $2 END, answered_at = $3 \
             WHERE ticket_id = $4",
            (is_good, comment, now.unix(), ticket.get()),
        )?;
        Ok(rated > 0)
    }
}
