//! What a person at a terminal reads of a failure, and an MTA does not.

use std::fs;
use std::process::Command;

use super::{TRY_AGAIN, assert_try_again, small};
use crate::desk::{Desk, Done, feed};

/// Runs a line of shell at a terminal of its own; what the terminal showed, and the exit status.
fn at_a_terminal(desk: &Desk, line: &str) -> Done {
    const PTY: &str =
        "import os, pty, sys\nsys.exit(os.waitstatus_to_exitcode(pty.spawn(['/bin/sh', '-c', sys.argv[1]])))";
    let mut command = Command::new("python3");
    command.args(["-c", PTY, line]).env("MAILDESK", env!("CARGO_BIN_EXE_maildesk")).current_dir(desk.path(""));
    feed(&mut command, b"")
}

#[test]
fn a_person_hears_why_a_mail_was_not_stored_and_an_mta_does_not() {
    let desk = Desk::new();
    fs::write(desk.path("mail.eml"), small()).expect("the desk's folder is writable");
    fs::write(desk.path("broken.toml"), "dbb = 'x'\n").expect("the desk's folder is writable");
    let status_line = TRY_AGAIN.trim_end();
    let broken = "\"$MAILDESK\" --config broken.toml pipe";
    // Only stderr is a terminal, then only stdin.
    for (line, shown) in [
        (format!("{broken} <mail.eml"), "dbb"),
        ("\"$MAILDESK\" --db /nowhere/desk.db pipe <mail.eml".to_owned(), "/nowhere/desk.db"),
        ("\"$MAILDESK\" pipe --wrong <mail.eml".to_owned(), "--wrong"),
        (format!("{broken} 2>said; status=$?; cat said; exit $status"), "dbb"),
    ] {
        let done = at_a_terminal(&desk, &line);
        let lines: Vec<&str> = done.stdout.lines().map(str::trim_end).collect();
        let [first, why] = lines[..] else { panic!("{line}: {done:?}") };
        assert_eq!((done.status, first), (75, status_line), "{line}: {done:?}");
        assert!(why.starts_with("maildesk: ") && why.contains(shown), "{line}: {done:?}");
    }
    let at_mta = feed(desk.program().args(["--db", "/nowhere/desk.db", "pipe"]), small().as_bytes());
    assert_try_again(&at_mta, "no terminal");
}

#[test]
fn a_dry_run_that_fails_says_why() {
    let desk = Desk::new();
    for arguments in [&["--db", "/nowhere/desk.db", "pipe", "--dry-run"][..], &["pipe", "--dry-run", "--wrong"]] {
        let done = feed(desk.program().args(arguments), small().as_bytes());
        let why = done.stderr.strip_prefix(TRY_AGAIN).unwrap_or_else(|| panic!("{done:?}"));
        assert!(done.status == 75 && why.starts_with("maildesk: ") && why.lines().count() == 1, "{done:?}");
        assert!(why.contains(if arguments[0] == "--db" { "/nowhere/desk.db" } else { "--wrong" }), "{done:?}");
    }
}
