//! Mails as files: one `<id>.eml` each, complete or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::Failure;
use crate::store::queue::Claimed;

/// Writes the mail under another name, syncs it, and renames it. A second try replaces the first
/// one's file with the same bytes.
pub(super) fn write(folder: &Path, mail: &Claimed, raw: &[u8]) -> Result<(), Failure> {
    put(folder, mail.id.get(), raw).map_err(|e| Failure::Transport(format!("writing into {}: {e}", folder.display())))
}

fn put(folder: &Path, id: i64, raw: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!(".{id}.eml.{}", std::process::id()));
    let written = File::create(&unfinished).and_then(|mut file| {
        file.write_all(raw)?;
        file.sync_all()
    });
    if let Err(error) = written {
        // Half a file helps nobody; that it may stay changes nothing.
        fs::remove_file(&unfinished).ok();
        return Err(error);
    }
    fs::rename(&unfinished, folder.join(format!("{id}.eml")))?;
    File::open(folder)?.sync_all()
}

/// Whether the folder is there and is one.
pub(super) fn test(folder: &Path) -> Result<(), Failure> {
    let refused = |why: String| Failure::Transport(format!("{}: {why}", folder.display()));
    let found = fs::metadata(folder).map_err(|e| refused(e.to_string()))?;
    if !found.is_dir() {
        return Err(refused("not a folder".to_owned()));
    }
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).map_err(|e| refused(e.to_string()))
}
