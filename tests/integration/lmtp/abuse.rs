//! Clients that are no good: smuggling, line ends, limits at their edge, silence.

use super::client::{Client, LmtpServer};
use super::wire;
use crate::client::eventually;
use crate::desk::{Desk, SUPPORT};
use crate::mta::wait_for;

/// The envelope and DATA, up to the 354.
fn begin(client: &mut Client) {
    for command in ["MAIL FROM:<ann@client.test>".to_owned(), format!("RCPT TO:<{SUPPORT}>")] {
        assert!(client.say(&command).starts_with("250 "));
    }
    assert!(client.say("DATA").starts_with("354 "));
}

#[test]
fn no_mail_can_hide_another_behind_half_an_end() {
    let desk = Desk::new();
    let server = LmtpServer::start(&desk);
    let ends = ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n.\r", "\r\r\n.\n", "\0\r\n.\n"];
    for (number, end) in ends.iter().enumerate() {
        let mut client = Client::greeted(&server);
        begin(&mut client);
        let hidden = format!(
            "MAIL FROM:<boss@helpdesk.test>\r\nRCPT TO:<{SUPPORT}>\r\nDATA\r\n{}\r\n.\r\n",
            wire(&format!("hidden{number}"), "hidden")
        );
        client.send(format!("{}{end}{hidden}", wire(&format!("outer{number}"), "outer").trim_end()));
        assert_eq!(client.reply(), "250 2.0.0 on record", "{end:?}");
        assert_eq!(client.say("NOOP"), "250 2.0.0 still here", "{end:?}: nothing else was answered");
        assert_eq!(desk.count("mails_received"), i64::try_from(number + 1).unwrap(), "{end:?}");
    }
}

#[test]
fn line_ends_of_commands_are_whole_or_the_connection_ends() {
    let desk = Desk::new();
    let server = LmtpServer::start(&desk);
    for sent in ["NOOP\nNOOP\r\n", "NOOP\n", "MAIL FROM:<a@b.example>\nRCPT TO:<c@d.example>\r\n", "\n"] {
        let mut client = Client::greeted(&server);
        client.send(sent);
        let rest = client.rest();
        assert!(rest.starts_with("500 5.5.2 ") && rest.lines().count() == 1, "{sent:?}: {rest}");
    }
    let mut client = Client::greeted(&server);
    assert!(client.say("NO\rOP").starts_with("500 5.5.2 "));
    assert!(client.say("NOOP").starts_with("250 "));
}

#[test]
fn mail_that_comes_before_it_is_asked_for_is_not_taken() {
    let desk = Desk::new();
    let server = LmtpServer::start(&desk);
    let mut client = Client::greeted(&server);
    let all = format!("MAIL FROM:<a@b.example>\r\nRCPT TO:<{SUPPORT}>\r\nDATA\r\n{}.\r\n", wire("early", "x"));
    client.send(all);
    let rest = client.rest();
    assert!(rest.lines().last().unwrap_or_default().starts_with("503 5.5.0 "), "{rest}");
    assert_eq!(desk.count("mails_received"), 0);
}

#[test]
fn order_of_commands_is_kept() {
    let desk = Desk::new();
    let server = LmtpServer::start(&desk);
    let mut client = Client::connect(&server);
    for (command, code) in [
        ("MAIL FROM:<a@b.example>", "503"),
        ("EHLO x", "500"),
        ("RCPT TO:<a@b.example>", "503"),
        ("DATA", "503"),
        ("RSET", "250"),
        ("LHLO x", "250"),
        ("DATA", "503"),
        ("MAIL FROM:<a@b.example>", "250"),
        ("MAIL FROM:<a@b.example>", "503"),
        ("DATA", "503"),
        ("RSET", "250"),
        ("RCPT TO:<a@b.example>", "503"),
        ("VRFY x", "252"),
        ("QUIT now", "501"),
        ("QUIT", "221"),
    ] {
        let reply = client.say(command);
        assert!(reply.starts_with(code), "{command}: {reply}");
    }
    // A chunk that is not wanted is read all the same: what follows it is the next command.
    let mut client = Client::greeted(&server);
    client.send("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n");
    assert_eq!((client.reply()[..3].to_owned(), client.reply()), ("503".to_owned(), "250 2.0.0 still here".to_owned()));
    // Of a chunk that cannot be read nobody knows where it ends: nothing behind it is a command.
    let mut lost = Client::greeted(&server);
    lost.send("BDAT 5 LASTX\r\nNOOP\r\n");
    let rest = lost.rest();
    assert!(rest.starts_with("501 5.5.4 ") && rest.lines().count() == 1, "{rest}");
    assert!(client.say("HELP").starts_with("214 "));
    // Chunks are not mixed with DATA.
    assert!(client.say("MAIL FROM:<a@b.example>").starts_with("250"));
    assert!(client.say(&format!("RCPT TO:<{SUPPORT}>")).starts_with("250"));
    client.send("BDAT 3\r\nabc");
    assert!(client.reply().starts_with("250"));
    assert!(client.say("DATA").starts_with("503") && client.say("RCPT TO:<x@y.example>").starts_with("503"));
    assert!(client.say("RSET").starts_with("250") && client.say("BDAT 0 LAST").starts_with("503"));
    assert_eq!(desk.count("mails_received"), 0);
}

#[test]
fn limits_hold_at_their_edge() {
    let desk = Desk::new();
    desk.configure("lmtp_connections_max = 3");
    let server = LmtpServer::start(&desk);
    let mut client = Client::greeted(&server);
    let line = |bytes: usize| format!("NOOP {}", "x".repeat(bytes - "NOOP \r\n".len()));
    assert_eq!(client.say(&line(2048)), "250 2.0.0 still here");
    assert_eq!(client.say(&line(2049)), "500 5.5.2 the line is too long");
    assert_eq!(client.reply(), "", "and the connection has ended");

    let mut client = Client::greeted(&server);
    client.say("MAIL FROM:<a@b.example>");
    let replies: Vec<String> = (0..101).map(|n| client.say(&format!("RCPT TO:<r{n}@helpdesk.test>"))).collect();
    assert!(replies[99].starts_with("250 ") && replies[100].starts_with("452 4.5.3 "), "{:?}", &replies[99..]);

    let mut wrong = Client::greeted(&server);
    let replies: Vec<String> = (0..21).map(|_| wrong.say("WHAT")).collect();
    assert!(replies[19].starts_with("500 ") && replies[20].starts_with("421 4.7.0 "), "{:?}", &replies[19..]);

    // The third place is the last one, and a place that is left is given again.
    drop(wrong);
    let place = || {
        let mut client = Client::try_connect(server.address).ok()?;
        client.reply().starts_with("220").then_some(client)
    };
    let second = wait_for("a place", place, || desk.log());
    let third = wait_for("a place", place, || desk.log());
    let mut fourth = Client::try_connect(server.address).unwrap();
    assert_eq!(fourth.reply(), "421 4.3.2 too many connections");
    assert!(server.http.serves_others());
    drop((second, third));
    wait_for("a place", place, || desk.log());
    assert_eq!(client.say("NOOP"), "250 2.0.0 still here");
}

#[test]
fn mail_cut_short_is_none() {
    let desk = Desk::new();
    let server = LmtpServer::start(&desk);
    for (number, kept) in [0, 10, 100].into_iter().enumerate() {
        let mut client = Client::greeted(&server);
        begin(&mut client);
        let mail = wire(&format!("cut{number}"), "x");
        client.send(&mail[..mail.len() - kept]);
        drop(client);
    }
    let mut client = Client::greeted(&server);
    client.send(format!("MAIL FROM:<a@b.example>\r\nRCPT TO:<{SUPPORT}>\r\nBDAT 1000 LAST\r\nFrom: x"));
    drop(client);
    let has_left = || server.http.ask("GET", "/metrics", &[], b"").body.contains("maildesk_lmtp_connections 0");
    desk.try_admin(&["token", "add", "full", "--all", "--value", crate::client::TOKEN]);
    assert!(eventually(has_left));
    assert_eq!(desk.count("mails_received"), 0);
}
