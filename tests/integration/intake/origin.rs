//! Person or machine: the signs, their order, and what each origin may and may not do.

use maildesk::inside::DeskSecret;

use crate::desk::{Desk, SALES, SUPPORT, mail};

const REPORT: &str = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n";

#[test]
fn header_decides_who_wrote() {
    let desk = Desk::new();
    for (fields, origin) in [
        ("", "person"),
        ("Auto-Submitted: no\n", "person"),
        ("Auto-Submitted: NO (really)\n", "person"),
        ("Auto-Submitted: auto-replied\n", "auto"),
        ("Auto-Submitted: Auto-Generated; owner=\"no\"\n", "auto"),
        ("auto-submitted:\n auto-notified\n", "auto"),
        ("X-Autoreply: yes\n", "auto"),
        ("X-Autorespond: away\n", "auto"),
        ("Precedence: auto_reply\n", "auto"),
        ("Precedence: bulk\n", "auto"),
        ("Precedence: JUNK\n", "auto"),
        ("Precedence: first-class\n", "person"),
        ("X-Auto-Response-Suppress: All\n", "person"),
        ("Precedence: list\n", "list"),
        ("List-Id: Dev <dev.client.test>\n", "list"),
        ("List-Id: <dev.client.test>\nAuto-Submitted: auto-generated\n", "list"),
        ("X-Failed-Recipients: gone@client.test\n", "bounce"),
        ("X-Failed-Recipients: gone@client.test\nList-Id: <x>\n", "bounce"),
        ("X-Maildesk-Loop: <x@helpdesk.test> abcdefghijklmnopqrstu\n", "person"),
        ("X-Maildesk-Loop: 1\n", "person"),
    ] {
        assert_eq!(desk.dry_run(mail("o", &format!("{fields}Subject: x\n"), "x"))["origin"], origin, "{fields}");
    }
    let report = mail(
        "r",
        &format!("{REPORT}Subject: x\n"),
        "--b\n\nx\n--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--",
    );
    assert_eq!(desk.dry_run(report)["origin"], "bounce");
}

#[test]
fn null_envelope_sender_is_a_machine() {
    let desk = Desk::new();
    let plain = mail("n", "Subject: x\n", "x");
    for sender in ["", "<>", "MAILER-DAEMON"] {
        let answer = desk.dry_run_with(&plain, &["--sender", sender]);
        assert!(["auto", "bounce"].contains(&answer["origin"].as_str().unwrap_or("?")), "{sender:?}: {answer}");
    }
    assert_eq!(desk.dry_run_with(&plain, &["--sender", "ann@client.test"])["origin"], "person");
    assert_ne!(desk.dry_run(format!("Return-Path: <>\n{plain}"))["origin"], "person");
    let left_over = desk.dry_run_with(format!("Return-Path: <>\n{plain}"), &["--sender", "ann@client.test"]);
    assert_eq!(left_over["origin"], "person", "the envelope sender goes before Return-Path");
    let daemon = plain.replace("Ann Ode <ann@", "Mail System <MAILER-DAEMON@");
    assert_eq!(desk.dry_run_with(&daemon, &["--sender", ""])["origin"], "bounce");
    assert_ne!(desk.dry_run(plain.replace("ann@", "postmaster@"))["origin"], "person");
}

#[test]
fn mail_of_this_desk_come_back_is_dropped_and_a_forged_mark_is_worth_nothing() {
    let desk = Desk::new();
    let bytes: [u8; 32] = desk.outside().bytes("SELECT secret FROM desk").try_into().expect("the desk has a secret");
    let id = "<1.2@helpdesk.test>";
    let mark = DeskSecret::new(bytes).loop_mark(id);
    let ours = mail("self", &format!("X-Maildesk-Loop: {id} {mark}\nSubject: x\nAuto-Submitted: auto-replied\n"), "x");
    assert_eq!(desk.dry_run(&ours)["origin"], "self");
    desk.deliver(&ours);
    assert_eq!(desk.last_outcome(), "dropped self");
    let of_another_desk = DeskSecret::new([7; 32]).loop_mark(id);
    desk.deliver(ours.replace(&mark, &of_another_desk));
    assert_eq!(desk.last_outcome(), "stored new #1");
}

#[test]
fn mail_from_one_of_our_addresses_without_our_mark_is_quarantined() {
    let desk = Desk::new();
    for from in ["support@helpdesk.test", "SALES@helpdesk.test", "support+tag@helpdesk.test"] {
        desk.deliver(mail(from, "Subject: x\n", "x").replace("ann@client.test", from));
        assert_eq!(desk.last_outcome(), "quarantined from one of our own addresses", "{from}");
    }
    assert_eq!(desk.count("tickets"), 0);
}

#[test]
fn new_alert_opens_a_ticket_and_a_bounce_of_nothing_of_ours_opens_none() {
    let desk = Desk::new();
    desk.deliver(mail("alert", "Subject: disk full\nAuto-Submitted: auto-generated\n", "full"));
    assert_eq!(desk.last_outcome(), "stored new #1");
    desk.deliver(mail("list", "Subject: weekly\nList-Id: <weekly.client.test>\n", "news"));
    assert_eq!(desk.last_outcome(), "stored new #2");
    desk.deliver(mail(
        "dsn",
        "Subject: Undelivered\nX-Failed-Recipients: x@y.test\nIn-Reply-To: <alert@client.test>\n",
        "x",
    ));
    assert_eq!(desk.last_outcome(), "dropped bounce of a mail that is not ours");
    assert_eq!((desk.count("tickets"), desk.count("messages")), (2, 2));
}

#[test]
fn only_a_person_reopens_a_closed_ticket() {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: Printer\n", "x"));
    let close = "UPDATE ticket SET status = 5, closed_at = unixepoch() WHERE id = 1";
    desk.outside().run(close);
    let answer =
        |id: &str, fields: &str| mail(id, &format!("{fields}Subject: Re: Printer\nIn-Reply-To: <q@client.test>\n"), id);
    for (id, fields) in
        [("auto", "Auto-Submitted: auto-replied\n"), ("list", "List-Id: <x>\n"), ("bulk", "Precedence: bulk\n")]
    {
        desk.deliver(answer(id, fields));
        assert_eq!((desk.ticket(1)["status"].as_str(), desk.count("tickets")), (Some("closed"), 1), "{id}");
    }
    assert_eq!(desk.messages(1).len(), 4, "machines' mail is attached silently");
    assert_eq!(
        desk.ticket(1)["last_update_at"],
        desk.ticket(1)["created_at"],
        "silently means without a trace in the times"
    );
    desk.deliver(answer("person", ""));
    assert_eq!((desk.ticket(1)["status"].as_str(), desk.messages(1).len()), (Some("awaiting-reply"), 5));
}

#[test]
fn out_of_office_with_words_before_the_subject_still_finds_its_ticket() {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: Printer\n", "x"));
    let fields = "Auto-Submitted: auto-replied\nSubject: Out of office: back on Monday\nReferences: <q@client.test>\n";
    desk.deliver_to(SALES, mail("ooo", fields, "away"));
    assert_eq!(desk.last_outcome(), "stored thread #1", "{SUPPORT}");
}
