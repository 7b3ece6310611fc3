//! Answers written into the quoted mail itself: "see my answers below, in red". Colours and places are lost in text, so
//! such a mail is kept whole.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::languages::{ANSWERS_BELOW, entries};
use super::line::{Line, fold};

/// Longest reply that may say so, in bytes: a longer one answers by itself (chosen: three or four sentences).
const REPLY_BYTES_MAX: usize = 400;

/// Longest phrase, in words.
const PHRASE_WORDS_MAX: usize = 3;

static PHRASES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| entries(ANSWERS_BELOW).collect());

/// Whether `typed`, which something quoted follows, is short and says that the answers are in there.
pub(super) fn announces_answers_below(lines: &[Line<'_>], typed: Range<usize>, end: usize) -> bool {
    let has_more_below = (typed.end..end).any(|at| !lines[at].is_blank());
    let bytes: usize = lines[typed.clone()].iter().map(|line| line.text.len() + 1).sum();
    if !has_more_below || bytes > REPLY_BYTES_MAX {
        return false;
    }
    let text: String =
        lines[typed].iter().filter(|line| !line.is_signature).flat_map(|line| [line.text, "\n"]).collect();
    says_below(&fold(&text))
}

fn says_below(folded: &str) -> bool {
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '\''))
        .filter(|word| !word.is_empty())
        .collect();
    let is_phrase = |from: usize, count: usize| {
        words.get(from..from + count).is_some_and(|words| PHRASES.contains(words.join(" ").as_str()))
    };
    (0..words.len()).any(|from| (1..=PHRASE_WORDS_MAX).any(|count| is_phrase(from, count)))
        || PHRASES
            .iter()
            .any(|phrase| !phrase.is_ascii() && !phrase.contains(' ') && is_unspaced(phrase) && folded.contains(phrase))
}

/// Chinese, Japanese and Korean words are not set apart by blanks.
fn is_unspaced(word: &str) -> bool {
    word.chars().all(|c| matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}'))
}

#[cfg(test)]
mod tests {
    use super::super::line::lines_of_text;
    use super::*;

    fn says(reply: &str) -> bool {
        let text = format!("{reply}\n> One?");
        let lines = lines_of_text(&text);
        announces_answers_below(&lines, 0..lines.len() - 1, lines.len())
    }

    #[test]
    fn short_replies_that_point_into_the_quote_are_known_in_every_language() {
        for reply in [
            "See below.",
            "My answers are inline.",
            "Please find my comments in red.",
            "Meine Antworten stehen unten.",
            "Antworten in rot",
            "Mes réponses ci-dessous.",
            "En rouge dans le texte",
            "Te respondo abajo.",
            "Vedi sotto",
            "Respondo abaixo",
            "Zie hieronder",
            "Odpowiedzi poniżej",
            "Ответы ниже",
            "Se svar nedan",
            "Se nedenfor",
            "Vastaukset alla",
            "Cevaplarım aşağıda",
            "Odpovědi níže",
            "请见下文",
            "以下に回答します",
            "아래 참고",
        ] {
            assert!(says(reply), "{reply}");
        }
    }

    #[test]
    fn other_replies_and_long_ones_say_nothing_of_the_kind() {
        for reply in ["Thanks, that works.", "It is redder than before.", "The belowground pipe leaks", "Danke"] {
            assert!(!says(reply), "{reply}");
        }
        let long = |bytes: usize| format!("see below {}", "x".repeat(bytes - "see below ".len() - 1));
        assert!(says(&long(REPLY_BYTES_MAX)));
        assert!(!says(&long(REPLY_BYTES_MAX + 1)));
    }
}
