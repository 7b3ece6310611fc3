//! `/api/staff`: lists and details. Logging in is in `staff_auth`.

use serde::Serialize;

use super::answer::{Digits, Escaped};
use crate::api::Call;
use crate::api::error::ApiError;
use crate::api::json::compact;
use crate::api::route::PathId;
use crate::domain::StaffId;
use crate::store::ReadTx;
use crate::store::staff;

#[derive(Serialize)]
struct Staff<'a> {
    id: Digits,
    username: &'a str,
    fullname: Escaped<'a>,
    email: &'a str,
    registration: Digits,
    last_login: Digits,
}

impl<'a> From<&'a staff::Staff> for Staff<'a> {
    fn from(row: &'a staff::Staff) -> Self {
        Self {
            id: Digits(row.id.get()),
            username: &row.username,
            fullname: Escaped(&row.fullname),
            email: &row.email,
            registration: row.registered_at.into(),
            last_login: row.last_login_at.into(),
        }
    }
}

/// `GET /api/staff`
pub(in crate::api) fn list(tx: &ReadTx<'_>, call: &Call<'_>) -> Result<String, ApiError> {
    #[derive(Serialize)]
    struct List<'a> {
        success: i64,
        users: Vec<Staff<'a>>,
    }
    let rows = match call.params.get("username")?.filter(|name| !name.is_empty()) {
        Some(name) => tx.staff_by_username(name)?.into_iter().collect(),
        None => tx.all_staff()?,
    };
    Ok(compact(&List { success: 1, users: rows.iter().map(Staff::from).collect() }))
}

/// `GET /api/staff/show/ID`
pub(in crate::api) fn show(tx: &ReadTx<'_>, id: &PathId) -> Result<String, ApiError> {
    #[derive(Serialize)]
    struct Shown<'a> {
        success: i64,
        staff_data: Staff<'a>,
    }
    const NOT_FOUND: ApiError = ApiError::NotFound("Staff ID not found.");
    if !id.is_integer() {
        return Err(ApiError::NotFound("Invalid Staff ID."));
    }
    let row = tx.staff(StaffId::new(id.row().ok_or(NOT_FOUND)?))?.ok_or(NOT_FOUND)?;
    Ok(compact(&Shown { success: 1, staff_data: Staff::from(&row) }))
}
