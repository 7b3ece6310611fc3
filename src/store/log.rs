//! The write-ahead log beside the database: when it is emptied, and when its content is safe on the disk.
//!
//! A commit is a row of frames at the end of the log and one sync of that file. Two failures leave frames there that
//! never reached the disk: a process that is killed before its sync, and a sync that fails (Linux then marks the pages
//! as clean although they were never written). SQLite looks only at the frames, so the next process to open the
//! database finds the commit again and shows it to all, although a power cut would still remove it, and every
//! later commit after it. Therefore three rules:
//!
//! - After a commit that failed, [`bury`] empties the log by the same connection, which never saw those frames as
//!   committed; the connection is then dropped. If even that fails, a mark beside the database (`-doubt`) stays, and
//!   the next process that opens the database empties the log before anything else.
//! - What was only *read* is safe after [`empty`]: everything is in the database itself then, synced, and the log is
//!   gone from the disk as well. A second sync of the log alone would not do: after a failed one it writes nothing, and
//!   a copy into the database would not either, because the log on the disk would be replayed over it.
//! - A log that has grown is emptied by the next commit, readers or not ([`Growth`]).
//!
//! A new file is found after a power cut only if its folder was synced too. SQLite does that in every process, at its first
//! sync of the log; that would be every second sync of `pipe`, so it is built without, and [`name`] does it where the log
//! is new.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::connections::{Connections, Handle};
use super::{Error, Result, Store};
use crate::private_file;

/// Size of the log, in bytes, above which the last act of a process is to empty it. 1 MiB: the first process to open
/// the database reads the whole log, so a short one keeps `pipe` quick; emptying it after every mail costs two more
/// syncs each (measured, CHANGELOG 0.1).
const KEPT_BYTES_MAX: u64 = 1024 * 1024;

/// Size of the log, in bytes, above which a commit waits for readers to let it be emptied. Half of the 16 MiB that it
/// must not reach under mails of usual sizes: the transaction that passes this limit still fits.
const GROWN_BYTES: u64 = 8 * 1024 * 1024;

/// The part of the log by which it grows before readers that did not let go are waited for again: six times up to 16 MiB,
/// and more and more seldom for a reader that stays, such as a backup.
const GROWN_AGAIN_PART: u64 = 8;

/// Size of the log, in bytes, above which `serve` copies it into the database. Below the 4 MB at which SQLite lets a commit
/// of another process do it (wal_autocheckpoint, 1000 pages).
const COPIED_BYTES: u64 = 1024 * 1024;

/// How long a commit waits for the readers of a grown log. Far above a request's reading, short for the next writer,
/// who waits as well.
const READERS_WAIT: Duration = Duration::from_millis(500);

/// Pause between two tries of what another process's lock is in the way of.
const LOCK_POLL: Duration = Duration::from_millis(5);

/// The file of that suffix beside the database, by the name that SQLite goes by (links are followed).
fn beside(connection: &Connection, suffix: &str) -> Option<PathBuf> {
    let database = connection.path().filter(|path| !path.is_empty())?;
    Some(PathBuf::from(format!("{database}{suffix}")))
}

/// One try; waits for readers and writers as long as the connection waits for locks, but not for others who empty the
/// log at the same time.
fn truncate(connection: &Connection) -> Result<()> {
    let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy { Err(Error::Busy) } else { Ok(()) }
}

/// Tries again what SQLite gives up at once where another process holds a lock, as long as the connection waits for locks.
fn patiently(connection: &Connection, attempt: impl Fn(&Connection) -> Result<()>) -> Result<()> {
    let wait_ms: u32 = connection.query_row("PRAGMA busy_timeout", [], |row| row.get(0))?;
    let (began, wait) = (Instant::now(), Duration::from_millis(wait_ms.into()));
    let done = loop {
        let left = wait.saturating_sub(began.elapsed());
        connection.busy_timeout(left)?;
        match attempt(connection) {
            Err(Error::Busy) if !left.is_zero() => thread::sleep(LOCK_POLL),
            done => break done,
        }
    };
    connection.busy_timeout(wait)?;
    done
}

/// Gives the database a log, which lets readers go on while a mail is written; it is a property of the file, set once. Waits
/// for another process that does the same.
///
/// # Errors
/// [`Error::Busy`] when the lock did not come free, others when the disk fails.
pub(super) fn start(connection: &Connection) -> Result<()> {
    patiently(connection, |connection| Ok(connection.pragma_update(None, "journal_mode", "wal")?))
}

fn sync(path: &Path) -> io::Result<()> {
    match File::open(path) {
        Ok(log) => log.sync_all()?,
        // Nothing was written since the database was made or moved.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    private_file::sync_folder_of(path)
}

/// Brings all that is committed into the database itself, synced, and empties the log, synced too: what can be read then
/// survives a power cut, whatever happened to earlier syncs. Waits for readers and writers as long as the connection
/// waits for locks.
///
/// # Errors
/// [`Error::Busy`] when a process still reads from the log, [`Error::Inaccessible`] and others when the disk fails.
pub(super) fn empty(connection: &Connection) -> Result<()> {
    patiently(connection, truncate)?;
    let Some(log) = beside(connection, "-wal") else { return Ok(()) };
    // The log file may be opened and closed here: SQLite holds no locks on it.
    sync(&log).map_err(|e| Error::Inaccessible { path: log.clone(), reason: e.to_string() })
}

/// Makes sure that a log that nothing was written to yet is found after a power cut. Called with the write lock held and
/// before anything is written: what is in a log shows that it was done.
///
/// # Errors
/// [`Error::Inaccessible`] when the folder cannot be synced: nothing may be committed then.
pub(super) fn name(connection: &Connection) -> Result<()> {
    match beside(connection, "-wal") {
        Some(log) if bytes(connection) == 0 => {
            private_file::sync_folder_of(&log).map_err(|e| Error::Inaccessible { path: log, reason: e.to_string() })
        }
        _ => Ok(()),
    }
}

/// Takes back what a failed commit left in the log. The connection must not be used for anything else afterwards.
///
/// # Errors
/// Those of [`empty`]: then the commit may come back, and the mark stays for the next process that opens the database.
pub(super) fn bury(connection: &Connection) -> Result<()> {
    let mark = beside(connection, "-doubt");
    if let Some(mark) = &mark
        && let Err(error) = private_file::create_new(mark)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        tracing::warn!(%error, mark = %mark.display(), "the mark for a log in doubt was not made");
    }
    empty(connection)
        .inspect_err(|error| tracing::error!(%error, "a failed change may come back; the disk is failing"))?;
    unmark(mark.as_deref());
    Ok(())
}

/// Empties a log that was left in doubt.
///
/// # Errors
/// Those of [`empty`].
pub(super) fn end_doubt(connection: &Connection) -> Result<()> {
    let mark = beside(connection, "-doubt").filter(|mark| mark.exists());
    if mark.is_some() {
        empty(connection)?;
        unmark(mark.as_deref());
    }
    Ok(())
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

fn bytes(connection: &Connection) -> u64 {
    beside(connection, "-wal").and_then(|log| fs::metadata(log).ok()).map_or(0, |log| log.len())
}

/// Empties the log as the last act of a process, unless it is short or another process reads from it.
fn leave_short(connection: &Connection) {
    let bytes = bytes(connection);
    if bytes <= KEPT_BYTES_MAX {
        return;
    }
    let wait = if bytes > GROWN_BYTES { READERS_WAIT } else { Duration::ZERO };
    let emptied = connection.busy_timeout(wait).map_err(Error::from).and_then(|()| truncate(connection));
    if let Err(error) = emptied {
        tracing::debug!(%error, "the log was not emptied");
    }
}

/// Watches over a log that grows while others read without a pause: SQLite itself starts again at its beginning only
/// in a moment without readers.
#[derive(Debug, Default)]
pub(super) struct Growth {
    /// The size up to which readers are not waited for, after they did not let go.
    bearable_bytes: AtomicU64,
}

/// Copies the log into the database as far as readers allow, without waiting for anybody. The next commit then begins at the
/// log's start again.
///
/// # Errors
/// Those of the disk.
fn copy(connection: &Connection) -> Result<()> {
    if bytes(connection) > COPIED_BYTES {
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    }
    Ok(())
}

impl Store {
    /// Copies the log into the database when it has grown, without keeping anybody waiting.
    pub(crate) fn copy_log(&self) -> Result<()> {
        if self.is_remote() {
            return Ok(());
        }
        let connection = self.take()?;
        copy(connection.lite()?)?;
        connection.keep();
        Ok(())
    }

    /// Empties a log that has grown. A process that opens the database alone cannot know how much of the log was copied
    /// before, so a log that is never emptied would be read, and copied, again and again.
    pub(super) fn empty_grown_log(&mut self) {
        let last = Arc::get_mut(&mut self.connections).and_then(Connections::last);
        if let Some(Handle::Lite(connection)) = last {
            leave_short(connection);
        }
    }
}

impl Growth {
    /// Empties the log after a commit that made it too long.
    pub(super) fn check(&self, connection: &Connection, lock_wait: Duration) {
        let bytes = bytes(connection);
        if bytes <= GROWN_BYTES.max(self.bearable_bytes.load(Ordering::Relaxed)) {
            return;
        }
        let emptied = connection.busy_timeout(READERS_WAIT).map_err(Error::from).and_then(|()| truncate(connection));
        let bearable = match emptied {
            Ok(()) => 0,
            Err(error) => {
                tracing::debug!(%error, bytes, "the log has grown and was not emptied");
                bytes.saturating_add(bytes / GROWN_AGAIN_PART)
            }
        };
        self.bearable_bytes.store(bearable, Ordering::Relaxed);
        if let Err(error) = connection.busy_timeout(lock_wait) {
            tracing::debug!(%error, "the wait for locks could not be set again");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::reason::Reason;
    use crate::store::Store;
    use crate::store::migrate::create_or_migrate;
    use crate::store::receipt::{NewReceipt, ReceiptState};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const WAIT: Duration = Duration::from_secs(5);
    /// What the log may never reach under mails of usual sizes.
    const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;

    fn desk(dir: &tempfile::TempDir) -> (PathBuf, Store) {
        let path = dir.path().join("desk.db");
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        (path.clone(), Store::open(&path, WAIT).unwrap())
    }

    fn keep_mail(store: &Store, number: u8, raw: &[u8]) {
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
    fn log_stays_short_under_readers_without_a_pause() {
        const MAILS: u8 = 100;
        let dir = tempfile::tempdir().unwrap();
        let (path, store) = desk(&dir);
        let log = dir.path().join("desk.db-wal");
        let is_over = AtomicBool::new(false);
        let longest = thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let reader = Store::open(&path, WAIT).unwrap();
                    while !is_over.load(Ordering::Relaxed) {
                        reader
                            .read(|tx| {
                                tx.departments()?;
                                thread::sleep(Duration::from_millis(30));
                                Ok::<_, Error>(())
                            })
                            .unwrap();
                    }
                });
            }
            let raw = vec![7; LOG_BYTES_MAX as usize / usize::from(MAILS) * 2];
            let sizes = (0..MAILS).map(|number| {
                keep_mail(&store, number, &raw);
                fs::metadata(&log).unwrap().len()
            });
            let longest = sizes.max().unwrap();
            is_over.store(true, Ordering::Relaxed);
            longest
        });
        assert!(longest < LOG_BYTES_MAX, "{longest}");
    }

    #[test]
    fn commits_leave_copying_to_whoever_does_it_until_the_log_is_long() {
        // Beyond where SQLite would copy (4 MB), below where the log is emptied.
        const MAIL_BYTES: usize = 6 * 1024 * 1024;
        let dir = tempfile::tempdir().unwrap();
        let (path, store) = desk(&dir);
        let bytes = |path: &Path| fs::metadata(path).unwrap().len();
        let log = dir.path().join("desk.db-wal");
        store.copy_log().unwrap();
        let before = bytes(&path);
        store.expect_copying();
        keep_mail(&store, 0, &vec![7; MAIL_BYTES]);
        assert_eq!(bytes(&path), before, "the commit copied");
        store.copy_log().unwrap();
        assert!(bytes(&path) >= before + MAIL_BYTES as u64, "what was committed is copied");
        // Nobody copies.
        let longest = (1..20).map(|number| {
            keep_mail(&store, number, &vec![7; MAIL_BYTES / 3]);
            bytes(&log)
        });
        assert!(longest.max() < Some(LOG_BYTES_MAX));
    }

    #[test]
    fn reader_that_stays_holds_up_few_commits() {
        let dir = tempfile::tempdir().unwrap();
        let (path, store) = desk(&dir);
        let reader = Connection::open(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM department").unwrap();
        keep_mail(&store, 0, &vec![7; GROWN_BYTES as usize]);
        let began = Instant::now();
        (1..20).for_each(|number| keep_mail(&store, number, b"x"));
        assert!(began.elapsed() < 3 * READERS_WAIT, "{:?}", began.elapsed());
    }

    #[test]
    fn log_in_doubt_is_emptied_by_the_next_process_that_opens_the_desk() {
        let dir = tempfile::tempdir().unwrap();
        let (path, store) = desk(&dir);
        keep_mail(&store, 0, b"x");
        let reader = Connection::open(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM department").unwrap();
        let connection = store.take().unwrap();
        let connection = connection.lite().unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        assert!(matches!(bury(connection), Err(Error::Busy)));
        let mark = dir.path().join("desk.db-doubt");
        assert!(mark.exists());
        assert!(matches!(Store::open(&path, Duration::ZERO), Err(Error::Busy)), "until then nothing counts as safe");
        // Without its lock another program would take itself for the only one and remove the log under us.
        let inode = format!(":{} ", fs::metadata(&path).unwrap().ino());
        assert!(
            fs::read_to_string("/proc/locks").unwrap().contains(&inode),
            "the lock of the open connections is gone"
        );
        drop(reader);
        Store::open(&path, WAIT).unwrap();
        assert_eq!((mark.exists(), fs::metadata(dir.path().join("desk.db-wal")).unwrap().len()), (false, 0));
    }

    #[test]
    fn what_was_read_is_made_sure_of_once_for_all_of_a_process() {
        let dir = tempfile::tempdir().unwrap();
        let (_, store) = desk(&dir);
        keep_mail(&store, 0, b"x");
        let log = dir.path().join("desk.db-wal");
        store.make_sure().unwrap();
        assert_eq!(fs::metadata(&log).unwrap().len(), 0);
        keep_mail(&store, 1, b"x");
        store.make_sure().unwrap();
        assert!(fs::metadata(&log).unwrap().len() > 0, "a commit of this process needs no second check");
    }
}
