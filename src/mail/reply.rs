//! What the person typed: the reply without quoted mails and signatures, and the texts kept beside it.
//!
//! The rules work on lines; HTML adds what its structure says. They never leave an empty reply and never
//! put aside text that may be an answer; the full text is always kept. Whether a mail is a forward
//! is decided in `forward`, HTML is written as text in `html`.

mod attribution;
pub(crate) mod divider;
pub(crate) mod fields;
pub(crate) mod languages;
mod line;
mod signature;
mod split;

use super::html::{self, HTML_BYTES_MAX, HTML_DEPTH_MAX, PlainQuote, Rendered};
use line::Line;
use split::MailKind;

/// The parts of a mail's text, as slices of it. Text may be missing from all three only where it is
/// blank, a line above a quote that opens the mail, or between parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reply<'a> {
    /// What the person typed; never empty unless the text is blank.
    pub typed: &'a str,
    /// The mail answered, with its header; empty when none was found.
    pub quoted: &'a str,
    /// The signature or the line a device adds; empty when none was found.
    pub signature: &'a str,
}

/// Most lines that are searched for a reply; a mail with more is not a letter, and judging its lines would take more
/// memory than the mail. Past the limit the whole text is the reply. 100,000.
const LINES_MAX: usize = 100_000;
/// Largest HTML that is searched for a reply, in bytes, for the same reason. 4 MiB.
const REPLY_HTML_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Splits a mail's plain text (line ends LF). Linear in its length.
///
/// Text between or below quoted lines keeps all from the first quoted line on (and what was typed
/// above); where nothing would be left, the whole text is the reply.
#[cfg(test)]
#[must_use]
pub(crate) fn reply_text(full: &str) -> Reply<'_> {
    reply_of_text(full, BodyKind::Message)
}

fn reply_of_text(full: &str, kind: BodyKind) -> Reply<'_> {
    if has_too_many_lines(full) {
        return Reply { typed: full, quoted: "", signature: "" };
    }
    let kind_of_mail = if kind == BodyKind::Opening { MailKind::Opening } else { MailKind::Answer };
    split_lines(full, &line::lines_of_text(full), kind_of_mail)
}

fn reply_of_html(rendered: &Rendered, kind: BodyKind) -> Reply<'_> {
    if has_too_many_lines(&rendered.text) {
        return Reply { typed: &rendered.text, quoted: "", signature: "" };
    }
    let kind_of_mail = if kind == BodyKind::Opening { MailKind::OpeningHtml } else { MailKind::Answer };
    split_lines(&rendered.text, &line::lines_of_html(rendered), kind_of_mail)
}

fn has_too_many_lines(text: &str) -> bool {
    text.bytes().filter(|b| *b == b'\n').count() >= LINES_MAX
}

fn split_lines<'a>(full: &'a str, lines: &[Line<'_>], kind_of_mail: MailKind) -> Reply<'a> {
    let split = split::split(lines, kind_of_mail);
    let slice = |range: std::ops::Range<usize>| -> &'a str {
        let filled = || range.clone().filter(|&at| !lines[at].is_blank());
        match (filled().next(), filled().next_back()) {
            (Some(first), Some(last)) => full[lines[first].start..lines[last].end()].trim_end(),
            _ => "",
        }
    };
    Reply { typed: slice(split.typed), quoted: slice(split.quoted), signature: slice(split.signature) }
}

/// What kind of mail a body is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyKind {
    /// A message that may be an answer: quotes and signatures are put aside.
    Message,
    /// A mail that answers nothing: typed header lines and a bare quote at its end are its own text;
    /// a quoted mail that a program wrote below it is put aside all the same.
    Opening,
    /// A forward: its point is the other mail, so the reply is the full text.
    Forward,
}

/// The texts of one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Body {
    /// The text part, or the HTML part as text.
    pub full_text: String,
    /// What the person typed; blank only if `full_text` is.
    pub reply_text: String,
    /// The sanitised HTML part; `None` if there is none or it is past the caps.
    pub html: Option<String>,
    /// What was left out, one sentence each.
    pub warnings: Vec<String>,
}

/// Reads a mail's body from its decoded text and HTML parts.
///
/// The text part is preferred where it has content. Where only the HTML structure shows a quote, as
/// in languages without an entry in the tables, it decides where the text is cut. Never fails.
#[must_use]
pub(crate) fn read_body(text: Option<&str>, html: Option<&str>, kind: BodyKind) -> Body {
    let text = text.map(html::without_controls).filter(|text| !text.trim().is_empty());
    let source = html.filter(|html| !html.trim().is_empty());
    let sanitised = source.and_then(html::sanitise_mail);
    let mut warnings = Vec::new();
    if source.is_some() && sanitised.is_none() {
        warnings.push(format!(
            "the HTML part is larger than {} KiB, nested deeper than {HTML_DEPTH_MAX} elements or too repetitive; its text is shown instead",
            HTML_BYTES_MAX / 1024
        ));
    }
    let (full_text, reply_text) = match (text, source, kind) {
        (Some(text), _, BodyKind::Forward) => (text.to_string(), text.to_string()),
        (Some(text), source, BodyKind::Message | BodyKind::Opening) => {
            let typed = typed_in(&text, source, kind).to_owned();
            (text.into_owned(), typed)
        }
        (None, Some(source), BodyKind::Forward) => {
            let full = html::to_text(source);
            (full.clone(), full)
        }
        (None, Some(source), BodyKind::Message | BodyKind::Opening) if source.len() > REPLY_HTML_BYTES_MAX => {
            let full = html::to_text(source);
            (full.clone(), full)
        }
        (None, Some(source), BodyKind::Message | BodyKind::Opening) => {
            let rendered = html::render(source, PlainQuote::Indented);
            let typed = reply_of_html(&rendered, kind).typed.to_owned();
            (html::to_text(source), typed)
        }
        (None, None, BodyKind::Message | BodyKind::Opening | BodyKind::Forward) => (String::new(), String::new()),
    };
    Body { full_text, reply_text, html: sanitised, warnings }
}

/// The reply in the text part, with the HTML part as a second opinion.
fn typed_in<'a>(text: &'a str, html: Option<&str>, kind: BodyKind) -> &'a str {
    let reply = reply_of_text(text, kind);
    let Some(html) = html.filter(|html| reply.quoted.is_empty() && html.len() <= HTML_BYTES_MAX) else {
        return reply.typed;
    };
    let rendered = html::render(html, PlainQuote::Indented);
    let structural = reply_of_html(&rendered, kind);
    if structural.quoted.is_empty() {
        return reply.typed;
    }
    // The two parts differ in white space, wrapping and markup, but not in letters.
    end_of_letters(reply.typed, structural.typed).map_or(reply.typed, |end| reply.typed[..end].trim_end())
}

/// Where in `text` the letters and digits of `head` end, if `text` begins with them and the line
/// ends there. `None` for a `head` without letters.
fn end_of_letters(text: &str, head: &str) -> Option<usize> {
    let mut wanted = head.chars().filter(|c| c.is_alphanumeric()).peekable();
    wanted.peek()?;
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
        match wanted.next() {
            Some(expected) if expected == c => {}
            Some(_) => return None,
            None => {
                // All letters were found before this one; the cut is at the line end between them.
                let between = text[..at].rfind('\n')?;
                let has_letters_left = text[between..at].contains(char::is_alphanumeric);
                let end = text[..at].trim_end_matches(|c: char| !c.is_alphanumeric()).len();
                let line_end = text[end..].find('\n').map_or(text.len(), |n| end + n);
                return (!has_letters_left && line_end <= at).then_some(line_end);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;
