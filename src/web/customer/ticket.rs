//! One ticket: reading it, answering, calling it solved, and saying how it was handled.

use askama::Template;

use super::conversation::{self, Spoken};
use super::robots::{self, Suspicion, TRAP};
use super::sign_in::path_of;
use super::{Guest, guest_of, ui_of, with_files_again};
use crate::desk::{Change, MailContext, Notices, Opening, Post, StatusChange};
use crate::domain::{Actor, Author, Door, Status, TicketId, Timestamp};
use crate::http::Response;
use crate::store::attachment::NewAttachment;
use crate::store::draft::SpentKey;
use crate::store::message::Text;
use crate::store::satisfaction::Satisfaction;
use crate::store::settings::Settings;
use crate::store::ticket::{NewTicket, Ticket};
use crate::store::{ReadTx, WriteTx};
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::ui::Ui;
use crate::web::upload;
use crate::web::wrong::Wrong;

/// Longest word about how a ticket was handled, in characters. Chosen: a paragraph.
const COMMENT_CHARS_MAX: usize = 1000;

#[derive(Template)]
#[template(path = "customer/ticket.html")]
struct Page {
    ui: Ui,
    id: TicketId,
    subject: String,
    /// `open`, `answered`, …
    status: &'static str,
    is_closed: bool,
    /// Whether an answer opens a new ticket, because this one was closed long ago.
    is_past: bool,
    spoken: Vec<Spoken>,
    text: String,
    /// What was typed about how it was handled.
    comment: String,
    wrong: Wrong,
    key: String,
    trap: &'static str,
    takes_files: bool,
    accept: String,
    /// Asked how it was handled, and not answered yet.
    is_asked: bool,
    /// Answered just now or before.
    is_rated: bool,
}

/// Whether a ticket was closed so long ago that an answer opens a new one, as by mail.
fn is_past(ticket: &Ticket, settings: &Settings, now: Timestamp) -> bool {
    let reopen_s = settings.reopen_days.saturating_mul(Timestamp::DAY_S);
    ticket.status == Status::Closed && (reopen_s == 0 || now.unix() - ticket.closed_at.unix() > reopen_s)
}

/// Whether the ticket is this person's, not one they only take part in.
fn is_requester(tx: &ReadTx<'_>, guest: &Guest, ticket: &Ticket) -> Result<bool, Refusal> {
    let is = |email: &str| guest.email.as_str().eq_ignore_ascii_case(email);
    let owner = tx.customer(ticket.customer)?.is_some_and(|customer| is(&customer.email));
    Ok(guest.customer() == Some(ticket.customer) || owner || is(&ticket.reply_to))
}

/// `GET /tickets/show/12`
pub(super) fn show(call: &Call<'_>, id: TicketId) -> Result<Response, Refusal> {
    shown(call, id, 200, Wrong::default())
}

/// The form of a page whose token is not good any more.
pub(super) fn stale(call: &Call<'_>, id: TicketId) -> Result<Response, Refusal> {
    shown(call, id, 403, Wrong::anywhere(call.language.t("form-stale")))
}

fn shown(call: &Call<'_>, id: TicketId, status: u16, wrong: Wrong) -> Result<Response, Refusal> {
    let guest = guest_of(call)?;
    let found = call.read(|tx| {
        let ticket = guest.ticket(tx, id)?;
        let spoken = conversation::of(tx, call, &ticket)?;
        let asked = if is_requester(tx, guest, &ticket)? { tx.satisfaction(ticket.id)? } else { None };
        Ok((ticket, spoken, asked))
    })?;
    let (ticket, spoken, asked): (Ticket, Vec<Spoken>, Option<Satisfaction>) = found;
    if ticket.id != id && wrong.is_none() {
        return Ok(call.lead_to(&path_of(ticket.id)));
    }
    let settings = &call.settings;
    let is_spent = call.read(|tx| Ok(tx.spent_key(call.form.get("key"))?))?.is_some();
    let is_kept = !wrong.is_none() && !is_spent && robots::suspicion(call) != Some(Suspicion::Stale);
    let is_closed = ticket.status == Status::Closed;
    let page = Page {
        ui: ui_of(call),
        id: ticket.id,
        status: ticket.status.word(),
        is_closed,
        is_past: is_past(&ticket, settings, call.now),
        spoken,
        text: call.form.get("text").to_owned(),
        comment: call.form.get("comment").to_owned(),
        wrong: if wrong.is_none() { wrong } else { with_files_again(call, wrong) },
        key: if is_kept { call.form.get("key").to_owned() } else { robots::key(call)? },
        trap: TRAP,
        takes_files: settings.ticket_attachment && settings.ticket_attachment_number > 0,
        accept: settings.ticket_file_type.iter().map(|own| format!(".{own}")).collect::<Vec<_>>().join(","),
        is_asked: is_closed && asked.as_ref().is_some_and(|asked| asked.is_good.is_none()),
        is_rated: asked.as_ref().is_some_and(|asked| asked.is_good.is_some()),
        subject: ticket.subject,
    };
    Ok(answer::html_page(status, page.render()?))
}

/// `POST /tickets/show/12`
pub(super) fn change(call: &Call<'_>, id: TicketId) -> Result<Response, Refusal> {
    let guest = guest_of(call)?;
    call.read(|tx| guest.ticket(tx, id).map(drop))?;
    match call.form.get("do") {
        "good" => rate(call, guest, id, true),
        "bad" => rate(call, guest, id, false),
        _ => send(call, guest, id),
    }
}

fn send(call: &Call<'_>, guest: &Guest, id: TicketId) -> Result<Response, Refusal> {
    let key = call.form.get("key");
    let before = call.read(|tx| match tx.spent_key(key)? {
        Some(done) => Ok(Some((done, was_sent(tx, done, call.form.get("text"))?))),
        None => Ok(None),
    })?;
    match before {
        Some((done, true)) => return Ok(lead_to_message(call, done)),
        Some((_, false)) => return shown(call, id, 409, Wrong::anywhere(call.language.t("sent-before"))),
        None => {}
    }
    let is_solved = call.form.get("do") == "solved";
    let text = call.form.get("text").replace("\r\n", "\n");
    let is_silent = text.trim().is_empty() && call.form.files().is_empty();
    match robots::suspicion(call) {
        Some(Suspicion::Stale) => return shown(call, id, 422, Wrong::anywhere(call.language.t("form-stale"))),
        Some(Suspicion::Trapped) => return shown(call, id, 422, Wrong::anywhere(call.language.t("form-hasty"))),
        // Who is here has signed in or has the ticket's link: a person, who may have the answer in the clipboard.
        Some(Suspicion::Hasty) | None => {}
    }
    if is_silent && !is_solved {
        return shown(call, id, 422, Wrong::of("text", call.language.t("text-missing")));
    }
    let (files, faults) = upload::sorted_of_customer(&call.settings, call.form.files());
    if !faults.is_empty() {
        return shown(call, id, 422, Wrong::of("files", upload::in_words(&faults, call.language)));
    }
    let attachments: Vec<NewAttachment<'_>> = files.iter().map(upload::Accepted::attachment).collect();
    let done = call.write(|tx| {
        if let Some(done) = tx.spent_key(key)? {
            return Ok(done);
        }
        let ticket = guest.ticket(tx, id)?;
        if tx.is_banned(&guest.email)? {
            return Err(Refusal::Forbidden);
        }
        let customer = match guest.customer() {
            Some(id) => id,
            None => tx.customer_for(&guest.name, &guest.email, call.now)?,
        };
        let done = if is_silent {
            let change = Change::new(tx, &call.settings, Actor::Customer(customer), Door::Web, call.now);
            change.set_status(&ticket, Status::Closed)?;
            SpentKey { ticket: ticket.id, message: None }
        } else {
            let post = Post {
                author: Author::Customer(customer),
                text: Text::Plain(text.trim_end()),
                reply_text: "",
                full_text: "",
                mail_html: "",
                attachments: &attachments,
            };
            posted(tx, call, &ticket, &post, is_solved)?
        };
        tx.spend_key(key, done, call.now)?;
        Ok(done)
    })?;
    Ok(lead_to_message(call, done))
}

/// Whether a form that was sent before has posted this text.
pub(super) fn was_sent(tx: &ReadTx<'_>, done: SpentKey, typed: &str) -> Result<bool, Refusal> {
    let typed = typed.replace("\r\n", "\n");
    Ok(match done.message {
        Some(message) => tx.message_text(message)?.is_some_and(|posted| posted.body == typed.trim_end()),
        // Closed without a word.
        None => typed.trim().is_empty(),
    })
}

/// Posts into the ticket, or opens a new one where that was closed long ago.
fn posted(
    tx: &WriteTx<'_>,
    call: &Call<'_>,
    ticket: &Ticket,
    post: &Post<'_>,
    is_solved: bool,
) -> Result<SpentKey, Refusal> {
    let Author::Customer(customer) = post.author else { return Err(Refusal::Failed) };
    let change = Change::new(tx, &call.settings, Actor::Customer(customer), Door::Web, call.now);
    if !is_past(ticket, &call.settings, call.now) {
        let status = if is_solved { StatusChange::To(Status::Closed) } else { StatusChange::ByTable };
        let message = change.post(ticket, post, status, &MailContext::default(), Notices::Usual)?;
        return Ok(SpentKey { ticket: ticket.id, message: Some(message) });
    }
    let department = match tx.department(ticket.department)? {
        Some(department) => department.id,
        None => tx.lowest_department()?.ok_or(Refusal::Failed)?,
    };
    let new = NewTicket { department, customer, subject: &ticket.subject, address: ticket.address, reply_to: None };
    let opening = Opening {
        ticket: new,
        post: post.clone(),
        mail: MailContext::default(),
        linked: Some(ticket.id),
        notices: Notices::Usual,
    };
    let (ticket, message) = change.open(&opening)?;
    Ok(SpentKey { ticket, message: Some(message) })
}

fn lead_to_message(call: &Call<'_>, done: SpentKey) -> Response {
    let SpentKey { ticket, message } = done;
    let anchor = message.map_or_else(String::new, |message| format!("#m{message}"));
    let has_it =
        call.guest.as_ref().is_some_and(|guest| guest.customer().is_some() || guest.only_ticket() == Some(ticket));
    // The link of one ticket does not open the new one; its own link is in the mail.
    let path = if has_it {
        path_of(ticket)
    } else {
        call.guest.as_ref().and_then(Guest::only_ticket).map_or_else(|| path_of(ticket), path_of)
    };
    call.lead_to(&format!("{path}{anchor}"))
}

fn rate(call: &Call<'_>, guest: &Guest, id: TicketId, is_good: bool) -> Result<Response, Refusal> {
    if robots::is_trapped(call) {
        return shown(call, id, 422, Wrong::anywhere(call.language.t("form-hasty")));
    }
    let comment = call.form.trimmed("comment");
    if comment.chars().count() > COMMENT_CHARS_MAX {
        let max = i64::try_from(COMMENT_CHARS_MAX).unwrap_or(i64::MAX);
        return shown(call, id, 422, Wrong::of("comment", call.language.with("wrong-long", "max", max)));
    }
    let ticket = call.write(|tx| {
        let ticket = guest.ticket(tx, id)?;
        if !is_requester(tx, guest, &ticket)? {
            return Err(Refusal::NotFound);
        }
        let customer = guest.customer().unwrap_or(ticket.customer);
        let change = Change::new(tx, &call.settings, Actor::Customer(customer), Door::Web, call.now);
        if !change.rate(ticket.id, is_good, comment)? {
            return Err(Refusal::NotFound);
        }
        Ok(ticket.id)
    })?;
    Ok(call.lead_to(&format!("{}#rating", path_of(ticket))))
}
