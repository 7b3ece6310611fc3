//! Doors into the reading of mail for what measures and attacks it from outside: tests/bench/reading and the targets of
//! fuzz/. Each gives what a caller can check, and none of them may panic.

use super::reply::{Forwards, reply_of_text};
use super::{Limits, ParsedMail, cms, html, tnef};

/// A mail as it is read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The whole text.
    pub full_text: String,
    /// What the person typed.
    pub reply_text: String,
    /// The sanitised HTML.
    pub html: Option<String>,
    /// Names and contents of the files.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Reads a mail; `None` for an empty one.
#[must_use]
pub fn mail(raw: &[u8]) -> Option<Reading> {
    let mail = ParsedMail::parse(raw, &Limits::default()).ok()?;
    Some(Reading {
        full_text: mail.full_text,
        reply_text: mail.reply_text,
        html: mail.html,
        files: mail.attachments.into_iter().map(|part| (part.name, part.content)).collect(),
    })
}

/// Typed text, quote and signature of a text.
#[must_use]
pub fn reply(text: &str) -> [String; 3] {
    let reply = reply_of_text(text, Forwards::Kept);
    [reply.typed, reply.quoted, reply.signature]
}

/// HTML as text, and sanitised.
#[must_use]
pub fn html(source: &str) -> (String, Option<String>) {
    (html::to_text(source), html::sanitise_mail(source))
}

/// How many files a winmail.dat holds.
#[must_use]
pub fn winmail(bytes: &[u8]) -> Option<usize> {
    tnef::unpack(bytes).map(|contents| contents.files.len())
}

/// The mail inside of an S/MIME signature.
#[must_use]
pub fn signed(bytes: &[u8]) -> Option<Vec<u8>> {
    match cms::open(bytes) {
        cms::Container::Signed(mail) => Some(mail),
        cms::Container::Encrypted | cms::Container::Other => None,
    }
}
