//! HelpDeskZ's dialect: its endpoints, and how it reads tokens and prints refusals.
//!
//! Its statuses are odd (400 for a missing token, 200 for everything else), so the setting
//! `api_error_status` chooses between them and what HTTP means.

mod answer;
pub(super) mod attachments;
pub(super) mod departments;
mod faults;
pub(super) mod messages;
pub(super) mod staff;
pub(super) mod staff_auth;
pub(super) mod tickets;
mod upload;
pub(super) mod users;

use super::access::token_of;
use super::admission::Dialect;
use super::error::ApiError;
use super::json::compact;
use super::params::Params;
use super::refusal::ErrorAnswer;
use crate::http::{Headers, Request};
use crate::store::settings::{ErrorStatus, Settings};

/// The dialect.
pub(super) struct HelpDeskZ;

impl Dialect for HelpDeskZ {
    type Params = Params;
    type Error = ApiError;

    fn params(request: Request) -> Result<Params, ApiError> {
        Params::of(request)
    }

    fn digest(_: &Headers, params: &Params) -> [u8; 32] {
        *params.sha256()
    }

    fn token<'r>(headers: &'r Headers, _: Option<&'r Params>) -> Result<&'r str, ApiError> {
        token_of(headers).ok_or(ApiError::NoToken)
    }

    fn print(error: ApiError, settings: Option<&Settings>) -> ErrorAnswer {
        error.log();
        let is_http = settings.is_some_and(|settings| settings.api_error_status == ErrorStatus::Http);
        let status = if is_http { error.status() } else { own_status(&error) };
        ErrorAnswer::printed(status, error_body(&error.message()), error.is_final())
    }
}

/// HelpDeskZ's status.
const fn own_status(error: &ApiError) -> u16 {
    match error {
        ApiError::NoToken | ApiError::Authentication | ApiError::Address(_) | ApiError::Permission(_) => 400,
        ApiError::Invalid(_) | ApiError::NotFound(_) => 200,
        other => other.status(),
    }
}

/// HelpDeskZ's form of an error.
#[must_use]
pub(super) fn error_body(message: &str) -> String {
    compact(&serde_json::json!({ "error": 1, "message": message }))
}
