//! Files and folders for their owner alone: how everything that maildesk writes comes into being, and how files that
//! other programs made are opened without being led elsewhere.
//!
//! Everything maildesk writes holds mail, passwords or secrets, so a file is 0600 and a folder 0700 whatever the umask
//! says. What is meant for others (man pages, completions, exported articles) is written by `admin` itself.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Mode of a file: read and written by its owner alone.
pub const FILE_MODE: u32 = 0o600;

/// Mode of a folder: entered by its owner alone.
pub const FOLDER_MODE: u32 = 0o700;

/// Makes a new file for reading and writing.
///
/// # Errors
/// `AlreadyExists` where there is anything of that name, a link included; else what the system says.
pub fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(path)
}

/// Opens a file for appending, and makes it where there is none; an existing one keeps its mode.
///
/// # Errors
/// What the system says.
pub fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(FILE_MODE).open(path)
}

/// Makes a folder and those above it where there are none, and syncs what the new names stand in, so that they
/// survive a power cut. Existing ones keep their mode.
///
/// # Errors
/// What the system says.
pub fn create_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_folder(parent)?;
    }
    match DirBuilder::new().mode(FOLDER_MODE).create(path) {
        // Somebody else made it meanwhile.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        done => done?,
    }
    sync_folder_of(path)
}

/// Syncs the folder that a name stands in: only then does the name survive a power cut.
///
/// # Errors
/// What the system says.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Opens a regular file for reading. A symbolic link is refused rather than followed, and so is a folder, a device or
/// a pipe, at which an `open` would wait.
///
/// # Errors
/// `InvalidInput` for what is no regular file, else what the system says (a link: `ELOOP`).
pub fn open_regular(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn files_and_folders_are_their_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, file, log) = (dir.path().join("a/b"), dir.path().join("a/b/new"), dir.path().join("a/log"));
        create_folder(&folder).unwrap();
        create_folder(&folder).unwrap();
        create_new(&file).unwrap();
        append(&log).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!([&dir.path().join("a"), &folder].map(|path| mode(path)), [FOLDER_MODE; 2]);
        assert_eq!([&file, &log].map(|path| mode(path)), [FILE_MODE; 2]);
        assert_eq!(create_new(&file).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn only_regular_files_are_opened_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        std::fs::write(&file, "x").unwrap();
        symlink(&file, &link).unwrap();
        assert!(open_regular(&file).is_ok());
        assert!(open_regular(&link).is_err(), "a link");
        assert_eq!(open_regular(dir.path()).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(open_regular(Path::new("/dev/null")).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
