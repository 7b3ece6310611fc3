//! Where the reply ends and what the rest of a mail is, decided from judged lines.

use std::ops::Range;

use super::super::html::Mark;
use super::armour;
use super::attribution::attribution_end;
use super::divider::{Divider, divider_of};
use super::fields::{BLOCK_LINES_MAX, Demand, Row, block_length};
use super::inline::announces_answers_below;
use super::line::{Line, lines_of_text, next_filled, without_quote_marks};
use super::notes;
use super::signature::{Ground, mark_signature};

/// What a line is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What the person typed.
    Typed,
    /// The mail answered, with its header.
    Quoted,
    /// A signature, or the line a device adds.
    Signature,
}

/// What a mail's lines are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// One entry a line.
    pub(super) parts: Vec<Part>,
    /// Another mail is passed on below a line that says so.
    pub(super) is_forward: bool,
    /// The lines of a header between the reply and the mail answered.
    pub(super) header: Range<usize>,
    /// There is neither a quoted line nor one at which another mail begins.
    pub(super) is_plain: bool,
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

/// What becomes of another mail in the text, as far as the header tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forwards {
    /// A mail below a forward's line is what this one is about: all is kept.
    Kept,
    /// The same, and this mail answers nothing: a line like "On … wrote:" is its writer's unless a quote is below.
    KeptInNew,
    /// It is put aside like the mail an answer quotes: nothing but the subject, an answer's, says what this mail is.
    PutAside,
}

/// Splits a mail's lines. Nothing that may have been typed is put aside: where unquoted text follows
/// a quote, all stays from the first quoted line on.
pub(super) fn split(lines: &[Line<'_>], forwards: Forwards) -> Split {
    let Some(inner) = armour::signed_lines(lines) else { return split_lines(lines, forwards) };
    // What OpenPGP writes around a signed text goes with the signatures.
    let Split { parts, is_forward, header, is_plain } = split_lines(&inner.lines, forwards);
    let around = |count: usize| std::iter::repeat_n(Part::Signature, count);
    let below = lines.len() - inner.start - parts.len();
    Split {
        parts: around(inner.start).chain(parts).chain(around(below)).collect(),
        is_forward,
        header: header.start + inner.start..header.end + inner.start,
        is_plain,
    }
}

fn split_lines(lines: &[Line<'_>], forwards: Forwards) -> Split {
    let end = lines.iter().rposition(|line| !line.is_blank()).map_or(0, |at| at + 1);
    let cut = first_cut(lines, end, forwards).map(|cut| with_fields_above(lines, with_name_above(lines, cut)));
    let is_plain = cut.is_none() && !lines.iter().any(|line| line.is_quoted);
    let mut parts = vec![Part::Typed; lines.len()];
    let mut header = end..end;
    if forwards != Forwards::PutAside && cut.as_ref().is_some_and(|cut| cut.kind == Kind::Forwarded) {
        return Split { parts, is_forward: true, header, is_plain };
    }
    let typed = match &cut {
        Some(cut) => {
            let typed = around_cut(lines, cut, end);
            if typed.end <= cut.at || typed.start > cut.at {
                header = cut.at..cut.body.min(end);
            }
            typed
        }
        None => around_bare_quote(lines, end),
    };
    let typed = if announces_answers_below(lines, typed.clone(), end) { 0..end } else { typed };
    for (at, part) in parts.iter_mut().enumerate().take(end) {
        if !typed.contains(&at) {
            *part = Part::Quoted;
        }
    }
    mark_signatures(lines, &mut parts, typed, end);
    Split { parts, is_forward: false, header, is_plain }
}

/// The first line at which another mail begins, looked for from the top. A quote that begins with a forward's line is one
/// as well (Apple Mail).
fn first_cut(lines: &[Line<'_>], end: usize, forwards: Forwards) -> Option<Cut> {
    let mut is_quote_open = forwards == Forwards::PutAside;
    for at in 0..end {
        let line = &lines[at];
        if line.is_quoted && !is_quote_open && !line.is_blank() {
            is_quote_open = true;
            if is_forwards_line(lines, at) {
                return Some(Cut { at, body: at + 1, kind: Kind::Forwarded });
            }
        }
        let is_typed = |cut: &Cut| {
            let is_quote_below = next_filled(lines, cut.body).is_some_and(|next| lines[next].is_quoted);
            forwards == Forwards::KeptInNew && cut.kind == Kind::Attribution && line.mark.is_none() && !is_quote_below
        };
        if let Some(cut) = cut_at(lines, at).filter(|cut| !is_typed(cut)) {
            return Some(cut);
        }
    }
    None
}

fn is_forwards_line(lines: &[Line<'_>], at: usize) -> bool {
    let below = next_filled(lines, at + 1).map(|next| Row::of(without_quote_marks(lines[next].text)));
    divider_of(without_quote_marks(lines[at].text), below) == Some(Divider::Forwarded)
}

/// Marks signatures in what was typed, else below the mail answered. A signature comes after all quotes of the text it
/// closes.
fn mark_signatures(lines: &[Line<'_>], parts: &mut [Part], typed: Range<usize>, end: usize) {
    let last_quoted = typed.clone().rev().find(|&at| lines[at].is_quoted).map(|at| at + 1);
    let (from, ground) =
        last_quoted.map_or((typed.start, Ground::NeedsText), |below| (below, below_quote(lines, typed.start..below)));
    if mark_signature(lines, parts, from..typed.end, ground) || typed.end >= end {
        return;
    }
    let below = (typed.end..end).rev().find(|&at| lines[at].is_quoted).map_or(end, |at| at + 1);
    mark_signature(lines, parts, below..end, Ground::BelowText);
}

/// What has to be left below a quote, above which these lines stand.
fn below_quote(lines: &[Line<'_>], above: Range<usize>) -> Ground {
    let is_text = |at: usize| !lines[at].is_quoted && !lines[at].is_blank() && !lines[at].is_rule();
    let typed = above.clone().find(|&at| is_text(at));
    // A line like "On … wrote:" was not typed.
    let is_header =
        |at: usize| (at..above.end).take_while(|&at| !lines[at].is_quoted).any(|at| cut_at(lines, at).is_some());
    if typed.is_some_and(|at| !is_header(at)) { Ground::BelowText } else { Ground::BelowQuote }
}

/// Whether another mail begins at line `at`.
fn cut_at(lines: &[Line<'_>], at: usize) -> Option<Cut> {
    let line = &lines[at];
    if line.is_quoted || line.is_blank() {
        return None;
    }
    let attribution = || attribution_end(lines, at).map(|body| Cut { at, body, kind: Kind::Attribution });
    match line.mark {
        Some(Mark::RestIsQuoted) => {
            let is_forward = header_cut(lines, at).is_some_and(|cut| cut.kind == Kind::Forwarded);
            return Some(Cut { at, body: at, kind: if is_forward { Kind::Forwarded } else { Kind::Rest } });
        }
        Some(Mark::Attribution) => {
            return attribution().or_else(|| header_cut(lines, at)).or_else(|| Some(marked_attribution(lines, at)));
        }
        None => {}
    }
    let of_notes = || notes::header_end(lines, at).map(|body| Cut { at, body, kind: Kind::Header });
    header_cut(lines, at).or_else(attribution).or_else(of_notes)
}

/// Programs that put the name first may wrap the line behind it, so that what is found begins with the address.
fn with_name_above(lines: &[Line<'_>], cut: Cut) -> Cut {
    /// Most words of a name.
    const NAME_WORDS_MAX: usize = 5;
    let is_address_first = lines[cut.at].text.trim_start().starts_with('<');
    let Some(above) = cut.at.checked_sub(1).filter(|_| is_address_first && cut.kind == Kind::Attribution) else {
        return cut;
    };
    let is_name = |text: &str| {
        let text = text.trim();
        let words = text.split_whitespace().count();
        (1..=NAME_WORDS_MAX).contains(&words)
            && !text.contains(|c: char| c.is_ascii_digit())
            && !text.ends_with(['.', '!', '?', ',', ';', ':'])
    };
    let stands_alone = above.checked_sub(1).is_none_or(|before| lines[before].is_blank());
    if lines[above].is_quoted || !is_name(lines[above].text) || !stands_alone {
        return cut;
    }
    Cut { at: above, ..cut }
}

/// Yandex writes addressees and subject above the line that names the writer; Lotus Notes a line of name, time and first
/// words above its header.
fn with_fields_above(lines: &[Line<'_>], cut: Cut) -> Cut {
    if cut.kind == Kind::Header {
        let above = (0..cut.at).rev().find(|&at| !lines[at].is_blank());
        let at = above.filter(|&at| !lines[at].is_quoted && notes::is_summary(lines[at].text)).unwrap_or(cut.at);
        return Cut { at, ..cut };
    }
    if cut.kind != Kind::Attribution {
        return cut;
    }
    let is_field = |at: &usize| lines[*at].row.field().is_some() && !lines[*at].is_quoted;
    let at = (0..cut.at).rev().take_while(is_field).last().unwrap_or(cut.at);
    Cut { at, ..cut }
}

/// A marked line of an unknown language: the header goes up to the quote, if that is near.
fn marked_attribution(lines: &[Line<'_>], at: usize) -> Cut {
    /// Most lines of a marked attribution.
    const LINES_MAX: usize = 6;
    let body = (at..lines.len().min(at + LINES_MAX)).find(|&n| lines[n].is_quoted).unwrap_or(at);
    Cut { at, body, kind: Kind::Attribution }
}

fn header_cut(lines: &[Line<'_>], at: usize) -> Option<Cut> {
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
    let demand = if is_below_rule { Demand::Plausible } else { Demand::Three };
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

/// The lines that were typed, where another mail begins at `cut`.
fn around_cut(lines: &[Line<'_>], cut: &Cut, end: usize) -> Range<usize> {
    let is_typed_above = lines[..cut.at].iter().any(|line| !line.is_blank() && !line.is_rule());
    let body = next_filled(lines, cut.body).unwrap_or(end);
    let is_body_quoted = lines.get(body).is_some_and(|line| line.is_quoted);
    let ground = if is_typed_above { Ground::BelowText } else { Ground::BelowQuote };
    if cut.kind != Kind::Rest && is_body_quoted && has_answers(lines, body..end, ground) {
        if !is_typed_above && cut.kind == Kind::Attribution {
            return below_one_quote(lines, body, end).unwrap_or(body..end);
        }
        return if is_typed_above { 0 } else { body }..end;
    }
    if is_typed_above {
        return 0..cut.at;
    }
    // Nothing above and no quote marks below: what follows may be what was typed.
    if matches!(cut.kind, Kind::Attribution | Kind::Forwarded) && body < end && !is_body_quoted {
        return body..end;
    }
    0..end
}

/// Text below a single quote is the answer to all of it: the lines below. `None` where the quote goes on further down,
/// because answers in between need what they answer.
fn below_one_quote(lines: &[Line<'_>], body: usize, end: usize) -> Option<Range<usize>> {
    let quote_end = (body..end).find(|&at| !lines[at].is_quoted && !lines[at].is_blank())?;
    let is_only_one = (quote_end..end).all(|at| !lines[at].is_quoted && cut_at(lines, at).is_none());
    is_only_one.then_some(quote_end..end)
}

/// Apple Mail quotes its own line "On … wrote:" with what it quotes; text below such a block at the top is the answer.
fn below_quoted_attribution(lines: &[Line<'_>], end: usize) -> Option<Range<usize>> {
    /// Most lines such a line is wrapped over.
    const LINES_MAX: usize = 4;
    let top = next_filled(lines, 0).filter(|&top| lines[top].is_quoted)?;
    let quoted = lines[top..].iter().take(LINES_MAX).take_while(|line| line.is_quoted);
    let inside: String = quoted.flat_map(|line| [without_quote_marks(line.text), "\n"]).collect();
    attribution_end(&lines_of_text(&inside), 0)?;
    below_one_quote(lines, top, end)
}

/// Whether text that is neither quoted nor a signature nor another mail follows the quote at `from`.
fn has_answers(lines: &[Line<'_>], range: Range<usize>, ground: Ground) -> bool {
    let Range { start: from, end } = range;
    let last_quoted = (from..end).rev().find(|&at| lines[at].is_quoted).unwrap_or(from);
    let mut below = vec![Part::Typed; lines.len()];
    mark_signature(lines, &mut below, last_quoted + 1..end, ground);
    let is_text = |at: &usize| {
        below[*at] == Part::Typed && !lines[*at].is_quoted && !lines[*at].is_blank() && !lines[*at].is_rule()
    };
    let answer = (from..end).find(is_text);
    answer.is_some_and(|at| cut_at(lines, at).is_none())
}

/// No header was found; quoted lines may still end the mail.
fn around_bare_quote(lines: &[Line<'_>], end: usize) -> Range<usize> {
    let Some(last) = (0..end).rev().find(|&at| lines[at].is_quoted) else { return 0..end };
    let mut below = vec![Part::Typed; lines.len()];
    mark_signature(lines, &mut below, last + 1..end, below_quote(lines, 0..last));
    if (last + 1..end).any(|at| below[at] == Part::Typed && !lines[at].is_blank()) {
        return below_quoted_attribution(lines, end).unwrap_or(0..end);
    }
    let start = (0..=last).rev().take_while(|&at| lines[at].is_quoted || lines[at].is_blank()).last().unwrap_or(last);
    let is_typed_above = (0..start).any(|at| !lines[at].is_blank() && !lines[at].is_rule());
    let is_interleaved = (0..start).any(|at| lines[at].is_quoted);
    if is_typed_above && !is_interleaved { 0..start } else { 0..end }
}
