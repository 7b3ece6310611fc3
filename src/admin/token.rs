//! `admin token`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, nothing_to_change, output, secret_from_stdin, usage};
use crate::api::token_hash;
use crate::domain::TokenId;
use crate::domain::one_line::{TOKEN_NAME_CHARS_MAX, is_one_line};
use crate::domain::permission::Permission;
use crate::ip_list::IpList;
use crate::outcome::{self, Done, WithContext, bail};
use crate::secret_file;
use crate::store::Error;
use crate::store::token::{NewToken, Token, TokenChange};
use crate::terminal;

/// Letters and digits of a generated token: 60 as HelpDeskZ has them, 357 random bits.
const TOKEN_CHARS: usize = 60;

/// Shortest token that may be chosen, in characters. Chosen: 32 hexadecimal digits hold 128 random bits,
/// which nobody guesses.
const CHOSEN_CHARS_MIN: usize = 32;

/// Longest one, in bytes. Chosen: it has to fit a header line.
const CHOSEN_BYTES_MAX: usize = 1024;

/// Verbs of `admin token`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin token add shop --allow users/create --allow tickets/create --ip 203.0.113.7
  maildesk admin token add prometheus --allow metrics/read
  maildesk admin token update 1 --active false
  maildesk admin token revoke 1 --yes")]
pub(crate) enum Command {
    /// Make a token; it is printed once, only its hash is stored
    Add(Add),
    /// Every token, without its value
    List,
    /// One token, without its value
    Show {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
    },
    /// Change a token
    Update(Update),
    /// Remove a token; it stops working at once
    #[command(visible_alias = "remove")]
    Revoke {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

/// Options of `admin token add`.
#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// What it is for
    name: String,
    /// Allow everything
    #[arg(long, conflicts_with = "allow")]
    all: bool,
    /// Allow this; may be repeated (users/create, tickets/read, metrics/read …)
    #[arg(long, value_name = "GROUP/ACTION")]
    allow: Vec<String>,
    /// Addresses it may be used from: exact, 10.0.*.*, 10.0.0.0/8, IPv6; comma-separated [default: any]
    #[arg(long, value_name = "LIST")]
    ip: Option<String>,
    /// It may not be used yet
    #[arg(long)]
    inactive: bool,
    /// Use this token, of at least 32 characters [default: a random one]
    #[arg(long, value_name = "TOKEN", group = "chosen")]
    value: Option<String>,
    /// Read the token from a file (0600)
    #[arg(long, value_name = "FILE", group = "chosen")]
    value_file: Option<PathBuf>,
    /// Read the token from stdin
    #[arg(long, group = "chosen")]
    value_stdin: bool,
}

/// Options of `admin token update`.
#[derive(Debug, clap::Args)]
pub(crate) struct Update {
    /// Id
    #[arg(value_parser = crate::admin::id)]
    id: i64,
    /// What it is for
    #[arg(long)]
    name: Option<String>,
    /// Allow everything
    #[arg(long, conflicts_with_all = ["allow", "none"])]
    all: bool,
    /// Allow this and nothing else; may be repeated
    #[arg(long, value_name = "GROUP/ACTION", conflicts_with = "none")]
    allow: Vec<String>,
    /// Allow nothing
    #[arg(long)]
    none: bool,
    /// Addresses it may be used from; empty for any
    #[arg(long, value_name = "LIST")]
    ip: Option<String>,
    /// Whether it may be used
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
    active: Option<bool>,
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add(new) => add(context, &new)?,
        Command::List => list(context)?,
        Command::Show { id } => show(context, id)?,
        Command::Update(change) => update(context, &change)?,
        Command::Revoke { id, removal } => {
            let Some(token) = context.store.read(|tx| tx.token(TokenId::new(id)))? else { return missing("token", id) };
            let loss = RemovalPreview::alone(format!("revoke token {id} {:?}", token.name));
            if !removal.is_agreed(&context.output, &loss)? {
                return Ok(Done);
            }
            if !context.store.write(|tx| tx.revoke_token(TokenId::new(id)))? {
                return missing("token", id);
            }
            context.output.changed(
                &json!({ "id": id, "revoked": true }),
                &format!("token {id} was revoked and no longer works"),
            )?;
        }
    }
    Ok(Done)
}

fn as_json(token: &Token) -> Value {
    let permissions: Vec<&str> = token.permissions.split_ascii_whitespace().collect();
    json!({
        "id": token.id.get(), "name": token.name, "permissions": permissions, "ip": token.ips,
        "active": token.is_active, "created_at": token.created_at.unix(),
        "last_update_at": token.last_update_at.unix(), "last_used_at": token.last_used_at.unix(),
    })
}

fn add(context: &Context, new: &Add) -> outcome::Result<()> {
    check_name(&new.name)?;
    let permissions = if new.all { "*".to_owned() } else { permission_list(&new.allow)? };
    let value = chosen(new)?;
    let value = match value {
        Some(value) => value,
        None => random_token()?,
    };
    let ips = new.ip.as_deref().unwrap_or_default().trim();
    if new.ip.is_some() && ips.is_empty() {
        return usage("--ip has no address in it; without --ip the token may be used from anywhere");
    }
    check_ips(ips)?;
    let sha256 = token_hash(&value);
    let row = NewToken { name: &new.name, sha256: &sha256, permissions: &permissions, ips, is_active: !new.inactive };
    let id = context.store.write(|tx| match tx.add_token(&row, context.now) {
        Err(Error::Taken(_)) => bail!("this token exists already"; "choose another value"),
        other => Ok(other?),
    })?;
    let mut json = context.store.read(|tx| tx.token(id))?.as_ref().map(as_json).unwrap_or_default();
    if let Some(object) = json.as_object_mut() {
        object.insert("token".to_owned(), value.clone().into());
    }
    context.output.object(&json, &format!("{id}\n{value}"))?;
    context.output.say("the token is shown only now: the database keeps just its hash");
    if permissions.is_empty() {
        let next = format!("`maildesk admin token update {id} --allow GROUP/ACTION`");
        context.output.say(&format!("it may do nothing yet: {next}"));
    }
    Ok(())
}

fn chosen(new: &Add) -> outcome::Result<Option<String>> {
    let value = match (&new.value, &new.value_file) {
        (Some(value), _) => value.clone(),
        (None, Some(path)) => secret_file::read(path)?,
        (None, None) if new.value_stdin => secret_from_stdin()?,
        (None, None) => return Ok(None),
    };
    if value.chars().count() < CHOSEN_CHARS_MIN {
        return usage(format!("a token has at least {CHOSEN_CHARS_MIN} characters"));
    }
    if value.len() > CHOSEN_BYTES_MAX || !value.bytes().all(|b| b.is_ascii_graphic()) {
        return usage(format!(
            "a token has at most {CHOSEN_BYTES_MAX} characters, all of them printable ASCII without blanks"
        ));
    }
    Ok(Some(value))
}

pub(super) fn random_token() -> outcome::Result<String> {
    crate::random::alphanumeric(TOKEN_CHARS).context(crate::admin::NO_RANDOM_BYTES)
}

fn check_name(name: &str) -> outcome::Result<()> {
    if name.trim().is_empty() || !is_one_line(name, TOKEN_NAME_CHARS_MAX) {
        return usage(format!("a token's name has 1 to {TOKEN_NAME_CHARS_MAX} characters on one line"));
    }
    Ok(())
}

fn check_ips(list: &str) -> outcome::Result<()> {
    if !list.trim().is_empty() && list.split(',').any(|entry| entry.trim().is_empty()) {
        return usage(format!("{list:?} has a place without an address between its commas"));
    }
    IpList::parse(list).map(|_| ()).or_else(|refused| usage(refused.to_string()))
}

fn permission_list(names: &[String]) -> outcome::Result<String> {
    let mut list: Vec<&str> = Vec::new();
    for name in names.iter().flat_map(|names| names.split(',')).map(str::trim) {
        match Permission::named(name) {
            Some(permission) if list.contains(&permission.name()) => {}
            Some(permission) => list.push(permission.name()),
            None => {
                let all: Vec<&str> = Permission::ALL.iter().map(|permission| permission.name()).collect();
                return usage(format!("{name:?} is not a permission; there are {}", all.join(", ")));
            }
        }
    }
    Ok(list.join(" "))
}

fn list(context: &Context) -> outcome::Result<()> {
    let tokens = context.store.read(|tx| tx.tokens())?;
    let rows = tokens.iter().map(|token| {
        let state = if token.is_active { "active" } else { "inactive" };
        vec![
            token.id.to_string(),
            token.name.clone(),
            state.to_owned(),
            token.permissions.replace(' ', ", "),
            token.ips.clone(),
            output::time(token.last_used_at),
        ]
    });
    let json = tokens.iter().map(as_json).collect();
    context.output.list(json, &["id", "name", "state", "may", "from", "last used"], rows.collect())?;
    Ok(())
}

fn show(context: &Context, id: i64) -> outcome::Result<()> {
    let Some(token) = context.store.read(|tx| tx.token(TokenId::new(id)))? else { return missing("token", id) };
    let text = format!(
        "id         {}\nname       {}\nstate      {}\nmay        {}\nfrom       {}\ncreated    {}\nlast used  {}",
        token.id,
        terminal::line(&token.name),
        if token.is_active { "active" } else { "inactive" },
        token.permissions.replace(' ', ", "),
        if token.ips.is_empty() { "anywhere" } else { &token.ips },
        output::time(token.created_at),
        output::time(token.last_used_at)
    );
    context.output.object(&as_json(&token), &text)?;
    Ok(())
}

fn update(context: &Context, wanted: &Update) -> outcome::Result<()> {
    let has_list = wanted.all || wanted.none || !wanted.allow.is_empty();
    if !has_list && wanted.name.is_none() && wanted.ip.is_none() && wanted.active.is_none() {
        return nothing_to_change();
    }
    if let Some(name) = &wanted.name {
        check_name(name)?;
    }
    if let Some(list) = &wanted.ip {
        check_ips(list)?;
    }
    let permissions = match (wanted.all, wanted.none, wanted.allow.is_empty()) {
        (true, _, _) => Some("*".to_owned()),
        (false, true, _) => Some(String::new()),
        (false, false, false) => Some(permission_list(&wanted.allow)?),
        (false, false, true) => None,
    };
    let change = TokenChange {
        name: wanted.name.as_deref(),
        permissions: permissions.as_deref(),
        ips: wanted.ip.as_deref().map(str::trim),
        is_active: wanted.active,
    };
    if !context.store.write(|tx| tx.update_token(TokenId::new(wanted.id), &change, context.now))? {
        return missing("token", wanted.id);
    }
    show(context, wanted.id)
}
