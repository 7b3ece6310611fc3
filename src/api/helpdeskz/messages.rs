//! `/api/messages`: what is written in tickets.

use serde::Serialize;

use super::answer::done;
use super::faults::Faults;
use super::tickets::{NOT_FOUND, sanitised, staff};
use super::upload;
use super::users::{pages, window};
use crate::api::Call;
use crate::api::error::ApiError;
use crate::api::idempotency::KeyedAnswer;
use crate::api::json::compact;
use crate::api::params::{MESSAGE_BYTES_MAX, Params};
use crate::api::route::{PathId, row_id};
use crate::desk::{MailContext, Notices, Post, StatusChange};
use crate::domain::{Author, Status, TicketId};
use crate::store::ReadTx;
use crate::store::attachment::NewAttachment;
use crate::store::message::{Order, Text};
use crate::store::settings::ReplyOrder;
use crate::store::shape::MessageShape;
use crate::store::ticket::Ticket;

/// `GET /api/messages/show/TICKET_ID`
pub(in crate::api) fn show(tx: &ReadTx<'_>, call: &Call<'_>, id: &PathId) -> Result<String, ApiError> {
    #[derive(Serialize)]
    struct List {
        success: i64,
        pages: i64,
        total_replies: i64,
        messages: Vec<MessageShape>,
    }
    let ticket = tx.ticket(TicketId::new(id.row().ok_or(NOT_FOUND)?))?.ok_or(NOT_FOUND)?;
    let order = if call.settings.reply_order == ReplyOrder::Ascending { Order::Ascending } else { Order::Descending };
    let size = call.settings.tickets_replies.max(1);
    let (total, lines) = tx.messages_page(ticket.id, order, window(call.params.page_or_first()?, size))?;
    let messages = lines.into_iter().map(MessageShape::from).collect();
    Ok(compact(&List { success: 1, pages: pages(total, size), total_replies: total, messages }))
}

/// `POST /api/messages/create`
pub(in crate::api) fn create(call: &Call<'_>) -> Result<KeyedAnswer, ApiError> {
    let text = sanitised(&call.params, "message")?;
    let files = upload::accept(&call.settings, &call.params);
    let closes = call.params.get("close")? == Some("1");
    call.change(
        |tx| new_message(tx, &call.params, files.as_ref().err()),
        |tx, (ticket, author)| {
            let attachments: Vec<NewAttachment<'_>> =
                files.iter().flatten().map(upload::Accepted::attachment).collect();
            let is_staff = matches!(author, Author::Staff(_));
            let status = if closes && is_staff { StatusChange::To(Status::Closed) } else { StatusChange::ByTable };
            let post = Post {
                author,
                text: Text::Html(&text),
                reply_text: "",
                full_text: "",
                mail_html: "",
                attachments: &attachments,
            };
            let mail = MailContext::default();
            call.change_by(tx, author.into()).post(&ticket, &post, status, &mail, Notices::Usual)?;
            Ok(done("Message was created and added to ticket."))
        },
    )
}

fn new_message(tx: &ReadTx<'_>, params: &Params, files: Option<&String>) -> Result<(Ticket, Author), ApiError> {
    let mut faults = Faults::default();
    let ticket = match params.filled("ticket_id")?.map(row_id) {
        None => Err("Ticket ID is missing."),
        Some(None) => Err("Ticket not found."),
        Some(Some(id)) => tx.ticket(TicketId::new(id))?.ok_or("Ticket not found."),
    };
    let ticket = faults.note(ticket);
    match params.filled("message")? {
        None => faults.add("Message is missing."),
        Some(text) if text.len() > MESSAGE_BYTES_MAX => faults.add("Message is too long."),
        Some(_) => {}
    }
    let replier = match params.filled("replier")? {
        None => Err("Replier is missing."),
        Some("user") => Ok(false),
        Some("staff") => Ok(true),
        Some(_) => Err("Invalid replier."),
    };
    let is_staff = faults.note(replier).unwrap_or_default();
    let staff = if is_staff { faults.note(staff(tx, params)?) } else { None };
    if let Some(text) = files {
        faults.add(text.as_str());
    }
    faults.finish()?;
    let ticket = ticket.ok_or(ApiError::Broken("a ticket neither there nor not".to_owned()))?;
    let author = staff.map_or(Author::Customer(ticket.customer), Author::Staff);
    Ok((ticket, author))
}
