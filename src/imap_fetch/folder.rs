//! One folder, from the last mail taken in to its end: list, ask sizes, read in batches, hand each
//! mail to [`crate::intake`], and only then touch the mailbox and note how far we are.
//!
//! Progress is saved after the mailbox was touched. A fetch that dies in between reads some mails
//! again, which adds none; the other order would leave mails unmarked forever. Where settling takes
//! several commands the mails are on the list of leftovers until it is done, because those that are marked as
//! deleted already are found by no search.

mod batch;
mod large;
mod together;
mod wanted;

use std::time::{Duration, Instant};

use super::account::Account;
use super::mailbox::{Access, Folder, Mailbox};
use super::summary::{Counts, Progress};
use super::{Error, Stop};
use crate::domain::desk_address::ImapAfter;
use crate::domain::{AddressId, Timestamp};
use crate::intake::{self, Envelope, Rules, Source};
use crate::store::Store;
use crate::store::imap::{FolderState, Step};
use crate::worker::Leases;
use batch::{BATCH_MAILS_MAX, batches};

/// Mails whose sizes are asked for at once.
const SIZES_AT_ONCE: usize = 500;

/// Mails of earlier fetches tried again per fetch.
const LEFTOVERS_MAX: u32 = 200;

/// Mails in one fetch of a folder that the server may refuse before the folder is left for this time.
/// Chosen: as many as are read at once, so that each fetch gets ahead; a server whose store is down
/// must not be asked for each of its mails.
const REFUSALS_MAX: usize = BATCH_MAILS_MAX;

/// What is said of a mail that was there a moment ago.
const GONE: &str = "the server lists it no longer";

/// Which mails of earlier fetches are tried again in this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leftovers {
    All,
    /// Those that went wrong once: most likely it was not their fault.
    Fresh,
}

/// Whether a fetch changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Fetch,
    DryRun,
}

/// What a fetch works with.
#[derive(Clone, Copy)]
pub(super) struct FetchContext<'a> {
    pub(super) store: &'a Store,
    pub(super) leases: &'a Leases,
    pub(super) rules: &'a Rules,
    pub(super) patience: Duration,
    pub(super) stop: &'a Stop,
    pub(super) progress: &'a Progress,
    pub(super) mode: Mode,
    /// When the fetch began.
    pub(super) now: Timestamp,
}

/// The fetch of one folder.
pub(super) struct Fetch<'a> {
    pub(super) context: FetchContext<'a>,
    pub(super) address: AddressId,
    pub(super) account: &'a Account,
    pub(super) name: &'a str,
    /// Mails something went wrong with in earlier fetches, in ascending order.
    left_before: Vec<u32>,
    pub(super) counts: Counts,
    /// The first thing the server refused to do with mails that are on record.
    pub(super) trouble: Option<String>,
}

/// What a batch leads to.
#[derive(Default)]
struct Settling {
    /// On record, or refused by the desk for good.
    seen: Vec<u32>,
    /// On record, to be marked, moved or deleted.
    taken: Vec<u32>,
    left: Vec<(u32, String)>,
}

impl<'a> Fetch<'a> {
    pub(super) fn new(context: FetchContext<'a>, address: AddressId, account: &'a Account, name: &'a str) -> Self {
        Self { context, address, account, name, left_before: Vec::new(), counts: Counts::default(), trouble: None }
    }

    /// Opens the folder.
    pub(super) fn open(&self, mailbox: &mut Mailbox) -> Result<Folder, Error> {
        let access = match self.context.mode {
            Mode::Fetch => Access::Work,
            Mode::DryRun => Access::Look,
        };
        mailbox.open_folder(self.name, access)
    }

    /// Takes in at most `limit` mails of the folder that is open: the new ones first, so that a mail
    /// on which the server hangs up each time keeps back no other; then those that were missed, where
    /// it is time to look for them; then those that went wrong before.
    pub(super) fn take_in(
        &mut self,
        mailbox: &mut Mailbox,
        folder: &Folder,
        limit: usize,
        leftovers: Leftovers,
    ) -> Result<(), Error> {
        let state = self.state(mailbox, folder)?;
        let old = self.context.store.read(|tx| tx.imap_leftovers(self.address, self.name, LEFTOVERS_MAX))?;
        self.left_before = old.iter().map(|(uid, _)| *uid).collect();
        self.left_before.sort_unstable();
        let mut new = self.new_uids(mailbox, &state)?;
        new.retain(|uid| self.left_before.binary_search(uid).is_err());
        new.truncate(limit);
        let is_due = |failures: u32| leftovers == Leftovers::All || failures <= 1;
        let mut old: Vec<u32> = old.into_iter().filter(|(_, n)| is_due(*n)).map(|(uid, _)| uid).collect();
        self.take_all(mailbox, folder, &state, &new)?;
        let limit = limit - new.len();
        let missed = self.take_missed(mailbox, folder, &state, limit)?;
        old.truncate(limit - missed);
        self.context.progress.expect(old.len());
        for chunk in old.chunks(SIZES_AT_ONCE) {
            let mut uids = chunk.to_vec();
            uids.sort_unstable();
            let sizes = self.sizes(mailbox, &state, &uids)?;
            // The least tried first, each alone.
            for uid in chunk {
                if let Ok(at) = sizes.binary_search_by_key(uid, |(uid, _)| *uid) {
                    self.take_batch(mailbox, folder, &state, &sizes[at..=at])?;
                }
            }
        }
        self.note_success()
    }

    /// Takes in mails that are not left over from earlier fetches, in ascending order.
    pub(super) fn take_all(
        &mut self,
        mailbox: &mut Mailbox,
        folder: &Folder,
        state: &FolderState,
        uids: &[u32],
    ) -> Result<(), Error> {
        self.context.progress.expect(uids.len());
        let raw_bytes_max = self.context.rules.limits.raw_bytes_max;
        for chunk in uids.chunks(SIZES_AT_ONCE) {
            let sizes = self.sizes(mailbox, state, chunk)?;
            for batch in batches(&sizes, raw_bytes_max) {
                self.take_batch(mailbox, folder, state, batch)?;
            }
        }
        Ok(())
    }

    /// The sizes of mails. One that is gone is looked for once more by the next fetch, one that the
    /// server will say nothing about by all of them.
    fn sizes(&mut self, mailbox: &mut Mailbox, state: &FolderState, uids: &[u32]) -> Result<Vec<(u32, usize)>, Error> {
        let (mut sizes, mut settling) = (Vec::new(), Settling::default());
        // Asked in ever smaller pieces where the server refuses, down to the mail that is at fault.
        let mut waiting = vec![uids];
        while let Some(piece) = waiting.pop() {
            match mailbox.sizes(piece) {
                Ok(mut found) => {
                    let is_there = |uid: &u32| found.binary_search_by_key(uid, |(uid, _)| *uid).is_ok();
                    for uid in piece.iter().copied().filter(|uid| !is_there(uid)) {
                        if self.left_before.binary_search(&uid).is_ok() {
                            settling.taken.push(uid);
                        } else {
                            settling.left.push((uid, GONE.to_owned()));
                        }
                    }
                    sizes.append(&mut found);
                }
                Err(Error::Refused(why)) => match piece {
                    [] => {}
                    [uid] => {
                        if let Err(error) = self.bear(&why) {
                            // The next fetch leaves these out to begin with.
                            self.advance(state, 0, &settling)?;
                            return Err(error);
                        }
                        self.note_unread(*uid, why, &mut settling.left);
                    }
                    _ => {
                        let (first, second) = piece.split_at(piece.len() / 2);
                        waiting.extend([second, first]);
                    }
                },
                Err(error) => return Err(error),
            }
        }
        if !settling.taken.is_empty() || !settling.left.is_empty() {
            // They stay behind on the list, which needs no step forward.
            self.advance(state, 0, &settling)?;
        }
        Ok(sizes)
    }

    /// Whether one more refusal is taken for the mail's fault, and not for the server's.
    fn bear(&self, why: &str) -> Result<(), Error> {
        if self.counts.failed < REFUSALS_MAX { Ok(()) } else { Err(Error::Refused(why.to_owned())) }
    }

    /// A mail that is there and cannot be read.
    fn note_unread(&mut self, uid: u32, why: String, left: &mut Vec<(u32, String)>) {
        tracing::warn!(
            address = self.account.email,
            folder = self.name,
            uid,
            error = why,
            "a mail could not be read; it is tried again"
        );
        self.counts.failed += 1;
        left.push((uid, why));
    }

    fn take_batch(
        &mut self,
        mailbox: &mut Mailbox,
        folder: &Folder,
        state: &FolderState,
        batch: &[(u32, usize)],
    ) -> Result<(), Error> {
        if self.context.stop.is_asked() {
            return Err(Error::Stopped);
        }
        let mut settling = Settling::default();
        let (mails, whole) = match self.read_whole(mailbox, batch, &mut settling.left) {
            Err(Error::Connection(why)) => {
                self.put_off(state, batch, &why);
                return Err(Error::Connection(why));
            }
            done => done?,
        };
        for (uid, _) in batch {
            let came = mails.binary_search_by_key(uid, |(uid, _)| *uid).is_ok();
            if came || settling.left.iter().any(|(left, _)| left == uid) {
                continue;
            }
            if self.left_before.binary_search(uid).is_ok() {
                self.note_unread(*uid, "the server does not send it".to_owned(), &mut settling.left);
            } else {
                // Most likely somebody took it away just now; the next fetch will see.
                settling.left.push((*uid, GONE.to_owned()));
            }
        }
        let mut broken = None;
        let mut last_uid = self.read_up_to(batch);
        let together = self.take_together(&mails, state, &mut settling);
        for (uid, raw) in mails {
            let done = match together.binary_search(&uid) {
                Ok(_) => Ok(()),
                Err(_) => self.take_mail(uid, &raw, Envelope { whole, ..self.envelope(uid, state) }, &mut settling),
            };
            if let Err(error) = done {
                broken = Some(error);
                last_uid = last_uid.min(uid.saturating_sub(1));
                break;
            }
            self.context.progress.advance(1);
        }
        // Those that were handed over by themselves came last.
        settling.seen.sort_unstable();
        settling.taken.sort_unstable();
        if self.context.mode == Mode::Fetch {
            // A mailbox that another host reads by now is left to it.
            self.context.store.make_sure_of_lease()?;
            if mailbox.settles_in_steps(&self.account.after) && !settling.taken.is_empty() {
                let begun = settling.taken.iter().map(|uid| (*uid, "settling it was cut short".to_owned()));
                let begun = Settling { seen: settling.seen.clone(), taken: Vec::new(), left: begun.collect() };
                self.advance(state, last_uid, &begun)?;
            }
            self.settle(mailbox, folder, &mut settling)?;
            let advanced = self.advance(state, last_uid, &settling);
            if broken.is_none() {
                advanced?;
            }
        }
        broken.map_or(Ok(()), Err)
    }

    /// Reads a batch; when the server refuses it, mail by mail, so that one bad mail stops no other.
    fn read(
        &mut self,
        mailbox: &mut Mailbox,
        batch: &[(u32, usize)],
        left: &mut Vec<(u32, String)>,
    ) -> Result<Vec<(u32, Vec<u8>)>, Error> {
        let raw_bytes_max = self.context.rules.limits.raw_bytes_max;
        let why = match mailbox.read(batch, raw_bytes_max) {
            Err(Error::Refused(why)) => why,
            done => return done,
        };
        if let [(uid, _)] = batch {
            self.bear(&why)?;
            self.note_unread(*uid, why, left);
            return Ok(Vec::new());
        }
        let mut mails = Vec::new();
        for one in batch.chunks(1) {
            mails.append(&mut self.read(mailbox, one, left)?);
        }
        Ok(mails)
    }

    /// How far the folder is read after a batch: a mail of an earlier fetch says nothing about it.
    fn read_up_to(&self, batch: &[(u32, usize)]) -> u32 {
        let is_new = |uid: &u32| self.left_before.binary_search(uid).is_err();
        batch.last().map(|(uid, _)| *uid).filter(is_new).unwrap_or(0)
    }

    /// The connection broke while a batch was read, and it may be for one of these mails: they are
    /// tried again after all others, each alone.
    fn put_off(&self, state: &FolderState, batch: &[(u32, usize)], why: &str) {
        if self.context.stop.is_asked() {
            return;
        }
        let left = batch.iter().map(|(uid, _)| (*uid, why.to_owned())).collect();
        let last_uid = self.read_up_to(batch);
        if let Err(error) = self.advance(state, last_uid, &Settling { left, ..Settling::default() }) {
            // Then they are simply read again.
            tracing::debug!(%error, "putting off mails");
        }
    }

    /// Hands one mail over.
    fn take_mail(&mut self, uid: u32, raw: &[u8], envelope: Envelope, settling: &mut Settling) -> Result<(), Error> {
        let started = Instant::now();
        self.counts.fetched += 1;
        let FetchContext { store, rules, .. } = self.context;
        let done = match self.context.mode {
            Mode::Fetch => intake::deliver(store, rules, &envelope, raw, store.now()),
            Mode::DryRun => intake::rehearse(store, rules, &envelope, raw, store.now()),
        };
        match done {
            Ok(delivery) => {
                self.note_delivery(uid, &delivery, started, settling);
                Ok(())
            }
            Err(intake::Error::Empty) => {
                self.note_unread(uid, "the server has no text for it".to_owned(), &mut settling.left);
                Ok(())
            }
            Err(intake::Error::Store(error)) => Err(error.into()),
        }
    }

    /// Whom a mail is for, and whether it was there before the desk was.
    fn envelope(&self, uid: u32, state: &FolderState) -> Envelope {
        let source = if uid <= state.backlog_uid { Source::FirstFetch } else { Source::Fetch };
        Envelope { recipients: vec![self.account.email.clone()], sender: None, source, whole: None }
    }

    /// Marks, moves or deletes what is on record. What the server refuses is left over: the mails are
    /// in, so this must not stop the ones after them.
    fn settle(&mut self, mailbox: &mut Mailbox, folder: &Folder, settling: &mut Settling) -> Result<(), Error> {
        // Where nothing can be marked, nothing needs to be: the UIDs are what we go by.
        if folder.is_read_only && self.account.after == ImapAfter::Seen {
            return Ok(());
        }
        match mailbox.settle(&settling.taken, &self.account.after) {
            Err(Error::Refused(why)) => {
                settling.left.extend(settling.taken.drain(..).map(|uid| (uid, why.clone())));
                self.trouble.get_or_insert(format!("{why}; the mails are on record and stay where they are"));
                Ok(())
            }
            done => done,
        }
    }

    fn advance(&self, state: &FolderState, last_uid: u32, settling: &Settling) -> Result<(), Error> {
        if self.context.mode == Mode::DryRun {
            return Ok(());
        }
        let Settling { seen, taken: done, left } = settling;
        let step = Step { uid_validity: state.uid_validity, last_uid, seen, done, left };
        Ok(self.context.store.write(|tx| tx.advance_imap_folder(self.address, self.name, &step))?)
    }

    /// How often in a row the folder could not be read before this fetch.
    pub(super) fn failures(&self) -> Result<i64, Error> {
        Ok(self.context.store.read(|tx| tx.imap_failures(self.address, self.name))?)
    }

    fn note_success(&self) -> Result<(), Error> {
        let now = Timestamp::now();
        let is_news = self.context.store.read(|tx| tx.is_imap_success_news(self.address, self.name, now))?;
        if is_news && self.context.mode == Mode::Fetch {
            self.context.store.write(|tx| tx.note_imap_success(self.address, self.name, now))?;
        }
        Ok(())
    }
}
