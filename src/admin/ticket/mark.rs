//! `admin ticket close`, `priority` and `tag`: one word changes of tickets.

use serde_json::json;

use super::change::{found, report};
use crate::admin::{Context, missing, output, usage};
use crate::desk::{TAG_CHARS_MAX, tag_name};
use crate::domain::{Status, TicketId};
use crate::outcome::{self, Done, Failure};

/// Closes tickets; one that cannot be closed keeps no other open.
pub(super) fn close(context: &Context, ids: &[i64]) -> outcome::Result<Done> {
    let (mut closed, mut failed) = (Vec::new(), Vec::new());
    for id in ids.iter().copied().map(TicketId::new) {
        let done = context.store.write(|tx| {
            let ticket = found(tx, id)?;
            Ok::<_, Failure>(context.changes(tx, &tx.settings()?).set_status(&ticket, Status::Closed)?)
        });
        match done {
            Ok(()) => closed.push(id.get()),
            Err(failure) if ids.len() == 1 => return Err(failure),
            Err(failure) => {
                output::complain(&failure.to_string());
                failed.push(id.get());
            }
        }
    }
    let text = match closed.as_slice() {
        [] => String::new(),
        [one] => format!("#{one} is closed"),
        several => format!("{} are closed", output::count(i64::try_from(several.len()).unwrap_or(i64::MAX), "ticket")),
    };
    context.output.object(&json!({ "closed": closed, "failed": failed }), &text)?;
    outcome::done_unless(!failed.is_empty())
}

/// Sets the priority: by its name, or by its number.
pub(super) fn priority(context: &Context, id: TicketId, word: &str) -> outcome::Result<()> {
    let name = context.store.write(|tx| {
        let ticket = found(tx, id)?;
        let all: Vec<(i64, String)> = tx.priorities()?.into_iter().map(|one| (one.id, one.name)).collect();
        let number = word.trim().parse::<i64>().ok();
        let is_it = |one: &&(i64, String)| Some(one.0) == number || one.1.eq_ignore_ascii_case(word.trim());
        let (number, name) = match (all.iter().find(is_it), number) {
            (Some((number, name)), _) => (*number, name.clone()),
            // A desk without a table of priorities has numbers alone.
            (None, Some(number)) if all.is_empty() && number > 0 => (number, number.to_string()),
            (None, _) => return missing("priority", format!("{word:?}")),
        };
        context.changes(tx, &tx.settings()?).set_priority(&ticket, number, &name)?;
        Ok::<_, Failure>(name)
    })?;
    report(context, id, &format!("has the priority {name}"))
}

/// Adds tags (`+name`) and takes some off (`-name`).
pub(super) fn tag(context: &Context, id: TicketId, words: &[String]) -> outcome::Result<()> {
    let mut changes = Vec::new();
    for word in words {
        let (is_added, typed) = match (word.strip_prefix('+'), word.strip_prefix('-')) {
            (Some(name), _) => (true, name),
            (None, Some(name)) => (false, name),
            (None, None) => (true, word.as_str()),
        };
        let Some(name) = tag_name(typed) else {
            return usage(format!(
                "{typed:?} is no tag: it has 1 to {TAG_CHARS_MAX} characters without commas, colons, quotes and #"
            ));
        };
        changes.push((is_added, name));
    }
    let tags = context.store.write(|tx| {
        let ticket = found(tx, id)?;
        let settings = tx.settings()?;
        let change = context.changes(tx, &settings);
        for (is_added, name) in &changes {
            if *is_added { change.tag(&ticket, name)? } else { change.untag(&ticket, name)? }
        }
        Ok::<_, Failure>(tx.tags_of_ticket(id)?)
    })?;
    let text =
        if tags.is_empty() { format!("#{id} has no tag") } else { format!("#{id} has the tags {}", tags.join(", ")) };
    context.output.object(&json!({ "id": id.get(), "tags": tags }), &crate::terminal::line(&text))?;
    Ok(())
}
