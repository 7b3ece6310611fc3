//! Files of the desk that pages list: backups, and what waits to be imported.

use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;

use crate::domain::Timestamp;
use crate::http::{Pieces, Response};
use crate::private_file::Folder;
use crate::web::answer::{Refusal, with_guards};
use crate::web::call::Call;

/// Bytes of a file that are read at once while it is sent.
const PIECE_BYTES: u64 = 256 * 1024;

/// Files that are listed. Chosen: far above what anybody keeps.
const FILES_MAX: usize = 1000;

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) written_at: Timestamp,
}

/// The regular files in a folder whose names are fit for a page, the newest first; none where the folder is not there.
pub(super) fn entries(folder: &Path) -> Vec<Entry> {
    let Ok(opened) = Folder::open_named(folder) else { return Vec::new() };
    let names = opened.names().unwrap_or_default();
    let entry = |name: &std::ffi::OsString| {
        let plain = name.to_str().filter(|name| !name.starts_with('.') && !name.chars().any(char::is_control))?;
        let found = opened.file(name).and_then(|file| file.metadata()).ok()?;
        Some(Entry { name: plain.to_owned(), bytes: found.len(), written_at: Timestamp::from_unix(found.mtime()) })
    };
    let mut entries: Vec<Entry> = names.iter().filter_map(entry).collect();
    entries.sort_by(|a, b| (b.written_at.unix(), &b.name).cmp(&(a.written_at.unix(), &a.name)));
    entries.truncate(FILES_MAX);
    entries
}

/// A name as it stands in a path of ours: it may hold anything.
pub(super) fn key_of(name: &str) -> String {
    data_encoding::BASE64URL_NOPAD.encode(name.as_bytes())
}

/// The file that a path of ours names.
pub(super) fn find(folder: &Path, key: &str) -> Result<Entry, Refusal> {
    entries(folder).into_iter().find(|entry| key_of(&entry.name) == key).ok_or(Refusal::NotFound)
}

/// A number of bytes for people.
pub(super) fn size(call: &Call<'_>, bytes: u64) -> String {
    let (unit, divisor) = match bytes {
        0..1_000_000 => ("kB", 1_000),
        1_000_000..1_000_000_000 => ("MB", 1_000_000),
        _ => ("GB", 1_000_000_000),
    };
    // Tenths, rounded up: no file is shown as nothing.
    let tenths = bytes.saturating_mul(10).div_ceil(divisor);
    let point = if call.language.code == "en" { '.' } else { ',' };
    format!("{}{point}{}\u{a0}{unit}", tenths / 10, tenths % 10)
}

/// A file of a folder, for the browser to keep. It is read while it is sent, so that a slow reader keeps no memory.
pub(super) fn download(folder: &Path, entry: &Entry) -> Result<Response, Refusal> {
    let opened =
        Folder::open_named(folder).and_then(|folder| folder.file(std::ffi::OsStr::from_bytes(entry.name.as_bytes())));
    let failed = |error: io::Error| {
        tracing::error!(%error, name = entry.name, "opening a file that is asked for");
        Refusal::NotFound
    };
    let file = opened.map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let file = Arc::new(file);
    let pieces = Pieces::new(bytes, move |from| {
        let piece = piece_of(&file, from, bytes);
        piece.inspect_err(|error| tracing::error!(%error, "reading a file that is sent")).ok()
    });
    Ok(attachment(&entry.name).with_pieces(pieces))
}

fn piece_of(file: &File, from: u64, bytes: u64) -> io::Result<Vec<u8>> {
    let wanted = bytes.saturating_sub(from).min(PIECE_BYTES);
    let mut piece = vec![0; usize::try_from(wanted).unwrap_or(0)];
    file.read_exact_at(&mut piece, from)?;
    Ok(piece)
}

/// An answer that the browser keeps as a file of that name.
pub(super) fn attachment(name: &str) -> Response {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let named = utf8_percent_encode(name, NON_ALPHANUMERIC);
    with_guards(Response::new(200, "application/octet-stream", Vec::new()))
        .with_header("Content-Disposition", format!("attachment; filename*=UTF-8''{named}"))
        .with_header("Content-Security-Policy", "sandbox; default-src 'none'")
}

/// Removes a file of a folder.
pub(super) fn remove(folder: &Path, entry: &Entry) -> Result<(), Refusal> {
    std::fs::remove_file(folder.join(&entry.name)).map_err(|error| {
        tracing::error!(%error, name = entry.name, "removing a file");
        Refusal::Failed
    })
}
