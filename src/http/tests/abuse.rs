//! What tiny_http's own server does wrong (measured) and what else the network sends: each gets its
//! answer or its end, promptly, and the server goes on serving.

use super::*;

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n";
const POST: &str = "POST / HTTP/1.1\r\nHost: h\r\n";

fn brief() -> HttpLimits {
    let brief = Duration::from_millis(200);
    HttpLimits {
        head_deadline: brief,
        body_deadline: brief,
        write_deadline: brief,
        keep_alive_idle: brief,
        ..HttpLimits::default()
    }
}

/// Checks the status, the JSON shape and the headers every refusal has; and that it is the only answer.
fn assert_refused(answer: &str, status: u16, of: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{of:?}: {answer:?}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{of:?}: {answer:?}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    for line in [
        "Connection: close",
        "Content-Type: application/json; charset=UTF-8",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        &format!("Content-Length: {}", body.len()),
    ] {
        assert!(head.lines().any(|own| own == line), "{of:?}: {line} missing in {head}");
    }
    assert!(body.starts_with("{\"error\":1,\"message\":\"") && body.ends_with("\"}"), "{of:?}: {body}");
}

fn assert_serves(server: &Server) {
    let answer = server.exchange(format!("{GET}Connection: close\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:?}");
}

#[test]
fn doubtful_framing_is_400_and_what_follows_is_never_a_request() {
    let server = Server::echoing(HttpLimits::default());
    for lines in [
        "Content-Length: abc\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: 5\r\nContent-Length: 40\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "Content-Length : 5\r\n",
    ] {
        assert_refused(&server.exchange(format!("{POST}{lines}\r\nhello{GET}\r\n")), 400, lines);
    }
    let chunks = server.exchange(format!("{POST}Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n{GET}\r\n"));
    assert_refused(&chunks, 400, "blank behind a chunk size");
    assert_eq!(server.handled(), 0);
    assert_serves(&server);
}

#[test]
fn malformed_and_oversized_heads_are_answered_promptly() {
    let server = Server::echoing(HttpLimits::default());
    let long = |size: usize| "x".repeat(size);
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        (format!("{GET}Host: h\r\n\r\n"), 400),
        ("GET / HTTP/1.1\nHost: h\n\n".to_owned(), 400),
        (format!("{GET}X: \0"), 400),
        (format!("{GET}X: y\r\n folded\r\n\r\n"), 400),
        ("GET /\u{e9} HTTP/1.1\r\n".to_owned(), 400),
        (format!("{GET}X: \u{e9}\r\n\r\n"), 400),
        ("GET / HTTP/1.1 more\r\n".to_owned(), 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 505),
        ("GET / HTTP/2.0\r\n".to_owned(), 505),
        ("\u{16}\u{3}\u{1}\u{2}".to_owned(), 400),
        ("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        (format!("GET /{} HTTP/1.1\r\n", long(33_000)), 414),
        (format!("{GET}X: {}\r\n\r\n", long(33_000)), 431),
        (format!("{GET}{}\r\n", "X: y\r\n".repeat(200)), 431),
        (format!("{GET}{}", "X: y\r\n".repeat(200_000)), 431),
        (format!("{GET}X: {}\r\n\r\n", long(8_000_000)), 431),
        (format!("{POST}Content-Length: 100000000000000\r\n\r\n"), 413),
        (format!("{POST}Content-Length: 18446744073709551615\r\n\r\n"), 413),
        (format!("{POST}Content-Length: 31457281\r\nExpect: 100-continue\r\n\r\n"), 413),
        (format!("{POST}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n"), 413),
    ] {
        let start = Instant::now();
        let shown: String = request.chars().take(80).collect();
        assert_refused(&server.exchange(request), status, &shown);
        assert!(start.elapsed() < Duration::from_secs(5), "{shown:?} took {:?}", start.elapsed());
    }
    assert_eq!(server.handled(), 0);
    for target in ["/../..", "/%2e%2e/%00", "//", &format!("/{}", long(16_000)), "http://h/x"] {
        let answer = server.exchange(format!("GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{target:?} is the handler's to judge: {answer:?}");
    }
}

#[test]
fn a_refused_head_request_gets_no_body() {
    let server = Server::echoing(HttpLimits::default());
    let answer = server.exchange("HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("\r\n\r\n"), "{answer:?}");
}

#[test]
fn an_oversized_body_is_refused_at_its_head_and_the_sender_still_reads_why() {
    let server = Server::echoing(HttpLimits { body_bytes_max: 1000, ..HttpLimits::default() });
    // All of a large body is sent before the answer is read, as python's http.client does.
    let large = vec![b'x'; 31 * 1024 * 1024];
    let mut stream = server.connect();
    stream.write_all(format!("{POST}Content-Length: {}\r\n\r\n", large.len()).as_bytes()).unwrap();
    stream.write_all(&large).unwrap();
    assert_refused(&rest(&mut stream), 413, "sized");
    let exact = format!("{POST}Connection: close\r\nContent-Length: 1000\r\n\r\n{}", "x".repeat(1000));
    assert!(server.exchange(exact).ends_with("[POST /? 1000]"));
    let chunked = format!("{POST}Transfer-Encoding: chunked\r\n\r\n3e8\r\n{}\r\n1\r\n", "x".repeat(1000));
    assert_refused(&server.exchange(chunked), 413, "chunked");
    assert_eq!(server.handled(), 1);
}

#[test]
fn dripping_and_silent_clients_are_cut_at_the_deadline() {
    let server = Server::echoing(brief());
    for (start, status) in [("GET /", Some(408)), (&format!("{POST}Content-Length: 100000\r\n\r\n"), Some(408))] {
        let (mut stream, begun) = (server.connect(), Instant::now());
        stream.write_all(start.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        let mut bytes = [0; 1024];
        let answer = loop {
            match stream.read(&mut bytes) {
                Ok(read) => break String::from_utf8_lossy(&bytes[..read]).into_owned(),
                // The read's own timeout paces the drip.
                Err(_) => stream.write_all(b"x").unwrap(),
            }
        };
        assert_refused(&answer, status.unwrap(), start);
        let took = begun.elapsed();
        assert!((Duration::from_millis(190)..Duration::from_secs(3)).contains(&took), "{start:?} took {took:?}");
    }
    assert_eq!(server.exchange(""), "", "a client that says nothing is let go without a word");
    let mut idle = server.connect();
    idle.write_all(format!("{GET}\r\n").as_bytes()).unwrap();
    answer(&mut idle);
    assert_eq!(rest(&mut idle), "", "so is one that asks nothing more");
    eventually("all are gone", || server.control.connections() == 0);
}

#[test]
fn a_client_that_never_reads_is_cut() {
    let server = Server::start(brief(), |_| Response::text(200, "x".repeat(30_000_000)));
    let mut stream = server.connect();
    stream.write_all(format!("{GET}\r\n").as_bytes()).unwrap();
    eventually("it is being answered", || server.handled() == 1);
    eventually("it is cut", || server.control.connections() == 0);
    drop(stream);
}

#[test]
fn requests_cut_short_are_400_or_forgotten_and_reset_clients_do_no_harm() {
    let server = Server::echoing(HttpLimits::default());
    for start in [
        "GET / HT",
        &format!("{POST}Content-Length: 10\r\n\r\nhello"),
        &format!("{POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhe"),
    ] {
        let mut stream = server.connect();
        stream.write_all(start.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_refused(&rest(&mut stream), 400, start);
    }
    for _ in 0..50 {
        drop(server.connect());
        server.connect().write_all(POST.as_bytes()).unwrap();
    }
    eventually("all are gone", || server.control.connections() == 0);
    assert_serves(&server);
}

#[test]
fn one_connection_too_many_is_told_503_at_once_and_room_comes_back() {
    let server = Server::echoing(HttpLimits { connections_max: 3, ..HttpLimits::default() });
    let mut held: Vec<_> = (0..3).map(|_| server.connect()).collect();
    // In the middle of a head, they are not idle.
    held.iter_mut().for_each(|stream| stream.write_all(b"GET ").unwrap());
    eventually("three are held", || server.control.connections() == 3);
    for _ in 0..100 {
        let start = Instant::now();
        let answer = server.exchange(format!("{GET}\r\n"));
        assert_refused(&answer, 503, "one too many");
        assert!(answer.contains("\r\nRetry-After: 1\r\n") && start.elapsed() < Duration::from_millis(900), "{answer}");
    }
    // Refused clients that stay hold nobody up: neither those served nor the next refused.
    let lingering: Vec<_> = (0..100).map(|_| server.connect()).collect();
    assert_refused(&server.exchange(format!("{GET}\r\n")), 503, "behind a hundred that linger");
    drop((held, lingering));
    eventually("room is back", || server.control.connections() == 0);
    assert_serves(&server);
}

#[test]
fn hundreds_of_half_sent_requests_do_not_slow_the_others() {
    let server = Server::echoing(HttpLimits::default());
    let _half: Vec<_> = (0..250)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(b"GET / HTTP/1.1\r\nHo").unwrap();
            stream
        })
        .collect();
    for _ in 0..50 {
        let start = Instant::now();
        assert_serves(&server);
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
}

#[test]
fn a_panicking_handler_costs_an_answer_and_nothing_else() {
    let server = Server::start(HttpLimits::default(), |request| {
        assert!(request.path != "/panic", "as asked");
        Response::text(200, "fine")
    });
    let mut stream = server.connect();
    for _ in 0..100 {
        stream.write_all(b"GET /panic HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        let answer = answer(&mut stream);
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        assert_eq!(body_of(&answer), r#"{"error":1,"message":"Internal error."}"#);
    }
    stream.write_all(format!("{GET}\r\n").as_bytes()).unwrap();
    assert_eq!(body_of(&answer(&mut stream)), "fine");
    assert_eq!(server.control.connections(), 1);
}

#[test]
fn spooled_bodies_share_one_budget() {
    let limits = HttpLimits { body_memory_bytes_max: 100, spooled_bytes_max: 1000, ..HttpLimits::default() };
    let server = Server::echoing(limits);
    let sized = |size: usize| format!("{POST}Connection: close\r\nContent-Length: {size}\r\n\r\n{}", "x".repeat(size));
    let held = std::cell::RefCell::new(None);
    // The share is taken as bytes arrive: the second is refused, so the first try may be it.
    eventually("the budget is used", || {
        let mut waiting = server.connect();
        waiting.write_all(&sized(900).as_bytes()[..700]).unwrap();
        held.replace(Some(waiting));
        server.exchange(sized(900)).starts_with("HTTP/1.1 503 ")
    });
    assert!(server.exchange(sized(100)).starts_with("HTTP/1.1 200 "), "what fits into memory needs no share");
    drop(held);
    eventually("the budget is back", || server.exchange(sized(1000)).starts_with("HTTP/1.1 200 "));
    assert_refused(&server.exchange(sized(1001)), 503, "alone above the budget");
}
