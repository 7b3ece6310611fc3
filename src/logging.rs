//! Log lines: one event per line, `level event key=value…`, written for grep.
//!
//! Goes to stderr, journald, syslog or a file. Untrusted values are quoted and escaped, so that a
//! line feed in a header forges no line. Never logged: bodies, subjects, tokens, passwords.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use crate::config::{self, Log};

/// systemd's journal (sd_journal native protocol).
const JOURNALD_SOCKET: &str = "/run/systemd/journal/socket";
/// The syslog socket (RFC 3164 as local daemons read it).
const SYSLOG_SOCKET: &str = "/dev/log";

/// What a subcommand may do with stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stderr {
    /// Log lines may go there.
    Ours,
    /// It belongs to the MTA, who mails it to the sender (`pipe`).
    TheMtas,
}

/// Starts logging for the rest of the process. A target that cannot be opened is no reason to lose
/// a mail: the next best one is used.
pub fn start(log: &Log, stderr: Stderr) {
    let filter = match log.level {
        config::Level::Error => LevelFilter::ERROR,
        config::Level::Warn => LevelFilter::WARN,
        config::Level::Info => LevelFilter::INFO,
        config::Level::Debug => LevelFilter::DEBUG,
    };
    let (writer, has_time) = writer(&log.target, stderr);
    let builder = tracing_subscriber::fmt().with_max_level(filter).with_ansi(false).with_writer(writer);
    // Starting twice in one process happens in tests only; the first one stays.
    if log.json {
        builder.json().flatten_event(true).try_init().ok();
    } else {
        builder.event_format(KeyValue { has_time }).try_init().ok();
    }
}

fn writer(target: &str, stderr: Stderr) -> (BoxMakeWriter, bool) {
    let local = || match (connect(JOURNALD_SOCKET), connect(SYSLOG_SOCKET)) {
        (Some(socket), _) => Some(Datagrams { socket, protocol: Protocol::Journald }),
        (None, Some(socket)) => Some(Datagrams { socket, protocol: Protocol::Syslog }),
        (None, None) => None,
    };
    let fallback = || match (stderr, local()) {
        (Stderr::Ours, _) => (BoxMakeWriter::new(io::stderr), false),
        (Stderr::TheMtas, Some(datagrams)) => (BoxMakeWriter::new(datagrams), false),
        (Stderr::TheMtas, None) => (BoxMakeWriter::new(io::sink), false),
    };
    match target {
        "" | "stderr" => fallback(),
        "journald" => connect(JOURNALD_SOCKET).map_or_else(fallback, |socket| {
            (BoxMakeWriter::new(Datagrams { socket, protocol: Protocol::Journald }), false)
        }),
        "syslog" => connect(SYSLOG_SOCKET).map_or_else(fallback, |socket| {
            (BoxMakeWriter::new(Datagrams { socket, protocol: Protocol::Syslog }), false)
        }),
        path => match OpenOptions::new().create(true).append(true).mode(0o640).open(Path::new(path)) {
            Ok(file) => (BoxMakeWriter::new(Mutex::new(file)), true),
            Err(_) => fallback(),
        },
    }
}

fn connect(path: &str) -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.connect(path).ok()?;
    // A stuck log daemon must not hold up a mail.
    socket.set_nonblocking(true).ok()?;
    Some(socket)
}

#[derive(Clone, Copy)]
enum Protocol {
    Journald,
    Syslog,
}

/// Sends each line as one datagram.
struct Datagrams {
    socket: UnixDatagram,
    protocol: Protocol,
}

struct Line<'a> {
    to: &'a Datagrams,
    severity: u8,
}

impl<'a> MakeWriter<'a> for Datagrams {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { to: self, severity: 6 }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        // RFC 5424 §6.2.1 severities.
        let severity = match *meta.level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        Line { to: self, severity }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end();
        let packet = match self.to.protocol {
            Protocol::Journald => {
                format!("PRIORITY={}\nSYSLOG_IDENTIFIER=maildesk\nMESSAGE={text}\n", self.severity)
            }
            // Facility 2, mail (RFC 5424 §6.2.1).
            Protocol::Syslog => format!("<{}>maildesk[{}]: {text}", 2 * 8 + self.severity, std::process::id()),
        };
        // A full or dead log socket loses a log line, never a mail.
        self.to.socket.send(packet.as_bytes()).ok();
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `[time] level event key=value…`
struct KeyValue {
    has_time: bool,
}

impl<S, N> FormatEvent<S, N> for KeyValue
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if self.has_time {
            SystemTime.format_time(&mut writer)?;
            writer.write_char(' ')?;
        }
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            Level::DEBUG | Level::TRACE => "debug",
        };
        writer.write_str(level)?;
        let mut fields = Fields { message: String::new(), rest: String::new() };
        event.record(&mut fields);
        writeln!(writer, " {}{}", fields.message, fields.rest)
    }
}

struct Fields {
    message: String,
    rest: String,
}

impl Fields {
    fn put(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = value.escape_debug().to_string();
            return;
        }
        let is_plain = !value.is_empty()
            && value.chars().all(|c| !c.is_control() && !c.is_whitespace() && !matches!(c, '"' | '=' | '\\'));
        let quoted = if is_plain { value.to_owned() } else { format!("{value:?}") };
        self.rest.push_str(&format!(" {}={quoted}", field.name()));
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_feed_in_a_value_forges_no_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.log");
        let (writer, has_time) = writer(path.to_str().unwrap(), Stderr::TheMtas);
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(writer).event_format(KeyValue { has_time }).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(from = "a@x\nerror forged", bytes = 12, ticket = "#7", "delivered");
        });
        let log = std::fs::read_to_string(path).unwrap();
        assert_eq!(log.lines().count(), 1, "{log}");
        let expected = r##"info delivered from="a@x\nerror forged" bytes=12 ticket=#7"##;
        assert!(log.trim_end().ends_with(expected), "{log}");
    }
}
