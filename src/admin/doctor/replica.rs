//! Litestream, where it follows this database: how old the newest change is that a restore would bring back.
//!
//! Litestream is asked itself, by planning a restore without doing one: that reads the replica, wherever it is. Its
//! configuration is its own affair (/etc/litestream.yml, or `LITESTREAM_CONFIG`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use serde_json::Value;

use super::{CheckContext, Finding, LOOK_UP, Reach, host, output};
use crate::child;
use crate::domain::Timestamp;
use crate::store::{self, Store};

/// Seconds by which the replica may be behind: Litestream sends once a second, and the desk may have changed just now.
const BEHIND_S: i64 = 60;

/// Seconds from which on mail is at risk that nobody knows of.
const BEHIND_LONG_S: i64 = 900;

/// How old the replica is; nothing where no Litestream has ever followed this database.
pub(super) fn look(context: &CheckContext<'_>, store: &Store) -> store::Result<Vec<Finding>> {
    if !store.read(|tx| tx.is_followed_by_litestream())? {
        return Ok(Vec::new());
    }
    if context.reach == Reach::Here {
        return Ok(vec![Finding::ok("replica", "Litestream follows this database; the replica is not asked")]);
    }
    let path = fs::canonicalize(&context.path).unwrap_or_else(|_| context.path.clone());
    Ok(vec![match planned(&path) {
        Ok(newest) => judged(context.now, newest, changed_at(&path), &path),
        Err(why) => {
            let text = format!("Litestream has followed this database, but cannot say what its replica has: {why}");
            Finding::warn("replica", text, format!("litestream ltx {}", host::quoted(&path.display().to_string())))
        }
    }])
}

/// Plans a restore; the time of the newest change in it.
fn planned(path: &Path) -> Result<Timestamp, String> {
    let mut command = Command::new("litestream");
    // Nothing is written to the place: it is a plan only.
    command.args(["restore", "-dry-run", "-json", "-o", "/nonexistent/maildesk.db"]).arg(path);
    let said = child::run(&mut command, b"", LOOK_UP).map_err(|error| format!("running litestream: {error}"))?;
    if !said.status.success() {
        let why = said.stderr.trim().trim_start_matches("Error: ").to_owned();
        return Err(if why.is_empty() { child::ending(said.status) } else { why });
    }
    newest(&said.stdout).ok_or_else(|| "there is no time in its plan of a restore".to_owned())
}

/// The newest time in the plan of a restore.
fn newest(plan: &str) -> Option<Timestamp> {
    let plan: Value = serde_json::from_str(plan).ok()?;
    let times = plan.get("files")?.as_array()?.iter().filter_map(|file| file.get("timestamp")?.as_str());
    let times = times.filter_map(|text| text.parse::<jiff::Timestamp>().ok());
    times.max().map(|at| Timestamp::from_unix(at.as_second()))
}

/// When the database or its log was written last.
fn changed_at(path: &Path) -> Timestamp {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let at = |path: &Path| fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok();
    let newest = at(path).max(at(&PathBuf::from(log))).unwrap_or_default();
    Timestamp::from_unix(i64::try_from(newest.as_secs()).unwrap_or(i64::MAX))
}

fn judged(now: Timestamp, newest: Timestamp, changed: Timestamp, path: &Path) -> Finding {
    let age = output::count((now.unix() - newest.unix()).max(0), "second");
    let behind_s = changed.unix() - newest.unix();
    if behind_s <= BEHIND_S {
        return Finding::ok("replica", format!("Litestream's replica has every change; the newest is {age} old"));
    }
    let behind = output::count(behind_s, "second");
    let text = format!("Litestream's replica is {behind} behind: a restore would end {age} ago");
    let fix = if Path::new("/run/systemd/system").exists() {
        "systemctl status litestream".to_owned()
    } else {
        format!("litestream status {}", host::quoted(&path.display().to_string()))
    };
    if behind_s > BEHIND_LONG_S { Finding::fail("replica", text, fix) } else { Finding::warn("replica", text, fix) }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn plan_of_a_restore_ends_with_its_newest_file() {
        let plan = r#"{"files":[{"timestamp":"2027-01-15T08:00:00Z"},{"timestamp":"2027-01-15T07:59:00Z"},{}]}"#;
        assert_eq!(newest(plan), Some(Timestamp::from_unix(1_800_000_000)));
        for plan in ["", "{}", r#"{"files":[]}"#, r#"{"files":[{"timestamp":"x"}]}"#, r#"{"files":7}"#] {
            assert_eq!(newest(plan), None, "{plan}");
        }
    }

    #[test]
    fn replica_is_judged_by_what_it_lacks_and_not_by_its_age() {
        let at = Timestamp::from_unix(1_800_000_000);
        let level =
            |behind_s: i64, idle_s: i64| judged(at.plus_s(idle_s), at.plus_s(-behind_s), at, Path::new("/x")).level;
        assert_eq!((level(BEHIND_S, 0), level(BEHIND_S + 1, 0)), (Level::Ok, Level::Warn));
        assert_eq!((level(BEHIND_LONG_S, 0), level(BEHIND_LONG_S + 1, 0)), (Level::Warn, Level::Fail));
        assert_eq!(level(0, 1_000_000), Level::Ok, "a desk without mail for days");
    }
}
