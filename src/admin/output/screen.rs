//! What only a terminal gets: tables cut to its width, colours, and a pager for what is longer than it is high.

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::terminal;

/// Least columns a column that may be cut keeps.
const CUT_MIN: usize = 8;
/// Blanks between two columns.
const GAP: usize = 2;

/// How a cell is shown on a terminal with colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum Tint {
    Plain,
    Bold,
    Dim,
    Red,
    Yellow,
    Green,
}

impl Tint {
    /// The text between the codes for it (ECMA-48 §8.3.117).
    fn paint(self, text: &str) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Bold => 1,
            Self::Dim => 2,
            Self::Red => 31,
            Self::Yellow => 33,
            Self::Green => 32,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(in crate::admin) struct Column {
    pub(in crate::admin) title: &'static str,
    /// May be cut where the terminal is narrow; the higher, the earlier.
    pub(in crate::admin) gives: u8,
    /// Left out on terminals narrower than this.
    pub(in crate::admin) from_width: usize,
}

/// A cell: its text, and its colour where there are colours.
pub(in crate::admin) type Cell = (String, Tint);

/// Whether stdout is a terminal that shows colours, and its reader wants them (no-color.org).
pub(in crate::admin) fn has_colours() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !is_set("NO_COLOR") && std::env::var_os("TERM").is_some_and(|term| term != "dumb")
}

/// Columns and rows of the terminal behind stdout.
pub(in crate::admin) fn size() -> Option<(usize, usize)> {
    let stdout = io::stdout();
    let found = if stdout.is_terminal() { rustix::termios::tcgetwinsize(&stdout).ok() } else { None };
    found.filter(|size| size.ws_col > 0).map(|size| (size.ws_col.into(), size.ws_row.into()))
}

/// A table of lines that fit into `width`; what does not fit is cut at its end, with an ellipsis, and never within a
/// character. Without a width nothing is cut.
pub(in crate::admin) fn fitted(columns: &[Column], rows: &[Vec<Cell>], width: Option<usize>, coloured: bool) -> String {
    let whole = width.unwrap_or(usize::MAX);
    let shown: Vec<usize> =
        (0..columns.len()).filter(|n| columns.get(*n).is_some_and(|c| c.from_width <= whole)).collect();
    let line = |row: &[Cell]| -> Vec<Cell> {
        shown
            .iter()
            .filter_map(|n| row.get(*n))
            .map(|(text, tint)| (terminal::line(text).into_owned(), *tint))
            .collect()
    };
    let head: Vec<Cell> = columns.iter().map(|column| (column.title.to_owned(), Tint::Bold)).collect();
    let table: Vec<Vec<Cell>> = std::iter::once(&head).chain(rows).map(|row| line(row)).collect();
    let mut widths: Vec<usize> = (0..shown.len())
        .map(|n| table.iter().filter_map(|row| row.get(n)).map(|(text, _)| text.width()).max().unwrap_or(0))
        .collect();
    let gaps = GAP * shown.len().saturating_sub(1);
    let mut gives: Vec<(u8, usize)> =
        shown.iter().enumerate().filter_map(|(at, n)| Some((columns.get(*n)?.gives, at))).collect();
    gives.sort_unstable_by(|a, b| b.cmp(a));
    for (_, at) in gives.into_iter().filter(|(gives, _)| *gives > 0) {
        let over = (widths.iter().sum::<usize>() + gaps).saturating_sub(whole);
        if let Some(column) = widths.get_mut(at) {
            *column = column.saturating_sub(over).max(CUT_MIN.min(*column));
        }
    }
    let lines: Vec<String> = table
        .iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|((text, tint), width)| {
                    let text = cut(text, *width);
                    let blanks = " ".repeat(width.saturating_sub(text.width()));
                    if coloured { format!("{}{blanks}", tint.paint(&text)) } else { format!("{text}{blanks}") }
                })
                .collect();
            cells.join(&" ".repeat(GAP)).trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}

/// The text, or its beginning and an ellipsis where it is wider.
pub(in crate::admin) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut kept, mut used) = (String::new(), 0);
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width.saturating_sub(1) {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

/// The text with its long lines broken at blanks, so that no word breaks at the edge of the terminal; a piece of a quoted
/// line is quoted too. A word that is wider than the terminal stays whole.
pub(in crate::admin) fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            out.push('\n');
        }
        if line.width() <= width {
            out.push_str(line);
            continue;
        }
        let words = line.trim_start_matches(['>', ' ']);
        let quote = line.strip_suffix(words).unwrap_or_default();
        let (mut used, mut is_first) = (quote.width(), true);
        out.push_str(quote);
        for word in words.split(' ') {
            if !is_first && used + 1 + word.width() > width {
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
                out.push_str(quote);
                used = quote.width();
            } else if !is_first {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += word.width();
            is_first = false;
        }
    }
    out
}

/// A text that begins in a column of the terminal, with its further lines below it. Without a width, or where hardly any
/// room is left, it stays as it is.
pub(in crate::admin) fn below(text: &str, column: usize, width: Option<usize>) -> String {
    match width.map(|width| width.saturating_sub(column)) {
        Some(room) if room > column => wrapped(text, room).replace('\n', &format!("\n{}", " ".repeat(column))),
        _ => text.to_owned(),
    }
}

/// Shows a text: through the pager where it is longer than the terminal is high, else as it is. `PAGER` names the
/// program; `less` is used where it names none, and an empty one means none.
///
/// # Errors
/// Those of writing.
pub(in crate::admin) fn page(text: &str) -> io::Result<()> {
    let is_long = size().is_some_and(|(_, rows)| rows > 0 && text.lines().count() >= rows);
    let pager = std::env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
    if is_long && !pager.trim().is_empty() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &pager]).stdin(Stdio::piped());
        if std::env::var_os("LESS").is_none() {
            // Colours as they are, end at once where all fits, leave the text on the screen.
            command.env("LESS", "FRX");
        }
        if let Ok(mut child) = command.spawn() {
            if let Some(mut stdin) = child.stdin.take() {
                // Who leaves the pager early has read enough.
                writeln!(stdin, "{text}").ok();
            }
            // 127: the shell found no such program.
            if child.wait()?.code() != Some(127) {
                return Ok(());
            }
        }
    }
    writeln!(io::stdout().lock(), "{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { title: "ticket", gives: 0, from_width: 0 },
        Column { title: "subject", gives: 2, from_width: 0 },
        Column { title: "from", gives: 1, from_width: 60 },
    ];

    fn rows() -> Vec<Vec<Cell>> {
        let cell = |text: &str| (text.to_owned(), Tint::Plain);
        vec![
            vec![cell("#1"), cell("The printer on the second floor burns and nobody is there"), cell("Ann Ode")],
            vec![cell("#12"), cell("注文番号の確認をお願いします、急いでいます、本当に"), cell("田中 美咲")],
        ]
    }

    #[test]
    fn table_fits_its_terminal_and_cuts_at_characters() {
        for width in [30, 60, 61, 80, 140] {
            let text = fitted(&COLUMNS, &rows(), Some(width), false);
            assert!(text.lines().all(|line| line.width() <= width), "{width}:\n{text}");
            assert_eq!(text.lines().count(), 3);
            assert_eq!(text.contains("from"), width >= 60, "{width}:\n{text}");
        }
        assert!(fitted(&COLUMNS, &rows(), Some(61), false).contains('…'));
        assert!(!fitted(&COLUMNS, &rows(), None, false).contains('…'), "nothing is cut without a terminal");
    }

    #[test]
    fn long_lines_break_between_words_and_quotations_stay_quoted() {
        let text = "one two three four\n> five six seven eight\nhttps://example.org/a/very/long/address\n\nend";
        let expected =
            "one two\nthree four\n> five six\n> seven\n> eight\nhttps://example.org/a/very/long/address\n\nend";
        assert_eq!(wrapped(text, 10), expected);
        assert_eq!(wrapped(text, 80), text);
        assert_eq!(wrapped("注文 番号 確認", 9), "注文 番号\n確認");
    }

    #[test]
    fn a_text_goes_on_below_where_it_begins() {
        let text = "one two three four five six";
        assert_eq!(below(text, 5, Some(20)), "one two three\n     four five six");
        assert_eq!(below(text, 5, Some(10)), text);
        assert_eq!(below(text, 5, Some(11)), "one\n     two\n     three\n     four\n     five\n     six");
        assert_eq!(below(text, 5, None), text);
    }

    #[test]
    fn colours_do_not_count_and_strangers_bring_none() {
        let row =
            vec![("#1\u{1b}[2J".to_owned(), Tint::Red), ("x".to_owned(), Tint::Plain), (String::new(), Tint::Plain)];
        let plain = fitted(&COLUMNS, std::slice::from_ref(&row), Some(80), false);
        let coloured = fitted(&COLUMNS, &[row], Some(80), true);
        assert!(!plain.contains('\u{1b}') && coloured.contains("\u{1b}[31m#1[2J\u{1b}[0m"), "{coloured:?}");
    }
}
