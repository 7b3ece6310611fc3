//! `admin priority`.

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, named, nothing_to_change, usage};
use crate::domain::one_line::{PRIORITY_CHARS_MAX, is_one_line};
use crate::outcome::{self, Done, bail};
use crate::store::import::ImportedPriority;
use crate::store::set_up::is_color;
use crate::store::{Error, ReadTx};
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

/// The priority with that id, or the only one with that name.
pub(super) fn find(tx: &ReadTx<'_>, word: &str) -> outcome::Result<ImportedPriority> {
    named("priority", word, tx.priorities()?, |own, id| own.id == id, |own, wanted| own.name.to_lowercase() == wanted)
}

fn save(context: &Context, own: &ImportedPriority) -> outcome::Result<i64> {
    match context.store.write(|tx| tx.save_priority(own)) {
        Err(Error::Taken(_)) => bail!("there is a priority {} already", terminal::line(&own.name)),
        saved => Ok(saved?),
    }
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { name, color } => {
            let mut own = ImportedPriority { id: 0, name: name.trim().to_owned(), color };
            checked(&own)?;
            own.id = save(context, &own)?;
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
            let former = context.store.read(|tx| find(tx, &priority))?;
            let own = ImportedPriority {
                id: former.id,
                name: name.map_or(former.name, |name| name.trim().to_owned()),
                color: color.unwrap_or(former.color),
            };
            checked(&own)?;
            save(context, &own)?;
            context.output.object(&as_json(&own), &terminal::line(&format!("{} {}", own.name, own.color)))?;
        }
        Command::Remove { priority, removal } => {
            let own = context.store.read(|tx| find(tx, &priority))?;
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
