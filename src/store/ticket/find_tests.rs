//! What searches of the inbox find, for whom, and how the database finds it.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::{Author, UserId};
use crate::store::attachment::NewAttachment;
use crate::store::message::{NewMessage, Text, Visibility};
use crate::store::staff::NewStaff;
use crate::store::ticket::NewTicket;
use crate::store::ticket::walk::WALKED_MAX;
use crate::store::{Error, Store, WriteTx};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const GENERAL: DepartmentId = DepartmentId::new(1);
const SALES: DepartmentId = DepartmentId::new(2);
const SAM: StaffId = StaffId::new(1);

fn customer(tx: &WriteTx<'_>, name: &str) -> UserId {
    let email = format!("{}@client.test", name.split(' ').next().unwrap().to_lowercase());
    tx.customer_for(name, &email.parse().unwrap(), NOW).unwrap()
}

fn message(tx: &WriteTx<'_>, ticket: TicketId, visibility: Visibility, text: &str) -> MessageId {
    let author = Author::Customer(UserId::new(1));
    let text = Text::Plain(text);
    let new = NewMessage { ticket, author, visibility, text, reply_text: "", full_text: "", mail_html: "" };
    tx.ticket_rows().add_message(&new, NOW).unwrap()
}

/// Five tickets; the n-th was touched n hours ago.
fn desk() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::store::testing::desk(dir.path(), NOW);
    store
        .write(|tx| {
            fill(tx);
            Ok::<_, Error>(())
        })
        .unwrap();
    (dir, store)
}

fn fill(tx: &WriteTx<'_>) {
    tx.add_department("Sales team", false).unwrap();
    let sam = NewStaff {
        username: "sam",
        fullname: "Sam",
        email: &"sam@x.test".parse().unwrap(),
        password_hash: "x",
        role: crate::domain::staff_role::StaffRole::Agent,
        is_active: true,
        totp_secret: "",
    };
    tx.add_staff(&sam, &[], NOW).unwrap();
    let add = |n: i64, name: &str, subject: &str, department, text: &str, set: &str| {
        let customer = customer(tx, name);
        let new = NewTicket { department, customer, subject, address: None, reply_to: None };
        let id = tx.ticket_rows().add_ticket(&new, NOW.plus_s(-n * 3600)).unwrap();
        message(tx, id, Visibility::Public, text);
        if !set.is_empty() {
            tx.run(&format!("UPDATE ticket SET {set} WHERE id = {id}"), []).unwrap();
        }
        id
    };
    let first = add(1, "Ann Ode", "Printer on fire", GENERAL, "It burns.\nReally, the printer burns.", "staff_id = 1");
    let second = add(2, "Jörg Müller", "Invoice 4711", SALES, "Please pay the printer", "status = 2");
    add(3, "Ann Ode", "Lamp", GENERAL, "Dark", "status = 5");
    add(4, "Bob Smith", "You have won", GENERAL, "printer", "spam_at = 1");
    add(5, "Bob Smith", "Lamp again", GENERAL, "Dark", "snoozed_until = 2000000000");
    let rows = tx.ticket_rows();
    rows.add_participant(first, "Carla", &"carla@third.test".parse().unwrap(), NOW).unwrap();
    let note = message(tx, second, Visibility::Internal, "Is he a customer?");
    let file = NewAttachment {
        name: "a.txt",
        original_name: "a.txt",
        content_type: "text/plain",
        content: b"abc",
        cid: "",
        is_inline: false,
    };
    rows.add_attachment(second, note, &file).unwrap();
    let tag = tx.add_tag("big customer", NOW).unwrap();
    rows.tag_ticket(first, tag).unwrap();
}

fn hits(store: &Store, typed: &str, departments: &[DepartmentId]) -> Vec<Hit> {
    let search = Search::parse(typed, NOW, "UTC");
    let overdue_before = NOW.plus_s(-2 * 3600);
    let query = InboxSearch { search: &search, staff: SAM, departments, overdue_before, now: NOW };
    let (found, _) = store.read(|tx| tx.inbox_search(&query, None, 50)).unwrap();
    if has_terms(&search.text) {
        // By reading the tickets and by the index the answer is the same.
        let start = Position { at: Timestamp::from_unix(i64::MAX), id: TicketId::new(i64::MAX) };
        let by_index = store.read(|tx| tx.inbox_places(&query, start, 50)).unwrap();
        let ids = |hits: &[Hit]| hits.iter().map(|hit| hit.line.id.get()).collect::<Vec<_>>();
        let rare = store.read(|tx| tx.rare_part(&search.text)).unwrap();
        for part in ["", rare.as_ref().map_or("", |part| &part.text)] {
            let walked =
                store.read(|tx| tx.inbox_walked(&query, start, 50, Listed { part, tickets: WALKED_MAX })).unwrap();
            assert!(walked.is_none_or(|walked| walked == by_index), "{typed}, {part:?} read");
        }
        assert_eq!(by_index.iter().map(|(_, id)| *id).collect::<Vec<_>>(), ids(&found), "{typed}");
    }
    // Page by page it is the same.
    let (mut walked, mut after) = (Vec::new(), None);
    loop {
        let (page, end) = store.read(|tx| tx.inbox_search(&query, after, 1)).unwrap();
        walked.extend(page);
        after = end;
        if end.is_none() {
            break;
        }
    }
    assert_eq!(walked, found, "{typed}");
    found
}

fn ids(store: &Store, typed: &str) -> Vec<i64> {
    hits(store, typed, &[GENERAL, SALES]).iter().map(|hit| hit.line.id.get()).collect()
}

#[test]
fn each_condition_narrows_the_search() {
    let (_dir, store) = desk();
    let cases: [(&str, &[i64]); 34] = [
        ("printer", &[1, 2]),
        ("\"the printer burns\"", &[1]),
        ("\"printer the\"", &[]),
        ("#3", &[3]),
        ("printer is:spam", &[4]),
        ("is:spam", &[4]),
        ("from:ann", &[1, 3]),
        ("from:ann@client.test", &[1, 3]),
        ("from:\"Jörg Müller\"", &[2]),
        ("from:muller", &[2]),
        ("to:carla@third.test", &[1]),
        ("to:carla dark", &[]),
        ("is:open", &[1, 5]),
        ("is:open is:answered", &[1, 2, 5]),
        ("is:closed", &[3]),
        ("is:mine", &[1]),
        ("is:unassigned", &[2, 3, 5]),
        ("is:snoozed", &[5]),
        ("is:overdue", &[]),
        ("is:unread", &[]),
        ("assigned:me", &[1]),
        ("assigned:sam", &[1]),
        ("assigned:sam assigned:nobody is:open", &[1, 5]),
        ("assigned:stranger", &[]),
        ("tag:\"BIG customer\"", &[1]),
        ("has:tag", &[1]),
        ("has:attachment", &[2]),
        ("has:note printer", &[2]),
        ("in:sales", &[2]),
        ("in:gen lamp", &[3, 5]),
        ("in:nowhere", &[]),
        ("before:2h", &[3, 5]),
        ("after:2h printer", &[1, 2]),
        ("!?", &[]),
    ];
    for (typed, expected) in cases {
        assert_eq!(ids(&store, typed), expected, "{typed}");
    }
    store.write(|tx| tx.ticket_rows().wake_due(Timestamp::from_unix(3_000_000_000), 9)).unwrap();
    assert_eq!(ids(&store, "is:overdue"), [5]);
    assert_eq!(ids(&store, ""), [0; 0]);
}

#[test]
fn nothing_is_found_in_departments_that_one_does_not_see() {
    let (_dir, store) = desk();
    for typed in ["printer", "is:answered", "from:muller", "#2", "has:attachment", "in:sales", "tag:x"] {
        assert!(hits(&store, typed, &[GENERAL]).iter().all(|hit| hit.line.id.get() != 2), "{typed}");
        assert!(hits(&store, typed, &[]).is_empty(), "{typed}");
    }
}

#[test]
fn newest_message_with_the_word_is_named_and_shown() {
    let (_dir, store) = desk();
    let found = hits(&store, "BURNS", &[GENERAL]);
    assert_eq!(found[0].excerpt, "It burns. Really, the printer burns.");
    assert_eq!(found[0].message, Some(MessageId::new(1)));
    let by_subject = hits(&store, "fire", &[GENERAL]);
    assert_eq!((by_subject[0].message, by_subject[0].excerpt.as_str()), (None, ""));
    let long = format!("{} the Drucker burns {}", "x ".repeat(100), "y ".repeat(100));
    let shown = excerpt(&long, &["druck".to_owned()]).unwrap();
    assert!(shown.starts_with("… x") && shown.ends_with("y …") && shown.contains("the Drucker burns"), "{shown}");
    assert_eq!(excerpt("imprinter", &["printer".to_owned()]), None, "words are found by their start");
    assert_eq!(excerpt("", &["x".to_owned()]), None);
}

#[test]
fn no_search_scans_the_tickets() {
    if crate::store::testing::is_remote() {
        return; // plans of SQLite
    }
    let (_dir, store) = desk();
    for typed in
        ["printer", "from:ann to:bob", "tag:x is:open", "is:open in:sales", "before:2h has:note", "#3", "is:unread"]
    {
        let search = Search::parse(typed, NOW, "UTC");
        let departments = [GENERAL, SALES];
        let query =
            InboxSearch { search: &search, staff: SAM, departments: &departments, overdue_before: NOW, now: NOW };
        let start = Position { at: NOW, id: TicketId::new(1) };
        let plans = store.read(|tx| {
            let mut plans = Vec::new();
            for statement in query.statements(tx, start, 50)? {
                plans.push(plan(tx, &statement.conditions.concat())?);
            }
            Ok::<_, Error>(plans)
        });
        for plan in plans.unwrap() {
            let is_scan = |step: &String| {
                step.starts_with("SCAN ticket") || step.starts_with("SCAN customer") || step.starts_with("SCAN message")
            };
            assert!(!plan.iter().any(is_scan), "{typed}: {plan:#?}");
        }
    }
}

/// How SQLite would carry a statement out.
fn plan(tx: &ReadTx<'_>, sql: &str) -> Result<Vec<String>> {
    let crate::store::engine::Link::Lite(connection) = tx.link else { panic!("plans of SQLite") };
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let mut rows = statement.raw_query();
    let mut plan: Vec<String> = Vec::new();
    while let Some(row) = rows.next()? {
        plan.push(row.get(3)?);
    }
    Ok(plan)
}
