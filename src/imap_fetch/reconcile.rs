//! Mails below the last one read that are not on record: an answer of the server left them out, or named them as gone.
//! Once a day, and after every trouble with the folder, all its UIDs are compared with those that were seen.
//!
//! Both sides are lists in ascending order, walked side by side: the cost is that of the folder's UIDs and no mail is read
//! again.

use super::Error;
use super::folder::{Fetch, Mode};
use super::mailbox::{Folder, Mailbox};
use crate::domain::Timestamp;
use crate::store::imap::FolderState;

/// How often a folder without trouble is compared, in seconds. Chosen: a mail that was missed is a day late at most, and
/// the list of a folder with 100,000 mails has about 700 KB.
const RECONCILE_S: i64 = Timestamp::DAY_S;

impl Fetch<'_> {
    /// Takes in at most `limit` mails that were missed, if it is time to look for them; says how many.
    pub(super) fn take_missed(
        &mut self,
        mailbox: &mut Mailbox,
        folder: &Folder,
        state: &FolderState,
        limit: usize,
    ) -> Result<usize, Error> {
        if self.failures()? == 0 && !is_due(state.reconciled_at, self.context.now) {
            return Ok(0);
        }
        let Some(mut missed) = self.missed(mailbox, state)? else { return Ok(0) };
        let all = missed.len();
        missed.truncate(limit);
        if !missed.is_empty() {
            tracing::warn!(
                address = self.account.email,
                folder = self.name,
                mails = all,
                "the server had not listed some mails before; they are taken in now"
            );
            self.take_all(mailbox, folder, state, &missed)?;
        }
        if missed.len() == all && self.context.mode == Mode::Fetch {
            let now = self.context.now;
            self.context.store.write(|tx| tx.note_imap_reconciled(self.address, self.name, now))?;
        }
        Ok(missed.len())
    }

    /// The mails up to the last one read that are neither seen nor left over, in ascending order; `None` for a folder of
    /// which nothing is known.
    fn missed(&self, mailbox: &mut Mailbox, state: &FolderState) -> Result<Option<Vec<u32>>, Error> {
        let Self { context, address, name, .. } = *self;
        let in_force = context.store.read(|tx| tx.imap_folder(address, name))?;
        let Some(last_uid) = in_force.filter(|s| s.uid_validity == state.uid_validity).map(|s| s.last_uid) else {
            return Ok(None);
        };
        let found = match mailbox.search("ALL") {
            Ok(found) => found,
            Err(Error::Refused(why)) => {
                // What it lacks it will lack tomorrow, and it gives the new mails.
                tracing::warn!(address = self.account.email, folder = name, error = why, "listing the whole folder");
                return Ok(Some(Vec::new()));
            }
            Err(error) => return Err(error),
        };
        let known = context.store.read(|tx| tx.imap_known(address, name))?;
        let mut missed = not_in(&found, &known, last_uid);
        drop(found);
        if !missed.is_empty() {
            let there = mailbox.search("NOT DELETED")?;
            missed.retain(|uid| there.binary_search(uid).is_ok());
            self.keep_wanted(mailbox, state, &mut missed)?;
        }
        Ok(Some(missed))
    }
}

/// Whether the last comparison is long enough ago, or is dated in the future because the clock was ahead.
fn is_due(reconciled_at: Timestamp, now: Timestamp) -> bool {
    !(0..RECONCILE_S).contains(&now.unix().saturating_sub(reconciled_at.unix()))
}

/// The UIDs up to `last_uid` that are in none of the runs; both in ascending order.
fn not_in(uids: &[u32], runs: &[(u32, u32)], last_uid: u32) -> Vec<u32> {
    let mut runs = runs.iter().copied().peekable();
    let uids = uids.iter().copied().take_while(|uid| *uid <= last_uid);
    uids.filter(|uid| {
        while runs.next_if(|(_, last)| last < uid).is_some() {}
        runs.peek().is_none_or(|(first, _)| uid < first)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_in_no_run_are_found_up_to_the_last_one_read() {
        let runs = [(2, 3), (5, 5), (9, 12)];
        assert_eq!(not_in(&[1, 2, 3, 4, 5, 6, 9, 12, 13, 14], &runs, 13), [1, 4, 6, 13]);
        assert_eq!(not_in(&[1, 2], &[], 1), [1]);
        assert!(not_in(&[], &runs, 9).is_empty());
        assert!(not_in(&[u32::MAX], &[(1, u32::MAX)], u32::MAX).is_empty());
    }

    #[test]
    fn a_folder_is_due_after_a_day_and_when_the_clock_came_back() {
        let then = Timestamp::from_unix(1_800_000_000);
        assert!(!is_due(then, then));
        assert!(!is_due(then, then.plus_s(RECONCILE_S - 1)));
        assert!(is_due(then, then.plus_s(RECONCILE_S)));
        assert!(is_due(then, then.plus_s(-1)));
    }
}
