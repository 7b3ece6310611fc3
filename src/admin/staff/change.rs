//! `admin staff update`, `remove` and `password`.

use std::path::PathBuf;

use anyhow::bail;

use super::super::removal::{Loss, Removal};
use super::super::{Desk, missing, nothing_to_change, secret_from_file, secret_from_stdin};
use super::{Role, as_json, check_departments, fullname, hashed, show};
use crate::domain::{DepartmentId, EmailAddress};
use crate::store::Error;
use crate::store::accounts::StaffChange;
use crate::store::people::Staff;

/// Options of `admin staff update`.
#[derive(Debug, clap::Args)]
pub struct Update {
    /// Login name
    username: String,
    /// Full name
    #[arg(long)]
    name: Option<String>,
    /// Address
    #[arg(long)]
    email: Option<EmailAddress>,
    /// admin: every department; agent: those named
    #[arg(long, value_enum)]
    role: Option<Role>,
    /// Department id, in place of those before; may be repeated
    #[arg(long, value_name = "ID", conflicts_with = "no_departments", value_parser = crate::admin::id)]
    department: Vec<i64>,
    /// Tied to no department
    #[arg(long)]
    no_departments: bool,
    /// On-duty hours, by the name of a schedule; empty: always on duty
    #[arg(long, value_name = "NAME")]
    schedule: Option<String>,
    /// Whether the account may be used
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
    active: Option<bool>,
    /// Whether the account may pass staff/auth
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
    login: Option<bool>,
    /// Whether the account is told of tickets
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
    notifications: Option<bool>,
}

/// Options of `admin staff password`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("password").required(true)))]
pub struct Password {
    /// Login name
    username: String,
    /// Read the password from stdin
    #[arg(long, group = "password")]
    password_stdin: bool,
    /// Read the password from a file (0600)
    #[arg(long, value_name = "FILE", group = "password")]
    password_file: Option<PathBuf>,
}

impl Update {
    /// Whether it names nothing to change.
    fn is_empty(&self) -> bool {
        let switches = [self.active, self.login, self.notifications];
        let texts = self.name.is_some() || self.email.is_some() || self.schedule.is_some();
        let place = self.role.is_some() || self.no_departments || !self.department.is_empty();
        !texts && !place && switches.iter().all(Option::is_none)
    }
}

pub(super) fn update(desk: &Desk, wanted: &Update) -> anyhow::Result<()> {
    if wanted.is_empty() {
        return nothing_to_change();
    }
    let name = wanted.name.as_deref().map(fullname).transpose()?;
    let departments: Vec<DepartmentId> = wanted.department.iter().copied().map(DepartmentId::new).collect();
    let change = StaffChange {
        fullname: name,
        email: wanted.email.as_ref(),
        role: wanted.role.map(Role::number),
        is_active: wanted.active,
        has_login: wanted.login,
        has_notifications: wanted.notifications,
    };
    desk.store.write(|tx| {
        let Some(staff) = tx.staff_by_username(&wanted.username)? else { return missing("staff", &wanted.username) };
        check_departments(tx, &departments)?;
        if let Some(name) = &wanted.schedule {
            let schedule = tx.schedule_named(name)?.map(|schedule| schedule.id);
            if schedule.is_none() && !name.is_empty() {
                return missing("schedule", name);
            }
            tx.set_staff_schedule(staff.id, schedule)?;
        }
        tx.update_staff(staff.id, &change)?;
        if wanted.no_departments || !departments.is_empty() {
            tx.set_staff_departments(staff.id, &departments)?;
        }
        Ok(())
    })?;
    show(desk, &wanted.username)
}

pub(super) fn remove(desk: &Desk, username: &str, removal: Removal) -> anyhow::Result<()> {
    let staff = existing(desk, username)?;
    let deed = format!("remove staff {} ({}); the messages stay", staff.username, staff.fullname);
    let loss = Loss::alone(&deed);
    if !removal.is_agreed(&desk.out, &loss)? {
        return Ok(());
    }
    desk.store.write(|tx| {
        let Some(staff) = tx.staff_by_username(username)? else { return missing("staff", username) };
        tx.remove_staff(staff.id)?;
        Ok(())
    })?;
    loss.happened(&desk.out, &format!("{} was removed; the messages stay", staff.username))?;
    Ok(())
}

pub(super) fn password(desk: &Desk, wanted: &Password) -> anyhow::Result<()> {
    existing(desk, &wanted.username)?;
    let secret = match &wanted.password_file {
        Some(path) => secret_from_file(path)?,
        None => secret_from_stdin()?,
    };
    let hash = hashed(&secret)?;
    let json = desk.store.write(|tx| {
        let Some(staff) = tx.staff_by_username(&wanted.username)? else { bail!("the account is gone") };
        tx.set_staff_password(staff.id, &hash)?;
        Ok(as_json(tx, &staff)?)
    })?;
    desk.out.deed(&json, &format!("the password of {} was set", wanted.username))?;
    Ok(())
}

pub(super) fn existing(desk: &Desk, username: &str) -> anyhow::Result<Staff> {
    let found = desk.store.read(|tx| tx.staff_by_username(username)).map_err(|error: Error| error)?;
    found.map_or_else(|| missing("staff", username), Ok)
}
