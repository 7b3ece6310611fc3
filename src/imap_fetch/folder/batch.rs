//! How many mails are read at once.

/// Mails read at once; with [`BATCH_BYTES_MAX`] it bounds memory and what a crash makes us read again.
pub(super) const BATCH_MAILS_MAX: usize = 50;

/// Bytes of mails read at once, unless a single mail has more.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Cuts a list of mails into batches; a mail above the limit is read alone, and only in part.
pub(super) fn batches(mails: &[(u32, usize)], raw_bytes_max: usize) -> Vec<&[(u32, usize)]> {
    let mut found = Vec::new();
    let mut rest = mails;
    while let Some((_, first_bytes)) = rest.first() {
        let mut bytes = *first_bytes;
        let more = rest.iter().skip(1).take(BATCH_MAILS_MAX - 1).take_while(|(_, size)| {
            bytes = bytes.saturating_add(*size);
            bytes <= BATCH_BYTES_MAX && *size <= raw_bytes_max && *first_bytes <= raw_bytes_max
        });
        let (batch, after) = rest.split_at(1 + more.count());
        found.push(batch);
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_bounded_in_mails_and_bytes() {
        let small: Vec<(u32, usize)> = (1..=101).map(|uid| (uid, 10)).collect();
        let counts: Vec<usize> = batches(&small, 1000).iter().map(|batch| batch.len()).collect();
        assert_eq!(counts, [50, 50, 1]);
        let half = BATCH_BYTES_MAX / 2;
        let mails = [(1, half), (2, half), (3, 1), (4, BATCH_BYTES_MAX + 1), (5, 1)];
        let counts: Vec<usize> = batches(&mails, usize::MAX).iter().map(|batch| batch.len()).collect();
        assert_eq!(counts, [2, 1, 1, 1]);
    }

    #[test]
    fn mail_above_the_limit_is_read_alone() {
        let mails = [(1, 10), (2, 101), (3, 10)];
        let counts: Vec<usize> = batches(&mails, 100).iter().map(|batch| batch.len()).collect();
        assert_eq!(counts, [1, 1, 1]);
        assert_eq!(batches(&[(1, 100), (2, 100)], 100).len(), 1);
    }
}
