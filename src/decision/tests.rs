//! `decide` by tables: a row for each sentence of the rules. A row names the rule, gives the mail and what of the
//! facts and the policy differs from an ordinary customer's mail to a desk with shipped settings, and says in words
//! what becomes of it.

mod any_facts;
mod origin;
mod people;
mod recipient;
mod ticket;

use std::collections::BTreeSet;

use super::*;
use crate::mail::Limits;
use crate::mail::origin::{LoopMark, NamesOurs, Seen, origin_of};

/// One rule at work.
struct Row {
    /// The rule, in words.
    rule: &'static str,
    /// The header of the mail, or all of it.
    mail: &'static str,
    /// What differs from [`usual_facts`].
    facts: fn(&mut Facts),
    /// What differs from [`SHIPPED`].
    policy: fn(&mut Policy),
    /// The decision in the words of [`in_words`].
    expected: &'static str,
}

/// A customer's mail about a printer, with nothing special about it.
const USUAL: Row =
    Row { rule: "", mail: "From: Ann <ann@client.test>", facts: |_| {}, policy: |_| {}, expected: "open (new)" };

/// The policy of a desk with the default settings.
const SHIPPED: Policy = Policy {
    unknown_recipient: UnknownRecipient::Default,
    stranger_reply: StrangerReply::New,
    refuses_banned: false,
    refuses_oversize: false,
    reopen_s: 30 * Timestamp::DAY_S,
    mails_per_hour: 60,
    forwards_to_sender: true,
};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// The staff member Sam.
const SAM: StaffId = StaffId::new(7);

/// The mail of a row; a subject and a text are added where it has none.
fn parsed(fields_and_text: &str) -> ParsedMail {
    let mut text = fields_and_text.to_owned();
    if !text.lines().any(|line| line.starts_with("Subject:")) {
        text = format!("Subject: Re: Printer on fire\n{text}");
    }
    if !text.contains("\n\n") {
        text.push_str("\n\nIt burns.\n");
    }
    ParsedMail::parse(text.as_bytes(), &Limits::default()).expect("the mails of the tables can be read")
}

/// The facts about a customer's mail to a desk that does not know the customer yet.
fn usual_facts(mail: &ParsedMail) -> Facts {
    Facts {
        route: Route::Known { address: AddressId::new(1), department: Some(DepartmentId::new(1)) },
        origin: origin_of(mail, &Seen { envelope: None, loop_mark: LoopMark::NotOurs, names_ours: NamesOurs::No }),
        is_oversize: false,
        is_refusable: true,
        bounced: None,
        is_fed: false,
        is_banned: false,
        is_from_us: false,
        mails_last_hour: Some(0),
        staff: None,
        authentication: Authentication::NotAsked,
        token: None,
        named: Vec::new(),
        forwards_ours: false,
        now: NOW,
    }
}

/// Ticket 12, open, "Printer on fire".
fn ticket() -> TicketFact {
    TicketFact {
        id: TicketId::new(12),
        department: DepartmentId::new(1),
        subject: "Printer on fire".to_owned(),
        status: Status::Open,
        closed_at: Timestamp::default(),
    }
}

/// Ticket 12, closed that many seconds ago.
fn closed_for(seconds: i64) -> TicketFact {
    TicketFact { status: Status::Closed, closed_at: NOW.plus_s(-seconds), ..ticket() }
}

/// Ticket 12 under another subject.
fn about(subject: &str) -> TicketFact {
    TicketFact { subject: subject.to_owned(), ..ticket() }
}

/// Ticket 13, open, about something else.
fn other_ticket() -> TicketFact {
    TicketFact { id: TicketId::new(13), subject: "Invoice 7".to_owned(), ..ticket() }
}

/// The token of the ticket's customer, who writes.
fn customers_token(ticket: TicketFact) -> Option<TokenFact> {
    Some(TokenFact { ticket, is_senders_own: true, is_customers: true, is_from_customer: true })
}

/// The same token in another person's mail.
fn customers_token_of_another_sender(ticket: TicketFact) -> Option<TokenFact> {
    Some(TokenFact { ticket, is_senders_own: false, is_customers: true, is_from_customer: false })
}

/// The token of a participant or of staff, who writes.
fn senders_token(ticket: TicketFact) -> Option<TokenFact> {
    Some(TokenFact { ticket, is_senders_own: true, is_customers: false, is_from_customer: false })
}

/// A ticket named by a Message-ID, of a sender who takes part in it.
fn in_thread(ticket: TicketFact) -> Vec<NamedFact> {
    vec![NamedFact { ticket, by: NamedBy::ThreadId, takes_part: true }]
}

/// A ticket named by its tag, of a sender who takes part in it.
fn by_tag(ticket: TicketFact) -> Vec<NamedFact> {
    vec![NamedFact { ticket, by: NamedBy::SubjectTag, takes_part: true }]
}

/// The same ticket named by a stranger.
fn of_stranger(named: Vec<NamedFact>) -> Vec<NamedFact> {
    named.into_iter().map(|named| NamedFact { takes_part: false, ..named }).collect()
}

/// A decision as one sentence. The usual department and address go without saying, as does a message that counts
/// in full, in the sender's own name.
fn in_words(decision: &Decision) -> String {
    match decision {
        Decision::Open(open) => open_in_words(open),
        Decision::Append(append) => {
            let mut words = format!("append to #{} ({})", append.ticket, append.reason.text());
            if let Role::Staff(staff) = append.role {
                words.push_str(&format!(", as staff {staff}"));
            }
            words.push_str(effect_in_words(append.handling));
            if append.takes_reply_to {
                words.push_str(", write to its Reply-To");
            }
            words + &notes_in_words(&append.notes)
        }
        Decision::Drop { reason } => format!("drop ({})", reason.text()),
        Decision::Bounce { outbox, ticket: None } => format!("bounce of mail {outbox}"),
        Decision::Bounce { outbox, ticket: Some(ticket) } => format!("bounce of mail {outbox} in #{ticket}"),
        Decision::Quarantine { reason } => format!("quarantine ({})", reason.text()),
        Decision::Refuse(Refusal::UnknownRecipient(recipient)) => format!("refuse (unknown recipient {recipient})"),
        Decision::Refuse(Refusal::Banned) => "refuse (banned)".to_owned(),
        Decision::Refuse(Refusal::TooLarge) => "refuse (too large)".to_owned(),
    }
}

fn open_in_words(open: &Open) -> String {
    let mut words = format!("open ({})", open.reason.text());
    if open.department != DepartmentId::new(1) {
        words.push_str(&format!(", department {}", open.department));
    }
    match open.address {
        Some(address) if address == AddressId::new(1) => {}
        Some(address) => words.push_str(&format!(", address {address}")),
        None => words.push_str(", no address"),
    }
    if let Requester::Original(original) = &open.requester {
        words.push_str(&format!(", for {} <{}>", original.name, original.address));
    }
    words.push_str(effect_in_words(open.handling));
    if let Some(linked) = open.linked {
        words.push_str(&format!(", linked with #{linked}"));
    }
    words + &notes_in_words(&open.notes)
}

fn effect_in_words(handling: Handling) -> &'static str {
    match handling {
        Handling::Full => "",
        Handling::Unanswered => ", unanswered",
        Handling::Silent => ", silently",
    }
}

fn notes_in_words(notes: &[String]) -> String {
    notes.iter().map(|note| format!(", note: {note}")).collect()
}

fn decision_of(row: &Row) -> String {
    let mail = parsed(row.mail);
    let (mut facts, mut policy) = (usual_facts(&mail), SHIPPED);
    (row.facts)(&mut facts);
    (row.policy)(&mut policy);
    in_words(&decide(&mail, &facts, &policy))
}

/// Checks every row and names all that do not hold.
fn hold(rows: &[Row]) {
    let wrong: Vec<String> = rows
        .iter()
        .map(|row| (row, decision_of(row)))
        .filter(|(row, decision)| row.expected != decision)
        .map(|(row, decision)| format!("{}\n  expected: {}\n  decided:  {decision}", row.rule, row.expected))
        .collect();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn each_rule_stands_in_the_tables_once() {
    let tables = [recipient::TABLES, origin::TABLES, ticket::TABLES, people::TABLES].concat();
    let rules: Vec<&str> = tables.into_iter().flatten().map(|row| row.rule).collect();
    assert!(rules.len() >= 80, "{} rows", rules.len());
    let mut seen = BTreeSet::new();
    let twice: Vec<_> = rules.iter().filter(|rule| rule.is_empty() || !seen.insert(**rule)).collect();
    assert!(twice.is_empty(), "{twice:?}");
}
