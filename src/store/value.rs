//! Values on their way to the database and back: what a parameter may be ([`Bind`], [`Params`]) and what a column is
//! read as ([`Column`]). Both engines know three kinds of them, so one text of SQL means the same on both.

use super::{Error, Result};

/// What a value is. A NULL has one too: PostgreSQL wants to know the type of every parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole number; booleans are 0 and 1.
    Whole,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
}

/// A value, lent for one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Nothing, where that kind would be.
    Null(Kind),
    /// A whole number.
    Whole(i64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Room for so many bytes, which [`super::WriteTx::fill`] writes then; on SQLite only.
    Room(usize),
}

/// What can be a parameter.
pub(super) trait Bind {
    /// Its kind, also for `None`.
    const KIND: Kind;

    /// The value that is bound.
    fn value(&self) -> Value<'_>;
}

impl Bind for Value<'_> {
    const KIND: Kind = Kind::Bytes;

    fn value(&self) -> Value<'_> {
        *self
    }
}

macro_rules! whole {
    ($($name:ty),+) => {
        $(
            impl Bind for $name {
                const KIND: Kind = Kind::Whole;

                fn value(&self) -> Value<'_> {
                    Value::Whole(i64::from(*self))
                }
            }
        )+
    };
}

whole!(bool, u16, u32, i32, i64);

impl Bind for str {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Bind for String {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Bind for [u8] {
    const KIND: Kind = Kind::Bytes;

    fn value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl<T: Bind + ?Sized> Bind for &T {
    const KIND: Kind = T::KIND;

    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<T: Bind> Bind for Option<T> {
    const KIND: Kind = T::KIND;

    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null(T::KIND), Bind::value)
    }
}

/// A parameter of a statement that is put together while running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owned {
    /// A whole number.
    Whole(i64),
    /// A text.
    Text(String),
}

impl From<i64> for Owned {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<String> for Owned {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Bind for Owned {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value<'_> {
        match self {
            Self::Whole(number) => Value::Whole(*number),
            Self::Text(text) => Value::Text(text),
        }
    }
}

/// The parameters of one statement, `$1` first.
pub(super) trait Params {
    /// Calls `f` with all of them.
    fn with<T>(&self, f: impl FnOnce(&[Value<'_>]) -> T) -> T;
}

impl Params for () {
    fn with<T>(&self, f: impl FnOnce(&[Value<'_>]) -> T) -> T {
        f(&[])
    }
}

impl Params for [&str; 0] {
    fn with<T>(&self, f: impl FnOnce(&[Value<'_>]) -> T) -> T {
        f(&[])
    }
}

/// Parameters whose number is found out while running.
impl<B: Bind> Params for &[B] {
    fn with<T>(&self, f: impl FnOnce(&[Value<'_>]) -> T) -> T {
        let values: Vec<Value<'_>> = self.iter().map(Bind::value).collect();
        f(&values)
    }
}

macro_rules! arrays {
    ($($count:literal),+) => {
        $(
            impl<B: Bind> Params for [B; $count] {
                fn with<T>(&self, f: impl FnOnce(&[Value<'_>]) -> T) -> T {
                    f(&self.each_ref().map(Bind::value))
                }
            }
        )+
    };
}

arrays!(1, 2, 3, 4);

macro_rules! tuples {
    ($($name:ident $place:tt),+) => {
        impl<$($name: Bind),+> Params for ($($name,)+) {
            fn with<T>(&self, f: impl FnOnce(&[Value<'_>]) -> T) -> T {
                f(&[$(self.$place.value()),+])
            }
        }
    };
}

macro_rules! tuples_up_to {
    ([$($done:tt)*]) => {};
    ([] $name:ident $place:tt $(, $($rest:tt)*)?) => {
        tuples!($name $place);
        tuples_up_to!([$name $place] $($($rest)*)?);
    };
    ([$($done:tt)+] $name:ident $place:tt $(, $($rest:tt)*)?) => {
        tuples!($($done)+, $name $place);
        tuples_up_to!([$($done)+, $name $place] $($($rest)*)?);
    };
}

tuples_up_to!([] A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17, S 18,
    U 19, V 20, W 21, X 22, Y 23);

/// What a column can be read as.
pub(super) trait Column: Sized {
    /// The value of a column.
    ///
    /// # Errors
    /// [`Error::Corrupt`]: the schema keeps every other value out, so the row is damaged.
    fn of(value: Value<'_>) -> Result<Self>;
}

/// A value that its column cannot have.
pub(super) fn misfit(what: &str) -> Error {
    Error::Corrupt(format!("a row has {what}"))
}

fn unexpected(value: Value<'_>) -> Error {
    misfit(match value {
        Value::Null(_) => "no value where one is needed",
        Value::Whole(_) => "a number where something else is needed",
        Value::Text(_) => "a text where something else is needed",
        Value::Bytes(_) | Value::Room(_) => "bytes where something else is needed",
    })
}

impl Column for i64 {
    fn of(value: Value<'_>) -> Result<Self> {
        match value {
            Value::Whole(number) => Ok(number),
            other => Err(unexpected(other)),
        }
    }
}

impl Column for bool {
    fn of(value: Value<'_>) -> Result<Self> {
        Ok(i64::of(value)? != 0)
    }
}

macro_rules! smaller {
    ($($name:ty),+) => {
        $(
            impl Column for $name {
                fn of(value: Value<'_>) -> Result<Self> {
                    let number = i64::of(value)?;
                    Self::try_from(number).map_err(|_| misfit(&format!("the number {number}, which is out of its range")))
                }
            }
        )+
    };
}

smaller!(u16, u32);

impl Column for String {
    fn of(value: Value<'_>) -> Result<Self> {
        text(value).map(str::to_owned)
    }
}

/// The value as a text.
pub(super) fn text(value: Value<'_>) -> Result<&str> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(unexpected(other)),
    }
}

fn bytes(value: Value<'_>) -> Result<&[u8]> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        other => Err(unexpected(other)),
    }
}

impl Column for Vec<u8> {
    fn of(value: Value<'_>) -> Result<Self> {
        bytes(value).map(<[u8]>::to_vec)
    }
}

impl<const N: usize> Column for [u8; N] {
    fn of(value: Value<'_>) -> Result<Self> {
        let found = bytes(value)?;
        found.try_into().map_err(|_| misfit(&format!("{} bytes where {N} are needed", found.len())))
    }
}

impl<T: Column> Column for Option<T> {
    fn of(value: Value<'_>) -> Result<Self> {
        match value {
            Value::Null(_) => Ok(None),
            value => T::of(value).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_come_in_their_order_and_nothing_keeps_its_kind() {
        let shown = |params: &dyn Fn(&mut Vec<String>)| {
            let mut all = Vec::new();
            params(&mut all);
            all.join(" ")
        };
        let of = |values: &[Value<'_>], all: &mut Vec<String>| all.extend(values.iter().map(|v| format!("{v:?}")));
        assert_eq!(
            shown(&|all| (7, "a", Some(&b"x"[..]), None::<&str>, true).with(|values| of(values, all))),
            "Whole(7) Text(\"a\") Bytes([120]) Null(Text) Whole(1)"
        );
        assert_eq!(shown(&|all| [].with(|values| of(values, all))), "");
    }

    #[test]
    fn damaged_rows_are_told_from_right_ones() {
        assert_eq!(u16::of(Value::Whole(65_535)).unwrap(), 65_535);
        assert!(matches!(u16::of(Value::Whole(65_536)), Err(Error::Corrupt(_))));
        assert!(matches!(String::of(Value::Null(Kind::Text)), Err(Error::Corrupt(_))));
        assert_eq!(Option::<String>::of(Value::Null(Kind::Text)).unwrap(), None);
        assert!(matches!(<[u8; 2]>::of(Value::Bytes(b"abc")), Err(Error::Corrupt(_))));
    }
}
