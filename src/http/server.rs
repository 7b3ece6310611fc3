//! The accept loop: it never dies, never waits for a client, and ends when asked to.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use super::connection::Connection;
use super::pool::Pool;
use super::wire::poll_until;
use super::{AfterAnswer, Control, Rejection, Request, Response, print_head};

/// The function that answers. It runs on many threads at once; a panic in it becomes a 500.
pub type Handler = Arc<dyn Fn(Request) -> Response + Send + Sync>;

/// How a server ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// Connections still busy when `drain` was over; they end with the process.
    pub connections_cut: usize,
}

/// The pause after an accept that failed, most often for want of file descriptors: without it the
/// loop would spin, since the connection that could not be accepted stays at the door.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Connections accepted before the refused ones are looked after again.
const ACCEPTS_PER_TURN: usize = 64;
/// Refused clients that are given time to read why.
const REFUSED_MAX: usize = 64;
/// How long, and how much of their request is read and dropped meanwhile: a head.
const REFUSED_LINGER: Duration = Duration::from_secs(1);
const REFUSED_BYTES_MAX: usize = 64 * 1024;

const TOO_BUSY: Rejection = Rejection::new(503, "Too many connections.");

/// Serves HTTP on `listener` until [`Control::stop`], then drains and returns.
///
/// Limits come from `control`. The listener is closed before the drain begins, so new clients are
/// refused by the system; connections already at the door are still served.
///
/// # Errors
/// Only when the listener cannot be used at all. Failing accepts are logged and retried.
pub fn serve(listener: TcpListener, handler: Handler, control: &Control) -> io::Result<Served> {
    listener.set_nonblocking(true)?;
    let threads = control.clone();
    let pool = Pool::new(
        control.clone(),
        Box::new(move |(stream, peer)| {
            let limits = threads.limits();
            Connection::new(stream, peer, (&threads, &limits), &handler).run();
        }),
    );
    let mut door = Door { listener, pool, control, refused: Vec::new(), failures: 0 };
    while !control.is_stopping() {
        door.wait()?;
        door.accept_all();
        door.tend_refused();
    }
    door.accept_all();
    let Door { listener, pool, .. } = door;
    drop(listener);
    Ok(Served { connections_cut: pool.drain(Instant::now() + control.limits().drain) })
}

/// The listening socket and those turned away at it.
struct Door<'a> {
    listener: TcpListener,
    pool: Pool,
    control: &'a Control,
    refused: Vec<Refused>,
    /// Accepts that failed in a row: one line is logged for all of them.
    failures: u64,
}

/// A client that was told 503 and is yet to hang up.
struct Refused {
    stream: TcpStream,
    until: Instant,
    bytes_left: usize,
}

impl Door<'_> {
    /// Sleeps until somebody knocks, a refused client moves or must go, or a stop is asked for.
    fn wait(&self) -> io::Result<()> {
        let mut fds = Vec::with_capacity(self.refused.len() + 2);
        fds.push(PollFd::new(self.control.stop_signal(), PollFlags::IN));
        fds.push(PollFd::new(&self.listener, PollFlags::IN));
        fds.extend(self.refused.iter().map(|refused| PollFd::new(&refused.stream, PollFlags::IN)));
        poll_until(&mut fds, self.refused.iter().map(|refused| refused.until).min())?;
        Ok(())
    }

    fn accept_all(&mut self) {
        for _ in 0..ACCEPTS_PER_TURN {
            match self.listener.accept() {
                Ok((stream, peer)) => self.admit(stream, peer),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return,
                    // The client was gone before we came to it; there may be others.
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
        if let Err((stream, peer)) = self.pool.dispatch((stream, peer), self.control.limits().connections_max) {
            self.refuse(stream, peer);
        }
    }

    /// Says 503. The socket is fresh, so its send buffer takes the answer without waiting.
    fn refuse(&mut self, mut stream: TcpStream, peer: SocketAddr) {
        tracing::debug!(%peer, "refused: too many connections");
        let response = TOO_BUSY.response();
        let Ok(mut bytes) = print_head(&response, AfterAnswer::Close) else { return };
        bytes.extend_from_slice(response.body());
        if stream.write_all(&bytes).and_then(|()| stream.shutdown(Shutdown::Write)).is_err() {
            return;
        }
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
            match refused.stream.read(&mut dropped) {
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
