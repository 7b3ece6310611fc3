//! `/metrics`: counts of requests, kept in memory, and of the desk, printed as Prometheus reads them (text
//! format 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::api::Api;
use crate::api::admission::Dialect;
use crate::api::helpdeskz::HelpDeskZ;
use crate::domain::{Status, Timestamp};
use crate::http::Response;
use crate::store::imap::FolderHealth;
use crate::store::receipt::ReceiptState;
use crate::store::{self, row_count};

/// Upper bounds of the histogram's buckets, in seconds.
const BOUNDS_S: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// Method and route, as `Endpoint::label` gives them.
type Label = (&'static str, &'static str);

/// What requests cost.
#[derive(Clone, Copy, Debug, Default)]
struct Durations {
    /// One more than the bounds: the last takes what is above all of them.
    buckets: [u64; BOUNDS_S.len() + 1],
    sum: Duration,
}

/// Counts since the process began.
#[derive(Debug, Default)]
pub struct Metrics {
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    requests: BTreeMap<(Label, u16), u64>,
    durations: BTreeMap<Label, Durations>,
}

impl Metrics {
    /// Counts one request.
    pub fn count(&self, label: Label, status: u16, took: Duration) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        *counted.requests.entry((label, status)).or_default() += 1;
        let durations = counted.durations.entry(label).or_default();
        let bucket = BOUNDS_S.iter().position(|bound| took.as_secs_f64() <= *bound).unwrap_or(BOUNDS_S.len());
        if let Some(n) = durations.buckets.get_mut(bucket) {
            *n += 1;
        }
        durations.sum = durations.sum.saturating_add(took);
    }

    /// Prints the counts.
    #[must_use]
    pub fn text(&self) -> String {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut page = Page::default();
        page.begin("maildesk_http_requests_total", "counter", "Requests by route and status.");
        for (((method, route), status), n) in &counted.requests {
            page.line(
                "maildesk_http_requests_total",
                &format!("method=\"{method}\",route=\"{route}\",status=\"{status}\""),
                n,
            );
        }
        let name = "maildesk_http_request_duration_seconds";
        page.begin(name, "histogram", "Time to answer, in seconds, without reading and writing.");
        for ((method, route), durations) in &counted.durations {
            let labels = format!("method=\"{method}\",route=\"{route}\"");
            let mut total = 0;
            for (number, n) in durations.buckets.iter().enumerate() {
                total += n;
                let bound = BOUNDS_S.get(number).map_or_else(|| "+Inf".to_owned(), f64::to_string);
                page.line(&format!("{name}_bucket"), &format!("{labels},le=\"{bound}\""), total);
            }
            page.line(&format!("{name}_sum"), &labels, durations.sum.as_secs_f64());
            page.line(&format!("{name}_count"), &labels, total);
        }
        page.text
    }
}

/// A page of metrics while it is printed.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn begin(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a String cannot fail.
        writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}").ok();
    }

    fn line(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let braced = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        writeln!(self.text, "{name}{braced} {value}").ok();
    }
}

/// `GET /metrics`
pub(in crate::api) fn answer(api: &Api, now: Timestamp) -> Response {
    match desk_metrics(api, now) {
        Ok(page) => {
            let more = api.more_metrics.get().map_or_else(String::new, |print| print());
            let text = format!("{}{page}{more}", api.metrics().text());
            Response::new(200, "text/plain; version=0.0.4; charset=utf-8", text)
        }
        Err(error) => HelpDeskZ::print(error.into(), None).response(),
    }
}

fn desk_metrics(api: &Api, now: Timestamp) -> store::Result<String> {
    api.store.read(|tx| {
        let mut page = Page::default();
        page.begin("maildesk_mails_total", "counter", "Mails received, by outcome.");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_durations_are_printed_cumulatively() {
        let metrics = Metrics::default();
        for ms in [0, 3, 20_000] {
            metrics.count(("get", "/healthz"), 200, Duration::from_millis(ms));
        }
        let text = metrics.text();
        for line in [
            "maildesk_http_requests_total{method=\"get\",route=\"/healthz\",status=\"200\"} 3",
            "maildesk_http_request_duration_seconds_bucket{method=\"get\",route=\"/healthz\",le=\"0.001\"} 1",
            "maildesk_http_request_duration_seconds_bucket{method=\"get\",route=\"/healthz\",le=\"10\"} 2",
            "maildesk_http_request_duration_seconds_bucket{method=\"get\",route=\"/healthz\",le=\"+Inf\"} 3",
            "maildesk_http_request_duration_seconds_count{method=\"get\",route=\"/healthz\"} 3",
        ] {
            assert!(text.lines().any(|printed| printed == line), "{line} in\n{text}");
        }
    }
}
