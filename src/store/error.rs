//! Errors of the database.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::address_use::Holder;
use super::file_owner;

/// Why the database could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no file at the path.
    #[error("{0}: no such database; create it with `maildesk admin init`, or name the right one with --db")]
    Missing(PathBuf),
    /// A file or folder cannot be opened, created or written.
    #[error("{path}: {reason}")]
    Inaccessible {
        /// The database.
        path: PathBuf,
        /// What the system said, and what to look at.
        reason: String,
    },
    /// The schema was written by a newer maildesk.
    #[error(
        "{path} has schema {found}, this maildesk knows schemas up to {known}; install the newer maildesk again, nothing was changed"
    )]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// Its `user_version`.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The schema is older than this maildesk and has to be migrated by `admin init`.
    #[error(
        "{path} has schema {found}, this maildesk needs {known}; run `maildesk admin init` to migrate it (a backup is made first)"
    )]
    OlderSchema {
        /// The database.
        path: PathBuf,
        /// Its `user_version`.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// An SQLite database of another program, or an empty one.
    #[error(
        "{0} is not a maildesk database but another program's, or empty; name the right file with --db, or a new one for `maildesk admin init`"
    )]
    NotADesk(PathBuf),
    /// Something else than an SQLite database.
    #[error(
        "{0} is not a database: it is another program's file, or a desk that was damaged (`maildesk admin restore FILE` puts a backup there); name the right file with --db"
    )]
    NotADatabase(PathBuf),
    /// A folder where a file should be.
    #[error("{0} is a folder; name a file in it, such as {file}", file = .0.join("maildesk.db").display())]
    Folder(PathBuf),
    /// Another process held the write lock longer than the wait.
    #[error("the database is locked by another process; try again")]
    Busy,
    /// The disk or the quota is full.
    #[error("{0}; make room, nothing was changed")]
    Full(String),
    /// The file or its file system may not be written to.
    #[error("the database may only be read by this user; run maildesk as the user who owns the file and its folder")]
    ReadOnly,
    /// Its file system takes no writes from anybody.
    #[error("{0}: the file system is mounted read-only; the system's log says why")]
    MountedReadOnly(PathBuf),
    /// The file is damaged or no database.
    #[error(
        "the database is damaged ({0}); `maildesk admin check` says how far, `maildesk admin restore FILE` puts a backup there"
    )]
    Corrupt(String),
    /// The disk failed at the very end of a change, and again while the change was rolled back.
    #[error(
        "{0}: the disk failed at the end, so it is not known whether the change took effect; look at the system's log, then do it again"
    )]
    Undecided(PathBuf),
    /// A statement of the transaction failed before, so that nothing more may be done in it.
    #[error("a statement failed before, so nothing was changed; this is a fault of maildesk, please report it")]
    AfterFailure,
    /// A row breaks a uniqueness rule.
    #[error("{0} is in use already")]
    Taken(String),
    /// Rows that are different on SQLite and equal on PostgreSQL, which knows the case of all letters.
    #[error("{0}, which are the same text on PostgreSQL; change or merge one of them, then copy again")]
    SameThere(String),
    /// An address that is wanted for something has another use.
    #[error("{email} {holder}")]
    HeldAddress {
        /// The address.
        email: String,
        /// Who has it.
        holder: Holder,
    },
    /// The database server does not answer, or ends connections.
    #[error("the database server cannot be reached ({0}); try again")]
    Unreachable(String),
    /// A lease is another worker's by now.
    #[error("another host has taken over {0}; nothing was changed")]
    TakenOver(String),
    /// A desk that is to be copied into has something in it.
    #[error("there is something in this desk already; only a new one can be copied into")]
    NotEmpty,
    /// Only SQLite can do that.
    #[error("this works on a database in a file only, not on a PostgreSQL server")]
    NotHere,
    /// Anything else PostgreSQL said.
    #[error("database: {0}")]
    Server(String),
    /// Anything else SQLite said.
    #[error("database: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full("the disk or the quota is full".to_owned()),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            _ => match &error {
                rusqlite::Error::SqliteFailure(code, Some(text))
                    if code.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE =>
                {
                    Self::Taken(text.rsplit(": ").next().unwrap_or(text).to_owned())
                }
                _ => Self::Sqlite(error),
            },
        }
    }
}

/// Result of a store verb.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Why SQLite could not open a file.
pub(super) fn why_not_opened(path: &Path, error: rusqlite::Error) -> Error {
    // A pipe or a device: SQLite's error would not help.
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Error::NotADatabase(path.to_owned());
    }
    if error.sqlite_error_code() != Some(ErrorCode::CannotOpen)
        && error.sqlite_error_code() != Some(ErrorCode::ReadOnly)
    {
        return Error::from(error);
    }
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Error::Folder(path.to_owned()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Error::Missing(path.to_owned()),
        Err(e) => Error::Inaccessible {
            path: path.to_owned(),
            reason: format!("{e}; run maildesk as the user who owns the file and its folder"),
        },
        Ok(_) => out_of_reach(path),
    }
}

/// Whether the file system of a file takes no writes: whose file it is has nothing to do with it then.
pub(super) fn is_mounted_read_only(path: &Path) -> bool {
    let found = rustix::fs::statvfs(path).or_else(|_| rustix::fs::statvfs(file_owner::folder_of(path)));
    found.is_ok_and(|found| found.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// A file that may not be opened or written.
pub(super) fn out_of_reach(path: &Path) -> Error {
    if is_mounted_read_only(path) {
        return Error::MountedReadOnly(path.to_owned());
    }
    let reason = "permission denied or read-only; run maildesk as the user who owns the file and its folder".to_owned();
    Error::Inaccessible { path: path.to_owned(), reason }
}
