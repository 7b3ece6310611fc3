//! Asking before something is lost: `--dry-run`, a question when a person runs the command at a terminal, and `--yes` everywhere
//! else. Every verb that destroys something goes through here.

use std::io::{self, BufRead, IsTerminal, Write};

use serde_json::{Value, json};

use super::{Output, output, usage};
use crate::outcome::{self, bail};
use crate::store::ticket::Belongings;
use crate::terminal;

/// Options of every verb that destroys something.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Removal {
    /// Change nothing; print what would go
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask; needed when there is no terminal to ask at
    #[arg(long, short)]
    pub yes: bool,
}

/// What is about to happen.
pub(super) struct RemovalPreview {
    /// What would be done, such as `remove user 3 ann@example.org`.
    action: String,
    /// What would go with it, such as `their 2 tickets with 3 messages`; empty for nothing.
    also_removed: String,
    /// What else would follow, with what parts it from the words before; empty for nothing.
    ending: String,
    /// What would go with it as data.
    json: Value,
}

impl RemovalPreview {
    /// Of what removes nothing else.
    pub(super) fn alone(action: impl Into<String>) -> Self {
        Self { action: action.into(), also_removed: String::new(), ending: String::new(), json: json!({}) }
    }

    /// Of what also removes tickets, messages and attachments; `whose` is `its` or `their`.
    pub(super) fn with(action: impl Into<String>, whose: &str, belongings: Belongings) -> Self {
        let json = json!({
            "tickets": belongings.tickets, "messages": belongings.messages, "attachments": belongings.attachments,
        });
        Self { also_removed: also_removed(whose, belongings), json, ..Self::alone(action) }
    }

    /// The end of the sentence, such as ` into user 2`.
    pub(super) fn ending(self, ending: impl Into<String>) -> Self {
        Self { ending: ending.into(), ..self }
    }

    /// Other data for programs.
    pub(super) fn counting(self, json: Value) -> Self {
        Self { json, ..self }
    }

    /// Says that it happened: the object `--dry-run` prints with `done` instead of `would`, or `text`.
    pub(super) fn happened(&self, out: &Output, text: &str) -> io::Result<()> {
        out.changed(&self.as_json("done"), &terminal::line(text))
    }

    /// All of it in words.
    pub(super) fn sentence(&self) -> String {
        let also_removed =
            if self.also_removed.is_empty() { String::new() } else { format!(" and {}", self.also_removed) };
        terminal::line(&format!("{}{also_removed}{}", self.action, self.ending)).into_owned()
    }

    fn as_json(&self, verb: &str) -> Value {
        let mut json = json!({ "dry_run": verb == "would", verb: self.sentence() });
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
    /// When the person at the terminal says no, when there is neither a terminal nor `--yes` (a usage error), and
    /// those of printing.
    pub(super) fn is_agreed(&self, out: &Output, loss: &RemovalPreview) -> outcome::Result<bool> {
        let sentence = loss.sentence();
        if self.dry_run {
            out.object(&loss.as_json("would"), &format!("would {sentence}"))?;
            return Ok(false);
        }
        if self.yes {
            return Ok(true);
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return usage(format!("nothing was changed: without a terminal to ask at, --yes is needed to {sentence}"));
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

/// What is also removed, for people: `its 5 tickets with 7 messages and 1 attachment`.
fn also_removed(whose: &str, belongings: Belongings) -> String {
    let counted = |n: i64, thing: &str| (n > 0).then(|| output::count(n, thing));
    let parts = [counted(belongings.messages, "message"), counted(belongings.attachments, "attachment")];
    let contents = parts.into_iter().flatten().collect::<Vec<_>>().join(" and ");
    match (counted(belongings.tickets, "ticket"), contents.is_empty()) {
        (None, true) => String::new(),
        (None, false) => format!("{whose} {contents}"),
        (Some(tickets), true) => format!("{whose} {tickets}"),
        (Some(tickets), false) => format!("{whose} {tickets} with {contents}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_along_is_named_with_its_numbers() {
        let of = |tickets, messages, attachments| also_removed("its", Belongings { tickets, messages, attachments });
        assert_eq!(of(0, 0, 0), "");
        assert_eq!(of(5, 0, 0), "its 5 tickets");
        assert_eq!(of(1, 7, 1), "its 1 ticket with 7 messages and 1 attachment");
        assert_eq!(of(0, 1, 2), "its 1 message and 2 attachments");
    }

    #[test]
    fn a_name_cannot_forge_a_line_of_the_question() {
        let loss = RemovalPreview::alone("remove user 1 \"x\u{1b}[2K\ry\"");
        assert!(!loss.sentence().contains(['\u{1b}', '\r']));
    }
}
