//! A ticket that staff open: for a telephone call, or to write to a customer first.

use askama::Template;

use super::compose::{Written, new_key};
use super::frame_of;
use super::ticket::{Choice, SUBJECT_CHARS_MAX, of_departments};
use crate::desk::{MailContext, Notices, Opening, Posted};
use crate::domain::{Author, DepartmentId, TicketId};
use crate::http::{Method, Response};
use crate::mail::Mailbox;
use crate::store::WriteTx;
use crate::store::ticket::NewTicket;
use crate::web::addressees;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::ui::Ui;

#[derive(Template)]
#[template(path = "staff/create.html")]
struct Create {
    ui: Ui,
    key: String,
    to: String,
    cc: String,
    subject: String,
    text: String,
    departments: Vec<Choice>,
    error: String,
}

/// `/staff/tickets/create`
pub(super) fn answer(call: &Call<'_>) -> Result<Response, Refusal> {
    if call.method == Method::Post { open(call) } else { show(call, 200, String::new()) }
}

fn show(call: &Call<'_>, status: u16, error: String) -> Result<Response, Refusal> {
    let form = &call.form;
    let page = call.read(|tx| {
        let viewer = call.viewer()?;
        let departments = tx.departments()?;
        let chosen = form
            .number("department")
            .or_else(|| departments.iter().find(|one| viewer.sees(one.id)).map(|one| one.id.get()));
        let key = if form.get("key").is_empty() { new_key()? } else { form.get("key").to_owned() };
        Ok(Create {
            ui: frame_of(tx, call, None)?,
            key,
            to: if form.has("to") { form.get("to") } else { call.query.get("to") }.to_owned(),
            cc: form.get("cc").to_owned(),
            subject: form.get("subject").to_owned(),
            text: form.get("text").to_owned(),
            departments: of_departments(&departments, viewer, DepartmentId::new(chosen.unwrap_or(0))),
            error,
        })
    })?;
    Ok(answer::html_page(status, page.render()?))
}

fn open(call: &Call<'_>) -> Result<Response, Refusal> {
    let form = &call.form;
    let again = |text: String| show(call, 422, text);
    let to = match addressees::read(form.get("to")) {
        Ok(to) => to,
        Err(piece) => return again(call.language.with("no-address", "text", &piece)),
    };
    let cc = match addressees::read(form.get("cc")) {
        Ok(cc) => cc,
        Err(piece) => return again(call.language.with("no-address", "text", &piece)),
    };
    let [first, others @ ..] = to.as_slice() else { return again(call.language.t("to-missing")) };
    let subject: String = form.trimmed("subject").chars().take(SUBJECT_CHARS_MAX).collect();
    if subject.is_empty() {
        return again(call.language.t("subject-missing"));
    }
    let written = match Written::of(call, false) {
        Ok(written) => written,
        Err(text) => return again(text),
    };
    let people: Vec<&Mailbox> = others.iter().chain(&cc).collect();
    let id = call.write(|tx| opened(call, tx, &subject, first, people, &written))?;
    Ok(call.lead_to(&format!("/staff/tickets/view/{id}")))
}

fn opened(
    call: &Call<'_>,
    tx: &WriteTx<'_>,
    subject: &str,
    first: &Mailbox,
    people: Vec<&Mailbox>,
    written: &Written,
) -> Result<TicketId, Refusal> {
    let viewer = call.viewer()?;
    let department = DepartmentId::new(call.form.number("department").ok_or(Refusal::Broken)?);
    if !viewer.sees(department) || tx.department(department)?.is_none() {
        return Err(Refusal::NotFound);
    }
    let is_note = call.form.get("do") == "note";
    let customer = tx.customer_for(&first.name, &first.address, call.now)?;
    let attachments = written.attachments(tx, call)?;
    let writing = written.writing(call, &attachments)?;
    let row = NewTicket { department, customer, subject, address: None, reply_to: None };
    let post = written.post(Author::Staff(viewer.id()), &attachments);
    let mail = MailContext { participants: people, ..MailContext::default() };
    let opening = Opening { ticket: row, post, mail, linked: None, notices: Notices::Usual };
    let change = call.change(tx)?;
    let posted = if is_note {
        change.open_written_note(&opening, &writing)?
    } else {
        change.open_written(&opening, &writing)?
    };
    Ok(match posted {
        Posted::Now { ticket, .. } => ticket,
        Posted::Before(spent) => spent.ticket,
    })
}
