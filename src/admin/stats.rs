//! `admin stats`: the desk in numbers, and as a small dashboard for people.

use serde_json::{Map, Value, json};

use super::output::screen;
use super::{Context, output};
use crate::domain::{Status, Timestamp, Window};
use crate::outcome::{self, Done};
use crate::store::receipt::ReceiptState;
use crate::store::satisfaction::{SatisfactionFigures, Verdict};
use crate::store::{Error, ReadTx, row_count};
use crate::terminal;

/// Days of the chart of new tickets, today included.
const CHART_DAYS: i64 = 14;
/// Days back in which first answers are measured.
const ANSWER_DAYS: i64 = 30;
/// Cells of the longest bar.
const BAR_CELLS: i64 = 40;
/// Eighths of a cell, filled from the left.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The numbers.
/// Words of customers that are printed, the newest. Chosen: as many as one reads.
const VERDICTS_MAX: usize = 20;

struct Numbers {
    totals: Map<String, Value>,
    by_status: Vec<(Status, i64)>,
    /// Id, name, tickets.
    by_department: Vec<(i64, String, i64)>,
    /// Local date and new tickets, oldest first.
    by_day: Vec<(String, i64)>,
    /// Seconds to the first answer, shortest first.
    answered_s: Vec<i64>,
    failed_outgoing: i64,
    satisfaction: SatisfactionFigures,
    /// The newest words of customers.
    verdicts: Vec<Verdict>,
    oldest_pending: Timestamp,
}

pub(super) fn run(context: &Context) -> outcome::Result<Done> {
    let numbers = context.store.read(|tx| read(tx, context.now))?;
    context.output.object(&as_json(&numbers), &as_text(&numbers, context.now))?;
    Ok(Done)
}

fn read(tx: &ReadTx<'_>, now: Timestamp) -> Result<Numbers, Error> {
    let mut by_status = Vec::new();
    for status in Status::ALL {
        by_status.push((status, tx.row_count(row_count::TICKETS_BY_STATUS, status.number())?));
    }
    let mut by_department = Vec::new();
    for department in tx.departments()? {
        let n = tx.row_count(row_count::TICKETS_BY_DEPARTMENT, department.id.get())?;
        by_department.push((department.id.get(), department.name, n));
    }
    let stored = tx.receipts_in(ReceiptState::Stored)?;
    let dropped = tx.receipts_in(ReceiptState::Dropped)?;
    let quarantined = tx.receipts_in(ReceiptState::Quarantined)?;
    let totals = [
        ("users", tx.row_count(row_count::CUSTOMERS, 0)?),
        ("departments", i64::try_from(by_department.len()).unwrap_or(i64::MAX)),
        ("tickets", tx.row_count(row_count::TICKETS, 0)?),
        ("messages", tx.row_count(row_count::MESSAGES, 0)?),
        ("attachments", tx.row_count(row_count::ATTACHMENTS, 0)?),
        ("mails_received", stored + dropped + quarantined),
        ("mails_stored", stored),
        ("mails_dropped", dropped),
        ("quarantined", quarantined),
        ("outbox_pending", tx.outbox_pending()?),
    ];
    let days = days_until(now);
    let opened: Vec<String> =
        tx.opened(Window::last_s(CHART_DAYS * Timestamp::DAY_S, now))?.into_iter().map(date).collect();
    let count = |day: &String| i64::try_from(opened.iter().filter(|date| *date == day).count()).unwrap_or(i64::MAX);
    Ok(Numbers {
        totals: totals.into_iter().map(|(key, n)| (key.to_owned(), n.into())).collect(),
        by_day: days.into_iter().map(|day| (day.clone(), count(&day))).collect(),
        by_status,
        by_department,
        answered_s: tx.first_answers(Window::last_s(ANSWER_DAYS * Timestamp::DAY_S, now))?,
        satisfaction: tx.satisfaction_figures(Window::last_s(ANSWER_DAYS * Timestamp::DAY_S, now))?,
        verdicts: tx.verdicts(VERDICTS_MAX)?,
        failed_outgoing: tx.outbox_failed()?,
        oldest_pending: tx.oldest_pending()?.unwrap_or_default(),
    })
}

/// The date where this machine is.
fn date(at: Timestamp) -> String {
    let instant = jiff::Timestamp::from_second(at.unix()).unwrap_or_default();
    instant.to_zoned(jiff::tz::TimeZone::system()).date().to_string()
}

/// The last days up to today, oldest first.
fn days_until(now: Timestamp) -> Vec<String> {
    let instant = jiff::Timestamp::from_second(now.unix()).unwrap_or_default();
    let today = instant.to_zoned(jiff::tz::TimeZone::system()).date();
    // By the calendar: a day with a change of the clock has no 24 hours.
    (0..CHART_DAYS).rev().map(|ago| today.saturating_sub(jiff::Span::new().days(ago)).to_string()).collect()
}

/// The percentile of a sorted list.
fn percentile(sorted: &[i64], hundredths: usize) -> Option<i64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get(last * hundredths / 100).copied()
}

fn as_json(numbers: &Numbers) -> Value {
    let by_status: Map<String, Value> =
        numbers.by_status.iter().map(|(status, n)| (status.word().replace('-', "_"), (*n).into())).collect();
    let by_department: Map<String, Value> =
        numbers.by_department.iter().map(|(id, _, n)| (id.to_string(), (*n).into())).collect();
    let by_day: Map<String, Value> = numbers.by_day.iter().map(|(day, n)| (day.clone(), (*n).into())).collect();
    let mut json = numbers.totals.clone();
    json.insert("outbox_failed".to_owned(), numbers.failed_outgoing.into());
    json.insert("tickets_by_status".to_owned(), by_status.into());
    json.insert("tickets_by_department".to_owned(), by_department.into());
    json.insert("tickets_by_day".to_owned(), by_day.into());
    json.insert(
        "first_answer_s".to_owned(),
        json!({
            "tickets": numbers.answered_s.len(), "median": percentile(&numbers.answered_s, 50),
            "percentile_90": percentile(&numbers.answered_s, 90),
        }),
    );
    let SatisfactionFigures { asked, good, bad } = numbers.satisfaction;
    let verdict = |one: &Verdict| json!({ "ticket_id": one.ticket.get(), "good": one.is_good, "comment": one.comment, "at": one.at.unix() });
    let newest: Vec<Value> = numbers.verdicts.iter().map(verdict).collect();
    json.insert("satisfaction".to_owned(), json!({ "asked": asked, "good": good, "bad": bad, "newest": newest }));
    json.into()
}

/// A bar as long as `n` of `most`, to an eighth of a cell.
fn bar(n: i64, most: i64, cells: i64) -> String {
    if n <= 0 || most <= 0 {
        return String::new();
    }
    let eighths = usize::try_from((n.saturating_mul(cells * 8) / most).max(1)).unwrap_or(0);
    let part = EIGHTHS.get(eighths % 8).copied().unwrap_or("");
    format!("{}{part}", "█".repeat(eighths / 8))
}

/// A chart: a line per label with its number and its bar.
fn chart(title: &str, rows: &[(String, i64)]) -> Vec<String> {
    let most = rows.iter().map(|(_, n)| *n).max().unwrap_or(0);
    let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    // Two blanks before the label, seven digits, a blank on either side of them.
    let taken = width + 2 + 1 + 7 + 1;
    let room =
        screen::size().map_or(i64::MAX, |(columns, _)| i64::try_from(columns.saturating_sub(taken)).unwrap_or(0));
    let cells = BAR_CELLS.min(room.max(1));
    let mut lines = vec![String::new(), title.to_owned()];
    lines.extend(
        rows.iter()
            .map(|(label, n)| format!("  {label:<width$} {n:>7} {}", bar(*n, most, cells)).trim_end().to_owned()),
    );
    lines
}

/// A length of time for people, in its two largest units.
fn duration(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

fn as_text(numbers: &Numbers, now: Timestamp) -> String {
    let total = |key: &str| numbers.totals.get(key).and_then(Value::as_i64).unwrap_or(0);
    let mut lines = vec![format!(
        "{}, {}, {}, {}, {}",
        output::count(total("tickets"), "ticket"),
        output::count(total("messages"), "message"),
        output::count(total("attachments"), "attachment"),
        output::count(total("users"), "user"),
        output::count(total("departments"), "department")
    )];
    lines.extend(chart("New tickets by day", &numbers.by_day));
    let by_status: Vec<_> = numbers.by_status.iter().map(|(status, n)| (status.to_string(), *n)).collect();
    lines.extend(chart("Tickets by status", &by_status));
    let by_department: Vec<_> =
        numbers.by_department.iter().map(|(_, name, n)| (terminal::line(name).into_owned(), *n)).collect();
    lines.extend(chart("Tickets by department", &by_department));
    let by_outcome = [("stored", "mails_stored"), ("dropped", "mails_dropped"), ("quarantined", "quarantined")];
    let by_outcome = by_outcome.map(|(word, key)| (word.to_owned(), total(key)));
    lines.extend(chart("Mails received", &by_outcome));
    lines.push(String::new());
    lines.push(match (percentile(&numbers.answered_s, 50), percentile(&numbers.answered_s, 90)) {
        (Some(median), Some(most)) => format!(
            "First answer within {} for half, {} for nine in ten of {} tickets of the last {ANSWER_DAYS} days",
            duration(median),
            duration(most),
            numbers.answered_s.len()
        ),
        _ => format!("No ticket of the last {ANSWER_DAYS} days was answered"),
    });
    if let SatisfactionFigures { asked, good, bad } = numbers.satisfaction
        && asked > 0
    {
        lines.push(format!(
            "{good} of {} who answered were content ({} asked in the last {ANSWER_DAYS} days)",
            output::count(good + bad, "customer"),
            output::count(asked, "customer")
        ));
    }
    lines.extend(numbers.verdicts.iter().map(|one| {
        let word = if one.is_good { "content" } else { "not content" };
        let colon = if one.comment.is_empty() { "" } else { ": " };
        format!("  #{} {word}{colon}{}", one.ticket, terminal::line(&one.comment))
    }));
    let waiting = match total("outbox_pending") {
        0 => "Nothing waits to be sent".to_owned(),
        n => format!(
            "{} waiting to be sent, the oldest for {}",
            output::count(n, "mail"),
            duration(now.unix() - numbers.oldest_pending.unix())
        ),
    };
    lines.push(match numbers.failed_outgoing {
        0 => waiting,
        n => format!("{waiting}; {n} could not be delivered"),
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_end_at_an_eighth_of_a_cell() {
        let bar = |n, most| bar(n, most, BAR_CELLS);
        assert_eq!(bar(1, 1).chars().count(), 40);
        assert_eq!((bar(0, 5), bar(1, 320), bar(9, 320)), (String::new(), "▏".to_owned(), "█▏".to_owned()));
        assert_eq!(bar(1, 1_000_000), "▏", "one is never nothing");
    }

    #[test]
    fn percentiles_of_few_and_none() {
        assert_eq!((percentile(&[], 50), percentile(&[7], 90)), (None, Some(7)));
        assert_eq!(
            (percentile(&[1, 2, 3], 50), percentile(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 90)),
            (Some(2), Some(10))
        );
    }

    #[test]
    fn durations_have_two_units_at_most() {
        assert_eq!(duration(-5), "0 s", "the clock was ahead");
        let shown = [59, 60, 3599, 3600, 86_399, 86_400, 200_000].map(duration);
        assert_eq!(shown, ["59 s", "1 min", "59 min", "1 h 0 min", "23 h 59 min", "1 d 0 h", "2 d 7 h"]);
    }
}
