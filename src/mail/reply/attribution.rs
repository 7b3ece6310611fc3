//! The line above a quote: "On Monday, 5 May 2025 at 10:00, Ann <ann@example.org> wrote:".
//!
//! Recognised by its parts in any order the languages use them: a date, a mail address, a word for
//! "wrote", a colon at the end; over up to [`LINES_MAX`] lines, because programs wrap it. Prose with
//! some of these parts is common ("On Friday I wrote to you:"), so a single part is never enough.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::dates::{Parts, Run};
use super::languages::{ON, QUOTING, WROTE_BEFORE, WROTE_LAST, WROTE_UNSPACED, entries};
use super::line::{Line, fold, is_drawing, is_invisible, next_filled, within_groupwise};

/// Most lines one attribution is wrapped over; five were seen.
const LINES_MAX: usize = 6;
/// Longest attribution, in bytes: two long names and addresses.
const BYTES_MAX: usize = 600;
/// How far after the first word the date's first digit may be, in bytes ("El jueves, 21 de …").
const DATE_DISTANCE_BYTES_MAX: usize = 40;
/// Longest word for "wrote", in bytes, with some reserve.
const WROTE_BYTES_MAX: usize = 32;
/// Most words of an attribution without a word for "wrote"; a sentence around an address has more.
const WORDS_MAX: usize = 20;
/// Most words of one with neither that word nor an address: a date, a time, its zone and a name.
const UNNAMED_WORDS_MAX: usize = 9;
/// Longest name in front of an address, in bytes.
const NAME_BYTES_MAX: usize = 90;

static LAST: LazyLock<HashSet<&'static str>> = LazyLock::new(|| entries(WROTE_LAST).collect());
static BEFORE: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(WROTE_BEFORE).collect());
static UNSPACED: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(WROTE_UNSPACED).collect());
static QUOTING_WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(QUOTING).collect());
static ON_WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(ON).collect());

/// If an attribution starts at line `at`, the number of the line after it.
pub(super) fn attribution_end(lines: &[Line<'_>], at: usize) -> Option<usize> {
    let end = end_from(lines, at)?;
    // A line of text right above, "At 2 pm it stopped." say, must not be taken for the beginning.
    let starts_later =
        (at + 1..end).any(|later| opens_with_on(lines[later].text) && end_from(lines, later) == Some(end));
    (!starts_later).then_some(end)
}

fn opens_with_on(text: &str) -> bool {
    let folded = fold(text);
    begins_with_on(&folded) && Parts::of(&folded).has_date
}

fn end_from(lines: &[Line<'_>], at: usize) -> Option<usize> {
    let first = lines.get(at)?;
    if first.is_quoted || !may_begin(first.text) {
        return None;
    }
    let groupwise = within_groupwise(first.text);
    if groupwise.is_some_and(|inner| first.text.trim_end().ends_with(">>>") && Parts::of(&fold(inner)).has_time) {
        return Some(at + 1);
    }
    let mut joined = String::new();
    for (n, line) in lines[at..].iter().enumerate().take(LINES_MAX) {
        let text = groupwise.filter(|_| n == 0).unwrap_or(line.text.trim());
        if text.is_empty() {
            // Only an address in brackets may be on another line than the text before it.
            let next = next_filled(lines, at + n)?;
            if n == 0 || !lines[next].text.trim_start().starts_with('<') {
                return None;
            }
            continue;
        }
        // A wrapped `<ann@example.org` + `> wrote:` looks quoted but closes a bracket.
        if n > 0 && line.is_quoted && !has_open_bracket(&joined) {
            return None;
        }
        // Gmail wraps behind a bracket, which then closes around nothing but the address.
        if !joined.trim_end_matches(is_invisible).ends_with('<') {
            joined.push(' ');
        }
        joined.push_str(text);
        if joined.len() > BYTES_MAX {
            return None;
        }
        // Yahoo's application goes on with the quoted text on the same line.
        if n == 0 && head_of_glued(text).is_some_and(|head| ends_attribution(head) && is_attribution(head, false)) {
            return Some(at + 1);
        }
        if n == 0 && is_old_gmail(text, &lines[at + 1..]) {
            return Some(at + 1);
        }
        if ends_attribution(text) {
            let end = at + n + 1;
            if is_wrapped_behind(&joined, lines.get(end)) {
                return Some(end + 1);
            }
            let is_quote_next = next_filled(lines, end).is_some_and(|next| lines[next].is_quoted);
            return is_attribution(&joined, is_quote_next).then_some(end);
        }
        if text.ends_with(['!', '?']) {
            return None;
        }
    }
    None
}

/// Whether the text ends like an attribution and the line below belongs to it: programs wrap behind the word for "wrote",
/// and in front of the date in parentheses or inside of them.
fn is_wrapped_behind(joined: &str, below: Option<&Line<'_>>) -> bool {
    let has_colon =
        |text: &str| text.trim_end_matches(|c: char| c.is_whitespace() || is_invisible(c)).ends_with([':', '：']);
    let is_open = !has_colon(joined) || joined.matches('(').count() > joined.matches(')').count();
    below.filter(|below| is_open && !below.is_quoted && has_colon(below.text)).is_some_and(|below| {
        joined.len() + below.text.len() < BYTES_MAX && is_attribution(&format!("{joined} {}", below.text.trim()), false)
    })
}

/// What is in front of a colon that three blanks and more text follow.
fn head_of_glued(text: &str) -> Option<&str> {
    let at = text.find(":   ")?;
    text.get(..=at).filter(|head| head.len() <= BYTES_MAX)
}

/// A cheap test that keeps the search linear: something of a date or an address must be near.
fn may_begin(text: &str) -> bool {
    let text = text.trim();
    // Most lines have none of these bytes, and bytes are looked at faster than characters.
    let is_sign = |b: u8| b.is_ascii_digit() | (b == b'<') | (b == b'@') | (b == b'"') | (b >= 0x80);
    let front = text.as_bytes().get(..NAME_BYTES_MAX).unwrap_or(text.as_bytes());
    let has_sign = front.iter().fold(false, |found, byte| found | is_sign(*byte));
    // The shortest is some "X <a@b>" or a date.
    text.len() >= 8
        && (has_sign && text.chars().take(NAME_BYTES_MAX).any(|c| c.is_numeric() || matches!(c, '<' | '@' | '"'))
            || (text.len() <= NAME_BYTES_MAX && text.ends_with([':', '：', '-'])))
}

fn has_open_bracket(text: &str) -> bool {
    text.matches('<').count() > text.matches('>').count()
}

fn ends_attribution(text: &str) -> bool {
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || is_drawing(c) || is_invisible(c));
    if text.ends_with([':', '：']) {
        return true;
    }
    let last = text.rsplit([' ', '>']).next().unwrap_or_default();
    last.len() <= WROTE_BYTES_MAX && LAST.contains(last.to_lowercase().as_str())
}

/// Judges the joined lines; `is_quote_next` says whether quoted text follows.
fn is_attribution(joined: &str, is_quote_next: bool) -> bool {
    let folded = fold(joined);
    let ruled = folded.starts_with("---") && folded.ends_with("---");
    let bare = folded.trim_matches(|c: char| c == ' ' || is_drawing(c));
    let has_colon = bare.ends_with([':', '：']);
    let core = bare.trim_end_matches([' ', ':', '：']);
    let parts = Parts::of(core);
    let opens = begins_with_on(core) || begins_with_date(core);
    if is_quote_next
        && has_colon
        && QUOTING_WORDS.iter().any(|word| core.strip_prefix(*word).is_some_and(|rest| rest.starts_with(' ')))
    {
        return true;
    }
    let is_strong = parts.has_address || parts.has_time || (parts.has_date && core.ends_with(" you wrote"));
    if let Some(front) = without_wrote_at_end(core) {
        return (opens && (is_strong || (parts.has_date && is_quote_next)))
            || is_name_and_address(front)
            || (ruled && !front.is_empty())
            || (is_quote_next && front.len() <= NAME_BYTES_MAX);
    }
    if !has_colon {
        return false;
    }
    if let Some((front, rest)) = around_wrote(core) {
        let is_named = parts.has_address || is_quote_next || names_someone(joined, rest);
        let is_dated = parts.has_date && parts.has_time;
        return is_named
            && ((opens && (is_strong || parts.has_date))
                || (parts.has_address && is_name_and_address(front))
                || is_dated && (is_name(joined, front) || is_name_address_and_words(front)));
    }
    // A day, its minute and an address in brackets say it in any language.
    let is_marked = is_quote_next || begins_with_on(core);
    let is_short = core.split(' ').count() <= WORDS_MAX;
    if is_marked && is_short && parts.has_date && parts.has_time && has_bracketed_address(core) {
        return true;
    }
    // "пн, 5 мая 2025 г. в 10:00, Ann <ann@example.org>:" has no word for "wrote".
    // Tuta's "5 May 2025, 10:00 by ann@example.org:" has so few signs that a quote must follow.
    let is_dated = begins_with_date(core) && parts.has_date && parts.has_time;
    let is_short = core.split(' ').count() <= UNNAMED_WORDS_MAX;
    is_dated && (parts.has_address && core.ends_with(['>', ')']) || is_quote_next && (parts.has_address || is_short))
}

/// Whether `<ann@example.org>` or `(ann@example.org)` is in the text.
fn has_bracketed_address(core: &str) -> bool {
    core.split(['<', '(']).skip(1).any(|rest| {
        let inner = rest.split(['>', ')']).next().unwrap_or_default();
        inner.len() < rest.len() && inner.contains('@') && !inner.contains(' ')
    })
}

/// The text before a word for "wrote" at the end of `core`.
fn without_wrote_at_end(core: &str) -> Option<&str> {
    let core = core.trim_end_matches([' ', '.', ',']);
    let unspaced = UNSPACED.iter().find_map(|word| core.strip_suffix(word));
    if unspaced.is_some() {
        return unspaced;
    }
    // One, two or three words: "wrote", "ha scritto", "het volgende geschreven".
    core.rmatch_indices([' ', '>', ')', '"'])
        .map(|(at, found)| at + found.len())
        .chain([0])
        .take(3)
        .find_map(|at| LAST.contains(&core[at..]).then(|| core[..at].trim_end()))
}

/// The text before and after a word for "wrote" in the middle of `core`.
fn around_wrote(core: &str) -> Option<(&str, &str)> {
    BEFORE.iter().find_map(|word| {
        core.match_indices(word).find_map(|(at, _)| {
            let (front, rest) = (&core[..at], &core[at + word.len()..]);
            let is_word = !front.ends_with(char::is_alphanumeric) && !rest.starts_with(char::is_alphanumeric);
            is_word.then(|| (front.trim_end(), rest.trim_start()))
        })
    })
}

/// "schrieb Ann:" names someone, "schrieb ich Ihnen:" is a sentence: names begin with a capital.
fn names_someone(joined: &str, rest: &str) -> bool {
    let length = rest.chars().count();
    let trimmed = joined.trim_end_matches(|c: char| c.is_whitespace() || is_drawing(c) || matches!(c, ':' | '：'));
    let original: Vec<char> = trimmed.chars().rev().take(length).collect();
    original.last().is_some_and(|c| !c.is_lowercase())
}

/// Most words of a name in front of "wrote", and of one that has no word in small letters.
const NAME_WORDS_MAX: usize = 5;
const FIRM_WORDS_MAX: usize = 8;

/// Whether the front of the line is the name of a person or a department.
fn is_name(joined: &str, front: &str) -> bool {
    let words = front.split(' ').count();
    let is_capital = |word: &str| !word.starts_with(char::is_lowercase);
    front.len() <= NAME_BYTES_MAX
        && !has_sentence_end(front)
        && (words <= NAME_WORDS_MAX || words <= FIRM_WORDS_MAX && joined.split_whitespace().take(words).all(is_capital))
}

/// "Ann Example <ann@example.org> ezt": one or two words of the verb stand in front of it in some languages.
fn is_name_address_and_words(front: &str) -> bool {
    /// Most of those words.
    const WORDS_MAX: usize = 2;
    let Some(end) = front.rfind(['>', ')']) else { return false };
    let (address, behind) = front.split_at(end + 1);
    let words = behind.split(' ').filter(|word| !word.is_empty()).count();
    (1..=WORDS_MAX).contains(&words)
        && !behind.contains(|c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | ':'))
        && is_name_and_address(address)
}

/// Whether a full stop inside of the text ends a sentence: behind "J." and "Dr." it does not.
fn has_sentence_end(text: &str) -> bool {
    const TITLES: [&str; 12] = ["prof", "dipl", "ing", "mag", "ltd", "inc", "corp", "dott", "mrs", "hon", "rev", "sra"];
    let text = text.trim();
    text.match_indices(". ").any(|(at, _)| {
        let word = text[..at].rsplit([' ', '"', '(', '-', '.']).next().unwrap_or_default();
        word.chars().count() > 2 && !TITLES.contains(&word)
    })
}

/// "Ann Example <ann@example.org>", perhaps with a date and a time behind it.
pub(super) fn is_name_and_address(front: &str) -> bool {
    let Some((name, rest)) = front.split_once(['<', '(']) else { return false };
    let Some((address, behind)) = rest.rsplit_once(['>', ')']) else { return false };
    let behind = Parts::of(behind.trim()).has_time || behind.trim_matches([' ', ',', '>', ')']).is_empty();
    address.contains('@') && name.len() <= NAME_BYTES_MAX && !has_sentence_end(name) && behind
}

fn begins_with_on(core: &str) -> bool {
    ON_WORDS.iter().any(|on| {
        core.strip_prefix(*on).is_some_and(|rest| {
            let is_word = rest.starts_with(' ') || !on.is_ascii() && rest.starts_with(|c: char| c.is_ascii_digit());
            is_word && has_digit_near(rest)
        })
    })
}

/// A digit first, or a word (a weekday), after a comma perhaps another (a month), and then a digit.
fn begins_with_date(core: &str) -> bool {
    let mut words = core.split(' ');
    let (first, second, third) = (words.next(), words.next(), words.next());
    let is_number = |word: Option<&str>| word.is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    is_number(first) || is_number(second) || (first.is_some_and(|word| word.ends_with(',')) && is_number(third))
}

fn has_digit_near(text: &str) -> bool {
    text.bytes().take(DATE_DISTANCE_BYTES_MAX).any(|b| b.is_ascii_digit())
}

/// "2013/7/20 Ann <ann@example.org>" or "2016-03-03 17:21 GMT+01:00 Ann": Gmail until about 2017.
fn is_old_gmail(text: &str, below: &[Line<'_>]) -> bool {
    let mut words = text.split_whitespace();
    let date = words.next().unwrap_or_default();
    let is_date = date.starts_with("20") && Run::of(date) == Some(Run::Date);
    let (second, third) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let has_zone = Run::of(second) == Some(Run::Time) && third.starts_with("GMT") && words.next().is_some();
    let has_address = !second.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with('>') && text.contains('@');
    is_date && below.first().is_some_and(Line::is_blank) && (has_zone || has_address)
}

#[cfg(test)]
mod tests {
    use super::super::line::lines_of_text;
    use super::*;

    fn end(text: &str) -> Option<usize> {
        attribution_end(&lines_of_text(text), 0)
    }

    #[test]
    fn attributions_of_every_language_are_known() {
        for line in [
            "On Mon, Jan 15, 2024 at 2:30 PM Ann Example <ann@example.org> wrote:",
            "On Monday, January 15th, 2024 at 2:30 PM, Ann <ann@example.org> wrote:",
            "---- On Mon, 15 Jan 2024 14:30:25 +0100 ann@example.org wrote ----",
            "Am 15.01.24 um 14:30 schrieb Ann Example:",
            "Ann Example <ann@example.org> schrieb am Mo., 15. Jan. 2024, 14:30:",
            "Am Montag, 15. Januar 2024 um 14:30:25 MEZ hat Ann <ann@example.org> Folgendes geschrieben:",
            "Le lun. 15 janv. 2024 à 14:30, Ann Example <ann@example.org> a écrit :",
            "El lun, 15 ene 2024 a las 14:30, Ann (<ann@example.org>) escribió:",
            "Il giorno lun 15 gen 2024 alle ore 14:30 Ann <ann@example.org> ha scritto:",
            "Em seg., 15 de jan. de 2024 às 14:30, Ann <ann@example.org> escreveu:",
            "Ann <ann@example.org> escreveu (segunda, 15/01/2024 à(s) 14:30):",
            "Op ma 15 jan 2024 om 14:30 schreef Ann <ann@example.org>:",
            "Op 15 jan. 2024 om 14:30 heeft Ann <ann@example.org> het volgende geschreven:",
            "pon., 15 sty 2024 o 14:30 Ann <ann@example.org> napisał(a):",
            "Wiadomość napisana przez Ann <ann@example.org> w dniu 15 sty 2024, o godz. 14:30:",
            "пн, 15 янв. 2024 г. в 14:30, Анна <ann@example.org>:",
            "15.01.2024 14:30, Анна пишет:",
            "Den mån 15 jan. 2024 kl 14:30 skrev Ann <ann@example.org>:",
            "man. 15. jan. 2024 kl. 14.30 skrev Ann <ann@example.org>:",
            "ma 15. tammik. 2024 klo 14.30 Ann (ann@example.org) kirjoitti:",
            "Ann kirjoitti 15.1.2024 klo 14.30:",
            "Ann <ann@example.org>, 15 Oca 2024 Pzt, 14:30 tarihinde şunu yazdı:",
            "po 15. 1. 2024 v 14:30 odesílatel Ann <ann@example.org> napsal:",
            "Dne 15. 01. 24 v 14:30 Ann napsal(a):",
            "Ann <ann@example.org> 于2024年1月15日周一 14:30写道：",
            "2024年1月15日(月) 14:30 Ann <ann@example.org>:",
            "2024년 1월 15일 (월) 오후 2:30, Ann <ann@example.org>님이 작성:",
            "-----Ann Example/Sales/Example wrote: -----",
            "Missatge de Ann <ann@example.org> del dia dj., 15 de gen. 2026 a les 14:30:",
            "Ann (<ann@example.org>) erabiltzaileak hau idatzi du (2026 urt. 15, og. (14:30)):",
        ] {
            assert_eq!(end(line), Some(1), "{line}");
        }
    }

    #[test]
    fn names_of_people_and_departments_may_be_long() {
        for name in [
            "Dr. Ann J. Example",
            "Example Desk Team - Level 2",
            "Ann Example, Example Ltd.",
            "Ann \"the one\" Example (Example GmbH)",
        ] {
            for line in [
                format!("{name} <ann@example.org> ezt írta (időpont: 2024. jan. 15., H, 14:30):"),
                format!("{name} <ann@example.org> şunları yazdı (15 Oca 2024 14:30):"),
                format!("{name} <ann@example.org> 于2024年1月15日周一 14:30写道："),
                format!("{name} <ann@example.org>, 15 Oca 2024 Pzt, 14:30 tarihinde şunu yazdı:"),
            ] {
                assert_eq!(end(&line), Some(1), "{line}");
            }
        }
        assert_eq!(end("Dr. Ann J. Example kirjoitti 15.1.2024 klo 14.30:"), Some(1));
        assert_eq!(end("Example Desk Team - Level 2 kirjoitti 15.1.2024 klo 14.30:\n> x"), Some(1));
        for line in [
            "It stopped then. Ask <ann@example.org> what she wrote on 15.01.2024 14:30:",
            "I do not know at all why he wrote on 15.01.2024 14:30:",
        ] {
            assert_eq!(end(&format!("{line}\nx")), None, "{line}");
        }
    }

    #[test]
    fn an_attribution_may_be_wrapped_over_several_lines() {
        assert_eq!(end("On Mon, Jan 15, 2024 at 2:30 PM Ann Example\n<\nann@example.org> wrote:\n> x"), Some(3));
        assert_eq!(end("Am Mo., 15.\nJan. 2024 um 14:30 Uhr schrieb Ann <ann@example.org\n>:\n"), Some(3));
        assert_eq!(end("Ann <ann@example.org> ezt írta (időpont:\n2024. jan. 15., H, 14:30):\n> x"), Some(2));
        assert_eq!(end("Ann <ann@example.org> şunları yazdı\n(15 Oca 2024 14:30):\n> x"), Some(2));
        assert_eq!(end("Am Mo., 15. Jan. 2024 um 14:30 Uhr schrieb\nAnn <ann@example.org>:\n> x"), Some(2));
        let hebrew = "\u{202b}בתאריך יום ב׳, 15 בינו׳ 2024 ב-14:30 מאת \u{202a}Ann\u{202c} <\n\u{202a}ann@example.org\u{202c}\u{200f}>:\u{202c}\n> x";
        assert_eq!(end(hebrew), Some(2));
        assert_eq!(end("On Thu, 31 Mar 2016 at 11:16 Ann\n\n<\nmailto:Ann <ann@example.org>\n> wrote:\n"), Some(5));
    }

    #[test]
    fn a_line_of_text_right_above_is_not_part_of_the_attribution() {
        let lines =
            lines_of_text("On 2 May it stopped.\nOn Mon, Jan 15, 2024 at 2:30 PM Ann\n<ann@example.org> wrote:\n> x");
        assert_eq!((attribution_end(&lines, 0), attribution_end(&lines, 1)), (None, Some(3)));
    }

    #[test]
    fn sentences_that_look_alike_are_no_attributions() {
        for line in [
            "On Thursday:",
            "On the other hand, this works.",
            "On 5 May I ordered 3 lamps. They came broken:",
            "Am 12.06.2016 schrieb ich Ihnen folgendes:",
            "I asked bob@example.org on 5 May and he wrote:",
            "I wrote to <bob@example.org>, and to <ann@example.org> as well, on 15.01.2026 at 14:30, because nobody of your service came to see the lamp:",
            "2026-01-15 14:30 is when the printer in the big room burned again:",
            "Something wrote:",
            "2024-01-15 14:30:25 delivered to <bob@example.org>",
            "Order 4711 of 15.01.2024, 14:30:",
            "My friend writes a lot.",
        ] {
            assert_eq!(end(&format!("{line}\n\nmore text")), None, "{line}");
        }
    }

    #[test]
    fn a_short_line_that_says_wrote_counts_right_above_a_quote() {
        assert_eq!(end("Ann Example wrote:\n> x"), Some(1));
        assert_eq!(end("Ann Example wrote:\nx"), None);
    }

    #[test]
    fn a_date_and_an_address_alone_count_right_above_a_quote() {
        assert_eq!(end("3 Nov 2025, 09:12 by ann@example.org:\n> x"), Some(1));
        assert_eq!(end("3 Nov 2025, 09:12 by ann@example.org:\nx"), None);
        assert_eq!(end("3 Nov 2025 mail to ann@example.org:\n> x"), None);
    }

    #[test]
    fn a_day_its_minute_and_an_address_count_in_any_language() {
        for line in [
            "বৃহস্পতি, ১৫ জানু, ২০২৬ তারিখে ১৪:৩০ টায় Ann <ann@example.org> লিখেছেন:",
            "Missatge de Ann <ann@example.org> del dia dj., 15 de gen. 2026 a les 14:30:",
            "Ann (<ann@example.org>) erabiltzaileak hau idatzi du (2026 urt. 15, og. (14:30)):",
            "\u{202b}בתאריך יום ה׳, 15 בינו׳ 2026 ב-14:30 מאת \u{202a}Ann\u{202c}\u{200f} <\u{202a}ann@example.org\u{202c}\u{200f}>:\u{202c}",
            "في ١٥ يناير ٢٠٢٦، الساعة ٢:٣٠ م، كتب Ann <ann@example.org>:",
        ] {
            assert_eq!(end(&format!("{line}\n> x")), Some(1), "{line}");
        }
        assert_eq!(end("2026-01-15 14:30:25 ERROR <ann@example.org> failed:\nx"), None);
        assert_eq!(end("2026-01-15 (목), 14:30 +0900, Ann Example:\n> x"), Some(1));
        assert_eq!(end("2026-01-15 (목), 14:30 +0900, Ann Example:\nx"), None);
    }

    #[test]
    fn groupwise_writes_its_line_between_marks_of_its_own() {
        assert_eq!(end(">>> Ann Example <ann@example.org> 15.01.26 14:30 >>>\nx"), Some(1));
        assert_eq!(end(">>> \"Ann\" 1/15/2026 2:30 PM >>>\n> x"), Some(1));
        let wrapped = ">>> On 1/15/2026 at 2:30 PM, in message <a.b@example.org>, Ann\n<ann@example.org> wrote:\n> x";
        assert_eq!(end(wrapped), Some(2));
        assert_eq!(end(">>> the third level at 14:30\n> x"), None);
    }

    #[test]
    fn old_gmail_lines_without_a_verb_are_known() {
        assert_eq!(end("2013/7/20 Ann <ann@example.org>\n\n| x"), Some(1));
        assert_eq!(end("2016-03-03 17:21 GMT+01:00 Ann Example\n\nx"), Some(1));
    }
}
