//! How much was answered automatically before, which bounds how much more is.

use crate::domain::{EmailAddress, TicketId, Window};
use crate::store::{ReadTx, Result};

/// What says whether an address may be answered automatically.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswersBefore {
    /// Automatic answers about the ticket and those it is linked with.
    pub about_ticket: i64,
    /// Automatic answers to the address.
    pub to_recipient: i64,
    /// Permanent bounces from the address.
    pub hard_bounces: i64,
}

impl ReadTx<'_> {
    /// The automatic answers (not notices to staff) that were queued within `lately`, to that address and about that ticket
    /// and those it is linked with over however many others: a stranger's mail that names a ticket opens a linked one of its
    /// own. And how many mails to the address bounced permanently ([`crate::domain::reason::BounceClass::Permanent`]) within `bouncing`.
    pub fn answers_before(
        &self,
        ticket: TicketId,
        recipient: &EmailAddress,
        lately: Window,
        bouncing: Window,
    ) -> Result<AnswersBefore> {
        let found = self.one(
            "WITH RECURSIVE family (id) AS (SELECT id FROM ticket WHERE id = $1 UNION \
             SELECT CASE WHEN link.ticket_id = family.id THEN link.other_id ELSE link.ticket_id END \
             FROM family JOIN ticket_link AS link ON link.ticket_id = family.id OR link.other_id = family.id) \
             SELECT (SELECT count(*) FROM outbox WHERE ticket_id > 0 AND ticket_id IN (SELECT id FROM family) \
             AND is_automatic = 1 AND created_at > $2 AND created_at <= $3 AND event IN ('new_ticket', 'autoresponse')), \
             (SELECT count(*) FROM outbox WHERE recipient = $4 AND is_automatic = 1 AND created_at > $2 \
             AND created_at <= $3 AND event IN ('new_ticket', 'autoresponse')), \
             (SELECT count(*) FROM outbox WHERE recipient = $4 AND bounced_at > $5 AND bounced_at <= $6 \
             AND bounce_class = 'permanent')",
            (
                ticket.get(),
                lately.since.unix(),
                lately.until.unix(),
                recipient.as_str(),
                bouncing.since.unix(),
                bouncing.until.unix(),
            ),
            |row| {
                Ok(AnswersBefore { about_ticket: row.get(0)?, to_recipient: row.get(1)?, hard_bounces: row.get(2)? })
            },
        )?;
        Ok(found.unwrap_or_default())
    }
}
