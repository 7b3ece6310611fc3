//! Where a signature begins: `-- ` (RFC 3676 §4.3), a marked element of the HTML, or the line a
//! device adds ("Sent from my iPhone").
//!
//! A closing ("Best regards, Ann") was typed by the writer and stays.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::languages::{APPS, DEVICES, GET_APP, SENT_FROM, SENT_FROM_ENDS, entries};
use super::line::{Line, fold};

/// Most filled lines after a `--` whose trailing space got lost; more is text, not a signature.
const DASHES_LINES_MAX: usize = 20;
/// Most filled lines after `____`, which people also use to divide their text.
const RULE_LINES_MAX: usize = 8;
/// Longest line a device adds, in bytes.
const DEVICE_LINE_BYTES_MAX: usize = 200;
/// Within how many words the device must be named: "Sent from my old desk and mobile" is a sentence.
const DEVICE_WORDS_MAX: usize = 6;

/// Devices whose names take endings.
const INFLECTED_DEVICES: [&str; 6] = ["iphone", "ipad", "ipod", "android", "samsung", "mobiltelefon"];

static DEVICE_WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| entries(DEVICES).collect());
static SENT_HEADS: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(SENT_FROM).collect());
static SENT_ENDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(SENT_FROM_ENDS).collect());

/// The line the signature of `lines[from..to]` begins at; `to` if there is none. A signature
/// that would leave no other text does not count.
pub(super) fn signature_start(lines: &[Line<'_>], from: usize, to: usize) -> usize {
    let start = signature_start_below(lines, from, to);
    if (from..start).all(|at| lines[at].is_blank()) { to } else { start }
}

/// [`signature_start`] below a quote, where no text is needed before the signature.
pub(super) fn signature_start_below(lines: &[Line<'_>], from: usize, to: usize) -> usize {
    trailing_start(lines, from, separator(lines, from, to).unwrap_or(to))
}

/// Goes up from `to` over blank lines, rules and lines of devices.
fn trailing_start(lines: &[Line<'_>], from: usize, to: usize) -> usize {
    let mut start = to;
    for at in (from..to).rev() {
        let line = &lines[at];
        if line.is_rule() || is_device_line(line.text) {
            start = at;
        } else if !line.is_blank() {
            break;
        }
    }
    start
}

/// The topmost line in `lines[from..to]` that separates a signature from the text.
fn separator(lines: &[Line<'_>], from: usize, to: usize) -> Option<usize> {
    let exact = (from..to).find(|&at| lines[at].text == "-- ");
    let marked = (from..to)
        .rev()
        .take_while(|&at| lines[at].is_signature || lines[at].is_blank() || lines[at].is_rule())
        .filter(|&at| lines[at].is_signature)
        .last();
    [exact, marked, guessed_separator(lines, from, to)].into_iter().flatten().min()
}

/// The topmost `--` or `____` with few enough lines below; looked for from the end, so that a text
/// full of them is read once.
fn guessed_separator(lines: &[Line<'_>], from: usize, to: usize) -> Option<usize> {
    let (mut found, mut filled, mut has_contact) = (None, 0, false);
    for at in (from..to).rev().filter(|&at| !lines[at].is_blank()) {
        let text = lines[at].text.trim_end();
        let is_rule = text.len() >= 2 && text.bytes().all(|b| b == b'_');
        if text == "--" || (is_rule && has_contact && filled <= RULE_LINES_MAX) {
            found = Some(at);
        }
        has_contact |= is_contact(text);
        filled += 1;
        if filled > DASHES_LINES_MAX {
            break;
        }
    }
    found
}

/// A line that belongs to a signature or a mailing list's footer rather than to a text.
fn is_contact(text: &str) -> bool {
    text.contains('@')
        || text.contains("http://")
        || text.contains("https://")
        || text.contains("www.")
        || is_device_line(text)
}

/// "Sent from my iPhone", "Get Outlook for iOS".
fn is_device_line(text: &str) -> bool {
    if text.len() > DEVICE_LINE_BYTES_MAX {
        return false;
    }
    let folded = fold(text);
    let core = folded
        .trim_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '*' | '_' | '.'));
    if let Some(rest) = SENT_HEADS.iter().find_map(|head| core.strip_prefix(*head)) {
        return names_device(rest);
    }
    if SENT_ENDS.iter().any(|end| core.ends_with(*end)) {
        return names_device(core);
    }
    is_advertisement(core)
}

/// Whether one of the first words, up to a comma, is a device, a program or a model's number.
fn names_device(rest: &str) -> bool {
    let clause = rest.split([',', ';']).next().unwrap_or_default();
    let mut words =
        clause.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '.'))).filter(|word| !word.is_empty());
    words.by_ref().take(DEVICE_WORDS_MAX).any(|word| {
        let word = word.trim_matches(['.', '-']);
        let is_model = word.contains(|c: char| c.is_ascii_digit()) && word.contains(char::is_alphabetic);
        // Some languages glue endings to the name: "iPhonesta", "iPhoneから".
        let is_inflected = INFLECTED_DEVICES.iter().any(|device| word.starts_with(device));
        is_model
            || is_inflected
            || DEVICE_WORDS.contains(word)
            || word.split('-').any(|part| DEVICE_WORDS.contains(part))
    })
}

/// "Get Outlook for iOS" and its translations: a verb, an app and where it runs or a link.
fn is_advertisement(core: &str) -> bool {
    let has_app = entries(APPS).any(|app| core.contains(app));
    let has_place = ["ios", "android", "mac", "windows", "http", "aka.ms"].iter().any(|place| core.contains(place));
    let text = core.split('<').next().and_then(|text| text.split("http").next()).unwrap_or(core);
    has_app
        && has_place
        && entries(GET_APP).any(|verb| {
            core.strip_prefix(verb).is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
                || core.ends_with(verb)
                || text.trim_end().ends_with(verb)
        })
}

#[cfg(test)]
mod tests {
    use super::super::line::lines_of_text;
    use super::*;

    fn kept(text: &str) -> &str {
        let lines = lines_of_text(text);
        let end = signature_start(&lines, 0, lines.len());
        text[..lines.get(end).map_or(text.len(), |line| line.start)].trim_end()
    }

    #[test]
    fn two_dashes_begin_a_signature() {
        assert_eq!(kept("Hello\n-- \nAnn\nExample Ltd"), "Hello");
        assert_eq!(kept("Hello -- you\n--\nAnn"), "Hello -- you");
        assert_eq!(kept("---\nHello"), "---\nHello");
    }

    #[test]
    fn two_dashes_above_a_long_text_are_no_signature() {
        let long = |lines: usize| format!("Hello\n--{}", "\nmore".repeat(lines));
        assert_eq!(kept(&long(DASHES_LINES_MAX)), "Hello");
        assert_eq!(kept(&long(DASHES_LINES_MAX + 1)), long(DASHES_LINES_MAX + 1));
    }

    #[test]
    fn lines_of_devices_go_in_every_language() {
        for line in [
            "Sent from my iPhone",
            "Sent from Yahoo Mail on Android",
            "Sent from my Wiko RIDGE 4G",
            "Sent from my cell, please excuse typos.",
            "Von meinem iPhone gesendet",
            "Gesendet mit der GMX Mail App",
            "Envoyé de mon iPhone",
            "Enviado desde mi iPhone",
            "Inviato da iPhone",
            "Enviado do meu iPhone",
            "Verstuurd vanaf mijn iPhone",
            "Wysłane z iPhone'a",
            "Отправлено с iPhone",
            "Skickat från min iPhone",
            "Sendt fra min iPad",
            "Lähetetty iPhonesta",
            "iPhone'umdan gönderildi",
            "Odesláno z iPhonu",
            "发自我的 iPhone",
            "iPhoneから送信",
            "나의 iPhone에서 보냄",
            "Get Outlook for iOS<https://aka.ms/o0ukef>",
            "Outlook für Android beziehen<https://aka.ms/x>",
        ] {
            assert_eq!(kept(&format!("Hello\n\n{line}\n")), "Hello", "{line}");
        }
    }

    #[test]
    fn sentences_about_devices_stay() {
        for line in [
            "Sent from my desk, is much easier than my mobile phone.",
            "Sent from a magnificent torch of pixels",
            "The notification was sent from my iPhone app to all users.",
            "I cannot get Outlook for iOS to work",
        ] {
            assert_eq!(kept(&format!("Hello\n\n{line}")), format!("Hello\n\n{line}"));
        }
    }

    #[test]
    fn closings_and_dividers_in_the_text_stay() {
        for text in ["Hello\n\nBest regards,\nAnn", "Hello\n\n—\nAnn", "Part one\n____\nPart two"] {
            assert_eq!(kept(text), text);
        }
    }

    #[test]
    fn a_mailing_lists_footer_goes() {
        assert_eq!(kept("Hello\n\n____\nusers mailing list\nusers@lists.example.org"), "Hello");
    }

    #[test]
    fn what_would_leave_nothing_is_no_signature() {
        assert_eq!(kept("Sent from my iPhone"), "Sent from my iPhone");
        assert_eq!(kept("-- \nAnn"), "-- \nAnn");
    }
}
