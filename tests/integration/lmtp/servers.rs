//! Debian's Postfix and Exim hand mails over by LMTP, by the recipes in `examples/`: what becomes of a reply is read from
//! their logs.

use std::fs;
use std::process::{Command, Stdio};

use crate::client::Server;
use crate::exim::{self, Exim};
use crate::mta::{Desk, Letter, SENDER, small_mail, submit, wait_for};
use crate::postfix::{Postfix, Setup};

const POSTFIX_MASTER: &str = include_str!("../../../examples/postfix/lmtp-master.cf");
const POSTFIX_TRANSPORT: &str = include_str!("../../../examples/postfix/lmtp-transport");
const EXIM_TRANSPORT: &str = include_str!("../../../examples/exim/lmtp-transport");

/// The socket's place in the recipes.
const SOCKET: &str = "/run/maildesk/lmtp.sock";

/// The folder of the socket, which belongs to the desk's account.
fn make_folder(desk: &Desk) {
    fs::create_dir(desk.path("run")).unwrap();
    desk.give("run");
}

fn socket(desk: &Desk) -> String {
    desk.path("run/lmtp.sock").display().to_string()
}

/// `serve` with the socket, as the desk's account, with these lines at the top of its configuration.
fn serve(desk: &Desk, lines: &str) -> Server {
    let config = fs::read_to_string(desk.path("maildesk.toml")).unwrap();
    desk.write("lmtp.toml", &format!("lmtp = \"unix:{}\"\n{lines}\n{config}", socket(desk)));
    let mut command = Command::new("setpriv");
    command.args(["--reuid", desk.account(), "--regid", desk.account(), "--clear-groups"]).arg(desk.path("maildesk"));
    command.arg("--config").arg(desk.path("lmtp.toml")).args(["serve", "--listen", "127.0.0.1:0"]);
    Server::spawn_saying(command.stdin(Stdio::null()), 2).0
}

fn start_postfix() -> Option<Postfix> {
    Postfix::start(|desk| {
        make_folder(desk);
        let transport = POSTFIX_TRANSPORT.replace(SOCKET, &socket(desk));
        let transport = transport.replace("support@", "volume@").replace("desk.example.org", "more@example.org");
        let transport = transport.replace("sales@", "other@");
        Setup { master: POSTFIX_MASTER.to_owned(), transport, ..Setup::default() }
    })
}

fn send(port: u16, subject: &str, recipients: &[&str]) {
    let message = small_mail(subject, recipients);
    submit(port, &Letter { sender: SENDER, recipients, message: &message }).expect("the mail server takes the mail");
}

#[test]
fn postfix_hands_over_many_mails_and_keeps_those_that_must_wait() {
    let Some(postfix) = start_postfix() else { return };
    let desk = &postfix.desk;
    // Nobody is there yet.
    send(postfix.port, "early", &["volume@example.org"]);
    postfix.wait_for("volume@example.org", "deferred");
    let server = serve(desk, "");
    postfix.ask("postqueue", &["-f"]);
    let line = postfix.wait_for("volume@example.org", "sent");
    assert!(line.contains("250 2.0.0 on record"), "{line}");
    let subjects: Vec<String> = (0..40).map(|number| format!("m{number:02}")).collect();
    for subject in &subjects {
        send(postfix.port, subject, &["volume@example.org", "other@example.org"]);
    }
    wait_for("the queue is empty", || postfix.queue().is_empty().then_some(()), || postfix.log());
    assert_eq!(desk.subjects().len(), 41);
    postfix.assert_no_bounce();

    let lock = desk.lock();
    send(postfix.port, "locked", &["more@example.org"]);
    let line = postfix.wait_for("more@example.org", "deferred");
    assert!(line.contains("450 4.3.2"), "{line}");
    drop(lock);
    postfix.ask("postqueue", &["-f"]);
    postfix.wait_for("more@example.org", "sent");

    // One recipient is refused and the other is not.
    desk.admin(&["address", "add", "volume@example.org", "--name", "V", "--department", "1", "--incoming", "pipe"]);
    desk.admin(&["setting", "set", "unknown_recipient", "reject"]);
    send(postfix.port, "both", &["other@example.org", "volume@example.org"]);
    let line = postfix.wait_for("other@example.org", "bounced");
    assert!(line.contains("550 5.1.1"), "{line}");
    wait_for("the other one", || desk.subjects().contains(&"both".to_owned()).then_some(()), || postfix.log());
    drop(server);
}

#[test]
fn account_that_is_no_mail_server_of_ours_is_told_to_come_back() {
    let Some(postfix) = start_postfix() else { return };
    let server = serve(&postfix.desk, "lmtp_accounts = [\"man\"]");
    send(postfix.port, "stranger", &["volume@example.org"]);
    let line = postfix.wait_for("volume@example.org", "deferred");
    assert!(line.contains("421 4.7.0") || line.contains("refused to talk"), "{line}");
    assert!(postfix.desk.log().contains("turned away"), "{}", postfix.desk.log());
    drop(server);
    let _server = serve(&postfix.desk, "lmtp_accounts = [\"postfix\"]");
    postfix.ask("postqueue", &["-f"]);
    postfix.wait_for("volume@example.org", "sent");
    assert_eq!(postfix.desk.subjects(), ["stranger"]);
}

#[test]
fn exim_hands_over_all_recipients_of_a_mail_at_once() {
    let lines = |desk: &Desk| {
        make_folder(desk);
        let router = exim::ROUTER.replace("maildesk_pipe", "maildesk_lmtp");
        (router, EXIM_TRANSPORT.replace(SOCKET, &socket(desk)))
    };
    let Some(exim) = Exim::start_with(lines) else { return };
    let desk = &exim.desk;
    send(exim.port, "early", &["support@example.org"]);
    exim.run_queue();
    assert_eq!((exim.queued(), exim.lines("==").is_empty()), (1, false), "{}", exim.log());
    let _server = serve(desk, "");
    send(exim.port, "both", &["support@example.org", "sales@example.org"]);
    send(exim.port, "plus", &["support+anything@example.org"]);
    exim.run_queue();
    assert_eq!(exim.queued(), 0, "{}", exim.log());
    exim.assert_no_bounce();
    assert_eq!(desk.subjects(), ["both", "early", "plus"]);
    let lock = desk.lock();
    send(exim.port, "locked", &["support@example.org"]);
    exim.run_queue();
    assert_eq!(exim.queued(), 1, "{}", exim.log());
    drop(lock);
    exim.run_queue();
    assert_eq!((exim.queued(), desk.subjects().len()), (0, 4), "{}", exim.log());
}
