//! One ticket with all that belongs to it, as text and as JSON.

use serde_json::{Value, json};

use crate::admin::output;
use crate::domain::{Author, MessageId, StaffId, TicketId};
use crate::mail::html;
use crate::store::attachment::Attachment;
use crate::store::customer::Customer;
use crate::store::message::Message;
use crate::store::ticket::Ticket;
use crate::store::{Error, ReadTx};
use crate::terminal;

/// A ticket as `admin ticket show` prints it.
pub(super) struct Whole {
    pub(super) ticket: Ticket,
    customer: Option<Customer>,
    department: String,
    messages: Vec<Message>,
    pub(super) attachments: Vec<Attachment>,
    participants: Vec<(String, String)>,
    links: Vec<TicketId>,
    addresses: Vec<String>,
    staff: Vec<(StaffId, String)>,
    /// Every customer who wrote a message here.
    writers: Vec<Customer>,
    /// Answers to HelpDeskZ's custom fields as JSON, the priority's number and its name.
    form: (String, i64, String),
}

pub(super) fn read(tx: &ReadTx<'_>, id: TicketId) -> Result<Option<Whole>, Error> {
    let Some(ticket) = tx.ticket(id)? else { return Ok(None) };
    let messages = tx.messages(id)?;
    let mut writers: Vec<Customer> = Vec::new();
    for message in &messages {
        if let Author::Customer(id) = message.author
            && !writers.iter().any(|known| known.id == id)
        {
            writers.extend(tx.customer(id)?);
        }
    }
    Ok(Some(Whole {
        writers,
        form: tx.ticket_form(id)?,
        customer: tx.customer(ticket.customer)?,
        department: tx.department(ticket.department)?.map(|d| d.name).unwrap_or_default(),
        messages,
        attachments: tx.attachments_of_ticket(id)?,
        participants: tx.participants(id)?,
        links: tx.linked_tickets(id)?,
        addresses: tx.addresses_seen(id)?,
        staff: tx.all_staff()?.into_iter().map(|s| (s.id, s.username)).collect(),
        ticket,
    }))
}

impl Whole {
    fn staff_name(&self, id: StaffId) -> String {
        let known = self.staff.iter().find(|(staff, _)| *staff == id);
        known.map_or_else(|| "staff (removed)".to_owned(), |(_, username)| format!("staff {username}"))
    }

    fn author(&self, author: Author) -> String {
        match author {
            Author::Customer(_) => "customer".to_owned(),
            Author::Staff(id) => self.staff_name(id),
            Author::Desk => "maildesk".to_owned(),
        }
    }

    /// Who wrote last, as authors are named.
    fn last_replier(&self) -> String {
        match self.ticket.last_replier {
            None => {
                self.messages.iter().rev().find(|m| !m.is_internal).map_or_else(String::new, |m| self.author(m.author))
            }
            Some(staff) => self.staff_name(staff),
        }
    }

    /// The author, as shown to people.
    fn byline(&self, author: Author) -> String {
        match author {
            Author::Customer(id) => self.writers.iter().find(|writer| writer.id == id).map_or_else(
                || "customer (removed)".to_owned(),
                |writer| format!("{} <{}>", writer.fullname, writer.email),
            ),
            Author::Staff(_) | Author::Desk => self.author(author),
        }
    }

    pub(super) fn json(&self) -> Value {
        let ticket = &self.ticket;
        let customer = self.customer.as_ref();
        let messages = self.messages.iter().map(|m| {
            let user = if let Author::Customer(id) = m.author { Some(id.get()) } else { None };
            let full = if m.full_text.is_empty() { &m.body } else { &m.full_text };
            json!({
                "id": m.id.get(), "date": m.created_at.unix(), "author": self.author(m.author), "user_id": user,
                "internal": m.is_internal, "text": m.body, "is_html": m.is_html, "reply_text": if m.reply_text.is_empty() { &m.body } else { &m.reply_text }, "full_text": full, "html": m.mail_html,
                "attachments": self.files(m.id).map(attachment_json).collect::<Vec<_>>(),
            })
        });
        json!({
            "id": ticket.id.get(), "subject": ticket.subject, "status": ticket.status.word(),
            "department_id": ticket.department.get(), "department": self.department,
            "user_id": ticket.customer.get(), "user_fullname": customer.map(|c| c.fullname.as_str()),
            "user_email": customer.map(|c| c.email.as_str()), "reply_to": ticket.reply_to,
            "created_at": ticket.created_at.unix(), "last_update_at": ticket.last_update_at.unix(),
            "closed_at": ticket.closed_at.unix(), "replies": ticket.replies, "last_replier": ticket.last_replier.map_or(0, StaffId::get),
            "last_replier_name": self.last_replier(), "priority": self.form.1, "priority_name": self.form.2,
            "custom_fields": serde_json::from_str::<Value>(&self.form.0).unwrap_or_else(|_| json!([])),
            "assigned_to": ticket.staff.map(|id| self.staff_name(id)), "merged_into": ticket.merged_into.map(TicketId::get),
            "participants": self.participants.iter()
                .map(|(email, name)| json!({ "email": email, "name": name })).collect::<Vec<_>>(),
            "linked": self.links.iter().map(|id| id.get()).collect::<Vec<_>>(),
            "other_addresses": self.addresses,
            "messages": messages.collect::<Vec<_>>(),
        })
    }

    fn files(&self, message: MessageId) -> impl Iterator<Item = &Attachment> {
        self.attachments.iter().filter(move |file| file.message == Some(message))
    }

    /// What is printed above the messages; each field is one line.
    fn head(&self) -> Vec<String> {
        let ticket = &self.ticket;
        let mut lines = vec![
            format!("[#{}] {}", ticket.id, ticket.subject),
            format!("status {}, department {}", ticket.status, self.department),
            self.customer.as_ref().map_or_else(String::new, |c| format!("from {} <{}>", c.fullname, c.email)),
        ];
        let answers: Vec<(String, String)> = serde_json::from_str(&self.form.0).unwrap_or_default();
        lines.extend(answers.iter().map(|(title, answer)| format!("{title}: {answer}")));
        lines.extend(ticket.merged_into.map(|id| format!("merged into #{id}")));
        lines.extend(ticket.staff.map(|id| format!("assigned to {}", self.staff_name(id))));
        if !self.participants.is_empty() {
            let all: Vec<&str> = self.participants.iter().map(|(email, _)| email.as_str()).collect();
            lines.push(format!("with {}", all.join(", ")));
        }
        lines.extend(self.links.iter().map(|id| format!("linked with #{id}")));
        lines.extend(self.addresses.iter().map(|email| format!("also sent to {email}")));
        lines.iter().map(|line| terminal::line(line).into_owned()).collect()
    }

    pub(super) fn text(&self, full: bool) -> String {
        let mut lines = self.head();
        for message in &self.messages {
            let kind = if message.is_internal { "note" } else { "message" };
            let byline = self.byline(message.author);
            let (at, id) = (output::time(message.created_at), message.id);
            lines.push(format!("\n── {at} {} ({kind} {id})", terminal::line(&byline)));
            lines.push(shown(message, full));
            let files = self.files(message.id);
            lines.extend(files.map(|file| {
                format!("   attached: {} ({} bytes, id {})", terminal::line(&file.name), file.bytes, file.id)
            }));
        }
        lines.join("\n")
    }
}

/// A message as text, whatever it is stored as.
fn shown(message: &Message, full: bool) -> String {
    if full && !message.full_text.is_empty() {
        return message.full_text.clone();
    }
    if message.is_html { html::to_text(&message.body) } else { message.body.clone() }
}

fn attachment_json(file: &Attachment) -> Value {
    json!({
        "id": file.id.get(), "name": file.name, "original_name": file.original_name, "type": file.content_type,
        "size": file.bytes, "inline": file.is_inline, "cid": file.cid,
    })
}
