//! Writing a text in the editor of whoever is at the terminal.

use std::fs;
use std::io::Write;
use std::process::Command;

use super::output;
use crate::outcome::{self, WithContext, bail};
use crate::private_file;

/// Lines that begin with this are not part of the text.
const REMARK: char = '#';

/// Opens the editor on `begin`, with `remark` below it, and gives what was saved. `VISUAL` and `EDITOR` name the program.
///
/// # Errors
/// Where there is no terminal, no editor, or it ends with a failure.
pub(super) fn write(begin: &str, remark: &str) -> outcome::Result<String> {
    if !output::can_ask() {
        bail!("there is no terminal for an editor"; "give the text with --message or --message-file");
    }
    let folder = private_file::temporary_folder("maildesk-text-", &std::env::temp_dir()).context("making a folder")?;
    let path = folder.path().join("text");
    let mut file = private_file::create_new(&path).context("making a file to edit")?;
    writeln!(
        file,
        "{begin}\n{REMARK} {remark}\n{REMARK} Lines that begin with {REMARK} are left out; an empty text ends this."
    )?;
    drop(file);
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    let editor = named.into_iter().find(|value| !value.trim().is_empty()).unwrap_or_else(|| "vi".to_owned());
    // The shell parts an editor's name from its options, as git does it.
    let ended = Command::new("/bin/sh").args(["-c", &format!("{editor} \"$1\""), "sh"]).arg(&path).status();
    let ended = ended.with_context(|| format!("starting {editor}"))?;
    if !ended.success() {
        bail!("{editor} ended with a failure: nothing was sent");
    }
    let text = fs::read_to_string(&path).context("reading what was written")?;
    let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with(REMARK)).collect();
    Ok(kept.join("\n").trim().to_owned())
}
