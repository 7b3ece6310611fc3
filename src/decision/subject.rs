//! Subjects: ticket tags in them, and whether two of them are about the same thing.

use crate::domain::TicketId;
use crate::mail::reply::languages::entries;
use crate::mail::subject_prefix;

/// Tags read from one subject; more are ignored. Chosen: real subjects carry one or two.
const TAGS_MAX: usize = 8;

/// Digits of a ticket number in a tag: 18 always fit an i64.
const TAG_DIGITS_MAX: usize = 18;

/// The ticket numbers in `[#12]` anywhere in the subject, in order.
#[must_use]
pub(crate) fn ticket_tags(subject: &str) -> Vec<TicketId> {
    let mut tags = Vec::new();
    for piece in subject.split("[#").skip(1) {
        let Some((digits, _)) = piece.split_once(']') else { continue };
        let is_number =
            !digits.is_empty() && digits.len() <= TAG_DIGITS_MAX && digits.bytes().all(|b| b.is_ascii_digit());
        if let Some(number) = digits.parse().ok().filter(|_| is_number) {
            tags.push(TicketId::new(number));
        }
        if tags.len() == TAGS_MAX {
            break;
        }
    }
    tags
}

/// Longest calendar prefix looked at, in bytes (chosen; the longest below has 22).
const CALENDAR_PREFIX_BYTES_MAX: usize = 40;

/// What calendar programs put before the subject of an invitation (Outlook, Gmail, Apple, Exchange): a line a
/// language or several, entries separated by `, `, in lower case, without the colon.
const CALENDAR_PREFIXES: &[&str] = &[
    "accepted, declined, tentative, tentatively accepted, canceled, cancelled, canceled event", // English
    "invitation, updated invitation",                                                           // English, French
    "zugesagt, zusage, abgelehnt, absage, abgesagt, mit vorbehalt, einladung",                  // German
    "accepté, refusé, provisoire, annulé",                                                      // French
    "aceptado, aceptada, rechazado, rechazada, provisional, cancelado, invitación",             // Spanish
    "accettato, rifiutato, provvisorio, annullato, invito",                                     // Italian
    "aceito, aceite, recusado, convite",                                                        // Portuguese
    "geaccepteerd, geweigerd, afgewezen, voorlopig, geannuleerd, uitnodiging",                  // Dutch
    "zaakceptowano, odrzucono, wstępnie, zaproszenie, přijato, odmítnuto, pozvánka",            // Polish, Czech
    "принято, отклонено, приглашение",                                                          // Russian
    "accepterat, avböjt, accepteret, afvist, godtatt, avslått", // Swedish, Danish, Norwegian
    "hyväksytty, hylätty, kutsu, kabul edildi, reddedildi, davet", // Finnish, Turkish
    "已接受, 已拒绝, 已拒絕, 承諾, 辞退, 수락, 거절",           // Chinese, Japanese, Korean
];

/// Whether an answer's subject is the ticket's, or contains it; compared without tags and other bracketed words,
/// reply, forward and calendar prefixes, case and spaces. An answer whose subject is empty apart from these is the
/// same as any.
#[must_use]
pub(crate) fn is_same(answer: &str, ticket: &str) -> bool {
    let (answer, ticket) = (bare(answer), bare(ticket));
    answer.is_empty() || answer == ticket || !ticket.is_empty() && answer.contains(&ticket)
}

/// The subject without a bracketed word at its end that was cut before its `]`.
#[must_use]
pub(crate) fn without_cut_bracket(subject: &str) -> &str {
    match subject.rsplit_once('[') {
        Some((before, word)) if !word.contains(']') => before,
        Some(_) | None => subject,
    }
}

/// The subject without bracketed words, prefixes, case and spaces.
fn bare(subject: &str) -> String {
    let mut rest = subject;
    while let Some(behind) =
        subject_prefix::split(rest).map(|(_, behind)| behind).or_else(|| behind_calendar_prefix(rest))
    {
        rest = behind;
    }
    let rest = subject_prefix::without_forward_suffix(rest).unwrap_or(rest);
    let folded: String = rest.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    BRACKETS.iter().fold(folded, |text, brackets| without_bracketed_words(&text, brackets))
}

/// What other ticket systems put their own number in. Round brackets hold people's own words as well, so there only a
/// number counts.
const BRACKETS: [Brackets; 4] = [
    Brackets { open: '[', close: ']', is_theirs: |_| true },
    Brackets { open: '{', close: '}', is_theirs: |_| true },
    Brackets { open: '【', close: '】', is_theirs: |_| true },
    Brackets { open: '(', close: ')', is_theirs: is_number },
];

struct Brackets {
    open: char,
    close: char,
    /// Whether another system wrote the word between them.
    is_theirs: fn(&str) -> bool,
}

/// `#4711`, `PRJ-17`, `case:4711`, `id 4711` without its blank: a few letters and then digits.
fn is_number(word: &str) -> bool {
    const LETTERS_MAX: usize = 12;
    const DIGITS_MIN: usize = 2;
    let front = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let letters = front.trim_end_matches(['#', '-', ':', '.', '=']);
    let is_marked = letters.len() < front.len() || !letters.is_empty();
    is_marked
        && word.len() - front.len() >= DIGITS_MIN
        && letters.len() <= LETTERS_MAX
        && letters.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '#' | '-'))
}

/// `Accepted: rest`: what follows the prefix.
fn behind_calendar_prefix(subject: &str) -> Option<&str> {
    let subject = subject.trim_start();
    let (at, colon) = subject
        .char_indices()
        .take_while(|(at, _)| *at <= CALENDAR_PREFIX_BYTES_MAX)
        .find(|(_, c)| matches!(c, ':' | '：'))?;
    let word = subject.get(..at)?.trim_end().to_lowercase();
    entries(CALENDAR_PREFIXES).any(|entry| entry == word).then(|| subject.get(at + colon.len_utf8()..))?
}

fn without_bracketed_words(folded: &str, brackets: &Brackets) -> String {
    let mut out = String::with_capacity(folded.len());
    let mut rest = folded;
    while let Some((before, after)) = rest.split_once(brackets.open) {
        let Some((word, behind)) = after.split_once(brackets.close) else { break };
        out.push_str(before);
        if !(brackets.is_theirs)(word) {
            out.push(brackets.open);
            out.push_str(word);
            out.push(brackets.close);
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_is_found_behind_prefixes_and_anywhere() {
        for subject in ["[#12] Printer", "Re: [#12] Printer", "[EXTERNAL] AW: [#12] Printer", "about the printer [#12]"]
        {
            assert_eq!(ticket_tags(subject), [TicketId::new(12)], "{subject}");
        }
    }

    #[test]
    fn things_that_look_like_tags_are_none() {
        for subject in ["[12]", "[#]", "[#1a]", "#12", "[#99999999999999999999]", "[#-1]"] {
            assert_eq!(ticket_tags(subject), [], "{subject}");
        }
    }

    #[test]
    fn answers_keep_the_subject() {
        for answer in [
            "Re: Printer on fire",
            "AW: Re: [#3] printer  on FIRE",
            "[EXT] Fwd: Printer on fire",
            "Re[2]: Printer on fire",
            "Re: [#3]",
            "Re: [#3]: Printer on fire",
            "***SPAM*** Re: Printer on fire",
            "{EXTERNAL} Re: Printer on fire",
            "EXTERNAL: Re: Printer on fire",
            "Odp.: Printer on fire",
            "회신: Printer on fire",
            "Svar: Printer on fire",
            "На: Printer on fire",
            "Vá: Printer on fire",
            "Réf : Printer on fire",
            "Cevap: Printer on fire",
            "Odpowiedź: Printer on fire",
            "Předáno: Printer on fire",
            "Printer on fire (fwd)",
            "",
        ] {
            assert!(is_same(answer, "Printer on fire"), "{answer}");
        }
    }

    #[test]
    fn another_question_is_another_subject() {
        assert!(!is_same("Re: Invoice 7", "Printer on fire"));
        assert!(!is_same("Printer: on fire", "Printer on ice"));
        assert!(!is_same("EXTERNAL: Re: Invoice 7", "Printer on fire"));
    }

    #[test]
    fn tag_at_the_end_does_not_count_as_text() {
        assert!(is_same("Re: Printer on fire [#12]", "Printer on fire"));
    }

    #[test]
    fn bracketed_words_of_other_systems_do_not_count_and_an_open_bracket_is_text() {
        assert!(is_same("Re: Printer [Ticket 991] on fire", "[URGENT] Printer on fire [PRJ-1]"));
        assert!(is_same("Re: Printer [on fire", "Printer [on fire"));
        assert!(!is_same("Re: Printer [on ice", "Printer [on fire"));
        assert!(!is_same("Invoice 7", "[Ticket 991]"));
    }

    #[test]
    fn numbers_of_other_systems_do_not_count_and_words_in_round_brackets_do() {
        for answer in
            ["Re: Printer (#4711) on fire", "{HS-17} Printer on fire", "【票号88】Printer on fire (case:0815)"]
        {
            assert!(is_same("Re: Printer on fire", answer) && is_same(answer, "Printer on fire"), "{answer}");
        }
        for other in ["Printer on fire (again)", "Printer on fire (room 12 of 14)", "Printer on fire (2)"] {
            assert!(!is_same("Re: Printer on fire", other), "{other}");
        }
    }

    #[test]
    fn calendar_prefixes_do_not_count_and_other_words_before_a_colon_do() {
        for answer in ["Accepted: Visit", "Re: Tentatively accepted : Visit", "AW: Zusage: Visit", "已接受：Visit"]
        {
            assert!(is_same(answer, "Invitation: Visit"), "{answer}");
        }
        assert!(!is_same("Accepted: Visit", "Postponed: Visit"));
        let long = |chars: usize| format!("{}: Visit", "x".repeat(chars));
        assert!(!is_same("Visit", &long(CALENDAR_PREFIX_BYTES_MAX)) && !is_same("Visit", &long(1000)));
        assert!(entries(CALENDAR_PREFIXES).all(|word| word.len() <= CALENDAR_PREFIX_BYTES_MAX));
        assert!(entries(CALENDAR_PREFIXES).all(|word| word.to_lowercase() == word));
    }
}
