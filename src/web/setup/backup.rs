//! Backups: one is made now, those that are kept are listed, handed out and removed. Putting one back is done at the
//! command line, while nothing serves; the page has the command.

use std::path::PathBuf;

use super::errand;
use super::field::{Form, Loss, Row, RowDeed, Table};
use super::{Acted, Noun, Tools, shelf};
use crate::domain::SetUpChange;
use crate::http::Response;
use crate::store::errand::ErrandKind;
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// Where they are kept, beside the database, with those that a timer makes.
const FOLDER: &str = "backup";

/// How their names end.
const ENDING: &str = ".db";

const NOUN: Noun = Noun::Backups;

fn tools<'c>(call: &'c Call<'_>) -> Result<&'c Tools, Refusal> {
    call.web.tools.as_ref().ok_or(Refusal::NotFound)
}

fn folder(call: &Call<'_>) -> Result<PathBuf, Refusal> {
    Ok(tools(call)?.folder.join(FOLDER))
}

fn find(call: &Call<'_>, key: &str) -> Result<shelf::Entry, Refusal> {
    let found = shelf::find(&folder(call)?, key)?;
    if found.name.ends_with(ENDING) { Ok(found) } else { Err(Refusal::NotFound) }
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let title = NOUN.title(call);
    if call.web.tools.is_none() {
        return Ok(Table { title, about: call.language.t("health-elsewhere"), ..Table::default() });
    }
    let folder = folder(call)?;
    let kept: Vec<shelf::Entry> =
        shelf::entries(&folder).into_iter().filter(|entry| entry.name.ends_with(ENDING)).collect();
    let newest = kept.first().map_or_else(|| "FILE".to_owned(), |entry| folder.join(&entry.name).display().to_string());
    let path = |deed: &str, name: &str| format!("{}/{deed}/{}", NOUN.path(), shelf::key_of(name));
    let row = |entry: shelf::Entry| Row {
        key: shelf::key_of(&entry.name),
        deeds: vec![RowDeed {
            path: path("file", &entry.name),
            word: "download".to_owned(),
            text: call.language.t("download"),
        }],
        remove: Some(path("remove", &entry.name)),
        cells: vec![entry.name, shelf::size(call, entry.bytes), String::new()],
        times: vec![(2, entry.written_at)],
        ..Row::default()
    };
    let head = ["f-file", "f-size", "f-when"];
    let restore = format!(
        "systemctl stop maildesk.socket maildesk\n{} admin restore {newest}\nsystemctl start maildesk.socket maildesk",
        tools(call)?.command
    );
    Ok(Table {
        title,
        about: call.language.with("about-backups", "folder", folder.display().to_string().as_str()),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows: kept.into_iter().map(row).collect(),
        errand: errand::shown(call, ErrandKind::Backup)?,
        form: Some(Form { deeds: vec![("begin", call.language.t("back-up-now"))], ..Form::default() }),
        blocks: vec![(call.language.t("restore"), call.language.t("h-restore"), restore)],
        ..Table::default()
    })
}

/// Makes one now.
pub(super) fn act(call: &Call<'_>) -> Result<Acted, Refusal> {
    if call.form.get("do") != "begin" {
        return Err(Refusal::Broken);
    }
    let folder = folder(call)?;
    crate::private_file::create_folder(&folder).map_err(|error| {
        tracing::error!(%error, folder = %folder.display(), "making the folder of backups");
        Refusal::Failed
    })?;
    let name = format!("maildesk-{}{ENDING}", stamp(call));
    let path = folder.join(&name).to_string_lossy().into_owned();
    let has_begun = errand::begin(call, ErrandKind::Backup, &name, vec!["backup".to_owned(), path])?;
    Ok(Acted::LeadTo(if has_begun { "started" } else { "running" }))
}

/// The time in UTC, as the timer's backups have it in their names.
fn stamp(call: &Call<'_>) -> String {
    call.clock.time(call.now).machine.replace([':', 'Z'], "")
}

/// Hands one out: it holds the whole desk, so this is on record.
pub(super) fn file(call: &Call<'_>, key: &str) -> Result<Response, Refusal> {
    let entry = find(call, key)?;
    call.write(|tx| Ok(tx.note_set_up(SetUpChange::HandedOut, &format!("backup {}", entry.name))?))?;
    shelf::download(&folder(call)?, &entry)
}

pub(super) fn loss(call: &Call<'_>, key: &str) -> Result<Loss, Refusal> {
    let entry = find(call, key)?;
    let title = call.language.with("remove-backup", "name", entry.name.as_str());
    Ok(Loss::new(title, vec![shelf::size(call, entry.bytes)]))
}

pub(super) fn remove(call: &Call<'_>, key: &str) -> Result<(), Refusal> {
    let entry = find(call, key)?;
    shelf::remove(&folder(call)?, &entry)?;
    call.write(|tx| Ok(tx.note_set_up(SetUpChange::Removed, &format!("backup {}", entry.name))?))
}
