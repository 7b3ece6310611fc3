//! File names of attachments: safe for storage and download, made up where there is none.
//!
//! A sender's name is never used as a path; it is shown and offered for download.

use crate::terminal::is_direction_control;

/// Longest safe name, in bytes (chosen: file systems stop at 255 and some put things in front).
pub(super) const NAME_BYTES_MAX: usize = 200;

/// Longest extension kept when a name is shortened, in bytes.
const EXTENSION_BYTES_MAX: usize = 20;

/// Names Windows keeps for devices, with any extension (Microsoft, "Naming Files, Paths, and Namespaces").
const DEVICES: [&str; 24] = [
    "con", "prn", "aux", "nul", "conin$", "conout$", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// A safe form of `original`, or `None` when nothing is left of it.
///
/// The last path component without control and direction characters, without leading dots and
/// trailing dots and blanks, with `_` before a device name, at most [`NAME_BYTES_MAX`] bytes with
/// the extension kept.
pub(super) fn safe(original: &str) -> Option<String> {
    let visible: String =
        original.chars().filter(|c| !c.is_control() && !is_direction_control(*c) && *c != '\u{feff}').collect();
    let trimmed = |part: &str| {
        let start = part.trim_start_matches(|c: char| c == '.' || c.is_whitespace());
        start.trim_end_matches(|c: char| c == '.' || c.is_whitespace()).to_owned()
    };
    let last = visible.rsplit(['/', '\\']).map(trimmed).find(|part| !part.is_empty())?;
    let stem = last.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let safe = if DEVICES.contains(&stem.as_str()) { format!("_{last}") } else { last };
    Some(shortened(safe))
}

fn shortened(name: String) -> String {
    if name.len() <= NAME_BYTES_MAX {
        return name;
    }
    let extension = name
        .rfind('.')
        .and_then(|dot| name.get(dot..))
        .filter(|ext| ext.len() <= EXTENSION_BYTES_MAX)
        .unwrap_or_default();
    let stem = name.get(..name.floor_char_boundary(NAME_BYTES_MAX - extension.len())).unwrap_or_default();
    format!("{}{extension}", stem.trim_end_matches(|c: char| c == '.' || c.is_whitespace()))
}

/// The name of a part that has none: `attachment-3.png` for the third one.
pub(super) fn made_up(kind: &str, number: usize) -> String {
    format!("attachment-{number}.{}", extension_of(kind))
}

/// Longest description that is a name, in characters: a longer one is a sentence.
const DESCRIPTION_CHARS_MAX: usize = 80;

/// A name made of what describes a part, with the extension of its type; `None` when nothing of it is a name.
pub(super) fn described(text: &str, kind: &str) -> Option<String> {
    let text = text.trim();
    if text.chars().count() > DESCRIPTION_CHARS_MAX || !text.contains(char::is_alphanumeric) {
        return None;
    }
    let stem = safe(&text.replace(['/', '\\'], "-"))?;
    let extension = extension_of(kind);
    let has_extension = stem.rsplit_once('.').is_some_and(|(front, end)| {
        !front.is_empty()
            && (end.eq_ignore_ascii_case(extension)
                || KNOWN_EXTENSIONS.iter().any(|(_, known)| end.eq_ignore_ascii_case(known)))
    });
    Some(if has_extension { stem } else { shortened(format!("{stem}.{extension}")) })
}

/// The name of an attached message: its subject, path separators replaced, else a number.
pub(super) fn of_message(subject: &str, number: usize) -> String {
    let flat: String = subject.chars().map(|c| if matches!(c, '/' | '\\') { '-' } else { c }).collect();
    let stem = safe(&flat).unwrap_or_else(|| format!("attachment-{number}"));
    // The subject may end like a file name extension, but that is not one.
    shortened(format!("{stem}.eml"))
}

fn extension_of(kind: &str) -> &'static str {
    let known = KNOWN_EXTENSIONS.iter().find(|(known, _)| *known == kind).map(|(_, extension)| *extension);
    // RFC 6839: what a type of its own is written in.
    let written_in =
        || ["json", "xml", "zip"].into_iter().find(|name| kind.rsplit_once('+').is_some_and(|(_, end)| end == *name));
    known.or_else(written_in).unwrap_or(match kind.split('/').next() {
        Some("text" | "message") => "txt",
        Some("multipart") => "eml",
        _ => "bin",
    })
}

/// Usual extensions by media type; RFC 3464's and RFC 8098's parts are text.
const KNOWN_EXTENSIONS: [(&str, &str); 41] = [
    ("application/gzip", "gz"),
    ("application/json", "json"),
    ("application/ms-tnef", "dat"),
    ("application/msword", "doc"),
    ("application/pdf", "pdf"),
    ("application/pgp-encrypted", "asc"),
    ("application/pgp-keys", "asc"),
    ("application/pgp-signature", "asc"),
    ("application/pkcs7-mime", "p7m"),
    ("application/pkcs7-signature", "p7s"),
    ("application/rtf", "rtf"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.ms-outlook", "msg"),
    ("application/vnd.ms-powerpoint", "ppt"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("application/vnd.oasis.opendocument.text", "odt"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/x-pkcs7-mime", "p7m"),
    ("application/x-pkcs7-signature", "p7s"),
    ("application/xml", "xml"),
    ("application/zip", "zip"),
    ("audio/mpeg", "mp3"),
    ("audio/wav", "wav"),
    ("image/bmp", "bmp"),
    ("image/gif", "gif"),
    ("image/heic", "heic"),
    ("image/jpeg", "jpg"),
    ("image/jpg", "jpg"),
    ("image/png", "png"),
    ("image/svg+xml", "svg"),
    ("image/tiff", "tif"),
    ("image/webp", "webp"),
    ("message/rfc822", "eml"),
    ("text/calendar", "ics"),
    ("text/csv", "csv"),
    ("text/html", "html"),
    ("text/vcard", "vcf"),
    ("text/x-vcard", "vcf"),
    ("video/mp4", "mp4"),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_become_harmless() {
        for (original, name) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\a.txt", "a.txt"),
            ("a\0b.txt", "ab.txt"),
            ("a\r\nb.txt", "ab.txt"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            (".htaccess", "htaccess"),
            ("name. . ", "name"),
            ("con", "_con"),
            ("NUL.txt", "_NUL.txt"),
            ("com10.txt", "com10.txt"),
            ("folder/", "folder"),
            ("grün 日本 😀.png", "grün 日本 😀.png"),
        ] {
            assert_eq!(safe(original).as_deref(), Some(name), "{original:?}");
        }
        for nothing in ["", "..", "/", "\\..\\", " . ", "\0", "\u{202e}"] {
            assert_eq!(safe(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_name_at_the_limit_stays_and_a_longer_one_keeps_its_extension() {
        let fits = format!("{}.txt", "a".repeat(NAME_BYTES_MAX - 4));
        assert_eq!(safe(&fits).unwrap(), fits);
        let longer = safe(&format!("a{fits}")).unwrap();
        assert!(longer.len() == NAME_BYTES_MAX && longer.ends_with("a.txt"));
        let wide = safe(&format!("{}.txt", "日".repeat(5000))).unwrap();
        assert!(wide.len() <= NAME_BYTES_MAX && wide.ends_with("日.txt"));
        assert!(safe(&".x".repeat(500)).unwrap().len() <= NAME_BYTES_MAX);
    }

    #[test]
    fn nameless_parts_are_named_by_kind_and_messages_by_subject() {
        assert_eq!(made_up("image/png", 1), "attachment-1.png");
        assert_eq!(made_up("message/delivery-status", 2), "attachment-2.txt");
        assert_eq!(made_up("x/y", 3), "attachment-3.bin");
        assert_eq!(made_up("text/vnd.example.reaction+json", 4), "attachment-4.json");
        assert_eq!(of_message("Re: a/b v1.2", 1), "Re: a-b v1.2.eml");
        assert_eq!(of_message("...", 4), "attachment-4.eml");
        assert!(of_message(&"long ".repeat(100), 4).ends_with(".eml"));
    }
}
