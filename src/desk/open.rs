//! Opening a ticket with its first message.

use super::notify::{Notices, Occasion};
use super::{Change, MailContext, Post};
use crate::domain::{Actor, Author, EventKind, MessageId, TicketId};
use crate::store::Result;
use crate::store::message::Visibility;
use crate::store::ticket::NewTicket;

/// A ticket to open.
#[derive(Clone, Debug)]
pub(crate) struct Opening<'a> {
    /// Its department, customer and subject.
    pub ticket: NewTicket<'a>,
    /// Its first message.
    pub post: Post<'a>,
    /// What its mail says besides the text.
    pub mail: MailContext<'a>,
    /// An older ticket about the same subject.
    pub linked: Option<TicketId>,
    /// Who is notified of it.
    pub notices: Notices,
}

impl Change<'_> {
    /// Opens a ticket whose form has custom fields: `answers` is a JSON list of title and value.
    pub(crate) fn open_with_answers(&self, opening: &Opening<'_>, answers: &str) -> Result<(TicketId, MessageId)> {
        let (ticket, message) = self.open(opening)?;
        self.rows().set_form_answers(ticket, answers)?;
        Ok((ticket, message))
    }

    /// Opens a ticket.
    pub(crate) fn open(&self, opening: &Opening<'_>) -> Result<(TicketId, MessageId)> {
        self.open_with(opening, Visibility::Public)
    }

    /// Opens a ticket with a note that only staff see, such as what was said on the telephone; nobody is notified.
    pub(crate) fn open_with_note(&self, opening: &Opening<'_>) -> Result<(TicketId, MessageId)> {
        let silent = Opening { notices: Notices::Nobody, ..opening.clone() };
        self.open_with(&silent, Visibility::Internal)
    }

    fn open_with(&self, opening: &Opening<'_>, visibility: Visibility) -> Result<(TicketId, MessageId)> {
        let rows = self.rows();
        let ticket = rows.add_ticket(&opening.ticket, self.now)?;
        let message = self.add_message(ticket, &opening.post, visibility)?;
        self.write_message_event(ticket, EventKind::Opened, message)?;
        if let Author::Staff(staff) = opening.post.author {
            rows.set_last_replier(ticket, staff)?;
        }
        self.add_mail_context(ticket, &opening.mail)?;
        if let Some(linked) = opening.linked {
            rows.link_tickets(ticket, linked)?;
            self.write_event(ticket, EventKind::Linked, &format!("#{linked}"))?;
        }
        self.note_about_mail(ticket, &opening.mail)?;
        let happening = match (opening.post.author, self.actor) {
            (Author::Staff(_), _) => Occasion::OpenedByStaff,
            (_, Actor::Machine) if !opening.mail.is_none() => Occasion::OpenedByMachine,
            _ => Occasion::OpenedByCustomer,
        };
        self.send_notices(happening, ticket, message, opening.notices, opening.mail.sender)?;
        Ok((ticket, message))
    }
}
