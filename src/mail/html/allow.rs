//! What HTML may contain when it leaves for a browser: the two allow-lists, and images.
//!
//! ammonia does the sanitising on a real parse tree; here is the list of what it keeps. The pass over
//! tags before it need not be as exact as a parser: whatever it writes is sanitised afterwards. Nothing is
//! rewritten after the sanitiser, where a change could make a dangerous URL out of a harmless one.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::tokens::{Tag, Token, Tokens};
use super::{escape, without_controls};

/// Elements kept: the text elements of XHTML 1.0 Transitional, which is what HelpDeskZ kept (HTMLPurifier), …
pub(crate) const XHTML_ELEMENTS: [&str; 60] = [
    "a",
    "abbr",
    "acronym",
    "address",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "menu",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
];
/// … and those newer ones that only give structure.
const NEWER_ELEMENTS: [&str; 8] = ["section", "article", "header", "footer", "figure", "figcaption", "mark", "wbr"];
/// Elements dropped with their content.
const DROPPED_WHOLE: [&str; 16] = [
    "script", "style", "title", "iframe", "object", "embed", "applet", "noembed", "noframes", "noscript", "template",
    "xmp", "svg", "math", "select", "textarea",
];
/// Attributes kept on every element.
const GENERIC_ATTRIBUTES: [&str; 5] = ["style", "title", "dir", "lang", "align"];

/// CSS properties kept: those that stay inside the box of the message.
const STYLE_PROPERTIES: [&str; 45] = [
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-style",
    "border-top-width",
    "border-width",
    "color",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "text-align",
    "text-decoration",
    "width",
];
/// Largest number kept in a style value; larger lengths leave the screen. Chosen: a wide screen.
const STYLE_NUMBER_MAX: u32 = 2000;
/// Beginnings of pictures inside the HTML itself, in formats that cannot hold script (SVG can).
const DATA_URL_HEADS: [&str; 5] = [
    "data:image/png;base64,",
    "data:image/jpeg;base64,",
    "data:image/jpg;base64,",
    "data:image/gif;base64,",
    "data:image/webp;base64,",
];

static MAIL: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = basis();
    builder.url_schemes(HashSet::from(["http", "https", "mailto", "tel", "ftp", "cid", "data"]));
    builder.link_rel(Some("noopener noreferrer nofollow")).attribute_filter(|element, attribute, value| {
        match (element, attribute) {
            ("img", "src") => bare_url(value, is_local_image),
            ("img", "data-remote-src") => bare_url(value, is_web),
            _ => filtered(attribute, value),
        }
    });
    builder.add_tag_attributes("img", ["data-remote-src"]);
    builder
});

static MESSAGE: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = basis();
    builder.url_schemes(HashSet::from(["http", "https", "mailto", "tel", "ftp"]));
    builder.link_rel(None).attribute_filter(|element, attribute, value| match (element, attribute) {
        ("img", "src") => bare_url(value, is_web),
        _ => filtered(attribute, value),
    });
    builder.add_generic_attributes(["class"]);
    builder
});

/// For texts that stand in a page of ours: its policy lets no style of theirs apply and no picture of elsewhere load, and
/// the page has its own first heading.
static PAGE: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = basis();
    builder.rm_tags(["h1", "font", "center"]).rm_generic_attributes(["style"]);
    builder.url_schemes(HashSet::from(["http", "https", "mailto", "tel", "data"]));
    builder.link_rel(Some("noopener noreferrer nofollow")).attribute_filter(|element, attribute, value| {
        match (element, attribute) {
            ("img", "src") => bare_url(value, |url| has_head(url, &DATA_URL_HEADS)),
            _ => filtered(attribute, value),
        }
    });
    builder
});

/// What of an attribute is kept, except for images.
fn filtered<'a>(attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    match attribute {
        "style" => safe_style(value).map(Cow::Owned),
        "href" | "cite" => bare_url(value, is_link),
        _ => Some(without_controls(value)),
    }
}

/// A URL without the characters that browsers leave out before they look for its scheme, if it is allowed as such.
fn bare_url(value: &str, is_allowed: fn(&str) -> bool) -> Option<Cow<'_, str>> {
    let bare = if value.contains(char::is_control) {
        let visible: String = value.chars().filter(|c| !c.is_control()).collect();
        Cow::Owned(visible.trim().to_owned())
    } else {
        Cow::Borrowed(value.trim())
    };
    is_allowed(&bare).then_some(bare)
}

fn basis() -> Builder<'static> {
    let cell = HashSet::from(["colspan", "rowspan", "valign", "width", "height", "bgcolor", "nowrap", "abbr", "scope"]);
    let attributes = HashMap::from([
        ("a", HashSet::from(["href"])),
        ("img", HashSet::from(["src", "alt", "width", "height", "border"])),
        ("table", HashSet::from(["border", "cellpadding", "cellspacing", "width", "bgcolor", "summary"])),
        ("tr", HashSet::from(["bgcolor", "valign"])),
        ("td", cell.clone()),
        ("th", cell),
        ("col", HashSet::from(["span", "width"])),
        ("colgroup", HashSet::from(["span", "width"])),
        ("font", HashSet::from(["color", "face", "size"])),
        ("hr", HashSet::from(["size", "width", "noshade"])),
        ("ol", HashSet::from(["start", "type"])),
        ("ul", HashSet::from(["type"])),
        ("li", HashSet::from(["value", "type"])),
        ("blockquote", HashSet::from(["cite"])),
        ("q", HashSet::from(["cite"])),
        ("del", HashSet::from(["cite", "datetime"])),
        ("ins", HashSet::from(["cite", "datetime"])),
    ]);
    let mut builder = Builder::empty();
    builder
        .tags(XHTML_ELEMENTS.into_iter().chain(NEWER_ELEMENTS).collect())
        .clean_content_tags(DROPPED_WHOLE.into())
        .generic_attributes(GENERIC_ATTRIBUTES.into())
        .tag_attributes(attributes)
        .url_relative(UrlRelative::Deny);
    builder
}

/// Sanitises the HTML of a mail once; the caller has checked the caps.
pub(super) fn clean_mail(html: &str) -> String {
    MAIL.clean(&rewrite_tags(html, set_remote_image_aside)).to_string()
}

/// Sanitises HTML posted over the API once; the caller has checked the caps.
pub(super) fn clean_message(html: &str) -> String {
    MESSAGE.clean(&rewrite_tags(html, describe_image)).to_string()
}

/// Sanitises HTML for a page of ours once; the caller has checked the caps.
pub(super) fn clean_page(html: &str) -> String {
    let without_remote = |tag: &Tag<'_>| {
        let is_kept = tag.attribute("src").is_some_and(|source| has_head(source.trim(), &DATA_URL_HEADS));
        if is_kept { describe_image(tag) } else { Some(String::new()) }
    };
    PAGE.clean(&rewrite_tags(html, without_remote)).to_string()
}

/// Renames `src` of an image on another machine to `data-remote-src`, which loads nothing.
fn set_remote_image_aside(tag: &Tag<'_>) -> Option<String> {
    let source = tag.attribute("src")?;
    let source = source.trim();
    if is_local_image(source) {
        return None;
    }
    let mut out = String::from("<img");
    if is_web(source) {
        push_attribute(&mut out, "data-remote-src", source);
    }
    push_attributes(&mut out, tag, |name| !name.eq_ignore_ascii_case("src"));
    out.push('>');
    Some(out)
}

/// As HTMLPurifier did: an image without source is removed, one without `alt` gets its file's name.
fn describe_image(tag: &Tag<'_>) -> Option<String> {
    let Some(source) = tag.attribute("src") else { return Some(String::new()) };
    if tag.attribute("alt").is_some() {
        return None;
    }
    let path = source.split(['?', '#']).next().unwrap_or_default();
    let mut out = String::from("<img");
    push_attributes(&mut out, tag, |_| true);
    push_attribute(&mut out, "alt", path.rsplit('/').next().unwrap_or_default());
    out.push('>');
    Some(out)
}

/// Replaces each `<img …>` by what `image` returns (`None` leaves it), and takes away the line ends that
/// `<pre>` begins with: parsers leave out the first one, so that each reading would lose another.
fn rewrite_tags(html: &str, image: fn(&Tag<'_>) -> Option<String>) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut tokens = Tokens::new(html);
    while let Some(token) = tokens.next() {
        let Token::Start(tag) = token else { continue };
        if tag.name.eq_ignore_ascii_case("img")
            && let Some(new) = image(&tag)
        {
            out.push_str(&html[copied..tag.start]);
            out.push_str(&new);
            copied = tokens.offset();
        } else if tag.name.eq_ignore_ascii_case("pre") {
            let behind = &html[tokens.offset()..];
            let line_ends = behind.len() - behind.trim_start_matches('\n').len();
            if line_ends > 0 {
                out.push_str(&html[copied..tokens.offset()]);
                copied = tokens.offset() + line_ends;
            }
        }
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

/// Writes those attributes of a tag whose names `keep` accepts.
fn push_attributes(out: &mut String, tag: &Tag<'_>, keep: fn(&str) -> bool) {
    for (name, _) in tag.attributes().filter(|(name, _)| keep(name)) {
        // The decoded value: it is written escaped again.
        push_attribute(out, name, &tag.attribute(&name.to_ascii_lowercase()).unwrap_or_default());
    }
}

fn push_attribute(out: &mut String, name: &str, value: &str) {
    // A name may hold anything but these; quotes in it would change how the tag is read again.
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        out.push_str(&format!(" {name}=\"{}\"", escape(value)));
    }
}

fn has_head(url: &str, heads: &[&str]) -> bool {
    let url = url.trim_start();
    heads.iter().any(|head| url.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head)))
}

/// An image that travels with the mail: a MIME part, or inside the HTML in a format that cannot hold script.
fn is_local_image(url: &str) -> bool {
    has_head(url, &["cid:"]) || has_head(url, &DATA_URL_HEADS)
}

fn is_web(url: &str) -> bool {
    has_head(url, &["http://", "https://"])
}

/// `https:x` without the slashes is a relative URL on a page of that scheme (WHATWG URL, "special scheme").
fn is_link(url: &str) -> bool {
    has_head(url, &["http://", "https://", "mailto:", "tel:", "ftp://"])
}

/// The declarations of a `style` attribute that stay inside the message's box; `None` if none does.
fn safe_style(style: &str) -> Option<String> {
    let kept: Vec<String> = style.split(';').filter_map(safe_declaration).collect();
    (!kept.is_empty()).then(|| kept.join("; "))
}

fn safe_declaration(declaration: &str) -> Option<String> {
    let (property, value) = declaration.split_once(':')?;
    let property = property.trim().to_ascii_lowercase();
    let value = value.trim();
    // `url()`, `expression()`, escapes, comments and `var()` need characters or functions not named here.
    let plain = value.chars().all(|c| c.is_alphanumeric() || " #%.,-'\"()!".contains(c));
    let functions_known = value.match_indices('(').all(|(at, _)| {
        ["rgb", "rgba", "hsl", "hsla"].iter().any(|name| value[..at].to_ascii_lowercase().ends_with(name))
    });
    (STYLE_PROPERTIES.contains(&property.as_str()) && plain && functions_known && numbers_fit(value))
        .then(|| format!("{property}: {value}"))
}

/// No negative number, none above [`STYLE_NUMBER_MAX`], and none with an exponent, which hides its size.
fn numbers_fit(value: &str) -> bool {
    value.split([' ', ',', '(', ')']).filter(|word| !word.starts_with('#')).all(|word| {
        let negative =
            word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'));
        let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
        let fits = digits.is_empty() || digits.parse::<u32>().is_ok_and(|number| number <= STYLE_NUMBER_MAX);
        !negative && fits && !has_exponent(word)
    })
}

/// Whether a word begins with a number in scientific notation: `1e9px` is a thousand million pixels wide (CSS Syntax,
/// §4.3.12), but `1em` is not such a number.
fn has_exponent(word: &str) -> bool {
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let mut after = unit.chars();
    unit.len() < word.len()
        && matches!(after.next(), Some('e' | 'E'))
        && after.as_str().trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit())
}
