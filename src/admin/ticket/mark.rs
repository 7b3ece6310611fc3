//! `admin ticket close`, `priority`, `tag`, `snooze` and `spam`: one word changes of tickets.

use std::collections::BTreeSet;

use serde_json::json;

use super::change::{found, report};
use crate::admin::{Context, output, priority, usage, when};
use crate::desk::{Change, TAG_CHARS_MAX, tag_name};
use crate::domain::{Status, TicketId};
use crate::outcome::{self, Done, Failure};
use crate::store::ticket::Ticket;

/// Closes tickets.
pub(super) fn close(context: &Context, ids: &[i64]) -> outcome::Result<Done> {
    let done = |change: &Change<'_>, ticket: &Ticket| Ok(change.set_status(ticket, Status::Closed)?);
    each(context, ids, ("closed", "closed"), done)
}

/// Calls tickets spam, and bans their senders where that is asked for.
pub(super) fn spam(context: &Context, ids: &[i64], bans: bool) -> outcome::Result<Done> {
    let done = |change: &Change<'_>, ticket: &Ticket| {
        if bans {
            change.spam_and_ban(ticket).map(drop)?
        } else {
            change.spam(ticket)?
        }
        Ok(())
    };
    each(context, ids, ("spam", "spam"), done)
}

/// Says that tickets are not spam.
pub(super) fn not_spam(context: &Context, ids: &[i64]) -> outcome::Result<Done> {
    each(context, ids, ("not_spam", "not spam"), |change, ticket| Ok(change.not_spam(ticket)?))
}

/// Changes each of some tickets; one that cannot be changed keeps no other back. `becomes` says what they are then, in
/// JSON and in words.
fn each(
    context: &Context,
    ids: &[i64],
    becomes: (&str, &str),
    change: impl Fn(&Change<'_>, &Ticket) -> outcome::Result<()>,
) -> outcome::Result<Done> {
    let (mut changed, mut failed) = (Vec::new(), Vec::new());
    // One that is named twice is one ticket.
    let ids: BTreeSet<i64> = ids.iter().copied().collect();
    for id in ids.iter().copied().map(TicketId::new) {
        let done = context.store.write(|tx| {
            let ticket = found(tx, id)?;
            change(&context.changes(tx, &tx.settings()?), &ticket)
        });
        match done {
            Ok(()) => changed.push(id.get()),
            Err(failure) if ids.len() == 1 => return Err(failure),
            Err(failure) => {
                output::complain(&failure.to_string());
                failed.push(id.get());
            }
        }
    }
    let (name, words) = becomes;
    let text = match changed.as_slice() {
        [] => String::new(),
        [one] => format!("#{one} is {words}"),
        several => format!("{} are {words}", output::count(i64::try_from(several.len()).unwrap_or(i64::MAX), "ticket")),
    };
    context.output.object(&json!({ name: changed, "failed": failed }), &text)?;
    outcome::done_unless(!failed.is_empty())
}

/// Puts a ticket off until a time to come.
pub(super) fn snooze(context: &Context, id: TicketId, until: &str) -> outcome::Result<()> {
    let until = when::to_come(until, context.now)?;
    context.store.write(|tx| {
        let ticket = found(tx, id)?;
        Ok::<_, Failure>(context.changes(tx, &tx.settings()?).snooze(&ticket, until)?)
    })?;
    report(context, id, &format!("is put off until {}", output::time(until)))
}

/// Takes a ticket back that was put off.
pub(super) fn wake(context: &Context, id: TicketId) -> outcome::Result<()> {
    context.store.write(|tx| {
        let ticket = found(tx, id)?;
        Ok::<_, Failure>(context.changes(tx, &tx.settings()?).wake(&ticket)?)
    })?;
    report(context, id, "is put off no longer")
}

/// Sets the priority: by its name, or by its number.
pub(super) fn priority(context: &Context, id: TicketId, word: &str) -> outcome::Result<()> {
    let name = context.store.write(|tx| {
        let ticket = found(tx, id)?;
        let number = word.trim().parse::<i64>().ok().filter(|number| *number > 0);
        let (number, name) = match number {
            // A desk without a table of priorities has numbers alone.
            Some(number) if tx.priorities()?.is_empty() => (number, number.to_string()),
            _ => {
                let own = priority::find(tx, word)?;
                (own.id, own.name)
            }
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
