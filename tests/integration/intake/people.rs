//! Who: the requester, Reply-To, participants, bans, staff, forwards, and how much mail one sender may send.

use serde_json::{Value, json};

use crate::desk::{Desk, SUPPORT, feed, mail};

#[test]
fn mail_without_a_usable_from_is_quarantined() {
    let desk = Desk::new();
    for (index, from) in
        ["", "From:\n", "From: undisclosed-recipients:;\n", "From: Ann\n", "From: <>\n", "From: @\n"].iter().enumerate()
    {
        desk.deliver(format!("{from}Subject: nobody {index}\nMessage-ID: <{index}@x>\n\nx"));
        assert_eq!(desk.last_outcome(), "quarantined no usable From", "{from:?}");
    }
    assert_eq!((desk.count("tickets"), desk.count("users")), (0, 0));
}

#[test]
fn new_address_makes_a_user_and_a_known_one_none() {
    let desk = Desk::new();
    desk.deliver(mail("a", "Subject: a\n", "x"));
    desk.deliver(mail("b", "Subject: b\n", "x").replace("Ann Ode <ann@client.test>", "Other Name <ANN@Client.Test>"));
    desk.deliver(mail("c", "Subject: c\n", "x").replace("Ann Ode <ann@client.test>", "bob.smith@client.test"));
    let name = |user: &str| desk.admin(&["user", "show", user])["fullname"].as_str().unwrap_or("?").to_owned();
    assert_eq!(
        (name("ann@client.test"), name("bob.smith@client.test"), desk.count("users")),
        ("Ann Ode".into(), "bob.smith".into(), 2)
    );
}

#[test]
fn reply_to_counts_where_the_mail_opens_a_ticket_and_not_through_an_id_or_tag() {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: Printer\nReply-To: Ann <private@client.test>\n", "x"));
    assert_eq!(desk.ticket(1)["reply_to"], "private@client.test");
    desk.deliver(mail(
        "a1",
        "Subject: Re: Printer\nIn-Reply-To: <q@client.test>\nReply-To: evil@elsewhere.test\n",
        "x",
    ));
    desk.deliver(mail("a2", "Subject: Re: [#1] Printer\nReply-To: evil@elsewhere.test\n", "x"));
    assert_eq!((desk.ticket(1)["reply_to"].as_str(), desk.messages(1).len()), (Some("private@client.test"), 3));
    desk.deliver(mail("own", "Subject: loop\nReply-To: sales@helpdesk.test\n", "x"));
    assert_eq!(desk.ticket(2)["reply_to"], "", "one of our own addresses would be a loop");
    desk.deliver(mail("both", "Subject: both\nReply-To: sales+x@helpdesk.test, Ann <home@client.test>\n", "x"));
    assert_eq!(desk.ticket(3)["reply_to"], "home@client.test", "the first that is not ours");
    assert_eq!(desk.ticket(1)["user_email"], "ann@client.test", "From decides who it was");
}

#[test]
fn people_of_to_and_cc_take_part_and_our_own_addresses_do_not() {
    let desk = Desk::new();
    let fields = "To: Bob <bob@client.test>, support@helpdesk.test\n\
        Cc: Cleo <cleo@client.test>, CLEO@client.test, ann@client.test, sales+x@helpdesk.test\nSubject: x\n";
    desk.deliver(mail("p", fields, "x").replacen(&format!("To: {SUPPORT}\n"), "", 1));
    let expected =
        json!([{ "email": "bob@client.test", "name": "Bob" }, { "email": "cleo@client.test", "name": "Cleo" }]);
    assert_eq!(desk.ticket(1)["participants"], expected);
    desk.deliver(mail("l", "Subject: y\nList-Id: <dev.client.test>\nCc: dev@client.test\n", "x"));
    assert_eq!(desk.ticket(2)["participants"], json!([]), "a list's members are not ours to write to");
}

#[test]
fn address_a_mail_came_in_by_takes_no_part_though_nobody_registered_it() {
    let desk = Desk::new();
    let to_alias = |id: &str, fields: &str| {
        let fields = format!("To: info@helpdesk.test, Bob <bob@client.test>\n{fields}Subject: {id}\n");
        mail(id, &fields, "x").replacen(&format!("To: {SUPPORT}\n"), "", 1)
    };
    desk.deliver_to("info@helpdesk.test", to_alias("a", ""));
    desk.deliver_to("info+b@helpdesk.test", to_alias("b", ""));
    desk.deliver(to_alias("c", "X-Original-To: info@helpdesk.test\n"));
    for ticket in 1..=3 {
        assert_eq!(
            desk.ticket(ticket)["participants"],
            json!([{ "email": "bob@client.test", "name": "Bob" }]),
            "{ticket}"
        );
    }
    desk.deliver(mail("l", "Subject: y\nList-Post: <mailto:dev@client.test>\nCc: dev@client.test\n", "x"));
    assert_eq!(desk.ticket(4)["participants"], json!([]), "List-Post names a list as well as List-Id does");
}

#[test]
fn twenty_people_take_part_and_the_next_one_does_not() {
    let desk = Desk::new();
    let people = |n: usize| (1..=n).map(|i| format!("p{i}@client.test")).collect::<Vec<_>>().join(",\n ");
    let taking_part = |ticket: i64| desk.ticket(ticket)["participants"].as_array().map_or(0, Vec::len);
    desk.deliver(mail("twenty", &format!("Subject: x\nCc: {}\n", people(20)), "x"));
    desk.deliver(mail("more", &format!("Subject: y\nCc: {}\n", people(21)), "x"));
    assert_eq!((taking_part(1), taking_part(2)), (20, 20));
}

#[test]
fn banned_address_or_domain_is_a_recorded_drop() {
    let desk = Desk::new();
    for ban in ["bad@client.test", "@evil.test"] {
        desk.admin(&["ban", "add", ban]);
    }
    for (from, outcome) in [
        ("BAD@client.test", "dropped banned"),
        ("ann@evil.test", "dropped banned"),
        ("ann@sub.EVIL.test", "dropped banned"),
        ("good@client.test", "stored new #1"),
        ("ann@notevil.test", "stored new #2"),
    ] {
        desk.deliver(mail(from, "Subject: x\n", "x").replace("ann@client.test", from));
        assert_eq!(desk.last_outcome(), outcome, "{from}");
    }
    assert_eq!(desk.count("mails_dropped"), 3);
    desk.admin(&["ban", "remove", "evil.test", "--yes"]);
    desk.deliver(mail("later", "Subject: x\n", "x").replace("ann@client.test", "new@evil.test"));
    assert_eq!(desk.last_outcome(), "stored new #3");
}

#[test]
fn mails_per_hour_sets_the_next_one_aside_and_loses_nothing() {
    let desk = Desk::new();
    desk.set("mails_per_hour", "3");
    for index in 1..=3 {
        desk.deliver(mail(&format!("n{index}"), "Subject: x\n", "x"));
        assert_eq!(desk.last_outcome(), format!("stored new #{index}"));
    }
    desk.deliver(mail("n4", "Subject: x\n", "x"));
    assert_eq!(desk.last_outcome(), "quarantined too many mails from this sender");
    desk.deliver(mail("n3", "Subject: x\n", "x"));
    assert_eq!(desk.count("mails_received"), 4, "a redelivery is no further mail");
    desk.deliver(mail("other", "Subject: x\n", "x").replace("ann@", "bob@"));
    assert_eq!(desk.last_outcome(), "stored new #4", "the limit is each sender's own");
    let done = desk.admin(&["mail", "retry", "4"]);
    assert_eq!(done[0]["decision"], "open", "a retry knows no limit: {done}");
    desk.outside().run("UPDATE receipt SET received_at = received_at - 3601");
    desk.deliver(mail("n5", "Subject: x\n", "x"));
    assert_eq!(desk.last_outcome(), "stored new #6", "an hour later all is as before");
}

#[test]
fn dropped_by_hand_stays_on_record() {
    let desk = Desk::new();
    desk.deliver("Subject: from nobody\n\nx");
    desk.admin(&["mail", "drop", "1", "--yes"]);
    assert_eq!(desk.last_outcome(), "dropped dropped by hand");
    desk.deliver("Subject: from nobody\n\nx");
    assert_eq!((desk.count("mails_received"), desk.count("quarantined")), (1, 0));
    assert_eq!(desk.try_admin(&["mail", "drop", "1", "--yes"]).status, 1, "there is nothing to decide any more");
    assert_eq!(desk.try_admin(&["mail", "retry", "99"]).status, 1);
}

/// A desk with the staff member Sam, in the department of [`SUPPORT`].
fn with_staff() -> Desk {
    let desk = Desk::new();
    let add = ["admin", "staff", "add", "sam", "--name", "Sam", "--email", "sam@helpdesk.test", "--role", "agent"];
    let done =
        feed(desk.command().args(add).args(["--department", "1", "--password-stdin"]), b"correct horse battery\n");
    assert_eq!(done.status, 0, "{}", done.stderr);
    desk
}

fn from_sam(mail: &str) -> String {
    mail.replace("Ann Ode <ann@client.test>", "Sam <sam@helpdesk.test>")
}

/// A token for ticket 1, issued to `address` as an outgoing mail would.
pub(crate) fn token(desk: &Desk, address: &str) -> String {
    use maildesk::inside::{DeskSecret, ReplyToken, TicketId};
    let secret: [u8; 32] = desk.outside().bytes("SELECT secret FROM desk").try_into().expect("a secret");
    let insert = format!("INSERT INTO token_holder (ticket_id, email) VALUES (1, '{address}') ON CONFLICT DO NOTHING");
    desk.outside().run(&insert);
    ReplyToken::issue(&DeskSecret::new(secret), TicketId::new(1), &address.parse().expect("an address")).to_string()
}

#[test]
fn staff_write_as_staff_by_their_own_token_only() {
    let desk = with_staff();
    desk.deliver(mail("q", "Subject: Printer\n", "x"));
    let answer = |id: &str, token: &str, text: &str| {
        from_sam(&mail(id, &format!("Subject: Re: Printer\nIn-Reply-To: <{token}.1@helpdesk.test>\n"), text))
    };
    desk.deliver(answer("c", &token(&desk, "ann@client.test"), "by a customer's token"));
    desk.deliver(answer(
        "s",
        &token(&desk, "sam@helpdesk.test"),
        "#status in-progress\n#assign sam\n#unknown\nby my own",
    ));
    let written = desk.messages(1);
    let shown: Vec<_> = written.iter().map(|m| (m["author"].as_str(), m["text"].as_str())).collect();
    let expected = [
        (Some("customer"), Some("x")),
        (Some("customer"), Some("by a customer's token")),
        (Some("staff sam"), Some("#unknown\nby my own")),
    ];
    assert_eq!(shown, expected);
    assert_eq!(
        (desk.ticket(1)["status"].as_str(), desk.ticket(1)["assigned_to"].as_str()),
        (Some("in-progress"), Some("staff sam"))
    );
    desk.deliver(from_sam(&mail("t", "Subject: Re: [#1] Printer\n", "no token at all")));
    assert_eq!(desk.last_mail()["state"], "quarantined", "anybody can write a staff member's From");
}

/// How many mails the desk has written.
fn sent(desk: &Desk) -> usize {
    desk.admin(&["outbox", "list"]).as_array().map_or(0, Vec::len)
}

fn with_staff_and_mail_out() -> Desk {
    let desk = with_staff();
    let out = desk.path("out").to_string_lossy().into_owned();
    desk.admin(&["address", "update", SUPPORT, "--outgoing", "file", "--outgoing-dir", &out]);
    desk
}

/// Sam's answer in ticket 1, by his own token.
fn sams_answer(desk: &Desk, id: &str, text: &str) -> String {
    let token = token(desk, "sam@helpdesk.test");
    from_sam(&mail(id, &format!("Subject: Re: Printer\nIn-Reply-To: <{token}.1@helpdesk.test>\n"), text))
}

#[test]
fn staff_mail_of_commands_alone_is_carried_out_and_posts_nothing() {
    let desk = with_staff_and_mail_out();
    desk.deliver(mail("q", "Subject: Printer\n", "x"));
    let sent = sent(&desk);
    for (id, text, status) in [
        ("c1", "#close", "closed"),
        ("c2", "#status in-progress\n\n-- \nSam, the desk", "in-progress"),
        ("c3", "#close\n\nOn Mon, 2 Feb 2026 at 09:00, Ann Ode <ann@client.test> wrote:\n> x\n", "closed"),
        ("c4", "#status open\n#assign sam", "open"),
        ("c5", "#note", "open"),
    ] {
        desk.deliver(sams_answer(&desk, id, text));
        assert_eq!(desk.last_outcome(), "dropped commands only", "{text}");
        assert_eq!(desk.ticket(1)["status"], status, "{text}");
    }
    assert_eq!(desk.ticket(1)["assigned_to"], "staff sam");
    assert_eq!((desk.messages(1).len(), desk.notes(1).as_str(), self::sent(&desk)), (1, "", sent));
}

#[test]
fn note_by_mail_keeps_all_of_the_mail_among_staff() {
    let desk = with_staff_and_mail_out();
    desk.deliver(mail("q", "Subject: Printer\n", "x"));
    let sent = sent(&desk);
    let quoted =
        "#note SECRET words\nand more\n\nOn Mon, 2 Feb 2026 at 09:00, Ann Ode <ann@client.test> wrote:\n> quoted\n";
    desk.deliver(sams_answer(&desk, "n1", quoted));
    assert_eq!(desk.last_outcome(), "dropped kept as an internal note #1");
    desk.deliver(sams_answer(&desk, "n2", "#note: SECRET too"));
    assert_eq!(desk.notes(1), "SECRET words\nand more\nSECRET too");
    assert_eq!((desk.messages(1).len(), self::sent(&desk)), (1, sent));
    let whole = desk.admin(&["ticket", "show", "1", "--full"]);
    assert!(whole.to_string().contains("> quoted"), "{whole}");
    let forwarded = "#note\n\n-----Original Message-----\nFrom: Vendor <v@vendor.test>\nSent: Monday\nTo: Sam\nSubject: part\n\nIt is 4711.";
    desk.deliver(sams_answer(&desk, "n3", forwarded));
    assert!(desk.notes(1).contains("Subject: part\n\nIt is 4711."), "{}", desk.notes(1));
}

#[test]
fn staff_reply_by_mail_makes_any_ticket_answered() {
    let desk = with_staff_and_mail_out();
    desk.deliver(mail("q", "Subject: Printer\n", "x"));
    for (index, status) in ["open", "in-progress", "closed", "awaiting-reply"].iter().enumerate() {
        desk.admin(&["ticket", "status", "1", status]);
        desk.deliver(sams_answer(&desk, &format!("s{index}"), "It is done."));
        assert_eq!(desk.ticket(1)["status"], "answered", "{status}");
    }
    let last = desk.admin(&["outbox", "list"]);
    assert!(last.to_string().contains("ann@client.test"), "{last}");
}

#[test]
fn staff_member_is_the_customer_of_his_own_ticket() {
    let desk = with_staff();
    desk.set("authserv_id", "mx.helpdesk.test");
    desk.deliver(from_sam(&mail("q", "Subject: Printer\n", "My own trouble")));
    desk.deliver(sams_answer(&desk, "f", "#close\nMore of it"));
    assert_eq!(desk.last_outcome(), "stored token #1");
    let last = desk.messages(1).pop().unwrap_or_default();
    assert_eq!((last["author"].as_str(), last["text"].as_str()), (Some("customer"), Some("#close\nMore of it")));
    assert_eq!(desk.ticket(1)["status"], "open");
}

#[test]
fn staff_reply_needs_proof_of_the_sender_where_the_mta_gives_it() {
    let desk = with_staff();
    desk.set("authserv_id", "mx.helpdesk.test");
    desk.deliver(mail("q", "Subject: Printer\n", "x"));
    let token = token(&desk, "sam@helpdesk.test");
    let answer = |id: &str, results: &str| {
        from_sam(&mail(id, &format!("{results}Subject: Re: Printer\nIn-Reply-To: <{token}.1@helpdesk.test>\n"), "x"))
    };
    let pass = "Authentication-Results: mx.helpdesk.test; dmarc=pass header.from=helpdesk.test\n";
    let fail = "Authentication-Results: mx.helpdesk.test; dmarc=fail\n";
    let foreign = "Authentication-Results: mx.evil.test; dmarc=pass\n";
    for (id, results, state) in [
        ("none", String::new(), "quarantined"),
        ("foreign", foreign.to_owned(), "quarantined"),
        ("below", format!("{fail}{pass}"), "quarantined"),
        ("pass", format!("{foreign}{pass}{fail}"), "stored"),
    ] {
        desk.deliver(answer(id, &results));
        assert_eq!(desk.last_mail()["state"], state, "{id}");
    }
}

#[test]
fn forward_by_staff_belongs_to_the_original_sender_only_with_proof() {
    let desk = with_staff();
    let forward = |id: &str, fields: &str| {
        from_sam(&mail(
            id,
            &format!("{fields}Subject: Fwd: Broken chair\n"),
            "Please see below.\n\n---------- Forwarded message ----------\nFrom: Cleo Cat <cleo@client.test>\n\
             Date: Mon, 2 Feb 2026 09:00:00 +0100\nSubject: Broken chair\nTo: Sam <sam@helpdesk.test>\n\nThe chair broke.\n",
        ))
    };
    desk.deliver(forward("f1", ""));
    let first: Value = desk.ticket(1);
    assert_eq!(first["user_email"], "sam@helpdesk.test");
    assert!(desk.notes(1).contains("cleo@client.test"), "{}", desk.notes(1));
    desk.set("authserv_id", "mx.helpdesk.test");
    desk.deliver(forward("f2", "Authentication-Results: mx.helpdesk.test; dmarc=pass header.from=helpdesk.test\n"));
    let second = desk.ticket(2);
    assert_eq!(
        (second["user_email"].as_str(), second["user_fullname"].as_str()),
        (Some("cleo@client.test"), Some("Cleo Cat"))
    );
    assert_eq!(second["participants"], json!([{ "email": "sam@helpdesk.test", "name": "Sam" }]));
    assert!(desk.messages(2)[0]["text"].as_str().is_some_and(|text| text.contains("The chair broke.")), "{second}");
    desk.deliver(forward("f3", "").replace("sam@helpdesk.test", "mallory@elsewhere.test"));
    assert_eq!(desk.ticket(3)["user_email"], "mallory@elsewhere.test", "only staff forward for others");
}

#[test]
fn our_own_mail_forwarded_by_staff_makes_us_no_requester() {
    let desk = with_staff();
    desk.set("authserv_id", "mx.helpdesk.test");
    let text = format!(
        "---------- Forwarded message ----------\nFrom: Support <{SUPPORT}>\nDate: Mon, 2 Feb 2026 09:00:00 +0100\n\
         Subject: Broken chair\nTo: Cleo <cleo@client.test>\n\nWe will look.\n"
    );
    let pass = "Authentication-Results: mx.helpdesk.test; dmarc=pass header.from=helpdesk.test\n";
    desk.deliver(from_sam(&mail("f", &format!("{pass}Subject: Fwd: Broken chair\n"), &text)));
    assert_eq!(
        (desk.last_outcome().as_str(), desk.ticket(1)["user_email"].as_str()),
        ("stored new #1", Some("sam@helpdesk.test"))
    );
}
