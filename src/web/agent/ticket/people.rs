//! Beside the conversation: the customer, their other tickets, who takes part, and what happened.

use crate::desk::custom_fields;
use crate::domain::{EventKind, TicketId, Timestamp};
use crate::store::ReadTx;
use crate::store::event::Event;
use crate::store::staff::Staff;
use crate::store::ticket::{Ticket, TicketQuery};
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::customer::fields::{self, Field};
use crate::web::writers::name_of;

/// Other tickets of the customer that are shown.
const OTHERS_MAX: usize = 10;

/// Tickets looked through for them: some may be of departments that are not shown to everybody.
const OTHERS_LOOKED_AT_MAX: usize = 40;

/// Newest events shown.
const EVENTS_MAX: usize = 100;

/// What stands beside the conversation.
pub(crate) struct Beside {
    pub(super) customer: String,
    pub(super) email: String,
    pub(super) reply_to: String,
    pub(super) mobile: String,
    pub(super) participants: Vec<String>,
    pub(super) others: Vec<Other>,
    pub(super) linked: Vec<TicketId>,
    /// What the department asks, to be changed.
    pub(super) asked: Vec<Field>,
    /// What the ticket has besides.
    pub(super) fields: Vec<(String, String)>,
    pub(super) events: Vec<Happening>,
    /// What the customer thinks of how it was handled: `good` or `bad`, and their words.
    pub(super) verdict: Option<(&'static str, String)>,
}

/// Another ticket of the customer.
pub(crate) struct Other {
    pub(super) id: TicketId,
    pub(super) subject: String,
    pub(super) status: &'static str,
}

/// Something that happened.
pub(crate) struct Happening {
    pub(super) at: Timestamp,
    pub(super) who: String,
    pub(super) text: String,
    pub(super) door: String,
}

/// What stands beside the conversation of a ticket.
pub(super) fn beside(tx: &ReadTx<'_>, call: &Call<'_>, ticket: &Ticket, staff: &[Staff]) -> Result<Beside, Refusal> {
    let customer = tx.customer(ticket.customer)?.ok_or(Refusal::NotFound)?;
    let viewer = call.viewer()?;
    let of_customer = TicketQuery { customer: Some(customer.id), max: OTHERS_LOOKED_AT_MAX, ..TicketQuery::default() };
    let others = tx.tickets_found(&of_customer)?.into_iter();
    let others = others
        .filter(|line| line.id != ticket.id && viewer.sees(line.department))
        .take(OTHERS_MAX)
        .map(|line| Other { id: line.id, subject: line.subject, status: line.status.word() });
    let (stored, _, _) = tx.ticket_form(ticket.id)?;
    let (asked, fields) = fields::of_ticket(tx, ticket.department, custom_fields(&stored))?;
    let participants = tx.participants(ticket.id)?;
    let shown = |(email, name): (String, String)| if name.is_empty() { email } else { format!("{name} <{email}>") };
    let mut linked = Vec::new();
    for id in tx.linked_tickets(ticket.id)? {
        if tx.ticket(id)?.is_some_and(|other| viewer.sees(other.department)) {
            linked.push(id);
        }
    }
    let verdict = tx.satisfaction(ticket.id)?.and_then(|asked| {
        let word = if asked.is_good? { "good" } else { "bad" };
        Some((word, asked.comment))
    });
    let mut events = tx.events_of_ticket(ticket.id)?;
    events.reverse();
    events.truncate(EVENTS_MAX);
    Ok(Beside {
        customer: name_of(&customer.fullname, &customer.email),
        email: customer.email,
        reply_to: ticket.reply_to.clone(),
        mobile: [customer.country_code, customer.mobile].join(" ").trim().to_owned(),
        participants: participants.into_iter().map(shown).collect(),
        others: others.collect(),
        linked,
        asked,
        fields,
        events: events.into_iter().map(|event| happening(call, event, staff)).collect(),
        verdict,
    })
}

/// What happened to a ticket, in words: the event's detail is for programs.
pub(crate) fn in_words(call: &Call<'_>, event: &Event, staff: &[Staff]) -> String {
    let Some(kind) = EventKind::from_word(&event.kind) else { return event.kind.clone() };
    let (language, detail) = (call.language, event.detail.as_str());
    let detail = match kind {
        EventKind::Rated => language.word("verdict", if detail == "good" { "good" } else { "bad" }),
        EventKind::Status if !detail.is_empty() => language.word("status", detail),
        EventKind::Assigned | EventKind::Mentioned => {
            let named = staff.iter().find(|member| member.username == detail).map(|member| member.fullname.clone());
            let otherwise = || if detail.is_empty() { language.t("nobody") } else { detail.to_owned() };
            named.unwrap_or_else(otherwise)
        }
        EventKind::Snoozed => {
            let until = detail.parse().ok().map(Timestamp::from_unix);
            until.map_or_else(|| detail.to_owned(), |until| call.clock.time(until).full)
        }
        EventKind::Merged | EventKind::Parted | EventKind::Split => match detail.split_once(' ') {
            Some((way @ ("into" | "from" | "of"), other)) => language.word_with("way", way, "ticket", other),
            _ => detail.to_owned(),
        },
        _ => detail.to_owned(),
    };
    language.word_with("event", kind.word(), "detail", &detail)
}

fn happening(call: &Call<'_>, event: Event, staff: &[Staff]) -> Happening {
    let text = in_words(call, &event, staff);
    let who =
        if event.actor_name.is_empty() { call.language.word("actor", event.actor.word()) } else { event.actor_name };
    Happening { at: event.at, who, text, door: call.language.word("door", &event.door) }
}
