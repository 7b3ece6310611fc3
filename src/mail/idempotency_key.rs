//! The idempotency key: which bytes of a mail make it the same mail.
//!
//! Only the bytes are hashed here; that the key is unique is ensured by the store.

use memchr::memchr;
use sha2::{Digest, Sha256};

use super::header::{Header, Lines, field_name, skip_leading_lines, starts_with_ignore_case, with_line_feeds};

/// Fields written by the servers a mail passes, which therefore differ between two deliveries.
const TRACE_FIELDS: [&str; 12] = [
    "received",
    "return-path",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "status",
    "x-status",
    "x-uid",
    "authentication-results",
    "received-spf",
    "dkim-signature",
];

/// Beginnings of the names of such fields.
const TRACE_PREFIXES: [&str; 3] = ["x-spam-", "x-virus-", "arc-"];

/// SHA-256 over the mail with LF line ends, exactly one final line end and without trace fields.
///
/// A mail with neither Message-ID nor Date keeps its topmost Received field: two alerts of a
/// machine that writes neither differ in nothing else. Linear in the length of `raw`.
pub(super) fn key_of(raw: &[u8]) -> [u8; 32] {
    let raw = with_line_feeds(raw);
    let mail = without_final_line_ends(skip_leading_lines(&raw));
    let mut hash = Hash { sha: Sha256::new(), buffer: Vec::with_capacity(BUFFER_BYTES), after_cr: false };
    let body_start = hash_header(mail, &mut hash);
    hash.text(mail.get(body_start..).unwrap_or_default());
    hash.text(b"\n");
    hash.finish()
}

/// The key of a mail of which only the beginning is kept, while the rest is read and dropped. It is the key that
/// [`key_of`] gives the whole mail, where its header is in the beginning.
#[derive(Debug)]
pub(crate) struct LongMail {
    hash: Hash,
    /// Line ends that are the mail's last ones until something follows them.
    line_ends: usize,
    /// The last of them was a carriage return, to which a line feed belongs.
    after_cr: bool,
    bytes: usize,
}

/// A mail of which only the beginning is at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The idempotency key of all of it.
    pub key: [u8; 32],
    /// How many bytes it has.
    pub bytes: usize,
}

impl LongMail {
    /// Begins with what is kept.
    pub(crate) fn new(beginning: &[u8]) -> Self {
        let raw = with_line_feeds(beginning);
        let mail = skip_leading_lines(&raw);
        let mut hash = Hash { sha: Sha256::new(), buffer: Vec::with_capacity(BUFFER_BYTES), after_cr: false };
        let body_start = hash_header(mail, &mut hash);
        let mut long = Self { hash, line_ends: 0, after_cr: false, bytes: 0 };
        long.add(mail.get(body_start..).unwrap_or_default());
        long.bytes = beginning.len();
        long
    }

    /// Goes on with what is dropped.
    pub(crate) fn add(&mut self, more: &[u8]) {
        self.bytes = self.bytes.saturating_add(more.len());
        let is_text = |b: &u8| !matches!(b, b'\r' | b'\n');
        let Some(first) = more.iter().position(is_text) else { return self.hold(more) };
        let last = more.iter().rposition(is_text).unwrap_or(first);
        self.hold(more.get(..first).unwrap_or_default());
        for _ in 0..std::mem::take(&mut self.line_ends) {
            self.hash.plain(b"\n");
        }
        self.after_cr = false;
        self.hash.text(more.get(first..=last).unwrap_or_default());
        self.hold(more.get(last + 1..).unwrap_or_default());
    }

    /// Counts line ends.
    fn hold(&mut self, line_ends: &[u8]) {
        for byte in line_ends {
            self.line_ends += usize::from(*byte == b'\r' || !self.after_cr);
            self.after_cr = *byte == b'\r';
        }
    }

    /// The end of the mail.
    pub(crate) fn end(mut self) -> Whole {
        self.hash.text(b"\n");
        Whole { key: self.hash.finish(), bytes: self.bytes }
    }
}

fn without_final_line_ends(mail: &[u8]) -> &[u8] {
    let kept = mail.iter().rposition(|b| !matches!(b, b'\r' | b'\n')).map_or(0, |last| last + 1);
    mail.get(..kept).unwrap_or_default()
}

/// Hashes the header without its trace fields; returns the offset of the empty line after it.
fn hash_header(mail: &[u8], hash: &mut Hash) -> usize {
    let mut keeps_received = !has_identity(mail);
    let mut skips = false;
    for line in Lines::from(mail, 0) {
        if line.text.is_empty() {
            return line.start;
        }
        if !matches!(line.text.first(), Some(b' ' | b'\t')) {
            skips = field_name(line.text).is_some_and(is_trace);
            if skips
                && keeps_received
                && field_name(line.text).is_some_and(|name| name.eq_ignore_ascii_case(b"received"))
            {
                keeps_received = false;
                skips = false;
            }
        }
        if !skips {
            hash.text(line.text);
            hash.text(b"\n");
        }
    }
    mail.len()
}

/// Fields looked through for a Message-ID or a Date; fixed, so that no setting ever changes a key.
const IDENTITY_FIELDS_MAX: usize = 1000;

/// Whether the header has a Message-ID or a Date that says anything.
fn has_identity(mail: &[u8]) -> bool {
    let (header, _) = Header::read(mail, IDENTITY_FIELDS_MAX);
    header.first("message-id").is_some() || header.first("date").is_some()
}

fn is_trace(name: &[u8]) -> bool {
    TRACE_FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field.as_bytes()))
        || TRACE_PREFIXES.iter().any(|prefix| starts_with_ignore_case(name, prefix))
}

/// Bytes gathered before they are hashed; hashing line by line is three times slower (measured).
const BUFFER_BYTES: usize = 32 * 1024;

/// SHA-256 that sees CRLF and CR as LF.
#[derive(Debug)]
struct Hash {
    sha: Sha256,
    buffer: Vec<u8>,
    after_cr: bool,
}

impl Hash {
    fn text(&mut self, mut text: &[u8]) {
        while !text.is_empty() {
            if self.after_cr {
                self.after_cr = false;
                // The CR was hashed as a line feed already; an LF after it belongs to it.
                if let [b'\n', rest @ ..] = text {
                    text = rest;
                    continue;
                }
            }
            let plain = memchr(b'\r', text).unwrap_or(text.len());
            let (head, rest) = text.split_at(plain);
            self.plain(head);
            text = rest;
            if let [b'\r', rest @ ..] = text {
                self.plain(b"\n");
                self.after_cr = true;
                text = rest;
            }
        }
    }

    fn plain(&mut self, bytes: &[u8]) {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.sha.update(&self.buffer);
            self.buffer.clear();
        }
        if bytes.len() > BUFFER_BYTES {
            self.sha.update(bytes);
        } else {
            self.buffer.extend_from_slice(bytes);
        }
    }

    fn finish(mut self) -> [u8; 32] {
        self.sha.update(&self.buffer);
        self.sha.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "Message-ID: <a@example.org>\nSubject: hello\n\nfirst line\nsecond line\n";

    #[test]
    fn line_ends_and_final_line_ends_do_not_matter() {
        let crlf = PLAIN.replace('\n', "\r\n");
        let cr = PLAIN.replace('\n', "\r");
        for same in [&crlf, &cr, PLAIN.trim_end(), &format!("{PLAIN}\n\r\n")] {
            assert_eq!(key_of(same.as_bytes()), key_of(PLAIN.as_bytes()), "{same:?}");
        }
    }

    #[test]
    fn an_empty_line_inside_the_text_matters() {
        let other = PLAIN.replace("first line\n", "first line\n\n");
        assert_ne!(key_of(other.as_bytes()), key_of(PLAIN.as_bytes()));
    }

    #[test]
    fn every_trace_field_is_left_out_with_its_folds() {
        for name in [
            "Received",
            "Return-Path",
            "DELIVERED-TO",
            "X-Original-To",
            "Envelope-To",
            "X-Envelope-To",
            "Status",
            "X-Status",
            "X-UID",
            "X-Spam-Score",
            "X-Virus-Scanned",
            "Authentication-Results",
            "ARC-Seal",
            "Received-SPF",
            "DKIM-Signature",
        ] {
            let traced = format!("{name}: by mx1\r\n\tfolded\r\n{PLAIN}");
            let between = PLAIN.replace("Subject", &format!("{name}: x\n y\nSubject"));
            assert_eq!(key_of(traced.as_bytes()), key_of(PLAIN.as_bytes()), "{name}");
            assert_eq!(key_of(between.as_bytes()), key_of(PLAIN.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_field_no_server_writes_matters_and_so_does_a_trace_word_in_the_body() {
        let tagged = format!("X-Spammy: 1\n{PLAIN}");
        let quoted = format!("{PLAIN}Received: by mx1\n");
        assert_ne!(key_of(tagged.as_bytes()), key_of(PLAIN.as_bytes()));
        assert_ne!(key_of(quoted.as_bytes()), key_of(PLAIN.as_bytes()));
    }

    #[test]
    fn the_mbox_line_is_left_out() {
        let mbox = format!("From a@example.org Mon Nov  2 10:00:00 2026\n{PLAIN}");
        assert_eq!(key_of(mbox.as_bytes()), key_of(PLAIN.as_bytes()));
    }

    #[test]
    fn alerts_without_identity_differ_by_their_topmost_received_field_only() {
        let alert = |first: &str, second: &str| {
            key_of(format!("Received: {first}\nReceived: {second}\nSubject: disk full\n\nx").as_bytes())
        };
        assert_ne!(alert("id 1", "id 9"), alert("id 2", "id 9"));
        assert_eq!(alert("id 1", "id 8"), alert("id 1", "id 9"));
        let dated =
            |first: &str| key_of(format!("Received: {first}\nDate: Mon, 2 Nov 2026 10:00:00 +0000\n\nx").as_bytes());
        assert_eq!(dated("id 1"), dated("id 2"));
    }

    #[test]
    fn a_message_id_on_a_folded_line_is_an_identity() {
        let alert = |id: &str| key_of(format!("Received: {id}\nMessage-ID:\n <a@example.org>\n\nx").as_bytes());
        assert_eq!(alert("id 1"), alert("id 2"));
    }

    #[test]
    fn trace_fields_of_a_mail_with_cr_line_ends_are_left_out() {
        let traced = format!("Received: by mx1\n\tfolded\n{PLAIN}").replace('\n', "\r");
        assert_eq!(key_of(traced.as_bytes()), key_of(PLAIN.as_bytes()));
    }

    #[test]
    fn an_empty_message_id_is_no_identity() {
        let alert = |id: &str| key_of(format!("Received: {id}\nMessage-ID: \nSubject: x\n\nx").as_bytes());
        assert_ne!(alert("id 1"), alert("id 2"));
    }

    fn of_long(mail: &str, kept: usize, step: usize) -> Whole {
        let (beginning, rest) = mail.as_bytes().split_at(kept.min(mail.len()));
        let mut long = LongMail::new(beginning);
        rest.chunks(step.max(1)).for_each(|piece| long.add(piece));
        long.end()
    }

    #[test]
    fn mail_cut_anywhere_in_its_text_has_the_key_of_the_whole() {
        let text = "\nfirst\n\n\nsecond \r\r\nthird\r\n\r\n\n";
        for mail in [format!("Received: by mx1\n{PLAIN}{text}"), format!("{PLAIN}{text}").replace('\n', "\r\n")] {
            let header = mail.find("first line").unwrap();
            for kept in header..=mail.len() {
                for step in [1, 2, 7, mail.len()] {
                    let expected = Whole { key: key_of(mail.as_bytes()), bytes: mail.len() };
                    assert_eq!(of_long(&mail, kept, step), expected, "{kept} {step}");
                }
            }
        }
    }

    #[test]
    fn mails_that_differ_behind_what_is_kept_have_two_keys() {
        let mail = |end: &str| format!("{PLAIN}{}{end}\n", "x".repeat(100));
        assert_ne!(of_long(&mail("a"), 80, 9).key, of_long(&mail("b"), 80, 9).key);
    }

    proptest::proptest! {
        #[test]
        fn any_header_order_of_line_ends_gives_one_key(lines in proptest::collection::vec("[ -~]{0,20}", 0..12)) {
            let mail = |end: &str| format!("Subject: s{end}Date: d{end}{end}{}", lines.join(end));
            let key = key_of(mail("\n").as_bytes());
            proptest::prop_assert_eq!(key, key_of(mail("\r\n").as_bytes()));
            proptest::prop_assert_eq!(key, key_of(mail("\r").as_bytes()));
        }
    }
}
