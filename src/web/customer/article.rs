//! The knowledge base as everybody reads it.

use askama::Template;
use serde_json::json;

use super::ui_of;
use crate::domain::Timestamp;
use crate::http::{Method, Response};
use crate::store::ReadTx;
use crate::store::knowledge::{ArticleCategory, ArticleLine, Reader, Shelf};
use crate::web::agent::ticket::PICTURES;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::file_path;
use crate::web::text::{self, Markup};
use crate::web::ui::Ui;

/// Articles of a category on the first page. Chosen: what a person looks over at once.
const OF_CATEGORY_MAX: usize = 6;

/// Most read articles on the first page.
const POPULAR_MAX: usize = 8;

/// Articles that a search shows, and those that are suggested while a subject is typed.
const FOUND_MAX: usize = 30;
const SUGGESTED_MAX: usize = 5;

/// Longest search looked at, in characters. Chosen: a subject's length.
const SEARCH_CHARS_MAX: usize = 255;

/// Letters of a title in its address. Chosen: enough to know the article by.
const SLUG_CHARS_MAX: usize = 60;

/// A title as a part of an address: `How to (re)install?` gives `how-to-re-install`.
pub(crate) fn slug(title: &str) -> String {
    let letters = title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let words: String = letters.take(SLUG_CHARS_MAX).collect();
    words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

fn path(kind: &str, id: i64, title: &str) -> String {
    match slug(title).as_str() {
        "" => format!("/{kind}/{id}"),
        words => format!("/{kind}/{id}-{words}"),
    }
}

/// Where an article is, without prefix.
pub(crate) fn path_of(id: i64, title: &str) -> String {
    path("article", id, title)
}

/// A link of a page: words and where it leads, without prefix.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) text: String,
    pub(super) path: String,
}

fn link(line: &ArticleLine) -> Link {
    Link { text: line.title.clone(), path: path_of(line.id, &line.title) }
}

fn category_link(category: &ArticleCategory) -> Link {
    Link { text: category.name.clone(), path: path("category", category.id, &category.name) }
}

/// A category on the first page, with its first articles.
struct Part {
    name: Link,
    depth: usize,
    articles: Vec<Link>,
    /// How many more there are.
    more: i64,
}

impl Part {
    const fn how_many_more(&self) -> i64 {
        self.more
    }
}

#[derive(Template)]
#[template(path = "customer/home.html")]
struct Home {
    ui: Ui,
    parts: Vec<Part>,
    /// Articles in no category.
    loose: Vec<Link>,
    popular: Vec<Link>,
}

fn visible(tx: &ReadTx<'_>, shelf: &Shelf) -> Result<Vec<ArticleLine>, Refusal> {
    let mut lines = tx.article_lines()?;
    lines.retain(|line| shelf.shows(line.category, line.is_public));
    Ok(lines)
}

/// `/`
pub(super) fn home(call: &Call<'_>) -> Result<Response, Refusal> {
    let (shelf, lines) = call.read(|tx| {
        let shelf = tx.shelf(Reader::Public)?;
        let lines = visible(tx, &shelf)?;
        Ok((shelf, lines))
    })?;
    let parts = shelf.categories.iter().map(|(category, depth)| {
        let own: Vec<&ArticleLine> = lines.iter().filter(|line| line.category == Some(category.id)).collect();
        Part {
            name: category_link(category),
            depth: *depth,
            articles: own.iter().take(OF_CATEGORY_MAX).map(|line| link(line)).collect(),
            more: i64::try_from(own.len().saturating_sub(OF_CATEGORY_MAX)).unwrap_or(i64::MAX),
        }
    });
    let parts = parts.collect();
    let loose = lines.iter().filter(|line| line.category.is_none()).map(link).collect();
    let mut popular: Vec<&ArticleLine> = lines.iter().filter(|line| line.views > 0).collect();
    popular.sort_by_key(|line| std::cmp::Reverse(line.views));
    let popular = popular.into_iter().take(POPULAR_MAX).map(link).collect();
    let page = Home { ui: ui_of(call), parts, loose, popular };
    Ok(answer::html_page(200, page.render()?))
}

#[derive(Template)]
#[template(path = "customer/articles.html")]
struct Articles {
    ui: Ui,
    title: String,
    /// The categories it is in, outermost first.
    way: Vec<Link>,
    inner: Vec<Link>,
    articles: Vec<Link>,
    /// What was searched for; empty for a category.
    search: String,
    is_search: bool,
}

/// `/category/3-printers`
pub(super) fn category(call: &Call<'_>, id: i64) -> Result<Response, Refusal> {
    let (shelf, lines) = call.read(|tx| Ok((tx.shelf(Reader::Public)?, tx.articles_in(Some(id))?)))?;
    let own = shelf.category(id).ok_or(Refusal::NotFound)?;
    let mut way: Vec<Link> = shelf.way_to(id).into_iter().map(category_link).collect();
    way.pop();
    let inner = shelf.categories.iter().filter(|(category, _)| category.parent == Some(id));
    let page = Articles {
        ui: ui_of(call),
        title: own.name.clone(),
        way,
        inner: inner.map(|(category, _)| category_link(category)).collect(),
        articles: lines.iter().filter(|line| shelf.shows(line.category, line.is_public)).map(link).collect(),
        search: String::new(),
        is_search: false,
    };
    Ok(answer::html_page(200, page.render()?))
}

/// `/search?q=…`; for the script, which suggests articles while a subject is typed, a list in JSON.
pub(super) fn search(call: &Call<'_>) -> Result<Response, Refusal> {
    // HelpDeskZ called it `code`.
    let asked = if call.query.has("q") { call.query.trimmed("q") } else { call.query.trimmed("code") };
    let search: String = asked.chars().take(SEARCH_CHARS_MAX).collect();
    let is_script = call.headers.get("Accept").is_some_and(|accept| accept.starts_with("application/json"));
    let max = if is_script { SUGGESTED_MAX } else { FOUND_MAX };
    let found = call.read(|tx| {
        let shelf = tx.shelf(Reader::Public)?;
        Ok(tx.articles_found(&search, &shelf, max)?)
    })?;
    let links: Vec<Link> = found.iter().map(link).collect();
    if is_script {
        let list: Vec<_> = links
            .iter()
            .map(|link| json!({ "title": link.text, "path": format!("{}{}", call.prefix(), link.path) }))
            .collect();
        return Ok(answer::json(200, &json!({ "articles": list })));
    }
    let page = Articles {
        ui: ui_of(call),
        title: call.language.t("kb-search"),
        way: Vec::new(),
        inner: Vec::new(),
        articles: links,
        search,
        is_search: true,
    };
    Ok(answer::html_page(200, page.render()?))
}

/// A file of an article.
struct File {
    name: String,
    path: String,
    is_picture: bool,
}

#[derive(Template)]
#[template(path = "customer/article.html")]
struct Article {
    ui: Ui,
    title: String,
    way: Vec<Link>,
    body: Markup,
    files: Vec<File>,
    changed: Timestamp,
}

/// `/article/7-ink`
pub(super) fn article(call: &Call<'_>, id: i64) -> Result<Response, Refusal> {
    let (shelf, article, files) = call.read(|tx| {
        let shelf = tx.shelf(Reader::Public)?;
        let article = tx.article(id)?.filter(|article| shelf.shows(article.category, article.is_public));
        let article = article.ok_or(Refusal::NotFound)?;
        let mut files = Vec::new();
        for (file, _, _) in tx.files_of_article(id)? {
            files.extend(tx.attachment_line(file)?);
        }
        Ok((shelf, article, files))
    })?;
    if call.method == Method::Get {
        call.web.store.write_soon(|tx| tx.count_article_view(id))?;
    }
    let files = files.into_iter().map(|file| File {
        path: file_path("/files", file.id, &file.name),
        is_picture: PICTURES.contains(&file.content_type.as_str()),
        name: file.name,
    });
    let page = Article {
        ui: ui_of(call),
        way: article.category.map(|id| shelf.way_to(id)).unwrap_or_default().into_iter().map(category_link).collect(),
        body: text::article(&article.body),
        files: files.collect(),
        changed: article.last_update_at,
        title: article.title,
    };
    Ok(answer::html_page(200, page.render()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_the_words_of_an_address() {
        assert_eq!(path_of(7, "How to (re)install?"), "/article/7-how-to-re-install");
        assert_eq!(path_of(7, "Сервис"), "/article/7");
        assert_eq!(slug(&"a".repeat(100)).len(), SLUG_CHARS_MAX);
    }
}
