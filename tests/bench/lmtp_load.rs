//! Hands mails of 10 kB over by LMTP on several connections at once and takes the time of each: for tests/bench/lmtp,
//! which lets maildesk and Dovecot take turns. Nothing of maildesk is in it.
//!
//! Usage: `lmtp_load SOCKET CONNECTIONS MAILS RECIPIENT TAG`; `{}` in the recipient is the connection's number. The
//! envelope goes as a group (PIPELINING), as Postfix sends it. Prints one line of JSON.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

type Failed = Box<dyn Error + Send + Sync>;

/// Bytes of a mail.
const MAIL_BYTES: usize = 10_000;

fn mail(tag: &str, connection: usize, number: usize) -> String {
    let id = format!("{tag}.{connection}.{number}@client.test");
    let customer = (connection * 7919 + number) % 500;
    let mut mail = format!(
        "From: Customer {customer} <customer{customer}@client.test>\r\nTo: support@helpdesk.test\r\nSubject: Printer {number}\r\n\
         Message-ID: <{id}>\r\nDate: Tue, 3 Feb 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n"
    );
    let mut line = 0;
    while mail.len() < MAIL_BYTES {
        line += 1;
        mail.push_str(&format!("Line {line} of what the printer in room {number} did before it burned.\r\n"));
    }
    mail
}

/// The last line of a reply.
fn reply(stream: &mut BufReader<UnixStream>) -> Result<String, Failed> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err("the server hung up".into());
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(line);
        }
    }
}

fn wanted(stream: &mut BufReader<UnixStream>, code: &str) -> Result<(), Failed> {
    let line = reply(stream)?;
    if line.starts_with(code) { Ok(()) } else { Err(line.into()) }
}

/// The time of each mail, from its envelope to its acknowledgement.
fn hand_over(socket: &str, recipient: &str, mails: &[String]) -> Result<Vec<Duration>, Failed> {
    let mut stream = BufReader::with_capacity(4096, UnixStream::connect(socket)?);
    wanted(&mut stream, "220")?;
    stream.get_mut().write_all(b"LHLO mx.client.test\r\n")?;
    wanted(&mut stream, "250")?;
    let envelope = format!("MAIL FROM:<ann@client.test>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n");
    let mut times = Vec::with_capacity(mails.len());
    for mail in mails {
        let began = Instant::now();
        stream.get_mut().write_all(envelope.as_bytes())?;
        for code in ["250", "250", "354"] {
            wanted(&mut stream, code)?;
        }
        stream.get_mut().write_all(mail.as_bytes())?;
        stream.get_mut().write_all(b".\r\n")?;
        wanted(&mut stream, "250")?;
        times.push(began.elapsed());
    }
    stream.get_mut().write_all(b"QUIT\r\n")?;
    Ok(times)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, connections, mails, recipient, tag] = arguments.as_slice() else {
        return Err("SOCKET CONNECTIONS MAILS RECIPIENT TAG".into());
    };
    let (connections, mails): (usize, usize) = (connections.parse()?, mails.parse()?);
    let share = mails / connections;
    // Made ahead: their making is not measured.
    let all: Vec<Vec<String>> =
        (0..connections).map(|one| (0..share).map(|number| mail(tag, one, number)).collect()).collect();
    let began = Instant::now();
    let times = std::thread::scope(|scope| -> Result<Vec<Duration>, Failed> {
        let threads: Vec<_> = all
            .iter()
            .enumerate()
            .map(|(one, mails)| {
                let recipient = recipient.replace("{}", &one.to_string());
                scope.spawn(move || hand_over(socket, &recipient, mails))
            })
            .collect();
        let mut times = Vec::new();
        for thread in threads {
            times.extend(thread.join().map_err(|_| "a thread panicked")??);
        }
        Ok(times)
    });
    let seconds = began.elapsed().as_secs_f64();
    let mut times = times.map_err(|error| error.to_string())?;
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    println!("{{\"mails\":{},\"seconds\":{seconds},\"p50_ms\":{},\"p99_ms\":{}}}", times.len(), at(50), at(99));
    Ok(())
}
