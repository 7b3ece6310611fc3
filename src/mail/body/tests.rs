//! Which parts of a mail become its text and its HTML.

use super::super::Limits;
use super::super::header::Header;
use super::super::structure::PartHeader;
use super::*;

fn chosen(mail: &str) -> ChosenBody {
    let (header, start) = Header::read(mail.as_bytes(), 100);
    let decoder = Decoder::default();
    let top = PartHeader::read(&header, decoder, "text/plain");
    choose(&Structure::read(top, &mail.as_bytes()[start..], &Limits::default(), decoder), decoder)
}

fn multipart(kind: &str, boundary: &str, parts: &[&str]) -> String {
    let body: String = parts.iter().map(|part| format!("--{boundary}\n{part}\n")).collect();
    format!("Content-Type: multipart/{kind}; boundary={boundary}\n\n{body}--{boundary}--\n")
}

const PLAIN: &str = "Content-Type: text/plain\n\none";
const HTML: &str = "Content-Type: text/html\n\n<p>one</p>";
const PICTURE: &str = "Content-Type: image/png\n\nPNG";

fn texts(mail: &str) -> (Option<String>, Option<String>) {
    let body = chosen(mail);
    (body.text, body.html)
}

fn both(text: Option<&str>, html: Option<&str>) -> (Option<String>, Option<String>) {
    (text.map(str::to_owned), html.map(str::to_owned))
}

#[test]
fn an_alternative_gives_one_text_and_one_html() {
    assert_eq!(texts(&multipart("alternative", "a", &[PLAIN, HTML])), both(Some("one"), Some("<p>one</p>")));
    let related = multipart("related", "r", &[HTML, PICTURE]);
    assert_eq!(texts(&multipart("alternative", "a", &[PLAIN, &related])), both(Some("one"), Some("<p>one</p>")));
    assert_eq!(texts(&multipart("alternative", "a", &[PLAIN, "\ntwo"])), both(Some("one"), None));
}

#[test]
fn text_around_a_picture_is_joined() {
    assert_eq!(texts(&multipart("mixed", "m", &[PLAIN, PICTURE, "\ntwo"])), both(Some("one\ntwo"), None));
    let html = multipart("mixed", "h", &[HTML, PICTURE, "Content-Type: text/html\n\n<p>two</p>"]);
    let expected = both(Some("one"), Some("<p>one</p>\n<p>two</p>"));
    assert_eq!(texts(&multipart("alternative", "a", &[PLAIN, &html])), expected);
}

#[test]
fn html_followed_by_a_plain_footer_keeps_both() {
    assert_eq!(
        texts(&multipart("mixed", "m", &[HTML, "\na < b\n"])),
        both(None, Some("<p>one</p><div>a &lt; b<br>\n</div>"))
    );
    let alternative = multipart("alternative", "a", &[PLAIN, HTML]);
    assert_eq!(
        texts(&multipart("mixed", "m", &[&alternative, "\nfoot"])),
        both(Some("one\nfoot"), Some("<p>one</p><div>foot</div>"))
    );
    let odd = multipart("mixed", "x", &[HTML, "\nfoot"]);
    assert_eq!(texts(&multipart("alternative", "a", &[&odd])), both(None, Some("<p>one</p><div>foot</div>")));
}

#[test]
fn an_empty_text_form_gives_way_to_html() {
    assert_eq!(texts(&multipart("alternative", "a", &["\n \n", HTML])), both(None, Some("<p>one</p>")));
}

#[test]
fn a_blank_form_gives_way_to_a_later_one_and_is_no_attachment() {
    let body = chosen(&multipart("alternative", "a", &["\n \n", PLAIN]));
    assert_eq!((body.text.as_deref(), body.leaves), (Some("one"), vec![0, 1]));
    let packed = "Content-Transfer-Encoding: quoted-printable\n\n=20=\n";
    assert_eq!(texts(&multipart("alternative", "a", &[packed, PLAIN, HTML])), both(Some("one"), Some("<p>one</p>")));
}

#[test]
fn the_root_of_a_related_mail_is_read_wherever_it_stands() {
    let root = "Content-Type: text/html\nContent-ID: <root@x>\n\n<p>one</p>";
    let other = "Content-Type: text/html\nContent-ID: <other@x>\n\n<p>frame</p>";
    for start in ["\"<root@x>\"", "root@x"] {
        let mail = multipart(&format!("related; start={start}"), "r", &[PICTURE, other, root]);
        assert_eq!(texts(&mail), both(None, Some("<p>one</p>")), "{start}");
    }
    let alternative = multipart("alternative", "a", &[PLAIN, HTML]);
    for (kind, parts) in [
        ("related", [PICTURE, root, other]),
        ("related; start=\"<none@x>\"", [root, other, PICTURE]),
        ("related", [PICTURE, &alternative, other]),
    ] {
        let (_, html) = texts(&multipart(kind, "r", &parts));
        assert_eq!(html.as_deref(), Some("<p>one</p>"), "{kind}");
    }
}

#[test]
fn a_named_text_is_read_where_it_is_the_only_one() {
    let named = "Content-Type: text/plain\nContent-Disposition: inline; filename=msg.txt\n\none";
    assert_eq!(texts(&multipart("mixed", "m", &[named])), both(Some("one"), None));
    assert_eq!(texts(&multipart("mixed", "m", &[PICTURE, named])), both(Some("one"), None));
    let marked = named.replace("inline", "attachment");
    let mail = multipart("mixed", "m", &[PICTURE, &marked]);
    assert_eq!(texts(&mail), both(Some("one"), None));
    assert_eq!(chosen(&mail).files, [1], "it stays a file");
    let long = |bytes: usize| multipart("mixed", "m", &[PICTURE, &format!("{marked}{}", "x".repeat(bytes - 3))]);
    assert_eq!(chosen(&long(MARKED_BYTES_MAX)).files, [1]);
    assert_eq!(chosen(&long(MARKED_BYTES_MAX + 1)).files, [] as [usize; 0]);
}

#[test]
fn named_and_marked_texts_and_later_parts_of_reports_are_not_read() {
    let named = "Content-Type: text/plain; name=log.txt\n\nlog";
    let marked = "Content-Disposition: attachment\n\nlog";
    assert_eq!(chosen(&multipart("mixed", "m", &[PLAIN, named, marked])).leaves, [0]);
    assert_eq!(chosen(&multipart("report", "m", &[PLAIN, "\nheaders"])).leaves, [0]);
    assert_eq!(chosen("Content-Type: text/calendar\n\nBEGIN:VCALENDAR").leaves, [] as [usize; 0]);
}

#[test]
fn a_mail_that_is_one_text_is_read_whatever_its_name_or_kind() {
    for header in [
        "Content-Type: text/plain; name=a.txt",
        "Content-Type: text/enriched",
        "Content-Type: text",
        "Content-Type: utter nonsense",
        "X-A: b",
    ] {
        assert_eq!(texts(&format!("{header}\n\none")), both(Some("one"), None), "{header}");
    }
}

#[test]
fn the_charset_is_read_per_part_and_out_of_html() {
    let koi8 = b"Content-Type: text/html\n\n<meta charset=koi8-r>\xf0\xd2\xc9\xd7\xc5\xd4";
    let (header, start) = Header::read(koi8, 9);
    let top = PartHeader::read(&header, Decoder::default(), "text/plain");
    let structure = Structure::read(top, &koi8[start..], &Limits::default(), Decoder::default());
    assert!(choose(&structure, Decoder::default()).html.unwrap().ends_with("Привет"));
    assert_eq!(texts("Content-Type: text/plain; charset=\"charset=utf-7\"\n\n+Jjo-").0.unwrap(), "☺");
}

#[test]
fn flowed_lines_are_joined_where_their_blanks_were_put_in() {
    let of = |kind: &str, text: &str| texts(&format!("Content-Type: text/plain; {kind}\n\n{text}")).0.unwrap();
    let delsp = "format=flowed; DelSp=\"Yes\"";
    for (text, joined) in [
        ("日本 \n語です。\n\nnext\n", "日本語です。\n\nnext\n"),
        ("a long  \nline\n> quo \n> ted\nend ", "a long line\n> quoted\nend "),
        ("hi \n-- \nAnn\n From me\n", "hi\n-- \nAnn\nFrom me\n"),
        ("one \n> two\n", "one\n> two\n"),
        ("one  \n\ntwo\n", "one \ntwo\n"),
    ] {
        assert_eq!(of(delsp, text), joined);
        assert_eq!(of("format=flowed", text), text);
    }
}

#[test]
fn a_text_at_the_limit_is_whole_and_a_longer_one_is_cut_at_a_line() {
    let of_len = |len: usize| chosen(&format!("X-A: b\n\n{}", "0123456\n".repeat(len / 8) + &"x".repeat(len % 8)));
    let (fits, longer) = (of_len(TEXT_BYTES_MAX), of_len(TEXT_BYTES_MAX + 1));
    assert!(fits.cut.is_empty() && fits.text.unwrap().len() == TEXT_BYTES_MAX);
    assert!(longer.cut == [0] && longer.text.unwrap().len() == TEXT_BYTES_MAX);
}

#[test]
fn content_ids_are_found_in_html() {
    let found =
        content_ids_in("<img src=\"cid:a@x\"><img src=CID:b%40x> acid:c <i style='background:url(cid:d&amp;e)'>");
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort();
    assert_eq!(found, ["a@x", "b@x", "c", "d&e"]);
}

#[test]
fn text_that_declares_no_charset_is_in_that_of_the_headers_words() {
    // The same bytes are Czech in one and nonsense in the other; too short a text for a guess.
    let subject = "Subject: =?iso-8859-2?Q?=BElu=BB?=";
    let mail = [subject.as_bytes(), b"\nContent-Type: text/plain\n\n\xbelu\xbb\n"].concat();
    let read = crate::mail::ParsedMail::parse(&mail, &crate::mail::Limits::default()).unwrap();
    assert_eq!(read.full_text.trim(), read.subject);
}
