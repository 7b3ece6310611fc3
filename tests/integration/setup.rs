//! `admin setup`: from an installed program to a desk that has taken its first mail, with Debian's Postfix and without a
//! mail server.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::desk::{Desk, Done, feed};
use crate::mta::{Letter, SENDER, account, set_mode, small_mail, submit, wait_for};
use crate::postfix::{Postfix, Setup};

const ANSWERS: [&str; 10] = [
    "--site-name",
    "Example Support",
    "--url",
    "http://localhost",
    "--address",
    "help@example.net",
    "--staff",
    "sam",
    "--staff-name",
    "Sam Poe",
];

/// A Postfix without a line of maildesk, and the folder of a desk to be.
fn bare_postfix() -> Option<(Postfix, String)> {
    let postfix = Postfix::start(|_| Setup::default())?;
    postfix.ask("postconf", &["-MX", "maildesk/unix"]);
    postfix.ask("postconf", &["-X", "transport_maps", "maildesk_destination_recipient_limit", "recipient_delimiter"]);
    postfix.ask("postconf", &["-e", "relay_domains ="]);
    postfix.ask("postfix", &["reload"]);
    let folder = postfix.desk.path("new");
    fs::create_dir(&folder).expect("a new folder");
    set_mode(folder.clone(), 0o700);
    let (uid, gid) = account(postfix.desk.account()).expect("the account is there");
    chown(&folder, Some(uid), Some(gid)).expect("root may give a folder away");
    let db = folder.join("maildesk.db").display().to_string();
    Some((postfix, db))
}

/// `admin setup` as root on that Postfix.
fn set_up(postfix: &Postfix, db: &str, more: &[&str]) -> Done {
    let mut command = Command::new(postfix.desk.path("maildesk"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("MAIL_CONFIG", postfix.desk.path("etc"));
    command.args(["--json", "--db", db, "admin", "setup"]).args(ANSWERS);
    command.args(["--staff-email", "inbox@example.org", "--password-stdin", "--smtp-port", &postfix.port.to_string()]);
    feed(command.args(more), b"a long password\n")
}

#[test]
fn setup_writes_postfix_and_its_test_mail_is_a_ticket_that_is_acknowledged() {
    let Some((postfix, db)) = bare_postfix() else { return };
    let before = fs::read_to_string(postfix.desk.path("etc/main.cf")).expect("Postfix has it");
    let done = set_up(&postfix, &db, &["--apply"]);
    assert_eq!(done.status, 0, "{}{}", done.stderr, postfix.log());
    let report: Value = serde_json::from_str(&done.stdout).expect("setup prints an object");
    assert_eq!((&report["ticket_id"], &report["mta"]), (&Value::from(1), &Value::from("Postfix")), "{report}");
    let is_odd = |check: &&Value| check["level"] != "OK" && check["name"] != "file system" && check["name"] != "space";
    let odd: Vec<&Value> =
        report["checks"]["checks"].as_array().expect("doctor's looks").iter().filter(is_odd).collect();
    assert!(odd.is_empty(), "doctor is not content: {odd:#?}");
    postfix.wait_for("help@example.net", "sent");
    postfix.wait_for("inbox@example.org", "sent");
    let read = || fs::read_to_string(postfix.desk.path("inboxes/inbox")).ok();
    let inbox =
        wait_for("the acknowledgement is there", || read().filter(|text| text.contains("[#1]")), || postfix.log());
    assert!(inbox.contains("Subject: [#1] Test mail of maildesk"), "{inbox}");
    let copy = postfix.desk.path("etc/main.cf.before-maildesk");
    assert_eq!(fs::read_to_string(copy).expect("the file was copied"), before);
    // From outside (here: not from its own networks) the address is taken, and no other of the domain.
    postfix.ask("postconf", &["-e", "mynetworks = 192.0.2.0/24"]);
    postfix.ask("postfix", &["reload"]);
    let send = |to: &str| {
        submit(postfix.port, &Letter { sender: SENDER, recipients: &[to], message: &small_mail("from-outside", &[to]) })
    };
    assert_eq!(send("help+token@example.net"), Ok(()));
    let refused = send("other@example.net").expect_err("no relay for others");
    assert!(refused.starts_with("454 4.7.1") || refused.starts_with("554 5.7.1"), "{refused}");
    postfix.wait_for("help+token@example.net", "sent");
    // Once more: nothing is left to do, and the mail still comes through Postfix.
    let again = set_up(&postfix, &db, &["--apply"]);
    let report: Value = serde_json::from_str(&again.stdout).unwrap_or_else(|_| panic!("{}", again.stderr));
    assert_eq!((&report["mta_lines"], &report["ticket_id"]), (&serde_json::json!([]), &Value::from(3)));
    assert_eq!(report["mta_in_place"], true);
}

#[test]
fn a_postfix_that_fails_at_a_step_gets_its_files_back() {
    let Some((postfix, db)) = bare_postfix() else { return };
    postfix.ask("postconf", &["-e", "mail_owner = nobody-of-this-name"]);
    let files = ["etc/main.cf", "etc/master.cf"].map(|name| postfix.desk.path(name));
    let before = files.clone().map(|file| fs::read(file).expect("Postfix has it"));
    let done = set_up(&postfix, &db, &["--apply"]);
    assert_eq!(done.status, 1, "{}", done.stderr);
    assert!(done.stderr.contains("Postfix has its old configuration again, because this failed: "), "{}", done.stderr);
    assert_eq!(files.map(|file| fs::read(file).expect("it is there")), before);
}

#[test]
fn a_postfix_that_cannot_be_read_is_said_with_its_own_words() {
    let Some((postfix, db)) = bare_postfix() else { return };
    fs::remove_file(postfix.desk.path("etc/main.cf")).expect("Postfix has it");
    let done = set_up(&postfix, &db, &[]);
    assert_eq!(done.status, 1, "{}", done.stderr);
    let said = "maildesk: Postfix's configuration cannot be read: ";
    assert!(done.stderr.contains(said) && done.stderr.ends_with("with --mta none\n"), "{}", done.stderr);
}

#[test]
fn without_apply_the_lines_are_shown_and_nothing_is_written() {
    let Some((postfix, db)) = bare_postfix() else { return };
    let before = fs::read(postfix.desk.path("etc/main.cf")).expect("Postfix has it");
    let done = set_up(&postfix, &db, &[]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    let report: Value = serde_json::from_str(&done.stdout).expect("setup prints an object");
    let lines = report["mta_lines"].to_string();
    for line in ["postconf -M 'maildesk/unix=", "help@example.net OK", "postfix check"] {
        assert!(lines.contains(line), "{lines}");
    }
    assert_eq!((&report["mta_in_place"], &report["ticket_id"]), (&Value::from(false), &Value::from(1)));
    assert_eq!(fs::read(postfix.desk.path("etc/main.cf")).expect("it is there"), before);
    assert!(!postfix.desk.path("etc/maildesk-transport").exists());
}

#[test]
fn scripts_are_told_every_flag_that_is_missing() {
    let desk = Desk::without_database();
    let done = feed(desk.command().args(["admin", "setup", "--mta", "none", "--site-name", "X"]), b"");
    let expected = "maildesk: without a terminal to ask at, these are needed too: --url, --address, --staff, --staff-name, \
                    --staff-email\n";
    assert_eq!(done.parts(), (2, "", expected));
    assert!(!desk.db().exists());
}

#[test]
fn on_a_terminal_it_asks_and_the_password_is_not_shown() {
    const PTY: &str = "
import os, pty, sys, select
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
answers = [('Name of the desk', 'Lamps'), ('Address whose mail', 'not an address'), ('Address whose mail', 'help@lamps.test'),
           ('URL of the desk', 'localhost'), ('URL of the desk', 'http://localhost'), ('Your own address', 'sam@lamps.test'),
           ('Login name [sam]', 'sam poe'), ('Login name [sam]', ''), ('Full name', 'Sam Poe'), ('Password', 'short'),
           ('Password', 'a long password'), ('Once more', 'a wrong password'), ('Password', 'a long password'),
           ('Once more', 'a long password')]
seen = said = ''
while True:
    try:
        piece = os.read(fd, 4096).decode()
    except OSError:
        break
    if not piece:
        break
    said += piece
    seen += piece
    if answers and answers[0][0] in seen and seen.rstrip('\\n').endswith(': '):
        seen = ''
        os.write(fd, (answers.pop(0)[1] + '\\n').encode())
sys.stdout.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";
    let desk = Desk::without_database();
    let mut command = Command::new("python3");
    command.args(["-c", PTY, env!("CARGO_BIN_EXE_maildesk"), "--config"]).arg(desk.path("maildesk.toml"));
    command.args(["admin", "setup", "--mta", "none", "--offline"]).env("HOME", desk.path(""));
    let done = feed(&mut command, b"");
    assert_eq!(done.status, 0, "{}{}", done.stdout, done.stderr);
    assert!(!done.stdout.contains("a long password"), "{}", done.stdout);
    let complaints = ["\"not an address\" is not", "site_url", "may only hold letters", "too short", "not the same"];
    for complaint in complaints {
        assert!(done.stdout.contains(complaint), "{complaint}: {}", done.stdout);
    }
    assert!(
        done.stdout.contains("a test mail from sam@lamps.test to help@lamps.test came in by `maildesk pipe`"),
        "{}",
        done.stdout
    );
    assert_eq!(desk.ticket(1)["subject"], "Test mail of maildesk");
    assert_eq!(desk.admin(&["setting", "get", "site_name"])["value"], "Lamps");
    assert!(Path::new(&desk.db()).exists());
}
