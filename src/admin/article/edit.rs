//! Writing, changing and removing articles.

use std::path::{Path, PathBuf};

use super::read;
use crate::admin::removal::{Removal, RemovalPreview};
use crate::admin::ticket::Attached;
use crate::admin::{Context, category, missing, nothing_to_change, output, usage};
use crate::domain::one_line::{ARTICLE_TITLE_CHARS_MAX, is_one_line};
use crate::domain::{AttachmentId, StaffId};
use crate::mail::html;
use crate::outcome::{self, Failure, WithContext};
use crate::store::Error;
use crate::store::knowledge::ArticleChange;
use crate::terminal;
use crate::web::markdown;

/// Largest text, in bytes, as for canned responses.
const BODY_BYTES_MAX: u64 = 1024 * 1024;

/// What an article is beside its title.
#[derive(Debug, clap::Args)]
pub(crate) struct Wanted {
    /// File with its text: HTML if it starts with `<` or ends in .html, else Markdown
    #[arg(long, value_name = "FILE")]
    body_file: Option<PathBuf>,
    /// Its category, by id or name; `none` for none
    #[arg(long)]
    category: Option<String>,
    /// Whether only staff read it
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    private: Option<bool>,
    /// Place in its category [default: last]
    #[arg(long)]
    position: Option<i64>,
    /// File that goes with it; may be repeated
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// Id of a file that goes with it no more; may be repeated
    #[arg(long, value_name = "ID", value_parser = crate::admin::id)]
    drop_file: Vec<i64>,
}

/// The text of an article: HTML, and the Markdown it was made from.
#[derive(Default)]
struct Body {
    html: String,
    markdown: String,
}

fn body(path: &Path) -> outcome::Result<Body> {
    let about = path.metadata().with_context(|| format!("reading {}", path.display()))?;
    if about.len() > BODY_BYTES_MAX {
        return usage(format!("{} is larger than {} KiB", path.display(), BODY_BYTES_MAX / 1024));
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let is_html_file = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("html"));
    if is_html_file || text.trim_start().starts_with('<') {
        return Ok(Body { html: html::sanitise_message(&text), markdown: String::new() });
    }
    Ok(Body { html: markdown(&text), markdown: text })
}

fn checked(title: &str) -> outcome::Result<String> {
    let title = title.trim();
    if !is_one_line(title, ARTICLE_TITLE_CHARS_MAX) {
        return usage(format!("a title is one line of 1 to {ARTICLE_TITLE_CHARS_MAX} characters"));
    }
    Ok(title.to_owned())
}

fn category_of(context: &Context, word: Option<&str>, former: Option<i64>) -> outcome::Result<Option<i64>> {
    match word {
        None => Ok(former),
        Some("none") => Ok(None),
        Some(word) => Ok(Some(category::find(context, word)?.id)),
    }
}

fn files(context: &Context, paths: &[PathBuf]) -> outcome::Result<Vec<Attached>> {
    let bytes_max = context.store.read(|tx| tx.settings())?.mail_attachment_size.bytes();
    paths.iter().map(|path| Attached::read(path, bytes_max)).collect()
}

pub(super) fn add(context: &Context, title: &str, wanted: &Wanted) -> outcome::Result<()> {
    let title = checked(title)?;
    let Some(path) = &wanted.body_file else { return usage("--body-file is needed: the article's text") };
    let body = body(path)?;
    let category = category_of(context, wanted.category.as_deref(), None)?;
    let files = files(context, &wanted.attach)?;
    let new = ArticleChange {
        title: &title,
        body: &body.html,
        markdown: &body.markdown,
        category,
        is_public: !wanted.private.unwrap_or(false),
        position: wanted.position,
    };
    let id = context.store.write(|tx| {
        let id = tx.add_article(&new, StaffId::new(0), context.now)?;
        for file in &files {
            tx.add_article_file(id, &file.attachment())?;
        }
        Ok::<_, Error>(id)
    })?;
    print(context, id, &id.to_string())
}

fn print(context: &Context, id: i64, text: &str) -> outcome::Result<()> {
    let Some(whole) = read(context, Some(id))?.pop() else { return missing("article", id) };
    context.output.object(&whole.json(), text)?;
    Ok(())
}

pub(super) fn update(context: &Context, id: i64, title: Option<&str>, wanted: &Wanted) -> outcome::Result<()> {
    let Wanted { body_file, category, private, position, attach, drop_file } = wanted;
    let is_empty = body_file.is_none() && category.is_none() && private.is_none() && position.is_none();
    if title.is_none() && is_empty && attach.is_empty() && drop_file.is_empty() {
        return nothing_to_change();
    }
    let Some(former) = context.store.read(|tx| tx.article(id))? else { return missing("article", id) };
    let title = title.map(checked).transpose()?.unwrap_or_else(|| former.title.clone());
    let body = match body_file {
        Some(path) => body(path)?,
        None => Body { html: former.body.clone(), markdown: former.markdown.clone() },
    };
    let category = category_of(context, category.as_deref(), former.category)?;
    let files = files(context, attach)?;
    let change = ArticleChange {
        title: &title,
        body: &body.html,
        markdown: &body.markdown,
        category,
        is_public: private.map_or(former.is_public, |is_private| !is_private),
        position: *position,
    };
    context.store.write(|tx| {
        if !tx.update_article(id, &change, context.now)? {
            return missing("article", id);
        }
        for file in drop_file {
            if !tx.remove_article_file(id, AttachmentId::new(*file))? {
                return Err(Failure::usage(format!("file {file} is not one of article {id}")));
            }
        }
        for file in &files {
            tx.add_article_file(id, &file.attachment())?;
        }
        Ok(())
    })?;
    print(context, id, &terminal::line(&title))
}

pub(super) fn remove(context: &Context, id: i64, removal: Removal) -> outcome::Result<()> {
    let Some(whole) = read(context, Some(id))?.pop() else { return missing("article", id) };
    let n = i64::try_from(whole.files.len()).unwrap_or(i64::MAX);
    let tail = if n > 0 { format!(" and its {}", output::count(n, "file")) } else { String::new() };
    let loss = RemovalPreview::alone(format!("remove article {id} {:?}", whole.article.title)).ending(tail);
    if !removal.is_agreed(&context.output, &loss)? {
        return Ok(());
    }
    if !context.store.write(|tx| tx.remove_article(id))? {
        return missing("article", id);
    }
    loss.happened(&context.output, &format!("article {id} is gone"))?;
    Ok(())
}
