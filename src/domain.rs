//! The basic types: ids, statuses, authors and times here; addresses and what the desk signs in the modules below.
//!
//! Glossary, used alike in columns, fields, JSON keys and log keys:
//! a *department* owns tickets and addresses; a *customer* (HelpDeskZ: user) writes mail;
//! *staff* answer; a *ticket* is a list of *messages*, each with *attachments*;
//! a *receipt* records one mail received and what became of it; the *outbox* holds mail to send.
//!
//! Nothing here reads a clock, a file or the network, except [`Timestamp::now`], the one door to
//! the system clock.

mod address;
mod ban;
mod secret;
mod ticket_link;

pub(crate) mod desk_address;
mod event;
pub(crate) mod mail_rule;
pub(crate) mod one_line;
pub(crate) mod permission;
pub(crate) mod reason;
pub(crate) mod search;
pub(crate) mod staff_role;
pub(crate) mod words;
use std::fmt;
use std::str::FromStr;

pub use address::EmailAddress;
pub(crate) use address::{InvalidEmailAddress, ascii_domain, comparable_address, folded};
pub use secret::{DeskSecret, ReplyToken};
pub(crate) use ticket_link::TicketLink;

pub(crate) use ban::ban_pattern;
pub(crate) use event::{Actor, Door, EventKind, SetUpChange};

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
id!(
    /// The id of a session of the web pages.
    SessionId
);
id!(
    /// The id of a tag.
    TagId
);
id!(
    /// The id of a saved view of the inbox.
    ViewId
);
id!(
    /// The id of a draft.
    DraftId
);
id!(
    /// The id of what it takes to take a change back.
    UndoId
);
id!(
    /// The id of a webhook: a URL to which events of tickets are sent.
    WebhookId
);
id!(
    /// The id of one delivery of a webhook.
    DeliveryId
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

/// The time after one moment up to about now. A later time, written while a clock was ahead, is outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its start, excluded.
    pub since: Timestamp,
    /// Its end, included.
    pub until: Timestamp,
}

impl Window {
    /// How far after now a window ends, in seconds. Two that came in at different seconds may be done in the
    /// other order, and the first must still count what the second one has written. Chosen: longer than any request or
    /// delivery waits.
    pub const AHEAD_S: i64 = 120;

    /// The last so many seconds.
    #[must_use]
    pub const fn last_s(seconds: i64, now: Timestamp) -> Self {
        Self { since: now.plus_s(seconds.saturating_neg()), until: now.plus_s(Self::AHEAD_S) }
    }

    /// Whether a moment is within it.
    #[must_use]
    pub const fn holds(self, moment: Timestamp) -> bool {
        moment.0 > self.since.0 && moment.0 <= self.until.0
    }
}

/// A ticket's status, with HelpDeskZ's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// 1: not answered yet.
    Open,
    /// 2: staff wrote last.
    Answered,
    /// 3: the customer wrote again and waits for us.
    AwaitingReply,
    /// 4: staff are working on it; messages do not change it.
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
}
