//! How often a mail waits for the disk.

use std::fs;
use std::process::Command;

use crate::desk::{Desk, SUPPORT, feed, mail};
use crate::mta::skip;
use crate::pipe::assert_taken;

/// What was synced while a mail was taken, as strace (Debian) saw it.
fn synced(desk: &Desk, number: u32) -> Vec<String> {
    let trace = desk.path(&format!("trace{number}"));
    let program = desk.command();
    let mut traced = Command::new("strace");
    traced.args(["-f", "-y", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range", "-o"]).arg(&trace);
    traced.arg(program.get_program()).args(program.get_args()).args(["pipe", "--recipient", SUPPORT]);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    let text = mail(&format!("synced{number}"), "Subject: Printer on fire\n", "It burns.");
    assert_taken(&feed(&mut traced, text.as_bytes()), "a traced mail");
    let lines = fs::read_to_string(&trace).expect("strace has written");
    lines.lines().filter(|line| line.contains("sync")).map(str::to_owned).collect()
}

#[test]
fn a_mail_waits_for_the_disk_once() {
    if Command::new("strace").arg("--version").output().is_err() {
        return skip("strace is missing");
    }
    let desk = Desk::in_file();
    // What made the desk is in the log, which is soon emptied.
    desk.sqlite().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("nobody else reads");
    synced(&desk, 0);
    for number in 1..4 {
        let found = synced(&desk, number);
        assert!(found.len() == 1 && found.iter().all(|line| line.contains("-wal>")), "{found:#?}");
    }
}

#[test]
fn the_first_mail_in_a_new_log_syncs_the_folder_too() {
    if Command::new("strace").arg("--version").output().is_err() {
        return skip("strace is missing");
    }
    let desk = Desk::in_file();
    synced(&desk, 0);
    desk.sqlite().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("nobody else reads");
    let found = synced(&desk, 1);
    // The folder, the head of the log, the mail.
    assert_eq!(found.len(), 3, "{found:#?}");
    let folder = format!("<{}>", desk.db().canonicalize().unwrap().parent().unwrap().display());
    assert!(found.first().is_some_and(|line| line.contains(&folder)), "before anything is written: {found:#?}");
}
