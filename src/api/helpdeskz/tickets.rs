//! `/api/tickets`.

use serde::Serialize;

use super::answer::done;
use super::faults::Faults;
use super::upload;
use super::users::{pages, window};
use crate::api::Call;
use crate::api::error::ApiError;
use crate::api::idempotency::KeyedAnswer;
use crate::api::json::compact;
use crate::api::params::{MESSAGE_BYTES_MAX, Params};
use crate::api::route::{PathId, row_id};
use crate::desk::{MailContext, Notices, Opening, Post};
use crate::domain::one_line::SUBJECT_CHARS_MAX;
use crate::domain::{Actor, Author, DepartmentId, StaffId, Status, TicketId, UserId};
use crate::mail::html;
use crate::store::ReadTx;
use crate::store::attachment::NewAttachment;
use crate::store::department::Department;
use crate::store::message::Text;
use crate::store::shape::TicketShape;
use crate::store::ticket::{NewTicket, TicketSieve};

pub(super) const NOT_FOUND: ApiError = ApiError::NotFound("Ticket not found.");

/// `GET /api/tickets`
pub(in crate::api) fn list(tx: &ReadTx<'_>, call: &Call<'_>) -> Result<String, ApiError> {
    #[derive(Serialize)]
    struct List<'a> {
        success: i64,
        total_tickets: i64,
        pages: i64,
        tickets: Vec<TicketShape<'a>>,
    }
    let params = &call.params;
    let page = params.page()?;
    let status = match params.get("status")?.filter(|text| !text.is_empty()) {
        Some(_) => "status",
        None => "status_id",
    };
    let status = match params.filter(status)? {
        Some(_) => Some(status_named(params.get(status)?.unwrap_or("")).ok_or_else(invalid_status)?),
        None => None,
    };
    let sieve =
        TicketSieve { customer: params.filter("user_id")?, department: params.filter("department_id")?, status };
    let size = call.settings.tickets_page.max(1);
    let (total, lines) = tx.tickets_page(&sieve, window(page, size))?;
    let tickets = lines.iter().map(TicketShape::from).collect();
    Ok(compact(&List { success: 1, total_tickets: total, pages: pages(total, size), tickets }))
}

/// HelpDeskZ looks the text up among the numbers it has: "1.0" and "01" are not there.
fn status_named(text: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|status| status.number().to_string() == text)
}

fn invalid_status() -> ApiError {
    ApiError::Invalid("Invalid Status ID.".to_owned())
}

/// `GET /api/tickets/show/ID`
pub(in crate::api) fn show(tx: &ReadTx<'_>, id: &PathId) -> Result<String, ApiError> {
    #[derive(Serialize)]
    struct Shown<'a> {
        success: i64,
        ticket: TicketShape<'a>,
    }
    let id = id.row().ok_or(NOT_FOUND)?;
    let line = tx.ticket_line(TicketId::new(id))?.ok_or(NOT_FOUND)?;
    Ok(compact(&Shown { success: 1, ticket: TicketShape::from(&line) }))
}

/// What `create` found good.
struct NewRequest<'p> {
    customer: UserId,
    staff: Option<StaffId>,
    department: DepartmentId,
    subject: &'p str,
}

/// `POST /api/tickets/create`
pub(in crate::api) fn create(call: &Call<'_>) -> Result<KeyedAnswer, ApiError> {
    #[derive(Serialize)]
    struct Created {
        success: i64,
        ticket_id: i64,
        message: &'static str,
    }
    let body = sanitised(&call.params, "body")?;
    let files = upload::accept(&call.settings, &call.params);
    let acknowledge = call.params.get("notify")? == Some("1");
    call.change(
        |tx| new_request(tx, &call.params, files.as_ref().err()),
        |tx, new| {
            let attachments: Vec<NewAttachment<'_>> =
                files.iter().flatten().map(upload::Accepted::attachment).collect();
            let row = NewTicket {
                department: new.department,
                customer: new.customer,
                subject: new.subject,
                address: None,
                reply_to: None,
            };
            let author = new.staff.map_or(Author::Customer(new.customer), Author::Staff);
            let post = Post {
                author,
                text: Text::Html(&body),
                reply_text: "",
                full_text: "",
                mail_html: "",
                attachments: &attachments,
            };
            let notices = if acknowledge { Notices::Acknowledged } else { Notices::Usual };
            let opening = Opening { ticket: row, post, mail: MailContext::default(), linked: None, notices };
            let (ticket, _) = call.change_by(tx, author.into()).open(&opening)?;
            Ok(compact(&Created { success: 1, ticket_id: ticket.get(), message: "Ticket was created." }))
        },
    )
}

/// A message as it is stored: safe HTML. Too long a one is left alone, for it will be refused.
pub(super) fn sanitised(params: &Params, field: &str) -> Result<String, ApiError> {
    let text = params.get(field)?.unwrap_or("");
    Ok(if text.len() > MESSAGE_BYTES_MAX { String::new() } else { html::sanitise_message(text) })
}

fn new_request<'p>(tx: &ReadTx<'_>, params: &'p Params, files: Option<&String>) -> Result<NewRequest<'p>, ApiError> {
    let mut faults = Faults::default();
    let opener = match params.filled("opener")? {
        None => Err("Opener is missing."),
        Some("user") => Ok(false),
        Some("staff") => Ok(true),
        Some(_) => Err("Invalid opener."),
    };
    let is_staff = faults.note(opener).unwrap_or_default();
    let customer = match params.filled("user_id")?.map(natural) {
        None => Err("User ID is missing."),
        Some(None) => Err("User ID is not valid."),
        Some(Some(id)) => tx.customer(UserId::new(id))?.map(|row| row.id).ok_or("User ID not found."),
    };
    let customer = faults.note(customer);
    let staff = if is_staff { faults.note(staff(tx, params)?) } else { None };
    let department = match params.filled("department_id")?.map(natural) {
        None => Err("Department ID is missing."),
        Some(wanted) => department(tx, wanted)?,
    };
    let department = faults.note(department).map(|row| row.id);
    let subject = match params.filled("subject")? {
        None => Err("Subject is missing."),
        Some(text) if text.chars().count() > SUBJECT_CHARS_MAX => Err("Subject is too long."),
        Some(text) => Ok(text),
    };
    let subject = faults.note(subject).unwrap_or_default();
    match params.filled("body")? {
        None => faults.add("Body is missing."),
        Some(text) if text.len() > MESSAGE_BYTES_MAX => faults.add("Body is too long."),
        Some(_) => {}
    }
    if let Some(text) = files {
        faults.add(text.as_str());
    }
    faults.finish()?;
    let (Some(customer), Some(department)) = (customer, department) else {
        return Err(ApiError::Broken("an id neither good nor bad".to_owned()));
    };
    Ok(NewRequest { customer, staff, department, subject })
}

/// CodeIgniter's `is_natural_no_zero`: digits, not 0. Numbers past 64 bits are natural and name no row.
fn natural(text: &str) -> Option<i64> {
    let is_natural = text != "0" && text.bytes().all(|byte| byte.is_ascii_digit());
    is_natural.then(|| row_id(text).unwrap_or(0))
}

/// The staff member named by `staff_id`; one who may not work is none.
pub(super) fn staff(tx: &ReadTx<'_>, params: &Params) -> Result<Result<StaffId, &'static str>, ApiError> {
    Ok(match params.filled("staff_id")?.map(natural) {
        None => Err("Staff ID is missing."),
        Some(None) => Err("Invalid Staff ID."),
        Some(Some(id)) => {
            let found = tx.staff(StaffId::new(id))?.filter(|row| row.is_active);
            found.map(|row| row.id).ok_or("Staff ID not found.")
        }
    })
}

fn department(tx: &ReadTx<'_>, wanted: Option<i64>) -> Result<Result<Department, &'static str>, ApiError> {
    let Some(id) = wanted else { return Ok(Err("Department ID is not valid.")) };
    Ok(tx.department(DepartmentId::new(id))?.ok_or("Department ID not found."))
}

/// `POST /api/tickets/update/ID`
pub(in crate::api) fn update(call: &Call<'_>, id: &PathId) -> Result<KeyedAnswer, ApiError> {
    // As HelpDeskZ has it, an empty value and "0" say nothing.
    let given = |name| Ok::<_, ApiError>(call.params.get(name)?.filter(|text| !text.is_empty() && *text != "0"));
    let wanted_status = if given("status")?.is_some() { "status" } else { "status_id" };
    call.change(
        |tx| {
            let ticket = tx.ticket(TicketId::new(id.row().ok_or(NOT_FOUND)?))?.ok_or(NOT_FOUND)?;
            let mut faults = Faults::default();
            let moved = match given("department_id")? {
                None => None,
                Some(text) => faults.note(department(tx, natural(text))?),
            };
            let status = match given(wanted_status)? {
                None => None,
                Some(text) => faults.note(status_named(text).ok_or("Invalid Status ID.")),
            };
            faults.finish()?;
            Ok((ticket, moved, status))
        },
        |tx, (ticket, moved, status)| {
            let change = call.change_by(tx, Actor::Machine);
            if let Some(department) = moved {
                change.move_to(&ticket, &department)?;
            }
            if let Some(status) = status {
                change.set_status(&ticket, status)?;
            }
            Ok(done("Ticket was updated."))
        },
    )
}

/// `POST /api/tickets/delete/ID`
pub(in crate::api) fn delete(call: &Call<'_>, id: &PathId) -> Result<KeyedAnswer, ApiError> {
    call.change(
        |tx| Ok(tx.ticket(TicketId::new(id.row().ok_or(NOT_FOUND)?))?.ok_or(NOT_FOUND)?.id),
        |tx, id| {
            call.change_by(tx, Actor::Machine).remove_ticket(id)?;
            Ok(done("Ticket was removed."))
        },
    )
}
