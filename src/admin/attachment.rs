//! `admin attachment`: the files of a ticket.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Context, missing, output, usage};
use crate::domain::{AttachmentId, TicketId};
use crate::outcome::{self, Done, WithContext, bail};
use crate::private_file;

/// Verbs of `admin attachment`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin attachment list 12
  maildesk admin attachment save 7
  maildesk admin attachment save 7 --out plan.pdf")]
pub(crate) enum Command {
    /// The files of a ticket
    List {
        /// The ticket
        #[arg(value_parser = crate::admin::id)]
        ticket: i64,
    },
    /// Write a file's bytes to a new file
    Save {
        /// The attachment's id, as `ticket show` and `attachment list` have it
        #[arg(value_parser = crate::admin::id)]
        id: i64,
        /// The new file; - is stdout [default: the attachment's name, in this folder]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

pub(super) fn run(context: &Context, command: &Command) -> outcome::Result<Done> {
    match command {
        Command::List { ticket } => list(context, TicketId::new(*ticket))?,
        Command::Save { id, out } => save(context, AttachmentId::new(*id), out.as_deref())?,
    }
    Ok(Done)
}

fn list(context: &Context, ticket: TicketId) -> outcome::Result<()> {
    let found = context.store.read(|tx| {
        Ok::<_, crate::store::Error>(if tx.ticket(ticket)?.is_some() {
            Some(tx.attachments_of_ticket(ticket)?)
        } else {
            None
        })
    })?;
    let Some(files) = found else { return missing("ticket", ticket) };
    let json = files.iter().map(|file| {
        json!({
            "id": file.id.get(), "message_id": file.message.map(crate::domain::MessageId::get), "name": file.name,
            "type": file.content_type, "size": file.bytes,
        })
    });
    let rows = files
        .iter()
        .map(|file| vec![file.id.to_string(), file.name.clone(), file.content_type.clone(), file.bytes.to_string()]);
    context.output.list(json.collect(), &["id", "name", "type", "bytes"], rows.collect())?;
    Ok(())
}

fn save(context: &Context, id: AttachmentId, out: Option<&Path>) -> outcome::Result<()> {
    let found =
        context.store.read(|tx| Ok::<_, crate::store::Error>((tx.attachment_line(id)?, tx.attachment_content(id)?)))?;
    let (Some(line), content) = found else { return missing("attachment", id) };
    let Some(content) = content else {
        bail!("the bytes of attachment {id} were gone when it was imported");
    };
    if out == Some(Path::new("-")) {
        if context.output.is_json() {
            return usage("--out - writes the file's own bytes: it does not go with --json");
        }
        std::io::Write::write_all(&mut output::stdout(), &content)?;
        return Ok(());
    }
    // Names are made safe when they are stored: this one is no path.
    let path = out.map_or_else(|| PathBuf::from(&line.name), Path::to_owned);
    let write = || -> std::io::Result<()> {
        let mut file = private_file::create_new(&path)?;
        file.write_all(&content)?;
        file.sync_all()
    };
    match write() {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!("{} is there already", path.display(); "name another file with --out")
        }
        done => done.with_context(|| format!("writing {}", path.display()))?,
    }
    let json = json!({ "id": id.get(), "file": path, "size": content.len() });
    context.output.object(&json, &path.display().to_string())?;
    Ok(())
}
