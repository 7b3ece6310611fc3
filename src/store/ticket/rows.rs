//! Tickets' rows: reading them, opening and changing them, and what is removed with them or with their owner. Only
//! [`crate::desk`] changes them, through [`TicketRows`].

use crate::domain::{AddressId, DepartmentId, StaffId, Status, TicketId, Timestamp, UserId};
use crate::mail::Mailbox;
use crate::store::columns::id_or_none;
use crate::store::engine::Row;
use crate::store::value::misfit;
use crate::store::{ReadTx, Result, WriteTx};

/// Most merges followed from one ticket to the next. Chosen: no ticket is merged a hundred
/// times, and a ring (which cannot be made) would end here.
const MERGES_FOLLOWED_MAX: usize = 100;

/// A ticket's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Id.
    pub id: TicketId,
    /// Its department.
    pub department: DepartmentId,
    /// Its customer.
    pub customer: UserId,
    /// Subject, as given.
    pub subject: String,
    /// Status.
    pub status: Status,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Last message or change by people.
    pub last_update_at: Timestamp,
    /// When it was closed last; 0 never.
    pub closed_at: Timestamp,
    /// Messages after the first.
    pub replies: i64,
    /// The staff member who wrote last; none when the customer did.
    pub last_replier: Option<StaffId>,
    /// Who it is assigned to.
    pub staff: Option<StaffId>,
    /// Where it was merged into.
    pub merged_into: Option<TicketId>,
    /// The address its mail came to.
    pub address: Option<AddressId>,
    /// Where answers go instead of the customer's address; empty = there.
    pub reply_to: String,
    /// The name that belongs to `reply_to`; empty = the customer's.
    pub reply_to_name: String,
    /// Until when it is put off; 0 = it is not.
    pub snoozed_until: Timestamp,
    /// When it was called spam; 0 = it is not.
    pub spam_at: Timestamp,
}

impl Ticket {
    /// Whether it was called spam.
    #[must_use]
    pub(crate) const fn is_spam(&self) -> bool {
        self.spam_at.unix() > 0
    }
}

/// What it takes to open a ticket.
#[derive(Clone, Debug)]
pub struct NewTicket<'a> {
    /// Department.
    pub department: DepartmentId,
    /// Customer.
    pub customer: UserId,
    /// Subject, at most 255 characters where HelpDeskZ's API made it.
    pub subject: &'a str,
    /// The desk's address it came in by, if by mail.
    pub address: Option<AddressId>,
    /// Where answers go instead of the customer's address.
    pub(crate) reply_to: Option<&'a Mailbox>,
}

pub(super) fn ticket(row: &Row<'_>) -> Result<Ticket> {
    Ok(Ticket {
        id: TicketId::new(row.get(0)?),
        department: DepartmentId::new(row.get(1)?),
        customer: UserId::new(row.get(2)?),
        subject: row.get(3)?,
        status: status(row.get(4)?)?,
        created_at: Timestamp::from_unix(row.get(5)?),
        last_update_at: Timestamp::from_unix(row.get(6)?),
        closed_at: Timestamp::from_unix(row.get(7)?),
        replies: row.get(8)?,
        last_replier: id_or_none(row.get(9)?, StaffId::new),
        staff: row.get::<Option<i64>>(10)?.map(StaffId::new),
        merged_into: row.get::<Option<i64>>(11)?.map(TicketId::new),
        address: row.get::<Option<i64>>(12)?.map(AddressId::new),
        reply_to: row.get(13)?,
        reply_to_name: row.get(14)?,
        snoozed_until: Timestamp::from_unix(row.get(15)?),
        spam_at: Timestamp::from_unix(row.get(16)?),
    })
}

pub(in crate::store) fn status(number: i64) -> Result<Status> {
    // The column's CHECK allows 1 to 5 only, so this is a damaged row.
    Status::from_number(number).ok_or_else(|| misfit(&format!("the status {number}, which there is not")))
}

/// What is removed together with a ticket or a customer.
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

/// Reading.
impl ReadTx<'_> {
    /// The ticket with that id.
    pub fn ticket(&self, id: TicketId) -> Result<Option<Ticket>> {
        self.one(
            "SELECT id, department_id, customer_id, subject, status, created_at, last_update_at, closed_at, replies, \
             last_replier, staff_id, merged_into, address_id, reply_to, reply_to_name, snoozed_until, \
             spam_at FROM ticket WHERE id = $1",
            [id.get()],
            ticket,
        )
    }

    /// The ticket with that id, or the one it was merged into.
    pub fn ticket_after_merges(&self, id: TicketId) -> Result<Option<Ticket>> {
        let mut found = self.ticket(id)?;
        for _ in 0..MERGES_FOLLOWED_MAX {
            match found.as_ref().and_then(|t| t.merged_into) {
                Some(next) => found = self.ticket(next)?,
                None => break,
            }
        }
        Ok(found)
    }

    /// Tickets linked with this one, either way.
    pub fn linked_tickets(&self, id: TicketId) -> Result<Vec<TicketId>> {
        self.all(
            "SELECT other_id FROM ticket_link WHERE ticket_id = $1 \
             UNION SELECT ticket_id FROM ticket_link WHERE other_id = $1 ORDER BY 1",
            [id.get()],
            |row| Ok(TicketId::new(row.get(0)?)),
        )
    }

    /// Our other addresses that mail of the ticket also went to.
    pub fn addresses_seen(&self, id: TicketId) -> Result<Vec<String>> {
        self.all("SELECT email FROM ticket_address_seen WHERE ticket_id = $1 ORDER BY email", [id.get()], |row| {
            row.get(0)
        })
    }

    /// What would go with that owner.
    pub fn belongings(&self, owner: Owner) -> Result<Belongings> {
        let (tickets, id) = owner.tickets();
        let of =
            |table: &str| self.number(&format!("SELECT count(*) FROM {table} WHERE ticket_id IN ({tickets})"), [id]);
        Ok(Belongings {
            tickets: self.number(&format!("SELECT count(*) FROM ({tickets}) AS owned"), [id])?,
            messages: of("message")?,
            attachments: of("attachment")?,
        })
    }

    /// The number of a ticket's priority and its name, which is empty where the desk has no table of
    /// priorities (HelpDeskZ's comes with an import).
    pub fn priority_of(&self, ticket: TicketId) -> Result<(i64, String)> {
        let found = self.one(
            "SELECT ticket.priority, coalesce(priority.name, '') FROM ticket \
             LEFT JOIN priority ON priority.id = ticket.priority WHERE ticket.id = $1",
            [ticket.get()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(found.unwrap_or_default())
    }

    /// Custom fields and priority of a ticket: a JSON list of [title, value], the priority's number
    /// and its name (empty where no priority is known by that number).
    pub fn ticket_form(&self, id: crate::domain::TicketId) -> Result<(String, i64, String)> {
        let found = self.one(
            "SELECT ticket.custom_fields, ticket.priority, coalesce(priority.name, '') \
             FROM ticket LEFT JOIN priority ON priority.id = ticket.priority WHERE ticket.id = $1",
            [id.get()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        Ok(found.unwrap_or_else(|| ("[]".to_owned(), 0, String::new())))
    }
}

/// The verbs that change tickets, apart from the others so that a test can see who calls them: only
/// [`crate::desk`], which couples each change with its notices and its event.
#[derive(Clone, Copy, Debug)]
pub struct TicketRows<'a>(&'a WriteTx<'a>);

impl<'a> std::ops::Deref for TicketRows<'a> {
    type Target = WriteTx<'a>;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl WriteTx<'_> {
    /// The verbs that change tickets.
    #[must_use]
    pub const fn ticket_rows(&self) -> TicketRows<'_> {
        TicketRows(self)
    }
}

/// Changing.
impl TicketRows<'_> {
    /// Opens a ticket without messages.
    pub fn add_ticket(&self, new: &NewTicket<'_>, now: Timestamp) -> Result<TicketId> {
        let id = self.insert(
            "INSERT INTO ticket (department_id, customer_id, subject, created_at, last_update_at, address_id, reply_to, \
             reply_to_name) VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
            (
                new.department.get(),
                new.customer.get(),
                new.subject,
                now.unix(),
                new.address.map(AddressId::get),
                new.reply_to.map_or("", |mailbox| mailbox.address.as_str()),
                new.reply_to.map_or("", |mailbox| mailbox.name.as_str()),
            ),
        )?;
        Ok(TicketId::new(id))
    }

    /// Writes what a public message changes on its ticket: status, reply count, last writer, time.
    pub fn ticket_answered(
        &self,
        id: TicketId,
        status: Status,
        last_replier: Option<StaffId>,
        now: Timestamp,
    ) -> Result<()> {
        self.run(
            "UPDATE ticket SET replies = replies + 1, status = $1, last_replier = $2, \
             last_update_at = CASE WHEN last_update_at < $3 THEN $3 ELSE last_update_at END, closed_at = CASE WHEN $1 = 5 AND status <> 5 THEN $3 ELSE closed_at END WHERE id = $4",
            (status.number(), last_replier.map_or(0, StaffId::get), now.unix(), id.get()),
        )?;
        Ok(())
    }

    /// Counts a machine's message that changes neither status nor time.
    pub fn ticket_annotated(&self, id: TicketId) -> Result<()> {
        self.run("UPDATE ticket SET replies = replies + 1 WHERE id = $1", [id.get()])?;
        Ok(())
    }

    /// Sets a ticket's status; closing notes the time.
    pub fn set_status(&self, id: TicketId, status: Status, now: Timestamp) -> Result<()> {
        self.run(
            "UPDATE ticket SET closed_at = CASE WHEN $1 = 5 AND status <> 5 THEN $2 ELSE closed_at END, status = $1 \
             WHERE id = $3",
            (status.number(), now.unix(), id.get()),
        )?;
        Ok(())
    }

    /// Moves a ticket to another department.
    pub fn set_ticket_department(&self, id: TicketId, department: DepartmentId) -> Result<()> {
        self.run("UPDATE ticket SET department_id = $1 WHERE id = $2", (department.get(), id.get()))?;
        Ok(())
    }

    /// Writes who wrote last on a ticket that was opened by staff.
    pub fn set_last_replier(&self, id: TicketId, staff: StaffId) -> Result<()> {
        self.run("UPDATE ticket SET last_replier = $1 WHERE id = $2", (staff.get(), id.get()))?;
        Ok(())
    }

    /// Assigns a ticket.
    pub fn assign_ticket(&self, id: TicketId, staff: StaffId) -> Result<()> {
        self.run("UPDATE ticket SET staff_id = $1 WHERE id = $2", (staff.get(), id.get()))?;
        Ok(())
    }

    /// Sets where answers go instead of the customer's address.
    pub(crate) fn set_reply_to(&self, id: TicketId, reply_to: &Mailbox) -> Result<()> {
        self.run(
            "UPDATE ticket SET reply_to = $1, reply_to_name = $2 WHERE id = $3",
            (reply_to.address.as_str(), &reply_to.name, id.get()),
        )?;
        Ok(())
    }

    /// Removes a ticket with its messages and attachments; says whether there was one.
    pub fn remove_ticket(&self, id: TicketId) -> Result<bool> {
        Ok(self.run("DELETE FROM ticket WHERE id = $1", [id.get()])? > 0)
    }

    /// Links two tickets.
    pub fn link_tickets(&self, id: TicketId, other: TicketId) -> Result<()> {
        self.run(
            "INSERT INTO ticket_link (ticket_id, other_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            (id.get(), other.get()),
        )?;
        Ok(())
    }

    /// Notes another address of ours that the ticket's mail went to; says whether it is a new one.
    pub fn note_address_seen(&self, id: TicketId, email: &str) -> Result<bool> {
        let added = self.run(
            "INSERT INTO ticket_address_seen (ticket_id, email) SELECT $1, $2 WHERE EXISTS (SELECT 1 FROM ticket WHERE id = $1) \
             ON CONFLICT DO NOTHING",
            (id.get(), email),
        )?;
        Ok(added > 0)
    }

    /// Removes the assignment of a ticket.
    pub fn unassign_ticket(&self, id: TicketId) -> Result<()> {
        self.run("UPDATE ticket SET staff_id = NULL WHERE id = $1", [id.get()])?;
        Ok(())
    }

    /// Closes answered tickets that nobody touched since `before`, longest untouched first, at most
    /// `max` of them; says which.
    pub fn close_answered(&self, before: Timestamp, max: usize, now: Timestamp) -> Result<Vec<TicketId>> {
        self.all(
            "UPDATE ticket SET status = 5, closed_at = $1 WHERE id IN (SELECT id FROM ticket \
             WHERE status = 2 AND last_update_at < $2 ORDER BY last_update_at LIMIT $3) RETURNING id",
            (now.unix(), before.unix(), i64::try_from(max).unwrap_or(i64::MAX)),
            |row| Ok(TicketId::new(row.get(0)?)),
        )
    }
}
