//! `/api/users`: customers.

use serde::Serialize;

use super::answer::{Digits, Escaped, done};
use super::faults::Faults;
use crate::api::Call;
use crate::api::email;
use crate::api::error::ApiError;
use crate::api::idempotency::KeyedAnswer;
use crate::api::json::compact;
use crate::api::params::Params;
use crate::api::random;
use crate::api::route::PathId;
use crate::desk::notify;
use crate::domain::{Actor, EmailAddress, UserId};
use crate::store::ReadTx;
use crate::store::address_use::Purpose;
use crate::store::customer::{Customer, FULLNAME_CHARS_MAX};
use crate::store::row_count::Window;

/// Users per page, as in HelpDeskZ.
const PAGE_SIZE: i64 = 25;

const NOT_FOUND: ApiError = ApiError::NotFound("User not found.");

#[derive(Serialize)]
struct User<'a> {
    id: Digits,
    fullname: Escaped<'a>,
    email: &'a str,
}

#[derive(Serialize)]
struct OneUser<'a> {
    success: i64,
    user_data: User<'a>,
}

/// `GET /api/users`
pub(in crate::api) fn list(tx: &ReadTx<'_>, call: &Call<'_>) -> Result<String, ApiError> {
    #[derive(Serialize)]
    struct List<'a> {
        success: i64,
        total_users: i64,
        total_pages: i64,
        users: Vec<User<'a>>,
    }
    if let Some(email) = call.params.get("email")?.filter(|email| !email.is_empty()) {
        return shown(&tx.customer_by_email(email)?.ok_or(NOT_FOUND)?);
    }
    let (total, found) = tx.customers_page(window(call.params.page()?, PAGE_SIZE))?;
    let users = found.iter().map(|c| User { id: Digits(c.id.get()), fullname: Escaped(&c.fullname), email: &c.email });
    Ok(compact(&List { success: 1, total_users: total, total_pages: pages(total, PAGE_SIZE), users: users.collect() }))
}

/// The rows of a page.
pub(super) const fn window(page: i64, size: i64) -> Window {
    Window { offset: (page - 1).saturating_mul(size), size }
}

/// How many pages there are.
pub(super) const fn pages(total: i64, size: i64) -> i64 {
    (total + size - 1) / size
}

/// `GET /api/users/show/ID`
pub(in crate::api) fn show(tx: &ReadTx<'_>, id: &PathId) -> Result<String, ApiError> {
    shown(&existing(tx, id)?)
}

fn shown(customer: &Customer) -> Result<String, ApiError> {
    let user = User { id: Digits(customer.id.get()), fullname: Escaped(&customer.fullname), email: &customer.email };
    Ok(compact(&OneUser { success: 1, user_data: user }))
}

fn existing(tx: &ReadTx<'_>, id: &PathId) -> Result<Customer, ApiError> {
    let id = id.row().ok_or(NOT_FOUND)?;
    tx.customer(UserId::new(id))?.ok_or(NOT_FOUND)
}

/// `POST /api/users/create`
pub(in crate::api) fn create(call: &Call<'_>) -> Result<KeyedAnswer, ApiError> {
    #[derive(Serialize)]
    struct Created {
        success: i64,
        user_id: i64,
        message: &'static str,
    }
    let code = if call.params.get("notify")? == Some("1") { Some(random::code()?) } else { None };
    call.change(
        |tx| new_user(tx, &call.params),
        |tx, (fullname, email)| {
            let id = tx.add_customer(fullname, &email, call.now)?;
            if let Some(code) = &code {
                tx.set_activation(id, &crate::api::token_hash(code), call.now)?;
                match notify::welcome(tx, &call.settings, id, code, call.now) {
                    Ok(()) => {}
                    Err(notify::Error::Store(error)) => return Err(error.into()),
                    // The account is what was asked for, and what HelpDeskZ says whatever becomes of the mail; `admin user
                    // invite` sends one later.
                    Err(error) => tracing::error!(user = id.get(), %error, "mail refused"),
                }
            }
            Ok(compact(&Created { success: 1, user_id: id.get(), message: "User account was created." }))
        },
    )
}

fn new_user<'p>(tx: &ReadTx<'_>, params: &'p Params) -> Result<(&'p str, EmailAddress), ApiError> {
    let mut faults = Faults::default();
    let fullname = match params.filled("fullname")? {
        None => Err("Full name is missing."),
        Some(name) if name.chars().count() > FULLNAME_CHARS_MAX => Err("Full name is too long."),
        Some(name) => Ok(name),
    };
    let fullname = faults.note(fullname).unwrap_or_default();
    let email = faults.note(free_email(tx, params, "email", None)?);
    faults.finish()?;
    Ok((fullname, email.ok_or(ApiError::Broken("an address neither good nor bad".to_owned()))?))
}

/// The address in a field, if it is one that nobody else has.
fn free_email(
    tx: &ReadTx<'_>,
    params: &Params,
    field: &str,
    own: Option<UserId>,
) -> Result<Result<EmailAddress, &'static str>, ApiError> {
    let Some(text) = params.filled(field)? else { return Ok(Err("Email address is missing.")) };
    let Some(email) = email::valid(text) else { return Ok(Err("Email address is not valid.")) };
    let customer = tx.customer_by_email(email.as_str())?.map(|customer| customer.id);
    let is_taken = match customer {
        Some(other) => Some(other) != own,
        None => tx.holder(&email, Purpose::Customer)?.is_some(),
    };
    // The doubled word is HelpDeskZ's.
    Ok(if is_taken { Err("Email address is is already in use.") } else { Ok(email) })
}

/// `POST /api/users/update/ID`
pub(in crate::api) fn update(call: &Call<'_>, id: &PathId) -> Result<KeyedAnswer, ApiError> {
    call.change(
        |tx| {
            let customer = existing(tx, id)?;
            if call.params.get("new_email")? == Some(&customer.email) {
                return Ok((customer.id, None));
            }
            let mut faults = Faults::default();
            let email = faults.note(free_email(tx, &call.params, "new_email", Some(customer.id))?);
            faults.finish()?;
            Ok((customer.id, email))
        },
        |tx, (id, email)| {
            if let Some(email) = email {
                tx.update_customer(id, None, Some(&email))?;
            }
            Ok(done("Email was changed."))
        },
    )
}

/// `POST /api/users/delete/ID`
pub(in crate::api) fn delete(call: &Call<'_>, id: &PathId) -> Result<KeyedAnswer, ApiError> {
    call.change(
        |tx| existing(tx, id).map(|customer| customer.id),
        |tx, id| {
            call.change_by(tx, Actor::Machine).remove_customer(id)?;
            Ok(done("Account was removed."))
        },
    )
}
