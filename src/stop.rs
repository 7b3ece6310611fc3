//! Asking the process to end: a flag that also wakes every thread that waits on a socket, and the signals that
//! ask for it.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::iterator::Signals;

/// Asks servers or fetches to end; clones share one flag.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
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
    /// A stop that was not requested yet.
    ///
    /// # Errors
    /// When the system has no file descriptors left for a pair of sockets.
    pub(crate) fn new() -> io::Result<Self> {
        let (writer, reader) = UnixStream::pair()?;
        Ok(Self { shared: Arc::new(Shared { is_asked: AtomicBool::new(false), writer, reader }) })
    }

    /// Requests the end. A second request changes nothing.
    pub(crate) fn ask(&self) {
        if !self.shared.is_asked.swap(true, Ordering::SeqCst)
            && let Err(error) = (&self.shared.writer).write_all(b"!")
        {
            tracing::error!(%error, "the threads that have to end could not be woken");
        }
    }

    /// Whether the end was requested.
    #[must_use]
    pub(crate) fn is_asked(&self) -> bool {
        self.shared.is_asked.load(Ordering::SeqCst)
    }

    /// Sleeps for `time`, or until the end is requested; says whether it was.
    #[must_use]
    pub(crate) fn wait(&self, time: Duration) -> bool {
        let mut fds = [PollFd::new(self.signal(), PollFlags::IN)];
        // An error here ends the sleep early, which does no harm.
        if !self.is_asked() && poll_until(&mut fds, Some(Instant::now() + time)).is_err() {
            thread::sleep(Duration::from_millis(100));
        }
        self.is_asked()
    }

    /// Readable from the moment the end is requested; only polled.
    #[must_use]
    pub(crate) fn signal(&self) -> &UnixStream {
        &self.shared.reader
    }
}

/// Waits until one of `fds` is ready or `deadline` has come; false when it has. A signal does not end it.
///
/// # Errors
/// What the system says.
pub(crate) fn poll_until(fds: &mut [PollFd<'_>], deadline: Option<Instant>) -> io::Result<bool> {
    loop {
        let left = deadline.and_then(|end| Timespec::try_from(end.saturating_duration_since(Instant::now())).ok());
        match poll(fds, left.as_ref()) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits for signals of the process in a thread of its own, until the process ends.
///
/// # Errors
/// When the signals or the thread cannot be set up.
pub(crate) fn on_signals(signals: &[i32], mut hear: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new(signals)?;
    let listen = move || signals.forever().for_each(&mut hear);
    thread::Builder::new().name("signals".to_owned()).spawn(listen).map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn asking_ends_a_wait_of_another_thread() {
        let stop = Stop::new().unwrap();
        let other = stop.clone();
        let waiting = thread::spawn(move || other.wait(Duration::from_secs(60)));
        stop.ask();
        assert!(waiting.join().unwrap());
        assert!(stop.wait(Duration::from_secs(60)), "later waits end at once");
    }
}
