//! Content types, urlencoded bodies and query strings: the other ways to send parameters.
//!
//! Reading is PHP's where clients depend on it (`+` is a space, a bad `%` stays as it is), strict
//! where nobody depends on leniency (invalid UTF-8 is an error). Names keep their brackets; JSON is the API's.

use percent_encoding::percent_decode;

use super::multipart::{self, Boundary};

/// Pairs in one query or body: PHP's `max_input_vars`. Without it 30 MiB of `&a` are a gigabyte.
pub(crate) const PAIRS_MAX: usize = 1000;

/// What a body claims to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// multipart/form-data with this boundary.
    Multipart(Boundary),
    /// application/x-www-form-urlencoded.
    Urlencoded,
    /// application/json, or another type of JSON such as application/problem+json.
    Json,
    /// Anything else, no content type included.
    Other,
}

impl Format {
    /// Reads a `Content-Type`; case and parameters that do not matter are ignored.
    ///
    /// # Errors
    /// [`multipart::Error::Boundary`] for multipart/form-data without exactly one usable boundary.
    pub(crate) fn of(content_type: Option<&str>) -> Result<Self, multipart::Error> {
        let (kind, parameters) =
            content_type.unwrap_or_default().split_once(';').unwrap_or((content_type.unwrap_or_default(), ""));
        let kind = kind.trim().to_ascii_lowercase();
        match kind.as_str() {
            "multipart/form-data" => boundary(parameters).map(Self::Multipart),
            "application/x-www-form-urlencoded" => Ok(Self::Urlencoded),
            "application/json" => Ok(Self::Json),
            other if other.starts_with("application/") && other.ends_with("+json") => Ok(Self::Json),
            _ => Ok(Self::Other),
        }
    }
}

/// The boundary parameter, quoted or not. A quoted one has no escapes, for no boundary needs any.
fn boundary(mut parameters: &str) -> Result<Boundary, multipart::Error> {
    let mut found = None;
    while !parameters.trim_start().is_empty() {
        let Some((key, rest)) = parameters.trim_start().split_once('=') else { break };
        let rest = rest.trim_start();
        let (value, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or(multipart::Error::Boundary)?,
            None => rest.split_at(rest.find(';').unwrap_or(rest.len())),
        };
        if key.trim().eq_ignore_ascii_case("boundary") {
            // Unquoted blanks at the end are the header's; a quoted one would be the boundary's.
            let value = if rest.starts_with('"') { value } else { value.trim_end() };
            if found.replace(value).is_some() {
                return Err(multipart::Error::Boundary);
            }
        }
        let after = after.trim_start();
        parameters = match after.strip_prefix(';') {
            Some(next) => next,
            None if after.is_empty() => after,
            None => return Err(multipart::Error::Boundary),
        };
    }
    Boundary::new(found.ok_or(multipart::Error::Boundary)?)
}

/// Why pairs cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// A name or value is not UTF-8 once decoded.
    #[error("a parameter is not valid UTF-8")]
    NotUtf8,
    /// More than [`PAIRS_MAX`] pairs.
    #[error("there are too many parameters")]
    TooManyPairs,
}

impl Error {
    /// The status to answer with: 400, or 413 for too many.
    #[must_use]
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::NotUtf8 => 400,
            Self::TooManyPairs => 413,
        }
    }
}

/// Reads `a=1&b=2` as names and values in order, a name without `=` as an empty value.
///
/// Serves urlencoded bodies and query strings alike. Empty pieces (`a=1&&b=2`) are skipped.
///
/// # Errors
/// See [`Error`].
pub(crate) fn parse_urlencoded(input: &[u8]) -> Result<Vec<(String, String)>, Error> {
    let mut pairs = Vec::new();
    for pair in input.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        if pairs.len() >= PAIRS_MAX {
            return Err(Error::TooManyPairs);
        }
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        pairs.push((decode(name)?, decode(value)?));
    }
    Ok(pairs)
}

fn decode(bytes: &[u8]) -> Result<String, Error> {
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    String::from_utf8(percent_decode(&spaced).collect()).map_err(|_| Error::NotUtf8)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pairs(input: &str) -> Vec<(String, String)> {
        parse_urlencoded(input.as_bytes()).unwrap()
    }

    #[test]
    fn pairs_are_decoded_as_php_decodes_them() {
        let expected: &[(&str, &[(&str, &str)])] = &[
            ("", &[]),
            ("a=1&b=2&a=3", &[("a", "1"), ("b", "2"), ("a", "3")]),
            ("a=b=c&&d&=e", &[("a", "b=c"), ("d", ""), ("", "e")]),
            ("full+name=Ann%20B%2BC", &[("full name", "Ann B+C")]),
            ("a=100%&b=%zz&c=%4", &[("a", "100%"), ("b", "%zz"), ("c", "%4")]),
            ("x%5B%5D=%C3%A9&x[]=\u{e9}", &[("x[]", "\u{e9}"), ("x[]", "\u{e9}")]),
            ("a=%00", &[("a", "\0")]),
        ];
        for (input, expected) in expected {
            let found = pairs(input);
            let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(&found, expected, "{input}");
        }
    }

    #[test]
    fn invalid_utf8_is_an_error_however_it_is_written() {
        for input in [&b"a=%ff"[..], b"a=\xff", b"%c3=a", b"a=%ed%a0%80"] {
            assert_eq!(parse_urlencoded(input), Err(Error::NotUtf8), "{input:?}");
        }
    }

    #[test]
    fn pairs_are_counted_to_the_limit() {
        assert_eq!(pairs(&"a&".repeat(PAIRS_MAX)).len(), PAIRS_MAX);
        assert_eq!(parse_urlencoded("a&".repeat(PAIRS_MAX + 1).as_bytes()), Err(Error::TooManyPairs));
    }

    #[test]
    fn content_types_are_told_apart() {
        let boundary = |text| Format::Multipart(Boundary::new(text).unwrap());
        for (content_type, format) in [
            (None, Format::Other),
            (Some("text/plain"), Format::Other),
            (Some("Application/JSON; charset=utf-8"), Format::Json),
            (Some("application/problem+json"), Format::Json),
            (Some("application/x-www-form-urlencoded;charset=UTF-8"), Format::Urlencoded),
            (Some("multipart/form-data; boundary=abc"), boundary("abc")),
            (Some("multipart/form-data; charset=utf-8; Boundary=\"a b;c\" "), Format::Other),
            (Some("multipart/form-data;boundary=\"a b:c\"; charset=x"), boundary("a b:c")),
            (Some("multipart/form-data; boundary=----geckoformboundary1 ; x=y"), boundary("----geckoformboundary1")),
        ] {
            match Format::of(content_type) {
                Ok(found) => assert_eq!(found, format, "{content_type:?}"),
                // The semicolon in the third boundary is outside of RFC 2046's alphabet.
                Err(_) => assert!(content_type.is_some_and(|text| text.contains("b;c")), "{content_type:?}"),
            }
        }
    }

    #[test]
    fn boundaries_that_are_missing_doubled_or_too_long_are_errors() {
        let long = |size: usize| format!("multipart/form-data; boundary={}", "b".repeat(size));
        assert!(Format::of(Some(&long(70))).is_ok());
        for content_type in [
            &long(71),
            &long(10_000),
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=\"a",
            "multipart/form-data; boundary=\"a \"",
            "multipart/form-data; boundary=\"a\"b",
            "multipart/form-data; boundary=a; boundary=a",
            "multipart/form-data; boundary=a\u{e9}",
        ] {
            assert!(matches!(Format::of(Some(content_type)), Err(multipart::Error::Boundary)), "{content_type}");
        }
    }
}
