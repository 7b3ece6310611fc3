//! Departments.

use super::ticket::TicketRows;
use super::{ReadTx, Result, WriteTx};
use crate::domain::{DepartmentId, SetUpChange};
use crate::store::engine::Row;

/// A department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Id.
    pub id: DepartmentId,
    /// Name, as given (unescaped).
    pub name: String,
    /// Not offered to customers.
    pub is_private: bool,
}

fn department(row: &Row<'_>) -> Result<Department> {
    Ok(Department { id: DepartmentId::new(row.get(0)?), name: row.get(1)?, is_private: row.get(2)? })
}

impl ReadTx<'_> {
    /// Every department in HelpDeskZ's order.
    pub fn departments(&self) -> Result<Vec<Department>> {
        self.all("SELECT id, name, is_private FROM department ORDER BY position, id", [], department)
    }

    /// The department with that id.
    pub fn department(&self, id: DepartmentId) -> Result<Option<Department>> {
        self.one("SELECT id, name, is_private FROM department WHERE id = $1", [id.get()], department)
    }

    /// The department for mail and tickets that belong to no other: the lowest id.
    pub fn lowest_department(&self) -> Result<Option<DepartmentId>> {
        self.one("SELECT id FROM department ORDER BY id LIMIT 1", [], |row| Ok(DepartmentId::new(row.get(0)?)))
    }
}

impl WriteTx<'_> {
    /// Makes a department, placed last.
    pub fn add_department(&self, name: &str, is_private: bool) -> Result<DepartmentId> {
        let id = self.insert(
            "INSERT INTO department (position, name, is_private) \
             VALUES ((SELECT coalesce(max(position), 0) + 1 FROM department), $1, $2)",
            (name, is_private),
        )?;
        self.note_set_up(SetUpChange::Added, &format!("department {id} {name}"))?;
        Ok(DepartmentId::new(id))
    }

    /// Renames a department or changes its type; says whether there is such a department.
    pub fn update_department(&self, id: DepartmentId, name: Option<&str>, is_private: Option<bool>) -> Result<bool> {
        let changed = self.run(
            "UPDATE department SET name = coalesce($1, name), is_private = coalesce($2, is_private) WHERE id = $3",
            (name, is_private, id.get()),
        )?;
        if let Some(now) = self.department(id)? {
            self.note_set_up(SetUpChange::Changed, &format!("department {id} {}", now.name))?;
        }
        Ok(changed > 0)
    }
}

impl TicketRows<'_> {
    /// Removes a department with its tickets; its addresses move to the lowest one left (none left:
    /// their mail is quarantined), its staff links go. Says whether there was one.
    pub fn remove_department(&self, id: DepartmentId) -> Result<bool> {
        if let Some(gone) = self.department(id)? {
            self.note_set_up(SetUpChange::Removed, &format!("department {id} {}", gone.name))?;
        }
        self.run(
            "UPDATE address SET department_id = (SELECT min(id) FROM department WHERE id <> $1) WHERE department_id = $1",
            [id.get()],
        )?;
        Ok(self.run("DELETE FROM department WHERE id = $1", [id.get()])? > 0)
    }
}
