//! `maildesk serve` as a process: starting, signals, sockets from systemd, health.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::client::{Server, eventually};
use crate::desk::{Desk, SUPPORT, mail};

#[test]
fn it_ends_with_status_0_on_sigterm_and_sigint() {
    for signal in ["TERM", "INT"] {
        let desk = Desk::new();
        let mut server = Server::start(&desk);
        server.signal(signal);
        assert_eq!(server.wait(), Some(0), "{signal}");
    }
}

#[test]
fn a_request_in_flight_is_answered_before_the_end_and_new_clients_are_refused() {
    let desk = Desk::new();
    let mut server = Server::start(&desk);
    let mut slow = server.connect();
    slow.write_all(b"POST /api/users/create HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n").expect("a connection");
    // The head has been read when a second connection, made later, was served.
    assert!(server.serves_others());
    server.signal("TERM");
    assert!(eventually(|| std::net::TcpStream::connect(server.address).is_err()));
    slow.write_all(b"a=b&c").expect("the connection is still there");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("Invalid authentication."), "{answer}");
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn a_client_that_never_finishes_does_not_hold_up_the_end() {
    let desk = Desk::new();
    let mut server = Server::start(&desk);
    let mut stuck = server.connect();
    stuck.write_all(b"POST /api/users/create HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n").expect("a connection");
    assert!(server.serves_others());
    let began = Instant::now();
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(13), "{:?}", began.elapsed());
}

#[test]
fn sighup_brings_new_limits_and_a_broken_file_changes_nothing() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let body = vec![b'x'; 4096];
    let status = || server.ask("POST", "/api/users/create", &[], &body).status;
    assert_eq!(status(), 200);
    desk.configure("http_body_bytes_max = 1000");
    server.signal("HUP");
    assert!(eventually(|| status() == 413));
    desk.configure("no_such_limit = 1");
    server.signal("HUP");
    assert!(eventually(|| desk.log().contains("not reloaded")), "{}", desk.log());
    assert_eq!(status(), 413);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn sighup_opens_the_log_again_and_changes_its_level() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    assert!(eventually(|| desk.log().contains("info listening")), "{}", desk.log());
    std::fs::rename(desk.path("maildesk.log"), desk.path("maildesk.log.1")).expect("the log is there");
    server.signal("HUP");
    assert!(eventually(|| desk.log().contains("info configuration reloaded")), "{}", desk.log());
    let levelled = |level: &str, body_bytes_max: usize| {
        desk.configure(&format!("http_body_bytes_max = {body_bytes_max}"));
        let path = desk.path("maildesk.toml");
        let text = std::fs::read_to_string(&path).expect("it is there");
        std::fs::write(&path, text.replace("[log]", &format!("[log]\nlevel = {level:?}")))
            .expect("the folder is writable");
        server.signal("HUP");
        let status = || server.ask("POST", "/api/users/create", &[], &[b'x'; 2000]).status;
        assert!(eventually(|| (status() == 413) == (body_bytes_max < 2000)));
    };
    levelled("error", 1000);
    levelled("info", 3000);
    let reloads = || desk.log().matches("configuration reloaded").count();
    assert!(eventually(|| reloads() == 2), "all but the one at level error:\n{}", desk.log());
}

#[test]
fn it_says_what_keeps_it_from_starting() {
    let desk = Desk::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let run = |args: &[&str]| {
        let done = desk.command().args(args).output().expect("the program runs");
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let (status, said) = run(&["serve", "--listen", &address]);
    assert_eq!(status, Some(1));
    assert!(said.contains(&format!("listening on {address}")), "{said}");
    let (status, said) = run(&["--db", "/nowhere/desk.db", "serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(status, Some(1));
    assert!(said.contains("/nowhere/desk.db"), "{said}");
    assert_eq!(run(&["serve", "--no-such-option"]).0, Some(2));
}

#[test]
fn a_socket_from_systemd_is_used() {
    let desk = Desk::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    // What systemd does: the socket as descriptor 3, and the process told that it is its own. The shell gets the socket
    // as its stdin, the one descriptor a child can be given by name, and keeps its pid.
    let program = desk.command();
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\"", "sh"]);
    command.arg(program.get_program()).args(program.get_args()).arg("serve");
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", desk.path(""));
    command.stdin(std::os::fd::OwnedFd::from(listener));
    let server = Server::spawn(&mut command);
    assert_eq!(server.address, address);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn systemd_is_told_when_it_is_ready_and_when_it_stops() {
    let desk = Desk::new();
    let path = desk.path("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).expect("the test's folder is writable");
    socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout can be set");
    let mut command = desk.command();
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("NOTIFY_SOCKET", &path);
    let mut server = Server::spawn(&mut command);
    let told = || {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).expect("a message");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    assert!(told().contains("READY=1"));
    server.signal("TERM");
    assert!(told().contains("STOPPING=1"));
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn it_is_unready_while_the_database_is_locked_and_serves_on() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    assert_eq!(server.get("/readyz").status, 200);
    let lock = desk.lock();
    assert!(eventually(|| server.get("/readyz").status == 503));
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.get("/api/users").status, 200, "reading needs no lock");
    drop(lock);
    assert!(eventually(|| server.get("/readyz").status == 200));
}

#[test]
fn without_jobs_no_heartbeat_is_written() {
    let desk = Desk::new();
    let mut command = desk.command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--no-jobs"]);
    let server = Server::spawn(&mut command);
    let served = || desk.outside().number("SELECT served_at FROM desk");
    assert_eq!(server.get("/readyz").status, 200);
    assert_eq!(served(), 0);
    drop(server);
    let with_jobs = Server::start(&desk);
    assert!(eventually(|| served() > 0));
    drop(with_jobs);
}

#[test]
fn answered_tickets_are_closed_in_time_unless_there_are_no_jobs() {
    let desk = Desk::new();
    desk.deliver(mail("a@x", "Subject: printer\n", "It is on fire."));
    let status = || desk.ticket(1)["status"].clone();
    desk.admin(&["ticket", "status", "1", "answered"]);
    let hours_ago_97 = "UPDATE ticket SET last_update_at = unixepoch() - 97 * 3600";
    desk.outside().run(hours_ago_97);
    let mut command = desk.command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--no-jobs"]);
    let idle = Server::spawn(&mut command);
    assert_eq!(idle.get("/readyz").status, 200);
    drop(idle);
    assert_eq!(status(), "answered");
    let server = Server::start(&desk);
    assert!(eventually(|| status() == "closed"), "{}", desk.log());
    drop(server);
}

#[test]
fn pipe_sends_its_own_mail_as_soon_as_serve_has_ended() {
    let desk = Desk::new();
    let out = desk.path("out");
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "file", "--outgoing-dir", &out.to_string_lossy()]);
    let states = || {
        let rows = desk.admin(&["outbox", "list"]);
        let rows = rows.as_array().expect("a list").iter().map(|row| row["state"].as_str().unwrap_or("?").to_owned());
        rows.collect::<Vec<_>>()
    };
    let mut server = Server::start(&desk);
    desk.deliver(mail("a", "Subject: Printer\n", "x"));
    assert!(eventually(|| states() == ["sent"]));
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0));
    desk.deliver(mail("b", "Subject: Scanner\n", "x"));
    assert_eq!(states(), ["sent", "sent"]);
}
