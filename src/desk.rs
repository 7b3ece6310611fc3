//! What people do to tickets: open one, write into one, assign, move, merge, close and remove one.
//!
//! Mail, API, command line and timed work all come through here. Each verb is a method of [`Change`]: inside the
//! caller's write transaction it changes the rows, queues the notices that follow (`notify` has the table of who gets
//! which) and writes one event, so that nothing changes without a trace and no caller has to remember the rest.

mod answer;
mod aside;
mod assign;
mod bulk;
pub(crate) mod duty;
mod mails;
mod mark;
mod mention;
mod merge;
mod move_to;
mod note;
pub(crate) mod notify;
mod open;
pub(crate) mod plus;
mod post;
mod remove;
mod requester;
mod reread;
mod satisfaction;
mod split;
mod status;
#[cfg(test)]
pub(crate) mod tests;
mod undo;

pub(crate) use answer::{Answer, NotPosted, Posted, Writing};
pub(crate) use assign::{Refused, may_see};
pub(crate) use bulk::{Deed, Done, TICKETS_MAX};
pub(crate) use mark::{TAG_CHARS_MAX, custom_fields, tag_name};
pub(crate) use note::note_undelivered;
pub(crate) use notify::{Notices, answer_goes_to, answers_leave_by};
pub(crate) use open::Opening;
pub(crate) use post::{MailContext, Post, StatusChange};
pub(crate) use requester::Former;
pub(crate) use undo::{NotTakenBack, TakenBack};

use crate::domain::{Actor, Door, EventKind, MessageId, TicketId, Timestamp};
use crate::mail::Mailbox;
use crate::store::address::Identity;
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
    delivery: Delivery<'a>,
    identity: Option<&'a Identity>,
    now: Timestamp,
}

/// How an answer is sent, where that is not as usual.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delivery<'a> {
    /// Its mails wait so many seconds, in which it can be taken back.
    pub after_s: i64,
    /// They go to these people, and not to the customer and everybody who takes part.
    pub to: Option<&'a [Mailbox]>,
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
        Self { tx, settings, actor, door, delivery: Delivery { after_s: 0, to: None }, identity: None, now }
    }

    /// The same transaction and door, with another actor for the changes.
    #[must_use]
    pub(crate) const fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    /// The same, by one who has read what the desk is known by in this transaction: it is not read again.
    #[must_use]
    pub(crate) const fn knowing(self, identity: &'a Identity) -> Self {
        Self { identity: Some(identity), ..self }
    }

    /// The same, with its answers sent like this.
    #[must_use]
    pub(crate) const fn delivering(self, delivery: Delivery<'a>) -> Self {
        Self { delivery, ..self }
    }

    const fn rows(&self) -> TicketRows<'a> {
        self.tx.ticket_rows()
    }

    const fn event<'d>(&self, kind: EventKind, detail: &'d str) -> NewEvent<'d> {
        NewEvent { actor: self.actor, door: self.door, kind, detail, message: None }
    }

    fn write_message_event(&self, ticket: TicketId, kind: EventKind, message: MessageId) -> Result<()> {
        let event = NewEvent { message: Some(message), ..self.event(kind, "") };
        self.rows().add_event(ticket, &event, self.now)
    }

    fn write_event(&self, ticket: TicketId, kind: EventKind, detail: &str) -> Result<()> {
        self.rows().add_event(ticket, &self.event(kind, detail), self.now)
    }

    /// As [`Change::write_event`], of a message, or a note that was written about something.
    fn write_event_of(&self, ticket: TicketId, kind: EventKind, message: MessageId, detail: &str) -> Result<()> {
        let event = NewEvent { message: Some(message), ..self.event(kind, detail) };
        self.rows().add_event(ticket, &event, self.now)
    }
}
