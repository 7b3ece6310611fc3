//! `admin role`: the roles staff can have. They are fixed; their numbers are what Servetel's call names.

use serde_json::json;

use super::Context;
use crate::outcome::{self, Done};

/// Every role: its number, its word, what it may do.
pub(super) const ROLES: [(i64, &str, &str); 2] =
    [(1, "admin", "every department"), (2, "agent", "the departments named for each account")];

/// Verbs of `admin role`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Example:
  maildesk admin role list --json")]
pub enum Command {
    /// The roles staff can have
    List,
}

pub(super) fn run(desk: &Context, command: &Command) -> outcome::Result<Done> {
    match command {
        Command::List => {
            let json = ROLES.iter().map(|(id, name, meaning)| json!({ "id": id, "name": name, "meaning": meaning }));
            let rows =
                ROLES.iter().map(|(id, name, meaning)| vec![id.to_string(), (*name).to_owned(), (*meaning).to_owned()]);
            desk.out.list(json.collect(), &["id", "name", "may see"], rows.collect())?;
        }
    }
    Ok(Done)
}
