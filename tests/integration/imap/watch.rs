//! Mailboxes that are watched, by `imap-fetch --watch` and by `serve`.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{desk_of, put_mails};
use crate::client::Server;
use crate::desk::{Desk, mail};
use crate::dovecot::Dovecot;
use crate::mta::wait_for;

/// `imap-fetch --watch` with its output kept away.
struct Watch(Child);

impl Watch {
    fn start(desk: &Desk) -> Self {
        let mut command: Command = desk.command();
        command.args(["-v", "--json", "imap-fetch", "--watch"]);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts"))
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).expect("it is running");
    }

    /// Its exit status, within a deadline.
    fn end(mut self) -> Option<i32> {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(10) {
            if let Some(status) = self.0.try_wait().expect("it can be waited for") {
                return status.code();
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.0.kill().expect("it is running");
        panic!("it did not end");
    }
}

#[test]
fn a_watched_mailbox_becomes_tickets_within_two_seconds_and_ends_cleanly() {
    let Some(server) = Dovecot::start() else { return };
    server.make_folder("Second");
    let desk = desk_of(&server, &["--imap-folder", "INBOX", "Second"]);
    put_mails(&server, "", 1);
    let watch = Watch::start(&desk);
    let tickets = |count: i64| (desk.count("tickets") == count).then_some(());
    wait_for("the first mail is a ticket", || tickets(1), || desk.log());
    // Both folders are being waited on once Dovecot says so.
    thread::sleep(Duration::from_millis(700));
    for (folder, count) in [("", 2), ("Second", 3)] {
        let name = format!("new-{count}");
        server.put(&server.folder(folder), &name, mail(&name, &format!("Subject: {name}\n"), "x"));
        let started = Instant::now();
        wait_for("the mail is a ticket", || tickets(count), || desk.log());
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
    watch.signal(rustix::process::Signal::TERM);
    assert_eq!(watch.end(), Some(0));
    wait_for(
        "both connections said goodbye",
        || (server.log().matches("Logged out").count() >= 2).then_some(()),
        || server.log(),
    );
}

#[test]
fn serve_watches_the_mailboxes_while_the_setting_asks_for_it() {
    let Some(server) = Dovecot::start() else { return };
    let desk = desk_of(&server, &[]);
    put_mails(&server, "", 1);
    let mut serving = Server::start(&desk);
    let logins = || server.log().matches("Info: Login: ").count();
    assert_eq!((desk.count("tickets"), logins()), (0, 0), "off as it comes");
    desk.set("imap_watch", "1");
    let tickets = |count: i64| (desk.count("tickets") == count).then_some(());
    wait_for("the first mail is a ticket", || tickets(1), || desk.log());
    server.put(&server.folder(""), "new", mail("new", "Subject: new\n", "x"));
    wait_for("the new mail is a ticket", || tickets(2), || desk.log());
    desk.set("imap_watch", "0");
    let goodbyes = || server.log().matches("Logged out").count();
    wait_for("the mailbox is left", || (goodbyes() == 1).then_some(()), || server.log());
    desk.set("imap_watch", "1");
    wait_for("it is watched again", || (logins() == 2).then_some(()), || server.log());
    serving.signal("TERM");
    assert_eq!(serving.wait(), Some(0));
    wait_for("the mailbox is left at the end", || (goodbyes() == 2).then_some(()), || server.log());
}
