//! Mails through the local sendmail program: success means queued there, not delivered.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Failure;
use crate::store::queue::{Claimed, Fault};

/// Where the program lies (FHS, and the older place that Exim and cPanel keep too).
const PROGRAMS: [&str; 2] = ["/usr/sbin/sendmail", "/usr/lib/sendmail"];

/// How long it may take. Chosen: it only writes a queue file.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a running program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The program of this machine.
pub(super) fn program() -> PathBuf {
    PROGRAMS.iter().map(PathBuf::from).find(|path| path.exists()).unwrap_or_else(|| PathBuf::from(PROGRAMS[0]))
}

/// Whether the program is there.
pub(super) fn test(program: &Path) -> Result<(), Failure> {
    rustix::fs::access(program, rustix::fs::Access::EXEC_OK)
        .map_err(|e| Failure::Transport(format!("{}: {e}", program.display())))
}

/// Runs the program with the envelope as arguments and the mail on stdin.
///
/// lettre's own sendmail transport leaves `-f` out for the null reverse-path, so that the answers
/// to automatic mail would go to the user we run as.
pub(super) fn send(program: &Path, mail: &Claimed, raw: &[u8]) -> Result<(), Failure> {
    let sender = if mail.envelope_sender.is_empty() { "<>" } else { &mail.envelope_sender };
    let spawned = Command::new(program)
        .args(["-i", "-f", sender, "--", &mail.recipient])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = spawned.map_err(|e| Failure::Transport(format!("running {}: {e}", program.display())))?;
    let written = feed(&mut child, raw);
    let status = wait(&mut child).ok_or_else(|| Failure::Transport(format!("{} did not end", program.display())))?;
    if status == Some(0) && written {
        return Ok(());
    }
    let said = complaint(&mut child);
    let why = format!(
        "{} ended with {}: {said}",
        program.display(),
        status.map_or_else(|| "a signal".to_owned(), |s| s.to_string())
    );
    Err(match status {
        // sysexits(3): data error, no user, no host, no permission.
        Some(65) => Failure::Permanent(why, Fault::Elsewhere),
        Some(67 | 68) => Failure::Permanent(why, Fault::Recipient),
        Some(_) | None => Failure::Temporary(why),
    })
}

/// Local programs take LF line ends.
fn feed(child: &mut Child, raw: &[u8]) -> bool {
    let Some(mut stdin) = child.stdin.take() else { return false };
    let lines = raw.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let text = lines.collect::<Vec<_>>().join(&b'\n');
    stdin.write_all(&text).is_ok()
}

/// The exit status (`None` inside for a signal); `None` when it had to be killed.
fn wait(child: &mut Child) -> Option<Option<i32>> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.code()),
            Ok(None) => thread::sleep(LOOK_EVERY),
            Err(_) => return Some(None),
        }
    }
    child.kill().ok();
    child.wait().ok();
    None
}

fn complaint(child: &mut Child) -> String {
    use std::io::Read;
    let mut text = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        // What it said is for people only; half of it will do.
        stderr.take(1000).read_to_end(&mut text).ok();
    }
    String::from_utf8_lossy(&text).trim().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::{AddressId, OutboxId, Timestamp};

    fn mail(sender: &str) -> Claimed {
        Claimed {
            id: OutboxId::new(1),
            address: AddressId::new(1),
            ticket: None,
            envelope_sender: sender.to_owned(),
            recipient: "-ann@example.org".to_owned(),
            attempts: 1,
            give_up_at: Timestamp::from_unix(1),
            leased_until: Timestamp::from_unix(1),
        }
    }

    /// A sendmail that writes down its arguments and input, then ends with `status`.
    fn fake(folder: &Path, status: i32) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join("sendmail");
        let out = folder.join("out");
        let script =
            format!("#!/bin/sh\n{{ printf '[%s]' \"$@\"; cat; }} > {}\necho no >&2\nexit {status}\n", out.display());
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn envelope_is_given_as_arguments_and_null_sender_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let program = fake(dir.path(), 0);
        send(&program, &mail(""), b"A: b\r\n\r\n.\r\nbody\r\n").unwrap();
        let seen = std::fs::read_to_string(dir.path().join("out")).unwrap();
        assert_eq!(seen, "[-i][-f][<>][--][-ann@example.org]A: b\n\n.\nbody\n");
    }

    #[test]
    fn exit_status_tells_temporary_from_final() {
        let dir = tempfile::tempdir().unwrap();
        let failure = |status| send(&fake(dir.path(), status), &mail("desk@example.org"), b"A: b\r\n\r\n").unwrap_err();
        assert!(matches!(failure(75), Failure::Temporary(why) if why.ends_with("75: no")));
        assert!(matches!(failure(67), Failure::Permanent(_, Fault::Recipient)));
    }

    #[test]
    fn missing_program_is_the_transports_fault() {
        let done = send(Path::new("/nonexistent/sendmail"), &mail(""), b"A: b\r\n\r\n");
        assert!(matches!(done, Err(Failure::Transport(_))));
    }
}
