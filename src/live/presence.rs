//! Who looks at which ticket, or writes in it. Pure: the time comes in.

use std::collections::HashMap;

use crate::domain::{StaffId, TicketId, Timestamp};

/// Somebody who was not heard of for so long has left, in seconds: pages tell every four seconds.
pub(crate) const PRESENT_S: i64 = 15;

/// Most entries kept. Chosen: a thousand agents with a few tickets open each.
const ENTRIES_MAX: usize = 5_000;

/// What somebody does in a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doing {
    /// Looks at it.
    Reading,
    /// Writes an answer or a note.
    Writing,
}

/// Who is where.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    seen: HashMap<(TicketId, StaffId), (Timestamp, Doing)>,
}

impl Presence {
    /// Notes what somebody does in a ticket.
    pub(crate) fn note(&mut self, ticket: TicketId, staff: StaffId, doing: Doing, now: Timestamp) {
        if self.seen.len() >= ENTRIES_MAX {
            self.seen.retain(|_, (at, _)| is_present(*at, now));
        }
        if self.seen.len() < ENTRIES_MAX || self.seen.contains_key(&(ticket, staff)) {
            self.seen.insert((ticket, staff), (now, doing));
        }
    }

    /// Notes that somebody has left a ticket.
    pub(crate) fn leave(&mut self, ticket: TicketId, staff: StaffId) {
        self.seen.remove(&(ticket, staff));
    }

    /// Who else is in a ticket, whoever writes first.
    #[must_use]
    pub(crate) fn others(&self, ticket: TicketId, staff: StaffId, now: Timestamp) -> Vec<(StaffId, Doing)> {
        let here = self.seen.iter().filter(|((place, who), _)| *place == ticket && *who != staff);
        sorted(here.filter(|(_, (at, _))| is_present(*at, now)).map(|((_, who), (_, doing))| (*who, *doing)))
    }

    /// Who else is in which ticket, by ticket.
    #[must_use]
    pub(crate) fn everywhere(&self, staff: StaffId, now: Timestamp) -> Vec<(TicketId, StaffId, Doing)> {
        let here = self.seen.iter().filter(|((_, who), (at, _))| *who != staff && is_present(*at, now));
        let mut found: Vec<_> = here.map(|((ticket, who), (_, doing))| (*ticket, *who, *doing)).collect();
        found.sort_unstable();
        found
    }
}

const fn is_present(at: Timestamp, now: Timestamp) -> bool {
    // A clock that was set back leaves times ahead of it.
    at.unix() > now.unix().saturating_sub(PRESENT_S) && at.unix() <= now.unix().saturating_add(PRESENT_S)
}

fn sorted(people: impl Iterator<Item = (StaffId, Doing)>) -> Vec<(StaffId, Doing)> {
    let mut people: Vec<_> = people.collect();
    people.sort_unstable_by_key(|(who, doing)| (std::cmp::Reverse(*doing), *who));
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    #[test]
    fn others_are_seen_while_they_are_heard_of() {
        let [sam, eva, bob] = [1, 2, 3].map(StaffId::new);
        let [one, two] = [1, 2].map(TicketId::new);
        let mut presence = Presence::default();
        presence.note(one, sam, Doing::Reading, NOW);
        presence.note(one, eva, Doing::Reading, NOW);
        presence.note(one, bob, Doing::Writing, NOW.plus_s(-1));
        presence.note(two, eva, Doing::Writing, NOW);
        assert_eq!(presence.others(one, sam, NOW), [(bob, Doing::Writing), (eva, Doing::Reading)]);
        assert_eq!(presence.others(two, eva, NOW), []);
        let soon = NOW.plus_s(PRESENT_S - 1);
        assert_eq!(presence.others(one, sam, soon), [(eva, Doing::Reading)], "Bob was last heard of before");
        assert_eq!(presence.others(one, sam, NOW.plus_s(PRESENT_S)), []);
        assert_eq!(presence.everywhere(sam, soon), [(one, eva, Doing::Reading), (two, eva, Doing::Writing)]);
        presence.note(one, eva, Doing::Writing, soon);
        assert_eq!(presence.others(one, sam, soon), [(eva, Doing::Writing)]);
        presence.leave(one, eva);
        assert_eq!(presence.others(one, sam, soon), []);
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut presence = Presence::default();
        let fill = |presence: &mut Presence, now: Timestamp| {
            for n in 0..=i64::try_from(ENTRIES_MAX).unwrap_or(0) {
                presence.note(TicketId::new(n), StaffId::new(1), Doing::Reading, now);
            }
        };
        fill(&mut presence, NOW);
        assert_eq!(presence.seen.len(), ENTRIES_MAX);
        let later = NOW.plus_s(PRESENT_S);
        presence.note(TicketId::new(-1), StaffId::new(1), Doing::Reading, later);
        assert_eq!(presence.seen.len(), 1, "those who left make room");
    }
}
