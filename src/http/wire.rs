//! One connection's bytes: buffered reads, writes and the orderly close, each with a deadline.
//!
//! The socket is non-blocking, so a deadline spans any number of reads: a client that sends one
//! byte a second gains no time by it. What the bytes mean is decided elsewhere.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use super::Control;
use crate::stop::poll_until;
use crate::unread::Unread;

/// The buffer a connection starts with; a head of ordinary size fits.
const BUFFER_BYTES: usize = 8 * 1024;
/// The buffer for large bodies: an eighth of the system calls per megabyte.
const BULK_BUFFER_BYTES: usize = 64 * 1024;
/// The slowest client that gets a large answer in full.
const WRITE_BYTES_PER_S_MIN: u64 = 16 * 1024;
/// How long a refused client may go on sending before it is cut off. Closing while it sends makes
/// its system throw our answer away unread.
const LINGER: Duration = Duration::from_secs(2);
/// How much of it is read and dropped: twice the default body limit, a fraction of a second's work.
const LINGER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The result of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// More bytes are in [`Wire::unread`].
    More,
    /// The client closed its side.
    Eof,
    /// The deadline passed.
    TimedOut,
}

/// What ended the wait for a request to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Idle {
    /// Bytes arrived, or the client closed.
    Readable,
    TimedOut,
    /// The server is stopping and nothing arrived.
    Stopping,
}

/// A socket with what was read from it and not yet used.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Arc<TcpStream>,
    unread: Unread,
}

impl Wire {
    /// `stream` must be non-blocking.
    pub(super) fn new(stream: Arc<TcpStream>) -> Self {
        Self { stream, unread: Unread::new(BUFFER_BYTES) }
    }

    /// The socket, for those who watch it or close it.
    pub(super) const fn stream(&self) -> &Arc<TcpStream> {
        &self.stream
    }

    pub(super) fn unread(&self) -> &[u8] {
        self.unread.get()
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.unread.consume(bytes);
    }

    /// Makes the buffer large, for a body that is.
    pub(super) fn expect_bulk(&mut self) {
        self.unread.grow_to(BULK_BUFFER_BYTES);
    }

    /// Waits for the first byte of a request; the buffer holds none.
    pub(super) fn wait_for_request(&self, control: &Control, deadline: Instant) -> io::Result<Idle> {
        let mut fds = [PollFd::new(&*self.stream, PollFlags::IN), PollFd::new(control.stop_signal(), PollFlags::IN)];
        if !poll_until(&mut fds, Some(deadline))? {
            return Ok(Idle::TimedOut);
        }
        // A request that is here goes before a stop that came at the same time.
        let [socket, _] = fds;
        Ok(if socket.revents().is_empty() { Idle::Stopping } else { Idle::Readable })
    }

    /// Reads once more into the buffer, which grows when it is full.
    pub(super) fn fill(&mut self, deadline: Instant) -> io::Result<Filled> {
        if self.unread.is_full() {
            self.unread.move_to_front();
        }
        if self.unread.is_full() {
            self.unread.double();
        }
        loop {
            if Instant::now() >= deadline {
                return Ok(Filled::TimedOut);
            }
            match (&*self.stream).read(self.unread.room()) {
                Ok(0) => return Ok(Filled::Eof),
                Ok(read) => {
                    self.unread.filled(read);
                    return Ok(Filled::More);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !wait(&*self.stream, PollFlags::IN, deadline)? {
                        return Ok(Filled::TimedOut);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes all of `bytes`, as long as the client takes some within each `stall` and keeps up
    /// with the slowest rate allowed.
    ///
    /// # Errors
    /// `TimedOut` when it does not, else what the socket said.
    pub(super) fn write_all(&mut self, bytes: &[u8], stall: Duration) -> io::Result<()> {
        self.write_part(bytes, &mut Pace::new(bytes.len() as u64, stall))
    }

    /// Writes a body that is read while it is sent, as patiently as if it were in memory. Time spent reading it is not the
    /// client's.
    ///
    /// # Errors
    /// As [`Wire::write_all`]; `UnexpectedEof` when the body ends before its length.
    pub(super) fn write_pieces(
        &mut self,
        length: u64,
        stall: Duration,
        read: impl Fn(u64) -> Option<Vec<u8>>,
    ) -> io::Result<()> {
        let mut pace = Pace::new(length, stall);
        let mut sent = 0;
        while sent < length {
            let piece = read(sent).filter(|piece| !piece.is_empty()).ok_or(io::ErrorKind::UnexpectedEof)?;
            let left = usize::try_from(length - sent).unwrap_or(usize::MAX).min(piece.len());
            self.write_part(piece.get(..left).unwrap_or_default(), &mut pace)?;
            sent += left as u64;
        }
        Ok(())
    }

    fn write_part(&mut self, mut bytes: &[u8], pace: &mut Pace) -> io::Result<()> {
        let Pace { stall, whole, deadlines } = pace;
        let (stall, whole) = (*stall, *whole);
        while !bytes.is_empty() {
            match (&*self.stream).write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    bytes = bytes.get(written..).unwrap_or_default();
                    // The clock is looked at only for clients that let us wait at least once.
                    *deadlines = deadlines.map(|(_, end)| (Instant::now() + stall, end));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let now = Instant::now();
                    let (stalled, end) = *deadlines.get_or_insert((now + stall, now + whole));
                    if !wait(&*self.stream, PollFlags::OUT, stalled.min(end))? || now >= end {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ends the connection so that the answer just written arrives: says that no more comes, then
    /// reads and drops what the client still sends, for a bounded time and amount.
    pub(super) fn linger(mut self) {
        let deadline = Instant::now() + LINGER;
        let mut dropped = 0_usize;
        self.expect_bulk();
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        while dropped < LINGER_BYTES_MAX {
            self.consume(usize::MAX);
            match self.fill(deadline) {
                Ok(Filled::More) => dropped = dropped.saturating_add(self.unread().len()),
                Ok(Filled::Eof | Filled::TimedOut) | Err(_) => return,
            }
        }
    }
}

/// How patiently an answer is written.
struct Pace {
    /// How long the client may take nothing.
    stall: Duration,
    /// How long the whole may take.
    whole: Duration,
    /// Both as times, once the client let us wait.
    deadlines: Option<(Instant, Instant)>,
}

impl Pace {
    fn new(length: u64, stall: Duration) -> Self {
        Self { stall, whole: stall + Duration::from_secs(length / WRITE_BYTES_PER_S_MIN), deadlines: None }
    }
}

/// Waits until `file` is ready; false when the deadline passed.
fn wait(file: &impl AsFd, events: PollFlags, deadline: Instant) -> io::Result<bool> {
    poll_until(&mut [PollFd::new(file, events)], Some(deadline))
}
