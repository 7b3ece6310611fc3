//! `admin import maildir`: a folder with `cur` and `new`, one file a mail, as Dovecot, Courier and
//! Postfix keep them.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::mails::{Import, Mail};
use super::progress::{Progress, Unit};
use crate::admin::Desk;
use crate::cli::Done;
use crate::domain::{EmailAddress, Timestamp};

/// Options of `admin import maildir`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Mails keep their dates, nobody is notified, and mails that are there already are passed over. Only the folder
itself is read; run it again for each subfolder you want (.Archive …).

Example:
  maildesk admin import maildir ~support/Maildir --address support@example.org")]
pub struct Arguments {
    /// The folder
    dir: PathBuf,
    /// The desk's address the mails were sent to [default: what the headers of each say]
    #[arg(long, value_name = "ADDR")]
    address: Option<EmailAddress>,
}

pub(super) fn run(desk: &Desk, arguments: &Arguments) -> anyhow::Result<Done> {
    let shown = arguments.dir.display();
    let mut import = Import::new(desk, arguments.address.as_ref())?;
    let mut files = Vec::new();
    let mut is_maildir = false;
    for folder in ["cur", "new"].map(|name| arguments.dir.join(name)) {
        if folder.is_dir() {
            is_maildir = true;
            list(&folder, &mut files).with_context(|| format!("reading {}", folder.display()))?;
        }
    }
    if !is_maildir {
        bail!("{shown} is no maildir: it has neither cur nor new");
    }
    // File names begin with the time of delivery: threads are read in their order.
    files.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    let progress = Progress::new(&desk.out, Unit::Mails, files.len() as u64);
    progress.part("importing", files.len() as u64);
    for (number, path) in files.iter().enumerate() {
        let name = path.display().to_string();
        match read(path, import.mail_bytes_max()) {
            Ok(raw) => import.add(Mail { raw, arrived_at: arrived_at(path), name })?,
            Err(error) => import.fail(&name, &error.to_string()),
        }
        progress.at(number as u64 + 1);
    }
    import.finish(progress)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !is_hidden && entry.path().is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn read(path: &Path, bytes_max: usize) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    File::open(path)?.take(bytes_max as u64).read_to_end(&mut raw)?;
    Ok(raw)
}

/// The seconds a maildir name begins with (`1717496582.M20046P2137.host,S=513:2,S`).
fn arrived_at(path: &Path) -> Option<Timestamp> {
    let name = path.file_name()?.to_str()?;
    name.split('.').next()?.parse().ok().map(Timestamp::from_unix)
}
