//! The people of a ticket: its requester, the participants, and who was given a reply token.

use super::rows::{Ticket, TicketRows};
use crate::domain::{EmailAddress, TicketId, Timestamp};
use crate::store::customer::Customer;
use crate::store::{ReadTx, Result, WriteTx};

/// Most participants of one ticket besides the customer.
pub(crate) const PARTICIPANTS_MAX: usize = 20;

impl ReadTx<'_> {
    /// Whether the address belongs to the ticket's customer or to one of its participants.
    pub fn takes_part(&self, ticket: TicketId, email: &EmailAddress) -> Result<bool> {
        let found = self.number(
            "SELECT EXISTS (SELECT 1 FROM participant WHERE ticket_id = $1 AND email = $2) \
             OR EXISTS (SELECT 1 FROM ticket JOIN customer ON customer.id = ticket.customer_id \
                        WHERE ticket.id = $1 AND (customer.email = $2 OR ticket.reply_to = $2 COLLATE NOCASE))",
            (ticket.get(), email.as_str()),
        )?;
        Ok(found > 0)
    }

    /// The ticket's participants besides the customer: address and name.
    pub fn participants(&self, ticket: TicketId) -> Result<Vec<(String, String)>> {
        self.all(
            "SELECT email, name FROM participant WHERE ticket_id = $1 ORDER BY added_at, email",
            [ticket.get()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// The addresses that were given a reply token for the ticket.
    pub fn token_holders(&self, id: TicketId) -> Result<Vec<String>> {
        self.all("SELECT email FROM token_holder WHERE ticket_id = $1", [id.get()], |row| row.get(0))
    }
}

impl WriteTx<'_> {
    /// Remembers that an address was given a reply token for the ticket.
    pub fn note_token_holder(&self, id: TicketId, email: &EmailAddress) -> Result<()> {
        self.run(
            "INSERT INTO token_holder (ticket_id, email) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            (id.get(), email.as_str()),
        )?;
        Ok(())
    }
}

impl TicketRows<'_> {
    /// Adds a participant unless the ticket has [`PARTICIPANTS_MAX`]; says whether they take part now.
    pub fn add_participant(&self, ticket: TicketId, name: &str, email: &EmailAddress, now: Timestamp) -> Result<bool> {
        self.run(
            "INSERT INTO participant (ticket_id, email, name, added_at) SELECT $1, $2, $3, $4 \
             WHERE (SELECT count(*) FROM participant WHERE ticket_id = $1) < $5 ON CONFLICT DO NOTHING",
            (ticket.get(), email.as_str(), name, now.unix(), i64::try_from(PARTICIPANTS_MAX).unwrap_or(i64::MAX)),
        )?;
        self.takes_part(ticket, email)
    }

    /// Takes a participant off a ticket: they get no answers, and may not write into it by what they were sent.
    pub fn remove_participant(&self, ticket: TicketId, email: &str) -> Result<bool> {
        self.run("DELETE FROM token_holder WHERE ticket_id = $1 AND email = $2", (ticket.get(), email))?;
        Ok(self.run("DELETE FROM participant WHERE ticket_id = $1 AND email = $2", (ticket.get(), email))? > 0)
    }

    /// Gives a ticket to another customer, who gets the answers from now on. The one before has no
    /// right to write into it any more; [`TicketRows::keep_taking_part`] gives it back.
    pub fn set_requester(&self, ticket: &Ticket, old: &Customer, new: &Customer) -> Result<()> {
        let id = ticket.id.get();
        self.run(
            "UPDATE ticket SET customer_id = $1, reply_to = '', reply_to_name = '' WHERE id = $2",
            (new.id.get(), id),
        )?;
        self.run("DELETE FROM participant WHERE ticket_id = $1 AND email = $2", (id, &new.email))?;
        self.run(
            "DELETE FROM token_holder WHERE ticket_id = $1 AND email IN ($2, $3)",
            (id, &old.email, &ticket.reply_to),
        )?;
        Ok(())
    }

    /// Lets the former customer of a ticket still take part in it.
    pub fn keep_taking_part(&self, ticket: TicketId, old: &Customer, now: Timestamp) -> Result<()> {
        if let Ok(email) = old.email.parse()
            && self.add_participant(ticket, &old.fullname, &email, now)?
        {
            self.note_token_holder(ticket, &email)?;
        }
        Ok(())
    }
}
