//! Internal notes: what staff write for each other, and what maildesk has to say about a ticket.

use super::{Change, MailContext, Post};
use crate::domain::{Actor, Author, Door, EventKind, MessageId, TicketId, Timestamp};
use crate::store::event::NewEvent;
use crate::store::message::{NewMessage, Text, Visibility};
use crate::store::outbox::Claimed;
use crate::store::{Result, WriteTx};

impl Change<'_> {
    /// Adds an internal note; nobody is notified and nothing else changes.
    pub(crate) fn note(&self, ticket: TicketId, post: &Post<'_>) -> Result<MessageId> {
        let message = self.add_message(ticket, post, Visibility::Internal)?;
        self.write_message_event(ticket, EventKind::Noted, message)?;
        Ok(message)
    }

    /// Adds a note of maildesk's own.
    pub(super) fn note_of_desk(&self, ticket: TicketId, text: &str) -> Result<MessageId> {
        self.by(Actor::Desk).note(ticket, &Post::plain(Author::Desk, text))
    }

    /// Adds what maildesk has to say about a mail, if there is anything.
    pub(crate) fn note_about_mail(&self, ticket: TicketId, mail: &MailContext<'_>) -> Result<()> {
        if !mail.note.is_empty() {
            self.note_of_desk(ticket, mail.note)?;
        }
        Ok(())
    }

    /// Notes that a mail about the ticket, which went to `recipient`, came back; `text` says why.
    pub(crate) fn bounced(&self, ticket: TicketId, recipient: &str, text: &str) -> Result<MessageId> {
        let note = self.add_message(ticket, &Post::plain(Author::Desk, text), Visibility::Internal)?;
        self.by(Actor::Desk).write_event_of(ticket, EventKind::Bounced, note, recipient)?;
        Ok(note)
    }
}

/// Notes in the ticket of an outgoing mail what became of it, when it is not tried again. Does nothing if the ticket
/// no longer exists.
pub(crate) fn note_undelivered(tx: &WriteTx<'_>, mail: &Claimed, text: &str, now: Timestamp) -> Result<()> {
    let Some(ticket) = mail.ticket else { return Ok(()) };
    if tx.ticket(ticket)?.is_none() {
        return Ok(());
    }
    let new = NewMessage {
        ticket,
        author: Author::Desk,
        visibility: Visibility::Internal,
        text: Text::Plain(text),
        reply_text: "",
        full_text: "",
        mail_html: "",
    };
    let note = tx.ticket_rows().add_message(&new, now)?;
    let (actor, door, kind) = (Actor::Desk, Door::Outbox, EventKind::Undelivered);
    let event = NewEvent { actor, door, kind, detail: &mail.recipient, message: Some(note) };
    tx.ticket_rows().add_event(ticket, &event, now)
}
