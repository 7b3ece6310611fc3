//! `admin audit`: every change, of tickets and of the set-up: what, by whom, from where.

use super::ticket::event_json;
use super::{Context, output, say_if_cut};
use crate::outcome::{self, Done};

/// Verbs of `admin audit`.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin audit list --limit 20
  maildesk admin --json audit list --before 1200")]
pub(crate) enum Command {
    /// Every change, the newest first
    List {
        /// Only those before the change of this id
        #[arg(long, value_name = "ID", value_parser = crate::admin::id)]
        before: Option<i64>,
        /// At most this many
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    let Command::List { before, limit } = command;
    let events = context.store.read(|tx| tx.events_before(before.unwrap_or(0), limit))?;
    let rows = events.iter().map(|event| {
        let who = if event.actor_name.is_empty() { event.actor.word() } else { &event.actor_name };
        let ticket = if event.ticket.get() > 0 { format!("#{}", event.ticket) } else { String::new() };
        vec![
            event.id.to_string(),
            output::time(event.at),
            who.to_owned(),
            ticket,
            event.kind.clone(),
            event.detail.clone(),
            event.door.clone(),
            event.ip.clone(),
        ]
    });
    let header = ["id", "when", "who", "ticket", "what", "detail", "door", "from"];
    context.output.list(events.iter().map(event_json).collect(), &header, rows.collect())?;
    say_if_cut(&context.output, events.len(), limit);
    Ok(Done)
}
