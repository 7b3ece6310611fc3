//! Writing an answer or a note.

use crate::domain::{EmailAddress, TicketId};
use crate::http::Response;
use crate::mail::Mailbox;
use crate::store::ReadTx;
use crate::store::ticket::Ticket;
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// What is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It goes to the customer.
    Answer,
    /// It stays among staff.
    Note,
}

/// The form below a ticket, as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Compose {
    pub(crate) kind: Kind,
    /// The key of this form: sent twice, it posts once.
    pub(crate) key: String,
    pub(crate) text: String,
    pub(crate) to: String,
    pub(crate) cc: String,
    /// Files that are kept with the draft.
    pub(crate) files: Vec<(i64, String, String)>,
    /// The newest event the writer has seen.
    pub(crate) seen: i64,
    /// What is wrong; empty for nothing.
    pub(crate) error: String,
    /// Whether something new stands in the ticket, so that it has to be sent anyway.
    pub(crate) has_news: bool,
    /// When the draft was saved, for people; empty for never.
    pub(crate) saved: String,
}

impl Compose {
    /// Whether a note is written.
    pub(crate) fn is_note(&self) -> bool {
        self.kind == Kind::Note
    }
}
