//! The accept loop: it never dies, never waits for a client, and ends when asked to.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use super::connection::Connection;
use super::head;
use super::threads::{Accepted, Place, Threads};
use super::{AfterAnswer, Control, Headers, Method, Rejection, Request, Response, print_head};
use crate::stop::poll_until;

/// Who answers. It runs on many threads at once; a panic in it becomes a 500.
pub(crate) trait Answer: Send + Sync {
    /// Answers one request.
    fn answer(&self, request: Request) -> Response;

    /// Completes a refusal of the shell's own for a browser page of that `Origin`.
    fn refusal_for(&self, response: Response, origin: &str) -> Response {
        // Without rules for other origins, none may read it.
        let _ = origin;
        response
    }

    /// Turns a refusal of the shell's own into what the client reads, by the `Accept` and `Accept-Language` of its
    /// request. Never waits.
    fn refusal_as(&self, response: Response, accept: &str, language: &str) -> Response {
        let _ = (accept, language);
        response
    }

    /// Whether this path is answered even when every ordinary place is taken.
    fn has_kept_place(&self, path: &str) -> bool {
        let _ = path;
        false
    }

    /// Whether a request for this path with a body that is too large is handed over with the body's beginning, for an answer
    /// that gives back what can be.
    fn wants_beginning(&self, path: &str) -> bool {
        let _ = path;
        false
    }

    /// Whether the body makes a difference to the answer. Asked for a client that waits for leave to send it (RFC 9110
    /// §10.1.1); never waits itself.
    fn needs_body(&self, method: &Method, path: &str, headers: &Headers) -> bool {
        let _ = (method, path, headers);
        true
    }

    /// The largest body that is taken at this path, where `usual` holds for most.
    fn body_bytes_max(&self, path: &str, usual: u64) -> u64 {
        let _ = path;
        usual
    }
}

impl<F: Fn(Request) -> Response + Send + Sync> Answer for F {
    fn answer(&self, request: Request) -> Response {
        self(request)
    }
}

/// The handler that answers, shared by all connections.
pub(crate) type Handler = Arc<dyn Answer>;

/// How a server ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    /// Connections still busy when `drain` was over; they end with the process.
    pub connections_cut: usize,
}

/// The pause after an accept that failed, most often for want of file descriptors: without it the
/// loop would spin, since the connection that could not be accepted stays at the entrance.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Connections accepted before the refused ones are looked after again.
const ACCEPTS_PER_TURN: usize = 64;
/// Clients without a place whose first bytes are waited for, to see whether they ask for a path that has
/// one. More, and the oldest is refused unheard.
const UNHEARD_MAX: usize = 64;
/// How long. A health check sends its request with the connection.
const UNHEARD_WAIT: Duration = Duration::from_secs(1);
/// How much of a head is looked at for that: the first line and usually the Origin.
const UNHEARD_BYTES: usize = 8 * 1024;
/// Refused clients that are given time to read why.
const REFUSED_MAX: usize = 64;
/// How long, and how much of their request is read and dropped during that time: a head.
const REFUSED_LINGER: Duration = Duration::from_secs(1);
const REFUSED_BYTES_MAX: usize = 64 * 1024;

const TOO_BUSY: Rejection = Rejection::new(503, "Too many connections.");

/// A refusal of the shell's own, with what its reader's origin needs.
pub(super) fn refusal(rejection: Rejection, handler: &Handler, origin: Option<&str>) -> Response {
    let response = rejection.response();
    let Some(origin) = origin else { return response };
    let completed = catch_unwind(AssertUnwindSafe(|| handler.refusal_for(response, origin)));
    completed.unwrap_or_else(|_| rejection.response())
}

/// Serves HTTP on `listener` until [`Control::stop`], then drains and returns.
///
/// HttpLimits come from `control`. The listener is closed before the drain begins, so new clients are
/// refused by the system; connections already at the entrance are still served.
///
/// # Errors
/// Only when the listener cannot be used at all. Failing accepts are logged and retried.
pub(crate) fn serve(listener: TcpListener, handler: Handler, control: &Control) -> io::Result<Served> {
    listener.set_nonblocking(true)?;
    let (threads, answers) = (control.clone(), Arc::clone(&handler));
    let pool = Threads::new(
        control.clone(),
        Box::new(move |accepted, place, waits| {
            let limits = threads.limits();
            Connection::new(accepted, place, &threads, &limits, &answers).run(waits)
        }),
    );
    let mut entrance =
        Entrance { listener, pool, control, handler, unheard: Vec::new(), refused: Vec::new(), failures: 0 };
    while !control.is_stopping() {
        entrance.wait()?;
        entrance.accept_all();
        entrance.hear();
        entrance.tend_refused();
    }
    entrance.accept_all();
    let Entrance { listener, pool, .. } = entrance;
    drop(listener);
    Ok(Served { connections_cut: pool.drain(Instant::now() + control.limits().drain) })
}

/// The listening socket and those turned away at it.
struct Entrance<'a> {
    listener: TcpListener,
    pool: Threads,
    control: &'a Control,
    handler: Handler,
    unheard: Vec<Unheard>,
    refused: Vec<Refused>,
    /// Accepts that failed in a row: one line is logged for all of them.
    failures: u64,
}

/// A client without a place that is yet to say what it asks for.
struct Unheard {
    accepted: Accepted,
    until: Instant,
}

/// A client that was answered 503 and has not closed the connection yet.
struct Refused {
    stream: Arc<TcpStream>,
    until: Instant,
    bytes_left: usize,
}

impl Entrance<'_> {
    /// Sleeps until a client connects, a refused client sends something or its time is over, or a stop is asked for.
    fn wait(&self) -> io::Result<()> {
        let mut fds = Vec::with_capacity(self.refused.len() + self.unheard.len() + 2);
        fds.push(PollFd::new(self.control.stop_signal(), PollFlags::IN));
        fds.push(PollFd::new(&self.listener, PollFlags::IN));
        fds.extend(self.unheard.iter().map(|unheard| PollFd::new(&*unheard.accepted.stream, PollFlags::IN)));
        fds.extend(self.refused.iter().map(|refused| PollFd::new(&*refused.stream, PollFlags::IN)));
        let ends = self.unheard.iter().map(|unheard| unheard.until);
        poll_until(&mut fds, ends.chain(self.refused.iter().map(|refused| refused.until)).min())?;
        Ok(())
    }

    fn accept_all(&mut self) {
        for _ in 0..ACCEPTS_PER_TURN {
            match self.listener.accept() {
                Ok((stream, peer)) => self.admit(stream, peer),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return,
                    // The client was gone before it was accepted; there may be others.
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset => {}
                    _ => return self.pause(&error),
                },
            }
        }
    }

    fn admit(&mut self, stream: TcpStream, peer: SocketAddr) {
        if self.failures > 0 {
            tracing::warn!(failures = self.failures, "accepting connections again");
            self.failures = 0;
        }
        // Answers leave in one or two writes; waiting for more to fill a packet only adds delay.
        if let Err(error) = stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true)) {
            return tracing::debug!(%peer, %error, "preparing a connection");
        }
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let accepted = Accepted { stream: Arc::new(stream), peer };
        let Err(accepted) = self.dispatch(accepted, Place::Ordinary) else { return };
        if self.unheard.len() >= UNHEARD_MAX {
            let Unheard { accepted, .. } = self.unheard.remove(0);
            self.refuse(&accepted, &[]);
        }
        self.unheard.push(Unheard { accepted, until: Instant::now() + UNHEARD_WAIT });
    }

    fn dispatch(&self, accepted: Accepted, place: Place) -> Result<(), Accepted> {
        self.pool.dispatch(accepted, place, self.control.limits().connections_max)
    }

    /// Looks at what clients without a place ask for, without taking it from the socket, and gives them
    /// a kept place, an ordinary one that came free in the meantime, or the refusal.
    fn hear(&mut self) {
        let now = Instant::now();
        for unheard in std::mem::take(&mut self.unheard) {
            let mut bytes = [0; UNHEARD_BYTES];
            let heard = match unheard.accepted.stream.peek(&mut bytes) {
                Ok(0) => continue,
                Ok(length) => bytes.get(..length).unwrap_or_default(),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => continue,
                Err(_) if now < unheard.until => {
                    self.unheard.push(unheard);
                    continue;
                }
                Err(_) => &[],
            };
            let is_kept = head::asked_path(heard).is_some_and(|path| self.handler.has_kept_place(path));
            let place = if is_kept { Place::Kept } else { Place::Ordinary };
            if let Err(accepted) = self.dispatch(unheard.accepted, place) {
                self.refuse(&accepted, heard);
            }
        }
    }

    /// Says 503. Nothing was sent on the socket, so its send buffer takes the answer without waiting.
    fn refuse(&mut self, accepted: &Accepted, heard: &[u8]) {
        let Accepted { stream, peer } = accepted;
        tracing::debug!(%peer, "refused: too many connections");
        let response = refusal(TOO_BUSY, &self.handler, head::origin(heard));
        let Ok(mut bytes) = print_head(&response, AfterAnswer::Close) else { return };
        bytes.extend_from_slice(response.body());
        if (&**stream).write_all(&bytes).and_then(|()| stream.shutdown(Shutdown::Write)).is_err() {
            return;
        }
        let stream = Arc::clone(stream);
        if self.refused.len() >= REFUSED_MAX {
            self.refused.remove(0);
        }
        self.refused.push(Refused { stream, until: Instant::now() + REFUSED_LINGER, bytes_left: REFUSED_BYTES_MAX });
    }

    /// Reads what refused clients still send, so that closing does not reset the connection before
    /// they read their answer; lets go of those that hung up, talk too much or take too long.
    fn tend_refused(&mut self) {
        let now = Instant::now();
        self.refused.retain_mut(|refused| {
            let mut dropped = [0; 4096];
            match (&*refused.stream).read(&mut dropped) {
                Ok(0) => false,
                Ok(read) => {
                    refused.bytes_left = refused.bytes_left.saturating_sub(read);
                    refused.bytes_left > 0 && now < refused.until
                }
                Err(error) => error.kind() == io::ErrorKind::WouldBlock && now < refused.until,
            }
        });
    }

    /// Waits out a failing accept, or a stop.
    fn pause(&mut self, error: &io::Error) {
        if self.failures == 0 {
            tracing::warn!(%error, "accepting a connection; retrying every 50 ms");
        }
        self.failures = self.failures.saturating_add(1);
        let mut stop = [PollFd::new(self.control.stop_signal(), PollFlags::IN)];
        if let Err(error) = poll_until(&mut stop, Some(Instant::now() + ACCEPT_PAUSE)) {
            tracing::warn!(%error, "waiting to accept again");
        }
    }
}
