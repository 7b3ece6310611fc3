//! Folder names on the wire: modified UTF-7 (RFC 3501 §5.1.3), quoted where the protocol crate does not do it.

use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const MUTF7: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The name as servers expect it: printable ASCII as it is, `&` as `&-`, the rest as UTF-16 in base64.
pub(super) fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut others: Vec<u8> = Vec::new();
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            flush(&mut others, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            others.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut others, &mut out);
    out
}

/// The name as a quoted string (RFC 3501 §4.3), encoded.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", encode(name).replace('\\', "\\\\").replace('"', "\\\""))
}

fn flush(others: &mut Vec<u8>, out: &mut String) {
    if !others.is_empty() {
        out.push('&');
        MUTF7.encode_string(&others, out);
        out.push('-');
        others.clear();
    }
}

/// The name as people write it; what is no valid encoding stays as it came.
pub(super) fn decode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((coded, next)) = after.split_once('-') else {
            out.push('&');
            out.push_str(after);
            return out;
        };
        match (coded.is_empty(), decode_run(coded)) {
            (true, _) => out.push('&'),
            (false, Some(text)) => out.push_str(&text),
            (false, None) => {
                out.push('&');
                out.push_str(coded);
                out.push('-');
            }
        }
        rest = next;
    }
    out.push_str(rest);
    out
}

fn decode_run(coded: &str) -> Option<String> {
    let bytes = MUTF7.decode(coded).ok()?;
    if bytes.len() % 2 != 0 {
        return None;
    }
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_go_to_the_wire_and_back() {
        let cases = [
            ("INBOX", "INBOX"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("R&D", "R&-D"),
            ("台北", "&U,BTFw-"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Тикеты 🎫", "&BCIEOAQ6BDUEQgRL- &2Dzfqw-"),
        ];
        for (name, wire) in cases {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire), name);
        }
    }

    #[test]
    fn quoted_names_stay_one_word() {
        assert_eq!(quoted("Done & dusted"), "\"Done &- dusted\"");
        assert_eq!(quoted("a\"b\\c\r\nd"), "\"a\\\"b\\\\c&AA0ACg-d\"");
    }

    #[test]
    fn what_is_no_encoding_stays_as_it_came() {
        for wire in ["A&", "A&!!-B", "A&AA-", "&2Dw-"] {
            assert_eq!(decode(wire), wire);
        }
    }
}
