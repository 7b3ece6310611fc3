//! `admin tag`: the tags of the desk; `admin ticket tag` gives them to tickets.

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, named, output, usage};
use crate::desk::{TAG_CHARS_MAX, tag_name};
use crate::outcome::{self, Done, bail};
use crate::store::Error;
use crate::store::ticket::Tag;
use crate::terminal;

/// Verbs of `admin tag`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin tag add urgent
  maildesk admin tag update urgent --name very-urgent")]
pub(crate) enum Command {
    /// Add a tag; prints its id
    Add {
        /// Name
        name: String,
    },
    /// All tags, and how many tickets have each
    List,
    /// Give a tag another name; its tickets keep it
    Update {
        /// Id or name
        tag: String,
        /// New name
        #[arg(long)]
        name: String,
    },
    /// Remove a tag from every ticket
    Remove {
        /// Id or name
        tag: String,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

fn as_json(tag: &Tag) -> Value {
    json!({ "id": tag.id.get(), "name": tag.name, "tickets": tag.tickets })
}

fn checked(name: &str) -> outcome::Result<String> {
    tag_name(name).map_or_else(
        || usage(format!("a tag has 1 to {TAG_CHARS_MAX} characters on one line, without , : # and quotes")),
        Ok,
    )
}

fn find(context: &Context, word: &str) -> outcome::Result<Tag> {
    let all = context.store.read(|tx| tx.tags())?;
    named("tag", word, all, |tag, id| tag.id.get() == id, |tag, wanted| tag.name.to_lowercase() == wanted)
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { name } => {
            let name = checked(&name)?;
            if context.store.read(|tx| tx.tag_named(&name))?.is_some() {
                bail!("there is a tag {} already", terminal::line(&name));
            }
            let id = context.store.write(|tx| tx.add_tag(&name, context.now))?;
            context.output.object(&as_json(&Tag { id, name, tickets: 0 }), &id.to_string())?;
        }
        Command::List => {
            let all = context.store.read(|tx| tx.tags())?;
            let rows = all.iter().map(|tag| vec![tag.id.to_string(), tag.name.clone(), tag.tickets.to_string()]);
            context.output.list(all.iter().map(as_json).collect(), &["id", "name", "tickets"], rows.collect())?;
        }
        Command::Update { tag, name } => {
            let (found, name) = (find(context, &tag)?, checked(&name)?);
            match context.store.write(|tx| tx.rename_tag(found.id, &name)) {
                Err(Error::Taken(_)) => bail!("there is a tag {} already", terminal::line(&name)),
                done => done?,
            };
            let json = as_json(&Tag { name: name.clone(), ..found });
            context.output.object(&json, &terminal::line(&name))?;
        }
        Command::Remove { tag, removal } => {
            let found = find(context, &tag)?;
            let tail = format!(" from {}", output::count(found.tickets, "ticket"));
            let loss = RemovalPreview::alone(format!("remove tag {}", found.name))
                .ending(tail)
                .counting(json!({ "tickets": found.tickets }));
            if !removal.is_agreed(&context.output, &loss)? {
                return Ok(Done);
            }
            if !context.change(|change| change.remove_tag(found.id, &found.name))? {
                return missing("tag", tag);
            }
            loss.happened(&context.output, &format!("done: {}", loss.sentence()))?;
        }
    }
    Ok(Done)
}
