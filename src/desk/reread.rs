//! Reading a stored mail again by newer rules.

use super::Change;
use crate::domain::{EventKind, MessageId, TicketId};
use crate::store::Result;
use crate::store::message::MessageTexts;

impl Change<'_> {
    /// Puts the texts of a mail, read again, in the place of those stored; nobody is notified.
    pub(crate) fn reread(&self, ticket: TicketId, message: MessageId, texts: &MessageTexts<'_>) -> Result<()> {
        self.rows().set_message_texts(message, texts)?;
        self.write_event(ticket, EventKind::Reread, &message.to_string())
    }
}
