//! Custom fields of tickets.

use super::field::{Field, Form, Loss, Row, Table, Typed};
use super::{Noun, Saved, number};
use crate::domain::one_line::TITLE_CHARS_MAX;
use crate::store::import::ImportedCustomField;
use crate::store::set_up::{FIELD_KINDS, has_options};
use crate::web::answer::Refusal;
use crate::web::call::Call;

const NOUN: Noun = Noun::Fields;

fn find(call: &Call<'_>, id: &str) -> Result<ImportedCustomField, Refusal> {
    let id = number(id)?;
    call.read(|tx| tx.custom_fields()?.into_iter().find(|field| field.id == id).ok_or(Refusal::NotFound))
}

fn kind(call: &Call<'_>, word: &str) -> String {
    if FIELD_KINDS.contains(&word) { call.language.word("field-kind", word) } else { word.to_owned() }
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let row = |own: ImportedCustomField| Row {
        key: own.id.to_string(),
        edit: Some(NOUN.path_of(own.id)),
        remove: Some(format!("{}/remove/{}", NOUN.path(), own.id)),
        cells: vec![
            own.title,
            kind(call, &own.kind),
            options(&own.options).join(", "),
            if own.is_required { call.language.t("yes") } else { String::new() },
        ],
        ..Row::default()
    };
    let head = ["f-title", "f-kind", "f-options", "f-required"];
    Ok(Table {
        title: NOUN.title(call),
        add: Some("/staff/tools/custom-fields/new"),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows: call.read(|tx| Ok(tx.custom_fields()?))?.into_iter().map(row).collect(),
        ..Table::default()
    })
}

fn options(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// Department ids, which imports may have brought as texts.
fn departments(json: &str) -> Vec<String> {
    let values: Vec<serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
    values.iter().map(|value| value.to_string().trim_matches('"').to_owned()).collect()
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let found = id.map(|id| find(call, id)).transpose()?;
    let own = found.unwrap_or(ImportedCustomField {
        id: 0,
        kind: "text".to_owned(),
        title: String::new(),
        options: "[]".to_owned(),
        is_required: false,
        departments: "[]".to_owned(),
        position: 0,
    });
    let title = if own.title.is_empty() { call.language.t("setup-new-field") } else { own.title.clone() };
    let chosen = departments(&own.departments);
    let all = call.read(|tx| Ok(tx.departments()?))?;
    let choices = all.into_iter().map(|department| {
        let id = department.id.to_string();
        let is_on = chosen.contains(&id);
        (id, department.name, is_on)
    });
    let mut fields = vec![
        Field::text("title", call.language.t("f-title"), own.title).required(),
        Field::select(
            "kind",
            call.language.t("f-kind"),
            &own.kind,
            FIELD_KINDS.map(|word| (word.to_owned(), kind(call, word))).to_vec(),
        ),
        Field::new("area", "options", call.language.t("f-options"), options(&own.options).join("\n"))
            .hint(call.language.t("h-options")),
        Field::check("required", call.language.t("f-required"), own.is_required),
        Field::checks("departments", call.language.t("f-departments"), choices.collect())
            .hint(call.language.t("h-field-departments")),
    ];
    if own.id > 0 {
        fields.push(Field::new("number", "position", call.language.t("f-position"), own.position.to_string()));
    }
    Ok(Form::new(title, fields))
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let mut typed = Typed::new(call);
    let title = typed.line("title", TITLE_CHARS_MAX);
    let kind = call.form.trimmed("kind");
    let options: Vec<&str> = call.form.get("options").lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if !FIELD_KINDS.contains(&kind) {
        typed.wrong("kind", call.language.t("wrong-choice"));
    }
    if has_options(kind) && options.is_empty() {
        typed.wrong("options", call.language.t("h-options"));
    }
    if !typed.is_fine() {
        return Ok(Saved::Again(form(call, id)?.filled(&call.form).with_errors(typed.errors)));
    }
    let former = id.map(|id| find(call, id)).transpose()?;
    let chosen: Vec<i64> = call.form.all("departments").filter_map(|id| id.parse().ok()).collect();
    let new = ImportedCustomField {
        id: former.as_ref().map_or(0, |own| own.id),
        kind: kind.to_owned(),
        title: title.to_owned(),
        options: serde_json::json!(options).to_string(),
        is_required: call.form.has("required"),
        departments: serde_json::json!(chosen).to_string(),
        position: call.form.number("position").or(former.map(|own| own.position)).unwrap_or(0),
    };
    call.write(|tx| Ok(tx.save_custom_field(&new).map(|_| ())?))?;
    Ok(Saved::Done)
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let own = find(call, id)?;
    let title = call.language.with("remove-field", "name", own.title.as_str());
    Ok(Loss::new(title, vec![call.language.t("field-values-stay")]))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let id = find(call, id)?.id;
    call.write(|tx| Ok(tx.remove_custom_field(id).map(|_| ())?))
}
