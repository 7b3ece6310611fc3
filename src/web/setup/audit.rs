//! Every change: of tickets and of the set-up, by whom, and by which door.

use std::collections::HashMap;

use super::Noun;
use super::field::{Row, Table};
use crate::store::ReadTx;
use crate::store::event::Event;
use crate::store::staff::Staff;
use crate::web::agent::in_words;
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// Lines of a page.
const PAGE: usize = 100;

/// Changes looked at for a page of somebody who does not see all. Chosen: some 20 ms; "Older" goes on from there.
const LOOKED_AT: usize = 1000;

const NOUN: Noun = Noun::Audit;

/// What happened, in words.
fn what(call: &Call<'_>, event: &Event, staff: &[Staff]) -> String {
    if event.ticket.get() == 0 {
        return call.language.word_with("set-up", &event.kind, "detail", event.detail.as_str());
    }
    in_words(call, event, staff)
}

/// A page of changes that this person may see, and the event that the next page begins below. Of tickets they are those
/// of their departments: the subjects and people of others stand in them.
fn page(tx: &ReadTx<'_>, call: &Call<'_>, before: i64) -> Result<(Vec<Event>, Option<i64>), Refusal> {
    let viewer = call.viewer()?;
    if viewer.sees_all {
        let events = tx.events_before(before, PAGE)?;
        let end = events.last().filter(|_| events.len() == PAGE).map(|last| last.id);
        return Ok((events, end));
    }
    let looked_at = tx.events_before(before, LOOKED_AT)?;
    let mut end = looked_at.last().filter(|_| looked_at.len() == LOOKED_AT).map(|last| last.id);
    let (mut known, mut shown) = (HashMap::new(), Vec::new());
    for event in looked_at {
        let ticket = event.ticket;
        let is_seen = match known.get(&ticket) {
            Some(is_seen) => *is_seen,
            None => ticket.get() == 0 || tx.ticket(ticket)?.is_some_and(|ticket| viewer.sees(ticket.department)),
        };
        known.insert(ticket, is_seen);
        if is_seen {
            shown.push(event);
        }
        if let (PAGE, Some(last)) = (shown.len(), shown.last()) {
            end = Some(last.id);
            break;
        }
    }
    Ok((shown, end))
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let before = call.query.number("before").unwrap_or(0);
    let ((events, end), staff) = call.read(|tx| Ok((page(tx, call, before)?, tx.all_staff()?)))?;
    let older = end.map_or_else(String::new, |end| format!("{}?before={end}", NOUN.path()));
    let row = |event: Event| {
        let text = what(call, &event, &staff);
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
