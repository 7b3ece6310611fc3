//! `maildesk imap-fetch` and servers that are not like the others: what they lack, how they word things, what they say
//! unasked. Each is one that exists, played by a script; the real ones have modules of their own.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::desk::{Desk, Done, feed};
use crate::imap_script::{ADDRESS, Script, text_of, within};
use crate::mta::wait_for;

fn fetch(desk: &Desk) -> Done {
    feed(desk.command().args(["--json", "imap-fetch"]), b"")
}

fn numbers(done: &Done) -> [i64; 3] {
    let summaries: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|e| panic!("{e}: {done:?}"));
    ["fetched", "stored", "failed"].map(|key| summaries[0][key].as_i64().unwrap_or_else(|| panic!("{summaries}")))
}

/// Fetches; everything must go well.
fn assert_fetches(desk: &Desk, expected: [i64; 3]) {
    let done = fetch(desk);
    assert_eq!((done.status, done.stderr.as_str(), numbers(&done)), (0, "", expected), "{}", desk.log());
}

fn seen(uid: usize) -> (usize, String) {
    (uid, "\\Seen".to_owned())
}

/// `imap-fetch --watch`, ended with the test.
struct Watch(Child);

impl Watch {
    fn start(desk: &Desk) -> Self {
        let mut command: Command = desk.command();
        command.args(["imap-fetch", "--watch"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("it starts"))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).ok();
    }
}

#[test]
fn a_server_without_move_gets_copy_and_a_deletion_of_exactly_these_mails() {
    let server = Script::plain(&[4, 5, 9], "UIDPLUS");
    let desk = server.desk(&["--imap-after", "move:Done"]);
    server.state().inbox()[1].flags.push("\\Deleted".to_owned());
    assert_fetches(&desk, [2, 2, 0]);
    assert_eq!(server.mails("INBOX"), [(5, "\\Deleted".to_owned())], "somebody else's");
    assert_eq!(server.mails("Done").len(), 2);
    assert_eq!(server.state().heard("UID EXPUNGE 4,9"), 1, "{:?}", server.state().commands);
}

#[test]
fn a_server_without_uidplus_never_gets_an_expunge_that_takes_others_along() {
    for (after, moved) in [("move:Done", 2), ("delete", 0)] {
        let server = Script::plain(&[4, 5], "");
        server.state().folders.insert("Done".to_owned(), Vec::new());
        let desk = server.desk(&["--imap-after", after]);
        assert_fetches(&desk, [2, 2, 0]);
        assert_eq!(server.mails("Done").len(), moved);
        assert_eq!(server.mails("INBOX"), [(4, "\\Deleted".to_owned()), (5, "\\Deleted".to_owned())]);
        assert_eq!(server.state().heard("EXPUNGE"), 0);
        assert_fetches(&desk, [0, 0, 0]);
    }
}

#[test]
fn a_missing_target_folder_is_made_even_when_the_server_says_so_in_words_only() {
    let server = Script::start(&[4], "MOVE", |state, command| {
        let is_move = command.starts_with("UID MOVE") && !state.folders.contains_key("Done");
        is_move.then(|| "TAG NO Mailbox does not exist: Done\r\n".to_owned())
    });
    let desk = server.desk(&["--imap-after", "move:Done"]);
    assert_fetches(&desk, [1, 1, 0]);
    assert_eq!(server.mails("Done").len(), 1);
}

#[test]
fn a_move_that_is_refused_for_good_is_reported_and_made_up_for_later() {
    let server = Script::start(&[4, 5], "MOVE", |state, command| match command.split(' ').nth(1) {
        Some("MOVE") if state.heard("UID MOVE") <= 2 => Some("TAG NO [OVERQUOTA] Quota exceeded\r\n".to_owned()),
        _ if command.starts_with("CREATE") => Some("TAG NO [ALREADYEXISTS] There is one\r\n".to_owned()),
        _ => None,
    });
    server.state().folders.insert("Done".to_owned(), Vec::new());
    let desk = server.desk(&["--imap-after", "move:Done"]);
    let done = fetch(&desk);
    assert_eq!((done.status, numbers(&done)), (3, [2, 2, 0]), "{done:?}");
    assert!(done.stderr.contains("Quota exceeded"), "{}", done.stderr);
    assert_eq!(fetch(&desk).status, 3, "the first of them is refused once more");
    assert_fetches(&desk, [1, 0, 0]);
    assert_eq!((server.mails("INBOX").len(), server.mails("Done").len()), (0, 2));
    assert_eq!(desk.count("tickets"), 2);
}

#[test]
fn a_session_that_is_open_from_the_start_needs_no_login() {
    let server = Script::start(&[4], "", |_, command| match command {
        "GREETING" => Some("* PREAUTH [CAPABILITY IMAP4rev1] tunnel\r\n".to_owned()),
        _ if command.starts_with("LOGIN") => Some("TAG BAD logged in already\r\n".to_owned()),
        _ => None,
    });
    let desk = server.desk(&[]);
    assert_fetches(&desk, [1, 1, 0]);
    assert_eq!(server.mails("INBOX"), [seen(4)]);
}

#[test]
fn answers_in_other_orders_and_spellings_are_understood() {
    let server = Script::start(&[4, 5], "IDLE", |state, command| {
        let body = |uid: usize| format!("{{{}}}\r\n{}", text_of(uid).len(), text_of(uid));
        Some(match command {
            "GREETING" => "* OK [CAPABILITY IMAP4rev1 SASL-IR] gr\u{fc}\u{df} Gott {3}\r\n".to_owned(),
            "CAPABILITY" => "* CAPABILITY IMAP4rev2 LITERAL+ X{5} AUTH=\u{df}\r\nTAG OK\r\n".to_owned(),
            _ if command.starts_with("LOGIN") => "TAG OK [CAPABILITY IMAP4rev2 LITERAL- X{5}]\r\n".to_owned(),
            _ if command.starts_with("SELECT") => "* FLAGS (\\Seen $x[)\r\n* 2 EXISTS\r\n* OK [UIDVALIDITY 7] g\u{fc}ltig\r\n* ok [uidnext 6]\r\n* OK [UNSEEN 1]\r\nTAG OK [READ-WRITE]\r\n".to_owned(),
            _ if command.contains("SEARCH") => {
                "* 2 EXISTS\r\n* SEARCH 5 \r\n* SEARCH 4 (MODSEQ 917)\r\nTAG OK [HIGHESTMODSEQ 1]\r\n".to_owned()
            }
            _ if command.contains("RFC822.SIZE") => "* 7 FETCH (FLAGS ($[odd))\r\n* 2 FETCH (RFC822.SIZE 300 MODSEQ (3) UID 5 FLAGS (\\Recent $a))\r\n* 1 FETCH (uid 4 rfc822.size 1)\r\nTAG OK\r\n".to_owned(),
            _ if command.contains("BODY.PEEK") => format!(
                "* 3 EXPUNGE\r\n* 2 FETCH (FLAGS (\\Seen $[x) body[] {} X-GM-LABELS (\"\\\\Inbox\" {{3}}\r\na)b) UID 5)\r\n\r\n* 1 FETCH (UID 4 INTERNALDATE \"01-Jan-2026 00:00:00 +0000\" ENVELOPE ((\"a\" NIL {{1}}\r\n) \"x\")) BODY[] {})\r\n* 1 RECENT\r\nTAG OK\r\n",
                body(5), body(4)
            ),
            _ if command.contains("STORE") => {
                state.inbox().iter_mut().for_each(|mail| mail.flags.push("\\Seen".to_owned()));
                "* 1 FETCH (FLAGS (\\Seen $[))\r\nTAG OK\r\n".to_owned()
            }
            "LOGOUT" => "* BYE tsch\u{fc}\u{df} {1}\r\nTAG OK\r\nBREAK".to_owned(),
            _ => return None,
        })
    });
    let desk = server.desk(&[]);
    assert_fetches(&desk, [2, 2, 0]);
    assert_eq!(server.mails("INBOX"), [seen(4), seen(5)]);
    let subjects: Vec<_> = (1..=2).map(|id| desk.ticket(id)["subject"].as_str().map(str::to_owned)).collect();
    assert_eq!(subjects, [Some("mail 4".to_owned()), Some("mail 5".to_owned())]);
}

#[test]
fn a_mail_that_comes_quoted_or_in_pieces_of_nothing_is_told_apart() {
    let server = Script::start(&[4, 5, 6], "", |_, command| {
        let quoted = "\"From: Ann <ann@client.test>  Subject: \\\"quoted\\\" \\\\o/\"";
        command.contains("BODY.PEEK").then(|| {
            format!("* 1 FETCH (UID 4 BODY[] {quoted})\r\n* 2 FETCH (UID 5 BODY[] NIL)\r\n* 3 FETCH (BODY[] {{0}}\r\n UID 6)\r\nTAG OK done\r\n")
        })
    });
    let desk = server.desk(&[]);
    let done = fetch(&desk);
    assert_eq!((done.status, numbers(&done)[0], numbers(&done)[2]), (3, 3, 2), "{done:?}");
    let mails = desk.admin(&["mail", "list"]);
    assert_eq!(mails.as_array().map(Vec::len), Some(1), "{mails}");
    assert_eq!(server.mails("INBOX"), [seen(4), (5, String::new()), (6, String::new())]);
}

#[test]
fn a_mail_on_which_the_server_hangs_up_keeps_back_no_other() {
    let server = Script::start(&[4, 5, 6, 7], "", |state, command| {
        let set = command.strip_prefix("UID FETCH ").filter(|rest| rest.contains("PEEK"))?;
        let set = set.split(' ').next()?;
        let (first, last) = set.split_once(':').unwrap_or((set, set));
        let range = first.parse::<usize>().ok()?..=last.parse::<usize>().ok()?;
        (range.contains(&5) && !state.offers.contains("REPAIRED"))
            .then(|| "* 2 FETCH (UID 5 BODY[] {4000000000}\r\nFrom: BREAK".to_owned())
    });
    let desk = server.desk(&["--imap-after", "delete"]);
    assert_eq!(fetch(&desk).status, 3);
    server.state().put(8);
    // The new one first, then one by one what is left.
    for _ in 0..3 {
        let done = fetch(&desk);
        assert_eq!(done.status, 3, "{done:?}");
    }
    assert_eq!(desk.count("tickets"), 4);
    assert_eq!(server.mails("INBOX").iter().filter(|(_, flags)| flags.is_empty()).count(), 1);
    let doctor = desk.try_admin(&["doctor"]);
    assert!(doctor.stdout.contains("folder INBOX: 1 mail could not be fetched"), "{}", doctor.stdout);
    server.state().offers = "REPAIRED".to_owned();
    assert_fetches(&desk, [1, 1, 0]);
    assert_eq!(desk.count("tickets"), 5);
}

#[test]
fn a_mail_whose_size_is_refused_keeps_back_no_other() {
    let server = Script::start(&[4, 5, 6], "", |_, command| {
        let is_asked = command.starts_with("UID FETCH 4:6 ") || command.starts_with("UID FETCH 5:6 ");
        let is_asked = is_asked || command.starts_with("UID FETCH 5 ");
        (is_asked && command.contains("SIZE")).then(|| "TAG NO [SERVERBUG] corrupted index\r\n".to_owned())
    });
    let desk = server.desk(&[]);
    let done = fetch(&desk);
    assert_eq!((done.status, numbers(&done)), (3, [2, 2, 1]), "{done:?}");
    assert_eq!(server.mails("INBOX"), [seen(4), (5, String::new()), seen(6)]);
}

#[test]
fn a_server_that_gives_no_mail_at_all_is_not_asked_for_each_of_them() {
    for word in ["SIZE", "PEEK"] {
        let uids: Vec<usize> = (1..=600).collect();
        let server = Script::start(&uids, "", move |state, command| {
            (command.contains(word) && !state.offers.contains("REPAIRED"))
                .then(|| "TAG NO [UNAVAILABLE] the store is down\r\n".to_owned())
        });
        let desk = server.desk(&[]);
        let done = fetch(&desk);
        assert_eq!((done.status, numbers(&done)[2]), (3, 50), "{}", done.stderr);
        assert!(done.stderr.contains("the store is down"), "{}", done.stderr);
        assert!(server.state().heard(word) < 200, "{}", server.state().heard(word));
        server.state().offers = "REPAIRED".to_owned();
        assert_fetches(&desk, [600, 600, 0]);
        assert_eq!(desk.count("tickets"), 600);
    }
}

#[test]
fn a_search_the_server_finds_fault_with_is_asked_in_another_way() {
    let server = Script::start(&[4, 5], "", |_, command| {
        command.starts_with("UID SEARCH UID").then(|| "TAG BAD invalid range\r\n".to_owned())
    });
    let desk = server.desk(&[]);
    assert_fetches(&desk, [2, 2, 0]);
    server.state().put(6);
    assert_fetches(&desk, [1, 1, 0]);
}

#[test]
fn uids_without_a_validity_are_believed_for_one_connection_only() {
    let server = Script::start(&[4, 5], "", |state, command| {
        let count = state.inbox().len();
        command.starts_with("SELECT").then(|| format!("* {count} EXISTS\r\nTAG OK done\r\n"))
    });
    let desk = server.desk(&[]);
    assert_fetches(&desk, [2, 2, 0]);
    // The server renumbers its mails: another mail has a number that was read before.
    server.state().inbox()[0].text = text_of(40);
    assert_fetches(&desk, [2, 1, 0]);
    assert_eq!(desk.count("tickets"), 3);
}

#[test]
fn login_goes_the_old_way_when_the_server_does_not_know_what_it_offered() {
    let server = Script::plain(&[4], "AUTH=PLAIN");
    let desk = server.desk(&[]);
    assert_fetches(&desk, [1, 1, 0]);
    let state = server.state();
    assert_eq!((state.heard("AUTHENTICATE PLAIN"), state.heard("LOGIN")), (1, 1), "{:?}", state.commands);
}

#[test]
fn a_challenge_in_plain_words_is_taken_for_an_empty_one() {
    let server = Script::start(&[4], "AUTH=PLAIN", |_, command| match command {
        "AUTHENTICATE PLAIN" => Some("+ go on, please!\r\nTAG OK in\r\n".to_owned()),
        _ => None,
    });
    let desk = server.desk(&[]);
    let done = fetch(&desk);
    assert!(!done.stderr.contains("makes no sense"), "{done:?}");
}

#[test]
fn a_mail_that_comes_while_others_are_taken_in_is_not_left_until_the_next_one() {
    // The server tells of it during a STORE, and then has nothing new to tell to the wait.
    let server = Script::start(&[4], "IDLE", |state, command| {
        (command.starts_with("UID STORE") && state.inbox().len() == 1).then(|| {
            state.put(5);
            "* 2 EXISTS\r\nTAG OK done\r\n".to_owned()
        })
    });
    let desk = server.desk(&[]);
    let _watch = Watch::start(&desk);
    let both = || (desk.count("tickets") == 2).then_some(());
    wait_for("both are tickets", both, || format!("{:?}", server.state().commands));
}

#[test]
fn a_server_that_repeats_itself_is_not_asked_in_a_loop() {
    let server = Script::start(&[4], "IDLE", |state, command| match command {
        "IDLE" if state.inbox().len() == 1 => Some("+ idling\r\n* 1 EXISTS\r\n* 1 RECENT\r\n".to_owned()),
        _ => None,
    });
    let desk = server.desk(&[]);
    let _watch = Watch::start(&desk);
    within(Duration::from_secs(20), &server, "it waits", |state| state.heard("IDLE") > 0);
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(1) {
        assert_eq!(server.state().heard("IDLE"), 1);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_server_that_takes_back_idle_is_polled() {
    static REFUSED: AtomicUsize = AtomicUsize::new(0);
    let server = Script::start(&[4], "IDLE", |_, command| {
        (command == "IDLE").then(|| {
            REFUSED.fetch_add(1, Ordering::SeqCst);
            "TAG BAD unknown command\r\n".to_owned()
        })
    });
    let desk = server.desk(&[]);
    let _watch = Watch::start(&desk);
    within(Duration::from_secs(30), &server, "it waits", |state| state.heard("IDLE") > 0);
    server.state().put(5);
    within(Duration::from_secs(30), &server, "the new mail is marked", |state| state.heard("UID STORE 5") > 0);
    assert_eq!((REFUSED.load(Ordering::SeqCst), server.state().connections), (1, 1));
}

#[test]
fn a_watch_that_is_cut_off_in_the_middle_of_a_mail_takes_it_in_when_it_is_back() {
    let server = Script::start(&[4, 5], "IDLE", |state, command| {
        let is_read = command.contains("BODY.PEEK") && state.connections == 2;
        is_read.then(|| "* 1 FETCH (UID 6 BODY[] {500}\r\nFrom: BREAK".to_owned())
    });
    let desk = server.desk(&[]);
    assert_fetches(&desk, [2, 2, 0]);
    server.state().put(6);
    let started = Instant::now();
    let _watch = Watch::start(&desk);
    let all = || (desk.count("tickets") == 3).then_some(());
    wait_for("it is a ticket", all, || format!("{:?}", server.state().commands));
    assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
}

#[test]
fn a_watch_comes_back_after_the_server_hung_up() {
    let server = Script::start(&[4], "IDLE", |state, command| {
        (command == "IDLE" && state.connections == 1).then(|| "+ idling\r\n* BYE restarting\r\nBREAK".to_owned())
    });
    let desk = server.desk(&[]);
    let _watch = Watch::start(&desk);
    within(Duration::from_secs(30), &server, "it is back", |state| state.connections == 2);
    server.state().put(5);
    let both = || (desk.count("tickets") == 2).then_some(());
    wait_for("both are tickets", both, || format!("{:?}", server.state().commands));
    assert!(desk.log().contains("restarting"), "{}", desk.log());
    let addresses = desk.admin(&["address", "show", ADDRESS]);
    assert!(addresses.is_object(), "{addresses}");
}
