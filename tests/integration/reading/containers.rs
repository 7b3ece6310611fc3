//! Mails that hide their content: signed and encrypted S/MIME, broken bodies, invitations, files inside of texts.

use std::fs;

use serde_json::Value;

use crate::desk::{Desk, mail};

fn text(answer: &Value) -> &str {
    answer["reply_text"].as_str().unwrap_or("?").trim()
}

fn names(answer: &Value) -> Vec<&str> {
    answer["attachments"].as_array().into_iter().flatten().filter_map(|part| part["name"].as_str()).collect()
}

fn smime(file: &str, kind: &str) -> String {
    let path = format!("{}/tests/corpus/smime/{file}", env!("CARGO_MANIFEST_DIR"));
    let packed = fs::read_to_string(path).expect("a file of the corpus");
    let fields = format!(
        "Subject: Signed\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; {kind}; name=smime.p7m\n\
         Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=smime.p7m\n"
    );
    mail("s", &fields, &packed)
}

#[test]
fn signed_mail_is_read_whatever_its_container_is_called_and_an_encrypted_one_is_not() {
    let desk = Desk::new();
    for file in ["signed-der.b64", "signed-ber.b64"] {
        for kind in ["smime-type=signed-data", "smime-type=enveloped-data"] {
            let seen = desk.dry_run(smime(file, kind));
            assert_eq!((text(&seen), names(&seen)), ("Hello signed world", vec!["smime.p7m"]), "{file} {kind}");
            assert!(seen["warnings"][0].as_str().unwrap_or("?").contains("signature not checked"), "{seen}");
        }
    }
    let hidden = desk.dry_run(smime("encrypted.b64", "smime-type=signed-data"));
    assert_eq!((text(&hidden), names(&hidden)), ("", vec!["smime.p7m"]));
    assert!(hidden["warnings"][0].as_str().unwrap_or("?").contains("encrypted with S/MIME"), "{hidden}");
}

#[test]
fn body_is_found_where_programs_hide_it() {
    let desk = Desk::new();
    let alternative = |plain: &str, html: &str| {
        format!(
            "--b\nContent-Type: text/plain; charset=utf-8\n\n{plain}\n--b\nContent-Type: text/html; charset=utf-8\n\n{html}\n--b--\n"
        )
    };
    let kind = "Subject: x\nContent-Type: multipart/alternative; boundary=b\n";
    let long = "<p>The printer on the second floor burns since Monday morning, and nobody is here to put it out.</p>";
    let said = "The printer on the second floor burns since Monday morning, and nobody is here to put it out.";
    for plain in ["\u{a0}\u{200b}\u{feff} ", "This mail is formatted; please view it as HTML."] {
        assert_eq!(text(&desk.dry_run(mail("a", kind, &alternative(plain, long)))), said, "{plain:?}");
    }
    assert_eq!(text(&desk.dry_run(mail("a", kind, &alternative("It burns.", "<p>It <b>burns</b>.</p>")))), "It burns.");
    for html in ["<style>p{color:red}<p>It burns.</p>", "<!-- <p>It burns.</p>"] {
        let seen = desk.dry_run(mail("a", "Subject: x\nContent-Type: text/html\n", html));
        assert_eq!(text(&seen), "It burns.", "{html}");
    }
    let marked = mail(
        "a",
        "Subject: x\nContent-Type: text/plain\nContent-Disposition: attachment; filename=mail.txt\n",
        "It burns.",
    );
    let seen = desk.dry_run(marked);
    assert_eq!((text(&seen), names(&seen)), ("It burns.", vec!["mail.txt"]));
}

#[test]
fn invitation_alone_says_what_when_and_where() {
    let desk = Desk::new();
    let calendar = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Repair of the printer\nDTSTART:20260301T100000Z\nLOCATION:Room 4\nEND:VEVENT\nEND:VCALENDAR";
    let seen =
        desk.dry_run(mail("c", "Subject: x\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\n", calendar));
    assert_eq!(
        (text(&seen), names(&seen)),
        ("Repair of the printer\n2026-03-01 10:00 (UTC)\nRoom 4", vec!["invite.ics"])
    );
}

#[test]
fn files_inside_of_texts_become_attachments() {
    let desk = Desk::new();
    let packed = "begin 644 a.txt\n+2&5L;&\\@=V]R;&0\n`\nend\n";
    let seen = desk.dry_run(mail("u", "Subject: x\n", &format!("See file.\n\n{packed}")));
    assert_eq!((text(&seen), names(&seen)), ("See file.", vec!["a.txt"]));
    let html = "<p>See <img src=\"data:image/png;base64,iVBORw0KGgo=\"></p>";
    let seen = desk.dry_run(mail("d", "Subject: x\nContent-Type: text/html\n", html));
    let picture = &seen["attachments"][0];
    assert_eq!((picture["type"].as_str(), picture["inline"].as_bool()), (Some("image/png"), Some(true)));
    assert!(seen["html"].as_str().unwrap_or("?").contains("cid:"), "{seen}");
}

#[test]
fn part_without_a_name_takes_one_from_its_description_or_id() {
    let desk = Desk::new();
    let body = "--b\n\nhi\n--b\nContent-Type: image/png\nContent-Description: Lamp of room 4\n\nPNG\n--b\n\
                Content-Type: image/jpeg\nContent-ID: <logo42@mail>\n\nJPG\n--b--\n";
    let seen = desk.dry_run(mail("n", "Subject: x\nContent-Type: multipart/mixed; boundary=b\n", body));
    assert_eq!(names(&seen), ["Lamp of room 4.png", "logo42.jpg"]);
}
