//! The language of the inbox's search: words and phrases, and conditions such as `from:ann is:open before:2026-11-01`.
//! Pure; it is carried out by `store`.

use super::words::words;
use super::{Status, Timestamp};

/// Conditions looked at; more are ignored. Chosen: people type fewer.
const CONDITIONS_MAX: usize = 32;

/// Longest search looked at, in characters. Chosen: a pasted paragraph.
const SEARCH_CHARS_MAX: usize = 1000;

words! {
    /// What a ticket is, besides its status.
    pub enum Is {
        /// Nobody's.
        Unassigned = "unassigned",
        /// Assigned to who asks.
        Mine = "mine",
        /// Waiting for staff longer than setting `overdue_time`.
        Overdue = "overdue",
        /// Put off.
        Snoozed = "snoozed",
        /// Called spam; without this, spam is left out.
        Spam = "spam",
        /// With something new for who asks.
        Unread = "unread",
        /// Merged into another; without this, such tickets are left out.
        Merged = "merged",
    }
}

words! {
    /// What a ticket has.
    pub enum Has {
        /// A file.
        Attachment = "attachment",
        /// A note.
        Note = "note",
        /// A tag.
        Tag = "tag",
    }
}

/// Who a ticket is assigned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// Who asks.
    Me,
    /// Nobody.
    Nobody,
    /// The account of that name.
    To(String),
}

/// A search, taken apart. Every condition has to hold; of several statuses, departments or assignees one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Words, `"phrases"` and `#12`, as typed.
    pub text: String,
    /// Names or addresses of whose tickets they are.
    pub from: Vec<String>,
    /// Names or addresses of who takes part, or of ours that they came to.
    pub to: Vec<String>,
    /// Statuses.
    pub statuses: Vec<Status>,
    /// What else they are.
    pub is: Vec<Is>,
    /// What they have.
    pub has: Vec<Has>,
    /// Who they are assigned to.
    pub assigned: Vec<Assigned>,
    /// Tags.
    pub tags: Vec<String>,
    /// Departments, or beginnings of their names.
    pub departments: Vec<String>,
    /// Touched before.
    pub before: Option<Timestamp>,
    /// Touched at or after.
    pub after: Option<Timestamp>,
}

impl Search {
    /// Reads what people type. Whatever is no condition is text: `10:30` and `https://…` are words.
    ///
    /// Days such as `2026-11-01` begin in the time zone (an IANA name); `7d` is seven days before now.
    #[must_use]
    pub fn parse(typed: &str, now: Timestamp, zone: &str) -> Self {
        let mut search = Self::default();
        let typed: String = typed.chars().take(SEARCH_CHARS_MAX).collect();
        let mut conditions = 0;
        for piece in pieces(&typed) {
            let is_taken = conditions < CONDITIONS_MAX
                && piece.split_once(':').is_some_and(|(key, value)| {
                    let value = value.trim_matches('"').trim();
                    !value.is_empty() && search.take(&key.to_ascii_lowercase(), value, now, zone)
                });
            if is_taken {
                conditions += 1;
            } else {
                if !search.text.is_empty() {
                    search.text.push(' ');
                }
                search.text.push_str(&piece);
            }
        }
        search
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes a condition; says whether it is one.
    fn take(&mut self, key: &str, value: &str, now: Timestamp, zone: &str) -> bool {
        let word = value.to_ascii_lowercase();
        match key {
            "from" => self.from.push(value.to_owned()),
            "to" => self.to.push(value.to_owned()),
            "in" => self.departments.push(value.to_owned()),
            "tag" => self.tags.push(value.to_owned()),
            "assigned" => self.assigned.push(match word.as_str() {
                "me" => Assigned::Me,
                "nobody" | "none" => Assigned::Nobody,
                _ => Assigned::To(value.to_owned()),
            }),
            "is" => match (word.parse::<Status>(), Is::from_word(&word)) {
                (_, Some(is)) => self.is.push(is),
                (Ok(status), None) => self.statuses.push(status),
                (Err(_), None) => return false,
            },
            "has" => match Has::from_word(word.strip_suffix('s').unwrap_or(&word)) {
                Some(has) => self.has.push(has),
                None => return false,
            },
            "before" | "after" => {
                let Some(at) = moment(&word, now, zone) else { return false };
                let place = if key == "before" { &mut self.before } else { &mut self.after };
                *place = Some(at);
            }
            _ => return false,
        }
        true
    }
}

/// Cut at blanks that are not in quotes; the quotes stay. A quote that is not closed reaches to the end.
fn pieces(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut is_quoted = false;
    for c in text.chars() {
        if c == '"' {
            is_quoted = !is_quoted;
        }
        let is_blank = c.is_whitespace() || c.is_control();
        match found.last_mut() {
            Some(last) if !is_blank || is_quoted => last.push(if is_blank { ' ' } else { c }),
            _ => found.push(String::new()),
        }
    }
    if is_quoted && let Some(last) = found.last_mut() {
        last.push('"');
    }
    found.retain(|piece| !piece.is_empty());
    found
}

/// The beginning of a day, or so many days, weeks or hours ago.
fn moment(word: &str, now: Timestamp, zone: &str) -> Option<Timestamp> {
    if let Some((number, unit)) = word.split_at_checked(word.len().saturating_sub(1)) {
        let unit_s = match unit {
            "h" => Some(Timestamp::HOUR_S),
            "d" => Some(Timestamp::DAY_S),
            "w" => Some(7 * Timestamp::DAY_S),
            _ => None,
        };
        if let (Some(unit_s), Ok(number)) = (unit_s, number.parse::<u32>()) {
            return Some(now.plus_s(-i64::from(number).saturating_mul(unit_s)));
        }
    }
    let date: jiff::civil::Date = word.parse().ok()?;
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let start = date.to_zoned(zone).ok()?;
    Some(Timestamp::from_unix(start.timestamp().as_second()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn parsed(typed: &str) -> Search {
        Search::parse(typed, NOW, "UTC")
    }

    #[test]
    fn conditions_are_taken_out_and_the_rest_is_text() {
        let search = parsed(
            "printer \"on fire\" from:ann@x.test to:\"Bob Smith\" is:open IS:Unassigned is:awaiting has:attachments \
             assigned:me assigned:nobody assigned:eva tag:\"big customer\" in:Sales #12",
        );
        let expected = Search {
            text: "printer \"on fire\" #12".to_owned(),
            from: vec!["ann@x.test".to_owned()],
            to: vec!["Bob Smith".to_owned()],
            statuses: vec![Status::Open, Status::AwaitingReply],
            is: vec![Is::Unassigned],
            has: vec![Has::Attachment],
            assigned: vec![Assigned::Me, Assigned::Nobody, Assigned::To("eva".to_owned())],
            tags: vec!["big customer".to_owned()],
            departments: vec!["Sales".to_owned()],
            before: None,
            after: None,
        };
        assert_eq!(search, expected);
    }

    #[test]
    fn what_is_no_condition_is_text() {
        for text in
            ["10:30", "https://x.test/a", "is:great", "has:everything", "before:lunch", "from:", "in:\"\"", "foo:bar"]
        {
            assert_eq!(parsed(text), Search { text: text.to_owned(), ..Search::default() }, "{text}");
        }
        assert!(parsed("  \t").is_empty());
        assert_eq!(parsed("\"not closed").text, "\"not closed\"");
        assert_eq!(parsed("a\0b").text, "a b");
    }

    #[test]
    fn days_begin_where_one_is_and_spans_count_back_from_now() {
        let at = |typed: &str, zone| Search::parse(typed, NOW, zone).before.unwrap().unix();
        assert_eq!(at("before:2026-11-01", "UTC"), 1_793_491_200);
        assert_eq!(at("before:2026-11-01", "Asia/Kolkata"), 1_793_491_200 - 19_800);
        assert_eq!(at("before:2026-11-01", "Nowhere"), 1_793_491_200);
        assert_eq!(at("before:7d", "UTC"), NOW.unix() - 7 * 86_400);
        assert_eq!(parsed("after:2h").after, Some(NOW.plus_s(-7200)));
        assert_eq!(parsed("after:2026-02-30").after, None);
    }

    #[test]
    fn searches_are_looked_at_up_to_their_limits() {
        let typed = "tag:x ".repeat(CONDITIONS_MAX + 1);
        let search = parsed(&typed);
        assert_eq!((search.tags.len(), search.text.as_str()), (CONDITIONS_MAX, "tag:x"));
        assert_eq!(parsed(&"é".repeat(SEARCH_CHARS_MAX + 1)).text.chars().count(), SEARCH_CHARS_MAX);
    }
}
