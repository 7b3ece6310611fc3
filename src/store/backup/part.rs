//! A file that is made in the folder of its target, under another name, and gets its real name when it is complete.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use tempfile::TempPath;

use super::{Result, inaccessible};
use crate::private_file;

/// Suffixes of files that SQLite may make beside a database: an abandoned part leaves none of them.
const COMPANIONS: [&str; 3] = ["-journal", "-wal", "-shm"];

/// Most files of one name that are set aside. Chosen: so many are never left.
const ASIDE_MAX: u32 = 1000;

/// `path` with `suffix` at its end.
pub(super) fn named(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The part; removed again, with SQLite's files beside it, unless it got its name.
pub(super) struct Part {
    path: TempPath,
}

impl Part {
    /// An empty 0600 file beside `target`. Its name is random: a process number is used again, in a container with the
    /// next start, and would meet the file of a killed process.
    pub(super) fn beside(target: &Path) -> Result<Self> {
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut prefix = target.file_name().unwrap_or_default().to_owned();
        prefix.push(".part-");
        let made = tempfile::Builder::new().prefix(&prefix).make_in(folder, private_file::create_new);
        Ok(Self { path: made.map_err(inaccessible(target))?.into_temp_path() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the part the name `target`, unless there is a file of that name. A log that another database left there is
    /// set aside: SQLite would take it for this one's, and show the other's content.
    pub(super) fn name_new(&self, target: &Path) -> io::Result<()> {
        if target.symlink_metadata().is_err() {
            COMPANIONS.iter().try_for_each(|suffix| set_aside(&named(target, suffix)))?;
        }
        let ways: [Way; 3] = [link, rename_to_nothing, look_and_rename];
        first_possible(&ways, &self.path, target)
    }

    /// Gives the part the name `target`, whatever had it before.
    pub(super) fn name(&self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // A file that cannot be removed does no harm; the file itself is removed with its `TempPath`.
        for suffix in COMPANIONS {
            fs::remove_file(named(&self.path, suffix)).ok();
        }
    }
}

/// Gives a file that may be there the name `….left-N`.
fn set_aside(file: &Path) -> io::Result<()> {
    if file.symlink_metadata().is_err() {
        return Ok(());
    }
    let names = (1..=ASIDE_MAX).map(|number| named(file, &format!(".left-{number}")));
    let free = names.into_iter().find(|name| name.symlink_metadata().is_err()).ok_or(io::ErrorKind::AlreadyExists)?;
    tracing::warn!(file = %file.display(), aside = %free.display(), "left by another database; set aside");
    fs::rename(file, free)
}

/// A way to give a file another name that overwrites nothing.
type Way = fn(&Path, &Path) -> io::Result<()>;

fn first_possible(ways: &[Way], from: &Path, to: &Path) -> io::Result<()> {
    let mut done = Ok(());
    for way in ways {
        done = way(from, to);
        if !done.as_ref().is_err_and(is_impossible) {
            break;
        }
    }
    done
}

/// Whether the file system (FAT, some network and container ones) or the kernel knows no such thing.
fn is_impossible(error: &io::Error) -> bool {
    let unknown = [Errno::PERM, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL, Errno::MLINK];
    unknown.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// The part's own name is removed when the part is dropped.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)
}

fn rename_to_nothing(from: &Path, to: &Path) -> io::Result<()> {
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

/// The last resort: a file made between the look and the rename would be lost.
fn look_and_rename(from: &Path, to: &Path) -> io::Result<()> {
    if to.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAYS: [Way; 3] = [link, rename_to_nothing, look_and_rename];

    fn entries(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn no_way_to_a_name_overwrites_a_file() {
        for way in WAYS {
            let dir = tempfile::tempdir().unwrap();
            let (from, to) = (dir.path().join("from"), dir.path().join("to"));
            fs::write(&from, "new").unwrap();
            fs::write(&to, "old").unwrap();
            assert_eq!(way(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read_to_string(&to).unwrap(), "old");
            fs::remove_file(&to).unwrap();
            way(&from, &to).unwrap();
            assert_eq!(fs::read_to_string(&to).unwrap(), "new");
        }
    }

    #[test]
    fn another_way_is_gone_only_where_one_is_impossible() {
        let impossible: Way = |_, _| Err(Errno::PERM.into());
        let full: Way = |_, _| Err(Errno::NOSPC.into());
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::write(&from, "x").unwrap();
        assert!(first_possible(&[full, look_and_rename], &from, &to).is_err());
        assert!(!to.exists());
        first_possible(&[impossible, impossible, look_and_rename], &from, &to).unwrap();
        assert!(to.exists());
        assert!(first_possible(&[impossible], &from, &to).is_err());
    }

    #[test]
    fn part_leaves_nothing_beside_it_and_another_one_can_begin() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("one.db");
        let left = std::mem::ManuallyDrop::new(Part::beside(&target).unwrap());
        let part = Part::beside(&target).unwrap();
        COMPANIONS.iter().for_each(|suffix| fs::write(named(part.path(), suffix), "x").unwrap());
        part.name_new(&target).unwrap();
        drop(part);
        let killed = left.path().file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(entries(dir.path()), ["one.db".to_owned(), killed]);
    }
}
