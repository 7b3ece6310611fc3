//! Recipient and department: where a mail is looked for its address, and what the first source that is there decides.

use std::ffi::OsStr;

use crate::desk::{Desk, SALES, SUPPORT, mail};

/// Environment variables with their values.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// A mail whose To names [`SUPPORT`], with other fields.
fn with(fields: &str) -> String {
    mail("route", &format!("{fields}Subject: x\n"), "x")
}

fn department(desk: &Desk, mail: &str, args: &[&str], env: Variables<'_>) -> (String, Option<i64>) {
    let env: Vec<(&str, &OsStr)> = env.iter().map(|(name, value)| (*name, OsStr::new(*value))).collect();
    let done = desk.pipe_with(mail, &[&["--dry-run", "--json"], args].concat(), &env);
    let answer: serde_json::Value = serde_json::from_str(&done.stdout).expect("a dry run prints an object");
    (answer["decision"].as_str().unwrap_or("?").to_owned(), answer["department_id"].as_i64())
}

#[test]
fn first_source_that_is_there_decides() {
    let desk = Desk::new();
    let all_env = [
        ("ORIGINAL_RECIPIENT", SUPPORT),
        ("RECIPIENT", SUPPORT),
        ("LOCAL_PART", "support"),
        ("DOMAIN", "helpdesk.test"),
    ];
    let delivered = with("Delivered-To: support@helpdesk.test\n");
    let cases: &[(&str, &str, &[&str], Variables<'_>)] = &[
        ("--recipient before all", &delivered, &["--recipient", SALES], &all_env),
        ("ORIGINAL_RECIPIENT next", &delivered, &[], &[("ORIGINAL_RECIPIENT", SALES), ("RECIPIENT", SUPPORT)]),
        (
            "RECIPIENT next",
            &delivered,
            &[],
            &[("RECIPIENT", SALES), ("LOCAL_PART", "support"), ("DOMAIN", "helpdesk.test")],
        ),
        ("LOCAL_PART and DOMAIN next", &delivered, &[], &[("LOCAL_PART", "sales"), ("DOMAIN", "helpdesk.test")]),
        ("Delivered-To next", &with("Delivered-To: sales@helpdesk.test\n"), &[], &[]),
        ("X-Original-To", &with("X-Original-To: sales@helpdesk.test\n"), &[], &[]),
        ("Envelope-To", &with("Envelope-to: <sales@helpdesk.test>\n"), &[], &[]),
        ("X-Envelope-To", &with("X-Envelope-To: sales@helpdesk.test\n"), &[], &[]),
        ("To of others, then Cc", "From: a@b.test\nTo: x@y.test\nCc: Sales <SALES@helpdesk.test>\n\nx", &[], &[]),
        ("an empty option is none", &with("Delivered-To: sales@helpdesk.test\n"), &["--recipient", ""], &[]),
        ("an empty variable is none", &with("Delivered-To: sales@helpdesk.test\n"), &[], &[("RECIPIENT", "")]),
        ("half a pair is none", &with("Delivered-To: sales@helpdesk.test\n"), &[], &[("LOCAL_PART", "support")]),
    ];
    for (what, mail, args, env) in cases {
        assert_eq!(department(&desk, mail, args, env), ("open".to_owned(), Some(2)), "{what}");
    }
}

#[test]
fn first_registered_address_of_the_source_decides() {
    let desk = Desk::new();
    for (what, mail, args) in [
        ("options", with(""), &["--recipient", "x@y.test", "--recipient", SALES, "--recipient", SUPPORT][..]),
        ("To", "From: a@b.test\nTo: x@y.test, sales@helpdesk.test, support@helpdesk.test\n\nx".to_owned(), &[]),
        ("traces", with("Delivered-To: x@y.test\nX-Original-To: sales@helpdesk.test\n"), &[]),
    ] {
        assert_eq!(department(&desk, &mail, args, &[]), ("open".to_owned(), Some(2)), "{what}");
    }
}

#[test]
fn header_never_rescues_an_unknown_envelope_recipient() {
    let desk = Desk::new();
    desk.set("unknown_recipient", "quarantine");
    let mail = with("Delivered-To: sales@helpdesk.test\nCc: sales@helpdesk.test\n");
    let unknown = "x@helpdesk.test";
    let cases: &[(&[&str], Variables<'_>)] = &[
        (&["--recipient", unknown], &[("RECIPIENT", SALES)]),
        (&["--recipient", "no address"], &[]),
        (&[], &[("ORIGINAL_RECIPIENT", unknown), ("RECIPIENT", SALES)]),
        (&[], &[("LOCAL_PART", "x"), ("DOMAIN", "helpdesk.test")]),
    ];
    for (args, env) in cases {
        assert_eq!(department(&desk, &mail, args, env), ("quarantine".to_owned(), None), "{args:?} {env:?}");
    }
    let trace = with("Delivered-To: x@helpdesk.test\n");
    assert_eq!(department(&desk, &trace, &[], &[]), ("quarantine".to_owned(), None), "To does not rescue a trace");
}

#[test]
fn case_and_plus_suffix_do_not_matter_and_an_exact_match_goes_first() {
    let desk = Desk::new();
    let add = ["address", "add", "support+vip@helpdesk.test", "--name", "VIP", "--department", "2"];
    desk.admin(&add);
    for (recipient, expected) in [
        ("SUPPORT@HelpDesk.Test", 1),
        ("support+anything@helpdesk.test", 1),
        ("support+@helpdesk.test", 1),
        ("Support+VIP@helpdesk.test", 2),
        ("support+vip+more@helpdesk.test", 1),
        ("sales+a+b@helpdesk.test", 2),
        (" sales@helpdesk.test ", 2),
    ] {
        desk.set("unknown_recipient", "quarantine");
        let found = department(&desk, &with(""), &["--recipient", recipient], &[]);
        assert_eq!(found, ("open".to_owned(), Some(expected)), "{recipient}");
    }
    for recipient in ["+vip@helpdesk.test", "supportx@helpdesk.test", "support@helpdesk.test.evil", "support"] {
        let found = department(&desk, &with(""), &["--recipient", recipient], &[]);
        assert_eq!(found, ("quarantine".to_owned(), None), "{recipient}");
    }
}

#[test]
fn unknown_recipient_goes_where_the_setting_says() {
    let desk = Desk::new();
    desk.admin(&["address", "update", SALES, "--default"]);
    let unknown = ["--recipient", "x@helpdesk.test"];
    assert_eq!(department(&desk, &with(""), &unknown, &[]), ("open".to_owned(), Some(2)), "the default address's");
    desk.set("unknown_recipient", "quarantine");
    assert_eq!(desk.pipe(with(""), &unknown).status, 0);
    assert_eq!(desk.last_outcome(), "quarantined unknown recipient");
    desk.set("unknown_recipient", "reject");
    let done = desk.pipe(mail("reject", "Subject: x\n", "x"), &unknown);
    assert_eq!((done.status, desk.count("mails_received")), (67, 1));
}

#[test]
fn address_without_a_department_is_quarantined() {
    let desk = Desk::new();
    desk.admin(&["department", "remove", "2", "--yes"]);
    assert_eq!(department(&desk, &with(""), &["--recipient", SALES], &[]), ("open".to_owned(), Some(1)), "it moved");
    let last = desk.try_admin(&["department", "remove", "1", "--yes"]);
    assert!(last.status == 1 && last.stderr.contains("is the last one"), "{last:?}");
    desk.outside().run("UPDATE address SET department_id = NULL");
    desk.deliver_to(SALES, with(""));
    assert_eq!(desk.last_outcome(), "quarantined no department");
}

#[test]
fn one_mail_for_two_of_our_addresses_is_one_ticket_that_notes_the_other() {
    let desk = Desk::new();
    let both = mail("both", "Cc: sales@helpdesk.test\nSubject: both\n", "x");
    desk.deliver_to(SALES, format!("Delivered-To: sales@helpdesk.test\n{both}"));
    desk.deliver_to(SUPPORT, format!("Delivered-To: support@helpdesk.test\n{both}"));
    desk.deliver_to(SUPPORT, &both);
    assert_eq!((desk.count("tickets"), desk.count("messages"), desk.count("mails_received")), (1, 1, 1));
    let ticket = desk.ticket(1);
    assert_eq!(
        (ticket["department_id"].as_i64(), &ticket["other_addresses"]),
        (Some(2), &serde_json::json!([SUPPORT]))
    );
    assert_eq!(ticket["participants"], serde_json::json!([]), "our own addresses are nobody to write to");
}

#[test]
fn envelope_recipient_in_brackets_or_with_a_last_dot_is_the_same() {
    let desk = Desk::new();
    for recipient in ["<sales@helpdesk.test>", "sales@helpdesk.test.", "<sales+x@helpdesk.test.>"] {
        let args = ["--recipient", recipient];
        assert_eq!(department(&desk, &with(""), &args, &[]), ("open".to_owned(), Some(2)), "{recipient}");
        let env = [("RECIPIENT", recipient)];
        assert_eq!(department(&desk, &with(""), &[], &env), ("open".to_owned(), Some(2)), "{recipient}");
    }
}

#[test]
fn mail_set_aside_for_an_unknown_recipient_opens_its_ticket_when_it_comes_for_a_known_one() {
    let desk = Desk::new();
    desk.set("unknown_recipient", "quarantine");
    let letter = with("Cc: sales@helpdesk.test\n");
    desk.deliver_to("typo@helpdesk.test", &letter);
    assert_eq!(desk.last_outcome(), "quarantined unknown recipient");
    desk.deliver_to("typo@helpdesk.test", &letter);
    desk.deliver_to("typo2@helpdesk.test", &letter);
    assert_eq!(desk.last_outcome(), "quarantined unknown recipient");
    let shown = desk.dry_run_with(&letter, &["--recipient", SALES]);
    assert_eq!((shown["decision"].as_str(), shown["department_id"].as_i64()), (Some("open"), Some(2)));
    desk.deliver_to(SALES, &letter);
    assert_eq!(desk.last_outcome(), "stored new #1");
    assert_eq!(desk.ticket(1)["department"], "Sales");
    for again in [SALES, "typo@helpdesk.test", "sales+x@helpdesk.test"] {
        desk.deliver_to(again, &letter);
    }
    assert_eq!((desk.count("tickets"), desk.count("mails_received"), desk.messages(1).len()), (1, 1, 1));
    assert_eq!(desk.ticket(1)["other_addresses"], serde_json::json!([]));
    desk.deliver_to("support+y@helpdesk.test", &letter);
    assert_eq!(desk.ticket(1)["other_addresses"], serde_json::json!([SUPPORT]), "a suffix hides no second address");
}
