//! What people do to tickets: open one, write into one, assign, move, merge, close and remove one.
//!
//! Mail, API, command line and timed work all come through here. Each verb is a method of [`Change`]: inside the
//! caller's write transaction it changes the rows, queues the notices that follow (`notify` has the table of who gets
//! which) and writes one event, so that nothing changes without a trace and no caller has to remember the rest.

mod assign;
pub(crate) mod duty;
mod merge;
mod move_to;
mod note;
pub(crate) mod notify;
mod open;
pub(crate) mod plus;
mod post;
mod remove;
mod requester;
mod status;

pub(crate) use assign::{Refused, may_see};
pub(crate) use note::note_undelivered;
pub(crate) use notify::Notices;
pub(crate) use open::Opening;
pub(crate) use post::{MailContext, Post, StatusChange};
pub(crate) use requester::Former;

use crate::domain::{Actor, Door, EventKind, TicketId, Timestamp};
use crate::store::event::NewEvent;
use crate::store::settings::Settings;
use crate::store::ticket::TicketRows;
use crate::store::{Result, WriteTx};

/// Changes to tickets by one actor, in one write transaction.
///
/// Every verb returns the errors of the database; when it returns any other error, nothing was changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    tx: &'a WriteTx<'a>,
    settings: &'a Settings,
    actor: Actor,
    door: Door,
    now: Timestamp,
}

impl<'a> Change<'a> {
    /// Changes by `actor`, who came through `door`.
    #[must_use]
    pub(crate) const fn new(
        tx: &'a WriteTx<'a>,
        settings: &'a Settings,
        actor: Actor,
        door: Door,
        now: Timestamp,
    ) -> Self {
        Self { tx, settings, actor, door, now }
    }

    /// The same transaction and door, with another actor for the changes.
    #[must_use]
    pub(crate) const fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    const fn rows(&self) -> TicketRows<'a> {
        self.tx.ticket_rows()
    }

    const fn event<'d>(&self, kind: EventKind, detail: &'d str) -> NewEvent<'d> {
        NewEvent { actor: self.actor, door: self.door, kind, detail }
    }

    fn write_event(&self, ticket: TicketId, kind: EventKind, detail: &str) -> Result<()> {
        self.rows().add_event(ticket, &self.event(kind, detail), self.now)
    }
}
