//! On-duty hours such as `Mon-Fri 18:00-02:00`: reading them, and whether a moment is within them.
//! Pure: whose hours they are is stored in the database.

use std::str::FromStr;

use jiff::tz::TimeZone;

use crate::domain::Timestamp;
pub(crate) use crate::store::settings::zone_name;

/// Minutes of one day.
const DAY_MINUTES: i64 = 24 * 60;
/// Minutes of one week.
const WEEK_MINUTES: i64 = 7 * DAY_MINUTES;
/// Spans in one text. Chosen: three a day.
const SPANS_MAX: usize = 21;

/// Spans of minutes since Monday 00:00 local time; one over midnight on Sunday ends past the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hours {
    spans: Vec<(i64, i64)>,
}

/// A text that is not a list of hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} are not hours; write them as \"Mon-Fri 18:00-02:00\", several with commas between")]
pub(crate) struct InvalidHours(String);

impl FromStr for Hours {
    type Err = InvalidHours;

    /// Reads `DAYS HH:MM-HH:MM`, several separated by commas or semicolons. DAYS is `Mon`, `Mon-Fri`,
    /// `Sat-Mon` or a list such as `Mon, Wed-Fri`; without DAYS every day is meant. An end at or before
    /// the start is on the next day; `00:00-24:00` is the whole day.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || InvalidHours(text.to_owned());
        let pieces: Vec<&str> = text.split([',', ';']).map(str::trim).filter(|piece| !piece.is_empty()).collect();
        if pieces.is_empty() || pieces.len() > SPANS_MAX {
            return Err(refused());
        }
        let (mut spans, mut days) = (Vec::new(), Vec::new());
        for piece in pieces {
            // Days without a time wait for the next one: "Mon, Wed 9:00-12:00".
            if !piece.contains(':') {
                days.push(days_of(piece).ok_or_else(refused)?);
                continue;
            }
            let (start, end, named) = times_of(piece).ok_or_else(refused)?;
            match named {
                Some(named) => days.push(days_of(named).ok_or_else(refused)?),
                None if days.is_empty() => days.push((0, 6)),
                None => {}
            }
            let len = if end > start { end - start } else { end + DAY_MINUTES - start };
            for (first, last) in days.drain(..) {
                spans.extend((0..=(last - first).rem_euclid(7)).map(|day| {
                    let from = (first + day).rem_euclid(7) * DAY_MINUTES + start;
                    (from, from + len)
                }));
            }
        }
        if days.is_empty() { Ok(Self { spans }) } else { Err(refused()) }
    }
}

/// Start, end and the days in front of them: `Mon-Fri 18:00 - 02:00`.
fn times_of(piece: &str) -> Option<(i64, i64, Option<&str>)> {
    let (head, end) = piece.rsplit_once('-')?;
    let head = head.trim_end();
    let (days, start) = match head.rsplit_once(char::is_whitespace) {
        Some((days, start)) => (Some(days.trim_end()), start),
        None => (None, head),
    };
    Some((minute(start)?, minute(end)?, days))
}

fn days_of(text: &str) -> Option<(i64, i64)> {
    match text.split_once('-') {
        Some((first, last)) => Some((day(first)?, day(last)?)),
        None => day(text).map(|day| (day, day)),
    }
}

/// Monday is 0. English names, whole or their first three letters.
fn day(name: &str) -> Option<i64> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let name = name.trim().to_ascii_lowercase();
    let found = DAYS.iter().position(|day| name.len() >= 3 && day.starts_with(&name))?;
    i64::try_from(found).ok()
}

fn minute(text: &str) -> Option<i64> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number =
        |text: &str| text.parse::<i64>().ok().filter(|_| text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit()));
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY_MINUTES).then_some(total)
}

impl Hours {
    /// Whether `now` is within these hours in that time zone (an IANA name).
    ///
    /// An unknown zone counts as UTC.
    #[must_use]
    pub(crate) fn contain(&self, now: Timestamp, timezone: &str) -> bool {
        let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
        let Ok(at) = jiff::Timestamp::from_second(now.unix()) else { return true };
        let local = at.to_zoned(zone);
        let day = i64::from(local.weekday().to_monday_zero_offset());
        let minute = day * DAY_MINUTES + i64::from(local.hour()) * 60 + i64::from(local.minute());
        self.spans
            .iter()
            .any(|(from, to)| (*from..*to).contains(&minute) || (*from..*to).contains(&(minute + WEEK_MINUTES)))
    }
}

/// Whether a person with these hours is on duty. No hours, or hours that cannot be read, mean always:
/// a notification too many is better than a customer whom nobody answers.
#[must_use]
pub(crate) fn is_on_duty(hours: &str, timezone: &str, now: Timestamp) -> bool {
    hours.parse::<Hours>().map_or(true, |hours| hours.contain(now, timezone))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_unix(text.parse::<jiff::Timestamp>().unwrap().as_second())
    }

    #[test]
    fn night_shift_ends_on_the_next_morning() {
        let hours: Hours = "Mon-Fri 18:00-02:00".parse().unwrap();
        // 2026-11-20 is a Friday; Kolkata is UTC+5:30.
        let on = |time: &str| hours.contain(at(time), "Asia/Kolkata");
        assert!(on("2026-11-20T12:30:00Z"), "Friday 18:00");
        assert!(!on("2026-11-20T12:29:59Z"), "Friday 17:59");
        assert!(on("2026-11-20T20:29:59Z"), "Saturday 01:59, still Friday's shift");
        assert!(!on("2026-11-20T20:30:00Z"), "Saturday 02:00");
        assert!(!on("2026-11-21T13:00:00Z"), "Saturday evening");
    }

    #[test]
    fn sunday_night_runs_into_monday() {
        let hours: Hours = "Sun 22:00-06:00".parse().unwrap();
        assert!(hours.contain(at("2026-11-23T05:59:00Z"), "UTC"));
        assert!(!hours.contain(at("2026-11-23T06:00:00Z"), "UTC"));
    }

    #[test]
    fn days_may_wrap_and_hours_may_be_several() {
        let hours: Hours = "Sat-Mon 09:00-12:00, Wed 00:00-24:00".parse().unwrap();
        assert!(hours.contain(at("2026-11-22T09:00:00Z"), "UTC"), "Sunday");
        assert!(hours.contain(at("2026-11-25T23:59:00Z"), "UTC"), "Wednesday");
        assert!(!hours.contain(at("2026-11-24T10:00:00Z"), "UTC"), "Tuesday");
    }

    #[test]
    fn texts_that_are_no_hours_are_refused() {
        for text in [
            "",
            "Mon",
            "Mon-Fri",
            "Foo 1:00-2:00",
            "Mon 25:00-26:00",
            "Mon 24:01-25:00",
            "Mon 9-17",
            "Mon 09:00",
            "Mon 09:00-12:00, Tue",
            "Mon09:00-12:00",
            "Mon 09:00-12:00-13:00",
            "Mon-Tue-Wed 09:00-12:00",
            "Mon 10:60-11:00",
            "Mo 1:00-2:00",
            "Mon -1:00-2:00",
        ] {
            assert!(text.parse::<Hours>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn spellings_of_the_same_hours_are_the_same() {
        let same = |a: &str, b: &str| assert_eq!(a.parse::<Hours>().unwrap(), b.parse::<Hours>().unwrap(), "{a}");
        same("Mon, Wed, Fri 9:00-12:00", "Mon 09:00-12:00; Wed 09:00-12:00; Fri 09:00-12:00");
        same("monday - friday 18:00 - 02:00", "Mon-Fri 18:00-02:00");
        same("18:00-02:00", "Mon-Sun 18:00-02:00");
        same("Sat, Sun 00:00-24:00", "Sat-Sun 0:00-0:00");
    }

    #[test]
    fn spans_are_counted_to_the_limit() {
        let spans = |n: usize| vec!["Mon 09:00-10:00"; n].join(",").parse::<Hours>().is_ok();
        assert!(spans(SPANS_MAX) && !spans(SPANS_MAX + 1));
    }

    #[test]
    fn hours_are_the_wall_clocks_when_the_clocks_change() {
        let hours: Hours = "Sun 09:00-17:00".parse().unwrap();
        // Berlin: UTC+1 until 2026-03-29 02:00, UTC+2 from then on.
        assert!(!hours.contain(at("2026-03-29T06:59:00Z"), "Europe/Berlin"), "08:59");
        assert!(hours.contain(at("2026-03-29T07:00:00Z"), "Europe/Berlin"), "09:00");
        assert!(hours.contain(at("2026-03-22T08:00:00Z"), "Europe/Berlin"), "09:00 a week before");
        assert!(!hours.contain(at("2026-03-22T07:59:00Z"), "Europe/Berlin"), "08:59 a week before");
    }

    #[test]
    fn zones_are_known_by_their_iana_names() {
        assert_eq!(zone_name(" asia/kolkata ").as_deref(), Some("Asia/Kolkata"));
        assert_eq!(zone_name("UTC").as_deref(), Some("UTC"));
        for unknown in ["", "Kolkata", "Mars/Base", "../../etc/passwd", "Asia/Kolkata\0"] {
            assert_eq!(zone_name(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn unreadable_hours_mean_always() {
        assert!(is_on_duty("", "", at("2026-11-22T09:00:00Z")));
        assert!(is_on_duty("sometimes", "UTC", at("2026-11-22T09:00:00Z")));
    }
}
