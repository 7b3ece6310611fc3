//! The stack of open elements: which tag opens or closes what, including end tags people leave out.
//!
//! An approximation of the tree construction of HTML §13.2.6, good enough to follow the nesting of
//! quotes and links while writing text; what must be exact is asked of the parser itself, in
//! `bounds`. It knows names only; what an element means is kept by the caller as `T`.

/// How many open elements are searched for the partner of a tag; bounds the work per tag, so that
/// writing is linear. Mail nested deeper is past the caps of the sanitiser anyway.
const SEARCH_ELEMENTS_MAX: usize = 256;

/// Most elements kept open at a time; those beyond are treated as closed at once, so that memory does
/// not grow with hostile nesting. 10,000.
const OPEN_ELEMENTS_MAX: usize = 10_000;

/// What the rules need to know of a name, as bits.
mod class {
    /// End tags of ordinary elements do not reach across it ("scope", §13.2.4.2).
    pub(super) const BARRIER: u16 = 1;
    /// "Special" (§13.2.4.2): blocks and the like, which end tags of inline elements do not reach across.
    pub(super) const SPECIAL: u16 = 2;
    /// Table parts, which exist only inside a table.
    pub(super) const TABLE_PART: u16 = 4;
    /// Formatting elements: their end tag removes them alone from among blocks (§13.2.6.4.7).
    pub(super) const FORMATTING: u16 = 8;
    /// Starting it closes an open paragraph.
    pub(super) const PARAGRAPH_ENDER: u16 = 16;
    /// There is one of it whatever the tags say: opened and closed by nothing.
    pub(super) const ROOT: u16 = 32;
    /// Starting it while one is open closes that one.
    pub(super) const NO_NESTING: u16 = 64;
    /// Lists: barriers for their items.
    pub(super) const LIST: u16 = 128;
}

/// Names by class; a name may be in several rows.
const CLASSES: [(u16, &[Name]); 8] = [
    (
        class::BARRIER,
        &names([
            "table",
            "td",
            "th",
            "caption",
            "button",
            "marquee",
            "object",
            "template",
            "applet",
            "foreignobject",
            "desc",
            "annotation-xml",
            "mi",
            "mo",
            "mn",
            "ms",
            "mtext",
            "svg",
            "math",
        ]),
    ),
    (
        class::SPECIAL,
        &names([
            "address",
            "applet",
            "article",
            "aside",
            "blockquote",
            "button",
            "caption",
            "center",
            "colgroup",
            "dd",
            "details",
            "dir",
            "div",
            "dl",
            "dt",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "frameset",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hgroup",
            "li",
            "listing",
            "main",
            "marquee",
            "menu",
            "nav",
            "object",
            "ol",
            "p",
            "plaintext",
            "pre",
            "search",
            "section",
            "select",
            "summary",
            "table",
            "tbody",
            "td",
            "template",
            "tfoot",
            "th",
            "thead",
            "tr",
            "ul",
            "svg",
            "math",
            "foreignobject",
            "desc",
            "noscript",
        ]),
    ),
    (class::TABLE_PART, &names(["tbody", "thead", "tfoot", "tr", "td", "th", "caption", "colgroup"])),
    (
        class::FORMATTING,
        &names(["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]),
    ),
    (
        class::PARAGRAPH_ENDER,
        &names([
            "p",
            "div",
            "ul",
            "ol",
            "dl",
            "table",
            "blockquote",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "pre",
            "center",
            "address",
            "section",
            "form",
            "li",
            "dd",
            "dt",
        ]),
    ),
    (class::ROOT, &names(["html", "head", "body"])),
    (class::NO_NESTING, &names(["a", "nobr", "option"])),
    (class::LIST, &names(["ul", "ol", "dl"])),
];

const TABLE: Name = Name::of("table");
const FORM: Name = Name::of("form");
const PARAGRAPH: [Name; 1] = names(["p"]);

/// Start tags that close an open element of one of the second names, which only occur in the third.
const IMPLIED_ENDS: [(&[Name], &[Name], u16); 5] = [
    (&names(["li"]), &names(["li"]), class::LIST | class::BARRIER),
    (&names(["dt", "dd"]), &names(["dt", "dd"]), class::LIST | class::BARRIER),
    (&names(["td", "th"]), &names(["td", "th"]), 0),
    (&names(["tr"]), &names(["tr"]), 0),
    (&names(["tbody", "thead", "tfoot"]), &names(["tbody", "thead", "tfoot"]), 0),
];

/// A name folded to lower case and hashed (FNV-1a), so that comparing is one instruction.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name(u64);

impl Name {
    const fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut at = 0;
        while at < bytes.len() {
            hash = (hash ^ bytes[at].to_ascii_lowercase() as u64).wrapping_mul(0x0100_0000_01b3);
            at += 1;
        }
        Self(hash)
    }

    fn class(self) -> u16 {
        CLASSES.iter().filter(|(_, members)| members.contains(&self)).fold(0, |all, (bits, _)| all | bits)
    }
}

const fn names<const N: usize>(list: [&str; N]) -> [Name; N] {
    let mut out = [Name(0); N];
    let mut at = 0;
    while at < N {
        out[at] = Name::of(list[at]);
        at += 1;
    }
    out
}

struct Element<T> {
    name: Name,
    class: u16,
    value: T,
}

/// The open elements, outermost first, each with what the caller wants to know at its end.
pub(crate) struct OpenElements<T> {
    stack: Vec<Element<T>>,
}

impl<T> OpenElements<T> {
    /// No element is open.
    pub(crate) const fn new() -> Self {
        Self { stack: Vec::new() }
    }

    /// Closes what a start tag `name` closes by itself (`<p>` after `<p>`); innermost first.
    pub(crate) fn close_implied(&mut self, name: &str) -> Vec<T> {
        let key = Name::of(name);
        let class = key.class();
        if class & class::NO_NESTING != 0 {
            return self.close(name);
        }
        let mut closed = Vec::new();
        if class & class::PARAGRAPH_ENDER != 0 {
            let stop = class::BARRIER | class::LIST;
            closed = self
                .close_nearest(|open| PARAGRAPH.contains(&open.name), |open| open.class & stop != 0 || is_box(open));
        }
        if let Some((_, closes, barriers)) = IMPLIED_ENDS.iter().find(|(tags, ..)| tags.contains(&key)) {
            let barrier = |open: &Element<T>| open.name == TABLE || open.class & barriers != 0 || is_foreign(open);
            closed.extend(self.close_nearest(|open| closes.contains(&open.name), barrier));
        }
        closed
    }

    /// An element starts. Table parts outside a table, the root elements and what is past
    /// [`OPEN_ELEMENTS_MAX`] open nothing: their value is given back.
    #[must_use]
    pub(crate) fn open(&mut self, name: &str, value: T) -> Option<T> {
        let name = Name::of(name);
        let class = name.class();
        let is_full = self.stack.len() >= OPEN_ELEMENTS_MAX;
        if is_full || class & class::ROOT != 0 || (class & class::TABLE_PART != 0 && !self.is_in_table()) {
            return Some(value);
        }
        self.stack.push(Element { name, class, value });
        None
    }

    /// An end tag: closes the nearest open element of that name and all inside it; innermost first.
    /// Formatting elements and forms are closed alone where blocks are open inside them. An end tag
    /// without a partner in reach closes nothing.
    pub(crate) fn close(&mut self, name: &str) -> Vec<T> {
        let key = Name::of(name);
        let class = key.class();
        if key == TABLE || class & class::TABLE_PART != 0 {
            return self.close_nearest(|open| open.name == key, |open| open.name == TABLE || is_foreign(open));
        }
        if class & class::FORMATTING != 0 || key == FORM {
            return self.close_alone(key);
        }
        let stop = if class & class::SPECIAL == 0 { class::SPECIAL | class::BARRIER } else { class::BARRIER };
        let stop = if key == Name::of("li") { stop | class::LIST } else { stop };
        self.close_nearest(|open| open.name == key, |open| open.class & stop != 0)
    }

    /// Closes everything that is still open; innermost first.
    pub(crate) fn close_all(&mut self) -> Vec<T> {
        self.stack.drain(..).rev().map(|open| open.value).collect()
    }

    fn is_in_table(&self) -> bool {
        self.stack
            .iter()
            .rev()
            .take(SEARCH_ELEMENTS_MAX)
            .take_while(|open| !is_foreign(open))
            .any(|open| open.name == TABLE)
    }

    fn close_alone(&mut self, key: Name) -> Vec<T> {
        let Some(at) = self.find(|open| open.name == key, |open| open.class & class::BARRIER != 0) else {
            return Vec::new();
        };
        if self.stack[at + 1..].iter().all(|open| open.class & class::SPECIAL == 0) {
            return self.stack.drain(at..).rev().map(|open| open.value).collect();
        }
        vec![self.stack.remove(at).value]
    }

    fn close_nearest(&mut self, wanted: impl Fn(&Element<T>) -> bool, barrier: impl Fn(&Element<T>) -> bool) -> Vec<T> {
        match self.find(wanted, barrier) {
            Some(at) => self.stack.drain(at..).rev().map(|open| open.value).collect(),
            None => Vec::new(),
        }
    }

    fn find(&self, wanted: impl Fn(&Element<T>) -> bool, barrier: impl Fn(&Element<T>) -> bool) -> Option<usize> {
        for (back, open) in self.stack.iter().rev().take(SEARCH_ELEMENTS_MAX).enumerate() {
            if wanted(open) {
                return Some(self.stack.len() - 1 - back);
            }
            if barrier(open) {
                return None;
            }
        }
        None
    }
}

/// Inside SVG and MathML the names of HTML have no meaning.
fn is_foreign<T>(open: &Element<T>) -> bool {
    const FOREIGN: [Name; 9] =
        names(["svg", "math", "object", "applet", "marquee", "button", "template", "foreignobject", "desc"]);
    FOREIGN.contains(&open.name)
}

/// Blocks a paragraph outside them does not end in: a quote in an open paragraph is still a quote.
fn is_box<T>(open: &Element<T>) -> bool {
    const BOXES: [Name; 3] = names(["div", "blockquote", "li"]);
    BOXES.contains(&open.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth_after(tags: &[&str]) -> usize {
        let mut open = OpenElements::new();
        for tag in tags {
            if let Some(name) = tag.strip_prefix('/') {
                open.close(name);
            } else {
                open.close_implied(tag);
                assert!(open.open(tag, ()).is_none() || ["td", "caption", "body"].contains(tag));
            }
        }
        open.stack.len()
    }

    #[test]
    fn paragraphs_and_list_items_without_end_tags_do_not_nest() {
        assert_eq!(depth_after(&["p", "p", "p"]), 1);
        assert_eq!(depth_after(&["ul", "li", "li", "ul", "li", "/ul", "li"]), 2);
        assert_eq!(depth_after(&["table", "tr", "td", "tr", "td", "td"]), 3);
        assert_eq!(depth_after(&["ul", "li", "p", "li", "p"]), 3);
        assert_eq!(depth_after(&["a", "a", "a"]), 1);
    }

    #[test]
    fn an_end_tag_closes_what_is_open_inside() {
        assert_eq!(depth_after(&["div", "b", "i", "/div"]), 0);
        assert_eq!(depth_after(&["b", "i", "/b"]), 0);
    }

    #[test]
    fn an_end_tag_does_not_reach_out_of_a_table() {
        assert_eq!(depth_after(&["div", "table", "/div", "div", "table", "/div"]), 4);
    }

    #[test]
    fn an_inline_end_tag_does_not_close_the_blocks_inside() {
        assert_eq!(depth_after(&["span", "div", "/span"]), 2);
        assert_eq!(depth_after(&["b", "div", "/b"]), 1);
        assert_eq!(depth_after(&["form", "div", "/form"]), 1);
    }

    #[test]
    fn elements_are_kept_open_up_to_the_limit_and_not_beyond() {
        let mut open = OpenElements::new();
        assert!((0..OPEN_ELEMENTS_MAX).all(|n| open.open("div", n).is_none()));
        assert_eq!(open.open("div", 0), Some(0));
    }

    #[test]
    fn tags_that_browsers_ignore_close_nothing() {
        assert_eq!(depth_after(&["div", "/span"]), 1);
        assert_eq!(depth_after(&["body", "div", "/body"]), 1);
        assert_eq!(depth_after(&["td", "div", "/td", "caption", "div", "/caption"]), 2);
        assert_eq!(depth_after(&["table", "td", "svg", "td", "svg", "td"]), 4);
    }
}
