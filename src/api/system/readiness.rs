//! `/readyz`: whether the desk can do its work.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::api::json::compact;
use crate::api::{Api, HostRules};
use crate::domain::Timestamp;
use crate::http::Response;
use crate::outbox;
use crate::store::{self, Store};

/// Seconds a look at the database holds: health checks come often and must not load it.
const LOOK_HOLDS_S: i64 = 5;

/// Whether the desk can do its work, looked at now and then.
pub(in crate::api) struct Readiness {
    probe: Store,
    last: Mutex<Option<(Timestamp, Findings)>>,
    /// Since when this process is expected to send mail.
    sends_since: OnceLock<Timestamp>,
}

/// What a look found.
#[derive(Clone, Debug)]
struct Findings {
    /// Why the database cannot be written.
    fault: Option<String>,
    /// When the oldest unsent mail was queued.
    oldest_pending: Option<Timestamp>,
    /// The last heartbeat of the thread or process that sends mail.
    served_at: Timestamp,
}

impl Readiness {
    pub(in crate::api) const fn new(probe: Store) -> Self {
        Self { probe, last: Mutex::new(None), sends_since: OnceLock::new() }
    }

    pub(in crate::api) fn expect_sender(&self, since: Timestamp) {
        self.sends_since.get_or_init(|| since);
    }

    /// 200 when the database is writable and the queue young enough, else 503 with the reason.
    pub(in crate::api) fn response(&self, rules: &HostRules, now: Timestamp) -> Response {
        let look = self.look(now);
        let age_s = look.oldest_pending.map_or(0, |oldest| now.unix() - oldest.unix());
        let reason = match look.fault {
            Some(fault) => Some(fault),
            None if age_s > rules.outbox_age_max_s => {
                Some(format!("the oldest unsent mail waits for {age_s} s; see `maildesk admin outbox list`"))
            }
            None => self.missing_sender(look.served_at, now),
        };
        match reason {
            None => Response::json(200, "{\"status\":\"ready\"}"),
            Some(reason) => Response::json(503, compact(&serde_json::json!({ "status": "unready", "reason": reason }))),
        }
    }

    /// The finding when the thread that should send mail has stopped.
    fn missing_sender(&self, served_at: Timestamp, now: Timestamp) -> Option<String> {
        let since = *self.sends_since.get()?;
        let is_alive = [served_at, since].iter().any(|sign| outbox::is_sign_fresh(*sign, now));
        (!is_alive).then(|| {
            let silent_s = outbox::SERVED_FRESH_S;
            format!("the thread that sends mail has given no heartbeat for {silent_s} s; see the log, then restart `maildesk serve`")
        })
    }

    fn look(&self, now: Timestamp) -> Findings {
        // Held while looking: others who ask at the same time get this answer.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, look)) = &*last
            && (at.unix()..at.unix() + LOOK_HOLDS_S).contains(&now.unix())
        {
            return look.clone();
        }
        let found = self.probe.write(|tx| {
            tx.prove_writable()?;
            Ok::<_, store::Error>((tx.oldest_pending()?, tx.served_at()?))
        });
        let look = match found {
            Ok((oldest_pending, served_at)) => Findings { fault: None, oldest_pending, served_at },
            Err(error) => {
                Findings { fault: Some(error.to_string()), oldest_pending: None, served_at: Timestamp::default() }
            }
        };
        *last = Some((now, look.clone()));
        look
    }
}

/// `GET /readyz`
pub(in crate::api) fn answer(api: &Api, now: Timestamp) -> Response {
    api.readiness.response(&api.rules(), now)
}
