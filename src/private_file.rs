//! Files and folders that only their owner can read: how everything that maildesk writes is created, and how files that
//! other programs made are opened without following links.
//!
//! Everything maildesk writes holds mail, passwords or secrets, so a file is 0600 and a folder 0700 whatever the umask
//! says. What is meant for others (man pages, completions, exported articles) is written by `admin` itself.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{FileType, Gid, Mode, OFlags, Uid, fchown};

/// How other programs' files are opened.
const READ: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC);

/// Mode of a file: only its owner reads and writes it.
pub(crate) const FILE_MODE: u32 = 0o600;

/// Mode of a folder: only its owner enters it.
pub(crate) const FOLDER_MODE: u32 = 0o700;

/// Makes a new file for reading and writing.
///
/// # Errors
/// `AlreadyExists` where there is anything of that name, a link included; else what the system says.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(path)
}

/// Opens a file for appending, and makes it where there is none; an existing one keeps its mode. One that root makes
/// belongs to its folder's owner.
///
/// # Errors
/// What the system says.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    match create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made.and_then(|_| give(path, folder_of(path)))?,
    }
    OpenOptions::new().create(true).append(true).mode(FILE_MODE).open(path)
}

/// Opens a file for reading and writing in place.
///
/// # Errors
/// `NotFound` where there is none; else what the system says.
pub(crate) fn open_to_change(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Makes a folder and those above it where there are none, and syncs the folders above the new ones, so that they
/// survive a power cut. Existing ones keep their mode. One that root makes belongs to the owner of the one it is in.
///
/// # Errors
/// What the system says.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_folder(parent)?;
    }
    match DirBuilder::new().mode(FOLDER_MODE).create(path) {
        // Another process made it meanwhile.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        done => done.and_then(|()| give(path, folder_of(path)))?,
    }
    sync_folder_of(path)
}

/// Makes a new folder in an existing one.
///
/// # Errors
/// `AlreadyExists` where there is anything of that name; else what the system says.
pub(crate) fn create_new_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(FOLDER_MODE).create(path)?;
    sync_folder_of(path)
}

/// Makes a folder that is removed with its content when the value is dropped.
///
/// # Errors
/// What the system says.
pub(crate) fn temporary_folder(prefix: &str, inside: &Path) -> io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix(prefix).permissions(Permissions::from_mode(FOLDER_MODE)).tempdir_in(inside)
}

/// Gives a file new content: written to `beside`, synced and renamed, so that no crash leaves half of it. A file at
/// `beside` was left by such a crash and is removed. What root writes belongs to the owner of the file before, else of the
/// folder: the account maildesk runs as reads it.
///
/// # Errors
/// What the system says.
pub(crate) fn replace(path: &Path, beside: &Path, content: &[u8]) -> io::Result<()> {
    fs::remove_file(beside).or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })?;
    let mut file = create_new(beside)?;
    file.write_all(content)?;
    give(beside, if path.exists() { path } else { folder_of(path) })?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    sync_folder_of(path)
}

/// Syncs the folder that contains a name: only then does the name survive a power cut.
///
/// # Errors
/// What the system says.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Opens a regular file that a person named, for reading. That name may be a symbolic link: the person chose it. A
/// folder, a device or a pipe, at which an `open` would wait, is refused.
///
/// # Errors
/// `InvalidInput` for anything but a regular file, else what the system says.
pub(crate) fn open_named(path: &Path) -> io::Result<File> {
    let file = rustix::fs::openat(rustix::fs::CWD, path, READ | OFlags::NONBLOCK, Mode::empty())?;
    regular(file.into())
}

/// Opens a file or folder for reading. A symbolic link is refused, and a pipe is not waited for.
///
/// # Errors
/// What the system says (a link: `ELOOP`).
pub(crate) fn open_unfollowed(path: &Path) -> io::Result<File> {
    Ok(rustix::fs::openat(rustix::fs::CWD, path, READ | OFlags::NONBLOCK | OFlags::NOFOLLOW, Mode::empty())?.into())
}

/// A folder whose entries are read without leaving it: its content was put there by others, and a link could lead
/// to any file that maildesk may read.
#[derive(Debug)]
pub(crate) struct Folder {
    fd: OwnedFd,
}

impl Folder {
    /// Opens a folder that a person named; that name may be a symbolic link.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn open_named(path: &Path) -> io::Result<Self> {
        let fd = rustix::fs::openat(rustix::fs::CWD, path, READ | OFlags::DIRECTORY, Mode::empty())?;
        Ok(Self { fd })
    }

    /// Opens a folder in this one.
    ///
    /// # Errors
    /// `NotADirectory` for anything else, a symbolic link included; else what the system says.
    pub(crate) fn folder(&self, name: &OsStr) -> io::Result<Self> {
        let fd = rustix::fs::openat(&self.fd, name, READ | OFlags::DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
        Ok(Self { fd })
    }

    /// The names in this folder that are not folders, in no particular order.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            let entry = entry?;
            if entry.file_type() != FileType::Directory {
                names.push(OsStr::from_bytes(entry.file_name().to_bytes()).to_owned());
            }
        }
        Ok(names)
    }

    /// Opens a regular file in this folder for reading.
    ///
    /// # Errors
    /// `InvalidInput` for anything but a regular file, a symbolic link included; else what the system says.
    pub(crate) fn file(&self, name: &OsStr) -> io::Result<File> {
        let flags = READ | OFlags::NONBLOCK | OFlags::NOFOLLOW;
        match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(file) => regular(file.into()),
            Err(rustix::io::Errno::LOOP) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "a symbolic link, which is not followed"))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Gives a file or folder that root made to the owner of `like`; does nothing unless run as root.
///
/// Only what root has made just now changes its owner, by its open handle: in a folder of another user a name may lead
/// elsewhere a moment later.
///
/// # Errors
/// What the system says.
pub(crate) fn give(made: &Path, like: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let owner = fs::metadata(like)?;
    if owner.uid() == 0 {
        return Ok(());
    }
    let file = open_unfollowed(made)?;
    let found = file.metadata()?;
    // A file with a second name (hard link) may be any file, whose owner must not change.
    if found.uid() != 0 || (found.is_file() && found.nlink() > 1) {
        return Ok(());
    }
    Ok(fchown(&file, Some(Uid::from_raw(owner.uid())), Some(Gid::from_raw(owner.gid())))?)
}

/// The folder that contains a name.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

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
    fn replaced_file_is_whole_and_its_owners_alone_whatever_was_left_beside() {
        let dir = tempfile::tempdir().unwrap();
        let (file, beside) = (dir.path().join("secret"), dir.path().join("secret.new"));
        fs::write(&beside, "half").unwrap();
        replace(&file, &beside, b"whole").unwrap();
        assert_eq!((fs::read_to_string(&file).unwrap().as_str(), beside.exists()), ("whole", false));
        let folder = temporary_folder("x-", dir.path()).unwrap();
        create_new_folder(&folder.path().join("new")).unwrap();
        for (path, wanted) in
            [(&file, FILE_MODE), (&folder.path().to_owned(), FOLDER_MODE), (&folder.path().join("new"), FOLDER_MODE)]
        {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, wanted, "{path:?}");
        }
    }

    #[test]
    fn only_regular_files_are_opened_and_links_in_a_folder_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "x").unwrap();
        fs::create_dir(dir.path().join("inside")).unwrap();
        symlink(&file, &link).unwrap();
        symlink(dir.path(), dir.path().join("round")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, dir.path().join("pipe"), Mode::RUSR).unwrap();
        let folder = Folder::open_named(&dir.path().join("round")).expect("a link that a person named");
        let mut names = folder.names().unwrap();
        names.sort();
        assert_eq!(names, ["file", "link", "pipe", "round"]);
        let kind = |done: io::Result<File>| done.map_err(|error| error.kind()).map(drop);
        assert_eq!(kind(folder.file("file".as_ref())), Ok(()));
        for other in ["link", "pipe", "round", "inside"] {
            assert_eq!(kind(folder.file(other.as_ref())), Err(io::ErrorKind::InvalidInput), "{other}");
        }
        assert!(folder.folder("inside".as_ref()).is_ok());
        for other in ["round", "file", "gone"] {
            assert!(folder.folder(other.as_ref()).is_err(), "{other}");
        }
        assert!(open_named(&file).is_ok() && open_named(&link).is_ok());
        for other in [dir.path().to_owned(), dir.path().join("pipe"), "/dev/null".into()] {
            assert_eq!(kind(open_named(&other)), Err(io::ErrorKind::InvalidInput), "{other:?}");
        }
    }
}
