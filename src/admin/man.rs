//! `admin man` and `admin completions`: made of the same grammar as `--help`.

mod page;

use std::fs;
use std::path::PathBuf;

use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};
use serde_json::json;

use super::{Output, complete};
use crate::outcome::{self, Done, WithContext};

/// Arguments of `admin man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  maildesk admin man /usr/local/share/man/man1")]
pub(crate) struct Man {
    /// Folder for the pages; it is made if needed
    dir: PathBuf,
}

/// Arguments of `admin completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  maildesk admin completions bash > /etc/bash_completion.d/maildesk\n  \
    maildesk admin completions zsh > /usr/local/share/zsh/site-functions/_maildesk\n  \
    maildesk admin completions fish > ~/.config/fish/completions/maildesk.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Shells that are completed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Shell {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
}

impl Shell {
    const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }

    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &Bash,
            Self::Zsh => &Zsh,
            Self::Fish => &Fish,
        }
    }
}

pub(super) fn pages(out: &Output, arguments: &Man, grammar: clap::Command) -> outcome::Result<Done> {
    let dir = &arguments.dir;
    fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
    // `help` subcommands repeat what the pages say themselves.
    let mut grammar = grammar.disable_help_subcommand(true);
    grammar.build();
    let mut made = page::of_commands(&grammar);
    made.push(("maildesk.toml.5".to_owned(), page::of_configuration()));
    made.push(("maildesk-settings.7".to_owned(), page::of_settings()));
    for (name, text) in &made {
        fs::write(dir.join(name), text).with_context(|| format!("writing {name} into {}", dir.display()))?;
    }
    let n = made.len();
    out.object(&json!({ "dir": dir, "pages": n }), &format!("{n} pages in {}", dir.display()))?;
    Ok(Done)
}

/// Prints what makes a shell ask the program itself for candidates (see [`super::complete`]).
pub(super) fn completions(out: &Output, arguments: &Completions) -> outcome::Result<Done> {
    let mut script = Vec::new();
    let shell = arguments.shell;
    shell.completer().write_registration(complete::VARIABLE, "maildesk", "maildesk", "maildesk", &mut script)?;
    let script = String::from_utf8(script).context("the script is no text")?;
    out.object(&json!({ "shell": shell.name(), "script": script }), script.trim_end())?;
    Ok(Done)
}
