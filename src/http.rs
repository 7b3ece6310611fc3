//! The HTTP shell: a bounded accept loop, deadlines, strict framing, forms, and answers.
//!
//! It knows nothing of tickets. [`serve`] turns bytes into a [`Request`], hands it to one function
//! and writes that function's [`Response`]; tokens, routes and parameters are `api`'s business.
//!
//! Why our own loop: tiny_http 0.12 aborts, hangs or stops accepting on hostile input and allows
//! request smuggling, and its last commit is from 2023. What it does well is kept: its status
//! phrases, its header check and its response writer print every answer's head (`print_head`, the
//! only place that names the crate). Its writer refuses to print `Connection` and prints a
//! `Content-Length` even on 204, so those two are put right on the printed bytes. Measured, the
//! writer costs about one microsecond an answer, less than one of the three system calls around it.
//!
//! Threads, no async runtime: one blocking thread per connection, at most `connections_max`, reused.
//! Sockets are non-blocking and every wait is a `poll` with a deadline, so that a stop wakes idle
//! connections and the accept loop at once and a deadline covers a whole head, body or answer.
//!
//! When all connections are taken, an idle one makes room. Health checks have a few places of their
//! own: what they ask for is seen by looking at the first bytes, which stay in the socket.

mod client_address;
mod connection;
mod control;
mod disposition;
pub(crate) mod form;
mod framing;
mod head;
pub(crate) mod multipart;
#[cfg(feature = "fuzz")]
pub mod reading;
mod request;
mod response;
mod server;
mod spool;
#[cfg(test)]
mod tests;
mod threads;
mod wire;

use std::io;
use std::time::Duration;

pub(crate) use client_address::client as client_address;
pub(crate) use control::Control;
pub(crate) use request::{Client, Headers};
pub use request::{Method, Request};
pub(crate) use response::{Pieces, Response};
pub(crate) use server::{Answer, Handler, serve};
pub(crate) use spool::Spool;

/// What one client may cost the server.
///
/// `Default` gives the shipped numbers. Sizes count bytes as they cross the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpLimits {
    /// Request line and headers together, with the empty line that ends them; more is 431, or 414
    /// if the request line alone is longer.
    pub head_bytes_max: usize,
    /// Header lines of one request; more is 431.
    pub headers_max: usize,
    /// A request body after chunked decoding; more is 413, said before the body is read.
    pub body_bytes_max: u64,
    /// How much of a body stays in memory; the rest goes to an unlinked temporary file.
    pub body_memory_bytes_max: usize,
    /// Bodies of all requests together in temporary files; more is 503.
    /// Chosen: 34 uploads of the largest size at once, well below a small server's `/tmp`.
    pub spooled_bytes_max: u64,
    /// Connections at a time. For one more, the connection that is idle longest is closed; when none
    /// is idle it is answered 503 and closed, unless it asks for a path with a kept place.
    pub connections_max: usize,
    /// From a head's first byte to its last, and for a fresh connection to its first byte; then 408.
    pub head_deadline: Duration,
    /// From the end of the head to the end of the body; then 408.
    pub body_deadline: Duration,
    /// How long a client may take none of its answer; the whole answer may take this long and
    /// another second for each 16 KiB.
    pub write_deadline: Duration,
    /// How long an idle connection is kept between two requests.
    pub keep_alive_idle: Duration,
    /// How long requests in flight may take to finish after a stop was asked for.
    pub drain: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            head_bytes_max: 32 * 1024,
            headers_max: 100,
            body_bytes_max: 30 * 1024 * 1024,
            body_memory_bytes_max: 256 * 1024,
            spooled_bytes_max: 1024 * 1024 * 1024,
            connections_max: 256,
            head_deadline: Duration::from_secs(10),
            body_deadline: Duration::from_secs(60),
            write_deadline: Duration::from_secs(30),
            keep_alive_idle: Duration::from_secs(15),
            drain: Duration::from_secs(10),
        }
    }
}

/// What follows an answer on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AfterAnswer {
    /// HTTP/1.1's silent default: the next request may come.
    KeepAlive,
    /// An HTTP/1.0 client asked to keep the connection and must get the answer that it is kept.
    KeepAliveSaid,
    /// The connection ends with this answer.
    Close,
}

/// A request the shell answers itself. The connection closes, because after most of these nobody
/// can say where the next request would begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rejection {
    status: u16,
    /// Plain ASCII without quotes or backslashes: it is put into JSON as it is.
    message: &'static str,
}

impl Rejection {
    const fn new(status: u16, message: &'static str) -> Self {
        Self { status, message }
    }

    fn response(self) -> Response {
        let body = format!("{{\"error\":1,\"message\":\"{}\"}}", self.message);
        let response = Response::json(self.status, body);
        match self.status {
            503 => response.with_header("Retry-After", "1"),
            // RFC 9110 §15.5.16: what would have been taken.
            415 => response.with_header("Accept-Encoding", "identity"),
            _ => response,
        }
    }
}

/// The answer's head as it goes on the wire: status line, headers, `Date`, `Content-Length`, the
/// empty line. The body follows it unless the request was HEAD.
fn print_head(response: &Response, after: AfterAnswer) -> io::Result<Vec<u8>> {
    /// The end that tiny_http prints on an empty answer; RFC 9110 §8.6 forbids it on 204.
    const EMPTY_LENGTH: &[u8] = b"Content-Length: 0\r\n\r\n";

    let mut headers = Vec::with_capacity(response.headers().len() + 1);
    let server = [("Server", "maildesk")];
    let own = response.headers().iter().map(|(name, value)| (*name, value.as_str()));
    for (name, value) in server.into_iter().chain(own) {
        // The writer would take a Content-Length of the handler's over the body's own.
        if name.eq_ignore_ascii_case("Content-Length") {
            continue;
        }
        match tiny_http::Header::from_bytes(name, value) {
            Ok(header) => headers.push(header),
            // Response::with_header lets only printable ASCII through; kept so that a header can
            // be lost but never break the answer.
            Err(()) => tracing::error!(header = name, "answer header left out: not ASCII"),
        }
    }
    let status = tiny_http::StatusCode(response.status());
    let length = Some(usize::try_from(response.body_bytes()).unwrap_or(usize::MAX));
    let version = tiny_http::HTTPVersion(1, 1);
    let mut head = Vec::with_capacity(512);
    // A threshold out of reach, or a body above 32 KiB would be announced as chunked.
    tiny_http::Response::new(status, headers, io::empty(), length, None).with_chunked_threshold(usize::MAX).raw_print(
        &mut head,
        version,
        &[],
        true,
        None,
    )?;
    let empty_line = if response.status() == 204 && head.ends_with(EMPTY_LENGTH) { EMPTY_LENGTH.len() } else { 2 };
    head.truncate(head.len().saturating_sub(empty_line));
    head.extend_from_slice(match after {
        AfterAnswer::KeepAlive => b"\r\n",
        AfterAnswer::KeepAliveSaid => b"Connection: keep-alive\r\n\r\n",
        AfterAnswer::Close => b"Connection: close\r\n\r\n",
    });
    Ok(head)
}
