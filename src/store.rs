//! The database: opening it, and the two kinds of transaction.
//!
//! All SQL lives under `store`, as verbs of the domain on [`ReadTx`] or [`WriteTx`]. A `WriteTx`
//! exists only inside `BEGIN IMMEDIATE`, so "written without the lock" does not compile. Inside a
//! write transaction nothing talks to the network, reads a file, parses mail or hashes a password.
//!
//! Every verb can fail with an error of the database ([`Error`]); the comment at a verb names only other errors.

pub(crate) mod address;
pub(crate) mod address_use;
mod ascii_domains;
pub(crate) mod attachment;
pub(crate) mod backup;
mod ban;
mod columns;
mod connections;
pub(crate) mod copy;
pub(crate) mod customer;
pub(crate) mod department;
mod desk;
pub(crate) mod draft;
mod engine;
pub(crate) mod errand;
mod error;
pub(crate) mod event;
mod file_owner;
pub(crate) mod idempotency;
pub(crate) mod imap;
pub(crate) mod import;
pub(crate) mod knowledge;
mod log;
pub(crate) mod maintenance;
pub(crate) mod message;
pub(crate) mod migrate;
mod old_rows;
pub(crate) mod outbox;
pub(crate) mod place;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(not(feature = "postgres"))]
#[path = "store/postgres_off.rs"]
mod postgres;
pub(crate) mod presence;
pub(crate) mod receipt;
mod remote;
mod remote_care;
pub(crate) mod row_count;
pub(crate) mod satisfaction;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod set_up;
pub(crate) mod settings;
pub(crate) mod shape;
pub(crate) mod staff;
mod steps;
pub(crate) mod template;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod ticket;
pub(crate) mod token;
pub(crate) mod undo;
mod value;
pub(crate) mod webhook;
pub(crate) mod worker;

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::ops::{ControlFlow, Deref};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use columns::{containing, places};
use connections::{Borrowed, Connections, Handle, WriteQueue};
use engine::{Failed, Link, Row};
pub(crate) use error::{Error, Result};
use error::{is_mounted_read_only, out_of_reach, why_not_opened};
use event::Happened;
pub(crate) use place::Place;
use postgres::{Durability, Session};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use value::Params;
pub(crate) use worker::Hold;

use crate::domain::{Actor, Door};

/// How long a writer waits for another one by default, in seconds: far above any transaction of
/// ours (milliseconds), far below the MTA's patience. Config key `limits.lock_wait_s`.
pub(crate) const LOCK_WAIT_S: u64 = 10;

/// Prepared statements kept per connection; above the number of different statements one request
/// or mail runs (measured: 40).
const STATEMENTS_CACHED: usize = 128;

/// Largest attachment part bound as one value; bigger ones are streamed so that SQLite does not
/// hold a second copy. Chosen: below it a copy costs less than the extra blob handle.
const INLINE_BLOB_BYTES_MAX: usize = 256 * 1024;

/// An open database. Cheap to share between threads; connections are made when needed and kept.
#[derive(Debug)]
pub struct Store {
    place: Place,
    lock_wait: Duration,
    connections: Arc<Connections>,
    writing: Arc<WriteQueue>,
    // Without it every write is refused.
    hold: Option<Hold>,
    // Whether all that was in the log when our oldest connection was made is on the disk for certain.
    is_sure: AtomicBool,
    // Whether mails come in groups.
    takes_groups: AtomicBool,
    // Whether somebody copies the log into the database from time to time.
    has_copier: AtomicBool,
    // Seconds by which the server's clock is ahead of ours.
    clock_ahead_s: AtomicI64,
}

impl Store {
    /// Opens an existing desk with the current schema.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Inaccessible`], [`Error::NewerSchema`], [`Error::OlderSchema`],
    /// [`Error::NotADesk`], [`Error::Busy`] or [`Error::Corrupt`]; the file is unchanged then.
    pub fn open(place: impl Into<Place>, lock_wait: Duration) -> Result<Self> {
        let store = Self {
            place: place.into(),
            lock_wait,
            connections: Arc::default(),
            writing: Arc::default(),
            hold: None,
            is_sure: AtomicBool::new(false),
            takes_groups: AtomicBool::new(false),
            has_copier: AtomicBool::new(false),
            clock_ahead_s: AtomicI64::new(0),
        };
        let connection = store.take()?;
        match &*connection {
            Handle::Lite(lite) => migrate::require_current(lite, &store.place.shown())?,
            Handle::Pg(session) => store.compare_clocks(remote::require_current(session, &store.place.shown())?),
        }
        connection.keep();
        Ok(store)
    }

    /// From now on mails are stored in groups: what one transaction changes stays in memory until its commit, and the log is
    /// copied into the database less often.
    pub(crate) fn expect_groups(&self) {
        self.takes_groups.store(true, Ordering::Relaxed);
        self.connections.close_unused(Duration::ZERO);
    }

    /// From now on [`Store::copy_log`] is called from time to time, and commits leave copying to it: with a large database
    /// every hundredth would wait for tens of milliseconds, and all others with it. A log that grows all the same is
    /// emptied by a commit.
    pub(crate) fn expect_copying(&self) {
        self.has_copier.store(true, Ordering::Relaxed);
        self.connections.close_unused(Duration::ZERO);
    }

    /// What was given to [`Store::open`].
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Runs `f` on one snapshot of the database.
    ///
    /// # Errors
    /// Those of `f`, and [`Error`] when no snapshot can be taken.
    pub fn read<T, E: From<Error>>(
        &self,
        f: impl FnOnce(&ReadTx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        if self.is_remote() {
            return self.read_remote(f);
        }
        let connection = self.take()?;
        let tx = connection.lite()?.unchecked_transaction().map_err(Error::from)?;
        let done = f(&ReadTx::on(Link::Lite(&tx)));
        tx.rollback().map_err(Error::from)?;
        connection.keep();
        done
    }

    /// Runs `f` with the write lock held and commits what it did, durably, when it returns `Ok`. Waiting
    /// for other writers of this process and for those of others together takes at most the wait given to
    /// [`Store::open`].
    ///
    /// # Errors
    /// Those of `f` (nothing is changed then), and [`Error`] when the lock or the commit fails.
    pub fn write<T, E: From<Error>>(
        &self,
        f: impl FnOnce(&WriteTx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let deadline = Instant::now() + self.lock_wait;
        let _turn = self.writing.enter(deadline)?;
        if self.is_remote() {
            return self.write_remote(deadline, Durability::Now, f);
        }
        let connection = self.take()?;
        let lite = connection.lite()?;
        let done = commit(lite, deadline, self.lock_wait, f)?;
        connection.keep();
        done
    }

    /// Makes sure that what was read is on the disk. A receipt, or an answer kept for a client, that is found when its
    /// sender asks again may come from a commit that was never synced; before "it is on record" is said for something
    /// this process did not commit itself, this is called. Costs up to three syncs the first time, nothing afterwards:
    /// while this process has the database open, others show their commits only after their sync. No transaction of the
    /// caller's may be open.
    ///
    /// # Errors
    /// [`Error::Busy`] when readers or writers did not let go in time, and others when the disk fails: then nothing may
    /// be said.
    pub fn make_sure(&self) -> Result<()> {
        if self.is_remote() {
            return self.make_sure_remote();
        }
        if self.is_sure.load(Ordering::Acquire) {
            return Ok(());
        }
        let _turn = self.writing.enter(Instant::now() + self.lock_wait)?;
        let connection = self.take()?;
        let lite = connection.lite()?;
        log::end_doubt(lite)?;
        log::secure(lite)?;
        // Valid while connections stay open: the next first connection resets it.
        self.is_sure.store(true, Ordering::Release);
        connection.keep();
        Ok(())
    }

    /// As [`Store::write`], but what is committed survives only the end of this process, not a power
    /// cut, until the next commit of any process. For values that can be found out again, without waiting for
    /// the disk.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_soon<T, E: From<Error>>(
        &self,
        f: impl FnOnce(&WriteTx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let deadline = Instant::now() + self.lock_wait;
        let _turn = self.writing.enter(deadline)?;
        if self.is_remote() {
            return self.write_remote(deadline, Durability::Soon, f);
        }
        let connection = self.take()?;
        let lite = connection.lite()?;
        lite.execute_batch("PRAGMA synchronous = NORMAL").map_err(Error::from)?;
        let done = commit(lite, deadline, self.lock_wait, f)?;
        // A connection that could not be set back is dropped: nothing else may be committed by it.
        if lite.execute_batch("PRAGMA synchronous = FULL").is_ok() {
            connection.keep();
        }
        done
    }

    /// Closes the connections that were not used for so long; a burst of requests leaves some.
    pub fn close_unused(&self, unused_for: Duration) {
        self.connections.close_unused(unused_for);
    }

    fn take(&self) -> Result<Borrowed<'_>> {
        self.connections.take(|| self.connect())
    }

    fn connect(&self) -> Result<Handle> {
        let path = match &self.place {
            Place::File(path) => path,
            Place::Server(server) => return Ok(Handle::Pg(Box::new(Session::connect(server)?))),
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|e| why_not_opened(path, e))?;
        prepare_connection(&connection, self.lock_wait).map_err(|e| match e {
            Error::Sqlite(inner) => why_not_opened(path, inner),
            Error::ReadOnly => out_of_reach(path),
            Error::Full(_) => no_room(path, MAIL_NEEDS_BYTES),
            other => migrate::not_even_a_database(path, other),
        })?;
        if self.takes_groups.load(Ordering::Relaxed) {
            connection.execute_batch(FOR_GROUPS)?;
        } else if self.has_copier.load(Ordering::Relaxed) {
            connection.execute_batch("PRAGMA wal_autocheckpoint = 0")?;
        }
        // If it is the first one, SQLite has just read the log, no matter which process wrote it.
        self.is_sure.store(false, Ordering::Release);
        Ok(Handle::Lite(connection))
    }
}

/// The result of `f`, after commit or rollback. After an outer error the connection is not used again.
fn commit<T, E: From<Error>>(
    connection: &Connection,
    deadline: Instant,
    lock_wait: Duration,
    f: impl FnOnce(&WriteTx<'_>) -> std::result::Result<T, E>,
) -> Result<std::result::Result<T, E>> {
    connection.busy_timeout(deadline.saturating_duration_since(Instant::now()))?;
    log::end_doubt(connection).map_err(|error| with_disk(connection, error))?;
    // Immediate: a read transaction that turns into a writer is refused at once with SQLITE_BUSY,
    // whatever the timeout.
    let tx = rusqlite::Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Immediate)
        .map_err(|error| with_disk(connection, error))?;
    connection.busy_timeout(lock_wait)?;
    let log_bytes = log::name(connection)?;
    let write = WriteTx::on(Link::Lite(&tx));
    let done = write.carry_out(f);
    if done.is_ok() {
        write.failed.refuse()?;
        if let Err(error) = tx.commit() {
            // If taking back failed, it is logged, and a mark file is left.
            log::bury(connection).ok();
            return Err(with_disk(connection, error));
        }
        log::growth::check(connection, log_bytes, lock_wait);
    } else if !tx.is_autocommit() {
        // After a full disk SQLite has rolled back by itself; the error of `f` must not be lost then.
        tx.rollback()?;
    }
    Ok(done)
}

impl Drop for Store {
    fn drop(&mut self) {
        self.empty_grown_log();
    }
}

impl Store {
    /// Drops the store without closing it: for a process that ends now anyway, whose files and
    /// locks the system releases at once. SQLite would free every object of the schema first.
    pub fn leave(mut self) {
        self.empty_grown_log();
        // A server is told that we leave.
        if !self.is_remote() {
            std::mem::forget(self);
        }
    }
}

/// For groups of mails. A group of 64 changes some 2,000 pages of 4 KiB; in the usual 2 MiB of cache they would go to the log
/// several times before the commit. A page that every group changes is copied into the database once for 1,800 pages of
/// the log, 7 MiB, and not once for 1,000.
const FOR_GROUPS: &str = "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 1800";

/// Sets the options that all our connections have.
pub(crate) fn prepare_connection(connection: &Connection, lock_wait: Duration) -> Result<()> {
    connection.busy_timeout(lock_wait)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    // SQLite would copy the log back on every close; `Drop for Store` does it when it has grown.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Plans never depend on bound values. Without this, SQLite plans a cached statement again whenever such a value is
    // bound to it: on every request for a page of tickets, which then takes twice as long (tests/bench/api).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // After exit 0 the MTA deletes its copy, so a commit must survive a power cut: FULL.
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON",
    )?;
    // What only reads goes on where this is not possible, with a full disk for instance; before a change, or before anything
    // is called safe, it must be.
    if let Err(error) = log::end_doubt(connection) {
        tracing::warn!(%error, "the log may hold a change that failed");
    }
    Ok(())
}

/// How every SQLite database begins (its file format, §1.3.1).
pub(crate) const FILE_HEAD: &[u8; 16] = b"SQLite format 3\0";

/// Bytes that taking in a mail may need: twice the largest one (50 MiB), and the log of the same.
pub(crate) const MAIL_NEEDS_BYTES: u64 = 200 * 1024 * 1024;

/// The error, and what is to be said of the disk: where a full one is, what is free there and what is needed; whether it
/// takes no writes at all, which is an error of the disk to a connection that could write before.
fn with_disk(connection: &Connection, error: impl Into<Error>) -> Error {
    let path = Path::new(connection.path().unwrap_or_default());
    match error.into() {
        Error::Full(_) => no_room(path, MAIL_NEEDS_BYTES),
        Error::ReadOnly | Error::Sqlite(_) if is_mounted_read_only(path) => Error::MountedReadOnly(path.to_owned()),
        other => other,
    }
}

/// A full disk at that file.
fn no_room(path: &Path, needs: u64) -> Error {
    let mib = |bytes: u64| bytes.div_ceil(1024 * 1024);
    let free =
        rustix::fs::statvfs(file_owner::folder_of(path)).map(|found| found.f_bavail.saturating_mul(found.f_frsize));
    let free = free.map_or_else(|_| String::new(), |bytes| format!("{} MiB are free, ", bytes / (1024 * 1024)));
    Error::Full(format!(
        "the disk or the quota of {} is full: {free}up to {} MiB are needed",
        path.display(),
        mib(needs)
    ))
}

/// One snapshot: all verbs that only read are its methods.
#[derive(Debug)]
pub struct ReadTx<'a> {
    link: Link<'a>,
    failed: Failed,
}

impl<'a> ReadTx<'a> {
    fn on(link: Link<'a>) -> Self {
        Self { link, failed: Failed::default() }
    }

    /// The first row of a query, if any.
    fn one<T>(&self, sql: &str, params: impl Params, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<Option<T>> {
        self.failed.watch(|| self.link.one(sql, &params, read))
    }

    /// Every row of a query.
    fn all<T>(&self, sql: &str, params: impl Params, mut read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.each(sql, params, |row| {
            found.push(read(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// Calls `read` with each row of a query until it breaks off; it runs no statement of its own.
    fn each(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        self.failed.watch(|| self.link.each(sql, &params, read))
    }

    /// The one number a query yields; 0 when it yields none.
    fn number(&self, sql: &str, params: impl Params) -> Result<i64> {
        Ok(self.one(sql, params, |row| row.get(0))?.unwrap_or(0))
    }
}

/// The write lock: all verbs that change rows are its methods, and all reading ones through `Deref`.
#[derive(Debug)]
pub struct WriteTx<'a> {
    read: ReadTx<'a>,
    /// The events of this transaction, which webhooks are told of at its end.
    told: RefCell<Vec<Happened>>,
    /// Who changes the set-up in it, and how they came in.
    acting: Cell<(Actor, Door)>,
    /// The network address they come from.
    ip: Cell<Option<IpAddr>>,
}

impl<'a> Deref for WriteTx<'a> {
    type Target = ReadTx<'a>;

    fn deref(&self) -> &Self::Target {
        &self.read
    }
}

impl<'a> WriteTx<'a> {
    fn on(link: Link<'a>) -> Self {
        let acting = Cell::new((Actor::Desk, Door::CommandLine));
        Self { read: ReadTx::on(link), told: RefCell::default(), acting, ip: Cell::default() }
    }

    /// Runs `f`, and queues what webhooks are told of it.
    fn carry_out<T, E: From<Error>>(
        &self,
        f: impl FnOnce(&Self) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let done = f(self)?;
        self.queue_deliveries()?;
        Ok(done)
    }
}

impl WriteTx<'_> {
    /// Runs one statement and says how many rows it changed.
    fn run(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.failed.watch(|| self.link.run(sql, &params))
    }

    /// Runs one INSERT and gives the new row's id.
    fn insert(&self, sql: &str, params: impl Params) -> Result<i64> {
        self.failed.watch(|| self.link.insert(sql, &params))
    }

    /// Writes the large bytes of a row of `table` for which [`Link::room_for`] only made room.
    fn fill(&self, table: &str, row: i64, data: &[u8]) -> Result<()> {
        self.failed.watch(|| self.link.fill((table, row), data))
    }
}

#[cfg(test)]
#[path = "store/store_tests.rs"]
mod tests;
