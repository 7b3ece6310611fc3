//! The text part and the HTML part of a mail, compared by letters: they differ in white space, wrapping and markup, and in
//! what stands for links and pictures.

use std::ops::Range;

use memchr::{memchr, memchr3_iter};

/// Longest address or picture's name in brackets, in bytes.
const BRACKETS_BYTES_MAX: usize = 2048;

/// Where in `text` the letters and digits of `tail` begin, if `text` ends with them, other text is before them, and the
/// line begins there; with pictures right above. `None` for a `tail` without letters.
pub(super) fn start_of_letters(text: &str, tail: &str) -> Option<usize> {
    let (skipped, skipped_of_tail) = (addresses_in(text), addresses_in(tail));
    let mut wanted = letters(tail, &skipped_of_tail).rev().map(|(_, c)| c).peekable();
    wanted.peek()?;
    let mut start = text.len();
    for (at, c) in letters(text, &skipped).rev() {
        match wanted.next() {
            Some(expected) if expected == c => start = at,
            Some(_) => return None,
            None => {
                let is_picture = |skipped: &&Range<usize>| {
                    let is_above = (at..start).contains(&skipped.start);
                    is_above && ["[image:", "[cid:"].iter().any(|mark| text[skipped.start..].starts_with(mark))
                };
                let start = skipped.iter().find(is_picture).map_or(start, |picture| picture.start);
                let line_start = text[..start].rfind('\n')?;
                return (line_start > at).then_some(line_start + 1);
            }
        }
    }
    None
}

/// Where in `text` the letters and digits of `head` end, if `text` begins with them and the line
/// ends there. `None` for a `head` without letters.
pub(super) fn end_of_letters(text: &str, head: &str) -> Option<usize> {
    let (skipped, skipped_of_head) = (addresses_in(text), addresses_in(head));
    let mut wanted = letters(head, &skipped_of_head).map(|(_, c)| c).peekable();
    wanted.peek()?;
    for (at, c) in letters(text, &skipped) {
        match wanted.next() {
            Some(expected) if expected == c => {}
            Some(_) => return None,
            None => {
                // All letters were found before this one; the cut is at the line end between them.
                let between = text[..at].rfind('\n')?;
                let has_letters_left = text[between..at].contains(char::is_alphanumeric);
                let end = text[..at].trim_end_matches(|c: char| !c.is_alphanumeric()).len();
                let line_end = text[end..].find('\n').map_or(text.len(), |n| end + n);
                return (!has_letters_left && line_end <= at).then_some(line_end);
            }
        }
    }
    None
}

/// The letters and digits of a text outside of those places, each with where it is.
fn letters<'a>(text: &'a str, skipped: &[Range<usize>]) -> impl DoubleEndedIterator<Item = (usize, char)> + 'a {
    let starts = std::iter::once(0).chain(skipped.iter().map(|skipped| skipped.end));
    let ends = skipped.iter().map(|skipped| skipped.start).chain([text.len()]);
    let kept: Vec<Range<usize>> = starts.zip(ends).map(|(start, end)| start..end).collect();
    kept.into_iter().flat_map(move |kept| {
        let start = kept.start;
        let chars = text.get(kept).unwrap_or_default().char_indices();
        chars.filter(|(_, c)| c.is_alphanumeric()).map(move |(at, c)| (start + at, c))
    })
}

/// What stands for links and pictures: `<https://…>`, `<mailto:…>`, `[image: …]`, `[cid:…]`, the text for a picture in
/// brackets, and addresses without any. In order.
fn addresses_in(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    // Up to here nothing is closed, so that a text full of brackets is read once.
    let mut is_open_until = 0;
    for at in memchr3_iter(b'<', b'[', b':', text.as_bytes()) {
        let after = found.last().map_or(0, |last| last.end);
        if at < after {
            continue;
        }
        let (front, rest) = text.split_at(at);
        let closed_by = |close: u8| {
            let inner = rest.as_bytes().get(..BRACKETS_BYTES_MAX).unwrap_or(rest.as_bytes());
            memchr(close, inner).map(|end| at..at + end + 1)
        };
        let is_bracket = rest.starts_with(['<', '[']);
        if is_bracket && at < is_open_until {
            continue;
        }
        let is_link = || ["<http", "<mailto:", "<tel:"].iter().any(|mark| rest.starts_with(mark));
        let address = match rest.as_bytes().first() {
            Some(b'<') if is_link() => closed_by(b'>'),
            Some(b'[') => closed_by(b']'),
            Some(b':') if rest.starts_with("://") => {
                let start = front.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len().max(after);
                let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ')' | ']'));
                Some(start..at + end.unwrap_or(rest.len()))
            }
            _ => None,
        };
        if address.is_none() && (rest.starts_with('[') || is_link()) {
            is_open_until = at + BRACKETS_BYTES_MAX;
        }
        found.extend(address);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_pictures_make_no_difference() {
        let text = "Yes [1].\n\n[image: logo]\n*Ann*\nwww.example.org <http://www.example.org/>\nhttps://example.org/ann\n[cid:x]\n";
        for tail in
            ["Ann\nwww.example.org", "[logo] Ann www.example.org", "Ann\nwww.example.org <http://elsewhere.test/>"]
        {
            assert_eq!(start_of_letters(text, tail), text.find("[image"), "{tail}");
        }
        assert_eq!(start_of_letters(text, "Bob"), None);
        assert_eq!(start_of_letters(text, "Yes Ann www.example.org"), None);
        assert_eq!(start_of_letters("Yes.\n[done]\nAnn", "Ann"), Some("Yes.\n[done]\n".len()));
        let typed = "See page <https://example.org/x>.\n\nBob said";
        assert_eq!(end_of_letters(typed, "See page [x] <https://other.test/>."), Some(typed.find("\n\n").unwrap_or(0)));
    }

    #[test]
    fn addresses_are_found_in_order_and_once() {
        let found = |text: &'static str| addresses_in(text).into_iter().map(|at| &text[at]).collect::<Vec<_>>();
        assert_eq!(found("a <http://b> c http://d, [e: f] <g@h> i: j"), ["<http://b>", "http://d,", "[e: f]"]);
        assert_eq!(found("<http://a [b ://c"), ["http://a", "://c"]);
    }
}
