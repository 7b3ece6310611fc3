//! Mails as files: one `<id>.eml` each, either complete or missing.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::Failure;
use crate::private_file;
use crate::store::outbox::Claimed;

/// Writes the mail under another name, syncs it, and renames it. A second try replaces the first
/// one's file with the same bytes.
pub(super) fn write(folder: &Path, mail: &Claimed, raw: &[u8]) -> Result<(), Failure> {
    put(folder, mail.id.get(), raw).map_err(|e| Failure::Transport(format!("writing into {}: {e}", folder.display())))
}

fn put(folder: &Path, id: i64, raw: &[u8]) -> io::Result<()> {
    private_file::create_folder(folder)?;
    let unfinished = folder.join(format!(".{id}.eml.{}", std::process::id()));
    // A killed sender with the same process id may have left one.
    fs::remove_file(&unfinished).or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })?;
    let written = private_file::create_new(&unfinished).and_then(|mut file| {
        file.write_all(raw)?;
        // Root may run the sending, but the account that collects the mail must be able to read it.
        private_file::give(&unfinished, folder)?;
        file.sync_all()
    });
    if let Err(error) = written {
        // Half a file is useless; if it cannot be removed, that does no harm.
        fs::remove_file(&unfinished).ok();
        return Err(error);
    }
    fs::rename(&unfinished, folder.join(format!("{id}.eml")))?;
    File::open(folder)?.sync_all()
}

/// Whether the folder is there and can be written into. The first mail would make one that is missing;
/// a mistyped one would then take all mail without a word.
pub(super) fn test(folder: &Path) -> Result<(), Failure> {
    let refused = |why: String| Failure::Transport(format!("{}: {why}", folder.display()));
    let found = fs::metadata(folder).map_err(|e| {
        refused(if e.kind() == io::ErrorKind::NotFound {
            "there is no such folder; make it, or name another one with --outgoing-dir".to_owned()
        } else {
            e.to_string()
        })
    })?;
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
    fn folder_that_is_missing_or_none_is_a_fault() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert_eq!(test(dir.path()), Ok(()));
        let missing = test(&dir.path().join("new/out")).unwrap_err();
        assert!(missing.to_string().contains("there is no such folder"), "{missing}");
        assert!(!dir.path().join("new").exists(), "a trial changes nothing");
        assert!(test(&dir.path().join("file")).is_err());
        assert!(test(&dir.path().join("file/out")).is_err());
    }
}
