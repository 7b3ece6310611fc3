//! `admin webhook`: URLs that are notified of what happens to tickets.

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, nothing_to_change, output, say_if_cut, usage};
use crate::admin::random;
use crate::domain::one_line::{TOKEN_NAME_CHARS_MAX, is_one_line};
use crate::domain::{DeliveryId, EventKind, TicketId, WebhookId};
use crate::outcome::{self, Done, WithContext, bail};
use crate::store::webhook::{Delivery, NewWebhook, Webhook, WebhookChange};
use crate::{terminal, webhook};

/// Verbs of `admin webhook`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin webhook add https://hooks.example.org/desk --event opened --event answered
  maildesk admin webhook test 1
  maildesk admin webhook log 1
  maildesk admin webhook resend 12
  maildesk admin webhook update 1 --active true")]
pub(crate) enum Command {
    /// Tell a URL what happens to tickets; prints the key of the signatures, once
    Add {
        /// Where to: https://host/path
        url: String,
        /// Events it gets; may be repeated: opened, replied, answered, assigned, status, note, bounce … or * for all
        #[arg(long = "event", value_name = "KIND", required = true)]
        events: Vec<String>,
        /// What it is for [default: the URL's host]
        #[arg(long)]
        name: Option<String>,
    },
    /// Every webhook
    List,
    /// One webhook
    Show {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
    },
    /// Change a webhook
    Update {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Where to
        #[arg(long)]
        url: Option<String>,
        /// Events it gets from now on, in place of the former ones; may be repeated
        #[arg(long = "event", value_name = "KIND")]
        events: Vec<String>,
        /// What it is for
        #[arg(long)]
        name: Option<String>,
        /// Whether anything is sent to it; true also ends a pause, and what waits is sent at once
        #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
        active: Option<bool>,
        /// Make a new key of the signatures and print it
        #[arg(long)]
        new_secret: bool,
    },
    /// Remove a webhook with its log
    Remove {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
    /// Deliveries of a webhook, newest first
    Log {
        /// Id of the webhook
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// At most this many
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Send a delivery again, the same bytes; `serve` does it
    Resend {
        /// Id of the delivery
        #[arg(value_parser = crate::admin::id)]
        id: i64,
    },
    /// Send a delivery that tells of nothing, now
    Test {
        /// Id of the webhook
        #[arg(value_parser = crate::admin::id)]
        id: i64,
    },
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { url, events, name } => add(context, &url, &events, name.as_deref())?,
        Command::List => list(context)?,
        Command::Show { id } => show(context, &find(context, id)?, None)?,
        Command::Update { id, url, events, name, active, new_secret } => {
            if url.is_none() && events.is_empty() && name.is_none() && active.is_none() && !new_secret {
                return nothing_to_change();
            }
            let secret = if new_secret { Some(new_key()?) } else { None };
            let kinds = if events.is_empty() { None } else { Some(kinds(&events)?) };
            let change = WebhookChange {
                name: name.as_deref().map(checked_name).transpose()?,
                url: url.as_deref().map(checked_url).transpose()?,
                secret: secret.as_deref(),
                kinds: kinds.as_deref(),
                is_active: active,
            };
            if !context.store.write(|tx| tx.update_webhook(WebhookId::new(id), &change, context.now))? {
                return missing("webhook", id);
            }
            show(context, &find(context, id)?, secret.as_deref())?;
        }
        Command::Remove { id, removal } => remove(context, &find(context, id)?, removal)?,
        Command::Log { id, limit } => log(context, &find(context, id)?, limit)?,
        Command::Resend { id } => {
            if !context.store.write(|tx| tx.resend_delivery(DeliveryId::new(id), context.now))? {
                bail!("there is no delivery {id}"; "`maildesk admin webhook log ID` of a webhook shows them");
            }
            let found = context.store.read(|tx| tx.delivery(DeliveryId::new(id)))?.context("reading it again")?;
            context.output.changed(&delivery_json(&found), &format!("delivery {id} is sent again"))?;
        }
        Command::Test { id } => test(context, &find(context, id)?)?,
    }
    Ok(Done)
}

fn find(context: &Context, id: i64) -> outcome::Result<Webhook> {
    context.store.read(|tx| tx.webhook(WebhookId::new(id)))?.map_or_else(|| missing("webhook", id), Ok)
}

fn new_key() -> outcome::Result<String> {
    let random = random::<32>()?;
    Ok(webhook::new_secret(&random))
}

fn kinds(words: &[String]) -> outcome::Result<String> {
    let words = words.iter().flat_map(|word| word.split(','));
    webhook::kinds(words).or_else(|word| {
        usage(format!("{word:?} is nothing that happens to tickets; there are {}, and *", EventKind::WORDS.join(", ")))
    })
}

fn checked_url(url: &str) -> outcome::Result<&str> {
    webhook::check_url(url.trim()).or_else(usage)?;
    Ok(url.trim())
}

fn checked_name(name: &str) -> outcome::Result<&str> {
    let name = name.trim();
    if !is_one_line(name, TOKEN_NAME_CHARS_MAX) {
        return usage(format!("a webhook's name has 1 to {TOKEN_NAME_CHARS_MAX} characters on one line"));
    }
    Ok(name)
}

/// The host of a checked URL.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

fn add(context: &Context, url: &str, events: &[String], name: Option<&str>) -> outcome::Result<()> {
    let (url, kinds, secret) = (checked_url(url)?, kinds(events)?, new_key()?);
    let new = NewWebhook { name: checked_name(name.unwrap_or(host_of(url)))?, url, secret: &secret, kinds: &kinds };
    let id = context.store.write(|tx| tx.add_webhook(&new, context.now))?;
    let made = find(context, id.get())?;
    let mut json = as_json(&made);
    json["secret"] = secret.clone().into();
    context.output.object(&json, &format!("{id}\n{secret}"))?;
    if !context.output.is_json() {
        context
            .output
            .say("the second line is the key of the signatures; the receiver needs it, and it is not shown again");
    }
    Ok(())
}

fn state(webhook: &Webhook) -> &'static str {
    match (webhook.is_active, webhook.paused_at.unix() > 0, webhook.failing_since.unix() > 0) {
        (false, ..) => "inactive",
        (true, true, _) => "paused",
        (true, false, true) => "failing",
        (true, false, false) => "active",
    }
}

fn as_json(webhook: &Webhook) -> Value {
    let kinds: Vec<&str> = webhook.kinds.split_ascii_whitespace().collect();
    json!({
        "id": webhook.id.get(), "name": webhook.name, "url": webhook.url, "events": kinds, "active": webhook.is_active,
        "state": state(webhook), "failing_since": webhook.failing_since.unix(), "paused_at": webhook.paused_at.unix(),
        "created_at": webhook.created_at.unix(), "last_update_at": webhook.last_update_at.unix(),
    })
}

fn list(context: &Context) -> outcome::Result<()> {
    let all = context.store.read(|tx| tx.webhooks())?;
    let rows = all.iter().map(|webhook| {
        let kinds = webhook.kinds.replace(' ', ", ");
        vec![webhook.id.to_string(), webhook.name.clone(), state(webhook).to_owned(), kinds, webhook.url.clone()]
    });
    let json = all.iter().map(as_json).collect();
    context.output.list(json, &["id", "name", "state", "events", "url"], rows.collect())?;
    Ok(())
}

fn show(context: &Context, webhook: &Webhook, secret: Option<&str>) -> outcome::Result<()> {
    let pending = context.store.read(|tx| tx.deliveries_pending(webhook.id))?;
    let mut json = as_json(webhook);
    json["pending"] = pending.into();
    let mut text = format!(
        "id        {}\nname      {}\nurl       {}\nevents    {}\nstate     {}\nwaiting   {pending}\ncreated   {}",
        webhook.id,
        terminal::line(&webhook.name),
        terminal::line(&webhook.url),
        webhook.kinds.replace(' ', ", "),
        state(webhook),
        output::time(webhook.created_at),
    );
    if let Some(secret) = secret {
        json["secret"] = secret.into();
        text = format!("{text}\nkey       {secret}");
    }
    context.output.object(&json, &text)?;
    if webhook.paused_at.unix() > 0 {
        let resume = format!(
            "nothing is sent to it: every delivery failed for a day; `maildesk admin webhook update {} --active true` goes on",
            webhook.id
        );
        context.output.say(&resume);
    }
    Ok(())
}

fn remove(context: &Context, webhook: &Webhook, removal: Removal) -> outcome::Result<()> {
    let id = webhook.id;
    let loss = RemovalPreview::alone(format!("remove webhook {id} {:?} and its log", webhook.name));
    if !removal.is_agreed(&context.output, &loss)? {
        return Ok(());
    }
    if !context.store.write(|tx| tx.remove_webhook(id))? {
        return missing("webhook", id);
    }
    loss.happened(&context.output, &format!("webhook {id} is gone"))?;
    Ok(())
}

fn delivery_json(delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id.get(), "webhook_id": delivery.webhook.get(), "event_id": delivery.event,
        "ticket_id": delivery.ticket.map(TicketId::get), "event": delivery.kind, "state": delivery.state,
        "created_at": delivery.created_at.unix(), "attempts": delivery.attempts,
        "next_attempt_at": delivery.next_attempt_at.unix(), "sent_at": delivery.sent_at.unix(),
        "http_status": delivery.http_status, "last_error": delivery.last_error, "body": delivery.body,
    })
}

fn log(context: &Context, webhook: &Webhook, limit: usize) -> outcome::Result<()> {
    let all = context.store.read(|tx| tx.deliveries(webhook.id, limit))?;
    let rows = all.iter().map(|delivery| {
        let (state, next) = (delivery.state.clone(), output::time(delivery.next_attempt_at));
        vec![
            delivery.id.to_string(),
            output::time(delivery.created_at),
            delivery.kind.clone(),
            delivery.ticket.map_or_else(String::new, |ticket| format!("#{ticket}")),
            if state == "pending" { format!("pending, next try {next}") } else { state },
            delivery.attempts.to_string(),
            if delivery.http_status > 0 { delivery.http_status.to_string() } else { String::new() },
            delivery.last_error.clone(),
        ]
    });
    let header = ["id", "queued", "event", "ticket", "state", "tries", "answer", "said"];
    context.output.list(all.iter().map(delivery_json).collect(), &header, rows.collect())?;
    say_if_cut(&context.output, all.len(), limit);
    Ok(())
}

fn test(context: &Context, webhook: &Webhook) -> outcome::Result<()> {
    let may_be_private = context.store.read(|tx| tx.settings())?.webhook_private;
    match webhook::test(webhook, may_be_private, context.now) {
        Ok(status) => {
            let json = json!({ "id": webhook.id.get(), "http_status": status, "ok": true });
            context.output.changed(&json, &format!("the receiver took it: {status}"))?;
            Ok(())
        }
        Err(failure) => bail!("webhook {}: {failure}", webhook.id),
    }
}
