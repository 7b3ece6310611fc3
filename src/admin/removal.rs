//! Asking before something is lost: `--dry-run`, and a question where somebody sits at a terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::bail;
use serde_json::{Value, json};

use super::Output;
use crate::store::changes::Belongings;
use crate::terminal;

/// Options of every verb that removes something.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Removal {
    /// Change nothing; print what would go
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask; without a terminal nothing is asked anyway
    #[arg(long, short)]
    pub yes: bool,
}

/// What is about to happen.
pub(super) struct Loss<'a> {
    /// What would be done, such as `remove user 3`.
    pub(super) deed: &'a str,
    /// What would go with it, as a part of a sentence; empty for nothing.
    pub(super) along: &'a str,
    /// The same as data.
    pub(super) json: Value,
}

impl<'a> Loss<'a> {
    /// Of what takes nothing else along.
    pub(super) fn alone(deed: &'a str) -> Self {
        Self { deed, along: "", json: json!({}) }
    }

    /// Says that it happened: the object `--dry-run` prints with `done` in the place of `would`, or `text`.
    pub(super) fn happened(&self, out: &Output, text: &str) -> io::Result<()> {
        out.deed(&self.as_json("done"), &terminal::line(text))
    }

    fn as_json(&self, verb: &str) -> Value {
        let mut json = json!({ "dry_run": verb == "would", verb: self.deed });
        if let (Some(object), Some(more)) = (json.as_object_mut(), self.json.as_object()) {
            object.extend(more.clone());
        }
        json
    }
}

impl Removal {
    /// Whether to go on. After `--dry-run` has printed what would happen it is not.
    ///
    /// # Errors
    /// When the person at the terminal says no, and those of printing.
    pub(super) fn is_agreed(&self, out: &Output, loss: &Loss<'_>) -> anyhow::Result<bool> {
        let along = if loss.along.is_empty() { String::new() } else { format!(" ({})", loss.along) };
        let sentence = format!("{}{along}", terminal::line(loss.deed));
        if self.dry_run {
            out.object(&loss.as_json("would"), &format!("would {sentence}"))?;
            return Ok(false);
        }
        if self.yes || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(true);
        }
        let mut stderr = io::stderr().lock();
        write!(stderr, "{sentence}? [y/N] ")?;
        stderr.flush()?;
        drop(stderr);
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
            bail!("nothing was changed");
        }
        Ok(true)
    }
}

/// What goes along, for people.
pub(super) fn along(belongings: Belongings) -> String {
    let count = |n: i64, one: &str, many: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let parts = [
        count(belongings.tickets, "ticket", "tickets"),
        count(belongings.messages, "message", "messages"),
        count(belongings.attachments, "attachment", "attachments"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What goes along, as data.
pub(super) fn along_json(belongings: Belongings) -> Value {
    json!({
        "tickets": belongings.tickets, "messages": belongings.messages, "attachments": belongings.attachments,
    })
}
