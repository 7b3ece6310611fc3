//! Mails that end because the process that handed them over died: they are not stored, and the whole mail that comes
//! later is one ticket. Nobody else who ends early is taken for dead.

use std::fs;
use std::process::{Command, Stdio};

use crate::client::eventually;
use crate::desk::{Desk, Done, SUPPORT, mail};

/// More than two pipes and a filter between them hold, so that its writer knows that the reader has begun.
const HALF_BYTES: usize = 400_000;

/// An MTA in bash: `$@` takes the mail from a pipe, and `last` is what the MTA does at the end of it.
fn hand_over(desk: &Desk, taker: &str, last: &str) -> Done {
    let program = desk.command();
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("exec 3> >({taker}); cat half >&3; {last}"), "mta"]);
    shell.arg(program.get_program()).args(program.get_args()).args(["pipe", "--recipient", SUPPORT]);
    shell.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", desk.path("")).current_dir(desk.path(""));
    // Ends when the last of them has closed its stderr.
    shell.stdin(Stdio::null()).output().expect("bash runs").into()
}

fn whole() -> String {
    mail("long", "Subject: Printer on fire\n", &"It burns.\n".repeat(2 * HALF_BYTES / 10))
}

#[test]
fn mail_cut_short_by_the_death_of_the_mta_is_not_stored_and_the_whole_one_is_one_ticket() {
    let takers = [
        "exec \"$@\"",
        // A wrapper, and a filter that passes on what it got.
        "exec sh -c '\"$@\"; exit $?' sh \"$@\"",
        "exec sh -c 'cat | \"$@\"' sh \"$@\"",
    ];
    for taker in takers {
        let desk = Desk::new();
        fs::write(desk.path("half"), &whole()[..HALF_BYTES]).expect("the desk's folder is writable");
        let done = hand_over(&desk, taker, "kill -KILL $$");
        assert_eq!(done.status, -9, "{taker}");
        assert!(done.stderr.starts_with("4.3.0 "), "{taker}: {done:?}");
        assert!(desk.log().contains("died before its end"), "{taker}: {}", desk.log());
        assert_eq!(desk.count("mails_received"), 0, "{taker}");
        desk.deliver(whole());
        assert_eq!(desk.count("tickets"), 1, "{taker}");
    }
}

#[test]
fn reader_whose_mta_died_does_not_wait_for_others_who_hold_the_pipe_open() {
    let desk = Desk::new();
    fs::write(desk.path("half"), &whole()[..HALF_BYTES]).expect("the desk's folder is writable");
    // Longer than the test is willing to wait.
    let hold = "(exec sleep 20 2>/dev/null >/dev/null) & kill -KILL $$";
    let began = std::time::Instant::now();
    let done = hand_over(&desk, "exec \"$@\"", hold);
    assert!(done.stderr.starts_with("4.3.0 "), "{done:?}");
    assert!(began.elapsed().as_secs() < 15, "{:?}", began.elapsed());
    assert_eq!(desk.count("mails_received"), 0);
}

#[test]
fn mail_that_came_whole_is_stored_whoever_ends_meanwhile() {
    let desk = Desk::new();
    let program = desk.command();
    let run = |script: &str, id: &str| {
        fs::write(desk.path(id), mail(id, &format!("Subject: {id}\n"), "It burns.")).expect("a writable folder");
        let mut shell = Command::new("sh");
        shell.args(["-c", script, id]).arg(program.get_program()).args(program.get_args());
        shell.args(["pipe", "--recipient", SUPPORT]).current_dir(desk.path(""));
        shell.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", desk.path(""));
        let done: Done = shell.stdin(Stdio::null()).output().expect("sh runs").into();
        assert_eq!(done.parts(), (0, "", ""), "{script}: {}", desk.log());
    };
    run("cat $0 | \"$@\"", "pipeline");
    run("\"$@\" < $0 &", "background");
    run("(nohup \"$@\" < $0 &)", "orphan");
    run("exec \"$@\" < $0", "replaced");
    assert!(eventually(|| desk.count("tickets") == 4), "{}", desk.log());
}

#[test]
fn signal_defers_the_mail_and_one_that_is_ignored_does_nothing() {
    let desk = Desk::new();
    let half = &whole()[..HALF_BYTES];
    for signal in ["TERM", "HUP", "INT", "QUIT"] {
        let mut command = desk.command();
        command.args(["pipe", "--recipient", SUPPORT]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // More than the pipe holds: it reads by now.
        std::io::Write::write_all(&mut stdin, half.as_bytes()).expect("it reads");
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
        let done: Done = child.wait_with_output().expect("it ends").into();
        drop(stdin);
        assert_eq!((done.status, done.stdout.as_str()), (75, ""), "{signal}");
        assert!(done.stderr.starts_with("4.3.0 ") && done.stderr.lines().count() == 1, "{signal}: {done:?}");
    }
    assert_eq!(desk.count("mails_received"), 0);
    fs::write(desk.path("half"), half).expect("the desk's folder is writable");
    let script = "trap '' HUP; (cat half; sleep 1; kill -HUP $$; sleep 1; echo rest) | exec \"$@\" & wait $!";
    let program = desk.command();
    let mut shell = Command::new("bash");
    shell.args(["-c", script, "sh"]).arg(program.get_program()).args(program.get_args());
    shell.args(["pipe", "--recipient", SUPPORT]).current_dir(desk.path(""));
    let done: Done = shell.env_clear().env("PATH", "/usr/bin:/bin").output().expect("bash runs").into();
    assert_eq!(done.parts(), (0, "", ""), "{}", desk.log());
    assert_eq!(desk.count("mails_received"), 1);
}
