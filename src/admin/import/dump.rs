//! A dump of MySQL or MariaDB, read in constant memory: what tables it has and where their rows lie
//! ([`survey`]), and the rows of one table after the other ([`Rows`]). What HelpDeskZ means by them
//! is `helpdeskz`'s.

mod bytes;
mod lexer;
mod row;
mod statement;
mod survey;

use std::fs::File;
use std::io;
use std::path::Path;
use std::rc::Rc;

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
            reader: Reader::new(File::open(dump)?),
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
