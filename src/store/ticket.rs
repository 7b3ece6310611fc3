//! Tickets: their rows, the people and Message-IDs that belong to them, lists, the inbox and its views, searching, merging, figures.

mod figures;
mod inbox;
mod list;
mod merge;
mod participant;
mod rows;
mod search;
mod seen;
mod thread;
mod view;

pub(crate) use inbox::{COUNT_MAX, InboxLine, InboxQuery, Listing, Position};
pub(crate) use list::{TicketLine, TicketSieve};
pub(crate) use rows::{Belongings, NewTicket, Owner, Ticket, TicketRows};
pub(crate) use search::{TicketOrder, TicketQuery};
pub(crate) use view::SavedView;
