//! The desk's process is killed at every moment of a handover, and started again.

use std::process::{Command, Stdio};

use super::fixture::{Cut, Line, MailHost};
use crate::client::Server;
use crate::desk::{Desk, SUPPORT, mail};
use crate::pipe::TRY_AGAIN;

fn serve(desk: &Desk, die: Option<&str>) -> Server {
    let mut command = desk.command();
    command.args(["serve", "--listen", "127.0.0.1:0"]).stdin(Stdio::null());
    if let Some(point) = die {
        let file = desk.path("die");
        std::fs::write(&file, "").unwrap();
        command.env("MAILDESK_DIE", format!("{point}={}", file.display()));
    }
    Server::spawn(&mut command)
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
}

/// A desk, a host and the line between them, with how many mails went over it.
struct Scene {
    desk: Desk,
    host: MailHost,
    line: Line,
    mails: i64,
}

impl Scene {
    fn new() -> Self {
        let (desk, line) = (Desk::new(), Line::start());
        let host = MailHost::of(&desk, &format!("http://127.0.0.1:{}", line.port));
        Self { desk, host, line, mails: 0 }
    }

    /// Hands over one mail while the desk is killed, again while it lives, and a third time as mail servers may. What
    /// went over the line the first time.
    fn hand_over(&mut self, cut: Cut, die: Option<&str>) -> super::fixture::Passed {
        self.mails += 1;
        let message = mail(&format!("n{}", self.mails), "Subject: Printer\n", &"It burns. ".repeat(2000));
        let hand = || self.host.pipe(&message, &["--recipient", SUPPORT, "--sender", "ann@client.test"]);
        let mut server = serve(&self.desk, die);
        let pid = server.pid();
        self.line.lead(server.address, cut, move || kill(pid));
        let first = hand();
        let passed = self.line.passed();
        let is_whole = cut == Cut::No && die.is_none();
        if is_whole {
            assert_eq!(first.parts(), (0, "", ""), "{cut:?}: {}", self.host.log());
            kill(pid);
        } else {
            assert_eq!(first.parts(), (75, "", TRY_AGAIN), "{cut:?} {die:?}: {}", self.host.log());
        }
        server.wait();
        // The point is met only once.
        std::fs::remove_file(self.desk.path("die")).ok();
        assert!(!is_whole || self.desk.count("mails_received") == self.mails, "acknowledged and lost: {cut:?}");

        let server = serve(&self.desk, None);
        self.line.lead(server.address, Cut::No, || {});
        for _ in 0..2 {
            assert_eq!(hand().parts(), (0, "", ""), "{cut:?} {die:?}: {}", self.host.log());
        }
        let counts = ["mails_received", "messages", "tickets"].map(|key| self.desk.count(key));
        assert_eq!(counts, [self.mails; 3], "{cut:?} {die:?}");
        passed
    }
}

#[test]
fn desk_that_is_killed_at_any_moment_loses_and_doubles_nothing() {
    let mut scene = Scene::new();
    let whole = scene.hand_over(Cut::No, None);
    assert!(whole.request > 20_000 && whole.answer > 100, "{whole:?}");
    // The head of a request is some three hundred bytes, then comes the body; the last byte makes it whole.
    let requests = [1, 150, 1_000, 12_000, whole.request - 1].map(Cut::Request);
    let answers = [1, 60, whole.answer - 30].map(Cut::Answer);
    scene.hand_over(Cut::BeforeAccept, None);
    for cut in requests.into_iter().chain(answers) {
        scene.hand_over(cut, None);
    }
    for point in ["deliver-before-commit", "deliver-after-commit"] {
        scene.hand_over(Cut::No, Some(point));
    }
    assert!(scene.desk.admin(&["check"])["ok"].as_bool().unwrap_or(true));
}
