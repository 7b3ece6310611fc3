//! Stored mail read again by today's rules: what a message would show now, and putting that in its place.

use super::shown::has_new_text;
use super::{Error, Rules};
use crate::desk::Change;
use crate::domain::reason::Reason;
use crate::domain::{Author, MessageId, TicketId};
use crate::mail::ParsedMail;
use crate::store::message::{Message, MessageTexts};
use crate::store::receipt::Receipt;
use crate::store::settings::Settings;
use crate::store::{self, ReadTx, Store};

/// What today's rules make of a stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rereading {
    /// Its ticket.
    pub(crate) ticket: TicketId,
    /// The message.
    pub(crate) message: MessageId,
    /// What is different: `shown`, `reply`, `full text`, `html`; never empty.
    pub(crate) changes: Vec<&'static str>,
    /// What it would show.
    pub(crate) shown: String,
    reply: String,
    full_text: String,
    html: String,
}

/// Reads a stored mail again; `None` where nothing would change, or the message is not a customer's mail any more.
/// Attachments stay as they were stored.
///
/// # Errors
/// [`Error::Store`].
pub(crate) fn reread(store: &Store, rules: &Rules, receipt: &Receipt, raw: &[u8]) -> Result<Option<Rereading>, Error> {
    let (Some(ticket), Some(message)) = (receipt.ticket, receipt.message) else { return Ok(None) };
    // What cannot be read by today's rules stays as it was read.
    let Ok(mail) = ParsedMail::parse(raw, &rules.limits) else { return Ok(None) };
    Ok(store.read(|tx| {
        let Some(stored) = tx.messages(ticket)?.into_iter().find(|stored| stored.id == message) else {
            return Ok(None);
        };
        let is_mail = !stored.is_html && !stored.is_internal && matches!(stored.author, Author::Customer(_));
        if !is_mail {
            return Ok(None);
        }
        let shown = shown_now(tx, &tx.settings()?, receipt, &mail, (ticket, message))?;
        Ok::<_, store::Error>(compared(&stored, &mail, shown, ticket))
    })?)
}

/// What the ticket would show of the mail, compared with what was in it before.
fn shown_now(
    tx: &ReadTx<'_>,
    settings: &Settings,
    receipt: &Receipt,
    mail: &ParsedMail,
    place: (TicketId, MessageId),
) -> store::Result<String> {
    let (ticket, message) = place;
    let is_opening = tx.opening_of(ticket)?.is_some_and(|(first, _)| first == message);
    let answers_ours = matches!(receipt.reason, Reason::ClosedTooLong | Reason::OtherSubject | Reason::Stranger);
    let whole = mail.opening_text.as_deref().unwrap_or(&mail.full_text).trim_end();
    if is_opening && !answers_ours {
        return Ok(whole.to_owned());
    }
    let has_quote = !is_opening && !mail.answered_text.trim().is_empty();
    let is_new = has_quote && has_new_text(tx, settings, mail, ticket, Some(message))?;
    Ok(if is_new { whole.to_owned() } else { mail.reply_text().to_owned() })
}

fn compared(stored: &Message, mail: &ParsedMail, shown: String, ticket: TicketId) -> Option<Rereading> {
    let before = |own: &String| if own.is_empty() { stored.body.clone() } else { own.clone() };
    let html = mail.html.clone().unwrap_or_default();
    let mut changes = Vec::new();
    for (name, is_same) in [
        ("shown", stored.body == shown),
        ("reply", before(&stored.reply_text).trim_end() == mail.reply_text().trim_end()),
        ("full text", before(&stored.full_text).trim_end() == mail.full_text.trim_end()),
        ("html", stored.mail_html == html),
    ] {
        if !is_same {
            changes.push(name);
        }
    }
    let (reply, full_text) = (mail.reply_text().to_owned(), mail.full_text.clone());
    (!changes.is_empty()).then_some(Rereading { ticket, message: stored.id, changes, shown, reply, full_text, html })
}

/// Puts what was read in the place of what is stored. Nobody is notified, and neither status nor times change.
///
/// # Errors
/// When the database fails.
pub(crate) fn put(change: &Change<'_>, rereading: &Rereading) -> store::Result<()> {
    let texts = MessageTexts {
        body: &rereading.shown,
        reply_text: &rereading.reply,
        full_text: &rereading.full_text,
        mail_html: &rereading.html,
    };
    change.reread(rereading.ticket, rereading.message, &texts)
}
