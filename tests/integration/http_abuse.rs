//! What no client should do: each test is one way of doing it, and after each the process lives, others are served within
//! a second, and the file descriptors come back.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::client::{Answer, Server, TOKEN, eventually};
use crate::desk::{Desk, is_on_server};

/// A desk served with short deadlines, so that tests of waiting do not wait long.
fn served() -> (Desk, Server) {
    let desk = Desk::new();
    desk.configure("http_head_deadline_s = 1\nhttp_body_deadline_s = 1\n");
    let server = Server::start(&desk);
    (desk, server)
}

/// Runs `abuse` and checks what must hold after any.
fn survives(server: &Server, abuse: impl FnOnce()) {
    assert!(server.serves_others());
    let before = server.descriptors();
    abuse();
    assert!(server.serves_others(), "others are served");
    // Connections to a database server stay open for a while; so many at most.
    let kept = if is_on_server() { 8 } else { 0 };
    let is_back = || server.descriptors() <= before + 1 + kept;
    assert!(eventually(is_back), "{before} descriptors before, {}", server.descriptors());
}

fn status(server: &Server, request: &[u8]) -> u16 {
    Answer::parse(&server.raw(request)).status
}

#[test]
fn dripping_and_unreading_clients_are_cut_at_their_deadline() {
    let (_desk, server) = served();
    survives(&server, || {
        let mut clients: Vec<TcpStream> = (0..50).map(|_| server.connect()).collect();
        for client in &mut clients {
            client.write_all(b"GET /healthz HTTP/1.1\r\nX-Drip: ").expect("a connection");
        }
        assert!(server.serves_others(), "beside fifty that drip");
        for client in &mut clients {
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).ok();
            assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&answer));
        }
        let mut body = server.connect();
        body.write_all(b"POST /api/users HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nab").expect("a connection");
        let mut answer = String::new();
        body.read_to_string(&mut answer).ok();
        assert_eq!(Answer::parse(&answer).status, 408, "{answer}");
    });
}

#[test]
fn absurd_lengths_are_refused_and_nothing_is_allocated() {
    let (_desk, server) = served();
    survives(&server, || {
        for length in ["100000000000000", "18446744073709551615", "3000000000", "99999999999999999999999999"] {
            let request = format!("POST /api/users HTTP/1.1\r\nHost: t\r\nContent-Length: {length}\r\n\r\na");
            let status = status(&server, request.as_bytes());
            assert!(matches!(status, 400 | 413), "{length}: {status}");
        }
    });
}

#[test]
fn a_second_request_never_hides_in_the_first() {
    let (_desk, server) = served();
    survives(&server, || {
        let framings = [
            "Content-Length: abc",
            "Content-Length: -1",
            "Content-Length: +5",
            "Content-Length: 5, 5",
            "Content-Length: 5\r\nContent-Length: 40",
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding : chunked",
            "Transfer-Encoding: chunked, identity",
            "Content-Length : 5",
        ];
        for framing in framings {
            let request = format!(
                "POST /api/nothing HTTP/1.1\r\nHost: t\r\n{framing}\r\n\r\nGET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"
            );
            let answer = server.raw(request.as_bytes());
            assert_eq!(Answer::parse(&answer).status, 400, "{framing}: {answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{framing}: {answer}");
        }
    });
}

#[test]
fn malformed_heads_are_refused_promptly() {
    let (_desk, server) = served();
    let many = "X: y\r\n".repeat(200_000);
    let long = format!("X: {}\r\n", "y".repeat(64 * 1024 * 1024));
    let cases: &[(&str, &[u16])] = &[
        ("GET /healthz HTTP/1.1\nHost: t\n\n", &[400]),
        ("GET /healthz HTTP/1.1\r\nHost: t\r\nX: a\0b\r\n\r\n", &[400]),
        ("GET /healthz HTTP/1.1\r\nHost: t\r\nX: a\r\n b\r\n\r\n", &[400]),
        ("GET /healthz HTTP/2.0\r\nHost: t\r\n\r\n", &[505]),
        ("GET /h\u{e9}althz HTTP/1.1\r\nHost: t\r\n\r\n", &[400]),
        ("GET /healthz HTTP/1.1\r\n\r\n", &[400]),
        ("GET  /healthz HTTP/1.1\r\nHost: t\r\n\r\n", &[400]),
        // A flood may be cut off before the answer can be read.
        (&format!("GET /healthz HTTP/1.1\r\nHost: t\r\n{many}\r\n"), &[431, 0]),
        (&format!("GET /healthz HTTP/1.1\r\nHost: t\r\n{long}\r\n"), &[431, 0]),
        (&format!("GET /{} HTTP/1.1\r\nHost: t\r\n\r\n", "a".repeat(64 * 1024)), &[414, 0]),
    ];
    survives(&server, || {
        for (request, expected) in cases {
            let began = Instant::now();
            let status = status(&server, request.as_bytes());
            assert!(expected.contains(&status), "{status}: {request:.60}");
            assert!(began.elapsed() < Duration::from_secs(5), "{:?}: {request:.60}", began.elapsed());
        }
    });
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let (_desk, server) = served();
    survives(&server, || {
        for expectation in ["", "Expect: 100-continue\r\n"] {
            let head = format!("POST /api/users HTTP/1.1\r\nHost: t\r\n{expectation}Content-Length: 31457281\r\n\r\n");
            let answer = server.raw(head.as_bytes());
            assert_eq!(Answer::parse(&answer).status, 413, "{answer}");
            assert!(!answer.contains("100 Continue"), "{answer}");
        }
    });
}

#[test]
fn multipart_bombs_are_refused_and_leave_no_files() {
    let (_desk, server) = served();
    let part = |name: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\nx\r\n");
    let many = part("a").repeat(100_000) + "--b--\r\n";
    let open = "--b\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"a\"\r\n\r\n".to_owned()
        + &"x".repeat(1 << 20);
    let head = format!("--b\r\nX: {}\r\n\r\nx\r\n--b--\r\n", "y".repeat(1 << 20));
    let long = "b".repeat(10_000);
    let cases: &[(&str, &str, &[u16])] = &[
        ("b", &many, &[400, 413]),
        ("b", &open, &[400]),
        ("b", &head, &[400, 413]),
        (&long, "x", &[400]),
        ("b", "--b\r\nContent-Disposition: form-data; name=\"a\"; filename*=utf-8''x\r\n\r\nx\r\n--b--\r\n", &[200]),
    ];
    survives(&server, || {
        for (boundary, body, expected) in cases {
            let kind = format!("multipart/form-data; boundary={boundary}");
            let answer = server.ask("POST", "/api/users/create", &[("Content-Type", &kind)], body.as_bytes());
            assert!(expected.contains(&answer.status), "{body:.60}: {answer:?}");
        }
    });
}

#[test]
fn json_bombs_are_refused() {
    let (_desk, server) = served();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    survives(&server, || {
        for body in [deep.as_bytes(), b"{\"a\":1,\"a\":2}", b"{\"a\":1e999}", b"{\"a\":\"\xff\"}", b"[]", b"{"] {
            let answer = server.ask("POST", "/api/users/create", &[("Content-Type", "application/json")], body);
            assert_eq!(answer.status, 400, "{answer:?}");
        }
    });
}

#[test]
fn odd_paths_lead_nowhere() {
    let (_desk, server) = served();
    survives(&server, || {
        for path in [
            "/../etc/passwd",
            "/%2e%2e/etc/passwd",
            "/api/users/%00",
            "/api/users/..",
            "//healthz",
            "/healthz/..",
            "http://other.example/etc",
        ] {
            let status = server.get(path).status;
            assert!(matches!(status, 400 | 404), "{path}: {status}");
        }
        assert_eq!(server.get(&format!("/{}", "a".repeat(16 * 1024))).status, 404);
    });
}

#[test]
fn running_out_of_descriptors_passes() {
    let desk = Desk::new();
    desk.try_admin(&["token", "add", "full", "--all", "--value", TOKEN]);
    let program = desk.command();
    let mut limited = Command::new("sh");
    limited.arg("-c").arg("ulimit -n 48; exec \"$@\"").arg("sh").arg(program.get_program()).args(program.get_args());
    limited
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", desk.path(""));
    let server = Server::spawn(&mut limited);
    assert!(server.serves_others());
    let crowd: Vec<TcpStream> = (0..100).filter_map(|_| TcpStream::connect(server.address).ok()).collect();
    assert!(crowd.len() > 48);
    drop(crowd);
    assert!(eventually(|| server
        .raw(b"GET /healthz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
        .contains("200 OK")));
    assert!(eventually(|| server.get("/api/users").status == 200));
}

#[test]
fn more_connections_than_allowed_are_told_so() {
    let desk = Desk::new();
    desk.configure("http_connections_max = 8");
    let server = Server::start(&desk);
    let held: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(b"GET /api/users HTTP/1.1\r\nX-Half: ").expect("a connection");
            stream
        })
        .collect();
    let refused = server.get("/api/users");
    assert_eq!((refused.status, refused.header("Retry-After")), (503, Some("1")), "{refused:?}");
    assert_eq!((server.get("/healthz").status, server.get("/readyz").status), (200, 200), "kept places");
    drop(held);
    assert!(eventually(|| server.get("/api/users").status == 200));
}

#[test]
fn a_storm_of_logins_leaves_others_served() {
    let (_desk, server) = served();
    std::thread::scope(|scope| {
        for n in 0..24 {
            let server = &server;
            scope.spawn(move || {
                let form = format!("username=nobody{n}&password=x&ip_address=192.0.2.{n}");
                assert_eq!(server.post("/api/staff/auth", &form).json()["error"], 1);
            });
        }
        assert!(eventually(|| server.get("/healthz").status == 200));
    });
    assert!(server.serves_others());
}

#[test]
fn body_that_changes_no_answer_is_not_asked_for() {
    let desk = Desk::new();
    let server = Server::start(&desk);
    let first_line = |path: &str, more: &str| {
        let mut client = server.connect();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 30000000\r\n\
             Content-Type: application/json\r\n{more}\r\n"
        );
        client.write_all(head.as_bytes()).expect("it listens");
        let mut said = [0; 12];
        client.read_exact(&mut said).expect("it answers");
        String::from_utf8_lossy(&said).into_owned()
    };
    let token = format!("Token: {TOKEN}\r\n");
    assert_eq!(first_line("/api/nope", &token), "HTTP/1.1 404");
    assert_eq!(first_line("/api/users/show/1", &token), "HTTP/1.1 405");
    assert_eq!(first_line("/api/users/create", ""), "HTTP/1.1 400");
    assert_eq!(first_line("/v1/user", ""), "HTTP/1.1 401");
    assert_eq!(first_line("/api/users/create", &token), "HTTP/1.1 100");
    assert_eq!(first_line("/api/v1/helpdesk/register", ""), "HTTP/1.1 100", "its token may be in the body");
}
