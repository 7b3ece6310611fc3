//! Text in the charsets people write in: declared rightly, wrongly or not at all, in bodies, subjects and names.

use crate::desk::Desk;

/// A label, bytes, and what they say.
const TEXTS: &[(&str, &[u8], &str)] = &[
    ("iso-8859-1", b"Gr\xfc\xdfe aus K\xf6ln", "Grüße aus Köln"),
    ("iso-8859-15", b"Preis: 5 \xa4", "Preis: 5 €"),
    ("windows-1252", b"\x84Zitat\x93 \x96 5 \x80", "„Zitat“ – 5 €"),
    ("iso-8859-1", b"\x84Zitat\x93 \x96 5 \x80", "„Zitat“ – 5 €"),
    ("utf-8", b"Emoji \xf0\x9f\x98\x80 und \xc3\x9f", "Emoji 😀 und ß"),
    ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0", "Привет, мир"),
    ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4, \xcd\xc9\xd2", "Привет, мир"),
    ("koi8-u", b"\xf0\xd2\xc9\xd7\xa6\xd4, \xa7\xd6\xc1\xcb", "Привіт, їжак"),
    ("iso-8859-5", b"\xbf\xe0\xd8\xd2\xd5\xe2, \xdc\xd8\xe0", "Привет, мир"),
    ("iso-8859-2", b"Za\xbf\xf3\xb3\xe6 g\xea\xb6l\xb1 ja\xbc\xf1", "Zażółć gęślą jaźń"),
    ("windows-1250", b"P\xf8\xedli\x9a \x9elu\x9dou\xe8k\xfd k\xf9\xf2", "Příliš žluťoučký kůň"),
    ("iso-8859-7", b"\xca\xe1\xeb\xe7\xec\xdd\xf1\xe1 \xea\xfc\xf3\xec\xe5", "Καλημέρα κόσμε"),
    ("windows-1253", b"\xca\xe1\xeb\xe7\xec\xdd\xf1\xe1 \xea\xfc\xf3\xec\xe5", "Καλημέρα κόσμε"),
    ("iso-8859-9", b"\xdei\xfeli, \xdd\xf0ne", "Şişli, İğne"),
    ("windows-1254", b"\xdei\xfeli, \xdd\xf0ne", "Şişli, İğne"),
    ("windows-1255", b"\xf9\xec\xe5\xed \xf2\xe5\xec\xed", "שלום עולם"),
    ("iso-8859-8", b"\xf9\xec\xe5\xed \xf2\xe5\xec\xed", "שלום עולם"),
    ("windows-1256", b"\xe3\xd1\xcd\xc8\xc7 \xc8\xc7\xe1\xda\xc7\xe1\xe3", "مرحبا بالعالم"),
    ("windows-874", b"\xca\xc7\xd1\xca\xb4\xd5\xaa\xd2\xc7\xe2\xc5\xa1", "สวัสดีชาวโลก"),
    ("tis-620", b"\xca\xc7\xd1\xca\xb4\xd5\xaa\xd2\xc7\xe2\xc5\xa1", "สวัสดีชาวโลก"),
    ("gb2312", b"\xc4\xe3\xba\xc3\xa3\xac\xca\xc0\xbd\xe7", "你好，世界"),
    ("gb2312", b"\xc4\xe3\xba\xc3\xa3\xac\xe6g\xbb\xf9", "你好，鎔基"),
    ("gb18030", b"\xc4\xe3\xba\xc3\xa3\xac\xca\xc0\xbd\xe7", "你好，世界"),
    ("big5", b"\xa7A\xa6n\xa1A\xa5@\xac\xc9", "你好，世界"),
    ("shift_jis", b"\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd\x90\xa2\x8aE", "こんにちは世界"),
    ("iso-2022-jp", b"\x1b$B$3$s$K$A$O@$3&\x1b(B", "こんにちは世界"),
    ("euc-jp", b"\xa4\xb3\xa4\xf3\xa4\xcb\xa4\xc1\xa4\xcf\xc0\xa4\xb3\xa6", "こんにちは世界"),
    ("euc-kr", b"\xbe\xc8\xb3\xe7\xc7\xcf\xbc\xbc\xbf\xe4 \xbc\xbc\xb0\xe8", "안녕하세요 세계"),
    ("ks_c_5601-1987", b"\xbe\xc8\xb3\xe7\xc7\xcf\xbc\xbc\xbf\xe4 \xbc\xbc\xb0\xe8", "안녕하세요 세계"),
    ("ibm850", b"Gr\x81\xe1e aus K\x94ln", "Grüße aus Köln"),
    ("macintosh", b"Gr\x9f\xa7e aus K\x9aln", "Grüße aus Köln"),
    ("us-ascii", b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
    ("x-unknown", b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
    ("", b"Gr\xfc\xdfe aus M\xfcnchen", "Grüße aus München"),
];

/// Q encoding of RFC 2047 with every byte that may not stand as it is escaped.
fn q_encoded(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric();
    bytes.iter().map(|b| if plain(b) { char::from(*b).to_string() } else { format!("={b:02X}") }).collect()
}

/// The text of a mail without its last line end.
fn body(desk: &Desk, raw: &[u8]) -> String {
    desk.dry_run(raw)["full_text"].as_str().unwrap_or_default().trim_end().to_owned()
}

#[test]
fn body_is_read_in_the_charset_it_is_written_in() {
    let desk = Desk::new();
    for (label, bytes, text) in TEXTS {
        let declared = if label.is_empty() { String::new() } else { format!("; charset=\"{label}\"") };
        let mut raw = format!("From: a@b.test\nContent-Type: text/plain{declared}\n\n").into_bytes();
        raw.extend_from_slice(bytes);
        raw.push(b'\n');
        assert_eq!(body(&desk, &raw), *text, "{label}, raw");
        let encoded = format!(
            "From: a@b.test\nContent-Type: text/plain{declared}\nContent-Transfer-Encoding: quoted-printable\n\n{}\n",
            q_encoded(bytes)
        );
        assert_eq!(body(&desk, encoded.as_bytes()), *text, "{label}, quoted-printable");
    }
}

#[test]
fn subject_and_name_are_read_in_their_charsets() {
    let desk = Desk::new();
    for (label, bytes, text) in TEXTS.iter().filter(|(label, ..)| !label.is_empty()) {
        let word = format!("=?{label}?Q?{}?=", q_encoded(bytes));
        let answer = desk.dry_run(format!("From: {word} <a@b.test>\nSubject: {word}\n\nx"));
        let found = (answer["subject"].as_str(), answer["from"]["name"].as_str());
        assert_eq!(found, (Some(*text), Some(*text)), "{label}");
    }
}

#[test]
fn text_is_stored_whole_without_nul_and_control_characters() {
    let desk = Desk::new();
    desk.deliver("From: a@b.test\nSubject: x\u{0}y\u{1b}z 😀\nContent-Type: text/plain; charset=utf-8\n\na\u{0}b\u{7}c\td 😀 𠮷\n");
    let ticket = desk.ticket(1);
    assert_eq!(ticket["subject"], "xyz 😀");
    assert_eq!(ticket["messages"][0]["text"], "abc\td 😀 𠮷");
}
