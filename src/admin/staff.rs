//! `admin staff`: adding and showing accounts; `change`, `second_factor` and `profile` have the rest.

mod change;
mod profile;
mod second_factor;

use std::path::PathBuf;

use serde_json::{Value, json};

use super::removal::Removal;
use super::{Context, complete, department, named, output, secret_from_stdin, usage};
use crate::domain::one_line::is_one_line;
use crate::domain::staff_role::StaffRole;
use crate::domain::{DepartmentId, EmailAddress, comparable_address};
use crate::outcome::{self, Done, Failure, bail};
use crate::secret_file;
use crate::store::customer::FULLNAME_CHARS_MAX;
use crate::store::staff::{NewStaff, Staff};
use crate::store::{Error, ReadTx};
use crate::terminal;
use crate::{password, totp};

/// Verbs of `admin staff`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin staff add sam --name 'Sam Poe' --email sam@example.org --role agent --department 2 --password-file sam.pass
  maildesk admin staff update sam --schedule office --notifications true
  maildesk admin staff totp enable sam")]
pub(crate) enum Command {
    /// Add a staff member; prints the id
    Add(Add),
    /// All staff
    List,
    /// One staff member
    Show {
        /// Login name, id or address
        #[arg(add = complete::staff())]
        username: String,
    },
    /// Change a staff member
    Update(change::Update),
    /// Remove a staff member; their messages stay
    Remove {
        /// Login name, id or address
        #[arg(add = complete::staff())]
        username: String,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
    /// Set a password
    Password(change::Password),
    /// The second factor of the login
    #[command(subcommand)]
    Totp(second_factor::Command),
}

/// Options of `admin staff add`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("password").required(true)))]
pub(crate) struct Add {
    /// Login name: letters, digits, - and _
    username: String,
    /// Full name
    #[arg(long)]
    name: String,
    /// Address
    #[arg(long)]
    email: EmailAddress,
    /// admin: every department; agent: those named
    #[arg(long, value_enum)]
    role: StaffRole,
    /// Department, by id or name; may be repeated
    #[arg(long, value_name = "ID", add = complete::departments())]
    department: Vec<String>,
    /// Read the password from stdin
    #[arg(long, group = "password")]
    password_stdin: bool,
    /// Read the password from a file (0600)
    #[arg(long, value_name = "FILE", group = "password")]
    password_file: Option<PathBuf>,
    /// The account may not be used yet
    #[arg(long)]
    inactive: bool,
    /// Secret of the second factor, in base32
    #[arg(long, value_name = "BASE32")]
    totp_secret: Option<String>,
}

fn as_json(tx: &ReadTx<'_>, staff: &Staff) -> Result<Value, Error> {
    let departments: Vec<i64> = tx.staff_departments(staff.id)?.into_iter().map(DepartmentId::get).collect();
    let mut json = json!({
        "id": staff.id.get(), "username": staff.username, "fullname": staff.fullname, "email": staff.email,
        "role": staff.role.word(), "departments": departments, "active": staff.is_active, "all_departments": staff.sees_all(), "set_up": staff.may_set_up(), "totp": staff.has_totp,
        "registered_at": staff.registered_at.unix(), "last_login_at": staff.last_login_at.unix(),
    });
    profile::add_to(&mut json, tx, staff.id)?;
    Ok(json)
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add(new) => add(context, &new)?,
        Command::List => {
            let (staff, json) = context.store.read(|tx| {
                let staff = tx.all_staff()?;
                let json = staff.iter().map(|s| as_json(tx, s)).collect::<Result<Vec<_>, _>>()?;
                Ok::<_, Error>((staff, json))
            })?;
            let rows = staff.iter().map(|s| {
                let active = if s.is_active { "active" } else { "inactive" };
                let role = s.role.word().to_owned();
                vec![s.id.to_string(), s.username.clone(), s.fullname.clone(), s.email.clone(), role, active.to_owned()]
            });
            context.output.list(json, &["id", "username", "name", "address", "role", "state"], rows.collect())?;
        }
        Command::Show { username } => show(context, &username)?,
        Command::Update(wanted) => change::update(context, &wanted)?,
        Command::Remove { username, removal } => change::remove(context, &username, removal)?,
        Command::Password(wanted) => change::password(context, &wanted)?,
        Command::Totp(command) => second_factor::run(context, &command)?,
    }
    Ok(Done)
}

fn show(context: &Context, username: &str) -> outcome::Result<()> {
    let found = context.store.read(|tx| {
        let staff = find(tx, username)?;
        let json = as_json(tx, &staff)?;
        Ok::<_, Failure>((staff, json))
    })?;
    let (staff, json) = found;
    let text = format!(
        "id          {}\nusername    {}\nname        {}\naddress     {}\nrole        {}\nstate       {}\nregistered  {}{}",
        staff.id,
        terminal::line(&staff.username),
        terminal::line(&staff.fullname),
        terminal::line(&staff.email),
        staff.role.word(),
        if staff.is_active { "active" } else { "inactive" },
        output::time(staff.registered_at),
        profile::lines(&json)
    );
    context.output.object(&json, &text)?;
    Ok(())
}

/// A full name that can be kept.
pub(super) fn fullname(name: &str) -> outcome::Result<&str> {
    let name = name.trim();
    if !is_one_line(name, FULLNAME_CHARS_MAX) {
        return usage(format!("a name has 1 to {FULLNAME_CHARS_MAX} characters on one line"));
    }
    Ok(name)
}

/// Whether a login name may hold this.
pub(super) const fn is_login_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

/// A password as it is stored; one that cannot be taken is a usage error.
pub(super) fn hashed(secret: &str) -> outcome::Result<String> {
    match password::hash(secret) {
        Err(refused @ (password::Error::TooShort | password::Error::TooLong)) => usage(refused.to_string()),
        other => Ok(other?),
    }
}

/// The staff member with that login name or id, or the only one with that address or full name. A login name may be all
/// digits, so it goes before an id without `#`.
pub(super) fn find(tx: &ReadTx<'_>, name: &str) -> outcome::Result<Staff> {
    if let Some(found) = tx.staff_by_username(name.trim())? {
        return Ok(found);
    }
    let address = comparable_address(name.trim()).to_lowercase();
    let is_named =
        |one: &Staff, wanted: &str| one.email.to_lowercase() == address || one.fullname.to_lowercase() == wanted;
    named("staff", name, tx.all_staff()?, |one, id| one.id.get() == id, is_named)
}

fn add(context: &Context, new: &Add) -> outcome::Result<()> {
    if new.username.is_empty() || !new.username.chars().all(is_login_char) {
        return usage(format!("the login name {:?} may only hold letters, digits, - and _", new.username));
    }
    let fullname = fullname(&new.name)?;
    let totp_secret = match new.totp_secret.as_deref().map(totp::clean_secret).transpose() {
        Ok(secret) => secret.unwrap_or_default(),
        Err(refused) => return usage(refused.to_string()),
    };
    let secret = match &new.password_file {
        Some(path) => secret_file::read(path)?,
        None => secret_from_stdin()?,
    };
    let password_hash = hashed(&secret)?;
    let row = NewStaff {
        username: &new.username,
        fullname,
        email: &new.email,
        password_hash: &password_hash,
        role: new.role,
        is_active: !new.inactive,
        totp_secret: &totp_secret,
    };
    let id = context.store.write(|tx| {
        let departments = department::find_all(tx, &new.department)?;
        if tx.staff_by_username(&new.username)?.is_some() {
            bail!("the login name {} is in use", new.username);
        }
        match tx.add_staff(&row, &departments, context.now) {
            Err(Error::Taken(_)) => bail!("the login name {} is in use", new.username),
            other => Ok(other?),
        }
    })?;
    let json = context.store.read(|tx| {
        let staff = tx.staff(id)?;
        staff.map(|staff| as_json(tx, &staff)).transpose()
    })?;
    context.output.object(&json.unwrap_or_default(), &id.to_string())?;
    Ok(())
}
