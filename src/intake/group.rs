//! Mails that come at the same time: each is read by its own thread, all are settled in one transaction and share one
//! wait for the disk. What becomes of each is what [`super::deliver`] would make of it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Beginning, Delivery, Envelope, Error, Incoming, Outcome, Rules, compressed, read, settle};
use crate::domain::Timestamp;
use crate::mail::ParsedMail;
use crate::store::{self, Store};

/// A mail that was read, with an envelope for each of its recipients.
pub(crate) struct Letter {
    envelopes: Vec<Envelope>,
    raw_len: usize,
    key: [u8; 32],
    beginning: Option<Beginning>,
    mail: Option<ParsedMail>,
    is_oversize: bool,
    compressed: Vec<u8>,
}

/// Why a mail could not be settled now. It is logged where it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// There was no mail.
    Empty,
    /// Another program holds the database.
    Busy,
    /// The disk is full.
    Full,
    /// Anything else.
    Failed,
}

/// What became of a mail, for each of its recipients.
pub(crate) type Settled = Result<Vec<Delivery>, Trouble>;

impl Letter {
    /// Reads a mail, cut as for [`super::deliver`], for at least one envelope. Needs no database.
    ///
    /// # Errors
    /// [`Trouble::Empty`] without a mail or an envelope.
    pub(crate) fn read(rules: &Rules, envelopes: Vec<Envelope>, raw: &[u8]) -> Result<Self, Trouble> {
        let first = envelopes.first().ok_or(Trouble::Empty)?;
        let incoming = read(rules, first, raw, ParsedMail::parse).map_err(|error| trouble(&error))?;
        let compressed = compressed(raw).map_err(|error| trouble(&error.into()))?;
        let Incoming { raw_len, key, beginning, mail, is_oversize, .. } = incoming;
        Ok(Self { envelopes, raw_len, key, beginning, mail, is_oversize, compressed })
    }

    /// How many bytes the mail has.
    pub(crate) const fn bytes(&self) -> usize {
        self.raw_len
    }
}

/// Settles mails in one transaction, or, when one of them cannot be settled, each in its own, so that it fails alone.
pub(crate) fn deliver_group(store: &Store, letters: &mut [Letter], now: Timestamp) -> Vec<Settled> {
    let mut at_a_letter = false;
    match together(store, letters, &mut at_a_letter, now) {
        Ok(settled) => settled,
        // The database is the trouble and would be it again.
        Err(trouble) if !at_a_letter => letters.iter().map(|_| Err(trouble)).collect(),
        Err(trouble) if letters.len() < 2 => letters.iter().map(|_| Err(trouble)).collect(),
        Err(_) => letters.iter_mut().map(|letter| alone(store, letter, now)).collect(),
    }
}

fn alone(store: &Store, letter: &mut Letter, now: Timestamp) -> Settled {
    let settled = together(store, std::slice::from_mut(letter), &mut false, now)?;
    settled.into_iter().next().unwrap_or(Err(Trouble::Failed))
}

/// All or none. `at_a_letter` says whether it was one of them that failed, and not the database as a whole.
fn together(
    store: &Store,
    letters: &mut [Letter],
    at_a_letter: &mut bool,
    now: Timestamp,
) -> Result<Vec<Settled>, Trouble> {
    let settle_all = AssertUnwindSafe(|| {
        store.write(|tx| {
            let mut settled = Vec::with_capacity(letters.len());
            for letter in letters.iter_mut() {
                *at_a_letter = true;
                settled.push(letter.settle(|incoming, compressed| settle(tx, incoming, compressed.into(), now))?);
                *at_a_letter = false;
            }
            Ok::<_, Error>(settled)
        })
    });
    let settled = match catch_unwind(settle_all) {
        Ok(done) => done.map_err(|error| {
            tracing::error!(%error, "mails not stored");
            // Whatever mail it met first.
            *at_a_letter &= !matches!(error, Error::Store(store::Error::Full(_) | store::Error::Busy));
            trouble(&error)
        })?,
        Err(_) => {
            tracing::error!("an internal error ended the storing of mails; please report it with the log");
            return Err(Trouble::Failed);
        }
    };
    Ok(with_known_sure(store, settled))
}

/// A receipt that was only read proves nothing yet: its writer may have been killed before the sync. The other mails of the
/// group are committed, whatever becomes of those that were known.
fn with_known_sure(store: &Store, settled: Vec<Vec<Delivery>>) -> Vec<Settled> {
    let is_known = |of: &Vec<Delivery>| of.iter().any(|delivery| delivery.outcome == Outcome::Duplicate);
    let made_sure = if settled.iter().any(is_known) { store.make_sure() } else { Ok(()) };
    let failed = made_sure.err().map(|error| {
        tracing::error!(%error, "making sure of what is on record");
        trouble(&error.into())
    });
    settled.into_iter().map(|of| failed.filter(|_| is_known(&of)).map_or(Ok(of), Err)).collect()
}

impl Letter {
    /// Settles it for one recipient after the other.
    fn settle(
        &mut self,
        mut settle: impl FnMut(&Incoming<'_>, &[u8]) -> Result<Delivery, Error>,
    ) -> Result<Vec<Delivery>, Error> {
        let mut deliveries = Vec::with_capacity(self.envelopes.len());
        for envelope in &self.envelopes {
            let (raw_len, key, beginning, is_oversize) = (self.raw_len, self.key, self.beginning, self.is_oversize);
            let incoming = Incoming { envelope, raw_len, key, beginning, mail: self.mail.take(), is_oversize };
            let lent = Lent { incoming, home: &mut self.mail };
            crate::trip::trip("group-settle");
            deliveries.push(settle(&lent.incoming, &self.compressed)?);
        }
        Ok(deliveries)
    }
}

/// A mail that goes back to its letter, whatever happens to it.
struct Lent<'a> {
    incoming: Incoming<'a>,
    home: &'a mut Option<ParsedMail>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        *self.home = self.incoming.mail.take();
    }
}

fn trouble(error: &Error) -> Trouble {
    match error {
        Error::Empty => Trouble::Empty,
        Error::Store(store::Error::Busy) => Trouble::Busy,
        Error::Store(store::Error::Full(_)) => Trouble::Full,
        Error::Store(_) => Trouble::Failed,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::intake::Source;
    use crate::mail::Limits;
    use crate::store::migrate::create_or_migrate;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn desk() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("desk.db");
        create_or_migrate(&path, &[7; 32], NOW).unwrap();
        let store = Store::open(&path, Duration::from_millis(100)).unwrap();
        (dir, store)
    }

    fn letter(id: &str, recipients: &[&str]) -> Letter {
        let raw = format!("From: {id}@example.org\r\nSubject: Hi\r\nMessage-ID: <{id}@b>\r\n\r\nHello {id}\r\n");
        let envelope = |to: &&str| Envelope::handed_over(&[(*to).to_owned()], Some("a@b.example"), Source::Pipe);
        let rules = Rules { limits: Limits::default() };
        Letter::read(&rules, recipients.iter().map(envelope).collect(), raw.as_bytes()).unwrap()
    }

    fn outcomes(settled: &[Settled]) -> Vec<Result<Vec<Outcome>, Trouble>> {
        let of = |all: &'_ [Delivery]| all.iter().map(|delivery| delivery.outcome.clone()).collect();
        settled.iter().map(|one| one.as_deref().map(of).map_err(|trouble| *trouble)).collect()
    }

    #[test]
    fn group_is_settled_as_its_mails_would_be_one_by_one() {
        let (_dir, store) = desk();
        let mut letters = [
            letter("a", &["x@desk.example", "y@desk.example"]),
            letter("b", &["x@desk.example"]),
            letter("a", &["x@desk.example"]),
        ];
        let settled = deliver_group(&store, &mut letters, NOW);
        let expected =
            [Ok(vec![Outcome::Opened, Outcome::Duplicate]), Ok(vec![Outcome::Opened]), Ok(vec![Outcome::Duplicate])];
        assert_eq!(outcomes(&settled), expected);
        assert_eq!(store.read(|tx| tx.receipts(None, 10)).unwrap().len(), 2);
        // They have kept their mails, and are known now.
        let again = deliver_group(&store, &mut letters, NOW);
        assert!(again.iter().all(|one| one.as_ref().unwrap().iter().all(|d| d.outcome == Outcome::Duplicate)));
    }

    #[test]
    fn mail_that_cannot_be_settled_fails_alone() {
        let (dir, store) = desk();
        let mut letters =
            [letter("a", &["x@desk.example"]), letter("bad", &["x@desk.example"]), letter("c", &["x@desk.example"])];
        let breaks = "CREATE TRIGGER breaks BEFORE INSERT ON receipt WHEN NEW.from_email LIKE 'bad%' BEGIN SELECT \
                      RAISE(ABORT, 'a bug'); END";
        rusqlite::Connection::open(dir.path().join("desk.db")).unwrap().execute_batch(breaks).unwrap();
        let settled = deliver_group(&store, &mut letters, NOW);
        assert_eq!(outcomes(&settled), [Ok(vec![Outcome::Opened]), Err(Trouble::Failed), Ok(vec![Outcome::Opened])]);
        assert_eq!(store.read(|tx| tx.receipts(None, 10)).unwrap().len(), 2);
    }

    #[test]
    fn locked_database_is_waited_for_once_for_all() {
        let (dir, store) = desk();
        let other = rusqlite::Connection::open(dir.path().join("desk.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut letters = [letter("a", &["x@desk.example"]), letter("b", &["x@desk.example"])];
        let began = std::time::Instant::now();
        assert_eq!(outcomes(&deliver_group(&store, &mut letters, NOW)), [Err(Trouble::Busy), Err(Trouble::Busy)]);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }
}
