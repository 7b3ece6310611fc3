//! What a command of `admin` works with: the open desk, where to print, and the time.

use std::time::Duration;

use super::output::Output;
use crate::config::{self, Loaded};
use crate::desk::Change;
use crate::domain::{Actor, Door, Timestamp};
use crate::intake::Rules;
use crate::options::Global;
use crate::outcome;
use crate::store::settings::Settings;
use crate::store::{self, Place, Store, WriteTx};

/// What a command of `admin` works with.
pub(super) struct Context {
    pub(super) store: Store,
    /// The limits for reading mails that a command takes in.
    pub(super) rules: Rules,
    pub(super) output: Output,
    pub(super) now: Timestamp,
}

impl Context {
    pub(super) fn open(global: &Global, loaded: &Loaded, out: Output, now: Timestamp) -> outcome::Result<Self> {
        let limits = &loaded.config.limits;
        let store = Store::open(&database(global, loaded)?, Duration::from_secs(limits.lock_wait_s))?;
        // All hosts of a desk on a server go by its clock.
        let now = now.plus_s(store.clock_ahead_s());
        Ok(Self { store, rules: Rules { limits: limits.mail() }, output: out, now })
    }

    /// Changes to tickets from the command line, in a transaction that is open.
    pub(super) fn changes<'a>(&self, tx: &'a WriteTx<'a>, settings: &'a Settings) -> Change<'a> {
        Change::new(tx, settings, Actor::Desk, Door::CommandLine, self.now)
    }

    /// Makes one change to tickets in its own transaction.
    pub(super) fn change<T>(&self, make: impl FnOnce(&Change<'_>) -> store::Result<T>) -> store::Result<T> {
        self.store.write(|tx| make(&self.changes(tx, &tx.settings()?)))
    }
}

/// The database that the command line or the configuration names.
pub(super) fn database(global: &Global, loaded: &Loaded) -> outcome::Result<Place> {
    Ok(config::database(global.db.as_deref(), &loaded.config)?)
}
