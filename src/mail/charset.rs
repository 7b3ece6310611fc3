//! Bytes of a charset decoded into text: the chain declared, UTF-8, detected, windows-1252,
//! and the removal of characters no text may hold.
//!
//! Transfer encodings are undone in `transfer_encoding`; encoded-words are taken apart in `encoded_word`.

mod seven_bit;

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{EUC_KR, Encoding, GB18030, ISO_2022_JP, REPLACEMENT, SHIFT_JIS, UTF_8, WINDOWS_1252};
use mail_parser::decoders::charsets::{DecoderFnc, map::charset_decoder};
use memchr::{memchr, memchr_iter};
use seven_bit::SevenBit;

/// Bytes shown to the detector (chosen: it settles within some hundred letters and is our slowest step).
const DETECTION_BYTES_MAX: usize = 64 * 1024;

/// A charset by its declared name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Charset {
    /// One of the WHATWG encodings, which take the superset of each name (GB2312 is GBK …).
    Standard(&'static Encoding),
    /// UTF-7 (RFC 2152), still written by old Exchange servers.
    Utf7,
    /// A seven-bit dress of another charset (RFC 1557, RFC 1843), which browsers refuse.
    SevenBit(SevenBit),
    /// A DOS code page mail-parser has a table for.
    CodePage(DecoderFnc),
}

/// The charset a label names, if it says anything.
///
/// `us-ascii` says nothing: programs write it on mails of every charset, and bytes below 128 mean
/// the same in all the others. Supersets are taken where browsers take them (WHATWG encoding
/// standard) and for the Windows names it lacks.
pub(super) fn for_label(label: &[u8]) -> Option<Charset> {
    let label = label.split(|b| *b == b'*').next()?;
    let label: Vec<u8> = label.iter().filter(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'')).copied().collect();
    let label = String::from_utf8(label).ok()?.to_ascii_lowercase();
    let standard = match label.as_str() {
        "" | "us-ascii" | "ascii" | "ansi_x3.4-1968" | "iso646-us" | "us" | "cp367" => return None,
        "utf-7" | "utf7" | "unicode-1-1-utf-7" | "csutf7" | "x-unicode-2-0-utf-7" => return Some(Charset::Utf7),
        "gb2312" | "gb_2312" | "gb_2312-80" | "gbk" | "cp936" | "ms936" | "windows-936" | "euc-cn" | "x-euc-cn" => {
            Some(GB18030)
        }
        "ks_c_5601" | "cp949" | "ms949" | "uhc" | "windows-949" => Some(EUC_KR),
        "cp932" | "ms932" | "windows-932" => Some(SHIFT_JIS),
        "iso-2022-jp-1" | "iso-2022-jp-2" | "iso-2022-jp-3" | "iso-2022-jp-ms" | "cp50220" | "cp50221" | "cp50222"
        | "jis" => Some(ISO_2022_JP),
        "cp437" | "ibm437" | "437" | "cspc8codepage437" => return Some(Charset::CodePage(decode_cp437)),
        "iso-2022-kr" | "csiso2022kr" => return Some(Charset::SevenBit(SevenBit::Korean)),
        "hz-gb-2312" | "hz" => return Some(Charset::SevenBit(SevenBit::Chinese)),
        "utf8mb4" | "utf_8" => Some(UTF_8),
        other => Encoding::for_label(other.as_bytes())
            .or_else(|| Encoding::for_label(other.replace('_', "-").as_bytes()))
            .or_else(|| other.strip_prefix("cp").and_then(|n| Encoding::for_label(format!("windows-{n}").as_bytes()))),
    };
    match standard {
        Some(encoding) if encoding == REPLACEMENT => None,
        Some(encoding) => Some(Charset::Standard(encoding)),
        None => charset_decoder(label.as_bytes()).map(Charset::CodePage),
    }
}

/// `bytes` as text by the chain declared, UTF-8, detected, windows-1252. Never fails.
///
/// A declared charset is believed when every byte means something in it; with some broken
/// characters it is still believed when most others are whole, so that a cut-off character at the
/// end does not make a Russian mail unreadable. Linear in the length of `bytes`.
pub(super) fn decode(bytes: &[u8], declared: Option<Charset>) -> String {
    if let Some(text) = plain_ascii(bytes, declared) {
        return text.to_owned();
    }
    let standard = match declared {
        Some(Charset::Utf7) if bytes.is_ascii() => return decode_utf7(bytes),
        Some(Charset::SevenBit(dress)) if bytes.is_ascii() => return dress.decode(bytes),
        Some(Charset::CodePage(decoder)) => return decoder(bytes),
        Some(Charset::Standard(encoding)) => Some(encoding),
        Some(Charset::Utf7 | Charset::SevenBit(_)) | None => None,
    };
    let broken = standard.map(|encoding| Attempt::of(bytes, encoding));
    if let Some(encoding) = standard.filter(|encoding| encoding.is_single_byte() && has_utf8_line(bytes)) {
        return by_lines(bytes, encoding);
    }
    if let Some(Attempt { text, is_whole: true, .. }) = broken {
        return text;
    }
    // In no other charset do the bytes between two escapes mean anything.
    let is_jis = standard.map_or(bytes.is_ascii(), |encoding| encoding == ISO_2022_JP) && has_jis_escape(bytes);
    if is_jis {
        return broken.unwrap_or_else(|| Attempt::of(bytes, ISO_2022_JP)).text;
    }
    let utf8 = Attempt::of(bytes, UTF_8);
    if utf8.is_whole {
        return utf8.text;
    }
    if utf8.is_mostly_whole {
        return by_lines(bytes, WINDOWS_1252);
    }
    match broken {
        Some(Attempt { text, is_mostly_whole: true, .. }) => text,
        _ => detected(bytes),
    }
}

/// The first byte of every sequence that changes the meaning of those after it (ISO/IEC 2022).
const ESCAPE: u8 = 0x1B;

/// The text of bytes that mean the same in UTF-8 and in the declared charset: most texts of most mails.
fn plain_ascii(bytes: &[u8], declared: Option<Charset>) -> Option<&str> {
    let has_ascii = match declared {
        None => true,
        Some(Charset::Standard(encoding)) => encoding.is_ascii_compatible(),
        Some(Charset::Utf7 | Charset::SevenBit(_) | Charset::CodePage(_)) => false,
    };
    let is_plain = has_ascii && bytes.is_ascii() && memchr(ESCAPE, bytes).is_none();
    if is_plain { std::str::from_utf8(bytes).ok() } else { None }
}

/// The outcome of decoding with one encoding.
struct Attempt {
    text: String,
    /// Every byte meant something.
    is_whole: bool,
    /// At least nine of ten characters beyond ASCII meant something; in UTF-8 every second one,
    /// because bytes of other charsets form its sequences only by accident.
    is_mostly_whole: bool,
}

impl Attempt {
    fn of(bytes: &[u8], encoding: &'static Encoding) -> Self {
        let bytes = if encoding == ISO_2022_JP { without_idle_escapes(bytes) } else { Cow::Borrowed(bytes) };
        // Byte order marks are believed over labels, as browsers do.
        let (text, encoding, has_errors) = encoding.decode(&bytes);
        let is_single_byte = encoding.is_single_byte();
        // Undefined bytes of the Windows charsets come out as C1 controls, which no text has.
        let has_errors = has_errors || (is_single_byte && text.chars().any(|c| ('\u{80}'..'\u{a0}').contains(&c)));
        let is_mostly_whole = has_errors && !is_single_byte && {
            let broken = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
            let foreign = text.chars().filter(|c| !c.is_ascii()).count();
            broken * if encoding == UTF_8 { 2 } else { 10 } <= foreign
        };
        Self { text: text.into_owned(), is_whole: !has_errors, is_mostly_whole }
    }
}

/// Whether a line of the text is UTF-8 beyond ASCII. Single-byte charsets form such lines only by accident.
fn has_utf8_line(bytes: &[u8]) -> bool {
    !bytes.is_ascii() && bytes.split(|b| *b == b'\n').any(|line| !line.is_ascii() && std::str::from_utf8(line).is_ok())
}

/// Text put together from several charsets, such as a gateway's footer below a mail: lines that are UTF-8 are read so,
/// and of the others what is UTF-8, with the bytes between in `other`.
fn by_lines(bytes: &[u8], other: &'static Encoding) -> String {
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 8);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        match std::str::from_utf8(line) {
            Ok(text) => out.push_str(text),
            Err(_) if other != WINDOWS_1252 => out.push_str(&other.decode_without_bom_handling(line).0),
            Err(_) => {
                for chunk in line.utf8_chunks() {
                    out.push_str(chunk.valid());
                    // A character that was cut off at the end of the text is no letter of another charset.
                    let is_cut = !chunk.invalid().is_empty()
                        && line.ends_with(chunk.invalid())
                        && std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
                    if is_cut {
                        out.push(char::REPLACEMENT_CHARACTER);
                    } else {
                        out.push_str(&other.decode_without_bom_handling(chunk.invalid()).0);
                    }
                }
            }
        }
    }
    out
}

fn detected(bytes: &[u8]) -> String {
    let first = bytes.iter().position(|b| !b.is_ascii()).unwrap_or(0);
    let sample = bytes.get(first.saturating_sub(64)..).unwrap_or(bytes);
    let sample = sample.get(..DETECTION_BYTES_MAX).unwrap_or(sample);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(sample, true);
    let guess = Attempt::of(bytes, detector.guess(None, Utf8Detection::Deny));
    if guess.is_whole || guess.is_mostly_whole {
        guess.text
    } else {
        WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
    }
}

/// The upper half of code page 437, the first PC's.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}";

fn decode_cp437(bytes: &[u8]) -> String {
    let upper: Vec<char> = CP437.chars().collect();
    let decoded = |byte: &u8| match byte.checked_sub(0x80) {
        Some(at) => upper.get(usize::from(at)).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
        None => char::from(*byte),
    };
    bytes.iter().map(decoded).collect()
}

/// Whether 7-bit text switches to a Japanese character set (ISO 2022 escape sequences).
pub(super) fn has_jis_escape(bytes: &[u8]) -> bool {
    let is_escape = |at: usize| {
        bytes.get(at..at + 3).is_some_and(|three| matches!(three, b"\x1b$B" | b"\x1b$@" | b"\x1b(J" | b"\x1b(I"))
    };
    memchr_iter(ESCAPE, bytes).any(is_escape)
}

/// ISO-2022-JP without the escape sequences that another one follows at once, as where two texts
/// were put together: they mean nothing, but encoding_rs takes each pair for a broken character.
fn without_idle_escapes(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_idle =
        |four: &[u8]| matches!(four, [0x1b, b'(', b'B' | b'J' | b'I', 0x1b] | [0x1b, b'$', b'@' | b'B', 0x1b]);
    if !bytes.windows(4).any(is_idle) {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        if rest.get(..4).is_some_and(is_idle) {
            rest = rest.get(3..).unwrap_or_default();
        } else {
            out.push(*first);
            rest = after;
        }
    }
    Cow::Owned(out)
}

/// UTF-7 (RFC 2152) to text; what is no UTF-7 stays as it is, half characters become U+FFFD.
fn decode_utf7(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(plus) = rest.iter().position(|b| *b == b'+') {
        let (plain, shifted) = rest.split_at(plus);
        out.extend(plain.iter().map(|b| char::from(*b)));
        let shifted = shifted.get(1..).unwrap_or_default();
        let len = shifted.iter().position(|b| !is_base64(*b)).unwrap_or(shifted.len());
        let (encoded, after) = shifted.split_at(len);
        if encoded.is_empty() {
            out.push('+');
        } else {
            out.push_str(&utf16_of_base64(encoded));
        }
        // The minus only ends the shift; after an unshifted plus ("+-") it is its escape.
        rest = after.strip_prefix(b"-").unwrap_or(after);
    }
    out.extend(rest.iter().map(|b| char::from(*b)));
    out
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn utf16_of_base64(encoded: &[u8]) -> String {
    let bytes = super::transfer_encoding::decode_base64(encoded);
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The charset an HTML document declares for itself in its first 1,024 bytes (WHATWG HTML §13.2.3.2).
pub(super) fn declared_in_html(html: &[u8]) -> Option<Charset> {
    let head = html.get(..1024).unwrap_or(html).to_ascii_lowercase();
    let at = head.windows(8).position(|eight| eight == b"charset=")?;
    let value = head.get(at + 8..)?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let len = value.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.')))?;
    match for_label(value.get(..len)?)? {
        // A document found by reading ASCII letters is in no 16-bit charset, whatever it says.
        Charset::Standard(encoding) if !encoding.is_ascii_compatible() => None,
        found => Some(found),
    }
}

/// `text` with LF line ends and without NUL, C0, C1 and DEL characters (tab and line feed stay)
/// and without a byte order mark in front. Copies only when something has to go.
pub(super) fn cleaned(text: String) -> String {
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    if !may_have_controls(&text) || !text.chars().any(is_unwanted) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut after_cr = false;
    for c in text.chars() {
        match c {
            '\r' => out.push('\n'),
            '\n' if after_cr => {}
            _ if is_unwanted(c) => {}
            _ => out.push(c),
        }
        after_cr = c == '\r';
    }
    out
}

/// Whether there may be control characters; one look at the bytes that tells most texts from those that have to be read.
pub(super) fn may_have_controls(text: &str) -> bool {
    // The first byte of C1 controls, and of some letters.
    const LEADS_C1: u8 = 0xC2;
    let is_suspect = |b: u8| (b < b' ' && b != b'\t' && b != b'\n') | (b == 0x7F) | (b == LEADS_C1);
    // Without a way out of the loop many bytes are looked at in one step.
    text.bytes().fold(false, |found, byte| found | is_suspect(byte))
}

fn is_unwanted(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], label: &str) -> String {
        decode(bytes, for_label(label.as_bytes()))
    }

    #[test]
    fn code_pages_of_the_first_pcs_are_known() {
        assert_eq!(CP437.chars().count(), 128);
        assert_eq!(decoded(b"Gr\x81\xe1e \x9d \xff.", "cp437"), "Grüße ¥ \u{A0}.");
        assert_eq!(decoded(b"Gr\x81\xe1e \x9e", "ibm850"), "Grüße ×");
    }

    #[test]
    fn seven_bit_dresses_of_korean_and_chinese_are_taken_off() {
        assert_eq!(decoded(b"\x1b$)C\x0e>H3gGO<<?d\x0f, Bob ~{\nx", "iso-2022-kr"), "안녕하세요, Bob ~{\nx");
        assert_eq!(decoded(b"~{Dz:C~}, Bob ~~ ~\n~{Dz:C\nx", "HZ-GB-2312"), "您好, Bob ~ 您好\nx");
        assert_eq!(decoded(b"\x0e>", "iso-2022-kr").chars().count(), 1);
        assert_eq!(decoded("안녕 \x0e".as_bytes(), "iso-2022-kr"), "안녕 \x0e");
    }

    #[test]
    fn text_of_several_charsets_is_read_line_by_line() {
        let mixed = ["Grüße aus Köln\n".as_bytes(), &b"Footer: Gr\xfc\xdfe\n"[..], "Zürich – 10 €".as_bytes()].concat();
        for label in ["utf-8", "", "iso-8859-1", "us-ascii"] {
            assert_eq!(decoded(&mixed, label), "Grüße aus Köln\nFooter: Grüße\nZürich – 10 €", "{label}");
        }
        assert_eq!(decoded(b"Gr\xc3\xbc\xdfe", "utf-8"), "Grüße");
        let cyrillic = [&b"\xcf\xf0\xe8\xe2\xe5\xf2\n"[..], "Привет".as_bytes()].concat();
        assert_eq!(decoded(&cyrillic, "windows-1251"), "Привет\nПривет");
    }

    #[test]
    fn a_declared_charset_is_used_under_any_of_its_names() {
        for (label, bytes, text) in [
            ("iso-8859-1", &b"\x80 5, \xfc"[..], "€ 5, ü"),
            ("ISO_8859-1", b"\xfc", "ü"),
            ("\"windows-1252\"", b"\xfc", "ü"),
            ("cp1251", b"\xcf\xf0\xe8", "При"),
            ("gb2312", b"\x94\x39\xda\x33", "\u{2070e}".trim_start_matches('x')),
            ("KS_C_5601-1987", b"\x8c\x63", "똠"),
            ("cp949", b"\x8c\x63", "똠"),
            ("cp932", b"\x87\x40", "①"),
            ("iso-2022-jp", b"\x1b$B\x2d\x21\x1b(B", "①"),
            ("cp50221", b"\x1b(I1\x1b(B", "ｱ"),
            ("ibm850", b"\x81", "ü"),
            ("utf-8*de", "ü".as_bytes(), "ü"),
        ] {
            if label == "gb2312" {
                assert!(!decoded(bytes, label).contains('\u{fffd}'), "four-byte GB18030 under the name gb2312");
            } else {
                assert_eq!(decoded(bytes, label), text, "{label}");
            }
        }
    }

    #[test]
    fn without_a_usable_label_utf8_is_tried_and_then_the_charset_is_guessed() {
        assert_eq!(decoded("grün".as_bytes(), "us-ascii"), "grün");
        assert_eq!(decoded("grün".as_bytes(), "x-unknown"), "grün");
        assert_eq!(decoded(b"Gr\xfc\xdfe aus M\xfcnchen", ""), "Grüße aus München");
        let russian = b"\xc7\xe4\xf0\xe0\xe2\xf1\xf2\xe2\xf3\xe9\xf2\xe5, \xfd\xf2\xee \xef\xe8\xf1\xfc\xec\xee";
        assert_eq!(decoded(russian, "nonsense"), "Здравствуйте, это письмо");
        assert_eq!(decoded(b"\x1b$B$3$s\x1b(B", ""), "こん");
    }

    #[test]
    fn a_lying_label_gives_way_to_utf8_and_a_cut_character_does_not() {
        assert_eq!(decoded("żółć".as_bytes(), "shift_jis"), "żółć");
        let cut = "Привет, мир, как дела".as_bytes();
        let text = decoded(&cut[..cut.len() - 1], "utf-8");
        assert!(text.starts_with("Привет, мир, как дел") && text.ends_with('\u{fffd}'), "{text:?}");
    }

    #[test]
    fn japanese_with_idle_escapes_or_a_stray_byte_stays_japanese() {
        for bytes in [
            &b"\x1b$B$4\x1b(B\x1b$BMM\x1b(B"[..],
            b"\x1b$B$4\x1b(J\x1b(B\x1b$@MM\x1b(B",
            b"\x1b(B\x1b$B$4MM\x1b(B\x1b(B",
        ] {
            assert_eq!(decoded(bytes, "iso-2022-jp"), "ご様", "{}", bytes.escape_ascii());
            assert_eq!(decoded(bytes, ""), "ご様", "{}", bytes.escape_ascii());
        }
        let stray = decoded(b"\x1b$B$4MM\x1b(B \xe9 \x1b$B$4MM\x1b(B", "iso-2022-jp");
        assert!(stray.starts_with("ご様 ") && stray.ends_with(" ご様"), "{stray:?}");
        assert_eq!(decoded("grün, ご様".as_bytes(), "iso-2022-jp"), "grün, ご様");
    }

    #[test]
    fn one_foreign_byte_does_not_make_a_utf8_text_mojibake() {
        for label in ["utf-8", ""] {
            let text = decoded(b"The caf\xc3\xa9 isn\x92t open, says Ann", label);
            assert!(text.starts_with("The café isn") && text.ends_with("t open, says Ann"), "{label}: {text:?}");
        }
        assert_eq!(decoded(b"caf\xe9 in M\xfcnchen", "utf-8"), "café in München");
    }

    #[test]
    fn bytes_that_are_nothing_become_some_text() {
        for bytes in [&b"\xed\xa0\x80 surrogate"[..], b"overlong \xc0\xaf", b"\xff\xfe\xfd", b"\x81\x8d\x8f", b""] {
            let text = cleaned(decoded(bytes, "utf-8"));
            assert!(!text.chars().any(|c| c.is_control()), "{bytes:?} {text:?}");
        }
    }

    #[test]
    fn utf7_is_read() {
        for (bytes, text) in [
            ("Hi Mom -+Jjo--!", "Hi Mom -☺-!"),
            ("+ZeVnLIqe-", "日本語"),
            ("1 +- 1", "1 + 1"),
            ("+AOQ bc+AN8.", "ä bcß."),
            ("+2D3eAA-", "😀"),
            ("100+ people", "100+ people"),
            ("+2D0-", "\u{fffd}"),
        ] {
            assert_eq!(decoded(bytes.as_bytes(), "utf-7"), text);
        }
    }

    #[test]
    fn an_html_document_names_its_charset() {
        let html = b"<html><head><meta http-equiv=x content=\"text/html; charset=KOI8-R\"></head>\xf0";
        assert!(matches!(declared_in_html(html), Some(Charset::Standard(e)) if e == encoding_rs::KOI8_R));
        assert!(declared_in_html(b"<meta charset=utf-16le>").is_none());
        assert!(declared_in_html(b"<p>charset=").is_none());
    }

    #[test]
    fn cleaning_removes_controls_and_keeps_the_rest() {
        assert_eq!(cleaned("a\0b\x1b[31m\u{85}\x7f\tc\r\nd\re\u{1f600}".to_owned()), "ab[31m\tc\nd\ne😀");
        assert_eq!(cleaned("\u{feff}text".to_owned()), "text");
    }
}
