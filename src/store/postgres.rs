//! PostgreSQL behind the verbs of `store`: connections, the schema made from the one of SQLite, and what only this
//! engine has to be asked in words of its own.

mod connect;
mod error;
pub(super) mod schema;
mod session;

pub(super) use postgres::Row;
pub(super) use session::{Durability, SERVER_NOW, Session, value};
