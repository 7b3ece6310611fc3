//! `admin import`: moving in. A HelpDeskZ database by `helpdeskz`, mail archives by `mbox` and
//! `maildir`. Everything can be repeated: what is in stays as it is.

mod closing;
mod dump;
mod helpdeskz;
mod maildir;
mod mails;
mod mbox;
mod report;

use super::Context;
use crate::outcome::{self, Done};
#[cfg(feature = "fuzz")]
pub use dump::dump_rows;

/// Verbs of `admin import`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin import helpdeskz dump.sql --attachments /var/www/helpdeskz/writable/attachments --dry-run
  maildesk admin import mbox archive.mbox --address support@example.org")]
pub(crate) enum Command {
    /// A dump of HelpDeskZ's database (2.0 to 2.0.2), with its attachments
    Helpdeskz(Box<helpdeskz::Arguments>),
    /// A file of mails
    Mbox(mbox::Arguments),
    /// A folder of mails with cur and new
    Maildir(maildir::Arguments),
}

pub(super) fn run(context: &Context, command: &Command) -> outcome::Result<Done> {
    match command {
        Command::Helpdeskz(arguments) => helpdeskz::run(context, arguments),
        Command::Mbox(arguments) => mbox::run(context, arguments),
        Command::Maildir(arguments) => maildir::run(context, arguments),
    }
}
