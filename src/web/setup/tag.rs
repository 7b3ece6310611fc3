//! Tags.

use super::field::{Field, Form, Loss, Row, Table, Typed};
use super::{Noun, Saved, number};
use crate::desk::{TAG_CHARS_MAX, tag_name};
use crate::domain::TagId;
use crate::store::Error;
use crate::store::ticket::Tag;
use crate::web::answer::Refusal;
use crate::web::call::Call;

const NOUN: Noun = Noun::Tags;

fn find(call: &Call<'_>, id: &str) -> Result<Tag, Refusal> {
    let id = TagId::new(number(id)?);
    call.read(|tx| tx.tags()?.into_iter().find(|tag| tag.id == id).ok_or(Refusal::NotFound))
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let row = |tag: Tag| Row {
        key: tag.id.to_string(),
        cells: vec![tag.name, tag.tickets.to_string()],
        edit: Some(NOUN.path_of(tag.id)),
        remove: Some(format!("{}/remove/{}", NOUN.path(), tag.id)),
        ..Row::default()
    };
    Ok(Table {
        title: NOUN.title(call),
        add: Some("/staff/setup/tags/new"),
        head: vec![call.language.t("f-name"), call.language.t("f-tickets")],
        rows: call.read(|tx| Ok(tx.tags()?))?.into_iter().map(row).collect(),
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let name = id.map(|id| find(call, id)).transpose()?.map(|tag| tag.name).unwrap_or_default();
    let title = if name.is_empty() { call.language.t("setup-new-tag") } else { name.clone() };
    Ok(Form::new(title, vec![Field::text("name", call.language.t("f-name"), name).required()]))
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let mut typed = Typed::new(call);
    let named = tag_name(call.form.get("name"));
    if named.is_none() {
        typed.wrong("name", call.language.with("wrong-tag", "max", i64::try_from(TAG_CHARS_MAX).unwrap_or(i64::MAX)));
    }
    let name = named.as_deref().unwrap_or("");
    let own = id.map(|id| find(call, id)).transpose()?.map(|tag| tag.id);
    if call.read(|tx| Ok(tx.tag_named(name)?))?.is_some_and(|(other, _)| Some(other) != own) {
        typed.wrong("name", call.language.t("wrong-taken"));
    }
    if !typed.is_fine() {
        return Ok(Saved::Again(form(call, id)?.filled(&call.form).with_errors(typed.errors)));
    }
    call.write(|tx| match own {
        Some(id) => match tx.rename_tag(id, name) {
            Err(Error::Taken(_)) => Err(Refusal::Broken),
            other => Ok(other.map(|_| ())?),
        },
        None => Ok(tx.add_tag(name, call.now).map(|_| ())?),
    })?;
    Ok(Saved::Done)
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let tag = find(call, id)?;
    let title = call.language.with("remove-tag", "name", tag.name.as_str());
    Ok(Loss::new(title, vec![call.language.with("tickets-lose-tag", "n", tag.tickets)]))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let tag = find(call, id)?;
    call.write(|tx| Ok(call.change(tx)?.remove_tag(tag.id, &tag.name).map(|_| ())?))
}
