//! What a ticket shows of a mail: the reply where the desk knows the rest, else all of it but the signature.

use serde_json::Value;

use crate::desk::{Desk, feed, mail};

fn shown(answer: &Value) -> &str {
    answer["shown_text"].as_str().unwrap_or("?").trim_end()
}

fn reply(answer: &Value) -> &str {
    answer["reply_text"].as_str().unwrap_or("?").trim_end()
}

/// A desk with Ann's ticket 1, which Sam answered.
fn answered_desk() -> Desk {
    let desk = Desk::new();
    let who = ["staff", "add", "sam", "--name", "Sam Staff", "--email", "sam@team.test", "--role", "agent"];
    let mut add = desk.command();
    let add = add.args(["admin"]).args(who).args(["--department", "1", "--password-stdin"]);
    assert_eq!(feed(add, b"correct horse battery\n").status, 0);
    desk.deliver(mail("q", "Subject: Printer on fire\n", "It burns since Monday, and nobody is here to put it out."));
    let text = "Please switch the printer off and on again,\nthen tell us what its display says.";
    desk.admin(&["ticket", "reply", "1", "--staff", "sam", "--message", text]);
    desk
}

fn answer(id: &str, text: &str) -> String {
    mail(id, "Subject: Re: Printer on fire\nIn-Reply-To: <q@client.test>\n", text)
}

#[test]
fn mail_that_opens_a_ticket_shows_its_history_and_not_its_signature() {
    let desk = Desk::new();
    let history =
        "Can you help with this?\n\nOn Mon, Jan 15, 2024 at 2:30 PM Bob <bob@example.org> wrote:\n> The printer burns.";
    let order = "Please book:\n\nFrom: Berlin\nTo: Paris\nDate: 12 May 2026\nPersons: 2";
    let header = "What is this?\n\nFrom: Bob <bob@example.org>\nSent: Monday, 15 January 2024 14:30\nTo: Ann\nSubject: Lamp\n\nIt broke.";
    for text in [history, order, header] {
        for subject in ["Question", "Re: Question"] {
            let seen = desk.dry_run(mail(
                "o",
                &format!("Subject: {subject}\n"),
                &format!("{text}\n\n-- \nAnn Ode\nExample Ltd"),
            ));
            let body = if text == header { format!("{text}\n\n-- \nAnn Ode\nExample Ltd") } else { text.to_owned() };
            assert_eq!(shown(&seen), body, "{subject}");
        }
    }
    let seen = desk.dry_run(mail("o", "Subject: Question\n", history));
    assert_eq!(reply(&seen), "Can you help with this?");
    desk.deliver(mail("o", "Subject: Question\n", history));
    let message = &desk.messages(1)[0];
    assert_eq!(
        (message["text"].as_str(), message["reply_text"].as_str()),
        (Some(history), Some("Can you help with this?"))
    );
}

#[test]
fn answer_shows_the_reply_alone_where_the_quote_is_what_the_desk_knows() {
    let desk = answered_desk();
    for (id, quote) in [
        (
            "a1",
            "On Tue, Feb 3, 2026 at 2:30 PM Desk <support@helpdesk.test> wrote:\n> Please switch the printer off and on\n> again, then tell us what its\n> display says.",
        ),
        (
            "a2",
            "-----Original Message-----\nFrom: Desk\nSent: Tuesday\nTo: Ann\nSubject: [#1] Printer on fire\n\nPlease switch the printer off and on again,\nthen tell us what its display says.\n\nOn Mon Ann wrote:\n> It burns since Monday, and nobody is\n> here to put it out.",
        ),
    ] {
        let seen = desk.dry_run(answer(id, &format!("It says PC LOAD LETTER.\n\n{quote}\n")));
        assert_eq!((shown(&seen), reply(&seen)), ("It says PC LOAD LETTER.", "It says PC LOAD LETTER."), "{quote}");
    }
}

#[test]
fn quoted_lines_that_the_desk_never_sent_are_new_and_shown() {
    let desk = answered_desk();
    let text = "See what my colleague says.\n\nOn Tue, Feb 3, 2026 at 2:30 PM Bob <bob@client.test> wrote:\n> The power supply of the whole floor is broken.";
    let seen = desk.dry_run(answer("n", text));
    assert_eq!((shown(&seen), reply(&seen)), (text, "See what my colleague says."));
    desk.deliver(answer("n", text));
    assert_eq!(desk.messages(1)[2]["text"], text);
    let log = "Here is the log:\n\n> E4711 toner module does not answer\n> E4712 fuser too hot";
    assert_eq!(shown(&desk.dry_run(answer("l", log))), log);
    let order = "Please send a technician:\n\nFrom: ann@client.test\nTo: Depot Seven\nSubject: Technician\nwith a ladder and two buckets";
    assert_eq!(shown(&desk.dry_run(answer("t", order))), order);
    // Words that every text has, and those of the subject, do not make a line known.
    let shop = "The shop wrote to me:\n\nFrom: Shop <shop@else.test>\nTo: ann@client.test\nDate: Mon, 2 Feb 2026 10:00\nSubject: Order 1\n\nYour order of a new printer is cancelled because of the fire on the coast.";
    assert_eq!(shown(&desk.dry_run(answer("s", shop))), shop);
}

#[test]
fn answers_written_into_what_the_desk_sent_are_shown_with_it() {
    let desk = answered_desk();
    let header = "From: Desk <support@helpdesk.test>\nSent: Tuesday, 3 February 2026 14:30\nTo: Ann\nSubject: [#1] Printer on fire\n\n";
    for (id, written) in [
        ("i1", "Please switch the printer off and on again, OK\nthen tell us what its display says. E5"),
        ("i2", "Please switch the printer off and on again,\nok\nthen tell us what its display says."),
        ("i3", "Please switch the printer off and on again,\nthen tell us what its display says.\n4711"),
        (
            "i4",
            "Please switch the printer off and on again,\nthen tell us what its display says.\nits display says switch off",
        ),
    ] {
        let text = format!("Hi Sam, thank you.\n\n{header}{written}");
        assert_eq!(shown(&desk.dry_run(answer(id, &text))), text);
    }
    let attribution = "On Tue, Feb 3, 2026 at 2:30 PM Desk <support@helpdesk.test> wrote:";
    let quoted = format!(
        "Hi Sam,\n\n{attribution}\n> Please switch the printer off and on again, done\n> then tell us what its display says. no"
    );
    assert_eq!(shown(&desk.dry_run(answer("i5", &quoted))), quoted);
    // Whoever writes a salutation and nothing else has written something where it is not seen.
    let greeting = format!(
        "Hi Sam,\n\nKind regards\nAnn\n\n{header}Please switch the printer off and on again,\nthen tell us what its display says."
    );
    let seen = desk.dry_run(answer("i6", &greeting));
    assert_eq!(shown(&seen), greeting);
    assert_eq!(reply(&seen), "Hi Sam,\n\nKind regards\nAnn");
}

#[test]
fn what_programs_make_of_the_desks_mail_is_known() {
    let desk = answered_desk();
    let text = "Look at https://helpdesk.test/manual for the *paper path*:\n\n- the tray\n- the rollers\n\nIs it \"free\"? Call +49 30 1234567.";
    desk.admin(&["ticket", "reply", "1", "--staff", "sam", "--message", text]);
    let header = "From: Desk <support@helpdesk.test>\nSent: Tuesday, 3 February 2026 14:30\nTo: Ann\nSubject: [#1] Printer on fire\n\n";
    for (id, made) in [
        (
            "p1",
            "Look at https://helpdesk.test/manual<https://helpdesk.test/manual> for the paper path:\n  *   the tray\n  *   the rollers\nIs it \u{201C}free\u{201D}? Call +49 30 1234567<tel:+49301234567>.\n\n--\nHelpdesk, General, ticket #1",
        ),
        (
            "p2",
            "Look at https://helpdesk.test/manual <https://helpdesk.test/manual> for the\n*paper path*:\n\n1. the tray\n2. the rollers\n\nIs it&nbsp;\"free\"? Call\n+49 30 1234567.",
        ),
        ("p3", "the rollers\n\nIs it \"free\"?"),
    ] {
        let seen = desk.dry_run(answer(id, &format!("No, it is not.\n\n{header}{made}")));
        assert_eq!(shown(&seen), "No, it is not.", "{made}");
    }
}

#[test]
fn mail_that_answers_an_id_of_ours_but_opens_a_ticket_shows_its_reply() {
    let desk = answered_desk();
    let text = "A new matter.\n\nOn Tue, Feb 3, 2026 at 2:30 PM Desk <support@helpdesk.test> wrote:\n> Please switch the printer off and on again,";
    let seen = desk.dry_run(mail("x", "Subject: Invoice 7\nIn-Reply-To: <q@client.test>\n", text));
    assert_eq!((seen["decision"].as_str(), shown(&seen)), (Some("open"), "A new matter."));
}

#[test]
fn forward_keeps_all_whatever_its_subject_says() {
    let desk = answered_desk();
    let text = "FYI\n\n---------- Forwarded message ---------\nFrom: Bob <bob@client.test>\nDate: Mon, 15 Jan 2024\nSubject: Lamp\n\nThe lamp broke.";
    for fields in [
        "Subject: Fwd: Lamp\n",
        "Subject: Lamp\n",
        "Subject: Re: Printer on fire\nIn-Reply-To: <q@client.test>\n",
        "Subject: Re: [#1] Printer on fire\n",
    ] {
        let seen = desk.dry_run(mail("f", fields, text));
        assert_eq!((shown(&seen), reply(&seen)), (text, text), "{fields}");
    }
    let apple = "See below.\n\n> Begin forwarded message:\n>\n> From: Bob <bob@client.test>\n> Subject: Lamp\n>\n> The lamp broke.";
    assert_eq!(reply(&desk.dry_run(answer("f2", apple))), apple);
}
