//! Hashing by a fixed number of slots, so that no number of logins takes more memory or processors than
//! these: each slot's memory is made once and used again, a short queue waits, and the rest is turned away.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Memory;

/// Hashes computed at a time. Each takes a processor and 19 MiB for about 20 ms; two together stay
/// within the 60 MB that any load may add to an idle server.
pub(crate) const SLOTS: usize = 2;

/// Logins that wait for a slot, at most. Chosen: what two slots do in about five seconds when every
/// hash is bcrypt's of cost 12 (0.3 s).
pub(crate) const QUEUE_MAX: usize = 32;

/// How long a login waits at most.
const QUEUE_WAIT: Duration = Duration::from_secs(5);

/// Pause between two checks whether the waiting client is still connected.
const PRESENCE_LOOK: Duration = Duration::from_millis(100);

/// Why nothing was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoSlot {
    /// The queue is full, or the wait was too long.
    #[error("too many passwords are being checked; try again")]
    Busy,
    /// The client has left meanwhile.
    #[error("the client has left")]
    Gone,
}

/// The slots of one process.
#[derive(Debug)]
pub(crate) struct Slots {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug)]
struct State {
    /// Memory that is not in use; no more pieces than slots.
    spare: Vec<Memory>,
    busy: usize,
    waiting: usize,
    used_at: Instant,
}

impl Default for Slots {
    fn default() -> Self {
        let state = State { spare: Vec::new(), busy: 0, waiting: 0, used_at: Instant::now() };
        Self { state: Mutex::new(state), freed: Condvar::new() }
    }
}

impl Slots {
    /// A panic while hashing leaves nothing here half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `hash` in a slot, after a wait if there must be one. `is_gone` says whether the client
    /// has left; then nothing is hashed.
    ///
    /// # Errors
    /// [`NoSlot`].
    pub(crate) fn run<T>(&self, is_gone: &dyn Fn() -> bool, hash: impl FnOnce(&mut Memory) -> T) -> Result<T, NoSlot> {
        let memory = self.take(is_gone)?;
        let mut slot = Slot { slots: self, memory: Some(memory) };
        slot.memory.as_mut().map(hash).ok_or(NoSlot::Busy)
    }

    /// Gives memory that was not used for that long back to the system.
    pub(crate) fn give_back(&self, unused_for: Duration) {
        let mut state = self.lock();
        if state.used_at.elapsed() >= unused_for {
            state.spare = Vec::new();
        }
    }

    fn take(&self, is_gone: &dyn Fn() -> bool) -> Result<Memory, NoSlot> {
        let mut state = self.lock();
        if state.busy >= SLOTS {
            if state.waiting >= QUEUE_MAX {
                return Err(NoSlot::Busy);
            }
            state.waiting += 1;
            state = self.wait(state, is_gone)?;
        }
        // The check is cheap, and no hash is computed for a client that hung up right after asking.
        if is_gone() {
            self.freed.notify_one();
            return Err(NoSlot::Gone);
        }
        state.busy += 1;
        Ok(state.spare.pop().unwrap_or_default())
    }

    /// Waits for a slot to come free; the place in the queue is given up in any case.
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        is_gone: &dyn Fn() -> bool,
    ) -> Result<MutexGuard<'a, State>, NoSlot> {
        let end = Instant::now() + QUEUE_WAIT;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let refused = match (state.busy < SLOTS, left.is_zero()) {
                (true, _) => None,
                (false, true) => Some(NoSlot::Busy),
                (false, false) if is_gone() => Some(NoSlot::Gone),
                (false, false) => {
                    let waited = self.freed.wait_timeout(state, left.min(PRESENCE_LOOK));
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                    continue;
                }
            };
            state.waiting -= 1;
            return refused.map_or(Ok(state), Err);
        }
    }
}

/// A slot in use; it comes free whatever happens to the hash.
struct Slot<'a> {
    slots: &'a Slots,
    memory: Option<Memory>,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        state.busy -= 1;
        state.spare.extend(self.memory.take());
        state.used_at = Instant::now();
        self.slots.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn no_more_run_at_once_than_there_are_slots_and_no_more_wait_than_the_queue_takes() {
        let slots = Slots::default();
        let (running, peak) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (go, gate) = mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        thread::scope(|scope| {
            let slow = || {
                slots.run(&|| false, |_| {
                    peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    gate.lock().unwrap().recv().unwrap();
                    running.fetch_sub(1, Ordering::SeqCst);
                })
            };
            let all: Vec<_> = (0..SLOTS + QUEUE_MAX).map(|_| scope.spawn(slow)).collect();
            while slots.lock().waiting < QUEUE_MAX {
                thread::yield_now();
            }
            assert_eq!(slots.run(&|| false, |_| ()), Err(NoSlot::Busy), "one more than the queue takes");
            (0..SLOTS + QUEUE_MAX).for_each(|_| go.send(()).unwrap());
            assert!(all.into_iter().all(|one| one.join().unwrap().is_ok()), "all that fitted were served");
        });
        assert!(peak.load(Ordering::SeqCst) <= SLOTS);
    }

    #[test]
    fn nothing_is_hashed_for_one_who_left() {
        let slots = Slots::default();
        assert_eq!(slots.run(&|| true, |_| panic!("hashed")), Err::<(), _>(NoSlot::Gone));
        assert!(slots.run(&|| false, |_| ()).is_ok(), "and its slot is free");
    }

    #[test]
    fn memory_is_used_again_and_given_back_when_unused() {
        let slots = Slots::default();
        let hash = || slots.run(&|| false, |memory| super::super::hash_in(memory, "secret1")).unwrap().unwrap();
        hash();
        let address = |slots: &Slots| slots.lock().spare.iter().map(|memory| memory.0.as_ptr()).collect::<Vec<_>>();
        let before = address(&slots);
        hash();
        assert_eq!((address(&slots), before.len()), (before.clone(), 1));
        slots.give_back(Duration::from_secs(3600));
        assert_eq!(address(&slots), before, "not yet");
        slots.give_back(Duration::ZERO);
        assert!(slots.lock().spare.is_empty());
    }

    #[test]
    fn a_hash_that_panics_gives_its_slot_back() {
        let slots = Slots::default();
        for _ in 0..=SLOTS {
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                slots.run(&|| false, |_| panic!("on purpose"))
            }));
            assert!(panicked.is_err());
        }
        assert!(slots.run(&|| false, |_| ()).is_ok());
    }
}
