//! HTML cut into tags and text in one linear pass, and character references decoded.
//!
//! Follows the tokenizer of the HTML standard (§13.2.5) where mail depends on it: comments,
//! quoted attributes, raw-text elements, stray `<`. It builds no tree: the available tree builders
//! take quadratic time on hostile nesting, and everything here must stay linear on any input.
//! What a tag means is not decided here.

use std::borrow::Cow;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// One piece of an HTML text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Text between tags, character references not yet decoded.
    Text(&'a str),
    /// The inside of a raw-text element (script, style, title …), which is not shown to a reader.
    Raw(&'a str),
    /// A start tag.
    Start(Tag<'a>),
    /// An end tag's name, in the case given.
    End(&'a str),
}

/// A start tag: its name and where its attributes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    /// The name in the case given.
    pub(crate) name: &'a str,
    /// Everything between the name and the closing `>`.
    pub(crate) inside: &'a str,
    /// Byte offset of the `<` in the HTML.
    pub(crate) start: usize,
}

impl<'a> Tag<'a> {
    /// The attributes in order, names in the case given, values not yet decoded.
    pub(crate) fn attributes(&self) -> Attributes<'a> {
        Attributes { text: self.inside, at: 0 }
    }

    /// The decoded value of the first attribute called `name` (lower case); `None` if there is none.
    pub(crate) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        let found = self.attributes().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(decode(found.1, Place::Attribute))
    }
}

/// The attributes of one tag: name and raw value (empty when there is no `=`).
pub(crate) struct Attributes<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let found = attribute_at(self.text, self.at)?;
        self.at = found.end;
        Some((found.name, found.value))
    }
}

struct FoundAttribute<'a> {
    name: &'a str,
    value: &'a str,
    end: usize,
}

/// Reads the attribute that starts at or after `at`; `None` at a `>` or the end of the text.
fn attribute_at(text: &str, at: usize) -> Option<FoundAttribute<'_>> {
    let bytes = text.as_bytes();
    let start = skip(bytes, at, |b| b.is_ascii_whitespace() || b == b'/');
    if matches!(bytes.get(start), None | Some(b'>')) {
        return None;
    }
    // A `=` in first place belongs to the name (HTML §13.2.5.32), so one byte is always taken.
    let name_end = skip(bytes, start + 1, |b| !(b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'=')));
    let equals = skip(bytes, name_end, |b| b.is_ascii_whitespace());
    let name = text.get(start..name_end)?;
    if bytes.get(equals) != Some(&b'=') {
        return Some(FoundAttribute { name, value: "", end: name_end });
    }
    let value_start = skip(bytes, equals + 1, |b| b.is_ascii_whitespace());
    let (from, to, end) = match bytes.get(value_start) {
        Some(&quote @ (b'"' | b'\'')) => {
            let close = skip(bytes, value_start + 1, |b| b != quote);
            (value_start + 1, close, (close + 1).min(bytes.len()))
        }
        _ => {
            let close = skip(bytes, value_start, |b| !(b.is_ascii_whitespace() || b == b'>'));
            (value_start, close, close)
        }
    };
    Some(FoundAttribute { name, value: text.get(from..to)?, end })
}

fn skip(bytes: &[u8], from: usize, keep_going: impl Fn(u8) -> bool) -> usize {
    let from = from.min(bytes.len());
    bytes[from..].iter().position(|&b| !keep_going(b)).map_or(bytes.len(), |n| from + n)
}

/// The tokens of an HTML text. Comments and declarations are left out; a tag cut off by the end of
/// the text ends it, as in a browser.
pub(crate) struct Tokens<'a> {
    html: &'a str,
    at: usize,
    raw_element: Option<&'a str>,
    knows_raw_text: bool,
}

impl<'a> Tokens<'a> {
    /// Starts at the beginning of `html`.
    pub(crate) const fn new(html: &'a str) -> Self {
        Self { html, at: 0, raw_element: None, knows_raw_text: true }
    }

    /// Like [`Tokens::new`], but the inside of raw-text elements is cut into tags as well, as a parser
    /// does inside SVG and MathML.
    pub(crate) const fn with_raw_text_as_html(html: &'a str) -> Self {
        Self { html, at: 0, raw_element: None, knows_raw_text: false }
    }

    /// Byte offset just after the token returned last.
    pub(crate) const fn offset(&self) -> usize {
        self.at
    }

    fn raw(&mut self, name: &str) -> Option<Token<'a>> {
        let from = self.at;
        let end = self.html[from..]
            .match_indices("</")
            .find(|(n, _)| {
                let after = &self.html.as_bytes()[from + n + 2..];
                after.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
                    && after.get(name.len()).is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))
            })
            .map_or(self.html.len(), |(n, _)| from + n);
        self.at = end;
        (end > from).then(|| Token::Raw(&self.html[from..end]))
    }

    fn text(&mut self) -> Token<'a> {
        let from = self.at;
        // A `<` that opens nothing is text; look for the next one after it.
        let step = usize::from(self.html.as_bytes()[from] == b'<');
        self.at = self.html[from + step..].find('<').map_or(self.html.len(), |n| from + step + n);
        Token::Text(&self.html[from..self.at])
    }

    fn start_tag(&mut self) -> Option<Token<'a>> {
        let start = self.at;
        let (name, inside) = self.tag_parts(start + 1)?;
        if self.knows_raw_text && is_raw_text(name) {
            self.raw_element = Some(name);
        }
        Some(Token::Start(Tag { name, inside, start }))
    }

    /// Reads name and attributes from `from` and moves after the `>`; `None` if there is no `>`.
    fn tag_parts(&mut self, from: usize) -> Option<(&'a str, &'a str)> {
        let bytes = self.html.as_bytes();
        let name_end = skip(bytes, from, |b| !(b.is_ascii_whitespace() || matches!(b, b'/' | b'>')));
        let mut at = name_end;
        while let Some(found) = attribute_at(self.html, at) {
            at = found.end;
        }
        let close = skip(bytes, at, |b| b != b'>');
        self.at = (close + 1).min(bytes.len());
        if close >= bytes.len() {
            return None;
        }
        Some((self.html.get(from..name_end)?, self.html.get(name_end..close)?))
    }

    fn skip_comment(&mut self) {
        let from = self.at;
        let rest = &self.html[from..];
        let length = if rest.starts_with("<!--") {
            // `<!-->` and `<!--->` are whole comments (HTML §13.2.5.43).
            rest.get(2..).and_then(|inner| inner.find("-->")).map(|n| n + 5)
        } else {
            rest.find('>').map(|n| n + 1)
        };
        self.at = length.map_or(self.html.len(), |n| from + n);
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if let Some(name) = self.raw_element.take()
                && let Some(token) = self.raw(name)
            {
                return Some(token);
            }
            let bytes = self.html.as_bytes();
            match (bytes.get(self.at)?, bytes.get(self.at + 1), bytes.get(self.at + 2)) {
                (b'<', Some(b), _) if b.is_ascii_alphabetic() => return self.start_tag(),
                (b'<', Some(b'/'), Some(b)) if b.is_ascii_alphabetic() => {
                    let (name, _) = self.tag_parts(self.at + 2)?;
                    return Some(Token::End(name));
                }
                (b'<', Some(b'!' | b'?'), _) | (b'<', Some(b'/'), Some(_)) => self.skip_comment(),
                _ => return Some(self.text()),
            }
        }
    }
}

/// Elements whose inside is not parsed as HTML (§13.2.6.4), and not read by people.
fn is_raw_text(name: &str) -> bool {
    ["script", "style", "title", "textarea", "iframe", "noembed", "noframes", "xmp"]
        .iter()
        .any(|raw| name.eq_ignore_ascii_case(raw))
}

/// Elements without an end tag (HTML §13.1.2).
pub(crate) fn is_void(name: &str) -> bool {
    const VOID: [&str; 15] = [
        "area", "base", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta", "param", "source",
        "track", "wbr",
    ];
    VOID.iter().any(|void| name.eq_ignore_ascii_case(void))
}

/// Where a character reference is: in attributes `&copy=` is not a reference (HTML §13.2.5.73).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Between tags.
    Text,
    /// In an attribute's value.
    Attribute,
}

/// Longest name looked at after `&`, in bytes; the standard's longest has 32 with its `;`.
const REFERENCE_BYTES_MAX: usize = 32;
/// Longest name that is also known without `;`, in bytes (`frac12`).
const BARE_REFERENCE_BYTES_MAX: usize = 6;

/// Decodes character references. Unknown ones stay as they are.
pub(crate) fn decode(text: &str, place: Place) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let used = numeric(rest, &mut out).or_else(|| named(rest, place, &mut out)).unwrap_or_else(|| {
            out.push('&');
            1
        });
        rest = &rest[used..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Decodes `&#123;` or `&#x7b;` at the start of `text`; returns the bytes used.
fn numeric(text: &str, out: &mut String) -> Option<usize> {
    let digits = text.strip_prefix("&#")?;
    let (digits, radix, head) = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16, 3),
        None => (digits, 10, 2),
    };
    let length = digits.bytes().take_while(|b| char::from(*b).is_digit(radix)).count();
    if length == 0 {
        return None;
    }
    let code = u32::from_str_radix(&digits[..length], radix).unwrap_or(u32::MAX);
    let c1 = code.checked_sub(0x80).and_then(|n| C1_REPLACEMENTS.get(n as usize).copied().flatten());
    out.push(c1.or_else(|| char::from_u32(code)).filter(|c| *c != '\0').unwrap_or('\u{FFFD}'));
    Some(head + length + usize::from(digits.as_bytes().get(length) == Some(&b';')))
}

/// Decodes `&name;` at the start of `text`; returns the bytes used.
fn named(text: &str, place: Place, out: &mut String) -> Option<usize> {
    let bytes = &text.as_bytes()[1..];
    let length = bytes.iter().take(REFERENCE_BYTES_MAX).take_while(|b| b.is_ascii_alphanumeric()).count();
    let closed = bytes.get(length) == Some(&b';');
    if closed && let Some(used) = push_entity(&text[1..length + 2], out) {
        return Some(used + 1);
    }
    let longest = length.min(BARE_REFERENCE_BYTES_MAX);
    (2..=longest).rev().find_map(|n| {
        let next = bytes.get(n).copied().unwrap_or(b' ');
        if place == Place::Attribute && (next == b'=' || next.is_ascii_alphanumeric()) {
            return None;
        }
        push_entity(&text[1..=n], out).map(|used| used + 1)
    })
}

fn push_entity(name: &str, out: &mut String) -> Option<usize> {
    let &(first, second) = NAMED_ENTITIES.get(name)?;
    // The table also holds prefixes of names, with 0 for "no character".
    out.push(char::from_u32(first).filter(|c| *c != '\0')?);
    out.extend(char::from_u32(second).filter(|c| *c != '\0'));
    Some(name.len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shown(html: &str) -> Vec<String> {
        Tokens::new(html)
            .map(|token| match token {
                Token::Text(text) => format!("text {text}"),
                Token::Raw(text) => format!("raw {text}"),
                Token::Start(tag) => format!("<{}>", tag.name),
                Token::End(name) => format!("</{name}>"),
            })
            .collect()
    }

    #[test]
    fn a_greater_sign_in_a_quoted_attribute_does_not_end_the_tag() {
        assert_eq!(shown("<a title='1 > 0' href=x>y</a>"), ["<a>", "text y", "</a>"]);
    }

    #[test]
    fn comments_and_declarations_are_left_out() {
        assert_eq!(
            shown("a<!-- <b> -->b<!DOCTYPE html>c<![if !mso]>d<!-->e"),
            ["text a", "text b", "text c", "text d", "text e"]
        );
    }

    #[test]
    fn a_stray_less_sign_is_text() {
        assert_eq!(shown("1 < 2 <b>x"), ["text 1 ", "text < 2 ", "<b>", "text x"]);
    }

    #[test]
    fn the_inside_of_a_script_is_raw_until_its_own_end_tag() {
        assert_eq!(shown("<script>if(a<b)'</b>'</script >z"), ["<script>", "raw if(a<b)'</b>'", "</script>", "text z"]);
    }

    #[test]
    fn an_attribute_value_is_found_whatever_its_quoting_and_case() {
        let html = "<img ALT=x SRC = \"a&amp;b\" data-q='\"'>";
        let Some(Token::Start(tag)) = Tokens::new(html).next() else { panic!("no tag") };
        assert_eq!(tag.attribute("src").as_deref(), Some("a&b"));
        assert_eq!(tag.attribute("data-q").as_deref(), Some("\""));
        assert_eq!(tag.attribute("alt").as_deref(), Some("x"));
        assert_eq!(tag.attribute("width"), None);
    }

    #[test]
    fn character_references_are_decoded_as_browsers_do() {
        assert_eq!(decode("&lt;&auml;&#8364;&#x80;&nbsp;&amp &bogus; &", Place::Text), "<ä€€\u{a0}& &bogus; &");
        assert_eq!(decode("?a=1&copy=2&amp;b", Place::Attribute), "?a=1&copy=2&b");
        assert_eq!(decode("&#0;&#99999999999;", Place::Text), "\u{FFFD}\u{FFFD}");
    }
}
