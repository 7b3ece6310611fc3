//! `maildesk admin`: everything a sysadmin sets up and looks after. One file per noun below.

mod address;
mod article;
mod attachment;
mod audit;
mod backup;
mod ban;
mod canned;
mod category;
mod check;
pub(crate) mod complete;
mod config_show;
mod context;
mod copy;
mod demo;
mod department;
mod doctor;
mod editor;
mod field;
mod import;
mod inbox;
mod init;
mod jobs;
mod mail;
mod man;
mod outbox;
mod output;
mod priority;
mod progress;
mod removal;
mod role;
mod schedule;
mod setting;
mod setup;
mod staff;
mod stats;
mod tag;
mod template;
mod ticket;
mod token;
mod user;
mod view;
mod webhook;
mod when;

use std::path::Path;
use std::time::Duration;

use crate::config::Loaded;
use crate::domain::Timestamp;
use crate::options::Global;
use crate::outcome::{self, Done, Failure, WithContext, bail};
use crate::secret_file;
use context::{Context, database};
#[cfg(feature = "fuzz")]
pub use import::dump_rows;
use output::Output;

/// The nouns and deeds of `maildesk admin`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Create the database, or migrate it; safe to repeat
    Init(init::Arguments),
    /// From an installed program to a desk that has taken its first mail
    Setup(Box<setup::Arguments>),
    /// Show a throw-away desk fed with example mails
    Demo(demo::Arguments),
    /// Departments
    #[command(subcommand)]
    Department(department::Command),
    /// The desk's own mail addresses
    #[command(subcommand)]
    Address(Box<address::Command>),
    /// Customers
    #[command(subcommand)]
    User(user::Command),
    /// Staff
    #[command(subcommand)]
    Staff(staff::Command),
    /// The roles staff can have
    #[command(subcommand)]
    Role(role::Command),
    /// On-duty hours of staff
    #[command(subcommand)]
    Schedule(schedule::Command),
    /// API tokens
    #[command(subcommand)]
    Token(Box<token::Command>),
    /// Settings
    #[command(subcommand)]
    Setting(setting::Command),
    /// Banned senders
    #[command(subcommand)]
    Ban(ban::Command),
    /// Tickets
    #[command(subcommand)]
    Ticket(ticket::Command),
    /// The inbox, full-screen, for people who live in a terminal
    Inbox(inbox::Arguments),
    /// Files of tickets
    #[command(subcommand)]
    Attachment(attachment::Command),
    /// Every mail received and what happened to it
    #[command(subcommand)]
    Mail(mail::Command),
    /// What our mails say
    #[command(subcommand)]
    Template(template::Command),
    /// Mails that wait to be sent, and what happened to the others
    #[command(subcommand)]
    Outbox(outbox::Command),
    /// Canned responses
    #[command(subcommand)]
    Canned(canned::Command),
    /// Articles of the knowledge base
    #[command(subcommand)]
    Article(article::Command),
    /// Categories of the knowledge base
    #[command(subcommand)]
    Category(category::Command),
    /// Custom fields of tickets
    #[command(subcommand)]
    Field(field::Command),
    /// Priorities of tickets
    #[command(subcommand)]
    Priority(priority::Command),
    /// Tags of tickets
    #[command(subcommand)]
    Tag(tag::Command),
    /// Saved searches that everybody has
    #[command(subcommand)]
    View(view::Command),
    /// URLs that are notified of what happens to tickets
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Move in: a HelpDeskZ database, or mail archives
    #[command(subcommand)]
    Import(import::Command),
    /// Write the whole desk into a new file, while others work
    Backup(backup::Backup),
    /// Put a backup in the place of the database
    Restore(backup::Restore),
    /// Copy the whole desk into another database, a file or a server's
    Copy(copy::Arguments),
    /// Every change: what, by whom, from where
    #[command(subcommand)]
    Audit(audit::Command),
    /// Look whether the database is sound
    Check(check::Arguments),
    /// Look whether everything around the desk is as it should be
    Doctor(doctor::Arguments),
    /// Numbers
    #[command(after_help = "Examples:\n  maildesk admin stats\n  maildesk --json admin stats")]
    Stats,
    /// Timed work, for cron
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// Write the man pages into a folder
    Man(man::Man),
    /// Print what a shell needs to complete command lines
    Completions(man::Completions),
    /// The configuration in force
    #[command(subcommand)]
    Config(config_show::Command),
}

/// Runs one command. `grammar` is that of the whole command line, for man pages and completions.
///
/// # Errors
/// Whatever went wrong, with what was being done.
pub(crate) fn run(
    global: &Global,
    loaded: &Loaded,
    command: Command,
    grammar: fn() -> clap::Command,
) -> outcome::Result<Done> {
    let out = Output::new(global.json, global.quiet);
    let now = Timestamp::now();
    match command {
        Command::Init(arguments) => {
            init::run(&database(global, loaded)?, loaded.config.listen.as_deref(), &out, &arguments, now)
        }
        Command::Setup(arguments) => setup::run(global, loaded, out, &arguments, now),
        Command::Demo(arguments) => demo::run(loaded, &out, &arguments, now),
        Command::Config(command) => config_show::run(global, loaded, &out, &command),
        Command::Department(command) => department::run(&Context::open(global, loaded, out, now)?, command),
        Command::Address(command) => address::run(&Context::open(global, loaded, out, now)?, *command),
        Command::User(command) => user::run(&Context::open(global, loaded, out, now)?, command),
        Command::Staff(command) => staff::run(&Context::open(global, loaded, out, now)?, command),
        Command::Role(command) => role::run(&Context::open(global, loaded, out, now)?, &command),
        Command::Schedule(command) => schedule::run(&Context::open(global, loaded, out, now)?, command),
        Command::Token(command) => token::run(&Context::open(global, loaded, out, now)?, *command),
        Command::Setting(command) => setting::run(&Context::open(global, loaded, out, now)?, &command),
        Command::Ban(command) => ban::run(&Context::open(global, loaded, out, now)?, command),
        Command::Ticket(command) => ticket::run(&Context::open(global, loaded, out, now)?, command),
        Command::Inbox(arguments) => inbox::run(&Context::open(global, loaded, out, now)?, &arguments),
        Command::Attachment(command) => attachment::run(&Context::open(global, loaded, out, now)?, &command),
        Command::Mail(command) => mail::run(&Context::open(global, loaded, out, now)?, command),
        Command::Template(command) => template::run(&Context::open(global, loaded, out, now)?, command),
        Command::Outbox(command) => outbox::run(&Context::open(global, loaded, out, now)?, &command),
        Command::Canned(command) => canned::run(&Context::open(global, loaded, out, now)?, command),
        Command::Article(command) => article::run(&Context::open(global, loaded, out, now)?, &command),
        Command::Field(command) => field::run(&Context::open(global, loaded, out, now)?, command),
        Command::Category(command) => category::run(&Context::open(global, loaded, out, now)?, command),
        Command::Priority(command) => priority::run(&Context::open(global, loaded, out, now)?, command),
        Command::Tag(command) => tag::run(&Context::open(global, loaded, out, now)?, command),
        Command::View(command) => view::run(&Context::open(global, loaded, out, now)?, command),
        Command::Audit(command) => audit::run(&Context::open(global, loaded, out, now)?, command),
        Command::Webhook(command) => webhook::run(&Context::open(global, loaded, out, now)?, command),
        Command::Import(command) => import::run(&Context::open(global, loaded, out, now)?, &command),
        Command::Copy(arguments) => copy::run(loaded, &out, &arguments, now),
        Command::Backup(arguments) => backup::back_up(&Context::open(global, loaded, out, now)?, &arguments),
        Command::Restore(arguments) => {
            let lock_wait = Duration::from_secs(loaded.config.limits.lock_wait_s);
            backup::restore(&backup::restorable(&database(global, loaded)?)?, &out, &arguments, lock_wait, now)
        }
        Command::Check(arguments) => check::run_on(global, loaded, out, &arguments, now),
        Command::Doctor(arguments) => doctor::run(global, loaded, &out, &arguments, now),
        Command::Stats => stats::run(&Context::open(global, loaded, out, now)?),
        Command::Jobs(command) => jobs::run(&Context::open(global, loaded, out, now)?, &command),
        Command::Man(arguments) => man::pages(&out, &arguments, grammar()),
        Command::Completions(arguments) => man::completions(&out, &arguments),
    }
}

/// Ends a command about something that is not there: exit status 1.
fn missing<T>(noun: &str, name: impl std::fmt::Display) -> outcome::Result<T> {
    let thing = match noun {
        "canned" => "canned response",
        "outbox" => "outgoing mail",
        "staff" => "staff member",
        other => other,
    };
    let of = if noun == "attachment" { " TICKET" } else { "" };
    bail!("there is no {thing} {name}"; "`maildesk admin {noun} list{of}` shows them all")
}

/// Ends an `update` that names nothing to change: exit status 2.
fn nothing_to_change<T>() -> outcome::Result<T> {
    usage("nothing to change: name at least one option, --help has them")
}

/// Says that a list ends where its `--limit` is.
fn say_if_cut(out: &Output, shown: usize, limit: usize) {
    if shown > 0 && shown == limit {
        out.say(&format!("at most {limit} are shown; --limit shows more"));
    }
}

/// Ends a command with a value that cannot be used: exit status 2.
fn usage<T>(text: impl Into<String>) -> outcome::Result<T> {
    Err(Failure::usage(text))
}

/// What is said when the operating system has no random bytes.
const NO_RANDOM_BYTES: &str = "asking the operating system for random bytes";

/// So many random bytes.
fn random<const N: usize>() -> outcome::Result<[u8; N]> {
    crate::random::bytes().context(NO_RANDOM_BYTES)
}

/// An id on the command line: `12`, or `#12` as mails and lists write it.
fn id(text: &str) -> Result<i64, String> {
    id_in(text).ok_or_else(|| "an id is a whole number from 1, also written #1".to_owned())
}

/// The id that a word of the command line is, if it is one.
fn id_in(word: &str) -> Option<i64> {
    let word = word.trim();
    word.strip_prefix('#').unwrap_or(word).parse().ok().filter(|id| *id > 0)
}

/// The one that a word of the command line names: what has that id, else the only one that `is_named` says yes to.
///
/// `noun` is the thing as the command line calls it.
fn named<T>(
    noun: &str,
    word: &str,
    all: Vec<T>,
    has_id: impl Fn(&T, i64) -> bool,
    is_named: impl Fn(&T, &str) -> bool,
) -> outcome::Result<T> {
    let wanted = word.trim().to_lowercase();
    let (mut by_id, mut by_name) = (None, Vec::new());
    for one in all {
        if id_in(word).is_some_and(|id| has_id(&one, id)) {
            by_id = Some(one);
        } else if is_named(&one, &wanted) {
            by_name.push(one);
        }
    }
    match (by_id, by_name.len(), by_name.pop()) {
        (Some(found), _, _) | (None, 1, Some(found)) => Ok(found),
        (None, _, Some(_)) => usage(format!("several have the name {word:?}: name one by its id")),
        (None, _, None) if id_in(word).is_some() => missing(noun, word),
        (None, _, None) => missing(noun, format!("{word:?}")),
    }
}

/// Refuses a password file that others may read; for one that is not there yet there is a hint only.
fn check_secret_file(out: &Output, path: &Path) -> outcome::Result<()> {
    match secret_file::check(path) {
        Err(secret_file::Error::Unreadable { reason, .. }) => {
            out.say(&format!("{}: {reason}; it has to be there, with mode 600, before it is used", path.display()));
            Ok(())
        }
        done => Ok(done?),
    }
}

/// A secret from stdin, without its line end.
fn secret_from_stdin() -> outcome::Result<String> {
    secret_file::read_from(std::io::stdin().lock()).context("reading stdin")
}
