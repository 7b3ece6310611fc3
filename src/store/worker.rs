//! Processes that send mail, on whichever host, where the database is on a server: each has a row with the time of its
//! last sign of life, by the server's clock. Leases of one that is silent end, so that a mail claimed by a host that was
//! lost or stalls is sent by another; what the first one says of it later is refused, because its lease is no longer
//! the mail's. And who does the timed work.

use super::outbox::Claimed;
use super::{Result, WriteTx};
use crate::domain::Timestamp;

/// How long a worker may be silent, in seconds: three heartbeats.
pub(crate) const SILENT_MAX_S: i64 = 30;

/// The server's time, whose clock is the same for all hosts.
const SERVER_NOW: &str = "CAST(extract(epoch FROM clock_timestamp()) AS BIGINT)";

impl WriteTx<'_> {
    /// Enters a worker, for a database on a server.
    pub fn add_worker(&self, host: &str) -> Result<i64> {
        self.insert(&format!("INSERT INTO worker (host, seen_at) VALUES ($1, {SERVER_NOW})"), [host])
    }

    /// Notes that a worker lives; says whether it still counts as alive.
    pub fn worker_lives(&self, worker: i64) -> Result<bool> {
        Ok(self.run(&format!("UPDATE worker SET seen_at = {SERVER_NOW} WHERE id = $1"), [worker])? > 0)
    }

    /// Ends the leases of workers that are silent, and forgets them; says how many mails are free again.
    pub fn end_silent_leases(&self) -> Result<usize> {
        self.run(&format!("DELETE FROM worker WHERE seen_at < {SERVER_NOW} - $1"), [SILENT_MAX_S])?;
        self.end_orphaned_leases()
    }

    /// Ends the leases of workers that are not there any more.
    fn end_orphaned_leases(&self) -> Result<usize> {
        self.run(
            "UPDATE outbox SET leased_until = 0, leased_by = 0 WHERE state = 'pending' AND leased_until > 0 \
             AND leased_by NOT IN (SELECT id FROM worker)",
            (),
        )
    }

    /// Removes a worker that ends, and its leases.
    pub fn remove_worker(&self, worker: i64) -> Result<()> {
        self.run("DELETE FROM worker WHERE id = $1", [worker])?;
        self.end_orphaned_leases().map(drop)
    }

    /// Writes down who has claimed mails.
    pub fn note_lessee(&self, worker: i64, mails: &[Claimed]) -> Result<()> {
        for mail in mails {
            self.run(
                "UPDATE outbox SET leased_by = $1 WHERE id = $2 AND leased_until = $3",
                (worker, mail.id.get(), mail.leased_until.unix()),
            )?;
        }
        Ok(())
    }

    /// Whether this holder may do a kind of work until then: nobody else does, or has stopped doing it.
    pub fn take_work(&self, name: &str, holder: &str, now: Timestamp, until: Timestamp) -> Result<bool> {
        let taken = self.run(
            "INSERT INTO work_lease (name, holder, ends_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE \
             SET holder = excluded.holder, ends_at = excluded.ends_at \
             WHERE work_lease.ends_at <= $4 OR work_lease.holder = excluded.holder",
            (name, holder, until.unix(), now.unix()),
        )?;
        Ok(taken > 0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::AddressId;
    use crate::store::outbox::{NewOutgoing, Scope, Settlement};
    use crate::store::{Store, migrate, testing};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let place = testing::place(dir.path());
        migrate::create_or_migrate(&place, &[7; 32], NOW).unwrap();
        (dir, Store::open(&place, Duration::from_secs(1)).unwrap())
    }

    #[test]
    fn host_that_stalls_loses_its_mails_and_its_late_word_about_them_is_refused() {
        if !testing::is_remote() {
            return;
        }
        let (_dir, store) = desk();
        let recipient = "ann@example.org".parse().unwrap();
        let mail = NewOutgoing {
            event: "new_ticket",
            ticket: None,
            address: AddressId::new(1),
            envelope_sender: "",
            recipient: &recipient,
            internet_id: "a@b",
            raw: b"A: b\r\n\r\nc\r\n",
            is_automatic: true,
            message: None,
            due_at: NOW,
        };
        store.write(|tx| tx.queue(&mail, NOW)).unwrap();
        let claim = |worker: i64, until: Timestamp| {
            store
                .write(|tx| {
                    let mails = tx.claim_due(Scope::All, &[], 10, until, NOW)?;
                    tx.note_lessee(worker, &mails)?;
                    Ok::<_, crate::store::Error>(mails)
                })
                .unwrap()
        };
        let (first, second) =
            (store.write(|tx| tx.add_worker("one")).unwrap(), store.write(|tx| tx.add_worker("two")).unwrap());
        let stalled = claim(first, NOW.plus_s(600));
        assert_eq!(stalled.len(), 1);
        assert_eq!(store.write(|tx| tx.end_silent_leases()).unwrap(), 0, "it was seen a moment ago");
        store.sql(&format!("UPDATE worker SET seen_at = seen_at - {} WHERE id = {first}", SILENT_MAX_S + 1));
        assert_eq!(store.write(|tx| tx.end_silent_leases()).unwrap(), 1);
        assert!(!store.write(|tx| tx.worker_lives(first)).unwrap(), "it learns of it");
        let again = claim(second, NOW.plus_s(601));
        assert_eq!(again.len(), 1);
        assert!(!store.write(|tx| tx.settle(&stalled[0], &Settlement::Sent, NOW)).unwrap(), "too late");
        assert!(store.write(|tx| tx.settle(&again[0], &Settlement::Sent, NOW)).unwrap());
    }

    #[test]
    fn timed_work_is_one_hosts_until_it_stops() {
        let (_dir, store) = desk();
        let take = |holder: &str, at: i64| {
            let now = NOW.plus_s(at);
            store.write(|tx| tx.take_work("jobs", holder, now, now.plus_s(60))).unwrap()
        };
        assert_eq!((take("one", 0), take("two", 30), take("one", 40), take("two", 99)), (true, false, true, false));
        assert_eq!((take("two", 100), take("one", 101)), (true, false));
    }
}
