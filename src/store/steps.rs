//! What a step of the schema does beyond its statements; [`super::migrate`] runs it in the migration's transaction.

use rusqlite::Connection;

use super::Result;
use super::engine::Link;
use crate::mail::html;

/// Columns that hold sanitised HTML that was written in the desk, posted over the API or imported. The table's rowid is
/// `id`; the last one says which of the rows are HTML.
const MESSAGES: [(&str, &str, &str); 4] = [
    ("message", "body", "is_html = 1"),
    ("canned_response", "body", "body <> ''"),
    ("article", "body", "body <> ''"),
    ("staff", "signature", "signature <> ''"),
];

/// The column that holds the sanitised HTML of mails.
const MAIL: (&str, &str, &str) = ("message", "mail_html", "mail_html <> ''");

/// Schema 1 → 2: the older sanitiser removed control characters after it had judged the URLs, so that
/// `java&#1;script:` was stored as a link that works.
pub(super) fn sanitise_again(tx: &Connection) -> Result<()> {
    for (table, column, which) in MESSAGES {
        rewrite(tx, table, column, which, html::sanitise_message)?;
    }
    let (table, column, which) = MAIL;
    // HTML that is past the limits now is dropped; text and raw mail remain, as for a new mail.
    rewrite(tx, table, column, which, |html| html::sanitise_mail(html).unwrap_or_default())
}

/// Schema 2 → 3: the texts of articles without markup, by which they are found.
pub(super) fn strip_articles(link: Link<'_>) -> Result<()> {
    let mut after = i64::MIN;
    let next = "SELECT id, body FROM article WHERE id > $1 ORDER BY id LIMIT 1";
    while let Some((id, body)) = link.one(next, &(after,), |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))? {
        link.run("UPDATE article SET body_text = $1 WHERE id = $2", &(html::to_text(&body), id))?;
        after = id;
    }
    Ok(())
}

/// Rewrites a column row by row, so that the memory taken is that of one row, however many there are. Rows that stay as
/// they are are not written.
fn rewrite(tx: &Connection, table: &str, column: &str, which: &str, sanitise: fn(&str) -> String) -> Result<()> {
    let next = format!("SELECT id, {column} FROM {table} WHERE id > $1 AND {which} ORDER BY id LIMIT 1");
    let change = format!("UPDATE {table} SET {column} = $1 WHERE id = $2");
    let (mut next, mut change) = (tx.prepare(&next)?, tx.prepare(&change)?);
    let mut after = i64::MIN;
    while let Some(row) = next.query([after])?.next()? {
        let (id, stored): (i64, String) = (row.get(0)?, row.get(1)?);
        let clean = sanitise(&stored);
        if clean != stored {
            change.execute((&clean, id))?;
        }
        after = id;
    }
    Ok(())
}
