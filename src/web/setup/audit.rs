//! Every change: of tickets and of the set-up, by whom, and by which door.

use super::Noun;
use super::field::{Row, Table};
use crate::domain::EventKind;
use crate::store::event::Event;
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// Lines of a page.
const PAGE: usize = 100;

const NOUN: Noun = Noun::Audit;

/// What happened, in words.
fn what(call: &Call<'_>, event: &Event) -> String {
    if event.ticket.get() == 0 {
        return call.language.word_with("set-up", &event.kind, "detail", event.detail.as_str());
    }
    match EventKind::from_word(&event.kind) {
        Some(kind) => call.language.word_with("event", kind.word(), "detail", event.detail.as_str()),
        None => event.kind.clone(),
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let before = call.query.number("before").unwrap_or(0);
    let events = call.read(|tx| Ok(tx.events_before(before, PAGE)?))?;
    let older = match events.last() {
        Some(last) if events.len() == PAGE => format!("{}?before={}", NOUN.path(), last.id),
        _ => String::new(),
    };
    let row = |event: Event| {
        let text = what(call, &event);
        let who = if event.actor_name.is_empty() {
            call.language.word("actor", event.actor.word())
        } else {
            event.actor_name
        };
        let ticket = if event.ticket.get() > 0 { format!("#{}", event.ticket) } else { String::new() };
        let door = call.language.word("door", &event.door);
        let from = if event.ip.is_empty() { door } else { format!("{door}, {}", event.ip) };
        Row {
            key: event.id.to_string(),
            cells: vec![event.id.to_string(), String::new(), who, ticket, text, from],
            times: vec![(1, event.at)],
            ..Row::default()
        }
    };
    let head = ["f-number", "f-when", "f-who", "f-ticket", "f-what", "f-door"];
    Ok(Table {
        title: NOUN.title(call),
        about: call.language.t("about-audit"),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows: events.into_iter().map(row).collect(),
        older,
        ..Table::default()
    })
}
