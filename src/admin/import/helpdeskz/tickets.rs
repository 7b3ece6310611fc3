//! Tickets, messages and notes. A ticket is never dropped, whatever is missing around it; a message
//! without its ticket is.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::addresses::fallback_department;
use super::desk::is_choice;
use super::escaped::{self, Body, Origin};
use super::people::{NO_ADDRESS_DOMAIN, Renumbered};
use super::php;
use super::run::{Ready, Refused, RowOutcome, RowResult, Run, id_of, time};
use crate::admin::import::dump::Row;
use crate::domain::{Status, Timestamp};
use crate::outcome;
use crate::store::import::{ImportedMessage, ImportedNote, ImportedTicket, Numbered, Placed};
use crate::store::{Result, WriteTx};

/// Tickets whose last repliers are derived in one transaction.
const REPLIERS_BATCH: i64 = 5000;

/// What people see instead of a requester who is gone.
const PLACEHOLDER_NAME: &str = "Unknown (imported)";

/// Imports tickets, then their contents.
pub(super) fn import(run: &mut Run<'_>, renumbered: &Renumbered) -> outcome::Result<()> {
    // The placeholder for missing requesters must get an id that no user of HelpDeskZ's ever had.
    run.raise_next_id("users", Numbered::Customer)?;
    let displaced = tickets(run, renumbered)?;
    let lost = |ticket: i64| {
        if displaced.contains(&ticket) {
            RowOutcome::Failed(format!("the desk has another ticket {ticket}"))
        } else {
            RowOutcome::Skipped(format!("ticket {ticket} does not exist"))
        }
    };
    let settled = |ticket: i64, placed: Option<Placed>| match placed {
        Some(placed) => placed.into(),
        None => RowResult { outcome_of_row: lost(ticket), repairs: Vec::new() },
    };
    run.table("tickets_messages", message, |tx, new: &ImportedMessage| {
        let is_lost = displaced.contains(&new.ticket);
        let placed = if is_lost { None } else { tx.place_message(&with_known_staff(new, renumbered))? };
        Ok(settled(new.ticket, placed))
    })?;
    // Notes are messages here: they get message ids after all of HelpDeskZ's.
    run.raise_next_id("tickets_messages", Numbered::Message)?;
    run.table("ticket_notes", note, |tx, new: &ImportedNote| {
        let placed = if displaced.contains(&new.ticket) { None } else { tx.place_note(new)? };
        Ok(settled(new.ticket, placed))
    })?;
    let mut after = 0;
    while let Some(last) = run.store.write(|tx| tx.derive_last_repliers(after, REPLIERS_BATCH))? {
        after = last;
    }
    Ok(())
}

/// A message whose author's id belongs to another person here has no known author.
fn with_known_staff(message: &ImportedMessage, renumbered: &Renumbered) -> ImportedMessage {
    let mut message = message.clone();
    message.staff = message.staff.map(|id| if renumbered.staff.contains(&id) { 0 } else { id });
    message
}

/// Imports the tickets; says whose ids the desk has given to others.
fn tickets(run: &mut Run<'_>, renumbered: &Renumbered) -> outcome::Result<HashSet<i64>> {
    let (fields, now) = (Fields::read(run)?, run.now);
    let mut displaced = HashSet::new();
    let prepare = |row: &Row| ticket(row, &fields, now);
    run.table("tickets", prepare, |tx, new: &ImportedTicket| {
        if tx.has_ticket(new.id)? {
            let placed = tx.place_ticket(new)?;
            if placed == Placed::Taken {
                displaced.insert(new.id);
            }
            return Ok(placed.into());
        }
        place_ticket(tx, new, renumbered, now)
    })?;
    Ok(displaced)
}

/// Places a ticket that is not there yet, even where rows that it refers to are missing.
fn place_ticket(tx: &WriteTx<'_>, new: &ImportedTicket, renumbered: &Renumbered, now: Timestamp) -> Result<RowResult> {
    let mut new = new.clone();
    let mut repairs = Vec::new();
    if !tx.has_department(new.department)? {
        let Some(fallback) = fallback_department(tx)? else {
            return Ok(RowResult::skipped("the desk has no department to put it into"));
        };
        repairs.push(format!("department {} does not exist: {fallback} is taken", new.department));
        new.department = fallback;
    }
    // A dump without priorities says nothing about which exist.
    let priorities = tx.priorities()?;
    if !priorities.is_empty() && !priorities.iter().any(|priority| priority.id == new.priority) {
        repairs.push(format!("priority {} does not exist: 1 is taken", new.priority));
        new.priority = 1;
    }
    if let Some(other) = renumbered.users.get(&new.customer) {
        new.customer = *other;
    } else if !tx.has_customer(new.customer)? {
        repairs.push(format!("user {} does not exist: a placeholder is used instead", new.customer));
        new.customer = placeholder(tx, now)?;
    }
    let mut settled = RowResult::from(tx.place_ticket(&new)?);
    settled.repairs = repairs;
    Ok(settled)
}

/// The placeholder for customers who are gone.
fn placeholder(tx: &WriteTx<'_>, now: Timestamp) -> Result<i64> {
    let address = format!("unknown@{NO_ADDRESS_DOMAIN}");
    match address.parse() {
        Ok(address) => Ok(tx.customer_for(PLACEHOLDER_NAME, &address, now)?.get()),
        Err(error) => Err(crate::store::Error::Corrupt(format!("{error}"))),
    }
}

fn ticket(row: &Row, fields: &Fields, now: Timestamp) -> std::result::Result<Ready<ImportedTicket>, Refused> {
    let id = id_of(row)?;
    let mut repairs = Vec::new();
    let status = Status::from_number(row.number("status")).unwrap_or_else(|| {
        repairs.push(format!("there is no status {}: open is taken", row.number("status")));
        Status::Open
    });
    let subject = escaped::one_line(&row.text("subject"));
    let custom_fields = fields.answers(&row.text("custom_vars"), &mut repairs);
    let priority = row.number_or_null("priority_id").unwrap_or(1);
    let new = ImportedTicket {
        id,
        department: row.number("department_id"),
        customer: row.number("user_id"),
        priority,
        subject: if subject.is_empty() { "n/a".to_owned() } else { subject },
        status: status.number(),
        created_at: time(row, "date"),
        last_update_at: time(row, "last_update"),
        // When it was closed is not known. An answer to HelpDeskZ's last mail opened every ticket
        // again; setting reopen_days counts from the day the desk moved.
        closed_at: if status == Status::Closed { now } else { Timestamp::from_unix(0) },
        replies: row.number("replies").max(0),
        custom_fields,
    };
    let mut ready = Ready::new(row, id, new);
    ready.repairs.extend(repairs);
    Ok(ready)
}

/// HelpDeskZ's custom fields as far as reading answers needs them: kinds and options by title.
struct Fields {
    kinds: HashMap<String, Vec<(String, Vec<String>)>>,
}

impl Fields {
    /// Reads them from the desk, where they were imported to.
    fn read(run: &Run<'_>) -> outcome::Result<Self> {
        let mut kinds: HashMap<String, Vec<(String, Vec<String>)>> = HashMap::new();
        for field in run.store.read(|tx| tx.custom_fields())? {
            let options = serde_json::from_str(&field.options).unwrap_or_default();
            kinds.entry(field.title).or_default().push((field.kind, options));
        }
        Ok(Self { kinds })
    }

    /// The answers of a ticket as a JSON list of [title, value].
    fn answers(&self, serialized: &str, repairs: &mut Vec<String>) -> String {
        if serialized.trim().is_empty() {
            return "[]".to_owned();
        }
        let Some(list) = php::unserialize(serialized) else {
            repairs.push("its answers to custom fields cannot be read".to_owned());
            return "[]".to_owned();
        };
        if list.is_mended {
            repairs.push("a length inside its answers to custom fields was wrong".to_owned());
        }
        let mut answers = Vec::new();
        for (key, item) in list.value.items() {
            let (title, value) = match (item.get("title"), item.get("value")) {
                (Some(title), value) => (title.text(), value.map(php::Php::joined).unwrap_or_default()),
                (None, _) => (key.text(), item.joined()),
            };
            let title = escaped::one_line(&title);
            let value = self.answer(&title, &value);
            answers.push(json!([title, value]));
        }
        json!(answers).to_string()
    }

    /// An answer that was chosen was stored as the option is: escaped, with the CR of its line. What
    /// was typed is as it was typed.
    fn answer(&self, title: &str, value: &str) -> String {
        let chosen = || {
            let bare: String = value.chars().filter(|c| *c != '\r').collect();
            escaped::lines(&bare).trim().to_owned()
        };
        let typed = || crate::mail::html::without_controls(value).into_owned();
        match self.kinds.get(title).map(Vec::as_slice) {
            // The field is gone or was renamed: only a chosen answer ends with a CR.
            None | Some([]) if value.ends_with('\r') => chosen(),
            None | Some([]) => typed(),
            Some(kinds) if kinds.iter().all(|(kind, _)| is_choice(kind)) => chosen(),
            Some(kinds) => {
                let answer = chosen();
                let is_option =
                    |options: &Vec<String>| answer.split(", ").all(|part| options.iter().any(|o| o == part));
                if kinds.iter().any(|(kind, options)| is_choice(kind) && is_option(options)) { answer } else { typed() }
            }
        }
    }
}

fn message(row: &Row) -> std::result::Result<Ready<ImportedMessage>, Refused> {
    let id = id_of(row)?;
    let is_customer = !row.has("customer") || row.is_on("customer");
    let is_email = !row.has("email") || row.is_on("email");
    let origin = match (is_email, is_customer) {
        (true, _) => Origin::Mail,
        (false, true) => Origin::Form,
        (false, false) => Origin::Panel,
    };
    let (body, is_html) = match escaped::body(&row.text("message"), origin) {
        Body::Plain(text) => (text, false),
        Body::Html(html) => (html, true),
    };
    let new = ImportedMessage {
        id,
        ticket: row.number("ticket_id"),
        created_at: time(row, "date"),
        staff: (!is_customer).then(|| row.number("staff_id").max(0)),
        body,
        is_html,
        ip: escaped::one_line(&row.text("ip")),
        is_email,
    };
    Ok(Ready::new(row, id, new))
}

fn note(row: &Row) -> std::result::Result<Ready<ImportedNote>, Refused> {
    let id = id_of(row)?;
    let new = ImportedNote {
        ticket: row.number("ticket_id"),
        created_at: time(row, "date"),
        staff: row.number("staff_id").max(0),
        text: escaped::lines(&row.text("message")),
    };
    Ok(Ready::new(row, id, new))
}
