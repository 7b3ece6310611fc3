//! Many deliveries at once, and deliveries that are killed: every mail on record exactly once, whatever happens between.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::desk::{Desk, SUPPORT, mail};

/// Runs `pipe` on a mail and gives status and stderr.
fn deliver(desk: &Desk, raw: &str) -> (i32, String) {
    let done = desk.pipe(raw, &["--recipient", SUPPORT]);
    (done.status, done.stderr)
}

/// Runs `work` for each of `0..count` from `workers` threads at once; gives what did not end with 0.
fn failures(count: usize, workers: usize, work: impl Fn(usize) -> (i32, String) + Sync) -> Vec<(usize, i32, String)> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut failed = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return failed;
            }
            let (status, stderr) = work(index);
            if status != 0 || !stderr.is_empty() {
                failed.push((index, status, stderr));
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a worker does not panic")).collect()
    })
}

fn assert_sound(desk: &Desk) {
    assert_eq!(desk.admin(&["check"])["ok"], true, "the tables are sound, and no row names one that is not there");
    let counted = |sql: &str| desk.outside().number(sql);
    let messages = counted("SELECT count(*) FROM message WHERE is_internal = 0");
    assert_eq!(desk.count("messages"), messages, "the counters agree with the rows");
    assert_eq!(desk.count("tickets"), counted("SELECT count(*) FROM ticket"));
}

#[test]
fn same_mail_from_eight_processes_at_once_is_one_message() {
    let desk = Desk::new();
    for round in 0..5 {
        let same = mail(&format!("same{round}"), "Subject: same\n", "x");
        assert_eq!(failures(8, 8, |_| deliver(&desk, &same)), []);
        assert_eq!((desk.count("messages"), desk.count("mails_received")), (round + 1, round + 1));
    }
    assert_sound(&desk);
}

#[test]
fn two_hundred_mails_from_twenty_processes_at_once_are_two_hundred_messages() {
    let desk = Desk::new();
    let one = |index: usize| deliver(&desk, &mail(&format!("m{index}"), &format!("Subject: mail {index}\n"), "x"));
    assert_eq!(failures(200, 20, one), []);
    assert_eq!((desk.count("messages"), desk.count("tickets"), desk.count("users")), (200, 200, 1));
    assert_sound(&desk);
}

#[test]
fn many_answers_at_once_all_reach_their_ticket() {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: busy\n", "x"));
    let one = |index: usize| {
        deliver(
            &desk,
            &mail(
                &format!("a{index}"),
                "Subject: Re: busy\nIn-Reply-To: <q@client.test>\n",
                &format!("answer {index}"),
            ),
        )
    };
    assert_eq!(failures(60, 12, one), []);
    assert_eq!((desk.count("tickets"), desk.messages(1).len(), desk.ticket(1)["replies"].as_i64()), (1, 61, Some(60)));
    assert_sound(&desk);
}

#[test]
fn inits_at_once_make_one_desk() {
    // Again and again: they have to meet within the moment in which the file gets its log.
    for _ in 0..20 {
        let desk = Desk::without_database();
        let init = |_| {
            let done = desk.try_admin(&["init"]);
            // What a successful one says is not an error: which of them made the desk.
            (done.status, if done.status == 0 { String::new() } else { done.stderr })
        };
        assert_eq!(failures(6, 6, init), []);
        assert_eq!(desk.count("departments"), 1);
        assert_sound(&desk);
    }
}

/// A small generator of delays; the seed is printed, so that a failure can be looked at again.
struct Delays(u64);

impl Delays {
    fn new() -> Self {
        let seed = u64::from(std::process::id()) << 20 | u64::from(Instant::now().elapsed().subsec_nanos());
        eprintln!("seed of the delays: {seed}");
        Self(seed | 1)
    }

    fn next(&mut self, max: Duration) -> Duration {
        // xorshift64 (Marsaglia 2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        max.mul_f64((self.0 % 1000) as f64 / 1000.0)
    }
}

#[test]
fn killed_deliveries_are_redelivered_to_exactly_one_message_each() {
    const MAILS: usize = 300;
    let desk = Desk::new();
    let mut delays = Delays::new();
    let path = |index: usize| desk.path(&format!("mail{index}"));
    for index in 0..MAILS {
        // Every third one is an answer, every fifth brings a file: more than one table is in the middle of it.
        let subject = if index % 3 == 2 { "Re: [#1] mail 0" } else { &format!("mail {index}") };
        let text = if index % 5 == 4 { "x".repeat(200_000) } else { "x".to_owned() };
        let fields = format!("Subject: {subject}\n");
        fs::write(path(index), mail(&format!("k{index}"), &fields, &text)).expect("the folder is writable");
    }
    let started = Instant::now();
    desk.deliver(fs::read(path(0)).expect("it was written"));
    // Kills fall anywhere between start and end of a delivery, sometimes after it.
    let whole = started.elapsed().mul_f64(1.3);
    let mut waiting: Vec<usize> = (0..MAILS).collect();
    let (mut kills, mut rounds) = (0, 0);
    while !waiting.is_empty() {
        rounds += 1;
        let is_spared = rounds > 8;
        let mut again = Vec::new();
        for pair in waiting.chunks(2) {
            let start = |index: &usize| {
                let stdin = fs::File::open(path(*index)).expect("it was written");
                let mut command = desk.command();
                command.args(["pipe", "--recipient", SUPPORT]).stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null());
                (*index, command.spawn().expect("the binary starts"))
            };
            let children: Vec<_> = pair.iter().map(start).collect();
            for (index, mut child) in children {
                if !is_spared {
                    thread::sleep(delays.next(whole));
                    child.kill().expect("the child is ours");
                }
                let status = child.wait().expect("the child is ours");
                kills += usize::from(status.code().is_none());
                assert!(status.code().is_none_or(|code| [0, 75].contains(&code)), "{status}");
                if status.code() != Some(0) {
                    again.push(index);
                }
            }
        }
        waiting = again;
        assert!(rounds < 12, "{} mails are never taken: {}", waiting.len(), desk.log());
    }
    assert!(kills > MAILS / 10, "only {kills} deliveries were killed; the delays are too long");
    assert_eq!((desk.count("mails_received"), desk.count("messages")), (300, 300));
    let mails = desk.admin(&["mail", "list"]);
    let ids: BTreeSet<_> =
        mails.as_array().into_iter().flatten().filter_map(|mail| mail["message_id"].as_str()).collect();
    assert_eq!(ids.len(), MAILS, "each message exactly once");
    assert_sound(&desk);
}
