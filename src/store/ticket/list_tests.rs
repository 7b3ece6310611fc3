//! What pages of lists hold, and how the database finds them.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::store::customer::CUSTOMERS;
use crate::store::message::{MESSAGES_COUNT, MESSAGES_DOWN, MESSAGES_UP};
use crate::store::row_count::{BUCKETS_DOWN, BUCKETS_UP};
use crate::store::ticket::NewTicket;
use crate::store::{Error, Store, migrate};

fn store(dir: &tempfile::TempDir) -> Store {
    let path = crate::store::testing::place(dir.path());
    migrate::create_or_migrate(&path, &[7; 32], Timestamp::from_unix(1)).unwrap();
    Store::open(&path, Duration::from_secs(1)).unwrap()
}

/// 3,000 tickets of three customers in turn, with the five statuses in turn; 134 of them deleted.
fn filled(dir: &tempfile::TempDir) -> Store {
    let store = store(dir);
    let now = Timestamp::from_unix(1_700_000_000);
    let fill = |tx: &crate::store::WriteTx<'_>| {
        let department = tx.lowest_department()?.unwrap();
        for n in 0..3 {
            tx.add_customer("x", &format!("c{n}@example.org").parse().unwrap(), now)?;
        }
        for n in 0..3000 {
            let customer = UserId::new(n % 3 + 1);
            let new = NewTicket { department, customer, subject: "s", address: None, reply_to: None };
            let id = tx.ticket_rows().add_ticket(&new, now)?;
            tx.ticket_rows().set_status(id, Status::from_number(n % 5 + 1).unwrap(), now)?;
        }
        for id in (1100..1500).step_by(3) {
            tx.ticket_rows().remove_ticket(TicketId::new(id))?;
        }
        Ok::<_, Error>(department)
    };
    store.write(fill).unwrap();
    store
}

/// Every id of a list, page by page.
fn walked(store: &Store, sieve: &TicketSieve) -> Vec<i64> {
    let mut ids = Vec::new();
    loop {
        let window = Window { offset: i64::try_from(ids.len()).unwrap(), size: 137 };
        let (total, page) = store.read(|tx| tx.tickets_page(sieve, window)).unwrap();
        if page.is_empty() {
            assert_eq!(usize::try_from(total).unwrap(), ids.len());
            return ids;
        }
        ids.extend(page.iter().map(|line| line.id.get()));
    }
}

#[test]
fn pages_put_together_are_every_ticket_once_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir);
    let all = walked(&store, &TicketSieve::default());
    assert_eq!(all.len(), 3000 - 134);
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
    let department = store.read(|tx| tx.lowest_department()).unwrap().unwrap().get();
    for status in Status::ALL {
        for customer in [None, Some(2)] {
            let sieve = TicketSieve { customer, status: Some(status), department: customer.map(|_| department) };
            let has = |id: &i64| {
                (id - 1) % 5 + 1 == status.number() && customer.is_none_or(|customer| (id - 1) % 3 + 1 == customer)
            };
            assert_eq!(walked(&store, &sieve), all.iter().copied().filter(has).collect::<Vec<_>>(), "{sieve:?}");
        }
    }
    assert!(walked(&store, &TicketSieve { customer: Some(77_777), ..TicketSieve::default() }).is_empty());
}

#[test]
fn a_window_past_the_end_is_empty_however_far() {
    let dir = tempfile::tempdir().unwrap();
    let store = filled(&dir);
    for offset in [2866, 1_000_000, i64::MAX] {
        let window = Window { offset, size: 15 };
        let (total, page) = store.read(|tx| tx.tickets_page(&TicketSieve::default(), window)).unwrap();
        assert_eq!((total, page.len()), (2866, 0));
        assert!(store.read(|tx| tx.customers_page(window)).unwrap().1.is_empty());
    }
}

#[test]
fn customers_come_newest_first_over_every_page() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let fill = |tx: &crate::store::WriteTx<'_>| {
        for n in 0..2500 {
            tx.add_customer("x", &format!("c{n}@example.org").parse().unwrap(), Timestamp::from_unix(1))?;
        }
        for id in (1500..1600).step_by(7) {
            tx.ticket_rows().remove_customer(UserId::new(id))?;
        }
        Ok::<_, Error>(())
    };
    store.write(fill).unwrap();
    let mut ids: Vec<i64> = Vec::new();
    loop {
        let window = Window { offset: i64::try_from(ids.len()).unwrap(), size: 25 };
        let (_, page) = store.read(|tx| tx.customers_page(window)).unwrap();
        if page.is_empty() {
            break;
        }
        ids.extend(page.iter().map(|customer| customer.id.get()));
    }
    assert_eq!(ids.len(), 2485);
    assert!(ids.windows(2).all(|pair| pair[0] > pair[1]));
}

#[test]
fn pages_go_on_over_gaps_between_ids_far_apart() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let ids: Vec<i64> = [1..=40, 1020..=1030, 32_760..=32_775, 70_000..=70_020].into_iter().flatten().collect();
    let fill = |tx: &crate::store::WriteTx<'_>| {
        for id in &ids {
            let customer = "INSERT INTO customer (id, fullname, email, registered_at) VALUES ($1, 'x', $2, 0)";
            tx.run(customer, (*id, format!("c{id}@example.org").as_str()))?;
            let ticket = "INSERT INTO ticket (id, department_id, customer_id, subject, created_at, last_update_at) \
                 VALUES ($1, 1, 1, 'x', 0, 0)";
            tx.run(ticket, [*id])?;
        }
        Ok::<_, Error>(())
    };
    store.write(fill).unwrap();
    for size in [1, 7] {
        let (mut tickets, mut customers) = (Vec::new(), Vec::new());
        for number in 0_i64.. {
            let window = Window { offset: number * size, size };
            let page = store.read(|tx| tx.tickets_page(&TicketSieve::default(), window)).unwrap().1;
            let of_one = TicketSieve { customer: Some(1), ..TicketSieve::default() };
            assert_eq!(store.read(|tx| tx.tickets_page(&of_one, window)).unwrap().1, page);
            if page.is_empty() {
                break;
            }
            tickets.extend(page.into_iter().map(|line| line.id.get()));
            let page = store.read(|tx| tx.customers_page(window)).unwrap().1;
            customers.extend(page.into_iter().map(|customer| customer.id.get()));
        }
        customers.reverse();
        assert_eq!((&tickets, &customers), (&ids, &ids), "pages of {size}");
    }
    assert_eq!(store.read(|tx| tx.wrong_counts()).unwrap(), 0);
}

#[test]
fn no_list_scans_a_table_or_sorts_one() {
    if crate::store::testing::is_remote() {
        return; // plans of SQLite
    }
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir);
    let queries = [
        ANY,
        OF_CUSTOMER,
        OF_DEPARTMENT,
        OF_STATUS,
        BY_CUSTOMER,
        BY_DEPARTMENT,
        BY_STATUS,
        COUNT_BY_CUSTOMER,
        COUNT_BY_DEPARTMENT,
        COUNT_BY_STATUS,
        CUSTOMERS,
        BUCKETS_UP,
        BUCKETS_DOWN,
        MESSAGES_UP,
        MESSAGES_DOWN,
        MESSAGES_COUNT,
    ];
    for sql in queries {
        let explain = |tx: &ReadTx<'_>| {
            let crate::store::engine::Link::Lite(connection) = tx.link else { panic!("plans of SQLite") };
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            // A plan needs no values, and query_map would ask for them.
            let mut rows = statement.raw_query();
            let mut plan: Vec<String> = Vec::new();
            while let Some(row) = rows.next()? {
                plan.push(row.get(3)?);
            }
            Ok::<_, Error>(plan)
        };
        let plan = store.read(explain).unwrap();
        for step in &plan {
            // The one thing scanned, and maybe sorted, is the page of ids picked before: a few rows.
            let is_scan = step.starts_with("SCAN") && !step.starts_with("SCAN page");
            let has_page = plan.iter().any(|step| step.starts_with("SCAN page"));
            assert!(!is_scan && (has_page || !step.contains("TEMP B-TREE")), "{sql}\n{plan:#?}");
        }
    }
}
