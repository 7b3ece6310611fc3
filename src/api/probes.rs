//! `/readyz` and `/metrics`: how the desk is.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::answer::compact;
use super::error::{ApiError, Statuses};
use super::metrics::Page;
use super::{Api, HostRules};
use crate::domain::{Status, Timestamp};
use crate::http::Response;
use crate::outbox;
use crate::store::imap::FolderHealth;
use crate::store::receipt::ReceiptState;
use crate::store::{self, Store, row_count};

/// Seconds a look at the database holds: health checks come often and must not load it (api.md §4).
const LOOK_HOLDS_S: i64 = 5;

/// Whether the desk can do its work, looked at now and then.
pub(super) struct Readiness {
    probe: Store,
    last: Mutex<Option<(Timestamp, Look)>>,
    /// Since when somebody of this process is to send mail.
    sends_since: OnceLock<Timestamp>,
}

/// What a look found.
#[derive(Clone, Debug)]
struct Look {
    /// Why the database cannot be written.
    fault: Option<String>,
    /// When the oldest unsent mail was queued.
    oldest_pending: Option<Timestamp>,
    /// The last sign of life of the one who sends mail.
    served_at: Timestamp,
}

impl Readiness {
    pub(super) const fn new(probe: Store) -> Self {
        Self { probe, last: Mutex::new(None), sends_since: OnceLock::new() }
    }

    pub(super) fn expect_sender(&self, since: Timestamp) {
        self.sends_since.get_or_init(|| since);
    }

    /// 200 when the database is writable and the queue young enough, else 503 with the reason.
    pub(super) fn response(&self, rules: &HostRules, now: Timestamp) -> Response {
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

    /// What to say if nobody sends any more who should.
    fn missing_sender(&self, served_at: Timestamp, now: Timestamp) -> Option<String> {
        let since = *self.sends_since.get()?;
        let is_alive = [served_at, since].iter().any(|sign| outbox::is_sign_fresh(*sign, now));
        (!is_alive).then(|| {
            let silent_s = outbox::SERVED_FRESH_S;
            format!("the sending of mail has given no sign of life for {silent_s} s; see the log, then restart `maildesk serve`")
        })
    }

    fn look(&self, now: Timestamp) -> Look {
        // Held while looking: others who ask meanwhile get this look.
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
            Ok((oldest_pending, served_at)) => Look { fault: None, oldest_pending, served_at },
            Err(error) => {
                Look { fault: Some(error.to_string()), oldest_pending: None, served_at: Timestamp::default() }
            }
        };
        *last = Some((now, look.clone()));
        look
    }
}

/// `GET /metrics`
pub(super) fn metrics(api: &Api, now: Timestamp) -> Response {
    match desk_metrics(api, now) {
        Ok(page) => {
            let text = format!("{}{page}", api.metrics().text());
            Response::new(200, "text/plain; version=0.0.4; charset=utf-8", text)
        }
        Err(error) => ApiError::from(error).response(Statuses::Compat),
    }
}

fn desk_metrics(api: &Api, now: Timestamp) -> store::Result<String> {
    api.store.read(|tx| {
        let mut page = Page::default();
        page.begin("maildesk_mails_total", "counter", "Mails received, by what became of them.");
        for state in [ReceiptState::Stored, ReceiptState::Dropped, ReceiptState::Quarantined] {
            page.line("maildesk_mails_total", &format!("outcome=\"{}\"", state.word()), tx.receipts_in(state)?);
        }
        page.begin("maildesk_outbox_pending", "gauge", "Mails waiting to be sent.");
        page.line("maildesk_outbox_pending", "", tx.outbox_pending()?);
        page.begin("maildesk_outbox_oldest_age_seconds", "gauge", "Age of the oldest mail waiting to be sent.");
        let age_s = tx.oldest_pending()?.map_or(0, |oldest| now.unix() - oldest.unix());
        page.line("maildesk_outbox_oldest_age_seconds", "", age_s.max(0));
        page.begin("maildesk_tickets", "gauge", "Tickets by status.");
        for status in Status::ALL {
            let n = tx.row_count(row_count::TICKETS_BY_STATUS, status.number())?;
            page.line("maildesk_tickets", &format!("status=\"{}\"", status.word()), n);
        }
        imap_metrics(&mut page, &tx.imap_health()?);
        page.begin("maildesk_database_bytes", "gauge", "Size of the database.");
        page.line("maildesk_database_bytes", "", tx.database_bytes()?);
        Ok(page.text)
    })
}

/// Mailboxes by folder: how often in a row each could not be read, and what stays behind in it.
fn imap_metrics(page: &mut Page, folders: &[FolderHealth]) {
    if folders.is_empty() {
        return;
    }
    let labels =
        |one: &FolderHealth| format!("address=\"{}\",folder=\"{}\"", escaped(&one.email), escaped(&one.folder));
    page.begin("maildesk_imap_failures", "gauge", "Times in a row that an IMAP folder could not be read.");
    folders.iter().for_each(|one| page.line("maildesk_imap_failures", &labels(one), one.failures));
    page.begin("maildesk_imap_left", "gauge", "Mails of an IMAP folder that could not be read or settled.");
    folders.iter().for_each(|one| page.line("maildesk_imap_left", &labels(one), one.left));
}

/// A label's value as Prometheus' text format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
