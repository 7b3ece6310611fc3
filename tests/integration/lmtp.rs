//! `maildesk serve --lmtp`: what a mail server may say and what it gets in answer, and that a mail is acknowledged only
//! when it is on record, once, whatever is killed.
#![allow(clippy::unwrap_used)]

mod abuse;
pub(crate) mod client;
mod killed;
mod servers;
mod socket;

use crate::client::TOKEN;
use crate::desk::{Desk, SALES, SUPPORT, mail};
use client::{Client, LmtpServer};

/// A mail with the line ends of the wire.
fn wire(id: &str, text: &str) -> String {
    mail(id, "Subject: Printer\n", text).replace('\n', "\r\n")
}

#[test]
fn each_recipient_gets_its_own_reply_and_the_mail_is_on_record() {
    let desk = Desk::new();
    let server = LmtpServer::start(&desk);
    let mut client = Client::greeted(&server);
    assert_eq!(client.say("MAIL FROM:<ann@client.test>"), "250 2.1.0 sender noted");
    for to in [SUPPORT, SALES, "nobody@helpdesk.test"] {
        assert!(client.say(&format!("RCPT TO:<{to}>")).starts_with("250 2.1.5 "));
    }
    desk.set("unknown_recipient", "reject");
    let replies = client.data(&wire("one", "It burns."), 3);
    assert_eq!(replies[..2], ["250 2.0.0 on record", "250 2.0.0 on record already"]);
    // The mail is known already, so this recipient adds nothing to it.
    assert!(replies[2].starts_with("250 2.0.0 "), "{replies:?}");
    assert_eq!((desk.count("mails_received"), desk.last_outcome().as_str()), (1, "stored new #1"));
    assert_eq!(desk.admin(&["mail", "show", "1"])["sender"], "ann@client.test");

    // Refused where a setting asks for it, and only that recipient.
    let refused = client.hand_over("ann@client.test", &["nobody@helpdesk.test", SUPPORT], &wire("two", "x"));
    assert_eq!(refused, ["550 5.1.1 nobody@helpdesk.test does not accept mail", "250 2.0.0 on record"]);
    desk.admin(&["ban", "add", "ann@client.test"]);
    desk.set("refuse_banned", "1");
    let banned = client.hand_over("ann@client.test", &[SUPPORT], &wire("three", "x"));
    assert_eq!(banned, ["554 5.7.1 mail from this sender is not accepted here"]);
    assert_eq!(client.say("QUIT"), "221 2.0.0 goodbye");
    assert_eq!(desk.count("mails_received"), 2);
}

#[test]
fn extensions_are_offered_and_kept() {
    let desk = Desk::new();
    let server = LmtpServer::start(&desk);
    let mut client = Client::connect(&server);
    client.send("LHLO mx.client.test\r\n");
    let offered = client.reply_lines();
    for extension in ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", "SIZE"] {
        assert!(offered.iter().any(|line| line[4..].split(' ').next() == Some(extension)), "{extension}: {offered:?}");
    }
    // A whole group of commands at once, and the mail in two chunks, with bytes of another charset.
    let mail = wire("chunks", "gr\u{fc}\u{df}e, and a dot:\r\n.\r\nstill here");
    let (one, two) = mail.split_at(100);
    let commands = format!(
        "MAIL FROM:<\u{fc}@client.test> SIZE={} BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<{SUPPORT}>\r\nRCPT TO:<{SALES}>\r\n\
         BDAT {}\r\n{one}BDAT {} LAST\r\n{two}NOOP\r\n",
        mail.len(),
        one.len(),
        two.len()
    );
    client.send(&commands);
    let replies: Vec<String> = (0..7).map(|_| client.reply()).collect();
    let codes: Vec<&str> = replies.iter().map(|reply| &reply[..3]).collect();
    assert_eq!(codes, ["250"; 7], "{replies:?}");
    assert_eq!(desk.count("mails_received"), 1);
    let text = desk.messages(1)[0]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("gr\u{fc}\u{df}e") && text.contains("still here"), "{text}");
    assert_eq!(desk.admin(&["mail", "show", "1"])["sender"], "\u{fc}@client.test");
    // A bounce.
    assert_eq!(client.hand_over("", &[SUPPORT], &wire("bounce", "x")), ["250 2.0.0 on record"]);
    assert_eq!(desk.admin(&["mail", "show", "2"])["sender"], "");
}

#[test]
fn mail_by_lmtp_is_the_mail_by_pipe() {
    let desk = Desk::new();
    let server = LmtpServer::start(&desk);
    let mut client = Client::greeted(&server);
    let text = "..It burns.\n.\nAnd\u{20ac}more";
    assert_eq!(client.hand_over("ann@client.test", &[SUPPORT], &wire("same", text)), ["250 2.0.0 on record"]);
    desk.deliver(mail("same", "Subject: Printer\n", text));
    assert_eq!(desk.count("mails_received"), 1);
    desk.deliver(mail("other", "Subject: Printer\n", text));
    let again = client.hand_over("ann@client.test", &[SUPPORT], &wire("other", text));
    assert_eq!(again, ["250 2.0.0 on record already"]);
}

#[test]
fn locked_and_broken_desk_defers_and_the_connection_goes_on() {
    let desk = Desk::new();
    desk.configure("lock_wait_s = 1");
    let server = LmtpServer::start(&desk);
    let mut client = Client::greeted(&server);
    let lock = desk.lock();
    let busy = client.hand_over("ann@client.test", &[SUPPORT, SALES], &wire("busy", "x"));
    assert!(busy.len() == 2 && busy.iter().all(|reply| reply.starts_with("450 4.3.2 ")), "{busy:?}");
    drop(lock);
    assert_eq!(client.hand_over("ann@client.test", &[SUPPORT], &wire("busy", "x")), ["250 2.0.0 on record"]);
    desk.outside().break_table("receipt");
    let broken = client.hand_over("ann@client.test", &[SUPPORT], &wire("broken", "x"));
    assert!(broken[0].starts_with("451 4.3.0 "), "{broken:?}");
    desk.outside().mend("receipt");
    assert_eq!(client.hand_over("ann@client.test", &[SUPPORT], &wire("broken", "x")), ["250 2.0.0 on record"]);
    // A mail without anything in it is one, and waits for a person.
    assert_eq!(client.hand_over("ann@client.test", &[SUPPORT], ""), ["250 2.0.0 on record"]);
    assert_eq!((desk.count("mails_received"), desk.count("quarantined")), (3, 1));
}

#[test]
fn internal_error_while_storing_defers_and_the_next_mail_is_taken() {
    let desk = Desk::new();
    let trip = desk.path("trip");
    std::fs::write(&trip, "").unwrap();
    for point in ["group-settle", "lmtp-before-commit", "lmtp-after-commit"] {
        std::fs::write(&trip, "").unwrap();
        let server = LmtpServer::start_with(&desk, &[("MAILDESK_TRIP", format!("{point}={}", trip.display()))]);
        let mut client = Client::greeted(&server);
        let failed = client.hand_over("ann@client.test", &[SUPPORT], &wire(point, "x"));
        assert!(failed[0].starts_with("451 4.3.0 "), "{point}: {failed:?}");
        std::fs::remove_file(&trip).unwrap();
        let taken = client.hand_over("ann@client.test", &[SUPPORT], &wire(point, "x"));
        assert!(taken[0].starts_with("250 "), "{point}: {taken:?}");
    }
    assert_eq!(desk.count("mails_received"), 3);
}

#[test]
fn mail_over_the_limit_is_kept_as_its_header() {
    let desk = Desk::new();
    desk.configure("raw_bytes_max = 70000");
    let server = LmtpServer::start(&desk);
    let mut client = Client::greeted(&server);
    let line = format!("{}\n", "x".repeat(70));
    let taken =
        client.hand_over("ann@client.test", &[SUPPORT], &wire("large", &line.repeat(3000).replace('\n', "\r\n")));
    assert_eq!(taken, ["250 2.0.0 on record"]);
    assert!(desk.messages(1)[0]["text"].as_str().unwrap().len() < 1000);
    for (end, received) in [("", 1), ("another end\r\n", 2), ("another end\r\n", 2)] {
        let text = format!("{}{end}", line.repeat(3000).replace('\n', "\r\n"));
        let taken = client.hand_over("ann@client.test", &[SUPPORT], &wire("large", &text));
        assert!(taken[0].starts_with("250 "), "{taken:?}");
        assert_eq!(desk.count("mails_received"), received, "{end:?}");
    }
    desk.set("refuse_oversize", "1");
    let refused = client.hand_over("ann@client.test", &[SUPPORT], &wire("larger", &line.repeat(3000)));
    assert_eq!(refused, ["554 5.7.1 the message is larger than this address accepts"]);
}

#[test]
fn mails_that_come_together_share_a_transaction_and_are_counted() {
    const CONNECTIONS: usize = 8;
    const MAILS: usize = 15;
    let desk = Desk::new();
    let server = LmtpServer::start(&desk);
    desk.try_admin(&["token", "add", "full", "--all", "--value", TOKEN]);
    std::thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let mut client = Client::greeted(&server);
            scope.spawn(move || {
                for number in 0..MAILS {
                    let mail = wire(&format!("c{connection}n{number}"), "It burns.");
                    assert_eq!(client.hand_over("ann@client.test", &[SUPPORT], &mail), ["250 2.0.0 on record"]);
                }
            });
        }
    });
    let all = i64::try_from(CONNECTIONS * MAILS).unwrap();
    assert_eq!((desk.count("mails_received"), desk.count("messages")), (all, all));
    let page = server.http.get("/metrics").body;
    let value = |name: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {page}"));
        line.trim().parse::<i64>().unwrap()
    };
    assert_eq!(value("maildesk_lmtp_mails_total{outcome=\"open\"}"), all);
    let groups = value("maildesk_lmtp_groups_total");
    assert!(groups < all / 2, "{groups} transactions for {all} mails");
    assert!(desk.log().matches("delivered by LMTP").count() == CONNECTIONS * MAILS);
}
