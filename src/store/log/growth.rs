//! How long the log beside the database may get, and who copies it into the database.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::{beside, truncate};
use crate::store::connections::{Connections, Handle};
use crate::store::{Error, Result, Store};

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

/// Size of the log's file, in bytes.
pub(super) fn bytes(connection: &Connection) -> u64 {
    beside(connection, "-wal").and_then(|log| fs::metadata(log).ok()).map_or(0, |log| log.len())
}

/// Empties the log as the last act of a process, unless it is short or another process reads from it.
fn leave_short(connection: &Connection) {
    if bytes(connection) <= KEPT_BYTES_MAX {
        return;
    }
    let emptied = connection.busy_timeout(Duration::ZERO).map_err(Error::from).and_then(|()| truncate(connection));
    if let Err(error) = emptied {
        tracing::debug!(%error, "the log was not emptied");
    }
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
    pub(in crate::store) fn empty_grown_log(&mut self) {
        let last = Arc::get_mut(&mut self.connections).and_then(Connections::last);
        if let Some(Handle::Lite(connection)) = last {
            leave_short(connection);
        }
    }
}

/// Empties the log after a commit that made its file so much longer that it is time to wait for readers: SQLite itself
/// starts again at the log's beginning only in a moment without them. Known by the sizes before and after, in bytes, so
/// that of many processes only one waits, and none for a file that stays long, such as Litestream's.
pub(in crate::store) fn check(connection: &Connection, before: u64, lock_wait: Duration) {
    let after = bytes(connection);
    if !is_time_to_wait(before, after) {
        return;
    }
    let emptied = connection.busy_timeout(READERS_WAIT).map_err(Error::from).and_then(|()| truncate(connection));
    if let Err(error) = emptied {
        tracing::debug!(%error, bytes = after, "the log has grown and was not emptied");
    }
    if let Err(error) = connection.busy_timeout(lock_wait) {
        tracing::debug!(%error, "the wait for locks could not be set again");
    }
}

/// Whether a size was passed at which readers are waited for: [`GROWN_BYTES`], and each [`GROWN_AGAIN_PART`] more.
fn is_time_to_wait(before: u64, after: u64) -> bool {
    let mut step = GROWN_BYTES;
    while step < after {
        if step >= before {
            return true;
        }
        step += step / GROWN_AGAIN_PART;
    }
    false
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Instant;

    use super::*;
    use crate::store::log::tests::{WAIT, desk, keep_mail, reader};

    /// What the log may never reach under mails of usual sizes.
    const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;

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
    fn reader_that_stays_holds_up_few_commits_of_all_processes_together() {
        let dir = tempfile::tempdir().unwrap();
        let (path, store) = desk(&dir);
        let _reader = reader(&path);
        keep_mail(&store, 0, &vec![7; GROWN_BYTES as usize]);
        drop(store);
        let began = Instant::now();
        // Each by a store of its own, which ends with it, as a process of `pipe` does.
        (1..20).for_each(|number| keep_mail(&Store::open(&path, WAIT).unwrap(), number, b"x"));
        assert!(began.elapsed() < 2 * READERS_WAIT, "{:?}", began.elapsed());
    }

    #[test]
    fn readers_are_waited_for_at_each_eighth_more() {
        const MIB: u64 = 1024 * 1024;
        assert!(!is_time_to_wait(0, 8 * MIB) && is_time_to_wait(8 * MIB, 8 * MIB + 1));
        assert!(!is_time_to_wait(8 * MIB + 1, 9 * MIB) && is_time_to_wait(9 * MIB, 9 * MIB + 1));
        assert!(is_time_to_wait(0, 100 * MIB) && !is_time_to_wait(100 * MIB, 100 * MIB));
    }
}
