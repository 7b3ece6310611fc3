//! Attachments: the bytes are in HelpDeskZ's folder, under names it made up. Only files directly in
//! that folder are read.

use std::io::Read;
use std::path::Path;

use super::escaped;
use super::run::{Ready, Refused, RowResult, Run, id_of, row_id};
use crate::admin::import::dump::Row;
use crate::domain::{AttachmentId, MessageId, TicketId};
use crate::mail;
use crate::outcome;
use crate::private_file::Folder;
use crate::store::import::{Home, ImportedAttachment};
use crate::store::{Result, WriteTx};

/// Largest file read, in bytes. Chosen: one is held in memory at a time, and SQLite's values end at 1 GB.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Imports the attachments whose files are in `folder`; names them all when there is no folder.
pub(super) fn import(run: &mut Run<'_>, folder: Option<&Path>) -> outcome::Result<()> {
    let store = run.store;
    run.table(
        "attachments",
        |row| {
            let id = id_of(row)?;
            let refuse = |why: String| Refused { id: id.to_string(), why };
            let home = Home {
                ticket: row_id(row, "ticket_id").map(TicketId::new),
                message: row_id(row, "msg_id").map(MessageId::new),
                article: row_id(row, "article_id"),
            };
            let (is_known, place) = store
                .read(|tx| {
                    Ok::<_, crate::store::Error>((tx.has_attachment(AttachmentId::new(id))?, find_home(tx, home)?))
                })
                .map_err(|error| refuse(error.to_string()))?;
            let place = place.map_err(&refuse)?;
            let content = if is_known { Vec::new() } else { read(folder, &row.text("enc")).map_err(&refuse)? };
            Ok(attachment(row, id, place, content))
        },
        place,
    )
}

/// Where an attachment is, and what is reported about it.
struct Place {
    home: Home,
    repairs: Vec<String>,
}

fn attachment(row: &Row, id: i64, place: Place, content: Vec<u8>) -> Ready<ImportedAttachment> {
    let Place { home, repairs } = place;
    let original_name = escaped::one_line(&row.text("name"));
    let name = mail::safe_file_name(&original_name).unwrap_or_else(|| format!("attachment-{id}"));
    let declared = row.text("filetype").trim().to_ascii_lowercase();
    let is_type = declared.split_once('/').is_some_and(|(kind, of)| {
        let is_word =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b';' && b != b'/');
        is_word(kind) && is_word(of)
    });
    let content_type = if is_type {
        declared
    } else {
        infer::get(&content).map_or("application/octet-stream", |found| found.mime_type()).to_owned()
    };
    let bytes = content.len();
    let mut ready = Ready::new(row, id, ImportedAttachment { id, home, name, original_name, content_type, content });
    ready.bytes += bytes;
    ready.repairs.extend(repairs);
    ready
}

fn place(tx: &WriteTx<'_>, new: &ImportedAttachment) -> Result<RowResult> {
    Ok(tx.place_attachment(new, new.home)?.into())
}

/// Where an attachment belongs, or why nowhere.
fn find_home(tx: &crate::store::ReadTx<'_>, home: Home) -> Result<std::result::Result<Place, String>> {
    if let Some(message) = home.message
        && let Some(ticket) = tx.ticket_of_message(message)?
    {
        let mut repairs = Vec::new();
        if home.ticket != Some(ticket) {
            let named = home.ticket.map_or(0, TicketId::get);
            repairs.push(format!("its message is in ticket {ticket}, not in {named}"));
        }
        let home = Home { ticket: Some(ticket), message: home.message, article: None };
        return Ok(Ok(Place { home, repairs }));
    }
    if let Some(ticket) = home.ticket {
        if !tx.has_ticket(ticket.get())? {
            return Ok(Err(format!("ticket {ticket} does not exist")));
        }
        let message = home.message.map_or(0, MessageId::get);
        let repairs = vec![format!("its message {message} does not exist: it is kept on ticket {ticket}")];
        return Ok(Ok(Place { home: Home { message: None, article: None, ..home }, repairs }));
    }
    if let Some(article) = home.article {
        return Ok(if tx.has_article(article)? {
            let home = Home { ticket: None, message: None, article: Some(article) };
            Ok(Place { home, repairs: Vec::new() })
        } else {
            Err(format!("article {article} does not exist"))
        });
    }
    Ok(Err(match home.message {
        None => "it belongs to no ticket and no article".to_owned(),
        Some(message) => format!("message {message} does not exist"),
    }))
}

/// The bytes of a file directly in the folder.
fn read(folder: Option<&Path>, name: &str) -> std::result::Result<Vec<u8>, String> {
    let Some(folder) = folder else { return Err("its file was not given (--attachments)".to_owned()) };
    let is_plain = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0']);
    if !is_plain {
        return Err(format!("its file name {name:?} leaves the folder"));
    }
    let opened = Folder::open_named(folder).and_then(|folder| folder.file(name.as_ref()));
    let file = opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("its file {name} is missing"),
        _ => format!("its file {name}: {error}"),
    })?;
    let mut content = Vec::new();
    // One byte more says that it is larger.
    let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content);
    let bytes = read.map_err(|error| format!("its file {name}: {error}"))?;
    if bytes as u64 > FILE_BYTES_MAX {
        return Err(format!("its file {name} is larger than {} MiB", FILE_BYTES_MAX / (1024 * 1024)));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_directly_in_the_folder_are_read() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("attachments");
        std::fs::create_dir_all(folder.join("below")).unwrap();
        std::fs::write(folder.join("a.txt"), "inside").unwrap();
        std::fs::write(outer.path().join("secret"), "outside").unwrap();
        std::os::unix::fs::symlink(outer.path().join("secret"), folder.join("link")).unwrap();
        let read = |name: &str| read(Some(&folder), name);
        assert_eq!(read("a.txt"), Ok(b"inside".to_vec()));
        for name in ["../secret", "below/../a.txt", "/etc/passwd", "..", ".", "", "link", "below", "a\0.txt", "gone"] {
            assert!(read(name).is_err(), "{name:?}");
        }
        assert_eq!(read("link"), Err("its file link: a symbolic link, which is not followed".to_owned()));
        assert_eq!(read("gone"), Err("its file gone is missing".to_owned()));
    }
}
