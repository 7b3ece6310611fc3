//! `admin setting`.

use serde_json::json;

use super::{Context, complete, usage};
use crate::outcome::{self, Done};
use crate::store::settings::definition;
use crate::terminal;

/// Verbs of `admin setting`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin setting list
  maildesk admin setting get overdue_time
  maildesk admin setting set site_url https://desk.example.org")]
pub(crate) enum Command {
    /// Every setting with value, default and meaning
    List,
    /// The value of one setting
    Get {
        /// Key
        #[arg(add = complete::settings())]
        key: String,
    },
    /// Change one setting; holds for the next mail and request
    Set {
        /// Key
        #[arg(add = complete::settings())]
        key: String,
        /// Value
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
}

pub(super) fn run(context: &Context, command: &Command) -> outcome::Result<Done> {
    match command {
        Command::List => {
            let settings = context.store.read(|tx| tx.setting_texts())?;
            let json = settings
                .iter()
                .map(|(d, value)| json!({ "key": d.key, "value": value, "default": d.default, "meaning": d.meaning }));
            let rows = settings
                .iter()
                .map(|(d, value)| vec![d.key.to_owned(), value.clone(), d.default.to_owned(), d.meaning.to_owned()]);
            context.output.list(json.collect(), &["key", "value", "default", "meaning"], rows.collect())?;
        }
        Command::Get { key } => {
            let found = definition(key).or_else(|unknown| usage(unknown.to_string()))?;
            let value = context.store.read(|tx| tx.setting_text(found))?;
            let json = json!({ "key": found.key, "value": value, "default": found.default });
            context.output.object(&json, &terminal::line(&value))?;
        }
        Command::Set { key, value } => {
            let found = definition(key).or_else(|unknown| usage(unknown.to_string()))?;
            let value = found.check(value).or_else(|refused| usage(refused.to_string()))?;
            context.store.write(|tx| tx.set_setting(found, &value))?;
            if context.output.is_json() {
                context.output.object(&json!({ "key": found.key, "value": value, "default": found.default }), "")?;
            }
        }
    }
    Ok(Done)
}
