//! What a crowd of clients may cost `maildesk serve`: memory, descriptors, places, time; and that what it took comes
//! back.

use std::cell::RefCell;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use crate::client::{Answer, Server, eventually};
use crate::desk::{Desk, feed, is_on_server};

/// What any load may add to an idle server's memory, in KiB (60 MB).
const LOAD_KIB_MAX: u64 = 60_000_000 / 1024;

/// Logins at a time in the storm: more than the connections that are served.
const CROWD: usize = 300;

/// Descriptors that may be left of a burst. While one connection to the database holds a lock, SQLite cannot close the
/// file of another (POSIX drops all locks of a file with any of its descriptors) and keeps it for the next connection:
/// at most one for each connection that may be open at a time.
const DESCRIPTORS_LEFT_MAX: usize = 10;

/// Within which what a burst took is given back.
const GIVEN_BACK: Duration = Duration::from_secs(60);

/// A line of /proc/PID/status, in KiB.
fn memory_kib(server: &Server, key: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("the process is there");
    let line = status.lines().find(|line| line.starts_with(key)).expect("a line of that key");
    line.split_ascii_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// Entries of a folder below /proc/PID: `fd` or `task`.
fn entries(server: &Server, folder: &str) -> usize {
    fs::read_dir(format!("/proc/{}/{folder}", server.pid())).expect("the process is there").count()
}

/// Adds staff whose password is "secret1", stored in the way of `hash`.
fn account(desk: &Desk, name: &str, hash: Option<&str>) {
    let email = format!("{name}@helpdesk.test");
    let arguments =
        ["admin", "staff", "add", name, "--name", name, "--email", &email, "--role", "agent", "--password-stdin"];
    let done = feed(desk.command().args(arguments), b"secret1\n");
    assert_eq!(done.status, 0, "{done:?}");
    if let Some(hash) = hash {
        let sql = format!("UPDATE staff SET password_hash = '{hash}' WHERE username = '{name}'");
        assert_eq!(desk.outside().change(&sql), 1);
    }
}

fn bcrypt(cost: u32) -> String {
    bcrypt::hash("secret1", cost).expect("a hash").replacen("$2b$", "$2y$", 1)
}

fn login(server: &Server, name: &str, password: &str, ip: &str) -> Answer {
    server.post("/api/staff/auth", &format!("username={name}&password={password}&ip_address={ip}"))
}

#[test]
fn a_storm_of_wrong_logins_takes_at_most_60_mb_which_come_back_within_a_minute() {
    let desk = Desk::new();
    account(&desk, "new", None);
    account(&desk, "old", Some(&bcrypt(8)));
    let server = Server::start(&desk);
    assert_eq!(server.get("/api/users").status, 200);
    let idle = (memory_kib(&server, "VmRSS:"), entries(&server, "fd"), entries(&server, "task"));
    std::thread::scope(|scope| {
        for n in 0..CROWD {
            let server = &server;
            scope.spawn(move || {
                for round in 0..2 {
                    let name = ["new", "old", "nobody"][n % 3];
                    let answer = login(server, name, "wrong", &format!("10.{round}.{}.{}", n / 200, n % 200));
                    let is_refused = answer.status == 503 && answer.header("Retry-After").is_some();
                    assert!(is_refused || answer.status == 200 && answer.json()["error"] == 1, "{answer:?}");
                }
            });
        }
        // In the middle of it, others are served; the health check has a place whatever happens.
        for _ in 0..5 {
            assert_eq!(server.get("/healthz").status, 200);
            assert!(eventually(|| server.get("/api/users").status == 200));
        }
    });
    let most = memory_kib(&server, "VmHWM:");
    // What eight connections to a database server have in their buffers, as SQLite's have in their caches.
    let connections = if is_on_server() { 16 * 1024 } else { 0 };
    assert!(most <= idle.0 + LOAD_KIB_MAX + connections, "{} KiB idle, {most} KiB at most", idle.0);
    let began = Instant::now();
    let now = || (memory_kib(&server, "VmRSS:"), entries(&server, "fd"), entries(&server, "task"));
    let is_back = || {
        let now = now();
        // What an allocator keeps of many small pieces is no more than an eighth of what was allowed.
        now.0 <= idle.0 + (LOAD_KIB_MAX + connections) / 8
            && now.1 <= idle.1 + DESCRIPTORS_LEFT_MAX
            && now.2 <= idle.2 + 1
    };
    while !is_back() {
        assert!(
            began.elapsed() < GIVEN_BACK,
            "{idle:?} (KiB, descriptors, threads) before, {:?} after a minute",
            now()
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn every_failed_login_is_answered_at_the_same_time_whatever_is_stored() {
    let desk = Desk::new();
    desk.set("login_attempt", "0");
    account(&desk, "argon", None);
    account(&desk, "bcrypt", Some(&bcrypt(10)));
    account(&desk, "sha1", Some("c94cb9ca8bc3d7bb3d1fb6eb1ba9c22bbf5abc5f"));
    let server = Server::start(&desk);
    let long = "x".repeat(2000);
    let cases = [
        ("nobody", "wrong"),
        ("argon", "wrong"),
        ("bcrypt", "wrong"),
        ("bcrypt", "secret1%00"),
        ("sha1", "wrong"),
        ("argon", &long),
        ("bcrypt", &long),
    ];
    let median = |(name, password): (&str, &str)| {
        let mut times: Vec<Duration> = (0..3)
            .map(|_| {
                let began = Instant::now();
                let answer = login(&server, name, password, "192.0.2.1");
                assert_eq!(answer.json()["message"], "Invalid username or password.", "{name}");
                began.elapsed()
            })
            .collect();
        times.sort();
        times[1]
    };
    let medians: Vec<Duration> = std::thread::scope(|scope| {
        // One after the other where a database server shares the processors: late is a whole second later.
        let threads = cases.into_iter().map(|case| {
            let thread = scope.spawn(move || median(case));
            while is_on_server() && !thread.is_finished() {
                std::thread::sleep(Duration::from_millis(10));
            }
            thread
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let (least, most) = (medians.iter().min().expect("some"), medians.iter().max().expect("some"));
    assert!(*least >= Duration::from_secs(1), "{medians:?}");
    assert!(*most - *least < Duration::from_millis(150), "{medians:?}");
}

#[test]
fn passwords_of_clients_that_hung_up_are_not_hashed() {
    let desk = Desk::new();
    desk.set("login_attempt", "0");
    account(&desk, "old", Some(&bcrypt(12)));
    let server = Server::start(&desk);
    assert!(server.serves_others());
    let body = "username=old&password=wrong&ip_address=192.0.2.1";
    let head = format!(
        "POST /api/staff/auth HTTP/1.1\r\nHost: t\r\nToken: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        crate::client::TOKEN,
        body.len()
    );
    for _ in 0..30 {
        let mut stream = server.connect();
        stream.write_all(head.as_bytes()).expect("a connection");
        stream.shutdown(Shutdown::Both).expect("it hangs up");
    }
    // The queue is first come, first served only roughly; this one's turn comes when the others are gone.
    assert!(eventually(|| login(&server, "old", "secret1", "192.0.2.2").json()["success"] == 1));
    let hashed = desk.outside().number("SELECT count(*) FROM login_log WHERE is_success = 0");
    assert!(hashed <= 10, "{hashed} of 30 were hashed");
}

/// A connection that was served one request and is kept.
fn kept(server: &Server) -> TcpStream {
    let mut stream = server.connect();
    assert!(is_served(&mut stream));
    stream
}

fn is_served(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 12];
    let sent = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n");
    if sent.is_err() || stream.read_exact(&mut answer).is_err() || !answer.starts_with(b"HTTP/1.1 200") {
        return false;
    }
    // The rest of the answer ends with the body.
    let mut rest = Vec::new();
    while !rest.ends_with(b"{\"status\":\"ok\"}") {
        let mut byte = [0];
        if stream.read_exact(&mut byte).is_err() {
            return false;
        }
        rest.extend(byte);
    }
    true
}

/// Waits until no thread of the server runs: until each connection that was answered is noted as idle.
fn settled(server: &Server) {
    let is_asleep = |stat: String| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'));
    let all_sleep = || {
        let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).expect("it runs");
        let mut stats = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("stat")).ok());
        stats.all(is_asleep)
    };
    assert!(eventually(all_sleep), "the server never rests");
}

#[test]
fn at_the_limit_the_connection_that_is_idle_longest_makes_room() {
    let desk = Desk::new();
    desk.configure("http_connections_max = 4");
    let server = Server::start(&desk);
    let kept = || {
        let stream = kept(&server);
        settled(&server);
        stream
    };
    let mut held: Vec<TcpStream> = (0..4).map(|_| kept()).collect();
    let mut fifth = kept();
    assert_eq!(held[0].read(&mut [0]).ok(), Some(0), "the first was closed");
    for stream in &mut held[1..] {
        assert!(is_served(stream), "the others were not");
    }
    // Now the fifth is the one that waited longest.
    settled(&server);
    let _sixth = kept();
    assert_eq!(fifth.read(&mut [0]).ok(), Some(0));
}

#[test]
fn two_hundred_idle_clients_and_more_than_fit_lock_nobody_out() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let _crowd: Vec<TcpStream> = (0..300).map(|_| kept(&server)).collect();
    for _ in 0..10 {
        assert_eq!(server.get("/api/users").status, 200);
    }
}

#[test]
fn refusals_before_the_api_are_for_pages_of_allowed_origins_too() {
    const ALLOWED: &str = "https://app.example";
    let desk = Desk::new();
    desk.set("cors_origins", ALLOWED);
    desk.configure("http_head_deadline_s = 1\nhttp_body_deadline_s = 1\n");
    let server = Server::start(&desk);
    let many = "X: y\r\n".repeat(120);
    let origin = |allowed: &str| format!("Host: t\r\nOrigin: {allowed}\r\n");
    let cases = |from: &str| {
        let from = origin(from);
        vec![
            (408, format!("POST /api/users HTTP/1.1\r\n{from}Content-Length: 9\r\n\r\nab")),
            (408, format!("POST /api/users HTTP/1.1\r\n{from}X-Half: ")),
            (413, format!("POST /api/users HTTP/1.1\r\n{from}Content-Length: 99999999\r\n\r\n")),
            (415, format!("POST /api/users HTTP/1.1\r\n{from}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab")),
            (431, format!("GET /api/users HTTP/1.1\r\n{from}{many}\r\n")),
        ]
    };
    for (status, request) in cases(ALLOWED) {
        let answer = Answer::parse(&server.raw(request.as_bytes()));
        assert_eq!(
            (answer.status, answer.header("Access-Control-Allow-Origin")),
            (status, Some(ALLOWED)),
            "{answer:?}"
        );
    }
    for (status, request) in cases("https://evil.example").into_iter().skip(2) {
        let answer = Answer::parse(&server.raw(request.as_bytes()));
        assert_eq!((answer.status, answer.header("Access-Control-Allow-Origin")), (status, None), "{answer:?}");
    }
    desk.configure("http_connections_max = 2\nhttp_head_deadline_s = 30\n");
    server.signal("HUP");
    let request = format!("GET /api/users HTTP/1.1\r\n{}Connection: close\r\n\r\n", origin(ALLOWED));
    // Those in the middle of a head keep their places for long now, as soon as the refused ones have left theirs.
    let busy: RefCell<Vec<TcpStream>> = RefCell::default();
    assert!(eventually(|| {
        let mut stream = server.connect();
        stream.write_all(b"GET ").expect("a connection");
        busy.borrow_mut().push(stream);
        let answer = Answer::parse(&server.raw(request.as_bytes()));
        (answer.status, answer.header("Access-Control-Allow-Origin")) == (503, Some(ALLOWED))
    }));
}

#[test]
fn an_encoded_body_is_415_and_says_what_would_be_taken() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    for encoding in ["gzip", "br", "identity"] {
        let answer = server.ask("POST", "/api/users/create", &[("Content-Encoding", encoding)], b"ab");
        assert_eq!((answer.status, answer.header("Accept-Encoding")), (415, Some("identity")), "{answer:?}");
    }
}

#[test]
fn twelve_writers_before_a_held_lock_wait_no_longer_than_one() {
    let desk = Desk::new();
    desk.configure("lock_wait_s = 1");
    let server = Server::start(&desk);
    let lock = desk.lock();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for n in 0..12 {
            let server = &server;
            scope.spawn(move || {
                let answer = server.post("/api/users/create", &format!("fullname=A&email=a{n}%40client.test&notify=0"));
                assert_eq!((answer.status, answer.header("Retry-After")), (503, Some("1")), "{answer:?}");
            });
        }
    });
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    drop(lock);
    assert_eq!(server.post("/api/users/create", "fullname=A&email=a%40client.test&notify=0").json()["success"], 1);
}
