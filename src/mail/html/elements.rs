//! The stack of open elements: which end tag closes what, including the end tags people leave out.
//!
//! An approximation of the tree construction of HTML §13.2.6 that errs towards "still open", so
//! that a nesting depth counted here is not less than what a browser's parser would build by much.
//! It knows names only; what an element means for the text is kept by the caller as `T`.

/// How many open elements are searched for the partner of an end tag. Bounds the work per tag, so
/// that a scan is linear; deeper nesting is past the depth cap of the sanitiser anyway.
const SEARCH_ELEMENTS_MAX: usize = 256;

/// Elements that the end tag of an ordinary element inside cannot reach across ("scope", §13.2.4.2).
const BARRIERS: [Name; 9] =
    names(["table", "td", "th", "caption", "button", "marquee", "object", "template", "applet"]);

/// Table parts: their end tags reach across everything up to the table.
const TABLE_PARTS: [Name; 8] = names(["table", "tbody", "thead", "tfoot", "tr", "td", "th", "caption"]);

const TABLE: [Name; 1] = names(["table"]);
const LISTS: [Name; 3] = names(["ul", "ol", "dl"]);
const CELLS: [Name; 2] = names(["td", "th"]);
const ROW_GROUPS: [Name; 3] = names(["tbody", "thead", "tfoot"]);
const PARAGRAPH: [Name; 1] = names(["p"]);
const PARAGRAPH_BARRIERS: [Name; 6] = names(["table", "td", "th", "div", "blockquote", "li"]);

/// Start tags that close an open element of one of the second names, up to one of the third.
const IMPLIED_ENDS: [(&[Name], &[Name], &[Name]); 6] = [
    (&PARAGRAPH_ENDERS, &PARAGRAPH, &PARAGRAPH_BARRIERS),
    (&names(["li"]), &names(["li"]), &LISTS),
    (&names(["dt", "dd"]), &names(["dt", "dd"]), &LISTS),
    (&CELLS, &CELLS, &TABLE),
    (&names(["tr"]), &names(["tr"]), &TABLE),
    (&ROW_GROUPS, &ROW_GROUPS, &TABLE),
];

/// Elements that close an open paragraph when they start (§13.2.6.4.7).
const PARAGRAPH_ENDERS: [Name; 19] = names([
    "p", "div", "ul", "ol", "dl", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "center",
    "address", "section", "form",
]);

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

    fn is_in(self, names: &[Self]) -> bool {
        names.contains(&self)
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

/// The open elements, outermost first, each with what the caller wants to know at its end.
pub(crate) struct OpenElements<T> {
    stack: Vec<(Name, T)>,
}

impl<T> OpenElements<T> {
    /// No element is open.
    pub(crate) const fn new() -> Self {
        Self { stack: Vec::new() }
    }

    /// How many elements are open.
    pub(crate) const fn depth(&self) -> usize {
        self.stack.len()
    }

    /// Closes what a start tag `name` closes by itself (`<p>` after `<p>`); innermost first.
    pub(crate) fn close_implied(&mut self, name: &str) -> Vec<T> {
        let key = Name::of(name);
        let Some((_, closes, barriers)) = IMPLIED_ENDS.iter().find(|(tags, ..)| key.is_in(tags)) else {
            return Vec::new();
        };
        self.close_nearest(|open| open.is_in(closes), |open| open.is_in(barriers))
    }

    /// An element starts.
    pub(crate) fn open(&mut self, name: &str, value: T) {
        self.stack.push((Name::of(name), value));
    }

    /// An end tag: closes the nearest open element of that name and all inside it; innermost first.
    /// An end tag without a partner in reach closes nothing.
    pub(crate) fn close(&mut self, name: &str) -> Vec<T> {
        let key = Name::of(name);
        if key.is_in(&TABLE_PARTS) {
            return self.close_nearest(|open| open == key, |open| open.is_in(&TABLE));
        }
        self.close_nearest(|open| open == key, |open| open.is_in(&BARRIERS))
    }

    /// Closes everything that is still open; innermost first.
    pub(crate) fn close_all(&mut self) -> Vec<T> {
        self.stack.drain(..).rev().map(|(_, value)| value).collect()
    }

    fn close_nearest(&mut self, wanted: impl Fn(Name) -> bool, barrier: impl Fn(Name) -> bool) -> Vec<T> {
        for (back, (open, _)) in self.stack.iter().rev().take(SEARCH_ELEMENTS_MAX).enumerate() {
            if wanted(*open) {
                let from = self.stack.len() - 1 - back;
                return self.stack.drain(from..).rev().map(|(_, value)| value).collect();
            }
            if barrier(*open) {
                break;
            }
        }
        Vec::new()
    }
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
                open.open(tag, ());
            }
        }
        open.depth()
    }

    #[test]
    fn paragraphs_and_list_items_without_end_tags_do_not_nest() {
        assert_eq!(depth_after(&["p", "p", "p"]), 1);
        assert_eq!(depth_after(&["ul", "li", "li", "ul", "li", "/ul", "li"]), 2);
        assert_eq!(depth_after(&["table", "tr", "td", "tr", "td", "td"]), 3);
    }

    #[test]
    fn an_end_tag_closes_what_is_open_inside() {
        assert_eq!(depth_after(&["div", "b", "i", "/div"]), 0);
    }

    #[test]
    fn an_end_tag_does_not_reach_out_of_a_table() {
        assert_eq!(depth_after(&["div", "table", "/div", "div", "table", "/div"]), 4);
    }

    #[test]
    fn an_end_tag_without_partner_closes_nothing() {
        assert_eq!(depth_after(&["div", "/span"]), 1);
    }
}
