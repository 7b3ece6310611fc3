//! What our mails say.

use super::field::{Field, Form, Loss, Row, Table, Typed};
use super::{Noun, Saved};
use crate::desk::notify;
use crate::domain::TicketId;
use crate::domain::one_line::SUBJECT_CHARS_MAX;
use crate::outbox::template::Event;
use crate::store::template::Template;
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// Largest text, in bytes, as the command line takes it.
const BODY_BYTES_MAX: usize = 512 * 1024;

const NOUN: Noun = Noun::Templates;

/// The template that is stored, else the shipped one; and whether it was edited.
fn current(call: &Call<'_>, event: Event) -> Result<(Template, bool), Refusal> {
    let stored = call.read(|tx| Ok(tx.stored_template(event.name())?))?;
    let is_edited = stored.is_some();
    Ok((stored.unwrap_or_else(|| event.shipped()), is_edited))
}

fn find(id: &str) -> Result<Event, Refusal> {
    Event::from_name(id).ok_or(Refusal::NotFound)
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let mut rows = Vec::new();
    for event in Event::ALL {
        let (template, is_edited) = current(call, event)?;
        let state = call.language.t(if template.is_enabled { "yes" } else { "no" });
        let texts = call.language.t(if is_edited { "texts-edited" } else { "texts-shipped" });
        rows.push(Row {
            key: event.name().to_owned(),
            cells: vec![event.name().to_owned(), template.subject, state, texts],
            edit: Some(NOUN.path_of(event.name())),
            remove: is_edited.then(|| format!("{}/remove/{}", NOUN.path(), event.name())),
            ..Row::default()
        });
    }
    let head = ["f-name", "f-subject", "f-sent", "f-texts"];
    Ok(Table {
        title: NOUN.title(call),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows,
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let event = find(id.ok_or(Refusal::NotFound)?)?;
    let (template, _) = current(call, event)?;
    let body = if template.body_html.is_empty() { template.body_text } else { template.body_html };
    let mut fields = vec![
        Field::text("subject", call.language.t("f-subject"), template.subject).required(),
        Field::new("area", "body", call.language.t("f-text"), body).hint(call.language.t("h-template")),
    ];
    if event.is_switchable() {
        fields.push(Field::check("enabled", call.language.t("f-sent"), template.is_enabled));
    }
    fields.push(
        Field::new("number", "ticket", call.language.t("f-preview-ticket"), "").hint(call.language.t("h-preview")),
    );
    let about = call.language.word("template", event.name());
    let deeds = vec![("preview", call.language.t("preview"))];
    Ok(Form { about, deeds, ..Form::new(event.name().to_owned(), fields) })
}

/// The template as it was typed.
fn typed_template(call: &Call<'_>, event: Event) -> Result<Template, Refusal> {
    let (former, _) = current(call, event)?;
    let body = call.form.get("body").replace("\r\n", "\n");
    let is_html = body.trim_start().starts_with('<');
    let (body_text, body_html) = if is_html { (String::new(), body) } else { (body, String::new()) };
    let is_enabled = if event.is_switchable() { call.form.has("enabled") } else { former.is_enabled };
    Ok(Template { subject: call.form.trimmed("subject").to_owned(), body_text, body_html, is_enabled })
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let event = find(id.ok_or(Refusal::NotFound)?)?;
    let mut typed = Typed::new(call);
    typed.line("subject", SUBJECT_CHARS_MAX);
    let body = call.form.get("body");
    if body.trim().is_empty() || body.len() > BODY_BYTES_MAX {
        typed.wrong("body", call.language.t("wrong-empty"));
    }
    let again = form(call, id)?.filled(&call.form);
    if !typed.is_fine() {
        return Ok(Saved::Again(again.with_errors(typed.errors)));
    }
    let template = typed_template(call, event)?;
    if call.form.get("do") != "preview" {
        call.write(|tx| Ok(tx.store_template(event.name(), &template, call.now)?))?;
        return Ok(Saved::Done);
    }
    let rendered = call.read(|tx| {
        let newest = tx.newest_ticket()?.map_or(0, TicketId::get);
        let ticket = TicketId::new(call.form.number("ticket").unwrap_or(newest));
        Ok(notify::preview_of(tx, &call.settings, event, &template, ticket)?)
    })?;
    let Some(rendered) = rendered else {
        return Ok(Saved::Again(again.with_errors(vec![("ticket", call.language.t("wrong-ticket"))])));
    };
    let shown = format!("{}\n\n{}", rendered.subject, rendered.text.trim_end());
    let blocks = vec![(call.language.t("preview"), String::new(), shown)];
    Ok(Saved::Again(Form { blocks, ..again }))
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let event = find(id)?;
    let title = call.language.with("remove-template", "name", event.name());
    Ok(Loss::new(title, vec![event.shipped().subject, event.shipped().body_text]))
}

/// Takes the edited texts away: the shipped ones hold again.
pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let event = find(id)?;
    call.write(|tx| Ok(tx.forget_template(event.name())?))
}
