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
pub(crate) mod template;
pub(crate) mod transport;

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::{TicketId, Timestamp};
use crate::store::outbox::{Claimed, Fault, Scope, Settlement};
use crate::store::{self, ReadTx, Store, WriteTx};
use drain::{Clock, DrainPlan, drain};
use patience::Patience;
pub(crate) use pool::TransportPool;

/// Minutes until the next try after each failed one; after these, always the last value (mail.md §9).
const BACKOFF_MINUTES: [i64; 6] = [1, 5, 15, 60, 120, 240];

/// Hours until the next try of a mail that was handed over and not answered, after each such try; after the
/// last there is none. Chosen: the recipient may have it already, so at most two more copies, and far
/// enough apart that a server in trouble has been repaired.
const UNKNOWN_HOURS: [i64; 2] = [2, 12];

/// The longest wait between two tries, in seconds.
const WAIT_MAX_S: i64 = 12 * Timestamp::HOUR_S;

/// A mail is not given up before it was tried this often, no matter how much time has passed: the desk, or its
/// clock, may have been stopped meanwhile. Chosen: a day of tries.
const TRIES_MIN: i64 = 10;

/// Longest text of a failure kept, in characters.
const ERROR_CHARS_MAX: usize = 500;

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

/// The next try, or the end of trying.
fn later(mail: &Claimed, why: &str, now: Timestamp) -> Settlement {
    let is_over = now >= mail.give_up_at;
    if is_over && mail.attempts >= TRIES_MIN {
        return Settlement::Failed(shortened(&format!("given up after five days: {why}")), Fault::Elsewhere);
    }
    let failed = usize::try_from(mail.attempts).unwrap_or(1).clamp(1, BACKOFF_MINUTES.len());
    let minutes = BACKOFF_MINUTES.get(failed - 1).copied().unwrap_or(240);
    let next = now.plus_s(minutes * 60);
    Settlement::Later(if is_over { next } else { next.min(mail.give_up_at) }, shortened(why))
}

/// The next try of a mail that was handed over and not answered, if any.
fn unknown(mail: &Claimed, why: &str, now: Timestamp) -> Settlement {
    let before = usize::try_from(mail.unknown_tries).unwrap_or(usize::MAX);
    let next = UNKNOWN_HOURS.get(before).map(|hours| now.plus_s(hours * Timestamp::HOUR_S));
    Settlement::Unknown(next, shortened(&format!("handed over, and not known whether it has arrived: {why}")))
}

fn shortened(why: &str) -> String {
    why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(ERROR_CHARS_MAX).collect()
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
    if is_done.recv_timeout(patience).is_err() && bounds.close() {
        // After the end of its own patience the sender only has to record the result.
        is_done.recv().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AddressId, OutboxId};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn mail(attempts: i64, give_up_at: Timestamp) -> Claimed {
        Claimed {
            id: OutboxId::new(1),
            address: AddressId::new(1),
            ticket: None,
            envelope_sender: String::new(),
            recipient: "ann@example.org".to_owned(),
            attempts,
            unknown_tries: 0,
            give_up_at,
            leased_until: NOW,
        }
    }

    #[test]
    fn tries_grow_apart_and_end_after_five_days() {
        let end = NOW.plus_s(5 * Timestamp::DAY_S);
        let wait = |attempts| match later(&mail(attempts, end), "busy", NOW) {
            Settlement::Later(next, _) => (next.unix() - NOW.unix()) / 60,
            other => panic!("{other:?}"),
        };
        assert_eq!([1, 2, 3, 4, 5, 6, 7, 100].map(wait), [1, 5, 15, 60, 120, 240, 240, 240]);
        let last = |left_s| later(&mail(TRIES_MIN, NOW.plus_s(left_s)), "busy", NOW);
        assert_eq!(last(1), Settlement::Later(NOW.plus_s(1), "busy".to_owned()));
        assert!(matches!(last(0), Settlement::Failed(why, _) if why == "given up after five days: busy"));
    }

    #[test]
    fn time_alone_gives_no_mail_up() {
        let at = |attempts| later(&mail(attempts, NOW.plus_s(-Timestamp::DAY_S)), "busy", NOW);
        assert_eq!(at(2), Settlement::Later(NOW.plus_s(300), "busy".to_owned()));
        assert_eq!(at(TRIES_MIN - 1), Settlement::Later(NOW.plus_s(240 * 60), "busy".to_owned()));
        assert!(matches!(at(TRIES_MIN), Settlement::Failed(..)));
    }

    #[test]
    fn a_mail_that_may_have_arrived_is_tried_twice_more_and_seldom() {
        let next = |unknown_tries| {
            let mail = Claimed { unknown_tries, ..mail(1, NOW.plus_s(5 * Timestamp::DAY_S)) };
            match unknown(&mail, "no answer", NOW) {
                Settlement::Unknown(next, _) => next.map(|next| (next.unix() - NOW.unix()) / 3600),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!([0, 1, 2, 3].map(next), [Some(2), Some(12), None, None]);
        assert!(UNKNOWN_HOURS.iter().all(|hours| hours * Timestamp::HOUR_S <= WAIT_MAX_S));
        assert!(BACKOFF_MINUTES.iter().all(|minutes| minutes * 60 <= WAIT_MAX_S));
    }

    #[test]
    fn a_sign_of_life_is_one_of_about_now() {
        let fresh = |ago_s: i64| is_sign_fresh(NOW.plus_s(-ago_s), NOW);
        assert!(fresh(0) && fresh(SERVED_FRESH_S) && fresh(-SERVED_FRESH_S));
        assert!(!fresh(SERVED_FRESH_S + 1) && !fresh(-SERVED_FRESH_S - 1));
        assert!(!is_sign_fresh(Timestamp::default(), NOW));
    }

    #[test]
    fn failure_text_is_one_short_line() {
        assert_eq!(shortened("a\r\nb"), "a  b");
        assert_eq!(shortened(&"x".repeat(501)).len(), 500);
    }
}
