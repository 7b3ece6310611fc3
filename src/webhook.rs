//! Telling webhooks what happened: claim what is due, hand it over, record what became of it.
//!
//! Signed as the Standard Webhooks specification says (`signature`), sent over connections to public addresses only
//! unless a setting allows others (`reach`). Deliveries of one ticket go out in their order; a receiver that hangs holds
//! up no other one.

mod deliver;
mod reach;
mod signature;

pub(crate) use deliver::{Failure, check_url};
pub(crate) use signature::new_secret;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::domain::one_line::on_one_line;
use crate::domain::{EventKind, Timestamp, WebhookId};
use crate::store::webhook::{ClaimedDelivery, Told, Webhook};
use crate::store::{self, Store};

/// Deliveries claimed at once. Chosen: few enough that the lease lasts for all of them at one slow receiver.
const BATCH_MAX: usize = 20;

/// How long one sender has its deliveries for itself: the patience with every one of a batch, and a minute.
const LEASE_S: i64 = 20 * 10 + 60;

/// Seconds until the next try after each failed one; together about a day. After the last one a delivery is given up.
const BACKOFF_S: [i64; 11] = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, WAIT_MAX_S, WAIT_MAX_S, WAIT_MAX_S];

/// The longest wait for a next try, in seconds.
pub(crate) const WAIT_MAX_S: i64 = 21_600;

/// A webhook whose deliveries have all failed for so long is paused.
const PAUSE_AFTER_S: i64 = Timestamp::DAY_S;

/// How often a sender that waits for a receiver looks for other deliveries.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Longest text of a failure kept, in characters.
const ERROR_CHARS_MAX: usize = 300;

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Deliveries that receivers took.
    pub sent: u64,
    /// Those that are tried again.
    pub deferred: u64,
    /// Those that were given up.
    pub failed: u64,
}

impl Report {
    const fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.deferred += other.deferred;
        self.failed += other.failed;
    }
}

/// Sends what is due, until nothing is; `is_over` ends it early. Each webhook has a thread of its own: a receiver that
/// hangs, or is slow, holds up no other.
///
/// # Errors
/// Those of the database.
pub(crate) fn send_due(
    store: &Store,
    clock: fn() -> Timestamp,
    is_over: &(dyn Fn() -> bool + Sync),
) -> Result<Report, store::Error> {
    // Most rounds find nothing: looking needs no write lock.
    if !store.read(|tx| tx.is_delivery_due(&[], clock().plus_s(store.clock_ahead_s())))? {
        return Ok(Report::default());
    }
    let may_be_private = store.read(|tx| tx.settings())?.webhook_private;
    let sender = Sender { store, clock, is_over, may_be_private };
    thread::scope(|scope| sender.run(scope))
}

/// What the threads share.
#[derive(Clone, Copy)]
struct Sender<'a> {
    store: &'a Store,
    clock: fn() -> Timestamp,
    is_over: &'a (dyn Fn() -> bool + Sync),
    may_be_private: bool,
}

impl<'a> Sender<'a> {
    /// By the clock that all hosts of the desk share.
    fn now(&self) -> Timestamp {
        (self.clock)().plus_s(self.store.clock_ahead_s())
    }

    fn run<'scope>(self, scope: &'scope thread::Scope<'scope, 'a>) -> Result<Report, store::Error>
    where
        'a: 'scope,
    {
        let (mut report, mut failed, mut busy) = (Report::default(), None, Vec::new());
        let (done, finished) = mpsc::channel();
        loop {
            let is_over = failed.is_some() || (self.is_over)();
            for deliveries in if is_over { Vec::new() } else { self.claim(&busy)? } {
                let Some(webhook) = deliveries.first().map(|delivery| delivery.webhook) else { continue };
                let done = done.clone();
                let work = move || {
                    let sent = catch_unwind(AssertUnwindSafe(|| self.send(&deliveries)));
                    // The loop waits for every thread it has started.
                    done.send((webhook, sent)).ok();
                };
                match thread::Builder::new().name("webhook".to_owned()).spawn_scoped(scope, work) {
                    Ok(_) => busy.push(webhook),
                    // Its claims end with the lease.
                    Err(error) => tracing::warn!(%error, "no thread for a webhook; tried again"),
                }
            }
            if busy.is_empty() {
                return failed.map_or(Ok(report), Err);
            }
            let Ok((webhook, sent)) = finished.recv_timeout(LOOK_EVERY) else { continue };
            busy.retain(|other| *other != webhook);
            match sent {
                Ok(Ok(sent)) => report.add(sent),
                Ok(Err(error)) => failed = Some(error),
                Err(_) => tracing::error!(webhook = webhook.get(), "an internal error ended the sending; tried again"),
            }
        }
    }

    /// Claims what is due, by webhook.
    fn claim(self, busy: &[WebhookId]) -> Result<Vec<Vec<ClaimedDelivery>>, store::Error> {
        let now = self.now();
        if !self.store.read(|tx| tx.is_delivery_due(busy, now))? {
            return Ok(Vec::new());
        }
        let claimed = self.store.write(|tx| tx.claim_deliveries(busy, BATCH_MAX, now.plus_s(LEASE_S), now))?;
        let mut by_webhook: BTreeMap<WebhookId, Vec<ClaimedDelivery>> = BTreeMap::new();
        for delivery in claimed {
            by_webhook.entry(delivery.webhook).or_default().push(delivery);
        }
        Ok(by_webhook.into_values().collect())
    }

    /// Sends the deliveries of one webhook. What became of one is recorded before the next is begun. After a receiver
    /// did not answer at all, everything that waits for it waits as long as that delivery.
    fn send(self, deliveries: &[ClaimedDelivery]) -> Result<Report, store::Error> {
        let (mut report, mut is_silent) = (Report::default(), false);
        for delivery in deliveries {
            if is_silent || (self.is_over)() {
                self.store.write(|tx| tx.settle_delivery(delivery, &Told::Untried, PAUSE_AFTER_S, self.now()))?;
                continue;
            }
            let sent = deliver::deliver(&delivery.into(), self.may_be_private, self.now());
            let now = self.now();
            is_silent = matches!(sent, Err(Failure::Unreachable(_)));
            let told = told(delivery.attempts, sent, now);
            match &told {
                Told::Sent(_) => report.sent += 1,
                Told::Later(..) => report.deferred += 1,
                Told::Failed(..) => report.failed += 1,
                Told::Untried => {}
            }
            self.store.write(|tx| {
                tx.settle_delivery(delivery, &told, PAUSE_AFTER_S, now)?;
                match &told {
                    Told::Later(next, ..) if is_silent => tx.put_off_deliveries(delivery.webhook, *next),
                    _ => Ok(()),
                }
            })?;
        }
        Ok(report)
    }
}

/// What a try means: taken, tried again, or given up.
fn told(attempts: i64, sent: Result<u16, Failure>, now: Timestamp) -> Told {
    let failure = match sent {
        Ok(status) => return Told::Sent(status),
        Err(failure) => failure,
    };
    let (status, why) = (failure.status(), shortened(&failure.to_string()));
    let tries = usize::try_from(attempts).unwrap_or(usize::MAX);
    match BACKOFF_S.get(tries.saturating_sub(1)) {
        Some(wait) => Told::Later(now.plus_s(*wait), status, why),
        None => Told::Failed(status, format!("given up after {tries} tries: {why}")),
    }
}

fn shortened(why: &str) -> String {
    on_one_line(why, ERROR_CHARS_MAX)
}

/// Sends a receiver a delivery that tells of nothing; gives its status.
///
/// # Errors
/// Why it was not taken.
pub(crate) fn test(webhook: &Webhook, may_be_private: bool, now: Timestamp) -> Result<u16, Failure> {
    let at = jiff::Timestamp::from_second(now.unix()).unwrap_or_default();
    let body = serde_json::json!({ "type": "test", "timestamp": at.to_string(), "data": {} }).to_string();
    let message = deliver::Message {
        id: format!("msg_test_{}_{}", webhook.id, now.unix()),
        url: &webhook.url,
        secret: &webhook.secret,
        body: &body,
    };
    deliver::deliver(&message, may_be_private, now)
}

/// The kinds a webhook may be told of, from words; the list as it is stored.
///
/// # Errors
/// The first word that is no kind.
pub(crate) fn kinds<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<String, String> {
    let mut found: Vec<&str> = Vec::new();
    for word in words.into_iter().map(str::trim).filter(|word| !word.is_empty()) {
        let word = match word {
            "*" => "*",
            // As people say it.
            "note" => EventKind::Noted.word(),
            "bounce" => EventKind::Bounced.word(),
            other => EventKind::from_word(other).map(EventKind::word).ok_or_else(|| other.to_owned())?,
        };
        if !found.contains(&word) {
            found.push(word);
        }
    }
    Ok(if found.contains(&"*") { "*".to_owned() } else { found.join(" ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    #[test]
    fn tries_grow_apart_and_end_after_about_a_day() {
        let wait = |attempts| match told(attempts, Err(Failure::Refused(500)), NOW) {
            Told::Later(next, 500, _) => next.unix() - NOW.unix(),
            other => panic!("{other:?}"),
        };
        let waits: Vec<i64> = (1..=11).map(wait).collect();
        assert_eq!(waits, BACKOFF_S);
        let together: i64 = waits.iter().sum();
        assert!((24 * 3600..30 * 3600).contains(&together), "{together}");
        assert!(
            matches!(told(12, Err(Failure::Refused(500)), NOW), Told::Failed(500, why) if why.contains("12 tries"))
        );
        assert_eq!(told(1, Ok(204), NOW), Told::Sent(204));
    }

    #[test]
    fn kinds_are_read_from_words_and_unknown_ones_named() {
        assert_eq!(kinds(["opened", "note", " bounce", "opened"]).unwrap(), "opened noted bounced");
        assert_eq!(kinds(["opened", "*"]).unwrap(), "*");
        assert_eq!(kinds(["opend"]), Err("opend".to_owned()));
    }

    #[test]
    fn the_lease_lasts_for_a_whole_batch() {
        let patience = i64::try_from(deliver::PATIENCE.as_secs()).unwrap();
        assert!(patience * i64::try_from(BATCH_MAX).unwrap() < LEASE_S);
    }
}
