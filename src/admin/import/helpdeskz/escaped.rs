//! What HelpDeskZ stored escaped, unescaped once; and which of its message bodies are text and
//! which are HTML, because no column says it.
//!
//! HelpDeskZ wrote a mail's HTML through HTMLPurifier and a mail's text as it came, side by side
//! with `email` = 1; text from its web form escaped, with `<br />` at each line end; and what staff
//! typed into an HTML editor as it came, both with `email` = 0. Purified HTML is recognisable: every
//! `<`, `>` and `&` is part of a tag or an entity, and the tags are few, lower-case, quoted and
//! balanced. Text that people type is hardly ever like that.

use std::borrow::Cow;

use crate::mail::html;
use crate::terminal;

/// Length at which MySQL's TEXT column cut a body (less the three bytes of a character it could not
/// cut through), so that a tag may be open at the end.
const CUT_BODY_BYTES: std::ops::RangeInclusive<usize> = 65_532..=65_535;

/// Deepest nesting followed before a body counts as unbalanced. HTMLPurifier's output is far below.
const DEPTH_MAX: usize = 4096;

/// Elements without an end tag.
const VOID_ELEMENTS: [&str; 4] = ["br", "col", "hr", "img"];

/// A message body as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Text.
    Plain(String),
    /// Sanitised HTML.
    Html(String),
}

/// Where a body came from, which decides how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// `email` = 1: a mail or an API call, raw text or purified HTML.
    Mail,
    /// A customer at the web form: escaped text with `<br />`.
    Form,
    /// Staff at the panel: HTML that was never sanitised.
    Panel,
}

/// The text with what `htmlspecialchars` escaped restored, once: `&amp;lt;` is `&lt;`.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    const ESCAPES: [(&str, char); 7] = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#039;", '\''),
        ("&#39;", '\''),
        ("&apos;", '\''),
    ];
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let known = ESCAPES.iter().find(|(escape, _)| from.starts_with(escape));
        let (sign, used) = known.map_or(('&', 1), |(escape, sign)| (*sign, escape.len()));
        out.push(sign);
        rest = from.get(used..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// An escaped one-line text: unescaped, without control characters and surrounding blanks.
pub(super) fn name(text: &str) -> String {
    one_line(&unescape(text))
}

/// A one-line text that was stored as it came.
pub(super) fn one_line(text: &str) -> String {
    terminal::line(text).trim().to_owned()
}

/// A text of several lines, unescaped, without control characters.
pub(super) fn lines(text: &str) -> String {
    html::without_controls(&unescape(text)).into_owned()
}

/// A message body as it is kept: read as what it is.
pub(super) fn body(text: &str, origin: Origin) -> Body {
    let markup = Markup::of(text);
    let plain = || Body::Plain(html::without_controls(text).into_owned());
    if markup.tags + markup.others == 0 && markup.entities == 0 {
        return plain();
    }
    let is_html = match origin {
        Origin::Mail => markup.is_pure() || markup.is_document(text),
        Origin::Form => markup.is_pure() || (markup.tags > 0 && markup.others == 0),
        Origin::Panel => true,
    };
    if !is_html {
        return plain();
    }
    // Only line ends and entities: text again, so that it reads well wherever it goes.
    if markup.tags == markup.breaks && markup.others == 0 && markup.strays == 0 {
        return Body::Plain(without_breaks(text));
    }
    Body::Html(html::sanitise_message(text))
}

/// Escaped text with `<br />` as the text it was.
fn without_breaks(text: &str) -> String {
    let text = html::without_controls(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) = rest.find("<br") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        out.push('\n');
        let behind = from.split_once('>').map_or("", |(_, behind)| behind);
        // PHP's nl2br leaves the line end behind the tag.
        rest = behind.strip_prefix('\n').unwrap_or(behind);
    }
    out.push_str(rest);
    // A tag cut off at the end of the column was cut off before, too.
    html::decode_entities(&out).into_owned()
}

/// What signs of HTML a text has, counted in one pass.
#[derive(Debug, Default)]
struct Markup {
    /// Tags of known elements, …
    tags: usize,
    /// … of them `<br />`, …
    breaks: usize,
    /// … of them end tags.
    ends: usize,
    /// What looks like a tag of an unknown element, or a comment.
    others: usize,
    entities: usize,
    /// `<`, `>` and `&` that are part of neither.
    strays: usize,
    /// Stray `<` alone.
    stray_openings: usize,
    /// A stray `>` that starts a line: a quote.
    has_quote_signs: bool,
    /// Every known tag is as HTMLPurifier writes it.
    is_strict: bool,
    is_balanced: bool,
    /// The text ends inside a tag or entity, or with elements open.
    is_open: bool,
    /// It is as long as a body that MySQL cut.
    is_cut: bool,
}

impl Markup {
    fn of(text: &str) -> Self {
        let mut markup = Self { is_strict: true, is_balanced: true, ..Self::default() };
        markup.is_cut = CUT_BODY_BYTES.contains(&text.len());
        let mut open: Vec<&str> = Vec::new();
        let mut at = 0;
        while let Some(n) = text.get(at..).and_then(|rest| rest.find(['<', '>', '&'])) {
            at += n;
            let rest = text.get(at..).unwrap_or_default();
            at += match rest.bytes().next() {
                Some(b'<') => markup.take_tag(rest, &mut open),
                Some(b'&') => markup.take_entity(rest),
                _ => {
                    markup.strays += 1;
                    markup.has_quote_signs |=
                        text.get(..at).is_none_or(|before| before.is_empty() || before.ends_with('\n'));
                    1
                }
            };
        }
        markup.is_open |= !open.is_empty();
        markup
    }

    /// As HTMLPurifier writes it.
    fn is_pure(&self) -> bool {
        self.others == 0 && self.strays == 0 && self.is_strict && self.is_balanced && (!self.is_open || self.is_cut)
    }

    /// Not purified, yet HTML from its first sign to its last.
    fn is_document(&self, text: &str) -> bool {
        let trimmed = text.trim();
        trimmed.starts_with('<')
            && (trimmed.ends_with('>') || self.is_cut)
            && self.ends > 0
            && self.others == 0
            && self.stray_openings == 0
            && !self.has_quote_signs
    }

    /// Counts the tag at the start of `rest` and gives the bytes it takes.
    fn take_tag<'a>(&mut self, rest: &'a str, open: &mut Vec<&'a str>) -> usize {
        let inside = rest.get(1..).unwrap_or_default();
        let (is_end, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
        let name_len = inside.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (name, behind) = inside.split_at(name_len);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && behind.starts_with(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/');
        if !is_name {
            return self.take_stray_opening(rest, name, behind);
        }
        let Some(attributes) = Attributes::of(behind) else {
            if behind.contains(['<', '>']) {
                (self.strays, self.stray_openings) = (self.strays + 1, self.stray_openings + 1);
                return 1;
            }
            self.is_open = true;
            return rest.len();
        };
        let lower = name.to_ascii_lowercase();
        if !html::XHTML_ELEMENTS.contains(&lower.as_str()) {
            self.others += 1;
            return rest.len() - behind.len() + attributes.bytes;
        }
        self.tags += 1;
        self.is_strict &= attributes.is_strict && lower == name;
        if lower == "br" {
            self.breaks += 1;
            self.is_strict &= attributes.count == 0;
        }
        if is_end {
            self.ends += 1;
            self.is_balanced &= open.pop().is_some_and(|opened| opened.eq_ignore_ascii_case(name));
        } else if !VOID_ELEMENTS.contains(&lower.as_str()) && !attributes.is_closed {
            self.is_balanced &= open.len() < DEPTH_MAX;
            if open.len() < DEPTH_MAX {
                open.push(name);
            }
        }
        rest.len() - behind.len() + attributes.bytes
    }

    /// A `<` that starts no tag: `<jane@client.example>`, `a < b`, a comment, or the cut-off end.
    fn take_stray_opening(&mut self, rest: &str, name: &str, behind: &str) -> usize {
        if behind.is_empty()
            && rest.len() < 16
            && (name.is_empty() || name.starts_with(|c: char| c.is_ascii_alphabetic()))
        {
            self.is_open = true;
            return rest.len();
        }
        if rest.starts_with("<!") || rest.starts_with("<?") {
            self.others += 1;
            return 2;
        }
        (self.strays, self.stray_openings) = (self.strays + 1, self.stray_openings + 1);
        1
    }

    fn take_entity(&mut self, rest: &str) -> usize {
        /// The longest name of HTML's entities.
        const NAME_BYTES_MAX: usize = 32;
        let inside = rest.get(1..).unwrap_or_default();
        let body = inside.strip_prefix('#').unwrap_or(inside);
        let len = body.bytes().take(NAME_BYTES_MAX).take_while(u8::is_ascii_alphanumeric).count();
        let used = rest.len() - body.len() + len;
        if len > 0 && body.as_bytes().get(len) == Some(&b';') {
            self.entities += 1;
            return used + 1;
        }
        if body.len() == len {
            self.is_open = true;
        } else {
            self.strays += 1;
        }
        used.max(1)
    }
}

/// The attributes of a tag, from behind its name to behind its `>`.
struct Attributes {
    count: usize,
    bytes: usize,
    /// Written as HTMLPurifier writes: `name="value"`, no event handlers.
    is_strict: bool,
    /// `/>`.
    is_closed: bool,
}

impl Attributes {
    /// `None` where the tag does not end, or a `<` comes first.
    fn of(text: &str) -> Option<Self> {
        let mut found = Self { count: 0, bytes: 0, is_strict: true, is_closed: false };
        let mut rest = text;
        loop {
            rest = rest.trim_ascii_start();
            if let Some(behind) = rest.strip_prefix("/>") {
                found.is_closed = true;
                found.bytes = text.len() - behind.len();
                return Some(found);
            }
            if let Some(behind) = rest.strip_prefix('>') {
                found.bytes = text.len() - behind.len();
                return Some(found);
            }
            let name_len =
                rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/' | '<' | '"' | '\''))?;
            let (name, behind) = rest.split_at(name_len);
            if name.is_empty() {
                // A stray quote or slash is no sign of HTML, an opening bracket of none at all.
                found.is_strict = false;
                rest = rest.strip_prefix(['/', '"', '\'', '='])?;
                continue;
            }
            found.count += 1;
            found.is_strict &= !name.get(..2).is_some_and(|on| on.eq_ignore_ascii_case("on"));
            let Some(value) = behind.strip_prefix('=') else {
                found.is_strict = false;
                rest = behind;
                continue;
            };
            rest = match value.bytes().next()? {
                quote @ (b'"' | b'\'') => {
                    found.is_strict &= quote == b'"';
                    let inside = value.get(1..)?;
                    let (inside, behind) = inside.split_once(char::from(quote))?;
                    found.is_strict &= !inside.contains('<');
                    behind
                }
                _ => {
                    found.is_strict = false;
                    let end = value.find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '<')?;
                    // Reading on past a `<` would read what comes as often as there are such.
                    value.get(end..).filter(|behind| !behind.starts_with('<'))?
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    use super::*;

    fn plain(text: &str) -> Body {
        Body::Plain(text.to_owned())
    }

    #[test]
    fn names_are_unescaped_once() {
        assert_eq!(
            unescape("Tom &amp;amp; Jerry &lt;b&gt; &quot;x&quot; O&#039;Neill &copy; &"),
            "Tom &amp; Jerry <b> \"x\" O'Neill &copy; &"
        );
        assert_eq!(name(" a\r\nb\0 "), "a b");
    }

    #[test]
    fn mail_text_stays_text_whatever_signs_it_has() {
        for text in [
            "Hello",
            "a < b && c > d",
            "R&D and AT&T",
            "On Friday <jane@client.example> wrote:\n> please look",
            "<script>alert(\"x\")</script>",
            "<urgent> please look </urgent>",
            "see <http://example.org/?a=1&b=2>",
            "Use <b> for bold",
            "<img src=x onerror=alert(1)>",
            "<IMG SRC=x>",
            "&lt; is written with a bare & before it",
            "if (x <y) { z(); }",
            "<a href=\"x\" onclick=\"y()\">z</a> and more",
            "1 < 2",
            "x <",
            "R & D <p>",
        ] {
            assert_eq!(body(text, Origin::Mail), plain(text), "{text}");
        }
    }

    #[test]
    fn purified_mail_is_html() {
        for (text, html) in [
            ("<p>Hi,<br />the <b>red</b> lamp &amp; &lt; 3</p>", "<p>Hi,<br>the <b>red</b> lamp &amp; &lt; 3</p>"),
            ("Hello <b>you</b>", "Hello <b>you</b>"),
            ("<div><p>a</p><blockquote>b</blockquote></div>\n", "<div><p>a</p><blockquote>b</blockquote></div>\n"),
        ] {
            assert_eq!(body(text, Origin::Mail), Body::Html(html.to_owned()), "{text}");
        }
    }

    #[test]
    fn entities_and_line_breaks_alone_are_text_again() {
        assert_eq!(body("Line one\nLine two: 5 &gt; 3", Origin::Mail), plain("Line one\nLine two: 5 > 3"));
        assert_eq!(body("a &lt; b<br />\r\nc&#039;d<br />e", Origin::Form), plain("a < b\nc'd\ne"));
        assert_eq!(body("&lt;script&gt;", Origin::Form), plain("<script>"));
    }

    #[test]
    fn html_of_the_panel_is_cleaned() {
        let text = "<p onclick=\"steal()\">Plan</p><script>alert(2)</script><img src=x onerror=alert(3)>";
        let Body::Html(html) = body(text, Origin::Panel) else { panic!("not HTML") };
        assert!(html.starts_with("<p>Plan</p>") && !html.contains("alert") && !html.contains("onerror"), "{html}");
        assert_eq!(body("no markup & none", Origin::Panel), plain("no markup & none"));
    }

    #[test]
    fn body_cut_by_the_column_may_be_open_at_its_end() {
        let open = |bytes: usize| format!("<p>{}<b", "x".repeat(bytes - 5));
        assert!(matches!(body(&open(65_535), Origin::Mail), Body::Html(_)));
        assert!(matches!(body(&open(65_536), Origin::Mail), Body::Plain(_)));
        let text = "x".repeat(65_535);
        assert_eq!(body(&text, Origin::Mail), plain(&text));
    }

    #[test]
    fn control_characters_are_removed() {
        assert_eq!(body("before\0after and \u{1a} end\r\n", Origin::Mail), plain("beforeafter and  end\n"));
    }

    #[test]
    fn hostile_markup_takes_linear_time() {
        // Of the processor, so that a busy machine does not count.
        let seconds = |text: &str, origin| {
            let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap().as_secs_f64();
            let run = |_| {
                let started = now();
                body(text, origin);
                now() - started
            };
            (0..2).map(run).fold(f64::INFINITY, f64::min)
        };
        for piece in ["<", "<a ", "<a b=\"", "<a b='", "&", "<!--", "<p>", "</p>", "<a b=", "<br", "<a /"] {
            for (origin, bytes) in [(Origin::Mail, 200_000), (Origin::Form, 50_000)] {
                let short = seconds(&piece.repeat(bytes / 8 / piece.len()), origin);
                let long = seconds(&piece.repeat(bytes / piece.len()), origin);
                // Eight times the text: 8 where time is linear, 64 where it is quadratic.
                assert!(long < 24.0 * short + 0.005, "{piece}, {origin:?}: {short} s, {long} s");
            }
        }
    }
}
