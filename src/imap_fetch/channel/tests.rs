//! What the protocol crate gets to read of what a server says.

#![allow(clippy::unwrap_used)]
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::*;
use crate::stop::Stop;

/// A channel whose server has said `text` and hung up.
fn hearing(text: &[u8]) -> Channel {
    let (channel, mut server) = connected();
    server.write_all(text).unwrap();
    channel
}

/// A channel and the server's end of it.
fn connected() -> (Channel, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let clock = Rc::new(Clock::new(&Stop::new().unwrap(), Duration::from_secs(5)));
    let wire = Wire::connect("127.0.0.1", port, Rc::clone(&clock)).unwrap();
    let (server, _) = listener.accept().unwrap();
    (Channel::new(Link::Plain(wire), clock), server)
}

/// What the crate gets to read, up to the first error.
fn read_all(channel: &mut Channel) -> (String, String) {
    let mut all = Vec::new();
    let mut buffer = [0; 7];
    loop {
        match channel.read(&mut buffer) {
            Ok(count) => all.extend_from_slice(&buffer[..count]),
            Err(error) => return (String::from_utf8(all).unwrap(), error.to_string()),
        }
    }
}

const CLOSED: &str = "the server closed the connection";

#[test]
fn mails_are_put_aside_and_stand_for_themselves_by_number() {
    let mut channel =
        hearing(b"* 1 FETCH (UID 4 BODY[] {5}\r\na\r\n)b FLAGS ())\r\n* 2 FETCH (BODY[] {0}\r\n UID 5)\r\na1 OK\r\n");
    channel.expect_bodies(100, 100);
    let (read, why) = read_all(&mut channel);
    assert_eq!(
        read,
        "* 1 FETCH (UID 4 BODY[] {2}\r\n\r0)\r\n* 1 FETCH (UID 5 BODY[] {2}\r\n\r1)\r\na1 OK no words\r\n"
    );
    assert_eq!(why, CLOSED);
    assert_eq!(channel.take_body(b"\r0").unwrap(), b"a\r\n)b");
    assert_eq!(channel.take_body(b"\r1").unwrap(), b"");
    assert_eq!((channel.take_body(b"\r2"), channel.take_body(b"0")), (None, None));
}

#[test]
fn mails_are_kept_up_to_the_limit_and_no_further() {
    for (limit, kept) in [(5, "abcde"), (6, "abcdef"), (7, "abcdef")] {
        let mut channel = hearing(b"* 1 FETCH (UID 4 BODY[] {6}\r\nabcdef)\r\n");
        channel.expect_bodies(limit, 100);
        read_all(&mut channel);
        assert_eq!(channel.take_body(b"\r0").unwrap(), kept.as_bytes());
    }
}

#[test]
fn mails_nobody_asked_for_and_mails_of_unbelievable_size_are_refused() {
    let mut channel = hearing(b"* 1 FETCH (UID 4 BODY[] {6}\r\nabcdef)\r\n");
    assert!(read_all(&mut channel).1.contains("6 bytes"));
    for (bytes, is_believed) in [(LITERAL_EXCESS_BYTES_MAX + 1, true), (LITERAL_EXCESS_BYTES_MAX + 2, false)] {
        let mut channel = hearing(format!("* 1 FETCH (UID 4 BODY[] {{{bytes}}}\r\nabc").as_bytes());
        channel.expect_bodies(1, 1);
        let (_, why) = read_all(&mut channel);
        assert_eq!(why == CLOSED, is_believed, "{why}");
    }
}

#[test]
fn mails_together_have_a_limit_as_well() {
    for (all, is_taken) in [(9, true), (8, false)] {
        let mut channel =
            hearing(b"* 1 FETCH (UID 4 BODY[] {6}\r\nabcdef)\r\n* 2 FETCH (UID 5 BODY[] {4}\r\nabcd)\r\n");
        channel.expect_bodies(5, all);
        let (_, why) = read_all(&mut channel);
        assert_eq!((why == CLOSED, channel.take_body(b"\r1").is_some()), (is_taken, is_taken), "{why}");
    }
}

#[test]
fn short_texts_have_their_limit_too() {
    for (bytes, is_taken) in [(SMALL_LITERAL_BYTES_MAX, true), (SMALL_LITERAL_BYTES_MAX + 1, false)] {
        let text = format!("* LIST () NIL {{{bytes}}}\r\n{}\r\n", "x".repeat(bytes));
        let mut channel = hearing(text.as_bytes());
        let (read, why) = read_all(&mut channel);
        assert_eq!((read.is_empty(), why == CLOSED), (!is_taken, is_taken), "{why}");
    }
}

#[test]
fn an_answer_has_a_length_that_is_enough_and_one_that_is_too_much() {
    for (more, is_taken) in [(0, true), (1, false)] {
        let mut line = "* SEARCH 1".to_owned();
        line += &" ".repeat(100 + more - line.len() - 2);
        let mut channel = hearing((line + "\r\n").as_bytes());
        channel.expect_bytes(100);
        assert_eq!(read_all(&mut channel).0.is_empty(), !is_taken);
    }
}

#[test]
fn changes_that_somebody_else_made_do_not_count() {
    let changes: String = (1..=5).map(|n| format!("* {n} FETCH (FLAGS (\\Seen))\r\n* {n} EXPUNGE\r\n")).collect();
    let mut channel = hearing((changes + "* SEARCH 1\r\n").as_bytes());
    channel.expect_bytes(40);
    assert_eq!(read_all(&mut channel).0, "* SEARCH 1\r\n");
}

#[test]
fn words_that_look_like_a_literal_are_none() {
    let mut channel = hearing(b"* OK [ALERT] so {3}\r\n* NO {9}\r\n* FLAGS {1}\r\n( \r\n* SEARCH 3\r\n");
    assert_eq!(read_all(&mut channel).0, "* SEARCH 3\r\n");
}

#[test]
fn a_goodbye_is_an_error_until_it_is_expected() {
    let goodbye = b"* BYE too many connections\r\na1 OK bye\r\n";
    let (read, why) = read_all(&mut hearing(goodbye));
    assert_eq!((read.as_str(), why.as_str()), ("", "the server hung up: too many connections"));
    let mut channel = hearing(goodbye);
    channel.expect_goodbye();
    assert_eq!(read_all(&mut channel).0, "a1 OK bye\r\n");
}

#[test]
fn what_is_no_imap_ends_it() {
    assert!(read_all(&mut hearing(b"* SEARCH\r\n220 smtp ready\r\n")).1.contains("not IMAP"));
}

#[test]
fn news_is_another_number_of_mails_and_not_the_same_once_more() {
    let (mut channel, _server) = connected();
    channel.hear(b"* 3 EXISTS");
    channel.forget_news();
    channel.hear(b"* 3 EXISTS");
    channel.hear(b"* 1 RECENT");
    assert!(!channel.has_news());
    channel.hear(b"* 2 EXPUNGE");
    channel.hear(b"* 2 EXISTS");
    assert!(!channel.has_news(), "one went, and the rest was there before");
    channel.hear(b"* 3 EXISTS");
    assert!(channel.has_news());
}

#[test]
fn an_answer_of_our_own_keeps_the_command_from_the_server() {
    let (channel, mut server) = connected();
    let mut end = End(Rc::new(RefCell::new(channel)));
    end.0.borrow_mut().answer_next("a1 OK\r\n");
    end.write_all(b"a1 LOGIN\r\n").unwrap();
    let mut buffer = [0; 32];
    assert_eq!(end.read(&mut buffer).unwrap(), 7);
    end.write_all(b"a2 NOOP\r\n").unwrap();
    let count = server.read(&mut buffer).unwrap();
    assert_eq!(&buffer[..count], b"a2 NOOP\r\n");
}

#[test]
fn bytes_that_wait_before_the_handshake_give_the_link_away_to_nobody() {
    let mut channel = hearing(b"a0 OK go\r\n");
    assert_eq!(channel.next_line().unwrap(), "a0 OK go");
    assert!(channel.into_link().is_some());
    let mut channel = hearing(b"a0 OK go\r\n* CAPABILITY IMAP4rev1\r\n");
    assert_eq!(channel.next_line().unwrap(), "a0 OK go");
    assert!(channel.into_link().is_none());
}
