//! A dump of MySQL or MariaDB, read in constant memory: what tables it has and where their rows are
//! ([`survey()`]), and the rows of one table after the other ([`Rows`]). What HelpDeskZ means by them
//! is `helpdeskz`'s.

mod bytes;
mod lexer;
mod row;
mod statement;
mod survey;

use std::io;
use std::path::Path;
use std::rc::Rc;

use crate::private_file;
pub(super) use row::Row;
pub(super) use statement::TableName;
use statement::{Reader, RowRead, Statement};
pub(super) use survey::{Span, Survey, Table, survey};

/// What reading on in a table gives.
#[derive(Debug)]
pub(super) enum Next {
    /// A row.
    Row(Row),
    /// Something that is no row, in the statement that starts at this byte.
    Broken(u64),
}

/// Reads a dump through: how many bytes of values each table has, and how many of its statements are broken. For fuzz/.
///
/// # Errors
/// When the file cannot be read.
#[cfg(feature = "fuzz")]
pub fn dump_rows(dump: &Path) -> io::Result<Vec<(String, usize, usize)>> {
    let survey = survey(dump, |_| {})?;
    let mut found = Vec::new();
    for (name, table) in &survey.tables {
        let (mut bytes, mut broken) = (0, 0);
        let mut rows = Rows::open(dump, name, table)?;
        while let Some(next) = rows.next()? {
            match next {
                Next::Row(row) => {
                    bytes += row.bytes();
                    for column in row.columns.iter() {
                        drop((row.text_or_null(column), row.number(column)));
                    }
                }
                Next::Broken(_) => broken += 1,
            }
        }
        found.push((format!("{}.{}", name.database, name.table), bytes, broken));
    }
    Ok(found)
}

/// The rows of one table in the order of the dump.
pub(super) struct Rows<'a> {
    reader: Reader,
    name: &'a TableName,
    table: &'a Table,
    columns: Rc<[String]>,
    spans: std::slice::Iter<'a, Span>,
    /// Where the span at hand ends.
    end: u64,
    is_inside: bool,
    charset: Rc<str>,
}

impl<'a> Rows<'a> {
    /// Starts at the first row.
    pub(super) fn open(dump: &Path, name: &'a TableName, table: &'a Table) -> io::Result<Self> {
        Ok(Self {
            reader: Reader::new(private_file::open_named(dump)?),
            name,
            table,
            columns: table.columns.as_slice().into(),
            spans: table.spans.iter(),
            end: 0,
            is_inside: false,
            charset: Rc::from(""),
        })
    }

    /// The next row; `None` behind the last.
    pub(super) fn next(&mut self) -> io::Result<Option<Next>> {
        loop {
            if !self.is_inside && !self.find_statement()? {
                return Ok(None);
            }
            match self.reader.row()? {
                RowRead::Row(cells) => {
                    let columns = self.reader.columns.clone().unwrap_or_else(|| self.columns.clone());
                    return Ok(Some(Next::Row(Row { columns, cells, charset: self.charset.clone() })));
                }
                RowRead::End => self.is_inside = false,
                RowRead::Broken => {
                    self.is_inside = false;
                    return Ok(Some(Next::Broken(self.reader.start)));
                }
            }
        }
    }

    /// Goes to the next statement with rows of the table.
    fn find_statement(&mut self) -> io::Result<bool> {
        loop {
            if self.reader.offset() >= self.end {
                let Some(span) = self.spans.next() else { return Ok(false) };
                self.reader.seek(span.start, span.session.clone())?;
                self.end = span.end;
            }
            match self.reader.next()? {
                Some(Statement::Rows { name }) if name.is_same(self.name) => {
                    self.charset = Rc::from(self.reader.session().charset.as_str());
                    self.is_inside = true;
                    return Ok(true);
                }
                Some(Statement::Rows { .. }) => self.reader.skip_rows()?,
                Some(_) => {}
                None => self.end = 0,
            }
            if self.table.spans.is_empty() {
                return Ok(false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The rows of table `t` in a dump, their values as text with NULL as `-`.
    fn rows(dump: &str) -> Vec<String> {
        let (file, survey) = surveyed(dump.as_bytes());
        let Some((name, table)) = survey.tables.iter().find(|(name, _)| name.table == "t") else { return Vec::new() };
        let mut rows = Rows::open(file.path(), name, table).unwrap();
        let mut found = Vec::new();
        while let Some(next) = rows.next().unwrap() {
            found.push(match next {
                Next::Row(row) => {
                    let value = |column: &&str| row.text_or_null(column).unwrap_or_else(|| "-".to_owned());
                    ["a", "b"].iter().map(value).collect::<Vec<_>>().join("|")
                }
                Next::Broken(_) => "broken".to_owned(),
            });
        }
        found
    }

    fn surveyed(dump: &[u8]) -> (tempfile::NamedTempFile, Survey) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(dump).unwrap();
        let survey = survey(file.path(), |_| {}).unwrap();
        (file, survey)
    }

    const TABLE: &str =
        "CREATE TABLE `t` (\n  `a` int NOT NULL,\n  `b` text DEFAULT 'x,(`',\n  KEY `b` (`b`)\n) AUTO_INCREMENT=9;\n";

    #[test]
    fn rows_are_read_however_they_are_written() {
        for (written, read) in [
            ("INSERT INTO `t` VALUES (1,'x'),(2,NULL);", &["1|x", "2|-"][..]),
            ("INSERT INTO t VALUES\n(1,'x'),\n(2,'y')\n;\n", &["1|x", "2|y"]),
            ("insert ignore into `db`.`t` (`b`, `a`) values ('x', 1);", &[]),
            ("REPLACE INTO t (b, a) VALUES ('x', 1);", &["1|x"]),
            ("INSERT INTO `t` VALUES (1,'x');INSERT INTO `t` VALUES (2,'y');", &["1|x", "2|y"]),
            (
                "INSERT INTO `other` VALUES (9,'); INSERT INTO `t` VALUES (8,'); INSERT INTO `t` VALUES (1,'x')",
                &["1|x"],
            ),
            ("/*!40000 INSERT INTO `t` VALUES (1,'x') */;", &["1|x"]),
            (
                "INSERT INTO `t` VALUES (1,'x') ON DUPLICATE KEY UPDATE b = ';';INSERT INTO t VALUES (2,'y');",
                &["1|x", "2|y"],
            ),
            ("INSERT INTO `t` VALUES (1,NOW()),(-2,TRUE),(3,1.5e3);", &["1|-", "-2|1", "3|1.5e3"]),
        ] {
            assert_eq!(rows(&format!("{TABLE}{written}")), read, "{written}");
        }
    }

    #[test]
    fn strings_are_read_with_every_escape() {
        for (written, read) in [
            (r"'it\'s ''so'' \\ \n\t\r\Z\0\%\_\q'", "it's 'so' \\ \n\t\r\u{1a}\0\\%\\_q"),
            ("\"say \"\"hi\"\" \\\"\"", "say \"hi\" \""),
            ("'a' 'b'\n'c'", "abc"),
            ("0x48c3a9", "Hé"),
            ("x'48C3A9'", "Hé"),
            ("_binary 'H\u{e9}'", "Hé"),
            ("_utf8mb4 0x48c3a9", "Hé"),
            ("_latin1 0x48e9", "Hé"),
            ("N'Hé'", "Hé"),
            ("b'101'", "5"),
            ("''", ""),
            ("0x", ""),
        ] {
            assert_eq!(
                rows(&format!("{TABLE}INSERT INTO t VALUES (1,{written});")),
                [format!("1|{read}")],
                "{written}"
            );
        }
        let plain = "SET sql_mode='NO_BACKSLASH_ESCAPES';\nINSERT INTO t VALUES (1,'a\\');";
        assert_eq!(rows(&format!("{TABLE}{plain}")), ["1|a\\"]);
    }

    #[test]
    fn comments_and_what_looks_like_rows_elsewhere_are_none() {
        let written = "-- INSERT INTO t VALUES (1,'a');\n# INSERT INTO t VALUES (2,'b');\n--\n\
            /* INSERT INTO t VALUES (3,'c'); */ /*!999999 INSERT INTO t VALUES (4,'d'); */\n\
            DELIMITER ;;\nCREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN INSERT INTO t VALUES (5,'e'); END ;;\n\
            DELIMITER ;\nINSERT INTO t /* here */ VALUES (6,/* x) */'f') -- end\n,(7,'g');";
        assert_eq!(rows(&format!("{TABLE}{written}")), ["6|f", "7|g"]);
    }

    #[test]
    fn broken_statement_is_named_and_the_next_one_is_read() {
        let written = "INSERT INTO t VALUES (1,'x'),(2,),(3,'z');\nINSERT INTO t VALUES (4,'y');";
        assert_eq!(rows(&format!("{TABLE}{written}")), ["1|x", "broken", "4|y"]);
    }

    #[test]
    fn charset_of_the_session_is_followed() {
        let mut dump = format!("{TABLE}/*!40101 SET NAMES latin1 */;\nINSERT INTO t VALUES (1,'Gr").into_bytes();
        dump.extend_from_slice(b"\xfc\xdfe');");
        let (file, survey) = surveyed(&dump);
        let (name, table) = survey.tables.iter().next().unwrap();
        let Next::Row(row) = Rows::open(file.path(), name, table).unwrap().next().unwrap().unwrap() else { panic!() };
        assert_eq!(row.text("b"), "Grüße");
        assert_eq!(table.next_id, Some(9));
    }

    #[test]
    fn file_that_ends_inside_a_statement_is_known_as_cut() {
        let whole = format!("{TABLE}INSERT INTO t VALUES (1,'x'),(2,'y');\n");
        for end in 1..whole.len() {
            let (_file, survey) = surveyed(whole.get(..end).unwrap().as_bytes());
            let is_between = ["", "\n"].iter().any(|tail| {
                let text = whole.get(..end).unwrap();
                text.ends_with(&format!(";{tail}")) || text.ends_with(&format!("){tail}"))
            });
            let head = whole.get(..end).unwrap();
            let is_inside = head.contains("VALUES (") && !is_between;
            assert!(!is_inside || survey.cut_at.is_some(), "{head}");
            assert!(end + 1 < whole.len() || survey.cut_at.is_none(), "{head}");
        }
    }

    #[test]
    fn value_is_kept_to_its_limit_and_cut_beyond() {
        for (bytes, is_cut) in [(lexer::VALUE_BYTES_MAX, false), (lexer::VALUE_BYTES_MAX + 1, true)] {
            let dump = format!("{TABLE}INSERT INTO t VALUES (1,'{}');", "x".repeat(bytes));
            let (file, survey) = surveyed(dump.as_bytes());
            let (name, table) = survey.tables.iter().next().unwrap();
            let Next::Row(row) = Rows::open(file.path(), name, table).unwrap().next().unwrap().unwrap() else {
                panic!()
            };
            assert_eq!((row.text("b").len(), row.is_cut()), (lexer::VALUE_BYTES_MAX, is_cut));
        }
    }
}
