//! Queueing deliveries: in the transaction of the change, when everything in it is written, so that what a receiver is
//! told has happened, and what has happened is told.

use serde::Serialize;

use crate::domain::{EventKind, MessageId, Timestamp, WebhookId};
use crate::store::event::Happened;
use crate::store::message::MessageLine;
use crate::store::shape::{Digits, MessageShape, TicketShape};
use crate::store::ticket::TicketLine;
use crate::store::{ReadTx, Result, WriteTx};

/// What a receiver gets.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: String,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    event: EventShape<'a>,
    /// None: it is gone.
    ticket: Option<TicketShape<'a>>,
    message: Option<MessageShape>,
}

#[derive(Serialize)]
struct EventShape<'a> {
    id: Digits,
    ticket_id: Digits,
    date: Digits,
    actor: &'static str,
    actor_id: Digits,
    kind: &'static str,
    detail: &'a str,
    door: &'static str,
    internal: bool,
}

fn body(event: &Happened, ticket: Option<&TicketLine>, message: Option<MessageLine>) -> String {
    let body = Body {
        kind: format!("ticket.{}", event.kind),
        timestamp: written(event.at),
        data: Data {
            event: EventShape {
                id: Digits(event.id),
                ticket_id: Digits(event.ticket.get()),
                date: event.at.into(),
                actor: event.actor.word(),
                actor_id: Digits(event.actor.to_row().1),
                kind: event.kind.word(),
                detail: &event.detail,
                door: event.door.word(),
                internal: is_internal(event.kind),
            },
            ticket: ticket.map(TicketShape::from),
            message: message.map(MessageShape::from),
        },
    };
    // Maps with keys that are no strings are the one thing serde_json cannot print; there are none.
    serde_json::to_string(&body).unwrap_or_default()
}

/// As the specification asks for it (ISO 8601).
fn written(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.unix()).unwrap_or_default().to_string()
}

/// Whether the message of such an event is for staff alone.
const fn is_internal(kind: EventKind) -> bool {
    matches!(kind, EventKind::Noted | EventKind::Bounced | EventKind::Undelivered)
}

impl ReadTx<'_> {
    /// The webhooks that are told something, and of what.
    fn listeners(&self) -> Result<Vec<(WebhookId, String)>> {
        self.all("SELECT id, kinds FROM webhook WHERE is_active = 1 ORDER BY id", [], |row| {
            Ok((WebhookId::new(row.get(0)?), row.get(1)?))
        })
    }

    fn message_line(&self, id: MessageId) -> Result<Option<MessageLine>> {
        Ok(self.message_text(id)?.map(|found| MessageLine {
            id,
            created_at: Timestamp::default(),
            author: found.author,
            body: found.body,
            is_html: found.is_html,
        }))
    }
}

fn is_told(kinds: &str, kind: EventKind) -> bool {
    kinds.split_ascii_whitespace().any(|word| word == "*" || word == kind.word())
}

impl WriteTx<'_> {
    /// Queues what the webhooks are told of this transaction.
    pub(in crate::store) fn queue_deliveries(&self) -> Result<()> {
        let events = self.told.take();
        if events.is_empty() {
            return Ok(());
        }
        let listeners = self.listeners()?;
        for event in &events {
            let told: Vec<WebhookId> =
                listeners.iter().filter(|(_, kinds)| is_told(kinds, event.kind)).map(|(id, _)| *id).collect();
            if !told.is_empty() {
                self.queue_event(event, &told)?;
            }
        }
        Ok(())
    }

    fn queue_event(&self, event: &Happened, told: &[WebhookId]) -> Result<()> {
        let ticket = self.ticket_line(event.ticket)?;
        let message = event.message.map(|id| self.message_line(id)).transpose()?.flatten();
        let message = message.map(|line| MessageLine { created_at: event.at, ..line });
        let body = body(event, ticket.as_ref(), message);
        for webhook in told {
            self.insert(
                "INSERT INTO webhook_delivery (webhook_id, event_id, ticket_id, kind, body, state, created_at, \
                 next_attempt_at) VALUES ($1, $2, $3, $4, $5, 'pending', $6, $6)",
                (webhook.get(), event.id, event.ticket.get(), event.kind.word(), &body, event.at.unix()),
            )?;
        }
        Ok(())
    }
}
