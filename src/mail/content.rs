//! What a mail contains after its header: text, attachments, a forwarded mail, a delivery report.
//!
//! Puts together what `structure`, `body`, `attachments`, `report`, `reply` and `forward` find.

use std::borrow::Cow;

use super::attachments::Attachments;
use super::body::{self, ChosenBody};
use super::delivery_report::{self, ReportKind};
use super::encoded_word::Decoder;
use super::header::Header;
use super::reply::{self, Forwards, Search};
use super::structure::{PartHeader, Structure};
use super::{
    DeliveryReport, Forwarded, Limits, Part, attachments, calendar, data_url, file_name, forward, html, uuencoded,
};

/// Longest text searched for quotes and forwarded mails, in bytes; a longer one is all reply
/// (chosen: people type less, and this search is the slowest step per byte).
const SEARCHED_BYTES_MAX: usize = 1024 * 1024;

/// The content of one mail.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) body: reply::Body,
    pub(super) attachments: Vec<Part>,
    pub(super) forwarded: Option<Forwarded>,
    pub(super) report: Option<ReportKind>,
    /// The delivery report of a multipart/report; one in prose needs signs of the header.
    pub(super) delivery_report: Option<DeliveryReport>,
    /// The mails a disposition notification confirms.
    pub(super) confirmed_ids: Vec<String>,
    /// What was left out, one sentence each; those of `body` are not among them.
    pub(super) warnings: Vec<String>,
}

/// The parts of the header that reading the content depends on.
pub(super) struct Context<'a> {
    pub(super) subject: &'a str,
    /// Whether the mail answers another one (In-Reply-To or References).
    pub(super) is_answer: bool,
    pub(super) header: &'a Header<'a>,
    pub(super) limits: &'a Limits,
    pub(super) decoder: Decoder,
}

impl Content {
    /// Reads `bytes`, which follow the header that `top` was read from.
    pub(super) fn read(top: &PartHeader, bytes: &[u8], context: &Context<'_>) -> Self {
        let structure = Structure::read(top.clone(), bytes, context.limits, context.decoder);
        let mut chosen = body::choose(&structure, context.decoder);
        let mut found = attachments::collect(&structure, &chosen, context.limits, context.decoder);
        if chosen.is_blank() {
            chosen.text = invitation(&structure, context.decoder).or(chosen.text);
        }
        open_signed(&mut chosen, &mut found, context);
        if chosen.is_blank() {
            chosen.text = found.tnef_text.or(chosen.text);
            chosen.html = found.tnef_html;
        }
        let mut parts = found.parts;
        take_out_files(&mut chosen, &mut parts, context.limits);
        if let Some(html) = &chosen.html {
            attachments::mark_inline(&mut parts, html);
        }
        let report = delivery_report::kind_of(top, &structure);
        // A report returns the mail it is about; that is not a forward.
        let message = found.message.filter(|_| report.is_none());
        let (body, in_text) = read_text(chosen, message.is_some() && !context.is_answer, context);
        Self {
            body,
            attachments: parts,
            forwarded: message.or(in_text),
            report,
            delivery_report: (report == Some(ReportKind::DeliveryStatus))
                .then(|| delivery_report::read_structured(&structure, context.decoder)),
            confirmed_ids: if report == Some(ReportKind::Disposition) {
                delivery_report::confirmed_ids(&structure, context.decoder)
            } else {
                Vec::new()
            },
            warnings: found.warnings,
        }
    }
}

impl Content {
    /// Replaces a body that was not read by one sentence, and adds it to the warnings.
    pub(super) fn replace_body(&mut self, sentence: &str) {
        self.body = reply::Body { full_text: sentence.to_owned(), ..reply::Body::default() };
        self.warnings.push(sentence.to_owned());
    }
}

/// Signatures around signatures that are opened. Chosen: a mail that is signed, encrypted and signed again has two.
const SIGNED_LEVELS_MAX: usize = 3;

/// Reads the mail inside of an S/MIME signature as a mail of its own: its text stands before what else there is, such as a
/// list's footer, and its files before the container.
fn open_signed(chosen: &mut ChosenBody, found: &mut Attachments, context: &Context<'_>) {
    let mut mail = found.signed_mail.take();
    for _ in 0..SIGNED_LEVELS_MAX {
        let Some(bytes) = mail.take() else { return };
        let (header, start) = Header::read(&bytes, context.limits.headers_max);
        let part = PartHeader::read(&header, context.decoder, "text/plain");
        let structure = Structure::read(part, bytes.get(start..).unwrap_or_default(), context.limits, context.decoder);
        let inner = body::choose(&structure, context.decoder);
        let mut files = attachments::collect(&structure, &inner, context.limits, context.decoder);
        chosen.put_before(inner);
        let room = context.limits.mime_parts_max.saturating_sub(found.parts.len());
        files.parts.truncate(room);
        found.parts.splice(0..0, files.parts);
        found.message = found.message.take().or(files.message);
        found.tnef_text = found.tnef_text.take().or(files.tnef_text);
        found.tnef_html = found.tnef_html.take().or(files.tnef_html);
        found.warnings.extend(files.warnings);
        mail = files.signed_mail;
    }
}

/// The text of a mail that is nothing but an invitation.
fn invitation(structure: &Structure<'_>, decoder: Decoder) -> Option<String> {
    let leaf = structure.leaves.iter().find(|leaf| leaf.header.kind == "text/calendar" && !leaf.is_too_deep)?;
    calendar::text_of(&body::text_of(leaf, &leaf.header.transfer.decode(leaf.bytes), decoder))
}

/// Files that are written into the text (uuencode) or into the HTML (`data:` pictures) become parts.
fn take_out_files(chosen: &mut ChosenBody, parts: &mut Vec<Part>, limits: &Limits) {
    if let Some((rest, files)) = chosen.text.as_deref().and_then(uuencoded::taken_out) {
        chosen.text = Some(rest);
        for file in files {
            let number = parts.len() + 1;
            let kind = "application/octet-stream".to_owned();
            parts.push(Part {
                name: file_name::safe(&file.name).unwrap_or_else(|| file_name::made_up(&kind, number)),
                original_name: file.name,
                content_type: kind,
                content: file.content,
                content_id: None,
                is_inline: false,
            });
        }
    }
    let room = limits.mime_parts_max.saturating_sub(parts.len());
    if let Some((html, pictures)) = chosen.html.as_deref().and_then(|html| data_url::taken_out(html, room)) {
        chosen.html = Some(html);
        for picture in pictures {
            parts.push(Part {
                name: file_name::made_up(&picture.kind, parts.len() + 1),
                original_name: String::new(),
                content_type: picture.kind,
                content: picture.content,
                content_id: Some(picture.content_id),
                is_inline: false,
            });
        }
    }
}

/// Bytes of an address field that are looked at for domains. Chosen: some hundred addresses.
const PEOPLE_BYTES_MAX: usize = 16 * 1024;

/// The domains of whoever writes and reads the mail.
fn people_domains(header: &Header<'_>) -> Vec<String> {
    let fields = ["from", "reply-to", "to", "cc"].iter().filter_map(|name| header.first(name));
    let texts =
        fields.map(|value| String::from_utf8_lossy(value.get(..PEOPLE_BYTES_MAX).unwrap_or(value)).into_owned());
    texts.flat_map(|text| forward::domains_in(&text)).collect()
}

/// Reads the body, as a message or, where it holds a forwarded mail, as a forward.
fn read_text(chosen: ChosenBody, has_message: bool, context: &Context<'_>) -> (reply::Body, Option<Forwarded>) {
    let (text, html) = (chosen.text.as_deref(), chosen.html.as_deref());
    let is_long = text.or(html).is_some_and(|text| text.len() > SEARCHED_BYTES_MAX);
    // A forward's line says what its writer put below it, whatever the subject says. Only an answer's subject, with neither
    // ids nor a ticket's tag, above a mail of other people about something else is believed: that is a quote.
    let is_known_answer = context.is_answer || context.subject.contains("[#");
    let as_text = || text.map(Cow::Borrowed).or_else(|| html.map(|html| Cow::Owned(html::to_text(html))));
    let is_theirs =
        || forward::is_theirs(context.subject, &as_text().unwrap_or_default(), &people_domains(context.header));
    let forwards = match (is_known_answer, forward::is_answers(context.subject)) {
        (true, _) => Forwards::Kept,
        (false, true) if !is_long && !is_theirs() => Forwards::PutAside,
        (false, true) => Forwards::Kept,
        (false, false) => Forwards::KeptInNew,
    };
    let (text, html) = (chosen.text, chosen.html.as_deref());
    let body = reply::read_body(text, html, if is_long { Search::Nothing } else { Search::Whole(forwards) });
    if is_long {
        return (body, None);
    }
    let forwarded = forward::forwarded_in(
        context.subject,
        Some(&body.full_text).filter(|_| !body.is_plain).map(String::as_str),
        body.is_forward,
    );
    if has_message || forwarded.is_some() { (body.forwarded(), forwarded) } else { (body, forwarded) }
}
