//! Mail out through Debian's Postfix, and home again: TLS and a login on the way out, customers with mailboxes, delivery
//! reports, a second desk, an out-of-office and a mailing list. What each header is for is tested in `outbox`.

use std::cell::Cell;
use std::fs;
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;

use crate::client::Server;
use crate::dovecot::{self, Certificate, Dovecot, Plaintext};
use crate::mta::{Desk, Letter, free_port, run, submit, wait_for};
use crate::postfix::{PIPE_LINE, Postfix, Setup};
use crate::smtp_sink::header;
use crate::threading::threads;

const SUPPORT: &str = "support@example.org";

/// A grey pixel: a file of a type that the desk takes.
const PIXEL: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0\x02\0\x01\
    H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82";

/// A Postfix with mailboxes for customers, and the desks it delivers to.
struct Post {
    postfix: Postfix,
    /// The second desk, where there is one.
    other: Option<Desk>,
    sent: Cell<usize>,
}

/// Aliases that put the mail of these people into mailboxes of theirs. Mail to anybody else at `example.org` bounces.
fn mailboxes(desk: &Desk, names: &[&str]) -> String {
    let line = |name: &&str| format!("{name}: {}\n", desk.path(&format!("inboxes/{name}")).display());
    names.iter().map(line).collect()
}

/// Longer waits for the lock than other tests have: here nothing is to be deferred.
fn be_patient(desk: &Desk) {
    let (db, log) = (desk.path("desk/maildesk.db"), desk.path("desk/maildesk.log"));
    desk.write("maildesk.toml", &format!("db = {db:?}\n[log]\ntarget = {log:?}\n[limits]\nlock_wait_s = 30\n"));
}

fn add_sue(desk: &Desk) {
    let password = desk.secret("sues-password", "correct horse battery");
    let who = ["staff", "add", "sue", "--name", "Sue Staff", "--email", "sue@example.org", "--role", "agent"];
    desk.admin(&[&who[..], &["--department", "1", "--password-file", &password]].concat());
}

/// Has the desk's address send to the plain port, where Postfix trusts the whole machine.
fn send_plainly(desk: &Desk, address: &str, port: u16) {
    let way = ["--outgoing", "smtp", "--smtp-host", "127.0.0.1", "--smtp-tls", "none"];
    desk.admin(&[&["address", "update", address, "--smtp-port", &port.to_string()][..], &way].concat());
}

impl Post {
    /// One desk that sends without a login; `None`, loudly, where there is no Postfix.
    fn start(people: &[&str]) -> Option<Self> {
        let postfix = Postfix::start(|desk| {
            be_patient(desk);
            Setup { aliases: mailboxes(desk, people), ..Setup::default() }
        })?;
        send_plainly(&postfix.desk, SUPPORT, postfix.port);
        Some(Self { postfix, other: None, sent: Cell::new(0) })
    }

    fn desk(&self) -> &Desk {
        &self.postfix.desk
    }

    /// A mail from somebody, by SMTP, with a Message-ID of its own; what was sent.
    fn mail(&self, from: &str, to: &str, fields: &str, text: &str) -> String {
        self.sent.set(self.sent.get() + 1);
        let name = from.split('@').next().unwrap_or("somebody");
        let message = format!(
            "From: {name} <{from}>\nTo: {to}\nMessage-ID: <{}.{name}@client.example.org>\n\
             Date: Tue, 3 Feb 2026 10:00:00 +0100\n{fields}\n{text}\n",
            self.sent.get()
        );
        self.submit(from, to, &message);
        message
    }

    fn submit(&self, sender: &str, to: &str, message: &str) {
        submit(self.postfix.port, &Letter { sender, recipients: &[to], message }).expect("Postfix takes the mail");
    }

    /// Mails that the desks have received, those they have written, and how many of these wait.
    fn counts(&self) -> (i64, usize, usize) {
        let (mut received, mut written, mut waiting) = (0, 0, 0);
        for desk in [Some(self.desk()), self.other.as_ref()].into_iter().flatten() {
            received += desk.admin(&["stats"])["mails_received"].as_i64().expect("stats counts mails");
            let outbox = desk.admin(&["outbox", "list"]);
            let outbox = outbox.as_array().expect("a list");
            written += outbox.len();
            waiting += outbox.iter().filter(|mail| mail["state"] == "pending").count();
        }
        (received, written, waiting)
    }

    /// Waits until nothing is on its way any more: the queues are empty, and nothing came or went meanwhile.
    fn settle(&self) {
        let is_quiet = || {
            let before = self.counts();
            (before.2 == 0 && self.postfix.queue().is_empty() && self.counts() == before).then_some(())
        };
        wait_for("all mail has arrived", is_quiet, || format!("{}\n{}", self.postfix.queue(), self.postfix.log()));
    }

    /// The mails in somebody's mailbox, with CRLF.
    fn inbox(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.desk().path(&format!("inboxes/{name}"))).unwrap_or_default();
        let mails = format!("\n\n{text}").replace("\n\nFrom ", "\0From ");
        mails
            .split('\0')
            .skip(1)
            .map(|mail| mail.split_once('\n').map_or("", |(_, mail)| mail).replace('\n', "\r\n"))
            .collect()
    }

    /// State, reason and ticket of the newest mail: `stored new #1`.
    fn outcome(&self) -> String {
        let mail = self.desk().admin(&["mail", "list", "--limit", "1"])[0].clone();
        let ticket = mail["ticket_id"].as_i64().map_or_else(String::new, |id| format!(" #{id}"));
        format!("{} {}{ticket}", mail["state"].as_str().unwrap_or("?"), mail["reason"].as_str().unwrap_or("?"))
    }

    fn ticket(&self, id: i64) -> Value {
        self.desk().admin(&["ticket", "show", &id.to_string()])
    }

    fn notes(&self, id: i64) -> String {
        let ticket = self.ticket(id);
        let messages = ticket["messages"].as_array().expect("a ticket has messages");
        let notes = messages.iter().filter(|message| message["internal"] == true);
        notes.filter_map(|note| note["text"].as_str()).collect::<Vec<_>>().join("\n")
    }

    /// How often Postfix delivered to that address.
    fn deliveries(&self, to: &str) -> usize {
        let log = self.postfix.log();
        log.lines().filter(|line| line.contains(&format!("to=<{to}>")) && line.contains("status=sent ")).count()
    }
}

/// The ports where Postfix wants a login, and Dovecot, which knows the passwords.
struct Submission {
    dovecot: Dovecot,
    starttls: u16,
    implicit: u16,
}

impl Submission {
    fn start() -> Option<(Self, Post)> {
        let dovecot = Dovecot::start_with(Certificate::Good, Plaintext::Refused)?;
        let ports = (free_port(), free_port());
        let of = |name: &str| dovecot.path(name).display().to_string();
        let postfix = Postfix::start(|desk| {
            be_patient(desk);
            let main = format!(
                "smtpd_sasl_type = dovecot\nsmtpd_sasl_path = {}\nsmtpd_tls_cert_file = {}\nsmtpd_tls_key_file = {}\n\
                 smtpd_tls_received_header = yes\nsmtpd_sasl_authenticated_header = yes\n",
                of("auth"),
                of("server.pem"),
                of("server.key")
            );
            let login = " -o smtpd_sasl_auth_enable=yes -o smtpd_tls_auth_only=yes -o mynetworks=\n  \
                         -o smtpd_client_restrictions=permit_sasl_authenticated,reject -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n";
            let master = format!(
                "127.0.0.1:{} inet n - n - - smtpd\n  -o smtpd_tls_security_level=encrypt{login}\
                 127.0.0.1:{} inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes{login}tlsmgr unix - - n 1000? 1 tlsmgr\n",
                ports.0, ports.1
            );
            Setup { main, master, aliases: mailboxes(desk, &["ann", "bob"]), ..Setup::default() }
        })?;
        let submission = Self { dovecot, starttls: ports.0, implicit: ports.1 };
        for port in [submission.starttls, submission.implicit] {
            wait_for("Postfix listens", || TcpStream::connect(("127.0.0.1", port)).ok(), || postfix.log());
        }
        let post = Post { postfix, other: None, sent: Cell::new(0) };
        submission.let_desk_send(post.desk(), "starttls", submission.starttls, dovecot::PASSWORD);
        Some((submission, post))
    }

    fn let_desk_send(&self, desk: &Desk, tls: &str, port: u16, password: &str) {
        let file = desk.secret("smtp-password", password);
        let port = port.to_string();
        let way = ["--outgoing", "smtp", "--smtp-host", "localhost", "--smtp-port", &port, "--smtp-tls", tls];
        let login = ["--smtp-user", dovecot::USER, "--smtp-password-file", &file];
        desk.admin(&[&["address", "update", SUPPORT][..], &way, &login].concat());
    }

    /// The program of the desk, trusting the authority that signed Postfix's certificate.
    fn trusting(&self, desk: &Desk) -> Command {
        let mut command = desk.program();
        command.env("SSL_CERT_FILE", self.dovecot.ca_file());
        command
    }
}

/// `POST /api/messages/create` as staff, with one file.
fn answer_by_api(server: &Server, ticket: i64, text: &str) {
    let fields = [("ticket_id", ticket.to_string()), ("replier", "staff".to_owned()), ("staff_id", "1".to_owned())];
    let mut body = Vec::new();
    for (name, value) in fields.iter().map(|(name, value)| (*name, value.as_str())).chain([("message", text)]) {
        let part = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let file = "--b\r\nContent-Disposition: form-data; name=\"attachment[]\"; filename=\"pixel.png\"\r\nContent-Type: image/png\r\n\r\n";
    let body = [&body, file.as_bytes(), PIXEL, b"\r\n--b--\r\n"].concat();
    let answer =
        server.ask("POST", "/api/messages/create", &[("Content-Type", "multipart/form-data; boundary=b")], &body);
    assert_eq!(answer.json()["success"], 1, "{answer:?}");
}

fn address_in(field: &str) -> &str {
    field.split_once('<').map_or(field, |(_, rest)| rest.trim_end_matches('>'))
}

#[test]
fn customer_and_desk_talk_over_tls_and_a_login_and_every_answer_comes_home() {
    let Some((submission, post)) = Submission::start() else { return };
    let desk = post.desk();
    add_sue(desk);
    desk.admin(&["template", "disable", "staff_ticketnotification"]);
    desk.admin(&["setting", "set", "reply_address_token", "1"]);
    desk.admin(&["token", "add", "full", "--all", "--value", crate::client::TOKEN]);
    let server = Server::spawn(submission.trusting(desk).args(["serve", "--listen", "127.0.0.1:0"]));

    let first = post.mail("ann@example.org", SUPPORT, "Cc: bob@example.org\nSubject: Printer on fire\n", "It burns.");
    post.settle();
    let ack = post.inbox("ann").pop().expect("an acknowledgement");
    assert!(ack.contains("Authenticated sender: support@mail.test") && ack.contains("using TLSv1"), "{ack}");
    assert_eq!(header(&ack, "Return-Path").as_deref(), Some("<>"));
    assert_eq!(header(&ack, "Auto-Submitted").as_deref(), Some("auto-replied"));
    assert!(post.inbox("bob").is_empty(), "participants are not acknowledged");
    let reply_to = header(&ack, "Reply-To").expect("plus-addresses are on");
    let ack_id = header(&ack, "Message-ID").expect("every mail has one");

    let mut sent = vec![first];
    let mut answer = |to: &str, fields: &str, outcome: &str| {
        sent.push(post.mail("ann@example.org", to, fields, "More."));
        post.settle();
        assert_eq!(post.outcome(), outcome, "{fields}");
    };
    answer(address_in(&reply_to), "Subject: all else\n", "stored token #1");
    answer(SUPPORT, &format!("Subject: all else\nReferences: <x@y>,{ack_id}\n"), "stored token #1");
    answer(SUPPORT, "Subject: AW: [EXTERNAL] [#1] Printer on fire\n", "stored subject tag #1");
    answer(SUPPORT, "Subject: AW: Printer on fire\n", "stored new #2");

    let before = post.inbox("ann").len();
    answer_by_api(&server, 1, "<p>Put <b>water</b> on it.</p>");
    post.settle();
    assert_eq!((post.inbox("ann").len(), post.inbox("bob").len()), (before + 1, 1));
    for name in ["ann", "bob"] {
        let mail = post.inbox(name).pop().expect("the answer");
        assert_eq!(header(&mail, "From").as_deref(), Some("\"Example Desk\" <support@example.org>"));
        assert_eq!(header(&mail, "Subject").as_deref(), Some("Re: [#1] Printer on fire"));
        assert_eq!(header(&mail, "Auto-Submitted"), None);
        let home = header(&mail, "Return-Path").expect("Postfix writes it");
        assert!(home.starts_with("<support+t1-"), "{home}");
        assert!(mail.contains("Put water on it.") && mail.contains("filename=\"pixel.png\""), "{mail}");
        assert!(header(&mail, "References").is_some_and(|ids| ids.contains("<1.ann@client.example.org>")), "{mail}");
    }
    // All of ticket 1 in Ann's mail program, but the mail that opened a ticket of its own and its acknowledgement.
    sent.pop();
    let about_one = |mail: &String| header(mail, "Subject").is_some_and(|subject| subject.contains("[#1]"));
    let in_her_program =
        || sent.iter().cloned().chain(post.inbox("ann").into_iter().filter(about_one)).collect::<Vec<_>>();
    let found = threads(&in_her_program());
    assert_eq!((found.len(), found[0].mails()), (1, 6), "{found:#?}");

    // Bob answers the desk's copy and nobody's mail comes back to its writer.
    let copy = header(&post.inbox("bob")[0], "Message-ID").expect("every mail has one");
    post.mail("bob@example.org", SUPPORT, &format!("Subject: Re: x\nIn-Reply-To: {copy}\n"), "Water is out.");
    post.settle();
    assert_eq!(post.outcome(), "stored token #1");
    assert_eq!(post.inbox("bob").len(), 1);
    answer_by_api(&server, 1, "<p>Use sand.</p>");
    post.settle();
    assert_eq!(post.inbox("bob").len(), 2);
    let found = threads(&in_her_program());
    assert_eq!((found.len(), found[0].mails()), (1, 7), "{found:#?}");
    post.postfix.assert_no_bounce();
}

#[test]
fn refused_logins_and_unknown_certificates_send_nothing_and_lose_nothing() {
    let Some((submission, post)) = Submission::start() else { return };
    let desk = post.desk();
    let test = |mut program: Command| {
        let done = program.args(["admin", "address", "test", SUPPORT]).output().expect("the program runs");
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let (starttls, implicit) = (("starttls", submission.starttls), ("implicit", submission.implicit));
    for (tls, port) in [starttls, implicit] {
        submission.let_desk_send(desk, tls, port, dovecot::PASSWORD);
        assert_eq!(test(submission.trusting(desk)), (Some(0), String::new()), "{tls}");
        let (status, said) = test(desk.program());
        assert!(status == Some(1) && said.contains("certificate verify failed"), "{tls}: {said}");
        submission.let_desk_send(desk, tls, port, "wrong");
        let (status, said) = test(submission.trusting(desk));
        assert!(status == Some(1) && said.contains("535"), "{tls}: {said}");
    }
    // The plain port offers no STARTTLS: nothing is said in the clear.
    submission.let_desk_send(desk, "starttls", post.postfix.port, dovecot::PASSWORD);
    let (status, said) = test(submission.trusting(desk));
    assert!(status == Some(1) && said.contains("STARTTLS"), "{said}");

    // `pipe`, which Postfix starts, does not know the authority: the mail waits, and goes when somebody does.
    let (tls, port) = implicit;
    submission.let_desk_send(desk, tls, port, dovecot::PASSWORD);
    post.mail("ann@example.org", SUPPORT, "Subject: Printer\n", "It burns.");
    post.postfix.wait_for(SUPPORT, "sent");
    let rows = desk.admin(&["outbox", "list"]);
    assert_eq!((&rows[0]["state"], &rows[0]["attempts"]), (&"pending".into(), &1.into()), "{rows}");
    assert!(rows[0]["last_error"].as_str().is_some_and(|why| why.contains("certificate")), "{rows}");
    desk.admin(&["outbox", "retry", &rows[0]["id"].to_string()]);
    run(submission.trusting(desk).args(["admin", "outbox", "send"]));
    post.settle();
    assert_eq!(post.inbox("ann").len(), 1);
    assert_eq!(post.notes(1), "", "no failure was final");
}

#[test]
fn an_answer_to_nobody_comes_back_and_becomes_a_note() {
    let Some(post) = Post::start(&["ann"]) else { return };
    let desk = post.desk();
    add_sue(desk);
    desk.admin(&["template", "disable", "staff_ticketnotification"]);
    for (ticket, with_token) in [(1, "0"), (2, "1")] {
        desk.admin(&["setting", "set", "reply_address_token", with_token]);
        post.mail("ghost@example.org", SUPPORT, &format!("Cc: ann@example.org\nSubject: Boo {ticket}\n"), "Boo.");
        post.settle();
        let before = post.ticket(ticket);
        let number = ticket.to_string();
        desk.admin(&["ticket", "reply", &number, "--staff", "sue", "--message", "Who is there?"]);
        post.settle();
        assert_eq!(post.outcome(), "dropped bounce");
        let outbox = desk.admin(&["outbox", "list", "--limit", "2"]);
        let rows = outbox.as_array().expect("a list");
        let find = |to: &str| rows.iter().find(|row| row["recipient"] == to).expect("the answer went to both");
        let (ghost, ann) = (find("ghost@example.org"), find("ann@example.org"));
        assert_eq!((&ghost["state"], &ghost["event"]), (&"failed".into(), &"staff_reply".into()), "{outbox}");
        assert!(
            ghost["bounced_at"].as_i64() > Some(0) && ghost["last_error"].as_str().is_some_and(|e| e.contains("5.1.1"))
        );
        assert_eq!((&ann["state"], &ann["bounced_at"]), (&"sent".into(), &0.into()), "{outbox}");
        let notes = post.notes(ticket);
        assert!(notes.contains("ghost@example.org") && notes.contains("5.1.1"), "{notes}");
        let after = post.ticket(ticket);
        assert_eq!((&before["status"], &after["status"]), (&"open".into(), &"answered".into()));
        assert_eq!(
            after["messages"].as_array().map(Vec::len),
            Some(3),
            "what she wrote, the answer, the note: {after}"
        );
    }
    assert_eq!(desk.admin(&["stats"])["tickets"], 2);
}

#[test]
fn two_desks_that_acknowledge_everything_exchange_two_mails() {
    let helps = "help@other.example.org";
    let other = Desk::with_addresses(&[helps]);
    be_patient(&other);
    let postfix = Postfix::start(|desk| {
        be_patient(desk);
        Setup {
            main: "elsewhere_destination_recipient_limit = 1\n".to_owned(),
            master: other.adapt(PIPE_LINE).replace("\nmaildesk ", "\nelsewhere "),
            transport: "other.example.org elsewhere:\n".to_owned(),
            ..Setup::default()
        }
    });
    let Some(postfix) = postfix else { return };
    let post = Post { postfix, other: Some(other), sent: Cell::new(0) };
    let (one, two) = (post.desk(), post.other.as_ref().expect("it was put there"));
    for (desk, address) in [(one, SUPPORT), (two, helps)] {
        send_plainly(desk, address, post.postfix.port);
        desk.admin(&["template", "enable", "autoresponse"]);
        add_sue(desk);
    }
    one.admin(&["user", "add", helps, "--name", "The others"]);
    let server = {
        one.admin(&["token", "add", "full", "--all", "--value", crate::client::TOKEN]);
        Server::spawn(one.program().args(["serve", "--listen", "127.0.0.1:0"]))
    };
    let opened = server.post(
        "/api/tickets/create",
        "opener=staff&staff_id=1&user_id=1&department_id=1&subject=Your+invoice&body=It+is+wrong.",
    );
    assert_eq!(opened.json()["success"], 1, "{opened:?}");
    post.settle();
    assert_eq!((post.deliveries(helps), post.deliveries(SUPPORT)), (1, 1), "{}", post.postfix.log());
    assert_eq!((one.subjects().len(), two.subjects().len()), (1, 1));
    assert_eq!(post.outcome(), "stored token #1", "the acknowledgement lies in the ticket it answers");
    // A person at the first desk's shared mailbox writes: her mail has no mark of a desk at all.
    post.mail(SUPPORT, helps, "Subject: Hello\n", "Anybody there?");
    post.settle();
    assert_eq!((post.deliveries(helps), post.deliveries(SUPPORT)), (2, 2), "{}", post.postfix.log());
}

#[test]
fn an_out_of_office_gets_one_acknowledgement_and_never_another_answer() {
    let marks = [
        "Auto-Submitted: auto-replied (vacation)\n",
        "Precedence: bulk\n",
        "X-Autoreply: yes\n",
        // Only the null sender tells.
        "",
    ];
    let Some(post) = Post::start(&["ann"]) else { return };
    let desk = post.desk();
    add_sue(desk);
    desk.admin(&["template", "enable", "autoresponse"]);
    desk.admin(&["template", "disable", "staff_ticketnotification"]);
    for (round, mark) in marks.into_iter().enumerate() {
        let (ticket, seen) = (i64::try_from(round).expect("few rounds") + 1, post.inbox("ann").len());
        post.mail("ann@example.org", SUPPORT, &format!("Subject: Case {round}\n"), "It burns.");
        let mut answered = seen;
        // Ann's mailbox answers every mail it gets, until there is nothing new.
        let away = |answered: &mut usize| {
            for _ in 0..10 {
                post.settle();
                let inbox = post.inbox("ann");
                if inbox.len() == *answered {
                    return;
                }
                for mail in inbox.into_iter().skip(std::mem::replace(answered, *answered + 1)).take(1) {
                    let message = format!(
                        "From: ann@example.org\nTo: {SUPPORT}\nSubject: Out of office: {}\nIn-Reply-To: {}\n\
                         Message-ID: <away{round}.{answered}@client.example.org>\n{mark}\nBack on Monday.\n",
                        header(&mail, "Subject").unwrap_or_default(),
                        header(&mail, "Message-ID").expect("every mail has one"),
                    );
                    post.submit("", SUPPORT, &message);
                }
            }
        };
        away(&mut answered);
        assert_eq!(post.inbox("ann").len(), seen + 1, "{mark:?}");
        desk.admin(&["ticket", "reply", &ticket.to_string(), "--staff", "sue", "--message", "Put water on it."]);
        away(&mut answered);
        assert_eq!(post.inbox("ann").len(), seen + 2, "{mark:?}");
        assert_eq!(post.ticket(ticket)["status"], "answered", "{mark:?}");
    }
    assert_eq!(desk.admin(&["stats"])["tickets"], 4);
}

#[test]
fn a_mailing_list_that_the_desk_is_subscribed_to_is_never_answered() {
    let Some(post) = Post::start(&["ann"]) else { return };
    let desk = post.desk();
    desk.admin(&["template", "enable", "autoresponse"]);
    let marks = ["List-Id: Printers <printers.lists.example.org>\n", "Precedence: list\n"];
    for mark in marks {
        let fields = format!("{mark}Reply-To: printers@lists.example.org\nSubject: [printers] Toner\n");
        let message = format!(
            "From: ann@example.org\nTo: printers@lists.example.org\nMessage-ID: <{}@client.example.org>\n{fields}\nWho has some?\n",
            mark.len()
        );
        post.submit("printers-bounces@lists.example.org", SUPPORT, &message);
        post.settle();
        let followup = message.replace("Message-ID: <", "Message-ID: <re.").replace("Subject: ", "Subject: Re: ");
        post.submit("printers-bounces@lists.example.org", SUPPORT, &followup);
        post.settle();
    }
    assert_eq!(desk.admin(&["stats"])["mails_received"], 4);
    assert_eq!(desk.admin(&["outbox", "list"]), Value::Array(Vec::new()));
    assert!(post.inbox("ann").is_empty());
}
