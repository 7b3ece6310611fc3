//! The row of the desk itself: when `serve` was last seen and whether the database can be written. Its secret is read
//! with the settings.

use super::{ReadTx, Result, WriteTx};
use crate::domain::Timestamp;

impl ReadTx<'_> {
    /// The database's size in bytes, without its log.
    pub fn database_bytes(&self) -> Result<i64> {
        if !self.link.is_lite() {
            return self.number("SELECT pg_database_size(current_database())", []);
        }
        self.number("SELECT p.page_count * s.page_size FROM pragma_page_count AS p, pragma_page_size AS s", [])
    }

    /// The last heartbeat of a running `serve`; 0 never.
    pub fn served_at(&self) -> Result<Timestamp> {
        Ok(Timestamp::from_unix(self.number("SELECT served_at FROM desk WHERE id = 1", [])?))
    }
}

impl WriteTx<'_> {
    /// Changes a number that nothing else reads: the commit shows that the database can be written. It has to be
    /// a different number each time, because SQLite does not write an unchanged page.
    pub fn prove_writable(&self) -> Result<()> {
        self.run("UPDATE desk SET probes = probes + 1 WHERE id = 1", [])?;
        Ok(())
    }

    /// Notes that `serve` is alive and sends what is due.
    pub fn note_served(&self, now: Timestamp) -> Result<()> {
        self.run("UPDATE desk SET served_at = $1 WHERE id = 1", [now.unix()])?;
        Ok(())
    }
}
