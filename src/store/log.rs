//! The write-ahead log beside the database: when it is emptied, and when its content is safe on the disk.
//!
//! A commit is a row of frames at the end of the log and one sync of that file. Two failures leave frames there that
//! never reached the disk: a process that is killed before its sync, and a sync that fails (Linux then marks the pages
//! as clean although they were never written). SQLite looks only at the frames, so the next process to open the
//! database finds the commit again and shows it to all, although a power cut would still remove it, and every
//! later commit after it. Therefore three rules:
//!
//! - After a commit that failed, [`bury`] empties the log by the same connection, which never saw those frames as
//!   committed, or puts a commit of nothing in their place where others read from it; the connection is then dropped. If
//!   even that fails, a mark beside the database (`-doubt`) stays, and the next process that opens the database does the
//!   same before anything else.
//! - What was only *read* is safe after [`secure`], which writes the log's own bytes to the disk again. A second sync alone
//!   would not do: after a failed one it writes nothing. A copy into the database would not either, because the log on the
//!   disk would be replayed over it. Emptying the log would do, but it waits for everybody who reads, and some never
//!   leave: Litestream always reads from the log that it follows.
//! - A log that has grown is emptied by the next commit, readers or not ([`growth`]).
//!
//! A new file is found after a power cut only if its folder was synced too. SQLite does that in every process, at its first
//! sync of the log; that would be every second sync of `pipe`, so it is built without, and [`name`] does it where the log
//! is new.

pub(super) mod growth;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{Error, Result};
use crate::private_file;

/// Bytes of the log that are held in memory at once while it is written again.
const PIECE_BYTES: usize = 1024 * 1024;

/// Pause between two tries of what another process's lock is in the way of.
const LOCK_POLL: Duration = Duration::from_millis(5);

/// The file of that suffix beside the database, by the name that SQLite goes by (links are followed).
fn beside(connection: &Connection, suffix: &str) -> Option<PathBuf> {
    let database = connection.path().filter(|path| !path.is_empty())?;
    Some(PathBuf::from(format!("{database}{suffix}")))
}

/// Empties the log; waits for readers and writers as long as the connection waits for locks, with the write lock held, but
/// not for others who empty the log at the same time.
fn truncate(connection: &Connection) -> Result<()> {
    let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy { Err(Error::Busy) } else { Ok(()) }
}

/// How long the connection waits for locks.
fn lock_wait(connection: &Connection) -> Result<Duration> {
    let wait_ms: u32 = connection.query_row("PRAGMA busy_timeout", [], |row| row.get(0))?;
    Ok(Duration::from_millis(wait_ms.into()))
}

/// Waits so long for locks instead, and tries again what SQLite gives up at once where another process holds one.
fn waiting(connection: &Connection, wait: Duration, attempt: impl Fn(&Connection) -> Result<()>) -> Result<()> {
    let (usual, began) = (lock_wait(connection)?, Instant::now());
    let done = loop {
        let left = wait.saturating_sub(began.elapsed());
        connection.busy_timeout(left)?;
        match attempt(connection) {
            Err(Error::Busy) if !left.is_zero() => thread::sleep(LOCK_POLL),
            done => break done,
        }
    };
    connection.busy_timeout(usual)?;
    done
}

/// Gives the database a log, which lets readers go on while a mail is written; it is a property of the file, set once. Waits
/// for another process that does the same.
///
/// # Errors
/// [`Error::Busy`] when the lock did not come free, others when the disk fails.
pub(super) fn start(connection: &Connection) -> Result<()> {
    waiting(connection, lock_wait(connection)?, |connection| {
        Ok(connection.pragma_update(None, "journal_mode", "wal")?)
    })
}

/// [`truncate`] without waiting for anybody; what is emptied is synced.
fn empty_at_once(connection: &Connection) -> Result<()> {
    waiting(connection, Duration::ZERO, truncate)?;
    write_again(connection)
}

/// Brings all that is committed to the disk, whatever happened to earlier syncs: what can be read then survives a power cut.
/// Waits for writers as long as the connection waits for locks, and for readers not at all. No transaction may be open.
///
/// # Errors
/// [`Error::Busy`] when a writer did not let go, [`Error::Inaccessible`] and others when the disk fails.
pub(super) fn secure(connection: &Connection) -> Result<()> {
    // While the lock is held nobody changes the log; whoever copies from it meanwhile finds the same bytes.
    let lock = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let done = write_again(connection);
    lock.rollback()?;
    done
}

/// Writes every byte of the log in its own place and syncs it: a sync writes only what was written since the last one, even
/// if that failed. What was copied into the database needs nothing of the kind: SQLite takes it for copied after the
/// database's own sync.
fn write_again(connection: &Connection) -> Result<()> {
    let Some(log) = beside(connection, "-wal") else { return Ok(()) };
    // The log file may be opened and closed here: SQLite holds no locks on it.
    let written = || -> io::Result<()> {
        match private_file::open_to_change(&log) {
            Ok(file) => rewrite(&file)?,
            // Nothing was written since the database was made or moved.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        private_file::sync_folder_of(&log)
    };
    written().map_err(|e| Error::Inaccessible { path: log.clone(), reason: e.to_string() })
}

fn rewrite(file: &File) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    let mut at = 0;
    loop {
        let bytes = file.read_at(&mut piece, at)?;
        if bytes == 0 {
            return file.sync_all();
        }
        file.write_all_at(piece.get(..bytes).unwrap_or_default(), at)?;
        at += bytes as u64;
    }
}

/// Makes sure that a log that nothing was written to yet is found after a power cut. Called with the write lock held and
/// before anything is written: what is in a log shows that it was done. Gives the size of the log's file, in bytes.
///
/// # Errors
/// [`Error::Inaccessible`] when the folder cannot be synced: nothing may be committed then.
pub(super) fn name(connection: &Connection) -> Result<u64> {
    let bytes = growth::bytes(connection);
    if bytes == 0
        && let Some(log) = beside(connection, "-wal")
    {
        private_file::sync_folder_of(&log).map_err(|e| Error::Inaccessible { path: log, reason: e.to_string() })?;
    }
    Ok(bytes)
}

/// Takes back what a failed commit left in the log. The connection must not be used for anything else afterwards.
///
/// # Errors
/// Those of the disk: then the commit may come back, and the mark stays for the next process that opens the database.
pub(super) fn bury(connection: &Connection) -> Result<()> {
    let mark = beside(connection, "-doubt");
    if let Some(mark) = &mark
        && let Err(error) = private_file::create_new(mark)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        tracing::warn!(%error, mark = %mark.display(), "the mark for a log in doubt was not made");
    }
    clear(connection)
        .inspect_err(|error| tracing::error!(%error, "a failed change may come back; the disk is failing"))?;
    unmark(mark.as_deref());
    Ok(())
}

/// Clears a log that was left in doubt.
///
/// # Errors
/// [`Error::Busy`] when a writer did not let go, and others when the disk fails.
pub(super) fn end_doubt(connection: &Connection) -> Result<()> {
    let mark = beside(connection, "-doubt").filter(|mark| mark.exists());
    if mark.is_some() {
        clear(connection)?;
        unmark(mark.as_deref());
    }
    Ok(())
}

/// Leaves nothing in the log that could come back, and all that is committed on the disk.
fn clear(connection: &Connection) -> Result<()> {
    empty_at_once(connection).or_else(|_| {
        // Somebody reads from it, or there is no room to copy it.
        cover(connection)?;
        secure(connection)
    })
}

/// Commits a change that changes nothing. It takes the place of the first frame that a failed commit left, and the others
/// are worth nothing without that one: the checksum of each goes over all before it.
fn cover(connection: &Connection) -> Result<()> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // SQLite writes the page although it stays as it is.
    tx.pragma_update(None, "user_version", version)?;
    Ok(tx.commit()?)
}

fn unmark(mark: Option<&Path>) {
    if let Some(mark) = mark
        && let Err(error) = fs::remove_file(mark)
        && error.kind() != io::ErrorKind::NotFound
    {
        // The next process empties the log again, which changes nothing.
        tracing::warn!(%error, mark = %mark.display(), "the mark for a log in doubt was not removed");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::reason::Reason;
    use crate::store::Store;
    use crate::store::migrate::create_or_migrate;
    use crate::store::receipt::{NewReceipt, ReceiptState};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    pub(crate) const WAIT: Duration = Duration::from_secs(5);

    pub(crate) fn desk(dir: &tempfile::TempDir) -> (PathBuf, Store) {
        let path = dir.path().join("desk.db");
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        (path.clone(), Store::open(&path, WAIT).unwrap())
    }

    /// Somebody who reads from the log as long as the value lives.
    pub(crate) fn reader(path: &Path) -> Connection {
        let reader = Connection::open(path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM department").unwrap();
        reader
    }

    pub(crate) fn keep_mail(store: &Store, number: u8, raw: &[u8]) {
        let new = NewReceipt {
            key: &[number; 32],
            state: ReceiptState::Quarantined,
            reason: Reason::New,
            detail: "",
            place: None,
            from_email: "",
            recipient: "",
            sender: None,
            subject: "",
            internet_id: "",
            bytes: raw.len(),
            trace: None,
        };
        store.write(|tx| tx.add_receipt(&new, NOW).and_then(|id| tx.keep_raw_mail(id, raw))).unwrap();
    }

    #[test]
    fn log_in_doubt_is_cleared_by_the_next_change_and_can_be_read_until_then() {
        let dir = tempfile::tempdir().unwrap();
        let (path, store) = desk(&dir);
        keep_mail(&store, 0, b"x");
        let writer = Connection::open(&path).unwrap();
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        let connection = store.take().unwrap();
        let connection = connection.lite().unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        assert!(matches!(bury(connection), Err(Error::Busy)));
        let mark = dir.path().join("desk.db-doubt");
        assert!(mark.exists());
        let other = Store::open(&path, Duration::ZERO).unwrap();
        assert_eq!(other.read(|tx| tx.departments()).unwrap().len(), 1);
        assert!(matches!(other.make_sure(), Err(Error::Busy)), "until then nothing counts as safe");
        // Without its lock another program would take itself for the only one and remove the log under us.
        let inode = format!(":{} ", fs::metadata(&path).unwrap().ino());
        assert!(
            fs::read_to_string("/proc/locks").unwrap().contains(&inode),
            "the lock of the open connections is gone"
        );
        drop(writer);
        keep_mail(&other, 1, b"x");
        assert!(!mark.exists());
    }

    #[test]
    fn log_in_doubt_is_cleared_while_somebody_reads() {
        let dir = tempfile::tempdir().unwrap();
        let (path, store) = desk(&dir);
        keep_mail(&store, 0, b"x");
        let _reader = reader(&path);
        let log = dir.path().join("desk.db-wal");
        let bytes = fs::metadata(&log).unwrap().len();
        fs::write(dir.path().join("desk.db-doubt"), "").unwrap();
        Store::open(&path, Duration::ZERO).unwrap();
        assert!(!dir.path().join("desk.db-doubt").exists());
        assert!(fs::metadata(&log).unwrap().len() > bytes, "a commit of nothing is in the place of what failed");
    }

    #[test]
    fn what_was_read_is_made_sure_of_once_for_all_of_a_process_also_while_others_read() {
        let dir = tempfile::tempdir().unwrap();
        let (path, store) = desk(&dir);
        keep_mail(&store, 0, b"x");
        let _reader = reader(&path);
        let log = dir.path().join("desk.db-wal");
        let is_written_again = || {
            let long_ago = std::time::SystemTime::UNIX_EPOCH;
            private_file::open_to_change(&log).unwrap().set_modified(long_ago).unwrap();
            store.make_sure().unwrap();
            fs::metadata(&log).unwrap().modified().unwrap() != long_ago
        };
        let before = fs::read(&log).unwrap();
        assert!(is_written_again());
        assert!(fs::read(&log).unwrap() == before, "with the bytes that it had");
        keep_mail(&store, 1, b"x");
        assert!(!is_written_again(), "a commit of this process needs no second check");
    }

    #[test]
    fn long_logs_are_written_again_piece_by_piece() {
        let dir = tempfile::tempdir().unwrap();
        for bytes in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES] {
            let path = dir.path().join(bytes.to_string());
            let content: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
            fs::write(&path, &content).unwrap();
            rewrite(&private_file::open_to_change(&path).unwrap()).unwrap();
            assert!(fs::read(&path).unwrap() == content, "{bytes}");
        }
    }
}
