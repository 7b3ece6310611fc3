//! The mail answered without the headers that programs write into it, for comparing it with what the desk knows.

use super::attribution::attribution_end;
use super::divider::divider_of;
use super::fields::{BLOCK_LINES_MAX, Demand, Row, block_length};
use super::line::{Line, lines_of_text, next_filled};

/// Most levels of quotes that are looked into; deeper lines are taken as they are.
const LEVELS_MAX: usize = 12;

/// The lines of a quoted text without `>`, header blocks, lines like "On … wrote:" and dividers, on every level.
pub(super) fn without_headers(quoted: &str) -> String {
    let mut text = quoted.to_owned();
    for _ in 0..LEVELS_MAX {
        let has_quotes = {
            let lines = lines_of_text(&text);
            let kept = kept(&lines);
            let has_quotes = lines.iter().any(|line| line.is_quoted);
            let next: String = kept.iter().flat_map(|line| [without_one_mark(line), "\n"]).collect();
            text = next;
            has_quotes
        };
        if !has_quotes {
            break;
        }
    }
    text
}

/// One level of quoting is taken off at a time, so that each level's headers are seen.
fn without_one_mark<'a>(line: &Line<'a>) -> &'a str {
    if !line.is_quoted {
        return line.text;
    }
    let inner = line.text.trim_start();
    let inner = inner.strip_prefix('>').unwrap_or(inner);
    inner.strip_prefix(' ').unwrap_or(inner)
}

/// The lines that are no header, of those that are not quoted further.
fn kept<'s, 'a>(lines: &'s [Line<'a>]) -> Vec<&'s Line<'a>> {
    let mut kept = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() {
        let line = &lines[at];
        if line.is_quoted || line.is_blank() {
            kept.push(line);
            at += 1;
            continue;
        }
        let next = next_filled(lines, at + 1);
        let below = next.map(|next| lines[next].row);
        let block = || {
            line.row.field()?;
            let rows: Vec<Row<'_>> = lines[at..].iter().take(BLOCK_LINES_MAX).map(|line| line.row).collect();
            block_length(&rows, Demand::Two).map(|length| at + length)
        };
        let end = attribution_end(lines, at).or_else(block);
        match end {
            Some(end) => at = end.max(at + 1),
            None => {
                if !line.is_rule() && divider_of(line.text, below).is_none() {
                    kept.push(line);
                }
                at += 1;
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_every_level_are_left_out() {
        let quoted = "> One\n>\n> On Mon, Jan 15, 2024 at 2:30 PM Bob <bob@example.org> wrote:\n>> Two\n>> ----\n\
                      >> From: Ann <ann@example.org>\n>> Sent: Monday\n>> To: Bob\n>> Subject: x\n>>\n>>> Three";
        let kept = without_headers(quoted);
        assert_eq!(kept.split_whitespace().collect::<Vec<_>>(), ["One", "Two", "Three"]);
    }

    #[test]
    fn deep_quotes_end() {
        let quoted = format!("{} x", ">".repeat(1000));
        assert!(without_headers(&quoted).len() <= quoted.len() + 1);
    }
}
