//! `admin ban`.

use serde_json::json;

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, output, usage};
use crate::domain::ban_pattern;
use crate::outcome::{self, Done};
use crate::store::{self, ReadTx};
use crate::terminal;

/// Verbs of `admin ban`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin ban add spammer.example
  maildesk admin ban add ann@example.org
  maildesk admin ban remove spammer.example")]
pub(crate) enum Command {
    /// Drop mail of this address, or of a whole domain and those below it
    Add {
        /// ann@example.org or example.org
        address_or_domain: String,
    },
    /// All bans
    List,
    /// Lift a ban
    Remove {
        /// As it was added
        address_or_domain: String,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

fn pattern(text: &str) -> outcome::Result<String> {
    ban_pattern(text).map_or_else(
        || usage(format!("{:?} is neither an address (ann@example.org) nor a domain (example.org)", text.trim())),
        Ok,
    )
}

/// Addresses of the desk itself and of active staff whose mail a ban drops.
fn hits(tx: &ReadTx<'_>, pattern: &str) -> store::Result<Vec<String>> {
    let is_hit = |email: &str| {
        let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain).to_lowercase();
        let pattern = pattern.to_lowercase();
        email.to_lowercase() == pattern || domain == pattern || domain.ends_with(&format!(".{pattern}"))
    };
    let own = tx.desk_addresses()?.into_iter().map(|own| (own.email, "an address of the desk".to_owned()));
    let staff = tx.all_staff()?.into_iter().filter(|one| one.is_active);
    let staff = staff.map(|one| (one.email, format!("the address of {}", terminal::line(&one.username))));
    let hits = own.chain(staff).filter(|(email, _)| is_hit(email));
    Ok(hits.map(|(email, whose)| format!("{}, {whose}", terminal::line(&email))).collect())
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { address_or_domain } => {
            let pattern = pattern(&address_or_domain)?;
            let hits = context.store.write(|tx| {
                tx.ban(&pattern, context.now)?;
                hits(tx, &pattern)
            })?;
            for hit in hits {
                output::complain(&format!("{pattern} holds {hit}, whose mail is dropped now"));
            }
            context.output.object(&json!({ "ban": pattern }), &pattern)?;
        }
        Command::List => {
            let bans = context.store.read(|tx| tx.bans())?;
            let json = bans.iter().map(|(pattern, at)| json!({ "ban": pattern, "created_at": at.unix() })).collect();
            let rows = bans.iter().map(|(pattern, at)| vec![pattern.clone(), output::time(*at)]).collect();
            context.output.list(json, &["ban", "since"], rows)?;
        }
        Command::Remove { address_or_domain, removal } => {
            let pattern = pattern(&address_or_domain)?;
            if !context.store.read(|tx| tx.bans())?.iter().any(|(banned, _)| banned.eq_ignore_ascii_case(&pattern)) {
                return missing("ban", pattern);
            }
            let loss = RemovalPreview::alone(format!("lift the ban of {pattern}"));
            if !removal.is_agreed(&context.output, &loss)? {
                return Ok(Done);
            }
            if !context.store.write(|tx| tx.lift_ban(&pattern))? {
                return missing("ban", pattern);
            }
            loss.happened(&context.output, &format!("mail of {pattern} is taken again"))?;
        }
    }
    Ok(Done)
}
