//! Whether an HTML text may be given to the sanitiser, told in one linear pass.
//!
//! ammonia's parser (html5ever) takes quadratic time on deep nesting, on many attributes in one tag
//! and on many stray `&`, and multiplies unclosed formatting elements into every new paragraph; all
//! were measured. Past a cap the caller falls back to text, which is made in linear time.

use super::elements::OpenElements;
use super::tokens::{Tag, Token, Tokens, is_void};

/// Largest HTML sanitised, in bytes: 512 KiB. Measured: 20,000 open `<div>` take 1 s.
pub const HTML_BYTES_MAX: usize = 512 * 1024;
/// Deepest nesting sanitised, in elements. Real mail stays below 100.
pub const HTML_DEPTH_MAX: usize = 256;
/// Most attributes in one tag; duplicates are looked for pairwise by the parser.
const TAG_ATTRIBUTES_MAX: usize = 256;
/// Most `&` in the text; 512 Ki of them alone took 9.6 s to parse, this many take 15 ms.
const AMPERSANDS_MAX: usize = 20_000;
/// Most formatting elements the parser may have to open again, summed over the whole text
/// ("reconstruct the active formatting elements", HTML §13.2.4.3). Each costs an element of output.
const REOPENED_ELEMENTS_MAX: usize = 100_000;

/// The elements that are opened again in the next paragraph when they were left open.
const FORMATTING: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Whether `html` is within the caps on size, nesting and repetition.
pub(crate) fn is_within_caps(html: &str) -> bool {
    html.len() <= HTML_BYTES_MAX
        && html.bytes().filter(|b| *b == b'&').count() <= AMPERSANDS_MAX
        && Scan::new().passes(html)
}

struct Scan {
    /// The open elements; of formatting elements the place in [`FORMATTING`].
    open: OpenElements<Option<usize>>,
    /// How many formatting elements of each name ended with what was around them and will be opened
    /// again. By name, because only their own end tags bring them to an end.
    orphans: [usize; FORMATTING.len()],
    reopened: usize,
}

impl Scan {
    const fn new() -> Self {
        Self { open: OpenElements::new(), orphans: [0; FORMATTING.len()], reopened: 0 }
    }

    fn passes(mut self, html: &str) -> bool {
        Tokens::new(html).all(|token| match token {
            Token::Text(_) => self.reopen(),
            Token::Raw(_) => true,
            Token::Start(tag) => self.start(&tag),
            Token::End(name) => {
                self.end(name);
                true
            }
        })
    }

    fn start(&mut self, tag: &Tag<'_>) -> bool {
        if tag.attributes().take(TAG_ATTRIBUTES_MAX + 1).count() > TAG_ATTRIBUTES_MAX {
            return false;
        }
        if !is_void(tag.name) {
            let closed = self.open.close_implied(tag.name);
            self.adopt(&closed);
            self.open.open(tag.name, formatting(tag.name));
        }
        self.open.depth() <= HTML_DEPTH_MAX && self.reopen()
    }

    fn end(&mut self, name: &str) {
        let closed = self.open.close(name);
        match closed.split_last() {
            // The last one closed is the element named; the others inside it were cut short.
            Some((_, inside)) => self.adopt(inside),
            None => {
                if let Some(kind) = formatting(name) {
                    self.orphans[kind] = self.orphans[kind].saturating_sub(1);
                }
            }
        }
    }

    fn adopt(&mut self, closed: &[Option<usize>]) {
        for kind in closed.iter().flatten() {
            self.orphans[*kind] += 1;
        }
    }

    /// Counts what the parser may open again for the next piece of content.
    fn reopen(&mut self) -> bool {
        self.reopened += self.orphans.iter().sum::<usize>();
        self.reopened <= REOPENED_ELEMENTS_MAX
    }
}

fn formatting(name: &str) -> Option<usize> {
    FORMATTING.iter().position(|formatting| name.eq_ignore_ascii_case(formatting))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_accepted_up_to_the_cap_and_not_beyond() {
        assert!(is_within_caps(&"<div>".repeat(HTML_DEPTH_MAX)));
        assert!(!is_within_caps(&"<div>".repeat(HTML_DEPTH_MAX + 1)));
    }

    #[test]
    fn size_is_accepted_up_to_the_cap_and_not_beyond() {
        assert!(is_within_caps(&"x".repeat(HTML_BYTES_MAX)));
        assert!(!is_within_caps(&"x".repeat(HTML_BYTES_MAX + 1)));
    }

    #[test]
    fn attributes_are_accepted_up_to_the_cap_and_not_beyond() {
        let tag = |count: usize| format!("<p{}>", " a".repeat(count));
        assert!(is_within_caps(&tag(TAG_ATTRIBUTES_MAX)));
        assert!(!is_within_caps(&tag(TAG_ATTRIBUTES_MAX + 1)));
    }

    #[test]
    fn ampersands_are_accepted_up_to_the_cap_and_not_beyond() {
        assert!(is_within_caps(&"&".repeat(AMPERSANDS_MAX)));
        assert!(!is_within_caps(&"&".repeat(AMPERSANDS_MAX + 1)));
    }

    #[test]
    fn unclosed_formatting_is_accepted_until_it_multiplies() {
        let orphans = |after: usize| format!("<p>{}</p>{}", "<b>".repeat(100), "<hr>".repeat(after));
        assert!(is_within_caps(&orphans(REOPENED_ELEMENTS_MAX / 100)));
        assert!(!is_within_caps(&orphans(REOPENED_ELEMENTS_MAX / 100 + 1)));
        assert!(is_within_caps(&format!("<b><i><font>{}</font></i></b>", "<p>x</p>".repeat(50_000))));
    }

    #[test]
    fn thousands_of_paragraphs_and_rows_without_end_tags_are_no_nesting() {
        assert!(is_within_caps(&"<p>x".repeat(5000)));
        assert!(is_within_caps(&format!("<table>{}</table>", "<tr><td>x<td>y".repeat(5000))));
    }

    #[test]
    fn deep_looking_text_in_comments_scripts_and_attributes_is_no_nesting() {
        let deep = "<div>".repeat(HTML_DEPTH_MAX + 1);
        assert!(is_within_caps(&format!("<!-- {deep} --><script>{deep}</script><p title='{deep}'>")));
    }
}
