//! Views of the inbox that everybody has.

use super::field::{Field, Form, Loss, Row, Table, Typed};
use super::{Noun, Saved, number};
use crate::domain::ViewId;
use crate::domain::one_line::{VIEW_NAME_CHARS_MAX, VIEW_SEARCH_CHARS_MAX};
use crate::store::ticket::SavedView;
use crate::web::answer::Refusal;
use crate::web::call::Call;

const NOUN: Noun = Noun::Views;

fn find(call: &Call<'_>, id: &str) -> Result<SavedView, Refusal> {
    let id = ViewId::new(number(id)?);
    call.read(|tx| tx.shared_views()?.into_iter().find(|view| view.id == id).ok_or(Refusal::NotFound))
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let row = |view: SavedView| Row {
        key: view.id.to_string(),
        cells: vec![view.name, view.query],
        edit: Some(NOUN.path_of(view.id)),
        remove: Some(format!("{}/remove/{}", NOUN.path(), view.id)),
        ..Row::default()
    };
    Ok(Table {
        title: NOUN.title(call),
        about: call.language.t("about-views"),
        add: Some("/staff/setup/views/new"),
        head: vec![call.language.t("f-name"), call.language.t("f-query")],
        rows: call.read(|tx| Ok(tx.shared_views()?))?.into_iter().map(row).collect(),
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let found = id.map(|id| find(call, id)).transpose()?;
    let (name, query) = found.map_or((String::new(), String::new()), |view| (view.name, view.query));
    let title = if name.is_empty() { call.language.t("setup-new-view") } else { name.clone() };
    let fields = vec![
        Field::text("name", call.language.t("f-name"), name).required(),
        Field::text("query", call.language.t("f-query"), query).required().hint(call.language.t("search-hint")),
    ];
    Ok(Form::new(title, fields))
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let mut typed = Typed::new(call);
    let (name, query) = (typed.line("name", VIEW_NAME_CHARS_MAX), typed.line("query", VIEW_SEARCH_CHARS_MAX));
    if !typed.is_fine() {
        return Ok(Saved::Again(form(call, id)?.filled(&call.form).with_errors(typed.errors)));
    }
    let own = id.map(|id| find(call, id)).transpose()?.map(|view| view.id);
    call.write(|tx| {
        match own {
            Some(id) => tx.update_view(id, name, query).map(|_| ())?,
            None => tx.add_view(None, name, query, call.now).map(|_| ())?,
        }
        Ok(())
    })?;
    Ok(Saved::Done)
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let view = find(call, id)?;
    Ok(Loss::new(call.language.with("remove-view", "name", view.name.as_str()), vec![view.query]))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let id = find(call, id)?.id;
    call.write(|tx| Ok(tx.remove_view(id).map(|_| ())?))
}
