//! What is kept of a form while it is written: its text, its other fields and its files, under the key it is sent with.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::compose::Kind;
use super::ticket::{self, visible};
use crate::domain::{DraftId, TicketId, Timestamp};
use crate::http::Response;
use crate::mail::html;
use crate::random;
use crate::store::draft::{DraftFile, DraftKind, DraftPlace};
use crate::store::ticket::Ticket;
use crate::store::{ReadTx, WriteTx};
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::customer::fields;
use crate::web::form::Form;
use crate::web::text::{Typed, typed};
use crate::web::upload;

/// Answers to custom fields that a draft keeps, each ticked box one. Chosen: more than a form has.
const ASKED_MAX: usize = 200;

/// A file that is kept with what is being written.
#[derive(Clone, Debug)]
pub(crate) struct KeptFile {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) size: String,
}

/// The key of a form: 128 random bits.
pub(crate) fn new_key() -> Result<String, Refusal> {
    let bytes = random::bytes::<16>()?;
    Ok(HEXLOWER.encode(&bytes))
}

/// The key that a form brings, if it looks like one of ours.
pub(super) fn key_of<'c>(call: &'c Call<'_>) -> &'c str {
    let key = call.form.get("key");
    if key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()) { key } else { "" }
}

pub(super) const fn draft_kind(kind: Kind) -> DraftKind {
    match kind {
        Kind::Answer => DraftKind::Answer,
        Kind::Note => DraftKind::Note,
    }
}

pub(super) fn kept_files(tx: &ReadTx<'_>, call: &Call<'_>, draft: DraftId) -> Result<Vec<KeptFile>, Refusal> {
    let files = tx.draft_files(draft)?.into_iter();
    let kept = |file: DraftFile| KeptFile { id: file.id, size: ticket::size_of(call, file.bytes), name: file.name };
    Ok(files.map(kept).collect())
}

pub(super) fn saved_at(call: &Call<'_>, at: Timestamp) -> String {
    call.language.with("draft-saved-at", "time", &call.clock.time(at).short)
}

/// Keeps what the form has, files too, as a draft; gives the files kept. None when the form was sent already.
pub(super) fn keep_form(
    call: &Call<'_>,
    tx: &WriteTx<'_>,
    place: DraftPlace,
    files: &[upload::Accepted],
) -> Result<Option<DraftId>, Refusal> {
    keep_form_as(call, tx, place, files, key_of(call))
}

/// The same with a key of its own.
fn keep_form_as(
    call: &Call<'_>,
    tx: &WriteTx<'_>,
    place: DraftPlace,
    files: &[upload::Accepted],
    key: &str,
) -> Result<Option<DraftId>, Refusal> {
    let form = &call.form;
    if key.is_empty() {
        return Ok(None);
    }
    let text = form.get("text").replace("\r\n", "\n");
    let Some(draft) = tx.save_draft(place, key, &text, &other_fields(form).to_string(), call.now)? else {
        return Ok(None);
    };
    for file in form.all("drop").filter_map(|id| id.parse().ok()) {
        tx.remove_draft_file(file, place.staff)?;
    }
    let kept = tx.draft_files(draft)?;
    let room = usize::try_from(call.settings.mail_attachment_number).unwrap_or(0).saturating_sub(kept.len());
    for file in new_files(tx, &kept, files)?.into_iter().take(room) {
        tx.add_draft_file(draft, &file.attachment())?;
    }
    Ok(Some(draft))
}

/// What a draft keeps of a form besides its text.
pub(super) fn other_fields(form: &Form) -> Value {
    let asked: Vec<&(String, String)> =
        form.pairs().iter().filter(|(name, _)| name.starts_with(fields::PREFIX)).take(ASKED_MAX).collect();
    json!({
        "to": form.get("to"), "cc": form.get("cc"), "subject": form.get("subject"), "department": form.get("department"),
        "priority": form.get("priority"), "signature": form.get("signature"), "asked": asked,
    })
}

/// Those that are not kept already. One that was corrected may have the name and the size of the one that is.
pub(super) fn new_files<'f>(
    tx: &ReadTx<'_>,
    kept: &[DraftFile],
    files: &'f [upload::Accepted],
) -> Result<Vec<&'f upload::Accepted>, Refusal> {
    let mut found = Vec::new();
    for file in files {
        let mut is_kept = false;
        for kept in kept.iter().filter(|kept| kept.original_name == file.original_name) {
            let is_as_long = usize::try_from(kept.bytes) == Ok(file.content.len());
            is_kept |= is_as_long && tx.draft_file_content(kept.id)?.as_ref() == Some(&file.content);
        }
        if !is_kept {
            found.push(file);
        }
    }
    Ok(found)
}

/// What became of a draft that the script sent.
struct Kept {
    files: Vec<KeptFile>,
    /// The key that the form goes by from now on, where its own was spent by another window.
    new_key: Option<String>,
}

/// `POST /staff/drafts`: the script keeps what is being written.
pub(super) fn save(call: &Call<'_>) -> Result<Response, Refusal> {
    let (files, faults) = upload::sorted_of_staff(&call.settings, call.form.files());
    let kept = call.web.store.write(|tx| keep_typed(call, tx, &files))?;
    let (new_key, is_kept) = (kept.as_ref().and_then(|kept| kept.new_key.clone()), kept.is_some());
    let files: Vec<Value> = kept
        .map_or_else(Vec::new, |kept| kept.files)
        .into_iter()
        .map(|file| json!({ "id": file.id, "name": file.name, "size": file.size }))
        .collect();
    let mut said = json!({ "saved": if is_kept { saved_at(call, call.now) } else { String::new() }, "files": files });
    if let Some(key) = new_key {
        said["saved"] = Value::from(call.language.t("draft-beside"));
        said["key"] = Value::from(key);
    }
    if !faults.is_empty() {
        said["error"] = Value::from(upload::in_words(&faults, call.language));
    }
    Ok(answer::json(200, &said))
}

fn keep_typed(call: &Call<'_>, tx: &WriteTx<'_>, files: &[upload::Accepted]) -> Result<Option<Kept>, Refusal> {
    let viewer = call.viewer()?;
    let ticket = match call.form.number("ticket") {
        Some(id) => Some(visible(tx, viewer, TicketId::new(id))?),
        None => None,
    };
    let kind = match (call.form.get("kind"), &ticket) {
        ("note", Some(_)) => DraftKind::Note,
        (_, Some(_)) => DraftKind::Answer,
        (_, None) => DraftKind::Ticket,
    };
    let place = DraftPlace { staff: viewer.id(), ticket: ticket.as_ref().map(|ticket| ticket.id), kind };
    let is_empty = call.form.get("text").trim().is_empty() && files.is_empty();
    match keep_form(call, tx, place, files)? {
        Some(draft) if is_empty && tx.draft_files(draft)?.is_empty() && kind != DraftKind::Ticket => {
            tx.remove_draft(draft)?;
            Ok(Some(Kept { files: Vec::new(), new_key: None }))
        }
        Some(draft) => Ok(Some(Kept { files: kept_files(tx, call, draft)?, new_key: None })),
        None if is_empty || was_sent(call, tx, ticket.as_ref())? => Ok(None),
        None => {
            let key = new_key()?;
            let draft = keep_form_as(call, tx, place, files, &key)?.ok_or(Refusal::Failed)?;
            Ok(Some(Kept { files: kept_files(tx, call, draft)?, new_key: Some(key) }))
        }
    }
}

/// Whether what the form has is what was sent with its key. What was saved on the way to be sent comes late, and is part
/// of it.
fn was_sent(call: &Call<'_>, tx: &ReadTx<'_>, ticket: Option<&Ticket>) -> Result<bool, Refusal> {
    let Some(spent) = tx.spent_key(key_of(call))? else { return Ok(true) };
    let typed_text = call.form.get("text").replace("\r\n", "\n");
    let typed_text = typed_text.trim();
    let Some(message) = spent.message else {
        let staff = call.viewer()?.id();
        let draft = match ticket {
            Some(ticket) => tx.draft(DraftPlace { staff, ticket: Some(ticket.id), kind: DraftKind::Answer })?,
            None => None,
        };
        return Ok(draft.is_some_and(|draft| draft.body.contains(typed_text)));
    };
    let Some(posted) = tx.message_text(message)? else { return Ok(false) };
    let is_note = !tx.is_public_message(message)?;
    if ticket.is_some() && is_note != (call.form.get("kind") == "note") {
        return Ok(false);
    }
    let posted_text = if posted.is_html { html::to_text(&posted.body) } else { posted.body };
    let as_posted = match typed(typed_text) {
        Typed::Plain => typed_text.to_owned(),
        Typed::Formatted(html) => html::to_text(&html),
    };
    Ok(posted_text.contains(typed_text) || posted_text.contains(as_posted.trim()))
}

/// Keeps what the form has as a draft with that key, above what is being written in that place already.
pub(super) fn keep_above(
    call: &Call<'_>,
    tx: &WriteTx<'_>,
    place: DraftPlace,
    files: &[upload::Accepted],
    key: &str,
) -> Result<(), Refusal> {
    let there = tx.draft(place)?.filter(|there| there.key != key);
    let mut files_there = Vec::new();
    for file in there.as_ref().map_or_else(|| Ok(Vec::new()), |there| tx.draft_files(there.id))? {
        if let Some(content) = tx.draft_file_content(file.id)? {
            files_there.push((file, content));
        }
    }
    keep_form_as(call, tx, place, files, key)?;
    let (Some(there), Some(saved)) = (there, tx.draft(place)?) else { return Ok(()) };
    if !there.body.trim().is_empty() && !saved.body.contains(there.body.trim()) {
        let body = format!("{}\n\n{}", saved.body, there.body);
        tx.save_draft(place, &saved.key, &body, &saved.fields, call.now)?;
    }
    // A draft that gave way has taken its files with it.
    if there.id != saved.id {
        for (file, content) in &files_there {
            tx.add_draft_file(saved.id, &file.attachment(content))?;
        }
    }
    Ok(())
}
