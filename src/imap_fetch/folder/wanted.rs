//! How far a folder was read, and which of its mails are wanted after that.

use super::super::account::Start;
use super::super::mailbox::{Folder, Mailbox};
use super::{Error, Fetch, Mode};
use crate::domain::Timestamp;
use crate::store::imap::FolderState;

/// Seconds taken off the time a folder was first seen, for servers in other time zones with wrong
/// clocks: IMAP's SINCE knows days only.
const CLOCK_SLACK_S: i64 = 2 * Timestamp::DAY_S;

impl Fetch<'_> {
    /// How far the folder was read, or its beginning when it is new or its UIDs start again.
    pub(super) fn state(&self, mailbox: &mut Mailbox, folder: &Folder) -> Result<FolderState, Error> {
        let known = self.context.store.read(|tx| tx.imap_folder(self.address, self.name))?;
        if let Some(known) = known.filter(|known| known.uid_validity == folder.uid_validity) {
            return Ok(known);
        }
        // Both, because a number that is too high would hide mails forever, and one that counts mail that came just
        // now would as well.
        let before_next = folder.uid_next.map(|next| next.saturating_sub(1));
        let backlog_uid = match (mailbox.last_uid(), before_next) {
            (Ok(last), next) => last.min(next.unwrap_or(last)),
            (Err(Error::Refused(_)), Some(next)) => next,
            (Err(error), _) => return Err(error),
        };
        let is_new_only = known.is_none() && self.account.options.start == Start::New;
        if known.is_some() {
            tracing::warn!(
                address = self.account.email,
                folder = self.name,
                "the server has renumbered the mails of this folder; reading it again from the start"
            );
        }
        let new = FolderState {
            uid_validity: folder.uid_validity,
            last_uid: if is_new_only { backlog_uid } else { 0 },
            backlog_uid,
            started_at: self.context.now,
            reconciled_at: self.context.now,
        };
        match self.context.mode {
            Mode::DryRun => Ok(known.map_or(new, |known| FolderState { started_at: known.started_at, ..new })),
            Mode::Fetch => Ok(self.context.store.write(|tx| tx.begin_imap_folder(self.address, self.name, new))?),
        }
    }

    pub(super) fn new_uids(&self, mailbox: &mut Mailbox, state: &FolderState) -> Result<Vec<u32>, Error> {
        let Some(first) = state.last_uid.checked_add(1) else { return Ok(Vec::new()) };
        let mut found = match mailbox.search(&format!("UID {first}:* NOT DELETED")) {
            // Some servers find fault with a range that names no mail, or with an empty folder.
            Err(Error::Refused(_)) => mailbox.search("NOT DELETED")?,
            done => done?,
        };
        // "n:*" names the last mail even when its UID is below n (RFC 3501 §6.4.8).
        found.retain(|uid| *uid >= first);
        self.keep_wanted(mailbox, state, &mut found)?;
        Ok(found)
    }

    /// Leaves out what lay in a folder before the desk began, where that is not wanted.
    pub(in crate::imap_fetch) fn keep_wanted(
        &self,
        mailbox: &mut Mailbox,
        state: &FolderState,
        found: &mut Vec<u32>,
    ) -> Result<(), Error> {
        let Some(first) = found.first().filter(|uid| **uid <= state.backlog_uid) else { return Ok(()) };
        if self.account.options.start == Start::New {
            // Numbered again since, or they would be on record as seen.
            let since = imap_date(state.started_at.plus_s(-CLOCK_SLACK_S));
            let young = mailbox.search(&format!("UID {first}:{} SINCE {since} NOT DELETED", state.backlog_uid))?;
            found.retain(|uid| *uid > state.backlog_uid || young.binary_search(uid).is_ok());
        }
        Ok(())
    }
}

/// A day as IMAP writes it (RFC 3501 §9, date-text), in UTC.
fn imap_date(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.unix()).unwrap_or_default().strftime("%-d-%b-%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_the_imap_way() {
        assert_eq!(imap_date(Timestamp::from_unix(1_780_000_000)), "28-May-2026");
    }
}
