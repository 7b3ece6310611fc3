//! Tickets, messages, notes and attachments as imported.

use super::Placed;
use crate::domain::{AttachmentId, MessageId, TicketId, Timestamp};
use crate::store::{ReadTx, Result, WriteTx};

/// A ticket with its id.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the columns of schema.sql, where each is explained
pub struct ImportedTicket {
    pub id: i64,
    pub department: i64,
    pub customer: i64,
    pub priority: i64,
    pub subject: String,
    pub status: i64,
    pub created_at: Timestamp,
    pub last_update_at: Timestamp,
    pub closed_at: Timestamp,
    pub replies: i64,
    /// A JSON list of [title, value].
    pub custom_fields: String,
}

/// A message with its id.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the columns of schema.sql
pub struct ImportedMessage {
    pub id: i64,
    pub ticket: i64,
    pub created_at: Timestamp,
    /// 0: the ticket's customer wrote it.
    pub staff: Option<i64>,
    pub body: String,
    pub is_html: bool,
    pub ip: String,
    pub is_email: bool,
}

/// A note; it gets the next free id of messages.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the columns of schema.sql
pub struct ImportedNote {
    pub ticket: i64,
    pub created_at: Timestamp,
    pub staff: i64,
    pub text: String,
}

/// A file with the id of its row.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // the columns of schema.sql
pub struct ImportedAttachment {
    pub id: i64,
    /// Where HelpDeskZ says it belongs.
    pub home: Home,
    pub name: String,
    pub original_name: String,
    pub content_type: String,
    pub content: Vec<u8>,
}

/// Where an attachment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the columns of schema.sql
pub struct Home {
    pub ticket: Option<TicketId>,
    pub message: Option<MessageId>,
    pub article: Option<i64>,
}

impl ReadTx<'_> {
    /// Whether there is a ticket with that id.
    pub fn has_ticket(&self, id: i64) -> Result<bool> {
        Ok(self.number("SELECT count(*) FROM ticket WHERE id = $1", [id])? > 0)
    }

    /// Whether there is a department with that id.
    pub fn has_department(&self, id: i64) -> Result<bool> {
        Ok(self.number("SELECT count(*) FROM department WHERE id = $1", [id])? > 0)
    }

    /// Whether there is an article with that id.
    pub fn has_article(&self, id: i64) -> Result<bool> {
        Ok(self.number("SELECT count(*) FROM article WHERE id = $1", [id])? > 0)
    }

    /// The ticket of a message.
    pub fn ticket_of_message(&self, id: MessageId) -> Result<Option<TicketId>> {
        self.one("SELECT ticket_id FROM message WHERE id = $1", [id.get()], |row| Ok(TicketId::new(row.get(0)?)))
    }

    /// Whether there is an attachment with that id.
    pub fn has_attachment(&self, id: AttachmentId) -> Result<bool> {
        Ok(self.number("SELECT count(*) FROM attachment WHERE id = $1", [id.get()])? > 0)
    }
}

impl WriteTx<'_> {
    /// Places a ticket.
    pub fn place_ticket(&self, new: &ImportedTicket) -> Result<Placed> {
        let created = self.one("SELECT created_at FROM ticket WHERE id = $1", [new.id], |row| row.get::<i64>(0))?;
        if let Some(created) = created {
            return Ok(if created == new.created_at.unix() { Placed::Known } else { Placed::Taken });
        }
        self.run(
            "INSERT INTO ticket (id, department_id, customer_id, priority, subject, status, created_at, last_update_at, \
             closed_at, replies, custom_fields) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            (
                new.id,
                new.department,
                new.customer,
                new.priority,
                &new.subject,
                new.status,
                new.created_at.unix(),
                new.last_update_at.unix(),
                new.closed_at.unix(),
                new.replies,
                &new.custom_fields,
            ),
        )?;
        Ok(Placed::Added)
    }

    /// Adds a message; `None` when its ticket is not there.
    pub fn place_message(&self, new: &ImportedMessage) -> Result<Option<Placed>> {
        let created = self.one("SELECT created_at FROM message WHERE id = $1", [new.id], |row| row.get::<i64>(0))?;
        if let Some(created) = created {
            return Ok(Some(if created == new.created_at.unix() { Placed::Known } else { Placed::Taken }));
        }
        let customer =
            self.one("SELECT customer_id FROM ticket WHERE id = $1", [new.ticket], |row| row.get::<i64>(0))?;
        let Some(customer) = customer else { return Ok(None) };
        self.run(
            "INSERT INTO message (id, ticket_id, created_at, author, staff_id, customer_id, body, is_html, ip, is_email) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            (
                new.id,
                new.ticket,
                new.created_at.unix(),
                i64::from(new.staff.is_some()),
                new.staff.unwrap_or(0),
                if new.staff.is_some() { 0 } else { customer },
                &new.body,
                new.is_html,
                &new.ip,
                new.is_email,
            ),
        )?;
        Ok(Some(Placed::Added))
    }

    /// Adds a note; `None` when its ticket is not there. The same words by the same person in the
    /// same second are the same note.
    pub fn place_note(&self, new: &ImportedNote) -> Result<Option<Placed>> {
        if !self.has_ticket(new.ticket)? {
            return Ok(None);
        }
        let known = self.number(
            "SELECT count(*) FROM message \
             WHERE ticket_id = $1 AND is_internal = 1 AND created_at = $2 AND staff_id = $3 AND body = $4",
            (new.ticket, new.created_at.unix(), new.staff, &new.text),
        )?;
        if known > 0 {
            return Ok(Some(Placed::Known));
        }
        self.insert(
            "INSERT INTO message (ticket_id, created_at, author, staff_id, is_internal, body, is_html, is_email) \
             VALUES ($1, $2, 1, $3, 1, $4, 0, 0)",
            (new.ticket, new.created_at.unix(), new.staff, &new.text),
        )?;
        Ok(Some(Placed::Added))
    }

    /// Adds an attachment with its bytes; equal contents are stored once.
    pub fn place_attachment(&self, new: &ImportedAttachment, home: Home) -> Result<Placed> {
        if self.has_attachment(AttachmentId::new(new.id))? {
            return Ok(Placed::Known);
        }
        let content = self.add_content(&new.content)?;
        self.run(
            "INSERT INTO attachment (id, ticket_id, message_id, article_id, name, original_name, content_type, bytes, \
             content_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            (
                &new.id,
                home.ticket.map_or(0, TicketId::get),
                home.message.map_or(0, MessageId::get),
                home.article.unwrap_or(0),
                &new.name,
                &new.original_name,
                &new.content_type,
                i64::try_from(new.content.len()).unwrap_or(i64::MAX),
                content,
            ),
        )?;
        Ok(Placed::Added)
    }

    /// Makes the author of the latest message the last replier of each of the next `count` tickets with
    /// an id above `after`; returns the highest of them, `None` after the last.
    pub fn derive_last_repliers(&self, after: i64, count: i64) -> Result<Option<i64>> {
        let last = self.one(
            "SELECT max(id) FROM (SELECT id FROM ticket WHERE id > $1 ORDER BY id LIMIT $2) AS next",
            (after, count),
            |row| row.get::<Option<i64>>(0),
        )?;
        let Some(last) = last.flatten() else { return Ok(None) };
        self.run(
            "UPDATE ticket SET last_replier = coalesce((SELECT staff_id FROM message \
             WHERE message.ticket_id = ticket.id AND is_internal = 0 ORDER BY created_at DESC, message.id DESC LIMIT 1), 0) \
             WHERE id > $1 AND id <= $2",
            (after, last),
        )?;
        Ok(Some(last))
    }
}
