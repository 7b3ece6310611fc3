//! Counts for `/metrics`.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::intake::{Outcome, Settled};

/// What is counted of each recipient of a mail.
const OUTCOMES: [&str; 7] = ["open", "append", "drop", "quarantine", "duplicate", "refuse", "failed"];

/// Counts since the process began.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    outcomes: [AtomicU64; OUTCOMES.len()],
    groups: AtomicU64,
    turned_away: AtomicU64,
    /// Those being served now.
    pub(super) connections: AtomicUsize,
}

impl Metrics {
    pub(super) fn count(&self, settled: &Settled, recipients: usize) {
        let count = |word: &str, n: usize| {
            let of_word = OUTCOMES.iter().position(|own| *own == word).and_then(|at| self.outcomes.get(at));
            if let Some(counter) = of_word {
                counter.fetch_add(u64::try_from(n).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        };
        match settled {
            Ok(deliveries) => deliveries.iter().map(|one| Outcome::word(&one.outcome)).for_each(|word| count(word, 1)),
            Err(_) => count("failed", recipients),
        }
    }

    pub(super) fn count_group(&self) {
        self.groups.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_turned_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts as Prometheus reads them.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let begin = |text: &mut String, name: &str, kind: &str, help: &str| {
            // Writing into a String cannot fail, here and below.
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}").ok();
        };
        begin(&mut text, "maildesk_lmtp_mails_total", "counter", "Mails by LMTP, each recipient, by outcome.");
        for (word, n) in OUTCOMES.iter().zip(&self.outcomes) {
            writeln!(text, "maildesk_lmtp_mails_total{{outcome=\"{word}\"}} {}", n.load(Ordering::Relaxed)).ok();
        }
        for (name, n, help) in [
            ("groups_total", &self.groups, "Transactions in which mails by LMTP were stored."),
            ("turned_away_total", &self.turned_away, "Connections for LMTP that were not served."),
        ] {
            let name = format!("maildesk_lmtp_{name}");
            begin(&mut text, &name, "counter", help);
            writeln!(text, "{name} {}", n.load(Ordering::Relaxed)).ok();
        }
        begin(&mut text, "maildesk_lmtp_connections", "gauge", "Connections for LMTP.");
        writeln!(text, "maildesk_lmtp_connections {}", self.connections.load(Ordering::Relaxed)).ok();
        text
    }
}
