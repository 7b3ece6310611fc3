//! Whether the mail that an answer quotes is one that the desk knows: compared by words that follow each other, because
//! programs wrap quoted lines anew.

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

use super::reply::is_invisible;

/// Least share of a quoted line's pairs of words that must be known, as a fraction: three of five. A word inside a line
/// that a program could not write as it was is unknown.
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
        let mut lines = Lines::default();
        for word in text.lines().flat_map(|line| lines.words_of(line)) {
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
        let mut lines = Lines::default();
        let mut words = text.lines().flat_map(|line| lines.words_of(line)).map(|word| self.hasher.hash_one(&word));
        if let Some(first) = words.next() {
            self.lasts.insert(words.last().unwrap_or(first));
            self.firsts.insert(first);
        }
        self.learn(text);
    }

    /// Whether the quoted mail (without its headers) has words that are in none of those texts. Programs wrap quoted lines
    /// anew, drop some and put in addresses and pictures; what people write in between is new, even a single word.
    #[must_use]
    pub(crate) fn has_new_line(&self, answered: &str) -> bool {
        let mut walk = Walk { known: self, before: None, anchors: VecDeque::new() };
        let mut lines = Lines::default();
        answered.lines().any(|line| walk.is_new(&lines.words_of(line)))
    }

    fn is_word(&self, word: u64) -> bool {
        self.words.contains(&word)
    }

    /// Whether the words were seen in this order.
    fn is_pair(&self, before: u64, word: u64) -> bool {
        let is_seam = || self.lasts.contains(&before) && self.firsts.contains(&word);
        self.pairs.contains(&self.hasher.hash_one((before, word))) || is_seam()
    }
}

/// How many of the last places are remembered at which words were not in a known order. What is put in between has few.
const ANCHORS_MAX: usize = 3;

/// The quoted mail, line by line.
struct Walk<'a> {
    known: &'a KnownText,
    /// The last word.
    before: Option<u64>,
    /// The last words in front of breaks in the known order.
    anchors: VecDeque<u64>,
}

impl Walk<'_> {
    /// Whether something on the line is new.
    fn is_new(&mut self, words: &[String]) -> bool {
        let (mut known, mut all) = (0, 0);
        let mut last_is_known = true;
        for (at, text) in words.iter().enumerate() {
            let word = self.known.hasher.hash_one(text);
            let before = self.before.replace(word);
            let is_word = self.known.is_word(word);
            last_is_known = is_word;
            let Some(before) = before else {
                known += usize::from(is_word);
                all += 1;
                continue;
            };
            if self.known.is_pair(before, word) {
                known += 1;
                all += 1;
                continue;
            }
            // Words that go on where the known order was left have something between them that was put in.
            if is_word && self.anchors.iter().any(|anchor| self.known.is_pair(*anchor, word)) {
                return true;
            }
            let is_break_of_known = is_word && self.known.is_word(before);
            // People leave out whole lines of what they quote, and not the middle of one.
            if is_break_of_known && at > 0 {
                return true;
            }
            if self.known.is_word(before) {
                if self.anchors.len() == ANCHORS_MAX {
                    self.anchors.pop_front();
                }
                self.anchors.push_back(before);
            }
            // A known word behind an unknown one says nothing.
            all += usize::from(!is_word);
        }
        !last_is_known || known * KNOWN_SHARE.1 < all * KNOWN_SHARE.0
    }
}

/// Lines of a text in words, without what programs put into them: addresses of pages and mailboxes beside links, names of
/// pictures, numbers of lists.
#[derive(Default)]
struct Lines {
    /// The line before ended with an address that may go on.
    is_address_open: bool,
}

impl Lines {
    /// The words of a line in lower case, letters of scripts without blanks one by one.
    fn words_of(&mut self, line: &str) -> Vec<String> {
        /// Shortest address that a program wraps, in bytes.
        const WRAPPED_BYTES_MIN: usize = 50;
        let line = if line.contains('&') { without_references(line) } else { Cow::Borrowed(line) };
        let mut words = Vec::new();
        let mut pieces = line.split_whitespace().filter(|piece| !piece.trim_start_matches('>').is_empty()).peekable();
        let rest_of_address = |piece: &&str| piece.contains(['/', '=', '?', '&', '%']);
        if std::mem::take(&mut self.is_address_open) && pieces.peek().is_some_and(rest_of_address) {
            pieces.next();
        }
        let number = pieces.next_if(|piece| is_list_number(piece));
        // Alone on a line it may be an answer.
        if let Some(number) = number.filter(|_| pieces.peek().is_none()) {
            push_words(number, &mut words);
        }
        for piece in pieces {
            let (front, behind) = around_address(piece);
            self.is_address_open = front.len() < piece.len() && behind.is_empty() && piece.len() >= WRAPPED_BYTES_MIN;
            // Gmail writes so in front of a picture's name.
            if piece == "[image:" {
                continue;
            }
            push_words(front, &mut words);
            push_words(behind, &mut words);
        }
        words
    }
}

/// "1." or "b)", or what Outlook writes for a circle.
fn is_list_number(piece: &str) -> bool {
    /// Longest, in bytes.
    const BYTES_MAX: usize = 4;
    let inner = piece.strip_suffix(['.', ')']).filter(|inner| !inner.is_empty());
    piece == "o"
        || piece.len() <= BYTES_MAX
            && inner.is_some_and(|inner| inner.len() == 1 || inner.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The text with the character references decoded that some programs leave in plain text.
fn without_references(text: &str) -> Cow<'_, str> {
    const REFERENCES: [&str; 6] = ["&nbsp;", "&lt;", "&gt;", "&quot;", "&#39;", "&amp;"];
    if !REFERENCES.iter().any(|reference| text.contains(reference)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(REFERENCES.iter().fold(text.to_owned(), |text, reference| text.replace(reference, " ")))
}

/// What stands before and behind an address or a picture's name in a piece without blanks: `page<https://example.org>`.
fn around_address(piece: &str) -> (&str, &str) {
    const SCHEMES: [&str; 4] = ["://", "mailto:", "tel:", "cid:"];
    const PICTURES: [&str; 5] = [".png", ".jpg", ".jpeg", ".gif", ".bmp"];
    let Some(at) = SCHEMES.iter().filter_map(|scheme| piece.find(scheme)).min() else {
        let is_picture =
            piece.starts_with('<') && PICTURES.iter().any(|ending| piece.trim_end_matches('>').ends_with(ending));
        return if is_picture { ("", "") } else { (piece, "") };
    };
    let front = piece.get(..at).unwrap_or_default();
    let open = front.rfind(['<', '[', '(']);
    let behind = open.and_then(|_| {
        let close = at + piece.get(at..)?.find(['>', ']', ')'])?;
        piece.get(close..)
    });
    (front.get(..open.unwrap_or(0)).unwrap_or_default(), behind.unwrap_or_default())
}

fn push_words(piece: &str, words: &mut Vec<String>) {
    let mut is_open = false;
    for c in piece.chars().filter(|c| !is_invisible(*c)) {
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
            "please switch the printer<https://x.test/p> off and on again",
            "please switch the [image: printer] off and on again,\n[cid:image001.png@01DC]\nthen tell us",
            "please&nbsp;switch the printer off and on again, &quot;then \u{201C}tell\u{201D} us what it says.",
            "please switch the prin\u{AD}ter off and on again, then tell us what it says.\n<image001.png>\nSam",
            "1. please switch the printer off and on again, then tell us what it says.",
            // Lines may be left out.
            "Dear Ann,\nthen tell us what it says.\nSam",
            // A letter that the quoting program could not write.
            "please switch the pr?nter off and on again, then tell us what it says.",
            "-- ",
            "",
        ] {
            assert!(!known().has_new_line(quoted), "{quoted}");
        }
    }

    #[test]
    fn an_address_that_a_program_wrapped_is_none_of_the_text() {
        let mut known = known();
        known.learn_piece("Look at https://x.test/a/very/long/page/of/ours?with=parameters&and=more first, please.");
        let quoted = "Look at https://x.test/a/very/long/page/of/ours?with=param\neters&and=more first, please.";
        assert!(!known.has_new_line(quoted));
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

    #[test]
    fn a_word_put_into_what_the_desk_wrote_is_new() {
        for quoted in [
            "please switch the printer off and on again, OK\nthen tell us what it says.",
            "please switch the printer off and on again, done. then tell us what it says.",
            "please switch the printer off and on again,\n7\nthen tell us what it says.",
            "then tell us what it says. E5",
            "then tell us what it says <https://x.test/> nothing",
            "please switch the printer <https://x.test/>NO",
            // Words that the desk knows, where it did not write them.
            "please switch the printer off and on again,\nAnn\nthen tell us what it says.",
            "then tell us what it says.\nit says the printer",
            "then tell us what it says.\nthe printer has it off",
            "Hm",
            "5.",
        ] {
            assert!(known().has_new_line(quoted), "{quoted}");
        }
    }
}
