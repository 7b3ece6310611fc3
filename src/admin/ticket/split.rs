//! `admin ticket split`: a message becomes a ticket of its own.

use serde_json::json;

use super::change::found;
use super::new;
use crate::admin::{Context, output};
use crate::domain::{MessageId, TicketId};
use crate::outcome::{self, Failure, bail};
use crate::terminal;

pub(super) fn run(context: &Context, id: TicketId, message: i64, subject: Option<&str>) -> outcome::Result<()> {
    let message = MessageId::new(message);
    let given = subject.map(new::subject).transpose()?;
    let (new, subject) = context.store.write(|tx| {
        let ticket = found(tx, id)?;
        if let Some(into) = ticket.merged_into {
            bail!("ticket {id} was merged into {into}: its messages are there");
        }
        let messages = tx.messages(id)?;
        let Some(one) = messages.iter().find(|one| one.id == message) else {
            bail!("ticket {id} has no message {message}"; "`maildesk admin ticket show {id}` has their numbers");
        };
        if !one.is_internal && messages.iter().filter(|one| !one.is_internal).count() < 2 {
            bail!("message {message} is all that ticket {id} has: there is nothing to split it from");
        }
        let subject = given.unwrap_or(&ticket.subject);
        let new = context.changes(tx, &tx.settings()?).split(&ticket, one, subject)?;
        Ok::<_, Failure>((new, subject.to_owned()))
    })?;
    let json = json!({ "ticket_id": new.get(), "from": id.get(), "message_id": message.get(), "subject": subject });
    context.output.object(&json, &new.to_string())?;
    context.output.say(&terminal::line(&format!("#{new} {subject}; {}", output::next("admin ticket show", new))));
    Ok(())
}
