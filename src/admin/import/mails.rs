//! Mail archives into the desk: what `mbox` and `maildir` have in common. Mails come one after the
//! other from either, go in by batches, and are counted.

use serde_json::json;

use crate::admin::output;
use crate::admin::progress::Progress;
use crate::admin::{Context, usage};
use crate::domain::{EmailAddress, Timestamp};
use crate::intake::{Archived, Delivery, Envelope, Error, Outcome, Source, deliver_archive};
use crate::mail::Whole;
use crate::outcome::{self, Done, bail};
use crate::store;

/// Mails of one transaction. Chosen: a few hundred share one wait for the disk, and a running `pipe`
/// gets its turn in between.
const BATCH_MAILS_MAX: usize = 256;

/// Bytes of one batch, where mails are large.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A mail of an archive.
pub(super) struct Mail {
    pub(super) raw: Vec<u8>,
    /// All of it, where the bytes are only its beginning.
    pub(super) whole: Option<Whole>,
    pub(super) arrived_at: Option<Timestamp>,
    /// What it is called when something is said about it.
    pub(super) name: String,
}

/// What happened to an archive's mails.
#[derive(Default)]
struct Summary {
    mails: u64,
    opened: u64,
    appended: u64,
    dropped: u64,
    quarantined: u64,
    duplicates: u64,
    failed: u64,
}

fn own_address(context: &Context, address: &EmailAddress) -> outcome::Result<String> {
    let addresses = context.store.read(|tx| tx.desk_addresses())?;
    match addresses.into_iter().find(|own| own.email.eq_ignore_ascii_case(address.as_str())) {
        Some(own) => Ok(own.email),
        None => usage(format!(
            "{address} is not an address of this desk; `maildesk admin address list` shows them, `address add` adds one"
        )),
    }
}

/// The import of one archive.
pub(super) struct Import<'a> {
    context: &'a Context,
    /// The desk's address all were sent to; `None`: each mail's headers say.
    address: Option<String>,
    batch: Vec<Archived>,
    names: Vec<String>,
    bytes: usize,
    summary: Summary,
    started: std::time::Instant,
}

impl<'a> Import<'a> {
    /// Begins; an address must be one of the desk's.
    pub(super) fn new(context: &'a Context, address: Option<&EmailAddress>) -> outcome::Result<Self> {
        let address = address.map(|address| own_address(context, address)).transpose()?;
        Ok(Self {
            context,
            address,
            batch: Vec::new(),
            names: Vec::new(),
            bytes: 0,
            summary: Summary::default(),
            started: std::time::Instant::now(),
        })
    }

    /// Largest mail that is read whole, in bytes; one byte more says that it is larger.
    pub(super) fn mail_bytes_max(&self) -> usize {
        self.context.rules.limits.raw_bytes_max.saturating_add(1)
    }

    /// Adds a mail to the batch at hand.
    pub(super) fn add(&mut self, mail: Mail) -> outcome::Result<()> {
        self.summary.mails += 1;
        self.bytes += mail.raw.len();
        let source = Source::Archive { arrived_at: mail.arrived_at };
        let envelope =
            Envelope { recipients: self.address.iter().cloned().collect(), sender: None, source, whole: mail.whole };
        self.batch.push(Archived { envelope, raw: mail.raw });
        self.names.push(mail.name);
        if self.batch.len() >= BATCH_MAILS_MAX || self.bytes >= BATCH_BYTES_MAX {
            self.deliver()?;
        }
        Ok(())
    }

    /// Counts a mail that could not even be read.
    pub(super) fn fail(&mut self, name: &str, why: &str) {
        self.summary.mails += 1;
        self.summary.failed += 1;
        output::complain(&format!("{name}: {why}"));
    }

    fn deliver(&mut self) -> outcome::Result<()> {
        let delivered = deliver_archive(&self.context.store, &self.context.rules, &self.batch, self.context.now);
        self.batch.clear();
        self.bytes = 0;
        let names = std::mem::take(&mut self.names);
        for (name, delivered) in names.iter().zip(delivered) {
            match delivered {
                Ok(delivery) => self.count(&delivery),
                // Nothing that comes after would fare better; what is in stays in.
                Err(Error::Store(
                    error @ (store::Error::Busy
                    | store::Error::Full(_)
                    | store::Error::ReadOnly
                    | store::Error::MountedReadOnly(_)
                    | store::Error::Corrupt(_)),
                )) => {
                    return Err(error.into());
                }
                Err(error) => {
                    self.summary.failed += 1;
                    output::complain(&format!("{name}: {error}"));
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, delivery: &Delivery) {
        let summary = &mut self.summary;
        match delivery.outcome {
            Outcome::Opened => summary.opened += 1,
            Outcome::Appended => summary.appended += 1,
            Outcome::Dropped => summary.dropped += 1,
            Outcome::Quarantined => summary.quarantined += 1,
            Outcome::Duplicate => summary.duplicates += 1,
            // Only `pipe` can refuse.
            Outcome::Refused(_) => summary.failed += 1,
        }
    }

    /// Delivers the last batch and says what happened to all mails.
    pub(super) fn finish(mut self, progress: Progress) -> outcome::Result<Done> {
        self.deliver()?;
        drop(progress);
        let s = &self.summary;
        let seconds = self.started.elapsed().as_secs_f64();
        let json = json!({
            "address": self.address, "mails": s.mails, "opened": s.opened, "appended": s.appended, "dropped": s.dropped,
            "quarantined": s.quarantined, "duplicates": s.duplicates, "failed": s.failed,
            "seconds": (seconds * 1000.0).round() / 1000.0,
        });
        let text = format!(
            "{}: {} opened tickets, {} joined others, {} dropped, {} quarantined, {} were there already, {} failed",
            output::count(i64::try_from(s.mails).unwrap_or(i64::MAX), "mail"),
            s.opened,
            s.appended,
            s.dropped,
            s.quarantined,
            s.duplicates,
            s.failed
        );
        self.context.output.object(&json, &text)?;
        if s.quarantined > 0 && !self.context.output.is_json() {
            self.context
                .output
                .say("`maildesk admin mail list --state quarantined` shows those that nobody could decide about");
        }
        if s.mails == 0 {
            bail!("there was no mail to import");
        }
        outcome::done_unless(s.failed > 0)
    }
}
