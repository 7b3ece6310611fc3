//! What strangers wrote, printed: no field becomes two lines, moves a cursor or shows its words in another order.

use std::fs;

use crate::desk::{Desk, SUPPORT, feed, is_on_server, mail};

/// Put behind every text of the database: a forged line, a cleared screen, a reversed order, in every spelling.
const EVIL: &str =
    "\r\nFORGED\u{b}FORGED\u{85}FORGED\u{2028}FORGED\u{1b}[2J\u{9b}2J\u{7}\u{202e}\u{2066}\u{200f}\u{61c}";

/// Columns of one line that come from outside, or from people.
const COLUMNS: &[(&str, &[&str])] = &[
    ("customer", &["fullname", "email", "mobile", "country_code"]),
    ("department", &["name"]),
    ("staff", &["fullname", "email", "timezone"]),
    ("ticket", &["subject"]),
    ("participant", &["name", "email"]),
    ("attachment", &["name", "original_name", "content_type"]),
    ("receipt", &["from_email", "recipient", "sender", "subject", "reason", "internet_id"]),
    ("outbox", &["recipient", "internet_id", "last_error", "envelope_sender"]),
    ("canned_response", &["title"]),
    ("article", &["title"]),
    ("article_category", &["name"]),
    ("custom_field", &["title"]),
    ("priority", &["name"]),
    ("schedule", &["name"]),
    ("token", &["name"]),
    ("template", &["subject"]),
    ("address", &["name", "imap_host", "smtp_host"]),
];

/// A desk with something of everything.
fn furnished() -> Desk {
    let desk = Desk::new();
    let dump = format!(
        "{}CREATE TABLE `hdz_kb_category` (`id` int, `name` varchar(200), `position` int, `parent` int, `public` int);
INSERT INTO `hdz_kb_category` VALUES (2,'Lamps',1,0,1);
CREATE TABLE `hdz_articles` (`id` int, `title` varchar(255), `content` text, `category` int, `staff_id` int, `date` int, \
`last_update` int, `views` int, `public` int);
INSERT INTO `hdz_articles` VALUES (3,'Bulbs','<p>Turn <b>left</b>.</p>',2,5,1700000000,1700000500,7,1);
CREATE TABLE `hdz_custom_fields` (`id` int, `type` varchar(20), `title` varchar(255), `value` text, `required` int, \
`departments` text, `display` int);
INSERT INTO `hdz_custom_fields` VALUES (1,'text','Colour','',1,'',1);
CREATE TABLE `hdz_priority` (`id` int, `name` varchar(200), `color` varchar(10));
INSERT INTO `hdz_priority` VALUES (1,'Low','#8A8A8A');
CREATE TABLE `hdz_canned_response` (`id` int, `title` varchar(255), `message` text, `position` int, `date` int, \
`last_update` int, `staff_id` int);
INSERT INTO `hdz_canned_response` VALUES (2,'Greeting','<p>Hello</p>',1,1700000000,1700000000,5);
",
        crate::import::DUMP
    );
    fs::write(desk.path("dump.sql"), dump).expect("the folder is ours");
    desk.admin(&["import", "helpdeskz", "dump.sql"]);
    let out = desk.path("out").to_string_lossy().into_owned();
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "file", "--outgoing-dir", &out]);
    desk.admin(&["schedule", "add", "night", "--hours", "Mon-Fri 18:00-02:00", "--tz", "UTC"]);
    desk.admin(&["token", "add", "site", "--all"]);
    desk.admin(&["template", "disable", "autoresponse"]);
    let fields = "Subject: Lamp\nCc: Cy <cy@third.test>\nContent-Type: multipart/mixed; boundary=b\n";
    desk.deliver(mail("one", fields, "--b\n\nDark.\n--b\nContent-Type: text/plain; name=a.txt\n\nabc\n--b--"));
    desk.deliver(b"Subject: no sender\nMessage-ID: <three@client.test>\n\nwho?\n");
    desk
}

/// Puts [`EVIL`] behind every text.
fn spoil(desk: &Desk) {
    let mut database = desk.outside();
    let list = if is_on_server() { "json_build_array" } else { "json_array" };
    let object = if is_on_server() { "json_build_object" } else { "json_object" };
    for (table, columns) in COLUMNS {
        for column in *columns {
            let sql = format!("UPDATE {table} SET {column} = {column} || '{EVIL}'");
            assert!(database.change(&sql) > 0, "{table} has no row to show");
        }
    }
    database.run(&format!("UPDATE ticket SET custom_fields = {list}({list}('x{EVIL}', '{EVIL}'))"));
    database.run(&format!("UPDATE staff SET profile = {object}('number', '{EVIL}', 'x{EVIL}', 'x')"));
}

/// Everything that shows something of the desk.
const SHOWN: &[&[&str]] = &[
    &["ticket", "list"],
    &["ticket", "show", "200"],
    &["ticket", "show", "200", "--full"],
    &["ticket", "show", "12"],
    &["mail", "list"],
    &["mail", "show", "1"],
    &["mail", "retry", "2", "--dry-run"],
    &["user", "list"],
    &["user", "show", "2"],
    &["staff", "list"],
    &["staff", "show", "sven"],
    &["department", "list"],
    &["department", "show", "2"],
    &["address", "list"],
    &["address", "show", SUPPORT],
    &["outbox", "list"],
    &["outbox", "show", "1"],
    &["canned", "list"],
    &["canned", "show", "2"],
    &["article", "list"],
    &["article", "show", "3"],
    &["article", "categories"],
    &["field", "list"],
    &["priority", "list"],
    &["schedule", "list"],
    &["token", "list"],
    &["token", "show", "1"],
    &["template", "list"],
    &["template", "show", "autoresponse"],
    &["template", "preview", "new_ticket", "--ticket", "200"],
    &["stats"],
    &["check"],
    &["doctor", "--offline"],
    &["ticket", "move", "200", "2"],
];

/// Whether a terminal would do something else than show it.
fn is_odd(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}')
}

#[test]
fn no_field_forges_a_line_or_moves_the_cursor_whatever_shows_it() {
    let desk = furnished();
    spoil(&desk);
    for args in SHOWN {
        for json in [&[][..], &["--json"]] {
            let done = feed(desk.command().args(json).arg("admin").args(*args), b"");
            assert!(!done.stdout.is_empty() && done.status < 2, "{args:?}: {} {}", done.status, done.stderr);
            for text in [&done.stdout, &done.stderr] {
                assert!(!text.contains(is_odd), "{json:?} {args:?}: {text:?}");
                assert!(!text.lines().any(|line| line.trim_start().starts_with("FORGED")), "{args:?}: {text}");
            }
        }
    }
}

#[test]
fn json_says_what_is_stored_although_it_is_written_with_escapes() {
    let desk = furnished();
    spoil(&desk);
    assert_eq!(desk.ticket(200)["subject"], format!("Lamp{EVIL}"));
}

#[test]
fn hostile_mail_is_shown_on_lines_of_its_own_only() {
    let desk = Desk::new();
    let encoded = "=?utf-8?q?x=0D=0AFORGED=E2=80=AE=1B[2J?=";
    let fields = format!(
        "Subject: {encoded}\nContent-Type: multipart/mixed; boundary=b\nCc: {encoded} <cy@third.test>\n\
         X-Original: 1\n"
    );
    let body = "--b\nContent-Type: text/plain; charset=utf-8\n\nFirst\n\tSecond \u{202e}third\u{1b}[2J\n--b\n\
                Content-Type: text/plain; name=\"a.txt\"\nContent-Disposition: attachment; \
                filename*=utf-8''a%0D%0AFORGED%E2%80%AEexe.txt\n\nabc\n--b--";
    let raw = mail("one", &fields, body).replace("Ann Ode <", &format!("{encoded} <"));
    let dry = desk.pipe(&raw, &["--dry-run", "--recipient", SUPPORT]);
    desk.deliver(&raw);
    let show = feed(desk.command().args(["admin", "ticket", "show", "1"]), b"");
    for text in [&dry.stdout, &show.stdout] {
        let has_odd = text.contains(|c: char| c != '\t' && is_odd(c));
        assert!(!has_odd && !text.lines().any(|line| line.starts_with("FORGED")), "{text:?}");
        assert!(text.contains("First\n\tSecond third[2J"), "line feeds and tabs of a body stay: {text:?}");
    }
    let stored = desk
        .outside()
        .text("SELECT c.fullname || t.subject || a.name FROM customer AS c, ticket AS t, attachment AS a");
    assert!(!stored.contains(is_odd), "{stored:?}");
}

#[test]
fn html_bodies_are_shown_as_text() {
    let desk = furnished();
    let show = feed(desk.command().args(["admin", "ticket", "show", "12"]), b"").stdout;
    assert!(show.contains("\nPull the plug\n"), "{show}");
    assert!(!show.contains("<p>"), "{show}");
}
