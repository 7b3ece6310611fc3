//! How the types of the domain are stored in columns: enums by their word, or HelpDeskZ's number; ids of
//! rows that may be missing as in HelpDeskZ, where 0 means none.

use super::Result;
use super::value::{Bind, Column, Kind, Value, misfit, text};
use crate::domain::desk_address::{Auth, Incoming, Outgoing, Tls};
use crate::domain::reason::{BounceClass, Reason};
use crate::domain::staff_role::StaffRole;

macro_rules! by_word {
    ($($name:ty),+) => {
        $(
            impl Bind for $name {
                const KIND: Kind = Kind::Text;

                fn value(&self) -> Value<'_> {
                    Value::Text(self.word())
                }
            }

            impl Column for $name {
                fn of(value: Value<'_>) -> Result<Self> {
                    let word = text(value)?;
                    Self::from_word(word)
                        .ok_or_else(|| misfit(&format!("{word:?}, which is not one of {}", Self::WORDS.join(", "))))
                }
            }
        )+
    };
}

by_word!(Incoming, Outgoing, Tls, Auth, Reason, BounceClass);

impl Bind for StaffRole {
    const KIND: Kind = Kind::Whole;

    fn value(&self) -> Value<'_> {
        Value::Whole(self.number())
    }
}

impl Column for StaffRole {
    fn of(value: Value<'_>) -> Result<Self> {
        let number = i64::of(value)?;
        Self::from_number(number).ok_or_else(|| misfit(&format!("the role {number}, which there is not")))
    }
}

/// The id in a column where 0 means none.
pub(super) fn id_or_none<T>(id: i64, wrap: fn(i64) -> T) -> Option<T> {
    (id > 0).then(|| wrap(id))
}

/// So many parameters of a statement from that number on: `$3, $4`.
pub(super) fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

/// The LIKE pattern of texts that hold `search`: its own `%` and `_` stand for themselves. To be
/// used with `ESCAPE '!'`; empty finds everything.
pub(super) fn containing(search: &str) -> String {
    format!("%{}%", search.replace('!', "!!").replace('%', "!%").replace('_', "!_"))
}
