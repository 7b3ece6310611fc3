//! What survives an internal error, and threads that the system does not give. The program panics where a debug build is
//! asked to (`maildesk::trip`).
#![allow(clippy::unwrap_used)]

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};

use crate::client::{Server, TOKEN};
use crate::desk::{Desk, SUPPORT, feed, mail};
use crate::outbox::{outbox, sending, states};
use crate::smtp_sink::{Play, Sink, wait_until};

/// The variable's value, and the file that keeps the point tripping.
fn tripping(desk: &Desk, point: &str) -> (String, std::path::PathBuf) {
    let file = desk.path("trip");
    fs::write(&file, "").unwrap();
    (format!("{point}={}", file.display()), file)
}

#[test]
fn a_panic_after_the_commit_of_pipe_is_no_reason_to_hand_the_mail_over_again() {
    let sink = Sink::start(&[Play::Take]);
    let desk = sending(&sink);
    let pipe = |trip: &str, id: &str| {
        desk.pipe_with(mail(id, "Subject: x\n", "x"), &["--recipient", SUPPORT], &[("MAILDESK_TRIP", OsStr::new(trip))])
    };
    let (trip, _file) = tripping(&desk, "pipe-after-commit");
    assert_eq!(pipe(&trip, "a").parts(), (0, "", ""), "{}", desk.log());
    assert!(desk.log().contains("tripped at pipe-after-commit"), "{}", desk.log());
    assert_eq!((desk.count("tickets"), states(&desk)), (1, vec!["pending".to_owned()]));

    let before = pipe(&tripping(&desk, "pipe-before-commit").0, "b");
    assert_eq!((before.status, desk.count("tickets")), (75, 1), "{before:?}");
    assert!(before.stderr.starts_with("4.3.0 ") && before.stderr.lines().count() == 1, "{before:?}");
    // While the mail is sent: the same.
    assert_eq!(pipe(&tripping(&desk, "sender").0, "c").parts(), (0, "", ""));
    assert_eq!((desk.count("tickets"), sink.taken().len()), (2, 0));
}

#[test]
fn a_sender_that_panics_is_missed_by_everybody_and_begun_again() {
    let sink = Sink::start(&[Play::Take]);
    let desk = sending(&sink);
    let (trip, file) = tripping(&desk, "sender");
    desk.try_admin(&["token", "add", "full", "--all", "--value", TOKEN]);
    // Something to send, so that the sender panics from the start. `pipe` itself has nobody to leave it to.
    desk.pipe_with(
        mail("a", "Subject: x\n", "x"),
        &["--recipient", SUPPORT],
        &[("MAILDESK_TRIP", OsStr::new(&tripping(&desk, "pipe-after-commit").0))],
    );
    let mut command = desk.command();
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("MAILDESK_TRIP", trip).stdin(Stdio::null());
    let server = Server::spawn(&mut command);
    wait_until("the sender panics again and again", || desk.log().matches("ended a thread").count() >= 2);
    assert_eq!(states(&desk), ["pending"]);

    // As if it had sent before, more than half a minute ago. One that panics gives no new heartbeat.
    desk.outside().run("UPDATE desk SET served_at = unixepoch() - 35");
    let doctor = desk.try_admin(&["doctor"]).stdout;
    assert!(doctor.contains("`maildesk serve` has not run for"), "{doctor}");
    desk.deliver(mail("b", "Subject: y\n", "y"));
    assert_eq!(sink.taken().len(), 1, "pipe no longer leaves its mail to the sender");

    fs::remove_file(file).unwrap();
    wait_until("the sender is started again", || sink.taken().len() == 2);
    wait_until("the heartbeat is given again", || !desk.try_admin(&["doctor"]).stdout.contains("no `maildesk serve`"));
    assert_eq!(server.get("/readyz").status, 200);
    drop(server);
}

/// The limit of processes does not bind root, so the threads are refused to somebody else.
#[test]
fn without_threads_mail_is_still_taken_or_kept_by_the_mta() {
    let sink = Sink::start(&[Play::Take]);
    let desk = sending(&sink);
    desk.pipe_with(
        mail("a", "Subject: x\n", "x"),
        &["--recipient", SUPPORT],
        &[("MAILDESK_TRIP", OsStr::new(&tripping(&desk, "pipe-after-commit").0))],
    );
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can become an account without other processes");
        return;
    }
    const ACCOUNT: &str = "61234";
    for path in [desk.path(""), desk.path("maildesk.log"), desk.path("maildesk.toml")] {
        std::os::unix::fs::chown(path, Some(61_234), Some(61_234)).unwrap();
    }
    // Where the database is in a file.
    for path in [desk.path("data"), desk.db()] {
        std::os::unix::fs::chown(path, Some(61_234), Some(61_234)).ok();
    }
    for suffix in ["-wal", "-shm"] {
        std::os::unix::fs::chown(format!("{}{suffix}", desk.db().display()), Some(61_234), Some(61_234)).ok();
    }
    let limited = |args: &[&str]| {
        let command = desk.command();
        let mut limited = Command::new("/usr/bin/setpriv");
        limited.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups", "prlimit", "--nproc=1"]);
        limited.arg(command.get_program()).args(command.get_args()).args(args).current_dir(desk.path(""));
        limited
    };
    // Sent without a thread.
    let done = limited(&["admin", "outbox", "send"]).output().unwrap();
    assert_eq!((done.status.code(), sink.taken().len()), (Some(0), 1), "{}", String::from_utf8_lossy(&done.stderr));
    // `pipe` cannot keep its deadline and says so in the MTA's language.
    let done = feed(&mut limited(&["pipe", "--recipient", SUPPORT]), mail("b", "Subject: y\n", "y").as_bytes());
    assert_eq!((done.status, desk.count("tickets")), (75, 1), "{done:?}");
    assert!(done.stderr.starts_with("4.3.0 "), "{done:?}");
    // `serve` says why it cannot start.
    let done = feed(&mut limited(&["serve", "--listen", "127.0.0.1:0"]), b"");
    assert_eq!(done.status, 1, "{done:?}");
    assert!(outbox(&desk).iter().all(|row| row["state"] == "sent"));
}
