//! The run of an import: the rows of a table read, prepared, placed in batches and reported. What a
//! row means is decided by the caller.

use std::path::Path;

use super::NEXT_ID_MAX;
use super::installation::Installation;
use crate::admin::import::dump::{Next, Row, Rows};
use crate::admin::import::report::{Kind, Report};
use crate::admin::progress::Progress;
use crate::domain::Timestamp;
use crate::outcome;
use crate::store::import::{Numbered, Placed, Precedence};
use crate::store::{self, Store, WriteTx};

/// Rows of one transaction. Chosen: enough that the disk's wait is shared by many, few enough that
/// a running `pipe` gets its turn.
const BATCH_ROWS_MAX: usize = 500;

/// Bytes of one transaction's rows, where they are large.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Everything an import needs at hand.
pub(super) struct Run<'a> {
    pub(super) store: &'a Store,
    /// The desk's database, which `store` is a copy of in a dry run.
    pub(super) database: &'a Path,
    pub(super) dump: &'a Path,
    pub(super) installation: &'a Installation,
    pub(super) progress: &'a Progress,
    pub(super) report: Report,
    pub(super) now: Timestamp,
    pub(super) precedence: Precedence,
    /// Staff with a higher id are the desk's own, moved there at the start; `None` when nothing was moved.
    pub(super) own_staff_above: Option<i64>,
    /// Whether password files are written: not in a dry run.
    pub(super) writes_files: bool,
    /// Highest id read of each table.
    pub(super) highest: Vec<(&'static str, i64)>,
}

/// A row ready to be placed, and what was made good in it.
pub(super) struct Ready<T> {
    pub(super) id: String,
    pub(super) row: T,
    pub(super) repairs: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// Bytes it takes in memory, roughly.
    pub(super) bytes: usize,
}

/// What happened to a row in its transaction.
pub(super) enum RowOutcome {
    Added,
    /// It was there already.
    Known,
    Merged(String),
    Skipped(String),
    /// Something else has its place.
    Failed(String),
}

/// A outcome_of_row, and what had to be made good for it.
pub(super) struct RowResult {
    pub(super) outcome_of_row: RowOutcome,
    pub(super) repairs: Vec<String>,
}

impl From<Placed> for RowResult {
    fn from(placed: Placed) -> Self {
        let outcome_of_row = match placed {
            Placed::Added => RowOutcome::Added,
            Placed::Known => RowOutcome::Known,
            Placed::Taken => RowOutcome::Failed("the desk has another row with this id".to_owned()),
        };
        Self { outcome_of_row, repairs: Vec::new() }
    }
}

impl RowResult {
    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self { outcome_of_row: RowOutcome::Skipped(why.into()), repairs: Vec::new() }
    }
}

impl<T> Ready<T> {
    pub(super) fn new(row: &Row, id: impl ToString, ready: T) -> Self {
        let repairs =
            if row.is_cut() { vec!["a value of more than 16 MiB was cut there".to_owned()] } else { Vec::new() };
        Self { id: id.to_string(), row: ready, repairs, warnings: Vec::new(), bytes: row.bytes() + 256 }
    }
}

/// What a row that cannot be prepared is called in the report, and why.
pub(super) struct Refused {
    pub(super) id: String,
    pub(super) why: String,
}

/// The id of a row: a positive whole number.
pub(super) fn id_of(row: &Row) -> Result<i64, Refused> {
    let refuse = |why: &str| Err(Refused { id: row.text("id"), why: why.to_owned() });
    if !row.is_whole() {
        return refuse("the row has more or fewer values than the table has columns");
    }
    match row.number_or_null("id") {
        Some(id) if id > 0 && id.unsigned_abs() <= NEXT_ID_MAX => Ok(id),
        _ => refuse("its id is no positive number"),
    }
}

/// The row that a column names; HelpDeskZ writes 0 for none.
pub(super) fn row_id(row: &Row, column: &str) -> Option<i64> {
    Some(row.number(column)).filter(|id| *id != 0)
}

/// The highest id of a table that HelpDeskZ gave out, as far as the dump says.
pub(super) fn highest_id(dump: &Path, installation: &Installation, table: &str) -> outcome::Result<i64> {
    let Some((name, about)) = installation.table(table) else { return Ok(0) };
    let mut highest = i64::try_from(about.next_id.filter(|next| *next <= NEXT_ID_MAX).unwrap_or(0)).unwrap_or(0) - 1;
    let mut rows = Rows::open(dump, name, about)?;
    while let Some(next) = rows.next()? {
        if let Next::Row(row) = next
            && let Ok(id) = id_of(&row)
        {
            highest = highest.max(id);
        }
    }
    Ok(highest.max(0))
}

/// Seconds since 1970, as they are; what is no number is 0.
pub(super) fn time(row: &Row, column: &str) -> Timestamp {
    Timestamp::from_unix(row.number(column))
}

impl Run<'_> {
    /// Reads a table row by row: `prepare` outside of transactions, `place` within.
    pub(super) fn table<T>(
        &mut self,
        table: &'static str,
        mut prepare: impl FnMut(&Row) -> Result<Ready<T>, Refused>,
        mut place: impl FnMut(&WriteTx<'_>, &T) -> store::Result<RowResult>,
    ) -> outcome::Result<()> {
        let installation = self.installation;
        let Some((name, about)) = installation.table(table) else { return Ok(()) };
        self.report.numbers(table);
        for offset in &about.unread {
            self.report.numbers(table).failed += 1;
            self.report.add(
                Kind::Failed,
                table,
                "",
                &format!("the statement at byte {offset} has no list of values"),
            )?;
        }
        self.progress.part(table, about.spans.iter().map(super::super::dump::Span::bytes).sum());
        let mut rows = Rows::open(self.dump, name, about)?;
        let (mut batch, mut bytes, mut behind) = (Vec::new(), 0, 0);
        while let Some(next) = rows.next()? {
            let row = match next {
                Next::Row(row) => row,
                Next::Broken(offset) => {
                    self.report.numbers(table).failed += 1;
                    let why = format!("the statement at byte {offset} cannot be read to its end");
                    self.report.add(Kind::Failed, table, "", &why)?;
                    continue;
                }
            };
            self.report.numbers(table).rows += 1;
            self.note_id(table, row.number("id"));
            behind += row.bytes() as u64;
            match prepare(&row) {
                Ok(ready) => {
                    bytes += ready.bytes;
                    batch.push(ready);
                }
                Err(refused) => self.skip(table, &refused)?,
            }
            if batch.len() >= BATCH_ROWS_MAX || bytes >= BATCH_BYTES_MAX {
                self.place(table, &mut batch, &mut place)?;
                bytes = 0;
                self.progress.at(behind);
            }
        }
        self.place(table, &mut batch, &mut place)
    }

    fn place<T>(
        &mut self,
        table: &'static str,
        batch: &mut Vec<Ready<T>>,
        place: &mut impl FnMut(&WriteTx<'_>, &T) -> store::Result<RowResult>,
    ) -> outcome::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let settled = self
            .store
            .write(|tx| batch.iter().map(|ready| place(tx, &ready.row)).collect::<store::Result<Vec<RowResult>>>())?;
        for (ready, settled) in batch.drain(..).zip(settled) {
            self.report_row(table, &ready, settled)?;
        }
        Ok(())
    }

    fn report_row<T>(&mut self, table: &'static str, ready: &Ready<T>, settled: RowResult) -> outcome::Result<()> {
        let id = ready.id.as_str();
        let numbers = self.report.numbers(table);
        let line = match settled.outcome_of_row {
            RowOutcome::Added => {
                numbers.imported += 1;
                None
            }
            RowOutcome::Known => {
                numbers.known += 1;
                return Ok(());
            }
            RowOutcome::Merged(why) => {
                numbers.merged += 1;
                Some((Kind::Merged, why))
            }
            RowOutcome::Skipped(why) => {
                numbers.skipped += 1;
                Some((Kind::Skipped, why))
            }
            RowOutcome::Failed(why) => {
                numbers.failed += 1;
                Some((Kind::Failed, why))
            }
        };
        if let Some((kind, why)) = line {
            self.report.add(kind, table, id, &why)?;
            return Ok(());
        }
        let repairs: Vec<&str> = ready.repairs.iter().chain(&settled.repairs).map(String::as_str).collect();
        if !repairs.is_empty() {
            self.report.numbers(table).repaired += 1;
            self.report.add(Kind::Repaired, table, id, &repairs.join("; "))?;
        }
        for warning in &ready.warnings {
            self.report.add(Kind::Warning, table, id, warning)?;
        }
        Ok(())
    }

    /// Names a row that is left out.
    pub(super) fn skip(&mut self, table: &'static str, refused: &Refused) -> outcome::Result<()> {
        self.report.numbers(table).skipped += 1;
        self.report.add(Kind::Skipped, table, &refused.id, &refused.why)?;
        Ok(())
    }

    fn note_id(&mut self, table: &'static str, id: i64) {
        let id = if id.unsigned_abs() > NEXT_ID_MAX { 0 } else { id };
        match self.highest.iter_mut().find(|(name, _)| *name == table) {
            Some((_, highest)) => *highest = id.max(*highest),
            None => self.highest.push((table, id)),
        }
    }

    /// The last id HelpDeskZ gave out in a table, as far as the dump says.
    pub(super) fn last_id(&mut self, table: &'static str) -> i64 {
        let read = self.highest.iter().find(|(name, _)| *name == table).map_or(0, |(_, highest)| *highest);
        let next = self.installation.table(table).and_then(|(_, about)| about.next_id).unwrap_or(0);
        let said = if next > NEXT_ID_MAX { 0 } else { i64::try_from(next).unwrap_or(0) };
        read.max(said - 1)
    }

    /// Makes the desk go on where HelpDeskZ would.
    pub(super) fn raise_next_id(&mut self, table: &'static str, numbered: Numbered) -> outcome::Result<()> {
        let last = self.last_id(table);
        self.store.write(|tx| tx.raise_next_id(numbered, last))?;
        Ok(())
    }
}
