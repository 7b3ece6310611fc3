//! What the person typed: the reply without quoted mails and signatures, and the texts kept beside it.
//!
//! The rules work on lines; HTML adds what its structure says. They never leave an empty reply and never
//! put aside text that may be an answer; the full text is always kept. Whether a mail is a forward
//! is decided in `forward`, HTML is written as text in `html`.

mod armour;
mod attribution;
mod dates;
mod device;
mod device_words;
mod disclaimer;
pub(crate) mod divider;
pub(crate) mod fields;
mod greeting;
mod inline;
pub(crate) mod languages;
mod letters;
mod line;
mod notes;
mod prose;
mod quoted;
mod signature;
mod split;

use std::borrow::Cow;

use super::html::{self, HTML_BYTES_MAX, HTML_DEPTH_MAX, PlainQuote, Rendered};
use letters::{end_of_letters, start_of_letters};
use line::Line;
pub(crate) use line::is_invisible;
pub(crate) use split::Forwards;
use split::{Part, Split};

/// The parts of a mail's text. Every line with something on it is in one of the first three, and in no other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    /// What the person typed; never empty unless the text is blank.
    pub typed: String,
    /// The mail answered, with its header; empty when none was found.
    pub quoted: String,
    /// The signature or the line a device adds; empty when none was found.
    pub signature: String,
    /// All but the signature, in the order of the mail; empty when there is none.
    pub unsigned: String,
    /// The mail answered without its headers, one line a line; for finding out whether the desk knows it.
    pub answered: String,
    /// Another mail is passed on below a line that says so; all of it is `typed`.
    pub is_forward: bool,
    /// The text was searched, and there is no other mail in it: neither a quote nor a header.
    pub is_plain: bool,
}

/// Most lines that are searched for a reply; a mail with more is not a letter, and judging its lines would take more
/// memory than the mail. Past the limit the whole text is the reply. 100,000.
const LINES_MAX: usize = 100_000;
/// Largest HTML that is searched for a reply, in bytes, for the same reason. 4 MiB.
const REPLY_HTML_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Splits a mail's plain text (line ends LF). Linear in its length.
///
/// Text between quoted lines keeps all from the first quoted line on (and what was typed
/// above); where nothing would be left, the whole text is the reply.
#[must_use]
pub(crate) fn reply_of_text(full: &str, forwards: Forwards) -> Reply {
    if has_too_many_lines(full) {
        return Reply { typed: full.to_owned(), ..Reply::default() };
    }
    let lines = line::lines_of_text(full);
    put_together(full, &lines, &split::split(&lines, forwards))
}

fn reply_of_html(rendered: &Rendered, forwards: Forwards) -> Reply {
    if has_too_many_lines(&rendered.text) {
        return Reply { typed: rendered.text.clone(), ..Reply::default() };
    }
    let lines = line::lines_of_html(rendered);
    put_together(&rendered.text, &lines, &split::split(&lines, forwards))
}

fn has_too_many_lines(text: &str) -> bool {
    memchr::memchr_iter(b'\n', text.as_bytes()).count() >= LINES_MAX
}

fn put_together(full: &str, lines: &[Line<'_>], split: &Split) -> Reply {
    let of = |part: Part| joined(full, lines, |at| split.parts[at] == part);
    let mut reply = Reply {
        typed: of(Part::Typed),
        quoted: of(Part::Quoted),
        signature: of(Part::Signature),
        unsigned: String::new(),
        answered: String::new(),
        is_forward: split.is_forward,
        is_plain: split.is_plain,
    };
    if reply.typed.is_empty() && !full.trim().is_empty() {
        let whole = joined(full, lines, |_| true);
        // Of invisible characters alone no line has anything to read.
        let typed = if whole.is_empty() { full.trim().to_owned() } else { whole };
        return Reply { typed, is_forward: split.is_forward, ..Reply::default() };
    }
    if !reply.signature.is_empty() {
        reply.unsigned = joined(full, lines, |at| split.parts[at] != Part::Signature);
    }
    if !reply.quoted.is_empty() {
        let is_answered = |at: usize| split.parts[at] == Part::Quoted && !split.header.contains(&at);
        reply.answered = quoted::without_headers(&joined(full, lines, is_answered));
    }
    reply
}

/// The lines that are wanted, without blank ones at the ends and at the places where others are left out.
fn joined(full: &str, lines: &[Line<'_>], is_wanted: impl Fn(usize) -> bool) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < lines.len() {
        if !is_wanted(at) {
            at += 1;
            continue;
        }
        let end = (at..lines.len()).find(|&next| !is_wanted(next)).unwrap_or(lines.len());
        let first = (at..end).find(|&line| !lines[line].is_blank());
        let last = (at..end).rev().find(|&line| !lines[line].is_blank());
        if let (Some(first), Some(last)) = (first, last) {
            if !out.is_empty() {
                out.push_str("\n\n");
            }
            out.push_str(full[lines[first].start..lines[last].end()].trim_end());
        }
        at = end;
    }
    out
}

/// The texts of one mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Body {
    /// The text part, or the HTML part as text.
    pub full_text: String,
    /// What the person typed, where that is not all of `full_text`; blank only if that is.
    pub typed: Option<String>,
    /// All but the signature, where there is one: what is shown of a mail that opens a ticket.
    pub opening_text: Option<String>,
    /// The mail answered without its headers.
    pub answered_text: String,
    /// Another mail is passed on below a line that says so.
    pub is_forward: bool,
    /// There is no other mail in the text.
    pub is_plain: bool,
    /// The sanitised HTML part; `None` if there is none or it is past the caps.
    pub html: Option<String>,
    /// What was left out, one sentence each.
    pub warnings: Vec<String>,
}

impl Body {
    /// What the person typed.
    #[cfg(test)]
    pub(crate) fn reply_text(&self) -> &str {
        self.typed.as_deref().unwrap_or(&self.full_text)
    }

    /// The same as a forward, whose point is the other mail: the reply is the full text.
    pub(crate) fn forwarded(mut self) -> Self {
        self.typed = None;
        self.opening_text = None;
        self.answered_text.clear();
        self
    }
}

/// Whether a reply holds a salutation, perhaps a closing, and nothing else: what the person has to say is in the quote.
#[must_use]
pub(crate) fn is_all_greeting(typed: &str) -> bool {
    /// Longest reply looked at, in bytes (chosen: a salutation, a closing and a name).
    const BYTES_MAX: usize = 400;
    typed.len() <= BYTES_MAX
        && greeting::is_all_greeting(line::lines_of_text(typed).iter().filter(|line| !line.is_blank()))
}

/// How far the text of a body is searched for quotes and signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// All of it.
    Whole(Forwards),
    /// Not at all: it is too long for a letter, and the whole is the reply.
    Nothing,
}

/// Reads a mail's body from its decoded text and HTML parts.
///
/// The text part is preferred where it has content. Where only the HTML structure shows a quote, as
/// in languages without an entry in the tables, it decides where the text is cut. Never fails.
#[must_use]
pub(crate) fn read_body(text: Option<String>, html: Option<&str>, search: Search) -> Body {
    let text = text.map(without_controls).filter(|text| !text.trim().is_empty());
    let source = html.filter(|html| !html.trim().is_empty());
    let sanitised = source.and_then(html::sanitise_mail);
    let mut warnings = Vec::new();
    if source.is_some() && sanitised.is_none() {
        warnings.push(format!(
            "the HTML part is larger than {} KiB, nested deeper than {HTML_DEPTH_MAX} elements or too repetitive; its text is shown instead",
            HTML_BYTES_MAX / 1024
        ));
    }
    let whole = |full_text: String| Body { full_text, ..Body::default() }.forwarded();
    let body = match (text, source, search) {
        (Some(text), _, Search::Nothing) => whole(text),
        (Some(text), source, Search::Whole(forwards)) => body_of(typed_in(&text, source, forwards), text),
        (None, Some(source), Search::Whole(forwards)) if source.len() <= REPLY_HTML_BYTES_MAX => {
            let rendered = html::render(source, PlainQuote::Indented);
            if rendered.text.trim().is_empty() {
                let crude = html::crude_text(source);
                body_of(reply_of_text(&crude, forwards), crude)
            } else {
                body_of(reply_of_html(&rendered, forwards), html::to_text(source))
            }
        }
        (None, Some(source), Search::Whole(_) | Search::Nothing) => whole(html::to_text(source)),
        (None, None, Search::Whole(_) | Search::Nothing) => Body::default(),
    };
    Body { html: sanitised, warnings, ..body }
}

/// The text itself where it has none: it may be most of the mail's memory.
fn without_controls(text: String) -> String {
    let cleaned = match html::without_controls(&text) {
        Cow::Owned(cleaned) => Some(cleaned),
        Cow::Borrowed(_) => None,
    };
    cleaned.unwrap_or(text)
}

fn body_of(reply: Reply, full_text: String) -> Body {
    Body {
        full_text,
        typed: Some(reply.typed),
        opening_text: Some(reply.unsigned).filter(|unsigned| !unsigned.is_empty()),
        answered_text: reply.answered,
        is_forward: reply.is_forward,
        is_plain: reply.is_plain,
        ..Body::default()
    }
}

/// The reply in the text part, with the HTML part as a second opinion.
fn typed_in(text: &str, html: Option<&str>, forwards: Forwards) -> Reply {
    let mut reply = reply_of_text(text, forwards);
    if reply.is_forward {
        return reply;
    }
    let Some(html) = html.filter(|html| {
        let may_add = reply.quoted.is_empty() || reply.signature.is_empty() && html::may_have_signature(html);
        may_add && html.len() <= HTML_BYTES_MAX
    }) else {
        return reply;
    };
    let structural = reply_of_html(&html::render(html, PlainQuote::Indented), forwards);
    // The two parts differ in white space, wrapping and markup, but not in letters.
    if reply.quoted.is_empty() && !structural.quoted.is_empty() {
        if let Some(end) = end_of_letters(&reply.typed, &structural.typed) {
            let below = reply.typed.split_off(end).trim().to_owned();
            reply.typed.truncate(reply.typed.trim_end().len());
            reply.answered = quoted::without_headers(&below);
            reply.quoted = below;
        }
    } else if reply.signature.is_empty()
        && let Some(start) = start_of_letters(&reply.typed, &structural.signature)
    {
        reply.signature = reply.typed.split_off(start).trim().to_owned();
        reply.typed.truncate(reply.typed.trim_end().len());
        reply.unsigned.clone_from(&reply.typed);
    }
    reply
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod corpus_tests;
#[cfg(test)]
mod tests;
