//! RTF bodies, as Outlook packs them (MS-OXRTFCP) and hides HTML in them (MS-OXRTFEX), made into text or HTML.

use crate::mail::charset::{self, Charset};

/// Bytes that an RTF body unpacks to at most (chosen: the longest text a mail's part gives).
const RTF_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Groups within groups that are kept apart; deeper ones share a state.
const GROUPS_MAX: usize = 1000;

/// The window that packed RTF refers back to, filled as MS-OXRTFCP §2.1.2.1 says.
const WINDOW: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// Size of that window, in bytes.
const WINDOW_BYTES: usize = 4096;

/// What an RTF body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Plain text.
    Text(String),
    /// The HTML it was made from.
    Html(String),
}

/// Reads a packed RTF body; `None` when it is none, or says nothing.
pub(super) fn read(packed: &[u8]) -> Option<Body> {
    let rtf = unpacked(packed)?;
    let mut reader = Reader::default();
    reader.run(&rtf);
    let text = charset::cleaned(reader.finish());
    if text.trim().is_empty() {
        return None;
    }
    Some(if reader.is_html { Body::Html(text) } else { Body::Text(text.trim().to_owned()) })
}

fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let word = |at: usize| packed.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let size = usize::try_from(word(4)?).ok()?.min(RTF_BYTES_MAX);
    let data = packed.get(16..)?;
    match packed.get(8..12)? {
        b"MELA" => Some(data.get(..size).unwrap_or(data).to_vec()),
        b"LZFu" => Some(unpacked_lz(data, size)),
        _ => None,
    }
}

fn unpacked_lz(data: &[u8], size: usize) -> Vec<u8> {
    let mut window = [0u8; WINDOW_BYTES];
    for (place, byte) in window.iter_mut().zip(WINDOW) {
        *place = *byte;
    }
    let (mut at, mut out, mut bytes) = (WINDOW.len(), Vec::new(), data.iter().copied());
    let write = |window: &mut [u8; WINDOW_BYTES], at: &mut usize, out: &mut Vec<u8>, byte: u8| {
        if let Some(place) = window.get_mut(*at) {
            *place = byte;
        }
        *at = (*at + 1) % WINDOW_BYTES;
        out.push(byte);
    };
    while let Some(flags) = bytes.next() {
        for bit in 0..8 {
            if out.len() >= size {
                return out;
            }
            if flags & 1 << bit == 0 {
                let Some(byte) = bytes.next() else { return out };
                write(&mut window, &mut at, &mut out, byte);
                continue;
            }
            let (Some(high), Some(low)) = (bytes.next(), bytes.next()) else { return out };
            let reference = usize::from(high) << 8 | usize::from(low);
            let (offset, length) = (reference >> 4, (reference & 0xF) + 2);
            // A reference to the place that is written next ends the text.
            if offset == at {
                return out;
            }
            for step in 0..length {
                let byte = window.get((offset + step) % WINDOW_BYTES).copied().unwrap_or_default();
                write(&mut window, &mut at, &mut out, byte);
            }
        }
    }
    out
}

/// Groups whose content is no text.
const SILENT: [&str; 17] = [
    "fonttbl",
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "object",
    "themedata",
    "datastore",
    "listtable",
    "listoverridetable",
    "rsidtbl",
    "generator",
    "xmlnstbl",
    "header",
    "footer",
    "colorschememapping",
    "latentstyles",
];

#[derive(Clone, Copy)]
struct Group {
    is_silent: bool,
    /// Inside a piece of the HTML that the RTF was made from.
    is_tag: bool,
    /// Between `\htmlrtf` and `\htmlrtf0`: only for readers of RTF.
    is_for_rtf: bool,
    /// Characters that stand in for one `\u`.
    stand_ins: usize,
}

#[derive(Default)]
struct Reader {
    out: String,
    /// Bytes of the code page not written yet.
    bytes: Vec<u8>,
    code_page: Option<Charset>,
    is_html: bool,
    groups: Vec<Group>,
    /// Stand-in characters still to skip.
    skip: usize,
    /// `\*` was read: an unknown word makes the group silent.
    is_optional: bool,
}

impl Default for Group {
    fn default() -> Self {
        Self { is_silent: false, is_tag: false, is_for_rtf: false, stand_ins: 1 }
    }
}

impl Reader {
    fn run(&mut self, rtf: &[u8]) {
        let mut rest = rtf;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'{' => {
                    let group = self.group();
                    if self.groups.len() < GROUPS_MAX {
                        self.groups.push(group);
                    }
                }
                b'}' => {
                    self.groups.pop();
                    self.skip = 0;
                }
                b'\\' => rest = self.control(rest),
                b'\r' | b'\n' => {}
                _ => self.byte(byte),
            }
        }
    }

    fn group(&self) -> Group {
        self.groups.last().copied().unwrap_or_default()
    }

    fn change(&mut self, change: impl FnOnce(&mut Group)) {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        if let Some(group) = self.groups.last_mut() {
            change(group);
        }
    }

    /// Whether text is written here.
    fn speaks(&self) -> bool {
        let group = self.group();
        !group.is_silent && (!self.is_html || group.is_tag || !group.is_for_rtf)
    }

    fn byte(&mut self, byte: u8) {
        self.is_optional = false;
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.speaks() {
            self.bytes.push(byte);
        }
    }

    fn flush(&mut self) {
        if !self.bytes.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            self.out.push_str(&charset::decode(&bytes, self.code_page));
        }
    }

    fn text(&mut self, text: &str) {
        self.flush();
        if self.speaks() {
            self.out.push_str(text);
        }
    }

    fn finish(&mut self) -> String {
        self.flush();
        std::mem::take(&mut self.out)
    }

    /// What follows a backslash; gives what is behind it.
    fn control<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let Some((&first, after)) = rest.split_first() else { return rest };
        if first == b'\'' {
            let digits = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
            if let Some(byte) = digits.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                self.byte(byte);
            }
            return after.get(2..).unwrap_or_default();
        }
        if !first.is_ascii_alphabetic() {
            match first {
                b'*' => self.is_optional = true,
                b'~' => self.text("\u{A0}"),
                b'_' => self.text("-"),
                b'\\' | b'{' | b'}' => self.byte(first),
                b'\r' | b'\n' => self.text("\n"),
                _ => {}
            }
            return after;
        }
        let word_end = rest.iter().position(|b| !b.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(word_end);
        let number_end = rest
            .iter()
            .enumerate()
            .position(|(n, b)| !(b.is_ascii_digit() || n == 0 && *b == b'-'))
            .unwrap_or(rest.len());
        let (number, rest) = rest.split_at(number_end);
        let number = std::str::from_utf8(number).ok().and_then(|digits| digits.parse::<i32>().ok());
        self.word(std::str::from_utf8(word).unwrap_or_default(), number);
        rest.strip_prefix(b" ").unwrap_or(rest)
    }

    fn word(&mut self, word: &str, number: Option<i32>) {
        let is_optional = std::mem::take(&mut self.is_optional);
        match word {
            "par" | "line" | "row" | "sect" | "page" => self.text("\n"),
            "tab" | "cell" => self.text("\t"),
            "emdash" => self.text("\u{2014}"),
            "endash" => self.text("\u{2013}"),
            "bullet" => self.text("\u{2022}"),
            "lquote" => self.text("\u{2018}"),
            "rquote" => self.text("\u{2019}"),
            "ldblquote" => self.text("\u{201C}"),
            "rdblquote" => self.text("\u{201D}"),
            "u" => self.unicode(number.unwrap_or_default()),
            "uc" => {
                self.change(|group| group.stand_ins = number.and_then(|n| usize::try_from(n).ok()).unwrap_or(1).min(16))
            }
            "ansicpg" => {
                let page = number.unwrap_or(1252);
                let label = if page == 65001 { "utf-8".to_owned() } else { format!("cp{page}") };
                self.code_page = charset::for_label(label.as_bytes());
            }
            "fromhtml" => self.is_html = true,
            "htmlrtf" => {
                self.flush();
                self.change(|group| group.is_for_rtf = number != Some(0));
            }
            "htmltag" => {
                self.flush();
                self.change(|group| {
                    group.is_tag = true;
                    group.is_silent = false;
                });
            }
            word if SILENT.contains(&word) || is_optional => {
                self.flush();
                self.change(|group| group.is_silent = true);
            }
            _ => {}
        }
    }

    fn unicode(&mut self, number: i32) {
        self.flush();
        // Numbers above 32767 are written as negative ones; surrogates come as two.
        let unit = u16::try_from(number & 0xFFFF).unwrap_or_default();
        if self.speaks() {
            match char::from_u32(u32::from(unit)) {
                Some(c) => self.out.push(c),
                None => self.surrogate(unit),
            }
        }
        self.skip = self.group().stand_ins;
    }

    /// The first half waits as a private character for the second.
    fn surrogate(&mut self, unit: u16) {
        const FIRST_HALVES: u32 = 0xF_0000;
        let before =
            self.out.chars().next_back().map(u32::from).filter(|c| (FIRST_HALVES..FIRST_HALVES + 0x400).contains(c));
        match (before, unit) {
            (Some(first), 0xDC00..=0xDFFF) => {
                self.out.pop();
                let point = 0x1_0000 + ((first - FIRST_HALVES) << 10) + u32::from(unit - 0xDC00);
                self.out.extend(char::from_u32(point));
            }
            (_, 0xD800..=0xDBFF) => self.out.extend(char::from_u32(FIRST_HALVES + u32::from(unit - 0xD800))),
            _ => self.out.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RTF as Outlook stores it unpacked.
    fn stored(rtf: &str) -> Vec<u8> {
        let size = u32::try_from(rtf.len()).expect("short");
        [&(size + 12).to_le_bytes()[..], &size.to_le_bytes(), b"MELA", &[0; 4], rtf.as_bytes()].concat()
    }

    fn text(rtf: &str) -> Option<String> {
        match read(&stored(rtf)) {
            Some(Body::Text(text)) => Some(text),
            Some(Body::Html(html)) => Some(format!("html: {html}")),
            None => None,
        }
    }

    #[test]
    fn text_comes_out_of_rtf() {
        let rtf = "{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}{\\*\\generator x;}\\pard Gr\\'fc\\'dfe \\b aus\\b0  K\\u246?ln\\par \
                   \\u-10179?\\u-8704? 10\\~\\u8364?\\line\\{x\\}\\tab y}";
        assert_eq!(text(rtf).as_deref(), Some("Grüße aus Köln\n\u{1F600} 10\u{A0}€\n{x}\ty"));
        let cyrillic = "{\\rtf1\\ansi\\ansicpg1251 \\'cf\\'f0\\'e8\\'e2\\'e5\\'f2}";
        assert_eq!(text(cyrillic).as_deref(), Some("Привет"));
    }

    #[test]
    fn html_hidden_in_rtf_comes_out_as_html() {
        let rtf = "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 {\\fonttbl}{\\*\\htmltag19 <html>}{\\*\\htmltag64 <p>}\\htmlrtf \\par\\htmlrtf0 Hello \
                   {\\*\\htmltag84 <b>}\\htmlrtf {\\b \\htmlrtf0 w\\'f6rld{\\*\\htmltag92 </b>}\\htmlrtf }\\htmlrtf0 {\\*\\htmltag72 </p>}}";
        assert_eq!(text(rtf).as_deref(), Some("html: <html><p>Hello <b>wörld</b></p>"));
    }

    #[test]
    fn packed_rtf_is_unpacked() {
        // The example of MS-OXRTFCP §3.1.1.
        let packed = [
            0x2d, 0x00, 0x00, 0x00, 0x2b, 0x00, 0x00, 0x00, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0x00,
            0x0a, 0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09,
            0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
        ];
        assert_eq!(unpacked(&packed).as_deref(), Some(&b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"[..]));
        assert_eq!(read(&packed), Some(Body::Text("hello world".to_owned())));
    }

    #[test]
    fn what_is_no_rtf_gives_nothing() {
        for bytes in [&b""[..], b"short", b"0000000000000000", &stored("")] {
            assert_eq!(read(bytes), None);
        }
        assert_eq!(text(&"{".repeat(100_000)), None);
        assert!(text(&format!("{}x", "{".repeat(100_000))).is_some());
    }

    #[test]
    fn no_more_is_unpacked_than_the_limit() {
        let size = u32::MAX.to_le_bytes();
        let header = [&size[..], &size, b"LZFu", &[0; 4]].concat();
        // Each pair of bytes repeats what was written before.
        let data: Vec<u8> = (0..2_000_000u32).flat_map(|_| [0xFF, 0x00, 0x0F]).collect();
        assert!(unpacked(&[header, data].concat()).is_some_and(|rtf| rtf.len() <= RTF_BYTES_MAX + 18));
    }
}
