//! Header blocks cut into fields: where a header ends, which lines belong to which field.
//!
//! Used for the mail itself, for its MIME parts and for attached messages. What a field means is
//! read elsewhere (`address`, `ids`, `param`, `words`); nothing here decodes anything.

use std::borrow::Cow;

use memchr::memchr;

/// Longest field value looked at, in bytes (chosen: about 1,500 addresses; RFC 5322 has no limit).
pub(super) const FIELD_BYTES_MAX: usize = 64 * 1024;

/// Bytes of all field values of one header together (chosen: Exim's default `header_maxsize`).
pub(super) const HEADER_BYTES_MAX: usize = 1024 * 1024;

/// Longest text that counts as a field name, in bytes (chosen; the longest registered name has 42).
const NAME_BYTES_MAX: usize = 200;

/// The lines of a byte string: LF and CRLF end a line, and so do several CRs before the LF.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    data: &'a [u8],
    at: usize,
}

/// One line: its place and its bytes without the line end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Offset of the first byte.
    pub(super) start: usize,
    /// Offset after the line end, where the next line starts.
    pub(super) next: usize,
    /// The bytes without the line end.
    pub(super) text: &'a [u8],
}

impl Line<'_> {
    /// The line without the blanks in front.
    fn trimmed_start(self) -> Self {
        let text = self.text.trim_ascii_start();
        Self { start: self.start + (self.text.len() - text.len()), text, ..self }
    }
}

impl<'a> Lines<'a> {
    /// The lines of `data` from offset `at` on.
    pub(super) const fn from(data: &'a [u8], at: usize) -> Self {
        Self { data, at }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.data.get(self.at..).filter(|rest| !rest.is_empty())?;
        let (len, end) = memchr(b'\n', rest).map_or((rest.len(), rest.len()), |at| (at, at + 1));
        let mut text = rest.get(..len).unwrap_or_default();
        while let [head @ .., b'\r'] = text {
            text = head;
        }
        let line = Line { start: self.at, next: self.at + end, text };
        self.at = line.next;
        Some(line)
    }
}

/// One header field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    /// The name as written, without the colon.
    pub(super) name: &'a [u8],
    /// Everything after the colon, folds included, at most [`FIELD_BYTES_MAX`] bytes.
    pub(super) value: &'a [u8],
}

/// The fields of one header, topmost first.
#[derive(Clone, Debug, Default)]
pub(super) struct Header<'a> {
    fields: Vec<Field<'a>>,
    /// Whether fields were left out because of a budget.
    pub(super) is_cut: bool,
}

impl<'a> Header<'a> {
    /// Cuts `block` into at most `fields_max` fields and the offset where the body starts.
    ///
    /// Lines between fields that are not fields are skipped (a folded line whose indent got lost);
    /// after the last well-known field such a line starts the body, because some programs forget
    /// the empty line. A block without any well-known field is all body.
    pub(super) fn read(block: &'a [u8], fields_max: usize) -> (Self, usize) {
        let mut scan = Scan { block, header: Self::default(), open: None, bytes: 0, fields_max };
        let mut body_start = block.len();
        // Offset of the first line that is not a field, and how many fields came before it.
        let mut doubtful: Option<(usize, usize)> = None;
        let mut has_known = false;
        for line in Lines::from(block, 0) {
            if line.text.is_empty() {
                body_start = line.next;
                break;
            }
            if matches!(line.text.first(), Some(b' ' | b'\t')) && scan.open.is_some() {
                scan.extend(line);
                continue;
            }
            // A blank before the very first field is a mistake of the sender.
            let line = if scan.is_at_start() { line.trimmed_start() } else { line };
            let name = field_name(line.text);
            let asks = !has_known || doubtful.is_some();
            if asks && name.is_some_and(is_known) {
                has_known = true;
                doubtful = None;
            } else if name.is_none() && doubtful.is_none() {
                scan.close();
                doubtful = Some((line.start, scan.header.fields.len()));
            }
            match name {
                Some(name) => scan.start(name, line),
                None => scan.close(),
            }
        }
        scan.close();
        let mut header = scan.header;
        if !has_known {
            return (Self::default(), 0);
        }
        if let Some((offset, fields)) = doubtful {
            header.fields.truncate(fields);
            body_start = offset;
        }
        (header, body_start)
    }

    /// The values of every field `name` (compared without case), topmost first.
    pub(super) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a [u8]> + 's {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| field.value)
    }

    /// The value of the topmost field `name` that is not blank.
    pub(super) fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).find(|value| !value.trim_ascii().is_empty())
    }

    /// Whether there is no field at all.
    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// The state while a header block is cut.
struct Scan<'a> {
    block: &'a [u8],
    header: Header<'a>,
    /// Name, start and end of the value of the field being read.
    open: Option<(&'a [u8], usize, usize)>,
    /// Bytes of values kept so far.
    bytes: usize,
    fields_max: usize,
}

impl<'a> Scan<'a> {
    fn is_at_start(&self) -> bool {
        self.open.is_none() && self.header.is_empty()
    }

    fn start(&mut self, name: &'a [u8], line: Line<'a>) {
        self.close();
        let colon = memchr(b':', line.text).unwrap_or(name.len());
        self.open = Some((name, line.start + colon + 1, line.start + line.text.len()));
    }

    fn extend(&mut self, line: Line<'a>) {
        if let Some((_, _, end)) = &mut self.open {
            *end = line.start + line.text.len();
        }
    }

    fn close(&mut self) {
        let Some((name, start, end)) = self.open.take() else { return };
        if self.header.fields.len() >= self.fields_max || self.bytes >= HEADER_BYTES_MAX {
            self.header.is_cut = true;
            return;
        }
        let value = self.block.get(start..end).unwrap_or_default();
        let kept = value.get(..FIELD_BYTES_MAX).unwrap_or(value);
        self.header.is_cut |= kept.len() < value.len();
        self.bytes += kept.len();
        self.header.fields.push(Field { name, value: kept });
    }
}

/// The field name a line starts with: visible ASCII up to a colon, blanks before the colon allowed.
pub(super) fn field_name(line: &[u8]) -> Option<&[u8]> {
    let head = line.get(..NAME_BYTES_MAX).unwrap_or(line);
    let colon = memchr(b':', head)?;
    let name = head.get(..colon)?.trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(name)
}

/// Names that make a block of lines a header. `X-` and `Content-` fields count as a family.
const KNOWN_NAMES: [&str; 27] = [
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "sender",
    "received",
    "return-path",
    "delivered-to",
    "envelope-to",
    "mime-version",
    "references",
    "in-reply-to",
    "auto-submitted",
    "precedence",
    "dkim-signature",
    "authentication-results",
    "received-spf",
    "errors-to",
    "organization",
    "importance",
    "priority",
    "status",
    "user-agent",
];

/// Beginnings of well-known field names.
const KNOWN_PREFIXES: [&str; 6] = ["x-", "content-", "list-", "resent-", "arc-", "thread-"];

fn is_known(name: &[u8]) -> bool {
    KNOWN_NAMES.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        || KNOWN_PREFIXES.iter().any(|prefix| starts_with_ignore_case(name, prefix))
}

/// Whether `text` starts with `prefix`, ASCII case ignored.
pub(super) fn starts_with_ignore_case(text: &[u8], prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}

/// The mail with LF line ends where it has CR ones only (classic Mac OS); copied only then.
pub(super) fn with_line_feeds(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'\n', raw).is_some() || memchr(b'\r', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.iter().map(|b| if *b == b'\r' { b'\n' } else { *b }).collect())
}

/// The mail without what comes before its first header field: a byte order mark, empty lines, and
/// the "From " line of an mbox file (also quoted as ">From "). Bytes of a mail without a header
/// are returned as they are.
pub(super) fn skip_leading_lines(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(raw);
    let mut lines = Lines::from(raw, 0).skip_while(|line| line.text.trim_ascii().is_empty());
    let Some(first) = lines.next() else { return raw };
    let is_mbox = first.text.starts_with(b"From ") || first.text.starts_with(b">From ");
    let (start, text) = if is_mbox {
        lines.next().map_or((raw.len(), first.text), |second| (second.start, second.text))
    } else {
        (first.start, first.text)
    };
    if field_name(text.trim_ascii_start()).is_some() || start == raw.len() {
        raw.get(start..).unwrap_or_default()
    } else {
        raw
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn subject_and_body(mail: &[u8]) -> (Option<&[u8]>, &[u8]) {
        let (header, body) = Header::read(mail, 1000);
        (header.first("subject").map(<[u8]>::trim_ascii), &mail[body..])
    }

    #[test]
    fn a_field_keeps_its_folded_lines() {
        let mail = b"Subject: one\r\n two\r\n\r\nbody";
        assert_eq!(subject_and_body(mail), (Some(&b"one\r\n two"[..]), &b"body"[..]));
    }

    #[test]
    fn a_blank_before_the_first_field_does_no_harm() {
        let mail = skip_leading_lines(b"\n From: a@example.org\nSubject: hello\n\nbody");
        assert_eq!(Header::read(mail, 9).0.first("from"), Some(&b" a@example.org"[..]));
        assert_eq!(subject_and_body(mail), (Some(&b"hello"[..]), &b"body"[..]));
    }

    #[test]
    fn a_line_without_colon_between_fields_is_skipped() {
        let mail = b"From: a@example.org\nlost its indent\nSubject: hello\n\nbody";
        assert_eq!(subject_and_body(mail), (Some(&b"hello"[..]), &b"body"[..]));
    }

    #[test]
    fn a_forgotten_empty_line_does_not_swallow_the_text() {
        let mail = b"Subject: hello\nDear desk,\nNote: it burns\n\nbye";
        assert_eq!(subject_and_body(mail), (Some(&b"hello"[..]), &b"Dear desk,\nNote: it burns\n\nbye"[..]));
    }

    #[test]
    fn text_without_a_header_is_all_body() {
        let mail = b"Hello desk,\n\nit burns";
        assert_eq!(subject_and_body(mail), (None, &mail[..]));
    }

    #[test]
    fn the_mbox_line_and_empty_lines_before_the_header_are_skipped() {
        assert_eq!(skip_leading_lines(b"\r\n\nSubject: x\n"), b"Subject: x\n");
        assert_eq!(skip_leading_lines(b"From a@example.org Mon Jan  1\nSubject: x\n"), b"Subject: x\n");
        assert_eq!(skip_leading_lines(b"From now on\nit burns"), b"From now on\nit burns");
    }

    #[test]
    fn fields_up_to_the_limit_are_kept_and_one_more_is_not() {
        let mail = b"X-A: 1\nX-B: 2\nX-C: 3\n\n";
        let (three, _) = Header::read(mail, 3);
        let (two, _) = Header::read(mail, 2);
        assert!(three.first("x-c").is_some() && !three.is_cut);
        assert!(two.first("x-c").is_none() && two.is_cut);
    }

    #[test]
    fn a_field_value_up_to_the_limit_is_kept_and_one_byte_more_is_cut() {
        let of_len = |len: usize| [b"Subject:".to_vec(), vec![b'x'; len], b"\n\n".to_vec()].concat();
        let (fits, longer) = (of_len(FIELD_BYTES_MAX), of_len(FIELD_BYTES_MAX + 1));
        assert!(!Header::read(&fits, 9).0.is_cut);
        let (cut, _) = Header::read(&longer, 9);
        assert!(cut.is_cut);
        assert_eq!(cut.first("subject").unwrap().len(), FIELD_BYTES_MAX);
    }
}
