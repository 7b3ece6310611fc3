//! Which ticket: reply tokens, Message-IDs, subject tags, in that order; strangers; merged, closed and other subjects.

use maildesk::inside::{DeskSecret, EmailAddress, ReplyToken, TicketId};

use crate::desk::{Desk, SUPPORT, mail};

/// A desk with ticket 1 of Ann: subject "Printer on fire", Message-ID `<q@client.test>`, one id named in References.
fn with_ticket() -> Desk {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: Printer on fire\nReferences: <unseen@client.test>\n", "It burns."));
    desk
}

/// The same mail as if another person had written it.
fn from_stranger(mail: &str) -> String {
    mail.replace("Ann Ode <ann@client.test>", "Eve <eve@elsewhere.test>")
}

/// A token for ticket 1, issued to `address` as an outgoing mail would.
fn token(desk: &Desk, address: &str) -> String {
    let secret: [u8; 32] = desk.outside().bytes("SELECT secret FROM desk").try_into().expect("a secret");
    let insert = format!("INSERT INTO token_holder (ticket_id, email) VALUES (1, '{address}') ON CONFLICT DO NOTHING");
    desk.outside().run(&insert);
    let address: EmailAddress = address.parse().expect("an address");
    ReplyToken::issue(&DeskSecret::new(secret), TicketId::new(1), &address).to_string()
}

/// Decision, ticket and reason of a dry run.
fn decided(desk: &Desk, mail: &str) -> String {
    let answer = desk.dry_run(mail);
    let ticket = answer["ticket_id"].as_i64().map_or_else(String::new, |id| format!(" #{id}"));
    format!("{}{ticket}: {}", answer["decision"].as_str().unwrap_or("?"), answer["reason"].as_str().unwrap_or("?"))
}

#[test]
fn answer_is_found_by_any_id_of_the_thread_however_it_is_written() {
    let desk = with_ticket();
    for fields in [
        "In-Reply-To: <q@client.test>\n",
        "References: <q@client.test>\n",
        "References: <other@x.test> <q@client.test> <more@x.test>\n",
        "References: <other@x.test>,<q@client.test>\n",
        "References: <other@x.test>,\n\t<q@client.test>\n",
        "References: <other@x.test>\r\n <q@client.test>\r\n",
        "References: <other@x.test><q@client.test>\n",
        "In-Reply-To: \"Your message\" <q@client.test> of Tuesday\n",
        "In-Reply-To: <unseen@client.test>\n",
        "In-Reply-To:\n <q@client.test>\n",
    ] {
        let answer = mail("a", &format!("Subject: Re: Printer on fire\n{fields}"), "x");
        assert_eq!(decided(&desk, &answer), "append #1: thread", "{fields}");
    }
    let other = mail("a", "Subject: Re: Printer on fire\nIn-Reply-To: <Q2@client.test>\n", "x");
    assert_eq!(decided(&desk, &other), "open: new");
}

#[test]
fn id_that_only_an_answer_named_leads_to_the_ticket_too() {
    let desk = with_ticket();
    desk.deliver(mail("a", "Subject: Re: Printer on fire\nReferences: <q@client.test> <side@x.test>\n", "x"));
    assert_eq!(
        decided(&desk, &mail("b", "Subject: Re: Printer on fire\nIn-Reply-To: <side@x.test>\n", "x")),
        "append #1: thread"
    );
    assert_eq!(
        decided(&desk, &mail("c", "Subject: Re: Printer on fire\nIn-Reply-To: <a@client.test>\n", "x")),
        "append #1: thread"
    );
}

#[test]
fn tag_is_found_anywhere_in_the_subject() {
    let desk = with_ticket();
    for subject in [
        "[#1] Printer on fire",
        "Re: [#1] Printer on fire",
        "AW: Re: [EXTERNAL] [#1] printer ON fire",
        "Printer on fire [#1]",
    ] {
        assert_eq!(
            decided(&desk, &mail("t", &format!("Subject: {subject}\n"), "x")),
            "append #1: subject tag",
            "{subject}"
        );
    }
    for subject in [
        "[#2] Printer on fire",
        "#1 Printer on fire",
        "[# 1] Printer on fire",
        "[#99999999999999999999999] x",
        "[#-1] x",
    ] {
        assert_eq!(decided(&desk, &mail("t", &format!("Subject: {subject}\n"), "x")), "open: new", "{subject}");
    }
}

#[test]
fn token_goes_before_thread_and_thread_before_tag() {
    let desk = with_ticket();
    desk.deliver(mail("q2", "Subject: Printer on fire\n", "another one"));
    desk.deliver(mail("q3", "Subject: Printer on fire\n", "a third one"));
    let fields = "Subject: Re: [#3] Printer on fire\nIn-Reply-To: <q2@client.test>\n";
    assert_eq!(decided(&desk, &mail("a", fields, "x")), "append #2: thread");
    let token = token(&desk, "ann@client.test");
    let with_token = mail("a", fields, "x");
    let answer = desk.dry_run_with(&with_token, &["--recipient", &format!("support+{token}@helpdesk.test")]);
    assert_eq!((answer["ticket_id"].as_i64(), answer["reason"].as_str()), (Some(1), Some("token")));
}

#[test]
fn token_lets_anybody_write_as_a_customer_and_a_changed_one_nobody() {
    let desk = with_ticket();
    let token = token(&desk, "ann@client.test");
    let subject = "Subject: something else\n";
    for fields in [
        format!("{subject}In-Reply-To: <{token}.17@helpdesk.test>\n"),
        format!("{subject}References: <x@y.test>,\n <{}.17@helpdesk.test>\n", token.to_uppercase()),
        format!("{subject}Cc: support+{token}@helpdesk.test\n"),
        format!("{subject}Delivered-To: SUPPORT+{}@helpdesk.test\n", token.to_uppercase()),
    ] {
        let answer = from_stranger(&mail("s", &fields, "x"));
        assert_eq!(decided(&desk, &answer), "append #1: token", "{fields}");
    }
    let flipped = if token.ends_with('a') { "b" } else { "a" };
    let forged = [
        format!("{}{flipped}", &token[..token.len() - 1]),
        token.replace("t1-", "t2-"),
        token[..token.len() - 1].to_owned(),
        format!("{token}a"),
        "t1-".to_owned(),
    ];
    for forged in forged {
        let answer = from_stranger(&mail("s", &format!("{subject}In-Reply-To: <{forged}.17@helpdesk.test>\n"), "x"));
        assert_eq!(decided(&desk, &answer), "open: new", "{forged}");
    }
    let answer = from_stranger(&mail("s", &format!("{subject}In-Reply-To: <{token}.17@helpdesk.test>\n"), "from eve"));
    desk.deliver(answer);
    let written = &desk.messages(1)[1];
    assert_eq!((written["author"].as_str(), written["text"].as_str()), (Some("customer"), Some("from eve")));
}

#[test]
fn stranger_with_a_known_id_or_tag_does_not_get_in() {
    let desk = with_ticket();
    let by_id = from_stranger(&mail("e1", "Subject: Re: Printer on fire\nIn-Reply-To: <q@client.test>\n", "let me in"));
    let by_tag = from_stranger(&mail("e2", "Subject: [#1] Printer on fire\n", "let me in"));
    desk.deliver(&by_id);
    assert_eq!(desk.last_outcome(), "stored stranger #2");
    assert!(desk.notes(2).contains("[#1]"), "{}", desk.notes(2));
    assert_eq!((desk.ticket(2)["linked"].clone(), desk.messages(1).len()), (serde_json::json!([1]), 1));
    desk.set("stranger_reply", "hold");
    desk.deliver(&by_tag);
    assert_eq!(desk.last_outcome(), "quarantined stranger names a ticket");
    desk.set("stranger_reply", "append");
    desk.admin(&["mail", "retry", "3"]);
    assert_eq!(desk.messages(1).len(), 2, "append lets it in");
    assert_eq!(desk.ticket(1)["user_email"], "ann@client.test");
}

#[test]
fn copied_person_takes_part_and_is_no_stranger() {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: Printer\nCc: Eve <EVE@elsewhere.test>\n", "x"));
    for fields in ["Subject: Re: Printer\nIn-Reply-To: <q@client.test>\n", "Subject: AW: [#1] Printer\n"] {
        let answer = from_stranger(&mail("e", fields, "x"));
        assert!(decided(&desk, &answer).starts_with("append #1"), "{fields}");
    }
}

#[test]
fn answer_under_another_subject_opens_a_linked_ticket() {
    let desk = with_ticket();
    for subject in [
        "Re: Printer on fire",
        "FWD: re: [EXT] printer  on\tfire",
        "Antw: Printer on fire [#1]",
        "回复: Printer on fire",
        "",
    ] {
        let answer = mail("s", &format!("Subject: {subject}\nIn-Reply-To: <q@client.test>\n"), "x");
        assert!(decided(&desk, &answer).starts_with("append #1"), "{subject}");
    }
    let other = mail("s", "Subject: Re: Invoice 7\nIn-Reply-To: <q@client.test>\n", "x");
    desk.deliver(&other);
    assert_eq!(desk.last_outcome(), "stored other subject #2");
    assert_eq!(desk.ticket(2)["linked"], serde_json::json!([1]));
    let later = mail(
        "s2",
        "Subject: Re: Invoice 7\nIn-Reply-To: <s@client.test>\nReferences: <q@client.test> <s@client.test>\n",
        "x",
    );
    assert_eq!(decided(&desk, &later), "append #2: thread", "the linked ticket goes on by itself");
}

#[test]
fn closed_ticket_reopens_within_reopen_days_and_not_after() {
    let desk = with_ticket();
    let closed_for = |seconds: i64| {
        let sql = format!("UPDATE ticket SET status = 5, closed_at = unixepoch() - {seconds} WHERE id = 1");
        desk.outside().run(&sql);
    };
    let answer = mail("a", "Subject: Re: Printer on fire\nIn-Reply-To: <q@client.test>\n", "x");
    let day = 24 * 3600;
    // A minute to either side of the limit: the clock goes on while the test runs.
    for (days, seconds, expected) in [
        ("30", 30 * day - 60, "append #1: thread"),
        ("30", 30 * day + 60, "open: closed too long"),
        ("1", day - 60, "append #1: thread"),
        ("1", day + 60, "open: closed too long"),
        ("0", 1, "open: closed too long"),
    ] {
        desk.set("reopen_days", days);
        closed_for(seconds);
        assert_eq!(decided(&desk, &answer), expected, "closed for {seconds} s, reopen_days {days}");
    }
    let auto =
        mail("auto", "Auto-Submitted: auto-replied\nSubject: Re: Printer on fire\nIn-Reply-To: <q@client.test>\n", "x");
    assert_eq!(decided(&desk, &auto), "append #1: thread", "a machine reopens nothing, so it may lie there");
    desk.deliver(&answer);
    assert_eq!(desk.ticket(2)["linked"], serde_json::json!([1]));
    assert_eq!(desk.ticket(1)["status"], "closed");
}

#[test]
fn mail_for_a_merged_ticket_goes_to_the_one_it_went_into() {
    let desk = with_ticket();
    desk.deliver(mail("q2", "Subject: Printer on fire\n", "again"));
    desk.outside().run("UPDATE ticket SET merged_into = 2 WHERE id = 1");
    for fields in ["Subject: Re: Printer on fire\nIn-Reply-To: <q@client.test>\n", "Subject: [#1] Printer on fire\n"] {
        assert!(decided(&desk, &mail("a", fields, "x")).starts_with("append #2"), "{fields}");
    }
    let token = token(&desk, "ann@client.test");
    let answer =
        desk.dry_run_with(mail("a", "Subject: x\n", "x"), &["--recipient", &format!("support+{token}@helpdesk.test")]);
    assert_eq!((answer["ticket_id"].as_i64(), answer["reason"].as_str()), (Some(2), Some("token")), "{SUPPORT}");
}

#[test]
fn status_follows_a_customers_answer() {
    let desk = with_ticket();
    for (before, after) in
        [(1, "open"), (2, "awaiting-reply"), (3, "awaiting-reply"), (4, "in-progress"), (5, "awaiting-reply")]
    {
        let sql = format!("UPDATE ticket SET status = {before}, closed_at = unixepoch() WHERE id = 1");
        desk.outside().run(&sql);
        desk.deliver(mail(&format!("s{before}"), "Subject: Re: Printer on fire\nIn-Reply-To: <q@client.test>\n", "x"));
        assert_eq!(desk.ticket(1)["status"], after, "was {before}");
    }
}

#[test]
fn answer_to_a_subject_too_long_for_a_ticket_stays_in_it() {
    let desk = Desk::new();
    let long = "Printer ".repeat(38);
    desk.deliver(mail("q", &format!("Subject: {long}\n"), "x"));
    let answer = |id: &str, subject: &str| mail(id, &format!("Subject: {subject}\nReferences: <q@client.test>\n"), "y");
    desk.deliver(answer("a", &format!("Re: {long}")));
    assert_eq!(desk.last_outcome(), "stored thread #1");
    desk.deliver(answer("b", &format!("Re: {}", long.to_uppercase())));
    assert_eq!(desk.last_outcome(), "stored thread #1");
    desk.deliver(answer("c", "Re: Printer Printer"));
    assert_eq!(desk.last_outcome(), "stored other subject #2");
}
