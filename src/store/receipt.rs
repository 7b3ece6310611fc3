//! Receipts: every mail received, once, with what became of it, and its raw bytes for a while.

use std::ops::ControlFlow;

use super::columns::id_or_none;
use super::{ReadTx, Result, WriteTx};
use crate::domain::reason::Reason;
use crate::domain::{DepartmentId, MessageId, ReceiptId, SetUpChange, TicketId, Timestamp, Window};
use crate::store::address::DeskAddress;
use crate::store::engine::Row;

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptState {
    /// It is a message of a ticket.
    Stored,
    /// It was dropped on record.
    Dropped,
    /// It waits for a human.
    Quarantined,
}

impl ReceiptState {
    /// The word used in the column and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Dropped => "dropped",
            Self::Quarantined => "quarantined",
        }
    }
}

impl std::str::FromStr for ReceiptState {
    type Err = String;

    fn from_str(word: &str) -> std::result::Result<Self, Self::Err> {
        [Self::Stored, Self::Dropped, Self::Quarantined]
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or_else(|| format!("{word:?} is not a state; use stored, dropped or quarantined"))
    }
}

/// A receipt's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Id.
    pub id: ReceiptId,
    /// When the mail came.
    pub received_at: Timestamp,
    /// What became of it.
    pub state: ReceiptState,
    /// Why.
    pub reason: Reason,
    /// A detail that some reasons have, as [`Reason::in_full`] reads it.
    pub detail: String,
    /// Its ticket.
    pub ticket: Option<TicketId>,
    /// Its message.
    pub message: Option<MessageId>,
    /// From address.
    pub from_email: String,
    /// The recipient it was delivered for.
    pub recipient: String,
    /// The envelope sender; meaningful where `has_sender`.
    pub sender: String,
    /// Whether an envelope sender was given.
    pub has_sender: bool,
    /// Subject.
    pub subject: String,
    /// Message-ID without brackets.
    pub internet_id: String,
    /// Size of the raw mail.
    pub bytes: i64,
    /// SHA-256 of the mail's recipient trace; empty without one.
    pub trace: Vec<u8>,
}

/// A receipt to write.
#[derive(Clone, Debug)]
pub struct NewReceipt<'a> {
    /// The idempotency key.
    pub key: &'a [u8; 32],
    /// What became of the mail.
    pub state: ReceiptState,
    /// Why.
    pub reason: Reason,
    /// A detail that some reasons have; else empty.
    pub detail: &'a str,
    /// Its ticket and message, where it became one.
    pub place: Option<(TicketId, MessageId)>,
    /// From address, empty for none.
    pub from_email: &'a str,
    /// The recipient it was delivered for.
    pub recipient: &'a str,
    /// The envelope sender: `None` unknown, empty the null reverse-path.
    pub sender: Option<&'a str>,
    /// Subject.
    pub subject: &'a str,
    /// Message-ID without brackets.
    pub internet_id: &'a str,
    /// Size of the raw mail.
    pub bytes: usize,
    /// SHA-256 of the mail's recipient trace.
    pub trace: Option<[u8; 32]>,
}

/// Which mails are looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReceiptSearch<'a> {
    /// What sender, recipient, subject or Message-ID holds, capitals or not; empty: every mail.
    pub(crate) text: &'a str,
    /// Only of this state.
    pub(crate) state: Option<ReceiptState>,
    /// Only those before this one.
    pub(crate) before: Option<ReceiptId>,
    /// How many mails are looked at.
    pub(crate) looked_at: i64,
}

/// What a search found.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoundReceipts {
    /// The mails.
    pub(crate) receipts: Vec<Receipt>,
    /// The last one that was looked at, where older ones were not.
    pub(crate) goes_on: Option<ReceiptId>,
}

fn receipt(row: &Row<'_>) -> Result<Receipt> {
    let state = match row.get::<String>(2)?.as_str() {
        "stored" => ReceiptState::Stored,
        "dropped" => ReceiptState::Dropped,
        _ => ReceiptState::Quarantined,
    };
    // An unknown word, written by hand, is shown as it is: one row must not hide the others.
    let word: String = row.get(3)?;
    let (reason, detail) = match Reason::from_word(&word) {
        Some(reason) => (reason, row.get(14)?),
        None => (Reason::Other, word),
    };
    Ok(Receipt {
        id: ReceiptId::new(row.get(0)?),
        received_at: Timestamp::from_unix(row.get(1)?),
        state,
        reason,
        detail,
        ticket: id_or_none(row.get(4)?, TicketId::new),
        message: id_or_none(row.get(5)?, MessageId::new),
        from_email: row.get(6)?,
        recipient: row.get(7)?,
        sender: row.get(8)?,
        has_sender: row.get(9)?,
        subject: row.get(10)?,
        internet_id: row.get(11)?,
        bytes: row.get(12)?,
        trace: row.get(13)?,
    })
}

impl Receipt {
    /// Why, as people read it.
    #[must_use]
    pub fn why(&self) -> String {
        self.reason.in_full(&self.detail)
    }
}

impl ReadTx<'_> {
    /// The receipt of the mail with that idempotency key.
    pub fn receipt_by_key(&self, key: &[u8; 32]) -> Result<Option<Receipt>> {
        self.one(
            "SELECT id, received_at, state, reason, ticket_id, message_id, from_email, recipient, sender, has_sender, \
             subject, internet_id, bytes, trace, detail FROM receipt WHERE key = $1",
            [&key[..]],
            receipt,
        )
    }

    /// The receipt with that id.
    pub fn receipt(&self, id: ReceiptId) -> Result<Option<Receipt>> {
        self.one(
            "SELECT id, received_at, state, reason, ticket_id, message_id, from_email, recipient, sender, has_sender, \
             subject, internet_id, bytes, trace, detail FROM receipt WHERE id = $1",
            [id.get()],
            receipt,
        )
    }

    /// Receipts, newest first, at most `max`; of one state or all.
    pub fn receipts(&self, state: Option<ReceiptState>, max: usize) -> Result<Vec<Receipt>> {
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        match state {
            Some(state) => self.all(
                "SELECT id, received_at, state, reason, ticket_id, message_id, from_email, recipient, sender, \
                 has_sender, subject, internet_id, bytes, trace, detail FROM receipt WHERE state = $1 ORDER BY id DESC LIMIT $2",
                (state.word(), max),
                receipt,
            ),
            None => self.all(
                "SELECT id, received_at, state, reason, ticket_id, message_id, from_email, recipient, sender, \
                 has_sender, subject, internet_id, bytes, trace, detail FROM receipt ORDER BY id DESC LIMIT $1",
                [max],
                receipt,
            ),
        }
    }

    /// The mails that wait for a person, newest first, at most `max`. With departments: those for an address of one of
    /// them; without: all.
    pub fn set_aside(&self, departments: Option<&[DepartmentId]>, max: usize) -> Result<Vec<Receipt>> {
        let columns = "id, received_at, state, reason, ticket_id, message_id, from_email, recipient, sender, \
             has_sender, subject, internet_id, bytes, trace, detail";
        let mut values = vec![ReceiptState::Quarantined.word().to_owned()];
        let mut condition = String::new();
        if let Some(seen) = departments {
            let is_seen = |own: &DeskAddress| own.department.is_some_and(|department| seen.contains(&department));
            let own = self.desk_addresses()?.into_iter().filter(is_seen);
            values.extend(own.map(|own| own.email.to_ascii_lowercase()));
            let places: Vec<String> = (2..=values.len()).map(|n| format!("${n}")).collect();
            if places.is_empty() {
                return Ok(Vec::new());
            }
            condition = format!(" AND lower(recipient) IN ({})", places.join(", "));
        }
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let sql = format!("SELECT {columns} FROM receipt WHERE state = $1{condition} ORDER BY id DESC LIMIT {max}");
        self.all(&sql, values.as_slice(), receipt)
    }

    /// The mails that a search finds, newest first, at most `max`, and where it goes on.
    pub(crate) fn receipts_like(&self, search: &ReceiptSearch<'_>, max: usize) -> Result<FoundReceipts> {
        let wanted = search.text.trim().trim_start_matches('<').trim_end_matches('>').to_lowercase();
        let before = search.before.map_or(i64::MAX, ReceiptId::get);
        let mut found = FoundReceipts::default();
        let mut looked_at = 0;
        let read = |row: &Row<'_>| {
            let own = receipt(row)?;
            looked_at += 1;
            let texts = [&own.from_email, &own.recipient, &own.sender, &own.subject, &own.internet_id];
            let id = own.id;
            if wanted.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&wanted)) {
                found.receipts.push(own);
            }
            let is_full = found.receipts.len() >= max;
            if is_full || looked_at >= search.looked_at {
                found.goes_on = Some(id);
            }
            Ok(if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        match search.state {
            Some(state) => self.each(
                "SELECT id, received_at, state, reason, ticket_id, message_id, from_email, recipient, sender, \
                 has_sender, subject, internet_id, bytes, trace, detail FROM receipt WHERE state = $1 AND id < $2 \
                 ORDER BY id DESC LIMIT $3",
                (state.word(), before, search.looked_at),
                read,
            ),
            None => self.each(
                "SELECT id, received_at, state, reason, ticket_id, message_id, from_email, recipient, sender, \
                 has_sender, subject, internet_id, bytes, trace, detail FROM receipt WHERE id < $1 \
                 ORDER BY id DESC LIMIT $2",
                (before, search.looked_at),
                read,
            ),
        }?;
        Ok(found)
    }

    /// How many mails are in a state.
    pub fn receipts_in(&self, state: ReceiptState) -> Result<i64> {
        self.number("SELECT count(*) FROM receipt WHERE state = $1", [state.word()])
    }

    /// How many mails of that From address became messages in that time.
    pub fn mails_from(&self, from_email: &str, within: Window) -> Result<i64> {
        self.number(
            "SELECT count(*) FROM receipt WHERE from_email = $1 AND state = 'stored' AND received_at > $2 \
             AND received_at <= $3",
            (from_email, within.since.unix(), within.until.unix()),
        )
    }

    /// The raw mail, if it is still kept, as it was compressed by [`crate::intake`].
    pub fn raw_mail(&self, id: ReceiptId) -> Result<Option<Vec<u8>>> {
        self.one("SELECT data FROM raw_mail WHERE receipt_id = $1", [id.get()], |row| row.get(0))
    }

    /// The mails received since then that are messages and whose raw text is kept, oldest first.
    pub fn stored_with_raw_mail(&self, since: Timestamp) -> Result<Vec<ReceiptId>> {
        self.all(
            "SELECT receipt.id FROM receipt JOIN raw_mail ON raw_mail.receipt_id = receipt.id \
             WHERE receipt.state = 'stored' AND receipt.message_id > 0 AND receipt.received_at >= $1 ORDER BY receipt.id",
            [since.unix()],
            |row| Ok(ReceiptId::new(row.get(0)?)),
        )
    }

    /// The mails that are messages of a ticket, by when they came.
    pub fn receipts_of_ticket(&self, ticket: TicketId) -> Result<Vec<ReceiptId>> {
        self.all("SELECT id FROM receipt WHERE ticket_id = $1 AND ticket_id > 0 ORDER BY id", [ticket.get()], |row| {
            Ok(ReceiptId::new(row.get(0)?))
        })
    }

    /// When the mail that was recorded last was received; 0 without any.
    pub fn newest_receipt_at(&self) -> Result<Timestamp> {
        let at = self.number("SELECT received_at FROM receipt ORDER BY id DESC LIMIT 1", [])?;
        Ok(Timestamp::from_unix(at))
    }
}

impl WriteTx<'_> {
    /// Records a mail.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the mail is on record already.
    pub fn add_receipt(&self, new: &NewReceipt<'_>, now: Timestamp) -> Result<ReceiptId> {
        let (ticket, message) = new.place.map_or((0, 0), |(ticket, message)| (ticket.get(), message.get()));
        let id = self.insert(
            "INSERT INTO receipt (key, received_at, state, reason, ticket_id, message_id, from_email, recipient, sender, \
             has_sender, subject, internet_id, bytes, trace, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
             $12, $13, $14, $15)",
            (
                &new.key[..],
                now.unix(),
                new.state.word(),
                new.reason,
                ticket,
                message,
                new.from_email,
                new.recipient,
                new.sender.unwrap_or(""),
                new.sender.is_some(),
                new.subject,
                new.internet_id,
                i64::try_from(new.bytes).unwrap_or(i64::MAX),
                new.trace.as_ref().map_or(&[][..], |trace| &trace[..]),
                new.detail,
            ),
        )?;
        Ok(ReceiptId::new(id))
    }

    /// Changes what became of a mail (a retry of a quarantined one, a human's drop).
    pub fn settle_receipt(
        &self,
        id: ReceiptId,
        state: ReceiptState,
        reason: Reason,
        place: Option<(TicketId, MessageId)>,
    ) -> Result<()> {
        let (ticket, message) = place.map_or((0, 0), |(ticket, message)| (ticket.get(), message.get()));
        self.run(
            "UPDATE receipt SET state = $1, reason = $2, detail = '', ticket_id = $3, message_id = $4 WHERE id = $5",
            (state.word(), reason, ticket, message, id.get()),
        )?;
        Ok(())
    }

    /// Drops a mail that was set aside, as a person says; it stays on record.
    pub fn drop_by_hand(&self, id: ReceiptId) -> Result<()> {
        self.settle_receipt(id, ReceiptState::Dropped, Reason::ByHand, None)?;
        self.note_set_up(SetUpChange::Dropped, &format!("mail {id}"))
    }

    /// Changes the idempotency key of a receipt: a mail that could not be read once can be now.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when another receipt has that key.
    pub fn set_receipt_key(&self, id: ReceiptId, key: &[u8; 32]) -> Result<()> {
        self.run("UPDATE receipt SET key = $1 WHERE id = $2", (&key[..], id.get()))?;
        Ok(())
    }

    /// Changes the recipient of a receipt: the mail came again, for an address that is known.
    pub fn set_receipt_recipient(&self, id: ReceiptId, recipient: &str) -> Result<()> {
        self.run("UPDATE receipt SET recipient = $1 WHERE id = $2", (recipient, id.get()))?;
        Ok(())
    }

    /// Keeps the compressed raw mail of a receipt.
    pub fn keep_raw_mail(&self, id: ReceiptId, compressed: &[u8]) -> Result<()> {
        let data = self.link.room_for(compressed);
        self.run("INSERT INTO raw_mail (receipt_id, data) VALUES ($1, $2)", (id.get(), data))?;
        self.fill("raw_mail", id.get(), compressed)
    }

    /// Deletes raw mails; says how many.
    pub fn forget_raw_mails(&self, old: &[i64]) -> Result<usize> {
        self.run_each("DELETE FROM raw_mail WHERE receipt_id = $1", old)
    }
}

impl ReadTx<'_> {
    /// Raw mails received before `before`, at most `max`; those of mails set aside stay.
    pub fn old_raw_mails(&self, before: Timestamp, max: usize) -> Result<Vec<i64>> {
        self.old_rows(
            "SELECT receipt.id, receipt.received_at, receipt.state FROM raw_mail \
             CROSS JOIN receipt WHERE receipt.id = raw_mail.receipt_id ORDER BY raw_mail.receipt_id",
            ReceiptState::Quarantined.word(),
            before,
            max,
        )
    }
}
