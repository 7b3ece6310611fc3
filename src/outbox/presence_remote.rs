//! Being a sender on a desk whose database is on a server: a row that says so, and a heartbeat for it.

use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::store::{self, LOCK_WAIT_S, Place, Store};

/// Pause between two heartbeats: a third of the silence that ends leases.
const BEAT_EVERY: Duration = Duration::from_secs(10);

/// A worker, until dropped.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) id: i64,
    stop: Option<Sender<()>>,
    beating: Option<JoinHandle<()>>,
}

impl Worker {
    /// Enters a worker and ends the leases of those that are silent.
    pub(super) fn enter(store: &Store) -> store::Result<Self> {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let id = store.write(|tx| {
            tx.end_silent_leases()?;
            tx.add_worker(&host)
        })?;
        let (stop, stopped) = mpsc::channel();
        let place = store.place().clone();
        let beat = move || live(&place, id, &stopped);
        let beating = thread::Builder::new().name("worker".to_owned()).spawn(beat);
        if let Err(error) = &beating {
            tracing::warn!(%error, "no thread for the heartbeat; what takes longer than it may is done again by others");
        }
        Ok(Self { id, stop: Some(stop), beating: beating.ok() })
    }
}

fn live(place: &Place, id: i64, stopped: &mpsc::Receiver<()>) {
    let mut own: Option<Store> = None;
    while let Err(mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(BEAT_EVERY) {
        if own.is_none() {
            own = Store::open(place, Duration::from_secs(LOCK_WAIT_S)).ok();
        }
        let Some(store) = &own else { continue };
        match store.write_soon(|tx| tx.worker_lives(id)) {
            Ok(true) => {}
            Ok(false) => tracing::warn!("others took us for dead; what we claimed is sent by them"),
            Err(error) => tracing::warn!(%error, "the heartbeat of a sender; tried again"),
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
