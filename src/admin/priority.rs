//! `admin priority`.

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, named, nothing_to_change, usage};
use crate::domain::one_line::{PRIORITY_CHARS_MAX, is_one_line};
use crate::outcome::{self, Done};
use crate::store::import::ImportedPriority;
use crate::store::set_up::is_color;
use crate::terminal;

/// Verbs of `admin priority`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin priority add Urgent --color '#c00000'
  maildesk admin priority list --json")]
pub(crate) enum Command {
    /// Add a priority; prints its id
    Add {
        /// Name
        name: String,
        /// Its colour, as #rrggbb
        #[arg(long, default_value = "#8a8a8a")]
        color: String,
    },
    /// Every priority
    List,
    /// Change a priority; what is not named stays
    Update {
        /// Id or name
        priority: String,
        /// New name
        #[arg(long)]
        name: Option<String>,
        /// New colour, as #rrggbb
        #[arg(long)]
        color: Option<String>,
    },
    /// Remove a priority; tickets that have it show none
    Remove {
        /// Id or name
        priority: String,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

fn as_json(own: &ImportedPriority) -> Value {
    json!({ "id": own.id, "name": own.name, "color": own.color })
}

fn checked(own: &ImportedPriority) -> outcome::Result<()> {
    let name = &own.name;
    if !is_one_line(name, PRIORITY_CHARS_MAX) {
        return usage(format!("a priority's name has 1 to {PRIORITY_CHARS_MAX} characters on one line"));
    }
    if !is_color(&own.color) {
        return usage(format!("{:?} is not a colour: write it as #rrggbb", own.color));
    }
    Ok(())
}

fn find(context: &Context, word: &str) -> outcome::Result<ImportedPriority> {
    let all = context.store.read(|tx| tx.priorities())?;
    named("priority", word, all, |own, id| own.id == id, |own, wanted| own.name.to_lowercase() == wanted)
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { name, color } => {
            let mut own = ImportedPriority { id: 0, name: name.trim().to_owned(), color };
            checked(&own)?;
            own.id = context.store.write(|tx| tx.save_priority(&own))?;
            context.output.object(&as_json(&own), &own.id.to_string())?;
        }
        Command::List => {
            let all = context.store.read(|tx| tx.priorities())?;
            let rows = all.iter().map(|own| vec![own.id.to_string(), own.name.clone(), own.color.clone()]);
            context.output.list(all.iter().map(as_json).collect(), &["id", "name", "color"], rows.collect())?;
        }
        Command::Update { priority, name, color } => {
            if name.is_none() && color.is_none() {
                return nothing_to_change();
            }
            let former = find(context, &priority)?;
            let own = ImportedPriority {
                id: former.id,
                name: name.map_or(former.name, |name| name.trim().to_owned()),
                color: color.unwrap_or(former.color),
            };
            checked(&own)?;
            context.store.write(|tx| tx.save_priority(&own))?;
            context.output.object(&as_json(&own), &terminal::line(&format!("{} {}", own.name, own.color)))?;
        }
        Command::Remove { priority, removal } => {
            let own = find(context, &priority)?;
            let loss = RemovalPreview::alone(format!("remove priority {}", own.name));
            if !removal.is_agreed(&context.output, &loss)? {
                return Ok(Done);
            }
            if !context.store.write(|tx| tx.remove_priority(own.id))? {
                return missing("priority", priority);
            }
            loss.happened(&context.output, &format!("priority {} is gone", own.name))?;
        }
    }
    Ok(Done)
}
