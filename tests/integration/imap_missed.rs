//! Lists of mails that leave some out, or make no sense: nothing is concluded from a broken one, and what an earlier list
//! hid is found when the folder is compared with what was seen of it.

use serde_json::Value;

use crate::desk::{Desk, Done, feed};
use crate::imap_script::{ADDRESS, Script, State};

fn fetch(desk: &Desk) -> Done {
    feed(desk.command().args(["--json", "imap-fetch"]), b"")
}

fn fetched(done: &Done) -> i64 {
    let summaries: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|e| panic!("{e}: {done:?}"));
    summaries[0]["fetched"].as_i64().unwrap_or_else(|| panic!("{summaries}"))
}

/// Fetches; everything must go well.
fn assert_fetches(desk: &Desk, expected: i64) {
    let done = fetch(desk);
    assert_eq!((done.status, done.stderr.as_str(), fetched(&done)), (0, "", expected), "{done:?}");
}

fn last_uid(desk: &Desk) -> u32 {
    u32::try_from(desk.outside().number("SELECT last_uid FROM imap_folder")).expect("a UID")
}

/// Puts the last comparison of the folder a day back.
fn let_a_day_pass(desk: &Desk) {
    desk.outside().run("UPDATE imap_folder SET reconciled_at = reconciled_at - 86400");
}

/// Answers the next search for new mail with `answer`, once.
fn lies_once(answer: &'static str) -> impl Fn(&mut State, &str) -> Option<String> + Send + Sync + 'static {
    move |state, command| {
        let is_lie = command.starts_with("UID SEARCH UID") && state.heard("UID SEARCH UID") == 2;
        is_lie.then(|| format!("* SEARCH {answer}\r\nTAG OK done\r\n"))
    }
}

#[test]
fn a_search_with_a_word_that_is_no_number_is_a_broken_connection() {
    for answer in ["5 x6 7", "5 0 7", "5 4294967296 7", "5 6. 7", "5 6(MODSEQ 4) 7"] {
        let server = Script::start(&[4], "", lies_once(answer));
        let desk = server.desk(&[]);
        assert_fetches(&desk, 1);
        (5..=7).for_each(|uid| server.state().put(uid));
        let done = fetch(&desk);
        assert_eq!((done.status, fetched(&done)), (3, 0), "{answer}: {done:?}");
        assert!(done.stderr.contains("list of mails makes no sense"), "{answer}: {}", done.stderr);
        assert_eq!((last_uid(&desk), desk.count("tickets")), (4, 1), "{answer}: nothing follows from it");
        let doctor = desk.try_admin(&["doctor"]);
        assert!(doctor.stdout.contains("makes no sense"), "{answer}: {}", doctor.stdout);
        assert_fetches(&desk, 3);
        assert_eq!(desk.count("tickets"), 4, "{answer}");
    }
}

#[test]
fn mails_that_a_list_left_out_come_in_within_a_day() {
    let server = Script::start(&[4], "UIDPLUS", lies_once("5 7"));
    let desk = server.desk(&["--imap-after", "delete"]);
    assert_fetches(&desk, 1);
    (5..=7).for_each(|uid| server.state().put(uid));
    assert_fetches(&desk, 2);
    assert_eq!((last_uid(&desk), server.mails("INBOX").len()), (7, 1), "6 is below the last one and was not listed");
    assert_fetches(&desk, 0);
    let_a_day_pass(&desk);
    assert_fetches(&desk, 1);
    assert_eq!((desk.count("tickets"), server.mails("INBOX").len()), (4, 0));
    assert!(desk.log().contains("had not listed"), "{}", desk.log());
}

#[test]
fn mails_that_a_list_left_out_come_in_after_the_next_trouble_with_the_folder() {
    let server = Script::start(&[4], "", |state, command| match command {
        _ if command.starts_with("UID SEARCH UID") && state.heard("UID SEARCH UID") == 2 => {
            Some("* SEARCH 5 7\r\nTAG OK done\r\n".to_owned())
        }
        "GREETING" if state.offers == "DOWN" => Some("* BYE later\r\nBREAK".to_owned()),
        _ => None,
    });
    let desk = server.desk(&[]);
    assert_fetches(&desk, 1);
    (5..=7).for_each(|uid| server.state().put(uid));
    assert_fetches(&desk, 2);
    server.state().offers = "DOWN".to_owned();
    assert_eq!(fetch(&desk).status, 3);
    server.state().offers = String::new();
    assert_fetches(&desk, 1);
    assert_eq!(desk.count("tickets"), 4);
}

#[test]
fn a_folder_is_compared_once_a_day_and_nothing_is_read_again() {
    let uids: Vec<usize> = (1..=600).filter(|uid| uid % 3 > 0).collect();
    let server = Script::plain(&uids, "");
    let desk = server.desk(&[]);
    assert_fetches(&desk, 400);
    server.state().commands.clear();
    assert_fetches(&desk, 0);
    assert_eq!(server.state().heard("SEARCH ALL"), 0, "compared when it was begun");
    let_a_day_pass(&desk);
    assert_fetches(&desk, 0);
    assert_fetches(&desk, 0);
    let state = server.state();
    assert_eq!((state.heard("SEARCH ALL"), state.heard("UID FETCH")), (1, 0), "{:?}", state.commands);
}

#[test]
fn a_clock_that_came_back_does_not_put_off_the_comparison() {
    let server = Script::plain(&[4], "");
    let desk = server.desk(&[]);
    assert_fetches(&desk, 1);
    desk.outside().run("UPDATE imap_folder SET reconciled_at = reconciled_at + 86400");
    server.state().commands.clear();
    assert_fetches(&desk, 0);
    assert_fetches(&desk, 0);
    assert_eq!(server.state().heard("SEARCH ALL"), 1);
}

#[test]
fn a_comparison_takes_in_no_mail_that_was_not_wanted_or_is_marked_as_deleted() {
    let server = Script::plain(&[4, 5], "");
    let desk = server.desk(&["--imap-start", "new"]);
    assert_fetches(&desk, 0);
    server.state().put(6);
    assert_fetches(&desk, 1);
    // Somebody else's, and below the last one.
    server.state().inbox()[0].flags.push("\\Deleted".to_owned());
    desk.outside().run("UPDATE imap_seen SET first_uid = 5");
    let_a_day_pass(&desk);
    assert_fetches(&desk, 0);
    assert_eq!(desk.count("tickets"), 1);
}

#[test]
fn what_lay_in_a_folder_before_and_is_not_wanted_counts_as_seen() {
    let server = Script::plain(&[4, 5], "");
    let desk = server.desk(&["--imap-start", "new"]);
    assert_fetches(&desk, 0);
    let mut outside = desk.outside();
    let seen = ["first_uid", "last_uid"].map(|uid| outside.number(&format!("SELECT {uid} FROM imap_seen")));
    assert_eq!(seen, [1, 5]);
}

#[test]
fn a_next_uid_that_is_too_high_hides_no_mail_that_comes_later() {
    let server = Script::start(&[4], "", |state, command| {
        (command.starts_with("SELECT") && state.connections == 1)
            .then(|| "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 95] ok\r\nTAG OK done\r\n".to_owned())
    });
    let desk = server.desk(&["--imap-start", "new"]);
    assert_fetches(&desk, 0);
    server.state().put(5);
    assert_fetches(&desk, 1);
}

#[test]
fn a_folder_that_is_said_to_have_mails_and_lists_none_begins_another_time() {
    let server = Script::start(&[4], "", |state, command| {
        (command == "UID SEARCH ALL" && state.connections == 1).then(|| "TAG OK done\r\n".to_owned())
    });
    let desk = server.desk(&["--imap-start", "new"]);
    let done = fetch(&desk);
    assert!(done.status == 3 && done.stderr.contains("says that there is mail and lists none"), "{done:?}");
    assert_fetches(&desk, 0);
    assert_eq!(desk.count("tickets"), 0, "the old mail is not wanted");
}

#[test]
fn two_mails_under_one_number_are_a_broken_connection_and_none_is_deleted() {
    let server = Script::start(&[4, 5], "UIDPLUS", |state, command| {
        let is_first = command.contains("BODY.PEEK") && state.connections == 1;
        is_first.then(|| {
            let texts = state.inbox().clone();
            let line = |text: &str| format!("* 1 FETCH (UID 5 BODY[] {{{}}}\r\n{text})\r\n", text.len());
            format!("{}{}TAG OK done\r\n", line(&texts[0].text), line(&texts[1].text))
        })
    });
    let desk = server.desk(&["--imap-after", "delete"]);
    let done = fetch(&desk);
    assert!(done.status == 3 && done.stderr.contains("two mails under one number"), "{done:?}");
    assert_eq!((desk.count("tickets"), server.mails("INBOX").len()), (0, 2));
    assert_fetches(&desk, 2);
    assert_eq!((desk.count("tickets"), server.mails("INBOX").len()), (2, 0));
}

#[test]
fn a_mail_announced_shorter_than_it_is_is_read_again() {
    let server = Script::start(&[4], "UIDPLUS", |state, command| {
        let is_first = command.contains("BODY.PEEK") && state.connections == 1;
        is_first.then(|| {
            let text = state.inbox()[0].text.clone();
            format!("* 1 FETCH (UID 4 BODY[] {{{}}}\r\n{text})\r\nTAG OK done\r\n", text.len() - 2)
        })
    });
    let desk = server.desk(&["--imap-after", "delete"]);
    assert_eq!(fetch(&desk).status, 3);
    assert_eq!((desk.count("tickets"), server.mails("INBOX").len()), (0, 1));
    assert_fetches(&desk, 1);
    assert_eq!((desk.count("tickets"), server.mails("INBOX").len()), (1, 0));
}

#[test]
fn a_pop_server_is_named_as_such() {
    let server = Script::start(&[], "", |_, command| {
        (command == "GREETING").then(|| "+OK POP3 ready <1.2@pop.test>\r\n".to_owned())
    });
    for tls in ["none", "starttls"] {
        let desk = server.desk(&[]);
        desk.admin(&["address", "update", ADDRESS, "--imap-tls", tls]);
        let done = fetch(&desk);
        let why = "is a POP3 server; maildesk fetches mail by IMAP";
        assert!(done.status == 3 && done.stderr.contains(why), "{tls}: {}", done.stderr);
        let tried = desk.try_admin(&["address", "test", ADDRESS]);
        assert!(tried.status == 1 && tried.stderr.contains(why), "{tls}: {}", tried.stderr);
    }
}
