//! One drain of the queue: mails are claimed, each address has its own thread, so that none waits for
//! another: a server that takes ten minutes to answer delays only its own address, and the draining process
//! keeps writing its heartbeat meanwhile.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope as Threads};
use std::time::{Duration, Instant};

use super::patience::{Handover, Patience};
use super::pool::{OpenTransport, TransportPool};
use super::presence::SenderLock;
use super::retry::{WAIT_MAX_S, later, shortened, unknown};
use super::transport::{Failure, LONGEST_S, Transport};
use super::{NoteEnd, SendReport, record_outcome};
use crate::domain::{AddressId, Timestamp};
use crate::store::address::AddressRow;
use crate::store::outbox::{Claimed, Fault, QueueWaits, Scope, Settlement};
use crate::store::{self, Store};
use crate::trip::trip;

/// Mails claimed at once. Chosen: few enough that a killed sender delays few mails until its lease
/// ends, enough that claiming costs nothing.
const BATCH_MAX: usize = 100;

/// No mail is begun when less than this is left of its lease, in seconds: the longest exchange with a server
/// that answers each command just before its time limit, and five minutes to record what became of it.
#[allow(clippy::cast_possible_wrap)] // an hour or so
const LEASE_MARGIN_S: i64 = LONGEST_S as i64 + 300;

/// How long a claimed mail stays with its sender, in seconds: a quarter of an hour for the mails before it.
const LEASE_S: i64 = LEASE_MARGIN_S + 900;

/// How long a transport that just failed is not tried again. Chosen: less than the first wait for a next try.
const SHUT_FOR: Duration = Duration::from_secs(50);

/// How often a drain that waits for a server looks for other mails, and writes its heartbeat.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The current time during a drain.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    began_at: Timestamp,
    began: Instant,
}

impl Clock {
    pub(super) fn now(self) -> Timestamp {
        self.began_at.plus_s(i64::try_from(self.began.elapsed().as_secs()).unwrap_or(i64::MAX))
    }
}

/// What a drain has to do.
pub(super) struct DrainPlan<'a> {
    pub(super) scope: Scope,
    pub(super) patience: &'a Patience,
    /// Called from time to time; true when no further mail is to be begun.
    pub(super) pulse: &'a mut dyn FnMut() -> bool,
}

/// Mails of one address, and the transport they leave by.
struct Job {
    address: AddressId,
    mails: Vec<Claimed>,
    way: OpenTransport,
    /// Why this transport failed a moment ago.
    shut: Option<String>,
}

/// What a job returns; no transport when an internal error destroyed it.
struct JobResult {
    address: AddressId,
    way: Option<OpenTransport>,
    shut: Option<String>,
    sent: Result<SendReport, store::Error>,
}

/// What the threads of a drain share.
#[derive(Clone, Copy)]
struct DrainContext<'a> {
    store: &'a Store,
    /// What we are called in the table of workers, where there is one.
    worker: Option<i64>,
    patience: &'a Patience,
    clock: Clock,
    note_end: NoteEnd,
}

pub(super) fn drain(
    store: &Store,
    pool: &mut TransportPool,
    plan: DrainPlan<'_>,
    now: Timestamp,
) -> Result<SendReport, store::Error> {
    let presence = SenderLock::begin(store, &mut pool.worker, now)?;
    let context = DrainContext {
        store,
        worker: presence.worker(),
        patience: plan.patience,
        clock: Clock { began_at: now, began: Instant::now() },
        note_end: pool.note_end,
    };
    let waits = QueueWaits { try_s: WAIT_MAX_S, lease_s: LEASE_S };
    if store.read(|tx| tx.is_queue_astray(waits, now))? {
        let mails = store.write(|tx| tx.cut_queue_waits(waits, now))?;
        tracing::warn!(mails, "mails waited until a time too far ahead, was the clock wrong? Their wait was shortened");
    }
    // Most drains find nothing: looking needs no write lock.
    if !store.read(|tx| tx.is_anything_due(plan.scope, &[], now))? {
        return Ok(SendReport::default());
    }
    trip("sender");
    let (done, finished) = mpsc::channel();
    thread::scope(|threads| {
        let work =
            Work { context, pool, addresses: BTreeMap::new(), busy: Vec::new(), shut: BTreeMap::new(), threads, done };
        work.run(plan.scope, plan.pulse, &finished)
    })
}

/// A running drain.
struct Work<'scope, 'env> {
    context: DrainContext<'env>,
    pool: &'env mut TransportPool,
    /// As they were at the last claim: a drain may last for as long as a server takes, and settings change meanwhile.
    addresses: BTreeMap<AddressId, AddressRow>,
    /// Addresses whose thread is at work.
    busy: Vec<AddressId>,
    shut: BTreeMap<AddressId, (Instant, String)>,
    threads: &'scope Threads<'scope, 'env>,
    done: Sender<JobResult>,
}

impl Work<'_, '_> {
    fn run(
        mut self,
        scope: Scope,
        pulse: &mut dyn FnMut() -> bool,
        finished: &Receiver<JobResult>,
    ) -> Result<SendReport, store::Error> {
        let (mut report, mut failed, mut is_over) = (SendReport::default(), None, false);
        loop {
            while let Ok(back) = finished.try_recv() {
                self.take_back(back, &mut report, &mut failed);
            }
            let claimed = if is_over || failed.is_some() { Ok(Vec::new()) } else { self.claim(scope) };
            // After the claim: a sender whose claim fails writes no heartbeat.
            is_over = pulse();
            match claimed {
                Ok(claimed) if !claimed.is_empty() => {
                    self.begin(claimed);
                    continue;
                }
                Ok(_) => {}
                Err(error) => failed = Some(error),
            }
            if self.busy.is_empty() {
                return failed.map_or(Ok(report), Err);
            }
            if let Ok(back) = finished.recv_timeout(LOOK_EVERY) {
                self.take_back(back, &mut report, &mut failed);
            }
        }
    }

    fn claim(&mut self, scope: Scope) -> Result<Vec<Claimed>, store::Error> {
        let (store, now) = (self.context.store, self.context.clock.now());
        if !store.read(|tx| tx.is_anything_due(scope, &self.busy, now))? {
            return Ok(Vec::new());
        }
        let (busy, worker) = (&self.busy, self.context.worker);
        let claimed = store.write(|tx| {
            // One that others took for dead begins again as a new worker: this drain comes to its end.
            if let Some(worker) = worker
                && !tx.is_worker(worker)?
            {
                return Ok(None);
            }
            let mails = tx.claim_due(scope, busy, BATCH_MAX, now.plus_s(LEASE_S), now)?;
            if let Some(worker) = worker {
                tx.note_lessee(worker, &mails)?;
            }
            Ok::<_, store::Error>(Some((mails, tx.addresses()?)))
        })?;
        let Some((mails, addresses)) = claimed else { return Ok(Vec::new()) };
        self.addresses = addresses.into_iter().collect();
        Ok(mails)
    }

    /// Gives the mails of each address to a thread; if no thread can be started they are sent by this one.
    fn begin(&mut self, claimed: Vec<Claimed>) {
        let mut by_address: BTreeMap<AddressId, Vec<Claimed>> = BTreeMap::new();
        for mail in claimed {
            by_address.entry(mail.address).or_default().push(mail);
        }
        for (address, mails) in by_address {
            let way = self.pool.take(address, self.addresses.get(&address));
            let shut = self.shut.get(&address).filter(|(at, _)| at.elapsed() < SHUT_FOR).map(|(_, why)| why.clone());
            self.busy.push(address);
            let job = Arc::new(Mutex::new(Some(Job { address, mails, way, shut })));
            let (context, done, given) = (self.context, self.done.clone(), Arc::clone(&job));
            let work = move || carry_out(context, address, &given, &done);
            let started = thread::Builder::new().name("send".to_owned()).spawn_scoped(self.threads, work);
            if let Err(error) = started {
                tracing::warn!(%error, "no thread for an address; its mails are sent without one");
                carry_out(self.context, address, &job, &self.done);
            }
        }
    }

    fn take_back(&mut self, back: JobResult, report: &mut SendReport, failed: &mut Option<store::Error>) {
        self.busy.retain(|busy| *busy != back.address);
        if let Some(way) = back.way {
            self.pool.put_back(back.address, way);
        }
        if let Some(why) = back.shut {
            self.shut.insert(back.address, (Instant::now(), why));
        }
        match back.sent {
            Ok(sent) => report.add(sent),
            Err(error) => *failed = Some(error),
        }
    }
}

/// Sends the mails of a job and returns it, whatever happens.
fn carry_out(context: DrainContext<'_>, address: AddressId, job: &Mutex<Option<Job>>, done: &Sender<JobResult>) {
    let Some(job) = job.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
    let sent = catch_unwind(AssertUnwindSafe(move || {
        let Job { address, mails, mut way, mut shut } = job;
        let sent = send_by(context, &mut way.transport, &mut shut, mails);
        JobResult { address, way: Some(way), shut, sent }
    }));
    let back = sent.unwrap_or_else(|_| {
        tracing::error!(address = address.get(), "an internal error ended sending by an address; it is started again");
        let shut = Some("an internal error, see the log".to_owned());
        JobResult { address, way: None, shut, sent: Ok(SendReport::default()) }
    });
    // The drain waits for every job it has given out.
    done.send(back).ok();
}

/// Sends mails of one address in their order. What became of one is recorded before the next is
/// begun, so that a killed sender has at most one mail that was sent and not recorded.
fn send_by(
    context: DrainContext<'_>,
    transport: &mut Transport,
    shut: &mut Option<String>,
    mails: Vec<Claimed>,
) -> Result<SendReport, store::Error> {
    let DrainContext { store, patience, clock, note_end, .. } = context;
    let mut report = SendReport::default();
    for mail in mails {
        let (now, mut handover) = (clock.now(), patience.handover());
        let settlement = if let Some(why) = &*shut {
            later(&mail, why, now)
        } else if mail.leased_until.unix() - now.unix() < LEASE_MARGIN_S || patience.is_closed() {
            Settlement::Untried(Failure::Left.to_string())
        } else {
            let sent = send_one(context.store, transport, &mail, &mut handover);
            if let Err(Failure::Transport(why) | Failure::Unknown { why, is_silent: true }) = &sent {
                *shut = Some(why.clone());
            }
            settlement_of(&mail, sent, clock.now())
        };
        report.add(record_outcome(store, &mail, &settlement, clock, note_end)?);
    }
    Ok(report)
}

fn send_one(
    store: &Store,
    transport: &mut Transport,
    mail: &Claimed,
    handover: &mut Handover<'_>,
) -> Result<(), Failure> {
    let look: store::Result<Option<Option<Vec<u8>>>> = store.read(|tx| match tx.claimed_raw(mail)? {
        Some(raw) => Ok(Some(Some(raw))),
        None => Ok(tx.is_claimed(mail)?.then_some(None)),
    });
    let raw = match look {
        Ok(Some(Some(raw))) => raw,
        // Others took us for dead and send it.
        Ok(None) => return Err(Failure::Left),
        Ok(Some(None)) => {
            return Err(Failure::Permanent("the bytes of this mail are gone".to_owned(), Fault::Elsewhere));
        }
        Err(error) => return Err(Failure::Transport(error.to_string())),
    };
    let sent = catch_unwind(AssertUnwindSafe(|| transport.send(mail, &raw, handover)));
    // A mail that makes the program panic must not stop the mails after it.
    sent.unwrap_or_else(|_| Err(Failure::Temporary("an internal error, see the log".to_owned())))
}

fn settlement_of(mail: &Claimed, sent: Result<(), Failure>, now: Timestamp) -> Settlement {
    match sent {
        Ok(()) => Settlement::Sent,
        Err(Failure::Permanent(why, fault)) => Settlement::Failed(shortened(&why), fault),
        Err(Failure::Temporary(why) | Failure::Transport(why)) => later(mail, &why, now),
        Err(Failure::Unknown { why, .. }) => unknown(mail, &why, now),
        Err(left @ Failure::Left) => Settlement::Untried(left.to_string()),
    }
}
