//! Attachments and text out of winmail.dat, Outlook's TNEF container (MS-OXTNEF, MS-OXCDATA).
//!
//! A bounded reader of what helps a ticket: file names, types, contents, the plain or HTML text.
//! TNEF packs nothing, so what comes out is never larger than what went in. If it does not understand
//! something it stops, and the file is kept whole.

use super::charset::{self, Charset};

const SIGNATURE: u32 = 0x223E_9F78;

/// Attachments taken out of one container (chosen: the limit of MIME parts in a mail).
const ATTACHMENTS_MAX: usize = 1000;

/// Attributes and property values read of one container (chosen; 1,000 attachments have about 30 each).
const ITEMS_MAX: usize = 50_000;

/// Attribute ids (MS-OXTNEF §2.1.3.4), level byte left out.
mod attribute {
    pub(super) const ATTACH_TITLE: u32 = 0x0001_8010;
    pub(super) const ATTACH_DATA: u32 = 0x0006_800F;
    pub(super) const ATTACH_REND_DATA: u32 = 0x0006_9002;
    pub(super) const ATTACH_PROPERTIES: u32 = 0x0006_9005;
    pub(super) const MESSAGE_PROPERTIES: u32 = 0x0006_9003;
    pub(super) const OEM_CODE_PAGE: u32 = 0x0006_9007;
    pub(super) const BODY: u32 = 0x0002_800C;
    pub(super) const MESSAGE_CLASS: u32 = 0x0007_8008;
}

/// MAPI property ids (MS-OXPROPS).
mod property {
    pub(super) const MESSAGE_CLASS: u16 = 0x001A;
    pub(super) const RTF_COMPRESSED: u16 = 0x1009;
    pub(super) const BODY: u16 = 0x1000;
    pub(super) const BODY_HTML: u16 = 0x1013;
    pub(super) const INTERNET_CODE_PAGE: u16 = 0x3FDE;
    pub(super) const ATTACH_DATA: u16 = 0x3701;
    pub(super) const ATTACH_LONG_NAME: u16 = 0x3707;
    pub(super) const ATTACH_MIME_TYPE: u16 = 0x370E;
    pub(super) const ATTACH_CONTENT_ID: u16 = 0x3712;
}

/// One attachment of the container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    /// The name as the sender gave it; may be empty.
    pub(super) name: String,
    /// `type/subtype`, where given.
    pub(super) kind: Option<String>,
    /// Content-ID, where given.
    pub(super) content_id: Option<String>,
    /// The bytes.
    pub(super) content: Vec<u8>,
}

/// What a container held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) files: Vec<File>,
    /// The plain text of the message, where there is one.
    pub(super) text: Option<String>,
    /// Its HTML, where there is one.
    pub(super) html: Option<String>,
    /// Whether something was in it that stays unread (an attached Outlook item, broken ends).
    pub(super) is_partly_read: bool,
    /// Whether the text is there as RTF, which is not read.
    pub(super) has_rtf: bool,
    /// Whether it is something else than a letter: a meeting request, a task, a contact.
    pub(super) is_item: bool,
}

impl Contents {
    /// Whether text or HTML came out.
    pub(super) fn has_text(&self) -> bool {
        let is_filled = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        is_filled(&self.text) || is_filled(&self.html)
    }

    /// Whether there is something in a file to store: an empty one counts if all was read.
    pub(super) fn is_worth_storing(&self, file: &File) -> bool {
        !file.content.is_empty() || !self.is_partly_read && !file.name.is_empty()
    }

    /// Whether nothing came out at all.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_text() && !self.files.iter().any(|file| self.is_worth_storing(file))
    }
}

/// Reads a container; `None` when it is not one or cannot be read from its start.
pub(super) fn unpack(bytes: &[u8]) -> Option<Contents> {
    let mut cursor = Cursor { rest: bytes };
    if cursor.u32()? != SIGNATURE {
        return None;
    }
    cursor.take(2)?;
    let mut reader = Reader { code_page: None, items: 0, out: Contents::default() };
    while !cursor.rest.is_empty() {
        if reader.attribute(&mut cursor).is_none() {
            reader.out.is_partly_read = true;
            break;
        }
    }
    Some(reader.out)
}

struct Reader {
    code_page: Option<Charset>,
    items: usize,
    out: Contents,
}

impl Reader {
    /// Reads one attribute: level, id, length, data, checksum.
    fn attribute(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        cursor.take(1)?;
        let id = cursor.u32()?;
        let len = usize::try_from(cursor.u32()?).ok()?;
        let data = cursor.take(len)?;
        cursor.take(2)?;
        self.count_item()?;
        match id {
            attribute::OEM_CODE_PAGE => {
                let number = Cursor { rest: data }.u32()?;
                self.code_page = charset::for_label(format!("cp{number}").as_bytes());
            }
            attribute::MESSAGE_CLASS => self.class(&self.ansi(data)),
            attribute::BODY => self.out.text = Some(self.ansi(data)),
            attribute::ATTACH_REND_DATA => {
                if self.out.files.len() >= ATTACHMENTS_MAX {
                    return None;
                }
                self.out.files.push(File::default());
            }
            attribute::ATTACH_TITLE => {
                let name = self.ansi(data);
                self.file()?.name = name;
            }
            attribute::ATTACH_DATA => self.file()?.content = data.to_vec(),
            attribute::MESSAGE_PROPERTIES | attribute::ATTACH_PROPERTIES => {
                let mut properties = Cursor { rest: data };
                let count = properties.u32()?;
                for _ in 0..count {
                    self.property(&mut properties, id == attribute::ATTACH_PROPERTIES)?;
                }
            }
            _ => {}
        }
        Some(())
    }

    fn count_item(&mut self) -> Option<()> {
        self.items += 1;
        (self.items <= ITEMS_MAX).then_some(())
    }

    fn file(&mut self) -> Option<&mut File> {
        self.out.files.last_mut()
    }

    /// Text in the container's code page, up to the first NUL.
    fn ansi(&self, data: &[u8]) -> String {
        let text = data.split(|b| *b == 0).next().unwrap_or_default();
        charset::cleaned(charset::decode(text, self.code_page))
    }

    /// Reads one MAPI property; `None` when its shape is unknown, because then its end is too.
    fn property(&mut self, cursor: &mut Cursor<'_>, is_of_file: bool) -> Option<()> {
        let kind = cursor.u16()?;
        let id = cursor.u16()?;
        if id >= 0x8000 {
            skip_property_name(cursor)?;
        }
        let is_multiple = kind & 0x1000 != 0;
        let kind = kind & !0x1000;
        let is_counted = is_multiple || matches!(kind, 0x000D | 0x001E | 0x001F | 0x0102);
        let count = if is_counted { cursor.u32()? } else { 1 };
        for _ in 0..count {
            let value = property_value(cursor, kind)?;
            self.count_item()?;
            if !is_multiple {
                self.note(id, kind, value, is_of_file);
            }
        }
        Some(())
    }

    /// Notes what the message is, by its class: `IPM.Note` or, in the words of old mail servers,
    /// `IPM.Microsoft Mail.Note` is a letter.
    fn class(&mut self, class: &str) {
        let class = class.to_ascii_lowercase();
        let is_letter = class.is_empty() || class.starts_with("ipm.note") || class.ends_with("mail.note");
        self.out.is_item |= !is_letter;
    }

    fn note(&mut self, id: u16, kind: u16, value: &[u8], is_of_file: bool) {
        let text = || match kind {
            0x001F => utf16(value),
            _ => self.ansi(value),
        };
        match (is_of_file, id) {
            (false, property::MESSAGE_CLASS) => self.class(&text()),
            (false, property::RTF_COMPRESSED) => self.out.has_rtf = true,
            (false, property::BODY) => self.out.text = Some(text()),
            (false, property::BODY_HTML) if kind == 0x0102 => {
                let html = charset::decode(value, self.code_page.or_else(|| charset::declared_in_html(value)));
                self.out.html = Some(charset::cleaned(html));
            }
            (false, property::BODY_HTML) => self.out.html = Some(text()),
            (false, property::INTERNET_CODE_PAGE) => {
                let number = Cursor { rest: value }.u32().unwrap_or_default();
                let label = if number == 65001 { "utf-8".to_owned() } else { format!("cp{number}") };
                self.code_page = charset::for_label(label.as_bytes()).or(self.code_page);
            }
            (true, property::ATTACH_LONG_NAME) => {
                let name = text();
                if let Some(file) = self.file().filter(|_| !name.is_empty()) {
                    file.name = name;
                }
            }
            (true, property::ATTACH_MIME_TYPE) => {
                let mime = text().to_ascii_lowercase();
                if let Some(file) = self.file().filter(|_| mime.contains('/')) {
                    file.kind = Some(mime);
                }
            }
            (true, property::ATTACH_CONTENT_ID) => {
                let content_id = text().trim_matches(['<', '>']).to_owned();
                if let Some(file) = self.file() {
                    file.content_id = Some(content_id).filter(|content_id| !content_id.is_empty());
                }
            }
            // An attached Outlook item or OLE object (MS-OXCMSG §2.2.2.9): no file of its own.
            (true, property::ATTACH_DATA) if kind == 0x000D => self.out.is_partly_read = true,
            _ => {}
        }
    }
}

/// Skips the name of a named property: a GUID and a number or a UTF-16 name.
fn skip_property_name(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.take(16)?;
    if cursor.u32()? == 0 {
        cursor.take(4)?;
    } else {
        let len = cursor.u32()?;
        cursor.take_padded(len)?;
    }
    Some(())
}

/// The bytes of one value: fixed sizes by type, the others with a length and padded to four.
fn property_value<'a>(cursor: &mut Cursor<'a>, kind: u16) -> Option<&'a [u8]> {
    match kind {
        0x0001 | 0x0002 | 0x0003 | 0x0004 | 0x000A | 0x000B => cursor.take(4),
        0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => cursor.take(8),
        0x0048 => cursor.take(16),
        0x000D | 0x001E | 0x001F | 0x0102 => {
            let len = cursor.u32()?;
            cursor.take_padded(len)
        }
        _ => None,
    }
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).take_while(|unit| *unit != 0);
    let text = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    charset::cleaned(text)
}

/// Little-endian numbers and slices off the front of some bytes.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(head)
    }

    /// `len` bytes and the padding to a multiple of four, which may be missing at the very end.
    fn take_padded(&mut self, len: u32) -> Option<&'a [u8]> {
        let len = usize::try_from(len).ok()?;
        let head = self.take(len)?;
        self.rest = self.rest.get((4 - len % 4) % 4..).unwrap_or_default();
        Some(head)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
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
        assert!(rtf.has_rtf && rtf.is_empty() && !rtf.is_item);
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
}
