//! What is said at the end of an import from HelpDeskZ: how much is in, and what is left to do.

use super::report::Report;
use crate::admin::output::count;
use crate::domain::desk_address::{Incoming, Outgoing};
use crate::store::{ReadTx, Result};

/// What is counted, by HelpDeskZ's table.
const COUNTED: [(&str, &str); 6] = [
    ("tickets", "ticket"),
    ("tickets_messages", "message"),
    ("attachments", "file"),
    ("users", "customer"),
    ("staff", "staff account"),
    ("departments", "department"),
];

/// How much is in, as a sentence; empty where the dump brought nothing new.
pub(super) fn totals(report: &Report, is_rehearsal: bool) -> String {
    let of = |table: &str| report.of(table).map_or(0, |numbers| numbers.imported);
    let counted: Vec<String> =
        COUNTED.iter().map(|(table, thing)| count(i64::try_from(of(table)).unwrap_or(i64::MAX), thing)).collect();
    if COUNTED.iter().all(|(table, _)| of(table) == 0) {
        return String::new();
    }
    let (repaired, left) = report.repaired_and_left();
    let are_in = if is_rehearsal { "would be in" } else { "are in" };
    let of_them = match (repaired, left) {
        (0, 0) => "; nothing had to be repaired".to_owned(),
        (repaired, left) => format!("; {} repaired or merged, {left} left out, each named above", rows(repaired)),
    };
    format!("{} {are_in}{of_them}", counted.join(", "))
}

fn rows(n: u64) -> String {
    count(i64::try_from(n).unwrap_or(i64::MAX), "row")
}

/// What is left to do, as commands.
pub(super) fn next_steps(tx: &ReadTx<'_>) -> Result<Vec<String>> {
    let mut steps = Vec::new();
    let site = tx.settings()?.site_url;
    if site.is_empty() {
        steps.push("maildesk admin setting set site_url https://…   (links in mails lead there)".to_owned());
    } else {
        steps.push(format!(
            "maildesk admin setting set site_url …   (links in mails lead to {site}: is the desk there?)"
        ));
    }
    for (_, row) in tx.addresses()? {
        if row.incoming == Incoming::Imap || row.outgoing == Outgoing::Smtp {
            steps.push(format!("maildesk admin address test {}   (logs in, changes nothing)", row.email));
        } else if row.incoming == Incoming::None {
            steps.push(format!(
                "maildesk admin address update {} --incoming …   (no mail comes in by it yet)",
                row.email
            ));
        }
    }
    steps.push("maildesk admin doctor".to_owned());
    Ok(steps)
}
