//! The line a device or an app adds below a mail: "Sent from my iPhone", "Get Outlook for iOS".
//!
//! People write sentences with the same words ("Sent from Outlook the mail bounces."), so a line counts only if nothing is
//! left of it: behind its beginning stand names, words like "my" and "for", and at the end an excuse or a link.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::device_words::{
    APPS, DEVICES, EXCUSES, FILLERS, FROM_MY_SENT, GET_APP, MINE, NAMES_OF_PROGRAMS, ON, PROGRAMS, SENT_BY, SENT_FROM,
    SENT_FROM_ENDS, SENT_FROM_MY, THINGS, UNSPACED_DEVICES, UNSPACED_FILLERS,
};
use super::languages::entries;
use super::line::{Line, fold, is_invisible};

/// Longest line a device adds, in bytes.
const LINE_BYTES_MAX: usize = 200;
/// Most words after "Sent from my": more is a sentence.
const MINE_WORDS_MAX: usize = 4;
/// Most names that no table has: "Sent from my Verizon, Samsung Galaxy", "aplikace Seznam Email".
const UNKNOWN_NAMES_MAX: usize = 2;
/// Most words of any kind between "my" and what it is.
const ADJECTIVES_MAX: usize = 3;
/// Longest ending glued to a name, in letters: `iPhone'umdan`, `iPad-emről`.
const ENDING_LETTERS_MAX: usize = 6;
/// Longest word of the tables for scripts without blanks, in characters.
const UNSPACED_LETTERS_MAX: usize = 10;

/// Names that take endings without a mark in between.
const INFLECTED: [&str; 9] = ["iphone", "ipad", "ipod", "android", "samsung", "galaxy", "outlook", "gmail", "xperia"];

/// Last words of beginnings that say by what means: a telephone or mail alone is a means of everybody.
const MEANS: [&str; 19] = [
    "via",
    "with",
    "using",
    "on",
    "mit",
    "über",
    "avec",
    "con",
    "pelo",
    "através",
    "mediante",
    "tramite",
    "med",
    "met",
    "через",
    "naudojant",
    "amb",
    "pomoću",
    "melalui",
];

/// What words say, as bits, because a word of a script without blanks may be several.
type Facts = u8;
const FILLER: Facts = 0;
/// Something a mail is written on or with.
const DEVICE: Facts = 1;
/// The same, but of everybody.
const THING: Facts = 1 << 1;
const IS_MINE: Facts = 1 << 2;
/// A platform has to follow.
const IS_ON: Facts = 1 << 3;
/// Makes a thing a program.
const PROGRAM: Facts = 1 << 4;
const GET: Facts = 1 << 5;
const APP: Facts = 1 << 6;
/// A name that is also a word.
const DOUBTFUL: Facts = 1 << 7;

/// Words known when the program is built: hashed quickly, not safely, as no sender can put anything into them.
type Table = HashMap<&'static str, Facts, FixedState>;

static WORDS: LazyLock<Table> = LazyLock::new(|| {
    let tables = [
        (FILLER, FILLERS),
        (IS_ON, ON),
        (IS_MINE, MINE),
        (PROGRAM, PROGRAMS),
        (THING, THINGS),
        (DEVICE, DEVICES),
        (DEVICE | DOUBTFUL, NAMES_OF_PROGRAMS),
        (GET, GET_APP),
        (APP | DEVICE, APPS),
    ];
    let mut words = Table::default();
    for (facts, table) in tables {
        for word in entries(table) {
            *words.entry(word).or_default() |= facts;
        }
    }
    words
});
static UNSPACED: LazyLock<Table> = LazyLock::new(|| {
    let mut words: Table = entries(UNSPACED_FILLERS).map(|word| (word, FILLER)).collect();
    words.extend(entries(UNSPACED_DEVICES).map(|word| (word, DEVICE)));
    words.extend(entries(GET_APP).filter(|word| word.chars().all(is_unspaced)).map(|word| (word, GET)));
    words
});
static HEADS: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(SENT_FROM).collect());
static HEADS_OF_SENTENCES: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(SENT_BY).collect());
static HEADS_MINE: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(SENT_FROM_MY).collect());
static ENDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(SENT_FROM_ENDS).collect());
static EXCUSE: LazyLock<Vec<&'static str>> = LazyLock::new(|| entries(EXCUSES).collect());

/// A line in words, without links and the signs around it.
struct Words {
    /// Folded, single blanks between.
    core: String,
    /// Whether each word of `core` begins with a capital in the mail.
    capitals: Vec<bool>,
    has_link: bool,
    /// All letters are capitals, which then say nothing.
    is_shouted: bool,
}

impl Words {
    /// `None` for a line that is too long, or a question or a cry.
    fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = text.trim_matches(is_around);
        if text.len() > LINE_BYTES_MAX || bare.ends_with(['?', '!', '？', '！']) {
            return None;
        }
        let mut words =
            Self { core: String::with_capacity(bare.len()), capitals: Vec::new(), has_link: false, is_shouted: false };
        for piece in bare.split_whitespace() {
            let word = without_link(piece);
            words.has_link |= word.len() < piece.len();
            let folded = fold(word);
            if folded.is_empty() {
                continue;
            }
            if !words.core.is_empty() {
                words.core.push(' ');
            }
            words.core.push_str(&folded);
            words.capitals.push(word.chars().find(|c| c.is_alphanumeric()).is_some_and(char::is_uppercase));
        }
        words.core.truncate(words.core.trim_end_matches(is_around).len());
        words.is_shouted = !bare.chars().any(char::is_lowercase) && bare.chars().any(char::is_uppercase);
        Some(words)
    }

    /// The words behind the first `bytes`, up to an excuse, each with whether it begins with a capital.
    fn behind(&self, bytes: usize) -> impl Iterator<Item = (&str, bool)> {
        let rest = self.core.get(bytes..).unwrap_or_default();
        let end = EXCUSE.iter().filter_map(|excuse| rest.find(&format!(" {excuse}"))).min().unwrap_or(rest.len());
        let words = rest.get(..end).unwrap_or(rest).split(' ').filter(|word| !word.is_empty());
        let skipped = self.core.get(..bytes).unwrap_or_default().split(' ').filter(|word| !word.is_empty()).count();
        // A beginning that ends inside a word, as in Hebrew and Chinese, has no capital behind it.
        let is_glued = bytes > 0 && !rest.starts_with(' ') && !rest.is_empty();
        let capitals = self.capitals.iter().skip(skipped - usize::from(is_glued));
        words.zip(capitals.copied().chain(std::iter::repeat(false)))
    }
}

/// Brackets and signs that programs put around the line.
fn is_around(c: char) -> bool {
    c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '*' | '_' | '.' | '"') || is_invisible(c)
}

/// The word in front of an address in brackets or an address itself: `iOS<https://aka.ms/x>`.
fn without_link(piece: &str) -> &str {
    let Some(at) = piece.find("://").or_else(|| piece.find("aka.ms")) else { return piece };
    let front = piece.get(..at).unwrap_or_default();
    let front = front.strip_suffix("https").or_else(|| front.strip_suffix("http")).unwrap_or(front);
    front.trim_end_matches(['<', '[', '(', ']'])
}

/// Whether the line is one that a device or an app adds. `is_last` says that nothing is below it: then a few words behind
/// "Sent from my" are a device, whatever they are.
pub(super) fn is_device_line(text: &str, is_last: bool) -> bool {
    let Some(words) = Words::of(text) else { return false };
    let core = words.core.as_str();
    if is_last && is_from_something(core) {
        return true;
    }
    let is_ended = || {
        // "Ann from mobile" is all that some devices write.
        let unknown = if core.ends_with(" from mobile") { Unknown::Names } else { Unknown::NamesInside };
        ENDS.iter().any(|end| core.ends_with(*end)) && names_device(&words, "", unknown)
    };
    match (head_of(core, &HEADS), head_of(core, &HEADS_OF_SENTENCES)) {
        (Some(head), _) => names_device(&words, head, Unknown::Names),
        (None, Some(head)) => names_device(&words, head, Unknown::Nothing) || is_ended(),
        (None, None) => is_ended() || is_advertisement(&words),
    }
}

/// Whether the line goes on with a sentence of the line above, of which it has the end by chance.
pub(super) fn goes_on_from(above: &Line<'_>, text: &str) -> bool {
    let above = above.text.trim_end();
    let is_open = above.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ',' | ')' | '"' | '-'));
    let first = text.split_whitespace().next().unwrap_or_default();
    is_open && first.starts_with(char::is_lowercase) && facts_of(&fold(first)).is_none_or(|facts| facts & DEVICE == 0)
}

/// The longest of the beginnings that the line has.
fn head_of(core: &str, heads: &[&'static str]) -> Option<&'static str> {
    let is_head = |head: &&&str| {
        core.strip_prefix(**head)
            .is_some_and(|rest| !head.ends_with(char::is_lowercase) || !rest.starts_with(char::is_alphanumeric))
    };
    heads.iter().filter(is_head).max_by_key(|head| head.len()).copied()
}

/// "Sent from my new Fairphone".
fn is_from_something(core: &str) -> bool {
    let is_few = |rest: &str| (1..=MINE_WORDS_MAX).contains(&rest.split(' ').filter(|word| !word.is_empty()).count());
    HEADS_MINE.iter().filter_map(|head| core.strip_prefix(*head)).any(|rest| rest.starts_with(' ') && is_few(rest))
        || FROM_MY_SENT
            .iter()
            .any(|(head, end)| core.strip_prefix(*head).and_then(|rest| rest.strip_suffix(*end)).is_some_and(is_few))
}

/// Which words may stand in a line though no table has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    Nothing,
    /// Those with a capital.
    Names,
    /// The same, but not at the beginning, where every word has one.
    NamesInside,
}

/// Whether the words behind `head` name a device or a program, and say nothing else.
fn names_device(words: &Words, head: &str, unknown: Unknown) -> bool {
    let mut facts =
        head.split(' ').filter_map(|word| WORDS.get(word)).fold(FILLER, |all, facts| all | (facts & IS_MINE));
    let (mut names, mut adjectives, mut is_on_open) = (0, 0, false);
    for (at, (word, is_capital)) in words.behind(head.len()).enumerate() {
        let is_name =
            is_capital && !words.is_shouted && (unknown == Unknown::Names || unknown != Unknown::Nothing && at > 0);
        for token in tokens_of(word) {
            let Some(found) = facts_of(token) else {
                let is_adjective = unknown == Unknown::Names && facts & IS_MINE != 0 && facts & (DEVICE | THING) == 0;
                names += usize::from(is_name);
                adjectives += usize::from(!is_name);
                // Firms are called after devices, too: "Galaxy Logistics".
                let is_behind = facts & DEVICE != 0 && facts & (IS_MINE | PROGRAM) == 0;
                if is_on_open
                    || is_behind
                    || !is_name && !is_adjective
                    || names > UNKNOWN_NAMES_MAX
                    || adjectives > ADJECTIVES_MAX
                {
                    return false;
                }
                continue;
            };
            is_on_open = (is_on_open || found == IS_ON) && found & (DEVICE | THING | PROGRAM) == 0;
            facts |= found;
        }
    }
    let is_means = head.rsplit(' ').next().is_some_and(|last| MEANS.contains(&last)) || unknown == Unknown::Nothing;
    let is_device = facts & DEVICE != 0 || facts & THING != 0 && (facts & (IS_MINE | PROGRAM) != 0 || !is_means);
    is_device && !is_on_open && (facts & DOUBTFUL == 0 || names == 0)
}

/// "Get Outlook for iOS" and its translations: a verb, an app, and where it runs or a link.
fn is_advertisement(words: &Words) -> bool {
    let core = words.core.as_str();
    if core.starts_with("yahoo mail:") && (core.contains("onelink.me") || core.ends_with("search, organize, conquer")) {
        return true;
    }
    // Every mail's last line comes here, and most name no app: their words need not be looked up.
    if !entries(APPS).any(|app| core.contains(app)) {
        return false;
    }
    let (mut facts, mut devices) = (FILLER, 0);
    for token in words.behind(0).flat_map(|(word, _)| tokens_of(word)) {
        let Some(found) = facts_of(token) else { return false };
        facts |= found;
        devices += usize::from(found & DEVICE != 0);
    }
    facts & GET != 0 && facts & APP != 0 && (devices > 1 || words.has_link)
}

/// The pieces of a word between signs; those that stand inside names stay.
fn tokens_of(word: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| {
        c.is_ascii_punctuation() && !matches!(c, '-' | '.' | '\'')
            || matches!(
                c,
                '“' | '”'
                    | '„'
                    | '«'
                    | '»'
                    | '–'
                    | '—'
                    | '、'
                    | '。'
                    | '，'
                    | '：'
                    | '；'
                    | '（'
                    | '）'
                    | '！'
                    | '•'
                    | '·'
            )
    };
    word.split(is_between).map(|token| token.trim_matches(['.', '-', '\''])).filter(|token| !token.is_empty())
}

/// What a word says; `None` for one that is in no table.
fn facts_of(word: &str) -> Option<Facts> {
    if let Some(facts) = WORDS.get(word) {
        return Some(*facts);
    }
    if word.chars().any(is_unspaced) {
        return facts_of_unspaced(word);
    }
    if is_model(word) {
        return Some(DEVICE);
    }
    let mut parts = word.split(['-', '\'', '’']).filter(|part| !part.is_empty());
    let first = parts.next()?;
    let mut facts = match facts_of_part(first) {
        None if first.len() < word.len() && first.chars().count() <= 2 => None,
        found => Some(found?),
    };
    for part in parts {
        let is_ending = part.chars().count() <= ENDING_LETTERS_MAX && part.chars().all(char::is_alphabetic);
        match facts_of_part(part) {
            Some(found) => facts = Some(facts.unwrap_or_default() | found),
            None if is_ending => {}
            None => return None,
        }
    }
    facts
}

fn facts_of_part(part: &str) -> Option<Facts> {
    /// Most digits of a version.
    const VERSION_DIGITS_MAX: usize = 4;
    if let Some(facts) = WORDS.get(part) {
        return Some(*facts);
    }
    let has_digit = part.bytes().any(|byte| byte.is_ascii_digit());
    if has_digit && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return (part.len() <= VERSION_DIGITS_MAX).then_some(FILLER);
    }
    if is_model(part) {
        return Some(DEVICE);
    }
    let ending = INFLECTED.iter().find_map(|name| part.strip_prefix(name))?;
    let is_ending = ending.chars().count() <= ENDING_LETTERS_MAX && ending.chars().all(char::is_alphabetic);
    is_ending.then_some(DEVICE)
}

/// "TI-85", "S22", "4G".
fn is_model(word: &str) -> bool {
    /// Longest of them, in bytes.
    const BYTES_MAX: usize = 12;
    let has = |is_wanted: fn(char) -> bool| word.contains(is_wanted);
    word.len() <= BYTES_MAX && has(|c| c.is_ascii_digit()) && has(char::is_alphabetic)
}

/// A letter of a script that does not set words apart, or glues them together.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{E7F}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

/// The same for such a script: the longest words of the tables one behind the other, with names in other scripts.
fn facts_of_unspaced(word: &str) -> Option<Facts> {
    let (mut rest, mut facts) = (word, FILLER);
    while let Some(first) = rest.chars().next() {
        if is_unspaced(first) {
            let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).take(UNSPACED_LETTERS_MAX);
            let longest = ends.filter(|end| UNSPACED.contains_key(&rest[..*end])).last()?;
            facts |= UNSPACED.get(&rest[..longest])?;
            rest = &rest[longest..];
        } else {
            let end = rest.find(is_unspaced).unwrap_or(rest.len());
            facts |= facts_of(&rest[..end])?;
            rest = &rest[end..];
        }
    }
    Some(facts)
}
