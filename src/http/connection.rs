//! One connection from its first request to its end: read a request, call the handler, write the
//! answer, again. Every way a client can misbehave ends in an answer or a deadline here.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::control::SpoolShare;
use super::framing::{BODY_TOO_LARGE, ChunkDecoder, Framing, Piece, framing};
use super::head::{self, Head, Scan, Scanner, Version};
use super::request::Client;
use super::server::refusal;
use super::threads::{Accepted, Ended, Place, Waits};
use super::wire::{Filled, Idle, Wire};
use super::{AfterAnswer, Control, Handler, HttpLimits, Method, Rejection, Request, Response, Spool, print_head};

/// Answers up to this size are copied behind their head, so that they leave in one packet.
const SINGLE_WRITE_BYTES_MAX: usize = 16 * 1024;
/// How long a request in a kept place may take to come in: such a place is for short ones.
const KEPT_DEADLINE: Duration = Duration::from_secs(1);
/// RFC 9110 §15.2.1: the client may now send its body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

const HEAD_TIMEOUT: Rejection = Rejection::new(408, "The request head took too long.");
const BODY_TIMEOUT: Rejection = Rejection::new(408, "The request body took too long.");
const CUT_SHORT: Rejection = Rejection::new(400, "The request ended early.");
const EXPECTATION: Rejection = Rejection::new(417, "Expectation not supported.");
const ENCODED: Rejection = Rejection::new(415, "Content-Encoding is not supported; send the body as it is.");
const NO_ROOM: Rejection = Rejection::new(503, "Too many uploads at once.");
const INTERNAL: Rejection = Rejection::new(500, "Internal error.");

/// Why no request came of it.
enum Failure {
    /// The client is gone or idle; there is no one to answer.
    Gone,
    Rejected(Rejection),
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<std::io::Error> for Failure {
    /// A socket error means that the client is gone.
    fn from(_: std::io::Error) -> Self {
        Self::Gone
    }
}

/// One client's connection.
pub(super) struct Connection<'a> {
    wire: Wire,
    peer: SocketAddr,
    place: Place,
    control: &'a Control,
    limits: &'a HttpLimits,
    handler: &'a Handler,
    /// Whether the request being read is HEAD, whose refusal has no body either.
    is_head: bool,
    /// The page that the request being read or answered comes from, when a browser says so.
    origin: Option<String>,
    /// Its `Accept` and `Accept-Language`, once its head is read.
    accepts: (String, String),
    /// Whether only the beginning of its body was read.
    is_cut: bool,
}

impl<'a> Connection<'a> {
    /// The stream must be non-blocking.
    pub(super) fn new(
        accepted: Accepted,
        place: Place,
        control: &'a Control,
        limits: &'a HttpLimits,
        handler: &'a Handler,
    ) -> Self {
        let Accepted { stream, peer } = accepted;
        Self {
            wire: Wire::new(stream),
            peer,
            place,
            control,
            limits,
            handler,
            is_head: false,
            origin: None,
            accepts: Default::default(),
            is_cut: false,
        }
    }

    /// Serves requests until the client leaves, misbehaves, idles too long, is idle when its place is
    /// needed, or the server stops.
    pub(super) fn run(mut self, waits: &Waits<'_>) -> Ended {
        let mut is_fresh = true;
        loop {
            match self.wait_for_request(waits, is_fresh) {
                Ok(()) => {}
                Err(ended) => return ended,
            }
            (self.is_head, self.origin, self.accepts) = (false, None, Default::default());
            let after = match self.read_request() {
                Ok((request, after)) => self.respond(request, after),
                Err(Failure::Gone) => return Ended::ByItself,
                Err(Failure::Rejected(rejection)) => {
                    self.refuse(rejection);
                    return Ended::ByItself;
                }
            };
            match after {
                Some(AfterAnswer::KeepAlive | AfterAnswer::KeepAliveSaid) => {}
                Some(AfterAnswer::Close) => {
                    // Pipelined bytes would turn the close into a reset that overtakes the answer, as would the rest of a body.
                    if self.is_cut || !self.wire.unread().is_empty() {
                        self.wire.linger();
                    }
                    return Ended::ByItself;
                }
                None => return Ended::ByItself,
            }
            is_fresh = false;
        }
    }

    /// Waits for the next request, or says how the connection ended instead.
    fn wait_for_request(&self, waits: &Waits<'_>, is_fresh: bool) -> Result<(), Ended> {
        if !self.wire.unread().is_empty() {
            return Ok(());
        }
        let patience = if is_fresh { self.head_deadline() } else { self.limits.keep_alive_idle };
        let wait = waits.begin(self.wire.stream(), is_fresh);
        let waited = self.wire.wait_for_request(self.control, Instant::now() + patience);
        if !waits.end(wait) {
            return Err(Ended::PlaceTaken);
        }
        match waited {
            Ok(Idle::Readable) => Ok(()),
            Ok(Idle::TimedOut | Idle::Stopping) | Err(_) => Err(Ended::ByItself),
        }
    }

    fn head_deadline(&self) -> Duration {
        match self.place {
            Place::Ordinary => self.limits.head_deadline,
            Place::Kept => self.limits.head_deadline.min(KEPT_DEADLINE),
        }
    }

    fn body_deadline(&self) -> Duration {
        match self.place {
            Place::Ordinary => self.limits.body_deadline,
            Place::Kept => self.limits.body_deadline.min(KEPT_DEADLINE),
        }
    }

    /// Calls the handler and writes its answer; `None` when the client did not take it.
    fn respond(&mut self, request: Request, after: AfterAnswer) -> Option<AfterAnswer> {
        let line = tracing::enabled!(tracing::Level::DEBUG).then(|| (request.method.clone(), loggable(&request.path)));
        let handler = self.handler;
        let response = catch_unwind(AssertUnwindSafe(|| handler.answer(request)))
            .unwrap_or_else(|_| refusal(INTERNAL, handler, self.origin.as_deref()));
        if let Some((method, path)) = line {
            let (peer, status) = (self.peer, response.status());
            tracing::debug!(%peer, method = method.as_str(), path, status, "answered");
        }
        let is_last = self.control.is_stopping() || self.place == Place::Kept;
        let after = if is_last { AfterAnswer::Close } else { after };
        match self.write(&response, after) {
            Ok(()) => Some(after),
            Err(error) => {
                tracing::debug!(peer = %self.peer, %error, "writing the answer");
                None
            }
        }
    }

    fn refuse(mut self, rejection: Rejection) {
        tracing::debug!(peer = %self.peer, status = rejection.status, message = rejection.message, "refused");
        let response = refusal(rejection, self.handler, self.origin.as_deref());
        let (accept, language) = &self.accepts;
        let completed = catch_unwind(AssertUnwindSafe(|| self.handler.refusal_as(response, accept, language)));
        let response = completed.unwrap_or_else(|_| rejection.response());
        match self.write(&response, AfterAnswer::Close) {
            Ok(()) => self.wire.linger(),
            Err(error) => tracing::debug!(peer = %self.peer, %error, "writing the refusal"),
        }
    }

    fn write(&mut self, response: &Response, after: AfterAnswer) -> std::io::Result<()> {
        let mut bytes = print_head(response, after)?;
        let has_body = !self.is_head && !matches!(response.status(), 204 | 304);
        if let Some(pieces) = response.pieces().filter(|_| has_body) {
            self.wire.write_all(&bytes, self.limits.write_deadline)?;
            let read = |from| catch_unwind(AssertUnwindSafe(|| pieces.read(from))).unwrap_or(None);
            return self.wire.write_pieces(pieces.bytes(), self.limits.write_deadline, read);
        }
        let body = if has_body { response.body() } else { &[] };
        if body.len() <= SINGLE_WRITE_BYTES_MAX {
            bytes.extend_from_slice(body);
            return self.wire.write_all(&bytes, self.limits.write_deadline);
        }
        self.wire.write_all(&bytes, self.limits.write_deadline)?;
        self.wire.write_all(body, self.limits.write_deadline)
    }

    fn read_request(&mut self) -> Result<(Request, AfterAnswer), Failure> {
        let head = match self.read_head() {
            Ok(head) => head,
            Err(failure) => {
                self.origin = head::origin(self.wire.unread()).map(str::to_owned);
                return Err(failure);
            }
        };
        self.is_head = head.method == Method::Head;
        self.origin = head.headers.get("Origin").map(str::to_owned);
        let header = |name| head.headers.get(name).unwrap_or_default().to_owned();
        self.accepts = (header("Accept"), header("Accept-Language"));
        let handler = self.handler;
        let most = catch_unwind(AssertUnwindSafe(|| handler.body_bytes_max(&head.path, self.limits.body_bytes_max)));
        let most = most.map_err(|_| INTERNAL)?;
        let framing = match framing(&head.headers, head.version, most) {
            Err(rejection) if rejection.status == BODY_TOO_LARGE.status && self.wants_beginning(&head.path) => {
                self.is_cut = true;
                Framing::Length(most)
            }
            read => read?,
        };
        if head.headers.get("Content-Encoding").is_some() {
            return Err(ENCODED.into());
        }
        let (mut after, waits) = (after_answer(&head), self.waits_for_leave(&head, framing)?);
        let needs_body = || handler.needs_body(&head.method, &head.path, &head.headers);
        let is_refused = waits && !catch_unwind(AssertUnwindSafe(needs_body)).map_err(|_| INTERNAL)?;
        if waits && !is_refused {
            self.wire.write_all(CONTINUE, self.limits.write_deadline)?;
        }
        if is_refused || self.is_cut {
            // The client may send it, or the rest of it, all the same: nothing behind it is read.
            after = AfterAnswer::Close;
        }
        let body = self.read_body(if is_refused { Framing::Length(0) } else { framing }, most)?;
        let Head { method, path, query, headers, version: _ } = head;
        let client = Client::new(Arc::clone(self.wire.stream()));
        Ok((Request { method, path, query, headers, peer: self.peer, client, body, is_cut: self.is_cut }, after))
    }

    fn wants_beginning(&self, path: &str) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.handler.wants_beginning(path))).unwrap_or(false)
    }

    fn read_head(&mut self) -> Result<Head, Failure> {
        let deadline = Instant::now() + self.head_deadline();
        let mut scanner = Scanner::default();
        loop {
            match scanner.scan(self.wire.unread(), self.limits) {
                Scan::Bad(fault) => return Err(fault.into()),
                Scan::Complete(length) => {
                    let bytes = self.wire.unread().get(..length).unwrap_or_default();
                    let head = head::parse(bytes, &scanner)?;
                    self.wire.consume(length);
                    return Ok(head);
                }
                Scan::Partial => {}
            }
            match self.wire.fill(deadline)? {
                Filled::More => {}
                Filled::Eof if self.wire.unread().is_empty() => return Err(Failure::Gone),
                Filled::Eof => return Err(CUT_SHORT.into()),
                Filled::TimedOut => return Err(HEAD_TIMEOUT.into()),
            }
        }
    }

    /// Whether the client waits for leave to send its body (RFC 9110 §10.1.1). HTTP/1.0 clients cannot read a 100, and one
    /// that already sends its body needs none.
    fn waits_for_leave(&self, head: &Head, framing: Framing) -> Result<bool, Failure> {
        let mut expectations = head.headers.all("Expect");
        let Some(expected) = expectations.next() else { return Ok(false) };
        if head.version == Version::Http10 {
            return Ok(false);
        }
        if expectations.next().is_some() || !expected.eq_ignore_ascii_case("100-continue") {
            return Err(EXPECTATION.into());
        }
        Ok(framing != Framing::Length(0) && self.wire.unread().is_empty())
    }

    fn read_body(&mut self, framing: Framing, bytes_max: u64) -> Result<Spool, Failure> {
        let deadline = Instant::now() + self.body_deadline();
        let mut body = IncomingBody {
            spool: Spool::new(self.limits.body_memory_bytes_max),
            share: SpoolShare::new(self.control),
            limits: self.limits,
            bytes_max,
        };
        match framing {
            Framing::Length(0) => {}
            Framing::Length(length) => self.read_sized(length, &mut body, deadline)?,
            Framing::Chunked => self.read_chunks(&mut body, deadline)?,
        }
        let IncomingBody { spool, share, .. } = body;
        spool.finish(Some(share)).map_err(|error| disk_fault(&error).into())
    }

    fn read_sized(&mut self, length: u64, body: &mut IncomingBody<'_>, deadline: Instant) -> Result<(), Failure> {
        let mut left = length;
        if left > self.limits.body_memory_bytes_max as u64 {
            self.wire.expect_bulk();
        }
        loop {
            let unread = self.wire.unread();
            let taken = usize::try_from(left).unwrap_or(usize::MAX).min(unread.len());
            body.append(unread.get(..taken).unwrap_or_default())?;
            self.wire.consume(taken);
            left = left.saturating_sub(taken as u64);
            if left == 0 {
                return Ok(());
            }
            self.fill_body(deadline)?;
        }
    }

    fn read_chunks(&mut self, body: &mut IncomingBody<'_>, deadline: Instant) -> Result<(), Failure> {
        let mut decoder = ChunkDecoder::new(body.bytes_max);
        loop {
            while !self.wire.unread().is_empty() && !decoder.is_done() {
                match decoder.next(self.wire.unread())? {
                    Piece::Framing(taken) => self.wire.consume(taken),
                    Piece::Data(taken) => {
                        body.append(self.wire.unread().get(..taken).unwrap_or_default())?;
                        self.wire.consume(taken);
                    }
                }
            }
            if decoder.is_done() {
                return Ok(());
            }
            self.fill_body(deadline)?;
        }
    }

    fn fill_body(&mut self, deadline: Instant) -> Result<(), Failure> {
        match self.wire.fill(deadline)? {
            Filled::More => Ok(()),
            Filled::Eof => Err(CUT_SHORT.into()),
            Filled::TimedOut => Err(BODY_TIMEOUT.into()),
        }
    }
}

/// A body while it comes in.
struct IncomingBody<'a> {
    spool: Spool,
    share: SpoolShare,
    limits: &'a HttpLimits,
    bytes_max: u64,
}

impl IncomingBody<'_> {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Rejection> {
        let size = self.spool.len().saturating_add(bytes.len() as u64);
        if size > self.bytes_max {
            return Err(BODY_TOO_LARGE);
        }
        let on_disk = size > self.limits.body_memory_bytes_max as u64;
        if on_disk && !self.share.raise_to(size, self.limits.spooled_bytes_max) {
            return Err(NO_ROOM);
        }
        self.spool.append(bytes).map_err(|error| disk_fault(&error))
    }
}

/// A temporary file that cannot be written is the server's trouble, not the request's.
fn disk_fault(error: &std::io::Error) -> Rejection {
    tracing::error!(%error, dir = %std::env::temp_dir().display(), "spooling a request body");
    NO_ROOM
}

/// RFC 9112 §9.3: HTTP/1.1 stays open unless asked otherwise, HTTP/1.0 closes unless asked otherwise.
fn after_answer(head: &Head) -> AfterAnswer {
    let asked = |token| head.headers.lists("Connection", token);
    match head.version {
        _ if asked("close") => AfterAnswer::Close,
        Version::Http11 => AfterAnswer::KeepAlive,
        Version::Http10 if asked("keep-alive") => AfterAnswer::KeepAliveSaid,
        Version::Http10 => AfterAnswer::Close,
    }
}

/// Pieces of a path as long as this one may be secrets: the code of a link that was mailed.
const SECRET_BYTES_MIN: usize = 32;

/// A path as the log may have it. The query never gets there: some clients send tokens in it.
fn loggable(path: &str) -> String {
    let masked = |piece| if str::len(piece) < SECRET_BYTES_MIN { piece } else { "…" };
    path.split('/').map(masked).collect::<Vec<_>>().join("/")
}
