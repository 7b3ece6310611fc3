//! What ends a `pipe` before its work is done: its own deadline, a signal, the death of who handed the mail over. Each ends
//! with 75 and its line, or with 0 where the mail is on record already: an MTA that sees a command killed by a signal, or
//! runs into its own limit, may bounce the mail (Exim without freeze_signal does).
//!
//! Ending in the middle of a commit is safe; the redelivery finds the mail on record or not.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use super::parent::Ancestors;
use super::{CUT_SHORT, Exit, give_up_because};
use crate::stop::poll_until;

/// Signals that ask a process to end, and would end it by themselves.
const ENDING: [i32; 4] = [SIGTERM, SIGHUP, SIGINT, SIGQUIT];

/// Why a mail is not taken in when somebody ends the process.
const ENDED: &str = "a signal ended maildesk before the mail was stored";

/// How much of `/proc/self/stat` is read, in bytes: 33 numbers and a name (proc_pid_stat(5)).
const STAT_BYTES: usize = 1024;

/// What is looked at.
#[derive(Clone, Default)]
pub(super) struct Watched {
    pub(super) ancestors: Arc<Ancestors>,
    /// The mail was read to its end.
    pub(super) is_whole: Arc<AtomicBool>,
    /// The mail is on record.
    pub(super) is_stored: Arc<AtomicBool>,
}

/// Ends the process when it took too long, was told to end, or when the parent died before the mail was whole.
///
/// # Errors
/// Without a thread or signals nothing would be watched.
pub(super) fn watch_over(deadline: Duration, is_dry: bool, watched: Watched) -> io::Result<()> {
    let end = ending_signals()?;
    let mut death = watched.ancestors.watch().unwrap_or_else(|error| {
        tracing::debug!(%error, "watching the parent");
        None
    });
    // Nothing may outlast the deadline: Postfix bounces when its own limit is reached.
    let watch = move || {
        let ends_at = Instant::now() + deadline;
        loop {
            match next(&end, death.as_mut(), ends_at) {
                Event::Death if !watched.is_whole.load(Ordering::SeqCst) && watched.ancestors.is_one_gone() => {
                    tracing::error!(CUT_SHORT);
                    exit(give_up_because(CUT_SHORT, is_dry).into());
                }
                Event::Death => {}
                Event::Signal => {
                    tracing::error!(ENDED);
                    watched.end(ENDED, is_dry);
                }
                Event::Deadline => {
                    tracing::error!(seconds = deadline.as_secs(), "deadline");
                    let why = format!("not done within {} s (limits.pipe_deadline_s)", deadline.as_secs());
                    watched.end(&why, is_dry);
                }
            }
        }
    };
    thread::Builder::new().name("deadline".to_owned()).spawn(watch).map(drop)
}

impl Watched {
    fn end(&self, why: &str, is_dry: bool) -> ! {
        let is_stored = self.is_stored.load(Ordering::SeqCst);
        exit(if is_stored { Exit::Stored.status() } else { give_up_because(why, is_dry) }.into())
    }
}

/// What happened.
enum Event {
    /// A process above this one, or a thread of one, may have ended.
    Death,
    Signal,
    Deadline,
}

fn next(end: &UnixStream, death: Option<&mut UnixStream>, ends_at: Instant) -> Event {
    let mut fds = vec![PollFd::new(end, PollFlags::IN)];
    fds.extend(death.as_deref().map(|death| PollFd::new(death, PollFlags::IN)));
    match poll_until(&mut fds, Some(ends_at)) {
        Ok(true) => {}
        Ok(false) => return Event::Deadline,
        Err(error) => {
            tracing::debug!(%error, "waiting for signals");
            thread::sleep(ends_at.saturating_duration_since(Instant::now()));
            return Event::Deadline;
        }
    }
    let is_signal = fds.first().is_some_and(|fd| !fd.revents().is_empty());
    drop(fds);
    if is_signal {
        return Event::Signal;
    }
    // Taken, or it would be seen again.
    death.map(|death| death.read(&mut [0; 16]).ok());
    Event::Death
}

/// Readable when the process was told to end. A signal that whoever started us has it ignore (nohup, a command in the
/// background of a script) stays ignored.
fn ending_signals() -> io::Result<UnixStream> {
    let (told, tell) = UnixStream::pair()?;
    let ignored = ignored();
    for signal in ENDING.into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0) {
        signal_hook::low_level::pipe::register(signal, tell.try_clone()?)?;
    }
    Ok(told)
}

/// The signals that this process ignores, as a set of bits; none where the system does not say.
fn ignored() -> u64 {
    let mut text = [0; STAT_BYTES];
    let read = File::open("/proc/self/stat").and_then(|mut file| file.read(&mut text)).unwrap_or_default();
    parse_ignored(&String::from_utf8_lossy(text.get(..read).unwrap_or_default())).unwrap_or_default()
}

/// Field 33 of proc_pid_stat(5), the 31st behind the name, which may hold anything.
fn parse_ignored(text: &str) -> Option<u64> {
    let (_, rest) = text.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(30)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_whatever_the_name_is() {
        let stat = "7 (a) b) R 16918 16908 22508 0 -1 4194304 77 0 0 0 0 0 0 0 20 0 1 0 6572794 3133440 366 \
            18446744073709551615 94168031428608 94168031448489 140726680253328 0 0 0 0 4097 0 0 0 0 17 0 0 0 0 0";
        assert_eq!(parse_ignored(stat), Some(4097), "SIGHUP and SIGPIPE");
        assert_eq!((parse_ignored("7 (x) S 3"), parse_ignored("")), (None, None));
    }
}
