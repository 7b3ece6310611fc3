//! Secrets in files of their own, such as passwords of mailboxes: a file that others can read is refused.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Largest secret, in bytes. Chosen: access tokens of the big providers are 2 to 4 KiB.
pub(crate) const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Why a secret cannot be read from a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It cannot be read.
    #[error("reading {path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// Others can read it too.
    #[error("{path} can be read by others (mode {mode:o}); run chmod 600 on it")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

/// Reads a secret from a file that only its owner may read, without its line end.
///
/// # Errors
/// [`Error`].
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    read_from(open(path)?).map_err(|reason| Error::Unreadable { path: path.to_owned(), reason })
}

/// Checks that only its owner can read a file.
///
/// # Errors
/// [`Error`].
pub(crate) fn check(path: &Path) -> Result<(), Error> {
    open(path).map(drop)
}

/// Reads a secret from what a person or a program writes, without its line end.
///
/// # Errors
/// `InvalidData` for more than [`SECRET_BYTES_MAX`] and for bytes that are not UTF-8, else what the system says.
pub(crate) fn read_from(input: impl Read) -> io::Result<String> {
    let mut text = String::new();
    input.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|bytes| bytes > SECRET_BYTES_MAX) {
        let why = format!("too large for a secret: more than {} KiB", SECRET_BYTES_MAX / 1024);
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}

fn open(path: &Path) -> Result<File, Error> {
    let unreadable = |reason| Error::Unreadable { path: path.to_owned(), reason };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(file) } else { Err(Error::Open { path: path.to_owned(), mode }) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        std::fs::write(&path, "secret\r\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = read(&path).unwrap_err().to_string();
        assert!(refused.contains("(mode 640); run chmod 600 on it"), "{refused}");
        assert!(check(&path).is_err());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read(&path).unwrap(), "secret");
        assert!(check(&path).is_ok());
        assert!(read(&dir.path().join("gone")).unwrap_err().to_string().starts_with("reading /"));
    }

    #[test]
    fn secret_is_taken_whole_or_not_at_all() {
        let most = usize::try_from(SECRET_BYTES_MAX).unwrap();
        assert_eq!(read_from(vec![b'x'; most].as_slice()).unwrap().len(), most);
        assert_eq!(read_from(vec![b'x'; most + 1].as_slice()).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert!(read_from(&b"\xff"[..]).is_err());
    }
}
