//! A ticket that staff open: for a telephone call, or to write to a customer first.

use askama::Template;
use serde_json::Value;

use super::compose::{KeptFile, Kind, Written, has_kept, keep_form, kept_files, new_key, saved_at, signature_of};
use super::frame_of;
use super::ticket::{Choice, of_departments};
use crate::desk::{MailContext, Notices, Opening, Posted};
use crate::domain::one_line::SUBJECT_CHARS_MAX;
use crate::domain::{Author, DepartmentId, TicketId};
use crate::http::{Method, Response};
use crate::mail::Mailbox;
use crate::store::WriteTx;
use crate::store::draft::{DraftKind, DraftPlace};
use crate::store::ticket::NewTicket;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::text::Markup;
use crate::web::ui::Ui;
use crate::web::{addressees, upload};

#[derive(Template)]
#[template(path = "staff/create.html")]
struct Create {
    ui: Ui,
    key: String,
    /// When the draft was saved, for people; empty for never.
    saved: String,
    files: Vec<KeptFile>,
    signature: Option<Markup>,
    signs: bool,
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

/// Shows the form: as it was sent, or as it was left the last time.
fn show(call: &Call<'_>, status: u16, error: String) -> Result<Response, Refusal> {
    let form = &call.form;
    let is_again = form.has("text");
    if is_again {
        let files = upload::of_staff(&call.settings, form.files()).unwrap_or_default();
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
        let chosen = field("department")
            .parse()
            .ok()
            .or_else(|| departments.iter().find(|one| viewer.sees(one.id)).map(|one| one.id.get()));
        let kept = draft.as_ref().map(|draft| kept_files(tx, call, draft.id)).transpose()?;
        Ok(Create {
            ui: frame_of(tx, call, None)?,
            key: match &draft {
                Some(draft) => draft.key.clone(),
                None => new_key()?,
            },
            saved: draft.as_ref().map_or_else(String::new, |draft| saved_at(call, draft.saved_at)),
            files: kept.unwrap_or_default(),
            signature: signature_of(call),
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
            error,
        })
    })?;
    Ok(answer::html_page(status, page.render()?))
}

/// Where the draft of a new ticket is.
fn place(call: &Call<'_>) -> Result<DraftPlace, Refusal> {
    Ok(DraftPlace { staff: call.viewer()?.id(), ticket: None, kind: DraftKind::Ticket })
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
    let kind = if form.get("do") == "note" { Kind::Note } else { Kind::Answer };
    let written = match Written::of(call, kind, has_kept(call)?) {
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
