//! How staff change the knowledge base.

use crate::domain::{AttachmentId, SetUpChange, StaffId, Timestamp};
use crate::store::attachment::NewAttachment;
use crate::store::knowledge::searched_text;
use crate::store::{ReadTx, Result, WriteTx};

/// A category as its form says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CategoryChange<'a> {
    /// Name.
    pub(crate) name: &'a str,
    /// The category it is in.
    pub(crate) parent: Option<i64>,
    /// Whether it is for everybody.
    pub(crate) is_public: bool,
    /// Its place; last where none is said, as it was for one that is there.
    pub(crate) position: Option<i64>,
}

/// An article as its form says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArticleChange<'a> {
    /// Title.
    pub(crate) title: &'a str,
    /// Sanitised HTML.
    pub(crate) body: &'a str,
    /// What that was made from; empty where it was written as HTML.
    pub(crate) markdown: &'a str,
    /// Its category.
    pub(crate) category: Option<i64>,
    /// Whether it is for everybody.
    pub(crate) is_public: bool,
    /// Its place in its category; last where none is said, as it was for one that is there.
    pub(crate) position: Option<i64>,
}

impl ReadTx<'_> {
    /// Whether nothing is in a category: no article and no category.
    pub(crate) fn is_category_empty(&self, id: i64) -> Result<bool> {
        let inside = self.number(
            "SELECT (SELECT count(*) FROM article WHERE category_id = $1) \
             + (SELECT count(*) FROM article_category WHERE parent_id = $1)",
            [id],
        )?;
        Ok(inside == 0)
    }

    /// The article of a file.
    pub(crate) fn article_of_file(&self, id: AttachmentId) -> Result<Option<i64>> {
        self.one(
            "SELECT article_id FROM attachment WHERE id = $1 AND article_id > 0 AND ticket_id = 0",
            [id.get()],
            |row| row.get(0),
        )
    }
}

impl WriteTx<'_> {
    /// Makes a category of articles.
    pub(crate) fn add_article_category(&self, new: &CategoryChange<'_>) -> Result<i64> {
        let id = self.insert(
            "INSERT INTO article_category (name, position, parent_id, is_public) VALUES ($1, \
             coalesce($2, (SELECT coalesce(max(position), 0) + 1 FROM article_category)), $3, $4)",
            (new.name, new.position, new.parent.unwrap_or(0), new.is_public),
        )?;
        self.note_set_up(SetUpChange::Added, &format!("category {id} {}", new.name))?;
        Ok(id)
    }

    /// Changes a category of articles; says whether there is one.
    pub(crate) fn update_article_category(&self, id: i64, change: &CategoryChange<'_>) -> Result<bool> {
        let changed = self.run(
            "UPDATE article_category SET name = $1, position = coalesce($2, position), parent_id = $3, is_public = $4 \
             WHERE id = $5",
            (change.name, change.position, change.parent.unwrap_or(0), change.is_public, id),
        )?;
        if changed > 0 {
            self.note_set_up(SetUpChange::Changed, &format!("category {id} {}", change.name))?;
        }
        Ok(changed > 0)
    }

    /// Removes a category in which nothing is; says whether it did.
    pub(crate) fn remove_article_category(&self, id: i64) -> Result<bool> {
        let found = self.article_categories()?.into_iter().find(|own| own.id == id);
        let Some(gone) = found else { return Ok(false) };
        if !self.is_category_empty(id)? {
            return Ok(false);
        }
        self.note_set_up(SetUpChange::Removed, &format!("category {id} {}", gone.name))?;
        Ok(self.run("DELETE FROM article_category WHERE id = $1", [id])? > 0)
    }

    /// Makes an article.
    pub(crate) fn add_article(&self, new: &ArticleChange<'_>, staff: StaffId, now: Timestamp) -> Result<i64> {
        let id = self.insert(
            "INSERT INTO article (title, body, markdown, category_id, is_public, position, staff_id, created_at, \
             last_update_at, views, body_text) VALUES ($1, $2, $3, $4, $5, \
             coalesce($6, (SELECT coalesce(max(position), 0) + 1 FROM article WHERE category_id = $4)), $7, $8, $8, 0, $9)",
            (
                new.title,
                new.body,
                new.markdown,
                new.category.unwrap_or(0),
                new.is_public,
                new.position,
                staff.get(),
                now.unix(),
                searched_text(new.body),
            ),
        )?;
        self.note_set_up(SetUpChange::Added, &format!("article {id} {}", new.title))?;
        Ok(id)
    }

    /// Changes an article; says whether there is one.
    pub(crate) fn update_article(&self, id: i64, change: &ArticleChange<'_>, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE article SET title = $1, body = $2, markdown = $3, category_id = $4, is_public = $5, \
             position = coalesce($6, position), last_update_at = $7, body_text = $8 WHERE id = $9",
            (
                change.title,
                change.body,
                change.markdown,
                change.category.unwrap_or(0),
                change.is_public,
                change.position,
                now.unix(),
                searched_text(change.body),
                id,
            ),
        )?;
        if changed > 0 {
            self.note_set_up(SetUpChange::Changed, &format!("article {id} {}", change.title))?;
        }
        Ok(changed > 0)
    }

    /// Removes an article with its files; says whether there was one.
    pub(crate) fn remove_article(&self, id: i64) -> Result<bool> {
        let Some(gone) = self.article(id)? else { return Ok(false) };
        self.note_set_up(SetUpChange::Removed, &format!("article {id} {}", gone.title))?;
        self.run("DELETE FROM attachment WHERE article_id = $1 AND ticket_id = 0", [id])?;
        Ok(self.run("DELETE FROM article WHERE id = $1", [id])? > 0)
    }

    /// Keeps a file with an article.
    pub(crate) fn add_article_file(&self, article: i64, new: &NewAttachment<'_>) -> Result<AttachmentId> {
        let content = self.add_content(new.content)?;
        let bytes = i64::try_from(new.content.len()).unwrap_or(i64::MAX);
        let id = self.insert(
            "INSERT INTO attachment (ticket_id, message_id, article_id, name, original_name, content_type, bytes, \
             content_id) VALUES (0, 0, $1, $2, $3, $4, $5, $6)",
            (article, new.name, new.original_name, new.content_type, bytes, content),
        )?;
        Ok(AttachmentId::new(id))
    }

    /// Removes a file of an article; says whether it is one of that article's.
    pub(crate) fn remove_article_file(&self, article: i64, id: AttachmentId) -> Result<bool> {
        let gone = self
            .run("DELETE FROM attachment WHERE id = $1 AND article_id = $2 AND ticket_id = 0", (id.get(), article))?;
        Ok(gone > 0)
    }
}
