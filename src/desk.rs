//! What people do to tickets: open one, post into one, annotate one. Mail, API and admin all come
//! through here, inside the caller's write transaction, so that a change and what follows from it
//! are coupled in one place.

pub mod assign;
pub mod duty;
pub mod notify;
pub mod plus;

use crate::domain::{Author, MessageId, Status, TicketId, Timestamp};
use crate::store::tickets::{NewAttachment, NewMessage, NewTicket, Text, Ticket, Visibility};
use crate::store::{Result, WriteTx};

/// A message to post, with its files.
#[derive(Clone, Debug)]
pub struct Post<'a> {
    /// Its writer.
    pub author: Author,
    /// What is shown.
    pub text: Text<'a>,
    /// The whole text of the mail, where it is more than `text`; empty else.
    pub full_text: &'a str,
    /// The sanitised HTML of the mail; empty for none.
    pub mail_html: &'a str,
    /// Its files.
    pub attachments: &'a [NewAttachment<'a>],
}

/// What a message does to its ticket beside being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearing {
    /// A person's message: HelpDeskZ's status table applies, or this status where staff set one.
    Counts(Option<Status>),
    /// A machine's message: attached silently, status and times stay.
    Silent,
}

/// Opens a ticket with its first message.
///
/// # Errors
/// Those of the database.
pub fn open_ticket(
    tx: &WriteTx<'_>,
    new: &NewTicket<'_>,
    post: &Post<'_>,
    now: Timestamp,
) -> Result<(TicketId, MessageId)> {
    let ticket = tx.add_ticket(new, now)?;
    let message = add_post(tx, ticket, post, now)?;
    Ok((ticket, message))
}

/// Posts a message into a ticket.
///
/// # Errors
/// Those of the database.
pub fn post_message(
    tx: &WriteTx<'_>,
    ticket: &Ticket,
    post: &Post<'_>,
    bearing: Bearing,
    now: Timestamp,
) -> Result<MessageId> {
    let message = add_post(tx, ticket.id, post, now)?;
    let (after, last_replier) = match post.author {
        Author::Customer(_) => (ticket.status.after_customer_message(), None),
        Author::Staff(staff) => (ticket.status.after_staff_message(), Some(staff)),
        Author::Desk => (ticket.status, ticket.last_replier),
    };
    match bearing {
        Bearing::Counts(status) => tx.ticket_answered(ticket.id, status.unwrap_or(after), last_replier, now)?,
        Bearing::Silent => tx.ticket_annotated(ticket.id)?,
    }
    Ok(message)
}

/// Adds an internal note; nobody is told and nothing else changes.
///
/// # Errors
/// Those of the database.
pub fn note(tx: &WriteTx<'_>, ticket: TicketId, author: Author, text: &str, now: Timestamp) -> Result<MessageId> {
    annotate(tx, ticket, &Post { author, text: Text::Plain(text), full_text: "", mail_html: "", attachments: &[] }, now)
}

/// Adds an internal note with all of a post; nobody is told and nothing else changes.
///
/// # Errors
/// Those of the database.
pub fn annotate(tx: &WriteTx<'_>, ticket: TicketId, post: &Post<'_>, now: Timestamp) -> Result<MessageId> {
    add(tx, ticket, (post, Visibility::Internal), now)
}

fn add_post(tx: &WriteTx<'_>, ticket: TicketId, post: &Post<'_>, now: Timestamp) -> Result<MessageId> {
    add(tx, ticket, (post, Visibility::Public), now)
}

fn add(
    tx: &WriteTx<'_>,
    ticket: TicketId,
    (post, visibility): (&Post<'_>, Visibility),
    now: Timestamp,
) -> Result<MessageId> {
    let new = NewMessage {
        ticket,
        author: post.author,
        visibility,
        text: post.text,
        full_text: post.full_text,
        mail_html: post.mail_html,
    };
    let message = tx.add_message(&new, now)?;
    for attachment in post.attachments {
        tx.add_attachment(ticket, message, attachment)?;
    }
    Ok(message)
}
