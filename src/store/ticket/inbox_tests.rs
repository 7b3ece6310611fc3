//! What the lists of the inbox hold, in which order, and how the database finds it.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::staff_role::StaffRole;
use crate::domain::{Actor, Door, EventKind};
use crate::store::event::NewEvent;
use crate::store::staff::NewStaff;
use crate::store::ticket::NewTicket;
use crate::store::{Error, Store, WriteTx};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const GENERAL: DepartmentId = DepartmentId::new(1);
const SALES: DepartmentId = DepartmentId::new(2);
const SAM: StaffId = StaffId::new(1);
const EVA: StaffId = StaffId::new(2);

/// A desk with two departments and two agents.
fn desk() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::store::testing::desk(dir.path(), NOW);
    store
        .write(|tx| {
            tx.add_department("Sales", false)?;
            tx.customer_for("Ann", &"ann@client.test".parse().unwrap(), NOW)?;
            for name in ["sam", "eva"] {
                let staff = NewStaff {
                    username: name,
                    fullname: name,
                    email: &format!("{name}@x.test").parse().unwrap(),
                    password_hash: "x",
                    role: StaffRole::Agent,
                    is_active: true,
                    totp_secret: "",
                };
                tx.add_staff(&staff, &[], NOW)?;
            }
            Ok::<_, Error>(())
        })
        .unwrap();
    (dir, store)
}

/// A ticket touched so many seconds ago; `set` is put into its row.
fn ticket(tx: &WriteTx<'_>, department: DepartmentId, ago: i64, set: &str) -> i64 {
    let customer = UserId::new(1);
    let new = NewTicket { department, customer, subject: "s", address: None, reply_to: None };
    let id = tx.ticket_rows().add_ticket(&new, NOW.plus_s(-ago)).unwrap();
    if !set.is_empty() {
        tx.run(&format!("UPDATE ticket SET {set} WHERE id = {id}"), []).unwrap();
    }
    id.get()
}

fn query(listing: Listing, departments: &[DepartmentId]) -> InboxQuery<'_> {
    InboxQuery { listing, staff: SAM, departments, now: NOW }
}

fn ids(store: &Store, listing: Listing, departments: &[DepartmentId]) -> Vec<i64> {
    let (lines, _) = store.read(|tx| tx.inbox_page(&query(listing, departments), None, 50)).unwrap();
    let count = store.read(|tx| tx.inbox_count(&query(listing, departments))).unwrap();
    assert_eq!(count, i64::try_from(lines.len()).unwrap(), "{listing:?}");
    lines.iter().map(|line| line.id.get()).collect()
}

const LISTS: [Listing; 8] = [
    Listing::Unassigned,
    Listing::Mine,
    Listing::Waiting,
    Listing::Overdue(NOW.plus_s(-1000)),
    Listing::Snoozed,
    Listing::Closed,
    Listing::Spam,
    Listing::Department(GENERAL),
];

#[test]
fn each_ticket_is_in_the_lists_it_belongs_to() {
    let (_dir, store) = desk();
    let snoozed = format!("snoozed_until = {}", NOW.unix() + 1);
    let made: Vec<i64> = store
        .write(|tx| {
            let mut made = Vec::new();
            for (department, ago, set) in [
                (GENERAL, 10, ""),
                (SALES, 5, ""),
                (GENERAL, 2000, "status = 3"),
                (GENERAL, 20, "status = 2"),
                (GENERAL, 30, "staff_id = 1"),
                (GENERAL, 40, "staff_id = 2, status = 4"),
                (GENERAL, 50, "status = 5"),
                (GENERAL, 60, snoozed.as_str()),
                (GENERAL, 70, "spam_at = 1"),
                (GENERAL, 80, "status = 5, merged_into = 1"),
                (GENERAL, 90, &format!("snoozed_until = {}", NOW.unix())),
                (GENERAL, 100, "staff_id = 1, status = 5"),
            ] {
                made.push(ticket(tx, department, ago, set));
            }
            Ok::<_, Error>(made)
        })
        .unwrap();
    assert_eq!(made, (1..=12).collect::<Vec<_>>());
    let both = [GENERAL, SALES];
    let expected: [&[i64]; 8] =
        [&[2, 1, 4, 11, 3], &[5], &[4], &[3], &[8], &[7, 12], &[9], &[1, 4, 5, 6, 7, 8, 11, 12, 3]];
    for (listing, expected) in LISTS.into_iter().zip(expected) {
        assert_eq!(ids(&store, listing, &both), expected, "{listing:?}");
    }
    assert_eq!(ids(&store, Listing::Unassigned, &[SALES]), [2], "what one's departments give");
    for listing in LISTS {
        assert_eq!(ids(&store, listing, &[SALES]).iter().filter(|id| **id != 2).count(), 0, "{listing:?}");
        assert_eq!(ids(&store, listing, &[]), [0; 0], "{listing:?}: no department, nothing");
    }
}

#[test]
fn pages_put_together_are_the_whole_list_once_in_order() {
    let (_dir, store) = desk();
    store
        .write(|tx| {
            for n in 0..230 {
                let department = if n % 3 == 0 { SALES } else { GENERAL };
                // Many at the same second.
                ticket(tx, department, n / 7, &format!("status = {}", n % 4 + 1));
            }
            Ok::<_, Error>(())
        })
        .unwrap();
    let departments = [GENERAL, SALES];
    for listing in [Listing::Unassigned, Listing::Overdue(NOW.plus_s(-5))] {
        let query = query(listing, &departments);
        let (whole, _) = store.read(|tx| tx.inbox_page(&query, None, 1000)).unwrap();
        let (mut walked, mut after) = (Vec::new(), None);
        loop {
            let (page, end) = store.read(|tx| tx.inbox_page(&query, after, 17)).unwrap();
            walked.extend(page);
            after = end;
            if end.is_none() {
                break;
            }
        }
        assert_eq!(walked, whole);
        let is_newest_first = whole.windows(2).all(|pair| pair[0].last_update_at >= pair[1].last_update_at);
        assert_eq!(is_newest_first, listing == Listing::Unassigned);
        assert_eq!(store.read(|tx| tx.inbox_count(&query)).unwrap(), i64::try_from(whole.len()).unwrap());
    }
}

#[test]
fn numbers_are_exact_below_a_thousand() {
    let (_dir, store) = desk();
    let add = |n| {
        store
            .write(|tx| {
                (0..n).for_each(|_| {
                    ticket(tx, GENERAL, 1, "");
                });
                Ok::<_, Error>(())
            })
            .unwrap();
    };
    let count = |departments: &[DepartmentId]| {
        store.read(|tx| tx.inbox_count(&query(Listing::Unassigned, departments))).unwrap()
    };
    add(999);
    assert_eq!(count(&[GENERAL, SALES]), 999);
    add(2);
    assert_eq!(count(&[GENERAL, SALES]), COUNT_MAX, "999 and more");
}

#[test]
fn more_departments_than_one_statement_takes_are_one_list() {
    let (_dir, store) = desk();
    let departments: Vec<DepartmentId> = store
        .write(|tx| {
            let mut made = vec![GENERAL, SALES];
            for n in 0..70 {
                made.push(tx.add_department(&format!("d{n}"), false)?);
            }
            for (n, department) in made.iter().enumerate() {
                ticket(tx, *department, i64::try_from(n).unwrap(), "");
            }
            Ok::<_, Error>(made)
        })
        .unwrap();
    let query = query(Listing::Unassigned, &departments);
    let (lines, _) = store.read(|tx| tx.inbox_page(&query, None, 60)).unwrap();
    assert_eq!(lines.iter().map(|line| line.id.get()).collect::<Vec<_>>(), (1..=60).collect::<Vec<_>>());
    assert_eq!(store.read(|tx| tx.inbox_count(&query)).unwrap(), 72);
}

#[test]
fn unread_is_what_others_did_since_one_looked() {
    let (_dir, store) = desk();
    let id = TicketId::new(store.write(|tx| Ok::<_, Error>(ticket(tx, GENERAL, 1, ""))).unwrap());
    let is_unread = || store.read(|tx| tx.inbox_lines(&[id], SAM)).unwrap()[0].is_unread;
    let happens = |actor, kind| {
        let event = NewEvent { actor, door: Door::Mail, kind, detail: "", message: None };
        store.write(|tx| tx.ticket_rows().add_event(id, &event, NOW)).unwrap();
    };
    let look = || {
        store
            .write(|tx| {
                let newest = tx.newest_event_of(id)?;
                tx.note_seen(SAM, id, newest)
            })
            .unwrap();
    };
    assert!(!is_unread(), "nothing is known of it");
    happens(Actor::Customer(UserId::new(1)), EventKind::Opened);
    assert!(is_unread());
    look();
    assert!(!is_unread());
    happens(Actor::Staff(SAM), EventKind::Answered);
    assert!(!is_unread(), "one's own answer");
    happens(Actor::Staff(EVA), EventKind::Status);
    assert!(!is_unread(), "nothing to read");
    happens(Actor::Staff(EVA), EventKind::Noted);
    assert!(is_unread());
    look();
    happens(Actor::Staff(EVA), EventKind::Assigned);
    assert!(!is_unread(), "somebody else's now");
    store.write(|tx| tx.ticket_rows().assign_ticket(id, SAM)).unwrap();
    assert!(is_unread(), "a new assignment");
    look();
    store.write(|tx| tx.mark_unread(SAM, id)).unwrap();
    assert!(is_unread());
    assert!(store.read(|tx| tx.inbox_lines(&[id], EVA)).unwrap()[0].is_unread, "each for themselves");
    look();
    assert!(!is_unread());
}

#[test]
fn views_are_ones_own_or_everybodys() {
    let (_dir, store) = desk();
    let (own, shared) = store
        .write(|tx| {
            let own = tx.add_view(Some(SAM), "Printers", "printer is:open", NOW)?;
            Ok::<_, Error>((own, tx.add_view(None, "Urgent", "tag:urgent", NOW)?))
        })
        .unwrap();
    let names = |staff| {
        let views = store.read(|tx| tx.views_for(staff)).unwrap();
        views.into_iter().map(|view| view.name).collect::<Vec<_>>()
    };
    assert_eq!((names(SAM), names(EVA)), (vec!["Printers".into(), "Urgent".into()], vec!["Urgent".into()]));
    assert!(store.read(|tx| tx.view_for(own, EVA)).unwrap().is_none());
    assert_eq!(store.read(|tx| tx.view_for(shared, EVA)).unwrap().unwrap().query, "tag:urgent");
    assert!(store.write(|tx| tx.update_view(own, "P", "x")).unwrap());
    assert!(store.write(|tx| tx.remove_view(own)).unwrap() && !store.write(|tx| tx.remove_view(own)).unwrap());
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

#[test]
fn every_list_is_read_from_its_index_and_no_table_is_scanned() {
    if crate::store::testing::is_remote() {
        return; // plans of SQLite
    }
    let (_dir, store) = desk();
    let departments = [GENERAL, SALES];
    let indexes = [
        "ticket_unassigned",
        "ticket_mine",
        "ticket_touched",
        "ticket_touched",
        "ticket_snoozed",
        "ticket_touched",
        "ticket_spam",
        "ticket_touched",
    ];
    for (listing, index) in LISTS.into_iter().zip(indexes) {
        let ranges = query(listing, &departments).ranges();
        for sql in [ranges.page(&ranges.conditions), ranges.count(&ranges.conditions)] {
            let plan = store.read(|tx| plan(tx, &sql)).unwrap();
            let reads: Vec<&String> = plan.iter().filter(|step| step.contains(" ticket")).collect();
            assert_eq!(reads.len(), ranges.conditions.len(), "{plan:#?}");
            for step in reads {
                assert!(step.starts_with("SEARCH ticket USING") && step.contains(index), "{listing:?}: {plan:#?}");
            }
        }
        // Within a range nothing is sorted: the index has the order. What is sorted are the first rows of each.
        let one = &ranges.conditions[..1];
        let plan = store.read(|tx| plan(tx, &ranges.page(one))).unwrap();
        let sorts = plan.iter().filter(|step| step.contains("TEMP B-TREE")).count();
        assert!(sorts <= 1, "{listing:?}: {plan:#?}");
    }
    for sql in [lines_of(&[TicketId::new(1), TicketId::new(2)]), tags_of(&[TicketId::new(1), TicketId::new(2)])] {
        let plan = store.read(|tx| plan(tx, &sql)).unwrap();
        assert!(plan.iter().all(|step| !step.starts_with("SCAN")), "{plan:#?}");
    }
}
