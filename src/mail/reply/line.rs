//! The lines that are searched for a reply: where they are, whether they are quoted, and folding for
//! comparison. What a line means is decided in the neighbouring modules.

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
        text == "\u{1427}" || (text.chars().count() >= 2 && text.chars().all(is_drawing))
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
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{AD}')
}

/// The text without the `>` and blanks in front.
pub(super) fn without_quote_marks(text: &str) -> &str {
    text.trim_start_matches(|c: char| c == '>' || c.is_whitespace())
}

/// The lines of a plain text. `>` after at most three blanks means quoted, as people write it.
pub(super) fn lines_of_text(text: &str) -> Vec<Line<'_>> {
    let mut start = 0;
    text.split('\n')
        .map(|line| {
            let here = start;
            start += line.len() + 1;
            let inner = line.trim_start_matches([' ', '\t', '\u{A0}']);
            let is_quoted = inner.starts_with('>') && line.len() - inner.len() <= 3;
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

/// The digit of another script, and the Arabic comma, as dates are searched for them.
fn digit(c: char) -> Option<char> {
    let zero = match c {
        '\u{0660}'..='\u{0669}' => 0x0660,
        '\u{06F0}'..='\u{06F9}' => 0x06F0,
        '\u{0966}'..='\u{096F}' => 0x0966,
        '\u{0E50}'..='\u{0E59}' => 0x0E50,
        '\u{060C}' => return Some(','),
        _ => return None,
    };
    char::from_digit(u32::from(c) - zero, 10)
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
        assert_eq!(fold("١٥ ينا، ۲۰۲۶ ९ ๗"), "15 ينا, 2026 9 7");
        assert_eq!(fold(" ÄÖ \u{A0} &quot;X&quot; "), "äö \"x\"");
    }
}
