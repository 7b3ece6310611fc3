//! A refusal as it leaves. The Faveo and Servetel dialects say `{"success":false,"message":…}` with statuses
//! as HTTP means them, and faults of fields as a map from field to texts. HelpDeskZ's way is in `helpdeskz`.

use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::idempotency::KeyedAnswer;
use super::json::compact;
use crate::http::Response;
use crate::store;

/// A request that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ErrorAnswer {
    status: u16,
    body: String,
    /// Repeating the request could not give another answer.
    is_final: bool,
}

impl ErrorAnswer {
    /// `{"success":false,"message":…}` with a text, or a map of fields, as the message.
    #[must_use]
    pub(super) fn message(status: u16, message: impl Into<Value>) -> Self {
        Self { status, body: compact(&json!({ "success": false, "message": message.into() })), is_final: false }
    }

    /// Any other object.
    #[must_use]
    pub(super) fn object(status: u16, object: &Value) -> Self {
        Self { status, body: compact(object), is_final: false }
    }

    /// The same, as the answer to every repetition with the same Idempotency-Key.
    #[must_use]
    pub(super) fn for_good(mut self) -> Self {
        self.is_final = true;
        self
    }

    /// Any other body, printed already.
    #[must_use]
    pub(super) const fn printed(status: u16, body: String, is_final: bool) -> Self {
        Self { status, body, is_final }
    }

    /// What is kept for an Idempotency-Key: nothing if repeating the request could give another answer.
    #[must_use]
    pub(super) fn kept(&self) -> Option<KeyedAnswer> {
        self.is_final.then(|| KeyedAnswer::with_status(self.status, self.body.clone()))
    }

    /// The answer.
    #[must_use]
    pub(super) fn response(self) -> Response {
        let response = Response::json(self.status, self.body);
        match self.status {
            401 => response.with_header("WWW-Authenticate", "Bearer"),
            503 => response.with_header("Retry-After", "1"),
            _ => response,
        }
    }
}

impl From<ApiError> for ErrorAnswer {
    fn from(error: ApiError) -> Self {
        error.log();
        Self::message(error.status(), error.message())
    }
}

impl From<store::Error> for ErrorAnswer {
    fn from(error: store::Error) -> Self {
        ApiError::from(error).into()
    }
}

/// Faults of the fields of one request.
#[derive(Clone, Debug)]
pub(super) struct FieldFaults {
    order: &'static [&'static str],
    found: Vec<(&'static str, String)>,
}

impl FieldFaults {
    /// No faults; they will be printed in this order of fields.
    #[must_use]
    pub(super) const fn new(order: &'static [&'static str]) -> Self {
        Self { order, found: Vec::new() }
    }

    /// Notes a fault.
    pub(super) fn add(&mut self, field: &'static str, text: impl Into<String>) {
        self.found.push((field, text.into()));
    }

    /// Notes a fault, if it is one, and gives what was found good.
    pub(super) fn note<T>(&mut self, field: &'static str, checked: Result<T, String>) -> Option<T> {
        checked.map_err(|text| self.add(field, text)).ok()
    }

    /// Whether there are none.
    #[must_use]
    pub(super) const fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// `{"email":["…"],…}`
    #[must_use]
    pub(super) fn json(&self) -> Value {
        let mut map = Map::new();
        for field in self.order {
            let texts = self.found.iter().filter(|(own, _)| own == field);
            let texts: Vec<Value> = texts.map(|(_, text)| Value::from(text.as_str())).collect();
            if !texts.is_empty() {
                map.insert((*field).to_owned(), Value::Array(texts));
            }
        }
        Value::Object(map)
    }
}
