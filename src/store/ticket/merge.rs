//! Changes that people make to tickets and customers from the command line, and that time makes:
//! merging, another requester, unassigning, closing what was answered long ago.

use crate::domain::{DepartmentId, MessageId, ReceiptId, StaffId, Status, TicketId, Timestamp, UserId};
use crate::store::staff::account::Customer;
use crate::store::ticket::rows::{Ticket, TicketRows};
use crate::store::{ReadTx, Result};

/// What goes with a ticket or a customer when it is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Belongings {
    /// Tickets.
    pub tickets: i64,
    /// Messages and notes.
    pub messages: i64,
    /// Attachments.
    pub attachments: i64,
}

/// Whose tickets are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// One ticket.
    Ticket(TicketId),
    /// A customer's.
    Customer(UserId),
    /// A department's.
    Department(DepartmentId),
    /// Those assigned to a staff member.
    Staff(StaffId),
    /// Every ticket there is.
    Desk,
}

impl Owner {
    /// The query for the ids of the tickets, and its parameter.
    pub(in crate::store) const fn tickets(self) -> (&'static str, i64) {
        match self {
            Self::Ticket(id) => ("SELECT id FROM ticket WHERE id = $1", id.get()),
            Self::Customer(id) => ("SELECT id FROM ticket WHERE customer_id = $1", id.get()),
            Self::Department(id) => ("SELECT id FROM ticket WHERE department_id = $1", id.get()),
            Self::Staff(id) => ("SELECT id FROM ticket WHERE staff_id = $1", id.get()),
            Self::Desk => ("SELECT id FROM ticket WHERE id > $1", 0),
        }
    }
}

impl ReadTx<'_> {
    /// What would go with that owner.
    ///
    /// # Errors
    /// Those of the database, here and in every verb of this file.
    pub fn belongings(&self, owner: Owner) -> Result<Belongings> {
        let (tickets, id) = owner.tickets();
        let of =
            |table: &str| self.number(&format!("SELECT count(*) FROM {table} WHERE ticket_id IN ({tickets})"), [id]);
        Ok(Belongings {
            tickets: self.number(&format!("SELECT count(*) FROM ({tickets})"), [id])?,
            messages: of("message")?,
            attachments: of("attachment")?,
        })
    }

    /// The mails that are messages of a ticket, by when they came.
    ///
    /// # Errors
    /// Those of the database.
    pub fn receipts_of_ticket(&self, ticket: TicketId) -> Result<Vec<ReceiptId>> {
        self.all("SELECT id FROM receipt WHERE ticket_id = $1 AND ticket_id > 0 ORDER BY id", [ticket.get()], |row| {
            Ok(ReceiptId::new(row.get(0)?))
        })
    }

    /// A ticket's first message, and the From address of the mail it came by; empty when it came
    /// otherwise.
    ///
    /// # Errors
    /// Those of the database.
    pub fn opening_of(&self, ticket: TicketId) -> Result<Option<(MessageId, String)>> {
        self.one(
            "SELECT message.id, coalesce((SELECT from_email FROM receipt WHERE ticket_id = $1 AND ticket_id > 0 \
             AND message_id = message.id ORDER BY id LIMIT 1), '') \
             FROM message WHERE message.ticket_id = $1 AND is_internal = 0 ORDER BY message.created_at, message.id LIMIT 1",
            [ticket.get()],
            |row| Ok((MessageId::new(row.get(0)?), row.get(1)?)),
        )
    }
}

/// Tickets.
impl TicketRows<'_> {
    /// Moves everything of one ticket into another and leaves a closed shell that leads there: its
    /// number, its tags and its tokens go on to work.
    ///
    /// The other ticket gets `status`. Who was written to about this one takes part in the other, as far as there is
    /// room.
    ///
    /// # Errors
    /// Those of the database.
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
        // What was merged into the one merged now is found in one step.
        self.run("UPDATE ticket SET merged_into = $1 WHERE merged_into = $2", (target, source))?;
        self.run(
            "UPDATE ticket SET status = $1, last_update_at = max(last_update_at, $2), \
             replies = max(0, (SELECT count(*) FROM message WHERE ticket_id = $3 AND is_internal = 0) - 1), \
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
            // An address that cannot be written to has nothing to take part in.
            if let Ok(email) = address.parse()
                && !self.takes_part(into.id, &email)?
            {
                self.add_participant(into.id, &customer.fullname, &email, now)?;
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

    /// Gives a ticket to another customer, whom answers go to from now on. The one before has no
    /// right to write into it any more; [`TicketRows::keep_taking_part`] gives it back.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_requester(&self, ticket: &Ticket, old: &Customer, new: &Customer) -> Result<()> {
        let id = ticket.id.get();
        self.run("UPDATE ticket SET customer_id = $1, reply_to = '' WHERE id = $2", (new.id.get(), id))?;
        self.run("DELETE FROM participant WHERE ticket_id = $1 AND email = $2", (id, &new.email))?;
        self.run(
            "DELETE FROM token_holder WHERE ticket_id = $1 AND email IN ($2, $3)",
            (id, &old.email, &ticket.reply_to),
        )?;
        Ok(())
    }

    /// Lets somebody who was a ticket's customer take part in it further.
    ///
    /// # Errors
    /// Those of the database.
    pub fn keep_taking_part(&self, ticket: TicketId, old: &Customer, now: Timestamp) -> Result<()> {
        if let Ok(email) = old.email.parse()
            && self.add_participant(ticket, &old.fullname, &email, now)?
        {
            self.note_token_holder(ticket, &email)?;
        }
        Ok(())
    }

    /// Writes another customer as a message's writer.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_writer(&self, message: MessageId, customer: UserId) -> Result<()> {
        self.run("UPDATE message SET customer_id = $1 WHERE id = $2 AND author = 0", (customer.get(), message.get()))?;
        Ok(())
    }

    /// Takes a ticket from whoever it is assigned to.
    ///
    /// # Errors
    /// Those of the database.
    pub fn unassign_ticket(&self, id: TicketId) -> Result<()> {
        self.run("UPDATE ticket SET staff_id = NULL WHERE id = $1", [id.get()])?;
        Ok(())
    }

    /// Closes answered tickets that nobody touched since `before`, longest untouched first, at most
    /// `max` of them; says which.
    ///
    /// # Errors
    /// Those of the database.
    pub fn close_answered(&self, before: Timestamp, max: usize, now: Timestamp) -> Result<Vec<TicketId>> {
        self.all(
            "UPDATE ticket SET status = 5, closed_at = $1 WHERE id IN (SELECT id FROM ticket \
             WHERE status = 2 AND last_update_at < $2 ORDER BY last_update_at LIMIT $3) RETURNING id",
            (now.unix(), before.unix(), i64::try_from(max).unwrap_or(i64::MAX)),
            |row| Ok(TicketId::new(row.get(0)?)),
        )
    }
}

/// Customers.
impl TicketRows<'_> {
    /// Gives everything of one customer to another and removes the first. Answers in the tickets that
    /// move go on to the address they went to.
    ///
    /// # Errors
    /// Those of the database.
    pub fn merge_customers(&self, from: &Customer, into: &Customer) -> Result<()> {
        let (source, target) = (from.id.get(), into.id.get());
        self.run(
            "UPDATE ticket SET customer_id = $1, reply_to = CASE WHEN reply_to = '' THEN $2 ELSE reply_to END \
             WHERE customer_id = $3",
            (target, &from.email, source),
        )?;
        self.run("UPDATE message SET customer_id = $1 WHERE customer_id = $2 AND customer_id > 0", (target, source))?;
        self.run(
            "UPDATE customer SET mobile = CASE WHEN mobile = '' THEN $1 ELSE mobile END, \
             country_code = CASE WHEN country_code = '' THEN $2 ELSE country_code END, \
             registered_at = min(registered_at, $3) WHERE id = $4",
            (&from.mobile, &from.country_code, from.registered_at.unix(), target),
        )?;
        self.run("DELETE FROM customer WHERE id = $1", [source])?;
        Ok(())
    }
}
