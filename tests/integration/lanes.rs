//! The lanes of `tests/run`: which there are, and that the modules they name are there.

use std::fs;
use std::path::Path;
use std::process::Command;

const LANES: [&str; 12] =
    ["build", "unit", "pipe", "api", "imap", "outbox", "mta", "web", "fuzz", "instructions", "all", "--postgres"];
/// Those that are more or less than modules of the integration tests.
const WITHOUT_MODULES: [&str; 6] = ["build", "unit", "fuzz", "instructions", "all", "--postgres"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn unknown_lane_is_refused_with_the_names_of_all() {
    for arguments in [&["fast"][..], &["unit", "pipe"], &[""]] {
        // Without a path it finds nothing to run, should it not refuse: this test is part of what it runs.
        let mut command = Command::new("/bin/bash");
        command.arg(root().join("tests/run")).args(arguments).env("PATH", "/nowhere");
        let done = command.output().expect("tests/run can be started");
        assert_eq!(done.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8(done.stderr).expect("it writes text");
        assert!(said.ends_with(&format!("usage: tests/run [{}]\n", LANES.join("|"))), "{arguments:?}: {said}");
    }
}

#[test]
fn every_lane_names_modules_that_are_there() {
    let run = fs::read_to_string(root().join("tests/run")).expect("tests/run is text");
    let main = fs::read_to_string(root().join("tests/integration/main.rs")).expect("the source is text");
    let modules: Vec<&str> = main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect();
    let matches = |pattern: &str, module: &str| {
        pattern.strip_suffix('*').map_or(module == pattern, |start| module.starts_with(start))
    };
    for lane in LANES.iter().filter(|lane| !WITHOUT_MODULES.contains(lane)) {
        let line = run.lines().find_map(|line| line.trim().strip_prefix(&format!("[{lane}]=\"")));
        let line = line.unwrap_or_else(|| panic!("tests/run says which modules are in lane {lane}"));
        for pattern in line.trim_end_matches('"').split(' ') {
            assert!(modules.iter().any(|module| matches(pattern, module)), "lane {lane}: no module {pattern}");
        }
    }
}

#[test]
fn cargo_test_unit_means_the_unit_tests() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let deps = folder.path().join("deps");
    fs::create_dir(&deps).expect("the folder is ours");
    // Stands for a binary of tests: says what it was started with.
    for name in ["maildesk-0123", "integration-0123"] {
        std::os::unix::fs::symlink("/bin/echo", deps.join(name)).expect("the folder is ours");
    }
    let start = |name: &str, arguments: &[&str]| {
        let done = Command::new(root().join("tests/runner")).arg(deps.join(name)).args(arguments).output();
        String::from_utf8(done.expect("tests/runner can be started").stdout).expect("it writes text")
    };
    assert_eq!(start("maildesk-0123", &["unit", "--nocapture"]), "--nocapture\n");
    assert!(start("integration-0123", &["unit", "--nocapture"]).starts_with("no unit tests in "));
    for name in ["maildesk-0123", "integration-0123"] {
        assert_eq!(start(name, &["units", "x"]), "units x\n");
        assert_eq!(start(name, &["--list", "unit"]), "--list unit\n");
    }
}
