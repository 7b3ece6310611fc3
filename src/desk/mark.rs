//! What a ticket is marked with: tags, priority, custom fields, its subject.

use serde_json::{Value, json};

use super::assign::not_merged;
use super::{Change, Refused};
use crate::domain::{EventKind, TagId, TicketId};
use crate::store::Result;
use crate::store::ticket::Ticket;

/// Longest name of a tag, in characters. Chosen: two words.
pub(crate) const TAG_CHARS_MAX: usize = 50;

/// Tickets untagged in one go when a tag is removed.
const UNTAGGED_MAX: usize = 100_000;

/// A tag's name as it is stored, or `None` when it is none: a word or two without commas and colons, which a search
/// could not name.
#[must_use]
pub(crate) fn tag_name(typed: &str) -> Option<String> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_one = |c: char| !c.is_control() && !matches!(c, ',' | ':' | '"' | '#');
    let fits = !name.is_empty() && name.chars().count() <= TAG_CHARS_MAX && name.chars().all(is_one);
    fits.then_some(name)
}

impl Change<'_> {
    /// Marks a ticket with a tag, which is made if there is none of that name ([`tag_name`]).
    ///
    /// # Errors
    /// [`Refused`] for one that was merged into another, as of every mark.
    pub(crate) fn tag(&self, ticket: &Ticket, name: &str) -> std::result::Result<(), Refused> {
        not_merged(ticket)?;
        Ok(self.put_tag(ticket, name)?)
    }

    /// The same whatever has become of the ticket.
    pub(super) fn put_tag(&self, ticket: &Ticket, name: &str) -> Result<()> {
        let id = self.tx.add_tag(name, self.now)?;
        if self.rows().tag_ticket(ticket.id, id)? {
            self.write_event(ticket.id, EventKind::Tagged, name)?;
        }
        Ok(())
    }

    /// Takes a tag off a ticket.
    pub(crate) fn untag(&self, ticket: &Ticket, name: &str) -> std::result::Result<(), Refused> {
        not_merged(ticket)?;
        Ok(self.take_tag(ticket, name)?)
    }

    /// The same whatever has become of the ticket.
    pub(super) fn take_tag(&self, ticket: &Ticket, name: &str) -> Result<()> {
        let Some((id, name)) = self.tx.tag_named(name)? else { return Ok(()) };
        if self.rows().untag_ticket(ticket.id, id)? {
            self.write_event(ticket.id, EventKind::Untagged, &name)?;
        }
        Ok(())
    }

    /// Removes a tag from all tickets and from the desk; says whether there was one.
    pub(crate) fn remove_tag(&self, id: TagId, name: &str) -> Result<bool> {
        for ticket in self.rows().tickets_of_tag(id, UNTAGGED_MAX)? {
            self.write_event(ticket, EventKind::Untagged, name)?;
        }
        self.tx.remove_tag(id)
    }

    /// Sets a ticket's priority; `name` is what people call it.
    pub(crate) fn set_priority(&self, ticket: &Ticket, priority: i64, name: &str) -> std::result::Result<(), Refused> {
        not_merged(ticket)?;
        Ok(self.put_priority(ticket, priority, name)?)
    }

    /// The same whatever has become of the ticket.
    pub(super) fn put_priority(&self, ticket: &Ticket, priority: i64, name: &str) -> Result<()> {
        let (former, _) = self.tx.priority_of(ticket.id)?;
        if former == priority {
            return Ok(());
        }
        self.rows().set_priority(ticket.id, priority)?;
        self.write_event(ticket.id, EventKind::Priority, name)
    }

    /// Sets a custom field of a ticket; an empty value takes it away.
    pub(crate) fn set_field(&self, ticket: &Ticket, title: &str, value: &str) -> std::result::Result<(), Refused> {
        not_merged(ticket)?;
        let (stored, _, _) = self.tx.ticket_form(ticket.id)?;
        let mut fields = custom_fields(&stored);
        match fields.iter_mut().find(|(known, _)| known == title) {
            Some((_, known)) if known == value => return Ok(()),
            Some((_, known)) => value.clone_into(known),
            None if value.is_empty() => return Ok(()),
            None => fields.push((title.to_owned(), value.to_owned())),
        }
        fields.retain(|(_, value)| !value.is_empty());
        let list: Vec<Value> = fields.into_iter().map(|(title, value)| Value::from(vec![title, value])).collect();
        self.rows().set_custom_fields(ticket.id, &Value::from(list).to_string())?;
        Ok(self.write_event(ticket.id, EventKind::Field, title)?)
    }

    /// Fills in what the form of a ticket that was opened a moment ago says besides: answers to custom fields, by title, and a
    /// priority, by its number and name.
    pub(crate) fn fill_in(
        &self,
        ticket: TicketId,
        answers: &[(String, String)],
        priority: Option<(i64, &str)>,
    ) -> Result<()> {
        if !answers.is_empty() {
            let list: Vec<Value> = answers.iter().map(|(title, value)| json!([title, value])).collect();
            self.rows().set_custom_fields(ticket, &Value::from(list).to_string())?;
        }
        match (priority, self.tx.ticket(ticket)?) {
            (Some((id, name)), Some(ticket)) => self.put_priority(&ticket, id, name),
            _ => Ok(()),
        }
    }

    /// Gives a ticket another subject.
    pub(crate) fn set_subject(&self, ticket: &Ticket, subject: &str) -> std::result::Result<(), Refused> {
        not_merged(ticket)?;
        if ticket.subject == subject || subject.is_empty() {
            return Ok(());
        }
        self.rows().set_subject(ticket.id, subject)?;
        Ok(self.write_event(ticket.id, EventKind::Subject, &ticket.subject)?)
    }
}

/// Title and value of each custom field, of the JSON list that a ticket has.
#[must_use]
pub(crate) fn custom_fields(json: &str) -> Vec<(String, String)> {
    let list: Vec<Vec<Value>> = serde_json::from_str(json).unwrap_or_default();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    list.iter().filter_map(|pair| Some((text(pair.first()?), text(pair.get(1)?)))).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::desk::tests::Bench;

    #[test]
    fn each_mark_is_written_once_and_leaves_one_event() {
        let bench = Bench::new();
        let id = bench.ticket("Printer");
        let fields_now = || custom_fields(&bench.store.read(|tx| tx.ticket_form(id)).unwrap().0);
        bench.as_sam(|change| {
            for _ in 0..2 {
                let ticket = bench.read_in(change, id);
                change.tag(&ticket, "urgent").unwrap();
                change.tag(&ticket, "URGENT").unwrap();
                change.set_priority(&ticket, 3, "High").unwrap();
                change.set_field(&ticket, "Room", "12 \"b\"").unwrap();
                change.set_subject(&ticket, "Printer burns").unwrap();
            }
        });
        assert_eq!(fields_now(), [("Room".to_owned(), "12 \"b\"".to_owned())]);
        assert_eq!(bench.store.read(|tx| tx.tags_of_ticket(id)).unwrap(), ["urgent"]);
        bench.as_sam(|change| {
            let ticket = bench.read_in(change, id);
            change.untag(&ticket, "Urgent").unwrap();
            change.untag(&ticket, "Urgent").unwrap();
            change.set_field(&ticket, "Room", "").unwrap();
            change.set_field(&ticket, "Room", "").unwrap();
        });
        assert_eq!(fields_now(), []);
        let expected =
            ["tagged urgent", "priority High", "field Room", "subject Printer", "untagged urgent", "field Room"];
        assert_eq!(bench.events_since_opening(id), expected);
    }

    #[test]
    fn tag_is_removed_everywhere() {
        let bench = Bench::new();
        let id = bench.ticket("Printer");
        bench.as_sam(|change| change.tag(&bench.read_in(change, id), "urgent").unwrap());
        let tag = bench.store.read(|tx| tx.tags()).unwrap().remove(0);
        assert_eq!((tag.name.as_str(), tag.tickets), ("urgent", 1));
        bench.as_sam(|change| assert!(change.remove_tag(tag.id, &tag.name).unwrap()));
        assert_eq!(bench.events_since_opening(id), ["tagged urgent", "untagged urgent"]);
        assert!(bench.store.read(|tx| tx.tags()).unwrap().is_empty());
    }

    #[test]
    fn name_of_a_tag_is_what_a_search_can_name() {
        assert_eq!(tag_name("  big   customer "), Some("big customer".to_owned()));
        assert_eq!(tag_name(&"x".repeat(TAG_CHARS_MAX)).map(|name| name.len()), Some(TAG_CHARS_MAX));
        for none in ["", " ", "a:b", "a,b", "a\"", "#1", "a\u{7}", &"x".repeat(TAG_CHARS_MAX + 1)] {
            assert_eq!(tag_name(none), None, "{none:?}");
        }
    }
}
