//! Reads the names and values of one response: atoms, strings, literals and lists (RFC 3501 §4).

use std::borrow::Cow;

use super::literal_bytes;

/// Bytes of `{number+}`; a 64-bit number has 20 digits.
const LITERAL_HEAD_BYTES_MAX: usize = 24;

/// A value of a response.
pub(super) enum Value<'a> {
    /// A number, a flag, `NIL`.
    Atom(&'a [u8]),
    /// A quoted string or a literal.
    Text(Cow<'a, [u8]>),
    /// Anything in parentheses, passed over.
    List,
}

/// Reads names and values from a response whose literals are complete.
pub(super) struct Scanner<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    fn skip_spaces(&mut self) {
        let count = self.rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// The name of the next item, with all that stands in its brackets; `None` at the end.
    pub(super) fn item(&mut self) -> Option<&'a [u8]> {
        self.skip_spaces();
        let mut is_bracketed = false;
        let count = self.rest.iter().take_while(|b| {
            is_bracketed = **b == b'[' || is_bracketed && **b != b']';
            is_bracketed || !matches!(b, b' ' | b'(' | b')' | b'\r' | b'\n')
        });
        let (name, rest) = self.rest.split_at_checked(count.count())?;
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }

    pub(super) fn value(&mut self) -> Option<Value<'a>> {
        self.skip_spaces();
        match self.rest.first()? {
            b'(' => self.skip_list().map(|()| Value::List),
            b'"' => self.quoted().map(Value::Text),
            b'{' => match self.literal() {
                Some(text) => Some(Value::Text(Cow::Borrowed(text))),
                None => self.atom(),
            },
            _ => self.atom(),
        }
    }

    fn atom(&mut self) -> Option<Value<'a>> {
        let count = self.rest.iter().take_while(|b| !matches!(b, b' ' | b'(' | b')' | b'\r' | b'\n')).count();
        let (atom, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        (!atom.is_empty()).then_some(Value::Atom(atom))
    }

    /// A quoted string, its escapes undone.
    fn quoted(&mut self) -> Option<Cow<'a, [u8]>> {
        let mut text = Vec::new();
        let mut bytes = self.rest.iter().copied().enumerate().skip(1);
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.rest = self.rest.get(at + 1..)?;
                    return Some(Cow::Owned(text));
                }
                b'\\' => text.push(bytes.next()?.1),
                b'\r' | b'\n' => return None,
                other => text.push(other),
            }
        }
        None
    }

    /// A literal, or `None` and nothing read when the brace is only a character.
    fn literal(&mut self) -> Option<&'a [u8]> {
        // As far as a number can reach, so that many braces are not many searches of everything.
        let end = self.rest.iter().take(LITERAL_HEAD_BYTES_MAX).position(|b| *b == b'}')?;
        let bytes = literal_bytes(self.rest.get(1..end)?)?;
        let after = self.rest.get(end + 1..)?;
        let after = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n"))?;
        let (text, rest) = after.split_at_checked(bytes)?;
        self.rest = rest;
        Some(text)
    }

    /// Passes over parentheses, however deep, and strings in them.
    fn skip_list(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.rest.first()? {
                b'"' => {
                    self.quoted()?;
                    continue;
                }
                b'{' if self.literal().is_some() => continue,
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            self.rest = self.rest.get(1..)?;
            if depth == 0 {
                return Some(());
            }
        }
    }
}
