//! Knowing whether other senders are running, so that mails claimed by a killed one are sent at once and
//! not only after its lease. Leases are explained in [`crate::store::outbox`].

use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::domain::Timestamp;
use crate::store::{self, Store};
use crate::worker::Worker;

/// How long another sender may take to end the leases of killed ones. After that we send without holding the lock.
const PATIENCE: Duration = Duration::from_secs(3);

/// Pause between two tries.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Held while sending. It is a lock (flock(2)) on the folder of the database, shared by all senders; the
/// system takes it from a process that dies. The database itself cannot be used: to close a second
/// descriptor of it would end SQLite's own locks (fcntl(2)).
#[derive(Debug)]
pub(super) struct SenderLock {
    _folder: Option<File>,
    worker: Option<i64>,
}

impl SenderLock {
    /// Begins to send. If no other sender is running, existing leases belong to senders that were
    /// killed, and end now. On a server `worker` is what we are there, entered with the first drain.
    pub(super) fn begin(store: &Store, worker: &mut Option<Worker>, now: Timestamp) -> store::Result<Self> {
        let Some(file) = store.place().file() else {
            // No lock of this host says anything about the others.
            return Ok(Self { _folder: None, worker: Some(as_worker(store, worker)?) });
        };
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // A folder that may be entered but not read: then leases of killed senders last their full time.
        let Ok(folder) = File::open(folder) else { return Ok(Self { _folder: None, worker: None }) };
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            // Alone for the moment: a sender that starts meanwhile waits until this lock is a shared one.
            if flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok()
                && store.read(|tx| tx.is_anything_leased(now))?
            {
                store.write(|tx| tx.end_leases())?;
            }
            match flock(&folder, FlockOperation::NonBlockingLockShared) {
                Ok(()) => return Ok(Self { _folder: Some(folder), worker: None }),
                Err(Errno::WOULDBLOCK | Errno::INTR) => thread::sleep(LOOK_EVERY),
                // File systems without such locks.
                Err(_) => break,
            }
        }
        Ok(Self { _folder: None, worker: None })
    }
}

impl SenderLock {
    /// Who claims, where the database is on a server.
    pub(super) fn worker(&self) -> Option<i64> {
        self.worker
    }
}

/// What we are in the table of workers; leases of those that are silent end.
fn as_worker(store: &Store, worker: &mut Option<Worker>) -> store::Result<i64> {
    if let Some(known) = worker {
        let id = known.id();
        let (lives, is_any_over) =
            store.read(|tx| Ok::<_, store::Error>((tx.is_worker(id)?, tx.is_any_lease_over(id)?)))?;
        if is_any_over {
            store.write(|tx| {
                tx.end_leases_of(id)?;
                tx.end_silent_leases()
            })?;
        }
        if lives {
            return Ok(id);
        }
    }
    Ok(worker.insert(Worker::enter(store)?).id())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::AddressId;
    use crate::store::migrate::create_or_migrate;
    use crate::store::outbox::{NewOutgoing, Scope};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    #[test]
    fn leases_end_with_the_last_sender_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("desk.db");
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = Store::open(&path, Duration::from_secs(1)).unwrap();
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
        let claim = || store.write(|tx| tx.claim_due(Scope::All, &[], 10, NOW.plus_s(60), NOW)).unwrap().len();

        let first = SenderLock::begin(&store, &mut None, NOW).unwrap();
        assert_eq!(claim(), 1);
        let second = SenderLock::begin(&store, &mut None, NOW).unwrap();
        assert_eq!(claim(), 0, "the first sender has it");
        drop(first);
        let third = SenderLock::begin(&store, &mut None, NOW).unwrap();
        assert_eq!(claim(), 0, "for all that the second knows, the first is alive");
        drop((second, third));
        let _fourth = SenderLock::begin(&store, &mut None, NOW).unwrap();
        assert_eq!(claim(), 1, "no other sender was left");
    }
}
