//! `POST /api/staff/auth` beyond what the replay shows.

use super::*;
use crate::store::staff::Credentials;
use crate::totp;

const GOOD: &str = "You have been logged in.";

impl Bench {
    fn login(&self, username: &str, password: &str, ip: &str) -> String {
        self.message("/api/staff/auth", &format!("username={username}&password={password}&ip_address={ip}"))
    }

    fn credentials(&self) -> Credentials {
        self.store.read(|tx| tx.credentials("agent")).unwrap().unwrap()
    }

    fn sql(&self, statement: &str) {
        self.store.sql(statement);
    }
}

#[test]
fn an_account_is_locked_above_twenty_failures_from_many_addresses() {
    let bench = Bench::new();
    let fail = |n: i32, name: &str| bench.login(name, "wrong", &format!("10.0.0.{n}"));
    for n in 1..=20 {
        assert_eq!(fail(n, "agent"), "Invalid username or password. (attempt: 1 of 3)", "{n}");
    }
    assert_eq!(bench.login("agent", "agent123", "10.0.1.1"), GOOD, "20 are not above 20");
    fail(21, "AGENT");
    assert_eq!(bench.login("agent", "agent123", "10.0.1.2"), "Login locked for 60 minutes.");
    bench.pass(3601);
    assert_eq!(bench.login("agent", "agent123", "10.0.1.3"), GOOD);
    // A name without an account is locked in the same way, which reveals nothing.
    for n in 1..=21 {
        fail(n, "nobody");
    }
    assert_eq!(fail(22, "nobody"), "Login locked for 60 minutes.");
}

#[test]
fn a_lock_of_an_address_ends_after_its_minutes_and_counts_nothing_meanwhile() {
    let bench = Bench::new();
    for attempt in 1..=3 {
        let expected = format!("Invalid username or password. (attempt: {attempt} of 3)");
        assert_eq!(bench.login("agent", "wrong", "192.0.2.1"), expected);
    }
    bench.pass(299);
    assert_eq!(bench.login("agent", "agent123", "192.0.2.1"), "Login locked for 5 minutes. (attempt: 3 of 3)");
    assert_eq!(bench.login("agent", "agent123", "::ffff:192.0.2.1"), "Login locked for 5 minutes. (attempt: 3 of 3)");
    bench.pass(1);
    assert_eq!(bench.login("agent", "wrong", "192.0.2.1"), "Invalid username or password. (attempt: 1 of 3)");
    assert_eq!(bench.login("agent", "agent123", "192.0.2.1"), GOOD);
    assert_eq!(bench.login("agent", "wrong", "192.0.2.1"), "Invalid username or password. (attempt: 1 of 3)");
}

#[test]
fn old_hashes_let_in_once_and_are_replaced() {
    let bench = Bench::new();
    for stored in [
        bcrypt::hash("agent123", 4).unwrap().replacen("$2b$", "$2y$", 1),
        "cf22a160789cd5f8c14fd4e5e8b7b9d6d2d0e4a1".to_owned(),
    ] {
        let stored = if stored.len() == 40 { sha1_hex("agent123") } else { stored };
        bench.sql(&format!("UPDATE staff SET password_hash = '{stored}' WHERE id = 1"));
        assert_eq!(bench.login("agent", "wrong", "192.0.2.1"), "Invalid username or password. (attempt: 1 of 3)");
        assert_eq!(bench.credentials().password_hash, stored);
        assert_eq!(bench.login("agent", "agent123", "192.0.2.1"), GOOD);
        assert!(bench.credentials().password_hash.starts_with("$argon2id$"));
        assert_eq!(bench.login("agent", "agent123", "192.0.2.1"), GOOD);
    }
}

fn sha1_hex(text: &str) -> String {
    use sha1::{Digest, Sha1};
    data_encoding::HEXLOWER.encode(&Sha1::digest(text.as_bytes()))
}

#[test]
fn a_code_works_once() {
    const SECRET: &str = "JBSWY3DPEHPK3PXP";
    let bench = Bench::new();
    bench.sql(&format!("UPDATE staff SET totp_secret = '{SECRET}' WHERE id = 1"));
    let code = |at: Timestamp| {
        (0..1_000_000)
            .map(|n| format!("{n:06}"))
            .find(|code| totp::matching_step(SECRET, code, at.unix() / 30 - 1, at.plus_s(-30)).is_some())
            .unwrap()
    };
    let now = bench.now.get();
    let code = code(now.plus_s(0));
    let login = |code: &str| {
        bench.message(
            "/api/staff/auth",
            &format!("username=agent&password=agent123&ip_address=192.0.2.1&two_factor={code}"),
        )
    };
    assert_eq!(login(""), "Two-Factor code is missing.");
    assert_eq!(login(&code), GOOD);
    assert_eq!(login(&code), "Two-Factor authentication failed. (attempt: 1 of 3)");
    assert_eq!(
        bench.login("agent", "wrong", "192.0.2.9"),
        "Invalid username or password. (attempt: 1 of 3)",
        "the password comes first"
    );
}

#[test]
fn blocked_and_inactive_accounts_are_told_so_only_with_the_right_password() {
    for change in ["has_login = 0", "is_active = 0"] {
        let bench = Bench::new();
        bench.sql(&format!("UPDATE staff SET {change} WHERE id = 1"));
        assert_eq!(bench.login("agent", "agent123", "192.0.2.1"), "Account is locked.");
        assert_eq!(bench.login("agent", "wrong", "192.0.2.1"), "Invalid username or password. (attempt: 1 of 3)");
    }
}

#[test]
fn an_account_without_a_password_lets_nobody_in() {
    let bench = Bench::new();
    bench.sql("UPDATE staff SET password_hash = '' WHERE id = 1");
    for password in ["agent123", "%20", "x"] {
        assert_ne!(bench.login("agent", password, "192.0.2.1"), GOOD);
    }
}

#[test]
fn an_idempotency_key_does_not_repeat_a_login() {
    let bench = Bench::new();
    let login = |password: &str| {
        let form = format!("username=agent&password={password}&ip_address=192.0.2.1");
        bench.ask(post("/api/staff/auth", &form).with_header("Idempotency-Key", "k"))
    };
    assert_eq!(json(&login("agent123"))["message"], GOOD);
    let other = login("wrong");
    assert_eq!((other.status(), other.header("Idempotency-Replayed")), (200, None));
}

#[test]
fn a_login_is_noted_on_the_account() {
    let bench = Bench::new();
    bench.login("agent", "agent123", "192.0.2.1");
    assert_eq!(bench.get("/api/staff/1")["staff_data"]["last_login"], NOW.unix().to_string());
}
