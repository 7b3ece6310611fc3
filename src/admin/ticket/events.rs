//! The history of one ticket: what happened, who did it, and how it came in.

use serde_json::{Value, json};

use crate::admin::{Context, missing, output};
use crate::domain::TicketId;
use crate::outcome::{self, Failure};
use crate::store::event::Event;

pub(in crate::admin) fn json(event: &Event) -> Value {
    let (_, actor_id) = event.actor.to_row();
    json!({
        "id": event.id, "ticket_id": event.ticket.get(), "at": event.at.unix(), "actor": event.actor.word(),
        "actor_id": actor_id, "actor_name": event.actor_name, "kind": event.kind, "detail": event.detail,
        "door": event.door, "ip": event.ip,
    })
}

/// Prints the history, oldest first; that of a removed ticket too.
pub(super) fn list(context: &Context, id: TicketId) -> outcome::Result<()> {
    let (events, is_known) =
        context.store.read(|tx| Ok::<_, Failure>((tx.events_of_ticket(id)?, tx.ticket(id)?.is_some())))?;
    if events.is_empty() && !is_known {
        return missing("ticket", id);
    }
    let rows = events.iter().map(|event| {
        let who = if event.actor_name.is_empty() { event.actor.word() } else { &event.actor_name };
        vec![output::time(event.at), who.to_owned(), event.kind.clone(), event.detail.clone(), event.door.clone()]
    });
    context.output.list(
        events.iter().map(json).collect(),
        &["when", "who", "what", "detail", "door"],
        rows.collect(),
    )?;
    Ok(())
}
