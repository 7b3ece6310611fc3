//! Staff accounts: making, changing and removing them, their departments and profiles, and which of them want mail.

use crate::domain::staff_role::StaffRole;
use crate::domain::{DepartmentId, EmailAddress, ScheduleId, SetUpChange, StaffId, Timestamp};
use crate::store::address_use::Purpose;
use crate::store::engine::Row;
use crate::store::ticket::TicketRows;
use crate::store::{ReadTx, Result, WriteTx};

/// A staff member, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// Id.
    pub id: StaffId,
    /// Login name.
    pub username: String,
    /// Full name, as given (unescaped).
    pub fullname: String,
    /// Address.
    pub email: String,
    /// What the account may do.
    pub role: StaffRole,
    /// May work at all.
    pub is_active: bool,
    /// When the account was made.
    pub registered_at: Timestamp,
    /// Last successful login.
    pub last_login_at: Timestamp,
    /// Whether a second factor is set.
    pub has_totp: bool,
    /// Sees every department, though an agent.
    pub has_all_departments: bool,
    /// May change the desk's set-up, though an agent.
    pub has_setup: bool,
}

impl Staff {
    /// Whether every department is seen.
    #[must_use]
    pub(crate) const fn sees_all(&self) -> bool {
        matches!(self.role, StaffRole::Admin) || self.has_all_departments
    }

    /// Whether the desk's set-up may be changed.
    #[must_use]
    pub(crate) const fn may_set_up(&self) -> bool {
        matches!(self.role, StaffRole::Admin) || self.has_setup
    }
}

/// What it takes to make a staff account.
#[derive(Clone, Debug)]
pub struct NewStaff<'a> {
    /// Login name, unique without case.
    pub username: &'a str,
    /// Full name.
    pub fullname: &'a str,
    /// Address.
    pub email: &'a EmailAddress,
    /// Argon2id hash, or empty for no login yet.
    pub password_hash: &'a str,
    /// What the account may do.
    pub role: StaffRole,
    /// Whether the account may be used.
    pub is_active: bool,
    /// Base32 secret, empty for none.
    pub totp_secret: &'a str,
}

fn staff(row: &Row<'_>) -> Result<Staff> {
    Ok(Staff {
        id: StaffId::new(row.get(0)?),
        username: row.get(1)?,
        fullname: row.get(2)?,
        email: row.get(3)?,
        role: row.get(4)?,
        is_active: row.get(5)?,
        registered_at: Timestamp::from_unix(row.get(6)?),
        last_login_at: Timestamp::from_unix(row.get(7)?),
        has_totp: row.get(8)?,
        has_all_departments: row.get(9)?,
        has_setup: row.get(10)?,
    })
}

/// What Servetel's call says about a staff member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaffProfile<'a> {
    /// May pass staff/auth.
    pub has_login: bool,
    /// Is notified of tickets.
    pub has_notifications: bool,
    /// On-duty hours; `None`: always on duty.
    pub schedule: Option<ScheduleId>,
    /// Telephony data, a JSON object.
    pub telephony: &'a str,
}

/// What changes about a staff account; `None` leaves as is.
#[derive(Clone, Debug, Default)]
pub struct StaffChange<'a> {
    /// Full name.
    pub fullname: Option<&'a str>,
    /// Address.
    pub email: Option<&'a EmailAddress>,
    /// 1 admin, 2 agent.
    pub role: Option<StaffRole>,
    /// May work at all.
    pub is_active: Option<bool>,
    /// May pass staff/auth.
    pub has_login: Option<bool>,
    /// Is notified of tickets.
    pub has_notifications: Option<bool>,
    /// Sees every department.
    pub has_all_departments: Option<bool>,
    /// May change the desk's set-up.
    pub has_setup: Option<bool>,
}

/// A staff member who may have to be notified of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffToNotify {
    /// Full name.
    pub fullname: String,
    /// Address.
    pub email: String,
    /// On-duty hours; empty: always.
    pub hours: String,
    /// Time zone of the hours.
    pub timezone: String,
}

impl ReadTx<'_> {
    /// The active staff member who has that address, without case.
    pub fn staff_by_email(&self, email: &str) -> Result<Option<Staff>> {
        self.one(
            "SELECT id, username, fullname, email, role, is_active, registered_at, last_login_at, totp_secret <> '', \
             has_all_departments, has_setup FROM staff WHERE email = $1 AND is_active = 1 ORDER BY id LIMIT 1",
            [email],
            staff,
        )
    }

    /// The staff member with that id.
    pub fn staff(&self, id: StaffId) -> Result<Option<Staff>> {
        self.one(
            "SELECT id, username, fullname, email, role, is_active, registered_at, last_login_at, totp_secret <> '', \
             has_all_departments, has_setup FROM staff WHERE id = $1",
            [id.get()],
            staff,
        )
    }

    /// The staff member with that login name, without case.
    pub fn staff_by_username(&self, username: &str) -> Result<Option<Staff>> {
        self.one(
            "SELECT id, username, fullname, email, role, is_active, registered_at, last_login_at, totp_secret <> '', \
             has_all_departments, has_setup FROM staff WHERE username = $1",
            [username],
            staff,
        )
    }

    /// Every staff member by id.
    pub fn all_staff(&self) -> Result<Vec<Staff>> {
        self.all(
            "SELECT id, username, fullname, email, role, is_active, registered_at, last_login_at, totp_secret <> '', \
             has_all_departments, has_setup FROM staff ORDER BY id",
            [],
            staff,
        )
    }

    /// The departments a staff member is tied to, by id.
    pub fn staff_departments(&self, id: StaffId) -> Result<Vec<DepartmentId>> {
        self.all(
            "SELECT department_id FROM staff_department WHERE staff_id = $1 ORDER BY department_id",
            [id.get()],
            |row| Ok(DepartmentId::new(row.get(0)?)),
        )
    }

    /// The departments whose tickets a staff member sees, by id.
    pub fn departments_seen(&self, staff: &Staff) -> Result<Vec<DepartmentId>> {
        if staff.sees_all() {
            return self.all("SELECT id FROM department ORDER BY id", [], |row| Ok(DepartmentId::new(row.get(0)?)));
        }
        self.staff_departments(staff.id)
    }

    /// Whether a staff account has that address, active or not.
    pub fn is_staff_address(&self, email: &EmailAddress) -> Result<bool> {
        Ok(self.number("SELECT EXISTS (SELECT 1 FROM staff WHERE email = $1)", [email.as_str()])? > 0)
    }

    /// A staff member's telephony data (a JSON object) and the name of the schedule, empty for none.
    pub fn staff_profile(&self, id: StaffId) -> Result<Option<(String, String)>> {
        self.one(
            "SELECT staff.profile, coalesce(schedule.name, '') FROM staff \
             LEFT JOIN schedule ON schedule.id = staff.schedule_id WHERE staff.id = $1",
            [id.get()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Whether a staff member may log in, and whether they are notified of tickets, besides being active.
    pub fn staff_switches(&self, id: StaffId) -> Result<Option<(bool, bool)>> {
        self.one("SELECT has_login, has_notifications FROM staff WHERE id = $1", [id.get()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    }

    /// The time zone a staff member had chosen in HelpDeskZ; empty for none.
    pub fn staff_timezone(&self, id: StaffId) -> Result<String> {
        let found = self.one("SELECT timezone FROM staff WHERE id = $1", [id.get()], |row| row.get(0))?;
        Ok(found.unwrap_or_default())
    }

    /// The active members of a department who want to be notified of tickets, with their hours, by id.
    pub fn staff_to_notify(&self, department: DepartmentId) -> Result<Vec<StaffToNotify>> {
        self.all(
            "SELECT staff.fullname, staff.email, coalesce(schedule.hours, ''), coalesce(schedule.timezone, '') \
             FROM staff_department JOIN staff ON staff.id = staff_department.staff_id \
             LEFT JOIN schedule ON schedule.id = staff.schedule_id \
             WHERE staff_department.department_id = $1 AND staff.is_active = 1 AND staff.has_notifications = 1 \
             ORDER BY staff.id",
            [department.get()],
            |row| {
                Ok(StaffToNotify {
                    fullname: row.get(0)?,
                    email: row.get(1)?,
                    hours: row.get(2)?,
                    timezone: row.get(3)?,
                })
            },
        )
    }
}

/// Changes.
impl WriteTx<'_> {
    /// Makes a staff account.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] when the username is in use, [`crate::store::Error::HeldAddress`] when the address is.
    pub fn add_staff(&self, new: &NewStaff<'_>, departments: &[DepartmentId], now: Timestamp) -> Result<StaffId> {
        self.require_free(new.email, Purpose::Staff(None))?;
        let id = self.insert(
            "INSERT INTO staff (username, fullname, email, password_hash, role, is_active, registered_at, totp_secret) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            (
                new.username,
                new.fullname,
                new.email.as_str(),
                new.password_hash,
                new.role,
                new.is_active,
                now.unix(),
                new.totp_secret,
            ),
        )?;
        let id = StaffId::new(id);
        self.tie_to_departments(id, departments)?;
        self.note_set_up(SetUpChange::Added, &format!("staff {id} {}", new.username))?;
        Ok(id)
    }

    /// Ties a staff member to exactly these departments.
    pub fn set_staff_departments(&self, id: StaffId, departments: &[DepartmentId]) -> Result<()> {
        self.tie_to_departments(id, departments)?;
        self.note_staff_change(id, "departments")
    }

    pub(super) fn note_staff_change(&self, id: StaffId, what: &str) -> Result<()> {
        let username = self.staff(id)?.map(|staff| staff.username).unwrap_or_default();
        self.note_set_up(SetUpChange::Changed, &format!("staff {id} {username}: {what}"))
    }

    fn tie_to_departments(&self, id: StaffId, departments: &[DepartmentId]) -> Result<()> {
        self.run("DELETE FROM staff_department WHERE staff_id = $1", [id.get()])?;
        for department in departments {
            self.run(
                "INSERT INTO staff_department (staff_id, department_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                (id.get(), department.get()),
            )?;
        }
        Ok(())
    }

    /// Writes a staff member's profile. Who may not log in any more is signed out.
    pub fn set_staff_profile(&self, id: StaffId, profile: &StaffProfile<'_>) -> Result<()> {
        if !profile.has_login {
            self.end_sessions_of_staff(id)?;
        }
        self.run(
            "UPDATE staff SET has_login = $1, has_notifications = $2, schedule_id = $3, profile = $4 WHERE id = $5",
            (
                profile.has_login,
                profile.has_notifications,
                profile.schedule.map(ScheduleId::get),
                profile.telephony,
                id.get(),
            ),
        )?;
        self.note_staff_change(id, "profile")
    }

    /// Changes a staff account. Another role or a lock ends its sessions.
    ///
    /// # Errors
    /// [`crate::store::Error::HeldAddress`] when the address it is to have has another use.
    pub fn update_staff(&self, id: StaffId, change: &StaffChange<'_>) -> Result<()> {
        if let (Some(email), Some(own)) = (change.email, self.staff(id)?)
            && !own.email.eq_ignore_ascii_case(email.as_str())
        {
            self.require_free(email, Purpose::Staff(Some(id)))?;
        }
        self.run(
            "DELETE FROM session WHERE staff_id = $1 AND EXISTS (SELECT 1 FROM staff WHERE id = $1 \
             AND (role <> coalesce($2, role) OR is_active <> coalesce($3, is_active) OR has_login <> coalesce($4, has_login) \
             OR has_setup <> coalesce($5, has_setup)))",
            (id.get(), change.role, change.is_active, change.has_login, change.has_setup),
        )?;
        self.run(
            "UPDATE staff SET fullname = coalesce($1, fullname), email = coalesce($2, email), role = coalesce($3, role), \
             is_active = coalesce($4, is_active), has_login = coalesce($5, has_login), \
             has_notifications = coalesce($6, has_notifications), \
             has_all_departments = coalesce($7, has_all_departments), has_setup = coalesce($8, has_setup) WHERE id = $9",
            (
                change.fullname,
                change.email.map(EmailAddress::as_str),
                change.role,
                change.is_active,
                change.has_login,
                change.has_notifications,
                change.has_all_departments,
                change.has_setup,
                id.get(),
            ),
        )?;
        self.note_staff_change(id, "account")
    }

    /// Sets a password and ends every session. An account that never had one was waiting for it, and is active from
    /// now on.
    pub fn set_staff_password(&self, id: StaffId, password_hash: &str) -> Result<()> {
        self.end_sessions_of_staff(id)?;
        self.run(
            "UPDATE staff SET password_hash = $1, is_active = CASE WHEN password_hash = '' THEN 1 ELSE is_active END \
             WHERE id = $2",
            (password_hash, id.get()),
        )?;
        self.note_staff_change(id, "password")
    }

    /// Sets the secret of the second factor; empty switches it off. Ends every session, and the recovery codes work no
    /// more.
    pub fn set_totp_secret(&self, id: StaffId, secret: &str) -> Result<()> {
        self.end_sessions_of_staff(id)?;
        self.set_recovery_codes(id, &[])?;
        self.run("UPDATE staff SET totp_secret = $1, totp_last_step = 0 WHERE id = $2", (secret, id.get()))?;
        self.note_staff_change(id, "second factor")
    }
}

/// Changes that reach into tickets.
impl TicketRows<'_> {
    /// Removes a staff account; what it wrote stays. Says whether there was one.
    pub fn remove_staff(&self, id: StaffId) -> Result<bool> {
        if let Some(gone) = self.staff(id)? {
            self.note_set_up(SetUpChange::Removed, &format!("staff {id} {}", gone.username))?;
        }
        Ok(self.run("DELETE FROM staff WHERE id = $1", [id.get()])? > 0)
    }
}
