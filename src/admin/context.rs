//! What a command of `admin` works with: the open desk, where to print, and the time.

use std::path::PathBuf;
use std::time::Duration;

use super::output::Output;
use crate::config::{self, Loaded};
use crate::domain::Timestamp;
use crate::intake::Rules;
use crate::options::Global;
use crate::outcome;
use crate::store::Store;

/// What a command of `admin` works with.
pub(super) struct Context {
    pub(super) store: Store,
    /// How mails are read that a command takes in.
    pub(super) rules: Rules,
    pub(super) out: Output,
    pub(super) now: Timestamp,
}

impl Context {
    pub(super) fn open(global: &Global, loaded: &Loaded, out: Output, now: Timestamp) -> outcome::Result<Self> {
        let limits = &loaded.config.limits;
        let store = Store::open(&database(global, loaded)?, Duration::from_secs(limits.lock_wait_s))?;
        Ok(Self { store, rules: Rules { limits: limits.mail() }, out, now })
    }
}

/// The database that the command line or the configuration names.
pub(super) fn database(global: &Global, loaded: &Loaded) -> outcome::Result<PathBuf> {
    Ok(config::database_path(global.db.as_deref(), &loaded.config)?)
}
