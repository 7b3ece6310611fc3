//! `admin doctor`: looks at everything around the desk and says what to do about what is wrong. The
//! database's own soundness is `admin check`'s. The machine is in [`host`], ways in and out in [`post`].

mod certificate;
mod elsewhere;
mod host;
mod lmtp;
mod mta;
mod people;
mod post;
mod replica;
mod route;
mod sandbox;
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::output::screen;
use super::{Output, database, output};
use crate::config::Loaded;
use crate::domain::Timestamp;
use crate::options::Global;
use crate::outcome::{self, Done, bail};
use crate::pipe;
use crate::store::{self, Place, Store};
use crate::terminal;
pub(super) use host::{owner_of, quoted};

/// How long a program that only looks something up may take. Chosen: a DNS look-up without an answer takes ten.
const LOOK_UP: Duration = Duration::from_secs(15);

/// How long a mail may take that is not stored: `pipe` waits ten seconds for a lock.
const DRY_RUN: Duration = Duration::from_secs(30);

/// Arguments of `admin doctor`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 nothing has failed, 1 something has. Run it as the user maildesk runs as; as root it \
    also tries\nthe MTA's lines as the users they name.\n\nExamples:\n  maildesk admin doctor\n  maildesk --json admin doctor --offline"
)]
pub(crate) struct Arguments {
    /// Connect to no server
    #[arg(long)]
    offline: bool,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Ok,
    Warn,
    Fail,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }
}

/// Where the text of a line begins, behind the level and the name.
const TEXT_COLUMN: usize = 19;

/// One line of the report.
struct Finding {
    level: Level,
    /// What was looked at, in a word.
    name: &'static str,
    /// What was found.
    text: String,
    /// What to do about it; empty where nothing is.
    fix: String,
}

impl Finding {
    fn ok(name: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Ok, name, text: text.into(), fix: String::new() }
    }

    fn warn(name: &'static str, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { level: Level::Warn, name, text: text.into(), fix: fix.into() }
    }

    fn fail(name: &'static str, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { level: Level::Fail, name, text: text.into(), fix: fix.into() }
    }

    /// With its commands on the desk that is looked at: what named it to us has to name it to them.
    fn on(mut self, context: &CheckContext<'_>) -> Self {
        let path = |path: &Path| host::quoted(&path.display().to_string());
        let mut named = String::from("maildesk ");
        if let Some(config) = &context.global.config {
            named.push_str(&format!("--config {} ", path(config)));
        }
        if let Some(db) = &context.global.db {
            named.push_str(&format!("--db {} ", path(&Place::of(db).shown())));
        }
        for verb in ["admin ", "pipe ", "serve", "imap-fetch "] {
            self.fix = self.fix.replace(&format!("maildesk {verb}"), &format!("{named}{verb}"));
        }
        self
    }

    fn json(&self) -> Value {
        json!({ "name": self.name, "level": self.level.word(), "message": self.text, "fix": self.fix })
    }

    /// As it is shown: on a terminal broken between words, below where the text begins. What can be typed stays whole.
    fn line(&self, width: Option<usize>) -> String {
        let text = screen::below(&terminal::line(&self.text), TEXT_COLUMN, width);
        let line = format!("{:<5} {:<12} {text}", self.level.word(), self.name);
        if self.fix.is_empty() { line } else { format!("{line}\n{:TEXT_COLUMN$}→ {}", "", terminal::line(&self.fix)) }
    }
}

/// What every look is given.
struct CheckContext<'a> {
    global: &'a Global,
    loaded: &'a Loaded,
    place: Place,
    /// The database's file, or the address of its server.
    path: PathBuf,
    now: Timestamp,
    reach: Reach,
}

/// Whether servers may be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Network,
    Here,
}

pub(super) fn run(
    global: &Global,
    loaded: &Loaded,
    out: &Output,
    arguments: &Arguments,
    now: Timestamp,
) -> outcome::Result<Done> {
    let (report, failed) = match pipe::elsewhere(global, loaded) {
        Some(desk) => {
            let reach = if arguments.offline { Reach::Here } else { Reach::Network };
            let (place, path) = (Place::of(Path::new("")), PathBuf::new());
            let context = CheckContext { global, loaded, place, path, now, reach };
            summed_up(&context, elsewhere::look(&context, desk))
        }
        None => report(global, loaded, &database(global, loaded)?, arguments.offline, now),
    };
    out.object(&report.json, &report.text)?;
    if failed > 0 {
        bail!("{failed} of {} looks failed", report.looks);
    }
    Ok(Done)
}

/// What was found, as it is printed.
pub(super) struct Report {
    /// For programs.
    pub(super) json: Value,
    /// For people.
    pub(super) text: String,
    /// How much was looked at.
    looks: usize,
}

/// Looks at everything; how many looks failed.
pub(super) fn report(
    global: &Global,
    loaded: &Loaded,
    place: &Place,
    is_offline: bool,
    now: Timestamp,
) -> (Report, usize) {
    let reach = if is_offline { Reach::Here } else { Reach::Network };
    look(&CheckContext { global, loaded, path: place.shown(), place: place.clone(), now, reach })
}

fn look(context: &CheckContext<'_>) -> (Report, usize) {
    let mut findings = host::look(context);
    findings.extend(lmtp::look(context));
    match Store::open(&context.place, Duration::from_secs(context.loaded.config.limits.lock_wait_s)) {
        Ok(store) => findings.extend(look_inside(context, &store)),
        Err(error) => findings.push(unopened(context, &error)),
    }
    summed_up(context, findings)
}

fn summed_up(context: &CheckContext<'_>, findings: Vec<Finding>) -> (Report, usize) {
    let findings: Vec<Finding> = findings.into_iter().map(|finding| finding.on(context)).collect();
    let failed = findings.iter().filter(|finding| finding.level == Level::Fail).count();
    let warned = findings.iter().filter(|finding| finding.level == Level::Warn).count();
    let json = json!({
        "ok": failed == 0, "failed": failed, "warned": warned,
        "checks": findings.iter().map(Finding::json).collect::<Vec<_>>(),
    });
    let width = screen::size().map(|(columns, _)| columns);
    let text = findings.iter().map(|finding| finding.line(width)).collect::<Vec<_>>().join("\n");
    (Report { json, text, looks: findings.len() }, failed)
}

/// A database that cannot be opened, or not be written; the other looks need it.
fn unopened(context: &CheckContext<'_>, error: &store::Error) -> Finding {
    let path = host::quoted(&context.path.display().to_string());
    let fix = match error {
        store::Error::Missing(_) | store::Error::OlderSchema { .. } => "maildesk admin init".to_owned(),
        store::Error::NotADesk(_) | store::Error::NotADatabase(_) => format!("file {path}"),
        store::Error::Folder(_) | store::Error::Inaccessible { .. } | store::Error::ReadOnly => {
            format!("ls -ld {path}")
        }
        store::Error::MountedReadOnly(_) => format!("findmnt --target {path}"),
        store::Error::NewerSchema { .. } => "maildesk --version".to_owned(),
        store::Error::Busy => format!("fuser -v {path}"),
        store::Error::Full(_) => format!("df -h {path}"),
        store::Error::Undecided(_) => "dmesg".to_owned(),
        store::Error::Unreachable(_) => "pg_isready".to_owned(),
        store::Error::Corrupt(_)
        | store::Error::Taken(_)
        | store::Error::HeldAddress { .. }
        | store::Error::AfterFailure
        | store::Error::NotHere
        | store::Error::NotEmpty
        | store::Error::TakenOver(_)
        | store::Error::SameThere(_)
        | store::Error::Server(_)
        | store::Error::Sqlite(_) => "maildesk admin check".to_owned(),
    };
    Finding::fail("database", error.to_string(), fix)
}

fn look_inside(context: &CheckContext<'_>, store: &Store) -> Vec<Finding> {
    let mut findings: Vec<Finding> = prove_writable(store).err().iter().map(|error| unopened(context, error)).collect();
    // A mail that is only looked at says nothing where none could be stored.
    let lines: Option<Look> = findings.is_empty().then_some(mta::lines);
    let looks: [Look; 8] = [
        host::look_inside,
        server::look,
        replica::look,
        post::queue,
        people::notified,
        people::overlaps,
        post::addresses,
        sandbox::sendmail,
    ];
    for look in looks.into_iter().chain(lines) {
        match look(context, store) {
            Ok(found) => findings.extend(found),
            Err(error) => findings.push(Finding::fail("database", error.to_string(), "maildesk admin check")),
        }
    }
    findings
}

/// Looks at one part of the desk.
type Look = fn(&CheckContext<'_>, &Store) -> store::Result<Vec<Finding>>;

/// Writes and takes it back, as `/readyz` asks: to a command that only reads, a read-only database looks well.
fn prove_writable(store: &Store) -> store::Result<()> {
    let undone = store.write(|tx| {
        tx.prove_writable()?;
        Err::<(), _>(Written::Undone)
    });
    match undone {
        Err(Written::Failed(error)) => Err(error),
        Ok(()) | Err(Written::Undone) => Ok(()),
    }
}

/// Why what was written is taken back.
enum Written {
    Undone,
    Failed(store::Error),
}

impl From<store::Error> for Written {
    fn from(error: store::Error) -> Self {
        Self::Failed(error)
    }
}
