//! The queue of outgoing mail when things go wrong: servers that refuse, stall and cut, senders that are killed or run at
//! the same time. Nothing is lost, and nothing doubled but by a cut after the final dot (RFC 5321 §4.5.4.2).
#![allow(clippy::unwrap_used)]

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Server;
use crate::desk::{Desk, SALES, SUPPORT, mail};
use crate::outbox::{make_due, outbox, sending, states};
use crate::smtp_sink::{Play, Sink, Taken, wait_until};

/// What each fault leaves behind: the state after the first try, and how often the mail arrives in the end.
#[test]
fn server_faults_lose_nothing_and_double_only_after_the_final_dot() {
    let faults = [
        (Play::Garbage, 1),
        (Play::Greet("421 busy"), 1),
        (Play::Greet("554 not now"), 1),
        (Play::AtMail("451 later"), 1),
        (Play::AtMail("530 5.7.0 log in first"), 1),
        (Play::AtRcpt("450 4.2.1 mailbox busy"), 1),
        (Play::AtEnd("452 4.3.1 disk full"), 1),
        (Play::AtMail("what did you say?"), 1),
        (Play::AtEnd("\u{fffd} taken, or not"), 1),
        (Play::CutInData, 1),
        (Play::CutAfterDot, 2),
    ];
    // All of the mail was handed over, and nobody knows whether it has arrived.
    let is_unknown =
        |fault| matches!(fault, Play::CutInData | Play::CutAfterDot | Play::AtEnd("\u{fffd} taken, or not"));
    for (fault, arrivals) in faults {
        let sink = Sink::start(&[fault, Play::Take]);
        let desk = sending(&sink);
        desk.deliver(mail("a", "Subject: Printer\n", "x"));
        assert_eq!(states(&desk), ["pending"], "{fault:?}");
        let row = &outbox(&desk)[0];
        assert_eq!(row["attempts"], 1, "{fault:?}");
        let wait = row["next_attempt_at"].as_i64().unwrap() - row["created_at"].as_i64().unwrap();
        let expected = if is_unknown(fault) { 7200..7210 } else { 60..70 };
        assert!(expected.contains(&wait), "{fault:?}: {wait}");
        assert_eq!(row["unknown_tries"], i64::from(is_unknown(fault)), "{fault:?}");
        make_due(&desk);
        desk.admin(&["outbox", "send"]);
        assert_eq!(states(&desk), ["sent"], "{fault:?}");
        let taken = sink.taken();
        assert_eq!(taken.len(), arrivals, "{fault:?}");
        let ids: Vec<_> = taken.iter().filter_map(|mail| mail.header("Message-ID")).collect();
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    }
}

#[test]
fn refused_connection_keeps_the_mail_and_the_exit_status() {
    let desk = Desk::new();
    // Port 1 of loopback: nobody listens.
    let args = ["--outgoing", "smtp", "--smtp-host", "127.0.0.1", "--smtp-port", "1", "--smtp-tls", "none"];
    desk.admin(&[&["address", "update", SUPPORT][..], &args].concat());
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    assert_eq!(states(&desk), ["pending"]);
    assert_eq!(desk.try_admin(&["address", "test", SUPPORT]).status, 1);
    make_due(&desk);
    assert_eq!(desk.try_admin(&["outbox", "send"]).status, 3);
    let id = outbox(&desk)[0]["message_id"].clone();
    let sink = Sink::start(&[Play::Take]);
    desk.admin(&["address", "update", SUPPORT, "--smtp-port", &sink.port()]);
    make_due(&desk);
    desk.admin(&["outbox", "send"]);
    let arrived = sink.taken()[0].header("Message-ID").unwrap();
    assert_eq!(arrived, format!("<{}>", id.as_str().unwrap()));
}

#[test]
fn silent_server_does_not_hold_up_pipe() {
    let sink = Sink::start(&[Play::Silence, Play::Take]);
    let desk = sending(&sink);
    let began = Instant::now();
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(9) && took < Duration::from_secs(20), "{took:?}");
    assert_eq!(states(&desk), ["pending"]);
    make_due(&desk);
    desk.admin(&["outbox", "send"]);
    assert_eq!((states(&desk), sink.taken().len()), (vec!["sent".to_owned()], 1));
}

/// Eleven seconds, because a quicker answer would come within the patience of `pipe`.
#[test]
fn a_server_that_answers_the_final_dot_late_gets_each_mail_once() {
    let late = Duration::from_secs(11);
    let sink = Sink::start(&[Play::TakeAfter(late), Play::Take]);
    let desk = sending(&sink);
    let began = Instant::now();
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    assert!(began.elapsed() >= late, "the mail was handed over, so its answer is waited for");
    assert_eq!((states(&desk), sink.taken().len()), (vec!["sent".to_owned()], 1));
}

#[test]
fn a_mail_without_an_answer_is_marked_tried_seldom_and_three_times_at_the_most() {
    let sink = Sink::start(&[Play::SilenceAfterDot]);
    let desk = sending(&sink);
    // `pipe` waits until five seconds before its deadline.
    desk.configure("pipe_deadline_s = 6");
    let began = Instant::now();
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let row = outbox(&desk).remove(0);
    assert_eq!((&row["state"], &row["unknown_tries"]), (&"pending".into(), &1.into()), "{row}");
    assert!(row["last_error"].as_str().unwrap().starts_with("handed over, and not known"), "{row}");
    let wait = |row: &serde_json::Value| row["next_attempt_at"].as_i64().unwrap() - row["created_at"].as_i64().unwrap();
    assert!((7200..7230).contains(&wait(&row)), "{row}");
    // The server takes longer than `pipe` can wait: its mails are left to those who can.
    desk.deliver(mail("b", "Subject: Scanner\n", "x"));
    let newest = outbox(&desk).remove(0);
    assert_eq!((&newest["attempts"], sink.taken().len()), (&0.into(), 1), "{newest}");
    desk.admin(&["outbox", "drop", &newest["id"].to_string(), "--yes"]);

    // What a cut after the dot leaves behind is the same.
    let cutting = Sink::start(&[Play::CutAfterDot]);
    desk.admin(&["address", "update", SUPPORT, "--smtp-port", &cutting.port()]);
    for tries in [2, 3] {
        make_due(&desk);
        desk.try_admin(&["outbox", "send"]);
        let row = outbox(&desk).pop().unwrap();
        assert_eq!(row["unknown_tries"], tries, "{row}");
        assert_eq!(row["state"], if tries == 3 { "failed" } else { "pending" }, "{row}");
        assert!(tries == 3 || (43_200..43_230).contains(&wait(&row)), "{row}");
    }
    make_due(&desk);
    desk.admin(&["outbox", "send"]);
    assert_eq!(sink.taken().len() + cutting.taken().len(), 3);
    let notes = desk.notes(1);
    assert!(notes.contains("may have reached its recipient twice or not at all"), "{notes}");
}

#[test]
fn a_reply_without_end_takes_no_memory_and_keeps_the_mail() {
    let sink = Sink::start(&[Play::EndlessLine, Play::Take]);
    let desk = sending(&sink);
    fill(&desk, 1);
    // The server sends as long as it is listened to: memory would end first.
    let command = desk.command();
    let mut limited = Command::new("/bin/sh");
    limited.args(["-c", "ulimit -v 400000; exec \"$@\"", "sh"]).arg(command.get_program()).args(command.get_args());
    let output = limited.args(["admin", "outbox", "send"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let row = outbox(&desk).remove(0);
    assert!(row["last_error"].as_str().unwrap().contains("more than 4096 bytes"), "{row}");
    make_due(&desk);
    desk.admin(&["outbox", "send"]);
    assert_eq!(sink.taken().len(), 1);
}

#[test]
fn a_server_that_takes_its_time_holds_up_its_own_address_only_and_not_the_sign_of_life() {
    let (slow, quick) = (Sink::start(&[Play::SilenceAfterDot]), Sink::start(&[Play::Take]));
    let desk = sending(&slow);
    let way = ["--outgoing", "smtp", "--smtp-host", "127.0.0.1", "--smtp-tls", "none"];
    desk.admin(&[&["address", "update", SALES, "--smtp-port", &quick.port()][..], &way].concat());
    let server = Server::start(&desk);
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    wait_until("the slow server has the mail", || slow.taken().len() == 1);
    let beat = || -> i64 { desk.outside().number("SELECT served_at FROM desk") };
    let first = beat();
    desk.deliver_to(SALES, mail("b", "Subject: Offer\n", "x"));
    wait_until("the other address sends meanwhile", || quick.taken().len() == 1);
    wait_until("the sender is seen to be alive", || beat() > first);
    assert_eq!(server.get("/readyz").status, 200);
    // One that is set up while the slow server is still waited for.
    let new = "new@helpdesk.test";
    desk.admin(
        &[&["address", "add", new, "--name", "New", "--department", "2", "--smtp-port", &quick.port()][..], &way]
            .concat(),
    );
    desk.deliver_to(new, mail("c", "Subject: Question\n", "x"));
    wait_until("the new address sends as well", || quick.taken().len() == 2);
    assert_eq!(slow.taken().len(), 1);
}

#[test]
fn serve_that_is_stopped_waits_for_the_answer_to_a_mail_and_begins_no_other() {
    // Longer than the other threads get to end.
    let sink = Sink::start(&[Play::TakeAfter(Duration::from_secs(3)), Play::Take]);
    let desk = sending(&sink);
    fill(&desk, 5);
    let mut server = Server::start(&desk);
    wait_until("the server has a mail", || sink.taken().len() == 1);
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0), "{}", desk.log());
    assert_eq!((sent(&desk), sink.taken().len()), (1, 1));
    assert!(outbox(&desk).iter().all(|row| row["state"] == "sent" || row["attempts"] == 0), "{:?}", outbox(&desk));
    desk.admin(&["outbox", "send"]);
    assert_eq!((sent(&desk), sink.taken().len()), (5, 5));
}

#[test]
fn what_became_of_a_mail_is_written_down_however_long_the_database_is_locked() {
    let sink = Sink::start(&[Play::TakeAfter(Duration::from_millis(500))]);
    let desk = sending(&sink);
    desk.configure("lock_wait_s = 0");
    fill(&desk, 1);
    let mut sender = desk.command().args(["admin", "outbox", "send"]).stdout(Stdio::null()).spawn().unwrap();
    let mut locked = desk.outside();
    wait_until("the mail is claimed", || locked.number("SELECT max(attempts) FROM outbox") == 1);
    locked.lock();
    wait_until("the database refuses", || desk.log().contains("recording what became of a mail"));
    locked.unlock();
    assert!(sender.wait().unwrap().success());
    assert_eq!((states(&desk), sink.taken().len()), (vec!["sent".to_owned()], 1));
}

#[test]
fn permanent_refusal_fails_the_mail_and_notes_it_in_the_ticket() {
    let sink = Sink::start(&[Play::AtRcpt("550 5.1.1 no such user"), Play::Take]);
    let desk = sending(&sink);
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    assert_eq!(states(&desk), ["failed"]);
    assert!(desk.notes(1).contains("ann@client.test") && desk.notes(1).contains("5.1.1"), "{}", desk.notes(1));
    assert_eq!(desk.count("messages"), 1);
    let id = outbox(&desk)[0]["id"].to_string();
    desk.admin(&["outbox", "retry", &id]);
    desk.admin(&["outbox", "send"]);
    assert_eq!((states(&desk), sink.taken().len()), (vec!["sent".to_owned()], 1));
    assert_eq!(desk.try_admin(&["outbox", "retry", &id]).status, 1);
}

#[test]
fn killed_senders_lose_none_of_two_hundred_mails() {
    let sink = Sink::start(&[Play::TakeSlowly]);
    let desk = sending(&sink);
    fill(&desk, 200);
    // Killed when so many more have arrived: at any point of an exchange, and with commits under way.
    const KILLS: [usize; 8] = [1, 7, 23, 2, 40, 11, 5, 30];
    for more in KILLS {
        let goal = sink.taken().len() + more;
        let mut sender = desk.command().args(["admin", "outbox", "send"]).spawn().unwrap();
        wait_until("some mails arrive", || sink.taken().len() >= goal || sender.try_wait().unwrap().is_some());
        sender.kill().unwrap();
        sender.wait().unwrap();
    }
    assert!(sent(&desk) < 200, "the senders were killed before the end");
    desk.admin(&["outbox", "send"]);
    let ids = |taken: &[Taken]| {
        let mut ids: Vec<_> = taken.iter().filter_map(|mail| mail.header("Message-ID")).collect();
        ids.sort();
        ids.dedup();
        ids.len()
    };
    wait_until("all mails arrive", || ids(&sink.taken()) == 200);
    // What was sent is written down before the next mail is begun: one double at the most for each kill.
    assert!(sink.taken().len() <= 200 + KILLS.len(), "{} mails arrived", sink.taken().len());
    assert!(states(&desk).iter().all(|state| state == "sent"));
}

#[test]
fn parallel_senders_send_each_mail_once() {
    let sink = Sink::start(&[Play::Take]);
    let desk = sending(&sink);
    fill(&desk, 300);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| desk.try_admin(&["outbox", "send"]));
        }
    });
    assert_eq!(sink.taken().len(), 300);
}

#[test]
fn serve_sends_over_one_connection_until_the_server_ends_it() {
    let desk = {
        let sink = Sink::start(&[Play::Take]);
        let desk = sending(&sink);
        let server = Server::start(&desk);
        for n in 1..4 {
            desk.deliver(mail(&format!("m{n}"), &format!("Subject: Case {n}\n"), "x"));
            wait_until("the acknowledgement is sent", || sent(&desk) == n);
        }
        assert_eq!((sink.taken().len(), sink.connections()), (3, 1));
        drop(server);
        desk
    };
    // Another server, and one that takes no second mail over a connection: no mail waits for that.
    let sink = Sink::start(&[Play::TakeOne]);
    desk.admin(&["address", "update", SUPPORT, "--smtp-port", &sink.port()]);
    fill(&desk, 5);
    desk.admin(&["outbox", "send"]);
    assert_eq!((sink.taken().len(), sink.connections()), (5, 5));
    assert!(outbox(&desk).iter().all(|row| row["state"] == "sent" && row["attempts"] == 1));
}

#[test]
fn a_server_that_is_down_is_asked_once_in_a_drain() {
    let sink = Sink::start(&[Play::Greet("421 not now")]);
    let desk = sending(&sink);
    fill(&desk, 250);
    assert_eq!(desk.try_admin(&["outbox", "send"]).status, 3);
    assert_eq!(sink.connections(), 1);
    assert!(outbox(&desk).iter().all(|row| row["state"] == "pending" && row["attempts"] == 1));
}

/// Our queue on a disk against lettre's pooled transport with nothing behind it, to the same server.
#[test]
fn throughput_is_at_least_half_of_the_bare_transports() {
    use lettre::{SmtpTransport, Transport};
    // The bare transport takes 45 ms a mail, because it sends the final dot apart.
    const MAILS: i64 = 100;
    let sink = Sink::start(&[Play::Take]);
    let desk = sending(&sink);
    fill(&desk, MAILS);
    let raws: Vec<Vec<u8>> = {
        let mut outside = desk.outside();
        let mail =
            |n: i64| outside.bytes(&format!("SELECT data FROM outbox_raw ORDER BY outbox_id LIMIT 1 OFFSET {n}"));
        (0..MAILS).map(mail).collect()
    };
    let began = Instant::now();
    desk.admin(&["outbox", "send"]);
    let ours = began.elapsed();
    let envelope =
        lettre::address::Envelope::new(Some(SUPPORT.parse().unwrap()), vec!["ann@client.test".parse().unwrap()]);
    let (envelope, port) = (envelope.unwrap(), sink.port().parse().unwrap());
    let transport = SmtpTransport::builder_dangerous("127.0.0.1").port(port).build();
    let began = Instant::now();
    for raw in &raws {
        transport.send_raw(&envelope, raw).unwrap();
    }
    let bare = began.elapsed();
    println!("{MAILS} mails: ours {ours:?}, bare transport {bare:?}");
    assert_eq!(sink.taken().len() as i64, 2 * MAILS);
    assert!(ours <= bare * 2, "ours {ours:?}, bare transport {bare:?}");
}

fn sent(desk: &Desk) -> usize {
    states(desk).iter().filter(|state| *state == "sent").count()
}

/// Queues mails as if they had been written by `pipe`.
fn fill(desk: &Desk, mails: i64) {
    let mut sql = String::from("BEGIN;");
    for n in 0..mails {
        let id = format!("bulk{n}@helpdesk.test");
        sql.push_str(&format!(
            "INSERT INTO outbox (created_at, state, event, address_id, envelope_sender, recipient, internet_id, is_automatic, \
             next_attempt_at, give_up_at) SELECT 0, 'pending', 'staff_reply', id, '{SUPPORT}', 'ann@client.test', '{id}', 0, 0, \
             9999999999 FROM address WHERE email = '{SUPPORT}';"
        ));
        let raw = format!(
            "From: {SUPPORT}\r\nTo: ann@client.test\r\nMessage-ID: <{id}>\r\nSubject: {n}\r\n\r\n{}\r\n",
            "x".repeat(2000)
        );
        let hex: String = raw.bytes().map(|byte| format!("{byte:02x}")).collect();
        let bytes = if crate::fixture::database::is_on_server() { format!("'\\x{hex}'") } else { format!("X'{hex}'") };
        sql.push_str(&format!(
            "INSERT INTO outbox_raw (outbox_id, data) SELECT id, {bytes} FROM outbox WHERE internet_id = '{id}';"
        ));
    }
    desk.outside().run(&format!("{sql} COMMIT"));
}
