//! Debian's Postfix hands mail to the real binary: the lines of `examples/postfix` in a private instance on loopback.
//! What becomes of an exit status (delivered, deferred, bounced) is read from Postfix's log, not assumed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::mta::{BOUNCE, Desk, Letter, SENDER, free_port, is_root, run, set_mode, skip, small_mail, submit, wait_for};

pub(crate) const PIPE_LINE: &str = include_str!("../../examples/postfix/master.cf");
const ALIASES: &str = include_str!("../../examples/postfix/aliases");
const MAIN_CF: &str = include_str!("../mta/postfix-main.cf");
const MASTER_CF: &str = include_str!("../mta/postfix-master.cf");

/// A running private Postfix and the desk it delivers to.
pub(crate) struct Postfix {
    pub(crate) desk: Desk,
    pub(crate) port: u16,
}

/// What a test adds to the configuration.
#[derive(Default)]
pub(crate) struct Setup {
    /// Lines for main.cf.
    pub(crate) main: String,
    /// Lines for master.cf.
    pub(crate) master: String,
    /// Lines for the transport map.
    pub(crate) transport: String,
    /// Lines for the aliases file of the desk's account.
    pub(crate) aliases: String,
}

impl Postfix {
    /// Starts Postfix with the example's pipe line for `support@` and `sales@example.org` and all of
    /// `desk.example.org`. `None`, loudly, where that is not possible.
    pub(crate) fn start(setup: impl FnOnce(&Desk) -> Setup) -> Option<Self> {
        if !is_root() {
            skip("Postfix wants to be started by root");
            return None;
        }
        if !Path::new("/usr/sbin/postfix").exists() {
            skip("Postfix is not installed (apt-get install postfix)");
            return None;
        }
        let desk = Desk::new();
        let setup = setup(&desk);
        let port = free_port();
        let fill = |text: &str| text.replace("@DIR@", &desk.dir()).replace("@PORT@", &port.to_string());
        for folder in ["etc", "queue", "data", "inboxes"] {
            fs::create_dir(desk.path(folder)).expect("a new folder");
            set_mode(desk.path(folder), if folder == "inboxes" { 0o1777 } else { 0o755 });
        }
        run(Command::new("chown").arg("postfix").arg(desk.path("data")));
        desk.write("etc/main.cf", &format!("{}{}", fill(MAIN_CF), setup.main));
        desk.write("etc/master.cf", &format!("{}{}{}", fill(MASTER_CF), desk.adapt(PIPE_LINE), setup.master));
        let routes =
            ["support@example.org", "sales@example.org", "desk.example.org"].map(|to| format!("{to} maildesk:\n"));
        desk.write("transport", &format!("{}{}", routes.concat(), setup.transport));
        desk.write("aliases", &fill("inbox: @DIR@/inboxes/inbox\n"));
        desk.write("desk-aliases", &setup.aliases);
        let postfix = Self { desk, port };
        postfix.ask("postalias", &[&postfix.file("aliases"), &postfix.file("desk-aliases")]);
        postfix.desk.give("desk-aliases");
        postfix.desk.give("desk-aliases.db");
        postfix.ask("postfix", &["start"]);
        wait_for("Postfix listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok(), || postfix.log());
        Some(postfix)
    }

    /// Runs one of Postfix's programs on this instance.
    pub(crate) fn ask(&self, program: &str, args: &[&str]) -> String {
        let done = run(Command::new(format!("/usr/sbin/{program}")).arg("-c").arg(self.desk.path("etc")).args(args));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    fn file(&self, name: &str) -> String {
        self.desk.path(name).display().to_string()
    }

    pub(crate) fn log(&self) -> String {
        format!("{}\n{}", fs::read_to_string(self.desk.path("mail.log")).unwrap_or_default(), self.desk.log())
    }

    /// Sends a small mail from [`SENDER`].
    fn send(&self, subject: &str, recipients: &[&str]) {
        let message = small_mail(subject, recipients);
        submit(self.port, &Letter { sender: SENDER, recipients, message: &message }).expect("Postfix takes the mail");
    }

    /// Waits until the log has a delivery attempt to `recipient` that ended in `status`; its line.
    pub(crate) fn wait_for(&self, recipient: &str, status: &str) -> String {
        let (to, status) = (format!("to=<{recipient}>"), format!("status={status} "));
        let find = || {
            let log = fs::read_to_string(self.desk.path("mail.log")).ok()?;
            log.lines().find(|line| line.contains(&to) && line.contains(&status)).map(str::to_owned)
        };
        wait_for(&format!("{to} {status}"), find, || self.log())
    }

    /// The recipients still in the queue, one line of JSON for each mail.
    pub(crate) fn queue(&self) -> String {
        self.ask("postqueue", &["-j"])
    }

    fn wait_until_queue_is_empty(&self) {
        wait_for("the queue is empty", || self.queue().is_empty().then_some(()), || self.log());
    }

    /// Asserts that nothing was returned to a sender.
    pub(crate) fn assert_no_bounce(&self) {
        assert!(!self.log().contains("status=bounced"), "a mail bounced:\n{}", self.log());
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // Ignored: `stop` says nothing useful here, and a panic inside a panic would hide the first.
        Command::new("/usr/sbin/postfix").arg("-c").arg(self.desk.path("etc")).arg("abort").output().ok();
    }
}

#[test]
fn mail_taken_by_postfix_becomes_a_ticket() {
    let Some(postfix) = Postfix::start(|_| Setup::default()) else { return };
    postfix.send("printer", &["support@example.org"]);
    postfix.send("plus", &["support+anything@example.org"]);
    postfix.wait_for("support@example.org", "sent");
    postfix.wait_for("support+anything@example.org", "sent");
    assert_eq!(postfix.desk.subjects(), ["plus", "printer"]);
    postfix.assert_no_bounce();
}

#[test]
fn one_mail_to_two_addresses_is_one_ticket() {
    let Some(postfix) = Postfix::start(|_| Setup::default()) else { return };
    postfix.send("both", &["support@example.org", "sales@example.org"]);
    postfix.wait_for("support@example.org", "sent");
    postfix.wait_for("sales@example.org", "sent");
    assert_eq!(postfix.desk.subjects(), ["both"]);
}

#[test]
fn mails_arriving_together_all_become_tickets() {
    let Some(postfix) = Postfix::start(|_| Setup::default()) else { return };
    let expected: Vec<String> = (10..34).map(|number| format!("mail-{number}")).collect();
    for subject in &expected {
        postfix.send(subject, &["support@example.org"]);
    }
    postfix.wait_until_queue_is_empty();
    assert_eq!(postfix.desk.subjects(), expected);
    postfix.assert_no_bounce();
}

#[test]
fn a_bounce_reaches_the_desk_with_an_empty_sender_and_opens_no_ticket() {
    let Some(postfix) = Postfix::start(|_| Setup::default()) else { return };
    submit(postfix.port, &Letter { sender: "", recipients: &["support@example.org"], message: BOUNCE })
        .expect("mail taken");
    postfix.wait_for("support@example.org", "sent");
    let mails = postfix.desk.admin(&["mail", "list"]);
    assert_eq!(mails.as_array().map(Vec::len), Some(1), "{mails}");
    assert_eq!(mails[0]["sender"], "", "the envelope sender was lost on the way: {mails}");
    assert!(postfix.desk.subjects().is_empty());
}

#[test]
fn a_locked_database_defers_the_mail_and_the_retry_delivers_it_once() {
    let Some(postfix) = Postfix::start(|_| Setup::default()) else { return };
    let lock = postfix.desk.lock();
    postfix.send("locked", &["support@example.org"]);
    let line = postfix.wait_for("support@example.org", "deferred");
    assert!(line.contains("dsn=4.3.0"), "{line}");
    assert!(postfix.queue().contains("support@example.org"), "the mail left the queue: {}", postfix.log());
    drop(lock);
    postfix.ask("postqueue", &["-f"]);
    postfix.wait_for("support@example.org", "sent");
    postfix.wait_until_queue_is_empty();
    assert_eq!(postfix.desk.subjects(), ["locked"]);
    postfix.assert_no_bounce();
}

#[test]
fn a_wrong_flag_config_or_database_path_defers_and_never_bounces() {
    let broken = |desk: &Desk| {
        desk.write("unknown-key.toml", "no_such_key = 1\n");
        desk.write("not-toml.toml", "][\n");
        let (bin, config) = (desk.path("maildesk"), desk.path("maildesk.toml"));
        let config = config.display();
        let commands = [
            ("wrong-flag", format!("--config={config} pipe --no-such-flag")),
            ("wrong-global", format!("--config={config} --no-such-flag pipe")),
            ("wrong-key", format!("--config={} pipe", desk.path("unknown-key.toml").display())),
            ("wrong-toml", format!("--config={} pipe", desk.path("not-toml.toml").display())),
            ("wrong-db", format!("--config={config} --db={} pipe", desk.path("desk/absent.db").display())),
            ("foreign-db", format!("--config={config} --db={} pipe", desk.path("maildesk.toml").display())),
        ];
        let mut setup = Setup::default();
        for (name, arguments) in commands {
            let argv = format!("{} {arguments} --recipient=${{recipient}}", bin.display());
            let user = desk.account();
            setup
                .master
                .push_str(&format!("{name} unix - n n - 4 pipe\n  flags=RX user={user} null_sender= argv={argv}\n"));
            setup.transport.push_str(&format!("{name}@example.org {name}:\n"));
        }
        setup
    };
    let Some(postfix) = Postfix::start(broken) else { return };
    let names = ["wrong-flag", "wrong-global", "wrong-key", "wrong-toml", "wrong-db", "foreign-db"];
    for name in names {
        postfix.send(name, &[&format!("{name}@example.org")]);
    }
    for name in names {
        let line = postfix.wait_for(&format!("{name}@example.org"), "deferred");
        assert!(line.contains("dsn=4.3.0"), "{line}");
    }
    postfix.assert_no_bounce();
    assert!(postfix.desk.subjects().is_empty());
}

#[test]
fn an_unknown_recipient_bounces_with_5_1_1_where_the_desk_rejects_them() {
    let Some(postfix) = Postfix::start(|_| Setup::default()) else { return };
    postfix.desk.admin(&["setting", "set", "unknown_recipient", "reject"]);
    postfix.send("nobody", &["no-such-box@desk.example.org"]);
    let line = postfix.wait_for("no-such-box@desk.example.org", "bounced");
    assert!(line.contains("dsn=5.1.1"), "{line}");
    postfix.wait_for(SENDER, "sent");
    let notice = fs::read_to_string(postfix.desk.path("inboxes/inbox")).expect("the bounce was delivered");
    assert!(notice.contains("Status: 5.1.1"), "{notice}");
    assert!(!notice.contains("4.3.0"), "{notice}");
    assert!(postfix.desk.subjects().is_empty());
}

#[test]
fn the_aliases_form_runs_as_the_owner_of_the_aliases_file() {
    let aliases = |desk: &Desk| Setup {
        aliases: desk.adapt(ALIASES).replace("support:", "alias-support:").replace("sales:", "alias-sales:"),
        ..Setup::default()
    };
    let Some(postfix) = Postfix::start(aliases) else { return };
    postfix.desk.admin(&["address", "add", "alias-support@example.org", "--name", "A", "--department", "1"]);
    postfix.desk.admin(&["setting", "set", "unknown_recipient", "reject"]);
    postfix.send("env", &["alias-support@example.org"]);
    postfix.send("env-plus", &["alias-support+token@example.org"]);
    postfix.send("flag", &["alias-sales@example.org"]);
    for name in ["alias-support", "alias-support+token", "alias-sales"] {
        postfix.wait_for(&format!("{name}@example.org"), "sent");
    }
    assert_eq!(postfix.desk.subjects(), ["env", "env-plus", "flag"]);
    postfix.assert_no_bounce();
}

#[test]
fn the_aliases_form_defers_while_the_account_may_not_open_the_database() {
    let Some(postfix) =
        Postfix::start(|desk| Setup { aliases: desk.adapt(ALIASES).replace("support:", "other:"), ..Setup::default() })
    else {
        return;
    };
    // Owned by root: local(8) falls back to default_privs, here nobody.
    run(Command::new("chown").arg("root").arg(postfix.desk.path("desk-aliases.db")));
    postfix.send("privileges", &["other@example.org"]);
    let line = postfix.wait_for("other@example.org", "deferred");
    assert!(line.contains("dsn=4.3.0"), "{line}");
    postfix.desk.give("desk-aliases.db");
    // A running local(8) remembers the owner it saw when it opened the file.
    postfix.ask("postfix", &["reload"]);
    postfix.ask("postqueue", &["-f"]);
    postfix.wait_for("other@example.org", "sent");
    assert_eq!(postfix.desk.subjects(), ["privileges"]);
    postfix.assert_no_bounce();
}

#[test]
fn answers_of_serve_leave_by_smtp_under_no_new_privileges() {
    let Some(postfix) = Postfix::start(|_| Setup::default()) else { return };
    let desk = &postfix.desk;
    let port = postfix.port.to_string();
    // As the recipe has it; only the port is this instance's.
    let way = ["--outgoing", "smtp", "--smtp-host", "localhost", "--smtp-port", &port, "--smtp-tls", "none"];
    desk.admin(&[&["address", "update", "support@example.org"][..], &way].concat());
    let mut bound = Command::new("setpriv");
    bound.args(["--no-new-privs", "--reuid", desk.account(), "--regid", desk.account(), "--clear-groups"]);
    bound.arg(desk.path("maildesk")).arg("--config").arg(desk.path("maildesk.toml"));
    let mut server = crate::client::Server::spawn(bound.args(["serve", "--listen", "127.0.0.1:0"]));
    let message = "From: Inbox <inbox@example.org>\r\nTo: support@example.org\r\nSubject: printer\r\n\
                   Message-ID: <one@example.org>\r\nDate: Tue, 3 Feb 2026 10:00:00 +0000\r\n\r\nIt burns.\r\n";
    submit(postfix.port, &Letter { sender: "inbox@example.org", recipients: &["support@example.org"], message })
        .expect("Postfix takes the mail");
    postfix.wait_for("support@example.org", "sent");
    let line = postfix.wait_for("inbox@example.org", "sent");
    assert!(line.contains("status=sent"), "{line}");
    let inbox = fs::read_to_string(desk.path("inboxes/inbox")).expect("the acknowledgement was delivered");
    assert!(inbox.contains("Subject: [#1] printer"), "{inbox}");
    server.signal("TERM");
    server.wait();
}
