//! Mails that wait in the outbox or failed there: trying again, and giving up, each with its event on the ticket.

use super::Change;
use crate::domain::EventKind;
use crate::store::Result;
use crate::store::outbox::Outgoing;

impl Change<'_> {
    /// Makes a mail due now; says whether it can be sent again.
    pub(crate) fn retry_mail(&self, mail: &Outgoing) -> Result<bool> {
        let is_due = self.tx.retry_outgoing(mail.id, self.now)?;
        self.note_mail(mail, EventKind::Retried, is_due)?;
        Ok(is_due)
    }

    /// Takes a mail out of the queue; says whether it was waiting.
    pub(crate) fn drop_mail(&self, mail: &Outgoing) -> Result<bool> {
        let is_dropped = self.tx.drop_outgoing(mail.id)?;
        self.note_mail(mail, EventKind::Dropped, is_dropped)?;
        Ok(is_dropped)
    }

    fn note_mail(&self, mail: &Outgoing, kind: EventKind, is_done: bool) -> Result<()> {
        match mail.ticket.filter(|_| is_done) {
            Some(ticket) => self.write_event(ticket, kind, &mail.recipient),
            None => Ok(()),
        }
    }
}
