//! `admin staff update`, `remove` and `password`.

use std::path::PathBuf;

use super::super::removal::{Removal, RemovalPreview};
use super::super::{Context, complete, department, missing, nothing_to_change, secret_from_stdin};
use super::{as_json, find, fullname, hashed, show};
use crate::domain::EmailAddress;
use crate::domain::staff_role::StaffRole;
use crate::outcome::{self, Failure, bail};
use crate::secret_file;
use crate::store::ReadTx;
use crate::store::staff::{Staff, StaffChange};

/// Options of `admin staff update`.
#[derive(Debug, clap::Args)]
pub(crate) struct Update {
    /// Login name, id or address
    #[arg(add = complete::staff())]
    username: String,
    /// Full name
    #[arg(long)]
    name: Option<String>,
    /// Address
    #[arg(long)]
    email: Option<EmailAddress>,
    /// admin: every department; agent: those named
    #[arg(long, value_enum)]
    role: Option<StaffRole>,
    /// Department, by id or name, instead of those before; may be repeated
    #[arg(long, value_name = "ID", conflicts_with = "no_departments", add = complete::departments())]
    department: Vec<String>,
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
    /// Whether the account is notified of tickets
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
    notifications: Option<bool>,
    /// Whether an agent sees every department
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
    all_departments: Option<bool>,
    /// Whether an agent may set up the desk in the browser
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
    set_up: Option<bool>,
    /// Whether `admin ticket list` shows them their own tickets, unless they ask for others
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
    list_mine: Option<bool>,
}

/// Options of `admin staff password`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("password").required(true)))]
pub(crate) struct Password {
    /// Login name, id or address
    #[arg(add = complete::staff())]
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
        let switches = [self.active, self.login, self.notifications, self.all_departments, self.set_up, self.list_mine];
        let texts = self.name.is_some() || self.email.is_some() || self.schedule.is_some();
        let place = self.role.is_some() || self.no_departments || !self.department.is_empty();
        !texts && !place && switches.iter().all(Option::is_none)
    }
}

pub(super) fn update(context: &Context, wanted: &Update) -> outcome::Result<()> {
    if wanted.is_empty() {
        return nothing_to_change();
    }
    let name = wanted.name.as_deref().map(fullname).transpose()?;
    let change = StaffChange {
        fullname: name,
        email: wanted.email.as_ref(),
        role: wanted.role,
        is_active: wanted.active,
        has_login: wanted.login,
        has_notifications: wanted.notifications,
        has_all_departments: wanted.all_departments,
        has_setup: wanted.set_up,
    };
    context.store.write(|tx| {
        let staff = find(tx, &wanted.username)?;
        let departments = department::find_all(tx, &wanted.department)?;
        if change.is_active == Some(false) || change.role.is_some_and(|role| role != StaffRole::Admin) {
            refuse_last_admin(tx, &staff)?;
        }
        if let Some(name) = &wanted.schedule {
            let schedule = tx.schedule_named(name)?.map(|schedule| schedule.id);
            if schedule.is_none() && !name.is_empty() {
                return missing("schedule", name);
            }
            tx.set_staff_schedule(staff.id, schedule)?;
        }
        tx.update_staff(staff.id, &change)?;
        if let Some(lists_mine) = wanted.list_mine {
            let mut pages = tx.staff_pages(staff.id)?;
            pages.preferences.lists_mine = lists_mine;
            tx.set_staff_pages(staff.id, &pages)?;
        }
        if wanted.no_departments || !departments.is_empty() {
            tx.set_staff_departments(staff.id, &departments)?;
        }
        Ok(())
    })?;
    show(context, &wanted.username)
}

pub(super) fn remove(context: &Context, username: &str, removal: Removal) -> outcome::Result<()> {
    let staff = existing(context, username)?;
    context.store.read(|tx| refuse_last_admin(tx, &staff))?;
    let deed = format!("remove staff member {} {:?}", staff.username, staff.fullname);
    let loss = RemovalPreview::alone(deed).ending("; the messages stay");
    if !removal.is_agreed(&context.output, &loss)? {
        return Ok(());
    }
    context.store.write(|tx| {
        refuse_last_admin(tx, &staff)?;
        if !context.changes(tx, &tx.settings()?).remove_staff(staff.id)? {
            return missing("staff", username);
        }
        Ok(())
    })?;
    loss.happened(&context.output, &format!("{} was removed; the messages stay", staff.username))?;
    Ok(())
}

pub(super) fn password(context: &Context, wanted: &Password) -> outcome::Result<()> {
    let staff = existing(context, &wanted.username)?;
    let secret = match &wanted.password_file {
        Some(path) => secret_file::read(path)?,
        None => secret_from_stdin()?,
    };
    let hash = hashed(&secret)?;
    let json = context.store.write(|tx| {
        let staff = find(tx, &wanted.username)?;
        tx.set_staff_password(staff.id, &hash)?;
        Ok::<_, Failure>(as_json(tx, &staff)?)
    })?;
    context.output.changed(&json, &format!("the password of {} was set", staff.username))?;
    Ok(())
}

pub(super) fn existing(context: &Context, name: &str) -> outcome::Result<Staff> {
    context.store.read(|tx| find(tx, name))
}

/// Refuses what would leave a desk that has an active admin without one.
fn refuse_last_admin(tx: &ReadTx<'_>, staff: &Staff) -> outcome::Result<()> {
    let is_admin = |one: &Staff| one.is_active && one.role == StaffRole::Admin;
    if is_admin(staff) && !tx.all_staff()?.iter().any(|other| other.id != staff.id && is_admin(other)) {
        bail!(
            "{} is the last active admin",
            staff.username;
            "make another one first: `maildesk admin staff update USERNAME --role admin`"
        );
    }
    Ok(())
}
