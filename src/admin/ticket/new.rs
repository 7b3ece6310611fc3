//! `admin ticket new`: a ticket for a customer who called or came by.

use serde_json::json;

use super::change::staff_named;
use super::post::{Attached, MessageArguments};
use crate::admin::{Context, complete, department, output, usage};
use crate::desk::{MailContext, Notices, Opening, Post, note_undelivered};
use crate::domain::one_line::{SUBJECT_CHARS_MAX, is_one_line};
use crate::domain::{Actor, Author, EmailAddress};
use crate::outbox;
use crate::outcome::{self, Done, Failure};
use crate::store::address_use::Purpose;
use crate::store::attachment::NewAttachment;
use crate::store::ticket::NewTicket;

/// Options of `admin ticket new`.
#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// The customer's address; a new one makes a customer
    #[arg(long, value_name = "EMAIL")]
    from: EmailAddress,
    /// Full name of a new customer [default: the address's local part]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// The department, by id or name
    #[arg(long, value_name = "ID", add = complete::departments())]
    department: String,
    /// The subject
    #[arg(long, value_name = "TEXT")]
    subject: String,
    /// What is written
    #[command(flatten)]
    written: MessageArguments,
    /// The text is a note that only staff see, such as what was said on the telephone; nobody is mailed
    #[arg(long)]
    note: bool,
    /// Whose note it is [default: maildesk's]
    #[arg(long, value_name = "USERNAME", requires = "note", add = complete::staff())]
    staff: Option<String>,
}

/// A subject that can be kept.
pub(super) fn subject(text: &str) -> outcome::Result<&str> {
    let subject = text.trim();
    if !is_one_line(subject, SUBJECT_CHARS_MAX) {
        return usage(format!("--subject has 1 to {SUBJECT_CHARS_MAX} characters on one line"));
    }
    Ok(subject)
}

pub(super) fn run(context: &Context, new: &New) -> outcome::Result<Done> {
    let subject = subject(&new.subject)?;
    let remark = if new.note { "a note that only staff see" } else { "what the customer said" };
    let text = new.written.text(context, None, remark)?;
    let settings = context.store.read(|tx| tx.settings())?;
    let files = new.written.files(&settings)?;
    let attachments: Vec<NewAttachment<'_>> = files.iter().map(Attached::attachment).collect();
    let ticket = context.store.write(|tx| {
        if let Some(holder) = tx.holder(&new.from, Purpose::Customer)? {
            return usage(format!("{} {holder}", new.from));
        }
        let department = department::find(tx, &new.department)?.id;
        let customer = tx.customer_for(&new.name, &new.from, context.now)?;
        let author = match (&new.staff, new.note) {
            (Some(username), _) => Author::Staff(staff_named(tx, username)?.id),
            (None, true) => Author::Desk,
            (None, false) => Author::Customer(customer),
        };
        let opening = Opening {
            ticket: NewTicket { department, customer, subject, address: None, reply_to: None },
            post: Post { attachments: &attachments, ..Post::plain(author, &text) },
            mail: MailContext::default(),
            linked: None,
            notices: Notices::Acknowledged,
        };
        let change = context.changes(tx, &settings);
        let change = if let Author::Staff(staff) = author { change.by(Actor::Staff(staff)) } else { change };
        let (ticket, _) = if new.note { change.open_with_note(&opening)? } else { change.open(&opening)? };
        Ok::<_, Failure>(ticket)
    })?;
    let is_served = outbox::is_served(&context.store, context.now)?;
    let sent =
        if is_served { 0 } else { outbox::send_ticket(&context.store, ticket, note_undelivered, context.now)?.sent };
    let line = context.store.read(|tx| tx.ticket_line(ticket))?;
    let json = line.as_ref().map_or_else(|| json!({ "id": ticket.get() }), super::line_json);
    context.output.object(&json, &ticket.to_string())?;
    let mails = if new.note { "nobody is mailed".to_owned() } else { format!("{sent} mails sent") };
    context.output.say(&format!("#{ticket} is open, {mails}; {}", output::next("admin ticket show", ticket)));
    Ok(Done)
}
