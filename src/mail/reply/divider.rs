//! Lines that announce another mail: "-----Original Message-----", "Begin forwarded message:",
//! "Please type your reply above this line".

use std::collections::HashSet;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::fields::Row;
use super::languages::{FORWARDED_BY, FORWARDED_MESSAGE, ORIGINAL_MESSAGE, REPLY_ABOVE, entries};
use super::line::{fold, is_drawing};

/// What follows the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Divider {
    /// The mail answered.
    Original,
    /// A forwarded mail.
    Forwarded,
    /// A help desk's mail; the answer is above.
    ReplyAbove,
}

/// Longest such line, in bytes.
const DIVIDER_BYTES_MAX: usize = 240;

/// Phrases known when the program is built. Every line of every mail is looked up in them, so they are hashed quickly, not
/// safely: no sender can put anything into them.
type Phrases = HashSet<&'static str, FixedState>;

static ORIGINAL: LazyLock<Phrases> = LazyLock::new(|| entries(ORIGINAL_MESSAGE).collect());
static FORWARDED: LazyLock<Phrases> = LazyLock::new(|| entries(FORWARDED_MESSAGE).collect());
static FORWARDERS: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(FORWARDED_BY).collect());
static ABOVE: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(REPLY_ABOVE).collect());
/// The last two words of those phrases whose script parts words by blanks.
static ABOVE_ENDS: LazyLock<Phrases> = LazyLock::new(|| {
    ABOVE.iter().filter(|phrase| !is_unspaced(phrase)).filter_map(|phrase| pairs_of_words(phrase).last()).collect()
});

/// What the line announces, if anything. `below` is the next line with text on it, for lines that
/// are undecorated and count only above a header.
pub(crate) fn divider_of(text: &str, below: Option<Row<'_>>) -> Option<Divider> {
    let text = text.trim();
    if text.len() < 4 || text.len() > DIVIDER_BYTES_MAX || is_plainly_none(text, below) {
        return None;
    }
    let folded = fold(text);
    let core = folded.trim_matches(|c: char| c == ' ' || c == '>' || is_drawing(c));
    let is_ruled = folded.starts_with("--") || (folded.starts_with(is_drawing) && folded.ends_with(is_drawing));
    let has_colon = core.ends_with([':', '：']);
    let core = core.trim_end_matches([' ', ':', '：']);
    if core.is_empty() {
        return None;
    }
    let is_announced = is_ruled || has_colon && below.is_some();
    let is_above_header = below.is_some_and(|row| row.field().is_some());
    if (is_announced || is_above_header) && FORWARDED.contains(core) {
        return Some(Divider::Forwarded);
    }
    if is_ruled && FORWARDERS.iter().any(|phrase| core.starts_with(phrase)) {
        return Some(Divider::Forwarded);
    }
    if (is_ruled || is_above_header) && ORIGINAL.contains(core) {
        return Some(Divider::Original);
    }
    // QQ writes no more than that word between its lines.
    if is_ruled && is_above_header && matches!(core, "original" | "原始") {
        return Some(Divider::Original);
    }
    asks_to_reply_above(core, is_ruled).then_some(Divider::ReplyAbove)
}

/// Whether a look at the bytes shows that the line, of ASCII and trimmed, announces nothing. Most lines of most mails end
/// here, without being folded.
fn is_plainly_none(text: &str, below: Option<Row<'_>>) -> bool {
    let is_line_end = |byte: Option<u8>| byte.is_some_and(|byte| is_drawing(char::from(byte)));
    let (first, last) = (text.bytes().next(), text.bytes().next_back());
    let is_ruled = text.starts_with("--") || (is_line_end(first) && is_line_end(last));
    let is_announced = below.is_some_and(|row| row.field().is_some() || text.contains(':'));
    text.is_ascii() && !is_ruled && !is_announced && !has_last_word(text.as_bytes())
}

/// Whether a word of the line has the length, the first and the last letter of a phrase's last word.
fn has_last_word(line: &[u8]) -> bool {
    let last_words = &*LAST_WORDS;
    let is_last = |word: &[u8]| match (word.first(), word.last(), last_words.get(word.len())) {
        (Some(first), Some(last), Some((firsts, lasts))) => firsts & bit(*first) != 0 && lasts & bit(*last) != 0,
        _ => false,
    };
    line.split(|byte| !IN_WORD[usize::from(*byte)]).any(is_last)
}

/// Which bytes are letters or digits of ASCII: quicker looked up than compared, as every byte of a mail comes here.
const IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

/// A letter of ASCII as a bit, the same for both cases.
const fn bit(letter: u8) -> u32 {
    1 << (letter & 0x1F)
}

/// Longest last word of a phrase of ASCII, in bytes, and one.
const LAST_WORD_LENGTHS: usize = 16;

/// By length, the first and the last letters of the last words of those phrases that ASCII can write.
static LAST_WORDS: LazyLock<[(u32, u32); LAST_WORD_LENGTHS]> = LazyLock::new(|| {
    let mut lengths = [(0, 0); LAST_WORD_LENGTHS];
    let last_words = ABOVE.iter().filter(|phrase| phrase.is_ascii()).filter_map(|phrase| phrase.split(' ').next_back());
    for word in last_words.map(str::as_bytes) {
        if let (Some(first), Some(last), Some(letters)) = (word.first(), word.last(), lengths.get_mut(word.len())) {
            *letters = (letters.0 | bit(*first), letters.1 | bit(*last));
        }
    }
    lengths
});

/// Whether one of the phrases is in the line, and most of it where it is not between dashes: people write about such lines
/// as well. Every line of every mail comes here, so they are
/// searched for only where two words of the line are the end of one.
fn asks_to_reply_above(line: &str, is_ruled: bool) -> bool {
    let may_be_there = pairs_of_words(line).any(|pair| ABOVE_ENDS.contains(pair)) || is_unspaced(line);
    may_be_there && ABOVE.iter().any(|phrase| line.contains(phrase) && (is_ruled || phrase.len() * 2 >= line.len()))
}

/// Each two words that follow each other, with what is between them.
fn pairs_of_words(line: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| if c.is_ascii() { !c.is_ascii_alphanumeric() } else { !c.is_alphanumeric() };
    let words = line.split(is_between).filter(|word| !word.is_empty());
    let mut starts_and_ends = words.map(|word| {
        let start = word.as_ptr().addr() - line.as_ptr().addr();
        (start, start + word.len())
    });
    let mut previous = starts_and_ends.next();
    starts_and_ends.filter_map(move |word| {
        let (start, _) = previous.replace(word)?;
        line.get(start..word.1)
    })
}

/// Whether the text has letters of Chinese, Japanese or Korean, where words cannot be separated by
/// blanks.
fn is_unspaced(text: &str) -> bool {
    !text.is_ascii()
        && text
            .chars()
            .any(|c| matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dividers_are_known_in_many_spellings() {
        for text in [
            "-----Original Message-----",
            "----- Original Message -----",
            "*-------- Original Message --------*",
            "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐",
            "-----Ursprüngliche Nachricht-----",
            "-------- Oprindelig besked --------",
            "-----Özgün İleti-----",
            "-------- Orjinal mesaj --------",
            "-- Reply to message --",
            "------------------ 原始邮件 ------------------",
        ] {
            assert_eq!(divider_of(text, None), Some(Divider::Original), "{text}");
        }
        for text in [
            "---------- Forwarded message ---------",
            "-------- Message transféré --------",
            "-------- Mesaj înaintat --------",
            "---------- 转发的邮件 ----------",
        ] {
            assert_eq!(divider_of(text, None), Some(Divider::Forwarded), "{text}");
        }
    }

    #[test]
    fn an_undecorated_line_counts_only_where_a_mail_follows() {
        assert_eq!(divider_of("Original message", None), None);
        assert_eq!(divider_of("Original message", Some(Row::of("From: Ann"))), Some(Divider::Original));
        assert_eq!(divider_of("Begin forwarded message:", Some(Row::of("> From: Ann"))), Some(Divider::Forwarded));
        assert_eq!(divider_of("I lost the original message", Some(Row::of("From: Ann"))), None);
    }

    #[test]
    fn a_help_desks_line_ends_the_reply() {
        assert_eq!(divider_of("##- Please type your reply above this line -##", None), Some(Divider::ReplyAbove));
        for phrase in ABOVE.iter() {
            for line in [format!("##- {phrase} -##"), format!("--- {phrase}, x: ---")] {
                assert_eq!(divider_of(&line, None), Some(Divider::ReplyAbove), "{line}");
            }
        }
        assert_eq!(divider_of("이 줄 위에 답장해 주세요", None), Some(Divider::ReplyAbove));
        assert_eq!(divider_of("Please reply above this line.", None), Some(Divider::ReplyAbove));
        let about = "Your mails say \"reply above this line\" and our program cuts them.";
        assert_eq!(divider_of(about, None), None);
        assert_eq!(divider_of("I drew a line above this line of text", None), None);
    }

    #[test]
    fn last_words_of_phrases_fit_the_table() {
        for phrase in ABOVE.iter().filter(|phrase| phrase.is_ascii()) {
            assert!(phrase.split(' ').next_back().unwrap().len() < LAST_WORD_LENGTHS, "{phrase}");
            assert!(has_last_word(phrase.to_uppercase().as_bytes()), "{phrase}");
        }
        assert!(!has_last_word(b"Lorem ipsum dolor sit amet"));
    }
}
