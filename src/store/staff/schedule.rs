//! On-duty schedules, and which of the staff are tied to one. Their hours are read
//! in `desk::duty`.

use crate::domain::{ScheduleId, SetUpChange, StaffId};
use crate::store::engine::Row;
use crate::store::{ReadTx, Result, WriteTx};

/// On-duty hours with a name (Servetel's time_group).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Id.
    pub id: ScheduleId,
    /// Name, unique without case.
    pub name: String,
    /// Such as `Mon-Fri 18:00-02:00`.
    pub hours: String,
    /// IANA name of the time zone the hours are meant in.
    pub timezone: String,
    /// How many staff are tied to it.
    pub staff: i64,
}

fn schedule(row: &Row<'_>) -> Result<Schedule> {
    Ok(Schedule {
        id: ScheduleId::new(row.get(0)?),
        name: row.get(1)?,
        hours: row.get(2)?,
        timezone: row.get(3)?,
        staff: row.get(4)?,
    })
}

impl ReadTx<'_> {
    /// Every schedule by name.
    pub fn schedules(&self) -> Result<Vec<Schedule>> {
        self.all(
            "SELECT id, name, hours, timezone, (SELECT count(*) FROM staff WHERE schedule_id = schedule.id) \
             FROM schedule ORDER BY name",
            [],
            schedule,
        )
    }

    /// The schedule of that name, without case.
    pub fn schedule_named(&self, name: &str) -> Result<Option<Schedule>> {
        self.one(
            "SELECT id, name, hours, timezone, (SELECT count(*) FROM staff WHERE schedule_id = schedule.id) \
             FROM schedule WHERE name = $1",
            [name],
            schedule,
        )
    }
}

impl WriteTx<'_> {
    /// Makes a schedule.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] when the name is in use.
    pub fn add_schedule(&self, name: &str, hours: &str, timezone: &str) -> Result<ScheduleId> {
        let id =
            self.insert("INSERT INTO schedule (name, hours, timezone) VALUES ($1, $2, $3)", (name, hours, timezone))?;
        self.note_set_up(SetUpChange::Added, &format!("schedule {id} {name}"))?;
        Ok(ScheduleId::new(id))
    }

    /// Changes a schedule; says whether there is one.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] when another schedule has that name.
    pub fn update_schedule(&self, id: ScheduleId, name: &str, hours: &str, timezone: &str) -> Result<bool> {
        let changed = self.run(
            "UPDATE schedule SET name = $1, hours = $2, timezone = $3 WHERE id = $4",
            (name, hours, timezone, id.get()),
        )?;
        if changed > 0 {
            self.note_set_up(SetUpChange::Changed, &format!("schedule {id} {name}"))?;
        }
        Ok(changed > 0)
    }

    /// Ties a staff member to a schedule, or to none: always on duty.
    pub fn set_staff_schedule(&self, id: StaffId, schedule: Option<ScheduleId>) -> Result<()> {
        self.run("UPDATE staff SET schedule_id = $1 WHERE id = $2", (schedule.map(ScheduleId::get), id.get()))?;
        self.note_staff_change(id, "schedule")
    }

    /// Removes a schedule; staff who were tied to it are always on duty from now on. Says whether there was one.
    pub fn remove_schedule(&self, id: ScheduleId) -> Result<bool> {
        if let Some(gone) = self.schedules()?.into_iter().find(|own| own.id == id) {
            self.note_set_up(SetUpChange::Removed, &format!("schedule {id} {}", gone.name))?;
        }
        Ok(self.run("DELETE FROM schedule WHERE id = $1", [id.get()])? > 0)
    }
}
