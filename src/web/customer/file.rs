//! Files of articles and tickets, for those who may read the article or the ticket.

use super::sign_in;
use crate::domain::AttachmentId;
use crate::http::Response;
use crate::store::knowledge::Reader;
use crate::web::agent::file::Download;
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// `/files/3/NAME`
pub(super) fn file(call: &Call<'_>, id: AttachmentId) -> Result<Response, Refusal> {
    let found = call.read(|tx| {
        let may_read = if let Some(article) = tx.article_of_file(id)? {
            let shelf = tx.shelf(Reader::Public)?;
            tx.article(article)?.is_some_and(|article| shelf.shows(article.category, article.is_public))
        } else if let Some(guest) = &call.guest {
            let line = tx.attachment_line(id)?.ok_or(Refusal::NotFound)?;
            let (ticket, message) = (line.ticket.ok_or(Refusal::NotFound)?, line.message.ok_or(Refusal::NotFound)?);
            // A note's files are as much staff's as the note.
            guest.ticket(tx, ticket)?.id == ticket && tx.is_public_message(message)?
        } else {
            return Ok(None);
        };
        if !may_read {
            return Err(Refusal::NotFound);
        }
        let line = tx.attachment_line(id)?.ok_or(Refusal::NotFound)?;
        Ok(Some(Download::of(tx, line)?))
    })?;
    match found {
        Some(file) => Ok(file.response(call)),
        // Somebody with a bookmark may sign in first.
        None => sign_in::first(call),
    }
}
