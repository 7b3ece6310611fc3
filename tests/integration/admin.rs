//! `maildesk admin`: each noun and verb by its data, and the exit statuses 0, 1, 2, 3, 75 and 78.

mod exit_status;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::desk::{Desk, SUPPORT, feed, mail};

/// The keys of an object, in order.
fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// Each command ends with this status, says one thing on stderr and nothing on stdout.
fn assert_refused(desk: &Desk, status: i32, commands: &[&[&str]]) {
    for command in commands {
        let done = desk.try_admin(command);
        assert_eq!((done.status, done.stdout.as_str()), (status, ""), "{command:?}: {}", done.stderr);
        assert!(!done.stderr.is_empty(), "{command:?}");
        let is_debug = ["SqliteFailure", "Error {", "panicked", "Os {"].iter().any(|word| done.stderr.contains(word));
        assert!(!is_debug, "{command:?}: {}", done.stderr);
    }
}

#[test]
fn init_is_safe_to_repeat_and_keeps_what_is_there() {
    let desk = Desk::without_database();
    let first = desk.admin(&["init", "--site-name", "Ours", "--url", "https://desk.test/help"]);
    assert_eq!(first["result"], "created");
    desk.deliver(mail("i", "Subject: x\n", "x"));
    let second = desk.admin(&["init"]);
    assert_eq!((second["result"].as_str(), desk.count("tickets")), (Some("current"), 1));
    assert_eq!(desk.admin(&["setting", "get", "site_name"])["value"], "Ours");
    assert_eq!(desk.admin(&["department", "list"])[0]["name"], "General");
    assert_refused(&desk, 2, &[&["init", "--url", "ftp://x"], &["init", "--site-name"], &["init", "surplus"]]);
}

#[test]
fn departments() {
    let desk = Desk::new();
    let added = desk.admin(&["department", "add", " Billing ", "--private"]);
    assert_eq!(added, json!({ "id": 3, "name": "Billing", "private": true }));
    assert_eq!(desk.admin(&["department", "show", "3"]), added);
    let changed = desk.admin(&["department", "update", "3", "--name", "Money", "--private", "false"]);
    assert_eq!(changed, json!({ "id": 3, "name": "Money", "private": false }));
    assert_eq!(desk.admin(&["department", "list"]).as_array().map(Vec::len), Some(3));
    assert_eq!(desk.admin(&["department", "remove", "3", "--yes"])["done"], "remove department 3 \"Money\"");
    assert_eq!(desk.admin(&["department", "add", "Next"])["id"], 4, "an id is never given out again");
    let (fits, long) = ("ä".repeat(100), "ä".repeat(101));
    desk.admin(&["department", "add", &fits]);
    assert_refused(
        &desk,
        2,
        &[
            &["department", "add", ""],
            &["department", "add", "  "],
            &["department", "add", &long],
            &["department", "update", "1", "--name", ""],
            &["department", "add"],
            &["department"],
        ],
    );
    assert_refused(
        &desk,
        1,
        &[
            &["department", "show", "99"],
            &["department", "show", "#99"],
            &["department", "show", "x"],
            &["department", "update", "99", "--name", "x"],
            &["department", "remove", "99", "--yes"],
        ],
    );
}

#[test]
fn addresses() {
    let desk = Desk::new();
    let imap = desk.admin(&[
        "address",
        "add",
        "Box@helpdesk.test",
        "--name",
        "Box",
        "--department",
        "2",
        "--incoming",
        "imap",
        "--imap-host",
        "mail.test",
        "--imap-user",
        "box",
        "--imap-folder",
        "INBOX",
        "Support",
        "--imap-after",
        "move:Done",
    ]);
    assert_eq!(
        (imap["imap_port"].as_i64(), imap["imap_tls"].as_str(), &imap["imap_folders"]),
        (Some(993), Some("implicit"), &json!(["INBOX", "Support"]))
    );
    let mut shown = desk.admin(&["address", "show", "box@HELPDESK.test"]);
    let fetches = shown["fetches"].take();
    assert_eq!((fetches[0]["folder"].as_str(), fetches[1]["fetched_at"].as_i64()), (Some("INBOX"), Some(0)));
    shown.as_object_mut().expect("an address is an object").remove("fetches");
    assert_eq!(shown, imap);
    let changed = desk.admin(&["address", "update", "box@helpdesk.test", "--imap-port", "1993", "--default"]);
    assert_eq!(
        (changed["imap_port"].as_i64(), changed["default"].as_bool(), changed["name"].as_str()),
        (Some(1993), Some(true), Some("Box"))
    );
    assert_eq!(desk.admin(&["address", "show", SUPPORT])["default"], false, "there is one default");
    assert_eq!(desk.admin(&["address", "list"]).as_array().map(Vec::len), Some(3));
    desk.admin(&["address", "remove", "box@helpdesk.test", "--yes"]);
    assert_refused(
        &desk,
        2,
        &[
            &["address", "add", "no address", "--name", "x", "--department", "1"],
            &["address", "add", "a@b.test", "--name", "x"],
            &["address", "add", "a@b.test", "--department", "1"],
            &["address", "add", "a@b.test", "--name", "x\ny", "--department", "1"],
            &["address", "add", "a@b.test", "--name", "x", "--department", "1", "--incoming", "pop"],
            &["address", "add", "a@b.test", "--name", "x", "--department", "1", "--incoming", "imap"],
            &["address", "add", "a@b.test", "--name", "x", "--department", "1", "--outgoing", "smtp"],
            &["address", "add", "a@b.test", "--name", "x", "--department", "1", "--outgoing", "file"],
            &["address", "add", "a@b.test", "--name", "x", "--department", "1", "--imap-port", "70000"],
            &["address", "add", "a@b.test", "--name", "x", "--department", "1", "--imap-after", "move:"],
        ],
    );
    assert_refused(
        &desk,
        1,
        &[
            &["address", "add", SUPPORT, "--name", "x", "--department", "1"],
            &["address", "add", "a@b.test", "--name", "x", "--department", "99"],
            &["address", "show", "gone@helpdesk.test"],
            &["address", "update", "gone@helpdesk.test", "--default"],
            &["address", "remove", "gone@helpdesk.test", "--yes"],
        ],
    );
}

#[test]
fn users() {
    let desk = Desk::new();
    let added = desk.admin(&["user", "add", "Ann@client.test", "--name", "Ann Ode"]);
    assert_eq!(
        (added["id"].as_i64(), added["fullname"].as_str(), added["email"].as_str()),
        (Some(1), Some("Ann Ode"), Some("Ann@client.test"))
    );
    assert_eq!(desk.admin(&["user", "add", "bob.smith@client.test"])["fullname"], "bob.smith");
    assert_eq!(desk.admin(&["user", "show", "ANN@client.test"]), desk.admin(&["user", "show", "1"]));
    assert_eq!(desk.admin(&["user", "update", "1", "--name", "Ann O."])["fullname"], "Ann O.");
    let found = |text: &str| desk.admin(&["user", "list", "--search", text]).as_array().map_or(0, Vec::len);
    assert_eq!((found("ann o"), found("CLIENT"), found("%"), found("_"), found("nobody")), (1, 2, 0, 0, 0));
    assert_refused(
        &desk,
        2,
        &[
            &["user", "add", "nobody"],
            &["user", "add", "x@y.test", "--name", ""],
            &["user", "add", "x@y.test", "--name", &"x".repeat(251)],
            &["user", "update", "1", "--email", "x"],
        ],
    );
    assert_refused(
        &desk,
        1,
        &[
            &["user", "add", "ann@CLIENT.test"],
            &["user", "show", "99"],
            &["user", "show", "x@y.test"],
            &["user", "update", "99", "--name", "x"],
            &["user", "remove", "99", "--yes"],
            &["user", "update", "2", "--email", "ann@client.test"],
        ],
    );
    desk.admin(&["user", "remove", "1", "--yes"]);
    assert_eq!(desk.admin(&["user", "add", "new@client.test"])["id"], 3, "an id is never given out again");
}

#[test]
fn staff() {
    let desk = Desk::new();
    let add = |name: &str, more: &[&str], secret: &str| {
        let email = format!("{name}@helpdesk.test");
        let line = ["--json", "admin", "staff", "add", name, "--name", "Sam S", "--email", &email, "--role", "agent"];
        feed(desk.command().args(line).args(more), secret.as_bytes())
    };
    let done = add("sam", &["--department", "1", "--department", "2", "--password-stdin"], "correct horse\n");
    assert_eq!(done.status, 0, "{}", done.stderr);
    let added: Value = serde_json::from_str(&done.stdout).expect("an object");
    assert_eq!(
        (added["id"].as_i64(), &added["departments"], added["role"].as_str()),
        (Some(1), &json!([1, 2]), Some("agent"))
    );
    assert!(!done.stdout.contains("correct horse") && !done.stdout.contains("argon2"), "{}", done.stdout);
    assert_eq!(desk.admin(&["staff", "show", "SAM"])["email"], "sam@helpdesk.test");
    assert_eq!(desk.admin(&["staff", "list"]).as_array().map(Vec::len), Some(1));
    let file = desk.path("secret");
    fs::write(&file, "correct horse\n").expect("the folder is writable");
    for (mode, status) in [(0o644, 1), (0o640, 1), (0o600, 0), (0o400, 0)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("the file is ours");
        let done = add(&format!("m{mode:o}"), &["--password-file", &file.to_string_lossy()], "");
        assert_eq!(done.status, status, "mode {mode:o}: {}", done.stderr);
    }
    assert_eq!(add("x y", &["--password-stdin"], "correct horse").status, 2);
    assert_eq!(add("nopass", &[], "").status, 2);
    assert_eq!(add("totp", &["--password-stdin", "--totp-secret", "018"], "correct horse").status, 2);
    assert_eq!(add("SAM", &["--password-stdin"], "correct horse").status, 1, "the name is taken");
    assert_eq!(add("lost", &["--password-stdin", "--department", "99"], "correct horse").status, 1);
    assert_refused(&desk, 1, &[&["staff", "show", "nobody"]]);
}

#[test]
fn settings() {
    let desk = Desk::new();
    let all = desk.admin(&["setting", "list"]);
    let all = all.as_array().expect("a list");
    assert!(all.len() > 25 && all.iter().all(|one| keys(one) == ["key", "value", "default", "meaning"]), "{all:?}");
    desk.set("tickets_page", "50");
    let found = desk.admin(&["setting", "get", "tickets_page"]);
    assert_eq!((found["value"].as_str(), found["default"].as_str()), (Some("50"), Some("15")));
    desk.set("site_name", "- with a dash");
    assert_eq!(desk.admin(&["setting", "get", "site_name"])["value"], "- with a dash");
    for (key, value) in [
        ("tickets_page", "0"),
        ("tickets_page", "x"),
        ("tickets_page", "-1"),
        ("tickets_page", ""),
        ("reply_order", "up"),
        ("unknown_recipient", "bounce"),
        ("stranger_reply", ""),
        ("refuse_banned", "2"),
        ("refuse_banned", "yes"),
        ("ticket_file_size", "0"),
        ("ticket_file_size", "NaN"),
        ("ticket_file_size", "-1"),
        ("site_url", "desk.test"),
        ("site_url", "javascript:x"),
        ("nothing", "1"),
    ] {
        assert_refused(&desk, 2, &[&["setting", "set", key, value]]);
    }
    assert_refused(&desk, 2, &[&["setting", "get", "nothing"], &["setting", "set", "tickets_page"]]);
}

#[test]
fn bans() {
    let desk = Desk::new();
    assert_eq!(desk.admin(&["ban", "add", "Bad@Client.test"])["ban"], "bad@client.test");
    desk.admin(&["ban", "add", "@evil.test"]);
    desk.admin(&["ban", "add", "evil.test"]);
    let list = desk.admin(&["ban", "list"]);
    let bans: Vec<_> = list.as_array().into_iter().flatten().filter_map(|ban| ban["ban"].as_str()).collect();
    assert_eq!(bans, ["bad@client.test", "evil.test"]);
    desk.admin(&["ban", "remove", "BAD@client.test", "--yes"]);
    assert_refused(&desk, 1, &[&["ban", "remove", "bad@client.test", "--yes"]]);
    assert_refused(
        &desk,
        2,
        &[&["ban", "add", ""], &["ban", "add", "a b"], &["ban", "add", "x@"], &["ban", "add", "a..b"]],
    );
}

#[test]
fn tickets() {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: Printer on fire\n", "It burns."));
    desk.deliver(mail("r", "Subject: Invoice\n", "x").replace("ann@", "bob@"));
    let found = |args: &[&str]| {
        let list = desk.admin(&[&["ticket", "list"], args].concat());
        list.as_array().into_iter().flatten().filter_map(|line| line["id"].as_i64()).collect::<Vec<_>>()
    };
    assert_eq!(found(&[]), [2, 1]);
    assert_eq!(found(&["--search", "FIRE"]), [1]);
    assert_eq!(found(&["--user", "bob@client.test"]), [2]);
    assert_eq!(
        (found(&["--department", "2"]), found(&["--status", "closed"]), found(&["--status", "Open"]).len()),
        (vec![], vec![], 2)
    );
    assert_eq!(found(&["--limit", "1"]), [2]);
    assert!(found(&["--overdue"]).is_empty());
    let ticket = desk.ticket(1);
    for key in [
        "id",
        "subject",
        "status",
        "department_id",
        "user_id",
        "user_email",
        "created_at",
        "replies",
        "participants",
        "messages",
    ] {
        assert!(!ticket[key].is_null(), "{key} in {ticket}");
    }
    let text = feed(desk.command().args(["admin", "ticket", "show", "1", "--full"]), b"");
    assert!(
        text.status == 0 && text.stdout.contains("[#1] Printer on fire") && text.stdout.contains("It burns."),
        "{}",
        text.stdout
    );
    assert_refused(&desk, 2, &[&["ticket", "list", "--status", "lost"], &["ticket", "show", "x"], &["ticket", "show"]]);
    assert_refused(&desk, 1, &[&["ticket", "show", "99"], &["ticket", "list", "--user", "nobody@client.test"]]);
}

#[test]
fn mails() {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: Printer\n", "x"));
    desk.deliver("Subject: from nobody\n\nx");
    let found = |args: &[&str]| desk.admin(&[&["mail", "list"], args].concat()).as_array().map_or(0, Vec::len);
    assert_eq!(
        (found(&[]), found(&["--state", "stored"]), found(&["--state", "dropped"]), found(&["--limit", "1"])),
        (2, 1, 0, 1)
    );
    let shown = desk.admin(&["mail", "show", "1"]);
    let expected = [
        "id",
        "state",
        "reason",
        "ticket_id",
        "received_at",
        "from",
        "recipient",
        "sender",
        "subject",
        "message_id",
        "bytes",
    ];
    assert!(expected.iter().all(|key| keys(&shown).contains(key)), "{shown}");
    assert_refused(&desk, 2, &[&["mail", "list", "--state", "lost"], &["mail", "retry"], &["mail", "show", "x"]]);
    assert_refused(
        &desk,
        1,
        &[&["mail", "show", "99"], &["mail", "drop", "99", "--yes"], &["mail", "drop", "1", "--yes"]],
    );
    let done = desk.try_admin(&["mail", "retry", "2", "99"]);
    assert_eq!(done.status, 3, "{}", done.stderr);
    let list: Value = serde_json::from_str(&done.stdout).expect("a list");
    assert_eq!((list[0]["decision"].as_str(), list[1]["error"].is_string()), (Some("quarantine"), true), "{list}");
}

#[test]
fn stats_count_every_mail_once() {
    let desk = Desk::new();
    desk.admin(&["ban", "add", "evil.test"]);
    desk.deliver(mail(
        "q",
        "Subject: x\nContent-Type: multipart/mixed; boundary=b\n",
        "--b\n\nx\n--b\nContent-Type: image/png; name=x.png\n\nx\n--b--",
    ));
    desk.deliver(mail("a", "Subject: Re: x\nIn-Reply-To: <q@client.test>\n", "x"));
    desk.deliver(mail("e", "Subject: x\n", "x").replace("client.test>\nTo", "evil.test>\nTo"));
    desk.deliver("Subject: from nobody\n\nx");
    let stats = desk.stats();
    for (key, expected) in [
        ("users", 1),
        ("departments", 2),
        ("tickets", 1),
        ("messages", 2),
        ("attachments", 1),
        ("mails_received", 4),
        ("mails_dropped", 1),
        ("quarantined", 1),
    ] {
        assert_eq!(stats[key].as_i64(), Some(expected), "{key} in {stats}");
    }
    assert!(stats["outbox_pending"].is_i64() && stats["tickets_by_status"]["open"].is_i64(), "{stats}");
    let sum = stats["messages"].as_i64().unwrap_or(0)
        + stats["mails_dropped"].as_i64().unwrap_or(0)
        + stats["quarantined"].as_i64().unwrap_or(0);
    assert_eq!(Some(sum), stats["mails_received"].as_i64());
    let by_status: i64 =
        stats["tickets_by_status"].as_object().into_iter().flatten().filter_map(|(_, n)| n.as_i64()).sum();
    assert_eq!(by_status, 1);
}

#[test]
fn a_trial_finds_an_outgoing_folder_that_is_missing() {
    let desk = Desk::new();
    let out = desk.path("outt");
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "file", "--outgoing-dir", &out.to_string_lossy()]);
    let tried = desk.try_admin(&["address", "test", SUPPORT]);
    assert_eq!(tried.status, 1, "{tried:?}");
    assert!(tried.stderr.contains("outt: there is no such folder; make it"), "{}", tried.stderr);
    let doctor = desk.try_admin(&["doctor"]);
    assert!(doctor.stdout.contains("there is no such folder"), "{}", doctor.stdout);
    assert!(!out.exists(), "a trial makes nothing");
    std::fs::create_dir(&out).expect("the desk's folder is writable");
    assert_eq!(desk.try_admin(&["address", "test", SUPPORT]).status, 0);
}

#[test]
fn address_has_one_use_whoever_asks_for_another() {
    let desk = Desk::new();
    let secret = desk.path("secret");
    fs::write(&secret, "correct horse\n").expect("the folder is writable");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("the file is ours");
    let secret = secret.to_string_lossy().into_owned();
    let add = |name: &str, email: &str| {
        let line =
            ["staff", "add", name, "--name", "Sam S", "--email", email, "--role", "agent", "--password-file", &secret];
        desk.try_admin(&line)
    };
    assert_eq!(add("sam", "sam@helpdesk.test").status, 0);
    let refused = |done: crate::desk::Done, why: &str| {
        assert!(done.status == 1 && done.stdout.is_empty() && done.stderr.contains(why), "{done:?}");
    };
    let (staff, own) = ("is the address of staff member sam", "is an address of this desk");
    refused(add("twin", "Sam@helpdesk.test"), staff);
    refused(add("loop", SUPPORT), own);
    refused(desk.try_admin(&["staff", "update", "sam", "--email", "support+sam@helpdesk.test"]), own);
    let address = ["address", "add", "sam@helpdesk.test", "--name", "x", "--department", "1"];
    refused(desk.try_admin(&address), staff);
    refused(desk.try_admin(&["user", "add", SUPPORT]), own);
    desk.admin(&["user", "add", "sam@helpdesk.test"]);
    refused(desk.try_admin(&["user", "update", "sam@helpdesk.test", "--email", SUPPORT]), own);
    let banned = desk.try_admin(&["ban", "add", "helpdesk.test"]);
    assert_eq!(banned.status, 0);
    for hit in [SUPPORT, "sam@helpdesk.test, the address of sam"] {
        assert!(banned.stderr.contains(hit), "{banned:?}");
    }
    assert_eq!(desk.try_admin(&["ban", "add", "client.test"]).stderr, "");
}
