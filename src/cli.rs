//! The command line: its grammar, and the way from arguments to an exit status.
//!
//! Exit status of all commands but `pipe`: 0 done, 1 failed, 2 usage, 3 partly done, 75 busy or
//! temporary, 78 configuration, as [`crate::outcome`] has them. `pipe` has its own table in [`crate::pipe`], and
//! nothing outside it ever leaves a `pipe`: mistakes on its command line are caught here.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{self, Loaded};
use crate::options::Global;
use crate::outcome::{self, Done, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, Failure};
use crate::{admin, imap_fetch, logging, pipe, serve};
use crate::{store, terminal};

/// Turns incoming mail into support tickets and serves them over a JSON API.
#[derive(Debug, Parser)]
#[command(name = "maildesk", version, long_version = long_version(), propagate_version = true, max_term_width = 100)]
pub struct Arguments {
    /// Options of every subcommand.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What a report of a mistake needs: the release, the commit it was built from, and SQLite's release.
fn long_version() -> String {
    let commit = match env!("MAILDESK_COMMIT") {
        "" => "development build".to_owned(),
        commit => format!("commit {commit}"),
    };
    format!("{} ({commit}, SQLite {})", env!("CARGO_PKG_VERSION"), store::maintenance::sqlite_version())
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take in one mail from stdin, for the MTA
    Pipe(pipe::Arguments),
    /// Answer the HTTP API, send queued mail, do timed work
    Serve(serve::Arguments),
    /// Take in mail from IMAP mailboxes
    ImapFetch(imap_fetch::Arguments),
    /// Set up and look after the desk
    #[command(subcommand)]
    Admin(AdminCommand),
}

/// A command of `admin`. Its hundred relatives join the grammar only where the command line names
/// `admin`: `pipe` starts once for every mail, and would spend half of its parsing on them.
#[derive(Debug)]
pub struct AdminCommand(Box<admin::Command>);

impl FromArgMatches for AdminCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        admin::Command::from_arg_matches(matches).map(|command| Self(Box::new(command)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl Subcommand for AdminCommand {
    fn augment_subcommands(grammar: clap::Command) -> clap::Command {
        grammar.defer(|grammar| {
            let about = grammar.get_about().cloned().unwrap_or_default();
            admin::Command::augment_subcommands(grammar).about(about)
        })
    }

    fn augment_subcommands_for_update(grammar: clap::Command) -> clap::Command {
        Self::augment_subcommands(grammar)
    }

    fn has_subcommand(name: &str) -> bool {
        admin::Command::has_subcommand(name)
    }
}

/// Runs the program and gives its exit status. `arguments` starts with the program's name.
#[must_use]
pub fn run(arguments: Vec<OsString>) -> u8 {
    if admin::complete::is_asked(&arguments) {
        // Whatever goes wrong: a line that is being typed is no place to say it.
        admin::complete::answer(Arguments::command(), arguments).ok();
        return EXIT_DONE;
    }
    let is_pipe = names_pipe(&arguments);
    if is_pipe {
        // The default hook would print to the MTA's stderr, which it mails to the sender.
        std::panic::set_hook(Box::new(|panic| tracing::error!(panic = %panic, "panicked")));
        pipe::survive_file_size_limit();
    }
    match catch_unwind(AssertUnwindSafe(|| dispatch(arguments, is_pipe))) {
        Ok(status) => status,
        Err(_) if is_pipe => pipe::give_up("an internal error; please report it with the log"),
        Err(_) => EXIT_FAILED,
    }
}

fn dispatch(arguments: Vec<OsString>, is_pipe: bool) -> u8 {
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(refused) if is_pipe => return pipe::refuse_usage(&refused),
        Err(refused) => {
            // Help and version go to stdout, mistakes to stderr; a closed one changes nothing.
            refused.print().ok();
            return if refused.use_stderr() { EXIT_USAGE } else { EXIT_DONE };
        }
    };
    let loaded = config::load(parsed.global.config.as_deref());
    let global = &parsed.global;
    match parsed.command {
        Command::Pipe(arguments) => pipe::run(global, loaded, &arguments),
        Command::Serve(arguments) => status_of(loaded.map_err(Failure::from).and_then(|loaded| {
            start_logging(global, &loaded, Stays::Yes);
            serve::run(global, &loaded, &arguments)
        })),
        Command::ImapFetch(arguments) => status_of(loaded.map_err(Failure::from).and_then(|loaded| {
            start_logging(global, &loaded, if arguments.watch { Stays::Yes } else { Stays::No });
            imap_fetch::run(global, &loaded, &arguments)
        })),
        Command::Admin(command) => status_of(loaded.map_err(Failure::from).and_then(|loaded| {
            start_logging(global, &loaded, Stays::No);
            admin::run(global, &loaded, *command.0, Arguments::command)
        })),
    }
}

/// Whether the command keeps running in the background, so that its stderr is a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stays {
    Yes,
    No,
}

fn start_logging(global: &Global, loaded: &Loaded, stays: Stays) {
    let mut log = loaded.config.log.clone();
    match (global.quiet, global.verbose) {
        (true, _) => log.level = config::Level::Error,
        // Who waits for a command's end reads its output on the same terminal.
        (false, 0) if log.target.is_empty() && stays == Stays::No => log.level = config::Level::Warn,
        (false, 0) => {}
        (false, 1) => log.level = config::Level::Info,
        (false, _) => log.level = config::Level::Debug,
    }
    logging::start(&log, logging::Stderr::Ours);
}

/// Says why a command failed and gives the exit status.
fn status_of(done: outcome::Result<Done>) -> u8 {
    let failure = match done {
        Ok(Done) => return EXIT_DONE,
        Err(failure) => failure,
    };
    if let Some(complaint) = failure.complaint() {
        anstream::eprintln!("maildesk: {}", terminal::line(&complaint.to_string()));
    }
    failure.status()
}

/// Whether the subcommand is `pipe`, read without clap: a mistake before or after it must not end
/// in an exit status that bounces the mail.
fn names_pipe(arguments: &[OsString]) -> bool {
    let mut rest = arguments.iter().skip(1).map(|argument| argument.to_string_lossy());
    while let Some(argument) = rest.next() {
        match argument.as_ref() {
            "--config" | "--db" => {
                rest.next();
            }
            "pipe" => return true,
            "imap-fetch" | "serve" | "admin" | "help" => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_pipe(line: &str) -> bool {
        names_pipe(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn pipe_is_recognised_behind_any_mistake() {
        for line in
            ["maildesk pipe", "maildesk --db x pipe --wrong", "maildesk --wrong pipe", "maildesk -q --config pipe pipe"]
        {
            assert!(is_pipe(line), "{line}");
        }
    }

    #[test]
    fn other_commands_that_mention_pipe_are_not_pipe() {
        for line in ["maildesk admin address add x --incoming pipe", "maildesk --db pipe admin stats", "maildesk"] {
            assert!(!is_pipe(line), "{line}");
        }
    }

    #[test]
    fn grammar_is_consistent() {
        Arguments::command().debug_assert();
    }
}
