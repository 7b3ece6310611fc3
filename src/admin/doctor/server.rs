//! The PostgreSQL server, where the database is on one: whether what was acknowledged is safe there, whose clock decides,
//! and what an upgrade of it left undone.

use super::{CheckContext, Finding};
use crate::store::server::ServerReport;
use crate::store::{self, Store};

/// Seconds by which a host's clock may differ from the server's. Chosen: with NTP it is milliseconds; a lease is half a
/// minute.
const CLOCKS_DIFFER_S: u64 = 5;

/// The oldest version that has what our schema needs.
const VERSION_MIN: i64 = 130_000;

/// What the server says of itself; nothing where the database is a file.
pub(super) fn look(_: &CheckContext<'_>, store: &Store) -> store::Result<Vec<Finding>> {
    // A write, which no server does that only follows another.
    let Some(report) = store.server_report()? else { return Ok(Vec::new()) };
    Ok(judged(&report, store.clock_ahead_s()))
}

fn judged(report: &ServerReport, ahead_s: i64) -> Vec<Finding> {
    let mut findings = vec![version(report), durability(report)];
    findings.extend(standby(report));
    findings.push(clocks(ahead_s));
    findings.extend(collation(report));
    findings
}

fn version(report: &ServerReport) -> Finding {
    let text = format!("PostgreSQL {}", report.version);
    if report.version_number < VERSION_MIN {
        let fix = "upgrade the server to PostgreSQL 13 or newer";
        return Finding::fail("server", format!("{text} is too old"), fix);
    }
    Finding::ok("server", text)
}

fn durability(report: &ServerReport) -> Finding {
    let commit = report.synchronous_commit.as_str();
    if !report.has_fsync {
        let text = "fsync is off, which is for tests: mail that was acknowledged is lost with the server's machine";
        return Finding::warn("durability", text, "ALTER SYSTEM SET fsync = on");
    }
    match commit {
        "off" => {
            let text = "synchronous_commit is off: mail is acknowledged before it is on the disk";
            Finding::fail("durability", text, "ALTER ROLE CURRENT_USER SET synchronous_commit = on")
        }
        "local" if !report.standby_names.is_empty() => {
            let text = "synchronous_commit is local: mail is acknowledged before it is on a standby";
            Finding::fail("durability", text, "ALTER ROLE CURRENT_USER SET synchronous_commit = on")
        }
        _ => Finding::ok("durability", format!("synchronous_commit is {commit}")),
    }
}

fn standby(report: &ServerReport) -> Option<Finding> {
    let (all, synchronous) = (report.standbys, report.synchronous_standbys);
    if all == 0 && report.standby_names.is_empty() {
        return None;
    }
    if report.standby_names.is_empty() {
        let text = format!("{all} standbys follow, none synchronously: a fail-over loses the last mails before it");
        let fix = "ALTER SYSTEM SET synchronous_standby_names = '…', and reload the server";
        return Some(Finding::warn("standby", text, fix));
    }
    Some(Finding::ok("standby", format!("synchronous: {} ({synchronous} of {all} follow so)", report.standby_names)))
}

fn clocks(ahead_s: i64) -> Finding {
    if ahead_s.unsigned_abs() < CLOCKS_DIFFER_S {
        return Finding::ok("clocks", "this host's and the server's agree");
    }
    let (seconds, what) = (ahead_s.unsigned_abs(), if ahead_s > 0 { "ahead of" } else { "behind" });
    let text =
        format!("the server's clock is {seconds} s {what} this host's: its own is used, but times in logs differ");
    Finding::warn("clocks", text, "timedatectl")
}

fn collation(report: &ServerReport) -> Option<Finding> {
    let (made, now) = (&report.collation_made, &report.collation_now);
    if made == now {
        return None;
    }
    let text = format!(
        "addresses were sorted by ICU {made} and are compared by {now} since an upgrade: indexes may miss rows"
    );
    let fix = "REINDEX DATABASE CONCURRENTLY; ALTER COLLATION nocase REFRESH VERSION";
    Some(Finding::fail("collation", text, fix))
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    fn report() -> ServerReport {
        ServerReport {
            version: "15.8".to_owned(),
            version_number: 150_008,
            synchronous_commit: "on".to_owned(),
            has_fsync: true,
            standby_names: String::new(),
            standbys: 0,
            synchronous_standbys: 0,
            collation_made: "153.120".to_owned(),
            collation_now: "153.120".to_owned(),
        }
    }

    fn wrong(report: &ServerReport, ahead_s: i64) -> Vec<(&'static str, Level)> {
        let found = judged(report, ahead_s).into_iter().map(|one| (one.name, one.level));
        found.filter(|(_, level)| *level != Level::Ok).collect()
    }

    #[test]
    fn server_that_acknowledges_what_is_not_on_its_disk_fails() {
        assert_eq!(wrong(&report(), 0), []);
        for commit in ["off", "local"] {
            let names = if commit == "local" { "two" } else { "" };
            let report =
                ServerReport { synchronous_commit: commit.to_owned(), standby_names: names.to_owned(), ..report() };
            assert_eq!(wrong(&report, 0), [("durability", Level::Fail)], "{commit}");
        }
        assert_eq!(wrong(&ServerReport { has_fsync: false, ..report() }, 0), [("durability", Level::Warn)]);
    }

    #[test]
    fn standbys_that_are_not_waited_for_are_warned_of() {
        assert_eq!(wrong(&ServerReport { standbys: 1, ..report() }, 0), [("standby", Level::Warn)]);
        let waited_for = ServerReport { standbys: 1, standby_names: "two".to_owned(), ..report() };
        assert_eq!(wrong(&waited_for, 0), []);
    }

    #[test]
    fn clocks_may_differ_by_less_than_five_seconds() {
        let level = |ahead_s| wrong(&report(), ahead_s);
        assert_eq!((level(4), level(-4)), (vec![], vec![]));
        assert_eq!((level(5), level(-5)), (vec![("clocks", Level::Warn)], vec![("clocks", Level::Warn)]));
    }

    #[test]
    fn indexes_of_another_version_of_the_collation_and_old_servers_fail() {
        assert_eq!(
            wrong(&ServerReport { collation_now: "153.121".to_owned(), ..report() }, 0),
            [("collation", Level::Fail)]
        );
        assert_eq!(wrong(&ServerReport { version_number: 129_999, ..report() }, 0), [("server", Level::Fail)]);
    }
}
