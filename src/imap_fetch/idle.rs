//! Waiting for news of the open folder with IDLE (RFC 2177).
//!
//! The crate's own IDLE is not used: it takes a line that comes before the continuation for the end,
//! forgets half a line at its time limit, and each line starts its time limit again.

use std::io;
use std::time::{Duration, Instant};

use super::Error;
use super::answer::Kind;
use super::mailbox::{Mailbox, lost, printable};

/// What a wait for news ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdleEvent {
    /// Mail came.
    Some,
    /// The time was over.
    None,
    /// A stop was asked for.
    Stopped,
    /// The server cannot do this after all.
    Unable,
}

fn broken(error: &io::Error) -> Error {
    Error::Connection(format!("waiting for new mail: {error}"))
}

fn ended(line: &str) -> Error {
    Error::Connection(format!("waiting for new mail: the server ended the wait: {}", printable(line)))
}

impl Mailbox {
    /// Whether mail has come since the last search: the server announced it during another command.
    pub(super) fn has_news(&self) -> bool {
        self.channel.borrow().has_news()
    }

    /// Waits until mail comes, `time` is over or a stop is asked for.
    pub(super) fn idle(&mut self, time: Duration) -> Result<IdleEvent, Error> {
        if self.has_news() {
            return Ok(IdleEvent::Some);
        }
        self.begin(Duration::ZERO);
        self.session.run_command("IDLE").map_err(|e| lost("waiting for new mail", e))?;
        if !self.is_idle_begun()? {
            self.can_idle = false;
            return Ok(IdleEvent::Unable);
        }
        let mut channel = self.channel.borrow_mut();
        let end = Instant::now() + time;
        while !channel.has_news() {
            channel.begin();
            channel.clock.allow_idle(end.saturating_duration_since(Instant::now()));
            match channel.next_line() {
                Ok(line) => {
                    if matches!(channel.hear(line.as_bytes()), Kind::Tagged | Kind::Goodbye) {
                        return Err(ended(&line));
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock && channel.clock.is_over() => break,
                Err(e) => return Err(broken(&e)),
            }
        }
        channel.begin();
        channel.clock.allow(Duration::ZERO);
        channel.send_line("DONE").map_err(|e| broken(&e))?;
        loop {
            let line = channel.next_line().map_err(|e| broken(&e))?;
            match channel.hear(line.as_bytes()) {
                Kind::Tagged => break,
                Kind::Goodbye => return Err(ended(&line)),
                _ => {}
            }
        }
        let is_asked = channel.clock.stop().is_asked();
        Ok(if is_asked {
            IdleEvent::Stopped
        } else if channel.has_news() {
            IdleEvent::Some
        } else {
            IdleEvent::None
        })
    }

    /// Reads up to the continuation; `false` when the server refuses.
    fn is_idle_begun(&mut self) -> Result<bool, Error> {
        let mut channel = self.channel.borrow_mut();
        loop {
            let line = channel.next_line().map_err(|e| broken(&e))?;
            match channel.hear(line.as_bytes()) {
                Kind::Continuation => return Ok(true),
                Kind::Tagged => return Ok(false),
                Kind::Goodbye => return Err(ended(&line)),
                _ => {}
            }
        }
    }
}
