//! `admin copy`: a whole desk from one database into a new one, on either engine.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::output::{self, Output};
use crate::admin::random;
use crate::config::{self, Loaded};
use crate::domain::Timestamp;
use crate::outcome::{self, Done, WithContext};
use crate::store::{Store, copy, migrate};

/// Arguments of `admin copy`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Stop everything that writes into FROM before: what is written later is not copied. TO is made if it is not there; \
    it must have\nnothing in it yet. Of two databases on servers that have passwords, one has it in MAILDESK_DB, or both are reached \
    by\nthe password in `db_password_file`.\n\nExamples:\n  maildesk admin copy /var/lib/maildesk/maildesk.db postgres://desk@db.example.org/desk\n  \
    maildesk admin copy postgres://desk@db.example.org/desk desk.db"
)]
pub(crate) struct Arguments {
    /// The database to copy: a file, or postgres://USER@HOST/NAME
    from: PathBuf,
    /// The new one: a file, or postgres://USER@HOST/NAME
    to: PathBuf,
}

pub(super) fn run(loaded: &Loaded, out: &Output, arguments: &Arguments, now: Timestamp) -> outcome::Result<Done> {
    let wait = Duration::from_secs(loaded.config.limits.lock_wait_s);
    let from = config::database(Some(&arguments.from), &loaded.config)?;
    let to = config::database(Some(&arguments.to), &loaded.config)?;
    let source = Store::open(&from, wait).with_context(|| format!("opening {from}"))?;
    let secret = random::<32>()?;
    migrate::create_or_migrate(&to, &secret, now).with_context(|| format!("making {to}"))?;
    let target = Store::open(&to, wait).with_context(|| format!("opening {to}"))?;
    let copied = copy::copy(&source, &target).with_context(|| format!("copying {from} into {to}"))?;
    let json = json!({ "from": from.shown(), "to": to.shown(), "tables": copied.tables, "rows": copied.rows });
    let rows = output::count(i64::try_from(copied.rows).unwrap_or(i64::MAX), "row");
    out.changed(&json, &format!("copied {rows} of {} tables into {to}", copied.tables))?;
    Ok(Done)
}
