//! Tickets: their rows, the people and Message-IDs that belong to them, lists, searching, merging, figures.

mod figures;
mod list;
mod merge;
mod participant;
mod rows;
mod search;
mod thread;

pub(crate) use list::{TicketLine, TicketSieve};
pub(crate) use rows::{Belongings, NewTicket, Owner, Ticket, TicketRows};
pub(crate) use search::{TicketOrder, TicketQuery};
