//! How often a desk on a server is asked while one mail is taken in.

use super::tests::{NOW, desk, envelope, rules};
use super::*;
use crate::domain::DepartmentId;
use crate::domain::desk_address::Outgoing;
use crate::store::address::AddressRow;
use crate::store::testing;

/// Most ways to the server and back for one mail. Each takes the line's time, most of them while all other hosts wait.
const TRIPS_MAX: usize = 34;

fn desk_that_answers() -> (tempfile::TempDir, Store) {
    let (dir, store) = desk();
    let address = AddressRow {
        outgoing: Outgoing::Smtp,
        smtp_host: "127.0.0.1".to_owned(),
        department: Some(DepartmentId::new(1)),
        is_default: true,
        ..AddressRow::new("support@example.com", "Support")
    };
    store.write(|tx| tx.add_address(&address, NOW)).unwrap();
    (dir, store)
}

/// Takes a mail in and gives what the server was asked meanwhile.
fn asked_for(store: &Store, mail: &[u8], outcome: Outcome) -> Vec<String> {
    testing::asked();
    let delivery = deliver(store, &rules(), &envelope(Source::Pipe), mail, NOW).unwrap();
    assert_eq!(delivery.outcome, outcome);
    testing::asked()
}

fn assert_few(asked: &[String]) {
    println!("{} ways to the server", asked.len());
    let shown = asked.join("\n");
    assert!(asked.len() <= TRIPS_MAX, "{} questions for one mail:\n{shown}", asked.len());
    assert!(!testing::is_remote() || asked.len() > 10, "they are counted:\n{shown}");
}

#[test]
fn mail_that_opens_a_ticket_takes_few_ways_to_the_server() {
    let (_dir, store) = desk_that_answers();
    let mail = b"From: Ann <ann@example.org>\r\nTo: support@example.com\r\nSubject: Printer\r\nMessage-ID: <1@example.org>\r\n\r\nIt is on fire.\r\n";
    assert_few(&asked_for(&store, mail, Outcome::Opened));
    assert_eq!(store.read(|tx| tx.outbox_pending()).unwrap(), 1, "it is answered");
}

#[test]
fn reply_takes_few_ways_to_the_server() {
    let (_dir, store) = desk_that_answers();
    let mail = b"From: Ann <ann@example.org>\r\nTo: support@example.com\r\nSubject: Printer\r\nMessage-ID: <1@example.org>\r\n\r\nIt is on fire.\r\n";
    asked_for(&store, mail, Outcome::Opened);
    let answer = store.read(|tx| tx.outgoing_recent("", 1)).unwrap().remove(0).internet_id;
    let reply = format!(
        "From: Ann <ann@example.org>\r\nTo: support@example.com\r\nSubject: Re: [#1] Printer\r\nMessage-ID: <2@example.org>\r\n\
         In-Reply-To: <{answer}>\r\nReferences: <1@example.org> <{answer}>\r\n\r\nIt is out.\r\n"
    );
    assert_few(&asked_for(&store, reply.as_bytes(), Outcome::Appended));
}
