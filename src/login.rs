//! Is this a staff member's password (and second factor)? Lockout, rehash and the time of failures are
//! here too, so that API and web pages use the same check.
//!
//! The order is HelpDeskZ's; what is new: every failure is answered at the same time after it came in, an
//! unknown name fails like a wrong password, a second-factor code works once, an account is locked when
//! failures under its name pile up from many addresses, and old hashes are replaced. Locks go by the name
//! given, account or not, so that a lock does not show whether an account exists.

mod customer;

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::{StaffId, Timestamp, Window};
use crate::password::{self, Memory, NoSlot, Slots};
use crate::store::settings::Settings;
use crate::store::staff::{Credentials, LoginNotes, LoginTry};
use crate::store::{self, ReadTx, Store, WriteTx};
use crate::totp;

pub(crate) use customer::{CustomerOutcome, CustomerTry};

/// Failures under one name in an hour, over all addresses, above which it is locked. Chosen: far above any
/// number of slips, far below what guessing needs.
const ACCOUNT_FAILURES_MAX: i64 = 20;

/// The hour of [`ACCOUNT_FAILURES_MAX`], in seconds.
const ACCOUNT_WINDOW_S: i64 = Timestamp::HOUR_S;

/// When a failed login is answered, counted from when it came in: above the time of any check under
/// moderate load, so that the answer's time says nothing about the hash that is stored, if any. One that
/// took longer waits for the next multiple. The wait takes no slot and no lock.
const FAILURE_ANSWERED_AFTER: Duration = Duration::from_secs(1);

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

/// Why a try was not checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// More logins are in progress than are taken on at once.
    #[error("too many logins at once; try again")]
    TooMany,
    /// There is no slot to check the password, or the client has left.
    #[error(transparent)]
    NoSlot(#[from] NoSlot),
    /// The database failed us.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A failure as the lockout of addresses counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// Failures of the address so far.
    pub number: i64,
    /// Failures after which it is locked.
    pub of: i64,
}

/// How a try ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Name, password and code are right.
    LoggedIn(StaffId),
    /// The address had too many failures; nothing else was looked at.
    AddressLocked {
        /// How long the lock holds, in minutes.
        minutes: i64,
        /// The failures so far.
        attempt: Attempt,
    },
    /// The name had too many failures; nothing else was looked at.
    NameLocked {
        /// How long the lock holds, in minutes.
        minutes: i64,
    },
    /// There is no such name, or the password is another. Not counted while the lockout of addresses is off.
    Wrong(Option<Attempt>),
    /// All is right, but the account may not log in.
    Blocked,
    /// The password is right, and a code is wanted.
    CodeMissing,
    /// The password is right, but the code is wrong or was used before.
    CodeWrong(Option<Attempt>),
}

/// The logins of one process.
#[derive(Debug)]
pub(crate) struct Logins {
    in_progress: AtomicUsize,
    failed_after: Duration,
}

impl Default for Logins {
    fn default() -> Self {
        Self { in_progress: AtomicUsize::new(0), failed_after: FAILURE_ANSWERED_AFTER }
    }
}

impl Logins {
    /// The same with another time at which failures are answered, for tests that do not want to wait.
    #[must_use]
    pub(crate) const fn with_failed_after(mut self, time: Duration) -> Self {
        self.failed_after = time;
        self
    }

    /// Admits one more login, unless there are too many.
    ///
    /// # Errors
    /// [`Error::TooMany`].
    pub(crate) fn enter(&self) -> Result<Entered<'_>, Error> {
        let entered = Entered { logins: self };
        let before = self.in_progress.fetch_add(1, Ordering::Relaxed);
        if before >= IN_PROGRESS_MAX { Err(Error::TooMany) } else { Ok(entered) }
    }
}

/// A login in progress; counted out when dropped.
#[derive(Debug)]
pub(crate) struct Entered<'a> {
    logins: &'a Logins,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.logins.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) struct Try<'p> {
    /// The name given.
    pub username: &'p str,
    /// The password given.
    pub password: &'p str,
    /// The code of the second factor; empty when none was given.
    pub two_factor: &'p str,
    /// The end user's address.
    pub ip: IpAddr,
    /// What the login log calls the way the login came in.
    pub agent: &'p str,
    /// The desk's settings, for its lockout.
    pub settings: &'p Settings,
}

/// Who waits for the answer.
#[derive(Clone, Copy)]
pub(crate) struct Waiting<'w> {
    /// Since when.
    pub since: Instant,
    /// Whether they left meanwhile, so that work for them may be left out.
    pub is_gone: &'w dyn Fn() -> bool,
}

/// The try, in the form it is looked up by.
struct Asked<'p> {
    given: &'p Try<'p>,
    /// The end user's address, in its usual spelling.
    ip: String,
    lockout: Lockout,
    now: Timestamp,
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

    const fn attempt(self, number: i64) -> Attempt {
        Attempt { number, of: self.attempts_max }
    }
}

/// The result of one round of checking.
enum Round {
    Ended(Outcome),
    /// The account changed meanwhile: check again.
    Again,
}

/// What was found out about the password outside of any transaction.
struct Checked {
    credentials: Option<Credentials>,
    is_right: bool,
    new_hash: Option<String>,
}

impl Entered<'_> {
    /// Checks a try, notes it, and answers a failure when its time has come. No transaction may be open.
    ///
    /// # Errors
    /// [`Error::NoSlot`] and [`Error::Store`].
    pub(crate) fn log_in(
        &self,
        store: &Store,
        slots: &Slots,
        given: &Try<'_>,
        waiting: Waiting<'_>,
        now: Timestamp,
    ) -> Result<Outcome, Error> {
        let ip = given.ip.to_canonical().to_string();
        let asked = Asked { given, ip, lockout: Lockout::of(given.settings), now };
        let outcome = decided(store, slots, &asked, waiting.is_gone)?;
        if !matches!(outcome, Outcome::LoggedIn(_)) {
            wait_for_the_time(store, self.logins.failed_after, waiting.since)?;
        }
        Ok(outcome)
    }
}

fn decided(store: &Store, slots: &Slots, asked: &Asked<'_>, is_gone: &dyn Fn() -> bool) -> Result<Outcome, Error> {
    for _ in 0..ROUNDS_MAX {
        let before = store.read(|tx| match locked(tx, asked)? {
            Some(outcome) => Ok::<_, store::Error>(Err(outcome)),
            None => Ok(Ok(tx.credentials(asked.given.username)?)),
        })?;
        let credentials = match before {
            Ok(credentials) => credentials,
            Err(outcome) => return Ok(outcome),
        };
        let checked = slots.run(is_gone, |memory| check(memory, asked, credentials))?;
        if let Round::Ended(outcome) = store.write(|tx| settle(tx, asked, &checked))? {
            return Ok(outcome);
        }
    }
    Err(Error::Store(store::Error::Busy))
}

/// Waits until a failure may be answered.
fn wait_for_the_time(store: &Store, step: Duration, since: Instant) -> Result<(), Error> {
    let hashes = store.read(|tx| tx.password_hashes())?;
    let slowest = hashes.iter().filter_map(|hash| password::bcrypt_cost(hash)).max();
    thread::sleep(until_the_next(failure_step(step, slowest), since.elapsed()));
    Ok(())
}

fn failure_step(base: Duration, slowest_bcrypt: Option<u32>) -> Duration {
    let above = slowest_bcrypt.unwrap_or(0).saturating_sub(BCRYPT_COST_WITHIN);
    base.saturating_mul(1_u32.checked_shl(above).unwrap_or(u32::MAX))
}

/// The rest of the step that has begun.
fn until_the_next(step: Duration, elapsed: Duration) -> Duration {
    let begun = elapsed.as_nanos().checked_div(step.as_nanos()).unwrap_or(0);
    let steps = u32::try_from(begun).unwrap_or(u32::MAX).saturating_add(1);
    step.saturating_mul(steps).saturating_sub(elapsed)
}

/// Why the try is not even checked, if so. While a lock holds nothing is counted.
fn locked(tx: &ReadTx<'_>, asked: &Asked<'_>) -> store::Result<Option<Outcome>> {
    let (lockout, now) = (asked.lockout, asked.now);
    if lockout.is_on() {
        let attempts = tx.login_attempts(&asked.ip, lockout.window(now))?;
        if attempts >= lockout.attempts_max {
            let attempt = lockout.attempt(attempts);
            return Ok(Some(Outcome::AddressLocked { minutes: lockout.minutes, attempt }));
        }
    }
    let window = Window::last_s(ACCOUNT_WINDOW_S, now);
    let failures = tx.failed_logins(asked.given.username, window, ACCOUNT_FAILURES_MAX + 1)?;
    Ok((failures > ACCOUNT_FAILURES_MAX).then_some(Outcome::NameLocked { minutes: ACCOUNT_WINDOW_S / 60 }))
}

fn check(memory: &mut Memory, asked: &Asked<'_>, credentials: Option<Credentials>) -> Checked {
    let stored = credentials.as_ref().map_or("", |known| known.password_hash.as_str());
    let is_right = password::verify_in(memory, asked.given.password, stored);
    // A password that was good enough for HelpDeskZ but cannot be hashed again keeps its old hash.
    let is_old = is_right && password::needs_rehash(stored);
    let new_hash = is_old.then(|| password::hash_in(memory, asked.given.password).ok()).flatten();
    Checked { credentials, is_right, new_hash }
}

/// Decides under the write lock, so that no burst of tries gets more than the lock allows, and no
/// code is used twice.
fn settle(tx: &WriteTx<'_>, asked: &Asked<'_>, checked: &Checked) -> store::Result<Round> {
    if let Some(outcome) = locked(tx, asked)? {
        return Ok(Round::Ended(outcome));
    }
    let current = tx.credentials(asked.given.username)?;
    let hash = |known: &Option<Credentials>| known.as_ref().map(|known| known.password_hash.clone());
    if hash(&current) != hash(&checked.credentials) {
        return Ok(Round::Again);
    }
    let known = match current {
        Some(known) if checked.is_right => known,
        other => return Ok(Round::Ended(Outcome::Wrong(failed(tx, asked, other.as_ref())?))),
    };
    if !known.may_log_in {
        return Ok(Round::Ended(Outcome::Blocked));
    }
    let mut totp_step = None;
    if !known.totp_secret.is_empty() {
        if asked.given.two_factor.is_empty() {
            return Ok(Round::Ended(Outcome::CodeMissing));
        }
        totp_step = totp::matching_step(&known.totp_secret, asked.given.two_factor, known.totp_last_step, asked.now);
        if totp_step.is_none() && !is_recovery_code(tx, asked, known.staff)? {
            return Ok(Round::Ended(Outcome::CodeWrong(failed(tx, asked, Some(&known))?)));
        }
    }
    tx.staff_logged_in(known.staff, &LoginNotes { new_hash: checked.new_hash.as_deref(), totp_step }, asked.now)?;
    tx.clear_login_attempts(&asked.ip)?;
    log(tx, asked, Some(known.staff), true)?;
    Ok(Round::Ended(Outcome::LoggedIn(known.staff)))
}

/// Whether the code is one that replaces the second factor; it is used up then.
fn is_recovery_code(tx: &WriteTx<'_>, asked: &Asked<'_>, staff: StaffId) -> store::Result<bool> {
    match totp::recovery_hash(asked.given.two_factor) {
        Some(hash) => tx.use_recovery_code(staff, &hash, asked.now),
        None => Ok(false),
    }
}

/// Counts a failure.
fn failed(tx: &WriteTx<'_>, asked: &Asked<'_>, known: Option<&Credentials>) -> store::Result<Option<Attempt>> {
    log(tx, asked, known.map(|known| known.staff), false)?;
    let (lockout, now) = (asked.lockout, asked.now);
    if !lockout.is_on() {
        return Ok(None);
    }
    let attempts = tx.login_attempts(&asked.ip, lockout.window(now))? + 1;
    tx.set_login_attempts(&asked.ip, attempts, now)?;
    Ok(Some(lockout.attempt(attempts)))
}

fn log(tx: &WriteTx<'_>, asked: &Asked<'_>, staff: Option<StaffId>, is_success: bool) -> store::Result<()> {
    let tried = LoginTry { staff, username: asked.given.username, ip: &asked.ip, is_success };
    tx.log_login(&tried, asked.given.agent, asked.now)
}

#[cfg(test)]
mod tests;
