//! `maildesk imap-fetch` against a real Dovecot: every mail exactly once whatever dies in between, the mailbox touched as
//! asked and not before, and connections that are not what they should be refused with a word about what to do.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::Server;
use crate::desk::{Desk, Done, feed, mail};
use crate::dovecot::{Certificate, Dovecot, PASSWORD, Plaintext, USER};
use crate::mta::{free_port, set_mode, wait_for};

/// The desk's address whose mail is fetched.
const ADDRESS: &str = "imap@helpdesk.test";

/// A desk with an IMAP address; `more` are further options of `admin address add`.
fn desk_of(server: &Dovecot, more: &[&str]) -> Desk {
    let desk = Desk::new();
    add_address(&desk, server, ADDRESS, more);
    desk
}

fn add_address(desk: &Desk, server: &Dovecot, address: &str, more: &[&str]) {
    fs::write(desk.path("password"), format!("{PASSWORD}\n")).expect("the desk's folder is writable");
    set_mode(desk.path("password"), 0o600);
    let (port, ca_file) = (server.tls_port.to_string(), server.ca_file());
    let password = desk.path("password").display().to_string();
    let mut args = vec!["address", "add", address, "--name", "I", "--department", "1", "--incoming", "imap"];
    args.extend(["--imap-host", "localhost", "--imap-user", USER, "--imap-password-file", &password]);
    args.extend(["--imap-ca-file", &ca_file]);
    if !more.contains(&"--imap-port") {
        args.extend(["--imap-port", &port]);
    }
    args.extend(more);
    desk.admin(&args);
}

fn fetch_with(desk: &Desk, args: &[&str]) -> Done {
    feed(desk.command().args(["--json", "imap-fetch"]).args(args), b"")
}

/// Fetches once; everything must go well. The one mailbox's numbers.
fn fetch(desk: &Desk) -> Value {
    let done = fetch_with(desk, &[]);
    assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{}\n{}", done.stdout, desk.log());
    one(&done)
}

fn one(done: &Done) -> Value {
    let summaries: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|e| panic!("{e}: {done:?}"));
    assert_eq!(summaries.as_array().map(Vec::len), Some(1), "{summaries}");
    summaries[0].clone()
}

/// Fetched, stored, duplicates, quarantined, failed.
fn numbers(summary: &Value) -> [i64; 5] {
    ["fetched", "stored", "duplicates", "quarantined", "failed"].map(|key| summary[key].as_i64().expect("a number"))
}

fn put_mails(server: &Dovecot, folder: &str, count: usize) {
    for number in 0..count {
        let name = format!("{folder}{number:05}").replace('/', "-");
        let text = mail(&name, &format!("Subject: {name}\n"), "It burns.");
        server.put(&server.folder(folder), &name, text);
    }
}

#[test]
fn a_mailbox_is_fetched_once_and_its_mails_marked_as_seen() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    put_mails(&server, "", 3);
    assert_eq!(numbers(&fetch(&desk)), [3, 3, 0, 0, 0]);
    let inbox = server.folder("");
    assert!(server.mails(&inbox).iter().all(|(_, flags)| flags == "S"), "{:?}", server.mails(&inbox));
    assert_eq!(numbers(&fetch(&desk)), [0; 5]);
    put_mails(&server, "", 4);
    assert_eq!(numbers(&fetch(&desk)), [1, 1, 0, 0, 0], "only the one that is new");
    assert_eq!(desk.count("tickets"), 4);
}

#[test]
fn a_dry_run_counts_and_changes_nothing_on_either_side() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &["--imap-after", "delete"]);
    put_mails(&server, "", 2);
    let done = fetch_with(&desk, &["--dry-run"]);
    assert_eq!((done.status, numbers(&one(&done))), (0, [2, 2, 0, 0, 0]));
    assert_eq!(desk.count("mails_received"), 0);
    let inbox = server.folder("");
    assert_eq!(server.mails(&inbox).len(), 2);
    assert!(server.mails(&inbox).iter().all(|(_, flags)| flags.is_empty()));
    assert_eq!(numbers(&fetch(&desk)), [2, 2, 0, 0, 0]);
}

#[test]
fn a_trial_lists_the_folders_and_changes_nothing() {
    let Some(server) = Dovecot::start() else { return };
    server.make_folder("Entw&APw-rfe");
    let desk = desk_of(&server, &["--imap-after", "delete"]);
    put_mails(&server, "", 1);
    let tried = desk.admin(&["address", "test", ADDRESS]);
    assert_eq!(tried["incoming_ok"], true, "{tried}");
    let folders: Vec<&str> = tried["folders"].as_array().expect("folders").iter().filter_map(Value::as_str).collect();
    assert!(folders.contains(&"INBOX") && folders.contains(&"Entwürfe"), "{folders:?}");
    let inbox = server.folder("");
    assert_eq!(server.mails(&inbox), [("00000".to_owned(), String::new())]);
    assert!(inbox.join("new/00000").exists(), "not even looked at, as far as other programs can tell");
    desk.admin(&["address", "update", ADDRESS, "--imap-folder", "Nowhere"]);
    let refused = desk.try_admin(&["address", "test", ADDRESS]);
    assert!(refused.status == 1 && refused.stderr.contains("Nowhere"), "{refused:?}");
}

#[test]
fn mails_are_moved_to_a_folder_with_a_foreign_name_that_is_made_for_them() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &["--imap-after", "move:Erledigt & geprüft/日本"]);
    put_mails(&server, "", 3);
    assert_eq!(numbers(&fetch(&desk)), [3, 3, 0, 0, 0]);
    assert_eq!(server.mails(&server.folder("")), []);
    assert_eq!(server.mails(&server.folder("Erledigt &- gepr&APw-ft/&ZeVnLA-")).len(), 3, "{}", server.log());
    assert_eq!(numbers(&fetch(&desk)), [0; 5]);
}

#[test]
fn mails_are_deleted_and_those_somebody_else_marked_are_not() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &["--imap-after", "delete"]);
    put_mails(&server, "", 2);
    let inbox = server.folder("");
    server.put(&inbox, "marked", mail("marked", "Subject: marked\n", "x"));
    fs::rename(inbox.join("new/marked"), inbox.join("cur/marked:2,T")).expect("the same folder");
    assert_eq!(numbers(&fetch(&desk)), [2, 2, 0, 0, 0]);
    assert_eq!(server.mails(&inbox), [("marked".to_owned(), "T".to_owned())]);
}

#[test]
fn folders_are_read_in_any_order_foreign_empty_and_shared_ones_too() {
    let Some(server) = Dovecot::start() else { return };
    server.make_folder("Entw&APw-rfe");
    server.make_folder("Leer");
    server.make_shared_folder("Team");
    put_mails(&server, "", 2);
    put_mails(&server, "Entw&APw-rfe", 3);
    server.put(&server.path("public/Team"), "t", mail("t", "Subject: t\n", "x"));
    let folders = ["--imap-folder", "Shared/Team", "Entwürfe", "Leer", "INBOX"];
    let desk = desk_of(&server, &folders);
    let summary = fetch(&desk);
    assert_eq!(numbers(&summary), [6, 6, 0, 0, 0]);
    let by_folder: Vec<_> =
        summary["folders"].as_array().expect("folders").iter().map(|f| f["fetched"].as_i64()).collect();
    assert_eq!(by_folder, [Some(1), Some(3), Some(0), Some(2)]);
    assert_eq!(numbers(&fetch(&desk)), [0; 5]);
}

#[test]
fn a_folder_that_is_not_there_stops_no_other() {
    let Some(server) = Dovecot::start() else { return };
    put_mails(&server, "", 1);
    let desk = desk_of(&server, &["--imap-folder", "Nowhere", "INBOX"]);
    let done = fetch_with(&desk, &[]);
    assert_eq!((done.status, numbers(&one(&done))), (3, [1, 1, 0, 0, 0]));
    assert!(done.stderr.contains("opening folder \"Nowhere\""), "{}", done.stderr);
}

#[test]
fn renumbered_folder_is_read_again_without_doubles() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    put_mails(&server, "", 5);
    assert_eq!(numbers(&fetch(&desk)), [5, 5, 0, 0, 0]);
    // Dovecot takes the time for UIDVALIDITY; a mail is added, and everything it knew is forgotten.
    put_mails(&server, "", 6);
    thread::sleep(Duration::from_millis(1100));
    for file in fs::read_dir(server.folder("")).expect("a folder").flatten() {
        if file.file_name().to_string_lossy().starts_with("dovecot") {
            fs::remove_file(file.path()).expect("root may remove files");
        }
    }
    assert_eq!(numbers(&fetch(&desk)), [6, 1, 5, 0, 0]);
    assert_eq!(desk.count("tickets"), 6);
}

#[test]
fn only_what_comes_from_now_on_is_taken_when_asked_for() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &["--imap-start", "new"]);
    put_mails(&server, "", 3);
    assert_eq!(numbers(&fetch(&desk)), [0; 5]);
    put_mails(&server, "", 4);
    assert_eq!(numbers(&fetch(&desk)), [1, 1, 0, 0, 0]);
}

#[test]
fn limit_takes_the_oldest_and_the_next_run_goes_on() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    put_mails(&server, "", 5);
    for expected in [2, 2, 1, 0] {
        let done = fetch_with(&desk, &["--limit", "2"]);
        assert_eq!(one(&done)["fetched"], expected);
    }
    assert_eq!(desk.count("tickets"), 5);
}

#[test]
fn too_large_a_mail_is_recorded_by_its_header_and_the_others_go_on() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    desk.configure("raw_bytes_max = 100000");
    put_mails(&server, "", 1);
    server.put(&server.folder(""), "z-large", mail("large", "Subject: large\n", &"x".repeat(300_000)));
    server.put(&server.folder(""), "zz-last", mail("last", "Subject: last\n", "x"));
    assert_eq!(numbers(&fetch(&desk)), [3, 3, 0, 0, 0]);
    assert_eq!(numbers(&fetch(&desk)), [0; 5]);
    assert_eq!(desk.count("mails_received"), 3);
}

#[test]
fn progress_is_shown_on_a_terminal_and_nowhere_else() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    put_mails(&server, "", 40);
    assert_eq!(fetch_with(&desk, &["--dry-run"]).stderr, "");
    let (program, config) = (env!("CARGO_BIN_EXE_maildesk"), desk.path("maildesk.toml"));
    for (more, is_shown) in [("", true), ("--quiet", false)] {
        // script(1) runs a command on a terminal of its own and passes on what it shows.
        let line = format!("{program} --config {} {more} imap-fetch --dry-run", config.display());
        let mut command = Command::new("script");
        let done = feed(command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm"), b"");
        assert_eq!((done.status, done.stdout.contains("/40 mails")), (0, is_shown), "{done:?}");
        assert!(done.stdout.contains("fetched 40, stored 40"), "{done:?}");
    }
}

#[test]
fn locked_database_leaves_the_mailbox_as_it_is() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &["--imap-after", "delete"]);
    desk.configure("lock_wait_s = 1");
    put_mails(&server, "", 1);
    assert_eq!(numbers(&fetch(&desk)), [1, 1, 0, 0, 0]);
    put_mails(&server, "", 3);
    let lock = desk.lock();
    let done = fetch_with(&desk, &[]);
    assert_eq!(done.status, 3, "{done:?}");
    assert_eq!(server.mails(&server.folder("")).len(), 3);
    drop(lock);
    assert_eq!(numbers(&fetch(&desk))[1..], [2, 1, 0, 0], "one of them was taken in before and came again");
}

#[test]
fn a_refused_login_is_reported_and_the_other_mailbox_is_fetched() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    fs::write(desk.path("wrong"), "wrong").expect("the desk's folder is writable");
    set_mode(desk.path("wrong"), 0o600);
    add_address(&desk, &server, "first@helpdesk.test", &[]);
    let wrong = desk.path("wrong").display().to_string();
    desk.admin(&["address", "update", "first@helpdesk.test", "--imap-password-file", &wrong]);
    put_mails(&server, "", 1);
    let done = fetch_with(&desk, &[]);
    assert_eq!(done.status, 3);
    assert!(done.stderr.contains("first@helpdesk.test: logging in to localhost"), "{}", done.stderr);
    assert!(done.stderr.contains("--imap-password-file") && !done.stderr.contains("wrong\""), "{}", done.stderr);
    assert_eq!(desk.count("tickets"), 1);
    let chosen = fetch_with(&desk, &["--address", "IMAP@helpdesk.test"]);
    assert_eq!(chosen.status, 0, "{chosen:?}");
    assert_eq!(fetch_with(&desk, &["--address", "nobody@helpdesk.test"]).status, 2);
}

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

/// `imap-fetch --watch` with its output kept away.
struct Watch(Child);

impl Watch {
    fn start(desk: &Desk) -> Self {
        let mut command: Command = desk.command();
        command.args(["-v", "--json", "imap-fetch", "--watch"]);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts"))
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).expect("it is running");
    }

    /// Its exit status, within a deadline.
    fn end(mut self) -> Option<i32> {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(10) {
            if let Some(status) = self.0.try_wait().expect("it can be waited for") {
                return status.code();
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.0.kill().expect("it is running");
        panic!("it did not end");
    }
}

#[test]
fn a_watched_mailbox_becomes_tickets_within_two_seconds_and_ends_cleanly() {
    let Some(server) = Dovecot::start() else { return };
    server.make_folder("Second");
    let desk = desk_of(&server, &["--imap-folder", "INBOX", "Second"]);
    put_mails(&server, "", 1);
    let watch = Watch::start(&desk);
    let tickets = |count: i64| (desk.count("tickets") == count).then_some(());
    wait_for("the first mail is a ticket", || tickets(1), || desk.log());
    // Both folders are being waited on once Dovecot says so.
    thread::sleep(Duration::from_millis(700));
    for (folder, count) in [("", 2), ("Second", 3)] {
        let name = format!("new-{count}");
        server.put(&server.folder(folder), &name, mail(&name, &format!("Subject: {name}\n"), "x"));
        let started = Instant::now();
        wait_for("the mail is a ticket", || tickets(count), || desk.log());
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
    watch.signal(rustix::process::Signal::TERM);
    assert_eq!(watch.end(), Some(0));
    wait_for(
        "both connections said goodbye",
        || (server.log().matches("Logged out").count() >= 2).then_some(()),
        || server.log(),
    );
}

#[test]
fn serve_watches_the_mailboxes_while_the_setting_asks_for_it() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    put_mails(&server, "", 1);
    let mut serving = Server::start(&desk);
    let logins = || server.log().matches("Info: Login: ").count();
    assert_eq!((desk.count("tickets"), logins()), (0, 0), "off as it comes");
    desk.set("imap_watch", "1");
    let tickets = |count: i64| (desk.count("tickets") == count).then_some(());
    wait_for("the first mail is a ticket", || tickets(1), || desk.log());
    server.put(&server.folder(""), "new", mail("new", "Subject: new\n", "x"));
    wait_for("the new mail is a ticket", || tickets(2), || desk.log());
    desk.set("imap_watch", "0");
    let goodbyes = || server.log().matches("Logged out").count();
    wait_for("the mailbox is left", || (goodbyes() == 1).then_some(()), || server.log());
    desk.set("imap_watch", "1");
    wait_for("it is watched again", || (logins() == 2).then_some(()), || server.log());
    serving.signal("TERM");
    assert_eq!(serving.wait(), Some(0));
    wait_for("the mailbox is left at the end", || (goodbyes() == 2).then_some(()), || server.log());
}

/// Different mails: those of the corpus in turns, each with a line of its own, or small ones where it is not there.
fn many_mails(count: usize) -> Vec<Vec<u8>> {
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus")];
    let mut paths = Vec::new();
    while let Some(folder) = waiting.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "eml") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let read = |path| fs::read(path).expect("the file was listed");
    let mut texts: Vec<Vec<u8>> = paths.iter().map(read).collect();
    if texts.is_empty() {
        eprintln!("../shared/corpus is not here: 2,000 small mails instead of its mails");
        texts.push(mail("many", "Subject: many\n", "It burns.").into_bytes());
    }
    (0..count).map(|n| [format!("X-Copy: {n}\n").into_bytes(), texts[n % texts.len()].clone()].concat()).collect()
}

#[test]
fn two_thousand_mails_are_taken_once_by_two_fetchers_that_are_killed_in_between() {
    const MAILS: usize = 2000;
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &["--imap-after", "move:Done"]);
    for (number, text) in many_mails(MAILS).into_iter().enumerate() {
        server.put(&server.folder(""), &format!("{number:05}"), text);
    }
    let start = || {
        let mut command = desk.command();
        command.args(["--json", "imap-fetch"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("it starts")
    };
    for round in 1..=6 {
        let mut pair = [start(), start()];
        let aim = i64::try_from(round * MAILS / 8).expect("a small number");
        wait_for("some mails are in", || (desk.count("mails_received") >= aim).then_some(()), || desk.log());
        for child in &mut pair {
            child.kill().expect("it can be killed");
            child.wait().expect("it can be waited for");
        }
    }
    let mut pair = [start(), start()];
    for child in &mut pair {
        child.wait().expect("it can be waited for");
    }
    let last = fetch_with(&desk, &[]);
    assert_eq!(last.status, 0, "{last:?}");
    assert_eq!(desk.count("mails_received"), i64::try_from(MAILS).expect("a small number"));
    let became: i64 = ["messages", "mails_dropped", "quarantined"].map(|key| desk.count(key)).iter().sum();
    assert_eq!(became, i64::try_from(MAILS).expect("a small number"), "each became one thing: {}", desk.stats());
    assert_eq!(server.mails(&server.folder("")), []);
    let mut moved: Vec<String> = server.mails(&server.folder("Done")).into_iter().map(|(name, _)| name).collect();
    moved.dedup();
    assert!(moved.len() >= MAILS, "{}", moved.len());
}

#[test]
fn fetched_mail_is_answered_and_a_dead_mail_server_changes_no_status() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    let out = desk.path("out").display().to_string();
    desk.admin(&["address", "update", ADDRESS, "--outgoing", "file", "--outgoing-dir", &out]);
    let fetch_one = |name: &str| {
        server.put(&server.folder(""), name, mail(name, &format!("Subject: {name}\n"), "It burns."));
        assert_eq!(numbers(&fetch(&desk)), [1, 1, 0, 0, 0], "{name}");
    };
    fetch_one("old");
    assert!(!desk.path("out").exists(), "what lay there before the desk began is not answered");
    fetch_one("new");
    assert_eq!(fs::read_dir(desk.path("out")).expect("an acknowledgement").count(), 1);
    // Port 1 of loopback: nobody listens.
    let dead = ["--outgoing", "smtp", "--smtp-host", "127.0.0.1", "--smtp-port", "1", "--smtp-tls", "none"];
    desk.admin(&[&["address", "update", ADDRESS][..], &dead].concat());
    fetch_one("newer");
    let outbox = desk.admin(&["outbox", "list"]);
    assert_eq!((&outbox[0]["state"], &outbox[0]["attempts"]), (&"pending".into(), &1.into()), "{outbox}");
}
