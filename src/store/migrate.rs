//! The schema's life: creating it, recognising it, moving it on.
//!
//! `PRAGMA user_version` is the schema's number. 0 → the whole of `schema.sql`; older → the
//! numbered steps of [`STEPS`], all in one transaction, after an automatic backup beside the
//! database; newer → refused, nothing touched. A released step is never edited.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::backup::write_backup;
use super::{Error, Result, log, owner, prepare_connection, steps, why_not_opened};
use crate::domain::Timestamp;
use crate::private_file;

/// The schema this program reads and writes.
pub const SCHEMA_VERSION: i64 = 2;

/// Marks the file as ours (`PRAGMA application_id`): the letters "mdsk".
const APPLICATION_ID: i64 = 0x6d64_736b;

/// One step: the SQL that leads from version `to - 1` to `to`.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The version reached.
    pub to: i64,
    /// Statements, run inside the migration's transaction.
    pub sql: &'static str,
    /// What statements alone cannot do, run after them in the same transaction.
    pub rows: Option<fn(&Connection) -> Result<()>>,
}

/// Every step since version 1, in order.
pub const STEPS: &[Step] = &[Step { to: 2, sql: include_str!("steps/2.sql"), rows: Some(rows_of_2) }];

/// Step 2 in code.
fn rows_of_2(connection: &Connection) -> Result<()> {
    steps::sanitise_again(connection)?;
    super::ascii_domains::rewrite(connection)
}

/// What [`create_or_migrate`] found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Migrated {
    /// There was no database; now there is.
    Created,
    /// The schema was current already.
    Current,
    /// Steps were applied after a backup was written.
    Migrated {
        /// The version before.
        from: i64,
        /// The backup of the database as it was.
        backup: PathBuf,
    },
}

/// Checks that an opened file is a desk with the current schema.
///
/// # Errors
/// [`Error::NewerSchema`], [`Error::OlderSchema`] or [`Error::NotADesk`].
pub fn require_current(connection: &Connection, path: &Path) -> Result<()> {
    let (found, application) = versions(connection).map_err(|e| not_even_a_database(path, e))?;
    let path = || path.to_owned();
    if application != APPLICATION_ID {
        return Err(Error::NotADesk(path()));
    }
    match found.cmp(&SCHEMA_VERSION) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Error::NewerSchema { path: path(), found, known: SCHEMA_VERSION }),
        std::cmp::Ordering::Less => Err(Error::OlderSchema { path: path(), found, known: SCHEMA_VERSION }),
    }
}

/// The schema's number of a file that is a desk, of whatever version.
///
/// # Errors
/// [`Error::NotADesk`].
pub(super) fn version_of_desk(connection: &Connection, path: &Path) -> Result<i64> {
    match versions(connection)? {
        (found, APPLICATION_ID) => Ok(found),
        _ => Err(Error::NotADesk(path.to_owned())),
    }
}

fn versions(connection: &Connection) -> Result<(i64, i64)> {
    Ok(connection.query_row(
        "SELECT u.user_version, a.application_id FROM pragma_user_version AS u, pragma_application_id AS a",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// The error, or that the file does not even begin as a database does (the file format's first 16 bytes).
pub(super) fn not_even_a_database(path: &Path, error: Error) -> Error {
    use std::io::Read;
    const MAGIC: &[u8; 16] = b"SQLite format 3\0";
    let mut head = [0; MAGIC.len()];
    let is_read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    match error {
        Error::Corrupt(_) if is_read.is_err() || head != *MAGIC => Error::NotADatabase(path.to_owned()),
        other => other,
    }
}

/// Makes the database, or brings it up to the current schema. Safe to repeat.
///
/// The file is created 0600 and a folder that has to be made 0700: it holds TOTP secrets and the
/// desk's HMAC secret.
///
/// # Errors
/// [`Error::Inaccessible`], [`Error::NewerSchema`], [`Error::NotADesk`] (another program's
/// database), [`Error::Busy`], [`Error::Full`]; the database is as it was then.
pub fn create_or_migrate(path: &Path, secret: &[u8; 32], now: Timestamp) -> Result<Migrated> {
    run_steps(path, secret, now, Plan { steps: STEPS, target: SCHEMA_VERSION })
}

#[derive(Clone, Copy, Debug)]
struct Plan<'a> {
    steps: &'a [Step],
    target: i64,
}

fn run_steps(path: &Path, secret: &[u8; 32], now: Timestamp, plan: Plan<'_>) -> Result<Migrated> {
    make_private_file(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(|e| why_not_opened(path, e))?;
    prepare_connection(&connection, Duration::from_secs(super::LOCK_WAIT_S))
        .map_err(|e| not_even_a_database(path, e))?;
    let (found, application) = versions(&connection).map_err(|e| not_even_a_database(path, e))?;
    let is_empty = found == 0
        && application == 0
        && connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))? == 0;
    if is_empty {
        return create(&mut connection, path, secret, now);
    }
    if application != APPLICATION_ID {
        return Err(Error::NotADesk(path.to_owned()));
    }
    if found > plan.target {
        return Err(Error::NewerSchema { path: path.to_owned(), found, known: plan.target });
    }
    if found == plan.target {
        return Ok(Migrated::Current);
    }
    // The lock first: nobody writes between the backup and the steps, and of two migrations at once the second one finds
    // the first one's work.
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (found, _) = versions(&tx)?;
    if found >= plan.target {
        return Ok(Migrated::Current);
    }
    let backup = back_up_beside(path, found, now)?;
    for step in plan.steps.iter().filter(|step| step.to > found) {
        tx.execute_batch(step.sql)?;
        if let Some(rows) = step.rows {
            rows(&tx)?;
        }
    }
    tx.pragma_update(None, "user_version", plan.target)?;
    let committed = tx.commit();
    settled(&connection, path, committed)?;
    Ok(Migrated::Migrated { from: found, backup })
}

fn create(connection: &mut Connection, path: &Path, secret: &[u8; 32], now: Timestamp) -> Result<Migrated> {
    // WAL lets readers go on while a mail is written; it is a property of the file, set once.
    connection.pragma_update(None, "journal_mode", "wal")?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Two `init` at once: the second one finds the first one's work.
    if tx.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? != 0 {
        return Ok(Migrated::Current);
    }
    tx.execute_batch(include_str!("../../schema.sql"))?;
    tx.execute("INSERT INTO desk (id, secret, created_at) VALUES (1, $1, $2)", (&secret[..], now.unix()))?;
    tx.execute("INSERT INTO department (id, position, name) VALUES (1, 1, 'General')", [])?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    let committed = tx.commit();
    settled(connection, path, committed)?;
    Ok(Migrated::Created)
}

/// A commit that failed is taken back for good, so that it is not found done later.
fn settled(connection: &Connection, path: &Path, committed: rusqlite::Result<()>) -> Result<()> {
    committed.map_err(
        |error| {
            if log::bury(connection).is_ok() { error.into() } else { Error::Undecided(path.to_owned()) }
        },
    )
}

/// A checked copy of the database beside it, under a name that tells its schema and when it was made. Whoever is killed
/// here leaves no file of such a name that is not whole.
fn back_up_beside(path: &Path, found: i64, now: Timestamp) -> Result<PathBuf> {
    let named = |suffix: String| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".schema-{found}-{}{suffix}.backup", now.unix()));
        PathBuf::from(name)
    };
    // A migration that was killed within this second has left one.
    let mut backup = named(String::new());
    let mut others = 2..;
    while backup.symlink_metadata().is_ok()
        && let Some(n) = others.next()
    {
        backup = named(format!("-{n}"));
    }
    // A connection of its own: the other one is inside the migration's transaction.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(path, flags).map_err(|e| why_not_opened(path, e))?;
    let lock_wait = Duration::from_secs(super::LOCK_WAIT_S);
    prepare_connection(&source, lock_wait)?;
    // The steps wait for nothing less than a backup that stays.
    let unsynced = write_backup(&source, &backup, lock_wait)?.unsynced;
    owner::give(&backup, path).map_err(|e| Error::Inaccessible { path: backup.clone(), reason: e.to_string() })?;
    match unsynced {
        Some(error) => Err(error),
        None => Ok(backup),
    }
}

/// Creates an empty 0600 file (and its folder, 0700) unless there is one; an existing file keeps its mode. What root makes
/// belongs to the owner of the folder it is made in: the account maildesk runs as could not open it otherwise. The
/// folders' names are synced here, the file's with the first commit.
fn make_private_file(path: &Path) -> Result<()> {
    let refused = |e: std::io::Error| Error::Inaccessible {
        path: path.to_owned(),
        reason: format!("{e}; choose another path with --db, or run as a user who may write there"),
    };
    if path.is_dir() {
        return Err(Error::Folder(path.to_owned()));
    }
    let made = owner::missing_folders(path);
    if let Some(folder) = path.parent() {
        private_file::create_folder(folder).map_err(refused)?;
    }
    for folder in made.iter().rev() {
        owner::give(folder, owner::folder_of(folder)).map_err(refused)?;
    }
    match private_file::create_new(path) {
        Ok(_) => owner::give(path, owner::folder_of(path)).map_err(refused),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            private_file::append(path).map(drop).map_err(refused)
        }
        Err(error) => Err(refused(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Window;
    use crate::domain::reason::Reason;
    use crate::store::receipt::Receipt;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn new_desk(path: &Path) {
        assert_eq!(create_or_migrate(path, &[7; 32], NOW).unwrap(), Migrated::Created);
    }

    #[test]
    fn init_twice_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/desk.db");
        new_desk(&path);
        let before = std::fs::read(&path).unwrap();
        assert_eq!(create_or_migrate(&path, &[8; 32], NOW).unwrap(), Migrated::Current);
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn database_is_private_to_its_owner() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/desk.db");
        new_desk(&path);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn newer_schema_is_refused_and_untouched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("desk.db");
        new_desk(&path);
        Connection::open(&path).unwrap().pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
        let refused = create_or_migrate(&path, &[7; 32], NOW).unwrap_err();
        assert!(refused.to_string().contains("newer maildesk"), "{refused}");
        assert!(matches!(super::super::Store::open(&path, Duration::ZERO), Err(Error::NewerSchema { .. })));
    }

    #[test]
    fn another_programs_database_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("other.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(create_or_migrate(&path, &[7; 32], NOW), Err(Error::NotADesk(_))));
    }

    /// Tables, indexes, triggers and columns by name, free of the text they were written with.
    fn shape(path: &Path) -> Vec<String> {
        let connection = Connection::open(path).unwrap();
        let mut statement = connection
            .prepare(
                "SELECT m.type || ' ' || m.name || ' ' || coalesce(c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' \
                 || coalesce(c.dflt_value, ''), '') FROM sqlite_schema AS m LEFT JOIN pragma_table_info(m.name) AS c \
                 ON m.type = 'table' ORDER BY 1",
            )
            .unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(|name| name.unwrap()).collect()
    }

    /// A desk of schema 1 with what `sql` puts into it.
    fn desk_of_schema_1(path: &Path, sql: &str) {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch(include_str!("../../tests/schemas/1.sql")).unwrap();
        connection.execute("INSERT INTO desk (id, secret, created_at) VALUES (1, zeroblob(32), 0)", []).unwrap();
        connection.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    #[test]
    fn migrated_desk_has_the_shape_of_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old.db"), dir.path().join("new.db"));
        desk_of_schema_1(&old, "");
        assert!(matches!(create_or_migrate(&old, &[7; 32], NOW).unwrap(), Migrated::Migrated { from: 1, .. }));
        new_desk(&new);
        assert_eq!(shape(&old), shape(&new));
    }

    #[test]
    fn texts_that_an_older_version_stored_for_reasons_become_words_and_read_as_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("old.db");
        let texts = Reason::ALL.iter().map(|reason| reason.in_full("7")).filter(|text| text != "7");
        let texts: Vec<String> = texts.chain(["something else 4%".to_owned()]).collect();
        let sql: Vec<String> = texts
            .iter()
            .enumerate()
            .map(|(n, text)| {
                format!(
                    "INSERT INTO receipt (key, received_at, state, reason, from_email, recipient, sender, subject, internet_id, \
                     bytes) VALUES (CAST(printf('%032d', {n}) AS BLOB), 0, 'dropped', '{text}', '', '', '', '', '', 0);"
                )
            })
            .collect();
        desk_of_schema_1(&path, &sql.concat());
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = super::super::Store::open(&path, Duration::ZERO).unwrap();
        let mut receipts = store.read(|tx| tx.receipts(None, 100)).unwrap();
        receipts.reverse();
        assert_eq!(receipts.iter().map(Receipt::why).collect::<Vec<_>>(), texts);
        let reasons: Vec<Reason> = receipts.iter().map(|receipt| receipt.reason).collect();
        assert_eq!(reasons, Reason::ALL, "the last one is of no version that is known");
        assert!(
            receipts
                .iter()
                .all(|receipt| { receipt.detail.is_empty() != matches!(receipt.reason, Reason::Copy | Reason::Other) })
        );
    }

    #[test]
    fn text_of_a_bounce_that_an_older_version_stored_gives_its_class() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("old.db");
        let mail = |id: i64, bounced_at: i64, error: &str| {
            format!(
                "INSERT INTO outbox (created_at, state, event, address_id, envelope_sender, recipient, internet_id, \
                 is_automatic, next_attempt_at, give_up_at, bounced_at, last_error) \
                 VALUES (0, 'failed', 'test', 1, '', 'ann@example.org', '{id}', 1, 0, 0, {bounced_at}, '{error}');"
            )
        };
        let mails = [mail(1, 5, "5.1.1 gone"), mail(2, 5, "4.2.2 full"), mail(3, 0, "550 no"), mail(4, 5, "")];
        desk_of_schema_1(&path, &mails.concat());
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = super::super::Store::open(&path, Duration::ZERO).unwrap();
        let ann = "ann@example.org".parse().unwrap();
        let within = Window { since: Timestamp::from_unix(0), until: NOW };
        assert_eq!(store.read(|tx| tx.hard_bounces(&ann, within)).unwrap(), 2);
    }

    #[test]
    fn html_that_an_older_version_stored_is_sanitised_again() {
        const EVIL: &str = "<a href=\"javascript:alert(1)\">x</a>";
        const CLEAN: &str = "<a>x</a>";
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("old.db");
        desk_of_schema_1(
            &path,
            &format!(
                "PRAGMA foreign_keys = OFF;
                 INSERT INTO ticket (id, department_id, customer_id, subject, status, created_at, last_update_at)
                     VALUES (1, 1, 1, 's', 1, 0, 0);
                 INSERT INTO message (id, ticket_id, created_at, author, body, is_html, mail_html) VALUES
                     (1, 1, 0, 0, '{EVIL}', 1, ''), (2, 1, 0, 0, '{EVIL}', 0, '{EVIL}'),
                     (9, 1, 0, 0, '<p>fine</p>', 1, '<p>fine</p>');
                 INSERT INTO canned_response (title, body, created_at, last_update_at) VALUES ('t', '{EVIL}', 0, 0);
                 INSERT INTO article (title, body, category_id, staff_id, created_at, last_update_at, views, is_public)
                     VALUES ('t', '{EVIL}', 0, 0, 0, 0, 0, 1);
                 INSERT INTO staff (username, fullname, email, role, registered_at, signature)
                     VALUES ('sam', 'Sam', 'sam@x.test', 2, 0, '{EVIL}');"
            ),
        );
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let connection = Connection::open(&path).unwrap();
        let texts = |sql: &str| -> Vec<String> {
            connection
                .prepare(sql)
                .unwrap()
                .query_map([], |row| row.get(0))
                .unwrap()
                .map(|text| text.unwrap())
                .collect()
        };
        assert_eq!(texts("SELECT body FROM message ORDER BY id"), [CLEAN, EVIL, "<p>fine</p>"], "plain text stays");
        let mail = "<a rel=\"noopener noreferrer nofollow\">x</a>";
        assert_eq!(texts("SELECT mail_html FROM message ORDER BY id"), ["", mail, "<p>fine</p>"]);
        for sql in ["SELECT body FROM canned_response", "SELECT body FROM article", "SELECT signature FROM staff"] {
            assert_eq!(texts(sql), [CLEAN], "{sql}");
        }
        let faults = "INSERT INTO search (search, rank) VALUES ('integrity-check', 1)";
        connection.execute_batch(faults).expect("the search index knows the new texts");
    }

    #[test]
    fn step_runs_after_a_backup_of_the_old_state() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("desk.db");
        new_desk(&path);
        let steps = [Step { to: SCHEMA_VERSION + 1, sql: "CREATE TABLE added (x INTEGER) STRICT", rows: None }];
        let plan = Plan { steps: &steps, target: SCHEMA_VERSION + 1 };
        let Migrated::Migrated { from, backup } = run_steps(&path, &[7; 32], NOW, plan).unwrap() else {
            panic!("no migration ran")
        };
        assert_eq!(from, SCHEMA_VERSION);
        let has = |path: &Path| {
            Connection::open(path)
                .unwrap()
                .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'added'", [], |row| row.get::<_, i64>(0))
                .unwrap()
        };
        assert_eq!((has(&path), has(&backup)), (1, 0));
    }

    #[test]
    fn broken_step_leaves_the_old_schema() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("desk.db");
        new_desk(&path);
        let steps = [Step {
            to: SCHEMA_VERSION + 1,
            sql: "CREATE TABLE added (x INTEGER) STRICT; SELECT nonsense",
            rows: None,
        }];
        let plan = Plan { steps: &steps, target: SCHEMA_VERSION + 1 };
        run_steps(&path, &[7; 32], NOW, plan).unwrap_err();
        super::super::Store::open(&path, Duration::ZERO).expect("the desk opens with the schema it had");
    }

    /// A step that takes long enough to be killed in.
    const LONG: [Step; 1] = [Step {
        to: SCHEMA_VERSION + 1,
        sql: "CREATE TABLE added (x INTEGER) STRICT; UPDATE customer SET fullname = fullname || '!'; \
              UPDATE customer SET fullname = fullname || '!'; INSERT INTO added VALUES (1)",
        rows: None,
    }];
    const PATH_NAME: &str = "MAILDESK_TEST_MIGRATION";

    #[test]
    #[ignore = "the process that killed_migration_leaves_the_old_or_the_new kills"]
    fn migration_to_be_killed() {
        let path = PathBuf::from(std::env::var_os(PATH_NAME).unwrap());
        run_steps(&path, &[7; 32], Timestamp::now(), Plan { steps: &LONG, target: SCHEMA_VERSION + 1 }).unwrap();
    }

    /// Schema, steps done, customers done and whether the file is sound.
    fn state(path: &Path) -> (i64, i64, i64, String) {
        let connection = Connection::open(path).unwrap();
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        (
            versions(&connection).unwrap().0,
            number("SELECT count(*) FROM sqlite_schema WHERE name = 'added'"),
            number("SELECT count(*) FROM customer WHERE fullname LIKE '%!!'"),
            connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).unwrap(),
        )
    }

    #[test]
    fn killed_migration_leaves_the_old_or_the_new() {
        const CUSTOMERS: i64 = 20_000;
        let dir = tempfile::tempdir().unwrap();
        let original = dir.path().join("original.db");
        new_desk(&original);
        Connection::open(&original)
            .unwrap()
            .execute_batch(&format!(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {CUSTOMERS}) \
                 INSERT INTO customer (fullname, email, registered_at) SELECT hex(randomblob(40)), i || '@x.test', 0 FROM n; \
                 PRAGMA wal_checkpoint(TRUNCATE)"
            ))
            .unwrap();
        let old = (SCHEMA_VERSION, 0, 0, "ok".to_owned());
        let new = (SCHEMA_VERSION + 1, 1, CUSTOMERS, "ok".to_owned());
        // Kills one after that part of the time it takes; says what is left and whether a whole backup is there.
        let run = |name: String, patience: Option<Duration>| {
            let folder = dir.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            let path = folder.join("desk.db");
            std::fs::copy(&original, &path).unwrap();
            let mut child = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "--ignored", "store::migrate::tests::migration_to_be_killed"])
                .env(PATH_NAME, &path)
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap();
            if let Some(patience) = patience {
                // No condition to wait for: any moment is a good one to be killed at.
                std::thread::sleep(patience);
                child.kill().ok();
            }
            child.wait().unwrap();
            let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            let backups: Vec<PathBuf> =
                entries.filter(|path| path.extension().is_some_and(|e| e == "backup")).collect();
            for backup in &backups {
                assert_eq!(state(backup), old, "a backup is whole and of the old state");
            }
            (state(&path), backups.len(), path)
        };
        let started = std::time::Instant::now();
        let (whole, backups, _) = run("whole".to_owned(), None);
        assert_eq!((whole, backups), (new.clone(), 1));
        let time = started.elapsed();
        for part in 1..=12 {
            let (found, backups, path) = run(part.to_string(), Some(time * part / 13));
            assert!(
                found == old || (found == new && backups == 1),
                "killed at {part}/13: {found:?}, {backups} backups"
            );
            // Whoever runs it again gets there.
            run_steps(&path, &[7; 32], NOW, Plan { steps: &LONG, target: SCHEMA_VERSION + 1 }).unwrap();
            assert_eq!(state(&path), new);
        }
    }

    #[test]
    fn two_migrations_at_once_are_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("desk.db");
        new_desk(&path);
        let migrate = || run_steps(&path, &[7; 32], NOW, Plan { steps: &LONG, target: SCHEMA_VERSION + 1 }).unwrap();
        let done = std::thread::scope(|scope| {
            let others: Vec<_> = (0..4).map(|_| scope.spawn(migrate)).collect();
            others.into_iter().map(|other| other.join().unwrap()).collect::<Vec<_>>()
        });
        let migrated = done.iter().filter(|done| matches!(done, Migrated::Migrated { .. })).count();
        assert_eq!((migrated, state(&path).1), (1, 1), "{done:?}");
    }
}
