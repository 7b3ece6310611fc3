//! Message-IDs out of Message-ID, In-Reply-To and References.
//!
//! Which of them are ours is decided elsewhere; here they are only found and bounded.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::encoded_word::Decoder;

/// Longest id kept as it is, in bytes (RFC 5322 §2.1.1: no line is longer).
pub(super) const ID_BYTES_MAX: usize = 998;

/// Ids kept of one field (chosen): the first and the latest ones, as news readers trim References (RFC 5537 §3.4.4).
pub(super) const IDS_MAX: usize = 200;

/// The ids of a References or In-Reply-To value, in their order, without brackets.
///
/// With any `<…>` in it, only those count; else every word with an `@` does (some programs forget
/// the brackets, and In-Reply-To once contained prose). Separators may be blanks, commas or nothing.
/// An id longer than [`ID_BYTES_MAX`] is replaced by a name made from its hash, the same each time, so
/// that the mails of a thread still find each other.
pub(super) fn message_ids(value: &[u8], decoder: Decoder) -> Vec<String> {
    // Outlook encodes long ids as if they were text.
    ids_in(&decoder.text(value))
}

/// The id of a Message-ID value: its first bracketed word, else its first word.
pub(super) fn message_id(value: &[u8], decoder: Decoder) -> Option<String> {
    let text = decoder.text(value);
    ids_in(&text).into_iter().next().or_else(|| text.split_whitespace().next().and_then(bounded))
}

fn ids_in(text: &str) -> Vec<String> {
    let bracketed = bracketed(text);
    let mut ids: Vec<String> = if bracketed.is_empty() {
        text.split(|c: char| c.is_whitespace() || c == ',')
            .filter(|word| word.contains('@'))
            .filter_map(bounded)
            .collect()
    } else {
        bracketed.into_iter().filter_map(bounded).collect()
    };
    if ids.len() > IDS_MAX {
        ids.drain(1..ids.len() - (IDS_MAX - 1));
    }
    ids
}

/// The text between `<` and the next `>` or `<`, or the end of the word.
fn bracketed(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for piece in text.split('<').skip(1) {
        let inner = match piece.split_once('>') {
            Some((inner, _)) => inner,
            None => piece.split(|c: char| c.is_whitespace() || c == ',').next().unwrap_or_default(),
        };
        if !inner.trim().is_empty() {
            found.push(inner);
        }
    }
    found
}

fn bounded(id: &str) -> Option<String> {
    let id: String = id.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>')).collect();
    match id.len() {
        0 => None,
        1..=ID_BYTES_MAX => Some(id),
        _ => {
            let digest = Sha256::digest(id.as_bytes());
            let hex = HEXLOWER.encode(digest.get(..20).unwrap_or_default());
            Some(format!("{hex}@long-message-id.invalid"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(value: &str) -> Vec<String> {
        message_ids(value.as_bytes(), Decoder::default())
    }

    #[test]
    fn ids_are_found_however_they_are_separated() {
        for value in [
            "<a@x> <b@x>",
            "<a@x>,<b@x>",
            "<a@x><b@x>",
            "<a@x>\r\n\t<b@x>",
            "a@x, b@x",
            "a@x b@x",
            "message of Monday <a@x> \"by\" <b@x>",
            "<a@\r\n x> <b@x",
            "=?utf-8?Q?=3Ca=40x=3E_=3Cb=40x=3E?=",
            "<<a@x>> <b@x>",
        ] {
            assert_eq!(ids(value), ["a@x", "b@x"], "{value}");
        }
    }

    #[test]
    fn prose_gives_no_id() {
        for value in ["", "your message of Monday", "<>", "< >", ","] {
            assert!(ids(value).is_empty(), "{value}");
        }
    }

    #[test]
    fn a_message_id_needs_neither_brackets_nor_an_at_sign() {
        assert_eq!(message_id(b" abc123 \r\n", Decoder::default()).as_deref(), Some("abc123"));
        assert_eq!(message_id(b"  ", Decoder::default()), None);
    }

    #[test]
    fn an_id_at_the_limit_stays_and_a_longer_one_gets_a_name_of_its_own() {
        let of_len = |len: usize| ids(&format!("<{}@x>", "a".repeat(len - 2)));
        assert_eq!(of_len(ID_BYTES_MAX)[0].len(), ID_BYTES_MAX);
        let (long, again, other) = (of_len(5000), of_len(5000), of_len(5001));
        assert!(long[0].ends_with("@long-message-id.invalid"));
        assert!(long == again && long != other);
    }

    #[test]
    fn of_too_many_ids_the_first_and_the_latest_are_kept() {
        let value = |count: usize| (0..count).map(|n| format!("<{n}@x>")).collect::<Vec<_>>().join(" ");
        assert_eq!(ids(&value(IDS_MAX)).len(), IDS_MAX);
        let kept = ids(&value(IDS_MAX + 1));
        assert_eq!((kept.len(), kept[0].as_str(), kept[1].as_str()), (IDS_MAX, "0@x", "2@x"));
    }
}
