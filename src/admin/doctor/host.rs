//! The machine: configuration file, database file and folder, file system, free space, clock.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{CheckContext, Finding};
use crate::account;
use crate::store::{self, Store};

/// Free bytes below which mail may soon not be taken.
const FREE_BYTES_MIN: u64 = store::MAIL_NEEDS_BYTES;
/// Free bytes below which `doctor` warns.
const FREE_BYTES_LOW: u64 = 1024 * 1024 * 1024;
/// A clock before this (2025-01-01) was never set.
const CLOCK_MIN_S: i64 = 1_735_689_600;
/// Seconds the newest mail may be dated in the future before the clock counts as wrong.
const CLOCK_AHEAD_MAX_S: i64 = 300;

/// File systems without the shared memory and locks that a write-ahead log needs (statfs(2)).
const NETWORK_FILE_SYSTEMS: [(u64, &str); 8] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x0bd0_0bd0, "Lustre"),
];
/// File systems that end with the machine or the container.
const PASSING_FILE_SYSTEMS: [(u64, &str); 3] =
    [(0x0102_1994, "tmpfs"), (0x8584_58f6, "ramfs"), (0x794c_7630, "overlayfs")];

/// What can be seen from outside the database.
pub(super) fn look(context: &CheckContext<'_>) -> Vec<Finding> {
    let mut findings = vec![configuration(context)];
    if context.place.file().is_some() {
        findings.extend(files(&context.path));
        findings.extend(file_system(&context.path));
    }
    findings
}

/// The configuration file.
pub(super) fn configuration(context: &CheckContext<'_>) -> Finding {
    let Some(path) = &context.loaded.path else {
        return Finding::ok("config", "no maildesk.toml: built-in defaults");
    };
    match fs::metadata(path) {
        Ok(found) if found.mode() & 0o022 != 0 => Finding::fail(
            "config",
            format!("{} can be changed by others (mode {:o})", path.display(), found.mode() & 0o777),
            format!("chmod go-w {}", quoted(&path.display().to_string())),
        ),
        Ok(_) => Finding::ok("config", path.display().to_string()),
        Err(error) => Finding::fail(
            "config",
            format!("{}: {error}", path.display()),
            format!("ls -l {}", quoted(&path.display().to_string())),
        ),
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Modes and owners of the database, its log and its folder.
fn files(path: &Path) -> Vec<Finding> {
    let shown = path.display();
    let database = match fs::metadata(path) {
        Ok(database) => database,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return vec![Finding::fail("files", format!("{shown} is not there"), "maildesk admin init")];
        }
        Err(error) => {
            let fix = format!("ls -ld {}", quoted(&folder_of(path).display().to_string()));
            return vec![Finding::fail("files", format!("{shown} cannot be accessed: {error}"), fix)];
        }
    };
    let file = quoted(&shown.to_string());
    if is_something_else(path, &database) {
        let text = format!("{shown} is not a database; name the right file with --db");
        return vec![Finding::fail("files", text, format!("ls -ld {file}"))];
    }
    let mut findings = Vec::new();
    let mode = database.mode() & 0o777;
    if mode & 0o077 != 0 {
        let text = format!("{shown} can be read by others (mode {mode:o}); it holds secrets");
        findings.push(Finding::fail("files", text, format!("chmod 600 {file}")));
    }
    let folder = folder_of(path);
    if let Ok(found) = fs::metadata(&folder) {
        let (mode, shown) = (found.mode() & 0o7777, folder.display());
        // The sticky bit keeps others from replacing the file, as in /tmp.
        if mode & 0o022 != 0 && mode & 0o1000 == 0 {
            let text = format!("{shown} can be written by others (mode {mode:o}): they could replace the database");
            findings.push(Finding::fail("files", text, format!("chmod 700 {}", quoted(&shown.to_string()))));
        } else if mode & 0o077 != 0 {
            let text = format!("{shown} is open to others (mode {mode:o})");
            // Folders such as /tmp are not ours to close.
            let is_shared = mode & 0o022 != 0;
            let fix = if is_shared { MOVE_IT.to_owned() } else { format!("chmod 700 {}", quoted(&shown.to_string())) };
            findings.push(Finding::warn("files", text, fix));
        }
    }
    findings.extend(owners(path, database.uid()));
    if findings.is_empty() {
        findings.push(Finding::ok("files", format!("{shown}, mode {mode:o}, {} bytes", database.len())));
    }
    findings
}

/// Whether this is a folder, a device or another program's file: its mode and its folder are not ours to change then.
fn is_something_else(path: &Path, found: &fs::Metadata) -> bool {
    let mut head = [0; store::FILE_HEAD.len()];
    let is_read = found.is_file() && File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok();
    !found.is_file() || (is_read && head != *store::FILE_HEAD)
}

/// Whether the folder, the database, the files beside it and this process belong to one user.
fn owners(path: &Path, owner: u32) -> Vec<Finding> {
    let (shown, folder) = (path.display().to_string(), folder_of(path));
    let mut findings = Vec::new();
    let user = rustix::process::geteuid();
    if !user.is_root() && owner != user.as_raw() {
        let text = format!("{shown} belongs to {}, this is {}; in the MTA too", name_of(owner), name_of(user.as_raw()));
        findings.push(Finding::fail("files", text, format!("sudo -u {} maildesk admin doctor", name_of(owner))));
    }
    let beside: Vec<String> = ["", "-wal", "-shm", "-serve"].iter().map(|part| format!("{shown}{part}")).collect();
    let folder_owner = fs::metadata(&folder).map(|found| (found.uid(), found.mode()));
    // A sticky folder is everybody's, as /tmp.
    if let Ok((keeper, mode)) = folder_owner
        && keeper != owner
        && mode & 0o1000 == 0
    {
        let text = format!("{shown} belongs to {}, its folder to {}", name_of(owner), name_of(keeper));
        let there: Vec<String> =
            beside.iter().filter(|file| Path::new(file).exists()).map(|file| quoted(file)).collect();
        let fix = format!("chown --reference={} {}", quoted(&folder.display().to_string()), there.join(" "));
        // Root's folder may hold a file that others may only use, not replace.
        let finding = if keeper == 0 { Finding::warn("files", text, fix) } else { Finding::fail("files", text, fix) };
        findings.push(finding);
        return findings;
    }
    for log in beside.iter().skip(1) {
        if fs::metadata(log).is_ok_and(|found| found.uid() != owner) {
            let text = format!("{log} belongs to another user than the database");
            let fix = format!("chown --reference={} {}", quoted(&shown), quoted(log));
            findings.push(Finding::fail("files", text, fix));
        }
    }
    findings
}

/// The login name of a user id, else the number as sudo(8) takes it.
fn name_of(uid: u32) -> String {
    account::name_of(uid).unwrap_or_else(|| format!("'#{uid}'"))
}

/// Whose a file is, by name.
pub(in crate::admin) fn owner_of(path: &Path) -> Option<String> {
    fs::metadata(path).ok().map(|found| name_of(found.uid()))
}

/// A word as a shell takes it.
pub(in crate::admin) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@:=,%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The command that lets an address send through the mail server on this machine, as the recipes do.
pub(super) fn local_smtp(email: &str) -> String {
    let email = quoted(email);
    format!(
        "maildesk admin address update {email} --outgoing smtp --smtp-host localhost --smtp-port 25 --smtp-tls none"
    )
}

fn file_system(path: &Path) -> Vec<Finding> {
    let folder = folder_of(path);
    let mut findings = Vec::new();
    match rustix::fs::statfs(&folder) {
        // The type is signed or not, and as wide as the machine says: its low 32 bits are the number.
        #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast)]
        Ok(found) => findings.push(kind(found.f_type as u64 & 0xffff_ffff, &folder)),
        Err(error) => findings.push(Finding::warn("file system", format!("{}: {error}", folder.display()), "")),
    }
    if let Ok(found) = rustix::fs::statvfs(&folder) {
        let free = found.f_bavail.saturating_mul(found.f_frsize);
        let database = fs::metadata(path).map_or(0, |found| found.len());
        findings.push(space(free, database, &folder));
    }
    findings
}

/// Copies a desk to another folder.
const MOVE_IT: &str = "maildesk admin backup /var/lib/maildesk/maildesk.db";

fn kind(number: u64, folder: &Path) -> Finding {
    let name = |list: &[(u64, &'static str)]| list.iter().find(|(known, _)| *known == number).map(|(_, name)| *name);
    if let Some(name) = name(&NETWORK_FILE_SYSTEMS) {
        let text =
            format!("{} is on {name}, which cannot hold a database that several programs write", folder.display());
        return Finding::fail("file system", text, MOVE_IT);
    }
    if let Some(name) = name(&PASSING_FILE_SYSTEMS) {
        let text = format!("{} is on {name}: it may be gone after a restart", folder.display());
        return Finding::warn("file system", text, MOVE_IT);
    }
    Finding::ok("file system", "local")
}

fn space(free: u64, database: u64, folder: &Path) -> Finding {
    let mib = |bytes: u64| bytes / (1024 * 1024);
    let text = format!("{} MiB free in {}", mib(free), folder.display());
    if free < FREE_BYTES_MIN {
        let text = format!("{text}: mail is turned away (75) when the disk is full");
        Finding::fail("space", text, format!("df -h {}", quoted(&folder.display().to_string())))
    } else if free < FREE_BYTES_LOW.max(database) {
        let text = format!("{text}; a backup beside the database takes {} MiB", mib(database));
        Finding::warn("space", text, "maildesk admin setting set raw_keep_days 30")
    } else {
        Finding::ok("space", text)
    }
}

/// What the database says about itself and the clock.
pub(super) fn look_inside(context: &CheckContext<'_>, store: &Store) -> store::Result<Vec<Finding>> {
    let (versions, journal, newest) =
        store.read(|tx| Ok::<_, store::Error>((tx.versions()?, tx.journal_mode()?, tx.newest_receipt_at()?)))?;
    let mut findings = vec![Finding::ok("schema", format!("{}, {}", versions.0, versions.1))];
    if journal != "wal" {
        let fix = format!("sqlite3 {} 'PRAGMA journal_mode = wal'", quoted(&context.path.display().to_string()));
        findings.push(Finding::warn(
            "schema",
            format!("journal mode {journal}: readers and writers block each other"),
            fix,
        ));
    }
    let now = context.now.unix();
    findings.push(if now < CLOCK_MIN_S {
        Finding::fail("clock", "the clock is not synchronised; switch NTP on", "timedatectl set-ntp true")
    } else if newest.unix() > now + CLOCK_AHEAD_MAX_S {
        let ahead = newest.unix() - now;
        let text =
            format!("the newest mail was received {ahead} seconds from now: the clock was wrong then, or is now");
        Finding::warn("clock", text, "timedatectl")
    } else {
        Finding::ok("clock", "set")
    });
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn file_systems_that_cannot_hold_the_database_fail() {
        let level = |number| kind(number, Path::new("/x")).level;
        assert_eq!((level(0x6969), level(0xff53_4d42)), (Level::Fail, Level::Fail));
        assert_eq!(level(0x0102_1994), Level::Warn);
        assert_eq!(level(0xef53), Level::Ok, "ext4");
    }

    #[test]
    fn words_are_quoted_for_a_shell_where_they_need_it() {
        assert_eq!(quoted("/srv/desk.db"), "/srv/desk.db");
        assert_eq!(quoted("/srv/my desk's.db"), "'/srv/my desk'\\''s.db'");
        assert_eq!(quoted("$(x)"), "'$(x)'");
    }

    #[test]
    fn space_is_judged_at_its_limits() {
        let level = |free, database| space(free, database, Path::new("/x")).level;
        assert_eq!((level(FREE_BYTES_MIN - 1, 0), level(FREE_BYTES_MIN, 0)), (Level::Fail, Level::Warn));
        assert_eq!((level(FREE_BYTES_LOW - 1, 0), level(FREE_BYTES_LOW, 0)), (Level::Warn, Level::Ok));
        assert_eq!(level(FREE_BYTES_LOW, FREE_BYTES_LOW + 1), Level::Warn, "a backup would not fit");
    }
}
