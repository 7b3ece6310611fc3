//! A clock that was ahead for a while and came back: what it has dated later than now holds nobody up. The clock of the
//! program cannot be moved, so the times are written into the database, as it would have written them.
#![allow(clippy::unwrap_used)]

use crate::client::Server;
use crate::desk::{Desk, SUPPORT, mail};
use crate::outbox::{add_staff, outbox, sending, states};
use crate::smtp_sink::{Play, Sink, wait_until};

/// How far ahead the clock was, in seconds.
const YEAR_S: i64 = 365 * 24 * 3600;

fn ahead(desk: &Desk, table: &str, columns: &[&str]) {
    let moved: Vec<String> = columns.iter().map(|column| format!("{column} = {column} + {YEAR_S}")).collect();
    let changed = desk.outside().change(&format!("UPDATE {table} SET {}", moved.join(", ")));
    assert!(changed > 0, "{table}");
}

#[test]
fn mails_are_tried_within_the_longest_wait_and_not_given_up_by_the_clock() {
    let sink = Sink::start(&[Play::Greet("421 not now"), Play::Take]);
    let desk = sending(&sink);
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    // Tried, and being tried, when the clock was ahead.
    ahead(&desk, "outbox", &["next_attempt_at", "give_up_at"]);
    desk.outside().run("UPDATE outbox SET leased_until = next_attempt_at + 600");
    desk.admin(&["outbox", "send"]);
    let row = outbox(&desk).remove(0);
    let (now, next) = (row["created_at"].as_i64().unwrap(), row["next_attempt_at"].as_i64().unwrap());
    assert!(next <= now + 12 * 3600 + 60, "{row}");
    // By then.
    desk.outside().run("UPDATE outbox SET next_attempt_at = 1, leased_until = 1");
    desk.admin(&["outbox", "send"]);
    assert_eq!((states(&desk), sink.taken().len()), (vec!["sent".to_owned()], 1));

    // The other way: the clock is ahead now, and the five days are over after two tries.
    let down = Sink::start(&[Play::Greet("421 not now")]);
    desk.admin(&["address", "update", SUPPORT, "--smtp-port", &down.port()]);
    desk.deliver(mail("b", "Subject: Scanner\n", "x"));
    desk.outside().run("UPDATE outbox SET next_attempt_at = 1, give_up_at = 2, created_at = 1 WHERE state = 'pending'");
    assert_eq!(desk.try_admin(&["outbox", "send"]).status, 3);
    assert_eq!(outbox(&desk)[0]["state"], "pending", "tried twice");
}

#[test]
fn a_serve_that_ran_in_the_future_sends_nothing_now() {
    let sink = Sink::start(&[Play::Take]);
    let desk = sending(&sink);
    desk.outside().run("UPDATE desk SET served_at = unixepoch() + 31536000");
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    assert_eq!((states(&desk), sink.taken().len()), (vec!["sent".to_owned()], 1));
    let doctor = desk.try_admin(&["doctor"]).stdout;
    assert!(doctor.contains("dated in the future"), "{doctor}");
}

#[test]
fn senders_are_not_held_and_still_answered() {
    let sink = Sink::start(&[Play::Take]);
    let desk = sending(&sink);
    desk.set("mails_per_hour", "2");
    desk.set("auto_answers_per_hour", "2");
    for id in ["a", "b", "c"] {
        desk.deliver(mail(id, &format!("Subject: {id}\n"), "x"));
    }
    assert_eq!(desk.last_mail()["state"], "quarantined", "the third in an hour");
    ahead(&desk, "receipt", &["received_at"]);
    ahead(&desk, "outbox", &["created_at"]);
    desk.deliver(mail("d", "Subject: d\n", "x"));
    assert!(desk.last_outcome().starts_with("stored new"), "{}", desk.last_outcome());
    assert_eq!(sink.taken().len(), 3, "and acknowledged");
    // Addresses that did not exist in the future are written to.
    ahead(&desk, "outbox", &["bounced_at"]);
    desk.deliver(mail("e", "Subject: e\n", "x"));
    assert_eq!(sink.taken().len(), 4);
}

#[test]
fn logins_are_not_locked() {
    let desk = Desk::new();
    add_staff(&desk, "sue", "sue@helpdesk.test");
    desk.set("login_attempt", "2");
    let server = Server::start(&desk);
    let log_in = |password: &str| {
        let form = format!("username=sue&password={password}&ip_address=192.0.2.1");
        server.post("/api/staff/auth", &form).json()["message"].to_string()
    };
    for _ in 0..3 {
        log_in("wrong");
    }
    assert!(log_in("correct+horse+battery").contains("locked"));
    ahead(&desk, "login_attempt", &["last_at"]);
    ahead(&desk, "login_log", &["at"]);
    let said = log_in("correct+horse+battery");
    assert!(said.contains("logged in"), "{said}");
    // The lock counts from now on again.
    for _ in 0..3 {
        log_in("wrong");
    }
    wait_until("locked as ever", || log_in("correct+horse+battery").contains("locked"));
}
