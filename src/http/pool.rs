//! Threads that serve connections: one each, made when needed, reused while warm, counted.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Control;

/// How long a thread without work is kept; a new one costs some 30 µs, a kept one its stack.
const WARM: Duration = Duration::from_secs(10);
/// A handler's stack: SQLite, JSON of 128 levels and HTML cleaning run on it. Only touched pages count.
const STACK_BYTES: usize = 1024 * 1024;

/// A connection and where it comes from.
pub(super) type Accepted = (TcpStream, SocketAddr);

/// The threads of one server.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
    drained: Condvar,
    control: Control,
    serve: Box<dyn Fn(Accepted) + Send + Sync>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Accepted>,
    /// Threads waiting for work, those on their way to the queue included.
    idle: usize,
    /// Connections queued or being served.
    active: usize,
    closing: bool,
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

impl Pool {
    /// A pool without threads that will serve each connection by `serve`.
    pub(super) fn new(control: Control, serve: Box<dyn Fn(Accepted) + Send + Sync>) -> Self {
        let state = Mutex::new(State::default());
        Self { shared: Arc::new(Shared { state, work: Condvar::new(), drained: Condvar::new(), control, serve }) }
    }

    /// Hands a connection to a thread. Gives it back when `connections_max` are being served or
    /// the system has no thread to give.
    pub(super) fn dispatch(&self, accepted: Accepted, connections_max: usize) -> Result<(), Accepted> {
        let mut state = self.shared.lock();
        if state.active >= connections_max {
            return Err(accepted);
        }
        state.active += 1;
        state.queue.push_back(accepted);
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
        let Some(accepted) = state.queue.pop_back() else { return Ok(()) };
        state.active = state.active.saturating_sub(1);
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
    while let Some(accepted) = next(shared) {
        // Handlers are caught one by one; this is for bugs of the shell itself.
        if catch_unwind(AssertUnwindSafe(|| (shared.serve)(accepted))).is_err() {
            tracing::error!("a connection ended in a panic");
        }
        let mut state = shared.lock();
        state.active = state.active.saturating_sub(1);
        shared.count(&state);
    }
}

fn next(shared: &Shared) -> Option<Accepted> {
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
