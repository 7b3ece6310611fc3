//! `admin check`: whether the database is sound, and repair of what can be derived from the rest.

use std::time::Duration;

use serde_json::{Value, json};

use super::progress::{Progress, Unit};
use super::{Context, Output, database};
use crate::config::Loaded;
use crate::domain::Timestamp;
use crate::options::Global;
use crate::outcome::{self, Done, bail};
use crate::store::{self, Store};
use crate::terminal;

/// Findings printed of each kind.
const SHOWN_MAX: usize = 20;

/// Parts of the check.
const PARTS: u64 = 6;

/// Arguments of `admin check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 sound, or everything was repaired, 1 something is wrong. What cannot be repaired has to come from a \
    backup\n(`maildesk admin restore`).\nWithout --fix no other command has to wait. With it mail waits while something is repaired.\n\nExamples:\n  maildesk admin check\n  maildesk admin check --fix"
)]
pub(crate) struct Arguments {
    /// Repair what can be: indexes, the search index, kept numbers, bytes without an attachment
    #[arg(long)]
    fix: bool,
}

/// How one part of the check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Sound,
    Faulty,
    Repaired,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Sound => "ok",
            Self::Faulty => "faulty",
            Self::Repaired => "repaired",
        }
    }
}

struct Part {
    name: &'static str,
    state: State,
    findings: Vec<String>,
    /// Nothing more can be said of it, and nothing be repaired.
    is_unreadable: bool,
}

impl Part {
    fn of(name: &'static str, findings: Vec<String>) -> Self {
        let state = if findings.is_empty() { State::Sound } else { State::Faulty };
        Self { name, state, findings, is_unreadable: false }
    }

    /// A part of which SQLite says that the file is damaged: that is what was to be found out.
    fn or_unreadable(name: &'static str, looked: store::Result<Self>) -> store::Result<Self> {
        match looked {
            Err(store::Error::Corrupt(why)) => {
                Ok(Self { is_unreadable: true, ..Self::of(name, vec![format!("cannot be read: {why}")]) })
            }
            looked => looked,
        }
    }
}

/// A count that should be 0, as findings.
fn counted(n: i64, what: &str) -> Vec<String> {
    if n == 0 { Vec::new() } else { vec![format!("{n} {what}")] }
}

/// Runs a repair where something is wrong, then looks again.
fn settled(
    mut part: Part,
    is_fixing: bool,
    repair: impl FnOnce() -> store::Result<()>,
    look_again: impl FnOnce() -> store::Result<bool>,
) -> store::Result<Part> {
    if part.state == State::Faulty && is_fixing {
        repair()?;
        if look_again()? {
            part.state = State::Repaired;
        }
    }
    Ok(part)
}

/// The structure of tables and indexes, and apart from it that of the search index.
fn structure(store: &Store, is_fixing: bool) -> store::Result<(Part, Vec<String>)> {
    let look = || -> store::Result<(Vec<String>, Vec<String>)> {
        let faults = store.read(|tx| tx.structural_faults())?;
        Ok(faults.into_iter().partition(|line| !line.to_lowercase().contains("fts5")))
    };
    let (own, of_search) = look()?;
    let repair = || store.write(|tx| tx.rebuild_indexes());
    let part = settled(Part::of("structure", own), is_fixing, repair, || Ok(look()?.0.is_empty()))?;
    Ok((part, of_search))
}

fn search(store: &Store, mut findings: Vec<String>, is_fixing: bool) -> store::Result<Part> {
    // A repair keeps writers waiting anyway, so it may look more closely.
    let look = || match is_fixing {
        true => store.write(|tx| tx.is_search_sound()),
        false => match store.read(|tx| tx.search_differences()) {
            Ok(differences) => Ok(differences == 0),
            Err(store::Error::Corrupt(_)) => Ok(false),
            Err(other) => Err(other),
        },
    };
    if !look()? {
        findings.push("the search index differs from the texts".to_owned());
    }
    settled(Part::of("search", findings), is_fixing, || store.write(|tx| tx.rebuild_search()), look)
}

fn numbers(store: &Store, is_fixing: bool) -> store::Result<Part> {
    let look = || store.read(|tx| tx.wrong_counts());
    let part = Part::of("numbers", counted(look()?, "kept numbers of rows are wrong"));
    settled(part, is_fixing, || store.write(|tx| tx.recount()), || Ok(look()? == 0))
}

fn unused(store: &Store, is_fixing: bool) -> store::Result<Part> {
    let look = || store.read(|tx| tx.unused_contents());
    let part = Part::of("unused", counted(look()?, "stored files belong to no attachment"));
    let repair = || store.write(|tx| tx.remove_unused_contents().map(|_| ()));
    settled(part, is_fixing, repair, || Ok(look()? == 0))
}

/// Every part of the check, one after the other; on a terminal it is shown which one is being looked at.
fn parts(context: &Context, is_fixing: bool) -> store::Result<Vec<Part>> {
    let store = &context.store;
    let progress = Progress::new(&context.output, Unit::Parts, PARTS);
    let part = |number: u64, name: &'static str| {
        progress.name(name);
        progress.at(number);
    };
    part(1, "structure");
    let mut of_search = Vec::new();
    let looked = structure(store, is_fixing).map(|(structure, found)| {
        of_search = found;
        structure
    });
    let mut parts = vec![Part::or_unreadable("structure", looked)?];
    let mut add = |name, looked| Part::or_unreadable(name, looked).map(|part| parts.push(part));
    part(2, "references");
    add("references", store.read(|tx| tx.dangling_rows()).map(|found| Part::of("references", found)))?;
    part(3, "attachments");
    add("attachments", attachments(store))?;
    part(4, "unused");
    add("unused", unused(store, is_fixing))?;
    part(5, "numbers");
    add("numbers", numbers(store, is_fixing))?;
    part(6, "search");
    add("search", search(store, of_search, is_fixing))?;
    Ok(parts)
}

fn attachments(store: &Store) -> store::Result<Part> {
    let mut found = store.read(|tx| tx.stray_attachments())?;
    found.extend(store.read(|tx| tx.altered_attachments())?);
    Ok(Part::of("attachments", found))
}

/// Checks a database that may be too damaged to be opened.
pub(super) fn run_on(
    global: &Global,
    loaded: &Loaded,
    out: Output,
    arguments: &Arguments,
    now: Timestamp,
) -> outcome::Result<Done> {
    let patience = Duration::from_secs(loaded.config.limits.lock_wait_s);
    match Store::open(&database(global, loaded)?, patience) {
        Err(error @ store::Error::Corrupt(_)) => {
            report(&out, &[Part::or_unreadable("structure", Err(error))?], arguments)
        }
        // Other errors are reported when it is opened again.
        Ok(_) | Err(_) => run(&Context::open(global, loaded, out, now)?, arguments),
    }
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> outcome::Result<Done> {
    report(&context.output, &parts(context, arguments.fix)?, arguments)
}

/// Prints what was found.
fn report(out: &Output, parts: &[Part], arguments: &Arguments) -> outcome::Result<Done> {
    let faulty = parts.iter().filter(|part| part.state == State::Faulty).count();
    let json = json!({
        "ok": faulty == 0,
        "checks": parts.iter().map(|part| {
            json!({ "name": part.name, "state": part.state.word(), "findings": part.findings })
        }).collect::<Vec<Value>>(),
    });
    out.object(&json, &as_text(parts))?;
    if faulty > 0 {
        let advice = if arguments.fix || parts.iter().any(|part| part.is_unreadable) {
            "restore a backup with `maildesk admin restore FILE`"
        } else {
            "try `maildesk admin check --fix`"
        };
        bail!("the database is not sound"; "{advice}");
    }
    Ok(Done)
}

fn as_text(parts: &[Part]) -> String {
    let mut lines = Vec::new();
    for part in parts {
        lines.push(format!("{:<10} {}", part.state.word(), part.name));
        lines.extend(
            part.findings.iter().take(SHOWN_MAX).map(|finding| format!("           {}", terminal::line(finding))),
        );
        if part.findings.len() > SHOWN_MAX {
            lines.push(format!("           and {} more", part.findings.len() - SHOWN_MAX));
        }
    }
    lines.join("\n")
}
