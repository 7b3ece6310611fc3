//! Sending what fetched mail has queued, where no `serve` does it. Never holds up a fetch: the
//! sending thread goes on alone, and what it does not finish stays in the queue.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::domain::Timestamp;
use crate::outbox;
use crate::store::{LOCK_WAIT_S, Store};

/// How long a fetch that ends waits for its mail to be sent (mail.md §9).
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Starts sending what is due unless a `serve` is alive; the receiver hears when that is done.
pub(super) fn send_unserved(store: &Store) -> mpsc::Receiver<()> {
    let (tell, told) = mpsc::channel();
    let path = store.path().to_owned();
    thread::spawn(move || {
        let now = Timestamp::now();
        let sent = Store::open(&path, Duration::from_secs(LOCK_WAIT_S)).and_then(|store| {
            if outbox::is_served(&store, now)? { Ok(None) } else { outbox::send_due(&store, now).map(Some) }
        });
        if let Err(error) = sent {
            tracing::warn!(%error, "sending after a fetch");
        }
        // Nobody may be waiting any more.
        tell.send(()).ok();
    });
    told
}
