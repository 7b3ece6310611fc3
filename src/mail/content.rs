//! What a mail contains after its header: text, attachments, a forwarded mail, a delivery report.
//!
//! Puts together what `structure`, `body`, `attachments`, `report`, `reply` and `forward` find.

use super::body::{self, ChosenBody};
use super::delivery_report::{self, ReportKind};
use super::encoded_word::Decoder;
use super::reply::{self, BodyKind};
use super::structure::{PartHeader, Structure};
use super::subject_prefix::{self, Prefix};
use super::{DeliveryReport, Forwarded, Limits, Part, attachments, forward};

/// Longest text searched for quotes and forwarded mails, in bytes; a longer one is all reply
/// (chosen: people type less, and this search is the slowest step per byte).
const SEARCHED_BYTES_MAX: usize = 1024 * 1024;

/// Most prefixes of a subject looked at (chosen: real subjects have a few).
const PREFIXES_MAX: usize = 16;

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
    pub(super) limits: &'a Limits,
    pub(super) decoder: Decoder,
}

impl Content {
    /// Reads `bytes`, which follow the header that `top` was read from.
    pub(super) fn read(top: &PartHeader, bytes: &[u8], context: &Context<'_>) -> Self {
        let structure = Structure::read(top.clone(), bytes, context.limits, context.decoder);
        let mut chosen = body::choose(&structure, context.decoder);
        let found = attachments::collect(&structure, &chosen, context.limits, context.decoder);
        if chosen.is_blank() {
            chosen.text = found.tnef_text.or(chosen.text);
            chosen.html = found.tnef_html;
        }
        let mut parts = found.parts;
        if let Some(html) = &chosen.html {
            attachments::mark_inline(&mut parts, html);
        }
        let report = delivery_report::kind_of(top, &structure);
        // A report returns the mail it is about; that is not a forward.
        let message = found.message.filter(|_| report.is_none());
        let (body, in_text) = read_text(&chosen, message.is_some() && !context.is_answer, context);
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
        self.body = reply::Body {
            full_text: sentence.to_owned(),
            reply_text: sentence.to_owned(),
            html: None,
            warnings: Vec::new(),
        };
        self.warnings.push(sentence.to_owned());
    }
}

/// Reads the body as a message or, where it holds a forwarded mail, as a forward.
fn read_text(chosen: &ChosenBody, has_message: bool, context: &Context<'_>) -> (reply::Body, Option<Forwarded>) {
    let (text, html) = (chosen.text.as_deref(), chosen.html.as_deref());
    let is_long = text.or(html).is_some_and(|text| text.len() > SEARCHED_BYTES_MAX);
    let is_answer = context.is_answer || is_answers_subject(context.subject);
    let kind_of = |forwarded: &Option<Forwarded>| {
        if is_long || has_message || forwarded.is_some() {
            BodyKind::Forward
        } else if is_answer {
            BodyKind::Message
        } else {
            BodyKind::Opening
        }
    };
    let search = |text: &str| if is_long { None } else { forward::forwarded_in(context.subject, text) };
    if let Some(text) = text {
        let forwarded = search(text);
        return (reply::read_body(Some(text), html, kind_of(&forwarded)), forwarded);
    }
    // Only the reading of the HTML gives a text to look for a forwarded mail in.
    let first = kind_of(&None);
    let body = reply::read_body(None, html, first);
    let forwarded = search(&body.full_text);
    let second = kind_of(&forwarded);
    if second == first { (body, forwarded) } else { (reply::read_body(None, html, second), forwarded) }
}

/// Whether a subject begins like an answer's, or with the tag of a ticket.
fn is_answers_subject(subject: &str) -> bool {
    let prefixes = std::iter::successors(subject_prefix::split(subject), |(_, rest)| subject_prefix::split(rest));
    let is_answers = |(kind, _): (Prefix, &str)| kind == Prefix::Answer || kind == Prefix::DoubtfulForward;
    subject.contains("[#") || prefixes.take(PREFIXES_MAX).any(is_answers)
}
