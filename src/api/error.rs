//! Every way a request can be refused, and the status each has.
//!
//! The texts are HelpDeskZ's. Its statuses are odd (400 for a missing token, 200 for everything
//! else), so the setting `api_error_status` chooses between them and what HTTP means.

use std::net::IpAddr;

use super::route::Permission;
use crate::http::{Response, form, multipart};
use crate::password::NoSlot;
use crate::store;

/// Which statuses errors have: the setting `api_error_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statuses {
    /// HelpDeskZ's.
    Compat,
    /// 401, 403, 404, 422.
    Http,
}

/// Why a request is refused.
#[derive(Debug)]
pub(super) enum ApiError {
    /// No token, or none that works.
    Authentication,
    /// The token may not be used from there.
    Address(IpAddr),
    /// The token does not have the permission.
    Permission(Permission),
    /// A value is missing or does not fit.
    Invalid(String),
    /// What the path or a value names is not there.
    NotFound(&'static str),
    /// The request cannot be read.
    Malformed(String),
    /// There is more of it than is read.
    TooLarge(String),
    /// The Idempotency-Key was used with another request.
    KeyReused,
    /// More is asked at once than we take on.
    Overloaded,
    /// The database or the disk failed us.
    Failed(store::Error),
    /// Something else of ours failed; the text is for the log.
    Broken(String),
}

impl ApiError {
    /// Whether repeating the request could not give another answer than this one, as far as the
    /// request itself goes: such answers are kept for an Idempotency-Key.
    #[must_use]
    pub(super) const fn is_final(&self) -> bool {
        match self {
            Self::Invalid(_) | Self::NotFound(_) => true,
            Self::Authentication
            | Self::Address(_)
            | Self::Permission(_)
            | Self::Malformed(_)
            | Self::TooLarge(_)
            | Self::KeyReused
            | Self::Overloaded
            | Self::Failed(_)
            | Self::Broken(_) => false,
        }
    }

    /// The HTTP status.
    #[must_use]
    pub(super) const fn status(&self, statuses: Statuses) -> u16 {
        match (self, statuses) {
            (Self::Authentication | Self::Address(_) | Self::Permission(_), Statuses::Compat) => 400,
            (Self::Authentication, Statuses::Http) => 401,
            (Self::Address(_) | Self::Permission(_), Statuses::Http) => 403,
            (Self::Invalid(_) | Self::NotFound(_), Statuses::Compat) => 200,
            (Self::Invalid(_), Statuses::Http) => 422,
            (Self::NotFound(_), Statuses::Http) => 404,
            (Self::Malformed(_), _) => 400,
            (Self::TooLarge(_), _) => 413,
            (Self::KeyReused, _) => 422,
            (Self::Overloaded | Self::Failed(store::Error::Busy | store::Error::Full(_)), _) => 503,
            (Self::Failed(_) | Self::Broken(_), _) => 500,
        }
    }

    /// The text a client reads; nothing about our insides.
    #[must_use]
    pub(super) fn message(&self) -> String {
        match self {
            Self::Authentication => "Invalid authentication.".to_owned(),
            // One backtick too many is HelpDeskZ's, and programs may compare the text.
            Self::Address(ip) => format!("IP address `{ip} is not allowed."),
            Self::Permission(permission) => format!("Permission not allowed: {}", permission.text()),
            Self::Invalid(text) | Self::Malformed(text) | Self::TooLarge(text) => text.clone(),
            Self::NotFound(text) => (*text).to_owned(),
            Self::KeyReused => "The Idempotency-Key was used with another request.".to_owned(),
            Self::Overloaded => "Too many logins at once. Try again.".to_owned(),
            Self::Failed(store::Error::Busy) => "The desk is busy. Try again.".to_owned(),
            Self::Failed(store::Error::Full(_)) => "The desk has no room left. Try again later.".to_owned(),
            Self::Failed(_) | Self::Broken(_) => "Internal error.".to_owned(),
        }
    }

    /// Logs a failure of ours, where it stops travelling.
    pub(super) fn log(&self) {
        match self {
            Self::Failed(error) => tracing::error!(%error, "answering an API request"),
            Self::Broken(error) => tracing::error!(error, "answering an API request"),
            _ => {}
        }
    }

    /// The answer.
    #[must_use]
    pub(super) fn response(&self, statuses: Statuses) -> Response {
        self.log();
        let status = self.status(statuses);
        let response = Response::json(status, error_body(&self.message()));
        match status {
            401 => response.with_header("WWW-Authenticate", "Bearer"),
            503 => response.with_header("Retry-After", "1"),
            _ => response,
        }
    }
}

/// HelpDeskZ's form of an error.
#[must_use]
pub(super) fn error_body(message: &str) -> String {
    super::answer::compact(&serde_json::json!({ "error": 1, "message": message }))
}

impl From<NoSlot> for ApiError {
    /// One who left does not read it.
    fn from(_: NoSlot) -> Self {
        Self::Overloaded
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        Self::Failed(error)
    }
}

/// Ends a parser's text as the texts of the API end.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

impl From<form::Error> for ApiError {
    fn from(error: form::Error) -> Self {
        let text = sentence(&error.to_string());
        if error.status() == 413 { Self::TooLarge(text) } else { Self::Malformed(text) }
    }
}

impl From<multipart::Error> for ApiError {
    fn from(error: multipart::Error) -> Self {
        let text = sentence(&error.to_string());
        match error.status() {
            413 => Self::TooLarge(text),
            500 => Self::Broken(text),
            _ => Self::Malformed(text),
        }
    }
}

/// Faults of the fields of one request, in the order of HelpDeskZ's rules.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<String>);

impl Faults {
    /// Notes a fault.
    pub(super) fn add(&mut self, text: impl Into<String>) {
        self.0.push(text.into());
    }

    /// Notes a fault, if it is one, and gives what was found good.
    pub(super) fn note<T>(&mut self, checked: Result<T, &'static str>) -> Option<T> {
        checked.map_err(|text| self.add(text)).ok()
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] with every fault, one space between them.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.0.join(" "))) }
    }
}
