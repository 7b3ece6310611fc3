//! `admin import helpdeskz`: moving in from a dump of HelpDeskZ 2.0 to 2.0.2.
//!
//! The dump is read once to find its tables, then part by part in an order that lets every row find
//! the rows it refers to; each batch of rows is one transaction. What the columns mean is said table by
//! table in `desk`, `people`, `tickets`, `files` and `knowledge`; `escaped` and `php` undo
//! HelpDeskZ's ways of writing. A second run of the same dump changes nothing, an interrupted one
//! goes on.

mod addresses;
mod desk;
mod escaped;
mod files;
mod installation;
mod knowledge;
mod people;
mod php;
mod run;
mod tickets;

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::closing;
use super::dump::{Next, Rows, survey};

use super::report::{Kind, Report};
use crate::admin::Context;
use crate::admin::progress::{Progress, Unit};
use crate::domain::TicketId;
use crate::outcome::{self, Done, WithContext, bail};
use crate::private_file;
use crate::store::Store;
use crate::store::import::{Aside, Import, Numbered, Precedence};
use installation::Installation;
use run::Run;

/// Bytes looked at from both ends of the dump for the dump program's own remarks.
const REMARK_BYTES: u64 = 4096;

/// Tickets compared to see whether a dump is of the same HelpDeskZ as the one before.
const SAMPLE_TICKETS: usize = 1000;

/// What is said of a dump that lacks its program's last remark.
const UNFINISHED: &str =
    "the dump does not end with \"Dump completed\": the program that wrote it was stopped, make it again";

/// Highest AUTO_INCREMENT believed: MySQL's largest unsigned INT, which is more than HelpDeskZ's columns hold.
const NEXT_ID_MAX: u64 = 4_294_967_295;

/// Tables that only say what was.
const HISTORY: [&str; 2] = ["login_attempt", "login_log"];

/// Options of `admin import helpdeskz`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mysqldump helpdeskz > dump.sql
  maildesk admin import helpdeskz dump.sql --attachments /var/www/helpdeskz/writable/attachments --dry-run
  maildesk admin import helpdeskz dump.sql --attachments /var/www/helpdeskz/writable/attachments")]
pub(crate) struct Arguments {
    /// Dump of the database, as mysqldump, mariadb-dump or phpMyAdmin write it
    #[arg(value_name = "DUMP.sql")]
    dump: PathBuf,
    /// HelpDeskZ's folder of attachments (writable/attachments)
    #[arg(long, value_name = "DIR")]
    attachments: Option<PathBuf>,
    /// Print the report and change nothing
    #[arg(long)]
    dry_run: bool,
    /// End with status 3 when anything was repaired, merged or skipped
    #[arg(long)]
    strict: bool,
    /// Table prefix, where the dump holds several installations [default: found]
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> outcome::Result<Done> {
    let dump = &arguments.dump;
    let shown = dump.display();
    let bytes = require_regular_file(dump)?;
    if let Some(folder) = &arguments.attachments
        && !folder.is_dir()
    {
        bail!("{} is no folder", folder.display());
    }
    let progress = Progress::new(&context.output, Unit::Bytes, bytes);
    progress.part("reading", bytes);
    let survey = survey(dump, |offset| progress.at(offset)).with_context(|| format!("reading {shown}"))?;
    if let Some(offset) = survey.cut_at {
        bail!("{shown} ends in the middle of a statement (byte {offset}): it is not whole"; "make the dump again");
    }
    let is_unfinished = is_unfinished(dump)?;
    let found = Installation::find(&survey, arguments.prefix.as_deref());
    let installation = if is_unfinished { found.context(UNFINISHED)? } else { found? };
    progress.part("hashing", bytes);
    let sha256 = fingerprint(dump, &progress)?;
    let source = Source { arguments, installation: &installation, sha256: &sha256 };

    if !arguments.dry_run {
        let whole = import(context, &context.store, &source, &progress)?;
        return finish(context, arguments, &installation, whole, progress);
    }
    // The whole of it, on a copy that goes away.
    let database = beside(&context.store)?;
    let folder = database.parent().unwrap_or(Path::new("."));
    let scratch = private_file::temporary_folder(".maildesk-dry-run-", folder)?;
    let copy = scratch.path().join("copy.db");
    context.store.copy_to(&copy)?;
    let store = Store::open(&copy, std::time::Duration::from_secs(crate::store::LOCK_WAIT_S))?;
    let report = import(context, &store, &source, &progress)?;
    finish(context, arguments, &installation, report, progress)
}

/// The file beside which files of the desk are made; for a database on a server, one that would be in this folder.
fn beside(store: &Store) -> outcome::Result<PathBuf> {
    let file = store.place().file().unwrap_or(Path::new("maildesk.db"));
    std::path::absolute(file).context("asking for the current folder")
}

fn finish(
    context: &Context,
    arguments: &Arguments,
    installation: &Installation,
    report: Report,
    progress: Progress,
) -> outcome::Result<Done> {
    drop(progress);
    let is_partly = report.failures() > 0 || (arguments.strict && report.flaws() > 0);
    let head = json!({
        "dump": arguments.dump.to_string_lossy(), "prefix": installation.prefix, "version": installation.version,
        "dry_run": arguments.dry_run,
    });
    let totals = closing::totals(&report, arguments.dry_run);
    report.print(&context.output, &head)?;
    if !context.output.is_json() && !totals.is_empty() {
        context.output.say(&totals);
    }
    if arguments.dry_run {
        context.output.say("nothing was changed (--dry-run)");
    } else if !context.output.is_json() && !totals.is_empty() {
        let steps = context.store.read(closing::next_steps)?;
        context.output.say(&format!("next:\n  {}", steps.join("\n  ")));
    }
    outcome::done_unless(is_partly)
}

fn require_regular_file(dump: &Path) -> outcome::Result<u64> {
    let mut file = match private_file::open_named(dump) {
        Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => {
            bail!("{} is no regular file; the dump is read several times, so save it first", dump.display())
        }
        opened => opened.with_context(|| format!("reading {}", dump.display()))?,
    };
    let bytes = file.metadata()?.len();
    let mut head = [0; 8];
    let read = file.read(&mut head)?;
    installation::refuse_other_formats(head.get(..read).unwrap_or_default())
        .with_context(|| format!("reading {}", dump.display()))?;
    Ok(bytes)
}

/// SHA-256 of the dump: what a repeated import is known by.
fn fingerprint(dump: &Path, progress: &Progress) -> outcome::Result<[u8; 32]> {
    let mut file = private_file::open_named(dump)?;
    let (mut hash, mut buffer, mut behind) = (Sha256::new(), vec![0; 256 * 1024], 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(buffer.get(..read).unwrap_or_default());
        behind += read as u64;
        progress.at(behind);
    }
}

/// What is imported.
struct Source<'a> {
    arguments: &'a Arguments,
    installation: &'a Installation,
    sha256: &'a [u8; 32],
}

/// Imports into `store`, the desk's own or a copy of it.
fn import(context: &Context, store: &Store, source: &Source<'_>, progress: &Progress) -> outcome::Result<Report> {
    let Source { arguments, installation, sha256 } = *source;
    let mut report = Report::new()?;
    let known = store.read(|tx| tx.import_of(sha256))?;
    if let Some(Import { finished_at, has_files, .. }) = known
        && finished_at.unix() > 0
        && (has_files || arguments.attachments.is_none())
    {
        report.add(Kind::Warning, "", "", "this dump was imported before; nothing is to do")?;
        return Ok(report);
    }
    note_the_dump(arguments, installation, &mut report)?;
    let (precedence, own_staff_above) = prepare(context, store, source)?;
    let database = beside(&context.store)?;
    let mut run = Run {
        store,
        database: &database,
        dump: &arguments.dump,
        installation,
        progress,
        report,
        now: context.now,
        precedence,
        own_staff_above,
        writes_files: !arguments.dry_run,
        highest: Vec::new(),
    };
    if known.is_some_and(|known| known.finished_at.unix() > 0) {
        run.report.add(Kind::Warning, "", "", "this dump was imported before; only its attachments are added")?;
        files::import(&mut run, arguments.attachments.as_deref())?;
    } else {
        desk::import(&mut run)?;
        knowledge::import(&mut run)?;
        let renumbered = people::import(&mut run)?;
        tickets::import(&mut run, &renumbered)?;
        files::import(&mut run, arguments.attachments.as_deref())?;
        raise_next_ids(&mut run)?;
    }
    let has_files = arguments.attachments.is_some();
    store.write(|tx| tx.finish_import(sha256, has_files, context.now))?;
    Ok(run.report)
}

/// Remarks about the dump as a whole.
fn note_the_dump(arguments: &Arguments, installation: &Installation, report: &mut Report) -> outcome::Result<()> {
    for table in &installation.missing {
        report.add(Kind::Warning, table, "", "the dump has no such table")?;
    }
    for copy in &installation.copies {
        let why = format!("the tables {copy}… are taken for a copy of {}…; --prefix chooses", installation.prefix);
        report.add(Kind::Warning, "", "", &why)?;
    }
    for table in
        HISTORY.iter().filter(|table| installation.table(table).is_some_and(|(_, about)| !about.spans.is_empty()))
    {
        report.add(Kind::Warning, table, "", "a record of past logins: it stays behind")?;
    }
    if is_unfinished(&arguments.dump)? {
        report.add(Kind::Warning, "", "", UNFINISHED)?;
    }
    Ok(())
}

/// Whether the dump program began its remarks and did not come to the last one.
fn is_unfinished(dump: &Path) -> outcome::Result<bool> {
    let mut file = private_file::open_named(dump)?;
    let mut head = Vec::new();
    file.by_ref().take(REMARK_BYTES).read_to_end(&mut head)?;
    let bytes = file.metadata()?.len();
    file.seek(SeekFrom::Start(bytes.saturating_sub(REMARK_BYTES)))?;
    let mut tail = Vec::new();
    file.take(REMARK_BYTES).read_to_end(&mut tail)?;
    let (head, tail) = (String::from_utf8_lossy(&head), String::from_utf8_lossy(&tail));
    let is_by_dump_program = head.contains("-- MySQL dump ") || head.contains("-- MariaDB dump ");
    Ok(is_by_dump_program && !tail.contains("-- Dump completed"))
}

/// Looks whether the desk can take the import, makes room, and records that it begins.
fn prepare(context: &Context, store: &Store, source: &Source<'_>) -> outcome::Result<(Precedence, Option<i64>)> {
    let Source { arguments, installation, sha256 } = *source;
    let name = arguments.dump.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let room = |table: &str| run::highest_id(&arguments.dump, installation, table);
    let aside = Aside {
        department: room("departments")?,
        staff: room("staff")?,
        address: room("emails")?,
        token: room("api")?,
    };
    refuse_another_desk(store, arguments, installation)?;
    store.write(|tx| {
        let (begun, finished) = tx.imports_begun_and_finished()?;
        if begun == 0 {
            let (customers, tickets) = tx.customers_and_tickets()?;
            if customers + tickets > 0 {
                bail!(
                    "the desk has {tickets} tickets and {customers} customers already, and HelpDeskZ's keep their ids";
                    "import into a new database (`maildesk --db NEW admin init`), then bring the other mail in"
                );
            }
            tx.move_aside(aside)?;
        }
        tx.begin_import(sha256, &name, context.now)?;
        Ok(if finished > 0 { (Precedence::Desk, None) } else { (Precedence::Import, Some(aside.staff)) })
    })
}

/// A second dump has to be of the HelpDeskZ that the first one was of: ids say which.
fn refuse_another_desk(store: &Store, arguments: &Arguments, installation: &Installation) -> outcome::Result<()> {
    let Some((name, table)) = installation.table("tickets") else { return Ok(()) };
    let (mut same, mut different) = (0, 0);
    let mut rows = Rows::open(&arguments.dump, name, table)?;
    while same + different < SAMPLE_TICKETS
        && let Some(next) = rows.next()?
    {
        let Next::Row(row) = next else { continue };
        let created = store.read(|tx| tx.ticket(TicketId::new(row.number("id"))))?.map(|ticket| ticket.created_at);
        match created {
            Some(created) if created == run::time(&row, "date") => same += 1,
            Some(_) => different += 1,
            None => {}
        }
    }
    if different > same {
        bail!(
            "the tickets of this dump are not those of the desk: {different} of {} that have one id are others",
            same + different;
            "import another HelpDeskZ into a separate database"
        );
    }
    Ok(())
}

/// HelpDeskZ would go on at its AUTO_INCREMENT: higher ids were given out and deleted, and old mails
/// still name them.
fn raise_next_ids(run: &mut Run<'_>) -> outcome::Result<()> {
    const TABLES: [(&str, Numbered); 12] = [
        ("users", Numbered::Customer),
        ("staff", Numbered::Staff),
        ("departments", Numbered::Department),
        ("emails", Numbered::Address),
        ("tickets", Numbered::Ticket),
        ("tickets_messages", Numbered::Message),
        ("attachments", Numbered::Attachment),
        ("api", Numbered::Token),
        ("canned_response", Numbered::CannedResponse),
        ("articles", Numbered::Article),
        ("kb_category", Numbered::ArticleCategory),
        ("custom_fields", Numbered::CustomField),
    ];
    for (table, numbered) in TABLES {
        run.raise_next_id(table, numbered)?;
    }
    Ok(())
}
