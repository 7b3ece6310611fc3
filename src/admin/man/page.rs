//! The man pages: one for each command, out of clap's grammar, with what the grammar cannot say (exit statuses, files,
//! environment) beside it; one for `maildesk.toml` and one for the settings.

use clap::{Arg, ArgAction, Command};
use roff::{Inline, Roff, bold, italic, roman};

use crate::store::settings::DEFINITIONS;

/// The configuration file with all its keys, each explained.
const CONFIGURATION: &str = include_str!("../../../examples/maildesk.toml");

/// A line to try for each command whose `--help` has none, what a newcomer needs first in front.
const EXAMPLES: &str = include_str!("examples.txt");

/// Lines of a page about a group of commands.
const GROUP_EXAMPLES_MAX: usize = 5;

/// Statuses of all commands but `pipe`.
const STATUSES: &[(&str, &str)] = &[
    ("0", "done"),
    ("1", "failed; stderr says why"),
    ("2", "the command line cannot be used; nothing was done"),
    ("3", "partly done: what failed was named, the rest is done"),
    ("75", "busy or temporary: the same command may work soon"),
    ("78", "the configuration cannot be used"),
];

/// Statuses of `pipe`: what mail servers understand (sysexits.h).
const PIPE_STATUSES: &[(&str, &str)] = &[
    ("0", "the mail is on record: a ticket, an answer, in quarantine or dropped on purpose, now or before"),
    ("67", "no such recipient; only with setting unknown_recipient = reject"),
    ("77", "refused: a banned sender or a mail too large; only with settings refuse_banned and refuse_oversize"),
    ("75", "everything else, whatever it is: the mail server keeps the mail and tries again"),
];

const ENVIRONMENT: &[(&str, &str)] = &[
    ("MAILDESK_CONFIG", "the configuration file, where --config is not given"),
    ("MAILDESK_DB", "the database, where --db is not given"),
    ("NO_COLOR", "set to anything: no colours"),
];

const ADMIN_ENVIRONMENT: &[(&str, &str)] = &[
    ("MAILDESK_STAFF", "your username at the desk, where it is not the name you log in with"),
    ("VISUAL, EDITOR", "the editor that answers and notes are written in"),
    ("PAGER", "what long output on a terminal is shown with"),
];

const PIPE_ENVIRONMENT: &[(&str, &str)] = &[
    (
        "ORIGINAL_RECIPIENT, RECIPIENT",
        "the envelope's recipient, where --recipient is not given (Postfix's local, Exim)",
    ),
    ("LOCAL_PART, DOMAIN", "the same in two parts (Exim)"),
    ("SENDER", "the envelope's sender, where --sender is not given; empty for a bounce"),
];

const FILES: &[(&str, &str)] = &[
    (
        "/etc/maildesk/maildesk.toml",
        "the configuration of the machine, see maildesk.toml(5); then $XDG_CONFIG_HOME/maildesk/maildesk.toml",
    ),
    (
        "/var/lib/maildesk/maildesk.db",
        "the database, where that folder can be written; else $XDG_DATA_HOME/maildesk/maildesk.db",
    ),
];

/// Every command's page: its file name and its text.
pub(super) fn of_commands(grammar: &Command) -> Vec<(String, String)> {
    let mut made = Vec::new();
    walk(grammar, &[], &mut made);
    made
}

fn walk(command: &Command, above: &[&str], made: &mut Vec<(String, String)>) {
    let mut path = above.to_vec();
    path.push(command.get_name());
    made.push((format!("{}.1", path.join("-")), of_command(command, &path)));
    for child in command.get_subcommands().filter(|child| !child.is_hide_set()) {
        walk(child, &path, made);
    }
}

fn head(name: &str, section: &str, about: &str) -> Roff {
    let mut page = Roff::new();
    let release = concat!("maildesk ", env!("CARGO_PKG_VERSION"));
    // An empty date would be left out, and what follows would move up. The same commit has to give the same bytes.
    page.control("TH", [name, section, " ", release, "maildesk"]);
    page.control("SH", ["NAME"]);
    page.text([roman(format!("{name} - {about}"))]);
    page
}

fn of_command(command: &Command, path: &[&str]) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut page = head(&path.join("-"), "1", &about);
    page.control("SH", ["SYNOPSIS"]);
    synopsis(&mut page, command, path);
    let own = |arg: &&Arg| !arg.is_hide_set() && arg.get_help_heading().is_none() && !is_common(arg);
    let (positionals, options): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(own).partition(|arg| arg.is_positional());
    arguments(&mut page, "ARGUMENTS", &positionals);
    arguments(&mut page, "OPTIONS", &options);
    let global = |arg: &&Arg| arg.get_help_heading().is_some() || is_common(arg);
    arguments(&mut page, "GLOBAL OPTIONS", &command.get_arguments().filter(global).collect::<Vec<_>>());
    let children: Vec<&Command> = command.get_subcommands().filter(|child| !child.is_hide_set()).collect();
    if !children.is_empty() {
        page.control("SH", ["COMMANDS"]);
        for child in &children {
            let page_name = format!("{}-{}", path.join("-"), child.get_name());
            page.control("TP", []);
            page.text([bold(page_name), roman("(1)")]);
            page.text([roman(child.get_about().map(ToString::to_string).unwrap_or_default())]);
        }
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (notes, examples) = split_examples(&after);
    if !notes.is_empty() {
        page.control("SH", ["NOTES"]);
        page.text([roman(notes)]);
    }
    let of_whom = path.get(1).copied();
    terms(&mut page, "EXIT STATUS", if of_whom == Some("pipe") { PIPE_STATUSES } else { STATUSES });
    let more = match of_whom {
        Some("pipe") => PIPE_ENVIRONMENT,
        Some("admin") => ADMIN_ENVIRONMENT,
        _ => &[],
    };
    terms(&mut page, "ENVIRONMENT", &[ENVIRONMENT, more].concat());
    terms(&mut page, "FILES", FILES);
    page.control("SH", ["EXAMPLES"]);
    let examples = if examples.is_empty() { examples_of(path, children.is_empty()) } else { examples };
    verbatim(&mut page, &examples);
    page.control("SH", ["SEE ALSO"]);
    let mut also: Vec<Inline> = Vec::new();
    if let Some((_, above)) = path.split_last().filter(|(_, above)| !above.is_empty()) {
        also.extend([bold(above.join("-")), roman("(1), ")]);
    }
    also.extend([bold("maildesk.toml"), roman("(5), "), bold("maildesk-settings"), roman("(7)")]);
    page.text(also);
    page.to_roff()
}

/// Help and version are of every command, as the global options are.
fn is_common(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version)
}

/// The command line: its words, options that are needed with their values, positionals.
fn synopsis(page: &mut Roff, command: &Command, path: &[&str]) {
    let mut line = vec![bold(path.join(" ")), roman(" [")];
    line.extend([italic("OPTIONS"), roman("]")]);
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set() && arg.get_help_heading().is_none()) {
        let is_needed = arg.is_required_set();
        if arg.is_positional() {
            let dots = if arg.get_num_args().is_some_and(|n| n.max_values() > 1) { "..." } else { "" };
            let name = value_names(arg);
            line.push(roman(if is_needed { " " } else { " [" }));
            line.push(italic(name));
            line.push(roman(format!("{dots}{}", if is_needed { "" } else { "]" })));
        } else if is_needed {
            line.extend([roman(" "), bold(format!("--{}", arg.get_long().unwrap_or_default())), roman(" ")]);
            line.push(italic(value_names(arg)));
        }
    }
    if command.has_subcommands() {
        line.extend([roman(" "), italic("COMMAND")]);
    }
    page.text(line);
}

fn value_names(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    if names.is_empty() {
        return arg.get_id().as_str().to_uppercase();
    }
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn arguments(page: &mut Roff, title: &str, all: &[&Arg]) {
    if all.is_empty() {
        return;
    }
    page.control("SH", [title]);
    for arg in all {
        page.control("TP", []);
        let mut name = Vec::new();
        if let Some(short) = arg.get_short() {
            name.extend([bold(format!("-{short}")), roman(if arg.get_long().is_some() { ", " } else { "" })]);
        }
        if let Some(long) = arg.get_long() {
            name.push(bold(format!("--{long}")));
        }
        if arg.get_action().takes_values() {
            name.push(roman(if arg.is_positional() { "" } else { " " }));
            name.push(italic(value_names(arg)));
        }
        page.text(name);
        let mut about = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if !defaults.is_empty() && arg.get_action().takes_values() && !arg.is_hide_default_value_set() {
            about.push_str(&format!(" [default: {}]", defaults.join(" ")));
        }
        page.text([roman(about)]);
        let values: Vec<_> = arg.get_possible_values();
        if arg.get_action().takes_values() {
            for value in values.iter().filter(|value| !value.is_hide_set()) {
                page.control("RS", []);
                page.control("IP", [value.get_name(), "14"]);
                page.text([roman(value.get_help().map(ToString::to_string).unwrap_or_default())]);
                page.control("RE", []);
            }
        }
    }
}

fn terms(page: &mut Roff, title: &str, terms: &[(&str, &str)]) {
    page.control("SH", [title]);
    for (term, meaning) in terms {
        page.control("TP", []);
        page.text([bold(*term)]);
        page.text([roman(*meaning)]);
    }
}

/// The lines of [`EXAMPLES`] that begin with the command's words, long ones in two.
fn examples_of(path: &[&str], is_alone: bool) -> String {
    let words = path.join(" ");
    let is_its = |line: &&str| line.strip_prefix(&words).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let most = if is_alone { usize::MAX } else { GROUP_EXAMPLES_MAX };
    let lines: Vec<String> = EXAMPLES.lines().filter(is_its).take(most).map(in_two).collect();
    lines.join("\n")
}

/// A line that is too long for 80 columns goes on in the next one, at an option.
fn in_two(line: &str) -> String {
    let columns_max = 72;
    let at = if line.len() > columns_max { line.get(..columns_max).and_then(|part| part.rfind(" --")) } else { None };
    match at.and_then(|at| line.split_at_checked(at)) {
        Some((front, rest)) => format!("{front} \\\n  {}", in_two(rest.trim_start())),
        None => line.to_owned(),
    }
}

/// Lines as they are.
fn verbatim(page: &mut Roff, text: &str) {
    page.control("nf", []);
    for line in text.lines() {
        page.text([roman(if line.is_empty() { " " } else { line })]);
    }
    page.control("fi", []);
}

/// What stands before the examples, and the examples.
fn split_examples(after: &str) -> (String, String) {
    let lines: Vec<&str> = after.lines().collect();
    let is_title = |line: &&str| matches!(line.trim(), "Example:" | "Examples:");
    let at = lines.iter().position(is_title).unwrap_or(lines.len());
    let (notes, examples) = lines.split_at(at);
    let examples: Vec<&str> = examples.iter().skip(1).map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
    (notes.join("\n").trim().to_owned(), examples.join("\n").trim_end().to_owned())
}

/// `maildesk.toml(5)`.
pub(super) fn of_configuration() -> String {
    let mut page = head("maildesk.toml", "5", "configuration of the machine that maildesk runs on");
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(
        "Everything about the desk itself is in the database and set with maildesk-admin(1). This file has every key; lines \
         that begin with # show the built-in value.",
    )]);
    page.control("SH", ["KEYS"]);
    keys(&mut page, CONFIGURATION);
    terms(&mut page, "FILES", FILES);
    page.control("SH", ["SEE ALSO"]);
    page.text([bold("maildesk"), roman("(1), "), bold("maildesk-settings"), roman("(7)")]);
    page.to_roff()
}

/// The example file in the form of a page: remarks as paragraphs of any width, keys in bold, sections of the file apart.
fn keys(page: &mut Roff, text: &str) {
    let mut was_remark = false;
    for line in text.lines() {
        if let Some(remark) = line.strip_prefix("# ") {
            if !was_remark {
                page.control("PP", []);
            }
            page.text([roman(remark)]);
        } else if line.starts_with('[') {
            page.control("SS", [line]);
        } else if !matches!(line, "" | "#") {
            page.control("br", []);
            page.text([bold(line)]);
        }
        was_remark = line.starts_with("# ");
    }
}

/// `maildesk-settings(7)`.
pub(super) fn of_settings() -> String {
    let mut page = head("maildesk-settings", "7", "settings of a desk");
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(
        "Kept in the database; a change holds for the next mail and the next request. In brackets: the default.",
    )]);
    page.control("SH", ["SETTINGS"]);
    for definition in DEFINITIONS {
        page.control("TP", []);
        let default = if definition.default.is_empty() { "empty" } else { definition.default };
        page.text([bold(definition.key), roman(format!(" [{default}]"))]);
        page.text([roman(definition.meaning)]);
    }
    page.control("SH", ["EXAMPLES"]);
    verbatim(&mut page, "maildesk admin setting list\nmaildesk admin setting set reopen_days 14");
    page.control("SH", ["SEE ALSO"]);
    page.text([bold("maildesk-admin-setting"), roman("(1), "), bold("maildesk.toml"), roman("(5)")]);
    page.to_roff()
}
