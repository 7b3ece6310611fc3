//! The exit table of `maildesk pipe`, each line of it provoked with the real program: 0, 67, 75 and 77 and nothing else,
//! one line on stderr or none, nothing on stdout, and log lines that no mail can forge.

mod log;
mod refusals;
mod syncs;
mod terminal;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::desk::{Desk, Done, SUPPORT, feed, is_on_server, mail, mode, write_all};
use crate::mta::{account, is_root, skip};

/// What an MTA is told whatever went wrong here.
pub(crate) const TRY_AGAIN: &str = "4.3.0 the mail could not be stored now and will be tried again\n";

/// An account that owns nothing of the desk.
const STRANGER: &str = "nobody";

fn small() -> String {
    mail("small", "Subject: Printer on fire\n", "It burns.")
}

/// The mail was kept back: 75 and the one line.
fn assert_try_again(done: &Done, what: &str) {
    assert_eq!(done.parts(), (75, "", TRY_AGAIN), "{what}");
}

/// The mail was taken: 0 and silence.
pub(crate) fn assert_taken(done: &Done, what: &str) {
    assert_eq!(done.parts(), (0, "", ""), "{what}");
}

#[test]
fn mistakes_on_the_command_line_defer() {
    let desk = Desk::new();
    let lines: &[&[&str]] = &[
        &["pipe", "--wrong"],
        &["--wrong", "pipe"],
        &["-Z", "pipe"],
        &["pipe", "surplus"],
        &["pipe", "--recipient"],
        &["pipe", "--recipient", SUPPORT, "--sender"],
        &["pipe", "--dry-run=maybe"],
        &["--quiet", "--verbose", "pipe"],
        &["pipe", "--db"],
        &["--db", "x.db", "--db", "y.db", "pipe"],
        &["--json=1", "pipe"],
        &["pipe", "--", "--recipient"],
        &["pipe", "pipe"],
    ];
    for line in lines {
        let done = feed(desk.program().args(*line), small().as_bytes());
        assert_try_again(&done, &format!("{line:?}"));
    }
    assert_eq!(desk.count("mails_received"), 0);
}

#[test]
fn help_asked_for_by_an_mtas_line_keeps_the_mail() {
    let desk = Desk::new();
    for flag in ["--help", "-h", "--version", "-V"] {
        assert_try_again(&feed(desk.program().args(["pipe", flag]), small().as_bytes()), flag);
    }
    let asked = feed(desk.program().args(["pipe", "--help"]), b"");
    assert_eq!((asked.status, asked.stderr.as_str()), (0, ""));
    assert!(asked.stdout.contains("--recipient"), "{}", asked.stdout);
}

#[test]
fn broken_configuration_defers() {
    let desk = Desk::new();
    let texts: &[(&str, &[u8])] = &[
        ("unknown key", b"database = \"x\"\n"),
        ("unknown table", b"[limit]\n"),
        ("wrong type", b"[limits]\nlock_wait_s = \"long\"\n"),
        ("negative limit", b"[limits]\nraw_bytes_max = -1\n"),
        ("limit of no sense", b"[limits]\nraw_bytes_max = 50\n"),
        ("deadline of no time", b"[limits]\npipe_deadline_s = 0\n"),
        ("broken syntax", b"db = \n"),
        ("no text", b"\xff\xfe\x00"),
    ];
    for (what, text) in texts {
        fs::write(desk.path("broken.toml"), text).expect("the folder is writable");
        let mut command = desk.program();
        let done = feed(command.arg("--config").arg(desk.path("broken.toml")).arg("pipe"), small().as_bytes());
        assert_try_again(&done, what);
        let mut command = desk.program();
        let done = feed(command.env("MAILDESK_CONFIG", desk.path("broken.toml")).arg("pipe"), small().as_bytes());
        assert_try_again(&done, what);
    }
}

#[test]
fn configuration_that_is_named_but_not_there_defers() {
    let desk = Desk::new();
    for path in [desk.path("missing.toml"), desk.path(""), PathBuf::from("/dev/null/x")] {
        let done = feed(desk.program().arg("--config").arg(&path).arg("pipe"), small().as_bytes());
        assert_try_again(&done, &path.display().to_string());
    }
}

#[test]
fn database_that_is_missing_or_no_desk_defers() {
    let desk = Desk::new();
    fs::write(desk.path("empty.db"), b"").expect("the folder is writable");
    fs::write(desk.path("text.db"), "this is no database\n".repeat(500)).expect("the folder is writable");
    let other = Connection::open(desk.path("other.db")).expect("a new database");
    other.execute_batch("CREATE TABLE ticket (id INTEGER)").expect("a new table");
    drop(other);
    for name in ["missing.db", "missing/folder/x.db", "", "empty.db", "text.db", "other.db"] {
        let done = feed(desk.command().arg("--db").arg(desk.path(name)).arg("pipe"), small().as_bytes());
        assert_try_again(&done, name);
    }
    assert!(!desk.path("missing.db").exists(), "pipe makes no database");
    assert_eq!(fs::read(desk.path("empty.db")).expect("it is there"), b"", "pipe makes no desk of an empty file");
}

#[test]
fn schema_of_a_newer_or_older_program_defers_and_stays_untouched() {
    let desk = Desk::in_file();
    let version = |sql: &str| desk.sqlite().query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a number");
    let current = version("PRAGMA user_version");
    for found in [current + 1, 9999, current - 1] {
        desk.sqlite().execute_batch(&format!("PRAGMA user_version = {found}")).expect("the database is writable");
        assert_try_again(&desk.pipe(small(), &[]), &format!("schema {found}"));
        assert_eq!(version("PRAGMA user_version"), found);
        assert_eq!(version("SELECT count(*) FROM receipt"), 0);
    }
    desk.sqlite().execute_batch(&format!("PRAGMA user_version = {current}")).expect("the database is writable");
    assert_taken(&desk.pipe(small(), &[]), "the schema we know");
}

#[test]
fn damaged_database_defers() {
    let desk = Desk::in_file();
    for index in 0..40 {
        desk.deliver(mail(&format!("filler{index}"), "Subject: filler\n", &"x".repeat(2000)));
    }
    desk.sqlite().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("nobody reads");
    let mut bytes = fs::read(desk.db()).expect("the database is there");
    // The first page stays, so that it still looks like a desk.
    bytes[4096..].fill(0x5a);
    fs::write(desk.path("damaged.db"), &bytes).expect("the folder is writable");
    let done = feed(desk.command().arg("--db").arg(desk.path("damaged.db")).arg("pipe"), small().as_bytes());
    assert_try_again(&done, "damaged pages");
    fs::write(desk.path("short.db"), &bytes[..6000]).expect("the folder is writable");
    let done = feed(desk.command().arg("--db").arg(desk.path("short.db")).arg("pipe"), small().as_bytes());
    assert_try_again(&done, "cut short");
}

#[test]
fn locked_database_defers_and_the_next_try_delivers() {
    let desk = Desk::new();
    desk.configure("lock_wait_s = 1");
    let lock = desk.lock();
    let started = Instant::now();
    assert_try_again(&desk.pipe(small(), &[]), "locked");
    assert!(started.elapsed() < Duration::from_secs(8), "waited {:?}", started.elapsed());
    assert!(desk.log().contains("locked by another process"), "{}", desk.log());
    drop(lock);
    assert_taken(&desk.pipe(small(), &[]), "unlocked");
    assert_eq!(desk.count("messages"), 1);
}

#[test]
fn lock_that_is_given_back_in_time_delays_and_does_not_defer() {
    let desk = Desk::new();
    desk.configure("lock_wait_s = 20");
    let lock = desk.lock();
    let mut child = desk.command().arg("pipe").stdin(Stdio::piped()).spawn().expect("the binary starts");
    write_all(&mut child, small().as_bytes());
    // The child is known to wait once it has the database open.
    let fds = PathBuf::from(format!("/proc/{}/fd", child.id()));
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let has_database_open = || {
        if is_on_server() {
            return desk.outside().number(waits) > 0;
        }
        let links = fs::read_dir(&fds).into_iter().flatten().flatten();
        links.filter_map(|link| fs::read_link(link.path()).ok()).any(|file| file == desk.db())
    };
    let started = Instant::now();
    while !has_database_open() {
        assert!(started.elapsed() < Duration::from_secs(20), "the database is never opened");
        std::thread::yield_now();
    }
    drop(lock);
    assert!(child.wait().expect("the child ends").success(), "{}", desk.log());
    assert_eq!(desk.count("messages"), 1);
}

/// Gives the desk's folder to everybody, so that only the files in it decide.
fn open_to_strangers(desk: &Desk) {
    for (path, mode) in [(desk.path(""), 0o755), (desk.path("maildesk.toml"), 0o644), (desk.path("data"), 0o777)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the files are ours");
    }
}

/// The program run by an account that owns nothing here; `None`, loudly, where that needs root.
fn as_stranger(desk: &Desk) -> Option<Command> {
    let Some((uid, gid)) = account(STRANGER).filter(|_| is_root()) else {
        skip("running as another account needs root");
        return None;
    };
    use std::os::unix::process::CommandExt;
    fs::copy(env!("CARGO_BIN_EXE_maildesk"), desk.path("maildesk")).expect("the binary can be copied");
    let mut command = Command::new(desk.path("maildesk"));
    command.env_clear().arg("--config").arg(desk.path("maildesk.toml")).current_dir("/").uid(uid).gid(gid);
    Some(command)
}

#[test]
fn database_of_another_account_defers() {
    let desk = Desk::in_file();
    desk.sqlite().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("nobody reads");
    open_to_strangers(&desk);
    let Some(mut command) = as_stranger(&desk) else { return };
    assert_try_again(&feed(command.arg("pipe"), small().as_bytes()), "0600 of another account");
}

#[test]
fn read_only_database_or_folder_defers() {
    let desk = Desk::in_file();
    desk.sqlite().execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE").expect("nobody reads");
    open_to_strangers(&desk);
    for (file, folder) in [(0o444, 0o777), (0o666, 0o555), (0o444, 0o555), (0o666, 0o000)] {
        let Some(mut command) = as_stranger(&desk) else { return };
        for (path, mode) in [(desk.db(), file), (desk.path("data"), folder)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the files are ours");
        }
        let done = feed(command.arg("pipe"), small().as_bytes());
        assert_try_again(&done, &format!("file {file:o}, folder {folder:o}"));
    }
}

/// Runs `script` in sh with the program's command line as its arguments.
fn in_shell(desk: &Desk, script: &str) -> Command {
    let mut command = Command::new("sh");
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", desk.path("")).current_dir(desk.path(""));
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_maildesk"), "--config"]).arg(desk.path("maildesk.toml"));
    command
}

#[test]
fn file_size_limit_defers() {
    let desk = Desk::in_file();
    let big = mail("big", "Subject: big\n", &"All work and no play makes Jack a dull boy.\n".repeat(40_000));
    // Blocks of 512 bytes: enough for the log file and the shared memory, not for the mail.
    let done = feed(in_shell(&desk, "ulimit -f 400; exec \"$@\" ").arg("pipe"), big.as_bytes());
    assert_try_again(&done, "ulimit -f");
    assert_eq!(desk.count("mails_received"), 0);
    assert_taken(&desk.pipe(big, &[]), "without the limit");
}

/// A small file system of its own, gone with the value.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    pub(crate) fn mount(path: PathBuf) -> Option<Self> {
        fs::create_dir(&path).expect("the folder is writable");
        let mut mount = Command::new("mount");
        let done = mount.args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"]).arg(&path).output();
        if done.is_ok_and(|done| done.status.success()) {
            return Some(Self(path));
        }
        skip("mounting a small file system needs root");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg(&self.0).status().expect("umount starts");
    }
}

#[test]
fn mail_that_does_not_fit_on_the_disk_defers() {
    let desk = Desk::without_database();
    let Some(_disk) = SmallDisk::mount(desk.path("data")) else { return };
    desk.admin(&["init"]);
    desk.deliver(small());
    assert_try_again(&desk.pipe(mail("big", "Subject: big\n", &noise(4 << 20)), &[]), "no room for the mail");
    let named = format!("the disk or the quota of {} is full: ", desk.db().display());
    let log = desk.log();
    assert!(log.contains(&named) && log.contains("MiB are free, up to 200 MiB are needed"), "{log}");
    assert_eq!(desk.count("mails_received"), 1);
    assert_taken(&desk.pipe(mail("next", "Subject: next\n", "x"), &[]), "a small one still fits");
}

#[test]
fn full_disk_defers_until_there_is_room() {
    let desk = Desk::without_database();
    let Some(_disk) = SmallDisk::mount(desk.path("data")) else { return };
    desk.admin(&["init"]);
    let more = mail("more", "Subject: more\n", &noise(100_000));
    fs::write(desk.path("data/ballast"), vec![0; 3 << 20]).expect_err("the disk is small");
    for _ in 0..3 {
        assert_try_again(&desk.pipe(&more, &[]), "no room at all");
    }
    fs::remove_file(desk.path("data/ballast")).expect("what was written of it is there");
    assert_eq!(desk.count("mails_received"), 0);
    assert_taken(&desk.pipe(&more, &[]), "room again");
    let connection = desk.sqlite();
    let found: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer");
    assert_eq!((found.as_str(), desk.count("messages")), ("ok", 1));
}

/// Lines of text that no compressor shrinks much.
fn noise(bytes: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let letters = (0..bytes).map(|index| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if index % 70 == 69 { '\n' } else { char::from(b'!' + (state % 90) as u8) }
    });
    letters.collect()
}

#[test]
fn closed_or_empty_stdin_defers() {
    let desk = Desk::new();
    assert_try_again(&feed(in_shell(&desk, "exec \"$@\" <&-").arg("pipe"), b""), "closed");
    assert_try_again(&desk.pipe(b"", &[]), "nothing at all");
    assert_try_again(&feed(in_shell(&desk, "exec \"$@\" </").arg("pipe"), b""), "a folder");
    assert_eq!(desk.count("mails_received"), 0);
    // A mail that says nothing is one: it waits for a person, and is bounced by nobody.
    for (received, input) in (1..).zip([&b"\n"[..], b" \r\n\t\r\n", b"\0\0\0"]) {
        assert_taken(&desk.pipe(input, &[]), &format!("{input:?}"));
        assert_eq!((desk.count("mails_received"), desk.count("quarantined")), (received, received), "{input:?}");
    }
}

#[test]
fn stdin_that_stalls_defers_at_the_own_deadline() {
    let desk = Desk::new();
    desk.configure("pipe_deadline_s = 1");
    let mut command = desk.command();
    command.arg("pipe").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    std::io::Write::write_all(&mut stdin, b"From: ann@client.test\nSubject: half").expect("the child reads");
    let started = Instant::now();
    let done = child.wait_with_output().expect("the child ends").into();
    assert_try_again(&done, "half a mail, and silence");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    drop(stdin);
    assert_eq!(desk.count("mails_received"), 0);
}

#[test]
fn dry_run_whose_output_is_lost_did_not_do_what_it_is_for() {
    let desk = Desk::new();
    for (redirection, status) in [(">/dev/full", 75), (">/dev/null", 0)] {
        let mut command = in_shell(&desk, &format!("exec \"$@\" {redirection}"));
        let done = feed(command.args(["pipe", "--dry-run"]), small().as_bytes());
        assert_eq!(done.status, status, "{redirection}: {done:?}");
    }
}

#[test]
fn closed_or_full_output_changes_nothing() {
    let desk = Desk::new();
    let cases = [(">&- 2>&-", "a"), (">/dev/full 2>/dev/full", "b"), (">&-", "c"), ("2>&-", "d")];
    for (redirection, id) in cases {
        let script = format!("exec \"$@\" {redirection}");
        assert_taken(
            &feed(in_shell(&desk, &script).arg("pipe"), mail(id, "Subject: x\n", "x").as_bytes()),
            redirection,
        );
        let refused = feed(in_shell(&desk, &script).args(["--wrong", "pipe"]), b"x");
        assert_eq!(refused.status, 75, "{redirection}");
        let shown = feed(in_shell(&desk, &script).args(["pipe", "--dry-run"]), small().as_bytes());
        assert_eq!(shown.status == 75, redirection.contains("full"), "{redirection}: nothing was shown");
    }
    assert_eq!(desk.count("messages"), 4);
}

#[test]
fn arguments_that_are_no_utf8_defer() {
    let desk = Desk::new();
    for bytes in [&b"--recipient=\xff@helpdesk.test"[..], b"--sender=\xc3", b"\xff"] {
        assert_try_again(&desk.pipe_with(small(), &[OsStr::from_bytes(bytes)], &[]), &format!("{bytes:?}"));
    }
    let done = feed(desk.command().arg("--db").arg(OsStr::from_bytes(b"/tmp/\xff.db")).arg("pipe"), b"x: y\n\nz");
    assert_try_again(&done, "a database's name");
}

#[test]
fn environment_that_is_no_utf8_is_an_unknown_recipient_not_an_absent_one() {
    let desk = Desk::new();
    desk.set("unknown_recipient", "reject");
    for name in ["ORIGINAL_RECIPIENT", "RECIPIENT"] {
        let done = desk.pipe_with::<&str>(small(), &[], &[(name, OsStr::from_bytes(b"\xff\xfe@helpdesk.test"))]);
        assert_eq!(done.status, 67, "{name}: {}", done.stderr);
    }
}

#[test]
fn without_a_home_only_a_named_database_is_found() {
    let desk = Desk::new();
    assert_taken(&feed(desk.command().env_remove("HOME").arg("pipe"), small().as_bytes()), "a named database");
    if Path::new("/var/lib/maildesk").exists() || Path::new("/etc/maildesk").exists() {
        skip("a desk is installed on this machine");
        return;
    }
    let done = feed(desk.program().env_remove("HOME").arg("pipe"), small().as_bytes());
    assert_try_again(&done, "no database is known");
}

#[test]
fn database_and_log_are_private_under_any_umask() {
    let desk = Desk::without_database();
    let done = feed(in_shell(&desk, "umask 000; exec \"$@\"").args(["admin", "init"]), b"");
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert_taken(&feed(in_shell(&desk, "umask 000; exec \"$@\"").arg("pipe"), small().as_bytes()), "umask 000");
    assert_eq!(mode(&desk.path("data")), 0o700);
    for name in ["maildesk.db", "maildesk.db-wal", "maildesk.db-shm"] {
        assert_eq!(mode(&desk.path("data").join(name)), 0o600, "{name}");
    }
    assert_eq!(mode(&desk.path("maildesk.log")) & 0o007, 0, "the log holds addresses");
}

#[test]
fn recipes_say_where_the_reason_is_to_be_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for recipe in ["postfix/README.md", "exim/README.md", "sendmail/README.md"] {
        let text = fs::read_to_string(root.join(recipe)).expect("the recipe is there");
        assert!(text.contains("`journalctl -t maildesk`"), "{recipe}");
    }
}
