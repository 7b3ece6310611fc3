//! Tickets: their rows, the people and Message-IDs that belong to them, lists, the inbox and its views, searching, merging, figures.

mod aside;
mod conversation;
mod figures;
mod find;
mod inbox;
mod list;
mod merge;
mod of_person;
mod participant;
mod rows;
mod search;
mod seen;
mod split;
mod tag;
mod thread;
mod view;
mod walk;
mod words;

pub(crate) use aside::Standing;
pub(crate) use find::{Hit, InboxSearch};
pub(crate) use inbox::{COUNT_MAX, InboxLine, InboxQuery, Listing, Position};
pub(crate) use list::{TicketLine, TicketSieve};
pub(crate) use of_person::OwnTicket;
pub(crate) use rows::{Belongings, NewTicket, Owner, Ticket, TicketRows};
pub(crate) use search::{TicketOrder, TicketQuery};
pub(crate) use tag::Tag;
pub(crate) use view::SavedView;
