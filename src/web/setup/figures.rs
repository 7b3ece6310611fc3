//! Figures: what came in, how fast it was answered, what customers thought of it.

use super::Noun;
use super::field::{Row, Table};
use crate::domain::{Status, Timestamp, Window};
use crate::store::ReadTx;
use crate::store::row_count;
use crate::store::satisfaction::{SatisfactionFigures, Verdict};
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// Days the figures of answers look back, as `admin stats` does.
const DAYS: i64 = 30;

/// Words of customers that are shown, the newest.
const COMMENTS: usize = 20;

const NOUN: Noun = Noun::Figures;

/// A figure and what it is of.
fn line(key: &str, what: String, n: impl ToString) -> Row {
    Row { key: key.to_owned(), cells: vec![what, n.to_string()], ..Row::default() }
}

fn figures(tx: &ReadTx<'_>, call: &Call<'_>) -> Result<Vec<Row>, Refusal> {
    let t = |name: &str| call.language.t(name);
    let mut rows = vec![
        line("tickets", t("n-tickets"), tx.row_count(row_count::TICKETS, 0)?),
        line("messages", t("n-messages"), tx.row_count(row_count::MESSAGES, 0)?),
    ];
    for status in Status::ALL {
        let n = tx.row_count(row_count::TICKETS_BY_STATUS, status.number())?;
        rows.push(line(status.word(), call.language.word("status", status.word()), n));
    }
    let window = Window::last_s(DAYS * Timestamp::DAY_S, call.now);
    let opened = tx.opened(window)?.len();
    let waited = tx.first_answers(window)?;
    rows.push(line("opened", call.language.with("n-opened", "days", DAYS), opened));
    let at = |hundredths: usize| waited.len().checked_sub(1).and_then(|last| waited.get(last * hundredths / 100));
    for (key, hundredths) in [("n-answered-half", 50), ("n-answered-most", 90)] {
        if let Some(seconds) = at(hundredths) {
            rows.push(line(key, t(key), call.language.with("n-hours", "hours", (seconds + 1800) / 3600)));
        }
    }
    let SatisfactionFigures { asked, good, bad } = tx.satisfaction_figures(window)?;
    for (key, n) in [("n-asked", asked), ("n-good", good), ("n-bad", bad)] {
        rows.push(line(key, call.language.with(key, "days", DAYS), n));
    }
    Ok(rows)
}

/// The words of a customer, with a link to the ticket.
fn comment(call: &Call<'_>, verdict: Verdict) -> Row {
    let word = call.language.word("verdict", if verdict.is_good { "good" } else { "bad" });
    let text = if verdict.comment.is_empty() { word } else { format!("{word}: {}", verdict.comment) };
    Row {
        key: format!("v{}", verdict.ticket),
        cells: vec![call.language.with("verdict-of", "ticket", verdict.ticket.to_string().as_str()), text],
        links: vec![(call.language.t("f-ticket"), format!("/staff/tickets/view/{}", verdict.ticket))],
        ..Row::default()
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let rows = call.read(|tx| {
        let mut rows = figures(tx, call)?;
        rows.extend(tx.verdicts(COMMENTS)?.into_iter().map(|verdict| comment(call, verdict)));
        Ok(rows)
    })?;
    Ok(Table {
        title: NOUN.title(call),
        about: call.language.t("about-figures"),
        head: vec![call.language.t("f-what"), call.language.t("n-figure")],
        rows,
        ..Table::default()
    })
}
