//! Times that a clock which was ahead for a while has left behind. What waits for such a time would wait as
//! long as the clock was ahead: each wait is cut to the longest that its own rule can give.

use super::queue::GIVE_UP_AFTER_S;
use super::{ReadTx, Result, WriteTx};
use crate::domain::Timestamp;

/// The longest waits of the queue of outgoing mail, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct QueueWaits {
    /// Between two tries.
    pub try_s: i64,
    /// For the end of a lease.
    pub lease_s: i64,
}

impl QueueWaits {
    /// The latest time of a next try, of the end of a lease and of giving up that can be right.
    const fn latest(self, now: Timestamp) -> (i64, i64, i64) {
        (now.plus_s(self.try_s).unix(), now.plus_s(self.lease_s).unix(), now.plus_s(GIVE_UP_AFTER_S).unix())
    }
}

impl ReadTx<'_> {
    /// Whether a mail that waits to be sent has a time that no rule can have given it.
    ///
    /// # Errors
    /// Those of the database, here and in every verb of this file.
    pub fn is_queue_astray(&self, waits: QueueWaits, now: Timestamp) -> Result<bool> {
        let found = self.number(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'pending' \
             AND (next_attempt_at > $1 OR leased_until > $2 OR give_up_at > $3))",
            waits.latest(now),
        )?;
        Ok(found > 0)
    }
}

impl WriteTx<'_> {
    /// Cuts the waits of the queue to their longest; says how many mails had one that was longer.
    ///
    /// # Errors
    /// Those of the database.
    pub fn cut_queue_waits(&self, waits: QueueWaits, now: Timestamp) -> Result<usize> {
        self.run(
            "UPDATE outbox SET next_attempt_at = min(next_attempt_at, $1), leased_until = min(leased_until, $2), \
             give_up_at = min(give_up_at, $3) WHERE state = 'pending' \
             AND (next_attempt_at > $1 OR leased_until > $2 OR give_up_at > $3)",
            waits.latest(now),
        )
    }

    /// Lets kept answers to requests age from now on that are dated later. They hold meanwhile: to forget
    /// one would do again what it answered.
    ///
    /// # Errors
    /// Those of the database.
    pub fn date_kept_answers(&self, now: Timestamp) -> Result<usize> {
        self.run("UPDATE idempotency SET created_at = $1 WHERE created_at > $1", [now.unix()])
    }
}
