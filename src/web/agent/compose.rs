//! Writing an answer or a note: the form, what is kept of it while it is written, and sending it.

use serde_json::Value;

use super::draft::{
    KeptFile, draft_kind, keep_above, keep_form, kept_files, key_of, new_files, new_key, other_fields, saved_at,
};
use super::signature::Signature;
use super::ticket::{self, visible};
use crate::desk::{Answer, NotPosted, Post, Posted, StatusChange, Writing};
use crate::domain::{Author, Status, TicketId, UndoId};
use crate::http::Response;
use crate::mail::Mailbox;
use crate::store::attachment::NewAttachment;
use crate::store::draft::{DraftKind, DraftPlace};
use crate::store::message::Text;
use crate::store::staff::AfterSending;
use crate::store::ticket::Ticket;
use crate::store::{ReadTx, WriteTx};
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::text::{Markup, Typed, typed};
use crate::web::wrong::Wrong;
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
    pub(crate) files: Vec<KeptFile>,
    /// The newest event the writer has seen.
    pub(crate) seen: i64,
    /// What is wrong.
    pub(crate) wrong: Wrong,
    /// Whether something new stands in the ticket, so that it has to be sent anyway.
    pub(crate) has_news: bool,
    /// Whether the ticket is closed with it then.
    pub(crate) closes: bool,
    /// When the draft was saved, for people; empty for never.
    pub(crate) saved: String,
    /// What goes under an answer; none for a person without a signature.
    pub(crate) signature: Option<Markup>,
    /// Whether it does.
    pub(crate) signs: bool,
}

impl Compose {
    /// Whether a note is written.
    pub(crate) fn is_note(&self) -> bool {
        self.kind == Kind::Note
    }
}

/// The form below a ticket: with the draft where there is one.
pub(super) fn of_ticket(tx: &ReadTx<'_>, call: &Call<'_>, ticket: &Ticket) -> Result<Compose, Refusal> {
    let staff = call.viewer()?.id();
    let place = |kind| DraftPlace { staff, ticket: Some(ticket.id), kind };
    let (answer, note) = (tx.draft(place(DraftKind::Answer))?, tx.draft(place(DraftKind::Note))?);
    let is_note_newer = match (&answer, &note) {
        (Some(answer), Some(note)) => note.saved_at > answer.saved_at,
        (None, Some(_)) => true,
        _ => false,
    };
    let kind = match call.query.get("write") {
        "note" => Kind::Note,
        "answer" => Kind::Answer,
        _ if is_note_newer => Kind::Note,
        _ => Kind::Answer,
    };
    let draft = if kind == Kind::Note { note } else { answer };
    let (to, cc) = addressees_of(tx, ticket)?;
    let fields: Value = draft.as_ref().and_then(|draft| serde_json::from_str(&draft.fields).ok()).unwrap_or_default();
    let field =
        |name: &str, otherwise: String| fields.get(name).and_then(Value::as_str).map_or(otherwise, str::to_owned);
    let files = match &draft {
        Some(draft) => kept_files(tx, call, draft.id)?,
        None => Vec::new(),
    };
    Ok(Compose {
        kind,
        key: match &draft {
            Some(draft) => draft.key.clone(),
            None => new_key()?,
        },
        to: field("to", to),
        cc: field("cc", cc),
        files,
        seen: tx.newest_event()?,
        wrong: Wrong::default(),
        has_news: false,
        closes: false,
        saved: draft.as_ref().map_or_else(String::new, |draft| saved_at(call, draft.saved_at)),
        signature: Signature::of_ticket(tx, call, ticket)?.shown(),
        signs: field("signature", "1".to_owned()) == "1",
        text: draft.map_or_else(String::new, |draft| draft.body),
    })
}

/// Whom an answer goes to unless its writer changes it.
fn addressees_of(tx: &ReadTx<'_>, ticket: &Ticket) -> Result<(String, String), Refusal> {
    let customer = tx.customer(ticket.customer)?.ok_or(Refusal::NotFound)?;
    let address = if ticket.reply_to.is_empty() { &customer.email } else { &ticket.reply_to };
    let participants = tx.participants(ticket.id)?;
    let cc: Vec<String> = participants.iter().map(|(email, name)| addressees::shown(name, email)).collect();
    Ok((addressees::shown(&customer.fullname, address), cc.join(", ")))
}

/// The form as it was sent, to be shown again; what it has is kept as a draft.
pub(super) fn again(call: &Call<'_>, id: TicketId, kind: Kind) -> Result<Compose, Refusal> {
    let key = if key_of(call).is_empty() { new_key()? } else { key_of(call).to_owned() };
    again_as(call, id, kind, key)
}

/// The same with a key of its own.
fn again_as(call: &Call<'_>, id: TicketId, kind: Kind, key: String) -> Result<Compose, Refusal> {
    let form = &call.form;
    let (files, _) = upload::sorted_of_staff(&call.settings, form.files());
    let signature = call.read(|tx| Signature::of_ticket(tx, call, &visible(tx, call.viewer()?, id)?))?;
    let (text, files, seen) = call.web.store.write(|tx| {
        let staff = call.viewer()?.id();
        let place = DraftPlace { staff, ticket: Some(id), kind: draft_kind(kind) };
        if key == key_of(call) {
            keep_form(call, tx, place, &files)?;
        } else {
            // It is something new beside what another window is writing, which may be an answer that was taken back.
            keep_above(call, tx, place, &files, &key)?;
        }
        let draft = tx.draft_by_key(&key, staff)?;
        let kept = draft.as_ref().map_or_else(|| Ok(Vec::new()), |draft| kept_files(tx, call, draft.id))?;
        let text = draft.map_or_else(|| form.get("text").to_owned(), |draft| draft.body);
        Ok::<_, Refusal>((text, kept, tx.newest_event()?))
    })?;
    Ok(Compose {
        kind,
        key,
        text,
        to: form.get("to").to_owned(),
        cc: form.get("cc").to_owned(),
        files,
        seen,
        wrong: Wrong::default(),
        has_news: false,
        closes: matches!(form.get("do"), "send-close") || form.get("closes") == "1",
        saved: saved_at(call, call.now),
        signature: signature.shown(),
        signs: form.has("signature"),
    })
}

/// What a form has written: its text and files, found good.
pub(crate) struct Written {
    /// As typed.
    typed: String,
    /// With the signature.
    text: String,
    /// The text as HTML, where it uses Markdown or the signature is formatted.
    html: Option<String>,
    files: Vec<upload::Accepted>,
    key: String,
    fields: String,
}

impl Written {
    /// Reads the form; why it cannot be posted. `has_kept` says whether files are kept with its draft. A note is
    /// not signed.
    pub(super) fn of(call: &Call<'_>, kind: Kind, has_kept: bool, signature: &Signature) -> Result<Self, Wrong> {
        let form = &call.form;
        let typed_text = form.get("text").replace("\r\n", "\n").trim_end().to_owned();
        if typed_text.trim().is_empty() && form.files().is_empty() && !has_kept {
            return Err(Wrong::of("text", call.language.t("text-missing")));
        }
        let (files, faults) = upload::sorted_of_staff(&call.settings, form.files());
        if !faults.is_empty() {
            let words = upload::in_words(&faults, call.language);
            let others = if files.is_empty() { String::new() } else { call.language.t("other-files-kept") };
            return Err(Wrong::of("files", format!("{words} {others}").trim_end().to_owned()));
        }
        let html = match typed(&typed_text) {
            Typed::Plain => None,
            Typed::Formatted(html) => Some(html),
        };
        let is_signed = kind == Kind::Answer && form.has("signature");
        let (text, html) = if is_signed { signature.under(&typed_text, html) } else { (typed_text.clone(), html) };
        let fields = other_fields(form).to_string();
        Ok(Self { typed: typed_text, text, html, files, key: key_of(call).to_owned(), fields })
    }

    /// The files as they are stored, without those that are kept with the draft already.
    pub(crate) fn attachments(&self, tx: &WriteTx<'_>, call: &Call<'_>) -> Result<Vec<NewAttachment<'_>>, Refusal> {
        let staff = call.viewer()?.id();
        for file in call.form.all("drop").filter_map(|id| id.parse().ok()) {
            tx.remove_draft_file(file, staff)?;
        }
        let kept = match tx.draft_by_key(&self.key, staff)? {
            Some(draft) => tx.draft_files(draft.id)?,
            None => Vec::new(),
        };
        Ok(new_files(tx, &kept, &self.files)?.into_iter().map(upload::Accepted::attachment).collect())
    }

    /// The text to post.
    pub(crate) fn text(&self) -> Text<'_> {
        self.html.as_deref().map_or(Text::Plain(&self.text), Text::Html)
    }

    /// The message to post.
    pub(crate) fn post<'w>(&'w self, author: Author, attachments: &'w [NewAttachment<'w>]) -> Post<'w> {
        Post { author, text: self.text(), reply_text: "", full_text: "", mail_html: "", attachments }
    }

    /// What was written, for the verbs that post a form once.
    pub(crate) fn writing<'w>(
        &'w self,
        call: &'w Call<'_>,
        attachments: &'w [NewAttachment<'w>],
    ) -> Result<Writing<'w>, Refusal> {
        Ok(Writing {
            staff: &call.viewer()?.staff,
            text: self.text(),
            attachments,
            key: &self.key,
            typed: &self.typed,
            fields: &self.fields,
        })
    }
}

/// Whether files are kept with the draft of the form.
pub(super) fn has_kept(call: &Call<'_>) -> Result<bool, Refusal> {
    call.read(|tx| {
        let draft = tx.draft_by_key(key_of(call), call.viewer()?.id())?;
        Ok(match draft {
            Some(draft) => !tx.draft_files(draft.id)?.is_empty(),
            None => false,
        })
    })
}

/// What became of a form.
enum Sent {
    Posted(Posted),
    News,
    Merged(TicketId),
}

/// Posts what was written.
pub(super) fn send(call: &Call<'_>, id: TicketId) -> Result<Response, Refusal> {
    let kind = if call.form.get("do") == "note" { Kind::Note } else { Kind::Answer };
    let again_with = |wrong: Wrong| {
        let compose = Compose { wrong, ..again(call, id, kind)? };
        ticket::show(call, id, 422, Some(compose))
    };
    let signature = call.read(|tx| Signature::of_ticket(tx, call, &visible(tx, call.viewer()?, id)?))?;
    let written = match Written::of(call, kind, has_kept(call)?, &signature) {
        Ok(written) => written,
        Err(wrong) => return again_with(wrong),
    };
    let people = match recipients(call, kind) {
        Ok(people) => people,
        Err((field, piece)) => {
            return again_with(Wrong::of(field, call.language.with("no-address", "text", &piece)));
        }
    };
    if people.as_ref().is_some_and(Vec::is_empty) {
        return again_with(Wrong::of("to", call.language.t("to-missing")));
    }
    if let Some(own) = call.read(|tx| addressees::own_among(tx, people.as_deref().unwrap_or_default()))? {
        return again_with(Wrong::anywhere(call.language.with("own-address", "text", &own)));
    }
    let sent = call.write(|tx| post(call, tx, id, kind, &written, people.as_deref()))?;
    match sent {
        Sent::Posted(Posted::Now { ticket, message, undo }) => landed(call, ticket, &format!("m{message}"), kind, undo),
        Sent::Posted(Posted::Before(spent)) => {
            let anchor = spent.message.map_or_else(String::new, |message| format!("#m{message}"));
            Ok(call.lead_to(&format!("/staff/tickets/view/{}{anchor}", spent.ticket)))
        }
        Sent::Posted(Posted::Other(_)) => {
            let wrong = Wrong::anywhere(call.language.t("sent-before"));
            let compose = Compose { wrong, ..again_as(call, id, kind, new_key()?)? };
            ticket::show(call, id, 409, Some(compose))
        }
        Sent::Merged(into) => moved(call, id, kind, into),
        Sent::News => {
            let wrong = Wrong::anywhere(call.language.t("news-here"));
            let compose = Compose { wrong, has_news: true, ..again(call, id, kind)? };
            ticket::show(call, id, 409, Some(compose))
        }
    }
}

/// The ticket was merged into another while this was written: it becomes a draft of that one, which shows it.
fn moved(call: &Call<'_>, id: TicketId, kind: Kind, into: TicketId) -> Result<Response, Refusal> {
    let is_seen = call.read(|tx| Ok(visible(tx, call.viewer()?, into).is_ok()))?;
    if !is_seen {
        let wrong = Wrong::anywhere(ticket::elsewhere(call, id, into));
        let compose = Compose { wrong, ..again(call, id, kind)? };
        return ticket::show(call, id, 409, Some(compose));
    }
    let (files, _) = upload::sorted_of_staff(&call.settings, call.form.files());
    let place = DraftPlace { staff: call.viewer()?.id(), ticket: Some(into), kind: draft_kind(kind) };
    let key = if key_of(call).is_empty() { new_key()? } else { key_of(call).to_owned() };
    call.web.store.write(|tx| keep_above(call, tx, place, &files, &key))?;
    let write = if kind == Kind::Note { "note" } else { "answer" };
    Ok(call.lead_to(&format!("/staff/tickets/view/{into}?said=moved&write={write}")))
}

/// The people of "To" and "Cc"; none where the form has no such fields. Else the field with the piece that is no address.
fn recipients(call: &Call<'_>, kind: Kind) -> Result<Option<Vec<Mailbox>>, (&'static str, String)> {
    if kind == Kind::Note || !call.form.has("to") {
        return Ok(None);
    }
    let mut people = addressees::read(call.form.get("to")).map_err(|piece| ("to", piece))?;
    if people.is_empty() {
        return Ok(Some(people));
    }
    for person in addressees::read(call.form.get("cc")).map_err(|piece| ("cc", piece))? {
        if !people.iter().any(|known| known.address == person.address) {
            people.push(person);
        }
    }
    Ok(Some(people))
}

fn post(
    call: &Call<'_>,
    tx: &WriteTx<'_>,
    id: TicketId,
    kind: Kind,
    written: &Written,
    people: Option<&[Mailbox]>,
) -> Result<Sent, Refusal> {
    let ticket = visible(tx, call.viewer()?, id)?;
    let change = call.change(tx)?;
    let attachments = written.attachments(tx, call)?;
    let writing = written.writing(call, &attachments)?;
    if kind == Kind::Note {
        return sent(change.write_note(&ticket, &writing));
    }
    let act = call.form.get("do");
    let closes = act == "send-close" || (act == "anyway" && call.form.get("closes") == "1");
    let status = if closes { StatusChange::To(Status::Closed) } else { StatusChange::ByTable };
    // "Send anyway" goes past the news that the page has shown, and not past what came after.
    let shown = call.form.number("seen");
    sent(change.answer(&ticket, &Answer { writing, status, recipients: people, shown }))
}

fn sent(done: Result<Posted, NotPosted>) -> Result<Sent, Refusal> {
    match done {
        Ok(posted) => Ok(Sent::Posted(posted)),
        Err(NotPosted::Store(error)) => Err(error.into()),
        Err(NotPosted::Merged(_, into)) => Ok(Sent::Merged(into)),
        Err(NotPosted::News(_)) => Ok(Sent::News),
    }
}

/// Where one lands after sending, as the person wants it.
fn landed(
    call: &Call<'_>,
    ticket: TicketId,
    anchor: &str,
    kind: Kind,
    undo: Option<UndoId>,
) -> Result<Response, Refusal> {
    let from = ticket::back(call);
    let mark = if from.contains('?') { '&' } else { '?' };
    let undo = undo.map_or_else(String::new, |undo| format!("&undo={undo}"));
    let escaped: String = form_urlencoded::byte_serialize(from.as_bytes()).collect();
    let stay = format!("/staff/tickets/view/{ticket}?from={escaped}&said=sent{undo}#{anchor}");
    if kind == Kind::Note {
        return Ok(call.lead_to(&format!("/staff/tickets/view/{ticket}?from={escaped}#{anchor}")));
    }
    Ok(match call.preferences.after_sending {
        AfterSending::Stay => call.lead_to(&stay),
        AfterSending::List => call.lead_to(&format!("{from}{mark}said=sent{undo}")),
        AfterSending::Next => match super::list::next_of(call, &from, ticket)? {
            Some(next) => call.lead_to(&format!("/staff/tickets/view/{next}?from={escaped}&said=sent{undo}")),
            None => call.lead_to(&format!("{from}{mark}said=sent{undo}")),
        },
    })
}
