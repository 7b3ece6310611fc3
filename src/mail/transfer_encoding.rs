//! Content-Transfer-Encoding undone: base64, quoted-printable, uuencode (RFC 2045 §6).
//!
//! Broken input is decoded as far as it goes; nothing here fails.

use std::borrow::Cow;

use memchr::memchr;

/// How the bytes of a part were encoded for transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Transfer {
    /// 7bit, 8bit, binary, and every word that names no encoding.
    #[default]
    Identity,
    /// base64.
    Base64,
    /// quoted-printable.
    QuotedPrintable,
    /// x-uuencode, as some old programs write it.
    Uuencode,
}

impl Transfer {
    /// Reads the value of Content-Transfer-Encoding; quotes, comments and case do not matter.
    pub(super) fn of(value: &[u8]) -> Self {
        let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
        let word: Vec<u8> = value.iter().copied().skip_while(|b| !is_word(b)).take_while(is_word).collect();
        match word.to_ascii_lowercase().as_slice() {
            b"base64" | b"base-64" | b"b" => Self::Base64,
            b"quoted-printable" | b"quotedprintable" | b"q" => Self::QuotedPrintable,
            b"x-uuencode" | b"uuencode" | b"x-uue" | b"uue" => Self::Uuencode,
            _ => Self::Identity,
        }
    }

    /// The decoded bytes; borrowed where nothing was encoded.
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Identity => Cow::Borrowed(bytes),
            Self::Base64 if is_no_base64(bytes) => Cow::Borrowed(bytes),
            Self::Base64 => Cow::Owned(decode_base64(bytes)),
            Self::QuotedPrintable => Cow::Owned(decode_quoted_printable(bytes)),
            Self::Uuencode => decode_uuencode(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned),
        }
    }
}

/// Bytes looked at to distinguish base64 from plain text under a wrong label.
const BASE64_SAMPLE_BYTES: usize = 4096;

/// Whether text labelled base64 is not base64: it reads like text, and its first line is not a row of
/// digits that ends in padding or is longer than words are.
fn is_no_base64(bytes: &[u8]) -> bool {
    let sample = bytes.get(..BASE64_SAMPLE_BYTES).unwrap_or(bytes).trim_ascii();
    let first = sample.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii();
    let is_row = (first.len() >= 16 || first.ends_with(b"="))
        && first.len() % 4 == 0
        && first.iter().all(|b| base64_value(*b).is_some() || *b == b'=');
    !is_row && is_text_line(sample)
}

const fn base64_value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Values of [`base64_value`] by byte; 255 where there is none.
const BASE64_VALUES: [u8; 256] = {
    let mut table = [255; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(value) = base64_value(byte as u8) {
            table[byte] = value;
        }
        byte += 1;
    }
    table
};

/// Base64 decoded leniently: bytes outside the alphabet are skipped and missing padding is added. Decoding ends
/// at a line that is clearly not base64, such as a footer of a list server; after padding, where
/// several runs may have been put together, at every line that does not look like one more. Linear.
pub(super) fn decode_base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let mut group = Group::default();
    let mut tail = None;
    for line in bytes.split(|b| *b == b'\n') {
        let is_digits = line.iter().all(|b| BASE64_VALUES[usize::from(*b)] != 255);
        let is_footer = match &mut tail {
            Some(tail) => !Tail::takes(tail, line),
            None => !is_digits && !out.is_empty() && is_text_line(line) || is_rule(line),
        };
        if is_footer {
            break;
        }
        for (at, byte) in line.iter().enumerate() {
            let value = BASE64_VALUES[usize::from(*byte)];
            if value != 255 {
                group.push(value, &mut out);
            } else if *byte == b'=' && group.len > 0 {
                group.flush(&mut out);
                if tail.is_none() {
                    let rest = line.get(at..).unwrap_or_default();
                    let pads = rest.iter().take_while(|b| **b == b'=').count();
                    let padded = rest.get(pads..).unwrap_or_default();
                    let mut behind = Tail::default();
                    if !behind.takes(padded) {
                        return out;
                    }
                    tail = Some(behind);
                }
            }
        }
    }
    group.flush(&mut out);
    out
}

/// What follows the first padding.
#[derive(Default)]
struct Tail {
    /// Whether a long line of digits was there: then a short one may be the end of its run.
    has_long_line: bool,
}

/// Digits of a line of base64 that no word of a footer has by accident (chosen; programs write 64 or 76).
const LONG_LINE_DIGITS: usize = 48;

impl Tail {
    /// Whether the line is one more of base64: no blanks, almost no bytes outside the alphabet, whole groups.
    fn takes(&mut self, line: &[u8]) -> bool {
        let line = line.trim_ascii();
        let digits = line.iter().filter(|b| base64_value(**b).is_some()).count();
        let padding = line.iter().filter(|b| **b == b'=').count();
        let foreign = line.len() - digits - padding;
        let is_long = digits >= LONG_LINE_DIGITS;
        let is_run = !line.iter().any(u8::is_ascii_whitespace)
            && foreign <= (line.len() / 64).max(1)
            && !is_rule(line)
            && (is_long || self.has_long_line || (digits + padding) % 4 == 0);
        self.has_long_line |= is_long;
        is_run
    }
}

/// Whether the line is drawn with characters that only the alphabet for URLs has.
fn is_rule(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.len() >= 2 && line.iter().all(|b| matches!(b, b'-' | b'_'))
}

/// Whether three characters, and one in 16, are outside base64's alphabet or blanks inside the line.
fn is_text_line(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let inner_blanks =
        line.windows(3).filter(|w| matches!(w, [a, b' ', c] if !a.is_ascii_whitespace() && !c.is_ascii_whitespace()));
    let foreign = line.iter().filter(|b| !b.is_ascii_whitespace() && base64_value(**b).is_none() && **b != b'=');
    let suspicious = inner_blanks.count() + foreign.count();
    suspicious >= 3 && suspicious * 16 > line.len()
}

/// Up to four base64 digits that become three bytes.
#[derive(Default)]
struct Group {
    bits: u32,
    len: u8,
}

impl Group {
    fn push(&mut self, value: u8, out: &mut Vec<u8>) {
        self.bits = (self.bits << 6) | u32::from(value);
        self.len += 1;
        if self.len == 4 {
            let [_, a, b, c] = self.bits.to_be_bytes();
            out.extend_from_slice(&[a, b, c]);
            *self = Self::default();
        }
    }

    /// Ends the group where the input ended: two digits hold one byte, three hold two.
    fn flush(&mut self, out: &mut Vec<u8>) {
        let [_, a, b, _] = (self.bits << (6 * (4 - u32::from(self.len)))).to_be_bytes();
        match self.len {
            2 => out.push(a),
            3 => out.extend_from_slice(&[a, b]),
            _ => {}
        }
        *self = Self::default();
    }
}

/// Quoted-printable decoded leniently: an `=` that starts no escape stays.
fn decode_quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(equals) = memchr(b'=', rest) {
        let (plain, escape) = rest.split_at(equals);
        out.extend_from_slice(plain);
        let after = escape.get(1..).unwrap_or_default();
        rest = if let Some(byte) = hex_pair(after) {
            out.push(byte);
            after.get(2..).unwrap_or_default()
        } else if let Some(next) = soft_break(after) {
            next
        } else {
            out.push(b'=');
            after
        };
    }
    out.extend_from_slice(rest);
    out
}

/// The byte two hex digits at the start of `text` stand for.
pub(super) fn hex_pair(text: &[u8]) -> Option<u8> {
    let digit = |b: &u8| char::from(*b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    Some(digit(text.first()?)? << 4 | digit(text.get(1)?)?)
}

/// Longest run of blanks taken for transport padding after a soft line break (keeps decoding linear).
const PADDING_BYTES_MAX: usize = 80;

/// What follows a soft line break (`=` at the end of a line, blanks added in transfer ignored).
fn soft_break(after: &[u8]) -> Option<&[u8]> {
    let head = after.get(..PADDING_BYTES_MAX).unwrap_or(after);
    let blanks = head.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
    match after.get(blanks..)? {
        [] => Some(&[]),
        [b'\n', next @ ..] => Some(next),
        _ => None,
    }
}

/// Uuencoded lines between `begin` and `end`; `None` when there is no `begin` line.
fn decode_uuencode(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut lines = super::header::Lines::from(bytes, 0).map(|line| line.text);
    lines.find(|line| line.starts_with(b"begin "))?;
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    for line in lines.take_while(|line| *line != b"end") {
        let Some((count, digits)) = line.split_first() else { continue };
        let mut group = Group::default();
        let start = out.len();
        for digit in digits {
            group.push(digit.wrapping_sub(32) & 63, &mut out);
        }
        group.flush(&mut out);
        out.truncate(start + usize::from(count.wrapping_sub(32) & 63));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, bytes: &[u8]) -> String {
        String::from_utf8_lossy(&Transfer::of(name.as_bytes()).decode(bytes)).into_owned()
    }

    #[test]
    fn base64_is_decoded_whole_or_broken() {
        for (bytes, decoded) in [
            (&b"SGVsbG8="[..], "Hello"),
            (b"SGVs\r\nbG8=\r\n", "Hello"),
            (b"SGVsbG8", "Hello"),
            (b"SGVs!bG8=", "Hello"),
            (b"SGVsbG8=SGVsbG8=", "HelloHello"),
            (b"SGVsbG8=\n-- \nlist footer.", "Hello"),
            (b"SGVsbA== ignored", "Hell"),
            (b"SGVsbG8gd29ybGQh\n-- footer text here --\n", "Hello world!"),
            (b"SGVsbG8gd29ybGQh\n-- \nlist footer.\n", "Hello world!"),
            (b"SGVsbG8=\n!SGVsbG8gd29y\nbGQ=\n", "HelloHello world"),
            (b"SGVsbG8=\nSGVsbG8gd29ybGQh\n_____\nUsers mailing list\n", "HelloHello world!"),
            (b"SGVsbG8=\nhttps://lists.x.test/aaaa\n", "Hello"),
            (b"SGVsbG8gV29ybGQ", "Hello World"),
            (b"", ""),
            (b"====", ""),
        ] {
            assert_eq!(text("base64", bytes), decoded);
        }
    }

    #[test]
    fn a_second_run_with_a_stray_byte_is_read_to_its_end() {
        let row = "QUFB".repeat(19);
        let bytes = format!("Rmlyc3Qu\nRmlyc3Q=\n{row}\n{}*{}\nQUFBQU*\n", &row[..40], &row[41..]);
        let decoded = text("base64", bytes.as_bytes());
        assert!(decoded.starts_with("First.FirstAAAA") && decoded.len() >= 11 + 57 + 56 + 3, "{decoded}");
    }

    #[test]
    fn plain_text_labelled_base64_stays() {
        assert_eq!(
            text("base64", b"Dear desk, the printer burns. Please help!"),
            "Dear desk, the printer burns. Please help!"
        );
    }

    #[test]
    fn quoted_printable_is_decoded_whole_or_broken() {
        for (bytes, decoded) in [
            (&b"gr=C3=BCn"[..], "grün"),
            (b"gr=c3=bcn", "grün"),
            (b"one =\r\nline", "one line"),
            (b"one =  \nline", "one line"),
            (b"1 = 1 =ZZ", "1 = 1 =ZZ"),
            (b"end=", "end"),
            (b"=3D=", "="),
        ] {
            assert_eq!(text("Quoted-Printable", bytes), decoded);
        }
    }

    #[test]
    fn uuencode_is_decoded() {
        assert_eq!(text("x-uuencode", b"begin 644 a.txt\n%2&5L;&\\ \n`\nend\n"), "Hello");
    }

    #[test]
    fn quotes_comments_and_unknown_words_do_no_harm() {
        assert_eq!(Transfer::of(b" \"BASE64\" (really)"), Transfer::Base64);
        assert_eq!(Transfer::of(b"utf-8"), Transfer::Identity);
        assert_eq!(Transfer::of(b""), Transfer::Identity);
    }
}
