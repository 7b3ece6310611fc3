//! Lists of tickets: whose turn it is, one row each, with what can be done to those that are ticked.

use askama::Template;

use super::frame_of;
use super::saved_view;
use super::ticket::{Choice, of_departments};
use crate::domain::search::Search;
use crate::domain::{DepartmentId, MessageId, Status, TicketId, Timestamp, ViewId};
use crate::http::{Method, Response};
use crate::store::ReadTx;
use crate::store::ticket::{COUNT_MAX, Hit, InboxLine, InboxQuery, InboxSearch, Listing, Position, SavedView};
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::form::Form;
use crate::web::page::{ListName, Page, list_path};
use crate::web::session::Viewer;
use crate::web::ui::Ui;
use crate::web::wrong::Wrong;

/// A row as the page shows it.
struct Row {
    id: TicketId,
    subject: String,
    who: String,
    department: String,
    assignee: String,
    status: &'static str,
    at: Timestamp,
    is_unread: bool,
    tags: Vec<String>,
    /// The message that the search found, to be opened there.
    hit: Option<MessageId>,
    excerpt: String,
    /// Whether it was ticked in a form that could not be carried out.
    is_ticked: bool,
}

impl From<InboxLine> for Row {
    fn from(row: InboxLine) -> Self {
        Self {
            id: row.id,
            subject: row.subject,
            who: crate::web::writers::name_of(&row.fullname, &row.email),
            department: row.department_name,
            assignee: row.staff_name,
            status: row.status.word(),
            at: row.last_update_at,
            is_unread: row.is_unread,
            tags: row.tags,
            hit: None,
            excerpt: String::new(),
            is_ticked: false,
        }
    }
}

#[derive(Template)]
#[template(path = "staff/list.html")]
struct ListPage {
    ui: Ui,
    title: String,
    about: String,
    /// Related lists: name, path, whether it is this one.
    tabs: Vec<(String, String, bool)>,
    rows: Vec<Row>,
    /// Title and text where there are none.
    empty: (String, String),
    assignees: Vec<Choice>,
    statuses: Vec<Choice>,
    departments: Vec<Choice>,
    is_spam: bool,
    /// Whether what is done can reach all that were found.
    can_all: bool,
    /// Whether this search can be saved.
    can_save: bool,
    /// Whether this saved search is the person's to rename and remove.
    can_change: bool,
    /// This page, without prefix.
    here: String,
    here_escaped: String,
    newer: String,
    older: String,
    /// What is wrong with what was to be done to ticked tickets.
    wrong: Wrong,
    /// What was typed and chosen for it.
    tag: String,
}

/// The word of a list in names of texts.
pub(crate) const fn word(list: ListName) -> &'static str {
    match list {
        ListName::Unassigned => "unassigned",
        ListName::Mine => "mine",
        ListName::Waiting => "waiting",
        ListName::Overdue => "overdue",
        ListName::Snoozed => "snoozed",
        ListName::Closed => "closed",
        ListName::Spam => "spam",
        ListName::Department(_) => "department",
        ListName::View(_) => "view",
    }
}

/// The time before which an unanswered ticket is overdue.
pub(crate) fn overdue_before(call: &Call<'_>) -> Timestamp {
    match call.settings.overdue_time {
        0 => Timestamp::default(),
        hours => call.now.plus_s(hours.saturating_mul(-Timestamp::HOUR_S)),
    }
}

/// What a list asks of the database.
pub(crate) fn query<'q>(call: &Call<'_>, viewer: &'q Viewer, listing: Listing) -> InboxQuery<'q> {
    InboxQuery { listing, staff: viewer.id(), departments: &viewer.departments, now: call.now }
}

/// A number of tickets for people: exact up to 999.
pub(crate) fn shown_count(n: i64) -> String {
    if n >= COUNT_MAX { format!("{}+", COUNT_MAX - 1) } else { n.to_string() }
}

/// The list behind a name; a saved search is none.
pub(crate) fn of_name(call: &Call<'_>, name: ListName) -> Option<Listing> {
    Some(match name {
        ListName::Unassigned => Listing::Unassigned,
        ListName::Mine => Listing::Mine,
        ListName::Waiting => Listing::Waiting,
        ListName::Overdue => Listing::Overdue(overdue_before(call)),
        ListName::Snoozed => Listing::Snoozed,
        ListName::Closed => Listing::Closed,
        ListName::Spam => Listing::Spam,
        ListName::Department(id) => Listing::Department(id),
        ListName::View(_) => return None,
    })
}

/// A list with what could not be done to the tickets that were ticked in it, and why; `path` is its address.
pub(super) fn again(call: &Call<'_>, path: &str, status: u16, wrong: Wrong) -> Result<Response, Refusal> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let page = Page::of(path).ok_or(Refusal::NotFound)?;
    let form = &call.form;
    let looking = call.looking_at(page.clone(), Form::of_query(query)?);
    let mut shown = match page {
        Page::Tickets(name) => page_of(&looking, name)?,
        _ => page_of_search(&looking)?,
    };
    for row in &mut shown.rows {
        row.is_ticked = form.all("ticket").any(|id| id == row.id.to_string());
    }
    for choice in &mut shown.assignees {
        choice.is_chosen = form.get("do") == "assign" && choice.value == form.get("assignee");
    }
    shown.tag = form.get("tag").to_owned();
    shown.wrong = wrong;
    Ok(answer::html_page(status, shown.render()?))
}

/// `/staff/tickets…`
pub(super) fn show(call: &Call<'_>, name: ListName) -> Result<Response, Refusal> {
    if let (ListName::View(id), Method::Post) = (name, &call.method) {
        return saved_view::change(call, ViewId::new(id));
    }
    Ok(answer::html_page(200, page_of(call, name)?.render()?))
}

fn page_of(call: &Call<'_>, name: ListName) -> Result<ListPage, Refusal> {
    if let ListName::View(id) = name {
        return view(call, ViewId::new(id));
    }
    let viewer = call.viewer()?;
    let listing = of_name(call, name).ok_or(Refusal::NotFound)?;
    if let ListName::Department(id) = name
        && !viewer.sees(id)
    {
        return Err(Refusal::NotFound);
    }
    call.read(|tx| {
        let size = usize::try_from(call.settings.web_page).unwrap_or(1);
        let after = after(call);
        let (lines, end) = tx.inbox_page(&query(call, viewer, listing), after, size)?;
        let here = list_path(name);
        let older = match end.filter(|_| lines.len() >= size) {
            Some(end) => format!("{}{here}?after={}.{}", call.prefix(), end.at.unix(), end.id),
            None => String::new(),
        };
        let newer = if after.is_some() { format!("{}{here}", call.prefix()) } else { String::new() };
        let title = title(tx, call, name)?;
        let rows = lines.into_iter().map(Row::from).collect();
        page(tx, call, viewer, Shown { name: Some(name), title, here, rows, newer, older })
    })
}

/// The tickets of a list, at most `max`, by the address of its page.
pub(crate) fn all_of(call: &Call<'_>, path: &str, max: usize) -> Result<Vec<TicketId>, Refusal> {
    let viewer = call.viewer()?;
    let (path, query_text) = path.split_once('?').unwrap_or((path, ""));
    call.read(|tx| match Page::of(path) {
        Some(Page::Tickets(ListName::View(id))) => {
            let view = tx.view_for(ViewId::new(id), viewer.id())?.ok_or(Refusal::NotFound)?;
            Ok(found(tx, call, &view.query, None, max)?.0.into_iter().map(|row| row.id).collect())
        }
        Some(Page::Tickets(name)) => match of_name(call, name) {
            Some(listing) => {
                let (lines, _) = tx.inbox_page(&query(call, viewer, listing), None, max)?;
                Ok(lines.into_iter().map(|line| line.id).collect())
            }
            None => Ok(Vec::new()),
        },
        Some(Page::Search) => {
            let form = Form::of_query(query_text)?;
            Ok(found(tx, call, form.trimmed("q"), None, max)?.0.into_iter().map(|row| row.id).collect())
        }
        _ => Ok(Vec::new()),
    })
}

/// The ticket after that one in a list.
pub(crate) fn next_of(call: &Call<'_>, path: &str, id: TicketId) -> Result<Option<TicketId>, Refusal> {
    let size = usize::try_from(call.settings.web_page).unwrap_or(1);
    Ok(all_of(call, path, size)?.into_iter().find(|other| *other != id))
}

/// `/staff/tickets/search?q=…`
pub(super) fn search(call: &Call<'_>) -> Result<Response, Refusal> {
    let text = call.query.trimmed("q");
    if call.method == Method::Post {
        return saved_view::save(call);
    }
    if let Some(id) = text.strip_prefix('#').and_then(|digits| digits.parse().ok()).map(TicketId::new) {
        let is_there = call.read(|tx| Ok(super::ticket::visible(tx, call.viewer()?, id).is_ok()))?;
        if is_there {
            return Ok(call.lead_to(&format!("/staff/tickets/view/{id}")));
        }
    }
    Ok(answer::html_page(200, page_of_search(call)?.render()?))
}

fn page_of_search(call: &Call<'_>) -> Result<ListPage, Refusal> {
    let text = call.query.trimmed("q");
    let title = call.language.with("search-title", "text", text);
    let escaped: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    show_found(call, None, text, title, format!("/staff/tickets/search?q={escaped}"))
}

/// A saved search.
fn view(call: &Call<'_>, id: ViewId) -> Result<ListPage, Refusal> {
    let view = call.read(|tx| tx.view_for(id, call.viewer()?.id())?.ok_or(Refusal::NotFound))?;
    let name = ListName::View(id.get());
    show_found(call, Some(&view), &view.query, view.name.clone(), list_path(name))
}

fn show_found(
    call: &Call<'_>,
    view: Option<&SavedView>,
    text: &str,
    title: String,
    here: String,
) -> Result<ListPage, Refusal> {
    call.read(|tx| {
        let viewer = call.viewer()?;
        let size = usize::try_from(call.settings.web_page).unwrap_or(1);
        let after = after(call);
        let (rows, end) = found(tx, call, text, after, size)?;
        let mark = if here.contains('?') { '&' } else { '?' };
        let older = match end.filter(|_| rows.len() >= size) {
            Some(end) => format!("{}{here}{mark}after={}.{}", call.prefix(), end.at.unix(), end.id),
            None => String::new(),
        };
        let newer = if after.is_some() { format!("{}{here}", call.prefix()) } else { String::new() };
        let name = view.map(|view| ListName::View(view.id.get()));
        let mut page = page(tx, call, viewer, Shown { name, title, here, rows, newer, older })?;
        page.can_change = view.map_or(Ok(false), |view| saved_view::may_change(tx, call, view))?;
        text.clone_into(&mut page.ui.search);
        page.can_save = name.is_none() && !text.is_empty();
        Ok(page)
    })
}

/// What a search finds among the tickets that a person sees.
fn found(
    tx: &ReadTx<'_>,
    call: &Call<'_>,
    text: &str,
    after: Option<Position>,
    max: usize,
) -> Result<(Vec<Row>, Option<Position>), Refusal> {
    let viewer = call.viewer()?;
    let search = Search::parse(text, call.now, call.clock.zone_name());
    let wanted = InboxSearch {
        search: &search,
        staff: viewer.id(),
        departments: &viewer.departments,
        overdue_before: overdue_before(call),
        now: call.now,
    };
    let (hits, end) = tx.inbox_search(&wanted, after, max)?;
    let row = |hit: Hit| Row { hit: hit.message, excerpt: hit.excerpt, ..Row::from(hit.line) };
    Ok((hits.into_iter().map(row).collect(), end))
}

/// What differs from list to list.
struct Shown {
    name: Option<ListName>,
    title: String,
    here: String,
    rows: Vec<Row>,
    newer: String,
    older: String,
}

fn page(tx: &ReadTx<'_>, call: &Call<'_>, viewer: &Viewer, shown: Shown) -> Result<ListPage, Refusal> {
    let ui = frame_of(tx, call, shown.name)?;
    let word = match shown.name {
        Some(ListName::View(_)) | None => "search",
        Some(name) => word(name),
    };
    let departments = tx.departments()?;
    let first = DepartmentId::new(0);
    let tabs = match shown.name {
        Some(ListName::Closed | ListName::Spam) => {
            let tab = |name: ListName| {
                (call.language.word("list", self::word(name)), list_path(name), shown.name == Some(name))
            };
            vec![tab(ListName::Closed), tab(ListName::Spam)]
        }
        _ => Vec::new(),
    };
    Ok(ListPage {
        about: match shown.name {
            Some(ListName::Department(_) | ListName::View(_)) | None => String::new(),
            Some(_) => call.language.word("about", word),
        },
        empty: (call.language.word("empty", word), call.language.word("empty", &format!("{word}-text"))),
        tabs,
        assignees: assignees(tx, call, viewer)?,
        statuses: statuses(call),
        departments: of_departments(&departments, viewer, first),
        is_spam: shown.name == Some(ListName::Spam),
        can_all: shown.rows.len() > 1,
        can_save: false,
        can_change: false,
        here_escaped: form_urlencoded::byte_serialize(shown.here.as_bytes()).collect(),
        here: shown.here,
        title: shown.title,
        rows: shown.rows,
        newer: shown.newer,
        older: shown.older,
        wrong: Wrong::default(),
        tag: String::new(),
        ui,
    })
}

fn title(tx: &ReadTx<'_>, call: &Call<'_>, name: ListName) -> Result<String, Refusal> {
    Ok(match name {
        ListName::Department(id) => tx.department(id)?.ok_or(Refusal::NotFound)?.name,
        _ => call.language.word("list", word(name)),
    })
}

/// Where the page before ended: `1764345600.12`.
fn after(call: &Call<'_>) -> Option<Position> {
    let (at, id) = call.query.get("after").split_once('.')?;
    Some(Position { at: Timestamp::from_unix(at.parse().ok()?), id: TicketId::new(id.parse().ok()?) })
}

fn statuses(call: &Call<'_>) -> Vec<Choice> {
    let choice = |status: Status| Choice {
        value: status.word().to_owned(),
        text: call.language.word("status", status.word()),
        is_chosen: false,
    };
    Status::ALL.into_iter().map(choice).collect()
}

/// Whom tickets of a list may be given to: those who share a department with the person, themselves first.
fn assignees(tx: &ReadTx<'_>, call: &Call<'_>, viewer: &Viewer) -> Result<Vec<Choice>, Refusal> {
    let choice = |value: String, text: String| Choice { value, text, is_chosen: false };
    let mut found = vec![choice(viewer.id().to_string(), viewer.staff.fullname.clone())];
    for member in tx.all_staff()? {
        if member.id == viewer.id() || !member.is_active {
            continue;
        }
        if member.sees_all() || tx.staff_departments(member.id)?.iter().any(|department| viewer.sees(*department)) {
            found.push(choice(member.id.to_string(), member.fullname));
        }
    }
    found.push(choice(String::new(), call.language.t("nobody")));
    Ok(found)
}

/// The list that a link back leads to: a list of ours, else the first one.
pub(crate) fn back_of(from: &str) -> String {
    let path = from.split('?').next().unwrap_or("");
    let is_list = matches!(Page::of(path), Some(Page::Tickets(_) | Page::Search));
    if is_list && from.starts_with("/staff/") { from.to_owned() } else { "/staff/tickets".to_owned() }
}
