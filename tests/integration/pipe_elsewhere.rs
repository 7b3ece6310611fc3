//! `maildesk pipe` on a host without a database: each mail is posted to the desk's `serve`. The exit table stays what it
//! is, and whatever is killed at whatever moment, no mail is lost and none is there twice.
#![allow(clippy::unwrap_used)]

mod answers;
mod fixture;
mod killed;
mod tls;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::client::Server;
use crate::desk::{Desk, SALES, SUPPORT, mail};
use crate::pipe::{TRY_AGAIN, assert_taken};
use fixture::MailHost;

#[test]
fn mail_arrives_with_its_envelope_and_once() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let host = MailHost::of(&desk, &format!("http://{}", server.address));
    let small = mail("one", "Subject: Printer\n", "It burns.");
    let arguments = ["--recipient", SALES, "--sender", "ann@client.test"];
    for _ in 0..2 {
        assert_taken(&host.pipe(&small, &arguments), &host.log());
    }
    assert_eq!((desk.count("mails_received"), desk.last_outcome().as_str()), (1, "stored new #1"));
    let kept = desk.last_mail();
    assert_eq!((kept["recipient"].as_str(), kept["from"].as_str()), (Some(SALES), Some("ann@client.test")));
    let id = kept["id"].to_string();
    assert_eq!(desk.admin(&["mail", "show", &id])["sender"], "ann@client.test");
    assert_eq!(host.log().matches("handed over").count(), 2, "{}", host.log());
    assert_eq!(desk.notes(1), "");

    // A bounce has an empty sender, and that is not the same as none.
    for (id, sender) in [("null", Some("")), ("none", None)] {
        let arguments = sender.map_or_else(Vec::new, |sender| vec!["--sender", sender]);
        let message = mail(id, "Subject: x\n", "x");
        assert_taken(&host.pipe(&message, &[&["--recipient", SUPPORT][..], &arguments].concat()), &host.log());
    }
    let sender = |nth: &str| desk.admin(&["mail", "show", nth])["sender"].clone();
    assert_eq!((sender("2"), sender("3")), (Value::from(""), Value::Null));

    // Addresses of other scripts, and words that a header line would not carry.
    let odd = "\"a, b%\"+\u{fc}@m\u{fc}nchen.example";
    assert_taken(&host.pipe(mail("odd", "Subject: x\n", "x"), &["--recipient", odd]), &host.log());
    assert_eq!(desk.last_mail()["recipient"], odd);
}

#[test]
fn same_mail_from_two_hosts_at_once_is_one_message() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let url = format!("http://{}", server.address);
    let hosts = [MailHost::of(&desk, &url), MailHost::of(&desk, &url)];
    for round in 0..5 {
        let message = mail(&format!("both{round}"), "Subject: x\n", "x");
        std::thread::scope(|scope| {
            let both = hosts.each_ref().map(|host| scope.spawn(|| host.pipe(&message, &["--recipient", SUPPORT])));
            both.into_iter().for_each(|one| assert_taken(&one.join().unwrap(), "either host"));
        });
        assert_eq!((desk.count("mails_received"), desk.count("messages")), (round + 1, round + 1));
    }
}

#[test]
fn refusals_are_the_desks_and_keep_their_status() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let host = MailHost::of(&desk, &format!("http://{}", server.address));
    desk.set("unknown_recipient", "reject");
    let done = host.pipe(mail("x", "Subject: x\n", "x"), &["--recipient", "nobody@helpdesk.test"]);
    assert_eq!(done.parts(), (67, "", "5.1.1 nobody@helpdesk.test does not accept mail\n"));
    desk.admin(&["ban", "add", "ann@client.test"]);
    desk.set("refuse_banned", "1");
    let done = host.pipe(mail("y", "Subject: x\n", "x"), &["--recipient", SUPPORT]);
    assert_eq!(done.parts(), (77, "", "5.7.1 mail from this sender is not accepted here\n"));
    assert_eq!(desk.count("mails_received"), 0);
}

#[test]
fn mail_larger_than_the_desk_takes_is_kept_as_its_header() {
    let desk = Desk::new();
    desk.configure("raw_bytes_max = 80000\nhttp_body_bytes_max = 30000");
    let server = Server::start(&desk);
    let host = MailHost::of(&desk, &format!("http://{}", server.address));
    for (id, bytes) in [("fits", 45_000), ("large", 200_000)] {
        let message = mail(id, "Subject: pictures\n", &"x".repeat(bytes));
        assert_taken(&host.pipe(message, &["--recipient", SUPPORT]), &host.log());
    }
    assert_eq!(desk.count("mails_received"), 2);
    for received in [3, 3] {
        let message = mail("large", "Subject: pictures\n", &format!("{}another end", "x".repeat(200_000)));
        assert_taken(&host.pipe(&message, &["--recipient", SUPPORT]), "begins as the one before");
        assert_taken(&desk.pipe(&message, &["--recipient", SUPPORT]), "the same mail by another door");
        assert_eq!(desk.count("mails_received"), received);
    }
    let text = |id: i64| desk.messages(id)[0]["text"].as_str().unwrap().len();
    assert!(text(1) > 40_000 && text(2) < 1_000, "{} {}", text(1), text(2));
}

#[test]
fn endpoint_takes_mails_up_to_their_own_limit_and_nothing_it_cannot_read() {
    let desk = Desk::new();
    desk.configure("raw_bytes_max = 80000\nhttp_body_bytes_max = 30000");
    let server = Server::start(&desk);
    let post =
        |path: &str, headers: &[(&str, &str)], body: &str| server.ask("POST", path, headers, body.as_bytes()).status;
    let sized = |bytes: usize| {
        let head = mail("sized", "Subject: x\n", "");
        format!("{head}{}", "x".repeat(bytes - head.len()))
    };
    let path = "/api/mail/deliver";
    assert_eq!(post(path, &[], &sized(80_001)), 200, "one byte more says that a mail is larger");
    assert_eq!(post(path, &[], &sized(80_002)), 413);
    assert_eq!((post("/api/users", &[], &sized(30_001)), post("/api/users", &[], &sized(30_000)) == 413), (413, false));
    let twice = [("Envelope-Sender", "a@b.example"), ("envelope-sender", "c@d.example")];
    assert_eq!(post(path, &twice, &sized(1000)), 400);
    assert_eq!(post(path, &[("Envelope-Recipient", "%ff@b.example")], &sized(1000)), 400);
    assert_eq!(post(&format!("{path}?recipient=x"), &[], &sized(1000)), 400);
    assert_eq!(post(path, &[], ""), 400);
    assert_eq!(server.ask("POST", path, &[("Content-Encoding", "gzip")], b"x").status, 415);
    assert_eq!(desk.count("mails_received"), 1);
}

#[test]
fn answers_to_mails_that_came_this_way_are_sent_by_serve() {
    let sink = crate::smtp_sink::Sink::start(&[crate::smtp_sink::Play::Take]);
    let desk = crate::outbox::sending(&sink);
    let server = Server::start(&desk);
    let host = MailHost::of(&desk, &format!("http://{}", server.address));
    assert_taken(&host.pipe(mail("a", "Subject: x\n", "x"), &["--recipient", SUPPORT]), &host.log());
    crate::smtp_sink::wait_until("the acknowledgement is sent", || sink.taken().len() == 1);
}

#[test]
fn dry_run_shows_what_the_desk_would_do() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let host = MailHost::of(&desk, &format!("http://{}", server.address));
    let message = mail("dry", "Subject: Printer\n", "It burns.");
    let done = host.pipe(&message, &["--dry-run", "--recipient", SUPPORT]);
    assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{}", host.log());
    assert!(done.stdout.contains("decision:    open (new)"), "{}", done.stdout);
    let here = desk.dry_run(&message);
    let there = host.run(&["--json", "pipe", "--dry-run", "--recipient", SUPPORT], message.as_bytes());
    assert_eq!(serde_json::from_str::<Value>(&there.stdout).unwrap(), here);
    assert_eq!(desk.count("mails_received"), 0);
    server.signal("KILL");
    let done = host.pipe(&message, &["--dry-run"]);
    assert_eq!(done.status, 75);
    assert!(done.stderr.starts_with(TRY_AGAIN) && done.stderr.contains("maildesk: reaching http://"), "{done:?}");
}

#[test]
fn commands_that_need_a_database_name_the_desk() {
    let host = MailHost::new("https://desk.example.org");
    for command in [&["admin", "stats"][..], &["serve"], &["imap-fetch"]] {
        let done = host.run(command, b"");
        assert_eq!(done.status, 78, "{command:?}");
        assert!(done.stderr.contains("https://desk.example.org"), "{command:?}: {}", done.stderr);
    }
    let shown = host.run(&["--json", "admin", "config", "show"], b"");
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!((&shown["db"], &shown["deliver_to"]), (&Value::Null, &Value::from("https://desk.example.org")));
}

#[test]
fn database_named_on_the_command_line_is_nearer_than_the_desk() {
    let desk = Desk::new();
    let host = MailHost::new("https://127.0.0.1:1");
    let db = desk.db().display().to_string();
    let done = host.run(&["--db", &db, "pipe", "--recipient", SUPPORT], mail("a", "Subject: x\n", "x").as_bytes());
    assert_taken(&done, &host.log());
    assert_eq!(desk.count("mails_received"), 1);
}

#[test]
fn configuration_that_would_send_mail_in_the_clear_or_nowhere_defers() {
    let host = MailHost::new("https://127.0.0.1:1");
    let token = host.path("token").display().to_string();
    let message = mail("a", "Subject: x\n", "x");
    for (text, why) in [
        (format!("deliver_to = \"http://desk.example.org\"\ndeliver_token_file = {token:?}\n"), "use https"),
        ("deliver_to = \"https://desk.example.org\"\n".to_owned(), "deliver_token_file"),
        (format!("db = \"x.db\"\ndeliver_to = \"https://d.example\"\ndeliver_token_file = {token:?}\n"), "one desk"),
        (format!("deliver_token_file = {token:?}\n"), "deliver_to"),
    ] {
        host.configure(&text);
        let done = host.pipe(&message, &["--recipient", SUPPORT]);
        assert_eq!(done.parts(), (75, "", TRY_AGAIN), "{text}");
        let shown = host.run(&["admin", "config", "show"], b"");
        assert!(shown.status == 78 && shown.stderr.contains(why), "{text}: {shown:?}");
    }
}

#[test]
fn token_that_is_open_to_others_empty_or_gone_is_not_used() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let host = MailHost::of(&desk, &format!("http://{}", server.address));
    let token = host.path("token");
    let message = mail("a", "Subject: x\n", "x");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(host.pipe(&message, &[]).parts(), (75, "", TRY_AGAIN));
    assert!(host.log().contains("chmod 600"), "{}", host.log());
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&token, "\n").unwrap();
    assert_eq!(host.pipe(&message, &[]).parts(), (75, "", TRY_AGAIN));
    assert!(host.log().contains("holds no token"), "{}", host.log());
    fs::remove_file(&token).unwrap();
    assert_eq!(host.pipe(&message, &[]).parts(), (75, "", TRY_AGAIN));
    assert_eq!(desk.count("mails_received"), 0);
}

#[test]
fn doctor_looks_at_the_token_the_desk_and_the_limits() {
    let desk = Desk::new();
    desk.configure("raw_bytes_max = 80000");
    let server = Server::start(&desk);
    let host = MailHost::of(&desk, &format!("http://{}", server.address));
    let report = || {
        let done = host.run(&["--json", "admin", "doctor"], b"");
        serde_json::from_str::<Value>(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"))
    };
    let level = |report: &Value, name: &str| {
        let found = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == name);
        let found = found.unwrap_or_else(|| panic!("{name}: {report}"));
        (found["level"].as_str().unwrap().to_owned(), found["message"].as_str().unwrap().to_owned())
    };
    let good = report();
    assert_eq!((level(&good, "token").0.as_str(), level(&good, "desk").0.as_str()), ("OK", "OK"), "{good}");
    host.limit("raw_bytes_max = 70000");
    assert_eq!(level(&report(), "desk").0, "WARN");
    desk.admin(&["token", "update", "2", "--allow", "users/read"]);
    let (found, why) = level(&report(), "desk");
    assert!(found == "FAIL" && why.contains("mail/deliver"), "{why}");
    server.signal("KILL");
    let (found, why) = level(&report(), "desk");
    assert!(found == "FAIL" && why.contains(&server.address.to_string()), "{why}");
}
