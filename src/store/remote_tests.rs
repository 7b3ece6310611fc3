//! What only a desk on a PostgreSQL server has. Run by `tests/postgres`; without it these tests have nothing to ask.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::store::{migrate, testing};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn server_of(place: &Path) -> Server {
    match Place::of(place) {
        Place::Server(server) => server,
        Place::File(_) => panic!("a server"),
    }
}

/// Texts of Rust that begin as a statement does, of the verbs of `store`.
fn statements() -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")];
    let own = [
        "log.rs",
        "backup.rs",
        "migrate.rs",
        "steps.rs",
        "ascii_domains.rs",
        "testing.rs",
        "remote_care.rs",
        "remote.rs",
    ];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.extend((name != "postgres" && name != "backup").then_some(path));
            } else if name.ends_with(".rs") && !name.contains("tests") && !own.contains(&name.as_str()) {
                let text = std::fs::read_to_string(&path).unwrap();
                let code =
                    text.split("#[cfg(test)]\n#[allow").next().unwrap().split("\n#[cfg(test)]\nmod").next().unwrap();
                found.extend(texts(code).into_iter().map(|one| (path.clone(), one)));
            }
        }
    }
    found
}

/// String literals of a source, without their line ends.
fn texts(code: &str) -> Vec<String> {
    let (mut all, mut current) = (Vec::new(), None::<String>);
    let mut chars =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|l| l.chars().chain(['\n']));
    while let Some(c) = chars.next() {
        match (&mut current, c) {
            (None, '"') => current = Some(String::new()),
            (Some(text), '"') => {
                all.push(std::mem::take(text));
                current = None;
            }
            (Some(text), '\\') => match chars.next() {
                Some('\n') | None => {}
                Some(other) => text.push(other),
            },
            (Some(text), c) => text.push(c),
            // A quotation mark as a character.
            (None, '\'') => {
                let _ = chars.next();
            }
            (None, _) => {}
        }
    }
    let begins = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
    let of_sqlite =
        ["PRAGMA", "pragma_", "sqlite_", "temp.", "MATCH", "GLOB", "INSERT INTO search", "INSERT INTO article_search"];
    let whole = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    all.iter()
        .map(whole)
        .filter(|text| begins.iter().any(|begin| text.starts_with(begin)))
        // Pieces that are put together are run by the tests of their verbs.
        .filter(|text| !text.contains('{') && !text.ends_with('(') && !of_sqlite.iter().any(|word| text.contains(word)))
        .collect()
}

#[test]
fn every_statement_is_understood_by_the_server() {
    let all = statements();
    assert!(all.len() > 200, "the statements are found: {}", all.len());
    if !testing::is_remote() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let session = Session::connect(&server_of(&testing::place(dir.path()))).unwrap();
    let mut refused = Vec::new();
    for (path, sql) in all {
        match session.prepare(&sql, &[]) {
            // Our own calls say the type of every parameter.
            Err(Error::Server(why)) if !why.contains("42P18") && !why.contains("42P08") => {
                refused.push(format!("{}: {sql}\n   {why}", path.display()));
            }
            _ => {}
        }
    }
    assert!(refused.is_empty(), "{} refused:\n{}", refused.len(), refused.join("\n"));
}

#[test]
fn both_engines_have_the_same_tables_and_columns() {
    if !testing::is_remote() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let lite = testing::file(dir.path());
    migrate::create_or_migrate(&lite, &[7; 32], NOW).unwrap();
    let lite = Store::open(&lite, Duration::from_secs(1)).unwrap();
    let columns: Vec<String> = lite
        .read(|tx| {
            tx.all(
                "SELECT m.name || '.' || c.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '%search%'",
                (),
                |row| row.get(0),
            )
        })
        .unwrap();
    let place = testing::empty_place();
    assert_eq!(migrate::create_or_migrate(&place, &[7; 32], NOW).unwrap(), Migrated::Created);
    assert_eq!(migrate::create_or_migrate(&place, &[8; 32], NOW).unwrap(), Migrated::Current);
    let remote = Store::open(&place, Duration::from_secs(1)).unwrap();
    let names = |sql: &str| -> Vec<String> { remote.read(|tx| tx.all(sql, (), |row| row.get(0))).unwrap() };
    let mut others = names(
        "SELECT CAST(table_name || '.' || column_name AS TEXT) FROM information_schema.columns \
         WHERE table_schema = current_schema() AND table_name NOT LIKE '%search%' \
         AND table_name NOT IN ('id_counter', 'schema_version')",
    );
    let mut columns = columns;
    columns.sort();
    others.sort();
    assert_eq!(columns, others);
    let triggers =
        |store: &Store, sql: &str| -> Vec<String> { store.read(|tx| tx.all(sql, (), |row| row.get(0))).unwrap() };
    let own = triggers(
        &lite,
        "SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'index') AND sql <> '' ORDER BY name",
    );
    let theirs = names(
        "SELECT CAST(tgname AS TEXT) FROM pg_trigger WHERE NOT tgisinternal \
         UNION ALL SELECT CAST(indexname AS TEXT) FROM pg_indexes WHERE schemaname = current_schema()",
    );
    let lacking: Vec<_> = own.iter().filter(|name| !theirs.contains(name)).collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

fn desk() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let place = testing::place(dir.path());
    migrate::create_or_migrate(&place, &[7; 32], NOW).unwrap();
    (dir, Store::open(&place, Duration::from_millis(200)).unwrap())
}

#[test]
fn writer_waits_for_the_lock_of_another_host_and_then_gives_up() {
    let (_dir, store) = desk();
    let lock = testing::lock(&store);
    let began = Instant::now();
    let refused = store.write(|tx| tx.add_department("x", false));
    assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
    assert!(began.elapsed() >= Duration::from_millis(190), "{:?}", began.elapsed());
    drop(lock);
    store.write(|tx| tx.add_department("x", false)).unwrap();
}

#[test]
fn numbers_of_a_change_that_was_taken_back_are_given_out_again() {
    let (_dir, store) = desk();
    let add = |email: &str, is_kept: bool| {
        store.write(|tx| {
            let id = tx.add_customer("x", &email.parse().unwrap(), NOW)?;
            if is_kept { Ok(id) } else { Err(Error::NotHere) }
        })
    };
    let first = add("a@x.test", true).unwrap().get();
    add("b@x.test", false).unwrap_err();
    assert_eq!(add("c@x.test", true).unwrap().get(), first + 1, "no gap");
}

#[test]
fn connection_that_ended_while_it_was_idle_is_made_again_once() {
    if !testing::is_remote() {
        return;
    }
    let (_dir, store) = desk();
    store.write(|tx| tx.add_department("x", false)).unwrap();
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let other = Session::connect(&server_of(&store.place().address())).unwrap();
    let ended = Link::Pg(&other).one(end, &(), |row| row.get::<i64>(0)).unwrap();
    assert_eq!(ended, Some(1));
    assert_eq!(store.write(|tx| tx.add_department("y", false)).unwrap().get(), 3);
    let lost = store.write(|tx| {
        Link::Pg(&other).one(end, &(), |_| Ok(()))?;
        tx.add_department("z", false)
    });
    assert!(matches!(lost, Err(Error::Unreachable(_))), "never in the middle: {lost:?}");
    assert_eq!(store.read(|tx| tx.departments()).unwrap().len(), 3);
}

#[test]
fn texts_with_nul_are_stored_without_it_on_a_server() {
    let (_dir, store) = desk();
    let id = store.write(|tx| tx.add_department("a\0b", false)).unwrap();
    let name = store.read(|tx| tx.department(id)).unwrap().unwrap().name;
    assert_eq!(name, if testing::is_remote() { "a\u{fffd}b" } else { "a\0b" });
}

#[test]
fn addresses_are_equal_whatever_their_case_on_both_engines() {
    let (_dir, store) = desk();
    store.write(|tx| tx.add_customer("x", &"Ann@X.test".parse().unwrap(), NOW)).unwrap();
    assert!(store.read(|tx| tx.customer_by_email("aNN@x.TEST")).unwrap().is_some());
    let again = store.write(|tx| tx.add_customer("y", &"ANN@x.test".parse().unwrap(), NOW));
    assert!(matches!(&again, Err(Error::Taken(what)) if what == "customer.email"), "{again:?}");
    assert_eq!(store.read(|tx| tx.customers_like("ANN@", 10)).unwrap().len(), 1);
    assert_eq!(store.read(|tx| tx.customers_like("%", 10)).unwrap().len(), 0, "a sign that stands for itself");
}
