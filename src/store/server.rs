//! What a PostgreSQL server says of itself, as far as the desk depends on it.

use super::{Result, Store};

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerReport {
    /// Its version, for people.
    pub version: String,
    /// The same as a number, such as 150008.
    pub version_number: i64,
    /// What a commit waits for.
    pub synchronous_commit: String,
    /// Whether it syncs at all.
    pub has_fsync: bool,
    /// Which standbys are waited for; empty for none.
    pub standby_names: String,
    /// Servers that follow it, as far as our role may see them.
    pub standbys: i64,
    /// Those of them that are waited for.
    pub synchronous_standbys: i64,
    /// The version of the collation that indexes of addresses were made with.
    pub collation_made: String,
    /// The one that is used now.
    pub collation_now: String,
}

impl Store {
    /// What the server says of itself; `None` where the database is a file. Compares the clocks as well.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub(crate) fn server_report(&self) -> Result<Option<ServerReport>> {
        if !self.is_remote() {
            return Ok(None);
        }
        self.write(|tx| {
            tx.one(
                "SELECT current_setting('server_version'), CAST(current_setting('server_version_num') AS BIGINT), \
                 current_setting('synchronous_commit'), current_setting('fsync') = 'on', \
                 current_setting('synchronous_standby_names'), \
                 (SELECT count(*) FROM pg_stat_replication WHERE coalesce(state, 'streaming') = 'streaming'), \
                 (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')), \
                 (SELECT coalesce(max(collversion), '') FROM pg_collation WHERE oid = CAST('nocase' AS regcollation)), \
                 (SELECT coalesce(max(pg_collation_actual_version(oid)), '') FROM pg_collation \
                 WHERE oid = CAST('nocase' AS regcollation))",
                (),
                |row| {
                    Ok(ServerReport {
                        version: row.get(0)?,
                        version_number: row.get(1)?,
                        synchronous_commit: row.get(2)?,
                        has_fsync: row.get(3)?,
                        standby_names: row.get(4)?,
                        standbys: row.get(5)?,
                        synchronous_standbys: row.get(6)?,
                        collation_made: row.get(7)?,
                        collation_now: row.get(8)?,
                    })
                },
            )
        })
    }
}
