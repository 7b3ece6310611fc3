//! Files uploaded over the API: how many, how large, of which types (settings `ticket_attachment…`).
//!
//! The type is decided by the content, and the name has to agree with it: a script named `.png` is
//! no picture, and neither is a picture named `.php` something to keep.

use crate::api::params::{Params, Upload};
use crate::mail::safe_file_name;
use crate::store::attachment::NewAttachment;
use crate::store::settings::Settings;

/// Bytes looked at to distinguish text from data.
const SAMPLE_BYTES: usize = 8 * 1024;

/// A file found good.
#[derive(Debug)]
pub(super) struct Accepted<'a> {
    name: String,
    original_name: &'a str,
    content_type: &'static str,
    content: &'a [u8],
}

impl Accepted<'_> {
    /// The file as it is stored.
    #[must_use]
    pub(super) fn attachment(&self) -> NewAttachment<'_> {
        NewAttachment {
            name: &self.name,
            original_name: self.original_name,
            content_type: self.content_type,
            content: self.content,
            cid: "",
            is_inline: false,
        }
    }
}

/// The files of a request. None at all is fine; with uploads switched off they are passed over, as
/// HelpDeskZ does.
///
/// # Errors
/// The text of the first rule that is broken: number, type, size.
pub(super) fn accept<'a>(settings: &Settings, params: &'a Params) -> Result<Vec<Accepted<'a>>, String> {
    if !settings.ticket_attachment {
        return Ok(Vec::new());
    }
    let number_max = settings.ticket_attachment_number;
    let uploads: Vec<&Upload> = params.uploads().collect();
    if i64::try_from(uploads.len()).unwrap_or(i64::MAX) > number_max {
        return Err(format!("Too many files. Maximum is {number_max} files."));
    }
    let allowed = &settings.ticket_file_type;
    let mut accepted = Vec::with_capacity(uploads.len());
    for (number, upload) in uploads.iter().enumerate() {
        let content_type = content_type(upload, allowed).ok_or_else(|| "File is not allowed.".to_owned())?;
        accepted.push(Accepted {
            name: safe_file_name(&upload.filename).unwrap_or_else(|| format!("attachment-{}", number + 1)),
            original_name: &upload.filename,
            content_type,
            content: &upload.content,
        });
    }
    let bytes_max = settings.ticket_file_size.bytes();
    if uploads.iter().any(|upload| upload.content.len() as u64 > bytes_max) {
        return Err(format!("File is too big. Maximum size is {} MB.", settings.ticket_file_size));
    }
    Ok(accepted)
}

/// The type of an allowed file; `None` for one that is not.
fn content_type(upload: &Upload, allowed: &[String]) -> Option<&'static str> {
    let named =
        upload.filename.rsplit_once('.').map(|(_, extension)| family(&extension.to_ascii_lowercase()).to_owned());
    let is_allowed = |extension: &str| allowed.iter().any(|allowed| family(allowed) == family(extension));
    // A name without an extension says nothing; with one that is not allowed it says too much.
    if named.as_deref().is_some_and(|extension| !is_allowed(extension)) {
        return None;
    }
    match infer::get(&upload.content).filter(|kind| !may_be_text(kind, &upload.content)) {
        Some(kind) => {
            let held = named.as_deref().filter(|named| holds(kind.extension(), named));
            let fits = is_allowed(kind.extension()) || held.is_some();
            fits.then(|| held.and_then(|named| held_type(named, &upload.content)).unwrap_or_else(|| kind.mime_type()))
        }
        // Nothing in the content says what it is, so the name has to, and it must not claim a type
        // whose content would have said so.
        None => named.filter(|named| !infer::is_supported(named) || is_text_type(named)).map(|named| {
            let plain = if is_text(&upload.content) { "text/plain" } else { "application/octet-stream" };
            held_type(&named, &upload.content).unwrap_or(plain)
        }),
    }
}

/// Kinds known by two or three letters that a text may begin with ("BMI,weight", "MZ Wallace"). Real
/// ones are never free of zero bytes and readable as UTF-8.
fn may_be_text(kind: &infer::Type, content: &[u8]) -> bool {
    matches!(kind.extension(), "bmp" | "exe" | "mp3" | "swf" | "bz2") && is_text(content)
}

/// The type, as libmagic has it, of content that only together with its name says what it is.
fn held_type(named: &str, content: &[u8]) -> Option<&'static str> {
    let sample = content.get(..SAMPLE_BYTES).unwrap_or(content);
    let has = |mark: &[u8]| sample.windows(mark.len()).any(|window| window == mark);
    match named {
        "docx" if has(b"word/") => Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        "xlsx" if has(b"xl/") => Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        "pptx" if has(b"ppt/") => Some("application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        "svg" if is_text(content) && has(b"<svg") => Some("image/svg+xml"),
        "json" if serde_json::from_slice::<serde::de::IgnoredAny>(content).is_ok() => Some("application/json"),
        _ => None,
    }
}

/// Extensions that mean the same.
fn family(extension: &str) -> &str {
    match extension {
        "jpeg" | "jpe" | "jfif" => "jpg",
        "tiff" => "tif",
        "htm" => "html",
        "mpeg" => "mpg",
        "midi" => "mid",
        other => other,
    }
}

/// Whether files named so are containers of that kind: Office and OpenDocument files are ZIP or OLE,
/// drawings and feeds are XML.
fn holds(content: &str, named: &str) -> bool {
    const ZIPPED: [&str; 12] =
        ["docx", "xlsx", "pptx", "odt", "ods", "odp", "odg", "epub", "jar", "docm", "xlsm", "pages"];
    const OLE: [&str; 6] = ["doc", "xls", "ppt", "msg", "vsd", "pub"];
    match content {
        "zip" | "docx" | "xlsx" | "pptx" => ZIPPED.contains(&named) && (content == "zip" || content == named),
        "doc" | "xls" | "ppt" | "msi" => OLE.contains(&named),
        "xml" => matches!(named, "svg" | "html" | "xhtml" | "rss" | "kml" | "gpx"),
        _ => false,
    }
}

/// Types that infer knows some files of, but that are text and may begin with anything.
fn is_text_type(extension: &str) -> bool {
    matches!(extension, "html" | "xml" | "sh" | "svg" | "rtf" | "ps" | "pem" | "vcf" | "ics")
}

fn is_text(content: &[u8]) -> bool {
    let sample = content.get(..SAMPLE_BYTES).unwrap_or(content);
    let is_utf8 = match std::str::from_utf8(sample) {
        Ok(_) => true,
        // The sample may end inside a character.
        Err(error) => error.error_len().is_none(),
    };
    is_utf8 && !sample.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const GIF: &[u8] = b"GIF89a\x01\0\x01\0";
    const JPG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF";

    fn told(name: &str, content: &[u8], allowed: &str) -> Option<&'static str> {
        let allowed: Vec<String> = allowed.split(',').map(str::to_owned).collect();
        content_type(&Upload { filename: name.to_owned(), content: content.to_vec() }, &allowed)
    }

    #[test]
    fn content_decides_and_the_name_has_to_agree() {
        let pictures = "jpg,png,gif";
        for (name, content, expected) in [
            ("a.png", PNG, Some("image/png")),
            ("A.PNG", PNG, Some("image/png")),
            ("a.gif", GIF, Some("image/gif")),
            ("a.jpeg", JPG, Some("image/jpeg")),
            ("a", PNG, Some("image/png")),
            ("a.gif", PNG, Some("image/png")),
            ("a.php", PNG, None),
            ("a.png", b"not a png", None),
            ("a.png", b"", None),
            ("a.png", b"<?php system($_GET[0]);", None),
            ("a.txt", b"text", None),
            ("a.exe", b"MZ\x90", None),
            ("a", b"text", None),
        ] {
            assert_eq!(told(name, content, pictures), expected, "{name} {content:?}");
        }
    }

    #[test]
    fn text_and_office_files_are_taken_where_they_are_allowed() {
        assert_eq!(told("a.txt", b"hello", "txt,pdf"), Some("text/plain"));
        assert_eq!(told("a.csv", "é;1\n".as_bytes(), "csv"), Some("text/plain"));
        assert_eq!(told("a.txt", b"%PDF-1.7", "txt"), None);
        assert_eq!(told("a.dat", b"\0\x01\x02", "dat"), Some("application/octet-stream"));
        assert_eq!(told("a.pdf", b"hello", "pdf"), None);
        assert_eq!(told("a.docx", b"PK\x03\x04rest", "docx"), Some("application/zip"));
        assert_eq!(told("a.zip", b"PK\x03\x04rest", "docx"), None);
    }

    #[test]
    fn text_may_begin_as_it_likes() {
        let texts: [(&str, &[u8]); 5] = [
            ("a.csv", b"BMI,weight\n22,70\n"),
            ("a.txt", b"MZ Wallace wrote"),
            ("a.log", b"FWS started"),
            ("a.md", b"ID3 tags are odd"),
            ("b.txt", b"BZh is how bzip2 begins"),
        ];
        for (name, content) in texts {
            assert_eq!(told(name, content, "csv,txt,log,md"), Some("text/plain"), "{name}");
        }
        assert_eq!(told("a.txt", b"MZ\x90\0\x03", "txt"), None, "a program");
        assert_eq!(told("a.csv", b"BM\x36\0\0\0", "csv"), None, "a picture");
    }

    #[test]
    fn content_and_name_together_tell_documents_apart() {
        let zip = |entry: &str| {
            format!("PK\x03\x04\x14\0[Content_Types].xmlPK\x03\x04_rels/.relsPK\x03\x04{entry}").into_bytes()
        };
        let types = "docx,xlsx,svg,json";
        assert!(
            told("a.docx", &zip("word/document.xml"), types)
                .is_some_and(|told| told.ends_with("wordprocessingml.document"))
        );
        assert!(
            told("a.xlsx", &zip("xl/workbook.xml"), types).is_some_and(|told| told.ends_with("spreadsheetml.sheet"))
        );
        assert_eq!(told("a.docx", &zip("other"), types), Some("application/zip"));
        assert_eq!(told("a.svg", b"<?xml version=\"1.0\"?>\n<svg xmlns=\"x\"/>", types), Some("image/svg+xml"));
        assert_eq!(told("a.svg", b"<svg/>", types), Some("image/svg+xml"));
        assert_eq!(told("a.json", b"{\"a\": [1]}", types), Some("application/json"));
        assert_eq!(told("a.json", b"{ broken", types), Some("text/plain"));
    }
}
