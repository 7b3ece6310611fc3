//! Messages of tickets, and notes: writing them, all of a ticket, pages of the public ones.

use super::row_count::Window;
use super::ticket::TicketRows;
use super::{ReadTx, Result};
use crate::domain::{Author, MessageId, StaffId, TicketId, Timestamp, UserId};
use crate::store::engine::Row;

/// A message as far as mail about it needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageText {
    /// Its writer.
    pub author: Author,
    /// What is shown.
    pub body: String,
    /// Whether `body` is sanitised HTML.
    pub is_html: bool,
}

/// Who sees a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Customer and staff.
    Public,
    /// Staff only: a note.
    Internal,
}

/// What a message says.
#[derive(Clone, Copy, Debug)]
pub enum Text<'a> {
    /// Plain text, escaped when it leaves as HTML.
    Plain(&'a str),
    /// Sanitised HTML.
    Html(&'a str),
}

/// A message to add.
#[derive(Clone, Debug)]
pub struct NewMessage<'a> {
    /// Its ticket.
    pub ticket: TicketId,
    /// Its writer.
    pub author: Author,
    /// Who sees it.
    pub visibility: Visibility,
    /// What is shown.
    pub text: Text<'a>,
    /// What the mail's writer typed, where it is less than `text`; else empty.
    pub reply_text: &'a str,
    /// The whole text of the mail, where it is more than `text`.
    pub full_text: &'a str,
    /// The sanitised HTML of the mail.
    pub mail_html: &'a str,
}

/// The texts of a mail that is a message.
#[derive(Clone, Copy, Debug)]
pub struct MessageTexts<'a> {
    /// What is shown.
    pub body: &'a str,
    /// What its writer typed.
    pub reply_text: &'a str,
    /// The whole text.
    pub full_text: &'a str,
    /// The sanitised HTML; empty for none.
    pub mail_html: &'a str,
}

/// A message's row, without the long texts of its mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Id.
    pub id: MessageId,
    /// When it was written or received.
    pub created_at: Timestamp,
    /// Its writer.
    pub author: Author,
    /// A note for staff.
    pub is_internal: bool,
    /// What is shown.
    pub body: String,
    /// Whether `body` is HTML.
    pub is_html: bool,
    /// What the mail's writer typed; empty when `body` is just that.
    pub reply_text: String,
    /// The whole text of the mail; empty when `body` is all.
    pub full_text: String,
    /// The sanitised HTML of the mail; empty when none.
    pub mail_html: String,
}

/// The writer of a message, of the columns `author, staff_id, customer_id` from that place on.
fn author(row: &Row<'_>, at: usize) -> Result<Author> {
    Ok(match row.get::<i64>(at)? {
        1 => Author::Staff(StaffId::new(row.get(at + 1)?)),
        2 => Author::Desk,
        _ => Author::Customer(UserId::new(row.get(at + 2)?)),
    })
}

/// A message whose columns `author, staff_id, customer_id, body, is_html` begin at that one.
pub(super) fn message_text_at(row: &Row<'_>, at: usize) -> Result<MessageText> {
    Ok(MessageText { author: author(row, at)?, body: row.get(at + 3)?, is_html: row.get(at + 4)? })
}

fn message(row: &Row<'_>) -> Result<Message> {
    Ok(Message {
        id: MessageId::new(row.get(0)?),
        created_at: Timestamp::from_unix(row.get(1)?),
        author: author(row, 2)?,
        is_internal: row.get(5)?,
        body: row.get(6)?,
        is_html: row.get(7)?,
        full_text: row.get(8)?,
        mail_html: row.get(9)?,
        reply_text: row.get(10)?,
    })
}

/// Longest whole text of a mail that comes along with a conversation, in characters. Chosen: what people read at once.
const FULL_TEXT_CHARS_MAX: i64 = 50_000;

/// A message as people read a conversation: the formatted mail is asked for on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech {
    /// Id.
    pub id: MessageId,
    /// When it was written or received.
    pub created_at: Timestamp,
    /// Its writer.
    pub author: Author,
    /// A note for staff.
    pub is_internal: bool,
    /// What is shown.
    pub body: String,
    /// Whether `body` is HTML.
    pub is_html: bool,
    /// The whole text of the mail; empty when `body` is all.
    pub full_text: String,
    /// Whether there is a formatted mail.
    pub has_mail_html: bool,
    /// Whether that has a picture or a table, which the text cannot show.
    pub has_more_than_text: bool,
    /// How many pictures of it would be fetched from elsewhere.
    pub remote_pictures: i64,
}

/// A public message as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageLine {
    /// Id.
    pub id: MessageId,
    /// When it was written or received.
    pub created_at: Timestamp,
    /// Its writer.
    pub author: Author,
    /// What is shown.
    pub body: String,
    /// Whether `body` is HTML.
    pub is_html: bool,
}

/// In which order messages are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

pub(super) const MESSAGES_UP: &str = "SELECT id, created_at, author, staff_id, customer_id, body, is_html FROM message \
     WHERE ticket_id = $1 AND is_internal = 0 ORDER BY created_at, id LIMIT $2 OFFSET $3";

pub(super) const MESSAGES_DOWN: &str = "SELECT id, created_at, author, staff_id, customer_id, body, is_html FROM message \
     WHERE ticket_id = $1 AND is_internal = 0 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3";

pub(super) const MESSAGES_COUNT: &str = "SELECT count(*) FROM message WHERE ticket_id = $1 AND is_internal = 0";

/// Reading.
impl ReadTx<'_> {
    /// A message's writer and text.
    pub fn message_text(&self, id: MessageId) -> Result<Option<MessageText>> {
        self.one("SELECT author, staff_id, customer_id, body, is_html FROM message WHERE id = $1", [id.get()], |row| {
            message_text_at(row, 0)
        })
    }

    /// A ticket's newest message that is not a note.
    pub fn newest_public_message(&self, ticket: TicketId) -> Result<Option<MessageId>> {
        self.one(
            "SELECT id FROM message WHERE ticket_id = $1 AND is_internal = 0 ORDER BY created_at DESC, id DESC LIMIT 1",
            [ticket.get()],
            |row| Ok(MessageId::new(row.get(0)?)),
        )
    }

    /// Every message of a ticket by date, notes included.
    pub fn messages(&self, id: TicketId) -> Result<Vec<Message>> {
        self.all(
            "SELECT id, created_at, author, staff_id, customer_id, is_internal, body, is_html, full_text, mail_html, \
             reply_text \
             FROM message WHERE ticket_id = $1 ORDER BY created_at, id",
            [id.get()],
            message,
        )
    }

    /// The newest messages of a ticket, public or not: what is shown, whether that is HTML, and the whole text of the
    /// mail where it is more.
    pub fn newest_texts(
        &self,
        id: TicketId,
        before: Option<MessageId>,
        count: i64,
    ) -> Result<Vec<(String, bool, String)>> {
        self.all(
            "SELECT body, is_html, full_text FROM message WHERE ticket_id = $1 AND id < $2 \
             ORDER BY created_at DESC, id DESC LIMIT $3",
            (id.get(), before.map_or(i64::MAX, MessageId::get), count),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
    }

    /// Whether there is such a message and customers may read it.
    pub(crate) fn is_public_message(&self, id: MessageId) -> Result<bool> {
        Ok(self.number("SELECT count(*) FROM message WHERE id = $1 AND is_internal = 0", [id.get()])? > 0)
    }

    /// The conversation of a ticket by date, notes included.
    pub fn speeches(&self, ticket: TicketId) -> Result<Vec<Speech>> {
        let sql = format!(
            "SELECT id, created_at, author, staff_id, customer_id, is_internal, body, is_html, \
             substr(full_text, 1, {FULL_TEXT_CHARS_MAX}), CASE WHEN mail_html = '' THEN 0 ELSE 1 END, \
             CASE WHEN mail_html LIKE '%<img %' OR mail_html LIKE '%<table%' THEN 1 ELSE 0 END, \
             (length(mail_html) - length(replace(mail_html, ' data-remote-src=', ''))) / 17 \
             FROM message WHERE ticket_id = $1 ORDER BY created_at, id"
        );
        self.all(&sql, [ticket.get()], |row| {
            Ok(Speech {
                id: MessageId::new(row.get(0)?),
                created_at: Timestamp::from_unix(row.get(1)?),
                author: author(row, 2)?,
                is_internal: row.get(5)?,
                body: row.get(6)?,
                is_html: row.get(7)?,
                full_text: row.get(8)?,
                has_mail_html: row.get(9)?,
                has_more_than_text: row.get(10)?,
                remote_pictures: row.get(11)?,
            })
        })
    }

    /// The ticket of a message, its formatted mail (empty when there is none), its text and whether that is HTML.
    pub fn message_mail(&self, id: MessageId) -> Result<Option<(TicketId, String, String, bool)>> {
        self.one("SELECT ticket_id, mail_html, body, is_html FROM message WHERE id = $1", [id.get()], |row| {
            Ok((TicketId::new(row.get(0)?), row.get(1)?, row.get(2)?, row.get(3)?))
        })
    }

    /// A message's ticket, all the text of its mail (else what is shown of it), and whether that is HTML.
    pub fn whole_text(&self, id: MessageId) -> Result<Option<(TicketId, String, bool)>> {
        self.one(
            "SELECT ticket_id, CASE WHEN full_text = '' THEN body ELSE full_text END, \
             CASE WHEN full_text = '' THEN is_html ELSE 0 END FROM message WHERE id = $1",
            [id.get()],
            |row| Ok((TicketId::new(row.get(0)?), row.get(1)?, row.get(2)?)),
        )
    }

    /// How many public messages a ticket has, and those of the window by date, then id.
    pub fn messages_page(&self, id: TicketId, order: Order, window: Window) -> Result<(i64, Vec<MessageLine>)> {
        let total = self.number(MESSAGES_COUNT, [id.get()])?;
        if window.offset >= total {
            return Ok((total, Vec::new()));
        }
        let sql = match order {
            Order::Ascending => MESSAGES_UP,
            Order::Descending => MESSAGES_DOWN,
        };
        let found = self.all(sql, (id.get(), window.size, window.offset), |row| {
            Ok(MessageLine {
                id: MessageId::new(row.get(0)?),
                created_at: Timestamp::from_unix(row.get(1)?),
                author: author(row, 2)?,
                body: row.get(5)?,
                is_html: row.get(6)?,
            })
        })?;
        Ok((total, found))
    }

    /// A ticket's first message, and the From address of the mail it came by; empty when it came
    /// otherwise.
    pub fn opening_of(&self, ticket: TicketId) -> Result<Option<(MessageId, String)>> {
        self.one(
            "SELECT message.id, coalesce((SELECT from_email FROM receipt WHERE ticket_id = $1 AND ticket_id > 0 \
             AND message_id = message.id ORDER BY id LIMIT 1), '') \
             FROM message WHERE message.ticket_id = $1 AND is_internal = 0 ORDER BY message.created_at, message.id LIMIT 1",
            [ticket.get()],
            |row| Ok((MessageId::new(row.get(0)?), row.get(1)?)),
        )
    }
}

/// A text that is kept beside the one that is shown: nothing where they differ in nothing but how they end.
fn only_if_other<'a>(text: &'a str, body: &str) -> &'a str {
    if text.trim_end() == body.trim_end() { "" } else { text }
}

impl TicketRows<'_> {
    /// Adds a message row; the ticket's status and counts are handled by [`crate::desk`].
    pub fn add_message(&self, new: &NewMessage<'_>, now: Timestamp) -> Result<MessageId> {
        let (author, staff, customer) = match new.author {
            Author::Customer(id) => (0, 0, id.get()),
            Author::Staff(id) => (1, id.get(), 0),
            Author::Desk => (2, 0, 0),
        };
        let (body, is_html) = match new.text {
            Text::Plain(text) => (text, false),
            Text::Html(html) => (html, true),
        };
        let id = self.insert(
            "INSERT INTO message (ticket_id, created_at, author, staff_id, customer_id, is_internal, body, is_html, \
             full_text, mail_html, reply_text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            (
                new.ticket.get(),
                now.unix(),
                author,
                staff,
                customer,
                new.visibility == Visibility::Internal,
                body,
                is_html,
                only_if_other(new.full_text, body),
                new.mail_html,
                only_if_other(new.reply_text, body),
            ),
        )?;
        Ok(MessageId::new(id))
    }

    /// Puts other texts in the place of a mail's.
    pub fn set_message_texts(&self, message: MessageId, texts: &MessageTexts<'_>) -> Result<()> {
        self.run(
            "UPDATE message SET body = $1, reply_text = $2, full_text = $3, mail_html = $4 WHERE id = $5",
            (
                texts.body,
                only_if_other(texts.reply_text, texts.body),
                only_if_other(texts.full_text, texts.body),
                texts.mail_html,
                message.get(),
            ),
        )?;
        Ok(())
    }

    /// Makes another customer the writer of a message.
    pub fn set_writer(&self, message: MessageId, customer: UserId) -> Result<()> {
        self.run("UPDATE message SET customer_id = $1 WHERE id = $2 AND author = 0", (customer.get(), message.get()))?;
        Ok(())
    }
}
