//! The conversation of a ticket: each message as text, its quotes folded, its formatted mail one click away.

use std::collections::HashMap;

use crate::domain::{Author, MessageId, Timestamp};
use crate::store::ReadTx;
use crate::store::attachment::Attachment;
use crate::store::message::Speech;
use crate::store::staff::Staff;
use crate::store::ticket::Ticket;
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::file_path;
use crate::web::text::{self, Markup};
use crate::web::writers::Writers;

/// A message or note as the page shows it.
pub(crate) struct Spoken {
    pub(super) id: MessageId,
    /// `customer`, `staff`, `desk` or `note`.
    pub(super) kind: &'static str,
    /// The writer's name.
    pub(super) writer: String,
    pub(super) at: Timestamp,
    pub(super) body: Markup,
    /// The whole text of the mail, where it is more.
    pub(super) full: Option<Markup>,
    /// Whether there is a formatted form.
    pub(super) is_formatted: bool,
    /// Whether the formatted form says what the text cannot, so that it is open from the start.
    pub(super) is_open: bool,
    /// Pictures of it that are not fetched until asked for.
    pub(super) blocked: i64,
    pub(super) files: Vec<File>,
    pub(super) deliveries: Vec<Delivery>,
}

/// A file of a message.
pub(crate) struct File {
    pub(super) name: String,
    /// Without prefix.
    pub(super) path: String,
    pub(super) size: String,
    /// Whether it is shown as a picture.
    pub(super) is_picture: bool,
}

/// What became of one of an answer's mails.
pub(crate) struct Delivery {
    pub(super) recipient: String,
    /// `waiting`, `sent`, `failed`, `bounced` or `dropped`.
    pub(super) state: &'static str,
    pub(super) why: String,
}

/// The types of files that are shown inside the page; everything else is downloaded.
pub(crate) const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Everything written in a ticket, oldest first.
pub(super) fn of(tx: &ReadTx<'_>, call: &Call<'_>, ticket: &Ticket, staff: &[Staff]) -> Result<Vec<Spoken>, Refusal> {
    let mut files: HashMap<MessageId, Vec<Attachment>> = HashMap::new();
    for file in tx.attachments_of_ticket(ticket.id)? {
        if let Some(message) = file.message {
            files.entry(message).or_default().push(file);
        }
    }
    let mut deliveries: HashMap<MessageId, Vec<Delivery>> = HashMap::new();
    for mail in tx.deliveries_of_ticket(ticket.id)? {
        let state = match mail.state.as_str() {
            _ if mail.bounced_at > Timestamp::default() => "bounced",
            "pending" => "waiting",
            "sent" => "sent",
            "failed" => "failed",
            _ => "dropped",
        };
        let why = if state == "sent" { String::new() } else { mail.last_error };
        deliveries.entry(mail.message).or_default().push(Delivery { recipient: mail.recipient, state, why });
    }
    let mut writers = Writers::new(&call.settings.site_name, staff);
    let mut spoken = Vec::new();
    for speech in tx.speeches(ticket.id)? {
        let writer = writers.name(tx, speech.author)?.unwrap_or_else(|| call.language.t("somebody"));
        let (files, deliveries) = (files.remove(&speech.id), deliveries.remove(&speech.id));
        spoken.push(one(call, speech, writer, files.unwrap_or_default(), deliveries.unwrap_or_default()));
    }
    Ok(spoken)
}

fn one(call: &Call<'_>, speech: Speech, writer: String, files: Vec<Attachment>, deliveries: Vec<Delivery>) -> Spoken {
    let (body, is_whole) = text::shown(&speech.body, speech.is_html);
    let kind = match speech.author {
        _ if speech.is_internal => "note",
        Author::Customer(_) => "customer",
        Author::Staff(_) => "staff",
        Author::Desk => "desk",
    };
    let has_more = text::has_more(&speech.body, speech.is_html, &speech.full_text);
    let full = has_more.then(|| text::plain(&speech.full_text));
    Spoken {
        id: speech.id,
        kind,
        writer,
        at: speech.created_at,
        is_formatted: speech.has_mail_html || !is_whole,
        is_open: speech.has_more_than_text,
        blocked: speech.remote_pictures,
        body,
        full,
        files: files.into_iter().map(|file| shown_file(call, file)).collect(),
        deliveries,
    }
}

fn shown_file(call: &Call<'_>, file: Attachment) -> File {
    File {
        path: path_of(&file),
        is_picture: PICTURES.contains(&file.content_type.as_str()) && !file.is_inline,
        size: size_of(call, file.bytes),
        name: file.name,
    }
}

/// Where a file is, without prefix.
pub(crate) fn path_of(file: &Attachment) -> String {
    file_path("/staff/files", file.id, &file.name)
}

/// A size for people.
pub(crate) fn size_of(call: &Call<'_>, bytes: i64) -> String {
    const KIB: i64 = 1024;
    match bytes {
        ..KIB => call.language.with("bytes", "n", bytes),
        KIB..1_048_576 => call.language.with("kilobytes", "n", bytes / KIB),
        _ => {
            let tenths = bytes * 10 / (KIB * KIB);
            call.language.with("megabytes", "n", &format!("{}.{}", tenths / 10, tenths % 10))
        }
    }
}
