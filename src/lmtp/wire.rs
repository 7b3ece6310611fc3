//! One connection's bytes, each wait with a deadline. Replies are gathered and leave together when the client has nothing
//! more to say, as PIPELINING wants (RFC 2920 §3.2).

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use crate::stop::{Stop, poll_until};
use crate::unread::Unread;

/// The buffer of a connection: a mail of 10 kB comes in one piece.
const BUFFER_BYTES: usize = 32 * 1024;

/// How long a client may take none of our replies.
const WRITING: Duration = Duration::from_secs(30);

/// How long a client that was turned away has to read why.
const LINGER: Duration = Duration::from_millis(500);

/// A connection, from this machine or from the network. It must be non-blocking.
#[derive(Debug)]
pub(super) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => (&mut &*stream).read(into),
            Self::Tcp(stream) => (&mut &*stream).read(into),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => (&mut &*stream).write(bytes),
            Self::Tcp(stream) => (&mut &*stream).write(bytes),
        }
    }

    fn shut_down(&self) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}

/// Turns a client away with a reply. It does not wait: a line fits into the buffer of a new connection.
pub(super) fn turn_away(stream: &Stream, line: &str) {
    stream.write(format!("{line}\r\n").as_bytes()).map_or_else(|error| tracing::debug!(%error, "turning away"), |_| ());
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(stream) => stream.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
        }
    }
}

/// The result of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// More bytes are in [`Wire::unread`].
    More,
    /// The client closed its side.
    Eof,
    /// The deadline passed.
    TimedOut,
    /// The server is to end, and nothing had come.
    Stopping,
}

/// A connection with what was read from it and not yet used, and what is to be said.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    unread: Unread,
    unsaid: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, unread: Unread::new(BUFFER_BYTES), unsaid: Vec::with_capacity(256) }
    }

    pub(super) fn unread(&self) -> &[u8] {
        self.unread.get()
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.unread.consume(bytes);
    }

    /// Adds a reply line to what will be said.
    pub(super) fn say(&mut self, line: &str) {
        self.unsaid.extend_from_slice(line.as_bytes());
        self.unsaid.extend_from_slice(b"\r\n");
    }

    /// Says what is to be said, then reads once more. With a stop, its being asked for ends the wait. The buffer must not
    /// be full.
    pub(super) fn fill(&mut self, deadline: Instant, stop: Option<&Stop>) -> io::Result<Filled> {
        self.flush()?;
        self.unread.move_to_front();
        loop {
            match self.stream.read(self.unread.room()) {
                Ok(0) => return Ok(Filled::Eof),
                Ok(read) => {
                    self.unread.filled(read);
                    return Ok(Filled::More);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if stop.is_some_and(Stop::is_asked) {
                        return Ok(Filled::Stopping);
                    }
                    let mut fds = vec![PollFd::new(&self.stream, PollFlags::IN)];
                    fds.extend(stop.map(|stop| PollFd::new(stop.signal(), PollFlags::IN)));
                    if !poll_until(&mut fds, Some(deadline))? {
                        return Ok(Filled::TimedOut);
                    }
                }
                Err(error) => return Err(error),
            }
            if Instant::now() >= deadline {
                return Ok(Filled::TimedOut);
            }
        }
    }

    /// Says what is to be said.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let mut deadline = None;
        let mut said = 0;
        while let Some(rest) = self.unsaid.get(said..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => said += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let end = *deadline.get_or_insert_with(|| Instant::now() + WRITING);
                    if !poll_until(&mut [PollFd::new(&self.stream, PollFlags::OUT)], Some(end))? {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.unsaid.clear();
        Ok(())
    }

    /// Ends the connection so that what was said last arrives, even while the client still sends.
    pub(super) fn hang_up(mut self) {
        if self.flush().is_err() || self.stream.shut_down().is_err() {
            return;
        }
        let deadline = Instant::now() + LINGER;
        while matches!(self.fill(deadline, None), Ok(Filled::More)) {
            self.consume(usize::MAX);
        }
    }
}
