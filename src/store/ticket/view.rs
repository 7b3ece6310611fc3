//! Saved views of the inbox: searches with a name, a person's own or everybody's.

use crate::domain::{SetUpChange, StaffId, Timestamp, ViewId};
use crate::store::engine::Row;
use crate::store::{ReadTx, Result, WriteTx};

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Id.
    pub id: ViewId,
    /// Whose it is; none: everybody's.
    pub staff: Option<StaffId>,
    /// Its name.
    pub name: String,
    /// A search, as people type it.
    pub query: String,
    /// Its place in the list.
    pub position: i64,
}

fn view(row: &Row<'_>) -> Result<SavedView> {
    Ok(SavedView {
        id: ViewId::new(row.get(0)?),
        staff: row.get::<Option<i64>>(1)?.map(StaffId::new),
        name: row.get(2)?,
        query: row.get(3)?,
        position: row.get(4)?,
    })
}

impl ReadTx<'_> {
    /// A staff member's own views and everybody's, in their order.
    pub fn views_for(&self, staff: StaffId) -> Result<Vec<SavedView>> {
        self.all(
            "SELECT id, staff_id, name, query, position FROM saved_view WHERE staff_id = $1 OR staff_id IS NULL \
             ORDER BY position, name, id",
            [staff.get()],
            view,
        )
    }

    /// A view that a staff member may use.
    pub fn view_for(&self, id: ViewId, staff: StaffId) -> Result<Option<SavedView>> {
        self.one(
            "SELECT id, staff_id, name, query, position FROM saved_view \
             WHERE id = $1 AND (staff_id = $2 OR staff_id IS NULL)",
            (id.get(), staff.get()),
            view,
        )
    }
}

impl ReadTx<'_> {
    /// Who made a view, as the record of the set-up has it.
    pub fn maker_of_view(&self, id: ViewId) -> Result<Option<StaffId>> {
        self.one(
            "SELECT actor_id FROM event WHERE ticket_id = 0 AND kind = 'added' AND actor = 1 AND detail LIKE $1 \
             ORDER BY id DESC LIMIT 1",
            [format!("view {id} %")],
            |row| Ok(StaffId::new(row.get(0)?)),
        )
    }
}

impl WriteTx<'_> {
    /// Saves a search under a name, for one person or for everybody.
    pub fn add_view(&self, staff: Option<StaffId>, name: &str, query: &str, now: Timestamp) -> Result<ViewId> {
        let id = self.insert(
            "INSERT INTO saved_view (staff_id, name, query, position, created_at) VALUES ($1, $2, $3, \
             (SELECT coalesce(max(position), 0) + 1 FROM saved_view), $4)",
            (staff.map(StaffId::get), name, query, now.unix()),
        )?;
        self.note_set_up(SetUpChange::Added, &format!("view {id} {name}"))?;
        Ok(ViewId::new(id))
    }

    /// Changes a view's name and search; says whether there is one.
    pub fn update_view(&self, id: ViewId, name: &str, query: &str) -> Result<bool> {
        self.note_set_up(SetUpChange::Changed, &format!("view {id} {name}"))?;
        Ok(self.run("UPDATE saved_view SET name = $1, query = $2 WHERE id = $3", (name, query, id.get()))? > 0)
    }

    /// Removes a view; says whether there was one.
    pub fn remove_view(&self, id: ViewId) -> Result<bool> {
        self.note_set_up(SetUpChange::Removed, &format!("view {id}"))?;
        Ok(self.run("DELETE FROM saved_view WHERE id = $1", [id.get()])? > 0)
    }
}
