//! Whether lines below a `--` are running text that a person typed, or a signature.

use std::ops::Range;

use super::device::is_device_line;
use super::disclaimer::{asks, is_disclaimer};
use super::greeting::is_closing;
use super::line::{Line, fold};

/// Fewest words of a paragraph that counts as prose.
const PROSE_WORDS_MIN: usize = 5;
/// Fewest words of a sentence: "Example Ltd." and "12 Main St." are none.
const SENTENCE_WORDS_MIN: usize = 4;
/// Fewest words of a short paragraph that ends like a sentence and has words of it in small letters.
const SHORT_WORDS_MIN: usize = 3;
/// Fewest words in small letters of one that does not end like a sentence.
const SMALL_WORDS_MIN: usize = 3;
/// Fewest letters of a sentence in a script without blanks between words.
const SENTENCE_LETTERS_MIN: usize = 8;
/// Digits in a row that make a telephone or register number.
const NUMBER_DIGITS_MIN: usize = 5;
/// Most words of a line with a name, a rank or a firm.
const NAME_WORDS_MAX: usize = 6;
/// Most letters of a name in a script without blanks.
const NAME_LETTERS_MAX: usize = 12;

/// Words whose full stop ends no sentence.
const ABBREVIATIONS: [&str; 18] = [
    "st.", "str.", "ltd.", "inc.", "co.", "corp.", "dr.", "prof.", "mr.", "mrs.", "no.", "nr.", "tel.", "ave.", "rd.",
    "e.v.", "ing.", "dipl.",
];

/// Words in small letters inside of names, ranks and firms.
const PARTICLES: [&str; 30] = [
    "of", "and", "und", "et", "y", "e", "i", "og", "och", "en", "de", "di", "da", "del", "du", "des", "la", "le",
    "van", "von", "vom", "der", "den", "zu", "zur", "for", "für", "e.v", "e.v.", "at",
];

/// What stands in front of a number or an address in a signature, and of the names that firms have to give.
const LABELS: [&str; 44] = [
    "tel",
    "telefon",
    "telephone",
    "phone",
    "mobile",
    "mobil",
    "mob",
    "cell",
    "fax",
    "telefax",
    "e-mail",
    "email",
    "mail",
    "web",
    "website",
    "internet",
    "skype",
    "direct",
    "office",
    "t",
    "m",
    "p",
    "f",
    "e",
    "w",
    "d",
    "tél",
    "téléphone",
    "portable",
    "teléfono",
    "telefono",
    "móvil",
    "cellulare",
    "telefone",
    "telefoon",
    "тел",
    "моб",
    "puh",
    "gsm",
    "hotline",
    "geschäftsführer",
    "managing director",
    "ceo",
    "handy",
];

/// Beginnings of what is added below a finished letter.
const NOTES: [&str; 10] = ["ps", "p.s", "p.s.", "pps", "p.p.s", "p.p.s.", "nb", "n.b", "n.b.", "ps."];

/// The paragraph at the beginning of `range`.
pub(super) fn paragraph_at(lines: &[Line<'_>], range: Range<usize>) -> Range<usize> {
    let end = range.clone().find(|&at| lines[at].is_blank() || lines[at].is_quoted).unwrap_or(range.end);
    range.start..end
}

/// "PS: …", "P.S. …".
pub(super) fn is_note(text: &str) -> bool {
    let text = text.trim_start();
    let end = text.find(|c: char| c.is_whitespace() || c == ':').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    // "PS" may be the initials in a signature; "NB 4711" is none of these.
    !rest.trim_matches([':', ' ']).is_empty() && NOTES.contains(&word.to_lowercase().as_str())
}

/// Whether the paragraph at the beginning of `range` was typed: a note, a question, a sentence, and not what a company
/// adds below every mail.
pub(super) fn is_prose(lines: &[Line<'_>], range: Range<usize>) -> bool {
    let paragraph = paragraph_at(lines, range);
    let Some(first) = lines.get(paragraph.start) else { return false };
    if is_note(first.text) {
        return true;
    }
    let prose = Prose::of(lines, paragraph);
    let is_sentence = prose.sentences > 0 && prose.words >= PROSE_WORDS_MIN;
    let is_short = prose.ends && prose.words >= SHORT_WORDS_MIN && prose.small_words > 1;
    let is_unfinished = prose.words >= PROSE_WORDS_MIN && prose.small_words >= SMALL_WORDS_MIN;
    is_sentence || is_short || is_unfinished || prose.asks
}

/// Sentences in `range`. One long sentence of a signature may be a motto.
pub(super) fn sentences_in(lines: &[Line<'_>], range: Range<usize>) -> usize {
    let mut count = 0;
    let mut at = range.start;
    while at < range.end {
        let paragraph = paragraph_at(lines, at..range.end);
        count += Prose::of(lines, paragraph.clone()).sentences;
        at = paragraph.end + 1;
    }
    count
}

/// What of a paragraph is running text.
#[derive(Default)]
struct Prose {
    words: usize,
    /// Those that begin with a small letter.
    small_words: usize,
    sentences: usize,
    /// It ends like a sentence.
    ends: bool,
    /// It ends with `?` or `!`.
    asks: bool,
}

impl Prose {
    fn of(lines: &[Line<'_>], range: Range<usize>) -> Self {
        let texts = || lines[range.clone()].iter().map(|line| line.text);
        if is_disclaimer(&texts().collect::<Vec<_>>().join(" ")) {
            return Self::default();
        }
        let mut prose = Self::default();
        let mut words = 0;
        for text in texts() {
            // A number or an address makes its own line part of a signature, unless that line is running text.
            if (is_contact(text) || has_number(text)) && !is_running(text) {
                prose.ends = false;
                words = 0;
                continue;
            }
            let found = sentences_of(text, &mut words, &mut prose);
            prose.sentences += found;
        }
        prose.asks &= prose.words > 1;
        prose
    }
}

/// A sentence, or the middle of one: words in small letters.
fn is_running(text: &str) -> bool {
    let mut counted = Prose::default();
    sentences_of(text, &mut 0, &mut counted) > 0 || counted.small_words >= SMALL_WORDS_MIN
}

/// Counts a line's words into `prose`, and its sentences, the first of which has `words` words on the lines above.
fn sentences_of(text: &str, words: &mut usize, prose: &mut Prose) -> usize {
    let mut sentences = 0;
    for word in text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)) {
        let bare = word.trim_end_matches(['"', ')', '\'', '”', '»']);
        prose.ends = bare.ends_with(['.', '!', '?', '…', '。', '！', '？'])
            && !ABBREVIATIONS.contains(&bare.to_lowercase().as_str());
        prose.asks = bare.ends_with(['!', '?', '！', '？']);
        *words += 1;
        // Scripts without blanks end a sentence in the middle of what looks like one word.
        let closed = word.matches(['。', '！', '？']).count();
        let is_long = word.chars().count() >= SENTENCE_LETTERS_MIN;
        if word.contains(char::is_alphabetic) {
            prose.words += if closed > 0 && is_long { PROSE_WORDS_MIN } else { 1 };
            prose.small_words += usize::from(word.starts_with(char::is_lowercase) && !is_contact(word));
        }
        if prose.ends {
            sentences += usize::from(*words >= SENTENCE_WORDS_MIN);
            *words = 0;
        }
        sentences += if is_long { closed } else { 0 };
    }
    sentences
}

fn has_number(text: &str) -> bool {
    let mut digits = 0;
    text.chars().any(|c| {
        match c {
            c if c.is_ascii_digit() => digits += 1,
            ' ' | '-' | '/' | '(' | ')' | '.' | '+' => {}
            _ => digits = 0,
        }
        digits >= NUMBER_DIGITS_MIN
    })
}

/// A line that belongs to a signature or a mailing list's footer rather than to a text.
pub(super) fn is_contact(text: &str) -> bool {
    text.contains('@')
        || text.contains("http://")
        || text.contains("https://")
        || text.contains("www.")
        || is_device_line(text, false)
}

/// Whether the lines below a bare `--` are a signature. People divide their text by `--` as well, so each line has to look
/// like one of a signature: a name at the top, or a closing or an address, and below it nothing but such lines and at most
/// one sentence, the motto.
pub(super) fn looks_like_signature(lines: &[Line<'_>], range: Range<usize>) -> bool {
    if sentences_in(lines, range.clone()) > 1 {
        return false;
    }
    let first = range.clone().find(|&at| !lines[at].is_blank()).map(|at| lines[at].text);
    // "Ann - ann@example.org - https://example.org" is nothing else, whatever is below it.
    if first.is_some_and(|first| first.contains('@') && first.contains("://") && is_reachable_at(first)) {
        return true;
    }
    let mut filled = range.clone().filter(|&at| !lines[at].is_blank());
    if let (Some(only), None) = (filled.next(), filled.next())
        && is_nickname(lines[only].text)
    {
        return true;
    }
    let mut at = range.start;
    let mut is_first = true;
    while at < range.end {
        let paragraph = paragraph_at(lines, at..range.end);
        let text = lines[paragraph.clone()].iter().map(|line| line.text).collect::<Vec<_>>().join(" ");
        let is_added = is_disclaimer(&text);
        for line in lines[paragraph.clone()].iter().filter(|line| !line.is_blank() && !line.is_rule()) {
            if !(is_added || is_of_signature(line.text) || !is_first && is_below_name(line.text)) {
                return false;
            }
            is_first = false;
        }
        at = paragraph.end + 1;
    }
    true
}

/// "rick"
fn is_nickname(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '_'))
}

/// A line that may be the first of a signature.
fn is_of_signature(text: &str) -> bool {
    let text = text.trim();
    is_name(text) || is_closing(text) || is_reachable_at(text) || is_device_line(text, true)
}

/// A line of a place, a rank or a motto.
fn is_below_name(text: &str) -> bool {
    let text = text.trim();
    if text.contains(':') {
        return false;
    }
    let starts_small = text.starts_with(char::is_lowercase);
    let is_motto = sentences_of(text, &mut 0, &mut Prose::default()) == 1 && !text.ends_with(['?', '!']);
    !starts_small && (is_motto || has_names_only(text))
}

/// "Ann Example", "Head of Sales", "Example Ltd."
fn is_name(text: &str) -> bool {
    !asks(text)
        && !text.contains(|c: char| c.is_ascii_digit() || matches!(c, ':' | '?' | '!' | '。'))
        && (!text.ends_with('.') || ABBREVIATIONS.iter().any(|end| fold(text).ends_with(end)))
        && has_names_only(text)
}

/// No word but short ones begins with a small letter.
fn has_names_only(text: &str) -> bool {
    let words = || text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric));
    let is_cased = text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '"' | '\'' | '*' | '_' | '(' | '['))
        && words().count() <= NAME_WORDS_MAX
        && (is_cased || text.chars().count() <= NAME_LETTERS_MAX)
        && words().all(|word| !word.starts_with(char::is_lowercase) || PARTICLES.contains(&word.trim_end_matches(',')))
}

/// A telephone number, an address of a mailbox or a page, and no sentence around it.
fn is_reachable_at(text: &str) -> bool {
    let label_end = text.find(|c: char| !(c.is_alphabetic() || matches!(c, '-' | ' '))).unwrap_or(text.len());
    let label = fold(text.get(..label_end).unwrap_or_default());
    let has_digits = text.bytes().filter(u8::is_ascii_digit).count() >= NUMBER_DIGITS_MIN;
    let has_label = label_end < text.len() && LABELS.contains(&label.trim());
    let is_number = has_digits && !text.contains(char::is_alphabetic) && !text.contains(':');
    // "Please write to bob@example.org" goes on in small letters.
    let mut counted = Prose::default();
    let is_sentence = sentences_of(text, &mut 0, &mut counted) > 0;
    (is_number || has_label || is_contact(text) && counted.small_words < SMALL_WORDS_MIN - 1) && !is_sentence
}

#[cfg(test)]
mod tests {
    use super::super::line::lines_of_text;
    use super::*;

    #[test]
    fn signatures_are_told_from_text_that_dashes_divide() {
        let looks = |text: &str| {
            let lines = lines_of_text(text);
            looks_like_signature(&lines, 0..lines.len())
        };
        for text in [
            "Ann",
            "rick",
            "Ann Example\nHead of Sales\nExample Ltd.\n12 Main Street\n12345 Springfield\nTel: +49 30 1234567\nwww.example.org",
            "Best regards\nAnn",
            "Viele Grüße / Best regards\n\nAnn",
            "Ann\n\nSent from my iPhone",
            "Ann - ann@example.org - https://example.org\nall mails signed with:\nFEC2 57F1",
            "ann@example.org",
            "+49 30 1234567",
            "Ann\nThere is no planet B, so please be kind.",
            "Ann\n\nThis message is confidential and meant for its addressee alone.",
            "山田太郎",
            "This mail has been checked for viruses by Example.\nwww.example.org",
        ] {
            assert!(looks(text), "{text}");
        }
        for text in [
            "Serial 12345678\nColour red",
            "Error 0x80070005",
            "1 roller\n2 belts",
            "When does it come?",
            "Topic 2:\nthe printer",
            "Topic B\nthe printer is slow",
            "Customer: 4711234\nContract: 99-1234",
            "- one\n- two",
            "Please write to bob@example.org",
            "The page https://example.org shows error 500. It worked in May.",
            "Order 4711234 is missing. I want it.",
            "2026-01-15 10:22:11 disk full",
            "New address:\nMain Street 5\n12345 Springfield",
        ] {
            assert!(!looks(text), "{text}");
        }
    }

    #[test]
    fn notes_questions_and_short_sentences_are_prose() {
        let is = |text: &str| {
            let lines = lines_of_text(text);
            is_prose(&lines, 0..lines.len())
        };
        for text in [
            "PS: call me at +49 30 1234567 before noon.",
            "P.S. it beeps",
            "NB: room 5",
            "Call me!",
            "Does it still count?",
            "The form at https://example.org fails as well.",
            "Write to bob@example.org please.",
            "Merci de rappeler.",
            "Forgot to say it is the blue one",
        ] {
            assert!(is(text), "{text}");
        }
        for text in ["Ann Example", "Example Ltd.\n12 Main St. Springfield", "Tel. +49 30 1234567", "PS", "Yay!"] {
            assert!(!is(text), "{text}");
        }
    }
}
