//! One connection to PostgreSQL: its transactions and its statements.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, Row, SimpleQueryMessage, Statement};

use super::super::place::Server;
use super::super::value::{Kind, Params, Value};
use super::super::{Error, Result};
use super::{connect, error};
use crate::domain::Timestamp;

/// The lock that every writer takes; the letters of "maildesk". Advisory locks belong to one database.
const WRITER_LOCK: i64 = 0x6d61_696c_6465_736b;

/// How long a transaction may do nothing before the server ends it, in seconds: far above any pause of ours, so that a
/// host that stalls with the lock held does not stop the others for good.
const IDLE_MAX_S: u64 = 30;

/// How long a statement may run while the lock is held, in seconds. Chosen for the longest there is: building the search
/// index of a large desk again.
const STATEMENT_MAX_S: u64 = 3600;

/// Statements that a connection remembers. What is put together for a call (so many addresses, so many ids) is no end of
/// different ones, and each takes memory of the server.
const PREPARED_MAX: usize = 256;

/// The server's time, whose clock is the same for all hosts.
pub(in crate::store) const SERVER_NOW: &str = "CAST(floor(extract(epoch FROM clock_timestamp())) AS BIGINT)";

/// An open connection.
pub(in crate::store) struct Session {
    client: RefCell<Client>,
    is_lost: Cell<bool>,
    /// Statements that were asked before, with what the server made of them; `None` where nothing is prepared.
    prepared: Option<RefCell<HashMap<String, Option<Statement>>>>,
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
        let prepared = server.prepares.then(RefCell::default);
        Ok(Self { client: RefCell::new(client), is_lost: Cell::new(false), prepared })
    }

    /// Whether the connection failed, so that it cannot be used again.
    pub(in crate::store) fn is_lost(&self) -> bool {
        self.is_lost.get()
    }

    /// Asks the server once, and waits for its answer.
    fn ask<T>(&self, sql: &str, act: impl FnOnce(&mut Client) -> std::result::Result<T, postgres::Error>) -> Result<T> {
        note(sql);
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
        self.ask(sql, |client| client.batch_execute(sql))
    }

    /// Begins to read one snapshot.
    pub(in crate::store) fn begin_read(&self) -> Result<()> {
        self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    /// Begins to write: waits for the lock for so long at most. READ COMMITTED, so that what is read then is what the
    /// holder before has committed. Gives the server's time.
    pub(in crate::store) fn begin_write(&self, wait: Duration, durability: Durability) -> Result<Timestamp> {
        // 0 would mean for ever.
        let wait_ms = wait.as_millis().max(1);
        let soon = if durability == Durability::Soon { "SET LOCAL synchronous_commit = off; " } else { "" };
        let sql = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {wait_ms}; {soon}\
             SET LOCAL statement_timeout = '{STATEMENT_MAX_S}s'; \
             SET LOCAL idle_in_transaction_session_timeout = '{IDLE_MAX_S}s'; \
             SELECT pg_advisory_xact_lock({WRITER_LOCK}); SELECT {SERVER_NOW}"
        );
        let answers = self.ask(&sql, |client| client.simple_query(&sql))?;
        let rows = answers.iter().filter_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
            _ => None,
        });
        let now: Option<i64> = rows.last();
        now.map(Timestamp::from_unix).ok_or_else(|| Error::Server("the server does not say what time it is".to_owned()))
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
        let statement = self.prepared(sql, params)?;
        note(sql);
        let mut client = self.client.borrow_mut();
        let rows = params.with(|values| match &statement {
            Some(statement) => client.query_raw(statement, values.iter().map(|v| Bound(*v))),
            None => client.query_typed_raw(sql, values.iter().map(|v| (Bound(*v), kind_of(*v)))),
        });
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
        let statement = self.prepared(sql, params)?;
        let done = self.ask(sql, |client| {
            params.with(|values| {
                let bound: Vec<Bound<'_>> = values.iter().map(|value| Bound(*value)).collect();
                let bound = bound.iter().map(|value| value as &(dyn ToSql + Sync));
                match &statement {
                    Some(statement) => client.execute(statement, &bound.collect::<Vec<_>>()),
                    None => {
                        client.execute_typed(sql, &bound.zip(values.iter().map(|v| kind_of(*v))).collect::<Vec<_>>())
                    }
                }
            })
        })?;
        Ok(usize::try_from(done).unwrap_or(usize::MAX))
    }

    /// What the server made of a statement that was asked before on this connection: it is understood and planned once then.
    /// The first time it is only noted, because a short process asks most of them once.
    fn prepared(&self, sql: &str, params: &impl Params) -> Result<Option<Statement>> {
        let Some(prepared) = &self.prepared else { return Ok(None) };
        let mut prepared = prepared.borrow_mut();
        match prepared.get(sql) {
            Some(Some(known)) => return Ok(Some(known.clone())),
            Some(None) => {}
            None => {
                if prepared.len() < PREPARED_MAX {
                    prepared.insert(sql.to_owned(), None);
                }
                return Ok(None);
            }
        }
        let types: Vec<Type> = params.with(|values| values.iter().map(|value| kind_of(*value)).collect());
        let statement = self.ask(sql, |client| client.prepare_typed(sql, &types))?;
        prepared.insert(sql.to_owned(), Some(statement.clone()));
        Ok(Some(statement))
    }

    /// Asks the server to understand a statement without running it.
    #[cfg(test)]
    pub(in crate::store) fn prepare(&self, sql: &str, kinds: &[Kind]) -> Result<()> {
        let types: Vec<Type> = kinds.iter().map(|kind| kind_of(Value::Null(*kind))).collect();
        self.ask(sql, |client| client.prepare_typed(sql, &types)).map(drop)
    }
}

const fn kind_of(value: Value<'_>) -> Type {
    match value {
        Value::Whole(_) | Value::Null(Kind::Whole) => Type::INT8,
        Value::Text(_) | Value::Null(Kind::Text) => Type::TEXT,
        Value::Bytes(_) | Value::Room(_) | Value::Null(Kind::Bytes) => Type::BYTEA,
    }
}

/// Tests count the questions that are put to a server.
#[cfg(test)]
fn note(sql: &str) {
    super::super::testing::note_asked(sql);
}

#[cfg(not(test))]
const fn note(_: &str) {}

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
