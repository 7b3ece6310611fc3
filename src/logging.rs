//! Log lines: one event per line, `level event key=value…`, written for grep.
//!
//! Goes to stderr, journald, syslog or a file that is opened again on request (logrotate). Untrusted values are quoted and escaped, so that a
//! line feed in a header forges no line. Never logged: bodies, subjects, tokens, passwords.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, layer::SubscriberExt};

use crate::config::{self, Log};
use crate::private_file;
use crate::terminal;

/// systemd's journal (sd_journal native protocol).
const JOURNALD_SOCKET: &str = "/run/systemd/journal/socket";
/// The syslog socket (RFC 3164 as local daemons read it).
const SYSLOG_SOCKET: &str = "/dev/log";

/// What a subcommand may do with stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stderr {
    /// Log lines may go there.
    Ours,
    /// It belongs to the MTA, which mails it to the sender (`pipe`).
    TheMtas,
}

/// What of the running log can be changed; the log is the process's, and so is this.
static RUNNING: OnceLock<Running> = OnceLock::new();

struct Running {
    level: Handle<LevelFilter, Registry>,
    file: Option<Arc<LogFile>>,
}

/// Starts logging for the rest of the process. A target that cannot be opened is no reason to lose
/// a mail: the next best one is used.
pub(crate) fn start(log: &Log, stderr: Stderr) {
    let target = target(&log.target, stderr);
    let file = if let Target::File(file) = &target { Some(Arc::clone(file)) } else { None };
    let (level, handle) = reload::Layer::new(filter(log.level));
    let (writer, has_time) = target.writer();
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    let lines = if log.json {
        lines.json().flatten_event(true).boxed()
    } else {
        lines.event_format(KeyValue { has_time }).boxed()
    };
    // Starting twice in one process happens in tests only; the first one stays.
    if tracing_subscriber::registry().with(level).with(lines).try_init().is_ok() {
        RUNNING.set(Running { level: handle, file }).ok();
    }
}

/// Opens the log file again, which a log rotation may have moved away, and sets the level if one is
/// given. What cannot be opened leaves the old file in use.
///
/// # Errors
/// Those of opening the file.
pub(crate) fn reopen(level: Option<config::Level>) -> io::Result<()> {
    let Some(running) = RUNNING.get() else { return Ok(()) };
    if let Some(level) = level {
        running.level.modify(|filter_now| *filter_now = filter(level)).map_err(io::Error::other)?;
    }
    running.file.as_ref().map_or(Ok(()), |file| file.reopen())
}

const fn filter(level: config::Level) -> LevelFilter {
    match level {
        config::Level::Error => LevelFilter::ERROR,
        config::Level::Warn => LevelFilter::WARN,
        config::Level::Info => LevelFilter::INFO,
        config::Level::Debug => LevelFilter::DEBUG,
    }
}

/// Where the lines go.
enum Target {
    Stderr,
    Datagrams(Datagrams),
    File(Arc<LogFile>),
    Nowhere,
}

impl Target {
    /// The writer, and whether a line has to say the time itself.
    fn writer(self) -> (BoxMakeWriter, bool) {
        match self {
            Self::Stderr => (BoxMakeWriter::new(io::stderr), false),
            Self::Datagrams(datagrams) => (BoxMakeWriter::new(datagrams), false),
            Self::File(file) => (BoxMakeWriter::new(file), true),
            Self::Nowhere => (BoxMakeWriter::new(io::sink), false),
        }
    }
}

fn target(name: &str, stderr: Stderr) -> Target {
    let to = |path, protocol| connect(path).map(|socket| Target::Datagrams(Datagrams { socket, protocol }));
    let journald = || to(JOURNALD_SOCKET, Protocol::Journald);
    let syslog = || to(SYSLOG_SOCKET, Protocol::Syslog);
    let chosen = match name {
        "" | "stderr" => None,
        "journald" => journald(),
        "syslog" => syslog(),
        path => LogFile::open(Path::new(path)).ok().map(|file| Target::File(Arc::new(file))),
    };
    chosen.unwrap_or_else(|| match stderr {
        Stderr::Ours => Target::Stderr,
        Stderr::TheMtas => journald().or_else(syslog).unwrap_or(Target::Nowhere),
    })
}

/// A file that lines are added to.
struct LogFile {
    path: PathBuf,
    file: Mutex<File>,
}

impl LogFile {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: Mutex::new(Self::append_to(path)?) })
    }

    fn append_to(path: &Path) -> io::Result<File> {
        private_file::append(path)
    }

    fn reopen(&self) -> io::Result<()> {
        let file = Self::append_to(&self.path)?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
        Ok(())
    }
}

impl Write for &LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
            && value.chars().all(|c| {
                let does_something = c.is_control() || terminal::is_direction_control(c);
                !does_something && !c.is_whitespace() && !matches!(c, '"' | '=' | '\\')
            });
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
        let (writer, has_time) = target(path.to_str().unwrap(), Stderr::TheMtas).writer();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(writer).event_format(KeyValue { has_time }).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(from = "a@x\nerror forged", bytes = 12, ticket = "#7", "delivered");
            tracing::info!(from = "a\u{202e}b", error = %"x\u{1b}[2J", "re\u{202e}fused");
        });
        let log = std::fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = log.lines().collect();
        let [log, odd] = lines[..] else { panic!("{log}") };
        assert!(odd.ends_with(r#"info re\u{202e}fused from="a\u{202e}b" error="x\u{1b}[2J""#), "{odd}");
        let expected = r##"info delivered from="a@x\nerror forged" bytes=12 ticket=#7"##;
        assert!(log.trim_end().ends_with(expected), "{log}");
    }
}
