//! PHP's `serialize()` read back: scalars and arrays, as HelpDeskZ stores lists and permissions.
//!
//! Lengths count bytes of UTF-8. A wrong length, left by a search-and-replace over a dump or by a
//! changed charset, is repaired where the end of the text can still be found; that is reported beside the
//! value. Objects are not read. Linear in the length of the text, nesting is limited.

/// Deepest nesting read. HelpDeskZ's own is 3.
const DEPTH_MAX: usize = 8;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Php {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    /// Keys and values in order.
    Array(Vec<(Php, Php)>),
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unserialized {
    pub(super) value: Php,
    /// A length was wrong and was mended.
    pub(super) is_mended: bool,
}

impl Php {
    /// The value as text, as PHP would print it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Null | Self::Array(_) | Self::Bool(false) => String::new(),
            Self::Bool(true) => "1".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// The value as text, a list's values with commas between.
    pub(super) fn joined(&self) -> String {
        match self {
            Self::Array(items) => items.iter().map(|(_, value)| value.text()).collect::<Vec<_>>().join(", "),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => self.text(),
        }
    }

    /// Whether PHP takes it for true.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(is_true) => *is_true,
            Self::Number(number) => *number != 0,
            Self::Text(text) => !text.is_empty() && text != "0",
            Self::Array(items) => !items.is_empty(),
        }
    }

    /// The items of an array; none of anything else.
    pub(super) fn items(&self) -> &[(Self, Self)] {
        match self {
            Self::Array(items) => items,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => &[],
        }
    }

    /// The value under a text key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.items().iter().find(|(k, _)| matches!(k, Self::Text(text) if text == key)).map(|(_, value)| value)
    }
}

/// Reads one value; `None` where the text is no serialised value, mended or not.
pub(super) fn unserialize(text: &str) -> Option<Unserialized> {
    let mut parser = Parser { rest: text.trim(), is_mended: false };
    let value = parser.value(0)?;
    parser.is_mended |= !parser.rest.is_empty();
    Some(Unserialized { value, is_mended: parser.is_mended })
}

struct Parser<'a> {
    rest: &'a str,
    is_mended: bool,
}

impl<'a> Parser<'a> {
    fn value(&mut self, depth: usize) -> Option<Php> {
        let kind = self.rest.bytes().next()?;
        match kind {
            b'N' => {
                self.take("N;")?;
                Some(Php::Null)
            }
            b'b' => Some(Php::Bool(self.scalar("b:")? != "0")),
            b'i' => Some(Php::Number(self.scalar("i:")?.parse().ok()?)),
            // No field of HelpDeskZ's is a fraction; its whole part is enough.
            b'd' => Some(Php::Number(self.scalar("d:")?.split('.').next()?.parse().ok()?)),
            b's' => self.text(),
            b'a' if depth < DEPTH_MAX => self.array(depth),
            _ => None,
        }
    }

    fn take(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// The text between `head` and the next `;`.
    fn scalar(&mut self, head: &str) -> Option<&'a str> {
        self.take(head)?;
        let (value, rest) = self.rest.split_once(';')?;
        self.rest = rest;
        Some(value)
    }

    fn count(&mut self) -> Option<usize> {
        let (number, rest) = self.rest.split_once(':')?;
        self.rest = rest;
        number.parse().ok()
    }

    fn text(&mut self) -> Option<Php> {
        self.take("s:")?;
        let bytes = self.count()?;
        self.take("\"")?;
        let end = match self.rest.get(bytes..).filter(|behind| behind.starts_with("\";")) {
            Some(_) => bytes,
            None => {
                self.is_mended = true;
                self.likely_end()?
            }
        };
        let text = self.rest.get(..end)?.to_owned();
        self.rest = self.rest.get(end + 2..)?;
        Some(Php::Text(text))
    }

    /// The first `";` that is followed by another value, the end of an array or the end of the text.
    fn likely_end(&self) -> Option<usize> {
        let ends = self.rest.match_indices("\";").map(|(at, _)| at);
        ends.into_iter().find(|at| {
            let behind = self.rest.get(at + 2..).unwrap_or_default();
            behind.is_empty()
                || behind.starts_with('}')
                || behind.starts_with("N;")
                || ["s:", "i:", "a:", "b:", "d:"].iter().any(|head| {
                    behind.strip_prefix(head).is_some_and(|b| b.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
                })
        })
    }

    fn array(&mut self, depth: usize) -> Option<Php> {
        self.take("a:")?;
        let count = self.count()?;
        self.take("{")?;
        let mut items = Vec::new();
        while !self.rest.starts_with('}') {
            let key = self.value(depth + 1)?;
            items.push((key, self.value(depth + 1)?));
        }
        self.take("}")?;
        self.is_mended |= items.len() != count;
        Some(Php::Array(items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(serialized: &str) -> Option<(Vec<String>, bool)> {
        let read = unserialize(serialized)?;
        Some((read.value.items().iter().map(|(_, value)| value.text()).collect(), read.is_mended))
    }

    #[test]
    fn lists_are_read_with_quotes_and_ends_inside_their_texts() {
        let list = "a:2:{i:0;s:1:\"3\";i:1;s:20:\"Größe \"7\";}s:1:'x'\";}";
        assert_eq!(texts(list), Some((vec!["3".to_owned(), "Größe \"7\";}s:1:'x'".to_owned()], false)));
        assert_eq!(texts("a:0:{}"), Some((vec![], false)));
    }

    #[test]
    fn wrong_length_is_mended_and_said() {
        let list = "a:1:{i:0;a:2:{s:5:\"title\";s:5:\"Stadt\";s:5:\"value\";s:6:\"Zürich\";}}";
        let read = unserialize(list).unwrap();
        assert!(read.is_mended);
        let (_, first) = read.value.items().first().unwrap();
        assert_eq!(first.get("value").unwrap().text(), "Zürich");
        assert_eq!(texts("a:5:{i:0;s:99:\"x\";}"), Some((vec!["x".to_owned()], true)));
    }

    #[test]
    fn what_is_no_value_is_none_and_hostile_nesting_ends() {
        for text in ["", "Zürich", "s:5:\"ab", "a:1:{i:0;", "O:8:\"stdClass\":0:{}", "i:x;", "a:1:{"] {
            assert_eq!(unserialize(text), None, "{text:?}");
        }
        assert_eq!(unserialize(&"a:1:{i:0;".repeat(100_000)), None);
    }

    #[test]
    fn nesting_is_read_to_its_limit_and_not_beyond() {
        let nested = |depth: usize| format!("{}i:1;{}", "a:1:{i:0;".repeat(depth), "}".repeat(depth));
        assert!(unserialize(&nested(DEPTH_MAX)).is_some());
        assert!(unserialize(&nested(DEPTH_MAX + 1)).is_none());
    }

    #[test]
    fn list_of_chosen_values_is_one_text() {
        let list = unserialize("a:2:{i:0;s:3:\"red\";i:1;s:4:\"blue\";}").unwrap();
        assert_eq!((list.value.joined().as_str(), list.value.text().as_str()), ("red, blue", ""));
    }

    #[test]
    fn truth_is_phps() {
        for (text, is_true) in [("i:1;", true), ("i:0;", false), ("b:1;", true), ("s:1:\"0\";", false), ("N;", false)] {
            assert_eq!(unserialize(text).unwrap().value.is_true(), is_true, "{text}");
        }
    }
}
