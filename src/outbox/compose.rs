//! From values to the finished bytes of one mail (RFC 5322, MIME): the headers that lead answers
//! back to the ticket and stop loops. Pure: the time, the texts and every id come in as arguments.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use lettre::message::header::{
    ContentDisposition, ContentTransferEncoding, ContentType, Date, From, HeaderName, HeaderValue, Headers, ReplyTo, To,
};
use lettre::message::{Body, Mailbox, Mailboxes, MultiPart, SinglePart};

use super::template::one_line;
use crate::domain::{DeskSecret, EmailAddress, TicketId, Timestamp};

/// Longest subject written, in characters. Chosen: twice a ticket's, so that a template can add words.
const SUBJECT_CHARS_MAX: usize = 510;

/// Longest name in From and To, in characters (the columns it comes from).
const NAME_CHARS_MAX: usize = 250;

/// Longest Message-ID repeated in References, in bytes. Chosen: with `<>` and the blank a line of
/// it stays below RFC 5322's 998.
const ID_BYTES_MAX: usize = 900;

/// Longest file name written, in characters. Chosen: the limit of common file systems is 255 bytes.
const FILE_NAME_CHARS_MAX: usize = 120;

/// The last second that a Date header can name: the end of the year 9999.
const DATE_UNIX_MAX: i64 = 253_402_300_799;

/// Seconds from 1601-01-01, where Windows counts from, to 1970-01-01.
const FILETIME_EPOCH_S: i64 = 11_644_473_600;

/// What a mail is to the programs that see it (RFC 3834).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailKind {
    /// A person wrote it: nothing marks it.
    Personal,
    /// Automatic, an answer to a mail.
    Replied,
    /// Automatic, not an answer to a mail.
    Generated,
}

/// A person in From or To.
#[derive(Clone, Debug)]
pub(crate) struct Person<'a> {
    /// The name; may be empty.
    pub name: &'a str,
    /// The address.
    pub email: &'a EmailAddress,
}

/// An attached file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// The name the recipient sees.
    pub name: String,
    /// `type/subtype`.
    pub content_type: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// All parts of a mail.
#[derive(Clone, Debug)]
pub(crate) struct Letter<'a> {
    /// The desk's address.
    pub from: Person<'a>,
    /// The one recipient: their token is in the ids.
    pub to: Person<'a>,
    /// Where answers are to go, if not to From.
    pub reply_to: Option<&'a EmailAddress>,
    /// Subject, finished.
    pub subject: &'a str,
    /// Message-ID without brackets.
    pub internet_id: &'a str,
    /// The thread before this mail, oldest first, without brackets.
    pub references: &'a [String],
    /// The mail of the thread that this one answers, without brackets; `None`: the newest.
    pub in_reply_to: Option<&'a str>,
    /// Outlook's Thread-Index; empty for none.
    pub thread_index: &'a str,
    /// Person or machine.
    pub kind: MailKind,
    /// HMAC for X-Maildesk-Loop.
    pub loop_signature: &'a str,
    /// The plain text.
    pub text: &'a str,
    /// The same as HTML.
    pub html: &'a str,
    /// Attached files.
    pub files: &'a [File],
    /// Date.
    pub date: Timestamp,
}

/// An address that no mail server would take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not an address that mail can be sent to")]
pub(crate) struct Unmailable(String);

/// An address in the form that lettre takes.
///
/// # Errors
/// [`Unmailable`] when it could only be written with quotes that its owner did not use.
pub(crate) fn mailable(email: &EmailAddress) -> Result<Address, Unmailable> {
    // RFC 5321's atoms, and letters of any script (RFC 6531). Dots may be anywhere: Japanese
    // providers gave out addresses with two in a row, which lettre's own check refuses.
    let is_atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let is_domain = |c: char| c.is_alphanumeric() || c == '-' || c == '.' || c == '_';
    let (local, domain) = (email.local_part(), email.domain());
    if local.chars().all(is_atom) && domain.chars().all(is_domain) && !domain.starts_with('.') && !domain.ends_with('.')
    {
        return Ok(Address::new_dangerous(local, domain));
    }
    Address::new(local, domain).map_err(|_| Unmailable(email.to_string()))
}

/// Writes the mail, with CRLF line ends, every line at most 998 bytes, ASCII except for addresses.
///
/// # Errors
/// [`Unmailable`] when one of the addresses cannot be used.
pub(crate) fn compose(letter: &Letter<'_>) -> Result<Vec<u8>, Unmailable> {
    let mut headers = Headers::new();
    headers.set(Date::new(system_time(letter.date)));
    headers.set(From::from(mailboxes(&letter.from)?));
    headers.set(To::from(mailboxes(&letter.to)?));
    if let Some(reply_to) = letter.reply_to {
        headers.set(ReplyTo::from(mailboxes(&Person { name: letter.from.name, email: reply_to })?));
    }
    let subject: String = one_line(letter.subject).chars().take(SUBJECT_CHARS_MAX).collect();
    headers.insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str("Subject"), subject));
    for (name, value) in ready_headers(letter) {
        headers.insert_raw(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value));
    }
    let mut raw = headers.to_string().into_bytes();
    raw.extend_from_slice(&body(letter));
    Ok(raw)
}

/// Headers made of nothing but printable ASCII of our own making, folded here.
fn ready_headers(letter: &Letter<'_>) -> Vec<(HeaderName, String)> {
    let mut found = vec![(HeaderName::new_from_ascii_str("Message-ID"), format!("<{}>", letter.internet_id))];
    let references: Vec<String> =
        letter.references.iter().filter(|id| is_clean_id(id)).map(|id| format!("<{id}>")).collect();
    if let Some(last) = references.last() {
        let answered = letter.in_reply_to.filter(|id| is_clean_id(id)).map(|id| format!("<{id}>"));
        found.push((HeaderName::new_from_ascii_str("In-Reply-To"), answered.unwrap_or_else(|| last.clone())));
        found.push((HeaderName::new_from_ascii_str("References"), references.join("\r\n ")));
    }
    if !letter.thread_index.is_empty() {
        found.push((HeaderName::new_from_ascii_str("Thread-Index"), letter.thread_index.to_owned()));
    }
    let submitted = match letter.kind {
        MailKind::Personal => None,
        MailKind::Replied => Some("auto-replied"),
        MailKind::Generated => Some("auto-generated"),
    };
    if let Some(submitted) = submitted {
        let mark = format!("{} {}", letter.internet_id, letter.loop_signature);
        found.push((HeaderName::new_from_ascii_str("Auto-Submitted"), submitted.to_owned()));
        found.push((HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"), "All".to_owned()));
        found.push((HeaderName::new_from_ascii_str("X-Maildesk-Loop"), mark));
    }
    found.push((HeaderName::new_from_ascii_str("MIME-Version"), "1.0".to_owned()));
    found
}

/// Whether a Message-ID from outside may be used in our header: printable ASCII, no brackets.
fn is_clean_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_BYTES_MAX && id.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>')
}

fn mailboxes(person: &Person<'_>) -> Result<Mailboxes, Unmailable> {
    let name: String = one_line(person.name).chars().take(NAME_CHARS_MAX).collect();
    let name = (!name.is_empty()).then_some(name);
    Ok(Mailboxes::new().with(Mailbox::new(name, mailable(person.email)?)))
}

fn system_time(at: Timestamp) -> SystemTime {
    let seconds = u64::try_from(at.unix().clamp(0, DATE_UNIX_MAX)).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn body(letter: &Letter<'_>) -> Vec<u8> {
    // The Message-ID ends in an HMAC, so our boundary cannot be guessed and written into a mail beforehand.
    let unique = letter.internet_id.split(['@', '.']).nth(1).unwrap_or("maildesk");
    let texts = MultiPart::alternative()
        .boundary(format!("=_a_{unique}"))
        .singlepart(SinglePart::plain(whole_lines(letter.text)))
        .singlepart(SinglePart::html(html_document(&whole_lines(letter.html))));
    if letter.files.is_empty() {
        return texts.formatted();
    }
    let mut all = MultiPart::mixed().boundary(format!("=_m_{unique}")).multipart(texts);
    for file in letter.files {
        all = all.singlepart(attachment(file));
    }
    all.formatted()
}

/// Line ends of one kind, which lettre writes as CRLF; it would pass on a lone CR, which no mail may
/// contain (RFC 5322 §2.3) and servers take for an attempt to smuggle a second mail.
fn whole_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "")
}

/// Mail programs guess the character set of a bare fragment; a document of an imported template
/// stays as it is.
fn html_document(html: &str) -> String {
    let start: String = html.trim_start().chars().take(15).collect::<String>().to_ascii_lowercase();
    if start.starts_with("<!doctype") || start.starts_with("<html") {
        return html.to_owned();
    }
    format!("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body>\n{html}\n</body></html>\n")
}

fn attachment(file: &File) -> SinglePart {
    let name: String = one_line(&file.name).chars().take(FILE_NAME_CHARS_MAX).collect();
    // Base64 for all: the line ends of text would be changed on the way. Bytes can always be
    // encoded like this.
    let body = Body::new_with_encoding(file.content.clone(), ContentTransferEncoding::Base64)
        .unwrap_or_else(|content| Body::dangerous_pre_encoded(content, ContentTransferEncoding::Binary));
    SinglePart::builder()
        .header(content_type(&file.content_type))
        .header(ContentDisposition::attachment(&name))
        .body(body)
}

/// The type of a file, without parameters. `message/*` and `multipart/*` may not be base64
/// (RFC 2045 §6.4), so they are sent as plain bytes (`application/octet-stream`).
fn content_type(text: &str) -> ContentType {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$&^_.+-/".contains(c);
    let kind = text.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let is_usable = kind.chars().all(is_token) && !kind.starts_with("message/") && !kind.starts_with("multipart/");
    let octets = || ContentType::parse("application/octet-stream").unwrap_or(ContentType::TEXT_PLAIN);
    if is_usable { ContentType::parse(&kind).unwrap_or_else(|_| octets()) } else { octets() }
}

/// Outlook's Thread-Index (MS-OXOMSG §2.2.1.3): 6 bytes of the ticket's opening time and 16 bytes
/// that name the thread, then one 5-byte block with the time since.
#[must_use]
pub(crate) fn thread_index(secret: &DeskSecret, ticket: TicketId, opened_at: Timestamp, now: Timestamp) -> String {
    let filetime = |at: Timestamp| (at.unix().clamp(0, DATE_UNIX_MAX) + FILETIME_EPOCH_S).unsigned_abs() * 10_000_000;
    let start = filetime(opened_at);
    let name = secret.thread_name(ticket);
    let mut bytes = Vec::with_capacity(27);
    bytes.extend_from_slice(&start.to_be_bytes()[..6]);
    bytes.extend(name.bytes().chain(std::iter::repeat(b'-')).take(16));
    // Units of 2^18 × 100 ns for the first 1.7 years, of 2^23 × 100 ns (and the top bit set) after.
    let delta = filetime(now).saturating_sub(start);
    let (flag, units) = if delta >> 49 == 0 { (0, delta >> 18) } else { (0x8000_0000, delta >> 23) };
    let block = u32::try_from(units & 0x7fff_ffff).unwrap_or(0) | flag;
    bytes.extend_from_slice(&block.to_be_bytes());
    bytes.push(0);
    STANDARD.encode(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
