//! Which mails of an IMAP folder need not be fetched again, as runs of UIDs: one row for a folder read from its
//! beginning, one more for each gap. How far a folder was read is stored in [`crate::store::imap`].

use crate::domain::{AddressId, Timestamp};
use crate::store::{ReadTx, Result, WriteTx};

/// UIDs in ascending order, as runs of UIDs that follow one another: first and last of each.
#[must_use]
pub(crate) fn runs(uids: &[u32]) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for uid in uids.iter().copied() {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(uid) => *last = uid,
            _ => runs.push((uid, uid)),
        }
    }
    runs
}

impl ReadTx<'_> {
    /// Every mail of a folder that was seen or is left over, in runs that begin in ascending order.
    pub fn imap_known(&self, address: AddressId, folder: &str) -> Result<Vec<(u32, u32)>> {
        self.all(
            "SELECT first_uid, last_uid FROM imap_seen WHERE address_id = $1 AND folder = $2 \
             UNION ALL SELECT uid, uid FROM imap_leftover WHERE address_id = $1 AND folder = $2 ORDER BY 1",
            (address.get(), folder),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}

impl WriteTx<'_> {
    /// Adds a run of mails that were seen, and joins it with those it overlaps or touches.
    pub(in crate::store) fn add_imap_seen(
        &self,
        address: AddressId,
        folder: &str,
        first: u32,
        last: u32,
    ) -> Result<()> {
        let (mut first, mut last) = (i64::from(first), i64::from(last));
        // No two rows touch, so those that touch the run are the last ones that begin up to its end.
        while let Some((row_first, row_last)) = self.one(
            "SELECT first_uid, last_uid FROM imap_seen WHERE address_id = $1 AND folder = $2 AND first_uid <= $3 \
             ORDER BY first_uid DESC LIMIT 1",
            (address.get(), folder, last + 1),
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
        )? {
            if row_last + 1 < first {
                break;
            }
            (first, last) = (first.min(row_first), last.max(row_last));
            self.run(
                "DELETE FROM imap_seen WHERE address_id = $1 AND folder = $2 AND first_uid = $3",
                (address.get(), folder, row_first),
            )?;
        }
        self.run(
            "INSERT INTO imap_seen (address_id, folder, first_uid, last_uid) VALUES ($1, $2, $3, $4)",
            (address.get(), folder, first, last),
        )?;
        Ok(())
    }

    /// Notes that the whole folder was compared with what was seen of it.
    pub fn note_imap_reconciled(&self, address: AddressId, folder: &str, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE imap_folder SET reconciled_at = $1 WHERE address_id = $2 AND name = $3",
            (now.unix(), address.get(), folder),
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::store::Store;
    use crate::store::address::AddressRow;
    use crate::store::migrate::create_or_migrate;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn desk() -> (tempfile::TempDir, Store, AddressId) {
        let dir = tempfile::tempdir().unwrap();
        let path = crate::store::testing::place(dir.path());
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = Store::open(&path, Duration::from_secs(1)).unwrap();
        let mut row = AddressRow::new("a@example.org", "A");
        row.imap_folders = vec!["INBOX".to_owned()];
        let id = store.write(|tx| tx.add_address(&row, NOW)).unwrap();
        (dir, store, id)
    }

    #[test]
    fn runs_hold_exactly_the_uids_given() {
        assert_eq!(runs(&[1, 2, 3, 5, 9, 10]), [(1, 3), (5, 5), (9, 10)]);
        assert_eq!(runs(&[u32::MAX - 1, u32::MAX]), [(u32::MAX - 1, u32::MAX)]);
        assert!(runs(&[]).is_empty());
    }

    #[test]
    fn runs_that_touch_become_one_however_they_come() {
        let (_dir, store, id) = desk();
        let config = ProptestConfig { cases: 40, ..ProptestConfig::default() };
        proptest!(config, |(added in prop::collection::vec((1_u32..40, 0_u32..6), 0..12))| {
            let known = store.write(|tx| {
                tx.run("DELETE FROM imap_seen", ())?;
                for (first, more) in &added {
                    tx.add_imap_seen(id, "INBOX", *first, first + more)?;
                }
                tx.imap_known(id, "INBOX")
            }).unwrap();
            let uids: BTreeSet<u32> = added.iter().flat_map(|(first, more)| *first..=first + more).collect();
            prop_assert_eq!(known, runs(&uids.into_iter().collect::<Vec<_>>()));
        });
    }

    #[test]
    fn what_was_read_before_there_was_a_record_counts_as_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("old.db");
        let old = rusqlite::Connection::open(&path).unwrap();
        old.execute_batch(include_str!("../../../tests/schemas/1.sql")).unwrap();
        old.execute_batch(
            "INSERT INTO desk (id, secret, created_at) VALUES (1, zeroblob(32), 0); \
             INSERT INTO address (id, email, name, created_at, last_update_at) VALUES (1, 'a@example.org', 'A', 0, 0); \
             INSERT INTO imap_folder (address_id, name, position, uid_validity, last_uid) \
             VALUES (1, 'INBOX', 0, 7, 41), (1, 'New', 1, 0, 0); \
             PRAGMA application_id = 0x6d64736b; PRAGMA user_version = 1",
        )
        .unwrap();
        drop(old);
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = Store::open(&path, Duration::from_secs(1)).unwrap();
        let known = |folder: &str| store.read(|tx| tx.imap_known(AddressId::new(1), folder)).unwrap();
        assert_eq!(known("INBOX"), [(1, 41)]);
        assert!(known("New").is_empty());
    }

    #[test]
    fn the_highest_uid_there_is_ends_a_run() {
        let (_dir, store, id) = desk();
        let known = store.write(|tx| {
            tx.add_imap_seen(id, "INBOX", u32::MAX, u32::MAX)?;
            tx.add_imap_seen(id, "INBOX", u32::MAX - 1, u32::MAX)?;
            tx.imap_known(id, "INBOX")
        });
        assert_eq!(known.unwrap(), [(u32::MAX - 1, u32::MAX)]);
    }
}
