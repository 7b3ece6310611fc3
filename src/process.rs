//! Which process of this machine somebody is: a text that others on the machine can tell a killed one by.

use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// What the text is made of. The number of a process means something within one boot of one machine, and within one
/// namespace of processes, such as a container; and only together with the time it was started at, because numbers are given
/// out again.
#[derive(Debug, PartialEq, Eq)]
struct Mark<'a> {
    boot: &'a str,
    namespace: &'a str,
    id: i32,
    started: &'a str,
}

/// Of this process; empty where the system does not tell.
pub(crate) fn mark() -> String {
    let own = || {
        let id = rustix::process::getpid().as_raw_nonzero().get();
        let (_, started) = stat(id)?;
        Some(format!("{} {} {id} {started}", boot()?, namespace()?))
    };
    own().unwrap_or_default()
}

/// Whether that is the mark of a process that ran on this machine and does not any more. Of other machines, and of
/// containers, nothing is known.
pub(crate) fn is_gone(mark: &str) -> bool {
    let (Some(mark), Some(boot), Some(namespace)) = (read(mark), boot(), namespace()) else { return false };
    if mark.boot != boot || mark.namespace != namespace {
        return false;
    }
    let Some(id) = Pid::from_raw(mark.id) else { return false };
    if test_kill_process(id) == Err(Errno::SRCH) {
        return true;
    }
    // Not readable where accounts see their own processes only.
    stat(mark.id).is_some_and(|(state, started)| matches!(state, 'Z' | 'X') || started != mark.started)
}

fn read(mark: &str) -> Option<Mark<'_>> {
    let mut words = mark.split(' ');
    let mut next = || words.next().filter(|word| !word.is_empty());
    Some(Mark { boot: next()?, namespace: next()?, id: next()?.parse().ok()?, started: next()? })
}

fn boot() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|id| id.trim().to_owned())
}

fn namespace() -> Option<String> {
    fs::read_link("/proc/self/ns/pid").ok().map(|name| name.display().to_string())
}

/// State and start of a process (proc(5): fields 3 and 22). The name before them may have blanks and parentheses.
fn stat(id: i32) -> Option<(char, String)> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.chars().next()?, fields.nth(18)?.to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn process_that_runs_is_told_from_one_that_was_killed_and_from_others_of_its_number() {
        let own = mark();
        assert!(!own.is_empty() && !is_gone(&own), "{own}");
        let mut child = Command::new("/bin/sleep").arg("60").spawn().unwrap();
        let id = i32::try_from(child.id()).unwrap();
        let (_, started) = stat(id).unwrap();
        let of = |id: i32, started: &str| format!("{} {} {id} {started}", boot().unwrap(), namespace().unwrap());
        assert!(!is_gone(&of(id, &started)));
        assert!(is_gone(&of(id, "1")), "the number was given out again");
        child.kill().unwrap();
        let ended = (0..1000).any(|_| {
            std::thread::yield_now();
            std::thread::sleep(std::time::Duration::from_millis(1));
            is_gone(&of(id, &started))
        });
        assert!(ended, "it has ended, though nobody has waited for it");
        child.wait().unwrap();
        assert!(is_gone(&of(id, &started)));
    }

    #[test]
    fn nothing_is_known_of_other_machines_and_containers() {
        let gone = i32::MAX;
        let (boot, namespace) = (boot().unwrap(), namespace().unwrap());
        assert!(is_gone(&format!("{boot} {namespace} {gone} 1")));
        for mark in [
            format!("another {namespace} {gone} 1"),
            format!("{boot} pid:[1] {gone} 1"),
            format!("{boot} {namespace} x 1"),
            String::new(),
            "one two".to_owned(),
        ] {
            assert!(!is_gone(&mark), "{mark}");
        }
    }
}
