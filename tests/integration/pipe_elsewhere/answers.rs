//! What `pipe` makes of answers that are none of a desk's, and of none at all.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use super::fixture::MailHost;
use crate::client::Server;
use crate::desk::{Desk, SUPPORT, mail};
use crate::pipe::TRY_AGAIN;

/// A server that says the same to everybody; nothing for `None`, while the connection stays open.
fn says(answer: Option<Vec<u8>>) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 16 * 1024];
            // One packet has all of a small request.
            if stream.read(&mut head).is_err() {
                continue;
            }
            match &answer {
                Some(answer) => drop(stream.write_all(answer)),
                None => kept.push(stream),
            }
        }
    });
    port
}

fn http(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").into_bytes()
}

#[test]
fn answer_that_does_not_say_what_became_of_the_mail_defers() {
    let open = r#"{"outcome":"open","reason":"new","ticket_id":1}"#;
    let refuse = r#"{"outcome":"refuse","refusal":"banned"}"#;
    let cut = http("200 OK", open);
    let cases = [
        ("a captive portal", http("200 OK", "<html>Please log in</html>")),
        ("an empty answer", http("200 OK", "")),
        ("another outcome", http("200 OK", r#"{"outcome":"ok"}"#)),
        ("created", http("201 Created", open)),
        ("elsewhere", b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ("bad request", http("400 Bad Request", open)),
        ("refused without words", http("422 Unprocessable", r#"{"error":1,"message":"x"}"#)),
        ("refused with 200", http("200 OK", refuse)),
        ("refused by a proxy", http("403 Forbidden", "no")),
        ("broken gateway", http("502 Bad Gateway", refuse)),
        ("busy", http("503 Unavailable", open)),
        ("cut in the middle", cut[..cut.len() - 5].to_vec()),
        ("no HTTP", b"220 mx.example ESMTP\r\n".to_vec()),
        ("hung up", Vec::new()),
    ];
    for (what, answer) in cases {
        let host = MailHost::new(&format!("http://127.0.0.1:{}", says(Some(answer))));
        let done = host.pipe(mail("a", "Subject: x\n", "x"), &["--recipient", SUPPORT]);
        assert_eq!(done.parts(), (75, "", TRY_AGAIN), "{what}: {}", host.log());
        assert!(host.log().contains("127.0.0.1"), "{what}: {}", host.log());
    }
}

#[test]
fn desk_that_says_nothing_is_waited_for_within_the_deadline() {
    let host = MailHost::new(&format!("http://127.0.0.1:{}", says(None)));
    host.limit("pipe_deadline_s = 7");
    let began = Instant::now();
    let done = host.pipe(mail("a", "Subject: x\n", "x"), &["--recipient", SUPPORT]);
    assert_eq!(done.parts(), (75, "", TRY_AGAIN));
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert!(host.log().contains("timeout"), "{}", host.log());
}

#[test]
fn token_that_does_not_let_in_defers_and_the_log_says_what_to_do() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let host = MailHost::of(&desk, &format!("http://{}", server.address));
    let message = mail("a", "Subject: x\n", "x");
    let denied = |arguments: &[&str], words: &str| {
        desk.admin(&[&["token", "update", "2"][..], arguments].concat());
        assert_eq!(host.pipe(&message, &["--recipient", SUPPORT]).parts(), (75, "", TRY_AGAIN), "{arguments:?}");
        let log = host.log();
        let last = log.lines().last().unwrap_or_default();
        assert!(last.contains(words), "{arguments:?}: {last}");
    };
    denied(&["--allow", "users/read"], "permission mail/deliver");
    denied(&["--allow", "mail/deliver", "--ip", "192.0.2.1"], "403");
    denied(&["--ip", "", "--active", "false"], "deliver_token_file");
    desk.admin(&["token", "update", "2", "--active", "true"]);
    let lock = desk.lock();
    assert_eq!(host.pipe(&message, &["--recipient", SUPPORT]).status, 75, "the desk is busy");
    drop(lock);
    assert_eq!(host.pipe(&message, &["--recipient", SUPPORT]).parts(), (0, "", ""), "{}", host.log());
    assert_eq!(desk.count("mails_received"), 1);
    assert!(!host.log().contains("HOST0000"), "the token is in the log");
}
