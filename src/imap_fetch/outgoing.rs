//! Sending what fetched mail has queued, where no `serve` does it. Never holds up a fetch: the
//! sending thread goes on alone, and what it does not begin stays in the queue.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::outbox;
use crate::outbox::patience::Patience;
use crate::store::{LOCK_WAIT_S, Store};

/// How long a fetch that ends waits for its mail to be sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// A thread that sends.
pub(super) struct Sending {
    finished: mpsc::Receiver<()>,
    bounds: Patience,
}

impl Sending {
    /// Waits for it, until no mail is being handed over any more: without the server's answer it is
    /// unknown whether the mail has arrived.
    pub(super) fn finish(&self) {
        outbox::wait_for_sender(&self.finished, &self.bounds, PATIENCE);
    }
}

/// Starts sending what is due unless a `serve` is alive.
pub(super) fn send_unserved(store: &Store) -> Sending {
    let (finish, finished) = mpsc::channel();
    let bounds = Patience::default();
    let (place, within) = (store.place().clone(), bounds.clone());
    let send = move || {
        let sent = Store::open(&place, Duration::from_secs(LOCK_WAIT_S)).and_then(|store| {
            let now = store.now();
            if outbox::is_served(&store, now)? {
                Ok(None)
            } else {
                outbox::send_due_within(&store, crate::desk::note_undelivered, &within, now).map(Some)
            }
        });
        if let Err(error) = sent {
            tracing::warn!(%error, "sending after a fetch");
        }
        // The receiver may be gone already.
        finish.send(()).ok();
    };
    if let Err(error) = thread::Builder::new().name("send".to_owned()).spawn(send) {
        tracing::warn!(%error, "no thread to send by; the mail stays in the queue");
    }
    Sending { finished, bounds }
}
