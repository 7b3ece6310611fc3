//! Mail out: [`send_due`] takes finished mails from the queue, hands them to a transport and records
//! what became of them. What a mail says is [`template`]'s, its bytes [`compose`]'s, how it
//! travels [`transport`]'s; who gets one is decided in [`crate::desk`].
//!
//! A mail is claimed with a lease, sent with no transaction open, then settled. A killed sender
//! loses nothing: its lease ends with it and the next one sends the same bytes with the same Message-ID.
//! A mail that was handed over and not answered may have arrived or not: it is tried again only a few times.

pub(crate) mod compose;
mod drain;
pub(crate) mod patience;
pub(crate) mod pool;
mod presence;
mod retry;
pub(crate) mod template;
pub(crate) mod transport;

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::{TicketId, Timestamp};
use crate::store::outbox::{Claimed, Scope, Settlement};
use crate::store::{self, ReadTx, Store, WriteTx};
use drain::{Clock, DrainPlan, drain};
use patience::Patience;
pub(crate) use pool::TransportPool;

/// Pause between two tries to record what became of a mail, when the database is busy.
const SETTLE_PAUSE: Duration = Duration::from_secs(1);

/// How long after the last heartbeat of a `serve` other processes leave sending to it, in seconds: six
/// heartbeats.
pub(crate) const SERVED_FRESH_S: i64 = 30;

/// How long the bytes of mails are kept after they were queued, once they are settled, in seconds.
pub(crate) const RAW_KEPT_S: i64 = 7 * Timestamp::DAY_S;

/// Notes in the ticket of a mail what became of it when it is not tried again. That is a change of a ticket, so the
/// function comes from `desk`, a layer above this module.
pub(crate) type NoteEnd = fn(&WriteTx<'_>, &Claimed, &str, Timestamp) -> Result<(), store::Error>;

/// What one drain did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub(crate) struct SendReport {
    /// Mails the other side took.
    pub sent: usize,
    /// Mails that will be tried again.
    pub deferred: usize,
    /// Mails that will not.
    pub failed: usize,
}

impl SendReport {
    const fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.deferred += other.deferred;
        self.failed += other.failed;
    }
}

/// Sends every mail that is due, all addresses at the same time. Safe to run together with other senders.
///
/// # Errors
/// Those of the database; what became of mails already handed over is recorded if possible.
pub(crate) fn send_due(store: &Store, note_end: NoteEnd, now: Timestamp) -> Result<SendReport, store::Error> {
    TransportPool::new(note_end).send_due(store, now)
}

/// Sends what is due about one ticket.
///
/// # Errors
/// As [`send_due`].
pub(crate) fn send_ticket(
    store: &Store,
    ticket: TicketId,
    note_end: NoteEnd,
    now: Timestamp,
) -> Result<SendReport, store::Error> {
    send_ticket_within(store, ticket, note_end, &Patience::default(), now)
}

fn send_ticket_within(
    store: &Store,
    ticket: TicketId,
    note_end: NoteEnd,
    patience: &Patience,
    now: Timestamp,
) -> Result<SendReport, store::Error> {
    let plan = DrainPlan { scope: Scope::Ticket(ticket), patience, pulse: &mut || false };
    drain(store, &mut TransportPool::new(note_end), plan, now)
}

/// Does what [`send_due`] does, for a process that must finish other work: see [`Patience::close`].
///
/// # Errors
/// As [`send_due`].
pub(crate) fn send_due_within(
    store: &Store,
    note_end: NoteEnd,
    patience: &Patience,
    now: Timestamp,
) -> Result<SendReport, store::Error> {
    drain(
        store,
        &mut TransportPool::new(note_end),
        DrainPlan { scope: Scope::All, patience, pulse: &mut || false },
        now,
    )
}

/// Whether a `serve` is running and will send what is queued.
pub(crate) fn is_served(store: &Store, now: Timestamp) -> Result<bool, store::Error> {
    store.read(|tx| is_fresh(tx, now))
}

fn is_fresh(tx: &ReadTx<'_>, now: Timestamp) -> Result<bool, store::Error> {
    Ok(is_sign_fresh(tx.served_at()?, now))
}

/// Whether a heartbeat is recent: not too old, and not written by a clock that was ahead.
#[must_use]
pub(crate) const fn is_sign_fresh(served_at: Timestamp, now: Timestamp) -> bool {
    now.unix().saturating_sub(served_at.unix()).saturating_abs() <= SERVED_FRESH_S
}

/// Settles a mail, with several tries: it may be sent already, and would be sent again. A settlement that only
/// postpones a try is not worth the wait. A power cut soon after may undo this, and the mail is sent twice; waiting for
/// the disk between two mails would cost more than it is worth.
fn record_outcome(
    store: &Store,
    mail: &Claimed,
    settlement: &Settlement,
    clock: Clock,
    note_end: NoteEnd,
) -> Result<SendReport, store::Error> {
    let is_retried = !matches!(settlement, Settlement::Later(..) | Settlement::Untried(_));
    let mut tries = 0_u32;
    loop {
        tries = tries.saturating_add(1);
        match store.write_soon(|tx| settle(tx, mail, settlement, note_end, clock.now())) {
            Err(error) if clock.now() < mail.leased_until && (is_retried || tries == 1) => {
                if tries == 1 {
                    tracing::warn!(%error, outbox = mail.id.get(), "recording what became of a mail failed; trying again");
                }
                thread::sleep(SETTLE_PAUSE);
            }
            done => {
                log(mail, settlement);
                return done;
            }
        }
    }
}

fn settle(
    tx: &WriteTx<'_>,
    mail: &Claimed,
    settlement: &Settlement,
    note_end: NoteEnd,
    now: Timestamp,
) -> Result<SendReport, store::Error> {
    let mut report = SendReport::default();
    if !tx.settle(mail, settlement, now)? {
        return Ok(report);
    }
    match settlement {
        Settlement::Sent => report.sent = 1,
        Settlement::Later(..) | Settlement::Unknown(Some(_), _) => report.deferred = 1,
        Settlement::Untried(_) => {}
        Settlement::Unknown(None, why) => {
            report.failed = 1;
            note_end(tx, mail, &ended(mail, "may have reached its recipient twice or not at all", why), now)?;
        }
        Settlement::Failed(why, _) => {
            report.failed = 1;
            note_end(tx, mail, &ended(mail, "could not be delivered", why), now)?;
        }
    }
    Ok(report)
}

/// What staff see in the ticket of a mail that is not tried again.
fn ended(mail: &Claimed, what: &str, why: &str) -> String {
    format!("A mail of ours about this ticket {what}: {} {why}", mail.recipient)
}

fn log(mail: &Claimed, settlement: &Settlement) {
    let (id, to, attempt) = (mail.id.get(), &mail.recipient, mail.attempts);
    match settlement {
        Settlement::Sent => tracing::info!(outbox = id, to, attempt, "sent"),
        Settlement::Later(next, why) => {
            tracing::warn!(outbox = id, to, attempt, next = next.unix(), error = why, "not sent yet")
        }
        Settlement::Untried(why) => tracing::debug!(outbox = id, to, error = why, "left to the next sender"),
        Settlement::Unknown(next, why) => {
            let next = next.map_or(0, Timestamp::unix);
            tracing::warn!(outbox = id, to, attempt, next, error = why, "sent, but not known whether it has arrived")
        }
        Settlement::Failed(why, _) => tracing::error!(outbox = id, to, attempt, error = why, "not sent"),
    }
}

/// How long [`try_ticket`] waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    /// For a mail to be handed over.
    pub(crate) patience: Duration,
    /// For the answer to one that is being handed over.
    pub(crate) end: Instant,
}

/// Sends what is due about a ticket unless a running `serve` will do it; failures are only logged. For commands that
/// have done their own work and must not be delayed or fail: no mail is handed over later than after
/// `patience`, and what is not sent by then stays in the queue. A mail that is being handed over then is waited
/// for, until `end` at the latest; without an answer it counts as one that may have arrived.
///
/// If such a mail of an address still waits for its next try, nothing is sent by that address: its server takes longer
/// to answer than the command can wait, so the mails are left to a sender that can wait.
pub(crate) fn try_ticket(store: Store, ticket: TicketId, note_end: NoteEnd, wait: Wait, now: Timestamp) {
    let Wait { patience, end } = wait;
    let is_wanted = store.read(|tx| {
        Ok::<_, store::Error>(
            !is_fresh(tx, now)?
                && tx.is_anything_due(Scope::Ticket(ticket), &[], now)?
                && !tx.is_answer_owed(ticket)?,
        )
    });
    if !is_wanted.unwrap_or(false) {
        store.leave();
        return;
    }
    let (done_sender, is_done) = mpsc::channel();
    let bounds = Patience::until(end);
    let send = {
        let bounds = bounds.clone();
        move || {
            if let Err(error) = send_ticket_within(&store, ticket, note_end, &bounds, now) {
                tracing::warn!(%error, ticket = ticket.get(), "sending after delivery");
            }
            // The receiver is gone when the patience has ended.
            done_sender.send(()).ok();
        }
    };
    if let Err(error) = thread::Builder::new().name("send".to_owned()).spawn(send) {
        return tracing::warn!(%error, "no thread to send by; the mail stays in the queue");
    }
    wait_for_sender(&is_done, &bounds, patience);
}

/// Waits for a sender for `patience`, and longer while a mail is being handed over. Afterwards no mail is begun.
pub(crate) fn wait_for_sender(is_done: &mpsc::Receiver<()>, bounds: &Patience, patience: Duration) {
    if is_done.recv_timeout(patience).is_err() {
        bounds.close();
        if bounds.is_waiting() {
            // After the end of its own patience the sender only has to record the result.
            is_done.recv().ok();
        }
    }
}
