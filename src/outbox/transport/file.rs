//! Mails as files: one `<id>.eml` each, complete or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::Failure;
use crate::private_file;
use crate::store::queue::Claimed;

/// Writes the mail under another name, syncs it, and renames it. A second try replaces the first
/// one's file with the same bytes.
pub(super) fn write(folder: &Path, mail: &Claimed, raw: &[u8]) -> Result<(), Failure> {
    put(folder, mail.id.get(), raw).map_err(|e| Failure::Transport(format!("writing into {}: {e}", folder.display())))
}

fn put(folder: &Path, id: i64, raw: &[u8]) -> io::Result<()> {
    private_file::create_folder(folder)?;
    let unfinished = folder.join(format!(".{id}.eml.{}", std::process::id()));
    // A killed sender of the same process id may have left one.
    fs::remove_file(&unfinished).or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })?;
    let written = private_file::create_new(&unfinished).and_then(|mut file| {
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

/// Whether the folder can be written into; one that is not there yet is made with the first mail, if
/// the folder above lets us.
pub(super) fn test(folder: &Path) -> Result<(), Failure> {
    let folder = folder.ancestors().find(|place| place.exists()).unwrap_or(folder);
    let refused = |why: String| Failure::Transport(format!("{}: {why}", folder.display()));
    let found = fs::metadata(folder).map_err(|e| refused(e.to_string()))?;
    if !found.is_dir() {
        return Err(refused("not a folder".to_owned()));
    }
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).map_err(|e| refused(e.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn folder_that_is_made_with_the_first_mail_is_no_fault() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert_eq!(test(&dir.path().join("new/out")), Ok(()));
        assert!(test(&dir.path().join("file")).is_err());
        assert!(test(&dir.path().join("file/out")).is_err());
    }
}
