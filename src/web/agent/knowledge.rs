//! The knowledge base as staff read and change it: its list, an article, a category.

mod edit;

use askama::Template;

use super::frame_of;
use crate::domain::AttachmentId;
use crate::http::{Method, Response};
use crate::store::ReadTx;
use crate::store::knowledge::{ArticleLine, Reader};
use crate::web::agent::file::Download;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::customer::article_path;
use crate::web::file_path;
use crate::web::page::number;
use crate::web::text::{self, Markup};
use crate::web::ui::Ui;

/// A page of the knowledge base below `/staff/kb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum KnowledgePage {
    /// Every category and article.
    All,
    /// `articles/new`.
    NewArticle,
    /// `articles/view/7`.
    Article(i64),
    /// `articles/edit/7`.
    EditArticle(i64),
    /// `articles/remove/7`: asks first.
    RemoveArticle(i64),
    /// `categories/new`.
    NewCategory,
    /// `categories/edit/3`.
    EditCategory(i64),
    /// `categories/remove/3`: asks first.
    RemoveCategory(i64),
    /// `files/3/NAME`.
    File(AttachmentId),
}

impl KnowledgePage {
    /// The page of the pieces of a path behind `/staff/kb`.
    pub(crate) fn of(pieces: &[&str]) -> Option<Self> {
        Some(match pieces {
            [] | ["articles" | "categories"] => Self::All,
            ["articles", "new"] => Self::NewArticle,
            ["articles", "view", id] => Self::Article(number(id)?),
            ["articles", "edit", id] => Self::EditArticle(number(id)?),
            ["articles", "remove", id] => Self::RemoveArticle(number(id)?),
            ["categories", "new"] => Self::NewCategory,
            ["categories", "edit", id] => Self::EditCategory(number(id)?),
            ["categories", "remove", id] => Self::RemoveCategory(number(id)?),
            ["files", id, _name] => Self::File(AttachmentId::new(number(id)?)),
            _ => return None,
        })
    }

    /// Whether it takes POST.
    pub(crate) const fn takes_post(self) -> bool {
        !matches!(self, Self::All | Self::Article(_) | Self::File(_))
    }
}

/// Has the page answer.
pub(super) fn answer(call: &Call<'_>, page: KnowledgePage) -> Result<Response, Refusal> {
    let is_post = call.method == Method::Post;
    match page {
        KnowledgePage::All => all(call),
        KnowledgePage::Article(id) => article(call, id),
        KnowledgePage::File(id) => file(call, id),
        KnowledgePage::NewArticle if is_post => edit::save_article(call, None),
        KnowledgePage::NewArticle => edit::article_form(call, None),
        KnowledgePage::EditArticle(id) if is_post => edit::save_article(call, Some(id)),
        KnowledgePage::EditArticle(id) => edit::article_form(call, Some(id)),
        KnowledgePage::RemoveArticle(id) if is_post => edit::remove_article(call, id),
        KnowledgePage::RemoveArticle(id) => edit::ask_about_article(call, id),
        KnowledgePage::NewCategory if is_post => edit::save_category(call, None),
        KnowledgePage::NewCategory => edit::category_form(call, None),
        KnowledgePage::EditCategory(id) if is_post => edit::save_category(call, Some(id)),
        KnowledgePage::EditCategory(id) => edit::category_form(call, Some(id)),
        KnowledgePage::RemoveCategory(id) if is_post => edit::remove_category(call, id),
        KnowledgePage::RemoveCategory(id) => edit::ask_about_category(call, id),
    }
}

/// A category in the list; the one without id holds what is in none.
struct Part {
    id: i64,
    name: String,
    is_public: bool,
    articles: Vec<ArticleLine>,
}

#[derive(Template)]
#[template(path = "staff/kb.html")]
struct All {
    ui: Ui,
    parts: Vec<Part>,
    said: String,
}

/// `/staff/kb`
fn all(call: &Call<'_>) -> Result<Response, Refusal> {
    let page = call.read(|tx| {
        let shelf = tx.shelf(Reader::Staff)?;
        let lines = tx.article_lines()?;
        let of = |id: Option<i64>| lines.iter().filter(|line| line.category == id).cloned().collect::<Vec<_>>();
        let parts = shelf.categories.iter().map(|(category, _)| Part {
            id: category.id,
            name: category.name.clone(),
            is_public: category.is_public,
            articles: of(Some(category.id)),
        });
        let mut parts: Vec<Part> = parts.collect();
        let loose = of(None);
        if !loose.is_empty() {
            let name = call.language.t("kb-other");
            parts.push(Part { id: 0, name, is_public: true, articles: loose });
        }
        let said = match call.query.get("said") {
            "saved" => call.language.t("saved"),
            "removed" => call.language.t("kb-removed"),
            _ => String::new(),
        };
        Ok(All { ui: frame_of(tx, call, None)?, parts, said })
    })?;
    Ok(answer::html_page(200, page.render()?))
}

/// A file of an article.
struct File {
    name: String,
    path: String,
}

#[derive(Template)]
#[template(path = "staff/kb_article.html")]
struct ArticlePage {
    ui: Ui,
    id: i64,
    title: String,
    /// Where everybody reads it; empty for staff's alone.
    public_path: String,
    body: Markup,
    files: Vec<File>,
    views: i64,
}

/// `/staff/kb/articles/view/7`
fn article(call: &Call<'_>, id: i64) -> Result<Response, Refusal> {
    let page = call.read(|tx| {
        let article = tx.article(id)?.ok_or(Refusal::NotFound)?;
        let is_public = tx.shelf(Reader::Public)?.shows(article.category, article.is_public);
        let files = tx
            .files_of_article(id)?
            .into_iter()
            .map(|(file, name, _)| File { path: file_path("/staff/kb/files", file, &name), name });
        Ok(ArticlePage {
            files: files.collect(),
            ui: frame_of(tx, call, None)?,
            id,
            public_path: if is_public { article_path(id, &article.title) } else { String::new() },
            body: text::article(&article.body),
            views: article.views,
            title: article.title,
        })
    })?;
    Ok(answer::html_page(200, page.render()?))
}

fn file(call: &Call<'_>, id: AttachmentId) -> Result<Response, Refusal> {
    let file = call.read(|tx| {
        tx.article_of_file(id)?.ok_or(Refusal::NotFound)?;
        let line = tx.attachment_line(id)?.ok_or(Refusal::NotFound)?;
        Download::of(tx, line)
    })?;
    Ok(file.response(call))
}

/// Public articles for an answer: title, and their link in Markdown.
pub(super) fn links(tx: &ReadTx<'_>, call: &Call<'_>) -> Result<Vec<(String, String)>, Refusal> {
    if call.settings.site_url.is_empty() {
        return Ok(Vec::new());
    }
    let shelf = tx.shelf(Reader::Public)?;
    let lines = tx.article_lines()?.into_iter().filter(|line| shelf.shows(line.category, line.is_public));
    Ok(lines
        .map(|line| {
            let url = format!("{}{}", call.settings.site_url, article_path(line.id, &line.title));
            // Brackets would end the words of the link.
            let words: String = line.title.chars().filter(|c| !"[]\\".contains(*c)).collect();
            (line.title, format!("[{words}]({url})"))
        })
        .collect())
}

#[cfg(test)]
mod tests;
