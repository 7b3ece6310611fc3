//! The receipt of a mail: what it says, and the mails that get none or a second one.

use sha2::{Digest, Sha256};

use super::facts::{own_address, route};
use super::{Delivery, Envelope, Error, Incoming, Outcome, Place, ReceiptEntry};
use crate::decision::Route;
use crate::desk::Change;
use crate::domain::reason::Reason;
use crate::domain::{Actor, Door, EmailAddress, ReceiptId, SetUpChange, Timestamp};
use crate::mail::{ParsedMail, ReversePath};
use crate::store::receipt::{NewReceipt, Receipt, ReceiptState};
use crate::store::{self, ReadTx, WriteTx};

/// Characters of a subject kept on a receipt.
const RECEIPT_SUBJECT_CHARS_MAX: usize = 255;

/// The recipient noted on the receipt: the envelope's, else the first one the header names.
pub(super) fn recipient_text(envelope: &Envelope, mail: Option<&ParsedMail>) -> String {
    let from_header = || {
        let mail = mail?;
        let delivered = mail.delivered_to.first().map(EmailAddress::to_string);
        delivered.or_else(|| mail.to.iter().chain(&mail.cc).next().map(|to| to.address.to_string()))
    };
    envelope.recipients.first().cloned().or_else(from_header).unwrap_or_default()
}

fn sender_text(envelope: &Envelope, mail: Option<&ParsedMail>) -> Option<String> {
    let sender = envelope.sender.as_ref().or_else(|| mail.and_then(|m| m.return_path.as_ref()))?;
    Some(match sender {
        ReversePath::Null => String::new(),
        ReversePath::Address(address) => address.to_string(),
    })
}

/// The key of a second copy of a known mail: the MTA handed it over for the same recipient, but with
/// other Delivered-To and the like (two aliases that lead to one address, say). It adds no message,
/// yet it was handed over and acknowledged, so it goes on record.
pub(super) fn copy_key(incoming: &Incoming<'_>, known: &Receipt) -> Option<[u8; 32]> {
    let recipient = incoming.envelope.recipients.first()?;
    let trace = incoming.mail.as_ref()?.recipient_trace?;
    let is_copy = recipient.eq_ignore_ascii_case(&known.recipient) && !known.trace.is_empty() && known.trace != trace;
    is_copy.then(|| Sha256::new().chain_update(incoming.key).chain_update(trace).finalize().into())
}

pub(super) fn record_copy(
    tx: &WriteTx<'_>,
    incoming: &Incoming<'_>,
    known: &Receipt,
    key: &[u8; 32],
    now: Timestamp,
) -> Result<Delivery, Error> {
    if tx.receipt_by_key(key)?.is_some() {
        return Ok(incoming.delivery(Outcome::Duplicate, &known.why(), known.ticket));
    }
    let detail = known.id.to_string();
    let settled = ReceiptEntry { state: ReceiptState::Dropped, reason: Reason::Copy, place: None };
    add_receipt(tx, incoming, &Entry { key, settled: &settled, detail: &detail }, now)?;
    Ok(incoming.delivery(Outcome::Dropped, &settled.reason.in_full(&detail), known.ticket))
}

/// One mail delivered for two of our addresses is one ticket; the other address is noted on it.
pub(super) fn note_second_recipient(
    tx: &WriteTx<'_>,
    incoming: &Incoming<'_>,
    known: &Receipt,
    now: Timestamp,
) -> Result<(), Error> {
    let recipient = recipient_text(incoming.envelope, incoming.mail.as_ref());
    let addresses = tx.desk_addresses()?;
    let registered = |text: &str| own_address(&addresses, &text.parse().ok()?);
    let (Some(ticket), Some(second)) = (known.ticket, registered(&recipient)) else { return Ok(()) };
    if registered(&known.recipient).is_none_or(|first| first.id != second.id) {
        let settings = tx.settings()?;
        Change::new(tx, &settings, Actor::Machine, Door::Mail, now).note_address_seen(ticket, &second.email)?;
    }
    Ok(())
}

/// Whether a mail that was set aside because of its unknown recipient comes again, for an address of
/// ours: what the first delivery could not decide, this one does.
pub(super) fn is_found_now(tx: &ReadTx<'_>, incoming: &Incoming<'_>, known: &Receipt) -> Result<bool, store::Error> {
    let Some(mail) = incoming.mail.as_ref().filter(|_| incoming.retried().is_none()) else { return Ok(false) };
    if known.state != ReceiptState::Quarantined || known.reason != Reason::UnknownRecipient {
        return Ok(false);
    }
    let recipient = recipient_text(incoming.envelope, Some(mail));
    let is_other = !recipient.eq_ignore_ascii_case(&known.recipient);
    Ok(is_other && matches!(route(tx, incoming, mail, &tx.desk_addresses()?)?, Route::Known { .. }))
}

/// What is kept of a mail.
pub(super) struct Filed<'a> {
    pub(super) settled: ReceiptEntry,
    pub(super) raw: Raw<'a>,
}

/// The compressed raw mail.
pub(super) enum Raw<'a> {
    /// It has to be kept.
    Bytes(&'a [u8]),
    /// It is kept under this receipt, which does not say yet what became of the mail.
    KeptFor(ReceiptId),
}

/// Keeps a raw mail under a receipt that says nothing yet; [`record`] completes it in the same transaction.
pub(super) fn keep_first(
    tx: &WriteTx<'_>,
    incoming: &Incoming<'_>,
    compressed: &[u8],
    now: Timestamp,
) -> Result<ReceiptId, Error> {
    let settled = ReceiptEntry { state: ReceiptState::Quarantined, reason: Reason::Unreadable, place: None };
    let id = add_receipt(tx, incoming, &Entry { key: &incoming.key, settled: &settled, detail: "" }, now)?;
    tx.keep_raw_mail(id, compressed)?;
    Ok(id)
}

pub(super) fn record(
    tx: &WriteTx<'_>,
    incoming: &Incoming<'_>,
    retried: Option<Receipt>,
    filed: Filed<'_>,
    now: Timestamp,
) -> Result<Delivery, Error> {
    let Filed { settled, raw } = filed;
    let outcome = match (settled.state, &settled.place) {
        (ReceiptState::Dropped, _) => Outcome::Dropped,
        (ReceiptState::Quarantined, _) => Outcome::Quarantined,
        (ReceiptState::Stored, Some((_, _, Place::NewTicket))) => Outcome::Opened,
        (ReceiptState::Stored, _) => Outcome::Appended,
    };
    let place = settled.place.map(|(ticket, message, _)| (ticket, message));
    let delivery = incoming.delivery(outcome, settled.reason.text(), place.map(|(ticket, _)| ticket));
    if let Some(retried) = retried {
        tx.settle_receipt(retried.id, settled.state, settled.reason, place)?;
        note_by_hand(tx, incoming, &retried, &settled, now)?;
        // Of a mail over the largest size only the beginning was kept, which is not what it is known by.
        if i64::try_from(incoming.raw_len).is_ok_and(|bytes| bytes >= retried.bytes) {
            tx.set_receipt_key(retried.id, &incoming.key)?;
        }
        if incoming.retried().is_none() {
            tx.set_receipt_recipient(retried.id, &recipient_text(incoming.envelope, incoming.mail.as_ref()))?;
        }
        return Ok(delivery);
    }
    match raw {
        Raw::Bytes(compressed) => {
            let id = add_receipt(tx, incoming, &Entry { key: &incoming.key, settled: &settled, detail: "" }, now)?;
            tx.keep_raw_mail(id, compressed)?;
        }
        Raw::KeptFor(id) => tx.settle_receipt(id, settled.state, settled.reason, place)?,
    }
    Ok(delivery)
}

/// Records whose doing it was that a mail came in which had been set aside: what the mail itself does is its sender's.
fn note_by_hand(
    tx: &WriteTx<'_>,
    incoming: &Incoming<'_>,
    retried: &Receipt,
    settled: &ReceiptEntry,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(by) = incoming.envelope.source.by_hand() else { return Ok(()) };
    if let Some(ip) = by.ip {
        tx.come_from(ip);
    }
    match settled.place {
        Some((ticket, _, _)) => {
            let settings = tx.settings()?;
            Change::new(tx, &settings, by.actor, by.door, now).note_let_in(ticket, retried.id)?;
        }
        None if settled.state == ReceiptState::Quarantined => {}
        None => {
            tx.act_as(by.actor, by.door);
            tx.note_set_up(SetUpChange::LetIn, &format!("mail {}", retried.id))?;
        }
    }
    Ok(())
}

/// A new receipt, as far as the mail does not say it.
struct Entry<'a> {
    key: &'a [u8; 32],
    settled: &'a ReceiptEntry,
    detail: &'a str,
}

fn add_receipt(
    tx: &WriteTx<'_>,
    incoming: &Incoming<'_>,
    entry: &Entry<'_>,
    now: Timestamp,
) -> Result<ReceiptId, Error> {
    let Entry { key, settled, detail } = *entry;
    let mail = incoming.mail.as_ref();
    let subject: String = mail.map_or("", |m| m.subject.as_str()).chars().take(RECEIPT_SUBJECT_CHARS_MAX).collect();
    let sender = sender_text(incoming.envelope, mail);
    let new = NewReceipt {
        key,
        state: settled.state,
        reason: settled.reason,
        detail,
        place: settled.place.map(|(ticket, message, _)| (ticket, message)),
        from_email: mail.and_then(|m| m.from.as_ref()).map_or("", |from| from.address.as_str()),
        recipient: &recipient_text(incoming.envelope, mail),
        sender: sender.as_deref(),
        subject: &subject,
        internet_id: mail.and_then(|m| m.message_id.as_deref()).unwrap_or(""),
        bytes: incoming.raw_len,
        trace: mail.and_then(|m| m.recipient_trace),
    };
    Ok(tx.add_receipt(&new, now)?)
}
