//! What a power cut takes: everything that was not synced. The program runs on `tests/faults/unsynced.c`, which keeps what
//! a disk would hold, fails a sync or kills the program instead of it; then the power is cut. What was acknowledged before
//! must be there afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::client::{Server, TOKEN, eventually};
use crate::desk::{Desk, Done, SUPPORT, feed, mail};
use crate::imap_script::Script;
use crate::mta::skip;

/// The library, compiled once; `None` without a C compiler.
fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let compiled = LIBRARY.get_or_init(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("unsynced-{}.so", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/unsynced.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", source, "-o"]).arg(&library);
        match compiler.status() {
            Ok(status) => status.success().then_some(library),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => panic!("cc: {error}"),
        }
    });
    compiled.as_deref()
}

/// What the disk holds of the files below a folder.
struct Disk {
    root: PathBuf,
    kept: PathBuf,
    library: &'static Path,
}

impl Disk {
    /// Everything below `root` is on the disk to begin with. Says so and gives `None` where there is no compiler.
    fn below(root: PathBuf, desk: &Desk) -> Option<Self> {
        let Some(library) = library() else {
            skip("there is no cc");
            return None;
        };
        let disk = Self { root, kept: desk.path("disk"), library };
        disk.settle();
        Some(disk)
    }

    /// Whatever is there is on the disk.
    fn settle(&self) {
        for kind in ["disk", "dirty", "names"] {
            fs::remove_dir_all(self.kept.join(kind)).ok();
            fs::create_dir_all(self.kept.join(kind)).expect("the desk's folder is writable");
        }
        self.keep(&self.root);
    }

    fn keep(&self, folder: &Path) {
        let mut names = String::new();
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let inode = entry.metadata().expect("an entry").ino();
            names.push_str(&format!("{inode} {}\n", entry.file_name().display()));
            if entry.path().is_dir() {
                self.keep(&entry.path());
            } else {
                fs::copy(entry.path(), self.file("disk", inode)).expect("a readable file");
            }
        }
        fs::write(self.file("names", inode_of(folder)), names).expect("a writable folder");
    }

    fn file(&self, kind: &str, inode: u64) -> PathBuf {
        self.kept.join(kind).join(inode.to_string())
    }

    /// Makes a command run on this disk.
    fn under<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("LD_PRELOAD", self.library).env("UNSYNCED_ROOT", &self.root).env("UNSYNCED_DISK", &self.kept)
    }

    /// What happens at a sync: see `tests/faults/unsynced.c`.
    fn plan(&self, plan: &str) {
        fs::write(self.kept.join("plan"), plan).expect("a writable folder");
    }

    fn end_plan(&self) {
        fs::remove_file(self.kept.join("plan")).ok();
    }

    /// Whether what was planned has happened, once.
    fn is_plan_done(&self) -> bool {
        !self.kept.join("plan").exists()
    }

    /// Leaves of the files what the disk holds.
    fn cut_power(&self) {
        self.end_plan();
        self.cut(&self.root);
        self.settle();
    }

    fn cut(&self, folder: &Path) {
        let names = fs::read_to_string(self.file("names", inode_of(folder))).unwrap_or_default();
        let kept: BTreeMap<&str, u64> = names
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(inode, name)| (name, inode.parse().expect("a number")))
            .collect();
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            match (path.is_dir(), kept.contains_key(name.as_str())) {
                (true, true) => self.cut(&path),
                (true, false) => fs::remove_dir_all(path).expect("a removable folder"),
                (false, _) => fs::remove_file(path).expect("a removable file"),
            }
        }
        for (name, inode) in kept {
            if !folder.join(name).is_dir() {
                let bytes = fs::read(self.file("disk", inode)).unwrap_or_default();
                fs::write(folder.join(name), bytes).expect("a writable folder");
            }
        }
    }

    fn pipe(&self, desk: &Desk, mail: &str) -> Done {
        let mut command = desk.command();
        feed(self.under(&mut command).args(["pipe", "--recipient", SUPPORT]), mail.as_bytes())
    }

    fn admin(&self, desk: &Desk, args: &[&str]) -> Done {
        let mut command = desk.command();
        feed(self.under(&mut command).arg("admin").args(args), b"")
    }
}

fn inode_of(path: &Path) -> u64 {
    fs::metadata(path).expect("it is there").ino()
}

fn small(id: &str) -> String {
    mail(id, &format!("Subject: {id}\n"), "It burns.")
}

/// The Message-IDs on record, after the database was looked through.
fn on_record(desk: &Desk) -> Vec<String> {
    desk.admin(&["check"]);
    let mails = desk.admin(&["mail", "list"]);
    let ids = mails.as_array().expect("a list").iter().map(|mail| mail["message_id"].to_string());
    let mut ids: Vec<String> = ids.map(|id| id.trim_matches(['"', '<', '>']).replace("@client.test", "")).collect();
    ids.sort();
    ids
}

#[test]
fn what_is_not_synced_is_gone() {
    let desk = Desk::in_file();
    let Some(disk) = Disk::below(desk.path("data"), &desk) else { return };
    assert_eq!(disk.pipe(&desk, &small("kept")).status, 0);
    disk.plan("kill -wal 0");
    assert_eq!(disk.pipe(&desk, &small("lost")).status, -9);
    disk.cut_power();
    assert_eq!(on_record(&desk), ["kept"]);
}

#[test]
fn mail_of_a_pipe_that_was_killed_before_its_sync_is_on_the_disk_before_it_is_called_known() {
    let desk = Desk::in_file();
    let Some(disk) = Disk::below(desk.path("data"), &desk) else { return };
    disk.plan("kill -wal 0");
    assert_eq!(disk.pipe(&desk, &small("a")).status, -9);
    let again = disk.pipe(&desk, &small("a"));
    assert_eq!(again.parts(), (0, "", ""), "{}", desk.log());
    assert!(desk.log().contains("decision=duplicate"), "{}", desk.log());
    disk.cut_power();
    assert_eq!(on_record(&desk), ["a"]);
}

#[test]
fn known_mail_is_not_acknowledged_while_the_disk_fails() {
    let desk = Desk::in_file();
    let Some(disk) = Disk::below(desk.path("data"), &desk) else { return };
    disk.plan("kill -wal 0");
    assert_eq!(disk.pipe(&desk, &small("a")).status, -9);
    disk.plan("eio-always -wal 0");
    assert_eq!(disk.pipe(&desk, &small("a")).status, 75);
    disk.cut_power();
    assert_eq!(disk.pipe(&desk, &small("a")).status, 0);
    disk.cut_power();
    assert_eq!(on_record(&desk), ["a"]);
}

#[test]
fn mail_whose_sync_failed_is_not_on_record_and_hides_no_later_one() {
    let desk = Desk::in_file();
    let Some(disk) = Disk::below(desk.path("data"), &desk) else { return };
    disk.plan("eio -wal 0");
    assert_eq!(disk.pipe(&desk, &small("failed")).status, 75);
    assert!(disk.is_plan_done());
    assert_eq!(on_record(&desk), [""; 0], "no ghost of it");
    assert_eq!(disk.pipe(&desk, &small("later")).status, 0);
    disk.cut_power();
    assert_eq!(on_record(&desk), ["later"]);
    assert_eq!(disk.pipe(&desk, &small("failed")).status, 0);
    disk.cut_power();
    assert_eq!(on_record(&desk), ["failed", "later"]);
}

#[test]
fn what_a_failing_disk_left_behind_is_cleared_by_whoever_comes_next() {
    for next in ["failed", "later"] {
        let desk = Desk::in_file();
        let Some(disk) = Disk::below(desk.path("data"), &desk) else { return };
        disk.plan("eio-always -wal 0");
        assert_eq!(disk.pipe(&desk, &small("failed")).status, 75);
        assert!(desk.path("data/maildesk.db-doubt").exists());
        disk.end_plan();
        assert_eq!(disk.pipe(&desk, &small(next)).status, 0, "{}", desk.log());
        assert!(!desk.path("data/maildesk.db-doubt").exists());
        disk.cut_power();
        assert!(on_record(&desk).contains(&next.to_owned()), "{next}: {:?}", on_record(&desk));
    }
}

/// Somebody who reads without an end, as Litestream does.
fn reader(desk: &Desk) -> rusqlite::Connection {
    let reader = desk.sqlite();
    // It would copy the log when it is the last one to leave, past the disk that is watched.
    reader.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).expect("a known option");
    reader.execute_batch("BEGIN; SELECT count(*) FROM department").expect("a desk");
    reader
}

#[test]
fn known_mail_is_made_sure_of_while_somebody_reads_without_an_end() {
    let desk = Desk::in_file();
    let Some(disk) = Disk::below(desk.path("data"), &desk) else { return };
    disk.plan("kill -wal 0");
    assert_eq!(disk.pipe(&desk, &small("a")).status, -9);
    let reader = reader(&desk);
    let again = disk.pipe(&desk, &small("a"));
    assert_eq!(again.parts(), (0, "", ""), "{}", desk.log());
    assert!(desk.log().contains("decision=duplicate"), "{}", desk.log());
    drop(reader);
    disk.cut_power();
    assert_eq!(on_record(&desk), ["a"]);
}

#[test]
fn failed_commit_is_taken_back_while_somebody_reads_without_an_end() {
    for fault in ["eio -wal 0", "eio-always -wal 0"] {
        let desk = Desk::in_file();
        let Some(disk) = Disk::below(desk.path("data"), &desk) else { return };
        assert_eq!(disk.pipe(&desk, &small("kept")).status, 0);
        let reader = reader(&desk);
        disk.plan(fault);
        assert_eq!(disk.pipe(&desk, &small("failed")).status, 75);
        disk.end_plan();
        assert_eq!(desk.path("data/maildesk.db-doubt").exists(), fault.contains("always"), "{fault}");
        // With the last of them gone the next process reads the log anew, and would find what failed.
        drop(reader);
        let listed = disk.admin(&desk, &["mail", "list"]);
        assert!(listed.stdout.contains("kept") && !listed.stdout.contains("failed"), "{fault}: {listed:?}");
        let reader = self::reader(&desk);
        assert_eq!(disk.pipe(&desk, &small("later")).status, 0, "{}", desk.log());
        drop(reader);
        disk.cut_power();
        assert_eq!(on_record(&desk), ["kept", "later"], "{fault}");
    }
}

/// `serve` on the disk, with its one write that no request asked for (when the token was used) behind it.
fn serve(disk: &Disk, desk: &Desk) -> Server {
    let mut command = desk.command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--no-jobs"]).stdin(Stdio::null());
    let server = Server::spawn(disk.under(&mut command));
    assert_eq!(server.get("/api/users").status, 200);
    let used = "SELECT count(*) FROM token WHERE last_used_at > 0";
    let is_noted = || desk.sqlite().query_row(used, [], |row| row.get::<_, i64>(0)).is_ok_and(|found| found > 0);
    assert!(eventually(is_noted));
    server
}

#[test]
fn answer_of_a_serve_that_was_killed_before_its_sync_is_on_the_disk_before_it_is_given_again() {
    const FORM: &str = "fullname=Ann+Ode&email=ann%40client.test&password=Secret123";
    let desk = Desk::in_file();
    desk.admin(&["token", "add", "full", "--all", "--value", TOKEN]);
    let Some(disk) = Disk::below(desk.path("data"), &desk) else { return };
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Idempotency-Key", "one")];
    let create = |server: &Server| server.ask("POST", "/api/users/create", &headers, FORM.as_bytes());
    let mut killed = serve(&disk, &desk);
    disk.plan("kill -wal 0");
    assert_eq!((create(&killed).status, killed.wait()), (0, None));
    let server = serve_again(&disk, &desk);
    let answer = create(&server);
    assert_eq!((answer.status, answer.header("Idempotency-Replayed")), (200, Some("true")), "{answer:?}");
    drop(server);
    disk.cut_power();
    let users = desk.admin(&["user", "list"]).to_string();
    assert!(users.contains("ann@client.test"), "{users}");
}

/// Without a request before the one that counts.
fn serve_again(disk: &Disk, desk: &Desk) -> Server {
    let mut command = desk.command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--no-jobs"]).stdin(Stdio::null());
    Server::spawn(disk.under(&mut command))
}

#[test]
fn mail_is_deleted_from_a_mailbox_only_when_it_is_on_the_disk() {
    // The first sync is that of the folder's row, the second the mail's.
    for fault in ["kill -wal 1", "eio -wal 1", "eio-always -wal 1"] {
        let script = Script::plain(&[1], "UIDPLUS");
        let desk = script.desk_in_file(&["--imap-after", "delete"]);
        let Some(disk) = Disk::below(desk.path("data"), &desk) else { return };
        let fetch = || {
            let mut command = desk.command();
            feed(disk.under(&mut command).arg("imap-fetch"), b"").status
        };
        disk.plan(fault);
        assert_ne!(fetch(), 0, "{fault}");
        disk.end_plan();
        assert_eq!(script.mails("INBOX").len(), 1, "{fault}");
        assert_eq!(fetch(), 0, "{fault}: {}", desk.log());
        assert_eq!(script.mails("INBOX"), [], "{fault}");
        disk.cut_power();
        assert_eq!(on_record(&desk), ["script-1"], "{fault}");
    }
}

#[test]
fn restore_that_failed_did_not_happen() {
    let desk = Desk::in_file();
    let backup = desk.path("one.db").display().to_string();
    desk.admin(&["backup", &backup]);
    desk.deliver(small("after"));
    let Some(disk) = Disk::below(desk.path("data"), &desk) else { return };
    disk.plan("eio -wal 0");
    let done = disk.admin(&desk, &["restore", &backup, "--yes"]);
    assert_eq!(done.status, 1, "{done:?}");
    assert!(disk.is_plan_done());
    assert_eq!(on_record(&desk), ["after"]);
    disk.cut_power();
    assert_eq!(on_record(&desk), ["after"]);
    disk.plan("eio-always -wal 0");
    let done = disk.admin(&desk, &["restore", &backup, "--yes"]);
    assert!(done.status == 1 && done.stderr.contains("it is not known whether the change took effect"), "{done:?}");
    disk.cut_power();
    assert_eq!(disk.admin(&desk, &["restore", &backup, "--yes"]).status, 0);
    disk.cut_power();
    assert_eq!(on_record(&desk), [""; 0]);
}

#[test]
fn restore_and_backup_that_are_complete_are_no_failure_when_the_folder_cannot_be_synced() {
    let desk = Desk::in_file();
    let Some(disk) = Disk::below(desk.path("data"), &desk) else { return };
    let backup = desk.path("data/one.db").display().to_string();
    disk.plan("eio-always /data 0");
    let done = disk.admin(&desk, &["backup", &backup]);
    assert!(done.status == 0 && done.stderr.contains("a power cut now could undo it"), "{done:?}");
    let other = desk.path("data/other.db");
    let mut command = desk.command();
    command.arg("--db").arg(&other).args(["admin", "restore", &backup, "--yes"]);
    let done = feed(disk.under(&mut command), b"");
    assert!(done.status == 0 && done.stderr.contains("a power cut now could undo it"), "{done:?}");
    assert_eq!(feed(desk.command().arg("--db").arg(&other).args(["admin", "check"]), b"").status, 0);
}

#[test]
fn backup_is_made_where_hard_links_are_not_allowed() {
    let desk = Desk::in_file();
    fs::create_dir(desk.path("backups")).expect("a writable folder");
    let Some(disk) = Disk::below(desk.path("backups"), &desk) else { return };
    fs::write(desk.path("disk/nolink"), "").expect("a writable folder");
    let backup = desk.path("backups/one.db").display().to_string();
    let done = disk.admin(&desk, &["backup", &backup]);
    assert_eq!((done.status, done.stderr.as_str()), (0, ""));
    assert_eq!(fs::read_dir(desk.path("backups")).expect("a folder").count(), 1);
    disk.cut_power();
    assert_eq!(desk.try_admin(&["restore", &backup, "--yes"]).status, 0);
    assert_eq!(disk.admin(&desk, &["backup", &backup]).status, 1, "it overwrites nothing");
}

#[test]
fn desk_in_folders_that_init_made_survives() {
    let desk = Desk::without_database();
    fs::create_dir(desk.path("var")).expect("a writable folder");
    let Some(disk) = Disk::below(desk.path("var"), &desk) else { return };
    let db = desk.path("var/lib/maildesk/desk.db");
    let admin = |command: &str| {
        let mut program = desk.command();
        program.arg("--db").arg(&db).args(["admin", command]);
        feed(disk.under(&mut program), b"")
    };
    assert_eq!(admin("init").status, 0);
    disk.cut_power();
    let done = admin("check");
    assert_eq!(done.status, 0, "{}", done.stderr);
}

#[test]
fn desk_is_unready_while_its_disk_fails() {
    let desk = Desk::in_file();
    desk.admin(&["token", "add", "full", "--all", "--value", TOKEN]);
    let Some(disk) = Disk::below(desk.path("data"), &desk) else { return };
    disk.plan("eio-always -wal 0");
    let server = serve_again(&disk, &desk);
    let answer = server.get("/readyz");
    assert_eq!(answer.status, 503, "{answer:?}");
    drop(server);
    disk.cut_power();
    let server = serve_again(&disk, &desk);
    assert_eq!([server.get("/readyz").status, server.get("/readyz").status], [200; 2]);
    let probes = desk.sqlite().query_row("SELECT probes FROM desk", [], |row| row.get::<_, i64>(0));
    assert_eq!(probes.expect("the desk is there"), 1, "at most one look in five seconds");
}
