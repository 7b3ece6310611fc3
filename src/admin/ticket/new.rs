//! `admin ticket new`: a ticket for a customer who called or came by.

use serde_json::json;

use super::post::{Attached, MessageArguments};
use crate::admin::{Context, department, output, usage};
use crate::desk::{MailContext, Notices, Opening, Post, note_undelivered};
use crate::domain::{Author, EmailAddress};
use crate::outbox;
use crate::outcome::{self, Done, Failure};
use crate::store::attachment::NewAttachment;
use crate::store::ticket::NewTicket;

/// Longest subject, in characters: HelpDeskZ's column.
const SUBJECT_CHARS_MAX: usize = 255;

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
    #[arg(long, value_name = "ID")]
    department: String,
    /// The subject
    #[arg(long, value_name = "TEXT")]
    subject: String,
    /// What is written
    #[command(flatten)]
    written: MessageArguments,
}

pub(super) fn run(context: &Context, new: &New) -> outcome::Result<Done> {
    let subject = new.subject.trim();
    if subject.is_empty() || subject.chars().count() > SUBJECT_CHARS_MAX || subject.chars().any(char::is_control) {
        return usage(format!("--subject has 1 to {SUBJECT_CHARS_MAX} characters on one line"));
    }
    let text = new.written.text(context, None, "what the customer said")?;
    let settings = context.store.read(|tx| tx.settings())?;
    let files = new.written.files(&settings)?;
    let attachments: Vec<NewAttachment<'_>> = files.iter().map(Attached::attachment).collect();
    let ticket = context.store.write(|tx| {
        if tx.desk_addresses()?.iter().any(|own| own.email.eq_ignore_ascii_case(new.from.as_str())) {
            return usage(format!("{} is an address of this desk: the desk would write to itself", new.from));
        }
        let department = department::find(tx, &new.department)?.id;
        let customer = tx.customer_for(&new.name, &new.from, context.now)?;
        let opening = Opening {
            ticket: NewTicket { department, customer, subject, address: None, reply_to: None },
            post: Post { attachments: &attachments, ..Post::plain(Author::Customer(customer), &text) },
            mail: MailContext::default(),
            linked: None,
            notices: Notices::Acknowledged,
        };
        Ok::<_, Failure>(context.changes(tx, &settings).open(&opening)?.0)
    })?;
    let is_served = outbox::is_served(&context.store, context.now)?;
    let sent =
        if is_served { 0 } else { outbox::send_ticket(&context.store, ticket, note_undelivered, context.now)?.sent };
    let line = context.store.read(|tx| tx.ticket_line(ticket))?;
    let json = line.as_ref().map_or_else(|| json!({ "id": ticket.get() }), super::line_json);
    context.output.object(&json, &ticket.to_string())?;
    context.output.say(&format!("#{ticket} is open, {sent} mails sent; {}", output::next("admin ticket show", ticket)));
    Ok(Done)
}
