//! `maildesk imap-fetch` against servers and lines that do not behave: connections cut at every place, stalls, garbage,
//! literals of any size, STARTTLS stripped or injected into. Nothing may be lost or doubled, memory stays bounded, and
//! the next run recovers.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::desk::{Desk, Done, feed, mail};
use crate::imap_script::Script;
use crate::mta::set_mode;

/// A mailbox of two mails that a scripted server keeps.
const MAILS: usize = 2;

/// What goes wrong in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// The server falls silent after that many bytes.
    StallAfter(usize),
    /// That many bytes, then something else for ever.
    GarbageAfter(usize),
    /// Mails are announced with the largest number there is.
    HugeLiteral,
    /// An answer without an end.
    EndlessLine,
    /// The folder's status comes with characters and codes nobody expects.
    OddButLegal,
    /// The second mail is refused.
    RefusesOne,
    /// Mails come as quoted strings and unasked flags in between.
    Quoted,
}

/// A scripted IMAP server that keeps what was done to its mails.
struct Server {
    port: u16,
    seen: Arc<AtomicUsize>,
}

fn text_of(number: usize) -> String {
    mail(&format!("fault-{number}"), &format!("Subject: fault {number}\n"), "It burns.").replace('\n', "\r\n")
}

/// Writes to a client until the fault strikes.
struct Line {
    stream: TcpStream,
    written: usize,
    fault: Fault,
}

impl Line {
    /// Says whether the conversation goes on.
    fn say(&mut self, text: &str) -> bool {
        let left = match self.fault {
            Fault::StallAfter(at) | Fault::GarbageAfter(at) => at.saturating_sub(self.written),
            _ => usize::MAX,
        };
        let part = text.as_bytes().get(..left).unwrap_or(text.as_bytes());
        self.written += part.len();
        let sent = self.stream.write_all(part).is_ok();
        if part.len() == text.len() && left > text.len() {
            return sent;
        }
        match self.fault {
            Fault::StallAfter(_) => {
                // Until the client has had enough.
                self.stream.read_exact(&mut [0; 1]).ok();
            }
            Fault::GarbageAfter(_) => while self.stream.write_all(&[0xff; 4096]).is_ok() {},
            _ => {}
        }
        self.stream.shutdown(Shutdown::Both).ok();
        false
    }
}

impl Server {
    fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let server = Self { port, seen: Arc::default() };
        let seen = Arc::clone(&server.seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut line = Line { stream, written: 0, fault };
                converse(&mut line, &seen);
            }
        });
        server
    }
}

fn converse(line: &mut Line, seen: &AtomicUsize) -> Option<()> {
    let mut commands = BufReader::new(line.stream.try_clone().ok()?).lines();
    let go_on = |ok: bool| ok.then_some(());
    go_on(line.say("* OK ready\r\n"))?;
    loop {
        let command = commands.next()?.ok()?;
        let (tag, command) = command.split_once(' ')?;
        let word = command.split(' ').next()?.to_ascii_uppercase();
        let done = format!("{tag} OK done\r\n");
        let answer = match (word.as_str(), command) {
            ("CAPABILITY", _) => format!("* CAPABILITY IMAP4rev1 UIDPLUS\r\n{done}"),
            ("SELECT" | "EXAMINE", _) => {
                let odd = "* FLAGS (\\Seen $weird[)\r\n* OK [PERMANENTFLAGS (\\*)] g\u{fc}ltig\r\n* NO [ALERT] Grüße {5}\r\n* 1 FETCH (FLAGS ($[x))\r\n";
                let odd = if line.fault == Fault::OddButLegal { odd } else { "" };
                format!("{odd}* {MAILS} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 13] ok\r\n{done}")
            }
            ("UID", c) if c.contains("SEARCH") && line.fault == Fault::EndlessLine => {
                while line.stream.write_all(&[b'1'; 65536]).is_ok() {}
                return None;
            }
            ("UID", c) if c.contains("SEARCH") => {
                let first = c.split("UID ").nth(2).and_then(|set| set.split(':').next()?.parse().ok()).unwrap_or(0);
                let uids: Vec<String> = [11, 12].iter().filter(|uid| **uid >= first).map(usize::to_string).collect();
                format!("* SEARCH {}\r\n{done}", uids.join(" "))
            }
            ("UID", c) if c.contains("FETCH") => fetch_answer(c, tag, line.fault),
            ("UID", c) if c.contains("STORE") => {
                seen.fetch_add(1, Ordering::SeqCst);
                done
            }
            ("LOGOUT", _) => format!("* BYE bye\r\n{done}"),
            _ => done,
        };
        go_on(line.say(&answer))?;
    }
}

fn fetch_answer(command: &str, tag: &str, fault: Fault) -> String {
    let set = command.split(' ').nth(2).unwrap_or_default();
    let is_wanted = |uid: usize| {
        set.split(',').any(|run| {
            let (first, last) = run.split_once(':').unwrap_or((run, run));
            (first.parse().unwrap_or(0)..=last.parse().unwrap_or(0)).contains(&uid)
        })
    };
    let mut answer = String::new();
    for (number, uid) in [(1, 11), (2, 12)] {
        if !is_wanted(uid) {
            continue;
        }
        let text = text_of(number);
        if command.contains("RFC822.SIZE") {
            answer += &format!("* {number} FETCH (UID {uid} RFC822.SIZE {})\r\n", text.len());
        } else if fault == Fault::HugeLiteral {
            answer += &format!("* {number} FETCH (UID {uid} BODY[] {{4294967295}}\r\n{text}");
        } else if fault == Fault::RefusesOne && uid == 12 {
            return format!("{answer}{tag} NO [SERVERBUG] corrupted\r\n");
        } else if fault == Fault::Quoted {
            answer += &format!(
                "* 9 FETCH (FLAGS (\\Seen $[odd))\r\n* {number} FETCH (BODY[] \"From: a@b\\\\c\" UID {uid})\r\n"
            );
        } else {
            answer += &format!("* {number} FETCH (UID {uid} BODY[] {{{}}}\r\n{text})\r\n", text.len());
        }
    }
    format!("{answer}{tag} OK done\r\n")
}

fn desk_for(port: u16, tls: &str) -> Desk {
    let desk = Desk::new();
    desk.configure("imap_deadline_s = 1");
    fs::write(desk.path("password"), "secret").expect("the desk's folder is writable");
    set_mode(desk.path("password"), 0o600);
    let (port, password) = (port.to_string(), desk.path("password").display().to_string());
    let imap = ["--imap-host", "127.0.0.1", "--imap-port", &port, "--imap-user", "u", "--imap-tls", tls];
    let address = ["address", "add", "imap@helpdesk.test", "--name", "I", "--department", "1", "--incoming", "imap"];
    desk.admin(&[&address[..], &imap, &["--imap-password-file", &password]].concat());
    desk
}

fn point_at(desk: &Desk, server: &Server) {
    desk.admin(&["address", "update", "imap@helpdesk.test", "--imap-port", &server.port.to_string()]);
}

fn fetch(desk: &Desk) -> Done {
    feed(desk.command().args(["--json", "imap-fetch"]), b"")
}

fn number(done: &Done, key: &str) -> i64 {
    let summaries: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|e| panic!("{e}: {done:?}"));
    summaries[0][key].as_i64().unwrap_or_else(|| panic!("{key}: {summaries}"))
}

/// Runs with the fault, then without: both mails are there once, and were marked.
fn assert_recovers(desk: &Desk, fault: Fault) {
    let broken = Server::start(fault);
    point_at(desk, &broken);
    let started = Instant::now();
    let first = fetch(desk);
    assert!([0, 3].contains(&first.status), "{fault:?}: {first:?}");
    assert!(started.elapsed() < Duration::from_secs(20), "{fault:?}: {:?}", started.elapsed());
    let whole = Server::start(Fault::None);
    point_at(desk, &whole);
    let second = fetch(desk);
    assert_eq!((second.status, second.stderr.as_str()), (0, ""), "{fault:?}: {}", second.stdout);
    assert_eq!(desk.count("mails_received"), 2, "{fault:?}: {first:?}");
    let marked = broken.seen.load(Ordering::SeqCst) + whole.seen.load(Ordering::SeqCst);
    assert!(marked > 0, "{fault:?}");
    // The next case starts from an empty desk.
    let mut outside = desk.outside();
    outside.run("UPDATE imap_folder SET uid_validity = 0, last_uid = 0, failures = 0; DELETE FROM imap_leftover");
    for ticket in desk.admin(&["ticket", "list"]).as_array().into_iter().flatten() {
        desk.admin(&["ticket", "remove", &ticket["id"].to_string(), "--yes"]);
    }
    outside.run("DELETE FROM receipt");
}

/// Cuts that one desk goes through; several desks at a time, because a run mostly waits for the disk.
const DESKS: usize = 4;

#[test]
fn connection_cut_after_every_byte_loses_and_doubles_nothing() {
    let server = Script::plain(&[1000], "UIDPLUS");
    let whole = {
        let desk = server.desk(&["--imap-after", "delete"]);
        assert_eq!(fetch(&desk).status, 0);
        server.state().said
    };
    assert!((500..2000).contains(&whole), "{whole}");
    thread::scope(|scope| {
        for first in 0..DESKS {
            scope.spawn(move || cut_from(first, whole));
        }
    });
}

/// One desk and one mailbox: a new mail each time, the connection cut a few bytes further on each time, then left alone.
fn cut_from(first: usize, whole: usize) {
    let server = Script::plain(&[], "UIDPLUS");
    let desk = server.desk(&["--imap-after", "delete"]);
    let mut mails: u32 = 0;
    for at in (first..=whole).step_by(DESKS) {
        mails += 1;
        {
            // As many digits as before, so that the conversation has the same length.
            let mut state = server.state();
            state.put(1000 + mails as usize);
            state.cut_after = Some(at);
        }
        let broken = fetch(&desk);
        assert!([0, 3].contains(&broken.status), "cut after {at}: {broken:?}");
        server.state().cut_after = None;
        let done = fetch(&desk);
        assert_eq!((done.status, done.stderr.as_str()), (0, ""), "cut after {at}: {}\n{broken:?}", done.stdout);
        let stored = desk.outside().number("SELECT count(*) FROM receipt");
        assert_eq!(stored, i64::from(mails), "cut after {at}: {broken:?}");
        assert_eq!(server.mails("INBOX"), [], "cut after {at}: {broken:?}");
    }
    assert_eq!(desk.count("messages"), i64::from(mails));
    assert_eq!(desk.count("tickets"), i64::from(mails));
}

#[test]
fn stalls_and_garbage_end_within_the_deadline_and_the_next_run_recovers() {
    let plain = Server::start(Fault::None);
    let desk = desk_for(plain.port, "none");
    for at in [0, 30, 200, 600] {
        assert_recovers(&desk, Fault::StallAfter(at));
        assert_recovers(&desk, Fault::GarbageAfter(at));
    }
}

#[test]
fn endless_lines_and_huge_literals_do_not_fill_memory() {
    for fault in [Fault::EndlessLine, Fault::HugeLiteral] {
        let server = Server::start(fault);
        let desk = desk_for(server.port, "none");
        // Far below what either server would send.
        let line = format!(
            "ulimit -v 600000; exec {} --config {} --json imap-fetch",
            env!("CARGO_BIN_EXE_maildesk"),
            desk.path("maildesk.toml").display()
        );
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &line]);
        let done = feed(&mut command, b"");
        assert_eq!(done.status, 3, "{fault:?}: {done:?}");
        assert_eq!(desk.count("mails_received"), 0);
    }
}

#[test]
fn odd_but_legal_answers_are_understood() {
    for (fault, stored) in [(Fault::OddButLegal, 2), (Fault::Quoted, 2)] {
        let server = Server::start(fault);
        let desk = desk_for(server.port, "none");
        let done = fetch(&desk);
        assert_eq!((done.status, number(&done, "fetched")), (0, stored), "{fault:?}: {done:?}");
    }
}

#[test]
fn a_mail_the_server_will_not_give_stops_no_other_and_is_asked_for_again() {
    let server = Server::start(Fault::RefusesOne);
    let desk = desk_for(server.port, "none");
    let done = fetch(&desk);
    assert_eq!((done.status, number(&done, "stored"), number(&done, "failed")), (3, 1, 1), "{done:?}");
    let whole = Server::start(Fault::None);
    point_at(&desk, &whole);
    let done = fetch(&desk);
    assert_eq!((done.status, number(&done, "fetched"), number(&done, "stored")), (0, 1, 1), "{done:?}");
}

/// Answers one connection with fixed texts, one for each line of the client's.
fn scripted(texts: &'static [&'static str]) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client comes");
        let mut lines = BufReader::new(stream.try_clone().expect("a descriptor is left")).lines();
        for text in texts {
            if stream.write_all(text.as_bytes()).is_err() {
                return;
            }
            let Some(Ok(_)) = lines.next() else { return };
        }
    });
    port
}

#[test]
fn starttls_that_is_stripped_or_injected_into_is_refused_before_any_password() {
    let cases: [(&'static [&'static str], &str); 4] = [
        (&["* OK hi\r\n", "a0 BAD what\r\n"], "refuses STARTTLS"),
        (&["* OK hi\r\n", "a0 OK begin\r\n* CAPABILITY IMAP4rev1\r\na1 OK done\r\n"], "injecting"),
        (&["* PREAUTH welcome\r\n", "a0 OK begin\r\n"], "PREAUTH"),
        (&["* BYE go away\r\n"], "go away"),
    ];
    for (texts, why) in cases {
        let desk = desk_for(scripted(texts), "starttls");
        let done = fetch(&desk);
        assert_eq!(done.status, 3, "{done:?}");
        assert!(done.stderr.contains(why), "{why}: {}", done.stderr);
    }
}

#[test]
fn passwords_are_kept_back_where_the_server_takes_none_in_the_clear() {
    let texts = &["* OK hi\r\n", "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\na1 OK done\r\n", "no password may come"];
    let done = fetch(&desk_for(scripted(texts), "none"));
    assert_eq!(done.status, 3);
    assert!(done.stderr.contains("use --imap-tls starttls"), "{}", done.stderr);
}

#[test]
fn a_port_that_speaks_no_tls_or_no_imap_is_named_as_such() {
    let desk = desk_for(scripted(&["* OK hi\r\n"]), "implicit");
    let done = fetch(&desk);
    assert!(done.stderr.contains("--imap-tls starttls"), "{}", done.stderr);
    let desk = desk_for(scripted(&["220 smtp.example.org ESMTP\r\n"]), "none");
    assert!(fetch(&desk).stderr.contains("does not speak IMAP"));
    let desk = desk_for(1, "none");
    assert!(fetch(&desk).stderr.contains("check --imap-host and --imap-port"));
}
