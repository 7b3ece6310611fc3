//! Tickets: their rows, the people and Message-IDs that belong to them, lists, searching, merging, figures.

mod figures;
mod list;
mod merge;
mod participant;
mod rows;
mod search;
mod thread;

pub use list::{TicketLine, TicketSieve};
pub use participant::PARTICIPANTS_MAX;
pub use rows::{Belongings, NewTicket, Owner, Ticket, TicketRows};
pub use search::{TicketOrder, TicketQuery};
pub use thread::ThreadId;
