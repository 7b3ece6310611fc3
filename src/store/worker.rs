//! Processes that work on a desk, on whichever host, where the database is on a server: each has a row with the time of
//! its last sign of life, by the server's clock. The leases of one that is silent end, so that what a host had that was
//! lost or stalls is done by another: mails it claimed, mailboxes it reads, the timed work. What the first one says of it
//! later is refused, because the lease is no longer its own.

use super::outbox::Claimed;
use super::{Error, ReadTx, Result, WriteTx};

/// How long a worker may be silent, in seconds: three heartbeats.
pub(crate) const SILENT_MAX_S: i64 = 30;

/// A kind of work, and the worker that has it for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What is done, in words for people.
    pub name: String,
    /// Who does it.
    pub worker: i64,
}

/// What came of asking for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is ours.
    Ours,
    /// That host has it.
    Theirs(String),
    /// We were taken for dead: a new worker may ask.
    Dead,
}

impl ReadTx<'_> {
    /// The worker that has a kind of work, and its host, if it shows signs of life.
    pub fn work_holder(&self, name: &str) -> Result<Option<(i64, String)>> {
        let now = self.link.clock();
        self.one(
            &format!(
                "SELECT w.id, w.host FROM work_lease AS l JOIN worker AS w ON w.id = l.worker_id \
                 WHERE l.name = $1 AND w.seen_at >= {now} - $2"
            ),
            (name, SILENT_MAX_S),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Makes sure that a lease is still this worker's.
    pub(super) fn require_hold(&self, hold: &Hold) -> Result<()> {
        let held = self.number(
            "SELECT count(*) FROM work_lease WHERE name = $1 AND worker_id = $2",
            (hold.name.as_str(), hold.worker),
        )?;
        if held > 0 { Ok(()) } else { Err(Error::TakenOver(hold.name.clone())) }
    }

    /// Every worker, and what processes of its machine know it by.
    pub fn workers(&self) -> Result<Vec<(i64, String)>> {
        self.all("SELECT id, process FROM worker ORDER BY id", (), |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Whether leases of mails should end: those of a worker that is silent, and what an earlier drain of this worker left.
    pub fn is_any_lease_over(&self, worker: i64) -> Result<bool> {
        let now = self.link.clock();
        let over = self.number(
            &format!(
                "SELECT (SELECT count(*) FROM worker WHERE seen_at < {now} - $1) + (SELECT count(*) FROM outbox \
                 WHERE state = 'pending' AND leased_until > 0 AND leased_by = $2)"
            ),
            (SILENT_MAX_S, worker),
        )?;
        Ok(over > 0)
    }

    /// Whether a worker is not taken for dead.
    pub fn is_worker(&self, worker: i64) -> Result<bool> {
        Ok(self.number("SELECT count(*) FROM worker WHERE id = $1", [worker])? > 0)
    }
}

impl WriteTx<'_> {
    /// Enters a worker.
    pub fn add_worker(&self, host: &str, process: &str) -> Result<i64> {
        let sql = format!("INSERT INTO worker (host, process, seen_at) VALUES ($1, $2, {})", self.link.clock());
        self.insert(&sql, [host, process])
    }

    /// Notes that a worker lives; says whether it still counts as alive.
    pub(super) fn worker_lives(&self, worker: i64) -> Result<bool> {
        Ok(self.run(&format!("UPDATE worker SET seen_at = {} WHERE id = $1", self.link.clock()), [worker])? > 0)
    }

    /// Ends the leases of workers that are silent, and forgets them; says how many mails are free again.
    pub fn end_silent_leases(&self) -> Result<usize> {
        self.run(&format!("DELETE FROM worker WHERE seen_at < {} - $1", self.link.clock()), [SILENT_MAX_S])?;
        self.end_orphaned_leases()
    }

    /// Ends the leases of mails that a worker has; it sends none at this time.
    pub fn end_leases_of(&self, worker: i64) -> Result<usize> {
        self.run(
            "UPDATE outbox SET leased_until = 0, leased_by = 0 WHERE state = 'pending' AND leased_until > 0 AND leased_by = $1",
            [worker],
        )
    }

    /// Ends the leases of mails whose workers are not there any more; those of work end with the rows.
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

    /// Takes a kind of work for a worker, if nobody has it who shows signs of life.
    pub fn take_work(&self, hold: &Hold) -> Result<Claim> {
        if !self.worker_lives(hold.worker)? {
            return Ok(Claim::Dead);
        }
        match self.work_holder(&hold.name)? {
            Some((worker, _)) if worker == hold.worker => return Ok(Claim::Ours),
            Some((_, host)) => return Ok(Claim::Theirs(host)),
            None => {}
        }
        self.end_silent_leases()?;
        let taken = self.run(
            "INSERT INTO work_lease (name, worker_id) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            (hold.name.as_str(), hold.worker),
        )?;
        // Its sign of life may have come in this moment.
        Ok(if taken > 0 { Claim::Ours } else { Claim::Theirs("another host".to_owned()) })
    }

    /// Ends a lease of work.
    pub fn give_back_work(&self, hold: &Hold) -> Result<()> {
        self.run("DELETE FROM work_lease WHERE name = $1 AND worker_id = $2", (hold.name.as_str(), hold.worker))
            .map(drop)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {

    use super::*;
    use crate::domain::{AddressId, EmailAddress, Timestamp};
    use crate::store::outbox::{NewOutgoing, Scope, Settlement};
    use crate::store::{Store, testing};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::store::testing::desk(dir.path(), NOW);
        (dir, store)
    }

    fn outgoing(recipient: &EmailAddress) -> NewOutgoing<'_> {
        NewOutgoing {
            event: "new_ticket",
            ticket: None,
            address: AddressId::new(1),
            envelope_sender: "",
            recipient,
            internet_id: "a@b",
            raw: b"A: b\r\n\r\nc\r\n",
            is_automatic: true,
            message: None,
            due_at: NOW,
        }
    }

    #[test]
    fn host_that_stalls_loses_its_mails_and_its_late_word_about_them_is_refused() {
        if !testing::is_remote() {
            return;
        }
        let (_dir, store) = desk();
        let recipient = "ann@example.org".parse().unwrap();
        store.write(|tx| tx.queue(&outgoing(&recipient), NOW)).unwrap();
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
            (store.write(|tx| tx.add_worker("one", "")).unwrap(), store.write(|tx| tx.add_worker("two", "")).unwrap());
        let stalled = claim(first, NOW.plus_s(600));
        assert_eq!(stalled.len(), 1);
        assert_eq!(store.write(|tx| tx.end_silent_leases()).unwrap(), 0, "it was seen a moment ago");
        store.sql(&format!("UPDATE worker SET seen_at = seen_at - {} WHERE id = {first}", SILENT_MAX_S + 1));
        assert_eq!(store.write(|tx| tx.end_silent_leases()).unwrap(), 1);
        assert!(!store.worker_lives(first).unwrap(), "it learns of it");
        let again = claim(second, NOW.plus_s(601));
        assert_eq!(again.len(), 1);
        assert!(!store.write(|tx| tx.settle(&stalled[0], &Settlement::Sent, NOW)).unwrap(), "too late");
        assert!(store.write(|tx| tx.settle(&again[0], &Settlement::Sent, NOW)).unwrap());
    }

    #[test]
    fn work_is_one_workers_until_it_gives_it_back_or_is_silent_and_its_late_word_is_refused() {
        let (_dir, store) = desk();
        let enter = |host: &str| store.write(|tx| tx.add_worker(host, "")).unwrap();
        let (first, second) = (enter("one"), enter("two"));
        let hold = |worker: i64| Hold { name: "the timed work".to_owned(), worker };
        let take = |worker: i64| store.write(|tx| tx.take_work(&hold(worker))).unwrap();
        assert_eq!((take(first), take(second)), (Claim::Ours, Claim::Theirs("one".to_owned())));
        assert_eq!(take(first), Claim::Ours, "it may ask again");
        store.write(|tx| tx.give_back_work(&hold(first))).unwrap();
        assert_eq!((take(second), take(first)), (Claim::Ours, Claim::Theirs("two".to_owned())));

        let silent =
            |seconds: i64| store.sql(&format!("UPDATE worker SET seen_at = seen_at - {seconds} WHERE id = {second}"));
        silent(SILENT_MAX_S - 5);
        assert_eq!(take(first), Claim::Theirs("two".to_owned()));
        silent(10);
        assert_eq!(store.read(|tx| tx.work_holder("the timed work")).unwrap(), None);
        assert_eq!((take(first), take(second)), (Claim::Ours, Claim::Dead));
        assert!(!store.worker_lives(second).unwrap(), "it learns of it");
        let late = store.read(|tx| tx.require_hold(&hold(second)));
        assert!(matches!(&late, Err(Error::TakenOver(name)) if name == "the timed work"), "{late:?}");
        store.read(|tx| tx.require_hold(&hold(first))).unwrap();
        store.write(|tx| tx.remove_worker(first)).unwrap();
        assert!(store.read(|tx| tx.require_hold(&hold(first))).is_err(), "it ends with the worker");
    }

    #[test]
    fn nothing_is_written_under_a_lease_that_is_lost() {
        if !testing::is_remote() {
            return;
        }
        let (_dir, store) = desk();
        let worker = store.write(|tx| tx.add_worker("one", "")).unwrap();
        let hold = Hold { name: "work".to_owned(), worker };
        assert_eq!(store.write(|tx| tx.take_work(&hold)).unwrap(), Claim::Ours);
        let held = store.under(hold.clone());
        let note = |at: i64| held.write(|tx| tx.note_served(NOW.plus_s(at)));
        note(1).unwrap();
        held.make_sure_of_lease().unwrap();
        store.write(|tx| tx.give_back_work(&hold)).unwrap();
        assert!(matches!(note(2), Err(Error::TakenOver(_))));
        assert!(matches!(held.make_sure_of_lease(), Err(Error::TakenOver(_))));
        assert_eq!(store.read(|tx| tx.served_at()).unwrap(), NOW.plus_s(1));
    }

    #[test]
    fn what_an_earlier_drain_left_is_free_again() {
        let (_dir, store) = desk();
        let recipient = "ann@example.org".parse().unwrap();
        store.write(|tx| tx.queue(&outgoing(&recipient), NOW)).unwrap();
        let worker = store.write(|tx| tx.add_worker("one", "")).unwrap();
        let is_over = || store.read(|tx| tx.is_any_lease_over(worker)).unwrap();
        assert!(!is_over());
        let claim = || {
            let claimed = store.write(|tx| {
                let mails = tx.claim_due(Scope::All, &[], 10, NOW.plus_s(600), NOW)?;
                tx.note_lessee(worker, &mails).map(|()| mails)
            });
            claimed.unwrap().len()
        };
        assert_eq!((claim(), claim(), is_over()), (1, 0, true));
        assert_eq!(store.write(|tx| tx.end_leases_of(worker)).unwrap(), 1);
        assert_eq!((is_over(), claim()), (false, 1));
    }

    #[test]
    fn sign_of_life_waits_for_no_writer() {
        if !testing::is_remote() {
            return;
        }
        let (_dir, store) = desk();
        let worker = store.write(|tx| tx.add_worker("one", "")).unwrap();
        let lock = testing::lock(&store);
        assert!(store.worker_lives(worker).unwrap());
        assert!(matches!(store.write(|tx| tx.is_worker(worker)), Err(Error::Busy)), "the lock is held");
        drop(lock);
    }
}
