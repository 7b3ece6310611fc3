//! `admin department`.

use serde_json::{Value, json};

use super::removal::{self, Loss, Removal};
use super::{Desk, missing, nothing_to_change, usage};
use crate::cli::Done;
use crate::domain::DepartmentId;
use crate::store::ReadTx;
use crate::store::changes::Owner;
use crate::store::people::Department;
use crate::terminal;

/// Longest department name, in characters (HelpDeskZ's column).
const NAME_CHARS_MAX: usize = 100;

/// Verbs of `admin department`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin department add Sales
  maildesk admin department update 2 --name \"Sales and leasing\" --private true
  maildesk admin department remove 2 --dry-run")]
pub enum Command {
    /// Add a department; prints its id
    Add {
        /// Name
        name: String,
        /// Do not offer it to customers
        #[arg(long)]
        private: bool,
    },
    /// All departments
    List,
    /// One department
    Show {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
    },
    /// Rename a department or change its type
    Update {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// New name
        #[arg(long)]
        name: Option<String>,
        /// true: do not offer it to customers
        #[arg(long)]
        private: Option<bool>,
    },
    /// Remove a department with its tickets; its addresses move to the lowest one left
    Remove {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

fn as_json(department: &Department) -> Value {
    json!({ "id": department.id.get(), "name": department.name, "private": department.is_private })
}

fn checked(name: &str) -> anyhow::Result<&str> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return usage(format!("a department's name has 1 to {NAME_CHARS_MAX} characters on one line"));
    }
    Ok(name)
}

pub(super) fn run(desk: &Desk, command: Command) -> anyhow::Result<Done> {
    match command {
        Command::Add { name, private } => {
            let name = checked(&name)?;
            let id = desk.store.write(|tx| tx.add_department(name, private))?;
            let added = Department { id, name: name.to_owned(), is_private: private };
            desk.out.object(&as_json(&added), &id.to_string())?;
        }
        Command::List => {
            let all = desk.store.read(|tx| tx.departments())?;
            let rows = all.iter().map(|d| vec![d.id.to_string(), d.name.clone(), kind(d).to_owned()]).collect();
            desk.out.list(all.iter().map(as_json).collect(), &["id", "name", "type"], rows)?;
        }
        Command::Show { id } => show(desk, id)?,
        Command::Update { id, name, private } => {
            if name.is_none() && private.is_none() {
                return nothing_to_change();
            }
            let name = name.as_deref().map(checked).transpose()?;
            if !desk.store.write(|tx| tx.update_department(DepartmentId::new(id), name, private))? {
                return missing("department", id);
            }
            show(desk, id)?;
        }
        Command::Remove { id, removal } => {
            remove(desk, DepartmentId::new(id), removal)?;
        }
    }
    Ok(Done::Fully)
}

/// The department with that id or name.
pub(super) fn find(tx: &ReadTx<'_>, name: &str) -> anyhow::Result<Department> {
    if let Ok(id) = name.parse() {
        return tx.department(DepartmentId::new(id))?.map_or_else(|| missing("department", name), Ok);
    }
    let mut named = tx.departments()?.into_iter().filter(|d| d.name.to_lowercase() == name.trim().to_lowercase());
    match (named.next(), named.next()) {
        (Some(found), None) => Ok(found),
        (Some(_), Some(_)) => usage(format!("several departments are called {name:?}: name one by its id")),
        (None, _) => missing("department", format!("{name:?}")),
    }
}

fn remove(desk: &Desk, id: DepartmentId, removal: Removal) -> anyhow::Result<()> {
    let (found, belongings) = desk.store.read(|tx| {
        let Some(found) = tx.department(id)? else { return missing("department", id) };
        anyhow::Ok((found, tx.belongings(Owner::Department(id))?))
    })?;
    let deed = format!("remove department {id}, {}", found.name);
    let loss = Loss { deed: &deed, along: &removal::along(belongings), json: removal::along_json(belongings) };
    if !removal.is_agreed(&desk.out, &loss)? {
        return Ok(());
    }
    if !desk.store.write(|tx| tx.remove_department(id))? {
        return missing("department", id);
    }
    loss.happened(&desk.out, &format!("department {id} and its tickets were removed"))?;
    Ok(())
}

const fn kind(department: &Department) -> &'static str {
    if department.is_private { "private" } else { "public" }
}

fn show(desk: &Desk, id: i64) -> anyhow::Result<()> {
    let Some(found) = desk.store.read(|tx| tx.department(DepartmentId::new(id)))? else {
        return missing("department", id);
    };
    desk.out.object(&as_json(&found), &format!("{id}  {}  {}", terminal::line(&found.name), kind(&found)))?;
    Ok(())
}
