//! Printing: data to stdout as tables or JSON, talk to stderr.

pub(super) mod screen;

use std::io::{self, BufRead, IsTerminal, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::domain::Timestamp;
use crate::terminal;

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
        let text = if self.is_json { terminal::json(json.to_string()) } else { terminal::text(text).into_owned() };
        if text.is_empty() {
            return Ok(());
        }
        writeln!(io::stdout().lock(), "{text}")
    }

    /// One object whose text may be long: JSON, or the text through the pager of a terminal.
    pub(super) fn pages(&self, json: &Value, text: &str) -> io::Result<()> {
        if self.is_json {
            return self.object(json, "");
        }
        let text = terminal::text(text);
        screen::page(&screen::size().map_or_else(|| text.to_string(), |(columns, _)| screen::wrapped(&text, columns)))
    }

    /// A list: a JSON array, or a table. An empty one is said in words.
    pub(super) fn list(&self, json: Vec<Value>, header: &[&str], rows: Vec<Vec<String>>) -> io::Result<()> {
        if self.is_json {
            return writeln!(io::stdout().lock(), "{}", terminal::json(Value::Array(json).to_string()));
        }
        if rows.is_empty() {
            self.say("there are none");
            return Ok(());
        }
        writeln!(io::stdout().lock(), "{}", table(header, rows))
    }

    /// What was done: an object with `--json`, else talk.
    pub(super) fn changed(&self, json: &Value, text: &str) -> io::Result<()> {
        if self.is_json {
            return self.object(json, "");
        }
        self.say(text);
        Ok(())
    }

    /// Talk: what was done and what comes next.
    pub(super) fn say(&self, text: &str) {
        if !self.is_quiet {
            writeln!(io::stderr().lock(), "{}", terminal::text(text)).ok();
        }
    }
}

/// How wide a table may be: as the terminal is.
fn width() -> u16 {
    let stdout = io::stdout();
    let columns =
        if stdout.is_terminal() { rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| size.ws_col) } else { 0 };
    if columns == 0 { TABLE_WIDTH_ELSEWHERE } else { columns }
}

/// The bytes of a mail as they are; with `--json` in base64 beside what is said of it.
pub(super) fn raw(out: &Output, mut about: Value, bytes: &[u8]) -> io::Result<()> {
    if !out.is_json {
        return io::stdout().lock().write_all(bytes);
    }
    if let Some(object) = about.as_object_mut() {
        object.insert("raw_base64".to_owned(), STANDARD.encode(bytes).into());
    }
    out.object(&about, "")
}

/// A table for people; each cell is one line.
pub(super) fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    if width() < least_width(header, &rows) {
        return records(header, &rows, width().into());
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width());
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| terminal::line(cell)));
    }
    // Ids and keys are copied: they stay in one piece.
    if let Some(first) = table.column_mut(0) {
        first.set_constraint(ColumnConstraint::ContentWidth);
    }
    table.trim_fmt()
}

/// Columns that a cell keeps at least. Chosen: a narrower one is a pillar of syllables.
const CELL_COLUMNS_MIN: usize = 8;

/// Blanks that a table has around each cell.
const CELL_PADDING: usize = 2;

/// The width below which a table is no table any more.
fn least_width(header: &[&str], rows: &[Vec<String>]) -> u16 {
    let longest = |n: usize| {
        let cells = rows.iter().filter_map(|row| row.get(n)).map(|cell| cell.width());
        let widest = cells.chain(header.get(n).map(|title| title.width())).max().unwrap_or(0);
        // The first column is not broken.
        CELL_PADDING + if n == 0 { widest } else { widest.min(CELL_COLUMNS_MIN) }
    };
    (0..header.len()).map(longest).sum::<usize>().try_into().unwrap_or(u16::MAX)
}

/// Each row as lines of its own, for terminals that are too narrow for a table.
fn records(header: &[&str], rows: &[Vec<String>], width: usize) -> String {
    let column = header.iter().map(|title| title.width()).max().unwrap_or(0) + CELL_PADDING;
    let record = |row: &Vec<String>| {
        let filled = header.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        let line = |(title, cell): (&&str, &String)| {
            let text = screen::below(&terminal::line(cell), column, Some(width));
            format!("{title}{}{text}", " ".repeat(column.saturating_sub(title.width())))
        };
        filled.map(line).collect::<Vec<_>>().join("\n")
    };
    rows.iter().map(record).collect::<Vec<_>>().join("\n\n")
}

/// A value of a JSON object on one line: a text without its quotes.
pub(super) fn plain(value: &Value) -> String {
    let text = value.to_string();
    terminal::line(text.trim_matches('"')).into_owned()
}

/// Whether there is a person to ask: stdin and stderr are terminals.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks on the terminal; what was typed, without white space around it.
///
/// # Errors
/// Those of the terminal, and `UnexpectedEof` when it is closed.
pub(super) fn ask(question: &str) -> io::Result<String> {
    let mut stderr = io::stderr().lock();
    write!(stderr, "{}", terminal::line(question))?;
    stderr.flush()?;
    drop(stderr);
    let mut answer = String::new();
    if io::stdin().lock().read_line(&mut answer)? == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the terminal was closed"));
    }
    Ok(answer.trim().to_owned())
}

/// Asks for something that the terminal does not show.
///
/// # Errors
/// As [`ask`].
pub(super) fn ask_hidden(question: &str) -> io::Result<String> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = io::stdin();
    let shown = tcgetattr(&stdin)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
    let answer = ask(question);
    tcsetattr(&stdin, OptionalActions::Flush, &shown)?;
    writeln!(io::stderr())?;
    answer
}

/// Whether an answer to a question means yes.
pub(super) fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// One line on stderr about something that went wrong, `--quiet` or not.
pub(super) fn complain(text: &str) {
    anstream::eprintln!("maildesk: {}", terminal::line(text));
}

/// One line on stderr for a program that shows how far the work is.
pub(super) fn progress(line: &str) {
    writeln!(io::stderr().lock(), "{}", terminal::line(line)).ok();
}

/// Stdout, for the bytes of a file.
pub(super) fn stdout() -> impl Write {
    io::stdout().lock()
}

/// A next step, as it can be typed.
pub(super) fn next(command: &str, object: impl std::fmt::Display) -> String {
    format!("`maildesk {command} {object}` shows it")
}

/// How long ago that was, for people: `5 min`, `3 h`, `12 d`.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.unix().saturating_sub(at.unix()).max(0);
    match seconds {
        0..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / Timestamp::DAY_S),
    }
}

/// A number and what is counted: `1 mail`, `2 mails`.
pub(super) fn count(n: impl Into<i64>, thing: &str) -> String {
    let n = n.into();
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// A time for people, in the machine's time zone; empty for never.
pub(super) fn time(at: Timestamp) -> String {
    if at.unix() == 0 {
        return String::new();
    }
    let instant = jiff::Timestamp::from_second(at.unix()).unwrap_or_default();
    instant.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_on_a_narrow_terminal_is_a_record_for_each_row() {
        let header = ["id", "address", "state", ""];
        let row =
            |id: &str, state: &str, more: &str| [id, "somebody@example.org", state, more].map(str::to_owned).to_vec();
        let rows = [row("1", "waiting", "default"), row("12", "", "")];
        assert_eq!(least_width(&header, &rows), 4 + 10 + 9 + 9);
        let text = records(&header, &rows, 30);
        let expected = "id       1\naddress  somebody@example.org\nstate    waiting\n         default\n\n\
                        id       12\naddress  somebody@example.org";
        assert_eq!(text, expected);
        let long = [vec!["1".to_owned(), "one two three four five".to_owned()]];
        assert_eq!(records(&["id", "text"], &long, 20), "id    1\ntext  one two three\n      four five");
    }
}
