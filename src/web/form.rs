//! What a form or a query says: names, values and files.

use crate::http::form::{self, Format};
use crate::http::{Request, Spool, multipart};

/// Longest text of one field, in bytes: whatever fits the `maxlength` of 1,000,000 that the boxes have. It counts UTF-16
/// units, of which each takes three bytes at most.
pub(crate) const TEXT_BYTES_MAX: usize = 3_000_000;

/// A file of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// The browser's name for it.
    pub(crate) name: String,
    /// The bytes.
    pub(crate) content: Vec<u8>,
}

/// Names and values in their order, and the files that were chosen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pairs: Vec<(String, String)>,
    files: Vec<File>,
    is_too_large: bool,
}

/// Why a form cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is no form, or a broken one.
    Broken,
    /// There is too much of it.
    TooLarge,
}

impl Form {
    /// Reads a query.
    pub(crate) fn of_query(query: &str) -> Result<Self, Unreadable> {
        let pairs = form::parse_urlencoded(query.as_bytes()).map_err(|error| of_status(error.status()))?;
        Ok(Self::of_pairs(pairs))
    }

    /// Reads a request's body, which is gone from it then.
    pub(crate) fn of_body(request: &mut Request) -> Result<Self, Unreadable> {
        let body = std::mem::replace(&mut request.body, Spool::from(Vec::new()));
        let format = Format::of(request.header("Content-Type")).map_err(|_| Unreadable::Broken)?;
        let broken = |_| Unreadable::Broken;
        match format {
            Format::Urlencoded => {
                let body = body.into_bytes().map_err(broken)?;
                let pairs = form::parse_urlencoded(&body).map_err(|error| of_status(error.status()))?;
                Ok(Self::of_pairs(pairs).checked())
            }
            Format::Multipart(boundary) => {
                let mut read = Self::default();
                let fields = multipart::parse(body, &boundary).map_err(|error| of_status(error.status()))?;
                for field in fields {
                    match field {
                        multipart::Field::Text { name, value } => {
                            let text = String::from_utf8(value).map_err(|_| Unreadable::Broken)?;
                            read.pairs.push((name, text));
                        }
                        multipart::Field::File { filename, content, .. } => {
                            let content = content.into_bytes().map_err(broken)?;
                            // A file field without a file comes as a nameless empty one.
                            if !filename.is_empty() || !content.is_empty() {
                                read.files.push(File { name: filename, content });
                            }
                        }
                    }
                }
                Ok(read.checked())
            }
            Format::Json | Format::Other if body.is_empty() => Ok(Self::default()),
            Format::Json | Format::Other => Err(Unreadable::Broken),
        }
    }

    /// Reads what came of a body that is too large: it is given back, and not taken.
    pub(crate) fn of_beginning(request: &mut Request) -> Self {
        let body = std::mem::replace(&mut request.body, Spool::from(Vec::new()));
        let mut read = Self { is_too_large: true, ..Self::default() };
        let Ok(Format::Multipart(boundary)) = Format::of(request.header("Content-Type")) else { return read };
        for field in multipart::beginning(body, &boundary) {
            match field {
                multipart::Field::Text { name, value } => {
                    read.pairs.extend(String::from_utf8(value).ok().map(|text| (name, text)));
                }
                multipart::Field::File { filename, .. } if filename.is_empty() => {}
                multipart::Field::File { filename, .. } => {
                    read.files.push(File { name: filename, content: Vec::new() });
                }
            }
        }
        read
    }

    fn checked(self) -> Self {
        let is_too_large = self.pairs.iter().any(|(_, value)| value.len() > TEXT_BYTES_MAX);
        Self { is_too_large, ..self }
    }

    /// Whether a field has more than [`TEXT_BYTES_MAX`]: it was read, so that it can be given back, and must not be taken.
    pub(crate) const fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    /// The last value of a name; empty when there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.pairs.iter().rev().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }

    /// The same without blanks around it.
    pub(crate) fn trimmed(&self, name: &str) -> &str {
        self.get(name).trim()
    }

    /// Whether the form has that name at all, as a button that was pressed or a box that was ticked has.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(own, _)| own == name)
    }

    /// Every value of a name, in order.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.pairs.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The number that a name's value is.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.trimmed(name).parse().ok()
    }

    /// All pairs, for a form that is shown again.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// The same with other pairs: a form that was carried over a sign-in.
    pub(crate) const fn of_pairs(pairs: Vec<(String, String)>) -> Self {
        Self { pairs, files: Vec::new(), is_too_large: false }
    }

    /// The files that were chosen.
    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }
}

const fn of_status(status: u16) -> Unreadable {
    if status == 413 { Unreadable::TooLarge } else { Unreadable::Broken }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::http::Method;

    fn posted(content_type: &str, body: &str) -> Result<Form, Unreadable> {
        Form::of_body(&mut Request::new(Method::Post, "/").with_header("Content-Type", content_type).with_body(body))
    }

    #[test]
    fn a_form_gives_its_values_and_files() {
        let form = posted("application/x-www-form-urlencoded", "a=1&b=+x+&a=2").unwrap();
        assert_eq!((form.get("a"), form.trimmed("b"), form.number("a")), ("2", "x", Some(2)));
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1", "2"]);
        let body = "--x\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nhello\r\n--x\r\n\
            Content-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\nA\r\n--x\r\n\
            Content-Disposition: form-data; name=\"files\"; filename=\"\"\r\n\r\n\r\n--x--\r\n";
        let form = posted("multipart/form-data; boundary=x", body).unwrap();
        assert_eq!(form.get("t"), "hello");
        assert_eq!(form.files(), [File { name: "a.txt".to_owned(), content: b"A".to_vec() }]);
    }

    #[test]
    fn a_field_is_read_up_to_its_limit() {
        let text = |bytes: usize| format!("a={}", "x".repeat(bytes));
        let of = |bytes: usize| posted("application/x-www-form-urlencoded", &text(bytes)).unwrap();
        assert!(!of(TEXT_BYTES_MAX).is_too_large());
        let more = of(TEXT_BYTES_MAX + 1);
        assert!(more.is_too_large() && more.get("a").len() == TEXT_BYTES_MAX + 1, "it can be given back");
        assert!("\u{20ac}".repeat(1_000_000).len() <= TEXT_BYTES_MAX, "whatever a box takes");
        assert_eq!(posted("application/json", "{}").unwrap_err(), Unreadable::Broken);
    }
}
