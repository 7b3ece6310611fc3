//! One connection to PostgreSQL: its transactions and its statements.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Row};

use super::super::place::Server;
use super::super::value::{Kind, Params, Value};
use super::super::{Error, Result};
use super::{connect, error};

/// The lock that every writer takes; the letters of "maildesk". Advisory locks belong to one database.
const WRITER_LOCK: i64 = 0x6d61_696c_6465_736b;

/// How long a transaction may do nothing before the server ends it, in seconds: far above any pause of ours, so that a
/// host that stalls with the lock held does not stop the others for good.
const IDLE_MAX_S: u64 = 30;

/// How long a statement may run while the lock is held, in seconds. Chosen for the longest there is: building the search
/// index of a large desk again.
const STATEMENT_MAX_S: u64 = 3600;

/// An open connection.
pub(in crate::store) struct Session {
    client: RefCell<Client>,
    is_lost: Cell<bool>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

/// What kind of commit a transaction ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Durability {
    /// On the disk before it is confirmed.
    Now,
    /// Soon.
    Soon,
}

impl Session {
    /// Connects.
    ///
    /// # Errors
    /// [`Error::Unreachable`], or [`Error::Inaccessible`] when the server refuses.
    pub(in crate::store) fn connect(server: &Server) -> Result<Self> {
        let client = connect::connect(server)?;
        Ok(Self { client: RefCell::new(client), is_lost: Cell::new(false) })
    }

    /// Whether the connection failed, so that it cannot be used again.
    pub(in crate::store) fn is_lost(&self) -> bool {
        self.is_lost.get()
    }

    fn ask<T>(&self, act: impl FnOnce(&mut Client) -> std::result::Result<T, postgres::Error>) -> Result<T> {
        act(&mut self.client.borrow_mut()).map_err(|e| self.told(&e))
    }

    fn told(&self, e: &postgres::Error) -> Error {
        let error = error::of(e);
        if matches!(error, Error::Unreachable(_)) {
            self.is_lost.set(true);
        }
        error
    }

    /// Runs several statements without parameters in one round trip.
    pub(in crate::store) fn batch(&self, sql: &str) -> Result<()> {
        self.ask(|client| client.batch_execute(sql))
    }

    /// Begins to read one snapshot.
    pub(in crate::store) fn begin_read(&self) -> Result<()> {
        self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    /// Begins to write: waits for the lock for so long at most. READ COMMITTED, so that what is read then is what the
    /// holder before has committed.
    pub(in crate::store) fn begin_write(&self, wait: Duration, durability: Durability) -> Result<()> {
        // 0 would mean for ever.
        let wait_ms = wait.as_millis().max(1);
        let soon = if durability == Durability::Soon { "SET LOCAL synchronous_commit = off; " } else { "" };
        self.batch(&format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {wait_ms}; {soon}\
             SET LOCAL statement_timeout = '{STATEMENT_MAX_S}s'; \
             SET LOCAL idle_in_transaction_session_timeout = '{IDLE_MAX_S}s'; \
             SELECT pg_advisory_xact_lock({WRITER_LOCK})"
        ))
    }

    /// Commits.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when the answer did not come: then it is not known whether it happened.
    pub(in crate::store) fn commit(&self) -> Result<()> {
        self.batch("COMMIT")
    }

    /// Rolls back.
    pub(in crate::store) fn rollback(&self) -> Result<()> {
        self.batch("ROLLBACK")
    }

    /// Calls `read` with each row of a query until it breaks off.
    pub(in crate::store) fn each(
        &self,
        sql: &str,
        params: &impl Params,
        mut read: impl FnMut(&Row) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let mut client = self.client.borrow_mut();
        let rows = params.with(|values| client.query_typed_raw(sql, values.iter().map(|v| (Bound(*v), kind_of(*v)))));
        let mut rows = rows.map_err(|e| self.told(&e))?;
        while let Some(row) = rows.next().map_err(|e| self.told(&e))? {
            if read(&row)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Runs one statement and says how many rows it changed.
    pub(in crate::store) fn run(&self, sql: &str, params: &impl Params) -> Result<usize> {
        let done = self.ask(|client| {
            params.with(|values| {
                let bound: Vec<(Bound<'_>, Type)> = values.iter().map(|v| (Bound(*v), kind_of(*v))).collect();
                let all: Vec<(&(dyn ToSql + Sync), Type)> =
                    bound.iter().map(|(value, kind)| (value as &(dyn ToSql + Sync), kind.clone())).collect();
                client.execute_typed(sql, &all)
            })
        })?;
        Ok(usize::try_from(done).unwrap_or(usize::MAX))
    }

    /// Asks the server to understand a statement without running it.
    #[cfg(test)]
    pub(in crate::store) fn prepare(&self, sql: &str, kinds: &[Kind]) -> Result<()> {
        let types: Vec<Type> = kinds.iter().map(|kind| kind_of(Value::Null(*kind))).collect();
        self.ask(|client| client.prepare_typed(sql, &types)).map(drop)
    }
}

const fn kind_of(value: Value<'_>) -> Type {
    match value {
        Value::Whole(_) | Value::Null(Kind::Whole) => Type::INT8,
        Value::Text(_) | Value::Null(Kind::Text) => Type::TEXT,
        Value::Bytes(_) | Value::Room(_) | Value::Null(Kind::Bytes) => Type::BYTEA,
    }
}

/// A value as the protocol writes it.
#[derive(Debug)]
struct Bound<'a>(Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Null(_) | Value::Room(_) => return Ok(IsNull::Yes),
            Value::Whole(number) => out.put_i64(number),
            // PostgreSQL has no NUL in texts.
            Value::Text(text) if text.contains('\0') => out.put_slice(text.replace('\0', "\u{fffd}").as_bytes()),
            Value::Text(text) => out.put_slice(text.as_bytes()),
            Value::Bytes(bytes) => out.put_slice(bytes),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A column as the protocol has it.
struct Found<'a>(Value<'a>);

impl<'a> FromSql<'a> for Found<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(match *kind {
            Type::BOOL => Value::Whole(i64::from(bool::from_sql(kind, raw)?)),
            Type::INT2 => Value::Whole(i16::from_sql(kind, raw)?.into()),
            Type::INT4 => Value::Whole(i32::from_sql(kind, raw)?.into()),
            Type::INT8 => Value::Whole(i64::from_sql(kind, raw)?),
            Type::BYTEA => Value::Bytes(raw),
            _ => Value::Text(std::str::from_utf8(raw)?),
        }))
    }

    fn from_sql_null(kind: &Type) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Value::Null(match *kind {
            Type::TEXT | Type::VARCHAR | Type::NAME => Kind::Text,
            Type::BYTEA => Kind::Bytes,
            _ => Kind::Whole,
        })))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(
            *kind,
            Type::BOOL
                | Type::INT2
                | Type::INT4
                | Type::INT8
                | Type::BYTEA
                | Type::TEXT
                | Type::VARCHAR
                | Type::NAME
                | Type::UNKNOWN
        )
    }
}

/// The value of a column.
pub(in crate::store) fn value(row: &Row, column: usize) -> Result<Value<'_>> {
    row.try_get::<_, Found<'_>>(column).map(|found| found.0).map_err(|e| error::of(&e))
}
