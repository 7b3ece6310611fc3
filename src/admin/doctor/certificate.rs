//! When a mail server's certificate ends: connects, begins TLS, and reads the one date. Nothing is
//! believed here and nothing is sent; whether the certificate is good is the probes' business.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use native_tls::TlsConnector;

use crate::domain::Timestamp;
use crate::outcome::{self, Failure, WithContext, bail};

/// How long one step of the exchange may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long all of it may take before TLS, however slowly a server talks.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(20);
/// Longest answer of a server before TLS, in bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// What is said before TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greeting {
    /// Nothing.
    None,
    /// EHLO and STARTTLS (RFC 3207).
    Smtp,
    /// STARTTLS (RFC 9051 §6.2.1).
    Imap,
}

/// The end of the server's certificate.
///
/// # Errors
/// When the server cannot be reached or shows none.
pub(super) fn ends_at(server: (&str, u16), how: Greeting) -> outcome::Result<Timestamp> {
    let mut stream = connect(server)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    match how {
        Greeting::None => {}
        Greeting::Smtp => {
            answer(&mut stream, is_smtp_end)?;
            ask(&mut stream, "EHLO localhost\r\n", is_smtp_end)?;
            ask(&mut stream, "STARTTLS\r\n", is_smtp_end)?;
        }
        Greeting::Imap => {
            answer(&mut stream, |line| line.starts_with("* "))?;
            ask(&mut stream, "a STARTTLS\r\n", |line| line.starts_with("a "))?;
        }
    }
    let tls = |error: native_tls::Error| Failure::of(error);
    // An expired or foreign certificate is what this is about: it must not end the exchange.
    let connector = TlsConnector::builder()
        .danger_accept_invalid_certs(true)
        .danger_accept_invalid_hostnames(true)
        .build()
        .map_err(tls)?;
    let stream = connector.connect(server.0, stream).map_err(|e| Failure::other(format!("TLS: {e}")))?;
    let der = stream.peer_certificate().map_err(tls)?.context("no certificate")?.to_der().map_err(tls)?;
    not_after(&der).context("reading the certificate")
}

/// A connection to the first of the server's addresses that takes one.
fn connect(server: (&str, u16)) -> outcome::Result<TcpStream> {
    let mut refused = None;
    for address in server.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.map_or_else(|| Failure::other("no such host"), Into::into))
}

fn ask(stream: &mut TcpStream, line: &str, is_last: impl Fn(&str) -> bool) -> outcome::Result<()> {
    stream.write_all(line.as_bytes())?;
    answer(stream, is_last)
}

/// Reads lines up to the last one of an answer, byte by byte: what comes after belongs to TLS.
fn answer(stream: &mut TcpStream, is_last: impl Fn(&str) -> bool) -> outcome::Result<()> {
    let (mut line, mut byte, mut total) = (Vec::new(), [0; 1], 0);
    let started = Instant::now();
    loop {
        total += 1;
        if total > ANSWER_BYTES_MAX || started.elapsed() > PATIENCE_IN_ALL || stream.read(&mut byte)? == 0 {
            bail!("the server closed the connection");
        }
        if byte == *b"\n" {
            if is_last(&String::from_utf8_lossy(&line)) {
                return Ok(());
            }
            line.clear();
        } else {
            line.extend(byte);
        }
    }
}

/// The last line of an SMTP answer has no dash behind its code (RFC 5321 §4.2.1).
fn is_smtp_end(line: &str) -> bool {
    line.as_bytes().get(3).is_none_or(|b| *b != b'-')
}

/// One element of DER: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f)).filter(|(bytes, _)| bytes.len() <= 4)?;
        (bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

/// notAfter of a certificate (RFC 5280 §4.1).
fn not_after(der: &[u8]) -> Option<Timestamp> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let (_, certificate, _) = element(der)?;
    let (_, mut fields, _) = element(certificate)?;
    if let Some((VERSION, _, rest)) = element(fields) {
        fields = rest;
    }
    // Serial number, signature algorithm, issuer; then the validity.
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    let (tag, validity, _) = element(fields)?;
    let (_, _, rest) = element(validity)?;
    let (kind, time, _) = element(rest).filter(|_| tag == SEQUENCE)?;
    time_of(kind, std::str::from_utf8(time).ok()?)
}

/// UTCTime or GeneralizedTime, as RFC 5280 §4.1.2.5 allows them: in UTC, with seconds.
fn time_of(kind: u8, text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    let (year, rest) = match (kind, digits.len()) {
        (0x17, 12) => {
            let (year, rest) = digits.split_at(2);
            let year: i16 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        (0x18, 14) => {
            let (year, rest) = digits.split_at(4);
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let two = |at: usize| rest.get(at..at + 2)?.parse::<i8>().ok();
    let civil = jiff::civil::DateTime::new(year, two(0)?, two(2)?, two(4)?, two(6)?, two(8)?, 0).ok()?;
    let at = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp::from_unix(at.timestamp().as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate reduced to what is read: version, serial, algorithm, issuer, validity.
    fn certificate(kind: u8, time: &str) -> Vec<u8> {
        let wrap = |tag: u8, content: &[u8]| {
            let len = u8::try_from(content.len()).unwrap_or(0);
            [&[tag, 0x81, len][..], content].concat()
        };
        let validity = [wrap(0x17, b"250101000000Z"), wrap(kind, time.as_bytes())].concat();
        let fields =
            [wrap(0xa0, &[2, 1, 2]), wrap(2, &[1]), wrap(0x30, &[]), wrap(0x30, &[]), wrap(0x30, &validity)].concat();
        wrap(0x30, &wrap(0x30, &fields))
    }

    #[test]
    fn end_is_read_in_both_forms() {
        let at = |kind, time| not_after(&certificate(kind, time)).map(Timestamp::unix);
        assert_eq!(at(0x17, "270115080000Z"), Some(1_800_000_000));
        assert_eq!(at(0x18, "20270115080000Z"), Some(1_800_000_000));
        assert_eq!(at(0x17, "700101000000Z"), Some(0));
        assert_eq!(
            (at(0x17, "20270115080000Z"), at(0x18, "2027011508000Z"), at(0x17, "271315080000Z")),
            (None, None, None)
        );
    }

    #[test]
    fn broken_certificates_have_no_end() {
        let whole = certificate(0x17, "270115080000Z");
        for len in 0..whole.len() {
            assert_eq!(not_after(whole.get(..len).unwrap_or_default()), None, "{len} bytes");
        }
        assert_eq!(not_after(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(not_after(&[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1]), None);
    }

    #[test]
    fn answers_of_several_lines_end_at_the_last_one() {
        assert!(!is_smtp_end("250-STARTTLS") && is_smtp_end("250 OK") && is_smtp_end("250"));
    }
}
