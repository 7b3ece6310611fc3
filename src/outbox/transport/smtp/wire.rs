//! Bytes to and from an SMTP server: each step has a time limit, and a reply has a size limit. What is
//! said is decided in [`super::session`].
//!
//! lettre's own connection has one time limit for each read, which never ends for a server that sends a byte from time
//! to time, and it reads a line to its end before it checks the length.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use lettre::transport::smtp::response::Response;
use native_tls::{HandshakeError, TlsConnector, TlsStream};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Longest line of a reply, in bytes. RFC 5321 §4.5.3.1.5 allows 512; servers write web links into them.
const LINE_BYTES_MAX: usize = 4096;

/// Most lines of a reply. Chosen: the longest answers to EHLO have some twenty.
const LINES_MAX: usize = 100;

/// How long one address of a host may take to connect. Chosen: several times the slowest network.
const CONNECT: Duration = Duration::from_secs(30);

/// Bytes written at once; each block has the time of RFC 5321 §4.5.3.2.5.
const BLOCK_BYTES: usize = 64 * 1024;

/// Time for one block of data (RFC 5321 §4.5.3.2.5).
const BLOCK: Duration = Duration::from_secs(3 * 60);

/// What went wrong with a connection or a conversation.
#[derive(Debug)]
pub(super) enum Trouble {
    /// No answer in this time.
    Silent(Duration),
    /// The connection could not be made, or is lost.
    Lost(String),
    /// What came is not SMTP.
    Nonsense(String),
    /// The server refused, or sent an unexpected reply.
    Refused(Response),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Silent(time) => write!(f, "no answer within {} s", time.as_secs()),
            Self::Lost(why) | Self::Nonsense(why) => f.write_str(why),
            Self::Refused(response) => {
                let code = response.code();
                let kind = match u16::from(code) {
                    400..500 => "transient error",
                    500..600 => "permanent error",
                    _ => "unexpected answer",
                };
                let text = response.message().collect::<Vec<_>>().join(" ");
                write!(f, "{kind} ({code}): {text}")
            }
        }
    }
}

/// A socket whose reads and writes all end at one moment, no matter how slowly bytes come.
#[derive(Debug)]
struct Socket {
    stream: TcpStream,
    until: Instant,
}

impl Socket {
    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        // A socket's time limit of 0 would mean no limit.
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[derive(Debug)]
enum Link {
    Plain(Socket),
    Tls(Box<TlsStream<Socket>>),
}

/// A connection to a server.
#[derive(Debug)]
pub(super) struct Wire {
    link: Link,
    /// Received and not yet looked at.
    unread: Vec<u8>,
}

impl Wire {
    /// Connects to the first address of the host that answers.
    pub(super) fn connect(host: &str, port: u16, until: Instant) -> Result<Self, Trouble> {
        let lost = |error: io::Error| Trouble::Lost(error.to_string());
        let mut why = Trouble::Lost("the name has no address".to_owned());
        for address in (host, port).to_socket_addrs().map_err(lost)? {
            let left = until.saturating_duration_since(Instant::now()).min(CONNECT);
            if left.is_zero() {
                break;
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => {
                    // A command waits for its answer, so no further bytes come that could fill the packet.
                    stream.set_nodelay(true).map_err(lost)?;
                    return Ok(Self { link: Link::Plain(Socket { stream, until }), unread: Vec::new() });
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => why = Trouble::Silent(left),
                Err(error) => why = lost(error),
            }
        }
        Err(why)
    }

    /// Goes on under TLS.
    pub(super) fn start_tls(self, host: &str, connector: &TlsConnector, patience: Duration) -> Result<Self, Trouble> {
        // What came before TLS began was sent by anybody on the line, to be taken for the server's words under TLS.
        if self.is_there_more() {
            return Err(Trouble::Nonsense(
                "data between STARTTLS and TLS: an attacker on the line may have injected it".to_owned(),
            ));
        }
        let Link::Plain(mut socket) = self.link else { return Ok(self) };
        let until = Instant::now() + patience;
        socket.until = until;
        match connector.connect(host, socket) {
            Ok(stream) => Ok(Self { link: Link::Tls(Box::new(stream)), unread: Vec::new() }),
            Err(_) if Instant::now() >= until => Err(Trouble::Silent(patience)),
            Err(HandshakeError::WouldBlock(_)) => Err(Trouble::Silent(patience)),
            Err(HandshakeError::Failure(error)) => Err(Trouble::Lost(error.to_string())),
        }
    }

    fn allow(&mut self, until: Instant) {
        match &mut self.link {
            Link::Plain(socket) => socket.until = until,
            Link::Tls(stream) => stream.get_mut().until = until,
        }
    }

    /// Whether the server has sent something without being asked, or hung up. TLS has messages of
    /// its own, so only what has come through it counts.
    pub(super) fn is_there_more(&self) -> bool {
        if !self.unread.is_empty() {
            return true;
        }
        match &self.link {
            Link::Plain(socket) => {
                let mut fds = [PollFd::new(&socket.stream, PollFlags::IN)];
                // Not known counts as nothing: the next read will show it.
                poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
            }
            Link::Tls(stream) => stream.buffered_read_size().is_ok_and(|bytes| bytes > 0),
        }
    }

    /// Writes block by block, at most until `until`.
    pub(super) fn write(&mut self, bytes: &[u8], until: Instant) -> Result<(), Trouble> {
        for block in bytes.chunks(BLOCK_BYTES) {
            let began = Instant::now();
            let end = until.min(began + BLOCK);
            self.allow(end);
            let written = match &mut self.link {
                Link::Plain(socket) => socket.write_all(block),
                Link::Tls(stream) => stream.write_all(block).and_then(|()| stream.flush()),
            };
            written.map_err(|error| trouble(&error, began, end))?;
        }
        Ok(())
    }

    /// Sends a command and reads the reply to it, within that time.
    pub(super) fn command(&mut self, command: &str, patience: Duration) -> Result<Response, Trouble> {
        if self.is_there_more() {
            return Err(self.unasked());
        }
        let until = Instant::now() + patience;
        self.write(command.as_bytes(), until)?;
        self.reply(until)
    }

    /// What it means that a server sends something between two mails: its last reply, if it is about to close.
    fn unasked(&mut self) -> Trouble {
        match self.reply(Instant::now() + Duration::from_secs(1)) {
            Ok(response) if response.has_code(421) => Trouble::Refused(response),
            Ok(_) => Trouble::Nonsense("the server sends more replies than it got commands".to_owned()),
            Err(trouble) => trouble,
        }
    }

    /// Reads one reply (RFC 5321 §4.2).
    pub(super) fn reply(&mut self, until: Instant) -> Result<Response, Trouble> {
        let began = Instant::now();
        self.allow(until);
        let mut text = String::new();
        for _ in 0..LINES_MAX {
            let line = self.line(began, until)?;
            let nonsense = || Trouble::Nonsense(format!("the server does not speak SMTP: {:?}", shown(&line)));
            let (code, rest) = line.split_at_checked(3).ok_or_else(nonsense)?;
            if !code.bytes().all(|b| b.is_ascii_digit()) {
                return Err(nonsense());
            }
            let is_last = match rest.as_bytes().first() {
                None | Some(b' ') => true,
                Some(b'-') => false,
                Some(_) => return Err(nonsense()),
            };
            text.push_str(code);
            text.push_str(if rest.is_empty() { " " } else { rest });
            text.push_str("\r\n");
            if is_last {
                // Codes that differ between lines, or have an unknown class, are not a valid reply.
                return text.parse().map_err(|_| Trouble::Nonsense(format!("not an SMTP reply: {:?}", shown(&text))));
            }
        }
        Err(Trouble::Nonsense(format!("a reply of more than {LINES_MAX} lines")))
    }

    /// One line without its end.
    fn line(&mut self, began: Instant, until: Instant) -> Result<String, Trouble> {
        let mut seen = 0;
        loop {
            if let Some(at) = self.unread.iter().skip(seen).position(|b| *b == b'\n').map(|at| at + seen) {
                let rest = self.unread.split_off(at + 1);
                let line = std::mem::replace(&mut self.unread, rest);
                let line = line.strip_suffix(b"\n").unwrap_or(&line);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if line.len() > LINE_BYTES_MAX {
                    break;
                }
                return Ok(String::from_utf8_lossy(line).replace('\r', " "));
            }
            seen = self.unread.len();
            if seen > LINE_BYTES_MAX {
                break;
            }
            let mut more = [0; LINE_BYTES_MAX];
            let read = match &mut self.link {
                Link::Plain(socket) => socket.read(&mut more),
                Link::Tls(stream) => stream.read(&mut more),
            };
            match read {
                Ok(0) => return Err(Trouble::Lost("the server closed the connection".to_owned())),
                Ok(bytes) => self.unread.extend_from_slice(more.get(..bytes).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(trouble(&error, began, until)),
            }
        }
        Err(Trouble::Nonsense(format!("a line of a reply of more than {LINE_BYTES_MAX} bytes")))
    }
}

fn trouble(error: &io::Error, began: Instant, until: Instant) -> Trouble {
    let is_late = matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock);
    if is_late || Instant::now() >= until {
        return Trouble::Silent(until.saturating_duration_since(began));
    }
    Trouble::Lost(format!("the connection is lost: {error}"))
}

/// The beginning of what was said.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// What a client makes of these bytes, after which the server closes.
    fn read(said: &[u8]) -> Result<(u16, String), Trouble> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (port, said) = (listener.local_addr().unwrap().port(), said.to_vec());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // The client may stop before the end.
            stream.write_all(&said).ok();
        });
        let until = Instant::now() + Duration::from_secs(10);
        let mut wire = Wire::connect("127.0.0.1", port, until).unwrap();
        let reply = wire.reply(until);
        assert!(wire.unread.len() <= 2 * LINE_BYTES_MAX, "{}", wire.unread.len());
        drop(wire);
        server.join().unwrap();
        let text = |reply: &Response| reply.message().collect::<Vec<_>>().join("|");
        reply.map(|reply| (reply.code().into(), text(&reply)))
    }

    #[test]
    fn replies_are_read_as_servers_write_them() {
        assert_eq!(read(b"220 ready\r\n").unwrap(), (220, "ready".to_owned()));
        assert_eq!(read(b"250-a\r\n250-\r\n250 b\r\n").unwrap(), (250, "a||b".to_owned()));
        assert_eq!(read(b"354\n").unwrap(), (354, String::new()), "no text, no CR");
        assert_eq!(read(b"550 gr\xfc\xdfe\r\n").unwrap(), (550, "gr\u{fffd}\u{fffd}e".to_owned()));
    }

    #[test]
    fn what_is_no_reply_is_none() {
        for said in
            [&b"hello\r\n"[..], b"25\r\n", b"250_ok\r\n", b"190 x\r\n", b"650 x\r\n", b"250-a\r\n550 b\r\n", b"\r\n"]
        {
            assert!(matches!(read(said), Err(Trouble::Nonsense(_))), "{said:?}");
        }
        for said in [&b""[..], b"2", b"250 ok", b"250-a\r\n"] {
            assert!(matches!(read(said), Err(Trouble::Lost(_))), "{said:?}");
        }
    }

    #[test]
    fn lines_and_replies_have_their_measure() {
        let line = |bytes: usize| format!("250 {}\r\n", "x".repeat(bytes - 4)).into_bytes();
        assert!(read(&line(LINE_BYTES_MAX)).is_ok());
        assert!(matches!(read(&line(LINE_BYTES_MAX + 1)), Err(Trouble::Nonsense(_))));
        assert!(matches!(read(&vec![b'2'; 1_000_000]), Err(Trouble::Nonsense(_))));
        let lines = |count: usize| format!("{}250 b\r\n", "250-a\r\n".repeat(count - 1)).into_bytes();
        assert!(read(&lines(LINES_MAX)).is_ok());
        assert!(matches!(read(&lines(LINES_MAX + 1)), Err(Trouble::Nonsense(_))));
    }

    #[test]
    fn a_server_that_dribbles_does_not_outlive_the_time_of_a_step() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.write_all(b"2").is_ok() {
                thread::sleep(Duration::from_millis(10));
            }
        });
        let mut wire = Wire::connect("127.0.0.1", port, Instant::now() + Duration::from_secs(10)).unwrap();
        let began = Instant::now();
        let reply = wire.reply(began + Duration::from_millis(300));
        assert!(matches!(reply, Err(Trouble::Silent(_))), "{reply:?}");
        assert!(began.elapsed() < Duration::from_secs(5));
        drop(wire);
        server.join().unwrap();
    }
}
