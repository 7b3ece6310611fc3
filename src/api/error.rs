//! Every way a request can be refused, with HelpDeskZ's texts and HTTP's statuses. A dialect that says it
//! otherwise does so where it prints.

use std::net::IpAddr;

use crate::domain::permission::Permission;
use crate::http::{form, multipart};
use crate::login;
use crate::password::NoSlot;
use crate::store;

/// Why a request is refused.
#[derive(Debug)]
pub(super) enum ApiError {
    /// No token.
    NoToken,
    /// None that works.
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
            Self::NoToken
            | Self::Authentication
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

    /// The status that HTTP has for it.
    #[must_use]
    pub(super) const fn status(&self) -> u16 {
        match self {
            Self::NoToken | Self::Authentication => 401,
            Self::Address(_) | Self::Permission(_) => 403,
            Self::Invalid(_) | Self::KeyReused => 422,
            Self::NotFound(_) => 404,
            Self::Malformed(_) => 400,
            Self::TooLarge(_) => 413,
            Self::Overloaded
            | Self::Failed(store::Error::Busy | store::Error::Unreachable(_) | store::Error::Full(_)) => 503,
            Self::Failed(_) | Self::Broken(_) => 500,
        }
    }

    /// The text a client reads; nothing about our insides.
    #[must_use]
    pub(super) fn message(&self) -> String {
        match self {
            Self::NoToken | Self::Authentication => "Invalid authentication.".to_owned(),
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
}

impl From<NoSlot> for ApiError {
    /// One who left does not read it.
    fn from(_: NoSlot) -> Self {
        Self::Overloaded
    }
}

impl From<login::Error> for ApiError {
    fn from(error: login::Error) -> Self {
        match error {
            login::Error::TooMany => Self::Overloaded,
            login::Error::NoSlot(error) => error.into(),
            login::Error::Store(error) => error.into(),
        }
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
