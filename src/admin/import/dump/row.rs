//! One row of a dump: its values by column name, as text and numbers.

use std::rc::Rc;

use super::lexer::{Cell, VALUE_BYTES_MAX};
use crate::mail;

/// A row as the dump has it.
#[derive(Debug)]
pub(in crate::admin::import) struct Row {
    pub(super) columns: Rc<[String]>,
    pub(super) cells: Vec<Cell>,
    /// The charset of its text, by MySQL's name.
    pub(super) charset: Rc<str>,
}

impl Row {
    fn cell(&self, column: &str) -> Option<&Cell> {
        let at = self.columns.iter().position(|name| name.eq_ignore_ascii_case(column))?;
        self.cells.get(at)
    }

    /// The value as text; `None` for NULL and for a column that the dump does not have.
    pub(in crate::admin::import) fn text_or_null(&self, column: &str) -> Option<String> {
        match self.cell(column)? {
            Cell::Null => None,
            Cell::Bare(word) => Some(String::from_utf8_lossy(word).into_owned()),
            Cell::Text { bytes, charset, .. } => {
                Some(decoded(bytes, charset.as_deref().unwrap_or(self.charset.as_ref())))
            }
        }
    }

    /// The value as text; empty for NULL.
    pub(in crate::admin::import) fn text(&self, column: &str) -> String {
        self.text_or_null(column).unwrap_or_default()
    }

    /// The value as a whole number, read as MySQL reads a string: digits in front count.
    pub(in crate::admin::import) fn number_or_null(&self, column: &str) -> Option<i64> {
        let text = match self.cell(column)? {
            Cell::Null => return None,
            Cell::Bare(bytes) | Cell::Text { bytes, .. } => std::str::from_utf8(bytes).ok()?,
        };
        let text = text.trim();
        let digits =
            text.len() - text.trim_start_matches(['-', '+']).trim_start_matches(|c: char| c.is_ascii_digit()).len();
        text.get(..digits)?.parse().ok()
    }

    /// The value as a whole number; 0 for NULL and for no number.
    pub(in crate::admin::import) fn number(&self, column: &str) -> i64 {
        self.number_or_null(column).unwrap_or(0)
    }

    /// Whether the value is a number other than 0.
    pub(in crate::admin::import) fn is_on(&self, column: &str) -> bool {
        self.number(column) != 0
    }

    /// Whether the dump has the column at all.
    pub(in crate::admin::import) fn has(&self, column: &str) -> bool {
        self.cell(column).is_some()
    }

    /// Whether a value was longer than what is kept of it.
    pub(in crate::admin::import) fn is_cut(&self) -> bool {
        self.cells.iter().any(|cell| matches!(cell, Cell::Text { is_cut: true, .. }))
    }

    /// Whether there is a value for each column and none more.
    pub(in crate::admin::import) fn is_whole(&self) -> bool {
        self.cells.len() == self.columns.len()
    }

    /// Bytes of its values.
    pub(in crate::admin::import) fn bytes(&self) -> usize {
        let len = |cell: &Cell| match cell {
            Cell::Null => 0,
            Cell::Bare(bytes) | Cell::Text { bytes, .. } => bytes.len(),
        };
        self.cells.iter().map(len).sum()
    }
}

/// Text in one of MySQL's charsets. Bytes that are invalid in it are decoded as in a mail with a wrong charset.
fn decoded(bytes: &[u8], charset: &str) -> String {
    debug_assert!(bytes.len() <= VALUE_BYTES_MAX);
    let label = match charset {
        "utf8mb4" | "utf8mb3" | "utf8" | "binary" | "ascii" => "utf-8",
        "koi8r" => "koi8-r",
        "koi8u" => "koi8-u",
        "ujis" | "eucjpms" => "euc-jp",
        "cp1256" => "windows-1256",
        "cp1257" => "windows-1257",
        "tis620" => "tis-620",
        "latin7" => "iso-8859-13",
        other => other,
    };
    if label == "utf-8"
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return text.to_owned();
    }
    mail::text_in_charset(bytes, label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: Vec<Cell>) -> Row {
        Row { columns: Rc::new(["a".to_owned(), "b".to_owned()]), cells, charset: Rc::from("latin1") }
    }

    fn text(bytes: &[u8], charset: Option<&str>) -> Cell {
        Cell::Text { bytes: bytes.to_vec(), charset: charset.map(str::to_owned), is_cut: false }
    }

    #[test]
    fn text_is_read_in_the_sessions_charset_or_its_own() {
        let row = row(vec![text(b"Gr\xfc\xdfe", None), text("Grüße".as_bytes(), Some("utf8mb4"))]);
        assert_eq!((row.text("A").as_str(), row.text("b").as_str()), ("Grüße", "Grüße"));
        assert_eq!(row.text_or_null("c"), None);
    }

    #[test]
    fn numbers_are_read_as_the_server_reads_them() {
        for (written, number) in [("12", Some(12)), (" 7abc", Some(7)), ("-3", Some(-3)), ("x", None), ("", None)] {
            assert_eq!(
                row(vec![text(written.as_bytes(), None), Cell::Null]).number_or_null("a"),
                number,
                "{written:?}"
            );
        }
        assert_eq!(row(vec![Cell::Null, Cell::Bare(b"5".to_vec())]).number("b"), 5);
    }
}
