//! `maildesk admin import`: what a HelpDeskZ dump and mail archives become, how they are refused, and that a second run
//! changes nothing. The facts of a whole installation are in `tests/import-facts`.

mod archive;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::desk::{Desk, feed, mail, mode};

/// A small HelpDeskZ: two tickets, three users of whom two are one, a staff member, an address with passwords.
pub(crate) const DUMP: &str = r#"-- MySQL dump 10.13
/*!40101 SET NAMES utf8mb4 */;
CREATE TABLE `hdz_departments` (`id` int, `dep_order` int, `name` varchar(255), `private` int) AUTO_INCREMENT=9;
INSERT INTO `hdz_departments` VALUES (1,1,'General &amp; more',0),(2,2,'Sales',1);
CREATE TABLE `hdz_users` (`id` int, `fullname` varchar(250), `email` varchar(250), `password` varchar(150), `registration` int, `status` int) AUTO_INCREMENT=50;
INSERT INTO `hdz_users` VALUES (2,'Ann O&#039;Dea','ann@client.test','$2y$10$hgZI1Dfc1qs.QupSbGTthuUqfv6mJWB15gxoq5qMalNmolhcSL4qS',1700000000,1),(3,'Bob','bob@client.test','',1700000001,1),(7,'Ann','ANN@client.test','',1700000002,1);
CREATE TABLE `hdz_staff` (`id` int, `username` varchar(255), `password` varchar(255), `fullname` varchar(100), `email` varchar(255), `registration` int, `department` text, `admin` int, `active` int) AUTO_INCREMENT=6;
INSERT INTO `hdz_staff` VALUES (5,'sven','b3db44ec05ee805bae94da7f7b00f7444be6ca04','Sven','sven@helpdesk.test',1690000000,'a:2:{i:0;s:1:\"2\";i:1;s:1:\"8\";}',0,1);
CREATE TABLE `hdz_emails` (`id` int, `default` int, `name` varchar(200), `email` varchar(200), `department_id` int, `outgoing_type` varchar(9), `smtp_host` varchar(200), `smtp_port` varchar(9), `smtp_encryption` varchar(9), `smtp_username` varchar(99), `smtp_password` varchar(99), `incoming_type` varchar(9), `imap_host` varchar(99), `imap_port` varchar(9), `imap_username` varchar(99), `imap_password` varchar(99));
INSERT INTO `hdz_emails` VALUES (4,0,'Desk','desk@helpdesk.test',2,'smtp','smtp.test','465','ssl','u','p\'w','pop','pop.test','995','desk','secret');
CREATE TABLE `hdz_tickets` (`id` int, `department_id` int, `priority_id` int, `user_id` int, `subject` varchar(255), `date` int, `last_update` int, `status` int, `replies` int, `last_replier` int) AUTO_INCREMENT=200;
INSERT INTO `hdz_tickets` VALUES (12,1,1,7,'Printer',1700000100,1700000300,2,1,127),(13,44,1,99,'Lost',1700000200,1700000200,5,0,0);
CREATE TABLE `hdz_tickets_messages` (`id` int, `ticket_id` int, `date` int, `customer` int, `staff_id` int, `message` text, `ip` varchar(255), `email` int) AUTO_INCREMENT=90;
INSERT INTO `hdz_tickets_messages` VALUES (30,12,1700000100,1,0,'It smokes <b>a bit & more','',1),(31,12,1700000300,0,5,'<p>Pull the plug<script>x()</script></p>','',0),(32,77,1700000400,1,0,'nowhere','',1);
-- Dump completed on 2026-11-22
"#;

/// A desk without a ticket, and a file with a dump beside it.
fn desk_with(dump: &str) -> (Desk, PathBuf) {
    let desk = Desk::without_database();
    desk.admin(&["init"]);
    let path = desk.path("dump.sql");
    fs::write(&path, dump).expect("the test's folder is writable");
    (desk, path)
}

fn import(desk: &Desk, options: &[&str]) -> Value {
    let dump = desk.path("dump.sql");
    desk.admin(&[&["import", "helpdeskz", dump.to_str().expect("a test path is UTF-8")], options].concat())
}

/// Kind, table, id and reason of each line of a report.
fn lines(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let items = report["items"].as_array().expect("a report has items");
    items
        .iter()
        .map(|i| format!("{} {} {}: {}", text(&i["kind"]), text(&i["table"]), text(&i["id"]), text(&i["why"])))
        .collect()
}

/// An mbox of the mails, as an MTA writes it.
fn mbox(mails: &[String]) -> String {
    mails.iter().map(|mail| format!("From x@client.test Tue Feb  3 10:00:00 2026\n{mail}\n")).collect()
}

#[test]
fn small_helpdeskz_moves_in_with_ids_dates_and_repairs() {
    let (desk, _) = desk_with(DUMP);
    let report = import(&desk, &[]);
    let lines = lines(&report);
    for wanted in [
        "merged users 7: has the address of user 2, who is kept for both",
        "repaired tickets 13: department 44 does not exist: 1 is taken; user 99 does not exist: a placeholder is used instead",
        "skipped tickets_messages 32: ticket 77 does not exist",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}\n{}", lines.join("\n"));
    }
    assert!(lines.iter().any(|line| line.starts_with("warning emails 4: incoming was POP") && line.contains("IMAP")));
    let ticket = desk.ticket(12);
    assert_eq!((ticket["user_id"].as_i64(), ticket["created_at"].as_i64()), (Some(2), Some(1_700_000_100)));
    assert_eq!((ticket["last_replier"].as_i64(), ticket["last_replier_name"].as_str()), (Some(5), Some("staff sven")));
    let messages = &ticket["messages"];
    assert_eq!(
        (messages[0]["text"].as_str(), messages[0]["is_html"].as_bool()),
        (Some("It smokes <b>a bit & more"), Some(false))
    );
    assert_eq!(
        (messages[1]["text"].as_str(), messages[1]["is_html"].as_bool()),
        (Some("<p>Pull the plug</p>"), Some(true))
    );
    assert_eq!(desk.admin(&["user", "show", "2"])["fullname"], "Ann O'Dea");
    assert_eq!(desk.admin(&["department", "show", "1"])["name"], "General & more");
    assert_eq!(desk.admin(&["staff", "show", "sven"])["departments"], json!([2]));
    assert_eq!(desk.admin(&["user", "add", "new@client.test"])["id"], 51, "50 is the placeholder's");
}

#[test]
fn of_two_default_addresses_the_first_one_is_it_and_the_report_says_so() {
    let (desk, _) = desk_with(&DUMP.replace(
        "VALUES (4,0,'Desk'",
        "VALUES (3,1,'First','first@helpdesk.test',1,'php','','','','','','pipe','','','',''),(4,1,'Desk'",
    ));
    let lines = lines(&import(&desk, &[]));
    let said =
        lines.iter().any(|line| line.starts_with("repaired emails 4:") && line.contains("default address already"));
    assert!(said, "{}", lines.join("\n"));
    let defaults = ["first@helpdesk.test", "desk@helpdesk.test"]
        .map(|email| desk.admin(&["address", "show", email])["default"].clone());
    assert_eq!(defaults, [json!(true), json!(false)]);
}

#[test]
fn passwords_of_addresses_lie_in_private_files_that_the_report_names() {
    let (desk, _) = desk_with(DUMP);
    import(&desk, &[]);
    let address = desk.admin(&["address", "show", "desk@helpdesk.test"]);
    assert_eq!((address["incoming"].as_str(), address["smtp_tls"].as_str()), (Some("none"), Some("implicit")));
    let file = PathBuf::from(address["smtp_password_file"].as_str().expect("there is a password"));
    assert_eq!((fs::read_to_string(&file).expect("the file is there").as_str(), mode(&file)), ("p'w", 0o600));
    assert_eq!(file.parent(), desk.db().parent());
}

#[test]
fn second_import_changes_nothing_and_brings_nothing_back() {
    let (desk, _) = desk_with(DUMP);
    import(&desk, &[]);
    desk.admin(&["ticket", "remove", "13", "--yes"]);
    desk.admin(&["department", "update", "1", "--name", "Ours"]);
    let before = desk.stats();
    let again = import(&desk, &[]);
    assert!(lines(&again).iter().any(|line| line.contains("was imported before")), "{again}");
    assert_eq!(desk.stats(), before);
    assert_eq!(desk.admin(&["department", "show", "1"])["name"], "Ours");
}

#[test]
fn interrupted_import_goes_on() {
    let (desk, _) = desk_with(DUMP);
    import(&desk, &[]);
    // What an import that was killed on its way leaves: no end on record, and rows that are not there yet.
    desk.outside()
        .run("UPDATE import SET finished_at = 0; DELETE FROM message WHERE id = 31; DELETE FROM customer WHERE id = 3");
    let report = import(&desk, &[]);
    assert_eq!(
        (report["tables"]["users"]["imported"].as_i64(), report["tables"]["tickets_messages"]["imported"].as_i64()),
        (Some(1), Some(1))
    );
    assert_eq!((desk.count("users"), desk.count("tickets"), desk.count("messages")), (3, 2, 2));
}

/// [`DUMP`] with `count` tickets more, of two messages each.
fn long_dump(count: usize) -> String {
    let (mut tickets, mut messages) = (String::new(), String::new());
    for n in 1000..1000 + count {
        tickets.push_str(&format!("({n},1,1,2,'No {n}',1700000000,1700000000,1,1,0),"));
        for part in 0..2 {
            messages.push_str(&format!("({},{n},1700000000,1,0,'Text {part} of {n}','',1),", n * 2 + part));
        }
    }
    let with = |dump: &str, table: &str, rows: &str| {
        let insert = format!("INSERT INTO `hdz_{table}` VALUES ");
        dump.replace(&insert, &format!("{insert}{rows}"))
    };
    with(&with(DUMP, "tickets", &tickets), "tickets_messages", &messages)
}

#[test]
fn killed_imports_end_as_whole_ones() {
    let mails: Vec<String> = (0..400).map(|n| mail(&format!("m{n}"), &format!("Subject: Mail {n}\n"), "x")).collect();
    let dump = long_dump(2000);
    let run = |desk: &Desk, kind: &str| {
        let path = desk.path(if kind == "mbox" { "mbox" } else { "dump.sql" });
        let mut command = desk.command();
        command.args(["--quiet", "--json", "admin", "import", kind]).arg(path);
        command
    };
    for kind in ["helpdeskz", "mbox"] {
        let fresh = || {
            let (desk, _) = desk_with(&dump);
            fs::write(desk.path("mbox"), mbox(&mails)).expect("the test's folder is writable");
            desk
        };
        let whole = fresh();
        let started = std::time::Instant::now();
        assert_eq!(feed(&mut run(&whole, kind), b"").status, 0);
        let time = started.elapsed();
        let desk = fresh();
        for part in 1..=5 {
            let mut child = run(&desk, kind).stdout(std::process::Stdio::null()).spawn().expect("the program starts");
            // No condition to wait for: any moment is a good one to be killed at.
            std::thread::sleep(time * part / 10);
            child.kill().ok();
            child.wait().expect("the child can be waited for");
            desk.admin(&["check"]);
        }
        assert_eq!(feed(&mut run(&desk, kind), b"").status, 0);
        let numbers = |desk: &Desk| {
            let stats = desk.stats();
            ["users", "tickets", "messages", "mails_received", "quarantined"].map(|key| stats[key].as_i64())
        };
        assert_eq!(numbers(&desk), numbers(&whole), "{kind}");
        desk.admin(&["check"]);
    }
}

#[test]
fn dry_run_reports_and_changes_nothing() {
    let (desk, _) = desk_with(DUMP);
    let before = desk.stats();
    let files = || {
        fs::read_dir(desk.path("data"))
            .expect("the folder is there")
            .flatten()
            .filter(|f| !f.file_name().to_string_lossy().ends_with("-shm"))
            .count()
    };
    let count = files();
    let report = import(&desk, &["--dry-run"]);
    assert_eq!((report["dry_run"].as_bool(), report["tables"]["tickets"]["imported"].as_i64()), (Some(true), Some(2)));
    assert_eq!((desk.stats(), files()), (before, count));
    assert_eq!(import(&desk, &[])["tables"]["tickets"]["imported"], 2);
}

#[test]
fn strict_ends_with_three_where_anything_was_repaired() {
    let (desk, path) = desk_with(DUMP);
    let path = path.to_str().expect("a test path is UTF-8");
    let done = desk.try_admin(&["import", "helpdeskz", path, "--strict", "--dry-run"]);
    assert_eq!(done.status, 3, "{}", done.stderr);
    assert_eq!(desk.try_admin(&["import", "helpdeskz", path]).status, 0);
}

#[test]
fn what_is_no_helpdeskz_2_is_refused_with_the_reason() {
    let old = DUMP.replace("`last_replier` int", "`code` varchar(9)")
        + "CREATE TABLE `hdz_settings` (`field` text, `value` text);";
    let cases = [
        ("", "has no tables of HelpDeskZ"),
        ("CREATE TABLE `users` (`id` int);", "has no tables of HelpDeskZ"),
        (&old, "HelpDeskZ 1.x"),
        (DUMP.split_at(DUMP.find("(31,12").expect("it is there") + 30).0, "ends in the middle of a statement"),
        (
            DUMP.split("CREATE TABLE `hdz_tickets_messages`").next().expect("there is a first piece"),
            "lacks hdz_tickets_messages",
        ),
    ];
    for (dump, reason) in cases {
        let (desk, path) = desk_with(dump);
        let done = desk.try_admin(&["import", "helpdeskz", path.to_str().expect("a test path is UTF-8")]);
        assert_eq!((done.status, done.stdout.as_str()), (1, ""), "{}", done.stderr);
        assert!(done.stderr.contains(reason), "{reason}: {}", done.stderr);
        assert_eq!(desk.count("tickets"), 0);
    }
    let (desk, path) = desk_with("");
    let in_utf16 = DUMP.encode_utf16().flat_map(u16::to_le_bytes);
    let in_utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(in_utf16).collect();
    for (content, word) in [(&b"\x1f\x8b\x08\0"[..], "gunzip"), (&in_utf16, "iconv -f UTF-16")] {
        fs::write(&path, content).expect("the test's folder is writable");
        let done = desk.try_admin(&["import", "helpdeskz", path.to_str().expect("a test path is UTF-8")]);
        assert!(done.status == 1 && done.stderr.contains(word), "{}", done.stderr);
    }
}

#[test]
fn desk_with_tickets_of_its_own_is_not_mixed_with_helpdeskz() {
    let desk = Desk::new();
    desk.deliver(mail("a", "Subject: ours\n", "x"));
    let path = desk.path("dump.sql");
    fs::write(&path, DUMP).expect("the test's folder is writable");
    let done = desk.try_admin(&["import", "helpdeskz", path.to_str().expect("a test path is UTF-8")]);
    assert!(done.status == 1 && done.stderr.contains("new database"), "{}", done.stderr);
    assert_eq!(desk.count("tickets"), 1);
}

#[test]
fn departments_staff_and_addresses_of_a_new_desk_give_way_to_imported_ids() {
    let desk = Desk::new();
    fs::write(desk.path("dump.sql"), DUMP).expect("the test's folder is writable");
    let done = crate::desk::feed(
        desk.command().args([
            "admin",
            "staff",
            "add",
            "SVEN",
            "--name",
            "S",
            "--email",
            "s@helpdesk.test",
            "--role",
            "admin",
            "--password-stdin",
        ]),
        b"secret-of-mine",
    );
    assert_eq!(done.status, 0, "{}", done.stderr);
    import(&desk, &[]);
    let names: Vec<Value> =
        desk.admin(&["department", "list"]).as_array().expect("a list").iter().map(|d| d["name"].clone()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!(desk.admin(&["department", "show", "2"])["name"], "Sales");
    let sales = desk.admin(&["address", "show", crate::desk::SALES]);
    let own = desk.admin(&["department", "show", &sales["department_id"].to_string()]);
    assert_eq!(own["name"], "Sales", "the desk's own department of that name moved with its address");
    assert_ne!(own["id"], 2);
    let sven = desk.admin(&["staff", "show", "sven"]);
    assert_eq!(
        (sven["id"].as_i64(), sven["role"].as_str()),
        (Some(5), Some("admin")),
        "the desk's own account is used instead of the imported one"
    );
}

#[test]
fn canned_responses() {
    let desk = Desk::new();
    let added = desk.admin(&["canned", "add", "Hello", "--body", "a < b\nc"]);
    assert_eq!((added["id"].as_i64(), added["body"].as_str()), (Some(1), Some("a &lt; b<br />\nc")));
    let changed = desk.admin(&["canned", "update", "1", "--title", "Bye", "--body", "<p onclick=x()>y</p>"]);
    assert_eq!((changed["title"].as_str(), changed["body"].as_str()), (Some("Bye"), Some("<p>y</p>")));
    assert_eq!(desk.admin(&["canned", "list"]).as_array().map(Vec::len), Some(1));
    desk.admin(&["canned", "remove", "1", "--yes"]);
    for (status, arguments) in [
        (1, vec!["canned", "show", "1"]),
        (1, vec!["canned", "update", "1", "--title", "x"]),
        (1, vec!["canned", "remove", "1", "--yes"]),
        (2, vec!["canned", "add", " ", "--body", "x"]),
        (2, vec!["canned", "add", "x"]),
    ] {
        assert_eq!(desk.try_admin(&arguments).status, status, "{arguments:?}");
    }
}

#[test]
fn articles_are_exported_with_their_files() {
    let knowledge = "CREATE TABLE `hdz_articles` (`id` int, `title` text, `content` text, `category` int, `staff_id` int, `date` int, `last_update` int, `views` int, `public` int);\n\
        INSERT INTO `hdz_articles` VALUES (3,'What&#039;s new?','<p>Much</p>',8,5,1700000000,0,4,1);\n\
        CREATE TABLE `hdz_attachments` (`id` int, `name` text, `enc` text, `filetype` text, `article_id` int, `ticket_id` int, `msg_id` int, `filesize` text);\n\
        INSERT INTO `hdz_attachments` VALUES (6,'../wiring.txt','17_ab.txt','text/plain',3,0,0,'9'),(7,'x','../dump.sql','',0,12,30,'');\n";
    let (desk, _) = desk_with(&DUMP.replace("-- Dump completed", &format!("{knowledge}-- Dump completed")));
    let files = desk.path("files");
    fs::create_dir(&files).expect("the test's folder is writable");
    fs::write(files.join("17_ab.txt"), "wires").expect("the test's folder is writable");
    // The first run has no files, the second one brings them.
    let without = import(&desk, &[]);
    assert!(
        lines(&without).iter().any(|line| line.starts_with("skipped attachments 6: its file was not given")),
        "{without}"
    );
    let with = import(&desk, &["--attachments", files.to_str().expect("a test path is UTF-8")]);
    assert_eq!((with["tables"]["attachments"]["imported"].as_i64(), desk.count("attachments")), (Some(1), 1));
    assert!(
        lines(&with)
            .iter()
            .any(|line| line.starts_with("skipped attachments 7:") && line.contains("leaves the folder")),
        "{with}"
    );
    let out = desk.path("out");
    desk.admin(&["article", "export", out.to_str().expect("a test path is UTF-8")]);
    let page = fs::read_to_string(out.join("3-what-s-new.html")).expect("the page is there");
    assert!(
        page.contains("<h1>What&#039;s new?</h1>")
            && page.contains("<p>Much</p>")
            && page.contains("files/6-wiring.txt"),
        "{page}"
    );
    assert_eq!(fs::read_to_string(out.join("files/6-wiring.txt")).expect("the file is there"), "wires");
    assert_eq!(desk.admin(&["article", "show", "3"])["category_id"], 0);
    let done = desk.try_admin(&["article", "export", out.to_str().expect("a test path is UTF-8")]);
    assert_eq!(done.status, 1, "{}", done.stderr);
}

#[test]
fn facts_of_a_whole_installation_hold() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../shared/migration");
    if !folder.join("expected.json").is_file() {
        println!("SKIPPED: ../shared/migration is not there");
        return;
    }
    assert_facts_hold(&folder);
}

#[test]
fn facts_are_looked_at_where_uploads_were_off() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../shared/migration");
    if !folder.join("expected.json").is_file() {
        println!("SKIPPED: ../shared/migration is not there");
        return;
    }
    let copy = tempfile::tempdir().expect("a temporary folder");
    let copied = std::process::Command::new("cp").arg("-r").arg(&folder).arg(copy.path()).status();
    assert!(copied.expect("cp is there").success());
    let copy = copy.path().join("migration");
    let dump = fs::read(copy.join("dump.sql")).expect("a dump");
    let (on, off) = (&b",36,120,1,4,1.5,"[..], b",36,120,0,4,1.5,");
    let at = dump.windows(on.len()).position(|bytes| bytes == on).expect("ticket_attachment is on in the dump");
    let dump = [&dump[..at], off, &dump[at + on.len()..]].concat();
    fs::write(copy.join("dump.sql"), dump).expect("the test's folder is writable");
    assert_facts_hold(&copy);
}

/// Runs the script that compares an installation with its facts.
fn assert_facts_hold(folder: &std::path::Path) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let done = std::process::Command::new(root.join("tests/import-facts"))
        .arg(folder)
        .env("MAILDESK_BIN", env!("CARGO_BIN_EXE_maildesk"))
        .output()
        .expect("python3 runs the script");
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{text}{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn newer_dump_of_the_same_desk_adds_what_is_new_and_overwrites_nothing() {
    let (desk, path) = desk_with(DUMP);
    import(&desk, &[]);
    desk.admin(&["ticket", "status", "12", "closed"]);
    // Since then HelpDeskZ went on for a while, and so did the desk: both gave out ticket 200.
    desk.admin(&["address", "update", "desk@helpdesk.test", "--default"]);
    desk.deliver_to("desk@helpdesk.test", mail("n", "Subject: ours\n", "x"));
    let newer = DUMP
        .replace("(13,44,1,99,", "(14,1,1,3,'New',1700005000,1700005000,1,0,0),(200,1,1,3,'Theirs',1700006000,1700006000,1,0,0),(13,44,1,99,")
        .replace("(32,77,", "(33,14,1700005000,1,0,'new','',1),(34,200,1700006000,1,0,'theirs','',1),(32,77,");
    fs::write(&path, newer).expect("the test's folder is writable");
    let done = desk.try_admin(&["import", "helpdeskz", path.to_str().expect("a test path is UTF-8")]);
    assert_eq!(done.status, 3, "what has no place is named: {}", done.stderr);
    let report: Value = serde_json::from_str(&done.stdout).expect("a report");
    let lines = lines(&report);
    assert!(lines.iter().any(|line| line.starts_with("failed tickets 200")), "{lines:?}");
    assert!(
        lines.iter().any(|line| line == "failed tickets_messages 34: the desk has another ticket 200"),
        "{lines:?}"
    );
    assert_eq!(desk.ticket(12)["status"], "closed");
    assert_eq!(desk.ticket(14)["messages"][0]["text"], "new");
    assert_eq!((desk.ticket(200)["subject"].as_str(), desk.messages(200).len()), (Some("ours"), 1));
}

#[test]
fn dump_of_another_desk_is_refused_where_one_was_imported() {
    let (desk, path) = desk_with(DUMP);
    import(&desk, &[]);
    let before = desk.stats();
    fs::write(&path, DUMP.replace("1700000100", "1600000100").replace("1700000200", "1600000200")).expect("writable");
    let done = desk.try_admin(&["import", "helpdeskz", path.to_str().expect("a test path is UTF-8")]);
    assert!(done.status == 1 && done.stderr.contains("another HelpDeskZ"), "{}", done.stderr);
    assert_eq!(desk.stats(), before);
}
