//! `admin user`: customers.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, nothing_to_change, output, say_if_cut, usage};
use crate::admin::random;
use crate::api::token_hash;
use crate::desk::notify;
use crate::domain::one_line::is_one_line;
use crate::domain::{EmailAddress, UserId};
use crate::outcome::{self, Done, Failure};
use crate::store::ReadTx;
use crate::store::customer::{Customer, FULLNAME_CHARS_MAX};
use crate::store::ticket::Owner;
use crate::terminal;

/// Verbs of `admin user`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin user add ann@example.org --name 'Ann Ode'
  maildesk admin user list --search müller
  maildesk admin user update ann@example.org --active false
  maildesk admin user merge 17 12 --dry-run")]
pub(crate) enum Command {
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
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
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
    /// Change a customer's name or address, or block them
    Update {
        /// Id or address
        user: String,
        /// New full name
        #[arg(long)]
        name: Option<String>,
        /// New address
        #[arg(long)]
        email: Option<EmailAddress>,
        /// Whether they may sign in; false blocks them and ends their sessions, their mail is still taken
        #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
        active: Option<bool>,
    },
    /// Remove a customer with all tickets
    Remove {
        /// Id or address
        user: String,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
    /// Give everything of one customer to another and remove the first
    #[command(after_help = "Answers in the moved tickets still go to the address they went to before.")]
    Merge {
        /// Id or address of the customer that ends
        from: String,
        /// Id or address of the customer that goes on
        into: String,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
    /// Mail a customer a link that confirms the address (template new_user)
    Invite {
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
pub(super) fn find(tx: &ReadTx<'_>, name: &str) -> outcome::Result<Customer> {
    let found = match super::id_in(name) {
        Some(id) => tx.customer(UserId::new(id))?,
        None => tx.customer_by_email(name.trim())?,
    };
    found.map_or_else(|| missing("user", name), Ok)
}

fn checked(name: &str) -> outcome::Result<&str> {
    let name = name.trim();
    if !is_one_line(name, FULLNAME_CHARS_MAX) {
        return usage(format!("a name has 1 to {FULLNAME_CHARS_MAX} characters on one line"));
    }
    Ok(name)
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { email, name } => {
            let name = checked(name.as_deref().unwrap_or_else(|| email.local_part()))?.to_owned();
            let id =
                context.store.write(|tx| tx.add_customer(&name, &email, context.now)).map_err(|e| taken(e, &email))?;
            let added = context.store.read(|tx| find(tx, &id.to_string()))?;
            context.output.object(&as_json(&added), &id.to_string())?;
        }
        Command::List { search, limit } => {
            let found = context.store.read(|tx| tx.customers_like(&search, limit))?;
            let rows = found
                .iter()
                .map(|c| vec![c.id.to_string(), c.fullname.clone(), c.email.clone(), output::time(c.registered_at)]);
            context.output.list(
                found.iter().map(as_json).collect(),
                &["id", "name", "address", "since"],
                rows.collect(),
            )?;
            say_if_cut(&context.output, found.len(), limit);
        }
        Command::Show { user } => show(context, &user)?,
        Command::Update { user, name, email, active } => {
            if name.is_none() && email.is_none() && active.is_none() {
                return nothing_to_change();
            }
            let name = name.as_deref().map(checked).transpose()?;
            let id = context.store.read(|tx| find(tx, &user))?.id;
            let changed = context.store.write(|tx| {
                if name.is_some() || email.is_some() {
                    tx.update_customer(id, name, email.as_ref())?;
                }
                match active {
                    Some(active) => tx.block_customer(id, !active),
                    None => Ok(()),
                }
            });
            match email {
                Some(email) => changed.map_err(|e| taken(e, &email))?,
                None => changed?,
            };
            show(context, &id.to_string())?;
        }
        Command::Remove { user, removal } => remove(context, &user, removal)?,
        Command::Merge { from, into, removal } => merge(context, &from, &into, removal)?,
        Command::Invite { user } => invite(context, &user)?,
    }
    Ok(Done)
}

fn remove(context: &Context, name: &str, removal: Removal) -> outcome::Result<()> {
    let (found, belongings) = context.store.read(|tx| {
        let found = find(tx, name)?;
        let belongings = tx.belongings(Owner::Customer(found.id))?;
        Ok::<_, Failure>((found, belongings))
    })?;
    let loss = RemovalPreview::with(format!("remove user {} {}", found.id, found.email), "their", belongings);
    if removal.is_agreed(&context.output, &loss)? {
        context.change(|change| change.remove_customer(found.id))?;
        loss.happened(&context.output, &format!("done: {}", loss.sentence()))?;
    }
    Ok(())
}

/// The two customers of a merge.
fn mergeable(tx: &ReadTx<'_>, from: &str, into: &str) -> outcome::Result<(Customer, Customer)> {
    let (source, target) = (find(tx, from)?, find(tx, into)?);
    if source.id == target.id {
        return usage(format!("{from} and {into} are the same user"));
    }
    Ok((source, target))
}

fn merge(context: &Context, from: &str, into: &str, removal: Removal) -> outcome::Result<()> {
    let (source, target, belongings) = context.store.read(|tx| {
        let (source, target) = mergeable(tx, from, into)?;
        let belongings = tx.belongings(Owner::Customer(source.id))?;
        Ok::<_, Failure>((source, target, belongings))
    })?;
    let loss = RemovalPreview::with(format!("merge user {} {}", source.id, source.email), "their", belongings)
        .ending(format!(" into user {} {}", target.id, target.email));
    if !removal.is_agreed(&context.output, &loss)? {
        return Ok(());
    }
    context.store.write(|tx| {
        let (source, target) = mergeable(tx, from, into)?;
        Ok::<_, Failure>(context.changes(tx, &tx.settings()?).merge_customers(&source, &target)?)
    })?;
    show(context, &target.id.to_string())
}

/// Mails a new activation link; an older one ends with it.
fn invite(context: &Context, name: &str) -> outcome::Result<()> {
    let bytes = random::<32>()?;
    let code = HEXLOWER.encode(&bytes);
    let found = context.store.write(|tx| {
        let found = find(tx, name)?;
        tx.set_activation(found.id, &token_hash(&code), context.now)?;
        notify::new_user(tx, &tx.settings()?, found.id, &code, context.now)?;
        Ok::<_, Failure>(found)
    })?;
    let json = json!({ "user_id": found.id.get(), "email": found.email, "queued": 1 });
    context.output.object(&json, &format!("a link for {} is in the outbox", terminal::line(&found.email)))?;
    Ok(())
}

fn taken(error: crate::store::Error, email: &EmailAddress) -> Failure {
    match error {
        crate::store::Error::Taken(_) => Failure::other(format!("the address {email} belongs to another user")),
        other => other.into(),
    }
}

fn show(context: &Context, name: &str) -> outcome::Result<()> {
    let found = context.store.read(|tx| find(tx, name))?;
    let text = format!(
        "id          {}\nname        {}\naddress     {}\nstate       {}\nmobile      {}\nverified    {}\nregistered  {}",
        found.id,
        terminal::line(&found.fullname),
        terminal::line(&found.email),
        if found.is_active { "active" } else { "blocked" },
        terminal::line([&found.country_code, " ", &found.mobile].concat().trim()),
        output::time(found.verified_at),
        output::time(found.registered_at)
    );
    context.output.object(&as_json(&found), &text)?;
    Ok(())
}
