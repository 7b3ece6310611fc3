//! `admin category`: categories of the knowledge base.

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, named, nothing_to_change, usage};
use crate::domain::one_line::{ARTICLE_TITLE_CHARS_MAX, is_one_line};
use crate::outcome::{self, Done, bail};
use crate::store::knowledge::{ArticleCategory, CategoryChange, Reader};
use crate::terminal;

/// Verbs of `admin category`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin category add Printers
  maildesk admin category add 'Kestrel 4300' --below Printers --private true")]
pub(crate) enum Command {
    /// Add a category; prints its id
    Add {
        /// Name
        name: String,
        /// Where it stands and who sees it
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Every category
    List,
    /// Change a category; what is not named stays
    Update {
        /// Id or name
        category: String,
        /// New name
        #[arg(long)]
        name: Option<String>,
        /// Where it stands and who sees it
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Remove a category in which nothing is
    Remove {
        /// Id or name
        category: String,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

/// What a category is beside its name.
#[derive(Debug, clap::Args)]
pub(crate) struct Wanted {
    /// The category it is in, by id or name; `none` for none
    #[arg(long, value_name = "CATEGORY")]
    below: Option<String>,
    /// Whether only staff see it
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    private: Option<bool>,
    /// Place in the list [default: last]
    #[arg(long)]
    position: Option<i64>,
}

fn as_json(own: &ArticleCategory) -> Value {
    json!({
        "id": own.id, "name": own.name, "position": own.position, "parent_id": own.parent.unwrap_or(0),
        "public": own.is_public,
    })
}

pub(super) fn find(context: &Context, word: &str) -> outcome::Result<ArticleCategory> {
    let all = context.store.read(|tx| tx.article_categories())?;
    named("category", word, all, |own, id| own.id == id, |own, wanted| own.name.to_lowercase() == wanted)
}

fn checked(name: &str) -> outcome::Result<String> {
    let name = name.trim();
    if !is_one_line(name, ARTICLE_TITLE_CHARS_MAX) {
        return usage(format!("a category's name has 1 to {ARTICLE_TITLE_CHARS_MAX} characters on one line"));
    }
    Ok(name.to_owned())
}

/// The category that is to be above `own`, which must not be inside it.
fn parent(context: &Context, below: Option<&str>, own: Option<&ArticleCategory>) -> outcome::Result<Option<i64>> {
    let Some(word) = below else { return Ok(own.and_then(|own| own.parent)) };
    if word == "none" {
        return Ok(None);
    }
    let parent = find(context, word)?;
    let shelf = context.store.read(|tx| tx.shelf(Reader::Staff))?;
    if own.is_some_and(|own| shelf.way_to(parent.id).iter().any(|above| above.id == own.id)) {
        bail!("category {} is inside it: it cannot be below that one", terminal::line(&parent.name));
    }
    Ok(Some(parent.id))
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { name, wanted } => {
            let name = checked(&name)?;
            let parent = parent(context, wanted.below.as_deref(), None)?;
            let is_public = !wanted.private.unwrap_or(false);
            let new = CategoryChange { name: &name, parent, is_public, position: wanted.position };
            let id = context.store.write(|tx| tx.add_article_category(&new))?;
            context.output.object(&as_json(&find(context, &id.to_string())?), &id.to_string())?;
        }
        Command::List => list(context)?,
        Command::Update { category, name, wanted } => {
            if name.is_none() && wanted.below.is_none() && wanted.private.is_none() && wanted.position.is_none() {
                return nothing_to_change();
            }
            let own = find(context, &category)?;
            let name = name.map(|name| checked(&name)).transpose()?.unwrap_or_else(|| own.name.clone());
            let parent = parent(context, wanted.below.as_deref(), Some(&own))?;
            let is_public = wanted.private.map_or(own.is_public, |is_private| !is_private);
            let change = CategoryChange { name: &name, parent, is_public, position: wanted.position };
            if !context.store.write(|tx| tx.update_article_category(own.id, &change))? {
                return missing("category", category);
            }
            context.output.object(&as_json(&find(context, &own.id.to_string())?), &terminal::line(&name))?;
        }
        Command::Remove { category, removal } => {
            let own = find(context, &category)?;
            if !context.store.read(|tx| tx.is_category_empty(own.id))? {
                bail!("category {} is not empty: move or remove what is in it first", terminal::line(&own.name));
            }
            let loss = RemovalPreview::alone(format!("remove category {}", own.name));
            if !removal.is_agreed(&context.output, &loss)? {
                return Ok(Done);
            }
            if !context.store.write(|tx| tx.remove_article_category(own.id))? {
                return missing("category", category);
            }
            loss.happened(&context.output, &format!("category {} is gone", own.name))?;
        }
    }
    Ok(Done)
}

/// Prints every category; `admin article categories` says the same.
pub(super) fn list(context: &Context) -> outcome::Result<()> {
    let all = context.store.read(|tx| tx.article_categories())?;
    let rows = all.iter().map(|category| {
        let parent = all.iter().find(|other| Some(other.id) == category.parent).map_or("", |other| other.name.as_str());
        let public = if category.is_public { "public" } else { "private" };
        vec![category.id.to_string(), category.name.clone(), parent.to_owned(), public.to_owned()]
    });
    context.output.list(all.iter().map(as_json).collect(), &["id", "name", "below", "state"], rows.collect())?;
    Ok(())
}
