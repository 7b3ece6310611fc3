//! Changing staff accounts after they were made.

use super::ticket::rows::TicketRows;
use super::{ReadTx, Result, WriteTx};
use crate::domain::staff_role::StaffRole;
use crate::domain::{EmailAddress, StaffId};

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
    /// Is told of tickets.
    pub has_notifications: Option<bool>,
}

impl ReadTx<'_> {
    /// Whether a staff member may log in and is told of tickets, beside being active.
    ///
    /// # Errors
    /// Those of the database, here and in every verb of this file.
    pub fn staff_switches(&self, id: StaffId) -> Result<Option<(bool, bool)>> {
        self.one("SELECT has_login, has_notifications FROM staff WHERE id = $1", [id.get()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    }
}

impl WriteTx<'_> {
    /// Changes a staff account.
    ///
    /// # Errors
    /// Those of the database.
    pub fn update_staff(&self, id: StaffId, change: &StaffChange<'_>) -> Result<()> {
        self.run(
            "UPDATE staff SET fullname = coalesce($1, fullname), email = coalesce($2, email), role = coalesce($3, role), \
             is_active = coalesce($4, is_active), has_login = coalesce($5, has_login), \
             has_notifications = coalesce($6, has_notifications) WHERE id = $7",
            (
                change.fullname,
                change.email.map(EmailAddress::as_str),
                change.role,
                change.is_active,
                change.has_login,
                change.has_notifications,
                id.get(),
            ),
        )?;
        Ok(())
    }

    /// Sets a password. An account that never had one waited for it, and is active from now on.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_staff_password(&self, id: StaffId, password_hash: &str) -> Result<()> {
        self.run(
            "UPDATE staff SET password_hash = $1, is_active = CASE WHEN password_hash = '' THEN 1 ELSE is_active END \
             WHERE id = $2",
            (password_hash, id.get()),
        )?;
        Ok(())
    }

    /// Sets the secret of the second factor; empty switches it off.
    ///
    /// # Errors
    /// Those of the database.
    pub fn set_totp_secret(&self, id: StaffId, secret: &str) -> Result<()> {
        self.run("UPDATE staff SET totp_secret = $1, totp_last_step = 0 WHERE id = $2", (secret, id.get()))?;
        Ok(())
    }
}

/// Changes that reach into tickets.
impl TicketRows<'_> {
    /// Removes a staff account; what it wrote stays. Says whether there was one.
    ///
    /// # Errors
    /// Those of the database.
    pub fn remove_staff(&self, id: StaffId) -> Result<bool> {
        Ok(self.run("DELETE FROM staff WHERE id = $1", [id.get()])? > 0)
    }
}
