//! `admin demo`: a throw-away desk that shows the main job with example mails.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::doctor::quoted;
use super::output::{self, Output};
use super::{init, token};
use crate::admin::random;
use crate::api;
use crate::config::Loaded;
use crate::domain::desk_address::Incoming;
use crate::domain::staff_role::StaffRole;
use crate::domain::{TicketId, Timestamp};
use crate::intake::{self, Envelope, Rules, Source};
use crate::outcome::{self, Done, Failure, WithContext, bail};
use crate::private_file;
use crate::serve;
use crate::store::address::AddressRow;
use crate::store::staff::NewStaff;
use crate::store::ticket::TicketQuery;
use crate::store::token::NewToken;
use crate::store::{self, Place, Store};

macro_rules! examples {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../examples/mails/", $name)))),*]
    };
}

/// The mails of examples/mails, in the order they are fed.
const MAILS: &[(&str, &[u8])] = examples![
    "01-plain.eml",
    "02-html.eml",
    "03-reply-by-tag.eml",
    "04-attachment.eml",
    "05-reply-by-references.eml",
    "06-inline-image.eml",
    "07-japanese-iso-2022-jp.eml",
    "08-russian-windows-1251.eml",
    "09-chinese-gb18030.eml",
    "10-out-of-office.eml",
    "11-bounce.eml",
    "12-forwarded.eml",
    "13-mailing-list.eml",
    "14-reply-german.eml",
    "15-reply-french.eml",
    "16-monitoring-alert.eml",
    "17-pgp-signed.eml",
    "18-redelivery-of-01.eml",
];

/// Options of `admin demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maildesk admin demo --once
  maildesk admin demo --dir /tmp/desk --listen 127.0.0.1:0")]
pub(crate) struct Arguments {
    /// Where the desk is made [default: a new folder below the system's temporary one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Where the API listens afterwards; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Show the tickets and end
    #[arg(long)]
    once: bool,
}

pub(super) fn run(loaded: &Loaded, out: &Output, arguments: &Arguments, now: Timestamp) -> outcome::Result<Done> {
    let listen = if arguments.once { String::new() } else { free_place(&arguments.listen)? };
    let dir = match &arguments.dir {
        Some(dir) => {
            private_file::create_folder(dir).with_context(|| format!("making {}", dir.display()))?;
            dir.clone()
        }
        None => {
            let folder = private_file::temporary_folder("maildesk-demo-", &std::env::temp_dir());
            folder.context("making a temporary folder")?.keep()
        }
    };
    let db = dir.join("maildesk.db");
    init::prepare(&Place::of(&db), &init::Arguments::named("Example Helpdesk"), now)?;
    let store = Store::open(&db, Duration::from_secs(store::LOCK_WAIT_S))?;
    furnish(&store, now)?;
    let inbox = if arguments.once {
        String::new()
    } else {
        let password = demo_staff(&store, now)?;
        format!("Inbox: http://{listen}/staff, user {DEMO_USER}, password {password}")
    };
    if !inbox.is_empty() {
        out.say(&inbox);
    }
    let rules = Rules { limits: loaded.config.limits.mail() };
    let (mut json, mut rows) = (Vec::new(), Vec::new());
    for (name, raw) in MAILS {
        let envelope = Envelope { recipients: Vec::new(), sender: None, source: Source::Import, whole: None };
        let done =
            intake::deliver(&store, &rules, &envelope, *raw, now).with_context(|| format!("taking in {name}"))?;
        let ticket = done.ticket.map_or_else(String::new, |ticket| format!("#{ticket}"));
        json.push(json!({ "mail": name, "decision": done.outcome.word(), "reason": done.reason, "ticket_id": done.ticket.map(TicketId::get) }));
        rows.push(vec![(*name).to_owned(), done.outcome.word().to_owned(), done.reason, ticket]);
    }
    show(&store, out, &db, json, rows)?;
    if arguments.once {
        return Ok(Done);
    }
    let token = token::random_token()?;
    let new = NewToken { name: "demo", sha256: &api::token_hash(&token), permissions: "*", ips: "", is_active: true };
    store.write(|tx| tx.add_token(&new, now))?;
    drop(store);
    out.say(&inbox);
    out.say(&curl_lines(&token, &listen));
    let serving = serve::Arguments { listen: Some(listen), lmtp: None, no_jobs: false };
    serve::serve_desk(&Place::of(&db), loaded, &serving, serve::LogLevel::Kept)
}

/// Where the API will listen, with the number that port 0 picked, so that the lines shown can be typed. A place that
/// cannot be listened on is refused before anything is made and shown.
fn free_place(listen: &str) -> outcome::Result<String> {
    match TcpListener::bind(listen).and_then(|listener| listener.local_addr()) {
        Ok(address) => Ok(address.to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            bail!("another program listens on {listen}"; "choose a free port: --listen 127.0.0.1:0")
        }
        Err(error) => bail!("the API cannot listen on {listen}: {error}"; "name another place: --listen 127.0.0.1:0"),
    }
}

/// This program as it can be typed from any folder, for a shell.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("maildesk"));
    quoted(&path.display().to_string())
}

fn curl_lines(token: &str, listen: &str) -> String {
    let url = format!("http://{listen}/api");
    format!(
        "Or by the API, with a token that works for this desk only:\n  \
         curl -H 'Token: {token}' {url}/tickets\n  \
         curl -H 'Token: {token}' {url}/messages/show/1\n  \
         curl -H 'Token: {token}' -F ticket_id=1 -F message='On its way.' -F replier=user {url}/messages/create\n  \
         http://{listen}/docs shows every call. Ctrl-C ends it."
    )
}

/// The account that looks around.
const DEMO_USER: &str = "demo";

/// Makes that account, or gives it another password; says the password.
fn demo_staff(store: &Store, now: Timestamp) -> outcome::Result<String> {
    let bytes = random::<9>()?;
    let password = data_encoding::BASE64URL_NOPAD.encode(&bytes);
    let hash = crate::password::hash(&password).map_err(Failure::of)?;
    let email = "demo@example.org".parse().map_err(Failure::of)?;
    let new = NewStaff {
        username: DEMO_USER,
        fullname: "Demo Agent",
        email: &email,
        password_hash: &hash,
        role: StaffRole::Admin,
        is_active: true,
        totp_secret: "",
    };
    store.write(|tx| {
        match tx.staff_by_username(DEMO_USER)? {
            Some(staff) => tx.set_staff_password(staff.id, &hash)?,
            None => {
                tx.add_staff(&new, &[], now)?;
            }
        }
        Ok::<_, Failure>(())
    })?;
    Ok(password)
}

/// Two departments with an address each.
fn furnish(store: &Store, now: Timestamp) -> outcome::Result<()> {
    store.write(|tx| {
        if !tx.desk_addresses()?.is_empty() {
            return Ok::<_, Failure>(());
        }
        let general = tx.lowest_department()?;
        let sales = tx.add_department("Sales", false)?;
        tx.add_address(&demo_address("support@example.org", "Example Support", general, true), now)?;
        tx.add_address(&demo_address("sales@example.org", "Example Sales", Some(sales), false), now)?;
        Ok(())
    })
}

fn demo_address(
    email: &str,
    name: &str,
    department: Option<crate::domain::DepartmentId>,
    is_default: bool,
) -> AddressRow {
    AddressRow { department, is_default, incoming: Incoming::Pipe, ..AddressRow::new(email, name) }
}

fn show(
    store: &Store,
    out: &Output,
    db: &Path,
    mails: Vec<serde_json::Value>,
    mail_rows: Vec<Vec<String>>,
) -> outcome::Result<()> {
    let all = TicketQuery { max: 1000, ..TicketQuery::default() };
    let tickets = store.read(|tx| tx.tickets_found(&all))?;
    if out.is_json() {
        let tickets: Vec<_> = tickets.iter().map(super::ticket::line_json).collect();
        out.object(&json!({ "database": db, "mails": mails, "tickets": tickets }), "")?;
        return Ok(());
    }
    out.list(mails, &["mail", "decision", "reason", "ticket"], mail_rows)?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in tickets.iter().rev() {
        rows.push(vec![
            format!("#{}", line.id),
            line.status.to_string(),
            line.subject.clone(),
            format!("{} <{}>", line.fullname, line.email),
            line.department_name.clone(),
            (line.replies + 1).to_string(),
        ]);
    }
    out.object(&json!({}), "")?;
    println_table(&["ticket", "status", "subject", "from", "department", "messages"], rows)?;
    out.say(&format!("The desk is in {}. Look around:", db.display()));
    out.say(&format!("  {} --db {} admin ticket show 1", program(), quoted(&db.display().to_string())));
    Ok(())
}

fn println_table(header: &[&str], rows: Vec<Vec<String>>) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout().lock(), "\n{}", output::table(header, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_mail_is_fed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mails");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".eml"))
            .collect();
        files.sort();
        let fed: Vec<&str> = MAILS.iter().map(|(name, _)| *name).collect();
        assert_eq!(files, fed);
    }
}
