//! `admin setting`.

use serde_json::json;

use super::{Desk, usage};
use crate::cli::Done;
use crate::store::settings::{DEFINITIONS, definition};
use crate::terminal;

/// Verbs of `admin setting`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin setting list
  maildesk admin setting get overdue_time
  maildesk admin setting set site_url https://desk.example.org")]
pub enum Command {
    /// Every setting with value, default and meaning
    List,
    /// The value of one setting
    Get {
        /// Key
        key: String,
    },
    /// Change one setting; holds for the next mail and request
    Set {
        /// Key
        key: String,
        /// Value
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
}

pub(super) fn run(desk: &Desk, command: &Command) -> anyhow::Result<Done> {
    match command {
        Command::List => {
            let settings = desk.store.read(|tx| tx.settings())?;
            let json = DEFINITIONS.iter().map(
                |d| json!({ "key": d.key, "value": settings.text(d.key), "default": d.default, "meaning": d.meaning }),
            );
            let rows = DEFINITIONS.iter().map(|d| {
                vec![d.key.to_owned(), settings.text(d.key).to_owned(), d.default.to_owned(), d.meaning.to_owned()]
            });
            desk.out.list(json.collect(), &["key", "value", "default", "meaning"], rows.collect())?;
        }
        Command::Get { key } => {
            let found = definition(key).or_else(|unknown| usage(unknown.to_string()))?;
            let settings = desk.store.read(|tx| tx.settings())?;
            let value = settings.text(found.key);
            desk.out.object(
                &json!({ "key": found.key, "value": value, "default": found.default }),
                &terminal::line(value),
            )?;
        }
        Command::Set { key, value } => {
            let found = definition(key).or_else(|unknown| usage(unknown.to_string()))?;
            let value = found.check(value).or_else(|refused| usage(refused.to_string()))?;
            desk.store.write(|tx| tx.set_setting(found, &value))?;
            if desk.out.is_json() {
                desk.out.object(&json!({ "key": found.key, "value": value, "default": found.default }), "")?;
            }
        }
    }
    Ok(Done::Fully)
}
