//! Events: one row for each change of a ticket, written in the transaction of the change.

use super::columns::id_or_none;
use super::ticket::{Owner, TicketRows};
use super::{ReadTx, Result};
use crate::domain::{Actor, Door, EventKind, MessageId, StaffId, TicketId, Timestamp};
use crate::store::engine::Row;

/// A change, as it is recorded.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent<'a> {
    /// Who made it.
    pub actor: Actor,
    /// How it came in.
    pub door: Door,
    /// What it was.
    pub kind: EventKind,
    /// See [`EventKind`]; empty for nothing.
    pub detail: &'a str,
    /// The message or note that was written.
    pub message: Option<MessageId>,
}

/// An event of this transaction, for those who are told of it before it is committed.
#[derive(Clone, Debug)]
pub(super) struct Happened {
    pub(super) id: i64,
    pub(super) ticket: TicketId,
    pub(super) at: Timestamp,
    pub(super) actor: Actor,
    pub(super) kind: EventKind,
    pub(super) detail: String,
    pub(super) door: Door,
    pub(super) message: Option<MessageId>,
}

impl Happened {
    fn of(id: i64, ticket: TicketId, new: &NewEvent<'_>, at: Timestamp) -> Self {
        let NewEvent { actor, door, kind, detail, message } = *new;
        Self { id, ticket, at, actor, kind, detail: detail.to_owned(), door, message }
    }
}

/// A change that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Id; a higher one is later.
    pub id: i64,
    /// The ticket, which may be gone.
    pub ticket: TicketId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// The person's name, if the actor still has an account.
    pub actor_name: String,
    /// What, in the database's word.
    pub kind: String,
    /// See [`EventKind`].
    pub detail: String,
    /// How it came in, in the database's word.
    pub door: String,
    /// The message or note that was written, if one was; it may be gone.
    pub message: Option<MessageId>,
    /// The network address it came from; empty where it did not come over the network.
    pub ip: String,
}

/// An event of its row: id, ticket, time, actor, the actor's id and name, kind, detail, door, message, network address.
pub(super) fn event(row: &Row<'_>) -> Result<Event> {
    Ok(Event {
        id: row.get(0)?,
        ticket: TicketId::new(row.get(1)?),
        at: Timestamp::from_unix(row.get(2)?),
        actor: Actor::from_row(row.get(3)?, row.get(4)?),
        actor_name: row.get(5)?,
        kind: row.get(6)?,
        detail: row.get(7)?,
        door: row.get(8)?,
        message: id_or_none(row.get(9)?, MessageId::new),
        ip: row.get(10)?,
    })
}

impl ReadTx<'_> {
    /// The newest event of all; 0 when there is none.
    pub fn newest_event(&self) -> Result<i64> {
        self.number("SELECT coalesce(max(id), 0) FROM event", [])
    }

    /// What happened to a ticket, oldest first; also to one that was removed.
    pub fn events_of_ticket(&self, ticket: TicketId) -> Result<Vec<Event>> {
        self.all(
            "SELECT event.id, ticket_id, at, actor, actor_id, coalesce(CASE actor \
             WHEN 0 THEN (SELECT fullname FROM customer WHERE customer.id = actor_id) \
             WHEN 1 THEN (SELECT fullname FROM staff WHERE staff.id = actor_id) END, ''), kind, detail, door, message_id, ip \
             FROM event WHERE ticket_id = $1 ORDER BY event.id",
            [ticket.get()],
            event,
        )
    }
}

impl ReadTx<'_> {
    /// What others have written into a ticket after an event that a staff member has seen, oldest first: messages, notes,
    /// and another ticket's that was merged into it.
    pub fn news_since(&self, ticket: TicketId, event_id: i64, staff: StaffId) -> Result<Vec<Event>> {
        self.all(
            "SELECT event.id, ticket_id, at, actor, actor_id, coalesce(CASE actor \
             WHEN 0 THEN (SELECT fullname FROM customer WHERE customer.id = actor_id) \
             WHEN 1 THEN (SELECT fullname FROM staff WHERE staff.id = actor_id) END, ''), kind, detail, door, message_id, ip \
             FROM event WHERE ticket_id = $1 AND event.id > $2 AND kind IN ('opened', 'replied', 'answered', 'noted', 'merged') \
             AND NOT (actor = 1 AND actor_id = $3) AND NOT (actor = 2 AND kind = 'noted') ORDER BY event.id",
            (ticket.get(), event_id, staff.get()),
            event,
        )
    }

    /// What happened to all tickets after an event, oldest first, at most `max`.
    pub fn events_since(&self, event_id: i64, max: usize) -> Result<Vec<Event>> {
        self.all(
            "SELECT event.id, ticket_id, at, actor, actor_id, coalesce(CASE actor \
             WHEN 0 THEN (SELECT fullname FROM customer WHERE customer.id = actor_id) \
             WHEN 1 THEN (SELECT fullname FROM staff WHERE staff.id = actor_id) END, ''), kind, detail, door, message_id, ip \
             FROM event WHERE event.id > $1 ORDER BY event.id LIMIT $2",
            (event_id, i64::try_from(max).unwrap_or(i64::MAX)),
            event,
        )
    }
}

impl TicketRows<'_> {
    /// Records one change of one ticket.
    pub fn add_event(&self, ticket: TicketId, new: &NewEvent<'_>, now: Timestamp) -> Result<()> {
        let (actor, actor_id) = new.actor.to_row();
        let id = self.insert(
            "INSERT INTO event (ticket_id, at, actor, actor_id, kind, detail, door, message_id, ip) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            (
                ticket.get(),
                now.unix(),
                actor,
                actor_id,
                new.kind.word(),
                new.detail,
                new.door.word(),
                new.message.map_or(0, MessageId::get),
                self.ip(),
            ),
        )?;
        self.told.borrow_mut().push(Happened::of(id, ticket, new, now));
        Ok(())
    }

    /// Records the same change of every ticket of an owner.
    pub fn add_events(&self, owner: Owner, new: &NewEvent<'_>, now: Timestamp) -> Result<()> {
        let (actor, id) = new.actor.to_row();
        let (tickets, owner) = owner.tickets();
        let changed = self.all(
            &format!(
                "WITH changed AS ({tickets}) INSERT INTO event (ticket_id, at, actor, actor_id, kind, detail, door, ip) \
                 SELECT id, $2, $3, $4, $5, $6, $7, $8 FROM changed RETURNING id, ticket_id"
            ),
            (owner, now.unix(), actor, id, new.kind.word(), new.detail, new.door.word(), self.ip()),
            |row| Ok((row.get(0)?, TicketId::new(row.get(1)?))),
        )?;
        let happened = changed.into_iter().map(|(id, ticket)| Happened::of(id, ticket, new, now));
        self.told.borrow_mut().extend(happened);
        Ok(())
    }
}
