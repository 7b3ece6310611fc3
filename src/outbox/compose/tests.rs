//! What composed mails look like to a reader, whatever the values are.

use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::*;
use crate::outbox::template::{SubjectForm, Tag, Value, render, ticket_subject};
use crate::store::template::Template;

const AT: Timestamp = Timestamp::from_unix(1_800_000_000);

fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

struct Texts<'a> {
    name: &'a str,
    subject: &'a str,
    text: &'a str,
    file: &'a str,
    reference: &'a str,
}

fn compose_with(texts: &Texts<'_>) -> String {
    let (desk, ann) = (address("support@example.com"), address("ann@example.org"));
    let files = [File { name: texts.file.to_owned(), content_type: "text/plain".to_owned(), content: b"x\n".to_vec() }];
    let raw = compose(&Letter {
        from: Person { name: texts.name, email: &desk },
        to: Person { name: texts.name, email: &ann },
        reply_to: Some(&desk),
        subject: texts.subject,
        internet_id: "t1-aaaa.bbbb@example.com",
        references: &[texts.reference.to_owned()],
        in_reply_to: Some(texts.reference),
        thread_index: "",
        kind: MailKind::Replied,
        loop_signature: "cccc",
        text: texts.text,
        html: texts.text,
        files: &files,
        date: AT,
    });
    String::from_utf8(raw.unwrap()).unwrap()
}

fn field_names(head: &str) -> Vec<&str> {
    head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).filter_map(|line| line.split(':').next()).collect()
}

#[test]
fn names_subjects_and_files_come_out_as_they_went_in() {
    let name = "Änn \"the\" Ode, Дом";
    let file = "Übersicht \"1\".txt";
    let raw =
        compose_with(&Texts {
            name, subject: "Füße – 日本語", text: "Grüße\n.\nFrom me", file, reference: "a@b"
        });
    let mail = MessageParser::default().parse(raw.as_bytes()).unwrap();
    assert_eq!(mail.subject(), Some("Füße – 日本語"));
    assert_eq!(mail.to().unwrap().first().unwrap().name(), Some(name));
    assert_eq!(mail.body_text(0).unwrap().replace("\r\n", "\n"), "Grüße\n.\nFrom me");
    assert_eq!(mail.attachment(0).unwrap().attachment_name(), Some(file));
    assert_eq!(mail.attachment(0).unwrap().contents(), b"x\n");
    assert!(raw.starts_with("Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"), "{raw}");
}

#[test]
fn personal_mail_has_no_mark_of_a_machine() {
    let (desk, ann) = (address("support@example.com"), address("ann@example.org"));
    let letter = Letter {
        from: Person { name: "Desk", email: &desk },
        to: Person { name: "", email: &ann },
        reply_to: None,
        subject: "Re: x",
        internet_id: "t1-aaaa.bbbb@example.com",
        references: &[],
        in_reply_to: None,
        thread_index: "AAAA",
        kind: MailKind::Personal,
        loop_signature: "cccc",
        text: "x",
        html: "x",
        files: &[],
        date: AT,
    };
    let raw = String::from_utf8(compose(&letter).unwrap()).unwrap();
    for mark in ["Auto-Submitted", "X-Auto-Response-Suppress", "X-Maildesk-Loop", "Precedence", "In-Reply-To"] {
        assert!(!raw.contains(mark), "{mark}");
    }
    assert_eq!(raw.as_bytes(), compose(&letter).unwrap(), "the same letter gives the same bytes");
}

#[test]
fn addresses_that_nobody_can_write_to_are_refused() {
    for fine in
        ["ann@example.org", "a..b@docomo.example", "jürgen@münchen.example", "o'neil+x@example.org", "x@host_1.example"]
    {
        assert!(mailable(&address(fine)).is_ok(), "{fine}");
    }
    for broken in ["a(b)@example.org", "a@exa:mple.org", "a\"b@example.org", "a@.example.org", "a\\b@c"] {
        assert!(mailable(&address(broken)).is_err(), "{broken}");
    }
}

#[test]
fn thread_index_names_the_ticket_and_grows_with_time() {
    let secret = DeskSecret::new([7; 32]);
    let index =
        |ticket, after| STANDARD.decode(thread_index(&secret, TicketId::new(ticket), AT, AT.plus_s(after))).unwrap();
    let (first, later, other) = (index(1, 0), index(1, 3600), index(2, 0));
    assert_eq!((first.len(), first[0]), (27, 1));
    assert_eq!(first[..22], later[..22]);
    assert!(first[22..] < later[22..]);
    assert_ne!(first[6..22], other[6..22]);
}

#[test]
fn file_types_that_may_not_be_encoded_travel_as_bytes() {
    let shown = |text| format!("{:?}", content_type(text));
    assert_eq!(shown("message/rfc822"), shown("application/octet-stream"));
    assert_eq!(shown("text/plain\r\nBcc: x"), shown("application/octet-stream"));
    assert_eq!(shown("Image/PNG; name=x"), shown("image/png"));
}

#[test]
fn no_line_end_stands_alone() {
    let texts = Texts { name: "", subject: "x", text: "a\rb\r\nc\n\r\0", file: "f", reference: "" };
    let raw = compose_with(&texts);
    assert!(raw.contains("a\r\nb\r\nc\r\n"), "{raw}");
    assert!(!raw.replace("\r\n", "").contains(['\r', '\n', '\0']), "{raw}");
}

/// What a template makes of hostile values, as the desk's mails are made.
fn compose_filled(template: &str, value: &str, name: &str) -> String {
    let texts = Template {
        subject: template.to_owned(),
        body_text: template.to_owned(),
        body_html: format!("<p title=\"{template}\">{template}</p>"),
        is_enabled: true,
    };
    let values = ["client_name", "ticket_subject", "company_name", "message"].map(|name| (name, Value::Plain(value)));
    let filled = render(&texts, &values);
    let subject = ticket_subject(&filled.subject, 12, Tag::On, SubjectForm::Reply);
    let (desk, ann) = (address("support@example.com"), address("ann@example.org"));
    let raw = compose(&Letter {
        from: Person { name, email: &desk },
        to: Person { name: value, email: &ann },
        reply_to: Some(&desk),
        subject: &subject,
        internet_id: "t1-aaaa.bbbb@example.com",
        references: &[value.to_owned()],
        in_reply_to: Some(value),
        thread_index: "AAAA",
        kind: MailKind::Replied,
        loop_signature: "cccc",
        text: &filled.text,
        html: &filled.html,
        files: &[File { name: value.to_owned(), content_type: value.to_owned(), content: Vec::new() }],
        date: AT,
    });
    String::from_utf8(raw.unwrap()).unwrap()
}

const FIELDS: [&str; 12] = [
    "Date",
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Message-ID",
    "Thread-Index",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Maildesk-Loop",
    "MIME-Version",
    "Content-Type",
];

proptest! {
    #[test]
    fn no_value_of_a_template_adds_a_header(
        template in "(%client_name%|%ticket_subject%|%company_name%|%message%|\\PC|[\r\n: ]|Bcc: a@b\r\n){0,20}",
        value in "(\\PC|[\r\n\t\0: =?<>%]|\r\nBcc: a@b\r\n|\r\n\r\n|%message%|=\\?utf-8\\?q\\?=0D=0ABcc:_a\\?=){0,20}",
        name in "(\\PC|[\r\n\t\0\"<>@,]|\r\nBcc: a@b\r\n){0,20}",
    ) {
        let raw = compose_filled(&template, &value, &name);
        let mut fields = field_names(raw.split("\r\n\r\n").next().unwrap());
        fields.retain(|field| *field != "In-Reply-To" && *field != "References");
        prop_assert_eq!(fields, FIELDS);
        // The parts begin as they are made here, whatever the values say.
        let mail = MessageParser::default().parse(raw.as_bytes()).unwrap();
        prop_assert_eq!((mail.text_body_count(), mail.html_body_count(), mail.attachment_count()), (1, 1, 1));
        prop_assert!(!raw.replace("\r\n", "").contains(['\r', '\n', '\0']), "a bare line end or NUL");
    }

    #[test]
    fn no_value_adds_a_header_or_a_long_line(
        name in "(\\PC|[\r\n\t\0\"<>@,;:\\\\=?]){0,60}",
        subject in "(\\PC|[\r\n\t\0: =?]|Bcc: a@b\r\n){0,120}",
        text in "(\\PC|[\r\n\t\0]){0,200}",
        file in "(\\PC|[\r\n\t\"\\\\/;]){0,60}",
        reference in "(\\PC|[\r\n<> ]){0,40}",
    ) {
        let raw = compose_with(&Texts { name: &name, subject: &subject, text: &text, file: &file, reference: &reference });
        let head = raw.split("\r\n\r\n").next().unwrap();
        let mut fields = field_names(head);
        fields.retain(|field| *field != "In-Reply-To" && *field != "References");
        let expected: Vec<&str> = FIELDS.into_iter().filter(|field| *field != "Thread-Index").collect();
        prop_assert_eq!(fields, expected);
        prop_assert!(raw.split("\r\n").all(|line| line.len() <= 998), "a line is too long");
        prop_assert!(!raw.replace("\r\n", "").contains(['\r', '\n', '\0']), "a bare line end or NUL");
        prop_assert!(raw.is_ascii());
    }
}
