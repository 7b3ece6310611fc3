//! What is happening now, in memory: the newest events of tickets, and who looks at which ticket. Pages ask every few
//! seconds, so asking costs the database nothing.

mod presence;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use presence::{Doing, Presence};

use crate::domain::StaffId;
use crate::store::event::FeedEvent;
use crate::store::{Result, Store};

/// Events kept in memory. Chosen: some hours of a busy desk, a few megabytes.
const EVENTS_MAX: usize = 10_000;

/// Events read in one go.
const READ_MAX: usize = 1_000;

/// Events after one that a page has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// These, oldest first.
    Events(Vec<FeedEvent>),
    /// More than are kept: the page has to be read anew.
    TooLong,
}

/// What is happening now, for the whole server.
#[derive(Debug, Default)]
pub(crate) struct Live {
    feed: Mutex<Feed>,
    presence: Mutex<Presence>,
}

#[derive(Debug, Default)]
struct Feed {
    events: VecDeque<FeedEvent>,
    /// The newest event that was read; the first time nothing older is.
    newest: Option<i64>,
}

impl Live {
    /// Takes in what was committed since the last time; says how many events that were.
    ///
    /// # Errors
    /// Those of the database; what was read before stays.
    pub(crate) fn take_in(&self, store: &Store) -> Result<usize> {
        let newest = match self.feed().newest {
            Some(newest) => newest,
            None => store.read(|tx| tx.newest_event())?,
        };
        self.feed().newest.get_or_insert(newest);
        let (mut from, mut total) = (newest, 0);
        loop {
            let read = store.read(|tx| tx.feed_since(from, READ_MAX))?;
            let Some(last) = read.last().map(|event| event.event.id) else { return Ok(total) };
            (from, total) = (last, total + read.len());
            self.feed().add(read);
        }
    }

    /// The newest event known; 0 before the first [`Live::take_in`].
    pub(crate) fn newest(&self) -> i64 {
        self.feed().newest.unwrap_or(0)
    }

    /// What happened after an event that a page has seen, among the tickets that `is_seen` allows.
    pub(crate) fn since(&self, event_id: i64, is_seen: impl Fn(&FeedEvent) -> bool) -> Since {
        let feed = self.feed();
        // All after it are here if it is here itself, or none was dropped.
        let oldest = feed.events.front().map_or(feed.newest.unwrap_or(0), |event| event.event.id - 1);
        if event_id < oldest {
            return Since::TooLong;
        }
        let start = feed.events.partition_point(|event| event.event.id <= event_id);
        Since::Events(feed.events.range(start..).filter(|event| is_seen(event)).cloned().collect())
    }

    /// Who looks at tickets now.
    pub(crate) fn presence(&self) -> MutexGuard<'_, Presence> {
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn feed(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feed {
    fn add(&mut self, events: Vec<FeedEvent>) {
        for event in events {
            self.newest = Some(event.event.id);
            self.events.push_back(event);
            if self.events.len() > EVENTS_MAX {
                self.events.pop_front();
            }
        }
    }
}

/// Whether an event is somebody else's.
#[must_use]
pub(crate) fn is_others(event: &FeedEvent, staff: StaffId) -> bool {
    event.event.actor != crate::domain::Actor::Staff(staff)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::{Actor, DepartmentId, Door, EventKind, TicketId, Timestamp};
    use crate::store::event::NewEvent;
    use crate::store::ticket::NewTicket;
    use crate::store::{Error, migrate};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let path = crate::store::testing::place(dir.path());
        migrate::create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = Store::open(&path, std::time::Duration::from_secs(1)).unwrap();
        let fill = |tx: &crate::store::WriteTx<'_>| {
            tx.add_department("Sales", false)?;
            let customer = tx.customer_for("Ann", &"ann@client.test".parse().unwrap(), NOW)?;
            for department in [1, 2] {
                let department = DepartmentId::new(department);
                let new = NewTicket { department, customer, subject: "s", address: None, reply_to: None };
                tx.ticket_rows().add_ticket(&new, NOW)?;
            }
            Ok::<_, Error>(())
        };
        store.write(fill).unwrap();
        (dir, store)
    }

    fn happen(store: &Store, ticket: i64, times: usize) {
        let event =
            NewEvent { actor: Actor::Desk, door: Door::Jobs, kind: EventKind::Noted, detail: "", message: None };
        let add = |tx: &crate::store::WriteTx<'_>| {
            (0..times).try_for_each(|_| tx.ticket_rows().add_event(TicketId::new(ticket), &event, NOW))
        };
        store.write(add).unwrap();
    }

    fn ids(since: Since) -> Vec<i64> {
        match since {
            Since::Events(events) => events.into_iter().map(|event| event.event.id).collect(),
            Since::TooLong => panic!("too long"),
        }
    }

    #[test]
    fn events_after_the_one_a_page_has_seen_are_told_among_what_one_sees() {
        let (_dir, store) = desk();
        happen(&store, 1, 3);
        let live = Live::default();
        assert_eq!((live.take_in(&store).unwrap(), live.newest()), (0, 3), "what was before is on the page");
        assert_eq!(ids(live.since(3, |_| true)), [0; 0]);
        happen(&store, 1, 2);
        happen(&store, 2, 1);
        assert_eq!((live.take_in(&store).unwrap(), live.newest()), (3, 6));
        assert_eq!(ids(live.since(3, |_| true)), [4, 5, 6]);
        assert_eq!(ids(live.since(4, |_| true)), [5, 6]);
        assert_eq!(ids(live.since(3, |event| event.department == Some(DepartmentId::new(2)))), [6]);
        assert_eq!(live.since(2, |_| true), Since::TooLong, "it was before we began");
        assert_eq!(ids(live.since(99, |_| true)), [0; 0]);
        store.write(|tx| tx.ticket_rows().remove_ticket(TicketId::new(2))).unwrap();
        happen(&store, 2, 1);
        live.take_in(&store).unwrap();
        let Since::Events(events) = live.since(6, |_| true) else { panic!("too long") };
        assert_eq!(events[0].department, None, "nobody's any more");
    }

    #[test]
    fn only_the_newest_are_kept() {
        let (_dir, store) = desk();
        let live = Live::default();
        live.take_in(&store).unwrap();
        happen(&store, 1, EVENTS_MAX + 5);
        assert_eq!(live.take_in(&store).unwrap(), EVENTS_MAX + 5);
        assert_eq!(live.since(4, |_| true), Since::TooLong);
        assert_eq!(ids(live.since(5, |_| true)).len(), EVENTS_MAX);
    }
}
