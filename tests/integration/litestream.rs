//! Litestream follows a desk that takes in mail: what it restores is a sound desk, none of its tables is in our way, and
//! `admin doctor` says how old the replica is.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::Value;

use crate::client::{Server, eventually};
use crate::desk::{Desk, Done, SUPPORT, feed, mail};
use crate::mta::skip;

/// Where `tests/run` puts the program, relative to the target folder; else it may be on the PATH.
fn program() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_BIN_EXE_maildesk")).parent()?.parent()?;
    let places = [target.join("litestream/bin"), PathBuf::from("/usr/local/bin"), PathBuf::from("/usr/bin")];
    let found = places.into_iter().map(|folder| folder.join("litestream")).find(|path| path.exists());
    if found.is_none() {
        skip("Litestream is not installed (tests/run does it)");
    }
    found
}

/// Litestream following a desk; killed when dropped.
struct Litestream<'a> {
    program: PathBuf,
    desk: &'a Desk,
    child: Child,
}

impl<'a> Litestream<'a> {
    fn follow(program: &Path, desk: &'a Desk) -> Self {
        let (db, replica, config) = (desk.db(), desk.path("replica"), desk.path("litestream.yml"));
        let text = format!(
            "dbs:\n  - path: {}\n    replica:\n      type: file\n      path: {}\n      sync-interval: 100ms\n",
            db.display(),
            replica.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(program);
        command.args(["replicate", "-config"]).arg(&config);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let followed = Self { program: program.to_owned(), desk, child };
        assert!(eventually(|| followed.try_restore("first.db").status == 0), "Litestream begins");
        followed
    }

    fn try_restore(&self, name: &str) -> Done {
        let mut command = Command::new(&self.program);
        command.args(["restore", "-force", "-config"]).arg(self.desk.path("litestream.yml"));
        feed(command.arg("-o").arg(self.desk.path(name)).arg(self.desk.db()), b"")
    }

    fn restore(&self, name: &str) -> PathBuf {
        let done = self.try_restore(name);
        assert_eq!(done.status, 0, "{}", done.stderr);
        self.desk.path(name)
    }

    /// What doctor says of the replica: level and text.
    fn doctor(&self) -> (String, String) {
        let path = format!("{}:/usr/bin:/bin", self.program.parent().unwrap().display());
        let mut command = self.desk.command();
        command.env("PATH", path).env("LITESTREAM_CONFIG", self.desk.path("litestream.yml"));
        let done = feed(command.args(["--json", "admin", "doctor"]), b"");
        let report: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"));
        let found = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "replica");
        let found = found.unwrap_or_else(|| panic!("nothing of a replica: {report}"));
        (found["level"].as_str().unwrap().to_owned(), found["message"].as_str().unwrap().to_owned())
    }
}

impl Drop for Litestream<'_> {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Every row of every table but Litestream's own, and those of the search index as they are stored.
fn rows(path: &Path) -> BTreeMap<String, Vec<Vec<Cell>>> {
    let connection = Connection::open(path).unwrap();
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '!_litestream!_%' ESCAPE '!' AND sql \
                 NOT LIKE 'CREATE VIRTUAL%'";
    let mut statement = connection.prepare(names).unwrap();
    let names: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let table = |name: &String| {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = statement.column_count();
        let read = |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect();
        statement.query_map([], read).unwrap().map(Result::unwrap).collect::<Vec<Vec<Cell>>>()
    };
    names.iter().map(|name| (name.clone(), table(name))).collect()
}

/// Whether `admin check` finds nothing wrong with a database.
fn is_sound(desk: &Desk, path: &Path) -> bool {
    let done = feed(desk.command().arg("--db").arg(path).args(["admin", "check"]), b"");
    done.status == 0 || panic!("{}{}", done.stdout, done.stderr)
}

fn message(number: usize) -> String {
    let attachment = "QUJD".repeat(if number.is_multiple_of(5) { 50_000 } else { 10 });
    let head = "Subject: Printer\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n";
    let text = format!(
        "--b\n\nIt burns, {number}.\n--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; \
         filename=a{number}.bin\nContent-Transfer-Encoding: base64\n\n{attachment}\n--b--"
    );
    mail(&format!("m{number}"), head, &text)
}

#[test]
fn restore_in_the_middle_of_the_mail_is_a_sound_desk_and_the_last_one_is_equal() {
    const MAILS: usize = 60;
    let Some(program) = program() else { return };
    let desk = Desk::in_file();
    let litestream = Litestream::follow(&program, &desk);
    let restored: Vec<PathBuf> = std::thread::scope(|scope| {
        let writers = [0, 1].map(|half| {
            let desk = &desk;
            scope.spawn(move || (half..MAILS).step_by(2).for_each(|number| desk.deliver(message(number))))
        });
        let mut restored = Vec::new();
        while !writers.iter().all(|writer| writer.is_finished()) {
            restored.push(litestream.restore(&format!("during{}.db", restored.len())));
        }
        restored
    });
    assert!(restored.len() > 1, "at least one restore in the middle");
    let whole = rows(&desk.db());
    assert_eq!(whole["receipt"].len(), MAILS);
    for path in &restored {
        assert!(is_sound(&desk, path));
        let part = rows(path);
        let mails = part["receipt"].len();
        // What is there is what was there first, whole mails and nothing else.
        assert_eq!(part["receipt"], whole["receipt"][..mails]);
        assert_eq!((part["message"].len(), part["raw_mail"].len()), (mails, mails));
    }

    // The last change is there a moment later.
    let same = || rows(&litestream.restore("last.db")) == rows(&desk.db());
    assert!(eventually(same), "the replica catches up");
    let last = desk.path("last.db");
    assert!(is_sound(&desk, &last) && is_sound(&desk, &desk.db()));
    // It goes on where the first one ended: a mail on record is known, and search finds what was found.
    let again = |number| {
        feed(desk.command().arg("--db").arg(&last).args(["pipe", "--recipient", SUPPORT]), message(number).as_bytes())
    };
    assert_eq!((again(1).parts(), again(MAILS).parts()), ((0, "", ""), (0, "", "")));
    let count = |sql: &str| Connection::open(&last).unwrap().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM receipt"), MAILS as i64 + 1);
}

#[test]
fn doctor_tells_the_age_of_the_replica() {
    let Some(program) = program() else { return };
    let desk = Desk::in_file();
    let server = Server::start(&desk);
    let litestream = Litestream::follow(&program, &desk);
    desk.deliver(message(1));
    let is_ok = || litestream.doctor().0 == "OK";
    assert!(eventually(is_ok), "{:?}", litestream.doctor());
    assert!(litestream.doctor().1.contains("every change"), "{:?}", litestream.doctor());
    server.signal("KILL");
    let mut stopped = litestream;
    stopped.child.kill().unwrap();
    stopped.child.wait().unwrap();
    let wal = desk.path("data/maildesk.db-wal");
    let changed = |ago: i64| {
        // As if the last change had been made that much later.
        #[allow(clippy::disallowed_methods)] // the file system's clock
        let later = SystemTime::now() + Duration::from_secs(ago.unsigned_abs());
        std::fs::File::options().append(true).open(&wal).unwrap().set_modified(later).unwrap();
    };
    changed(300);
    assert_eq!(stopped.doctor().0, "WARN", "{:?}", stopped.doctor());
    changed(3600);
    let (level, text) = stopped.doctor();
    assert!(level == "FAIL" && text.contains("behind"), "{level} {text}");
    std::fs::remove_dir_all(desk.path("replica")).unwrap();
    let (level, text) = stopped.doctor();
    assert!(level == "WARN" && text.contains("cannot say"), "{level} {text}");
}

#[test]
fn desk_that_is_followed_can_be_backed_up_restored_and_migrated() {
    let Some(program) = program() else { return };
    let desk = Desk::without_database();
    // A desk of an older release, with Litestream's tables in it.
    let old = desk.db();
    std::fs::create_dir(old.parent().unwrap()).unwrap();
    let connection = Connection::open(&old).unwrap();
    connection.execute_batch(include_str!("../schemas/1.sql")).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = wal; INSERT INTO desk (id, secret, created_at) VALUES (1, zeroblob(32), 1); \
             INSERT INTO department (id, position, name) VALUES (1, 1, 'General'); PRAGMA user_version = 1; \
             PRAGMA application_id = 0x6d64736b",
        )
        .unwrap();
    drop(connection);
    let litestream = Litestream::follow(&program, &desk);
    desk.admin(&["init"]);
    desk.admin(&["address", "add", SUPPORT, "--name", "Desk", "--department", "1", "--default", "--incoming", "pipe"]);
    desk.deliver(message(1));
    let backup = desk.path("backup.db").display().to_string();
    desk.admin(&["backup", &backup]);
    desk.deliver(message(2));
    desk.admin(&["restore", &backup, "--yes"]);
    desk.deliver(message(3));
    assert_eq!(desk.count("mails_received"), 2);
    let same = || litestream.try_restore("after.db").status == 0 && rows(&desk.path("after.db")) == rows(&desk.db());
    assert!(eventually(same), "Litestream follows the migration and the restore");
    assert!(is_sound(&desk, &desk.path("after.db")) && is_sound(&desk, &desk.db()));
}

#[test]
fn known_mail_and_a_log_in_doubt_wait_for_nobody_who_follows() {
    let Some(program) = program() else { return };
    let desk = Desk::in_file();
    let _followed = Litestream::follow(&program, &desk);
    desk.deliver(message(1));
    for _ in 0..3 {
        let again = desk.pipe(message(1), &["--recipient", SUPPORT]);
        assert_eq!(again.parts(), (0, "", ""), "{}", desk.log());
    }
    let mark = desk.path("data/maildesk.db-doubt");
    std::fs::write(&mark, "").unwrap();
    assert_eq!(desk.pipe(message(2), &["--recipient", SUPPORT]).parts(), (0, "", ""), "{}", desk.log());
    assert!(!mark.exists());
    assert_eq!(desk.admin(&["stats"])["messages"], 2);
}
