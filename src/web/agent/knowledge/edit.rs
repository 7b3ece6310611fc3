//! Changing the knowledge base.

use askama::Template;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::frame_of;
use crate::domain::AttachmentId;
use crate::domain::one_line::{ARTICLE_TITLE_CHARS_MAX, is_one_line};
use crate::http::Response;
use crate::mail::html;
use crate::store::WriteTx;
use crate::store::attachment::NewAttachment;
use crate::store::knowledge::{Article, ArticleChange, CategoryChange, Reader};
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::once;
use crate::web::text;
use crate::web::ui::Ui;
use crate::web::upload;
use crate::web::wrong::Wrong;

/// A category to choose.
struct Choice {
    id: i64,
    name: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "staff/kb_edit.html")]
struct ArticleForm {
    ui: Ui,
    wrong: Wrong,
    /// 0 for a new one.
    id: i64,
    title: String,
    text: String,
    /// Whether the text is HTML, as imported articles are.
    is_html: bool,
    is_public: bool,
    position: String,
    categories: Vec<Choice>,
    /// Id and name.
    files: Vec<(AttachmentId, String)>,
    /// What the article was when the form was made; empty for a new one.
    version: String,
    /// The key of a new one's form.
    key: String,
    /// What somebody else has made of it meanwhile: title and text.
    theirs: Option<(String, String)>,
}

/// What stands in an article, in short: other digits, other words.
fn version_of(article: &Article) -> String {
    let parts = [
        article.title.as_str(),
        &article.body,
        &article.markdown,
        &article.category.unwrap_or(0).to_string(),
        &article.position.to_string(),
        if article.is_public { "1" } else { "0" },
    ];
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    HEXLOWER.encode(&digest.finalize())
}

/// Whether the article is what the form asks for already: it was sent twice.
fn is_as(article: &Article, change: &ArticleChange<'_>) -> bool {
    article.title == change.title
        && article.body == change.body
        && article.markdown == change.markdown
        && article.category == change.category
        && article.is_public == change.is_public
        && change.position.is_none_or(|position| position == article.position)
}

#[derive(Template)]
#[template(path = "staff/kb_category.html")]
struct CategoryForm {
    ui: Ui,
    wrong: Wrong,
    id: i64,
    name: String,
    is_public: bool,
    position: String,
    categories: Vec<Choice>,
    /// The key of a new one's form.
    key: String,
}

#[derive(Template)]
#[template(path = "staff/kb_remove.html")]
struct Remove {
    ui: Ui,
    name: String,
    text: String,
    /// Whether it can be removed.
    can: bool,
}

fn choices(call: &Call<'_>, chosen: Option<i64>, without: Option<i64>) -> Result<Vec<Choice>, Refusal> {
    let shelf = call.read(|tx| Ok(tx.shelf(Reader::Staff)?))?;
    // A category cannot be in itself, or in one that is in it.
    let is_inside = |id: i64| without.is_some_and(|own| shelf.way_to(id).iter().any(|category| category.id == own));
    let open = shelf.categories.iter().filter(|(category, _)| !is_inside(category.id));
    Ok(open
        .map(|(category, depth)| Choice {
            id: category.id,
            name: format!("{}{}", "– ".repeat(*depth), category.name),
            is_chosen: chosen == Some(category.id),
        })
        .collect())
}

fn ui(call: &Call<'_>) -> Result<Ui, Refusal> {
    call.read(|tx| frame_of(tx, call, None))
}

fn done(call: &Call<'_>, what: &str) -> Response {
    call.lead_to(&format!("/staff/kb?said={what}"))
}

fn files(call: &Call<'_>, id: i64) -> Result<Vec<(AttachmentId, String)>, Refusal> {
    let found = call.read(|tx| Ok(tx.files_of_article(id)?))?;
    Ok(found.into_iter().map(|(file, name, _)| (file, name)).collect())
}

/// `GET /staff/kb/articles/edit/7`
pub(super) fn article_form(call: &Call<'_>, id: Option<i64>) -> Result<Response, Refusal> {
    let known = match id {
        Some(id) => Some(call.read(|tx| tx.article(id)?.ok_or(Refusal::NotFound))?),
        None => None,
    };
    let chosen = known.as_ref().map_or_else(|| call.query.number("category"), |article| article.category);
    let is_html = known.as_ref().is_some_and(|article| article.markdown.is_empty() && !article.body.is_empty());
    let form = ArticleForm {
        ui: ui(call)?,
        wrong: Wrong::default(),
        id: id.unwrap_or(0),
        categories: choices(call, chosen, None)?,
        files: files(call, id.unwrap_or(0))?,
        is_html,
        version: known.as_ref().map_or_else(String::new, version_of),
        key: once::key_for(call)?,
        theirs: None,
        is_public: known.as_ref().is_none_or(|article| article.is_public),
        position: known.as_ref().map_or_else(String::new, |article| article.position.to_string()),
        title: known.as_ref().map_or_else(String::new, |article| article.title.clone()),
        text: known.map_or_else(String::new, |article| if is_html { article.body } else { article.markdown }),
    };
    Ok(answer::html_page(200, form.render()?))
}

/// `POST /staff/kb/articles/edit/7`
pub(super) fn save_article(call: &Call<'_>, id: Option<i64>) -> Result<Response, Refusal> {
    let form = &call.form;
    let (title, typed) = (form.trimmed("title"), form.get("text").replace("\r\n", "\n"));
    let is_html = form.get("format") == "html";
    let category = form.number("category").filter(|id| *id > 0);
    let (accepted, faults) = upload::sorted_of_staff(&call.settings, form.files());
    let again_with = |status: u16, wrong: Wrong, now: Option<Article>| {
        let page = ArticleForm {
            ui: ui(call)?,
            wrong: upload::to_choose_again(call.language, wrong, &accepted),
            id: id.unwrap_or(0),
            title: title.to_owned(),
            text: typed.clone(),
            is_html,
            is_public: form.has("public"),
            position: form.get("position").to_owned(),
            categories: choices(call, category, None)?,
            files: files(call, id.unwrap_or(0))?,
            version: now.as_ref().map_or_else(|| form.get("version").to_owned(), version_of),
            key: once::key_for(call)?,
            theirs: now.map(|now| (now.title, if now.markdown.is_empty() { now.body } else { now.markdown })),
        };
        Ok(answer::html_page(status, page.render()?))
    };
    let again = |field: &str, text: String| again_with(422, Wrong::of(field, text), None);
    if !is_one_line(title, ARTICLE_TITLE_CHARS_MAX) {
        return again("title", call.language.t("title-wrong"));
    }
    if !faults.is_empty() {
        return again("files", upload::in_words(&faults, call.language));
    }
    let body = if is_html { html::sanitise_message(&typed) } else { text::markdown(&typed).0 };
    let change = ArticleChange {
        title,
        body: &body,
        markdown: if is_html { "" } else { &typed },
        category,
        is_public: form.has("public"),
        position: form.number("position"),
    };
    match call.write(|tx| written(call, tx, id, &change, &accepted)) {
        Ok(Written::Done) | Err(Refusal::Before) => Ok(done(call, "saved")),
        Ok(Written::Changed(now)) => again_with(409, Wrong::anywhere(call.language.t("changed-meanwhile")), Some(*now)),
        Err(Refusal::Wrong(wrong)) => again_with(422, wrong, None),
        Err(refusal) => Err(refusal),
    }
}

/// What became of a form.
enum Written {
    /// The article is as the form says.
    Done,
    /// It is not as the form has shown it: somebody else has changed it. Nothing was done.
    Changed(Box<Article>),
}

fn written(
    call: &Call<'_>,
    tx: &WriteTx<'_>,
    id: Option<i64>,
    change: &ArticleChange<'_>,
    files: &[upload::Accepted],
) -> Result<Written, Refusal> {
    let form = &call.form;
    if let Some(id) = id
        && form.has("version")
    {
        let now = tx.article(id)?.ok_or(Refusal::NotFound)?;
        if version_of(&now) != form.get("version") {
            return Ok(if is_as(&now, change) { Written::Done } else { Written::Changed(Box::new(now)) });
        }
    }
    if let Some(category) = change.category
        && !tx.has_article_category(category)?
    {
        return Err(Refusal::Wrong(Wrong::of("category", call.language.t("choose-again"))));
    }
    let id = match id {
        Some(id) if tx.update_article(id, change, call.now)? => id,
        Some(_) => return Err(Refusal::NotFound),
        None => tx.add_article(change, call.viewer()?.id(), call.now)?,
    };
    for file in form.all("drop").filter_map(|id| id.parse().ok()) {
        tx.remove_article_file(id, AttachmentId::new(file))?;
    }
    for file in files {
        let new: NewAttachment<'_> = file.attachment();
        tx.add_article_file(id, &new)?;
    }
    Ok(Written::Done)
}

/// `GET /staff/kb/articles/remove/7`
pub(super) fn ask_about_article(call: &Call<'_>, id: i64) -> Result<Response, Refusal> {
    let article = call.read(|tx| tx.article(id)?.ok_or(Refusal::NotFound))?;
    let page = Remove { ui: ui(call)?, text: call.language.t("kb-remove-article"), name: article.title, can: true };
    Ok(answer::html_page(200, page.render()?))
}

/// `POST /staff/kb/articles/remove/7`
pub(super) fn remove_article(call: &Call<'_>, id: i64) -> Result<Response, Refusal> {
    let is_gone = call.write(|tx| Ok(tx.remove_article(id)?))?;
    if is_gone { Ok(done(call, "removed")) } else { Err(Refusal::NotFound) }
}

/// `GET /staff/kb/categories/edit/3`
pub(super) fn category_form(call: &Call<'_>, id: Option<i64>) -> Result<Response, Refusal> {
    let shelf = call.read(|tx| Ok(tx.shelf(Reader::Staff)?))?;
    let known = match id {
        Some(id) => Some(shelf.category(id).ok_or(Refusal::NotFound)?),
        None => None,
    };
    let form = CategoryForm {
        ui: ui(call)?,
        wrong: Wrong::default(),
        id: id.unwrap_or(0),
        name: known.map_or_else(String::new, |category| category.name.clone()),
        is_public: known.is_none_or(|category| category.is_public),
        position: known.map_or_else(String::new, |category| category.position.to_string()),
        key: once::key_for(call)?,
        categories: choices(call, known.and_then(|category| category.parent), id)?,
    };
    Ok(answer::html_page(200, form.render()?))
}

/// `POST /staff/kb/categories/edit/3`
pub(super) fn save_category(call: &Call<'_>, id: Option<i64>) -> Result<Response, Refusal> {
    let form = &call.form;
    let name = form.trimmed("name");
    let parent = form.number("parent").filter(|id| *id > 0);
    let open = choices(call, parent, id)?;
    let is_wrong = !is_one_line(name, ARTICLE_TITLE_CHARS_MAX);
    if is_wrong || parent.is_some_and(|parent| !open.iter().any(|choice| choice.id == parent)) {
        let page = CategoryForm {
            ui: ui(call)?,
            wrong: Wrong::of(
                if is_wrong { "name" } else { "parent" },
                call.language.t(if is_wrong { "title-wrong" } else { "choose-again" }),
            ),
            id: id.unwrap_or(0),
            name: name.to_owned(),
            is_public: form.has("public"),
            position: form.get("position").to_owned(),
            key: once::key_for(call)?,
            categories: open,
        };
        return Ok(answer::html_page(422, page.render()?));
    }
    let change = CategoryChange { name, parent, is_public: form.has("public"), position: form.number("position") };
    let saved = call.write(|tx| match id {
        Some(id) if tx.update_article_category(id, &change)? => Ok(()),
        Some(_) => Err(Refusal::NotFound),
        None => Ok(tx.add_article_category(&change).map(drop)?),
    });
    match saved {
        Ok(()) | Err(Refusal::Before) => Ok(done(call, "saved")),
        Err(refusal) => Err(refusal),
    }
}

/// `GET /staff/kb/categories/remove/3`
pub(super) fn ask_about_category(call: &Call<'_>, id: i64) -> Result<Response, Refusal> {
    let (shelf, can) = call.read(|tx| Ok((tx.shelf(Reader::Staff)?, tx.is_category_empty(id)?)))?;
    let name = shelf.category(id).ok_or(Refusal::NotFound)?.name.clone();
    let text = if can { call.language.t("kb-remove-category") } else { call.language.t("kb-category-full") };
    Ok(answer::html_page(200, Remove { ui: ui(call)?, name, text, can }.render()?))
}

/// `POST /staff/kb/categories/remove/3`
pub(super) fn remove_category(call: &Call<'_>, id: i64) -> Result<Response, Refusal> {
    let is_gone = call.write(|tx| Ok(tx.remove_article_category(id)?))?;
    if is_gone { Ok(done(call, "removed")) } else { ask_about_category(call, id) }
}
