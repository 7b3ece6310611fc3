//! `POST /api/staff/auth`: is this a staff member's password (and second factor)?
//!
//! The order and the texts are HelpDeskZ's; what is new: an unknown name takes the time and gives the
//! text of a wrong password, a second-factor code works once, an account is locked when failures
//! under its name pile up from many addresses, and old hashes are replaced. Locks go by the name
//! given, account or not, so that they tell nothing either.

use std::net::IpAddr;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use super::Call;
use super::answer::done;
use super::error::{ApiError, Faults};
use super::idempotency::Reply;
use crate::domain::{Timestamp, Window};
use crate::store::keys::{Credentials, LoginNotes, LoginTry};
use crate::store::settings::Settings;
use crate::store::{self, ReadTx, WriteTx};
use crate::{password, totp};

/// Failures under one name in an hour, over all addresses, above which it is locked (api.md §1).
const ACCOUNT_FAILURES_MAX: i64 = 20;

/// The hour of [`ACCOUNT_FAILURES_MAX`], in seconds.
const ACCOUNT_WINDOW_S: i64 = Timestamp::HOUR_S;

/// Longest name looked at, in bytes. Chosen: longer ones cannot be accounts.
const USERNAME_BYTES_MAX: usize = 255;

/// Password checks at a time, at most: each takes 19 MiB and a processor for 20 ms.
const CHECKS_MAX: usize = 4;

/// Rounds taken when the stored hash changes between reading and deciding (another login of the same
/// account replaced it). Each round costs a check; more than two logins at the very moment of an
/// upgrade will not happen.
const ROUNDS_MAX: usize = 3;

/// What the login log calls us, as HelpDeskZ does.
const AGENT: &str = "HelpDeskZ API";

/// Lets only so many password checks run at once; the others wait their turn.
pub(super) struct Gate {
    free: Mutex<usize>,
    freed: Condvar,
}

impl Default for Gate {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self { free: Mutex::new(processors.min(CHECKS_MAX)), freed: Condvar::new() }
    }
}

impl Gate {
    pub(super) fn pass<T>(&self, check: impl FnOnce() -> T) -> T {
        /// Gives the place back, whatever happens to the check.
        struct Place<'a>(&'a Gate);
        impl Drop for Place<'_> {
            fn drop(&mut self) {
                *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                self.0.freed.notify_one();
            }
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        drop(free);
        let _place = Place(self);
        check()
    }
}

/// What is asked.
struct Asked<'p> {
    username: &'p str,
    password: &'p str,
    two_factor: &'p str,
    /// The end user's address, in its usual spelling.
    ip: String,
}

/// HelpDeskZ's lockout per address.
#[derive(Clone, Copy)]
struct Lockout {
    /// 0: off.
    attempts_max: i64,
    minutes: i64,
}

impl Lockout {
    fn of(settings: &Settings) -> Self {
        Self { attempts_max: settings.number("login_attempt"), minutes: settings.number("login_attempt_minutes") }
    }

    const fn is_on(self) -> bool {
        self.attempts_max > 0 && self.minutes > 0
    }

    const fn window(self, now: Timestamp) -> Window {
        Window::last_s(self.minutes.saturating_mul(60), now)
    }

    fn counted(self, text: &str, attempts: i64) -> String {
        format!("{text} (attempt: {attempts} of {})", self.attempts_max)
    }
}

/// How a try ends.
enum Outcome {
    LoggedIn,
    Refused(String),
    /// The account changed meanwhile: check again.
    Again,
}

/// What was found out about the password outside of any transaction.
struct Checked {
    credentials: Option<Credentials>,
    is_right: bool,
    new_hash: Option<String>,
}

/// `POST /api/staff/auth`
pub(super) fn authenticate(call: &Call<'_>) -> Result<Reply, ApiError> {
    let asked = asked(call)?;
    let lockout = Lockout::of(&call.settings);
    for _ in 0..ROUNDS_MAX {
        let before = call.api.store.read(|tx| match locked(tx, &asked, lockout, call.now)? {
            Some(text) => Ok::<_, ApiError>(Err(text)),
            None => Ok(Ok(tx.credentials(asked.username)?)),
        })?;
        let credentials = before.map_err(ApiError::Invalid)?;
        let checked = call.api.logins.pass(|| check(&asked, credentials));
        match call.api.store.write(|tx| settle(tx, &asked, &checked, lockout, call.now))? {
            Outcome::LoggedIn => return Ok(Reply::fresh(done("You have been logged in."))),
            Outcome::Refused(text) => return Err(ApiError::Invalid(text)),
            Outcome::Again => {}
        }
    }
    Err(ApiError::Failed(store::Error::Busy))
}

fn asked<'p>(call: &'p Call<'_>) -> Result<Asked<'p>, ApiError> {
    let params = &call.params;
    let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let mut faults = Faults::default();
    let username = match params.filled("username")? {
        None => Err("Username is missing."),
        Some(text) if !is_name(text) || text.len() > USERNAME_BYTES_MAX => Err("Invalid username."),
        Some(text) => Ok(text),
    };
    let username = faults.note(username).unwrap_or_default();
    let password = faults.note(params.filled("password")?.ok_or("Password is missing.")).unwrap_or_default();
    let ip = match params.filled("ip_address")?.map(str::parse::<IpAddr>) {
        None => Err("IP address is missing."),
        Some(Err(_)) => Err("IP address is not valid."),
        Some(Ok(ip)) => Ok(ip.to_canonical().to_string()),
    };
    let ip = faults.note(ip).unwrap_or_default();
    faults.finish()?;
    Ok(Asked { username, password, two_factor: params.get("two_factor")?.unwrap_or("").trim(), ip })
}

/// Why the try is not even looked at, if it is not. While a lock holds nothing is counted.
fn locked(tx: &ReadTx<'_>, asked: &Asked<'_>, lockout: Lockout, now: Timestamp) -> store::Result<Option<String>> {
    if lockout.is_on() {
        let attempts = tx.login_attempts(&asked.ip, lockout.window(now))?;
        if attempts >= lockout.attempts_max {
            return Ok(Some(lockout.counted(&format!("Login locked for {} minutes.", lockout.minutes), attempts)));
        }
    }
    let failures = tx.failed_logins(asked.username, Window::last_s(ACCOUNT_WINDOW_S, now), ACCOUNT_FAILURES_MAX + 1)?;
    let minutes = ACCOUNT_WINDOW_S / 60;
    Ok((failures > ACCOUNT_FAILURES_MAX).then(|| format!("Login locked for {minutes} minutes.")))
}

fn check(asked: &Asked<'_>, credentials: Option<Credentials>) -> Checked {
    let stored = credentials.as_ref().map_or("", |known| known.password_hash.as_str());
    let is_right = password::verify(asked.password, stored);
    // A password that was good enough for HelpDeskZ but cannot be hashed anew keeps its old hash.
    let new_hash = (is_right && password::needs_rehash(stored)).then(|| password::hash(asked.password).ok()).flatten();
    Checked { credentials, is_right, new_hash }
}

/// Decides under the write lock, so that no burst of tries gets more than the lock allows, and no
/// code is used twice.
fn settle(
    tx: &WriteTx<'_>,
    asked: &Asked<'_>,
    checked: &Checked,
    lockout: Lockout,
    now: Timestamp,
) -> store::Result<Outcome> {
    if let Some(text) = locked(tx, asked, lockout, now)? {
        return Ok(Outcome::Refused(text));
    }
    let current = tx.credentials(asked.username)?;
    let hash = |known: &Option<Credentials>| known.as_ref().map(|known| known.password_hash.clone());
    if hash(&current) != hash(&checked.credentials) {
        return Ok(Outcome::Again);
    }
    let known = match current {
        Some(known) if checked.is_right => known,
        other => return failed(tx, asked, (other.as_ref(), "Invalid username or password."), lockout, now),
    };
    if !known.may_log_in {
        return Ok(Outcome::Refused("Account is locked.".to_owned()));
    }
    let mut totp_step = None;
    if !known.totp_secret.is_empty() {
        if asked.two_factor.is_empty() {
            return Ok(Outcome::Refused("Two-Factor code is missing.".to_owned()));
        }
        totp_step = totp::matching_step(&known.totp_secret, asked.two_factor, known.totp_last_step, now);
        if totp_step.is_none() {
            return failed(tx, asked, (Some(&known), "Two-Factor authentication failed."), lockout, now);
        }
    }
    tx.staff_logged_in(known.staff, &LoginNotes { new_hash: checked.new_hash.as_deref(), totp_step }, now)?;
    tx.clear_login_attempts(&asked.ip)?;
    let tried = LoginTry { staff: Some(known.staff), username: asked.username, ip: &asked.ip, is_success: true };
    tx.log_login(&tried, AGENT, now)?;
    Ok(Outcome::LoggedIn)
}

/// Counts a failure.
fn failed(
    tx: &WriteTx<'_>,
    asked: &Asked<'_>,
    (known, text): (Option<&Credentials>, &str),
    lockout: Lockout,
    now: Timestamp,
) -> store::Result<Outcome> {
    let staff = known.map(|known| known.staff);
    let tried = LoginTry { staff, username: asked.username, ip: &asked.ip, is_success: false };
    tx.log_login(&tried, AGENT, now)?;
    if !lockout.is_on() {
        return Ok(Outcome::Refused(text.to_owned()));
    }
    let attempts = tx.login_attempts(&asked.ip, lockout.window(now))? + 1;
    tx.set_login_attempts(&asked.ip, attempts, now)?;
    Ok(Outcome::Refused(lockout.counted(text, attempts)))
}
