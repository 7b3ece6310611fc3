//! Parameters of a request: query string, form, multipart form or JSON object, all read as PHP's
//! names and values. The body wins over the query, the later value over the earlier.

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::error::ApiError;
use super::json;
use super::route::row_id;
use crate::http::form::{self, Format};
use crate::http::{Request, multipart};

/// Longest JSON body read, in bytes: a message of 1 MiB with every character escaped, and some.
pub(super) const JSON_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Longest message, in bytes. Chosen: more than anybody writes, and little for the database.
pub(super) const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// The value of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    /// JSON's true and false: PHP's "1" and "0".
    Switch(bool),
    /// `name[]=…`, or a JSON array or object.
    List,
}

/// The value is something else where a text is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotText;

/// A file sent along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upload {
    /// The client's name for it; empty when the form had none chosen.
    pub(super) filename: String,
    /// The bytes.
    pub(super) content: Vec<u8>,
}

/// The parameters of one request.
#[derive(Debug, Default)]
pub(super) struct Params {
    values: Vec<(String, Value)>,
    /// Files under `attachment`, `attachment[]` or `attachment[0]`.
    uploads: Vec<Upload>,
    sha256: [u8; 32],
}

impl Params {
    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// [`ApiError::Malformed`] for what cannot be read, [`ApiError::TooLarge`], and
    /// [`ApiError::Broken`] when a spooled body cannot be read back.
    pub(super) fn of(request: Request) -> Result<Self, ApiError> {
        let mut read = Self::default();
        for (name, value) in form::parse_urlencoded(request.query.as_bytes())? {
            read.add(&name, value);
        }
        if request.body.is_empty() {
            read.sha256 = read.digest();
            return Ok(read);
        }
        match Format::of(request.header("Content-Type"))? {
            Format::Multipart(boundary) => read.add_multipart(multipart::parse(request.body, &boundary)?)?,
            Format::Urlencoded => {
                let body = request.body.into_bytes().map_err(|e| ApiError::Broken(e.to_string()))?;
                for (name, value) in form::parse_urlencoded(&body)? {
                    read.add(&name, value);
                }
            }
            Format::Json => {
                if request.body.len() > JSON_BYTES_MAX {
                    return Err(ApiError::TooLarge("The JSON body is too large.".to_owned()));
                }
                let body = request.body.into_bytes().map_err(|e| ApiError::Broken(e.to_string()))?;
                read.add_json(&body)?;
            }
            Format::Other => {}
        }
        read.sha256 = read.digest();
        Ok(read)
    }

    /// SHA-256 of all names, values and files, in order: the same for the same form sent again,
    /// whose multipart boundary is another one each time.
    #[must_use]
    pub(super) const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The value of a name, empty or not.
    ///
    /// # Errors
    /// [`ApiError::Malformed`] when the value is an array.
    pub(super) fn get(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.values.iter().rev().find(|(own, _)| own == name) {
            None => Ok(None),
            Some((_, Value::Text(text))) => Ok(Some(text)),
            Some((_, Value::Switch(yes))) => Ok(Some(if *yes { "1" } else { "0" })),
            Some((_, Value::List)) => Err(ApiError::Malformed(format!("Parameter {name} must be a single value."))),
        }
    }

    /// The value of a name where nothing but a text, or a number for one, is meant: trimmed, `None`
    /// when it is missing or blank.
    ///
    /// # Errors
    /// [`NotText`] when the value is an array, object, true or false.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, NotText> {
        match self.values.iter().rev().find(|(own, _)| own == name) {
            None => Ok(None),
            Some((_, Value::Text(text))) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some((_, Value::Switch(_) | Value::List)) => Err(NotText),
        }
    }

    /// The value of a name, unless it is missing or blank: HelpDeskZ's `required`.
    ///
    /// # Errors
    /// Those of [`Params::get`].
    pub(super) fn filled(&self, name: &str) -> Result<Option<&str>, ApiError> {
        // PHP's trim takes these six.
        let is_blank = |text: &str| text.trim_matches([' ', '\t', '\n', '\r', '\0', '\x0b']).is_empty();
        Ok(self.get(name)?.filter(|text| !is_blank(text)))
    }

    /// The number of a filter, when it is numeric: a value that is no id finds nothing, one that is
    /// no number is no filter.
    ///
    /// # Errors
    /// Those of [`Params::get`].
    pub(super) fn filter(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let text = self.get(name)?.unwrap_or("");
        Ok(is_numeric(text).then(|| row_id(text.trim()).unwrap_or(NO_ROW)))
    }

    /// The page asked for, from 1 on.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for a number that is no page; a text that is no number is page 1.
    pub(super) fn page(&self) -> Result<i64, ApiError> {
        let text = self.get("page")?.unwrap_or("");
        if !is_numeric(text) {
            return Ok(1);
        }
        whole(text).filter(|page| *page > 0).ok_or(ApiError::NotFound("Page not found."))
    }

    /// The page asked for where HelpDeskZ takes anything odd for page 1.
    ///
    /// # Errors
    /// Those of [`Params::get`].
    pub(super) fn page_or_first(&self) -> Result<i64, ApiError> {
        let text = self.get("page")?.unwrap_or("");
        Ok(Some(text).filter(|text| is_numeric(text)).and_then(whole).filter(|page| *page > 0).unwrap_or(1))
    }

    /// The files sent along, in order; a form's empty file field is none.
    pub(super) fn uploads(&self) -> impl Iterator<Item = &Upload> {
        self.uploads.iter().filter(|upload| !upload.filename.is_empty() || !upload.content.is_empty())
    }

    fn add(&mut self, name: &str, text: String) {
        match name.split_once('[') {
            Some((base, _)) if !base.is_empty() => self.values.push((base.to_owned(), Value::List)),
            _ => self.values.push((name.to_owned(), Value::Text(text))),
        }
    }

    fn add_multipart(&mut self, fields: Vec<multipart::Field>) -> Result<(), ApiError> {
        for field in fields {
            match field {
                multipart::Field::Text { name, value } => {
                    let text = String::from_utf8(value).map_err(|_| form::Error::NotUtf8)?;
                    self.add(&name, text);
                }
                multipart::Field::File { name, filename, content } => {
                    if name.split('[').next() == Some("attachment") {
                        let content = content.into_bytes().map_err(|e| ApiError::Broken(e.to_string()))?;
                        self.uploads.push(Upload { filename, content });
                    }
                }
            }
        }
        Ok(())
    }

    fn add_json(&mut self, body: &[u8]) -> Result<(), ApiError> {
        for (name, value) in json::object(body)? {
            match value {
                Json::Null => {}
                Json::Bool(yes) => self.values.push((name, Value::Switch(yes))),
                Json::Number(number) => self.values.push((name, Value::Text(number.to_string()))),
                Json::String(text) => self.values.push((name, Value::Text(text))),
                Json::Array(_) | Json::Object(_) => self.values.push((name, Value::List)),
            }
        }
        Ok(())
    }

    fn digest(&self) -> [u8; 32] {
        let mut all = Sha256::new();
        let mut piece = |kind: u8, bytes: &[u8]| {
            all.update([kind]);
            all.update((bytes.len() as u64).to_be_bytes());
            all.update(bytes);
        };
        for (name, value) in &self.values {
            piece(b'n', name.as_bytes());
            match value {
                Value::Text(text) => piece(b't', text.as_bytes()),
                Value::Switch(yes) => piece(b's', &[u8::from(*yes)]),
                Value::List => piece(b'l', &[]),
            }
        }
        for upload in &self.uploads {
            piece(b'f', upload.filename.as_bytes());
            piece(b'c', &upload.content);
        }
        all.finalize().into()
    }
}

/// An id that no row has.
const NO_ROW: i64 = -1;

/// PHP's `is_numeric`: blanks around it, a sign, a fraction and an exponent are allowed.
fn is_numeric(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    digits(whole)
        && digits(fraction)
        && mantissa.len() > usize::from(mantissa.contains('.'))
        && !exponent.is_empty()
        && digits(exponent)
}

/// The whole number that a numeric text has for its value; `None` for a fraction. Numbers past 64
/// bits are the largest one, which is past the end of every list.
#[allow(clippy::cast_possible_truncation)] // `as` saturates, which is what is wanted
fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return Some(number);
    }
    let number: f64 = text.parse().ok()?;
    (number.fract() == 0.0 || number.is_infinite()).then_some(number as i64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::http::Method;

    fn json(body: &str) -> Result<Params, ApiError> {
        Params::of(
            Request::new(Method::Post, "/x?a=query&q=1")
                .with_header("Content-Type", "application/json")
                .with_body(body),
        )
    }

    #[test]
    fn body_wins_over_query_and_scalars_become_texts() {
        let params = json(r#"{"a":"é","n":1.5,"t":true,"f":false,"z":null,"l":[1]}"#).unwrap();
        let get = |name| params.get(name).unwrap();
        assert_eq!(
            (get("a"), get("q"), get("n"), get("t"), get("f"), get("z")),
            (Some("é"), Some("1"), Some("1.5"), Some("1"), Some("0"), None)
        );
        assert!(matches!(params.get("l"), Err(ApiError::Malformed(_))));
    }

    #[test]
    fn broken_json_is_refused() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
        for body in ["", "{", "[]", "1", "{\"a\":1,\"a\":2}", "{\"a\":1e999}", "{\"a\":1} x", &deep] {
            let refused = json(body);
            assert!(body.is_empty() || matches!(refused, Err(ApiError::Malformed(_))), "{body:.40}");
        }
        let invalid = Request::new(Method::Post, "/x")
            .with_header("Content-Type", "application/json")
            .with_body(&b"{\"a\":\"\xff\"}"[..]);
        assert!(matches!(Params::of(invalid), Err(ApiError::Malformed(_))));
    }

    #[test]
    fn brackets_make_an_array_only_where_one_is_looked_for() {
        let params = Params::of(Request::new(Method::Get, "/x?a[]=1&b=2&b[k]=3&[c]=4")).unwrap();
        assert!(params.get("a").is_err());
        assert!(params.get("b").is_err(), "the later value wins");
        assert_eq!(params.get("other").unwrap(), None);
    }

    #[test]
    fn numbers_are_told_as_php_tells_them() {
        for numeric in ["0", "-1", "+1", "1.5", ".5", "1.", "1e3", " 7", "7 "] {
            assert!(is_numeric(numeric), "{numeric}");
        }
        for other in ["", " ", ".", "abc", "1abc", "0x1A", "1e", "--1", "1 2"] {
            assert!(!is_numeric(other), "{other}");
        }
    }

    #[test]
    fn pages_are_whole_and_above_zero() {
        let page = |text: &str| Params::of(Request::new(Method::Get, &format!("/x?page={text}"))).unwrap().page();
        assert_eq!(
            (page("").unwrap(), page("abc").unwrap(), page("2").unwrap(), page("99999999999999999999").unwrap()),
            (1, 1, 2, i64::MAX)
        );
        for refused in ["0", "-1", "1.5"] {
            assert!(matches!(page(refused), Err(ApiError::NotFound("Page not found."))), "{refused}");
        }
    }
}
