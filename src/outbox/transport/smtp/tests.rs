//! A mail sent to a server behind a line that cuts, stalls or changes a byte at every byte of the session.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::domain::desk_address::Tls;
use crate::domain::{AddressId, OutboxId, Timestamp};
use crate::outbox::patience::Patience;

const MAIL: &[u8] = b"A: b\r\n\r\n.c\r\n";

/// Long enough for a server on this machine, short enough to wait for.
const QUICK: Duration = Duration::from_millis(250);

/// What the line does to the bytes that go to the client.
#[derive(Clone, Copy, Debug)]
enum Line {
    Whole,
    /// Lets so many bytes to the client through, then hangs up.
    CutAnswers(usize),
    /// Lets so many bytes to the server through, then hangs up.
    CutCommands(usize),
    /// Lets so many bytes to the client through, then none.
    Stall(usize),
    /// Puts another byte at that place.
    Spoil(usize, u8),
}

/// A server: what it says to each word, the final dot included.
#[derive(Clone, Copy, Debug)]
struct Server {
    greeting: &'static str,
    ehlo: &'static str,
    mail: &'static str,
    rcpt: &'static str,
    data: &'static str,
    dot: &'static str,
}

const GOOD: Server = Server {
    greeting: "220 sink\r\n",
    ehlo: "250-sink\r\n250 8BITMIME\r\n",
    mail: "250 ok\r\n",
    rcpt: "250 ok\r\n",
    data: "354 go\r\n",
    dot: "250 taken\r\n",
};

/// What one attempt led to: what we make of it, how many mails the server has taken, and the bytes that went
/// to the client and to the server.
struct Led {
    sent: Result<(), Failure>,
    taken: usize,
    bytes: (usize, usize),
}

struct Talk {
    stream: TcpStream,
    line: Line,
    said: usize,
    heard: usize,
}

impl Talk {
    /// Says something by the line; `None` when that is the end.
    fn say(&mut self, text: &str) -> Option<()> {
        if matches!(self.line, Line::Whole) {
            self.said += text.len();
            return self.stream.write_all(text.as_bytes()).ok();
        }
        for byte in text.bytes() {
            let byte = match self.line {
                Line::CutAnswers(at) if self.said == at => {
                    self.stream.shutdown(Shutdown::Both).ok();
                    return None;
                }
                // The client hangs up when it has waited long enough.
                Line::Stall(at) if self.said == at => return None,
                Line::Spoil(at, other) if self.said == at => other,
                _ => byte,
            };
            self.said += 1;
            self.stream.write_all(&[byte]).ok()?;
        }
        Some(())
    }

    fn hear(&mut self, input: &mut BufReader<TcpStream>) -> Option<String> {
        let mut line = Vec::new();
        let bytes = input.read_until(b'\n', &mut line).ok()?;
        self.heard += bytes;
        if bytes == 0 {
            return None;
        }
        if let Line::CutCommands(at) = self.line
            && self.heard > at
        {
            self.stream.shutdown(Shutdown::Both).ok();
            return None;
        }
        String::from_utf8(line).ok()
    }
}

/// One conversation, to its end.
fn converse(server: Server, talk: &mut Talk, taken: &AtomicUsize) -> Option<()> {
    let mut input = BufReader::new(talk.stream.try_clone().ok()?);
    talk.say(server.greeting)?;
    loop {
        let command = talk.hear(&mut input)?;
        match command.get(..4)? {
            "EHLO" => talk.say(server.ehlo)?,
            "MAIL" => talk.say(server.mail)?,
            "RCPT" => talk.say(server.rcpt)?,
            "DATA" => {
                talk.say(server.data)?;
                if !server.data.starts_with("354") {
                    continue;
                }
                while talk.hear(&mut input)? != ".\r\n" {}
                if server.dot.starts_with('2') {
                    taken.fetch_add(1, Ordering::SeqCst);
                }
                talk.say(server.dot)?;
            }
            _ => talk.say("221 bye\r\n")?,
        }
    }
}

fn claimed() -> Claimed {
    Claimed {
        id: OutboxId::new(1),
        address: AddressId::new(1),
        ticket: None,
        envelope_sender: "a@b.test".to_owned(),
        recipient: "c@d.test".to_owned(),
        attempts: 1,
        unknown_tries: 0,
        give_up_at: Timestamp::from_unix(1),
        leased_until: Timestamp::from_unix(1),
    }
}

fn client(port: u16) -> Smtp {
    waiting_client(port, QUICK)
}

/// A client that waits so long for each step.
fn waiting_client(port: u16, time: Duration) -> Smtp {
    let mut row = AddressRow::new("a@b.test", "A");
    row.smtp_host = "127.0.0.1".to_owned();
    row.smtp_port = port;
    row.smtp_tls = Tls::None;
    let times =
        Times { greeting: time, opening: time, mail: time, rcpt: time, data: time, content: time, after_dot: time };
    Smtp { times, ..Smtp::new(&row) }
}

/// Sends one mail to the server by the line.
fn send(server: Server, line: Line) -> Led {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = AtomicUsize::new(0);
    thread::scope(|scope| {
        let serving = scope.spawn(|| {
            let (stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            let mut talk = Talk { stream, line, said: 0, heard: 0 };
            converse(server, &mut talk, &taken);
            // A line that stalls is silent and open: the client must end it.
            if matches!(line, Line::Stall(_)) {
                let mut rest = Vec::new();
                std::io::Read::read_to_end(&mut talk.stream, &mut rest).ok();
            }
            (talk.said, talk.heard)
        });
        let mut smtp = client(port);
        let sent = smtp.send(&claimed(), MAIL, &mut Patience::default().handover());
        smtp.close();
        drop(smtp);
        let bytes = serving.join().unwrap();
        Led { sent, taken: taken.load(Ordering::SeqCst), bytes }
    })
}

/// Sends by each of the lines, many at a time.
fn send_by_all(server: Server, lines: &[Line], judge: impl Fn(Line, &Led) + Sync) {
    thread::scope(|scope| {
        for share in lines.chunks(lines.len().div_ceil(400)) {
            scope.spawn(|| share.iter().for_each(|line| judge(*line, &send(server, *line))));
        }
    });
}

#[test]
fn a_line_cut_at_any_byte_loses_no_mail_and_leaves_unknown_what_may_have_arrived() {
    let whole = send(GOOD, Line::Whole);
    assert!(whole.sent.is_ok() && whole.taken == 1);
    let (said, heard) = whole.bytes;
    let lines: Vec<Line> = (0..said).map(Line::CutAnswers).chain((0..heard).map(Line::CutCommands)).collect();
    assert!(lines.len() > 150, "{}", lines.len());
    let unknown = AtomicUsize::new(0);
    send_by_all(GOOD, &lines, |line, led| {
        match (&led.sent, led.taken) {
            // QUIT comes after the answer to the final dot.
            (Ok(()), 1) => {}
            (Err(Failure::Unknown { .. }), _) => {
                unknown.fetch_add(1, Ordering::SeqCst);
            }
            (Err(Failure::Temporary(_) | Failure::Transport(_)), 0) => {}
            (sent, taken) => panic!("{line:?}: {taken} taken, {sent:?}"),
        }
    });
    // The answer to the final dot, the data, and what follows: no more than that is unknown.
    let (data, answer) = (MAIL.len() + ".\r\n".len() + 1, GOOD.dot.len());
    assert!((answer..=answer + data).contains(&unknown.load(Ordering::SeqCst)), "{unknown:?}");
}

#[test]
fn a_line_that_falls_silent_at_any_byte_is_given_up_in_time() {
    let answers = send(GOOD, Line::Whole).bytes.0 - "221 bye\r\n".len();
    let lines: Vec<Line> = (0..answers).map(Line::Stall).collect();
    send_by_all(GOOD, &lines, |line, led| match (&led.sent, led.taken) {
        (Err(Failure::Unknown { is_silent: true, why }), 1) => assert!(why.starts_with("no answer within"), "{why}"),
        // Nothing leaves by a server that is silent: other mails need not wait for it.
        (Err(Failure::Transport(_)), 0) => {}
        (sent, taken) => panic!("{line:?}: {taken} taken, {sent:?}"),
    });
}

#[test]
fn a_spoiled_answer_is_never_taken_for_success() {
    let refusing = [
        Server { rcpt: "450 no\r\n", ..GOOD },
        Server { data: "451 no\r\n", ..GOOD },
        Server { dot: "452 4.3.1 no\r\n", ..GOOD },
        Server { dot: "554-5.6.0 no\r\n554 5.6.0 no\r\n", ..GOOD },
    ];
    for server in refusing.into_iter().chain([GOOD]) {
        let answers = send(server, Line::Whole).bytes.0;
        let spoiled = |at| [0xff, b'\n', b'-', b'9'].map(|byte| Line::Spoil(at, byte));
        let lines: Vec<Line> = (0..answers).flat_map(spoiled).collect();
        send_by_all(server, &lines, |line, led| match &led.sent {
            Ok(()) => assert_eq!(led.taken, 1, "{server:?} {line:?}"),
            // A code that is whole is believed; none of these bytes makes one.
            Err(Failure::Permanent(..)) => assert!(server.dot.starts_with('5'), "{server:?} {line:?}"),
            Err(_) => {}
        });
    }
}

#[test]
fn answers_of_the_wrong_kind_are_no_success() {
    let cases = [
        // A mail lost: the server waits for something, and has taken nothing.
        Server { dot: "354 go on\r\n", ..GOOD },
        // Commands would be taken for data, or data for commands.
        Server { rcpt: "354 go\r\n", ..GOOD },
        Server { data: "250 ok\r\n", ..GOOD },
        Server { mail: "334 ok\r\n", ..GOOD },
        Server { greeting: "250 hello\r\n", ..GOOD },
        // An answer too many: each would be taken for the next command's, the last for the final dot's.
        Server { greeting: "220 sink\r\n250 ok\r\n", ..GOOD },
        Server { mail: "250 ok\r\n250 ok\r\n", dot: "452 4.3.1 disk full\r\n", ..GOOD },
        Server { rcpt: "250 ok\r\n250 ok\r\n", dot: "452 4.3.1 disk full\r\n", ..GOOD },
        Server { data: "354 go\r\n250 ok\r\n", dot: "452 4.3.1 disk full\r\n", ..GOOD },
    ];
    for server in cases {
        let led = send(server, Line::Whole);
        assert!(
            matches!(led.sent, Err(Failure::Temporary(_) | Failure::Transport(_) | Failure::Unknown { .. })),
            "{server:?}: {:?}",
            led.sent
        );
    }
}

#[test]
fn bytes_injected_before_tls_are_not_taken_for_the_servers() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut input = BufReader::new(stream.try_clone().unwrap());
        let mut hear = || input.read_line(&mut String::new()).unwrap();
        stream.write_all(b"220 sink\r\n").unwrap();
        hear();
        stream.write_all(b"250-sink\r\n250 starttls\r\n").unwrap();
        hear();
        stream.write_all(b"220 go\r\n250-sink\r\n250 AUTH PLAIN\r\n").unwrap();
        hear()
    });
    // Nothing is waited for here, but a busy machine is.
    let mut smtp = Smtp { tls: Tls::Starttls, ..waiting_client(port, QUICK * 100) };
    let refused = smtp.test().unwrap_err().to_string();
    assert!(refused.contains("between STARTTLS and TLS"), "{refused}");
    assert_eq!(serving.join().unwrap(), 0, "not one byte of a handshake");
}

#[test]
fn a_whole_line_is_waited_for_and_no_longer() {
    let began = Instant::now();
    let led = send(GOOD, Line::Stall(0));
    assert!(matches!(led.sent, Err(Failure::Transport(_))), "{:?}", led.sent);
    assert!(began.elapsed() >= QUICK && began.elapsed() < QUICK * 20, "{:?}", began.elapsed());
}

#[test]
fn only_statuses_about_the_address_count_against_it() {
    assert!(names_a_bad_mailbox("permanent error (550): 5.1.1 <ann@example.org>: Recipient address rejected"));
    assert!(!names_a_bad_mailbox("permanent error (554): 5.7.1 relay access denied"));
    assert!(!names_a_bad_mailbox("permanent error (550): 15.1.12 no"));
}
