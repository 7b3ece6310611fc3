//! Running another program for a while: what it said, or that it did not end in time.

use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How often a running program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Most bytes kept of a program's output.
const OUTPUT_BYTES_MAX: u64 = 64 * 1024;

/// The output and end of a program.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed, as far as it is kept.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

/// Runs a program with `input` on stdin; when it takes longer than `patience`, it is killed with all it started.
///
/// # Errors
/// What the system says, `TimedOut` for one that was killed.
pub(crate) fn run(command: &mut Command, input: &[u8], patience: Duration) -> io::Result<Said> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    let (stdout, stderr) = (child.stdout.take().map(reader), child.stderr.take().map(reader));
    if let Some(mut stdin) = child.stdin.take() {
        // One that ended early says why by its status. The input is smaller than a pipe's buffer.
        stdin.write_all(input).ok();
    }
    let Some(status) = wait(&mut child, Instant::now() + patience)? else {
        let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group {
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
        }
        child.wait()?;
        return Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} s", patience.as_secs())));
    };
    // What it started may hold its output open for longer than we wait.
    let text = |output: Option<Receiver<String>>| {
        output.and_then(|output| output.recv_timeout(patience).ok()).unwrap_or_default()
    };
    Ok(Said { status, stdout: text(stdout), stderr: text(stderr) })
}

/// Waits for a program's end until `until`; `None` when it still runs.
///
/// # Errors
/// What the system says.
pub(crate) fn wait(child: &mut Child, until: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(Some(status)),
            None if Instant::now() >= until => return Ok(None),
            None => thread::sleep(LOOK_EVERY),
        }
    }
}

/// Reads in a thread of its own: a program whose output is not read would block.
fn reader(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let read = move || {
        let mut bytes = Vec::new();
        from.take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes).ok();
        sender.send(String::from_utf8_lossy(&bytes).into_owned()).ok();
    };
    if let Err(error) = thread::Builder::new().spawn(read) {
        tracing::debug!(%error, "no thread to read a program's output");
    }
    receiver
}

/// How a program ended, for people.
#[must_use]
pub(crate) fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "no exit status".to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn program_that_does_not_end_is_killed_with_what_it_started() {
        let began = Instant::now();
        let late = run(Command::new("sh").args(["-c", "sleep 60 & sleep 60"]), b"", Duration::from_millis(50));
        assert_eq!(late.err().map(|error| error.kind()), Some(io::ErrorKind::TimedOut));
        assert!(began.elapsed() < Duration::from_secs(30));
        let output =
            run(Command::new("sh").args(["-c", "cat; echo no >&2; exit 3"]), b"yes", Duration::from_secs(30)).unwrap();
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("yes", "no\n"));
        assert_eq!(ending(output.status), "exit status 3");
    }
}
