//! Which endpoint of [`ENDPOINTS`] a request is for.
//!
//! Paths are compared as sent and in their case: nothing is decoded, so no spelling of a path can
//! mean another one. One slash at the end is allowed, because the manual's own curl lines have it.

use super::endpoint::{ENDPOINTS, Endpoint, UNKNOWN, Verb};
use crate::http::Method;

/// An id as written in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PathId(String);

impl PathId {
    /// The row's id when the text is digits only; 0 and numbers past 64 bits name no row.
    #[must_use]
    pub(super) fn row(&self) -> Option<i64> {
        row_id(&self.0)
    }

    /// Whether the text is a whole number, signed or not.
    #[must_use]
    pub(super) fn is_integer(&self) -> bool {
        let digits = self.0.strip_prefix(['-', '+']).unwrap_or(&self.0);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// The secret code of an activation link, as written in the path.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ActivationCode(String);

impl ActivationCode {
    /// The code.
    #[must_use]
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ActivationCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ActivationCode(…)")
    }
}

/// The id that a text of digits names, if it can be one.
#[must_use]
pub(super) fn row_id(text: &str) -> Option<i64> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|id| is_digits && *id > 0)
}

/// An endpoint, and the part of the path where its row has `{id}` or `{code}`: empty where it has neither,
/// and where an id was left out.
#[derive(Clone)]
pub(super) struct Route {
    /// The row of the table.
    pub(super) endpoint: &'static Endpoint,
    value: String,
}

impl Route {
    /// The id of the path.
    #[must_use]
    pub(super) fn id(&self) -> PathId {
        PathId(self.value.clone())
    }

    /// The code of the path.
    #[must_use]
    pub(super) fn code(&self) -> ActivationCode {
        ActivationCode(self.value.clone())
    }
}

/// Why a request has no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotRouted {
    /// There is nothing at the path.
    Unknown,
    /// The path takes other methods, listed as `Allow` lists them.
    Method(&'static str),
    /// OPTIONS: the methods the path takes.
    Options(&'static str),
}

/// What a path has for GET and for POST.
#[derive(Default)]
struct Match<'p> {
    get: Option<(&'static Endpoint, &'p str)>,
    post: Option<(&'static Endpoint, &'p str)>,
}

impl Match<'_> {
    const fn is_empty(&self) -> bool {
        self.get.is_none() && self.post.is_none()
    }

    const fn allow(&self) -> &'static str {
        match (&self.get, &self.post) {
            (Some(_), Some(_)) => "GET, HEAD, POST, OPTIONS",
            (Some(_), None) => "GET, HEAD, OPTIONS",
            (None, _) => "POST, OPTIONS",
        }
    }
}

/// Finds the endpoint.
///
/// # Errors
/// [`NotRouted`], which is also how OPTIONS is answered.
pub(super) fn find(method: &Method, path: &str) -> Result<Route, NotRouted> {
    if path == "*" && *method == Method::Options {
        return Err(NotRouted::Options("GET, HEAD, POST, OPTIONS"));
    }
    let path = without_final_slash(path);
    let found = at(path);
    if found.is_empty() || is_unknown(method, path) {
        return Err(NotRouted::Unknown);
    }
    let allow = found.allow();
    let endpoint = match method {
        Method::Get | Method::Head => found.get,
        Method::Post => found.post,
        Method::Options => return Err(NotRouted::Options(allow)),
        Method::Put | Method::Patch | Method::Delete | Method::Other(_) => None,
    };
    let (endpoint, value) = endpoint.ok_or(NotRouted::Method(allow))?;
    Ok(Route { endpoint, value: value.to_owned() })
}

fn is_unknown(method: &Method, path: &str) -> bool {
    UNKNOWN.iter().any(|(verb, unknown)| verb.method() == *method && *unknown == path)
}

/// The path without the slash at its end, which means the same.
#[must_use]
pub(super) fn without_final_slash(path: &str) -> &str {
    path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path)
}

/// The endpoints at a path. Where one has the path word by word, those whose `{id}` would take a word of it
/// for an id do not count: there is no user "update", so GET gets 405 there and not that none was found.
fn at(path: &str) -> Match<'_> {
    let mut exact = Match::default();
    let mut with_value = Match::default();
    for endpoint in ENDPOINTS {
        for template in endpoint.paths() {
            let (found, value) = match matched(template, path) {
                Some(None) => (&mut exact, ""),
                Some(Some(value)) => (&mut with_value, value),
                None => continue,
            };
            let place = match endpoint.method {
                Verb::Get => &mut found.get,
                Verb::Post => &mut found.post,
            };
            place.get_or_insert((endpoint, value));
        }
    }
    if exact.is_empty() { with_value } else { exact }
}

/// Whether a path fits one of the table, and what it has where that says `{id}` or `{code}`.
fn matched<'p>(template: &str, path: &'p str) -> Option<Option<&'p str>> {
    let (fixed, name) = match template.split_once('{') {
        Some((fixed, name)) => (fixed, name),
        None => return (template == path).then_some(None),
    };
    let value = path.strip_prefix(fixed)?;
    // An id with an escape or a dot in it is only ever sent by somebody looking for weak points.
    let is_odd = name == "id}" && (value.contains('%') || value == "." || value == "..");
    (!value.is_empty() && !value.contains('/') && !is_odd).then_some(Some(value))
}

#[cfg(test)]
mod tests;
