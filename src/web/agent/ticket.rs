//! One ticket: what was written in it, who it belongs to, and what can be done with it.

mod people;
mod properties;
mod speech;

use askama::Template;

use super::compose::{self, Compose, Kind};
use super::frame_of;
use crate::desk::may_see;
use crate::domain::{DepartmentId, Status, TicketId};
use crate::http::{Method, Response};
use crate::store::ReadTx;
use crate::store::department::Department;
use crate::store::staff::Staff;
use crate::store::ticket::Ticket;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::customer::fields;
use crate::web::session::Viewer;
use crate::web::ui::Ui;
use crate::web::wrong::Wrong;
use people::Beside;
pub(crate) use people::in_words;
pub(crate) use properties::{elsewhere, refusal, wrong_tag};
pub(crate) use speech::{PICTURES, path_of, size_of};
use speech::{Spoken, Whole};

/// An entry of a select box.
pub(crate) struct Choice {
    /// Its value.
    pub(crate) value: String,
    /// What is shown.
    pub(crate) text: String,
    /// Whether it is the one.
    pub(crate) is_chosen: bool,
}

#[derive(Template)]
#[template(path = "staff/ticket.html")]
struct Page {
    ui: Ui,
    id: TicketId,
    subject: String,
    statuses: Vec<Choice>,
    assignees: Vec<Choice>,
    departments: Vec<Choice>,
    /// Empty on a desk that has none.
    priorities: Vec<Choice>,
    tags: Vec<String>,
    known_tags: Vec<String>,
    /// Until when it is put off, for people; empty when it is not.
    snoozed: String,
    is_spam: bool,
    is_mine: bool,
    merged_into: Option<TicketId>,
    spoken: Vec<Spoken>,
    compose: Compose,
    beside: Beside,
    /// What is wrong with what was to be changed.
    wrong: Wrong,
    /// What was typed into the fields for it.
    typed: Typed,
    /// The page this one came from, without prefix.
    back: String,
}

/// What stands in the fields by which a ticket is changed: as it was typed, where it was not taken.
struct Typed {
    subject: String,
    requester: String,
    into: String,
    tag: String,
    until: String,
    at: String,
}

impl Typed {
    fn of(call: &Call<'_>, ticket: &Ticket, wrong: &Wrong) -> Self {
        let own = |name: &str| if wrong.is_none() { String::new() } else { call.form.get(name).to_owned() };
        let is_renamed = !wrong.is_none() && call.form.has("subject");
        Self {
            subject: if is_renamed { own("subject") } else { ticket.subject.clone() },
            requester: own("requester"),
            into: own("into"),
            tag: own("tag"),
            until: own("until"),
            at: own("at"),
        }
    }
}

/// The ticket, if this person may see it. What they may not see is not there.
pub(crate) fn visible(tx: &ReadTx<'_>, viewer: &Viewer, id: TicketId) -> Result<Ticket, Refusal> {
    tx.ticket(id)?.filter(|ticket| viewer.sees(ticket.department)).ok_or(Refusal::NotFound)
}

/// `/staff/tickets/view/12`
pub(super) fn answer(call: &Call<'_>, id: TicketId) -> Result<Response, Refusal> {
    if call.method != Method::Post {
        return show(call, id, 200, None);
    }
    call.read(|tx| visible(tx, call.viewer()?, id).map(|_| ()))?;
    match call.form.get("do") {
        "send" | "send-close" | "note" | "anyway" => compose::send(call, id),
        "write-answer" => show(call, id, 200, Some(compose::again(call, id, Kind::Answer)?)),
        "write-note" => show(call, id, 200, Some(compose::again(call, id, Kind::Note)?)),
        "keep" => {
            let kind = if call.form.get("kind") == "note" { Kind::Note } else { Kind::Answer };
            show(call, id, 200, Some(compose::again(call, id, kind)?))
        }
        _ => properties::change(call, id),
    }
}

/// Keeps what a form has as a draft.
pub(super) fn keep(call: &Call<'_>, id: TicketId) -> Result<(), Refusal> {
    call.read(|tx| visible(tx, call.viewer()?, id).map(|_| ()))?;
    let kind = if call.form.get("kind") == "note" { Kind::Note } else { Kind::Answer };
    compose::again(call, id, kind).map(|_| ())
}

/// The list that the ticket was opened from.
pub(crate) fn back(call: &Call<'_>) -> String {
    super::list::back_of(call.query.get("from"))
}

/// Shows the ticket, with what is being written in it.
pub(crate) fn show(call: &Call<'_>, id: TicketId, status: u16, compose: Option<Compose>) -> Result<Response, Refusal> {
    shown(call, id, status, compose, Wrong::default())
}

/// Shows the ticket with what could not be changed and why; what was typed for it stands where it was typed.
fn show_wrong(call: &Call<'_>, id: TicketId, status: u16, wrong: Wrong) -> Result<Response, Refusal> {
    shown(call, id, status, None, wrong)
}

fn shown(
    call: &Call<'_>,
    id: TicketId,
    status: u16,
    compose: Option<Compose>,
    wrong: Wrong,
) -> Result<Response, Refusal> {
    let viewer = call.viewer()?;
    let page = call.read(|tx| {
        let ticket = visible(tx, viewer, id)?;
        let departments = tx.departments()?;
        let staff = tx.all_staff()?;
        let spoken = speech::of(tx, call, &ticket, &staff)?;
        let mut beside = people::beside(tx, call, &ticket, &staff)?;
        if call.form.get("do") == "fields" && !wrong.is_none() {
            fields::retype(&mut beside.asked, &call.form);
        }
        let compose = match compose {
            Some(compose) => compose,
            None => compose::of_ticket(tx, call, &ticket)?,
        };
        let ui = frame_of(tx, call, None)?;
        Ok(Page {
            id,
            subject: ticket.subject.clone(),
            statuses: statuses(call, ticket.status),
            assignees: assignees(tx, call, &ticket, &staff)?,
            departments: of_departments(&departments, viewer, ticket.department),
            priorities: priorities(tx, &ticket)?,
            tags: tx.tags_of_ticket(ticket.id)?,
            known_tags: tx.tag_names()?,
            snoozed: if ticket.snoozed_until > call.now { ui.time(&ticket.snoozed_until).full } else { String::new() },
            is_spam: ticket.is_spam(),
            is_mine: ticket.staff == Some(viewer.id()),
            merged_into: ticket.merged_into,
            spoken,
            compose,
            beside,
            typed: Typed::of(call, &ticket, &wrong),
            wrong,
            back: back(call),
            ui,
        })
    })?;
    super::note_seen(call, id, page.ui.newest_event)?;
    Ok(answer::html_page(status, page.render()?))
}

fn statuses(call: &Call<'_>, now: Status) -> Vec<Choice> {
    let choice = |status: Status| Choice {
        value: status.word().to_owned(),
        text: call.language.word("status", status.word()),
        is_chosen: status == now,
    };
    Status::ALL.into_iter().map(choice).collect()
}

/// Who may have the ticket: active staff who see its department.
fn assignees(tx: &ReadTx<'_>, call: &Call<'_>, ticket: &Ticket, staff: &[Staff]) -> Result<Vec<Choice>, Refusal> {
    let nobody = Choice { value: String::new(), text: call.language.t("nobody"), is_chosen: ticket.staff.is_none() };
    let mut found = vec![nobody];
    for member in staff {
        let is_chosen = ticket.staff == Some(member.id);
        if is_chosen || (member.is_active && may_see(tx, member, ticket)?) {
            found.push(Choice { value: member.id.to_string(), text: member.fullname.clone(), is_chosen });
        }
    }
    Ok(found)
}

/// The departments that a person may move a ticket to: those they see.
pub(crate) fn of_departments(departments: &[Department], viewer: &Viewer, now: DepartmentId) -> Vec<Choice> {
    let seen = departments.iter().filter(|department| viewer.sees(department.id));
    let choice = |department: &Department| Choice {
        value: department.id.to_string(),
        text: department.name.clone(),
        is_chosen: department.id == now,
    };
    seen.map(choice).collect()
}

fn priorities(tx: &ReadTx<'_>, ticket: &Ticket) -> Result<Vec<Choice>, Refusal> {
    let (now, _) = tx.priority_of(ticket.id)?;
    let known = tx.priorities()?;
    // One that was removed is none of those that can be chosen: nothing is, so that "Apply" changes nothing.
    let none = Choice { value: String::new(), text: String::new(), is_chosen: true };
    let none = Some(none).filter(|_| !known.is_empty() && !known.iter().any(|one| one.id == now)).into_iter();
    Ok(none
        .chain(known.into_iter().map(|one| Choice {
            value: one.id.to_string(),
            text: one.name,
            is_chosen: one.id == now,
        }))
        .collect())
}
