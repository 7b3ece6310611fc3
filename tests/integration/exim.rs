//! Debian's Exim hands mail to the real binary: router and transport of `examples/exim` in a private daemon on
//! loopback. What becomes of an exit status is read from Exim's log, not assumed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::mta::{
    BOUNCE, Desk, Letter, SENDER, account, free_port, is_root, run, set_mode, skip, small_mail, submit, wait_for,
};

pub(crate) const ROUTER: &str = include_str!("../../examples/exim/router");
const TRANSPORT: &str = include_str!("../../examples/exim/transport");
const CONFIGURATION: &str = include_str!("../mta/exim.conf");

/// A running private Exim and the desk it delivers to.
pub(crate) struct Exim {
    pub(crate) desk: Desk,
    program: PathBuf,
    pub(crate) port: u16,
    daemon: Child,
}

/// The Exim to use: where `tests/run` unpacked it (Debian's mail servers exclude one another as installed packages),
/// else an installed one. `None`, loudly, when the test cannot run.
fn program() -> Option<PathBuf> {
    if !is_root() {
        skip("Exim wants to be started by root");
        return None;
    }
    let profile = Path::new(env!("CARGO_BIN_EXE_maildesk")).parent();
    let unpacked = profile.and_then(Path::parent).map(|target| target.join("exim4/usr/sbin/exim4"));
    let found = unpacked.into_iter().chain(["/usr/sbin/exim4".into()]).find(|path| path.exists());
    if found.is_none() {
        skip("Exim is neither installed nor unpacked into target/exim4 (tests/run does that)");
    } else if account("Debian-exim").is_none() {
        skip("Debian's Exim wants an account Debian-exim (tests/run makes it)");
        return None;
    }
    found
}

impl Exim {
    /// Starts Exim with the example's router and transport for `support@` and `sales@example.org`, and for each of
    /// `variants` (local part, command line) the same with that command.
    fn start(variants: impl FnOnce(&Desk) -> Vec<(&'static str, String)>) -> Option<Self> {
        Self::start_with(|desk| {
            let (mut routers, mut transports) = (desk.adapt(ROUTER), desk.adapt(TRANSPORT));
            for (name, command) in variants(desk) {
                let rename = |text: &str| {
                    text.replace("maildesk:", &format!("{name}:")).replace("maildesk_pipe", &format!("{name}_pipe"))
                };
                routers.push_str(&rename(ROUTER).replace("support : sales", name));
                let transport = TRANSPORT.replace("/usr/bin/maildesk pipe", &command);
                transports.push_str(&desk.adapt(&rename(&transport)));
            }
            (routers, transports)
        })
    }

    /// Starts Exim with these routers and transports.
    pub(crate) fn start_with(lines: impl FnOnce(&Desk) -> (String, String)) -> Option<Self> {
        let found = program()?;
        let (desk, port) = (Desk::new(), free_port());
        // Exim starts itself again as its own account, which may not look into the checkout of another.
        let program = desk.path("exim4");
        fs::copy(found, &program).expect("Exim can be copied");
        set_mode(program.clone(), 0o755);
        let (routers, transports) = lines(&desk);
        for (folder, owner) in [("spool", "Debian-exim"), ("exim-log", "Debian-exim"), ("inboxes", desk.account())] {
            fs::create_dir(desk.path(folder)).expect("a new folder");
            set_mode(desk.path(folder), 0o755);
            run(Command::new("chown").arg(owner).arg(desk.path(folder)));
        }
        let text = CONFIGURATION
            .replace("@DIR@", &desk.dir())
            .replace("@EXIM@", &program.display().to_string())
            .replace("@PORT@", &port.to_string())
            .replace("@ACCOUNT@", desk.account())
            .replace("@ROUTERS@", &routers)
            .replace("@TRANSPORTS@", &transports);
        desk.write("exim.conf", &text);
        let mut daemon = Command::new(&program);
        daemon.arg("-C").arg(desk.path("exim.conf")).arg("-bdf").stdin(Stdio::null());
        let daemon = daemon.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("Exim starts");
        let exim = Self { desk, program, port, daemon };
        wait_for("Exim listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok(), || exim.log());
        Some(exim)
    }

    /// Sends a small mail from [`SENDER`]; it stays in the queue.
    fn send(&self, subject: &str, recipient: &str) {
        let message = small_mail(subject, &[recipient]);
        submit(self.port, &Letter { sender: SENDER, recipients: &[recipient], message: &message }).expect("mail taken");
    }

    /// Tries every mail of the queue once, retry times or not, and returns when that is done.
    pub(crate) fn run_queue(&self) {
        run(Command::new(&self.program).arg("-C").arg(self.desk.path("exim.conf")).arg("-qff"));
    }

    /// How many mails wait in the queue.
    pub(crate) fn queued(&self) -> usize {
        let count = run(Command::new(&self.program).arg("-C").arg(self.desk.path("exim.conf")).arg("-bpc"));
        String::from_utf8_lossy(&count.stdout).trim().parse().expect("-bpc prints a number")
    }

    pub(crate) fn log(&self) -> String {
        let read = |name| fs::read_to_string(self.desk.path(name)).unwrap_or_default();
        format!("{}{}\n{}", read("exim-log/mainlog"), read("exim-log/paniclog"), self.desk.log())
    }

    /// The log lines with this mark: `=>` delivered, `==` deferred, `**` bounced.
    pub(crate) fn lines(&self, mark: &str) -> Vec<String> {
        let mark = format!(" {mark} ");
        let log = fs::read_to_string(self.desk.path("exim-log/mainlog")).unwrap_or_default();
        log.lines().filter(|line| line.contains(&mark)).map(str::to_owned).collect()
    }

    pub(crate) fn assert_no_bounce(&self) {
        assert!(self.lines("**").is_empty(), "a mail bounced:\n{}", self.log());
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        // Ignored: it fails only if the daemon is gone already, and a panic inside a panic would hide the first.
        self.daemon.kill().and_then(|()| self.daemon.wait()).ok();
    }
}

#[test]
fn mail_taken_by_exim_becomes_a_ticket() {
    let Some(exim) = Exim::start(|_| Vec::new()) else { return };
    // An unknown address would be refused: RECIPIENT must arrive, with and without a suffix.
    exim.desk.admin(&["setting", "set", "unknown_recipient", "reject"]);
    exim.send("printer", "support@example.org");
    exim.send("plus", "support+anything@example.org");
    exim.send("sale", "sales@example.org");
    exim.run_queue();
    assert_eq!(exim.lines("=>").len(), 3, "{}", exim.log());
    assert_eq!(exim.queued(), 0);
    assert_eq!(exim.desk.subjects(), ["plus", "printer", "sale"]);
}

#[test]
fn a_bounce_reaches_the_desk_through_exim_with_an_empty_sender() {
    let Some(exim) = Exim::start(|_| Vec::new()) else { return };
    submit(exim.port, &Letter { sender: "", recipients: &["support@example.org"], message: BOUNCE })
        .expect("mail taken");
    exim.run_queue();
    assert_eq!(exim.lines("=>").len(), 1, "{}", exim.log());
    let mails = exim.desk.admin(&["mail", "list"]);
    assert_eq!(mails.as_array().map(Vec::len), Some(1), "{mails}");
    assert_eq!(mails[0]["sender"], "", "the envelope sender was lost on the way: {mails}");
    assert!(exim.desk.subjects().is_empty());
}

#[test]
fn a_locked_database_defers_in_exim_and_the_retry_delivers_once() {
    let Some(exim) = Exim::start(|_| Vec::new()) else { return };
    let lock = exim.desk.lock();
    exim.send("locked", "support@example.org");
    exim.run_queue();
    assert_eq!(exim.lines("==").len(), 1, "{}", exim.log());
    assert_eq!(exim.queued(), 1);
    drop(lock);
    exim.run_queue();
    assert_eq!(exim.lines("=>").len(), 1, "{}", exim.log());
    assert_eq!(exim.queued(), 0);
    assert_eq!(exim.desk.subjects(), ["locked"]);
    exim.assert_no_bounce();
}

#[test]
fn a_wrong_flag_config_or_missing_binary_defers_in_exim_and_never_bounces() {
    let Some(exim) = Exim::start(|desk| {
        desk.write("unknown-key.toml", "no_such_key = 1\n");
        let bin = desk.path("maildesk").display().to_string();
        let config = desk.path("unknown-key.toml").display().to_string();
        vec![
            ("wrong_flag", format!("{} pipe --no-such-flag", desk.command())),
            ("wrong_key", format!("{bin} --config={config} pipe")),
            ("wrong_db", format!("{} --db={} pipe", desk.command(), desk.path("desk/absent.db").display())),
            ("no_binary", "/nonexistent/maildesk pipe".to_owned()),
        ]
    }) else {
        return;
    };
    for name in ["wrong_flag", "wrong_key", "wrong_db", "no_binary"] {
        exim.send(name, &format!("{name}@example.org"));
    }
    exim.run_queue();
    assert_eq!(exim.lines("==").len(), 4, "{}", exim.log());
    assert_eq!(exim.queued(), 4);
    exim.assert_no_bounce();
    assert!(exim.desk.subjects().is_empty());
}

#[test]
fn a_command_killed_by_a_signal_leaves_the_mail_in_exims_queue() {
    let Some(exim) = Exim::start(|desk| {
        desk.write("killed.sh", "#!/bin/sh\nkill -9 $$\n");
        set_mode(desk.path("killed.sh"), 0o755);
        vec![("killed", desk.path("killed.sh").display().to_string())]
    }) else {
        return;
    };
    exim.send("killed", "killed@example.org");
    exim.run_queue();
    assert!(exim.log().contains("Frozen"), "{}", exim.log());
    assert_eq!(exim.queued(), 1, "{}", exim.log());
    exim.assert_no_bounce();
}

#[test]
fn an_unknown_recipient_bounces_from_exim_with_our_line() {
    let Some(exim) = Exim::start(|desk| vec![("nobody", format!("{} pipe", desk.command()))]) else { return };
    exim.desk.admin(&["setting", "set", "unknown_recipient", "reject"]);
    exim.send("nobody", "nobody@example.org");
    exim.run_queue();
    assert_eq!(exim.lines("**").len(), 1, "{}", exim.log());
    // Exim may be at the bounce already, in a process of its own that a queue run does not wait for.
    let read = || {
        exim.run_queue();
        fs::read_to_string(exim.desk.path("inboxes/inbox")).ok().filter(|notice| notice.contains("\n\n"))
    };
    let notice = wait_for("the bounce is delivered", read, || exim.log());
    assert!(notice.contains("5.1.1 "), "{notice}");
    assert!(exim.desk.subjects().is_empty());
}
