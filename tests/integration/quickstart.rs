//! The first minutes: what `examples/quickstart` and `admin demo` say can be typed as it stands.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::desk::{Desk, feed};

/// Ends the child with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn demo_prints_commands_that_work_as_they_stand() {
    let desk = Desk::without_database();
    let mut command = desk.program();
    command.args(["admin", "demo", "--listen", "127.0.0.1:0", "--dir"]).arg(desk.path("the demo's"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut demo = Running(command.spawn().expect("the program starts"));
    let stderr = BufReader::new(demo.0.stderr.take().expect("stderr is a pipe"));
    let (mut shown, mut listed) = (None, None);
    for line in stderr.lines() {
        let line = line.expect("the demo writes text").trim().to_owned();
        if line.ends_with("admin ticket show 1") {
            shown = Some(line);
        } else if line.starts_with("curl ") && line.ends_with("/api/tickets") {
            listed = Some(line);
        } else if line.contains("listening on ") || (shown.is_some() && listed.is_some()) {
            break;
        }
    }
    // From another folder and without a PATH to maildesk, as a shell gets it.
    let shell = |line: &str| {
        feed(Command::new("/bin/sh").args(["-c", line]).env_clear().env("PATH", "/usr/bin:/bin").current_dir("/"), b"")
    };
    let ticket = shell(&shown.expect("the demo names a command that shows a ticket"));
    assert_eq!((ticket.status, ticket.stderr.as_str()), (0, ""));
    assert!(ticket.stdout.starts_with("[#1] "), "{}", ticket.stdout);
    let line = listed.expect("the demo names a curl line").replace("curl ", "curl -sS --retry 20 --retry-connrefused ");
    let tickets = shell(&line);
    assert!(tickets.stdout.contains("\"total_tickets\":11,"), "{line}: {}{}", tickets.stdout, tickets.stderr);
}

#[test]
fn a_port_in_use_is_said_before_anything_is_made() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let place = taken.local_addr().expect("it is bound").to_string();
    let desk = Desk::without_database();
    let folder = desk.path("demo");
    let done = feed(desk.program().args(["admin", "demo", "--listen", &place, "--dir"]).arg(&folder), b"");
    assert_eq!((done.status, done.stdout.as_str()), (1, ""));
    let expected = format!("maildesk: another program listens on {place}; choose a free port: --listen 127.0.0.1:0\n");
    assert_eq!(done.stderr, expected);
    assert!(!folder.exists(), "a folder was made");
    // The script looks before it builds: here without a cargo to build with.
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    let mut quickstart = Command::new("/bin/bash");
    quickstart.arg(script).args(["--listen", &place]).env_clear().env("PATH", "/usr/bin:/bin");
    let done = feed(&mut quickstart, b"");
    assert_eq!(done.status, 1);
    assert!(done.stderr.contains(&format!("another program listens on {place}")), "{}", done.stderr);
}
