//! Which browser pages may read answers: the setting `cors_origins`.

use std::sync::PoisonError;

use super::Api;
use crate::http::Response;
use crate::store::settings;

impl Api {
    /// Reads again what refusals of the HTTP shell need; to be called now and then.
    pub fn note_origins(&self) {
        match self.store.read(|tx| tx.settings()) {
            Ok(settings) => {
                let origins = settings.cors_origins;
                *self.origins.write().unwrap_or_else(PoisonError::into_inner) = origins;
            }
            Err(error) => tracing::warn!(%error, "reading the settings; tried again"),
        }
    }
}

/// Completes a refusal of the HTTP shell's for a browser page of that origin. Never waits: the shell says
/// some of them where it accepts connections.
#[must_use]
pub(crate) fn refusal_for(api: &Api, response: Response, origin: &str) -> Response {
    let setting = api.origins.read().unwrap_or_else(PoisonError::into_inner);
    for_origin(response, allowed_origin(&setting, origin))
}

/// Lets a browser page of an allowed origin (setting `cors_origins`) read the answer.
pub(super) fn with_cors(api: &Api, response: Response, origin: &str, is_preflight: bool) -> Response {
    let Ok(settings) = api.store.read(|tx| tx.settings()) else { return response };
    let allowed = allowed_origin(&settings.cors_origins, origin);
    let is_allowed = allowed.is_some();
    let response = for_origin(response, allowed);
    if is_allowed && is_preflight {
        return response
            .with_header("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
            .with_header("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Token")
            .with_header("Access-Control-Max-Age", "600");
    }
    response
}

/// What the setting says to that origin.
fn allowed_origin<'o>(setting: &str, origin: &'o str) -> Option<&'o str> {
    let mut allowed = setting.split([',', ' ', '\t']).filter(|allowed| !allowed.is_empty());
    // A setting of before may have a slash or a port that goes without saying.
    let is_it = |allowed: &str| allowed == origin || settings::origin(allowed).is_some_and(|allowed| allowed == origin);
    allowed.find_map(|allowed| match allowed {
        "*" => Some("*"),
        allowed => is_it(allowed).then_some(origin),
    })
}

fn for_origin(response: Response, allowed: Option<&str>) -> Response {
    let Some(allowed) = allowed else { return response };
    response
        .with_header("Access-Control-Allow-Origin", allowed)
        .with_header("Vary", "Origin")
        .with_header("Access-Control-Expose-Headers", "Idempotency-Replayed")
}
