//! The request head: finding its end as the bytes drip in, and reading it strictly (RFC 9112 §2–3, §5).
//!
//! The scan looks at each byte once, however small the pieces, and refuses what no client of ours
//! sends but what two HTTP readers may read differently: bare LF or CR, NUL and other controls,
//! folded lines, bytes above 127. What is left is ASCII and goes to `httparse` once. How long the
//! body is decides `framing`.

use super::request::{Headers, Method};
use super::{HttpLimits, Rejection};

/// HTTP's two versions of this wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http10,
    Http11,
}

/// A head read and found good.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) version: Version,
    pub(super) headers: Headers,
}

/// What the bytes so far amount to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// No end yet.
    Partial,
    /// The head is this many bytes, its last empty line included.
    Complete(usize),
    /// Nothing that follows can make this a request.
    Bad(Rejection),
}

const BARE_LF: Rejection = Rejection::new(400, "Lines must end in CR LF.");
const CONTROL: Rejection = Rejection::new(400, "The request head must be printable ASCII.");
const FOLDED: Rejection = Rejection::new(400, "Folded header lines are not accepted.");
const MALFORMED: Rejection = Rejection::new(400, "Malformed request.");
const TARGET: Rejection = Rejection::new(400, "Malformed request target.");
const VERSION: Rejection = Rejection::new(505, "HTTP version not supported.");
const TARGET_TOO_LONG: Rejection = Rejection::new(414, "The request target is too long.");
const HEAD_TOO_LARGE: Rejection = Rejection::new(431, "The request head is too large.");
const TOO_MANY_HEADERS: Rejection = Rejection::new(431, "Too many header lines.");
const HOST: Rejection = Rejection::new(400, "Exactly one valid Host header is required.");

/// Looks for a head's end; keeps its place between calls.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    scanned: usize,
    line_start: usize,
    /// Lines seen that were not empty: the request line and headers.
    lines: usize,
    /// RFC 9112 §2.2: an empty line before the request line is skipped; one is what old clients send.
    skipped_empty_line: bool,
}

impl Scanner {
    /// Goes over what is new in `unread`, which begins with the head's first byte and only grows.
    pub(super) fn scan(&mut self, unread: &[u8], limits: &HttpLimits) -> Scan {
        let mut previous = self.scanned.checked_sub(1).and_then(|at| unread.get(at)).copied().unwrap_or(b'\n');
        for (at, byte) in unread.iter().copied().enumerate().skip(self.scanned) {
            if at >= limits.head_bytes_max {
                return Scan::Bad(if self.lines == 0 { TARGET_TOO_LONG } else { HEAD_TOO_LARGE });
            }
            if let Some(fault) = self.fault(at, previous, byte) {
                return Scan::Bad(fault);
            }
            if byte == b'\n' {
                let line = unread.get(self.line_start..at.saturating_sub(1)).unwrap_or_default();
                match self.line(line, limits) {
                    Line::Inside => {}
                    Line::Last => return Scan::Complete(at + 1),
                    Line::Bad(fault) => return Scan::Bad(fault),
                }
                self.line_start = at + 1;
            }
            previous = byte;
        }
        self.scanned = unread.len();
        if self.scanned >= limits.head_bytes_max {
            return Scan::Bad(if self.lines == 0 { TARGET_TOO_LONG } else { HEAD_TOO_LARGE });
        }
        Scan::Partial
    }

    /// What is wrong with one byte, seen with the byte before it.
    fn fault(&self, at: usize, previous: u8, byte: u8) -> Option<Rejection> {
        match byte {
            b'\n' if previous != b'\r' => Some(BARE_LF),
            _ if previous == b'\r' && byte != b'\n' => Some(BARE_LF),
            b' ' | b'\t' if at == self.line_start => Some(if self.lines == 0 { MALFORMED } else { FOLDED }),
            b'\r' | b'\n' | b'\t' | b' '..=b'~' => None,
            0..=31 | 127..=255 => Some(CONTROL),
        }
    }

    fn line(&mut self, line: &[u8], limits: &HttpLimits) -> Line {
        if line.is_empty() {
            if self.lines > 0 {
                return Line::Last;
            }
            let again = std::mem::replace(&mut self.skipped_empty_line, true);
            return if again { Line::Bad(MALFORMED) } else { Line::Inside };
        }
        self.lines += 1;
        if self.lines == 1 {
            return request_line_fault(line).map_or(Line::Inside, Line::Bad);
        }
        if self.lines - 1 > limits.headers_max { Line::Bad(TOO_MANY_HEADERS) } else { Line::Inside }
    }

    /// How many header lines a complete head has.
    fn header_lines(&self) -> usize {
        self.lines.saturating_sub(1)
    }
}

enum Line {
    Inside,
    Last,
    Bad(Rejection),
}

/// Judges the request line before the headers arrive, so that a client of HTTP/2 or of something
/// else altogether is answered at once.
fn request_line_fault(line: &[u8]) -> Option<Rejection> {
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target, version) = (words.next()?, words.next(), words.next());
    let (Some(target), Some(version), None) = (target, version, words.next()) else { return Some(MALFORMED) };
    if method.is_empty() || target.is_empty() {
        return Some(MALFORMED);
    }
    match version {
        b"HTTP/1.1" | b"HTTP/1.0" => None,
        [b'H', b'T', b'T', b'P', b'/', major] if major.is_ascii_digit() => Some(VERSION),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => {
            Some(VERSION)
        }
        _ => Some(MALFORMED),
    }
}

/// Reads a head that [`Scanner::scan`] found complete.
///
/// # Errors
/// The answer to give: 400 for all that is malformed, a missing or doubled Host included.
pub(super) fn parse(bytes: &[u8], scanner: &Scanner) -> Result<Head, Rejection> {
    let mut lines = vec![httparse::EMPTY_HEADER; scanner.header_lines()];
    let mut parsed = httparse::Request::new(&mut lines);
    match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Ok(httparse::Status::Complete(_) | httparse::Status::Partial) => return Err(MALFORMED),
        Err(httparse::Error::TooManyHeaders) => return Err(TOO_MANY_HEADERS),
        Err(_) => return Err(MALFORMED),
    }
    let (Some(method), Some(target), Some(minor)) = (parsed.method, parsed.path, parsed.version) else {
        return Err(MALFORMED);
    };
    let version = if minor == 0 { Version::Http10 } else { Version::Http11 };
    let method = Method::from(method);
    let (path, query) = split_target(&method, target)?;
    let mut headers = Headers::default();
    for line in parsed.headers.iter() {
        let value = str::from_utf8(line.value).map_err(|_| CONTROL)?;
        headers.push(line.name.to_owned(), value.trim_matches([' ', '\t']).to_owned());
    }
    check_host(&headers, version)?;
    Ok(Head { path: path.to_owned(), query: query.to_owned(), method, version, headers })
}

/// Path and query of a target in origin, absolute or asterisk form (RFC 9112 §3.2). Authority form
/// belongs to CONNECT, which a server that is no proxy refuses.
fn split_target<'a>(method: &Method, target: &'a str) -> Result<(&'a str, &'a str), Rejection> {
    if target.contains('#') {
        return Err(TARGET);
    }
    if target == "*" {
        return if *method == Method::Options { Ok(("*", "")) } else { Err(TARGET) };
    }
    let local = if target.starts_with('/') { target } else { without_authority(target).ok_or(TARGET)? };
    let (path, query) = local.split_once('?').unwrap_or((local, ""));
    Ok((if path.is_empty() { "/" } else { path }, query))
}

/// What follows the authority of an absolute http or https URI.
fn without_authority(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, local) = rest.split_at(end);
    (!authority.is_empty() && is_host(authority)).then_some(local)
}

/// RFC 9112 §3.2: HTTP/1.1 needs exactly one Host, and a bad one is 400 in any version.
fn check_host(headers: &Headers, version: Version) -> Result<(), Rejection> {
    let mut hosts = headers.all("Host");
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => Ok(()),
        (None, _) if version == Version::Http10 => Ok(()),
        _ => Err(HOST),
    }
}

/// The `Origin` line among the whole lines of a head that may be cut or wrong: whom a refusal must
/// name so that a browser lets its page read it.
pub(super) fn origin(bytes: &[u8]) -> Option<&str> {
    let whole = bytes.get(..=bytes.iter().rposition(|byte| *byte == b'\n')?)?;
    let lines = whole.split(|byte| *byte == b'\n').skip(1).take_while(|line| !matches!(line, [] | [b'\r']));
    let fields = lines.filter_map(|line| str::from_utf8(line).ok()?.split_once(':'));
    fields.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("Origin")).map(|(_, value)| value.trim())
}

/// The path in the first line of a head, if it asks by GET or HEAD. `None` as long as the line is not
/// there up to its path's end.
pub(super) fn asked_path(bytes: &[u8]) -> Option<&str> {
    let rest = bytes.strip_prefix(b"GET ").or_else(|| bytes.strip_prefix(b"HEAD "))?;
    let end = rest.iter().position(|byte| matches!(byte, b' ' | b'?' | b'\r' | b'\n'))?;
    str::from_utf8(rest.get(..end)?).ok()
}

/// The characters of a host and port, RFC 3986 §3.2.2 without the comma: a comma is how a doubled
/// Host looks after a proxy joined it. Empty is allowed for targets without an authority.
fn is_host(host: &str) -> bool {
    host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+;=".contains(&byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(bytes: &[u8]) -> Result<Head, Rejection> {
        let (mut scanner, limits) = (Scanner::default(), HttpLimits::default());
        match scanner.scan(bytes, &limits) {
            Scan::Complete(length) => parse(&bytes[..length], &scanner),
            Scan::Bad(fault) => Err(fault),
            Scan::Partial => panic!("partial: {:?}", String::from_utf8_lossy(bytes)),
        }
    }

    fn status_of(bytes: &[u8]) -> u16 {
        read(bytes).map_or_else(|fault| fault.status, |_| 200)
    }

    #[test]
    fn targets_of_every_form_yield_path_and_query() {
        for (line, path, query) in [
            ("GET /a/b?c=d?e HTTP/1.1", "/a/b", "c=d?e"),
            ("GET http://h.example/a?b HTTP/1.1", "/a", "b"),
            ("GET HTTPS://h.example:8080 HTTP/1.1", "/", ""),
            ("GET http://h.example?x=1 HTTP/1.1", "/", "x=1"),
            ("GET /../%2e%2e/%00//x HTTP/1.1", "/../%2e%2e/%00//x", ""),
            ("OPTIONS * HTTP/1.1", "*", ""),
        ] {
            let head = read(format!("{line}\r\nHost: h\r\n\r\n").as_bytes()).unwrap();
            assert_eq!((head.path.as_str(), head.query.as_str()), (path, query), "{line}");
        }
    }

    #[test]
    fn malformed_heads_are_400_and_foreign_versions_505() {
        for (head, status) in [
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.0\r\n\r\n", 200),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 200),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\nHost: a\n\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{7f}\r\n\r\n", 400),
            ("GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{e9}\r\n\r\n", 400),
            ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1 x\r\nHost: a\r\n\r\n", 400),
            ("GET /\r\n\r\n", 400),
            ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("GET / HTTP/3\r\n", 505),
            ("GET / HTTP/1.2\r\n", 505),
            ("GET / http/1.1\r\n", 400),
            ("\u{16}\u{3}\u{1}", 400),
        ] {
            assert_eq!(status_of(head.as_bytes()), status, "{head:?}");
        }
    }

    #[test]
    fn faults_are_seen_before_the_head_ends() {
        let limits = HttpLimits::default();
        for start in ["GET / HTTP/1.1\n", "GET / HTTP/2.0\r\n", "GET / HTTP/1.1\r\nA: b\r\n ", "GET /\0", "hello\r\n"] {
            assert!(matches!(Scanner::default().scan(start.as_bytes(), &limits), Scan::Bad(_)), "{start:?}");
        }
    }

    #[test]
    fn a_head_may_be_exactly_as_large_as_the_limit() {
        let limits = HttpLimits { head_bytes_max: 64, ..HttpLimits::default() };
        let head_of = |size: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(size - 27));
        assert_eq!(head_of(64).len(), 64);
        assert_eq!(Scanner::default().scan(head_of(64).as_bytes(), &limits), Scan::Complete(64));
        assert_eq!(Scanner::default().scan(head_of(65).as_bytes(), &limits), Scan::Bad(HEAD_TOO_LARGE));
        assert_eq!(Scanner::default().scan("x".repeat(65).as_bytes(), &limits), Scan::Bad(TARGET_TOO_LONG));
        assert_eq!(Scanner::default().scan("x".repeat(63).as_bytes(), &limits), Scan::Partial);
    }

    #[test]
    fn origin_is_found_in_a_head_that_is_cut_or_wrong() {
        let of = |head: &'static str| origin(head.as_bytes());
        assert_eq!(of("GET / HTTP/1.1\r\norigin:  https://a.test \r\nX: y"), Some("https://a.test"));
        assert_eq!(of("BAD\nOrigin: https://a.test\n"), Some("https://a.test"));
        for without in ["", "Origin: https://a.test\r\n", "GET /\r\nOrigin: https://a.te", "GET /\r\n\r\nOrigin: a\r\n"]
        {
            assert_eq!(of(without), None, "{without:?}");
        }
    }

    #[test]
    fn path_is_seen_in_the_first_bytes() {
        let of = |head: &'static str| asked_path(head.as_bytes());
        assert_eq!(
            (of("GET /healthz HTTP/1.1\r\n"), of("HEAD /readyz?x HTTP/1.1")),
            (Some("/healthz"), Some("/readyz"))
        );
        assert_eq!((of("GET /healthz"), of("POST /healthz HTTP/1.1\r\n"), of("")), (None, None, None));
    }

    #[test]
    fn header_lines_are_counted_to_the_limit() {
        let head_of = |lines: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(lines - 1));
        assert_eq!(status_of(head_of(100).as_bytes()), 200);
        assert_eq!(status_of(head_of(101).as_bytes()), 431);
    }

    #[test]
    fn the_pieces_a_head_arrives_in_do_not_matter() {
        let (bytes, limits) = (b"POST /a HTTP/1.1\r\nHost: a\r\nX:  b \r\n\r\nbody", HttpLimits::default());
        let (mut scanner, length) = (Scanner::default(), bytes.len() - "body".len());
        for end in 0..length {
            assert_eq!(scanner.scan(&bytes[..end], &limits), Scan::Partial, "{end}");
        }
        assert_eq!(scanner.scan(bytes, &limits), Scan::Complete(length));
        assert_eq!(parse(&bytes[..length], &scanner).unwrap().headers.get("x"), Some("b"));
    }
}
