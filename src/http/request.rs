//! A request as the shell hands it on: method, path, query, headers, peer, body. Nothing here is
//! decoded; percent-escapes, parameters and tokens are decoded by the methods that ask for them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use super::Spool;

/// A request method. Methods are case-sensitive (RFC 9110 §9.1): `get` is `Other`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`; the answer's body is cut off by the shell, so a handler treats it as GET.
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
    /// Any other token.
    Other(String),
}

impl Method {
    /// The method as written in the request line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Other(token) => token,
        }
    }
}

impl From<&str> for Method {
    fn from(token: &str) -> Self {
        match token {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            "OPTIONS" => Self::Options,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Header lines in the order they came. Names compare without case; values are trimmed ASCII.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The first value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every value of `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All header lines as name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn push(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }

    /// Whether one of the comma-separated members of `name` is `token`, without case.
    pub(super) fn lists(&self, name: &str, token: &str) -> bool {
        self.all(name).flat_map(|value| value.split(',')).any(|member| member.trim().eq_ignore_ascii_case(token))
    }
}

/// The client that waits for the answer.
#[derive(Clone, Debug)]
pub struct Client {
    stream: Option<Arc<TcpStream>>,
    since: Instant,
}

impl Client {
    pub(super) fn new(stream: Arc<TcpStream>) -> Self {
        Self { stream: Some(stream), since: Instant::now() }
    }

    /// When its request had come in.
    #[must_use]
    pub const fn waits_since(&self) -> Instant {
        self.since
    }

    /// Whether it has closed the connection since, so that work for it may be left out. A client that only shut
    /// down its sending side looks the same; such are rare, and nginx takes them for gone as well.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        let Some(stream) = &self.stream else { return false };
        match stream.peek(&mut [0]) {
            Ok(bytes) => bytes == 0,
            Err(error) => !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted),
        }
    }
}

impl Default for Client {
    /// One that asks now and stays, for callers without a socket.
    fn default() -> Self {
        Self { stream: None, since: Instant::now() }
    }
}

/// One request, its body read in full.
#[derive(Debug)]
pub struct Request {
    /// What is asked.
    pub method: Method,
    /// The path as sent, percent-escapes untouched; begins with `/`, or is `*` on OPTIONS.
    pub path: String,
    /// What follows the first `?`, undecoded; empty when there is none.
    pub query: String,
    /// The header lines.
    pub headers: Headers,
    /// The other end of the connection, IPv4-mapped addresses as IPv4. A proxy's, if one is in front.
    pub peer: SocketAddr,
    /// The other end as one who waits.
    pub client: Client,
    /// The body, decoded from chunks, not from its content type.
    pub body: Spool,
    /// Whether the body is too large and this is only its beginning.
    pub is_cut: bool,
}

impl Request {
    /// A request from 127.0.0.1 without headers or body, for callers without a socket.
    ///
    /// `target` is a path with an optional query.
    #[must_use]
    pub fn new(method: Method, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Headers::default(),
            peer: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            client: Client::default(),
            body: Spool::from(Vec::new()),
            is_cut: false,
        }
    }

    /// The same with one more header line.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(name.to_owned(), value.to_owned());
        self
    }

    /// The same with this body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Spool::from(body.into());
        self
    }

    /// The first value of the header `name`, whose case does not matter.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_in_any_case_and_in_order() {
        let request = Request::new(Method::Get, "/a?b=c?d").with_header("X-One", "1").with_header("x-one", "2");
        assert_eq!((request.path.as_str(), request.query.as_str()), ("/a", "b=c?d"));
        assert_eq!(request.header("X-ONE"), Some("1"));
        assert_eq!(request.headers.all("x-One").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(request.header("X-On"), None);
    }

    #[test]
    fn list_members_are_compared_whole_and_without_case() {
        let mut headers = Headers::default();
        headers.push("Connection".into(), "Upgrade , Close".into());
        assert!(headers.lists("connection", "close"));
        assert!(!headers.lists("connection", "clos"));
    }
}
