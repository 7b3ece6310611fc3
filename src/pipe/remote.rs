//! Handing a mail over to a desk on another host: one POST to its API, and what each answer means for the mail server.
//!
//! | answer | status |
//! |---|---|
//! | 200 with an outcome that is on record | 0 |
//! | 422 with a refusal | 67 or 77 |
//! | anything else: no connection, no certificate, another status, an answer cut short, none in time | 75 |
//!
//! Nothing is believed but an answer that says in words what became of the mail: a page of some proxy between is none. A
//! mail whose answer was lost is handed over again by the mail server, and the desk knows it by its receipt.

use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Response, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::{Body, RequestBuilder};

use super::{Call, Exit, Mail, SETTLING, say};
use crate::config::Desk;
use crate::decision::Refusal;
use crate::intake::{Envelope, refusal_line, whole_as_text, whole_of};
use crate::mail::ReversePath;
use crate::outcome::{self, Failure, WithContext, bail};
use crate::secret_file;

/// How long a connection may take to come about. Chosen: several times the slowest network.
const CONNECT: Duration = Duration::from_secs(15);

/// How long the desk may take to say what it takes.
const ASKING: Duration = Duration::from_secs(15);

/// How long a mail may take that is not stored.
const DRY_RUN: Duration = Duration::from_secs(25);

/// Bytes of an answer: those of ours have some hundred, a dry run's those of a mail's text.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What stays as it is in an address on a header line.
const ADDRESS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'@').remove(b'.').remove(b'-').remove(b'_');

/// What the desk takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Largest mail it takes in whole, in bytes.
    pub(crate) raw_bytes_max: usize,
    /// Its program.
    pub(crate) version: String,
}

/// What a dry run shows.
pub(crate) struct Shown {
    pub(crate) json: Value,
    pub(crate) text: String,
}

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Became {
    exit: Exit,
    refusal: Option<Refusal>,
    decision: String,
    reason: String,
    ticket: Option<i64>,
}

/// Hands over one mail and gives the exit status.
pub(super) fn hand_over(call: &Call<'_>, desk: &Desk, mail: &Mail) -> outcome::Result<Exit> {
    let end = call.end.checked_sub(SETTLING).unwrap_or(call.end);
    let became = deliver(desk, &mail.envelope(call.arguments), &mail.raw, end)?;
    tracing::info!(
        desk = desk.url,
        decision = became.decision,
        reason = became.reason,
        ticket = became.ticket.map_or_else(|| "-".to_owned(), |ticket| format!("#{ticket}")),
        bytes = mail.whole.map_or(mail.raw.len(), |whole| whole.bytes),
        ms = u64::try_from(call.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "handed over"
    );
    if let Some(refusal) = &became.refusal {
        say(&refusal_line(refusal));
    }
    Ok(became.exit)
}

fn deliver(desk: &Desk, envelope: &Envelope, raw: &[u8], end: Instant) -> outcome::Result<Became> {
    let visit = Visit::new(desk)?;
    let mut answer = visit.post("", envelope, raw, end)?;
    if answer.status == TOO_LARGE {
        // It keeps only the header of such a mail, which it can as well of one that is just too large.
        let most = visit.terms(end)?.raw_bytes_max.saturating_add(1);
        if let Some((cut, mut rest)) = raw.split_at_checked(most).filter(|(_, rest)| !rest.is_empty()) {
            let whole = envelope.whole.map_or_else(|| whole_of(cut, &mut rest), Ok)?;
            answer = visit.post("", &Envelope { whole: Some(whole), ..envelope.clone() }, cut, end)?;
        }
    }
    let became = read(&answer, envelope);
    became.map_err(|why| Failure::other(why).while_doing(format!("handing the mail over to {}", desk.url)))
}

/// Asks what would become of a mail.
///
/// # Errors
/// When the desk cannot be reached or does not say.
pub(crate) fn dry_run(desk: &Desk, envelope: &Envelope, raw: &[u8]) -> outcome::Result<Shown> {
    let answer = Visit::new(desk)?.post("?dry_run=1", envelope, raw, Instant::now() + DRY_RUN)?;
    let text = answer.json.get("text").and_then(Value::as_str);
    match (answer.status, answer.json.get("preview"), text) {
        (200, Some(json), Some(text)) => Ok(Shown { json: json.clone(), text: text.to_owned() }),
        _ => Err(Failure::other(answer.why()).while_doing(format!("asking {}", desk.url))),
    }
}

/// Asks what the desk takes; the token must be allowed to hand over mails.
///
/// # Errors
/// When the desk cannot be reached or does not let in.
pub(crate) fn terms(desk: &Desk) -> outcome::Result<Terms> {
    Visit::new(desk)?.terms(Instant::now() + ASKING)
}

/// HTTP's status for what is too large (RFC 9110 §15.5.14).
const TOO_LARGE: u16 = 413;

/// What the desk said.
struct Answer {
    status: u16,
    /// Null where it was no JSON.
    json: Value,
}

impl Answer {
    fn text(&self, key: &str) -> &str {
        self.json.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// Why this is not what was wanted, with the next step where one is known.
    fn why(&self) -> String {
        let step = match self.status {
            401 => "; look at deliver_token_file, and at `maildesk admin token list` there",
            403 => "; the token needs the permission mail/deliver, and its list of addresses this host",
            404 | 405 => "; there is no desk that takes mails at this URL",
            TOO_LARGE => "; a proxy before the desk may have a smaller limit",
            _ => "",
        };
        match self.text("message") {
            "" => format!("the answer is {} and not one of a desk{step}", self.status),
            message => format!("the desk answered {}: {}{step}", self.status, message.trim_end_matches('.')),
        }
    }
}

/// What the answer means; an error says why it means nothing.
fn read(answer: &Answer, envelope: &Envelope) -> Result<Became, String> {
    let (outcome, refusal) = (answer.text("outcome"), answer.text("refusal"));
    let (exit, refusal) = match (answer.status, outcome, refusal) {
        (200, "open" | "append" | "drop" | "quarantine" | "duplicate", _) => (Exit::Stored, None),
        (422, "refuse", "unknown_recipient") => {
            let own = || envelope.recipients.first().cloned().unwrap_or_default();
            let recipient = Some(answer.text("recipient").to_owned()).filter(|said| !said.is_empty());
            (Exit::NoSuchRecipient, Some(Refusal::UnknownRecipient(recipient.unwrap_or_else(own))))
        }
        (422, "refuse", "banned") => (Exit::Policy, Some(Refusal::Banned)),
        (422, "refuse", "too_large") => (Exit::Policy, Some(Refusal::TooLarge)),
        _ => return Err(answer.why()),
    };
    let (decision, reason) = (outcome.to_owned(), answer.text("reason").to_owned());
    Ok(Became { exit, refusal, decision, reason, ticket: answer.json.get("ticket_id").and_then(Value::as_i64) })
}

/// A desk with the token for it.
struct Visit<'a> {
    desk: &'a Desk,
    token: String,
    roots: RootCerts,
}

impl<'a> Visit<'a> {
    fn new(desk: &'a Desk) -> outcome::Result<Self> {
        let token = secret_file::read(&desk.token_file)?;
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            bail!("{} holds no token", desk.token_file.display(); "`maildesk admin token add` on the desk's host prints one");
        }
        Ok(Self { desk, token, roots: roots(desk)? })
    }

    fn post(&self, query: &str, envelope: &Envelope, raw: &[u8], end: Instant) -> outcome::Result<Answer> {
        let mut request = self.agent(end).post(self.url(query)).header(header::CONTENT_TYPE, "message/rfc822");
        if !envelope.recipients.is_empty() {
            request = request.header("Envelope-Recipient", recipients(&envelope.recipients));
        }
        if let Some(sender) = &envelope.sender {
            request = request.header("Envelope-Sender", sender_text(sender));
        }
        if let Some(whole) = &envelope.whole {
            request = request.header("Envelope-Whole", whole_as_text(whole));
        }
        self.answer(self.with_token(request).send(raw))
    }

    fn terms(&self, end: Instant) -> outcome::Result<Terms> {
        let answer = self.answer(self.with_token(self.agent(end).get(self.url(""))).call())?;
        let most = answer.json.get("raw_bytes_max").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
        match (answer.status, most) {
            (200, Some(raw_bytes_max)) => Ok(Terms { raw_bytes_max, version: answer.text("version").to_owned() }),
            _ => Err(Failure::other(answer.why()).while_doing(format!("asking {}", self.desk.url))),
        }
    }

    fn url(&self, query: &str) -> String {
        format!("{}/api/mail/deliver{query}", self.desk.url)
    }

    fn with_token<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        request.header(header::AUTHORIZATION, format!("Bearer {}", self.token))
    }

    /// Nothing is followed elsewhere, and nothing goes through a proxy that some variable names: the token and the mail
    /// are the desk's alone.
    fn agent(&self, end: Instant) -> Agent {
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(self.roots.clone()).build();
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(left))
            .timeout_connect(Some(CONNECT.min(left)))
            .user_agent(concat!("maildesk/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .build()
            .new_agent()
    }

    fn answer(&self, said: Result<Response<Body>, ureq::Error>) -> outcome::Result<Answer> {
        let reached = || format!("reaching {}", self.desk.url);
        let said = said.map_err(Failure::of).with_context(reached)?;
        let status = said.status().as_u16();
        let body = said.into_body().into_with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(Failure::of).with_context(|| format!("reading the answer of {}", self.desk.url))?;
        Ok(Answer { status, json: serde_json::from_slice(&body).unwrap_or_default() })
    }
}

/// Recipients as one header line: the comma between two is the only one.
fn recipients(all: &[String]) -> String {
    let encoded = all.iter().map(|one| utf8_percent_encode(one, ADDRESS).to_string());
    encoded.collect::<Vec<_>>().join(", ")
}

fn sender_text(sender: &ReversePath) -> String {
    match sender {
        ReversePath::Null => "<>".to_owned(),
        ReversePath::Address(address) => utf8_percent_encode(address.as_str(), ADDRESS).to_string(),
    }
}

/// The certificates that are believed.
fn roots(desk: &Desk) -> outcome::Result<RootCerts> {
    let Some(path) = &desk.ca_file else { return Ok(RootCerts::PlatformVerifier) };
    let pem = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let items = parse_pem(&pem).filter_map(Result::ok);
    let certificates: Vec<Certificate<'static>> = items
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        bail!("{} holds no certificate in PEM form", path.display());
    }
    Ok(RootCerts::from(certificates))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::intake::Source;

    fn envelope() -> Envelope {
        Envelope::handed_over(&["support@example.org".to_owned()], Some("<>"), Source::Pipe)
    }

    #[test]
    fn only_words_of_a_desk_end_the_mail_servers_care() {
        let status = |status, json: Value| read(&Answer { status, json }, &envelope()).ok().map(|b| b.exit.status());
        for outcome in ["open", "append", "drop", "quarantine", "duplicate"] {
            assert_eq!(status(200, json!({ "outcome": outcome })), Some(0), "{outcome}");
            for other in [201, 204, 301, 400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503] {
                assert_eq!(status(other, json!({ "outcome": outcome })), None, "{other} {outcome}");
            }
        }
        let refuse = |refusal: &str| json!({ "outcome": "refuse", "refusal": refusal });
        let refused = ["unknown_recipient", "banned", "too_large"].map(|word| status(422, refuse(word)));
        assert_eq!(refused, [Some(67), Some(77), Some(77)]);
        for (code, json) in [
            (200, Value::Null),
            (200, json!({})),
            (200, json!({ "outcome": "refuse", "refusal": "banned" })),
            (200, json!({ "outcome": "stored" })),
            (200, json!(["open"])),
            (422, json!({ "outcome": "refuse" })),
            (422, json!({ "outcome": "refuse", "refusal": "other" })),
            (422, json!({ "error": 1, "message": "x" })),
        ] {
            assert_eq!(status(code, json.clone()), None, "{code} {json}");
        }
    }

    #[test]
    fn refusal_names_the_recipient_that_was_refused() {
        let said = |json| read(&Answer { status: 422, json }, &envelope()).unwrap().refusal;
        let json = json!({ "outcome": "refuse", "refusal": "unknown_recipient", "recipient": "a@b.example" });
        assert_eq!(said(json), Some(Refusal::UnknownRecipient("a@b.example".to_owned())));
        let json = json!({ "outcome": "refuse", "refusal": "unknown_recipient" });
        assert_eq!(said(json), Some(Refusal::UnknownRecipient("support@example.org".to_owned())));
    }

    #[test]
    fn addresses_of_any_script_go_on_a_header_line() {
        let all = ["a+b@example.org".to_owned(), "\"x, y\"@example.org".to_owned(), "\u{fc}@m.example".to_owned()];
        assert_eq!(recipients(&all), "a%2Bb@example.org, %22x%2C%20y%22@example.org, %C3%BC@m.example");
        assert_eq!(sender_text(&ReversePath::Null), "<>");
    }
}
