//! Times as a person reads them: in their own zone, today by the hour, else by the date; the title names the zone.

use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, Zoned};

use super::language::Language;
use crate::domain::Timestamp;

/// A person's clock.
#[derive(Clone)]
pub(crate) struct Clock {
    zone: TimeZone,
    now: Timestamp,
    language: &'static Language,
}

/// A time in its three forms.
pub(crate) struct Time {
    /// For machines (`datetime`).
    pub(crate) machine: String,
    /// Short, as lists show it.
    pub(crate) short: String,
    /// In full with the zone, as the title has it.
    pub(crate) full: String,
}

impl Clock {
    /// The clock of the first of these zones that there is; else UTC.
    pub(crate) fn of(zones: &[&str], now: Timestamp, language: &'static Language) -> Self {
        let zone = zones.iter().filter(|name| !name.is_empty()).find_map(|name| TimeZone::get(name).ok());
        Self { zone: zone.unwrap_or(TimeZone::UTC), now, language }
    }

    /// The name of the zone.
    pub(crate) fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// What is the time now.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    fn zoned(&self, at: Timestamp) -> Zoned {
        Instant::from_second(at.unix()).unwrap_or_default().to_zoned(self.zone.clone())
    }

    /// A time in its three forms.
    pub(crate) fn time(&self, at: Timestamp) -> Time {
        let (then, today) = (self.zoned(at), self.zoned(self.now));
        let hour = format!("{:02}:{:02}", then.hour(), then.minute());
        let month = self.language.word("month", &then.month().to_string());
        let (day, year) = (i64::from(then.day()).to_string(), then.year().to_string());
        let date = self.language.with_all("date", &[("day", (&day).into()), ("month", (&month).into())]);
        let with_year = format!("{date} {year}");
        let short = if then.date() == today.date() {
            hour.clone()
        } else if then.year() == today.year() {
            date
        } else {
            with_year.clone()
        };
        // The hour that comes twice in autumn is told apart by this.
        let short_zone = then.strftime("%Z").to_string();
        let short_zone = if short_zone == self.zone_name() { String::new() } else { format!(" {short_zone}") };
        let full = format!("{with_year}, {hour}{short_zone} ({})", self.zone_name());
        Time { machine: then.timestamp().to_string(), short, full }
    }

    /// The time of a morning so many days ahead: 8:00 in this zone.
    pub(crate) fn morning(&self, days: i64) -> Timestamp {
        let day = self.zoned(self.now).date().saturating_add(jiff::Span::new().days(days));
        let at = day.at(8, 0, 0, 0).to_zoned(self.zone.clone());
        at.map_or(self.now, |at| Timestamp::from_unix(at.timestamp().as_second()))
    }

    /// The time that a form's `2026-11-28T15:30` means here.
    pub(crate) fn of_form(&self, text: &str) -> Option<Timestamp> {
        let local: jiff::civil::DateTime = text.parse().ok()?;
        let at = local.to_zoned(self.zone.clone()).ok()?;
        Some(Timestamp::from_unix(at.timestamp().as_second()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::language::LANGUAGES;
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_unix(text.parse::<Instant>().unwrap().as_second())
    }

    #[test]
    fn people_see_their_own_time_over_a_change_of_the_clock() {
        // New York sets its clocks back on 1 November 2026 at 6:00 UTC; Kolkata never does.
        let now = at("2026-11-01T20:00:00Z");
        let shown = |zone: &str, then: &str| Clock::of(&[zone], now, &LANGUAGES[0]).time(at(then)).short;
        assert_eq!(shown("America/New_York", "2026-11-01T05:30:00Z"), "01:30");
        assert_eq!(shown("America/New_York", "2026-11-01T06:30:00Z"), "01:30");
        let full = |then: &str| Clock::of(&["America/New_York"], now, &LANGUAGES[0]).time(at(then)).full;
        assert_eq!(full("2026-11-01T05:30:00Z"), "1 Nov 2026, 01:30 EDT (America/New_York)");
        assert_eq!(full("2026-11-01T06:30:00Z"), "1 Nov 2026, 01:30 EST (America/New_York)");
        assert_eq!(shown("Asia/Kolkata", "2026-11-01T05:30:00Z"), "1 Nov");
        assert_eq!(shown("Asia/Kolkata", "2026-11-01T19:00:00Z"), "00:30");
        assert_eq!(shown("", "2025-11-01T19:00:00Z"), "1 Nov 2025");
    }

    #[test]
    fn the_full_time_names_its_zone() {
        let clock = Clock::of(&["", "Europe/Berlin"], at("2026-07-01T10:00:00Z"), &LANGUAGES[1]);
        assert_eq!(clock.time(at("2026-07-01T10:00:00Z")).full, "1. Juli 2026, 12:00 CEST (Europe/Berlin)");
    }

    #[test]
    fn an_unknown_zone_is_passed_over() {
        let clock = Clock::of(&["Mars/Base", "UTC"], at("2026-07-01T10:00:00Z"), &LANGUAGES[0]);
        assert_eq!(clock.zone_name(), "UTC");
    }
}
