//! What `admin doctor` warns of, and that every command it gives can be typed as it stands.

use std::fs;
use std::path::Path;
use std::process::Command;

use clap::Parser;
use serde_json::Value;

use crate::client::Server;
use crate::desk::{Desk, SALES, SUPPORT, feed, mail};
use crate::mta::skip;
use crate::postfix::{Postfix, Setup};

/// The report, whatever it says.
fn report(desk: &Desk) -> Value {
    let done = desk.try_admin(&["doctor"]);
    serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"))
}

/// Level, message and fix of the checks of that name.
fn checks(report: &Value, name: &str) -> Vec<(String, String, String)> {
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let all = report["checks"].as_array().into_iter().flatten().filter(|check| check["name"] == name);
    all.map(|check| (text(check, "level"), text(check, "message"), text(check, "fix"))).collect()
}

/// The fix of the warning whose message has these words.
fn warned(report: &Value, name: &str, words: &str) -> String {
    let found = checks(report, name).into_iter().find(|(level, text, _)| level == "WARN" && text.contains(words));
    found.unwrap_or_else(|| panic!("{name}: {words}: {report}")).2
}

fn is_warned(report: &Value, name: &str) -> bool {
    checks(report, name).iter().any(|(level, _, _)| level == "WARN")
}

/// Types a command as it stands, with our program on the PATH.
fn type_it(desk: &Desk, line: &str) -> crate::desk::Done {
    let bin = Path::new(env!("CARGO_BIN_EXE_maildesk")).parent().expect("it lies in a folder");
    let mut command = Command::new("sh");
    command.args(["-c", line]).env_clear().env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", bin.display()));
    command.env("HOME", desk.path("")).current_dir("/");
    feed(&mut command, b"a long password\n")
}

#[test]
fn doctor_warns_when_nobody_is_notified_and_its_command_helps() {
    let desk = Desk::new();
    let out = desk.path("out").to_string_lossy().into_owned();
    fs::create_dir(&out).expect("the folder is ours");
    for address in [SUPPORT, SALES] {
        desk.admin(&["address", "update", address, "--outgoing", "file", "--outgoing-dir", &out]);
    }
    for department in ["department 1 \"General\"", "department 2 \"Sales\""] {
        let fix = warned(&report(&desk), "notices", department);
        let done = type_it(&desk, &fix);
        assert_eq!(done.status, 0, "{fix}: {}", done.stderr);
    }
    assert!(!is_warned(&report(&desk), "notices"), "one account belongs to both now");
    desk.admin(&["staff", "update", "admin", "--notifications", "false"]);
    assert_eq!(type_it(&desk, &warned(&report(&desk), "notices", "department 1")).status, 0);
    desk.admin(&["template", "disable", "staff_ticketnotification"]);
    assert_eq!(type_it(&desk, &warned(&report(&desk), "notices", "is off")).status, 0);
    assert!(!is_warned(&report(&desk), "notices"));
    desk.admin(&["address", "update", SALES, "--outgoing", "none"]);
    let fix = warned(&report(&desk), "notices", "no address sends mail for it");
    assert_eq!(type_it(&desk, &fix).status, 0, "{fix}");
    assert_eq!(desk.admin(&["address", "show", SALES])["smtp_port"], 25);
}

#[test]
fn doctor_warns_as_soon_as_a_mail_has_failed_and_of_mail_set_aside() {
    let desk = Desk::new();
    assert!(!is_warned(&report(&desk), "queue"));
    let closed = ["--outgoing", "smtp", "--smtp-host", "127.0.0.1", "--smtp-port", "1", "--smtp-tls", "none"];
    desk.admin(&[&["address", "update", SUPPORT][..], &closed].concat());
    desk.deliver(mail("q", "Subject: Printer\n", "It burns."));
    let found = report(&desk);
    let fix = warned(
        &found,
        "queue",
        "1 mail could not be sent yet and will be tried again; the last error: connecting to 127.0.0.1:1",
    );
    assert!(type_it(&desk, &fix).stdout.contains("new_ticket"), "{fix}");
    desk.outside().run("UPDATE outbox SET state = 'failed'");
    let fix = warned(&report(&desk), "queue", "1 mail could not be delivered");
    assert!(type_it(&desk, &fix).stdout.contains("failed"), "{fix}");
    desk.outside().run("UPDATE outbox SET created_at = created_at - 8 * 86400");
    assert!(!is_warned(&report(&desk), "queue"), "long ago");
    desk.deliver(b"Subject: no sender\nMessage-ID: <three@client.test>\n\nwho?\n");
    let fix = warned(&report(&desk), "quarantine", "1 mail in quarantine");
    assert!(type_it(&desk, &fix).stdout.contains("no sender"), "{fix}");
}

#[test]
fn doctor_warns_when_serve_was_stopped() {
    let desk = Desk::new();
    assert!(!is_warned(&report(&desk), "serve"), "a desk that cron serves");
    let mut server = Server::spawn(desk.command().args(["serve", "--listen", "127.0.0.1:0"]));
    assert!(!is_warned(&report(&desk), "serve"));
    server.signal("TERM");
    server.wait();
    desk.outside().run("UPDATE desk SET served_at = unixepoch() - 45");
    warned(&report(&desk), "serve", "`maildesk serve` has not run for 4");
    desk.outside().run("UPDATE desk SET served_at = unixepoch() - 90");
    let fix = warned(&report(&desk), "serve", "`maildesk serve` has not run for 1 minute:");
    assert!(fix == "systemctl start maildesk" || fix.ends_with("serve"), "{fix}");
}

#[test]
fn doctor_warns_of_sendmail_where_privileges_cannot_be_gained() {
    if !Path::new("/usr/sbin/postdrop").exists() || !Path::new("/usr/bin/setpriv").exists() {
        return skip("Postfix's postdrop or setpriv is not installed");
    }
    let desk = Desk::in_file();
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "sendmail"]);
    assert!(!is_warned(&report(&desk), "sendmail"), "nothing forbids it");
    let bound = |words: &[&str]| {
        let mut command = Command::new("setpriv");
        command
            .arg("--no-new-privs")
            .arg(env!("CARGO_BIN_EXE_maildesk"))
            .arg("--config")
            .arg(desk.path("maildesk.toml"));
        command.args(words);
        command
    };
    let done = feed(&mut bound(&["--json", "admin", "doctor"]), b"");
    let found: Value = serde_json::from_str(&done.stdout).expect("a report");
    warned(&found, "sendmail", "this runs under NoNewPrivileges");
    let mut server = Server::spawn(&mut bound(&["serve", "--listen", "127.0.0.1:0"]));
    let fix = warned(&report(&desk), "sendmail", "`maildesk serve` (process ");
    server.signal("TERM");
    server.wait();
    assert_eq!(type_it(&desk, &fix).status, 0, "{fix}");
    assert_eq!(desk.admin(&["address", "show", SUPPORT])["outgoing"], "smtp");
}

#[test]
fn every_command_that_doctor_gives_can_be_typed() {
    let desk = Desk::in_file();
    let closed = ["--outgoing", "smtp", "--smtp-host", "127.0.0.1", "--smtp-port", "1", "--smtp-tls", "none"];
    desk.admin(&[&["address", "update", SUPPORT][..], &closed].concat());
    let imap = [
        "--incoming",
        "imap",
        "--imap-host",
        "127.0.0.1",
        "--imap-port",
        "1",
        "--imap-user",
        "x",
        "--imap-tls",
        "none",
    ];
    desk.admin(&[&["address", "add", "box@helpdesk.test", "--name", "Box", "--department", "2"][..], &imap].concat());
    desk.deliver(mail("q", "Subject: Printer\n", "It burns."));
    desk.deliver(b"Subject: no sender\nMessage-ID: <three@client.test>\n\nwho?\n");
    desk.outside().run(
        "UPDATE desk SET served_at = 1; UPDATE address SET is_default = 0; \
                        UPDATE address SET department_id = NULL WHERE id = 2",
    );
    fs::set_permissions(desk.db(), std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("the database is ours");
    let found = report(&desk);
    let mut fixes: Vec<String> = Vec::new();
    for check in found["checks"].as_array().into_iter().flatten() {
        let fix = check["fix"].as_str().unwrap_or_default();
        assert!(check["level"] == "OK" || !fix.is_empty() || check["name"] == "route", "{check}");
        fixes.extend(Some(fix.to_owned()).filter(|fix| !fix.is_empty()));
    }
    for broken in ["/nowhere/x.db", "/", "/etc/hostname"] {
        let done = feed(desk.command().args(["--db", broken, "--json", "admin", "doctor", "--offline"]), b"");
        let found: Value = serde_json::from_str(&done.stdout).expect("a report");
        let all = found["checks"].as_array().into_iter().flatten().filter_map(|check| check["fix"].as_str());
        fixes.extend(all.filter(|fix| !fix.is_empty()).map(str::to_owned));
    }
    assert!(fixes.len() > 12, "{fixes:?}");
    for fix in &fixes {
        let is_said = feed(Command::new("sh").args(["-n", "-c", fix]), b"").status == 0;
        assert!(is_said && !fix.contains('…') && !fix.contains("; `"), "{fix}");
        let Some(line) = fix.strip_prefix("maildesk ") else { continue };
        let words = std::iter::once("maildesk").chain(line.split(' '));
        let parsed = maildesk::cli::Arguments::try_parse_from(words);
        let is_version = parsed.as_ref().is_err_and(|error| !error.use_stderr());
        assert!(parsed.is_ok() || is_version, "{fix}");
        assert!(line.contains("--config"), "on the desk that was looked at: {fix}");
    }
    for name in ["files", "queue", "quarantine", "serve", "notices", "address", "imap", "outgoing", "route", "site_url"]
    {
        assert!(checks(&found, name).iter().any(|(level, _, _)| level != "OK"), "{name}: {found}");
    }
}

#[test]
fn doctor_finds_the_line_of_postfix_that_leads_here_and_gives_it_where_there_is_none() {
    let Some(postfix) = Postfix::start(|_| Setup::default()) else { return };
    let desk = &postfix.desk;
    let add = ["address", "add", "extra@other.example", "--name", "Extra", "--department", "1", "--incoming", "pipe"];
    desk.admin(&add);
    let look = || {
        // As root: the table of transports and the lines are root's.
        let mut command = Command::new(desk.path("maildesk"));
        command.arg("--config").arg(desk.path("maildesk.toml")).args(["--json", "admin", "doctor", "--offline"]);
        command.env("MAIL_CONFIG", desk.path("etc"));
        let done = feed(&mut command, b"");
        serde_json::from_str::<Value>(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"))
    };
    let before = look();
    let routes = checks(&before, "route");
    let of = |email: &str| routes.iter().find(|(_, text, _)| text.contains(email)).cloned().unwrap_or_default();
    assert_eq!((of("support@example.org").0.as_str(), of("sales@example.org").0.as_str()), ("OK", "OK"), "{before}");
    let fix = warned(&before, "route", "extra@other.example");
    assert!(fix.contains("extra@other.example maildesk:"), "{fix}");
    let typed = feed(Command::new("sh").args(["-c", &fix]).env("MAIL_CONFIG", desk.path("etc")), b"");
    assert_eq!(typed.status, 0, "{fix}: {typed:?}");
    assert!(!is_warned(&look(), "route"), "{}", look());
}

#[test]
fn desk_on_a_file_system_without_writes_is_a_failure_that_names_it() {
    let desk = Desk::in_file();
    let folder = desk.path("disk");
    fs::create_dir(&folder).expect("the folder is ours");
    let mount = |options: &str| {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&folder);
        command.status().is_ok_and(|status| status.success())
    };
    if !mount("size=64m") {
        return skip("only root may mount a file system");
    }
    let db = folder.join("maildesk.db");
    let run = |words: &[&str], input: &[u8]| feed(desk.command().arg("--db").arg(&db).args(words), input);
    let doctor = || run(&["--json", "admin", "doctor", "--offline"], b"");
    let made = run(&["admin", "init"], b"");
    let add =
        ["admin", "address", "add", SUPPORT, "--name", "x", "--department", "1", "--default", "--incoming", "pipe"];
    let added = run(&add, b"");
    let before = doctor();
    let is_remounted = mount("remount,ro");
    let (after, set, piped) =
        (doctor(), run(&["admin", "setting", "set", "web", "0"], b""), run(&["pipe"], b"From: a@b.example\n\nx\n"));
    Command::new("umount").arg(&folder).status().expect("umount runs");
    assert_eq!((made.status, added.status, is_remounted), (0, 0, true), "{made:?} {added:?}");
    let read = |done: &crate::desk::Done| serde_json::from_str::<Value>(&done.stdout).expect("a report");
    assert_eq!(checks(&read(&before), "pipe")[0].0, "OK", "{before:?}");
    assert_eq!((after.status, piped.status), (1, 75), "{after:?}");
    let found = checks(&read(&after), "database");
    assert!(found[0].0 == "FAIL" && found[0].1.contains("mounted read-only"), "{found:?}");
    assert!(checks(&read(&after), "pipe").is_empty(), "{after:?}");
    assert!(set.status == 1 && set.stderr.contains("mounted read-only"), "{set:?}");
}
