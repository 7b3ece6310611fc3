//! Merging one ticket into another.

use super::rows::{Ticket, TicketRows};
use crate::domain::{Status, Timestamp};
use crate::store::Result;

/// Tickets.
impl TicketRows<'_> {
    /// Moves everything of one ticket into another and leaves an empty closed ticket that leads there: its
    /// number, its tags and its tokens still work.
    ///
    /// The other ticket gets `status`. People who got mail about this one take part in the other, as far as there is
    /// room.
    pub fn merge_tickets(&self, from: &Ticket, into: &Ticket, status: Status, now: Timestamp) -> Result<()> {
        let (source, target) = (from.id.get(), into.id.get());
        self.merge_people(from, into, now)?;
        self.run("UPDATE message SET ticket_id = $1 WHERE ticket_id = $2", (target, source))?;
        self.run("UPDATE attachment SET ticket_id = $1 WHERE ticket_id = $2", (target, source))?;
        self.run("UPDATE receipt SET ticket_id = $1 WHERE ticket_id = $2 AND ticket_id > 0", (target, source))?;
        self.run("UPDATE outbox SET ticket_id = $1 WHERE ticket_id = $2 AND ticket_id > 0", (target, source))?;
        // They stay with the first ticket as well: its mails are answered under its subject.
        self.run(
            "INSERT INTO thread_id (message_id, ticket_id, position, email) \
             SELECT message_id, $1, position + (SELECT coalesce(max(position), 0) FROM thread_id WHERE ticket_id = $1), \
             email FROM thread_id WHERE ticket_id = $2 ON CONFLICT DO NOTHING",
            (target, source),
        )?;
        self.run(
            "INSERT INTO ticket_address_seen (ticket_id, email) SELECT $1, email FROM ticket_address_seen \
             WHERE ticket_id = $2 ON CONFLICT DO NOTHING",
            (target, source),
        )?;
        // Tickets merged into this one before are found in one step.
        self.run("UPDATE ticket SET merged_into = $1 WHERE merged_into = $2", (target, source))?;
        self.run(
            "UPDATE ticket SET status = $1, last_update_at = CASE WHEN last_update_at < $2 THEN $2 ELSE last_update_at END, \
             replies = (SELECT CASE WHEN count(*) > 0 THEN count(*) - 1 ELSE 0 END FROM message \
             WHERE ticket_id = $3 AND is_internal = 0), \
             last_replier = coalesce((SELECT staff_id FROM message WHERE ticket_id = $3 AND is_internal = 0 \
             ORDER BY created_at DESC, id DESC LIMIT 1), last_replier) WHERE id = $3",
            (status.number(), from.last_update_at.unix(), target),
        )?;
        self.set_status(from.id, Status::Closed, now)?;
        self.run(
            "UPDATE ticket SET merged_into = $1, replies = 0, last_update_at = $2 WHERE id = $3",
            (target, now.unix(), source),
        )?;
        Ok(())
    }

    fn merge_people(&self, from: &Ticket, into: &Ticket, now: Timestamp) -> Result<()> {
        if let Some(customer) = self.customer(from.customer)? {
            let address = if from.reply_to.is_empty() { &customer.email } else { &from.reply_to };
            let name = if from.reply_to_name.is_empty() { &customer.fullname } else { &from.reply_to_name };
            // An address that cannot be written to cannot take part.
            if let Ok(email) = address.parse()
                && !self.takes_part(into.id, &email)?
            {
                self.add_participant(into.id, name, &email, now)?;
            }
        }
        for (address, name) in self.participants(from.id)? {
            if let Ok(email) = address.parse()
                && !self.takes_part(into.id, &email)?
            {
                self.add_participant(into.id, &name, &email, now)?;
            }
        }
        Ok(())
    }
}
