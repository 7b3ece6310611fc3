//! A ticket that staff open: for a telephone call, or to write to a customer first.

use askama::Template;
use serde_json::Value;

use super::compose::{Kind, Written, has_kept};
use super::draft::{KeptFile, keep_form, kept_files, new_key, saved_at};
use super::frame_of;
use super::signature::{self, OfDepartments, Signature};
use super::ticket::{Choice, of_departments};
use crate::desk::{MailContext, Notices, Opening, Posted};
use crate::domain::one_line::{SUBJECT_CHARS_MAX, is_one_line};
use crate::domain::{Author, DepartmentId};
use crate::http::{Method, Response};
use crate::mail::Mailbox;
use crate::store::department::Department;
use crate::store::draft::{DraftKind, DraftPlace};
use crate::store::set_up::USUAL_PRIORITY;
use crate::store::ticket::NewTicket;
use crate::store::{ReadTx, WriteTx};
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::customer::fields::{self, Answers, Field};
use crate::web::form::Form;
use crate::web::ui::Ui;
use crate::web::wrong::Wrong;
use crate::web::{addressees, upload};

#[derive(Template)]
#[template(path = "staff/create.html")]
struct Create {
    ui: Ui,
    key: String,
    /// When the draft was saved, for people; empty for never.
    saved: String,
    files: Vec<KeptFile>,
    signatures: Vec<OfDepartments>,
    signs: bool,
    to: String,
    cc: String,
    subject: String,
    text: String,
    departments: Vec<Choice>,
    /// Empty on a desk that has none.
    priorities: Vec<Choice>,
    /// What the departments ask besides.
    fields: Vec<Field>,
    wrong: Wrong,
}

/// `/staff/tickets/create`
pub(super) fn answer(call: &Call<'_>) -> Result<Response, Refusal> {
    if call.method == Method::Post { open(call) } else { show(call, 200, Wrong::default()) }
}

/// Shows the form: as it was sent, or as it was left the last time.
fn show(call: &Call<'_>, status: u16, wrong: Wrong) -> Result<Response, Refusal> {
    let form = &call.form;
    let is_again = form.has("text");
    if is_again {
        let (files, _) = upload::sorted_of_staff(&call.settings, form.files());
        call.web.store.write(|tx| keep_form(call, tx, place(call)?, &files).map(|_| ()))?;
    }
    let page = call.read(|tx| {
        let viewer = call.viewer()?;
        let departments = tx.departments()?;
        // What somebody asks for by a link is not what they left.
        let draft = tx.draft(place(call)?)?.filter(|_| is_again || !call.query.has("to"));
        let fields: Value =
            draft.as_ref().and_then(|draft| serde_json::from_str(&draft.fields).ok()).unwrap_or_default();
        let field = |name: &str| match fields.get(name).and_then(Value::as_str) {
            _ if is_again => form.get(name).to_owned(),
            Some(kept) => kept.to_owned(),
            None => call.query.get(name).to_owned(),
        };
        let seen: Vec<(DepartmentId, String)> =
            departments.iter().filter(|one| viewer.sees(one.id)).map(|one| (one.id, one.name.clone())).collect();
        let chosen = field("department").parse().ok().or_else(|| seen.first().map(|(id, _)| id.get()));
        let typed = if is_again { form.clone() } else { kept_answers(&fields).unwrap_or_else(|| call.query.clone()) };
        let ids: Vec<DepartmentId> = seen.iter().map(|(id, _)| *id).collect();
        let kept = draft.as_ref().map(|draft| kept_files(tx, call, draft.id)).transpose()?;
        Ok(Create {
            ui: frame_of(tx, call, None)?,
            key: match &draft {
                Some(draft) => draft.key.clone(),
                None => new_key()?,
            },
            saved: draft.as_ref().map_or_else(String::new, |draft| saved_at(call, draft.saved_at)),
            files: kept.unwrap_or_default(),
            signatures: signature::of_departments(tx, call, &seen)?,
            signs: (draft.is_none() && !is_again) || field("signature") == "1",
            to: field("to"),
            cc: field("cc"),
            subject: field("subject"),
            text: if is_again {
                form.get("text").to_owned()
            } else {
                draft.map_or_else(String::new, |draft| draft.body)
            },
            departments: of_departments(&departments, viewer, DepartmentId::new(chosen.unwrap_or(0))),
            priorities: priorities(tx, &field("priority"))?,
            fields: fields::asked_of_staff(tx, &ids, &typed)?,
            wrong,
        })
    })?;
    Ok(answer::html_page(status, page.render()?))
}

/// The answers to custom fields that a draft has kept.
fn kept_answers(kept: &Value) -> Option<Form> {
    let pairs: Vec<(String, String)> = serde_json::from_value(kept.get("asked")?.clone()).ok()?;
    Some(Form::of_pairs(pairs))
}

/// The priorities of the desk; the usual one is chosen unless another was.
fn priorities(tx: &ReadTx<'_>, typed: &str) -> Result<Vec<Choice>, Refusal> {
    let chosen = typed.parse().unwrap_or(USUAL_PRIORITY);
    let known = tx.priorities()?;
    let is_known = known.iter().any(|one| one.id == chosen);
    let none = Choice { value: String::new(), text: String::new(), is_chosen: true };
    let none = Some(none).filter(|_| !known.is_empty() && !is_known);
    let known = known.into_iter();
    let choice = known.map(|one| Choice { value: one.id.to_string(), is_chosen: one.id == chosen, text: one.name });
    Ok(none.into_iter().chain(choice).collect())
}

/// Where the draft of a new ticket is.
fn place(call: &Call<'_>) -> Result<DraftPlace, Refusal> {
    Ok(DraftPlace { staff: call.viewer()?.id(), ticket: None, kind: DraftKind::Ticket })
}

fn open(call: &Call<'_>) -> Result<Response, Refusal> {
    let form = &call.form;
    let again = |field: &str, text: String| show(call, 422, Wrong::of(field, text));
    let to = match addressees::read(form.get("to")) {
        Ok(to) => to,
        Err(piece) => return again("to", call.language.with("no-address", "text", &piece)),
    };
    let cc = match addressees::read(form.get("cc")) {
        Ok(cc) => cc,
        Err(piece) => return again("cc", call.language.with("no-address", "text", &piece)),
    };
    for (field, people) in [("to", &to), ("cc", &cc)] {
        if let Some(own) = call.read(|tx| addressees::own_among(tx, people))? {
            return again(field, call.language.with("own-address", "text", &own));
        }
    }
    let [first, others @ ..] = to.as_slice() else { return again("to", call.language.t("to-missing")) };
    let subject = form.trimmed("subject");
    if subject.is_empty() {
        return again("subject", call.language.t("subject-missing"));
    }
    if !is_one_line(subject, SUBJECT_CHARS_MAX) {
        return again("subject", call.language.t("subject-wrong"));
    }
    let kind = if form.get("do") == "note" { Kind::Note } else { Kind::Answer };
    let asked = match call.read(|tx| Asked::of(tx, call))? {
        Ok(asked) => asked,
        Err(wrong) => return show(call, 422, wrong),
    };
    let written = match Written::of(call, kind, has_kept(call)?, &asked.signature) {
        Ok(written) => written,
        Err(wrong) => return show(call, 422, wrong),
    };
    let people: Vec<&Mailbox> = others.iter().chain(&cc).collect();
    let wanted = Wanted { subject, first, people, asked: &asked };
    match call.write(|tx| opened(call, tx, &wanted, &written))? {
        Some(landing) => Ok(call.lead_to(&landing)),
        None => show(call, 409, Wrong::anywhere(call.language.t("sent-before"))),
    }
}

/// The department that the form names.
struct Asked {
    department: Department,
    /// The answers to what it asks.
    answers: Answers,
    /// What goes under a mail of it.
    signature: Signature,
}

impl Asked {
    /// Of the form; else what is wrong.
    fn of(tx: &ReadTx<'_>, call: &Call<'_>) -> Result<Result<Self, Wrong>, Refusal> {
        let viewer = call.viewer()?;
        let id = DepartmentId::new(call.form.number("department").ok_or(Refusal::Broken)?);
        let department = tx.department(id)?.filter(|one| viewer.sees(one.id)).ok_or(Refusal::NotFound)?;
        let mut answers = match fields::changed(tx, id, &call.form, &[], call.language)? {
            Ok(answers) => answers,
            Err(wrong) => return Ok(Err(wrong)),
        };
        answers.retain(|(_, answer)| !answer.is_empty());
        Ok(Ok(Self { department, answers, signature: Signature::of_department(tx, call, id)? }))
    }
}

/// What a form asks for, checked.
struct Wanted<'w> {
    subject: &'w str,
    first: &'w Mailbox,
    people: Vec<&'w Mailbox>,
    asked: &'w Asked,
}

/// Opens the ticket, once however often the form is sent; gives where that leads, none where it was sent before with
/// something else in it.
fn opened(
    call: &Call<'_>,
    tx: &WriteTx<'_>,
    wanted: &Wanted<'_>,
    written: &Written,
) -> Result<Option<String>, Refusal> {
    let (viewer, department) = (call.viewer()?, wanted.asked.department.id);
    if tx.department(department)?.is_none() {
        return Err(Refusal::NotFound);
    }
    let priority = match call.form.number("priority") {
        Some(id) => Some(tx.priorities()?.into_iter().find(|known| known.id == id).ok_or(Refusal::Broken)?),
        None => None,
    };
    let customer = tx.customer_for(&wanted.first.name, &wanted.first.address, call.now)?;
    let attachments = written.attachments(tx, call)?;
    let writing = written.writing(call, &attachments)?;
    let row = NewTicket { department, customer, subject: wanted.subject, address: None, reply_to: None };
    let post = written.post(Author::Staff(viewer.id()), &attachments);
    let mail = MailContext { participants: wanted.people.clone(), ..MailContext::default() };
    let opening = Opening { ticket: row, post, mail, linked: None, notices: Notices::Usual };
    let change = call.change(tx)?;
    let posted = if call.form.get("do") == "note" {
        change.open_written_note(&opening, &writing)?
    } else {
        change.open_written(&opening, &writing)?
    };
    match posted {
        Posted::Now { ticket, undo, .. } => {
            let priority = priority.as_ref().map(|one| (one.id, one.name.as_str()));
            change.fill_in(ticket, &wanted.asked.answers, priority)?;
            let said = undo.map_or_else(String::new, |undo| format!("?said=sent&undo={undo}"));
            Ok(Some(format!("/staff/tickets/view/{ticket}{said}")))
        }
        // One that was taken back meanwhile is a draft again.
        Posted::Before(spent) if tx.ticket(spent.ticket)?.is_none() => Ok(Some("/staff/tickets/create".to_owned())),
        Posted::Before(spent) => Ok(Some(format!("/staff/tickets/view/{}", spent.ticket))),
        Posted::Other(_) => Ok(None),
    }
}
