//! Dates, times and addresses in a line, as lines that announce a mail have them.

/// Which parts of an attribution were found in a text.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) has_date: bool,
    pub(super) has_time: bool,
    pub(super) has_address: bool,
}

impl Parts {
    pub(super) fn of(text: &str) -> Self {
        let mut parts = Self { has_address: text.contains('@'), ..Self::default() };
        parts.has_date = text.contains(['年', '년']);
        for run in text.split(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | '/' | '-' | 'h'))) {
            match Run::of(run) {
                Some(Run::Date | Run::Year) => parts.has_date = true,
                Some(Run::Time) => parts.has_time = true,
                None => {}
            }
        }
        parts
    }
}

/// A run of digits and separators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// A day, or a month and a year.
    Date,
    /// Hours and minutes.
    Time,
    /// A year alone.
    Year,
}

impl Run {
    pub(super) fn of(run: &str) -> Option<Self> {
        let run = run.trim_matches([':', '.', '/', '-', 'h']);
        let numbers = |separators: &[char]| -> Option<Vec<usize>> {
            run.split(separators)
                .map(|n| (!n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())).then_some(n.len()))
                .collect()
        };
        if let Some(lengths) = numbers(&['.', '/', '-']) {
            return match lengths.as_slice() {
                [4] => (run.starts_with("19") || run.starts_with("20")).then_some(Self::Year),
                // "18.30" in Finnish and Danish; a day and month look alike, and mean a date anyway.
                [1 | 2, 2] if run.contains('.') => Some(Self::Time),
                [1 | 2 | 4, 1 | 2, 1 | 2 | 4] => Some(Self::Date),
                _ => None,
            };
        }
        matches!(numbers(&[':', 'h']).as_deref(), Some([1 | 2, 2] | [1 | 2, 2, 2])).then_some(Self::Time)
    }
}
