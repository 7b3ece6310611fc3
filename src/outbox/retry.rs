//! When a mail that did not leave is tried again, and when it is given up. Pure.

use crate::domain::Timestamp;
use crate::domain::one_line::on_one_line;
use crate::store::outbox::{Claimed, Fault, Settlement};

/// Minutes until the next try after each failed one; after these, always the last value.
const BACKOFF_MINUTES: [i64; 6] = [1, 5, 15, 60, 120, 240];

/// Hours until the next try of a mail that was handed over and not answered, after each such try; after the
/// last there is none. Chosen: the recipient may have it already, so at most two more copies, and far
/// enough apart that a server in trouble has been repaired.
const UNKNOWN_HOURS: [i64; 2] = [2, 12];

/// The longest wait between two tries, in seconds.
pub(super) const WAIT_MAX_S: i64 = 12 * Timestamp::HOUR_S;

/// A mail is not given up before it was tried this often, no matter how much time has passed: the desk, or its
/// clock, may have been stopped meanwhile. Chosen: a day of tries.
const TRIES_MIN: i64 = 10;

/// Longest text of a failure kept, in characters.
const ERROR_CHARS_MAX: usize = 500;

/// The next try, or the end of trying.
pub(super) fn later(mail: &Claimed, why: &str, now: Timestamp) -> Settlement {
    let is_over = now >= mail.give_up_at;
    if is_over && mail.attempts >= TRIES_MIN {
        return Settlement::Failed(shortened(&format!("given up after five days: {why}")), Fault::Elsewhere);
    }
    let failed = usize::try_from(mail.attempts).unwrap_or(1).clamp(1, BACKOFF_MINUTES.len());
    let minutes = BACKOFF_MINUTES.get(failed - 1).copied().unwrap_or(240);
    let next = now.plus_s(minutes * 60);
    Settlement::Later(if is_over { next } else { next.min(mail.give_up_at) }, shortened(why))
}

/// The next try of a mail that was handed over and not answered, if any.
pub(super) fn unknown(mail: &Claimed, why: &str, now: Timestamp) -> Settlement {
    let before = usize::try_from(mail.unknown_tries).unwrap_or(usize::MAX);
    let next = UNKNOWN_HOURS.get(before).map(|hours| now.plus_s(hours * Timestamp::HOUR_S));
    Settlement::Unknown(next, shortened(&format!("handed over, and not known whether it has arrived: {why}")))
}

pub(super) fn shortened(why: &str) -> String {
    on_one_line(why, ERROR_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AddressId, OutboxId};
    use crate::outbox::{SERVED_FRESH_S, is_sign_fresh};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn mail(attempts: i64, give_up_at: Timestamp) -> Claimed {
        Claimed {
            id: OutboxId::new(1),
            address: AddressId::new(1),
            ticket: None,
            envelope_sender: String::new(),
            recipient: "ann@example.org".to_owned(),
            attempts,
            unknown_tries: 0,
            give_up_at,
            leased_until: NOW,
        }
    }

    #[test]
    fn tries_grow_apart_and_end_after_five_days() {
        let end = NOW.plus_s(5 * Timestamp::DAY_S);
        let wait = |attempts| match later(&mail(attempts, end), "busy", NOW) {
            Settlement::Later(next, _) => (next.unix() - NOW.unix()) / 60,
            other => panic!("{other:?}"),
        };
        assert_eq!([1, 2, 3, 4, 5, 6, 7, 100].map(wait), [1, 5, 15, 60, 120, 240, 240, 240]);
        let last = |left_s| later(&mail(TRIES_MIN, NOW.plus_s(left_s)), "busy", NOW);
        assert_eq!(last(1), Settlement::Later(NOW.plus_s(1), "busy".to_owned()));
        assert!(matches!(last(0), Settlement::Failed(why, _) if why == "given up after five days: busy"));
    }

    #[test]
    fn time_alone_gives_no_mail_up() {
        let at = |attempts| later(&mail(attempts, NOW.plus_s(-Timestamp::DAY_S)), "busy", NOW);
        assert_eq!(at(2), Settlement::Later(NOW.plus_s(300), "busy".to_owned()));
        assert_eq!(at(TRIES_MIN - 1), Settlement::Later(NOW.plus_s(240 * 60), "busy".to_owned()));
        assert!(matches!(at(TRIES_MIN), Settlement::Failed(..)));
    }

    #[test]
    fn a_mail_that_may_have_arrived_is_tried_twice_more_and_seldom() {
        let next = |unknown_tries| {
            let mail = Claimed { unknown_tries, ..mail(1, NOW.plus_s(5 * Timestamp::DAY_S)) };
            match unknown(&mail, "no answer", NOW) {
                Settlement::Unknown(next, _) => next.map(|next| (next.unix() - NOW.unix()) / 3600),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!([0, 1, 2, 3].map(next), [Some(2), Some(12), None, None]);
        assert!(UNKNOWN_HOURS.iter().all(|hours| hours * Timestamp::HOUR_S <= WAIT_MAX_S));
        assert!(BACKOFF_MINUTES.iter().all(|minutes| minutes * 60 <= WAIT_MAX_S));
    }

    #[test]
    fn a_sign_of_life_is_one_of_about_now() {
        let fresh = |ago_s: i64| is_sign_fresh(NOW.plus_s(-ago_s), NOW);
        assert!(fresh(0) && fresh(SERVED_FRESH_S) && fresh(-SERVED_FRESH_S));
        assert!(!fresh(SERVED_FRESH_S + 1) && !fresh(-SERVED_FRESH_S - 1));
        assert!(!is_sign_fresh(Timestamp::default(), NOW));
    }

    #[test]
    fn failure_text_is_one_short_line() {
        assert_eq!(shortened("a\r\nb"), "a  b");
        assert_eq!(shortened(&"x".repeat(501)).len(), 500);
    }
}
