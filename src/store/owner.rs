//! Whose the files of a desk are: what root makes beside a database, or in a folder, belongs to whom that belongs, so that
//! the account maildesk runs as can use it.
//!
//! Only files that root has made just now are given away, by their open handle: in a folder of somebody else a name may
//! lead elsewhere a moment later.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Uid, fchown};

use crate::private_file;

/// The folder that holds the path.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The folders above a path that are not there, the lowest first.
pub(super) fn missing_folders(path: &Path) -> Vec<PathBuf> {
    let above = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    above.take_while(|folder| !folder.exists()).map(Path::to_owned).collect()
}

/// Gives a file or folder that root made to the owner of `like`; does nothing for anybody but root.
///
/// # Errors
/// What the system says.
pub(super) fn give(made: &Path, like: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let owner = std::fs::metadata(like)?;
    if owner.uid() == 0 {
        return Ok(());
    }
    let file = private_file::open_unfollowed(made)?;
    let found = file.metadata()?;
    // A second name of a file may stand anywhere, where its owner must not change.
    if found.uid() != 0 || (found.is_file() && found.nlink() > 1) {
        return Ok(());
    }
    Ok(fchown(&file, Some(Uid::from_raw(owner.uid())), Some(Gid::from_raw(owner.gid())))?)
}
