//! The handle by which the process steers a running server: stop it, change its limits, ask how
//! busy it is. Signals are the caller's business.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::HttpLimits;
use crate::stop::Stop;

/// Steers one [`serve`](super::serve); clones steer the same server.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limits: RwLock<Arc<HttpLimits>>,
    stop: Stop,
    connections: AtomicUsize,
    spooled_bytes: AtomicU64,
}

impl Control {
    /// A handle for a server that has not started yet.
    ///
    /// # Errors
    /// When the system has no file descriptors left for the pair of sockets that carries the stop.
    pub(crate) fn new(limits: HttpLimits) -> io::Result<Self> {
        let shared = Shared {
            limits: RwLock::new(Arc::new(limits)),
            stop: Stop::new()?,
            connections: AtomicUsize::new(0),
            spooled_bytes: AtomicU64::new(0),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Asks for a graceful stop: no new connections, idle ones close now, requests in flight get
    /// `drain` to finish. Asking again changes nothing. Returns at once; `serve` returns when done.
    pub(crate) fn stop(&self) {
        self.shared.stop.ask();
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub(crate) fn is_stopping(&self) -> bool {
        self.shared.stop.is_asked()
    }

    /// Puts new limits in force for connections accepted from now on; open ones keep theirs.
    pub(crate) fn set_limits(&self, limits: HttpLimits) {
        *self.shared.limits.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(limits);
    }

    /// The limits in force.
    #[must_use]
    pub(crate) fn limits(&self) -> Arc<HttpLimits> {
        Arc::clone(&self.shared.limits.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Connections being served at this moment, idle ones included.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    pub(super) fn set_connections(&self, count: usize) {
        self.shared.connections.store(count, Ordering::Relaxed);
    }

    /// Readable from the stop on; only ever polled.
    pub(super) fn stop_signal(&self) -> &UnixStream {
        self.shared.stop.signal()
    }
}

/// One request's share of the room for spooled bodies; given back when dropped.
#[derive(Debug)]
pub(super) struct SpoolShare {
    control: Control,
    bytes: u64,
}

impl SpoolShare {
    pub(super) fn new(control: &Control) -> Self {
        Self { control: control.clone(), bytes: 0 }
    }

    /// Raises the share to `bytes`, or answers false and keeps it when all requests together would
    /// exceed `spooled_bytes_max`.
    pub(super) fn raise_to(&mut self, bytes: u64, spooled_bytes_max: u64) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let taken = &self.control.shared.spooled_bytes;
        if taken.fetch_add(more, Ordering::Relaxed).saturating_add(more) > spooled_bytes_max {
            taken.fetch_sub(more, Ordering::Relaxed);
            return false;
        }
        self.bytes = self.bytes.saturating_add(more);
        true
    }
}

impl Drop for SpoolShare {
    fn drop(&mut self) {
        self.control.shared.spooled_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn spool_shares_fill_up_to_the_limit_and_come_back_when_dropped() {
        let control = Control::new(HttpLimits::default()).unwrap();
        let (mut one, mut two) = (SpoolShare::new(&control), SpoolShare::new(&control));
        assert!(one.raise_to(60, 100));
        assert!(one.raise_to(60, 100), "raising to the same size takes nothing");
        assert!(!two.raise_to(41, 100));
        assert!(two.raise_to(40, 100));
        drop(one);
        assert!(two.raise_to(100, 100));
        assert!(!two.raise_to(101, 100));
    }
}
