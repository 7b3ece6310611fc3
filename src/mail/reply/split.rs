//! Where the reply ends and what the rest of a mail is, decided from judged lines.

use std::ops::Range;

use super::super::html::Mark;
use super::attribution::attribution_end;
use super::divider::{Divider, divider_of};
use super::fields::{BLOCK_LINES_MAX, Demand, Row, block_length};
use super::line::{Line, next_filled};
use super::signature::{signature_start, signature_start_below};

/// What is known about a mail before its lines are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MailKind {
    /// It may answer another one.
    Answer,
    /// It answers nothing: what looks like a quote may be its subject.
    Opening,
    /// The same, written in HTML: what its structure calls a quote is one.
    OpeningHtml,
}

/// The three parts of a mail, as ranges of lines. Each may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) typed: Range<usize>,
    pub(super) quoted: Range<usize>,
    pub(super) signature: Range<usize>,
}

/// Where another mail begins.
struct Cut {
    /// First line that was not typed.
    at: usize,
    /// First line after its header.
    body: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A line like "On … wrote:".
    Attribution,
    /// A line like "Forwarded message".
    Forwarded,
    /// "Original Message", a header block, a help desk's line.
    Header,
    /// A mark of the HTML: all that follows is the other mail.
    Rest,
}

/// Splits a mail's lines. Nothing that may have been typed is put aside: where unquoted text follows
/// a quote, all stays from the first quoted line on.
pub(super) fn split(lines: &[Line<'_>], kind_of_mail: MailKind) -> Split {
    let end = lines.iter().rposition(|line| !line.is_blank()).map_or(0, |at| at + 1);
    let cut = (0..end).find_map(|at| cut_at(lines, at, kind_of_mail));
    let (typed, quoted) = match cut {
        Some(cut) => around_cut(lines, &cut, end, kind_of_mail),
        None if kind_of_mail == MailKind::Opening => (0..end, end..end),
        None => around_bare_quote(lines, end),
    };
    with_signature(lines, typed, quoted, end)
}

fn with_signature(lines: &[Line<'_>], typed: Range<usize>, quoted: Range<usize>, end: usize) -> Split {
    // A signature comes after all quotes of the text it closes.
    let last_quoted = typed.clone().rev().find(|&at| lines[at].is_quoted).map(|at| at + 1);
    let start = match last_quoted {
        Some(below) => signature_start_below(lines, below, typed.end),
        None => signature_start(lines, typed.start, typed.end),
    };
    if start < typed.end {
        return Split { typed: typed.start..start, quoted, signature: start..typed.end };
    }
    let below = quoted.clone().rev().find(|&at| lines[at].is_quoted).map_or(quoted.end, |at| at + 1);
    let start = signature_start_below(lines, below, quoted.end);
    if !quoted.is_empty() && start < quoted.end {
        return Split { typed, quoted: quoted.start..start, signature: start..quoted.end };
    }
    Split { typed, quoted, signature: end..end }
}

/// Whether another mail begins at line `at`.
fn cut_at(lines: &[Line<'_>], at: usize, kind_of_mail: MailKind) -> Option<Cut> {
    let line = &lines[at];
    if line.is_quoted || line.is_blank() {
        return None;
    }
    let attribution = attribution_end(lines, at).map(|body| Cut { at, body, kind: Kind::Attribution });
    match line.mark {
        Some(Mark::RestIsQuoted) => return Some(Cut { at, body: at, kind: Kind::Rest }),
        Some(Mark::Attribution) => {
            return attribution
                .or_else(|| header_cut(lines, at, kind_of_mail))
                .or_else(|| Some(marked_attribution(lines, at)));
        }
        None => {}
    }
    header_cut(lines, at, kind_of_mail).or(attribution)
}

/// A marked line of an unknown language: the header goes up to the quote, if that is near.
fn marked_attribution(lines: &[Line<'_>], at: usize) -> Cut {
    /// Most lines of a marked attribution.
    const LINES_MAX: usize = 6;
    let body = (at..lines.len().min(at + LINES_MAX)).find(|&n| lines[n].is_quoted).unwrap_or(at);
    Cut { at, body, kind: Kind::Attribution }
}

fn header_cut(lines: &[Line<'_>], at: usize, kind_of_mail: MailKind) -> Option<Cut> {
    let next = next_filled(lines, at + 1);
    if let Some(divider) = divider_of(lines[at].text, next.map(|next| lines[next].row)) {
        let body = next.and_then(|next| block_end(lines, next, Demand::Two)).unwrap_or(at + 1);
        let kind = match divider {
            Divider::Forwarded => Kind::Forwarded,
            Divider::Original | Divider::ReplyAbove => Kind::Header,
        };
        return Some(Cut { at, body, kind });
    }
    let is_below_rule = lines[..at].iter().rev().find(|line| !line.is_blank()).is_some_and(Line::is_rule);
    let demand = match kind_of_mail {
        _ if is_below_rule => Demand::Two,
        MailKind::Answer => Demand::Three,
        MailKind::Opening | MailKind::OpeningHtml => Demand::Dated,
    };
    block_end(lines, at, demand).map(|body| Cut { at, body, kind: Kind::Header })
}

/// The line after the header block that starts at line `at`, if one does.
fn block_end(lines: &[Line<'_>], at: usize, demand: Demand) -> Option<usize> {
    if lines[at].is_quoted || lines[at].row.field().is_none() {
        return None;
    }
    let rows: Vec<Row<'_>> = lines[at..].iter().take(BLOCK_LINES_MAX).map(|line| line.row).collect();
    block_length(&rows, demand).map(|length| at + length)
}

fn around_cut(lines: &[Line<'_>], cut: &Cut, end: usize, kind_of_mail: MailKind) -> (Range<usize>, Range<usize>) {
    let is_typed_above = lines[..cut.at].iter().any(|line| !line.is_blank() && !line.is_rule());
    let body = next_filled(lines, cut.body).unwrap_or(end);
    let is_body_quoted = lines.get(body).is_some_and(|line| line.is_quoted);
    if cut.kind != Kind::Rest && is_body_quoted && has_answers(lines, body, end, kind_of_mail) {
        return (if is_typed_above { 0 } else { body }..end, end..end);
    }
    if is_typed_above {
        return (0..cut.at, cut.at..end);
    }
    // Nothing above and no quote marks below: what follows may be what was typed.
    if matches!(cut.kind, Kind::Attribution | Kind::Forwarded) && body < end && !is_body_quoted {
        return (body..end, end..end);
    }
    (0..end, end..end)
}

/// Whether text that is neither quoted nor a signature nor another mail follows the quote at `from`.
fn has_answers(lines: &[Line<'_>], from: usize, end: usize, kind_of_mail: MailKind) -> bool {
    let last_quoted = (from..end).rev().find(|&at| lines[at].is_quoted).unwrap_or(from);
    let tail = signature_start_below(lines, last_quoted + 1, end);
    let answer = (from..tail).find(|&at| !lines[at].is_quoted && !lines[at].is_blank() && !lines[at].is_rule());
    answer.is_some_and(|at| cut_at(lines, at, kind_of_mail).is_none())
}

/// No header was found; quoted lines may still end the mail.
fn around_bare_quote(lines: &[Line<'_>], end: usize) -> (Range<usize>, Range<usize>) {
    let whole = (0..end, end..end);
    let Some(last) = (0..end).rev().find(|&at| lines[at].is_quoted) else { return whole };
    if signature_start_below(lines, last + 1, end) > next_filled(lines, last + 1).unwrap_or(end) {
        return whole;
    }
    let start = (0..=last).rev().take_while(|&at| lines[at].is_quoted || lines[at].is_blank()).last().unwrap_or(last);
    let is_typed_above = (0..start).any(|at| !lines[at].is_blank() && !lines[at].is_rule());
    let is_interleaved = (0..start).any(|at| lines[at].is_quoted);
    if is_typed_above && !is_interleaved { (0..start, start..end) } else { whole }
}
