//! Timed work: what has to happen without a request. `admin jobs run` does it for cron,
//! `serve` does it by itself. Sending mail is done in [`crate::outbox`], called separately.
//!
//! Each step is done in small write transactions, so that no mail waits long for the lock, and each
//! can be repeated or interrupted at any point.

use std::thread;
use std::time::Duration;

use crate::desk::Change;
use crate::domain::{Actor, Door, Timestamp, Window};
use crate::outbox;
use crate::store::{self, ReadTx, Result, Store, WriteTx};
use crate::webhook;
use crate::worker::{Lease, Leases};

/// Rows changed in one transaction. Chosen: a few milliseconds with the write lock held.
const BATCH_MAX: usize = 500;

/// How long answers to Idempotency-Keys are kept, in seconds.
const ANSWERS_KEPT_S: i64 = Timestamp::DAY_S;

/// How long failed logins are counted, in seconds: the longest lock a setting asks for is shorter.
const ATTEMPTS_KEPT_S: i64 = Timestamp::DAY_S;

/// How long tries to log in stay in the log, in seconds. Chosen: a quarter, as raw mail.
const LOGINS_KEPT_S: i64 = 90 * Timestamp::DAY_S;

/// How long deliveries of webhooks stay in the log, in seconds; one that waits longer is forgotten too. Chosen: long enough
/// to look into what a receiver missed, and to send it again.
const DELIVERIES_KEPT_S: i64 = 30 * Timestamp::DAY_S;

/// How long it is known which forms were sent, in seconds. Chosen: longer than anybody leaves a page open.
const KEYS_KEPT_S: i64 = 30 * Timestamp::DAY_S;

/// Pages of the search index, of 4 kB each, merged in one transaction. Chosen: half a millisecond with the write lock held.
const SEARCH_PAGES: u32 = 8;

/// Between two of these transactions, so that mails and requests get the lock.
const SEARCH_PAUSE: Duration = Duration::from_millis(2);

/// Wakes the tickets that were put off until now; says how many. Cheap enough for every few seconds.
///
/// # Errors
/// Those of the database.
pub(crate) fn wake(store: &Store, now: Timestamp) -> Result<usize> {
    if !store.read(|tx| tx.is_any_due_to_wake(now))? {
        return Ok(0);
    }
    let settings = store.read(|tx| tx.settings())?;
    in_batches(store, |tx| Change::new(tx, &settings, Actor::Desk, Door::Jobs, now).wake_due(BATCH_MAX))
}

/// Asks for the timed work, which one host does at a time: [`run`] and [`wake`] are given the store of the lease.
///
/// # Errors
/// Those of the database.
pub(crate) fn take(leases: &Leases, store: &Store) -> Result<Lease> {
    leases.take(store, "the timed work")
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Answered tickets closed.
    pub closed: usize,
    /// Raw mails deleted.
    pub raw_mails: usize,
    /// Bytes of sent mails deleted.
    pub sent_mails: usize,
    /// Lines of the login log deleted.
    pub logins: usize,
}

/// Does everything that is due: closes answered tickets (setting `ticket_autoclose`), deletes raw
/// mail (`raw_keep_days`), the bytes of sent mail, old answers and logins.
///
/// # Errors
/// Those of the database; what was done before stays done.
pub(crate) fn run(store: &Store, now: Timestamp) -> Result<Report> {
    let settings = store.read(|tx| tx.settings())?;
    let (close_hours, keep_days) = (settings.ticket_autoclose, settings.raw_keep_days);
    let ago = |n: i64, unit_s: i64| now.plus_s(-n.saturating_mul(unit_s));
    let mut report = Report::default();
    if close_hours > 0 {
        let before = ago(close_hours, Timestamp::HOUR_S);
        report.closed = in_batches(store, |tx| {
            Change::new(tx, &settings, Actor::Desk, Door::Jobs, now).close_answered(before, BATCH_MAX)
        })?;
    }
    wake(store, now)?;
    if settings.spam_keep_days > 0 {
        let before = ago(settings.spam_keep_days, Timestamp::DAY_S);
        in_batches(store, |tx| {
            Change::new(tx, &settings, Actor::Desk, Door::Jobs, now).remove_spam(before, BATCH_MAX)
        })?;
    }
    if keep_days > 0 {
        let before = ago(keep_days, Timestamp::DAY_S);
        report.raw_mails = forget(store, |tx| tx.old_raw_mails(before, BATCH_MAX), |tx, old| tx.forget_raw_mails(old))?;
    }
    let before = now.plus_s(-outbox::RAW_KEPT_S);
    report.sent_mails =
        forget(store, |tx| tx.old_outgoing_raw(before, BATCH_MAX), |tx, old| tx.forget_outgoing_raw(old))?;
    let before = now.plus_s(-DELIVERIES_KEPT_S);
    forget(store, |tx| tx.old_deliveries(before, BATCH_MAX), |tx, old| tx.forget_deliveries(old))?;
    store.write(|tx| {
        tx.cut_delivery_waits(now.plus_s(webhook::WAIT_MAX_S))?;
        tx.date_kept_answers(now)?;
        tx.forget_answers(now.plus_s(-ANSWERS_KEPT_S))?;
        tx.forget_login_attempts(Window::last_s(ATTEMPTS_KEPT_S, now))?;
        tx.forget_ended_sessions(now)?;
        tx.forget_undo(now)?;
        tx.forget_sending_keys(now.plus_s(-KEYS_KEPT_S))?;
        report.logins = tx.forget_login_log(Window::last_s(LOGINS_KEPT_S, now))?;
        Ok::<_, store::Error>(())
    })?;
    Ok(report)
}

/// Merges what changes have added to the search index, a little at a time: no transaction of a mail does so. Between two
/// steps `between` may do other work, and says whether the end is asked for. Says in how many steps.
///
/// # Errors
/// Those of the database; what was done before stays done.
pub(crate) fn merge_search(store: &Store, between: &dyn Fn() -> bool) -> Result<usize> {
    let mut steps = 0;
    if store.place().file().is_none() {
        // PostgreSQL does so by itself.
        return Ok(steps);
    }
    // What is merged can be merged again, so nobody waits for the disk.
    while !between() && store.write_soon(|tx| tx.merge_search(SEARCH_PAGES))? {
        steps += 1;
        thread::sleep(SEARCH_PAUSE);
    }
    Ok(steps)
}

/// Repeats a step, each time in its own transaction, until it finds fewer rows than its limit.
fn in_batches(store: &Store, step: impl Fn(&WriteTx<'_>) -> Result<usize>) -> Result<usize> {
    let mut total = 0;
    loop {
        let done = store.write(&step)?;
        total += done;
        if done < BATCH_MAX {
            return Ok(total);
        }
    }
}

/// Forgets what is old, batch by batch. It is looked for in a read transaction: that takes longer than to delete it, and
/// writers need not wait meanwhile.
fn forget(
    store: &Store,
    look: impl Fn(&ReadTx<'_>) -> Result<Vec<i64>>,
    delete: impl Fn(&WriteTx<'_>, &[i64]) -> Result<usize>,
) -> Result<usize> {
    let mut total = 0;
    loop {
        let old = store.read(&look)?;
        let done = if old.is_empty() { 0 } else { store.write(|tx| delete(tx, &old))? };
        total += done;
        if old.len() < BATCH_MAX || done == 0 {
            return Ok(total);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::reason::Reason;
    use crate::domain::{DepartmentId, Status, TicketId};

    use crate::store::receipt::{NewReceipt, ReceiptState};
    use crate::store::settings::definition;
    use crate::store::ticket::NewTicket;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = crate::store::testing::desk(dir.path(), NOW);
        (dir, store)
    }

    /// A ticket of that status, last changed so many hours ago.
    fn ticket(store: &Store, status: Status, hours_ago: i64) -> TicketId {
        store
            .write(|tx| {
                let then = NOW.plus_s(-hours_ago * Timestamp::HOUR_S);
                let customer = tx.customer_for("Ann", &"ann@client.test".parse().unwrap(), then)?;
                let department = DepartmentId::new(1);
                let new = NewTicket { department, customer, subject: "x", address: None, reply_to: None };
                let id = tx.ticket_rows().add_ticket(&new, then)?;
                tx.ticket_rows().set_status(id, status, then)?;
                Ok::<_, crate::store::Error>(id)
            })
            .unwrap()
    }

    #[test]
    fn only_tickets_answered_long_ago_are_closed() {
        let (_dir, store) = desk();
        let ids: Vec<TicketId> = Status::ALL.iter().map(|status| ticket(&store, *status, 97)).collect();
        let young = ticket(&store, Status::Answered, 96);
        assert_eq!(run(&store, NOW).unwrap().closed, 1);
        let status = |id| store.read(|tx| tx.ticket(id)).unwrap().unwrap().status;
        let after: Vec<Status> = ids.into_iter().map(status).collect();
        let expected = [Status::Open, Status::Closed, Status::AwaitingReply, Status::InProgress, Status::Closed];
        assert_eq!((after.as_slice(), status(young)), (&expected[..], Status::Answered));
        assert_eq!(run(&store, NOW).unwrap(), Report::default());
    }

    #[test]
    fn closing_is_off_at_0() {
        let (_dir, store) = desk();
        ticket(&store, Status::Answered, 1000);
        store.write(|tx| tx.set_setting(definition("ticket_autoclose").unwrap(), "0")).unwrap();
        assert_eq!(run(&store, NOW).unwrap().closed, 0);
    }

    #[test]
    fn more_tickets_than_one_batch_are_closed() {
        let (_dir, store) = desk();
        for _ in 0..=BATCH_MAX {
            ticket(&store, Status::Answered, 100);
        }
        assert_eq!(run(&store, NOW).unwrap().closed, BATCH_MAX + 1);
    }

    #[test]
    fn raw_mail_is_kept_while_it_is_young_or_in_quarantine() {
        let (_dir, store) = desk();
        let day = |days: i64| NOW.plus_s(-days * Timestamp::DAY_S);
        let receive = |key: u8, state, at| {
            store
                .write(|tx| {
                    let new = NewReceipt {
                        key: &[key; 32],
                        state,
                        reason: Reason::New,
                        detail: "",
                        place: None,
                        from_email: "",
                        recipient: "",
                        sender: None,
                        subject: "",
                        internet_id: "",
                        bytes: 1,
                        trace: None,
                    };
                    let id = tx.add_receipt(&new, at)?;
                    tx.keep_raw_mail(id, b"raw")?;
                    Ok::<_, crate::store::Error>(id)
                })
                .unwrap()
        };
        let quarantined = receive(1, ReceiptState::Quarantined, day(91));
        let old = receive(2, ReceiptState::Stored, day(91));
        let young = receive(3, ReceiptState::Stored, day(90));
        assert_eq!(run(&store, NOW).unwrap().raw_mails, 1);
        let is_kept = |id| store.read(|tx| tx.raw_mail(id)).unwrap().is_some();
        assert_eq!((is_kept(quarantined), is_kept(old), is_kept(young)), (true, false, true));
    }
}
