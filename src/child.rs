//! Running another program for a while: what it said, or that it did not end in time.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How often a running program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How often it is asked whether a program that is followed may go on.
const LIFE_EVERY: Duration = Duration::from_millis(200);

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
        kill_group(&child);
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

/// Runs a program that may take long, without input, and hands on each line it writes as it comes, a sign of life in
/// between; ends it, with all it started, when `go_on` says no.
///
/// # Errors
/// What the system says, `Interrupted` for one that was ended.
pub(crate) fn follow(
    command: &mut Command,
    on_line: &mut dyn FnMut(&str),
    go_on: &mut dyn FnMut() -> bool,
) -> io::Result<ExitStatus> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    let (sender, lines) = mpsc::channel();
    for output in [child.stdout.take().map(boxed), child.stderr.take().map(boxed)].into_iter().flatten() {
        hand_on(output, sender.clone())?;
    }
    drop(sender);
    let mut is_over = false;
    loop {
        match lines.recv_timeout(LIFE_EVERY) {
            Ok(line) => on_line(&line),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            // Its output is closed: that is its end, but for what it may still tidy up.
            Err(mpsc::RecvTimeoutError::Disconnected) => is_over = true,
        }
        if is_over {
            return child.wait();
        }
        // What it started may hold its output open for longer than it lives itself.
        if let Some(status) = child.try_wait()? {
            while let Ok(line) = lines.recv_timeout(LIFE_EVERY) {
                on_line(&line);
            }
            return Ok(status);
        }
        if !go_on() {
            kill_group(&child);
            child.wait()?;
            return Err(io::Error::new(io::ErrorKind::Interrupted, "it was ended before it was done"));
        }
    }
}

fn boxed(output: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(output)
}

/// Hands on the lines of an output in a thread of its own. A line longer than [`OUTPUT_BYTES_MAX`] comes in pieces.
fn hand_on(output: Box<dyn Read + Send>, lines: mpsc::Sender<String>) -> io::Result<()> {
    let read = move || {
        let mut output = BufReader::new(output);
        loop {
            let mut line = Vec::new();
            match (&mut output).take(OUTPUT_BYTES_MAX).read_until(b'\n', &mut line) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
            if lines.send(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().spawn(read).map(drop)
}

/// Ends a program with all it started.
fn kill_group(child: &Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
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

    #[test]
    fn a_program_is_followed_line_by_line_and_ended_when_it_may_not_go_on() {
        let mut lines = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; printf three; exit 3"]);
        let status = follow(&mut command, &mut |line| lines.push(line.to_owned()), &mut || true).unwrap();
        lines.sort();
        assert_eq!(
            (ending(status).as_str(), lines),
            ("exit status 3", vec!["one".into(), "three".into(), "two".into()])
        );
        let began = Instant::now();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & sleep 60"]);
        let ended = follow(&mut command, &mut |_| {}, &mut || false);
        assert_eq!(ended.err().map(|error| error.kind()), Some(io::ErrorKind::Interrupted));
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
