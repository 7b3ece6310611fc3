//! `admin address`: the desk's own mail addresses.

mod mailbox;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, check_secret_file, complete, department, missing, named, nothing_to_change, output, usage};
use crate::desk::{note_undelivered, plus};
use crate::domain::desk_address::{Auth, ImapAfter, Incoming, Outgoing, SIGNATURE_CHARS_MAX, Tls};
use crate::domain::one_line::ADDRESS_NAME_CHARS_MAX;
use crate::domain::{AddressId, DepartmentId, EmailAddress, comparable_address};
use crate::imap_fetch;
use crate::outbox;
use crate::outbox::transport::Transport;
use crate::outcome::{self, Done, bail};
use crate::store::Error;
use crate::store::address::AddressRow;
use crate::store::imap::FolderHealth;
use crate::terminal;

/// Verbs of `admin address`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin address add support@example.org --name Support --department 1 --default --incoming pipe
  maildesk admin address update support@example.org --outgoing smtp --smtp-host mx.example.org --smtp-user desk \
--smtp-password-file /etc/maildesk/smtp.pass
  maildesk admin address test support@example.org")]
pub(crate) enum Command {
    /// Add an address; prints its id
    Add {
        /// The address
        email: EmailAddress,
        /// Its settings
        #[command(flatten)]
        settings: Settings,
    },
    /// All addresses
    List,
    /// One address
    Show {
        /// The address, its id or its name
        #[arg(add = complete::addresses())]
        address: String,
    },
    /// Change an address; what is not named stays
    Update {
        /// The address, its id or its name
        #[arg(add = complete::addresses())]
        address: String,
        /// Its settings
        #[command(flatten)]
        settings: Settings,
    },
    /// Try the ways in and out: log in, send nothing, change nothing
    Test {
        /// The address, its id or its name
        #[arg(add = complete::addresses())]
        address: String,
        /// Send one mail to a plus-address of this address; when it comes back in, Reply-To uses them
        #[arg(long)]
        plus: bool,
    },
    /// Remove an address
    Remove {
        /// The address, its id or its name
        #[arg(add = complete::addresses())]
        address: String,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

/// What can be said of an address.
#[derive(Debug, Default, PartialEq, Eq, clap::Args)]
pub(crate) struct Settings {
    /// Name in From
    #[arg(long)]
    name: Option<String>,
    /// The department its mail goes to, by id or name
    #[arg(long, value_name = "ID", add = complete::departments())]
    department: Option<String>,
    /// Mail to unknown addresses goes to this one's department
    #[arg(long)]
    default: bool,
    /// How mail comes in
    #[arg(long, value_enum)]
    incoming: Option<Incoming>,
    /// IMAP server
    #[arg(long, value_name = "HOST")]
    imap_host: Option<String>,
    /// IMAP port [default: 993]
    #[arg(long, value_name = "PORT")]
    imap_port: Option<u16>,
    /// IMAP user
    #[arg(long, value_name = "USER")]
    imap_user: Option<String>,
    /// File (0600) with the IMAP password
    #[arg(long, value_name = "FILE")]
    imap_password_file: Option<PathBuf>,
    /// IMAP connection [default: implicit]
    #[arg(long, value_enum)]
    imap_tls: Option<Tls>,
    /// IMAP folder; may be repeated [default: INBOX]
    #[arg(long, value_name = "FOLDER", num_args = 1..)]
    imap_folder: Vec<String>,
    /// What to do with a fetched mail: seen, move:FOLDER or delete [default: seen]
    #[arg(long, value_name = "WHAT")]
    imap_after: Option<ImapAfter>,
    /// IMAP login [default: password]
    #[arg(long, value_enum)]
    imap_auth: Option<Auth>,
    /// Further IMAP options
    #[command(flatten)]
    imap: mailbox::Settings,
    /// How mail goes out
    #[arg(long, value_enum)]
    outgoing: Option<Outgoing>,
    /// SMTP server
    #[arg(long, value_name = "HOST")]
    smtp_host: Option<String>,
    /// SMTP port [default: 587]
    #[arg(long, value_name = "PORT")]
    smtp_port: Option<u16>,
    /// SMTP user
    #[arg(long, value_name = "USER")]
    smtp_user: Option<String>,
    /// File (0600) with the SMTP password
    #[arg(long, value_name = "FILE")]
    smtp_password_file: Option<PathBuf>,
    /// SMTP connection [default: starttls]
    #[arg(long, value_enum)]
    smtp_tls: Option<Tls>,
    /// Text under answers that leave by this address, below the writer's own signature; "" takes it away. %staff_name% is
    /// who writes, %company_name% the name of the desk
    #[arg(long, value_name = "TEXT")]
    signature: Option<String>,
    /// Folder for `--outgoing file`
    #[arg(long, value_name = "DIR")]
    outgoing_dir: Option<PathBuf>,
}

impl Settings {
    /// Refuses password files that others may read.
    fn check_files(&self, context: &Context) -> outcome::Result<()> {
        let own = [&self.imap_password_file, &self.smtp_password_file];
        for path in own.into_iter().flatten().map(PathBuf::as_path).chain(self.imap.secret_files()) {
            check_secret_file(&context.output, path)?;
        }
        Ok(())
    }

    /// Overwrites in `row` what was named on the command line.
    fn put_into(self, context: &Context, row: &mut AddressRow) -> outcome::Result<()> {
        fn put<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        let path = |path: Option<PathBuf>| path.map(|path| absolute(&path));
        put(&mut row.name, self.name);
        row.is_default |= self.default;
        put(&mut row.incoming, self.incoming);
        put(&mut row.imap_host, self.imap_host);
        put(&mut row.imap_port, self.imap_port);
        put(&mut row.imap_user, self.imap_user);
        put(&mut row.imap_password_file, path(self.imap_password_file));
        put(&mut row.imap_tls, self.imap_tls);
        put(&mut row.imap_after, self.imap_after);
        put(&mut row.imap_auth, self.imap_auth);
        self.imap.put_into(row);
        if !self.imap_folder.is_empty() {
            row.imap_folders = self.imap_folder;
        } else if row.imap_folders.is_empty() && row.incoming == Incoming::Imap {
            row.imap_folders = vec!["INBOX".to_owned()];
        }
        put(&mut row.outgoing, self.outgoing);
        put(&mut row.smtp_host, self.smtp_host);
        put(&mut row.smtp_port, self.smtp_port);
        put(&mut row.smtp_user, self.smtp_user);
        put(&mut row.smtp_password_file, path(self.smtp_password_file));
        put(&mut row.smtp_tls, self.smtp_tls);
        put(&mut row.outgoing_dir, path(self.outgoing_dir));
        put(&mut row.signature, self.signature.map(|text| text.trim().to_owned()));
        if let Some(name) = &self.department {
            row.department = Some(context.store.read(|tx| department::find(tx, name))?.id);
        }
        Ok(())
    }
}

/// Paths are kept absolute: `serve` and cron start elsewhere.
fn absolute(path: &std::path::Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

/// What must be there for the chosen ways in and out.
fn check(row: &AddressRow) -> outcome::Result<()> {
    let named = [
        (row.name.trim().is_empty(), "--name is needed: it is shown in From"),
        (row.name.chars().count() > ADDRESS_NAME_CHARS_MAX, "--name is too long (250 characters at most)"),
        (row.name.chars().any(char::is_control), "--name must be one line of text"),
        (row.signature.chars().count() > SIGNATURE_CHARS_MAX, "--signature is too long (2000 characters at most)"),
        (row.incoming == Incoming::Imap && row.imap_host.is_empty(), "--incoming imap needs --imap-host"),
        (row.incoming == Incoming::Imap && row.imap_user.is_empty(), "--incoming imap needs --imap-user"),
        (row.outgoing == Outgoing::Smtp && row.smtp_host.is_empty(), "--outgoing smtp needs --smtp-host"),
        (row.outgoing == Outgoing::File && row.outgoing_dir.is_empty(), "--outgoing file needs --outgoing-dir"),
    ];
    match named.into_iter().find(|(is_wrong, _)| *is_wrong) {
        Some((_, why)) => usage(why),
        None => Ok(()),
    }
}

fn as_json(id: AddressId, row: &AddressRow) -> Value {
    json!({
        "id": id.get(), "email": row.email, "name": row.name, "department_id": row.department.map(DepartmentId::get),
        "default": row.is_default, "incoming": row.incoming.word(), "imap_host": row.imap_host, "imap_port": row.imap_port,
        "imap_user": row.imap_user, "imap_password_file": row.imap_password_file, "imap_tls": row.imap_tls.word(),
        "imap_folders": row.imap_folders, "imap_after": row.imap_after.to_string(), "imap_auth": row.imap_auth.word(),
        "imap_options": mailbox::as_json(row),
        "outgoing": row.outgoing.word(), "smtp_host": row.smtp_host, "smtp_port": row.smtp_port, "smtp_user": row.smtp_user,
        "smtp_password_file": row.smtp_password_file, "smtp_tls": row.smtp_tls.word(), "outgoing_dir": row.outgoing_dir,
        "signature": row.signature,
    })
}

/// The address of that text or id, or the only one with that name.
fn find(context: &Context, name: &str) -> outcome::Result<(AddressId, AddressRow)> {
    let all = context.store.read(|tx| tx.addresses())?;
    let is_named = |(_, row): &(AddressId, AddressRow), wanted: &str| row.email.to_lowercase() == wanted;
    let wanted = comparable_address(name.trim()).to_lowercase();
    if let Some(found) = all.iter().find(|one| is_named(one, &wanted)) {
        return Ok(found.clone());
    }
    named(
        "address",
        name,
        all,
        |(known, _), id| known.get() == id,
        |(_, row), wanted| row.name.to_lowercase() == wanted,
    )
}

fn save(context: &Context, id: Option<AddressId>, row: &AddressRow) -> outcome::Result<AddressId> {
    check(row)?;
    context.store.write(|tx| {
        if let Some(department) = row.department
            && tx.department(department)?.is_none()
        {
            return missing("department", department);
        }
        let saved = match id {
            Some(id) => tx.update_address(id, row, context.now).map(|_| id),
            None => tx.add_address(row, context.now),
        };
        match saved {
            Err(Error::Taken(_)) => bail!("{} is an address of this desk already", row.email),
            other => Ok(other?),
        }
    })
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { email, settings } => {
            let mut row = AddressRow::new(email.as_str(), "");
            settings.check_files(context)?;
            settings.put_into(context, &mut row)?;
            if row.department.is_none() {
                return usage("--department is needed: `maildesk admin department list` shows the ids");
            }
            let id = save(context, None, &row)?;
            context.output.object(&as_json(id, &row), &id.to_string())?;
        }
        Command::List => {
            let all = context.store.read(|tx| tx.addresses())?;
            let rows = all.iter().map(|(id, row)| {
                let department = row.department.map_or_else(|| "-".to_owned(), |d| d.to_string());
                let default = if row.is_default { "default" } else { "" };
                vec![
                    id.to_string(),
                    row.email.clone(),
                    row.name.clone(),
                    department,
                    row.incoming.to_string(),
                    row.outgoing.to_string(),
                    default.to_owned(),
                ]
            });
            let header = ["id", "address", "name", "department", "incoming", "outgoing", ""];
            context.output.list(all.iter().map(|(id, row)| as_json(*id, row)).collect(), &header, rows.collect())?;
        }
        Command::Show { address } => {
            let (id, row) = find(context, &address)?;
            show(context, id, &row)?;
        }
        Command::Update { address, settings } => {
            if settings == Settings::default() {
                return nothing_to_change();
            }
            let (id, mut row) = find(context, &address)?;
            settings.check_files(context)?;
            settings.put_into(context, &mut row)?;
            save(context, Some(id), &row)?;
            show(context, id, &row)?;
        }
        Command::Test { address, plus } => {
            let (id, row) = find(context, &address)?;
            return if plus { test_plus(context, id, &row) } else { test(context, &row) };
        }
        Command::Remove { address, removal } => {
            let (id, row) = find(context, &address)?;
            let tail = if row.is_default { "; the desk has no default address then" } else { "" };
            let loss = RemovalPreview::alone(format!("remove address {}", row.email)).ending(tail);
            if !removal.is_agreed(&context.output, &loss)? {
                return Ok(Done);
            }
            context.store.write(|tx| tx.remove_address(id))?;
            loss.happened(&context.output, &format!("{} is no longer an address of this desk", row.email))?;
        }
    }
    Ok(Done)
}

/// Tries what can be tried without sending or changing anything; both ways, whatever comes of the first.
fn test(context: &Context, row: &AddressRow) -> outcome::Result<Done> {
    let folders = if row.incoming == Incoming::Imap { imap_fetch::probe(row).map(Some) } else { Ok(None) };
    let outgoing = if row.outgoing == Outgoing::None { Ok(()) } else { Transport::of(Some(row)).test() };
    let incoming_error = folders.as_ref().err().map(ToString::to_string);
    let outgoing_error = outgoing.err().map(|failure| failure.to_string());
    let folders = folders.unwrap_or_default();
    let json = json!({
        "email": row.email, "incoming": row.incoming.word(), "incoming_ok": incoming_error.is_none(),
        "incoming_error": incoming_error, "folders": folders, "outgoing": row.outgoing.word(),
        "outgoing_ok": outgoing_error.is_none(), "outgoing_error": outgoing_error,
    });
    let ways = [("incoming", row.incoming.word(), &incoming_error), ("outgoing", row.outgoing.word(), &outgoing_error)];
    // For people a failure is said once, by the error.
    let fine = ways.iter().filter(|(_, _, error)| error.is_none());
    let mut lines: Vec<String> =
        fine.map(|(way, how, _)| format!("{}: {way} {how}: ok", terminal::line(&row.email))).collect();
    lines.extend(folders.iter().flatten().map(|folder| format!("  folder {}", terminal::line(folder))));
    context.output.object(&json, &lines.join("\n"))?;
    let wrong: Vec<String> = ways
        .iter()
        .filter_map(|(way, how, error)| Some(format!("{}: {way} {how}: {}", row.email, error.as_ref()?)))
        .collect();
    if wrong.is_empty() { Ok(Done) } else { bail!("{}", wrong.join("; ")) }
}

/// Sends the mail whose return proves that plus-addresses work.
fn test_plus(context: &Context, id: AddressId, row: &AddressRow) -> outcome::Result<Done> {
    if row.outgoing == Outgoing::None {
        return usage(format!("{} has outgoing none: nothing can be sent", row.email));
    }
    let own: EmailAddress = row.email.parse()?;
    let to = context.store.write(|tx| {
        let sender = tx.desk_addresses()?.into_iter().find(|sender| sender.id == id);
        let Some(sender) = sender else { return missing("address", id) };
        Ok(plus::queue_test(tx, &sender, &own, context.now)??)
    })?;
    let report = outbox::send_due(&context.store, note_undelivered, context.now)?;
    let sent = if report.deferred + report.failed > 0 { "is in the outbox" } else { "was sent" };
    context.output.object(&json!({ "email": row.email, "plus_address": to.as_str() }), to.as_str())?;
    context.output.say(&format!("a mail to {to} {sent}; once it arrives here again, Reply-To uses plus-addresses"));
    outcome::done_unless(report.deferred + report.failed > 0)
}

/// When each folder was last read, and what came of it.
fn fetches(context: &Context, row: &AddressRow) -> outcome::Result<Vec<FolderHealth>> {
    let all = context.store.read(|tx| tx.imap_health())?;
    Ok(all.into_iter().filter(|one| one.email == row.email).collect())
}

fn fetch_json(one: &FolderHealth) -> Value {
    json!({
        "folder": one.folder, "tried_at": one.tried_at.unix(), "fetched_at": one.fetched_at.unix(),
        "failures": one.failures, "last_error": one.last_error, "left": one.left, "left_reason": one.left_reason,
    })
}

fn fetch_line(one: &FolderHealth) -> String {
    let fetched = match one.fetched_at.unix() {
        0 => "not fetched yet".to_owned(),
        _ => format!("fetched {}", output::time(one.fetched_at)),
    };
    let failed = match one.failures {
        0 => String::new(),
        n => {
            let times = output::count(n, "failure");
            format!(", {times} in a row, the last {}: {}", output::time(one.tried_at), one.last_error)
        }
    };
    let left = if one.left > 0 { format!(", {} left: {}", one.left, one.left_reason) } else { String::new() };
    terminal::line(&format!("{:<20}{}: {fetched}{failed}{left}", "last fetch", one.folder)).into_owned()
}

fn show(context: &Context, id: AddressId, row: &AddressRow) -> outcome::Result<()> {
    let mut json = as_json(id, row);
    let fetches = fetches(context, row)?;
    let has_imap = row.incoming == Incoming::Imap || !row.imap_host.is_empty() || !row.imap_user.is_empty();
    let has_smtp = row.outgoing == Outgoing::Smtp || !row.smtp_host.is_empty();
    let matters = |key: &str| (has_imap || !key.starts_with("imap_")) && (has_smtp || !key.starts_with("smtp_"));
    let lines = json.as_object().into_iter().flatten().filter(|(key, value)| {
        matters(key)
            && !value.is_null()
            && value.as_str() != Some("")
            && value.as_array().is_none_or(|list| !list.is_empty())
    });
    let mut text: Vec<String> = lines.map(|(key, value)| format!("{key:<20}{}", output::plain(value))).collect();
    text.extend(fetches.iter().map(fetch_line));
    if let Some(object) = json.as_object_mut().filter(|_| row.incoming == Incoming::Imap) {
        object.insert("fetches".to_owned(), fetches.iter().map(fetch_json).collect());
    }
    context.output.object(&json, &text.join("\n"))?;
    Ok(())
}
