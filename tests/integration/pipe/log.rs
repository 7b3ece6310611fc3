//! The log of `pipe`: one line for each mail, which no mail can forge and no trouble with the log can lose.

use std::fs;

use super::{assert_taken, assert_try_again, small};
use crate::desk::{Desk, feed, mail};

#[test]
fn every_mail_leaves_one_log_line_without_its_words() {
    let desk = Desk::new();
    desk.set("unknown_recipient", "reject");
    let secret = mail("secret", "Subject: Rosebud subject\n", "Rosebud body.");
    desk.deliver(&secret);
    desk.deliver(&secret);
    assert_eq!(desk.pipe(&secret, &["--recipient", "x@helpdesk.test"]).status, 0, "on record already");
    let unknown = mail("unknown", "Subject: Rosebud subject\n", "Rosebud body.");
    assert_eq!(desk.pipe(&unknown, &["--recipient", "x@helpdesk.test"]).status, 67);
    let log = desk.log();
    assert_eq!(log.lines().count(), 4, "{log}");
    assert!(!log.contains("Rosebud"), "{log}");
    let expected = [
        " info delivered message_id=<secret@client.test> decision=open reason=new ticket=#1 from=ann@client.test",
        " decision=duplicate ",
        " decision=duplicate ",
        " decision=refuse ",
    ];
    for (line, expected) in log.lines().zip(expected) {
        assert!(line.contains(expected) && line.contains(" bytes=") && line.contains(" ms="), "{line}");
        let pairs = line.split_once(" info delivered ").map_or("", |(_, pairs)| pairs);
        assert!(!pairs.is_empty() && line.is_ascii(), "{line}");
    }
}

#[test]
fn no_header_forges_a_log_line() {
    let desk = Desk::new();
    let forged = "2026-01-01T00:00:00Z error forged by=me";
    let mails = [
        format!("From: \"a\\\n {forged}\" <ann@client.test>\nMessage-ID: <a@b>\n\nx"),
        format!("From: =?utf-8?Q?Ann=0A{}?= <ann@client.test>\n\nx", forged.replace(' ', "_")),
        format!("From: ann@client.test\nMessage-ID: <a\r\n {forged}@b>\n\nx"),
        format!("From: ann@client.test\nMessage-ID: <a\r{forged}\u{2028}{forged}\u{85}@b>\n\ny"),
        format!("From: ann@client.test\nMessage-ID: =?utf-8?Q?<a=0D=0A{}@b>?=\n\nz", forged.replace(' ', "_")),
        "From: ann@client.test\nMessage-ID: <x decision=open ticket=#999>\n\nv".to_owned(),
        "From: ann@client.test\nMessage-ID: <\x1b[2Jx\x07@b>\n\nw".to_owned(),
    ];
    for mail in &mails {
        desk.deliver(mail);
    }
    let done = desk.pipe(format!("From: ann@client.test\n\n{forged}"), &["--recipient", &format!("x\n{forged}")]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    let log = desk.log();
    assert_eq!(log.lines().count(), mails.len() + 1, "{log}");
    for line in log.lines() {
        assert!(line.contains(" info delivered message_id="), "{line}");
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{2028}'), "{line:?}");
        assert_eq!(line.matches(" ticket=#").count(), 1, "{line}");
    }
}

#[test]
fn failure_is_logged_once_with_what_to_do() {
    let desk = Desk::new();
    let done = feed(desk.command().arg("--db").arg(desk.path("gone.db")).arg("pipe"), small().as_bytes());
    assert_try_again(&done, "missing");
    let log = desk.log();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains(" error ") && log.contains("gone.db") && log.contains("admin init"), "{log}");
}

#[test]
fn log_that_cannot_be_written_loses_no_mail() {
    let desk = Desk::new();
    let text = format!("db = {:?}\n[log]\ntarget = \"/nowhere/at/all.log\"\n", desk.db());
    fs::write(desk.path("maildesk.toml"), text).expect("the folder is writable");
    assert_taken(&desk.pipe(small(), &[]), "no log");
    assert_eq!(desk.count("messages"), 1);
}

#[test]
fn log_to_stderr_is_not_for_the_mta() {
    let desk = Desk::new();
    let text = format!("db = {:?}\n[log]\ntarget = \"stderr\"\nlevel = \"debug\"\n", desk.db());
    fs::write(desk.path("maildesk.toml"), text).expect("the folder is writable");
    assert_taken(&feed(desk.command().args(["-v", "-v", "pipe"]), small().as_bytes()), "stderr is the MTA's");
}

#[test]
fn json_log_is_one_object_for_a_mail() {
    let desk = Desk::new();
    let (db, log) = (desk.db(), desk.path("maildesk.log"));
    let text = format!("db = {db:?}\n[log]\ntarget = {log:?}\njson = true\n");
    fs::write(desk.path("maildesk.toml"), text).expect("the folder is writable");
    desk.deliver(small());
    let log = desk.log();
    let line: serde_json::Value = serde_json::from_str(log.trim_end()).expect("one line, one object");
    assert_eq!((line["decision"].as_str(), line["ticket"].as_str()), (Some("open"), Some("#1")), "{line}");
}
