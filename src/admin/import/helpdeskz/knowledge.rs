//! Canned responses, and the knowledge base's categories and articles: kept as data.

use super::escaped;
use super::run::{Ready, RowResult, Run, id_of, row_id, time};
use crate::domain::StaffId;
use crate::mail::html;
use crate::outcome;
use crate::store::knowledge::{Article, ArticleCategory, CannedResponse};

/// Imports them.
pub(super) fn import(run: &mut Run<'_>) -> outcome::Result<()> {
    run.table(
        "canned_response",
        |row| {
            let id = id_of(row)?;
            let new = CannedResponse {
                id,
                title: escaped::name(&row.text("title")),
                body: html::sanitise_message(&row.text("message")),
                position: row.number("position"),
                staff: row_id(row, "staff_id").map(StaffId::new),
                created_at: time(row, "date"),
                last_update_at: time(row, "last_update"),
            };
            Ok(Ready::new(row, id, new))
        },
        |tx, new| Ok(tx.place_canned_response(new)?.into()),
    )?;
    run.table(
        "kb_category",
        |row| {
            let id = id_of(row)?;
            let new = ArticleCategory {
                id,
                name: escaped::name(&row.text("name")),
                position: row.number("position"),
                parent: row_id(row, "parent"),
                is_public: row.is_on("public"),
            };
            Ok(Ready::new(row, id, new))
        },
        |tx, new| Ok(tx.place_article_category(new)?.into()),
    )?;
    run.table(
        "articles",
        |row| {
            let id = id_of(row)?;
            let new = Article {
                id,
                title: escaped::name(&row.text("title")),
                body: html::sanitise_message(&row.text("content")),
                category: row_id(row, "category"),
                staff: row_id(row, "staff_id").map(StaffId::new),
                created_at: time(row, "date"),
                last_update_at: time(row, "last_update"),
                views: row.number("views"),
                is_public: row.is_on("public"),
                position: 0,
                markdown: String::new(),
            };
            Ok(Ready::new(row, id, new))
        },
        |tx, new| {
            let mut new = new.clone();
            let mut repairs = Vec::new();
            if let Some(category) = new.category
                && !tx.has_article_category(category)?
            {
                repairs.push(format!("category {category} does not exist: it is in none"));
                new.category = None;
            }
            let mut settled = RowResult::from(tx.place_article(&new)?);
            settled.repairs = repairs;
            Ok(settled)
        },
    )
}
