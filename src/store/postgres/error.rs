//! What PostgreSQL's errors mean to us (Appendix A of its manual: SQLSTATE).

use super::super::Error;

/// The error as the rest of the program knows it. It names no value of any row and no password.
pub(super) fn of(error: &postgres::Error) -> Error {
    let Some(told) = error.as_db_error() else {
        let mut why = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            let inner_text = inner.to_string();
            if !why.contains(&inner_text) {
                why = format!("{why}: {inner_text}");
            }
            cause = inner.source();
        }
        // A column that cannot be read as wanted is no fault of the connection.
        let is_ours = why.starts_with("error deserializing") || why.starts_with("error serializing");
        return if is_ours { Error::Server(why) } else { Error::Unreachable(why) };
    };
    let (code, said) = (told.code().code(), told.message());
    match code {
        "23505" => Error::Taken(taken(told)),
        "55P03" | "57014" | "40001" | "40P01" => Error::Busy,
        "53100" => Error::Full("the disk of the database server is full".to_owned()),
        "25006" => Error::ReadOnly,
        "XX001" | "XX002" => Error::Corrupt(said.to_owned()),
        "53300" | "25P03" => Error::Unreachable(said.to_owned()),
        code if code.starts_with("08") || code.starts_with("57P0") => Error::Unreachable(said.to_owned()),
        _ => Error::Server(format!("{said} ({code})")),
    }
}

/// The columns that had to be unique, as SQLite names them: table.column.
fn taken(told: &postgres::error::DbError) -> String {
    let table = told.table().unwrap_or("a row");
    // "Key (email)=(ann@x.test) already exists.": the value stays out.
    let columns =
        told.detail().and_then(|detail| detail.strip_prefix("Key (")?.split_once(")=").map(|(names, _)| names));
    match columns {
        Some(columns) => columns.split(", ").map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", "),
        None => table.to_owned(),
    }
}
