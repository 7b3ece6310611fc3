//! The header of Lotus Notes, whose names stand on lines of their own:
//!
//! ```text
//! "Ann Example" <ann@example.org>
//! 15.01.2026 14:30
//!
//! To
//! <bob@example.org>
//! Subject
//! Lamp
//! ```
//!
//! Older ones name the writer by place (`Ann Example/SALES/EXAMPLE`) and have a tab between name and value.

use super::attribution::is_name_and_address;
use super::dates::Parts;
use super::fields::{Field, field_of};
use super::line::{Line, fold, next_filled};

/// Most lines with text on them of such a header.
const LINES_MAX: usize = 12;
/// Longest of its lines, in bytes.
const LINE_BYTES_MAX: usize = 200;

/// If such a header starts at line `at`, the number of the line after it.
pub(super) fn header_end(lines: &[Line<'_>], at: usize) -> Option<usize> {
    let first = lines.get(at)?.text;
    let is_writer = || first.contains('@') && is_name_and_address(&fold(first)) || is_name_in_a_place(first);
    // Every line of every mail comes here.
    if first.len() > LINE_BYTES_MAX || memchr::memchr2(b'@', b'/', first.as_bytes()).is_none() || !is_writer() {
        return None;
    }
    let second = next_filled(lines, at + 1)?;
    let time = fold(lines[second].text);
    let parts = Parts::of(&time);
    if time.len() > LINE_BYTES_MAX || !parts.has_date || !parts.has_time || time.split(' ').count() > 6 {
        return None;
    }
    let mut line = next_filled(lines, second + 1)?;
    if field_alone(&lines[line]) != Some(Field::To) {
        return None;
    }
    for _ in 0..LINES_MAX {
        line = next_filled(lines, line + 1).filter(|&line| !lines[line].is_quoted)?;
        if field_alone(&lines[line]) == Some(Field::Subject) {
            // The subject itself is on the next line, if there is one.
            let is_on_line = lines[line].text.trim().contains('\t');
            return Some(if is_on_line {
                line + 1
            } else if lines.get(line + 1).is_some_and(|next| !next.is_blank()) {
                line + 2
            } else {
                line + 1
            });
        }
    }
    None
}

/// "Ann Example/SALES/EXAMPLE": a name, and where it stands in the directory.
fn is_name_in_a_place(text: &str) -> bool {
    /// Most words in all.
    const WORDS_MAX: usize = 6;
    let text = text.trim();
    let (name, place) = text.split_once('/').unwrap_or_default();
    let is_place = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_lowercase() || c.is_ascii_digit());
    name.contains(' ')
        && text.split_whitespace().count() <= WORDS_MAX
        && name.split(' ').all(|word| word.starts_with(char::is_uppercase))
        && place.split('/').all(is_place)
}

/// The field's name on a line without a colon: alone, or in front of a tab.
fn field_alone(line: &Line<'_>) -> Option<Field> {
    let text = line.text.trim();
    let text = text.split('\t').next().unwrap_or(text).trim_end();
    if text.len() > LINE_BYTES_MAX {
        return None;
    }
    let text = format!("{text}:");
    field_of(&text).map(|(field, _)| field)
}

/// "Ann Example ---15.01.2026 14:30:25---We have no lamp": a time between dashes behind a name.
pub(super) fn is_summary(text: &str) -> bool {
    let mut pieces = text.splitn(3, "---");
    let (name, time, words) = (pieces.next(), pieces.next(), pieces.next());
    let parts = Parts::of(&fold(time.unwrap_or_default()));
    name.is_some_and(|name| !name.trim().is_empty() && name.len() <= LINE_BYTES_MAX)
        && words.is_some()
        && parts.has_date
        && parts.has_time
}

#[cfg(test)]
mod tests {
    use super::super::line::lines_of_text;
    use super::*;

    fn end(text: &str) -> Option<usize> {
        header_end(&lines_of_text(text), 0)
    }

    #[test]
    fn headers_with_names_on_lines_of_their_own_are_known() {
        let german =
            "\"Ann\" <ann@example.org>\n15.01.2026 14:30\n\nAn\n<bob@example.org>\nKopie\n\nThema\nLampe\n\nText";
        assert_eq!(end(german), Some(9));
        let by_place = "Ann Example/SALES/EXAMPLE\n15.01.2026 14:30\n\nAn\tBob Example/CLIENT@CLIENT\nKopie\t\nThema\tLampe\n\nText";
        assert_eq!(end(by_place), Some(6));
        assert_eq!(end("Ann <ann@example.org>\n01/15/2026 02:30 PM\n\nTo\nBob\ncc\n\nSubject\n\nText"), Some(8));
    }

    #[test]
    fn an_address_and_a_time_alone_are_no_header() {
        assert_eq!(end("Ann <ann@example.org>\n15.01.2026 14:30\n\nShe comes to you then."), None);
        assert_eq!(end("Paper and/or Toner\n15.01.2026 14:30\n\nAn\tBob\nThema\tx"), None);
        assert_eq!(end("Ann Example/SALES\n15.01.2026 14:30\n\nShe comes."), None);
        assert_eq!(end("Ann <ann@example.org>\nTo\nBob\nSubject\nx"), None);
        assert_eq!(end("Ann <ann@example.org>\n15.01.2026 14:30\nTo\nBob"), None);
    }

    #[test]
    fn a_name_a_time_and_the_first_words_sum_a_mail_up() {
        assert!(is_summary("Ann Example ---15.01.2026 14:30:25---We have no lamp"));
        assert!(!is_summary("-----Original Message-----"));
        assert!(!is_summary("Ann --- 15.01.2026 14:30"));
    }
}
