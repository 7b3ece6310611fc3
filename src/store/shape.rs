//! Tickets and messages as HelpDeskZ's API prints them: columns of its database as strings, keys in its order. The API
//! and the webhooks show them alike.

use serde::{Serialize, Serializer};

use super::message::MessageLine;
use super::ticket::TicketLine;
use crate::domain::{Author, Timestamp};
use crate::mail::html;

/// A number that HelpDeskZ prints as a string, because it came from the database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits(pub(crate) i64);

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl From<Timestamp> for Digits {
    fn from(at: Timestamp) -> Self {
        Self(at.unix())
    }
}

/// A name: stored as given, HTML-escaped on its way out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl Serialize for Escaped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.contains(['&', '<', '>', '"', '\'']) {
            serializer.serialize_str(&html::escape(self.0))
        } else {
            serializer.serialize_str(self.0)
        }
    }
}

/// A ticket of a list.
#[derive(Debug, Serialize)]
pub(crate) struct TicketShape<'a> {
    id: Digits,
    user_id: Digits,
    department_id: Digits,
    subject: &'a str,
    date: Digits,
    last_update: Digits,
    status: Digits,
    replies: Digits,
    user_fullname: Escaped<'a>,
    department_name: Escaped<'a>,
}

impl<'a> From<&'a TicketLine> for TicketShape<'a> {
    fn from(line: &'a TicketLine) -> Self {
        Self {
            id: Digits(line.id.get()),
            user_id: Digits(line.customer.get()),
            department_id: Digits(line.department.get()),
            subject: &line.subject,
            date: line.created_at.into(),
            last_update: line.last_update_at.into(),
            status: Digits(line.status.number()),
            replies: Digits(line.replies),
            user_fullname: Escaped(&line.fullname),
            department_name: Escaped(&line.department_name),
        }
    }
}

/// A message of a ticket.
#[derive(Debug, Serialize)]
pub(crate) struct MessageShape {
    id: Digits,
    date: Digits,
    customer: Digits,
    staff_id: Digits,
    message: String,
}

impl From<MessageLine> for MessageShape {
    fn from(line: MessageLine) -> Self {
        let (customer, staff) = match line.author {
            Author::Customer(_) => (1, 0),
            Author::Staff(id) => (0, id.get()),
            Author::Desk => (0, 0),
        };
        Self {
            id: Digits(line.id.get()),
            date: line.created_at.into(),
            customer: Digits(customer),
            staff_id: Digits(staff),
            // Text from mail may hold anything and clients show it as HTML.
            message: if line.is_html { line.body } else { html::text_to_html(&line.body) },
        }
    }
}
