//! `POST /api/staff/auth`: is this a staff member's password (and second factor)? HelpDeskZ's fields and
//! texts; what is checked is in [`crate::login`].

use std::net::IpAddr;

use super::answer::done;
use super::faults::Faults;
use crate::api::Call;
use crate::api::error::ApiError;
use crate::api::idempotency::KeyedAnswer;
use crate::login::{Attempt, Outcome, Try, Waiting};

/// Longest name looked at, in bytes. Chosen: longer ones cannot be accounts.
const USERNAME_BYTES_MAX: usize = 255;

/// What the login log calls us, as HelpDeskZ does.
const AGENT: &str = "HelpDeskZ API";

/// `POST /api/staff/auth`
pub(in crate::api) fn authenticate(call: &Call<'_>) -> Result<KeyedAnswer, ApiError> {
    let entered = call.api.logins.enter()?;
    let given = given(call)?;
    let waiting = Waiting { since: call.client.waits_since(), is_gone: &|| call.client.is_gone() };
    let outcome = entered.log_in(&call.api.store, &call.api.slots, &given, waiting, call.now)?;
    said(outcome).map(|text| KeyedAnswer::fresh(done(text))).map_err(ApiError::Invalid)
}

fn given<'p>(call: &'p Call<'_>) -> Result<Try<'p>, ApiError> {
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
        Some(Ok(ip)) => Ok(ip),
    };
    let ip = faults.note(ip);
    faults.finish()?;
    let ip = ip.ok_or_else(|| ApiError::Broken("a login without the address it comes from".to_owned()))?;
    let two_factor = params.get("two_factor")?.unwrap_or("").trim();
    Ok(Try { username, password, two_factor, ip, agent: AGENT, settings: &call.settings })
}

fn said(outcome: Outcome) -> Result<&'static str, String> {
    let counted = |text: &str, attempt: Option<Attempt>| match attempt {
        Some(Attempt { number, of }) => format!("{text} (attempt: {number} of {of})"),
        None => text.to_owned(),
    };
    Err(match outcome {
        Outcome::LoggedIn(_) => return Ok("You have been logged in."),
        Outcome::AddressLocked { minutes, attempt } => {
            counted(&format!("Login locked for {minutes} minutes."), Some(attempt))
        }
        Outcome::NameLocked { minutes } => format!("Login locked for {minutes} minutes."),
        Outcome::Wrong(attempt) => counted("Invalid username or password.", attempt),
        Outcome::Blocked => "Account is locked.".to_owned(),
        Outcome::CodeMissing => "Two-Factor code is missing.".to_owned(),
        Outcome::CodeWrong(attempt) => counted("Two-Factor authentication failed.", attempt),
    })
}
