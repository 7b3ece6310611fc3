//! The least a Rust program can do for one mail: opens the database it is given, inserts one row durably, exits. The
//! benchmark holds `maildesk pipe` against it. Nothing of maildesk is in it.

use std::io::Read;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: minimal_insert DATABASE < MAIL")?;
    let mut mail = Vec::new();
    std::io::stdin().read_to_end(&mut mail)?;
    let connection = Connection::open(path)?;
    // As `pipe`: what is in the log stays there.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    connection.execute("INSERT INTO minimal (mail) VALUES ($1)", [mail])?;
    Ok(())
}
