//! Transports that stay open between two drains, so that a desk with a mail from time to time connects and
//! logs in once. What is sent over them, and whether it arrived, is handled in [`super`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::drain::{DrainPlan, drain};
use super::patience::Patience;
use super::transport::Transport;
use super::{NoteEnd, SendReport};
use crate::domain::{AddressId, Timestamp};
use crate::store::address::AddressRow;
use crate::store::outbox::Scope;
use crate::store::{Result, Store};
use crate::worker::Worker;

/// How long a transport stays open unused. Chosen: servers wait five minutes (RFC 5321 §4.5.3.2.7), busy
/// ones less.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// The transports of a sender, by address. Dropping it closes the open ones.
#[derive(Debug)]
pub(crate) struct TransportPool {
    kept: BTreeMap<AddressId, OpenTransport>,
    pub(super) note_end: NoteEnd,
    /// What we are among the senders of all hosts, where the database is on a server.
    pub(super) worker: Option<Worker>,
}

/// A transport, and the settings it was made from.
#[derive(Debug)]
pub(super) struct OpenTransport {
    row: Option<AddressRow>,
    pub(super) transport: Transport,
    used: Instant,
}

impl TransportPool {
    /// With nothing open yet.
    #[must_use]
    pub(crate) const fn new(note_end: NoteEnd) -> Self {
        Self { kept: BTreeMap::new(), note_end, worker: None }
    }

    /// Does what [`super::send_due`] does, over transports that are still open.
    ///
    /// # Errors
    /// As [`super::send_due`].
    pub(crate) fn send_due(&mut self, store: &Store, now: Timestamp) -> Result<SendReport> {
        self.send_while(store, now, &Patience::default(), &mut || false)
    }

    /// Does what [`Self::send_due`] does, and calls `pulse` again and again meanwhile, however long a server
    /// takes. When it returns that the process has to end, no further mails are claimed; none is begun once the patience
    /// has come to its end ([`Patience::close`]), and the claimed ones go back into the queue.
    ///
    /// # Errors
    /// As [`super::send_due`].
    pub(crate) fn send_while(
        &mut self,
        store: &Store,
        now: Timestamp,
        patience: &Patience,
        pulse: &mut dyn FnMut() -> bool,
    ) -> Result<SendReport> {
        drain(store, self, DrainPlan { scope: Scope::All, patience, pulse }, now)
    }

    /// Closes transports that were not used for a while.
    pub(crate) fn close_idle(&mut self) {
        self.kept.retain(|_, way| way.used.elapsed() < IDLE_MAX);
    }

    /// The transport of an address: the open one, if its settings have not changed.
    pub(super) fn take(&mut self, address: AddressId, row: Option<&AddressRow>) -> OpenTransport {
        let kept = self.kept.remove(&address).filter(|way| way.row.as_ref() == row);
        kept.unwrap_or_else(|| OpenTransport { row: row.cloned(), transport: Transport::of(row), used: Instant::now() })
    }

    pub(super) fn put_back(&mut self, address: AddressId, mut way: OpenTransport) {
        way.used = Instant::now();
        self.kept.insert(address, way);
    }
}

impl Drop for OpenTransport {
    fn drop(&mut self) {
        self.transport.close();
    }
}
