//! Logins on a real database, without an API around them, and the arithmetic of their time.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::DepartmentId;
use crate::domain::staff_role::StaffRole;
use crate::store::migrate;
use crate::store::staff::NewStaff;

const NOW: Timestamp = Timestamp::from_unix(1_700_000_000);
const SECRET: &str = "JBSWY3DPEHPK3PXP";

/// A desk with staff 1 (agent, password "agent123") and this second factor.
fn desk(totp_secret: &str) -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let path = crate::store::testing::place(dir.path());
    migrate::create_or_migrate(&path, &[7; 32], NOW).unwrap();
    let store = Store::open(&path, Duration::from_secs(1)).unwrap();
    let staff = NewStaff {
        username: "agent",
        fullname: "Agent Smith",
        email: &"agent@example.org".parse().unwrap(),
        password_hash: &password::hash("agent123").unwrap(),
        role: StaffRole::Agent,
        is_active: true,
        totp_secret,
    };
    store.write(|tx| tx.add_staff(&staff, &[] as &[DepartmentId], NOW)).unwrap();
    (dir, store)
}

fn log_in(store: &Store, password: &str, two_factor: &str) -> Outcome {
    let settings = store.read(|tx| tx.settings()).unwrap();
    let logins = Logins::default().with_failed_after(Duration::ZERO);
    let ip = "192.0.2.1".parse().unwrap();
    let given = Try { username: "agent", password, two_factor, ip, agent: "a test", settings: &settings };
    let waiting = Waiting { since: Instant::now(), is_gone: &|| false };
    logins.enter().unwrap().log_in(store, &Slots::default(), &given, waiting, NOW).unwrap()
}

#[test]
fn failures_of_an_address_are_counted_up_to_its_lock() {
    let (_dir, store) = desk("");
    let attempt = |number| Attempt { number, of: 3 };
    for number in 1..=3 {
        assert_eq!(log_in(&store, "wrong", ""), Outcome::Wrong(Some(attempt(number))));
    }
    assert_eq!(log_in(&store, "agent123", ""), Outcome::AddressLocked { minutes: 5, attempt: attempt(3) });
}

#[test]
fn second_factor_is_asked_for_after_the_password() {
    let (_dir, store) = desk(SECRET);
    assert_eq!(log_in(&store, "agent123", ""), Outcome::CodeMissing);
    assert_eq!(log_in(&store, "agent123", "x"), Outcome::CodeWrong(Some(Attempt { number: 1, of: 3 })));
    let (_dir, store) = desk("");
    assert_eq!(log_in(&store, "agent123", ""), Outcome::LoggedIn(StaffId::new(1)));
}

#[test]
fn failures_are_answered_at_multiples_of_one_time_whatever_they_took() {
    let ms = Duration::from_millis;
    for (took, left) in [(0, 1000), (1, 999), (300, 700), (999, 1), (1000, 1000), (1300, 700), (60_100, 900)] {
        assert_eq!(until_the_next(ms(1000), ms(took)), ms(left), "after {took} ms");
    }
    assert_eq!(until_the_next(Duration::ZERO, ms(5)), Duration::ZERO);
}

#[test]
fn as_many_logins_as_allowed_are_in_progress_and_no_more() {
    let logins = Logins::default();
    let mut entered: Vec<_> = (0..IN_PROGRESS_MAX).map(|_| logins.enter().unwrap()).collect();
    assert!(logins.enter().is_err() && logins.enter().is_err());
    entered.pop();
    assert!(logins.enter().is_ok());
    entered.clear();
    assert_eq!(logins.in_progress.load(Ordering::Relaxed), 0);
}

#[test]
fn time_of_failures_grows_with_the_slowest_hash_of_the_desk() {
    let s = Duration::from_secs;
    for (slowest, step) in [(None, 1), (Some(4), 1), (Some(13), 1), (Some(14), 2), (Some(16), 8)] {
        assert_eq!(failure_step(s(1), slowest), s(step), "{slowest:?}");
    }
}

#[test]
fn recovery_code_replaces_the_second_factor_once() {
    let (_dir, store) = desk(SECRET);
    let codes = [totp::recovery_code([1; 10]), totp::recovery_code([2; 10])];
    let hashes: Vec<_> = codes.iter().map(|code| totp::recovery_hash(code).unwrap()).collect();
    store.write(|tx| tx.set_recovery_codes(StaffId::new(1), &hashes)).unwrap();
    let typed = codes[0].to_uppercase().replace('-', " ");
    assert_eq!(log_in(&store, "agent123", &typed), Outcome::LoggedIn(StaffId::new(1)), "{typed}");
    assert!(matches!(log_in(&store, "agent123", &codes[0]), Outcome::CodeWrong(_)), "it was used");
    assert!(matches!(log_in(&store, "agent123", &totp::recovery_code([3; 10])), Outcome::CodeWrong(_)));
    assert_eq!(store.read(|tx| tx.recovery_codes_left(StaffId::new(1))).unwrap(), 1);
    store.write(|tx| tx.set_recovery_codes(StaffId::new(1), &[])).unwrap();
    assert!(matches!(log_in(&store, "agent123", &codes[1]), Outcome::CodeWrong(_)), "new ones were given out");
}
