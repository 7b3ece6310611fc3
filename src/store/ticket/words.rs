//! The words of a text, cut and folded exactly as SQLite's index does it (`unicode61 remove_diacritics 2` in schema.sql), so
//! that a text at hand can be asked what the index would be asked.

use std::sync::OnceLock;

/// Letters and digits beyond ASCII: first code point and how many, both in hex, and what is added to get the folded
/// letter; `-` for signs that vanish from a word. A test compares it with the index, code point by code point.
const LETTERS: &str = include_str!("letters.txt");

/// A run of [`LETTERS`].
#[derive(Clone, Copy, Debug)]
struct Run {
    first: u32,
    last: u32,
    /// `None`: they vanish.
    added: Option<i32>,
}

fn runs() -> &'static [Run] {
    static RUNS: OnceLock<Vec<Run>> = OnceLock::new();
    RUNS.get_or_init(|| {
        let run = |text: &str| {
            let mut fields = text.split(',');
            let first = u32::from_str_radix(fields.next()?, 16).ok()?;
            let many = u32::from_str_radix(fields.next()?, 16).ok()?;
            Some(Run { first, last: first + many - 1, added: fields.next()?.parse().ok() })
        };
        LETTERS.split_whitespace().filter_map(run).collect()
    })
}

/// What a character is in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// A letter or digit, folded.
    Letter(char),
    /// Nothing, within a word.
    Mark,
    /// It parts words.
    Gap,
}

fn sign(c: char) -> Sign {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { Sign::Letter(c.to_ascii_lowercase()) } else { Sign::Gap };
    }
    let code = u32::from(c);
    let runs = runs();
    let run = runs.get(runs.partition_point(|run| run.last < code)).filter(|run| run.first <= code);
    match run.map(|run| run.added) {
        None => Sign::Gap,
        Some(None) => Sign::Mark,
        Some(Some(added)) => code.checked_add_signed(added).and_then(char::from_u32).map_or(Sign::Gap, Sign::Letter),
    }
}

/// Calls `each` with every word of a text until it says that it has enough.
fn words(text: &str, mut each: impl FnMut(&str) -> bool) {
    let mut word = String::new();
    for c in text.chars() {
        match sign(c) {
            Sign::Letter(letter) => word.push(letter),
            Sign::Mark => {}
            Sign::Gap => {
                if !word.is_empty() && each(&word) {
                    return;
                }
                word.clear();
            }
        }
    }
    if !word.is_empty() {
        each(&word);
    }
}

/// Words that stand behind one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phrase {
    words: Vec<String>,
    /// Whether the last one may be the beginning of a word.
    is_start: bool,
}

impl Phrase {
    /// The phrase that people typed; `None` without any word.
    pub(super) fn of(text: &str, is_start: bool) -> Option<Self> {
        let mut found = Vec::new();
        words(text, |word| {
            found.push(word.to_owned());
            false
        });
        (!found.is_empty()).then_some(Self { words: found, is_start })
    }

    fn is_word(&self, place: usize, word: &str) -> bool {
        let is_last = place + 1 == self.words.len();
        let wanted = self.words.get(place).map_or("", String::as_str);
        if self.is_start && is_last { word.starts_with(wanted) } else { word == wanted }
    }

    /// Whether a text may have it: a quick look, which spares cutting most texts into words.
    fn may_be_in(&self, text: &str) -> bool {
        if !text.is_ascii() {
            return true;
        }
        let text = text.to_ascii_lowercase();
        self.words.iter().all(|word| text.contains(word.as_str()))
    }

    /// Whether a text has it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        if !self.may_be_in(text) {
            return false;
        }
        // How many words of the phrase stand before here, for each place where it may have begun.
        let (mut begun, mut next): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut is_found = false;
        words(text, |word| {
            next.extend(begun.iter().filter(|place| self.is_word(**place, word)).map(|place| place + 1));
            if self.is_word(0, word) {
                next.push(1);
            }
            is_found = next.contains(&self.words.len());
            std::mem::swap(&mut begun, &mut next);
            next.clear();
            is_found
        });
        is_found
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn is_in(phrase: &str, is_start: bool, text: &str) -> bool {
        Phrase::of(phrase, is_start).is_some_and(|phrase| phrase.is_in(text))
    }

    #[test]
    fn phrases_are_found_from_the_start_of_their_words_and_in_order() {
        let text = "The printer, the PRINTER's paper: a Müller-Lüdenscheidt thing";
        let rows = [
            ("print", true, true),
            ("print", false, false),
            ("printer s pap", true, true),
            ("printer paper", true, false),
            ("rinter", true, false),
            ("muller-ludens", true, true),
            ("muller ludenscheidt", false, true),
            ("ludenscheidt muller", false, false),
            ("thing", false, true),
        ];
        for (phrase, is_start, expected) in rows {
            assert_eq!(is_in(phrase, is_start, text), expected, "{phrase} {is_start}");
        }
        assert!(is_in("a a b", false, "a a a b"), "a beginning within a beginning");
        assert_eq!(Phrase::of("-- !", true), None);
    }

    #[test]
    fn every_character_is_cut_and_folded_as_the_index_does_it() {
        let connection = Connection::open_in_memory().unwrap();
        let schema = include_str!("../../../schema.sql");
        assert!(schema.contains("'unicode61 remove_diacritics 2'"));
        connection
            .execute_batch(
                "CREATE VIRTUAL TABLE t USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2');
                 CREATE VIRTUAL TABLE word USING fts5vocab (t, instance); BEGIN",
            )
            .unwrap();
        let mut add = connection.prepare("INSERT INTO t (rowid, text) VALUES ($1, $2)").unwrap();
        let all =
            ('\u{80}'..=char::MAX).filter(|c| !('\u{20000}'..='\u{dffff}').contains(c) || u32::from(*c) % 97 == 0);
        for c in all.clone() {
            add.execute((u32::from(c), format!("x{c}y"))).unwrap();
        }
        let mut read = connection.prepare("SELECT doc, term FROM word ORDER BY doc, offset").unwrap();
        let mut rows = read.query([]).unwrap();
        let mut by_index: std::collections::HashMap<u32, Vec<String>> = std::collections::HashMap::new();
        while let Some(row) = rows.next().unwrap() {
            by_index.entry(row.get(0).unwrap()).or_default().push(row.get(1).unwrap());
        }
        let ours = |c: char| {
            let mut found = Vec::new();
            words(&format!("x{c}y"), |word| {
                found.push(word.to_owned());
                false
            });
            found
        };
        let different: Vec<char> = all.filter(|c| by_index.get(&u32::from(*c)) != Some(&ours(*c))).collect();
        assert!(different.is_empty(), "{} of them: {:?}", different.len(), different.first());
    }
}
