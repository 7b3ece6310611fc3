//! Customers' sign-ins on a real database, without pages around them.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use super::*;
use crate::login::Logins;

const NOW: Timestamp = Timestamp::from_unix(1_700_000_000);

/// A desk with customers ann ("ann's secret") and bob (no password).
fn desk() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::store::testing::desk(dir.path(), NOW);
    let hash = password::hash("ann's secret").unwrap();
    store
        .write(|tx| {
            let ann = tx.add_customer("Ann", &"ann@client.test".parse().unwrap(), NOW)?;
            tx.add_customer("Bob", &"bob@client.test".parse().unwrap(), NOW)?;
            tx.rehash_customer_password(ann, &hash)
        })
        .unwrap();
    (dir, store)
}

fn log_in_at(store: &Store, email: &str, password: &str, ip: &str, now: Timestamp) -> CustomerOutcome {
    let settings = store.read(|tx| tx.settings()).unwrap();
    let logins = Logins::default().with_failed_after(Duration::ZERO);
    let given = CustomerTry { email, password, ip: ip.parse().unwrap(), settings: &settings };
    let waiting = Waiting { since: Instant::now(), is_gone: &|| false };
    logins.enter().unwrap().log_in_customer(store, &Slots::default(), &given, waiting, now).unwrap()
}

fn log_in(store: &Store, email: &str, password: &str, ip: &str) -> CustomerOutcome {
    log_in_at(store, email, password, ip, NOW)
}

const FIVE_MINUTES: CustomerOutcome = CustomerOutcome::Locked { minutes: 5 };
const AN_HOUR: CustomerOutcome = CustomerOutcome::Locked { minutes: 60 };

#[test]
fn failures_of_a_network_address_lock_it_for_every_account_and_no_other_address() {
    let (_dir, store) = desk();
    for email in ["ann@client.test", "bob@client.test", "nobody@client.test"] {
        assert_eq!(log_in(&store, email, "wrong", "192.0.2.1"), CustomerOutcome::Wrong, "{email}");
    }
    assert_eq!(log_in(&store, "ann@client.test", "ann's secret", "192.0.2.1"), FIVE_MINUTES);
    assert_eq!(
        log_in(&store, "ann@client.test", "ann's secret", "::ffff:192.0.2.1"),
        FIVE_MINUTES,
        "its other spelling"
    );
    let elsewhere = log_in(&store, "ann@client.test", "ann's secret", "192.0.2.2");
    assert!(matches!(elsewhere, CustomerOutcome::LoggedIn(_)), "{elsewhere:?}");
    let later = log_in_at(&store, "ann@client.test", "ann's secret", "192.0.2.1", NOW.plus_s(300));
    assert!(matches!(later, CustomerOutcome::LoggedIn(_)), "{later:?}");
}

#[test]
fn an_own_account_does_not_begin_the_count_anew() {
    let (_dir, store) = desk();
    for _ in 0..2 {
        assert_eq!(log_in(&store, "bob@client.test", "wrong", "192.0.2.1"), CustomerOutcome::Wrong);
    }
    assert!(matches!(log_in(&store, "ann@client.test", "ann's secret", "192.0.2.1"), CustomerOutcome::LoggedIn(_)));
    assert_eq!(log_in(&store, "bob@client.test", "wrong", "192.0.2.1"), CustomerOutcome::Wrong);
    assert_eq!(log_in(&store, "bob@client.test", "wrong", "192.0.2.1"), FIVE_MINUTES);
}

#[test]
fn failures_of_customers_do_not_lock_staff_out() {
    let (_dir, store) = desk();
    for _ in 0..3 {
        log_in(&store, "bob@client.test", "wrong", "192.0.2.1");
    }
    let window = Window::last_s(300, NOW);
    assert_eq!(store.read(|tx| tx.login_attempts("192.0.2.1", window)).unwrap(), 0);
}

#[test]
fn failures_under_one_name_lock_it_from_everywhere_whether_it_exists_or_not() {
    for email in ["ann@client.test", "nobody@client.test"] {
        let (_dir, store) = desk();
        for n in 0..=ACCOUNT_FAILURES_MAX {
            assert_eq!(log_in(&store, email, "wrong", &format!("192.0.2.{n}")), CustomerOutcome::Wrong, "{email} {n}");
        }
        assert_eq!(log_in(&store, email, "ann's secret", "198.51.100.1"), AN_HOUR, "{email}");
    }
}

#[test]
fn without_the_settings_lock_only_names_are_locked() {
    let (_dir, store) = desk();
    let setting = crate::store::settings::definition("login_attempt").unwrap();
    store.write(|tx| tx.set_setting(setting, "0")).unwrap();
    for _ in 0..10 {
        assert_eq!(log_in(&store, "bob@client.test", "wrong", "192.0.2.1"), CustomerOutcome::Wrong);
    }
}
