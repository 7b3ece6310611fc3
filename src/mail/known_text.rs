//! Whether the mail that an answer quotes is one that the desk knows: compared by words that follow each other, because
//! programs wrap quoted lines anew.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

/// Least share of a quoted line's pairs of words that must be known, as a fraction: three of five. A line that was wrapped
/// or filled in by a program has some of its own.
const KNOWN_SHARE: (usize, usize) = (3, 5);

/// What a desk knows about a ticket: the words of its messages, and which follow which.
pub(crate) struct KnownText {
    hasher: RandomState,
    words: HashSet<u64>,
    pairs: HashSet<u64>,
    /// First and last words of the pieces that the desk puts its mails together of: names, numbers, the subject, and the
    /// texts of templates between them, whole messages. Any of the last may stand before any of the first.
    firsts: HashSet<u64>,
    lasts: HashSet<u64>,
}

impl KnownText {
    /// Nothing is known.
    #[must_use]
    pub(crate) fn new() -> Self {
        let empty = HashSet::new;
        Self { hasher: RandomState::new(), words: empty(), pairs: empty(), firsts: empty(), lasts: empty() }
    }

    /// Learns the words of a text and which follow which.
    fn learn(&mut self, text: &str) {
        let mut before = None;
        for word in words_of(text) {
            let word = self.hasher.hash_one(&word);
            self.words.insert(word);
            if let Some(before) = before.replace(word) {
                self.pairs.insert(self.hasher.hash_one((before, word)));
            }
        }
    }

    /// Learns a piece of what was written in the ticket or sent about it: a message, a value that templates put into their
    /// text, or that text between two values.
    pub(crate) fn learn_piece(&mut self, text: &str) {
        let mut words = words_of(text).map(|word| self.hasher.hash_one(&word));
        if let Some(first) = words.next() {
            self.lasts.insert(words.last().unwrap_or(first));
            self.firsts.insert(first);
        }
        self.learn(text);
    }

    /// Whether a line of the quoted mail (without its headers) is in none of those texts.
    #[must_use]
    pub(crate) fn has_new_line(&self, answered: &str) -> bool {
        let mut before = None;
        answered.lines().any(|line| {
            let (mut known, mut all, mut letters) = (0, 0, 0);
            for text in words_of(line) {
                let word = self.hasher.hash_one(&text);
                letters += text.chars().count();
                if let Some(follows) = self.follows(before, word) {
                    all += 1;
                    known += usize::from(follows);
                }
                before = Some(word);
            }
            letters >= LETTERS_MIN && known * KNOWN_SHARE.1 < all * KNOWN_SHARE.0
        })
    }

    /// Whether the words were seen in this order. `None`: a known word behind an unknown one says nothing.
    fn follows(&self, before: Option<u64>, word: u64) -> Option<bool> {
        let is_known = self.words.contains(&word);
        let Some(before) = before else { return Some(is_known) };
        if is_known && !self.words.contains(&before) {
            return None;
        }
        let is_seam = || self.lasts.contains(&before) && self.firsts.contains(&word);
        Some(is_known && (self.pairs.contains(&self.hasher.hash_one((before, word))) || is_seam()))
    }
}

/// Fewest letters of a line that can be new: a shorter one is a greeting or a dash.
const LETTERS_MIN: usize = 6;

/// The words of a text in lower case, letters of scripts without blanks one by one. Addresses of pages and mailboxes are
/// left out: programs add them to links.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    let is_address = |piece: &&str| !piece.contains("://") && !piece.contains("mailto:");
    text.split_whitespace().filter(is_address).flat_map(|piece| {
        let mut words: Vec<String> = Vec::new();
        let mut is_open = false;
        for c in piece.chars() {
            if matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}') {
                words.push(c.to_string());
                is_open = false;
            } else if c.is_alphanumeric() {
                if !is_open {
                    words.push(String::new());
                }
                if let Some(word) = words.last_mut() {
                    word.extend(c.to_lowercase());
                }
                is_open = true;
            } else {
                is_open = false;
            }
        }
        words
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> KnownText {
        let mut known = KnownText::new();
        known.learn("Dear Ann,\nplease switch the printer off and on again, then tell us what it says.\nSam");
        for piece in ["Your ticket ", "4711", " has been opened.\nSubject: ", "Printer on fire", "\n", "Ann", "!"] {
            known.learn_piece(piece);
        }
        known
    }

    #[test]
    fn what_the_desk_wrote_is_known_however_it_is_wrapped_and_marked() {
        for quoted in [
            "please switch the printer off and on\nagain, then tell us what it\nsays.",
            "*Dear Ann*,\nplease   switch the printer off and on again, then tell us what it says. <https://x.test/>",
            "Your ticket 4711 has been opened.\nSubject: Printer on fire\nAnn!",
            "Hi",
            "",
        ] {
            assert!(!known().has_new_line(quoted), "{quoted}");
        }
    }

    #[test]
    fn a_line_that_nobody_wrote_here_is_new() {
        for quoted in [
            "please switch the printer off and on again, then tell us what it says.\nThe plumber comes on Tuesday.",
            "Our server room is flooded",
            "Your order of a printer is on the way and has been delayed by fire.",
            "プリンターが燃えています",
        ] {
            assert!(known().has_new_line(quoted), "{quoted}");
        }
    }
}
