//! Header values decoded into text: unfolded, encoded-words (RFC 2047) and raw 8-bit bytes decoded.
//!
//! mail-parser decodes each encoded-word by itself and takes raw bytes for UTF-8; many programs
//! split words in the middle of a character and write raw bytes of other charsets, so the words of
//! a run are joined here before their charset is looked at.

use encoding_rs::Encoding;

use super::charset::{self, Charset};
use super::transfer_encoding::{decode_base64, hex_pair};
use crate::terminal;

/// Longest charset name in an encoded-word, in bytes (chosen; IANA's longest has 45).
const LABEL_BYTES_MAX: usize = 64;

/// Longest text of one encoded-word, in bytes (RFC 2047 §2 says 75; programs write whole subjects in one).
const WORD_BYTES_MAX: usize = 16 * 1024;

/// Runs of encoded-words decoded in one value (chosen: as many as recipients are kept); later ones
/// stay as they are, because guessing the charset of a broken one costs 2 µs (measured).
const RUNS_MAX: usize = 200;

/// Decodes header values of one mail.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decoder {
    /// The charset of the mail's body: the best guess for raw bytes in its header.
    pub(super) body_charset: Option<&'static Encoding>,
    /// The charset of the encoded-words in the mail's header: the best guess for parts that declare none.
    pub(super) words_charset: Option<&'static Encoding>,
}

/// A stretch of a header value.
enum Piece<'a> {
    /// Bytes outside encoded-words.
    Plain(&'a [u8]),
    /// The joined bytes of neighbouring encoded-words of one charset.
    Encoded { label: &'a [u8], bytes: Vec<u8> },
}

impl Decoder {
    /// The value as text, folds undone; control characters may be in it.
    pub(super) fn text(self, value: &[u8]) -> String {
        let value = unfolded(value);
        let mut out = String::with_capacity(value.len());
        for piece in pieces(&value) {
            match piece {
                Piece::Plain(bytes) => out.push_str(&self.raw(bytes)),
                Piece::Encoded { label, bytes } => out.push_str(&charset::decode(&bytes, charset::for_label(label))),
            }
        }
        out
    }

    /// The value as one line of text without control and direction characters, trimmed.
    pub(super) fn line(self, value: &[u8]) -> String {
        one_line(&self.text(value))
    }

    /// The value with raw bytes made UTF-8 and every run of encoded-words made one UTF-8 word, so
    /// that a parser of structured fields neither splits characters nor finds syntax inside them.
    pub(super) fn repaired(self, value: &[u8]) -> String {
        let value = unfolded(value);
        let mut out = String::with_capacity(value.len());
        for piece in pieces(&value) {
            match piece {
                // What is left of broken words must not be tried again by the parser.
                Piece::Plain(bytes) => out.push_str(&self.raw(bytes).replace("=?", "= ?").replace('\0', "")),
                Piece::Encoded { label, bytes } => {
                    let text = charset::decode(&bytes, charset::for_label(label));
                    push_q_word(&mut out, &text);
                }
            }
        }
        out
    }

    /// Bytes outside encoded-words: UTF-8, else the body's charset, else detected.
    fn raw(self, bytes: &[u8]) -> String {
        // Seven bits that switch to Japanese letters look like ASCII.
        if charset::has_jis_escape(bytes) {
            return charset::decode(bytes, charset::for_label(b"iso-2022-jp"));
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            return text.to_owned();
        }
        charset::decode(bytes, self.body_charset.map(Charset::Standard))
    }
}

/// The charset of the first encoded-word of a header value that is not UTF-8.
pub(super) fn charset_of_words(value: &[u8]) -> Option<&'static Encoding> {
    let value = unfolded(value);
    pieces(&value).into_iter().find_map(|piece| match piece {
        Piece::Encoded { label, .. } => match charset::for_label(label) {
            Some(Charset::Standard(encoding)) if encoding != encoding_rs::UTF_8 => Some(encoding),
            _ => None,
        },
        Piece::Plain(_) => None,
    })
}

/// Writes `text` as one encoded-word (Q encoding), whatever its length.
fn push_q_word(out: &mut String, text: &str) {
    use std::fmt::Write as _;
    out.push_str("=?utf-8?Q?");
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            write!(out, "={byte:02X}").unwrap_or_default();
        }
    }
    out.push_str("?=");
}

/// `value` without its line ends (RFC 5322 §2.2.3: the blank that follows each stays).
pub(super) fn unfolded(value: &[u8]) -> Vec<u8> {
    value.trim_ascii().iter().filter(|b| !matches!(b, b'\r' | b'\n')).copied().collect()
}

/// `text` on one line: tabs and line ends become blanks, control and direction characters go.
pub(super) fn one_line(text: &str) -> String {
    terminal::line(text).replace('\u{feff}', "").trim().to_owned()
}

/// Cuts a value into plain stretches and runs of encoded-words. White space between two
/// encoded-words belongs to neither (RFC 2047 §6.2). Linear: a missing end is searched for once.
fn pieces(value: &[u8]) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut plain_start = 0;
    let mut at = 0;
    let mut ends = WordEnds { value, next: 0 };
    // Every run may have a plain stretch before it.
    while pieces.len() < 2 * RUNS_MAX
        && let Some(found) = value.get(at..).and_then(|rest| rest.windows(2).position(|two| two == b"=?"))
    {
        let start = at + found;
        let Some(word) = word_at(value, start, &mut ends) else {
            at = start + 2;
            continue;
        };
        let between = value.get(plain_start..start).unwrap_or_default();
        let follows_word = matches!(pieces.last(), Some(Piece::Encoded { .. })) && between.trim_ascii().is_empty();
        if !follows_word && !between.is_empty() {
            pieces.push(Piece::Plain(between));
        }
        match pieces.last_mut() {
            Some(Piece::Encoded { label, bytes })
                if follows_word && label.eq_ignore_ascii_case(word.label) && !ends_with_the_word(label) =>
            {
                bytes.extend_from_slice(&word.bytes);
            }
            _ => pieces.push(Piece::Encoded { label: word.label, bytes: word.bytes }),
        }
        plain_start = word.end;
        at = word.end;
    }
    let rest = value.get(plain_start..).unwrap_or_default();
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest));
    }
    pieces
}

/// Whether a word of this charset is whole by itself: UTF-7 may leave the end of its last shift to
/// the end of the word (RFC 2152), and if joined to the next one, that shift would go on.
fn ends_with_the_word(label: &[u8]) -> bool {
    matches!(charset::for_label(label), Some(Charset::Utf7))
}

/// One encoded-word: its charset, its decoded bytes, the offset behind it.
struct Word<'a> {
    label: &'a [u8],
    bytes: Vec<u8>,
    end: usize,
}

/// Finds the next `?=` from an offset on, remembering the last answer.
struct WordEnds<'a> {
    value: &'a [u8],
    next: usize,
}

impl WordEnds<'_> {
    fn after(&mut self, offset: usize) -> Option<usize> {
        if self.next < offset || self.next == 0 {
            let rest = self.value.get(offset..).unwrap_or_default();
            self.next = rest.windows(2).position(|two| two == b"?=").map_or(usize::MAX, |at| offset + at);
        }
        (self.next != usize::MAX).then_some(self.next)
    }
}

fn word_at<'a>(value: &'a [u8], start: usize, ends: &mut WordEnds<'_>) -> Option<Word<'a>> {
    let label_start = start + 2;
    let label_len = value.get(label_start..)?.iter().take(LABEL_BYTES_MAX).position(|b| *b == b'?')?;
    let label = value.get(label_start..label_start + label_len)?;
    if label.is_empty() || label.iter().any(u8::is_ascii_whitespace) {
        return None;
    }
    let encoding = *value.get(label_start + label_len + 1)?;
    if *value.get(label_start + label_len + 2)? != b'?' {
        return None;
    }
    let text_start = label_start + label_len + 3;
    let text_end = ends.after(text_start)?;
    let text = value.get(text_start..text_end).filter(|text| text.len() <= WORD_BYTES_MAX)?;
    let bytes = match encoding {
        b'b' | b'B' => decode_base64(text),
        b'q' | b'Q' => decode_q(text),
        _ => return None,
    };
    Some(Word { label, bytes, end: text_end + 2 })
}

/// The Q encoding (RFC 2047 §4.2): `_` is a blank, `=XX` a byte; anything else stands for itself.
fn decode_q(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, hex_pair(after)) {
            (b'_', _) => out.push(b' '),
            (b'=', Some(byte)) => {
                out.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => out.push(*first),
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn line(value: &[u8]) -> String {
        Decoder::default().line(value)
    }

    #[test]
    fn encoded_words_are_decoded() {
        for (value, text) in [
            (&b" =?utf-8?Q?gr=C3=BCn?= is"[..], "grün is"),
            (b"=?UTF-8?B?Z3LDvG4=?=", "grün"),
            (b"=?iso-8859-1?q?this is_it?=", "this is it"),
            (b"=?us-ascii*en?Q?a?= =?utf-8?q?b?=", "ab"),
            (b"Re: =?utf-8?q?a?= b =?utf-8?q?c?=", "Re: a b c"),
            (b"=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab"),
            (b"=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
            (b"=?gb2312?B?xOO6ww==?=", "你好"),
            (b"=?iso-2022-jp?B?GyRCJDMkcxsoQg==?=", "こん"),
            (b"one\r\n\ttwo", "one two"),
        ] {
            assert_eq!(line(value), text, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn a_character_split_between_two_words_is_whole_again() {
        assert_eq!(line(b"=?utf-8?B?5pel5g==?= =?UTF-8?B?nKw=?="), "日本");
        assert_eq!(line(b"=?utf-8?Q?=E6=97?=\r\n =?utf-8?Q?=A5?="), "日");
    }

    #[test]
    fn words_of_charsets_with_states_are_read_each_from_its_beginning() {
        assert_eq!(line(b"=?ISO-2022-JP?B?GyRCJDQbKEI=?=\r\n =?ISO-2022-JP?B?GyRCTU0bKEI=?="), "ご様");
        assert_eq!(line(b"=?utf-7?Q?+ZeU?= =?utf-7?Q?+Zyw-?="), "日本");
    }

    #[test]
    fn what_is_no_encoded_word_stays() {
        for value in ["=?utf-8?X?a?=", "=?utf-8?Q?a", "=??Q?a?=", "1 =? 2 ?= 3", "=?a b?Q?c?=", "=?"] {
            assert_eq!(line(value.as_bytes()), value);
        }
    }

    #[test]
    fn raw_bytes_are_utf8_or_the_bodys_charset_or_guessed() {
        assert_eq!(line("grün".as_bytes()), "grün");
        assert_eq!(line(b"Gr\xfc\xdfe aus M\xfcnchen"), "Grüße aus München");
        let decoder = Decoder { body_charset: Some(encoding_rs::KOI8_R), ..Decoder::default() };
        assert_eq!(decoder.line(b"\xf0\xd2\xc9\xd7\xc5\xd4"), "Привет");
    }

    #[test]
    fn control_and_direction_characters_go() {
        assert_eq!(line(b"=?utf-8?Q?a=00=0D=0ABcc:_x=1B[31m=E2=80=AEb?="), "a Bcc: x[31mb");
    }

    #[test]
    fn a_mended_value_hides_syntax_inside_words() {
        let repaired = Decoder::default().repaired(b"=?utf-8?Q?M=C3=BCller,_=3Cx=40y=3E?= <a@example.org>");
        assert_eq!(repaired, "=?utf-8?Q?M=C3=BCller=2C=20=3Cx=40y=3E?= <a@example.org>");
    }

    #[test]
    fn runs_up_to_the_limit_are_decoded_and_a_later_one_stays() {
        let of = |runs: usize| line(&b"x=?utf-8?Q?a?=".repeat(runs));
        assert!(of(RUNS_MAX).ends_with("xaxa"));
        assert!(of(RUNS_MAX + 1).ends_with("xax=?utf-8?Q?a?="));
    }

    #[test]
    fn unfinished_words_cost_linear_time() {
        let value = b"=?u8?q?a".repeat(8 * 1024);
        assert_eq!(line(&value).len(), value.len());
    }
}
