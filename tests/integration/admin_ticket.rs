//! `maildesk admin ticket` and `admin user`: finding tickets, and every change people make to them from the command line.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::desk::{Desk, SUPPORT, feed, mail};

/// A desk that writes its mail into a folder and has a staff member, sam.
fn answering_desk() -> Desk {
    let desk = Desk::new();
    fs::create_dir(desk.path("out")).expect("the folder is ours");
    let out = desk.path("out").to_string_lossy().into_owned();
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "file", "--outgoing-dir", &out]);
    let line = ["--json", "admin", "staff", "add", "sam", "--name", "Sam S", "--email", "sam@helpdesk.test"];
    let more = ["--role", "agent", "--department", "1", "--password-stdin"];
    let done = feed(desk.command().args(line).args(more), b"correct horse\n");
    assert_eq!(done.status, 0, "{}", done.stderr);
    desk
}

/// The mails written, as text, in the order of their names.
fn written(desk: &Desk) -> Vec<String> {
    let mut paths: Vec<_> =
        fs::read_dir(desk.path("out")).expect("the folder is there").flatten().map(|e| e.path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).expect("our mails are ASCII")).collect()
}

fn ids(list: &Value) -> Vec<i64> {
    list.as_array().into_iter().flatten().filter_map(|line| line["id"].as_i64()).collect()
}

fn refused(desk: &Desk, status: i32, args: &[&str]) {
    let done = desk.try_admin(args);
    assert_eq!((done.status, done.stdout.as_str()), (status, ""), "{args:?}: {}", done.stderr);
    assert!(!done.stderr.is_empty(), "{args:?}");
}

#[test]
fn search_looks_into_subjects_texts_notes_and_people() {
    let desk = answering_desk();
    desk.deliver(
        mail("1", "Subject: Drucker =?utf-8?q?br=C3=BCllt?=\n", "Er macht Lärm in Raum 4711.")
            .replace("Ann Ode", "Jörg Müller"),
    );
    desk.deliver(
        mail("2", "Subject: Invoice\nCc: Carla Cc <carla@third.test>\n", "Please pay.").replace("ann@", "bob@"),
    );
    desk.admin(&["ticket", "note", "2", "--message", "Rings up on Monday"]);
    let found = |text: &str| ids(&desk.admin(&["ticket", "list", "--search", text]));
    for (text, expected) in [
        ("brullt", &[1][..]),
        ("BRÜLL", &[1]),
        ("larm 47", &[1]),
        ("muller", &[1]),
        ("carla", &[2]),
        ("carla@third.test", &[2]),
        ("monday invoice", &[2]),
        ("client.test", &[2, 1]),
        ("\"in raum\"", &[1]),
        ("\"raum in\"", &[]),
        ("#2", &[2]),
        ("nothing", &[]),
        ("' OR 1=1 --", &[]),
        ("*", &[]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
    assert_eq!(ids(&desk.admin(&["ticket", "list", "--search", "client", "--user", "bob@client.test"])), [2]);
    desk.admin(&["user", "update", "ann@client.test", "--name", "Renamed Person"]);
    assert_eq!((found("renamed"), found("muller")), (vec![1], vec![]));
    desk.admin(&["ticket", "remove", "1", "--yes"]);
    assert!(found("drucker").is_empty() && found("renamed").is_empty());
}

#[test]
fn lists_are_filtered_and_sorted() {
    let desk = answering_desk();
    for (id, subject) in [("1", "one"), ("2", "two"), ("3", "three"), ("4", "four")] {
        desk.deliver(mail(id, &format!("Subject: {subject}\n"), "x"));
    }
    desk.admin(&["ticket", "status", "2", "closed"]);
    desk.admin(&["ticket", "status", "3", "in-progress"]);
    desk.admin(&["ticket", "move", "4", "sales"]);
    desk.admin(&["ticket", "assign", "3", "sam"]);
    let hour = 3600;
    let age = |id: i64, hours: i64| {
        let sql = format!("UPDATE ticket SET last_update_at = unixepoch() - {} WHERE id = {id}", hours * hour);
        assert_eq!(desk.outside().change(&sql), 1);
    };
    for (id, hours) in [(1, 50), (2, 60), (3, 49), (4, 47)] {
        age(id, hours);
    }
    let list = |args: &[&str]| ids(&desk.admin(&[&["ticket", "list", "--all"], args].concat()));
    assert_eq!(list(&[]), [4, 3, 1, 2]);
    assert_eq!(list(&["--sort", "oldest"]), [2, 1, 3, 4]);
    assert_eq!((list(&["--sort", "id"]), list(&["--sort", "id-up", "--limit", "2"])), (vec![4, 3, 2, 1], vec![1, 2]));
    assert_eq!(list(&["--overdue"]), [3, 1], "closed tickets wait for nobody");
    assert_eq!(list(&["--overdue", "--status", "open,closed"]), [1]);
    assert!(list(&["--overdue", "--status", "closed"]).is_empty());
    assert_eq!(list(&["--status", "open", "--status", "closed"]), [4, 1, 2]);
    assert_eq!((list(&["--department", "Sales"]), list(&["--department", "2"])), (vec![4], vec![4]));
    assert_eq!(
        (list(&["--assigned", "sam"]), list(&["--department", "1", "--sort", "oldest"])),
        (vec![3], vec![2, 1, 3])
    );
    desk.set("overdue_time", "0");
    assert!(list(&["--overdue"]).is_empty(), "0 is never");
    refused(&desk, 1, &["ticket", "list", "--department", "99"]);
    refused(&desk, 1, &["ticket", "list", "--assigned", "nobody"]);
    refused(&desk, 2, &["ticket", "list", "--sort", "up"]);
}

#[test]
fn answer_is_mailed_and_changes_the_status() {
    let desk = answering_desk();
    desk.deliver(mail("q", "Subject: Printer\nCc: carla@third.test\n", "It burns."));
    fs::write(desk.path("plan.pdf"), b"%PDF-1.7 x").expect("the folder is ours");
    fs::write(desk.path("answer.txt"), "Use water.\n\n").expect("the folder is ours");
    let before = written(&desk).len();
    let said =
        desk.admin(&["ticket", "reply", "1", "--staff", "SAM", "--message-file", "answer.txt", "--attach", "plan.pdf"]);
    assert_eq!(
        (said["status"].as_str(), said["queued"].as_i64(), said["sent"].as_i64()),
        (Some("answered"), Some(2), Some(2))
    );
    let mails = written(&desk).split_off(before);
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().all(|mail| mail.contains("Use water.") && mail.contains("plan.pdf")), "{mails:?}");
    assert!(
        mails.iter().any(|mail| mail.contains("ann@client.test"))
            && mails.iter().any(|mail| mail.contains("carla@third.test"))
    );
    let messages = desk.messages(1);
    let last = messages.last().expect("two messages");
    assert_eq!((last["author"].as_str(), last["text"].as_str()), (Some("staff sam"), Some("Use water.")));
    assert_eq!(last["attachments"][0]["type"], "application/pdf");
    let closed = desk.admin(&["ticket", "reply", "1", "--staff", "sam", "--message", "Done.", "--close"]);
    assert_eq!((closed["status"].as_str(), desk.ticket(1)["status"].as_str()), (Some("closed"), Some("closed")));
    let stdin = feed(
        desk.command().args(["--json", "admin", "ticket", "reply", "1", "--staff", "sam", "--message-file", "-"]),
        b"From stdin\n",
    );
    assert_eq!(stdin.status, 0, "{}", stdin.stderr);
    assert_eq!(desk.messages(1).len(), 4);
}

#[test]
fn note_is_seen_by_staff_only() {
    let desk = answering_desk();
    desk.deliver(mail("q", "Subject: Printer\n", "It burns."));
    let (mails, messages) = (written(&desk).len(), desk.count("messages"));
    desk.admin(&["ticket", "note", "1", "--message", "Call the fire brigade", "--staff", "sam"]);
    assert_eq!(
        (written(&desk).len(), desk.count("messages"), desk.ticket(1)["replies"].as_i64()),
        (mails, messages, Some(0))
    );
    assert!(desk.notes(1).contains("fire brigade"));
    assert_eq!(desk.ticket(1)["status"], "open");
}

#[test]
fn mistakes_of_writers_are_named_and_change_nothing() {
    let desk = answering_desk();
    desk.deliver(mail("q", "Subject: Printer\n", "It burns."));
    fs::write(desk.path("big"), vec![0; 1025 * 1024]).expect("the folder is ours");
    desk.set("mail_attachment_size", "1");
    let reply = |more: &[&'static str]| [&["ticket", "reply", "1", "--staff", "sam"], more].concat();
    refused(&desk, 2, &reply(&[]));
    refused(&desk, 2, &reply(&["--message", "  \n"]));
    refused(&desk, 2, &reply(&["--message", "x", "--message-file", "y"]));
    refused(&desk, 1, &reply(&["--message-file", "nothing.txt"]));
    refused(&desk, 1, &reply(&["--message", "x", "--attach", "nothing.pdf"]));
    refused(&desk, 1, &reply(&["--message", "x", "--attach", "big"]));
    refused(&desk, 1, &["ticket", "reply", "9", "--staff", "sam", "--message", "x"]);
    refused(&desk, 1, &["ticket", "reply", "1", "--staff", "max", "--message", "x"]);
    refused(&desk, 1, &["ticket", "note", "9", "--message", "x"]);
    for verb in [
        &["status", "9", "open"][..],
        &["assign", "9", "sam"],
        &["move", "9", "1"],
        &["requester", "9", "x@y.test"],
        &["merge", "9", "1"],
        &["merge", "1", "9"],
        &["remove", "9"],
        &["export", "9"],
    ] {
        refused(&desk, 1, &[&["ticket"], verb].concat());
    }
    for verb in [
        &["status", "1", "lost"][..],
        &["assign", "1"],
        &["requester", "1", "nobody"],
        &["requester", "1", SUPPORT],
        &["merge", "1", "1"],
        &["merge", "1"],
        &["remove"],
    ] {
        refused(&desk, 2, &[&["ticket"], verb].concat());
    }
    refused(&desk, 1, &["ticket", "assign", "1", "max"]);
    refused(&desk, 1, &["ticket", "move", "1", "Nowhere"]);
    assert_eq!((desk.messages(1).len(), desk.notes(1)), (1, String::new()));
}

#[test]
fn ticket_changes_hands() {
    let desk = answering_desk();
    desk.deliver(mail("q", "Subject: Printer\n", "It burns."));
    assert_eq!(desk.admin(&["ticket", "assign", "1", "sam"])["assigned_to"], "sam");
    assert_eq!(desk.ticket(1)["assigned_to"], "staff sam");
    assert_eq!(desk.admin(&["ticket", "assign", "1", "--nobody"])["assigned_to"], Value::Null);
    assert_eq!(desk.admin(&["ticket", "move", "1", "SALES"])["department_id"], 2);
    assert_eq!(desk.admin(&["ticket", "status", "1", "5"])["status"], "closed");
    assert!(desk.ticket(1)["closed_at"].as_i64() > Some(0));
    let stats = desk.stats();
    assert_eq!(
        (stats["tickets_by_department"]["2"].as_i64(), stats["tickets_by_status"]["closed"].as_i64()),
        (Some(1), Some(1))
    );
}

#[test]
fn another_requester_gets_the_answers_and_the_one_before_has_no_say() {
    let desk = answering_desk();
    desk.deliver(mail("q", "Subject: Printer\n", "It burns."));
    let given = desk.admin(&["ticket", "requester", "1", "boss@client.test", "--name", "The Boss"]);
    assert_eq!(
        (given["user_email"].as_str(), given["user_fullname"].as_str()),
        (Some("boss@client.test"), Some("The Boss"))
    );
    assert!(desk.notes(1).contains("boss@client.test"));
    let said = desk.admin(&["ticket", "reply", "1", "--staff", "sam", "--message", "Hello"]);
    assert_eq!(said["queued"], 1);
    assert!(written(&desk).last().is_some_and(|mail| mail.contains("boss@client.test")));
    desk.deliver(mail("r", "Subject: Re: [#1] Printer\n", "Me again."));
    assert_eq!(desk.last_outcome().rsplit('#').next(), Some("2"), "Ann is a stranger there now");
    desk.admin(&["ticket", "requester", "1", "ann@client.test", "--keep"]);
    let people = desk.ticket(1)["participants"].to_string();
    assert!(people.contains("boss@client.test") && !people.contains("ann@client.test"), "{people}");
    assert_eq!(desk.messages(1)[0]["user_id"], 1, "Ann wrote it");
}

#[test]
fn merged_ticket_leads_to_the_other() {
    let desk = answering_desk();
    desk.deliver(mail("one", "Subject: Printer\n", "It burns."));
    desk.deliver(mail("two", "Subject: Fire\n", "Still burning.").replace("ann@", "bob@").replace("Ann Ode", "Bob B"));
    desk.admin(&["ticket", "status", "1", "answered"]);
    let dry = desk.admin(&["ticket", "merge", "2", "1", "--dry-run"]);
    assert_eq!((dry["dry_run"].as_bool(), dry["messages"].as_i64(), desk.messages(2).len()), (Some(true), Some(1), 1));
    let merged = desk.admin(&["ticket", "merge", "2", "1", "--yes"]);
    assert_eq!(
        (merged["id"].as_i64(), merged["replies"].as_i64(), merged["status"].as_str()),
        (Some(1), Some(1), Some("awaiting-reply"))
    );
    let shell = desk.ticket(2);
    assert_eq!(
        (shell["merged_into"].as_i64(), shell["status"].as_str(), desk.messages(2).len()),
        (Some(1), Some("closed"), 0)
    );
    assert!(desk.ticket(1)["participants"].to_string().contains("bob@client.test"));
    let answer = mail("three", "Subject: Re: Fire\nIn-Reply-To: <two@client.test>\n", "Out.").replace("ann@", "bob@");
    desk.deliver(answer);
    let tagged = mail("four", "Subject: Re: [#2] Fire\n", "Sure.").replace("ann@", "bob@");
    desk.deliver(tagged);
    assert_eq!((desk.messages(1).len(), desk.messages(2).len(), desk.count("tickets")), (4, 0, 2));
    refused(&desk, 1, &["ticket", "merge", "2", "1", "--yes"]);
    refused(&desk, 2, &["ticket", "merge", "1", "2", "--yes"]);
    refused(&desk, 1, &["ticket", "reply", "2", "--staff", "sam", "--message", "x"]);
    desk.admin(&["check"]);
}

#[test]
fn removing_can_be_rehearsed() {
    let desk = answering_desk();
    desk.deliver(mail("q", "Subject: Printer\n", "It burns."));
    for (noun, name) in [("ticket", "1"), ("user", "ann@client.test"), ("department", "1")] {
        let dry = desk.admin(&[noun, "remove", name, "--dry-run"]);
        assert_eq!((dry["dry_run"].as_bool(), dry["messages"].as_i64()), (Some(true), Some(1)), "{noun}: {dry}");
        assert_eq!(desk.count("tickets"), 1, "{noun}");
    }
    assert_eq!(desk.admin(&["ticket", "remove", "1", "--yes"])["messages"], 1);
    assert_eq!((desk.count("tickets"), desk.count("messages")), (0, 0));
    desk.deliver(mail("q", "Subject: Printer\n", "It burns."));
    assert_eq!(desk.count("tickets"), 0, "the same mail does not bring it back");
}

#[test]
fn export_has_everything() {
    let desk = answering_desk();
    let fields = "Subject: Printer\nContent-Type: multipart/mixed; boundary=b\n";
    desk.deliver(mail("q", fields, "--b\n\nIt burns.\n--b\nContent-Type: text/plain; name=log.txt\n\nhot\n--b--"));
    let all = desk.admin(&["ticket", "export", "1"]);
    assert_eq!((all["subject"].as_str(), all["files"][0]["name"].as_str()), (Some("Printer"), Some("log.txt")));
    assert!(all["mails"][0]["base64"].as_str().is_some_and(|raw| raw.len() > 100), "{all}");
    assert_eq!(all["messages"][0]["text"], "It burns.");
    let dir = desk.path("export");
    let dir = dir.to_string_lossy();
    assert_eq!(desk.admin(&["ticket", "export", "1", "--dir", &dir])["files"], 3);
    let file = desk.path("export/1-log.txt");
    assert!(fs::read_to_string(&file).is_ok_and(|text| text.trim() == "hot"));
    assert_eq!(fs::metadata(&file).map(|found| found.permissions().mode() & 0o777).ok(), Some(0o600));
    assert!(
        fs::read_to_string(desk.path("export/mail-1.eml")).is_ok_and(|raw| raw.contains("Message-ID: <q@client.test>"))
    );
    refused(&desk, 1, &["ticket", "export", "1", "--dir", &dir]);
}

#[test]
fn merged_customers_are_one_and_threads_go_on() {
    let desk = answering_desk();
    desk.deliver(mail("q", "Subject: Printer\n", "It burns."));
    desk.deliver(mail("r", "Subject: Invoice\n", "Pay.").replace("ann@client", "ann@home"));
    let merged = desk.admin(&["user", "merge", "ann@home.test", "ann@client.test", "--yes"]);
    assert_eq!((merged["id"].as_i64(), desk.count("users")), (Some(1), 1));
    assert_eq!(ids(&desk.admin(&["ticket", "list", "--user", "1"])), [2, 1]);
    assert_eq!(desk.messages(2)[0]["user_id"], 1);
    desk.deliver(mail("s", "Subject: Re: [#2] Invoice\n", "Paid?").replace("ann@client", "ann@home"));
    assert_eq!(desk.messages(2).len(), 2, "the address she wrote from goes on to work there");
    desk.admin(&["ticket", "reply", "2", "--staff", "sam", "--message", "Thanks"]);
    assert!(written(&desk).last().is_some_and(|mail| mail.contains("ann@home.test")));
    refused(&desk, 2, &["user", "merge", "1", "ann@client.test", "--yes"]);
    refused(&desk, 1, &["user", "merge", "9", "1", "--yes"]);
    desk.admin(&["check"]);
}

#[test]
fn invitation_needs_a_site_and_a_way_out() {
    let desk = answering_desk();
    desk.admin(&["user", "add", "ann@client.test", "--name", "Ann"]);
    refused(&desk, 1, &["user", "invite", "1"]);
    desk.set("site_url", "https://desk.test");
    assert_eq!(desk.admin(&["user", "invite", "ann@client.test"])["queued"], 1);
    desk.admin(&["outbox", "send"]);
    assert!(written(&desk).last().is_some_and(|mail| mail.contains("https://desk.test/activate/")));
    refused(&desk, 1, &["user", "invite", "nobody@client.test"]);
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "none"]);
    refused(&desk, 1, &["user", "invite", "1"]);
}
