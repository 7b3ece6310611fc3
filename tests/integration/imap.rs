//! `maildesk imap-fetch` against a real Dovecot: every mail exactly once whatever dies in between, the mailbox touched as
//! asked and not before, and connections that are not what they should be refused with a word about what to do.

mod connection;
mod watch;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::desk::{Desk, Done, feed, is_on_server, mail};
use crate::dovecot::{Dovecot, PASSWORD, USER};
use crate::mta::{set_mode, wait_for};

/// The desk's address whose mail is fetched.
const ADDRESS: &str = "imap@helpdesk.test";

/// A desk with an IMAP address; `more` are further options of `admin address add`.
fn desk_of(server: &Dovecot, more: &[&str]) -> Desk {
    let desk = Desk::new();
    add_address(&desk, server, ADDRESS, more);
    desk
}

fn add_address(desk: &Desk, server: &Dovecot, address: &str, more: &[&str]) {
    fs::write(desk.path("password"), format!("{PASSWORD}\n")).expect("the desk's folder is writable");
    set_mode(desk.path("password"), 0o600);
    let (port, ca_file) = (server.tls_port.to_string(), server.ca_file());
    let password = desk.path("password").display().to_string();
    let mut args = vec!["address", "add", address, "--name", "I", "--department", "1", "--incoming", "imap"];
    args.extend(["--imap-host", "localhost", "--imap-user", USER, "--imap-password-file", &password]);
    args.extend(["--imap-ca-file", &ca_file]);
    if !more.contains(&"--imap-port") {
        args.extend(["--imap-port", &port]);
    }
    args.extend(more);
    desk.admin(&args);
}

fn fetch_with(desk: &Desk, args: &[&str]) -> Done {
    feed(desk.command().args(["--json", "imap-fetch"]).args(args), b"")
}

/// Fetches once; everything must go well. The one mailbox's numbers.
fn fetch(desk: &Desk) -> Value {
    let done = fetch_with(desk, &[]);
    assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{}\n{}", done.stdout, desk.log());
    one(&done)
}

fn one(done: &Done) -> Value {
    let summaries: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|e| panic!("{e}: {done:?}"));
    assert_eq!(summaries.as_array().map(Vec::len), Some(1), "{summaries}");
    summaries[0].clone()
}

/// Fetched, stored, duplicates, quarantined, failed.
fn numbers(summary: &Value) -> [i64; 5] {
    ["fetched", "stored", "duplicates", "quarantined", "failed"].map(|key| summary[key].as_i64().expect("a number"))
}

fn put_mails(server: &Dovecot, folder: &str, count: usize) {
    for number in 0..count {
        let name = format!("{folder}{number:05}").replace('/', "-");
        let text = mail(&name, &format!("Subject: {name}\n"), "It burns.");
        server.put(&server.folder(folder), &name, text);
    }
}

#[test]
fn a_mailbox_is_fetched_once_and_its_mails_marked_as_seen() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    put_mails(&server, "", 3);
    assert_eq!(numbers(&fetch(&desk)), [3, 3, 0, 0, 0]);
    let inbox = server.folder("");
    assert!(server.mails(&inbox).iter().all(|(_, flags)| flags == "S"), "{:?}", server.mails(&inbox));
    assert_eq!(numbers(&fetch(&desk)), [0; 5]);
    put_mails(&server, "", 4);
    assert_eq!(numbers(&fetch(&desk)), [1, 1, 0, 0, 0], "only the one that is new");
    assert_eq!(desk.count("tickets"), 4);
}

#[test]
fn what_ends_the_taking_in_of_many_mails_at_once_leaves_each_to_be_taken_alone() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    put_mails(&server, "", 3);
    let file = desk.path("trip");
    std::fs::write(&file, "").expect("the folder is ours");
    let trip = format!("group-settle={}", file.display());
    let done = feed(desk.command().env("MAILDESK_TRIP", trip).args(["--json", "imap-fetch"]), b"");
    assert_eq!((done.status, numbers(&one(&done))), (0, [3, 3, 0, 0, 0]), "{done:?}");
    assert!(desk.log().contains("an internal error ended the storing of mails"), "{}", desk.log());
    assert_eq!(desk.count("tickets"), 3);
    assert!(server.mails(&server.folder("")).iter().all(|(_, flags)| flags == "S"));
}

#[test]
fn a_dry_run_counts_and_changes_nothing_on_either_side() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &["--imap-after", "delete"]);
    put_mails(&server, "", 2);
    let done = fetch_with(&desk, &["--dry-run"]);
    assert_eq!((done.status, numbers(&one(&done))), (0, [2, 2, 0, 0, 0]));
    assert_eq!(desk.count("mails_received"), 0);
    let inbox = server.folder("");
    assert_eq!(server.mails(&inbox).len(), 2);
    assert!(server.mails(&inbox).iter().all(|(_, flags)| flags.is_empty()));
    assert_eq!(numbers(&fetch(&desk)), [2, 2, 0, 0, 0]);
}

#[test]
fn a_trial_lists_the_folders_and_changes_nothing() {
    let Some(server) = Dovecot::start() else { return };
    server.make_folder("Entw&APw-rfe");
    let desk = desk_of(&server, &["--imap-after", "delete"]);
    put_mails(&server, "", 1);
    let tried = desk.admin(&["address", "test", ADDRESS]);
    assert_eq!(tried["incoming_ok"], true, "{tried}");
    let folders: Vec<&str> = tried["folders"].as_array().expect("folders").iter().filter_map(Value::as_str).collect();
    assert!(folders.contains(&"INBOX") && folders.contains(&"Entwürfe"), "{folders:?}");
    let inbox = server.folder("");
    assert_eq!(server.mails(&inbox), [("00000".to_owned(), String::new())]);
    assert!(inbox.join("new/00000").exists(), "not even looked at, as far as other programs can tell");
    desk.admin(&["address", "update", ADDRESS, "--imap-folder", "Nowhere"]);
    let refused = desk.try_admin(&["address", "test", ADDRESS]);
    assert!(refused.status == 1 && refused.stderr.contains("Nowhere"), "{refused:?}");
}

#[test]
fn mails_are_moved_to_a_folder_with_a_foreign_name_that_is_made_for_them() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &["--imap-after", "move:Erledigt & geprüft/日本"]);
    put_mails(&server, "", 3);
    assert_eq!(numbers(&fetch(&desk)), [3, 3, 0, 0, 0]);
    assert_eq!(server.mails(&server.folder("")), []);
    assert_eq!(server.mails(&server.folder("Erledigt &- gepr&APw-ft/&ZeVnLA-")).len(), 3, "{}", server.log());
    assert_eq!(numbers(&fetch(&desk)), [0; 5]);
}

#[test]
fn mails_are_deleted_and_those_somebody_else_marked_are_not() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &["--imap-after", "delete"]);
    put_mails(&server, "", 2);
    let inbox = server.folder("");
    server.put(&inbox, "marked", mail("marked", "Subject: marked\n", "x"));
    fs::rename(inbox.join("new/marked"), inbox.join("cur/marked:2,T")).expect("the same folder");
    assert_eq!(numbers(&fetch(&desk)), [2, 2, 0, 0, 0]);
    assert_eq!(server.mails(&inbox), [("marked".to_owned(), "T".to_owned())]);
}

#[test]
fn folders_are_read_in_any_order_foreign_empty_and_shared_ones_too() {
    let Some(server) = Dovecot::start() else { return };
    server.make_folder("Entw&APw-rfe");
    server.make_folder("Leer");
    server.make_shared_folder("Team");
    put_mails(&server, "", 2);
    put_mails(&server, "Entw&APw-rfe", 3);
    server.put(&server.path("public/Team"), "t", mail("t", "Subject: t\n", "x"));
    let folders = ["--imap-folder", "Shared/Team", "Entwürfe", "Leer", "INBOX"];
    let desk = desk_of(&server, &folders);
    let summary = fetch(&desk);
    assert_eq!(numbers(&summary), [6, 6, 0, 0, 0]);
    let by_folder: Vec<_> =
        summary["folders"].as_array().expect("folders").iter().map(|f| f["fetched"].as_i64()).collect();
    assert_eq!(by_folder, [Some(1), Some(3), Some(0), Some(2)]);
    assert_eq!(numbers(&fetch(&desk)), [0; 5]);
}

#[test]
fn a_folder_that_is_not_there_stops_no_other() {
    let Some(server) = Dovecot::start() else { return };
    put_mails(&server, "", 1);
    let desk = desk_of(&server, &["--imap-folder", "Nowhere", "INBOX"]);
    let done = fetch_with(&desk, &[]);
    assert_eq!((done.status, numbers(&one(&done))), (3, [1, 1, 0, 0, 0]));
    assert!(done.stderr.contains("opening folder \"Nowhere\""), "{}", done.stderr);
}

#[test]
fn renumbered_folder_is_read_again_without_doubles() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    put_mails(&server, "", 5);
    assert_eq!(numbers(&fetch(&desk)), [5, 5, 0, 0, 0]);
    // Dovecot takes the time for UIDVALIDITY; a mail is added, and everything it knew is forgotten.
    put_mails(&server, "", 6);
    thread::sleep(Duration::from_millis(1100));
    for file in fs::read_dir(server.folder("")).expect("a folder").flatten() {
        if file.file_name().to_string_lossy().starts_with("dovecot") {
            fs::remove_file(file.path()).expect("root may remove files");
        }
    }
    assert_eq!(numbers(&fetch(&desk)), [6, 1, 5, 0, 0]);
    assert_eq!(desk.count("tickets"), 6);
}

#[test]
fn only_what_comes_from_now_on_is_taken_when_asked_for() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &["--imap-start", "new"]);
    put_mails(&server, "", 3);
    assert_eq!(numbers(&fetch(&desk)), [0; 5]);
    put_mails(&server, "", 4);
    assert_eq!(numbers(&fetch(&desk)), [1, 1, 0, 0, 0]);
}

#[test]
fn limit_takes_the_oldest_and_the_next_run_goes_on() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    put_mails(&server, "", 5);
    for expected in [2, 2, 1, 0] {
        let done = fetch_with(&desk, &["--limit", "2"]);
        assert_eq!(one(&done)["fetched"], expected);
    }
    assert_eq!(desk.count("tickets"), 5);
}

#[test]
fn too_large_a_mail_is_recorded_by_its_header_and_the_others_go_on() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    desk.configure("raw_bytes_max = 100000");
    put_mails(&server, "", 1);
    server.put(&server.folder(""), "z-large", mail("large", "Subject: large\n", &"x".repeat(300_000)));
    server.put(&server.folder(""), "zz-last", mail("last", "Subject: last\n", "x"));
    assert_eq!(numbers(&fetch(&desk)), [3, 3, 0, 0, 0]);
    assert_eq!(numbers(&fetch(&desk)), [0; 5]);
    assert_eq!(desk.count("mails_received"), 3);
    let other = mail("large", "Subject: large\n", &format!("{}another end", "x".repeat(300_000)));
    server.put(&server.folder(""), "zzz-other", &other);
    assert_eq!(numbers(&fetch(&desk)), [1, 1, 0, 0, 0], "it begins as one that is there");
    desk.deliver(&other);
    assert_eq!(desk.count("mails_received"), 4, "the same mail by another door");
}

#[test]
fn progress_is_shown_on_a_terminal_and_nowhere_else() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    put_mails(&server, "", 40);
    assert_eq!(fetch_with(&desk, &["--dry-run"]).stderr, "");
    let (program, config) = (env!("CARGO_BIN_EXE_maildesk"), desk.path("maildesk.toml"));
    for (more, is_shown) in [("", true), ("--quiet", false)] {
        // script(1) runs a command on a terminal of its own and passes on what it shows.
        let line = format!("{program} --config {} {more} imap-fetch --dry-run", config.display());
        let mut command = Command::new("script");
        let done = feed(command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm"), b"");
        assert_eq!((done.status, done.stdout.contains("/40 mails")), (0, is_shown), "{done:?}");
        assert!(done.stdout.contains("fetched 40, stored 40"), "{done:?}");
    }
}

#[test]
fn locked_database_leaves_the_mailbox_as_it_is() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &["--imap-after", "delete"]);
    desk.configure("lock_wait_s = 1");
    put_mails(&server, "", 1);
    assert_eq!(numbers(&fetch(&desk)), [1, 1, 0, 0, 0]);
    put_mails(&server, "", 3);
    let lock = desk.lock();
    let done = fetch_with(&desk, &[]);
    assert_eq!(done.status, 3, "{done:?}");
    assert_eq!(server.mails(&server.folder("")).len(), 3);
    drop(lock);
    assert_eq!(numbers(&fetch(&desk))[1..], [2, 1, 0, 0], "one of them was taken in before and came again");
}

#[test]
fn a_refused_login_is_reported_and_the_other_mailbox_is_fetched() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    fs::write(desk.path("wrong"), "wrong").expect("the desk's folder is writable");
    set_mode(desk.path("wrong"), 0o600);
    add_address(&desk, &server, "first@helpdesk.test", &[]);
    let wrong = desk.path("wrong").display().to_string();
    desk.admin(&["address", "update", "first@helpdesk.test", "--imap-password-file", &wrong]);
    put_mails(&server, "", 1);
    let done = fetch_with(&desk, &[]);
    assert_eq!(done.status, 3);
    assert!(done.stderr.contains("first@helpdesk.test: logging in to localhost"), "{}", done.stderr);
    assert!(done.stderr.contains("--imap-password-file") && !done.stderr.contains("wrong\""), "{}", done.stderr);
    assert_eq!(desk.count("tickets"), 1);
    let chosen = fetch_with(&desk, &["--address", "IMAP@helpdesk.test"]);
    assert_eq!(chosen.status, 0, "{chosen:?}");
    assert_eq!(fetch_with(&desk, &["--address", "nobody@helpdesk.test"]).status, 2);
}

/// Different mails: those of the corpus in turns, each with a line of its own, or small ones where it is not there.
fn many_mails(count: usize) -> Vec<Vec<u8>> {
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus")];
    let mut paths = Vec::new();
    while let Some(folder) = waiting.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "eml") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let read = |path| fs::read(path).expect("the file was listed");
    let mut texts: Vec<Vec<u8>> = paths.iter().map(read).collect();
    if texts.is_empty() {
        eprintln!("../shared/corpus is not here: 2,000 small mails instead of its mails");
        texts.push(mail("many", "Subject: many\n", "It burns.").into_bytes());
    }
    (0..count).map(|n| [format!("X-Copy: {n}\n").into_bytes(), texts[n % texts.len()].clone()].concat()).collect()
}

#[test]
fn two_thousand_mails_are_taken_once_by_two_fetchers_that_are_killed_in_between() {
    let Some(server) = Dovecot::start() else { return };
    // A server of PostgreSQL takes several times as long for each.
    let mails = if is_on_server() { 160 } else { 2000 };
    let desk = desk_of(&server, &["--imap-after", "move:Done"]);
    for (number, text) in many_mails(mails).into_iter().enumerate() {
        server.put(&server.folder(""), &format!("{number:05}"), text);
    }
    let start = || {
        let mut command = desk.command();
        command.args(["--json", "imap-fetch"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("it starts")
    };
    for round in 1..=6 {
        let mut pair = [start(), start()];
        let aim = i64::try_from(round * mails / 8).expect("a small number");
        wait_for("some mails are in", || (desk.count("mails_received") >= aim).then_some(()), || desk.log());
        for child in &mut pair {
            child.kill().expect("it can be killed");
            child.wait().expect("it can be waited for");
        }
    }
    let mut pair = [start(), start()];
    for child in &mut pair {
        child.wait().expect("it can be waited for");
    }
    let last = fetch_with(&desk, &[]);
    assert_eq!(last.status, 0, "{last:?}");
    assert_eq!(desk.count("mails_received"), i64::try_from(mails).expect("a small number"));
    let became: i64 = ["messages", "mails_dropped", "quarantined"].map(|key| desk.count(key)).iter().sum();
    assert_eq!(became, i64::try_from(mails).expect("a small number"), "each became one thing: {}", desk.stats());
    assert_eq!(server.mails(&server.folder("")), []);
    let mut moved: Vec<String> = server.mails(&server.folder("Done")).into_iter().map(|(name, _)| name).collect();
    moved.dedup();
    assert!(moved.len() >= mails, "{}", moved.len());
}

#[test]
fn fetched_mail_is_answered_and_a_dead_mail_server_changes_no_status() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    let out = desk.path("out").display().to_string();
    desk.admin(&["address", "update", ADDRESS, "--outgoing", "file", "--outgoing-dir", &out]);
    let fetch_one = |name: &str| {
        server.put(&server.folder(""), name, mail(name, &format!("Subject: {name}\n"), "It burns."));
        assert_eq!(numbers(&fetch(&desk)), [1, 1, 0, 0, 0], "{name}");
    };
    fetch_one("old");
    assert!(!desk.path("out").exists(), "what lay there before the desk began is not answered");
    fetch_one("new");
    assert_eq!(fs::read_dir(desk.path("out")).expect("an acknowledgement").count(), 1);
    // Port 1 of loopback: nobody listens.
    let dead = ["--outgoing", "smtp", "--smtp-host", "127.0.0.1", "--smtp-port", "1", "--smtp-tls", "none"];
    desk.admin(&[&["address", "update", ADDRESS][..], &dead].concat());
    fetch_one("newer");
    let outbox = desk.admin(&["outbox", "list"]);
    assert_eq!((&outbox[0]["state"], &outbox[0]["attempts"]), (&"pending".into(), &1.into()), "{outbox}");
}
