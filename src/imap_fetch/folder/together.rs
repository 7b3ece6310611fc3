//! Handing a batch of mails to the intake: together, so that they wait for the disk once.

use std::time::Instant;

use super::{Fetch, FetchContext, Mode, Settling};
use crate::intake::{Delivery, Letter, Outcome, deliver_group, log_delivery};
use crate::store::imap::FolderState;

impl Fetch<'_> {
    /// Hands mails over in one transaction and says which of them are dealt with, in ascending order. The others are to be
    /// handed over one by one, which says what is the matter with them.
    pub(super) fn take_together(
        &mut self,
        mails: &[(u32, Vec<u8>)],
        state: &FolderState,
        settling: &mut Settling,
    ) -> Vec<u32> {
        let FetchContext { store, rules, mode, .. } = self.context;
        if mails.len() < 2 || mode == Mode::DryRun {
            return Vec::new();
        }
        let started = Instant::now();
        let read = |(uid, raw): &(u32, Vec<u8>)| {
            Letter::read(rules, vec![self.envelope(*uid, state)], raw).ok().map(|letter| (*uid, letter))
        };
        let (uids, mut letters): (Vec<u32>, Vec<Letter>) = mails.iter().filter_map(read).unzip();
        if letters.is_empty() {
            return Vec::new();
        }
        let settled = deliver_group(store, &mut letters, store.now());
        let mut done = Vec::with_capacity(uids.len());
        for (uid, settled) in uids.into_iter().zip(settled) {
            let Ok(deliveries) = settled else { continue };
            self.counts.fetched += 1;
            for delivery in &deliveries {
                self.note_delivery(uid, delivery, started, settling);
            }
            done.push(uid);
        }
        done
    }

    /// A mail is on record, or refused for good.
    pub(super) fn note_delivery(&mut self, uid: u32, delivery: &Delivery, started: Instant, settling: &mut Settling) {
        self.counts.add(&delivery.outcome);
        settling.seen.push(uid);
        if !matches!(delivery.outcome, Outcome::Refused(_)) {
            settling.taken.push(uid);
        }
        if self.context.mode == Mode::DryRun {
            return;
        }
        log_delivery!(
            delivery,
            ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            address = self.account.email,
            folder = self.name,
            uid,
            "delivered"
        );
    }
}
