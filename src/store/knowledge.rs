//! Canned responses and the knowledge base: its rows. `shelf` is what readers see of it, `edit` how staff change it.

mod edit;
mod shelf;

pub(crate) use edit::{ArticleChange, CategoryChange};
pub(crate) use shelf::{ArticleLine, Reader, Shelf};

use super::import::Placed;
use super::{ReadTx, Result, WriteTx};
use crate::domain::{AttachmentId, SetUpChange, StaffId, Timestamp};
use crate::mail::html;
use crate::store::columns::id_or_none;
use crate::store::engine::Row;

/// A canned response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the columns of schema.sql, where each is explained
pub struct CannedResponse {
    pub id: i64,
    pub title: String,
    /// Sanitised HTML.
    pub body: String,
    pub position: i64,
    /// Who wrote it, where that is known.
    pub staff: Option<StaffId>,
    pub created_at: Timestamp,
    pub last_update_at: Timestamp,
}

/// The fields of a canned response to make or change; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // the columns of schema.sql
pub struct NewCannedResponse<'a> {
    pub title: Option<&'a str>,
    /// Sanitised HTML.
    pub body: Option<&'a str>,
    pub position: Option<i64>,
}

/// A category of articles.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the columns of schema.sql
pub struct ArticleCategory {
    pub id: i64,
    pub name: String,
    pub position: i64,
    pub parent: Option<i64>,
    pub is_public: bool,
}

/// An article.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the columns of schema.sql
pub struct Article {
    pub id: i64,
    pub title: String,
    /// Sanitised HTML.
    pub body: String,
    pub category: Option<i64>,
    /// Who wrote it, where that is known.
    pub staff: Option<StaffId>,
    pub created_at: Timestamp,
    pub last_update_at: Timestamp,
    pub views: i64,
    pub is_public: bool,
    pub position: i64,
    /// What it was made from; empty where staff write the HTML itself.
    pub markdown: String,
}

const ARTICLE: &str =
    "id, title, body, category_id, staff_id, created_at, last_update_at, views, is_public, position, markdown";

fn canned(row: &Row<'_>) -> Result<CannedResponse> {
    Ok(CannedResponse {
        id: row.get(0)?,
        title: row.get(1)?,
        body: row.get(2)?,
        position: row.get(3)?,
        staff: id_or_none(row.get(4)?, StaffId::new),
        created_at: Timestamp::from_unix(row.get(5)?),
        last_update_at: Timestamp::from_unix(row.get(6)?),
    })
}

fn article(row: &Row<'_>) -> Result<Article> {
    Ok(Article {
        id: row.get(0)?,
        title: row.get(1)?,
        body: row.get(2)?,
        category: id_or_none(row.get(3)?, |id| id),
        staff: id_or_none(row.get(4)?, StaffId::new),
        created_at: Timestamp::from_unix(row.get(5)?),
        last_update_at: Timestamp::from_unix(row.get(6)?),
        views: row.get(7)?,
        is_public: row.get(8)?,
        position: row.get(9)?,
        markdown: row.get(10)?,
    })
}

/// Characters of an article by which it is found, as of a message (schema.sql): PostgreSQL takes no text with more than a
/// megabyte of different words.
const SEARCHED_CHARS_MAX: usize = 100_000;

/// The text of an article's HTML by which it is found.
fn searched_text(body: &str) -> String {
    html::to_text(body).chars().take(SEARCHED_CHARS_MAX).collect()
}

impl ReadTx<'_> {
    /// Every canned response in its order.
    pub fn canned_responses(&self) -> Result<Vec<CannedResponse>> {
        self.all(
            "SELECT id, title, body, position, staff_id, created_at, last_update_at FROM canned_response \
             ORDER BY position, id",
            [],
            canned,
        )
    }

    /// The canned response with that id.
    pub fn canned_response(&self, id: i64) -> Result<Option<CannedResponse>> {
        self.one(
            "SELECT id, title, body, position, staff_id, created_at, last_update_at FROM canned_response WHERE id = $1",
            [id],
            canned,
        )
    }

    /// Every category of articles by id.
    pub fn article_categories(&self) -> Result<Vec<ArticleCategory>> {
        self.all("SELECT id, name, position, parent_id, is_public FROM article_category ORDER BY id", [], |row| {
            Ok(ArticleCategory {
                id: row.get(0)?,
                name: row.get(1)?,
                position: row.get(2)?,
                parent: id_or_none(row.get(3)?, |id| id),
                is_public: row.get(4)?,
            })
        })
    }

    /// Whether there is a category with that id.
    pub fn has_article_category(&self, id: i64) -> Result<bool> {
        Ok(self.number("SELECT count(*) FROM article_category WHERE id = $1", [id])? > 0)
    }

    /// Every article by id.
    pub fn articles(&self) -> Result<Vec<Article>> {
        self.all(&format!("SELECT {ARTICLE} FROM article ORDER BY id"), [], article)
    }

    /// The article with that id.
    pub fn article(&self, id: i64) -> Result<Option<Article>> {
        self.one(&format!("SELECT {ARTICLE} FROM article WHERE id = $1"), [id], article)
    }

    /// Ids, safe names and sizes in bytes of an article's files.
    pub fn files_of_article(&self, id: i64) -> Result<Vec<(AttachmentId, String, i64)>> {
        self.all(
            "SELECT id, name, bytes FROM attachment WHERE article_id = $1 AND ticket_id = 0 ORDER BY id",
            [id],
            |row| Ok((AttachmentId::new(row.get(0)?), row.get(1)?, row.get(2)?)),
        )
    }
}

impl WriteTx<'_> {
    /// Makes a canned response, placed last unless a position is given.
    pub fn add_canned_response(&self, new: &NewCannedResponse<'_>, now: Timestamp) -> Result<i64> {
        let id = self.insert(
            "INSERT INTO canned_response (title, body, position, created_at, last_update_at) VALUES ($1, $2, \
             coalesce($3, (SELECT coalesce(max(position), 0) + 1 FROM canned_response)), $4, $4)",
            (new.title.unwrap_or(""), new.body.unwrap_or(""), new.position, now.unix()),
        )?;
        self.note_set_up(SetUpChange::Added, &format!("canned {id} {}", new.title.unwrap_or("")))?;
        Ok(id)
    }

    /// Changes a canned response; says whether there is one.
    pub fn update_canned_response(&self, id: i64, change: &NewCannedResponse<'_>, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE canned_response SET title = coalesce($1, title), body = coalesce($2, body), \
             position = coalesce($3, position), last_update_at = $4 WHERE id = $5",
            (change.title, change.body, change.position, now.unix(), id),
        )?;
        if let Some(now) = self.canned_response(id)? {
            self.note_set_up(SetUpChange::Changed, &format!("canned {id} {}", now.title))?;
        }
        Ok(changed > 0)
    }

    /// Removes a canned response; says whether there was one.
    pub fn remove_canned_response(&self, id: i64) -> Result<bool> {
        if let Some(gone) = self.canned_response(id)? {
            self.note_set_up(SetUpChange::Removed, &format!("canned {id} {}", gone.title))?;
        }
        Ok(self.run("DELETE FROM canned_response WHERE id = $1", [id])? > 0)
    }

    /// Places a canned response.
    pub fn place_canned_response(&self, new: &CannedResponse) -> Result<Placed> {
        let created =
            self.one("SELECT created_at FROM canned_response WHERE id = $1", [new.id], |row| row.get::<i64>(0))?;
        if let Some(created) = created {
            return Ok(if created == new.created_at.unix() { Placed::Known } else { Placed::Taken });
        }
        self.run(
            "INSERT INTO canned_response (id, title, body, position, staff_id, created_at, last_update_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            (
                new.id,
                &new.title,
                &new.body,
                new.position,
                new.staff.map_or(0, StaffId::get),
                new.created_at.unix(),
                new.last_update_at.unix(),
            ),
        )?;
        Ok(Placed::Added)
    }

    /// Places a category of articles.
    pub fn place_article_category(&self, new: &ArticleCategory) -> Result<Placed> {
        let added = self.run(
            "INSERT INTO article_category (id, name, position, parent_id, is_public) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
            (new.id, &new.name, new.position, new.parent.unwrap_or(0), new.is_public),
        )?;
        Ok(if added > 0 { Placed::Added } else { Placed::Known })
    }

    /// Places an article.
    pub fn place_article(&self, new: &Article) -> Result<Placed> {
        let added = self.run(
            "INSERT INTO article (id, title, body, category_id, staff_id, created_at, last_update_at, views, is_public, \
             body_text, position, markdown) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             ON CONFLICT DO NOTHING",
            (
                new.id,
                &new.title,
                &new.body,
                new.category.unwrap_or(0),
                new.staff.map_or(0, StaffId::get),
                new.created_at.unix(),
                new.last_update_at.unix(),
                new.views,
                new.is_public,
                searched_text(&new.body),
                new.position,
                &new.markdown,
            ),
        )?;
        Ok(if added > 0 { Placed::Added } else { Placed::Known })
    }
}
