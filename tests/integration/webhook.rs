//! Webhooks, with a real receiver that takes, fails, hangs and answers late, and signatures checked by the library of the
//! Standard Webhooks specification.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Server, eventually};
use crate::desk::{Desk, feed, mail};
use crate::mta::skip;
use crate::receiver::{Posted, Receiver, Turn};

/// A desk with an agent that may tell receivers on this machine.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.set("webhook_private", "1");
    let line = ["--json", "admin", "staff", "add", "sam", "--name", "Sam S", "--email", "sam@helpdesk.test"];
    let more = ["--role", "admin", "--department", "1", "--password-stdin"];
    assert_eq!(feed(desk.command().args(line).args(more), b"correct horse\n").status, 0);
    desk
}

/// Adds a webhook; its id and its key.
fn add(desk: &Desk, url: &str, events: &[&str]) -> (i64, String) {
    let events: Vec<&str> = events.iter().flat_map(|event| ["--event", event]).collect();
    let made = desk.admin(&[&["webhook", "add", url], &events[..]].concat());
    (made["id"].as_i64().expect("an id"), made["secret"].as_str().expect("a key").to_owned())
}

/// Makes what waits for its next try due now.
fn make_due(desk: &Desk) {
    desk.outside().run("UPDATE webhook_delivery SET next_attempt_at = 0 WHERE state = 'pending'");
}

fn log(desk: &Desk, id: i64) -> Vec<Value> {
    desk.admin(&["webhook", "log", &id.to_string()]).as_array().cloned().unwrap_or_default()
}

/// What tickets go through in these tests, in order.
fn change_tickets(desk: &Desk) {
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    desk.deliver(mail("b", "Subject: Lamp\n", "Dark."));
    desk.deliver(mail("c", "Subject: Re: [#1] Printer\nIn-Reply-To: <a@client.test>\n", "Still."));
    desk.admin(&["ticket", "assign", "1", "sam"]);
    desk.admin(&["ticket", "note", "1", "--message", "Hm.", "--staff", "sam"]);
    desk.admin(&["ticket", "reply", "1", "--staff", "sam", "--message", "Out now?"]);
    desk.admin(&["ticket", "status", "1", "closed"]);
    desk.admin(&["ticket", "status", "2", "in-progress"]);
}

const OF_ONE: [&str; 6] = ["opened 1", "replied 1", "assigned 1", "noted 1", "answered 1", "status 1"];
const OF_TWO: [&str; 2] = ["opened 2", "status 2"];

/// What was taken of one ticket, in order.
fn taken_of(receiver: &Receiver, ticket: &str) -> Vec<String> {
    receiver.taken().into_iter().filter(|told| told.ends_with(&format!(" {ticket}"))).collect()
}

fn all_taken(receiver: &Receiver) -> bool {
    receiver.taken().len() == OF_ONE.len() + OF_TWO.len()
}

/// Where tests/run puts the library of the specification.
fn library() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    Path::new(env!("CARGO_MANIFEST_DIR")).join(target).join("standardwebhooks/bin/python")
}

/// What the library says of each request, and of each with one letter of its body changed.
const VERIFY: &str = "
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
for line in sys.stdin:
    sent = json.loads(line)
    hook = Webhook(sent['secret'])
    def is_good(body):
        try:
            hook.verify(body, sent['headers'])
            return True
        except WebhookVerificationError:
            return False
    print(is_good(sent['body']), is_good(sent['body'].replace('ticket', 'tickat', 1)))
";

fn verified(requests: &[Posted], secret: &str) -> Option<Vec<String>> {
    let python = library();
    if !python.exists() {
        return None;
    }
    let line = |posted: &Posted| {
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let headers: BTreeMap<&str, &str> = names.iter().map(|name| (*name, posted.header(name))).collect();
        json!({ "secret": secret, "headers": headers, "body": posted.body }).to_string()
    };
    let input: Vec<String> = requests.iter().map(line).collect();
    let done = feed(Command::new(python).args(["-c", VERIFY]), input.join("\n").as_bytes());
    assert_eq!(done.status, 0, "{}", done.stderr);
    Some(done.stdout.lines().map(str::to_owned).collect())
}

#[test]
fn each_event_is_told_once_in_the_order_of_its_ticket_though_the_receiver_fails() {
    let desk = desk();
    let receiver = Receiver::start(&[Turn::Answer(500), Turn::Answer(404), Turn::Take, Turn::Answer(302)]);
    let (id, _) = add(&desk, &receiver.url, &["*"]);
    change_tickets(&desk);
    let _server = Server::start(&desk);
    assert!(
        eventually(|| {
            make_due(&desk);
            all_taken(&receiver)
        }),
        "{:?}",
        log(&desk, id)
    );
    assert_eq!(taken_of(&receiver, "1"), OF_ONE);
    assert_eq!(taken_of(&receiver, "2"), OF_TWO);
    assert!(eventually(|| log(&desk, id).iter().all(|line| line["state"] == "sent")));
    // The tries of one delivery are one message to the receiver, and what was taken is not sent again.
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for posted in receiver.posted() {
        *taken.entry(posted.header("webhook-id").to_owned()).or_default() += usize::from(posted.is_taken);
    }
    assert_eq!((taken.len(), taken.values().all(|times| *times == 1)), (8, true), "{taken:?}");
    assert_eq!(receiver.posted().len(), 8 + 3);
}

#[test]
fn what_is_told_has_the_shapes_of_the_api_and_a_signature_that_the_library_of_the_specification_accepts() {
    let desk = desk();
    let receiver = Receiver::start(&[]);
    let (_, secret) = add(&desk, &receiver.url, &["opened", "note"]);
    let server = Server::start(&desk);
    change_tickets(&desk);
    assert!(eventually(|| receiver.taken().len() == 3));
    let posted = receiver.posted();
    let told = |what: &str| posted.iter().find(|posted| posted.told() == what).expect(what).json();
    let opened = told("opened 1");
    assert_eq!(opened["type"], "ticket.opened");
    let shown = server.get("/api/tickets/show/1").json();
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&opened["data"]["ticket"]), keys(&shown["ticket"]));
    assert_eq!(opened["data"]["ticket"]["subject"], "Printer");
    let messages = server.get("/api/messages/show/1").json();
    let oldest = messages["messages"].as_array().and_then(|all| all.last()).expect("it has messages").clone();
    assert_eq!(opened["data"]["message"], oldest);
    let event = &opened["data"]["event"];
    assert_eq!(
        (&event["actor"], &event["door"], &event["internal"]),
        (&json!("customer"), &json!("mail"), &json!(false))
    );
    let noted = told("noted 1");
    assert_eq!(
        (&noted["data"]["event"]["internal"], &noted["data"]["message"]["message"]),
        (&json!(true), &json!("Hm."))
    );
    assert!(opened["timestamp"].as_str().is_some_and(|at| at.ends_with('Z') && at.contains('T')), "{opened}");

    let Some(said) = verified(&posted, &secret) else {
        return skip("the library standardwebhooks is missing (tests/run installs it)");
    };
    assert_eq!(said, ["True False", "True False", "True False"]);
}

#[test]
fn a_receiver_that_hangs_holds_up_no_other_and_gets_its_delivery_later() {
    let desk = desk();
    let (stuck, quick) = (Receiver::start(&[Turn::Hang]), Receiver::start(&[]));
    let (id, _) = add(&desk, &stuck.url, &["*"]);
    add(&desk, &quick.url, &["*"]);
    let _server = Server::start(&desk);
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    assert!(eventually(|| quick.taken() == ["opened 1"]));
    desk.deliver(mail("b", "Subject: Re: [#1] Printer\nIn-Reply-To: <a@client.test>\n", "Still."));
    assert!(eventually(|| quick.taken() == ["opened 1", "replied 1"]));
    assert_eq!(log(&desk, id)[1]["last_error"], "", "the first one is still waited for");
    assert!(eventually(|| log(&desk, id)[1]["last_error"].as_str().is_some_and(|said| said.contains("within 10 s"))));
    assert!(stuck.taken().is_empty());
    make_due(&desk);
    assert!(eventually(|| stuck.taken() == ["opened 1", "replied 1"]), "{:?}", log(&desk, id));
    let ids: Vec<String> = stuck.posted().iter().map(|posted| posted.header("webhook-id").to_owned()).collect();
    assert_eq!((ids.len(), &ids[0]), (3, &ids[1]));
}

#[test]
fn an_answer_that_comes_too_late_counts_as_none_and_the_next_try_has_the_same_id() {
    let desk = desk();
    let receiver = Receiver::start(&[Turn::Late(Duration::from_millis(10_500)), Turn::Late(Duration::from_secs(1))]);
    let (id, _) = add(&desk, &receiver.url, &["opened"]);
    let _server = Server::start(&desk);
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    assert!(eventually(|| log(&desk, id)[0]["last_error"].as_str().is_some_and(|said| said.contains("within 10 s"))));
    make_due(&desk);
    assert!(eventually(|| log(&desk, id)[0]["state"] == "sent"));
    let ids: Vec<String> = receiver.posted().iter().map(|posted| posted.header("webhook-id").to_owned()).collect();
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
}

#[test]
fn a_day_of_failures_pauses_a_webhook_and_switching_it_on_sends_all_that_waited() {
    let desk = desk();
    let receiver = Receiver::start(&[Turn::Answer(503)]);
    let (id, _) = add(&desk, &receiver.url, &["*"]);
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    desk.outside().run("UPDATE webhook SET failing_since = unixepoch() - 86400");
    let _server = Server::start(&desk);
    let state = || desk.admin(&["webhook", "show", &id.to_string()])["state"].as_str().unwrap_or("?").to_owned();
    assert!(eventually(|| state() == "paused"));
    make_due(&desk);
    desk.deliver(mail("b", "Subject: Re: [#1] Printer\nIn-Reply-To: <a@client.test>\n", "Still."));
    // Others are told meanwhile: the sender has had its turn.
    let other = Receiver::start(&[]);
    add(&desk, &other.url, &["*"]);
    desk.deliver(mail("c", "Subject: Lamp\n", "Dark."));
    assert!(eventually(|| other.taken() == ["opened 2"]));
    assert_eq!(receiver.posted().len(), 1, "nothing is sent to a paused webhook");
    desk.admin(&["webhook", "update", &id.to_string(), "--active", "true"]);
    assert!(eventually(|| receiver.taken().len() == 3));
    assert_eq!(taken_of(&receiver, "1"), ["opened 1", "replied 1"]);
    assert_eq!(state(), "active");
}

#[test]
fn a_delivery_is_sent_again_on_demand_with_the_same_bytes() {
    let desk = desk();
    let receiver = Receiver::start(&[]);
    let (id, secret) = add(&desk, &receiver.url, &["opened"]);
    let _server = Server::start(&desk);
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    assert!(eventually(|| log(&desk, id).iter().all(|line| line["state"] == "sent") && receiver.posted().len() == 1));
    desk.admin(&["ticket", "status", "1", "closed"]);
    desk.admin(&["webhook", "resend", "1"]);
    assert!(eventually(|| receiver.posted().len() == 2));
    let posted = receiver.posted();
    assert_eq!(posted[0].body, posted[1].body);
    assert_eq!(posted[0].header("webhook-id"), posted[1].header("webhook-id"));
    assert_eq!(desk.try_admin(&["webhook", "resend", "99"]).status, 1);

    desk.admin(&["webhook", "test", &id.to_string()]);
    let test = receiver.posted().pop().expect("it came");
    assert_eq!(test.json()["type"], "test");
    if let Some(said) = verified(&[posted[1].clone()], &secret) {
        assert_eq!(said, ["True False"]);
    }
}

#[test]
fn private_addresses_are_refused_unless_a_setting_allows_them() {
    let desk = desk();
    desk.set("webhook_private", "0");
    let receiver = Receiver::start(&[]);
    let (id, _) = add(&desk, &receiver.url.replace("127.0.0.1", "localhost"), &["*"]);
    let refused = desk.try_admin(&["webhook", "test", &id.to_string()]);
    assert_eq!(refused.status, 1);
    assert!(
        refused.stderr.contains("not a public address") && refused.stderr.contains("webhook_private"),
        "{refused:?}"
    );
    let _server = Server::start(&desk);
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    assert!(eventually(|| log(&desk, id)[0]["last_error"]
        .as_str()
        .is_some_and(|said| said.contains("webhook_private"))));
    assert!(receiver.posted().is_empty());
    desk.set("webhook_private", "1");
    make_due(&desk);
    assert!(eventually(|| receiver.taken() == ["opened 1"]));
}

#[test]
fn an_inactive_webhook_is_told_nothing_of_what_happens_meanwhile() {
    let desk = desk();
    let receiver = Receiver::start(&[]);
    let (id, _) = add(&desk, &receiver.url, &["*"]);
    desk.admin(&["webhook", "update", &id.to_string(), "--active", "false"]);
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    assert!(log(&desk, id).is_empty());
    desk.admin(&["webhook", "update", &id.to_string(), "--active", "true"]);
    desk.admin(&["ticket", "remove", "1", "--yes"]);
    let _server = Server::start(&desk);
    assert!(eventually(|| receiver.taken() == ["removed 1"]));
    assert_eq!(receiver.posted()[0].json()["data"]["ticket"], Value::Null);
}

#[test]
fn delivery_queued_while_the_clock_was_ahead_waits_no_longer_than_a_rule_allows() {
    let desk = desk();
    let (id, _) = add(&desk, "http://127.0.0.1:1/", &["opened"]);
    desk.deliver(mail("a", "Subject: Printer\n", "It burns."));
    desk.outside().run("UPDATE webhook_delivery SET next_attempt_at = next_attempt_at + 31536000");
    let wait = || -> i64 {
        let now = desk.outside().number("SELECT max(created_at) FROM webhook_delivery");
        desk.outside().number("SELECT next_attempt_at FROM webhook_delivery") - now
    };
    assert!(wait() > 30_000_000);
    desk.admin(&["jobs", "run"]);
    assert!((21_590..21_700).contains(&wait()), "{} {:?}", wait(), log(&desk, id));
}
