//! Webhooks, and the log of each.

use super::field::{Field, Form, Loss, OutcomeLine, Row, RowDeed, Table, Typed};
use super::{Noun, Saved, number};
use crate::domain::one_line::TOKEN_NAME_CHARS_MAX;
use crate::domain::{DeliveryId, EventKind, WebhookId};
use crate::http::Response;
use crate::random;
use crate::store::webhook::{Delivery, NewWebhook, Webhook, WebhookChange};
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::webhook;

/// Deliveries of a page.
const LOG: usize = 100;

const NOUN: Noun = Noun::Webhooks;

fn find(call: &Call<'_>, id: &str) -> Result<Webhook, Refusal> {
    let id = WebhookId::new(number(id)?);
    call.read(|tx| tx.webhook(id)?.ok_or(Refusal::NotFound))
}

/// What an event is called, with the word that programs get.
fn event_name(call: &Call<'_>, kind: EventKind) -> String {
    let (name, word) = (call.language.word("kind", kind.word()), kind.word());
    if name == word { name } else { format!("{name} ({word})") }
}

/// The events of a list of words.
fn event_names(call: &Call<'_>, kinds: &str) -> String {
    let name = |word: &str| match EventKind::from_word(word) {
        Some(kind) => event_name(call, kind),
        None if word == "*" => call.language.t("f-everything"),
        None => word.to_owned(),
    };
    kinds.split(' ').map(name).collect::<Vec<_>>().join(", ")
}

fn state(call: &Call<'_>, own: &Webhook) -> String {
    let word = match (own.is_active, own.paused_at.unix() > 0, own.failing_since.unix() > 0) {
        (false, ..) => "inactive",
        (true, true, _) => "paused",
        (true, false, true) => "failing",
        (true, false, false) => "active",
    };
    call.language.word("webhook", word)
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let row = |own: Webhook| Row {
        key: own.id.to_string(),
        edit: Some(NOUN.path_of(own.id)),
        remove: Some(format!("{}/remove/{}", NOUN.path(), own.id)),
        links: vec![(call.language.t("webhook-log"), format!("{}/log/{}", NOUN.path(), own.id))],
        cells: vec![own.name.clone(), own.url.clone(), event_names(call, &own.kinds), state(call, &own)],
        ..Row::default()
    };
    let head = ["f-name", "f-url", "f-events", "f-state"];
    Ok(Table {
        title: NOUN.title(call),
        about: call.language.t("about-webhooks"),
        add: Some("/staff/setup/webhooks/new"),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows: call.read(|tx| Ok(tx.webhooks()?))?.into_iter().map(row).collect(),
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let found = id.map(|id| find(call, id)).transpose()?;
    let t = |name: &str| call.language.t(name);
    let (name, url, kinds, is_active) = found.as_ref().map_or(("", "", "", true), |own| {
        (own.name.as_str(), own.url.as_str(), own.kinds.as_str(), own.is_active && own.paused_at.unix() == 0)
    });
    let choices = EventKind::ALL.iter().map(|kind| {
        let word = kind.word();
        (word.to_owned(), event_name(call, *kind), kinds.split(' ').any(|own| own == word))
    });
    let mut fields = vec![
        Field::text("name", t("f-name"), name).required(),
        Field::new("url", "url", t("f-url"), url).required().hint(t("h-url")),
        Field::check("everything", t("f-everything"), kinds == "*"),
        Field::checks("kinds", t("f-events"), choices.collect()),
    ];
    let mut deeds = Vec::new();
    if found.is_some() {
        fields.push(Field::check("active", t("webhook-on"), is_active).hint(t("h-webhook-on")));
        deeds.extend([("test", t("test")), ("new-key", t("webhook-new-key"))]);
    }
    let title = found.as_ref().map_or_else(|| t("setup-new-webhook"), |own| own.name.clone());
    Ok(Form { deeds, ..Form::new(title, fields) })
}

fn new_key() -> Result<String, Refusal> {
    let bytes = random::bytes::<32>()?;
    Ok(webhook::new_secret(&bytes))
}

fn shown_once(call: &Call<'_>, key: String) -> Vec<OutcomeLine> {
    vec![OutcomeLine::good(call.language.t("webhook-key-once")), OutcomeLine::good(key)]
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let former = id.map(|id| find(call, id)).transpose()?;
    match (&former, call.form.get("do")) {
        (Some(own), "test") => {
            let line = match webhook::test(own, call.settings.webhook_private, call.now) {
                Ok(status) => OutcomeLine::good(call.language.with("webhook-took", "status", i64::from(status))),
                Err(failure) => OutcomeLine::bad(failure.to_string()),
            };
            return Ok(Saved::Again(Form { outcome: vec![line], ..form(call, id)?.filled(&call.form) }));
        }
        (Some(own), "new-key") => {
            let key = new_key()?;
            let change = WebhookChange { secret: Some(&key), ..WebhookChange::default() };
            call.write(|tx| Ok(tx.update_webhook(own.id, &change, call.now).map(|_| ())?))?;
            return Ok(Saved::Again(Form { outcome: shown_once(call, key), ..form(call, id)? }));
        }
        _ => {}
    }
    let mut typed = Typed::new(call);
    let (name, url) = (typed.line("name", TOKEN_NAME_CHARS_MAX), call.form.trimmed("url"));
    if let Err(why) = webhook::check_url(url) {
        typed.wrong("url", why);
    }
    let ticked = if call.form.has("everything") { vec!["*"] } else { call.form.all("kinds").collect() };
    let kinds = webhook::kinds(ticked).unwrap_or_default();
    if kinds.is_empty() {
        typed.wrong("kinds", call.language.t("wrong-empty"));
    }
    if !typed.is_fine() {
        return Ok(Saved::Again(form(call, id)?.filled(&call.form).with_errors(typed.errors)));
    }
    if let Some(own) = former {
        let was_on = own.is_active && own.paused_at.unix() == 0;
        let is_on = call.form.has("active");
        let change = WebhookChange {
            name: Some(name),
            url: Some(url),
            kinds: Some(&kinds),
            is_active: (is_on != was_on).then_some(is_on),
            ..WebhookChange::default()
        };
        call.write(|tx| Ok(tx.update_webhook(own.id, &change, call.now).map(|_| ())?))?;
        return Ok(Saved::Done);
    }
    let key = new_key()?;
    let new = NewWebhook { name, url, secret: &key, kinds: &kinds };
    call.write(|tx| Ok(tx.add_webhook(&new, call.now).map(|_| ())?))?;
    let outcome = shown_once(call, key);
    Ok(Saved::Again(Form { outcome, ..Form::new(name.to_owned(), Vec::new()).only_shown() }))
}

pub(super) fn log(call: &Call<'_>, id: &str) -> Result<Table, Refusal> {
    let own = find(call, id)?;
    let deliveries = call.read(|tx| Ok(tx.deliveries(own.id, LOG)?))?;
    let row = |delivery: Delivery| Row {
        key: delivery.id.to_string(),
        cells: vec![
            delivery.id.to_string(),
            String::new(),
            event_names(call, &delivery.kind),
            delivery.ticket.map_or_else(String::new, |ticket| format!("#{ticket}")),
            call.language.word("delivery", &delivery.state),
            delivery.attempts.to_string(),
            if delivery.http_status > 0 { delivery.http_status.to_string() } else { String::new() },
            delivery.last_error,
        ],
        times: vec![(1, delivery.created_at)],
        deeds: vec![RowDeed {
            path: format!("{}/log/{id}", NOUN.path()),
            word: format!("resend-{}", delivery.id),
            text: call.language.t("send-again"),
        }],
        ..Row::default()
    };
    let head = ["f-number", "f-when", "f-what", "f-ticket", "f-state", "f-tries", "f-answer", "f-found"];
    Ok(Table {
        title: call.language.with("webhook-log-of", "name", own.name.as_str()),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows: deliveries.into_iter().map(row).collect(),
        ..Table::default()
    })
}

/// Sends a delivery of that webhook again.
pub(super) fn resend(call: &Call<'_>, id: &str) -> Result<Response, Refusal> {
    let own = find(call, id)?;
    let delivery = call.form.get("do").strip_prefix("resend-").and_then(|id| id.parse().ok()).map(DeliveryId::new);
    let delivery = delivery.ok_or(Refusal::Broken)?;
    call.write(|tx| {
        if tx.delivery(delivery)?.is_none_or(|found| found.webhook != own.id) {
            return Err(Refusal::NotFound);
        }
        Ok(tx.resend_delivery(delivery, call.now).map(|_| ())?)
    })?;
    Ok(call.lead_to(&format!("{}/log/{id}?done=sent", NOUN.path())))
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let own = find(call, id)?;
    let title = call.language.with("remove-webhook", "name", own.name.as_str());
    let waiting = call.read(|tx| Ok(tx.deliveries_pending(own.id)?))?;
    Ok(Loss::new(title, vec![call.language.with("deliveries-lost", "n", waiting)]))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let id = find(call, id)?.id;
    call.write(|tx| Ok(tx.remove_webhook(id).map(|_| ())?))
}
