//! How a connection is made and opened: STARTTLS, certificates, old TLS, access tokens.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};

use super::{ADDRESS, desk_of, fetch, fetch_with, put_mails};
use crate::dovecot::{Certificate, Dovecot, Plaintext};
use crate::mta::{free_port, set_mode, wait_for};

#[test]
fn starttls_and_plain_connections_work_when_asked_for() {
    let Some(server) = Dovecot::start_with(Certificate::Good, Plaintext::Taken) else { return };
    let port = server.port.to_string();
    for (at, tls) in ["starttls", "none"].into_iter().enumerate() {
        let desk = desk_of(&server, &["--imap-port", &port, "--imap-tls", tls]);
        put_mails(&server, "", at + 1);
        assert_eq!(fetch(&desk)["stored"], at + 1, "{tls}");
    }
}

#[test]
fn doctor_says_when_certificates_end_over_tls_and_starttls() {
    for (certificate, level, text) in
        [(Certificate::Good, "WARN", "expires in "), (Certificate::Expired, "FAIL", "expired ")]
    {
        let Some(server) = Dovecot::start_with(certificate, Plaintext::Refused) else { return };
        let starttls = server.port.to_string();
        for more in [&[][..], &["--imap-port", &starttls, "--imap-tls", "starttls"]] {
            let desk = desk_of(&server, more);
            let done = desk.try_admin(&["doctor"]);
            let report: serde_json::Value = serde_json::from_str(&done.stdout).expect("a report comes all the same");
            let dates =
                report["checks"].as_array().expect("looks").iter().filter(|check| check["name"] == "certificate");
            let dates: Vec<_> = dates.map(|check| (check["level"].as_str(), check["message"].as_str())).collect();
            let [(found, Some(message))] = dates[..] else { panic!("{report}") };
            assert!(found == Some(level) && message.contains(text), "{more:?}: {message}");
        }
    }
}

#[test]
fn certificates_that_prove_nothing_are_refused_with_a_way_out() {
    let cases = [
        (Certificate::Expired, "has to be renewed"),
        (Certificate::OtherName, "set --imap-host to the name in the server's certificate"),
        (Certificate::SelfSigned, "name its authority's certificate with --imap-ca-file"),
    ];
    for (certificate, hint) in cases {
        let Some(server) = Dovecot::start_with(certificate, Plaintext::Refused) else { return };
        put_mails(&server, "", 1);
        let starttls = server.port.to_string();
        for more in [&[][..], &["--imap-port", &starttls, "--imap-tls", "starttls"]] {
            let desk = desk_of(&server, more);
            let done = fetch_with(&desk, &[]);
            assert_eq!(done.status, 3, "{done:?}");
            assert!(done.stderr.contains(hint), "{}", done.stderr);
        }
    }
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    desk.admin(&["address", "update", ADDRESS, "--imap-ca-file", ""]);
    let done = fetch_with(&desk, &[]);
    assert_eq!(done.status, 3);
    assert!(done.stderr.contains("--imap-ca-file"), "{}", done.stderr);
}

#[test]
fn a_self_signed_certificate_is_taken_once_it_is_named() {
    let Some(server) = Dovecot::start_with(Certificate::SelfSigned, Plaintext::Refused) else { return };
    put_mails(&server, "", 1);
    let desk = desk_of(&server, &[]);
    assert_eq!(fetch_with(&desk, &[]).status, 3);
    let named = server.path("server.pem").display().to_string();
    desk.admin(&["address", "update", ADDRESS, "--imap-ca-file", &named]);
    assert_eq!(fetch(&desk)["stored"], 1);
}

#[test]
fn tls_older_than_one_point_two_is_refused() {
    let Some(server) = Dovecot::start() else { return };
    let port = free_port();
    let mut old = Command::new("openssl");
    old.args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-cert", "server.pem", "-key", "server.key"]);
    old.args(["-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-quiet"]).current_dir(server.path(""));
    old.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut old = old.spawn().expect("openssl is there");
    wait_for("it listens", || TcpStream::connect(("127.0.0.1", port)).ok(), String::new);
    let desk = desk_of(&server, &["--imap-port", &port.to_string()]);
    let done = fetch_with(&desk, &[]);
    old.kill().and_then(|()| old.wait()).expect("it can be ended");
    assert_eq!(done.status, 3, "{done:?}");
    assert!(done.stderr.contains("the server is older than TLS 1.2"), "{}", done.stderr);
}

#[test]
fn access_tokens_open_a_mailbox_from_a_file_a_command_and_an_endpoint() {
    let Some(server) = Dovecot::start() else { return };
    let token = server.access_token();
    let desk = desk_of(&server, &["--imap-auth", "xoauth2"]);
    for (name, text) in [("token", &token), ("refresh", &"refresh-1".to_owned())] {
        fs::write(desk.path(name), text).expect("the desk's folder is writable");
        set_mode(desk.path(name), 0o600);
    }
    let path = |name: &str| desk.path(name).display().to_string();
    let refused = fetch_with(&desk, &[]);
    assert_eq!(refused.status, 3);
    assert!(refused.stderr.contains("the access token may have expired"), "{}", refused.stderr);

    put_mails(&server, "", 1);
    desk.admin(&["address", "update", ADDRESS, "--imap-password-file", &path("token")]);
    assert_eq!(fetch(&desk)["stored"], 1, "{}", server.log());

    put_mails(&server, "", 2);
    let command = format!("cat {}", path("token"));
    desk.admin(&[
        "address",
        "update",
        ADDRESS,
        "--imap-password-file",
        &path("password"),
        "--imap-token-command",
        &command,
    ]);
    assert_eq!(fetch(&desk)["stored"], 1);

    put_mails(&server, "", 3);
    let (url, asked) = token_endpoint(format!(r#"{{"access_token":"{token}","refresh_token":"refresh-2"}}"#));
    let endpoint = ["--imap-oauth-url", &url, "--imap-oauth-client", "me & co", "--imap-oauth-refresh-file"];
    let update = ["address", "update", ADDRESS, "--imap-token-command", ""];
    desk.admin(&[&update[..], &endpoint, &[&path("refresh")]].concat());
    assert_eq!(fetch(&desk)["stored"], 1);
    let asked = asked.join().expect("the endpoint was asked");
    assert_eq!(asked, "grant_type=refresh_token&client_id=me+%26+co&refresh_token=refresh-1");
    assert_eq!(fs::read_to_string(desk.path("refresh")).expect("it is there"), "refresh-2");
}

/// Answers one POST with `answer`; gives the form it was sent.
fn token_endpoint(answer: String) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    let url = format!("http://{}/token", listener.local_addr().expect("it is bound"));
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client comes");
        let mut request = String::new();
        let mut bytes = [0; 4096];
        loop {
            let count = stream.read(&mut bytes).expect("the client writes");
            request += &String::from_utf8_lossy(&bytes[..count]);
            let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if length == Some(body.len()) {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len());
                stream.write_all(format!("{head}{answer}").as_bytes()).expect("the client reads");
                return body.to_owned();
            }
        }
    });
    (url, asked)
}
