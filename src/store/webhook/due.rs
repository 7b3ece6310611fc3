//! Deliveries that are due: handed to one sender at a time, in the order of each ticket, and what became of them.

use crate::domain::{DeliveryId, Timestamp, WebhookId};
use crate::store::{ReadTx, Result, WriteTx};

/// A delivery that one sender has for itself until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedDelivery {
    /// Id.
    pub id: DeliveryId,
    /// Its webhook.
    pub webhook: WebhookId,
    /// Where it goes.
    pub url: String,
    /// The key of its signature.
    pub secret: String,
    /// The JSON.
    pub body: String,
    /// When it was queued.
    pub created_at: Timestamp,
    /// Tries, this one included.
    pub attempts: i64,
    /// The end of the lease, which also identifies it.
    pub leased_until: Timestamp,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The receiver took it: its status.
    Sent(u16),
    /// Not now: the next try, the receiver's status (0: no answer), and why.
    Later(Timestamp, u16, String),
    /// Never: the receiver's status and why. Later deliveries of the ticket go on.
    Failed(u16, String),
    /// Nothing was tried: it is due as before, and no try is counted.
    Untried,
}

impl ReadTx<'_> {
    /// Whether any delivery is due but for these webhooks; of one that is switched off or paused none is.
    pub fn is_delivery_due(&self, busy: &[WebhookId], now: Timestamp) -> Result<bool> {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM webhook_delivery AS due JOIN webhook ON webhook.id = due.webhook_id \
             WHERE due.state = 'pending' AND due.next_attempt_at <= $1 AND due.leased_until <= $1 \
             AND webhook.is_active = 1 AND webhook.paused_at = 0{})",
            but_for(busy)
        );
        Ok(self.number(&sql, [now.unix()])? > 0)
    }
}

/// The condition that leaves out deliveries of some webhooks. Ids are numbers: nothing has to be quoted.
fn but_for(busy: &[WebhookId]) -> String {
    if busy.is_empty() {
        return String::new();
    }
    let ids: Vec<String> = busy.iter().map(ToString::to_string).collect();
    format!(" AND due.webhook_id NOT IN ({})", ids.join(", "))
}

impl WriteTx<'_> {
    /// Claims due deliveries but for these webhooks, at most `max`: of each webhook and ticket only the oldest that waits,
    /// so that a receiver is told in order.
    pub fn claim_deliveries(
        &self,
        busy: &[WebhookId],
        max: usize,
        lease_end: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<ClaimedDelivery>> {
        let sql = format!(
            "SELECT due.id, due.webhook_id, webhook.url, webhook.secret, due.body, due.created_at, due.attempts \
             FROM webhook_delivery AS due JOIN webhook ON webhook.id = due.webhook_id \
             WHERE due.state = 'pending' AND due.next_attempt_at <= $1 AND due.leased_until <= $1 \
             AND webhook.is_active = 1 AND webhook.paused_at = 0 \
             AND NOT EXISTS (SELECT 1 FROM webhook_delivery AS older WHERE older.webhook_id = due.webhook_id \
             AND older.ticket_id = due.ticket_id AND older.id < due.id AND older.state = 'pending'){} \
             ORDER BY due.next_attempt_at, due.id LIMIT $2",
            but_for(busy)
        );
        let claimed = self.all(&sql, (now.unix(), i64::try_from(max).unwrap_or(i64::MAX)), |row| {
            Ok(ClaimedDelivery {
                id: DeliveryId::new(row.get(0)?),
                webhook: WebhookId::new(row.get(1)?),
                url: row.get(2)?,
                secret: row.get(3)?,
                body: row.get(4)?,
                created_at: Timestamp::from_unix(row.get(5)?),
                attempts: row.get::<i64>(6)? + 1,
                leased_until: lease_end,
            })
        })?;
        for delivery in &claimed {
            self.run(
                "UPDATE webhook_delivery SET attempts = $1, leased_until = $2 WHERE id = $3",
                (delivery.attempts, lease_end.unix(), delivery.id.get()),
            )?;
        }
        Ok(claimed)
    }

    /// Records what became of a try and ends the lease; says whether the lease was still valid. A webhook whose
    /// deliveries have all failed for `pause_after_s` is paused.
    pub fn settle_delivery(
        &self,
        delivery: &ClaimedDelivery,
        told: &Told,
        pause_after_s: i64,
        now: Timestamp,
    ) -> Result<bool> {
        let (id, lease) = (delivery.id.get(), delivery.leased_until.unix());
        let changed = match told {
            Told::Sent(status) => self.run(
                "UPDATE webhook_delivery SET state = 'sent', sent_at = $1, http_status = $2, leased_until = 0, \
                 last_error = '' WHERE id = $3 AND state = 'pending' AND leased_until = $4",
                (now.unix(), i64::from(*status), id, lease),
            )?,
            Told::Later(next, status, why) => self.run(
                "UPDATE webhook_delivery SET next_attempt_at = $1, http_status = $2, last_error = $3, leased_until = 0 \
                 WHERE id = $4 AND state = 'pending' AND leased_until = $5",
                (next.unix(), i64::from(*status), why, id, lease),
            )?,
            Told::Failed(status, why) => self.run(
                "UPDATE webhook_delivery SET state = 'failed', http_status = $1, last_error = $2, leased_until = 0 \
                 WHERE id = $3 AND state = 'pending' AND leased_until = $4",
                (i64::from(*status), why, id, lease),
            )?,
            Told::Untried => self.run(
                "UPDATE webhook_delivery SET attempts = attempts - 1, leased_until = 0 \
                 WHERE id = $1 AND state = 'pending' AND leased_until = $2",
                (id, lease),
            )?,
        };
        if changed == 0 {
            return Ok(false);
        }
        match told {
            Told::Untried => {}
            Told::Sent(_) => {
                self.run(
                    "UPDATE webhook SET failing_since = 0 WHERE id = $1 AND failing_since > 0",
                    [delivery.webhook.get()],
                )?;
            }
            Told::Later(..) | Told::Failed(..) => {
                self.run(
                    "UPDATE webhook SET failing_since = $1 WHERE id = $2 AND failing_since = 0",
                    (now.unix(), delivery.webhook.get()),
                )?;
                self.run(
                    "UPDATE webhook SET paused_at = $1 WHERE failing_since <= $2 AND id = $3 AND paused_at = 0",
                    (now.unix(), now.plus_s(-pause_after_s).unix(), delivery.webhook.get()),
                )?;
            }
        }
        Ok(true)
    }

    /// Lets nothing wait longer than until `latest`, the longest that a rule allows: it was queued while the clock was ahead.
    pub fn cut_delivery_waits(&self, latest: Timestamp) -> Result<()> {
        self.run(
            "UPDATE webhook_delivery SET next_attempt_at = $1 WHERE state = 'pending' AND next_attempt_at > $1",
            [latest.unix()],
        )?;
        Ok(())
    }

    /// Lets everything that waits for a webhook wait until then: its receiver does not answer.
    pub fn put_off_deliveries(&self, webhook: WebhookId, until: Timestamp) -> Result<()> {
        self.run(
            "UPDATE webhook_delivery SET next_attempt_at = $1 \
             WHERE next_attempt_at < $1 AND webhook_id = $2 AND state = 'pending'",
            (until.unix(), webhook.get()),
        )?;
        Ok(())
    }
}
