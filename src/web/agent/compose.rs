//! Writing an answer or a note.

use data_encoding::HEXLOWER;

use super::ticket::{self, visible};
use crate::desk::{MailContext, Notices, Post, StatusChange};
use crate::domain::{Author, Status, TicketId};
use crate::http::Response;
use crate::store::ReadTx;
use crate::store::attachment::NewAttachment;
use crate::store::message::Text;
use crate::store::ticket::Ticket;
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::text::{Typed, typed};
use crate::web::{addressees, upload};

/// What is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It goes to the customer.
    Answer,
    /// It stays among staff.
    Note,
}

/// The form below a ticket, as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Compose {
    pub(crate) kind: Kind,
    /// The key of this form: sent twice, it posts once.
    pub(crate) key: String,
    pub(crate) text: String,
    pub(crate) to: String,
    pub(crate) cc: String,
    /// Files that are kept with the draft.
    pub(crate) files: Vec<(i64, String, String)>,
    /// The newest event the writer has seen.
    pub(crate) seen: i64,
    /// What is wrong; empty for nothing.
    pub(crate) error: String,
    /// Whether something new stands in the ticket, so that it has to be sent anyway.
    pub(crate) has_news: bool,
    /// When the draft was saved, for people; empty for never.
    pub(crate) saved: String,
}

impl Compose {
    /// Whether a note is written.
    pub(crate) fn is_note(&self) -> bool {
        self.kind == Kind::Note
    }
}

/// The key of a form: 128 random bits.
pub(crate) fn new_key() -> Result<String, Refusal> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "asking for random bytes");
        Refusal::Failed
    })?;
    Ok(HEXLOWER.encode(&bytes))
}

/// The empty form below a ticket.
pub(super) fn of_ticket(tx: &ReadTx<'_>, call: &Call<'_>, ticket: &Ticket) -> Result<Compose, Refusal> {
    let kind = if call.query.get("write") == "note" { Kind::Note } else { Kind::Answer };
    let customer = tx.customer(ticket.customer)?.ok_or(Refusal::NotFound)?;
    let address = if ticket.reply_to.is_empty() { &customer.email } else { &ticket.reply_to };
    let participants = tx.participants(ticket.id)?;
    let cc: Vec<String> = participants.iter().map(|(email, name)| addressees::shown(name, email)).collect();
    Ok(Compose {
        kind,
        key: new_key()?,
        text: String::new(),
        to: addressees::shown(&customer.fullname, address),
        cc: cc.join(", "),
        files: Vec::new(),
        seen: tx.newest_event()?,
        error: String::new(),
        has_news: false,
        saved: String::new(),
    })
}

/// The form as it was sent, to be shown again.
pub(super) fn again(call: &Call<'_>, kind: Kind) -> Result<Compose, Refusal> {
    let form = &call.form;
    Ok(Compose {
        kind,
        key: form.get("key").to_owned(),
        text: form.get("text").to_owned(),
        to: form.get("to").to_owned(),
        cc: form.get("cc").to_owned(),
        files: Vec::new(),
        seen: form.number("seen").unwrap_or(0),
        error: String::new(),
        has_news: false,
        saved: String::new(),
    })
}

/// Posts what was written.
pub(super) fn send(call: &Call<'_>, id: TicketId) -> Result<Response, Refusal> {
    let kind = if call.form.get("do") == "note" { Kind::Note } else { Kind::Answer };
    let shown_again = |error: String| {
        let compose = Compose { error, ..again(call, kind)? };
        ticket::show(call, id, 422, Some(compose))
    };
    let text = call.form.get("text").replace("\r\n", "\n");
    if text.trim().is_empty() && call.form.files().is_empty() {
        return shown_again(call.language.t("text-missing"));
    }
    let files = match upload::of_staff(&call.settings, call.form.files()) {
        Ok(files) => files,
        Err(fault) => return shown_again(fault.text(call.language)),
    };
    let attachments: Vec<NewAttachment<'_>> = files.iter().map(upload::Accepted::attachment).collect();
    let html;
    let body = match typed(text.trim_end()) {
        Typed::Plain => Text::Plain(text.trim_end()),
        Typed::Formatted(formatted) => {
            html = formatted;
            Text::Html(&html)
        }
    };
    call.write(|tx| {
        let viewer = call.viewer()?;
        let ticket = visible(tx, viewer, id)?;
        let change = call.change(tx)?;
        let author = Author::Staff(viewer.id());
        let post = Post { author, text: body, full_text: "", mail_html: "", attachments: &attachments };
        if kind == Kind::Note {
            change.note(ticket.id, &post)?;
            return Ok(());
        }
        let status = match call.form.get("do") {
            "send-close" => StatusChange::To(Status::Closed),
            _ => StatusChange::ByTable,
        };
        change.post(&ticket, &post, status, &MailContext::default(), Notices::Usual)?;
        Ok(())
    })?;
    Ok(call.lead_to(&format!("/staff/tickets/view/{id}")))
}
