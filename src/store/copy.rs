//! Copying a whole desk from one database into an empty one, whichever engines they are: to move to a server, to move
//! back, and as a backup that any machine can read. Memory is that of one page of rows.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::engine::Link;
use super::value::{Kind, Owned};
use super::{Error, ReadTx, Result, Store, WriteTx, migrate};
use crate::domain::{Timestamp, folded};

/// Rows read and written at a time. Chosen: far below the parameters that SQLite (32,766) and PostgreSQL (65,535) take.
const ROWS_AT_A_TIME: usize = 500;

/// The same for tables with whole mails and files in their rows.
const BULKY_ROWS_AT_A_TIME: usize = 10;

/// Most parameters of one statement.
const PARAMETERS_MAX: usize = 10_000;

/// Columns whose texts are unique whatever their case (schema.sql), by table.
const UNIQUE_WITHOUT_CASE: [(&str, &str); 6] = [
    ("address", "email"),
    ("ban", "pattern"),
    ("customer", "email"),
    ("schedule", "name"),
    ("staff", "username"),
    ("tag", "name"),
];

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copied {
    /// Tables.
    pub tables: usize,
    /// Rows of all of them.
    pub rows: usize,
}

/// A column of a table.
#[derive(Clone, Debug)]
struct Column {
    name: String,
    kind: Kind,
    /// Its place in the primary key; 0 for none.
    key: i64,
}

type Tables = BTreeMap<String, Vec<Column>>;

/// Copies everything, as it is at one moment, into a desk that nothing was done with yet.
///
/// # Errors
/// [`Error::NotEmpty`], and those of both databases; the target is as it was then.
pub(crate) fn copy(from: &Store, to: &Store) -> Result<Copied> {
    from.read(|source| to.write(|target| copy_tables(source, target)))
}

/// Copies everything into a new file of SQLite.
///
/// # Errors
/// As [`copy`].
pub(super) fn into_file(from: &Store, path: &Path, now: Timestamp) -> Result<()> {
    migrate::create_or_migrate(path, &[0; 32], now)?;
    let file = Store::open(path, Duration::from_secs(super::LOCK_WAIT_S))?;
    copy(from, &file).map(drop)
}

fn copy_tables(source: &ReadTx<'_>, target: &WriteTx<'_>) -> Result<Copied> {
    let people = ["ticket", "receipt", "customer", "staff"];
    for table in people {
        if target.number(&format!("SELECT count(*) FROM {table}"), [])? > 0 {
            return Err(Error::NotEmpty);
        }
    }
    if let (Link::Lite(_), Link::Pg(_)) = (&source.link, &target.link) {
        source.require_different()?;
    }
    let tables = source.tables()?;
    target.defer_references()?;
    let triggers = target.suspend_triggers(&tables)?;
    for table in tables.keys() {
        target.run(&format!("DELETE FROM {table}"), ())?;
    }
    let mut copied = Copied::default();
    for (name, columns) in &tables {
        copied.rows += copy_rows(source, target, name, columns)?;
        copied.tables += 1;
    }
    target.take_counters(&source.counters()?, &tables)?;
    target.resume_triggers(&tables, &triggers)?;
    target.rebuild_search()?;
    target.rebuild_article_search()?;
    Ok(copied)
}

fn copy_rows(source: &ReadTx<'_>, target: &WriteTx<'_>, name: &str, columns: &[Column]) -> Result<usize> {
    let mut keys: Vec<(usize, &Column)> = columns.iter().enumerate().filter(|(_, column)| column.key > 0).collect();
    keys.sort_by_key(|(_, column)| column.key);
    let list = columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
    let order = keys.iter().map(|(_, column)| column.name.as_str()).collect::<Vec<_>>().join(", ");
    let places = (1..=keys.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
    let is_bulky = columns.iter().any(|column| column.name == "data");
    let page_rows = if is_bulky { BULKY_ROWS_AT_A_TIME } else { ROWS_AT_A_TIME };
    let page_rows = page_rows.min(PARAMETERS_MAX / columns.len().max(1)).max(1);
    let mut after: Vec<Owned> = Vec::new();
    let mut total = 0;
    loop {
        let beyond = if after.is_empty() { String::new() } else { format!("WHERE ({order}) > ({places}) ") };
        let sql = format!("SELECT {list} FROM {name} {beyond}ORDER BY {order} LIMIT {page_rows}");
        let rows: Vec<Vec<Owned>> = source.all(&sql, after.as_slice(), |row| {
            columns.iter().enumerate().map(|(n, column)| Ok(Owned::of(row.value(n)?, column.kind))).collect()
        })?;
        let Some(last) = rows.last() else { return Ok(total) };
        after = keys.iter().filter_map(|(n, _)| last.get(*n).cloned()).collect();
        let mut number = 0;
        let one_row = |_: &Vec<Owned>| {
            let values = columns.iter().map(|_| {
                number += 1;
                format!("${number}")
            });
            format!("({})", values.collect::<Vec<_>>().join(", "))
        };
        let values = rows.iter().map(one_row).collect::<Vec<_>>().join(", ");
        let count = rows.len();
        let all: Vec<Owned> = rows.into_iter().flatten().collect();
        target.run(&format!("INSERT INTO {name} ({list}) VALUES {values}"), all.as_slice())?;
        total += count;
        if count < page_rows {
            return Ok(total);
        }
    }
}

impl ReadTx<'_> {
    /// Every table that holds a desk's own rows, with its columns.
    fn tables(&self) -> Result<Tables> {
        let sql = match self.link {
            Link::Lite(_) => {
                "SELECT m.name, c.name, c.type, c.pk FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '%search%' \
                 AND m.name NOT LIKE '%litestream%' ORDER BY m.name, c.cid"
            }
            Link::Pg(_) => {
                "SELECT CAST(c.table_name AS TEXT), CAST(c.column_name AS TEXT), CAST(c.data_type AS TEXT), \
                 coalesce((SELECT k.ordinal_position FROM information_schema.key_column_usage AS k \
                 JOIN information_schema.table_constraints AS t USING (constraint_schema, constraint_name, table_name) \
                 WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_schema = c.table_schema \
                 AND k.table_name = c.table_name AND k.column_name = c.column_name), 0) \
                 FROM information_schema.columns AS c JOIN pg_tables ON schemaname = c.table_schema AND tablename = c.table_name \
                 WHERE c.table_schema = current_schema() AND c.table_name NOT LIKE '%search%' \
                 AND c.table_name NOT IN ('id_counter', 'schema_version') ORDER BY 1, c.ordinal_position"
            }
        };
        let mut tables = Tables::new();
        let rows: Vec<(String, String, String, i64)> =
            self.all(sql, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        for (table, name, kind, key) in rows {
            let kind = match kind.to_ascii_lowercase().as_str() {
                "integer" | "bigint" => Kind::Whole,
                "blob" | "bytea" => Kind::Bytes,
                _ => Kind::Text,
            };
            tables.entry(table).or_default().push(Column { name, kind, key });
        }
        Ok(tables)
    }

    /// Makes sure that no two texts that are unique here are one on PostgreSQL. Only texts with letters beyond ASCII can be:
    /// SQLite compares the others in the same way.
    fn require_different(&self) -> Result<()> {
        for unique in UNIQUE_WITHOUT_CASE {
            let (table, column) = unique;
            let beyond_ascii = format!("SELECT {column} FROM {table} WHERE {column} GLOB '*[^ -~]*'");
            let mut seen: BTreeMap<String, String> = BTreeMap::new();
            for text in self.all(&beyond_ascii, (), |row| row.get::<String>(0))? {
                let key = folded(&text);
                let ascii = self.one(
                    &format!("SELECT {column} FROM {table} WHERE {column} = $1 AND {column} <> $2"),
                    (key.as_str(), text.as_str()),
                    |row| row.get::<String>(0),
                )?;
                if let Some(other) = ascii.or_else(|| seen.insert(key, text.clone())) {
                    return Err(Error::SameThere(format!("{table} has {column} \"{other}\" and \"{text}\"")));
                }
            }
        }
        Ok(())
    }

    /// The highest number that was given out in each table.
    fn counters(&self) -> Result<Vec<(String, i64)>> {
        let sql = match self.link {
            Link::Lite(_) => "SELECT name, seq FROM sqlite_sequence",
            Link::Pg(_) => "SELECT name, last FROM id_counter",
        };
        self.all(sql, (), |row| Ok((row.get(0)?, row.get(1)?)))
    }
}

impl WriteTx<'_> {
    /// Keeps triggers from running; what [`WriteTx::resume_triggers`] needs to bring them back.
    fn suspend_triggers(&self, tables: &Tables) -> Result<Vec<String>> {
        if let Link::Pg(_) = self.link {
            for table in tables.keys() {
                self.run(&format!("ALTER TABLE {table} DISABLE TRIGGER USER"), ())?;
            }
            return Ok(Vec::new());
        }
        let all: Vec<(String, String)> =
            self.all("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid", (), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        for (name, _) in &all {
            self.run(&format!("DROP TRIGGER {name}"), ())?;
        }
        Ok(all.into_iter().map(|(_, sql)| sql).collect())
    }

    fn resume_triggers(&self, tables: &Tables, triggers: &[String]) -> Result<()> {
        if let Link::Pg(_) = self.link {
            // A table with checks that still wait cannot be altered.
            self.run("SET CONSTRAINTS ALL IMMEDIATE", ())?;
            for table in tables.keys() {
                self.run(&format!("ALTER TABLE {table} ENABLE TRIGGER USER"), ())?;
            }
        }
        for sql in triggers {
            self.failed.watch(|| self.link.batch(sql))?;
        }
        Ok(())
    }

    fn take_counters(&self, counters: &[(String, i64)], tables: &Tables) -> Result<()> {
        for (name, last) in counters {
            match self.link {
                Link::Pg(_) => {
                    self.run("UPDATE id_counter SET last = $1 WHERE last < $1 AND name = $2", (*last, name))?;
                }
                Link::Lite(_) => {
                    // Tables without AUTOINCREMENT have no row and need none.
                    self.run("UPDATE sqlite_sequence SET seq = $1 WHERE seq < $1 AND name = $2", (*last, name))?;
                    let is_counted = "SELECT count(*) FROM sqlite_schema WHERE name = $1 AND sql LIKE '%AUTOINCREMENT%' \
                         AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = $1)";
                    if *last > 0 && self.number(is_counted, [name])? > 0 {
                        self.run("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)", (name, *last))?;
                    }
                }
            }
        }
        if let Link::Pg(_) = self.link {
            for (table, _) in tables.iter().filter(|(_, columns)| columns.iter().any(|column| column.name == "id")) {
                self.run(
                    &format!(
                        "UPDATE id_counter SET last = (SELECT coalesce(max(id), 0) FROM {table}) \
                         WHERE name = $1 AND last < (SELECT coalesce(max(id), 0) FROM {table})"
                    ),
                    [table],
                )?;
            }
        }
        Ok(())
    }

    fn rebuild_article_search(&self) -> Result<()> {
        if let Link::Lite(_) = self.link {
            return self.run("INSERT INTO article_search (article_search) VALUES ('rebuild')", ()).map(drop);
        }
        self.run("DELETE FROM article_search", ())?;
        self.run(
            "INSERT INTO article_search (id, words) \
             SELECT id, setweight(search_words(title), 'A') || search_words(substr(body_text, 1, 100000)) FROM article",
            (),
        )
        .map(drop)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    #[test]
    fn every_text_that_is_unique_without_case_is_compared_before_it_is_copied() {
        let mut found = Vec::new();
        let mut table = "";
        for line in include_str!("../../schema.sql").lines() {
            table = line.strip_prefix("CREATE TABLE ").and_then(|rest| rest.split_whitespace().next()).unwrap_or(table);
            if line.contains("COLLATE NOCASE") && (line.contains("UNIQUE") || line.contains("PRIMARY KEY")) {
                found.push((table, line.split_whitespace().next().unwrap()));
            }
        }
        // By an index of its own.
        found.push(("customer", "email"));
        found.sort_unstable();
        assert_eq!(found, UNIQUE_WITHOUT_CASE);
    }

    #[test]
    fn texts_that_are_one_on_a_server_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("desk.db");
        migrate::create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = Store::open(&path, Duration::from_secs(5)).unwrap();
        let add =
            |name: &str| store.write(|tx| tx.run("INSERT INTO tag (name, created_at) VALUES ($1, 0)", [name])).unwrap();
        add("blau");
        add("grün");
        store.read(|tx| tx.require_different()).unwrap();
        add("GRÜN");
        let told = store.read(|tx| tx.require_different()).unwrap_err().to_string();
        assert!(told.starts_with("tag has name \"grün\" and \"GRÜN\", which are the same"), "{told}");
        store.write(|tx| tx.run("UPDATE tag SET name = 'bl\u{AD}au' WHERE name = 'GRÜN'", ())).unwrap();
        let told = store.read(|tx| tx.require_different()).unwrap_err().to_string();
        assert!(told.starts_with("tag has name \"blau\" and"), "{told}");
    }
}
