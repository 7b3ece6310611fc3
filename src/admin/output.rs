//! Printing: data to stdout as tables or JSON, talk to stderr.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use crate::domain::Timestamp;

/// Width of tables that go into a pipe or file, in characters: wide enough not to wrap.
const TABLE_WIDTH_ELSEWHERE: u16 = 400;

/// How a command prints.
pub(super) struct Output {
    is_json: bool,
    is_quiet: bool,
}

impl Output {
    pub(super) const fn new(is_json: bool, is_quiet: bool) -> Self {
        Self { is_json, is_quiet }
    }

    pub(super) const fn is_json(&self) -> bool {
        self.is_json
    }

    pub(super) const fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// One object: JSON, or the text for people.
    pub(super) fn object(&self, json: &Value, text: &str) -> io::Result<()> {
        let text = if self.is_json { json.to_string() } else { text.to_owned() };
        if text.is_empty() {
            return Ok(());
        }
        writeln!(io::stdout().lock(), "{text}")
    }

    /// A list: a JSON array, or a table.
    pub(super) fn list(&self, json: Vec<Value>, header: &[&str], rows: Vec<Vec<String>>) -> io::Result<()> {
        if self.is_json {
            return writeln!(io::stdout().lock(), "{}", Value::Array(json));
        }
        writeln!(io::stdout().lock(), "{}", table(header, rows))
    }

    /// Talk: what was done and what comes next.
    pub(super) fn say(&self, text: &str) {
        if !self.is_quiet {
            writeln!(io::stderr().lock(), "{text}").ok();
        }
    }
}

/// A table for people; cells are free of control characters, so that no mail writes to a terminal.
pub(super) fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if !io::stdout().is_terminal() {
        table.set_width(TABLE_WIDTH_ELSEWHERE);
    }
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    table.trim_fmt()
}

/// The text without control characters but line feed.
pub(super) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

/// A time for people, in the machine's time zone; empty for never.
pub(super) fn time(at: Timestamp) -> String {
    if at.unix() == 0 {
        return String::new();
    }
    let instant = jiff::Timestamp::from_second(at.unix()).unwrap_or_default();
    instant.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}
