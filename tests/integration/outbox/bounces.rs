//! What mail that comes back does to the mail of the desk.

use super::{filed, filing, id_of, newest_to, states};
use crate::desk::{SUPPORT, mail};
use crate::smtp_sink::header;

#[test]
fn three_hard_bounces_pause_automatic_mail() {
    let desk = filing();
    for n in 0..4 {
        desk.deliver(mail(&format!("m{n}"), &format!("Subject: Case {n}\n"), "x"));
        if n == 3 {
            break;
        }
        let id = id_of(&newest_to(&desk, "ann@"));
        let dsn = format!(
            "From: MAILER-DAEMON@mx.test\nTo: {SUPPORT}\nSubject: failed\nMessage-ID: <dsn{n}@mx.test>\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nno\n--b\n\
             Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; ann@client.test\n\
             Action: failed\nStatus: 5.1.1\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {id}\n\n--b--\n"
        );
        assert_eq!(desk.pipe(&dsn, &["--recipient", SUPPORT, "--sender", ""]).status, 0);
        assert_eq!(desk.last_outcome(), "dropped bounce");
        assert!(desk.notes(n + 1).contains("5.1.1"), "{}", desk.notes(n + 1));
    }
    assert!(desk.notes(3).contains("paused"), "{}", desk.notes(3));
    let acks = filed(&desk).iter().filter(|m| header(m, "To").is_some_and(|to| to.contains("ann@"))).count();
    assert_eq!(acks, 3);
}

#[test]
fn reports_in_prose_count_by_what_they_say_and_name() {
    let desk = filing();
    desk.deliver(mail("q", "Subject: Printer\n", "x"));
    let id = id_of(&newest_to(&desk, "ann@"));
    let report = |n: &str, fields: &str, text: &str| {
        format!("{fields}To: {SUPPORT}\nMessage-ID: <{n}@mx.test>\nReferences: {id}\n\n{text}\n")
    };
    let daemon = "From: Mail Delivery System <Mailer-Daemon@mx.test>\n";
    let delay = "A message that you sent has not yet been delivered to one or more of its recipients after more than\n\
                 24 hours on the queue on mx.test.\n\n  ann@client.test\n\nNo action is required on your part.";
    let subject = "Subject: Warning: message 1abc delayed 24 hours\n";
    assert_eq!(desk.pipe(report("w", &format!("{daemon}{subject}"), delay), &["--sender", ""]).status, 0);
    assert_eq!(desk.last_outcome(), "dropped delivery report without a failure");
    assert_eq!((desk.notes(1).as_str(), states(&desk).contains(&"failed".to_owned())), ("", false));

    // The mail that comes back is a file in an ordinary multipart.
    let parts = format!(
        "--b\n\nI am afraid your message could not be delivered.\n--b\nContent-Type: message/rfc822\n\n\
         From: {SUPPORT}\nMessage-ID: {id}\nSubject: x\n\nx\n--b--"
    );
    let mixed = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\nSubject: Mail failure\n";
    let returned = report("m", &format!("{daemon}{mixed}"), &parts).replace(&format!("References: {id}\n"), "");
    assert_eq!(desk.pipe(returned, &["--sender", ""]).status, 0);
    assert_eq!(desk.last_outcome(), "dropped bounce");
    assert!(desk.notes(1).contains("could not be delivered"), "{}", desk.notes(1));
}

#[test]
fn postmasters_and_robots_are_heard_and_never_answered() {
    let desk = filing();
    let heard = [
        ("postmaster@client.test", "postmaster@client.test", "<bob@x.test>:\nMessage-ID: <abc@news.test>"),
        ("cron@client.test", "MAILER-DAEMON@mx.test", "The disk is full."),
    ];
    for (index, (from, sender, text)) in heard.iter().enumerate() {
        let letter =
            mail(&format!("p{index}"), &format!("Subject: Case {index}\n"), text).replace("ann@client.test", from);
        assert_eq!(desk.pipe(letter, &["--recipient", SUPPORT, "--sender", sender]).status, 0);
        assert_eq!(desk.last_outcome(), format!("stored new #{}", index + 1), "{from}");
    }
    let to: Vec<_> = filed(&desk).iter().filter_map(|mail| header(mail, "To")).collect();
    assert!(to.iter().all(|to| to.contains("sue@helpdesk.test")), "{to:?}");
}
