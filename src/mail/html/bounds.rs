//! Whether an HTML text may be given to the sanitiser.
//!
//! ammonia's parser (html5ever) takes quadratic time on deep nesting, on content misplaced in tables,
//! on many attributes in one tag and on many stray `&`, and multiplies unclosed formatting elements
//! into every new paragraph; all were measured. Guessing the tree from the tags failed (a fuzzer found
//! dozens of ways around it), so the same parser is run here first, in small pieces, on a tree that is
//! only counted, and stopped at the first piece past a cap. The caller decides what happens past the caps.

mod census;

use html5ever::tendril::{StrTendril, TendrilSink};

use self::census::Census;
use super::tokens::{Token, Tokens};

/// Largest HTML sanitised, in bytes: 512 KiB.
pub(crate) const HTML_BYTES_MAX: usize = 512 * 1024;
/// Deepest nesting sanitised, in elements. 20,000 open `<div>` take 1 s, so they must end somewhere;
/// a thread answered for months was seen with 513.
pub(crate) const HTML_DEPTH_MAX: usize = 1024;
/// Most levels summed over all elements: the parser walks up from each. A mail has thousands of
/// elements in tens of levels, or the other way round.
const DEPTH_SUM_MAX: usize = 10_000_000;
/// Most attributes in one tag; 90,000 took 5 s, because duplicates are looked for pairwise.
const TAG_ATTRIBUTES_MAX: usize = 256;
/// Most `&` in the text; 512 Ki of them alone took 3.5 to 9.6 s, growing with the square.
const AMPERSANDS_MAX: usize = 20_000;
/// Most nodes of the tree: twice what the most tags in [`HTML_BYTES_MAX`] make without repetition.
const NODES_MAX: usize = 300_000;
/// Most nodes put in front of a table or taken out again; each is searched for among its siblings.
/// 131,000 took 4 s.
const MOVED_NODES_MAX: usize = 10_000;
/// Bytes parsed between two checks of the counts.
const PIECE_BYTES: usize = 4096;

/// Whether `html` is within the caps on size, nesting and repetition.
pub(crate) fn is_within_caps(html: &str) -> bool {
    html.len() <= HTML_BYTES_MAX
        && html.bytes().filter(|b| *b == b'&').count() <= AMPERSANDS_MAX
        && has_few_attributes(Tokens::new(html))
        && has_few_attributes(Tokens::with_raw_text_as_html(html))
        && is_small_tree(html)
}

fn has_few_attributes(mut tokens: Tokens<'_>) -> bool {
    tokens.all(|token| match token {
        Token::Start(tag) => tag.attributes().take(TAG_ATTRIBUTES_MAX + 1).count() <= TAG_ATTRIBUTES_MAX,
        Token::Text(_) | Token::Raw(_) | Token::End(_) => true,
    })
}

fn is_small_tree(html: &str) -> bool {
    let mut parser = census::parser();
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        rest = behind;
        parser.process(StrTendril::from(piece));
        if !census_of(&parser).is_within_caps() {
            return false;
        }
    }
    parser.finish().is_within_caps()
}

fn census_of(parser: &html5ever::Parser<Census>) -> &Census {
    &parser.tokenizer.sink.sink
}

/// Every element that html5ever makes of `html`: its name, and names and values of its attributes.
#[cfg(any(test, feature = "fuzz"))]
pub(super) fn elements_of(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let census = census::parser().one(StrTendril::from(html));
    let elements = census.elements.take();
    let text = |name: &html5ever::QualName| name.local.to_string();
    elements
        .iter()
        .map(|(name, attributes)| {
            (text(name), attributes.iter().map(|a| (text(&a.name), a.value.to_string())).collect())
        })
        .collect()
}

impl Census {
    const fn is_within_caps(&self) -> bool {
        self.depth_max.get() <= HTML_DEPTH_MAX
            && self.depth_sum.get() <= DEPTH_SUM_MAX
            && self.nodes.get() <= NODES_MAX
            && self.moved.get() <= MOVED_NODES_MAX
    }
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
        assert!(!is_within_caps(&format!("<svg><title>{}", tag(TAG_ATTRIBUTES_MAX + 1))));
    }

    #[test]
    fn ampersands_are_accepted_up_to_the_cap_and_not_beyond() {
        assert!(is_within_caps(&"&".repeat(AMPERSANDS_MAX)));
        assert!(!is_within_caps(&"&".repeat(AMPERSANDS_MAX + 1)));
    }

    #[test]
    fn content_misplaced_in_tables_is_accepted_up_to_the_cap_and_not_beyond() {
        assert!(is_within_caps(&format!("<table>{}", "<hr>".repeat(MOVED_NODES_MAX))));
        assert!(!is_within_caps(&format!("<table>{}", "<hr>".repeat(MOVED_NODES_MAX + 1))));
    }

    #[test]
    fn many_elements_may_be_deep_only_up_to_the_sum() {
        let html = |elements: usize| format!("{}{}", "<div>".repeat(999), "<hr>".repeat(elements));
        let deep = 999 * 1000 / 2;
        assert!(is_within_caps(&html((DEPTH_SUM_MAX - deep) / 1000)));
        assert!(!is_within_caps(&html((DEPTH_SUM_MAX - deep) / 1000 + 1)));
    }

    #[test]
    fn unclosed_formatting_is_accepted_until_it_multiplies() {
        let unclosed: String = (0..100).map(|n| format!("<b id={n}>")).collect();
        let html = |paragraphs: usize| format!("<p>{unclosed}</p>{}", "<p>x</p>".repeat(paragraphs));
        assert!(is_within_caps(&html(100)));
        assert!(!is_within_caps(&html(10_000)));
        assert!(is_within_caps(&format!("<b><i><font>{}</font></i></b>", "<p>x</p>".repeat(50_000))));
    }

    #[test]
    fn thousands_of_paragraphs_and_rows_without_end_tags_are_no_nesting() {
        assert!(is_within_caps(&"<p>x".repeat(5000)));
        assert!(is_within_caps(&format!("<table>{}</table>", "<tr><td>x<td>y".repeat(5000))));
    }

    #[test]
    fn deep_looking_text_in_comments_and_attributes_is_no_nesting() {
        let deep = "<div>".repeat(HTML_DEPTH_MAX + 1);
        assert!(is_within_caps(&format!("<!-- {deep} --><script>{deep}</script><p title='{deep}'>")));
    }

    #[test]
    fn nesting_behind_tags_that_browsers_ignore_is_seen() {
        for unit in ["<div></span>", "<div></body>", "<span><div></span>", "<svg><td>", "<li><ul></li>"] {
            assert!(!is_within_caps(&unit.repeat(2 * HTML_DEPTH_MAX)), "{unit}");
        }
    }
}
