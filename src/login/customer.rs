//! Is this a customer's password? They have one where HelpDeskZ gave them one, or they set it themselves. Failures under
//! one address are counted as those of staff under one name, and answered at the same time.

use std::net::IpAddr;

use super::{ACCOUNT_FAILURES_MAX, ACCOUNT_WINDOW_S, Entered, Error, Waiting, wait_for_the_time};
use crate::domain::{Timestamp, UserId, Window};
use crate::password::{self, Slots};
use crate::store::staff::LoginTry;
use crate::store::{self, Store};

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
}

/// How a try ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CustomerOutcome {
    /// Address and password are right.
    LoggedIn(UserId),
    /// There is no such customer, the password is another, or the account is blocked.
    Wrong,
    /// The address had too many failures; nothing else was looked at.
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

fn decided(
    store: &Store,
    slots: &Slots,
    given: &CustomerTry<'_>,
    is_gone: &dyn Fn() -> bool,
    now: Timestamp,
) -> Result<CustomerOutcome, Error> {
    let (failures, known) = store.read(|tx| {
        let failures =
            tx.failed_logins(given.email, Window::last_s(ACCOUNT_WINDOW_S, now), ACCOUNT_FAILURES_MAX + 1)?;
        let customer = tx.customer_by_email(given.email)?.filter(|customer| customer.is_active);
        let known = match customer {
            Some(customer) => Some((customer.id, tx.customer_password(customer.id)?)),
            None => None,
        };
        Ok::<_, store::Error>((failures, known))
    })?;
    if failures > ACCOUNT_FAILURES_MAX {
        return Ok(CustomerOutcome::Locked { minutes: ACCOUNT_WINDOW_S / 60 });
    }
    let stored = known.as_ref().map_or("", |(_, hash)| hash.as_str());
    let (is_right, new_hash) = slots.run(is_gone, |memory| {
        let is_right = password::verify_in(memory, given.password, stored);
        let is_old = is_right && password::needs_rehash(stored);
        (is_right, is_old.then(|| password::hash_in(memory, given.password).ok()).flatten())
    })?;
    let ip = given.ip.to_canonical().to_string();
    let right = known.as_ref().filter(|_| is_right).map(|(id, _)| *id);
    store.write(|tx| {
        let tried = LoginTry { staff: None, username: given.email, ip: &ip, is_success: right.is_some() };
        tx.log_login(&tried, AGENT, now)?;
        if let (Some(id), Some(hash)) = (right, new_hash.as_deref()) {
            // A password that was changed meanwhile stays.
            if tx.customer_password(id)? == stored {
                tx.rehash_customer_password(id, hash)?;
            }
        }
        Ok::<_, store::Error>(())
    })?;
    Ok(right.map_or(CustomerOutcome::Wrong, CustomerOutcome::LoggedIn))
}
