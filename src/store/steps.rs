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

/// Schema 2 → 3: the statements that SQLite keeps, and reads whenever a process opens the database, as new desks have them.
pub(super) fn make_stored_statements_lean(tx: &Connection) -> Result<()> {
    let sql = "SELECT rowid, sql FROM sqlite_schema WHERE sql IS NOT NULL";
    let all: Vec<(i64, String)> =
        tx.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    tx.execute_batch("PRAGMA writable_schema = ON")?;
    let mut change = tx.prepare("UPDATE sqlite_schema SET sql = $1 WHERE rowid = $2")?;
    for (row, stored) in all {
        change.execute((lean(&stored), row))?;
    }
    Ok(tx.execute_batch("PRAGMA writable_schema = OFF")?)
}

/// SQL without comments, and with blanks only where they part words.
pub(super) fn lean(sql: &str) -> String {
    let mut found = String::with_capacity(sql.len());
    let (mut quote, mut is_gap) = (None, false);
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        if quote.is_some() {
            // A quote sign within is doubled: the text ends and another one begins.
            quote = quote.filter(|end| *end != c);
            found.push(c);
            continue;
        }
        if c == '-' && chars.peek() == Some(&'-') {
            while chars.next_if(|c| *c != '\n').is_some() {}
            is_gap = true;
            continue;
        }
        if c.is_whitespace() {
            is_gap = true;
            continue;
        }
        if is_gap && parts_words(found.chars().last()) && parts_words(Some(c)) {
            found.push(' ');
        }
        is_gap = false;
        quote = matches!(c, '\'' | '"').then_some(c);
        found.push(c);
    }
    found
}

/// Whether a blank beside this sign means something.
const fn parts_words(sign: Option<char>) -> bool {
    !matches!(sign, None | Some('(' | ')' | ',' | ';' | '=' | '<' | '>' | '|' | '+' | '*' | '/'))
}

#[cfg(test)]
mod tests {
    use super::lean;

    #[test]
    fn comments_and_blanks_that_part_nothing_are_left_out() {
        let sql = "CREATE TABLE t ( -- it's a table\n    a  TEXT NOT NULL DEFAULT '  -- it''s', -- (text)\n\tCHECK (a <> 'x' || - 1)\n) STRICT;\n-- end";
        assert_eq!(lean(sql), "CREATE TABLE t(a TEXT NOT NULL DEFAULT '  -- it''s',CHECK(a<>'x'||- 1))STRICT;");
    }
}
