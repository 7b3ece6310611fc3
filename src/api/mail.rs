//! Mails over the API, from hosts that have no database: `maildesk pipe` there posts each mail here.
//!
//! The body is the mail as it came; the envelope is on two header lines, percent-encoded. Handing the same mail over
//! again changes nothing, because the receipt knows it: there is no Idempotency-Key. What became of the mail is said in
//! a word, since the mail server at the other end deletes its copy on the strength of it.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::access::token_of;
use super::admission::Dialect;
use super::error::ApiError;
use super::idempotency::KeyedAnswer;
use super::json::compact;
use super::refusal::ErrorAnswer;
use super::{Api, Call, Wake};
use crate::decision::Refusal;
use crate::domain::TicketId;
use crate::http::{Headers, Request};
use crate::intake::{
    self, Delivery, Envelope, Outcome, Rules, Source, log_delivery, preview, whole_from_text, whole_of,
};
use crate::store::settings::Settings;

/// The path at which mails are handed over.
pub(super) const DELIVER: &str = "/api/mail/deliver";

/// The header line with the envelope's recipients, a comma between two.
const RECIPIENT: &str = "Envelope-Recipient";

/// The header line with the envelope's sender; `<>` for a bounce.
const SENDER: &str = "Envelope-Sender";

/// The header line that says what the whole mail is, where the body is only its beginning: SHA-256 of it, as `intake`
/// makes it, and its bytes.
const WHOLE: &str = "Envelope-Whole";

/// The dialect: HTTP's own statuses, HelpDeskZ's form of an error.
pub(super) struct MailHost;

/// A mail as it was handed over.
pub(super) struct HandedOver {
    envelope: Envelope,
    raw: Vec<u8>,
    is_dry: bool,
}

impl Dialect for MailHost {
    type Params = HandedOver;
    type Error = ApiError;

    fn params(request: Request) -> Result<HandedOver, ApiError> {
        let envelope = envelope(&request.headers)?;
        let is_dry = match request.query.as_str() {
            "" | "dry_run=0" => false,
            "dry_run=1" => true,
            _ => return Err(ApiError::Malformed("The query may be dry_run=1 only.".to_owned())),
        };
        let raw = request.body.into_bytes().map_err(|e| ApiError::Broken(e.to_string()))?;
        Ok(HandedOver { envelope, raw, is_dry })
    }

    fn digest(_: &Headers, _: &HandedOver) -> [u8; 32] {
        // Only asked for an Idempotency-Key, which these endpoints do not take.
        [0; 32]
    }

    fn token<'r>(headers: &'r Headers, _: Option<&'r HandedOver>) -> Result<&'r str, ApiError> {
        token_of(headers).ok_or(ApiError::NoToken)
    }

    fn print(error: ApiError, _: Option<&Settings>) -> ErrorAnswer {
        error.log();
        ErrorAnswer::object(error.status(), &json!({ "error": 1, "message": error.message() }))
    }
}

/// Reads the envelope.
///
/// # Errors
/// [`ApiError::Malformed`] for a header line that is there twice, and for what is no UTF-8 when decoded.
fn envelope(headers: &Headers) -> Result<Envelope, ApiError> {
    let recipients = match one(headers, RECIPIENT)? {
        Some(line) => line.split(',').map(|text| decoded(text.trim(), RECIPIENT)).collect::<Result<Vec<_>, _>>()?,
        None => Vec::new(),
    };
    let recipients: Vec<String> = recipients.into_iter().filter(|recipient| !recipient.trim().is_empty()).collect();
    let sender = one(headers, SENDER)?.map(|text| decoded(text, SENDER)).transpose()?;
    let whole = match one(headers, WHOLE)? {
        Some(text) => {
            Some(whole_from_text(text).ok_or_else(|| ApiError::Malformed(format!("{WHOLE} cannot be read.")))?)
        }
        None => None,
    };
    Ok(Envelope { whole, ..Envelope::handed_over(&recipients, sender.as_deref(), Source::Pipe) })
}

fn one<'h>(headers: &'h Headers, name: &str) -> Result<Option<&'h str>, ApiError> {
    let mut found = headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let first = found.next();
    if found.next().is_some() {
        return Err(ApiError::Malformed(format!("{name} must be one header line.")));
    }
    Ok(first)
}

fn decoded(text: &str, name: &str) -> Result<String, ApiError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(String::from).map_err(|_| ApiError::Malformed(format!("{name} is not UTF-8 when percent-decoded.")))
}

/// Bytes of a mail's body that are taken, where mails are larger than other bodies: one more than the largest, which
/// says that it is larger.
#[must_use]
pub(super) fn body_bytes_max(api: &Api, usual: u64) -> u64 {
    let most = api.rules().mail_limits.raw_bytes_max.saturating_add(1);
    usual.max(u64::try_from(most).unwrap_or(u64::MAX))
}

/// `GET /api/mail/deliver`: what is taken, for `admin doctor` on the mail's host.
pub(super) fn terms(call: &Call<'_, HandedOver>) -> Result<KeyedAnswer, ApiError> {
    let raw_bytes_max = call.api.rules().mail_limits.raw_bytes_max;
    let terms = json!({ "raw_bytes_max": raw_bytes_max, "version": env!("CARGO_PKG_VERSION") });
    Ok(KeyedAnswer::fresh(compact(&terms)))
}

/// `POST /api/mail/deliver`
pub(super) fn deliver(call: &Call<'_, HandedOver>) -> Result<KeyedAnswer, ApiError> {
    let HandedOver { envelope, raw, is_dry } = &call.params;
    let rules = Rules { limits: call.api.rules().mail_limits };
    let most = rules.limits.raw_bytes_max.saturating_add(1);
    let (raw, mut rest) = raw.split_at_checked(most).unwrap_or((raw, &[]));
    let mut envelope = envelope.clone();
    if !rest.is_empty() && envelope.whole.is_none() {
        envelope.whole = Some(whole_of(raw, &mut rest).map_err(|error| ApiError::Broken(error.to_string()))?);
    }
    let store = &call.api.store;
    if *is_dry {
        let shown = intake::preview(store, &rules, &envelope, raw, call.now).map_err(failed)?;
        let (json, text) = (preview::as_json(&shown), preview::as_text(&shown));
        return Ok(KeyedAnswer::fresh(compact(&json!({ "preview": json, "text": text }))));
    }
    crate::trip::trip("deliver-before-commit");
    let delivery = intake::deliver(store, &rules, &envelope, raw, call.now).map_err(failed)?;
    crate::trip::trip("deliver-after-commit");
    log_delivery!(delivery, "delivered over the API");
    if matches!(delivery.outcome, Outcome::Opened | Outcome::Appended) {
        (call.api.wake)(Wake::Outbox);
    }
    Ok(answer(&delivery))
}

fn failed(error: intake::Error) -> ApiError {
    match error {
        intake::Error::Empty => ApiError::Malformed("There is no mail: the body is empty.".to_owned()),
        intake::Error::Store(error) => error.into(),
    }
}

fn answer(delivery: &Delivery) -> KeyedAnswer {
    let mut said = json!({
        "outcome": delivery.outcome.word(),
        "reason": delivery.reason,
        "ticket_id": delivery.ticket.map(TicketId::get),
    });
    let Outcome::Refused(refusal) = &delivery.outcome else { return KeyedAnswer::fresh(compact(&said)) };
    let (word, recipient) = match refusal {
        Refusal::UnknownRecipient(recipient) => ("unknown_recipient", recipient.as_str()),
        Refusal::Banned => ("banned", ""),
        Refusal::TooLarge => ("too_large", ""),
    };
    if let Some(said) = said.as_object_mut() {
        said.insert("refusal".to_owned(), Value::from(word));
        said.insert("recipient".to_owned(), Value::from(recipient));
    }
    KeyedAnswer::with_status(422, compact(&said))
}
