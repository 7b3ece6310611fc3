//! Staying with the mailboxes: one connection per folder waits with IDLE and takes in what comes, a
//! supervisor starts and ends them as addresses change. What a fetch is, is [`super::folder`]'s.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::account::Account;
use super::folder::{Fetch, FetchContext, Leftovers, Mode};
use super::idle::IdleEvent;
use super::mailbox::Mailbox;
use super::summary::{FolderSummary, Progress, Summary};
use super::{Error, is_imap, lease_name, outgoing};
use crate::domain::{AddressId, Timestamp};
use crate::intake::Rules;
use crate::stop::Stop;
use crate::store::address::AddressRow;
use crate::store::{self, Store};
use crate::worker::{Lease, Leases};

/// How long one IDLE lasts. Servers end one after 30 minutes (RFC 2177), firewalls forget a silent
/// connection after as little as 5; ending it also finds out whether anybody is still there.
const IDLE_TIME: Duration = Duration::from_secs(4 * 60);

/// How often a server without IDLE is asked.
const POLL_TIME: Duration = Duration::from_secs(15);

/// How often mails are tried again that could not be read or settled more than once. Chosen: one on
/// which the server hangs up each time must not become the watch's main work.
const LEFTOVERS_PAUSE: Duration = Duration::from_secs(15 * 60);

/// How often the addresses are looked at for changes.
const SUPERVISION_TICK: Duration = Duration::from_secs(2);

/// How often it is asked whether a folder that another host reads is free.
const LEASE_LOOK: Duration = Duration::from_secs(5);

/// Seconds to pause when not even the pause can be looked up.
const PAUSE_S: i64 = 60;

/// What a watch works with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch<'a> {
    /// The desk.
    pub store: &'a Store,
    /// Those of this process.
    pub leases: &'a Leases,
    /// Limits for reading mails.
    pub rules: &'a Rules,
    /// How long an exchange with a server may take; configuration key `limits.imap_deadline_s`.
    pub patience: Duration,
    /// Ends the watch.
    pub stop: &'a Stop,
    /// Addresses to watch; empty for all.
    pub only: &'a [String],
}

/// Watches every mailbox until a stop is asked for; `report` is called for each fetch that found mail or
/// went wrong. A mailbox in trouble does not stop the others.
///
/// Addresses that are added, changed or removed while it runs are noticed within seconds.
///
/// # Errors
/// When the addresses cannot be read at the start.
pub(crate) fn watch(watch: Watch<'_>, mut report: impl FnMut(Summary)) -> Result<(), store::Error> {
    let (sender, summaries) = mpsc::channel();
    let mut wanted = targets(&watch)?;
    thread::scope(|scope| {
        let wake = sender.clone();
        // Without it a stop would wait for the next look at the addresses.
        let wait = move || {
            while !watch.stop.wait(Duration::from_secs(3600)) {}
            wake.send(None).ok();
        };
        if let Err(error) = thread::Builder::new().name("stop".to_owned()).spawn_scoped(scope, wait) {
            tracing::warn!(%error, "no thread to wait for the end; it takes a few seconds longer");
        }
        let mut running: Vec<Running<'_>> = Vec::new();
        loop {
            running.retain(|one| {
                let is_wanted = wanted.contains(&one.target) && !one.thread.is_finished();
                if !is_wanted {
                    one.stop.ask();
                }
                is_wanted
            });
            for target in &wanted {
                if running.iter().any(|one| one.target == *target) {
                    continue;
                }
                match start(scope, watch, target, sender.clone()) {
                    Ok(one) => running.push(one),
                    Err(error) => tracing::error!(%error, address = target.row.email, "starting to watch"),
                }
            }
            summaries.try_iter().flatten().for_each(&mut report);
            match summaries.recv_timeout(SUPERVISION_TICK) {
                Ok(Some(summary)) => report(summary),
                Ok(None) => break,
                Err(_) if watch.stop.is_asked() => break,
                Err(_) => {}
            }
            if watch.stop.is_asked() {
                break;
            }
            // A database that is busy now will be read at the next look.
            wanted = targets(&watch).unwrap_or(wanted);
        }
        running.iter().for_each(|one| one.stop.ask());
    });
    drop(sender);
    summaries.try_iter().flatten().for_each(report);
    Ok(())
}

/// One folder of one address, with everything that reaching it depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    address: AddressId,
    row: AddressRow,
    folder: String,
}

struct Running<'scope> {
    target: Target,
    stop: Stop,
    thread: thread::ScopedJoinHandle<'scope, ()>,
}

fn targets(watch: &Watch<'_>) -> Result<Vec<Target>, store::Error> {
    let rows = watch.store.read(|tx| tx.addresses())?;
    let chosen = rows.into_iter().filter(|(_, row)| is_imap(row, watch.only));
    let folders = |row: &AddressRow| {
        if row.imap_folders.is_empty() { vec!["INBOX".to_owned()] } else { row.imap_folders.clone() }
    };
    Ok(chosen
        .flat_map(|(address, row)| {
            let folders = folders(&row);
            folders.into_iter().map(move |folder| Target { address, row: row.clone(), folder })
        })
        .collect())
}

fn start<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    watch: Watch<'scope>,
    target: &Target,
    tell: mpsc::Sender<Option<Summary>>,
) -> std::io::Result<Running<'scope>> {
    let stop = Stop::new()?;
    let Watch { store, leases, rules, patience, .. } = watch;
    let watcher = Watcher {
        store,
        leases,
        rules,
        patience,
        target: target.clone(),
        stop: stop.clone(),
        tell,
        leftovers_at: Cell::new(Instant::now()),
    };
    let thread = thread::Builder::new().name("imap".to_owned()).spawn_scoped(scope, move || watcher.run())?;
    Ok(Running { target: target.clone(), stop, thread })
}

/// The thread of one folder.
struct Watcher<'a> {
    store: &'a Store,
    leases: &'a Leases,
    rules: &'a Rules,
    patience: Duration,
    target: Target,
    stop: Stop,
    tell: mpsc::Sender<Option<Summary>>,
    leftovers_at: Cell<Instant>,
}

impl Watcher<'_> {
    fn run(&self) {
        let mut is_told = false;
        while !self.stop.is_asked() {
            let Target { address, row, folder } = &self.target;
            let ours = match self.leases.take(self.store, &lease_name(row, folder)) {
                Ok(Lease::Ours(ours)) => ours,
                Ok(Lease::Theirs(host)) => {
                    if !is_told {
                        tracing::info!(address = row.email, folder, host, "another host reads the folder");
                    }
                    is_told = true;
                    if self.stop.wait(LEASE_LOOK) {
                        return;
                    }
                    continue;
                }
                Err(error) => {
                    tracing::warn!(address = row.email, folder, %error, "asking for the folder; tried again");
                    if self.stop.wait(LEASE_LOOK) {
                        return;
                    }
                    continue;
                }
            };
            is_told = false;
            let store = ours.on(self.store);
            // A bug of ours or of the protocol crate must not end the other mailboxes.
            let error = match catch_unwind(AssertUnwindSafe(|| self.stay(store))) {
                Ok(Ok(()) | Err(Error::Stopped)) => return,
                Ok(Err(Error::Store(store::Error::TakenOver(_)))) => {
                    tracing::warn!(address = row.email, folder, "another host reads the folder by now");
                    continue;
                }
                Ok(Err(error)) => error.to_string(),
                Err(_) => "an internal error; please report it with the log".to_owned(),
            };
            if self.stop.is_asked() {
                return;
            }
            let noted = store.write(|tx| tx.note_imap_failure(*address, folder, &error, Timestamp::now()));
            let pause_s = noted.unwrap_or(PAUSE_S);
            // Perhaps another host can read it.
            drop(ours);
            tracing::warn!(address = row.email, folder, retry_in_s = pause_s, error, "mailbox cannot be fetched");
            let summary = FolderSummary { error: Some(error), ..FolderSummary::untouched(folder) };
            self.say(summary, 0.0);
            if self.stop.wait(Duration::from_secs(u64::try_from(pause_s).unwrap_or(0))) {
                return;
            }
        }
    }

    /// Stays with the folder over one connection until that breaks or a stop is asked for.
    fn stay(&self, store: &Store) -> Result<(), Error> {
        let account = Account::of(&self.target.row)?;
        let mut mailbox = Mailbox::open(&account, &self.stop, self.patience)?;
        let done = self.serve(store, &account, &mut mailbox);
        mailbox.close();
        done
    }

    fn serve(&self, store: &Store, account: &Account, mailbox: &mut Mailbox) -> Result<(), Error> {
        let mut open = None;
        loop {
            let progress = Progress::hidden();
            let Self { leases, rules, patience, .. } = *self;
            let stop = &self.stop;
            let now = Timestamp::now();
            let context =
                FetchContext { store, leases, rules, patience, stop, progress: &progress, mode: Mode::Fetch, now };
            let mut fetch = Fetch::new(context, self.target.address, account, &self.target.folder);
            let started = Instant::now();
            let folder = match open {
                None => fetch.open(mailbox)?,
                Some(folder) => {
                    mailbox.note_changes()?;
                    folder
                }
            };
            open = Some(folder);
            let done = fetch.take_in(mailbox, &folder, usize::MAX, self.leftovers(started));
            let (counts, trouble) = (fetch.counts, fetch.trouble.take());
            if counts.fetched > 0 || counts.failed > 0 || trouble.is_some() {
                let summary = FolderSummary { counts, error: trouble, ..FolderSummary::untouched(&self.target.folder) };
                self.say(summary, started.elapsed().as_secs_f64());
            }
            if counts.stored > 0 {
                outgoing::send_unserved(self.store);
            }
            done?;
            if self.stop.is_asked() || self.wait(mailbox)? == IdleEvent::Stopped {
                return Ok(());
            }
        }
    }

    /// Which of the mails that went wrong before are tried again.
    fn leftovers(&self, now: Instant) -> Leftovers {
        if now < self.leftovers_at.get() {
            return Leftovers::Fresh;
        }
        self.leftovers_at.set(now + LEFTOVERS_PAUSE);
        Leftovers::All
    }

    fn wait(&self, mailbox: &mut Mailbox) -> Result<IdleEvent, Error> {
        if mailbox.has_news() {
            return Ok(IdleEvent::Some);
        }
        let heard = if mailbox.can_idle { mailbox.idle(IDLE_TIME)? } else { IdleEvent::Unable };
        Ok(match heard {
            IdleEvent::Unable if self.stop.wait(POLL_TIME) => IdleEvent::Stopped,
            heard => heard,
        })
    }

    fn say(&self, folder: FolderSummary, seconds: f64) {
        let summary = Summary { address: self.target.row.email.clone(), folders: vec![folder], seconds, error: None };
        // The receiver is gone only at the very end.
        self.tell.send(Some(summary)).ok();
    }
}
