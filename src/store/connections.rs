//! Connections of one [`Store`](super::Store): made when needed, kept for the next use, closed when
//! unused. And the queue of its writers; waiting in it counts towards the same limit as waiting for SQLite's lock.

use std::ops::Deref;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::postgres::Session;
use super::{Error, Result};

/// Connections at a time where the machine has few processors. Each may take 2 MB of cache, and more
/// than two for each processor do not read faster.
const OPEN_MIN: usize = 8;

/// How long a reader waits for one of them before another is made anyway: far above any read of
/// ours, and what keeps nested readers from waiting for each other forever.
const SPARE_WAIT: Duration = Duration::from_secs(1);

/// An open connection, by its engine.
#[derive(Debug)]
pub(super) enum Handle {
    /// Of SQLite.
    Lite(Connection),
    /// Of PostgreSQL.
    Pg(Box<Session>),
}

impl Handle {
    /// That of SQLite.
    ///
    /// # Errors
    /// [`Error::NotHere`] for PostgreSQL's.
    pub(super) const fn lite(&self) -> Result<&Connection> {
        match self {
            Self::Lite(connection) => Ok(connection),
            Self::Pg(_) => Err(Error::NotHere),
        }
    }
}

/// Connections of a store, open and idle.
#[derive(Debug, Default)]
pub(super) struct Connections {
    state: Mutex<Kept>,
    returned: Condvar,
    open_max: OnceLock<usize>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The one used last is at the end, so that those at the front become the oldest.
    idle: Vec<(Handle, Instant)>,
    in_use: usize,
}

impl Connections {
    /// Asked only where it matters: counting processors takes a dozen system calls, and one mail has one connection.
    fn open_max(&self) -> usize {
        let processors = || thread::available_parallelism().map_or(1, usize::from);
        *self.open_max.get_or_init(|| processors().saturating_mul(2).max(OPEN_MIN))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle connection, else one that `connect` makes. Waits while there are enough.
    pub(super) fn take(&self, connect: impl FnOnce() -> Result<Handle>) -> Result<Borrowed<'_>> {
        let mut kept = self.lock();
        let end = Instant::now() + SPARE_WAIT;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if let Some((connection, _)) = kept.idle.pop() {
                kept.in_use += 1;
                return Ok(Borrowed { connection, was_kept: true, place: InUse(self) });
            }
            if kept.in_use < OPEN_MIN || kept.in_use < self.open_max() || left.is_zero() {
                break;
            }
            kept = self.returned.wait_timeout(kept, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        kept.in_use += 1;
        drop(kept);
        let place = InUse(self);
        Ok(Borrowed { connection: connect()?, was_kept: false, place })
    }

    /// Closes those that were not used for so long.
    pub(super) fn close_unused(&self, unused_for: Duration) {
        let mut kept = self.lock();
        let old = kept.idle.iter().take_while(|(_, since)| since.elapsed() >= unused_for).count();
        let closed: Vec<_> = kept.idle.drain(..old).collect();
        drop(kept);
        // Closing may wait for the file system, so it is done without the lock.
        drop(closed);
    }

    /// The last of them, for a store that comes to its end. It stays where it is: a process that ends now anyway must not
    /// pay for taking it down.
    pub(super) fn last(&mut self) -> Option<&Handle> {
        let kept = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        kept.idle.last().map(|(connection, _)| connection)
    }
}

/// A connection in use. Dropped, it is closed; whatever was begun on it is rolled back.
#[derive(Debug)]
pub(super) struct Borrowed<'a> {
    connection: Handle,
    was_kept: bool,
    place: InUse<'a>,
}

impl Deref for Borrowed<'_> {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.connection
    }
}

impl Borrowed<'_> {
    /// Whether it was open before: then it may have ended meanwhile.
    pub(super) const fn was_kept(&self) -> bool {
        self.was_kept
    }

    /// Returns it for the next use.
    pub(super) fn keep(self) {
        let Self { connection, place, .. } = self;
        place.0.lock().idle.push((connection, Instant::now()));
    }
}

/// Counts a connection as in use until dropped.
#[derive(Debug)]
struct InUse<'a>(&'a Connections);

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        let mut kept = self.0.lock();
        kept.in_use = kept.in_use.saturating_sub(1);
        self.0.returned.notify_one();
    }
}

/// Writers of one process wait here instead of polling SQLite's file lock against each other.
#[derive(Debug, Default)]
pub(super) struct WriteQueue {
    is_taken: Mutex<bool>,
    freed: Condvar,
}

impl WriteQueue {
    /// Waits for the turn, until `deadline`.
    ///
    /// # Errors
    /// [`Error::Busy`] when it did not come.
    pub(super) fn enter(&self, deadline: Instant) -> Result<Turn<'_>> {
        let mut is_taken = self.is_taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *is_taken {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Busy);
            }
            is_taken = self.freed.wait_timeout(is_taken, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *is_taken = true;
        Ok(Turn(self))
    }
}

/// The turn to write, until dropped.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a WriteQueue);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.is_taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle(connections: &Connections) -> usize {
        connections.lock().idle.len()
    }

    #[test]
    fn unused_connections_are_closed_and_used_ones_kept() {
        let connections = Connections::default();
        let make = || connections.take(|| Ok(Handle::Lite(Connection::open_in_memory()?))).unwrap();
        let all = [make(), make(), make()];
        all.into_iter().for_each(Borrowed::keep);
        connections.close_unused(Duration::from_secs(3600));
        assert_eq!(idle(&connections), 3);
        let used = connections.take(|| panic!("one is idle")).unwrap();
        connections.close_unused(Duration::ZERO);
        used.keep();
        assert_eq!(idle(&connections), 1);
    }

    #[test]
    fn readers_wait_for_a_connection_when_there_are_enough_but_not_for_good() {
        let connections = Connections::default();
        let make = || connections.take(|| Ok(Handle::Lite(Connection::open_in_memory()?))).unwrap();
        let mut all: Vec<_> = (0..connections.open_max()).map(|_| make()).collect();
        thread::scope(|scope| {
            let next = scope.spawn(|| connections.take(|| panic!("one comes back")).unwrap());
            all.pop().unwrap().keep();
            all.push(next.join().unwrap());
        });
        all.push(make());
        assert_eq!(all.len(), connections.open_max() + 1, "after a while one more is made");
    }

    #[test]
    fn a_connection_that_cannot_be_made_takes_no_place() {
        let connections = Connections::default();
        for _ in 0..connections.open_max() * 2 {
            assert!(connections.take(|| Err(Error::Busy)).is_err());
        }
        assert_eq!(connections.lock().in_use, 0);
    }

    #[test]
    fn turn_to_write_is_waited_for_until_the_deadline() {
        let queue = WriteQueue::default();
        let turn = queue.enter(Instant::now()).unwrap();
        assert!(matches!(queue.enter(Instant::now() + Duration::from_millis(5)), Err(Error::Busy)));
        drop(turn);
        assert!(queue.enter(Instant::now()).is_ok());
    }
}
