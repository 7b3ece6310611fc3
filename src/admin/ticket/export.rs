//! The export of a whole ticket: for a customer who asks what is stored about them, or for another program.

use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::show;
use crate::admin::{Context, missing};
use crate::domain::{ReceiptId, TicketId};
use crate::intake;
use crate::outcome::{self, WithContext};
use crate::private_file;
use crate::terminal;

/// Files of a ticket: name, and content where it is still kept.
struct Pieces {
    ticket: Value,
    /// Attachments: id, name, type, bytes.
    files: Vec<(i64, String, String, Vec<u8>)>,
    /// Raw mails with the ids of their receipts.
    mails: Vec<(ReceiptId, Vec<u8>)>,
}

fn gather(context: &Context, id: TicketId) -> outcome::Result<Option<Pieces>> {
    context.store.read(|tx| {
        let Some(whole) = show::read(tx, id)? else { return Ok(None) };
        let mut files = Vec::new();
        for file in &whole.attachments {
            if let Some(content) = tx.attachment_content(file.id)? {
                files.push((file.id.get(), file.name.clone(), file.content_type.clone(), content));
            }
        }
        let mut mails = Vec::new();
        for receipt in tx.receipts_of_ticket(id)? {
            if let Some(compressed) = tx.raw_mail(receipt)? {
                mails.push((receipt, intake::decompress(&compressed).context("unpacking a raw mail")?));
            }
        }
        Ok(Some(Pieces { ticket: whole.json(), files, mails }))
    })
}

/// Prints everything as one JSON object, or writes it into a folder that must not be there yet.
pub(super) fn run(context: &Context, id: TicketId, dir: Option<&Path>) -> outcome::Result<()> {
    let Some(pieces) = gather(context, id)? else { return missing("ticket", id) };
    match dir {
        None => {
            let json = as_json(pieces);
            // Without --json too: an export is for programs, but one may read it.
            let text = serde_json::to_string_pretty(&json)?;
            context.output.object(&json, &terminal::json(text))?;
        }
        Some(dir) => {
            let count = write_all(&pieces, dir)?;
            context
                .output
                .object(&json!({ "ticket_id": id.get(), "dir": dir, "files": count }), &dir.display().to_string())?;
        }
    }
    Ok(())
}

fn as_json(pieces: Pieces) -> Value {
    let Pieces { mut ticket, files, mails } = pieces;
    let files: Vec<Value> = files
        .into_iter()
        .map(|(id, name, content_type, content)| {
            json!({ "id": id, "name": name, "type": content_type, "size": content.len(), "base64": STANDARD.encode(content) })
        })
        .collect();
    let mails: Vec<Value> = mails
        .into_iter()
        .map(|(receipt, raw)| json!({ "mail_id": receipt.get(), "size": raw.len(), "base64": STANDARD.encode(raw) }))
        .collect();
    if let Some(object) = ticket.as_object_mut() {
        object.insert("files".to_owned(), files.into());
        object.insert("mails".to_owned(), mails.into());
    }
    ticket
}

/// Writes ticket.json, attachments and raw mails; says how many files.
fn write_all(pieces: &Pieces, dir: &Path) -> outcome::Result<usize> {
    private_file::create_new_folder(dir).with_context(|| format!("creating {}", dir.display()))?;
    let write = |name: &str, content: &[u8]| {
        let path = dir.join(name);
        private_file::create_new(&path)
            .and_then(|mut file| file.write_all(content))
            .with_context(|| format!("writing {}", path.display()))
    };
    write("ticket.json", format!("{:#}\n", pieces.ticket).as_bytes())?;
    for (id, name, _, content) in &pieces.files {
        // The id in front keeps two files of one name apart; the name was made safe when it was stored.
        write(&format!("{id}-{}", name.replace('/', "_")), content)?;
    }
    for (receipt, raw) in &pieces.mails {
        write(&format!("mail-{receipt}.eml"), raw)?;
    }
    Ok(1 + pieces.files.len() + pieces.mails.len())
}
