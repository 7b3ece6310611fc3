//! What people wrote, as HTML of our pages: plain text with its links, light Markdown, and nothing of anybody's mail
//! program. The only place that names the Markdown parser.

use std::fmt::Write;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::mail::html::{self, escape};

/// Safe HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Markup(pub(crate) String);

impl std::fmt::Display for Markup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Templates print it as it is.
impl askama::filters::HtmlSafe for Markup {}

/// Longest link that is made one, in bytes. Chosen: what browsers and servers take.
const LINK_BYTES_MAX: usize = 2048;

/// Plain text: a paragraph for each block of lines, links clickable.
pub(crate) fn plain(text: &str) -> Markup {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut blocks = text.split("\n\n").map(|block| block.trim_matches(['\n', '\r'])).filter(|block| !block.is_empty());
    let Some(first) = blocks.next() else { return Markup(out) };
    paragraph(&mut out, first);
    for block in blocks {
        paragraph(&mut out, block);
    }
    Markup(out)
}

fn paragraph(out: &mut String, block: &str) {
    out.push_str("<p dir=\"auto\">");
    for (number, line) in block.lines().enumerate() {
        if number > 0 {
            out.push_str("<br>");
        }
        linked(out, line);
    }
    out.push_str("</p>");
}

/// A line with its `https://…` as links.
fn linked(out: &mut String, mut line: &str) {
    while let Some(at) = [line.find("https://"), line.find("http://")].into_iter().flatten().min() {
        let (before, rest) = line.split_at(at);
        let is_begun = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let end =
            rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | '|')).unwrap_or(rest.len());
        let link = trimmed_link(rest.get(..end).unwrap_or_default());
        let is_link = is_begun
            && link.len() <= LINK_BYTES_MAX
            && link.split_once("://").is_some_and(|(_, host)| !host.is_empty());
        out.push_str(&escape(before));
        if is_link {
            anchor(out, link);
        } else {
            out.push_str(&escape(link));
        }
        line = rest.get(link.len().max(1)..).unwrap_or_default();
        if link.is_empty() {
            break;
        }
    }
    out.push_str(&escape(line));
}

/// Without what belongs to the sentence around it.
fn trimmed_link(link: &str) -> &str {
    let mut link = link.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
    while link.ends_with(')') && link.matches(')').count() > link.matches('(').count() {
        link = link.get(..link.len() - 1).unwrap_or_default();
        link = link.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']);
    }
    link
}

fn anchor(out: &mut String, link: &str) {
    let link = escape(link);
    write!(out, "<a href=\"{link}\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">{link}</a>").ok();
}

/// Light Markdown as HTML that [`shown`] shows as it is: emphasis, lists, quotes, code, links. HTML in it is text, and
/// pictures are links.
pub(crate) fn markdown(text: &str) -> Markup {
    let options = Options::ENABLE_STRIKETHROUGH;
    let events = Parser::new_ext(text, options).map(|event| match event {
        // What looks like HTML is what somebody wrote about HTML.
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        // A line break that was typed is meant.
        Event::SoftBreak => Event::HardBreak,
        Event::Start(Tag::Image { dest_url, title, id, .. }) => {
            Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id })
        }
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        event => event,
    });
    let mut out = String::with_capacity(text.len() * 2);
    pulldown_cmark::html::push_html(&mut out, events);
    Markup(html::sanitise_message(&out))
}

/// What is posted of a text that somebody typed: HTML where Markdown makes more of it than paragraphs, else the text.
pub(crate) enum Typed {
    /// Nothing but paragraphs: kept as typed.
    Plain,
    /// Sanitised HTML.
    Formatted(String),
}

/// Whether a typed text uses Markdown.
pub(crate) fn typed(text: &str) -> Typed {
    let uses = Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH).any(|event| match event {
        Event::Start(tag) => !matches!(tag, Tag::Paragraph | Tag::HtmlBlock),
        Event::Code(_) | Event::Rule => true,
        _ => false,
    });
    if uses { Typed::Formatted(markdown(text).0) } else { Typed::Plain }
}

/// Whether the whole text of a mail says more than what is shown of it.
pub(crate) fn has_more(body: &str, is_html: bool, full: &str) -> bool {
    let text = if is_html { html::to_text(body) } else { body.to_owned() };
    !full.trim().is_empty() && !full.split_whitespace().eq(text.split_whitespace())
}

/// A message for our page, and whether that is all of its form: HTML that is more than light Markdown is shown as text,
/// and in full in its frame only.
pub(crate) fn shown(body: &str, is_html: bool) -> (Markup, bool) {
    if !is_html {
        return (plain(body), true);
    }
    if is_light(body) {
        return (Markup(without_outer_targets(body)), true);
    }
    (plain(&html::to_text(body)), false)
}

/// An article for our page: what staff wrote, without styles, scripts and pictures of elsewhere.
pub(crate) fn article(body: &str) -> Markup {
    Markup(html::sanitise_page(body))
}

/// Tags without attributes that our page shows.
const LIGHT: [&str; 24] = [
    "p",
    "br",
    "strong",
    "em",
    "b",
    "i",
    "u",
    "s",
    "del",
    "ul",
    "ol",
    "li",
    "blockquote",
    "code",
    "pre",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "div",
    "span",
];

/// Whether sanitised HTML has nothing but light tags without attributes and links. What is stored is printed by the
/// sanitiser, so every `<` begins a tag.
fn is_light(html: &str) -> bool {
    html.split('<').skip(1).all(|piece| {
        let Some((tag, _)) = piece.split_once('>') else { return false };
        let name = tag.strip_prefix('/').unwrap_or(tag).trim_end_matches('/').trim_end();
        LIGHT.contains(&name) || name == "a" || is_plain_link(name)
    })
}

/// `a href="https://…"`, with what the sanitiser puts behind it.
fn is_plain_link(tag: &str) -> bool {
    let Some(rest) = tag.strip_prefix("a href=\"") else { return false };
    let Some((target, more)) = rest.split_once('"') else { return false };
    let is_known = ["https://", "http://", "mailto:"].iter().any(|scheme| target.starts_with(scheme));
    is_known && ["", " rel=\"noopener noreferrer\"", " rel=\"noopener noreferrer nofollow\""].contains(&more)
}

/// Links of messages open beside the inbox, not in its place.
fn without_outer_targets(html: &str) -> String {
    html.replace("<a href=\"", "<a target=\"_blank\" href=\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_text_is_offered_where_it_says_more_than_what_is_shown() {
        assert!(!has_more("Hello", false, "Hello\r\n") && !has_more("<p>Hello</p>", true, "Hello"));
        assert!(!has_more("Hello", false, ""));
        assert!(has_more("Hello", false, "Hello\n\n> who?") && has_more("<p>Hello</p>", true, "Hello\n> who?"));
    }

    #[test]
    fn plain_text_becomes_paragraphs_with_links() {
        let html = plain("Hi <b>\nsee https://x.test/a?b=1&c=2.\n\nBye (http://y.test/(z)).").0;
        assert_eq!(
            html,
            "<p dir=\"auto\">Hi &lt;b&gt;<br>see <a href=\"https://x.test/a?b=1&amp;c=2\" rel=\"noopener noreferrer nofollow\" \
             target=\"_blank\">https://x.test/a?b=1&amp;c=2</a>.</p><p dir=\"auto\">Bye (<a href=\"http://y.test/(z)\" \
             rel=\"noopener noreferrer nofollow\" target=\"_blank\">http://y.test/(z)</a>).</p>"
        );
        assert_eq!(plain("").0, "");
        assert!(!plain("javascript:alert(1) xhttps://").0.contains("<a"));
        assert_eq!(plain("https://").0, "<p dir=\"auto\">https://</p>");
    }

    #[test]
    fn markdown_is_light_and_html_in_it_is_text() {
        let html = markdown("**bold** and `code`\n\n- one\n- two\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1)) ![p](https://e.test/p.png)").0;
        assert!(html.contains("<strong>bold</strong>") && html.contains("<li>one</li>"), "{html}");
        assert!(!html.contains("<script") && !html.contains("javascript:") && !html.contains("<img"), "{html}");
        let (again, is_whole) = shown(&html, true);
        assert!(is_whole, "{html}");
        assert!(again.0.contains("<strong>bold</strong>"));
    }

    #[test]
    fn a_text_without_markdown_stays_as_it_was_typed() {
        assert!(matches!(typed("Hello Ann,\nyour printer: done.\n\nBye"), Typed::Plain));
        assert!(matches!(typed("a **b**"), Typed::Formatted(_)));
        assert!(matches!(typed("1. one\n2. two"), Typed::Formatted(_)));
    }

    #[test]
    fn html_that_is_more_than_light_is_shown_as_text() {
        for html in [
            "<p style=\"color:red\">x</p>",
            "<p><img src=\"https://e.test/p.png\">x</p>",
            "<table><tbody><tr><td>x</td></tr></tbody></table>",
            "<a href=\"javascript:x\">x</a>",
            "<p onclick=\"x\">x</p>",
        ] {
            let (markup, is_whole) = shown(html, true);
            assert!(!is_whole && !markup.0.contains("style") && !markup.0.contains("<img"), "{html}");
        }
    }
}
