//! `admin field` and `admin priority`: HelpDeskZ's custom fields and priorities, kept as data.

use serde_json::{Value, json};

use super::Context;
use crate::outcome::{self, Done};

/// Verbs of `admin field`.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
#[command(after_help = "\
Example:
  maildesk admin field list --json")]
pub(crate) enum Command {
    /// Every custom field in its order
    List,
}

/// Verbs of `admin priority`.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
#[command(after_help = "\
Example:
  maildesk admin priority list --json")]
pub(crate) enum PriorityCommand {
    /// Every priority
    List,
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::List => {}
    }
    let all = context.store.read(|tx| tx.custom_fields())?;
    let list = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| json!([]));
    let json = all.iter().map(|field| {
        let departments = list(&field.departments);
        let is_for_all = departments.as_array().is_none_or(Vec::is_empty);
        json!({
            "id": field.id, "type": field.kind, "title": field.title, "options": list(&field.options),
            "required": field.is_required, "departments": if is_for_all { json!("all") } else { departments },
            "position": field.position,
        })
    });
    let rows = all.iter().map(|field| {
        let options: Vec<String> = serde_json::from_str(&field.options).unwrap_or_default();
        let required = if field.is_required { "required" } else { "" };
        vec![field.id.to_string(), field.kind.clone(), field.title.clone(), options.join(", "), required.to_owned()]
    });
    context.output.list(json.collect(), &["id", "type", "title", "options", ""], rows.collect())?;
    Ok(Done)
}

pub(super) fn run_priority(context: &Context, command: PriorityCommand) -> outcome::Result<Done> {
    match command {
        PriorityCommand::List => {}
    }
    let all = context.store.read(|tx| tx.priorities())?;
    let json = all.iter().map(|p| json!({ "id": p.id, "name": p.name, "color": p.color }));
    let rows = all.iter().map(|p| vec![p.id.to_string(), p.name.clone(), p.color.clone()]);
    context.output.list(json.collect(), &["id", "name", "color"], rows.collect())?;
    Ok(Done)
}
