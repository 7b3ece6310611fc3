//! Which leaves of a mail are its body, and their text.
//!
//! Everything chosen here is shown as the mail's text; every other leaf is an attachment. What of
//! the text the person typed is found in `reply`, HTML is made safe in `html`.

use std::borrow::Cow;
use std::collections::HashMap;

use super::charset;
use super::encoded_word::Decoder;
use super::html;
use super::message_id::ID_BYTES_MAX;
use super::structure::{Leaf, PartHeader, Place, Structure};

/// Most text one body part gives, in bytes (chosen: a book of 1,000 pages has 3 MB; with it, a mail
/// of 50 MiB stays within 200 MiB of memory). A longer part is cut there for reading and kept whole
/// as an attachment.
pub(super) const TEXT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The body of a mail: indices of the leaves it is made of, and the joined texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ChosenBody {
    /// The plain text; `None` when only HTML says everything.
    pub(super) text: Option<String>,
    /// The HTML document, not yet made safe.
    pub(super) html: Option<String>,
    /// Indices into [`Structure::leaves`], ascending.
    pub(super) leaves: Vec<usize>,
    /// Those of `leaves` that are files as well: their sender marked them so, but there is no other text.
    pub(super) files: Vec<usize>,
    /// Those of `leaves` longer than [`TEXT_BYTES_MAX`].
    pub(super) cut: Vec<usize>,
}

impl ChosenBody {
    /// Whether there is nothing to read.
    pub(super) fn is_blank(&self) -> bool {
        [&self.text, &self.html].into_iter().all(|text| text.as_deref().is_none_or(is_blank_text))
    }
}

impl ChosenBody {
    /// Puts another body before this one, whose leaves belong to another structure.
    pub(super) fn put_before(&mut self, other: Self) {
        let own = std::mem::take(self);
        let is_own_blank = own.is_blank();
        *self = if is_own_blank {
            Self { leaves: own.leaves, files: own.files, cut: own.cut, ..other }
        } else {
            let html = (other.html.is_some() || own.html.is_some()).then(|| {
                let as_html = |body: &Self| {
                    body.html.clone().unwrap_or_else(|| html_of(body.text.as_deref().unwrap_or_default()))
                };
                as_html(&other) + &as_html(&own)
            });
            let text = match (&other.text, &own.text) {
                (Some(first), Some(second)) => Some(joined(&[first, second])),
                // Only HTML says everything.
                (None, _) if other.html.is_some() => None,
                (_, None) if own.html.is_some() => None,
                (first, second) => first.clone().or_else(|| second.clone()),
            };
            Self { text, html, leaves: own.leaves, files: own.files, cut: own.cut }
        };
    }
}

/// A stretch of the body: one text part, or one alternative with its forms.
#[derive(Debug, Default)]
struct Segment {
    /// The outermost multipart/alternative the stretch is from.
    alternative: Option<usize>,
    /// The branch of the alternative the texts are from, and the texts.
    text_branch: Option<usize>,
    texts: Vec<usize>,
    /// The same for HTML.
    html_branch: Option<usize>,
    htmls: Vec<usize>,
    /// Forms with nothing on them: a later form of their kind is taken instead.
    blanks: Vec<usize>,
}

/// Chooses the body of a mail and reads it.
///
/// Of each alternative the first plain and the first HTML form are taken; consecutive text parts
/// of a mixed mail (Apple Mail: text, picture, text) are joined, so that no text is lost.
pub(super) fn choose(structure: &Structure<'_>, decoder: Decoder) -> ChosenBody {
    let mut segments = segments(structure);
    if segments.is_empty() {
        segments.extend(fallback(structure));
    }
    let marked = if segments.is_empty() { marked_as_file(structure) } else { None };
    segments.extend(marked.and_then(|index| structure.leaves.get(index).map(|leaf| Segment::single(index, leaf))));
    let mut reader = Reader { structure, decoder, body: ChosenBody::default() };
    if segments.iter().all(|segment| segment.htmls.is_empty()) {
        // The usual mail of plain text, and the largest: its texts are put together as they are read.
        reader.body.leaves.extend(segments.iter().flat_map(|segment| &segment.blanks));
        let texts: Vec<usize> = segments.iter().flat_map(|segment| segment.texts.iter().copied()).collect();
        let mut body = ChosenBody { text: reader.join(&texts), ..reader.body };
        body.leaves.sort_unstable();
        body.files.extend(marked);
        return body;
    }
    let read: Vec<(Option<String>, Option<String>)> = segments
        .iter()
        .map(|segment| {
            reader.body.leaves.extend(&segment.blanks);
            let html = reader.join(&segment.htmls);
            // An empty text or a placeholder beside a full HTML part says nothing (some programs write one).
            let text =
                reader.join(&segment.texts).filter(|text| html.as_ref().is_none_or(|html| speaks_for(text, html)));
            (text, html)
        })
        .collect();
    let mut body = reader.body;
    body.leaves.sort_unstable();
    body.files.extend(marked);
    let is_spoken_by_html_alone = |(text, html): &(Option<String>, Option<String>)| text.is_none() && html.is_some();
    if !read.iter().any(is_spoken_by_html_alone) {
        let texts: Vec<&str> = read.iter().filter_map(|(text, _)| text.as_deref()).collect();
        body.text = (!texts.is_empty()).then(|| joined(&texts));
    }
    if read.iter().any(|(_, html)| html.is_some()) {
        body.html = Some(
            read.into_iter().map(|(text, html)| html.unwrap_or_else(|| html_of(&text.unwrap_or_default()))).collect(),
        );
    }
    body
}

/// Longest plain form that may be a placeholder, in bytes (chosen: two lines).
const PLACEHOLDER_BYTES_MAX: usize = 240;
/// Most words of a placeholder.
const PLACEHOLDER_WORDS_MAX: usize = 16;
/// Largest HTML that is read to find out, in bytes.
const COMPARED_BYTES_MAX: usize = 256 * 1024;
/// How many times the words of a placeholder the HTML must have to say much more …
const MORE_TIMES: usize = 2;
/// … and how many words more at least.
const MORE_WORDS: usize = 8;

/// Whether the plain form says what the HTML says: it is neither blank nor a few words ("please view this as HTML")
/// where the HTML shows much more.
fn speaks_for(text: &str, html: &str) -> bool {
    if is_blank_text(text) {
        return false;
    }
    let words = |text: &str| text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count();
    if text.len() > PLACEHOLDER_BYTES_MAX || html.len() > COMPARED_BYTES_MAX || words(text) > PLACEHOLDER_WORDS_MAX {
        return true;
    }
    let shown = words(&html::to_text(html));
    shown < words(text) * MORE_TIMES || shown < words(text) + MORE_WORDS
}

/// Nothing to read: white space, no-break and zero-width characters, byte order marks.
pub(super) fn is_blank_text(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{AD}' | '\u{34F}')
    })
}

/// Joins texts, one below the other.
fn joined(texts: &[&str]) -> String {
    let mut out = String::with_capacity(texts.iter().map(|text| text.len() + 1).sum());
    for text in texts {
        append(&mut out, text);
    }
    out
}

fn append(out: &mut String, text: &str) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(text);
}

/// Plain text as HTML, for the plain stretches of a mail whose other stretches are HTML.
fn html_of(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str("<div>");
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("<br>\n"),
            _ => out.push(c),
        }
    }
    out + "</div>"
}

fn segments(structure: &Structure<'_>) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut roots = HashMap::new();
    for (index, leaf) in structure.leaves.iter().enumerate() {
        if !is_text_for_reading(structure, leaf, &mut roots) {
            continue;
        }
        let outermost =
            structure.places_up(leaf.place).filter(|p| structure.kind_at(*p) == "multipart/alternative").last();
        let Some(Place { container, child }) = outermost else {
            segments.push(Segment::single(index, leaf));
            continue;
        };
        let at = segments.iter().rposition(|segment| segment.alternative == Some(container)).unwrap_or_else(|| {
            segments.push(Segment { alternative: Some(container), ..Segment::default() });
            segments.len() - 1
        });
        if let Some(segment) = segments.get_mut(at) {
            segment.add(index, leaf, child);
        }
    }
    segments.into_iter().flat_map(|segment| segment.split_when_mixed(&structure.leaves)).collect()
}

impl Segment {
    fn single(index: usize, leaf: &Leaf<'_>) -> Self {
        let mut segment = Self::default();
        segment.add(index, leaf, 0);
        segment
    }

    /// Adds a leaf of one branch, unless another branch gave this form already.
    fn add(&mut self, index: usize, leaf: &Leaf<'_>, branch: usize) {
        if self.alternative.is_some() && is_blank(leaf) {
            self.blanks.push(index);
            return;
        }
        let (chosen, leaves) = if leaf.header.kind == "text/html" {
            (&mut self.html_branch, &mut self.htmls)
        } else {
            (&mut self.text_branch, &mut self.texts)
        };
        if *chosen.get_or_insert(branch) == branch {
            leaves.push(index);
        }
    }

    /// Text and HTML of one branch are not alternatives; one follows the other.
    fn split_when_mixed(self, leaves: &[Leaf<'_>]) -> Vec<Self> {
        let is_mixed = self.alternative.is_some() && self.text_branch.is_some() && self.text_branch == self.html_branch;
        if !is_mixed {
            return vec![self];
        }
        let mut indices = [self.texts, self.htmls, self.blanks].concat();
        indices.sort_unstable();
        indices.into_iter().filter_map(|index| leaves.get(index).map(|leaf| Self::single(index, leaf))).collect()
    }
}

/// Longest form looked at to see whether it is blank, in bytes (chosen: blank ones have a line or two).
const BLANK_BYTES_MAX: usize = 4096;

/// Whether a plain form has nothing on it.
fn is_blank(leaf: &Leaf<'_>) -> bool {
    leaf.bytes.len() <= BLANK_BYTES_MAX
        && leaf.header.kind != "text/html"
        && is_blank_text(&text_of(leaf, &leaf.header.transfer.decode(leaf.bytes), Decoder::default()))
}

/// The child a multipart/related is about (RFC 2387 §3.2): the one `start` names, else the first
/// that can be read, because some programs put a picture before it.
fn root_of(structure: &Structure<'_>, container: usize) -> usize {
    let children = || {
        let leaves = structure.leaves.iter().map(|leaf| (leaf.place, &leaf.header));
        let containers = structure.containers.iter().map(|inner| (inner.place, &inner.header));
        leaves.chain(containers).filter_map(move |(place, header)| {
            let place = place.filter(|place| place.container == container)?;
            Some((place.child, header))
        })
    };
    let start = structure
        .containers
        .get(container)
        .and_then(|related| related.header.content_type.get("start", Decoder::default()))
        .and_then(|start| super::message_id::message_id(start.as_bytes(), Decoder::default()));
    let named = start.and_then(|start| {
        children().find(|(_, header)| header.content_id.as_ref() == Some(&start)).map(|(child, _)| child)
    });
    let is_readable = |header: &PartHeader| matches!(header.kind.split('/').next(), Some("text" | "multipart"));
    let first = || children().filter(|(_, header)| is_readable(header)).map(|(child, _)| child).min();
    named.or_else(first).unwrap_or(0)
}

/// Whether a leaf is part of the text by its kind, its marks and its place.
fn is_text_for_reading(structure: &Structure<'_>, leaf: &Leaf<'_>, roots: &mut HashMap<usize, usize>) -> bool {
    if !matches!(leaf.header.kind.as_str(), "text/plain" | "text/html")
        || leaf.header.is_marked_attachment()
        || leaf.is_too_deep
    {
        return false;
    }
    // A named text part is a file; the whole mail is not, whatever name it has.
    if leaf.place.is_some() && leaf.header.file_name.is_some() {
        return false;
    }
    structure.places_up(leaf.place).all(|place| match structure.kind_at(place) {
        // Only one part is for reading: the others are pictures, signatures, reports, keys.
        "multipart/related" => {
            let root = roots.entry(place.container).or_insert_with(|| root_of(structure, place.container));
            place.child == *root
        }
        "multipart/signed" | "multipart/report" => place.child == 0,
        "multipart/encrypted" | "multipart/digest" => false,
        _ => true,
    })
}

/// Where no leaf is text by the rules: a text part under a strange name or a named one at the top,
/// else the first text that is not marked as a file, anywhere in the mail.
fn fallback(structure: &Structure<'_>) -> Option<Segment> {
    let is_file = |kind: &str| {
        matches!(
            kind,
            "text/calendar" | "text/vcard" | "text/x-vcard" | "text/directory" | "text/rfc822-headers" | "text/csv"
        )
    };
    let (index, leaf) = structure
        .leaves
        .iter()
        .enumerate()
        .find(|(_, leaf)| {
            let kind = leaf.header.kind.as_str();
            let is_first = structure
                .places_up(leaf.place)
                .all(|place| place.child == 0 && structure.kind_at(place) != "multipart/digest");
            let is_readable =
                kind.starts_with("text/") && !is_file(kind) && !leaf.header.is_marked_attachment() && !leaf.is_too_deep;
            is_readable && is_first && (leaf.header.file_name.is_none() || leaf.header.disposition.is_empty())
        })
        .or_else(|| structure.leaves.iter().enumerate().find(|(_, leaf)| is_unmarked_text(structure, leaf)))?;
    Some(Segment::single(index, leaf))
}

/// Largest part that is the text although it is marked as a file, in bytes (chosen: a long letter).
const MARKED_BYTES_MAX: usize = 128 * 1024;

/// The first text part of reasonable size, whatever its disposition: some programs mark the only text as a file.
fn marked_as_file(structure: &Structure<'_>) -> Option<usize> {
    structure.leaves.iter().position(|leaf| {
        let is_shown = structure.places_up(leaf.place).all(|place| match structure.kind_at(place) {
            "multipart/signed" | "multipart/report" => place.child == 0,
            "multipart/encrypted" | "multipart/digest" => false,
            _ => true,
        });
        matches!(leaf.header.kind.as_str(), "text/plain" | "text/html")
            && is_shown
            && !leaf.is_too_deep
            && leaf.bytes.len() <= MARKED_BYTES_MAX
    })
}

/// Whether a leaf is plain text or HTML that nothing but its name or its place makes a file.
fn is_unmarked_text(structure: &Structure<'_>, leaf: &Leaf<'_>) -> bool {
    let is_text = matches!(leaf.header.kind.as_str(), "text/plain" | "text/html");
    let is_shown = structure.places_up(leaf.place).all(|place| match structure.kind_at(place) {
        "multipart/signed" | "multipart/report" => place.child == 0,
        "multipart/encrypted" | "multipart/digest" => false,
        _ => true,
    });
    is_text && is_shown && !leaf.header.is_marked_attachment() && !leaf.is_too_deep
}

struct Reader<'s, 'a> {
    structure: &'s Structure<'a>,
    decoder: Decoder,
    body: ChosenBody,
}

impl Reader<'_, '_> {
    /// The joined texts of some leaves; `None` for none.
    fn join(&mut self, indices: &[usize]) -> Option<String> {
        let mut all: Option<String> = None;
        for index in indices {
            let Some(text) = self.read(*index) else { continue };
            match &mut all {
                Some(all) => append(all, &text),
                None => all = Some(text),
            }
        }
        all
    }

    fn read(&mut self, index: usize) -> Option<String> {
        let leaf = self.structure.leaves.get(index)?;
        self.body.leaves.push(index);
        let bytes = leaf.header.transfer.decode(leaf.bytes);
        if bytes.len() > TEXT_BYTES_MAX {
            self.body.cut.push(index);
        }
        let bytes = up_to_line(&bytes, TEXT_BYTES_MAX);
        Some(text_of(leaf, bytes, self.decoder))
    }
}

/// At most `len` bytes, cut behind a line end or a blank where one is near.
fn up_to_line(bytes: &[u8], len: usize) -> &[u8] {
    let Some(head) = bytes.get(..len).filter(|head| head.len() < bytes.len()) else { return bytes };
    let near = head.len().saturating_sub(1024);
    let end = head
        .iter()
        .rposition(|b| matches!(b, b'\n' | b' '))
        .filter(|end| *end >= near)
        .map_or(head.len(), |end| end + 1);
    head.get(..end).unwrap_or(head)
}

/// The clean text of a leaf's unpacked bytes, by the charset it declares.
pub(super) fn text_of(leaf: &Leaf<'_>, bytes: &[u8], decoder: Decoder) -> String {
    let label = leaf.header.content_type.get("charset", decoder).unwrap_or_default();
    // Some programs write `charset="charset=utf-8"`.
    let label = label.trim().trim_start_matches("charset=");
    let declared = charset::for_label(label.as_bytes());
    let is_html = leaf.header.kind == "text/html";
    let declared = declared.or_else(|| {
        let is_silent = is_html && std::str::from_utf8(bytes).is_err();
        is_silent.then(|| charset::declared_in_html(bytes)).flatten()
    });
    let declared = declared.or_else(|| {
        let is_foreign = !bytes.is_ascii() && std::str::from_utf8(bytes).is_err();
        decoder.words_charset.filter(|_| is_foreign).map(charset::Charset::Standard)
    });
    let text = charset::cleaned(charset::decode(bytes, declared));
    let says = |name: &str, word: &str| {
        leaf.header.content_type.get(name, decoder).is_some_and(|value| value.trim().eq_ignore_ascii_case(word))
    };
    if !is_html && says("format", "flowed") && says("delsp", "yes") { rejoined(&text) } else { text }
}

/// Text of `format=flowed; delsp=yes` (RFC 3676) with its paragraphs on one line each: there the
/// blank at the end of a flowed line was put in by the program, in the middle of words too. Without
/// `delsp` the lines stay as they are, because breaks between words do no harm.
fn rejoined(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // The number of `>` of the flowed line before.
    let mut flowing = None;
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let inner = line.trim_start_matches('>');
        let depth = line.len() - inner.len();
        let unstuffed = inner.strip_prefix(' ').unwrap_or(inner);
        let is_signature = unstuffed == "-- ";
        if flowing == Some(depth) && !is_signature {
            out.push_str(unstuffed);
        } else {
            if flowing.is_some() {
                out.push('\n');
            }
            // A blank after `>` is how people read quotes; one that only guards the line goes.
            out.push_str(if depth == 0 { unstuffed } else { line });
        }
        flowing = (!is_signature && end == "\n" && unstuffed.ends_with(' ')).then_some(depth);
        if flowing.is_some() {
            out.pop();
        } else {
            out.push_str(end);
        }
    }
    out
}

/// The `cid:` references in an HTML document (RFC 2392), percent-escapes undone. Linear: what
/// belongs to one reference is not looked at again.
pub(super) fn content_ids_in(html: &str) -> std::collections::HashSet<String> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '>' | '<' | ')' | '(');
    let mut ids = std::collections::HashSet::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once(':') {
        rest = after;
        if !super::header::starts_with_ignore_case(
            before.as_bytes().last_chunk::<3>().map_or(&[][..], |last| last),
            "cid",
        ) {
            continue;
        }
        let (id, behind) = after.split_at(after.find(is_end).unwrap_or(after.len()));
        rest = behind;
        if id.len() <= ID_BYTES_MAX {
            let id = if id.contains('%') { Cow::Owned(percent_decoded(id)) } else { Cow::Borrowed(id) };
            ids.insert(id.replace("&amp;", "&"));
        }
    }
    ids
}

fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    super::mime_parameter::percent_decode(text.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
