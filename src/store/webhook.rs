//! Webhooks: URLs that are notified of what happens to tickets. Their rows and log here; `queue` writes deliveries in the
//! transaction of the change, `due` hands them to a sender and records what became of them.

mod due;
mod queue;

pub(crate) use due::{ClaimedDelivery, Told};

use super::{ReadTx, Result, WriteTx};
use crate::domain::{DeliveryId, SetUpChange, TicketId, Timestamp, WebhookId};
use crate::store::columns::id_or_none;
use crate::store::engine::Row;

/// A webhook's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Id.
    pub id: WebhookId,
    /// What people call it.
    pub name: String,
    /// Where its deliveries go.
    pub url: String,
    /// The key of its signatures, as the receiver has it.
    pub secret: String,
    /// Kinds of events, with spaces between them; `*` for all.
    pub kinds: String,
    /// Whether it is told anything.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub last_update_at: Timestamp,
    /// Since when every delivery fails; 0: the last one worked.
    pub failing_since: Timestamp,
    /// When it was stopped after failing for long; 0: it is not.
    pub paused_at: Timestamp,
}

/// What it takes to make a webhook.
#[derive(Clone, Copy, Debug)]
pub struct NewWebhook<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Where its deliveries go.
    pub url: &'a str,
    /// The key of its signatures.
    pub secret: &'a str,
    /// See [`Webhook::kinds`].
    pub kinds: &'a str,
}

/// What changes about a webhook; `None` leaves as is.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebhookChange<'a> {
    /// What people call it.
    pub name: Option<&'a str>,
    /// Where its deliveries go.
    pub url: Option<&'a str>,
    /// The key of its signatures.
    pub secret: Option<&'a str>,
    /// See [`Webhook::kinds`].
    pub kinds: Option<&'a str>,
    /// Whether it is told anything; `true` also ends a pause.
    pub is_active: Option<bool>,
}

/// A line of a webhook's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Id.
    pub id: DeliveryId,
    /// Its webhook.
    pub webhook: WebhookId,
    /// The event it tells of.
    pub event: i64,
    /// The event's ticket.
    pub ticket: Option<TicketId>,
    /// What happened.
    pub kind: String,
    /// The JSON that is sent.
    pub body: String,
    /// `pending`, `sent`, `failed` or `dropped`.
    pub state: String,
    /// When it was queued.
    pub created_at: Timestamp,
    /// Tries so far.
    pub attempts: i64,
    /// When it is tried next.
    pub next_attempt_at: Timestamp,
    /// When the receiver took it; 0: not yet.
    pub sent_at: Timestamp,
    /// The receiver's answer to the last try; 0: none.
    pub http_status: i64,
    /// Why the last try failed.
    pub last_error: String,
}

const WEBHOOK: &str =
    "id, name, url, secret, kinds, is_active, created_at, last_update_at, failing_since, paused_at FROM webhook";

fn webhook(row: &Row<'_>) -> Result<Webhook> {
    Ok(Webhook {
        id: WebhookId::new(row.get(0)?),
        name: row.get(1)?,
        url: row.get(2)?,
        secret: row.get(3)?,
        kinds: row.get(4)?,
        is_active: row.get(5)?,
        created_at: Timestamp::from_unix(row.get(6)?),
        last_update_at: Timestamp::from_unix(row.get(7)?),
        failing_since: Timestamp::from_unix(row.get(8)?),
        paused_at: Timestamp::from_unix(row.get(9)?),
    })
}

const DELIVERY: &str = "id, webhook_id, event_id, ticket_id, kind, body, state, created_at, attempts, \
     next_attempt_at, sent_at, http_status, last_error FROM webhook_delivery";

fn delivery(row: &Row<'_>) -> Result<Delivery> {
    Ok(Delivery {
        id: DeliveryId::new(row.get(0)?),
        webhook: WebhookId::new(row.get(1)?),
        event: row.get(2)?,
        ticket: id_or_none(row.get(3)?, TicketId::new),
        kind: row.get(4)?,
        body: row.get(5)?,
        state: row.get(6)?,
        created_at: Timestamp::from_unix(row.get(7)?),
        attempts: row.get(8)?,
        next_attempt_at: Timestamp::from_unix(row.get(9)?),
        sent_at: Timestamp::from_unix(row.get(10)?),
        http_status: row.get(11)?,
        last_error: row.get(12)?,
    })
}

impl ReadTx<'_> {
    /// Every webhook by id.
    pub fn webhooks(&self) -> Result<Vec<Webhook>> {
        self.all(&format!("SELECT {WEBHOOK} ORDER BY id"), [], webhook)
    }

    /// The webhook with that id.
    pub fn webhook(&self, id: WebhookId) -> Result<Option<Webhook>> {
        self.one(&format!("SELECT {WEBHOOK} WHERE id = $1"), [id.get()], webhook)
    }

    /// The deliveries of a webhook, newest first, at most `max`.
    pub fn deliveries(&self, id: WebhookId, max: usize) -> Result<Vec<Delivery>> {
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let sql = format!("SELECT {DELIVERY} WHERE webhook_id = $1 ORDER BY id DESC LIMIT $2");
        self.all(&sql, (id.get(), max), delivery)
    }

    /// One delivery.
    pub fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>> {
        self.one(&format!("SELECT {DELIVERY} WHERE id = $1"), [id.get()], delivery)
    }

    /// How many deliveries of a webhook wait.
    pub fn deliveries_pending(&self, id: WebhookId) -> Result<i64> {
        self.number("SELECT count(*) FROM webhook_delivery WHERE webhook_id = $1 AND state = 'pending'", [id.get()])
    }
}

/// Changes.
impl WriteTx<'_> {
    /// Makes a webhook.
    pub fn add_webhook(&self, new: &NewWebhook<'_>, now: Timestamp) -> Result<WebhookId> {
        let id = self.insert(
            "INSERT INTO webhook (name, url, secret, kinds, created_at, last_update_at) VALUES ($1, $2, $3, $4, $5, $5)",
            (new.name, new.url, new.secret, new.kinds, now.unix()),
        )?;
        self.note_set_up(SetUpChange::Added, &format!("webhook {id} {}", new.name))?;
        Ok(WebhookId::new(id))
    }

    /// Changes a webhook; says whether there is one. Switching it on ends its pause, and what waits is due at once.
    pub fn update_webhook(&self, id: WebhookId, change: &WebhookChange<'_>, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE webhook SET name = coalesce($1, name), url = coalesce($2, url), secret = coalesce($3, secret), \
             kinds = coalesce($4, kinds), is_active = coalesce($5, is_active), last_update_at = $6 WHERE id = $7",
            (change.name, change.url, change.secret, change.kinds, change.is_active, now.unix(), id.get()),
        )?;
        if change.is_active == Some(true) {
            self.run("UPDATE webhook SET failing_since = 0, paused_at = 0 WHERE id = $1", [id.get()])?;
            self.run(
                "UPDATE webhook_delivery SET next_attempt_at = $1 WHERE webhook_id = $2 AND state = 'pending'",
                (now.unix(), id.get()),
            )?;
        }
        if let Some(now) = self.webhook(id)? {
            self.note_set_up(SetUpChange::Changed, &format!("webhook {id} {}", now.name))?;
        }
        Ok(changed > 0)
    }

    /// Removes a webhook with its log; says whether there was one.
    pub fn remove_webhook(&self, id: WebhookId) -> Result<bool> {
        if let Some(gone) = self.webhook(id)? {
            self.note_set_up(SetUpChange::Removed, &format!("webhook {id} {}", gone.name))?;
        }
        Ok(self.run("DELETE FROM webhook WHERE id = $1", [id.get()])? > 0)
    }

    /// Makes a delivery due again, whatever became of it; says whether there is one.
    pub fn resend_delivery(&self, id: DeliveryId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE webhook_delivery SET state = 'pending', attempts = 0, next_attempt_at = $1 WHERE id = $2",
            (now.unix(), id.get()),
        )?;
        Ok(changed > 0)
    }

    /// Deletes deliveries, waiting or not; says how many.
    pub fn forget_deliveries(&self, old: &[i64]) -> Result<usize> {
        self.run_each("DELETE FROM webhook_delivery WHERE id = $1", old)
    }
}

impl ReadTx<'_> {
    /// Deliveries queued before `before`, at most `max`.
    pub fn old_deliveries(&self, before: Timestamp, max: usize) -> Result<Vec<i64>> {
        self.old_rows("SELECT id, created_at, state FROM webhook_delivery ORDER BY id", "", before, max)
    }
}
