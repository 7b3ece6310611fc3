//! The layer between the server and the protocol crate: it frames responses, keeps mails and
//! nonsense away from the crate, and counts bytes.
//!
//! The crate reads a response of any length into memory and parses it again for every line of a
//! literal. So literals that are mails are taken out here, each replaced by a short one that holds
//! its number; lines that were not asked for are dropped, the others are simplified by [`super::answer`];
//! and everything is bounded.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::rc::Rc;

use native_tls::TlsStream;

use super::answer::{self, Kind};
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
    bodies_left: usize,
    bytes_left: usize,
    is_closing: bool,
    is_muted: bool,
    /// Mails in the open folder, as far as the server has said.
    mails: Option<u32>,
    has_news: bool,
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
        let mut channel = self.0.borrow_mut();
        if !channel.is_muted {
            channel.link.write_all(bytes)?;
        }
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
            bodies_left: 0,
            bytes_left: RESPONSE_BYTES_MAX,
            is_closing: false,
            is_muted: false,
            mails: None,
            has_news: false,
        }
    }

    /// Starts a command: nothing of an earlier answer counts against it.
    pub(super) fn begin(&mut self) {
        self.expect_bytes(RESPONSE_BYTES_MAX);
        self.bodies.clear();
        self.body_bytes_max = 0;
        self.bodies_left = 0;
    }

    /// The answer to come may have up to `bytes`, mails apart.
    pub(super) const fn expect_bytes(&mut self, bytes: usize) {
        self.bytes_left = bytes;
    }

    /// The answer to come holds mails, each kept up to `each` bytes (the rest of a longer one is let
    /// go), and all of them together up to `all`: the sizes a server announces may be wrong.
    pub(super) const fn expect_bodies(&mut self, each: usize, all: usize) {
        self.body_bytes_max = each;
        self.bodies_left = all;
    }

    /// After this the server may say goodbye.
    pub(super) const fn expect_goodbye(&mut self) {
        self.is_closing = true;
    }

    /// Takes the mail that a placeholder replaced; `None` when it is no placeholder.
    pub(super) fn take_body(&mut self, placeholder: &[u8]) -> Option<Vec<u8>> {
        let number = placeholder.strip_prefix(b"\r")?;
        let number: usize = std::str::from_utf8(number).ok()?.parse().ok()?;
        self.bodies.get_mut(number).map(std::mem::take)
    }

    /// The connection itself, for the TLS handshake; `None` when bytes came that were not asked for.
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
        self.is_muted = false;
        Ok(count)
    }

    /// Puts the next response into `ready`, or nothing when it is not needed.
    fn read_response(&mut self) -> io::Result<()> {
        let bytes_left = self.bytes_left;
        self.read_wanted()?;
        if self.ready.is_empty() {
            // It takes no room, however much of it there is: another program may have changed every mail
            // of the folder. What never ends, ends with the clock.
            self.bytes_left = bytes_left;
        }
        Ok(())
    }

    fn read_wanted(&mut self) -> io::Result<()> {
        self.read_line()?;
        let line = std::mem::take(&mut self.line);
        match self.hear(&line) {
            Kind::Tagged => self.ready = answer::plain_end(&line),
            Kind::Continuation => self.ready = answer::plain_continuation(&line),
            Kind::State => self.ready = answer::plain_state(&line).unwrap_or_default(),
            Kind::Search => match answer::plain_search(&line) {
                Some(plain) => self.ready = plain,
                // Which mails it would have named is not known, so nothing may follow from the others.
                None => return Err(invalid("the server's list of mails makes no sense")),
            },
            Kind::Capability => self.ready = answer::plain_capability(&line),
            Kind::Fetch => self.ready = answer::plain_fetch(&self.with_literals(line)?).unwrap_or_default(),
            Kind::List => self.ready = answer::plain_list(&self.with_literals(line)?).unwrap_or_default(),
            Kind::Goodbye if !self.is_closing => {
                let text = String::from_utf8_lossy(line.get(5..).unwrap_or_default()).trim().to_owned();
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, format!("the server hung up: {text}")));
            }
            Kind::Exists(_) | Kind::Expunge | Kind::Other | Kind::Goodbye => self.skip_literals(line)?,
            Kind::Garbage => return Err(invalid("the server sent something that is not IMAP")),
        }
        Ok(())
    }

    /// What a line is; the number of mails in the folder is kept.
    pub(super) fn hear(&mut self, line: &[u8]) -> Kind {
        let kind = Kind::of(line);
        match kind {
            Kind::Exists(count) => {
                // Servers repeat the number at will; only another one is news.
                self.has_news |= self.mails != Some(count);
                self.mails = Some(count);
            }
            Kind::Expunge => self.mails = self.mails.map(|count| count.saturating_sub(1)),
            Kind::Tagged
            | Kind::Continuation
            | Kind::Fetch
            | Kind::List
            | Kind::Search
            | Kind::Capability
            | Kind::State
            | Kind::Goodbye
            | Kind::Other
            | Kind::Garbage => {}
        }
        kind
    }

    /// How many mails the open folder has, as far as the server has said.
    pub(super) const fn mails(&self) -> Option<u32> {
        self.mails
    }

    /// Whether mails have come since [`Self::forget_news`].
    pub(super) const fn has_news(&self) -> bool {
        self.has_news
    }

    /// From here on mails that arrive are new mail. Servers announce them during any command, and only once.
    pub(super) const fn forget_news(&mut self) {
        self.has_news = false;
    }

    /// Another folder is being opened.
    pub(super) const fn forget_folder(&mut self) {
        self.mails = None;
        self.has_news = false;
    }

    /// Answers the next command itself and sends nothing of it: the crate has no other way into a
    /// session that the server has opened already (PREAUTH).
    pub(super) fn answer_next(&mut self, answer: &str) {
        self.ready = answer.as_bytes().to_vec();
        self.ready_at = 0;
        self.is_muted = true;
    }

    /// A response with its literals: mails are put aside, small ones go through.
    fn with_literals(&mut self, mut line: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut response = Vec::new();
        while let Some((bytes, brace)) = answer::literal_at_end(&line) {
            if answer::ends_with_body_section(line.get(..brace).unwrap_or_default()) {
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
        Ok(response)
    }

    fn skip_literals(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        if answer::has_free_text(&line) {
            return Ok(());
        }
        while let Some((bytes, _)) = answer::literal_at_end(&line) {
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
        let Some(left) = self.bodies_left.checked_sub(kept) else {
            return Err(invalid("the server sends far more than the sizes it announced"));
        };
        self.bodies_left = left;
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

#[cfg(test)]
mod tests;
