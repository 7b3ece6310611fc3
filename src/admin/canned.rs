//! `admin canned`: canned responses, kept for programs that write answers with them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, missing, nothing_to_change, usage};
use crate::domain::StaffId;
use crate::domain::one_line::{TITLE_CHARS_MAX, is_one_line};
use crate::mail::html;
use crate::outcome::{self, Done, WithContext};
use crate::store::knowledge::{CannedResponse, NewCannedResponse};
use crate::terminal;

/// Largest body file, in bytes: what the API takes as a message.
const BODY_BYTES_MAX: u64 = 1024 * 1024;

/// Verbs of `admin canned`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin canned add \"Ask for the serial number\" --body-file serial.html
  maildesk admin canned list --json")]
pub(crate) enum Command {
    /// Add a canned response; prints its id
    #[command(group(clap::ArgGroup::new("text").required(true)))]
    Add {
        /// Title
        title: String,
        /// Its text
        #[arg(long, group = "text", allow_hyphen_values = true)]
        body: Option<String>,
        /// File with its text: HTML if it starts with `<` or ends in .html, else plain text
        #[arg(long, value_name = "FILE", group = "text")]
        body_file: Option<PathBuf>,
        /// Place in the list [default: last]
        #[arg(long)]
        position: Option<i64>,
    },
    /// Every canned response in its order
    List,
    /// One canned response
    Show {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
    },
    /// Change a canned response; what is not named stays
    Update {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Title
        #[arg(long)]
        title: Option<String>,
        /// Its text
        #[arg(long, conflicts_with = "body_file", allow_hyphen_values = true)]
        body: Option<String>,
        /// File with its text
        #[arg(long, value_name = "FILE")]
        body_file: Option<PathBuf>,
        /// Place in the list
        #[arg(long)]
        position: Option<i64>,
    },
    /// Remove a canned response
    Remove {
        /// Id
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { title, body, body_file, position } => {
            let title = checked_title(&title)?;
            let body = read_body(body, body_file.as_deref())?;
            let new = NewCannedResponse { title: Some(&title), body: body.as_deref(), position };
            let id = context.store.write(|tx| tx.add_canned_response(&new, context.now))?;
            context.output.object(&as_json(&find(context, id)?), &id.to_string())?;
        }
        Command::List => {
            let all = context.store.read(|tx| tx.canned_responses())?;
            let rows =
                all.iter().map(|canned| vec![canned.id.to_string(), canned.position.to_string(), canned.title.clone()]);
            context.output.list(all.iter().map(as_json).collect(), &["id", "position", "title"], rows.collect())?;
        }
        Command::Show { id } => show(context, id)?,
        Command::Update { id, title, body, body_file, position } => {
            if title.is_none() && body.is_none() && body_file.is_none() && position.is_none() {
                return nothing_to_change();
            }
            let title = title.map(|title| checked_title(&title)).transpose()?;
            let body = read_body(body, body_file.as_deref())?;
            let change = NewCannedResponse { title: title.as_deref(), body: body.as_deref(), position };
            if !context.store.write(|tx| tx.update_canned_response(id, &change, context.now))? {
                return missing("canned", id);
            }
            show(context, id)?;
        }
        Command::Remove { id, removal } => {
            let canned = find(context, id)?;
            let loss = RemovalPreview::alone(format!("remove canned response {id} {:?}", canned.title));
            if !removal.is_agreed(&context.output, &loss)? {
                return Ok(Done);
            }
            if !context.store.write(|tx| tx.remove_canned_response(id))? {
                return missing("canned", id);
            }
            loss.happened(&context.output, &format!("canned response {id} is gone"))?;
        }
    }
    Ok(Done)
}

fn checked_title(title: &str) -> outcome::Result<String> {
    let title = title.trim();
    if !is_one_line(title, TITLE_CHARS_MAX) {
        return usage(format!("a title is one line of 1 to {TITLE_CHARS_MAX} characters"));
    }
    Ok(title.to_owned())
}

/// The text as sanitised HTML.
fn read_body(body: Option<String>, file: Option<&Path>) -> outcome::Result<Option<String>> {
    let (text, is_html_file) = match (body, file) {
        (Some(text), _) => (text, false),
        (None, Some(path)) => {
            let about = path.metadata().with_context(|| format!("reading {}", path.display()))?;
            if about.len() > BODY_BYTES_MAX {
                return usage(format!("{} is larger than {} KiB", path.display(), BODY_BYTES_MAX / 1024));
            }
            let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            (text, path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("html")))
        }
        (None, None) => return Ok(None),
    };
    let is_html = is_html_file || text.trim_start().starts_with('<');
    Ok(Some(if is_html { html::sanitise_message(&text) } else { html::text_to_html(text.trim_end()) }))
}

fn find(context: &Context, id: i64) -> outcome::Result<CannedResponse> {
    context.store.read(|tx| tx.canned_response(id))?.map_or_else(|| missing("canned", id), Ok)
}

fn as_json(canned: &CannedResponse) -> Value {
    json!({
        "id": canned.id, "title": canned.title, "body": canned.body, "text": html::to_text(&canned.body),
        "position": canned.position, "staff_id": canned.staff.map_or(0, StaffId::get), "created_at": canned.created_at.unix(),
        "last_update_at": canned.last_update_at.unix(),
    })
}

fn show(context: &Context, id: i64) -> outcome::Result<()> {
    let canned = find(context, id)?;
    let text = format!("{}\n\n{}", terminal::line(&canned.title), html::to_text(&canned.body));
    context.output.object(&as_json(&canned), &text)?;
    Ok(())
}
