//! A delivery that is taken back.

use std::borrow::Cow;

use super::{Delivery, Envelope, Error, Rules, read, settle};
use crate::domain::Timestamp;
use crate::mail::ParsedMail;
use crate::store::{self, Store};

/// Does what [`super::deliver`] does and rolls everything back: what `admin mail retry --dry-run` shows.
///
/// # Errors
/// As [`super::deliver`].
pub(crate) fn rehearse(
    store: &Store,
    rules: &Rules,
    envelope: &Envelope,
    raw: &[u8],
    now: Timestamp,
) -> Result<Delivery, Error> {
    let incoming = read(rules, envelope, raw, ParsedMail::parse)?;
    let mut shown = None;
    let undone = store.write(|tx| {
        shown = Some(settle(tx, &incoming, Cow::Borrowed(&[]), now)?);
        Err::<(), _>(Undo::OnPurpose)
    });
    match (undone, shown) {
        (Err(Undo::Failed(error)), _) => Err(error),
        (_, Some(delivery)) => Ok(delivery),
        (_, None) => Err(Error::Empty),
    }
}

/// Why a rehearsal's transaction is rolled back.
enum Undo {
    OnPurpose,
    Failed(Error),
}

impl From<Error> for Undo {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<store::Error> for Undo {
    fn from(error: store::Error) -> Self {
        Self::Failed(Error::Store(error))
    }
}
