//! Once, whatever the path: what makes two deliveries the same mail, and what does not.

use crate::desk::{Desk, SUPPORT, mail};

const PLAIN: &str = "From: ann@client.test\nTo: support@helpdesk.test\nSubject: once\nMessage-ID: <once@client.test>\n\
    Date: Tue, 3 Feb 2026 10:00:00 +0100\n\nFirst line.\nSecond line.\n";

#[test]
fn redelivery_by_another_path_adds_nothing() {
    let desk = Desk::new();
    desk.deliver(PLAIN);
    let trace = "Received: from a by b; Tue, 3 Feb 2026 10:00:01 +0100\n\twith ESMTP id 1\nReturn-Path: <ann@client.test>\n\
        Delivered-To: support@helpdesk.test\nX-Original-To: support@helpdesk.test\nEnvelope-To: support@helpdesk.test\n\
        X-Envelope-To: support@helpdesk.test\nStatus: RO\nX-Status: A\nX-UID: 7\nX-Spam-Score: 1.2\nX-Spam-Flag: NO\n\
        X-Virus-Scanned: yes\nAuthentication-Results: mx.test; spf=pass\nARC-Seal: i=1; a=x\nARC-Message-Signature: i=1\n\
        ARC-Authentication-Results: i=1; mx.test\nReceived-SPF: pass\nDKIM-Signature: v=1; b=abc\n def\n";
    let others = [
        PLAIN.to_owned(),
        PLAIN.replace('\n', "\r\n"),
        format!("{trace}{PLAIN}"),
        format!("{}{PLAIN}", trace.to_uppercase().replace("\tWITH", " with")),
        PLAIN.replace("Subject:", "Received: from c\nSubject:"),
        format!("From ann@client.test Tue Feb  3 10:00:00 2026\n{PLAIN}"),
        format!("From ann@client.test Tue Feb  3 10:00:00 2026\r\n{}", PLAIN.replace('\n', "\r\n")),
        PLAIN.trim_end().to_owned(),
        format!("{PLAIN}\n\n"),
    ];
    for (index, other) in others.iter().enumerate() {
        desk.deliver(other);
        assert_eq!(desk.count("mails_received"), 1, "variant {index}: {other}");
    }
    assert_eq!((desk.count("messages"), desk.count("tickets")), (1, 1));
}

#[test]
fn message_id_alone_does_not_make_two_mails_one() {
    let desk = Desk::new();
    desk.deliver(PLAIN);
    for other in [
        PLAIN.replace("Second", "Third"),
        PLAIN.replace("Subject: once", "Subject: twice"),
        PLAIN.replace("ann@", "bob@"),
        PLAIN.replace("Subject:", "X-Other: 1\nSubject:"),
        PLAIN.replace("First line.\n", "First line.\n\n"),
    ] {
        desk.deliver(&other);
    }
    assert_eq!((desk.count("mails_received"), desk.count("messages")), (6, 6));
}

#[test]
fn alerts_without_identity_differ_by_their_topmost_received_line() {
    let desk = Desk::new();
    let alert = |first: &str, second: &str| {
        format!("Received: from {first}\nReceived: from {second}\nFrom: cron@client.test\nSubject: disk full\n\nfull\n")
    };
    desk.deliver(alert("a; 10:00", "x"));
    desk.deliver(alert("a; 10:00", "x"));
    desk.deliver(alert("a; 10:00", "y"));
    assert_eq!(desk.count("mails_received"), 1, "the topmost line is the same");
    desk.deliver(alert("a; 10:05", "x"));
    assert_eq!(desk.count("mails_received"), 2, "another topmost line is another alert");
    for identity in ["Message-ID: <x@client.test>\n", "Date: Tue, 3 Feb 2026 10:00:00 +0100\n"] {
        desk.deliver(format!("{identity}{}", alert("a", "x")));
        desk.deliver(format!("{identity}{}", alert("b", "x")));
    }
    assert_eq!(desk.count("mails_received"), 4, "either of Message-ID and Date is identity enough");
}

#[test]
fn dropped_and_quarantined_mails_are_on_record_once_too() {
    let desk = Desk::new();
    desk.admin(&["ban", "add", "client.test"]);
    desk.deliver(PLAIN);
    desk.deliver(PLAIN);
    desk.deliver("Subject: from nobody\n\nx");
    desk.deliver("Subject: from nobody\n\nx");
    let stats = desk.stats();
    assert_eq!(
        (stats["mails_received"].as_i64(), stats["mails_dropped"].as_i64(), stats["quarantined"].as_i64()),
        (Some(2), Some(1), Some(1))
    );
}

#[test]
fn deleted_ticket_does_not_come_back() {
    let desk = Desk::new();
    desk.deliver(PLAIN);
    desk.admin(&["user", "remove", "ann@client.test", "--yes"]);
    assert_eq!(desk.count("tickets"), 0);
    desk.deliver(PLAIN);
    desk.deliver_to("sales@helpdesk.test", PLAIN);
    assert_eq!((desk.count("tickets"), desk.count("users"), desk.count("mails_received")), (0, 0, 1));
    desk.deliver(mail("next", "Subject: Re: once\nIn-Reply-To: <once@client.test>\n", "Are you there?"));
    assert_eq!(desk.count("tickets"), 1, "an answer to what was deleted opens a new ticket");
}

#[test]
fn retry_is_the_only_way_to_look_again() {
    let desk = Desk::new();
    desk.set("unknown_recipient", "quarantine");
    desk.deliver_to("x@helpdesk.test", PLAIN);
    desk.set("unknown_recipient", "default");
    desk.deliver_to("x@helpdesk.test", PLAIN);
    assert_eq!(desk.count("quarantined"), 1, "the settings of now do not wake an old mail");
    let planned = desk.admin(&["mail", "retry", "1", "--dry-run"]);
    assert_eq!((planned[0]["decision"].as_str(), desk.count("tickets")), (Some("open"), 0));
    let done = desk.admin(&["mail", "retry", "1"]);
    assert_eq!((done[0]["decision"].as_str(), done[0]["ticket_id"].as_i64()), (Some("open"), Some(1)));
    assert_eq!((desk.count("tickets"), desk.count("quarantined"), desk.count("mails_received")), (1, 0, 1));
    let again = desk.try_admin(&["mail", "retry", "1"]);
    assert_eq!(again.status, 1, "{}", again.stderr);
    desk.deliver(PLAIN);
    assert_eq!(desk.count("messages"), 1, "{SUPPORT}");
}
