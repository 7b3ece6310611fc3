//! Mails through the local sendmail program: success means queued there, not delivered.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Failure;
use crate::child;
use crate::outbox::patience::Handover;
use crate::store::outbox::{Claimed, Fault};

/// Where the program is (FHS, and the older place that Exim and cPanel keep too).
const PROGRAMS: [&str; 2] = ["/usr/sbin/sendmail", "/usr/lib/sendmail"];

/// How long it may take. Chosen: it only writes a queue file.
const PATIENCE: Duration = Duration::from_secs(60);

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
/// lettre's own sendmail transport leaves `-f` out for the null reverse-path, so answers
/// to automatic mail would go to the user we run as.
pub(super) fn send(program: &Path, mail: &Claimed, raw: &[u8], handover: &mut Handover<'_>) -> Result<(), Failure> {
    let sender = if mail.envelope_sender.is_empty() { "<>" } else { &mail.envelope_sender };
    // A file, not a pipe: a program that it leaves running in the background would keep a pipe open.
    let output = tempfile::tempfile().ok();
    let output_copy = output.as_ref().and_then(|file| file.try_clone().ok());
    if !handover.commit() {
        return Err(Failure::Left);
    }
    let spawned = Command::new(program)
        .args(["-i", "-f", sender, "--", &mail.recipient])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(output_copy.map_or_else(Stdio::null, Stdio::from))
        .spawn();
    let mut child = spawned.map_err(|e| Failure::Transport(format!("running {}: {e}", program.display())))?;
    let (written, status) = run(&mut child, raw, handover.end_of(PATIENCE));
    let Some(status) = status else {
        let why = format!("{} did not end within {} s", program.display(), PATIENCE.as_secs());
        // It had all of the mail, and may have queued it before it hung.
        return Err(if written { Failure::Unknown { why, is_silent: true } } else { Failure::Transport(why) });
    };
    if status == Some(0) && written {
        return Ok(());
    }
    let why = format!(
        "{} ended with {}: {}",
        program.display(),
        status.map_or_else(|| "a signal".to_owned(), |s| s.to_string()),
        complaint(output)
    );
    Err(match status {
        // sysexits(3): data error, no user, no host, no permission.
        Some(65) => Failure::Permanent(why, Fault::Elsewhere),
        Some(67 | 68) => Failure::Permanent(why, Fault::Recipient),
        Some(_) | None => Failure::Temporary(why),
    })
}

/// Feeds the program and waits for it: whether it took all of the mail, and how it ended. Feeding has its
/// own thread, because a program that does not read would block it forever.
fn run(child: &mut Child, raw: &[u8], until: Instant) -> (bool, Option<Option<i32>>) {
    let stdin = child.stdin.take();
    thread::scope(|scope| {
        match thread::Builder::new().name("feed".to_owned()).spawn_scoped(scope, move || feed(stdin, raw)) {
            Ok(feeding) => {
                let status = wait(child, until);
                // The program is gone, so feeding waits for nothing any more.
                (feeding.join().unwrap_or(false), status)
            }
            Err(error) => {
                tracing::warn!(%error, "no thread to feed sendmail by");
                child.kill().ok();
                child.wait().ok();
                (false, Some(None))
            }
        }
    })
}

/// Local programs take LF line ends.
fn feed(stdin: Option<ChildStdin>, raw: &[u8]) -> bool {
    let Some(mut stdin) = stdin else { return false };
    let lines = raw.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let text = lines.collect::<Vec<_>>().join(&b'\n');
    stdin.write_all(&text).is_ok()
}

/// The exit status (`None` inside for a signal); `None` when it had to be killed.
fn wait(child: &mut Child, until: Instant) -> Option<Option<i32>> {
    match child::wait(child, until) {
        Ok(Some(status)) => return Some(status.code()),
        Ok(None) => {}
        Err(_) => return Some(None),
    }
    child.kill().ok();
    child.wait().ok();
    None
}

fn complaint(said: Option<File>) -> String {
    let mut text = Vec::new();
    if let Some(mut said) = said {
        // Its output is only for people; a part of it is enough.
        said.rewind().and_then(|()| said.take(1000).read_to_end(&mut text)).ok();
    }
    String::from_utf8_lossy(&text).trim().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::{AddressId, OutboxId, Timestamp};
    use crate::outbox::patience::Patience;

    fn mail(sender: &str) -> Claimed {
        Claimed {
            id: OutboxId::new(1),
            address: AddressId::new(1),
            ticket: None,
            envelope_sender: sender.to_owned(),
            recipient: "-ann@example.org".to_owned(),
            attempts: 1,
            unknown_tries: 0,
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
        send(&program, &mail(""), b"A: b\r\n\r\n.\r\nbody\r\n", &mut Patience::default().handover()).unwrap();
        let seen = std::fs::read_to_string(dir.path().join("out")).unwrap();
        assert_eq!(seen, "[-i][-f][<>][--][-ann@example.org]A: b\n\n.\nbody\n");
    }

    #[test]
    fn exit_status_tells_temporary_from_final() {
        let dir = tempfile::tempdir().unwrap();
        let failure = |status| {
            let program = fake(dir.path(), status);
            send(&program, &mail("desk@example.org"), b"A: b\r\n\r\n", &mut Patience::default().handover()).unwrap_err()
        };
        assert!(matches!(failure(75), Failure::Temporary(why) if why.ends_with("75: no")));
        assert!(matches!(failure(67), Failure::Permanent(_, Fault::Recipient)));
    }

    #[test]
    fn missing_program_is_the_transports_fault() {
        let done =
            send(Path::new("/nonexistent/sendmail"), &mail(""), b"A: b\r\n\r\n", &mut Patience::default().handover());
        assert!(matches!(done, Err(Failure::Transport(_))));
    }

    #[test]
    fn a_program_that_stands_still_leaves_unknown_what_it_had_and_untouched_what_it_did_not_read() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("sendmail");
        std::fs::write(&program, "#!/bin/sh\nexec sleep 60\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let send = |bytes: usize| {
            let soon = Patience::until(Instant::now() + Duration::from_millis(300));
            send(&program, &mail(""), &vec![b'x'; bytes], &mut soon.handover()).unwrap_err()
        };
        assert!(matches!(send(100), Failure::Unknown { is_silent: true, .. }));
        // More than a pipe holds.
        assert!(matches!(send(1_000_000), Failure::Transport(_)));
    }
}
