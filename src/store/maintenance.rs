//! Maintenance of the database: is it undamaged, are the kept counts right, and repairing both. Backups are in
//! [`super::backup`], maintenance of the search index is in [`super::ticket`].

use sha2::{Digest, Sha256};

use super::{ReadTx, Result, WriteTx};

/// Most findings of one kind that are listed.
const FINDINGS_MAX: i64 = 100;

/// Attachments' contents looked up at a time while their bytes are compared. Chosen: a few kilobytes of rows.
const CONTENTS_AT_A_TIME: i64 = 1000;

/// Every number that `row_count` has to contain, counted from the tables.
macro_rules! counted {
    () => {
        "SELECT 0 AS kind, 0 AS value, -1 AS bucket, count(*) AS n FROM ticket \
         UNION ALL SELECT 0, 0, id / 1024, count(*) FROM ticket GROUP BY id / 1024 \
         UNION ALL SELECT 0, 0, -2 - id / 32768, count(*) FROM ticket GROUP BY id / 32768 \
         UNION ALL SELECT 1, status, -1, count(*) FROM ticket GROUP BY status \
         UNION ALL SELECT 1, status, id / 1024, count(*) FROM ticket GROUP BY status, id / 1024 \
         UNION ALL SELECT 1, status, -2 - id / 32768, count(*) FROM ticket GROUP BY status, id / 32768 \
         UNION ALL SELECT 2, department_id, -1, count(*) FROM ticket GROUP BY department_id \
         UNION ALL SELECT 2, department_id, id / 1024, count(*) FROM ticket GROUP BY department_id, id / 1024 \
         UNION ALL SELECT 2, department_id, -2 - id / 32768, count(*) FROM ticket GROUP BY department_id, id / 32768 \
         UNION ALL SELECT 3, customer_id, -1, count(*) FROM ticket GROUP BY customer_id \
         UNION ALL SELECT 3, customer_id, id / 1024, count(*) FROM ticket GROUP BY customer_id, id / 1024 \
         UNION ALL SELECT 3, customer_id, -2 - id / 32768, count(*) FROM ticket GROUP BY customer_id, id / 32768 \
         UNION ALL SELECT 4, 0, -1, count(*) FROM customer \
         UNION ALL SELECT 4, 0, id / 1024, count(*) FROM customer GROUP BY id / 1024 \
         UNION ALL SELECT 4, 0, -2 - id / 32768, count(*) FROM customer GROUP BY id / 32768 \
         UNION ALL SELECT 5, 0, -1, count(*) FROM message WHERE is_internal = 0 \
         UNION ALL SELECT 6, 0, -1, count(*) FROM attachment"
    };
}

/// SQLite's own version; the program has it built in.
#[must_use]
pub(crate) fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// Soundness.
impl ReadTx<'_> {
    /// What SQLite finds wrong with the file's structure, indexes and constraints; empty when nothing.
    /// Reads the whole file.
    pub fn structural_faults(&self) -> Result<Vec<String>> {
        if !self.link.is_lite() {
            return self.faults_found_by_server();
        }
        let mut found = self.all("PRAGMA integrity_check", [], |row| row.get::<String>(0))?;
        found.retain(|line| line != "ok");
        Ok(found)
    }

    /// Rows that name a row that is not there.
    pub fn dangling_rows(&self) -> Result<Vec<String>> {
        if !self.link.is_lite() {
            return self.dangling_rows_of_server();
        }
        self.all("SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT $1", [FINDINGS_MAX], |row| {
            let (table, id, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let row = id.map_or_else(|| "a row".to_owned(), |id| format!("row {id}"));
            Ok(format!("{row} of {table} names a {parent} that is not there"))
        })
    }

    /// Attachments whose bytes are missing although they should be there, or whose ticket is gone.
    pub fn stray_attachments(&self) -> Result<Vec<String>> {
        self.all(
            "SELECT id, name, ticket_id, EXISTS (SELECT 1 FROM content WHERE content.id = attachment.content_id) \
             FROM attachment WHERE (content_id > 0 AND NOT EXISTS (SELECT 1 FROM content WHERE content.id = content_id)) \
             OR (ticket_id > 0 AND NOT EXISTS (SELECT 1 FROM ticket WHERE ticket.id = ticket_id)) ORDER BY id LIMIT $1",
            [FINDINGS_MAX],
            |row| {
                let (id, name, ticket, has_bytes): (i64, String, i64, bool) =
                    (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                let fault = if has_bytes { "the ticket is gone" } else { "its bytes are gone" };
                Ok(format!("attachment {id} ({name}) of ticket {ticket}: {fault}"))
            },
        )
    }

    /// Attachments whose bytes are not those that were stored. Reads every attachment.
    pub fn altered_attachments(&self) -> Result<Vec<String>> {
        let (mut altered, mut after) = (Vec::new(), 0);
        loop {
            let some: Vec<(i64, [u8; 32])> = self.all(
                "SELECT id, sha256 FROM content WHERE id > $1 ORDER BY id LIMIT $2",
                (after, CONTENTS_AT_A_TIME),
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let Some((last, _)) = some.last() else { break };
            after = *last;
            for (id, expected) in some {
                if self.content_hash(id)? != expected {
                    altered.push(id);
                }
            }
        }
        let mut named = Vec::new();
        for content in altered {
            named.extend(self.all(
                "SELECT id, name, ticket_id FROM attachment WHERE content_id = $1 ORDER BY id",
                [content],
                |row| {
                    let (id, name, ticket): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                    Ok(format!("attachment {id} ({name}) of ticket {ticket}: its bytes are not those that were stored"))
                },
            )?);
        }
        Ok(named)
    }

    /// SHA-256 of stored bytes, piece by piece.
    fn content_hash(&self, id: i64) -> Result<[u8; 32]> {
        let mut hasher = Sha256::new();
        self.failed.watch(|| self.link.pieces(("content", id), |piece| hasher.update(piece)))?;
        Ok(hasher.finalize().into())
    }

    /// Stored bytes that no attachment has.
    pub fn unused_contents(&self) -> Result<i64> {
        self.number(
            "SELECT count(*) FROM content WHERE NOT EXISTS (SELECT 1 FROM attachment WHERE content_id = content.id)",
            [],
        )
    }

    /// How many of the kept numbers of rows are wrong. Counts every table.
    pub fn wrong_counts(&self) -> Result<i64> {
        self.number(
            concat!(
                "WITH counted AS (",
                counted!(),
                "), wrong AS (SELECT kind, value, bucket FROM (SELECT kind, value, bucket, n FROM counted WHERE n <> 0 \
                 EXCEPT SELECT kind, value, bucket, n FROM row_count) AS lacking \
                 UNION SELECT kind, value, bucket FROM (SELECT kind, value, bucket, n FROM row_count WHERE n <> 0 \
                 EXCEPT SELECT kind, value, bucket, n FROM counted) AS surplus) SELECT count(*) FROM wrong"
            ),
            [],
        )
    }

    /// SQLite's journal mode: `wal` unless it was changed.
    pub fn journal_mode(&self) -> Result<String> {
        if !self.link.is_lite() {
            return Ok("wal".to_owned());
        }
        Ok(self.one("PRAGMA journal_mode", [], |row| row.get(0))?.unwrap_or_default())
    }

    /// Whether Litestream follows this database, or has: it keeps two tables of its own in it.
    pub fn is_followed_by_litestream(&self) -> Result<bool> {
        if !self.link.is_lite() {
            return Ok(false);
        }
        Ok(self.number("SELECT count(*) FROM sqlite_schema WHERE name = '_litestream_seq'", [])? > 0)
    }

    /// The schema's number, and the engine with its version.
    pub fn versions(&self) -> Result<(i64, String)> {
        if !self.link.is_lite() {
            let sql = "SELECT version, 'PostgreSQL ' || current_setting('server_version') FROM schema_version";
            return Ok(self.one(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or_default());
        }
        let found =
            self.one("SELECT user_version, 'SQLite ' || sqlite_version() FROM pragma_user_version", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        Ok(found.unwrap_or_default())
    }
}

/// Repair.
impl WriteTx<'_> {
    /// Builds every index again.
    pub fn rebuild_indexes(&self) -> Result<()> {
        if !self.link.is_lite() {
            return self.rebuild_indexes_of_server();
        }
        self.run("REINDEX", [])?;
        Ok(())
    }

    /// Counts every table and keeps the numbers.
    pub fn recount(&self) -> Result<()> {
        self.run("DELETE FROM row_count", [])?;
        let sql = concat!(
            "INSERT INTO row_count (kind, value, bucket, n) SELECT kind, value, bucket, n FROM (",
            counted!(),
            ") AS counted WHERE n <> 0"
        );
        self.run(sql, [])?;
        Ok(())
    }

    /// Removes stored bytes that no attachment has; says how many.
    pub fn remove_unused_contents(&self) -> Result<usize> {
        self.run("DELETE FROM content WHERE NOT EXISTS (SELECT 1 FROM attachment WHERE content_id = content.id)", [])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::domain::{DepartmentId, TicketId, Timestamp};
    use crate::store::attachment::NewAttachment;
    use crate::store::message::{NewMessage, Text, Visibility};

    use crate::store::ticket::NewTicket;
    use crate::store::{Error, Store};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::store::testing::desk(dir.path(), NOW);
        store
            .write(|tx| {
                let customer = tx.customer_for("Ann", &"ann@client.test".parse().unwrap(), NOW)?;
                let department = DepartmentId::new(1);
                let new = NewTicket { department, customer, subject: "x", address: None, reply_to: None };
                let ticket = tx.ticket_rows().add_ticket(&new, NOW)?;
                let message = tx.ticket_rows().add_message(&note(ticket), NOW)?;
                let file = NewAttachment {
                    name: "a.txt",
                    original_name: "a.txt",
                    content_type: "text/plain",
                    content: b"abc",
                    cid: "",
                    is_inline: false,
                };
                tx.ticket_rows().add_attachment(ticket, message, &file).map(|_| ())
            })
            .unwrap();
        (dir, store)
    }

    fn note(ticket: TicketId) -> NewMessage<'static> {
        let (author, visibility, text) = (crate::domain::Author::Desk, Visibility::Internal, Text::Plain("n"));
        NewMessage { ticket, author, visibility, text, reply_text: "", full_text: "", mail_html: "" }
    }

    fn run(store: &Store, sql: &str) {
        store.write(|tx| tx.run(sql, []).map(|_| ())).unwrap();
    }

    #[test]
    fn sound_desk_has_no_findings() {
        let (_dir, store) = desk();
        store
            .read(|tx| {
                assert!(tx.structural_faults()?.is_empty());
                assert!(tx.dangling_rows()?.is_empty());
                assert!(tx.stray_attachments()?.is_empty());
                assert!(tx.altered_attachments()?.is_empty());
                assert_eq!((tx.unused_contents()?, tx.wrong_counts()?), (0, 0));
                Ok::<_, Error>(())
            })
            .unwrap();
    }

    #[test]
    fn altered_bytes_are_named() {
        let (_dir, store) = desk();
        store.write(|tx| tx.run("UPDATE content SET data = $1", [&b"abd"[..]])).unwrap();
        let found = store.read(|tx| tx.altered_attachments()).unwrap();
        assert_eq!(found, ["attachment 1 (a.txt) of ticket 1: its bytes are not those that were stored"]);
    }

    #[test]
    fn wrong_numbers_are_noticed_and_counted_anew() {
        let (_dir, store) = desk();
        run(&store, "UPDATE row_count SET n = 7 WHERE kind = 0 AND bucket = -1");
        run(&store, "DELETE FROM row_count WHERE kind = 4 AND bucket = 0");
        run(&store, "INSERT INTO row_count (kind, value, bucket, n) VALUES (2, 99, -1, 3)");
        assert_eq!(store.read(|tx| tx.wrong_counts()).unwrap(), 3);
        store.write(|tx| tx.recount()).unwrap();
        assert_eq!(store.read(|tx| tx.wrong_counts()).unwrap(), 0);
        assert_eq!(store.read(|tx| tx.row_count(0, 0)).unwrap(), 1);
    }

    #[test]
    fn bytes_without_attachment_and_attachments_without_bytes_are_told_apart() {
        let (_dir, store) = desk();
        let add = "INSERT INTO content (sha256, bytes, data) VALUES ($1, 1, $2)";
        store.write(|tx| tx.run(add, (&[0_u8; 32][..], &[0_u8][..]))).unwrap();
        assert_eq!(store.read(|tx| tx.unused_contents()).unwrap(), 1);
        assert_eq!(store.write(|tx| tx.remove_unused_contents()).unwrap(), 1);
        run(&store, "UPDATE attachment SET content_id = 99");
        let found = store.read(|tx| tx.stray_attachments()).unwrap();
        assert_eq!(found, ["attachment 1 (a.txt) of ticket 1: its bytes are gone"]);
    }

    #[test]
    fn answered_tickets_are_closed_when_they_are_old_enough() {
        let (_dir, store) = desk();
        let id = TicketId::new(1);
        store.write(|tx| tx.ticket_rows().set_status(id, crate::domain::Status::Answered, NOW)).unwrap();
        let close = |before| store.write(|tx| tx.ticket_rows().close_answered(before, 10, NOW)).unwrap().len();
        assert_eq!((close(NOW), close(NOW.plus_s(1)), close(NOW.plus_s(1))), (0, 1, 0));
        assert_eq!(store.read(|tx| tx.ticket(id)).unwrap().unwrap().closed_at, NOW);
    }
}
