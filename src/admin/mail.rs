//! `admin mail`: every mail received and what happened to it.

use serde_json::{Value, json};

mod reading;

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, output, say_if_cut};
use crate::domain::{ReceiptId, TicketId, Timestamp};
use crate::intake::{self, Delivery, Envelope, Source};
use crate::mail::ReversePath;
use crate::outcome::{self, Done, WithContext, bail};
use crate::store::receipt::{Receipt, ReceiptSearch, ReceiptState};
use crate::terminal;

/// Verbs of `admin mail`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin mail list --state quarantined
  maildesk admin mail list --search ann@example.org
  maildesk admin mail show 12 --raw
  maildesk admin mail retry 12 13 --dry-run
  maildesk admin mail reread --since 2026-02-28 --dry-run
  maildesk admin mail drop 12 --yes")]
pub(crate) enum Command {
    /// Mails, newest first
    List {
        /// Of one state: stored, quarantined or dropped
        #[arg(long)]
        state: Option<ReceiptState>,
        /// Only those whose sender, recipient, subject or Message-ID holds this
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
        search: String,
        /// At most this many
        #[arg(long, default_value_t = 1000)]
        limit: usize,
    },
    /// One mail
    Show {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// The raw mail, as it was handed over
        #[arg(long)]
        raw: bool,
    },
    /// Decide about quarantined mails again, by the current rules and settings; with --dry-run, say of any
    /// mail whose raw text is kept what they would do with it now
    Retry {
        /// Ids
        #[arg(required = true, value_parser = crate::admin::id)]
        ids: Vec<i64>,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
    },
    /// Read stored messages again by the current rules, where the raw mail is kept: texts change, nobody is
    /// notified
    Reread {
        /// Of mails received since that day (UTC), such as 2026-02-28
        #[arg(long, value_parser = reading::since)]
        since: Timestamp,
        /// Only say what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// Drop a quarantined mail; it stays on record
    Drop {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

fn as_json(receipt: &Receipt) -> Value {
    json!({
        "id": receipt.id.get(), "state": receipt.state.word(), "reason": receipt.why(),
        "ticket_id": receipt.ticket.map(TicketId::get),
        "received_at": receipt.received_at.unix(), "from": receipt.from_email, "recipient": receipt.recipient,
        "sender": receipt.has_sender.then_some(&receipt.sender), "subject": receipt.subject,
        "message_id": receipt.internet_id, "bytes": receipt.bytes,
    })
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::List { state, search, limit } => list(context, state, &search, limit)?,
        Command::Show { id, raw } => {
            let receipt = find(context, id)?;
            if raw {
                let mail = raw_mail(context, &receipt)?;
                output::raw(&context.output, as_json(&receipt), &mail)?;
            } else {
                show(context, &receipt)?;
            }
        }
        Command::Retry { ids, dry_run: true } => return retry_dry(context, &ids),
        Command::Retry { ids, dry_run: false } => return retry(context, &ids),
        Command::Reread { since, dry_run } => return reading::reread(context, since, dry_run),
        Command::Drop { id, removal } => {
            let receipt = find(context, id)?;
            reading::require_quarantined(&receipt)?;
            let from = if receipt.from_email.is_empty() { "nobody" } else { &receipt.from_email };
            let loss = RemovalPreview::alone(format!("drop mail {id} {:?} from {from}", receipt.subject));
            if !removal.is_agreed(&context.output, &loss.ending("; it stays on record"))? {
                return Ok(Done);
            }
            context.store.write(|tx| tx.drop_by_hand(receipt.id))?;
            let dropped = find(context, id)?;
            context.output.changed(&as_json(&dropped), &format!("mail {id} was dropped; it stays on record"))?;
        }
    }
    Ok(Done)
}

fn list(context: &Context, state: Option<ReceiptState>, search: &str, limit: usize) -> outcome::Result<()> {
    let search = ReceiptSearch { text: search, state, before: None, looked_at: i64::MAX };
    let receipts = context.store.read(|tx| tx.receipts_like(&search, limit))?.receipts;
    let rows = receipts.iter().map(|r| {
        let ticket = r.ticket.map_or_else(String::new, |ticket| format!("#{ticket}"));
        vec![
            r.id.to_string(),
            output::time(r.received_at),
            r.state.word().to_owned(),
            r.why(),
            ticket,
            r.from_email.clone(),
            r.subject.clone(),
        ]
    });
    let header = ["id", "received", "state", "reason", "ticket", "from", "subject"];
    context.output.list(receipts.iter().map(as_json).collect(), &header, rows.collect())?;
    say_if_cut(&context.output, receipts.len(), limit);
    Ok(())
}

fn find(context: &Context, id: i64) -> outcome::Result<Receipt> {
    context.store.read(|tx| tx.receipt(ReceiptId::new(id)))?.map_or_else(|| missing("mail", id), Ok)
}

fn raw_mail(context: &Context, receipt: &Receipt) -> outcome::Result<Vec<u8>> {
    let Some(compressed) = context.store.read(|tx| tx.raw_mail(receipt.id))? else {
        bail!("the raw text of mail {} is not kept any more (setting raw_keep_days)", receipt.id)
    };
    intake::decompress(&compressed).with_context(|| format!("unpacking mail {}", receipt.id))
}

fn show(context: &Context, receipt: &Receipt) -> outcome::Result<()> {
    let (rule, rule_json) = reading::rule(receipt);
    let mut text = format!(
        "mail       {}\nreceived   {}\nstate      {} ({})\nticket     {}\nfrom       {}\nto         {}\nsubject    {}\nbytes      {}",
        receipt.id,
        output::time(receipt.received_at),
        receipt.state.word(),
        terminal::line(&receipt.why()),
        receipt.ticket.map_or_else(|| "-".to_owned(), |ticket| format!("#{ticket}")),
        terminal::line(&receipt.from_email),
        terminal::line(&receipt.recipient),
        terminal::line(&receipt.subject),
        receipt.bytes
    );
    text.push_str(&format!("\nrule       {rule}"));
    let mut json = as_json(receipt);
    json["rule"] = rule_json;
    if let Some((lines, reading)) = reading::reading(context, receipt)? {
        text.push_str(&format!("\n{lines}"));
        json["reading"] = reading;
    }
    context.output.object(&json, &text)?;
    Ok(())
}

/// The envelope that a mail on record came with.
fn envelope_of(receipt: &Receipt, source: Source) -> Envelope {
    let sender = receipt.has_sender.then(|| receipt.sender.parse().map_or(ReversePath::Null, ReversePath::Address));
    let recipients = Some(receipt.recipient.clone()).filter(|r| !r.is_empty()).into_iter().collect();
    Envelope { recipients, sender, source, whole: None }
}

fn retry(context: &Context, ids: &[i64]) -> outcome::Result<Done> {
    let mut some_failed = false;
    let (mut json, mut rows) = (Vec::new(), Vec::new());
    for id in ids {
        match retry_one(context, *id) {
            Ok(delivery) => {
                let (outcome, reason) = (delivery.outcome.word(), delivery.reason);
                json.push(json!({
                    "id": id, "decision": outcome, "reason": reason, "ticket_id": delivery.ticket.map(TicketId::get),
                }));
                let ticket = delivery.ticket.map_or_else(String::new, |ticket| format!("#{ticket}"));
                rows.push(vec![id.to_string(), outcome.to_owned(), reason, ticket]);
            }
            // Alone it is the command that failed.
            Err(error) if ids.len() == 1 => return Err(error),
            Err(error) => {
                some_failed = true;
                output::complain(&format!("mail {id}: {error:#}"));
                json.push(json!({ "id": id, "error": format!("{error:#}") }));
                rows.push(vec![id.to_string(), "failed".to_owned(), String::new(), String::new()]);
            }
        }
    }
    context.output.list(json, &["id", "decision", "reason", "ticket"], rows)?;
    outcome::done_unless(some_failed)
}

fn retry_one(context: &Context, id: i64) -> outcome::Result<Delivery> {
    let receipt = find(context, id)?;
    reading::require_quarantined(&receipt)?;
    let raw = raw_mail(context, &receipt)?;
    let envelope = envelope_of(&receipt, Source::Retry(receipt.id));
    Ok(intake::deliver(&context.store, &context.rules, &envelope, &raw, context.now)?)
}

/// What today's rules would do with mails on record, and what of that differs from the record.
fn retry_dry(context: &Context, ids: &[i64]) -> outcome::Result<Done> {
    let mut some_failed = false;
    let (mut json, mut rows) = (Vec::new(), Vec::new());
    for id in ids {
        match reading::again(context, *id) {
            Ok(again) => {
                json.push(json!({
                    "id": id, "decision": again.decision, "reason": again.reason, "ticket_id": again.ticket,
                    "changes": again.changes,
                }));
                let ticket = again.ticket.map_or_else(String::new, |ticket| format!("#{ticket}"));
                rows.push(vec![id.to_string(), again.decision, again.reason, ticket, again.changes.join(", ")]);
            }
            Err(error) => {
                some_failed = true;
                output::complain(&format!("mail {id}: {error:#}"));
                json.push(json!({ "id": id, "error": format!("{error:#}") }));
                rows.push(vec![
                    id.to_string(),
                    "failed".to_owned(),
                    format!("{error:#}"),
                    String::new(),
                    String::new(),
                ]);
            }
        }
    }
    context.output.list(json, &["id", "decision", "reason", "ticket", "changes"], rows)?;
    outcome::done_unless(some_failed)
}
