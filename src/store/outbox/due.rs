//! Which outgoing mails are due, and taking them: one sender has them for itself until its lease ends.

use super::{Claimed, claimed};
use crate::domain::{AddressId, TicketId, Timestamp};
use crate::store::{ReadTx, Result, WriteTx};

/// Which mails a sender asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All that are due.
    All,
    /// Those about one ticket.
    Ticket(TicketId),
}

/// A condition that leaves out the mails of these addresses.
fn others(busy: &[AddressId]) -> String {
    if busy.is_empty() {
        return String::new();
    }
    let ids: Vec<String> = busy.iter().map(|address| address.get().to_string()).collect();
    format!(" AND address_id NOT IN ({})", ids.join(", "))
}

impl ReadTx<'_> {
    /// Whether a sender has, or had, mails for itself.
    pub fn is_anything_leased(&self, now: Timestamp) -> Result<bool> {
        let found = self.number(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'pending' AND next_attempt_at <= $1 AND leased_until > $1)",
            [now.unix()],
        )?;
        Ok(found > 0)
    }

    /// Whether a mail is due, not claimed, and not to be sent by one of the busy addresses.
    pub fn is_anything_due(&self, scope: Scope, busy: &[AddressId], now: Timestamp) -> Result<bool> {
        let others = others(busy);
        let found = match scope {
            Scope::All => self.number(
                &format!(
                    "SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'pending' AND next_attempt_at <= $1 \
                     AND leased_until <= $1{others})"
                ),
                [now.unix()],
            )?,
            Scope::Ticket(ticket) => self.number(
                &format!(
                    "SELECT EXISTS (SELECT 1 FROM outbox WHERE ticket_id = $1 AND ticket_id > 0 \
                     AND state || '' = 'pending' AND next_attempt_at <= $2 AND leased_until <= $2{others})"
                ),
                (ticket.get(), now.unix()),
            )?,
        };
        Ok(found > 0)
    }

    /// Whether mails of a ticket wait for an address whose server owes an answer: a mail was handed over
    /// there and it is unknown whether it has arrived.
    pub fn is_answer_owed(&self, ticket: TicketId) -> Result<bool> {
        let found = self.number(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'pending' AND unknown_tries > 0 AND address_id IN \
             (SELECT address_id FROM outbox AS own WHERE own.ticket_id = $1 AND own.ticket_id > 0 AND own.state = 'pending'))",
            [ticket.get()],
        )?;
        Ok(found > 0)
    }
}

impl WriteTx<'_> {
    /// Claims up to `max` mails that are due, not claimed and not to be sent by one of the busy
    /// addresses, oldest first, until `leased_until`.
    ///
    /// The `||` keeps SQLite from walking all waiting mails to find those of one ticket.
    pub fn claim_due(
        &self,
        scope: Scope,
        busy: &[AddressId],
        max: usize,
        leased_until: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Claimed>> {
        let (max, others) = (i64::try_from(max).unwrap_or(i64::MAX), others(busy));
        let returning = "RETURNING id, address_id, ticket_id, envelope_sender, recipient, attempts, give_up_at, leased_until, \
             unknown_tries";
        let mut mails = match scope {
            Scope::All => self.all(
                &format!(
                    "UPDATE outbox SET leased_until = $1, attempts = attempts + 1 WHERE id IN (SELECT id FROM outbox \
                     WHERE state = 'pending' AND next_attempt_at <= $2 AND leased_until <= $2{others} \
                     ORDER BY next_attempt_at, id LIMIT $3) {returning}"
                ),
                (leased_until.unix(), now.unix(), max),
                claimed,
            )?,
            Scope::Ticket(ticket) => self.all(
                &format!(
                    "UPDATE outbox SET leased_until = $1, attempts = attempts + 1 WHERE id IN (SELECT id FROM outbox \
                     WHERE ticket_id = $2 AND ticket_id > 0 AND state || '' = 'pending' AND next_attempt_at <= $3 \
                     AND leased_until <= $3{others} ORDER BY id LIMIT $4) {returning}"
                ),
                (leased_until.unix(), ticket.get(), now.unix(), max),
                claimed,
            )?,
        };
        mails.sort_by_key(|mail| mail.id);
        Ok(mails)
    }

    /// Ends all leases: the senders that had them are gone.
    pub fn end_leases(&self) -> Result<usize> {
        self.run("UPDATE outbox SET leased_until = 0 WHERE state = 'pending' AND leased_until > 0", [])
    }
}
