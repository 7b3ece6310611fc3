//! The MTA's side: hands a mail to `maildesk pipe --dry-run`, as we would and as the lines found in
//! the MTA's files would.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Finding, Scene};
use crate::store::{self, Store};

/// Where lines that run a program are looked for.
const POSTFIX_MASTER: &str = "/etc/postfix/master.cf";
const ALIASES: &str = "/etc/aliases";

/// Who runs the programs of aliases: Postfix's default_privs and Sendmail's DefaultUser say nobody.
const ALIASES_USER: &str = "nobody";

/// A line of an MTA that runs us.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    file: &'static str,
    program: String,
    user: String,
}

/// Tries every address that a pipe feeds, then the lines found.
pub(super) fn lines(scene: &Scene<'_>, store: &Store) -> store::Result<Vec<Finding>> {
    let addresses = store.read(|tx| tx.addresses())?;
    let piped: Vec<String> =
        addresses.into_iter().filter(|(_, row)| row.incoming == "pipe").map(|(_, row)| row.email).collect();
    let Some(first) = piped.first() else { return Ok(Vec::new()) };
    let mut findings = vec![match std::env::current_exe() {
        Ok(program) => ours(scene, &program, first),
        Err(error) => Finding::warn("pipe", format!("our own program is not found: {error}"), ""),
    }];
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let mut found = postfix_lines(&read(POSTFIX_MASTER));
    found.extend(alias_lines(&read(ALIASES)));
    findings.extend(found.iter().map(|line| theirs(line, first)));
    Ok(findings)
}

fn example(recipient: &str) -> String {
    format!(
        "From: doctor@example.invalid\r\nTo: {recipient}\r\nSubject: maildesk admin doctor\r\n\
         Message-ID: <doctor@example.invalid>\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n\r\nA mail that is not stored.\r\n"
    )
}

/// Runs a pipe that stores nothing; what it said when it did not end with 0.
fn dry_run(command: &mut Command, recipient: &str) -> Result<(), String> {
    let mut child = command
        .arg(format!("--recipient={recipient}"))
        .args(["--sender=doctor@example.invalid", "--dry-run", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // A child that ended early says why by its status.
        stdin.write_all(example(recipient).as_bytes()).ok();
    }
    let done = child.wait_with_output().map_err(|error| error.to_string())?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(format!("{}: {}", done.status, said.trim()))
}

/// Our own program with our own options.
fn ours(scene: &Scene<'_>, program: &Path, recipient: &str) -> Finding {
    let mut command = Command::new(program);
    if let Some(config) = &scene.global.config {
        command.arg("--config").arg(config);
    }
    command.arg("--db").arg(&scene.path).arg("pipe");
    match dry_run(&mut command, recipient) {
        Ok(()) => Finding::ok("pipe", format!("a mail to {recipient} would be taken")),
        Err(why) => Finding::fail("pipe", format!("a mail to {recipient}: {why}"), "the log has the reason"),
    }
}

/// The MTA's program as the MTA's user, as far as we may be that user.
fn theirs(line: &Line, recipient: &str) -> Finding {
    let shown = format!("{} runs {} as {}", line.file, line.program, line.user);
    if !Path::new(&line.program).is_file() {
        return Finding::fail("mta", format!("{shown}: there is no such program"), format!("correct {}", line.file));
    }
    let Some((uid, gid)) = ids_of(&line.user, &fs::read_to_string("/etc/passwd").unwrap_or_default()) else {
        return Finding::fail("mta", format!("{shown}: there is no such user"), format!("correct {}", line.file));
    };
    let we = rustix::process::geteuid();
    let mut command = Command::new(&line.program);
    // As the MTA does it: its own environment is not ours.
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/").arg("pipe");
    if we.is_root() {
        command.uid(uid).gid(gid);
    } else if we.as_raw() != uid {
        return Finding::ok("mta", format!("{shown}; run doctor as root to try it"));
    }
    match dry_run(&mut command, recipient) {
        Ok(()) => Finding::ok("mta", format!("{shown}: a mail would be taken")),
        Err(why) => {
            let fix = format!("let {} own the database, or name the user who does in {}", line.user, line.file);
            Finding::fail("mta", format!("{shown}: {why}"), fix)
        }
    }
}

/// User and group id of an account in the form of passwd(5).
fn ids_of(user: &str, passwd: &str) -> Option<(u32, u32)> {
    let mut fields = passwd.lines().map(|line| line.split(':')).find(|fields| fields.clone().next() == Some(user))?;
    Some((fields.nth(2)?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Services of master.cf(5) whose program is maildesk. A line that begins with white space goes on
/// the one before.
fn postfix_lines(master: &str) -> Vec<Line> {
    let mut services: Vec<String> = Vec::new();
    for line in master.lines().filter(|line| !line.trim_start().starts_with('#')) {
        match services.last_mut() {
            Some(service) if line.starts_with(char::is_whitespace) => service.push_str(line),
            _ => services.push(line.to_owned()),
        }
    }
    let of = |service: &String| {
        let word = |name: &str| service.split_whitespace().find_map(|word| word.strip_prefix(name));
        let program = word("argv=").filter(|program| is_ours(program))?;
        let user = word("user=").unwrap_or(ALIASES_USER).split(':').next().unwrap_or(ALIASES_USER);
        Some(Line { file: POSTFIX_MASTER, program: program.to_owned(), user: user.to_owned() })
    };
    services.iter().filter_map(of).collect()
}

/// Lines of aliases(5) that pipe into maildesk.
fn alias_lines(aliases: &str) -> Vec<Line> {
    let of = |line: &str| {
        let (_, command) = line.split_once('|').filter(|_| !line.trim_start().starts_with('#'))?;
        let program = command.split_whitespace().next()?.trim_matches('"');
        is_ours(program).then(|| Line { file: ALIASES, program: program.to_owned(), user: ALIASES_USER.to_owned() })
    };
    aliases.lines().filter_map(of).collect()
}

fn is_ours(program: &str) -> bool {
    program.rsplit('/').next() == Some("maildesk")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postfix_services_are_found_over_several_lines() {
        let master = "smtp inet n - y - - smtpd\n# maildesk unix - n n - 4 pipe argv=/old/maildesk pipe\n\
            maildesk unix - n n - 4 pipe\n  flags=RX user=desk:mail null_sender=\n  argv=/usr/bin/maildesk pipe --sender=${sender}\n\
            other unix - n n - - pipe user=x argv=/usr/bin/procmail\n";
        let expected = Line { file: POSTFIX_MASTER, program: "/usr/bin/maildesk".to_owned(), user: "desk".to_owned() };
        assert_eq!(postfix_lines(master), [expected]);
    }

    #[test]
    fn aliases_run_as_nobody() {
        let aliases =
            "support: \"|/usr/bin/maildesk pipe\"\n# x: |/usr/bin/maildesk pipe\nroot: ann\nlist: |/bin/cat\n";
        let expected = Line { file: ALIASES, program: "/usr/bin/maildesk".to_owned(), user: "nobody".to_owned() };
        assert_eq!(alias_lines(aliases), [expected]);
    }

    #[test]
    fn accounts_are_read_from_passwd() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\ndesk:x:998:997::/var/lib/maildesk:/usr/sbin/nologin\n";
        assert_eq!((ids_of("desk", passwd), ids_of("des", passwd)), (Some((998, 997)), None));
    }
}
