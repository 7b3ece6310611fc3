//! The three kinds of pages of the set-up: a list, a form, a question before something is removed.

use askama::Template;

use super::field::{Form, Loss, Table};
use super::{Deed, Noun, html};
use crate::http::{Method, Response};
use crate::web::agent;
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::once;
use crate::web::page::Page;
use crate::web::ui::{Notice, Ui};

/// The nouns beside every page: name, path, and whether it is the one shown.
type Nouns = Vec<(String, &'static str, bool)>;

#[derive(Template)]
#[template(path = "setup/table.html")]
struct TablePage<'a> {
    ui: Ui,
    nouns: Nouns,
    table: &'a Table,
}

#[derive(Template)]
#[template(path = "setup/form.html")]
struct FormPage<'a> {
    ui: Ui,
    nouns: Nouns,
    form: &'a Form,
    /// Whether it may be looked at and not sent.
    is_locked: bool,
    /// The key of a form that makes something new; empty for others.
    key: String,
    /// What stood in it when it was made; empty where that does not matter.
    version: String,
}

#[derive(Template)]
#[template(path = "setup/remove.html")]
struct Question<'a> {
    ui: Ui,
    nouns: Nouns,
    title: &'a str,
    lines: &'a [String],
    is_possible: bool,
    back: String,
}

fn nouns(call: &Call<'_>, here: Noun) -> Nouns {
    let sees_all = call.viewer.as_ref().is_some_and(|viewer| viewer.sees_all);
    let shown = Noun::ALL.iter().filter(|noun| sees_all || !noun.is_of_all());
    shown.map(|noun| (noun.title(call), noun.path(), *noun == here)).collect()
}

fn ui(call: &Call<'_>) -> Result<Ui, Refusal> {
    let mut ui = call.read(|tx| agent::frame_of(tx, call, None))?;
    if let word @ ("saved" | "removed" | "sent" | "started" | "running" | "uploaded") = call.query.get("done") {
        let text = call.language.word("setup-done", word);
        ui.notices.push(Notice { text, undo: None, until: None, is_error: word == "running" });
    }
    Ok(ui)
}

pub(super) fn table(call: &Call<'_>, noun: Noun, table: &Table) -> Result<Response, Refusal> {
    let status = if table.form.as_ref().is_some_and(Form::has_errors) { 422 } else { 200 };
    html(status, &TablePage { ui: ui(call)?, nouns: nouns(call, noun), table })
}

pub(super) fn form(call: &Call<'_>, noun: Noun, form: &Form) -> Result<Response, Refusal> {
    let status = match (form.has_errors(), form.changed_to.is_empty()) {
        (_, false) => 409,
        (true, true) => 422,
        (false, true) => 200,
    };
    let version = match &call.page {
        Page::SetUp(place) if matches!(place.deed, Deed::Edit(_)) || noun == Noun::General => version(call, form),
        _ => String::new(),
    };
    let is_locked = noun.is_changed_by_those_who_see_all() && !call.viewer()?.sees_all;
    let (ui, nouns, key) = (ui(call)?, nouns(call, noun), once::key_for(call)?);
    html(status, &FormPage { ui, nouns, form, is_locked, key, version })
}

/// What stood in the form when the one who fills it in has seen it.
fn version(call: &Call<'_>, form: &Form) -> String {
    match (form.changed_to.is_empty(), call.method == Method::Post) {
        (false, _) => form.changed_to.clone(),
        (true, true) => call.form.get("version").to_owned(),
        (true, false) => form.version(),
    }
}

pub(super) fn question(call: &Call<'_>, noun: Noun, loss: &Loss) -> Result<Response, Refusal> {
    let page = Question {
        ui: ui(call)?,
        nouns: nouns(call, noun),
        title: &loss.title,
        lines: &loss.lines,
        is_possible: loss.is_possible,
        back: noun.path().to_owned(),
    };
    html(200, &page)
}
