//! The output of the HTML writer: lines, blank lines, quote prefixes, white space.
//!
//! Knows nothing of tags; every call is constant work per character, so that writing is linear.

use super::text::{LineFacts, Mark, Rendered};

/// What comes between two pieces of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spacing {
    /// Nothing: the same line goes on.
    None,
    /// A line end.
    Line,
    /// A blank line.
    Paragraph,
}

/// Most quote prefixes written in front of a line; without a limit, nesting times lines would make
/// the text quadratic in the HTML.
const QUOTE_PREFIXES_MAX: usize = 8;
/// Most indents (four spaces each) in front of a line, for the same reason.
const INDENTS_MAX: usize = 4;
/// Longest link text compared with its URL, in bytes; longer text is never a URL's spelling.
const LINK_TEXT_BYTES_MAX: usize = 2048;

/// A text being written.
#[derive(Default)]
pub(super) struct Page {
    done: Rendered,
    line: String,
    facts: LineFacts,
    /// White space seen in the source since the last character of this line.
    space_pending: Option<char>,
    blank_pending: bool,
    bullet_pending: Option<String>,
    mark_pending: Option<Mark>,
    quote_levels: usize,
    /// Quote levels of the line written last.
    quote_levels_before: usize,
    indents: usize,
    quote_boxes: usize,
    signatures: usize,
    preformatted: usize,
    link: Option<Link>,
}

struct Link {
    url: String,
    text: String,
}

impl Page {
    /// Adds text; outside preformatted text runs of white space become one space.
    pub(super) fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' if self.preformatted > 0 => self.line_break(),
                '\t' | ' ' if self.preformatted > 0 => self.write(c),
                '\t' | '\n' | '\x0C' | '\r' | ' ' => {
                    if !self.line.is_empty() {
                        self.space_pending.get_or_insert(' ');
                    }
                }
                // Invisible fillers: byte order mark, zero-width space, soft hyphen.
                '\u{FEFF}' | '\u{200B}' | '\u{AD}' => {}
                '\u{A0}' => self.write(' '),
                c if c.is_control() => {}
                c => self.write(c),
            }
        }
    }

    fn write(&mut self, c: char) {
        if self.line.is_empty() {
            self.begin_line();
        }
        if let Some(space) = self.space_pending.take() {
            self.line.push(space);
        }
        self.line.push(c);
        if let Some(link) = &mut self.link
            && link.text.len() < LINK_TEXT_BYTES_MAX
        {
            link.text.push(c);
        }
    }

    fn begin_line(&mut self) {
        self.space_pending = None;
        self.facts = LineFacts {
            is_quoted: self.quote_levels > 0 || self.quote_boxes > 0,
            is_signature: self.signatures > 0,
            mark: self.mark_pending.take(),
        };
        if let Some(bullet) = self.bullet_pending.take() {
            self.line.push_str(&bullet);
        }
    }

    /// Ends the line if anything is on it, and asks for a blank line after it if so wanted.
    pub(super) fn space(&mut self, spacing: Spacing) {
        if spacing == Spacing::None {
            return;
        }
        self.end_line();
        // A paragraph right after a bullet is on the same line, not below it.
        self.blank_pending |= spacing == Spacing::Paragraph && self.bullet_pending.is_none();
    }

    /// A `<br>`: ends the line; on an empty line it makes a blank line.
    pub(super) fn line_break(&mut self) {
        if self.line.is_empty() {
            self.blank_pending = true;
        } else {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.space_pending = None;
        let line = std::mem::take(&mut self.line);
        if line.trim().is_empty() {
            self.blank_pending |= !line.is_empty();
            self.mark_pending = self.mark_pending.or(self.facts.mark.take());
            return;
        }
        self.push_line(&line);
    }

    fn push_line(&mut self, line: &str) {
        let quotes = self.quote_levels.min(QUOTE_PREFIXES_MAX);
        if std::mem::take(&mut self.blank_pending) && !self.done.lines.is_empty() {
            // A blank line inside one quote belongs to it.
            let before = self.done.lines.last().copied().unwrap_or_default();
            let is_quoted = before.is_quoted && self.facts.is_quoted;
            if is_quoted {
                self.done.text.push_str("> ".repeat(quotes.min(self.quote_levels_before)).trim_end());
            }
            self.done.text.push('\n');
            self.done.lines.push(LineFacts { is_quoted, is_signature: self.facts.is_signature, mark: None });
        }
        self.quote_levels_before = quotes;
        self.done.text.push_str(&"> ".repeat(quotes));
        self.done.text.push_str(&"    ".repeat(self.indents.min(INDENTS_MAX)));
        self.done.text.push_str(line.trim_end());
        self.done.text.push('\n');
        self.done.lines.push(self.facts);
        self.facts = LineFacts::default();
    }

    /// A horizontal rule.
    pub(super) fn rule(&mut self) {
        self.text("----------");
        self.end_line();
    }

    /// The next cell of a table row: a tab, once there is text in the cell.
    pub(super) fn next_cell(&mut self) {
        if !self.line.is_empty() {
            self.space_pending = Some('\t');
        }
    }

    /// What comes before the next text of a list item.
    pub(super) fn bullet(&mut self, bullet: String) {
        self.bullet_pending = Some(bullet);
    }

    /// A mark of a mail program, kept for the next line; the first of several wins.
    pub(super) fn mark(&mut self, mark: Mark) {
        self.end_line();
        self.mark_pending = self.mark_pending.or(Some(mark));
    }

    /// Enters (+1) or leaves (-1) a quoted mail.
    pub(super) fn quote_level(&mut self, step: isize) {
        self.space(Spacing::Paragraph);
        self.quote_levels = self.quote_levels.saturating_add_signed(step);
    }

    /// Enters or leaves an element that holds a quoted mail.
    pub(super) fn quote_box(&mut self, step: isize) {
        self.space(Spacing::Line);
        self.quote_boxes = self.quote_boxes.saturating_add_signed(step);
    }

    /// Enters or leaves a signature.
    pub(super) fn signature(&mut self, step: isize) {
        self.space(Spacing::Line);
        self.signatures = self.signatures.saturating_add_signed(step);
    }

    /// Enters or leaves an indented block.
    pub(super) fn indent(&mut self, step: isize) {
        self.end_line();
        self.indents = self.indents.saturating_add_signed(step);
    }

    /// Enters or leaves preformatted text.
    pub(super) fn preformatted(&mut self, step: isize) {
        self.space(Spacing::Paragraph);
        self.preformatted = self.preformatted.saturating_add_signed(step);
    }

    /// A link starts; one that is still open ends.
    pub(super) fn link_starts(&mut self, url: &str) {
        self.link_ends();
        self.link = Some(Link { url: url.trim().to_owned(), text: String::new() });
    }

    /// A link ends: its URL is added unless the text shows it already or there is no text.
    pub(super) fn link_ends(&mut self) {
        let Some(link) = self.link.take() else { return };
        if let Some(shown) = url_to_show(&link) {
            self.text(&format!(" <{shown}>"));
        }
    }

    /// The finished text.
    pub(super) fn finish(mut self) -> Rendered {
        self.link_ends();
        self.end_line();
        // Lines end in a line feed while writing; the text has none at its end.
        self.done.text.pop();
        self.done
    }
}

/// The URL a reader of the text misses, if any: web and mail addresses only.
fn url_to_show(link: &Link) -> Option<&str> {
    let text = bare(&link.text);
    if text.is_empty() {
        return None;
    }
    let (scheme, rest) = link.url.split_once(':')?;
    let shown = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" | "ftp" => link.url.as_str(),
        "mailto" => rest.split('?').next().unwrap_or_default(),
        _ => return None,
    };
    let wanted = bare(shown);
    (!wanted.is_empty() && wanted != text && !(scheme.eq_ignore_ascii_case("mailto") && text.contains(&wanted)))
        .then_some(shown)
}

/// A URL or text without what people leave out when they write a URL.
fn bare(text: &str) -> String {
    let lower = text.trim().trim_matches(['<', '>']).to_lowercase();
    let rest =
        ["https://", "http://", "ftp://", "mailto:"].iter().find_map(|head| lower.strip_prefix(head)).unwrap_or(&lower);
    rest.strip_prefix("www.").unwrap_or(rest).trim_end_matches('/').to_owned()
}
