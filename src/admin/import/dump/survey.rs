//! The first pass over a dump: which tables it has, with which columns, and in which parts of the
//! file their rows are, so that later passes go straight there. No row is looked at.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::lexer::Session;
use super::statement::{Reader, Statement, TableName};
use crate::private_file;

/// Parts of the file noted for one table before neighbours are joined. A dump tool writes one or
/// a few; a file that mixes its tables costs longer reading, never more memory.
const SPANS_MAX: usize = 4096;

/// Distance of two statements, in bytes, below which they are one part. Chosen: blanks and comments
/// are between those of one table, and reading on is cheaper than seeking.
const NEAR_BYTES: u64 = 1024;

/// Tables noted. Chosen: far above any server that has HelpDeskZ on it.
const TABLES_MAX: usize = 50_000;

/// A part of the file that has all of a table's rows between two of its bytes, and perhaps others.
#[derive(Clone, Debug)]
pub(in crate::admin::import) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) session: Session,
}

impl Span {
    /// Its length in bytes.
    pub(in crate::admin::import) fn bytes(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// What the dump says of a table.
#[derive(Clone, Debug, Default)]
pub(in crate::admin::import) struct Table {
    /// Columns in their order; empty when the dump has no CREATE TABLE for it.
    pub(in crate::admin::import) columns: Vec<String>,
    /// AUTO_INCREMENT: the id the next row would have had.
    pub(in crate::admin::import) next_id: Option<u64>,
    pub(in crate::admin::import) spans: Vec<Span>,
    /// Bytes at which statements start whose rows are written in a way that is not read.
    pub(in crate::admin::import) unread: Vec<u64>,
}

/// What a dump holds.
#[derive(Debug, Default)]
pub(in crate::admin::import) struct Survey {
    /// Tables by their names.
    pub(in crate::admin::import) tables: BTreeMap<TableName, Table>,
    /// Where the file ends in the middle of a statement, in bytes.
    pub(in crate::admin::import) cut_at: Option<u64>,
}

impl TableName {
    /// Whether both are the same table: MySQL on Windows ignores case.
    pub(in crate::admin::import) fn is_same(&self, other: &Self) -> bool {
        self.database == other.database && self.table.eq_ignore_ascii_case(&other.table)
    }
}

impl Survey {
    fn table(&mut self, mut name: TableName) -> Option<&mut Table> {
        name.table.make_ascii_lowercase();
        if self.tables.len() >= TABLES_MAX && !self.tables.contains_key(&name) {
            return None;
        }
        Some(self.tables.entry(name).or_default())
    }
}

/// Reads the dump once; `progress` is called with the number of bytes read.
pub(in crate::admin::import) fn survey(dump: &Path, mut progress: impl FnMut(u64)) -> io::Result<Survey> {
    let mut reader = Reader::new(private_file::open_named(dump)?);
    let mut survey = Survey::default();
    while let Some(statement) = reader.next()? {
        let (start, session) = (reader.start, reader.session_at_start.clone());
        match statement {
            Statement::Table { name, columns, next_id } => {
                if let Some(table) = survey.table(name) {
                    table.columns = columns;
                    table.next_id = next_id.or(table.next_id);
                }
            }
            Statement::NextId { name, next_id } => {
                if let Some(table) = survey.table(name) {
                    table.next_id = Some(next_id);
                }
            }
            Statement::Rows { name } => {
                reader.skip_rows()?;
                if let Some(table) = survey.table(name) {
                    table.note_rows(Span { start, end: reader.offset(), session });
                }
            }
            Statement::Unread { name } => {
                if let Some(table) = survey.table(name).filter(|table| table.unread.len() < SPANS_MAX) {
                    table.unread.push(start);
                }
            }
        }
        progress(reader.offset());
    }
    survey.cut_at = reader.is_cut().then(|| reader.offset());
    Ok(survey)
}

impl Table {
    fn note_rows(&mut self, span: Span) {
        let is_full = self.spans.len() >= SPANS_MAX;
        match self.spans.last_mut() {
            // Statements in between are read and passed over, so a join is always right; sessions
            // differ only where a dump sets its charset again, and then the reading finds that too.
            Some(last)
                if is_full || (last.session == span.session && span.start.saturating_sub(last.end) < NEAR_BYTES) =>
            {
                last.end = span.end;
            }
            _ => self.spans.push(span),
        }
    }
}
