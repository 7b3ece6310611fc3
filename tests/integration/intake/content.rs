//! Text, HTML, attachments and budgets: what of a mail is kept, what is left out, and that every such thing is named.

use serde_json::Value;

use crate::desk::{Desk, mail};

/// A mail of these parts, each with its own header.
fn multipart(id: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--b\n{part}\n")).collect();
    mail(id, "Subject: parts\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n", &format!("{parts}--b--"))
}

/// An attached file with this name, as it stands after `name=`.
fn file(name: &str, content: &str) -> String {
    format!(
        "Content-Type: application/octet-stream; name={name}\nContent-Disposition: attachment; filename={name}\n\n{content}"
    )
}

fn names(ticket: &Value) -> Vec<String> {
    let messages = ticket["messages"].as_array().into_iter().flatten();
    let files = messages.flat_map(|message| message["attachments"].as_array().into_iter().flatten());
    files.filter_map(|file| file["name"].as_str().map(str::to_owned)).collect()
}

#[test]
fn html_is_sanitised() {
    let desk = Desk::new();
    let html = "<p onclick=\"steal()\" style=\"position:fixed\">Hello <b>world</b></p><script>alert(1)</script>\
        <a href=\"JaVaScRiPt:alert(1)\">click</a><a href=\" java\tscript:x\">y</a><form action=//evil.test><input></form>\
        <img src=x onerror=alert(1)><img src=\"http://track.test/p.gif\"><img src=\"cid:logo\"><iframe src=//evil.test></iframe>\
        <svg/onload=alert(1)><style>*{}</style><object data=x></object><base href=//evil.test><meta http-equiv=refresh>";
    desk.deliver(mail("h", "Subject: h\nContent-Type: text/html; charset=utf-8\n", html));
    let message = &desk.messages(1)[0];
    let kept = message["html"].as_str().unwrap_or_default();
    assert!(kept.contains("<b>world</b>") && kept.contains("cid:logo"), "{kept}");
    let lower = kept.to_lowercase();
    for evil in [
        "script",
        "onclick",
        "onerror",
        "onload",
        "position",
        "<form",
        "<input",
        "<iframe",
        "<object",
        "<base",
        "<meta",
        "<style",
        "<svg",
        " src=\"http",
        "evil.test",
    ] {
        assert!(!lower.contains(evil), "{evil} in {kept}");
    }
    let text = message["text"].as_str().unwrap_or_default();
    assert!(text.contains("Hello world") && !text.contains("alert"), "{text}");
}

#[test]
fn reply_is_what_was_typed_and_the_full_text_keeps_the_rest() {
    let desk = Desk::new();
    desk.deliver(mail("q", "Subject: Printer\n", "It burns.\nYour page asks: Is it plugged in?"));
    let text =
        "Still burning.\n\nOn Tue, 3 Feb 2026 at 10:00, Support <support@helpdesk.test> wrote:\n> Is it plugged in?\n";
    desk.deliver(mail("a", "Subject: Re: Printer\nIn-Reply-To: <q@client.test>\n", text));
    let message = &desk.messages(1)[1];
    assert_eq!(message["text"], "Still burning.");
    assert!(message["full_text"].as_str().is_some_and(|full| full.contains("> Is it plugged in?")), "{message}");
    desk.deliver(mail("only", "Subject: Re: Printer\nIn-Reply-To: <q@client.test>\n", "> Is it plugged in?"));
    assert_eq!(desk.messages(1)[2]["text"], "> Is it plugged in?", "an empty reply means the whole text");
}

#[test]
fn every_leaf_part_is_kept() {
    let desk = Desk::new();
    desk.deliver(multipart(
        "leaves",
        &[
            "Content-Type: text/plain\n\nBody.",
            &file("\"a.pdf\"", "one"),
            "Content-Type: image/png\nContent-ID: <logo>\nContent-Disposition: inline\n\nnot really a picture",
            "Content-Type: application/zip\n\nnameless",
            "Content-Type: message/rfc822\n\nFrom: b@c.test\nSubject: Old/new: story\n\nforwarded",
            "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR",
        ],
    ));
    let ticket = desk.ticket(1);
    let names = names(&ticket);
    assert_eq!(names.len(), 5, "{names:?}");
    assert_eq!(names[0], "a.pdf");
    let message = names.iter().find(|name| name.ends_with(".eml")).expect("the attached message is kept whole");
    assert!(message.contains("story") && !message.contains('/'), "{message}");
    assert!(ticket["messages"][0]["text"].as_str().is_some_and(|text| text.contains("Body.")));
    assert_eq!(desk.count("attachments"), 5);
}

#[test]
fn names_are_safe_and_the_original_is_kept_as_data() {
    let desk = Desk::new();
    let cases = [
        ("\"../../etc/passwd\"", "passwd"),
        ("\"C:\\\\Users\\\\ann\\\\bill.pdf\"", "bill.pdf"),
        ("\"/abs/olute.txt\"", "olute.txt"),
        ("\"..\"", ""),
        ("\"a\u{202e}fdp.txt\"", "afdp.txt"),
        ("\"nul\"", "_nul"),
        ("\"tab\there.txt\"", ""),
        ("\"=?utf-8?Q?R=C3=A9sum=C3=A9.pdf?=\"", "Résumé.pdf"),
    ];
    let parts: Vec<String> = cases.iter().map(|(name, _)| file(name, name)).collect();
    desk.deliver(multipart("names", &parts.iter().map(String::as_str).collect::<Vec<_>>()));
    let found = names(&desk.ticket(1));
    assert_eq!(found.len(), cases.len(), "{found:?}");
    for ((given, expected), found) in cases.iter().zip(&found) {
        let is_safe = !found.is_empty() && !found.contains(['/', '\\', '\u{202e}']) && !found.starts_with('.');
        assert!(is_safe && !found.chars().any(char::is_control), "{given} became {found:?}");
        assert!(expected.is_empty() || found == expected, "{given} became {found:?}");
    }
    let first = &desk.ticket(1)["messages"][0]["attachments"][0];
    assert_eq!(first["original_name"], "../../etc/passwd");
}

#[test]
fn continued_and_encoded_names_are_joined_before_decoding() {
    let desk = Desk::new();
    let continued = "Content-Type: application/pdf\nContent-Disposition: attachment;\n filename*0*=utf-8''R%C3;\n filename*1*=%A9sum;\n filename*2=e.pdf\n\nx";
    let words = "Content-Type: application/pdf;\n name=\"=?utf-8?B?UsM=?= =?utf-8?B?qXN1bWUucGRm?=\"\n\nx";
    desk.deliver(multipart("joined", &[continued, words]));
    assert_eq!(names(&desk.ticket(1)), ["Résume.pdf", "Résume.pdf"]);
}

#[test]
fn attachments_over_the_number_are_left_out_and_named() {
    let desk = Desk::new();
    desk.set("mail_attachment_number", "2");
    let files: Vec<String> = (1..=3).map(|i| file(&format!("\"f{i}.txt\""), &format!("content {i}"))).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    desk.deliver(multipart("two", &files[..2]));
    assert_eq!((names(&desk.ticket(1)).len(), desk.notes(1).as_str()), (2, ""));
    desk.deliver(multipart("three", &files));
    assert_eq!(names(&desk.ticket(2)), ["f1.txt", "f2.txt"]);
    assert!(desk.notes(2).contains("f3.txt"), "{}", desk.notes(2));
}

#[test]
fn attachment_over_the_size_is_left_out_and_named() {
    let desk = Desk::new();
    // 0.001 MB of 1024 × 1024 bytes are 1048 whole bytes.
    desk.set("mail_attachment_size", "0.001");
    let fits = file("\"fits.txt\"", &"x".repeat(1048));
    let over = file("\"over.txt\"", &"x".repeat(1049));
    desk.deliver(multipart("sizes", &[&fits, &over]));
    assert_eq!(names(&desk.ticket(1)), ["fits.txt"]);
    assert!(desk.notes(1).contains("over.txt") && !desk.notes(1).contains("fits.txt"), "{}", desk.notes(1));
}

#[test]
fn blocked_extension_is_left_out_and_named() {
    let desk = Desk::new();
    desk.deliver(multipart(
        "block",
        &[&file("\"setup.EXE\"", "MZ"), &file("\"a.exe.txt\"", "x"), &file("\"b.txt.scr.\"", "x")],
    ));
    assert_eq!(names(&desk.ticket(1)), ["a.exe.txt"]);
    let notes = desk.notes(1);
    assert!(notes.contains("setup.EXE") && notes.contains("b.txt.scr"), "{notes}");
    desk.set("mail_attachment_block", "txt");
    desk.deliver(multipart("block2", &[&file("\"setup.EXE\"", "MZ"), &file("\"a.exe.txt\"", "x")]));
    assert_eq!(names(&desk.ticket(2)), ["setup.EXE"]);
}

#[test]
fn same_content_is_stored_once() {
    let desk = Desk::new();
    desk.deliver(multipart("s1", &[&file("\"a.txt\"", "the same bytes"), &file("\"b.txt\"", "the same bytes")]));
    let contents: i64 = desk.outside().number("SELECT count(*) FROM content");
    assert_eq!((contents, desk.count("attachments")), (1, 2));
}

#[test]
fn oversize_mail_keeps_its_header_and_says_so() {
    let desk = Desk::new();
    desk.configure("raw_bytes_max = 65536");
    let of_size = |id: &str, bytes: usize| {
        let short = mail(id, "Subject: large\n", "");
        format!("{short}{}", "Rosebud ".repeat(bytes / 8 + 1).chars().take(bytes - short.len()).collect::<String>())
    };
    let fits = desk.dry_run(of_size("fits", 65536));
    assert_eq!(fits["warnings"], serde_json::json!([]));
    assert!(fits["full_text"].as_str().is_some_and(|text| text.contains("Rosebud")));
    desk.deliver(of_size("over", 65537));
    let ticket = desk.ticket(1);
    assert_eq!((ticket["subject"].as_str(), ticket["user_email"].as_str()), (Some("large"), Some("ann@client.test")));
    assert!(!ticket["messages"][0]["text"].as_str().unwrap_or_default().contains("Rosebud"), "{ticket}");
    desk.deliver(of_size("over", 65537));
    assert_eq!(desk.count("mails_received"), 1, "a redelivery is recognised");
    let much = of_size("much", 5_000_000);
    desk.deliver(&much);
    desk.deliver(&much);
    assert_eq!(desk.count("mails_received"), 2, "also where most of it was never kept");
    desk.deliver(format!("{much}another end"));
    assert_eq!(desk.count("mails_received"), 3, "two that begin alike are two");
}

#[test]
fn long_or_empty_subject_is_stored_and_nothing_of_it_is_lost() {
    let desk = Desk::new();
    let long = format!("Subject: {}end\n", "ä".repeat(255));
    desk.deliver(mail("long", &long, "x"));
    assert_eq!(desk.ticket(1)["subject"].as_str().map(|s| s.chars().count()), Some(255));
    assert!(desk.notes(1).contains("end"), "{}", desk.notes(1));
    desk.deliver(mail("fits", &format!("Subject: {}\n", "ä".repeat(255)), "x"));
    assert_eq!(desk.notes(2), "");
    desk.deliver(mail("none", "", "x"));
    assert!(desk.ticket(3)["subject"].as_str().is_some_and(|subject| !subject.trim().is_empty()));
}

#[test]
fn raw_mail_comes_back_byte_for_byte() {
    let desk = Desk::new();
    let raw = b"From: ann@client.test\r\nSubject: raw\r\nX-Odd: \xff\xfe\x00\r\n\r\n\x00\x01\xff\r\n.\r\n";
    desk.deliver(raw);
    let output = desk.command().args(["admin", "mail", "show", "1", "--raw"]).output().expect("the binary starts");
    assert_eq!(output.stdout, raw);
}

#[test]
fn encrypted_and_signed_mail_is_kept_and_flagged() {
    let desk = Desk::new();
    let signed = "Content-Type: text/plain\n\nSigned text.\n--b\nContent-Type: application/pgp-signature; name=\"signature.asc\"\n\nxyz";
    desk.deliver(multipart("pgp", &[signed]));
    assert!(names(&desk.ticket(1)).contains(&"signature.asc".to_owned()));
    assert!(desk.notes(1).contains("PGP"), "{}", desk.notes(1));
    desk.deliver(mail(
        "smime",
        "Subject: s\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n",
        "x",
    ));
    assert_eq!(names(&desk.ticket(2)), ["smime.p7m"]);
    assert!(desk.notes(2).contains("S/MIME"), "{}", desk.notes(2));
}
