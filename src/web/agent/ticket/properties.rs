//! Changing a ticket's status, assignee, department and the like, at once.

use super::super::confirm;
use super::visible;
use crate::desk::{Deed, Former, Notices, Refused, TAG_CHARS_MAX, custom_fields, tag_name};
use crate::domain::one_line::{SUBJECT_CHARS_MAX, is_one_line};
use crate::domain::{DepartmentId, StaffId, Status, TicketId, Timestamp, UndoId};
use crate::http::Response;
use crate::store::WriteTx;
use crate::store::ticket::Ticket;
use crate::web::addressees;
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::customer::fields;
use crate::web::wrong::Wrong;

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error.into(),
            Refused::NoTicket(_) => Self::NotFound,
            Refused::Merged(id, into) => Self::Merged(id, into),
            Refused::Inactive(_) | Refused::NoMember { .. } => Self::Broken,
        }
    }
}

/// Does what the pressed button says, and leads back to the ticket or to its list. What cannot be done is said on the
/// ticket's page, where what was typed stays.
pub(super) fn change(call: &Call<'_>, id: TicketId) -> Result<Response, Refusal> {
    match changed(call, id) {
        Err(Refusal::Wrong(wrong)) => super::show_wrong(call, id, 422, wrong),
        Err(Refusal::Merged(id, into)) => super::show_wrong(call, id, 409, Wrong::anywhere(elsewhere(call, id, into))),
        done => done,
    }
}

/// What is said of a ticket that was merged into that one.
pub(crate) fn elsewhere(call: &Call<'_>, id: TicketId, into: TicketId) -> String {
    call.language.with_all("merged-elsewhere", &[("id", id.get().into()), ("into", into.get().into())])
}

/// A change that was refused, in words; `field` says where it was chosen.
pub(crate) fn refusal(call: &Call<'_>, refused: Refused, field: &str) -> Refusal {
    let text = match refused {
        Refused::NoMember { username, department } => {
            call.language.with_all("no-member", &[("name", (&username).into()), ("department", (&department).into())])
        }
        Refused::Inactive(username) => call.language.with("not-active", "name", &username),
        refused @ (Refused::Store(_) | Refused::NoTicket(_) | Refused::Merged(..)) => return refused.into(),
    };
    Refusal::Wrong(Wrong::of(field, text))
}

fn wrong(field: &str, text: String) -> Refusal {
    Refusal::Wrong(Wrong::of(field, text))
}

fn changed(call: &Call<'_>, id: TicketId) -> Result<Response, Refusal> {
    let act = call.form.get("do");
    if act == "unread" {
        let staff = call.viewer()?.id();
        call.web.store.write_soon(|tx| tx.mark_unread(staff, id))?;
        return Ok(call.lead_to(&super::back(call)));
    }
    if act == "spam-ban" && !confirm::is_sure(call) {
        let email = call.read(|tx| {
            let ticket = visible(tx, call.viewer()?, id)?;
            Ok(tx.customer(ticket.customer)?.ok_or(Refusal::NotFound)?.email)
        })?;
        let (question, button) = (call.language.with("ban-sure", "email", &email), call.language.t("spam-ban"));
        return confirm::ask(call, question, button, format!("/staff/tickets/view/{id}"));
    }
    let lands = call.write(|tx| {
        let ticket = visible(tx, call.viewer()?, id)?;
        match act {
            "apply" | "" => apply(call, tx, &ticket),
            "snooze" | "spam" | "spam-ban" | "not-spam" | "wake" => put_aside(call, tx, &ticket),
            "merge" => merge(call, tx, &ticket),
            "part" => part(call, tx, &ticket),
            _ => one(call, tx, &ticket).map(|()| Lands::Here),
        }
    })?;
    let back = super::back(call);
    let from: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    let undo = |undo: Option<UndoId>| undo.map_or_else(String::new, |undo| format!("&undo={undo}"));
    Ok(match lands {
        Lands::Here => call.lead_to(&format!("/staff/tickets/view/{id}?from={from}")),
        Lands::Done(what, id_of) => {
            call.lead_to(&format!("/staff/tickets/view/{id}?from={from}&done={what}&n=1{}", undo(id_of)))
        }
        Lands::List(what, id_of) => {
            let mark = if back.contains('?') { '&' } else { '?' };
            call.lead_to(&format!("{back}{mark}done={what}&n=1{}", undo(id_of)))
        }
        Lands::At(other, id_of) => {
            call.lead_to(&format!("/staff/tickets/view/{other}?from={from}&done=merge&n=1{}", undo(id_of)))
        }
    })
}

/// Which page comes next.
enum Lands {
    Here,
    /// Here, with what was done and how to take it back.
    Done(&'static str, Option<UndoId>),
    List(&'static str, Option<UndoId>),
    /// In the ticket it was merged into.
    At(TicketId, Option<UndoId>),
}

/// Applies what the selects say. Only what differs from what the page has shown is changed, so that a page that is old
/// undoes nobody's work.
fn apply(call: &Call<'_>, tx: &WriteTx<'_>, ticket: &Ticket) -> Result<Lands, Refusal> {
    let form = &call.form;
    let viewer = call.viewer()?;
    let differs = |name: &str| form.has(name) && form.get(name) != form.get(&format!("was-{name}"));
    let change = call.change(tx)?;
    let mut lands = Lands::Here;
    let mut each = |what: &'static str, field: &str, deed: Deed<'_>| {
        let done = change.to_each(&viewer.staff, &[ticket.id], deed)?;
        if let Some((_, refused)) = done.refused.into_iter().next() {
            return Err(refusal(call, refused, field));
        }
        if done.undo.is_some() {
            lands = Lands::Done(what, done.undo);
        }
        Ok(())
    };
    if differs("status") {
        let status: Status = form.get("status").parse().map_err(|_| Refusal::Broken)?;
        each(if status == Status::Closed { "close" } else { "status" }, "status", Deed::Status(status))?;
    }
    if differs("priority") {
        let id = form.number("priority").ok_or(Refusal::Broken)?;
        let known = tx.priorities()?.into_iter().find(|known| known.id == id).ok_or(Refusal::Broken)?;
        each("priority", "priority", Deed::Priority(id, &known.name))?;
    }
    if differs("assignee") {
        let staff = match form.number("assignee") {
            None => None,
            Some(id) => {
                let gone = || wrong("assignee", call.language.t("choose-again"));
                Some(tx.staff(StaffId::new(id))?.ok_or_else(gone)?)
            }
        };
        each("assign", "assignee", Deed::Assign(staff.as_ref()))?;
    }
    if differs("department") {
        let department = DepartmentId::new(form.number("department").ok_or(Refusal::Broken)?);
        let department = tx.department(department)?.filter(|found| viewer.sees(found.id)).ok_or(Refusal::NotFound)?;
        each("move", "department", Deed::Move(&department))?;
    }
    Ok(lands)
}

fn one(call: &Call<'_>, tx: &WriteTx<'_>, ticket: &Ticket) -> Result<(), Refusal> {
    let (form, change) = (&call.form, call.change(tx)?);
    match form.get("do") {
        "take-one" => change.assign(ticket.id, &call.viewer()?.staff, Notices::Usual)?,
        "tag" if form.has("untag") => change.untag(ticket, form.get("untag"))?,
        "tag" => change.tag(ticket, &tag_name(form.get("tag")).ok_or_else(|| wrong_tag(call))?)?,
        "subject" => {
            let subject = form.trimmed("subject");
            if !is_one_line(subject, SUBJECT_CHARS_MAX) {
                return Err(wrong("subject", call.language.t("subject-wrong")));
            }
            change.set_subject(ticket, subject)?;
        }
        "fields" => {
            let (stored, _, _) = tx.ticket_form(ticket.id)?;
            let typed = fields::changed(tx, ticket.department, form, &custom_fields(&stored), call.language)?;
            for (title, value) in typed.map_err(Refusal::Wrong)? {
                change.set_field(ticket, &title, &value)?;
            }
        }
        "requester" => {
            let no_address = |piece: String| wrong("requester", call.language.with("no-address", "text", &piece));
            let people = addressees::read(form.get("requester")).map_err(no_address)?;
            let [person] = people.as_slice() else {
                return Err(wrong("requester", call.language.t("one-address")));
            };
            // The desk would write to itself.
            if let Some(own) = addressees::own_among(tx, &people)? {
                return Err(wrong("requester", call.language.with("own-address", "text", &own)));
            }
            let old = tx.customer(ticket.customer)?.ok_or(Refusal::NotFound)?;
            let new = tx.customer_for(&person.name, &person.address, call.now)?;
            let new = tx.customer(new)?.ok_or(Refusal::NotFound)?;
            change.set_requester(ticket, &old, &new, Former::TakesPart)?;
        }
        _ => return Err(Refusal::Broken),
    }
    Ok(())
}

fn put_aside(call: &Call<'_>, tx: &WriteTx<'_>, ticket: &Ticket) -> Result<Lands, Refusal> {
    let (what, deed) = match call.form.get("do") {
        "snooze" => ("snooze", Deed::Snooze(until(call).ok_or_else(|| wrong("at", call.language.t("time-to-come")))?)),
        "spam" => ("spam", Deed::Spam),
        "spam-ban" => ("spam-ban", Deed::SpamAndBan),
        "not-spam" => ("not-spam", Deed::NotSpam),
        _ => ("wake", Deed::Wake),
    };
    let done = call.change(tx)?.to_each(&call.viewer()?.staff, &[ticket.id], deed)?;
    if let Some((_, refused)) = done.refused.into_iter().next() {
        return Err(refusal(call, refused, ""));
    }
    Ok(match what {
        "snooze" | "spam" | "spam-ban" => Lands::List(what, done.undo),
        _ => Lands::Done(what, done.undo),
    })
}

/// Until when a ticket is put off: one of the choices, or a time.
fn until(call: &Call<'_>) -> Option<Timestamp> {
    match call.form.get("until") {
        "hours" => Some(call.now.plus_s(3 * Timestamp::HOUR_S)),
        "tomorrow" => Some(call.clock.morning(1)),
        "week" => Some(call.clock.morning(7)),
        _ => call.clock.of_form(call.form.get("at")),
    }
    .filter(|until| *until > call.now)
}

fn part(call: &Call<'_>, tx: &WriteTx<'_>, ticket: &Ticket) -> Result<Lands, Refusal> {
    let change = call.change(tx)?;
    if !change.sees_merged_into(&call.viewer()?.staff, ticket)? {
        return Err(Refusal::NotFound);
    }
    match change.part(ticket)? {
        Some(_) => Ok(Lands::Done("part", None)),
        None => Err(Refusal::Broken),
    }
}

/// What is said of a text that is no tag.
pub(crate) fn wrong_tag(call: &Call<'_>) -> Refusal {
    let max = i64::try_from(TAG_CHARS_MAX).unwrap_or(i64::MAX);
    wrong("tag", call.language.with("tag-wrong", "max", max))
}

fn merge(call: &Call<'_>, tx: &WriteTx<'_>, ticket: &Ticket) -> Result<Lands, Refusal> {
    let typed = call.form.trimmed("into");
    let viewer = call.viewer()?;
    // One that is not there and one that is not theirs to see are told in the same words.
    let found = match typed.trim_start_matches('#').parse().ok() {
        Some(id) => tx.ticket(TicketId::new(id))?.filter(|found| viewer.sees(found.department)),
        None => None,
    };
    let into = found.ok_or_else(|| wrong("into", call.language.with("no-such-ticket", "text", typed)))?;
    if into.id == ticket.id {
        return Err(wrong("into", call.language.t("merge-itself")));
    }
    if let Some(further) = into.merged_into {
        return Err(wrong("into", elsewhere(call, into.id, further)));
    }
    let done = call.change(tx)?.to_each(&viewer.staff, &[ticket.id], Deed::Merge(into.id))?;
    match done.refused.into_iter().next() {
        None => Ok(Lands::At(into.id, done.undo)),
        Some((_, refused)) => Err(refusal(call, refused, "into")),
    }
}
