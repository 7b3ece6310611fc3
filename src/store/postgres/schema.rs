//! The schema for PostgreSQL, made from the text of SQLite's, so that there is one that people write. A test compares
//! the tables and columns of both.

/// What the tables need to be there first. AUTOINCREMENT is a counter's row, not a sequence: no number is left out after
/// a rollback, and numbers are given out in the order of commits, so that "after id n" skips nothing.
const BEFORE: &str = r#"
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE schema_version (version BIGINT NOT NULL);
CREATE TABLE id_counter (name TEXT COLLATE "C" PRIMARY KEY, last BIGINT NOT NULL) WITH (fillfactor = 20);
CREATE FUNCTION number_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.id IS NULL THEN
        UPDATE id_counter SET last = last + 1 WHERE name = TG_TABLE_NAME RETURNING last INTO NEW.id;
    ELSE
        UPDATE id_counter SET last = NEW.id WHERE name = TG_TABLE_NAME AND last < NEW.id;
    END IF;
    RETURN NEW;
END $$;
-- Whole numbers are BIGINT everywhere here.
CREATE FUNCTION substr(TEXT, BIGINT, BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_catalog.substr($1, CAST($2 AS INT), CAST($3 AS INT))
$$;
-- As FTS5's unicode61 cuts texts: without accents and case, and all but letters and digits parts words.
CREATE FUNCTION search_fold(TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(lower(normalize(regexp_replace(normalize($1, NFD) COLLATE "C", '[\u0300-\u036f]', '', 'g'), NFC)
        COLLATE "und-x-icu"), '[^[:alnum:]]+', ' ', 'g')
$$;
CREATE FUNCTION search_words(TEXT) RETURNS TSVECTOR LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('pg_catalog.simple', search_fold($1))
$$;
CREATE FUNCTION search_query(TEXT, BIGINT) RETURNS TSQUERY LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN folded = '' THEN NULL ELSE to_tsquery('pg_catalog.simple',
        replace(folded, ' ', ' <-> ') || CASE WHEN $2 = 1 THEN ':*' ELSE '' END) END
    FROM (SELECT trim(search_fold($1)) AS folded) AS one
$$;
"#;

/// Tables whose columns hold bytes by the megabyte: compressed already, or pieces of them are read.
const BULKY: [&str; 3] = ["content", "raw_mail", "outbox_raw"];

/// Tables that are written on every mail: room for new versions of a row on its own page.
const BUSY: [&str; 2] = ["row_count", "desk"];

/// PostgreSQL's text of a schema, or of a step of one, that was written for SQLite.
pub(in crate::store) fn translated(sqlite: &str) -> String {
    let mut all = String::new();
    for statement in in_order(statements(sqlite)) {
        let (first, rest) = statement.split_once(char::is_whitespace).unwrap_or((&statement, ""));
        match (first, rest.split_whitespace().next().unwrap_or_default()) {
            ("CREATE", "TABLE") => all.push_str(&table(&statement)),
            ("CREATE", "TRIGGER") => all.push_str(&trigger(&statement)),
            ("CREATE", "VIRTUAL") => all.push_str(&index(&statement)),
            // Its function is named after it, and takes it along.
            ("DROP", "TRIGGER") => {
                let name = rest.split_whitespace().nth(1).unwrap_or_default();
                all.push_str(&format!("DROP FUNCTION {name}() CASCADE;\n"));
            }
            // A command to FTS5, which is an INSERT by form.
            ("INSERT", "INTO") if is_command(rest) => {}
            _ => {
                all.push_str(&words(&statement));
                all.push_str(";\n");
            }
        }
    }
    all
}

/// All that a new database gets.
pub(in crate::store) fn whole(sqlite: &str) -> String {
    format!("{BEFORE}{}", translated(sqlite))
}

/// Whether `INTO search (search …` follows: the column of the table's own name takes commands.
fn is_command(rest: &str) -> bool {
    let mut words = rest.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).skip(1);
    words.next().is_some_and(|table| words.next() == Some(table))
}

/// The name of the table that a statement makes.
fn made(statement: &str) -> Option<&str> {
    let mut words = statement.split_whitespace();
    (words.next() == Some("CREATE") && words.next() == Some("TABLE")).then(|| words.next()).flatten()
}

/// The statements with every table after those that it names: SQLite does not mind.
fn in_order(statements: Vec<String>) -> Vec<String> {
    let (mut waiting, others): (Vec<String>, Vec<String>) = statements.into_iter().partition(|one| made(one).is_some());
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let names: Vec<String> = waiting.iter().filter_map(|one| made(one)).map(str::to_owned).collect();
        let is_free = |one: &String| {
            let mut named = one.split("REFERENCES ").skip(1).filter_map(|rest| rest.split([' ', '(']).next());
            !named.any(|name| Some(name) != made(one) && names.iter().any(|waits| waits == name))
        };
        let (mut free, bound): (Vec<String>, Vec<String>) = waiting.into_iter().partition(is_free);
        if free.is_empty() {
            // Tables that name each other: the server says so.
            ordered.extend(bound);
            break;
        }
        ordered.append(&mut free);
        waiting = bound;
    }
    // What changes tables that are there already comes first in a step.
    let (changes, others): (Vec<String>, Vec<String>) = others.into_iter().partition(|one| !one.starts_with("CREATE"));
    changes.into_iter().chain(ordered).chain(others).collect()
}

/// The statements of a text, without comments and ends.
fn statements(text: &str) -> Vec<String> {
    let without = text.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code).trim_end());
    let mut found = Vec::new();
    let mut current = String::new();
    for line in without.filter(|line| !line.is_empty()) {
        if !current.is_empty() {
            current.push('\n');
        }
        current.push_str(line);
        let is_trigger = current.starts_with("CREATE TRIGGER");
        if if is_trigger { line == "END;" } else { line.ends_with(';') } {
            found.push(current.trim_end_matches(';').to_owned());
            current.clear();
        }
    }
    found
}

/// The words that differ, wherever they stand.
fn words(text: &str) -> String {
    let text = text
        .replace("INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT PRIMARY KEY")
        .replace("INTEGER", "BIGINT")
        .replace("BLOB", "BYTEA")
        .replace("X''", "''")
        .replace("DO UPDATE SET n = n + 1", "DO UPDATE SET n = row_count.n + 1")
        .replace("|| email", "|| email COLLATE \"C\"")
        .replace("|| NEW.email", "|| NEW.email COLLATE \"C\"")
        .replace("|| OLD.email", "|| OLD.email COLLATE \"C\"")
        // So that rows can be renumbered in one transaction.
        .replace("ON DELETE CASCADE", "ON DELETE CASCADE DEFERRABLE")
        .replace("ON DELETE SET NULL", "ON DELETE SET NULL DEFERRABLE");
    // Columns of text compare by their bytes, unless they are said to compare without case.
    let lines = text.lines().map(|line| {
        let is_column =
            line.split_whitespace().nth(1) == Some("TEXT") || line.contains("ADD COLUMN") && line.contains(" TEXT ");
        if is_column && !line.contains("COLLATE") {
            line.replacen("TEXT", "TEXT COLLATE \"C\"", 1)
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn table(statement: &str) -> String {
    let name = statement.split_whitespace().nth(2).unwrap_or_default();
    let is_numbered = statement.lines().any(|line| {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        line.starts_with("id INTEGER PRIMARY KEY AUTOINCREMENT") || line == "id INTEGER PRIMARY KEY,"
    });
    let body = statement.trim_end().trim_end_matches(", WITHOUT ROWID").trim_end_matches(" STRICT");
    let mut text = words(body);
    if BUSY.contains(&name) {
        text.push_str(" WITH (fillfactor = 40)");
    }
    text.push_str(";\n");
    if BULKY.contains(&name) {
        text.push_str(&format!("ALTER TABLE {name} ALTER COLUMN data SET STORAGE EXTERNAL;\n"));
    }
    if is_numbered {
        text.push_str(&format!(
            "INSERT INTO id_counter (name, last) VALUES ('{name}', 0);\n\
             CREATE TRIGGER {name}_number BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION number_row();\n"
        ));
    }
    text
}

/// A trigger becomes a function of its name and a trigger that calls it.
fn trigger(statement: &str) -> String {
    let (head, body) = statement.split_once("BEGIN").unwrap_or((statement, ""));
    let body = body.trim_end().trim_end_matches("END");
    let name = head.split_whitespace().nth(2).unwrap_or_default();
    let (event, condition) = head.split_once("WHEN").unwrap_or((head, ""));
    let event = event.split_whitespace().collect::<Vec<_>>().join(" ");
    let condition = condition.split_whitespace().collect::<Vec<_>>().join(" ");
    let when = if condition.is_empty() { String::new() } else { format!(" WHEN ({condition})") };
    let body: String = body.split_inclusive(';').map(indexed).collect();
    format!(
        "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN{}\n    RETURN NULL;\nEND $$;\n\
         {event} FOR EACH ROW{when} EXECUTE FUNCTION {name}();\n",
        words(&body)
    )
}

/// The table that stands for one of FTS5's.
fn index(statement: &str) -> String {
    let name = statement.split_whitespace().nth(3).unwrap_or_default();
    format!(
        "CREATE TABLE {name} (id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL);\n\
         CREATE INDEX {name}_words ON {name} USING gin (words);\n"
    )
}

/// A statement of a trigger; what writes into a table of FTS5 writes into the one that stands for it.
fn indexed(statement: &str) -> String {
    as_index(statement).unwrap_or_else(|| statement.to_owned())
}

fn as_index(statement: &str) -> Option<String> {
    let (name, rest) = statement.trim().strip_prefix("INSERT INTO ")?.split_once(" (")?;
    let (columns, values) = rest.split_once(')')?;
    if !columns.contains("rowid") {
        return None;
    }
    let values = values.trim().strip_prefix("VALUES (")?.strip_suffix(");")?;
    let values = outermost(values);
    match values.as_slice() {
        ["'delete'", id, ..] => Some(format!("\n    DELETE FROM {name} WHERE id = {id};")),
        [id, text] => Some(format!("\n    INSERT INTO {name} (id, words) VALUES ({id}, search_words({text}));")),
        // The first one weighs more.
        [id, title, text] => Some(format!(
            "\n    INSERT INTO {name} (id, words) \
             VALUES ({id}, setweight(search_words({title}), 'A') || search_words({text}));"
        )),
        _ => None,
    }
}

/// A list cut at the commas that are in no parentheses.
fn outermost(list: &str) -> Vec<&str> {
    let (mut depth, mut from, mut found) = (0_i32, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(list.get(from..at).unwrap_or_default().trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(list.get(from..).unwrap_or_default().trim());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_sqlite_alone_is_left() {
        let text = whole(include_str!("../../../schema.sql"));
        for word in ["AUTOINCREMENT", "STRICT", "ROWID", "rowid", "BLOB", "INTEGER", "X'", "fts5", "PRAGMA"] {
            let line = text.lines().find(|line| line.contains(word));
            assert_eq!(line, None, "{word}");
        }
        assert!(text.contains(
            "CREATE TRIGGER ticket_added AFTER INSERT ON ticket FOR EACH ROW EXECUTE FUNCTION ticket_added();"
        ));
        assert!(text.contains("DELETE FROM search WHERE id = OLD.id * 4 + 3;"));
        assert!(text.contains("VALUES (NEW.id * 4 + 3, search_words(substr(NEW.body, 1, 100000)));"));
        assert!(text.contains("setweight(search_words(NEW.title), 'A') || search_words(NEW.body_text)"));
    }
}
