//! `POST /api/staff/auth`: is this a staff member's password (and second factor)?
//!
//! The order and the texts are HelpDeskZ's; what is new: every failure is answered at the same time
//! after it came in, an unknown name gives the text of a wrong password, a second-factor code works once, an account is locked when failures
//! under its name pile up from many addresses, and old hashes are replaced. Locks go by the name
//! given, account or not, so that they tell nothing either.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::Call;
use super::answer::done;
use super::error::{ApiError, Faults};
use super::idempotency::Reply;
use crate::domain::{Timestamp, Window};
use crate::password::{self, Memory};
use crate::store::settings::Settings;
use crate::store::staff::{Credentials, LoginNotes, LoginTry};
use crate::store::{self, ReadTx, WriteTx};
use crate::totp;

/// Failures under one name in an hour, over all addresses, above which it is locked (api.md §1).
const ACCOUNT_FAILURES_MAX: i64 = 20;

/// The hour of [`ACCOUNT_FAILURES_MAX`], in seconds.
const ACCOUNT_WINDOW_S: i64 = Timestamp::HOUR_S;

/// Longest name looked at, in bytes. Chosen: longer ones cannot be accounts.
const USERNAME_BYTES_MAX: usize = 255;

/// When a failed login is answered, counted from when it came in: above the time of any check under
/// moderate load, so that the answer's time says nothing about the hash that is stored, if any. One that
/// took longer waits for the next multiple. The wait takes no slot and no lock.
pub(super) const FAILURE_ANSWERED_AFTER: Duration = Duration::from_secs(1);

/// Highest bcrypt cost whose check fits into that with room to spare (about 0.5 s). The time doubles for
/// everybody for each step above it that the desk's slowest stored hash has.
const BCRYPT_COST_WITHIN: u32 = 13;

/// Logins in progress, those included that wait for the time of their failure. Chosen: a quarter of the
/// connections that are served, so that whatever logins wait, others find a place; more than the slots
/// and their queue take.
const IN_PROGRESS_MAX: usize = 64;

/// Rounds taken when the stored hash changes between reading and deciding (another login of the same
/// account replaced it). Each round costs a check; more than two logins at the very moment of an
/// upgrade will not happen.
const ROUNDS_MAX: usize = 3;

/// What the login log calls us, as HelpDeskZ does.
const AGENT: &str = "HelpDeskZ API";

/// Counts the logins in progress.
#[derive(Debug, Default)]
pub(super) struct Progress(AtomicUsize);

impl Progress {
    /// Lets one more in, unless there are enough.
    fn enter(&self) -> Result<Entered<'_>, ApiError> {
        let entered = Entered(&self.0);
        if self.0.fetch_add(1, Ordering::Relaxed) >= IN_PROGRESS_MAX { Err(ApiError::Overloaded) } else { Ok(entered) }
    }
}

/// One of them; counted out when dropped.
#[derive(Debug)]
struct Entered<'a>(&'a AtomicUsize);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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
        Self { attempts_max: settings.login_attempt, minutes: settings.login_attempt_minutes }
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
    let _entered = call.api.logins.enter()?;
    let asked = asked(call)?;
    let done = decided(call, &asked);
    if matches!(done, Err(ApiError::Invalid(_))) {
        wait_for_the_time(call)?;
    }
    done
}

fn decided(call: &Call<'_>, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let lockout = Lockout::of(&call.settings);
    for _ in 0..ROUNDS_MAX {
        let before = call.api.store.read(|tx| match locked(tx, asked, lockout, call.now)? {
            Some(text) => Ok::<_, ApiError>(Err(text)),
            None => Ok(Ok(tx.credentials(asked.username)?)),
        })?;
        let credentials = before.map_err(ApiError::Invalid)?;
        let checked = call.api.slots.run(&|| call.client.is_gone(), |memory| check(memory, asked, credentials))?;
        match call.api.store.write(|tx| settle(tx, asked, &checked, lockout, call.now))? {
            Outcome::LoggedIn => return Ok(Reply::fresh(done("You have been logged in."))),
            Outcome::Refused(text) => return Err(ApiError::Invalid(text)),
            Outcome::Again => {}
        }
    }
    Err(ApiError::Failed(store::Error::Busy))
}

/// Waits until a failure may be answered.
fn wait_for_the_time(call: &Call<'_>) -> Result<(), ApiError> {
    let slowest =
        call.api.store.read(|tx| tx.password_hashes())?.iter().filter_map(|hash| password::bcrypt_cost(hash)).max();
    let step = failure_step(call.api.failed_login_time, slowest);
    let arrived = call.client.waits_since();
    thread::sleep(until_the_next(step, arrived.elapsed()));
    Ok(())
}

fn failure_step(base: Duration, slowest_bcrypt: Option<u32>) -> Duration {
    let above = slowest_bcrypt.unwrap_or(0).saturating_sub(BCRYPT_COST_WITHIN);
    base.saturating_mul(1_u32.checked_shl(above).unwrap_or(u32::MAX))
}

/// What is left of the step that has begun.
fn until_the_next(step: Duration, elapsed: Duration) -> Duration {
    let begun = elapsed.as_nanos().checked_div(step.as_nanos()).unwrap_or(0);
    let steps = u32::try_from(begun).unwrap_or(u32::MAX).saturating_add(1);
    step.saturating_mul(steps).saturating_sub(elapsed)
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

fn check(memory: &mut Memory, asked: &Asked<'_>, credentials: Option<Credentials>) -> Checked {
    let stored = credentials.as_ref().map_or("", |known| known.password_hash.as_str());
    let is_right = password::verify_in(memory, asked.password, stored);
    // A password that was good enough for HelpDeskZ but cannot be hashed anew keeps its old hash.
    let is_old = is_right && password::needs_rehash(stored);
    let new_hash = is_old.then(|| password::hash_in(memory, asked.password).ok()).flatten();
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let progress = Progress::default();
        let mut entered: Vec<_> = (0..IN_PROGRESS_MAX).map(|_| progress.enter().unwrap()).collect();
        assert!(progress.enter().is_err() && progress.enter().is_err());
        entered.pop();
        assert!(progress.enter().is_ok());
        entered.clear();
        assert_eq!(progress.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn time_of_failures_grows_with_the_slowest_hash_of_the_desk() {
        let s = Duration::from_secs;
        for (slowest, step) in [(None, 1), (Some(4), 1), (Some(13), 1), (Some(14), 2), (Some(16), 8)] {
            assert_eq!(failure_step(s(1), slowest), s(step), "{slowest:?}");
        }
    }
}
