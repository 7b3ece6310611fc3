//! `admin user`: customers.

use serde_json::{Value, json};

use super::{Desk, missing, output, usage};
use crate::cli::Done;
use crate::domain::{EmailAddress, UserId};
use crate::store::ReadTx;
use crate::store::people::{Customer, FULLNAME_CHARS_MAX};

/// Verbs of `admin user`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a customer; prints the id
    Add {
        /// Address
        email: EmailAddress,
        /// Full name [default: the address's local part]
        #[arg(long)]
        name: Option<String>,
    },
    /// Customers, newest first
    List {
        /// Only those whose name or address holds this
        #[arg(long, value_name = "TEXT", default_value = "")]
        search: String,
        /// At most this many
        #[arg(long, default_value_t = 1000)]
        limit: usize,
    },
    /// One customer
    Show {
        /// Id or address
        user: String,
    },
    /// Change a customer's name or address
    Update {
        /// Id or address
        user: String,
        /// New full name
        #[arg(long)]
        name: Option<String>,
        /// New address
        #[arg(long)]
        email: Option<EmailAddress>,
    },
    /// Remove a customer with all tickets
    Remove {
        /// Id or address
        user: String,
    },
}

fn as_json(customer: &Customer) -> Value {
    json!({
        "id": customer.id.get(), "fullname": customer.fullname, "email": customer.email,
        "active": customer.is_active, "registered_at": customer.registered_at.unix(),
        "mobile": customer.mobile, "country_code": customer.country_code,
        "verified": customer.verified_at.unix() > 0,
    })
}

/// The customer with that id or address.
pub(super) fn find(tx: &ReadTx<'_>, name: &str) -> anyhow::Result<Customer> {
    let found = match name.parse::<i64>() {
        Ok(id) => tx.customer(UserId::new(id))?,
        Err(_) => tx.customer_by_email(name)?,
    };
    found.map_or_else(|| missing("user", name), Ok)
}

fn checked(name: &str) -> anyhow::Result<&str> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > FULLNAME_CHARS_MAX {
        return usage(format!("a name has 1 to {FULLNAME_CHARS_MAX} characters"));
    }
    Ok(name)
}

pub(super) fn run(desk: &Desk, command: Command) -> anyhow::Result<Done> {
    match command {
        Command::Add { email, name } => {
            let name = checked(name.as_deref().unwrap_or_else(|| email.local_part()))?.to_owned();
            let id = desk.store.write(|tx| tx.add_customer(&name, &email, desk.now)).map_err(|e| taken(e, &email))?;
            let added = desk.store.read(|tx| find(tx, &id.to_string()))?;
            desk.out.object(&as_json(&added), &id.to_string())?;
        }
        Command::List { search, limit } => {
            let found = desk.store.read(|tx| tx.customers_like(&search, limit))?;
            let rows = found
                .iter()
                .map(|c| vec![c.id.to_string(), c.fullname.clone(), c.email.clone(), output::time(c.registered_at)]);
            desk.out.list(found.iter().map(as_json).collect(), &["id", "name", "address", "since"], rows.collect())?;
        }
        Command::Show { user } => show(desk, &user)?,
        Command::Update { user, name, email } => {
            let name = name.as_deref().map(checked).transpose()?;
            let id = desk.store.read(|tx| find(tx, &user))?.id;
            let changed = desk.store.write(|tx| tx.update_customer(id, name, email.as_ref()));
            match email {
                Some(email) => changed.map_err(|e| taken(e, &email))?,
                None => changed?,
            };
            show(desk, &id.to_string())?;
        }
        Command::Remove { user } => {
            let id = desk.store.read(|tx| find(tx, &user))?.id;
            desk.store.write(|tx| tx.remove_customer(id))?;
            desk.out.say(&format!("user {user} and all tickets were removed"));
        }
    }
    Ok(Done::Fully)
}

fn taken(error: crate::store::Error, email: &EmailAddress) -> anyhow::Error {
    match error {
        crate::store::Error::Taken(_) => anyhow::anyhow!("the address {email} belongs to another user"),
        other => other.into(),
    }
}

fn show(desk: &Desk, name: &str) -> anyhow::Result<()> {
    let found = desk.store.read(|tx| find(tx, name))?;
    let text = format!(
        "id          {}\nname        {}\naddress     {}\nregistered  {}",
        found.id,
        output::printable(&found.fullname),
        found.email,
        output::time(found.registered_at)
    );
    desk.out.object(&as_json(&found), &text)?;
    Ok(())
}
