//! How long a sender can wait. `serve` and `admin outbox send` wait as long as SMTP asks for; `pipe` and
//! `imap-fetch` have other work to finish. None of them may end between the final
//! dot of a mail and the answer to it: it would be unknown whether the mail has arrived.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The patience of one sender, shared by its threads and the thread that may have to stop waiting for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patience {
    state: Arc<Mutex<State>>,
    /// When waiting for the answer to a mail ends; `None`: as long as the protocol says.
    answer_by: Option<Instant>,
}

#[derive(Debug, Default)]
struct State {
    /// Mails that are being handed over: their answers are waited for.
    under_way: usize,
    /// No further one may be handed over.
    is_closed: bool,
}

/// The handover of one mail, until what became of it is recorded.
#[derive(Debug)]
pub(crate) struct Handover<'a> {
    patience: &'a Patience,
    is_under_way: bool,
}

impl Handover<'_> {
    /// Asks to hand the mail over. If refused, it is left to the next sender.
    #[must_use]
    pub(crate) fn commit(&mut self) -> bool {
        let mut state = self.patience.state();
        if state.is_closed {
            return false;
        }
        if !self.is_under_way {
            state.under_way += 1;
            self.is_under_way = true;
        }
        true
    }

    /// The end of a step that may take this long.
    #[must_use]
    pub(crate) fn end_of(&self, step: Duration) -> Instant {
        let end = Instant::now() + step;
        self.patience.answer_by.map_or(end, |answer_by| end.min(answer_by))
    }
}

impl Drop for Handover<'_> {
    fn drop(&mut self) {
        if self.is_under_way {
            let mut state = self.patience.state();
            state.under_way = state.under_way.saturating_sub(1);
        }
    }
}

impl Patience {
    /// The patience of a process that ends at this moment, even during a handover.
    #[must_use]
    pub(crate) fn until(answer_by: Instant) -> Self {
        Self { state: Arc::default(), answer_by: Some(answer_by) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The handover of a mail.
    #[must_use]
    pub(crate) const fn handover(&self) -> Handover<'_> {
        Handover { patience: self, is_under_way: false }
    }

    /// Lets no further mail be handed over.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
    }

    /// Whether a mail is being handed over now.
    #[must_use]
    pub(crate) fn is_waiting(&self) -> bool {
        self.state().under_way > 0
    }

    /// Whether no further mail may be handed over.
    #[must_use]
    pub(crate) fn is_closed(&self) -> bool {
        self.state().is_closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mail_is_begun_after_the_end_and_one_under_way_is_waited_for() {
        let patience = Patience::default();
        let (mut first, mut second) = (patience.handover(), patience.handover());
        assert!(first.commit() && second.commit());
        drop(first);
        patience.close();
        assert!(patience.is_waiting(), "a mail is on its way");
        drop(second);
        assert!(!patience.is_waiting());
        assert!(!patience.handover().commit() && patience.is_closed());
    }

    #[test]
    fn steps_end_with_the_process_at_the_latest() {
        let soon = Instant::now() + Duration::from_secs(5);
        assert_eq!(Patience::until(soon).handover().end_of(Duration::from_secs(600)), soon);
        assert!(Patience::until(soon).handover().end_of(Duration::from_secs(1)) < soon);
        assert!(Patience::default().handover().end_of(Duration::from_secs(600)) > soon);
    }
}
