//! The text of a mail that is nothing but an invitation (RFC 5545): what, when, where and the description.

/// Bytes of a calendar that are looked at (chosen: an invitation with many guests has 20 KiB).
const CALENDAR_BYTES_MAX: usize = 1024 * 1024;

/// What the first event says.
#[derive(Default)]
struct Event {
    summary: String,
    start: String,
    end: String,
    location: String,
    description: String,
}

/// The first event or task of a calendar as text; `None` when it says nothing.
pub(super) fn text_of(calendar: &str) -> Option<String> {
    let calendar = calendar.get(..calendar.floor_char_boundary(CALENDAR_BYTES_MAX)).unwrap_or(calendar);
    // Long lines go on behind a line end and a blank.
    let unfolded = calendar.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let mut event = Event::default();
    let mut depth = 0;
    for line in unfolded.lines() {
        let Some((name, value)) = split(line) else { continue };
        let (name, parameters) = name.split_once(';').unwrap_or((name, ""));
        let is_of = |kind: &str| ["VEVENT", "VTODO"].iter().any(|of| kind.trim().eq_ignore_ascii_case(of));
        match name.to_ascii_uppercase().as_str() {
            "BEGIN" if depth > 0 || is_of(value) => depth += 1,
            "END" if depth == 1 => break,
            "END" if depth > 1 => depth -= 1,
            "SUMMARY" if depth == 1 => event.summary = unescaped(value),
            "LOCATION" if depth == 1 => event.location = unescaped(value),
            "DESCRIPTION" if depth == 1 => event.description = unescaped(value),
            "DTSTART" if depth == 1 => event.start = time(value, parameters),
            "DTEND" | "DUE" if depth == 1 => event.end = time(value, parameters),
            _ => {}
        }
    }
    let times = match (event.start.is_empty(), event.end.is_empty()) {
        (false, false) => format!("{} – {}", event.start, event.end),
        _ => event.start + &event.end,
    };
    let head: Vec<String> =
        [event.summary, times, event.location].into_iter().filter(|line| !line.is_empty()).collect();
    let parts = [head.join("\n"), event.description];
    let text = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
    Some(text).filter(|text| !text.is_empty())
}

/// Name with parameters, and value: the first colon outside of quotes parts them.
fn split(line: &str) -> Option<(&str, &str)> {
    let mut is_quoted = false;
    let at = line.char_indices().find(|(_, c)| {
        is_quoted ^= *c == '"';
        *c == ':' && !is_quoted
    })?;
    Some((line.get(..at.0)?, line.get(at.0 + 1..)?))
}

fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.trim().chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            _ => out.push(c),
        }
    }
    out
}

/// `20260301T100000` as `2026-03-01 10:00`, with its zone; anything else as it stands.
fn time(value: &str, parameters: &str) -> String {
    let value = value.trim();
    let number = |from: usize, to: usize| {
        value.get(from..to).filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(4, 6), number(6, 8)) else {
        return value.to_owned();
    };
    let zone = if value.ends_with('Z') {
        Some("UTC")
    } else {
        let mut named = parameters.split(';');
        named.find_map(|parameter| parameter.strip_prefix("TZID=")).map(|zone| zone.trim_matches('"'))
    };
    match (number(9, 11), number(11, 13)) {
        (Some(hour), Some(minute)) => {
            let zone = zone.map_or_else(String::new, |zone| format!(" ({zone})"));
            format!("{year}-{month}-{day} {hour}:{minute}{zone}")
        }
        _ => format!("{year}-{month}-{day}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_says_what_when_and_where() {
        let calendar = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nDTSTART:16010101T030000\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\n\
            SUMMARY;LANGUAGE=en:Team \r\n meeting\r\nDTSTART;TZID=\"Europe/Berlin\":20260301T100000\r\nDTEND:20260301T100000Z\r\n\
            LOCATION:Room 4\\, second floor\r\nDESCRIPTION:Bring the\\nreport\r\nBEGIN:VALARM\r\nDESCRIPTION:no\r\nEND:VALARM\r\n\
            END:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:Other\r\nEND:VEVENT\r\nEND:VCALENDAR";
        assert_eq!(
            text_of(calendar).as_deref(),
            Some(
                "Team meeting\n2026-03-01 10:00 (Europe/Berlin) – 2026-03-01 10:00 (UTC)\nRoom 4, second floor\n\nBring the\nreport"
            )
        );
        assert_eq!(
            text_of("BEGIN:VEVENT\nSUMMARY:x\nDTSTART;VALUE=DATE:20260301\nEND:VEVENT").as_deref(),
            Some("x\n2026-03-01")
        );
    }

    #[test]
    fn a_calendar_without_an_event_says_nothing() {
        for calendar in ["", "BEGIN:VCALENDAR\nEND:VCALENDAR", "SUMMARY:outside", "BEGIN:VEVENT\nEND:VEVENT"] {
            assert_eq!(text_of(calendar), None, "{calendar}");
        }
    }
}
