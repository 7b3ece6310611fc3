//! What somebody is writing and has not sent yet, with its files, and the keys of forms that were sent.

use super::attachment::NewAttachment;
use super::columns::id_or_none;
use super::engine::Row;
use super::{ReadTx, Result, WriteTx};
use crate::domain::words::words;
use crate::domain::{DraftId, MessageId, StaffId, TicketId, Timestamp};

words! {
    /// What is being written.
    pub enum DraftKind {
        /// An answer to the customer.
        Answer = "answer",
        /// A note for staff.
        Note = "note",
        /// A new ticket.
        Ticket = "ticket",
    }
}

/// Whose draft, for which ticket, of what: there is one draft of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftPlace {
    /// Who writes.
    pub staff: StaffId,
    /// The ticket; none for a new one.
    pub ticket: Option<TicketId>,
    /// What is being written.
    pub kind: DraftKind,
}

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Id.
    pub id: DraftId,
    /// Whose and for what.
    pub place: DraftPlace,
    /// What its form is sent with.
    pub key: String,
    /// The text, as typed.
    pub body: String,
    /// The other fields of the form, a JSON object of the page's own making.
    pub fields: String,
    /// When it was saved last.
    pub saved_at: Timestamp,
}

/// A file of a draft, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftFile {
    /// Id.
    pub id: i64,
    /// Safe name.
    pub name: String,
    /// The name its owner gave it.
    pub original_name: String,
    /// `type/subtype`.
    pub content_type: String,
    /// Size in bytes.
    pub bytes: i64,
}

impl DraftFile {
    /// The file with its bytes, as it is stored with a message or another draft.
    #[must_use]
    pub fn attachment<'a>(&'a self, content: &'a [u8]) -> NewAttachment<'a> {
        NewAttachment {
            name: &self.name,
            original_name: &self.original_name,
            content_type: &self.content_type,
            content,
            cid: "",
            is_inline: false,
        }
    }
}

/// What became of a form that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpentKey {
    /// The ticket it was about, or that it opened.
    pub ticket: TicketId,
    /// The message it posted; none when that was taken back.
    pub message: Option<MessageId>,
}

const DRAFT: &str = "id, staff_id, ticket_id, kind, key, body, fields, saved_at";

fn draft(row: &Row<'_>) -> Result<Draft> {
    let kind = DraftKind::from_word(&row.get::<String>(3)?).unwrap_or(DraftKind::Note);
    let (staff, ticket) = (StaffId::new(row.get(1)?), row.get::<Option<i64>>(2)?.map(TicketId::new));
    Ok(Draft {
        id: DraftId::new(row.get(0)?),
        place: DraftPlace { staff, ticket, kind },
        key: row.get(4)?,
        body: row.get(5)?,
        fields: row.get(6)?,
        saved_at: Timestamp::from_unix(row.get(7)?),
    })
}

fn file(row: &Row<'_>) -> Result<DraftFile> {
    Ok(DraftFile {
        id: row.get(0)?,
        name: row.get(1)?,
        original_name: row.get(2)?,
        content_type: row.get(3)?,
        bytes: row.get(4)?,
    })
}

impl ReadTx<'_> {
    /// The draft of a place.
    pub fn draft(&self, place: DraftPlace) -> Result<Option<Draft>> {
        let (staff, kind) = (place.staff.get(), place.kind.word());
        match place.ticket {
            Some(ticket) => self.one(
                &format!("SELECT {DRAFT} FROM draft WHERE staff_id = $1 AND ticket_id = $2 AND kind = $3"),
                (staff, ticket.get(), kind),
                draft,
            ),
            None => self.one(
                &format!("SELECT {DRAFT} FROM draft WHERE staff_id = $1 AND ticket_id IS NULL AND kind = $2"),
                (staff, kind),
                draft,
            ),
        }
    }

    /// A staff member's draft with that key.
    pub fn draft_by_key(&self, key: &str, staff: StaffId) -> Result<Option<Draft>> {
        let sql = format!("SELECT {DRAFT} FROM draft WHERE key = $1 AND staff_id = $2");
        self.one(&sql, (key, staff.get()), draft)
    }

    /// A staff member's drafts, last saved first.
    pub fn drafts_of(&self, staff: StaffId) -> Result<Vec<Draft>> {
        let sql = format!("SELECT {DRAFT} FROM draft WHERE staff_id = $1 ORDER BY saved_at DESC, id DESC");
        self.all(&sql, [staff.get()], draft)
    }

    /// The files of a draft, by id.
    pub fn draft_files(&self, id: DraftId) -> Result<Vec<DraftFile>> {
        self.all(
            "SELECT id, name, original_name, content_type, bytes FROM draft_file WHERE draft_id = $1 ORDER BY id",
            [id.get()],
            file,
        )
    }

    /// The bytes of a file of a draft.
    pub fn draft_file_content(&self, file: i64) -> Result<Option<Vec<u8>>> {
        self.one("SELECT data FROM draft_file WHERE id = $1", [file], |row| row.get(0))
    }

    /// What became of the form with that key, if it was sent.
    pub fn spent_key(&self, key: &str) -> Result<Option<SpentKey>> {
        self.one("SELECT ticket_id, message_id FROM sending_key WHERE key = $1", [key], |row| {
            Ok(SpentKey { ticket: TicketId::new(row.get(0)?), message: id_or_none(row.get(1)?, MessageId::new) })
        })
    }
}

impl WriteTx<'_> {
    /// Saves a draft; `None` when its form was sent already, and nothing is saved then.
    ///
    /// A form that changed what it writes (an answer became a note) takes its files along; a draft that was in that
    /// place gives way.
    pub fn save_draft(
        &self,
        place: DraftPlace,
        key: &str,
        body: &str,
        fields: &str,
        now: Timestamp,
    ) -> Result<Option<DraftId>> {
        if self.spent_key(key)?.is_some() {
            return Ok(None);
        }
        let (own, there) = (self.draft_by_key(key, place.staff)?, self.draft(place)?);
        let id = match (own, there) {
            (Some(own), Some(there)) if own.id != there.id => {
                self.remove_draft(there.id)?;
                Some(own.id)
            }
            (own, there) => own.or(there).map(|found| found.id),
        };
        let (ticket, kind) = (place.ticket.map(TicketId::get), place.kind.word());
        let Some(id) = id else {
            let id = self.insert(
                "INSERT INTO draft (staff_id, ticket_id, kind, key, body, fields, saved_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                (place.staff.get(), ticket, kind, key, body, fields, now.unix()),
            )?;
            return Ok(Some(DraftId::new(id)));
        };
        self.run(
            "UPDATE draft SET ticket_id = $1, kind = $2, key = $3, body = $4, fields = $5, saved_at = $6 WHERE id = $7",
            (ticket, kind, key, body, fields, now.unix(), id.get()),
        )?;
        Ok(Some(id))
    }

    /// Removes a draft with its files; says whether there was one.
    pub fn remove_draft(&self, id: DraftId) -> Result<bool> {
        Ok(self.run("DELETE FROM draft WHERE id = $1", [id.get()])? > 0)
    }

    /// Keeps a file with a draft; gives its id.
    pub fn add_draft_file(&self, draft: DraftId, new: &NewAttachment<'_>) -> Result<i64> {
        let bytes = i64::try_from(new.content.len()).unwrap_or(i64::MAX);
        self.insert(
            "INSERT INTO draft_file (draft_id, name, original_name, content_type, bytes, data) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            (draft.get(), new.name, new.original_name, new.content_type, bytes, new.content),
        )
    }

    /// Removes a file of a staff member's draft; says whether there was one.
    pub fn remove_draft_file(&self, file: i64, staff: StaffId) -> Result<bool> {
        let removed = self.run(
            "DELETE FROM draft_file WHERE id = $1 AND draft_id IN (SELECT id FROM draft WHERE staff_id = $2)",
            (file, staff.get()),
        )?;
        Ok(removed > 0)
    }

    /// Gives the files of a message to a draft as well.
    pub fn copy_files_to_draft(&self, message: MessageId, draft: DraftId) -> Result<()> {
        self.run(
            "INSERT INTO draft_file (draft_id, name, original_name, content_type, bytes, data) \
             SELECT $1, attachment.name, attachment.original_name, attachment.content_type, content.bytes, content.data \
             FROM attachment JOIN content ON content.id = attachment.content_id WHERE attachment.message_id = $2 \
             ORDER BY attachment.id",
            (draft.get(), message.get()),
        )?;
        Ok(())
    }

    /// Notes that the form with that key was sent, and what became of it.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when it was sent before; ask [`ReadTx::spent_key`] first.
    pub fn spend_key(&self, key: &str, spent: SpentKey, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO sending_key (key, ticket_id, message_id, spent_at) VALUES ($1, $2, $3, $4)",
            (key, spent.ticket.get(), spent.message.map_or(0, MessageId::get), now.unix()),
        )?;
        Ok(())
    }

    /// Notes that the message of a form was taken back: the form still posts nothing.
    pub fn note_taken_back(&self, message: MessageId) -> Result<()> {
        self.run("UPDATE sending_key SET message_id = 0 WHERE message_id = $1", [message.get()])?;
        Ok(())
    }

    /// Deletes keys that were spent before then; says how many.
    pub fn forget_sending_keys(&self, before: Timestamp) -> Result<usize> {
        self.run("DELETE FROM sending_key WHERE spent_at < $1", [before.unix()])
    }
}
