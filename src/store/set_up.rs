//! What a desk is set up with beside its addresses, departments and staff: custom fields, priorities, shared views;
//! and the record of every change of the set-up.

use std::net::IpAddr;

use super::{Error, ReadTx, Result, WriteTx};
use crate::domain::{Actor, Door, SetUpChange, TagId, TicketId, Timestamp, ViewId};
use crate::store::columns::id_or_none;
use crate::store::event::{Event, event};
use crate::store::import::{ImportedCustomField, ImportedPriority};
use crate::store::ticket::SavedView;

/// The priority that tickets have unless somebody says otherwise, as in HelpDeskZ (`ticket.priority`).
pub(crate) const USUAL_PRIORITY: i64 = 1;

/// What it is called until somebody gives it another name: the same in the languages that the pages have.
const USUAL_PRIORITY_NAME: &str = "Normal";

/// Names of priorities that tickets may have until somebody gives them another, in lower case; "Low" is HelpDeskZ's.
const USUAL_NAMES: [&str; 4] = ["low", "medium", "normal", "standard"];

/// HelpDeskZ's kinds of custom fields.
pub(crate) const FIELD_KINDS: [&str; 7] = ["text", "textarea", "password", "checkbox", "radio", "select", "date"];

/// Whether a kind of custom field offers choices.
pub(crate) fn has_options(kind: &str) -> bool {
    ["checkbox", "radio", "select"].contains(&kind)
}

/// Whether a text is `#` and six hexadecimal digits, as HelpDeskZ keeps colours.
pub(crate) fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl ReadTx<'_> {
    /// Everything that was changed, of tickets and of the set-up, newest first, below an event (0: from the newest), at
    /// most `max`.
    pub fn events_before(&self, before: i64, max: usize) -> Result<Vec<Event>> {
        let before = if before > 0 { before } else { i64::MAX };
        self.all(
            "SELECT event.id, ticket_id, at, actor, actor_id, coalesce(CASE actor \
             WHEN 0 THEN (SELECT fullname FROM customer WHERE customer.id = actor_id) \
             WHEN 1 THEN (SELECT fullname FROM staff WHERE staff.id = actor_id) END, ''), kind, detail, door, message_id, ip \
             FROM event WHERE event.id < $1 ORDER BY event.id DESC LIMIT $2",
            (before, i64::try_from(max).unwrap_or(i64::MAX)),
            event,
        )
    }

    /// The ticket that was opened last.
    pub fn newest_ticket(&self) -> Result<Option<TicketId>> {
        let found = self.number("SELECT coalesce(max(id), 0) FROM ticket", [])?;
        Ok(id_or_none(found, TicketId::new))
    }

    /// Whether the desk has any staff.
    pub fn has_staff(&self) -> Result<bool> {
        Ok(self.number("SELECT EXISTS (SELECT 1 FROM staff)", [])? > 0)
    }

    /// The views that everybody has, in their order.
    pub fn shared_views(&self) -> Result<Vec<SavedView>> {
        self.all(
            "SELECT id, name, query, position FROM saved_view WHERE staff_id IS NULL ORDER BY position, name, id",
            [],
            |row| {
                Ok(SavedView {
                    id: ViewId::new(row.get(0)?),
                    staff: None,
                    name: row.get(1)?,
                    query: row.get(2)?,
                    position: row.get(3)?,
                })
            },
        )
    }
}

impl WriteTx<'_> {
    /// Says who makes the changes of the set-up in this transaction, and by which door. Unless it is said, it is the person
    /// at the command line.
    pub fn act_as(&self, actor: Actor, door: Door) {
        self.acting.set((actor, door));
    }

    /// Says which network address the changes of this transaction come from.
    pub fn come_from(&self, ip: IpAddr) {
        self.ip.set(Some(ip));
    }

    /// The network address the changes come from, as it is recorded; empty where they do not come over the network.
    pub(super) fn ip(&self) -> String {
        self.ip.get().map_or_else(String::new, |ip| ip.to_canonical().to_string())
    }

    /// Records a change of the set-up: `what` names the part, such as `department 3 Sales`.
    pub fn note_set_up(&self, change: SetUpChange, what: &str) -> Result<()> {
        let (actor, door) = self.acting.get();
        let (actor, id) = actor.to_row();
        self.run(
            "INSERT INTO event (ticket_id, at, actor, actor_id, kind, detail, door, ip) \
             VALUES (0, $1, $2, $3, $4, $5, $6, $7)",
            (Timestamp::now().unix(), actor, id, change.word(), what, door.word(), self.ip()),
        )?;
        Ok(())
    }

    /// Writes a custom field; id 0 makes one, placed last. Gives its id.
    pub fn save_custom_field(&self, field: &ImportedCustomField) -> Result<i64> {
        let values = (&field.kind, &field.title, &field.options, field.is_required, &field.departments);
        let (kind, title, options, is_required, departments) = values;
        if field.id == 0 {
            let id = self.insert(
                "INSERT INTO custom_field (kind, title, options, is_required, departments, position) VALUES ($1, $2, $3, $4, \
                 $5, (SELECT coalesce(max(position), 0) + 1 FROM custom_field))",
                (kind, title, options, is_required, departments),
            )?;
            self.note_set_up(SetUpChange::Added, &format!("field {id} {title}"))?;
            return Ok(id);
        }
        self.run(
            "UPDATE custom_field SET kind = $1, title = $2, options = $3, is_required = $4, departments = $5, \
             position = $6 WHERE id = $7",
            (kind, title, options, is_required, departments, field.position, field.id),
        )?;
        self.note_set_up(SetUpChange::Changed, &format!("field {} {title}", field.id))?;
        Ok(field.id)
    }

    /// Removes a custom field; what tickets have in it stays with them. Says whether there was one.
    pub fn remove_custom_field(&self, id: i64) -> Result<bool> {
        if let Some(gone) = self.custom_fields()?.into_iter().find(|own| own.id == id) {
            self.note_set_up(SetUpChange::Removed, &format!("field {id} {}", gone.title))?;
        }
        Ok(self.run("DELETE FROM custom_field WHERE id = $1", [id])? > 0)
    }

    /// Writes a priority; id 0 makes one. Gives its id.
    ///
    /// Tickets have [`USUAL_PRIORITY`] until somebody gives them another, so the first one that is made gets a usual one
    /// beside it, unless its name is of that kind: making "High" calls no ticket that.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when another one has the name, by which people choose.
    pub fn save_priority(&self, priority: &ImportedPriority) -> Result<i64> {
        let name = priority.name.to_lowercase();
        let is_usual = USUAL_NAMES.contains(&name.as_str());
        let known = self.priorities()?;
        if priority.id == 0 && is_usual && known.iter().any(|own| own.id == USUAL_PRIORITY && own.name == priority.name)
        {
            // It was made beside the first one: whoever makes their own list of priorities says here what it looks like.
            return self.save_priority(&ImportedPriority { id: USUAL_PRIORITY, ..priority.clone() });
        }
        if known.iter().any(|other| other.id != priority.id && other.name.to_lowercase() == name) {
            return Err(Error::Taken(format!("priority {}", priority.name)));
        }
        if priority.id == 0 {
            if !is_usual && known.is_empty() {
                self.run(
                    "INSERT INTO priority (id, name, color) VALUES ($1, $2, $3)",
                    (USUAL_PRIORITY, USUAL_PRIORITY_NAME, "#8a8a8a"),
                )?;
                let what = format!("priority {USUAL_PRIORITY} {USUAL_PRIORITY_NAME}");
                self.note_set_up(SetUpChange::Added, &what)?;
            }
            let id = self.insert(
                "INSERT INTO priority (id, name, color) VALUES ((SELECT coalesce(max(id), 0) + 1 FROM priority), $1, $2)",
                (&priority.name, &priority.color),
            )?;
            self.note_set_up(SetUpChange::Added, &format!("priority {id} {}", priority.name))?;
            return Ok(id);
        }
        self.run(
            "UPDATE priority SET name = $1, color = $2 WHERE id = $3",
            (&priority.name, &priority.color, priority.id),
        )?;
        self.note_set_up(SetUpChange::Changed, &format!("priority {} {}", priority.id, priority.name))?;
        Ok(priority.id)
    }

    /// Removes a priority; says whether there was one.
    pub fn remove_priority(&self, id: i64) -> Result<bool> {
        if let Some(gone) = self.priorities()?.into_iter().find(|own| own.id == id) {
            self.note_set_up(SetUpChange::Removed, &format!("priority {id} {}", gone.name))?;
        }
        Ok(self.run("DELETE FROM priority WHERE id = $1", [id])? > 0)
    }

    /// Removes a tag; its tickets lose it, of which `desk` has written their events. Says whether there was one.
    pub fn remove_tag(&self, id: TagId) -> Result<bool> {
        if let Some(gone) = self.tags()?.into_iter().find(|own| own.id == id) {
            self.note_set_up(SetUpChange::Removed, &format!("tag {id} {}", gone.name))?;
        }
        Ok(self.run("DELETE FROM tag WHERE id = $1", [id.get()])? > 0)
    }
}
