//! Asking running fetches to end: a flag that also wakes every thread that waits on a socket.
//! Signals are the caller's business.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Asks fetches to end; clones ask the same ones.
#[derive(Clone, Debug)]
pub struct Stop {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    is_asked: AtomicBool,
    /// Written once and never read: from then on the other end is readable for good, which wakes
    /// every thread that polls it.
    writer: UnixStream,
    reader: UnixStream,
}

impl Stop {
    /// A stop nobody has asked for yet.
    ///
    /// # Errors
    /// When the system has no file descriptors left for a pair of sockets.
    pub fn new() -> io::Result<Self> {
        let (writer, reader) = UnixStream::pair()?;
        Ok(Self { shared: Arc::new(Shared { is_asked: AtomicBool::new(false), writer, reader }) })
    }

    /// Asks. Asking again changes nothing.
    pub fn ask(&self) {
        if !self.shared.is_asked.swap(true, Ordering::SeqCst)
            && let Err(error) = (&self.shared.writer).write_all(b"!")
        {
            tracing::error!(%error, "waking the fetches for their end");
        }
    }

    /// Whether somebody has asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.shared.is_asked.load(Ordering::SeqCst)
    }

    /// Sleeps for `time`, or until somebody asks; says whether somebody has.
    #[must_use]
    pub fn wait(&self, time: Duration) -> bool {
        let mut fds = [PollFd::new(self.signal(), PollFlags::IN)];
        // An error here ends the sleep early, which does no harm.
        if !self.is_asked() && poll_until(&mut fds, Instant::now() + time).is_err() {
            std::thread::sleep(Duration::from_millis(100));
        }
        self.is_asked()
    }

    /// Readable from the moment somebody asks; only ever polled.
    pub(super) fn signal(&self) -> &UnixStream {
        &self.shared.reader
    }
}

/// Waits until one of `fds` is ready or `deadline` has come.
pub(super) fn poll_until(fds: &mut [PollFd<'_>], deadline: Instant) -> io::Result<()> {
    loop {
        let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now())).ok();
        match poll(fds, left.as_ref()) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn asking_ends_a_wait_of_another_thread() {
        let stop = Stop::new().unwrap();
        let other = stop.clone();
        let waiting = std::thread::spawn(move || other.wait(Duration::from_secs(60)));
        stop.ask();
        assert!(waiting.join().unwrap());
        assert!(stop.wait(Duration::from_secs(60)), "later waits end at once");
    }
}
