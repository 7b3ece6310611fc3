//! What it takes to take a change back; the states are [`crate::desk`]'s.

use super::{ReadTx, Result, WriteTx};
use crate::domain::{MessageId, StaffId, TicketId, Timestamp, UndoId};
use crate::store::columns::id_or_none;
use crate::store::ticket::TicketRows;

/// A change that can be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undo {
    /// Id.
    pub id: UndoId,
    /// The answer it is about; none for changes of tickets.
    pub message: Option<MessageId>,
    /// How things stood, a JSON object.
    pub state: String,
    /// It cannot be taken back from then on.
    pub ends_at: Timestamp,
}

fn undo(row: &super::engine::Row<'_>) -> Result<Undo> {
    Ok(Undo {
        id: UndoId::new(row.get(0)?),
        message: id_or_none(row.get(1)?, MessageId::new),
        state: row.get(2)?,
        ends_at: Timestamp::from_unix(row.get(3)?),
    })
}

impl ReadTx<'_> {
    /// What a staff member can still take back by that id.
    pub fn undo(&self, id: UndoId, staff: StaffId, now: Timestamp) -> Result<Option<Undo>> {
        self.one(
            "SELECT id, message_id, state, ends_at FROM undo WHERE id = $1 AND staff_id = $2 AND ends_at > $3",
            (id.get(), staff.get(), now.unix()),
            undo,
        )
    }

    /// What a staff member can still take back of a message.
    pub fn undo_of_message(&self, message: MessageId, staff: StaffId, now: Timestamp) -> Result<Option<Undo>> {
        self.one(
            "SELECT id, message_id, state, ends_at FROM undo WHERE message_id = $1 AND message_id > 0 AND staff_id = $2 \
             AND ends_at > $3",
            (message.get(), staff.get(), now.unix()),
            undo,
        )
    }

    /// Whether a mail of a message was tried, or some sender is about to.
    pub fn is_mail_begun(&self, message: MessageId, now: Timestamp) -> Result<bool> {
        let begun = self.number(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE message_id = $1 AND message_id > 0 AND event = 'staff_reply' \
             AND (state <> 'pending' OR attempts > 0 OR leased_until > $2))",
            (message.get(), now.unix()),
        )?;
        Ok(begun > 0)
    }
}

impl WriteTx<'_> {
    /// Keeps what it takes to take a change back.
    pub fn add_undo(
        &self,
        staff: StaffId,
        message: Option<MessageId>,
        state: &str,
        ends_at: Timestamp,
        now: Timestamp,
    ) -> Result<UndoId> {
        let id = self.insert(
            "INSERT INTO undo (staff_id, message_id, state, created_at, ends_at) VALUES ($1, $2, $3, $4, $5)",
            (staff.get(), message.map_or(0, MessageId::get), state, now.unix(), ends_at.unix()),
        )?;
        Ok(UndoId::new(id))
    }

    /// Forgets what was taken back.
    pub fn remove_undo(&self, id: UndoId) -> Result<()> {
        self.run("DELETE FROM undo WHERE id = $1", [id.get()])?;
        Ok(())
    }

    /// Deletes what can be taken back no more; says how many.
    pub fn forget_undo(&self, now: Timestamp) -> Result<usize> {
        self.run("DELETE FROM undo WHERE ends_at <= $1", [now.unix()])
    }
}

impl TicketRows<'_> {
    /// Takes an answer out of its ticket, with its mails, which nobody has tried: nothing is left of it.
    pub fn remove_answer(&self, ticket: TicketId, message: MessageId) -> Result<()> {
        self.run(
            // Of every ticket: one that was merged keeps those that the other got.
            "DELETE FROM thread_id WHERE message_id IN \
             (SELECT internet_id FROM outbox WHERE outbox.message_id = $1 AND outbox.message_id > 0)",
            [message.get()],
        )?;
        self.run("DELETE FROM outbox WHERE message_id = $1 AND message_id > 0", [message.get()])?;
        self.run("DELETE FROM message WHERE id = $1", [message.get()])?;
        self.run(
            "UPDATE ticket SET replies = CASE WHEN replies > 0 THEN replies - 1 ELSE 0 END WHERE id = $1",
            [ticket.get()],
        )?;
        Ok(())
    }
}
