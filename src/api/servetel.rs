//! Servetel's `POST /v1/user`: makes a staff account. maildesk makes no calls, so the telephony
//! variables are kept as data. What the variables may hold is read in [`fields`].

mod fields;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Call;
use super::access::token_of;
use super::admission::Dialect;
use super::error::ApiError;
use super::idempotency::KeyedAnswer;
use super::json::{self, compact};
use super::params::JSON_BYTES_MAX;
use super::refusal::{ErrorAnswer, FieldFaults};
use crate::domain::staff_role::StaffRole;
use crate::domain::{DepartmentId, EmailAddress};
use crate::http::{Headers, Request};
use crate::password;
use crate::store::ReadTx;
use crate::store::address_use::Purpose;
use crate::store::settings::Settings;
use crate::store::staff::{NewStaff, StaffProfile};
use fields::Wanted;

/// The dialect. Its body is one JSON object, whose values keep their types.
pub(super) struct Servetel;

/// A body as it came; what it holds is found out by the endpoint.
pub(super) struct Body(Vec<u8>);

impl Dialect for Servetel {
    type Params = Body;
    type Error = ErrorAnswer;

    fn params(request: Request) -> Result<Body, ApiError> {
        if request.body.len() > JSON_BYTES_MAX {
            return Err(ApiError::TooLarge("The JSON body is too large.".to_owned()));
        }
        request.body.into_bytes().map(Body).map_err(|e| ApiError::Broken(e.to_string()))
    }

    fn digest(headers: &Headers, body: &Body) -> [u8; 32] {
        digest(token_of(headers).unwrap_or_default(), &body.0)
    }

    fn token<'r>(headers: &'r Headers, _: Option<&'r Body>) -> Result<&'r str, ApiError> {
        token_of(headers).ok_or(ApiError::NoToken)
    }

    fn denied(error: ApiError) -> ErrorAnswer {
        match error {
            ApiError::NoToken | ApiError::Authentication => ErrorAnswer::message(401, "Unauthorized"),
            ApiError::Address(_) | ApiError::Permission(_) => ErrorAnswer::message(403, "Forbidden"),
            other => other.into(),
        }
    }

    fn print(error: ErrorAnswer, _: Option<&Settings>) -> ErrorAnswer {
        error
    }
}

/// What an Idempotency-Key remembers of the request. The token goes in because the body holds a
/// password: without knowing the token, which is stored nowhere, nobody can try passwords on it.
fn digest(token: &str, body: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(token.len().to_be_bytes()).chain_update(token).chain_update(body).finalize().into()
}

fn invalid(faults: &FieldFaults) -> ErrorAnswer {
    let object = json!({ "success": false, "message": "Validation failed", "error": faults.json() });
    ErrorAnswer::object(400, &object).for_good()
}

/// `POST /v1/user`
pub(super) fn create(call: &Call<'_, Body>) -> Result<KeyedAnswer, ErrorAnswer> {
    let wanted = match json::object(&call.params.0) {
        Ok(members) => Wanted::read(members),
        Err(malformed) => {
            let mut faults = FieldFaults::new(&["body"]);
            faults.add("body", malformed.message());
            return Err(invalid(&faults));
        }
    };
    call.api.store.read(|tx| account(tx, &wanted).map(|_| ()))?;
    // Hashing takes 20 ms and 19 MiB, so only for what will be taken, and never under the write lock.
    let password = wanted.password.as_deref().unwrap_or_default();
    let hash = call.api.slots.run(&|| call.client.is_gone(), |memory| password::hash_in(memory, password));
    let password_hash = hash.map_err(ApiError::from)?.map_err(|error| ApiError::Broken(error.to_string()))?;
    call.change(
        |tx| account(tx, &wanted),
        |tx, account| {
            let new = NewStaff {
                username: account.username,
                fullname: account.fullname,
                email: account.email,
                password_hash: &password_hash,
                role: account.role,
                is_active: account.is_active,
                totp_secret: "",
            };
            let id = tx.add_staff(&new, &account.departments, call.now)?;
            let telephony = Value::Object(wanted.telephony.clone()).to_string();
            tx.set_staff_profile(id, &StaffProfile { telephony: &telephony, ..account.profile })?;
            Ok(compact(&json!({ "success": true, "message": "User created successfully", "id": id.get() })))
        },
    )
}

/// An account that this desk can create now.
struct Account<'w> {
    username: &'w str,
    fullname: &'w str,
    email: &'w EmailAddress,
    role: StaffRole,
    is_active: bool,
    departments: Vec<DepartmentId>,
    profile: StaffProfile<'w>,
}

/// Adds to the faults of the values those that only the desk knows.
fn account<'w>(tx: &ReadTx<'_>, wanted: &'w Wanted) -> Result<Account<'w>, ErrorAnswer> {
    let mut faults = wanted.faults.clone();
    if let Some(email) = &wanted.email
        && tx.holder(email, Purpose::Staff(None))?.is_some()
    {
        faults.add("email", "The email has already been taken.");
    }
    if let Some(username) = &wanted.login_id
        && tx.staff_by_username(username)?.is_some()
    {
        faults.add("login_id", "The login_id has already been taken.");
    }
    let known = if wanted.departments.is_some() { tx.departments()? } else { Vec::new() };
    let departments = wanted.departments.as_ref().map(|named| named.among(&known, &mut faults)).unwrap_or_default();
    let mut schedule = None;
    if let Some(name) = wanted.time_group.as_deref().filter(|name| !name.is_empty()) {
        schedule = tx.schedule_named(name)?.map(|schedule| schedule.id);
        if schedule.is_none() {
            faults.add("time_group", format!("The time_group {name} is unknown."));
        }
    }
    match wanted {
        Wanted {
            name: Some(fullname),
            email: Some(email),
            login_id: Some(username),
            role: Some(role),
            is_active: Some(is_active),
            is_agent: Some(is_agent),
            ..
        } if faults.is_empty() => {
            let has_login = !wanted.is_login_blocked;
            let profile = StaffProfile { has_login, has_notifications: *is_agent, schedule, telephony: "" };
            let (role, is_active) = (*role, *is_active);
            Ok(Account { username, fullname, email, role, is_active, departments, profile })
        }
        _ => Err(invalid(&faults)),
    }
}
