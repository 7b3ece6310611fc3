//! What changes while a page is open: new events, and who else is here. Asked for by many pages every few seconds, so
//! it is answered from memory; the database is asked for news twice a second at most, however many ask.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::{DepartmentId, StaffId, TicketId, Timestamp};
use crate::store::{self, Store};

/// The database is asked for new events once in so long: far below the 4 s in which pages ask.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// Events remembered. Chosen: an hour of a busy desk; a page that missed more looks at everything again.
const EVENTS_MAX: usize = 5000;

/// Events read at once.
const READ_MAX: usize = 1000;

/// A person who was not heard of for so long is gone: three times as long as pages wait between two calls, and some.
const PRESENT: Duration = Duration::from_secs(15);

/// Numbers of tickets are remembered for so long while nothing happens, in seconds: as long as pages wait between two calls.
/// What only time changes, such as what is overdue, is that much late at most.
const COUNTED_S: i64 = 4;

/// What the numbers of a person's lists depend on, besides the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The newest event.
    pub(crate) event: i64,
    /// The departments that they see.
    pub(crate) departments: Vec<DepartmentId>,
    /// After how many hours a ticket is overdue.
    pub(crate) overdue_time: i64,
}

/// Numbers by the keys of their lists.
pub(crate) type Counts = Vec<(&'static str, String)>;

/// What somebody does in a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// They have it open.
    Reading,
    /// They write an answer or a note.
    Writing,
}

/// Somebody who is in a ticket.
#[derive(Clone, Debug)]
pub(crate) struct Present {
    /// Their name.
    pub(crate) name: String,
    /// The ticket.
    pub(crate) ticket: TicketId,
    /// What they do there.
    pub(crate) doing: Doing,
    heard_at: Instant,
}

#[derive(Debug, Default)]
struct News {
    asked_at: Option<Instant>,
    newest: i64,
    /// The oldest event from which on all are remembered.
    since: i64,
    events: Vec<(i64, TicketId)>,
}

/// What is known of changes and people.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    news: Mutex<News>,
    present: Mutex<HashMap<StaffId, Present>>,
    counts: Mutex<HashMap<StaffId, (Counted, Timestamp, Counts)>>,
}

/// What changed since an event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The newest event.
    pub(crate) newest: i64,
    /// The tickets that changed, each once.
    pub(crate) tickets: Vec<TicketId>,
    /// Whether more changed than is remembered.
    pub(crate) is_cut: bool,
}

impl Feed {
    /// What changed since that event.
    pub(crate) fn changed(&self, store: &Store, since: i64) -> store::Result<Changed> {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        if news.asked_at.is_none_or(|at| at.elapsed() >= ASKED_EVERY) {
            if news.asked_at.is_none() {
                news.newest = store.read(|tx| tx.newest_event())?;
                news.since = news.newest;
            } else {
                let newest = news.newest;
                let found = store.read(|tx| tx.events_since(newest, READ_MAX))?;
                for event in found {
                    news.newest = news.newest.max(event.id);
                    news.events.push((event.id, event.ticket));
                }
                let surplus = news.events.len().saturating_sub(EVENTS_MAX);
                let last = news.events.drain(..surplus).next_back();
                if let Some((last, _)) = last {
                    news.since = last;
                }
            }
            news.asked_at = Some(Instant::now());
        }
        let mut tickets: Vec<TicketId> =
            news.events.iter().filter(|(id, _)| *id > since).map(|(_, ticket)| *ticket).collect();
        tickets.sort_unstable();
        tickets.dedup();
        Ok(Changed { newest: news.newest, tickets, is_cut: since < news.since && news.newest > since })
    }

    /// The numbers of a person's lists, if they were counted a moment ago and nothing has happened since.
    pub(crate) fn counts(&self, staff: StaffId, of: &Counted, now: Timestamp) -> Option<Counts> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (counted, at, found) = counts.get(&staff)?;
        let age_s = now.unix() - at.unix();
        (counted == of && (0..COUNTED_S).contains(&age_s)).then(|| found.clone())
    }

    /// Remembers them.
    pub(crate) fn note_counts(&self, staff: StaffId, of: Counted, now: Timestamp, found: &Counts) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.insert(staff, (of, now, found.clone()));
    }

    /// Notes where somebody is and what they do; `None`: in no ticket.
    pub(crate) fn heard(&self, staff: StaffId, name: &str, at: Option<(TicketId, Doing)>) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        present.retain(|_, one| one.heard_at.elapsed() < PRESENT);
        match at {
            Some((ticket, doing)) => {
                present.insert(staff, Present { name: name.to_owned(), ticket, doing, heard_at: Instant::now() });
            }
            None => {
                present.remove(&staff);
            }
        }
    }

    /// Everybody who is in a ticket, but for oneself.
    pub(crate) fn others(&self, staff: StaffId) -> Vec<Present> {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<Present> = present
            .iter()
            .filter(|(id, one)| **id != staff && one.heard_at.elapsed() < PRESENT)
            .map(|(_, one)| one.clone())
            .collect();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_each_other_and_not_themselves() {
        let feed = Feed::default();
        let (sam, ann, ticket) = (StaffId::new(1), StaffId::new(2), TicketId::new(12));
        feed.heard(sam, "Sam", Some((ticket, Doing::Writing)));
        feed.heard(ann, "Ann", Some((ticket, Doing::Reading)));
        let seen: Vec<(String, Doing)> = feed.others(ann).into_iter().map(|one| (one.name, one.doing)).collect();
        assert_eq!(seen, [("Sam".to_owned(), Doing::Writing)]);
        feed.heard(sam, "Sam", None);
        assert!(feed.others(ann).is_empty());
    }

    #[test]
    fn numbers_are_remembered_for_seconds_and_until_something_happens() {
        let (feed, sam, at) = (Feed::default(), StaffId::new(1), Timestamp::from_unix(1000));
        let of = |event| Counted { event, departments: vec![DepartmentId::new(1)], overdue_time: 72 };
        let found = vec![("mine", "3".to_owned())];
        feed.note_counts(sam, of(7), at, &found);
        assert_eq!(feed.counts(sam, &of(7), at.plus_s(COUNTED_S - 1)), Some(found));
        assert_eq!(feed.counts(sam, &of(7), at.plus_s(COUNTED_S)), None, "too old");
        assert_eq!(feed.counts(sam, &of(8), at), None, "something happened");
        assert_eq!(feed.counts(StaffId::new(2), &of(7), at), None, "somebody else's");
        let sees_more = Counted { departments: vec![DepartmentId::new(1), DepartmentId::new(2)], ..of(7) };
        assert_eq!(feed.counts(sam, &sees_more, at), None);
    }
}
