//! Attachments and text out of winmail.dat, Outlook's TNEF container (MS-OXTNEF, MS-OXCDATA).
//!
//! A bounded reader of what helps a ticket: file names, types, contents, the plain or HTML text.
//! TNEF packs nothing, so what comes out is never larger than what went in. If it does not understand
//! something it stops, and the file is kept whole.

mod message;
mod rtf;

use super::charset::{self, Charset};

const SIGNATURE: u32 = 0x223E_9F78;

/// Messages within messages that are opened. Chosen: a forward of a forward; deeper ones are kept as they are.
const LEVELS_MAX: usize = 3;

/// What an object property begins with if it is a message (IID_IMessage, MS-OXTNEF §2.1.3.3.15).
const MESSAGE_INTERFACE: [u8; 16] = [0x07, 0x03, 0x02, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46];

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
    pub(super) const SUBJECT: u16 = 0x0037;
    pub(super) const SENT_REPRESENTING_NAME: u16 = 0x0042;
    pub(super) const SENT_REPRESENTING_EMAIL: u16 = 0x0065;
    pub(super) const SENDER_NAME: u16 = 0x0C1A;
    pub(super) const SENDER_EMAIL: u16 = 0x0C1F;
    pub(super) const SENDER_SMTP: u16 = 0x5D01;
    pub(super) const DISPLAY_TO: u16 = 0x0E04;
    pub(super) const MESSAGE_CODE_PAGE: u16 = 0x3FFD;
    pub(super) const RTF_COMPRESSED: u16 = 0x1009;
    pub(super) const BODY: u16 = 0x1000;
    pub(super) const BODY_HTML: u16 = 0x1013;
    pub(super) const INTERNET_CODE_PAGE: u16 = 0x3FDE;
    pub(super) const ATTACH_DATA: u16 = 0x3701;
    pub(super) const DISPLAY_NAME: u16 = 0x3001;
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

/// What is known of a message besides its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) subject: String,
    pub(super) sender_name: String,
    pub(super) sender_email: String,
    pub(super) to: String,
}

/// What a container held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) files: Vec<File>,
    /// The plain text of the message, where there is one.
    pub(super) text: Option<String>,
    /// Its HTML, where there is one.
    pub(super) html: Option<String>,
    /// Who wrote it and about what.
    pub(super) envelope: Envelope,
    /// Whether something was in it that stays unread (broken ends, messages nested too deep).
    pub(super) is_partly_read: bool,
    /// Whether there is an RTF body that could not be read.
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
    unpack_at(bytes, LEVELS_MAX)
}

fn unpack_at(bytes: &[u8], levels_left: usize) -> Option<Contents> {
    let mut cursor = Cursor { rest: bytes };
    if cursor.u32()? != SIGNATURE {
        return None;
    }
    cursor.take(2)?;
    let mut reader = Reader { levels_left, ..Reader::default() };
    while !cursor.rest.is_empty() {
        if reader.attribute(&mut cursor).is_none() {
            reader.out.is_partly_read = true;
            break;
        }
    }
    Some(reader.finish())
}

#[derive(Default)]
struct Reader {
    /// The code page of the sender's system.
    code_page: Option<Charset>,
    /// The code page of the message's own texts, and that of its HTML.
    message_code_page: Option<Charset>,
    html_code_page: Option<Charset>,
    items: usize,
    levels_left: usize,
    /// Bodies as bytes: their code page may be named behind them.
    body: Option<Vec<u8>>,
    html: Option<Vec<u8>>,
    rtf: Option<Vec<u8>>,
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
            attribute::BODY => self.body = Some(up_to_nul(data).to_vec()),
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
            // Outlook writes a picture of an icon here where the data are in the property.
            attribute::ATTACH_DATA => {
                let file = self.file()?;
                if file.content.is_empty() {
                    file.content = data.to_vec();
                }
            }
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
        charset::cleaned(charset::decode(up_to_nul(data), self.message_code_page.or(self.code_page)))
    }

    /// Decodes the bodies, now that all code pages are known; RTF speaks where there is nothing else.
    fn finish(mut self) -> Contents {
        let decoded = |bytes: Vec<u8>, page: Option<Charset>| charset::cleaned(charset::decode(&bytes, page));
        if let Some(body) = self.body.take().filter(|_| self.out.text.is_none()) {
            let page = self.message_code_page.or(self.code_page).or(self.html_code_page);
            self.out.text = Some(decoded(body, page));
        }
        if let Some(html) = self.html.take().filter(|_| self.out.html.is_none()) {
            let page = self.html_code_page.or_else(|| charset::declared_in_html(&html)).or(self.code_page);
            self.out.html = Some(decoded(html, page));
        }
        if let Some(packed) = self.rtf.take() {
            match rtf::read(&packed) {
                Some(body) if !self.out.has_text() => match body {
                    rtf::Body::Text(text) => self.out.text = Some(text),
                    rtf::Body::Html(html) => self.out.html = Some(html),
                },
                Some(_) => {}
                None => self.out.has_rtf = true,
            }
        }
        self.out
    }

    /// An attached object: a message becomes a mail of its own, what another program made is kept as it is.
    fn object(&mut self, value: &[u8]) {
        let Some(data) = value.strip_prefix(&MESSAGE_INTERFACE) else {
            let content = value.get(MESSAGE_INTERFACE.len()..).unwrap_or_default().to_vec();
            if let Some(file) = self.file() {
                file.kind = file.kind.take().or_else(|| Some("application/x-ole-storage".to_owned()));
                file.content = content;
            }
            return;
        };
        let inner = self.levels_left.checked_sub(1).and_then(|left| unpack_at(data, left));
        let Some(inner) = inner else {
            self.out.is_partly_read = true;
            return;
        };
        self.out.is_partly_read |= inner.is_partly_read;
        let mail = message::as_mail(&inner);
        if let Some(file) = self.file() {
            let subject =
                if inner.envelope.subject.is_empty() { std::mem::take(&mut file.name) } else { inner.envelope.subject };
            *file = File {
                name: format!("{subject}.eml"),
                kind: Some("message/rfc822".to_owned()),
                content: mail,
                ..File::default()
            };
        }
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
            (false, property::RTF_COMPRESSED) => self.rtf = Some(value.to_vec()),
            (false, property::BODY) if kind == 0x001F => self.out.text = Some(text()),
            (false, property::BODY) => self.body = Some(up_to_nul(value).to_vec()),
            (false, property::BODY_HTML) if kind == 0x001F => self.out.html = Some(text()),
            (false, property::BODY_HTML) => self.html = Some(up_to_nul(value).to_vec()),
            (false, property::INTERNET_CODE_PAGE) => self.html_code_page = code_page(value),
            (false, property::MESSAGE_CODE_PAGE) => self.message_code_page = code_page(value),
            (false, id) if ENVELOPE.contains(&id) => self.note_envelope(id, text()),
            (true, property::DISPLAY_NAME) => {
                let name = text();
                if let Some(file) = self.file().filter(|file| file.name.is_empty()) {
                    file.name = name;
                }
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
            // An attached Outlook item or OLE object (MS-OXCMSG §2.2.2.9).
            (true, property::ATTACH_DATA) if kind == 0x000D => self.object(value),
            (true, property::ATTACH_DATA) => {
                if let Some(file) = self.file().filter(|_| !value.is_empty()) {
                    file.content = value.to_vec();
                }
            }
            _ => {}
        }
    }
}

/// Properties that say who wrote a message and about what.
const ENVELOPE: [u16; 7] = [
    property::SUBJECT,
    property::SENT_REPRESENTING_NAME,
    property::SENT_REPRESENTING_EMAIL,
    property::SENDER_NAME,
    property::SENDER_EMAIL,
    property::SENDER_SMTP,
    property::DISPLAY_TO,
];

impl Reader {
    fn note_envelope(&mut self, id: u16, text: String) {
        let envelope = &mut self.out.envelope;
        // Exchange names its own users by paths.
        let is_address = text.contains('@');
        match id {
            property::SUBJECT => envelope.subject = text,
            property::DISPLAY_TO => envelope.to = text,
            property::SENDER_SMTP if is_address => envelope.sender_email = text,
            property::SENDER_EMAIL | property::SENT_REPRESENTING_EMAIL
                if is_address && envelope.sender_email.is_empty() =>
            {
                envelope.sender_email = text;
            }
            property::SENDER_NAME => envelope.sender_name = text,
            property::SENT_REPRESENTING_NAME if envelope.sender_name.is_empty() => envelope.sender_name = text,
            _ => {}
        }
    }
}

fn up_to_nul(data: &[u8]) -> &[u8] {
    data.split(|b| *b == 0).next().unwrap_or_default()
}

/// The charset of a code page's number.
fn code_page(value: &[u8]) -> Option<Charset> {
    let number = Cursor { rest: value }.u32()?;
    let label = match number {
        65001 => "utf-8".to_owned(),
        65000 => "utf-7".to_owned(),
        1200 => "utf-16le".to_owned(),
        20866 => "koi8-r".to_owned(),
        21866 => "koi8-u".to_owned(),
        50220..=50222 => "iso-2022-jp".to_owned(),
        51932 => "euc-jp".to_owned(),
        51949 => "euc-kr".to_owned(),
        51936 => "gb2312".to_owned(),
        54936 => "gb18030".to_owned(),
        950 => "big5".to_owned(),
        28591..=28606 => format!("iso-8859-{}", number - 28590),
        _ => format!("cp{number}"),
    };
    charset::for_label(label.as_bytes())
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
mod tests;
