//! Answers of the pages: their headers, where a form leads afterwards, and refusals that a person can read.

use super::language::Language;
use super::ui::Bare;
use super::wrong::Wrong;
use crate::domain::TicketId;
use crate::http::Response;
use crate::store;

/// Where our own pages may load from, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Why a page is not shown.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// There is no such page, or not for this person.
    NotFound,
    /// It is there, but not for this person.
    Forbidden,
    /// The form did not come from a page of ours.
    Forged,
    /// It came from one that was made for another session: somebody signed in, or opened another link, meanwhile.
    Stale,
    /// Nobody is signed in any more.
    SignedOut,
    /// The form cannot be read.
    Broken,
    /// The form has done before what it asks for.
    Before,
    /// The ticket was merged into that one: what is changed is changed there.
    Merged(TicketId, TicketId),
    /// It was read, and something in it cannot be taken.
    Wrong(Wrong),
    /// More than is taken.
    TooLarge,
    /// Too many tries from there; again after so many seconds.
    TooMany(i64),
    /// It takes the other method: what it takes.
    Method(&'static str),
    /// The database does not answer now.
    Busy,
    /// It failed; the log says why.
    Failed,
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Busy => Self::Busy,
            error => {
                tracing::error!(%error, "a page");
                Self::Failed
            }
        }
    }
}

impl From<getrandom::Error> for Refusal {
    fn from(error: getrandom::Error) -> Self {
        tracing::error!(%error, "asking for random bytes");
        Self::Failed
    }
}

impl From<askama::Error> for Refusal {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a template");
        Self::Failed
    }
}

impl Refusal {
    /// Status, and the names of title and text.
    pub(super) const fn parts(&self) -> (u16, &'static str) {
        match self {
            Self::NotFound => (404, "not-found"),
            Self::Forbidden => (403, "forbidden"),
            Self::Forged => (403, "forged"),
            Self::Stale => (403, "stale"),
            Self::SignedOut => (403, "signed-out"),
            Self::Broken => (400, "broken"),
            Self::Before => (409, "before"),
            Self::Merged(..) => (409, "merged"),
            Self::Wrong(_) => (422, "wrong"),
            Self::TooLarge => (413, "too-large"),
            Self::TooMany(_) => (429, "too-many"),
            Self::Method(_) => (405, "method"),
            Self::Busy => (503, "busy"),
            Self::Failed => (500, "failed"),
        }
    }

    /// As a page of its own.
    pub(crate) fn response(&self, language: &'static Language, prefix: &str) -> Response {
        let (status, word) = self.parts();
        self.headed(refusal_page(status, word, language, prefix))
    }

    /// A page that says so, with the headers that go with it.
    pub(super) fn headed(&self, response: Response) -> Response {
        match self {
            Self::TooMany(seconds) => response.with_header("Retry-After", seconds.to_string()),
            Self::Busy => response.with_header("Retry-After", "1"),
            Self::Method(allow) => response.with_header("Allow", allow),
            Self::NotFound
            | Self::Forbidden
            | Self::Forged
            | Self::Stale
            | Self::SignedOut
            | Self::Broken
            | Self::Before
            | Self::Merged(..)
            | Self::Wrong(_)
            | Self::TooLarge
            | Self::Failed => response,
        }
    }
}

fn refusal_page(status: u16, word: &str, language: &'static Language, prefix: &str) -> Response {
    use askama::Template;
    let page = Bare::new(language, prefix, word);
    match page.render() {
        Ok(html) => html_page(status, html),
        Err(error) => {
            tracing::error!(%error, "a template");
            Response::text(status, language.t("refused-failed-text"))
        }
    }
}

/// A refusal of the HTTP shell's as a page, for a browser.
pub(crate) fn shell_refusal(response: Response, language: &'static Language, prefix: &str) -> Response {
    let word = match response.status() {
        413 | 414 | 431 => "too-large",
        503 | 408 => "busy",
        400..=499 => "broken",
        _ => "failed",
    };
    let page = refusal_page(response.status(), word, language, prefix);
    match response.header("Retry-After") {
        Some(after) => page.with_header("Retry-After", after),
        None => page,
    }
}

/// A page of ours.
pub(crate) fn html_page(status: u16, html: String) -> Response {
    with_guards(Response::html(status, html)).with_header("Content-Security-Policy", POLICY)
}

/// The headers that every answer of the pages has besides its policy.
pub(crate) fn with_guards(response: Response) -> Response {
    response
        .with_header("Referrer-Policy", "same-origin")
        .with_header("Cross-Origin-Opener-Policy", "same-origin")
        .with_header("Cross-Origin-Resource-Policy", "same-origin")
        .with_header("X-Frame-Options", "SAMEORIGIN")
}

/// Leads a browser on after a form was taken.
pub(crate) fn lead_to(location: impl AsRef<str>) -> Response {
    let location = location.as_ref();
    with_guards(Response::empty(303)).with_header("Location", location)
}

/// A small answer for the script.
pub(crate) fn json(status: u16, value: &serde_json::Value) -> Response {
    with_guards(Response::json(status, value.to_string()))
}
