//! Options of every subcommand.

use std::path::PathBuf;

use clap::ArgAction;

/// Where `--help` shows them: apart from a command's own options.
const GLOBAL: &str = "Global options";

/// Options of every subcommand.
#[derive(Clone, Debug, clap::Args)]
pub struct Global {
    /// Configuration file [default: /etc/maildesk/maildesk.toml, then the user's]
    #[arg(long, help_heading = GLOBAL, global = true, value_name = "FILE", env = "MAILDESK_CONFIG")]
    pub config: Option<PathBuf>,
    /// Database: a file, or postgres://USER@HOST/NAME [default: /var/lib/maildesk/maildesk.db where that folder is
    /// writable, then the user's]
    #[arg(long, help_heading = GLOBAL, global = true, value_name = "FILE", env = "MAILDESK_DB", hide_env_values = true)]
    pub db: Option<PathBuf>,
    /// Print data as JSON: one object, or one array for lists
    #[arg(long, help_heading = GLOBAL, global = true)]
    pub json: bool,
    /// Say nothing but data and errors
    #[arg(long, short, help_heading = GLOBAL, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log more; give it twice to log everything
    #[arg(long, short, help_heading = GLOBAL, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}
