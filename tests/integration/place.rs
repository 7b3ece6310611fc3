//! Where a desk lies and whose its files are: folders, other programs' files, full disks, root.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;

use serde_json::Value;

use crate::desk::{Desk, feed};
use crate::mta::{is_root, skip};
use crate::pipe::SmallDisk;

/// An account without rights.
const ACCOUNT: u32 = 1;

fn owner(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).uid()
}

#[test]
fn database_that_is_a_folder_or_another_programs_file_is_named_as_that() {
    let desk = Desk::in_file();
    fs::create_dir(desk.path("box")).expect("the folder is ours");
    fs::write(desk.path("notes.txt"), "Somebody's notes, which are longer than a header.\n")
        .expect("the folder is ours");
    rusqlite::Connection::open(desk.path("other.db"))
        .and_then(|other| other.execute_batch("CREATE TABLE song (name TEXT)"))
        .expect("a database of another program");
    for (name, verb, says) in [
        ("box", "init", "is a folder; name a file in it, such as "),
        ("box", "stats", "is a folder; name a file in it, such as "),
        ("notes.txt", "init", "is not a database: it is another program's file"),
        ("notes.txt", "stats", "is not a database: it is another program's file"),
        ("other.db", "init", "is not a maildesk database but another program's"),
        ("other.db", "stats", "is not a maildesk database but another program's"),
    ] {
        let path = desk.path(name);
        let done = feed(desk.command().arg("--db").arg(&path).args(["admin", verb]), b"");
        let starts = format!("maildesk: {} {says}", path.display());
        assert!(done.status == 1 && done.stderr.starts_with(&starts), "{name} {verb}: {done:?}");
        assert!(name != "box" || done.stderr.contains("box/maildesk.db"), "{}", done.stderr);
    }
    assert_eq!(fs::read_to_string(desk.path("notes.txt")).map(|text| text.len()).ok(), Some(50), "it is as it was");
}

#[test]
fn doctor_leaves_the_modes_of_what_is_no_desk_alone() {
    let desk = Desk::in_file();
    fs::write(desk.path("notes.txt"), "Somebody's notes, which are longer than a header.\n")
        .expect("the folder is ours");
    for path in [desk.path("data"), desk.path("notes.txt"), "/dev/null".into()] {
        let done = feed(desk.command().arg("--db").arg(&path).args(["admin", "doctor", "--offline"]), b"");
        let named = format!("{} is not a database; name the right file", path.display());
        assert!(done.status == 1 && done.stdout.contains(&named), "{done:?}");
        assert!(!done.stdout.contains("chmod"), "{}", done.stdout);
    }
    // A desk in a folder of everybody's is to move; the folder stays as it is.
    let shared = desk.path("shared");
    fs::create_dir(&shared).expect("the folder is ours");
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).expect("the folder is ours");
    let db = shared.join("maildesk.db");
    assert_eq!(feed(desk.command().arg("--db").arg(&db).args(["admin", "init"]), b"").status, 0);
    let done = feed(desk.command().arg("--db").arg(&db).args(["admin", "doctor", "--offline"]), b"");
    assert!(done.stdout.contains("is open to others (mode 1777)") && !done.stdout.contains("chmod"), "{}", done.stdout);
}

#[test]
fn init_waits_for_no_pipe_and_closes_an_empty_file_to_others() {
    let desk = Desk::without_database();
    let pipe = desk.path("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).expect("a pipe");
    for verb in ["init", "stats"] {
        let done = feed(desk.command().arg("--db").arg(&pipe).args(["admin", verb]), b"");
        assert!(done.status == 1 && done.stderr.contains("is not a database"), "{verb}: {done:?}");
    }
    let empty = desk.path("empty.db");
    fs::write(&empty, "").expect("the folder is ours");
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o644)).expect("the file is ours");
    assert_eq!(feed(desk.command().arg("--db").arg(&empty).args(["admin", "init"]), b"").status, 0);
    let mode = fs::metadata(&empty).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[test]
fn desk_in_doubt_on_a_full_disk_is_read_and_a_change_names_the_disk() {
    let desk = Desk::without_database();
    let Some(_disk) = SmallDisk::mount(desk.path("data")) else { return };
    desk.admin(&["init"]);
    fs::write(desk.path("data/maildesk.db-doubt"), "").expect("there is room");
    // As much as there is.
    fs::write(desk.path("data/filler"), vec![7; 4 << 20]).expect_err("the disk is full now");
    desk.admin(&["stats"]);
    let change = ["department", "add", "Sales"];
    let done = desk.try_admin(&change);
    let named = format!("the disk or the quota of {} is full: 0 MiB are free, up to ", desk.db().display());
    assert!(done.status == 1 && done.stderr.contains(&named), "{done:?}");
    fs::remove_file(desk.path("data/filler")).expect("it is there");
    desk.admin(&change);
    assert!(!desk.path("data/maildesk.db-doubt").exists());
}

#[test]
fn backup_and_restore_that_cannot_be_printed_are_done() {
    let desk = Desk::in_file();
    let backup = desk.path("backup.db").to_string_lossy().into_owned();
    for words in [&["backup", &backup][..], &["restore", &backup, "--yes"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let done = desk.command().arg("admin").args(words).stdout(full).output().expect("it starts");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && said.contains("done, but it could not be printed"), "{words:?}: {done:?}");
    }
}

#[test]
fn backup_that_does_not_fit_names_the_disk_and_its_need() {
    let desk = Desk::in_file();
    let Some(_disk) = SmallDisk::mount(desk.path("disk")) else { return };
    let filler = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
                  INSERT INTO customer (fullname, email, registered_at) SELECT hex(randomblob(500)), i || '@x.test', 0 FROM n";
    desk.outside().run(filler);
    let backup = desk.path("disk/backup.db");
    let done = desk.try_admin(&["backup", &backup.to_string_lossy()]);
    let named = format!("the disk or the quota of {} is full: ", backup.display());
    assert!(done.status == 1 && done.stderr.contains(&named), "{done:?}");
    let needs = done.stderr.rsplit("up to ").next().and_then(|rest| rest.split(' ').next()?.parse::<i64>().ok());
    assert!(needs.is_some_and(|mib| (5..20).contains(&mib)), "{done:?}");
    assert!(!backup.exists());
}

#[test]
fn desk_that_root_makes_in_a_folder_of_somebody_else_is_that_ones() {
    if !is_root() {
        return skip("only root can make files for somebody else");
    }
    let desk = Desk::without_database();
    fs::set_permissions(desk.path(""), fs::Permissions::from_mode(0o755)).expect("the folder is ours");
    let home = desk.path("home");
    fs::create_dir(&home).expect("the folder is ours");
    chown(&home, Some(ACCOUNT), Some(ACCOUNT)).expect("root may give a folder away");
    let db = home.join("desk/maildesk.db");
    let init = feed(desk.command().arg("--db").arg(&db).args(["admin", "init"]), b"");
    assert!(init.status == 0 && init.stderr.contains("belongs to"), "{init:?}");
    for name in ["desk", "desk/maildesk.db", "desk/maildesk.db-wal", "desk/maildesk.db-shm"] {
        assert_eq!(owner(&home.join(name)), ACCOUNT, "{name}");
    }
    let program = desk.path("maildesk");
    fs::copy(env!("CARGO_BIN_EXE_maildesk"), &program).expect("the program can be copied");
    let as_account = |words: &[&str]| {
        let mut command = std::process::Command::new(&program);
        command.env_clear().current_dir("/").arg("--db").arg(&db).args(words).uid(ACCOUNT).gid(ACCOUNT);
        feed(&mut command, b"")
    };
    assert_eq!(as_account(&["admin", "department", "add", "Sales"]).status, 0);
    // What root does later leaves nothing behind that the account cannot open.
    let by_root = |words: &[&str]| feed(desk.command().arg("--db").arg(&db).args(words), b"");
    assert_eq!(by_root(&["admin", "department", "add", "Parts"]).status, 0);
    let backup = desk.path("backup.db").to_string_lossy().into_owned();
    assert_eq!(by_root(&["admin", "backup", &backup]).status, 0);
    assert_eq!(owner(Path::new(&backup)), 0, "a backup elsewhere is root's");
    for name in ["maildesk.db", "maildesk.db-wal", "maildesk.db-shm"] {
        fs::remove_file(home.join("desk").join(name)).ok();
    }
    assert_eq!(by_root(&["admin", "restore", &backup, "--yes"]).status, 0);
    assert_eq!(owner(&db), ACCOUNT);
    assert_eq!(as_account(&["admin", "department", "add", "More"]).status, 0);
    // In its own folder root keeps what it makes.
    let own = desk.path("own/maildesk.db");
    assert_eq!(feed(desk.command().arg("--db").arg(&own).args(["admin", "init"]), b"").status, 0);
    assert_eq!(owner(&own), 0);
}

#[test]
fn passwords_letters_and_logs_that_root_writes_for_somebody_else_are_that_ones() {
    if !is_root() {
        return skip("only root can make files for somebody else");
    }
    let desk = Desk::without_database();
    let home = desk.path("home");
    fs::create_dir(&home).expect("the folder is ours");
    chown(&home, Some(ACCOUNT), Some(ACCOUNT)).expect("root may give a folder away");
    fs::write(desk.path("maildesk.toml"), format!("[log]\ntarget = \"{}\"\n", home.join("log").display()))
        .expect("the folder is ours");
    let by_root = |words: &[&str], input: &str| {
        let mut command = desk.command();
        command.arg("--db").arg(home.join("maildesk.db")).args(words);
        let done = feed(&mut command, input.as_bytes());
        assert_eq!(done.status, 0, "{words:?}: {done:?}");
    };
    by_root(&["admin", "init"], "");
    fs::write(desk.path("dump.sql"), crate::import::DUMP).expect("the folder is ours");
    by_root(&["admin", "import", "helpdeskz", &desk.path("dump.sql").to_string_lossy()], "");
    let out = home.join("out/letters");
    let address = ["admin", "address", "add", "a@desk.test", "--name", "A", "--department", "1", "--default"];
    let ways =
        ["--incoming", "pipe", "--outgoing", "file", "--outgoing-dir", &out.to_string_lossy()].map(str::to_owned);
    by_root(&address.into_iter().chain(ways.iter().map(String::as_str)).collect::<Vec<_>>(), "");
    by_root(&["pipe"], "From: ann@client.test\nTo: a@desk.test\nSubject: x\n\nx\n");
    let letters: Vec<_> =
        fs::read_dir(&out).expect("the folder was made").flatten().map(|entry| entry.path()).collect();
    assert!(!letters.is_empty());
    let password = home.join("maildesk.address-4-smtp.password");
    for path in letters.iter().chain([&home.join("out"), &out, &home.join("log"), &password]) {
        assert_eq!(owner(path), ACCOUNT, "{}", path.display());
    }
}

#[test]
fn folder_of_somebody_else_cannot_lead_root_to_another_file() {
    if !is_root() {
        return skip("only root can make files for somebody else");
    }
    let desk = Desk::without_database();
    let home = desk.path("home");
    fs::create_dir(&home).expect("the folder is ours");
    chown(&home, Some(ACCOUNT), Some(ACCOUNT)).expect("root may give a folder away");
    let secret = desk.path("secret");
    fs::write(&secret, "").expect("the folder is ours");
    std::os::unix::fs::symlink(&secret, home.join("maildesk.db")).expect("a link");
    feed(desk.command().arg("--db").arg(home.join("maildesk.db")).args(["admin", "init"]), b"");
    assert_eq!(owner(&secret), 0, "a link given away would give away what it leads to");
}

#[test]
fn doctor_compares_the_owners_of_folder_and_files() {
    if !is_root() {
        return skip("only root can make files of two owners");
    }
    let desk = Desk::in_file();
    chown(desk.path("data"), Some(ACCOUNT), Some(ACCOUNT)).expect("root may give a folder away");
    let report: Value = serde_json::from_str(&desk.try_admin(&["doctor", "--offline"]).stdout).expect("a report");
    let files = report["checks"].as_array().into_iter().flatten().find(|check| check["name"] == "files");
    let files = files.expect("files are looked at");
    assert!(files["level"] == "FAIL" && files["message"].to_string().contains("its folder to"), "{files}");
    let fix = files["fix"].as_str().expect("a command");
    assert!(feed(std::process::Command::new("sh").args(["-c", fix]), b"").status == 0, "{fix}");
    for name in ["data/maildesk.db", "data/maildesk.db-wal", "data/maildesk.db-shm"] {
        assert_eq!(owner(&desk.path(name)), ACCOUNT, "{name}");
    }
    chown(desk.path("data/maildesk.db-wal"), Some(0), Some(0)).expect("root may take a file");
    let text = desk.try_admin(&["doctor", "--offline"]).stdout;
    assert!(text.contains("belongs to another user than the database"), "{text}");
}

#[test]
fn root_without_a_place_makes_no_database_at_home() {
    if !is_root() || Path::new("/var/lib/maildesk").exists() {
        return skip("only root, where there is no /var/lib/maildesk");
    }
    let desk = Desk::without_database();
    for words in [&["admin", "init"][..], &["admin", "stats"], &["serve"]] {
        let done = feed(desk.program().args(words), b"");
        let says = done.stderr.contains(".local/share/maildesk") && done.stderr.contains("--db");
        assert!(done.status == 78 && says, "{words:?}: {done:?}");
    }
    assert!(!desk.path(".local").exists());
    let named = feed(desk.program().env("XDG_DATA_HOME", desk.path("xdg")).args(["admin", "init"]), b"");
    assert!(named.status == 0 && desk.path("xdg/maildesk/maildesk.db").exists(), "{named:?}");
}

#[test]
fn wrong_proxy_time_zone_and_mail_server_are_refused_where_they_are_set() {
    let desk = Desk::new();
    for (key, value) in [("timezone", "Mars/Olympus"), ("authserv_id", "mx.test; dmarc=pass")] {
        let done = desk.try_admin(&["setting", "set", key, value]);
        assert!(done.status == 2 && done.stderr.contains(value), "{done:?}");
    }
    let text = format!("db = {:?}\ntrusted_proxies = [\"127.0.0.1\", \"proxy.lan\"]\n", desk.db());
    fs::write(desk.path("maildesk.toml"), text).expect("the folder is ours");
    let done = desk.try_admin(&["stats"]);
    assert!(done.status == 78 && done.stderr.contains("trusted_proxies: \"proxy.lan\""), "{done:?}");
}
