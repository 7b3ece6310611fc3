//! `admin check`: whether the database is sound, and repair of what can be derived from the rest.

use serde_json::{Value, json};

use super::Context;
use super::progress::{Progress, Unit};
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
}

impl Part {
    fn of(name: &'static str, findings: Vec<String>) -> Self {
        let state = if findings.is_empty() { State::Sound } else { State::Faulty };
        Self { name, state, findings }
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
) -> outcome::Result<Part> {
    if part.state == State::Faulty && is_fixing {
        repair()?;
        if look_again()? {
            part.state = State::Repaired;
        }
    }
    Ok(part)
}

/// The structure of tables and indexes, and apart from it that of the search index.
fn structure(store: &Store, is_fixing: bool) -> outcome::Result<(Part, Vec<String>)> {
    let look = || -> store::Result<(Vec<String>, Vec<String>)> {
        let faults = store.read(|tx| tx.structural_faults())?;
        Ok(faults.into_iter().partition(|line| !line.to_lowercase().contains("fts5")))
    };
    let (own, of_search) = look()?;
    let repair = || store.write(|tx| tx.rebuild_indexes());
    let part = settled(Part::of("structure", own), is_fixing, repair, || Ok(look()?.0.is_empty()))?;
    Ok((part, of_search))
}

fn search(store: &Store, mut findings: Vec<String>, is_fixing: bool) -> outcome::Result<Part> {
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

fn numbers(store: &Store, is_fixing: bool) -> outcome::Result<Part> {
    let look = || store.read(|tx| tx.wrong_counts());
    let part = Part::of("numbers", counted(look()?, "kept numbers of rows are wrong"));
    settled(part, is_fixing, || store.write(|tx| tx.recount()), || Ok(look()? == 0))
}

fn unused(store: &Store, is_fixing: bool) -> outcome::Result<Part> {
    let look = || store.read(|tx| tx.unused_contents());
    let part = Part::of("unused", counted(look()?, "stored files belong to no attachment"));
    let repair = || store.write(|tx| tx.remove_unused_contents().map(|_| ()));
    settled(part, is_fixing, repair, || Ok(look()? == 0))
}

/// Every part of the check, one after the other; on a terminal it is shown which one is being looked at.
fn parts(context: &Context, is_fixing: bool) -> outcome::Result<Vec<Part>> {
    let store = &context.store;
    let progress = Progress::new(&context.output, Unit::Parts, PARTS);
    let part = |number: u64, name: &'static str| {
        progress.name(name);
        progress.at(number);
    };
    part(1, "structure");
    let (structure, of_search) = structure(store, is_fixing)?;
    let mut parts = vec![structure];
    part(2, "references");
    parts.push(Part::of("references", store.read(|tx| tx.dangling_rows())?));
    part(3, "attachments");
    let mut attachments = store.read(|tx| tx.stray_attachments())?;
    attachments.extend(store.read(|tx| tx.altered_attachments())?);
    parts.push(Part::of("attachments", attachments));
    part(4, "unused");
    parts.push(unused(store, is_fixing)?);
    part(5, "numbers");
    parts.push(numbers(store, is_fixing)?);
    part(6, "search");
    parts.push(search(store, of_search, is_fixing)?);
    Ok(parts)
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> outcome::Result<Done> {
    let parts = parts(context, arguments.fix)?;
    let faulty = parts.iter().filter(|part| part.state == State::Faulty).count();
    let json = json!({
        "ok": faulty == 0,
        "checks": parts.iter().map(|part| {
            json!({ "name": part.name, "state": part.state.word(), "findings": part.findings })
        }).collect::<Vec<Value>>(),
    });
    context.output.object(&json, &as_text(&parts))?;
    if faulty > 0 {
        let advice = if arguments.fix {
            "restore a backup with `maildesk admin restore`"
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
