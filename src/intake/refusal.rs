//! What the sender of a refused mail gets to read.

use crate::decision::Refusal;
use crate::terminal;

/// Longest address shown back to a sender, in characters; RFC 5321 allows 254.
const SHOWN_ADDRESS_CHARS_MAX: usize = 254;

/// One sentence about their mail, nothing about us, behind its enhanced status code (RFC 3463).
#[must_use]
pub(crate) fn refusal_line(refusal: &Refusal) -> String {
    match refusal {
        Refusal::UnknownRecipient(recipient) => {
            let shown: String = terminal::line(recipient).chars().take(SHOWN_ADDRESS_CHARS_MAX).collect();
            let shown = if shown.is_empty() { "this address".to_owned() } else { shown };
            format!("5.1.1 {shown} does not accept mail")
        }
        Refusal::Banned => "5.7.1 mail from this sender is not accepted here".to_owned(),
        Refusal::TooLarge => "5.7.1 the message is larger than this address accepts".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_shows_one_clean_line() {
        let line = refusal_line(&Refusal::UnknownRecipient("a\r\nb@example.org".to_owned()));
        assert_eq!(line, "5.1.1 a b@example.org does not accept mail");
    }
}
