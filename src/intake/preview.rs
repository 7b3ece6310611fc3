//! What a dry run shows of a mail: the mail as it is read, and what would become of it.

use serde_json::{Value, json};

use super::Preview;
use crate::decision::{Decision, Facts, Refusal};
use crate::domain::reason::Reason;
use crate::domain::{DepartmentId, TicketId};
use crate::mail::origin::Origin;
use crate::mail::{Mailbox, ParsedMail};
use crate::terminal;

struct Verdict {
    decision: &'static str,
    reason: String,
    ticket: Option<TicketId>,
    department: Option<DepartmentId>,
}

fn verdict(preview: &Preview) -> Verdict {
    if let Some(known) = &preview.known {
        return Verdict {
            decision: "drop",
            reason: format!("on record already ({})", known.state.word()),
            ticket: known.ticket,
            department: None,
        };
    }
    let plain =
        |decision, reason: &str| Verdict { decision, reason: reason.to_owned(), ticket: None, department: None };
    match &preview.decision {
        None => plain("quarantine", Reason::Unreadable.text()),
        Some(Decision::Open(open)) => {
            Verdict { department: Some(open.department), ..plain("open", open.reason.text()) }
        }
        Some(Decision::Append(append)) => Verdict {
            ticket: Some(append.ticket),
            department: preview.facts.as_ref().and_then(|facts| department_of(facts, append.ticket)),
            ..plain("append", append.reason.text())
        },
        Some(Decision::Bounce { ticket, .. }) => Verdict { ticket: *ticket, ..plain("drop", Reason::Bounce.text()) },
        Some(Decision::Drop { reason }) => plain("drop", reason.text()),
        Some(Decision::Quarantine { reason }) => plain("quarantine", reason.text()),
        Some(Decision::Refuse(Refusal::UnknownRecipient(_))) => plain("refuse", "unknown recipient"),
        Some(Decision::Refuse(Refusal::Banned)) => plain("refuse", "banned"),
        Some(Decision::Refuse(Refusal::TooLarge)) => plain("refuse", "too large"),
    }
}

fn department_of(facts: &Facts, ticket: TicketId) -> Option<DepartmentId> {
    let by_token = facts.token.iter().map(|token| &token.ticket);
    let named = facts.named.iter().map(|named| &named.ticket);
    by_token.chain(named).find(|fact| fact.id == ticket).map(|fact| fact.department)
}

const fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Own => "self",
        Origin::Bounce => "bounce",
        Origin::List => "list",
        Origin::Auto => "auto",
        Origin::Person => "person",
    }
}

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
        "origin": preview.facts.as_ref().map(|facts| origin_word(facts.origin)),
        "reply_text": mail.reply_text,
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
        let origin = preview.facts.as_ref().map_or("-", |facts| origin_word(facts.origin));
        lines.push(format!("origin:      {origin}"));
        for part in &mail.attachments {
            lines.push(format!("attachment:  {} ({}, {} bytes)", part.name, part.content_type, part.content.len()));
        }
        lines.extend(mail.warnings.iter().map(|warning| format!("warning:     {warning}")));
    }
    let mut lines: Vec<String> = lines.iter().map(|line| terminal::line(line).into_owned()).collect();
    if let Some(mail) = &preview.mail {
        lines.push(String::new());
        lines.push(terminal::text(&mail.reply_text).into_owned());
    }
    lines.join("\n")
}
