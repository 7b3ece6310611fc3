//! One connection from the greeting to its end (RFC 2033). What a client may not do ends in a reply, and where nobody can
//! say any more where the next command begins, in the connection's end.

use std::io;
use std::time::{Duration, Instant};

use super::Shared;
use super::command::{self, Command, LINE_BYTES_MAX};
use super::content::{Content, Dots};
use super::reply::{self, Reply};
use super::wire::{Filled, Stream, Wire};
use crate::intake::{Delivery, Envelope, Letter, Rules, Settled, Source, Trouble, log_delivery};

/// Recipients of one mail: RFC 5321 §4.5.3.1.8 wants a hundred at least.
const RECIPIENTS_MAX: usize = 100;

/// Commands of one connection that are refused before it is ended.
const FAULTS_MAX: usize = 20;

/// How long a client may be silent between two commands (RFC 5321 §4.5.3.2.7).
const IDLE: Duration = Duration::from_secs(300);

/// How long a command may take from its first byte to its last.
const COMMAND: Duration = Duration::from_secs(10);

/// How long a client may send nothing of a mail it has begun.
const STALL: Duration = Duration::from_secs(60);

/// How long a mail may take in all (RFC 5321 §4.5.3.2.6).
const MAIL: Duration = Duration::from_secs(600);

/// Why a connection ends.
enum End {
    /// The client is gone, or said QUIT.
    Gone,
    /// With a last word.
    Refused(Reply),
}

impl From<io::Error> for End {
    /// A socket's error means that the client is gone.
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// What was said of the mail that is to come.
#[derive(Default)]
struct Mail<'a> {
    sender: Option<String>,
    recipients: Vec<String>,
    /// What came by BDAT so far.
    chunks: Option<Content<'a>>,
}

/// One client's connection.
pub(super) struct Session<'a> {
    wire: Wire,
    shared: &'a Shared,
    peer: &'a str,
    has_greeted: bool,
    mail: Mail<'a>,
    faults: usize,
}

impl<'a> Session<'a> {
    pub(super) fn new(stream: Stream, shared: &'a Shared, peer: &'a str) -> Self {
        let mail = Mail::default();
        Self { wire: Wire::new(stream), shared, peer, has_greeted: false, mail, faults: 0 }
    }

    /// Serves until the client leaves, misbehaves, is silent for too long, or the server ends.
    pub(super) fn run(mut self) {
        self.wire.say("220 maildesk LMTP");
        let end = loop {
            if let Err(end) = self.next() {
                break end;
            }
        };
        if let End::Refused(reply) = end {
            tracing::debug!(peer = self.peer, reply = reply.line(), "ending the connection");
            self.wire.say(&reply.line());
        }
        self.wire.hang_up();
    }

    fn say(&mut self, code: u16, text: &str) {
        self.wire.say(&format!("{code} {text}"));
    }

    fn next(&mut self) -> Result<(), End> {
        let line = self.line()?;
        match command::read(&line) {
            Ok(command) => self.obey(command),
            // What follows could be the bytes of a mail, or commands.
            Err(reply) if command::announces_bytes(&line) => Err(End::Refused(reply)),
            Err(reply) => self.refuse(&reply),
        }
    }

    /// A command that is not obeyed; too many of them end the connection.
    fn refuse(&mut self, reply: &Reply) -> Result<(), End> {
        self.faults += 1;
        if self.faults > FAULTS_MAX {
            return Err(End::Refused(Reply::new(421, "4.7.0 too many mistakes")));
        }
        self.wire.say(&reply.line());
        Ok(())
    }

    /// A line without its end, which is CR LF and nothing else: what another server takes for the end of a line could
    /// hide a command.
    fn line(&mut self) -> Result<Vec<u8>, End> {
        let mut deadline = None;
        loop {
            let unread = self.wire.unread();
            if let Some(end) = unread.iter().position(|b| *b == b'\n') {
                let line = unread.get(..end).unwrap_or_default();
                let Some(line) = line.strip_suffix(b"\r").filter(|line| line.len() + 2 <= LINE_BYTES_MAX) else {
                    let why =
                        if line.len() >= LINE_BYTES_MAX { "the line is too long" } else { "lines end with CR LF" };
                    return Err(End::Refused(Reply::new(500, format!("5.5.2 {why}"))));
                };
                let line = line.to_vec();
                self.wire.consume(end + 1);
                return Ok(line);
            }
            if unread.len() >= LINE_BYTES_MAX {
                return Err(End::Refused(Reply::new(500, "5.5.2 the line is too long")));
            }
            let filled = if unread.is_empty() {
                self.wire.fill(Instant::now() + IDLE, Some(&self.shared.stop))?
            } else {
                let deadline = *deadline.get_or_insert_with(|| Instant::now() + COMMAND);
                self.wire.fill(deadline, None)?
            };
            match filled {
                Filled::More => {}
                Filled::Eof => return Err(End::Gone),
                Filled::TimedOut => return Err(End::Refused(Reply::new(421, "4.4.2 no command in time"))),
                Filled::Stopping => return Err(End::Refused(Reply::new(421, "4.3.2 the desk is being shut down"))),
            }
        }
    }

    fn obey(&mut self, command: Command) -> Result<(), End> {
        if self.mail.chunks.is_some() && matches!(command, Command::Mail(_) | Command::Rcpt(_) | Command::Data) {
            return self.refuse(&Reply::new(503, "5.5.1 BDAT goes on with BDAT"));
        }
        match command {
            Command::Lhlo => self.greet(),
            Command::Mail(_) if !self.has_greeted => return self.refuse(&Reply::new(503, "5.5.1 say LHLO first")),
            Command::Mail(_) if self.mail.sender.is_some() => {
                return self.refuse(&Reply::new(503, "5.5.1 there is a sender already"));
            }
            Command::Mail(sender) => {
                self.mail.sender = Some(sender);
                self.say(250, "2.1.0 sender noted");
            }
            Command::Rcpt(_) if self.mail.sender.is_none() => {
                return self.refuse(&Reply::new(503, "5.5.1 say MAIL first"));
            }
            Command::Rcpt(_) if self.mail.recipients.len() >= RECIPIENTS_MAX => {
                self.say(452, "4.5.3 too many recipients");
            }
            Command::Rcpt(recipient) => {
                self.mail.recipients.push(recipient);
                self.say(250, "2.1.5 recipient noted");
            }
            Command::Data => return self.data(),
            Command::Bdat { bytes, is_last } => return self.chunk(bytes, is_last),
            Command::Rset => {
                self.mail = Mail::default();
                self.say(250, "2.0.0 forgotten");
            }
            Command::Noop => self.say(250, "2.0.0 still here"),
            Command::Vrfy => self.say(252, "2.5.0 send a mail and see"),
            Command::Help => {
                self.say(214, "2.0.0 LHLO, MAIL, RCPT, DATA, BDAT, RSET, NOOP, VRFY, HELP, QUIT; see docs/lmtp.md")
            }
            Command::Quit => {
                self.say(221, "2.0.0 goodbye");
                return Err(End::Gone);
            }
        }
        Ok(())
    }

    fn greet(&mut self) {
        self.has_greeted = true;
        self.mail = Mail::default();
        // A mail of any size is taken; of a large one the header is kept (RFC 1870 §4: no number means no limit).
        for line in ["maildesk", "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING"] {
            self.wire.say(&format!("250-{line}"));
        }
        self.wire.say("250 SIZE");
    }

    fn rules(&self) -> Rules {
        Rules { limits: self.shared.limits() }
    }

    /// A place for the mail to come.
    fn content(&self) -> Content<'a> {
        Content::new(&self.shared.room, self.rules().limits.raw_bytes_max.saturating_add(1))
    }

    fn lacks(&self) -> Option<Reply> {
        match (&self.mail.sender, self.mail.recipients.is_empty()) {
            (None, _) => Some(Reply::new(503, "5.5.1 say MAIL first")),
            (_, true) => Some(Reply::new(503, "5.5.1 no recipient was taken")),
            _ => None,
        }
    }

    fn data(&mut self) -> Result<(), End> {
        if let Some(reply) = self.lacks() {
            return self.refuse(&reply);
        }
        if !self.wire.unread().is_empty() {
            // RFC 2920 §3.1: DATA is the last of a group. What stands here could be read as a mail or as commands.
            return Err(End::Refused(Reply::new(503, "5.5.0 the mail came before it was asked for")));
        }
        self.wire.say("354 the mail, and a dot");
        let (mut dots, mut content) = (Dots::default(), self.content());
        let end = Instant::now() + MAIL;
        while !dots.is_at_end() {
            self.fill_mail(end)?;
            let taken = dots.read(self.wire.unread(), &mut content);
            self.wire.consume(taken);
        }
        self.settle(content);
        Ok(())
    }

    /// RFC 3030 §2. A chunk is read even where it is refused: what follows it is the next command.
    fn chunk(&mut self, bytes: u64, is_last: bool) -> Result<(), End> {
        let lacks = self.lacks();
        let mut content = match self.mail.chunks.take() {
            Some(content) => content,
            None => self.content(),
        };
        let (mut left, end) = (bytes, Instant::now() + MAIL);
        while left > 0 {
            if self.wire.unread().is_empty() {
                self.fill_mail(end)?;
            }
            let unread = self.wire.unread();
            let taken = usize::try_from(left).unwrap_or(usize::MAX).min(unread.len());
            if lacks.is_none() {
                content.add(unread.get(..taken).unwrap_or_default());
            }
            self.wire.consume(taken);
            left = left.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
        }
        match (lacks, is_last) {
            (Some(reply), _) => return self.refuse(&reply),
            (None, true) => self.settle(content),
            (None, false) => {
                self.mail.chunks = Some(content);
                self.say(250, &format!("2.0.0 {bytes} bytes"));
            }
        }
        Ok(())
    }

    fn fill_mail(&mut self, end: Instant) -> Result<(), End> {
        match self.wire.fill(end.min(Instant::now() + STALL), None)? {
            Filled::More => Ok(()),
            // A mail cut short is none: the mail server still has it.
            Filled::Eof | Filled::Stopping => Err(End::Gone),
            Filled::TimedOut => Err(End::Refused(Reply::new(421, "4.4.2 the mail did not come in time"))),
        }
    }

    /// Has the mail stored and says what became of it, for each recipient.
    fn settle(&mut self, mut content: Content<'_>) {
        let Mail { sender, recipients, .. } = std::mem::take(&mut self.mail);
        let (began, whole) = (Instant::now(), content.whole());
        let settled = match content.bytes() {
            Some(raw) => {
                // The client has said where the mail ends: it has handed one over, even an empty one.
                let raw = if raw.is_empty() { b"\r\n" } else { raw };
                let envelope = |recipient: &String| {
                    let to = std::slice::from_ref(recipient);
                    Envelope { whole, ..Envelope::handed_over(to, sender.as_deref(), Source::Pipe) }
                };
                self.store(recipients.iter().map(envelope).collect(), raw)
            }
            None => Err(Trouble::Full),
        };
        self.shared.metrics.count(&settled, recipients.len());
        self.log(&settled, began);
        for reply in reply::of_mail(&settled, recipients.len()) {
            self.wire.say(&reply.line());
        }
    }

    fn store(&self, envelopes: Vec<Envelope>, raw: &[u8]) -> Settled {
        let in_hand = self.shared.committer.take_in_hand();
        let letter = Letter::read(&self.rules(), envelopes, raw)?;
        self.shared.committer.store(letter, in_hand)
    }

    fn log(&self, settled: &Settled, began: Instant) {
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let of = |delivery: &Delivery| {
            log_delivery!(delivery, ms, "delivered by LMTP");
        };
        match settled {
            Ok(deliveries) => deliveries.iter().for_each(of),
            Err(trouble) => tracing::warn!(peer = self.peer, ?trouble, ms, "a mail by LMTP was not stored"),
        }
    }
}
