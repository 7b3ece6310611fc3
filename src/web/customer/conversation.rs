//! What was written in a ticket, as its customer reads it: never a note.

use std::collections::HashMap;

use crate::domain::{Author, MessageId, Timestamp};
use crate::store::ReadTx;
use crate::store::ticket::Ticket;
use crate::web::agent::ticket::{PICTURES, size_of};
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::file_path;
use crate::web::text::{self, Markup};
use crate::web::writers::Writers;

/// A message.
pub(super) struct Spoken {
    pub(super) id: MessageId,
    /// `customer`, `staff` or `desk`.
    pub(super) kind: &'static str,
    pub(super) writer: String,
    pub(super) at: Timestamp,
    pub(super) body: Markup,
    /// The whole text of the customer's own mail, where it is more.
    pub(super) full: Option<Markup>,
    pub(super) files: Vec<File>,
}

/// A file of a message.
pub(super) struct File {
    pub(super) name: String,
    /// Without prefix.
    pub(super) path: String,
    pub(super) size: String,
    pub(super) is_picture: bool,
}

/// The public messages of a ticket, oldest first.
pub(super) fn of(tx: &ReadTx<'_>, call: &Call<'_>, ticket: &Ticket) -> Result<Vec<Spoken>, Refusal> {
    let mut files: HashMap<MessageId, Vec<File>> = HashMap::new();
    for file in tx.attachments_of_ticket(ticket.id)? {
        let Some(message) = file.message else { continue };
        files.entry(message).or_default().push(File {
            path: file_path("/files", file.id, &file.name),
            size: size_of(call, file.bytes),
            is_picture: PICTURES.contains(&file.content_type.as_str()),
            name: file.name,
        });
    }
    let mut writers = Writers::new(&call.settings.site_name, &[]);
    let mut spoken = Vec::new();
    for speech in tx.speeches(ticket.id)?.into_iter().filter(|speech| !speech.is_internal) {
        let kind = match speech.author {
            Author::Customer(_) => "customer",
            Author::Staff(_) => "staff",
            Author::Desk => "desk",
        };
        let writer = writers.name(tx, speech.author)?.unwrap_or_else(|| call.settings.site_name.clone());
        let (body, _) = text::shown(&speech.body, speech.is_html);
        // Below a staff member's mail stands what the desk told them alone.
        let has_full = kind == "customer" && text::has_more(&speech.body, speech.is_html, &speech.full_text);
        spoken.push(Spoken {
            id: speech.id,
            kind,
            writer,
            at: speech.created_at,
            body,
            full: has_full.then(|| text::plain(&speech.full_text)),
            files: files.remove(&speech.id).unwrap_or_default(),
        });
    }
    Ok(spoken)
}
