//! Whole mails through [`ParsedMail::parse`]; the parts are tested where they are written.

#![allow(clippy::unwrap_used)]

use proptest::strategy::Strategy as _;

use super::*;

fn parse(mail: &str) -> ParsedMail {
    ParsedMail::parse(mail.as_bytes(), &Limits::default()).unwrap()
}

/// Name, type, content and place of every attachment.
fn attachments(mail: &ParsedMail) -> Vec<(&str, &str, &[u8], bool)> {
    let parts = mail.attachments.iter();
    parts
        .map(|part| (part.name.as_str(), part.content_type.as_str(), part.content.as_slice(), part.is_inline))
        .collect()
}

fn mixed(parts: &[&str]) -> String {
    let body: String = parts.iter().map(|part| format!("--b\n{part}\n")).collect();
    format!("From: ann@example.org\nContent-Type: multipart/mixed; boundary=b\n\n{body}--b--\n")
}

#[test]
fn a_plain_mail_is_read_whole() {
    let mail = parse(
        "Return-Path: <ann@example.org>\r\nDelivered-To: support@desk.example\r\nFrom: =?utf-8?Q?Ann_M=C3=BCller?= <ann@example.org>\r\n\
         Reply-To: <ann.private@example.org>\r\nTo: Desk <support@desk.example>, bob@example.org\r\nCc: carl@example.org\r\n\
         Subject: =?utf-8?B?RHJ1Y2tlciBicmVubnQg?=\r\n =?utf-8?B?8J+UpQ==?=\r\nDate: Mon, 2 Nov 2026 10:00:00 +0100\r\n\
         Message-ID: <a@example.org>\r\nIn-Reply-To: your mail <b@desk>\r\nReferences: <c@desk>,\r\n\t<b@desk>\r\n\
         Authentication-Results: mx.desk.example;\r\n dmarc=pass\r\nX-Maildesk-Loop:  mark \r\n\r\nIt burns.\r\n",
    );
    let from = mail.from.unwrap();
    assert_eq!((from.name.as_str(), from.address.as_str()), ("Ann Müller", "ann@example.org"));
    assert_eq!(mail.reply_to[0].address.as_str(), "ann.private@example.org");
    assert_eq!((mail.to.len(), mail.cc.len(), mail.delivered_to.len()), (2, 1, 1));
    assert_eq!(mail.return_path, Some(ReversePath::Address("ann@example.org".parse().unwrap())));
    assert_eq!(mail.subject, "Drucker brennt 🔥");
    assert_eq!(mail.date.unwrap().unix(), 1_793_610_000);
    assert_eq!(mail.message_id.as_deref(), Some("a@example.org"));
    assert_eq!(
        (mail.in_reply_to, mail.references),
        (vec!["b@desk".to_owned()], vec!["c@desk".to_owned(), "b@desk".to_owned()])
    );
    assert_eq!(mail.authentication_results, ["mx.desk.example; dmarc=pass"]);
    assert_eq!(mail.loop_mark.as_deref(), Some("mark"));
    assert_eq!(mail.full_text, "It burns.\n");
    assert!(mail.attachments.is_empty() && mail.warnings.is_empty() && mail.signs.is_empty());
}

#[test]
fn nothing_is_no_mail_and_bare_text_is_one() {
    for empty in ["", " \r\n\t\n", "\0\0\0", "From a@example.org Mon Nov  2 10:00:00 2026\n"] {
        assert_eq!(ParsedMail::parse(empty.as_bytes(), &Limits::default()), Err(ParseError::Empty), "{empty:?}");
    }
    let mail = parse("Hello desk,\n\nit burns\n");
    assert_eq!((mail.from, mail.full_text.as_str()), (None, "Hello desk,\n\nit burns\n"));
}

#[test]
fn cr_line_ends_and_an_mbox_line_are_understood() {
    let mail = parse("From a@example.org Mon Nov  2 10:00:00 2026\rFrom: ann@example.org\rSubject: x\r\rone\rtwo\r");
    assert_eq!((mail.subject.as_str(), mail.full_text.as_str()), ("x", "one\ntwo\n"));
}

#[test]
fn text_keeps_everything_but_control_characters() {
    let mail = parse("Subject: a\0b\u{1b}[31m\n\na\0b \u{1f600} \u{7}\tc\r\nd\u{85}e");
    assert_eq!((mail.subject.as_str(), mail.full_text.as_str()), ("ab[31m", "ab \u{1f600} \tc\nde"));
}

#[test]
fn raw_header_bytes_are_read_in_the_charset_of_the_body() {
    let raw = b"From: \xcf\xb8\xf2\xf0 <petr@example.org>\nSubject: \xcf\xf0\xe8\nContent-Type: text/plain; charset=windows-1251\n\n\xcf\xf0\xe8";
    let mail = ParsedMail::parse(raw, &Limits::default()).unwrap();
    assert_eq!((mail.subject.as_str(), mail.full_text.as_str()), ("При", "При"));
    assert_eq!(mail.from.unwrap().name, "Пётр");
}

#[test]
fn a_mail_at_the_size_limit_is_read_and_a_larger_one_keeps_its_header() {
    let raw = b"From: ann@example.org\nSubject: x\n\nthe text";
    let limits = |raw_bytes_max| Limits { raw_bytes_max, ..Limits::default() };
    assert_eq!(ParsedMail::parse(raw, &limits(raw.len())).unwrap().full_text, "the text");
    let larger = ParsedMail::parse(raw, &limits(raw.len() - 1)).unwrap();
    assert_eq!((larger.subject.as_str(), larger.warnings.len()), ("x", 1));
    assert_eq!(
        (larger.full_text.as_str(), larger.reply_text()),
        (larger.warnings[0].as_str(), larger.warnings[0].as_str())
    );
    assert_eq!(larger.key, ParsedMail::parse(raw, &Limits::default()).unwrap().key);
}

#[test]
fn every_part_that_is_not_text_becomes_an_attachment() {
    let mail = parse(&mixed(&[
        "\nhello",
        "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nUE5H",
        "Content-Type: text/plain; name=\"../log.txt\"\n\nlog",
        "Content-Disposition: attachment; filename*=utf-8''gr%C3%BCn.pdf\nContent-Type: application/pdf\n\nPDF",
        "Content-Type: text/calendar\n\nBEGIN:VCALENDAR",
        "Content-Type: application/x-thing\n\nthing",
    ]));
    assert_eq!(mail.full_text.trim(), "hello");
    let expected: [(&str, &str, &[u8], bool); 5] = [
        ("attachment-1.png", "image/png", b"PNG", false),
        ("log.txt", "text/plain", b"log", false),
        ("grün.pdf", "application/pdf", b"PDF", false),
        ("attachment-4.ics", "text/calendar", b"BEGIN:VCALENDAR", false),
        ("attachment-5.bin", "application/x-thing", b"thing", false),
    ];
    assert_eq!(attachments(&mail), expected);
    assert_eq!(mail.attachments[1].original_name, "../log.txt");
}

#[test]
fn an_encrypted_part_under_a_general_type_is_known_by_its_name() {
    let mail = parse(&mixed(&["Content-Type: application/octet-stream; name=smime.p7m\n\nMII"]));
    assert_eq!((mail.attachments[0].name.as_str(), mail.warnings.len()), ("smime.p7m", 1));
    assert!(mail.warnings[0].contains("S/MIME"), "{:?}", mail.warnings);
}

#[test]
fn reply_is_found_alike_in_every_mail_and_what_is_shown_of_a_new_one_is_all_but_the_signature() {
    let typed = "Please set:\nFrom: ann@x.test\nTo: bob@x.test\nSubject: hi\nand send it.";
    let log = "This is the log:\n\n> one\n> two";
    let quoted = "Thanks!\n\nFrom: ann@x.test\nSent: Monday\nTo: bob@x.test\nSubject: hi\n\nold text";
    for text in [typed, log, quoted] {
        let head = text.lines().next().unwrap();
        for header in
            ["Subject: Question", "Subject: Re: Question", "Subject: x\nIn-Reply-To: <a@b>", "Subject: x [#1]"]
        {
            let mail = parse(&format!("{header}\nFrom: ann@x.test\n\n{text}\n"));
            assert_eq!((mail.reply_text(), mail.opening_text.as_deref()), (head, None), "{header}");
        }
    }
    let signed = parse(&format!("Subject: Question\nFrom: ann@x.test\n\n{log}\n\n-- \nAnn\n"));
    assert_eq!((signed.reply_text(), signed.opening_text.as_deref()), ("This is the log:", Some(log)));
    let order = "From: Berlin\nTo: Paris\nDate: 12 May 2026\nTwo persons.";
    assert_eq!(
        parse(&format!("Subject: Re: Journey\nFrom: ann@x.test\n\nPlease book:\n{order}\n")).reply_text(),
        format!("Please book:\n{order}")
    );
}

#[test]
fn pictures_the_html_shows_are_inline_and_others_are_not() {
    let mail = parse(&mixed(&[
        "Content-Type: text/html\n\n<p>look <img src=\"cid:one@x\"></p>",
        "Content-Type: image/png\nContent-ID: <one@x>\n\n1",
        "Content-Type: image/png\nContent-ID: <two@x>\n\n2",
        "Content-Type: image/png\nContent-ID: <three@x>\nContent-Disposition: inline\n\n3",
        "Content-Type: image/png\nContent-Disposition: inline\n\n4",
    ]));
    let inline: Vec<bool> = mail.attachments.iter().map(|part| part.is_inline).collect();
    assert_eq!(inline, [true, false, false, false]);
    assert_eq!(mail.attachments[0].content_id.as_deref(), Some("one@x"));
}

#[test]
fn an_attached_message_is_kept_whole_and_names_its_sender() {
    let inner = "From: Bob <bob@example.org>\nSubject: Help: a/b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\ninner text\n--c--";
    let mail = parse(&mixed(&["\nplease look", &format!("Content-Type: message/rfc822\n\n{inner}")]));
    assert_eq!(mail.full_text.trim(), "please look");
    assert_eq!(attachments(&mail), [("Help: a-b.eml", "message/rfc822", inner.as_bytes(), false)]);
    let forwarded = mail.forwarded.unwrap();
    assert_eq!(forwarded.from.unwrap().address.as_str(), "bob@example.org");
    assert_eq!(forwarded.subject.as_deref(), Some("Help: a/b"));
}

/// A mail with one winmail.dat, its bytes as they are.
fn with_winmail(container: &[u8]) -> ParsedMail {
    let head =
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/ms-tnef; name=winmail.dat\n\n";
    ParsedMail::parse(&[&head[..], container, b"\n--b--\n"].concat(), &Limits::default()).unwrap()
}

#[test]
fn winmail_dat_that_says_what_nothing_else_says_is_kept() {
    let start = [&0x223E_9F78_u32.to_le_bytes()[..], &[1, 0]].concat();
    // MAPI properties: one, PtypBinary, PidTagRtfCompressed, one value of four bytes.
    let rtf = [
        2, 3, 0x90, 6, 0, 20, 0, 0, 0, 1, 0, 0, 0, 2, 1, 9, 0x10, 1, 0, 0, 0, 4, 0, 0, 0, b'L', b'Z', b'F', b'u', 0, 0,
    ];
    let file = [&[2, 2, 0x90, 6, 0, 0, 0, 0, 0, 0, 0, 2, 0x0F, 0x80, 6, 0, 1, 0, 0, 0, b'X', 0, 0][..]].concat();
    let request = [&[1, 8, 0x80, 7, 0, 12, 0, 0, 0][..], b"IPM.Task.Req", &[0, 0]].concat();
    let names = |mail: &ParsedMail| mail.attachments.iter().map(|part| part.name.clone()).collect::<Vec<_>>();
    for (parts, kept) in [
        (vec![], vec!["winmail.dat"]),
        (vec![&rtf[..]], vec!["winmail.dat"]),
        (vec![&rtf, &file], vec!["attachment-1.bin", "winmail.dat"]),
        (vec![&request, &file], vec!["attachment-1.bin", "winmail.dat"]),
        (vec![&file], vec!["attachment-1.bin"]),
    ] {
        let mail = with_winmail(&[&start[..], &parts.concat()].concat());
        assert_eq!(names(&mail), kept);
        assert_eq!(mail.warnings.len(), usize::from(kept.contains(&"winmail.dat")));
    }
}

#[test]
fn winmail_dat_is_unpacked_and_what_is_broken_in_it_is_kept() {
    let container = [
        &0x223E_9F78_u32.to_le_bytes()[..],
        &[1, 0],
        &[2, 2, 0x90, 6, 0, 0, 0, 0, 0, 0, 0],
        &[2, 0x10, 0x80, 1, 0, 6, 0, 0, 0, b'a', b'.', b't', b'x', b't', 0, 0, 0],
        &[2, 0x0F, 0x80, 6, 0, 1, 0, 0, 0, b'X', 0, 0],
    ]
    .concat();
    let whole = with_winmail(&container);
    assert_eq!(attachments(&whole), [("a.txt", "application/octet-stream", &b"X"[..], false)]);
    assert!(whole.warnings.is_empty());

    let broken = [&container[..], &[2, 0xFF]].concat();
    let partly = with_winmail(&broken);
    let names: Vec<&str> = partly.attachments.iter().map(|part| part.name.as_str()).collect();
    assert_eq!((names, partly.warnings.len()), (vec!["a.txt", "winmail.dat"], 1));
    assert_eq!(partly.attachments[1].content, broken);

    let empty_file = with_winmail(&container[..34]);
    assert_eq!(attachments(&empty_file), [("a.txt", "application/octet-stream", &b""[..], false)]);

    let none = with_winmail(b"no container");
    assert_eq!((attachments(&none)[0].0, none.warnings.len()), ("winmail.dat", 1));
}

#[test]
fn encrypted_and_signed_mails_are_kept_and_flagged() {
    let smime = parse("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nDER");
    assert_eq!((smime.attachments[0].name.as_str(), smime.warnings.len()), ("smime.p7m", 1));
    let pgp = parse(
        "Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\
         --b\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n--b--\n",
    );
    assert_eq!((pgp.attachments.len(), pgp.warnings.len()), (2, 1));
    let signed = parse(
        "Content-Type: multipart/signed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: application/pgp-signature; name=signature.asc\n\nx\n--b--\n",
    );
    assert_eq!((signed.full_text.trim(), signed.attachments.len(), signed.warnings.len()), ("hello", 1, 1));
}

#[test]
fn a_delivery_report_names_the_mail_it_speaks_of() {
    let mail = parse(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nIt bounced.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; gone@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <t12-abc@desk>\nSubject: x\n--b--\n",
    );
    let report = mail.delivery_report.unwrap();
    assert!(report.is_failure && report.recipients == ["gone@example.org"]);
    assert_eq!((report.status.as_deref(), report.diagnostic.as_deref()), (Some("5.1.1"), Some("550 no such user")));
    assert_eq!(report.original_message_ids, ["t12-abc@desk"]);
    assert_eq!(report.class(), BounceClass::Permanent);
    assert_eq!(DeliveryReport { status: Some("4.2.2".to_owned()), ..report }.class(), BounceClass::Temporary);
    assert_eq!((mail.attachments.len(), mail.forwarded), (2, None));
}

#[test]
fn what_goes_over_a_budget_is_said() {
    let limits =
        Limits { mime_parts_max: 3, mime_levels_max: 1, headers_max: 2, addresses_max: 1, ..Limits::default() };
    let warnings = |mail: &str| ParsedMail::parse(mail.as_bytes(), &limits).unwrap().warnings.len();
    assert_eq!(warnings(&mixed(&["\none", "\ntwo"])), 0);
    assert_eq!(warnings(&mixed(&["\none", "\ntwo", "\nthree", "\nfour"])), 1);
    assert_eq!(warnings(&mixed(&["Content-Type: multipart/mixed; boundary=c\n\n--c\n\ndeep\n--c--"])), 1);
    assert_eq!(warnings("To: a@example.org\nSubject: x\n\n"), 0);
    assert_eq!(warnings("To: a@example.org, b@example.org\nSubject: x\n\n"), 1);
    assert_eq!(warnings("To: a@example.org\nSubject: x\nX-More: y\n\n"), 1);
}

#[test]
fn a_text_past_the_cap_is_kept_whole_as_an_attachment() {
    let text = "0123456789abcde\n".repeat(body::TEXT_BYTES_MAX / 16 + 1);
    let mail = parse(&format!("From: ann@example.org\n\n{text}"));
    assert_eq!(mail.full_text.len(), body::TEXT_BYTES_MAX);
    assert_eq!(attachments(&mail), [("attachment-1.txt", "text/plain", text.as_bytes(), false)]);
    assert_eq!(mail.warnings.len(), 1);
}

#[test]
fn unreadable_dates_give_none() {
    for date in ["", "yesterday", "32 Foo 2026", "Mon, 2 Nov 2026 25:00:00 +0000", "9999999999"] {
        assert_eq!(parse(&format!("Date: {date}\nSubject: x\n\nx")).date, None, "{date}");
    }
    assert_eq!(parse("Date: 1 Jan 1970 00:00:00 GMT\nX-A: x\n\nx").date.unwrap().unix(), 0);
}

/// Whether a text has characters no text may have.
fn has_control(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
}

fn assert_sound(mail: &ParsedMail) {
    let people = mail.from.iter().chain(&mail.reply_to).chain(&mail.to).chain(&mail.cc);
    let lines =
        people.map(|person| person.name.as_str()).chain([mail.subject.as_str()]).chain(mail.message_id.as_deref());
    let names = mail.attachments.iter().map(|part| part.name.as_str());
    for line in lines.chain(names.clone()) {
        assert!(!has_control(line) && !line.contains('\n'), "{line:?}");
    }
    for name in names {
        assert!(!name.is_empty() && name.len() <= file_name::NAME_BYTES_MAX && !name.contains(['/', '\\']), "{name:?}");
    }
    assert!(!has_control(&mail.full_text) && !has_control(mail.reply_text()));
    assert!(mail.full_text.trim().is_empty() == mail.reply_text().trim().is_empty());
}

proptest::proptest! {
    #[test]
    fn any_bytes_give_a_sound_mail(pieces in proptest::collection::vec(proptest::prop_oneof![
        proptest::collection::vec(proptest::num::u8::ANY, 0..12),
        proptest::sample::select(vec![
            "\n", "\r\n\r\n", "From: ", "To: ", "Subject: ", "Content-Type: multipart/mixed; boundary=b\n\n", "--b\n", "--b--\n",
            "Content-Type: text/html\n\n", "Content-Type: message/rfc822\n\n", "Content-Transfer-Encoding: base64\n", "=?utf-8?B?", "?=",
            "Content-Disposition: attachment; filename*0*=", "a@example.org", "<", ">", "\"", "(", "%E2%80%AE", "References: ", "cid:",
        ]).prop_map(|text: &str| text.as_bytes().to_vec()),
    ], 0..40)) {
        if let Ok(mail) = ParsedMail::parse(&pieces.concat(), &Limits::default()) {
            assert_sound(&mail);
        }
    }
}

#[test]
fn every_mail_of_the_corpus_is_read_soundly() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let mut folders = vec![root.clone()];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.components().any(|part| part.as_os_str() == "emails") {
                let raw = std::fs::read(&path).unwrap();
                match ParsedMail::parse(&raw, &Limits::default()) {
                    Ok(mail) => assert_sound(&mail),
                    Err(error) => assert!(raw.trim_ascii().is_empty(), "{}: {error}", path.display()),
                }
                count += 1;
            }
        }
    }
    if count == 0 {
        println!("skipped: no mails below {}", root.display());
    }
}

#[test]
fn a_forwards_line_keeps_what_is_below_it_under_an_answers_subject() {
    let read = |subject: &str, from: &str, to: &str, other: &str| {
        let block = format!("From: Bob <{from}>\nDate: Thu, 15 Jan 2026 14:30\nSubject: {other}\nTo: <{to}>");
        let text = format!("What is this?\n\n---------- Forwarded message ---------\n{block}\n\nPay me.");
        let raw = format!("From: Ann <ann@client.example>\nTo: help@desk.example\nSubject: {subject}\n\n{text}\n");
        let html = raw.replacen("\n\n", "\nContent-Type: text/html\n\n<pre>", 1).replace("<bob", "&lt;bob");
        let kept = |raw: &str| parse(raw).reply_text().contains("Pay me.");
        assert_eq!(kept(&raw), kept(&html), "{raw}");
        kept(&raw)
    };
    let (bob, ann) = ("bob@supplier.example", "ann@client.example");
    for (subject, from, to, other) in [
        ("Re: Invoice", bob, ann, "You owe us"),
        ("AW: Invoice", bob, "office@CLIENT.example", "You owe us"),
        ("Re: Invoice", ann, bob, "You owe us"),
        ("Re: Invoice", "help@desk.example", "x@other.example", "You owe us"),
        ("Re: Invoice", bob, "x@other.example", "Fwd: invoice"),
        ("Re: [#12] Invoice", bob, "x@other.example", "You owe us"),
        ("Invoice", bob, "x@other.example", "You owe us"),
    ] {
        assert!(read(subject, from, to, other), "{subject}, {from} to {to}: {other}");
    }
    assert!(!read("Re: Invoice", bob, "x@other.example", "You owe us"), "a quote of other people's");
}
