//! The MTA's side: hands a mail to `maildesk pipe --dry-run`, as we would and as the lines found in
//! the MTA's files would.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::route::{self, Postfix};
use super::{CheckContext, DRY_RUN, Finding, host};
use crate::account::{self, Account};
use crate::child;
use crate::domain::desk_address::Incoming;
use crate::store::{self, Store};

/// Where lines that run a program are looked for.
pub(super) const POSTFIX_MASTER: &str = "/etc/postfix/master.cf";
const ALIASES: [&str; 2] = ["/etc/aliases", "/etc/mail/aliases"];
const EXIM: [&str; 4] =
    ["/etc/exim4/exim4.conf", "/etc/exim4/exim4.conf.template", "/etc/exim/exim.conf", "/etc/exim.conf"];
/// Debian's Exim may be configured in pieces.
const EXIM_TRANSPORTS: &str = "/etc/exim4/conf.d/transport";

/// Who runs the programs of aliases: Postfix's default_privs and Sendmail's DefaultUser say nobody.
const ALIASES_USER: &str = "nobody";

/// A line of an MTA that runs us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) file: String,
    /// The service of master.cf, the transport of Exim or the alias.
    pub(super) service: String,
    /// The service is an alias.
    pub(super) is_alias: bool,
    program: String,
    /// The arguments between the program and `pipe`, such as `--config FILE`.
    options: Vec<String>,
    user: String,
}

impl Line {
    /// Reads a command line; `None` where it is not ours.
    pub(super) fn read(file: &str, service: &str, command: &str, user: &str) -> Option<Self> {
        let mut words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
        let program = words.next().filter(|program| is_ours(program))?.to_owned();
        let options = words.take_while(|word| *word != "pipe").map(str::to_owned).collect();
        let (file, service, user) = (file.to_owned(), service.trim().to_owned(), user.to_owned());
        Some(Self { file, service, is_alias: false, program, options, user })
    }
}

/// Tries every address that a pipe feeds, then the lines found.
pub(super) fn lines(context: &CheckContext<'_>, store: &Store) -> store::Result<Vec<Finding>> {
    let addresses = store.read(|tx| tx.addresses())?;
    let piped: Vec<String> =
        addresses.into_iter().filter(|(_, row)| row.incoming == Incoming::Pipe).map(|(_, row)| row.email).collect();
    let Some(first) = piped.first() else { return Ok(Vec::new()) };
    let mut findings = vec![match std::env::current_exe() {
        Ok(program) => ours(context, &program, first),
        Err(error) => Finding::warn("pipe", format!("maildesk's own program file is not found: {error}"), ""),
    }];
    let postfix = Postfix::here(context.reach);
    let found = lines_here(postfix.as_ref());
    findings.extend(found.iter().map(|line| theirs(line, first)));
    let postfix = postfix.map(|postfix| postfix.knowing(&found).with_lmtp(context.loaded.config.lmtp.clone()));
    findings.extend(route::look(context, &piped, &found, postfix.as_ref()));
    Ok(findings)
}

/// A recipient that no desk has, for a host that does not know which there are: only whether a mail gets to the desk
/// is looked at.
const NOBODY: &str = "doctor@example.invalid";

/// Tries the lines found on a host without a database.
pub(super) fn lines_elsewhere(context: &CheckContext<'_>) -> Vec<Finding> {
    let found = lines_here(Postfix::here(context.reach).as_ref());
    if found.is_empty() {
        let text = "no line of a mail server here runs maildesk; examples/ has the lines";
        return vec![Finding::warn("mta", text, "")];
    }
    found.iter().map(|line| theirs(line, NOBODY)).collect()
}

/// The lines of mail servers here that run us.
fn lines_here(postfix: Option<&Postfix>) -> Vec<Line> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let master = postfix.map_or_else(|| POSTFIX_MASTER.to_owned(), Postfix::master_cf);
    let mut found = postfix_lines(&master, &read(&master));
    found.extend(ALIASES.iter().flat_map(|path| alias_lines(path, &read(path))));
    let pieces = fs::read_dir(EXIM_TRANSPORTS).into_iter().flatten().flatten();
    let pieces = pieces.map(|entry| entry.path().to_string_lossy().into_owned());
    let files: Vec<String> = EXIM.iter().map(|path| (*path).to_owned()).chain(pieces).collect();
    found.extend(files.iter().flat_map(|path| exim_lines(path, &read(path))));
    found
}

fn example(recipient: &str) -> String {
    format!(
        "From: doctor@example.invalid\r\nTo: {recipient}\r\nSubject: maildesk admin doctor\r\n\
         Message-ID: <doctor@example.invalid>\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n\r\nA mail that is not stored.\r\n"
    )
}

/// Runs a pipe that stores nothing; what it said when it did not end with 0.
fn dry_run(command: &mut Command, recipient: &str) -> Result<(), String> {
    command.arg(format!("--recipient={recipient}"));
    command.args(["--sender=doctor@example.invalid", "--dry-run", "--json"]);
    let said = child::run(command, example(recipient).as_bytes(), DRY_RUN).map_err(|error| error.to_string())?;
    if said.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", child::ending(said.status), said.stderr.trim()))
}

/// Our own program with our own options.
fn ours(context: &CheckContext<'_>, program: &Path, recipient: &str) -> Finding {
    let mut command = Command::new(program);
    if let Some(config) = &context.global.config {
        command.arg("--config").arg(config);
    }
    if context.place.file().is_some() {
        command.arg("--db").arg(&context.path);
    } else if let Some(address) = &context.global.db {
        // It may have a password, which must not be seen in the list of processes.
        command.env("MAILDESK_DB", address);
    }
    command.arg("pipe");
    match dry_run(&mut command, recipient) {
        Ok(()) => Finding::ok("pipe", format!("a mail to {recipient} would be accepted")),
        Err(why) => {
            let fix = format!("echo 'From: me@example.org' | maildesk pipe --recipient={recipient} --dry-run");
            Finding::fail("pipe", format!("a mail to {recipient}: {why}"), fix)
        }
    }
}

/// The MTA's program as the MTA's user, as far as we may be that user.
fn theirs(line: &Line, recipient: &str) -> Finding {
    let shown = format!("{} runs {} as {}", line.file, line.program, line.user);
    if !line.program.contains('/') {
        return Finding::ok("mta", format!("{shown}; a program without a full path is not tried"));
    }
    if !Path::new(&line.program).is_file() {
        let fix = format!("ls -l {}", host::quoted(&line.program));
        return Finding::fail("mta", format!("{shown}: there is no such program"), fix);
    }
    let Some(Account { uid, gid, .. }) = account::named(&line.user) else {
        let fix = format!("getent passwd {}", host::quoted(&line.user));
        return Finding::fail("mta", format!("{shown}: there is no such user"), fix);
    };
    let we = rustix::process::geteuid();
    let mut command = Command::new(&line.program);
    // As the MTA does it: its own environment is not ours.
    command.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/").args(&line.options).arg("pipe");
    if we.is_root() {
        command.uid(uid).gid(gid);
    } else if we.as_raw() != uid {
        return Finding::ok("mta", format!("{shown}; run doctor as root to try it"));
    }
    match dry_run(&mut command, recipient) {
        Ok(()) => Finding::ok("mta", format!("{shown}: a mail would be accepted")),
        Err(why) => {
            let options: String = line.options.iter().map(|word| format!("{} ", host::quoted(word))).collect();
            let fix = format!("sudo -u {} {} {options}admin doctor", line.user, host::quoted(&line.program));
            Finding::fail("mta", format!("{shown}: {why}"), fix)
        }
    }
}

/// Services of master.cf(5) whose program is maildesk. A line that begins with white space goes on
/// the one before.
fn postfix_lines(file: &str, master: &str) -> Vec<Line> {
    let mut services: Vec<String> = Vec::new();
    for line in master.lines().filter(|line| !line.trim_start().starts_with('#')) {
        match services.last_mut() {
            Some(service) if line.starts_with(char::is_whitespace) => service.push_str(line),
            _ => services.push(line.to_owned()),
        }
    }
    let of = |service: &String| {
        let word = |name: &str| service.split_whitespace().find_map(|word| word.strip_prefix(name));
        let user = word("user=").unwrap_or(ALIASES_USER).split(':').next().unwrap_or(ALIASES_USER);
        let (_, command) = service.split_once("argv=")?;
        Line::read(file, service.split_whitespace().next()?, command, user)
    };
    services.iter().filter_map(of).collect()
}

/// Lines of aliases(5) that pipe into maildesk.
fn alias_lines(file: &str, aliases: &str) -> Vec<Line> {
    let of = |line: &str| {
        let (alias, command) = line.split_once('|').filter(|_| !line.trim_start().starts_with('#'))?;
        let alias = alias.split(':').next().unwrap_or_default().trim_matches('"');
        let found = Line::read(file, alias, command.trim_start_matches('"'), ALIASES_USER)?;
        Some(Line { is_alias: true, ..found })
    };
    aliases.lines().filter_map(of).collect()
}

/// Transports of Exim whose command is maildesk. A line that ends in a colon begins another one; a value that Exim has
/// to expand is not a user's name.
fn exim_lines(file: &str, configuration: &str) -> Vec<Line> {
    let mut found = Vec::new();
    let (mut command, mut user, mut name) = (None, None, "");
    for line in configuration.lines().chain(["end:"]) {
        let line = line.trim();
        if line.ends_with(':') && !line.contains(char::is_whitespace) {
            let user = user.take().unwrap_or(ALIASES_USER);
            found.extend(command.take().and_then(|command| Line::read(file, name, command, user)));
            name = line.trim_end_matches(':');
        }
        let value = |name: &str| Some(line.strip_prefix(name)?.trim_start().strip_prefix('=')?.trim());
        command = value("command").or(command);
        user = value("user").filter(|user| !user.contains('$')).or(user);
    }
    found
}

/// Whether a program is maildesk, by its name.
pub(super) fn is_ours(program: &str) -> bool {
    program.rsplit('/').next() == Some("maildesk")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(file: &str, service: &str, options: &[&str], user: &str) -> Line {
        let command = [&["/usr/bin/maildesk"], options, &["pipe"]].concat().join(" ");
        Line::read(file, service, &command, user).unwrap()
    }

    fn alias(service: &str, options: &[&str]) -> Line {
        Line { is_alias: true, ..line("a", service, options, "nobody") }
    }

    #[test]
    fn postfix_services_are_found_over_several_lines() {
        let master = "smtp inet n - y - - smtpd\n# maildesk unix - n n - 4 pipe argv=/old/maildesk pipe\n\
            maildesk unix - n n - 4 pipe\n  flags=RX user=desk:mail null_sender=\n  argv=/usr/bin/maildesk pipe --sender=${sender}\n\
            second unix - n n - - pipe user=two argv=/usr/bin/maildesk --db /srv/two.db pipe --recipient=${recipient}\n\
            other unix - n n - - pipe user=x argv=/usr/bin/procmail\n";
        let expected = [line("m", "maildesk", &[], "desk"), line("m", "second", &["--db", "/srv/two.db"], "two")];
        assert_eq!(postfix_lines("m", master), expected);
    }

    #[test]
    fn aliases_run_as_nobody() {
        let aliases = "support: \"|/usr/bin/maildesk pipe\"\n# x: |/usr/bin/maildesk pipe\nroot: ann\nlist: |/bin/cat\n\
            b: |\"/usr/bin/maildesk --config /etc/b.toml pipe --recipient=b@x.test\"\n";
        let expected = [alias("support", &[]), alias("b", &["--config", "/etc/b.toml"])];
        assert_eq!(alias_lines("a", aliases), expected);
    }

    #[test]
    fn exim_transports_are_found_with_their_users() {
        let configuration = "begin transports\nremote_smtp:\n  driver = smtp\n\nmaildesk_pipe:\n  driver = pipe\n  \
            command = /usr/bin/maildesk pipe\n  user = desk\n  # user = root\nother:\n  user = ${lookup{x}}\n  \
            command = \"/usr/bin/maildesk --quiet pipe\"\nlast:\n  driver = pipe\n  command = /bin/cat\n";
        assert_eq!(
            exim_lines("e", configuration),
            [line("e", "maildesk_pipe", &[], "desk"), line("e", "other", &["--quiet"], "nobody")]
        );
    }
}
