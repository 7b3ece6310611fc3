//! Servetel's `POST /v1/user`: makes a staff account. maildesk makes no calls, so the telephony
//! variables are kept as data. What the variables may hold is read in [`fields`].

mod fields;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::access::{authorize, token_of};
use super::answer::compact;
use super::error::ApiError;
use super::idempotency::{Key, Reply};
use super::params::{JSON_BYTES_MAX, Params, json_object};
use super::refusal::{FieldFaults, Refusal, once};
use super::route::Permission;
use super::{Api, Call, ip};
use crate::domain::staff_role::StaffRole;
use crate::domain::{DepartmentId, EmailAddress, Timestamp};
use crate::http::{Request, Response};
use crate::password;
use crate::store::ReadTx;
use crate::store::staff::{NewStaff, StaffProfile};
use fields::Wanted;

/// `POST /v1/user`
pub(super) fn create(api: &Api, request: Request, now: Timestamp) -> Response {
    answer(api, request, now).map_or_else(Refusal::response, Reply::response)
}

fn answer(api: &Api, request: Request, now: Timestamp) -> Result<Reply, Refusal> {
    let client = ip::client(request.peer, &request.headers, &api.rules().trusted_proxies);
    let (headers, path, waiting) = (request.headers.clone(), request.path.clone(), request.client.clone());
    let (token, settings) = api.store.read(|tx| {
        let token = authorize(tx, token_of(&headers), client, Permission::StaffCreate).map_err(refused)?;
        Ok::<_, Refusal>((token, tx.settings()?))
    })?;
    api.note_use(token, now);
    if request.body.len() > JSON_BYTES_MAX {
        return Err(ApiError::TooLarge("The JSON body is too large.".to_owned()).into());
    }
    let body = request.body.into_bytes().map_err(|e| ApiError::Broken(e.to_string()))?;
    let sha256 = digest(token_of(&headers).unwrap_or_default(), &body);
    let key = Key::of(&headers, token, &path, sha256)?;
    once(&Call { api, settings, params: Params::default(), key, client: waiting, now }, |call| add(call, &body))
}

fn refused(error: ApiError) -> Refusal {
    match error {
        ApiError::Authentication => Refusal::message(401, "Unauthorized"),
        ApiError::Address(_) | ApiError::Permission(_) => Refusal::message(403, "Forbidden"),
        other => other.into(),
    }
}

/// What an Idempotency-Key remembers of the request. The token goes in because the body holds a
/// password: without knowing the token, which is stored nowhere, nobody can try passwords on it.
fn digest(token: &str, body: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(token.len().to_be_bytes()).chain_update(token).chain_update(body).finalize().into()
}

fn invalid(faults: &FieldFaults) -> Refusal {
    let object = json!({ "success": false, "message": "Validation failed", "error": faults.json() });
    Refusal::object(400, &object).for_good()
}

fn add(call: &Call<'_>, body: &[u8]) -> Result<Reply, Refusal> {
    let wanted = match json_object(body) {
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

/// An account that can be made as the desk stands.
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
fn account<'w>(tx: &ReadTx<'_>, wanted: &'w Wanted) -> Result<Account<'w>, Refusal> {
    let mut faults = wanted.faults.clone();
    if let Some(email) = &wanted.email
        && tx.is_staff_address(email)?
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
