//! The nouns of the trade: ids, addresses, statuses, authors, times and reply tokens.
//!
//! Glossary, used alike in columns, fields, JSON keys and log keys:
//! a *department* owns tickets and addresses; a *customer* (HelpDeskZ: user) writes mail;
//! *staff* answer; a *ticket* is a list of *messages*, each with *attachments*;
//! a *receipt* records one mail received and what became of it; the *outbox* holds mail to send.
//!
//! Nothing here reads a clock, a file or the network, except [`Timestamp::now`], the one door to
//! the system clock.

pub mod desk_address;
mod event;
pub mod reason;
pub mod staff_role;
pub mod words;

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::terminal::is_direction_control;

pub use event::{Actor, Door, EventKind};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i64);

        impl $name {
            /// Wraps a row id; only `store` and the edges that read ids from outside call this.
            #[must_use]
            pub const fn new(id: i64) -> Self {
                Self(id)
            }

            /// The row id, as HelpDeskZ's API prints it.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A customer's id (HelpDeskZ: `users.id`).
    UserId
);
id!(
    /// A department's id; 1 is "General", made by `admin init`.
    DepartmentId
);
id!(
    /// A staff member's id.
    StaffId
);
id!(
    /// A ticket's id, the number people see in `[#12]`.
    TicketId
);
id!(
    /// The id of one message (or internal note) of a ticket. Not an RFC 5322 Message-ID.
    MessageId
);
id!(
    /// An attachment's id.
    AttachmentId
);
id!(
    /// The id of one of the desk's own mail addresses.
    AddressId
);
id!(
    /// The id of a receipt: one mail received.
    ReceiptId
);
id!(
    /// The id of an outgoing mail in the outbox.
    OutboxId
);
id!(
    /// The id of an on-duty schedule.
    ScheduleId
);
id!(
    /// The id of an API token.
    TokenId
);

/// Seconds since 1970-01-01 UTC; 0 means "never", as in HelpDeskZ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Seconds in one hour.
    pub const HOUR_S: i64 = 3600;
    /// Seconds in one day.
    pub const DAY_S: i64 = 24 * Self::HOUR_S;

    /// Wraps a number of seconds since the epoch.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The system clock. Only the edges (`pipe`, `imap_fetch`, `serve`, `admin`) call this.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // the one door to the clock; see clippy.toml
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self(since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX)))
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// This time moved by `seconds` (negative: earlier), saturating at the ends of the range.
    #[must_use]
    pub const fn plus_s(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// The time after one moment up to about now. What a clock that was ahead has dated later lies outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its beginning, which is not in it.
    pub since: Timestamp,
    /// Its end, which is.
    pub until: Timestamp,
}

impl Window {
    /// How far after now a window ends, in seconds. Two that came in at different seconds may be done in the
    /// other order, and the first must count what the second has written. Chosen: longer than any request or
    /// delivery waits.
    pub const AHEAD_S: i64 = 120;

    /// The last so many seconds.
    #[must_use]
    pub const fn last_s(seconds: i64, now: Timestamp) -> Self {
        Self { since: now.plus_s(seconds.saturating_neg()), until: now.plus_s(Self::AHEAD_S) }
    }

    /// Whether a moment lies in it.
    #[must_use]
    pub const fn holds(self, moment: Timestamp) -> bool {
        moment.0 > self.since.0 && moment.0 <= self.until.0
    }
}

/// A ticket's status, with HelpDeskZ's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// 1: nobody has answered yet.
    Open,
    /// 2: the last word is ours.
    Answered,
    /// 3: the customer wrote again and waits for us.
    AwaitingReply,
    /// 4: staff said they are at it; messages do not change it.
    InProgress,
    /// 5: done.
    Closed,
}

impl Status {
    /// All statuses in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Open, Self::Answered, Self::AwaitingReply, Self::InProgress, Self::Closed];

    /// HelpDeskZ's number, 1 to 5.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Open => 1,
            Self::Answered => 2,
            Self::AwaitingReply => 3,
            Self::InProgress => 4,
            Self::Closed => 5,
        }
    }

    /// The status with that number, if there is one.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.number() == number)
    }

    /// The word used on the command line and in mail commands.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::AwaitingReply => "awaiting-reply",
            Self::InProgress => "in-progress",
            Self::Closed => "closed",
        }
    }

    /// The status after a customer's message (HelpDeskZ's table): a closed ticket reopens.
    #[must_use]
    pub const fn after_customer_message(self) -> Self {
        match self {
            Self::Open => Self::Open,
            Self::Answered | Self::AwaitingReply | Self::Closed => Self::AwaitingReply,
            Self::InProgress => Self::InProgress,
        }
    }

    /// The status after a staff message (HelpDeskZ's table); `close` is a separate act.
    #[must_use]
    pub const fn after_staff_message(self) -> Self {
        match self {
            Self::Open | Self::Answered | Self::AwaitingReply => Self::Answered,
            Self::InProgress => Self::InProgress,
            Self::Closed => Self::Closed,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that names no status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a status; use open, answered, awaiting-reply, in-progress or closed (or 1 to 5)")]
pub struct UnknownStatus(String);

impl FromStr for Status {
    type Err = UnknownStatus;

    /// Reads a number 1 to 5 or a word; case and the difference of `-`, `_` and space do not matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        Self::ALL
            .into_iter()
            .find(|status| status.word() == word || status.number().to_string() == word)
            .or(match word.as_str() {
                "awaiting" => Some(Self::AwaitingReply),
                "progress" => Some(Self::InProgress),
                "close" => Some(Self::Closed),
                _ => None,
            })
            .ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Author {
    /// A customer.
    Customer(UserId),
    /// A staff member.
    Staff(StaffId),
    /// maildesk itself (notes about bounces, left-out attachments and the like).
    Desk,
}

/// Longest address accepted, in bytes (RFC 5321 §4.5.3.1: 64 local, 255 domain, the `@`).
pub const EMAIL_ADDRESS_BYTES_MAX: usize = 320;

/// A mail address, checked and trimmed: one `@` between a non-empty local part and a non-empty
/// domain, no white space or control characters, at most [`EMAIL_ADDRESS_BYTES_MAX`] bytes.
///
/// Two addresses are equal when they differ in case only: no mail system in use tells
/// `Ann@example.org` from `ann@example.org`. The spelling given is kept for display, but for domains in
/// other scripts: those are written in the ASCII form that DNS and mail servers know ([`ascii_domain`]),
/// so that `a@münchen.example` and `a@xn--mnchen-3ya.example` are one person wherever texts are compared.
#[derive(Clone, Debug)]
pub struct EmailAddress {
    text: String,
}

/// A text that is no usable mail address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a mail address; write it as name@example.org")]
pub struct InvalidEmailAddress(String);

impl EmailAddress {
    /// The address as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address in lower case: what it is compared and looked up by.
    #[must_use]
    pub fn key(&self) -> String {
        self.text.to_lowercase()
    }

    /// The part before the last `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.text.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The part after the last `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.text.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Splits `support+suffix@example.org` into `support@example.org` and `suffix` (RFC 5233): at its
    /// first `+`, which is where mail servers split, then at each further one, because an address may
    /// have one of its own. None before the first character.
    pub fn split_subaddress(&self) -> impl Iterator<Item = (Self, &str)> {
        let local = self.local_part();
        local.match_indices('+').filter(|(at, _)| *at > 0).filter_map(|(at, _)| {
            let (user, detail) = (local.get(..at)?, local.get(at + 1..)?);
            Some((Self { text: format!("{user}@{}", self.domain()) }, detail))
        })
    }

    /// This address with `+detail` before the `@` (RFC 5233).
    #[must_use]
    pub fn with_subaddress(&self, detail: &str) -> Self {
        Self { text: format!("{}+{detail}@{}", self.local_part(), self.domain()) }
    }
}

/// A domain in the form that is compared: ASCII as it is, another script in the form of IDNA (UTS 46, as
/// browsers have it), and what IDNA does not take in lower case.
#[must_use]
pub fn ascii_domain(domain: &str) -> String {
    let is_encoded = |label: &str| label.get(..4).is_some_and(|mark| mark.eq_ignore_ascii_case("xn--"));
    if domain.is_ascii() && !domain.split('.').any(is_encoded) {
        return domain.to_owned();
    }
    // STD3: what a mapping makes of full-width signs must not become an `@` or a bracket.
    let (hyphens, length) = (idna::uts46::Hyphens::Allow, idna::uts46::DnsLength::Ignore);
    let ascii = idna::uts46::Uts46::new().to_ascii(domain.as_bytes(), idna::AsciiDenyList::STD3, hyphens, length);
    ascii.map_or_else(|_| domain.to_lowercase(), std::borrow::Cow::into_owned)
}

/// A text in the form in which [`EmailAddress`] keeps it, if it is an address at all.
#[must_use]
pub fn comparable_address(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |address: EmailAddress| address.text)
}

impl FromStr for EmailAddress {
    type Err = InvalidEmailAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let fits = trimmed.len() <= EMAIL_ADDRESS_BYTES_MAX
            && trimmed.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
            && !trimmed.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';'))
            && !trimmed.contains(is_direction_control);
        if !fits {
            return Err(InvalidEmailAddress(trimmed.to_owned()));
        }
        let text = match trimmed.rsplit_once('@') {
            Some((local, domain)) => format!("{local}@{}", ascii_domain(domain)),
            None => trimmed.to_owned(),
        };
        if text.len() > EMAIL_ADDRESS_BYTES_MAX {
            return Err(InvalidEmailAddress(trimmed.to_owned()));
        }
        Ok(Self { text })
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for EmailAddress {}

impl std::hash::Hash for EmailAddress {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Bytes of the HMAC kept in a reply token: 104 bits, above the 80 that make guessing hopeless.
const TOKEN_BYTES: usize = 13;

/// RFC 4648 base32 alphabet in lower case: survives mail systems that fold local parts.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

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

    /// HMAC-SHA256 of `parts` (joined with line feeds), cut to 104 bits and written in base32.
    #[must_use]
    pub fn sign(&self, parts: &[&str]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(part.as_bytes());
            mac.update(b"\n");
        }
        base32(&mac.finalize().into_bytes()[..TOKEN_BYTES])
    }
}

impl fmt::Debug for DeskSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeskSecret(…)")
    }
}

fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(BASE32[(buffer >> bits) as usize & 31]));
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        out.push(char::from(BASE32[(buffer << (5 - bits)) as usize & 31]));
    }
    out
}

/// Proof of the right to write into one ticket: HMAC over desk, ticket and the address written to.
///
/// Written as `t12-abcdefghijklmnopqrstu`, in Message-IDs and behind the `+` of our addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReplyToken {
    ticket: TicketId,
    mark: String,
}

impl ReplyToken {
    /// The token that goes out in mail about `ticket` to `address`.
    #[must_use]
    pub fn issue(secret: &DeskSecret, ticket: TicketId, address: &EmailAddress) -> Self {
        Self { ticket, mark: secret.sign(&["reply", &ticket.to_string(), &address.key()]) }
    }

    /// Reads a token as it came back; says nothing yet about its being ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, mark) = text.strip_prefix(['t', 'T'])?.split_once('-')?;
        let digits = !number.is_empty() && number.len() <= 18 && number.bytes().all(|b| b.is_ascii_digit());
        let ticket = TicketId::new(number.parse().ok().filter(|_| digits)?);
        let mark = mark.to_ascii_lowercase();
        let expected_len = (TOKEN_BYTES * 8).div_ceil(5);
        (mark.len() == expected_len && mark.bytes().all(|b| BASE32.contains(&b))).then_some(Self { ticket, mark })
    }

    /// The ticket the token speaks of.
    #[must_use]
    pub const fn ticket(&self) -> TicketId {
        self.ticket
    }

    /// Whether this token was issued by the desk with `secret` to `address`, in constant time.
    #[must_use]
    pub fn is_for(&self, secret: &DeskSecret, address: &EmailAddress) -> bool {
        use subtle::ConstantTimeEq;
        let is_mark_for = |key: &str| {
            let expected = secret.sign(&["reply", &self.ticket.to_string(), key]);
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
    fn a_window_holds_neither_its_beginning_nor_what_is_dated_far_ahead() {
        let now = Timestamp::from_unix(1_800_000_000);
        let holds = |ago_s: i64| Window::last_s(60, now).holds(now.plus_s(-ago_s));
        assert!(!holds(60) && holds(59) && holds(0));
        assert!(holds(-Window::AHEAD_S) && !holds(-Window::AHEAD_S - 1));
    }

    #[test]
    fn domain_of_another_script_is_one_in_every_spelling() {
        for (text, kept) in [
            ("Ann@BÜCHER.example", "Ann@xn--bcher-kva.example"),
            ("Ann@bu\u{308}cher.example", "Ann@xn--bcher-kva.example"),
            ("Ann@XN--BCHER-KVA.Example", "Ann@xn--bcher-kva.example"),
            ("Ann@bücher。example", "Ann@xn--bcher-kva.example"),
            ("Ann@ＢOX.example", "Ann@box.example"),
            ("Ann@Example.ORG", "Ann@Example.ORG"),
            ("Ann@under_score.example", "Ann@under_score.example"),
            ("Ann@[192.0.2.1]", "Ann@[192.0.2.1]"),
            // No IDNA: kept in lower case, as it is no domain that mail could go to.
            ("Ann@xn--\u{fc}.example", "Ann@xn--\u{fc}.example"),
            ("Ann@Ü＠evil.example", "Ann@ü＠evil.example"),
        ] {
            assert_eq!(text.parse::<EmailAddress>().unwrap().as_str(), kept, "{text}");
        }
    }

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
    fn address_is_no_longer_in_ascii_than_allowed() {
        let long = |labels: usize| format!("a@{}example", "ü.".repeat(labels));
        // "xn--tda." for each label.
        assert!(long(38).parse::<EmailAddress>().is_ok());
        assert!(long(39).parse::<EmailAddress>().is_err());
    }
}
