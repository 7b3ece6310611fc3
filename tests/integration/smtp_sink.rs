//! A small SMTP server of the tests' own (RFC 5321): it takes mail, or misbehaves as the test says, connection by
//! connection. TLS and login are tested with a real server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How one connection goes. The last one of the script goes on for all later connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Play {
    /// Takes every mail.
    Take,
    /// Takes every mail, as slowly as a server that writes it to a disk.
    TakeSlowly,
    /// Takes one mail, then has had enough of the connection (RFC 5321 §3.8).
    TakeOne,
    /// Accepts the connection and says nothing until the client gives up.
    Silence,
    /// Greets with something that is no SMTP.
    Garbage,
    /// Greets with this line and closes.
    Greet(&'static str),
    /// Answers MAIL FROM with this line.
    AtMail(&'static str),
    /// Answers RCPT TO with this line.
    AtRcpt(&'static str),
    /// Answers the final dot with this line.
    AtEnd(&'static str),
    /// Closes in the middle of the data.
    CutInData,
    /// Takes the mail and closes before answering the final dot: RFC 5321 §4.5.4.2's double.
    CutAfterDot,
    /// Takes the mail and answers the final dot after so long.
    TakeAfter(Duration),
    /// Takes the mail and never answers the final dot.
    SilenceAfterDot,
    /// Greets with a line that has no end, as long as the client reads.
    EndlessLine,
}

/// A mail as the server got it.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    /// `MAIL FROM:`'s address, without brackets.
    pub(crate) from: String,
    /// `RCPT TO:`'s addresses.
    pub(crate) to: Vec<String>,
    /// The data, unstuffed, with CRLF.
    pub(crate) data: String,
}

impl Taken {
    /// The value of a header field, unfolded.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        header(&self.data, name)
    }
}

/// The value of a header field of a mail, unfolded.
pub(crate) fn header(mail: &str, name: &str) -> Option<String> {
    let head = mail.split("\r\n\r\n").next().unwrap_or(mail).replace("\r\n ", " ").replace("\r\n\t", " ");
    head.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// The server, on a port of its own until the process ends.
#[derive(Clone)]
pub(crate) struct Sink {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    taken: Vec<Taken>,
    connections: usize,
}

impl Sink {
    /// Starts a server that plays `script`.
    pub(crate) fn start(script: &[Play]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port on loopback");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let sink = Self { port, state: Arc::default() };
        let (serving, script) = (sink.clone(), script.to_vec());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let nth = {
                    let mut state = serving.state.lock().expect("no thread panics with the lock");
                    state.connections += 1;
                    state.connections - 1
                };
                let play = script.get(nth).or(script.last()).copied().unwrap_or(Play::Take);
                let state = Arc::clone(&serving.state);
                thread::spawn(move || converse(stream, play, &state));
            }
        });
        sink
    }

    /// Its port.
    pub(crate) fn port(&self) -> String {
        self.port.to_string()
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.state.lock().expect("no thread panics with the lock").connections
    }

    /// What it has taken so far.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.state.lock().expect("no thread panics with the lock").taken.clone()
    }
}

/// One connection. An error means that the client went away, which ends it.
fn converse(stream: TcpStream, play: Play, state: &Mutex<State>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut input = BufReader::new(stream.try_clone().ok()?);
    let mut output = stream;
    if play == Play::EndlessLine {
        while output.write_all(&[b'2'; 64 * 1024]).is_ok() {}
        return None;
    }
    let mut say = |line: &str| output.write_all(format!("{line}\r\n").as_bytes()).ok();
    if !greet(&mut input, play, &mut say)? {
        return Some(());
    }
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        let word: String = line.chars().take(4).collect::<String>().to_ascii_uppercase();
        match (word.as_str(), play) {
            ("EHLO", _) => say("250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8")?,
            ("MAIL", Play::AtMail(answer)) => say(answer)?,
            ("MAIL", _) => {
                from = bracketed(line);
                to.clear();
                say("250 ok")?;
            }
            ("RCPT", Play::AtRcpt(answer)) => say(answer)?,
            ("RCPT", _) => {
                to.push(bracketed(line));
                say("250 ok")?;
            }
            ("DATA", _) => {
                say("354 go on")?;
                if play == Play::CutInData {
                    input.read_line(&mut String::new()).ok()?;
                    input.get_ref().shutdown(Shutdown::Both).ok()?;
                    return None;
                }
                let data = data(&mut input)?;
                if let Play::AtEnd(answer) = play {
                    say(answer)?;
                    continue;
                }
                if play == Play::TakeSlowly {
                    thread::sleep(Duration::from_millis(3));
                }
                let mail = Taken { from: from.clone(), to: to.clone(), data };
                state.lock().expect("no thread panics with the lock").taken.push(mail);
                match play {
                    Play::CutAfterDot => return None,
                    Play::TakeAfter(time) => thread::sleep(time),
                    Play::SilenceAfterDot => return input.read_to_end(&mut Vec::new()).ok().map(|_| ()),
                    _ => {}
                }
                say("250 taken")?;
                if play == Play::TakeOne {
                    return say("421 4.7.0 enough");
                }
            }
            ("QUIT", _) => return say("221 bye"),
            _ => say("250 ok")?,
        }
    }
}

/// The greeting; whether the conversation goes on after it.
fn greet(input: &mut BufReader<TcpStream>, play: Play, say: &mut impl FnMut(&str) -> Option<()>) -> Option<bool> {
    match play {
        Play::Silence => {
            input.read_to_end(&mut Vec::new()).ok()?;
            Some(false)
        }
        Play::Garbage => say("\u{1}\u{2}no smtp\u{3}").map(|()| false),
        Play::Greet(line) => say(line).map(|()| false),
        _ => say("220 sink ready").map(|()| true),
    }
}

fn bracketed(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or_else(String::new, |(inner, _)| inner.to_owned())
}

fn data(input: &mut BufReader<TcpStream>) -> Option<String> {
    let mut all = Vec::new();
    loop {
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        if line == b".\r\n" {
            return String::from_utf8(all).ok();
        }
        all.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

/// Waits until `is_so`, at most a minute.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("waited for a minute: {what}");
}
