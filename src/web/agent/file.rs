//! Files and formatted mails of tickets, for those who see the ticket.

use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::ticket::{PICTURES, path_of, visible};
use crate::domain::{AttachmentId, MessageId};
use crate::http::{Pieces, Response};
use crate::mail::html;
use crate::store::ReadTx;
use crate::store::attachment::AttachmentLine;
use crate::web::answer::{Refusal, with_guards};
use crate::web::call::Call;
use crate::web::frame::{self, Pictures};

/// `/staff/messages/5/mail`
pub(super) fn mail(call: &Call<'_>, id: MessageId) -> Result<Response, Refusal> {
    if call.query.has("text") {
        return whole_text(call, id);
    }
    let (html, inline) = call.read(|tx| {
        let (ticket, mail_html, body, is_html) = tx.message_mail(id)?.ok_or(Refusal::NotFound)?;
        visible(tx, call.viewer()?, ticket)?;
        let html = if mail_html.is_empty() && is_html { body } else { mail_html };
        if html.is_empty() {
            return Err(Refusal::NotFound);
        }
        let files = tx.attachments_of_ticket(ticket)?.into_iter();
        let files = files.filter(|file| file.message == Some(id) && !file.cid.is_empty());
        let inline = files.map(|file| (file.cid.clone(), format!("{}{}", call.prefix(), path_of(&file))));
        Ok((html, inline.collect::<Vec<_>>()))
    })?;
    let pictures = if call.query.get("pictures") == "1" { Pictures::Shown } else { Pictures::Blocked };
    Ok(frame::document(&html, &inline, pictures, call.language.code))
}

/// `/staff/messages/5/mail?text=1`: all of a text that is too long for the page of its ticket.
fn whole_text(call: &Call<'_>, id: MessageId) -> Result<Response, Refusal> {
    let text = call.read(|tx| {
        let (ticket, text, is_html) = tx.whole_text(id)?.ok_or(Refusal::NotFound)?;
        visible(tx, call.viewer()?, ticket)?;
        Ok(if is_html { html::to_text(&text) } else { text })
    })?;
    Ok(with_guards(Response::text(200, text)).with_header("Content-Security-Policy", "sandbox; default-src 'none'"))
}

/// `/staff/files/3/NAME`
pub(super) fn file(call: &Call<'_>, id: AttachmentId) -> Result<Response, Refusal> {
    let file = call.read(|tx| {
        let line = tx.attachment_line(id)?.ok_or(Refusal::NotFound)?;
        visible(tx, call.viewer()?, line.ticket.ok_or(Refusal::NotFound)?)?;
        Download::of(tx, line)
    })?;
    Ok(file.response(call))
}

/// A file that is sent to a browser.
pub(crate) struct Download {
    line: AttachmentLine,
    /// Its first bytes; all of a small one.
    first: Vec<u8>,
}

impl Download {
    /// Of a file that the person may have; not found where its bytes are gone.
    pub(crate) fn of(tx: &ReadTx<'_>, line: AttachmentLine) -> Result<Self, Refusal> {
        let first = tx.attachment_piece(line.id, 0)?;
        if first.is_empty() && line.bytes > 0 { Err(Refusal::NotFound) } else { Ok(Self { line, first }) }
    }

    /// The file: a large one is read from the database while it is sent, each piece on its own, so that a slow reader keeps
    /// neither memory nor a snapshot.
    pub(crate) fn response(self, call: &Call<'_>) -> Response {
        let (id, bytes) = (self.line.id, u64::try_from(self.line.bytes).unwrap_or(0));
        let response = download(&self.line.name, &self.line.content_type, Vec::new());
        if self.first.len() as u64 >= bytes {
            return response.with_body(self.first);
        }
        let (store, first) = (Arc::clone(&call.web.store), self.first);
        response.with_pieces(Pieces::new(bytes, move |from| {
            if from == 0 {
                return Some(first.clone());
            }
            let from = i64::try_from(from).ok()?;
            let piece = store.read(|tx| tx.attachment_piece(id, from));
            piece.inspect_err(|error| tracing::error!(%error, attachment = %id, "reading a file")).ok()
        }))
    }
}

/// A file for a browser: pictures inside the page, everything else as a download, nothing to be run.
fn download(name: &str, content_type: &str, content: Vec<u8>) -> Response {
    let picture = PICTURES.iter().find(|picture| **picture == content_type);
    let how = if picture.is_some() { "inline" } else { "attachment" };
    let named = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let response = Response::new(200, picture.copied().unwrap_or("application/octet-stream"), content);
    with_guards(response)
        .with_header("Content-Disposition", format!("{how}; filename*=UTF-8''{named}"))
        .with_header("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
        .with_header("Cache-Control", "private, no-cache")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_are_shown_inside_and_no_name_breaks_a_header() {
        for (content_type, how, sent) in [
            ("image/png", "inline", "image/png"),
            ("image/svg+xml", "attachment", "application/octet-stream"),
            ("text/html", "attachment", "application/octet-stream"),
            ("application/pdf", "attachment", "application/octet-stream"),
        ] {
            let response = download("a\"\r\nX: y;é.bin", content_type, vec![1]);
            let disposition = response.header("Content-Disposition").unwrap_or("");
            assert_eq!(disposition, format!("{how}; filename*=UTF-8''a%22%0D%0AX%3A%20y%3B%C3%A9%2Ebin"));
            assert_eq!(response.header("Content-Type"), Some(sent));
            assert_eq!(response.header("X-Content-Type-Options"), Some("nosniff"));
            assert!(response.header("Content-Security-Policy").is_some_and(|policy| policy.starts_with("sandbox")));
        }
    }
}
