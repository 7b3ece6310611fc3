//! Containers made here, read back.

use super::*;

fn attribute_bytes(id: u32, data: &[u8]) -> Vec<u8> {
    let len = u32::try_from(data.len()).unwrap();
    [&[2][..], &id.to_le_bytes(), &len.to_le_bytes(), data, &[0, 0]].concat()
}

fn container(attributes: &[Vec<u8>]) -> Vec<u8> {
    [&SIGNATURE.to_le_bytes()[..], &[1, 0], &attributes.concat()].concat()
}

fn string_property(id: u16, text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let padding = vec![0; (4 - units.len() % 4) % 4];
    [
        &0x001F_u16.to_le_bytes()[..],
        &id.to_le_bytes(),
        &1_u32.to_le_bytes(),
        &(units.len() as u32).to_le_bytes(),
        &units,
        &padding,
    ]
    .concat()
}

fn properties(list: &[Vec<u8>]) -> Vec<u8> {
    [&(list.len() as u32).to_le_bytes()[..], &list.concat()].concat()
}

#[test]
fn files_and_text_come_out() {
    let of_file = properties(&[
        string_property(0x3707, "long name.txt"),
        string_property(0x370E, "Text/Plain"),
        string_property(0x3712, "<a@x>"),
    ]);
    let bytes = container(&[
        attribute_bytes(attribute::OEM_CODE_PAGE, &1252_u32.to_le_bytes()),
        attribute_bytes(attribute::BODY, b"gr\xfcn\0"),
        attribute_bytes(attribute::ATTACH_REND_DATA, &[0; 14]),
        attribute_bytes(attribute::ATTACH_TITLE, b"LONGNA~1.TXT\0"),
        attribute_bytes(attribute::ATTACH_DATA, b"content"),
        attribute_bytes(attribute::ATTACH_PROPERTIES, &of_file),
        attribute_bytes(attribute::ATTACH_REND_DATA, &[0; 14]),
        attribute_bytes(attribute::ATTACH_TITLE, b"\xe4.txt\0"),
    ]);
    let contents = unpack(&bytes).unwrap();
    let file = File {
        name: "long name.txt".into(),
        kind: Some("text/plain".into()),
        content_id: Some("a@x".into()),
        content: b"content".to_vec(),
    };
    assert_eq!(contents.files, [file, File { name: "ä.txt".into(), ..File::default() }]);
    assert_eq!((contents.text.as_deref(), contents.is_partly_read), (Some("grün"), false));
}

#[test]
fn text_is_found_among_the_message_properties() {
    let number = [&0x0003_u16.to_le_bytes()[..], &0x0E07_u16.to_le_bytes(), &[1, 0, 0, 0]].concat();
    let list = properties(&[number, string_property(0x1000, "body"), string_property(0x1013, "<p>body</p>")]);
    let contents = unpack(&container(&[attribute_bytes(attribute::MESSAGE_PROPERTIES, &list)])).unwrap();
    assert_eq!((contents.text.as_deref(), contents.html.as_deref()), (Some("body"), Some("<p>body</p>")));
}

#[test]
fn broken_containers_give_what_they_have() {
    assert_eq!(unpack(b"no container"), None);
    assert_eq!(unpack(b""), None);
    let whole = container(&[
        attribute_bytes(attribute::ATTACH_REND_DATA, &[0; 14]),
        attribute_bytes(attribute::ATTACH_DATA, b"first"),
        attribute_bytes(attribute::ATTACH_REND_DATA, &[0; 14]),
        attribute_bytes(attribute::ATTACH_DATA, b"second"),
    ]);
    let cut = unpack(&whole[..whole.len() - 4]).unwrap();
    assert!(cut.is_partly_read && cut.files[0].content == b"first");
    let lying = [&whole[..], &[2, 0xF, 0x80, 6, 0, 0xFF, 0xFF, 0xFF, 0xFF]].concat();
    assert!(unpack(&lying).unwrap().is_partly_read);
}

fn binary_property(id: u16, bytes: &[u8; 4]) -> Vec<u8> {
    [&0x0102_u16.to_le_bytes()[..], &id.to_le_bytes(), &1_u32.to_le_bytes(), &4_u32.to_le_bytes(), bytes].concat()
}

#[test]
fn rtf_and_items_that_are_no_letters_are_told() {
    let with = |list: &[Vec<u8>]| {
        unpack(&container(&[attribute_bytes(attribute::MESSAGE_PROPERTIES, &properties(list))])).unwrap()
    };
    let rtf = with(&[binary_property(property::RTF_COMPRESSED, b"LZFu")]);
    assert!(rtf.has_rtf && rtf.is_empty() && !rtf.is_item, "what is no RTF is told");
    assert!(with(&[string_property(property::MESSAGE_CLASS, "IPM.Schedule.Meeting.Request")]).is_item);
    assert!(!with(&[string_property(property::MESSAGE_CLASS, "IPM.Note.SMIME")]).is_item);
    let by_attribute =
        |class: &[u8]| unpack(&container(&[attribute_bytes(attribute::MESSAGE_CLASS, class)])).unwrap().is_item;
    assert!(by_attribute(b"IPM.Microsoft Schedule.MtgReq\0") && !by_attribute(b"IPM.Microsoft Mail.Note\0"));
}

#[test]
fn an_empty_file_is_stored_unless_its_bytes_may_be_what_was_not_read() {
    let empty = File { name: "a.txt".to_owned(), ..File::default() };
    let whole = Contents { files: vec![empty.clone()], ..Contents::default() };
    assert!(whole.is_worth_storing(&empty) && !whole.is_worth_storing(&File::default()) && !whole.is_empty());
    assert!(!Contents { is_partly_read: true, ..whole }.is_worth_storing(&empty));
}

#[test]
fn items_up_to_the_limit_are_read_and_one_more_is_not() {
    let of = |count: usize| unpack(&container(&vec![attribute_bytes(attribute::BODY, b"x"); count])).unwrap();
    assert!(!of(ITEMS_MAX).is_partly_read);
    assert!(of(ITEMS_MAX + 1).is_partly_read);
}

#[test]
fn files_up_to_the_limit_are_taken_and_one_more_is_not() {
    let of =
        |count: usize| unpack(&container(&vec![attribute_bytes(attribute::ATTACH_REND_DATA, &[]); count])).unwrap();
    assert!(!of(ATTACHMENTS_MAX).is_partly_read);
    let more = of(ATTACHMENTS_MAX + 1);
    assert!(more.is_partly_read && more.files.len() == ATTACHMENTS_MAX);
}

fn bytes_property(kind: u16, id: u16, bytes: &[u8]) -> Vec<u8> {
    let padding = vec![0; (4 - bytes.len() % 4) % 4];
    let len = u32::try_from(bytes.len()).unwrap();
    [&kind.to_le_bytes()[..], &id.to_le_bytes(), &1_u32.to_le_bytes(), &len.to_le_bytes(), bytes, &padding].concat()
}

fn number_property(id: u16, number: u32) -> Vec<u8> {
    [&0x0003_u16.to_le_bytes()[..], &id.to_le_bytes(), &number.to_le_bytes()].concat()
}

/// A container with one attachment of these properties.
fn with_file(list: &[Vec<u8>]) -> Contents {
    let attributes = [
        attribute_bytes(attribute::ATTACH_REND_DATA, &[0; 14]),
        attribute_bytes(attribute::ATTACH_TITLE, b"SHORT.TXT\0"),
        attribute_bytes(attribute::ATTACH_DATA, b""),
        attribute_bytes(attribute::ATTACH_PROPERTIES, &properties(list)),
    ];
    unpack(&container(&attributes)).unwrap()
}

#[test]
fn data_of_a_file_may_be_in_its_property() {
    let contents = with_file(&[
        string_property(property::ATTACH_LONG_NAME, "a long name.txt"),
        bytes_property(0x0102, property::ATTACH_DATA, b"the bytes"),
    ]);
    assert_eq!(
        (contents.files[0].name.as_str(), &contents.files[0].content[..]),
        ("a long name.txt", &b"the bytes"[..])
    );
    assert!(!contents.is_partly_read);
}

#[test]
fn attached_message_becomes_a_mail_of_its_own() {
    let picture = [
        attribute_bytes(attribute::ATTACH_REND_DATA, &[0; 14]),
        attribute_bytes(attribute::ATTACH_TITLE, b"dot.png\0"),
        attribute_bytes(attribute::ATTACH_DATA, b"PNG"),
    ];
    let inner = properties(&[
        string_property(property::SUBJECT, "Lampe kaputt – grün"),
        string_property(property::SENDER_NAME, "Ann Beispiel"),
        string_property(property::SENDER_SMTP, "ann@example.org"),
        string_property(property::BODY, "It broke."),
    ]);
    let inner = container(&[&[attribute_bytes(attribute::MESSAGE_PROPERTIES, &inner)][..], &picture].concat());
    let contents =
        with_file(&[bytes_property(0x000D, property::ATTACH_DATA, &[&MESSAGE_INTERFACE[..], &inner].concat())]);
    let file = &contents.files[0];
    assert_eq!((file.name.as_str(), file.kind.as_deref()), ("Lampe kaputt – grün.eml", Some("message/rfc822")));
    let mail = crate::mail::ParsedMail::parse(&file.content, &crate::mail::Limits::default()).unwrap();
    assert_eq!((mail.subject.as_str(), mail.full_text.as_str()), ("Lampe kaputt – grün", "It broke."));
    let from = mail.from.unwrap();
    assert_eq!((from.name.as_str(), from.address.as_str()), ("Ann Beispiel", "ann@example.org"));
    assert_eq!((mail.attachments[0].name.as_str(), &mail.attachments[0].content[..]), ("dot.png", &b"PNG"[..]));
    assert!(!contents.is_partly_read);
}

#[test]
fn messages_up_to_the_deepest_level_are_opened_and_one_more_is_kept_whole() {
    let nested = |levels: usize| {
        let mut bytes = container(&[attribute_bytes(attribute::BODY, b"deep")]);
        for _ in 0..levels {
            let object = bytes_property(0x000D, property::ATTACH_DATA, &[&MESSAGE_INTERFACE[..], &bytes].concat());
            bytes = container(&[
                attribute_bytes(attribute::ATTACH_REND_DATA, &[0; 14]),
                attribute_bytes(attribute::ATTACH_PROPERTIES, &properties(&[object])),
            ]);
        }
        unpack(&bytes).unwrap().is_partly_read
    };
    assert!(!nested(LEVELS_MAX) && nested(LEVELS_MAX + 1));
}

#[test]
fn object_of_another_program_is_kept_as_it_is() {
    let object = [&[1u8; 16][..], b"\xd0\xcf\x11\xe0 storage"].concat();
    let contents = with_file(&[bytes_property(0x000D, property::ATTACH_DATA, &object)]);
    assert_eq!(&contents.files[0].content[..], b"\xd0\xcf\x11\xe0 storage");
}

#[test]
fn bodies_are_read_in_the_code_page_of_the_message_wherever_it_is_named() {
    let list = properties(&[
        bytes_property(0x001E, property::BODY, b"\xcf\xf0\xe8\xe2\xe5\xf2\0"),
        bytes_property(0x0102, property::BODY_HTML, b"<p>Gr\xfc\xdfe</p>\0"),
        number_property(property::MESSAGE_CODE_PAGE, 1251),
        number_property(property::INTERNET_CODE_PAGE, 28591),
    ]);
    let oem = attribute_bytes(attribute::OEM_CODE_PAGE, &932_u32.to_le_bytes());
    let contents = unpack(&container(&[oem, attribute_bytes(attribute::MESSAGE_PROPERTIES, &list)])).unwrap();
    assert_eq!((contents.text.as_deref(), contents.html.as_deref()), (Some("Привет"), Some("<p>Grüße</p>")));
}

#[test]
fn rtf_speaks_where_there_is_no_other_body() {
    let rtf = b"{\\rtf1\\ansi\\ansicpg1252 Gr\\'fc\\'dfe\\par aus K\\u246?ln}";
    let size = u32::try_from(rtf.len()).unwrap();
    let packed = [&(size + 12).to_le_bytes()[..], &size.to_le_bytes(), b"MELA", &[0; 4], rtf].concat();
    let with = |list: &[Vec<u8>]| {
        unpack(&container(&[attribute_bytes(attribute::MESSAGE_PROPERTIES, &properties(list))])).unwrap()
    };
    let alone = with(&[bytes_property(0x0102, property::RTF_COMPRESSED, &packed)]);
    assert_eq!((alone.text.as_deref(), alone.has_rtf), (Some("Grüße\naus Köln"), false));
    let beside =
        with(&[bytes_property(0x0102, property::RTF_COMPRESSED, &packed), string_property(property::BODY, "plain")]);
    assert_eq!(beside.text.as_deref(), Some("plain"));
}
