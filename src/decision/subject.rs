//! Subjects: ticket tags in them, and whether two of them speak of the same thing.

use crate::domain::TicketId;
use crate::mail::prefix;

/// Tags read from one subject; more are ignored. Chosen: real subjects carry one or two.
const TAGS_MAX: usize = 8;

/// Digits of a ticket number in a tag: 18 always fit an i64.
const TAG_DIGITS_MAX: usize = 18;

/// The ticket numbers in `[#12]` anywhere in the subject, in order.
#[must_use]
pub fn ticket_tags(subject: &str) -> Vec<TicketId> {
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

/// Whether two subjects are the same but for tags, reply and forward prefixes, case and spaces.
/// An answer whose subject is empty but for these is the same as any.
#[must_use]
pub fn is_same(answer: &str, ticket: &str) -> bool {
    let answer = bare(answer);
    answer.is_empty() || answer == bare(ticket)
}

/// Whether an answer's subject begins with all of another one, which was cut; compared as by [`is_same`].
#[must_use]
pub fn begins_as(answer: &str, cut: &str) -> bool {
    bare(answer).starts_with(&bare(cut))
}

/// The subject without bracketed tags, prefixes, case and spaces.
fn bare(subject: &str) -> String {
    let mut rest = subject;
    while let Some((_, behind)) = prefix::split(rest) {
        rest = behind;
    }
    let rest = prefix::without_forward_suffix(rest).unwrap_or(rest);
    let folded: String = rest.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    without_inner_ticket_tags(&folded)
}

fn without_inner_ticket_tags(folded: &str) -> String {
    let mut out = String::with_capacity(folded.len());
    let mut rest = folded;
    while let Some((before, after)) = rest.split_once("[#") {
        out.push_str(before);
        match after.split_once(']') {
            Some((digits, behind)) if digits.bytes().all(|b| b.is_ascii_digit()) => rest = behind,
            _ => {
                out.push_str("[#");
                rest = after;
            }
        }
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
}
