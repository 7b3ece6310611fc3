//! Tags: words that tickets are marked with.

use super::rows::TicketRows;
use crate::domain::{SetUpChange, TagId, TicketId, Timestamp};
use crate::store::{ReadTx, Result, WriteTx};

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Id.
    pub id: TagId,
    /// Its name, unique without case.
    pub name: String,
    /// How many tickets have it.
    pub tickets: i64,
}

impl ReadTx<'_> {
    /// Every tag by name, with the number of its tickets.
    pub fn tags(&self) -> Result<Vec<Tag>> {
        self.all(
            "SELECT id, name, (SELECT count(*) FROM ticket_tag WHERE tag_id = tag.id) FROM tag ORDER BY name",
            [],
            |row| Ok(Tag { id: TagId::new(row.get(0)?), name: row.get(1)?, tickets: row.get(2)? }),
        )
    }

    /// The names of a ticket's tags, by name.
    pub fn tags_of_ticket(&self, ticket: TicketId) -> Result<Vec<String>> {
        self.all(
            "SELECT tag.name FROM ticket_tag JOIN tag ON tag.id = ticket_tag.tag_id WHERE ticket_tag.ticket_id = $1 \
             ORDER BY tag.name",
            [ticket.get()],
            |row| row.get(0),
        )
    }

    /// The tag of that name, without case.
    pub fn tag_named(&self, name: &str) -> Result<Option<(TagId, String)>> {
        self.one("SELECT id, name FROM tag WHERE name = $1", [name], |row| Ok((TagId::new(row.get(0)?), row.get(1)?)))
    }
}

impl WriteTx<'_> {
    /// Makes a tag unless there is one of that name; gives its id.
    pub fn add_tag(&self, name: &str, now: Timestamp) -> Result<TagId> {
        if let Some((id, _)) = self.tag_named(name)? {
            return Ok(id);
        }
        let id = self.insert("INSERT INTO tag (name, created_at) VALUES ($1, $2)", (name, now.unix()))?;
        self.note_set_up(SetUpChange::Added, &format!("tag {id} {name}"))?;
        Ok(TagId::new(id))
    }

    /// Gives a tag another name; says whether there is such a tag.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] when another tag has that name.
    pub fn rename_tag(&self, id: TagId, name: &str) -> Result<bool> {
        let Some(former) = self.tags()?.into_iter().find(|own| own.id == id) else { return Ok(false) };
        self.run("UPDATE tag SET name = $1 WHERE id = $2", (name, id.get()))?;
        self.note_set_up(SetUpChange::Changed, &format!("tag {id} {}: now {name}", former.name))?;
        Ok(true)
    }
}

impl TicketRows<'_> {
    /// Marks a ticket with a tag; says whether it did not have it.
    pub fn tag_ticket(&self, ticket: TicketId, tag: TagId) -> Result<bool> {
        let added = self.run(
            "INSERT INTO ticket_tag (ticket_id, tag_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            (ticket.get(), tag.get()),
        )?;
        Ok(added > 0)
    }

    /// Takes a tag off a ticket; says whether it had it.
    pub fn untag_ticket(&self, ticket: TicketId, tag: TagId) -> Result<bool> {
        let taken =
            self.run("DELETE FROM ticket_tag WHERE ticket_id = $1 AND tag_id = $2", (ticket.get(), tag.get()))?;
        Ok(taken > 0)
    }

    /// The tickets that have a tag, at most `max`, by id.
    pub fn tickets_of_tag(&self, tag: TagId, max: usize) -> Result<Vec<TicketId>> {
        self.all(
            "SELECT ticket_id FROM ticket_tag WHERE tag_id = $1 ORDER BY ticket_id LIMIT $2",
            (tag.get(), i64::try_from(max).unwrap_or(i64::MAX)),
            |row| Ok(TicketId::new(row.get(0)?)),
        )
    }
}
