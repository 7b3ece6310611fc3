//! Mail templates that were edited or switched. The shipped texts are in [`crate::outbox`].

use super::{ReadTx, Result, WriteTx};
use crate::domain::{SetUpChange, Timestamp};
use crate::store::engine::Row;

/// The texts of one mail, with `%placeholders%`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Subject, without the ticket's tag.
    pub subject: String,
    /// Plain text; empty: made from the HTML.
    pub body_text: String,
    /// HTML; empty: made from the plain text.
    pub body_html: String,
    /// Whether the mail is sent at all.
    pub is_enabled: bool,
}

fn template(row: &Row<'_>) -> Result<Template> {
    Ok(Template { subject: row.get(0)?, body_text: row.get(1)?, body_html: row.get(2)?, is_enabled: row.get(3)? })
}

impl ReadTx<'_> {
    /// The stored template of that name; `None` while it is as shipped.
    pub fn stored_template(&self, name: &str) -> Result<Option<Template>> {
        self.one("SELECT subject, body_text, body_html, is_enabled FROM template WHERE name = $1", [name], template)
    }

    /// All stored templates, with their names.
    pub fn stored_templates(&self) -> Result<Vec<(String, Template)>> {
        self.all("SELECT subject, body_text, body_html, is_enabled, name FROM template", [], |row| {
            Ok((row.get(4)?, template(row)?))
        })
    }

    /// The names of stored templates.
    pub fn stored_template_names(&self) -> Result<Vec<String>> {
        self.all("SELECT name FROM template ORDER BY name", [], |row| row.get(0))
    }
}

impl WriteTx<'_> {
    /// Stores a template, replacing the one before.
    pub fn store_template(&self, name: &str, template: &Template, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO template (name, subject, body_text, body_html, is_enabled, last_update_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO UPDATE SET subject = excluded.subject, \
             body_text = excluded.body_text, body_html = excluded.body_html, is_enabled = excluded.is_enabled, \
             last_update_at = excluded.last_update_at",
            (name, &template.subject, &template.body_text, &template.body_html, template.is_enabled, now.unix()),
        )?;
        self.note_set_up(SetUpChange::Changed, &format!("template {name}"))
    }

    /// Takes the stored texts of a template away: the shipped ones hold again.
    pub fn forget_template(&self, name: &str) -> Result<()> {
        self.run("DELETE FROM template WHERE name = $1", [name])?;
        self.note_set_up(SetUpChange::Changed, &format!("template {name}: as shipped"))
    }
}
