//! What the service manager forbids: under `NoNewPrivileges` a sendmail that is set-user-id or set-group-id cannot queue
//! anything.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{CheckContext, Finding, host};
use crate::domain::desk_address::Outgoing;
use crate::store::{self, Store};

/// Programs through which a local mail is queued; set-id in Postfix (postdrop), Exim and Sendmail.
const SET_ID: [&str; 3] = ["/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/sbin/postdrop"];

/// Looks at the addresses that send through sendmail.
pub(super) fn sendmail(context: &CheckContext<'_>, store: &Store) -> store::Result<Vec<Finding>> {
    let addresses = store.read(|tx| tx.addresses())?;
    let is_set_id = |path: &&str| fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o6000 != 0);
    if !SET_ID.iter().any(is_set_id) {
        return Ok(Vec::new());
    }
    let who = match serves(&context.path).into_iter().find(|pid| is_bound(&format!("/proc/{pid}"))) {
        Some(pid) => format!("`maildesk serve` (process {pid}) runs"),
        None if is_bound("/proc/self") => "this runs".to_owned(),
        None => return Ok(Vec::new()),
    };
    let senders = addresses.iter().filter(|(_, row)| row.outgoing == Outgoing::Sendmail);
    let finding = |email: &str| {
        let text = format!(
            "{email} sends through sendmail, and {who} under NoNewPrivileges, where sendmail may not write into the mail \
             server's queue"
        );
        Finding::warn("sendmail", text, host::local_smtp(email))
    };
    Ok(senders.map(|(_, row)| finding(&row.email)).collect())
}

/// Whether a process may gain no privileges (proc(5)).
fn is_bound(process: &str) -> bool {
    let status = fs::read_to_string(format!("{process}/status")).unwrap_or_default();
    status.lines().filter_map(|line| line.strip_prefix("NoNewPrivs:")).any(|value| value.trim() == "1")
}

/// Running `maildesk serve`s that have this database open, as far as we may look.
fn serves(database: &Path) -> Vec<u32> {
    let Ok(database) = fs::canonicalize(database) else { return Vec::new() };
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
    let is_ours = |pid: &u32| {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = command.split(|byte| *byte == 0);
        let program = words.next().map(|word| Path::new(OsStr::from_bytes(word)).file_name().unwrap_or_default());
        program == Some(OsStr::new("maildesk")) && words.any(|word| word == b"serve") && has_open(*pid, &database)
    };
    pids.filter(is_ours).collect()
}

fn has_open(pid: u32, file: &Path) -> bool {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|target| target == file)
}
