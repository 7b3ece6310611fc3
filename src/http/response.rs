//! An answer as plain values. How it becomes bytes is [`print_head`](super::print_head)'s business.

use std::fmt;
use std::sync::Arc;

/// A body that is read while it is sent, so that a large file is nowhere in memory as a whole.
#[derive(Clone)]
pub(crate) struct Pieces {
    bytes: u64,
    read: Arc<dyn Fn(u64) -> Option<Vec<u8>> + Send + Sync>,
}

impl Pieces {
    /// A body of so many bytes. `read` gives the next of them from a place on, `None` when that fails: then the
    /// connection ends, and the client notices by the length.
    pub(crate) fn new(bytes: u64, read: impl Fn(u64) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self { bytes, read: Arc::new(read) }
    }

    /// How long the body is.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What comes from that place on, as much as is read at once.
    pub(crate) fn read(&self, from: u64) -> Option<Vec<u8>> {
        (self.read)(from)
    }
}

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pieces").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// Two are the same if they are read by the same function.
impl PartialEq for Pieces {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes && Arc::ptr_eq(&self.read, &other.read)
    }
}

impl Eq for Pieces {}

/// Status, headers and body of an answer.
///
/// `Date`, `Server`, `Content-Length` and `Connection` are the shell's and cannot be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    pieces: Option<Pieces>,
}

impl Response {
    /// An answer with a body of the given type, not to be sniffed and not to be stored.
    #[must_use]
    pub fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self::empty(status).with_header("Content-Type", content_type).with_body(body.into())
    }

    /// An answer without a body, such as 204.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        let headers = vec![("X-Content-Type-Options", "nosniff".to_owned()), ("Cache-Control", "no-store".to_owned())];
        Self { status, headers, body: Vec::new(), pieces: None }
    }

    /// A JSON document, typed as HelpDeskZ types it.
    #[must_use]
    pub fn json(status: u16, document: impl Into<String>) -> Self {
        Self::new(status, "application/json; charset=UTF-8", document.into())
    }

    /// Plain text.
    #[must_use]
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=UTF-8", text.into())
    }

    /// An HTML page.
    #[must_use]
    pub fn html(status: u16, page: impl Into<String>) -> Self {
        Self::new(status, "text/html; charset=UTF-8", page.into())
    }

    /// Sets a header; replaces one of the same name.
    ///
    /// Every character of `value` that is not printable ASCII or a tab becomes `?`, so that no
    /// value can begin another header line or another answer.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        let is_plain = |c: char| c == '\t' || c == ' ' || c.is_ascii_graphic();
        let value: String = value.as_ref().chars().map(|c| if is_plain(c) { c } else { '?' }).collect();
        match self.headers.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value,
            None => self.headers.push((name, value)),
        }
        self
    }

    /// The same with this body, its type unchanged.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The same with a body that is read while it is sent.
    #[must_use]
    pub(crate) fn with_pieces(mut self, pieces: Pieces) -> Self {
        self.pieces = Some(pieces);
        self
    }

    /// The body that is read while it is sent, where it is one.
    pub(crate) const fn pieces(&self) -> Option<&Pieces> {
        self.pieces.as_ref()
    }

    /// How long the body is.
    #[must_use]
    pub fn body_bytes(&self) -> u64 {
        self.pieces.as_ref().map_or(self.body.len() as u64, Pieces::bytes)
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers set so far.
    #[must_use]
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// The value of one header, whose name's case does not matter.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body; empty for one that is read while it is sent.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{AfterAnswer, print_head};
    use super::*;

    fn printed(response: &Response, after: AfterAnswer) -> String {
        String::from_utf8(print_head(response, after).unwrap()).unwrap()
    }

    #[test]
    fn a_header_value_cannot_start_another_line() {
        let response = Response::text(200, "x").with_header("Content-Disposition", "a\r\nSet-Cookie: b\0\u{e9}");
        assert_eq!(response.header("content-disposition"), Some("a??Set-Cookie: b??"));
        assert!(!printed(&response, AfterAnswer::KeepAlive).contains("\nSet-Cookie"));
    }

    #[test]
    fn an_answer_carries_length_date_and_the_safe_headers() {
        let head = printed(&Response::json(404, "{}"), AfterAnswer::Close);
        assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n"), "{head}");
        for line in [
            "Content-Type: application/json; charset=UTF-8",
            "X-Content-Type-Options: nosniff",
            "Cache-Control: no-store",
            "Content-Length: 2",
            "Connection: close",
            "Server: maildesk",
        ] {
            assert!(head.contains(&format!("\r\n{line}\r\n")), "{line} in {head}");
        }
        assert!(head.contains("\r\nDate: ") && head.ends_with("\r\n\r\n"), "{head}");
    }

    #[test]
    fn a_large_body_is_announced_by_length_and_204_by_nothing() {
        let large = printed(&Response::text(200, "x".repeat(100_000)), AfterAnswer::KeepAlive);
        assert!(large.contains("Content-Length: 100000\r\n") && !large.contains("chunked"), "{large}");
        let none = printed(&Response::empty(204), AfterAnswer::KeepAliveSaid);
        assert!(!none.contains("Content-Length") && none.ends_with("\r\nConnection: keep-alive\r\n\r\n"), "{none}");
    }

    #[test]
    fn setting_a_header_again_replaces_it() {
        let response = Response::text(200, "").with_header("cache-control", "max-age=60");
        assert_eq!(response.header("Cache-Control"), Some("max-age=60"));
        assert_eq!(response.headers().len(), 3);
    }
}
