//! What a mail does to a desk, sentence by sentence of the mail rules, through `pipe` and the answers of `admin`. One
//! module per heading of these rules; here is only what holds for all of them: the dry run.

mod charset;
mod content;
mod once;
mod origin;
pub(crate) mod people;
mod route;
mod thread;

use serde_json::Value;

use crate::desk::{Desk, SUPPORT, feed, is_on_server, mail};

/// A mail with everything a dry run shows.
const RICH: &str = "From: =?utf-8?Q?Ann_Od=C3=A9?= <ann@client.test>\nReply-To: Ann <private@client.test>\n\
    To: support@helpdesk.test, Bob <bob@client.test>\nCc: Cleo <cleo@client.test>\nSubject: =?utf-8?B?RmV1ZXI=?=\n\
    Message-ID: <rich@client.test>\nDate: Tue, 3 Feb 2026 10:00:00 +0100\nMIME-Version: 1.0\n\
    Content-Type: multipart/mixed; boundary=b\n\n\
    --b\nContent-Type: multipart/alternative; boundary=a\n\n\
    --a\nContent-Type: text/plain\n\nIt burns.\n--a\nContent-Type: text/html\n\n<p>It <b>burns</b>.</p>\n--a--\n\
    --b\nContent-Type: application/pdf; name=\"bill.pdf\"\nContent-Transfer-Encoding: base64\n\nJVBERg==\n--b--\n";

#[test]
fn dry_run_shows_every_field() {
    let desk = Desk::new();
    let answer = desk.dry_run(RICH);
    let expected = serde_json::json!({
        "decision": "open", "reason": "new", "ticket_id": null, "department_id": 1,
        "from": { "name": "Ann Odé", "email": "ann@client.test" },
        "reply_to": { "name": "Ann", "email": "private@client.test" },
        "to": [{ "name": "", "email": "support@helpdesk.test" }, { "name": "Bob", "email": "bob@client.test" }],
        "cc": [{ "name": "Cleo", "email": "cleo@client.test" }],
        "subject": "Feuer", "message_id": "rich@client.test", "date": 1_770_109_200, "origin": "person",
        "reply_text": "It burns.", "full_text": "It burns.", "html": "<p>It <b>burns</b>.</p>",
        "attachments": [{ "name": "bill.pdf", "type": "application/pdf", "size": 4, "inline": false }],
        "warnings": [],
    });
    let differs: Vec<_> =
        expected.as_object().expect("an object").iter().filter(|(key, v)| answer[*key] != **v).collect();
    assert!(differs.is_empty(), "{differs:?} in {answer:#}");
}

#[test]
fn dry_run_of_a_bare_mail_has_the_same_fields() {
    let desk = Desk::new();
    let keys = |answer: &Value| answer.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    let rich = keys(&desk.dry_run(RICH));
    for bare in ["no header at all", "Subject: only this\n\n", "From: ann@client.test\n\nx", "\u{0}x: y\n\n\u{0}"] {
        assert_eq!(keys(&desk.dry_run(bare)), rich, "{bare:?}");
    }
    desk.deliver(RICH);
    assert_eq!(keys(&desk.dry_run(RICH)), rich, "a mail that is on record");
    let banned = desk.dry_run_with(RICH, &["--recipient", "x@elsewhere.test", "--sender", ""]);
    assert_eq!(keys(&banned), rich);
}

#[test]
fn dry_run_changes_nothing() {
    let desk = Desk::new();
    desk.deliver(RICH);
    desk.set("unknown_recipient", "reject");
    let bytes = |name: &str| std::fs::read(desk.path("data").join(name)).ok();
    let stored = || {
        let rows = is_on_server().then(|| desk.outside().everything());
        (rows, bytes("maildesk.db"), bytes("maildesk.db-wal"))
    };
    let before = (desk.stats(), desk.ticket(1), desk.admin(&["mail", "list"]), stored());
    for id in ["new", "rich"] {
        desk.dry_run(mail(id, "Subject: Re: Feuer\nIn-Reply-To: <rich@client.test>\n", "Still."));
    }
    let refused = desk.dry_run_with(RICH.replace("rich@", "other@"), &["--recipient", "x@helpdesk.test"]);
    assert_eq!(refused["decision"], "refuse");
    let after = (desk.stats(), desk.ticket(1), desk.admin(&["mail", "list"]), stored());
    assert!(before == after, "a dry run wrote something");
}

#[test]
fn dry_run_says_what_the_delivery_then_does() {
    let desk = Desk::new();
    let answer = desk.dry_run(RICH);
    desk.deliver(RICH);
    assert_eq!((answer["decision"].as_str(), desk.last_outcome().as_str()), (Some("open"), "stored new #1"));
    let reply = mail("reply", "Subject: Re: Feuer\nReferences: <rich@client.test>\n", "Still.");
    let answer = desk.dry_run(&reply);
    let place = (answer["decision"].as_str(), answer["ticket_id"].as_i64(), answer["department_id"].as_i64());
    assert_eq!(place, (Some("append"), Some(1), Some(1)));
    desk.deliver(&reply);
    assert_eq!(desk.last_outcome(), "stored thread #1");
    let again = desk.dry_run(&reply);
    assert_eq!((again["decision"].as_str(), again["ticket_id"].as_i64()), (Some("drop"), Some(1)));
}

#[test]
fn dry_run_without_json_is_for_people_and_writes_nothing_to_their_terminal() {
    let desk = Desk::new();
    let mut command = desk.command();
    let text = mail("t", "Subject: \u{1b}[31mred\n", "\u{1b}]0;owned\u{7} text");
    let done = feed(command.args(["pipe", "--dry-run", "--recipient", SUPPORT]), text.as_bytes());
    assert_eq!((done.status, done.stderr.as_str()), (0, ""));
    assert!(done.stdout.contains("open") && done.stdout.contains("ann@client.test"), "{}", done.stdout);
    assert!(!done.stdout.contains('\u{1b}') && !done.stdout.contains('\u{7}'), "{:?}", done.stdout);
}
