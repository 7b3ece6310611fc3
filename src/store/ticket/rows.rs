//! Tickets, their messages and attachments, and the ids that mail threads hang on.

use rusqlite::Row;
use sha2::{Digest, Sha256};

use crate::domain::{
    AddressId, AttachmentId, Author, DepartmentId, EmailAddress, MessageId, StaffId, Status, TicketId, Timestamp,
    UserId,
};
use crate::store::columns::id_or_none;
use crate::store::{INLINE_BLOB_BYTES_MAX, ReadTx, Result, WriteTx};

/// Merges followed from one ticket to the next before giving up. Chosen: nobody merges a hundred
/// times, and a ring (which cannot be made) would end here.
const MERGES_FOLLOWED_MAX: usize = 100;

/// A ticket's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Id.
    pub id: TicketId,
    /// Its department.
    pub department: DepartmentId,
    /// Its customer.
    pub customer: UserId,
    /// Subject, as given.
    pub subject: String,
    /// Status.
    pub status: Status,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Last message or change by people.
    pub last_update_at: Timestamp,
    /// When it was closed last; 0 never.
    pub closed_at: Timestamp,
    /// Messages after the first.
    pub replies: i64,
    /// The staff member who wrote last; none when the customer did.
    pub last_replier: Option<StaffId>,
    /// Who it is assigned to.
    pub staff: Option<StaffId>,
    /// Where it was merged into.
    pub merged_into: Option<TicketId>,
    /// The address its mail came to.
    pub address: Option<AddressId>,
    /// Where answers go in place of the customer's address; empty = there.
    pub reply_to: String,
}

/// What it takes to open a ticket.
#[derive(Clone, Debug)]
pub struct NewTicket<'a> {
    /// Department.
    pub department: DepartmentId,
    /// Customer.
    pub customer: UserId,
    /// Subject, at most 255 characters where HelpDeskZ's API made it.
    pub subject: &'a str,
    /// The desk's address it came in by, if by mail.
    pub address: Option<AddressId>,
    /// Where answers go in place of the customer's address.
    pub reply_to: Option<&'a EmailAddress>,
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

/// What it takes to add a message.
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
    /// The whole text of the mail, where it is more than `text`.
    pub full_text: &'a str,
    /// The sanitised HTML of the mail.
    pub mail_html: &'a str,
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
    /// The whole text of the mail; empty when `body` is all.
    pub full_text: String,
    /// The sanitised HTML of the mail; empty when none.
    pub mail_html: String,
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

fn ticket(row: &Row<'_>) -> rusqlite::Result<Ticket> {
    Ok(Ticket {
        id: TicketId::new(row.get(0)?),
        department: DepartmentId::new(row.get(1)?),
        customer: UserId::new(row.get(2)?),
        subject: row.get(3)?,
        status: status(row.get(4)?)?,
        created_at: Timestamp::from_unix(row.get(5)?),
        last_update_at: Timestamp::from_unix(row.get(6)?),
        closed_at: Timestamp::from_unix(row.get(7)?),
        replies: row.get(8)?,
        last_replier: id_or_none(row.get(9)?, StaffId::new),
        staff: row.get::<_, Option<i64>>(10)?.map(StaffId::new),
        merged_into: row.get::<_, Option<i64>>(11)?.map(TicketId::new),
        address: row.get::<_, Option<i64>>(12)?.map(AddressId::new),
        reply_to: row.get(13)?,
    })
}

pub(in crate::store) fn status(number: i64) -> rusqlite::Result<Status> {
    // The column's CHECK allows 1 to 5 only, so this is a damaged row.
    Status::from_number(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, number))
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let (staff, customer): (i64, i64) = (row.get(3)?, row.get(4)?);
    Ok(Message {
        id: MessageId::new(row.get(0)?),
        created_at: Timestamp::from_unix(row.get(1)?),
        author: match row.get(2)? {
            1 => Author::Staff(StaffId::new(staff)),
            2 => Author::Desk,
            _ => Author::Customer(UserId::new(customer)),
        },
        is_internal: row.get(5)?,
        body: row.get(6)?,
        is_html: row.get(7)?,
        full_text: row.get(8)?,
        mail_html: row.get(9)?,
    })
}

fn attachment(row: &Row<'_>) -> rusqlite::Result<Attachment> {
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

/// Reading.
impl ReadTx<'_> {
    /// The ticket with that id.
    ///
    /// # Errors
    /// Those of the database, here and in every verb of this file.
    pub fn ticket(&self, id: TicketId) -> Result<Option<Ticket>> {
        self.one(
            "SELECT id, department_id, customer_id, subject, status, created_at, last_update_at, closed_at, replies, \
             last_replier, staff_id, merged_into, address_id, reply_to FROM ticket WHERE id = $1",
            [id.get()],
            ticket,
        )
    }

    /// The ticket with that id, or the one it was merged into.
    ///
    /// # Errors
    /// Those of the database.
    pub fn ticket_after_merges(&self, id: TicketId) -> Result<Option<Ticket>> {
        let mut found = self.ticket(id)?;
        for _ in 0..MERGES_FOLLOWED_MAX {
            match found.as_ref().and_then(|t| t.merged_into) {
                Some(next) => found = self.ticket(next)?,
                None => break,
            }
        }
        Ok(found)
    }

    /// The tickets whose mail has or names that Message-ID (without brackets), newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub fn tickets_of_thread_id(&self, message_id: &str) -> Result<Vec<TicketId>> {
        self.all("SELECT ticket_id FROM thread_id WHERE message_id = $1 ORDER BY ticket_id DESC", [message_id], |row| {
            Ok(TicketId::new(row.get(0)?))
        })
    }

    /// The addresses that were given a reply token for the ticket.
    ///
    /// # Errors
    /// Those of the database.
    pub fn token_holders(&self, id: TicketId) -> Result<Vec<String>> {
        self.all("SELECT email FROM token_holder WHERE ticket_id = $1", [id.get()], |row| row.get(0))
    }

    /// Every message of a ticket by date, notes included.
    ///
    /// # Errors
    /// Those of the database.
    pub fn messages(&self, id: TicketId) -> Result<Vec<Message>> {
        self.all(
            "SELECT id, created_at, author, staff_id, customer_id, is_internal, body, is_html, full_text, mail_html \
             FROM message WHERE ticket_id = $1 ORDER BY created_at, id",
            [id.get()],
            message,
        )
    }

    /// Every attachment of a ticket by id.
    ///
    /// # Errors
    /// Those of the database.
    pub fn attachments_of_ticket(&self, id: TicketId) -> Result<Vec<Attachment>> {
        self.all(
            "SELECT id, ticket_id, message_id, name, original_name, content_type, bytes, is_inline, cid \
             FROM attachment WHERE ticket_id = $1 ORDER BY id",
            [id.get()],
            attachment,
        )
    }

    /// Tickets linked with this one, either way.
    ///
    /// # Errors
    /// Those of the database.
    pub fn linked_tickets(&self, id: TicketId) -> Result<Vec<TicketId>> {
        self.all(
            "SELECT other_id FROM ticket_link WHERE ticket_id = $1 \
             UNION SELECT ticket_id FROM ticket_link WHERE other_id = $1 ORDER BY 1",
            [id.get()],
            |row| Ok(TicketId::new(row.get(0)?)),
        )
    }

    /// Our other addresses that mail of the ticket also went to.
    ///
    /// # Errors
    /// Those of the database.
    pub fn addresses_seen(&self, id: TicketId) -> Result<Vec<String>> {
        self.all("SELECT email FROM ticket_address_seen WHERE ticket_id = $1 ORDER BY email", [id.get()], |row| {
            row.get(0)
        })
    }

    /// The kept number of rows of a kind (see `row_count` in schema.sql).
    ///
    /// # Errors
    /// Those of the database.
    pub fn row_count(&self, kind: i64, value: i64) -> Result<i64> {
        self.number("SELECT n FROM row_count WHERE kind = $1 AND value = $2 AND bucket = -1", (kind, value))
    }
}

/// The verbs that change tickets, apart from the others so that a test can see who calls them: only
/// [`crate::desk`], which couples each change with its notices and its event.
#[derive(Clone, Copy, Debug)]
pub struct TicketRows<'a>(&'a WriteTx<'a>);

impl<'a> std::ops::Deref for TicketRows<'a> {
    type Target = WriteTx<'a>;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl WriteTx<'_> {
    /// The verbs that change tickets.
    #[must_use]
    pub const fn ticket_rows(&self) -> TicketRows<'_> {
        TicketRows(self)
    }
}

/// Changing.
impl TicketRows<'_> {
    /// Opens a ticket without messages.
    ///
    /// # Errors
    /// Those of the database.
    pub fn add_ticket(&self, new: &NewTicket<'_>, now: Timestamp) -> Result<TicketId> {
        let id = self.insert(
            "INSERT INTO ticket (department_id, customer_id, subject, created_at, last_update_at, address_id, reply_to) \
             VALUES ($1, $2, $3, $4, $4, $5, $6)",
            (
                new.department.get(),
                new.customer.get(),
                new.subject,
                now.unix(),
                new.address.map(AddressId::get),
                new.reply_to.map_or("", EmailAddress::as_str),
            ),
        )?;
        Ok(TicketId::new(id))
    }

    /// Adds a message row; the ticket's status and numbers are [`crate::desk`]'s business.
    ///
    /// # Errors
    /// Those of the database.
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
             full_text, mail_html) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            (
                new.ticket.get(),
                now.unix(),
                author,
                staff,
                customer,
                new.visibility == Visibility::Internal,
                body,
                is_html,
                if new.full_text == body { "" } else { new.full_text },
                new.mail_html,
            ),
        )?;
        Ok(MessageId::new(id))
    }

    /// Writes what a public message changes on its ticket: status, reply count, last writer, time.
    ///
    /// # Errors
    /// Those of the database.
    pub fn ticket_answered(
        &self,
        id: TicketId,
        status: Status,
        last_replier: Option<StaffId>,
        now: Timestamp,
    ) -> Result<()> {
        self.run(
            "UPDATE ticket SET replies = replies + 1, status = $1, last_replier = $2, \
             last_update_at = max(last_update_at, $3), closed_at = CASE WHEN $1 = 5 AND status <> 5 THEN $3 ELSE closed_at END WHERE id = $4",
            (status.number(), last_replier.map_or(0, StaffId::get), now.unix(), id.get()),
        )?;
        Ok(())
    }

    /// Counts a machine's message that changes neither status nor time.
    ///
    /// # Errors
    /// Those of the database.
    pub fn ticket_annotated(&self, id: TicketId) -> Result<()> {
        self.run("UPDATE ticket SET replies = replies + 1 WHERE id = $1", [id.get()])?;
        Ok(())
    }

    /// Sets a ticket's status; closing notes the time.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_status(&self, id: TicketId, status: Status, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE ticket SET closed_at = CASE WHEN $1 = 5 AND status <> 5 THEN $2 ELSE closed_at END, status = $1 \
             WHERE id = $3",
            (status.number(), now.unix(), id.get()),
        )?;
        Ok(())
    }

    /// Moves a ticket to another department.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_ticket_department(&self, id: TicketId, department: DepartmentId) -> Result<()> {
        self.run("UPDATE ticket SET department_id = $1 WHERE id = $2", (department.get(), id.get()))?;
        Ok(())
    }

    /// Writes who wrote last on a ticket that was opened by staff.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_last_replier(&self, id: TicketId, staff: StaffId) -> Result<()> {
        self.run("UPDATE ticket SET last_replier = $1 WHERE id = $2", (staff.get(), id.get()))?;
        Ok(())
    }

    /// Assigns a ticket.
    ///
    /// # Errors
    /// Those of the database.
    pub fn assign_ticket(&self, id: TicketId, staff: StaffId) -> Result<()> {
        self.run("UPDATE ticket SET staff_id = $1 WHERE id = $2", (staff.get(), id.get()))?;
        Ok(())
    }

    /// Sets where answers go in place of the customer's address.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_reply_to(&self, id: TicketId, reply_to: &EmailAddress) -> Result<()> {
        self.run("UPDATE ticket SET reply_to = $1 WHERE id = $2", (reply_to.as_str(), id.get()))?;
        Ok(())
    }

    /// Removes a ticket with its messages and attachments; says whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn remove_ticket(&self, id: TicketId) -> Result<bool> {
        Ok(self.run("DELETE FROM ticket WHERE id = $1", [id.get()])? > 0)
    }

    /// Links two tickets.
    ///
    /// # Errors
    /// Those of the database.
    pub fn link_tickets(&self, id: TicketId, other: TicketId) -> Result<()> {
        self.run(
            "INSERT INTO ticket_link (ticket_id, other_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            (id.get(), other.get()),
        )?;
        Ok(())
    }

    /// Notes another address of ours that the ticket's mail went to; says whether it is a new one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn note_address_seen(&self, id: TicketId, email: &str) -> Result<bool> {
        let added = self.run(
            "INSERT INTO ticket_address_seen (ticket_id, email) SELECT $1, $2 WHERE EXISTS (SELECT 1 FROM ticket WHERE id = $1) \
             ON CONFLICT DO NOTHING",
            (id.get(), email),
        )?;
        Ok(added > 0)
    }

    /// Keeps a file with a message; equal contents are stored once.
    ///
    /// # Errors
    /// Those of the database.
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

/// Book-keeping beside tickets: who was given a token, which Message-IDs belong where, contents of files.
impl WriteTx<'_> {
    /// Remembers that an address was given a reply token for the ticket.
    ///
    /// # Errors
    /// Those of the database.
    pub fn note_token_holder(&self, id: TicketId, email: &EmailAddress) -> Result<()> {
        self.run(
            "INSERT INTO token_holder (ticket_id, email) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            (id.get(), email.as_str()),
        )?;
        Ok(())
    }

    /// Ties a Message-ID (without brackets) to a ticket, behind those it has. Call it in the order
    /// of the thread: References of outgoing mail follow it.
    ///
    /// # Errors
    /// Those of the database.
    pub fn note_thread_id(&self, id: TicketId, message_id: &str) -> Result<()> {
        self.run(
            "INSERT INTO thread_id (message_id, ticket_id, position) \
             SELECT $1, $2, coalesce(max(position), 0) + 1 FROM thread_id WHERE ticket_id = $2 ON CONFLICT DO NOTHING",
            (message_id, id.get()),
        )?;
        Ok(())
    }

    pub(in crate::store) fn add_content(&self, data: &[u8]) -> Result<i64> {
        let sha256: [u8; 32] = Sha256::digest(data).into();
        if let Some(known) = self.one("SELECT id FROM content WHERE sha256 = $1", [&sha256[..]], |row| row.get(0))? {
            return Ok(known);
        }
        let bytes = i64::try_from(data.len()).unwrap_or(i64::MAX);
        if data.len() <= INLINE_BLOB_BYTES_MAX {
            return self
                .insert("INSERT INTO content (sha256, bytes, data) VALUES ($1, $2, $3)", (&sha256[..], bytes, data));
        }
        let id = self
            .insert("INSERT INTO content (sha256, bytes, data) VALUES ($1, $2, zeroblob($2))", (&sha256[..], bytes))?;
        self.fill_blob("content", "data", id, data)?;
        Ok(id)
    }
}
