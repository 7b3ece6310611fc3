//! Faveo's `POST /api/v1/helpdesk/register`: makes a customer (for some tokens a staff member too) and
//! mails the activation link.
//!
//! Texts and shapes are Faveo's. Its clients send the token in the query, so here, and only here, it
//! may be there; nothing of a query is ever logged.

use serde::Serialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use super::access::{token_hash, token_of};
use super::admission::Dialect;
use super::error::ApiError;
use super::idempotency::KeyedAnswer;
use super::json::compact;
use super::params::{NotText, Params};
use super::refusal::{ErrorAnswer, FieldFaults};
use super::{Call, email, random};
use crate::desk::notify;
use crate::domain::permission::Permission;
use crate::domain::staff_role::StaffRole;
use crate::domain::{EmailAddress, Timestamp};
use crate::http::{Headers, Request};
use crate::store::address_use::Purpose;
use crate::store::customer::{CustomerProfile, FULLNAME_CHARS_MAX};
use crate::store::settings::{FaveoAnswer, Settings};
use crate::store::staff::NewStaff;
use crate::store::{self, ReadTx, WriteTx};

/// The path of the call.
pub(super) const REGISTER: &str = "/api/v1/helpdesk/register";

const FIELDS: &[&str] = &["email", "first_name", "last_name", "mobile", "code", "role"];

/// Longest mobile number, in characters. Chosen: twice E.164's 15 digits, for blanks and dashes.
const MOBILE_CHARS_MAX: usize = 30;

/// Longest country code, in characters. Chosen: above `+1-684`.
const CODE_CHARS_MAX: usize = 10;

/// Letters of the two random values in the answer, as Faveo's.
const VERIFY_CHARS: usize = 60;

/// Longest login name made from an address, in characters, without the number at its end.
const USERNAME_CHARS_MAX: usize = 60;

const MESSAGE: &str = "Activate your account! Click on the link that we've sent to your mail";

/// The dialect. Its clients send the token in the query or the form.
pub(super) struct Faveo;

impl Dialect for Faveo {
    type Params = Params;
    type Error = ErrorAnswer;

    const HAS_TOKEN_IN_PARAMS: bool = true;

    fn params(request: Request) -> Result<Params, ApiError> {
        Params::of(request)
    }

    fn digest(_: &Headers, params: &Params) -> [u8; 32] {
        *params.sha256()
    }

    fn token<'r>(headers: &'r Headers, params: Option<&'r Params>) -> Result<&'r str, ApiError> {
        if let Some(token) = token_of(headers) {
            return Ok(token);
        }
        match params.map(|params| params.text("token")) {
            Some(Ok(Some(token))) => Ok(token),
            Some(Err(NotText)) => Err(ApiError::Authentication),
            Some(Ok(None)) | None => Err(ApiError::NoToken),
        }
    }

    fn denied(error: ApiError) -> ErrorAnswer {
        match error {
            ApiError::NoToken => ErrorAnswer::message(401, "Token not provided"),
            ApiError::Authentication => ErrorAnswer::message(401, "Token is invalid"),
            ApiError::Address(_) | ApiError::Permission(_) => ErrorAnswer::message(403, "Permission denied"),
            other => other.into(),
        }
    }

    /// An account for staff takes the permission for those as well.
    fn further_permission(params: Option<&Params>) -> Option<Permission> {
        let is_staff = matches!(role(params?), Ok(FaveoRole::Agent | FaveoRole::Admin));
        is_staff.then_some(Permission::StaffCreate)
    }

    /// The setting `faveo_api_key`.
    fn check(params: Option<&Params>, settings: &Settings) -> Result<(), ErrorAnswer> {
        let wanted = &settings.faveo_api_key;
        let given = params.and_then(|params| params.text("api_key").ok().flatten()).unwrap_or("");
        // Hashes are compared, so that the time does not even reveal the length.
        if !wanted.is_empty() && !bool::from(token_hash(given).ct_eq(&token_hash(wanted))) {
            return Err(ErrorAnswer::object(401, &json!({ "result": "wrong api key" })));
        }
        Ok(())
    }

    fn print(error: ErrorAnswer, _: Option<&Settings>) -> ErrorAnswer {
        error
    }
}

/// What the account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FaveoRole {
    User,
    Agent,
    Admin,
}

impl FaveoRole {
    const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Agent => "agent",
            Self::Admin => "admin",
        }
    }

    /// The staff role, for accounts that are staff's too.
    const fn staff_role(self) -> Option<StaffRole> {
        match self {
            Self::User => None,
            Self::Admin => Some(StaffRole::Admin),
            Self::Agent => Some(StaffRole::Agent),
        }
    }
}

fn role(params: &Params) -> Result<FaveoRole, String> {
    let invalid = || "The selected role is invalid.".to_owned();
    let word = params.text("role").map_err(|NotText| invalid())?.unwrap_or("user");
    let known = [FaveoRole::User, FaveoRole::Agent, FaveoRole::Admin]
        .into_iter()
        .find(|role| word.eq_ignore_ascii_case(role.word()));
    known.ok_or_else(invalid)
}

/// What is asked for, checked.
struct Registration<'p> {
    email: EmailAddress,
    fullname: String,
    profile: CustomerProfile<'p>,
    role: FaveoRole,
}

/// The text of a field, by the name people read: one line, not too long; empty when missing.
fn text<'p>(params: &'p Params, field: &str, label: &str, chars_max: usize) -> Result<&'p str, String> {
    let text = params.text(field).map_err(|NotText| format!("The {label} must be a string."))?.unwrap_or("");
    if text.chars().any(char::is_control) {
        return Err(format!("The {label} format is invalid."));
    }
    if text.chars().count() > chars_max {
        return Err(format!("The {label} may not be greater than {chars_max} characters."));
    }
    Ok(text)
}

fn name<'p>(params: &'p Params, field: &str, label: &str) -> Result<&'p str, String> {
    let name = text(params, field, label, FULLNAME_CHARS_MAX)?;
    if name.is_empty() { Err(format!("The {label} field is required.")) } else { Ok(name) }
}

fn address(params: &Params) -> Result<EmailAddress, String> {
    let text = params.text("email").map_err(|NotText| "The email must be a string.".to_owned())?;
    let text = text.ok_or_else(|| "The email field is required.".to_owned())?;
    email::valid(text).ok_or_else(|| "The email must be a valid email address.".to_owned())
}

fn registration<'p>(tx: &ReadTx<'_>, params: &'p Params) -> Result<Registration<'p>, ErrorAnswer> {
    let mut faults = FieldFaults::new(FIELDS);
    let email = faults.note("email", address(params));
    let first_name = faults.note("first_name", name(params, "first_name", "first name")).unwrap_or_default();
    let last_name = faults.note("last_name", name(params, "last_name", "last name")).unwrap_or_default();
    let mobile = faults.note("mobile", text(params, "mobile", "mobile", MOBILE_CHARS_MAX)).unwrap_or_default();
    let country_code = faults.note("code", text(params, "code", "code", CODE_CHARS_MAX)).unwrap_or_default();
    let role = faults.note("role", role(params)).unwrap_or(FaveoRole::User);
    let fullname = format!("{first_name} {last_name}");
    // Never cut silently: both together are the one name that everything else shows.
    if fullname.chars().count() > FULLNAME_CHARS_MAX {
        let text = format!("First and last name together may not be greater than {FULLNAME_CHARS_MAX} characters.");
        faults.add("last_name", text);
    }
    if let Some(email) = &email {
        // A staff member is made a customer as well.
        let purpose = if role == FaveoRole::User { Purpose::Customer } else { Purpose::Staff(None) };
        if tx.holder(email, purpose)?.is_some() || tx.customer_by_email(email.as_str())?.is_some() {
            faults.add("email", "The email has already been taken.");
        }
    }
    let profile = CustomerProfile { first_name, last_name, mobile, country_code };
    match email {
        Some(email) if faults.is_empty() => Ok(Registration { email, fullname, profile, role }),
        _ => Err(ErrorAnswer::message(422, faults.json()).for_good()),
    }
}

/// `POST /api/v1/helpdesk/register`
pub(super) fn register(call: &Call<'_>) -> Result<KeyedAnswer, ErrorAnswer> {
    let code = random::code()?;
    let verify = (random::alphanumeric(VERIFY_CHARS)?, random::alphanumeric(VERIFY_CHARS)?);
    call.change(
        |tx| registration(tx, &call.params),
        |tx, wanted| {
            let id = tx.add_customer(&wanted.fullname, &wanted.email, call.now)?;
            tx.set_customer_profile(id, &wanted.profile)?;
            if let Some(role) = wanted.role.staff_role() {
                add_staff(tx, &wanted, role, call.now)?;
            }
            tx.set_activation(id, &token_hash(&code), call.now)?;
            match notify::new_user(tx, &call.settings, id, &code, call.now) {
                // A desk that sends no mail at all is one that other programs bring people to; they are registered there.
                Err(error @ notify::Error::NobodySends) => tracing::warn!(user = id.get(), %error, "registered"),
                done => done.map_err(unsent)?,
            }
            let object = success(&wanted, id.get(), &verify, call.now);
            Ok(if call.settings.faveo_answer == FaveoAnswer::Array { format!("[{object}]") } else { object })
        },
    )
}

/// The answer promises a mail, so without one there is no account either.
fn unsent(error: notify::Error) -> ErrorAnswer {
    match error {
        notify::Error::Store(error) => error.into(),
        error => {
            tracing::error!(%error, "registration refused");
            ErrorAnswer::message(500, Value::from(error.to_string()))
        }
    }
}

/// The staff account waits for `admin staff password`.
fn add_staff(tx: &WriteTx<'_>, wanted: &Registration<'_>, role: StaffRole, now: Timestamp) -> store::Result<()> {
    let new = NewStaff {
        username: &free_username(tx, &wanted.email)?,
        fullname: &wanted.fullname,
        email: &wanted.email,
        password_hash: "",
        role,
        is_active: false,
        totp_secret: "",
    };
    tx.add_staff(&new, &[], now)?;
    Ok(())
}

/// The local part in the letters of login names, with a number where it is in use: `ann`, `ann2`.
fn free_username(tx: &ReadTx<'_>, email: &EmailAddress) -> store::Result<String> {
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    let base: String = email.local_part().chars().map(letter).take(USERNAME_CHARS_MAX).collect();
    let mut name = base.clone();
    let mut number = 1_u64;
    while tx.staff_by_username(&name)?.is_some() {
        number += 1;
        name = format!("{base}{number}");
    }
    Ok(name)
}

fn success(wanted: &Registration<'_>, id: i64, verify: &(String, String), now: Timestamp) -> String {
    #[derive(Serialize)]
    struct Success<'a> {
        message: &'a str,
        user: User<'a>,
    }
    #[derive(Serialize)]
    struct User<'a> {
        /// The number of a row in Faveo's table of time zones; 0: none chosen.
        agent_tzone: i64,
        country_code: &'a str,
        created_at: &'a str,
        email: &'a str,
        email_verify: &'a str,
        first_name: &'a str,
        id: i64,
        last_name: &'a str,
        mobile: &'a str,
        mobile_otp_verify: &'a str,
        role: &'a str,
        updated_at: &'a str,
        user_name: &'a str,
    }
    // Times past the year 9999 are the only ones jiff refuses.
    let at = jiff::Timestamp::from_second(now.unix()).unwrap_or_default().strftime("%Y-%m-%d %H:%M:%S").to_string();
    let user = User {
        agent_tzone: 0,
        country_code: wanted.profile.country_code,
        created_at: &at,
        email: wanted.email.as_str(),
        email_verify: &verify.0,
        first_name: wanted.profile.first_name,
        id,
        last_name: wanted.profile.last_name,
        mobile: wanted.profile.mobile,
        mobile_otp_verify: &verify.1,
        role: wanted.role.word(),
        updated_at: &at,
        user_name: wanted.email.as_str(),
    };
    compact(&Success { message: MESSAGE, user })
}
