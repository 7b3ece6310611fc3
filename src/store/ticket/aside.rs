//! Tickets out of the way: put off until a time, or called spam.

use super::rows::{Ticket, TicketRows};
use crate::domain::{StaffId, Status, TicketId, Timestamp};
use crate::store::columns::id_or_none;
use crate::store::{ReadTx, Result};

/// The values of a ticket's row that people change, for putting them back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Status.
    pub status: Status,
    /// When it was closed last.
    pub closed_at: Timestamp,
    /// Who it is assigned to.
    pub staff: Option<StaffId>,
    /// Last message or change by people.
    pub last_update_at: Timestamp,
    /// Who wrote last.
    pub last_replier: Option<StaffId>,
    /// Until when it is put off.
    pub snoozed_until: Timestamp,
}

impl Standing {
    /// How a ticket stands.
    #[must_use]
    pub(crate) const fn of(ticket: &Ticket) -> Self {
        Self {
            status: ticket.status,
            closed_at: ticket.closed_at,
            staff: ticket.staff,
            last_update_at: ticket.last_update_at,
            last_replier: ticket.last_replier,
            snoozed_until: ticket.snoozed_until,
        }
    }

    /// As numbers, for keeping; nobody is 0.
    #[must_use]
    pub(crate) fn numbers(&self) -> [i64; 6] {
        let id = |staff: Option<StaffId>| staff.map_or(0, StaffId::get);
        [
            self.status.number(),
            self.closed_at.unix(),
            id(self.staff),
            self.last_update_at.unix(),
            id(self.last_replier),
            self.snoozed_until.unix(),
        ]
    }

    /// What [`Standing::numbers`] wrote.
    #[must_use]
    pub(crate) fn from_numbers(numbers: [i64; 6]) -> Self {
        let [status, closed_at, staff, last_update_at, last_replier, snoozed_until] = numbers;
        Self {
            status: Status::from_number(status).unwrap_or(Status::Open),
            closed_at: Timestamp::from_unix(closed_at),
            staff: id_or_none(staff, StaffId::new),
            last_update_at: Timestamp::from_unix(last_update_at),
            last_replier: id_or_none(last_replier, StaffId::new),
            snoozed_until: Timestamp::from_unix(snoozed_until),
        }
    }
}

impl ReadTx<'_> {
    /// Whether the time of a ticket that was put off has come.
    pub fn is_any_due_to_wake(&self, now: Timestamp) -> Result<bool> {
        let found = self.number(
            "SELECT EXISTS (SELECT 1 FROM ticket WHERE snoozed_until > 0 AND snoozed_until <= $1)",
            [now.unix()],
        )?;
        Ok(found > 0)
    }
}

impl TicketRows<'_> {
    /// Puts a ticket off until then; 0 wakes it.
    pub fn set_snoozed_until(&self, id: TicketId, until: Timestamp) -> Result<()> {
        self.run("UPDATE ticket SET snoozed_until = $1 WHERE id = $2", (until.unix(), id.get()))?;
        Ok(())
    }

    /// Wakes the tickets whose time has come, at most `max`; says which.
    pub fn wake_due(&self, now: Timestamp, max: usize) -> Result<Vec<TicketId>> {
        self.all(
            "UPDATE ticket SET snoozed_until = 0 WHERE id IN (SELECT id FROM ticket WHERE snoozed_until > 0 \
             AND snoozed_until <= $1 LIMIT $2) RETURNING id",
            (now.unix(), i64::try_from(max).unwrap_or(i64::MAX)),
            |row| Ok(TicketId::new(row.get(0)?)),
        )
    }

    /// Calls a ticket spam since then; 0: it is none.
    pub fn set_spam_at(&self, id: TicketId, at: Timestamp) -> Result<()> {
        self.run("UPDATE ticket SET spam_at = $1 WHERE id = $2", (at.unix(), id.get()))?;
        Ok(())
    }

    /// Tickets called spam before then, at most `max`.
    pub fn spam_before(&self, before: Timestamp, max: usize) -> Result<Vec<TicketId>> {
        self.all(
            "SELECT id FROM ticket WHERE spam_at > 0 AND spam_at < $1 LIMIT $2",
            (before.unix(), i64::try_from(max).unwrap_or(i64::MAX)),
            |row| Ok(TicketId::new(row.get(0)?)),
        )
    }

    /// Takes the mails about a ticket out of the queue that no sender has tried; says to whom they would have gone.
    pub fn drop_untried_mail(&self, id: TicketId, now: Timestamp) -> Result<Vec<String>> {
        self.all(
            "UPDATE outbox SET state = 'dropped' WHERE ticket_id = $1 AND ticket_id > 0 AND state || '' = 'pending' \
             AND attempts = 0 AND leased_until <= $2 RETURNING recipient",
            (id.get(), now.unix()),
            |row| row.get(0),
        )
    }

    /// Sets a ticket's priority.
    pub fn set_priority(&self, id: TicketId, priority: i64) -> Result<()> {
        self.run("UPDATE ticket SET priority = $1 WHERE id = $2", (priority, id.get()))?;
        Ok(())
    }

    /// Sets a ticket's subject.
    pub fn set_subject(&self, id: TicketId, subject: &str) -> Result<()> {
        self.run("UPDATE ticket SET subject = $1 WHERE id = $2", (subject, id.get()))?;
        Ok(())
    }

    /// Sets a ticket's custom fields, a JSON list of [title, value].
    pub fn set_custom_fields(&self, id: TicketId, fields: &str) -> Result<()> {
        self.run("UPDATE ticket SET custom_fields = $1 WHERE id = $2", (fields, id.get()))?;
        Ok(())
    }

    /// Puts back how a ticket stood.
    pub fn set_standing(&self, id: TicketId, standing: &Standing) -> Result<()> {
        self.run(
            "UPDATE ticket SET status = $1, closed_at = $2, staff_id = $3, last_update_at = $4, last_replier = $5, \
             snoozed_until = $6 WHERE id = $7",
            (
                standing.status.number(),
                standing.closed_at.unix(),
                standing.staff.map(StaffId::get),
                standing.last_update_at.unix(),
                standing.last_replier.map_or(0, StaffId::get),
                standing.snoozed_until.unix(),
                id.get(),
            ),
        )?;
        Ok(())
    }
}
