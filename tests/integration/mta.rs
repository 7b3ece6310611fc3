//! What the tests with real mail servers share: a desk that belongs to an unprivileged account, a small SMTP client,
//! waiting with a deadline, and skipping that nobody can overlook. Nothing here knows Postfix or Exim.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

/// Longest wait for anything a mail server does; far above the milliseconds it takes on an idle machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Pause between two looks at a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(30);

/// The account that owns the desk: on every Debian machine, unprivileged, and not the `nobody` that mail servers fall
/// back to, so that a test can tell the two apart.
const ACCOUNT: &str = "daemon";

/// A desk of its own for one test, set up with `support@example.com` and `sales@example.com`.
pub(crate) struct Desk {
    dir: TempDir,
    uid: u32,
    gid: u32,
}

impl Desk {
    /// A desk with `support@example.com` and `sales@example.com`.
    pub(crate) fn new() -> Self {
        Self::with_addresses(&["support@example.com", "sales@example.com"])
    }

    /// Makes the desk in a new folder that other accounts may enter; only the database's folder is private.
    pub(crate) fn with_addresses(addresses: &[&str]) -> Self {
        // Not TMPDIR: the mail server's accounts must be able to reach the binary and the configuration.
        let dir = tempfile::Builder::new().prefix("maildesk-mta-").tempdir_in("/tmp").expect("a folder in /tmp");
        let (uid, gid) = account(ACCOUNT).expect("Debian has an account named daemon");
        let dir_path = dir.path().to_owned();
        let desk = Self { dir, uid, gid };
        set_mode(dir_path, 0o755);
        let binary = Path::new(env!("CARGO_BIN_EXE_maildesk"));
        fs::hard_link(binary, desk.path("maildesk"))
            .or_else(|_| fs::copy(binary, desk.path("maildesk")).map(drop))
            .expect("the binary can be copied");
        set_mode(desk.path("maildesk"), 0o755);
        fs::create_dir(desk.path("desk")).expect("a new folder");
        set_mode(desk.path("desk"), 0o700);
        chown(desk.path("desk"), Some(uid), Some(gid)).expect("root may give a folder away");
        // Waiting for the lock is cut short, so that the tests of a locked database need not last.
        let (db, log) = (desk.path("desk/maildesk.db"), desk.path("desk/maildesk.log"));
        desk.write("maildesk.toml", &format!("db = {db:?}\n[log]\ntarget = {log:?}\n[limits]\nlock_wait_s = 1\n"));
        desk.admin(&["init"]);
        for address in addresses {
            let incoming = ["--department", "1", "--incoming", "pipe", "--outgoing", "none"];
            desk.admin(&[&["address", "add", address, "--name", "Example Desk"][..], &incoming].concat());
        }
        desk
    }

    /// The test's folder, without a slash at the end.
    pub(crate) fn dir(&self) -> String {
        self.dir.path().display().to_string()
    }

    /// A path below the test's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file that every account may read.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the test's folder is writable");
        set_mode(self.path(name), 0o644);
    }

    /// Gives a file to the desk's account.
    pub(crate) fn give(&self, name: &str) {
        chown(self.path(name), Some(self.uid), Some(self.gid)).expect("root may give a file away");
    }

    /// `text` of an example with this desk's binary, configuration and account in place of the installed ones.
    pub(crate) fn adapt(&self, text: &str) -> String {
        text.replace("/usr/bin/maildesk", &self.command())
            .replace("user=maildesk", &format!("user={ACCOUNT}"))
            .replace("user = maildesk", &format!("user = {ACCOUNT}"))
            .replace("group = maildesk", &format!("group = {}", self.gid))
    }

    /// The start of a command line: the binary and the configuration to use.
    pub(crate) fn command(&self) -> String {
        format!("{} --config={}", self.path("maildesk").display(), self.path("maildesk.toml").display())
    }

    /// The name of the account that owns the desk.
    pub(crate) fn account(&self) -> &'static str {
        ACCOUNT
    }

    /// The program on this desk's configuration, as the desk's account.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(self.path("maildesk"));
        command.arg("--config").arg(self.path("maildesk.toml")).uid(self.uid).gid(self.gid).current_dir("/");
        command
    }

    /// Runs `maildesk --json admin …` as the desk's account; its output, or null if there is none.
    pub(crate) fn admin(&self, args: &[&str]) -> Value {
        let done = run(self.program().args(["--json", "admin"]).args(args));
        serde_json::from_slice(&done.stdout).unwrap_or(Value::Null)
    }

    /// Writes a file that the desk's account alone may read; its path.
    pub(crate) fn secret(&self, name: &str, text: &str) -> String {
        self.write(name, text);
        self.give(name);
        set_mode(self.path(name), 0o600);
        self.path(name).display().to_string()
    }

    /// The subjects of all tickets, sorted.
    pub(crate) fn subjects(&self) -> Vec<String> {
        let tickets = self.admin(&["ticket", "list"]);
        let tickets = tickets.as_array().expect("ticket list prints an array");
        let mut subjects: Vec<_> =
            tickets.iter().map(|ticket| ticket["subject"].as_str().unwrap_or_default().to_owned()).collect();
        subjects.sort();
        subjects
    }

    /// Takes the write lock from outside, as a backup tool or a second program would, until the value is dropped.
    pub(crate) fn lock(&self) -> Connection {
        let connection = Connection::open(self.path("desk/maildesk.db")).expect("root may open the database");
        connection.execute_batch("BEGIN IMMEDIATE").expect("nobody else holds the lock");
        connection
    }

    /// maildesk's own log, for the message of a failing test.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("desk/maildesk.log")).unwrap_or_default()
    }
}

/// Where the tests' mail comes from: an address of the private mail server itself, so that a bounce can be read.
pub(crate) const SENDER: &str = "inbox@example.com";

/// A small mail from [`SENDER`] whose Message-ID is made of its subject.
pub(crate) fn small_mail(subject: &str, recipients: &[&str]) -> String {
    format!(
        "From: Ina Box <{SENDER}>\nTo: {}\nSubject: {subject}\nMessage-ID: <{subject}@client.example.org>\n\
         Date: Tue, 3 Feb 2026 10:00:00 +0100\n\nHello.\n",
        recipients.join(", ")
    )
}

/// A delivery report about a mail that no desk of ours sent; its envelope sender is empty (RFC 3464 §2).
pub(crate) const BOUNCE: &str = "From: Mail Delivery System <MAILER-DAEMON@example.org>\nTo: support@example.com\n\
    Subject: Undelivered\nMessage-ID: <dsn@example.org>\n\
    Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
    --b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; example.org\n\n\
    Final-Recipient: rfc822; ann@example.net\nAction: failed\nStatus: 5.1.1\n--b--\n";

/// A mail on its way: the envelope and the message, written with line feeds.
pub(crate) struct Letter<'a> {
    pub(crate) sender: &'a str,
    pub(crate) recipients: &'a [&'a str],
    pub(crate) message: &'a str,
}

/// Hands a mail over by SMTP on loopback.
///
/// # Errors
/// The server's reply where it is no success, or the error of the connection.
pub(crate) fn submit(port: u16, letter: &Letter<'_>) -> Result<(), String> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(DEADLINE)).map_err(|error| error.to_string())?;
    let mut client = BufReader::new(stream);
    reply(&mut client)?;
    say(&mut client, "EHLO client.example.org")?;
    say(&mut client, &format!("MAIL FROM:<{}>", letter.sender))?;
    for recipient in letter.recipients {
        say(&mut client, &format!("RCPT TO:<{recipient}>"))?;
    }
    say(&mut client, "DATA")?;
    let lines = letter.message.lines().map(|line| if line.starts_with('.') { format!(".{line}") } else { line.into() });
    say(&mut client, &lines.chain([".".to_owned()]).collect::<Vec<_>>().join("\r\n"))?;
    say(&mut client, "QUIT")
}

/// Sends one command and wants a success (2xx, or 3xx after DATA) in answer.
fn say(client: &mut BufReader<TcpStream>, command: &str) -> Result<(), String> {
    client.get_mut().write_all(format!("{command}\r\n").as_bytes()).map_err(|error| error.to_string())?;
    reply(client)
}

/// Reads one reply of any number of lines (RFC 5321 §4.2.1).
fn reply(client: &mut BufReader<TcpStream>) -> Result<(), String> {
    let mut line = String::new();
    while line.is_empty() || line.get(3..4) == Some("-") {
        line.clear();
        if client.read_line(&mut line).map_err(|error| error.to_string())? == 0 {
            return Err("the server closed the connection".to_owned());
        }
    }
    if line.starts_with(['2', '3']) { Ok(()) } else { Err(line) }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Waits until `look` finds something; panics with `what` and `evidence` when it has not within the deadline.
pub(crate) fn wait_for<T>(what: &str, look: impl Fn() -> Option<T>, evidence: impl Fn() -> String) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < DEADLINE, "waited in vain until {what}\n{}", evidence());
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Runs a command to its end; panics with all it printed if it did not succeed.
pub(crate) fn run(command: &mut Command) -> Output {
    let done = command.output().unwrap_or_else(|error| panic!("starting {command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{command:?} ended with {}\n{out}{err}", done.status);
    done
}

/// Says past the test runner's capture that a test could not run; with `MAILDESK_TESTS_NO_SKIP=1` it fails instead.
pub(crate) fn skip(reason: &str) {
    let forbidden = std::env::var("MAILDESK_TESTS_NO_SKIP").is_ok_and(|value| value == "1");
    assert!(!forbidden, "MAILDESK_TESTS_NO_SKIP=1, but this test cannot run: {reason}");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    writeln!(std::io::stderr(), "SKIPPED: {test}: {reason}").expect("stderr is open");
}

/// Whether this process is root, which mail servers need to switch accounts.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// The uid and gid of an account in /etc/passwd.
pub(crate) fn account(name: &str) -> Option<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Sets a file's permissions whatever the umask.
pub(crate) fn set_mode(path: PathBuf, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("root may change permissions");
}
