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
        "server.rs",
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

/// Columns, indexes, triggers and functions, with what they say.
fn shape(store: &Store) -> Vec<String> {
    store.sql_rows(
        "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' \
         || coalesce(column_default, '') || ' ' || coalesce(collation_name, '') FROM information_schema.columns \
         WHERE table_schema = current_schema() \
         UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() \
         UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal \
         UNION ALL SELECT proname || ' ' || prosrc FROM pg_proc \
         WHERE pronamespace = CAST(current_schema() AS regnamespace) ORDER BY 1",
    )
}

#[test]
fn older_schema_is_refused_migrated_only_with_a_backup_and_then_like_a_new_one() {
    if !testing::is_remote() {
        return;
    }
    let (place, new) = (testing::empty_place(), testing::empty_place());
    let session = Session::connect(&server_of(&place)).unwrap();
    session.batch(&postgres::schema::whole(include_str!("../../tests/schemas/2.sql"))).unwrap();
    session
        .batch(
            "INSERT INTO schema_version (version) VALUES (2); \
             INSERT INTO desk (id, secret, created_at) VALUES (1, decode(repeat('07', 32), 'hex'), 1800000000); \
             INSERT INTO department (id, position, name) VALUES (1, 1, 'General'); \
             INSERT INTO article (id, title, body, category_id, staff_id, created_at, last_update_at, views, is_public) \
             VALUES (1, 'Printers', '<p>They <b>burn</b>.</p>', 0, 0, 1, 1, 0, 1)",
        )
        .unwrap();
    let raise = |has_backup| migrate::create_or_raise(&place, &[7; 32], has_backup, NOW);
    assert!(matches!(Store::open(&place, Duration::from_secs(1)), Err(Error::OlderSchema { found: 2, .. })));
    assert!(matches!(raise(false), Err(Error::OlderSchema { found: 2, .. })), "nothing without a backup");
    assert_eq!(raise(true).unwrap(), Migrated::Raised { from: 2 });
    assert_eq!(raise(true).unwrap(), Migrated::Current);
    migrate::create_or_migrate(&new, &[7; 32], NOW).unwrap();
    let open = |place| Store::open(place, Duration::from_secs(1)).unwrap();
    let (old, new) = (open(&place), open(&new));
    let (old_shape, new_shape) = (shape(&old), shape(&new));
    let only = |one: &[String], other: &[String]| -> Vec<String> {
        one.iter().filter(|line| !other.contains(line)).cloned().collect()
    };
    assert_eq!((only(&old_shape, &new_shape), only(&new_shape, &old_shape)), (vec![], vec![]));
    let found =
        old.sql_rows("SELECT body_text, CAST((SELECT words FROM article_search WHERE id = 1) AS TEXT) FROM article");
    assert!(found[0].contains("They burn.") && found[0].contains("burn"), "{found:?}");
}

#[test]
fn migration_that_fails_changes_nothing() {
    if !testing::is_remote() {
        return;
    }
    let place = testing::empty_place();
    let session = Session::connect(&server_of(&place)).unwrap();
    session.batch(&postgres::schema::whole(include_str!("../../tests/schemas/2.sql"))).unwrap();
    // What a step makes is there already: the step fails half way.
    session.batch("INSERT INTO schema_version (version) VALUES (2); CREATE TABLE work_lease (x BIGINT)").unwrap();
    assert!(migrate::create_or_raise(&place, &[7; 32], true, NOW).is_err());
    let columns =
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'customer' AND column_name = 'locale'";
    let count = |sql: &str| Link::Pg(&session).one(sql, &(), |row| row.get::<i64>(0)).unwrap();
    assert_eq!((count(columns), count("SELECT version FROM schema_version")), (Some(0), Some(2)));
}

#[test]
fn statements_are_prepared_when_they_come_again_and_only_where_that_is_wanted() {
    if !testing::is_remote() {
        return;
    }
    let (_dir, store) = desk();
    let server = server_of(&store.place().address());
    for prepares in [false, true] {
        let mut server = server.clone();
        server.prepares = prepares;
        let store = Store::open(Place::Server(server), Duration::from_secs(1)).unwrap();
        for n in 0..3 {
            let name = format!("{prepares} {n}");
            store.write(|tx| tx.add_department(&name, false)).unwrap();
            store.write(|tx| tx.add_customer("x", &format!("{prepares}{n}@x.test").parse().unwrap(), NOW)).unwrap();
        }
        let prepared = store.sql_number("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'");
        assert_eq!(prepared > 1, prepares, "{prepared}");
        let customer = store.read(|tx| tx.customer_by_email(&format!("{prepares}2@x.test"))).unwrap();
        assert!(customer.is_some());
    }
}

#[test]
fn time_is_the_servers_where_the_clocks_differ() {
    let (_dir, store) = desk();
    let own = Timestamp::now();
    assert!((-2..=2).contains(&(store.now().unix() - own.unix())), "the same machine");
    store.compare_clocks(Timestamp::now().plus_s(90));
    assert!((89..=92).contains(&(store.now().unix() - own.unix())));
    store.write(|tx| tx.prove_writable()).unwrap();
    let is_compared_again = (store.now().unix() - own.unix()).abs() < 5;
    assert_eq!(is_compared_again, testing::is_remote(), "every write asks the server");
}

#[test]
fn server_says_how_safe_it_is() {
    let (_dir, store) = desk();
    let report = store.server_report().unwrap();
    assert_eq!(report.is_some(), testing::is_remote());
    let Some(report) = report else { return };
    assert!(report.version_number >= 130_000 && report.synchronous_commit == "on", "{report:?}");
    assert_eq!((report.standbys, report.collation_made == report.collation_now), (0, true), "{report:?}");
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
