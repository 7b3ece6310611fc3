//! The exit statuses of `maildesk admin`, and what goes to which stream.

use std::fs;

use serde_json::Value;

use super::assert_refused;
use crate::desk::{Desk, feed, mail};

#[test]
fn configuration_in_force_is_shown() {
    let desk = Desk::new();
    desk.configure("lock_wait_s = 7");
    let shown = desk.admin(&["config", "show"]);
    assert_eq!(shown["limits"]["lock_wait_s"], 7);
    assert_eq!(shown["db"].as_str(), desk.db().to_str());
    assert_eq!(shown["file"].as_str(), desk.path("maildesk.toml").to_str());
    let named = feed(
        desk.command().args(["--json", "--db", "/other.db", "admin", "config", "show"]).env("MAILDESK_DB", "/env.db"),
        b"",
    );
    let named: Value = serde_json::from_str(&named.stdout).expect("an object");
    assert_eq!(named["db"], "/other.db", "the option goes before the environment");
}

#[test]
fn broken_configuration_is_78_and_names_the_key() {
    let desk = Desk::new();
    fs::write(desk.path("broken.toml"), "[limits]\nraw_byte_max = 1\n").expect("the folder is writable");
    for name in ["broken.toml", "missing.toml", "data"] {
        let done = feed(desk.program().arg("--config").arg(desk.path(name)).args(["admin", "stats"]), b"");
        assert_eq!((done.status, done.stdout.as_str()), (78, ""), "{name}: {}", done.stderr);
        assert!(done.stderr.contains(name), "{}", done.stderr);
    }
    let done = feed(desk.program().arg("--config").arg(desk.path("broken.toml")).args(["admin", "stats"]), b"");
    assert!(done.stderr.contains("raw_byte_max"), "{}", done.stderr);
    for (line, named) in [
        ("[limits]\nraw_bytes_max = 50", ["raw_bytes_max", "50", "1024"]),
        ("[limits]\nhttp_connections_max = 0", ["http_connections_max", "0", "1"]),
        ("listen = \"bad\"", ["listen", "bad", "port"]),
    ] {
        fs::write(desk.path("broken.toml"), line).expect("the folder is writable");
        let done = feed(desk.program().arg("--config").arg(desk.path("broken.toml")).args(["admin", "stats"]), b"");
        assert!(done.status == 78 && named.iter().all(|word| done.stderr.contains(word)), "{line}: {done:?}");
    }
}

#[test]
fn locked_database_is_75_and_a_missing_one_1() {
    let desk = Desk::new();
    desk.configure("lock_wait_s = 1");
    let lock = desk.lock();
    for command in
        [&["department", "add", "x"][..], &["setting", "set", "tickets_page", "9"], &["user", "add", "x@y.test"]]
    {
        assert_refused(&desk, 75, &[command]);
    }
    assert_eq!(desk.count("users"), 0, "reading goes on");
    drop(lock);
    desk.admin(&["department", "add", "x"]);
    let gone = feed(desk.command().args(["--db", "/nowhere/x.db", "admin", "stats"]), b"");
    assert_eq!(gone.status, 1);
    assert!(gone.stderr.contains("/nowhere/x.db") && gone.stderr.contains("admin init"), "{}", gone.stderr);
}

#[test]
fn usage_is_2_and_help_0() {
    let desk = Desk::new();
    for line in [
        &["--wrong"][..],
        &["admin"],
        &["admin", "nothing"],
        &[],
        &["nothing"],
        &["admin", "stats", "surplus"],
        &["-q", "-v", "admin", "stats"],
    ] {
        let done = feed(desk.command().args(line), b"");
        assert_eq!((done.status, done.stdout.as_str()), (2, ""), "{line:?}: {}", done.stderr);
    }
    for line in [&["--help"][..], &["--version"], &["admin", "--help"], &["admin", "ticket", "list", "--help"]] {
        let done = feed(desk.command().args(line), b"");
        assert!(done.status == 0 && !done.stdout.is_empty() && done.stderr.is_empty(), "{line:?}: {}", done.stderr);
    }
}

#[test]
fn add_prints_the_id_and_tables_hold_no_escapes() {
    let desk = Desk::new();
    let plain = |line: &[&str]| {
        let done = feed(desk.command().arg("admin").args(line), b"");
        assert_eq!(done.status, 0, "{line:?}: {}", done.stderr);
        done.stdout
    };
    assert_eq!(plain(&["department", "add", "Third"]), "3\n");
    assert_eq!(plain(&["user", "add", "ann@client.test"]), "1\n");
    assert_eq!(plain(&["address", "add", "x@helpdesk.test", "--name", "X", "--department", "1"]), "3\n");
    desk.deliver(mail("e", "Subject: =?utf-8?Q?=1B[31mred=07?=\n", "x"));
    for line in [
        &["ticket", "list"][..],
        &["mail", "list"],
        &["user", "list"],
        &["ticket", "show", "1"],
        &["stats"],
        &["setting", "list"],
    ] {
        let text = plain(line);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
    }
}

#[test]
fn closed_stdout_is_no_failure_and_no_panic() {
    let desk = Desk::new();
    for redirection in ["| true", ">&-"] {
        let script = format!("\"$@\" {redirection}");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_maildesk"), "--config"]).arg(desk.path("maildesk.toml"));
        let done = feed(command.args(["admin", "setting", "list"]), b"");
        assert!(!done.stderr.contains("panicked"), "{redirection}: {}", done.stderr);
    }
}

#[test]
fn a_missing_argument_is_named_with_every_way_to_give_it() {
    let desk = Desk::new();
    let staff = ["staff", "add", "ann", "--name", "Ann", "--email", "ann@helpdesk.test", "--role", "agent"];
    let cases: [(&[&str], &[&str]); 5] = [
        (&staff, &["--password-stdin", "--password-file <FILE>"]),
        (&["staff", "password", "ann"], &["--password-stdin", "--password-file <FILE>"]),
        (&["canned", "add", "Hello"], &["--body <BODY>", "--body-file <FILE>"]),
        (&["ticket", "reply", "1", "--staff", "ann"], &["--message <TEXT>", "--message-file <FILE>"]),
        (&["ticket", "assign", "1"], &["USERNAME", "--nobody"]),
    ];
    for (line, ways) in cases {
        let done = desk.try_admin(line);
        let missing = done.stderr.split("\n\n").next().unwrap_or_default().to_owned();
        assert_eq!(done.status, 2, "{line:?}: {done:?}");
        assert!(ways.iter().all(|way| missing.contains(way)), "{line:?}: {missing}");
    }
}

#[test]
fn what_failed_alone_is_1_and_said_once_and_what_is_named_twice_is_done_once() {
    let desk = Desk::new();
    desk.deliver(mail("a", "Subject: Lamp\n", "x"));
    for command in [&["mail", "retry", "999"][..], &["ticket", "close", "999"]] {
        let done = desk.try_admin(command);
        assert_eq!((done.status, done.stderr.matches("999").count(), done.stdout.as_str()), (1, 1, ""), "{done:?}");
    }
    let closed = desk.try_admin(&["ticket", "close", "1", "1"]);
    assert!(closed.status == 0 && closed.stdout.contains("\"closed\":[1]"), "{closed:?}");
    let folder = desk.path("").to_string_lossy().into_owned();
    let restored = desk.try_admin(&["restore", &folder, "--yes"]);
    assert!(restored.status == 1 && restored.stderr.contains("is a folder"), "{restored:?}");
    let listen = feed(desk.command().args(["serve", "--listen", "bad"]), b"");
    assert!(listen.status == 2 && listen.stderr.contains("--listen"), "{listen:?}");
}
