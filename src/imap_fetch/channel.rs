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
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use super::*;
    use crate::stop::Stop;

    /// A channel whose server has said `text` and hung up.
    fn hearing(text: &[u8]) -> Channel {
        let (channel, mut server) = connected();
        server.write_all(text).unwrap();
        channel
    }

    /// A channel and the server's end of it.
    fn connected() -> (Channel, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let clock = Rc::new(Clock::new(&Stop::new().unwrap(), Duration::from_secs(5)));
        let wire = Wire::connect("127.0.0.1", port, Rc::clone(&clock)).unwrap();
        let (server, _) = listener.accept().unwrap();
        (Channel::new(Link::Plain(wire), clock), server)
    }

    /// What the crate gets to read, up to the first error.
    fn read_all(channel: &mut Channel) -> (String, String) {
        let mut all = Vec::new();
        let mut buffer = [0; 7];
        loop {
            match channel.read(&mut buffer) {
                Ok(count) => all.extend_from_slice(&buffer[..count]),
                Err(error) => return (String::from_utf8(all).unwrap(), error.to_string()),
            }
        }
    }

    const CLOSED: &str = "the server closed the connection";

    #[test]
    fn mails_are_put_aside_and_stand_for_themselves_by_number() {
        let mut channel = hearing(
            b"* 1 FETCH (UID 4 BODY[] {5}\r\na\r\n)b FLAGS ())\r\n* 2 FETCH (BODY[] {0}\r\n UID 5)\r\na1 OK\r\n",
        );
        channel.expect_bodies(100, 100);
        let (read, why) = read_all(&mut channel);
        assert_eq!(
            read,
            "* 1 FETCH (UID 4 BODY[] {2}\r\n\r0)\r\n* 1 FETCH (UID 5 BODY[] {2}\r\n\r1)\r\na1 OK no words\r\n"
        );
        assert_eq!(why, CLOSED);
        assert_eq!(channel.take_body(b"\r0").unwrap(), b"a\r\n)b");
        assert_eq!(channel.take_body(b"\r1").unwrap(), b"");
        assert_eq!((channel.take_body(b"\r2"), channel.take_body(b"0")), (None, None));
    }

    #[test]
    fn mails_are_kept_up_to_the_limit_and_no_further() {
        for (limit, kept) in [(5, "abcde"), (6, "abcdef"), (7, "abcdef")] {
            let mut channel = hearing(b"* 1 FETCH (UID 4 BODY[] {6}\r\nabcdef)\r\n");
            channel.expect_bodies(limit, 100);
            read_all(&mut channel);
            assert_eq!(channel.take_body(b"\r0").unwrap(), kept.as_bytes());
        }
    }

    #[test]
    fn mails_nobody_asked_for_and_mails_of_unbelievable_size_are_refused() {
        let mut channel = hearing(b"* 1 FETCH (UID 4 BODY[] {6}\r\nabcdef)\r\n");
        assert!(read_all(&mut channel).1.contains("6 bytes"));
        for (bytes, is_believed) in [(LITERAL_EXCESS_BYTES_MAX + 1, true), (LITERAL_EXCESS_BYTES_MAX + 2, false)] {
            let mut channel = hearing(format!("* 1 FETCH (UID 4 BODY[] {{{bytes}}}\r\nabc").as_bytes());
            channel.expect_bodies(1, 1);
            let (_, why) = read_all(&mut channel);
            assert_eq!(why == CLOSED, is_believed, "{why}");
        }
    }

    #[test]
    fn mails_together_have_a_limit_as_well() {
        for (all, is_taken) in [(9, true), (8, false)] {
            let mut channel =
                hearing(b"* 1 FETCH (UID 4 BODY[] {6}\r\nabcdef)\r\n* 2 FETCH (UID 5 BODY[] {4}\r\nabcd)\r\n");
            channel.expect_bodies(5, all);
            let (_, why) = read_all(&mut channel);
            assert_eq!((why == CLOSED, channel.take_body(b"\r1").is_some()), (is_taken, is_taken), "{why}");
        }
    }

    #[test]
    fn short_texts_have_their_limit_too() {
        for (bytes, is_taken) in [(SMALL_LITERAL_BYTES_MAX, true), (SMALL_LITERAL_BYTES_MAX + 1, false)] {
            let text = format!("* LIST () NIL {{{bytes}}}\r\n{}\r\n", "x".repeat(bytes));
            let mut channel = hearing(text.as_bytes());
            let (read, why) = read_all(&mut channel);
            assert_eq!((read.is_empty(), why == CLOSED), (!is_taken, is_taken), "{why}");
        }
    }

    #[test]
    fn an_answer_has_a_length_that_is_enough_and_one_that_is_too_much() {
        for (more, is_taken) in [(0, true), (1, false)] {
            let mut line = "* SEARCH 1".to_owned();
            line += &" ".repeat(100 + more - line.len() - 2);
            let mut channel = hearing((line + "\r\n").as_bytes());
            channel.expect_bytes(100);
            assert_eq!(read_all(&mut channel).0.is_empty(), !is_taken);
        }
    }

    #[test]
    fn changes_that_somebody_else_made_do_not_count() {
        let changes: String = (1..=5).map(|n| format!("* {n} FETCH (FLAGS (\\Seen))\r\n* {n} EXPUNGE\r\n")).collect();
        let mut channel = hearing((changes + "* SEARCH 1\r\n").as_bytes());
        channel.expect_bytes(40);
        assert_eq!(read_all(&mut channel).0, "* SEARCH 1\r\n");
    }

    #[test]
    fn words_that_look_like_a_literal_are_none() {
        let mut channel = hearing(b"* OK [ALERT] so {3}\r\n* NO {9}\r\n* FLAGS {1}\r\n( \r\n* SEARCH 3\r\n");
        assert_eq!(read_all(&mut channel).0, "* SEARCH 3\r\n");
    }

    #[test]
    fn a_goodbye_is_an_error_until_it_is_expected() {
        let goodbye = b"* BYE too many connections\r\na1 OK bye\r\n";
        let (read, why) = read_all(&mut hearing(goodbye));
        assert_eq!((read.as_str(), why.as_str()), ("", "the server hung up: too many connections"));
        let mut channel = hearing(goodbye);
        channel.expect_goodbye();
        assert_eq!(read_all(&mut channel).0, "a1 OK bye\r\n");
    }

    #[test]
    fn what_is_no_imap_ends_it() {
        assert!(read_all(&mut hearing(b"* SEARCH\r\n220 smtp ready\r\n")).1.contains("not IMAP"));
    }

    #[test]
    fn news_is_another_number_of_mails_and_not_the_same_once_more() {
        let (mut channel, _server) = connected();
        channel.hear(b"* 3 EXISTS");
        channel.forget_news();
        channel.hear(b"* 3 EXISTS");
        channel.hear(b"* 1 RECENT");
        assert!(!channel.has_news());
        channel.hear(b"* 2 EXPUNGE");
        channel.hear(b"* 2 EXISTS");
        assert!(!channel.has_news(), "one went, and the rest was there before");
        channel.hear(b"* 3 EXISTS");
        assert!(channel.has_news());
    }

    #[test]
    fn an_answer_of_our_own_keeps_the_command_from_the_server() {
        let (channel, mut server) = connected();
        let mut end = End(Rc::new(RefCell::new(channel)));
        end.0.borrow_mut().answer_next("a1 OK\r\n");
        end.write_all(b"a1 LOGIN\r\n").unwrap();
        let mut buffer = [0; 32];
        assert_eq!(end.read(&mut buffer).unwrap(), 7);
        end.write_all(b"a2 NOOP\r\n").unwrap();
        let count = server.read(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"a2 NOOP\r\n");
    }

    #[test]
    fn bytes_that_wait_before_the_handshake_give_the_link_away_to_nobody() {
        let mut channel = hearing(b"a0 OK go\r\n");
        assert_eq!(channel.next_line().unwrap(), "a0 OK go");
        assert!(channel.into_link().is_some());
        let mut channel = hearing(b"a0 OK go\r\n* CAPABILITY IMAP4rev1\r\n");
        assert_eq!(channel.next_line().unwrap(), "a0 OK go");
        assert!(channel.into_link().is_none());
    }
}
