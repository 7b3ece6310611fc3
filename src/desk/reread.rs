//! What is done to a mail that is on record: reading it again by newer rules, letting it in by hand.

use super::Change;
use crate::domain::{EventKind, MessageId, ReceiptId, TicketId};
use crate::store::Result;
use crate::store::message::MessageTexts;

impl Change<'_> {
    /// Puts the texts of a mail, read again, in the place of those stored; nobody is notified.
    pub(crate) fn reread(&self, ticket: TicketId, message: MessageId, texts: &MessageTexts<'_>) -> Result<()> {
        self.rows().set_message_texts(message, texts)?;
        self.write_event(ticket, EventKind::Reread, &message.to_string())
    }

    /// Says who has let in a mail that had been set aside, which is in the ticket now: the mail itself is its sender's.
    pub(crate) fn note_let_in(&self, ticket: TicketId, mail: ReceiptId) -> Result<()> {
        self.write_event(ticket, EventKind::LetIn, &mail.to_string())
    }
}
