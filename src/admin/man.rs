//! `admin man` and `admin completions`: made of the same grammar as `--help`.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::Output;
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

impl From<Shell> for clap_complete::Shell {
    fn from(shell: Shell) -> Self {
        match shell {
            Shell::Bash => Self::Bash,
            Shell::Zsh => Self::Zsh,
            Shell::Fish => Self::Fish,
        }
    }
}

pub(super) fn pages(out: &Output, arguments: &Man, grammar: clap::Command) -> outcome::Result<Done> {
    let dir = &arguments.dir;
    fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
    // `help` subcommands repeat what the pages say themselves.
    let grammar = grammar.disable_help_subcommand(true);
    clap_mangen::generate_to(grammar, dir).with_context(|| format!("writing into {}", dir.display()))?;
    let is_ours = |entry: &fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with("maildesk") && name.ends_with(".1")
    };
    let entries = fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))?;
    let pages = entries.filter_map(Result::ok).filter(is_ours).count();
    out.object(&json!({ "dir": dir, "pages": pages }), &format!("{pages} pages in {}", dir.display()))?;
    Ok(Done)
}

pub(super) fn completions(out: &Output, arguments: &Completions, mut grammar: clap::Command) -> outcome::Result<Done> {
    let mut script = Vec::new();
    let shell = clap_complete::Shell::from(arguments.shell);
    clap_complete::generate(shell, &mut grammar, "maildesk", &mut script);
    let script = String::from_utf8(script).context("the script is no text")?;
    let json = json!({ "shell": shell.to_string(), "script": script });
    out.object(&json, script.trim_end())?;
    Ok(Done)
}
