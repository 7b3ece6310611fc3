//! Priorities of tickets.

use super::field::{Field, Form, Loss, Row, Table, Typed};
use super::{Noun, Saved, number};
use crate::domain::one_line::PRIORITY_CHARS_MAX;
use crate::store::import::ImportedPriority;
use crate::store::set_up::is_color;
use crate::web::answer::Refusal;
use crate::web::call::Call;

const NOUN: Noun = Noun::Priorities;

fn find(call: &Call<'_>, id: &str) -> Result<ImportedPriority, Refusal> {
    let id = number(id)?;
    call.read(|tx| tx.priorities()?.into_iter().find(|priority| priority.id == id).ok_or(Refusal::NotFound))
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let row = |priority: ImportedPriority| Row {
        key: priority.id.to_string(),
        cells: vec![priority.name, priority.color],
        edit: Some(NOUN.path_of(priority.id)),
        remove: Some(format!("{}/remove/{}", NOUN.path(), priority.id)),
        ..Row::default()
    };
    Ok(Table {
        title: NOUN.title(call),
        add: Some("/staff/setup/priorities/new"),
        head: vec![call.language.t("f-name"), call.language.t("f-color")],
        rows: call.read(|tx| Ok(tx.priorities()?))?.into_iter().map(row).collect(),
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let found = id.map(|id| find(call, id)).transpose()?;
    let (name, color) = found.map_or((String::new(), "#8a8a8a".to_owned()), |own| (own.name, own.color));
    let title = if name.is_empty() { call.language.t("setup-new-priority") } else { name.clone() };
    let fields = vec![
        Field::text("name", call.language.t("f-name"), name).required(),
        Field::text("color", call.language.t("f-color"), color).hint(call.language.t("h-color")),
    ];
    Ok(Form::new(title, fields))
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let mut typed = Typed::new(call);
    let name = typed.line("name", PRIORITY_CHARS_MAX);
    let color = call.form.trimmed("color");
    if !is_color(color) {
        typed.wrong("color", call.language.t("h-color"));
    }
    let id_now = id.map(|id| find(call, id)).transpose()?.map_or(0, |own| own.id);
    let is_same = |other: &ImportedPriority| other.id != id_now && other.name.to_lowercase() == name.to_lowercase();
    if call.read(|tx| Ok(tx.priorities()?.iter().any(is_same)))? {
        typed.wrong("name", call.language.t("wrong-taken"));
    }
    if !typed.is_fine() {
        return Ok(Saved::Again(form(call, id)?.filled(&call.form).with_errors(typed.errors)));
    }
    let new = ImportedPriority { id: id_now, name: name.to_owned(), color: color.to_owned() };
    call.write(|tx| Ok(tx.save_priority(&new).map(|_| ())?))?;
    Ok(Saved::Done)
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let own = find(call, id)?;
    Ok(Loss::new(
        call.language.with("remove-priority", "name", own.name.as_str()),
        vec![call.language.t("tickets-lose-priority")],
    ))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let id = find(call, id)?.id;
    call.write(|tx| Ok(tx.remove_priority(id).map(|_| ())?))
}
