//! What a mail does to tickets: [`decide`], one pure function over the mail, the facts about it
//! and the desk's policy.
//!
//! The order of the questions is the order of the rules: our own mail, bounces, who wrote, too
//! much mail, which ticket, in whose name. Nothing here reads the database, a clock or a file;
//! `intake` gathers the facts and carries the decision out.

pub(crate) mod authentication;
pub(crate) mod commands;
mod origin;
mod people;
pub(crate) mod subject;
#[cfg(test)]
mod tests;
mod ticket;

pub(crate) use crate::domain::one_line::SUBJECT_CHARS_MAX;
use crate::domain::reason::Reason;
use crate::domain::words::words;
use crate::domain::{AddressId, DepartmentId, OutboxId, StaffId, Status, TicketId, Timestamp};
use crate::mail::origin::{Origin, Sign};
use crate::mail::{Mailbox, ParsedMail};
use authentication::Authentication;
use ticket::New;
pub(crate) use ticket::{is_under_subject, let_in};

words! {
    /// What becomes of mail to an address we do not know (setting `unknown_recipient`).
    #[derive(Default)]
    pub enum UnknownRecipient {
        /// The default address's department takes it.
        #[default]
        Default = "default",
        /// It is set aside.
        Quarantine = "quarantine",
        /// `pipe` refuses it.
        Reject = "reject",
    }
}

words! {
    /// What becomes of a stranger's mail that names a ticket (setting `stranger_reply`).
    #[derive(Default)]
    pub enum StrangerReply {
        /// A new ticket with a note linking the other.
        #[default]
        New = "new",
        /// Set aside for review.
        Hold = "hold",
        /// Into the ticket.
        Append = "append",
    }
}

/// The desk's rules, from its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Setting `unknown_recipient`.
    pub unknown_recipient: UnknownRecipient,
    /// Setting `stranger_reply`.
    pub stranger_reply: StrangerReply,
    /// Setting `refuse_banned`.
    pub refuses_banned: bool,
    /// Setting `refuse_oversize`.
    pub refuses_oversize: bool,
    /// Setting `reopen_days`, in seconds; 0: a closed ticket never reopens.
    pub reopen_s: i64,
    /// Setting `mails_per_hour`; 0: no limit.
    pub mails_per_hour: i64,
    /// Setting `forward_to_sender`.
    pub forwards_to_sender: bool,
}

/// Where the mail was addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// To one of our addresses.
    Known {
        /// The address.
        address: AddressId,
        /// Its department; `None` when the last one was deleted.
        department: Option<DepartmentId>,
    },
    /// To no address we know.
    Unknown {
        /// The first candidate, for the answer to the sender; empty when there was none.
        recipient: String,
        /// The default address, if one is set.
        default_address: Option<AddressId>,
        /// The default address's department, else the lowest one.
        fallback: Option<DepartmentId>,
    },
}

/// What deciding needs to know of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TicketFact {
    /// Id, merges followed.
    pub id: TicketId,
    /// Its department.
    pub department: DepartmentId,
    /// Its subject.
    pub subject: String,
    /// Its status.
    pub status: Status,
    /// When it was closed last.
    pub closed_at: Timestamp,
}

/// A valid reply token in the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenFact {
    /// The ticket it opens.
    pub ticket: TicketFact,
    /// It was issued to the address in From.
    pub is_senders_own: bool,
    /// It was issued to the ticket's customer.
    pub is_customers: bool,
    /// The address in From is that of the ticket's customer.
    pub is_from_customer: bool,
}

/// How a mail without a token names a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// In-Reply-To or References.
    ThreadId,
    /// `[#12]` in the subject.
    SubjectTag,
}

/// A ticket the mail names without a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedFact {
    /// The ticket.
    pub ticket: TicketFact,
    /// How it is named.
    pub by: NamedBy,
    /// The sender is its customer or a participant.
    pub takes_part: bool,
}

/// What the database and the envelope say about a mail.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Where it was addressed.
    pub route: Route,
    /// Who or what sent it.
    pub origin: Origin,
    /// Its raw size is over the limit; only the header was read.
    pub is_oversize: bool,
    /// The caller (`pipe`) can refuse it; other callers cannot.
    pub is_refusable: bool,
    /// The outgoing mail whose Message-ID a delivery report names, and its ticket.
    pub bounced: Option<(OutboxId, Option<TicketId>)>,
    /// It came by a mailing list that feeds the desk: what it brings is a person's, but nobody is answered.
    pub is_fed: bool,
    /// From or its domain is banned.
    pub is_banned: bool,
    /// From is one of our own addresses.
    pub is_from_us: bool,
    /// Mails of that From address in the last hour; `None` where no limit applies.
    pub mails_last_hour: Option<i64>,
    /// From is the address of an active staff member.
    pub staff: Option<StaffId>,
    /// What our MTA found out about From.
    pub authentication: Authentication,
    /// A valid token.
    pub token: Option<TokenFact>,
    /// Tickets named otherwise, best first.
    pub named: Vec<NamedFact>,
    /// The mail forwarded in it was written by one of our own addresses.
    pub forwards_ours: bool,
    /// When the mail came.
    pub now: Timestamp,
}

/// Why a mail is refused; only `pipe` can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The recipient is not ours (exit 67).
    UnknownRecipient(String),
    /// The sender is banned (exit 77).
    Banned,
    /// The mail is too large (exit 77).
    TooLarge,
}

/// In whose name a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A customer's message.
    Customer,
    /// A staff reply.
    Staff(StaffId),
}

/// What a message does besides being stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handling {
    /// Status, counters and notifications as for a person's message.
    Full,
    /// The same, but the writer gets no automatic answer: it came by a mailing list.
    Unanswered,
    /// Attached silently: a machine wrote it.
    Silent,
}

/// Whose ticket a mail opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Requester {
    /// The sender's.
    Sender,
    /// The writer of the forwarded mail, forwarded by authenticated staff.
    Original(Mailbox),
}

/// Opening a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    /// Why a new ticket.
    pub reason: Reason,
    /// Its department.
    pub department: DepartmentId,
    /// The address it came in by.
    pub address: Option<AddressId>,
    /// Whose it is.
    pub requester: Requester,
    /// Whether automatic mail may answer it.
    pub handling: Handling,
    /// The ticket it is linked with.
    pub linked: Option<TicketId>,
    /// What staff should know, one sentence each.
    pub notes: Vec<String>,
}

/// Adding to a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Append {
    /// How the ticket was found.
    pub reason: Reason,
    /// The ticket.
    pub ticket: TicketId,
    /// In whose name.
    pub role: Role,
    /// What it does besides being stored.
    pub handling: Handling,
    /// Reply-To of this mail becomes the address we write to.
    pub takes_reply_to: bool,
    /// What staff should know, one sentence each.
    pub notes: Vec<String>,
}

/// What becomes of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// A new ticket.
    Open(Open),
    /// A message in a ticket.
    Append(Append),
    /// Dropped on record.
    Drop {
        /// Why.
        reason: Reason,
    },
    /// A delivery report of a mail of ours: dropped on record, noted on the outgoing mail and its ticket.
    Bounce {
        /// The outgoing mail.
        outbox: OutboxId,
        /// Its ticket.
        ticket: Option<TicketId>,
    },
    /// Set aside for a human, raw.
    Quarantine {
        /// Why.
        reason: Reason,
    },
    /// Refused; the MTA notifies the sender.
    Refuse(Refusal),
}

/// Decides what becomes of a mail that is not on record yet.
#[must_use]
pub(crate) fn decide(mail: &ParsedMail, facts: &Facts, policy: &Policy) -> Decision {
    if let Some(refused) = origin::refusal(facts, policy) {
        return refused;
    }
    if let Some(early) = origin::without_ticket(mail, facts, policy) {
        return early;
    }
    if mail.signs.contains(&Sign::Disposition) {
        return ticket::of_receipt(facts);
    }
    if let Some(token) = &facts.token {
        return ticket::with_token(mail, facts, policy, token);
    }
    if let Some(named) = ticket::named_ticket(mail, facts, policy) {
        return named;
    }
    ticket::open(mail, facts, policy, New { reason: Reason::New, linked: None, note: None })
}
