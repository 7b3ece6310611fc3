//! `admin department`.

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, complete, missing, named, nothing_to_change, usage};
use crate::domain::DepartmentId;
use crate::domain::one_line::{DEPARTMENT_CHARS_MAX, is_one_line};
use crate::outcome::{self, Done, Failure, bail};
use crate::store::ReadTx;
use crate::store::department::Department;
use crate::store::ticket::Owner;
use crate::terminal;

/// Verbs of `admin department`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin department add Sales
  maildesk admin department update 2 --name \"Sales and leasing\" --private true
  maildesk admin department remove 2 --dry-run
  maildesk admin department remove Sales --yes")]
pub(crate) enum Command {
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
        /// Id or name
        #[arg(add = complete::departments())]
        department: String,
    },
    /// Rename a department or change its type
    Update {
        /// Id or name
        #[arg(add = complete::departments())]
        department: String,
        /// New name
        #[arg(long)]
        name: Option<String>,
        /// true: do not offer it to customers
        #[arg(long)]
        private: Option<bool>,
    },
    /// Remove a department with its tickets; its addresses move to the lowest one left
    Remove {
        /// Id or name
        #[arg(add = complete::departments())]
        department: String,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

fn as_json(department: &Department) -> Value {
    json!({ "id": department.id.get(), "name": department.name, "private": department.is_private })
}

fn checked(name: &str) -> outcome::Result<&str> {
    let name = name.trim();
    if !is_one_line(name, DEPARTMENT_CHARS_MAX) {
        return usage(format!("a department's name has 1 to {DEPARTMENT_CHARS_MAX} characters on one line"));
    }
    Ok(name)
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { name, private } => {
            let name = checked(&name)?;
            let id = context.store.write(|tx| tx.add_department(name, private))?;
            let added = Department { id, name: name.to_owned(), is_private: private };
            context.output.object(&as_json(&added), &id.to_string())?;
        }
        Command::List => {
            let all = context.store.read(|tx| tx.departments())?;
            let rows = all.iter().map(|d| vec![d.id.to_string(), d.name.clone(), kind(d).to_owned()]).collect();
            context.output.list(all.iter().map(as_json).collect(), &["id", "name", "type"], rows)?;
        }
        Command::Show { department } => show(context, &context.store.read(|tx| find(tx, &department))?)?,
        Command::Update { department, name, private } => {
            if name.is_none() && private.is_none() {
                return nothing_to_change();
            }
            let name = name.as_deref().map(checked).transpose()?;
            let changed = context.store.write(|tx| {
                let found = find(tx, &department)?;
                tx.update_department(found.id, name, private)?;
                find(tx, &found.id.to_string())
            })?;
            show(context, &changed)?;
        }
        Command::Remove { department, removal } => remove(context, &department, removal)?,
    }
    Ok(Done)
}

/// The department with that id or name.
pub(super) fn find(tx: &ReadTx<'_>, name: &str) -> outcome::Result<Department> {
    let all = tx.departments()?;
    named("department", name, all, |d, id| d.id.get() == id, |d, wanted| d.name.to_lowercase() == wanted)
}

/// The ids of departments named by id or name.
pub(super) fn find_all(tx: &ReadTx<'_>, names: &[String]) -> outcome::Result<Vec<DepartmentId>> {
    names.iter().map(|name| find(tx, name).map(|found| found.id)).collect()
}

/// What is lost with a department, and where its addresses go.
fn loss(tx: &ReadTx<'_>, found: &Department) -> outcome::Result<RemovalPreview> {
    let others: Vec<Department> = tx.departments()?.into_iter().filter(|other| other.id != found.id).collect();
    let Some(next) = others.iter().min_by_key(|other| other.id) else {
        bail!(
            "department {} {:?} is the last one, and tickets need one: `maildesk admin department add NAME` makes another",
            found.id,
            found.name
        );
    };
    let belongings = tx.belongings(Owner::Department(found.id))?;
    let addresses: Vec<String> =
        tx.desk_addresses()?.into_iter().filter(|own| own.department == Some(found.id)).map(|own| own.email).collect();
    let tail = match addresses.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} moves to department {} {:?}", next.id, next.name),
        several => format!("; {} move to department {} {:?}", several.join(", "), next.id, next.name),
    };
    Ok(RemovalPreview::with(format!("remove department {} {:?}", found.id, found.name), "its", belongings).ending(tail))
}

fn remove(context: &Context, name: &str, removal: Removal) -> outcome::Result<()> {
    let (found, loss) = context.store.read(|tx| {
        let found = find(tx, name)?;
        let loss = loss(tx, &found)?;
        Ok::<_, Failure>((found, loss))
    })?;
    if !removal.is_agreed(&context.output, &loss)? {
        return Ok(());
    }
    let loss = context.store.write(|tx| {
        // Checked again: others may have removed departments while the question was open.
        let loss = self::loss(tx, &found)?;
        if !context.changes(tx, &tx.settings()?).remove_department(found.id)? {
            return missing("department", found.id);
        }
        Ok(loss)
    })?;
    loss.happened(&context.output, &format!("done: {}", loss.sentence()))?;
    Ok(())
}

const fn kind(department: &Department) -> &'static str {
    if department.is_private { "private" } else { "public" }
}

fn show(context: &Context, found: &Department) -> outcome::Result<()> {
    let text = format!("{}  {}  {}", found.id, terminal::line(&found.name), kind(found));
    context.output.object(&as_json(found), &text)?;
    Ok(())
}
