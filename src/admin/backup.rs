//! `admin backup` and `admin restore`: the whole desk as one file, and back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::progress::{Progress, Unit};
use super::removal::{Removal, RemovalPreview};
use super::{Context, Output, output};
use crate::domain::Timestamp;
use crate::outbox;
use crate::outcome::{self, Done, WithContext, bail};
use crate::store::backup::{self, Restored};
use crate::store::migrate::SCHEMA_VERSION;
use crate::store::presence::{self, Found, Presence};
use crate::store::ticket::Owner;
use crate::store::{Error, Place, Store};

/// Arguments of `admin backup`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Everything else can keep running during the backup. The file is checked, synced and readable by its owner only; \
    it holds\neverything but the password files that addresses name. It overwrites nothing.\n\nExample:\n  \
    maildesk admin backup /var/backups/maildesk/$(date +%F).db"
)]
pub(crate) struct Backup {
    /// The file to make
    file: PathBuf,
}

/// Arguments of `admin restore`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Stop `maildesk serve` before. What was written since the backup is lost; `admin backup` first \
    keeps it. The\ndatabase has its old content or the backup's, whatever happens on the way.\n\nExamples:\n  maildesk admin restore desk.db --dry-run\n  maildesk admin restore desk.db --yes"
)]
pub(crate) struct Restore {
    /// A file made by `admin backup`
    file: PathBuf,
    /// Whether to ask
    #[command(flatten)]
    removal: Removal,
}

pub(super) fn back_up(context: &Context, arguments: &Backup) -> outcome::Result<Done> {
    let path = &arguments.file;
    let progress = Progress::new(&context.output, Unit::Pages, 0);
    progress.part("copying", 0);
    let told = |copied: u64, all: u64| {
        progress.length(all);
        progress.at(copied);
        if copied == all {
            progress.name("checking");
        }
    };
    let finished = context.store.back_up(path, &told).context("backing up")?;
    drop(progress);
    let bytes = std::fs::metadata(path).with_context(|| format!("reading {}", path.display()))?.len();
    let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let json = json!({ "file": path, "bytes": bytes, "schema": SCHEMA_VERSION, "verified": true });
    let said = context.output.object(&json, &path.display().to_string());
    warn_unsynced(finished.unsynced.as_ref());
    complain_unsaid(&said);
    Ok(Done)
}

/// The work is done, so a failed report of it is no failure.
fn complain_unsaid(said: &std::io::Result<()>) {
    if let Err(error) = said {
        output::complain(&format!("done, but it could not be printed: {error}"));
    }
}

/// The file is complete and has its name: no failure, but not yet safe either.
fn warn_unsynced(unsynced: Option<&Error>) {
    if let Some(error) = unsynced {
        output::complain(&format!(
            "done, but a power cut now could undo it ({error}); run `sync` and look at the disk"
        ));
    }
}

/// What is in the database that goes, as far as it can be read.
fn lost(path: &Path) -> String {
    let counted = Store::open(path, Duration::ZERO).and_then(|store| store.read(|tx| tx.belongings(Owner::Desk)));
    counted.map_or_else(
        |_| String::new(),
        |lost| {
            let (tickets, messages) = (output::count(lost.tickets, "ticket"), output::count(lost.messages, "message"));
            format!("; of its {tickets} with {messages} only what the backup has stays")
        },
    )
}

/// Refuses while a `serve` is running, and keeps others from starting.
fn alone(path: &Path, now: Timestamp) -> outcome::Result<Option<Presence>> {
    let shown = path.display();
    match presence::restore_begins(path)? {
        Found::Alone(alone) => Ok(Some(alone)),
        Found::Served => bail!("a `maildesk serve` or another restore uses {shown}: stop it first"),
        Found::Unknown if outbox::is_sign_fresh(backup::served_at(path), now) => {
            let fresh_s = outbox::SERVED_FRESH_S;
            bail!("a `maildesk serve` uses {shown} (or did {fresh_s} seconds ago): stop it first")
        }
        Found::Unknown => Ok(None),
    }
}

/// The file that a backup may replace.
pub(super) fn restorable(place: &Place) -> outcome::Result<PathBuf> {
    match place.file() {
        Some(file) => Ok(file.to_owned()),
        None => bail!(
            "a database on a server is not restored from a file";
            "make an empty database and copy the backup into it: `maildesk admin copy FILE {place}`; or use the server's \
             own means (pg_restore)"
        ),
    }
}

/// Puts a backup in the place of the database at `path`, which may be missing or damaged.
pub(super) fn restore(
    path: &Path,
    out: &Output,
    arguments: &Restore,
    lock_wait: Duration,
    now: Timestamp,
) -> outcome::Result<Done> {
    let file = &arguments.file;
    let shown = file.display();
    let schema = match backup::inspect(file) {
        Err(Error::Corrupt(why)) => bail!("{shown} is damaged, or not a database at all ({why}); nothing was changed"),
        Err(Error::NotADesk(_)) => bail!("{shown} is not a maildesk database; nothing was changed"),
        other => other.context("reading the backup")?,
    };
    drop(alone(path, now)?);
    let loss = RemovalPreview::alone(format!("replace everything in {} by {}", path.display(), file.display()))
        .ending(lost(path))
        .counting(json!({ "schema": schema }));
    if !arguments.removal.is_agreed(out, &loss)? {
        return Ok(Done);
    }
    let _alone = alone(path, now)?;
    let finished = match backup::restore(file, path, lock_wait, now) {
        Err(error @ Error::Undecided(_)) => return Err(error.into()),
        done => done.context("restoring")?,
    };
    let (word, aside) = match &finished.done {
        Restored::Replaced => ("replaced", None),
        Restored::Created => ("created", None),
        Restored::SetAside(aside) => ("set-aside", Some(aside)),
    };
    let json = json!({ "db": path, "result": word, "schema": schema, "damaged_kept_as": aside });
    let said = out.object(&json, &format!("{} has the content of {}", path.display(), file.display()));
    warn_unsynced(finished.unsynced.as_ref());
    complain_unsaid(&said);
    if let Some(aside) = aside {
        out.say(&format!("the damaged database was kept as {}", aside.display()));
    }
    if schema < SCHEMA_VERSION {
        out.say("the backup has an older schema: run `maildesk admin init` to migrate it");
    }
    Ok(Done)
}
