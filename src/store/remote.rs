//! A store on a PostgreSQL server: its transactions, and the life of its schema.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Instant;

use super::connections::{Borrowed, Handle};
use super::engine::Link;
use super::migrate::{self, Migrated, SCHEMA_VERSION, STEPS};
use super::place::{Place, Server};
use super::postgres::{self, Durability, Session};
use super::{Error, Hold, ReadTx, Result, Store, WriteTx};
use crate::domain::Timestamp;

impl Store {
    /// The same store for what is done under a lease: every write is refused once that has become another worker's, in the
    /// transaction that would make it.
    pub(crate) fn under(&self, hold: Hold) -> Self {
        Self {
            place: self.place.clone(),
            lock_wait: self.lock_wait,
            connections: Arc::clone(&self.connections),
            writing: Arc::clone(&self.writing),
            hold: Some(hold),
            is_sure: AtomicBool::new(false),
            takes_groups: AtomicBool::new(false),
            has_copier: AtomicBool::new(false),
            clock_ahead_s: AtomicI64::new(self.clock_ahead_s()),
        }
    }

    /// Makes sure that the lease this store was made for is still ours.
    ///
    /// # Errors
    /// [`Error::TakenOver`].
    pub(crate) fn make_sure_of_lease(&self) -> Result<()> {
        self.hold.as_ref().map_or(Ok(()), |hold| self.read(|tx| tx.require_hold(hold)))
    }

    /// Notes that a worker lives; says whether it still counts as alive. Without the lock that writers take, so that nobody
    /// is taken for dead while another writes for minutes: the row is this worker's alone.
    pub(crate) fn worker_lives(&self, worker: i64) -> Result<bool> {
        if !self.is_remote() {
            return self.write_soon(|tx| tx.worker_lives(worker));
        }
        let begin = |session: &Session| {
            session.batch("BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL statement_timeout = '10s'")
        };
        let connection = self.begun(begin)?;
        let session = connection.session()?;
        let lives = WriteTx::on(Link::Pg(session)).worker_lives(worker)?;
        session.commit()?;
        connection.keep();
        Ok(lives)
    }

    /// Whether the database is a server's.
    pub(super) const fn is_remote(&self) -> bool {
        matches!(self.place, Place::Server(_))
    }

    /// A connection on which a transaction was begun. One that was kept may have ended meanwhile: then a new one is
    /// made, once, and never later than here: what was done in a transaction is never done again by itself.
    fn begun(&self, begin: impl Fn(&Session) -> Result<()>) -> Result<Borrowed<'_>> {
        let first = self.take()?;
        match begin(first.session()?) {
            Err(Error::Unreachable(_)) if first.was_kept() => {}
            done => return done.map(|()| first),
        }
        drop(first);
        // They have probably all ended.
        self.close_unused(std::time::Duration::ZERO);
        let second = self.take()?;
        begin(second.session()?)?;
        Ok(second)
    }

    pub(super) fn read_remote<T, E: From<Error>>(
        &self,
        f: impl FnOnce(&ReadTx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let connection = self.begun(Session::begin_read)?;
        let session = connection.session()?;
        let done = f(&ReadTx::on(Link::Pg(session)));
        // What was read was read, whatever becomes of the connection.
        if session.rollback().is_ok() && !session.is_lost() {
            connection.keep();
        }
        done
    }

    /// Runs `f`, which asks one question: no snapshot is taken for it where that would take a way to a server of its own.
    /// `f` may be run twice.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn glance<T>(&self, f: impl Fn(&ReadTx<'_>) -> Result<T>) -> Result<T> {
        if !self.is_remote() {
            return self.read(f);
        }
        let found = RefCell::new(None);
        // Begun with the question itself.
        let ask = |session: &Session| f(&ReadTx::on(Link::Pg(session))).map(|answer| drop(found.replace(Some(answer))));
        self.begun(ask)?.keep();
        found.take().ok_or(Error::NotHere)
    }

    pub(super) fn write_remote<T, E: From<Error>>(
        &self,
        deadline: Instant,
        durability: Durability,
        f: impl FnOnce(&WriteTx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let wait = || deadline.saturating_duration_since(Instant::now());
        let begin = |session: &Session| {
            let begun = session.begin_write(wait(), durability).inspect_err(|_| {
                // The transaction was begun before the lock was waited for in vain.
                if !session.is_lost() {
                    session.rollback().ok();
                }
            });
            begun.map(|now| self.compare_clocks(now))
        };
        let connection = self.begun(begin)?;
        let session = connection.session()?;
        let tx = WriteTx::on(Link::Pg(session));
        let done = tx.carry_out(|tx| {
            if let Some(hold) = &self.hold {
                tx.require_hold(hold)?;
            }
            f(tx)
        });
        let ended = match &done {
            Ok(_) => match tx.failed.refuse() {
                Ok(()) => session.commit(),
                Err(error) => {
                    if session.rollback().is_ok() {
                        connection.keep();
                    }
                    return Err(error.into());
                }
            },
            Err(_) => session.rollback(),
        };
        if ended.is_ok() && !session.is_lost() {
            connection.keep();
        }
        // The error of `f` must not be lost for one of the rollback.
        if done.is_ok() {
            ended?;
        }
        done
    }

    /// The time by the clock that all hosts of the desk share: the server's, as far as it is known from the last write, or
    /// from opening. Ours where the database is a file.
    #[must_use]
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now().plus_s(self.clock_ahead_s.load(Ordering::Relaxed))
    }

    /// Seconds by which the server's clock is ahead of ours.
    #[must_use]
    pub(crate) fn clock_ahead_s(&self) -> i64 {
        self.clock_ahead_s.load(Ordering::Relaxed)
    }

    /// Notes the server's time. Clocks that show the same second sooner or later than each other are alike.
    pub(super) fn compare_clocks(&self, server: Timestamp) {
        let ahead = server.unix().saturating_sub(Timestamp::now().unix());
        self.clock_ahead_s.store(if ahead.abs() <= 1 { 0 } else { ahead }, Ordering::Relaxed);
    }

    /// What others committed is on the disk, and on a synchronous standby, when a commit of ours that comes after it is.
    pub(super) fn make_sure_remote(&self) -> Result<()> {
        self.write(|tx| tx.prove_writable())
    }
}

impl Handle {
    /// That of PostgreSQL.
    ///
    /// # Errors
    /// [`Error::NotHere`] for SQLite's.
    pub(super) fn session(&self) -> Result<&Session> {
        match self {
            Self::Pg(session) => Ok(session),
            Self::Lite(_) => Err(Error::NotHere),
        }
    }
}

/// Whether there are tables of ours.
fn version(session: &Session) -> Result<Option<i64>> {
    let link = Link::Pg(session);
    let is_there = link.one("SELECT to_regclass('schema_version') IS NOT NULL", &(), |row| row.get::<bool>(0))?;
    if is_there != Some(true) {
        return Ok(None);
    }
    link.one("SELECT version FROM schema_version", &(), |row| row.get(0))
}

/// Checks that a database is a desk with the current schema; gives the server's time. One question where it is one.
///
/// # Errors
/// [`Error::NewerSchema`], [`Error::OlderSchema`] or [`Error::NotADesk`].
pub(super) fn require_current(session: &Session, path: &Path) -> Result<Timestamp> {
    let sql = format!("SELECT version, {} FROM schema_version", postgres::SERVER_NOW);
    let asked = Link::Pg(session).one(&sql, &(), |row| Ok((row.get(0)?, Timestamp::from_unix(row.get(1)?))));
    match asked {
        Ok(Some((found, now))) => migrate::require(found, path).map(|()| now),
        Ok(None) => Err(Error::NotADesk(path.to_owned())),
        // No such table, or another program's of that name.
        Err(Error::Server(_)) if version(session).is_ok_and(|found| found.is_none()) => {
            Err(Error::NotADesk(path.to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// Makes the tables, or brings them up to the current schema. Safe to repeat. There is no backup made by itself: a
/// database of an older schema is only touched when the caller says that there is one.
///
/// # Errors
/// [`Error::NewerSchema`], [`Error::OlderSchema`] without a backup, those of the server.
pub(super) fn create_or_migrate(
    server: &Server,
    secret: &[u8; 32],
    has_backup: bool,
    now: Timestamp,
) -> Result<Migrated> {
    let session = Session::connect(server)?;
    let path = Place::Server(server.clone()).shown();
    session.begin_write(std::time::Duration::from_secs(super::LOCK_WAIT_S), Durability::Now)?;
    let done = match version(&session)? {
        None => create(&session, secret, now)?,
        Some(found) if found == SCHEMA_VERSION => Migrated::Current,
        Some(found) if found > SCHEMA_VERSION || !has_backup => {
            migrate::require(found, &path)?;
            Migrated::Current
        }
        Some(found) => {
            for step in STEPS.iter().filter(|step| step.to > found) {
                session.batch(&postgres::schema::translated(step.sql))?;
                if let Some(rows) = step.rows {
                    rows(Link::Pg(&session))?;
                }
            }
            set_version(&session)?;
            Migrated::Raised { from: found }
        }
    };
    session.commit()?;
    Ok(done)
}

fn set_version(session: &Session) -> Result<()> {
    session.batch("DELETE FROM schema_version")?;
    Link::Pg(session).run("INSERT INTO schema_version (version) VALUES ($1)", &(SCHEMA_VERSION,)).map(drop)
}

fn create(session: &Session, secret: &[u8; 32], now: Timestamp) -> Result<Migrated> {
    let link = Link::Pg(session);
    session.batch(&postgres::schema::whole(include_str!("../../schema.sql")))?;
    link.run("INSERT INTO desk (id, secret, created_at) VALUES (1, $1, $2)", &(&secret[..], now.unix()))?;
    link.run("INSERT INTO department (id, position, name) VALUES (1, 1, 'General')", &())?;
    set_version(session)?;
    Ok(Migrated::Created)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "remote_tests.rs"]
mod tests;
