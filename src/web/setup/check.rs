//! Whether the database is sound, as `admin check` finds it. Repairs keep everybody waiting, so they are made at the
//! command line.

use super::errand;
use super::field::{Form, Table};
use super::{Acted, Noun};
use crate::store::errand::ErrandKind;
use crate::web::answer::Refusal;
use crate::web::call::Call;

const NOUN: Noun = Noun::Check;

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let title = NOUN.title(call);
    let Some(tools) = &call.web.tools else {
        return Ok(Table { title, about: call.language.t("health-elsewhere"), ..Table::default() });
    };
    let repair = format!("{} admin check --fix", tools.command);
    Ok(Table {
        title,
        about: call.language.t("about-check"),
        errand: errand::shown(call, ErrandKind::Check)?,
        form: Some(Form { deeds: vec![("begin", call.language.t("check-now"))], ..Form::default() }),
        blocks: vec![(call.language.t("repair"), call.language.t("h-repair"), repair)],
        ..Table::default()
    })
}

pub(super) fn act(call: &Call<'_>) -> Result<Acted, Refusal> {
    if call.form.get("do") != "begin" {
        return Err(Refusal::Broken);
    }
    let has_begun = errand::begin(call, ErrandKind::Check, "", vec!["check".to_owned()])?;
    Ok(Acted::LeadTo(if has_begun { "started" } else { "running" }))
}
