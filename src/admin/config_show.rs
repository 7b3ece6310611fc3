//! `admin config show`: the configuration in force and where it comes from.

use serde_json::json;

use super::context::database;
use super::output::Output;
use crate::config::{Level, Loaded};
use crate::options::Global;
use crate::outcome::{self, Done};
use crate::pipe;

/// Verbs of `admin config`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Example:
  maildesk admin config show")]
pub(crate) enum Command {
    /// Show the configuration in force
    Show,
}

pub(super) fn run(global: &Global, loaded: &Loaded, out: &Output, command: &Command) -> outcome::Result<Done> {
    let Command::Show = command;
    let config = &loaded.config;
    let limits = &config.limits;
    let level = match config.log.level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
    };
    let desk = pipe::elsewhere(global, loaded);
    let db = if desk.is_some() { None } else { Some(database(global, loaded)?) };
    let json = json!({
        "file": loaded.path,
        "db": db.map(|db| db.shown()),
        "deliver_to": desk.map(|desk| &desk.url),
        "deliver_token_file": desk.map(|desk| &desk.token_file),
        "deliver_ca_file": desk.and_then(|desk| desk.ca_file.as_ref()),
        "db_password_file": config.db_password_file, "db_ca_file": config.db_ca_file,
        "db_prepare": config.db_prepare,
        "listen": config.listen,
        "lmtp": config.lmtp,
        "lmtp_accounts": config.lmtp_accounts,
        "lmtp_networks": config.lmtp_networks,
        "trusted_proxies": config.trusted_proxies,
        "log": { "target": config.log.target, "level": level, "json": config.log.json },
        "limits": {
            "raw_bytes_max": limits.raw_bytes_max, "mime_parts_max": limits.mime_parts_max,
            "mime_levels_max": limits.mime_levels_max, "headers_max": limits.headers_max,
            "addresses_max": limits.addresses_max, "pipe_deadline_s": limits.pipe_deadline_s,
            "imap_deadline_s": limits.imap_deadline_s,
            "lock_wait_s": limits.lock_wait_s, "http_body_bytes_max": limits.http_body_bytes_max,
            "http_connections_max": limits.http_connections_max, "http_head_deadline_s": limits.http_head_deadline_s,
            "http_body_deadline_s": limits.http_body_deadline_s, "outbox_age_max_s": limits.outbox_age_max_s,
            "lmtp_connections_max": limits.lmtp_connections_max,
        },
    });
    let text = serde_json::to_string_pretty(&json)?;
    out.object(&json, &text)?;
    Ok(Done)
}
