//! What the set-up pages need from the process around them: trying an address, the doctor and other commands of `admin`,
//! long work, and how this desk is named to a mail server.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::errand;
use super::threads::Threads;
use crate::account;
use crate::child;
use crate::domain::desk_address::{Incoming, Outgoing};
use crate::imap_fetch;
use crate::outbox::transport::Transport;
use crate::store::Store;
use crate::store::address::AddressRow;
use crate::web::setup::{AddressTest, HealthLine, Tools};

/// How long the doctor may take: it asks name servers, certificates and mail servers.
const DOCTOR_PATIENCE: Duration = Duration::from_secs(60);

/// How long a short command may take: it reads one mail.
const ASK_PATIENCE: Duration = Duration::from_secs(20);

/// The tools for the desk in that store, with the configuration that was read. A desk on a server is named by its
/// configuration: its address may hold a password, which must not stand in the lines of a mail server.
pub(super) fn of(store: &Arc<Store>, config: Option<&Path>, threads: &Threads) -> Tools {
    let place = store.place();
    let program = std::env::current_exe().unwrap_or_else(|_| "maildesk".into());
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (config, db) = (config.map(whole), place.file().map(whole));
    let mut arguments = Vec::new();
    if let Some(config) = &config {
        arguments.push(format!("--config={}", config.display()));
    }
    if let Some(db) = &db {
        arguments.push(format!("--db={}", db.display()));
    }
    let near = db.or(config).unwrap_or_default();
    let command = format!("{} {}", program.display(), arguments.join(" "));
    let own = Own { program, arguments };
    let (store, threads) = (Arc::clone(store), threads.clone());
    let (asked, errands) = (own.clone(), own.clone());
    let health = move || doctor(&mut own.command());
    Tools {
        test_address: Box::new(test),
        health: Box::new(health),
        ask: Box::new(move |words| ask(asked.command().arg("admin").args(words))),
        start: Box::new(move |work| errand::start(&store, &threads, errands.command(), work)),
        command,
        database: place.to_string(),
        account: account_of(&near),
        folder: near.parent().unwrap_or(Path::new("/")).to_owned(),
    }
}

/// Our own program with the options that lead it to this desk.
#[derive(Clone)]
struct Own {
    program: PathBuf,
    arguments: Vec<String>,
}

impl Own {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}

/// What a short command prints, or what it complains of.
fn ask(command: &mut Command) -> Result<String, String> {
    let said = child::run(command, b"", ASK_PATIENCE).map_err(|error| error.to_string())?;
    if said.status.success() { Ok(said.stdout) } else { Err(said.stderr.trim().to_owned()) }
}

/// The name of the account that a file belongs to; its number where it has no name.
fn account_of(path: &Path) -> String {
    let Ok(found) = std::fs::metadata(path) else { return "maildesk".to_owned() };
    account::name_of(found.uid()).unwrap_or_else(|| found.uid().to_string())
}

/// Tries the ways in and out: logs in, sends nothing, changes nothing.
fn test(row: &AddressRow) -> AddressTest {
    let incoming = (row.incoming == Incoming::Imap).then(|| imap_fetch::probe(row).map_err(|error| error.to_string()));
    let outgoing = (row.outgoing != Outgoing::None)
        .then(|| Transport::of(Some(row)).test().map_err(|failure| failure.to_string()));
    AddressTest { incoming, outgoing }
}

/// The lines of `admin doctor`, run as a program of its own so that it looks as a person's would.
fn doctor(command: &mut Command) -> Result<Vec<HealthLine>, String> {
    command.args(["--json", "admin", "doctor"]);
    let said = child::run(command, b"", DOCTOR_PATIENCE).map_err(|error| error.to_string())?;
    let report: Value = serde_json::from_str(said.stdout.trim()).map_err(|_| said.stderr.trim().to_owned())?;
    let text = |line: &Value, key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let line = |line: &Value| HealthLine {
        name: text(line, "name"),
        level: text(line, "level"),
        message: text(line, "message"),
        fix: text(line, "fix"),
    };
    Ok(report.get("checks").and_then(Value::as_array).into_iter().flatten().map(line).collect())
}
