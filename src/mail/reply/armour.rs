//! The text inside an OpenPGP signature that stands in the text itself (RFC 9580 §7).

use super::line::{Line, next_filled};

/// Most lines between the first one and the text: names of digests, and a comment.
const HEADER_LINES_MAX: usize = 8;

/// What was signed.
pub(super) struct Signed<'a> {
    /// The number of its first line.
    pub(super) start: usize,
    /// Its lines, without the dashes in front of lines that begin with one.
    pub(super) lines: Vec<Line<'a>>,
}

/// The lines inside of the signature, if the text is a signed one.
pub(super) fn signed_lines<'a>(lines: &[Line<'a>]) -> Option<Signed<'a>> {
    let first = next_filled(lines, 0)?;
    if lines[first].text.trim_end() != "-----BEGIN PGP SIGNED MESSAGE-----" {
        return None;
    }
    let blank = (first + 1..lines.len()).take(HEADER_LINES_MAX).find(|&at| lines[at].is_blank())?;
    let end = (blank..lines.len()).find(|&at| lines[at].text.trim_end() == "-----BEGIN PGP SIGNATURE-----")?;
    let last = lines.iter().rposition(|line| !line.is_blank())?;
    // What stands below was not signed, and may be anything.
    if lines[last].text.trim_end() != "-----END PGP SIGNATURE-----" {
        return None;
    }
    let without_dash = |line: &Line<'a>| match line.text.strip_prefix("- -") {
        Some(_) => Line { text: line.text.get(2..).unwrap_or_default(), start: line.start + 2, ..*line },
        None => *line,
    };
    let start = blank + 1;
    Some(Signed { start, lines: lines.get(start..end)?.iter().map(without_dash).collect() })
}
