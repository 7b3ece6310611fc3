//! What only one host does at a time, on a desk whose database is on a server: reading a mailbox, the timed work, sending.
//! A host is a process here. One that stalls (SIGSTOP) loses what it had; when it goes on (SIGCONT), what comes of its work
//! is refused. These need `tests/postgres`; half a minute of silence is made by setting the sign of life back.

use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};

use crate::client::Server;
use crate::desk::{Desk, feed, is_on_server, mail};
use crate::imap_script::{Script, State};
use crate::mta::wait_for;
use crate::outbox::sending;
use crate::smtp_sink::{Play, Sink, wait_until};

const TIMED_WORK: &str = "the timed work";
const INBOX: &str = "the mailbox of imap@helpdesk.test, folder INBOX";

/// A process of the desk, killed at the end.
struct Host(Child);

impl Host {
    fn start(desk: &Desk, words: &[&str]) -> Self {
        let mut command = desk.command();
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().expect("it starts"))
    }

    fn watch(desk: &Desk) -> Self {
        let mut command = desk.command();
        command.args(["-v", "imap-fetch", "--watch"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("it starts"))
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    /// Exit status, stdout and stderr.
    fn end(mut self) -> (Option<i32>, String, String) {
        let read = |from: &mut dyn std::io::Read| {
            let mut text = String::new();
            from.read_to_string(&mut text).expect("it writes text");
            text
        };
        let out = self.0.stdout.as_mut().map(|out| read(out)).unwrap_or_default();
        let err = self.0.stderr.as_mut().map(|err| read(err)).unwrap_or_default();
        (self.0.wait().expect("it can be waited for").code(), out, err)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn signal(pid: Pid, signal: Signal) {
    kill_process(pid, signal).expect("it is running");
}

/// Whether a process stands still.
fn is_stopped(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
}

/// The worker that has a kind of work; 0 for none.
fn holder(desk: &Desk, work: &str) -> i64 {
    desk.outside().number(&format!("SELECT worker_id FROM work_lease WHERE name = '{work}'"))
}

/// As if half a minute had gone by without a sign of life.
fn fall_silent(desk: &Desk, worker: i64) {
    desk.outside().run(&format!("UPDATE worker SET seen_at = seen_at - 31 WHERE id = {worker}"));
}

/// A mailbox whose server stops a process (SIGSTOP) when that asks for the text of a mail, and answers it then.
fn stopping(uids: &[usize]) -> (Script, Arc<Mutex<Option<Pid>>>) {
    let prey: Arc<Mutex<Option<Pid>>> = Arc::default();
    let hunted = Arc::clone(&prey);
    let quirk = move |_: &mut State, command: &str| {
        if command.contains("BODY")
            && let Some(pid) = hunted.lock().expect("nobody panics with it").take()
        {
            signal(pid, Signal::STOP);
            wait_until("it stands still", || is_stopped(pid));
        }
        None
    };
    (Script::start(uids, "IDLE", quirk), prey)
}

#[test]
fn host_that_stalls_while_it_reads_a_mailbox_loses_it_and_its_late_mail_is_refused() {
    if !is_on_server() {
        return;
    }
    let (script, prey) = stopping(&[1]);
    let desk = script.desk(&[]);
    // What it was asked for is still there when the first host goes on.
    desk.configure("imap_deadline_s = 60");
    let first = Host::watch(&desk);
    let evidence = || desk.log();
    wait_for("the first host watches", || (script.state().heard("IDLE") > 0).then_some(()), evidence);
    let one = holder(&desk, INBOX);
    let _second = Host::watch(&desk);
    wait_until("the second is told of the first", || desk.log().contains("another host reads the folder"));
    assert_eq!((script.state().heard("LOGIN"), holder(&desk, INBOX)), (1, one), "it does not even log in");
    let fetch = feed(desk.command().args(["imap-fetch"]), b"");
    assert!(fetch.status == 0 && fetch.stdout.contains("reads INBOX now"), "{} {}", fetch.stdout, fetch.stderr);

    *prey.lock().expect("nobody panics with it") = Some(first.pid());
    script.state().put(2);
    wait_until("the first stalls with the mail in its hands", || is_stopped(first.pid()));
    assert_eq!(desk.count("tickets"), 1);
    fall_silent(&desk, one);
    wait_for("the second takes the mail in", || (desk.count("tickets") == 2).then_some(()), evidence);
    assert!(![0, one].contains(&holder(&desk, INBOX)));
    let seen = |uid: usize| (uid, "\\Seen".to_owned());
    wait_until("it is settled", || script.mails("INBOX") == [seen(1), seen(2)]);

    signal(first.pid(), Signal::CONT);
    let refused = || desk.log().contains("another host reads the folder by now").then_some(());
    wait_for("the first is refused", refused, evidence);
    script.state().put(3);
    wait_for("the second goes on", || (desk.count("tickets") == 3).then_some(()), evidence);
    assert_eq!((desk.count("tickets"), desk.count("messages")), (3, 3));
    let deliveries = desk.log().lines().filter(|line| line.contains("delivered")).count();
    assert_eq!(deliveries, 3, "each mail was taken in by one host: {}", desk.log());
}

#[test]
fn host_that_is_lost_is_followed_by_another_that_watches() {
    if !is_on_server() {
        return;
    }
    let (script, _) = stopping(&[1]);
    let desk = script.desk(&[]);
    let mut first = Host::watch(&desk);
    wait_for("the first host watches", || (script.state().heard("IDLE") > 0).then_some(()), || desk.log());
    let _second = Host::watch(&desk);
    wait_until("the second is told of the first", || desk.log().contains("another host reads the folder"));
    let one = holder(&desk, INBOX);
    first.0.kill().expect("it is running");
    fall_silent(&desk, one);
    script.state().put(2);
    wait_for("the second takes the mail in", || (desk.count("tickets") == 2).then_some(()), || desk.log());
}

#[test]
fn fetch_by_cron_that_stalls_says_that_another_host_has_taken_over() {
    if !is_on_server() {
        return;
    }
    let (script, prey) = stopping(&[1, 2]);
    let desk = script.desk(&[]);
    let mut guard = prey.lock().expect("nobody panics with it");
    let first = Host::start(&desk, &["imap-fetch"]);
    *guard = Some(first.pid());
    drop(guard);
    wait_until("the first stalls", || is_stopped(first.pid()));
    let meanwhile = feed(desk.command().args(["--json", "imap-fetch"]), b"");
    let told: serde_json::Value = serde_json::from_str(&meanwhile.stdout).expect("JSON");
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    assert_eq!(
        (meanwhile.status, &told[0]["fetched"], &told[0]["folders"][0]["fetched_by"]),
        (0, &0.into(), &host.into())
    );

    fall_silent(&desk, holder(&desk, INBOX));
    let second = feed(desk.command().args(["imap-fetch"]), b"");
    assert!(second.status == 0 && second.stdout.contains("fetched 2, stored 2"), "{}{}", second.stdout, second.stderr);
    signal(first.pid(), Signal::CONT);
    let (status, out, err) = first.end();
    assert_eq!(status, Some(3), "{out}{err}");
    assert!(err.contains("another host has taken over the mailbox of imap@helpdesk.test, folder INBOX"), "{err}");
    assert!(out.contains("stored 0, duplicates 0"), "{out}");
    assert_eq!((desk.count("tickets"), desk.count("messages")), (2, 2));
    assert_eq!(holder(&desk, INBOX), 0, "given back at the end");
}

#[test]
fn host_that_stalls_loses_the_timed_work_and_its_late_change_is_refused() {
    if !is_on_server() {
        return;
    }
    let desk = Desk::new();
    desk.deliver(mail("a", "Subject: put off\n", "x"));
    let first = Server::start(&desk);
    wait_until("the first does the timed work", || holder(&desk, TIMED_WORK) > 0);
    let one = holder(&desk, TIMED_WORK);
    let told = desk.admin(&["jobs", "run"]);
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    assert_eq!(told["done_by"], host.as_str(), "{told}");
    let second = Server::start(&desk);
    first.signal("STOP");
    fall_silent(&desk, one);
    wait_until("the second has it", || ![0, one].contains(&holder(&desk, TIMED_WORK)));
    // With both standing still, something becomes due that each would do.
    second.signal("STOP");
    desk.outside().run("UPDATE ticket SET snoozed_until = 1 WHERE id = 1");
    first.signal("CONT");
    let refused = || desk.log().contains("another host does the timed work by now").then_some(());
    wait_for("the first is refused", refused, || desk.log());
    let woken = || desk.outside().number("SELECT count(*) FROM event WHERE ticket_id = 1 AND kind = 'woken'");
    assert_eq!(woken(), 0);
    second.signal("CONT");
    wait_for("the second wakes the ticket", || (woken() == 1).then_some(()), || desk.log());
}

#[test]
fn host_that_stalls_while_it_sends_sends_nothing_that_another_has_taken_up() {
    if !is_on_server() {
        return;
    }
    // The first mail is taken, and its answer comes only when the sender stands still.
    let sink = Sink::start(&[Play::TakeAfter(std::time::Duration::from_secs(3)), Play::Take]);
    let desk = sending(&sink);
    // Nobody sends before we say so.
    desk.outside().run("UPDATE desk SET served_at = unixepoch() + 20");
    for id in ["a", "b", "c"] {
        desk.deliver(mail(id, &format!("Subject: {id}\n"), "x"));
    }
    assert_eq!(sink.taken().len(), 0);
    let first = Host::start(&desk, &["admin", "outbox", "send"]);
    wait_until("the first mail is handed over", || sink.taken().len() == 1);
    signal(first.pid(), Signal::STOP);
    wait_until("it stands still", || is_stopped(first.pid()));
    let one = desk.outside().number("SELECT min(leased_by) FROM outbox WHERE leased_until > 0");
    fall_silent(&desk, one);
    let second = desk.admin(&["outbox", "send"]);
    assert_eq!(second["sent"], 3, "{second}");
    signal(first.pid(), Signal::CONT);
    let (_, out, err) = first.end();
    assert!(out.starts_with("0 sent"), "{out}{err}");
    // The one in its hands is there twice, the others once.
    assert_eq!(sink.taken().len(), 4, "{out}{err}");
    assert_eq!(desk.outside().number("SELECT count(*) FROM outbox WHERE state = 'sent'"), 3);
}
