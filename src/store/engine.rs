//! The statement layer: every verb of `store` runs its SQL through a [`Link`], which says to which database.

use std::cell::Cell;
use std::ops::ControlFlow;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};

use super::postgres::{self, Session};
use super::value::{Column, Kind, Params, Value};
use super::{Error, INLINE_BLOB_BYTES_MAX, Result, with_disk};

/// An open database, by its kind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Link<'a> {
    /// A connection of SQLite.
    Lite(&'a Connection),
    /// A connection of PostgreSQL.
    Pg(&'a Session),
}

/// A row of an answer.
#[derive(Clone, Copy)]
pub(super) enum Row<'a> {
    /// Of SQLite.
    Lite(&'a rusqlite::Row<'a>),
    /// Of PostgreSQL.
    Pg(&'a postgres::Row),
}

impl Row<'_> {
    /// The value of a column; 0 is the first one.
    pub(super) fn get<T: Column>(&self, column: usize) -> Result<T> {
        T::of(self.value(column)?)
    }

    /// The value of a column, whatever it is.
    pub(super) fn value(&self, column: usize) -> Result<Value<'_>> {
        match self {
            Self::Lite(row) => Ok(match row.get_ref(column)? {
                ValueRef::Null => Value::Null(Kind::Whole),
                ValueRef::Integer(number) => Value::Whole(number),
                ValueRef::Text(text) => Value::Text(
                    std::str::from_utf8(text).map_err(|_| super::value::misfit("a text that is not UTF-8"))?,
                ),
                ValueRef::Blob(bytes) => Value::Bytes(bytes),
                ValueRef::Real(_) => return Err(super::value::misfit("a fraction, and no column holds any")),
            }),
            Self::Pg(row) => postgres::value(row, column),
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match *self {
            Self::Null(_) => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Whole(number) => ToSqlOutput::Borrowed(ValueRef::Integer(number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Self::Room(bytes) => ToSqlOutput::ZeroBlob(u64::try_from(bytes).unwrap_or(u64::MAX)),
        })
    }
}

/// A statement of SQLite with its values.
fn bound<'c>(connection: &'c Connection, sql: &str, params: &impl Params) -> Result<CachedStatement<'c>> {
    debug_assert!(is_numbered_in_order(sql), "SQLite binds $n by first use, so they must be in order: {sql}");
    let mut statement = connection.prepare_cached(sql)?;
    params.with(|values| {
        debug_assert_eq!(values.len(), statement.parameter_count(), "every parameter has its value: {sql}");
        values.iter().zip(1..).try_for_each(|(value, place)| statement.raw_bind_parameter(place, value))
    })?;
    Ok(statement)
}

impl Link<'_> {
    /// Whether it is SQLite's.
    pub(super) const fn is_lite(self) -> bool {
        matches!(self, Self::Lite(_))
    }

    /// `LIKE` without case for ASCII letters, on a column of whatever collation; the pattern follows.
    pub(super) const fn like(self) -> &'static str {
        match self {
            Self::Lite(_) => "LIKE",
            Self::Pg(_) => "COLLATE \"C\" ILIKE",
        }
    }

    /// The time in whole seconds where the database is: one clock for all hosts.
    pub(super) const fn clock(self) -> &'static str {
        match self {
            Self::Lite(_) => "unixepoch()",
            Self::Pg(_) => postgres::SERVER_NOW,
        }
    }

    /// Calls `read` with each row of a query until it breaks off.
    pub(super) fn each(
        self,
        sql: &str,
        params: &impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        match self {
            Self::Lite(connection) => {
                let mut statement = bound(connection, sql, params)?;
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next().map_err(|e| with_disk(connection, e))? {
                    if read(&Row::Lite(row))?.is_break() {
                        break;
                    }
                }
                Ok(())
            }
            Self::Pg(session) => session.each(sql, params, |row| read(&Row::Pg(row))),
        }
    }

    /// The first row of a query, if any.
    pub(super) fn one<T>(
        self,
        sql: &str,
        params: &impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        match self {
            Self::Lite(connection) => {
                let mut statement = bound(connection, sql, params)?;
                let mut rows = statement.raw_query();
                let row = rows.next().map_err(|e| with_disk(connection, e))?;
                row.map(|row| read(&Row::Lite(row))).transpose()
            }
            Self::Pg(session) => {
                let (mut read, mut found) = (Some(read), None);
                session.each(sql, params, |row| {
                    if let Some(read) = read.take() {
                        found = Some(read(&Row::Pg(row))?);
                    }
                    Ok(ControlFlow::Continue(()))
                })?;
                Ok(found)
            }
        }
    }

    /// Runs one statement and says how many rows it changed.
    pub(super) fn run(self, sql: &str, params: &impl Params) -> Result<usize> {
        match self {
            Self::Lite(connection) => {
                bound(connection, sql, params)?.raw_execute().map_err(|e| with_disk(connection, e))
            }
            Self::Pg(session) => session.run(sql, params),
        }
    }

    /// Runs one INSERT of one row and gives its id.
    pub(super) fn insert(self, sql: &str, params: &impl Params) -> Result<i64> {
        match self {
            Self::Lite(connection) => match self.run(sql, params)? {
                1 => Ok(connection.last_insert_rowid()),
                other => Err(rusqlite::Error::StatementChangedRows(other).into()),
            },
            Self::Pg(_) => {
                let id = self.one(&format!("{sql} RETURNING id"), params, |row| row.get(0))?;
                id.ok_or_else(|| Error::Server("an INSERT added no row".to_owned()))
            }
        }
    }

    /// Runs several statements without parameters.
    pub(super) fn batch(self, sql: &str) -> Result<()> {
        match self {
            Self::Lite(connection) => Ok(connection.execute_batch(sql)?),
            Self::Pg(session) => session.batch(sql),
        }
    }

    /// How bytes are bound: large ones are streamed by [`Link::fill`] afterwards where the engine can.
    pub(super) const fn room_for(self, data: &[u8]) -> Value<'_> {
        match self {
            Self::Lite(_) if data.len() > INLINE_BLOB_BYTES_MAX => Value::Room(data.len()),
            Self::Lite(_) | Self::Pg(_) => Value::Bytes(data),
        }
    }

    /// Writes what [`Link::room_for`] left out, without a copy in memory.
    pub(super) fn fill(self, place: (&str, i64), data: &[u8]) -> Result<()> {
        match self {
            Self::Lite(connection) if data.len() > INLINE_BLOB_BYTES_MAX => {
                let mut blob = connection.blob_open(rusqlite::MAIN_DB, place.0, "data", place.1, false)?;
                let mut at = 0;
                for chunk in data.chunks(INLINE_BLOB_BYTES_MAX) {
                    blob.write_at(chunk, at).map_err(|e| with_disk(connection, e))?;
                    at += chunk.len();
                }
                blob.close().map_err(|e| with_disk(connection, e))
            }
            Self::Lite(_) | Self::Pg(_) => Ok(()),
        }
    }

    /// Reads a piece of the column `data` of a row of `content`, from byte `from` on; empty behind its end.
    pub(super) fn piece_of_content(self, id: i64, from: i64) -> Result<Vec<u8>> {
        match self {
            Self::Lite(connection) => {
                let blob = connection.blob_open(rusqlite::MAIN_DB, "content", "data", id, true)?;
                let from = usize::try_from(from).unwrap_or(usize::MAX).min(blob.len());
                let mut piece = vec![0; INLINE_BLOB_BYTES_MAX.min(blob.len() - from)];
                blob.read_at_exact(&mut piece, from)?;
                Ok(piece)
            }
            Self::Pg(_) => {
                let sql = "SELECT substr(data, CAST($1 AS INTEGER), CAST($2 AS INTEGER)) FROM content WHERE id = $3";
                let size = i64::try_from(INLINE_BLOB_BYTES_MAX).unwrap_or(i64::MAX);
                Ok(self.one(sql, &(from + 1, size, id), |row| row.get(0))?.unwrap_or_default())
            }
        }
    }

    /// Reads the column `data` of a row piece by piece.
    pub(super) fn pieces(self, place: (&str, i64), mut read: impl FnMut(&[u8])) -> Result<()> {
        match self {
            Self::Lite(connection) => {
                let blob = connection.blob_open(rusqlite::MAIN_DB, place.0, "data", place.1, true)?;
                let (mut buffer, mut at) = (vec![0; INLINE_BLOB_BYTES_MAX], 0);
                loop {
                    let n = blob.read_at(&mut buffer, at)?;
                    if n == 0 {
                        return Ok(());
                    }
                    read(buffer.get(..n).unwrap_or_default());
                    at += n;
                }
            }
            Self::Pg(_) => {
                let id = match place.0 {
                    "raw_mail" => "receipt_id",
                    "outbox_raw" => "outbox_id",
                    _ => "id",
                };
                let sql = format!(
                    "SELECT substr(data, CAST($1 AS INTEGER), CAST($2 AS INTEGER)) FROM {} WHERE {id} = $3",
                    place.0
                );
                let size = i64::try_from(INLINE_BLOB_BYTES_MAX).unwrap_or(i64::MAX);
                let mut from = 1;
                loop {
                    let piece: Vec<u8> = self.one(&sql, &(from, size, place.1), |row| row.get(0))?.unwrap_or_default();
                    if piece.is_empty() {
                        return Ok(());
                    }
                    read(&piece);
                    from += size;
                }
            }
        }
    }
}

/// Whether a statement of a transaction has failed. PostgreSQL takes no further statement then, and answers COMMIT with
/// ROLLBACK *without an error*: a mail would be lost and called taken in. So after the first failure nothing more is
/// run and nothing is committed, on SQLite as well, where all tests would notice a verb that goes on.
#[derive(Debug, Default)]
pub(super) struct Failed(Cell<bool>);

impl Failed {
    /// Notes a failure, and refuses what comes after one.
    pub(super) fn watch<T>(&self, act: impl FnOnce() -> Result<T>) -> Result<T> {
        self.refuse()?;
        act().inspect_err(|_| self.0.set(true))
    }

    /// # Errors
    /// [`Error::AfterFailure`] when a statement has failed.
    pub(super) fn refuse(&self) -> Result<()> {
        if self.0.get() { Err(Error::AfterFailure) } else { Ok(()) }
    }
}

/// Whether `$1`, `$2` … appear first in that order: SQLite numbers such parameters by first use.
fn is_numbered_in_order(sql: &str) -> bool {
    let mut highest = 0;
    sql.split('$').skip(1).all(|piece| {
        let digits: String = piece.chars().take_while(char::is_ascii_digit).collect();
        let number: u32 = digits.parse().unwrap_or(0);
        let fits = number <= highest + 1;
        highest = highest.max(number);
        fits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_out_of_order_are_noticed() {
        assert!(is_numbered_in_order("UPDATE t SET a = $1, b = $1 WHERE id = $2"));
        assert!(!is_numbered_in_order("UPDATE t SET a = $2 WHERE id = $1"));
    }
}
