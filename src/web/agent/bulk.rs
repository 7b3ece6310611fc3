//! What is done to the tickets that were ticked in a list, or to all that were found.

use super::confirm;
use super::list::{self, back_of};
use super::ticket::{elsewhere, refusal, visible, wrong_tag};
use crate::desk::{Deed, Done, Refused, TICKETS_MAX, tag_name};
use crate::domain::{DepartmentId, StaffId, Status, TicketId};
use crate::http::Response;
use crate::store::WriteTx;
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::wrong::Wrong;

/// `POST /staff/tickets/bulk`: what cannot be done is said on the list, where what was ticked and typed stays.
pub(super) fn change(call: &Call<'_>) -> Result<Response, Refusal> {
    let back = || back_of(call.form.get("from"));
    match changed(call) {
        Err(Refusal::Wrong(wrong)) => list::again(call, &back(), 422, wrong),
        Err(Refusal::Merged(id, into)) => list::again(call, &back(), 409, Wrong::anywhere(elsewhere(call, id, into))),
        done => done,
    }
}

fn changed(call: &Call<'_>) -> Result<Response, Refusal> {
    let act = call.form.get("do");
    let back = back_of(call.form.get("from"));
    let mark = if back.contains('?') { '&' } else { '?' };
    let reaches_all = call.form.get("all") == "1";
    let mut ids: Vec<TicketId> =
        if reaches_all { list::all_of(call, &back, TICKETS_MAX)? } else { named(call).take(TICKETS_MAX).collect() };
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(call.lead_to(&format!("{back}{mark}said=nothing-ticked")));
    }
    // Before it is asked whether they are sure.
    match act {
        "tag" | "untag" if tag_name(call.form.get("tag")).is_none() => return Err(wrong_tag(call)),
        "merge" if ids.len() < 2 => return Err(Refusal::Wrong(Wrong::anywhere(call.language.t("merge-two")))),
        _ => {}
    }
    let n = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    if act == "merge" {
        call.read(|tx| ids.iter().try_for_each(|id| visible(tx, call.viewer()?, *id).map(|_| ())))?;
    }
    // What was found is found again by nobody: the answer is about the tickets that were asked about.
    if reaches_all || (matches!(act, "spam" | "merge") && !confirm::is_sure(call)) {
        let (question, button) = question(call, act, n, ids.first().copied())?;
        return confirm::ask_with(call, question, button, back, asked_about(call, &ids));
    }
    let done = call.write(|tx| each(call, tx, &ids))?;
    if done.changed.is_empty() && !done.refused.is_empty() {
        // Whoever ticks a ticket that is not theirs to see learns nothing of it.
        let told =
            done.refused.into_iter().map(|(_, refused)| refused).find(|one| !matches!(one, Refused::NoTicket(_)));
        return Err(told.map_or(Refusal::NotFound, |refused| {
            refusal(call, refused, if act == "assign" { "assignee" } else { "" })
        }));
    }
    let undo = done.undo.map_or_else(String::new, |undo| format!("&undo={undo}"));
    let left = if done.refused.is_empty() { String::new() } else { format!("&left={}", done.refused.len()) };
    Ok(call.lead_to(&format!("{back}{mark}done={act}&n={}{left}{undo}", done.changed.len())))
}

/// The tickets that a form names: those that were ticked, or those that a question was about.
fn named<'c>(call: &'c Call<'_>) -> impl Iterator<Item = TicketId> + 'c {
    let asked_about = call.form.get("found").split('.');
    call.form.all("ticket").chain(asked_about).filter_map(|id| id.parse().ok()).map(TicketId::new)
}

/// The fields of the form for these tickets alone. In one field: a form has not room for a thousand.
fn asked_about(call: &Call<'_>, ids: &[TicketId]) -> Vec<(String, String)> {
    let is_kept = |name: &str| !matches!(name, "form_token" | "sure" | "all" | "ticket" | "found");
    let found: Vec<String> = ids.iter().map(TicketId::to_string).collect();
    let kept = call.form.pairs().iter().filter(|(name, _)| is_kept(name)).cloned();
    kept.chain([("found".to_owned(), found.join("."))]).collect()
}

fn question(call: &Call<'_>, act: &str, n: i64, first: Option<TicketId>) -> Result<(String, String), Refusal> {
    let word = super::DONE.iter().find(|word| **word == act).ok_or(Refusal::Broken)?;
    let button = call.language.word("button", word);
    let question = match (act, first) {
        ("merge", Some(first)) => call.language.with_all("merge-into", &[("n", n.into()), ("id", first.get().into())]),
        _ => call.language.with_all("sure", &[("n", n.into()), ("act", (&button).into())]),
    };
    Ok((question, button))
}

fn each(call: &Call<'_>, tx: &WriteTx<'_>, ids: &[TicketId]) -> Result<Done, Refusal> {
    let (form, viewer, change) = (&call.form, call.viewer()?, call.change(tx)?);
    let to_each = |ids: &[TicketId], deed: Deed<'_>| Ok(change.to_each(&viewer.staff, ids, deed)?);
    match form.get("do") {
        "take" => to_each(ids, Deed::Assign(Some(&viewer.staff))),
        "assign" => match form.number("assignee") {
            None => to_each(ids, Deed::Assign(None)),
            Some(id) => {
                let gone = || Refusal::Wrong(Wrong::of("assignee", call.language.t("choose-again")));
                let staff = tx.staff(StaffId::new(id))?.ok_or_else(gone)?;
                to_each(ids, Deed::Assign(Some(&staff)))
            }
        },
        "close" => to_each(ids, Deed::Status(Status::Closed)),
        "status" => to_each(ids, Deed::Status(form.get("status").parse().map_err(|_| Refusal::Broken)?)),
        "move" => {
            let id = DepartmentId::new(form.number("department").ok_or(Refusal::Broken)?);
            let department = tx.department(id)?.filter(|found| viewer.sees(found.id)).ok_or(Refusal::NotFound)?;
            to_each(ids, Deed::Move(&department))
        }
        "tag" => to_each(ids, Deed::Tag(&tag_name(form.get("tag")).ok_or_else(|| wrong_tag(call))?)),
        "untag" => to_each(ids, Deed::Untag(&tag_name(form.get("tag")).ok_or_else(|| wrong_tag(call))?)),
        "spam" => to_each(ids, Deed::Spam),
        "not-spam" => to_each(ids, Deed::NotSpam),
        // Into the oldest: its number is the one the customer knows.
        "merge" => match ids {
            [first, others @ ..] if !others.is_empty() => to_each(others, Deed::Merge(*first)),
            _ => Err(Refusal::Broken),
        },
        _ => Err(Refusal::Broken),
    }
}
