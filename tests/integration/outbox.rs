//! Mail out: who gets what, and the headers that bring answers home. Servers that misbehave are `outbox_faults`'s,
//! real ones `mail_out`'s.
#![allow(clippy::unwrap_used)]

mod bounces;

use std::fs;

use serde_json::Value;

use crate::desk::{Desk, SALES, SUPPORT, mail};
use crate::smtp_sink::{Play, Sink, header};
use crate::threading::threads;

/// A desk whose support address writes files, with staff member Sue in department 1.
pub(crate) fn filing() -> Desk {
    let desk = Desk::new();
    let out = desk.path("out");
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "file", "--outgoing-dir", &out.to_string_lossy()]);
    add_staff(&desk, "sue", "sue@helpdesk.test");
    desk
}

/// A desk whose support address sends to the sink and has told nobody yet.
pub(crate) fn sending(sink: &Sink) -> Desk {
    let desk = Desk::new();
    let port = sink.port();
    let args = ["--outgoing", "smtp", "--smtp-host", "127.0.0.1", "--smtp-port", &port, "--smtp-tls", "none"];
    desk.admin(&[&["address", "update", SUPPORT][..], &args].concat());
    desk
}

pub(crate) fn add_staff(desk: &Desk, username: &str, email: &str) {
    let password = desk.path("password");
    fs::write(&password, "correct horse battery").unwrap();
    fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let file = password.to_string_lossy();
    desk.admin(&[
        "staff",
        "add",
        username,
        "--name",
        "Sue Staff",
        "--email",
        email,
        "--role",
        "agent",
        "--department",
        "1",
        "--password-file",
        &file,
    ]);
}

/// The mails written so far, by number.
pub(crate) fn filed(desk: &Desk) -> Vec<String> {
    let Ok(folder) = fs::read_dir(desk.path("out")) else { return Vec::new() };
    let mut names: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    names.sort_by_key(|path| {
        path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse::<i64>().ok()).unwrap_or(-1)
    });
    assert!(names.iter().all(|path| path.extension().is_some_and(|e| e == "eml")), "{names:?}");
    names.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The newest mail written to somebody.
pub(crate) fn newest_to(desk: &Desk, who: &str) -> String {
    let all = filed(desk);
    all.into_iter()
        .rev()
        .find(|mail| header(mail, "To").is_some_and(|to| to.contains(who)))
        .expect("a mail to that address")
}

pub(crate) fn id_of(mail: &str) -> String {
    header(mail, "Message-ID").unwrap()
}

pub(crate) fn outbox(desk: &Desk) -> Vec<Value> {
    desk.admin(&["outbox", "list"]).as_array().unwrap().clone()
}

pub(crate) fn states(desk: &Desk) -> Vec<String> {
    outbox(desk).iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect()
}

/// Makes every waiting mail due.
pub(crate) fn make_due(desk: &Desk) {
    desk.outside().run("UPDATE outbox SET next_attempt_at = 0, leased_until = 0 WHERE state = 'pending'");
}

#[test]
fn new_mail_is_acknowledged_and_told_to_staff_with_headers_that_stop_loops() {
    let desk = filing();
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    let mails = filed(&desk);
    assert_eq!(mails.len(), 2);
    for (mail, kind) in mails.iter().zip(["auto-replied", "auto-generated"]) {
        assert_eq!(header(mail, "Auto-Submitted").as_deref(), Some(kind));
        assert_eq!(header(mail, "X-Auto-Response-Suppress").as_deref(), Some("All"));
        assert_eq!(header(mail, "Subject").as_deref(), Some("[#1] Printer"));
        assert_eq!(header(mail, "In-Reply-To").as_deref(), Some("<a@client.test>"));
        assert!(header(mail, "X-Maildesk-Loop").is_some());
        // What comes back to us is our own and is dropped.
        let back = desk.pipe(mail, &["--recipient", SUPPORT, "--sender", ""]);
        assert_eq!(back.status, 0);
        assert_eq!(desk.last_outcome(), "dropped self");
    }
    assert_eq!(desk.count("tickets"), 1);
}

#[test]
fn answers_to_an_acknowledgement_come_home_by_token_thread_or_tag() {
    let desk = filing();
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    let ack = id_of(&newest_to(&desk, "ann@"));
    desk.deliver(mail("b", &format!("Subject: Something else\nReferences: {ack}\n"), "by our Message-ID"));
    assert_eq!(desk.last_outcome(), "stored token #1");
    desk.deliver(mail("c", "Subject: AW: Printer\nIn-Reply-To: <b@client.test>\n", "by her own"));
    assert_eq!(desk.last_outcome(), "stored thread #1");
    desk.deliver(mail("d", "Subject: AW: [#1] Printer\n", "by the tag"));
    assert_eq!(desk.last_outcome(), "stored subject tag #1");
    desk.deliver(mail("e", "Subject: Printer\n", "by nothing"));
    assert_eq!(desk.last_outcome(), "stored new #2");
}

#[test]
fn reply_to_carries_the_recipients_token_where_switched_on() {
    let desk = filing();
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    assert_eq!(header(&newest_to(&desk, "ann@"), "Reply-To"), None);
    desk.set("reply_address_token", "1");
    desk.deliver(mail("b", "Subject: Scanner\n", "x"));
    let reply_to = header(&newest_to(&desk, "ann@"), "Reply-To").unwrap();
    let address = reply_to.split_once('<').map_or(reply_to.as_str(), |(_, rest)| rest.trim_end_matches('>'));
    assert!(address.starts_with("support+t2-"), "{reply_to}");
    desk.deliver_to(address, mail("c", "Subject: whatever\n", "to the plus-address"));
    assert_eq!(desk.last_outcome(), "stored token #2");
}

#[test]
fn tokens_come_home_to_an_address_that_has_a_plus_of_its_own() {
    let desk = filing();
    let (own, out) = ("support+eu@helpdesk.test", desk.path("out").display().to_string());
    let way = ["--department", "2", "--incoming", "pipe", "--outgoing", "file", "--outgoing-dir", &out];
    desk.admin(&[&["address", "add", own, "--name", "EU"][..], &way].concat());
    desk.admin(&["address", "test", own, "--plus"]);
    let test = header(&filed(&desk).pop().unwrap(), "To").unwrap();
    desk.deliver_to(&test, filed(&desk).pop().unwrap());
    desk.deliver_to(own, mail("a", "Subject: Printer\n", "x"));
    assert_eq!(desk.ticket(1)["department"], "Sales");
    let reply_to = header(&newest_to(&desk, "ann@"), "Reply-To").unwrap();
    let address = reply_to.split_once('<').map_or(reply_to.as_str(), |(_, rest)| rest.trim_end_matches('>'));
    assert!(address.starts_with("support+eu+t1-"), "{reply_to}");
    desk.deliver_to(address, mail("b", "Subject: whatever\n", "x"));
    assert_eq!(desk.last_outcome(), "stored token #1");
    desk.deliver_to("support+shop+x@helpdesk.test", mail("c", "Subject: Scanner\n", "x"));
    assert_eq!(desk.ticket(2)["department"], "General");
}

#[test]
fn staff_answer_by_mail_reaches_customer_and_participants_once_each() {
    let desk = filing();
    add_staff(&desk, "tom", "tom@helpdesk.test");
    desk.deliver(mail("a", "Cc: bob@client.test, BOB@client.test\nSubject: Printer\n", "It burns."));
    let notice = id_of(&newest_to(&desk, "sue@"));
    let before = filed(&desk).len();
    desk.deliver(format!(
        "From: sue@helpdesk.test\nTo: {SUPPORT}\nCc: bob@client.test\nSubject: Re: Printer\nMessage-ID: <s@helpdesk.test>\n\
         In-Reply-To: {notice}\nDate: Tue, 3 Feb 2026 11:00:00 +0100\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\n\nPut water on it.\n--b\nContent-Type: text/plain\n\
         Content-Disposition: attachment; filename=how.txt\n\nwater\n--b--\n"
    ));
    assert_eq!(desk.last_outcome(), "stored token #1");
    let new = filed(&desk).split_off(before);
    let to: Vec<_> = new.iter().filter_map(|mail| header(mail, "To")).collect();
    assert_eq!(to, ["\"Ann Ode\" <ann@client.test>", "bob@client.test"]);
    for mail in &new {
        assert_eq!(header(mail, "Subject").as_deref(), Some("Re: [#1] Printer"));
        assert_eq!(header(mail, "Auto-Submitted"), None);
        assert_eq!(header(mail, "X-Maildesk-Loop"), None);
        assert!(mail.contains("Put water on it.") && mail.contains("filename=\"how.txt\""), "{mail}");
    }
    let sender: String = desk.outside().text("SELECT envelope_sender FROM outbox ORDER BY id DESC LIMIT 1");
    assert_eq!(sender, SUPPORT);
    assert_eq!(desk.ticket(1)["status"], "answered");
}

#[test]
fn mail_leaves_by_the_address_of_the_tickets_department_or_the_default_one() {
    let desk = filing();
    let out = desk.path("out").display().to_string();
    desk.admin(&["address", "update", SALES, "--name", "Sales", "--outgoing", "file", "--outgoing-dir", &out]);
    desk.admin(&["department", "add", "Workshop"]);
    let answer = || {
        desk.admin(&["ticket", "reply", "1", "--staff", "sue", "--message", "Put water on it."]);
        let mail = newest_to(&desk, "ann@");
        assert!(id_of(&mail).ends_with("@helpdesk.test>"));
        let sql = "SELECT envelope_sender FROM outbox ORDER BY id DESC LIMIT 1";
        let envelope: String = desk.outside().text(sql);
        (header(&mail, "From").unwrap(), envelope)
    };
    desk.deliver_to(SALES, mail("a", "Subject: Printer\n", "x"));
    let acknowledged = header(&newest_to(&desk, "ann@"), "From").unwrap();
    assert_eq!(acknowledged, "Sales <sales@helpdesk.test>");
    assert_eq!(answer(), (acknowledged, SALES.to_owned()));
    for department in ["3", "1"] {
        desk.admin(&["ticket", "move", "1", department]);
        assert_eq!(answer(), ("Desk <support@helpdesk.test>".to_owned(), SUPPORT.to_owned()), "{department}");
    }
}

#[test]
fn references_grow_with_the_thread_and_start_at_its_first_mail() {
    let desk = filing();
    desk.deliver(mail("a", "References: <x@client.test>\nSubject: Printer\n", "one"));
    let ack = id_of(&newest_to(&desk, "ann@"));
    desk.deliver(mail("b", &format!("Subject: Re: Printer\nIn-Reply-To: {ack}\n"), "two"));
    let notice = newest_to(&desk, "sue@");
    let first_notice =
        filed(&desk).into_iter().find(|mail| header(mail, "To").is_some_and(|to| to.contains("sue@"))).unwrap();
    let expected = format!("<x@client.test> <a@client.test> {} <b@client.test>", id_of(&first_notice));
    assert_eq!(header(&notice, "References").unwrap(), expected);
    assert_eq!(header(&notice, "In-Reply-To").unwrap(), "<b@client.test>");
    // Two answers in a row to the same mail of hers.
    for text in ["Put water on it.", "Or sand."] {
        desk.admin(&["ticket", "reply", "1", "--staff", "sue", "--message", text]);
    }
    let answer = newest_to(&desk, "ann@");
    assert_eq!(header(&answer, "In-Reply-To").unwrap(), "<b@client.test>");
    assert_eq!(header(&answer, "References").unwrap().split(' ').count(), 5, "{answer}");
}

#[test]
fn machines_lists_and_closed_mouths_are_never_answered() {
    let desk = filing();
    for (id, field) in [("a", "Auto-Submitted: auto-replied\n"), ("b", "List-Id: <x.y>\n"), ("c", "Precedence: bulk\n")]
    {
        desk.deliver(mail(id, &format!("Subject: {id}\n{field}"), "x"));
    }
    assert_eq!(desk.pipe(mail("d", "Subject: d\n", "x"), &["--recipient", SUPPORT, "--sender", ""]).status, 0);
    // Staff hear of an alert; its sender hears nothing.
    let to: Vec<_> = filed(&desk).iter().filter_map(|mail| header(mail, "To")).collect();
    assert!(to.iter().all(|to| to.contains("sue@helpdesk.test")), "{to:?}");
}

#[test]
fn automatic_answers_stop_at_five_an_hour_and_staff_are_still_told() {
    let desk = filing();
    for n in 0..7 {
        desk.deliver(mail(&format!("m{n}"), &format!("Subject: Case {n}\n"), "x"));
    }
    let to = |who: &str| filed(&desk).iter().filter(|m| header(m, "To").is_some_and(|to| to.contains(who))).count();
    assert_eq!((to("ann@"), to("sue@")), (5, 7));
}

#[test]
fn nothing_is_queued_without_a_sending_address() {
    let desk = Desk::new();
    add_staff(&desk, "sue", "sue@helpdesk.test");
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    assert_eq!(outbox(&desk).len(), 0);
}

#[test]
fn templates_can_be_edited_switched_and_previewed() {
    let desk = filing();
    desk.admin(&["template", "disable", "staff_ticketnotification"]);
    desk.admin(&["template", "enable", "autoresponse"]);
    let body = desk.path("body.html");
    fs::write(&body, "<p>Hi %client_name%: %ticket_subject% (%company_name%)</p>").unwrap();
    desk.admin(&[
        "template",
        "edit",
        "new_ticket",
        "--subject",
        "Got it: %ticket_subject%",
        "--body-file",
        &body.to_string_lossy(),
    ]);
    desk.deliver(mail("a", "Subject: <Printer>\n", "x"));
    desk.deliver(mail("b", "Subject: Re: [#1] <Printer>\n", "y"));
    let mails = filed(&desk);
    assert_eq!(mails.len(), 2);
    assert_eq!(header(&mails[0], "Subject").as_deref(), Some("[#1] Got it: <Printer>"));
    assert!(
        mails[0].contains("Hi Ann Ode: &lt;Printer&gt; (Helpdesk)")
            && mails[0].contains("Hi Ann Ode: <Printer> (Helpdesk)"),
        "{}",
        mails[0]
    );
    let shown = desk.admin(&["template", "preview", "new_ticket", "--ticket", "1"]);
    assert_eq!(shown["subject"], "Got it: <Printer>");
    assert_eq!(desk.try_admin(&["template", "disable", "staff_reply"]).status, 2);
    assert_eq!(desk.try_admin(&["template", "show", "nonsense"]).status, 2);
}

#[test]
fn null_sender_on_automatic_mail_reaches_the_server_with_the_same_bytes() {
    let sink = Sink::start(&[Play::Take]);
    let desk = sending(&sink);
    desk.deliver(mail("a", "Subject: Printer\n", ".leading dot\n.\nend"));
    let taken = sink.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!((taken[0].from.as_str(), taken[0].to.clone()), ("", vec!["ann@client.test".to_owned()]));
    let raw: Vec<u8> = desk.outside().bytes("SELECT data FROM outbox_raw");
    assert_eq!(taken[0].data.trim_end(), String::from_utf8(raw).unwrap().trim_end());
    assert_eq!(states(&desk), ["sent"]);
}

#[test]
fn plus_addresses_are_used_once_a_test_mail_came_back() {
    let desk = filing();
    desk.admin(&["address", "test", SUPPORT, "--plus"]);
    let test = filed(&desk).pop().unwrap();
    let to = header(&test, "To").unwrap();
    desk.deliver_to(&to, &test);
    assert_eq!(desk.last_outcome(), "dropped self");
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    assert!(header(&newest_to(&desk, "ann@"), "Reply-To").is_some_and(|to| to.contains("support+t1-")));
}

#[test]
fn header_injection_in_subject_and_names_adds_no_header() {
    let desk = filing();
    let evil = "=?utf-8?q?x=0D=0ABcc:_all@example.org=0D=0A=0D=0Abody?=";
    desk.set("site_name", "Desk: x");
    desk.deliver(format!(
        "From: {evil} <ann@client.test>\nTo: {SUPPORT}\nSubject: {evil}\nMessage-ID: <a@client.test>\n\nhi\n"
    ));
    let mails = filed(&desk);
    assert_eq!(mails.len(), 2);
    for mail in mails {
        assert_eq!(header(&mail, "Bcc"), None, "{mail}");
        assert!(header(&mail, "Content-Type").is_some(), "{mail}");
    }
}

/// Two desks that acknowledge mail, and one writes to the other.
#[test]
fn two_desks_do_not_answer_each_other_for_ever() {
    let (one, two) = (filing(), filing());
    // What the second desk is called outside; both are SUPPORT to themselves.
    let other = "desk@elsewhere.test";
    two.admin(&["address", "update", SUPPORT, "--name", "Elsewhere"]);
    two.outside().run(&format!("UPDATE address SET email = '{other}' WHERE email = '{SUPPORT}'"));
    for desk in [&one, &two] {
        desk.admin(&["template", "disable", "staff_ticketnotification"]);
        desk.admin(&["template", "enable", "autoresponse"]);
    }
    let start = format!(
        "From: {SUPPORT}\nTo: {other}\nSubject: Hello\nMessage-ID: <start@helpdesk.test>\n\nfrom a person at the first desk\n"
    );
    two.deliver_to(other, start);
    let (mut seen, mut exchanged) = ([0, 0], 0);
    for _ in 0..10 {
        for (from, desk, to) in [(1, &one, SUPPORT), (0, &two, other)] {
            let source = if from == 1 { &two } else { &one };
            for mail in filed(source).into_iter().skip(seen[from]) {
                exchanged += 1;
                assert_eq!(desk.pipe(&mail, &["--recipient", to, "--sender", ""]).status, 0);
            }
            seen[from] = filed(source).len();
        }
    }
    assert!(exchanged <= 2, "{exchanged} mails went back and forth");
}

/// A reader's mail program hangs all that he sent and got about a ticket in one thread; one who had all mail of all readers
/// would as well.
#[test]
fn everybodys_mails_of_a_ticket_hang_in_one_thread() {
    let desk = filing();
    desk.deliver(mail("a", "Cc: bob@client.test\nSubject: Printer\n", "one"));
    let mut incoming = vec![mail("a", "Cc: bob@client.test\nSubject: Printer\n", "one")];
    for round in 0..4 {
        let notice = newest_to(&desk, "sue@");
        desk.deliver(format!(
            "From: sue@helpdesk.test\nTo: {SUPPORT}\nSubject: Re: x\nMessage-ID: <s{round}@helpdesk.test>\nIn-Reply-To: {}\n\nanswer {round}\n",
            id_of(&notice)
        ));
        let answer = newest_to(&desk, "ann@");
        // Mail programs that keep the whole of References, and such as write In-Reply-To alone.
        let fields = if round % 2 == 0 {
            format!("References: {} {}\n", header(&answer, "References").unwrap(), id_of(&answer))
        } else {
            format!("In-Reply-To: {}\n", id_of(&answer))
        };
        let reply = mail(&format!("b{round}"), &format!("Subject: Re: Printer {round}\n{fields}"), "more");
        desk.deliver(&reply);
        assert_eq!(desk.last_outcome(), "stored token #1");
        incoming.push(reply);
    }
    let outgoing = filed(&desk);
    let to = |who: &str| -> Vec<String> {
        outgoing.iter().filter(|mail| header(mail, "To").is_some_and(|to| to.contains(who))).cloned().collect()
    };
    let (ann, bob, sue): (Vec<_>, Vec<_>, Vec<_>) = (
        incoming.iter().cloned().chain(to("ann@")).collect(),
        incoming.iter().take(1).cloned().chain(to("bob@")).collect(),
        to("sue@"),
    );
    assert_eq!((ann.len(), bob.len(), sue.len()), (10, 5, 5));
    for (who, mails) in [("Ann", &ann), ("Bob", &bob), ("Sue", &sue), ("all", &[incoming, outgoing.clone()].concat())] {
        let threads = threads(mails);
        assert_eq!(threads.len(), 1, "{who}: {threads:#?}");
        assert_eq!(threads[0].mails(), mails.len(), "{who}: {threads:#?}");
    }
    // Ann has every mail that hers and ours answer, so every mail but the first hangs below the one before it.
    assert_eq!(threads(&ann)[0].depth(), 10);
}

#[test]
fn priority_in_a_template_is_the_tickets_own() {
    let desk = filing();
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    let body = desk.path("body");
    fs::write(&body, "It is %ticket_priority%.").unwrap();
    desk.admin(&["template", "edit", "new_ticket", "--body-file", &body.to_string_lossy()]);
    let shown = || desk.admin(&["template", "preview", "new_ticket", "--ticket", "1"])["text"].clone();
    assert_eq!(shown(), "It is Low.");
    desk.outside().run("UPDATE ticket SET priority = 6");
    assert_eq!(shown(), "It is Critical.", "HelpDeskZ's name where no table was imported");
    desk.outside().run("INSERT INTO priority (id, name, color) VALUES (6, 'Line down', '')");
    assert_eq!(shown(), "It is Line down.");
}

#[test]
fn files_of_an_answer_go_along_up_to_the_limit_and_the_others_are_named() {
    const LIMIT: usize = 10 << 20;
    let desk = filing();
    desk.set("mail_attachment_size", "20");
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    for (second, fits) in [(LIMIT - 3, true), (LIMIT - 2, false)] {
        for (name, bytes) in [("small.txt", 3), ("large.txt", second)] {
            fs::write(desk.path(name), vec![b'x'; bytes]).unwrap();
        }
        let (small, large) = (desk.path("small.txt"), desk.path("large.txt"));
        let files = ["--attach", &small.to_string_lossy(), "--attach", &large.to_string_lossy()];
        desk.admin(&[&["ticket", "reply", "1", "--staff", "sue", "--message", "See there."][..], &files].concat());
        let answer = newest_to(&desk, "ann@");
        assert!(answer.contains("filename=\"small.txt\""));
        assert_eq!(answer.contains("filename=\"large.txt\""), fits);
        assert_eq!(answer.contains("left out of it: large.txt"), !fits);
        assert_eq!(desk.notes(1).contains("sent without large.txt"), !fits, "{}", desk.notes(1));
    }
}

#[test]
fn long_messages_are_told_to_staff_in_part() {
    let desk = filing();
    for (id, chars, is_whole) in [("a", 100_000, true), ("b", 100_001, false)] {
        desk.deliver(mail(id, "Subject: Printer\n", &"x".repeat(chars)));
        let told = newest_to(&desk, "sue@");
        assert_eq!(!told.contains("The message is longer"), is_whole, "{id}");
        assert!(told.len() < 500_000, "{}", told.len());
        assert!(told.split("\r\n").all(|line| line.len() <= 998), "RFC 5322 §2.1.1");
    }
}

#[test]
fn paused_addresses_get_no_activation_link_and_are_shown() {
    let desk = filing();
    desk.set("site_url", "https://desk.test");
    desk.admin(&["user", "add", "ann@client.test", "--name", "Ann"]);
    desk.admin(&["user", "invite", "ann@client.test"]);
    desk.admin(&["user", "invite", "ann@client.test"]);
    assert_eq!(outbox(&desk).len(), 2);
    assert!(outbox(&desk).iter().all(|row| row["recipient_paused"] == false));
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    desk.outside().run("UPDATE outbox SET bounced_at = unixepoch(), bounce_class = 'permanent', last_error = '5.1.1 gone' WHERE recipient = 'ann@client.test'");
    let paused = |row: &Value| row["recipient_paused"] == (row["recipient"] == "ann@client.test");
    assert!(outbox(&desk).iter().all(paused), "{:?}", outbox(&desk));
    let done = desk.try_admin(&["user", "invite", "ann@client.test"]);
    assert_eq!(done.status, 1);
    assert!(done.stderr.contains("keeps coming back"), "{}", done.stderr);
}
