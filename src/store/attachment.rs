//! Attachments: keeping files with messages, listing and removing them, and their bytes, which are stored once each.

use sha2::{Digest, Sha256};

use super::columns::id_or_none;
use super::ticket::TicketRows;
use super::{ReadTx, Result, WriteTx};
use crate::domain::{AttachmentId, MessageId, TicketId};
use crate::store::engine::Row;

/// A line of a list of attachments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentLine {
    /// Id.
    pub id: AttachmentId,
    /// Safe name.
    pub name: String,
    /// `type/subtype`.
    pub content_type: String,
    /// Its ticket; none for an article's file.
    pub ticket: Option<TicketId>,
    /// Its message; none when that is gone.
    pub message: Option<MessageId>,
    /// Size in bytes.
    pub bytes: i64,
}

fn line(row: &Row<'_>) -> Result<AttachmentLine> {
    Ok(AttachmentLine {
        id: AttachmentId::new(row.get(0)?),
        name: row.get(1)?,
        content_type: row.get(2)?,
        message: id_or_none(row.get(3)?, MessageId::new),
        bytes: row.get(4)?,
        ticket: row.get::<Option<i64>>(5)?.filter(|id| *id > 0).map(TicketId::new),
    })
}

/// A file to keep with a message.
#[derive(Clone, Debug)]
pub struct NewAttachment<'a> {
    /// Safe name.
    pub name: &'a str,
    /// The sender's name for it.
    pub original_name: &'a str,
    /// `type/subtype`.
    pub content_type: &'a str,
    /// The bytes.
    pub content: &'a [u8],
    /// Content-ID, empty for none.
    pub cid: &'a str,
    /// Shown inside the message.
    pub is_inline: bool,
}

/// An attachment's row, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Id.
    pub id: AttachmentId,
    /// Its ticket; none for an article's.
    pub ticket: Option<TicketId>,
    /// Its message; none when that is gone.
    pub message: Option<MessageId>,
    /// Safe name.
    pub name: String,
    /// The sender's name for it.
    pub original_name: String,
    /// `type/subtype`.
    pub content_type: String,
    /// Size in bytes.
    pub bytes: i64,
    /// Shown inside the message.
    pub is_inline: bool,
    /// Content-ID, empty for none.
    pub cid: String,
}

fn attachment(row: &Row<'_>) -> Result<Attachment> {
    Ok(Attachment {
        id: AttachmentId::new(row.get(0)?),
        ticket: id_or_none(row.get(1)?, TicketId::new),
        message: id_or_none(row.get(2)?, MessageId::new),
        name: row.get(3)?,
        original_name: row.get(4)?,
        content_type: row.get(5)?,
        bytes: row.get(6)?,
        is_inline: row.get(7)?,
        cid: row.get(8)?,
    })
}

/// A file of a message that may be attached to a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFile {
    /// Safe name.
    pub name: String,
    /// `type/subtype`.
    pub content_type: String,
    /// Size in bytes.
    pub bytes: i64,
    /// Where its bytes are, for [`ReadTx::file_content`].
    pub content: i64,
}

impl ReadTx<'_> {
    /// Every attachment by id. HelpDeskZ's list has no pages, so this is the whole table.
    pub fn all_attachments(&self) -> Result<Vec<AttachmentLine>> {
        self.all("SELECT id, name, content_type, message_id, bytes, ticket_id FROM attachment ORDER BY id", [], line)
    }

    /// The attachments of a message by id.
    pub fn attachments_of_message(&self, id: MessageId) -> Result<Vec<AttachmentLine>> {
        self.all(
            "SELECT id, name, content_type, message_id, bytes, ticket_id FROM attachment WHERE message_id = $1 ORDER BY id",
            [id.get()],
            line,
        )
    }

    /// The attachments of a ticket by id, as a list.
    pub fn attachment_lines_of_ticket(&self, id: TicketId) -> Result<Vec<AttachmentLine>> {
        self.all(
            "SELECT id, name, content_type, message_id, bytes, ticket_id FROM attachment WHERE ticket_id = $1 ORDER BY id",
            [id.get()],
            line,
        )
    }

    /// An attachment.
    pub fn attachment_line(&self, id: AttachmentId) -> Result<Option<AttachmentLine>> {
        self.one(
            "SELECT id, name, content_type, message_id, bytes, ticket_id FROM attachment WHERE id = $1",
            [id.get()],
            line,
        )
    }

    /// An attachment's bytes; `None` when the file was gone when it was imported.
    pub fn attachment_content(&self, id: AttachmentId) -> Result<Option<Vec<u8>>> {
        self.one(
            "SELECT content.data FROM attachment JOIN content ON content.id = attachment.content_id \
             WHERE attachment.id = $1",
            [id.get()],
            |row| row.get(0),
        )
    }

    /// A piece of an attachment's bytes, from byte `from` on; empty behind their end, or when they are gone.
    pub fn attachment_piece(&self, id: AttachmentId, from: i64) -> Result<Vec<u8>> {
        // By the attachment, whose id is never used twice: its content's could be another's by now.
        let content: Option<i64> =
            self.one("SELECT content_id FROM attachment WHERE id = $1 AND content_id > 0", [id.get()], |row| {
                row.get(0)
            })?;
        content.map_or_else(|| Ok(Vec::new()), |content| self.link.piece_of_content(content, from))
    }

    /// Every attachment of a ticket by id.
    pub fn attachments_of_ticket(&self, id: TicketId) -> Result<Vec<Attachment>> {
        self.all(
            "SELECT id, ticket_id, message_id, name, original_name, content_type, bytes, is_inline, cid \
             FROM attachment WHERE ticket_id = $1 ORDER BY id",
            [id.get()],
            attachment,
        )
    }

    /// The files of a message, by id, without those whose bytes were gone when it was imported.
    pub fn files_of_message(&self, id: MessageId) -> Result<Vec<MessageFile>> {
        self.all(
            "SELECT name, content_type, bytes, content_id FROM attachment WHERE message_id = $1 AND content_id > 0 ORDER BY id",
            [id.get()],
            |row| {
                Ok(MessageFile { name: row.get(0)?, content_type: row.get(1)?, bytes: row.get(2)?, content: row.get(3)? })
            },
        )
    }

    /// The bytes of a file.
    pub fn file_content(&self, content: i64) -> Result<Option<Vec<u8>>> {
        self.one("SELECT data FROM content WHERE id = $1", [content], |row| row.get(0))
    }
}

impl WriteTx<'_> {
    pub(in crate::store) fn add_content(&self, data: &[u8]) -> Result<i64> {
        let sha256: [u8; 32] = Sha256::digest(data).into();
        if let Some(known) = self.one("SELECT id FROM content WHERE sha256 = $1", [&sha256[..]], |row| row.get(0))? {
            return Ok(known);
        }
        let bytes = i64::try_from(data.len()).unwrap_or(i64::MAX);
        let id = self.insert(
            "INSERT INTO content (sha256, bytes, data) VALUES ($1, $2, $3)",
            (&sha256[..], bytes, self.link.room_for(data)),
        )?;
        self.fill("content", id, data)?;
        Ok(id)
    }
}

/// Changes that reach into tickets.
impl TicketRows<'_> {
    /// Removes an attachment, and its bytes when no other has them; says whether there was one.
    pub fn remove_attachment(&self, id: AttachmentId) -> Result<bool> {
        Ok(self.run("DELETE FROM attachment WHERE id = $1", [id.get()])? > 0)
    }

    /// Keeps a file with a message; equal contents are stored once.
    pub fn add_attachment(
        &self,
        ticket: TicketId,
        message: MessageId,
        new: &NewAttachment<'_>,
    ) -> Result<AttachmentId> {
        let content = self.add_content(new.content)?;
        let bytes = i64::try_from(new.content.len()).unwrap_or(i64::MAX);
        let id = self.insert(
            "INSERT INTO attachment (ticket_id, message_id, name, original_name, content_type, bytes, content_id, cid, \
             is_inline) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            (
                ticket.get(),
                message.get(),
                new.name,
                new.original_name,
                new.content_type,
                bytes,
                content,
                new.cid,
                new.is_inline,
            ),
        )?;
        Ok(AttachmentId::new(id))
    }
}
