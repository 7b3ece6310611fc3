//! The socket in the file system, and the end of a server.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use super::client::{Client, LmtpServer};
use crate::client::Server;
use crate::desk::{Desk, feed, mode};

fn serve(desk: &Desk) -> (Server, Vec<String>) {
    let place = format!("unix:{}", desk.path("lmtp.sock").display());
    let mut command = desk.command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--lmtp", &place]).stdin(Stdio::null());
    Server::spawn_saying(&mut command, 2)
}

fn greeting(desk: &Desk) -> String {
    let stream = UnixStream::connect(desk.path("lmtp.sock")).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

#[test]
fn socket_that_was_left_behind_is_replaced_and_one_in_use_is_not() {
    let desk = Desk::new();
    let (mut first, lines) = serve(&desk);
    let path = desk.path("lmtp.sock");
    assert_eq!(lines[1], format!("taking mail by LMTP on unix:{}", path.display()));
    assert_eq!((greeting(&desk).as_str(), mode(&path)), ("220 maildesk LMTP", 0o666));
    let mut second = desk.command();
    second.args(["serve", "--listen", "127.0.0.1:0", "--lmtp", &format!("unix:{}", path.display())]);
    let done = feed(&mut second, b"");
    assert_eq!(done.status, 1);
    assert!(done.stderr.contains("listening for LMTP on unix:"), "{}", done.stderr);
    assert_eq!(greeting(&desk), "220 maildesk LMTP", "the first one goes on");
    first.signal("KILL");
    first.wait();
    assert!(path.exists());
    let (mut third, _) = serve(&desk);
    assert_eq!(greeting(&desk), "220 maildesk LMTP");
    third.signal("TERM");
    assert_eq!(third.wait(), Some(0));
    assert!(!path.exists(), "it is gone with its server");
    // What is no socket is left alone.
    std::fs::write(&path, "mine").unwrap();
    let mut fourth = desk.command();
    fourth.args(["serve", "--listen", "127.0.0.1:0", "--lmtp", &format!("unix:{}", path.display())]);
    assert_eq!(feed(&mut fourth, b"").status, 1);
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
}

#[test]
fn end_of_the_server_is_told_to_those_who_wait_and_a_mail_at_hand_is_taken() {
    let desk = Desk::new();
    let mut server = LmtpServer::start(&desk);
    let idle = Client::greeted(&server);
    let mut busy = Client::greeted(&server);
    busy.say("MAIL FROM:<ann@client.test>");
    busy.say(&format!("RCPT TO:<{}>", crate::desk::SUPPORT));
    assert!(busy.say("DATA").starts_with("354"));
    server.http.signal("TERM");
    assert_eq!(idle.rest(), "421 4.3.2 the desk is being shut down\r\n");
    busy.send(format!("{}.\r\n", super::wire("last", "x")));
    assert_eq!(busy.reply(), "250 2.0.0 on record");
    assert_eq!(server.http.wait(), Some(0));
    assert_eq!(desk.count("mails_received"), 1);
}

#[test]
fn place_that_is_none_is_refused() {
    let desk = Desk::new();
    for place in ["localhost:24", "unix:relative", "/run/x.sock"] {
        let done = feed(desk.command().args(["serve", "--listen", "127.0.0.1:0", "--lmtp", place]), b"");
        assert_eq!(done.status, 2, "{place}: {}", done.stderr);
    }
    let text = std::fs::read_to_string(desk.path("maildesk.toml")).unwrap();
    std::fs::write(desk.path("maildesk.toml"), format!("lmtp = \"24\"\n{text}")).unwrap();
    let done = feed(desk.command().args(["admin", "config", "show"]), b"");
    assert!(done.status == 78 && done.stderr.contains("lmtp: "), "{}", done.stderr);
}

#[test]
fn doctor_says_whether_mails_are_taken() {
    let desk = Desk::new();
    let path = desk.path("lmtp.sock");
    let text = std::fs::read_to_string(desk.path("maildesk.toml")).unwrap();
    std::fs::write(desk.path("maildesk.toml"), format!("lmtp = \"unix:{}\"\n{text}", path.display())).unwrap();
    let look = || {
        let done = desk.try_admin(&["doctor", "--offline"]);
        let report: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        let checks = report["checks"].as_array().unwrap().iter();
        let levels = checks.filter(|check| check["name"] == "lmtp").map(|check| check["level"].clone());
        levels.map(|level| level.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // Closed to others, as /run/maildesk must not be.
    let set_mode = |mode| {
        std::fs::set_permissions(desk.path(""), std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    set_mode(0o700);
    assert_eq!(look(), ["WARN", "FAIL"]);
    let (_server, _) = serve(&desk);
    assert_eq!(look(), ["WARN", "OK"]);
    set_mode(0o755);
    assert_eq!(look(), ["OK"]);
}
