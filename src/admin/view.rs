//! `admin view`: saved searches that stand beside everybody's lists.

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, named, nothing_to_change, usage};
use crate::domain::one_line::{VIEW_NAME_CHARS_MAX, VIEW_SEARCH_CHARS_MAX, is_one_line};
use crate::outcome::{self, Done};
use crate::store::ticket::SavedView;
use crate::terminal;

/// Verbs of `admin view`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin view add 'Printers of Ann' 'printer from:ann is:open'
  maildesk admin view list")]
pub(crate) enum Command {
    /// Add a view for everybody; prints its id
    Add {
        /// Name
        name: String,
        /// What is searched for, as in the pages' search
        query: String,
    },
    /// The views that everybody has
    List,
    /// Change a view; what is not named stays
    Update {
        /// Id or name
        view: String,
        /// New name
        #[arg(long)]
        name: Option<String>,
        /// New search
        #[arg(long)]
        query: Option<String>,
    },
    /// Remove a view
    Remove {
        /// Id or name
        view: String,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

fn as_json(view: &SavedView) -> Value {
    json!({ "id": view.id.get(), "name": view.name, "query": view.query })
}

fn checked(what: &str, text: &str, max: usize) -> outcome::Result<String> {
    let text = text.trim();
    if !is_one_line(text, max) {
        return usage(format!("a view's {what} has 1 to {max} characters on one line"));
    }
    Ok(text.to_owned())
}

fn find(context: &Context, word: &str) -> outcome::Result<SavedView> {
    let all = context.store.read(|tx| tx.shared_views())?;
    named("view", word, all, |view, id| view.id.get() == id, |view, wanted| view.name.to_lowercase() == wanted)
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { name, query } => {
            let (name, query) =
                (checked("name", &name, VIEW_NAME_CHARS_MAX)?, checked("search", &query, VIEW_SEARCH_CHARS_MAX)?);
            let id = context.store.write(|tx| tx.add_view(None, &name, &query, context.now))?;
            context.output.object(&json!({ "id": id.get(), "name": name, "query": query }), &id.to_string())?;
        }
        Command::List => {
            let all = context.store.read(|tx| tx.shared_views())?;
            let rows = all.iter().map(|view| vec![view.id.to_string(), view.name.clone(), view.query.clone()]);
            context.output.list(all.iter().map(as_json).collect(), &["id", "name", "search"], rows.collect())?;
        }
        Command::Update { view, name, query } => {
            if name.is_none() && query.is_none() {
                return nothing_to_change();
            }
            let mut found = find(context, &view)?;
            if let Some(name) = name {
                found.name = checked("name", &name, VIEW_NAME_CHARS_MAX)?;
            }
            if let Some(query) = query {
                found.query = checked("search", &query, VIEW_SEARCH_CHARS_MAX)?;
            }
            if !context.store.write(|tx| tx.update_view(found.id, &found.name, &found.query))? {
                return missing("view", view);
            }
            context.output.object(&as_json(&found), &terminal::line(&format!("{}: {}", found.name, found.query)))?;
        }
        Command::Remove { view, removal } => {
            let found = find(context, &view)?;
            let loss = RemovalPreview::alone(format!("remove view {}", found.name));
            if !removal.is_agreed(&context.output, &loss)? {
                return Ok(Done);
            }
            if !context.store.write(|tx| tx.remove_view(found.id))? {
                return missing("view", view);
            }
            loss.happened(&context.output, &format!("view {} is gone", found.name))?;
        }
    }
    Ok(Done)
}
