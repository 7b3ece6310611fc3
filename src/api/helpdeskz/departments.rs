//! `/api/departments`.

use serde::Serialize;

use super::answer::{Digits, Escaped, done};
use super::faults::Faults;
use crate::api::Call;
use crate::api::error::ApiError;
use crate::api::idempotency::KeyedAnswer;
use crate::api::json::compact;
use crate::api::params::Params;
use crate::api::route::PathId;
use crate::domain::one_line::DEPARTMENT_CHARS_MAX;
use crate::domain::{Actor, DepartmentId};
use crate::store::ReadTx;
use crate::store::department;

const NOT_FOUND: ApiError = ApiError::NotFound("Department not found.");

#[derive(Serialize)]
struct Department<'a> {
    id: Digits,
    name: Escaped<'a>,
    private: Digits,
}

impl<'a> From<&'a department::Department> for Department<'a> {
    fn from(row: &'a department::Department) -> Self {
        Self { id: Digits(row.id.get()), name: Escaped(&row.name), private: Digits(row.is_private.into()) }
    }
}

/// `GET /api/departments`
pub(in crate::api) fn list(tx: &ReadTx<'_>) -> Result<String, ApiError> {
    #[derive(Serialize)]
    struct List<'a> {
        success: i64,
        departments: Vec<Department<'a>>,
    }
    let rows = tx.departments()?;
    Ok(compact(&List { success: 1, departments: rows.iter().map(Department::from).collect() }))
}

/// `GET /api/departments/show/ID`
pub(in crate::api) fn show(tx: &ReadTx<'_>, id: &PathId) -> Result<String, ApiError> {
    #[derive(Serialize)]
    struct Shown<'a> {
        success: i64,
        department: Department<'a>,
    }
    let row = existing(tx, id)?;
    Ok(compact(&Shown { success: 1, department: Department::from(&row) }))
}

fn existing(tx: &ReadTx<'_>, id: &PathId) -> Result<department::Department, ApiError> {
    let id = id.row().ok_or(NOT_FOUND)?;
    tx.department(DepartmentId::new(id))?.ok_or(NOT_FOUND)
}

fn fields(params: &Params) -> Result<(&str, bool), ApiError> {
    let mut faults = Faults::default();
    let name = match params.filled("name")? {
        None => Err("Department name is missing."),
        Some(name) if name.chars().count() > DEPARTMENT_CHARS_MAX => Err("Department name is too long."),
        Some(name) => Ok(name),
    };
    let name = faults.note(name).unwrap_or_default();
    let is_private = match params.filled("private")? {
        None => Err("Department type is missing."),
        Some("0") => Ok(false),
        Some("1") => Ok(true),
        // HelpDeskZ ends this one without a full stop.
        Some(_) => Err("Department type must be 0 or 1"),
    };
    let is_private = faults.note(is_private).unwrap_or_default();
    faults.finish()?;
    Ok((name, is_private))
}

/// `POST /api/departments/create`
pub(in crate::api) fn create(call: &Call<'_>) -> Result<KeyedAnswer, ApiError> {
    #[derive(Serialize)]
    struct Created {
        success: i64,
        department_id: i64,
        message: &'static str,
    }
    call.change(
        |_| fields(&call.params),
        |tx, (name, is_private)| {
            let id = tx.add_department(name, is_private)?;
            Ok(compact(&Created { success: 1, department_id: id.get(), message: "Department was created." }))
        },
    )
}

/// `POST /api/departments/update/ID`
pub(in crate::api) fn update(call: &Call<'_>, id: &PathId) -> Result<KeyedAnswer, ApiError> {
    call.change(
        |tx| {
            let row = existing(tx, id)?;
            let (name, is_private) = fields(&call.params)?;
            Ok((row.id, name, is_private))
        },
        |tx, (id, name, is_private)| {
            tx.update_department(id, Some(name), Some(is_private))?;
            Ok(done("Department was updated."))
        },
    )
}

/// `POST /api/departments/delete/ID`
pub(in crate::api) fn delete(call: &Call<'_>, id: &PathId) -> Result<KeyedAnswer, ApiError> {
    call.change(
        |tx| existing(tx, id).map(|row| row.id),
        |tx, id| {
            call.change_by(tx, Actor::Machine).remove_department(id)?;
            Ok(done("Department and its tickets were removed."))
        },
    )
}
