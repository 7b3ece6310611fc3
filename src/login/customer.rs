//! Is this a customer's password? They have one where HelpDeskZ gave them one, or they set it themselves. Failures under
//! one mail address lock it as those of staff under one name do, failures from one network address lock that one by the
//! settings of `staff/auth`, and each is answered at the same time, whether there is such a customer or not.
//!
//! The failures of a network address are counted apart from those of staff, and no success forgets them: anybody can have
//! an account of their own here, and would start the count again with it.

use std::net::IpAddr;

use super::{ACCOUNT_FAILURES_MAX, ACCOUNT_WINDOW_S, Entered, Error, Lockout, Waiting, wait_for_the_time};
use crate::domain::{Timestamp, UserId, Window};
use crate::password::{self, Slots};
use crate::store::settings::Settings;
use crate::store::staff::LoginTry;
use crate::store::{self, ReadTx, Store, WriteTx};

/// How the login log calls these.
const AGENT: &str = "web, customer";

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) struct CustomerTry<'p> {
    /// The address given.
    pub(crate) email: &'p str,
    /// The password given.
    pub(crate) password: &'p str,
    /// Where the try comes from.
    pub(crate) ip: IpAddr,
    /// The desk's settings, for its lockout.
    pub(crate) settings: &'p Settings,
}

/// How a try ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CustomerOutcome {
    /// Address and password are right.
    LoggedIn(UserId),
    /// There is no such customer, the password is another, or the account is blocked.
    Wrong,
    /// The mail address or the network address had too many failures; nothing else was looked at.
    Locked {
        /// How long the lock holds, in minutes.
        minutes: i64,
    },
}

impl Entered<'_> {
    /// Checks a customer's try, notes it, and answers a failure when its time has come. No transaction may be open.
    ///
    /// # Errors
    /// [`Error::NoSlot`] and [`Error::Store`].
    pub(crate) fn log_in_customer(
        &self,
        store: &Store,
        slots: &Slots,
        given: &CustomerTry<'_>,
        waiting: Waiting<'_>,
        now: Timestamp,
    ) -> Result<CustomerOutcome, Error> {
        let outcome = decided(store, slots, given, waiting.is_gone, now)?;
        if !matches!(outcome, CustomerOutcome::LoggedIn(_)) {
            wait_for_the_time(store, self.logins.failed_after, waiting.since)?;
        }
        Ok(outcome)
    }
}

/// The try, in the form it is looked up by.
struct Asked<'p> {
    given: &'p CustomerTry<'p>,
    /// The network address, in its usual spelling.
    ip: String,
    /// Under what its failures are counted.
    counted_as: String,
    lockout: Lockout,
    now: Timestamp,
}

/// What was found out about the password outside of any transaction.
struct Checked {
    known: Option<(UserId, String)>,
    is_right: bool,
    new_hash: Option<String>,
}

fn decided(
    store: &Store,
    slots: &Slots,
    given: &CustomerTry<'_>,
    is_gone: &dyn Fn() -> bool,
    now: Timestamp,
) -> Result<CustomerOutcome, Error> {
    let ip = given.ip.to_canonical().to_string();
    let counted_as = format!("customer {ip}");
    let asked = Asked { given, ip, counted_as, lockout: Lockout::of(given.settings), now };
    let before = store.read(|tx| match locked(tx, &asked)? {
        Some(outcome) => Ok::<_, store::Error>(Err(outcome)),
        None => Ok(Ok(account(tx, given.email)?)),
    })?;
    let known = match before {
        Ok(known) => known,
        Err(outcome) => return Ok(outcome),
    };
    let stored = known.as_ref().map_or("", |(_, hash)| hash.as_str());
    let (is_right, new_hash) = slots.run(is_gone, |memory| {
        let is_right = password::verify_in(memory, given.password, stored);
        let is_old = is_right && password::needs_rehash(stored);
        (is_right, is_old.then(|| password::hash_in(memory, given.password).ok()).flatten())
    })?;
    Ok(store.write(|tx| settle(tx, &asked, &Checked { known, is_right, new_hash }))?)
}

/// A customer who may sign in, and the hash of their password.
fn account(tx: &ReadTx<'_>, email: &str) -> store::Result<Option<(UserId, String)>> {
    match tx.customer_by_email(email)?.filter(|customer| customer.is_active) {
        Some(customer) => Ok(Some((customer.id, tx.customer_password(customer.id)?))),
        None => Ok(None),
    }
}

/// Why the try is not even checked, if so. While a lock holds nothing is counted.
fn locked(tx: &ReadTx<'_>, asked: &Asked<'_>) -> store::Result<Option<CustomerOutcome>> {
    let (lockout, now) = (asked.lockout, asked.now);
    if lockout.is_on() && tx.login_attempts(&asked.counted_as, lockout.window(now))? >= lockout.attempts_max {
        return Ok(Some(CustomerOutcome::Locked { minutes: lockout.minutes }));
    }
    let window = Window::last_s(ACCOUNT_WINDOW_S, now);
    let failures = tx.failed_logins(asked.given.email, window, ACCOUNT_FAILURES_MAX + 1)?;
    Ok((failures > ACCOUNT_FAILURES_MAX).then_some(CustomerOutcome::Locked { minutes: ACCOUNT_WINDOW_S / 60 }))
}

/// Decides under the write lock, so that no burst of tries gets more than the locks allow.
fn settle(tx: &WriteTx<'_>, asked: &Asked<'_>, checked: &Checked) -> store::Result<CustomerOutcome> {
    if let Some(outcome) = locked(tx, asked)? {
        return Ok(outcome);
    }
    let right = checked.known.as_ref().filter(|_| checked.is_right);
    let tried = LoginTry { staff: None, username: asked.given.email, ip: &asked.ip, is_success: right.is_some() };
    tx.log_login(&tried, AGENT, asked.now)?;
    let Some((id, stored)) = right else {
        if asked.lockout.is_on() {
            let attempts = tx.login_attempts(&asked.counted_as, asked.lockout.window(asked.now))? + 1;
            tx.set_login_attempts(&asked.counted_as, attempts, asked.now)?;
        }
        return Ok(CustomerOutcome::Wrong);
    };
    // A password that was changed meanwhile stays.
    if let Some(hash) = checked.new_hash.as_deref()
        && tx.customer_password(*id)? == *stored
    {
        tx.rehash_customer_password(*id, hash)?;
    }
    Ok(CustomerOutcome::LoggedIn(*id))
}

#[cfg(test)]
mod tests;
