//! The schema: creating it, recognising it, migrating it.
//!
//! `PRAGMA user_version` is the schema's number. 0 → the whole of `schema.sql`; older → the
//! numbered steps of [`STEPS`], all in one transaction, after an automatic backup beside the
//! database; newer → refused, nothing touched. A released step is never edited.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::backup::write_backup;
use super::engine::Link;
use super::{Error, Place, Result, file_owner, log, prepare_connection, remote, steps, why_not_opened};
use crate::domain::Timestamp;
use crate::private_file;

/// The schema this program reads and writes.
pub(crate) const SCHEMA_VERSION: i64 = 3;

/// Marks the file as ours (`PRAGMA application_id`): the letters "mdsk".
const APPLICATION_ID: i64 = 0x6d64_736b;

/// One step: the SQL that migrates from version `to - 1` to `to`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The version reached.
    pub to: i64,
    /// Statements, run inside the migration's transaction.
    pub sql: &'static str,
    /// The part that needs code, run after the statements in the same transaction.
    pub(super) rows: Option<fn(Link<'_>) -> Result<()>>,
}

/// Every step since version 1, in order.
pub(crate) const STEPS: &[Step] = &[
    Step { to: 2, sql: include_str!("steps/2.sql"), rows: Some(rows_of_2) },
    Step { to: 3, sql: include_str!("steps/3.sql"), rows: Some(rows_of_3) },
];

/// Step 2 in code.
fn rows_of_2(link: Link<'_>) -> Result<()> {
    // No desk on a server is older than schema 3.
    let Link::Lite(connection) = link else { return Err(Error::NotHere) };
    steps::sanitise_again(connection)?;
    super::ascii_domains::rewrite(connection)
}

/// Step 3 in code.
fn rows_of_3(link: Link<'_>) -> Result<()> {
    steps::strip_articles(link)?;
    let Link::Lite(connection) = link else { return Ok(()) };
    steps::make_stored_statements_lean(connection)
}

/// What [`create_or_migrate`] found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Migrated {
    /// There was no database; now there is.
    Created,
    /// The schema was current already.
    Current,
    /// Steps were applied after a backup was written.
    Upgraded {
        /// The version before.
        from: i64,
        /// The backup of the database as it was.
        backup: PathBuf,
    },
    /// Steps were applied to a database of PostgreSQL, which is not backed up by itself.
    Raised {
        /// The version before.
        from: i64,
    },
}

/// Checks that an opened file is a desk with the current schema.
///
/// # Errors
/// [`Error::NewerSchema`], [`Error::OlderSchema`] or [`Error::NotADesk`].
pub(crate) fn require_current(connection: &Connection, path: &Path) -> Result<()> {
    let (found, application) = versions(connection).map_err(|e| not_even_a_database(path, e))?;
    let path = || path.to_owned();
    if application != APPLICATION_ID {
        return Err(Error::NotADesk(path()));
    }
    require(found, &path())
}

/// Checks the number of a schema.
///
/// # Errors
/// [`Error::NewerSchema`] or [`Error::OlderSchema`].
pub(super) fn require(found: i64, path: &Path) -> Result<()> {
    let path = || path.to_owned();
    match found.cmp(&SCHEMA_VERSION) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Error::NewerSchema { path: path(), found, known: SCHEMA_VERSION }),
        std::cmp::Ordering::Less => Err(Error::OlderSchema { path: path(), found, known: SCHEMA_VERSION }),
    }
}

/// The schema's number of a file that is a desk, of whatever version.
///
/// # Errors
/// [`Error::NotADesk`].
pub(super) fn version_of_desk(connection: &Connection, path: &Path) -> Result<i64> {
    match versions(connection)? {
        (found, APPLICATION_ID) => Ok(found),
        _ => Err(Error::NotADesk(path.to_owned())),
    }
}

fn versions(connection: &Connection) -> Result<(i64, i64)> {
    Ok(connection.query_row(
        "SELECT u.user_version, a.application_id FROM pragma_user_version AS u, pragma_application_id AS a",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// The two versions of a file, and whether it holds nothing yet: of one moment, because another `init` may be at work.
fn state(connection: &Connection) -> Result<(i64, i64, bool)> {
    let tx = connection.unchecked_transaction()?;
    // The first statement of the transaction that reads the file itself decides which moment that is.
    let objects: i64 = tx.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let (found, application) = versions(&tx)?;
    Ok((found, application, found == 0 && application == 0 && objects == 0))
}

/// The error, or that the file does not even begin as a database does.
///
/// Only a file that SQLite cannot read is opened: when a process closes a file by any handle, the system takes back all
/// its locks on it (POSIX), those of its other connections too, and another process could then remove their log.
pub(super) fn not_even_a_database(path: &Path, error: Error) -> Error {
    use std::io::Read;
    if !matches!(error, Error::Corrupt(_)) {
        return error;
    }
    let mut head = [0; super::FILE_HEAD.len()];
    let is_read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    if is_read.is_err() || head != *super::FILE_HEAD { Error::NotADatabase(path.to_owned()) } else { error }
}

/// Makes the database, or brings it up to the current schema. Safe to repeat.
///
/// The file is created 0600 and a folder that has to be made 0700: it holds TOTP secrets and the
/// desk's HMAC secret.
///
/// # Errors
/// [`Error::Inaccessible`], [`Error::NewerSchema`], [`Error::NotADesk`] (another program's
/// database), [`Error::Busy`], [`Error::Full`]; the database is as it was then.
pub(crate) fn create_or_migrate(place: impl Into<Place>, secret: &[u8; 32], now: Timestamp) -> Result<Migrated> {
    create_or_raise(place, secret, false, now)
}

/// As [`create_or_migrate`]. A database of PostgreSQL is migrated only where `has_backup` says that there is a backup; one
/// of SQLite is backed up here.
///
/// # Errors
/// As [`create_or_migrate`].
pub(crate) fn create_or_raise(
    place: impl Into<Place>,
    secret: &[u8; 32],
    has_backup: bool,
    now: Timestamp,
) -> Result<Migrated> {
    match place.into() {
        Place::File(path) => run_steps(&path, secret, now, Plan { steps: STEPS, target: SCHEMA_VERSION }),
        Place::Server(server) => remote::create_or_migrate(&server, secret, has_backup, now),
    }
}

#[derive(Clone, Copy, Debug)]
struct Plan<'a> {
    steps: &'a [Step],
    target: i64,
}

fn run_steps(path: &Path, secret: &[u8; 32], now: Timestamp, plan: Plan<'_>) -> Result<Migrated> {
    make_private_file(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|e| why_not_opened(path, e))?;
    prepare_connection(&connection, Duration::from_secs(super::LOCK_WAIT_S))
        .map_err(|e| not_even_a_database(path, e))?;
    let (found, application, is_empty) = state(&connection).map_err(|e| not_even_a_database(path, e))?;
    if is_empty {
        return create(&mut connection, path, secret, now);
    }
    if application != APPLICATION_ID {
        return Err(Error::NotADesk(path.to_owned()));
    }
    if found > plan.target {
        return Err(Error::NewerSchema { path: path.to_owned(), found, known: plan.target });
    }
    if found == plan.target {
        return Ok(Migrated::Current);
    }
    // The lock first: nothing is written between backup and steps, and of two migrations at once the second one finds
    // the first one's work.
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    log::name(&tx)?;
    let (found, _) = versions(&tx)?;
    if found >= plan.target {
        return Ok(Migrated::Current);
    }
    let backup = back_up_beside(path, found, now)?;
    for step in plan.steps.iter().filter(|step| step.to > found) {
        tx.execute_batch(step.sql)?;
        if let Some(rows) = step.rows {
            rows(Link::Lite(&tx))?;
        }
    }
    tx.pragma_update(None, "user_version", plan.target)?;
    let committed = tx.commit();
    settled(&connection, path, committed)?;
    Ok(Migrated::Upgraded { from: found, backup })
}

fn create(connection: &mut Connection, path: &Path, secret: &[u8; 32], now: Timestamp) -> Result<Migrated> {
    log::start(connection)?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Two `init` at once: the second one finds the first one's work.
    if tx.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? != 0 {
        return Ok(Migrated::Current);
    }
    // The file's name and the log's.
    log::name(&tx)?;
    tx.execute_batch(&steps::lean(include_str!("../../schema.sql")))?;
    tx.execute("INSERT INTO desk (id, secret, created_at) VALUES (1, $1, $2)", (&secret[..], now.unix()))?;
    tx.execute("INSERT INTO department (id, position, name) VALUES (1, 1, 'General')", [])?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    let committed = tx.commit();
    settled(connection, path, committed)?;
    Ok(Migrated::Created)
}

/// A commit that failed is removed from the log, so that it does not come back later.
fn settled(connection: &Connection, path: &Path, committed: rusqlite::Result<()>) -> Result<()> {
    committed.map_err(
        |error| {
            if log::bury(connection).is_ok() { error.into() } else { Error::Undecided(path.to_owned()) }
        },
    )
}

/// A checked copy of the database beside it, under a name that names its schema and when it was made. A process killed
/// here leaves no incomplete file of such a name.
fn back_up_beside(path: &Path, found: i64, now: Timestamp) -> Result<PathBuf> {
    let named = |suffix: String| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".schema-{found}-{}{suffix}.backup", now.unix()));
        PathBuf::from(name)
    };
    // A migration that was killed within this second has left one.
    let mut backup = named(String::new());
    let mut others = 2..;
    while backup.symlink_metadata().is_ok()
        && let Some(n) = others.next()
    {
        backup = named(format!("-{n}"));
    }
    // A connection of its own: the other one is inside the migration's transaction.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(path, flags).map_err(|e| why_not_opened(path, e))?;
    let lock_wait = Duration::from_secs(super::LOCK_WAIT_S);
    prepare_connection(&source, lock_wait)?;
    // The steps are run only after the backup is safe on the disk.
    let unsynced = write_backup(&source, &backup, lock_wait, &|_, _| {})?.unsynced;
    file_owner::give(&backup, path).map_err(|e| Error::Inaccessible { path: backup.clone(), reason: e.to_string() })?;
    match unsynced {
        Some(error) => Err(error),
        None => Ok(backup),
    }
}

/// Creates an empty 0600 file (and its folder, 0700) unless there is one; an existing file keeps its mode. What root makes
/// belongs to the owner of the folder it is made in: the account maildesk runs as could not open it otherwise. The
/// folders' names are synced here, the file's before the first commit.
fn make_private_file(path: &Path) -> Result<()> {
    let refused = |e: std::io::Error| Error::Inaccessible {
        path: path.to_owned(),
        reason: format!("{e}; choose another path with --db, or run as a user who may write there"),
    };
    if path.is_dir() {
        return Err(Error::Folder(path.to_owned()));
    }
    if let Some(folder) = path.parent() {
        private_file::create_folder(folder).map_err(refused)?;
    }
    match private_file::create_new(path) {
        Ok(_) => file_owner::give(path, file_owner::folder_of(path)).map_err(refused),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            if path.metadata().is_ok_and(|found| !found.is_file()) {
                return Err(Error::NotADatabase(path.to_owned()));
            }
            let file = private_file::append(path).map_err(refused)?;
            // An empty file that was made for us.
            if file.metadata().is_ok_and(|found| found.len() == 0) {
                file.set_permissions(Permissions::from_mode(private_file::FILE_MODE)).map_err(refused)?;
            }
            Ok(())
        }
        Err(error) => Err(refused(error)),
    }
}

#[cfg(test)]
#[path = "migrate_tests.rs"]
mod tests;
