//! The one thread that writes: it takes the mails that wait, stores them in one transaction and tells their sessions what
//! became of them, after the commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use super::metrics::Metrics;
use crate::intake::{Letter, Outcome, Settled, Trouble, deliver_group};
use crate::store::Store;

/// Mails of one group. Chosen: they share one wait for the disk, and `pipe` and the API get their turn in between.
const GROUP_MAILS_MAX: usize = 64;

/// Bytes of a group, where mails are large: what the log grows by at once.
const GROUP_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long a group waits for mails that are being read. Chosen: about one wait for the disk.
const GROUP_WAIT: Duration = Duration::from_millis(5);

/// A mail that waits to be stored.
struct Waiting {
    letter: Letter,
    answer: SyncSender<Settled>,
}

/// Where sessions bring their mails.
#[derive(Clone)]
pub(super) struct Committer {
    waiting: SyncSender<Waiting>,
    /// Mails that are whole and not yet in a group.
    in_hand: Arc<AtomicUsize>,
}

/// The other end, for the thread that writes.
pub(super) struct Commits {
    waiting: Receiver<Waiting>,
    in_hand: Arc<AtomicUsize>,
}

/// Both ends.
pub(super) fn channel() -> (Committer, Commits) {
    let (sender, receiver) = mpsc::sync_channel(GROUP_MAILS_MAX);
    let in_hand = Arc::new(AtomicUsize::new(0));
    (Committer { waiting: sender, in_hand: Arc::clone(&in_hand) }, Commits { waiting: receiver, in_hand })
}

/// A mail that is whole and is being read: the group at hand waits a moment for it.
pub(super) struct InHand<'a>(&'a AtomicUsize);

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Committer {
    /// Says that a mail is whole.
    pub(super) fn take_in_hand(&self) -> InHand<'_> {
        self.in_hand.fetch_add(1, Ordering::Relaxed);
        InHand(&self.in_hand)
    }

    /// Has a mail stored, and waits for it.
    pub(super) fn store(&self, letter: Letter, in_hand: InHand<'_>) -> Settled {
        let (answer, settled) = mpsc::sync_channel(1);
        let handed = self.waiting.send(Waiting { letter, answer });
        drop(in_hand);
        // Without the thread that writes nothing is stored.
        handed.map_err(|_| Trouble::Failed)?;
        settled.recv().unwrap_or(Err(Trouble::Failed))
    }
}

/// Stores until the last session has left. `queued` is called when a mail may have queued others.
pub(super) fn run(commits: &Commits, store: &Store, metrics: &Metrics, queued: &dyn Fn()) {
    while let Ok(first) = commits.waiting.recv() {
        let (mut letters, answers) = gather(commits, first);
        crate::trip::trip("lmtp-before-commit");
        let settled = deliver_group(store, &mut letters, store.now());
        crate::trip::trip("lmtp-after-commit");
        metrics.count_group();
        let is_queued =
            |delivery: &crate::intake::Delivery| matches!(delivery.outcome, Outcome::Opened | Outcome::Appended);
        if settled.iter().flatten().flatten().any(is_queued) {
            queued();
        }
        for (answer, settled) in answers.into_iter().zip(settled) {
            // A session that has gone leaves its mail on record; the mail server hands it over again.
            answer.send(settled).ok();
        }
    }
}

/// The mails that wait, and for a moment those that are being read.
fn gather(commits: &Commits, first: Waiting) -> (Vec<Letter>, Vec<SyncSender<Settled>>) {
    let end = Instant::now() + GROUP_WAIT;
    let (mut bytes, mut letters, mut answers) = (first.letter.bytes(), vec![first.letter], vec![first.answer]);
    while letters.len() < GROUP_MAILS_MAX && bytes < GROUP_BYTES_MAX {
        let is_one_coming = commits.in_hand.load(Ordering::Relaxed) > 0;
        let left = if is_one_coming { end.saturating_duration_since(Instant::now()) } else { Duration::ZERO };
        match commits.waiting.recv_timeout(left) {
            Ok(next) => {
                bytes = bytes.saturating_add(next.letter.bytes());
                letters.push(next.letter);
                answers.push(next.answer);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    (letters, answers)
}
