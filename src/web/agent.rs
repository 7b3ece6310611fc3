//! The pages of staff: their lists, tickets, and what they do there.

mod aside;
mod bulk;
mod canned;
mod compose;
mod confirm;
mod create;
mod draft;
pub(super) mod file;
mod knowledge;
mod list;
mod live;
mod outbox;
mod people;
mod profile;
mod saved_view;
pub(super) mod sign_in;
mod signature;
pub(super) mod ticket;
mod undo;

pub(crate) use draft::new_key;
pub(crate) use knowledge::KnowledgePage;
pub(crate) use ticket::in_words;

use super::answer::Refusal;
use super::call::Call;
use super::gate::LetIn;
use super::page::{ListName, Page, list_path};
use super::pulse::{Counted, Counts};
use super::ui::{NavItem, Notice, Ui};
use crate::domain::{TicketId, UndoId};
use crate::http::{Method, Response};
use crate::store::ReadTx;
use crate::store::ticket::Listing;

/// Has the page answer.
pub(super) fn answer(let_in: &LetIn<'_, '_>) -> Result<Response, Refusal> {
    let call = let_in.call();
    let is_post = call.method == Method::Post;
    match &call.page {
        Page::Staff => Ok(call.lead_to("/staff/tickets")),
        Page::SignIn if is_post => sign_in::try_to(call),
        Page::SignIn => sign_in::show(call),
        Page::SignOut => sign_in::out(call),
        Page::Tickets(name) => list::show(call, *name),
        Page::Bulk => bulk::change(call),
        Page::Ticket(id) => ticket::answer(call, *id),
        Page::Mail(id) => file::mail(call, *id),
        Page::File(id) => file::file(call, *id),
        Page::Search => list::search(call),
        Page::Undo => undo::take_back(call),
        Page::NewTicket => create::answer(call),
        Page::People => people::typed(call),
        Page::Preview => Ok(canned::preview(call)),
        Page::CannedFor => canned::for_ticket(call),
        Page::Drafts => draft::save(call),
        Page::Pulse => live::pulse(call),
        Page::Aside => aside::answer(call, None),
        Page::AsideMail(id) => aside::answer(call, Some(*id)),
        Page::Outbox => outbox::answer(call),
        Page::Profile => profile::answer(call),
        Page::Knowledge(page) => knowledge::answer(call, *page),
        Page::Asset(_) | Page::Customers(_) => Err(Refusal::NotFound),
        Page::SetUp(place) => crate::web::setup::answer(call, place),
        Page::First(token) => crate::web::setup::first_run(call, token),
    }
}

/// Where somebody is led who has to set up a second factor before anything else; `None` for everybody else.
pub(super) fn led_to_second_factor(call: &Call<'_>) -> Option<Response> {
    let lacks = call.viewer.as_ref().is_some_and(|viewer| !viewer.staff.has_totp);
    let is_free =
        matches!(call.page, Page::Profile | Page::SignIn | Page::SignOut | Page::Customers(_) | Page::First(_));
    let is_due = call.settings.require_totp && lacks && !is_free;
    is_due.then(|| call.lead_to("/staff/account/profile?said=needs-totp"))
}

/// The lists beside every page, in their order, and what the script calls their numbers.
const LISTS: [(ListName, &str); 6] = [
    (ListName::Unassigned, "unassigned"),
    (ListName::Mine, "mine"),
    (ListName::Waiting, "waiting"),
    (ListName::Overdue, "overdue"),
    (ListName::Snoozed, "snoozed"),
    (ListName::Closed, ""),
];

/// How many tickets each list has, by its key. Closed ones are not counted: nobody works on their number.
pub(super) fn counts(tx: &ReadTx<'_>, call: &Call<'_>) -> Result<Counts, Refusal> {
    let (viewer, feed) = (call.viewer()?, &call.web.feed);
    let of = Counted {
        event: tx.newest_event()?,
        departments: viewer.departments.clone(),
        overdue_time: call.settings.overdue_time,
    };
    let mut found = match feed.counts(viewer.id(), &of, call.now) {
        Some(known) => known,
        None => {
            let counted = counted(tx, call)?;
            feed.note_counts(viewer.id(), of, call.now, &counted);
            counted
        }
    };
    if viewer.sees_all {
        found.push(("aside", tx.receipts_in(crate::store::receipt::ReceiptState::Quarantined)?.to_string()));
    }
    Ok(found)
}

fn counted(tx: &ReadTx<'_>, call: &Call<'_>) -> Result<Counts, Refusal> {
    let viewer = call.viewer()?;
    let mut found = Vec::new();
    for (name, key) in LISTS {
        let listing = match list::of_name(call, name) {
            Some(listing) if listing != Listing::Closed => listing,
            _ => continue,
        };
        let n = tx.inbox_count(&list::query(call, viewer, listing))?;
        found.push((key, list::shown_count(n)));
    }
    Ok(found)
}

/// What stands around a page of staff.
pub(super) fn frame_of(tx: &ReadTx<'_>, call: &Call<'_>, here: Option<ListName>) -> Result<Ui, Refusal> {
    let viewer = call.viewer()?;
    let counts = counts(tx, call)?;
    let count = |key: &str| counts.iter().find(|(own, _)| *own == key).map_or_else(String::new, |(_, n)| n.clone());
    let item = |name: String, path: String, key: &'static str, is_here: bool| NavItem {
        name,
        path,
        count: count(key),
        is_here,
        key,
        heading: String::new(),
    };
    let mut nav: Vec<NavItem> = LISTS
        .iter()
        .map(|(name, key)| {
            item(call.language.word("list", list::word(*name)), list_path(*name), key, here == Some(*name))
        })
        .collect();
    nav.push(item(call.language.t("aside"), "/staff/aside".to_owned(), "aside", call.page == Page::Aside));
    nav.push(item(call.language.t("outbox"), "/staff/outbox".to_owned(), "", call.page == Page::Outbox));
    nav.push(item(call.language.t("articles"), "/staff/kb".to_owned(), "", matches!(call.page, Page::Knowledge(_))));
    let departments = tx.departments()?.into_iter().filter(|department| viewer.sees(department.id));
    let departments = departments.map(|one| (one.name, ListName::Department(one.id)));
    let views = tx.views_for(viewer.id())?.into_iter().map(|one| (one.name, ListName::View(one.id.get())));
    let kinds = [
        (call.language.t("setup-departments"), departments.collect::<Vec<_>>()),
        (call.language.t("saved-searches"), views.collect()),
    ];
    for (mut heading, of_kind) in kinds {
        for (title, name) in of_kind {
            // Above the first of its kind.
            let heading = std::mem::take(&mut heading);
            nav.push(NavItem { heading, ..item(title, list_path(name), "", here == Some(name)) });
        }
    }
    let mut ui = call.bare_ui();
    ui.person.clone_from(&viewer.staff.fullname);
    ui.nav = nav;
    ui.may_set_up = viewer.may_set_up;
    ui.newest_event = tx.newest_event()?;
    ui.notices.extend(done_before(tx, call)?);
    ui.notices.extend(not_done_before(call));
    Ok(ui)
}

/// What the form before this page could not do of several things.
fn not_done_before(call: &Call<'_>) -> impl Iterator<Item = Notice> {
    let number = |name: &str| call.query.number(name).filter(|n| *n > 0);
    let texts = [
        number("gone").map(|n| call.language.with("were-gone", "n", n)),
        number("stay").map(|n| call.language.with("said-stays", "n", n)),
    ];
    texts.into_iter().flatten().map(|text| Notice { text, undo: None, until: None, is_error: true })
}

/// What can be done to several tickets, as the form says it.
const DONE: [&str; 15] = [
    "take", "assign", "close", "status", "move", "tag", "untag", "spam", "spam-ban", "not-spam", "merge", "part",
    "snooze", "wake", "priority",
];

/// What is said once about a form, as the address of the next page has it.
const SAID: [&str; 12] = [
    "view-removed",
    "sent",
    "taken-back",
    "undone",
    "too-late",
    "nothing-ticked",
    "dropped",
    "let-in",
    "stays",
    "saved",
    "needs-totp",
    "moved",
];

/// What the form before this page has done, for its notice, with the way back where there is one.
fn done_before(tx: &ReadTx<'_>, call: &Call<'_>) -> Result<Option<Notice>, Refusal> {
    let query = &call.query;
    let n = query.number("n").unwrap_or(0);
    let done = DONE.iter().find(|word| **word == query.get("done"));
    let said = SAID.iter().find(|word| **word == query.get("said"));
    // Of several things none was left to do: what follows says so.
    if n == 0 && call.query.number("gone").is_some_and(|gone| gone > 0) {
        return Ok(None);
    }
    let text = match (done, said) {
        (Some(word), _) => match query.number("left") {
            Some(left) => {
                let done = call.language.word_with("done", word, "n", n);
                format!("{done} {}", call.language.with("left-alone", "n", left))
            }
            None => call.language.word_with("done", word, "n", n),
        },
        (None, Some(word)) => call.language.word_with("said", word, "n", n),
        (None, None) => return Ok(None),
    };
    let undo = match query.number("undo") {
        Some(id) => tx.undo(UndoId::new(id), call.viewer()?.id(), call.now)?,
        None => None,
    };
    let until = undo.as_ref().filter(|undo| undo.message.is_some()).map(|undo| undo.ends_at);
    let is_error = matches!(said, Some(&"too-late" | &"nothing-ticked" | &"stays" | &"needs-totp" | &"moved"));
    Ok(Some(Notice { text, undo: undo.map(|undo| undo.id.get()), until, is_error }))
}

/// Notes that a person has seen a ticket up to that event.
fn note_seen(call: &Call<'_>, id: TicketId, event: i64) -> Result<(), Refusal> {
    let staff = call.viewer()?.id();
    let seen = call.read(|tx| Ok(tx.seen_event(staff, id)?))?;
    if seen < event {
        call.web.store.write_soon(|tx| tx.note_seen(staff, id, event))?;
    }
    Ok(())
}
