//! Wrong times in the outbox, written while the clock was ahead. A mail with such a time would wait as
//! long as the clock was ahead, so each wait is shortened to the longest one that its rule allows.

use super::GIVE_UP_AFTER_S;
use crate::domain::Timestamp;
use crate::store::{ReadTx, Result, WriteTx};

/// The longest waits of the queue of outgoing mail, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct QueueWaits {
    /// Between two tries.
    pub try_s: i64,
    /// For the end of a lease.
    pub lease_s: i64,
}

impl QueueWaits {
    /// The latest time of a next try, of the end of a lease and of giving up that can be correct.
    const fn latest(self, now: Timestamp) -> (i64, i64, i64) {
        (now.plus_s(self.try_s).unix(), now.plus_s(self.lease_s).unix(), now.plus_s(GIVE_UP_AFTER_S).unix())
    }
}

impl ReadTx<'_> {
    /// Whether a mail that waits to be sent has a time that no rule allows.
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
    /// Shortens the waits of the queue to the longest allowed; says how many mails had a longer one.
    pub fn cut_queue_waits(&self, waits: QueueWaits, now: Timestamp) -> Result<usize> {
        self.run(
            "UPDATE outbox SET \
             next_attempt_at = CASE WHEN next_attempt_at > $1 THEN $1 ELSE next_attempt_at END, \
             leased_until = CASE WHEN leased_until > $2 THEN $2 ELSE leased_until END, \
             give_up_at = CASE WHEN give_up_at > $3 THEN $3 ELSE give_up_at END WHERE state = 'pending' \
             AND (next_attempt_at > $1 OR leased_until > $2 OR give_up_at > $3)",
            waits.latest(now),
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {

    use super::*;
    use crate::domain::AddressId;
    use crate::store::Store;

    use crate::store::outbox::{NewOutgoing, Scope};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const LATER: Timestamp = NOW.plus_s(365 * Timestamp::DAY_S);
    const WAITS: QueueWaits = QueueWaits { try_s: 3600, lease_s: 600 };

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::store::testing::desk(dir.path(), NOW);
        (dir, store)
    }

    #[test]
    fn waits_of_the_queue_are_cut_to_their_longest_and_right_ones_left() {
        let (_dir, store) = desk();
        let recipient = "ann@example.org".parse().unwrap();
        let mail = |internet_id| NewOutgoing {
            event: "new_ticket",
            ticket: None,
            address: AddressId::new(1),
            envelope_sender: "",
            recipient: &recipient,
            internet_id,
            raw: b"A: b\r\n\r\nc\r\n",
            is_automatic: true,
            message: None,
            due_at: NOW,
        };
        store.write(|tx| tx.queue(&mail("a@b"), NOW)).unwrap();
        assert!(!store.read(|tx| tx.is_queue_astray(WAITS, NOW)).unwrap());
        // Queued and claimed in a year.
        store.write(|tx| tx.queue(&mail("c@d"), LATER)).unwrap();
        let leased = LATER.plus_s(600);
        store.write(|tx| tx.claim_due(Scope::All, &[], 10, leased, LATER)).unwrap();
        assert!(store.read(|tx| tx.is_queue_astray(WAITS, NOW)).unwrap());
        assert_eq!(store.write(|tx| tx.cut_queue_waits(WAITS, NOW)).unwrap(), 2);
        let due = |after_s| {
            let at = NOW.plus_s(after_s);
            store.read(|tx| tx.is_anything_due(Scope::All, &[], at)).unwrap()
        };
        assert_eq!((due(599), due(600)), (false, true));
        let claimed = store.write(|tx| {
            let at = NOW.plus_s(3600);
            tx.claim_due(Scope::All, &[], 10, at.plus_s(600), at)
        });
        let give_up: Vec<i64> = claimed.unwrap().iter().map(|mail| mail.give_up_at.unix() - NOW.unix()).collect();
        assert_eq!(give_up, [GIVE_UP_AFTER_S, GIVE_UP_AFTER_S]);
    }
}
