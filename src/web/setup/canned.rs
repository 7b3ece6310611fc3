//! Canned responses.

use super::field::{Field, Form, Loss, Row, Table, Typed};
use super::{Noun, Saved, number};
use crate::domain::one_line::TITLE_CHARS_MAX;
use crate::mail::html;
use crate::store::knowledge::{CannedResponse, NewCannedResponse};
use crate::web::answer::Refusal;
use crate::web::call::Call;

const NOUN: Noun = Noun::Canned;

fn find(call: &Call<'_>, id: &str) -> Result<CannedResponse, Refusal> {
    let id = number(id)?;
    call.read(|tx| tx.canned_response(id)?.ok_or(Refusal::NotFound))
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let row = |canned: CannedResponse| Row {
        key: canned.id.to_string(),
        cells: vec![canned.title, beginning(&html::to_text(&canned.body))],
        edit: Some(NOUN.path_of(canned.id)),
        remove: Some(format!("{}/remove/{}", NOUN.path(), canned.id)),
        ..Row::default()
    };
    Ok(Table {
        title: NOUN.title(call),
        add: Some("/staff/canned-responses/new"),
        head: vec![call.language.t("f-title"), call.language.t("f-text")],
        rows: call.read(|tx| Ok(tx.canned_responses()?))?.into_iter().map(row).collect(),
        ..Table::default()
    })
}

/// The first words of a text, for a list.
fn beginning(text: &str) -> String {
    const CHARS: usize = 80;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= CHARS { line } else { line.chars().take(CHARS).chain("…".chars()).collect() }
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let found = id.map(|id| find(call, id)).transpose()?;
    let position = found.as_ref().map_or_else(String::new, |own| own.position.to_string());
    let (title, body) = found.map_or((String::new(), String::new()), |own| {
        let is_plain = html::text_to_html(&html::to_text(&own.body)) == own.body;
        (own.title, if is_plain { html::to_text(&own.body) } else { own.body })
    });
    let heading = if title.is_empty() { call.language.t("setup-new-canned") } else { title.clone() };
    let fields = vec![
        Field::text("title", call.language.t("f-title"), title).required(),
        Field::new("area", "text", call.language.t("f-text"), body).hint(call.language.t("h-canned")),
        Field::new("number", "position", call.language.t("f-position"), position),
    ];
    Ok(Form::new(heading, fields))
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let mut typed = Typed::new(call);
    let (title, text) = (typed.line("title", TITLE_CHARS_MAX), call.form.get("text"));
    if text.trim().is_empty() {
        typed.wrong("text", call.language.t("wrong-empty"));
    }
    if !typed.is_fine() {
        return Ok(Saved::Again(form(call, id)?.filled(&call.form).with_errors(typed.errors)));
    }
    let is_html = text.trim_start().starts_with('<');
    let body = if is_html { html::sanitise_message(text) } else { html::text_to_html(text.trim_end()) };
    let id = id.map(|id| find(call, id)).transpose()?.map(|own| own.id);
    let new = NewCannedResponse { title: Some(title), body: Some(&body), position: call.form.number("position") };
    call.write(|tx| {
        match id {
            Some(id) => tx.update_canned_response(id, &new, call.now).map(|_| ())?,
            None => tx.add_canned_response(&new, call.now).map(|_| ())?,
        }
        Ok(())
    })?;
    Ok(Saved::Done)
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let own = find(call, id)?;
    let title = call.language.with("remove-canned", "name", own.title.as_str());
    Ok(Loss::new(title, vec![beginning(&html::to_text(&own.body))]))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let id = find(call, id)?.id;
    call.write(|tx| Ok(tx.remove_canned_response(id).map(|_| ())?))
}
