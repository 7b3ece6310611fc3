//! Mails over the largest size: the beginning is kept, and the rest is looked at as by every other door.

use super::{Error, Fetch, Mailbox};
use crate::mail::Whole;

/// Mails as they were read, and all of the one that is larger than what is kept, which stands alone.
type Read = (Vec<(u32, Vec<u8>)>, Option<Whole>);

impl Fetch<'_> {
    /// Reads a batch, and the rest of a large mail.
    pub(super) fn read_whole(
        &mut self,
        mailbox: &mut Mailbox,
        batch: &[(u32, usize)],
        left: &mut Vec<(u32, String)>,
    ) -> Result<Read, Error> {
        let mails = self.read(mailbox, batch, left)?;
        let [(uid, raw)] = mails.as_slice() else { return Ok((mails, None)) };
        if raw.len() <= self.context.rules.limits.raw_bytes_max {
            return Ok((mails, None));
        }
        match mailbox.read_rest(*uid, raw) {
            Ok(whole) => Ok((mails, Some(whole))),
            Err(Error::Refused(why)) => {
                self.bear(&why)?;
                self.note_unread(*uid, why, left);
                Ok((Vec::new(), None))
            }
            Err(error) => Err(error),
        }
    }
}
