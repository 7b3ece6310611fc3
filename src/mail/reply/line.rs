//! The lines that are searched for a reply: where they are, whether they are quoted, and folding for
//! comparison. What a line means is decided in the neighbouring modules.

use memchr::memchr_iter;

use super::super::html::{Mark, Rendered};
use super::fields::Row;

/// One line of a mail's text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// The line without its line feed.
    pub(super) text: &'a str,
    /// Byte offset of its beginning in the whole text.
    pub(super) start: usize,
    /// Written with `>` in front, or inside a quote of the HTML.
    pub(super) is_quoted: bool,
    /// Inside a signature marked in the HTML.
    pub(super) is_signature: bool,
    /// A mail program's mark is right before it.
    pub(super) mark: Option<Mark>,
    /// The header field on it, if it is not quoted.
    pub(super) row: Row<'a>,
}

impl Line<'_> {
    /// Nothing to read on it.
    pub(super) fn is_blank(&self) -> bool {
        self.text.chars().all(|c| c.is_whitespace() || is_invisible(c))
    }

    /// Byte offset just after it, before its line feed.
    pub(super) const fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Only drawing characters: a divider between parts of a mail.
    pub(super) fn is_rule(&self) -> bool {
        let text = self.text.trim();
        // U+1427 is what a tracking add-on of Gmail leaves below a mail.
        text == "\u{1427}" || (text.chars().all(is_drawing) && text.chars().count() >= 2)
    }
}

/// A character people and programs draw lines with.
pub(super) fn is_drawing(c: char) -> bool {
    matches!(
        c,
        '-' | '_' | '=' | '*' | '#' | '~' | '+' | '\u{2010}'..='\u{2015}' | '\u{2500}' | '\u{2501}' | '\u{1427}'
    )
}

/// Zero-width characters and direction marks that some programs put into dates and names.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{AD}')
}

/// The text without the `>` and blanks in front.
pub(super) fn without_quote_marks(text: &str) -> &str {
    text.trim_start_matches(|c: char| c == '>' || c.is_whitespace())
}

/// What GroupWise writes above a quote, without its marks: `>>> Ann <ann@example.org> 15.01.26 14:30 >>>`, and in later
/// versions `>>> On 1/15/2026 at 2:30 PM, in message <id>, Ann`, wrapped before `wrote:`.
pub(super) fn within_groupwise(text: &str) -> Option<&str> {
    let inner = text.strip_prefix(">>> ")?.trim_end();
    let has_digit = inner.bytes().any(|byte| byte.is_ascii_digit());
    inner.strip_suffix(" >>>").or_else(|| inner.contains(", in message <").then_some(inner)).filter(|_| has_digit)
}

/// The lines of a plain text. `>` after at most three blanks means quoted, as people write it.
pub(super) fn lines_of_text(text: &str) -> Vec<Line<'_>> {
    let mut start = 0;
    memchr_iter(b'\n', text.as_bytes())
        .chain([text.len()])
        .map(|end| {
            let (here, line) = (start, text.get(start..end).unwrap_or_default());
            start = end + 1;
            let inner = line.trim_start_matches([' ', '\t', '\u{A0}']);
            let is_quoted =
                inner.starts_with('>') && line.len() - inner.len() <= 3 && within_groupwise(inner).is_none();
            Line { text: line, start: here, is_quoted, is_signature: false, mark: None, row: Row::of(line) }
        })
        .collect()
}

/// The lines of a text made from HTML, with what its structure says added.
pub(super) fn lines_of_html(rendered: &Rendered) -> Vec<Line<'_>> {
    let mut lines = lines_of_text(&rendered.text);
    for (line, facts) in lines.iter_mut().zip(&rendered.lines) {
        line.is_quoted |= facts.is_quoted;
        line.is_signature = facts.is_signature;
        line.mark = facts.mark;
    }
    lines
}

/// A text as the word tables spell it: lower case, single spaces, no invisible characters, and the
/// character references that some programs leave in plain text decoded.
pub(super) fn fold(text: &str) -> String {
    let mut out = if text.is_ascii() { folded_ascii(text) } else { folded_unicode(text) };
    if out.contains('&') {
        out = out
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&nbsp;", " ")
            .replace("&amp;", "&");
    }
    out
}

/// Most lines of most mails, and every line of a mail is folded.
fn folded_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // VT is white space in Unicode, and in ASCII's own list it is not.
    for word in text.split([' ', '\t', '\n', '\r', '\x0B', '\x0C']).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.make_ascii_lowercase();
    out
}

fn folded_unicode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if c.is_whitespace() {
            space = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut space) {
            out.push(' ');
        }
        match digit(c) {
            Some(digit) => out.push(digit),
            // "İ" is written with a dot of its own in small letters.
            None => out.extend(c.to_lowercase().filter(|c| *c != '\u{307}')),
        }
    }
    out
}

/// The zeros of other scripts that dates are written in: Arabic, Persian, the scripts of India, Thai, Lao, Burmese, Khmer.
const ZEROS: [u32; 15] = [
    0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0, 0x1040,
    0x17E0,
];

/// The digit of another script, and the Arabic comma, as dates are searched for them.
fn digit(c: char) -> Option<char> {
    if c == '\u{060C}' {
        return Some(',');
    }
    let code = u32::from(c);
    if !(ZEROS[0]..ZEROS[ZEROS.len() - 1] + 10).contains(&code) {
        return None;
    }
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// The first line at or after `from` that is not blank.
pub(super) fn next_filled(lines: &[Line<'_>], from: usize) -> Option<usize> {
    (from..lines.len()).find(|&at| !lines[at].is_blank())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_the_same_for_every_script() {
        for text in ["  On\tMon,  Ann \x0B WROTE: ", "", " ", "&lt;a@b&gt; &amp;lt;", "a\x0Cb\x1Cc", "\x7F"] {
            let plain = fold(text);
            assert_eq!(folded_unicode(text), folded_ascii(text), "{text:?}");
            assert_eq!(fold(&format!("{text}\u{200B}")), plain, "{text:?}");
        }
        assert_eq!(fold("١٥ ينا، ۲۰۲۶ ९ ๗ ২০২৬ ௧௦ ០៩"), "15 ينا, 2026 9 7 2026 10 09");
        assert_eq!(fold(" ÄÖ \u{A0} &quot;X&quot; "), "äö \"x\"");
    }
}
