//! Copies of the whole database: a backup while others write, and putting one back.
//!
//! Both go through SQLite's online backup: a plain copy of a file in use misses its log. A restore
//! into a database that works is one transaction of that database, so that a process killed in the
//! middle leaves the old state, and writers that wait for the lock go on in the new one; replacing the
//! file under them would let them write into a file that has no name any more.

mod part;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::copy;
use super::migrate::{self, SCHEMA_VERSION};
use super::{Error, Result, Store, file_owner, log, no_room, prepare_connection, why_not_opened};
use crate::domain::Timestamp;
use crate::private_file::sync_folder_of;
use part::{Part, named};

/// Pages copied before it is said how far it is. Chosen: 40 MB.
const PAGES_AT_A_TIME: i32 = 10_000;

/// Pause between two tries at the lock, in milliseconds.
const LOCK_POLL_MS: u64 = 20;

/// How a restore ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Restored {
    /// The database has the backup's content now, in one transaction.
    Replaced,
    /// There was none; now there is.
    Created,
    /// The database was damaged; it has that name now, and the backup has taken its name.
    SetAside(PathBuf),
}

/// What was done, and what failed after it was done: the name of a complete file that may not survive a power cut.
#[derive(Debug)]
pub struct Finished<T> {
    /// What was done.
    pub done: T,
    /// Why its name may be lost with the power.
    pub unsynced: Option<Error>,
}

impl<T> Finished<T> {
    /// Syncs the folder that contains the new name of `path`.
    fn with_name(done: T, path: &Path) -> Self {
        let unsynced = sync_folder_of(path).map_err(inaccessible(path)).err();
        Self { done, unsynced }
    }
}

fn inaccessible(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |e| Error::Inaccessible { path: path.to_owned(), reason: e.to_string() }
}

fn sync(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(inaccessible(path))
}

/// Told of pages copied, and of all there are.
pub(crate) type Progress<'a> = &'a dyn Fn(u64, u64);

/// Copies every page of one database into another, as they are at one moment.
fn copy(from: &Connection, to: &mut Connection, lock_wait: Duration, progress: Progress<'_>) -> Result<()> {
    let started = Instant::now();
    // One snapshot for all steps: without it whatever is written between two of them would make it start again.
    let snapshot = from.unchecked_transaction()?;
    snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    let backup = Backup::new(&snapshot, to)?;
    loop {
        let done = backup.step(PAGES_AT_A_TIME)?;
        match done {
            StepResult::Busy | StepResult::Locked if started.elapsed() >= lock_wait => return Err(Error::Busy),
            StepResult::Busy | StepResult::Locked => {
                thread::sleep(Duration::from_millis(LOCK_POLL_MS));
                continue;
            }
            _ => {}
        }
        let found = backup.progress();
        let pages = |n: i32| u64::try_from(n).unwrap_or(0);
        progress(pages(found.pagecount - found.remaining), pages(found.pagecount));
        if done == StepResult::Done {
            return Ok(());
        }
    }
}

/// The error, and for a full disk where it is and what the copy needs.
fn with_needed_space(source: &Connection, target: &Path, error: Error) -> Error {
    let bytes = "SELECT p.page_count * s.page_size FROM pragma_page_count AS p, pragma_page_size AS s";
    match error {
        Error::Full(_) => {
            let needs = source.query_row(bytes, [], |row| row.get::<_, i64>(0)).unwrap_or(0);
            no_room(target, u64::try_from(needs).unwrap_or(0))
        }
        other => other,
    }
}

fn verify(connection: &Connection) -> Result<()> {
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(Error::Corrupt(found)) }
}

impl Store {
    /// Writes a copy of the database as it is now to `target`, a new file of mode 0600: complete,
    /// checked and synced, or not there at all. Other processes can write meanwhile.
    ///
    /// # Errors
    /// [`Error::Inaccessible`] when there is a file of that name or it cannot be made,
    /// [`Error::Full`], [`Error::Corrupt`] when the database itself is damaged.
    pub fn back_up(&self, target: &Path, progress: Progress<'_>) -> Result<Finished<()>> {
        if self.is_remote() {
            return back_up_remote(self, target);
        }
        let source = self.take()?;
        let finished = write_backup(source.lite()?, target, self.lock_wait, progress)?;
        source.keep();
        Ok(finished)
    }
}

/// Does what [`Store::back_up`] promises, from a server: the desk is copied into a file of SQLite.
fn back_up_remote(store: &Store, target: &Path) -> Result<Finished<()>> {
    let part = Part::beside(target)?;
    copy::into_file(store, part.path(), Timestamp::now())?;
    let made = Connection::open_with_flags(part.path(), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    write_backup(&made, target, store.lock_wait, &|_, _| {})
}

/// Does what [`Store::back_up`] promises, from a connection.
pub(super) fn write_backup(
    source: &Connection,
    target: &Path,
    lock_wait: Duration,
    progress: Progress<'_>,
) -> Result<Finished<()>> {
    let taken = || {
        let reason = "there is a file of that name; a backup overwrites nothing".to_owned();
        Error::Inaccessible { path: target.to_owned(), reason }
    };
    if target.symlink_metadata().is_ok() {
        return Err(taken());
    }
    let part = Part::beside(target)?;
    let mut copied = Connection::open_with_flags(part.path(), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    copy(source, &mut copied, lock_wait, progress).map_err(|e| with_needed_space(source, target, e))?;
    // One file, without a log: it can be moved and read from a read-only folder.
    copied.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    verify(&copied)?;
    copied.close().map_err(|(_, error)| error)?;
    sync(part.path())?;
    part.name_new(target).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => taken(),
        _ => inaccessible(target)(error),
    })?;
    Ok(Finished::with_name((), target))
}

/// Opens a backup and checks it; says its schema's number too.
fn open_backup(backup: &Path) -> Result<(Connection, i64)> {
    // SQLite opens it, and fails at the first page.
    if backup.is_dir() {
        return Err(Error::Folder(backup.to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(backup, flags).map_err(|e| match why_not_opened(backup, e) {
        Error::Missing(path) => Error::Inaccessible { path, reason: "no such file".to_owned() },
        other => other,
    })?;
    let found = migrate::version_of_desk(&source, backup)?;
    if found > SCHEMA_VERSION {
        return Err(Error::NewerSchema { path: backup.to_owned(), found, known: SCHEMA_VERSION });
    }
    verify(&source)?;
    Ok((source, found))
}

/// Checks a backup without touching anything; gives its schema's number.
///
/// # Errors
/// As [`restore`].
pub(crate) fn inspect(backup: &Path) -> Result<i64> {
    Ok(open_backup(backup)?.1)
}

/// When a `serve` on that database was last seen alive; 0 when none, or when it cannot be asked.
#[must_use]
pub(crate) fn served_at(path: &Path) -> Timestamp {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let asked = Connection::open_with_flags(path, flags).and_then(|connection| {
        // A process that only reads does not empty the log.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.query_row("SELECT served_at FROM desk WHERE id = 1", [], |row| row.get::<_, i64>(0))
    });
    Timestamp::from_unix(asked.unwrap_or(0))
}

/// Replaces the database at `path` with a backup: the old state or the new one, never
/// anything between. A damaged database is kept under another name. The schema may be an older one.
///
/// # Errors
/// [`Error::NewerSchema`], [`Error::NotADesk`] (of the backup, or of a sound database of another
/// program at `path`), [`Error::Corrupt`] of the backup, [`Error::Busy`], [`Error::Full`],
/// [`Error::Inaccessible`]; the database is as it was then. [`Error::Undecided`]: it is as it was or has the backup's
/// content.
pub(crate) fn restore(backup: &Path, path: &Path, lock_wait: Duration, now: Timestamp) -> Result<Finished<Restored>> {
    let (source, _) = open_backup(backup)?;
    if !fs::metadata(path).is_ok_and(|found| found.len() > 0) {
        let part = complete_copy(&source, path, lock_wait)?;
        set_log_aside(path, now)?;
        part.name(path).map_err(inaccessible(path))?;
        return Ok(Finished::with_name(Restored::Created, path));
    }
    match open_target(path, lock_wait) {
        Ok(mut target) => {
            match copy(&source, &mut target, lock_wait, &|_, _| {}) {
                Ok(()) => {}
                Err(Error::Busy) => return Err(Error::Busy),
                // The whole copy may be in the log all the same: no process may find it there.
                Err(error) if log::bury(&target).is_ok() => return Err(with_needed_space(&source, path, error)),
                Err(_) => return Err(Error::Undecided(path.to_owned())),
            }
            // The log holds the whole backup now; while other processes read, this does nothing.
            target.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).ok();
            Ok(Finished { done: Restored::Replaced, unsynced: None })
        }
        Err(Error::Corrupt(_)) => {
            let part = complete_copy(&source, path, lock_wait)?;
            let aside = set_aside(path, now)?;
            if let Err(error) = part.name(path) {
                // What is damaged is still better than nothing.
                fs::rename(&aside, path).map_err(inaccessible(path))?;
                return Err(inaccessible(path)(error));
            }
            Ok(Finished::with_name(Restored::SetAside(aside), path))
        }
        Err(other) => Err(other),
    }
}

/// Opens the database that will be overwritten and makes sure that this is possible.
fn open_target(path: &Path, lock_wait: Duration) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let target = Connection::open_with_flags(path, flags).map_err(|e| why_not_opened(path, e))?;
    prepare_connection(&target, lock_wait)?;
    migrate::version_of_desk(&target, path)?;
    // Reads the schema: a file whose first pages are damaged says so here.
    target.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    log::name(&target)?;
    Ok(target)
}

/// Where what is damaged, or left over, is kept.
fn aside(path: &Path, now: Timestamp) -> PathBuf {
    named(path, &format!(".damaged-{}", now.unix()))
}

/// Renames a database with its log.
fn set_aside(path: &Path, now: Timestamp) -> Result<PathBuf> {
    set_log_aside(path, now)?;
    let aside = aside(path, now);
    fs::rename(path, &aside).map_err(inaccessible(path))?;
    Ok(aside)
}

/// Renames a log, so that SQLite does not use it with the database that replaces the old one.
fn set_log_aside(path: &Path, now: Timestamp) -> Result<()> {
    let aside = aside(path, now);
    for part in ["-wal", "-shm", "-journal"] {
        let log = named(path, part);
        if log.exists() {
            fs::rename(&log, named(&aside, part)).map_err(inaccessible(&log))?;
        }
    }
    Ok(())
}

/// Makes a copy beside `path`, complete and synced, to be given that name.
fn complete_copy(source: &Connection, path: &Path, lock_wait: Duration) -> Result<Part> {
    let part = Part::beside(path)?;
    let mut copied = Connection::open_with_flags(part.path(), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    copy(source, &mut copied, lock_wait, &|_, _| {}).map_err(|e| with_needed_space(source, path, e))?;
    // WAL is a property of the file; it has no log yet when it gets its name.
    copied.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    copied.close().map_err(|(_, error)| error)?;
    file_owner::give(part.path(), file_owner::folder_of(path)).map_err(inaccessible(path))?;
    sync(part.path())?;
    Ok(part)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::migrate::create_or_migrate;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const WAIT: Duration = Duration::from_secs(2);

    fn desk(path: &Path) -> Store {
        create_or_migrate(path, &[7; 32], NOW).unwrap();
        Store::open(path, WAIT).unwrap()
    }

    fn departments(path: &Path) -> usize {
        Store::open(path, WAIT).unwrap().read(|tx| tx.departments()).unwrap().len()
    }

    fn entries(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn backup_is_one_private_file_that_overwrites_nothing() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let store = desk(&dir.path().join("desk.db"));
        let (folder, backup) = (dir.path().join("b"), dir.path().join("b/one.db"));
        assert!(
            matches!(store.back_up(&backup, &|_, _| {}), Err(Error::Inaccessible { .. })),
            "the folder is not there"
        );
        fs::create_dir(&folder).unwrap();
        store.back_up(&backup, &|_, _| {}).unwrap();
        assert_eq!(entries(&folder), ["one.db"]);
        assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
        let before = fs::read(&backup).unwrap();
        store.write(|tx| tx.add_department("Sales", false)).unwrap();
        assert!(matches!(store.back_up(&backup, &|_, _| {}), Err(Error::Inaccessible { .. })));
        assert_eq!((fs::read(&backup).unwrap(), entries(&folder).len()), (before, 1));
        assert_eq!(inspect(&backup).unwrap(), SCHEMA_VERSION);
        assert_eq!(entries(&folder), ["one.db"], "looking at a backup leaves nothing beside it");
    }

    #[test]
    fn backup_does_not_take_the_log_of_another_database_for_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other, backup) = (dir.path().join("desk.db"), dir.path().join("x.db"), dir.path().join("one.db"));
        let store = desk(&path);
        store.write(|tx| tx.add_department("Sales", false)).unwrap();
        drop(desk(&other));
        let log = dir.path().join("x.db-wal");
        assert!(fs::metadata(&log).unwrap().len() > 0);
        for number in 1..3 {
            fs::copy(&log, dir.path().join("one.db-wal")).unwrap();
            store.back_up(&backup, &|_, _| {}).unwrap();
            assert_eq!(departments(&backup), 2, "the content of the other one has one department");
            assert!(dir.path().join(format!("one.db-wal.left-{number}")).exists());
            ["", "-wal", "-shm"].iter().for_each(|suffix| drop(fs::remove_file(named(&backup, suffix))));
        }
    }

    #[test]
    fn restore_brings_back_what_was_and_open_desks_see_it() {
        let dir = tempfile::tempdir().unwrap();
        let (path, backup) = (dir.path().join("desk.db"), dir.path().join("one.db"));
        let store = desk(&path);
        store.back_up(&backup, &|_, _| {}).unwrap();
        store.write(|tx| tx.add_department("Sales", false)).unwrap();
        assert_eq!(restore(&backup, &path, WAIT, NOW).unwrap().done, Restored::Replaced);
        assert_eq!((departments(&path), store.read(|tx| tx.departments()).unwrap().len()), (1, 1));
        store.write(|tx| tx.add_department("Next", false)).unwrap();
        assert_eq!(departments(&path), 2, "a process that had it open writes into the restored one");
    }

    #[test]
    fn restore_makes_a_desk_where_there_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let backup = dir.path().join("one.db");
        desk(&dir.path().join("desk.db")).back_up(&backup, &|_, _| {}).unwrap();
        let other = dir.path().join("other.db");
        assert_eq!(restore(&backup, &other, WAIT, NOW).unwrap().done, Restored::Created);
        let store = Store::open(&other, WAIT).unwrap();
        assert_eq!(store.read(|tx| tx.journal_mode()).unwrap(), "wal");
    }

    #[test]
    fn restore_into_a_folder_with_the_log_of_a_lost_desk_brings_the_backup() {
        let dir = tempfile::tempdir().unwrap();
        let (path, backup) = (dir.path().join("desk.db"), dir.path().join("one.db"));
        let store = desk(&path);
        store.back_up(&backup, &|_, _| {}).unwrap();
        store.write(|tx| tx.add_department("Sales", false)).unwrap();
        drop(store);
        fs::remove_file(&path).unwrap();
        assert!(fs::metadata(named(&path, "-wal")).unwrap().len() > 0, "its log is still there");
        assert_eq!(restore(&backup, &path, WAIT, NOW).unwrap().done, Restored::Created);
        assert_eq!(departments(&path), 1);
    }

    #[test]
    fn damaged_desk_is_kept_under_another_name() {
        let dir = tempfile::tempdir().unwrap();
        let (path, backup) = (dir.path().join("desk.db"), dir.path().join("one.db"));
        desk(&path).back_up(&backup, &|_, _| {}).unwrap();
        // The log of such a new database holds all of it, and would repair it.
        fs::remove_file(named(&path, "-wal")).unwrap();
        fs::write(&path, [b'x'; 10_000]).unwrap();
        let Restored::SetAside(aside) = restore(&backup, &path, WAIT, NOW).unwrap().done else {
            panic!("not set aside")
        };
        assert_eq!((departments(&path), fs::read(aside).unwrap().len()), (1, 10_000));
    }

    #[test]
    fn restore_refuses_what_is_no_backup_of_a_desk() {
        let dir = tempfile::tempdir().unwrap();
        let (path, bad) = (dir.path().join("desk.db"), dir.path().join("bad.db"));
        let store = desk(&path);
        store.back_up(&bad, &|_, _| {}).unwrap();
        let set = |name: &str, value: i64| Connection::open(&bad).unwrap().pragma_update(None, name, value).unwrap();
        set("user_version", SCHEMA_VERSION + 1);
        assert!(matches!(restore(&bad, &path, WAIT, NOW), Err(Error::NewerSchema { .. })));
        set("user_version", SCHEMA_VERSION);
        set("application_id", 1);
        assert!(matches!(restore(&bad, &path, WAIT, NOW), Err(Error::NotADesk(_))));
        fs::write(&bad, [b'x'; 10_000]).unwrap();
        assert!(matches!(restore(&bad, &path, WAIT, NOW), Err(Error::Corrupt(_))));
        assert!(matches!(restore(&dir.path().join("none"), &path, WAIT, NOW), Err(Error::Inaccessible { .. })));
        assert_eq!(departments(&path), 1);
    }

    #[test]
    fn restore_waits_for_the_lock_and_then_gives_up() {
        let dir = tempfile::tempdir().unwrap();
        let (path, backup) = (dir.path().join("desk.db"), dir.path().join("one.db"));
        desk(&path).back_up(&backup, &|_, _| {}).unwrap();
        let lock = Connection::open(&path).unwrap();
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert!(matches!(restore(&backup, &path, Duration::from_millis(100), NOW), Err(Error::Busy)));
    }
}
