//! What an import did, row by row: repairs, skips and warnings, with numbers per table.
//!
//! Rows worth a line may be as many as the dump has, so the lines wait in a file without a name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};

use serde_json::{Value, json};

use crate::admin::output::{self, Output, screen};
use crate::terminal;

/// Where long lines go on, behind what they are about.
const WHY_COLUMN: usize = 10;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is in, with something made good.
    Repaired,
    /// It became part of another row.
    Merged,
    /// It cannot be imported.
    Skipped,
    /// It could be, but the desk has another row in its place, or it could not be read.
    Failed,
    /// Something to know or to do.
    Warning,
    /// A file that was written.
    File,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Repaired => "repaired",
            Self::Merged => "merged",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Warning => "warning",
            Self::File => "file",
        }
    }
}

/// What happened to the rows of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) rows: u64,
    pub(super) imported: u64,
    /// There from an earlier import.
    pub(super) known: u64,
    pub(super) merged: u64,
    pub(super) skipped: u64,
    pub(super) failed: u64,
    /// Of the imported ones, those with something made good.
    pub(super) repaired: u64,
}

/// The report as it grows.
pub(super) struct Report {
    items: BufWriter<File>,
    tables: Vec<(&'static str, Numbers)>,
    lines: u64,
    /// Lines of [`Kind::Failed`].
    failures: u64,
    /// Lines that `--strict` minds.
    flaws: u64,
}

impl Report {
    pub(super) fn new() -> io::Result<Self> {
        let items = BufWriter::new(tempfile::tempfile()?);
        Ok(Self { items, tables: Vec::new(), lines: 0, failures: 0, flaws: 0 })
    }

    /// The numbers of a table, to be added to.
    pub(super) fn numbers(&mut self, table: &'static str) -> &mut Numbers {
        let at = self.tables.iter().position(|(name, _)| *name == table).unwrap_or_else(|| {
            self.tables.push((table, Numbers::default()));
            self.tables.len() - 1
        });
        &mut self.tables[at].1
    }

    /// Adds a line about a row, or about a table as a whole where `id` is empty.
    pub(super) fn add(&mut self, kind: Kind, table: &str, id: &str, why: &str) -> io::Result<()> {
        let id: Value = match id.parse::<i64>() {
            Ok(number) => json!(number),
            Err(_) if id.is_empty() => Value::Null,
            Err(_) => json!(id),
        };
        self.lines += 1;
        match kind {
            Kind::Failed => (self.failures, self.flaws) = (self.failures + 1, self.flaws + 1),
            Kind::Repaired | Kind::Skipped | Kind::Merged => self.flaws += 1,
            Kind::Warning | Kind::File => {}
        }
        writeln!(
            self.items,
            "{}",
            terminal::json(json!({ "kind": kind.word(), "table": table, "id": id, "why": why }).to_string())
        )
    }

    /// The numbers of a table, where there are any.
    pub(super) fn of(&self, table: &str) -> Option<Numbers> {
        self.tables.iter().find(|(name, _)| *name == table).map(|(_, numbers)| *numbers)
    }

    /// Rows of all tables that were repaired or merged, and those that are not in.
    pub(super) fn repaired_and_left(&self) -> (u64, u64) {
        let all = || self.tables.iter().map(|(_, numbers)| numbers);
        (all().map(|n| n.repaired + n.merged).sum(), all().map(|n| n.skipped + n.failed).sum())
    }

    pub(super) const fn failures(&self) -> u64 {
        self.failures
    }

    pub(super) const fn flaws(&self) -> u64 {
        self.flaws
    }

    /// Prints the report: one JSON object, or lines and a table. `head` is what the object starts with.
    pub(super) fn print(mut self, out: &Output, head: &Value) -> io::Result<()> {
        self.items.flush()?;
        let mut file = self.items.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let lines = BufReader::new(file).lines();
        let mut stdout = BufWriter::new(io::stdout().lock());
        if out.is_json() {
            let tables: serde_json::Map<String, Value> =
                self.tables.iter().map(|(name, n)| ((*name).to_owned(), n.json())).collect();
            let head = head.to_string();
            write!(stdout, "{},\"tables\":{},\"items\":[", head.trim_end_matches('}'), Value::Object(tables))?;
            for (n, line) in lines.enumerate() {
                write!(stdout, "{}{}", if n > 0 { "," } else { "" }, line?)?;
            }
            writeln!(stdout, "]}}")?;
            return stdout.flush();
        }
        let width = screen::size().map(|(columns, _)| columns);
        for line in lines {
            let item: Value = serde_json::from_str(&line?).unwrap_or_default();
            let text = |key: &str| match &item[key] {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            let row = format!("{:<9} {} {}", text("kind"), text("table"), text("id"));
            let line = format!("{}: {}", row.trim_end(), text("why"));
            writeln!(stdout, "{}", screen::below(&terminal::line(&line), WHY_COLUMN, width))?;
        }
        if self.tables.is_empty() {
            return stdout.flush();
        }
        if self.lines > 0 {
            writeln!(stdout)?;
        }
        let header = ["table", "rows", "imported", "known", "merged", "skipped", "failed", "repaired"];
        let rows = self.tables.iter().map(|(name, n)| {
            let numbers = [n.rows, n.imported, n.known, n.merged, n.skipped, n.failed, n.repaired];
            std::iter::once((*name).to_owned()).chain(numbers.map(|n| n.to_string())).collect()
        });
        writeln!(stdout, "{}", output::table(&header, rows.collect()))?;
        stdout.flush()
    }
}

impl Numbers {
    fn json(self) -> Value {
        json!({
            "rows": self.rows, "imported": self.imported, "known": self.known, "merged": self.merged,
            "skipped": self.skipped, "failed": self.failed, "repaired": self.repaired,
        })
    }
}
