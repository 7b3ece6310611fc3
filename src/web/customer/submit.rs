//! A new ticket.

use askama::Template;

use super::fields::{self, Field};
use super::robots::{self, Suspicion, TRAP};
use super::ticket::was_sent;
use super::{ui_of, with_files_again};
use crate::desk::{Change, MailContext, Notices, Opening, Post};
use crate::domain::one_line::{SUBJECT_CHARS_MAX, is_one_line};
use crate::domain::{Actor, Author, DepartmentId, Door, EmailAddress, MessageId, TicketId, Timestamp, UserId};
use crate::http::Response;
use crate::store::attachment::NewAttachment;
use crate::store::customer::FULLNAME_CHARS_MAX;
use crate::store::draft::SpentKey;
use crate::store::message::Text;
use crate::store::ticket::NewTicket;
use crate::store::{ReadTx, WriteTx};
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::limits::Act;
use crate::web::ui::Ui;
use crate::web::upload;
use crate::web::wrong::Wrong;

/// The same text by the same person within this time is the same ticket, in seconds. Chosen: who presses twice, or lets a
/// program do so.
const SAME_WITHIN_S: i64 = Timestamp::HOUR_S;

#[derive(Template)]
#[template(path = "customer/submit.html")]
struct Submit {
    ui: Ui,
    wrong: Wrong,
    key: String,
    trap: &'static str,
    name: String,
    email: String,
    /// Whether name and address are those of the person who is signed in.
    is_known: bool,
    departments: Vec<(DepartmentId, String, bool)>,
    fields: Vec<Field>,
    subject: String,
    text: String,
    takes_files: bool,
    accept: String,
}

#[derive(Template)]
#[template(path = "customer/sent.html")]
struct Sent {
    ui: Ui,
    ticket: TicketId,
}

/// Departments that customers may choose.
fn departments(tx: &ReadTx<'_>) -> Result<Vec<(DepartmentId, String)>, Refusal> {
    let public = tx.departments()?.into_iter().filter(|department| !department.is_private);
    Ok(public.map(|department| (department.id, department.name)).collect())
}

impl Submit {
    /// The form as it was sent, or as a new one.
    fn of(call: &Call<'_>, chosen: Option<DepartmentId>) -> Result<Self, Refusal> {
        let form = &call.form;
        let chosen = form.number("department").map(DepartmentId::new).or(chosen);
        let (departments, fields) = call.read(|tx| {
            let departments = departments(tx)?;
            let ids: Vec<DepartmentId> = departments.iter().map(|(id, _)| *id).collect();
            Ok((departments, fields::asked(tx, &ids, form)?))
        })?;
        let known = call.guest.as_ref();
        let key = if form.has("key") { form.get("key").to_owned() } else { robots::key(call)? };
        let settings = &call.settings;
        Ok(Self {
            ui: ui_of(call),
            wrong: Wrong::default(),
            key,
            trap: TRAP,
            name: known.map_or_else(|| form.get("name").to_owned(), |guest| guest.name.clone()),
            email: known.map_or_else(|| form.get("email").to_owned(), |guest| guest.email.to_string()),
            is_known: known.is_some(),
            departments: departments.into_iter().map(|(id, name)| (id, name, Some(id) == chosen)).collect(),
            fields,
            subject: form.get("subject").to_owned(),
            text: form.get("text").to_owned(),
            takes_files: settings.ticket_attachment && settings.ticket_attachment_number > 0,
            accept: settings.ticket_file_type.iter().map(|own| format!(".{own}")).collect::<Vec<_>>().join(","),
        })
    }

    fn response(&self, status: u16) -> Result<Response, Refusal> {
        Ok(answer::html_page(status, self.render()?))
    }
}

/// `GET /submit-ticket`
pub(super) fn show(call: &Call<'_>, chosen: Option<DepartmentId>) -> Result<Response, Refusal> {
    if call.query.has("sent") {
        let spent = call.read(|tx| Ok(tx.spent_key(call.query.get("sent"))?))?;
        let ticket = spent.ok_or(Refusal::NotFound)?.ticket;
        return Ok(answer::html_page(200, Sent { ui: ui_of(call), ticket }.render()?));
    }
    Submit::of(call, chosen)?.response(200)
}

/// What a form asks for, checked.
struct Wanted<'c> {
    name: String,
    email: EmailAddress,
    department: DepartmentId,
    subject: String,
    text: String,
    answers: String,
    files: &'c [NewAttachment<'c>],
}

/// The form as it was sent, with what is wrong.
fn shown_again(call: &Call<'_>, chosen: Option<DepartmentId>, status: u16, wrong: Wrong) -> Result<Response, Refusal> {
    let mut page = Submit::of(call, chosen)?;
    let is_spent = call.read(|tx| Ok(tx.spent_key(call.form.get("key"))?))?.is_some();
    if is_spent || robots::suspicion(call) == Some(Suspicion::Stale) {
        page.key = robots::key(call)?;
    }
    page.wrong = with_files_again(call, wrong);
    page.response(status)
}

/// The form of a page whose token is not good any more.
pub(super) fn stale(call: &Call<'_>, chosen: Option<DepartmentId>) -> Result<Response, Refusal> {
    shown_again(call, chosen, 403, Wrong::anywhere(call.language.t("form-stale")))
}

/// `POST /submit-ticket`
pub(super) fn send(call: &Call<'_>, chosen: Option<DepartmentId>) -> Result<Response, Refusal> {
    let key = call.form.get("key");
    let again = |status: u16, field: &str, text: String| shown_again(call, chosen, status, Wrong::of(field, text));
    let before = call.read(|tx| match tx.spent_key(key)? {
        // The same text by the same person had opened it already.
        Some(done) if done.message.is_none() => Ok(Some(true)),
        Some(done) => Ok(Some(was_sent(tx, done, call.form.get("text"))?)),
        None => Ok(None),
    })?;
    match before {
        Some(true) => return Ok(sent(call, key)),
        Some(false) => return again(409, "", call.language.t("sent-before")),
        None => {}
    }
    match robots::suspicion(call) {
        None => {}
        Some(Suspicion::Stale) => return again(422, "", call.language.t("form-stale")),
        Some(Suspicion::Hasty | Suspicion::Trapped) => return again(422, "", call.language.t("form-hasty")),
    }
    let (files, faults) = upload::sorted_of_customer(&call.settings, call.form.files());
    if !faults.is_empty() {
        return again(422, "files", upload::in_words(&faults, call.language));
    }
    let attachments: Vec<NewAttachment<'_>> = files.iter().map(upload::Accepted::attachment).collect();
    let wanted = match checked(call, &attachments)? {
        Ok(wanted) => wanted,
        Err(wrong) => return shown_again(call, chosen, 422, wrong),
    };
    let submits = call.settings.web_submits;
    if let Err(seconds) = call.web.limits.count(Act::Submit, call.address, submits, call.now) {
        let page = again(429, "", call.language.t("too-many-tickets"))?;
        return Ok(page.with_header("Retry-After", seconds.to_string()));
    }
    call.write(|tx| open(tx, call, &wanted, key))?;
    Ok(sent(call, key))
}

fn sent(call: &Call<'_>, key: &str) -> Response {
    call.lead_to(&format!("/submit-ticket?sent={key}"))
}

/// Checks the fields; `Err` says what is wrong.
fn checked<'c>(call: &Call<'_>, files: &'c [NewAttachment<'c>]) -> Result<Result<Wanted<'c>, Wrong>, Refusal> {
    let (form, language) = (&call.form, call.language);
    let wrong = |field: &str, text: String| Ok(Err(Wrong::of(field, text)));
    let (name, email) = match &call.guest {
        Some(guest) => (guest.name.clone(), Some(guest.email.clone())),
        None => (form.trimmed("name").to_owned(), form.trimmed("email").parse().ok()),
    };
    let Some(email) = email else { return wrong("email", language.t("email-wrong")) };
    let (subject, text) = (form.trimmed("subject"), form.get("text").replace("\r\n", "\n"));
    if !name.is_empty() && !is_one_line(&name, FULLNAME_CHARS_MAX) {
        return wrong("name", language.t("name-wrong"));
    }
    if !is_one_line(subject, SUBJECT_CHARS_MAX) {
        return wrong("subject", language.t("subject-wrong"));
    }
    if text.trim().is_empty() {
        return wrong("text", language.t("message-missing"));
    }
    let department = form.number("department").map(DepartmentId::new);
    call.read(|tx| {
        let known = departments(tx)?;
        let department = department.filter(|id| known.iter().any(|(own, _)| own == id));
        let Some(department) = department else { return wrong("department", language.t("department-wrong")) };
        if tx.is_banned(&email)? || tx.is_own_address(&email)? {
            return wrong("email", language.t("address-refused"));
        }
        let answers = match fields::answers(tx, department, form, language)? {
            Ok(answers) => answers,
            Err(wrong) => return Ok(Err(wrong)),
        };
        Ok(Ok(Wanted {
            name: name.clone(),
            email: email.clone(),
            department,
            subject: subject.to_owned(),
            text: text.trim_end().to_owned(),
            answers,
            files,
        }))
    })
}

/// Opens the ticket, unless the same form did so a moment ago.
fn open(tx: &WriteTx<'_>, call: &Call<'_>, wanted: &Wanted<'_>, key: &str) -> Result<(), Refusal> {
    if tx.spent_key(key)?.is_some() {
        return Ok(());
    }
    let customer = match call.guest.as_ref().and_then(super::Guest::customer) {
        Some(id) => id,
        None => tx.customer_for(&wanted.name, &wanted.email, call.now)?,
    };
    let (ticket, message) = match same(tx, customer, wanted, call.now)? {
        Some(ticket) => (ticket, None),
        None => opened(tx, call, customer, wanted)?,
    };
    tx.spend_key(key, SpentKey { ticket, message }, call.now)?;
    Ok(())
}

fn same(tx: &ReadTx<'_>, customer: UserId, wanted: &Wanted<'_>, now: Timestamp) -> Result<Option<TicketId>, Refusal> {
    Ok(tx.same_ticket(customer, &wanted.subject, &wanted.text, now.plus_s(-SAME_WITHIN_S))?)
}

fn opened(
    tx: &WriteTx<'_>,
    call: &Call<'_>,
    customer: UserId,
    wanted: &Wanted<'_>,
) -> Result<(TicketId, Option<MessageId>), Refusal> {
    let change = Change::new(tx, &call.settings, Actor::Customer(customer), Door::Web, call.now);
    let ticket =
        NewTicket { department: wanted.department, customer, subject: &wanted.subject, address: None, reply_to: None };
    let post = Post {
        author: Author::Customer(customer),
        text: Text::Plain(&wanted.text),
        reply_text: "",
        full_text: "",
        mail_html: "",
        attachments: wanted.files,
    };
    let opening = Opening { ticket, post, mail: MailContext::default(), linked: None, notices: Notices::Usual };
    let (ticket, message) = change.open_with_answers(&opening, &wanted.answers)?;
    Ok((ticket, Some(message)))
}
