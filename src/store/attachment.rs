//! Attachments as the API lists, reads and deletes them. Adding them is in `tickets`, beside the
//! messages they come with.

use super::columns::id_or_none;
use super::ticket::rows::TicketRows;
use super::{ReadTx, Result};
use crate::domain::{AttachmentId, MessageId, TicketId};

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

fn line(row: &rusqlite::Row<'_>) -> rusqlite::Result<AttachmentLine> {
    Ok(AttachmentLine {
        id: AttachmentId::new(row.get(0)?),
        name: row.get(1)?,
        content_type: row.get(2)?,
        message: id_or_none(row.get(3)?, MessageId::new),
        bytes: row.get(4)?,
        ticket: row.get::<_, Option<i64>>(5)?.filter(|id| *id > 0).map(TicketId::new),
    })
}

impl ReadTx<'_> {
    /// Every attachment by id. HelpDeskZ's list has no pages, so this is the whole table.
    ///
    /// # Errors
    /// Those of the database, here and in every verb of this file.
    pub fn all_attachments(&self) -> Result<Vec<AttachmentLine>> {
        self.all("SELECT id, name, content_type, message_id, bytes, ticket_id FROM attachment ORDER BY id", [], line)
    }

    /// The attachments of a message by id.
    ///
    /// # Errors
    /// Those of the database.
    pub fn attachments_of_message(&self, id: MessageId) -> Result<Vec<AttachmentLine>> {
        self.all(
            "SELECT id, name, content_type, message_id, bytes, ticket_id FROM attachment WHERE message_id = $1 ORDER BY id",
            [id.get()],
            line,
        )
    }

    /// The attachments of a ticket by id, as a list.
    ///
    /// # Errors
    /// Those of the database.
    pub fn attachment_lines_of_ticket(&self, id: TicketId) -> Result<Vec<AttachmentLine>> {
        self.all(
            "SELECT id, name, content_type, message_id, bytes, ticket_id FROM attachment WHERE ticket_id = $1 ORDER BY id",
            [id.get()],
            line,
        )
    }

    /// An attachment.
    ///
    /// # Errors
    /// Those of the database.
    pub fn attachment_line(&self, id: AttachmentId) -> Result<Option<AttachmentLine>> {
        self.one(
            "SELECT id, name, content_type, message_id, bytes, ticket_id FROM attachment WHERE id = $1",
            [id.get()],
            line,
        )
    }

    /// An attachment's bytes; `None` when the file was gone when it was imported.
    ///
    /// # Errors
    /// Those of the database.
    pub fn attachment_content(&self, id: AttachmentId) -> Result<Option<Vec<u8>>> {
        self.one(
            "SELECT content.data FROM attachment JOIN content ON content.id = attachment.content_id \
             WHERE attachment.id = $1",
            [id.get()],
            |row| row.get(0),
        )
    }
}

/// Changes that reach into tickets.
impl TicketRows<'_> {
    /// Removes an attachment, and its bytes when no other has them; says whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn remove_attachment(&self, id: AttachmentId) -> Result<bool> {
        Ok(self.run("DELETE FROM attachment WHERE id = $1", [id.get()])? > 0)
    }
}
