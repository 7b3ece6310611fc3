//! A message attached inside winmail.dat, written as a mail of its own (RFC 5322, RFC 2045).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Contents, Envelope};

/// Bytes of a line of base64 (RFC 2045 §6.8).
const BASE64_LINE_BYTES: usize = 76;
/// Bytes of a name or subject in one encoded-word (RFC 2047 §2: 75 characters with its frame).
const WORD_BYTES_MAX: usize = 45;

/// The message as the bytes of an `.eml` file.
pub(super) fn as_mail(contents: &Contents) -> Vec<u8> {
    let mut out = String::new();
    let Envelope { subject, sender_name, sender_email, to, .. } = &contents.envelope;
    if !sender_name.is_empty() || !sender_email.is_empty() {
        out.push_str(&format!("From: {} <{}>\r\n", encoded(sender_name), ascii(sender_email)));
    }
    if !to.is_empty() {
        out.push_str(&format!("To: {}: ;\r\n", encoded(to)));
    }
    out.push_str(&format!("Subject: {}\r\nMIME-Version: 1.0\r\n", encoded(subject)));
    let body = match (&contents.html, &contents.text) {
        (Some(html), None) => part("text/html; charset=utf-8", "", html.as_bytes()),
        (_, text) => part("text/plain; charset=utf-8", "", text.as_deref().unwrap_or_default().as_bytes()),
    };
    if contents.files.is_empty() {
        out.push_str(&body);
        return out.into_bytes();
    }
    // What is base64 holds no such line.
    let boundary = "=_winmail";
    out.push_str(&format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n{body}"));
    for file in &contents.files {
        let kind = file.kind.as_deref().filter(|kind| kind.is_ascii()).unwrap_or("application/octet-stream");
        let name = format!("Content-Disposition: attachment; filename=\"{}\"\r\n", encoded(&file.name));
        out.push_str(&format!("--{boundary}\r\n{}", part(&ascii(kind), &name, &file.content)));
    }
    out.push_str(&format!("--{boundary}--\r\n"));
    out.into_bytes()
}

fn part(kind: &str, fields: &str, content: &[u8]) -> String {
    let packed = STANDARD.encode(content);
    let lines = packed.as_bytes().chunks(BASE64_LINE_BYTES).filter_map(|line| std::str::from_utf8(line).ok());
    let body: String = lines.flat_map(|line| [line, "\r\n"]).collect();
    format!("Content-Type: {kind}\r\n{fields}Content-Transfer-Encoding: base64\r\n\r\n{body}")
}

/// Text of a header field: encoded-words unless it is plain.
fn encoded(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_');
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    let mut words: Vec<String> = vec![String::new()];
    for c in text.chars().filter(|c| !c.is_control()) {
        if words.last().is_some_and(|word| word.len() + c.len_utf8() > WORD_BYTES_MAX) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect::<Vec<_>>().join("\r\n ")
}

fn ascii(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).collect()
}
