//! IMAP folders: how far each was read, what is left behind, and how often it failed in a row.
//! Which folders an address has is stored in [`super::address`].

mod seen;

pub(crate) use seen::runs;

use super::{ReadTx, Result, WriteTx};
use crate::domain::{AddressId, Timestamp};

/// Longest text of a failure kept, in characters.
const ERROR_CHARS_MAX: usize = 500;

/// A folder that is asked again and again has the time noted this often, in seconds. Chosen: what people read is a minute
/// old at most, and a mailbox that is watched writes little.
pub(crate) const NOTE_EVERY_S: i64 = 60;

/// Seconds until the next try after each failure in a row; after these, always the last value.
pub(crate) const BACKOFF_S: [i64; 6] = [5, 15, 60, 180, 600, 900];

/// How far a folder was read. UIDs are those of RFC 9051 §2.3.1.1; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderState {
    /// The folder's UIDVALIDITY when it was read.
    pub uid_validity: u32,
    /// Every mail up to here was taken in, or is on the list of leftovers.
    pub last_uid: u32,
    /// The highest UID there was when the folder was first seen with this UIDVALIDITY.
    pub backlog_uid: u32,
    /// When the folder was first seen.
    pub started_at: Timestamp,
    /// When the whole folder was last compared with what was seen of it.
    pub reconciled_at: Timestamp,
}

/// One step forward in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// The UIDVALIDITY under which the UIDs below hold.
    pub uid_validity: u32,
    /// See [`FolderState::last_uid`]; a lower one than is known changes nothing.
    pub last_uid: u32,
    /// Mails that are on record here, in ascending order; see `seen`.
    pub seen: &'a [u32],
    /// Mails that are done now and were left over before.
    pub done: &'a [u32],
    /// Mails that failed, and why.
    pub left: &'a [(u32, String)],
}

/// The state of a folder that is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderHealth {
    /// The address whose mail is in it.
    pub email: String,
    /// Its name as people write it.
    pub folder: String,
    /// How often in a row it could not be read.
    pub failures: i64,
    /// What went wrong last; empty when nothing did.
    pub last_error: String,
    /// Mails that failed; each fetch tries them again.
    pub left: i64,
    /// What went wrong with the one tried most often.
    pub left_reason: String,
    /// When it was last asked, within [`NOTE_EVERY_S`]; 0 for never.
    pub tried_at: Timestamp,
    /// When it was last read to its end; 0 for never.
    pub fetched_at: Timestamp,
}

impl ReadTx<'_> {
    /// The state of every folder that is fetched, by address.
    pub fn imap_health(&self) -> Result<Vec<FolderHealth>> {
        self.all(
            "SELECT a.email, f.name, f.failures, f.last_error, \
             (SELECT COUNT(*) FROM imap_leftover l WHERE l.address_id = f.address_id AND l.folder = f.name), \
             COALESCE((SELECT l.reason FROM imap_leftover l WHERE l.address_id = f.address_id AND l.folder = f.name \
                       ORDER BY l.failures DESC, l.uid LIMIT 1), ''), f.tried_at, f.fetched_at \
             FROM imap_folder f JOIN address a ON a.id = f.address_id \
             WHERE a.incoming = 'imap' ORDER BY a.email, f.position, f.name",
            (),
            |row| {
                Ok(FolderHealth {
                    email: row.get(0)?,
                    folder: row.get(1)?,
                    failures: row.get(2)?,
                    last_error: row.get(3)?,
                    left: row.get(4)?,
                    left_reason: row.get(5)?,
                    tried_at: Timestamp::from_unix(row.get(6)?),
                    fetched_at: Timestamp::from_unix(row.get(7)?),
                })
            },
        )
    }

    /// How far a folder was read; `None` when it never was.
    pub fn imap_folder(&self, address: AddressId, folder: &str) -> Result<Option<FolderState>> {
        self.one(
            "SELECT uid_validity, last_uid, backlog_uid, started_at, reconciled_at FROM imap_folder \
             WHERE address_id = $1 AND name = $2 AND uid_validity > 0",
            (address.get(), folder),
            |row| {
                Ok(FolderState {
                    uid_validity: row.get(0)?,
                    last_uid: row.get(1)?,
                    backlog_uid: row.get(2)?,
                    started_at: Timestamp::from_unix(row.get(3)?),
                    reconciled_at: Timestamp::from_unix(row.get(4)?),
                })
            },
        )
    }

    /// How often in a row a folder could not be read.
    pub fn imap_failures(&self, address: AddressId, folder: &str) -> Result<i64> {
        self.number("SELECT failures FROM imap_folder WHERE address_id = $1 AND name = $2", (address.get(), folder))
    }

    /// Whether there is something to note of a folder that was read to its end: that it is well again, or when that was.
    pub fn is_imap_success_news(&self, address: AddressId, folder: &str, now: Timestamp) -> Result<bool> {
        let old = now.plus_s(-NOTE_EVERY_S);
        let found = self.number(
            "SELECT count(*) FROM imap_folder WHERE address_id = $1 AND name = $2 AND (failures > 0 OR fetched_at <= $3)",
            (address.get(), folder, old.unix()),
        )?;
        Ok(found > 0)
    }

    /// At most `count_max` mails of a folder that were that could not be read or settled, each with how often; the
    /// least tried first.
    pub fn imap_leftovers(&self, address: AddressId, folder: &str, count_max: u32) -> Result<Vec<(u32, u32)>> {
        self.all(
            "SELECT uid, failures FROM imap_leftover WHERE address_id = $1 AND folder = $2 \
             ORDER BY failures, uid LIMIT $3",
            (address.get(), folder, count_max),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}

impl WriteTx<'_> {
    /// Starts reading a folder under a UIDVALIDITY that is new to us. If another process has done so
    /// already, its state stays; the state in force is returned.
    pub fn begin_imap_folder(&self, address: AddressId, folder: &str, new: FolderState) -> Result<FolderState> {
        let known = self.imap_folder(address, folder)?;
        if let Some(known) = known.filter(|known| known.uid_validity == new.uid_validity) {
            return Ok(known);
        }
        let started_at = known.map_or(new.started_at, |known| known.started_at);
        self.run("DELETE FROM imap_leftover WHERE address_id = $1 AND folder = $2", (address.get(), folder))?;
        self.run("DELETE FROM imap_seen WHERE address_id = $1 AND folder = $2", (address.get(), folder))?;
        let (started_s, reconciled_s) = (started_at.unix(), new.reconciled_at.unix());
        self.run(
            "INSERT INTO imap_folder \
             (address_id, name, position, uid_validity, last_uid, backlog_uid, started_at, reconciled_at) \
             VALUES ($1, $2, 0, $3, $4, $5, $6, $7) ON CONFLICT (address_id, name) DO UPDATE SET \
             uid_validity = excluded.uid_validity, last_uid = excluded.last_uid, backlog_uid = excluded.backlog_uid, \
             started_at = excluded.started_at, reconciled_at = excluded.reconciled_at",
            (address.get(), folder, new.uid_validity, new.last_uid, new.backlog_uid, started_s, reconciled_s),
        )?;
        if new.last_uid > 0 {
            self.add_imap_seen(address, folder, 1, new.last_uid)?;
        }
        Ok(FolderState { started_at, ..new })
    }

    /// Notes how far a folder was read. Nothing happens if its UIDVALIDITY has changed meanwhile.
    pub fn advance_imap_folder(&self, address: AddressId, folder: &str, step: &Step<'_>) -> Result<()> {
        let changed = self.run(
            "UPDATE imap_folder SET last_uid = CASE WHEN last_uid < $1 THEN $1 ELSE last_uid END WHERE address_id = $2 AND name = $3 AND uid_validity = $4",
            (step.last_uid, address.get(), folder, step.uid_validity),
        )?;
        if changed == 0 {
            return Ok(());
        }
        for (first, last) in runs(step.seen) {
            self.add_imap_seen(address, folder, first, last)?;
        }
        for uid in step.done {
            self.run(
                "DELETE FROM imap_leftover WHERE address_id = $1 AND folder = $2 AND uid = $3",
                (address.get(), folder, uid),
            )?;
        }
        for (uid, reason) in step.left {
            let reason: String = reason.chars().take(ERROR_CHARS_MAX).collect();
            self.run(
                "INSERT INTO imap_leftover (address_id, folder, uid, reason, failures) VALUES ($1, $2, $3, $4, 1) \
                 ON CONFLICT (address_id, folder, uid) DO UPDATE SET reason = excluded.reason, \
                 failures = imap_leftover.failures + 1",
                (address.get(), folder, uid, reason),
            )?;
        }
        Ok(())
    }

    /// Notes that a folder could not be read; gives the seconds until the next try.
    pub fn note_imap_failure(&self, address: AddressId, folder: &str, why: &str, now: Timestamp) -> Result<i64> {
        let why: String = why.chars().take(ERROR_CHARS_MAX).collect();
        let before = self.imap_failures(address, folder)?;
        let step = usize::try_from(before).unwrap_or(0).min(BACKOFF_S.len() - 1);
        let pause_s = BACKOFF_S.get(step).copied().unwrap_or(BACKOFF_S[0]);
        self.run(
            "UPDATE imap_folder SET failures = failures + 1, retry_at = $1, last_error = $2, tried_at = $3 \
             WHERE address_id = $4 AND name = $5",
            (now.unix().saturating_add(pause_s), why, now.unix(), address.get(), folder),
        )?;
        Ok(pause_s)
    }

    /// Notes that a folder was read to its end.
    pub fn note_imap_success(&self, address: AddressId, folder: &str, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE imap_folder SET failures = 0, retry_at = 0, last_error = '', tried_at = $1, fetched_at = $1 \
             WHERE address_id = $2 AND name = $3",
            (now.unix(), address.get(), folder),
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;
    use crate::domain::desk_address::Incoming;
    use crate::store::address::AddressRow;
    use crate::store::migrate::create_or_migrate;
    use crate::store::{Error, Store};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const NEW: FolderState =
        FolderState { uid_validity: 7, last_uid: 0, backlog_uid: 9, started_at: NOW, reconciled_at: NOW };

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
    fn a_slower_fetcher_takes_nothing_back() {
        let (_dir, store, id) = desk();
        store
            .write(|tx| {
                tx.begin_imap_folder(id, "INBOX", NEW)?;
                let step = |last_uid| Step { uid_validity: 7, last_uid, seen: &[], done: &[], left: &[] };
                tx.advance_imap_folder(id, "INBOX", &step(5))?;
                tx.advance_imap_folder(id, "INBOX", &step(3))?;
                assert_eq!(tx.begin_imap_folder(id, "INBOX", NEW)?.last_uid, 5, "begun by another process already");
                let other = Step { uid_validity: 8, ..step(100) };
                tx.advance_imap_folder(id, "INBOX", &other)?;
                assert_eq!(tx.imap_folder(id, "INBOX")?.unwrap().last_uid, 5, "UIDs of another numbering");
                Ok::<_, Error>(())
            })
            .unwrap();
    }

    #[test]
    fn a_new_numbering_forgets_leftovers_and_keeps_the_start() {
        let (_dir, store, id) = desk();
        store
            .write(|tx| {
                tx.begin_imap_folder(id, "INBOX", NEW)?;
                let left = [(2, "refused".to_owned()), (4, "refused".to_owned())];
                let step = Step { uid_validity: 7, last_uid: 5, seen: &[1, 3, 5], done: &[], left: &left };
                tx.advance_imap_folder(id, "INBOX", &step)?;
                tx.advance_imap_folder(id, "INBOX", &Step { done: &[4], left: &[], ..step })?;
                assert_eq!(tx.imap_leftovers(id, "INBOX", 10)?, [(2, 1)]);
                assert_eq!(tx.imap_known(id, "INBOX")?, [(1, 1), (2, 2), (3, 3), (5, 5)]);
                let renewed = FolderState { uid_validity: 8, started_at: NOW.plus_s(60), ..NEW };
                let state = tx.begin_imap_folder(id, "INBOX", renewed)?;
                assert_eq!((state.last_uid, state.started_at), (0, NOW));
                assert!(tx.imap_leftovers(id, "INBOX", 10)?.is_empty());
                assert!(tx.imap_known(id, "INBOX")?.is_empty());
                Ok::<_, Error>(())
            })
            .unwrap();
    }

    #[test]
    fn health_tells_failures_and_mails_left_behind() {
        let (_dir, store, id) = desk();
        store
            .write(|tx| {
                let mut row = AddressRow::new("b@example.org", "B");
                row.incoming = Incoming::Imap;
                row.imap_folders = vec!["INBOX".to_owned(), "Ärger".to_owned()];
                let other = tx.add_address(&row, NOW)?;
                assert!(tx.imap_health()?.iter().all(|one| one.email == "b@example.org"), "the other gets no imap");
                tx.begin_imap_folder(other, "INBOX", NEW)?;
                let left = [(2, "refused".to_owned()), (4, "refused".to_owned())];
                let step = Step { uid_validity: 7, last_uid: 5, seen: &[], done: &[], left: &left };
                tx.advance_imap_folder(other, "INBOX", &step)?;
                tx.note_imap_failure(other, "Ärger", "no such folder", NOW)?;
                tx.note_imap_failure(id, "INBOX", "not asked for", NOW)?;
                let health = tx.imap_health()?;
                let reported: Vec<_> = health.iter().map(|one| (one.folder.as_str(), one.failures, one.left)).collect();
                assert_eq!(reported, [("INBOX", 0, 2), ("Ärger", 1, 0)]);
                assert_eq!((health[0].tried_at.unix(), health[1].tried_at, health[1].fetched_at.unix()), (0, NOW, 0));
                assert!(tx.is_imap_success_news(other, "INBOX", NOW)?, "it never was");
                tx.note_imap_success(other, "INBOX", NOW)?;
                let is_news = |later_s| tx.is_imap_success_news(other, "INBOX", NOW.plus_s(later_s));
                assert_eq!((is_news(NOTE_EVERY_S - 1)?, is_news(NOTE_EVERY_S)?), (false, true));
                assert_eq!(tx.imap_health()?[0].fetched_at, NOW);
                assert!(tx.is_imap_success_news(other, "Ärger", NOW)?, "it failed");
                assert_eq!(
                    (health[0].left_reason.as_str(), health[1].last_error.as_str()),
                    ("refused", "no such folder")
                );
                Ok::<_, Error>(())
            })
            .unwrap();
    }

    #[test]
    fn pauses_grow_to_their_end_and_start_again_after_success() {
        let (_dir, store, id) = desk();
        let fail = || store.write(|tx| tx.note_imap_failure(id, "INBOX", "gone", NOW)).unwrap();
        let pauses: Vec<i64> = (0..7).map(|_| fail()).collect();
        assert_eq!(pauses, [5, 15, 60, 180, 600, 900, 900]);
        store.write(|tx| tx.note_imap_success(id, "INBOX", NOW)).unwrap();
        assert_eq!(fail(), 5);
    }
}
