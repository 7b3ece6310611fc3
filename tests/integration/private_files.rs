//! Every file and folder the program makes is its owner's alone, and imports read no file but those of the archive.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use rustix::fs::Mode;

use crate::desk::{Desk, SUPPORT, feed, mail};

/// The command with an umask that takes nothing away.
fn unmasked(command: &mut Command) -> &mut Command {
    // A shell in between: setting it in this process would hold for other tests.
    let program = command.get_program().to_owned();
    let args: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let mut shell = Command::new("/bin/sh");
    shell
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .args(["-c", "umask 000; exec \"$0\" \"$@\""])
        .arg(program)
        .args(args);
    *command = shell;
    command
}

/// Everything below a folder with its mode.
fn modes(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let about = fs::symlink_metadata(&path).expect("it is there");
        if about.is_dir() {
            found.extend(modes(&path));
        }
        found.push((path, about.permissions().mode() & 0o7777));
    }
    found
}

fn assert_private(folder: &Path) {
    for (path, mode) in modes(folder) {
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{}: {mode:o}", path.display());
    }
}

#[test]
fn whatever_the_umask_files_are_0600_and_folders_0700() {
    let desk = Desk::without_database();
    let place = desk.path("made");
    fs::create_dir(&place).expect("the folder is ours");
    let at = |name: &str| place.join(name).to_string_lossy().into_owned();
    let (db, log, out) = (at("data/deep/desk.db"), at("desk.log"), at("mails/out"));
    fs::write(desk.path("maildesk.toml"), format!("db = {db:?}\n[log]\ntarget = {log:?}\n")).expect("ours");
    fs::write(desk.path("dump.sql"), crate::import::DUMP).expect("ours");
    let run = |args: &[&str], stdin: &[u8]| {
        let mut command = desk.command();
        let done = feed(unmasked(command.args(args)), stdin);
        assert_eq!(done.status, 0, "{args:?}: {}", done.stderr);
    };
    let admin = |args: &[&str]| run(&[&["--json", "admin"], args].concat(), b"");
    admin(&["init"]);
    admin(&["import", "helpdeskz", &desk.path("dump.sql").to_string_lossy()]);
    admin(&["address", "add", SUPPORT, "--name", "Desk", "--department", "1", "--default", "--incoming", "pipe"]);
    admin(&["address", "update", SUPPORT, "--outgoing", "file", "--outgoing-dir", &out]);
    // A reader keeps the log and its index in place.
    let reader = Connection::open(&db).expect("the desk is there");
    reader.query_row("SELECT count(*) FROM ticket", [], |row| row.get::<_, i64>(0)).expect("it can be read");
    run(&["pipe", "--recipient", SUPPORT], mail("one", "Subject: Lamp\n", "Dark.").as_bytes());
    admin(&["ticket", "export", "200", "--dir", &at("ticket")]);
    admin(&["import", "helpdeskz", &desk.path("dump.sql").to_string_lossy(), "--dry-run"]);
    admin(&["backup", &at("desk.backup")]);
    admin(&["demo", "--once", "--dir", &at("demo/desk")]);
    assert_private(&place);
    let found: Vec<String> = modes(&place).iter().map(|(path, _)| path.display().to_string()).collect();
    for wanted in ["desk.db-wal", "desk.db-shm", "desk.log", "out/1.eml", "ticket.json", ".password", "desk.backup"] {
        assert!(found.iter().any(|path| path.ends_with(wanted)), "{wanted} was made: {found:#?}");
    }
}

#[test]
fn backup_of_a_migration_and_the_files_of_a_serve_are_private_too() {
    let desk = Desk::without_database();
    let place = desk.path("made");
    fs::create_dir(&place).expect("the folder is ours");
    let db = place.join("desk.db");
    let old = Connection::open(&db).expect("a new file");
    old.execute_batch(include_str!("../schemas/1.sql")).expect("the first schema");
    let marks = "INSERT INTO desk (id, secret, created_at) VALUES (1, zeroblob(32), 0); PRAGMA user_version = 1; \
                 PRAGMA application_id = 0x6d64736b";
    old.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).expect("as a desk is");
    old.execute_batch(marks).expect("the marks of a desk");
    drop(old);
    fs::set_permissions(&db, fs::Permissions::from_mode(0o600)).expect("ours");
    fs::write(desk.path("maildesk.toml"), format!("db = {db:?}\n")).expect("ours");
    let mut command = desk.command();
    let done = feed(unmasked(command.args(["admin", "init"])), b"");
    assert_eq!(done.status, 0, "{}", done.stderr);
    let mut command = desk.command();
    let mut serve = unmasked(command.args(["serve", "--listen", "127.0.0.1:0"]))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .process_group(0)
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let stdout = serve.stdout.take().expect("it is piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("it says where it listens");
    let found = modes(&place);
    serve.kill().expect("it runs");
    serve.wait().expect("it ran");
    assert_private(&place);
    assert!(line.starts_with("listening on "), "{line}");
    for wanted in [".backup", "-serve", "-wal"] {
        assert!(found.iter().any(|(path, _)| path.to_string_lossy().ends_with(wanted)), "{wanted}: {found:?}");
    }
    assert!(found.iter().all(|(_, mode)| *mode == 0o600), "{found:?}");
}

#[test]
fn links_and_pipes_in_a_maildir_are_named_and_not_read() {
    let desk = Desk::new();
    let (box_, secret) = (desk.path("Maildir"), desk.path("secret"));
    fs::write(&secret, mail("secret", "Subject: Top secret\n", "shadow")).expect("ours");
    fs::create_dir_all(box_.join("new")).expect("ours");
    fs::create_dir_all(box_.join("cur/folder")).expect("ours");
    fs::write(box_.join("cur/1700000000.a"), mail("good", "Subject: Good\n", "good")).expect("ours");
    symlink(&secret, box_.join("new/1700000001.b")).expect("ours");
    rustix::fs::mkfifoat(rustix::fs::CWD, box_.join("new/1700000002.c"), Mode::RUSR).expect("ours");
    // The folder itself was named by a person: that may be a link.
    symlink(&box_, desk.path("link")).expect("ours");
    let import = |dir: &str| desk.try_admin(&["import", "maildir", dir, "--address", SUPPORT]);
    let done = import("link");
    assert_eq!(done.status, 3, "{}", done.stderr);
    assert!(done.stdout.contains("\"opened\":1") && done.stdout.contains("\"failed\":2"), "{}", done.stdout);
    assert!(done.stderr.contains("new/1700000001.b: a symbolic link, which is not followed"), "{}", done.stderr);
    assert!(done.stderr.contains("new/1700000002.c: not a regular file"), "{}", done.stderr);
    assert!(!desk.admin(&["mail", "list"]).to_string().contains("secret"));

    fs::rename(box_.join("new"), desk.path("elsewhere")).expect("ours");
    symlink(desk.path("elsewhere"), box_.join("new")).expect("ours");
    let done = import("Maildir");
    assert_eq!(done.status, 1, "{}", done.stdout);
    assert!(done.stderr.contains("Maildir/new, which must be a folder"), "{}", done.stderr);
}

#[test]
fn archives_that_are_no_regular_files_are_refused_without_waiting() {
    let desk = Desk::new();
    fs::write(desk.path("mbox"), format!("From x Tue Feb  3 10:00:00 2026\n{}", mail("m", "Subject: Old\n", "Old.")))
        .expect("ours");
    symlink(desk.path("mbox"), desk.path("link")).expect("ours");
    rustix::fs::mkfifoat(rustix::fs::CWD, desk.path("pipe"), Mode::RUSR).expect("ours");
    for (kind, file) in
        [("mbox", "pipe"), ("mbox", "/dev/zero"), ("mbox", "."), ("helpdeskz", "pipe"), ("helpdeskz", ".")]
    {
        let done = desk.try_admin(&["import", kind, file]);
        assert_eq!(done.status, 1, "{kind} {file}: {}", done.stdout);
        assert!(done.stderr.contains("regular file"), "{kind} {file}: {}", done.stderr);
    }
    let done = desk.try_admin(&["import", "mbox", "link"]);
    assert_eq!(done.status, 0, "the person named the link: {}", done.stderr);
}
