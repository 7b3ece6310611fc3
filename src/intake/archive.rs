//! Many old mails at once: read on every core, settled in one transaction. What becomes of each is
//! what [`super::deliver`] would make of it; only the wait for the disk is shared.

use std::thread;

use super::{Delivery, Envelope, Error, Incoming, Outcome, Rules, compressed, is_redelivery, read, settle, take_in};
use crate::domain::Timestamp;
use crate::mail::ParsedMail;
use crate::store::{self, Store};

/// One mail of an archive.
#[derive(Clone, Debug)]
pub(crate) struct Archived {
    /// What came with it; its source is [`super::Source::Archive`].
    pub envelope: Envelope,
    /// Its bytes, cut to `raw_bytes_max + 1` as for [`super::deliver`].
    pub raw: Vec<u8>,
}

/// A mail that was read, with its compressed bytes; none of a mail that is on record.
type Prepared<'a> = (Incoming<'a>, Vec<u8>);

/// Takes in a batch of mails. The results are in the same order; if the batch as a whole
/// cannot be written, its mails are tried one by one, so that one bad mail fails alone.
pub(crate) fn deliver_archive(
    store: &Store,
    rules: &Rules,
    mails: &[Archived],
    now: Timestamp,
) -> Vec<Result<Delivery, Error>> {
    let prepared = prepare_all(store, rules, mails);
    let settled = store.write(|tx| {
        let settle_one = |prepared: &Result<Prepared<'_>, Error>| match prepared {
            Ok((incoming, compressed)) => settle(tx, incoming, compressed.as_slice().into(), now).map(Some),
            Err(_) => Ok(None),
        };
        prepared.iter().map(settle_one).collect::<Result<Vec<Option<Delivery>>, Error>>()
    });
    match settled {
        Ok(deliveries) => {
            let both = prepared.into_iter().zip(deliveries);
            let both = both.map(|(prepared, delivery)| prepared.and_then(|_| delivery.ok_or(Error::Empty)));
            with_known_synced(store, both.collect())
        }
        Err(_) => {
            let both = prepared.into_iter().zip(mails);
            both.map(|(prepared, mail)| {
                prepared.and_then(|(incoming, _)| take_in(store, &incoming, mail.raw.as_slice().into(), now))
            })
            .collect()
        }
    }
}

/// Receipts that were only read are synced once for the whole batch; if that fails, the first such mail fails.
fn with_known_synced(store: &Store, mut done: Vec<Result<Delivery, Error>>) -> Vec<Result<Delivery, Error>> {
    let is_known = |done: &Result<Delivery, Error>| done.as_ref().is_ok_and(|one| one.outcome == Outcome::Duplicate);
    if let Some(first) = done.iter_mut().find(|done| is_known(done))
        && let Err(error) = store.make_sure()
    {
        *first = Err(error.into());
    }
    done
}

fn prepare_all<'a>(store: &Store, rules: &Rules, mails: &'a [Archived]) -> Vec<Result<Prepared<'a>, Error>> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(mails.len().max(1));
    let share = mails.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = mails
            .chunks(share)
            .map(|share| {
                let work = move || share.iter().map(|mail| prepare(store, rules, mail)).collect::<Vec<_>>();
                // If the system gives no thread, the current one does the work.
                thread::Builder::new().spawn_scoped(scope, work).map_err(|_| work())
            })
            .collect();
        // A worker catches the panics of parsers itself; another one is a bug and goes on as a panic.
        workers
            .into_iter()
            .flat_map(|worker| match worker {
                Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(prepared) => prepared,
            })
            .collect()
    })
}

fn prepare<'a>(store: &Store, rules: &Rules, mail: &'a Archived) -> Result<Prepared<'a>, Error> {
    let incoming = read(rules, &mail.envelope, &mail.raw, ParsedMail::parse)?;
    // What is on record needs no bytes; the transaction looks again.
    let is_known = store.read(|tx| Ok::<_, store::Error>(is_redelivery(tx, &incoming)?.is_some()))?;
    let compressed = if is_known { Vec::new() } else { compressed(&mail.raw)? };
    Ok((incoming, compressed))
}

impl Incoming<'_> {
    /// The answer to a mail that is on record.
    pub(super) fn duplicate_of(&self, known: &store::receipt::Receipt) -> Delivery {
        self.delivery(Outcome::Duplicate, &known.why(), known.ticket)
    }
}
