//! The outbox: finished mails waiting to be sent, and what became of them. Which are due is in `due`; when to send and
//! what to say is decided in [`crate::outbox`].

mod answers;
mod due;
mod forget;
mod waits;

pub(crate) use due::Scope;
pub(crate) use waits::QueueWaits;

use super::columns::id_or_none;
use super::{ReadTx, Result, WriteTx};
use crate::domain::reason::BounceClass;
use crate::domain::{AddressId, DepartmentId, EmailAddress, MessageId, OutboxId, TicketId, Timestamp, Window};
use crate::store::engine::Row;

/// How long a mail is tried before it counts as undeliverable (RFC 5321 §4.5.4.1: four to five days).
pub(crate) const GIVE_UP_AFTER_S: i64 = 5 * Timestamp::DAY_S;

/// A finished mail to queue.
#[derive(Clone, Debug)]
pub struct NewOutgoing<'a> {
    /// The template's name, or `test`.
    pub event: &'a str,
    /// The ticket it is about.
    pub ticket: Option<TicketId>,
    /// The desk's address it leaves by.
    pub address: AddressId,
    /// Envelope sender; empty is the null reverse-path.
    pub envelope_sender: &'a str,
    /// Envelope recipient.
    pub recipient: &'a EmailAddress,
    /// Message-ID without brackets.
    pub internet_id: &'a str,
    /// The mail, with CRLF.
    pub raw: &'a [u8],
    /// Sent automatically, not written by a person.
    pub is_automatic: bool,
    /// The message it tells of.
    pub message: Option<MessageId>,
    /// It is not sent before.
    pub due_at: Timestamp,
}

/// A mail that one sender has for itself until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Id.
    pub id: OutboxId,
    /// The desk's address it leaves by.
    pub address: AddressId,
    /// The ticket it is about.
    pub ticket: Option<TicketId>,
    /// Envelope sender; empty is the null reverse-path.
    pub envelope_sender: String,
    /// Envelope recipient.
    pub recipient: String,
    /// Tries, this one included.
    pub attempts: i64,
    /// Earlier tries after which it is unknown whether it has arrived.
    pub unknown_tries: i64,
    /// After this a failure is final.
    pub give_up_at: Timestamp,
    /// The end of the lease, which also identifies it.
    pub leased_until: Timestamp,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The other side took it.
    Sent,
    /// Not now: the next try, and the answer.
    Later(Timestamp, String),
    /// Nothing was tried: it is due as before, and no try is counted.
    Untried(String),
    /// Handed over, and no answer: the next try (`None`: never again), and what happened.
    Unknown(Option<Timestamp>, String),
    /// Never: the answer, and whether the recipient's address is at fault.
    Failed(String, Fault),
}

/// The cause of a final failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The recipient's address does not exist: counts as a hard bounce.
    Recipient,
    /// Anything else.
    Elsewhere,
}

/// A line of the outbox, as shown to people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the columns of schema.sql, where each is explained
pub struct Outgoing {
    pub id: OutboxId,
    pub created_at: Timestamp,
    pub state: String,
    pub event: String,
    pub ticket: Option<TicketId>,
    pub address: AddressId,
    pub recipient: String,
    pub internet_id: String,
    pub attempts: i64,
    pub unknown_tries: i64,
    pub next_attempt_at: Timestamp,
    pub sent_at: Timestamp,
    pub bounced_at: Timestamp,
    pub last_error: String,
}

/// What became of one mail of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The answer.
    pub message: MessageId,
    /// Who it goes to.
    pub recipient: String,
    /// `pending`, `sent`, `failed` or `dropped`.
    pub state: String,
    /// When a report said that it did not arrive; 0 never.
    pub bounced_at: Timestamp,
    /// What went wrong last.
    pub last_error: String,
}

/// Mails looked at for those of some departments that were sent or dropped. Chosen: some 50 ms.
const LOOKED_AT: i64 = 50_000;

/// The columns of [`outgoing`].
const OUTGOING: &str = "id, created_at, state, event, ticket_id, address_id, recipient, internet_id, attempts, \
     next_attempt_at, sent_at, bounced_at, last_error, unknown_tries";

fn outgoing(row: &Row<'_>) -> Result<Outgoing> {
    Ok(Outgoing {
        id: OutboxId::new(row.get(0)?),
        created_at: Timestamp::from_unix(row.get(1)?),
        state: row.get(2)?,
        event: row.get(3)?,
        ticket: id_or_none(row.get(4)?, TicketId::new),
        address: AddressId::new(row.get(5)?),
        recipient: row.get(6)?,
        internet_id: row.get(7)?,
        attempts: row.get(8)?,
        next_attempt_at: Timestamp::from_unix(row.get(9)?),
        sent_at: Timestamp::from_unix(row.get(10)?),
        bounced_at: Timestamp::from_unix(row.get(11)?),
        last_error: row.get(12)?,
        unknown_tries: row.get(13)?,
    })
}

fn claimed(row: &Row<'_>) -> Result<Claimed> {
    Ok(Claimed {
        id: OutboxId::new(row.get(0)?),
        address: AddressId::new(row.get(1)?),
        ticket: id_or_none(row.get(2)?, TicketId::new),
        envelope_sender: row.get(3)?,
        recipient: row.get(4)?,
        attempts: row.get(5)?,
        give_up_at: Timestamp::from_unix(row.get(6)?),
        leased_until: Timestamp::from_unix(row.get(7)?),
        unknown_tries: row.get(8)?,
    })
}

/// Looking at the queue.
impl ReadTx<'_> {
    /// What became of the mails that carry a ticket's messages, by id.
    pub fn deliveries_of_ticket(&self, ticket: TicketId) -> Result<Vec<Delivery>> {
        self.all(
            "SELECT message_id, recipient, state, bounced_at, last_error FROM outbox \
             WHERE ticket_id = $1 AND ticket_id > 0 AND message_id > 0 AND event = 'staff_reply' ORDER BY id",
            [ticket.get()],
            |row| {
                Ok(Delivery {
                    message: MessageId::new(row.get(0)?),
                    recipient: row.get(1)?,
                    state: row.get(2)?,
                    bounced_at: Timestamp::from_unix(row.get(3)?),
                    last_error: row.get(4)?,
                })
            },
        )
    }

    /// The outgoing mail with that Message-ID (without brackets) and its ticket.
    pub fn outbox_by_internet_id(&self, internet_id: &str) -> Result<Option<(OutboxId, Option<TicketId>)>> {
        self.one("SELECT id, ticket_id FROM outbox WHERE internet_id = $1", [internet_id], |row| {
            Ok((OutboxId::new(row.get(0)?), id_or_none(row.get(1)?, TicketId::new)))
        })
    }

    /// One outgoing mail without its bytes.
    pub fn outgoing(&self, id: OutboxId) -> Result<Option<Outgoing>> {
        self.one(&format!("SELECT {OUTGOING} FROM outbox WHERE id = $1"), [id.get()], outgoing)
    }

    /// Outgoing mails in a state (empty: any), newest first, at most `max`.
    pub fn outgoing_recent(&self, state: &str, max: usize) -> Result<Vec<Outgoing>> {
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        if state.is_empty() {
            return self.all(&format!("SELECT {OUTGOING} FROM outbox ORDER BY id DESC LIMIT $1"), [max], outgoing);
        }
        let sql = format!("SELECT {OUTGOING} FROM outbox WHERE state = $1 ORDER BY id DESC LIMIT $2");
        self.all(&sql, (state, max), outgoing)
    }

    /// Outgoing mails in a state, those tried or due last first, at most `max`. With departments: those about tickets of
    /// them; without: all. Of what is done with, the newest [`LOOKED_AT`] of all are looked at.
    pub fn outgoing_of(&self, state: &str, departments: Option<&[DepartmentId]>, max: usize) -> Result<Vec<Outgoing>> {
        // A sub-select for each mail, and not a join: the index gives the mails in their order.
        let condition = match departments {
            None => String::new(),
            Some([]) => return Ok(Vec::new()),
            Some(seen) => {
                let ids: Vec<String> = seen.iter().map(DepartmentId::to_string).collect();
                let of = "(SELECT department_id FROM ticket WHERE ticket.id = outbox.ticket_id)";
                format!(" AND {of} IN ({})", ids.join(", "))
            }
        };
        let is_done_with = departments.is_some() && matches!(state, "sent" | "dropped");
        let newest = if is_done_with { self.number("SELECT coalesce(max(id), 0) FROM outbox", [])? } else { 0 };
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let sql = format!(
            "SELECT {OUTGOING} FROM outbox WHERE state = $1 AND id > $2{condition} \
             ORDER BY next_attempt_at DESC, id DESC LIMIT $3"
        );
        self.all(&sql, (state, newest - LOOKED_AT, max), outgoing)
    }

    /// The bytes of an outgoing mail; `None` when they are no longer kept.
    pub fn outgoing_raw(&self, id: OutboxId) -> Result<Option<Vec<u8>>> {
        self.one("SELECT data FROM outbox_raw WHERE outbox_id = $1", [id.get()], |row| row.get(0))
    }

    /// The bytes of a mail that was claimed, while the lease holds and they are kept.
    pub fn claimed_raw(&self, mail: &Claimed) -> Result<Option<Vec<u8>>> {
        self.one(
            "SELECT data FROM outbox_raw WHERE outbox_id = $1 AND EXISTS \
             (SELECT 1 FROM outbox WHERE id = $1 AND state = 'pending' AND leased_until = $2)",
            (mail.id.get(), mail.leased_until.unix()),
            |row| row.get(0),
        )
    }

    /// Whether a mail that was claimed is still its sender's.
    pub fn is_claimed(&self, mail: &Claimed) -> Result<bool> {
        let held = self.number(
            "SELECT count(*) FROM outbox WHERE id = $1 AND state = 'pending' AND leased_until = $2",
            (mail.id.get(), mail.leased_until.unix()),
        )?;
        Ok(held > 0)
    }

    /// How many mails to that address bounced permanently ([`BounceClass::Permanent`]) in that time.
    pub fn hard_bounces(&self, recipient: &EmailAddress, within: Window) -> Result<i64> {
        self.number(
            "SELECT count(*) FROM outbox WHERE recipient = $1 AND bounced_at > $2 AND bounced_at <= $3 \
             AND bounce_class = 'permanent'",
            (recipient.as_str(), within.since.unix(), within.until.unix()),
        )
    }

    /// How many mails wait to be sent.
    pub fn outbox_pending(&self) -> Result<i64> {
        self.number("SELECT count(*) FROM outbox WHERE state = 'pending'", [])
    }

    /// When the oldest mail that waits to be sent was queued.
    pub fn oldest_pending(&self) -> Result<Option<Timestamp>> {
        self.one(
            "SELECT created_at FROM outbox WHERE id = (SELECT min(id) FROM outbox WHERE state = 'pending')",
            [],
            |row| Ok(Timestamp::from_unix(row.get(0)?)),
        )
    }

    /// How many mails wait after a try that failed, how many written since then were given up, and what was said of the
    /// newest of both.
    pub fn outbox_failures(&self, since: Timestamp) -> Result<(i64, i64, String)> {
        let deferred = self
            .number("SELECT count(*) FROM outbox WHERE state = 'pending' AND attempts > 0 AND last_error <> ''", [])?;
        let failed =
            self.number("SELECT count(*) FROM outbox WHERE state = 'failed' AND created_at > $1", [since.unix()])?;
        let why = self.one(
            "SELECT last_error FROM outbox WHERE state IN ('pending', 'failed') AND last_error <> '' ORDER BY id DESC LIMIT 1",
            [],
            |row| row.get(0),
        )?;
        Ok((deferred, failed, why.unwrap_or_default()))
    }

    /// How many mails could not be delivered.
    pub fn outbox_failed(&self) -> Result<i64> {
        self.number("SELECT count(*) FROM outbox WHERE state = 'failed'", [])
    }
}

/// Filling and emptying the queue.
impl WriteTx<'_> {
    /// Puts a finished mail into the queue. The same Message-ID again adds nothing.
    pub fn queue(&self, new: &NewOutgoing<'_>, now: Timestamp) -> Result<Option<OutboxId>> {
        let id = self.one(
            "INSERT INTO outbox (created_at, state, event, ticket_id, address_id, envelope_sender, recipient, \
             internet_id, is_automatic, next_attempt_at, give_up_at, message_id) \
             VALUES ($1, 'pending', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (internet_id) DO NOTHING RETURNING id",
            (
                now.unix(),
                new.event,
                new.ticket.map_or(0, TicketId::get),
                new.address.get(),
                new.envelope_sender,
                new.recipient.as_str(),
                new.internet_id,
                new.is_automatic,
                new.due_at.unix(),
                now.plus_s(GIVE_UP_AFTER_S).unix(),
                new.message.map_or(0, MessageId::get),
            ),
            |row| row.get::<i64>(0),
        )?;
        let Some(id) = id else { return Ok(None) };
        self.run("INSERT INTO outbox_raw (outbox_id, data) VALUES ($1, $2)", (id, self.link.room_for(new.raw)))?;
        self.fill("outbox_raw", id, new.raw)?;
        Ok(Some(OutboxId::new(id)))
    }

    /// Records what became of a try and ends the lease; says whether the lease was still valid.
    pub fn settle(&self, mail: &Claimed, settlement: &Settlement, now: Timestamp) -> Result<bool> {
        let (id, lease) = (mail.id.get(), mail.leased_until.unix());
        let changed = match settlement {
            Settlement::Sent => self.run(
                "UPDATE outbox SET state = 'sent', sent_at = $1, leased_until = 0, last_error = '' \
                 WHERE id = $2 AND state = 'pending' AND leased_until = $3",
                (now.unix(), id, lease),
            )?,
            Settlement::Later(next, why) => self.run(
                "UPDATE outbox SET next_attempt_at = $1, last_error = $2, leased_until = 0 \
                 WHERE id = $3 AND state = 'pending' AND leased_until = $4",
                (next.unix(), why, id, lease),
            )?,
            Settlement::Untried(why) => self.run(
                "UPDATE outbox SET attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END, last_error = $1, leased_until = 0 \
                 WHERE id = $2 AND state = 'pending' AND leased_until = $3",
                (why, id, lease),
            )?,
            Settlement::Unknown(Some(next), why) => self.run(
                "UPDATE outbox SET next_attempt_at = $1, last_error = $2, unknown_tries = unknown_tries + 1, \
                 leased_until = 0 WHERE id = $3 AND state = 'pending' AND leased_until = $4",
                (next.unix(), why, id, lease),
            )?,
            Settlement::Unknown(None, why) => self.run(
                "UPDATE outbox SET state = 'failed', last_error = $1, unknown_tries = unknown_tries + 1, \
                 leased_until = 0 WHERE id = $2 AND state = 'pending' AND leased_until = $3",
                (why, id, lease),
            )?,
            Settlement::Failed(why, fault) => self.run(
                "UPDATE outbox SET state = 'failed', bounced_at = $1, bounce_class = $2, last_error = $3, \
                 leased_until = 0 WHERE id = $4 AND state = 'pending' AND leased_until = $5",
                match fault {
                    Fault::Recipient => (now.unix(), BounceClass::Permanent.word(), why, id, lease),
                    Fault::Elsewhere => (0, "", why, id, lease),
                },
            )?,
        };
        Ok(changed > 0)
    }

    /// Marks an outgoing mail as bounced; says whether it was not marked before.
    pub fn mark_bounced(&self, id: OutboxId, class: BounceClass, why: &str, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE outbox SET state = 'failed', bounced_at = $1, bounce_class = $2, last_error = $3 \
             WHERE id = $4 AND bounced_at = 0",
            (now.unix(), class, why, id.get()),
        )?;
        Ok(changed > 0)
    }

    /// Makes a failed, dropped or waiting mail due at once, for another five days; says whether there
    /// was one whose bytes are still kept.
    pub fn retry_outgoing(&self, id: OutboxId, now: Timestamp) -> Result<bool> {
        let changed = self.run(
            "UPDATE outbox SET state = 'pending', attempts = 0, unknown_tries = 0, next_attempt_at = $1, \
             give_up_at = $2, bounced_at = 0, bounce_class = '' WHERE id = $3 AND state <> 'sent' AND EXISTS (SELECT 1 FROM outbox_raw WHERE outbox_id = $3)",
            (now.unix(), now.plus_s(GIVE_UP_AFTER_S).unix(), id.get()),
        )?;
        Ok(changed > 0)
    }

    /// Takes a waiting or failed mail out of the queue permanently; says whether there was one.
    pub fn drop_outgoing(&self, id: OutboxId) -> Result<bool> {
        Ok(self
            .run("UPDATE outbox SET state = 'dropped' WHERE id = $1 AND state IN ('pending', 'failed')", [id.get()])?
            > 0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {

    use super::*;
    use crate::store::Store;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::store::testing::desk(dir.path(), NOW);
        (dir, store)
    }

    fn queue(tx: &WriteTx<'_>, internet_id: &str) -> Option<OutboxId> {
        let recipient = "ann@example.org".parse().unwrap();
        let new = NewOutgoing {
            event: "new_ticket",
            ticket: None,
            address: AddressId::new(1),
            envelope_sender: "",
            recipient: &recipient,
            internet_id,
            raw: b"A: b\r\n\r\nc\r\n",
            is_automatic: true,
            message: None,
            due_at: NOW,
        };
        tx.queue(&new, NOW).unwrap()
    }

    #[test]
    fn same_message_id_is_queued_once() {
        let (_dir, store) = desk();
        let ids = store.write(|tx| Ok::<_, super::super::Error>((queue(tx, "a@b"), queue(tx, "a@b")))).unwrap();
        assert!(matches!(ids, (Some(_), None)), "{ids:?}");
    }

    #[test]
    fn claimed_mail_belongs_to_one_sender_until_its_lease_ends() {
        let (_dir, store) = desk();
        store.write(|tx| Ok::<_, super::super::Error>(queue(tx, "a@b"))).unwrap();
        let claim = |at: Timestamp| store.write(|tx| tx.claim_due(Scope::All, &[], 10, at.plus_s(60), at)).unwrap();
        let first = claim(NOW);
        assert_eq!((first.len(), claim(NOW.plus_s(59)).len()), (1, 0));
        let second = claim(NOW.plus_s(60));
        assert_eq!((second.len(), second[0].attempts), (1, 2));
        let settle = |mail: &Claimed| store.write(|tx| tx.settle(mail, &Settlement::Sent, NOW)).unwrap();
        assert!(!settle(&first[0]), "the first sender's lease is over");
        assert!(settle(&second[0]));
    }

    #[test]
    fn answers_are_counted_apart_from_notices_and_only_within_the_hour() {
        let (_dir, store) = desk();
        store.write(|tx| Ok::<_, super::super::Error>(queue(tx, "a@b"))).unwrap();
        let ann: EmailAddress = "ANN@example.org".parse().unwrap();
        let answers = |since, until| {
            let within = Window { since, until };
            store.read(|tx| tx.answers_before(TicketId::new(1), &ann, within, within)).unwrap().to_recipient
        };
        assert_eq!((answers(NOW.plus_s(-1), NOW), answers(NOW, NOW)), (1, 0));
        assert_eq!(answers(NOW.plus_s(-3600), NOW.plus_s(-1)), 0, "written by a clock that was ahead");
    }

    #[test]
    fn queries_of_the_queue_use_its_indexes() {
        if crate::store::testing::is_remote() {
            return; // plans, and damage, of SQLite
        }
        let (_dir, store) = desk();
        let queries = [
            "SELECT id FROM outbox WHERE state = 'pending' AND next_attempt_at <= 1 AND leased_until <= 1 \
             ORDER BY next_attempt_at, id LIMIT 100",
            "SELECT id FROM outbox WHERE ticket_id = 1 AND ticket_id > 0 AND state || '' = 'pending' AND next_attempt_at <= 1 \
             AND leased_until <= 1 ORDER BY id LIMIT 100",
            "SELECT count(*) FROM outbox WHERE recipient = 'a' AND is_automatic = 1 AND created_at > 1 AND created_at <= 2 \
             AND event IN ('new_ticket', 'autoresponse')",
            "SELECT count(*) FROM outbox WHERE recipient = 'a' AND bounced_at > 1 AND bounce_class = 'permanent'",
            "SELECT id, ticket_id FROM outbox WHERE internet_id = 'a'",
            "SELECT message_id FROM thread_id WHERE ticket_id = 1 AND (email = '' OR email = 'a') ORDER BY position DESC LIMIT 20",
        ];
        for query in queries {
            let plan = store.sql_rows(&format!("EXPLAIN QUERY PLAN {query}"));
            assert!(
                plan.iter().all(|step| !step.contains("SCAN") && !step.contains("TEMP B-TREE")),
                "{query}: {plan:?}"
            );
        }
    }
}
