//! Threads that serve connections: one each, made when needed, reused while warm, counted. When all
//! places are taken, the connection that has waited longest for its next request makes room.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Control;

/// How long a thread without work is kept; a new one costs some 30 µs, a kept one its stack.
const WARM: Duration = Duration::from_secs(10);
/// A handler's stack: SQLite, JSON of 128 levels and HTML cleaning run on it. Only touched pages count.
const STACK_BYTES: usize = 1024 * 1024;

/// Places in addition to the ordinary ones, for the paths that [`Answer::has_kept_place`](super::Answer) names.
/// Chosen: several monitors at once, each of which needs one for a moment.
pub(super) const KEPT_PLACES: usize = 8;
/// How long a fresh connection may be silent before it counts as idle: far above any round trip, so
/// that a client whose first bytes are on their way keeps its place.
const FRESH_GRACE: Duration = Duration::from_secs(1);

/// A connection and where it comes from.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) stream: Arc<TcpStream>,
    pub(super) peer: SocketAddr,
}

/// What kind of place a connection takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// One of `connections_max`, for as long as the client behaves.
    Ordinary,
    /// One of [`KEPT_PLACES`], for one request.
    Kept,
}

/// How the serving of a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    ByItself,
    /// It was idle, and its place was given to another client before it ended.
    PlaceTaken,
}

/// A connection that waits for a request: since when, and its number among all.
pub(super) type Wait = (Instant, u64);

/// The threads of one server.
#[derive(Clone)]
pub(super) struct Threads {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
    drained: Condvar,
    control: Control,
    serve: Serve,
}

/// Serves one connection. The pool is there to note waits in.
type Serve = Box<dyn Fn(Accepted, Place, &Waits<'_>) -> Ended + Send + Sync>;

#[derive(Default)]
struct State {
    queue: VecDeque<(Accepted, Place)>,
    /// Threads waiting for work, those on their way to the queue included.
    idle: usize,
    /// Connections queued or being served.
    active: usize,
    /// Those of them in kept places.
    kept: usize,
    /// Those of them that were closed for another and whose threads are yet to notice.
    leaving: usize,
    /// Those of them that wait for a request, the longest first.
    waits: BTreeMap<Wait, Arc<TcpStream>>,
    waits_begun: u64,
    closing: bool,
}

impl State {
    fn has_room(&self, place: Place, connections_max: usize) -> bool {
        match place {
            Place::Ordinary => self.active.saturating_sub(self.kept).saturating_sub(self.leaving) < connections_max,
            Place::Kept => self.kept < KEPT_PLACES,
        }
    }

    /// Closes the connection that is idle longest. One whose next request has arrived is not idle.
    fn close_longest_idle(&mut self) -> bool {
        let now = Instant::now();
        let is_silent = |stream: &TcpStream| !matches!(stream.peek(&mut [0]), Ok(1..));
        let idle = self.waits.iter().take_while(|((since, _), _)| *since <= now);
        let Some(wait) = idle.filter(|(_, stream)| is_silent(stream)).map(|(wait, _)| *wait).next() else {
            return false;
        };
        if let Some(stream) = self.waits.remove(&wait) {
            // Whatever this says, the thread that waits on the socket wakes and finds its wait gone.
            stream.shutdown(Shutdown::Both).ok();
            self.leaving += 1;
        }
        true
    }

    fn left(&mut self, place: Place, ended: Ended) {
        self.active = self.active.saturating_sub(1);
        if place == Place::Kept {
            self.kept = self.kept.saturating_sub(1);
        }
        if ended == Ended::PlaceTaken {
            self.leaving = self.leaving.saturating_sub(1);
        }
    }
}

/// Where connections note that they wait for a request.
pub(super) struct Waits<'a>(&'a Shared);

impl Waits<'_> {
    /// Notes the beginning of a wait. A fresh connection counts as idle only after a moment.
    pub(super) fn begin(&self, stream: &Arc<TcpStream>, is_fresh: bool) -> Wait {
        let since = Instant::now() + if is_fresh { FRESH_GRACE } else { Duration::ZERO };
        let mut state = self.0.lock();
        state.waits_begun = state.waits_begun.wrapping_add(1);
        let wait = (since, state.waits_begun);
        state.waits.insert(wait, Arc::clone(stream));
        wait
    }

    /// Ends it; false when the connection was already closed to make room.
    pub(super) fn end(&self, wait: Wait) -> bool {
        self.0.lock().waits.remove(&wait).is_some()
    }
}

impl Shared {
    /// A panic elsewhere leaves nothing here half done, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, state: &State) {
        self.control.set_connections(state.active);
        if state.active == 0 {
            self.drained.notify_all();
        }
    }
}

impl Threads {
    /// A pool without threads that will serve each connection by `serve`.
    pub(super) fn new(control: Control, serve: Serve) -> Self {
        let state = Mutex::new(State::default());
        Self { shared: Arc::new(Shared { state, work: Condvar::new(), drained: Condvar::new(), control, serve }) }
    }

    /// Hands a connection to a thread. Gives it back when there is no place for it, even after closing
    /// an idle connection, or the system has no thread to give.
    pub(super) fn dispatch(&self, accepted: Accepted, place: Place, connections_max: usize) -> Result<(), Accepted> {
        let mut state = self.shared.lock();
        if !state.has_room(place, connections_max) && (place == Place::Kept || !state.close_longest_idle()) {
            return Err(accepted);
        }
        state.active += 1;
        state.kept += usize::from(place == Place::Kept);
        state.queue.push_back((accepted, place));
        self.shared.count(&state);
        if state.idle >= state.queue.len() {
            self.shared.work.notify_one();
            return Ok(());
        }
        drop(state);
        let shared = Arc::clone(&self.shared);
        let spawned =
            thread::Builder::new().name("http".to_owned()).stack_size(STACK_BYTES).spawn(move || work(&shared));
        let Err(error) = spawned else { return Ok(()) };
        tracing::warn!(%error, "starting a thread for a connection");
        let mut state = self.shared.lock();
        // Gone from the queue means that a thread came free in the meantime and took it.
        let Some((accepted, place)) = state.queue.pop_back() else { return Ok(()) };
        state.left(place, Ended::ByItself);
        self.shared.count(&state);
        Err(accepted)
    }

    /// Lets idle threads end and waits for connections to, until `deadline`; how many are left.
    pub(super) fn drain(&self, deadline: Instant) -> usize {
        let mut state = self.shared.lock();
        state.closing = true;
        self.shared.work.notify_all();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if state.active == 0 || left.is_zero() {
                return state.active;
            }
            let waited = self.shared.drained.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A thread's life: serve, wait a while for more, end.
fn work(shared: &Shared) {
    while let Some((accepted, place)) = next(shared) {
        // Handlers are caught one by one; this is for bugs of the shell itself.
        let served = catch_unwind(AssertUnwindSafe(|| (shared.serve)(accepted, place, &Waits(shared))));
        if served.is_err() {
            tracing::error!("a connection ended in a panic");
        }
        let mut state = shared.lock();
        state.left(place, served.unwrap_or(Ended::ByItself));
        shared.count(&state);
    }
}

fn next(shared: &Shared) -> Option<(Accepted, Place)> {
    let mut state = shared.lock();
    let end = Instant::now() + WARM;
    loop {
        if let Some(accepted) = state.queue.pop_front() {
            return Some(accepted);
        }
        let left = end.saturating_duration_since(Instant::now());
        if state.closing || left.is_zero() {
            return None;
        }
        state.idle += 1;
        state = shared.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        state.idle -= 1;
    }
}
