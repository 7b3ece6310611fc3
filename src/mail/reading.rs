//! Doors into the reading of mail for what measures and attacks it from outside: tests/bench/reading and the targets of
//! fuzz/. Each gives what a caller can check, and none of them may panic.

use super::reply::{Forwards, reply_of_text};
use super::{Limits, ParsedMail, cms, html, tnef};

/// A mail as it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What tells it from every other mail.
    pub key: [u8; 32],
    /// The subject.
    pub subject: String,
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
        key: mail.key,
        reply_text: mail.reply_text().to_owned(),
        subject: mail.subject,
        full_text: mail.full_text,
        html: mail.html,
        files: mail.attachments.into_iter().map(|part| (part.name, part.content)).collect(),
    })
}

/// Typed text, quote and signature of a text; in an answer's, what stands below a forward's line may be the quote.
#[must_use]
pub fn reply(text: &str, is_answer: bool) -> [String; 3] {
    let reply = reply_of_text(text, if is_answer { Forwards::PutAside } else { Forwards::Kept });
    [reply.typed, reply.quoted, reply.signature]
}

/// HTML as text, and sanitised as a mail's and as a message's.
#[must_use]
pub fn html(source: &str) -> (String, Option<String>, String) {
    (html::to_text(source), html::sanitise_mail(source), html::sanitise_message(source))
}

/// Why HTML that the sanitiser gave is not safe to show, if it is not; a mail's loads no picture of elsewhere.
#[cfg(feature = "fuzz")]
#[must_use]
pub fn danger(html: &str, is_mail: bool) -> Option<String> {
    html::danger::danger(html, if is_mail { &["cid", "data"] } else { &["http", "https"] })
}

/// Bytes of the files and texts of a winmail.dat, and how many files it has.
#[must_use]
pub fn winmail(bytes: &[u8]) -> Option<(usize, usize)> {
    let contents = tnef::unpack(bytes)?;
    let text = contents.text.map_or(0, |text| text.len()) + contents.html.map_or(0, |html| html.len());
    let files = contents.files.iter().map(|file| file.content.len() + file.name.len());
    Some((text + files.sum::<usize>(), contents.files.len()))
}

/// The mail inside of an S/MIME signature.
#[must_use]
pub fn signed(bytes: &[u8]) -> Option<Vec<u8>> {
    match cms::open(bytes) {
        cms::Container::Signed(mail) => Some(mail),
        cms::Container::Encrypted | cms::Container::Other => None,
    }
}
