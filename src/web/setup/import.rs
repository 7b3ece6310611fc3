//! Moving in: a dump of HelpDeskZ's database with its attachments, or an archive of mails. The files are uploaded here, or
//! put into the desk's folder for them by other means; only what is there is imported.

use std::path::{Path, PathBuf};

use super::errand;
use super::field::{Field, Form, Loss, Row, Table};
use super::{Acted, Noun, Saved, shelf};
use crate::mail::safe_file_name;
use crate::private_file;
use crate::store::errand::ErrandKind;
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::form::File;

/// Where files wait, beside the database.
const FOLDER: &str = "import";

/// HelpDeskZ's attachments, in that folder.
const ATTACHMENTS: &str = "attachments";

const NOUN: Noun = Noun::Import;

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A dump of HelpDeskZ's database.
    Dump,
    /// An archive of mails.
    Archive,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        match name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
            Some("sql") => Some(Self::Dump),
            Some("mbox" | "mbx") => Some(Self::Archive),
            _ => None,
        }
    }
}

fn folder(call: &Call<'_>) -> Result<PathBuf, Refusal> {
    Ok(call.web.tools.as_ref().ok_or(Refusal::NotFound)?.folder.join(FOLDER))
}

fn find(call: &Call<'_>, key: &str) -> Result<(shelf::Entry, Kind), Refusal> {
    let entry = shelf::find(&folder(call)?, key)?;
    let kind = Kind::of(&entry.name).ok_or(Refusal::NotFound)?;
    Ok((entry, kind))
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let (title, language) = (NOUN.title(call), call.language);
    let Some(tools) = &call.web.tools else {
        return Ok(Table { title, about: language.t("health-elsewhere"), ..Table::default() });
    };
    let folder = folder(call)?;
    let row = |entry: shelf::Entry| {
        let key = shelf::key_of(&entry.name);
        Row {
            links: vec![(language.t("import"), format!("{}/edit/{key}", NOUN.path()))],
            remove: Some(format!("{}/remove/{key}", NOUN.path())),
            key,
            cells: vec![entry.name, shelf::size(call, entry.bytes), String::new()],
            times: vec![(2, entry.written_at)],
            ..Row::default()
        }
    };
    let head = ["f-file", "f-size", "f-when"];
    let at_the_command_line = format!(
        "{0} admin import helpdeskz dump.sql --attachments /var/www/helpdeskz/writable/attachments\n\
         {0} admin import mbox archive.mbox --address support@example.org\n\
         {0} admin import maildir FOLDER --address support@example.org",
        tools.command
    );
    let waiting = shelf::entries(&folder).into_iter().filter(|entry| Kind::of(&entry.name).is_some());
    Ok(Table {
        title,
        about: language.with("about-import", "folder", folder.display().to_string().as_str()),
        head: head.map(|name| language.t(name)).to_vec(),
        rows: waiting.map(row).collect(),
        errand: errand::shown(call, ErrandKind::Import)?,
        form: Some(upload_form(call)),
        blocks: vec![(language.t("at-the-command-line"), language.t("h-import-command"), at_the_command_line)],
        ..Table::default()
    })
}

fn upload_form(call: &Call<'_>) -> Form {
    let field = Field::new("file", "files", call.language.t("f-files-to-import"), "").hint(call.language.t("h-upload"));
    Form { fields: vec![field], deeds: vec![("upload", call.language.t("upload"))], ..Form::default() }
}

/// Takes files.
pub(super) fn act(call: &Call<'_>) -> Result<Acted, Refusal> {
    if call.form.get("do") != "upload" {
        return Err(Refusal::Broken);
    }
    let files = call.form.files();
    if files.is_empty() {
        let errors = vec![("files", call.language.t("wrong-empty"))];
        return Ok(Acted::Again(upload_form(call).with_errors(errors)));
    }
    let folder = folder(call)?;
    for file in files {
        keep(&folder, file).map_err(|error| {
            tracing::error!(%error, folder = %folder.display(), "keeping a file that is to be imported");
            Refusal::Failed
        })?;
    }
    Ok(Acted::LeadTo("uploaded"))
}

/// Keeps a file under its own name: HelpDeskZ's database names its attachments.
fn keep(folder: &Path, file: &File) -> std::io::Result<()> {
    let Some(name) = safe_file_name(&file.name) else { return Ok(()) };
    let folder = if Kind::of(&name).is_some() { folder.to_owned() } else { folder.join(ATTACHMENTS) };
    private_file::create_folder(&folder)?;
    private_file::replace(&folder.join(&name), &folder.join(".upload.new"), &file.content)
}

pub(super) fn form(call: &Call<'_>, key: Option<&str>) -> Result<Form, Refusal> {
    let (entry, kind) = find(call, key.ok_or(Refusal::NotFound)?)?;
    let (mut fields, mut deeds) = (Vec::new(), Vec::new());
    let about = match kind {
        Kind::Dump => {
            deeds.push(("look", call.language.t("only-look")));
            let n = i64::try_from(shelf::entries(&folder(call)?.join(ATTACHMENTS)).len()).unwrap_or(i64::MAX);
            call.language.with("about-import-dump", "n", n)
        }
        Kind::Archive => {
            let addresses = call.read(|tx| Ok(tx.addresses()?))?.into_iter().map(|(_, own)| own.email);
            let by_head = (String::new(), call.language.t("address-by-mail"));
            let choices = std::iter::once(by_head).chain(addresses.map(|email| (email.clone(), email))).collect();
            fields.push(Field::select("address", call.language.t("f-archive-address"), "", choices));
            call.language.t("about-import-archive")
        }
    };
    deeds.push(("import", call.language.t("import")));
    Ok(Form { about, deeds, ..Form::new(entry.name, fields).only_shown() })
}

pub(super) fn save(call: &Call<'_>, key: Option<&str>) -> Result<Saved, Refusal> {
    let (entry, kind) = find(call, key.ok_or(Refusal::NotFound)?)?;
    let is_look = match (kind, call.form.get("do")) {
        (Kind::Dump, "look") => true,
        (_, "import") => false,
        _ => return Err(Refusal::Broken),
    };
    let folder = folder(call)?;
    let mut arguments = vec!["import".to_owned()];
    arguments.push(if kind == Kind::Dump { "helpdeskz" } else { "mbox" }.to_owned());
    arguments.push(folder.join(&entry.name).to_string_lossy().into_owned());
    match kind {
        Kind::Dump => {
            let attachments = folder.join(ATTACHMENTS);
            if attachments.is_dir() {
                arguments.extend(["--attachments".to_owned(), attachments.to_string_lossy().into_owned()]);
            }
            arguments.extend(is_look.then(|| "--dry-run".to_owned()));
        }
        Kind::Archive => {
            let address = call.form.trimmed("address");
            let is_own = call.read(|tx| Ok(tx.addresses()?))?.iter().any(|(_, own)| own.email == address);
            if !is_own && !address.is_empty() {
                let errors = vec![("address", call.language.t("wrong-choice"))];
                return Ok(Saved::Again(form(call, key)?.with_errors(errors)));
            }
            if is_own {
                arguments.extend(["--address".to_owned(), address.to_owned()]);
            }
        }
    }
    let detail = if is_look { format!("{} --dry-run", entry.name) } else { entry.name };
    let has_begun = errand::begin(call, ErrandKind::Import, &detail, arguments)?;
    Ok(Saved::Begun(NOUN.path().to_owned(), has_begun))
}

pub(super) fn loss(call: &Call<'_>, key: &str) -> Result<Loss, Refusal> {
    let (entry, _) = find(call, key)?;
    let title = call.language.with("remove-import", "name", entry.name.as_str());
    Ok(Loss::new(title, vec![call.language.t("imported-stays")]))
}

pub(super) fn remove(call: &Call<'_>, key: &str) -> Result<(), Refusal> {
    let (entry, _) = find(call, key)?;
    shelf::remove(&folder(call)?, &entry)
}
