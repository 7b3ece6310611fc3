//! A time to come, as people type it: in some hours or days, or a day.

use super::usage;
use crate::domain::Timestamp;
use crate::outcome;

/// The time that a word means, which lies ahead.
///
/// # Errors
/// What may be said instead.
pub(super) fn to_come(word: &str, now: Timestamp) -> outcome::Result<Timestamp> {
    match until(word, now).filter(|until| *until > now) {
        Some(until) => Ok(until),
        None => usage(format!("{word:?} is no time to come; say 3h, 2d or 2027-01-31")),
    }
}

/// The time that `3h`, `2d` or a day means; a day begins at 8:00 in the machine's time zone, as in the browser.
fn until(answer: &str, now: Timestamp) -> Option<Timestamp> {
    let number = |unit: char| answer.strip_suffix(unit).and_then(|digits| digits.trim().parse::<i64>().ok());
    if let Some(hours) = number('h') {
        return Some(now.plus_s(hours.saturating_mul(Timestamp::HOUR_S)));
    }
    if let Some(days) = number('d') {
        return Some(now.plus_s(days.saturating_mul(Timestamp::DAY_S)));
    }
    let day: jiff::civil::Date = answer.parse().ok()?;
    let morning = day.at(8, 0, 0, 0).to_zoned(jiff::tz::TimeZone::system()).ok()?;
    Some(Timestamp::from_unix(morning.timestamp().as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_hours_days_or_a_day() {
        let now = Timestamp::from_unix(1_800_000_000);
        assert_eq!(until("3h", now), Some(now.plus_s(3 * 3600)));
        assert_eq!(until("2d", now), Some(now.plus_s(2 * 86_400)));
        assert!(until("2027-01-31", now).is_some_and(|at| at > now));
        for wrong in ["", "h", "soon", "3 weeks", "31.1."] {
            assert_eq!(until(wrong, now), None, "{wrong}");
        }
    }
}
