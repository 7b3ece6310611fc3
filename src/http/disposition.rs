//! The `Content-Disposition` header of a form's part: `form-data; name="a"; filename="b"`
//! (RFC 7578 §4.2), with the escapes that browsers, curl and PHP's clients really send.
//!
//! It yields names as the client gave them; a file name is data for the caller, never a path.

use super::multipart::Error;

/// Bytes of a field or file name after unescaping. Chosen: four times what file systems allow.
pub(super) const NAME_BYTES_MAX: usize = 1024;

/// What a part says it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Disposition {
    pub(super) name: String,
    /// `Some("")` is how an HTML form says that no file was chosen.
    pub(super) filename: Option<String>,
}

/// Reads the header's value.
///
/// `filename*` is passed over: RFC 7578 §4.2 forbids it here, and a second name for one file is how
/// filters are fooled. A parameter given twice is an error for the same reason.
pub(super) fn parse(value: &[u8]) -> Result<Disposition, Error> {
    let (kind, mut rest) = split_at_byte(value, b';');
    if !kind.trim_ascii().eq_ignore_ascii_case(b"form-data") {
        return Err(Error::Malformed("a part is not form-data"));
    }
    let (mut name, mut filename) = (None, None);
    while !rest.trim_ascii_start().is_empty() {
        let Parameter { key, value, after } = parameter(rest.trim_ascii_start())?;
        rest = after;
        let slot = if key.eq_ignore_ascii_case(b"name") {
            &mut name
        } else if key.eq_ignore_ascii_case(b"filename") {
            &mut filename
        } else {
            continue;
        };
        if slot.replace(text(value)?).is_some() {
            return Err(Error::Malformed("a part is named twice"));
        }
    }
    Ok(Disposition { name: name.ok_or(Error::Malformed("a part has no name"))?, filename })
}

/// One `key=value`, the value unquoted, and what follows its semicolon.
struct Parameter<'a> {
    key: &'a [u8],
    value: Vec<u8>,
    after: &'a [u8],
}

/// Reads one parameter off the front.
fn parameter(input: &[u8]) -> Result<Parameter<'_>, Error> {
    const SYNTAX: Error = Error::Malformed("a part's Content-Disposition cannot be read");
    let equals = input.iter().position(|byte| *byte == b'=' || *byte == b';').ok_or(SYNTAX)?;
    let (key, rest) = input.split_at(equals);
    let key = key.trim_ascii();
    let value = rest.strip_prefix(b"=").ok_or(SYNTAX)?.trim_ascii_start();
    let Some(quoted) = value.strip_prefix(b"\"") else {
        let (token, after) = split_at_byte(value, b';');
        return Ok(Parameter { key, value: token.trim_ascii().to_vec(), after });
    };
    let (value, after) = unquote(quoted).ok_or(SYNTAX)?;
    let after = after.trim_ascii_start();
    match after.strip_prefix(b";") {
        Some(after) => Ok(Parameter { key, value, after }),
        None if after.is_empty() => Ok(Parameter { key, value, after }),
        None => Err(SYNTAX),
    }
}

/// Reads up to the closing quote. A backslash escapes a quote or a backslash and is itself before
/// anything else, as in PHP, because browsers on Windows once sent `C:\dir\file` unescaped.
fn unquote(input: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut at = 0;
    loop {
        match (input.get(at)?, input.get(at + 1)) {
            (b'"', _) => return Some((value, input.get(at + 1..).unwrap_or_default())),
            (b'\\', Some(escaped @ (b'"' | b'\\'))) => {
                value.push(*escaped);
                at += 2;
            }
            (byte, _) => {
                value.push(*byte);
                at += 1;
            }
        }
    }
}

/// UTF-8 of bounded length. `%22` is how the WHATWG's form encoding writes a quote; its `%0D` and
/// `%0A` stay as they are, since no name needs a line break.
fn text(bytes: Vec<u8>) -> Result<String, Error> {
    let text = String::from_utf8(bytes).map_err(|_| Error::NotUtf8)?.replace("%22", "\"");
    if text.len() > NAME_BYTES_MAX { Err(Error::NameTooLong) } else { Ok(text) }
}

/// What comes before the first `byte` and after it.
fn split_at_byte(input: &[u8], byte: u8) -> (&[u8], &[u8]) {
    match input.iter().position(|own| *own == byte) {
        Some(at) => (input.get(..at).unwrap_or_default(), input.get(at + 1..).unwrap_or_default()),
        None => (input, &[]),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_arrive_as_the_client_meant_them() {
        for (value, name, filename) in [
            (r#"form-data; name="a""#, "a", None),
            (r#"Form-Data;name=a"#, "a", None),
            (r#"form-data; name="attachment[]"; filename="x.txt""#, "attachment[]", Some("x.txt")),
            (r#"form-data; filename="";name="a";"#, "a", Some("")),
            (r#"form-data; name="a; name=b"; x=y"#, "a; name=b", None),
            (r#"form-data; name="a"; filename="q\"q\\q.txt""#, "a", Some(r#"q"q\q.txt"#)),
            (r#"form-data; name="a"; filename="q%22q.txt""#, "a", Some("q\"q.txt")),
            (r#"form-data; name="a"; filename="C:\dir\f.txt""#, "a", Some(r"C:\dir\f.txt")),
            (r#"form-data; name="a"; filename="../../x""#, "a", Some("../../x")),
            ("form-data; name=\"a\"; filename=\"\u{e9}.txt\"", "a", Some("\u{e9}.txt")),
            (r#"form-data; name="a"; filename*=UTF-8''evil.php"#, "a", None),
            (r#"form-data; name="a"; filename*=broken; filename="b""#, "a", Some("b")),
            (r#"form-data; name="""#, "", None),
        ] {
            let expected = Disposition { name: name.to_owned(), filename: filename.map(str::to_owned) };
            assert_eq!(parse(value.as_bytes()).unwrap(), expected, "{value}");
        }
    }

    #[test]
    fn unreadable_dispositions_are_errors() {
        for value in [
            "",
            "attachment; name=\"a\"",
            "form-data",
            "form-data; name",
            "form-data; name=\"a",
            "form-data; name=\"a\\\"",
            "form-data; name=\"a\"b",
            "form-data; name=\"a\"; name=\"b\"",
            "form-data; name=\"a\"; filename=\"b\"; FileName=c",
            "form-data; ;name=a",
        ] {
            assert!(parse(value.as_bytes()).is_err(), "{value}");
        }
        assert!(matches!(parse(b"form-data; name=\"\xff\""), Err(Error::NotUtf8)));
    }

    #[test]
    fn a_name_may_be_exactly_as_long_as_the_limit() {
        let named = |bytes: usize| format!("form-data; name=\"{}\"", "n".repeat(bytes));
        assert!(parse(named(NAME_BYTES_MAX).as_bytes()).is_ok());
        assert!(matches!(parse(named(NAME_BYTES_MAX + 1).as_bytes()), Err(Error::NameTooLong)));
    }
}
