//! Doors into the reading of requests for the targets of fuzz/: each reads from pieces of a given size, so that a caller
//! can check that the pieces make no difference.

use std::io::{self, Read};

use super::framing::{ChunkDecoder, Framing, Piece, framing};
use super::head::{Scan, Scanner, parse};
use super::multipart::{self, Boundary, Field};
use super::{HttpLimits, Rejection};

/// A head as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its bytes, the empty line included.
    pub bytes: usize,
    /// The method as it was written.
    pub method: String,
    /// The path, not decoded.
    pub path: String,
    /// What follows the question mark.
    pub query: String,
    /// Names and values of the fields.
    pub fields: Vec<(String, String)>,
    /// The body and its length in the input, if it came whole; the status of the refusal if it is refused.
    pub body: Result<Option<(Vec<u8>, usize)>, u16>,
}

/// Reads a request that arrives in pieces of `step` bytes; `None` if its head does not end.
///
/// # Errors
/// The status of the answer that refuses it.
pub fn request(bytes: &[u8], step: usize) -> Result<Option<Head>, u16> {
    let limits = HttpLimits::default();
    let mut scanner = Scanner::default();
    let mut seen = 0usize;
    let end = loop {
        seen = bytes.len().min(seen.saturating_add(step.max(1)));
        match scanner.scan(bytes.get(..seen).unwrap_or_default(), &limits) {
            Scan::Partial if seen == bytes.len() => return Ok(None),
            Scan::Partial => {}
            Scan::Complete(end) => break end,
            Scan::Bad(rejection) => return Err(rejection.status),
        }
    };
    let (head, rest) = bytes.split_at_checked(end).unwrap_or_default();
    let head = parse(head, &scanner).map_err(|rejection| rejection.status)?;
    let body = framing(&head.headers, head.version, limits.body_bytes_max)
        .and_then(|framing| body(framing, rest, step, limits.body_bytes_max))
        .map_err(|rejection| rejection.status);
    let fields = head.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let method = head.method.as_str().to_owned();
    Ok(Some(Head { bytes: end, method, path: head.path, query: head.query, fields, body }))
}

fn body(framing: Framing, rest: &[u8], step: usize, most: u64) -> Result<Option<(Vec<u8>, usize)>, Rejection> {
    let Framing::Chunked = framing else {
        let Framing::Length(length) = framing else { return Ok(None) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        return Ok(rest.get(..length).map(|body| (body.to_vec(), length)));
    };
    let mut decoder = ChunkDecoder::new(most);
    let (mut out, mut at) = (Vec::new(), 0usize);
    while !decoder.is_done() {
        let piece = rest.get(at..rest.len().min(at.saturating_add(step.max(1)))).unwrap_or_default();
        if piece.is_empty() {
            return Ok(None);
        }
        match decoder.next(piece)? {
            Piece::Framing(bytes) => at += bytes,
            Piece::Data(bytes) => {
                out.extend_from_slice(piece.get(..bytes).unwrap_or_default());
                at += bytes;
            }
        }
    }
    Ok(Some((out, at)))
}

/// A field of a form: its name, its file's name if it is a file, and its bytes.
pub type FormField = (String, Option<String>, Vec<u8>);

/// Reads a form that arrives in pieces of `step` bytes.
///
/// # Errors
/// The status of the answer that refuses it; 0 for a boundary that cannot be one.
pub fn form(bytes: &[u8], boundary: &str, step: usize) -> Result<Vec<FormField>, u16> {
    let boundary = Boundary::new(boundary).map_err(|_| 0u16)?;
    let fields = multipart::parse(Pieces { rest: bytes, step }, &boundary).map_err(|error| error.status())?;
    let field = |field| {
        Ok(match field {
            Field::Text { name, value } => (name, None, value),
            Field::File { name, filename, content } => {
                (name, Some(filename), content.into_bytes().map_err(|_| 500u16)?)
            }
        })
    };
    fields.into_iter().map(field).collect()
}

struct Pieces<'a> {
    rest: &'a [u8],
    step: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.step.max(1));
        self.rest.read(buffer.get_mut(..length).unwrap_or_default())
    }
}
