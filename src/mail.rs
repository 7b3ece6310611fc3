//! One raw mail read into a value: [`ParsedMail`].
//!
//! Pure: bytes in, value out; no clock, no file, no database. What a mail *means* for tickets is
//! decided in `decision`. mail-parser, named only here and below, reads dates, address lists and
//! DOS code pages; the MIME tree is walked in `structure`, which says why.

mod address;
mod attachments;
pub(crate) mod auto_subject;
mod body;
mod calendar;
mod charset;
mod cms;
mod content;
mod data_url;
mod delivery_report;
mod encoded_word;
mod file_name;
pub(crate) mod forward;
mod header;
pub(crate) mod html;
mod idempotency_key;
pub(crate) mod known_text;
mod mailing_list;
mod message_id;
mod mime_parameter;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod mutation_tests;
pub(crate) mod origin;
mod people;
mod plain_address;
pub mod reading;
pub(crate) mod reply;
mod structure;
pub(crate) mod subject_prefix;
#[cfg(test)]
mod tests;
mod tnef;
mod transfer_encoding;
mod uuencoded;

use content::{Content, Context};
use encoded_word::Decoder;
use header::Header;
pub(crate) use idempotency_key::{LongMail, Whole};
use people::People;
use structure::PartHeader;

use address::NAME_CHARS_MAX;

use sha2::{Digest, Sha256};

use crate::domain::reason::BounceClass;
use crate::domain::{EmailAddress, Timestamp};

/// Budgets for reading one mail. `Default` gives the shipped values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the raw message; a larger one is reduced to its headers and a warning. 50 MiB.
    pub raw_bytes_max: usize,
    /// Leaf and container MIME parts looked at; the rest is named in a warning. 1,000.
    pub mime_parts_max: usize,
    /// Levels of multipart nesting; deeper parts are kept as one attachment. 20.
    pub mime_levels_max: usize,
    /// Header fields kept of the top-level header. 1,000.
    pub headers_max: usize,
    /// Addresses kept of To, Cc and the delivery headers together. 200.
    pub addresses_max: usize,
}

/// A name safe for storage and download, made of a client's: no path parts, control or direction
/// characters. `None` when nothing is left of it.
#[must_use]
pub(crate) fn safe_file_name(original: &str) -> Option<String> {
    file_name::safe(original)
}

/// Bytes as text, by the charset named if it says anything, else UTF-8, else a guess. Never fails; linear.
#[must_use]
pub(crate) fn text_in_charset(bytes: &[u8], label: &str) -> String {
    charset::decode(bytes, charset::for_label(label.as_bytes()))
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            raw_bytes_max: 50 * 1024 * 1024,
            mime_parts_max: 1000,
            mime_levels_max: 20,
            headers_max: 1000,
            addresses_max: 200,
        }
    }
}

/// A display name and an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mailbox {
    /// The decoded display name; empty when there is none.
    pub name: String,
    /// The address.
    pub address: EmailAddress,
}

/// The reverse-path of RFC 5321: the envelope sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReversePath {
    /// `<>`: answers and bounces are not wanted.
    Null,
    /// An address.
    Address(EmailAddress),
}

/// A leaf part that is not the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// A name safe for storage and download: no path parts, control or bidi characters; never empty.
    pub name: String,
    /// The name as the sender gave it, decoded; empty when there was none.
    pub original_name: String,
    /// `type/subtype` in lower case, as declared.
    pub content_type: String,
    /// The decoded bytes.
    pub content: Vec<u8>,
    /// Content-ID without angle brackets, for `cid:` references.
    pub content_id: Option<String>,
    /// Shown inside the HTML body (referenced by `cid:`).
    pub is_inline: bool,
}

/// What a delivery status notification (RFC 3464) says.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct DeliveryReport {
    /// `Action: failed` for at least one recipient (as opposed to delayed, delivered, relayed).
    pub is_failure: bool,
    /// Enhanced status code of the first failed recipient (RFC 3463), such as `5.1.1`.
    pub status: Option<String>,
    /// Final-Recipient (or Original-Recipient) addresses named.
    pub recipients: Vec<String>,
    /// Message-IDs of the mail it is about: from the returned message or headers.
    pub original_message_ids: Vec<String>,
    /// Diagnostic-Code of the first failed recipient, one line.
    pub diagnostic: Option<String>,
}

impl DeliveryReport {
    /// Whether the bounce is permanent: unless its status is of class 4.
    #[must_use]
    pub(crate) fn class(&self) -> BounceClass {
        let failure = self.status.as_ref().or(self.diagnostic.as_ref());
        if failure.is_some_and(|failure| failure.starts_with('4')) {
            BounceClass::Temporary
        } else {
            BounceClass::Permanent
        }
    }
}

/// A mail forwarded inside this one, as an attached message or as a block of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Forwarded {
    /// Who wrote the forwarded mail, where its header block says so.
    pub from: Option<Mailbox>,
    /// Its subject, where its header block says so.
    pub subject: Option<String>,
}

/// One mail, read. All texts are UTF-8 without NUL and other control characters but tab and line
/// feed; line ends are LF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParsedMail {
    /// The idempotency key: equal for every delivery of the same mail.
    pub key: [u8; 32],
    /// SHA-256 of the Delivered-To, X-Original-To, Envelope-To and X-Envelope-To fields, which are not
    /// part of `key`: distinguishes two copies of one mail. `None` when there are none.
    pub recipient_trace: Option<[u8; 32]>,
    /// The first usable address of From; in a mailing list's mail the person who wrote it, where the list says so.
    pub from: Option<Mailbox>,
    /// The usable addresses of Reply-To, at most 20.
    pub reply_to: Vec<Mailbox>,
    /// Every usable address of To.
    pub to: Vec<Mailbox>,
    /// Every usable address of Cc.
    pub cc: Vec<Mailbox>,
    /// Addresses of Delivered-To, X-Original-To, Envelope-To and X-Envelope-To, in that order.
    pub delivered_to: Vec<EmailAddress>,
    /// Return-Path, where the mail carries one.
    pub return_path: Option<ReversePath>,
    /// The decoded subject on one line; may be empty.
    pub subject: String,
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// Ids of In-Reply-To, without angle brackets.
    pub in_reply_to: Vec<String>,
    /// Ids of References, oldest first, without angle brackets.
    pub references: Vec<String>,
    /// The Date field, where it can be read.
    pub date: Option<Timestamp>,
    /// Signs of a machine in the headers, see [`origin`].
    pub signs: Vec<origin::Sign>,
    /// The addresses by which one writes to the mailing list that passed it on; empty for other mail.
    pub list_addresses: Vec<EmailAddress>,
    /// Original-Message-ID of a disposition notification (RFC 8098): the mails it confirms.
    pub confirmed_ids: Vec<String>,
    /// The value of X-Maildesk-Loop.
    pub loop_mark: Option<String>,
    /// The values of Authentication-Results, topmost first, unfolded; encoded-words are not decoded.
    pub authentication_results: Vec<String>,
    /// The whole text: of the text part, or made from the HTML part.
    pub full_text: String,
    /// What the person typed, where that is not all of `full_text`; see [`ParsedMail::reply_text`].
    typed: Option<String>,
    /// All of `full_text` but its signature, where it has one: what is shown of a mail that opens a ticket.
    pub opening_text: Option<String>,
    /// The mail answered below the reply, without its headers.
    pub answered_text: String,
    /// The sanitised HTML body, where there is an HTML part within the caps.
    pub html: Option<String>,
    /// Every leaf part that is not the body.
    pub attachments: Vec<Part>,
    /// The mail forwarded inside this one, if this is a forward.
    pub forwarded: Option<Forwarded>,
    /// The delivery report, if this is a multipart/report with one.
    pub delivery_report: Option<DeliveryReport>,
    /// What was left out or repaired, one sentence each, for a note on the ticket.
    pub warnings: Vec<String>,
}

impl ParsedMail {
    /// Reads one mail: header fields decoded, body and attachments unpacked.
    ///
    /// `raw` is the mail as it came, with LF, CRLF or CR line ends; an mbox "From " line on top is
    /// skipped. A mail larger than `limits.raw_bytes_max` is read up to the end of its header.
    /// What is broken is read as far as possible and named in `warnings`; bytes without any header
    /// field are a body. Time and memory are linear in the length of `raw`: besides it, each
    /// attachment is held once, unpacked.
    ///
    /// # Errors
    /// [`ParseError::Empty`] when there is nothing but white space and NUL.
    // Never inlined: tests/bench/instructions finds this stage by its name.
    #[inline(never)]
    pub(crate) fn parse(raw: &[u8], limits: &Limits) -> Result<Self, ParseError> {
        let bytes = header::with_line_feeds(raw);
        let mail = header::skip_leading_lines(&bytes);
        if mail.iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
            return Err(ParseError::Empty);
        }
        let (header, body_start) = Header::read(mail, limits.headers_max);
        let is_too_large = raw.len() > limits.raw_bytes_max;
        let body = if is_too_large { &[][..] } else { mail.get(body_start..).unwrap_or_default() };
        let words_charset =
            ["subject", "from"].iter().find_map(|name| encoded_word::charset_of_words(header.first(name)?));
        let decoder = Decoder { body_charset: body_charset(&header), words_charset };
        let top = PartHeader::read(&header, decoder, "text/plain");
        let subject = header.first("subject").map(|value| decoder.line(value)).unwrap_or_default();
        let ids =
            |name: &str| header.first(name).map(|value| message_id::message_ids(value, decoder)).unwrap_or_default();
        let (in_reply_to, references) = (ids("in-reply-to"), ids("references"));
        let is_answer = !in_reply_to.is_empty() || !references.is_empty();
        let mut content =
            Content::read(&top, body, &Context { subject: &subject, is_answer, header: &header, limits, decoder });
        if is_too_large {
            content.replace_body(&too_large_sentence(raw.len(), limits));
        }
        let list_addresses = mailing_list::posting_addresses(&header, decoder);
        let people =
            People::read(&header, decoder, limits.addresses_max).with_writer(&header, &list_addresses, decoder);
        let signs = origin::signs_in(&header, people.from.as_ref(), content.report);
        let prose = delivery_report::Prose {
            signs: &signs,
            failed_recipients: header.first("x-failed-recipients"),
            subject: &subject,
            text: &content.body.full_text,
            files: &content.attachments,
        };
        let delivery_report = delivery_report::completed(content.delivery_report, &prose, decoder);
        let mut warnings = budget_warnings(&header, &people, limits);
        warnings.append(&mut content.warnings);
        warnings.append(&mut content.body.warnings);
        Ok(Self {
            key: idempotency_key::key_of(&bytes),
            recipient_trace: recipient_trace(&header),
            from: people.from,
            reply_to: people.reply_to,
            to: people.to,
            cc: people.cc,
            delivered_to: people.delivered_to,
            return_path: people.return_path,
            subject,
            message_id: header.first("message-id").and_then(|value| message_id::message_id(value, decoder)),
            in_reply_to,
            references,
            date: header.first("date").and_then(date),
            signs,
            list_addresses,
            confirmed_ids: content.confirmed_ids,
            loop_mark: header.first("x-maildesk-loop").map(|value| decoder.line(value)),
            authentication_results: header.all("authentication-results").map(as_it_stands).collect(),
            full_text: content.body.full_text,
            typed: content.body.typed,
            opening_text: content.body.opening_text,
            answered_text: content.body.answered_text,
            html: content.body.html,
            attachments: content.attachments,
            forwarded: content.forwarded,
            delivery_report,
            warnings,
        })
    }
}

impl ParsedMail {
    /// What the person typed; never empty unless `full_text` is.
    #[must_use]
    pub(crate) fn reply_text(&self) -> &str {
        self.typed.as_deref().unwrap_or(&self.full_text)
    }

    /// Reads the text as a delivery report if the envelope sender is a mail system, no matter what
    /// From says. A report found before stays.
    pub(crate) fn look_for_report(&mut self, envelope: Option<&ReversePath>) {
        let is_candidate = match origin::System::of(self, envelope) {
            origin::System::Null | origin::System::Daemon => true,
            origin::System::Postmaster => !self.signs.is_empty(),
            origin::System::No => false,
        };
        if !is_candidate || self.delivery_report.is_some() {
            return;
        }
        let prose = delivery_report::Prose {
            signs: &self.signs,
            failed_recipients: None,
            subject: &self.subject,
            text: &self.full_text,
            files: &self.attachments,
        };
        self.delivery_report = delivery_report::read_text(&prose, Decoder::default());
    }
}

/// A field on one line. Encoded-words stay: what a sender hid in one must not become grammar.
fn as_it_stands(value: &[u8]) -> String {
    encoded_word::one_line(&String::from_utf8_lossy(&encoded_word::unfolded(value)))
}

fn recipient_trace(header: &Header<'_>) -> Option<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut is_there = false;
    for name in ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to"] {
        for value in header.all(name) {
            is_there = true;
            hash.update(name);
            hash.update(value.trim_ascii());
            hash.update(b"\n");
        }
    }
    is_there.then(|| hash.finalize().into())
}

/// The charset the header declares for the body, as a guess for raw bytes in the header.
fn body_charset(header: &Header<'_>) -> Option<&'static encoding_rs::Encoding> {
    let label = mime_parameter::Parametrised::read(header.first("content-type")?).raw("charset")?;
    match charset::for_label(&label)? {
        charset::Charset::Standard(encoding) if encoding.is_ascii_compatible() => Some(encoding),
        charset::Charset::Standard(_)
        | charset::Charset::Utf7
        | charset::Charset::SevenBit(_)
        | charset::Charset::CodePage(_) => None,
    }
}

/// Reads a Date field (RFC 5322 §3.3); what cannot be a time is `None`.
fn date(value: &[u8]) -> Option<Timestamp> {
    let line = String::from_utf8_lossy(&encoded_word::unfolded(value)).into_owned() + "\n";
    let read = mail_parser::DateTime::parse_rfc822(&line).filter(mail_parser::DateTime::is_valid)?;
    Some(Timestamp::from_unix(read.to_timestamp()))
}

fn too_large_sentence(raw_bytes: usize, limits: &Limits) -> String {
    const MIB: usize = 1024 * 1024;
    let (size, max) = (raw_bytes.div_ceil(MIB), limits.raw_bytes_max / MIB);
    format!("The mail has {size} MiB, more than the {max} MiB read here; only its header was kept.")
}

/// Sentences about what of the header was left out.
fn budget_warnings(header: &Header<'_>, people: &People, limits: &Limits) -> Vec<String> {
    let mut warnings = Vec::new();
    if header.is_cut {
        warnings
            .push(format!("The header is too long; of it at most {} fields and 1 MiB were read.", limits.headers_max));
    }
    if people.is_cut {
        warnings.push(format!("The mail names more than {} recipients; the rest was left out.", limits.addresses_max));
    }
    warnings
}

/// Why no mail could be read from the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseError {
    /// Neither a header nor a body: an empty or all-blank input.
    #[error("the input is empty")]
    Empty,
}
