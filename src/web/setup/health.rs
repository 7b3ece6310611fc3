//! What `admin doctor` says.

use super::Noun;
use super::field::{Row, Table};
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// One line of the doctor's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HealthLine {
    /// What was looked at.
    pub(crate) name: String,
    /// `OK`, `WARN` or `FAIL`.
    pub(crate) level: String,
    /// What was found.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) fix: String,
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let title = Noun::Health.title(call);
    let Some(tools) = &call.web.tools else {
        return Ok(Table { title, about: call.language.t("health-elsewhere"), ..Table::default() });
    };
    let lines = match (tools.health)() {
        Ok(lines) => lines,
        Err(why) => return Ok(Table { title, about: why, ..Table::default() }),
    };
    let row = |(n, line): (usize, HealthLine)| Row {
        key: n.to_string(),
        cells: vec![call.language.word("health", &line.level.to_lowercase()), line.name, line.message, line.fix],
        ..Row::default()
    };
    let other = if tools.database.contains("://") { "FILE" } else { "postgres://USER@HOST/NAME" };
    let copy = format!("{} admin copy {} {other}", tools.command, tools.database);
    let head = ["f-state", "f-what", "f-found", "f-fix"];
    Ok(Table {
        title,
        about: call.language.t("about-health"),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows: lines.into_iter().enumerate().map(row).collect(),
        blocks: vec![(call.language.t("move-database"), call.language.t("h-move-database"), copy)],
        ..Table::default()
    })
}
