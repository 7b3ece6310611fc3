//! `/api/attachments`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::answer::{Digits, done};
use crate::api::Call;
use crate::api::error::ApiError;
use crate::api::idempotency::KeyedAnswer;
use crate::api::json::compact;
use crate::api::route::PathId;
use crate::domain::{Actor, AttachmentId, MessageId, TicketId};
use crate::store::ReadTx;
use crate::store::attachment::AttachmentLine;

const NOT_FOUND: ApiError = ApiError::NotFound("Attachment not found.");

/// HelpDeskZ says the same of a file that was gone and of one that is gone now.
const REMOVED: &str = "File was removed from servers.";

/// `GET /api/attachments`
pub(in crate::api) fn list(tx: &ReadTx<'_>, call: &Call<'_>) -> Result<String, ApiError> {
    #[derive(Serialize)]
    struct File<'a> {
        id: Digits,
        name: &'a str,
        filetype: &'a str,
        msg_id: Digits,
        size: Digits,
    }
    #[derive(Serialize)]
    struct List<'a> {
        success: i64,
        files: Vec<File<'a>>,
    }
    let (message, ticket) = (call.params.filter("msg_id")?, call.params.filter("ticket_id")?);
    let lines = match (message, ticket) {
        (None, None) => tx.all_attachments()?,
        (None, Some(ticket)) => tx.attachment_lines_of_ticket(TicketId::new(ticket))?,
        (Some(message), None) => tx.attachments_of_message(MessageId::new(message))?,
        (Some(message), Some(ticket)) => {
            let mut both = tx.attachment_lines_of_ticket(TicketId::new(ticket))?;
            both.retain(|line| line.message.map_or(0, MessageId::get) == message);
            both
        }
    };
    let files = lines.iter().map(|line| File {
        id: Digits(line.id.get()),
        name: &line.name,
        filetype: &line.content_type,
        msg_id: Digits(line.message.map_or(0, MessageId::get)),
        size: Digits(line.bytes),
    });
    Ok(compact(&List { success: 1, files: files.collect() }))
}

fn existing(tx: &ReadTx<'_>, id: &PathId) -> Result<AttachmentLine, ApiError> {
    let id = id.row().ok_or(NOT_FOUND)?;
    tx.attachment_line(AttachmentId::new(id))?.ok_or(NOT_FOUND)
}

/// `GET /api/attachments/show/ID`
pub(in crate::api) fn show(call: &Call<'_>, id: &PathId) -> Result<KeyedAnswer, ApiError> {
    #[derive(Serialize)]
    struct Shown<'a> {
        success: i64,
        name: &'a str,
        filetype: &'a str,
        size: Digits,
        content: String,
    }
    let (line, content) = call.api.store.read(|tx| {
        let line = existing(tx, id)?;
        let content = tx.attachment_content(line.id)?.ok_or(ApiError::NotFound(REMOVED))?;
        Ok::<_, ApiError>((line, content))
    })?;
    // Outside of the snapshot: megabytes of base64 take their time.
    let content = STANDARD.encode(content);
    let shown = Shown { success: 1, name: &line.name, filetype: &line.content_type, size: Digits(line.bytes), content };
    Ok(KeyedAnswer::fresh(compact(&shown)))
}

/// `POST /api/attachments/delete/ID`
pub(in crate::api) fn delete(call: &Call<'_>, id: &PathId) -> Result<KeyedAnswer, ApiError> {
    call.change(
        |tx| existing(tx, id),
        |tx, line| {
            call.change_by(tx, Actor::Machine).remove_attachment(&line)?;
            Ok(done(REMOVED))
        },
    )
}
