//! Noticing that something was committed, by whatever process.

use super::connections::Handle;
use super::engine::Link;
use super::{Result, Store};

/// What notices commits: by a connection of its own, which writes nothing. SQLite says of a connection whether others
/// have committed (`PRAGMA data_version`), which costs a few microseconds; a server is asked for the newest event.
pub(crate) struct Watch<'s> {
    store: &'s Store,
    lite: Option<rusqlite::Connection>,
    seen: Option<i64>,
}

impl Store {
    /// Begins to watch; the first question is answered with yes.
    pub(crate) fn watch(&self) -> Result<Watch<'_>> {
        let lite = if self.is_remote() { None } else { Some(self.connect()?) };
        let lite = lite.and_then(|handle| match handle {
            Handle::Lite(connection) => Some(connection),
            Handle::Pg(_) => None,
        });
        Ok(Watch { store: self, lite, seen: None })
    }
}

impl Watch<'_> {
    /// Whether anything was committed since the last question; on a server, whether there is a new event.
    pub(crate) fn is_changed(&mut self) -> Result<bool> {
        let mark = match &self.lite {
            Some(lite) => Link::Lite(lite).one("PRAGMA data_version", &(), |row| row.get::<i64>(0))?,
            None => Some(self.store.read(|tx| tx.newest_event())?),
        };
        let is_changed = self.seen != mark || mark.is_none();
        self.seen = mark;
        Ok(is_changed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::Timestamp;
    use crate::store::{Error, migrate};

    #[test]
    fn commits_of_this_and_of_other_stores_are_noticed_and_rollbacks_are_not() {
        let dir = tempfile::tempdir().unwrap();
        if crate::store::testing::is_remote() {
            return; // commits without an event
        }
        let path = dir.path().join("desk.db");
        migrate::create_or_migrate(&path, &[7; 32], Timestamp::from_unix(1)).unwrap();
        let open = || Store::open(path.as_path(), Duration::from_secs(1)).unwrap();
        let (store, other) = (open(), open());
        let mut watch = store.watch().unwrap();
        let mut changed = || watch.is_changed().unwrap();
        assert_eq!((changed(), changed()), (true, false));
        for writer in [&store, &other] {
            writer.write(|tx| tx.add_department("Sales", false)).unwrap();
            assert_eq!((changed(), changed()), (true, false));
        }
        let refused = store.write(|tx| {
            tx.add_department("Sales", false)?;
            Err::<(), _>(Error::Busy)
        });
        refused.unwrap_err();
        assert!(!changed());
    }
}
