//! HTML in and out: sanitised for a browser, or written as text.
//!
//! The caps on size and nesting are applied here, before the sanitiser runs; the writing of text
//! needs none. Which part of a mail is looked at, and what of it is the reply, is decided in `reply`.

mod allow;
mod bounds;
mod crude;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) mod danger;
mod elements;
mod quotes;
#[cfg(test)]
mod safety_tests;
mod text;
mod text_writer;
mod tokens;

pub(crate) use allow::XHTML_ELEMENTS;
pub(crate) use bounds::{HTML_BYTES_MAX, HTML_DEPTH_MAX};
pub(crate) use text::{Mark, PlainQuote, Rendered, render};

use std::borrow::Cow;

use super::charset::may_have_controls;

/// Most rounds of cleaning before HTML counts as unreadable. Chosen: mails take two, the second to see that
/// nothing changes; what is nested so that reading moves it takes three or four.
const ROUNDS_MAX: usize = 6;

/// Sanitises the HTML body of a mail by allow-list.
///
/// Removed: scripts, handlers, forms, frames, `style` sheets, ids and classes, relative URLs, styles that
/// leave the message's box. Images on other machines load nothing: their URL is kept in
/// `data-remote-src` for readers who ask for it; `cid:` references and png, jpeg, gif and webp pictures
/// in `data:` URLs are kept. Links get `rel="noopener noreferrer nofollow"`.
///
/// `None` past [`HTML_BYTES_MAX`] or [`HTML_DEPTH_MAX`] (or the similar limits in `bounds`), because the
/// sanitiser takes quadratic time there. Sanitising the result again changes nothing.
#[must_use]
pub(crate) fn sanitise_mail(html: &str) -> Option<String> {
    settled(html, allow::clean_mail)
}

/// Sanitises a body posted over the HTTP API, as HTMLPurifier did for HelpDeskZ: harmless HTML comes
/// out as the same document, images on other machines stay, links to other schemes than those of
/// [`sanitise_mail`] lose their target.
///
/// Text without markup stays as it is except for `&`, `<` and `>`. May come out empty. Past the caps of
/// [`sanitise_mail`] the answer is the escaped text of the HTML. Sanitising the result again changes nothing.
#[must_use]
pub(crate) fn sanitise_message(html: &str) -> String {
    if is_escaped_text(html) {
        return html.to_owned();
    }
    settled(html, allow::clean_message).unwrap_or_else(|| text_to_html(&to_text(html)))
}

/// Sanitises HTML of staff's for a page of ours, where no style of its own applies and no picture of elsewhere loads:
/// what is left of articles that HelpDeskZ had is their text, headings, lists, tables, links and pictures in `data:` URLs.
///
/// Past the caps of [`sanitise_mail`] the answer is the escaped text of the HTML.
#[must_use]
pub(crate) fn sanitise_page(html: &str) -> String {
    settled(html, allow::clean_page).unwrap_or_else(|| text_to_html(&to_text(html)))
}

/// Cleans until cleaning changes nothing. What is served is therefore exactly what the sanitiser wrote
/// after reading it, so that no parser sees a tree that was not checked; and control characters are
/// removed before the sanitiser runs, never after it.
fn settled(html: &str, clean: fn(&str) -> String) -> Option<String> {
    let mut html = without_controls(html).into_owned();
    for _ in 0..ROUNDS_MAX {
        if !bounds::is_within_caps(&html) {
            return None;
        }
        let cleaned = clean(&html);
        if cleaned == html {
            return Some(cleaned);
        }
        // Character references such as `&#7;` are control characters by now.
        html = without_controls(&cleaned).into_owned();
    }
    None
}

/// Whether this is what [`text_to_html`] writes: no tags but `<br />`, and its five character references.
fn is_escaped_text(html: &str) -> bool {
    const PIECES: [&str; 6] = ["&amp;", "&lt;", "&gt;", "&quot;", "&#039;", "<br />"];
    let mut rest = html;
    while let Some(at) = rest.find(|c: char| matches!(c, '&' | '<' | '>') || is_unwanted(c)) {
        let from = rest.get(at..).unwrap_or_default();
        let Some(behind) = PIECES.iter().find_map(|piece| from.strip_prefix(piece)) else { return false };
        rest = behind;
    }
    true
}

/// Escapes `&`, `<`, `>`, `"` and `'` for HTML, with the spellings of HelpDeskZ (PHP `ENT_QUOTES`).
#[must_use]
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#039;"),
            c => out.push(c),
        }
    }
    out
}

/// Plain text as HTML: escaped, each line feed preceded by `<br />` (PHP `nl2br`).
#[must_use]
pub(crate) fn text_to_html(text: &str) -> String {
    escape(text).replace('\n', "<br />\n")
}

/// The text of HTML in which nothing would be visible because it is broken; may be empty.
#[must_use]
pub(crate) fn crude_text(html: &str) -> String {
    crude::crude_text(html)
}

/// Whether a document may mark a signature; a quick look that spares reading most documents for it.
#[must_use]
pub(crate) fn may_have_signature(html: &str) -> bool {
    html.contains("ignature") || html.contains("_sig")
}

/// HTML as readable text: one line a paragraph, links with the URLs their text does not show,
/// quotes with `> `, table cells separated by tabs, no trailing spaces, no two blank lines in a row.
/// Linear for any input; never fails.
#[must_use]
pub(crate) fn to_text(html: &str) -> String {
    render(html, PlainQuote::Marked).text
}

/// Text with its character references decoded, as a browser does; unknown ones stay as they are.
pub(crate) fn decode_entities(text: &str) -> Cow<'_, str> {
    tokens::decode(text, tokens::Place::Text)
}

fn is_unwanted(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}

/// NUL and control characters have no place in a document; line ends become LF.
pub(crate) fn without_controls(text: &str) -> Cow<'_, str> {
    if !may_have_controls(text) || !text.contains(is_unwanted) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut before = '\0';
    for c in text.chars() {
        match c {
            // A lone CR is a line end too (old Macs); in CR LF the CR alone makes the line end.
            '\r' => out.push('\n'),
            '\n' if before == '\r' => {}
            c if is_unwanted(c) => {}
            c => out.push(c),
        }
        before = c;
    }
    Cow::Owned(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn mail(html: &str) -> String {
        sanitise_mail(html).unwrap()
    }

    #[test]
    fn scripts_handlers_and_forms_of_a_mail_are_gone() {
        let html = "<p onclick=x()>a<script>alert(1)</script><input name=y>b</p><form action=x></form>\
                    <iframe src=x></iframe><svg onload=x><style>p{}</style>";
        assert_eq!(mail(html), "<p>ab</p>");
    }

    #[test]
    fn links_of_a_mail_go_to_known_schemes_without_giving_anything_away() {
        assert_eq!(
            mail("<a href='https://x.test/?a=1&amp;b'>x</a>"),
            "<a href=\"https://x.test/?a=1&amp;b\" rel=\"noopener noreferrer nofollow\">x</a>"
        );
        for evil in [
            "javascript:alert(1)",
            " java\tscript:x",
            "data:text/html,x",
            "vbscript:x",
            "cid:1",
            "/admin",
            "&#106;avascript:x",
            "https:/admin",
            "http:admin",
            "ftp:x",
        ] {
            let out = mail(&format!("<a href=\"{evil}\">x</a>"));
            assert_eq!(out, "<a rel=\"noopener noreferrer nofollow\">x</a>", "{evil}");
        }
    }

    #[test]
    fn remote_images_of_a_mail_load_nothing_until_asked_for() {
        let out = mail("<img src=\"http://t.test/p.gif?a=1&amp;b='\" alt='Logo &quot;x&quot;' width=10 onerror=x()>");
        assert!(!out.contains(" src="), "{out}");
        assert!(out.contains("data-remote-src=\"http://t.test/p.gif?a=1&amp;b='\""), "{out}");
        assert!(
            out.contains("alt=\"Logo &quot;x&quot;\"") && out.contains("width=\"10\"") && !out.contains("onerror"),
            "{out}"
        );
        assert!(!mail("<img src='//t.test/p.gif'><img srcset='http://t.test/p.gif 2x'>").contains("t.test"));
        assert!(!mail("<img data-remote-src='javascript:x'>").contains("javascript"));
    }

    #[test]
    fn pictures_that_travel_with_the_mail_are_kept() {
        assert_eq!(mail("<img src=\"cid:a@b\">"), "<img src=\"cid:a@b\">");
        assert_eq!(mail("<img src='data:image/png;base64,AAAA'>"), "<img src=\"data:image/png;base64,AAAA\">");
        assert_eq!(mail("<img src='data:image/svg+xml;base64,AAAA'>"), "<img>");
    }

    #[test]
    fn styles_that_leave_the_box_are_dropped_and_harmless_ones_kept() {
        assert_eq!(mail("<p style='color:red;position:fixed;top:0'>x</p>"), "<p style=\"color: red\">x</p>");
        for evil in [
            "margin-left:-999px",
            "background-color:url(http://t.test)",
            "width:expression(alert(1))",
            "color:r\\65 d",
            "width:99999px",
            "position:absolute",
            "font-size:/**/9px",
            "color:var(--x)",
            "margin: 1px -5px",
            "width:1e9px",
            "margin-left:.9E9px",
            "padding:1px 0.5e+9px",
            "font:1e-2px x",
        ] {
            assert_eq!(mail(&format!("<p style='{evil}'>x</p>")), "<p>x</p>", "{evil}");
        }
        assert_eq!(mail("<p style='width:1.5em'>x</p>"), "<p style=\"width: 1.5em\">x</p>");
        let kept = "<p style=\"border: 1px solid rgb(1, 2, 3); font-family: &quot;Segoe UI&quot;, sans-serif\">x</p>";
        assert_eq!(mail(kept), kept);
    }

    #[test]
    fn a_mail_past_the_caps_has_no_html() {
        assert!(sanitise_mail(&"<div>".repeat(HTML_DEPTH_MAX)).is_some());
        assert_eq!(sanitise_mail(&"<div>".repeat(HTML_DEPTH_MAX + 1)), None);
        assert_eq!(sanitise_mail(&"x".repeat(HTML_BYTES_MAX + 1)), None);
    }

    #[test]
    fn a_harmless_message_comes_out_unchanged() {
        for same in [
            "<p>Hi <b>x</b></p>",
            "plain text\nwith two lines",
            "<a href=\"http://x.test/\">x</a>",
            "<p class=\"note\">x</p>",
            "",
        ] {
            assert_eq!(sanitise_message(same), same);
        }
        assert_eq!(sanitise_message("a & b < c > d"), "a &amp; b &lt; c &gt; d");
    }

    #[test]
    fn a_message_loses_what_runs_and_keeps_its_images() {
        let html = "<p onclick=\"x()\">Hi <script>alert(1)</script><a href=\"javascript:x\">l</a> <img src=\"http://e.test/a.png\"></p>";
        assert_eq!(sanitise_message(html), "<p>Hi <a>l</a> <img src=\"http://e.test/a.png\" alt=\"a.png\"></p>");
        assert_eq!(sanitise_message("<script>x</script>"), "");
        assert_eq!(sanitise_message("<img src='javascript:x'>"), "");
    }

    #[test]
    fn a_message_past_the_caps_becomes_escaped_text() {
        let html = format!("{}1 < 2<br>\"x\"", "<div>".repeat(HTML_DEPTH_MAX + 1));
        assert_eq!(sanitise_message(&html), "1 &lt; 2<br />\n&quot;x&quot;");
    }

    #[test]
    fn text_leaves_escaped_with_line_breaks() {
        assert_eq!(escape("<a b=\"c\">'&"), "&lt;a b=&quot;c&quot;&gt;&#039;&amp;");
        assert_eq!(text_to_html("1 < 2\nx"), "1 &lt; 2<br />\nx");
    }

    #[test]
    fn controls_go_and_every_line_end_becomes_a_line_feed() {
        assert_eq!(without_controls("a\0b\r\nc\rd\te\u{85}"), "ab\nc\nd\te");
        assert_eq!(sanitise_message("a&#7;b&#x85;c"), "ab\u{2026}c");
    }
}
