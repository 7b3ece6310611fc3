//! What `serve` does besides answering requests. Each kind of work has its own thread and goes on
//! after an error: the next round tries again.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

use super::tell_systemd;
use crate::api::Api;
use crate::domain::Timestamp;
use crate::imap_fetch::{self, Watch};
use crate::intake::Rules;
use crate::jobs;
use crate::outbox;
use crate::outbox::patience::Patience;
use crate::outcome::{self, WithContext};
use crate::stop::Stop;
use crate::store::{self, Store};
use crate::webhook;
use crate::worker::{Lease, Leases};

/// Between two heartbeats; `pipe` takes over sending after six missed ones.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The outbox is looked at this often even without a wake-up: other
/// processes queue mail too.
const OUTBOX_POLL: Duration = Duration::from_secs(1);

/// Between two rounds of the timed work, which counts in hours and days.
const TIMED_PAUSE: Duration = Duration::from_secs(600);

/// How often the setting `imap_watch` is looked at; one indexed read.
const WATCH_POLL: Duration = Duration::from_secs(2);

/// Between two looks at whether a ticket that was put off has to wake.
const WAKE_PAUSE: Duration = Duration::from_secs(10);

/// Between two looks at whether the search index has grown.
const TIDY_PAUSE: Duration = Duration::from_secs(1);

/// Between two looks at whether the log has. Chosen: a busy desk writes some megabytes in that time.
const COPY_PAUSE: Duration = Duration::from_millis(200);

/// The pause before a kind of work is started again after a panic: the first, doubled each time up to the last,
/// and the first again after it has run so long.
const RESTART_FIRST: Duration = Duration::from_secs(1);
const RESTART_LAST: Duration = Duration::from_secs(60);

/// Token uses, and systemd's watchdog.
pub(super) fn keep(api: &Api, store: &Store, wakes: &Receiver<()>, threads: &Threads) {
    let watchdog = sd_notify::watchdog_enabled().map(|interval| interval / 2);
    let pause = watchdog.unwrap_or(HEARTBEAT).min(HEARTBEAT);
    loop {
        note_token_uses(api, store);
        api.note_origins();
        api.give_back_unused();
        if watchdog.is_some() {
            tell_systemd(&[NotifyState::Watchdog]);
        }
        if threads.is_stopping() {
            return note_token_uses(api, store);
        }
        wait(wakes, pause);
    }
}

/// The heartbeat of the thread that sends mail: while it is fresh `pipe` leaves its mail to `serve`; `/readyz` and
/// `admin doctor` report when it is missing. The sending loop itself gives it, so that a dead or stuck loop gives none.
struct Pulse<'a> {
    store: &'a Store,
    threads: &'a Threads,
    at: Option<Instant>,
}

impl Pulse<'_> {
    /// Gives the heartbeat when it is due; says whether the end is asked for.
    fn beat(&mut self) -> bool {
        if self.threads.is_stopping() {
            return true;
        }
        if self.at.is_none_or(|last| last.elapsed() >= HEARTBEAT) {
            self.at = Some(Instant::now());
            logged("writing the heartbeat", self.store.write(|tx| tx.note_served(self.store.now())));
        }
        false
    }
}

/// Clears the heartbeat at the end: otherwise `pipe` would wait for us another half minute.
pub(super) fn take_leave(store: &Store) {
    logged("noting the end", store.write(|tx| tx.note_served(Timestamp::default())));
}

fn note_token_uses(api: &Api, store: &Store) {
    let uses = api.take_token_uses();
    if uses.is_empty() {
        return;
    }
    let done = store.write(|tx| {
        for (token, at) in &uses {
            tx.note_token_use(*token, *at)?;
        }
        Ok(())
    });
    logged("noting the use of tokens", done);
}

/// Sends what is queued, at once when woken, else every second.
pub(super) fn send(store: &Store, wakes: &Receiver<()>, threads: &Threads) {
    let mut pool = outbox::TransportPool::new(crate::desk::note_undelivered);
    let mut pulse = Pulse { store, threads, at: None };
    while !threads.is_stopping() {
        let now = store.now();
        pool.close_idle();
        match store.read(|tx| tx.oldest_pending()) {
            Ok(None) => {}
            Ok(Some(_)) => match pool.send_while(store, now, &threads.sending, &mut || pulse.beat()) {
                Ok(report) if report == outbox::SendReport::default() => {}
                Ok(report) => {
                    tracing::info!(sent = report.sent, deferred = report.deferred, failed = report.failed, "outbox");
                }
                Err(error) => tracing::warn!(%error, "sending mail; tried again"),
            },
            Err(error) => tracing::warn!(%error, "looking for mail to send; tried again"),
        }
        // After the work: a loop that panics each time gives no heartbeat.
        pulse.beat();
        wait(wakes, OUTBOX_POLL);
    }
}

/// Tells webhooks what happened.
pub(super) fn tell_webhooks(store: &Store, threads: &Threads) {
    while !threads.is_stopping() {
        match webhook::send_due(store, Timestamp::now, &|| threads.is_stopping()) {
            Ok(report) if report == webhook::Report::default() => {}
            Ok(report) => {
                tracing::info!(sent = report.sent, deferred = report.deferred, failed = report.failed, "webhooks");
            }
            Err(error) => tracing::warn!(%error, "telling webhooks; tried again"),
        }
        threads.pause(OUTBOX_POLL);
    }
}

/// Closes, forgets and tidies what is due, as `admin jobs run` does: on one host, until it ends or falls silent.
pub(super) fn work_by_time(store: &Store, leases: &Leases, threads: &Threads) {
    while !threads.is_stopping() {
        match jobs::take(leases, store) {
            Ok(Lease::Ours(ours)) => work_while_ours(ours.on(store), threads),
            Ok(Lease::Theirs(host)) => tracing::debug!(host, "another host does the timed work"),
            Err(error) => tracing::warn!(%error, "asking for the timed work; tried again"),
        }
        threads.pause(WAKE_PAUSE);
    }
}

fn work_while_ours(store: &Store, threads: &Threads) {
    while !threads.is_stopping() {
        match jobs::run(store, store.now()) {
            Err(store::Error::TakenOver(_)) => return tracing::warn!("another host does the timed work by now"),
            Ok(report) if report == jobs::Report::default() => {}
            Ok(report) => tracing::info!(
                closed = report.closed,
                raw_mails = report.raw_mails,
                sent_mails = report.sent_mails,
                logins = report.logins,
                "timed work"
            ),
            Err(error) => tracing::warn!(%error, "timed work; tried again"),
        }
        let next = Instant::now() + TIMED_PAUSE;
        while Instant::now() < next && !threads.pause(WAKE_PAUSE) {
            match jobs::wake(store, store.now()) {
                Err(store::Error::TakenOver(_)) => return tracing::warn!("another host does the timed work by now"),
                done => logged("waking tickets", done.map(drop)),
            }
        }
    }
}

/// Tidies the database while others write: merges what they add to the search index, and copies the log into the database
/// so that they need not, between two merges as well.
pub(super) fn tidy(store: &Store, threads: &Threads) {
    let copied = Cell::new(Instant::now());
    let copy = || {
        if copied.get().elapsed() >= COPY_PAUSE {
            logged("copying the log", store.copy_log());
            copied.set(Instant::now());
        }
    };
    let mut looked = Instant::now();
    while !threads.pause(COPY_PAUSE) {
        copy();
        if looked.elapsed() >= TIDY_PAUSE {
            let between = || {
                copy();
                threads.is_stopping()
            };
            logged("merging the search index", jobs::merge_search(store, &between).map(|_| ()));
            looked = Instant::now();
        }
    }
}

/// What the mailboxes are watched with.
#[derive(Clone, Copy)]
pub(super) struct Watching<'a> {
    pub(super) store: &'a Store,
    pub(super) leases: &'a Leases,
    pub(super) rules: &'a Rules,
    pub(super) patience: Duration,
}

/// Watches the mailboxes while the setting `imap_watch` is on.
pub(super) fn watch_mailboxes(watching: Watching<'_>, threads: &Threads) {
    let is_wanted = || match watching.store.read(|tx| tx.settings()) {
        Ok(settings) => settings.imap_watch,
        Err(error) => {
            tracing::warn!(%error, "reading the settings; tried again");
            false
        }
    };
    while !threads.is_stopping() {
        if is_wanted() {
            watch_while(&is_wanted, watching, threads);
        }
        threads.pause(WATCH_POLL);
    }
}

fn watch_while(is_wanted: &impl Fn() -> bool, watching: Watching<'_>, threads: &Threads) {
    let stop = match Stop::new() {
        Ok(stop) => stop,
        Err(error) => return tracing::warn!(%error, "preparing to watch the mailboxes; tried again"),
    };
    let Watching { store, leases, rules, patience } = watching;
    let watch = Watch { store, leases, rules, patience, stop: &stop, only: &[] };
    thread::scope(|scope| {
        let work = move || imap_fetch::watch(watch, |summary| log(&summary));
        let watching = match thread::Builder::new().name("mailboxes".to_owned()).spawn_scoped(scope, work) {
            Ok(watching) => watching,
            Err(error) => return tracing::warn!(%error, "no thread to watch the mailboxes by; tried again"),
        };
        while !watching.is_finished() && is_wanted() && !threads.pause(WATCH_POLL) {}
        stop.ask();
        match watching.join() {
            Ok(done) => logged("watching the mailboxes", done),
            Err(_) => tracing::error!("an internal error ended the watch of the mailboxes; it is started again"),
        }
    });
}

/// One line for each fetch that found something; a mailbox that cannot be fetched has its own.
fn log(summary: &imap_fetch::Summary) {
    let counts = summary.counts();
    if counts != imap_fetch::Counts::default() {
        tracing::info!(
            address = summary.address,
            fetched = counts.fetched,
            stored = counts.stored,
            duplicates = counts.duplicates,
            quarantined = counts.quarantined,
            failed = counts.failed,
            "mailbox"
        );
    }
}

fn logged(what: &str, done: store::Result<()>) {
    if let Err(error) = done {
        tracing::warn!(%error, "{what}; tried again");
    }
}

/// Waits until woken, at most so long; many wakes count as one.
fn wait(wakes: &Receiver<()>, at_most: Duration) {
    match wakes.recv_timeout(at_most) {
        Ok(()) => while wakes.try_recv().is_ok() {},
        Err(RecvTimeoutError::Timeout) => {}
        // Every waker is gone: only at the end, and without this the loop would spin.
        Err(RecvTimeoutError::Disconnected) => thread::sleep(Duration::from_millis(50)),
    }
}

/// The threads beside the server, and the flag that ends them.
#[derive(Clone, Default)]
pub(super) struct Threads {
    is_stopping: Arc<AtomicBool>,
    /// Wakes those that pause; the lock guards nothing but the moment of falling asleep.
    stopped: Arc<(Mutex<()>, Condvar)>,
    running: Arc<Mutex<Vec<JoinHandle<()>>>>,
    /// The mails that are being handed over; none is begun after the end was asked for.
    sending: Patience,
}

impl Threads {
    /// Starts a kind of work in its own thread. Work that panics is started again after a pause; work that
    /// returns is over.
    pub(super) fn start(&self, name: &'static str, mut work: impl FnMut() + Send + 'static) -> outcome::Result<()> {
        let threads = self.clone();
        let watched = move || threads.supervise(name, &mut work);
        let started = thread::Builder::new().name(name.to_owned()).spawn(watched).context("starting a thread")?;
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push(started);
        Ok(())
    }

    fn supervise(&self, name: &str, work: &mut dyn FnMut()) {
        let mut pause = RESTART_FIRST;
        loop {
            let began = Instant::now();
            if catch_unwind(AssertUnwindSafe(&mut *work)).is_ok() {
                return;
            }
            if began.elapsed() >= RESTART_LAST {
                pause = RESTART_FIRST;
            }
            tracing::error!(
                thread = name,
                seconds = pause.as_secs(),
                "an internal error ended a thread; it is started again"
            );
            if self.pause(pause) {
                return;
            }
            pause = (pause * 2).min(RESTART_LAST);
        }
    }

    pub(super) fn stop(&self) {
        let _asleep = self.stopped.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_stopping.store(true, Ordering::SeqCst);
        self.sending.close();
        self.stopped.1.notify_all();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    /// Waits so long, or until the end is asked for; says whether it is.
    fn pause(&self, at_most: Duration) -> bool {
        let (lock, stopped) = &*self.stopped;
        let awake = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = stopped.wait_timeout_while(awake, at_most, |()| !self.is_stopping());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.is_stopping()
    }

    /// Waits for the threads to end: `at_most`, and up to `answer_at_most` while a server has not yet answered whether it
    /// took a mail, because an unanswered one is sent again. A mail that is left behind all the same goes to the next sender
    /// when its claim has ended.
    pub(super) fn join(&self, at_most: Duration, answer_at_most: Duration) {
        let stopped = Instant::now();
        let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        let is_in_time = || {
            let waited = stopped.elapsed();
            waited < at_most || (waited < answer_at_most && self.sending.is_waiting())
        };
        while is_in_time() && running.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn work_that_panics_is_begun_again_and_the_end_needs_no_patience() {
        let (threads, begun) = (Threads::default(), Arc::new(AtomicUsize::new(0)));
        let (sender, runs) = std::sync::mpsc::channel();
        let started = threads.start("test", {
            let begun = Arc::clone(&begun);
            move || {
                let nth = begun.fetch_add(1, Ordering::SeqCst);
                sender.send(nth).ok();
                assert!(nth == 1, "a bug");
            }
        });
        started.unwrap();
        let soon = Duration::from_secs(20);
        assert_eq!((runs.recv_timeout(soon), runs.recv_timeout(soon)), (Ok(0), Ok(1)));
        // The second time it has returned: that is its end, and it is not started again.
        threads.join(soon, soon);
        assert_eq!(begun.load(Ordering::SeqCst), 2);

        let threads = Threads::default();
        threads.start("test", || panic!("a bug")).unwrap();
        threads.stop();
        let stopped = Instant::now();
        threads.join(soon, soon);
        assert!(stopped.elapsed() < RESTART_FIRST / 2, "{:?}", stopped.elapsed());
    }
}
