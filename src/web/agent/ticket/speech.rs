//! The conversation of a ticket: each message as text, its quotes folded, its formatted mail one click away.

use std::collections::HashMap;

use crate::domain::{Author, MessageId, Timestamp};
use crate::mail::html;
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
    /// Whether that is only the beginning, because the text is too long for this page.
    pub(super) is_cut: bool,
    /// The whole text of the mail, where it is more.
    pub(super) full: Whole,
    /// Whether there is a formatted form.
    pub(super) is_formatted: bool,
    /// Whether the formatted form says what the text cannot, so that it is open from the start.
    pub(super) is_open: bool,
    /// Pictures of it that are not fetched until asked for.
    pub(super) blocked: i64,
    pub(super) files: Vec<File>,
    pub(super) deliveries: Vec<Delivery>,
}

/// The whole text of a mail.
pub(crate) enum Whole {
    /// It says no more than what is shown.
    Shown,
    /// Folded.
    Here(Markup),
    /// On a page of its own, because it is too long for this one.
    Elsewhere,
}

/// Longest text shown in a ticket, in bytes. Chosen: some ten screens, and what a browser lays out without being held up.
const TEXT_BYTES_MAX: usize = 50_000;

/// Text of a whole ticket from which on each one is cut earlier, in bytes. Chosen: likewise, for all of its messages.
const TICKET_BYTES_MAX: usize = 1_000_000;

/// What is shown of a text in any case, in bytes. Chosen: a page of it.
const TEXT_BYTES_MIN: usize = 2000;

/// How much of each text a ticket shows, by the bytes of all of them.
fn allowance(speeches: &[Speech]) -> usize {
    let bytes: usize = speeches
        .iter()
        .map(|speech| speech.body.len().min(TEXT_BYTES_MAX) + speech.full_text.len().min(TEXT_BYTES_MAX))
        .sum();
    if bytes <= TICKET_BYTES_MAX {
        return TEXT_BYTES_MAX;
    }
    (TICKET_BYTES_MAX / (2 * speeches.len().max(1))).clamp(TEXT_BYTES_MIN, TEXT_BYTES_MAX)
}

/// A text up to the end of a line, as far as so many bytes go; all of it where it is not longer.
fn beginning(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    let begun = text.get(..text.floor_char_boundary(bytes_max)).unwrap_or_default();
    begun.rfind('\n').and_then(|at| begun.get(..=at)).unwrap_or(begun)
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
    let speeches = tx.speeches(ticket.id)?;
    let bytes_max = allowance(&speeches);
    for speech in speeches {
        let writer = writers.name(tx, speech.author)?.unwrap_or_else(|| call.language.t("somebody"));
        let (files, deliveries) = (files.remove(&speech.id), deliveries.remove(&speech.id));
        let files = files.unwrap_or_default().into_iter().map(|file| shown_file(call, file)).collect();
        spoken.push(Spoken { files, deliveries: deliveries.unwrap_or_default(), ..one(speech, writer, bytes_max) });
    }
    Ok(spoken)
}

/// A message as it is shown, without its files and deliveries.
fn one(speech: Speech, writer: String, bytes_max: usize) -> Spoken {
    let is_long = speech.body.len() > bytes_max;
    // Of long HTML only the text begins here: cut HTML would be broken.
    let (body, is_whole) = match (is_long, speech.is_html) {
        (false, is_html) => text::shown(&speech.body, is_html),
        (true, false) => (text::plain(beginning(&speech.body, bytes_max)), true),
        (true, true) => (text::plain(beginning(&html::to_text(&speech.body), bytes_max)), false),
    };
    let kind = match speech.author {
        _ if speech.is_internal => "note",
        Author::Customer(_) => "customer",
        Author::Staff(_) => "staff",
        Author::Desk => "desk",
    };
    let full = match text::has_more(&speech.body, speech.is_html, &speech.full_text) {
        false => Whole::Shown,
        true if speech.full_text.len() > bytes_max => Whole::Elsewhere,
        true => Whole::Here(text::plain(&speech.full_text)),
    };
    Spoken {
        id: speech.id,
        kind,
        writer,
        at: speech.created_at,
        is_formatted: speech.has_mail_html || !is_whole,
        is_open: speech.has_more_than_text && !is_long,
        blocked: speech.remote_pictures,
        body,
        is_cut: is_long,
        full,
        files: Vec::new(),
        deliveries: Vec::new(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;

    fn speech(body: String, full_text: String) -> Speech {
        Speech {
            id: MessageId::new(1),
            created_at: Timestamp::default(),
            author: Author::Customer(UserId::new(1)),
            is_internal: false,
            body,
            is_html: false,
            full_text,
            has_mail_html: false,
            has_more_than_text: false,
            remote_pictures: 0,
        }
    }

    #[test]
    fn only_a_very_long_text_is_cut_at_the_end_of_a_line() {
        let long = "line ü\n".repeat(TEXT_BYTES_MAX / 8);
        assert_eq!(beginning(&long, TEXT_BYTES_MAX), long, "exactly as long as is shown");
        assert_eq!(beginning(&format!("{long}x"), TEXT_BYTES_MAX), long);
        assert_eq!(
            beginning(&"ü".repeat(TEXT_BYTES_MAX), TEXT_BYTES_MAX).len(),
            TEXT_BYTES_MAX,
            "without a line's end"
        );
        assert_eq!(beginning("üü", 3), "ü");
    }

    #[test]
    fn long_html_is_shown_as_the_beginning_of_its_text() {
        let html = Speech { is_html: true, ..speech("<p>Hello</p>".repeat(TEXT_BYTES_MAX / 10), String::new()) };
        let shown = one(html, String::new(), TEXT_BYTES_MAX);
        assert!(shown.is_cut && shown.is_formatted && !shown.is_open);
        assert!(shown.body.0.starts_with("<p dir=\"auto\">Hello"), "{}", shown.body.0.get(..60).unwrap_or_default());
    }

    #[test]
    fn a_ticket_with_too_much_text_shows_less_of_each() {
        let many = |n: usize, bytes: usize| -> Vec<Speech> {
            (0..n).map(|_| speech("x".repeat(bytes / 2), "x".repeat(bytes / 2))).collect()
        };
        assert_eq!(allowance(&[]), TEXT_BYTES_MAX);
        assert_eq!(allowance(&many(100, TICKET_BYTES_MAX / 100)), TEXT_BYTES_MAX);
        assert_eq!(allowance(&many(100, TICKET_BYTES_MAX / 100 + 2)), TICKET_BYTES_MAX / 200);
        assert_eq!(allowance(&many(500, 50_000)), TEXT_BYTES_MIN);
        let quoting = one(speech("Yes.".to_owned(), "> no\n".repeat(20_000)), String::new(), TEXT_BYTES_MAX);
        assert!(matches!(quoting.full, Whole::Elsewhere) && !quoting.is_cut);
        let usual = one(speech("Yes.".to_owned(), "Yes.\n> no".to_owned()), String::new(), TEXT_BYTES_MAX);
        assert!(matches!(usual.full, Whole::Here(_)));
    }
}
