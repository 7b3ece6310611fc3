//! Maildir folders as the tests' IMAP servers keep them: made, filled and looked at from behind their backs.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

/// An account and its group.
pub(crate) type Owner = (u32, u32);

/// Makes a folder.
pub(crate) fn make(folder: &Path) {
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(folder.join(part)).expect("a new folder");
    }
}

/// Gives everything below a folder away.
pub(crate) fn give(folder: &Path, owner: Owner) {
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        chown(&path, Some(owner.0), Some(owner.1)).expect("root may give files away");
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).expect("a folder").flatten().map(|entry| entry.path()));
        }
    }
}

/// Puts a mail into a folder, as an MTA would.
pub(crate) fn put(folder: &Path, owner: Owner, (name, mail): (&str, &[u8])) {
    let tmp = folder.join("tmp").join(name);
    fs::write(&tmp, mail).expect("the folder is writable");
    chown(&tmp, Some(owner.0), Some(owner.1)).expect("root may give files away");
    fs::rename(&tmp, folder.join("new").join(name)).expect("the same file system");
}

/// The mails of a folder: name and flags, sorted.
pub(crate) fn mails(folder: &Path) -> Vec<(String, String)> {
    let names = ["new", "cur"].iter().flat_map(|part| fs::read_dir(folder.join(part)).into_iter().flatten().flatten());
    let mut mails: Vec<_> = names
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let (name, flags) = name.split_once(":2,").unwrap_or((&name, ""));
            (name.to_owned(), flags.to_owned())
        })
        .collect();
    mails.sort();
    mails
}
