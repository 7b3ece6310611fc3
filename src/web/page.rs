//! Which page a path means, and who is let in. A page without its line in [`Page::gate`] does not compile.

use super::agent::KnowledgePage;
use super::customer::CustomerPage;
use super::session::Side;
use super::setup::{Deed, Noun, Place};
use crate::domain::{AttachmentId, DepartmentId, MessageId, ReceiptId, TicketId};

/// A list of tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ListName {
    /// Nobody's yet.
    Unassigned,
    /// One's own.
    Mine,
    /// Answered: they wait for the customer.
    Waiting,
    /// Those that wait too long.
    Overdue,
    /// Put off until a time.
    Snoozed,
    /// Done.
    Closed,
    /// What was called spam.
    Spam,
    /// All of a department.
    Department(DepartmentId),
    /// A saved search.
    View(i64),
}

/// A page, or what its forms and scripts ask for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Page {
    /// `/assets/NAME-HASH`.
    Asset(String),
    /// One of the customers'.
    Customers(CustomerPage),
    /// `/staff`: leads on.
    Staff,
    /// `/staff/login`.
    SignIn,
    /// `/staff/logout`.
    SignOut,
    /// `/staff/tickets` and the other lists.
    Tickets(ListName),
    /// `/staff/tickets/search`.
    Search,
    /// `/staff/tickets/bulk`: what is done to ticked tickets.
    Bulk,
    /// `/staff/tickets/undo`.
    Undo,
    /// `/staff/tickets/view/12`.
    Ticket(TicketId),
    /// `/staff/tickets/create`.
    NewTicket,
    /// `/staff/tickets/create/to`: people to write to, as they are typed, for the script.
    People,
    /// `/staff/messages/5/mail`: the formatted mail, a document of its own.
    Mail(MessageId),
    /// `/staff/files/3/NAME`.
    File(AttachmentId),
    /// `/staff/preview`: what a text will look like.
    Preview,
    /// `/staff/drafts`: keeps what is being written.
    Drafts,
    /// `/staff/pulse`: what has changed.
    Pulse,
    /// `/staff/aside`: mails that wait for a person.
    Aside,
    /// `/staff/aside/7`.
    AsideMail(ReceiptId),
    /// `/staff/outbox`.
    Outbox,
    /// `/staff/account/profile`.
    Profile,
    /// `/staff/kb/…`: the knowledge base as staff read and change it.
    Knowledge(KnowledgePage),
    /// `/staff/canned-responses/insert`: canned responses filled in for a ticket, for the script.
    CannedFor,
    /// A page of the set-up.
    SetUp(Place),
    /// `/staff/first/TOKEN`: the first account of a new desk.
    First(String),
}

/// Who is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Anybody.
    Anyone,
    /// Customers who are signed in.
    Customer,
    /// Staff who are signed in. What of a department is shown, the page itself asks.
    Staff,
    /// Staff who may set up the desk.
    SetUp,
}

impl Page {
    /// The page of a path, with or without a slash at its end.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let pieces: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
        match pieces.as_slice() {
            ["assets", name] => Some(Self::Asset((*name).to_owned())),
            ["staff", rest @ ..] => Self::of_staff(rest),
            pieces => CustomerPage::of(pieces).map(Self::Customers),
        }
    }

    fn of_staff(pieces: &[&str]) -> Option<Self> {
        Some(match pieces {
            [] => Self::Staff,
            ["login"] => Self::SignIn,
            ["logout"] => Self::SignOut,
            ["tickets"] => Self::Tickets(ListName::Unassigned),
            ["tickets", "mine"] => Self::Tickets(ListName::Mine),
            ["tickets", "waiting" | "answered"] => Self::Tickets(ListName::Waiting),
            ["tickets", "overdue"] => Self::Tickets(ListName::Overdue),
            ["tickets", "snoozed"] => Self::Tickets(ListName::Snoozed),
            ["tickets", "closed"] => Self::Tickets(ListName::Closed),
            ["tickets", "spam"] => Self::Tickets(ListName::Spam),
            ["tickets", "department", id] => Self::Tickets(ListName::Department(DepartmentId::new(number(id)?))),
            ["views", id] => Self::Tickets(ListName::View(number(id)?)),
            ["tickets", "search"] => Self::Search,
            ["tickets", "bulk"] => Self::Bulk,
            ["tickets", "undo"] => Self::Undo,
            ["tickets", "create"] => Self::NewTicket,
            ["tickets", "create", "to"] => Self::People,
            ["tickets", "view", id] => Self::Ticket(TicketId::new(number(id)?)),
            ["messages", id, "mail"] => Self::Mail(MessageId::new(number(id)?)),
            ["files", id, _name] => Self::File(AttachmentId::new(number(id)?)),
            ["preview"] => Self::Preview,
            ["drafts"] => Self::Drafts,
            ["pulse"] => Self::Pulse,
            ["aside"] => Self::Aside,
            ["aside", id] => Self::AsideMail(ReceiptId::new(number(id)?)),
            ["outbox"] => Self::Outbox,
            ["account", "profile"] => Self::Profile,
            ["canned-responses", "insert"] => Self::CannedFor,
            ["kb", rest @ ..] => Self::Knowledge(KnowledgePage::of(rest)?),
            ["first", token] => Self::First((*token).to_owned()),
            other => Self::SetUp(Place::of(other)?),
        })
    }

    /// Who is let in.
    pub(crate) const fn gate(&self) -> Gate {
        match self {
            Self::Asset(_) | Self::SignIn | Self::First(_) => Gate::Anyone,
            Self::SetUp(_) => Gate::SetUp,
            Self::Customers(page) => page.gate(),
            Self::Staff
            | Self::SignOut
            | Self::Tickets(_)
            | Self::Search
            | Self::Bulk
            | Self::Undo
            | Self::Ticket(_)
            | Self::NewTicket
            | Self::People
            | Self::Mail(_)
            | Self::File(_)
            | Self::Preview
            | Self::Drafts
            | Self::Pulse
            | Self::Aside
            | Self::AsideMail(_)
            | Self::Outbox
            | Self::Profile
            | Self::Knowledge(_)
            | Self::CannedFor => Gate::Staff,
        }
    }

    /// Whether it takes POST.
    pub(crate) const fn takes_post(&self) -> bool {
        match self {
            Self::Customers(page) => page.takes_post(),
            Self::Knowledge(page) => page.takes_post(),
            Self::SignIn
            | Self::SignOut
            | Self::Bulk
            | Self::Search
            | Self::Undo
            | Self::Ticket(_)
            | Self::NewTicket
            | Self::Preview
            | Self::Drafts
            | Self::Pulse
            | Self::Aside
            | Self::AsideMail(_)
            | Self::Outbox
            | Self::Profile
            | Self::Tickets(ListName::View(_))
            | Self::First(_) => true,
            Self::SetUp(place) => match place.deed {
                Deed::List => place.noun.has_acts(),
                Deed::File(_) => matches!(place.noun, Noun::Backups),
                Deed::Add | Deed::Edit(_) | Deed::Remove(_) | Deed::Log(_) => true,
            },
            Self::Asset(_)
            | Self::Staff
            | Self::Tickets(_)
            | Self::People
            | Self::Mail(_)
            | Self::File(_)
            | Self::CannedFor => false,
        }
    }

    /// Whether it can be looked at: some are only posted to.
    pub(crate) const fn takes_get(&self) -> bool {
        !matches!(
            self,
            Self::Customers(CustomerPage::SignOut)
                | Self::SignOut
                | Self::Bulk
                | Self::Undo
                | Self::Preview
                | Self::Drafts
                | Self::Pulse
        )
    }
}

impl Page {
    /// Whose cookie says who looks at it.
    pub(crate) const fn side(&self) -> Side {
        match self {
            Self::Customers(_) => Side::Customers,
            _ => Side::Staff,
        }
    }
}

/// A row's number as links write it: digits, no sign, no zero in front.
pub(super) fn number(text: &str) -> Option<i64> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_plain)
}

/// The address of a list, without prefix.
pub(crate) fn list_path(list: ListName) -> String {
    match list {
        ListName::Unassigned => "/staff/tickets".to_owned(),
        ListName::Mine => "/staff/tickets/mine".to_owned(),
        // HelpDeskZ's path for them.
        ListName::Waiting => "/staff/tickets/answered".to_owned(),
        ListName::Overdue => "/staff/tickets/overdue".to_owned(),
        ListName::Snoozed => "/staff/tickets/snoozed".to_owned(),
        ListName::Closed => "/staff/tickets/closed".to_owned(),
        ListName::Spam => "/staff/tickets/spam".to_owned(),
        ListName::Department(id) => format!("/staff/tickets/department/{id}"),
        ListName::View(id) => format!("/staff/views/{id}"),
    }
}

/// The path in `site_url`, which stands before every link: `/desk` of `https://x.test/desk`; empty for none.
pub(crate) fn prefix_of(site_url: &str) -> &str {
    let after_scheme = site_url.split_once("://").map_or("", |(_, rest)| rest);
    let path = after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("");
    path.split(['?', '#']).next().unwrap_or("").trim_end_matches('/')
}

/// A path without the prefix, which a proxy may have kept or cut off.
pub(crate) fn without_prefix<'p>(path: &'p str, prefix: &str) -> &'p str {
    match path.strip_prefix(prefix) {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        Some(_) | None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_pages_with_and_without_a_slash_at_the_end() {
        for (path, page) in [
            ("/staff", Some(Page::Staff)),
            ("/staff/tickets", Some(Page::Tickets(ListName::Unassigned))),
            ("/staff/tickets/overdue", Some(Page::Tickets(ListName::Overdue))),
            ("/staff/tickets/view/12", Some(Page::Ticket(TicketId::new(12)))),
            ("/staff/tickets/view/012", None),
            ("/staff/tickets/view/0", None),
            ("/staff/tickets/view/1a", None),
            ("/staff/tickets/view/99999999999999999999", None),
            ("/staff/files/3/a.png", Some(Page::File(AttachmentId::new(3)))),
            ("/staff/nothing", None),
            ("/staffx", None),
            ("staff", None),
        ] {
            assert_eq!(Page::of(path), page, "{path}");
            assert_eq!(Page::of(&format!("{path}/")), page, "{path}/");
        }
    }

    #[test]
    fn a_prefix_is_taken_off_whether_the_proxy_kept_it_or_not() {
        assert_eq!(prefix_of("https://x.test"), "");
        assert_eq!(prefix_of("https://x.test/desk"), "/desk");
        assert_eq!(prefix_of("https://x.test/a/desk/"), "/a/desk");
        assert_eq!(prefix_of(""), "");
        for (path, expected) in
            [("/desk/staff", "/staff"), ("/staff", "/staff"), ("/desk", "/"), ("/desktop", "/desktop"), ("/", "/")]
        {
            assert_eq!(without_prefix(path, "/desk"), expected, "{path}");
        }
        assert_eq!(without_prefix("/staff", ""), "/staff");
    }

    #[test]
    fn lists_have_addresses_that_lead_back() {
        for list in [
            ListName::Unassigned,
            ListName::Mine,
            ListName::Waiting,
            ListName::Overdue,
            ListName::Snoozed,
            ListName::Closed,
            ListName::Spam,
            ListName::Department(DepartmentId::new(3)),
            ListName::View(4),
        ] {
            assert_eq!(Page::of(&list_path(list)), Some(Page::Tickets(list)));
        }
    }
}
