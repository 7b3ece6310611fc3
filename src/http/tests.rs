//! The shell over real sockets: ordinary traffic, stopping, and limits. Abuse is in `abuse`.
#![allow(clippy::unwrap_used)]

mod abuse;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::server::{Answer, Served};
use super::{Control, Handler, HttpLimits, Method, Request, Response, serve};

/// How long anything here may take on a loaded machine before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a free port, stopped when dropped.
struct Server {
    address: SocketAddr,
    control: Control,
    /// Requests that reached the handler.
    handled: Arc<AtomicUsize>,
    thread: Option<JoinHandle<Served>>,
}

impl Server {
    /// Answers `METHOD path?query body-length` to everything.
    fn echoing(limits: HttpLimits) -> Self {
        Self::start(limits, |request| {
            let Request { method, path, query, body, .. } = request;
            Response::text(200, format!("[{} {path}?{query} {}]", method.as_str(), body.len()))
        })
    }

    fn start(limits: HttpLimits, handler: impl Fn(Request) -> Response + Send + Sync + 'static) -> Self {
        let handled = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&handled);
        let counting: Handler = Arc::new(move |request| {
            count.fetch_add(1, Ordering::SeqCst);
            handler(request)
        });
        Self::of(limits, counting, handled)
    }

    fn of(limits: HttpLimits, handler: Handler, handled: Arc<AtomicUsize>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (address, control) = (listener.local_addr().unwrap(), Control::new(limits).unwrap());
        let steer = control.clone();
        let thread = Some(thread::spawn(move || serve(listener, handler, &steer).unwrap()));
        Self { address, control, handled, thread }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes on a fresh connection and reads all that comes until the server closes.
    fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes.as_ref()).unwrap();
        rest(&mut stream)
    }

    fn handled(&self) -> usize {
        self.handled.load(Ordering::SeqCst)
    }

    fn stop(mut self) -> Served {
        self.control.stop();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.control.stop();
    }
}

/// Everything until the server closes.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// One answer with a Content-Length, head and body, leaving the connection open.
fn answer(stream: &mut TcpStream) -> String {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "closed after {:?}", String::from_utf8_lossy(&bytes));
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn eventually(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "never: {what}");
        thread::yield_now();
    }
}

fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[test]
fn one_connection_serves_many_requests_pipelined_ones_in_order() {
    let server = Server::echoing(HttpLimits::default());
    let mut stream = server.connect();
    stream.write_all(b"GET /1?a=b HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    assert_eq!(body_of(&answer(&mut stream)), "[GET /1?a=b 0]");
    let pipelined = "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\nHost: h\r\n\r\n\
         POST /4 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 1\r\n\r\n\
         GET /5 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /6 HTTP/1.1\r\nHost: h\r\n\r\n";
    stream.write_all(pipelined.as_bytes()).unwrap();
    let answers = rest(&mut stream);
    for (at, body) in ["[POST /2? 3]", "[GET /3? 0]", "[POST /4? 3]", "[GET /5? 0]"].into_iter().enumerate() {
        assert_eq!(answers.match_indices("\r\n\r\n").nth(at).map(|(i, _)| &answers[i + 4..][..body.len()]), Some(body));
    }
    assert!(!answers.contains("/6") && answers.contains("Connection: close"), "{answers}");
    assert_eq!(server.handled(), 5);
}

#[test]
fn http_1_0_closes_unless_asked_to_stay_and_is_told_so() {
    let server = Server::echoing(HttpLimits::default());
    let closed = server.exchange("GET / HTTP/1.0\r\n\r\n");
    assert!(closed.contains("\r\nConnection: close\r\n"), "{closed}");
    let mut stream = server.connect();
    for _ in 0..2 {
        stream.write_all(b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").unwrap();
        assert!(answer(&mut stream).contains("\r\nConnection: keep-alive\r\n"));
    }
}

#[test]
fn head_and_204_carry_no_body_and_the_connection_goes_on() {
    let server = Server::start(HttpLimits::default(), |request| match request.method {
        Method::Options => Response::empty(204),
        _ => Response::text(200, "hello"),
    });
    let answers = server.exchange(
        "HEAD / HTTP/1.1\r\nHost: h\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(answers.matches("hello").count(), 1, "{answers}");
    assert_eq!(answers.matches("Content-Length: 5\r\n").count(), 2, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 204 No Content\r\n").count(), 1, "{answers}");
}

#[test]
fn a_body_is_whole_in_memory_and_on_disk() {
    let server = Server::start(HttpLimits { body_memory_bytes_max: 1000, ..HttpLimits::default() }, |request| {
        let (on_disk, bytes) = (request.body.is_on_disk(), request.body.into_bytes().unwrap());
        let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
        Response::text(200, format!("{on_disk} {} {sum}", bytes.len()))
    });
    for (size, on_disk) in [(1000_usize, false), (1001, true), (3_000_000, true)] {
        let body: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let sum: u64 = body.iter().map(|byte| u64::from(*byte)).sum();
        let expected = format!("{on_disk} {size} {sum}");
        let head = format!("PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n");
        assert_eq!(body_of(&server.exchange([head.as_bytes(), &body].concat())), expected);
        let mut chunked =
            b"PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for piece in body.chunks(700) {
            chunked.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            chunked.extend_from_slice(piece);
            chunked.extend_from_slice(b"\r\n");
        }
        chunked.extend_from_slice(b"0\r\n\r\n");
        assert_eq!(body_of(&server.exchange(chunked)), expected, "chunked");
    }
}

#[test]
fn a_client_that_waits_for_100_gets_it_once_and_others_do_not() {
    let server = Server::echoing(HttpLimits::default());
    let head = "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
    let mut stream = server.connect();
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(answer(&mut stream), "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"ab").unwrap();
    assert!(rest(&mut stream).ends_with("[POST /? 2]"));
    assert!(server.exchange(format!("{head}ab")).starts_with("HTTP/1.1 200 "));
    let other = server.exchange(head.replace("100-Continue", "200-ok"));
    assert!(other.starts_with("HTTP/1.1 417 "), "{other}");
    let old = server.exchange(head.replace("HTTP/1.1", "HTTP/1.0") + "ab");
    assert!(old.starts_with("HTTP/1.1 200 "), "{old}");
}

#[test]
fn an_answer_of_megabytes_arrives_whole_at_a_reader_that_pauses() {
    let server = Server::start(HttpLimits::default(), |_| Response::text(200, "x".repeat(20_000_000)));
    let mut stream = server.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    eventually("the server works on it", || server.handled() == 1);
    assert_eq!(body_of(&rest(&mut stream)).len(), 20_000_000);
}

#[test]
fn a_stop_closes_idle_connections_finishes_work_and_refuses_new_clients() {
    let (started, at_work) = mpsc::channel();
    let (finish, may_finish) = mpsc::channel::<()>();
    let may_finish = Mutex::new(may_finish);
    let server = Server::start(HttpLimits::default(), move |request| {
        if request.path == "/slow" {
            started.send(()).unwrap();
            may_finish.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
        Response::text(200, "done")
    });
    let (mut idle, mut fresh, mut busy) = (server.connect(), server.connect(), server.connect());
    idle.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    answer(&mut idle);
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    at_work.recv_timeout(PATIENCE).unwrap();
    eventually("all three are accepted", || server.control.connections() == 3);

    server.control.stop();
    assert_eq!((rest(&mut idle), rest(&mut fresh)), (String::new(), String::new()), "closed without a word");
    eventually("new clients are refused", || TcpStream::connect(server.address).is_err());
    finish.send(()).unwrap();
    let last = rest(&mut busy);
    assert!(last.contains("\r\nConnection: close\r\n") && last.ends_with("done"), "{last}");
    assert_eq!(server.stop(), Served { connections_cut: 0 });
}

#[test]
fn a_stop_waits_no_longer_than_the_drain() {
    let (finish, may_finish) = mpsc::channel::<()>();
    let may_finish = Mutex::new(may_finish);
    let server = Server::start(HttpLimits { drain: Duration::from_millis(50), ..HttpLimits::default() }, move |_| {
        may_finish.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        Response::empty(204)
    });
    let mut stuck = server.connect();
    stuck.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    eventually("the handler runs", || server.handled() == 1);
    assert_eq!(server.stop(), Served { connections_cut: 1 });
    finish.send(()).unwrap();
}

#[test]
fn a_request_sent_before_the_stop_is_answered_after_it() {
    let server = Server::echoing(HttpLimits::default());
    let mut half = server.connect();
    half.write_all(b"GET /half HTTP/1.1\r\nHo").unwrap();
    eventually("it is accepted", || server.control.connections() == 1);
    // Not before its thread has seen the first byte: until then the connection counts as idle.
    let mut other = server.connect();
    other.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    answer(&mut other);
    server.control.stop();
    half.write_all(b"st: h\r\n\r\n").unwrap();
    assert!(rest(&mut half).ends_with("[GET /half? 0]"));
    assert_eq!(server.stop(), Served { connections_cut: 0 });
}

#[test]
fn new_limits_hold_for_new_connections() {
    let server = Server::echoing(HttpLimits::default());
    let request = "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    assert!(server.exchange(request).starts_with("HTTP/1.1 200 "));
    server.control.set_limits(HttpLimits { body_bytes_max: 4, ..HttpLimits::default() });
    assert!(server.exchange(request).starts_with("HTTP/1.1 413 "));
}

#[test]
fn the_peer_and_the_headers_reach_the_handler() {
    let server = Server::start(HttpLimits::default(), |request| {
        let token = request.header("token").unwrap_or_default().to_owned();
        Response::text(200, format!("{} {token}", request.peer.ip()))
    });
    let answered = server.exchange("GET / HTTP/1.1\r\nHost: h\r\nTOKEN:  abc \r\nConnection: close\r\n\r\n");
    assert_eq!(body_of(&answered), "127.0.0.1 abc");
}

/// Wants the beginning of what is too large, at one path.
struct Beginnings;

impl Answer for Beginnings {
    fn answer(&self, request: Request) -> Response {
        let body = request.body.into_bytes().unwrap();
        Response::text(413, format!("[{} {}]", request.is_cut, String::from_utf8(body).unwrap()))
    }

    fn wants_beginning(&self, path: &str) -> bool {
        path == "/form"
    }
}

#[test]
fn a_body_that_is_too_large_is_handed_over_as_far_as_it_goes_where_that_is_wanted() {
    let limits = HttpLimits { body_bytes_max: 4, ..HttpLimits::default() };
    let server = Server::of(limits, Arc::new(Beginnings), Arc::default());
    let post = |path: &str, body: &str| {
        let length = body.len();
        server.exchange(format!(
            "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ))
    };
    assert_eq!(body_of(&post("/form", "abcd")), "[false abcd]");
    assert_eq!(body_of(&post("/form", "abcde")), "[true abcd]");
    // The rest is read away, so that the answer arrives; nothing of it is taken for another request.
    let long = format!("abcd{}POST /form HTTP/1.1\r\n\r\n", "x".repeat(3_000_000));
    assert_eq!(body_of(&post("/form", &long)), "[true abcd]");
    assert!(post("/other", "abcde").starts_with("HTTP/1.1 413") && !post("/other", "abcde").contains("[true"));
}
