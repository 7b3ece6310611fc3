//! What is no help desk's dialect: health, readiness, metrics, the description of the API, and the page behind
//! activation links.

pub(super) mod activation;
pub(super) mod docs;
pub(super) mod metrics;
pub(super) mod readiness;

use crate::http::Response;

/// The path that says whether the process answers.
pub(super) const HEALTH: &str = "/healthz";

/// The path that says whether the desk can do its work.
pub(super) const READY: &str = "/readyz";

/// `GET /healthz`
pub(super) fn health() -> Response {
    Response::json(200, "{\"status\":\"ok\"}")
}
