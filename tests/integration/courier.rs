//! `maildesk imap-fetch` against Courier-IMAP, on the plain path: another server than Dovecot, without MOVE, with folders
//! that all lie below INBOX. It is unpacked by `tests/run` (Debian's IMAP servers exclude one another as packages) and
//! runs with a `/run` of its own, because the socket it asks for passwords has a fixed place there.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::desk::{Desk, Done, feed, mail};
use crate::maildir;
use crate::mta::{account, free_port, is_root, run, set_mode, skip, wait_for};

/// The account the mail belongs to.
const MAIL_ACCOUNT: &str = "nobody";

/// The one user's password: what quoting gets wrong.
const PASSWORD: &str = "pa\"ss\\wörd 1";

/// A running Courier and its one user's mail.
struct Courier {
    dir: TempDir,
    port: u16,
    owner: maildir::Owner,
    daemon: Child,
}

/// Where `tests/run` unpacked it.
fn unpacked() -> Option<PathBuf> {
    let profile = Path::new(env!("CARGO_BIN_EXE_maildesk")).parent();
    let home = profile.and_then(Path::parent).map(|target| target.join("courier"))?;
    home.join("usr/bin/imapd").exists().then_some(home)
}

impl Courier {
    /// Starts one; `None`, and a loud skip, where that cannot be done.
    fn start() -> Option<Self> {
        if !is_root() {
            skip("Courier needs root to switch accounts");
            return None;
        }
        let Some(home) = unpacked() else {
            skip("Courier is not unpacked into target/courier (tests/run does that)");
            return None;
        };
        if !Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|status| status.success()) {
            skip("Courier needs a /run of its own, and unshare -m is not allowed here");
            return None;
        }
        // Not TMPDIR: other accounts must be able to reach the folder. They may not reach the target folder.
        let dir = tempfile::Builder::new().prefix("maildesk-courier-").tempdir_in("/tmp").expect("a folder in /tmp");
        set_mode(dir.path().to_owned(), 0o755);
        run(Command::new("cp").arg("-r").arg(home.join("usr")).arg(dir.path()));
        let owner = account(MAIL_ACCOUNT).expect("every machine has an account named nobody");
        let mailbox = dir.path().join("home/Maildir");
        maildir::make(&mailbox);
        maildir::give(&dir.path().join("home"), owner);
        answer_passwords(dir.path(), owner);
        let port = free_port();
        let daemon = daemon(dir.path(), port).spawn().expect("unshare is there");
        let courier = Self { dir, port, owner, daemon };
        wait_for("Courier listens", || TcpStream::connect(("127.0.0.1", port)).ok(), || courier.log());
        Some(courier)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Where a folder lies, by the name it has on the disk; empty for INBOX.
    fn folder(&self, name: &str) -> PathBuf {
        let inbox = self.dir.path().join("home/Maildir");
        if name.is_empty() { inbox } else { inbox.join(format!(".{name}")) }
    }

    fn make_folder(&self, name: &str) {
        let folder = self.folder(name);
        maildir::make(&folder);
        fs::write(folder.join("maildirfolder"), "").expect("the folder is writable");
        maildir::give(&folder, self.owner);
    }

    fn put(&self, folder: &str, count: usize) {
        for number in 0..count {
            let name = format!("1700000000.{number:05}{folder}.test");
            let text = mail(&name, &format!("Subject: {name}\n"), "It burns.");
            maildir::put(&self.folder(folder), self.owner, &name, text.as_bytes());
        }
    }

    /// The flags of a folder's mails.
    fn flags(&self, folder: &str) -> Vec<String> {
        maildir::mails(&self.folder(folder)).into_iter().map(|(_, flags)| flags).collect()
    }

    /// A desk whose mail comes from here; `more` are further options of `admin address add`.
    fn desk(&self, more: &[&str]) -> Desk {
        let desk = Desk::new();
        fs::write(desk.path("password"), PASSWORD).expect("the desk's folder is writable");
        set_mode(desk.path("password"), 0o600);
        let (port, password) = (self.port.to_string(), desk.path("password").display().to_string());
        let address = ["address", "add", ADDRESS, "--name", "I", "--department", "1", "--incoming", "imap"];
        let imap = ["--imap-host", "127.0.0.1", "--imap-port", &port, "--imap-user", "support", "--imap-tls", "none"];
        desk.admin(&[&address[..], &imap, &["--imap-password-file", &password], more].concat());
        desk
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        // Ignored: it fails only if the daemon is gone already, and a panic inside a panic would hide the first.
        self.daemon.kill().and_then(|()| self.daemon.wait()).ok();
    }
}

const ADDRESS: &str = "imap@helpdesk.test";

/// The listening program, in a mount namespace with a `/run` of its own.
fn daemon(dir: &Path, port: u16) -> Command {
    let libraries = fs::read_dir(dir.join("usr/lib")).expect("a folder").flatten().map(|entry| entry.path());
    let libraries =
        libraries.filter(|path| path.to_string_lossy().ends_with("-linux-gnu")).chain([dir.join("usr/lib")]);
    let libraries: Vec<_> = libraries.map(|path| path.display().to_string()).collect();
    let script = "mount -t tmpfs tmpfs /run && mkdir /run/courier && ln -s \"$DIR\" /run/courier/authdaemon && \
        exec \"$DIR/usr/sbin/couriertcpd\" -address=127.0.0.1 -maxprocs=40 -maxperip=40 -nodnslookup -noidentlookup \
        \"$PORT\" \"$DIR/usr/lib/courier/courier/imaplogin\" \"$DIR/usr/bin/imapd\" Maildir";
    let log = fs::File::create(dir.join("log")).expect("the test's folder is writable");
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", script]).env("DIR", dir).env("PORT", port.to_string());
    command.env("LD_LIBRARY_PATH", libraries.join(":"));
    // As /etc/courier/imapd comes with the package; IDLE looks every second instead of every minute.
    let offers = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE";
    command.env("IMAP_CAPABILITY", offers).env("IMAP_IDLE_TIMEOUT", "1").env("IMAP_ENHANCEDIDLE", "0");
    command.env("IMAP_KEYWORDS", "1").env("IMAP_ACL", "1").env("IMAP_USELOCKS", "0").env("IMAP_TLS_REQUIRED", "0");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command
}

/// Plays Courier's password daemon: `AUTH`, a length, then service, kind, name and password, each on a line.
fn answer_passwords(dir: &Path, owner: maildir::Owner) {
    let (uid, gid) = owner;
    let listener = UnixListener::bind(dir.join("socket")).expect("a new socket");
    set_mode(dir.join("socket"), 0o777);
    let home = dir.join("home").display().to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = String::new();
            let mut bytes = [0; 1024];
            while !asked.ends_with(&format!("login\nsupport\n{PASSWORD}\n")) && asked.lines().count() < 6 {
                match stream.read(&mut bytes) {
                    Ok(count) if count > 0 => asked += &String::from_utf8_lossy(&bytes[..count]),
                    _ => break,
                }
            }
            let is_right = asked.ends_with(&format!("login\nsupport\n{PASSWORD}\n"));
            let known = format!("UID={uid}\nGID={gid}\nHOME={home}\nADDRESS=support\nMAILDIR={home}/Maildir\n.\n");
            let answer = if is_right { known } else { "FAIL\n".to_owned() };
            // A client that went away asks again.
            stream.write_all(answer.as_bytes()).ok();
        }
    });
}

fn fetch_any(desk: &Desk) -> Done {
    feed(desk.command().args(["--json", "imap-fetch"]), b"")
}

/// Fetched, stored, duplicates; everything must go well.
fn fetch(desk: &Desk, courier: &Courier) -> [i64; 3] {
    let done = fetch_any(desk);
    assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{}\n{}", desk.log(), courier.log());
    let summaries: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|e| panic!("{e}: {done:?}"));
    ["fetched", "stored", "duplicates"].map(|key| summaries[0][key].as_i64().expect("a number"))
}

#[test]
fn courier_gives_every_mail_once_and_they_are_marked_as_seen() {
    let Some(courier) = Courier::start() else { return };
    let desk = courier.desk(&[]);
    courier.put("", 120);
    let mut command = desk.command();
    command.args(["imap-fetch"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut killed = command.spawn().expect("it starts");
    let some = || (desk.count("mails_received") >= 20).then_some(());
    wait_for("some mails are in", some, || format!("{}\n{}", desk.log(), courier.log()));
    killed.kill().and_then(|()| killed.wait()).expect("it can be killed");
    fetch(&desk, &courier);
    assert_eq!((desk.count("tickets"), desk.count("mails_received")), (120, 120), "{}", courier.log());
    assert_eq!(courier.flags(""), ["S"; 120]);
    assert_eq!(fetch(&desk, &courier), [0; 3]);
    maildir::put(&courier.folder(""), courier.owner, "1700000001.new.test", mail("n", "Subject: n\n", "x").as_bytes());
    assert_eq!(fetch(&desk, &courier), [1, 1, 0]);
}

#[test]
fn courier_refuses_a_wrong_password_and_a_folder_outside_of_inbox() {
    let Some(courier) = Courier::start() else { return };
    let desk = courier.desk(&["--imap-folder", "Done"]);
    let done = fetch_any(&desk);
    assert_eq!(done.status, 3);
    assert!(done.stderr.contains("opening folder \"Done\"") && done.stderr.contains("address test"), "{}", done.stderr);
    fs::write(desk.path("password"), "wrong").expect("the desk's folder is writable");
    let done = fetch_any(&desk);
    assert_eq!(done.status, 3);
    assert!(
        done.stderr.contains("logging in to 127.0.0.1") && done.stderr.contains("--imap-password-file"),
        "{done:?}"
    );
}

#[test]
fn courier_without_move_has_mails_copied_and_deleted_in_folders_with_foreign_names() {
    let Some(courier) = Courier::start() else { return };
    courier.make_folder("Entwürfe");
    courier.put("Entwürfe", 2);
    courier.put("", 3);
    let after = ["--imap-folder", "INBOX.Entwürfe", "INBOX", "--imap-after", "move:INBOX.Erledigt & geprüft"];
    let desk = courier.desk(&after);
    let tried = desk.admin(&["address", "test", ADDRESS]);
    assert!(tried["folders"].as_array().is_some_and(|all| all.iter().any(|f| f == "INBOX.Entwürfe")), "{tried}");
    assert_eq!(fetch(&desk, &courier), [5, 5, 0]);
    assert_eq!((courier.flags("").len(), courier.flags("Entwürfe").len()), (0, 0));
    assert_eq!(courier.flags("Erledigt & geprüft").len(), 5, "{}", courier.log());
    assert_eq!(fetch(&desk, &courier), [0; 3]);
}

#[test]
fn courier_deletes_exactly_the_mails_that_are_on_record() {
    let Some(courier) = Courier::start() else { return };
    let desk = courier.desk(&["--imap-after", "delete"]);
    courier.put("", 3);
    let inbox = courier.folder("");
    let (from, to) = ("new/1700000000.00001.test", "cur/1700000000.00001.test:2,T");
    fs::rename(inbox.join(from), inbox.join(to)).expect("the same folder");
    assert_eq!(fetch(&desk, &courier), [2, 2, 0]);
    assert_eq!(maildir::mails(&inbox), [("1700000000.00001.test".to_owned(), "T".to_owned())]);
}

#[test]
fn courier_is_watched_and_left_with_a_goodbye() {
    let Some(courier) = Courier::start() else { return };
    let desk = courier.desk(&[]);
    courier.put("", 1);
    let mut command = desk.command();
    command.args(["imap-fetch", "--watch"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut watch = command.spawn().expect("it starts");
    let tickets = |count: i64| (desk.count("tickets") == count).then_some(());
    wait_for("the first mail is a ticket", || tickets(1), || desk.log());
    let text = mail("news", "Subject: news\n", "x");
    maildir::put(&courier.folder(""), courier.owner, "1700000001.new.test", text.as_bytes());
    wait_for("the second mail is a ticket", || tickets(2), || format!("{}\n{}", desk.log(), courier.log()));
    let pid = rustix::process::Pid::from_child(&watch);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is running");
    let started = Instant::now();
    assert!(watch.wait().expect("it can be waited for").success());
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    let has_left = || courier.log().contains("INFO: LOGOUT").then_some(());
    wait_for("it has said goodbye", has_left, || courier.log());
}
