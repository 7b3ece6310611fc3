//! Whether a mail is complete, or the process that handed it over died in the middle of it.
//!
//! The end of a mail on a pipe is the moment in which its last writer closes it, and the system does that for a process
//! that dies as well. A mail cut short in this way must not be stored: the MTA still has the whole one, and hands it
//! over again when it is back. So `pipe` notes at its start which processes it stems from (the MTA, perhaps with a shell
//! between), and when stdin has ended none of them may be gone or on its way out.
//!
//! What is decided here on purpose:
//!
//! - Only a pipe or a socket can be cut short in this way; a file is as long as it is, so `maildesk pipe < mail &` in a
//!   shell that ends at once is fine.
//! - A parent that closed the pipe and ends only then, without waiting for us, is fine as well: it was alive at the end
//!   of the mail. The system first closes the files of a process that dies and tells its children later, therefore its
//!   own flag (`PF_EXITING`) is read.
//! - While the mail is being read the parent's death is signalled, so that we do not wait for the end of a pipe that a
//!   third process holds open. Signals of that kind also come when only the thread ended that started us, so the parent
//!   is looked at.
//! - A process that was dead before we began cannot be noticed: init may be our rightful parent.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;

use rustix::fs::{FileType, fstat};
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use signal_hook::consts::SIGUSR1;

/// How far back is looked: an MTA, its delivery agent, a shell or two and a filter between.
const ANCESTORS_MAX: usize = 8;

/// How much of `/proc/PID/stat` is read, in bytes: the nine fields looked at need fewer than 150 (proc_pid_stat(5); a name
/// has at most 64).
const STAT_BYTES: usize = 512;

/// What Linux says of a process that is on its way out (`PF_EXITING` of include/linux/sched.h), in the flags of
/// `/proc/PID/stat`.
const EXITING: u64 = 0x4;

/// The processes that a `pipe` stems from, its parent first.
#[derive(Debug, Default)]
pub(super) struct Ancestors {
    /// None where the mail cannot be cut short by the death of a process.
    ids: Vec<i32>,
}

impl Ancestors {
    /// Those of this process, at its start.
    pub(super) fn note() -> Self {
        let can_be_cut = fstat(io::stdin())
            .is_ok_and(|found| matches!(FileType::from_raw_mode(found.st_mode), FileType::Fifo | FileType::Socket));
        if !can_be_cut {
            return Self { ids: Vec::new() };
        }
        let parent = |id: &i32| stat_of(*id).map(|stat| stat.parent);
        let ids = std::iter::successors(getppid().map(Pid::as_raw_pid), parent).take_while(|id| *id > 1);
        Self { ids: ids.take(ANCESTORS_MAX).collect() }
    }

    /// Whether one of them is gone, or going, so that stdin may have ended before the mail did.
    pub(super) fn is_one_gone(&self) -> bool {
        let Some((parent, above)) = self.ids.split_first() else { return false };
        if getppid().map(Pid::as_raw_pid) != Some(*parent) {
            return true;
        }
        // Where other users' processes are hidden, the parent is all that can be looked at.
        let Some(stat) = stat_of(*parent) else { return false };
        stat.is_going || above.iter().any(|id| stat_of(*id).is_none_or(|stat| stat.is_going))
    }

    /// Where the death of the parent is signalled, as a byte; none where it does not matter.
    pub(super) fn watch(&self) -> io::Result<Option<UnixStream>> {
        if self.ids.is_empty() {
            return Ok(None);
        }
        let (told, tell) = UnixStream::pair()?;
        signal_hook::low_level::pipe::register(SIGUSR1, tell)?;
        set_parent_process_death_signal(Some(Signal::USR1))?;
        Ok(Some(told))
    }
}

/// What is looked at of a process.
struct Stat {
    parent: i32,
    is_going: bool,
}

/// `None` for a process that is not there, or not shown to us.
fn stat_of(id: i32) -> Option<Stat> {
    // One read: what is looked at comes first, and a mail must not pay for more.
    let mut text = [0; STAT_BYTES];
    let bytes = File::open(format!("/proc/{id}/stat")).ok()?.read(&mut text).ok()?;
    parse_stat(&String::from_utf8_lossy(text.get(..bytes)?))
}

/// proc_pid_stat(5): `PID (NAME) STATE PPID PGRP SESSION TTY TPGID FLAGS …`; the name may hold anything.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let flags: u64 = fields.nth(4)?.parse().ok()?;
    Some(Stat { parent, is_going: matches!(state, "Z" | "X") || flags & EXITING != 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_read_whatever_their_names_are() {
        let read = |text: &str| parse_stat(text).map(|stat| (stat.parent, stat.is_going));
        assert_eq!(read("7 (a) b) S 3 7 7 0 -1 4194304 1 2"), Some((3, false)));
        assert_eq!(read("7 (exim4) S 3 7 7 0 -1 4194308 1 2"), Some((3, true)));
        assert_eq!(read("7 (exim4) Z 3 7 7 0 -1 4194304 1 2"), Some((3, true)));
        assert_eq!((read("7 (exim4) S 3"), read("")), (None, None));
        let own = stat_of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert_eq!((Some(own.parent), own.is_going), (getppid().map(Pid::as_raw_pid), false));
    }
}
