//! `admin outbox`: mails that wait to be sent, and what happened to the others.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, output, say_if_cut};
use crate::desk::{note_undelivered, notify};
use crate::domain::{OutboxId, TicketId};
use crate::outbox;
use crate::outcome::{self, Done, WithContext, bail};
use crate::store;
use crate::store::outbox::Outgoing;

/// Verbs of `admin outbox`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin outbox list --state pending
  maildesk admin outbox send
  maildesk admin outbox retry 12
  maildesk admin outbox drop 12 --yes")]
pub(crate) enum Command {
    /// Outgoing mails, newest first
    List {
        /// Of one state
        #[arg(long, value_parser = ["pending", "sent", "failed", "dropped"])]
        state: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 1000)]
        limit: usize,
    },
    /// One mail
    Show {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// The bytes as they are sent
        #[arg(long)]
        raw: bool,
    },
    /// Send what is due now, for cron where no `serve` runs
    Send,
    /// Make a mail due now, for another five days
    Retry {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
    },
    /// Send a mail no more; it stays on record
    Drop {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

/// Mails with whether automatic mail to their recipients is paused.
fn with_pauses(context: &Context, mails: Vec<Outgoing>) -> outcome::Result<Vec<(Outgoing, bool)>> {
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    let marked = context.store.read(|tx| {
        let mark = |mail: Outgoing| {
            let is_paused = match (known.get(&mail.recipient), mail.recipient.parse()) {
                (Some(known), _) => *known,
                (None, Ok(email)) => notify::is_paused(tx, &email, context.now)?,
                (None, Err(_)) => false,
            };
            known.insert(mail.recipient.clone(), is_paused);
            Ok((mail, is_paused))
        };
        mails.into_iter().map(mark).collect::<store::Result<Vec<_>>>()
    });
    Ok(marked?)
}

fn as_json(mail: &Outgoing, is_paused: bool) -> Value {
    json!({
        "id": mail.id.get(), "state": mail.state, "event": mail.event, "ticket_id": mail.ticket.map(TicketId::get),
        "address_id": mail.address.get(), "recipient": mail.recipient, "message_id": mail.internet_id,
        "created_at": mail.created_at.unix(), "attempts": mail.attempts, "unknown_tries": mail.unknown_tries, "next_attempt_at": mail.next_attempt_at.unix(),
        "sent_at": mail.sent_at.unix(), "bounced_at": mail.bounced_at.unix(), "last_error": mail.last_error,
        "recipient_paused": is_paused,
    })
}

/// One mail as it is now.
fn json_of(context: &Context, mail: Outgoing) -> outcome::Result<Value> {
    let marked = with_pauses(context, vec![mail])?.pop();
    marked.map(|(mail, is_paused)| as_json(&mail, is_paused)).context("reading the mail again")
}

fn find(context: &Context, id: i64) -> outcome::Result<Outgoing> {
    context.store.read(|tx| tx.outgoing(OutboxId::new(id)))?.map_or_else(|| missing("outbox", id), Ok)
}

pub(super) fn run(context: &Context, command: &Command) -> outcome::Result<Done> {
    match command {
        Command::List { state, limit } => list(context, state.as_deref().unwrap_or(""), *limit)?,
        Command::Show { id, raw } => show(context, &find(context, *id)?, *raw)?,
        Command::Send => return send(context),
        Command::Retry { id } => {
            let mail = find(context, *id)?;
            if !context.store.write(|tx| tx.retry_outgoing(mail.id, context.now))? {
                bail!("mail {id} cannot be sent again: it is {}, and its bytes may be gone", mail.state);
            }
            context.output.changed(&json_of(context, find(context, *id)?)?, &format!("mail {id} is due now"))?;
        }
        Command::Drop { id, removal } => {
            let mail = find(context, *id)?;
            let loss = RemovalPreview::alone(format!("drop outgoing mail {id} ({}) to {}", mail.event, mail.recipient));
            if !removal.is_agreed(&context.output, &loss.ending("; it stays on record"))? {
                return Ok(Done);
            }
            if !context.store.write(|tx| tx.drop_outgoing(mail.id))? {
                bail!("mail {id} is {} already", mail.state);
            }
            context.output.changed(&json_of(context, find(context, *id)?)?, &format!("mail {id} will not be sent"))?;
        }
    }
    Ok(Done)
}

fn list(context: &Context, state: &str, limit: usize) -> outcome::Result<()> {
    let mails = context.store.read(|tx| tx.outgoing_recent(state, limit))?;
    let mails = with_pauses(context, mails)?;
    let rows = mails.iter().map(|(mail, is_paused)| {
        let mut said =
            if mail.bounced_at.unix() > 0 { format!("bounced: {}", mail.last_error) } else { mail.last_error.clone() };
        if *is_paused {
            said.push_str(" (automatic mail to this address is paused)");
        }
        let next = if mail.state == "pending" { output::time(mail.next_attempt_at) } else { String::new() };
        vec![
            mail.id.to_string(),
            mail.state.clone(),
            mail.event.clone(),
            mail.ticket.map_or_else(String::new, |ticket| format!("#{ticket}")),
            mail.recipient.clone(),
            output::time(mail.created_at),
            mail.attempts.to_string(),
            next,
            said.trim_start().to_owned(),
        ]
    });
    let header = ["id", "state", "event", "ticket", "to", "written", "tries", "next try", "last error"];
    context.output.list(
        mails.iter().map(|(mail, is_paused)| as_json(mail, *is_paused)).collect(),
        &header,
        rows.collect(),
    )?;
    say_if_cut(&context.output, mails.len(), limit);
    Ok(())
}

fn show(context: &Context, mail: &Outgoing, is_raw: bool) -> outcome::Result<()> {
    if is_raw {
        let raw = context.store.read(|tx| tx.outgoing_raw(mail.id))?;
        let Some(raw) = raw else { bail!("the bytes of mail {} are no longer kept", mail.id) };
        output::raw(&context.output, json_of(context, mail.clone())?, &raw)?;
        return Ok(());
    }
    let json = json_of(context, mail.clone())?;
    let lines = json.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let text: Vec<String> = lines.map(|(key, value)| format!("{key:<18}{}", output::plain(value))).collect();
    context.output.object(&json, &text.join("\n"))?;
    Ok(())
}

fn send(context: &Context) -> outcome::Result<Done> {
    let report = outbox::send_due(&context.store, note_undelivered, context.now)?;
    let json = json!({ "sent": report.sent, "deferred": report.deferred, "failed": report.failed });
    let text = format!("{} sent, {} to be tried again, {} failed", report.sent, report.deferred, report.failed);
    context.output.object(&json, &text)?;
    outcome::done_unless(report.deferred + report.failed > 0)
}
