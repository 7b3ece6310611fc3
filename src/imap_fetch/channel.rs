//! What stands between the server and the protocol crate: it frames responses, keeps mails and
//! nonsense away from the crate, and counts bytes.
//!
//! The crate reads a response of any length into memory and parses it again for every line of a
//! literal. So literals that are mails are taken out here, each replaced by a short one that holds
//! its number; lines nobody asked for are let go (servers send codes and characters the crate's
//! grammar refuses, which would cost the whole response); and everything else is bounded.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::rc::Rc;

use native_tls::TlsStream;

use super::wire::{Clock, Wire};

/// Bytes of one response, mails apart, unless a command expects more. Chosen: a greeting, a
/// SELECT or the sizes of a batch need a hundredth of it.
const RESPONSE_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of a literal that is no mail (a folder name, say).
const SMALL_LITERAL_BYTES_MAX: usize = 64 * 1024;

/// Bytes of a mail's literal that are read and let go beyond those that are kept; a server that
/// announces more is not believed. Chosen: no mail system carries mails of this size.
const LITERAL_EXCESS_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// Read from the connection at once.
const READ_BYTES: usize = 16 * 1024;

/// The connection, in the clear or not.
#[derive(Debug)]
pub(super) enum Link {
    Plain(Wire),
    Tls(Box<TlsStream<Wire>>),
}

impl Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(wire) => wire.write_all(bytes),
            Self::Tls(tls) => tls.write_all(bytes),
        }
    }
}

/// One connection, seen from both sides: the protocol crate reads and writes it, and
/// [`super::mailbox`] takes the mails out of it.
#[derive(Debug)]
pub(super) struct Channel {
    link: Link,
    pub(super) clock: Rc<Clock>,
    input: Vec<u8>,
    input_at: usize,
    line: Vec<u8>,
    ready: Vec<u8>,
    ready_at: usize,
    bodies: Vec<Vec<u8>>,
    body_bytes_max: usize,
    bytes_left: usize,
    is_closing: bool,
}

/// The protocol crate's end of a channel.
#[derive(Clone, Debug)]
pub(super) struct End(pub(super) Rc<RefCell<Channel>>);

impl Read for End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().link.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn invalid(text: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.into())
}

impl Channel {
    pub(super) const fn new(link: Link, clock: Rc<Clock>) -> Self {
        Self {
            link,
            clock,
            input: Vec::new(),
            input_at: 0,
            line: Vec::new(),
            ready: Vec::new(),
            ready_at: 0,
            bodies: Vec::new(),
            body_bytes_max: 0,
            bytes_left: RESPONSE_BYTES_MAX,
            is_closing: false,
        }
    }

    /// Starts a command: nothing of an earlier answer counts against it.
    pub(super) fn begin(&mut self) {
        self.expect_bytes(RESPONSE_BYTES_MAX);
        self.bodies.clear();
        self.body_bytes_max = 0;
    }

    /// The answer to come may have up to `bytes`, mails apart.
    pub(super) const fn expect_bytes(&mut self, bytes: usize) {
        self.bytes_left = bytes;
    }

    /// The answer to come holds mails, each kept up to `bytes`; the rest of a longer one is let go.
    pub(super) const fn expect_bodies(&mut self, bytes: usize) {
        self.body_bytes_max = bytes;
    }

    /// After this the server may say goodbye.
    pub(super) const fn expect_goodbye(&mut self) {
        self.is_closing = true;
    }

    /// Takes the mail a placeholder stands for; `None` when it is no placeholder.
    pub(super) fn take_body(&mut self, placeholder: &[u8]) -> Option<Vec<u8>> {
        let number = placeholder.strip_prefix(b"\r")?;
        let number: usize = std::str::from_utf8(number).ok()?.parse().ok()?;
        self.bodies.get_mut(number).map(std::mem::take)
    }

    /// The connection itself, for the TLS handshake; `None` when bytes came that nobody asked for.
    pub(super) fn into_link(self) -> Option<Link> {
        (self.input_at == self.input.len() && self.line.is_empty()).then_some(self.link)
    }

    /// Sends one line.
    pub(super) fn send_line(&mut self, line: &str) -> io::Result<()> {
        self.link.write_all(format!("{line}\r\n").as_bytes())
    }

    /// The next line as it came, without its end; an unfinished one is kept for the next call.
    pub(super) fn next_line(&mut self) -> io::Result<String> {
        self.read_line()?;
        let line = std::mem::take(&mut self.line);
        Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready_at == self.ready.len() {
            self.ready.clear();
            self.ready_at = 0;
            self.read_response()?;
        }
        let waiting = self.ready.get(self.ready_at..).unwrap_or_default();
        let count = waiting.len().min(buffer.len());
        let (head, _) = waiting.split_at(count);
        if let Some(place) = buffer.get_mut(..count) {
            place.copy_from_slice(head);
        }
        self.ready_at += count;
        Ok(count)
    }

    /// Puts the next response into `ready`, or nothing when nobody needs it.
    fn read_response(&mut self) -> io::Result<()> {
        self.read_line()?;
        let mut line = std::mem::take(&mut self.line);
        match kind(&line) {
            Kind::Tagged => {
                // The crate's grammar takes ASCII only, people's server messages do not.
                line.iter_mut().filter(|b| !b.is_ascii()).for_each(|b| *b = b'?');
                self.ready = line;
            }
            Kind::Wanted => self.ready = line,
            Kind::Data => self.read_data(line)?,
            Kind::Goodbye if !self.is_closing => {
                let text = String::from_utf8_lossy(line.get(6..).unwrap_or_default()).trim().to_owned();
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, format!("the server hung up: {text}")));
            }
            Kind::Unwanted | Kind::Goodbye => self.skip_literals(line)?,
            Kind::Garbage => return Err(invalid("the server sent something that is not IMAP")),
        }
        Ok(())
    }

    /// A response that may hold literals: mails are put aside, small ones go through.
    fn read_data(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        let mut response = Vec::new();
        while let Some((bytes, brace)) = literal_at_end(&line) {
            if ends_with_body_section(line.get(..brace).unwrap_or_default()) {
                let body = self.read_body(bytes)?;
                let placeholder = format!("\r{}", self.bodies.len());
                self.bodies.push(body);
                line.truncate(brace);
                response.extend_from_slice(&line);
                response.extend_from_slice(format!("{{{}}}\r\n{placeholder}", placeholder.len()).as_bytes());
            } else {
                response.extend_from_slice(&line);
                self.copy_small_literal(bytes, &mut response)?;
            }
            self.read_line()?;
            line = std::mem::take(&mut self.line);
        }
        response.extend_from_slice(&line);
        // Flags of other mails come unasked and in spellings the crate's grammar refuses.
        if is_asked_for(&response) {
            self.ready = response;
        }
        Ok(())
    }

    fn skip_literals(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        if has_free_text(&line) {
            return Ok(());
        }
        while let Some((bytes, _)) = literal_at_end(&line) {
            self.copy_small_literal(bytes, &mut Vec::new())?;
            self.read_line()?;
            line = std::mem::take(&mut self.line);
        }
        Ok(())
    }

    fn copy_small_literal(&mut self, bytes: usize, response: &mut Vec<u8>) -> io::Result<()> {
        if bytes > SMALL_LITERAL_BYTES_MAX.min(self.bytes_left) {
            return Err(invalid(format!("the server announces {bytes} bytes where a short text belongs")));
        }
        self.bytes_left -= bytes;
        let mut left = bytes;
        while left > 0 {
            let piece = self.some_input(left)?;
            response.extend_from_slice(piece);
            left -= piece.len();
            let count = piece.len();
            self.input_at += count;
        }
        Ok(())
    }

    fn read_body(&mut self, bytes: usize) -> io::Result<Vec<u8>> {
        let kept = bytes.min(self.body_bytes_max);
        if bytes - kept > LITERAL_EXCESS_BYTES_MAX || self.body_bytes_max == 0 {
            return Err(invalid(format!("the server announces a mail of {bytes} bytes")));
        }
        // Room is made for what has come, not for what is announced.
        let mut body = Vec::with_capacity(kept.min(READ_BYTES));
        let mut left = bytes;
        while left > 0 {
            let wanted = kept - body.len();
            let piece = self.some_input(left)?;
            let count = piece.len();
            body.extend_from_slice(piece.get(..wanted.min(count)).unwrap_or_default());
            left -= count;
            self.input_at += count;
        }
        Ok(body)
    }

    /// At most `most` bytes of what has come, waiting for it; the caller moves `input_at` on.
    fn some_input(&mut self, most: usize) -> io::Result<&[u8]> {
        self.fill()?;
        let waiting = self.input.get(self.input_at..).unwrap_or_default();
        Ok(waiting.get(..most).unwrap_or(waiting))
    }

    /// Completes `line` up to its line feed. After an error what has come so far is still there.
    fn read_line(&mut self) -> io::Result<()> {
        loop {
            self.fill()?;
            let waiting = self.input.get(self.input_at..).unwrap_or_default();
            let end = waiting.iter().position(|b| *b == b'\n').map(|at| at + 1);
            let count = end.unwrap_or(waiting.len());
            if count > self.bytes_left {
                return Err(invalid("the server's answer is too long to be one"));
            }
            self.bytes_left -= count;
            self.line.extend_from_slice(waiting.get(..count).unwrap_or_default());
            self.input_at += count;
            if end.is_some() {
                return Ok(());
            }
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.input_at < self.input.len() {
            return Ok(());
        }
        self.input_at = 0;
        self.input.resize(READ_BYTES, 0);
        let read = self.link.read(&mut self.input);
        self.input.truncate(*read.as_ref().unwrap_or(&0));
        if read? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The end of an answer: `a7 OK …`.
    Tagged,
    /// A line the crate is to see.
    Wanted,
    /// A response that may hold literals.
    Data,
    Goodbye,
    Unwanted,
    Garbage,
}

/// Codes of untagged OK that are read.
const WANTED_CODES: [&str; 2] = ["[UIDVALIDITY ", "[UIDNEXT "];

fn kind(line: &[u8]) -> Kind {
    let starts =
        |rest: &[u8], word: &str| rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()));
    if line.starts_with(b"+") {
        return Kind::Wanted;
    }
    let Some(rest) = line.strip_prefix(b"* ") else {
        let digits = line.strip_prefix(b"a").unwrap_or_default();
        let tag = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        return if tag > 0 && digits.get(tag) == Some(&b' ') { Kind::Tagged } else { Kind::Garbage };
    };
    if starts(rest, "OK ") {
        let text = rest.get(3..).unwrap_or_default();
        return if WANTED_CODES.iter().any(|code| starts(text, code)) && text.is_ascii() {
            Kind::Wanted
        } else {
            Kind::Unwanted
        };
    }
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits > 0 && starts(rest.get(digits..).unwrap_or_default(), " FETCH ") || starts(rest, "LIST ") {
        return Kind::Data;
    }
    if starts(rest, "CAPABILITY ") || starts(rest, "SEARCH") {
        return Kind::Wanted;
    }
    if starts(rest, "BYE") { Kind::Goodbye } else { Kind::Unwanted }
}

/// Whether a line is a status response, whose text may look like a literal and is none.
fn has_free_text(line: &[u8]) -> bool {
    [&b"* OK"[..], b"* NO", b"* BAD", b"* BYE", b"* PREAUTH"]
        .iter()
        .any(|word| line.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word)))
}

/// The length of the literal a line announces at its end, and where its brace is (RFC 3501 §4.3).
fn literal_at_end(line: &[u8]) -> Option<(usize, usize)> {
    let text = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n"))?;
    let text = text.strip_suffix(b"}")?;
    let brace = text.iter().rposition(|b| *b == b'{')?;
    let digits = text.get(brace + 1..)?;
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // A number beyond the range is a literal too: one that is refused.
    let bytes = std::str::from_utf8(digits).ok()?.parse().unwrap_or(usize::MAX);
    Some((bytes, brace))
}

/// Whether what comes next is the text of a mail: `… BODY[] ` or `… BODY[]<0> `.
fn ends_with_body_section(line: &[u8]) -> bool {
    let tail = line.get(line.len().saturating_sub(24)..).unwrap_or_default().to_ascii_uppercase();
    let tail = String::from_utf8_lossy(&tail).into_owned();
    tail.rfind("BODY[]").is_some_and(|at| !tail.get(at..).unwrap_or_default().contains('('))
}

fn is_asked_for(response: &[u8]) -> bool {
    let text = String::from_utf8_lossy(response).to_ascii_uppercase();
    text.starts_with("* LIST ") || text.contains("BODY[]") || text.contains("RFC822.SIZE")
}
