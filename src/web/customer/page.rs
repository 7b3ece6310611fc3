//! Which of the customers' pages a path means.

use crate::domain::{AttachmentId, DepartmentId, TicketId};
use crate::web::page::{Gate, number};

/// A page for customers, or what its forms and scripts ask for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CustomerPage {
    /// `/`.
    Home,
    /// `/search`.
    Search,
    /// `/category/3-printers`.
    Category(i64),
    /// `/article/7-ink`.
    Article(i64),
    /// `/submit-ticket`, and `/submit-ticket/2-sales` with its department chosen.
    Submit(Option<DepartmentId>),
    /// `/login`.
    SignIn,
    /// `/forgot-password`: as HelpDeskZ had it; leads to a mailed link.
    ForgotPassword,
    /// `/enter/TOKEN`: a mailed link that signs in.
    Enter(String),
    /// `/t/TOKEN`: a mailed link to one ticket.
    TicketLink(String),
    /// `/tickets`.
    Tickets,
    /// `/tickets/show/12`.
    Ticket(TicketId),
    /// `/account/profile`.
    Profile,
    /// `/account/logout`.
    SignOut,
    /// `/files/3/NAME`.
    File(AttachmentId),
}

/// The number before the words in `3-printers`; the words may be any, or missing.
fn numbered(piece: &str) -> Option<i64> {
    number(piece.split('-').next().unwrap_or(""))
}

impl CustomerPage {
    /// The page of the pieces of a path.
    pub(crate) fn of(pieces: &[&str]) -> Option<Self> {
        Some(match pieces {
            [""] => Self::Home,
            ["search"] => Self::Search,
            ["category", id] => Self::Category(numbered(id)?),
            ["article", id] => Self::Article(numbered(id)?),
            ["submit-ticket"] => Self::Submit(None),
            ["submit-ticket", id] => Self::Submit(Some(DepartmentId::new(numbered(id)?))),
            ["login"] => Self::SignIn,
            ["forgot-password"] => Self::ForgotPassword,
            ["enter", token] => Self::Enter((*token).to_owned()),
            ["t", token] => Self::TicketLink((*token).to_owned()),
            ["tickets"] => Self::Tickets,
            ["tickets", "show", id] => Self::Ticket(TicketId::new(number(id)?)),
            ["account", "profile"] => Self::Profile,
            ["account", "logout"] => Self::SignOut,
            ["files", id, _name] => Self::File(AttachmentId::new(number(id)?)),
            _ => return None,
        })
    }

    /// Who is let in. Which ticket and file is whose, the page itself asks.
    pub(crate) const fn gate(&self) -> Gate {
        match self {
            Self::Home
            | Self::Search
            | Self::Category(_)
            | Self::Article(_)
            | Self::Submit(_)
            | Self::SignIn
            | Self::ForgotPassword
            | Self::Enter(_)
            | Self::TicketLink(_)
            | Self::SignOut
            // Files of articles are for everybody.
            | Self::File(_) => Gate::Anyone,
            Self::Tickets | Self::Ticket(_) | Self::Profile => Gate::Customer,
        }
    }

    /// Whether it takes POST.
    pub(crate) const fn takes_post(&self) -> bool {
        match self {
            Self::Submit(_)
            | Self::SignIn
            | Self::ForgotPassword
            | Self::Enter(_)
            | Self::Ticket(_)
            | Self::Profile
            | Self::SignOut => true,
            Self::Home
            | Self::Search
            | Self::Category(_)
            | Self::Article(_)
            | Self::TicketLink(_)
            | Self::Tickets
            | Self::File(_) => false,
        }
    }
}
