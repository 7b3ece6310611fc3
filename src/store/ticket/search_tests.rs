//! What is found, on both engines, and how the index is kept.

use super::*;
use crate::domain::{Author, TicketId};
use crate::store::message::{NewMessage, Text, Visibility};
use crate::store::ticket::NewTicket;
use crate::store::ticket::walk::WALKED_MAX;
use crate::store::{Store, WriteTx};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn desk() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::store::testing::desk(dir.path(), NOW);
    (dir, store)
}

fn add(tx: &WriteTx<'_>, name: &str, email: &str, subject: &str, text: &str) -> TicketId {
    let customer = tx.customer_for(name, &email.parse().unwrap(), NOW).unwrap();
    let department = DepartmentId::new(1);
    let new = NewTicket { department, customer, subject, address: None, reply_to: None };
    let ticket = tx.ticket_rows().add_ticket(&new, NOW).unwrap();
    let message = NewMessage {
        ticket,
        author: Author::Customer(customer),
        visibility: Visibility::Public,
        text: Text::Plain(text),
        reply_text: "",
        full_text: "",
        mail_html: "",
    };
    tx.ticket_rows().add_message(&message, NOW).unwrap();
    ticket
}

fn filled() -> (tempfile::TempDir, Store) {
    let (dir, store) = desk();
    store
        .write(|tx| {
            let first = add(tx, "Jörg Müller", "jm@client.test", "Drucker brennt", "Er steht in Flammen.");
            add(tx, "Ann Ode", "ann@client.test", "Invoice 4711", "Please pay the printer on fire");
            tx.ticket_rows().add_participant(first, "Bob Smith", &"bob@other.test".parse().unwrap(), NOW).map(|_| ())
        })
        .unwrap();
    (dir, store)
}

fn found(store: &Store, search: &str) -> Vec<i64> {
    let query = TicketQuery { search, max: 10, order: TicketOrder::OldestOpened, ..TicketQuery::default() };
    let lines = store.read(|tx| tx.tickets_found(&query)).unwrap();
    if has_terms(search) {
        // By reading the tickets and by the index the answer is the same.
        assert_eq!(store.read(|tx| tx.found_by_index(&query)).unwrap(), lines, "{search}");
    }
    lines.iter().map(|line| line.id.get()).collect()
}

#[test]
fn words_of_every_ticket_and_of_few_are_found_in_the_order_of_the_list() {
    const FEW: usize = 3;
    let (_dir, store) = desk();
    let fill = |tx: &WriteTx<'_>| {
        for n in 0..WALKED_MAX + 10 {
            let text = if n < FEW { "the printer is purple" } else { "the printer is red" };
            let id = add(tx, "Ann", "ann@client.test", "Help", text);
            // The first ones were touched last but for a few.
            let at = NOW.plus_s(i64::try_from(if n < FEW { WALKED_MAX + 5 } else { n }).unwrap());
            tx.run("UPDATE ticket SET last_update_at = $1 WHERE id = $2", (at.unix(), id.get()))?;
        }
        Ok::<_, Error>(())
    };
    store.write(fill).unwrap();
    for (search, order) in [
        ("print", TicketOrder::NewestTouched),
        ("print", TicketOrder::OldestTouched),
        ("purpl", TicketOrder::NewestTouched),
        ("purpl", TicketOrder::OldestTouched),
        ("printer purple", TicketOrder::OldestOpened),
        ("printer \"is purple\"", TicketOrder::NewestTouched),
        ("\"is red\" help", TicketOrder::NewestOpened),
    ] {
        let query = TicketQuery { search, max: 5, order, ..TicketQuery::default() };
        let (lines, by_index) =
            store.read(|tx| Ok::<_, Error>((tx.tickets_found(&query)?, tx.found_by_index(&query)?))).unwrap();
        assert_eq!(lines, by_index, "{search} {order:?}");
        assert_eq!(lines.len(), if search.contains("purpl") { FEW } else { 5 }, "{search} {order:?}");
        // The server's index is always asked.
        if crate::store::testing::is_remote() {
            continue;
        }
        let walked = store.read(|tx| tx.found_by_walking(&query, Listed { part: "", tickets: WALKED_MAX })).unwrap();
        assert!(walked.is_none_or(|walked| walked == by_index), "{search} {order:?}");
        let rare = store.read(|tx| tx.rare_part(search)).unwrap();
        assert_eq!(rare.is_some(), search.contains("purpl"), "{search}");
        if let Some(Part { text, is_all: false }) = rare {
            let walked =
                store.read(|tx| tx.found_by_walking(&query, Listed { part: &text, tickets: WALKED_MAX })).unwrap();
            assert_eq!(walked, Some(by_index), "{search}: the tickets of {text} are read for the rest");
        }
    }
}

/// A word that only old tickets have, and too many of them.
#[test]
fn one_word_is_followed_to_its_newest_texts_and_two_words_to_all() {
    let (_dir, store) = desk();
    // The server's index has no order of its own: it follows each word to all of its texts.
    if crate::store::testing::is_remote() {
        return;
    }
    let beyond = 3;
    let fill = |tx: &WriteTx<'_>| {
        let first = add(tx, "Ann", "ann@client.test", "zebra", "Hello");
        // The rows of tickets as they are, without what they are found by: that is written in one go below.
        for n in 1..HITS_MAX + beyond + WALKED_MAX {
            let subject = if n < HITS_MAX + beyond { "zebra" } else { "horse" };
            tx.run(
                "INSERT INTO ticket (department_id, customer_id, subject, status, created_at, last_update_at, replies)
                 SELECT department_id, customer_id, $1, status, created_at, last_update_at + $2, 0 FROM ticket WHERE id = $3",
                (subject, i64::try_from(n).unwrap(), first.get()),
            )?;
        }
        Ok::<_, Error>(())
    };
    store.write(fill).unwrap();
    let count = |search: &str, statuses: &[Status], order| {
        let query = TicketQuery { search, statuses, order, max: usize::MAX, ..TicketQuery::default() };
        store.read(|tx| tx.tickets_found(&query)).unwrap().len()
    };
    let all = HITS_MAX + beyond;
    assert_eq!(count("zebra", &[], TicketOrder::NewestTouched), HITS_MAX);
    assert_eq!(count("\"zebra\"", &[], TicketOrder::NewestOpened), HITS_MAX);
    assert_eq!(count("zebra", &[], TicketOrder::OldestTouched), all);
    assert_eq!(count("zebra", &[Status::Open], TicketOrder::NewestTouched), all);
    assert_eq!(count("zebra ann", &[], TicketOrder::NewestTouched), all);
}

#[test]
fn pieces_are_found_in_scripts_without_blanks() {
    let (_dir, store) = desk();
    store
        .write(|tx| {
            add(tx, "山田 太郎", "yt@client.test", "校正証明書について", "よろしくお願いします。100%です");
            add(tx, "Ann Ode", "ann@client.test", "ใบเสร็จรับเงิน", "Hello");
            Ok::<_, Error>(())
        })
        .unwrap();
    let cases: [(&str, &[i64]); 8] = [
        ("証明書", &[1]),
        ("校正", &[1]),
        ("証明書 太郎", &[1]),
        ("お願い", &[1]),
        ("รับเงิน", &[2]),
        ("証書", &[]),
        ("証%書", &[]),
        ("\"証明書について\" yt@client", &[1]),
    ];
    for (search, ids) in cases {
        assert_eq!(found(&store, search), ids, "{search}");
    }
}

#[test]
fn words_are_found_by_their_start_without_case_and_accents() {
    let (_dir, store) = filled();
    let cases: [(&str, &[i64]); 14] = [
        ("drucker", &[1]),
        ("DRUCK", &[1]),
        ("muller", &[1]),
        ("müll", &[1]),
        ("rucker", &[]),
        ("drucker ann", &[]),
        ("drucker bob flammen", &[1]),
        ("bob@other.test", &[1]),
        ("bob@other", &[1]),
        ("printer fire", &[2]),
        ("\"printer on fire\"", &[2]),
        ("\"printer fire\"", &[]),
        ("#2", &[2]),
        ("client", &[1, 2]),
    ];
    for (search, expected) in cases {
        assert_eq!(found(&store, search), expected, "{search}");
    }
}

#[test]
fn signs_and_operators_are_only_text() {
    let (_dir, store) = filled();
    for search in ["*", "%", "\"", "\"\"", "AND", "OR OR", "NEAR(", "text:drucker", "-", "a\0xb", "^", "(((", "#x"] {
        assert!(found(&store, search).is_empty(), "{search:?}");
    }
    assert_eq!(found(&store, "bre\0druck"), [1], "what is no text parts words");
    assert_eq!(found(&store, "drucker % -"), [1]);
    assert_eq!(found(&store, "  "), [1, 2], "no word at all is no search");
}

#[test]
fn sixteen_words_are_looked_at() {
    let words = |n: usize| vec!["drucker"; n].join(" ") + " nowhere";
    assert_eq!(terms(&words(15)).len(), 16);
    assert_eq!(terms(&words(16)).len(), 16);
    let (_dir, store) = filled();
    assert!(found(&store, &words(15)).is_empty());
    assert_eq!(found(&store, &words(16)), [1]);
}

#[test]
fn index_follows_every_change() {
    let (_dir, store) = filled();
    store
        .write(|tx| {
            let customer = tx.customer_by_email("jm@client.test")?.unwrap();
            tx.update_customer(customer.id, Some("Jörg Meier"), None)?;
            tx.ticket_rows().remove_ticket(TicketId::new(2)).map(|_| ())
        })
        .unwrap();
    assert_eq!((found(&store, "meier"), found(&store, "muller"), found(&store, "fire")), (vec![1], vec![], vec![]));
    assert!(store.write(|tx| tx.is_search_sound()).unwrap());
}

#[test]
fn damaged_index_is_noticed_and_made_anew() {
    if crate::store::testing::is_remote() {
        return; // plans, and damage, of SQLite
    }
    let (_dir, store) = filled();
    store.write(|tx| tx.run("DELETE FROM search_idx", []).map(|_| ())).unwrap();
    store.write(|tx| tx.run("DELETE FROM search_data WHERE id > 10", []).map(|_| ())).unwrap();
    assert!(!store.write(|tx| tx.is_search_sound()).unwrap());
    store.write(|tx| tx.rebuild_search()).unwrap();
    assert!(store.write(|tx| tx.is_search_sound()).unwrap());
    assert_eq!(found(&store, "drucker"), [1]);
}

#[test]
fn index_that_lacks_a_text_is_noticed() {
    let (_dir, store) = filled();
    let (forget, invent) = if crate::store::testing::is_remote() {
        (
            "DELETE FROM search WHERE id = 6",
            "INSERT INTO search (id, words) VALUES (4002, search_words('none has this'))",
        )
    } else {
        (
            "INSERT INTO search (search, rowid, text) VALUES ('delete', 6, 'Drucker brennt')",
            "INSERT INTO search (rowid, text) VALUES (4002, 'none has this')",
        )
    };
    let differences = || store.read(|tx| tx.search_differences()).unwrap();
    assert_eq!(differences(), 0);
    store.write(|tx| tx.run(forget, []).map(|_| ())).unwrap();
    assert_eq!((differences(), store.write(|tx| tx.is_search_sound()).unwrap()), (1, false));
    store.write(|tx| tx.run(invent, [])).unwrap();
    assert_eq!(differences(), 2);
    store.write(|tx| tx.rebuild_search()).unwrap();
    assert_eq!(differences(), 0);
}

#[test]
fn texts_without_a_word_are_not_missed() {
    let (_dir, store) = filled();
    store.write(|tx| Ok::<_, Error>(add(tx, "!", "x@y.test", "…!?", "🔥"))).unwrap();
    assert_eq!(store.read(|tx| tx.search_differences()).unwrap(), 0);
}

#[test]
fn no_list_of_tickets_scans_a_table() {
    if crate::store::testing::is_remote() {
        return; // plans, and damage, of SQLite
    }
    let (_dir, store) = filled();
    let some = [Status::Open, Status::AwaitingReply];
    let customer = Some(UserId::new(1));
    let department = Some(DepartmentId::new(1));
    let queries = [
        TicketQuery::default(),
        TicketQuery { statuses: &some, untouched_since: Some(NOW), ..TicketQuery::default() },
        TicketQuery { department, order: TicketOrder::OldestTouched, ..TicketQuery::default() },
        TicketQuery { customer, statuses: &some, ..TicketQuery::default() },
        TicketQuery { staff: Some(StaffId::new(1)), ..TicketQuery::default() },
        TicketQuery { search: "drucker bob", department, ..TicketQuery::default() },
        TicketQuery { search: "#1", ..TicketQuery::default() },
    ];
    for query in queries {
        let plan: Vec<String> = store
            .read(|tx| {
                let (sql, values) = query.finished(tx.link);
                let sql = format!("EXPLAIN QUERY PLAN {sql}");
                tx.all(&sql, values.as_slice(), |row| row.get(3))
            })
            .unwrap();
        let scans = plan.iter().filter(|step| step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE"));
        // What was found, and the ids that were picked, are read once, as they are wanted.
        let scans: Vec<_> = scans.filter(|step| !step.contains("page") && !step.ends_with(" hit")).collect();
        assert!(scans.is_empty(), "{query:?}: {plan:#?}");
        let is_by_status = query.search.is_empty() && query.customer.is_none() && query.staff.is_none();
        assert!(!is_by_status || !plan.iter().any(|step| step.contains("LAST")), "{query:?}: {plan:#?}");
    }
}
