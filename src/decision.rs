//! What a mail does to tickets: [`decide`], one pure function over the mail, the facts about it
//! and the desk's policy.
//!
//! The order of the questions is the order of the rules: our own mail, bounces, who wrote, too
//! much mail, which ticket, in whose name. Nothing here reads the database, a clock or a file;
//! `intake` gathers the facts and carries the decision out.

pub mod authentication;
pub mod commands;
pub mod subject;

use crate::domain::{AddressId, DepartmentId, OutboxId, StaffId, Status, TicketId, Timestamp};
use crate::mail::origin::Origin;
use crate::mail::{Mailbox, ParsedMail};
use authentication::Authentication;

/// Longest subject of a ticket, in characters (HelpDeskZ's column); the rest goes into a note.
pub const SUBJECT_CHARS_MAX: usize = 255;

/// Why a mail to nobody we know was set aside, as its receipt says.
pub const UNKNOWN_RECIPIENT: &str = "unknown recipient";

/// What becomes of mail to an address we do not know (setting `unknown_recipient`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownRecipient {
    /// The default address's department takes it.
    Default,
    /// It is set aside.
    Quarantine,
    /// `pipe` refuses it.
    Reject,
}

/// What becomes of a stranger's mail that names a ticket (setting `stranger_reply`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrangerReply {
    /// A new ticket with a note linking the other.
    New,
    /// Set aside for review.
    Hold,
    /// Into the ticket.
    Append,
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
pub enum Route {
    /// To one of our addresses.
    Known {
        /// The address.
        address: AddressId,
        /// Its department; `None` when the last one was deleted.
        department: Option<DepartmentId>,
    },
    /// To nobody we know.
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
pub struct TicketFact {
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
pub struct TokenFact {
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
pub enum NamedBy {
    /// In-Reply-To or References.
    ThreadId,
    /// `[#12]` in the subject.
    SubjectTag,
}

/// A ticket the mail names without a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFact {
    /// The ticket.
    pub ticket: TicketFact,
    /// How it is named.
    pub by: NamedBy,
    /// The sender is its customer or a participant.
    pub takes_part: bool,
}

/// What the database and the envelope say about a mail.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Where it was addressed.
    pub route: Route,
    /// Who or what sent it.
    pub origin: Origin,
    /// Its raw size is over the limit; only the header was read.
    pub is_oversize: bool,
    /// The caller can refuse it (`pipe`); nobody else can.
    pub is_refusable: bool,
    /// The outgoing mail whose Message-ID a delivery report names, and its ticket.
    pub bounced: Option<(OutboxId, Option<TicketId>)>,
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
pub enum Role {
    /// A customer's message.
    Customer,
    /// A staff reply.
    Staff(StaffId),
}

/// What a message does beside being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Status, counters and notifications as for a person's message.
    Full,
    /// Attached silently: a machine wrote it.
    Silent,
}

/// Whose ticket a mail opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requester {
    /// The sender's.
    Sender,
    /// The writer of the forwarded mail, forwarded by authenticated staff.
    Original(Mailbox),
}

/// Opening a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Why a new ticket.
    pub reason: &'static str,
    /// Its department.
    pub department: DepartmentId,
    /// The address it came in by.
    pub address: Option<AddressId>,
    /// Whose it is.
    pub requester: Requester,
    /// Whether automatic mail may answer it.
    pub effect: Effect,
    /// The ticket it is linked with.
    pub linked: Option<TicketId>,
    /// What staff should know, one sentence each.
    pub notes: Vec<String>,
}

/// Adding to a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// How the ticket was found.
    pub reason: &'static str,
    /// The ticket.
    pub ticket: TicketId,
    /// In whose name.
    pub role: Role,
    /// What it does beside.
    pub effect: Effect,
    /// Reply-To of this mail becomes the address we write to.
    pub takes_reply_to: bool,
    /// What staff should know, one sentence each.
    pub notes: Vec<String>,
}

/// What becomes of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A new ticket.
    Open(Open),
    /// A message in a ticket.
    Append(Append),
    /// Dropped on record.
    Drop {
        /// Why.
        reason: &'static str,
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
        reason: &'static str,
    },
    /// Refused; the MTA tells the sender.
    Refuse(Refusal),
}

/// Decides what becomes of a mail that is not on record yet.
#[must_use]
pub fn decide(mail: &ParsedMail, facts: &Facts, policy: &Policy) -> Decision {
    if let Some(refused) = refusal(facts, policy) {
        return refused;
    }
    if let Some(early) = without_ticket(mail, facts, policy) {
        return early;
    }
    if let Some(token) = &facts.token {
        return with_token(mail, facts, policy, token);
    }
    if let Some(named) = named_ticket(mail, facts, policy) {
        return named;
    }
    open(mail, facts, New { reason: "new", linked: None, note: None })
}

/// What the sender's MTA is told at once, where the desk asks for it.
fn refusal(facts: &Facts, policy: &Policy) -> Option<Decision> {
    if !facts.is_refusable {
        return None;
    }
    if let (Route::Unknown { recipient, .. }, UnknownRecipient::Reject) = (&facts.route, policy.unknown_recipient) {
        return Some(Decision::Refuse(Refusal::UnknownRecipient(recipient.clone())));
    }
    if facts.is_oversize && policy.refuses_oversize {
        return Some(Decision::Refuse(Refusal::TooLarge));
    }
    (facts.is_banned && policy.refuses_banned).then_some(Decision::Refuse(Refusal::Banned))
}

/// Mail that concerns no ticket as a message.
fn without_ticket(mail: &ParsedMail, facts: &Facts, policy: &Policy) -> Option<Decision> {
    match facts.origin {
        Origin::Own => return Some(Decision::Drop { reason: "self" }),
        Origin::Bounce => {
            // A report that names no mail of ours proves nothing: anybody can send one.
            return Some(match facts.bounced {
                Some((outbox, ticket)) => Decision::Bounce { outbox, ticket },
                None => Decision::Drop { reason: "bounce of a mail that is not ours" },
            });
        }
        Origin::List | Origin::Auto | Origin::Person => {}
    }
    if facts.is_banned {
        return Some(Decision::Drop { reason: "banned" });
    }
    if mail.from.is_none() {
        return Some(Decision::Quarantine { reason: "no usable From" });
    }
    if facts.is_from_us {
        return Some(Decision::Quarantine { reason: "from one of our own addresses" });
    }
    if policy.mails_per_hour > 0 && facts.mails_last_hour.is_some_and(|mails| mails >= policy.mails_per_hour) {
        return Some(Decision::Quarantine { reason: "too many mails from this sender" });
    }
    match &facts.route {
        Route::Unknown { .. } if policy.unknown_recipient != UnknownRecipient::Default => {
            Some(Decision::Quarantine { reason: UNKNOWN_RECIPIENT })
        }
        Route::Unknown { fallback: None, .. } | Route::Known { department: None, .. } => {
            Some(Decision::Quarantine { reason: "no department" })
        }
        Route::Unknown { .. } | Route::Known { .. } => None,
    }
}

fn effect(facts: &Facts) -> Effect {
    match facts.origin {
        Origin::Person => Effect::Full,
        Origin::Own | Origin::Bounce | Origin::List | Origin::Auto => Effect::Silent,
    }
}

/// Whether an answer may still go into the ticket, or comes too long after it was closed.
fn is_past_reopening(ticket: &TicketFact, facts: &Facts, policy: &Policy) -> bool {
    // A machine's mail reopens nothing, so it may lie in a closed ticket for ever.
    ticket.status == Status::Closed
        && effect(facts) == Effect::Full
        && (policy.reopen_s == 0 || facts.now.unix() - ticket.closed_at.unix() > policy.reopen_s)
}

fn with_token(mail: &ParsedMail, facts: &Facts, policy: &Policy, token: &TokenFact) -> Decision {
    let ticket = &token.ticket;
    // In a ticket of his own a staff member is the customer.
    if let Some(staff) = facts.staff.filter(|_| token.is_senders_own && !token.is_from_customer) {
        // A machine in a staff member's name (out of office) is no staff reply.
        if effect(facts) == Effect::Silent {
            return append(ticket, "token", Role::Customer, facts);
        }
        return match facts.authentication {
            Authentication::NotAsked | Authentication::Pass => append(ticket, "token", Role::Staff(staff), facts),
            Authentication::Fail => Decision::Quarantine { reason: "staff reply without proof of the sender" },
        };
    }
    if is_past_reopening(ticket, facts, policy) {
        return open(mail, facts, New { reason: "closed too long", linked: Some(ticket.id), note: None });
    }
    match append(ticket, "token", Role::Customer, facts) {
        Decision::Append(append) => Decision::Append(Append { takes_reply_to: token.is_customers, ..append }),
        other => other,
    }
}

fn append(ticket: &TicketFact, reason: &'static str, role: Role, facts: &Facts) -> Decision {
    Decision::Append(Append {
        reason,
        ticket: ticket.id,
        role,
        effect: effect(facts),
        takes_reply_to: false,
        notes: Vec::new(),
    })
}

/// A ticket named by thread id or subject tag; `None` when no ticket is named.
fn named_ticket(mail: &ParsedMail, facts: &Facts, policy: &Policy) -> Option<Decision> {
    let reason = |by: NamedBy| match by {
        NamedBy::ThreadId => "thread",
        NamedBy::SubjectTag => "subject tag",
    };
    let mine = || facts.named.iter().filter(|hit| hit.takes_part);
    // A thread's ids may lie in several tickets (a changed subject opened a second one): the one
    // that can take the mail goes before the one that cannot.
    if let Some(hit) = mine().find(|hit| why_not_into(mail, &hit.ticket, facts, policy).is_none()) {
        return Some(append(&hit.ticket, reason(hit.by), Role::Customer, facts));
    }
    if let Some(hit) = mine().next() {
        let reason = why_not_into(mail, &hit.ticket, facts, policy).unwrap_or("new");
        return Some(open(mail, facts, New { reason, linked: Some(hit.ticket.id), note: None }));
    }
    let hit = facts.named.first()?;
    if facts.staff.is_some() {
        // Anybody can write a staff member's From and a ticket's number; a token cannot be guessed.
        return Some(Decision::Quarantine { reason: "staff reply without a token" });
    }
    Some(match policy.stranger_reply {
        StrangerReply::Hold => Decision::Quarantine { reason: "stranger names a ticket" },
        StrangerReply::Append if !is_past_reopening(&hit.ticket, facts, policy) => {
            append(&hit.ticket, reason(hit.by), Role::Customer, facts)
        }
        StrangerReply::Append | StrangerReply::New => {
            let note = format!("This mail named ticket [#{}], in which its sender takes no part.", hit.ticket.id);
            open(mail, facts, New { reason: "stranger", linked: Some(hit.ticket.id), note: Some(note) })
        }
    })
}

/// Why an answer without a token opens a new ticket although its sender takes part in this one.
fn why_not_into(mail: &ParsedMail, ticket: &TicketFact, facts: &Facts, policy: &Policy) -> Option<&'static str> {
    if is_past_reopening(ticket, facts, policy) {
        return Some("closed too long");
    }
    // Auto-replies put their own words before the subject, and often in place of it.
    let is_other = effect(facts) == Effect::Full && !is_under_subject(&mail.subject, &ticket.subject);
    is_other.then_some("other subject")
}

/// Whether a mail's subject is that of the ticket, which may have been cut at [`SUBJECT_CHARS_MAX`].
#[must_use]
pub fn is_under_subject(answer: &str, ticket: &str) -> bool {
    let is_cut = || ticket.chars().count() >= SUBJECT_CHARS_MAX;
    subject::is_same(answer, ticket) || is_cut() && subject::begins_as(answer, ticket)
}

struct New {
    reason: &'static str,
    linked: Option<TicketId>,
    note: Option<String>,
}

fn open(mail: &ParsedMail, facts: &Facts, new: New) -> Decision {
    let (address, department) = match &facts.route {
        Route::Known { address, department } => (Some(*address), *department),
        Route::Unknown { default_address, fallback, .. } => (*default_address, *fallback),
    };
    let Some(department) = department else {
        return Decision::Quarantine { reason: "no department" };
    };
    Decision::Open(Open {
        reason: new.reason,
        department,
        address,
        requester: Requester::Sender,
        effect: effect(facts),
        linked: new.linked,
        notes: new.note.into_iter().collect(),
    })
    .with_forward(mail, facts)
}

impl Decision {
    /// A customer's mail forwarded by staff belongs to the customer, where the staff member is
    /// proven to have sent it; else staff are told whose it was.
    fn with_forward(self, mail: &ParsedMail, facts: &Facts) -> Self {
        let (Self::Open(mut open), Some(forwarded), Some(_), Route::Known { .. }) =
            (self.clone(), &mail.forwarded, facts.staff, &facts.route)
        else {
            return self;
        };
        // What we wrote ourselves is nobody's question.
        if facts.forwards_ours {
            return self;
        }
        let Some(original) =
            forwarded.from.clone().filter(|from| Some(&from.address) != mail.from.as_ref().map(|f| &f.address))
        else {
            return self;
        };
        match facts.authentication {
            Authentication::Pass => {
                open.reason = "forwarded by staff";
                open.requester = Requester::Original(original);
            }
            Authentication::NotAsked | Authentication::Fail => {
                let person = if original.name.is_empty() {
                    original.address.to_string()
                } else {
                    format!("{} <{}>", original.name, original.address)
                };
                open.notes.push(format!(
                    "Forwarded mail of {person}. The forwarder could not be verified, so the ticket is his; \
                     `maildesk admin ticket requester` gives it to the original sender."
                ));
            }
        }
        Self::Open(open)
    }
}
