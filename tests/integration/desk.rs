//! The fixture of the tests that need no mail server: a desk of its own for one test, and the real program run on it.
//! What a test wants to see is in the test; nothing here judges an answer.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

/// The address that takes what is sent to nobody known; department 1.
pub(crate) const SUPPORT: &str = "support@helpdesk.test";
/// Another address of the desk; department 2.
pub(crate) const SALES: &str = "sales@helpdesk.test";

/// What a finished run of the program left behind.
#[derive(Debug)]
pub(crate) struct Done {
    /// The exit status; negative for the signal that ended it.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let status = output.status.code().or_else(|| output.status.signal().map(|signal| -signal));
        Self {
            status: status.expect("a finished process has a status or a signal"),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Done {
    /// Status, stdout and stderr together, for one comparison.
    pub(crate) fn parts(&self) -> (i32, &str, &str) {
        (self.status, &self.stdout, &self.stderr)
    }
}

/// A desk of its own, with [`SUPPORT`] (the default address) and [`SALES`], a configuration that logs into a file, and no
/// limit on mails per hour.
pub(crate) struct Desk {
    dir: TempDir,
}

impl Desk {
    /// Makes the desk.
    pub(crate) fn new() -> Self {
        let desk = Self::without_database();
        desk.admin(&["init"]);
        desk.admin(&["department", "add", "Sales"]);
        for (email, department, default) in [(SUPPORT, "1", &["--default"][..]), (SALES, "2", &[])] {
            let address = ["address", "add", email, "--name", "Desk", "--department", department, "--incoming", "pipe"];
            desk.admin(&[&address[..], default].concat());
        }
        desk.set("mails_per_hour", "0");
        desk
    }

    /// Only the folder and the configuration.
    pub(crate) fn without_database() -> Self {
        // Not TMPDIR: other accounts must be able to reach the folder.
        let dir = tempfile::Builder::new().prefix("maildesk-").tempdir_in("/tmp").expect("a folder in /tmp");
        let desk = Self { dir };
        desk.configure("");
        desk
    }

    /// A path below the desk's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The database.
    pub(crate) fn db(&self) -> PathBuf {
        self.path("data/maildesk.db")
    }

    /// Writes the configuration with `limits` as the lines of that table.
    pub(crate) fn configure(&self, limits: &str) {
        let (db, log) = (self.db(), self.path("maildesk.log"));
        let text = format!("db = {db:?}\n[log]\ntarget = {log:?}\n[limits]\n{limits}\n");
        fs::write(self.path("maildesk.toml"), text).expect("the test's folder is writable");
    }

    /// The program with nothing of the configuration or envelope of whoever runs the tests.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maildesk"));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.dir.path()).current_dir(self.dir.path());
        command
    }

    /// The program on this desk's configuration.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.program();
        command.arg("--config").arg(self.path("maildesk.toml"));
        command
    }

    /// `maildesk pipe` with these arguments, environment and mail.
    pub(crate) fn pipe_with<A: AsRef<OsStr>>(
        &self,
        mail: impl AsRef<[u8]>,
        args: &[A],
        env: &[(&str, &OsStr)],
    ) -> Done {
        let mut command = self.command();
        command.arg("pipe").args(args).envs(env.iter().copied());
        feed(&mut command, mail.as_ref())
    }

    /// `maildesk pipe` with these arguments.
    pub(crate) fn pipe(&self, mail: impl AsRef<[u8]>, args: &[&str]) -> Done {
        self.pipe_with(mail, args, &[])
    }

    /// Hands a mail over for [`SUPPORT`]; it must be taken, silently.
    pub(crate) fn deliver(&self, mail: impl AsRef<[u8]>) {
        self.deliver_to(SUPPORT, mail);
    }

    /// Hands a mail over for a recipient; it must be taken, silently.
    pub(crate) fn deliver_to(&self, recipient: &str, mail: impl AsRef<[u8]>) {
        let mail = mail.as_ref();
        let done = self.pipe(mail, &["--recipient", recipient]);
        assert_eq!(
            done.parts(),
            (0, "", ""),
            "{}{}",
            String::from_utf8_lossy(mail.get(..500).unwrap_or(mail)),
            self.log()
        );
    }

    /// What `pipe --dry-run --json` says about a mail for [`SUPPORT`].
    pub(crate) fn dry_run(&self, mail: impl AsRef<[u8]>) -> Value {
        self.dry_run_with(mail, &["--recipient", SUPPORT])
    }

    /// What `pipe --dry-run --json` says with these arguments.
    pub(crate) fn dry_run_with(&self, mail: impl AsRef<[u8]>, args: &[&str]) -> Value {
        let done = self.pipe(mail, &[&["--dry-run", "--json"], args].concat());
        assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{}", self.log());
        serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {}", done.stdout))
    }

    /// Runs `maildesk --json admin …`; it must succeed. Its data, or null if it prints none.
    pub(crate) fn admin(&self, args: &[&str]) -> Value {
        let done = self.try_admin(args);
        assert_eq!(done.status, 0, "{args:?}: {}", done.stderr);
        if done.stdout.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {}", done.stdout))
    }

    /// Runs `maildesk --json admin …`, whatever comes of it.
    pub(crate) fn try_admin(&self, args: &[&str]) -> Done {
        feed(self.command().args(["--json", "admin"]).args(args), b"")
    }

    /// Changes a setting.
    pub(crate) fn set(&self, key: &str, value: &str) {
        self.admin(&["setting", "set", key, value]);
    }

    /// `admin stats`.
    pub(crate) fn stats(&self) -> Value {
        self.admin(&["stats"])
    }

    /// One number of `admin stats`.
    pub(crate) fn count(&self, key: &str) -> i64 {
        self.stats()[key].as_i64().unwrap_or_else(|| panic!("stats has {key}"))
    }

    /// `admin ticket show`.
    pub(crate) fn ticket(&self, id: i64) -> Value {
        self.admin(&["ticket", "show", &id.to_string()])
    }

    /// The receipt of the newest mail.
    pub(crate) fn last_mail(&self) -> Value {
        self.admin(&["mail", "list", "--limit", "1"])[0].clone()
    }

    /// State, reason and ticket of the newest mail's receipt: `stored new #1`.
    pub(crate) fn last_outcome(&self) -> String {
        let mail = self.last_mail();
        let text = |key: &str| mail[key].as_str().unwrap_or("?").to_owned();
        let ticket = mail["ticket_id"].as_i64().map_or_else(String::new, |id| format!(" #{id}"));
        format!("{} {}{ticket}", text("state"), text("reason"))
    }

    /// The texts of a ticket's internal notes, joined.
    pub(crate) fn notes(&self, id: i64) -> String {
        let ticket = self.ticket(id);
        let messages = ticket["messages"].as_array().expect("a ticket has messages");
        let notes = messages.iter().filter(|message| message["internal"] == true);
        notes.filter_map(|note| note["text"].as_str()).collect::<Vec<_>>().join("\n")
    }

    /// The public messages of a ticket.
    pub(crate) fn messages(&self, id: i64) -> Vec<Value> {
        let ticket = self.ticket(id);
        let messages = ticket["messages"].as_array().expect("a ticket has messages");
        messages.iter().filter(|message| message["internal"] == false).cloned().collect()
    }

    /// The program's log; empty while there is none.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("maildesk.log")).unwrap_or_default()
    }

    /// The database seen from outside: for locks, and for states that only time brings about.
    pub(crate) fn sqlite(&self) -> Connection {
        Connection::open(self.db()).expect("the database can be opened")
    }

    /// Takes the write lock, as a backup tool would, until the value is dropped.
    pub(crate) fn lock(&self) -> Connection {
        let connection = self.sqlite();
        connection.execute_batch("BEGIN IMMEDIATE").expect("nobody else holds the lock");
        connection
    }
}

/// Runs a command with `input` on stdin to its end.
pub(crate) fn feed(command: &mut Command, input: &[u8]) -> Done {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = loop {
        match command.spawn() {
            Ok(child) => break child,
            // A copy of the program that a child of another test still has open for writing, until it starts its own.
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            Err(error) => panic!("starting {command:?}: {error}"),
        }
    };
    write_all(&mut child, input);
    child.wait_with_output().expect("the child can be waited for").into()
}

/// Writes to a child's stdin and closes it. A child that ended without reading all is no failure here.
pub(crate) fn write_all(child: &mut Child, input: &[u8]) {
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    if let Err(error) = stdin.write_all(input) {
        assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe, "writing to the child");
    }
}

/// A mail from Ann to [`SUPPORT`] whose Message-ID is `<ID@client.test>`, with `fields` (each ending in a line feed) added.
pub(crate) fn mail(id: &str, fields: &str, text: &str) -> String {
    format!(
        "From: Ann Ode <ann@client.test>\nTo: {SUPPORT}\nMessage-ID: <{id}@client.test>\n\
         Date: Tue, 3 Feb 2026 10:00:00 +0100\n{fields}\n{text}\n"
    )
}

/// A file's permission bits.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    let file = fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.permissions().mode() & 0o777
}
