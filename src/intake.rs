//! One mail into the desk: [`deliver`] reads it, then runs one write transaction that gathers the
//! facts, decides, changes tickets and writes the receipt. A mail is taken in completely or not at all, and
//! the same mail again changes nothing, because the receipt's key is unique.

mod apply;
mod archive;
mod envelope;
mod facts;
mod group;
pub(crate) mod preview;
mod receipt;
mod refusal;
mod rehearse;
mod reread;
mod shown;
mod verdict;
mod whole;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sha2::{Digest, Sha256};

use crate::decision::{Decision, Facts, Refusal, decide, let_in};
use crate::desk::Notices;
use crate::domain::reason::Reason;
use crate::domain::{MessageId, ReceiptId, TicketId, Timestamp, Window};
use crate::mail::origin::Origin;
use crate::mail::{Limits, ParseError, ParsedMail};
use crate::store::receipt::{Receipt, ReceiptState};
use crate::store::{self, ReadTx, Store, WriteTx};
pub(crate) use archive::{Archived, deliver_archive};
pub(crate) use envelope::ByHand;
pub use envelope::{Envelope, Source};
pub(crate) use group::{Letter, Settled, Trouble, deliver_group};
use receipt::{
    Filed, Raw, copy_key, is_found_now, keep_first, note_second_recipient, recipient_text, record, record_copy,
};
pub(crate) use refusal::refusal_line;
pub(crate) use rehearse::rehearse;
pub(crate) use reread::{Rereading, put as put_reread, reread};
pub(crate) use verdict::verdict;
pub(crate) use whole::{whole_as_text, whole_from_text, whole_of};

/// Compression level of kept raw mail: the fastest; base64 shrinks to what it encodes at any level.
const RAW_MAIL_ZSTD_LEVEL: i32 = 1;

/// Mails of at least so many bytes, as a power of two (16 kB), get the table of that level. For a smaller one a table with a
/// place for each byte will do, which is less memory for a process to get. Chosen: above it zstd takes what it likes.
const RAW_MAIL_TABLE_LOG_MAX: u32 = 14;

/// Fewest places, as a power of two: what zstd takes.
const RAW_MAIL_TABLE_LOG_MIN: u32 = 6;

/// Compressed raw mail of more bytes than this is kept before its message where that frees it. 1 MiB: the usual mail is
/// smaller, and costs a statement less.
const KEPT_FIRST_BYTES: usize = 1024 * 1024;

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It opened a ticket.
    Opened,
    /// It is a message in a ticket.
    Appended,
    /// It was dropped on record.
    Dropped,
    /// It is kept raw for a human.
    Quarantined,
    /// It was on record already; nothing was added.
    Duplicate,
    /// It was refused and is not on record.
    Refused(Refusal),
}

impl Outcome {
    /// The word for logs, metrics and summaries.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Opened => "open",
            Self::Appended => "append",
            Self::Dropped => "drop",
            Self::Quarantined => "quarantine",
            Self::Duplicate => "duplicate",
            Self::Refused(_) => "refuse",
        }
    }
}

/// A delivered mail, as it is logged and reported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Delivery {
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in a few words.
    pub reason: String,
    /// Its ticket.
    pub ticket: Option<TicketId>,
    /// From address, empty for none.
    pub from: String,
    /// Message-ID without brackets, empty for none.
    pub message_id: String,
    /// Size of the raw mail in bytes.
    pub bytes: usize,
}

/// Logs a delivery, the same words by whatever door the mail came; what that door adds, and a sentence, follow.
macro_rules! log_delivery {
    ($delivery:expr, $($more:tt)+) => {
        tracing::info!(
            message_id = format!("<{}>", $delivery.message_id),
            decision = $delivery.outcome.word(),
            reason = $delivery.reason,
            ticket = $delivery.ticket.map_or_else(|| "-".to_owned(), |ticket| format!("#{ticket}")),
            from = $delivery.from,
            bytes = $delivery.bytes,
            $($more)+
        )
    };
}
pub(crate) use log_delivery;

/// Why a mail could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There was no mail: the caller must keep what it has.
    #[error("no mail was handed over: the input is empty")]
    Empty,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What a delivery needs besides the mail.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Budgets for reading the mail.
    pub limits: Limits,
}

/// A mail as it was handed over, read as far as it can be.
pub(crate) struct Incoming<'a> {
    pub(crate) envelope: &'a Envelope,
    pub(crate) raw_len: usize,
    pub(crate) key: [u8; 32],
    /// The key of the beginning, where that is all of the mail that is at hand.
    pub(crate) beginning: Option<Beginning>,
    /// `None`: no structure could be read; the mail goes aside raw.
    pub(crate) mail: Option<ParsedMail>,
    pub(crate) is_oversize: bool,
}

/// The beginning of a mail, by which mails over the largest size were known before all of them was hashed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning {
    key: [u8; 32],
    bytes: usize,
}

/// Takes in one mail. After `Ok` it is durably on record (or refused); after `Err` nothing changed.
///
/// `raw` may be cut at `rules.limits.raw_bytes_max + 1` bytes, with what the envelope says of the whole: a larger mail is
/// kept as its header. Bytes that are given
/// away are freed before the database needs memory for them.
///
/// # Errors
/// [`Error::Empty`] for no input, [`Error::Store`] when the database is locked, full, missing ….
pub fn deliver<'a>(
    store: &Store,
    rules: &Rules,
    envelope: &Envelope,
    raw: impl Into<Cow<'a, [u8]>>,
    now: Timestamp,
) -> Result<Delivery, Error> {
    let raw = raw.into();
    let incoming = read(rules, envelope, &raw, ParsedMail::parse)?;
    take_in(store, &incoming, raw, now)
}

fn take_in(store: &Store, incoming: &Incoming<'_>, raw: Cow<'_, [u8]>, now: Timestamp) -> Result<Delivery, Error> {
    // A redelivery does not need the compressed raw mail.
    let delivery = match store.glance(|tx| is_redelivery(tx, incoming))? {
        Some(known) => incoming.duplicate_of(&known),
        None => {
            let compressed = compressed(&raw)?;
            drop(raw);
            store.write(|tx| settle(tx, incoming, compressed.into(), now))?
        }
    };
    if delivery.outcome == Outcome::Duplicate {
        // A receipt that was only read proves nothing yet: its writer may have been killed before the sync.
        store.make_sure()?;
    }
    Ok(delivery)
}

/// The receipt of a mail that needs no work: on record, for the same recipient, by the same path.
fn is_redelivery(tx: &ReadTx<'_>, incoming: &Incoming<'_>) -> Result<Option<Receipt>, store::Error> {
    if incoming.retried().is_some() {
        return Ok(None);
    }
    let recipient = recipient_text(incoming.envelope, incoming.mail.as_ref());
    let known = incoming.on_record(tx)?;
    Ok(known.filter(|known| known.recipient.eq_ignore_ascii_case(&recipient) && copy_key(incoming, known).is_none()))
}

fn compressed(raw: &[u8]) -> Result<Vec<u8>, store::Error> {
    let compress = || {
        let mut compressor = zstd::bulk::Compressor::new(RAW_MAIL_ZSTD_LEVEL)?;
        let table = raw.len().max(1).ilog2();
        if table < RAW_MAIL_TABLE_LOG_MAX {
            compressor.set_parameter(zstd::zstd_safe::CParameter::HashLog(table.max(RAW_MAIL_TABLE_LOG_MIN)))?;
        }
        compressor.compress(raw)
    };
    compress().map_err(|e| store::Error::Corrupt(format!("compressing the raw mail: {e}")))
}

/// Unpacks a kept raw mail.
///
/// # Errors
/// When the bytes are damaged.
pub(crate) fn decompress(compressed: &[u8]) -> std::io::Result<Vec<u8>> {
    zstd::stream::decode_all(compressed)
}

/// What [`deliver`] would do, without doing it: the mail as read, and the decision.
#[derive(Debug)]
pub(crate) struct Preview {
    /// The mail; `None` when it cannot be read and would be set aside.
    pub mail: Option<ParsedMail>,
    /// The decision; `None` when the mail is on record already.
    pub decision: Option<Decision>,
    /// What the ticket would show of the mail.
    pub shown_text: Option<String>,
    /// The facts it rests on.
    pub facts: Option<Facts>,
    /// The receipt of the mail, if it is on record.
    pub known: Option<Receipt>,
}

/// Looks at a mail and says what would happen; writes nothing.
///
/// # Errors
/// As [`deliver`].
pub(crate) fn preview(
    store: &Store,
    rules: &Rules,
    envelope: &Envelope,
    raw: &[u8],
    now: Timestamp,
) -> Result<Preview, Error> {
    look(store, rules, envelope, raw, now, OnRecord::Counts)
}

/// Does what [`preview()`] does, as if the mail had never come.
///
/// # Errors
/// As [`deliver`].
pub(crate) fn decided_anew(
    store: &Store,
    rules: &Rules,
    envelope: &Envelope,
    raw: &[u8],
    now: Timestamp,
) -> Result<Preview, Error> {
    look(store, rules, envelope, raw, now, OnRecord::IsLeftOut)
}

/// Whether the record of a mail settles what becomes of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnRecord {
    Counts,
    IsLeftOut,
}

fn look(
    store: &Store,
    rules: &Rules,
    envelope: &Envelope,
    raw: &[u8],
    now: Timestamp,
    on_record: OnRecord,
) -> Result<Preview, Error> {
    let incoming = read(rules, envelope, raw, ParsedMail::parse)?;
    let (decision, facts, known, shown_text) = store.read(|tx| {
        let known = match incoming.on_record(tx)? {
            _ if on_record == OnRecord::IsLeftOut => None,
            Some(known) if is_found_now(tx, &incoming, &known)? => None,
            known => known,
        };
        let Some(mail) = &incoming.mail else { return Ok((None, None, known, None)) };
        let settings = tx.settings()?;
        let facts = facts::gather(tx, &settings, &tx.identity()?, &incoming, mail, now)?;
        let decision = known.is_none().then(|| decide(mail, &facts, &settings.policy()));
        let shown = shown::shown_text(tx, &settings, mail, &facts, decision.as_ref())?.to_owned();
        Ok::<_, store::Error>((decision, Some(facts), known, Some(shown)))
    })?;
    Ok(Preview { mail: incoming.mail, decision, shown_text, facts, known })
}

fn read<'a>(
    rules: &Rules,
    envelope: &'a Envelope,
    raw: &[u8],
    parse: impl FnOnce(&[u8], &Limits) -> Result<ParsedMail, ParseError>,
) -> Result<Incoming<'a>, Error> {
    // Parsers have a history of panics on broken mail; such a mail is kept raw for a human.
    let parsed = catch_unwind(AssertUnwindSafe(|| parse(raw, &rules.limits)));
    let is_oversize = raw.len() > rules.limits.raw_bytes_max;
    let (key, mail) = match parsed {
        Ok(Ok(mut mail)) => {
            mail.look_for_report(envelope.sender.as_ref());
            (mail.key, Some(mail))
        }
        // Line ends alone are a mail that says nothing: it waits for a person, and not in the mail server's queue.
        Ok(Err(ParseError::Empty)) if raw.is_empty() => return Err(Error::Empty),
        Ok(Err(ParseError::Empty)) | Err(_) => (Sha256::digest(raw).into(), None),
    };
    let whole = envelope.whole.filter(|whole| whole.bytes > raw.len());
    let beginning = whole.map(|_| Beginning { key, bytes: raw.len() });
    let (key, raw_len) = whole.map_or((key, raw.len()), |whole| (whole.key, whole.bytes));
    Ok(Incoming { envelope, raw_len, key, beginning, mail, is_oversize })
}

impl Incoming<'_> {
    /// The receipt of the same mail, if it came before.
    fn on_record(&self, tx: &ReadTx<'_>) -> Result<Option<Receipt>, store::Error> {
        let known = tx.receipt_by_key(&self.key)?;
        let (None, Some(Beginning { key, bytes })) = (&known, &self.beginning) else { return Ok(known) };
        // A receipt of before says that the mail has as many bytes as were kept of it.
        let is_of_before = |known: &Receipt| usize::try_from(known.bytes) == Ok(*bytes);
        Ok(tx.receipt_by_key(key)?.filter(is_of_before))
    }

    /// The receipt of the quarantined mail that is looked at again.
    const fn retried(&self) -> Option<ReceiptId> {
        match self.envelope.source {
            Source::Retry(receipt) | Source::LetIn(receipt, _) => Some(receipt),
            Source::Pipe | Source::Fetch | Source::FirstFetch | Source::Import | Source::Archive { .. } => None,
        }
    }

    fn delivery(&self, outcome: Outcome, reason: &str, ticket: Option<TicketId>) -> Delivery {
        let mail = self.mail.as_ref();
        Delivery {
            outcome,
            reason: reason.to_owned(),
            ticket,
            from: mail.and_then(|m| m.from.as_ref()).map_or_else(String::new, |from| from.address.to_string()),
            message_id: mail.and_then(|m| m.message_id.clone()).unwrap_or_default(),
            bytes: self.raw_len,
        }
    }
}

/// The one write transaction of a mail.
fn settle(
    tx: &WriteTx<'_>,
    incoming: &Incoming<'_>,
    compressed: Cow<'_, [u8]>,
    now: Timestamp,
) -> Result<Delivery, Error> {
    // A mail that could not be read then has another key now, so the receipt is given.
    let mut retried = match incoming.retried() {
        Some(id) => tx.receipt(id)?.filter(|receipt| receipt.state == ReceiptState::Quarantined),
        None => None,
    };
    let known = incoming.on_record(tx)?;
    if let Some(known) = &known
        && is_found_now(tx, incoming, known)?
    {
        retried = Some(known.clone());
    }
    if let Some(known) = known.filter(|known| retried.as_ref().is_none_or(|retried| retried.id != known.id)) {
        if let Some(key) = copy_key(incoming, &known) {
            return record_copy(tx, incoming, &known, &key, now);
        }
        note_second_recipient(tx, incoming, &known, now)?;
        return Ok(incoming.delivery(Outcome::Duplicate, &known.why(), known.ticket));
    }
    let Some(mail) = &incoming.mail else {
        let settled = ReceiptEntry { state: ReceiptState::Quarantined, reason: Reason::Unreadable, place: None };
        return record(tx, incoming, retried, Filed { settled, raw: Raw::Bytes(&compressed) }, now);
    };
    let settings = tx.settings()?;
    let (recorded_at, now) = (now, written_at(incoming, mail, now));
    let identity = tx.identity()?;
    let facts = facts::gather(tx, &settings, &identity, incoming, mail, now)?;
    let decision = match incoming.envelope.source {
        Source::LetIn(..) => let_in(mail, &facts, &settings.policy()),
        _ => decide(mail, &facts, &settings.policy()),
    };
    let incoming_mail = apply::IncomingMail {
        mail,
        shown: shown::shown_text(tx, &settings, mail, &facts, Some(&decision))?,
        notices: notices(incoming, mail, now),
        delivered_for: facts::delivered_for(incoming, mail),
        identity: &identity,
    };
    let becomes_message = matches!(decision, Decision::Open(_) | Decision::Append(_)) && retried.is_none();
    let compressed = match compressed {
        Cow::Owned(bytes) if becomes_message && bytes.len() > KEPT_FIRST_BYTES => {
            // Bytes that are given away are kept first, because the database takes several times the text's memory.
            Kept::Before(keep_first(tx, incoming, &bytes, recorded_at)?)
        }
        compressed => Kept::Not(compressed),
    };
    let settled = match decision {
        Decision::Refuse(refusal) => return Ok(incoming.delivery(Outcome::Refused(refusal), "refused", None)),
        Decision::Open(open) => apply::open(tx, &settings, &incoming_mail, &open, now)?,
        Decision::Append(append) => apply::append(tx, &settings, &incoming_mail, &append, now)?,
        Decision::Bounce { outbox, ticket } => {
            apply::bounce(tx, &settings, mail, &apply::Returned { outbox, ticket }, now)?
        }
        Decision::Drop { reason } => {
            if facts.origin == Origin::Own {
                apply::own_mail(tx, incoming, mail, now)?;
            }
            ReceiptEntry { state: ReceiptState::Dropped, reason, place: None }
        }
        Decision::Quarantine { reason } => ReceiptEntry { state: ReceiptState::Quarantined, reason, place: None },
    };
    let raw = match &compressed {
        Kept::Not(bytes) => Raw::Bytes(bytes),
        Kept::Before(receipt) => Raw::KeptFor(*receipt),
    };
    record(tx, incoming, retried, Filed { settled, raw }, recorded_at)
}

/// Whether a raw mail is kept already.
enum Kept<'a> {
    Not(Cow<'a, [u8]>),
    Before(ReceiptId),
}

/// The time a mail's message gets: now, or what an archive knows of it. A Date in the future or before
/// there was mail comes from a wrong clock.
fn written_at(incoming: &Incoming<'_>, mail: &ParsedMail, now: Timestamp) -> Timestamp {
    let Source::Archive { arrived_at } = incoming.envelope.source else { return now };
    let is_possible = |at: &Timestamp| *at > Timestamp::from_unix(0) && *at <= now;
    mail.date.filter(is_possible).or(arrived_at.filter(is_possible)).unwrap_or(now)
}

/// How old a mail of a mailbox's first fetch may be and still be answered, in seconds. Chosen: mail
/// of the weekend before a desk starts on Monday.
const FRESH_S: i64 = 3 * Timestamp::DAY_S;

/// How far ahead of ours a sender's clock may be for its mail to be fresh, in seconds. Chosen: a clock that is
/// set to another time zone.
const AHEAD_S: i64 = Timestamp::DAY_S;

/// Mail that lay in a mailbox or archive before this desk began was answered elsewhere long ago.
fn notices(incoming: &Incoming<'_>, mail: &ParsedMail, now: Timestamp) -> Notices {
    let is_fresh =
        || mail.date.is_some_and(|date| Window { since: now.plus_s(-FRESH_S), until: now.plus_s(AHEAD_S) }.holds(date));
    match incoming.envelope.source {
        Source::Pipe | Source::Fetch | Source::Retry(_) | Source::LetIn(..) => Notices::Usual,
        Source::FirstFetch if is_fresh() => Notices::Usual,
        Source::FirstFetch | Source::Import | Source::Archive { .. } => Notices::Nobody,
    }
}

/// What the receipt will say.
pub(crate) struct ReceiptEntry {
    pub(crate) state: ReceiptState,
    pub(crate) reason: Reason,
    /// The ticket, the message, and whether the ticket is new.
    pub(crate) place: Option<(TicketId, MessageId, Place)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    NewTicket,
    OldTicket,
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod trip_tests;
