//! The desk's secret, and what it signs: reply tokens, Message-IDs, loop marks.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{EmailAddress, TicketId};

/// Bytes of the HMAC kept in a reply token: 104 bits, above the 80 that make guessing hopeless.
const TOKEN_BYTES: usize = 13;

/// The desk's secret: 32 random bytes made by `admin init`, kept in the database.
#[derive(Clone)]
pub struct DeskSecret([u8; 32]);

impl DeskSecret {
    /// Wraps 32 bytes of the operating system's random source.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret bytes, for the row that stores them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The signature in X-Maildesk-Loop of a mail of ours with that Message-ID (no brackets).
    #[must_use]
    pub fn loop_mark(&self, internet_id: &str) -> String {
        self.sign(&["loop", internet_id])
    }

    /// Whether the value of an X-Maildesk-Loop, a Message-ID and its signature, is one of ours; in constant time.
    #[must_use]
    pub fn is_loop_mark(&self, value: &str) -> bool {
        let Some((internet_id, signature)) = value.trim().rsplit_once(' ') else { return false };
        self.loop_mark(internet_id.trim()).as_bytes().ct_eq(signature.as_bytes()).into()
    }

    /// The part of a Message-ID that no other mail has: `event` is what the mail is about, `parts` distinguish it
    /// from the other mails of that event.
    #[must_use]
    pub fn mail_id(&self, event: &str, parts: &[&str]) -> String {
        self.sign(&[&["mail", event], parts].concat())
    }

    /// The signature in the plus-address that a desk writes to in order to test whether such mail arrives.
    #[must_use]
    pub fn plus_test(&self, own: &EmailAddress) -> String {
        self.sign(&["plus", &own.key()])
    }

    /// The name of a ticket's thread, for Outlook's Thread-Index.
    #[must_use]
    pub fn thread_name(&self, ticket: TicketId) -> String {
        self.sign(&["thread", &ticket.to_string()])
    }

    /// The signature of a ticket and the address written to, as [`EmailAddress::key`] has it.
    fn reply_mark(&self, ticket: TicketId, address_key: &str) -> String {
        self.sign(&["reply", &ticket.to_string(), address_key])
    }

    /// HMAC-SHA256 of `parts` (joined with line feeds), cut to 104 bits and written in base32 (RFC 4648) in lower
    /// case: that survives mail systems that fold local parts.
    pub(super) fn sign(&self, parts: &[&str]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(part.as_bytes());
            mac.update(b"\n");
        }
        BASE32_NOPAD.encode(&mac.finalize().into_bytes()[..TOKEN_BYTES]).to_ascii_lowercase()
    }
}

impl fmt::Debug for DeskSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeskSecret(…)")
    }
}

/// Proof of the right to write into one ticket: HMAC over desk, ticket and the address written to.
///
/// Written as `t12-abcdefghijklmnopqrstu`, in Message-IDs and after the `+` of our addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReplyToken {
    ticket: TicketId,
    mark: String,
}

impl ReplyToken {
    /// The token that goes out in mail about `ticket` to `address`.
    #[must_use]
    pub fn issue(secret: &DeskSecret, ticket: TicketId, address: &EmailAddress) -> Self {
        Self { ticket, mark: secret.reply_mark(ticket, &address.key()) }
    }

    /// Reads a token as it came back; it is not checked yet whether it is ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, mark) = text.strip_prefix(['t', 'T'])?.split_once('-')?;
        let digits = !number.is_empty() && number.len() <= 18 && number.bytes().all(|b| b.is_ascii_digit());
        let ticket = TicketId::new(number.parse().ok().filter(|_| digits)?);
        let mark = mark.to_ascii_lowercase();
        let expected_len = (TOKEN_BYTES * 8).div_ceil(5);
        (mark.len() == expected_len && mark.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')))
            .then_some(Self { ticket, mark })
    }

    /// The ticket the token is for.
    #[must_use]
    pub const fn ticket(&self) -> TicketId {
        self.ticket
    }

    /// Whether this token was issued by the desk with `secret` to `address`, in constant time.
    #[must_use]
    pub fn is_for(&self, secret: &DeskSecret, address: &EmailAddress) -> bool {
        let is_mark_for = |key: &str| {
            let expected = secret.reply_mark(self.ticket, key);
            expected.as_bytes().ct_eq(self.mark.as_bytes())
        };
        // Tokens issued before domains were kept in ASCII were made for the other spelling.
        let (domain, _) = idna::domain_to_unicode(address.domain());
        let other = format!("{}@{domain}", address.local_part()).to_lowercase();
        (is_mark_for(&address.key()) | is_mark_for(&other)).into()
    }
}

impl fmt::Display for ReplyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}-{}", self.ticket, self.mark)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn token_of_an_address_holds_for_each_spelling_of_its_domain() {
        let secret = DeskSecret::new([7; 32]);
        let ascii: EmailAddress = "a@xn--mnchen-3ya.example".parse().unwrap();
        let token = ReplyToken::issue(&secret, TicketId::new(1), &ascii);
        assert!(token.is_for(&secret, &"A@münchen.example".parse().unwrap()));
        assert!(!token.is_for(&secret, &"b@münchen.example".parse().unwrap()));
        let before = secret.sign(&["reply", "1", "a@münchen.example"]);
        assert!(
            ReplyToken::parse(&format!("t1-{before}")).unwrap().is_for(&secret, &ascii),
            "issued by an older version"
        );
    }

    #[test]
    fn loop_mark_is_good_for_its_message_id_and_desk_alone() {
        let (secret, other) = (DeskSecret::new([7; 32]), DeskSecret::new([8; 32]));
        let mark = format!("a@example.org {}", secret.loop_mark("a@example.org"));
        assert!(secret.is_loop_mark(&mark) && secret.is_loop_mark(&format!(" {mark}\r\n")));
        assert!(!other.is_loop_mark(&mark) && !secret.is_loop_mark(&mark.replace("a@", "b@")));
        assert!(!secret.is_loop_mark("a@example.org") && !secret.is_loop_mark(""));
    }

    #[test]
    fn signatures_stay_as_sent_mails_have_them() {
        let (secret, ann) = (DeskSecret::new([7; 32]), "Ann@example.org".parse().unwrap());
        let token = ReplyToken::issue(&secret, TicketId::new(12), &ann).to_string();
        assert_eq!(token, "t12-z77dx3azrakofkswydrua");
        assert_eq!(secret.loop_mark("a@example.org"), "4x7gexhjmes2cgqjwh6q2");
        assert_eq!(secret.plus_test(&ann), "ahq5wvtkz34kzxlq4xxne");
    }
}
