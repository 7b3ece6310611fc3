//! Mail that `pipe` refuses for good (67 and 77), only where a setting asks for it.

use super::{assert_taken, small};
use crate::desk::{Desk, SUPPORT, mail};

#[test]
fn unknown_recipient_is_refused_only_where_the_setting_asks() {
    let desk = Desk::new();
    let nobody = ["--recipient", "nobody@helpdesk.test"];
    assert_taken(&desk.pipe(mail("d", "Subject: d\n", "d"), &nobody), "default");
    desk.set("unknown_recipient", "quarantine");
    assert_taken(&desk.pipe(mail("q", "Subject: q\n", "q"), &nobody), "quarantine");
    desk.set("unknown_recipient", "reject");
    let refused = desk.pipe(small(), &nobody);
    assert_eq!(refused.parts(), (67, "", "5.1.1 nobody@helpdesk.test does not accept mail\n"));
    let injected = desk.pipe(small(), &["--recipient", "x\r\n2.0.0 fine@helpdesk.test"]);
    assert_eq!((injected.status, injected.stderr.lines().count()), (67, 1), "{}", injected.stderr);
    let long = desk.pipe(small(), &["--recipient", &format!("{}@helpdesk.test", "x".repeat(5000))]);
    assert!(long.status == 67 && long.stderr.len() < 512, "{}", long.stderr);
    assert_taken(&desk.pipe(small(), &["--recipient", SUPPORT]), "a known recipient");
    assert_eq!(desk.count("mails_received"), 3, "a refused mail is not on record");
}

#[test]
fn banned_sender_is_refused_only_where_the_setting_asks() {
    let desk = Desk::new();
    desk.admin(&["ban", "add", "client.test"]);
    assert_taken(&desk.pipe(mail("first", "Subject: x\n", "x"), &[]), "recorded drop");
    assert_eq!(desk.last_outcome(), "dropped banned");
    desk.set("refuse_banned", "1");
    let refused = desk.pipe(small(), &[]);
    assert_eq!(refused.parts(), (77, "", "5.7.1 mail from this sender is not accepted here\n"));
    assert_eq!(desk.count("mails_received"), 1);
}

#[test]
fn oversize_is_refused_only_where_the_setting_asks() {
    let desk = Desk::new();
    desk.configure("raw_bytes_max = 65536");
    let of_size = |id: &str, bytes: usize| {
        let short = mail(id, "Subject: large\n", "");
        format!("{short}{}", "x".repeat(bytes - short.len()))
    };
    assert_taken(&desk.pipe(of_size("over", 65537), &[]), "kept as a header");
    desk.set("refuse_oversize", "1");
    assert_taken(&desk.pipe(of_size("fits", 65536), &[]), "the largest that fits");
    let refused = desk.pipe(of_size("again", 65537), &[]);
    assert_eq!(refused.parts(), (77, "", "5.7.1 the message is larger than this address accepts\n"));
    assert_eq!(desk.count("mails_received"), 2);
}
