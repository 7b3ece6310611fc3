//! Content-Type and Content-Disposition: a word and its parameters (RFC 2045 §5.1, RFC 2231).
//!
//! Own reader, because names cut into pieces must be joined as bytes before their charset is
//! looked at, and because real mails leave out quotes, semicolons and slashes.

use super::charset;
use super::encoded_word::{Decoder, unfolded};

/// Parameters kept of one field (chosen; names cut into pieces use the most).
const PARAMETERS_MAX: usize = 200;

/// A value such as `text/plain; charset=utf-8`.
#[derive(Clone, Debug, Default)]
pub(super) struct Parametrised {
    /// The word before the first semicolon, in lower case.
    pub(super) word: String,
    parameters: Vec<Parameter>,
}

/// One `name*1*=value` as written.
#[derive(Clone, Debug)]
struct Parameter {
    /// Name in lower case, without section number and asterisks.
    name: String,
    /// The section number of RFC 2231 §3; `None` for a parameter in one piece.
    section: Option<u32>,
    /// Whether the value is percent-encoded (RFC 2231 §4).
    is_extended: bool,
    value: Vec<u8>,
}

impl Parametrised {
    /// Reads a field value. Anything is accepted; what cannot be understood is left out.
    pub(super) fn read(value: &[u8]) -> Self {
        let value = unfolded(value);
        let mut rest = skip_blanks_and_comments(&value);
        let len =
            rest.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b';' | b',' | b'(')).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(len);
        let mut read =
            Self { word: String::from_utf8_lossy(word).trim_matches('"').to_ascii_lowercase(), parameters: Vec::new() };
        rest = tail;
        while read.parameters.len() < PARAMETERS_MAX {
            let separators = rest.iter().take_while(|b| b.is_ascii_whitespace() || matches!(b, b';' | b',')).count();
            rest = skip_blanks_and_comments(rest.get(separators..).unwrap_or_default());
            if rest.is_empty() {
                break;
            }
            let end = rest.iter().position(|b| matches!(b, b'=' | b';')).unwrap_or(rest.len());
            let (name, tail) = rest.split_at(end);
            let [b'=', tail @ ..] = tail else {
                rest = tail;
                continue;
            };
            let (value, tail) = parameter_value(tail);
            read.parameters.extend(Parameter::new(name, value));
            rest = tail;
        }
        read
    }

    /// A parameter as text: RFC 2231 pieces joined, else encoded-words and raw bytes decoded.
    /// The percent-encoded form wins over the plain one, which is there for old programs.
    pub(super) fn get(&self, name: &str, decoder: Decoder) -> Option<String> {
        let of_name = || self.parameters.iter().filter(|p| p.name == name);
        if let Some(whole) = of_name().find(|p| p.is_extended && p.section.is_none()) {
            return Some(decoded_extended(&[whole]));
        }
        let mut pieces: Vec<&Parameter> = of_name().filter(|p| p.section.is_some()).collect();
        // Stable: of two pieces with one number the first stays first.
        pieces.sort_by_key(|p| p.section);
        if pieces.iter().any(|p| p.is_extended) {
            return Some(decoded_extended(&pieces));
        }
        if !pieces.is_empty() {
            return Some(decoder.text(&pieces.iter().flat_map(|p| p.value.iter().copied()).collect::<Vec<u8>>()));
        }
        of_name().next().map(|p| decoder.text(&p.value))
    }

    /// A parameter as it was written; for boundaries, which are compared byte by byte.
    pub(super) fn raw(&self, name: &str) -> Option<Vec<u8>> {
        let mut pieces: Vec<&Parameter> = self.parameters.iter().filter(|p| p.name == name).collect();
        pieces.sort_by_key(|p| p.section);
        match pieces.as_slice() {
            [] => None,
            [first, ..] if first.section.is_none() => Some(first.value.clone()),
            all => Some(all.iter().flat_map(|p| p.value.iter().copied()).collect()),
        }
    }
}

impl Parameter {
    fn new(name: &[u8], value: Vec<u8>) -> Option<Self> {
        let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
        let (name, is_extended) = name.strip_suffix('*').map_or((name.as_str(), false), |bare| (bare, true));
        let (name, section) = match name.split_once('*') {
            Some((bare, number)) => (bare, Some(number.parse().ok()?)),
            None => (name, None),
        };
        (!name.is_empty()).then(|| Self { name: name.to_owned(), section, is_extended, value })
    }
}

/// Joins percent-encoded pieces and decodes them with the charset the first one names
/// (`charset'language'text`); without one the charset is guessed from the bytes.
fn decoded_extended(pieces: &[&Parameter]) -> String {
    let mut label = Vec::new();
    let mut bytes = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let mut value = piece.value.as_slice();
        if index == 0 && piece.is_extended {
            let mut parts = value.splitn(3, |b| *b == b'\'');
            if let (Some(first), Some(_language), Some(text)) = (parts.next(), parts.next(), parts.next()) {
                label = first.to_vec();
                value = text;
            }
        }
        if piece.is_extended { percent_decode(value, &mut bytes) } else { bytes.extend_from_slice(value) }
    }
    charset::decode(&bytes, charset::for_label(&label))
}

/// Appends `text` to `out`, `%XX` made bytes; other characters are copied.
pub(super) fn percent_decode(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some((first, after)) = text.split_first() {
        text = after;
        match (first, super::transfer_encoding::hex_pair(after)) {
            (b'%', Some(byte)) => {
                out.push(byte);
                text = after.get(2..).unwrap_or_default();
            }
            _ => out.push(*first),
        }
    }
}

/// Reads a quoted or bare value. A bare one ends at the semicolon, not at a blank: names with
/// blanks are written without quotes. `\` escapes quotes and itself only: Windows paths are written as they are.
fn parameter_value(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let text = text.trim_ascii_start();
    let [b'"', quoted @ ..] = text else {
        let end = text.iter().position(|b| *b == b';').unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.trim_ascii().to_vec(), rest);
    };
    let mut value = Vec::new();
    let mut rest = quoted;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after.first()) {
            (b'"', _) => break,
            (b'\\', Some(escaped @ (b'"' | b'\\'))) => {
                value.push(*escaped);
                rest = after.get(1..).unwrap_or_default();
            }
            _ => value.push(*first),
        }
    }
    (value, rest)
}

/// Skips blanks and comments in round brackets, nested ones too (RFC 5322 §3.2.2).
fn skip_blanks_and_comments(mut text: &[u8]) -> &[u8] {
    loop {
        text = text.trim_ascii_start();
        if text.first() != Some(&b'(') {
            return text;
        }
        let mut level = 0_usize;
        let mut end = text.len();
        for (at, byte) in text.iter().enumerate() {
            match byte {
                b'(' => level += 1,
                b')' => level -= 1,
                _ => {}
            }
            if level == 0 {
                end = at + 1;
                break;
            }
        }
        text = text.get(end..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(value: &str) -> Option<String> {
        Parametrised::read(value.as_bytes()).get("filename", Decoder::default())
    }

    #[test]
    fn word_and_parameters_are_read_in_sloppy_forms_too() {
        for value in [
            "text/plain; charset=utf-8",
            "Text/Plain;charset=\"utf-8\"",
            "text/plain charset=utf-8",
            "text/plain (it is); (so) CHARSET = utf-8 ;;",
            "text/plain; x; charset=utf-8",
            "text/plain;\r\n\tcharset=utf-8; format=flowed",
            "text/plain, charset=utf-8",
        ] {
            let read = Parametrised::read(value.as_bytes());
            assert_eq!(
                (read.word.as_str(), read.get("charset", Decoder::default()).as_deref()),
                ("text/plain", Some("utf-8")),
                "{value}"
            );
        }
    }

    #[test]
    fn file_names_are_read_in_all_their_forms() {
        for (value, name) in [
            ("attachment; filename=a.txt", "a.txt"),
            ("attachment; filename=my file.txt; size=3", "my file.txt"),
            ("attachment; filename=\"a;b\\\"c.txt\"", "a;b\"c.txt"),
            ("attachment; filename=\"C:\\temp\\a.txt\"", "C:\\temp\\a.txt"),
            ("attachment; filename=\"open", "open"),
            ("attachment; filename=\"=?utf-8?Q?gr=C3=BCn.txt?=\"", "grün.txt"),
            ("attachment; filename==?utf-8?Q?gr=C3=BCn.txt?=", "grün.txt"),
            ("attachment; filename*=utf-8''gr%C3%BCn.txt", "grün.txt"),
            ("attachment; filename=plain.txt; filename*=utf-8'de'gr%C3%BCn.txt", "grün.txt"),
            ("attachment; filename*=us-ascii''gr%FCn.txt", "grün.txt"),
            ("attachment; filename*=gr%C3%BCn.txt", "grün.txt"),
            ("attachment; filename*0=\"one-\"; filename*1=\"two.txt\"", "one-two.txt"),
            ("attachment; filename*1=two.txt; filename*0=one-", "one-two.txt"),
            ("attachment; filename*0*=utf-8''%E6%97; filename*1*=%A5; filename*2=.txt", "日.txt"),
            ("attachment; filename*0=\"=?utf-8?B?5pel\"; filename*1=\"?=.txt\"", "日.txt"),
        ] {
            assert_eq!(name_of(value).as_deref(), Some(name), "{value}");
        }
    }

    #[test]
    fn raw_bytes_in_a_name_are_decoded() {
        let read = Parametrised::read(b"attachment; filename=\"M\xfcnchen Gr\xfc\xdfe.txt\"");
        assert_eq!(read.get("filename", Decoder::default()).as_deref(), Some("München Grüße.txt"));
    }

    #[test]
    fn parameters_up_to_the_limit_are_kept_and_one_more_is_not() {
        let of = |count: usize| (0..count).map(|n| format!("; p{n}=v")).collect::<String>();
        let last = |count: usize| Parametrised::read(of(count).as_bytes()).raw(&format!("p{}", count - 1));
        assert_eq!(last(PARAMETERS_MAX), Some(b"v".to_vec()));
        assert_eq!(last(PARAMETERS_MAX + 1), None);
    }

    #[test]
    fn garbage_gives_nothing_and_does_not_fail() {
        for value in ["", ";", "=", "*=", "(", "((((", "a; *0*=x", "a; filename*x=1", "a; \"", "a; =; ="] {
            assert_eq!(name_of(value), None, "{value}");
        }
    }
}
