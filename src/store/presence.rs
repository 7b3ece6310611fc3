//! Which processes use a database, known by locks on a file beside it: a running `serve` holds a shared one, a restore
//! an exclusive one. The system releases the locks of a killed process, which a heartbeat in the database cannot do.
//!
//! It is a separate file: closing the database's in a process would drop SQLite's locks on it (POSIX).

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::{Error, Result};
use crate::private_file;

/// As long as it lives, the lock is held.
#[derive(Debug)]
pub(crate) struct Presence {
    _file: File,
}

/// What a restore finds.
#[derive(Debug)]
pub(crate) enum Found {
    /// A `serve` is at work.
    Served,
    /// None is running, and none can start before this is dropped.
    Alone(Presence),
    /// No `serve` of this version ever ran: only the heartbeat can say.
    Unknown,
}

fn file_of(database: &Path) -> PathBuf {
    // Links are followed: a link to the database is the database.
    let database = std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    let mut name = database.into_os_string();
    name.push("-serve");
    PathBuf::from(name)
}

/// Marks that a `serve` is running. Waits for a restore to end.
///
/// # Errors
/// [`Error::Inaccessible`] where the file beside the database can be neither made nor locked.
pub(crate) fn serve_begins(database: &Path) -> Result<Presence> {
    let path = file_of(database);
    let refused = |e: std::io::Error| Error::Inaccessible { path: path.clone(), reason: e.to_string() };
    let file = private_file::append(&path).map_err(refused)?;
    super::file_owner::give(&path, super::file_owner::folder_of(&path)).map_err(refused)?;
    flock(&file, FlockOperation::LockShared).map_err(|e| refused(e.into()))?;
    Ok(Presence { _file: file })
}

/// Whether a `serve` is running; if none is, none can start until the answer is dropped.
///
/// # Errors
/// [`Error::Inaccessible`].
pub(crate) fn restore_begins(database: &Path) -> Result<Found> {
    let path = file_of(database);
    let refused = |e: std::io::Error| Error::Inaccessible { path: path.clone(), reason: e.to_string() };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Unknown),
        Err(error) => return Err(refused(error)),
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Found::Alone(Presence { _file: file })),
        Err(error) if std::io::Error::from(error).kind() == ErrorKind::WouldBlock => Ok(Found::Served),
        Err(error) => Err(refused(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_serves_and_a_restore_know_of_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("desk.db");
        assert!(matches!(restore_begins(&database), Ok(Found::Unknown)));
        let (first, second) = (serve_begins(&database).unwrap(), serve_begins(&database).unwrap());
        drop(first);
        assert!(matches!(restore_begins(&database), Ok(Found::Served)));
        drop(second);
        let alone = restore_begins(&database);
        assert!(matches!(alone, Ok(Found::Alone(_))), "{alone:?}");
        assert!(matches!(restore_begins(&database), Ok(Found::Served)), "another restore waits as well");
    }
}
