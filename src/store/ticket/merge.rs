//! Merging one ticket into another.

use serde::{Deserialize, Serialize};

use super::aside::Standing;
use super::rows::{Ticket, TicketRows};
use crate::domain::{Status, TicketId, Timestamp};
use crate::store::{ReadTx, Result};

/// What it takes to part two tickets again, as `ticket_merge.state` holds it: the ids of what was moved, and how both
/// stood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Moved {
    messages: Vec<i64>,
    attachments: Vec<i64>,
    receipts: Vec<i64>,
    outbox: Vec<i64>,
    /// Message-IDs that the other ticket did not have.
    threads: Vec<String>,
    /// Tickets that had been merged into this one.
    tickets: Vec<i64>,
    /// Addresses of those who did not take part in the other.
    people: Vec<String>,
    /// How this one stood ([`Standing::numbers`]), the other's status, and the one it got.
    from: [i64; 6],
    into: [i64; 2],
}

/// Tickets.
impl TicketRows<'_> {
    /// Moves everything of one ticket into another and leaves an empty closed ticket that leads there: its
    /// number, its tags and its tokens still work.
    ///
    /// The other ticket gets `status`. People who got mail about this one take part in the other, as far as there is
    /// room.
    pub fn merge_tickets(&self, from: &Ticket, into: &Ticket, status: Status, now: Timestamp) -> Result<()> {
        let (source, target) = (from.id.get(), into.id.get());
        let mut state = self.belongings_of_merge(from, into, status)?;
        state.people = self.merge_people(from, into, now)?;
        self.keep_merge(from.id, into.id, &state, now)?;
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

    /// Keeps what it takes to part them, and lets what somebody is writing go along, unless they have begun something
    /// there too.
    fn keep_merge(&self, from: TicketId, into: TicketId, state: &Moved, now: Timestamp) -> Result<()> {
        self.run(
            "INSERT INTO ticket_merge (ticket_id, into_id, merged_at, state) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (ticket_id) DO UPDATE SET into_id = excluded.into_id, merged_at = excluded.merged_at, \
             state = excluded.state",
            (from.get(), into.get(), now.unix(), serde_json::to_string(state).unwrap_or_default()),
        )?;
        self.run(
            "UPDATE draft SET ticket_id = $1 WHERE ticket_id = $2 AND NOT EXISTS (SELECT 1 FROM draft AS other \
             WHERE other.ticket_id = $1 AND other.staff_id = draft.staff_id AND other.kind = draft.kind)",
            (into.get(), from.get()),
        )?;
        Ok(())
    }

    /// Adds the people of one ticket to another; says who did not take part in it before.
    fn merge_people(&self, from: &Ticket, into: &Ticket, now: Timestamp) -> Result<Vec<String>> {
        let mut added = Vec::new();
        if let Some(customer) = self.customer(from.customer)? {
            let address = if from.reply_to.is_empty() { &customer.email } else { &from.reply_to };
            let name = if from.reply_to_name.is_empty() { &customer.fullname } else { &from.reply_to_name };
            // An address that cannot be written to cannot take part.
            if let Ok(email) = address.parse()
                && !self.takes_part(into.id, &email)?
            {
                self.add_participant(into.id, name, &email, now)?;
                added.push(email.to_string());
            }
        }
        for (address, name) in self.participants(from.id)? {
            if let Ok(email) = address.parse()
                && !self.takes_part(into.id, &email)?
            {
                self.add_participant(into.id, &name, &email, now)?;
                added.push(email.to_string());
            }
        }
        Ok(added)
    }
}

/// Parting again.
impl ReadTx<'_> {
    /// The ticket that this one was merged into, where what it takes to part them is known.
    pub fn merge_of(&self, id: TicketId) -> Result<Option<TicketId>> {
        self.one(
            "SELECT ticket.merged_into FROM ticket_merge JOIN ticket ON ticket.id = ticket_merge.ticket_id \
             WHERE ticket_merge.ticket_id = $1 AND ticket.merged_into IS NOT NULL",
            [id.get()],
            |row| Ok(TicketId::new(row.get(0)?)),
        )
    }
}

impl TicketRows<'_> {
    fn ids(&self, sql: &str, ticket: i64) -> Result<Vec<i64>> {
        self.all(sql, [ticket], |row| row.get(0))
    }

    /// What is about to move from one ticket into another.
    fn belongings_of_merge(&self, from: &Ticket, into: &Ticket, status: Status) -> Result<Moved> {
        let id = from.id.get();
        Ok(Moved {
            messages: self.ids("SELECT id FROM message WHERE ticket_id = $1", id)?,
            attachments: self.ids("SELECT id FROM attachment WHERE ticket_id = $1", id)?,
            receipts: self.ids("SELECT id FROM receipt WHERE ticket_id = $1 AND ticket_id > 0", id)?,
            outbox: self.ids("SELECT id FROM outbox WHERE ticket_id = $1 AND ticket_id > 0", id)?,
            threads: self.all(
                "SELECT message_id FROM thread_id WHERE ticket_id = $1 \
                 AND message_id NOT IN (SELECT message_id FROM thread_id WHERE ticket_id = $2)",
                (id, into.id.get()),
                |row| row.get(0),
            )?,
            tickets: self.ids("SELECT id FROM ticket WHERE merged_into = $1", id)?,
            people: Vec::new(),
            from: Standing::of(from).numbers(),
            into: [into.status.number(), status.number()],
        })
    }

    /// Changes how a merged ticket will stand when it is parted again, after something of it went that the other had
    /// got; `status` is the one that the other has now.
    pub fn amend_merge(&self, from: TicketId, status: Status, amend: impl FnOnce(Standing) -> Standing) -> Result<()> {
        let sql = "SELECT state FROM ticket_merge WHERE ticket_id = $1";
        let Some(state) = self.one(sql, [from.get()], |row| row.get::<String>(0))? else { return Ok(()) };
        let mut moved: Moved = serde_json::from_str(&state).unwrap_or_default();
        moved.from = amend(Standing::from_numbers(moved.from)).numbers();
        let [former, _] = moved.into;
        moved.into = [former, status.number()];
        let state = serde_json::to_string(&moved).unwrap_or_default();
        self.run("UPDATE ticket_merge SET state = $1 WHERE ticket_id = $2", (state, from.get()))?;
        Ok(())
    }

    /// Gives a ticket back what was moved into another one, and that one what it had; what came in since stays there.
    /// `None` when it is not merged, or was by a version that kept no record.
    pub fn part_tickets(&self, from: &Ticket) -> Result<Option<TicketId>> {
        let Some(into) = self.merge_of(from.id)? else { return Ok(None) };
        let (source, target) = (from.id.get(), into.get());
        let state: String = self
            .one("SELECT state FROM ticket_merge WHERE ticket_id = $1", [source], |row| row.get(0))?
            .unwrap_or_default();
        let moved: Moved = serde_json::from_str(&state).unwrap_or_default();
        let tables = [
            ("message", &moved.messages),
            ("attachment", &moved.attachments),
            ("receipt", &moved.receipts),
            ("outbox", &moved.outbox),
        ];
        for (table, ids) in tables {
            let sql = format!("UPDATE {table} SET ticket_id = $1 WHERE id = $2 AND ticket_id = $3");
            for id in ids {
                self.run(&sql, (source, *id, target))?;
            }
        }
        for id in &moved.threads {
            self.run("DELETE FROM thread_id WHERE ticket_id = $1 AND message_id = $2", (target, id))?;
        }
        for email in &moved.people {
            self.run("DELETE FROM participant WHERE ticket_id = $1 AND email = $2", (target, email))?;
        }
        self.run("UPDATE ticket SET merged_into = NULL WHERE id = $1", [source])?;
        for id in &moved.tickets {
            self.run("UPDATE ticket SET merged_into = $1 WHERE id = $2 AND merged_into = $3", (source, *id, target))?;
        }
        self.set_standing(from.id, &Standing::from_numbers(moved.from))?;
        let [former, given] = moved.into;
        self.run("UPDATE ticket SET status = $1 WHERE id = $2 AND status = $3", (former, target, given))?;
        for id in [source, target] {
            self.run(
                "UPDATE ticket SET replies = (SELECT CASE WHEN count(*) > 0 THEN count(*) - 1 ELSE 0 END FROM message \
                 WHERE ticket_id = $1 AND is_internal = 0) WHERE id = $1",
                [id],
            )?;
        }
        self.run("DELETE FROM ticket_merge WHERE ticket_id = $1", [source])?;
        Ok(Some(into))
    }
}
