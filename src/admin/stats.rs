//! `admin stats`: the desk in numbers.

use serde_json::{Map, Value, json};

use super::Desk;
use crate::cli::Done;
use crate::domain::Status;
use crate::store::received::ReceiptState;
use crate::store::{Error, counts};

pub(super) fn run(desk: &Desk) -> anyhow::Result<Done> {
    let json = desk.store.read(|tx| {
        let mut by_status = Map::new();
        for status in Status::ALL {
            let n = tx.row_count(counts::TICKETS_BY_STATUS, status.number())?;
            by_status.insert(status.word().replace('-', "_"), n.into());
        }
        let departments = tx.departments()?;
        let mut by_department = Map::new();
        for department in &departments {
            let n = tx.row_count(counts::TICKETS_BY_DEPARTMENT, department.id.get())?;
            by_department.insert(department.id.to_string(), n.into());
        }
        let stored = tx.receipts_in(ReceiptState::Stored)?;
        let dropped = tx.receipts_in(ReceiptState::Dropped)?;
        let quarantined = tx.receipts_in(ReceiptState::Quarantined)?;
        Ok::<_, Error>(json!({
            "users": tx.row_count(counts::CUSTOMERS, 0)?,
            "departments": departments.len(),
            "tickets": tx.row_count(counts::TICKETS, 0)?,
            "messages": tx.row_count(counts::MESSAGES, 0)?,
            "attachments": tx.row_count(counts::ATTACHMENTS, 0)?,
            "mails_received": stored + dropped + quarantined,
            "mails_stored": stored,
            "mails_dropped": dropped,
            "quarantined": quarantined,
            "outbox_pending": tx.outbox_pending()?,
            "tickets_by_status": by_status,
            "tickets_by_department": by_department,
        }))
    })?;
    desk.out.object(&json, &as_text(&json))?;
    Ok(Done::Fully)
}

fn as_text(json: &Value) -> String {
    let mut lines = Vec::new();
    for (key, value) in json.as_object().into_iter().flatten() {
        match value.as_object() {
            Some(parts) => {
                lines.push(key.replace('_', " "));
                lines.extend(parts.iter().map(|(part, n)| format!("  {part:<18}{n}")));
            }
            None => lines.push(format!("{:<20}{value}", key.replace('_', " "))),
        }
    }
    lines.join("\n")
}
