//! How the types of the domain are stored in columns: enums by their word, or HelpDeskZ's number; ids of
//! rows that may be missing as in HelpDeskZ, where 0 means none.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::domain::desk_address::{Auth, Incoming, Outgoing, Tls};
use crate::domain::reason::{BounceClass, Reason};
use crate::domain::staff_role::StaffRole;

macro_rules! by_word {
    ($($name:ty),+) => {
        $(
            impl ToSql for $name {
                fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                    Ok(self.word().into())
                }
            }

            impl FromSql for $name {
                fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                    let word = value.as_str()?;
                    Self::from_word(word)
                        .ok_or_else(|| FromSqlError::Other(format!("{word:?} is not one of {}", Self::WORDS.join(", ")).into()))
                }
            }
        )+
    };
}

by_word!(Incoming, Outgoing, Tls, Auth, Reason, BounceClass);

impl ToSql for StaffRole {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.number().into())
    }
}

impl FromSql for StaffRole {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        Self::from_number(number).ok_or(FromSqlError::OutOfRange(number))
    }
}

/// The id in a column where 0 means none.
pub(super) fn id_or_none<T>(id: i64, wrap: fn(i64) -> T) -> Option<T> {
    (id > 0).then(|| wrap(id))
}
