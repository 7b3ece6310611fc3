//! Mail out: [`send_due`] takes finished mails from the queue, hands them to a transport and writes
//! down what became of them. What a mail says is [`template`]'s, its bytes [`compose`]'s, how it
//! travels [`transport`]'s; who gets one is decided in [`crate::desk`].
//!
//! A mail is claimed with a lease, sent with no transaction open, then settled. A sender that dies
//! loses nothing: its lease ends with it and the next one sends the same bytes with the same Message-ID.

pub mod compose;
pub mod pool;
mod presence;
pub mod template;
pub mod transport;

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::{AddressId, Author, TicketId, Timestamp};
use crate::store::addresses::AddressRow;
use crate::store::queue::{Claimed, Fault, Scope, Settlement};
use crate::store::tickets::{NewMessage, Text, Visibility};
use crate::store::{self, ReadTx, Store, WriteTx};
pub use pool::Pool;
use presence::Presence;
use transport::{Failure, Transport};

/// Mails claimed at once. Chosen: few enough that a killed sender holds little back until its lease
/// ends, enough that claiming costs nothing.
const BATCH_MAX: usize = 100;

/// How long a claimed mail stays with its sender, in seconds: several times the longest exchange
/// with a server that answers each command just before its time limit.
const LEASE_S: i64 = 600;

/// No mail is begun with less of its lease left than this, in seconds.
const LEASE_MARGIN_S: i64 = 300;

/// Minutes until the next try after each failed one; then always the last (mail.md §9).
const BACKOFF_MINUTES: [i64; 6] = [1, 5, 15, 60, 120, 240];

/// Longest text of a failure kept, in characters.
const ERROR_CHARS_MAX: usize = 500;

/// Tries at writing down what became of mails while the database is locked by somebody else.
const SETTLE_TRIES: u32 = 3;

/// After a `serve` was last seen alive, how long others leave sending to it, in seconds: six of its
/// heartbeats.
pub const SERVED_FRESH_S: i64 = 30;

/// How long the bytes of mails are kept after they were queued, once they are settled, in seconds.
pub const RAW_KEPT_S: i64 = 7 * Timestamp::DAY_S;

/// What one drain did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct SendReport {
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

/// Sends every mail that is due, address by address at the same time. Safe beside other senders.
///
/// # Errors
/// Those of the database; mails already handed over are written down as far as it lets us.
pub fn send_due(store: &Store, now: Timestamp) -> Result<SendReport, store::Error> {
    Pool::default().send_due(store, now)
}

/// Sends what is due about one ticket.
///
/// # Errors
/// As [`send_due`].
pub fn send_ticket(store: &Store, ticket: TicketId, now: Timestamp) -> Result<SendReport, store::Error> {
    drain(store, &mut Pool::default(), Scope::Ticket(ticket), now)
}

/// Whether a `serve` is alive and will send what is queued.
///
/// # Errors
/// Those of the database.
pub fn is_served(store: &Store, now: Timestamp) -> Result<bool, store::Error> {
    store.read(|tx| is_fresh(tx, now))
}

fn is_fresh(tx: &ReadTx<'_>, now: Timestamp) -> Result<bool, store::Error> {
    Ok(now.unix().saturating_sub(tx.served_at()?.unix()) <= SERVED_FRESH_S)
}

/// The time as it goes on during a drain.
#[derive(Clone, Copy)]
struct Clock {
    began_at: Timestamp,
    began: Instant,
}

impl Clock {
    fn now(self) -> Timestamp {
        self.began_at.plus_s(i64::try_from(self.began.elapsed().as_secs()).unwrap_or(i64::MAX))
    }
}

/// Ways by which nothing left in this drain, and why: they are not tried again in it.
type Shut = BTreeMap<AddressId, String>;

fn drain(store: &Store, pool: &mut Pool, scope: Scope, now: Timestamp) -> Result<SendReport, store::Error> {
    let clock = Clock { began_at: now, began: Instant::now() };
    let mut report = SendReport::default();
    let _presence = Presence::begin(store, now)?;
    // Most drains find nothing: looking needs no write lock.
    if !store.read(|tx| tx.is_anything_due(scope, now))? {
        return Ok(report);
    }
    let addresses: BTreeMap<AddressId, AddressRow> = store.read(|tx| tx.addresses())?.into_iter().collect();
    let mut shut = BTreeMap::new();
    loop {
        let now = clock.now();
        let claimed = store.write(|tx| tx.claim_due(scope, BATCH_MAX, now.plus_s(LEASE_S), now))?;
        if claimed.is_empty() {
            return Ok(report);
        }
        report.add(send_batch(store, (pool, &addresses, &mut shut), claimed, clock)?);
    }
}

/// Sends a batch, one thread per address: a server that stalls holds up its own address only.
fn send_batch(
    store: &Store,
    (pool, addresses, shut): (&mut Pool, &BTreeMap<AddressId, AddressRow>, &mut Shut),
    claimed: Vec<Claimed>,
    clock: Clock,
) -> Result<SendReport, store::Error> {
    let mut by_address: BTreeMap<AddressId, Vec<Claimed>> = BTreeMap::new();
    for mail in claimed {
        by_address.entry(mail.address).or_default().push(mail);
    }
    thread::scope(|scope| {
        let mut senders = Vec::new();
        for (address, mails) in by_address {
            let mut way = pool.take(address, addresses.get(&address));
            let mut why_shut = shut.get(&address).cloned();
            senders.push(scope.spawn(move || {
                let sent = send_by(store, (&mut way.transport, &mut why_shut), mails, clock);
                (address, way, why_shut, sent)
            }));
        }
        let mut done = Ok(SendReport::default());
        for sender in senders {
            let (address, way, why_shut, sent) = sender.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            pool.put_back(address, way);
            shut.extend(why_shut.map(|why| (address, why)));
            done = match (done, sent) {
                (Ok(mut report), Ok(sent)) => {
                    report.add(sent);
                    Ok(report)
                }
                (Err(error), _) | (Ok(_), Err(error)) => Err(error),
            };
        }
        done
    })
}

/// Sends mails of one address in their order. What became of one is written down before the next is
/// begun, so that a sender that is killed has at most one mail sent and not noted.
fn send_by(
    store: &Store,
    (transport, why_shut): (&mut Transport, &mut Option<String>),
    mails: Vec<Claimed>,
    clock: Clock,
) -> Result<SendReport, store::Error> {
    let mut report = SendReport::default();
    for mail in mails {
        let now = clock.now();
        let settlement = if let Some(why) = &*why_shut {
            later(&mail, why, now)
        } else if mail.leased_until.unix() - now.unix() < LEASE_MARGIN_S {
            Settlement::Later(now, String::new())
        } else {
            let sent = match store.read(|tx| tx.outgoing_raw(mail.id)) {
                Ok(Some(raw)) => transport.send(&mail, &raw),
                Ok(None) => Err(Failure::Permanent("the bytes of this mail are gone".to_owned(), Fault::Elsewhere)),
                Err(error) => Err(Failure::Transport(error.to_string())),
            };
            match sent {
                Ok(()) => Settlement::Sent,
                Err(Failure::Permanent(why, fault)) => Settlement::Failed(shortened(&why), fault),
                Err(Failure::Temporary(why)) => later(&mail, &why, clock.now()),
                Err(Failure::Transport(why)) => {
                    let settlement = later(&mail, &why, clock.now());
                    *why_shut = Some(why);
                    settlement
                }
            }
        };
        report.add(write_down(store, &mail, &settlement, clock)?);
    }
    Ok(report)
}

/// Settles a mail, patiently: it may be sent already. A power cut soon after may undo this, and the
/// mail is sent twice; waiting for the disk between two mails would cost more than it is worth.
fn write_down(
    store: &Store,
    mail: &Claimed,
    settlement: &Settlement,
    clock: Clock,
) -> Result<SendReport, store::Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        match store.write_soon(|tx| settle(tx, mail, settlement, clock.now())) {
            Err(store::Error::Busy) if tries < SETTLE_TRIES => {}
            done => {
                log(mail, settlement);
                return done;
            }
        }
    }
}

/// The next try, or the end of trying.
fn later(mail: &Claimed, why: &str, now: Timestamp) -> Settlement {
    if now >= mail.give_up_at {
        return Settlement::Failed(shortened(&format!("given up after five days: {why}")), Fault::Elsewhere);
    }
    let failed = usize::try_from(mail.attempts).unwrap_or(1).clamp(1, BACKOFF_MINUTES.len());
    let minutes = BACKOFF_MINUTES.get(failed - 1).copied().unwrap_or(240);
    Settlement::Later(now.plus_s(minutes * 60).min(mail.give_up_at), shortened(why))
}

fn shortened(why: &str) -> String {
    why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(ERROR_CHARS_MAX).collect()
}

fn settle(
    tx: &WriteTx<'_>,
    mail: &Claimed,
    settlement: &Settlement,
    now: Timestamp,
) -> Result<SendReport, store::Error> {
    let mut report = SendReport::default();
    if !tx.settle(mail, settlement, now)? {
        return Ok(report);
    }
    match settlement {
        Settlement::Sent => report.sent = 1,
        Settlement::Later(..) => report.deferred = 1,
        Settlement::Failed(why, _) => {
            report.failed = 1;
            note_failure(tx, mail, why, now)?;
        }
    }
    Ok(report)
}

/// Staff see in the ticket that a mail about it did not go out.
fn note_failure(tx: &WriteTx<'_>, mail: &Claimed, why: &str, now: Timestamp) -> Result<(), store::Error> {
    let Some(ticket) = mail.ticket else { return Ok(()) };
    if tx.ticket(ticket)?.is_none() {
        return Ok(());
    }
    let text = format!("A mail of ours about this ticket could not be delivered: {} {why}", mail.recipient);
    let new = NewMessage {
        ticket,
        author: Author::Desk,
        visibility: Visibility::Internal,
        text: Text::Plain(&text),
        full_text: "",
        mail_html: "",
    };
    tx.add_message(&new, now)?;
    Ok(())
}

fn log(mail: &Claimed, settlement: &Settlement) {
    let (id, to, attempt) = (mail.id.get(), &mail.recipient, mail.attempts);
    match settlement {
        Settlement::Sent => tracing::info!(outbox = id, to, attempt, "sent"),
        Settlement::Later(next, why) => {
            tracing::warn!(outbox = id, to, attempt, next = next.unix(), error = why, "not sent yet")
        }
        Settlement::Failed(why, _) => tracing::error!(outbox = id, to, attempt, error = why, "not sent"),
    }
}

/// Sends what is due about a ticket unless a `serve` is alive and will do it; takes at most `patience`
/// and says nothing. For edges that have done their own work and must not be held up or fail: what
/// is not sent by then stays in the queue.
pub fn try_ticket(store: Store, ticket: TicketId, now: Timestamp, patience: Duration) {
    let is_wanted =
        store.read(|tx| Ok::<_, store::Error>(!is_fresh(tx, now)? && tx.is_anything_due(Scope::Ticket(ticket), now)?));
    if !is_wanted.unwrap_or(false) {
        store.leave();
        return;
    }
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let done = send_ticket(&store, ticket, now);
        if let Err(error) = &done {
            tracing::warn!(%error, ticket = ticket.get(), "sending after delivery");
        }
        // Nobody listens any more when patience has ended.
        tell.send(done.is_ok()).ok();
    });
    told.recv_timeout(patience).ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OutboxId;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn mail(attempts: i64, give_up_at: Timestamp) -> Claimed {
        Claimed {
            id: OutboxId::new(1),
            address: AddressId::new(1),
            ticket: None,
            envelope_sender: String::new(),
            recipient: "ann@example.org".to_owned(),
            attempts,
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
        let last = |left_s| later(&mail(9, NOW.plus_s(left_s)), "busy", NOW);
        assert_eq!(last(1), Settlement::Later(NOW.plus_s(1), "busy".to_owned()));
        assert!(matches!(last(0), Settlement::Failed(why, _) if why == "given up after five days: busy"));
    }

    #[test]
    fn failure_text_is_one_short_line() {
        assert_eq!(shortened("a\r\nb"), "a  b");
        assert_eq!(shortened(&"x".repeat(501)).len(), 500);
    }
}
