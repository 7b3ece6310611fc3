//! `admin article`: the knowledge base, to write, to look at and to take elsewhere.

mod edit;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::removal::Removal;
use super::{Context, category, missing, output};
use crate::domain::{AttachmentId, StaffId};
use crate::mail::html;
use crate::outcome::{self, Done, WithContext, bail};
use crate::store::Error;
use crate::store::knowledge::{Article, ArticleCategory};
use crate::terminal;

/// Characters of a title that go into a file's name.
const NAME_CHARS_MAX: usize = 60;

/// Verbs of `admin article`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin article list
  maildesk admin article add 'Blank pages' --body-file blank.md --category Printers
  maildesk admin article export articles")]
pub(crate) enum Command {
    /// Write an article; prints its id
    Add {
        /// Title
        title: String,
        /// Its text and the rest
        #[command(flatten)]
        wanted: edit::Wanted,
    },
    /// Every article
    List,
    /// One article
    Show {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
    },
    /// Categories of articles
    Categories,
    /// Change an article; what is not named stays
    Update {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// New title
        #[arg(long)]
        title: Option<String>,
        /// What changes
        #[command(flatten)]
        wanted: edit::Wanted,
    },
    /// Remove an article with its files
    Remove {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
    /// Write every article as an HTML page, with its files and an index
    Export {
        /// Folder to write into; made if need be
        dir: PathBuf,
    },
}

/// An article with what belongs to it.
struct Whole {
    article: Article,
    category: Option<ArticleCategory>,
    /// Login name of its writer, while the account is there.
    staff: Option<String>,
    /// Ids, names and sizes of its files.
    files: Vec<(AttachmentId, String, i64)>,
}

pub(super) fn run(context: &Context, command: &Command) -> outcome::Result<Done> {
    match command {
        Command::List => {
            let all = read(context, None)?;
            let rows = all.iter().map(|whole| {
                let public = if whole.article.is_public { "public" } else { "private" };
                vec![
                    whole.article.id.to_string(),
                    whole.article.title.clone(),
                    whole.category.as_ref().map_or_else(String::new, |category| category.name.clone()),
                    public.to_owned(),
                    whole.article.views.to_string(),
                    output::time(whole.article.last_update_at),
                ]
            });
            let header = ["id", "title", "category", "state", "views", "changed"];
            context.output.list(all.iter().map(Whole::json).collect(), &header, rows.collect())?;
        }
        Command::Show { id } => {
            let Some(whole) = read(context, Some(*id))?.pop() else { return missing("article", id) };
            let text = format!("{}\n\n{}", terminal::line(&whole.article.title), html::to_text(&whole.article.body));
            context.output.object(&whole.json(), &text)?;
        }
        Command::Add { title, wanted } => edit::add(context, title, wanted)?,
        Command::Update { id, title, wanted } => edit::update(context, *id, title.as_deref(), wanted)?,
        Command::Remove { id, removal } => edit::remove(context, *id, *removal)?,
        Command::Categories => category::list(context)?,
        Command::Export { dir } => export(context, dir)?,
    }
    Ok(Done)
}

fn read(context: &Context, id: Option<i64>) -> outcome::Result<Vec<Whole>> {
    let all = context.store.read(|tx| {
        let categories = tx.article_categories()?;
        let articles = match id {
            Some(id) => tx.article(id)?.into_iter().collect(),
            None => tx.articles()?,
        };
        let whole = articles.into_iter().map(|article| {
            Ok(Whole {
                category: categories.iter().find(|category| Some(category.id) == article.category).cloned(),
                staff: article.staff.map(|id| tx.staff(id)).transpose()?.flatten().map(|staff| staff.username),
                files: tx.files_of_article(article.id)?,
                article,
            })
        });
        whole.collect::<Result<Vec<_>, Error>>()
    })?;
    Ok(all)
}

impl Whole {
    fn json(&self) -> Value {
        let article = &self.article;
        let files = self.files.iter().map(|(id, name, bytes)| json!({ "id": id.get(), "name": name, "size": bytes }));
        json!({
            "id": article.id, "title": article.title, "body": article.body, "text": html::to_text(&article.body),
            "category_id": article.category.unwrap_or(0), "category": self.category.as_ref().map(|category| category.name.as_str()),
            "staff_id": article.staff.map_or(0, StaffId::get), "author": self.staff, "created_at": article.created_at.unix(),
            "last_update_at": article.last_update_at.unix(), "views": article.views, "public": article.is_public,
            "attachments": files.collect::<Vec<_>>(),
        })
    }
}

/// `DIR/index.json`, `DIR/12-title.html` and `DIR/files/9-name`; files that are there are left alone.
fn export(context: &Context, dir: &Path) -> outcome::Result<()> {
    let files = dir.join("files");
    fs::create_dir_all(&files).with_context(|| format!("making {}", files.display()))?;
    let all = read(context, None)?;
    let mut index = Vec::new();
    for whole in &all {
        let article = &whole.article;
        let page = format!("{}-{}.html", article.id, file_word(&article.title));
        let mut links = String::new();
        let mut json = whole.json();
        let mut exported = Vec::new();
        for (id, name, _) in &whole.files {
            let Some(content) = context.store.read(|tx| tx.attachment_content(*id))? else { continue };
            let name = format!("{id}-{name}");
            write_new(&files.join(&name), &content)?;
            links.push_str(&format!("<li><a href=\"files/{0}\">{0}</a></li>\n", html::escape(&name)));
            exported.push(format!("files/{name}"));
        }
        let title = html::escape(&article.title);
        let list = if links.is_empty() { String::new() } else { format!("<ul>\n{links}</ul>\n") };
        let text = format!(
            "<!doctype html>\n<html>\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n\
             <h1>{title}</h1>\n{}\n{list}</body>\n</html>\n",
            article.body
        );
        write_new(&dir.join(&page), text.as_bytes())?;
        if let Some(object) = json.as_object_mut() {
            object.insert("page".to_owned(), json!(page));
            object.insert("files".to_owned(), json!(exported));
        }
        index.push(json);
    }
    write_new(&dir.join("index.json"), serde_json::to_string_pretty(&index)?.as_bytes())?;
    let count = all.len();
    context.output.object(
        &json!({ "articles": count, "dir": dir.to_string_lossy() }),
        &format!("{count} articles are in {}", dir.display()),
    )?;
    Ok(())
}

fn write_new(path: &Path, content: &[u8]) -> outcome::Result<()> {
    use std::io::Write;
    let mut file = match fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!("{} exists already", path.display(); "export into an empty folder")
        }
        Err(error) => return Err(error).with_context(|| format!("writing {}", path.display())),
    };
    file.write_all(content).with_context(|| format!("writing {}", path.display()))
}

/// The letters and digits of a title, for a file's name.
fn file_word(title: &str) -> String {
    let mut word = String::new();
    for c in title.chars().take(NAME_CHARS_MAX) {
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else if !word.is_empty() && !word.ends_with('-') {
            word.push('-');
        }
    }
    let word = word.trim_end_matches('-');
    if word.is_empty() { "article".to_owned() } else { word.to_owned() }
}
