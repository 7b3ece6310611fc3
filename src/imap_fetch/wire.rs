//! The TCP connection under TLS: every read and write has a deadline, and a stop wakes it. What the
//! bytes mean is [`super::channel`]'s.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use super::Error;
use crate::stop::{Stop, poll_until};

/// How long connecting to one address of a server may take at most: the next one may answer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(15);

/// How long an exchange under way may still take once a stop is asked for.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// Until when the other side may take its time, shared by the layers of one connection.
#[derive(Debug)]
pub(super) struct Clock {
    deadline: Cell<Instant>,
    /// Whether a stop ends the wait at once (IDLE) or after [`STOP_PATIENCE`].
    is_idle: Cell<bool>,
    /// What a plain exchange may take.
    patience: Duration,
    stop: Stop,
    stop_seen: Cell<Option<Instant>>,
}

impl Clock {
    /// A clock that allows `patience` for every exchange.
    pub(super) fn new(stop: &Stop, patience: Duration) -> Self {
        let deadline = Cell::new(Instant::now() + patience);
        Self { deadline, is_idle: Cell::new(false), patience, stop: stop.clone(), stop_seen: Cell::new(None) }
    }

    /// From now on everything until the next call must be done within the clock's patience and `more`.
    pub(super) fn allow(&self, more: Duration) {
        self.is_idle.set(false);
        self.deadline.set(Instant::now() + self.patience + more);
    }

    /// From now on everything until the next call must be done within `time` at most.
    pub(super) fn allow_only(&self, time: Duration) {
        self.is_idle.set(false);
        self.deadline.set(Instant::now() + self.patience.min(time));
    }

    /// Waits for news for `time`; a stop ends it at once.
    pub(super) fn allow_idle(&self, time: Duration) {
        self.is_idle.set(true);
        self.deadline.set(Instant::now() + time);
    }

    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.end()
    }

    pub(super) const fn stop(&self) -> &Stop {
        &self.stop
    }

    fn end(&self) -> Instant {
        if !self.stop.is_asked() {
            return self.deadline.get();
        }
        let seen = self.stop_seen.get().unwrap_or_else(Instant::now);
        self.stop_seen.set(Some(seen));
        if self.is_idle.get() { seen } else { self.deadline.get().min(seen + STOP_PATIENCE) }
    }
}

/// A TCP connection that never waits longer than its clock allows.
#[derive(Debug)]
pub(super) struct Wire {
    tcp: TcpStream,
    clock: Rc<Clock>,
}

impl Wire {
    /// Connects to the first address of `host` that answers.
    pub(super) fn connect(host: &str, port: u16, clock: Rc<Clock>) -> Result<Self, Error> {
        let refused = |why: String| {
            Error::Connection(format!("connecting to {host}:{port}: {why}; check --imap-host and --imap-port"))
        };
        let found = (host, port).to_socket_addrs().map_err(|e| refused(e.to_string()))?;
        let mut last = "the name has no address".to_owned();
        for address in found {
            match TcpStream::connect_timeout(&address, clock.patience.min(CONNECT_PATIENCE)) {
                Ok(tcp) => {
                    tcp.set_nonblocking(true).map_err(|e| refused(e.to_string()))?;
                    // A short command must not wait for the acknowledgement of the one before.
                    tcp.set_nodelay(true).map_err(|e| refused(e.to_string()))?;
                    return Ok(Self { tcp, clock });
                }
                Err(error) => last = error.to_string(),
            }
        }
        Err(refused(last))
    }

    /// Waits until the socket is ready. The error is `WouldBlock` because TLS survives that one: an
    /// ended IDLE goes on with the same connection.
    fn wait(&self, wanted: PollFlags) -> io::Result<()> {
        if self.clock.is_over() {
            return Err(io::Error::new(io::ErrorKind::WouldBlock, "no answer in time"));
        }
        let end = self.clock.end();
        let mut fds = [PollFd::new(&self.tcp, wanted), PollFd::new(self.clock.stop.signal(), PollFlags::IN)];
        // Once a stop is seen its signal would end every wait at once.
        let watched = if self.clock.stop.is_asked() { 1 } else { 2 };
        poll_until(&mut fds[..watched], Some(end)).map(drop)
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tcp.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(PollFlags::IN)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Bytes that drip in are no answer in time either.
                Ok(read) if read > 0 && self.clock.is_over() && !self.clock.is_idle.get() => {
                    return Err(io::Error::new(io::ErrorKind::WouldBlock, "no answer in time"));
                }
                done => return done,
            }
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.tcp.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(PollFlags::OUT)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}
