//! This process among those that work on the same desk from several hosts, where the database is on a server: a row that
//! says that it lives, and leases for what only one is to do at a time. On a desk in a file there are no other hosts, and
//! every lease is given.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::process;
use crate::store::worker::Claim;
use crate::store::{self, Hold, LOCK_WAIT_S, Place, Store};

/// Pause between two heartbeats: a third of the silence that ends leases.
const BEAT_EVERY: Duration = Duration::from_secs(10);

/// A worker, until dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    id: i64,
    is_dead: Arc<AtomicBool>,
    stop: Option<Sender<()>>,
    beating: Option<JoinHandle<()>>,
}

impl Worker {
    /// Enters a worker and ends the leases of those that are silent.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn enter(store: &Store) -> store::Result<Self> {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let (gone, process) = (killed(store)?, process::mark());
        let id = store.write(|tx| {
            gone.iter().try_for_each(|worker| tx.remove_worker(*worker))?;
            tx.end_silent_leases()?;
            tx.add_worker(&host, &process)
        })?;
        let (stop, stopped) = mpsc::channel();
        let (place, is_dead) = (store.place().clone(), Arc::new(AtomicBool::new(false)));
        let tell = Arc::clone(&is_dead);
        let beat = move || live(&place, id, &tell, &stopped);
        let beating = thread::Builder::new().name("worker".to_owned()).spawn(beat);
        if let Err(error) = &beating {
            tracing::warn!(%error, "no thread for the heartbeat; what takes longer than it may is done again by others");
        }
        Ok(Self { id, is_dead, stop: Some(stop), beating: beating.ok() })
    }

    /// What it is called in the table of workers.
    pub(crate) const fn id(&self) -> i64 {
        self.id
    }

    /// Whether others took it for dead, as far as it knows.
    fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Acquire)
    }
}

/// Workers that were killed on this machine: their silence need not be waited for.
fn killed(store: &Store) -> store::Result<Vec<i64>> {
    let all = store.glance(|tx| tx.workers())?;
    Ok(all.into_iter().filter(|(_, process)| process::is_gone(process)).map(|(id, _)| id).collect())
}

fn live(place: &Place, id: i64, is_dead: &AtomicBool, stopped: &mpsc::Receiver<()>) {
    let mut own: Option<Store> = None;
    while let Err(mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(BEAT_EVERY) {
        if own.is_none() {
            own = Store::open(place, Duration::from_secs(LOCK_WAIT_S)).ok();
        }
        let Some(store) = &own else { continue };
        match store.worker_lives(id) {
            Ok(true) => {}
            Ok(false) => {
                is_dead.store(true, Ordering::Release);
                tracing::warn!("others took us for dead; what we had for ourselves is done by them");
                return;
            }
            Err(error) => tracing::warn!(%error, "the heartbeat of a worker; tried again"),
        }
    }
    let gone = match own {
        Some(store) => store.write_soon(|tx| tx.remove_worker(id)),
        None => {
            Store::open(place, Duration::from_secs(LOCK_WAIT_S)).and_then(|s| s.write_soon(|tx| tx.remove_worker(id)))
        }
    };
    if let Err(error) = gone {
        tracing::debug!(%error, "leaving; the others find out in half a minute");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(beating) = self.beating.take() {
            beating.join().ok();
        }
    }
}

/// The leases of this process. Its worker is entered with the first one, and entered anew after it was taken for dead.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    worker: Mutex<Option<Worker>>,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub(crate) enum Lease {
    /// The work is ours until this is dropped.
    Ours(Ours),
    /// That host does it.
    Theirs(String),
}

/// Work that is ours, unless we fall silent.
#[derive(Debug)]
pub(crate) struct Ours {
    /// The store under the lease; none where there are no other hosts.
    held: Option<(Store, Hold)>,
}

impl Leases {
    /// Asks for a kind of work; `name` says what it is, to people as well.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) fn take(&self, store: &Store, name: &str) -> store::Result<Lease> {
        if store.place().file().is_some() {
            return Ok(Lease::Ours(Ours { held: None }));
        }
        // Most of those who ask are told of another, and that needs no lock.
        let holder = store.read(|tx| tx.work_holder(name))?;
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let own = worker.as_ref().filter(|worker| !worker.is_dead()).map(Worker::id);
        if let Some((id, host)) = holder.filter(|(id, _)| Some(*id) != own) {
            if !killed(store)?.contains(&id) {
                return Ok(Lease::Theirs(host));
            }
            store.write(|tx| tx.remove_worker(id))?;
        }
        // The second time with a worker that was entered a moment ago.
        let mut known = own;
        loop {
            let is_new = known.is_none();
            let id = match known.take() {
                Some(id) => id,
                None => worker.insert(Worker::enter(store)?).id,
            };
            let hold = Hold { name: name.to_owned(), worker: id };
            match store.write(|tx| tx.take_work(&hold))? {
                Claim::Ours => return Ok(Lease::Ours(Ours { held: Some((store.under(hold.clone()), hold)) })),
                Claim::Theirs(host) => return Ok(Lease::Theirs(host)),
                Claim::Dead if is_new => return Ok(Lease::Theirs("another host".to_owned())),
                Claim::Dead => {}
            }
        }
    }
}

impl Ours {
    /// The store by which the work is done: it refuses what comes too late.
    pub(crate) fn on<'a>(&'a self, store: &'a Store) -> &'a Store {
        self.held.as_ref().map_or(store, |(held, _)| held)
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let Some((store, hold)) = &self.held else { return };
        match store.write_soon(|tx| tx.give_back_work(hold)) {
            Ok(()) | Err(store::Error::TakenOver(_)) => {}
            Err(error) => tracing::debug!(%error, "giving back a lease; it ends by itself"),
        }
    }
}
