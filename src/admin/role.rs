//! `admin role`: the roles staff can have. They are fixed; their numbers are what Servetel's call names.

use serde_json::json;

use super::Context;
use crate::domain::staff_role::StaffRole;
use crate::outcome::{self, Done};

/// What a role may see.
const fn meaning(role: StaffRole) -> &'static str {
    match role {
        StaffRole::Admin => "every department",
        StaffRole::Agent => "the departments named for each account",
    }
}

/// Verbs of `admin role`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Example:
  maildesk admin role list --json")]
pub(crate) enum Command {
    /// The roles staff can have
    List,
}

pub(super) fn run(context: &Context, command: &Command) -> outcome::Result<Done> {
    match command {
        Command::List => {
            let json = StaffRole::ALL
                .iter()
                .map(|role| json!({ "id": role.number(), "name": role.word(), "meaning": meaning(*role) }));
            let rows = StaffRole::ALL
                .iter()
                .map(|role| vec![role.number().to_string(), role.to_string(), meaning(*role).to_owned()]);
            context.output.list(json.collect(), &["id", "name", "may see"], rows.collect())?;
        }
    }
    Ok(Done)
}
