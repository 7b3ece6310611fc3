//! Senders whose mail is dropped.

use super::field::{Field, Form, Loss, Row, Table, Typed};
use super::{Noun, Saved};
use crate::domain::ban_pattern;
use crate::web::answer::Refusal;
use crate::web::call::Call;

const NOUN: Noun = Noun::Bans;

/// The ban that a path names.
fn find(call: &Call<'_>, id: &str) -> Result<String, Refusal> {
    let bans = call.read(|tx| Ok(tx.bans()?))?;
    bans.into_iter().map(|(pattern, _)| pattern).find(|pattern| key_of(pattern) == id).ok_or(Refusal::NotFound)
}

/// A pattern in a path: an address may hold a slash.
fn key_of(pattern: &str) -> String {
    data_encoding::BASE64URL_NOPAD.encode(pattern.as_bytes())
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let row = |(pattern, at): (String, crate::domain::Timestamp)| Row {
        key: key_of(&pattern),
        remove: Some(format!("{}/remove/{}", NOUN.path(), key_of(&pattern))),
        cells: vec![pattern, String::new()],
        times: vec![(1, at)],
        ..Row::default()
    };
    Ok(Table {
        title: NOUN.title(call),
        about: call.language.t("about-bans"),
        add: Some("/staff/setup/bans/new"),
        head: vec![call.language.t("f-ban"), call.language.t("f-since")],
        rows: call.read(|tx| Ok(tx.bans()?))?.into_iter().map(row).collect(),
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    if id.is_some() {
        return Err(Refusal::NotFound);
    }
    let field = Field::text("ban", call.language.t("f-ban"), "").required().hint(call.language.t("h-ban"));
    Ok(Form::new(call.language.t("setup-new-ban"), vec![field]))
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let again = form(call, id)?;
    let mut typed = Typed::new(call);
    let Some(pattern) = ban_pattern(call.form.get("ban")) else {
        typed.wrong("ban", call.language.t("h-ban"));
        return Ok(Saved::Again(again.filled(&call.form).with_errors(typed.errors)));
    };
    call.write(|tx| Ok(tx.ban(&pattern, call.now)?))?;
    Ok(Saved::Done)
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let pattern = find(call, id)?;
    Ok(Loss::new(call.language.with("remove-ban", "name", pattern.as_str()), vec![call.language.t("ban-lifted")]))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let pattern = find(call, id)?;
    call.write(|tx| Ok(tx.lift_ban(&pattern).map(|_| ())?))
}
