//! What health checks and metrics ask the database.

use super::{ReadTx, Result, WriteTx};
use crate::domain::Timestamp;

impl ReadTx<'_> {
    /// When the oldest mail that waits to be sent was queued.
    ///
    /// # Errors
    /// Those of the database, here and in every verb of this file.
    pub fn oldest_pending(&self) -> Result<Option<Timestamp>> {
        self.one(
            "SELECT created_at FROM outbox WHERE id = (SELECT min(id) FROM outbox WHERE state = 'pending')",
            [],
            |row| Ok(Timestamp::from_unix(row.get(0)?)),
        )
    }

    /// The database's size in bytes, without its log.
    ///
    /// # Errors
    /// Those of the database.
    pub fn database_bytes(&self) -> Result<i64> {
        self.number("SELECT p.page_count * s.page_size FROM pragma_page_count AS p, pragma_page_size AS s", [])
    }
}

impl WriteTx<'_> {
    /// Changes a number that nothing else looks at: the commit shows that the database can be written. It has to be
    /// another one each time, because SQLite writes no page that stays as it is.
    ///
    /// # Errors
    /// Those of the database.
    pub fn prove_writable(&self) -> Result<()> {
        self.run("UPDATE desk SET probes = probes + 1 WHERE id = 1", [])?;
        Ok(())
    }
}
