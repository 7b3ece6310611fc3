//! Completing a command line: what a shell offers behind what was typed. The grammar says most of it; names of
//! departments, staff, statuses, settings, addresses and templates come from the desk.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap_complete::CompletionCandidate;
use clap_complete::engine::ArgValueCompleter;
use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};

use crate::config;
use crate::domain::Status;
use crate::store::{self, ReadTx, Store};

/// Names the shell to a program that is asked for candidates. Not clap's `COMPLETE`, which other programs may have set.
pub(crate) const VARIABLE: &str = "MAILDESK_COMPLETE";

/// How long a shell waits for a desk that is locked, in seconds. Chosen: longer than a write, shorter than patience.
const LOCK_WAIT_S: u64 = 1;

/// Whether a shell asks for candidates: it names itself in the environment and puts the typed line behind `--`.
pub(crate) fn is_asked(arguments: &[OsString]) -> bool {
    arguments.get(1).is_some_and(|word| word == "--") && env::var_os(VARIABLE).is_some()
}

/// Prints the candidates for the typed line, as the shell wants them.
pub(crate) fn answer(grammar: clap::Command, arguments: Vec<OsString>) -> Result<(), std::io::Error> {
    let shell = env::var(VARIABLE).unwrap_or_default();
    let shells: [&dyn EnvCompleter; 3] = [&Bash, &Zsh, &Fish];
    let Some(shell) = shells.into_iter().find(|one| one.is(&shell)) else { return Ok(()) };
    let typed: Vec<OsString> = arguments.into_iter().skip(2).collect();
    let mut out = Vec::new();
    let mut grammar = grammar;
    shell.write_complete(&mut grammar, typed, env::current_dir().ok().as_deref(), &mut out)?;
    super::output::stdout().write_all(&out)
}

/// The names that begin like what was typed, whatever their case.
fn beginning_like(typed: &OsStr, names: Vec<String>) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy().to_lowercase();
    names.into_iter().filter(|name| name.to_lowercase().starts_with(&typed)).map(CompletionCandidate::new).collect()
}

/// The value that a global option has on the line, or in the environment.
fn named(option: &str, variable: &str) -> Option<PathBuf> {
    let mut words = env::args_os().skip_while(|word| word != option);
    words.nth(1).or_else(|| env::var_os(variable)).map(PathBuf::from)
}

/// Asks the desk. Where it cannot be asked, nothing is offered and nothing is said: a line that is being typed is no place
/// for it.
fn of_desk(ask: impl FnOnce(&ReadTx<'_>) -> store::Result<Vec<String>>) -> Vec<String> {
    let Ok(loaded) = config::load(named("--config", "MAILDESK_CONFIG").as_deref()) else { return Vec::new() };
    let database = config::database(named("--db", "MAILDESK_DB").as_deref(), &loaded.config);
    let Some(store) = database.ok().and_then(|place| Store::open(place, Duration::from_secs(LOCK_WAIT_S)).ok()) else {
        return Vec::new();
    };
    store.read(ask).unwrap_or_default()
}

/// Departments, by name.
pub(super) fn departments() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        beginning_like(typed, of_desk(|tx| Ok(tx.departments()?.into_iter().map(|one| one.name).collect())))
    })
}

/// Staff, by login name.
pub(super) fn staff() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        beginning_like(typed, of_desk(|tx| Ok(tx.all_staff()?.into_iter().map(|one| one.username).collect())))
    })
}

/// The desk's own addresses.
pub(super) fn addresses() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        beginning_like(typed, of_desk(|tx| Ok(tx.desk_addresses()?.into_iter().map(|one| one.email).collect())))
    })
}

/// The keys of settings.
pub(super) fn settings() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        beginning_like(typed, crate::store::settings::keys().map(str::to_owned).collect())
    })
}

/// The statuses of tickets.
pub(super) fn statuses() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        beginning_like(typed, Status::ALL.iter().map(|status| status.word().to_owned()).collect())
    })
}
