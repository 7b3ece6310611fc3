//! Long work that was asked for in the browser: one at a time of each kind, whichever host does it, and what became of it.

use super::{ReadTx, Result, WriteTx};
use crate::domain::{SetUpChange, Timestamp};

/// Long work that is asked for in the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrandKind {
    /// Writing the whole desk into a file.
    Backup,
    /// Looking whether the database is sound.
    Check,
    /// Moving in.
    Import,
    /// Reading stored mails again.
    Reread,
}

impl ErrandKind {
    /// The word of the column and of events.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Check => "check",
            Self::Import => "import",
            Self::Reread => "reread",
        }
    }
}

/// From when on work that gave no sign of life counts as cut off, in seconds. Chosen: six signs missed.
pub(crate) const SILENT_S: i64 = 60;

/// The newest errand of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Errand {
    /// Which run it is.
    pub(crate) run: i64,
    /// What exactly is done.
    pub(crate) detail: String,
    /// Since when.
    pub(crate) started_at: Timestamp,
    /// When it was last known to run.
    seen_at: Timestamp,
    /// When it ended; 0 before.
    pub(crate) ended_at: Timestamp,
    /// Whether it ended well.
    pub(crate) is_done: bool,
    /// How far it is; from its end on what it printed.
    pub(crate) said: String,
}

impl Errand {
    /// Whether it has not ended.
    pub(crate) fn is_open(&self) -> bool {
        self.ended_at.unix() == 0
    }

    /// Whether somebody is at it.
    pub(crate) fn is_running(&self, now: Timestamp) -> bool {
        self.is_open() && now.unix() - self.seen_at.unix() < SILENT_S
    }
}

/// An errand that begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewErrand<'a> {
    /// Its kind.
    pub(crate) kind: ErrandKind,
    /// A random number by which its writer is known.
    pub(crate) run: i64,
    /// What exactly is done; may be empty.
    pub(crate) detail: &'a str,
}

impl ReadTx<'_> {
    /// The newest errand of a kind.
    pub(crate) fn errand(&self, kind: ErrandKind) -> Result<Option<Errand>> {
        self.one(
            "SELECT run, detail, started_at, seen_at, ended_at, is_done, said FROM errand WHERE kind = $1",
            [kind.word()],
            |row| {
                Ok(Errand {
                    run: row.get(0)?,
                    detail: row.get(1)?,
                    started_at: Timestamp::from_unix(row.get(2)?),
                    seen_at: Timestamp::from_unix(row.get(3)?),
                    ended_at: Timestamp::from_unix(row.get(4)?),
                    is_done: row.get(5)?,
                    said: row.get(6)?,
                })
            },
        )
    }
}

impl WriteTx<'_> {
    /// Begins an errand, unless one of its kind runs; says whether it did.
    pub(crate) fn begin_errand(&self, new: &NewErrand<'_>, now: Timestamp) -> Result<bool> {
        let kind = new.kind.word();
        if self.errand(new.kind)?.is_some_and(|errand| errand.is_running(now)) {
            return Ok(false);
        }
        self.run("DELETE FROM errand WHERE kind = $1", [kind])?;
        self.run(
            "INSERT INTO errand (kind, run, detail, started_at, seen_at) VALUES ($1, $2, $3, $4, $4)",
            (kind, new.run, new.detail, now.unix()),
        )?;
        self.note_set_up(SetUpChange::Started, format!("{kind} {}", new.detail).trim_end())?;
        Ok(true)
    }

    /// Notes a sign of life, and how far it is; says whether that run is still the newest and open.
    pub(crate) fn note_errand(&self, kind: ErrandKind, run: i64, said: &str, now: Timestamp) -> Result<bool> {
        let noted = self.run(
            "UPDATE errand SET seen_at = $1, said = $2 WHERE kind = $3 AND run = $4 AND ended_at = 0",
            (now.unix(), said, kind.word(), run),
        )?;
        Ok(noted > 0)
    }

    /// Notes how a run ended, unless a newer one has taken its place.
    pub(crate) fn end_errand(&self, kind: ErrandKind, run: i64, outcome: &Outcome<'_>, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE errand SET seen_at = $1, ended_at = $1, is_done = $2, said = $3 WHERE kind = $4 AND run = $5",
            (now.unix(), outcome.is_done, outcome.said, kind.word(), run),
        )?;
        Ok(())
    }
}

/// How an errand ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome<'a> {
    /// Whether well.
    pub(crate) is_done: bool,
    /// What it printed.
    pub(crate) said: &'a str,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const KIND: ErrandKind = ErrandKind::Backup;

    #[test]
    fn of_each_kind_one_runs_at_a_time_until_it_ends_or_falls_silent() {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::store::testing::desk(dir.path(), NOW);
        let begin =
            |kind, run, at| store.write(|tx| tx.begin_errand(&NewErrand { kind, run, detail: "desk.db" }, at)).unwrap();
        let found = || store.read(|tx| tx.errand(KIND)).unwrap().unwrap();
        assert_eq!(store.read(|tx| tx.errand(KIND)).unwrap(), None);
        assert!(begin(KIND, 1, NOW));
        assert!(!begin(KIND, 2, NOW.plus_s(SILENT_S - 1)), "it runs");
        assert!(begin(ErrandKind::Check, 3, NOW), "another kind");
        assert!(store.write(|tx| tx.note_errand(KIND, 1, "50 %", NOW.plus_s(50))).unwrap());
        assert_eq!((found().said.as_str(), found().is_running(NOW.plus_s(50 + SILENT_S - 1))), ("50 %", true));
        assert!(!found().is_running(NOW.plus_s(50 + SILENT_S)), "it is silent");
        assert!(begin(KIND, 4, NOW.plus_s(50 + SILENT_S)), "another takes its place");
        assert!(!store.write(|tx| tx.note_errand(KIND, 1, "60 %", NOW.plus_s(120))).unwrap(), "the silent one woke");
        let end = |run, said| {
            let outcome = Outcome { is_done: true, said };
            store.write(|tx| tx.end_errand(KIND, run, &outcome, NOW.plus_s(130))).unwrap();
        };
        end(1, "of the silent one");
        assert!(found().is_open());
        end(4, "done");
        assert_eq!((found().said.as_str(), found().is_done, found().is_open()), ("done", true, false));
        assert!(begin(KIND, 5, NOW.plus_s(130)), "the next");
        let events = store.read(|tx| tx.events_before(0, 1)).unwrap();
        assert_eq!((events[0].kind.as_str(), events[0].detail.as_str()), ("started", "backup desk.db"));
    }
}
