//! `admin doctor`: looks at everything around the desk and says what to do about what is wrong. The
//! database's own soundness is `admin check`'s. The machine is in [`host`], ways in and out in [`post`].

mod certificate;
mod host;
mod mta;
mod post;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use serde_json::{Value, json};

use super::{Output, database, output};
use crate::cli::{Done, Global};
use crate::config::Loaded;
use crate::domain::Timestamp;
use crate::store::{self, Store};
use crate::terminal;

/// Arguments of `admin doctor`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 nothing has failed, 1 something has. Run it as the user maildesk runs as; as root it \
    also tries\nthe MTA's lines as the users they name.\n\nExamples:\n  maildesk admin doctor\n  maildesk --json admin doctor --offline"
)]
pub struct Arguments {
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

    fn json(&self) -> Value {
        json!({ "name": self.name, "level": self.level.word(), "message": self.text, "fix": self.fix })
    }

    fn line(&self) -> String {
        let line = format!("{:<5} {:<12} {}", self.level.word(), self.name, terminal::line(&self.text));
        if self.fix.is_empty() { line } else { format!("{line}\n{:19}→ {}", "", terminal::line(&self.fix)) }
    }
}

/// What every look is given.
struct Scene<'a> {
    global: &'a Global,
    loaded: &'a Loaded,
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
    (global, loaded): (&Global, &Loaded),
    out: &Output,
    arguments: &Arguments,
    now: Timestamp,
) -> anyhow::Result<Done> {
    let reach = if arguments.offline { Reach::Here } else { Reach::Network };
    let scene = Scene { global, loaded, path: database(global, loaded)?, now, reach };
    let mut findings = host::look(&scene);
    match Store::open(&scene.path, Duration::from_secs(loaded.config.limits.lock_wait_s)) {
        Ok(store) => findings.extend(look_inside(&scene, &store)),
        Err(error) => findings.push(unopened(&error)),
    }
    let failed = findings.iter().filter(|finding| finding.level == Level::Fail).count();
    let warned = findings.iter().filter(|finding| finding.level == Level::Warn).count();
    let json = json!({
        "ok": failed == 0, "failed": failed, "warned": warned,
        "checks": findings.iter().map(Finding::json).collect::<Vec<_>>(),
    });
    let lines: Vec<String> = findings.iter().map(Finding::line).collect();
    out.object(&json, &lines.join("\n"))?;
    if failed > 0 {
        bail!("{failed} of {} looks failed", findings.len());
    }
    Ok(Done::Fully)
}

/// A database that cannot be opened; the other looks need it open.
fn unopened(error: &store::Error) -> Finding {
    let fix = match error {
        store::Error::Missing(_) | store::Error::NotADesk(_) => "maildesk admin init, or name the right file with --db",
        store::Error::OlderSchema { .. } => "maildesk admin init",
        store::Error::NewerSchema { .. } => "install the newer maildesk again",
        store::Error::Inaccessible { .. } | store::Error::ReadOnly => "run doctor as the user maildesk runs as",
        store::Error::Busy => "find out who holds the lock (fuser), then look again",
        store::Error::Full => "make room on the disk",
        store::Error::Corrupt(_) => "maildesk admin check; maildesk admin restore FILE",
        store::Error::Undecided(_) => "look at the system's log for errors of the disk",
        store::Error::Taken(_) | store::Error::Sqlite(_) => "maildesk admin check",
    };
    Finding::fail("database", error.to_string(), fix)
}

fn look_inside(scene: &Scene<'_>, store: &Store) -> Vec<Finding> {
    let looks = [host::look_inside, post::queue, post::addresses, mta::lines];
    let mut findings = Vec::new();
    for look in looks {
        match look(scene, store) {
            Ok(found) => findings.extend(found),
            Err(error) => findings.push(Finding::fail("database", error.to_string(), "run `maildesk admin check`")),
        }
    }
    findings
}
