//! Writing a message into a ticket: what the customer wrote, what staff answered.

use super::Change;
use super::notify::{Notices, Occasion};
use crate::domain::{Actor, Author, EmailAddress, EventKind, MessageId, Status, TicketId};
use crate::mail::Mailbox;
use crate::store::Result;
use crate::store::attachment::NewAttachment;
use crate::store::message::{NewMessage, Text, Visibility};
use crate::store::ticket::Ticket;

/// A message to post, with its files.
#[derive(Clone, Debug)]
pub(crate) struct Post<'a> {
    /// Its writer.
    pub author: Author,
    /// What is shown.
    pub text: Text<'a>,
    /// What the mail's writer typed, where it is less than `text`; else empty.
    pub reply_text: &'a str,
    /// The whole text of the mail, where it is more than `text`; else empty.
    pub full_text: &'a str,
    /// The sanitised HTML of the mail; empty for none.
    pub mail_html: &'a str,
    /// Its files.
    pub attachments: &'a [NewAttachment<'a>],
}

impl<'a> Post<'a> {
    /// A message of plain text alone.
    #[must_use]
    pub(crate) const fn plain(author: Author, text: &'a str) -> Self {
        Self { author, text: Text::Plain(text), reply_text: "", full_text: "", mail_html: "", attachments: &[] }
    }
}

/// What a mail says besides its text.
#[derive(Clone, Debug, Default)]
pub(crate) struct MailContext<'a> {
    /// The From address; empty if it did not come by mail. It gets no notice of its own mail.
    pub sender: &'a str,
    /// People who take part in the ticket from now on, if there is room.
    pub participants: Vec<&'a Mailbox>,
    /// Message-IDs of the thread, oldest first.
    pub thread_ids: Vec<&'a str>,
    /// The Message-ID of a staff member's mail, which only its sender has.
    pub own_thread_id: Option<(&'a str, &'a EmailAddress)>,
    /// Where answers go from now on.
    pub reply_to: Option<&'a Mailbox>,
    /// What maildesk has to say about the mail, for a note; empty for nothing.
    pub note: &'a str,
}

impl MailContext<'_> {
    /// Whether no mail is involved at all.
    #[must_use]
    pub(crate) const fn is_none(&self) -> bool {
        self.sender.is_empty()
    }
}

/// What a message does to its ticket's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusChange {
    /// What HelpDeskZ's table says for its writer.
    ByTable,
    /// This status.
    To(Status),
    /// Nothing, and the ticket's time stays too: a machine wrote.
    Nothing,
}

impl Change<'_> {
    /// Posts a message into a ticket.
    pub(crate) fn post(
        &self,
        ticket: &Ticket,
        post: &Post<'_>,
        status: StatusChange,
        mail: &MailContext<'_>,
        notices: Notices,
    ) -> Result<MessageId> {
        let message = self.add_message(ticket.id, post, Visibility::Public)?;
        let (kind, happening, by_table, last_replier) = match post.author {
            Author::Customer(_) => {
                let happening = match self.actor {
                    Actor::Machine if status == StatusChange::Nothing => Occasion::MachineWrote,
                    _ => Occasion::CustomerReplied,
                };
                (EventKind::Replied, happening, ticket.status.after_customer_message(), None)
            }
            Author::Staff(staff) => {
                (EventKind::Answered, Occasion::StaffAnswered, ticket.status.after_staff_message(), Some(staff))
            }
            Author::Desk => (EventKind::Replied, Occasion::MachineWrote, ticket.status, ticket.last_replier),
        };
        self.write_message_event(ticket.id, kind, message)?;
        let notices = self.stir(ticket, post, notices)?;
        let after = match status {
            StatusChange::ByTable => by_table,
            StatusChange::To(status) => status,
            StatusChange::Nothing => ticket.status,
        };
        match status {
            StatusChange::Nothing => self.rows().ticket_annotated(ticket.id)?,
            StatusChange::ByTable | StatusChange::To(_) => {
                self.rows().ticket_answered(ticket.id, after, last_replier, self.now)?;
            }
        }
        let is_worth_saying = status != StatusChange::ByTable || ticket.status == Status::Closed;
        if after != ticket.status && is_worth_saying {
            self.write_event(ticket.id, EventKind::Status, after.word())?;
        }
        self.add_mail_context(ticket.id, mail)?;
        self.note_about_mail(ticket.id, mail)?;
        self.send_notices(happening, ticket.id, message, notices, mail.sender)?;
        if after == Status::Closed && ticket.status != Status::Closed {
            self.ask_satisfaction(ticket)?;
        }
        Ok(message)
    }

    /// What a message does to a ticket that is out of the way: a customer's wakes it, an answer says that it is no spam.
    /// Gives who is notified.
    fn stir(&self, ticket: &Ticket, post: &Post<'_>, notices: Notices) -> Result<Notices> {
        match post.author {
            Author::Customer(_) if self.actor != Actor::Machine => self.wake(ticket)?,
            Author::Staff(_) => self.not_spam(ticket)?,
            Author::Customer(_) | Author::Desk => {}
        }
        let is_about_spam = ticket.is_spam() && !matches!(post.author, Author::Staff(_));
        Ok(if is_about_spam { Notices::Nobody } else { notices })
    }

    /// Adds a message with its files; nothing else.
    pub(super) fn add_message(&self, ticket: TicketId, post: &Post<'_>, visibility: Visibility) -> Result<MessageId> {
        let new = NewMessage {
            ticket,
            author: post.author,
            visibility,
            text: post.text,
            reply_text: post.reply_text,
            full_text: post.full_text,
            mail_html: post.mail_html,
        };
        let message = self.rows().add_message(&new, self.now)?;
        for attachment in post.attachments {
            self.rows().add_attachment(ticket, message, attachment)?;
        }
        Ok(message)
    }

    /// Writes what a mail says besides its text: who takes part, where answers go, what its thread is.
    pub(crate) fn add_mail_context(&self, ticket: TicketId, mail: &MailContext<'_>) -> Result<()> {
        for person in &mail.participants {
            if self.tx.takes_part(ticket, &person.address)? {
                continue;
            }
            if !self.rows().add_participant(ticket, &person.name, &person.address, self.now)? {
                break;
            }
            self.write_event(ticket, EventKind::Participant, person.address.as_str())?;
        }
        if let Some(reply_to) = mail.reply_to {
            self.rows().set_reply_to(ticket, reply_to)?;
            self.write_event(ticket, EventKind::ReplyTo, reply_to.address.as_str())?;
        }
        self.tx.note_thread_ids(ticket, &mail.thread_ids)?;
        if let Some((id, sender)) = mail.own_thread_id {
            self.tx.note_own_thread_id(ticket, id, sender)?;
        }
        Ok(())
    }

    /// Notes on a ticket that one of its mails was also delivered for another address of the desk.
    pub(crate) fn note_address_seen(&self, ticket: TicketId, email: &str) -> Result<()> {
        if self.rows().note_address_seen(ticket, email)? {
            self.write_event(ticket, EventKind::AlsoTo, email)?;
        }
        Ok(())
    }
}
