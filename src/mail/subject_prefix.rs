//! What mail programs and filters put before a subject: "Re:", `AW[2]:`, "Fwd:", `[EXTERNAL]`.
//!
//! The words are in `reply::languages`. What a prefix means is decided by the callers:
//! `forward` looks for forwards, `decision` compares subjects without prefixes.

use super::reply::languages::{DOUBTFUL_FORWARD_PREFIXES, FILTER_MARKS, FORWARD_PREFIXES, REPLY_PREFIXES, entries};

/// Longest prefix with a colon or stars looked at, in bytes (chosen; the longest word has 24).
const PREFIX_BYTES_MAX: usize = 40;

/// What one prefix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// "Fwd:".
    Forward,
    /// "TR:": forwarded in one language, a word or answered in another.
    DoubtfulForward,
    /// "Re:".
    Answer,
    /// `[EXTERNAL]`, `***SPAM***`, `[#12]`: says nothing about answering or forwarding.
    Mark,
}

/// The prefix `subject` begins with and the text after it.
pub(crate) fn split(subject: &str) -> Option<(Prefix, &str)> {
    let subject = subject.trim_start();
    marked(subject).map(|rest| (Prefix::Mark, rest)).or_else(|| word_prefix(subject))
}

/// The subject without a "(fwd)" at its end.
pub(crate) fn without_forward_suffix(subject: &str) -> Option<&str> {
    let subject = subject.trim_end();
    let at = subject.len().checked_sub("(fwd)".len())?;
    subject.get(at..)?.eq_ignore_ascii_case("(fwd)").then(|| subject.get(..at).unwrap_or_default())
}

/// `[EXTERNAL] rest`, `{EXTERNAL} rest`, `***SPAM*** rest`, `[#1]: rest`: what follows the mark.
fn marked(subject: &str) -> Option<&str> {
    let bracketed = |open, close| subject.strip_prefix(open)?.split_once(close).map(|(_, rest)| rest);
    let starred = || {
        let inner = subject.strip_prefix('*')?.trim_start_matches('*');
        let end = inner.find('*').filter(|end| (1..=PREFIX_BYTES_MAX).contains(end))?;
        inner.get(end..).map(|rest| rest.trim_start_matches('*'))
    };
    let rest = bracketed('[', ']').or_else(|| bracketed('{', '}')).or_else(starred)?;
    let behind = rest.trim_start();
    Some(behind.strip_prefix(':').unwrap_or(behind))
}

/// `Re: rest`, `AW[2]: rest`, `Odp.: rest`, `Fwd : rest`, `回复：rest`.
fn word_prefix(subject: &str) -> Option<(Prefix, &str)> {
    let (at, colon) =
        subject.char_indices().take_while(|(at, _)| *at <= PREFIX_BYTES_MAX).find(|(_, c)| matches!(c, ':' | '：'))?;
    let word = subject.get(..at)?.to_lowercase();
    let is_count =
        |c: char| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '[' | ']' | '(' | ')' | '^' | '*' | '.');
    let word = word.trim_end_matches(is_count);
    let is_in = |table| entries(table).any(|entry| entry.trim_end_matches('.') == word);
    let prefix = if is_in(FORWARD_PREFIXES) {
        Prefix::Forward
    } else if is_in(DOUBTFUL_FORWARD_PREFIXES) {
        Prefix::DoubtfulForward
    } else if is_in(REPLY_PREFIXES) {
        Prefix::Answer
    } else if is_in(FILTER_MARKS) {
        Prefix::Mark
    } else {
        return None;
    };
    Some((prefix, subject.get(at + colon.len_utf8()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_marks_are_taken_off_one_by_one() {
        for (subject, prefix, rest) in [
            ("Re: x", Prefix::Answer, " x"),
            ("AW[2]: x", Prefix::Answer, " x"),
            ("RE : x", Prefix::Answer, " x"),
            ("Odp.: x", Prefix::Answer, " x"),
            ("회신: x", Prefix::Answer, " x"),
            ("FW (3): x", Prefix::Forward, " x"),
            ("TRS: x", Prefix::Forward, " x"),
            ("TOV: x", Prefix::Forward, " x"),
            ("ΠΡΘ: x", Prefix::Forward, " x"),
            ("ΣΧΕΤ: x", Prefix::Answer, " x"),
            ("转发：x", Prefix::Forward, "x"),
            ("VL.: x", Prefix::DoubtfulForward, " x"),
            ("[#1]: x", Prefix::Mark, " x"),
            ("{EXTERNAL} x", Prefix::Mark, "x"),
            ("***SPAM*** x", Prefix::Mark, "x"),
            ("EXTERNAL: x", Prefix::Mark, " x"),
        ] {
            assert_eq!(split(subject), Some((prefix, rest)), "{subject}");
        }
        for subject in ["x", "Printer: x", "Re", "[open", "* x", "**", "", ": x", "Warning: x"] {
            assert_eq!(split(subject), None, "{subject}");
        }
    }

    #[test]
    fn a_forward_may_be_told_at_the_end() {
        assert_eq!(without_forward_suffix("x (Fwd) "), Some("x "));
        assert_eq!(without_forward_suffix("x fwd"), None);
    }
}
