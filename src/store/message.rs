//! What writing a mail asks of the tables: who may send it, what the message says, who is to be told,
//! and its place in the ticket's thread. Queueing the finished mail is [`super::outbox`]'s.

use super::{ReadTx, Result, WriteTx};
use crate::domain::desk_address::Outgoing;
use crate::domain::{AddressId, Author, DepartmentId, EmailAddress, MessageId, StaffId, TicketId, Timestamp, UserId};

/// An address of the desk as a sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Id.
    pub id: AddressId,
    /// The address.
    pub email: String,
    /// The name in From.
    pub name: String,
    /// Its department.
    pub department: Option<DepartmentId>,
    /// It writes for departments without an address.
    pub is_default: bool,
    /// How mail leaves by it.
    pub outgoing: Outgoing,
    /// A plus-addressed test mail came back, so Reply-To may be a plus-address.
    pub has_plus: bool,
}

impl Sender {
    /// Whether mail leaves by this address at all.
    #[must_use]
    pub fn sends(&self) -> bool {
        self.outgoing != Outgoing::None
    }
}

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

/// A staff member who may have to be told of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffToNotify {
    /// Full name.
    pub fullname: String,
    /// Address.
    pub email: String,
    /// On-duty hours; empty: always.
    pub hours: String,
    /// Time zone of the hours.
    pub timezone: String,
}

/// A file of a message that may go along with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFile {
    /// Safe name.
    pub name: String,
    /// `type/subtype`.
    pub content_type: String,
    /// Size in bytes.
    pub bytes: i64,
    /// Where its bytes lie, for [`ReadTx::file_content`].
    pub content: i64,
}

/// A Message-ID of a ticket's thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadId {
    /// Without brackets.
    pub id: String,
    /// One recipient alone has that mail: ours, or what a staff member wrote to us.
    pub is_private: bool,
}

/// Reading.
impl ReadTx<'_> {
    /// Every address of the desk as a sender, by id.
    ///
    /// # Errors
    /// Those of the database.
    pub fn senders(&self) -> Result<Vec<Sender>> {
        self.all(
            "SELECT id, email, name, department_id, is_default, outgoing, plus_seen_at > 0 FROM address ORDER BY id",
            [],
            |row| {
                Ok(Sender {
                    id: AddressId::new(row.get(0)?),
                    email: row.get(1)?,
                    name: row.get(2)?,
                    department: row.get::<_, Option<i64>>(3)?.map(DepartmentId::new),
                    is_default: row.get(4)?,
                    outgoing: row.get(5)?,
                    has_plus: row.get(6)?,
                })
            },
        )
    }

    /// A message's writer and text.
    ///
    /// # Errors
    /// Those of the database.
    pub fn message_text(&self, id: MessageId) -> Result<Option<MessageText>> {
        self.one("SELECT author, staff_id, customer_id, body, is_html FROM message WHERE id = $1", [id.get()], |row| {
            Ok(MessageText {
                author: match row.get(0)? {
                    1 => Author::Staff(StaffId::new(row.get(1)?)),
                    2 => Author::Desk,
                    _ => Author::Customer(UserId::new(row.get(2)?)),
                },
                body: row.get(3)?,
                is_html: row.get(4)?,
            })
        })
    }

    /// The number of a ticket's priority and its name, which is empty where the desk has no table of
    /// priorities (HelpDeskZ's comes with an import).
    ///
    /// # Errors
    /// Those of the database.
    pub fn priority_of(&self, ticket: TicketId) -> Result<(i64, String)> {
        let found = self.one(
            "SELECT ticket.priority, coalesce(priority.name, '') FROM ticket \
             LEFT JOIN priority ON priority.id = ticket.priority WHERE ticket.id = $1",
            [ticket.get()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(found.unwrap_or_default())
    }

    /// A ticket's newest message that is no note.
    ///
    /// # Errors
    /// Those of the database.
    pub fn newest_public_message(&self, ticket: TicketId) -> Result<Option<MessageId>> {
        self.one(
            "SELECT id FROM message WHERE ticket_id = $1 AND is_internal = 0 ORDER BY created_at DESC, id DESC LIMIT 1",
            [ticket.get()],
            |row| Ok(MessageId::new(row.get(0)?)),
        )
    }

    /// The files of a message, by id, without those whose bytes were gone when it was imported.
    ///
    /// # Errors
    /// Those of the database.
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
    ///
    /// # Errors
    /// Those of the database.
    pub fn file_content(&self, content: i64) -> Result<Option<Vec<u8>>> {
        self.one("SELECT data FROM content WHERE id = $1", [content], |row| row.get(0))
    }

    /// The active members of a department who want to be told of tickets, with their hours, by id.
    ///
    /// # Errors
    /// Those of the database.
    pub fn staff_to_notify(&self, department: DepartmentId) -> Result<Vec<StaffToNotify>> {
        self.all(
            "SELECT staff.fullname, staff.email, coalesce(schedule.hours, ''), coalesce(schedule.timezone, '') \
             FROM staff_department JOIN staff ON staff.id = staff_department.staff_id \
             LEFT JOIN schedule ON schedule.id = staff.schedule_id \
             WHERE staff_department.department_id = $1 AND staff.is_active = 1 AND staff.has_notifications = 1 \
             ORDER BY staff.id",
            [department.get()],
            |row| {
                Ok(StaffToNotify {
                    fullname: row.get(0)?,
                    email: row.get(1)?,
                    hours: row.get(2)?,
                    timezone: row.get(3)?,
                })
            },
        )
    }

    /// Message-IDs of the ticket's mails that `email` has or may have, in order: the first one and
    /// the last `max - 1`.
    ///
    /// # Errors
    /// Those of the database.
    pub fn thread_ids_for(&self, ticket: TicketId, email: &EmailAddress, max: usize) -> Result<Vec<ThreadId>> {
        fn thread_id(row: &rusqlite::Row<'_>) -> rusqlite::Result<ThreadId> {
            Ok(ThreadId { id: row.get(0)?, is_private: row.get(1)? })
        }
        let mut ids = self.all(
            "SELECT message_id, email <> '' FROM (SELECT message_id, email, position FROM thread_id \
             WHERE ticket_id = $1 AND (email = '' OR email = $2) ORDER BY position DESC LIMIT $3) ORDER BY position",
            (ticket.get(), email.as_str(), i64::try_from(max).unwrap_or(i64::MAX)),
            thread_id,
        )?;
        if ids.len() < max {
            return Ok(ids);
        }
        let first = self.one(
            "SELECT message_id, email <> '' FROM thread_id WHERE ticket_id = $1 AND (email = '' OR email = $2) \
             ORDER BY position LIMIT 1",
            (ticket.get(), email.as_str()),
            thread_id,
        )?;
        if let (Some(first), Some(place)) = (first, ids.first_mut()) {
            *place = first;
        }
        Ok(ids)
    }
}

/// Noting.
impl WriteTx<'_> {
    /// Ties the Message-ID of a mail of ours to its ticket; only `email` has that mail.
    ///
    /// # Errors
    /// Those of the database.
    pub fn note_own_thread_id(&self, ticket: TicketId, message_id: &str, email: &EmailAddress) -> Result<()> {
        self.run(
            "INSERT INTO thread_id (message_id, ticket_id, email, position) \
             SELECT $1, $2, $3, coalesce(max(position), 0) + 1 FROM thread_id WHERE ticket_id = $2 ON CONFLICT DO NOTHING",
            (message_id, ticket.get(), email.as_str()),
        )?;
        Ok(())
    }

    /// Notes that mail to the plus-addresses of an address arrives.
    ///
    /// # Errors
    /// Those of the database.
    pub fn note_plus_seen(&self, id: AddressId, now: Timestamp) -> Result<()> {
        self.run("UPDATE address SET plus_seen_at = $1 WHERE id = $2 AND plus_seen_at = 0", (now.unix(), id.get()))?;
        Ok(())
    }
}
