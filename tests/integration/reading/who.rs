//! Who and what a mail is: lists that pass on a person's mail, automatic answers, read receipts, names with commas.

use serde_json::Value;

use crate::desk::{Desk, SUPPORT, feed, mail};

/// A desk that queues what it would send.
fn sending_desk() -> Desk {
    let desk = Desk::new();
    let way = ["--outgoing", "smtp", "--smtp-host", "127.0.0.1", "--smtp-port", "9", "--smtp-tls", "none"];
    desk.admin(&[&["address", "update", SUPPORT][..], &way].concat());
    let who = ["staff", "add", "sam", "--name", "Sam Staff", "--email", "sam@team.test", "--role", "agent"];
    let mut add = desk.command();
    let add = add.args(["admin"]).args(who).args(["--department", "1", "--password-stdin"]);
    assert_eq!(feed(add, b"correct horse battery\n").status, 0);
    desk
}

/// Event and recipient of every mail queued, oldest first.
fn queued(desk: &Desk) -> Vec<String> {
    desk.outside().texts("SELECT event || ' ' || recipient FROM outbox ORDER BY id")
}

fn of_list(id: &str, fields: &str) -> String {
    mail(id, &format!("{fields}Subject: Toner\n"), "Who has some?").replacen(
        "Ann Ode <ann@client.test>",
        "\"'Ann Ode' via Printers\" <printers@lists.test>",
        1,
    )
}

#[test]
fn person_behind_a_lists_address_is_the_sender() {
    let desk = Desk::new();
    for (id, fields) in [
        ("a", "List-Post: <mailto:printers@lists.test>\nReply-To: Ann Ode <ann@client.test>\n"),
        ("b", "List-Id: Printers <printers.lists.test>\nX-Original-Sender: ann@client.test\n"),
        (
            "c",
            "List-Id: <printers.lists.test>\nX-Original-From: Ann Ode <ann@client.test>\nReply-To: printers@lists.test\n",
        ),
    ] {
        let answer = desk.dry_run(of_list(id, fields));
        assert_eq!(
            (&answer["from"]["name"], &answer["from"]["email"]),
            (&"Ann Ode".into(), &"ann@client.test".into()),
            "{fields}"
        );
    }
    let unknown =
        desk.dry_run(of_list("d", "List-Id: <printers.lists.test>\nReply-To: a@client.test, b@client.test\n"));
    assert_eq!(unknown["from"]["email"], "printers@lists.test");
}

#[test]
fn list_that_feeds_the_desk_reopens_and_tells_staff_and_answers_nobody() {
    let desk = sending_desk();
    let fields = "List-Id: <printers.lists.test>\nX-Original-Sender: ann@client.test\n";
    desk.deliver(of_list("before", fields));
    assert_eq!(queued(&desk), Vec::<String>::new(), "a list that does not feed the desk is a machine's");
    desk.set("feeding_lists", "other@lists.test, Printers@lists.test");
    desk.deliver(of_list("q", fields));
    assert_eq!(queued(&desk), ["staff_ticketnotification sam@team.test"]);
    assert_eq!(desk.ticket(2)["user_email"], "ann@client.test");
    desk.admin(&["ticket", "status", "2", "closed"]);
    desk.admin(&["template", "enable", "autoresponse"]);
    desk.deliver(of_list("r", &format!("{fields}In-Reply-To: <q@client.test>\n")));
    assert_eq!(desk.ticket(2)["status"], "awaiting-reply");
    assert_eq!(queued(&desk).len(), 2, "{:?}", queued(&desk));
    desk.deliver(of_list(
        "machine",
        &format!("{fields}Auto-Submitted: auto-generated\nIn-Reply-To: <q@client.test>\n"),
    ));
    assert_eq!(queued(&desk).len(), 2, "a machine's mail stays one behind a list");
}

#[test]
fn list_at_a_registered_address_feeds_the_desk() {
    let desk = sending_desk();
    let fields = "List-Post: <mailto:support@helpdesk.test>\nList-Id: <support.helpdesk.test>\nX-Original-Sender: ann@client.test\n";
    desk.deliver(of_list("q", fields).replace("printers@lists.test", SUPPORT));
    assert_eq!(
        (desk.last_outcome().as_str(), desk.ticket(1)["user_email"].as_str()),
        ("stored new #1", Some("ann@client.test"))
    );
    assert_eq!(queued(&desk), ["staff_ticketnotification sam@team.test"]);
}

#[test]
fn automatic_answer_known_only_by_its_subject_counts_where_it_names_something_of_ours() {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: Printer\n", "x"));
    for subject in ["Automatic reply: [#1] Printer", "Abwesenheitsnotiz: [#1] Printer", "[EXT] Out of Office [#1]"] {
        let answer = desk.dry_run(mail("a", &format!("Subject: {subject}\n"), "away"));
        assert_eq!((&answer["origin"], &answer["decision"]), (&"auto".into(), &"append".into()), "{subject}");
    }
    let by_id = desk.dry_run(mail("a", "Subject: Réponse automatique\nIn-Reply-To: <q@client.test>\n", "absent"));
    assert_eq!((&by_id["origin"], &by_id["reason"]), (&"auto".into(), &"thread".into()));
    let question = desk.dry_run(mail("a", "Subject: Automatic reply does not work\n", "help"));
    assert_eq!(question["origin"], "person");
    let answer = desk.dry_run(mail("a", "Subject: Re: [#1] Automatic reply: Printer\n", "It says so."));
    assert_eq!(answer["origin"], "person");
}

/// A read receipt with `fields` that names these ids.
fn receipt(id: &str, fields: &str, original: &str) -> String {
    let kind = "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n";
    let text = format!(
        "--b\nContent-Type: text/plain\n\nYour mail was displayed.\n--b\nContent-Type: message/disposition-notification\n\n\
         Reporting-UA: client.test; Mailer\nFinal-Recipient: rfc822;ann@client.test\n{original}\
         Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n"
    );
    mail(id, &format!("{kind}{fields}"), &text)
}

#[test]
fn read_receipt_never_opens_a_ticket_and_goes_silently_to_the_mail_it_confirms() {
    let desk = sending_desk();
    desk.deliver(receipt("r0", "Subject: Read: Printer\n", "Original-Message-ID: <else@where.test>\n"));
    assert_eq!(desk.last_outcome(), "dropped read receipt of a mail that is not ours");
    desk.deliver(mail("q", "Subject: Printer\n", "x"));
    let before = queued(&desk).len();
    for (id, fields, original) in [
        ("r1", "Subject: Read: Printer\n", "Original-Message-ID: <q@client.test>\n"),
        ("r2", "Subject: Gelesen\nReferences: <q@client.test>\n", ""),
        ("r3", "Subject: Read: [#1] Printer\n", ""),
    ] {
        desk.deliver(receipt(id, fields, original));
        assert!(desk.last_outcome().starts_with("stored "), "{id}: {}", desk.last_outcome());
    }
    assert_eq!((desk.count("tickets"), desk.messages(1).len(), queued(&desk).len()), (1, 4, before));
    assert_eq!(desk.ticket(1)["status"], "open");
}

#[test]
fn nobody_is_answered_at_an_address_that_takes_no_answers() {
    let desk = sending_desk();
    for from in [
        "noreply@client.test",
        "No-Reply@client.test",
        "no_reply@client.test",
        "DoNotReply+x7@client.test",
        "do-not-reply@client.test",
    ] {
        desk.deliver(mail(from, "Subject: x\n", "x").replace("ann@client.test", from));
    }
    assert!(queued(&desk).iter().all(|line| line == "staff_ticketnotification sam@team.test"), "{:?}", queued(&desk));
    desk.deliver(mail("a", "Subject: x\n", "x").replace("ann@", "noreply-team@"));
    assert!(queued(&desk).contains(&"new_ticket noreply-team@client.test".to_owned()));
}

#[test]
fn tickets_that_mails_of_many_senders_name_are_acknowledged_five_times_an_hour() {
    let desk = sending_desk();
    desk.deliver(mail("q", "Subject: Printer\n", "x"));
    for n in 0..8 {
        desk.deliver(
            mail(&format!("s{n}"), "Subject: Printer\nIn-Reply-To: <q@client.test>\n", "x")
                .replace("ann@client.test", &format!("stranger{n}@elsewhere.test")),
        );
    }
    let answers = queued(&desk).iter().filter(|line| line.starts_with("new_ticket ")).count();
    assert_eq!((desk.count("tickets"), answers), (9, 5));
}

#[test]
fn name_with_an_unquoted_comma_is_one_persons() {
    let desk = Desk::new();
    let with_from = |from: &str| mail("c", "Subject: x\n", "x").replace("Ann Ode <ann@client.test>", from);
    for (from, name) in [
        ("Meyer, Ann <ann@client.test>", "Ann Meyer"),
        ("=?utf-8?Q?M=C3=BCller?=, Ann <ann@client.test>", "Ann Müller"),
        ("ACME, Inc. <ann@client.test>", "ACME, Inc."),
        ("\"Meyer, Ann\" <ann@client.test>", "Meyer, Ann"),
    ] {
        let answer = desk.dry_run(with_from(from));
        assert_eq!(
            (&answer["from"]["name"], &answer["from"]["email"]),
            (&Value::from(name), &"ann@client.test".into()),
            "{from}"
        );
    }
}

#[test]
fn answers_go_to_the_name_of_reply_to_where_it_has_one() {
    let desk = sending_desk();
    desk.deliver(mail("q", "Subject: Printer\nReply-To: The Office <office@client.test>\n", "x"));
    desk.admin(&["ticket", "reply", "1", "--staff", "sam", "--message", "Done."]);
    let answer = "SELECT data FROM outbox_raw JOIN outbox ON outbox.id = outbox_id WHERE event = 'staff_reply'";
    let raw = desk.outside().bytes(answer);
    let raw = String::from_utf8_lossy(&raw).into_owned();
    assert!(
        raw.contains("To: \"The Office\" <office@client.test>") || raw.contains("To: The Office <office@client.test>"),
        "{raw}"
    );
}
