//! What a ticket shows of a mail: the reply where the rest is known to the desk, else all of it.

use crate::decision::{Decision, Facts, NamedBy, Role};
use crate::desk::notify::{LEFT_OUT, SHIPPED_PRIORITIES};
use crate::domain::{MessageId, Status, TicketId};
use crate::mail::ParsedMail;
use crate::mail::html;
use crate::mail::known_text::KnownText;
use crate::mail::reply::is_all_greeting;
use crate::outbox::template::Event;
use crate::store::settings::Settings;
use crate::store::{ReadTx, Result};

/// Messages of a ticket that a quoted mail is compared with. Chosen: what people answer is among the newest.
const MESSAGES_MAX: i64 = 200;
/// Bytes of those messages together (chosen: some thousand pages).
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The text that is shown of a mail about which `decision` was made; `None` is a mail that is on record already.
pub(super) fn shown_text<'a>(
    tx: &ReadTx<'_>,
    settings: &Settings,
    mail: &'a ParsedMail,
    facts: &Facts,
    decision: Option<&Decision>,
) -> Result<&'a str> {
    let joined = match decision {
        // What staff write is sent to the customer, who wrote what it quotes.
        Some(Decision::Append(append)) if matches!(append.role, Role::Staff(_)) => return Ok(mail.reply_text()),
        Some(Decision::Append(append)) => Some(append.ticket),
        Some(
            Decision::Open(_)
            | Decision::Drop { .. }
            | Decision::Bounce { .. }
            | Decision::Quarantine { .. }
            | Decision::Refuse(_),
        )
        | None => answered_ticket(facts),
    };
    let whole = mail.opening_text.as_deref().unwrap_or(&mail.full_text).trim_end();
    let Some(ticket) = joined else { return Ok(whole) };
    if mail.answered_text.trim().is_empty() {
        return Ok(mail.reply_text());
    }
    Ok(if has_new_text(tx, settings, mail, ticket, None)? { whole } else { mail.reply_text() })
}

/// Whether what the mail quotes holds something that the desk does not have, before that message if one is given.
pub(super) fn has_new_text(
    tx: &ReadTx<'_>,
    settings: &Settings,
    mail: &ParsedMail,
    ticket: TicketId,
    message: Option<MessageId>,
) -> Result<bool> {
    Ok(is_all_greeting(mail.reply_text())
        || known_before(tx, settings, ticket, message)?.has_new_line(&mail.answered_text))
}

/// The ticket of which the mail answers a mail, whatever becomes of it.
fn answered_ticket(facts: &Facts) -> Option<TicketId> {
    let by_id = facts.named.iter().find(|named| named.by == NamedBy::ThreadId).map(|named| named.ticket.id);
    facts.token.as_ref().map(|token| token.ticket.id).or(by_id)
}

/// What the desk wrote, got and sent about a ticket, before that message if one is given.
fn known_before(
    tx: &ReadTx<'_>,
    settings: &Settings,
    ticket: TicketId,
    message: Option<MessageId>,
) -> Result<KnownText> {
    let mut known = KnownText::new();
    let mut bytes = 0;
    for (body, is_html, full_text) in tx.newest_texts(ticket, message, MESSAGES_MAX)? {
        bytes += body.len() + full_text.len();
        if bytes > MESSAGE_BYTES_MAX {
            break;
        }
        if is_html {
            known.learn_piece(&html::to_text(&body));
        } else {
            known.learn_piece(&body);
        }
        known.learn_piece(&full_text);
    }
    let mut stored = tx.stored_templates()?;
    for event in Event::ALL {
        let own = stored.iter().position(|(name, _)| name == event.name());
        let template = own.map_or_else(|| event.shipped(), |at| stored.swap_remove(at).1);
        // A value stands between two percent signs.
        for text in [template.subject, template.body_text, html::to_text(&template.body_html)] {
            text.split('%').for_each(|piece| known.learn_piece(piece));
        }
    }
    for piece in [LEFT_OUT.0, LEFT_OUT.1] {
        known.learn_piece(piece);
    }
    for value in [settings.site_name.as_str(), settings.site_url.as_str(), &ticket.to_string()] {
        known.learn_piece(value);
    }
    if let Some(ticket) = tx.ticket(ticket)? {
        known.learn_piece(&ticket.subject);
        // Status and priority may have been others when the desk wrote.
        Status::ALL.iter().for_each(|status| known.learn_piece(status.word()));
        SHIPPED_PRIORITIES.iter().for_each(|priority| known.learn_piece(priority));
        tx.priorities()?.iter().for_each(|priority| known.learn_piece(&priority.name));
        if let Some(department) = tx.department(ticket.department)? {
            known.learn_piece(&department.name);
        }
        if let Some(customer) = tx.customer(ticket.customer)? {
            known.learn_piece(&customer.fullname);
            known.learn_piece(&customer.email);
        }
    }
    Ok(known)
}
