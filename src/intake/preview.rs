//! What a dry run shows of a mail: the mail as it is read, and what would become of it.

use serde_json::{Value, json};

use super::{Preview, verdict};
use crate::domain::{DepartmentId, TicketId};
use crate::mail::{Mailbox, ParsedMail};
use crate::terminal;

fn mailbox(mailbox: &Mailbox) -> Value {
    json!({ "name": mailbox.name, "email": mailbox.address.as_str() })
}

/// The object of `pipe --dry-run --json`.
pub(crate) fn as_json(preview: &Preview) -> Value {
    let verdict = verdict(preview);
    let mut object = json!({
        "decision": verdict.decision,
        "reason": verdict.reason,
        "ticket_id": verdict.ticket.map(TicketId::get),
        "department_id": verdict.department.map(DepartmentId::get),
    });
    let details = preview.mail.as_ref().map_or_else(|| json!({}), |mail| details(preview, mail));
    if let (Some(object), Value::Object(details)) = (object.as_object_mut(), details) {
        object.extend(details);
    }
    object
}

fn details(preview: &Preview, mail: &ParsedMail) -> Value {
    let attachments = mail.attachments.iter().map(|part| {
        json!({ "name": part.name, "type": part.content_type, "size": part.content.len(), "inline": part.is_inline })
    });
    json!({
        "from": mail.from.as_ref().map(mailbox),
        "reply_to": mail.reply_to.first().map(mailbox),
        "to": mail.to.iter().map(mailbox).collect::<Vec<_>>(),
        "cc": mail.cc.iter().map(mailbox).collect::<Vec<_>>(),
        "subject": mail.subject,
        "message_id": mail.message_id,
        "date": mail.date.map(|date| date.unix()),
        "origin": preview.facts.as_ref().map(|facts| facts.origin.word()),
        "reply_text": mail.reply_text(),
        "shown_text": preview.shown_text,
        "full_text": mail.full_text,
        "html": mail.html,
        "attachments": attachments.collect::<Vec<_>>(),
        "warnings": mail.warnings,
    })
}

/// The same for people, in a few lines.
pub(crate) fn as_text(preview: &Preview) -> String {
    let verdict = verdict(preview);
    let mut lines = vec![format!("decision:    {} ({})", verdict.decision, verdict.reason)];
    if let Some(ticket) = verdict.ticket {
        lines.push(format!("ticket:      #{ticket}"));
    }
    if let Some(department) = verdict.department {
        lines.push(format!("department:  {department}"));
    }
    if let Some(mail) = &preview.mail {
        let from =
            mail.from.as_ref().map_or_else(|| "-".to_owned(), |from| format!("{} <{}>", from.name, from.address));
        lines.push(format!("from:        {}", from.trim()));
        lines.push(format!("subject:     {}", mail.subject));
        let origin = preview.facts.as_ref().map_or("-", |facts| facts.origin.word());
        lines.push(format!("origin:      {origin}"));
        for part in &mail.attachments {
            lines.push(format!("attachment:  {} ({}, {} bytes)", part.name, part.content_type, part.content.len()));
        }
        lines.extend(mail.warnings.iter().map(|warning| format!("warning:     {warning}")));
    }
    let mut lines: Vec<String> = lines.iter().map(|line| terminal::line(line).into_owned()).collect();
    if let Some(mail) = &preview.mail {
        lines.push(String::new());
        lines.push(terminal::text(preview.shown_text.as_deref().unwrap_or(mail.reply_text())).into_owned());
    }
    lines.join("\n")
}
