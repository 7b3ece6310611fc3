//! The signed link that opens one ticket in a browser: HMAC over ticket, address and the time it ends.

use std::fmt;

use subtle::ConstantTimeEq;

use super::{DeskSecret, EmailAddress, TicketId, Timestamp};

/// Longest link read, in bytes; ours have at most 19 + 16 + 21 and two hyphens.
const BYTES_MAX: usize = 64;

/// Proof of the right to read and answer one ticket in a browser until a time.
///
/// Written as `12-6b49d200-abcdefghijklmnopqrstu`: the ticket, the end in seconds since 1970 (hexadecimal), the
/// signature. The address it was mailed to is signed but not named, so that no list of visited pages shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TicketLink {
    ticket: TicketId,
    ends_at: Timestamp,
    mark: String,
}

fn mark_of(secret: &DeskSecret, ticket: TicketId, ends_at: Timestamp, address_key: &str) -> String {
    secret.sign(&["link", &ticket.to_string(), &ends_at.unix().to_string(), address_key])
}

impl TicketLink {
    /// The link that goes out in mail about `ticket` to `address`.
    #[must_use]
    pub(crate) fn issue(secret: &DeskSecret, ticket: TicketId, address: &EmailAddress, ends_at: Timestamp) -> Self {
        Self { ticket, ends_at, mark: mark_of(secret, ticket, ends_at, &address.key()) }
    }

    /// Reads a link as it came back; it is not checked yet whether it is ours.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').filter(|_| text.len() <= BYTES_MAX);
        let (number, end, mark, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
            return None;
        };
        let is_plain = |part: &str| !part.starts_with(['0', '+']) && part.bytes().all(|b| b.is_ascii_hexdigit());
        let ticket = number.parse().ok().filter(|_| is_plain(number))?;
        let ends_at = i64::from_str_radix(end, 16).ok().filter(|_| is_plain(end))?;
        let mark = mark.to_ascii_lowercase();
        Some(Self { ticket: TicketId::new(ticket), ends_at: Timestamp::from_unix(ends_at), mark })
    }

    /// The ticket it opens.
    #[must_use]
    pub(crate) const fn ticket(&self) -> TicketId {
        self.ticket
    }

    /// Whether its time is over.
    #[must_use]
    pub(crate) fn has_ended(&self, now: Timestamp) -> bool {
        self.ends_at <= now
    }

    /// Whether this link was mailed by the desk with `secret` to `address`, in constant time.
    #[must_use]
    pub(crate) fn is_for(&self, secret: &DeskSecret, address: &EmailAddress) -> bool {
        let expected = mark_of(secret, self.ticket, self.ends_at, &address.key());
        expected.as_bytes().ct_eq(self.mark.as_bytes()).into()
    }
}

impl fmt::Display for TicketLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:x}-{}", self.ticket, self.ends_at.unix(), self.mark)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn link_is_good_for_its_desk_ticket_address_and_time_alone() {
        let (secret, other) = (DeskSecret::new([7; 32]), DeskSecret::new([8; 32]));
        let (ann, bob): (EmailAddress, EmailAddress) = ("Ann@x.test".parse().unwrap(), "bob@x.test".parse().unwrap());
        let end = Timestamp::from_unix(1_800_000_000);
        let text = TicketLink::issue(&secret, TicketId::new(12), &ann, end).to_string();
        let link = TicketLink::parse(&text).unwrap();
        assert_eq!((link.ticket(), link.to_string()), (TicketId::new(12), text.clone()));
        assert!(link.is_for(&secret, &ann) && link.is_for(&secret, &"ann@X.TEST".parse().unwrap()));
        assert!(!link.is_for(&secret, &bob) && !link.is_for(&other, &ann));
        assert!(!link.has_ended(end.plus_s(-1)) && link.has_ended(end));
        let (number, rest) = text.split_once('-').unwrap();
        assert_eq!(number, "12");
        assert!(!TicketLink::parse(&format!("13-{rest}")).unwrap().is_for(&secret, &ann), "another ticket");
        let (ends, mark) = rest.split_once('-').unwrap();
        let later = i64::from_str_radix(ends, 16).unwrap() + 1;
        assert!(!TicketLink::parse(&format!("12-{later:x}-{mark}")).unwrap().is_for(&secret, &ann), "a later end");
    }

    #[test]
    fn what_is_no_link_is_not_read() {
        for text in ["", "12", "12-6b49d200", "012-6b49d200-a", "12-+6b49d200-a", "-12-6b49d200-a", "12-6b49d200-a-b"] {
            assert_eq!(TicketLink::parse(text), None, "{text}");
        }
        assert!(TicketLink::parse(&format!("1-1-{}", "a".repeat(BYTES_MAX - 4))).is_some());
        assert_eq!(TicketLink::parse(&format!("1-1-{}", "a".repeat(BYTES_MAX - 3))), None);
    }
}
